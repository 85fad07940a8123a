/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: SendTargets. The input is a stream of PDUs; what is reported must be harmless to a file, a
 * path and a terminal. */
#include "proto/name.h"
#include "proto/sendtargets.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void harmless(const char *s)
{
	for (; *s; s++)
		if ((uint8_t)*s <= ' ' || *s == 0x7f || *s == '/')
			abort();
}

static int found(void *arg, const char *name, const struct portal *portal)
{
	(void)arg;
	if (name_check(name, strlen(name), NULL))
		abort();
	harmless(name);
	if (portal)
		harmless(portal->host);
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
	struct sendtargets_config config = {
		.ignore_itt = true,
		.max_bytes = 100000,
		.max_pdus = 1000,
		.max_records = 100,
		.found = found,
		.warning = warning,
	};
	struct sendtargets_action a;
	struct sendtargets *s;
	struct pdu_reader r;
	struct iscsi_pdu pdu;
	size_t used;

	if (sendtargets_new(&config, &s))
		abort();
	pdu_reader_init(&r, 32768);
	sendtargets_start(s, &a);
	for (size_t at = 0; at < size && a.kind <= SENDTARGETS_WAIT; at += used) {
		if (pdu_reader_feed(&r, data + at, size - at, &used, &pdu, NULL) != 1)
			break;
		sendtargets_feed(s, &pdu, &a);
		if (a.kind == SENDTARGETS_FAILED && (!a.err.code || !*a.err.text))
			abort();
	}
	if (sendtargets_records(s) > config.max_records)
		abort();
	pdu_reader_free(&r);
	sendtargets_free(s);
	return 0;
}
