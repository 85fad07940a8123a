/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of an iSNS server (RFC 4171 5.1, 6.1), for its tests. */
#ifndef TESTS_ISNS_BYTES_H
#define TESTS_ISNS_BYTES_H

#include "base/strbuf.h"
#include <stdint.h>
#include <string.h>

#define FIRST 0x400
#define LAST 0x800

static inline void put(struct strbuf *b, uint32_t v, unsigned bytes)
{
	while (bytes--)
		strbuf_putc(b, (char)((uint64_t)v >> 8 * bytes));
}

static inline void number(struct strbuf *b, uint32_t tag, uint32_t v)
{
	put(b, tag, 4);
	put(b, 4, 4);
	put(b, v, 4);
}

static inline void empty(struct strbuf *b, uint32_t tag)
{
	put(b, tag, 4);
	put(b, 0, 4);
}

static inline void text(struct strbuf *b, uint32_t tag, const char *s)
{
	size_t len = strlen(s);

	put(b, tag, 4);
	put(b, (uint32_t)(len / 4 * 4 + 4), 4);
	strbuf_puts(b, s);
	put(b, 0, (unsigned)(4 - len % 4));
}

#endif
