/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An error: which one it is (include/miscsi/errors.def), and what to tell a person.
 *
 * The rule of the whole core: a function that can fail returns 0 or a negative errno. One whose failure a
 * person will read takes a `struct err *`, which it fills where the cause is known; callers add context with
 * err_prefix(), or nothing. A NULL err is allowed everywhere: the caller does not want the text.
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
	char text[ERR_TEXT_MAX]; /* one line without its newline; what comes from the wire is escaped in it */
};

#define ERR_INIT \
	{ \
		.code = MISCSI_ERR_OK \
	}

/* Fills *err; gives the row's errno, negated, to be returned. Texts too long are cut. */
int err_set(struct err *err, enum miscsi_error code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int err_vset(struct err *err, enum miscsi_error code, const char *fmt, va_list ap) __attribute__((format(printf, 3, 0)));

/* The same for a failed system call: ": " and strerror(errnum) are added; gives -errnum. errnum > 0. */
int err_sys(struct err *err, enum miscsi_error code, int errnum, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* NOMEM, "no memory for WHAT"; gives -ENOMEM. */
int err_nomem(struct err *err, const char *what);

/* Puts "PREFIX: " before the text that is there. */
void err_prefix(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void err_clear(struct err *err);
void err_copy(struct err *to, const struct err *from);

/* The frozen text of a code ("session exists"); "unknown error" for a number that is no row. */
const char *err_text(enum miscsi_error code);
/* The name of a code without its prefix ("SESS_EXISTS"); NULL for a number that is no row. */
const char *err_name(enum miscsi_error code);
enum err_retry err_retry(enum miscsi_error code);
/* The row's errno, positive. */
int err_errno(enum miscsi_error code);

#endif
