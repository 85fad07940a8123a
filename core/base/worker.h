/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Workers: threads for operations that block for a limited time (kernel requests, an adapter's preparations), so that the loop does
 * not block. What may never come back runs in a helper process (base/helper.h).
 *
 * A job is embedded in its owner's structure. run() is called on a worker's thread and may touch only what the job owns; done()
 * is called on the loop's thread afterwards. A pool of one thread runs its jobs in the order of submission.
 */
#ifndef BASE_WORKER_H
#define BASE_WORKER_H

#include "base/loop.h"

struct worker_pool;

struct work {
	void (*run)(struct work *w);
	void (*done)(struct work *w);
	struct work *next; /* private from here */
	int state;
};

/*
 * Threads are made when needed, at most max_threads, with all signals blocked and small stacks; an idle thread ends after some
 * time. -errno.
 */
int worker_pool_new(struct loop *l, unsigned max_threads, struct worker_pool **out);
/*
 * The pool's threads do not end while they are idle, and the first is made now, with a part of its stack in memory: a recovery
 * needs no thread that may lack memory. -errno.
 */
int worker_pool_stay(struct worker_pool *p);
/*
 * Drops waiting jobs (their done() is not called), waits for running jobs and calls their done(), as worker_cancel() requires.
 * May be called from a done().
 */
void worker_pool_free(struct worker_pool *p);
/*
 * w is zeroed except run and done, and must exist until done() was called, which may submit it again or free it. -EBUSY: it is
 * under way; -ESHUTDOWN: the pool is being freed; -errno: no thread could be made (done() is then not called).
 */
int worker_submit(struct worker_pool *p, struct work *w);
/*
 * Removes a job that has not started: true, and done() will not be called (also if it was never submitted). false: it runs or has
 * run; done() will be called.
 */
bool worker_cancel(struct worker_pool *p, struct work *w);
/*
 * Drops waiting jobs, and waits for running ones, ms at most. false: one still runs, and the pool cannot be freed; it takes no other
 * job. May be called again.
 */
bool worker_pool_stop(struct worker_pool *p, unsigned ms);
/* Tests: sets how long a thread that becomes idle from now on lives, instead of 10 s. */
void worker_pool_set_idle(struct worker_pool *p, unsigned ms);
/* Jobs submitted whose done() has not been called. */
unsigned worker_pending(const struct worker_pool *p);

#endif
