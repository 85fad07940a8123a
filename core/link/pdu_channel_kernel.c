/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PDU channel over the kernel: a session without SCSI commands, on an endpoint of an adapter or of RDMA.
 *
 * It owns the endpoint and the kernel's session. Requests run one after another on the kernel's worker, so what is submitted in
 * order happens in order; only the first PDU waits here, until the session has a number. When its user frees it, it goes on by
 * itself until the kernel has nothing left of it.
 */
#include "base/mem.h"
#include "kernel/kernel.h"
#include "link/engine.h"
#include "link/kconn.h"
#include "link/pdu_channel.h"
#include "proto/login.h"

#include <errno.h>
#include <string.h>

/* The least that drivers accept; one PDU at a time passes. */
#define CMDS_MAX 32
#define QUEUE_DEPTH 1
#define FIRST_CMDSN 1

struct kernel_channel {
	struct pdu_channel head;
	struct kconn k;
	struct kernel_listener listener;
	struct iscsi_pdu *first; /* waits, with its data behind it, until the session has a number */
	struct transport_op login; /* the firmware's */
	/* its user hears of it; heard that it is lost; has freed it while the kernel was at work; the kernel removes the session */
	enum { CHANNEL_OPEN, CHANNEL_LOST, CHANNEL_FREED, CHANNEL_ENDING } state;
};

static struct kernel_channel *kernel_channel_of(struct pdu_channel *c)
{
	return container_of(c, struct kernel_channel, head);
}

/* The callback may free us: nothing follows it. */
static void kernel_channel_lost(struct kernel_channel *ch, int result, const struct err *err)
{
	if (ch->state != CHANNEL_OPEN)
		return;
	ch->state = CHANNEL_LOST;
	ch->head.events.lost(ch->head.events.arg, result, err);
}

static void kernel_channel_gone(struct kernel_channel *ch)
{
	kconn_drop(&ch->k);
	x_free(ch);
}

/* A session that was not made needs no end, and an endpoint that was bound may go before it. */
static void kernel_channel_end(struct kernel_channel *ch)
{
	ch->state = CHANNEL_ENDING;
	kconn_unsend(&ch->k);
	x_free(ch->first);
	kernel_unlisten(&ch->listener);
	transport_disconnect(ch->k.transport, &ch->k.binding);
	if (!ch->k.sid || kconn_destroy(&ch->k, true) < 0)
		kernel_channel_gone(ch);
}

static void firmware_done(struct transport_op *op, int result)
{
	struct kernel_channel *ch = op->arg;

	if (result < 0)
		kernel_channel_lost(ch, result, &op->err);
	else if (ch->state == CHANNEL_OPEN)
		ch->head.events.logged_in(ch->head.events.arg);
}

static void kernel_channel_job_done(struct kconn *k, int result, const struct err *err)
{
	struct kernel_channel *ch = container_of(k, struct kernel_channel, k);
	struct err no_memory = ERR_INIT;

	if (ch->state == CHANNEL_ENDING) {
		kernel_channel_gone(ch);
	} else if (ch->state == CHANNEL_FREED) {
		kernel_channel_end(ch);
	} else if (result < 0) {
		kernel_channel_lost(ch, result, err);
	} else if (transport_logs_in(k->transport)) {
		transport_op_init(&ch->login, firmware_done, ch);
		kconn_login(k, &ch->login);
	} else if (ch->first) {
		result = kconn_send(k, ch->first);
		x_free(ch->first);
		ch->first = NULL;
		if (result < 0)
			kernel_channel_lost(ch, err_nomem(&no_memory, "a PDU of the login"), &no_memory);
	}
}

static void kernel_channel_unsent(struct kconn *k, int result, const struct err *err)
{
	kernel_channel_lost(container_of(k, struct kernel_channel, k), result, err);
}

static int kernel_channel_keep(struct kernel_channel *ch, const struct iscsi_pdu *pdu)
{
	if (ch->first)
		return -EBUSY;
	ch->first = x_zalloc(sizeof(*pdu) + pdu->len);
	if (!ch->first)
		return -ENOMEM;
	*ch->first = *pdu;
	ch->first->data = pdu->len ? memcpy(ch->first + 1, pdu->data, pdu->len) : NULL;
	return 0;
}

static int kernel_channel_send(struct pdu_channel *c, const struct iscsi_pdu *pdu)
{
	struct kernel_channel *ch = kernel_channel_of(c);

	return ch->k.sid ? kconn_send(&ch->k, pdu) : kernel_channel_keep(ch, pdu);
}

/* Only a started connection counts the Text requests' CmdSN up, and takes a Logout. The Text that follows is behind this job. */
static int kernel_channel_full_feature(struct pdu_channel *c, const struct login_result *login)
{
	struct kconn *k = &kernel_channel_of(c)->k;
	struct job *job;

	if (transport_logs_in(k->transport))
		return 0;
	job = kconn_job(k);
	if (job) {
		job_set_param_int(job, ISCSI_PARAM_EXP_STATSN, login->exp_statsn);
		job_set_param_int(job, ISCSI_PARAM_MAX_RECV_DLENGTH, login->params.max_recv_data_segment_length);
		job_may_fail(job);
		job_add(job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	}
	return kconn_submit(k, job);
}

static void kernel_channel_free(struct pdu_channel *c)
{
	struct kernel_channel *ch = kernel_channel_of(c);

	ch->state = CHANNEL_FREED;
	transport_cancel(&ch->login);
	if (!ch->k.job)
		kernel_channel_end(ch); /* else when it is known what the kernel made */
}

/* Is an event about the session that its user has? */
static bool kernel_channel_has(const struct kernel_channel *ch, uint32_t sid, uint32_t cid)
{
	return ch->state == CHANNEL_OPEN && sid != 0 && sid == ch->k.sid && cid == 0;
}

static void kernel_channel_on_pdu(
	void *arg, uint32_t sid, uint32_t cid, const uint8_t bhs[ISCSI_BHS_LEN], const uint8_t *data, size_t len)
{
	struct kernel_channel *ch = arg;
	struct err err = ERR_INIT;
	struct iscsi_pdu pdu;
	int rc;

	if (!kernel_channel_has(ch, sid, cid))
		return;
	rc = pdu_from_parts(bhs, data, len, PDU_CHANNEL_KERNEL_DATA_MAX, &pdu, &err);
	if (rc < 0)
		kernel_channel_lost(ch, rc, &err);
	else
		ch->head.events.pdu(ch->head.events.arg, &pdu);
}

static void kernel_channel_on_conn_error(void *arg, uint32_t sid, uint32_t cid, uint32_t error)
{
	struct kernel_channel *ch = arg;
	struct err err = ERR_INIT;

	if (kernel_channel_has(ch, sid, cid))
		kernel_channel_lost(
			ch, err_set(&err, MISCSI_ERR_TRANS, "connection lost: %s", events_conn_error_text(error)), &err);
}

static void kernel_channel_on_login_state(void *arg, uint32_t sid, uint32_t cid, uint32_t state)
{
	struct kernel_channel *ch = arg;

	if (kernel_channel_has(ch, sid, cid))
		transport_login_event(&ch->login, state);
}

static const struct kernel_event_ops kernel_events = {
	.pdu = kernel_channel_on_pdu, .conn_error = kernel_channel_on_conn_error, .login_state = kernel_channel_on_login_state
};

static const struct pdu_channel_ops kernel_channel_ops = {
	.own_itt = true,
	.data_max = PDU_CHANNEL_KERNEL_DATA_MAX,
	.send = kernel_channel_send,
	.full_feature = kernel_channel_full_feature,
	.free = kernel_channel_free,
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

/* What the firmware negotiates by. Nothing that comes in may exceed the one buffer. */
static void add_proposals(struct job *job, const struct login_config *login)
{
	struct iscsi_params p = login->proposal;

	p.max_recv_data_segment_length = p.max_xmit_data_segment_length = PDU_CHANNEL_KERNEL_DATA_MAX;
	add_text(job, ISCSI_PARAM_INITIATOR_NAME, login->initiator_name);
	kconn_add_params(job, &p, true);
	if (login->auth == LOGIN_AUTH_NONE)
		return;
	add_text(job, ISCSI_PARAM_USERNAME, login->chap.name);
	add_secret(job, ISCSI_PARAM_PASSWORD, &login->chap.secret);
	add_text(job, ISCSI_PARAM_USERNAME_IN, login->chap.name_in);
	add_secret(job, ISCSI_PARAM_PASSWORD_IN, &login->chap.secret_in);
}

int pdu_channel_kernel_new(const struct engine *engine, struct transport *t, struct miscsi_binding *binding,
	const struct login_config *login, const struct pdu_channel_events *events, struct pdu_channel **out)
{
	static const struct kconn_ops ops = { .done = kernel_channel_job_done, .unsent = kernel_channel_unsent };
	struct kernel_channel *ch = x_new(struct kernel_channel);
	struct job *job;
	int rc;

	if (!ch)
		return -ENOMEM;
	ch->head.ops = &kernel_channel_ops;
	ch->head.events = *events;
	kconn_init(&ch->k, engine, t, &ops);
	ch->k.binding = *binding;
	job = kconn_job_bind(&ch->k, CMDS_MAX, QUEUE_DEPTH, FIRST_CMDSN);
	if (job) {
		/* before anything is received: iser takes its buffers by it */
		job_set_param_int(job, ISCSI_PARAM_DISCOVERY_SESS, 1);
		job_may_fail(job);
		if (transport_logs_in(t))
			add_proposals(job, login);
	}
	rc = kconn_submit(&ch->k, job);
	if (rc < 0) {
		kernel_channel_gone(ch);
		return rc;
	}
	binding->kind = MISCSI_BINDING_NONE;
	ch->listener = (struct kernel_listener){ .events = &kernel_events, .arg = ch };
	kernel_listen(engine->kernel, &ch->listener);
	*out = &ch->head;
	return 0;
}
