/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: the login engine. First byte: bits of the configuration. The rest is a stream of PDUs as the target would send
 * them; the ITT is not checked, or no input would ever come through.
 */
#include "proto/login.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int random_fixed(void *arg, void *bytes, size_t len)
{
	(void)arg;
	memset(bytes, 0x5a, len);
	return 0;
}

static struct login *make(uint8_t bits)
{
	struct login_config c = {
		.initiator_name = "iqn.2026-01.org.example:i",
		.target_name = bits & 1 ? NULL : "iqn.2026-01.org.example:t",
		.discovery = bits & 1,
		.auth = bits & 2 ? LOGIN_AUTH_CHAP : bits & 4 ? LOGIN_AUTH_CHAP_OR_NONE : LOGIN_AUTH_NONE,
		.chap = {
			.name = "user",
			.secret = { (uint8_t *)"secret-of-ours", 14 },
			.random = random_fixed,
		},
		.tpgt = bits & 16 ? 1 : -1,
		.ignore_itt = true,
	};
	struct login *l;

	if (bits & 32)
		c.chap.secret_in = (struct secret){ (uint8_t *)"secret-of-theirs", 16 };
	key_params_init(&c.proposal);
	c.proposal.header_digest = bits >> 6;
	if (login_new(&c, &l, NULL))
		abort();
	return l;
}

/* authmethod None never sends CHAP; that a key is not understood may be said. */
static void no_chap(const struct iscsi_pdu *pdu)
{
	for (size_t at = 0; at < pdu->len; at += strlen((const char *)pdu->data + at) + 1) {
		const char *pair = (const char *)pdu->data + at;

		if (!strncmp(pair, "CHAP_", 5) && strcmp(strchr(pair, '='), "=NotUnderstood"))
			abort();
	}
}

static void check(const struct login_action *a, uint8_t bits)
{
	switch (a->kind) {
	case LOGIN_SEND:
		if (a->pdu.len > ISCSI_LOGIN_DATA_MAX || pdu_data_length(a->pdu.bhs) != a->pdu.len)
			abort();
		if (!(bits & 6))
			no_chap(&a->pdu);
		break;
	case LOGIN_DONE:
		if (a->result.params.max_xmit_data_segment_length < 512 || (!(bits & 1) && !a->result.tsih))
			abort();
		/* nobody who fuzzes knows the secret of the target */
		if ((bits & 34) == 34)
			abort();
		break;
	case LOGIN_REDIRECT:
		if (!a->redirect.portal.port || !*a->redirect.portal.host)
			abort();
		break;
	case LOGIN_FAILED:
		if (!a->err.code || !*a->err.text)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct login_action *a = calloc(1, sizeof(*a));
	uint8_t bits = size ? data[0] : 0;
	struct login *l = make(bits);
	struct pdu_reader r;
	struct iscsi_pdu pdu;
	size_t used;

	if (!a)
		abort();
	pdu_reader_init(&r, ISCSI_LOGIN_DATA_MAX);
	login_start(l, a);
	check(a, bits);
	for (size_t at = 1; at < size && a->kind == LOGIN_SEND; at += used) {
		if (pdu_reader_feed(&r, data + at, size - at, &used, &pdu, NULL) != 1)
			break;
		login_feed(l, &pdu, a);
		check(a, bits);
	}
	pdu_reader_free(&r);
	login_free(l);
	free(a);
	return 0;
}
