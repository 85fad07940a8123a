/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decodes one UTF-8 character of outside origin (RFC 3629). The caller decides which characters a text may contain. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes the character at s, of which len bytes may be read, to the code point *out. Returns its length in bytes, 1 to 4. 0: no
 * valid character (len 0, cut off, not the shortest form, a surrogate, beyond U+10FFFF); *out is then not set.
 */
size_t utf8_decode(const void *s, size_t len, uint32_t *out);

/*
 * Returns false for characters that a terminal obeys or does not show, so that two different texts look alike: controls (C0, DEL,
 * C1), marks that change the direction of text, fillers, variation selectors, tags, non-characters.
 */
bool utf8_visible(uint32_t c);

#endif
