/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A job: its buffer of messages, how a row turns arguments into one, and what came of it.
 *
 * Building never fails in the builder's face: the first error is kept, later requests are not added,
 * and who runs or submits the job is told. A login adds dozens of requests and looks once.
 */
#include "config.h"
#include "base/mem.h"
#include "kernel/job_state.h"
#include "kernel/kparams.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define JOB_MAX (1024 * 1024) /* bytes: no honest job comes near */

struct job *job_new(void)
{
	struct job *job = x_new(struct job);

	if (!job)
		return NULL;
	job->state = x_new(struct job_state);
	if (!job->state) {
		x_free(job);
		return NULL;
	}
	job->state->job = job;
	job_clear(job);
	return job;
}

/*
 * Everything is wiped, for the parameters hold CHAP secrets. Sockets are duplicates of our own, and
 * closed here.
 */
void job_clear(struct job *job)
{
	struct job_state *s = job->state;

	for (unsigned i = 0; i < s->n; i++) {
		if (s->req[i].data)
			mem_wipe(s->req[i].data, s->req[i].data_len);
		x_free(s->req[i].data);
	}
	for (unsigned i = 0; i < s->n_fds; i++)
		close(s->fds[i]);
	if (s->buf)
		mem_wipe(s->buf, s->size);
	s->n = s->n_fds = 0;
	s->len = 0;
	s->build_error = 0;
	s->take_sid = s->added = false;
	s->result = -EINPROGRESS;
	s->failed = 0;
	*job = (struct job){ .state = s };
}

void job_free(struct job *job)
{
	if (!job)
		return;
	job_clear(job);
	x_free(job->state->req);
	x_free(job->state->buf);
	x_free(job->state->fds);
	x_free(job->state);
	x_free(job);
}

void job_for(struct job *job, uint64_t handle, uint32_t sid, uint32_t cid)
{
	job->handle = handle;
	job->sid = sid;
	job->cid = cid;
	job->state->take_sid = false;
}

void job_for_host(struct job *job, uint64_t handle, uint32_t host_no)
{
	job->handle = handle;
	job->host_no = host_no;
}

/* Room for more bytes. The old buffer may hold a secret, so realloc() will not do. */
static int reserve(struct job_state *s, size_t more)
{
	size_t size = s->size ? s->size : 512;
	uint8_t *buf;

	if (more > JOB_MAX - s->len)
		return -E2BIG;
	while (size < s->len + more)
		size *= 2;
	if (size == s->size)
		return 0;
	buf = x_zalloc(size);
	if (!buf)
		return -ENOMEM;
	if (s->buf) {
		memcpy(buf, s->buf, s->len);
		mem_wipe(s->buf, s->size);
		x_free(s->buf);
	}
	s->buf = buf;
	s->size = size;
	return 0;
}

/* -ECANCELED is what a request says that was never sent, because one before it failed. */
static struct job_request *new_request(struct job_state *s)
{
	struct job_request *req;
	unsigned cap = s->cap ? s->cap * 2 : 8;

	if (s->n == s->cap) {
		req = x_realloc(s->req, cap * sizeof(*req));
		if (!req)
			return NULL;
		s->req = req;
		s->cap = cap;
	}
	req = &s->req[s->n];
	*req = (struct job_request){ .status = -ECANCELED };
	return req;
}

/* One more message: its body, payload, and zeros up to len. NULL: build_error is set, now or before. */
struct job_request *job_append(struct job *job, const struct requests_row *row, struct iscsi_uevent *ev, const void *payload,
	size_t payload_len, size_t len)
{
	struct job_state *s = job->state;
	struct nlmsghdr head = { .nlmsg_type = row->number, .nlmsg_flags = NLM_F_REQUEST };
	struct job_request *req = NULL;

	if (!s->build_error)
		s->build_error = reserve(s, ALIGN8(ISCSI_MSG_HEAD + len));
	if (!s->build_error && !(req = new_request(s)))
		s->build_error = -ENOMEM;
	if (s->build_error)
		return NULL;
	req->row = row;
	req->at = (uint32_t)s->len;
	req->len = (uint32_t)(ISCSI_MSG_HEAD + len);
	head.nlmsg_len = req->len;
	ev->type = row->number;
	ev->transport_handle = job->handle;
	memcpy(s->buf + req->at, &head, sizeof(head));
	memcpy(s->buf + req->at + NLMSG_HDRLEN, ev, sizeof(*ev));
	if (payload_len)
		memcpy(s->buf + req->at + ISCSI_MSG_HEAD, payload, payload_len);
	s->len += ALIGN8(req->len);
	s->n++;
	s->added = true;
	return req;
}

/*
 * Host byte order, at the width that the row says; the rest of the union stays zero, since some drivers
 * look further.
 */
static void put(struct iscsi_uevent *ev, const struct request_arg *arg, uint64_t value)
{
	uint16_t v16 = (uint16_t)value;
	uint32_t v32 = (uint32_t)value;

	switch (arg->width) {
	case 2:
		memcpy(ev->u + arg->at, &v16, sizeof(v16));
		break;
	case 4:
		memcpy(ev->u + arg->at, &v32, sizeof(v32));
		break;
	case 8:
		memcpy(ev->u + arg->at, &value, sizeof(value));
		break;
	}
}

/* A request as its row describes it. payload_len bytes of payload, padded with zeros to len. */
struct job_request *job_add(
	struct job *job, enum iscsi_uevent_e number, const uint64_t *args, const void *payload, size_t payload_len, size_t len)
{
	const struct requests_row *row = requests_row(number);
	struct iscsi_uevent ev = { 0 };
	struct job_request *req;

	for (unsigned i = 0; i < REQUEST_ARGS && row->arg[i].width; i++)
		put(&ev, &row->arg[i], args[i]);
	if (row->sid)
		uevent_put32(ev.u, row->sid - 1u, job->sid);
	if (row->cid)
		uevent_put32(ev.u, row->cid - 1u, job->cid);
	if (row->host)
		uevent_put32(ev.u, row->host - 1u, job->host_no);
	if (row->len)
		uevent_put32(ev.u, row->len - 1u, (uint32_t)payload_len);
	req = job_append(job, row, &ev, payload, payload_len, len);
	if (!req)
		return NULL;
	req->take_sid = job->state->take_sid && row->sid;
	req->sid = row->sid && !req->take_sid ? job->sid : 0;
	return req;
}

/* The first one counts: what follows is mostly its consequence. */
void job_fail(struct job *job, int error)
{
	if (!job->state->build_error)
		job->state->build_error = error;
}

/* For parameters that some drivers do not know (-ENOSYS), and for endings of what may be gone already. */
void job_may_fail(struct job *job)
{
	if (!job->state->build_error && job->state->added)
		job->state->req[job->state->n - 1].may_fail = true;
}

unsigned job_count(const struct job *job)
{
	return job->state->n;
}

unsigned job_failed(const struct job *job)
{
	return job->state->failed;
}

int job_status(const struct job *job, unsigned index)
{
	return index < job->state->n ? job->state->req[index].status : -EINVAL;
}

bool job_answer(const struct job *job, unsigned index, struct iscsi_uevent *out)
{
	if (index >= job->state->n || !job->state->req[index].answered)
		return false;
	job_load(job, index, out);
	return true;
}

const void *job_data(const struct job *job, unsigned index, size_t *len)
{
	*len = index < job->state->n ? job->state->req[index].data_len : 0;
	return *len ? job->state->req[index].data : NULL;
}

/*
 * What a person is told: an errno that means the same for every request, or else the request's own meaning.
 * Some errnos come from the socket when the kernel never answered, and from a driver when it did.
 */
static enum miscsi_error error_of(const struct job_request *req)
{
	static const struct {
		int status;
		bool answered;
		enum miscsi_error error;
	} general[] = {
		{ -EPERM, true, MISCSI_ERR_ACCESS },
		{ -EPERM, false, MISCSI_ERR_ACCESS },
		{ -ENOSYS, true, MISCSI_ERR_OP_NOT_SUPP },
		{ -EPROTONOSUPPORT, false, MISCSI_ERR_TRANS_NOT_FOUND },
		{ -ECONNREFUSED, false, MISCSI_ERR_TRANS_NOT_FOUND },
		{ -ENOMEM, false, MISCSI_ERR_NOMEM },
	};
	const struct requests_row *row = req->row;

	if (req->refused || (row->own_eperm && req->answered && req->status == -EPERM))
		return row->error;
	for (size_t i = 0; i < ARRAY_SIZE(general); i++)
		if (general[i].status == req->status && general[i].answered == req->answered)
			return general[i].error;
	if (row->host && req->status == -ENODEV)
		return MISCSI_ERR_HOST_NOT_FOUND;
	if (row->error == MISCSI_ERR_TRANS && req->status == -ETIMEDOUT)
		return MISCSI_ERR_TRANS_TIMEOUT;
	if (row->number == ISCSI_UEVENT_GET_STATS && req->status == -ENOENT)
		return MISCSI_ERR_SESS_NOT_FOUND;
	return row->error;
}

/* Names the request and the parameter: "Function not implemented" alone helps nobody. */
int job_result(const struct job *job, struct err *err)
{
	const struct job_state *s = job->state;
	const struct job_request *req;
	const struct kparam *param;
	char of[96] = "";
	int n = 0;

	if (s->build_error)
		return err_sys(err, s->build_error == -ENOMEM ? MISCSI_ERR_NOMEM : MISCSI_ERR_INTERNAL, -s->build_error,
			"cannot prepare kernel requests");
	if (s->result == 0 || s->failed >= s->n)
		return s->result;
	req = &s->req[s->failed];
	param = req->row->number == ISCSI_UEVENT_SET_PARAM ? kparams_get(req->param) : NULL;
	if (param)
		n = snprintf(of, sizeof(of), " %s", param->name);
	if (req->sid)
		snprintf(of + n, sizeof(of) - (size_t)n, " of session %u", req->sid);
	return err_sys(err, error_of(req), -s->result, "the kernel could not %s%s", req->row->text, of);
}

void job_load(const struct job *job, unsigned i, struct iscsi_uevent *ev)
{
	memcpy(ev, job->state->buf + job->state->req[i].at + NLMSG_HDRLEN, sizeof(*ev));
}

void job_store(struct job *job, unsigned i, const struct iscsi_uevent *ev)
{
	memcpy(job->state->buf + job->state->req[i].at + NLMSG_HDRLEN, ev, sizeof(*ev));
}
