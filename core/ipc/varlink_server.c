/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server: accepts connections, and drops some when there are too many. Root can always connect.
 *
 * Any client may try to exhaust descriptors, memory or the log, so each has a limit by uid.
 */
#include "config.h"
#include "ipc/varlink_server.h"
#include "ipc/peer.h"
#include "ipc/varlink_call.h"
#include "ipc/varlink_connection.h"
#include "base/mem.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MODULE "ipc"
#define ACCEPT_AT_ONCE 16
#define PAUSE_MS 500

/* 64 KiB are enough for every call of an unprivileged client; a login of 8000 records needs 2 MiB. */
static const struct varlink_limits defaults = {
	.message_root = 4 << 20,
	.message_other = 64 << 10,
	.output_root = 16 << 20,
	.output_other = 256 << 10,
	.connections = 512,
	.connections_uid = 64,
	.message_ms = 10000,
	.stall_ms = 10000,
};

static void limits_fill(struct varlink_limits *l)
{
#define FILL(member) l->member = l->member ? l->member : defaults.member
	FILL(message_root);
	FILL(message_other);
	FILL(output_root);
	FILL(output_other);
	FILL(connections);
	FILL(connections_uid);
	FILL(message_ms);
	FILL(stall_ms);
#undef FILL
}

int varlink_server_new(const struct varlink_config *config, struct varlink_server **out)
{
	struct varlink_server *s = x_new(struct varlink_server);

	if (!s)
		return -ENOMEM;
	s->config = *config;
	limits_fill(&s->config.limits);
	if (!s->config.peer)
		s->config.peer = peer_uid;
	s->serve = varlink_call_serve;
	s->cancel = varlink_call_cancel;
	list_init(&s->connections);
	list_init(&s->doomed);
	list_init(&s->ready);
	list_init(&s->resting);
	*out = s;
	return 0;
}

/* Sends what can be sent, since the last reply may be that of Stop. */
void varlink_server_free(struct varlink_server *s)
{
	struct varlink_connection *c;

	if (!s)
		return;
	loop_timer_cancel(s->config.loop, &s->pause);
	loop_timer_cancel(s->config.loop, &s->rest);
	loop_task_cancel(s->config.loop, &s->serve_turn);
	for (unsigned i = 0; i < s->listening; i++) {
		loop_fd_del(s->config.loop, &s->listeners[i]);
		close(s->listeners[i].fd);
	}
	while ((c = list_first(&s->connections, struct varlink_connection, node))) {
		varlink_connection_flush(c);
		varlink_connection_free(c);
	}
	while ((c = list_first(&s->doomed, struct varlink_connection, node)))
		varlink_connection_free(c);
	x_free(s);
}

unsigned varlink_server_connections(const struct varlink_server *s)
{
	return s->count;
}

/* The connections to drop when there are too many. A call of root in progress is never ended for a new client. */
enum victim { VICTIM_IDLE_OTHER, VICTIM_OTHER, VICTIM_IDLE_ROOT, VICTIM_IDLE_SAME };

static bool is_victim(const struct varlink_connection *c, enum victim kind, uid_t uid)
{
	bool idle = !c->call && !varlink_buffer_len(&c->out);

	switch (kind) {
	case VICTIM_IDLE_OTHER:
		return idle && c->uid;
	case VICTIM_OTHER:
		return c->uid;
	case VICTIM_IDLE_ROOT:
		return idle && !c->uid;
	case VICTIM_IDLE_SAME:
		return idle && c->uid == uid;
	}
	return false;
}

/* Drops the connection of a kind that was silent for longest; false if there is none. */
static bool drop_victim(struct varlink_server *s, enum victim kind, uid_t uid)
{
	struct varlink_connection *c;

	list_for_each (c, &s->connections, node) {
		if (is_victim(c, kind, uid)) {
			varlink_connection_drop(c, "too many clients were connected, and iscsid made room for another one");
			return true;
		}
	}
	return false;
}

/* A user replaces its own idle connections, then idle ones of other users; root replaces any that it needs to. */
static bool make_room(struct varlink_server *s, uid_t uid)
{
	unsigned same = 0;
	struct varlink_connection *c;

	list_for_each (c, &s->connections, node)
		same += c->uid == uid;
	if (uid && same >= s->config.limits.connections_uid && !drop_victim(s, VICTIM_IDLE_SAME, uid))
		return false;
	if (s->count < s->config.limits.connections || drop_victim(s, VICTIM_IDLE_OTHER, uid))
		return true;
	return !uid && (drop_victim(s, VICTIM_OTHER, uid) || drop_victim(s, VICTIM_IDLE_ROOT, uid));
}

/* Closes the descriptor on failure. */
int varlink_server_accept(struct varlink_server *s, int fd)
{
	uid_t uid;
	int rc = s->config.peer(fd, &uid);

	if (!rc && !make_room(s, uid)) {
		log_debug(s->config.log, MODULE,
			"iscsid refused the connection of a client of user %u: there are too many connections", (unsigned)uid);
		rc = -EMFILE;
	}
	if (!rc)
		return varlink_connection_new(s, fd, uid);
	close(fd);
	return rc;
}

static void listeners_watch(struct varlink_server *s, uint32_t events)
{
	for (unsigned i = 0; i < s->listening; i++)
		loop_fd_mod(s->config.loop, &s->listeners[i], events);
}

static void accept_again(void *arg)
{
	listeners_watch(arg, EPOLLIN);
}

/*
 * Without free descriptors, the listening socket would stay readable and be reported for ever. So accepting pauses until others
 * are closed.
 */
static void accept_failed(struct varlink_server *s, int errnum)
{
	if (errnum != EMFILE && errnum != ENFILE && errnum != ENOBUFS && errnum != ENOMEM)
		return;
	if (log_worth(&s->failures))
		log_warn(s->config.log, MODULE,
			"iscsid cannot accept the connection of a client, and tries again every %d ms: %s", PAUSE_MS,
			strerror(errnum));
	drop_victim(s, VICTIM_IDLE_OTHER, 0);
	loop_timer_set(s->config.loop, &s->pause, PAUSE_MS, accept_again, s);
	listeners_watch(s, 0);
}

/* A few at a time, so that many connections do not delay the events of the sessions. */
static void accept_connections(struct varlink_server *s, unsigned i)
{
	for (int n = 0; n < ACCEPT_AT_ONCE; n++) {
		int fd = accept4(s->listeners[i].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0) {
			accept_failed(s, errno);
			return;
		}
		s->failures = 0;
		varlink_server_accept(s, fd);
	}
}

static void listeners_ready(void *arg, uint32_t events)
{
	struct varlink_server *s = arg;

	(void)events;
	for (unsigned i = 0; i < s->listening; i++)
		accept_connections(s, i);
}

int varlink_server_listen(struct varlink_server *s, int fd)
{
	int rc;

	if (s->listening == LISTENERS_MAX)
		return -ENOSPC;
	rc = loop_fd_add(s->config.loop, &s->listeners[s->listening], fd, EPOLLIN, listeners_ready, s);
	if (!rc)
		s->listening++;
	return rc;
}
