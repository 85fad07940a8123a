/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UTF-8, one character at a time; see utf8.h. */
#include "base/mem.h"
#include "base/utf8.h"

/*
 * What a first byte announces, and the least that its second may be and the most: that bound is where longer forms (e0, f0),
 * surrogates (ed) and what is beyond Unicode (f4) are kept out (RFC 3629, 4). c0, c1 and f5 to ff begin nothing.
 */
static const struct lead {
	uint8_t first, last, bytes, least, most;
} leads[] = {
	{ 0x00, 0x7f, 1, 0, 0 },
	{ 0xc2, 0xdf, 2, 0x80, 0xbf },
	{ 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf },
	{ 0xed, 0xed, 3, 0x80, 0x9f },
	{ 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf },
	{ 0xf1, 0xf3, 4, 0x80, 0xbf },
	{ 0xf4, 0xf4, 4, 0x80, 0x8f },
};

static const struct lead *lead_of(uint8_t byte)
{
	for (size_t i = 0; i < ARRAY_SIZE(leads); i++)
		if (byte >= leads[i].first && byte <= leads[i].last)
			return &leads[i];
	return NULL;
}

size_t utf8_decode(const void *s, size_t len, uint32_t *out)
{
	const uint8_t *p = s;
	const struct lead *lead = len ? lead_of(p[0]) : NULL;
	uint32_t c;

	if (!lead || lead->bytes > len)
		return 0;
	if (lead->bytes > 1 && (p[1] < lead->least || p[1] > lead->most))
		return 0;
	c = lead->bytes > 1 ? p[0] & (0x7fu >> lead->bytes) : p[0];
	for (size_t i = 1; i < lead->bytes; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	*out = c;
	return lead->bytes;
}

static const struct {
	uint32_t first, last;
} hidden[] = {
	{ 0x00, 0x1f }, /* C0 */
	{ 0x7f, 0x9f }, /* DEL and C1 */
	{ 0xad, 0xad }, /* soft hyphen */
	{ 0x34f, 0x34f }, /* grapheme joiner */
	{ 0x61c, 0x61c }, /* Arabic letter mark */
	{ 0x115f, 0x1160 }, /* Hangul fillers */
	{ 0x17b4, 0x17b5 }, /* Khmer inherent vowels */
	{ 0x180b, 0x180f }, /* Mongolian selectors and vowel separator */
	{ 0x200b, 0x200f }, /* zero width, and left-to-right and right-to-left marks */
	{ 0x2028, 0x202e }, /* line and paragraph separators; bidi embeddings and overrides */
	{ 0x2060, 0x206f }, /* word joiner; bidi isolates */
	{ 0x3164, 0x3164 }, /* Hangul filler */
	{ 0xfe00, 0xfe0f }, /* variation selectors */
	{ 0xfeff, 0xfeff }, /* byte order mark */
	{ 0xffa0, 0xffa0 }, /* halfwidth Hangul filler */
	{ 0xfff0, 0xfffb }, /* annotations */
	{ 0x1d173, 0x1d17a }, /* musical formatting */
	{ 0xe0000, 0xe0fff }, /* tags: invisible text */
};

bool utf8_visible(uint32_t c)
{
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		if (c >= hidden[i].first && c <= hidden[i].last)
			return false;
	return (c & 0xfffe) != 0xfffe;
}
