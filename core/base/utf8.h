/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One UTF-8 character of outside origin (RFC 3629). What characters a text may have is for its reader to say.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * The character at s, of which len bytes may be read; its code point goes to *out. Gives its bytes, 1 to 4. 0: there is none (len
 * 0, cut off, not the shortest form, a surrogate, beyond U+10FFFF), and *out is not set.
 */
size_t utf8_decode(const void *s, size_t len, uint32_t *out);

#endif
