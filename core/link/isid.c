/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ISIDs as a pure function of the session id. */
#include "link/isid.h"

/* The sid's low half is the qualifier; its high half, and the salt, are in the random part. */
void isid_of(uint64_t salt, uint32_t sid, uint8_t isid[ISID_LEN])
{
	uint32_t random = (uint32_t)(salt ^ salt >> 24 ^ salt >> 48 ^ sid >> 16) & 0xffffff;

	isid[0] = 0x80; /* T = 10b, A = 0 */
	isid[1] = (uint8_t)(random >> 16);
	isid[2] = (uint8_t)(random >> 8);
	isid[3] = (uint8_t)random;
	isid[4] = (uint8_t)(sid >> 8);
	isid[5] = (uint8_t)sid;
}

uint64_t isid_salt(const char *boot_id)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (; *boot_id; boot_id++)
		hash = (hash ^ (uint8_t)*boot_id) * UINT64_C(0x100000001b3);
	return hash;
}
