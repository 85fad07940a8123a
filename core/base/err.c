/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors: the rows of errors.def as a table indexed by number, and the text that goes with one failure. */
#include "config.h"
#include "base/mem.h"
#include "base/err.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct err_row {
	const char *name; /* NULL: no row has this number */
	const char *text;
	int errnum;
	enum err_retry retry;
};

static const struct err_row rows[] = {
#define ERROR(symbol, number, errnum, retry, text) [number] = { #symbol, text, errnum, ERR_RETRY_##retry },
#include <miscsi/errors.def>
#undef ERROR
};

#define N_ROWS (ARRAY_SIZE(rows))

/*
 * The row of a number; that of "unknown error" for a number without a row (from a newer peer). The numbers come from daemons,
 * plugins and files too, so none may lead out of the table.
 */
static const struct err_row *error_row(enum miscsi_error code)
{
	unsigned int i = (unsigned int)code;

	return i < N_ROWS && rows[i].name ? &rows[i] : &rows[MISCSI_ERR_GENERIC];
}

/*
 * Writes "<formatted><tail>" to the text. By way of a copy: an argument may be the old text itself. The tail is cut first where
 * there is too much.
 */
static void write_text(struct err *err, const char *tail, const char *fmt, va_list ap)
{
	char text[ERR_TEXT_MAX];
	size_t len;

	vsnprintf(text, sizeof(text), fmt, ap);
	len = strlen(text);
	snprintf(text + len, sizeof(text) - len, "%s%s", *tail ? ": " : "", tail);
	memcpy(err->text, text, sizeof(text));
}

/* NULL as err is allowed everywhere: some callers need only the return value. */
int err_vset(struct err *err, enum miscsi_error code, const char *fmt, va_list ap)
{
	if (err) {
		write_text(err, "", fmt, ap);
		err->code = code;
	}
	return -error_row(code)->errnum;
}

int err_set(struct err *err, enum miscsi_error code, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = err_vset(err, code, fmt, ap);
	va_end(ap);
	return rc;
}

/* Plain strerror() is not safe on the workers' threads with an older glibc; with musl it is. */
static const char *reason_of(int errnum, char *room, size_t size)
{
#ifdef __GLIBC__
	return strerror_r(errnum, room, size);
#else
	snprintf(room, size, "%s", strerror(errnum));
	return room;
#endif
}

int err_sys(struct err *err, enum miscsi_error code, int errnum, const char *fmt, ...)
{
	char reason[128];
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		write_text(err, reason_of(errnum, reason, sizeof(reason)), fmt, ap);
		va_end(ap);
		err->code = code;
	}
	return -errnum;
}

int err_nomem(struct err *err, const char *what)
{
	return err_set(
		err, MISCSI_ERR_NOMEM, "no memory for %s: free some memory, or raise the memory limit of the process", what);
}

/* A text that becomes too long is cut at its end. */
void err_prefix(struct err *err, const char *fmt, ...)
{
	char old[ERR_TEXT_MAX];
	va_list ap;

	if (!err)
		return;
	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	write_text(err, old, fmt, ap);
	va_end(ap);
}

void err_clear(struct err *err)
{
	if (!err)
		return;
	err->code = MISCSI_ERR_OK;
	err->text[0] = '\0';
}

void err_copy(struct err *to, const struct err *from)
{
	if (!to || to == from)
		return;
	if (from)
		*to = *from;
	else
		err_clear(to);
}

const char *err_text(enum miscsi_error code)
{
	return error_row(code)->text;
}

const char *err_name(enum miscsi_error code)
{
	unsigned int i = (unsigned int)code;

	return i < N_ROWS ? rows[i].name : NULL;
}

enum err_retry err_retry(enum miscsi_error code)
{
	return error_row(code)->retry;
}

int err_errno(enum miscsi_error code)
{
	return error_row(code)->errnum;
}
