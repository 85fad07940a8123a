/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CHAP table as the kernel serves it: walked in steps, changed by requests. Written against the public ABI. */
#include "plugin/defaults.h"
#include "plugin/kencode.h"
#include "plugin/krequest.h"
#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>

#define CHAP_TEXT_MAX sizeof(((struct iscsi_chap_rec *)0)->username)
#define STEP 16u
#define INDEX_MAX 0xffffu
#define INDEX_FREE 0xffffu /* beyond every table: a free one is taken */

static const struct krequest get_chap = { ISCSI_UEVENT_GET_CHAP, "cannot read the CHAP table", MISCSI_ERR_OP_NOT_SUPP,
	MISCSI_ERR_GENERIC, { { 0 } } };
static const struct krequest set_chap = { ISCSI_UEVENT_SET_CHAP, "cannot write a CHAP entry", MISCSI_ERR_OP_NOT_SUPP,
	MISCSI_ERR_GENERIC,
	{ { EINVAL, MISCSI_ERR_GENERIC,
		  "the entry has the credentials of the other side (initiator or target), or the adapter's table has no such "
		  "index ('iscsiadm -m host -H HOST -C chap' lists the entries)" },
		{ EBUSY, MISCSI_ERR_BUSY, "a session uses the entry, or the table is full: log out, or delete an entry" } } };
static const struct krequest del_chap = { ISCSI_UEVENT_DELETE_CHAP, "cannot delete a CHAP entry", MISCSI_ERR_OP_NOT_SUPP,
	MISCSI_ERR_GENERIC,
	{ { EINVAL, MISCSI_ERR_GENERIC, "there is no such entry ('iscsiadm -m host -H HOST -C chap' lists them)" },
		{ EBUSY, MISCSI_ERR_BUSY, "a session uses the entry: log out of it first" } } };

/* What to look for after a set: the kernel does not return the index that was chosen. */
struct walk {
	uint32_t next;
	char *username; /* NULL: every entry is a row */
	uint32_t type;
	uint32_t found; /* MISCSI_NONE: none yet */
};

static int walk_on(struct miscsi_op *op);

static int emit_text(struct miscsi_op *op, const char *key, const char bytes[CHAP_TEXT_MAX], uint32_t flags)
{
	char text[CHAP_TEXT_MAX + 1] = "";
	int rc;

	memcpy(text, bytes, CHAP_TEXT_MAX);
	rc = op->core->result(op, key, text, flags);
	mem_wipe(text, sizeof(text));
	return rc;
}

static int emit_entry(struct miscsi_op *op, const struct iscsi_chap_rec *rec)
{
	bool in = rec->chap_type == CHAP_TYPE_IN;
	int rc = op->core->result_row(op, rec->chap_tbl_idx);

	if (rc == 0)
		rc = emit_text(op, in ? "host.auth.username_in" : "host.auth.username", rec->username, 0);
	if (rc == 0)
		rc = emit_text(op, in ? "host.auth.password_in" : "host.auth.password", rec->password, MISCSI_VALUE_SECRET);
	return rc;
}

static int walk_entry(struct miscsi_op *op, struct walk *w, const struct iscsi_chap_rec *rec)
{
	if (rec->chap_tbl_idx < w->next)
		return op->core->set_error(op, MISCSI_ERR_INTERNAL, /* the walk would never end */
			"cannot read the CHAP table of host%u, because the driver of transport %s returned the entries out of "
			"order: update the kernel",
			op->host_no, op->transport);
	w->next = rec->chap_tbl_idx + 1u;
	if (!w->username)
		return emit_entry(op, rec);
	if (rec->chap_type == w->type && strnlen(rec->username, CHAP_TEXT_MAX) == strlen(w->username) &&
		memcmp(rec->username, w->username, strlen(w->username)) == 0)
		w->found = rec->chap_tbl_idx;
	return 0;
}

/* Of a list all rows have been reported; of a set the one that was looked for. */
static int end_of_walk(struct miscsi_op *op, const struct walk *w)
{
	return w->username && w->found != MISCSI_NONE ? op->core->result_row(op, w->found) : 0;
}

static void walk_answered(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	struct walk *w = op->data;
	const struct iscsi_chap_rec *recs = answer->data;
	uint32_t n = answer->u.get_chap.num_entries, room = answer->data_len / sizeof(*recs);
	/* only this request answers EINVAL where the driver has no CHAP table */
	int rc = answer->result == -EINVAL ? -ENOSYS : answer->result;

	if (rc < 0)
		rc = krequest_failed(op, &get_chap, rc);
	if (rc == 0 && n > (room < STEP ? room : STEP))
		rc = op->core->set_error(op, MISCSI_ERR_INTERNAL,
			"cannot read the CHAP table of host%u, because the driver of transport %s announced %u entries and "
			"returned fewer: update the kernel",
			op->host_no, op->transport, n);
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = walk_entry(op, w, &recs[i]);
	if (rc == 0 && n == STEP && w->next <= INDEX_MAX)
		rc = walk_on(op);
	else if (rc == 0)
		rc = end_of_walk(op, w);
	if (rc != -EINPROGRESS)
		op->core->op_done(op, rc);
}

static int walk_on(struct miscsi_op *op)
{
	const struct walk *w = op->data;
	struct miscsi_request request = { .type = ISCSI_UEVENT_GET_CHAP };

	request.u.get_chap.host_no = op->host_no;
	request.u.get_chap.num_entries = STEP;
	request.u.get_chap.chap_tbl_idx = (uint16_t)w->next;
	return krequest_ask(op, &request, walk_answered);
}

/* In steps of some entries: the kernel allocates room for as many as are asked for, and holds its mutex meanwhile. */
int kchap_list(struct miscsi_op *op)
{
	op->data = op->core->op_alloc(op, sizeof(struct walk));
	return op->data ? walk_on(op) : -ENOMEM;
}

static void was_set(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	struct walk *w = op->data;
	int rc = answer->result < 0 ? krequest_failed(op, &set_chap, answer->result) : 0;

	if (rc == 0)
		rc = w->found == MISCSI_NONE ? walk_on(op) : end_of_walk(op, w);
	if (rc != -EINPROGRESS)
		op->core->op_done(op, rc);
}

/* The user name outlives the settings. */
static int walk_for_username(struct miscsi_op *op, struct walk *w)
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

/*
 * After a set with a free index the table is walked for the entry, since the kernel does not return which one it took
 * (doc/KERNEL.md, rule 29).
 */
int kchap_set(struct miscsi_op *op, uint32_t index)
{
	cleanup(kencode_wipe) struct kencode k = KENCODE_INIT;
	struct walk *w = op->core->op_alloc(op, sizeof(*w));
	struct miscsi_request request = { .type = ISCSI_UEVENT_SET_CHAP };
	int rc = w ? walk_for_username(op, w) : -ENOMEM;

	if (rc < 0)
		return rc;
	if (index != MISCSI_NONE && index >= INDEX_FREE)
		return op->core->set_error(op, MISCSI_ERR_INVAL,
			"the CHAP table of host%u has no index %u: use an index from 0 to 65534", op->host_no, index);
	op->data = w;
	w->found = index;
	rc = kencode_chap(op, (uint16_t)(index == MISCSI_NONE ? INDEX_FREE : index), &k);
	if (rc < 0)
		return rc;
	request.payload = strbuf_str(&k.attrs);
	request.payload_len = (uint32_t)k.attrs.len;
	request.u.host.host_no = op->host_no;
	return krequest_ask(op, &request, was_set);
}

int kchap_remove(struct miscsi_op *op, uint32_t index)
{
	struct miscsi_request request = { 0 };

	if (index > INDEX_MAX)
		return op->core->set_error(op, MISCSI_ERR_INVAL,
			"the CHAP table of host%u has no index %u: use an index from 0 to 65534", op->host_no, index);
	request.u.delete_chap.host_no = op->host_no;
	request.u.delete_chap.chap_tbl_idx = (uint16_t)index;
	return krequest_send(op, &del_chap, &request);
}
