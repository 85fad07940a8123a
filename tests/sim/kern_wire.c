/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NETLINK_ISCSI: requests of the daemon, which may fail, and events, which may be lost. It takes the place of core/kernel/netlink.c. */
#include "config.h"
#include "os.h"
#include "sim.h"
#include "base/mem.h"
#include "kernel/netlink.h"
#include "kernel/requests.h"
#include <errno.h>
#include <string.h>

#define SOCKETS_MAX 8

struct datagram {
	struct datagram *next;
	size_t len;
	uint8_t bytes[];
};

struct netlink {
	struct os_file *file;
	int fd;
	unsigned groups;
	bool lost;
	struct datagram *first, **end;
};

static struct netlink *sockets[SOCKETS_MAX];

void kern_wire_reset(void)
{
	memset(sockets, 0, sizeof(sockets));
}

static void queue(struct netlink *n, uint16_t type, const struct iscsi_uevent *ev, const void *data, size_t len)
{
	struct nlmsghdr head = { .nlmsg_len = (uint32_t)(ISCSI_MSG_HEAD + len), .nlmsg_type = type };
	struct datagram *d = sim_alloc(sizeof(*d) + ISCSI_MSG_HEAD + len);

	d->len = ISCSI_MSG_HEAD + len;
	memcpy(d->bytes, &head, sizeof(head));
	memcpy(d->bytes + sizeof(head), ev, sizeof(*ev));
	if (len)
		memcpy(d->bytes + ISCSI_MSG_HEAD, data, len);
	*n->end = d;
	n->end = &d->next;
	n->file->readable = true;
}

void kern_event(const struct iscsi_uevent *ev, const void *data, size_t len)
{
	for (unsigned i = 0; i < SOCKETS_MAX; i++)
		if (sockets[i] && sockets[i]->groups & 1u << ISCSI_NL_GRP_ISCSID)
			queue(sockets[i], 0, ev, data, len);
}

void kern_lose_events(void)
{
	for (unsigned i = 0; i < SOCKETS_MAX; i++) {
		struct netlink *n = sockets[i];

		if (!n || !n->groups)
			continue;
		sim_trace("world: the daemon loses events%s", n->first ? "" : " (there are none)");
		n->first = NULL;
		n->end = &n->first;
		n->lost = n->file->readable = true;
	}
}

static int wire_open(void *arg, void **sock)
{
	struct netlink *n = sim_alloc(sizeof(*n));
	unsigned i = 0;

	(void)arg;
	while (i < SOCKETS_MAX && sockets[i])
		i++;
	n->fd = os_open(OS_NETLINK, &n->file);
	n->end = &n->first;
	sockets[i] = n;
	*sock = n;
	return 0;
}

static void wire_close(void *sock)
{
	struct netlink *n = sock;
	int close(int fd);

	for (unsigned i = 0; i < SOCKETS_MAX; i++)
		if (sockets[i] == n)
			sockets[i] = NULL;
	close(n->fd);
}

static int wire_join(void *sock, unsigned group, size_t bytes)
{
	struct netlink *n = sock;

	(void)bytes;
	n->groups |= 1u << group;
	return 0;
}

static void wire_leave(void *sock, unsigned group)
{
	struct netlink *n = sock;

	n->groups &= ~(1u << group);
}

static const int causes[] = { ENOMEM, EINVAL, ENOTCONN, EIO, EBUSY, EPERM };

/* Where the kernel has not taken it, the next iscsid cannot know it. */
static bool is_secret(const struct iscsi_uevent *ev)
{
	const uint32_t param = ev->u.set_param.param;

	return ev->type == ISCSI_UEVENT_SET_PARAM &&
		(param == ISCSI_PARAM_USERNAME || param == ISCSI_PARAM_PASSWORD || param == ISCSI_PARAM_USERNAME_IN ||
			param == ISCSI_PARAM_PASSWORD_IN);
}

/* A driver may refuse any request but the two that it has no reason to refuse. */
static bool refused(struct iscsi_uevent *ev)
{
	const struct requests_row *row = requests_row(ev->type);
	int cause = causes[sim_random(ARRAY_SIZE(causes))];

	if (plan_calm() || ev->type == ISCSI_UEVENT_DESTROY_CONN || ev->type == ISCSI_UEVENT_STOP_CONN || is_secret(ev) ||
		!sim_chance(1) || sim_chance(60))
		return false;
	sim_trace("kernel: refuses %s, errno %d", row ? row->text : "a request", cause);
	if (row && row->retcode && sim_chance(50)) {
		ev->r.retcode = -cause;
		return true;
	}
	ev->type = ISCSI_KEVENT_IF_ERROR;
	ev->iferror = -cause;
	return true;
}

static size_t handle(struct netlink *n, const uint8_t *at, size_t len)
{
	struct iscsi_uevent ev;
	struct nlmsghdr head;
	int rc;

	if (len < ISCSI_MSG_HEAD)
		return 0;
	memcpy(&head, at, sizeof(head));
	if (head.nlmsg_len < ISCSI_MSG_HEAD || head.nlmsg_len > len)
		return 0;
	memcpy(&ev, at + sizeof(head), sizeof(ev));
	if (!refused(&ev)) {
		rc = ev.transport_handle == KERN_HANDLE ?
			kern_request(&ev, at + ISCSI_MSG_HEAD, head.nlmsg_len - ISCSI_MSG_HEAD) :
			-EINVAL;
		if (head.nlmsg_type != ISCSI_UEVENT_SET_PARAM)
			sim_trace("kernel: request %u, %u: %d %d", head.nlmsg_type, ev.u.d_session.sid, rc, ev.r.retcode);
		if (rc < 0) {
			ev.type = ISCSI_KEVENT_IF_ERROR;
			ev.iferror = rc;
		}
	}
	queue(n, head.nlmsg_type, &ev, NULL, 0);
	return NLMSG_ALIGN((size_t)head.nlmsg_len);
}

static int wire_send(void *sock, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	size_t step;

	OS_CALL;
	/* killed between two requests of a job */
	if (!plan_calm() && sim_random(20000) == 0)
		daemon_end(true);
	while (len && !daemon_dead() && (step = handle(sock, at, len))) {
		step = step > len ? len : step;
		at += step;
		len -= step;
	}
	return daemon_dead() ? -ECONNREFUSED : 0;
}

static int wire_recv(void *sock, void *bufs, size_t size, size_t *lens, unsigned n)
{
	struct netlink *s = sock;
	unsigned got = 0;

	OS_CALL;
	if (s->lost) {
		s->lost = false;
		s->file->readable = s->first;
		return -ENOBUFS;
	}
	while (got < n && s->first) {
		struct datagram *d = s->first;

		s->first = d->next;
		if (!s->first)
			s->end = &s->first;
		lens[got] = d->len > size ? 0 : d->len;
		memcpy((uint8_t *)bufs + got * size, d->bytes, lens[got]);
		got++;
	}
	s->file->readable = s->first;
	return got ? (int)got : -EAGAIN;
}

static int wire_fd(void *sock)
{
	return ((struct netlink *)sock)->fd;
}

const struct netlink_ops netlink_iscsi = { wire_open, wire_close, wire_join, wire_leave, wire_send, wire_recv, wire_fd };
