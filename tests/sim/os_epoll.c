/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the daemon waits: here the world goes on. */
#include "config.h"
#include "os.h"
#include "sim.h"
#include <errno.h>
#include <string.h>

struct os_watch {
	struct os_watch *next;
	struct os_file *file;
	int fd;
	struct epoll_event event;
};

int __wrap_epoll_create1(int flags)
{
	OS_CALL;
	(void)flags;
	return os_open(OS_EPOLL, NULL);
}

static struct os_watch **find_watch(struct os_file *ep, int fd)
{
	struct os_watch **at = &ep->watches;

	while (*at && (*at)->fd != fd)
		at = &(*at)->next;
	return at;
}

int __wrap_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev)
{
	struct os_file *ep = os_file(epfd), *f = os_file(fd);
	struct os_watch **at;

	OS_CALL;
	if (!ep || ep->kind != OS_EPOLL || !f) {
		errno = EBADF;
		return -1;
	}
	at = find_watch(ep, fd);
	if (op == EPOLL_CTL_ADD ? *at != NULL : !*at) {
		errno = op == EPOLL_CTL_ADD ? EEXIST : ENOENT;
		return -1;
	}
	if (op == EPOLL_CTL_ADD) {
		*at = sim_alloc(sizeof(**at));
		(*at)->fd = fd;
		(*at)->file = f;
	}
	if (op == EPOLL_CTL_DEL)
		*at = (*at)->next;
	else
		(*at)->event = *ev;
	return 0;
}

/* In any order: the kernel reports what became ready first, and that is chance too. */
static int collect(struct os_file *ep, struct epoll_event *events, int max)
{
	int n = 0;

	for (struct os_watch *w = ep->watches; w && n < max; w = w->next) {
		uint32_t ready = os_ready(w->file) & (w->event.events | EPOLLERR | EPOLLHUP);
		int at;

		/* one that was closed without being removed from here is removed by the kernel, if no other refers to the file */
		if (!ready || os_file(w->fd) != w->file)
			continue;
		at = n++ ? (int)sim_random((uint32_t)n) : 0;
		events[n - 1] = events[at];
		events[at] = w->event;
		events[at].events = ready;
	}
	return n;
}

int __wrap_epoll_wait(int epfd, struct epoll_event *events, int max, int timeout)
{
	struct os_file *ep = os_file(epfd);
	uint64_t limit = timeout < 0 ? UINT64_MAX : sim_now() + (uint64_t)timeout;
	int n;

	OS_CALL;
	check_waits();
	while (daemon_runs()) {
		/* the world may be faster than the daemon, or slower */
		while (sim_next() <= sim_now() && daemon_runs() && sim_chance(70))
			sim_step();
		if (!daemon_runs())
			return 0;
		n = collect(ep, events, max);
		if (n)
			return n;
		if (sim_next() > limit) {
			if (limit > sim_now())
				sim_sleep(limit - sim_now());
			return 0;
		}
		if (sim_next() == UINT64_MAX) {
			sim_fail("nothing happens any more");
			daemon_end(false);
		} else {
			sim_step();
		}
	}
	return 0;
}
