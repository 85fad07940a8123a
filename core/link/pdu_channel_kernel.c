/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pdu_channel over the kernel: a session without SCSI commands, on an endpoint of an adapter or of RDMA.
 *
 * It owns the endpoint and the kernel's session. Requests run one after another on the kernel's worker, so what is submitted in order
 * happens in order; only the first PDU waits here, until the session has a number. When its user frees it, it goes on by itself until
 * the kernel has nothing left of it.
 */
#include "base/mem.h"
#include "kernel/kernel.h"
#include "plugin/transport.h"
#include "proto/login.h"
#include "link/pdu_channel.h"

#include <errno.h>
#include <string.h>

/* The least that drivers take; one PDU at a time passes. */
#define CMDS_MAX 32
#define QUEUE_DEPTH 1
#define FIRST_CMDSN 1

struct kernel_channel {
	struct pdu_channel head;
	struct kernel *kernel;
	struct transport *transport;
	struct miscsi_binding binding;
	struct kernel_listener listener;
	struct job *job; /* making the session, starting it, or ending it */
	struct job *send; /* a PDU on its way */
	struct iscsi_pdu first; /* waits until the session has a number; its data is ours */
	bool waiting; /* it is there */
	uint32_t sid; /* 0: none yet */
	bool by_firmware;
	struct transport_op login; /* the firmware's */
	bool dead; /* its user has gone, or was told that it is lost */
	bool freed; /* its user has gone */
};

static struct kernel_channel *of(struct pdu_channel *c)
{
	return container_of(c, struct kernel_channel, head);
}

/* The callback may free us: nothing follows it. */
static void lost(struct kernel_channel *k, int result, const struct err *err)
{
	if (k->dead)
		return;
	k->dead = true;
	k->head.events.lost(k->head.events.arg, result, err);
}

static void finish(struct job *job, void *arg)
{
	job_free(job);
	x_free(arg);
}

static struct job *job_of(const struct kernel_channel *k)
{
	struct job *job = job_new();

	if (job)
		job_for(job, transport_handle(k->transport), k->sid, 0);
	return job;
}

/* A session that was not made needs no end, and an endpoint that was bound may go before it. */
static void end(struct kernel_channel *k)
{
	struct job *job = k->sid ? job_of(k) : NULL;

	if (k->send)
		kernel_cancel(k->kernel, k->send);
	x_free((void *)(uintptr_t)k->first.data);
	kernel_unlisten(&k->listener);
	transport_disconnect(k->transport, &k->binding);
	if (job) {
		job_stop_conn(job, ISCSI_STOP_CONN_TERM);
		job_may_fail(job);
		job_destroy_conn(job);
		job_may_fail(job);
		job_destroy_session_wait(job);
		if (kernel_submit(k->kernel, job, finish, k) == 0)
			return;
		job_free(job);
	}
	x_free(k);
}

static void pdu_sent(struct job *job, void *arg)
{
	struct kernel_channel *k = arg;
	struct err err = ERR_INIT;
	int r = job_result(job, &err);

	job_free(job);
	k->send = NULL;
	if (r < 0)
		lost(k, r, &err);
}

static int submit_pdu(struct kernel_channel *k, const struct iscsi_pdu *pdu)
{
	struct job *job = job_of(k);
	int r;

	if (!job)
		return -ENOMEM;
	job_send_pdu(job, pdu->bhs, pdu->data, pdu->len);
	r = kernel_submit(k->kernel, job, pdu_sent, k);
	if (r < 0)
		job_free(job);
	else
		k->send = job;
	return r;
}

static void firmware_done(struct transport_op *op, int result)
{
	struct kernel_channel *k = op->arg;

	if (result < 0)
		lost(k, result, &op->err);
	else if (!k->dead)
		k->head.events.logged_in(k->head.events.arg);
}

static void firmware_login(struct kernel_channel *k, uint32_t host_no)
{
	transport_op_init(&k->login, firmware_done, k);
	k->login.host_no = host_no;
	k->login.sid = k->sid;
	k->login.cid = 0;
	transport_login(k->transport, &k->login);
}

static void job_done(struct job *job, void *arg)
{
	struct kernel_channel *k = arg;
	struct err err = ERR_INIT;
	int r = job_result(job, &err);
	uint32_t host_no = job->host_no;

	k->job = NULL;
	if (!k->sid && job->sid != MISCSI_NONE) /* a failed job, too, may have made the session */
		k->sid = job->sid;
	job_free(job);
	if (k->freed) {
		end(k);
		return;
	}
	if (r == 0 && k->by_firmware) {
		firmware_login(k, host_no);
		return;
	}
	if (r == 0 && k->waiting) {
		k->waiting = false;
		r = submit_pdu(k, &k->first);
		if (r < 0)
			err_nomem(&err, "a PDU");
	}
	if (r < 0)
		lost(k, r, &err);
}

static int submit(struct kernel_channel *k, struct job *job)
{
	int r = job ? kernel_submit(k->kernel, job, job_done, k) : -ENOMEM;

	if (r < 0)
		job_free(job);
	else
		k->job = job;
	return r;
}

static int keep_first(struct kernel_channel *k, const struct iscsi_pdu *pdu)
{
	void *copy = NULL;

	if (k->waiting)
		return -EBUSY;
	if (pdu->len) {
		copy = x_zalloc(pdu->len);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, pdu->data, pdu->len);
	}
	k->first = *pdu;
	k->first.data = copy;
	k->waiting = true;
	return 0;
}

static int kernel_send(struct pdu_channel *c, const struct iscsi_pdu *pdu)
{
	struct kernel_channel *k = of(c);

	if (!k->sid)
		return keep_first(k, pdu);
	if (k->send) /* its answer came before the kernel said that it was sent: it was */
		kernel_cancel(k->kernel, k->send);
	k->send = NULL;
	return submit_pdu(k, pdu);
}

/* Only a started connection counts the Text requests' CmdSN up, and takes a Logout. The Text that follows is behind this job. */
static int kernel_full_feature(struct pdu_channel *c, const struct login_result *login)
{
	struct kernel_channel *k = of(c);
	struct job *job;

	if (k->by_firmware)
		return 0;
	job = job_of(k);
	if (job) {
		job_set_param_int(job, ISCSI_PARAM_EXP_STATSN, login->exp_statsn);
		job_set_param_int(job, ISCSI_PARAM_MAX_RECV_DLENGTH, login->params.max_recv_data_segment_length);
		job_may_fail(job);
		job_start_conn(job);
	}
	return submit(k, job);
}

static void kernel_free_carrier(struct pdu_channel *c)
{
	struct kernel_channel *k = of(c);

	k->dead = k->freed = true;
	transport_cancel(&k->login);
	if (!k->job)
		end(k); /* else when it is known what the kernel made */
}

static void on_pdu(void *arg, uint32_t sid, uint32_t cid, const uint8_t bhs[ISCSI_BHS_LEN], const uint8_t *data, size_t len)
{
	struct kernel_channel *k = arg;
	struct err err = ERR_INIT;
	struct iscsi_pdu pdu;
	int r;

	if (k->dead || sid != k->sid || cid != 0 || sid == 0)
		return;
	r = pdu_from_parts(bhs, data, len, PDU_CHANNEL_KERNEL_DATA_MAX, &pdu, &err);
	if (r < 0)
		lost(k, r, &err);
	else
		k->head.events.pdu(k->head.events.arg, &pdu);
}

static void on_conn_error(void *arg, uint32_t sid, uint32_t cid, uint32_t error)
{
	struct kernel_channel *k = arg;
	struct err err = ERR_INIT;

	if (sid != k->sid || cid != 0 || sid == 0)
		return;
	lost(k, err_set(&err, MISCSI_ERR_TRANS, "connection lost: %s", events_conn_error_text(error)), &err);
}

static void on_login_state(void *arg, uint32_t sid, uint32_t cid, uint32_t state)
{
	struct kernel_channel *k = arg;

	if (!k->dead && sid == k->sid && cid == 0 && sid != 0)
		transport_login_event(&k->login, state);
}

static const struct kernel_event_ops kernel_events = {
	.pdu = on_pdu, .conn_error = on_conn_error, .login_state = on_login_state
};

static const struct pdu_channel_ops kernel_ops = {
	.own_itt = true,
	.data_max = PDU_CHANNEL_KERNEL_DATA_MAX,
	.send = kernel_send,
	.full_feature = kernel_full_feature,
	.free = kernel_free_carrier,
};

static void add_text(struct job *job, enum iscsi_param param, const char *text)
{
	if (!text || !*text)
		return;
	job_set_param(job, param, text);
	job_may_fail(job);
}

static void add_secret(struct job *job, enum iscsi_param param, const struct secret *secret)
{
	if (!secret->len)
		return;
	job_set_param_secret(job, param, secret->bytes, secret->len);
	job_may_fail(job);
}

static void add_value(struct job *job, enum iscsi_param param, uint32_t value)
{
	job_set_param_int(job, param, value);
	job_may_fail(job);
}

/* What the firmware negotiates by. Nothing that comes in may exceed the one buffer. */
static void add_proposals(struct job *job, const struct login_config *proposals)
{
	struct iscsi_params p = proposals->proposal;

	p.max_recv_data_segment_length = p.max_xmit_data_segment_length = PDU_CHANNEL_KERNEL_DATA_MAX;
	add_text(job, ISCSI_PARAM_INITIATOR_NAME, proposals->initiator_name);
#define NEGOTIATED(ours, theirs, param) add_value(job, ISCSI_PARAM_##param, p.ours);
#define DIGEST(member, param) add_value(job, ISCSI_PARAM_##param, p.member == ISCSI_DIGEST_CRC32C);
#include "link/conn_params.def"
#undef NEGOTIATED
#undef DIGEST
	if (proposals->auth != LOGIN_AUTH_CHAP)
		return;
	add_text(job, ISCSI_PARAM_USERNAME, proposals->chap.name);
	add_secret(job, ISCSI_PARAM_PASSWORD, &proposals->chap.secret);
	add_text(job, ISCSI_PARAM_USERNAME_IN, proposals->chap.name_in);
	add_secret(job, ISCSI_PARAM_PASSWORD_IN, &proposals->chap.secret_in);
}

int pdu_channel_kernel_new(struct kernel *kernel, struct transport *t, struct miscsi_binding *binding,
	const struct login_config *firmware, const struct pdu_channel_events *events, struct pdu_channel **out)
{
	struct kernel_channel *k = x_new(struct kernel_channel);
	struct job *job = k ? job_new() : NULL;
	bool bound = transport_traits(t) & MISCSI_TRAIT_BOUND_SESSION;
	int r;

	if (job) {
		job_create_session(job, transport_handle(t), bound ? binding->value : 0, CMDS_MAX, QUEUE_DEPTH, FIRST_CMDSN);
		job_create_conn(job, 0);
		job_bind(job, binding->value, true);
		/* before anything is received: iser takes its buffers by it */
		job_set_param_int(job, ISCSI_PARAM_DISCOVERY_SESS, 1);
		job_may_fail(job);
		if (firmware)
			add_proposals(job, firmware);
	}
	if (k) {
		k->head.ops = &kernel_ops;
		k->head.events = *events;
		k->kernel = kernel;
		k->transport = t;
		k->by_firmware = firmware != NULL;
	}
	r = k ? submit(k, job) : -ENOMEM;
	if (r < 0) {
		x_free(k);
		return r;
	}
	k->binding = *binding;
	binding->kind = MISCSI_BINDING_NONE;
	k->listener = (struct kernel_listener){ .events = &kernel_events, .arg = k };
	kernel_listen(kernel, &k->listener);
	*out = &k->head;
	return 0;
}
