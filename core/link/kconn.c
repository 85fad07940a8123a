/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs about a kernel's connection, and what their answers say of it. */
#include "link/kconn.h"
#include "kernel/kernel.h"
#include "link/engine.h"
#include <errno.h>

void kconn_init(struct kconn *k, const struct engine *engine, struct transport *transport, const struct kconn_ops *ops)
{
	*k = (struct kconn){ .engine = engine, .transport = transport, .ops = ops, .cid = MISCSI_NONE, .host_no = MISCSI_NONE };
}

static struct job *kconn_job_new(const struct kconn *k)
{
	struct job *job = job_new();

	if (job)
		job_for(job, transport_handle(k->transport), k->sid, 0);
	return job;
}

struct job *kconn_job(struct kconn *k)
{
	k->cid_request = 0;
	return kconn_job_new(k);
}

#define SPARE_REQUESTS 3 /* of kconn_destroy() */

int kconn_reserve(struct kconn *k)
{
	struct job *job = k->spare ? NULL : job_new();

	if (k->spare)
		return 0;
	if (!job || job_reserve(job, SPARE_REQUESTS) < 0) {
		job_free(job);
		return -ENOMEM;
	}
	k->spare = job;
	return 0;
}

/* The way down is taken when memory may be short, and what the kernel has must not stay there for that. */
static struct job *kconn_job_down(struct kconn *k)
{
	struct job *job;

	k->cid_request = 0;
	if (kconn_reserve(k) < 0)
		return NULL;
	job = k->spare;
	k->spare = NULL;
	job_for(job, transport_handle(k->transport), k->sid, 0);
	return job;
}

/* The job of the way down is kept for the next time. */
static void kconn_job_over(struct kconn *k, struct job *job)
{
	if (!job || k->spare) {
		job_free(job);
		return;
	}
	job_clear(job);
	k->spare = job;
}

/*
 * The first time the kernel's session and connection are made on the way; after a loss the same ones are bound to a new socket or
 * endpoint (doc/KERNEL.md, rules 2 to 4). One job, so that nothing can come between.
 */
struct job *kconn_job_bind(struct kconn *k, uint16_t cmds_max, uint16_t queue_depth, uint32_t cmdsn)
{
	bool bound = transport_traits(k->transport) & MISCSI_TRAIT_BOUND_SESSION;
	struct job *job = kconn_reserve(k) < 0 ? NULL : kconn_job(k);

	if (!job)
		return NULL;
	if (!k->sid)
		job_create_session(
			job, transport_handle(k->transport), bound ? k->binding.value : 0, cmds_max, queue_depth, cmdsn);
	if (k->cid == MISCSI_NONE) {
		job_create_conn(job, 0);
		k->cid_request = job_count(job);
	}
	if (k->binding.kind == MISCSI_BINDING_SOCKET)
		job_bind_socket(job, (int)k->binding.value, true);
	else
		job_bind(job, k->binding.value, true);
	return job;
}

/* Drivers keep requests to send in a pool whose size must be a power of two: one that is larger than agreed on does no harm. */
static uint32_t kconn_r2t_pool(uint32_t agreed)
{
	uint32_t pool = 1;

	while (pool < agreed && pool < 32768)
		pool *= 2;
	return pool;
}

/* What a target accepts is the target's to say: without a limit of ours there is nothing to propose. */
static void kconn_add_value(struct job *job, enum iscsi_param param, uint32_t value, bool proposal)
{
	if (proposal && param == ISCSI_PARAM_MAX_XMIT_DLENGTH && value == 0)
		return;
	job_set_param_int(job, param, value);
	if (proposal)
		job_may_fail(job);
}

void kconn_add_params(struct job *job, const struct iscsi_params *params, bool proposal)
{
	struct iscsi_params p = *params;

	p.max_outstanding_r2t = kconn_r2t_pool(p.max_outstanding_r2t);
#define NEGOTIATED(ours, theirs, param) kconn_add_value(job, ISCSI_PARAM_##param, p.ours, proposal);
#define DIGEST(member, param) kconn_add_value(job, ISCSI_PARAM_##param, p.member == ISCSI_DIGEST_CRC32C, proposal);
#include "link/conn_params.def"
#undef NEGOTIATED
#undef DIGEST
}

/* Even a failed job may have made the session: it is noted, so that the way down takes it apart again. */
static void kconn_job_done(struct job *job, void *arg)
{
	struct kconn *k = arg;
	struct err err = ERR_INIT;
	int rc = job_result(job, &err);

	k->job = NULL;
	if (!k->sid && job->sid != MISCSI_NONE && job->sid != 0) {
		k->sid = job->sid;
		k->host_no = job->host_no;
	}
	if (k->cid_request && job_status(job, k->cid_request - 1) == 0)
		k->cid = 0;
	k->cid_request = 0;
	kconn_job_over(k, job);
	k->ops->done(k, rc, &err);
}

int kconn_submit(struct kconn *k, struct job *job)
{
	int rc = job ? kernel_submit(k->engine->kernel, job, kconn_job_done, k) : -ENOMEM;

	if (rc < 0)
		kconn_job_over(k, job);
	else
		k->job = job;
	return rc;
}

/* The kernel accepts nothing for a connection that failed until it was told to stop it (and waits for its own clean-up then). */
int kconn_stop(struct kconn *k)
{
	struct job *job = kconn_job_down(k);

	if (job) {
		job_stop_conn(job, ISCSI_STOP_CONN_RECOVER);
		job_may_fail(job);
	}
	return kconn_submit(k, job);
}

/* STOP_CONN TERM first: then I/O fails at once, and nothing waits for a target that may be dead. */
int kconn_destroy(struct kconn *k, bool wait)
{
	struct job *job = kconn_job_down(k);

	if (job) {
		job_stop_conn(job, ISCSI_STOP_CONN_TERM);
		job_may_fail(job);
		job_add(job, ISCSI_UEVENT_DESTROY_CONN, NULL, NULL, 0);
		job_may_fail(job);
		job_add(job, wait ? ISCSI_UEVENT_DESTROY_SESSION : ISCSI_UEVENT_DESTROY_SESSION_ASYNC, NULL, NULL, 0);
	}
	return kconn_submit(k, job);
}

/* Only a failure is of interest: a success shows by the answer. */
static void kconn_sent(struct job *job, void *arg)
{
	struct kconn *k = arg;
	struct err err = ERR_INIT;
	int rc = job_result(job, &err);

	job_free(job);
	k->send = NULL;
	if (rc < 0)
		k->ops->unsent(k, rc, &err);
}

int kconn_send(struct kconn *k, const struct iscsi_pdu *pdu)
{
	struct job *job = kconn_job_new(k);
	int rc;

	if (!job)
		return -ENOMEM;
	job_send_pdu(job, pdu->bhs, pdu->data, pdu->len);
	kconn_unsend(k); /* the answer to the last one came before the kernel said that it was sent: it was */
	rc = kernel_submit(k->engine->kernel, job, kconn_sent, k);
	if (rc < 0)
		job_free(job);
	else
		k->send = job;
	return rc;
}

void kconn_unsend(struct kconn *k)
{
	if (k->send)
		kernel_cancel(k->engine->kernel, k->send);
	k->send = NULL;
}

static void kconn_name(const struct kconn *k, struct transport_op *op)
{
	op->host_no = k->host_no;
	op->sid = k->sid;
	op->cid = 0;
}

void kconn_login(struct kconn *k, struct transport_op *op)
{
	kconn_name(k, op);
	transport_login(k->transport, op);
}

void kconn_logout(struct kconn *k, struct transport_op *op)
{
	kconn_name(k, op);
	transport_logout(k->transport, op);
}

void kconn_bound(struct kconn *k)
{
	if (k->binding.kind == MISCSI_BINDING_SOCKET)
		transport_disconnect(k->transport, &k->binding);
}

void kconn_drop(struct kconn *k)
{
	kconn_unsend(k);
	if (k->job)
		kernel_cancel(k->engine->kernel, k->job);
	k->job = NULL;
	job_free(k->spare);
	k->spare = NULL;
}
