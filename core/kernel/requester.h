/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs jobs in a helper process, one after another, so that a request that hangs in the kernel holds nothing of the program: it can
 * be killed, ended and started again meanwhile. The helper has its own socket for requests; sockets to be bound are passed to it.
 */
#ifndef KERNEL_REQUESTER_H
#define KERNEL_REQUESTER_H

#include "base/helper.h"
#include "kernel/job_state.h"

struct requester;

/*
 * serve: called in the helper with its end of a socket; calls requester_serve(). ran: called from the loop for each job that was
 * submitted, in order, when its results are in it; -EPIPE: the helper was killed. died, or NULL: called before that ran(), with the
 * process id of the helper, whose last request has ended. Starts the helper at once, and another when it ends, so
 * that none has to be started for a recovery. -errno.
 */
int requester_new(struct loop *l, struct helper_pool *helpers, void (*serve)(int fd), void (*ran)(struct job_state *s),
	void (*died)(struct job_state *s, pid_t helper), struct requester **out);
/* Waits two seconds at most for the jobs that the helper has. The others are dropped: ran() is not called for any. */
void requester_free(struct requester *r);
/* -E2BIG: the job is larger than 128 KiB; -errno: no helper can be started. The job stays the caller's then. */
int requester_submit(struct requester *r, struct job_state *s);
/* true: the helper did not have the job, which is the caller's. false: the helper has it, and ran() will be called. */
bool requester_cancel(struct requester *r, struct job_state *s);

/* In the helper: runs jobs until the program closes its end. */
void requester_serve(int fd, const struct netlink_ops *ops, void *ops_arg);

#endif
