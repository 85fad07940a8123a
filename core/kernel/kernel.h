/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's end of iSCSI: one object for a program, with a socket for requests and, when attached to a loop, one for events.
 *
 * A request runs inside sendmsg() under a mutex of the whole machine: a program with a loop submits jobs (kernel/job.h) to
 * the single worker that this object owns, or to a helper process; a command-line program runs them itself.
 */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include "base/err.h"
#include "base/list.h"
#include "base/loop.h"
#include "kernel/events.h"
#include "kernel/job.h"
#include "kernel/netlink.h"

struct helper_pool;
struct kernel;

/* ops NULL: the real kernel. Opens nothing yet: the first request or kernel_attach() does, and that may load
 * scsi_transport_iscsi. -ENOMEM. */
int kernel_new(const struct netlink_ops *ops, void *ops_arg, struct kernel **out);

/* Waits for the job that runs (in a helper: 2 s at most); drops and frees those that wait, without calling their done(). Before
 * loop_free(). */
void kernel_free(struct kernel *k);

/*
 * Joins group 1 (and the group of path requests, when events->path_req is set) and calls *events from l for each event; at most
 * some dozens in one round. The caller owns *events, which must exist as long. Needs CAP_NET_ADMIN. kernel_submit()
 * requires it. Errors: MISCSI_ERR_ACCESS, MISCSI_ERR_TRANS_NOT_FOUND, MISCSI_ERR_INTERNAL.
 */
int kernel_attach(struct kernel *k, struct loop *l, const struct kernel_event_ops *events, void *arg, struct err *err);

/* Before kernel_attach(): jobs that are submitted run in a helper, and no thread of the program waits in the kernel. */
void kernel_use_helpers(struct kernel *k, struct helper_pool *helpers);

/* Receives the same events, after the program that attached: for a part of it with its own session. Embedded by its owner. */
struct kernel_listener {
	struct list node;
	const struct kernel_event_ops *events; /* stays the owner's; path requests come only after kernel_join_paths() */
	void *arg;
};
void kernel_listen(struct kernel *k, struct kernel_listener *l);
/* Allowed at any time, even in its own callbacks, but not in those of another listener. */
void kernel_unlisten(struct kernel_listener *l);

/*
 * Joins the group of path requests, for a program that attached without it. A member must answer them (kernel_listen), or ensure
 * that another member does. -ENOTCONN: not attached; -errno.
 */
int kernel_join_paths(struct kernel *k);
void kernel_leave_paths(struct kernel *k);
/* Returns the number of sockets of this machine in that group, including this process's. */
unsigned kernel_path_listeners(void);

/*
 * Hands the job to the worker, behind those handed over before. done() is called on the loop's thread when it
 * ended, and owns the job again: job_result(), then job_free() (or reuse after
 * job_clear()). done NULL: the job is freed after it ran. Events that the job
 * brings (a PDU's response!) may come before its done(). When this fails (-ENOMEM, also of a builder;
 * -ENOTCONN: not attached) the job stays the caller's.
 */
int kernel_submit(struct kernel *k, struct job *job, void (*done)(struct job *job, void *arg), void *arg);

/* For an owner of a submitted job that is freed: done() will not be called, and the job is freed. What the helper has already runs. */
void kernel_cancel(struct kernel *k, struct job *job);

/* Runs the job in the calling thread: for programs that may block. Returns what job_result() returns; the
 * job stays the caller's. */
int kernel_run(struct kernel *k, struct job *job, struct err *err);

/* Jobs submitted and not done. */
unsigned kernel_pending(const struct kernel *k);

#endif
