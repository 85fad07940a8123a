/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's session and its connection: creates, binds, configures, starts, stops and destroys them, and sends PDUs.
 *
 * Embedded by its owner. Requests run in the order in which they are submitted; doc/KERNEL.md has the rules of that order. At
 * most one job and one PDU are under way at a time.
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
	void (*done)(struct kconn *k, int result, const struct err *err); /* the job ended; err: why it failed */
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
	struct job *spare; /* for kconn_stop() and kconn_destroy(), which must not lack memory */
	unsigned cid_request; /* the request of the job that creates the connection, from 1; 0: no request */
};

void kconn_init(struct kconn *k, const struct engine *engine, struct transport *transport, const struct kconn_ops *ops);
/* Returns a job on this session and connection, for the caller to fill and kconn_submit(); NULL: no memory. */
struct job *kconn_job(struct kconn *k);
/* Takes the memory that the way down needs: before the kernel has a session. -ENOMEM. */
int kconn_reserve(struct kconn *k);
/* The same as kconn_job(); the job first creates the session and connection if the kernel has none yet, and binds the binding. */
struct job *kconn_job_bind(struct kconn *k, uint16_t cmds_max, uint16_t queue_depth, uint32_t cmdsn);
/* proposal: params are proposed values for firmware that logs in, not negotiated ones; the driver may refuse each of them. */
void kconn_add_params(struct job *job, const struct iscsi_params *params, bool proposal);
/* done() follows. Takes ownership of the job, also after a failure; job NULL: -ENOMEM. */
int kconn_submit(struct kconn *k, struct job *job);
/* Each submits a job, and lacks no memory after kconn_reserve(); the connection may be in any state. wait: the kernel answers the removal only when the session is gone. */
int kconn_stop(struct kconn *k);
int kconn_destroy(struct kconn *k, bool wait);
int kconn_send(struct kconn *k, const struct iscsi_pdu *pdu); /* copied */
void kconn_unsend(struct kconn *k); /* unsent() will not be called */
void kconn_login(struct kconn *k, struct transport_op *op); /* by the firmware; op ends with the login */
void kconn_logout(struct kconn *k, struct transport_op *op); /* the same for the logout */
/* Closes a bound socket, to which the kernel has its own reference; the owner must still disconnect an endpoint. */
void kconn_bound(struct kconn *k);
/* For an owner that is freed: the kernel's session remains. Jobs under way complete without callbacks. */
void kconn_drop(struct kconn *k);

#endif
