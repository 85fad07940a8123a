/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helper processes: the zygote, the helpers, and the pool of the program that uses them.
 *
 * A helper is a fork of this program, so a job names its function by address. A helper whose job was cancelled stays in the pool
 * until the job ends: what hangs is counted as long as it hangs.
 */
#include "config.h"
#include "base/helper.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT_ONCE 8
#define SLOW_MS 100
#define MOST 256 /* each takes some hundred KiB while it hangs */
#define RESERVE 64
#define IDLE_MS 10000
#define SOCKET 3 /* of a helper and of the zygote, which have nothing else open but /dev/null */

/* What goes to a helper, and what comes back. */
struct order {
	int (*run)(const void *request, size_t len, void *answer, size_t *answer_len);
	alignas(max_align_t) uint8_t bytes[HELPER_BYTES_MAX];
};
struct report {
	int result;
	alignas(max_align_t) uint8_t bytes[HELPER_BYTES_MAX];
};

struct helper {
	struct list node;
	struct helper_pool *pool;
	struct loop_fd source;
	bool busy;
	struct helper_job *job; /* NULL: idle, or the job was cancelled */
	uint64_t key, since; /* of the job; since: busy or idle */
};

struct helper_pool {
	struct loop *loop;
	struct helper_zygote zygote;
	struct list helpers; /* idle ones first, the last used at the head */
	struct list waiting; /* jobs */
	unsigned pending;
	struct loop_task start;
	struct loop_timer again;
};

/* ---- in the zygote and the helpers ---- */

/* Leaves no descriptor of the program: a lock, a socket or a file system would be held as long as the process hangs. */
static void helper_keep_only(int fd)
{
	int null = open("/dev/null", O_RDWR);

	fd = fcntl(fd, F_DUPFD, SOCKET + 1);
	for (int i = 0; i < SOCKET; i++)
		if (dup2(null, i) < 0)
			close(i);
	dup2(fd, SOCKET);
	/* musl has no function for it */
	if (syscall(SYS_close_range, SOCKET + 1, ~0U, 0) < 0)
		for (int i = SOCKET + 1, n = getdtablesize(); i < n; i++)
			close(i);
}

/* Ends when the program closes its end of the socket. */
static void helper_serve(void)
{
	struct order order;
	struct report report;
	ssize_t n;
	size_t len;

	for (;;) {
		n = recv(SOCKET, &order, sizeof(order), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < (ssize_t)offsetof(struct order, bytes))
			_exit(0);
		memset(&report, 0, offsetof(struct report, bytes));
		len = 0;
		report.result = order.run(order.bytes, (size_t)n - offsetof(struct order, bytes), report.bytes, &len);
		if (send(SOCKET, &report, offsetof(struct report, bytes) + len, MSG_NOSIGNAL) < 0)
			_exit(0);
		mem_wipe(&order, (size_t)n); /* either may hold a secret */
		mem_wipe(&report, offsetof(struct report, bytes) + len);
	}
}

/*
 * As far as allowed: a recovery may need a helper, and memory may be short then, or swapped out to the lost disk. A lock is not
 * inherited by a fork, what else the program has for that is (daemon/become.c).
 */
static void lock_memory(void)
{
	static const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_MEMLOCK, &all);
	mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}

/*
 * One helper, with the end of a socket that the program has sent, in place of the zygote's. Should the zygote have ended before
 * prctl(), the helper ends after its job. A fork that failed is reported on the socket.
 */
static void zygote_fork(int fd)
{
	struct report report = { 0 };
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		lock_memory();
		dup2(fd, SOCKET);
		close(fd);
		helper_serve();
	}
	report.result = -errno;
	if (child < 0 && send(fd, &report, offsetof(struct report, bytes), MSG_NOSIGNAL) < 0)
		report.result = 0; /* nobody waits for it */
	close(fd);
}

/* The descriptor in a message; -1: none; -2: the program has ended. */
static int zygote_receive(void)
{
	char byte, room[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	ssize_t n = recvmsg(SOCKET, &msg, 0);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	int fd = n < 0 && errno == EINTR ? -1 : n <= 0 ? -2 : -1;

	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* Signals for the program's process group are not for it: it ends with the program. */
static void zygote_serve(int fd)
{
	char name[16];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGCHLD, SIG_IGN); /* no helper becomes a zombie */
	snprintf(name, sizeof(name), "%.7s-helper", program_invocation_short_name);
	prctl(PR_SET_NAME, name);
	helper_keep_only(fd);
	lock_memory();
	while ((fd = zygote_receive()) != -2)
		if (fd >= 0)
			zygote_fork(fd);
	_exit(0);
}

/* ---- in the program ---- */

static int helper_socketpair(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0 ? -errno : 0;
}

int helper_zygote_start(struct helper_zygote *z)
{
	int ends[2];
	int rc = helper_socketpair(ends);
	pid_t pid;

	if (rc)
		return rc;
	pid = fork();
	if (pid == 0)
		zygote_serve(ends[1]);
	rc = pid < 0 ? -errno : 0;
	close(ends[1]);
	if (rc)
		close(ends[0]);
	else
		*z = (struct helper_zygote){ .fd = ends[0], .pid = pid };
	return rc;
}

static void zygote_end(struct helper_zygote *z)
{
	if (!z->pid)
		return;
	close(z->fd);
	waitpid(z->pid, NULL, WNOHANG);
	*z = (struct helper_zygote){ 0 };
}

static int zygote_send(const struct helper_zygote *z, int fd)
{
	char byte = 0, room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(z->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

/*
 * A zygote that is gone (killed by hand, or for lack of memory) is replaced by a fork of the program as it is now, with its secrets.
 */
static int zygote_ask(struct helper_zygote *z, int fd)
{
	int rc = z->pid ? zygote_send(z, fd) : -EPIPE;

	if (rc != -EPIPE && rc != -ECONNRESET)
		return rc;
	zygote_end(z);
	rc = helper_zygote_start(z);
	return rc ? rc : zygote_send(z, fd);
}

static void helper_end(struct helper *h)
{
	loop_fd_del(h->pool->loop, &h->source);
	close(h->source.fd);
	list_remove(&h->node);
	x_free(h);
}

static void jobs_start_soon(struct helper_pool *p);

/* After this, p may have new jobs, and the job may be gone. */
static void job_report(struct helper_pool *p, struct helper_job *j, int result, const void *answer, size_t len)
{
	j->helper = NULL;
	p->pending--;
	j->done(j, result, answer, len);
}

static void job_drop_request(struct helper_job *j)
{
	if (j->request)
		mem_wipe(j->request, j->len);
	x_free(j->request);
	j->request = NULL;
}

/* A report, or the end of the helper: it was killed, or a library in it crashed. */
static void helper_readable(void *arg, uint32_t events)
{
	struct helper *h = arg;
	struct helper_pool *p = h->pool;
	struct helper_job *j = h->job;
	struct report report;
	ssize_t n = recv(h->source.fd, &report, sizeof(report), MSG_DONTWAIT);
	size_t len = n > (ssize_t)offsetof(struct report, bytes) ? (size_t)n - offsetof(struct report, bytes) : 0;

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < (ssize_t)offsetof(struct report, bytes)) {
		report.result = -EPIPE;
		helper_end(h);
	} else {
		h->busy = false;
		h->job = NULL;
		h->since = loop_now(p->loop);
		list_remove(&h->node);
		list_insert(&p->helpers, &h->node);
	}
	jobs_start_soon(p);
	if (j)
		job_report(p, j, report.result, report.bytes, len);
	if (n > 0)
		mem_wipe(&report, (size_t)n);
}

static int helper_new(struct helper_pool *p, struct helper **out)
{
	struct helper *h = x_new(struct helper);
	int ends[2];
	int rc = h ? helper_socketpair(ends) : -ENOMEM;

	if (rc) {
		x_free(h);
		return rc;
	}
	rc = zygote_ask(&p->zygote, ends[1]);
	close(ends[1]);
	if (!rc)
		rc = loop_fd_add(p->loop, &h->source, ends[0], EPOLLIN, helper_readable, h);
	if (rc) {
		close(ends[0]);
		x_free(h);
		return rc;
	}
	h->pool = p;
	list_insert(&p->helpers, &h->node);
	*out = h;
	return 0;
}

static int helper_order(const struct helper *h, const struct helper_job *j)
{
	struct order order;
	ssize_t n;

	memset(&order, 0, offsetof(struct order, bytes));
	order.run = j->run;
	memcpy(order.bytes, j->request, j->len);
	n = send(h->source.fd, &order, offsetof(struct order, bytes) + j->len, MSG_NOSIGNAL | MSG_DONTWAIT);
	mem_wipe(&order, offsetof(struct order, bytes) + j->len);
	return n < 0 ? -errno : 0;
}

/* Gives a job to an idle helper, or to a new one. An idle one may have died. */
static int job_start(struct helper_pool *p, struct helper_job *j)
{
	struct helper *h;
	bool fresh;
	int rc;

	do {
		h = list_first(&p->helpers, struct helper, node);
		fresh = !h || h->busy;
		rc = fresh ? helper_new(p, &h) : 0;
		if (rc)
			return rc;
		rc = helper_order(h, j);
		if (rc)
			helper_end(h);
	} while (rc && !fresh);
	if (rc)
		return rc;
	h->busy = true;
	h->job = j;
	h->key = j->key;
	h->since = loop_now(p->loop);
	list_remove(&h->node);
	list_append(&p->helpers, &h->node);
	list_remove(&j->node);
	j->helper = h;
	job_drop_request(j);
	if (j->begun)
		j->begun(j);
	return 0;
}

/* In a helper, whose request is the function: for the rest of its life. */
static int serve_only(const void *request, size_t len, void *answer, size_t *answer_len)
{
	void (*serve)(int fd);

	(void)answer;
	(void)answer_len;
	memcpy(&serve, request, len);
	serve(SOCKET);
	_exit(0);
}

int helper_spawn(struct helper_pool *p, void (*serve)(int fd), int *out)
{
	const size_t len = offsetof(struct order, bytes) + sizeof(serve);
	struct order order;
	int ends[2], rc = helper_socketpair(ends);

	if (rc)
		return rc;
	memset(&order, 0, len);
	order.run = serve_only;
	memcpy(order.bytes, &serve, sizeof(serve));
	rc = zygote_ask(&p->zygote, ends[1]);
	close(ends[1]);
	if (!rc && send(ends[0], &order, len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		rc = -errno;
	if (rc)
		close(ends[0]);
	else
		*out = ends[0];
	return rc;
}

/* Jobs in helpers, those of a key, and those that have not run for long. */
struct load {
	unsigned all, same, fresh;
};

static struct load pool_load(const struct helper_pool *p, uint64_t key)
{
	struct load load = { 0 };
	uint64_t now = loop_now(p->loop);
	struct helper *h;

	list_for_each (h, &p->helpers, node) {
		load.all += h->busy;
		load.same += h->busy && key && h->key == key;
		load.fresh += h->busy && now - h->since < SLOW_MS;
	}
	return load;
}

static bool load_allows(const struct load *l, const struct helper_job *j)
{
	return l->same < HELPER_KEY_JOBS && l->all < (j->key && !l->same && !j->of_disk ? MOST : MOST - RESERVE);
}

/* Without any helper that could come to the job, it has failed. */
static bool job_failed(struct helper_pool *p, struct helper_job *j, int rc)
{
	if (pool_load(p, 0).all)
		return false;
	list_remove(&j->node);
	job_drop_request(j);
	job_report(p, j, rc, NULL, 0);
	return true;
}

static void jobs_start_again(void *arg);

/* Starts what may start, in order; jobs whose key has its share are passed over. */
static void jobs_start(void *arg)
{
	struct helper_pool *p = arg;
	struct helper_job *j, *next;
	int rc = 0;

	list_for_each_safe (j, next, &p->waiting, node) {
		struct load load = pool_load(p, j->key);

		if (load.fresh >= AT_ONCE)
			break;
		if (!load_allows(&load, j))
			continue;
		rc = job_start(p, j);
		if (rc)
			break;
	}
	if (rc && job_failed(p, j, rc)) /* one a turn, since done() may have changed the list */
		jobs_start_soon(p);
	if (!list_empty(&p->waiting))
		loop_timer_set(p->loop, &p->again, SLOW_MS, jobs_start_again, p);
	else if (!loop_timer_active(&p->again) && !list_empty(&p->helpers))
		loop_timer_set(p->loop, &p->again, IDLE_MS, jobs_start_again, p);
}

static void jobs_start_soon(struct helper_pool *p)
{
	loop_defer(p->loop, &p->start, jobs_start, p);
}

/* Some that run may be slow by now; some that are idle have been so for long. */
static void jobs_start_again(void *arg)
{
	struct helper_pool *p = arg;
	uint64_t now = loop_now(p->loop);
	struct helper *h, *next;

	list_for_each_safe (h, next, &p->helpers, node)
		if (!h->busy && now - h->since >= IDLE_MS)
			helper_end(h);
	jobs_start_soon(p);
}

/* FNV-1a. Two texts with one key would only share their limit. */
uint64_t helper_key(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3;
	return hash ? hash : 1;
}

int helper_submit(struct helper_pool *p, struct helper_job *j, const void *request, size_t len)
{
	if (j->helper || !list_empty(&j->node))
		return -EBUSY;
	if (len > HELPER_BYTES_MAX)
		return -EMSGSIZE;
	j->request = x_zalloc(len ? len : 1);
	if (!j->request)
		return -ENOMEM;
	memcpy(j->request, request, len);
	j->len = len;
	j->pool = p;
	list_append(&p->waiting, &j->node);
	p->pending++;
	jobs_start_soon(p);
	return 0;
}

void helper_prepare(struct helper_pool *p)
{
	struct helper *h;

	if (!list_empty(&p->helpers) || helper_new(p, &h) < 0)
		return;
	h->since = loop_now(p->loop);
	jobs_start_soon(p); /* which ends it when it has been idle for long */
}

void helper_cancel(struct helper_job *j)
{
	if (!j->helper && list_empty(&j->node))
		return;
	j->pool->pending--;
	list_remove(&j->node);
	if (j->helper)
		j->helper->job = NULL;
	j->helper = NULL;
	job_drop_request(j);
}

unsigned helper_pending(const struct helper_pool *p)
{
	return p->pending;
}

unsigned helper_running(const struct helper_pool *p)
{
	return pool_load(p, 0).all;
}

int helper_pool_new(struct loop *l, const struct helper_zygote *zygote, struct helper_pool **out)
{
	struct helper_pool *p = x_new(struct helper_pool);

	if (!p)
		return -ENOMEM;
	p->loop = l;
	if (zygote)
		p->zygote = *zygote;
	list_init(&p->helpers);
	list_init(&p->waiting);
	*out = p;
	return 0;
}

void helper_pool_free(struct helper_pool *p)
{
	struct helper_job *j, *next_job;
	struct helper *h, *next;

	if (!p)
		return;
	list_for_each_safe (j, next_job, &p->waiting, node)
		helper_cancel(j);
	list_for_each_safe (h, next, &p->helpers, node) {
		if (h->job)
			helper_cancel(h->job);
		helper_end(h);
	}
	loop_task_cancel(p->loop, &p->start);
	loop_timer_cancel(p->loop, &p->again);
	zygote_end(&p->zygote);
	x_free(p);
}
