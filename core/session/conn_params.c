/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session's parameters on their way: record → proposals → plugin → negotiation → plugin → kernel. */
#include "link/credentials.h"
#include "record/plugin_key.h"
#include "session/session.h"
#include <errno.h>
#include <string.h>

static const uint32_t digest_out[] = {
	[ISCSI_DIGEST_NONE] = MISCSI_DIGEST_NONE,
	[ISCSI_DIGEST_CRC32C] = MISCSI_DIGEST_CRC32C,
	[ISCSI_DIGEST_NONE_CRC32C] = MISCSI_DIGEST_NONE | MISCSI_DIGEST_CRC32C,
	[ISCSI_DIGEST_CRC32C_NONE] = MISCSI_DIGEST_NONE | MISCSI_DIGEST_CRC32C | MISCSI_DIGEST_PREFER_CRC32C,
};

/* What a plugin made of a digest; anything that is no combination of ours means none, which is always allowed. */
static uint32_t digest_in(uint32_t public)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(digest_out); i++)
		if (digest_out[i] == public)
			return i;
	return ISCSI_DIGEST_NONE;
}

/* The plugin ABI has structures of its own: ours may change, those may not. */
static void to_public(const struct iscsi_params *in, struct miscsi_params *out)
{
	*out = (struct miscsi_params){ .size = sizeof(*out) };
#define NEGOTIATED(ours, theirs, param) out->theirs = in->ours;
#define DIGEST(member, param) out->member = digest_out[in->member];
#include "link/conn_params.def"
#undef NEGOTIATED
#undef DIGEST
	out->max_connections = in->max_connections;
	out->default_time2wait = in->default_time2wait;
	out->default_time2retain = in->default_time2retain;
	out->rdma_extensions = in->rdma_extensions;
	out->initiator_recv_data_segment_length = in->initiator_recv_data_segment_length;
	out->target_recv_data_segment_length = in->target_recv_data_segment_length;
}

static void from_public(const struct miscsi_params *in, struct iscsi_params *out)
{
#define NEGOTIATED(ours, theirs, param) out->ours = in->theirs;
#define DIGEST(member, param) out->member = digest_in(in->member);
#include "link/conn_params.def"
#undef NEGOTIATED
#undef DIGEST
	out->rdma_extensions = in->rdma_extensions;
	out->initiator_recv_data_segment_length = in->initiator_recv_data_segment_length;
	out->target_recv_data_segment_length = in->target_recv_data_segment_length;
}

/* A plugin asks for settings by key; numbers are turned to text where the asking ends. Texts are the record's own: they may be as
 * long as a path, and every session would have room for one. */
static const char *conn_setting(void *settings, const char *key)
{
	struct conn *c = settings;
	const struct record *r = c->session->record;
	enum field_id id;

	if (plugin_key_is(key))
		return record_plugin_setting(r, key);
	if (field_find(RECORD_NODE, key, &id) < 0 || field_of(id)->type == FIELD_TYPE_SECRET)
		return NULL;
	return field_of(id)->type == FIELD_TYPE_INT ? record_text(r, id, c->setting, sizeof(c->setting)) : record_str(r, id);
}

void conn_op(struct conn *c, struct transport_op *op)
{
	op->setting = conn_setting;
	op->settings = c;
	if (c->k.sid)
		op->sid = c->k.sid;
	op->cid = 0;
	/* a host that comes with its session says nothing of where to connect */
	if (!(transport_traits(c->k.transport) & MISCSI_TRAIT_SESSION_HOST))
		op->host_no = c->k.host_no;
}

/* Lets the plugin adjust: at the offer, or when the outcome is known. */
static int conn_adjust(struct conn *c, struct iscsi_params *params,
	int (*call)(struct transport *t, struct transport_op *op, struct miscsi_params *params))
{
	struct transport_op op;
	struct miscsi_params public;
	int rc;

	transport_op_init(&op, NULL, NULL);
	conn_op(c, &op);
	to_public(params, &public);
	rc = call(c->k.transport, &op, &public);
	if (rc < 0)
		err_copy(&c->err, &op.err);
	else
		from_public(&public, params);
	return rc;
}

/* A setting that is called as a key is the proposal for that key; most settings are called otherwise. */
static int propose(void *arg, const struct record *r, enum field_id id)
{
	const struct field *f = field_of(id);
	const char *name = strrchr(f->key, '.') + 1;
	struct iscsi_params *proposal = arg;
	int digest;

	switch (f->type) {
	case FIELD_TYPE_LIST:
		digest = key_digest_parse(record_str(r, id));
		if (digest >= 0)
			key_params_set(proposal, name, (uint32_t)digest);
		break;
	case FIELD_TYPE_INT:
	case FIELD_TYPE_BOOL:
		key_params_set(proposal, name, (uint32_t)record_int(r, id));
		break;
	default:
		break;
	}
	return 0;
}

int conn_proposals(struct conn *c, struct iscsi_params *proposal)
{
	const struct record *r = c->session->record;

	key_params_init(proposal);
	record_each(r, propose, proposal);
	proposal->max_xmit_data_segment_length = (uint32_t)record_int(r, FIELD_CONN_MAX_XMIT_LENGTH);
	proposal->rdma_extensions = (transport_traits(c->k.transport) & MISCSI_TRAIT_RDMA) != 0;
	proposal->max_connections = 1; /* Linux has one connection per session */
	proposal->error_recovery_level = 0; /* and no other level of recovery */
	if (transport_traits(c->k.transport) & MISCSI_TRAIT_NO_DIGESTS)
		proposal->header_digest = proposal->data_digest = ISCSI_DIGEST_NONE;
	return conn_adjust(c, proposal, transport_offer);
}

/* An adapter may have to refuse an outcome: then there is no login. */
int conn_negotiated(struct conn *c, struct iscsi_params *params)
{
	return conn_adjust(c, params, transport_negotiated);
}

/* The kernel multiplies times by HZ, up to 1000, in an int: more would overflow, and fail devices at once. */
#define KERNEL_SECONDS_MAX (INT32_MAX / 1000)

static int64_t kernel_number(const struct field *f, int64_t value)
{
	return f->flags & FIELD_SECONDS && value > KERNEL_SECONDS_MAX ? KERNEL_SECONDS_MAX : value;
}

struct adding {
	struct conn *c;
	struct job *job;
};

/* Set by what was negotiated, or by the engine itself: not from the record. */
static bool from_record(const struct conn *c, int param)
{
	switch (param) {
#define NEGOTIATED(ours, theirs, number) case ISCSI_PARAM_##number:
#define DIGEST(member, number) case ISCSI_PARAM_##number:
#include "link/conn_params.def"
#undef NEGOTIATED
#undef DIGEST
	case ISCSI_PARAM_IFMARKER_EN: /* RFC 7143 dropped markers; no driver takes them */
	case ISCSI_PARAM_OFMARKER_EN:
	case ISCSI_PARAM_HOST_RESET_TMO:
	case ISCSI_PARAM_TPGT:
	case ISCSI_PARAM_INITIATOR_NAME:
		return false;
	case ISCSI_PARAM_SESS_RECOVERY_TMO: /* once: multipathd writes it by sysfs, and means it */
		return !c->session->reconnects && c->session->run.state == SESS_NEW;
	default:
		return true;
	}
}

/* By these the next iscsid knows what session it finds. */
static bool identifies(enum iscsi_param param)
{
	return param == ISCSI_PARAM_TARGET_NAME || param == ISCSI_PARAM_PERSISTENT_ADDRESS ||
		param == ISCSI_PARAM_PERSISTENT_PORT || param == ISCSI_PARAM_IFACE_NAME;
}

/*
 * Every row of fields.def that has a number in the kernel's table is sent, by its type. So a new kernel parameter is one row
 * there, and nothing here.
 */
static int add_setting(void *arg, const struct record *r, enum field_id id)
{
	const struct field *f = field_of(id);
	struct adding *a = arg;
	const struct secret *secret;
	enum iscsi_param param = (enum iscsi_param)f->kernel.param;

	if (f->kernel.table != FIELD_TABLE_SESSION || f->kernel.param < 0 || !from_record(a->c, f->kernel.param))
		return 0;
	switch (f->type) {
	case FIELD_TYPE_SECRET:
		/* one from a file, too: the next iscsid recovers the session by it when the file is on a disk that is lost */
		secret = credentials_secret(r, &credentials_of_session, a->c->credentials, id);
		if (secret->len && !memchr(secret->bytes, 0, secret->len)) /* which the kernel would cut there */
			job_set_param_secret(a->job, param, secret->bytes, secret->len);
		break;
	case FIELD_TYPE_INT:
	case FIELD_TYPE_BOOL:
		job_set_param_int(a->job, param, kernel_number(f, record_int(r, id)));
		break;
	default:
		if (*record_str(r, id))
			job_set_param(a->job, param, record_str(r, id));
	}
	if (!identifies(param))
		job_may_fail(a->job); /* a driver that does not know a setting says so, and goes without */
	return 0;
}

static void conn_set_host(struct job *job, enum iscsi_host_param param, const char *proposal)
{
	if (!proposal)
		return;
	job_set_host_param(job, param, proposal);
	job_may_fail(job);
}

/* Hosts that come with the session are told what they are bound to, and nothing more: `-m host` shows it. Those of adapters know. */
static void conn_add_host(struct conn *c, struct job *job)
{
	const struct record *r = c->session->record;

	if (!(transport_traits(c->k.transport) & MISCSI_TRAIT_SESSION_HOST))
		return;
	job_for_host(job, transport_handle(c->k.transport), c->k.host_no);
	conn_set_host(job, ISCSI_HOST_PARAM_NETDEV_NAME, record_explicit(r, FIELD_IFACE_NETDEV));
	conn_set_host(job, ISCSI_HOST_PARAM_HWADDRESS, record_explicit(r, FIELD_IFACE_HWADDRESS));
	job_for(job, transport_handle(c->k.transport), c->k.sid, 0);
}

void conn_add_settings(struct conn *c, struct job *job)
{
	struct adding adding = { c, job };

	record_each(c->session->record, add_setting, &adding);
}

/* doc/KERNEL.md, rule 7: all of this between the last login response and START_CONN. */
void conn_add_params(struct conn *c, struct job *job)
{
	const char *initiator = record_str(c->session->record, FIELD_IFACE_INITIATORNAME);
	int64_t tpgt = c->result->tpgt >= 0 ? c->result->tpgt : record_int(c->session->record, FIELD_NODE_TPGT);

	conn_add_host(c, job);
	job_set_param(job, ISCSI_PARAM_INITIATOR_NAME, initiator);
	job_may_fail(job);
	if (tpgt >= 0) /* else nobody knows it yet: firmware finds out */
		job_set_param_int(job, ISCSI_PARAM_TPGT, tpgt);
	if (!transport_logs_in(c->k.transport))
		job_set_param_int(job, ISCSI_PARAM_EXP_STATSN, c->result->exp_statsn);
	kconn_add_params(job, &c->result->params, transport_logs_in(c->k.transport));
}
