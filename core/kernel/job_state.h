/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a job, shared by the files that build it (job.c), run it (exchange.c, multicast.c) and hand it over (kernel.c).
 *
 * All requests lie in one buffer, each a whole netlink message, so that neighbours are one datagram by being sent together; the
 * answer's iscsi_uevent replaces the request's. Between kernel_submit() and done() only the worker touches a job.
 */
#ifndef KERNEL_JOB_STATE_H
#define KERNEL_JOB_STATE_H

#include "base/list.h"
#include "base/worker.h"
#include "kernel/job.h"
#include "kernel/netlink.h"
#include "kernel/requests.h"
#include "kernel/uevent.h"

struct job_request {
	const struct requests_row *row;
	uint32_t at, len; /* of the message in the buffer */
	uint32_t sid; /* for messages; 0: of the session created before */
	uint32_t param; /* of SET_PARAM */
	bool may_fail;
	bool take_sid; /* sid is known only when the job runs */
	uint8_t socket; /* to be bound: its place in fds, from 1 on; 0: none */
	bool refused; /* status is the retcode: the driver's answer, not the class's */
	bool answered;
	int status;
	void *data;
	size_t data_len;
};

struct job_state {
	struct job_request *req;
	unsigned n;
	size_t cap;
	bool added; /* the last builder made a request: job_may_fail() is about it */
	uint8_t *buf;
	size_t len, size;
	int build_error;
	bool take_sid;
	int result;
	unsigned failed;
	int *fds; /* sockets to be bound, held open until the job is freed */
	unsigned n_fds;
	size_t fds_cap;

	struct work work; /* used by kernel.c only, from here */
	struct list node;
	struct list turn; /* of requester.c */
	bool begun; /* likewise: it cannot be cancelled */
	struct kernel *kernel;
	struct job *job;
	void (*done)(struct job *job, void *arg);
	void *arg;
};

/* The message's body, unaligned by its type: copied out and in. */
void job_load(const struct job *job, unsigned i, struct iscsi_uevent *ev);
void job_store(struct job *job, unsigned i, const struct iscsi_uevent *ev);

#define ALIGN8(n) (((n) + 7) & ~(size_t)7)

struct job_wire {
	const struct netlink_ops *ops;
	void *ops_arg;
	void *sock; /* the socket for requests, in no group */
};

/* Runs all requests in order, on a socket that it opens if there is none, and stores the results in the job. */
void exchange_run(struct job *job, struct job_wire *wire);
/* Stores the result of a job that did not run. */
void exchange_failed(struct job *job, int error);
/* Runs one request whose answer is multicast. Returns its status. */
int multicast_run(struct job *job, unsigned i, const struct job_wire *wire);

#endif
