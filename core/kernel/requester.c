/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A job on its way to the helper and back: its head, its requests and their messages, as they lie in memory, and in the answer what
 * was multicast. The helper is a fork of this program: the rows that requests point to are where they were.
 */
#include "config.h"
#include "kernel/requester.h"
#include "base/mem.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_MAX (128 * 1024) /* less than a socket's buffer has by default */
#define SOCKETS_MAX 4
#define DATA_MAX (2 * 32768) /* what was multicast for a job */
#define DATA_PIECES 8
#define FINISH_MS 2000
#define RESTART_MS 1000 /* at least between the starts of two helpers that no job needs */

struct head {
	struct job job; /* without its state */
	size_t n, len; /* requests, and bytes of messages */
	int result;
	unsigned failed;
};

struct requester {
	struct loop *loop;
	struct helper_pool *helpers;
	void (*serve)(int fd);
	void (*ran)(struct job_state *s);
	void (*died)(struct job_state *s, pid_t helper);
	struct loop_fd source; /* of the socket to the helper */
	bool alive; /* there is a helper */
	pid_t pid; /* its; 0: not told yet */
	uint64_t started;
	struct loop_timer restart;
	struct list waiting; /* jobs, by turn */
	struct job_state *running, *unsent; /* unsent: it has failed, which is to be reported */
	struct loop_task report;
};

/* ---- in the helper ---- */

static size_t take_sockets(struct msghdr *msg, int fds[SOCKETS_MAX])
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	size_t n = c && c->cmsg_type == SCM_RIGHTS ? (c->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;

	n = n < SOCKETS_MAX ? n : SOCKETS_MAX;
	if (n)
		memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	return n;
}

/* The kernel looks the number up in the table of the process that sends. false: a socket did not arrive; its number is another file's here. */
static bool renumber_sockets(struct job *job, const int fds[SOCKETS_MAX], size_t n)
{
	struct iscsi_uevent ev;

	for (unsigned i = 0; i < job->state->n; i++) {
		unsigned socket = job->state->req[i].socket;

		if (!socket)
			continue;
		if (socket > n)
			return false;
		job_load(job, i, &ev);
		ev.u.b_conn.transport_eph = (uint64_t)fds[socket - 1];
		job_store(job, i, &ev);
	}
	return true;
}

/* The job lies where it was received, and goes back from there. */
static int answer_job(int fd, struct job *job, uint8_t *room, size_t len)
{
	struct iovec iov[1 + DATA_PIECES] = { { room, len } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 1 };
	struct job_state *s = job->state;
	struct head *head = (struct head *)room;
	int rc;

	*head = (struct head){ .job = *job, .n = s->n, .len = s->len, .result = s->result, .failed = s->failed };
	for (unsigned i = 0; i < s->n; i++)
		if (s->req[i].data_len && (size_t)msg.msg_iovlen < ARRAY_SIZE(iov))
			iov[msg.msg_iovlen++] = (struct iovec){ s->req[i].data, s->req[i].data_len };
	rc = sendmsg(fd, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
	for (unsigned i = 0; i < s->n; i++) {
		if (s->req[i].data)
			mem_wipe(s->req[i].data, s->req[i].data_len);
		x_free(s->req[i].data);
	}
	mem_wipe(room, len); /* it may hold a secret */
	return rc;
}

static int serve_job(int fd, struct job_wire *wire, uint8_t *room)
{
	char control[CMSG_SPACE(SOCKETS_MAX * sizeof(int))];
	struct iovec iov = { room, MESSAGE_MAX };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	ssize_t len = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	const struct head *head = (const struct head *)room;
	struct job_state s = { 0 };
	struct job job;
	int fds[SOCKETS_MAX], rc;
	size_t n_fds;

	if (len < 0 && errno == EINTR)
		return 0;
	if (len < (ssize_t)sizeof(*head))
		return -EPIPE;
	n_fds = take_sockets(&msg, fds);
	job = head->job;
	job.state = &s;
	s.job = &job;
	s.req = (struct job_request *)(room + sizeof(*head));
	s.n = (unsigned)head->n;
	s.buf = room + sizeof(*head) + s.n * sizeof(*s.req);
	s.len = s.size = head->len;
	if (renumber_sockets(&job, fds, n_fds))
		exchange_run(&job, wire);
	else
		exchange_failed(&job, -EBADF);
	rc = answer_job(fd, &job, room, (size_t)len);
	while (n_fds)
		close(fds[--n_fds]);
	return rc;
}

void requester_serve(int fd, const struct netlink_ops *ops, void *ops_arg)
{
	struct job_wire wire = { .ops = ops, .ops_arg = ops_arg };
	uint8_t *room = x_zalloc(MESSAGE_MAX);
	pid_t pid = getpid();

	if (send(fd, &pid, sizeof(pid), MSG_NOSIGNAL) < 0)
		return;
	(void)ops->open(ops_arg, &wire.sock); /* which no recovery has to do then; a job tries again, and reports it */
	while (room && serve_job(fd, &wire, room) == 0)
		;
}

/* ---- in the program ---- */

static void on_answer(void *arg, uint32_t events);

static int start_helper(struct requester *r)
{
	int fd, rc = helper_spawn(r->helpers, r->serve, &fd);

	if (rc < 0)
		return rc;
	rc = loop_fd_add(r->loop, &r->source, fd, EPOLLIN, on_answer, r);
	r->alive = rc == 0;
	r->pid = 0;
	r->started = loop_now(r->loop);
	if (rc < 0)
		close(fd);
	return rc;
}

static void restart_helper(void *arg)
{
	struct requester *r = arg;

	if (!r->alive && start_helper(r) < 0)
		loop_timer_set(r->loop, &r->restart, RESTART_MS, restart_helper, r);
}

/* Replaced soon, so that a recovery finds one ready. */
static void drop_helper(struct requester *r)
{
	uint64_t now = loop_now(r->loop), due = r->started + RESTART_MS;

	if (!r->alive)
		return;
	r->alive = false;
	loop_fd_del(r->loop, &r->source);
	close(r->source.fd);
	loop_timer_set(r->loop, &r->restart, due > now ? due - now : 0, restart_helper, r);
}

static int send_job(const struct requester *r, struct job_state *s)
{
	struct head head = { .job = *s->job, .n = s->n, .len = s->len };
	struct iovec iov[] = { { &head, sizeof(head) }, { s->req, s->n * sizeof(*s->req) }, { s->buf, s->len } };
	char control[CMSG_SPACE(SOCKETS_MAX * sizeof(int))] = { 0 };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = ARRAY_SIZE(iov) };
	struct cmsghdr *c;

	if (s->n_fds) {
		msg.msg_control = control;
		msg.msg_controllen = (socklen_t)CMSG_SPACE(s->n_fds * sizeof(int)); /* musl's type */
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = (socklen_t)CMSG_LEN(s->n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), s->fds, s->n_fds * sizeof(int));
	}
	return sendmsg(r->source.fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* A helper that was killed is replaced. */
static int run_job(struct requester *r, struct job_state *s)
{
	int rc = r->alive ? send_job(r, s) : -EPIPE;

	if (rc == -EPIPE || rc == -ECONNRESET) {
		drop_helper(r);
		rc = start_helper(r);
		if (rc == 0)
			rc = send_job(r, s);
	}
	if (rc == 0)
		r->running = s;
	return rc;
}

static void on_unsent(void *arg);

static void next_job(struct requester *r)
{
	struct job_state *s = list_first(&r->waiting, struct job_state, turn);
	int rc;

	if (!s)
		return;
	list_remove(&s->turn);
	rc = run_job(r, s);
	if (rc == 0)
		return;
	exchange_failed(s->job, rc);
	r->unsent = s;
	loop_defer(r->loop, &r->report, on_unsent, r);
}

/* ran() last: it may free the requester. */
static void job_over(struct requester *r)
{
	struct job_state *s = r->running;

	r->running = NULL;
	next_job(r);
	r->ran(s);
}

static void on_unsent(void *arg)
{
	struct requester *r = arg;
	struct job_state *s = r->unsent;

	r->unsent = NULL;
	next_job(r);
	r->ran(s);
}

/* Each request's piece, in order. */
static int take_data(struct job_state *s, const uint8_t *data, size_t len)
{
	int rc = 0;

	for (unsigned i = 0; i < s->n; i++) {
		struct job_request *req = &s->req[i];
		size_t n = req->data_len;

		req->data = n && n <= len ? x_zalloc(n) : NULL;
		if (req->data)
			memcpy(req->data, data, n);
		else if (n)
			rc = -ENOMEM;
		req->data_len = req->data ? n : 0;
		data += n <= len ? n : len;
		len -= n <= len ? n : len;
	}
	return rc;
}

static bool has_data(const struct job_state *s)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->req[i].row->answer == ANSWER_MULTICAST)
			return true;
	return false;
}

/* -EAGAIN: not yet; -EPIPE: the helper has ended. */
static int receive_job(const struct requester *r, struct job_state *s)
{
	size_t room = has_data(s) ? DATA_MAX : 0, whole = sizeof(struct head) + s->n * sizeof(*s->req) + s->len;
	uint8_t *data = room ? x_zalloc(room) : NULL;
	struct head head = { 0 };
	struct iovec iov[] = { { &head, sizeof(head) }, { s->req, s->n * sizeof(*s->req) }, { s->buf, s->len },
		{ data, data ? room : 0 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = ARRAY_SIZE(iov) };
	ssize_t n = recvmsg(r->source.fd, &msg, MSG_DONTWAIT);
	int rc = n < 0 && (errno == EAGAIN || errno == EINTR) ? -EAGAIN : n < (ssize_t)whole ? -EPIPE : 0;

	if (rc == 0) {
		head.job.state = s;
		*s->job = head.job;
		s->result = head.result;
		s->failed = head.failed;
		rc = take_data(s, data, (size_t)n - whole);
		if (rc < 0)
			exchange_failed(s->job, rc);
		rc = 0;
	}
	if (data)
		mem_wipe(data, room);
	x_free(data);
	return rc;
}

/* The first message is the helper's process id; one of another length says that it could not be started. */
static int receive_pid(struct requester *r)
{
	pid_t pid;
	ssize_t n = recv(r->source.fd, &pid, sizeof(pid), MSG_DONTWAIT | MSG_TRUNC);

	if (n == sizeof(pid))
		r->pid = pid;
	return n == sizeof(pid) || (n < 0 && (errno == EAGAIN || errno == EINTR)) ? -EAGAIN : -EPIPE;
}

/* Or the end of the helper: it was killed. */
static void on_answer(void *arg, uint32_t events)
{
	struct requester *r = arg;
	int rc = !r->pid ? receive_pid(r) : r->running ? receive_job(r, r->running) : -EPIPE;

	(void)events;
	if (rc == -EAGAIN)
		return;
	if (rc == -EPIPE)
		drop_helper(r);
	if (rc == -EPIPE && r->running) {
		exchange_failed(r->running->job, rc);
		if (r->died && r->pid)
			r->died(r->running, r->pid);
	}
	if (r->running)
		job_over(r);
}

int requester_submit(struct requester *r, struct job_state *s)
{
	size_t pieces = 0;

	for (unsigned i = 0; i < s->n; i++)
		pieces += s->req[i].row->answer == ANSWER_MULTICAST;
	if (sizeof(struct head) + s->n * sizeof(*s->req) + s->len > MESSAGE_MAX || s->n_fds > SOCKETS_MAX || pieces > DATA_PIECES)
		return -E2BIG;
	if (!r->running && !r->unsent)
		return run_job(r, s);
	list_append(&r->waiting, &s->turn);
	return 0;
}

bool requester_cancel(struct requester *r, struct job_state *s)
{
	if (s == r->running || s == r->unsent)
		return false;
	list_remove(&s->turn);
	return true;
}

int requester_new(struct loop *l, struct helper_pool *helpers, void (*serve)(int fd), void (*ran)(struct job_state *s),
	void (*died)(struct job_state *s, pid_t helper), struct requester **out)
{
	struct requester *r = x_new(struct requester);
	int rc;

	if (!r)
		return -ENOMEM;
	*r = (struct requester){ .loop = l, .helpers = helpers, .serve = serve, .ran = ran, .died = died };
	list_init(&r->waiting);
	rc = start_helper(r);
	if (rc < 0) {
		x_free(r);
		return rc;
	}
	*out = r;
	return 0;
}

/* A session that a request is just making or ending would otherwise change behind the back of the next daemon. */
void requester_free(struct requester *r)
{
	struct pollfd answer;

	if (!r)
		return;
	answer = (struct pollfd){ .fd = r->alive ? r->source.fd : -1, .events = POLLIN };
	if (r->alive && r->running)
		(void)poll(&answer, 1, FINISH_MS);
	loop_task_cancel(r->loop, &r->report);
	drop_helper(r);
	loop_timer_cancel(r->loop, &r->restart);
	x_free(r);
}
