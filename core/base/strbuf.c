/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing, bounded string; and the escaping of text of outside origin.
 *
 * An error sticks: later additions do nothing, so that the caller checks strbuf_error() once at the end instead of after each
 * piece.
 */
#include "config.h"
#include "base/strbuf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Room for len more bytes and the NUL. */
static bool strbuf_reserve(struct strbuf *b, size_t len)
{
	size_t need, cap;
	char *grown;

	if (b->error)
		return false;
	if (len > SIZE_MAX / 2 - 1 - b->len || (b->max && b->len + len > b->max)) {
		b->error = -EFBIG;
		return false;
	}
	need = b->len + len + 1;
	if (need <= b->cap)
		return true;
	cap = b->cap ? b->cap * 2 : 64;
	if (cap < need)
		cap = need;
	grown = x_realloc(b->s, cap);
	if (!grown) {
		b->error = -ENOMEM;
		return false;
	}
	b->s = grown;
	b->cap = cap;
	return true;
}

void strbuf_add(struct strbuf *b, const void *bytes, size_t len)
{
	if (!strbuf_reserve(b, len))
		return;
	if (len)
		memcpy(b->s + b->len, bytes, len);
	b->len += len;
	b->s[b->len] = '\0';
}

void strbuf_puts(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s));
}

void strbuf_putc(struct strbuf *b, char c)
{
	strbuf_add(b, &c, 1);
}

/* Measured first: the text is never cut. */
void strbuf_vprintf(struct strbuf *b, const char *fmt, va_list ap)
{
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	if (len < 0)
		b->error = b->error ? b->error : -EFBIG;
	else if (strbuf_reserve(b, (size_t)len)) {
		vsnprintf(b->s + b->len, (size_t)len + 1, fmt, again);
		b->len += (size_t)len;
	}
	va_end(again);
}

void strbuf_printf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(b, fmt, ap);
	va_end(ap);
}

const char *strbuf_str(const struct strbuf *b)
{
	return b->s ? b->s : "";
}

void strbuf_reset(struct strbuf *b)
{
	b->len = 0;
	b->error = 0;
	if (b->s)
		b->s[0] = '\0';
}

void strbuf_wipe(struct strbuf *b)
{
	mem_wipe(b->s, b->len);
	strbuf_free(b);
}

void strbuf_free(struct strbuf *b)
{
	x_free(b->s);
	b->s = NULL;
	b->len = b->cap = 0;
	b->error = 0;
}

char *strbuf_steal(struct strbuf *b)
{
	char *s;

	/* An empty string is a string too. */
	if (!strbuf_reserve(b, 0))
		return NULL;
	b->s[b->len] = '\0';
	s = b->s;
	b->s = NULL;
	b->len = b->cap = 0;
	return s;
}

/* The next piece of escaped output: its bytes in piece (at most 4), their number in *out; returns the number of input bytes used. */
static size_t escape_one(const uint8_t *p, size_t len, char piece[4], size_t *out)
{
	static const char hex[] = "0123456789abcdef";
	uint32_t c;
	size_t n = utf8_decode(p, len, &c);

	if (p[0] == '\\') {
		piece[0] = piece[1] = '\\';
		*out = 2;
		return 1;
	}
	if (n && utf8_visible(c)) {
		memcpy(piece, p, n);
		*out = n;
		return n;
	}
	piece[0] = '\\';
	piece[1] = 'x';
	piece[2] = hex[p[0] >> 4];
	piece[3] = hex[p[0] & 15];
	*out = 4;
	return 1;
}

/* The backslash is escaped too, so that what is shown can be read in one way only. */
void strbuf_escape(struct strbuf *b, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	char piece[4];
	size_t n;

	while (len && !b->error) {
		size_t taken = escape_one(p, len, piece, &n);

		strbuf_add(b, piece, n);
		p += taken;
		len -= taken;
	}
}

const char *str_escape(char *dst, size_t size, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	char piece[4];
	size_t at = 0, n;

	if (!size)
		return "";
	while (len) {
		size_t taken = escape_one(p, len, piece, &n);

		/* Cut between pieces, never within one. */
		if (n >= size - at)
			break;
		memcpy(dst + at, piece, n);
		at += n;
		p += taken;
		len -= taken;
	}
	dst[at] = '\0';
	return dst;
}
