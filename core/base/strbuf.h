/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing string with a bound. After an append failed (memory, bound), later ones fail too, and the content remains: check
 * strbuf_error() once, at the end.
 */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

struct strbuf {
	char *s; /* NUL-terminated, owned; NULL before the first append: use strbuf_str() */
	size_t len; /* bytes without the NUL */
	size_t cap;
	size_t max; /* bytes at most, without the NUL; 0: no bound */
	int error; /* 0, -ENOMEM or -EFBIG */
};

#define STRBUF_INIT(bound) \
	{ \
		.max = (bound) \
	}

void strbuf_add(struct strbuf *b, const void *bytes, size_t len);
void strbuf_puts(struct strbuf *b, const char *s);
void strbuf_putc(struct strbuf *b, char c);
void strbuf_printf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vprintf(struct strbuf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/*
 * Appends bytes of outside origin, safe for one line of a terminal: bytes that are not printable UTF-8 become \xHH, a backslash
 * \\.
 */
void strbuf_escape(struct strbuf *b, const void *bytes, size_t len);
const char *strbuf_str(const struct strbuf *b); /* never NULL */
static inline int strbuf_error(const struct strbuf *b)
{
	return b->error;
}
void strbuf_reset(struct strbuf *b); /* empty, not failed, keeps its memory */
void strbuf_free(struct strbuf *b); /* also usable as cleanup(strbuf_free) */
void strbuf_wipe(struct strbuf *b); /* the same for a text that may hold a secret */
char *strbuf_steal(struct strbuf *b); /* the caller frees by x_free(); NULL when failed */

/* Escapes into a fixed buffer (always NUL-terminated, cut if too long); returns dst, for use as a printf argument. */
const char *str_escape(char *dst, size_t size, const void *bytes, size_t len);

#endif
