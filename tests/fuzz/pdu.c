/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: the reader of PDUs. First byte: the size of the pieces that the stream comes in; every PDU
 * is parsed as each opcode. */
#include "proto/pdu.h"
#include <stdlib.h>

#define MAX_DATA 32768

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_all(const struct iscsi_pdu *pdu)
{
	struct iscsi_response response;
	volatile uint8_t sum = 0;
	int taken = 0;

	for (unsigned op = 0; op < 64; op++)
		taken += !pdu_parse(pdu, op, &response);
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
