/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An error: its code (include/miscsi/errors.def) and the message for the user.
 *
 * The rule of the whole core: a function that can fail returns 0 or a negative errno. A function whose failure is reported to the
 * user has a `struct err *` parameter, which it fills where the cause is known; callers may add context with err_prefix(). A NULL
 * err is allowed everywhere: the caller does not need the text.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <miscsi/errors.h>
#include <stdarg.h>
#include <stdbool.h>

enum err_retry { ERR_RETRY_NONE, ERR_RETRY_NEVER, ERR_RETRY_PORTAL, ERR_RETRY_LATER };

#define ERR_TEXT_MAX 512

struct err {
	enum miscsi_error code; /* MISCSI_ERR_OK: no error */
	char text[ERR_TEXT_MAX]; /* one line without its newline; data from the wire is escaped */
};

#define ERR_INIT \
	{ \
		.code = MISCSI_ERR_OK \
	}

/* Fills *err; returns the code's -errno. Texts that are too long are cut. */
int err_set(struct err *err, enum miscsi_error code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int err_vset(struct err *err, enum miscsi_error code, const char *fmt, va_list ap) __attribute__((format(printf, 3, 0)));

/* The same for a failed system call: ": " and strerror(errnum) are added; returns -errnum. errnum > 0. */
int err_sys(struct err *err, enum miscsi_error code, int errnum, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* NOMEM, "no memory for WHAT"; returns -ENOMEM. */
int err_nomem(struct err *err, const char *what);

/* Inserts "PREFIX: " before the present text. */
void err_prefix(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void err_clear(struct err *err);
void err_copy(struct err *to, const struct err *from);

/* The frozen text of a code ("session exists"); "unknown error" for an unknown number. */
const char *err_text(enum miscsi_error code);
/* The name of a code without its prefix ("SESS_EXISTS"); NULL for an unknown number. */
const char *err_name(enum miscsi_error code);
enum err_retry err_retry(enum miscsi_error code);
/* The row's errno, positive. */
int err_errno(enum miscsi_error code);

#endif
