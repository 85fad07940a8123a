/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: the reader of PDUs. First byte: the size of the pieces that the stream comes in; every PDU
 * goes through every parser. */
#include "proto/pdu.h"
#include <stdlib.h>

#define MAX_DATA 32768

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_all(const struct iscsi_pdu *pdu)
{
	struct iscsi_login_rsp login;
	struct iscsi_text_rsp text;
	struct iscsi_logout_rsp logout;
	struct iscsi_nop_in nop;
	struct iscsi_async async;
	struct iscsi_reject reject;
	volatile uint8_t sum = 0;
	int taken = !pdu_parse_login(pdu, &login) + !pdu_parse_text(pdu, &text) + !pdu_parse_logout(pdu, &logout) +
		!pdu_parse_nop_in(pdu, &nop) + !pdu_parse_async(pdu, &async) + !pdu_parse_reject(pdu, &reject);

	if (taken > 1 || pdu->len > MAX_DATA)
		abort();
	for (size_t i = 0; i < pdu->len; i++)
		sum = (uint8_t)(sum + pdu->data[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pdu_reader r;
	struct iscsi_pdu pdu;
	struct err err = ERR_INIT;
	size_t piece = size ? data[0] + 1u : 1, at = 1, used;

	pdu_reader_init(&r, MAX_DATA);
	while (at < size) {
		size_t n = size - at < piece ? size - at : piece;
		int ret = pdu_reader_feed(&r, data + at, n, &used, &pdu, &err);

		if (ret < 0)
			break;
		if (used > n || (!ret && used != n))
			abort();
		at += used;
		if (ret)
			parse_all(&pdu);
	}
	pdu_reader_free(&r);
	return 0;
}
