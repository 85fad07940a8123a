/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running a job: requests out, answers in, one judged by the other.
 *
 * The kernel has answered when send() returns, so an answer that is not there then never comes: that is an error, and is not
 * waited for. Answers carry no number of the request; they come in the order of the requests, and repeat the request's fields.
 */
#include "config.h"
#include "base/mem.h"
#include "kernel/job_state.h"
#include <errno.h>
#include <string.h>

/* The kernel drops an answer after ten attempts at a full buffer, so more must never be under way than fit. */
#define BATCH_MAX 32 /* answers that surely fit into a default receive buffer */
#define BATCH_BYTES 16384
#define ANSWER_SIZE 128 /* an answer has 72; anything longer is none */

/*
 * What the answer gives back, for the requests behind it and for the owner. The sid of a new session is needed by every request
 * behind it in the same job; that is why a login's whole preparation can be one job.
 */
static void note_answer(struct job *job, const struct requests_row *row, const struct iscsi_uevent *ev)
{
	if (row->retcode)
		job->retcode = ev->r.retcode;
	switch (row->answer) {
	case ANSWER_SESSION:
		job->sid = ev->r.c_session_ret.sid;
		job->host_no = ev->r.c_session_ret.host_no;
		break;
	case ANSWER_HANDLE:
		job->ep_handle = ev->r.ep_connect_ret.handle;
		break;
	case ANSWER_INDEX:
		job->index = ev->r.new_flashnode_ret.flashnode_idx;
		break;
	default:
		break;
	}
}

/* Success is two things: the answer is no IF_ERROR and, where the request has one, the driver's return code is not negative. */
static void judge_answer(struct job *job, unsigned i, const struct iscsi_uevent *ev)
{
	struct job_request *req = &job->state->req[i];
	int retcode = ev->r.retcode;

	req->answered = true;
	req->status = 0;
	job_store(job, i, ev);
	if (ev->type == ISCSI_KEVENT_IF_ERROR) {
		req->status = ev->iferror < 0 ? ev->iferror : -EIO;
		return;
	}
	note_answer(job, req->row, ev);
	if (req->row->retcode && retcode < 0) {
		req->status = retcode;
		req->refused = true;
	}
}

/* The request, from i to end, that this answer is for; end when it is for none. Of several, the fields tell
 * which. */
static unsigned match_request(const struct job *job, unsigned i, unsigned end, bool one, int type, const struct iscsi_uevent *ev)
{
	struct iscsi_uevent asked;

	for (; i < end; i++) {
		job_load(job, i, &asked);
		if (type == job->state->req[i].row->number && (one || !memcmp(&asked.u, &ev->u, sizeof(asked.u))))
			break;
	}
	return i;
}

/* Judges what is in the receive buffer until every request has its answer or nothing is left. */
static int receive_answers(struct job *job, unsigned i, unsigned count, const struct job_wire *wire)
{
	const unsigned end = i + count;
	unsigned found;
	uint8_t bufs[BATCH_MAX][ANSWER_SIZE];
	size_t lens[BATCH_MAX];
	struct iscsi_uevent ev;
	bool lost = false;
	int n, type;

	while (i < end) {
		n = wire->ops->recv(wire->sock, bufs, ANSWER_SIZE, lens, end - i);
		if (n == -ENOBUFS && !lost) {
			lost = true; /* reported once; the answers before it are still there */
			continue;
		}
		if (n <= 0)
			return n == -EAGAIN || n == 0 ? -ENODATA : n;
		for (int k = 0; k < n; k++) {
			type = uevent_open(bufs[k], lens[k], &ev);
			if (type <= 0) /* cut, or an event */
				continue;
			found = match_request(job, i, end, count == 1, type, &ev);
			if (found == end)
				continue;
			judge_answer(job, found, &ev);
			i = found + 1;
		}
	}
	return 0;
}

/* After trouble: what waits must not be taken for the answer of a later request. */
static void drain_socket(const struct job_wire *wire)
{
	uint8_t buf[ANSWER_SIZE];
	size_t len;
	int n;

	for (unsigned i = 0; i < 1024; i++) {
		n = wire->ops->recv(wire->sock, buf, sizeof(buf), &len, 1);
		if (n <= 0 && n != -ENOBUFS)
			return;
	}
}

/* Each request begins as unanswered, so what the loop below does not reach is not taken for done. */
static void exchange_requests(struct job *job, unsigned i, unsigned count, const struct job_wire *wire)
{
	struct job_state *s = job->state;
	const struct job_request *last = &s->req[i + count - 1];
	int rc;

	rc = wire->ops->send(wire->sock, s->buf + s->req[i].at, last->at + last->len - s->req[i].at);
	for (unsigned k = i; k < i + count; k++)
		s->req[k].status = rc ? rc : -ENODATA;
	if (!rc)
		rc = receive_answers(job, i, count, wire);
	if (rc)
		drain_socket(wire);
}

/* Asks again by the row's other request, on a kernel that does not know this one. */
static void fall_back(struct job *job, unsigned i, const struct job_wire *wire)
{
	struct job_request *req = &job->state->req[i];
	uint8_t *message = job->state->buf + req->at;
	struct iscsi_uevent ev;
	uint16_t number = req->row->fallback;

	if (!number || req->status != -ENOSYS)
		return;
	req->row = requests_row(number);
	memcpy(message + offsetof(struct nlmsghdr, nlmsg_type), &number, sizeof(number));
	job_load(job, i, &ev);
	ev.type = number;
	ev.iferror = 0;
	job_store(job, i, &ev);
	exchange_requests(job, i, 1, wire);
}

/*
 * Fills in the numbers that an earlier answer returned. Left as it is, a request would go to host 0, which may be another
 * driver's: the kernel does not check that.
 */
static void resolve_objects(struct job *job, unsigned i)
{
	struct job_request *req = &job->state->req[i];
	struct iscsi_uevent ev;

	if (!req->take_sid)
		return;
	job_load(job, i, &ev);
	if (req->row->sid) {
		uevent_put32(ev.u.bytes, req->row->sid - 1u, job->sid);
		req->sid = job->sid;
	}
	if (req->row->host)
		uevent_put32(ev.u.bytes, req->row->host - 1u, job->host_no);
	job_store(job, i, &ev);
}

/*
 * How many requests from i on go out together. Only parameters go together: nothing behind them depends on one of them. A message
 * whose end is not aligned must be the last of its datagram, for the kernel looks for the next at the aligned place.
 */
static unsigned batch_count(const struct job_state *s, unsigned i)
{
	unsigned n = 1;

	if (!s->req[i].row->batch)
		return 1;
	while (i + n < s->n && n < BATCH_MAX && s->req[i + n].row->batch &&
		s->req[i + n - 1].len == ALIGN8(s->req[i + n - 1].len) &&
		s->req[i + n].at + s->req[i + n].len - s->req[i].at <= BATCH_BYTES)
		n++;
	return n;
}

void exchange_failed(struct job *job, int error)
{
	struct job_state *s = job->state;

	s->result = error;
	s->failed = 0;
	if (s->n)
		s->req[0].status = error;
}

/*
 * The first failure ends the job, unless its request may fail: what comes behind was meant for a state that was not reached. Without a
 * socket every request has failed for the same reason. The socket stays open: opening it may load a module, and costs more than most
 * requests.
 */
void exchange_run(struct job *job, struct job_wire *wire)
{
	struct job_state *s = job->state;
	int rc = wire->sock ? 0 : wire->ops->open(wire->ops_arg, &wire->sock);
	unsigned count;

	if (rc) {
		exchange_failed(job, rc);
		return;
	}
	s->failed = s->n;
	s->result = 0;
	for (unsigned i = 0; i < s->n && !s->result; i += count) {
		count = batch_count(s, i);
		for (unsigned k = i; k < i + count; k++)
			resolve_objects(job, k);
		if (s->req[i].row->answer == ANSWER_MULTICAST)
			s->req[i].status = multicast_run(job, i, wire);
		else
			exchange_requests(job, i, count, wire);
		fall_back(job, i, wire);
		for (unsigned k = i; k < i + count && !s->result; k++) {
			if (!s->req[k].status || s->req[k].may_fail)
				continue;
			s->result = s->req[k].status;
			s->failed = k;
		}
	}
}
