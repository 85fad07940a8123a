/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: the answers of an iSNS server. The first byte is the size of the pieces in which the rest arrives; what is reported
 * must be harmless to a file, a path and a terminal.
 */
#include "proto/isns.h"
#include "proto/name.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int found(void *arg, const char *target, const struct portal *portal)
{
	(void)arg;
	if (name_check(target, strlen(target), NULL) || !portal->port || portal_host_kind(portal->host, strlen(portal->host)) < 0)
		abort();
	return 0;
}

static void warning(void *arg, const char *text)
{
	(void)arg;
	for (; *text; text++)
		if ((uint8_t)*text < ' ' || *text == 0x7f)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct isns_config config = { .source = "iqn.2026-11.com.example:me", .found = found, .warning = warning };
	size_t step = size ? data[0] + 1u : 1, n;
	struct isns_action a;
	struct isns *s;

	if (isns_new(&config, &s))
		abort();
	isns_start(s, &a);
	for (size_t at = 1; at < size && a.kind <= ISNS_WAIT; at += n) {
		n = step < size - at ? step : size - at;
		isns_feed(s, data + at, n, &a);
		if (a.kind == ISNS_FAILED && (!a.err.code || !*a.err.text))
			abort();
	}
	isns_free(s);
	return 0;
}
