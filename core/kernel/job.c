/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A job: its buffer of messages, how a row turns arguments into one, and what came of it.
 *
 * Building never fails in the builder's face: the first error is kept, later requests are not added, and reported when the job is
 * run or submitted. A login adds dozens of requests and looks once.
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
#define TEXT_MAX 4096 /* the kernel's page */
#define PDU_DATA_MAX 8192 /* libiscsi's buffer for Login and Text */
#define CHAP_ENTRIES_MAX 32 /* the kernel allocates what is asked for */
/* All zero, beyond the fields of any member too: an initialiser of one member would leave the rest of the union undefined. */
#define FIELDS_ZERO \
	{ \
		.bytes = { 0 } \
	}

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

/* Everything is wiped, for the parameters hold CHAP secrets. Sockets are duplicates of our own, and closed here. */
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
static int reserve_message(struct job_state *s, size_t more)
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

int job_reserve(struct job *job, unsigned requests)
{
	struct job_state *s = job->state;
	struct job_request *req = requests > s->cap ? x_realloc(s->req, requests * sizeof(*req)) : s->req;

	if (!req)
		return -ENOMEM;
	s->req = req;
	if (requests > s->cap)
		s->cap = requests;
	return reserve_message(s, requests * ALIGN8(ISCSI_MSG_HEAD));
}

/* -ECANCELED is the status of a request that was never sent, because one before it failed. */
static struct job_request *new_request(struct job_state *s)
{
	struct job_request *req = x_grow(s->req, s->n, &s->cap, sizeof(*req), 8);

	if (!req)
		return NULL;
	s->req = req;
	req += s->n;
	*req = (struct job_request){ .status = -ECANCELED };
	return req;
}

/* One more message: its body, payload, and zeros up to len. NULL: build_error is set, now or before. */
static struct job_request *append_message(struct job *job, const struct requests_row *row, struct iscsi_uevent *ev,
	const void *payload, size_t payload_len, size_t len)
{
	struct job_state *s = job->state;
	struct nlmsghdr head = { .nlmsg_type = row->number, .nlmsg_flags = NLM_F_REQUEST };
	struct job_request *req = NULL;

	if (!s->build_error)
		s->build_error = reserve_message(s, ALIGN8(ISCSI_MSG_HEAD + len));
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
 * A request with the fields of u (NULL: zeros), the objects that its row names, and payload_len bytes of payload padded with
 * zeros to len. NULL: build_error is set.
 */
static struct job_request *add_request(struct job *job, enum iscsi_uevent_e number, const union iscsi_uevent_u *u,
	const void *payload, size_t payload_len, size_t len)
{
	const struct requests_row *row = requests_row(number);
	struct iscsi_uevent ev = { 0 };
	struct job_request *req;

	if (u)
		ev.u = *u;
	if (row->sid)
		uevent_put32(ev.u.bytes, row->sid - 1u, job->sid);
	if (row->cid)
		uevent_put32(ev.u.bytes, row->cid - 1u, job->cid);
	if (row->host)
		uevent_put32(ev.u.bytes, row->host - 1u, job->host_no);
	if (row->len)
		uevent_put32(ev.u.bytes, row->len - 1u, (uint32_t)payload_len);
	req = append_message(job, row, &ev, payload, payload_len, len);
	if (!req)
		return NULL;
	req->take_sid = job->state->take_sid && row->sid;
	req->sid = row->sid && !req->take_sid ? job->sid : 0;
	return req;
}

/* The first one counts: what follows is mostly its consequence. */
static void job_fail(struct job *job, int error)
{
	if (!job->state->build_error)
		job->state->build_error = error;
}

/* ---- builders ---- */

void job_add(struct job *job, enum iscsi_uevent_e number, const union iscsi_uevent_u *u, const void *payload, size_t len)
{
	add_request(job, number, u, payload, len, len);
}

/* A plugin's request is its own: only what could harm the whole machine is bounded here. */
void job_raw(struct job *job, uint32_t type, const union iscsi_uevent_u *u, const void *payload, size_t len)
{
	const struct requests_row *row = requests_row(type);
	struct iscsi_uevent ev = { .u = *u };
	struct job_request *req;

	if (!row)
		return job_fail(job, -EOPNOTSUPP);
	if (type == ISCSI_UEVENT_GET_CHAP && u->get_chap.num_entries > CHAP_ENTRIES_MAX)
		return job_fail(job, -E2BIG);
	req = append_message(job, row, &ev, payload, len, len);
	if (req && row->sid)
		req->sid = uevent_get32(u->bytes, row->sid - 1u);
	if (req && type == ISCSI_UEVENT_SET_PARAM)
		req->param = u->set_param.param;
}

/* With an endpoint the session is bound to it: offload drivers refuse the plain form, tcp refuses this one. */
void job_create_session(
	struct job *job, uint64_t handle, uint64_t ep_handle, uint16_t cmds_max, uint16_t queue_depth, uint32_t initial_cmdsn)
{
	union iscsi_uevent_u u = FIELDS_ZERO;

	job_for(job, handle, 0, 0);
	if (ep_handle) {
		u.c_bound_session.ep_handle = ep_handle;
		u.c_bound_session.initial_cmdsn = initial_cmdsn;
		u.c_bound_session.cmds_max = cmds_max;
		u.c_bound_session.queue_depth = queue_depth;
	} else {
		u.c_session.initial_cmdsn = initial_cmdsn;
		u.c_session.cmds_max = cmds_max;
		u.c_session.queue_depth = queue_depth;
	}
	job_add(job, ep_handle ? ISCSI_UEVENT_CREATE_BOUND_SESSION : ISCSI_UEVENT_CREATE_SESSION, &u, NULL, 0);
	job->state->take_sid = true;
}

void job_create_conn(struct job *job, uint32_t cid)
{
	job->cid = cid;
	job_add(job, ISCSI_UEVENT_CREATE_CONN, NULL, NULL, 0);
}

void job_bind(struct job *job, uint64_t eph, bool leading)
{
	union iscsi_uevent_u u = FIELDS_ZERO;

	u.b_conn.transport_eph = eph;
	u.b_conn.is_leading = leading;
	job_add(job, ISCSI_UEVENT_BIND_CONN, &u, NULL, 0);
}

/*
 * A duplicate, because the worker runs the job later: the number might be another file's by then. The kernel looks it up in the
 * table of the thread that sends, and takes its own reference.
 */
void job_bind_socket(struct job *job, int fd, bool leading)
{
	struct job_state *s = job->state;
	int *fds = x_grow(s->fds, s->n_fds, &s->fds_cap, sizeof(*fds), 1);
	int own;

	if (!fds)
		return job_fail(job, -ENOMEM);
	s->fds = fds;
	own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (own < 0)
		return job_fail(job, -errno);
	s->fds[s->n_fds++] = own;
	job_bind(job, (uint64_t)own, leading);
	if (!s->build_error)
		s->req[s->n - 1].socket = (uint8_t)s->n_fds;
}

/*
 * Text with its NUL, which the kernel does not add; messages that may share a datagram keep the next one aligned. A NULL text
 * makes no request.
 */
static struct job_request *add_text_request(
	struct job *job, enum iscsi_uevent_e number, const union iscsi_uevent_u *u, const void *text, size_t len)
{
	char buf[TEXT_MAX];
	struct job_request *req;

	job->state->added = false;
	if (text && len >= sizeof(buf))
		job_fail(job, -E2BIG);
	if (!text || len >= sizeof(buf))
		return NULL;
	memcpy(buf, text, len);
	buf[len] = '\0';
	req = add_request(job, number, u, buf, len + 1, ALIGN8(len + 1));
	mem_wipe(buf, len);
	return req;
}

static size_t text_len(const char *text)
{
	return text ? strlen(text) : 0;
}

static void set_param(struct job *job, enum iscsi_param param, const void *text, size_t len)
{
	union iscsi_uevent_u u = FIELDS_ZERO;
	struct job_request *req;

	u.set_param.param = param;
	req = add_text_request(job, ISCSI_UEVENT_SET_PARAM, &u, text, len);
	if (req)
		req->param = param;
}

void job_set_param(struct job *job, enum iscsi_param param, const char *text)
{
	set_param(job, param, text, text_len(text));
}

void job_set_param_int(struct job *job, enum iscsi_param param, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	job_set_param(job, param, text);
}

/* Not as a string of the caller's: secrets have a length, and no NUL behind them. */
void job_set_param_secret(struct job *job, enum iscsi_param param, const void *bytes, size_t len)
{
	set_param(job, param, bytes, len);
}

void job_set_host_param(struct job *job, enum iscsi_host_param param, const char *text)
{
	union iscsi_uevent_u u = FIELDS_ZERO;
	struct job_request *req;

	u.set_host_param.param = param;
	req = add_text_request(job, ISCSI_UEVENT_SET_HOST_PARAM, &u, text, text_len(text));
	/* a session's own host, made with it, is known as late as its sid */
	if (req)
		req->take_sid = job->state->take_sid;
}

/* TERM or RECOVER. SUSPEND is answered with success and not done, while the endpoint goes all the same. */
void job_stop_conn(struct job *job, enum iscsi_stop_flag flag)
{
	union iscsi_uevent_u u = FIELDS_ZERO;

	u.stop_conn.flag = flag;
	job_add(job, ISCSI_UEVENT_STOP_CONN, &u, NULL, 0);
}

/* libiscsi has one task for Login and Text: one such PDU at a time. It puts its own ITT, CmdSN and ExpStatSN in. */
void job_send_pdu(struct job *job, const uint8_t bhs[ISCSI_BHS_LEN], const void *data, size_t len)
{
	union iscsi_uevent_u u = FIELDS_ZERO;
	uint8_t buf[ISCSI_BHS_LEN + PDU_DATA_MAX];

	if (len > PDU_DATA_MAX)
		return job_fail(job, -E2BIG);
	memcpy(buf, bhs, ISCSI_BHS_LEN);
	if (len)
		memcpy(buf + ISCSI_BHS_LEN, data, len);
	u.send_pdu.hdr_size = ISCSI_BHS_LEN;
	u.send_pdu.data_size = (uint32_t)len;
	job_add(job, ISCSI_UEVENT_SEND_PDU, &u, buf, ISCSI_BHS_LEN + len);
	mem_wipe(buf, ISCSI_BHS_LEN + len);
}

/* ---- what came of it ---- */

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
 * The error for people: that of an errno with one meaning for every request, otherwise the request's own. Some errnos come from
 * the socket when the kernel never answered, and from a driver when it did.
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

/* "destroy the session" needs the number alone. */
static bool ends_in_session(const char *text)
{
	static const char end[] = " session";
	size_t len = strlen(text);

	return len >= sizeof(end) && !strcmp(text + len - sizeof(end) + 1, end);
}

/* Names the request and the parameter: "Function not implemented" alone does not help. */
int job_result(const struct job *job, struct err *err)
{
	const struct job_state *s = job->state;
	const struct job_request *req;
	const struct kparam *param;
	struct iscsi_uevent ev;
	char of[96] = "";
	int n = 0;

	if (s->build_error)
		return err_sys(err, s->build_error == -ENOMEM ? MISCSI_ERR_NOMEM : MISCSI_ERR_INTERNAL, -s->build_error,
			"cannot build the netlink requests to the kernel's iSCSI");
	if (s->result == 0 || s->failed >= s->n)
		return s->result;
	req = &s->req[s->failed];
	param = req->row->number == ISCSI_UEVENT_SET_PARAM ? kparams_get(req->param) : NULL;
	if (param)
		n = snprintf(of, sizeof(of), " %s", param->name);
	if (req->sid) {
		snprintf(of + n, sizeof(of) - (size_t)n, ends_in_session(req->row->text) ? " %u" : " of session %u", req->sid);
	} else if (req->row->host) {
		job_load(job, s->failed, &ev);
		snprintf(of + n, sizeof(of) - (size_t)n, " of host%u", uevent_get32(ev.u.bytes, req->row->host - 1u));
	}
	return err_sys(err, error_of(req), -s->result, "the kernel could not %s%s (the kernel's log may have the reason)",
		req->row->text, of);
}

void job_load(const struct job *job, unsigned i, struct iscsi_uevent *ev)
{
	memcpy(ev, job->state->buf + job->state->req[i].at + NLMSG_HDRLEN, sizeof(*ev));
}

void job_store(struct job *job, unsigned i, const struct iscsi_uevent *ev)
{
	memcpy(job->state->buf + job->state->req[i].at + NLMSG_HDRLEN, ev, sizeof(*ev));
}
