/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A job: requests to the kernel that run in order, in one hand-over, until one fails. Built by its owner, run by struct kernel.
 *
 * Builders return nothing: if memory runs out or a bound is exceeded, the job keeps the error, and kernel_submit() or
 * kernel_run() returns it. A request acts on the session, connection and host last named by job_for(); after a create_session in
 * the same job, on the session that the kernel's answer will name. Requests are described in requests.def. The caller must keep
 * their order (doc/KERNEL.md, rules 1 to 20).
 */
#ifndef KERNEL_JOB_H
#define KERNEL_JOB_H

#include "base/err.h"
#include "kernel/iscsi_if.h"
#include <stdbool.h>
#include <sys/socket.h>

struct job {
	uint64_t handle; /* the transport's, from sysfs (kernel/ktransport.h) */
	/* the objects of the next request; after the run: those that the kernel answered */
	uint32_t sid, cid, host_no;
	uint64_t ep_handle; /* answered by ep_connect */
	uint32_t index; /* answered by new_flashnode */
	int retcode; /* of the last request that has one; ep_poll: > 0 connected, 0 not yet */
	struct job_state *state; /* private */
};

struct job *job_new(void); /* NULL: out of memory */
void job_free(struct job *job); /* wipes: a job may hold CHAP secrets. NULL is allowed */
void job_clear(struct job *job); /* no requests, as new; its memory stays for the next ones */
/* Takes memory for so many requests without payload: to build them cannot fail then. -ENOMEM. */
int job_reserve(struct job *job, unsigned requests);
void job_for(struct job *job, uint64_t handle, uint32_t sid, uint32_t cid);
void job_for_host(struct job *job, uint64_t handle, uint32_t host_no);

/* After the run: 0, or -errno of the request that ended the job, with a text that names it. -EINPROGRESS
 * before. */
int job_result(const struct job *job, struct err *err);
/* Returns the index of the request that ended the job; the number of requests: all succeeded. */
unsigned job_failed(const struct job *job);
unsigned job_count(const struct job *job);
/* Of one request: 0, -errno, -ECANCELED when it was not run. */
int job_status(const struct job *job, unsigned index);

/* The job continues if its last request fails. No effect after a parameter that was NULL. */
void job_may_fail(struct job *job);

/* ep_handle 0: a transport without endpoints. Sets the job's sid and host_no when run. */
void job_create_session(
	struct job *job, uint64_t handle, uint64_t ep_handle, uint16_t cmds_max, uint16_t queue_depth, uint32_t initial_cmdsn);
void job_create_conn(struct job *job, uint32_t cid);
/* eph: the number of a socket of this process (tcp; to stay open until the job is done) or the handle of an
 * endpoint. */
void job_bind(struct job *job, uint64_t eph, bool leading);
/* The same with a socket that may be closed at once: the job holds its own until it is freed or cleared. */
void job_bind_socket(struct job *job, int fd, bool leading);
/* text NULL: nothing is sent. Neighbouring parameters share a datagram. */
void job_set_param(struct job *job, enum iscsi_param param, const char *text);
void job_set_param_int(struct job *job, enum iscsi_param param, int64_t value);
void job_set_param_secret(struct job *job, enum iscsi_param param, const void *bytes, size_t len);
void job_stop_conn(struct job *job, enum iscsi_stop_flag flag);
void job_send_pdu(struct job *job, const uint8_t bhs[ISCSI_BHS_LEN], const void *data, size_t len);

/* These act on the host last named. */
void job_set_host_param(struct job *job, enum iscsi_host_param param, const char *text);

/*
 * Adds any other request. The job fills in session, connection, host and the payload's length. u NULL: no other fields. Completion of
 * DESTROY_SESSION_ASYNC is event 104; DESTROY_SESSION waits for I/O, with the mutex of all iSCSI management held, and is sent in its
 * place by itself to a kernel that has no other.
 */
void job_add(struct job *job, enum iscsi_uevent_e number, const union iscsi_uevent_u *u, const void *payload, size_t len);
/*
 * The same for a plugin's request, with all fields unchanged. -EOPNOTSUPP: no row of requests.def; -E2BIG: GET_CHAP for more than
 * 32 entries.
 */
void job_raw(struct job *job, uint32_t type, const union iscsi_uevent_u *u, const void *payload, size_t len);

/* Copies the body of a request's answer. false: the request has no answer. */
bool job_answer(const struct job *job, unsigned index, struct iscsi_uevent *out);
/*
 * The payload of the answer to GET_STATS, GET_CHAP or GET_HOST_STATS; the job owns it. NULL: no payload. The kernel multicasts these
 * answers, and would loop for ever inside the request if no socket received them. So each runs on a separate socket that has joined
 * group 1, or fails (-EPERM).
 */
const void *job_data(const struct job *job, unsigned index, size_t *len);

#endif
