/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket for notifications, and its connections. */
#include "config.h"
#include "discovery/isns_listener.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "proto/isns_event.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES 2048
#define PAUSE_MS 500 /* without free descriptors */
#define TELL_MS 60000
#define REPLY_MAX 8192 /* bytes that a server may leave unread */

struct hearing {
	struct list node; /* the one that sent last is the last */
	struct isns_listener *owner;
	struct loop_fd watch;
	struct sockaddr_storage from;
	struct isns_event event;
	struct strbuf reply; /* what could not be sent yet */
};

struct isns_listener {
	struct isns_listener_config config;
	struct loop_fd watch;
	struct loop_timer pause;
	unsigned failures; /* to accept */
	uint16_t port;
	uint64_t told; /* when nonsense was logged last */
	struct list hearings;
	unsigned n;
};

static void hearing_end(struct hearing *h)
{
	loop_fd_del(h->owner->config.loop, &h->watch);
	close(h->watch.fd);
	h->owner->n--;
	list_remove(&h->node);
	strbuf_free(&h->reply);
	x_free(h);
}

/* -errno: the connection is of no more use. */
static int hearing_send(struct hearing *h)
{
	ssize_t n = h->reply.len ? send(h->watch.fd, h->reply.s, h->reply.len, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return -errno;
	if (n > 0) {
		memmove(h->reply.s, h->reply.s + n, h->reply.len - (size_t)n);
		h->reply.len -= (size_t)n;
	}
	return loop_fd_mod(h->owner->config.loop, &h->watch, h->reply.len ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* A line a minute, however much comes: it may be from any program on the server's host. */
static void log_nonsense(struct isns_listener *l, const struct sockaddr_storage *from)
{
	uint64_t now = loop_now(l->config.loop);
	char host[NI_MAXHOST] = "?";

	if (l->told && now < l->told + TELL_MS)
		return;
	l->told = now;
	getnameinfo((const struct sockaddr *)from, sizeof(*from), host, sizeof(host), NULL, 0, NI_NUMERICHOST);
	log_info(l->config.log, "discovery",
		"the iSNS server at %s sent a message that is not an iSNS notification (RFC 4171), and the connection was "
		"closed; the server is polled as before",
		host);
}

static void hearing_ready(void *arg, uint32_t events)
{
	struct hearing *h = arg;
	struct isns_listener *l = h->owner;
	struct sockaddr_storage from = h->from;
	uint8_t in[READ_BYTES];
	bool changed = false;
	ssize_t n = recv(h->watch.fd, in, sizeof(in), MSG_DONTWAIT);
	int rc = n < 0 ? -errno : n == 0 ? -ECONNRESET : isns_event_feed(&h->event, in, (size_t)n, &h->reply, &changed);

	(void)events;
	if (rc == -EPROTO)
		log_nonsense(l, &from);
	if (rc == 0 || rc == -EAGAIN || rc == -EINTR)
		rc = hearing_send(h);
	if (rc < 0) {
		hearing_end(h);
	} else if (n > 0) {
		list_remove(&h->node);
		list_append(&l->hearings, &h->node);
	}
	if (changed)
		l->config.changed(l->config.arg, &from);
}

static void hearing_new(struct isns_listener *l, int fd, const struct sockaddr_storage *from)
{
	struct hearing *h = x_new(struct hearing);

	if (!h || loop_fd_add(l->config.loop, &h->watch, fd, EPOLLIN, hearing_ready, h) < 0) {
		x_free(h);
		close(fd);
		return;
	}
	h->owner = l;
	h->from = *from;
	h->reply = (struct strbuf)STRBUF_INIT(REPLY_MAX);
	list_append(&l->hearings, &h->node);
	l->n++;
	if (l->n > ISNS_LISTENER_CONNECTIONS)
		hearing_end(list_first(&l->hearings, struct hearing, node));
}

static void isns_listener_resume(void *arg)
{
	struct isns_listener *l = arg;

	loop_fd_mod(l->config.loop, &l->watch, EPOLLIN);
}

/* The socket stays readable, and would be reported for ever. */
static void isns_listener_pause(struct isns_listener *l, int errnum)
{
	if (errnum != EMFILE && errnum != ENFILE && errnum != ENOBUFS && errnum != ENOMEM)
		return;
	if (log_worth(&l->failures))
		log_warn(l->config.log, "discovery",
			"iscsid cannot accept the connection of an iSNS server, and tries again every %d ms: %s", PAUSE_MS,
			strerror(errnum));
	loop_fd_mod(l->config.loop, &l->watch, 0);
	loop_timer_set(l->config.loop, &l->pause, PAUSE_MS, isns_listener_resume, l);
}

static void isns_listener_ready(void *arg, uint32_t events)
{
	struct isns_listener *l = arg;
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	int fd = accept4(l->watch.fd, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0) {
		isns_listener_pause(l, errno);
		return;
	}
	l->failures = 0;
	if (l->config.known(l->config.arg, &from))
		hearing_new(l, fd, &from);
	else
		close(fd);
}

/* Connections of the program that listened there before do not keep the port. */
static int isns_listener_socket(int family, uint16_t port)
{
	struct sockaddr_in6 any6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in any4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	const struct sockaddr *any = family == AF_INET6 ? (const struct sockaddr *)&any6 : (const struct sockaddr *)&any4;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), off = 0, on = 1;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		(family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0) ||
		bind(fd, any, family == AF_INET6 ? sizeof(any6) : sizeof(any4)) < 0 ||
		listen(fd, ISNS_LISTENER_CONNECTIONS) < 0) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return fd;
}

/* Both families, or IPv4 alone where there is no IPv6. */
int isns_listener_new(const struct isns_listener_config *config, struct isns_listener **out)
{
	struct isns_listener *l = x_new(struct isns_listener);
	struct sockaddr_storage own;
	socklen_t len = sizeof(own);
	int fd, rc;

	if (!l)
		return -ENOMEM;
	l->config = *config;
	list_init(&l->hearings);
	fd = isns_listener_socket(AF_INET6, config->port);
	if (fd < 0)
		fd = isns_listener_socket(AF_INET, config->port);
	if (fd < 0 && config->port)
		fd = isns_listener_socket(AF_INET6, 0);
	if (fd < 0 && config->port)
		fd = isns_listener_socket(AF_INET, 0);
	rc = fd < 0 ? fd : getsockname(fd, (struct sockaddr *)&own, &len) < 0 ? -errno : 0;
	if (rc == 0)
		rc = loop_fd_add(config->loop, &l->watch, fd, EPOLLIN, isns_listener_ready, l);
	if (rc < 0) {
		if (fd >= 0)
			close(fd);
		x_free(l);
		return rc;
	}
	l->port = ntohs(
		own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port : ((struct sockaddr_in *)&own)->sin_port);
	*out = l;
	return 0;
}

void isns_listener_free(struct isns_listener *l)
{
	struct hearing *h, *next;

	if (!l)
		return;
	list_for_each_safe (h, next, &l->hearings, node)
		hearing_end(h);
	loop_timer_cancel(l->config.loop, &l->pause);
	loop_fd_del(l->config.loop, &l->watch);
	close(l->watch.fd);
	x_free(l);
}

uint16_t isns_listener_port(const struct isns_listener *l)
{
	return l->port;
}

static void mapped_address(const struct sockaddr_storage *sa, uint8_t address[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (sa->ss_family == AF_INET6) {
		memcpy(address, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
		return;
	}
	memcpy(address, mapped, 12);
	memcpy(address + 12, &((const struct sockaddr_in *)sa)->sin_addr, 4);
}

bool isns_listener_same(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	uint8_t x[16], y[16];

	if (a->ss_family == AF_UNSPEC || b->ss_family == AF_UNSPEC)
		return false;
	mapped_address(a, x);
	mapped_address(b, y);
	return !memcmp(x, y, sizeof(x));
}
