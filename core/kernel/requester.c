/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A job on its way to the helper and back: its head, its requests and their messages, as they lie in memory, and in the answer what
 * was multicast. The helper is a fork of this program: the rows that requests point to are where they were.
 */
#include "config.h"
#include "kernel/requester.h"
#include "base/clock.h"
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
#define AHEAD 8 /* jobs that the helper has: it goes on while the program reads an answer, and several share a system call */
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
	struct list waiting, sent, over; /* jobs, by turn; over: their results are to be reported */
	unsigned n_sent;
	struct loop_task report;
	bool *freed; /* set by requester_free() during a report */
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

/* A job as a message. */
struct parcel {
	struct head head;
	struct iovec iov[4];
	char control[CMSG_SPACE(SOCKETS_MAX * sizeof(int))];
};

static void pack_job(struct job_state *s, struct parcel *p, struct msghdr *msg)
{
	struct cmsghdr *c;

	p->head = (struct head){ .job = *s->job, .n = s->n, .len = s->len };
	p->iov[0] = (struct iovec){ &p->head, sizeof(p->head) };
	p->iov[1] = (struct iovec){ s->req, s->n * sizeof(*s->req) };
	p->iov[2] = (struct iovec){ s->buf, s->len };
	*msg = (struct msghdr){ .msg_iov = p->iov, .msg_iovlen = 3 };
	if (!s->n_fds)
		return;
	memset(p->control, 0, sizeof(p->control));
	msg->msg_control = p->control;
	msg->msg_controllen = (socklen_t)CMSG_SPACE(s->n_fds * sizeof(int)); /* musl's type */
	c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = (socklen_t)CMSG_LEN(s->n_fds * sizeof(int));
	memcpy(CMSG_DATA(c), s->fds, s->n_fds * sizeof(int));
}

static void job_moves(struct job_state *s, struct list *to, bool begun)
{
	list_remove(&s->turn);
	list_append(to, &s->turn);
	s->begun = begun;
}

/* As many of the jobs that wait as the helper may have. */
static int send_jobs(struct requester *r)
{
	struct mmsghdr msg[AHEAD] = { 0 };
	struct parcel parcels[AHEAD];
	struct job_state *s;
	unsigned n = 0;
	int sent;

	list_for_each (s, &r->waiting, turn) {
		if (r->n_sent + n == AHEAD)
			break;
		pack_job(s, &parcels[n], &msg[n].msg_hdr);
		n++;
	}
	sent = sendmmsg(r->source.fd, msg, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0)
		return errno == EAGAIN && r->n_sent ? 0 : -errno; /* what was sent before fills the socket */
	for (; sent; sent--, r->n_sent++)
		job_moves(list_first(&r->waiting, struct job_state, turn), &r->sent, true);
	return 0;
}

/*
 * The helper answers a job before it begins the next one, so only the first job can be under way when it dies. The others wait again,
 * in their order.
 */
static struct job_state *take_back(struct requester *r)
{
	struct job_state *s = list_first(&r->sent, struct job_state, turn), *first = s;

	if (first)
		job_moves(first, &r->over, true);
	while ((s = list_first(&r->waiting, struct job_state, turn)))
		job_moves(s, &r->sent, false);
	while ((s = list_first(&r->sent, struct job_state, turn)))
		job_moves(s, &r->waiting, false);
	r->n_sent = 0;
	return first;
}

/* A helper that was killed is replaced. */
static int run_jobs(struct requester *r)
{
	int rc = r->alive ? send_jobs(r) : -EPIPE;

	if (r->n_sent) /* on_answer() learns of the end of the helper, and whether it has answered before */
		return 0;
	if (rc == -EPIPE || rc == -ECONNRESET) {
		drop_helper(r);
		rc = start_helper(r);
		if (rc == 0)
			rc = send_jobs(r);
	}
	return rc;
}

static void on_unsent(void *arg);

/* When the helper has the half of what it may have: so several jobs go together. */
static void next_jobs(struct requester *r)
{
	struct job_state *s = list_first(&r->waiting, struct job_state, turn);
	int rc = s && r->n_sent <= AHEAD / 2 ? run_jobs(r) : 0;

	if (rc == 0)
		return;
	exchange_failed(s->job, rc);
	job_moves(s, &r->over, true);
	loop_defer(r->loop, &r->report, on_unsent, r);
}

/* false: ran() has freed the requester. What it submits goes to the helper together. */
static bool report_jobs(struct requester *r)
{
	bool freed = false, *outer = r->freed;
	struct job_state *s;

	r->freed = &freed;
	while ((s = list_first(&r->over, struct job_state, turn))) {
		list_remove(&s->turn);
		r->ran(s);
		if (freed) {
			if (outer)
				*outer = true;
			return false;
		}
	}
	r->freed = outer;
	next_jobs(r);
	return true;
}

static void on_unsent(void *arg)
{
	struct requester *r = arg;

	next_jobs(r);
	report_jobs(r);
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

/* An answer as a message, into the job itself. */
static void expect_job(struct job_state *s, struct parcel *p, uint8_t *data, struct msghdr *msg)
{
	p->iov[0] = (struct iovec){ &p->head, sizeof(p->head) };
	p->iov[1] = (struct iovec){ s->req, s->n * sizeof(*s->req) };
	p->iov[2] = (struct iovec){ s->buf, s->len };
	p->iov[3] = (struct iovec){ data, data ? DATA_MAX : 0 };
	*msg = (struct msghdr){ .msg_iov = p->iov, .msg_iovlen = 4 };
}

static void take_answer(struct requester *r, struct job_state *s, const struct head *head, const uint8_t *data, size_t len)
{
	struct job job = head->job;
	int rc;

	job.state = s;
	*s->job = job;
	s->result = head->result;
	s->failed = head->failed;
	rc = take_data(s, data, len);
	if (rc < 0)
		exchange_failed(s->job, rc);
	r->n_sent--;
	job_moves(s, &r->over, true);
}

static size_t answer_len(const struct job_state *s)
{
	return sizeof(struct head) + s->n * sizeof(*s->req) + s->len;
}

/* A helper that ends with a job unread resets the connection: that is reported once, and then what it had answered before. */
static bool answers_may_follow(void)
{
	return errno == EINTR || errno == ECONNRESET;
}

/* What there is, in the order of the jobs; of those with data, one at a time. -EAGAIN: nothing yet; -EPIPE: the helper has ended. */
static int receive_jobs(struct requester *r)
{
	struct job_state *s = list_first(&r->sent, struct job_state, turn), *next;
	uint8_t *data = s && has_data(s) ? x_zalloc(DATA_MAX) : NULL;
	struct mmsghdr msg[AHEAD] = { 0 };
	struct parcel parcels[AHEAD];
	unsigned room = 0;
	int n, rc = 0;

	list_for_each (s, &r->sent, turn) {
		if (room && (data || has_data(s)))
			break;
		expect_job(s, &parcels[room], data, &msg[room].msg_hdr);
		room++;
	}
	do
		n = room ? recvmmsg(r->source.fd, msg, room, MSG_DONTWAIT, NULL) : 0;
	while (n < 0 && answers_may_follow());
	if (n <= 0)
		rc = n < 0 && errno == EAGAIN ? -EAGAIN : -EPIPE;
	room = 0;
	list_for_each_safe (s, next, &r->sent, turn) {
		if (rc || (int)room == n)
			break;
		if (msg[room].msg_len < answer_len(s))
			rc = -EPIPE;
		else
			take_answer(r, s, &parcels[room].head, data, msg[room].msg_len - answer_len(s));
		room++;
	}
	if (data)
		mem_wipe(data, DATA_MAX);
	x_free(data);
	return rc;
}

/* The first message is the helper's process id; one of another length says that it could not be started. */
static int receive_pid(struct requester *r)
{
	pid_t pid;
	ssize_t n;

	do
		n = recv(r->source.fd, &pid, sizeof(pid), MSG_DONTWAIT | MSG_TRUNC);
	while (n < 0 && answers_may_follow());
	if (n == sizeof(pid))
		r->pid = pid;
	return n == sizeof(pid) || (n < 0 && errno == EAGAIN) ? -EAGAIN : -EPIPE;
}

/* Its results are reported first: whoever looks for a session that it has left behind must know those that it has told of. */
static void helper_ended(struct requester *r)
{
	struct job_state *s;

	drop_helper(r);
	if (!report_jobs(r) || r->alive)
		return;
	s = take_back(r);
	if (s)
		exchange_failed(s->job, -EPIPE);
	if (s && r->died && r->pid)
		r->died(s, r->pid);
	next_jobs(r);
	report_jobs(r);
}

/* Or the end of the helper: it was killed. */
static void on_answer(void *arg, uint32_t events)
{
	struct requester *r = arg;
	int rc = r->pid ? receive_jobs(r) : receive_pid(r);

	(void)events;
	if (rc == -EPIPE)
		helper_ended(r);
	if (rc)
		return;
	next_jobs(r);
	report_jobs(r);
}

int requester_submit(struct requester *r, struct job_state *s)
{
	size_t pieces = 0;
	int rc = 0;

	for (unsigned i = 0; i < s->n; i++)
		pieces += s->req[i].row->answer == ANSWER_MULTICAST;
	if (answer_len(s) > MESSAGE_MAX || s->n_fds > SOCKETS_MAX || pieces > DATA_PIECES)
		return -E2BIG;
	s->begun = false;
	list_append(&r->waiting, &s->turn);
	if (!r->n_sent && !r->report.queued && !r->freed)
		rc = run_jobs(r);
	if (rc < 0)
		list_remove(&s->turn);
	return rc;
}

bool requester_cancel(struct requester *r, struct job_state *s)
{
	(void)r;
	if (s->begun)
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
	list_init(&r->sent);
	list_init(&r->over);
	rc = start_helper(r);
	if (rc < 0) {
		x_free(r);
		return rc;
	}
	*out = r;
	return 0;
}

/* A session that a request is just making or ending would otherwise change behind the back of the next daemon. */
static void finish_jobs(struct requester *r)
{
	uint64_t now = clock_ms(), end = now + FINISH_MS;
	struct pollfd answer = { .fd = r->source.fd, .events = POLLIN };

	while (r->alive && r->n_sent && now < end && poll(&answer, 1, (int)(end - now)) > 0) {
		int rc = r->pid ? receive_jobs(r) : receive_pid(r);

		if (rc && rc != -EAGAIN)
			break;
		now = clock_ms();
	}
}

void requester_free(struct requester *r)
{
	if (!r)
		return;
	finish_jobs(r);
	if (r->freed)
		*r->freed = true;
	loop_task_cancel(r->loop, &r->report);
	drop_helper(r);
	loop_timer_cancel(r->loop, &r->restart);
	x_free(r);
}
