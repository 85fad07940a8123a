/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ISIDs as a pure function of what names a session. */
#include "link/isid.h"
#include "base/ascii.h"

/* FNV-1a, with the end of the text, so that "a" and "bc" are not "ab" and "c". Names are the same in any case. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (uint8_t)ascii_lower(*text)) * UINT64_C(0x100000001b3);
	while (*text++);
	return hash;
}

static uint64_t hash_two(const char *a, const char *b)
{
	return hash_text(hash_text(UINT64_C(0xcbf29ce484222325), a), b);
}

void isid_of(const struct isid_source *from, unsigned nth, uint8_t isid[ISID_LEN])
{
	uint64_t port = hash_two(from->initiator, from->iface), portal = hash_two(from->address, "") + from->port;
	uint32_t random = (uint32_t)(port ^ port >> 24 ^ port >> 48) & 0xffffff;
	uint32_t qualifier = (uint32_t)(portal ^ portal >> 16 ^ portal >> 32 ^ portal >> 48) + nth;

	isid[0] = 0x80; /* T = 10b, A = 0 */
	isid[1] = (uint8_t)(random >> 16);
	isid[2] = (uint8_t)(random >> 8);
	isid[3] = (uint8_t)random;
	isid[4] = (uint8_t)(qualifier >> 8);
	isid[5] = (uint8_t)qualifier;
}
