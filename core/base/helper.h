/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helper processes: for calls that can wait in the kernel or in a library without a limit (a SCSI scan, name resolution, a file on
 * a disk that may be lost). A thread in such a call would keep the program alive, with its locks and sockets; a helper holds none.
 * (A plugin's library that blocks has a thread all the same: plugin/thread.h.)
 *
 * Helpers are forked by a process that was itself forked before the program opened anything, the zygote. Each has one socket, to
 * the program, and runs one job at a time. When the program ends, in whatever way, its helpers end as soon as the kernel lets them.
 */
#ifndef BASE_HELPER_H
#define BASE_HELPER_H

#include "base/list.h"
#include "base/loop.h"
#include <stdint.h>
#include <sys/types.h>

#define HELPER_BYTES_MAX 8192 /* of a job's request, and of its answer */
#define HELPER_KEY_JOBS 4 /* jobs of one key that run at once */

struct helper_pool;

/* All zero: there is none. */
struct helper_zygote {
	int fd;
	pid_t pid;
};

/*
 * Forks the zygote, which locks its memory as far as allowed, as its helpers do. Call it before threads start and before anything is opened
 * that it must not hold, and when the program has what its helpers are to inherit. -errno.
 */
int helper_zygote_start(struct helper_zygote *z);

/*
 * zygote (copied, may be NULL): one that was started; otherwise the first job starts it. -ENOMEM.
 *
 * A pool runs 8 jobs at once. One that has run for 100 ms no longer counts, so that those that hang delay no other; up to 256 run
 * then. The last 64 are for keys of which none runs, and not for jobs that wait for a disk: a storage network that is lost leaves them for
 * names and secrets.
 */
int helper_pool_new(struct loop *l, const struct helper_zygote *zygote, struct helper_pool **out);
/* Never waits. Jobs that wait or run are dropped: their done() is not called. Must not be called from a done(). */
void helper_pool_free(struct helper_pool *p);

/* Embedded in its owner's structure, zeroed except run, done, begun, of_disk and key. */
struct helper_job {
	/*
	 * Called in the helper, which has the memory of the program at its start: it must use nothing but its arguments. Writes at most
	 * HELPER_BYTES_MAX bytes of answer. Returns the result for done().
	 */
	int (*run)(const void *request, size_t len, void *answer, size_t *answer_len);
	/*
	 * Called once on the loop's thread, never from within helper_submit(): the result of run() and its answer, which is wiped
	 * after the call; or -errno without an answer, -EPIPE if the helper died. May free the job or submit it again.
	 */
	void (*done)(struct helper_job *j, int result, const void *answer, size_t len);
	void (*begun)(struct helper_job *j); /* NULL, or called when a helper has the job. Must not submit or cancel */
	bool of_disk; /* waits for the disks of a session */
	/* What the job may hang by: a target, a name (helper_key()). 0: none, and no limit. */
	uint64_t key;
	struct list node; /* private from here */
	struct helper_pool *pool;
	struct helper *helper; /* that runs it */
	void *request;
	size_t len;
};

uint64_t helper_key(const char *text);

/*
 * Starts a helper for one purpose: it runs serve() with its end of a socket (SOCK_SEQPACKET) until that returns. *out: the program's end; the caller closes it, and the helper ends then. A short message there means that
 * the helper could not be started. -errno.
 */
int helper_spawn(struct helper_pool *p, void (*serve)(int fd), int *out);

/* Starts a helper if there is none, so that the next job need not wait for that. What fails is tried again by the job. */
void helper_prepare(struct helper_pool *p);

/* Copies the request. -EBUSY: the job is under way; -EMSGSIZE; -ENOMEM. */
int helper_submit(struct helper_pool *p, struct helper_job *j, const void *request, size_t len);
/* done() will not be called, and the job's memory is the owner's. A job that runs goes on in its helper, without a report. */
void helper_cancel(struct helper_job *j);
/* Jobs submitted whose done() has not been called. */
unsigned helper_pending(const struct helper_pool *p);
/* Jobs in helpers, including cancelled ones that have not ended. */
unsigned helper_running(const struct helper_pool *p);

#endif
