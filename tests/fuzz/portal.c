/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: portal text and iSCSI names. What is accepted must be harmless, and a portal must survive
 * being written and read. */
#include "proto/name.h"
#include "proto/portal.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void harmless(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		require((uint8_t)s[i] > ' ' && s[i] != 0x7f && s[i] != '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[PORTAL_TEXT_MAX];
	struct portal p, again;
	struct err err = ERR_INIT;

	if (!name_check((const char *)data, size, &err))
		harmless((const char *)data, size);
	if (portal_parse((const char *)data, size, 3260, &p, &err))
		return 0;
	require(p.port && p.tpgt >= -1 && p.tpgt <= 65535);
	harmless(p.host, strlen(p.host));
	portal_format(text, sizeof(text), &p, true);
	require(!portal_parse(text, strlen(text), 1, &again, NULL));
	require(portal_equal(&p, &again) && p.tpgt == again.tpgt && p.kind == again.kind);
	return 0;
}
