/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader that cuts a byte stream into PDUs. It owns one buffer for the body, as large as the largest PDU that came. */
#include "proto/pdu.h"

#include "base/mem.h"
#include <string.h>

void pdu_reader_init(struct pdu_reader *r, size_t max_data)
{
	*r = (struct pdu_reader){ .max_data = max_data };
}

void pdu_reader_free(struct pdu_reader *r)
{
	if (r->body)
		mem_wipe(r->body, r->cap); /* login text may hold CHAP responses */
	x_free(r->body);
	*r = (struct pdu_reader){ .failed = true };
}

bool pdu_reader_pending(const struct pdu_reader *r)
{
	return r->have != 0;
}

/* The header is complete: what follows is bounded and given room. */
static int begin_body(struct pdu_reader *r, struct err *err)
{
	size_t body, len = pdu_data_length(r->bhs);
	uint8_t *grown;
	int rc = pdu_check(r->bhs, r->max_data, err);

	if (rc)
		return rc;
	body = pdu_ahs_length(r->bhs) + len + (-len & 3);
	r->need = ISCSI_BHS_SIZE + body;
	if (body <= r->cap)
		return 0;
	grown = x_realloc(r->body, body);
	if (!grown)
		return err_set(err, MISCSI_ERR_NOMEM,
			"no memory for a PDU of %zu bytes from the target: free some memory, or raise the memory limit of the "
			"process",
			body);
	r->body = grown;
	r->cap = body;
	return 0;
}

/* Copies bytes of the PDU up to offset upto, as far as they have arrived; returns their number. */
static size_t read_bytes(struct pdu_reader *r, uint8_t *to, size_t upto, const uint8_t *bytes, size_t len)
{
	size_t n = upto - r->have < len ? upto - r->have : len;

	if (n)
		memcpy(to, bytes, n);
	r->have += n;
	return n;
}

/* The data stays in the reader's buffer, until it is fed again. */
static void pdu_complete(struct pdu_reader *r, struct iscsi_pdu *pdu)
{
	memcpy(pdu->bhs, r->bhs, ISCSI_BHS_SIZE);
	pdu->len = pdu_data_length(r->bhs);
	pdu->data = pdu->len ? r->body + pdu_ahs_length(r->bhs) : NULL;
	r->have = 0;
}

/*
 * At most one PDU a call; what *used leaves is for the next. After an error nothing more can be read: only the
 * broken header would tell where the next one begins.
 */
int pdu_reader_feed(struct pdu_reader *r, const void *bytes, size_t len, size_t *used, struct iscsi_pdu *pdu, struct err *err)
{
	const uint8_t *b = bytes;
	int rc;

	*used = 0;
	if (r->failed)
		return err_set(err, MISCSI_ERR_FATAL_LOGIN,
			"no further PDU can be read from this connection to the target, because an earlier one was invalid");
	if (r->have < ISCSI_BHS_SIZE) {
		*used = read_bytes(r, r->bhs + r->have, ISCSI_BHS_SIZE, b, len);
		if (r->have < ISCSI_BHS_SIZE)
			return 0;
		rc = begin_body(r, err);
		if (rc) {
			r->failed = true;
			return rc;
		}
	}
	if (r->have < r->need)
		*used += read_bytes(r, r->body + (r->have - ISCSI_BHS_SIZE), r->need, b + *used, len - *used);
	if (r->have < r->need)
		return 0;
	pdu_complete(r, pdu);
	return 1;
}
