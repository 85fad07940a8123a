/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program's access to the kernel's iSCSI, and its sockets.
 *
 * The socket for requests is opened at the first one and used under a lock, by the worker's thread or by kernel_run(); a helper has its
 * own. The one for events is the loop's. A submitted job is on the list until its done(): that list is what kernel_free() ends.
 *
 * Two sockets, because answers have no number of their request: on a socket that is in group 1 an event may come between a
 * request and its answer, and an answer that was lost in a storm of events would be waited for in vain.
 */
#include "config.h"
#include "kernel/kernel.h"
#include "base/mem.h"
#include "kernel/job_state.h"
#include "kernel/requester.h"
#include <errno.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <stdio.h>

#define EVENT_ROOM (4 * 1024 * 1024) /* a storm: every connection of some thousand lost at once */
#define EVENT_SIZE (12 * 1024) /* PDUs for user space have at most 8192 bytes of data */
#define EVENT_BATCH 8
#define EVENT_ROUND 8 /* batches before the rest of the loop has its turn */

struct kernel {
	struct job_wire wire; /* its sock is guarded by lock */
	pthread_mutex_t lock;

	struct loop *loop; /* NULL: not attached */
	struct helper_pool *helpers; /* jobs run in a helper process */
	struct requester *requester; /* one of these two, if attached */
	struct worker_pool *worker;
	struct list jobs;
	unsigned pending;

	void *events_sock;
	struct loop_fd source;
	const struct kernel_event_ops *events;
	void *events_arg;
	struct list listeners;
	uint8_t (*bufs)[EVENT_SIZE];
};

int kernel_new(const struct netlink_ops *ops, void *ops_arg, struct kernel **out)
{
	struct kernel *k = x_new(struct kernel);

	if (!k)
		return -ENOMEM;
	k->wire.ops = ops ? ops : &netlink_iscsi;
	k->wire.ops_arg = ops_arg;
	list_init(&k->jobs);
	list_init(&k->listeners);
	pthread_mutex_init(&k->lock, NULL);
	*out = k;
	return 0;
}

static void kernel_run_job(struct kernel *k, struct job *job)
{
	pthread_mutex_lock(&k->lock);
	exchange_run(job, &k->wire);
	pthread_mutex_unlock(&k->lock);
}

/* Blocks, for seconds with some drivers: for commands, never on a daemon's loop. */
int kernel_run(struct kernel *k, struct job *job, struct err *err)
{
	if (!job->state->build_error)
		kernel_run_job(k, job);
	return job_result(job, err);
}

static void job_run_work(struct work *w)
{
	struct job_state *s = container_of(w, struct job_state, work);

	kernel_run_job(s->kernel, s->job);
}

static void take_off(struct job_state *s)
{
	list_remove(&s->node);
	s->kernel->pending--;
}

static void job_over(struct job_state *s)
{
	take_off(s);
	if (s->done)
		s->done(s->job, s->arg);
	else
		job_free(s->job);
}

static void job_done_work(struct work *w)
{
	job_over(container_of(w, struct job_state, work));
}

static int job_start(struct kernel *k, struct job_state *s)
{
	if (k->requester)
		return requester_submit(k->requester, s);
	s->work.run = job_run_work;
	s->work.done = job_done_work;
	return worker_submit(k->worker, &s->work);
}

/* One worker or helper: the kernel takes requests of all processes one by one, so a second would only wait for its mutex. */
int kernel_submit(struct kernel *k, struct job *job, void (*done)(struct job *job, void *arg), void *arg)
{
	struct job_state *s = job->state;
	int rc = s->build_error;

	if (!rc && !k->worker && !k->requester)
		rc = -ENOTCONN;
	if (!rc && !list_empty(&s->node))
		rc = -EBUSY; /* it is under way */
	if (rc)
		return rc;
	s->kernel = k;
	s->done = done;
	s->arg = arg;
	rc = job_start(k, s);
	if (rc)
		return rc;
	list_append(&k->jobs, &s->node);
	k->pending++;
	return 0;
}

/* A job that the helper has is not stopped: it runs, and is freed without done(). */
void kernel_cancel(struct kernel *k, struct job *job)
{
	struct job_state *s = job->state;

	s->done = NULL;
	if (k->requester ? !requester_cancel(k->requester, s) : !worker_cancel(k->worker, &s->work))
		return;
	take_off(s);
	job_free(job);
}

unsigned kernel_pending(const struct kernel *k)
{
	return k->pending;
}

void kernel_listen(struct kernel *k, struct kernel_listener *l)
{
	list_append(&k->listeners, &l->node);
}

void kernel_unlisten(struct kernel_listener *l)
{
	list_remove(&l->node);
}

/* A listener may go away in its own call, and it alone. */
static void kernel_deliver(struct kernel *k, const uint8_t *bytes, size_t len)
{
	struct kernel_listener *l, *next;

	(void)events_decode(bytes, len, k->events, k->events_arg);
	list_for_each_safe (l, next, &k->listeners, node)
		(void)events_decode(bytes, len, l->events, l->arg);
}

/* ENOBUFS means that events were lost, once. Which ones is not known: a listener has to read sysfs again. */
static void on_event(void *arg, uint32_t events)
{
	struct kernel *k = arg;
	size_t lens[EVENT_BATCH];
	int n;

	(void)events;
	for (unsigned round = 0; round < EVENT_ROUND; round++) {
		n = k->wire.ops->recv(k->events_sock, k->bufs, EVENT_SIZE, lens, EVENT_BATCH);
		if (n == -ENOBUFS && k->events->lost)
			k->events->lost(k->events_arg);
		if (n <= 0)
			return;
		for (int i = 0; i < n; i++)
			kernel_deliver(k, k->bufs[i], lens[i]);
		if (n < EVENT_BATCH)
			return;
	}
}

/* Group 2 only for a program that resolves paths: a second listener there would answer requests that are not its own. */
static int open_events(struct kernel *k)
{
	int rc = k->wire.ops->open(k->wire.ops_arg, &k->events_sock);

	if (rc)
		return rc;
	rc = k->wire.ops->join(k->events_sock, ISCSI_NL_GRP_ISCSID, EVENT_ROOM);
	if (!rc && k->events->path_req)
		rc = k->wire.ops->join(k->events_sock, ISCSI_NL_GRP_UIP, EVENT_ROOM);
	return rc;
}

int kernel_join_paths(struct kernel *k)
{
	return k->events_sock ? k->wire.ops->join(k->events_sock, ISCSI_NL_GRP_UIP, EVENT_ROOM) : -ENOTCONN;
}

void kernel_leave_paths(struct kernel *k)
{
	if (k->events_sock)
		k->wire.ops->leave(k->events_sock, ISCSI_NL_GRP_UIP);
}

/* The kernel's own list: address, protocol, port, groups, … */
unsigned kernel_path_listeners(void)
{
	FILE *f = fopen("/proc/net/netlink", "re");
	unsigned protocol, groups, n = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s %u %*u %x", &protocol, &groups) == 2 && protocol == NETLINK_ISCSI &&
			groups & 1u << (ISCSI_NL_GRP_UIP - 1))
			n++;
	}
	if (f)
		fclose(f);
	return n;
}

static void close_events(struct kernel *k)
{
	if (k->loop)
		loop_fd_del(k->loop, &k->source);
	if (k->events_sock)
		k->wire.ops->close(k->events_sock);
	k->events_sock = NULL;
	x_free(k->bufs);
	k->bufs = NULL;
	k->loop = NULL;
}

static int attach_error(struct err *err, int rc)
{
	if (rc == -EPERM)
		return err_sys(err, MISCSI_ERR_ACCESS, -rc,
			"cannot listen to the kernel's iSCSI events: run this as root with CAP_NET_ADMIN in the host's user "
			"namespace, not in that of a container");
	if (rc == -EPROTONOSUPPORT)
		return err_sys(err, MISCSI_ERR_TRANS_NOT_FOUND, -rc,
			"the kernel's iSCSI interface is missing: load it by 'modprobe scsi_transport_iscsi'");
	return err_sys(err, MISCSI_ERR_INTERNAL, -rc, "cannot open the netlink socket for the kernel's iSCSI events");
}

static int start_worker(struct kernel *k)
{
	int rc = worker_pool_new(k->loop, 1, &k->worker);

	return rc ? rc : worker_pool_stay(k->worker);
}

static void helper_died(struct job_state *s, pid_t helper)
{
	const struct kernel *k = s->kernel;

	if (k->events->helper_died)
		k->events->helper_died(k->events_arg, helper);
}

static void requester_main(int fd)
{
	requester_serve(fd, &netlink_iscsi, NULL);
}

/* Nothing runs after this. Submitted jobs are still on the list. */
static void stop_running(struct kernel *k)
{
	requester_free(k->requester);
	worker_pool_free(k->worker);
	k->requester = NULL;
	k->worker = NULL;
}

void kernel_use_helpers(struct kernel *k, struct helper_pool *helpers)
{
	k->helpers = helpers;
}

int kernel_attach(struct kernel *k, struct loop *l, const struct kernel_event_ops *events, void *arg, struct err *err)
{
	int rc;

	if (k->loop)
		return -EALREADY;
	k->loop = l;
	k->events = events;
	k->events_arg = arg;
	k->bufs = x_calloc(EVENT_BATCH, EVENT_SIZE);
	rc = k->bufs ? open_events(k) : -ENOMEM;
	if (!rc)
		rc = k->helpers ? requester_new(l, k->helpers, requester_main, job_over, helper_died, &k->requester) :
				  start_worker(k);
	if (!rc)
		rc = loop_fd_add(l, &k->source, k->wire.ops->fd(k->events_sock), EPOLLIN, on_event, k);
	if (!rc)
		return 0;
	stop_running(k);
	close_events(k);
	return attach_error(err, rc);
}

/* The pool before the list: a job may be running, and its memory is the worker's until it ends. */
void kernel_free(struct kernel *k)
{
	struct job_state *s, *tmp;

	if (!k)
		return;
	/* done() of none is called: their owners have gone, or are about to */
	list_for_each (s, &k->jobs, node)
		s->done = NULL;
	stop_running(k);
	list_for_each_safe (s, tmp, &k->jobs, node) {
		take_off(s);
		job_free(s->job);
	}
	close_events(k);
	if (k->wire.sock)
		k->wire.ops->close(k->wire.sock);
	pthread_mutex_destroy(&k->lock);
	x_free(k);
}
