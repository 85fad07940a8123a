/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CHAP table as the kernel serves it: walked in steps, changed by requests. Written against the public ABI. */
#include "plugin/defaults.h"
#include "plugin/kencode.h"
#include "plugin/krequest.h"
#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#define GET_CHAP 33u
#define DELETE_CHAP 34u
#define SET_CHAP 41u

/* struct iscsi_chap_rec */
#define REC_SIZE 524u
#define REC_TYPE_AT 4u
#define REC_USERNAME_AT 8u
#define REC_PASSWORD_AT 264u
#define REC_TEXT_MAX 256u
#define ENTRIES_AT 4u /* num_entries in the answer's u: how many are valid */
#define STEP 16u
#define INDEX_MAX 0xffffu
#define INDEX_FREE 0xffffu /* beyond every table: a free one is taken */

static const struct krequest get_chap = { GET_CHAP, "read the CHAP table", MISCSI_ERR_OP_NOT_SUPP, MISCSI_ERR_GENERIC,
	{ { 0 } } };
static const struct krequest set_chap = { SET_CHAP, "set a CHAP entry", MISCSI_ERR_OP_NOT_SUPP, MISCSI_ERR_GENERIC,
	{ { EINVAL, MISCSI_ERR_GENERIC, "the entry is of the other kind (for us, or for the target), or beyond the table" },
		{ EBUSY, MISCSI_ERR_BUSY, "a session uses it, or the table is full" } } };
static const struct krequest del_chap = { DELETE_CHAP, "delete a CHAP entry", MISCSI_ERR_OP_NOT_SUPP, MISCSI_ERR_GENERIC,
	{ { EINVAL, MISCSI_ERR_GENERIC, "there is no such entry" }, { EBUSY, MISCSI_ERR_BUSY, "a session uses it" } } };

/* What to look for after a set: the index that was chosen is not told. */
struct walk {
	uint32_t next;
	char *username; /* NULL: every entry is a row */
	uint32_t type;
	uint32_t found; /* MISCSI_NONE: none yet */
};

static int ask(struct miscsi_op *op);

static uint32_t rec_u32(const unsigned char *rec, size_t at)
{
	uint32_t value;

	memcpy(&value, rec + at, sizeof(value));
	return value;
}

static void rec_text(const unsigned char *rec, size_t at, char text[REC_TEXT_MAX + 1])
{
	memcpy(text, rec + at, REC_TEXT_MAX);
	text[REC_TEXT_MAX] = '\0';
}

static int emit(struct miscsi_op *op, uint32_t index, const unsigned char *rec)
{
	bool in = rec_u32(rec, REC_TYPE_AT) == 1;
	char text[REC_TEXT_MAX + 1];
	int r = op->core->result_row(op, index);

	rec_text(rec, REC_USERNAME_AT, text);
	if (r == 0)
		r = op->core->result(op, in ? "host.auth.username_in" : "host.auth.username", text, 0);
	rec_text(rec, REC_PASSWORD_AT, text);
	if (r == 0)
		r = op->core->result(op, in ? "host.auth.password_in" : "host.auth.password", text, MISCSI_VALUE_SECRET);
	mem_wipe(text, sizeof(text));
	return r;
}

static int look_at(struct miscsi_op *op, struct walk *w, const unsigned char *rec)
{
	char text[REC_TEXT_MAX + 1];
	uint16_t index;

	memcpy(&index, rec, sizeof(index));
	if (index < w->next)
		return -EBADMSG; /* the walk would never end */
	w->next = index + 1u;
	if (!w->username)
		return emit(op, index, rec);
	rec_text(rec, REC_USERNAME_AT, text);
	if (rec_u32(rec, REC_TYPE_AT) == w->type && strcmp(text, w->username) == 0)
		w->found = index;
	return 0;
}

static int end_of_walk(struct miscsi_op *op, const struct walk *w)
{
	return w->username && w->found != MISCSI_NONE ? op->core->result_row(op, w->found) : 0;
}

static void got(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	struct walk *w = op->data;
	uint32_t n, room = answer->data_len / REC_SIZE;
	/* of all requests this one says so when the driver has none */
	int r = answer->result == -EINVAL ? -ENOSYS : answer->result;

	if (r < 0)
		r = krequest_failed(op, &get_chap, r);
	memcpy(&n, answer->u + ENTRIES_AT, sizeof(n));
	if (r == 0 && n > (room < STEP ? room : STEP))
		r = op->core->set_error(
			op, MISCSI_ERR_INTERNAL, "the kernel says that it sends %u CHAP entries, and does not", n);
	for (uint32_t i = 0; r == 0 && i < n; i++)
		r = look_at(op, w, (const unsigned char *)answer->data + i * REC_SIZE);
	if (r == 0 && n == STEP && w->next <= INDEX_MAX)
		r = ask(op);
	else if (r == 0)
		r = end_of_walk(op, w);
	if (r != -EINPROGRESS)
		op->core->op_done(op, r);
}

static int ask(struct miscsi_op *op)
{
	const struct walk *w = op->data;
	struct miscsi_request request = { .size = sizeof(request), .type = GET_CHAP };
	int r;

	krequest_u32(&request, 0, op->host_no);
	krequest_u32(&request, ENTRIES_AT, STEP);
	krequest_u16(&request, 8, (uint16_t)w->next);
	r = op->core->request(op, &request, got, NULL);
	return r < 0 ? r : -EINPROGRESS;
}

int kchap_list(struct miscsi_op *op)
{
	op->data = op->core->op_alloc(op, sizeof(struct walk));
	return op->data ? ask(op) : -ENOMEM;
}

static void was_set(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	struct walk *w = op->data;
	int r = answer->result < 0 ? krequest_failed(op, &set_chap, answer->result) : 0;

	if (r == 0)
		r = w->found == MISCSI_NONE ? ask(op) : end_of_walk(op, w);
	if (r != -EINPROGRESS)
		op->core->op_done(op, r);
}

/* The user name outlives the settings. */
static int remember(struct miscsi_op *op, struct walk *w)
{
	const char *name = op->core->setting(op, "host.auth.username_in");
	size_t len;

	w->type = name && *name;
	if (!w->type)
		name = op->core->setting(op, "host.auth.username");
	len = name ? strlen(name) : 0;
	w->username = op->core->op_alloc(op, len + 1);
	if (!w->username)
		return -ENOMEM;
	memcpy(w->username, name ? name : "", len);
	return 0;
}

int kchap_set(struct miscsi_op *op, uint32_t index)
{
	cleanup(kencode_wipe) struct kencode k = KENCODE_INIT;
	struct walk *w = op->core->op_alloc(op, sizeof(*w));
	struct miscsi_request request = { .size = sizeof(request), .type = SET_CHAP };
	int r = w ? remember(op, w) : -ENOMEM;

	if (r < 0)
		return r;
	if (index != MISCSI_NONE && index >= INDEX_FREE)
		return op->core->set_error(op, MISCSI_ERR_INVAL, "%u is no index of a CHAP table", index);
	op->data = w;
	w->found = index;
	r = kencode_chap(op, (uint16_t)(index == MISCSI_NONE ? INDEX_FREE : index), &k);
	if (r < 0)
		return r;
	request.payload = strbuf_str(&k.attrs);
	request.payload_len = (uint32_t)k.attrs.len;
	krequest_u32(&request, 0, op->host_no);
	r = op->core->request(op, &request, was_set, NULL);
	return r < 0 ? r : -EINPROGRESS;
}

int kchap_remove(struct miscsi_op *op, uint32_t index)
{
	struct miscsi_request request = { 0 };

	if (index > INDEX_MAX)
		return op->core->set_error(op, MISCSI_ERR_INVAL, "%u is no index of a CHAP table", index);
	krequest_u32(&request, 0, op->host_no);
	krequest_u16(&request, 4, (uint16_t)index);
	return krequest_send(op, &del_chap, &request);
}
