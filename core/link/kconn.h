/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's session and its connection: made, bound, given parameters, started, stopped and destroyed, and PDUs sent through it.
 *
 * Embedded by its owner. Requests run in the order in which they are handed over; doc/KERNEL.md has the rules of that order. One
 * job is under way at a time, and beside it one PDU.
 */
#ifndef LINK_KCONN_H
#define LINK_KCONN_H

#include "kernel/job.h"
#include "plugin/transport.h"
#include "proto/key.h"
#include "proto/pdu.h"

struct engine;
struct kconn;

struct kconn_ops {
	void (*done)(struct kconn *k, int result, const struct err *err); /* the job ended; err says why it failed */
	void (*unsent)(struct kconn *k, int result, const struct err *err); /* the kernel refused the PDU */
};

struct kconn {
	const struct engine *engine;
	struct transport *transport;
	const struct kconn_ops *ops;
	struct miscsi_binding binding; /* to be bound, or bound */
	uint32_t sid; /* 0: the kernel has no session yet */
	uint32_t cid; /* MISCSI_NONE: the session has no connection yet */
	uint32_t host_no; /* MISCSI_NONE: not known yet */
	struct job *job; /* private from here */
	struct job *send;
	unsigned cid_request; /* which request of the job makes the connection, from 1; 0: none does */
};

void kconn_init(struct kconn *k, const struct engine *engine, struct transport *transport, const struct kconn_ops *ops);
/* A job about it, to be filled and handed to kconn_submit(); NULL: no memory. */
struct job *kconn_job(struct kconn *k);
/* The same, and what the kernel lacks of session and connection is made, and the binding bound. */
struct job *kconn_job_bind(struct kconn *k, uint16_t cmds_max, uint16_t queue_depth, uint32_t cmdsn);
/* proposal: firmware that logs in is told what we would like, instead of what was negotiated. Then each parameter may be refused. */
void kconn_add_params(struct job *job, const struct iscsi_params *params, bool proposal);
/* done() follows. Owns the job, also when this fails; job NULL: -ENOMEM. */
int kconn_submit(struct kconn *k, struct job *job);
/* Each submits a job that may find the connection in any state. wait: the answer to the removal comes when the session is gone. */
int kconn_stop(struct kconn *k);
int kconn_destroy(struct kconn *k, bool wait);
int kconn_send(struct kconn *k, const struct iscsi_pdu *pdu); /* copied */
void kconn_unsend(struct kconn *k); /* whether it was sent is of no interest any more */
void kconn_login(struct kconn *k, struct transport_op *op); /* by the firmware; op ends with it */
/* The kernel has its own reference to a bound socket; an endpoint stays the owner's to disconnect. */
void kconn_bound(struct kconn *k);
/* The owner goes, the kernel's session stays. What is under way runs to its end, unheard. */
void kconn_drop(struct kconn *k);

#endif
