/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a connection: read as far as one call needs, written as far as the client reads.
 *
 * While a call is in progress or a reply is unsent, nothing is read: a client that sends without reading fills its socket, not
 * our memory. A complete message waits for its turn: in one turn of the loop, a connection gets one call or one part of a long message.
 *
 * A connection is dropped after any error, often from within its own call. It is freed later, by a task of the loop, when none of
 * its functions is running.
 */
#include "config.h"
#include "ipc/varlink_connection.h"
#include "base/mem.h"
#include <errno.h>
#include <miscsi/errors.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MODULE "ipc"
#define CHUNK 16384
/* A message of this size leaves free memory behind that is worth returning to the kernel. */
#define FAT 4096
#define VALUES_MAX 65536 /* of a message: 4096 records have less */
#define TURN_US 10000
/* A user that is not root has at most a tenth of the daemon's time: after a call, it waits nine times as long as that has taken. */
#define REST 9

static void connection_pump(struct varlink_connection *c);

static size_t output_waiting(const struct varlink_connection *c)
{
	return varlink_buffer_len(&c->out);
}

/* Unread bytes stay in the socket, so that the client's send() blocks. There is no other flow control. */
static bool connection_may_read(const struct varlink_connection *c)
{
	return !c->call && !output_waiting(c) && !c->eof && !c->doomed && !c->resting;
}

/* Only the server calls it directly, when it is freed; all others drop. */
void varlink_connection_free(struct varlink_connection *c)
{
	struct loop *l = c->server->config.loop;

	if (!c->doomed)
		varlink_connection_drop(c, NULL);
	loop_task_cancel(l, &c->later);
	if (c->call)
		c->server->cancel(c->call);
	list_remove(&c->node);
	varlink_parse_stop(&c->parser);
	varlink_buffer_free(&c->in);
	varlink_buffer_free(&c->out);
	if (c->fat && c->server->config.tidy)
		c->server->config.tidy(c->server->config.tidy_arg);
	x_free(c);
}

static void connection_free_later(void *arg)
{
	varlink_connection_free(arg);
}

void varlink_connection_drop(struct varlink_connection *c, const char *why)
{
	struct varlink_server *s = c->server;

	if (c->doomed)
		return;
	/* Clients must not be able to fill the log. */
	if (why)
		log_write(s->config.log, c->uid ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, MODULE,
			"iscsid closed the connection of a client of user %u: %s", (unsigned)c->uid, why);
	c->doomed = true;
	loop_timer_cancel(s->config.loop, &c->message);
	loop_timer_cancel(s->config.loop, &c->stall);
	loop_fd_del(s->config.loop, &c->io);
	close(c->io.fd);
	list_remove(&c->turn);
	list_remove(&c->node);
	list_append(&s->doomed, &c->node);
	s->count--;
	loop_defer(s->config.loop, &c->later, connection_free_later, c);
}

static void connection_message_late(void *arg)
{
	varlink_connection_drop(arg, "the client did not complete a message in time");
}

/* The kernel reports space only when three quarters of the socket buffer are free, so this tries to write first. */
static void connection_stalled(void *arg)
{
	struct varlink_connection *c = arg;
	size_t before = output_waiting(c);

	varlink_connection_flush(c);
	if (output_waiting(c) == before)
		varlink_connection_drop(c, "the client does not read its replies");
	else
		connection_pump(c);
}

/* A running timer is not restarted, since otherwise a client could send single bytes for ever. */
static void connection_set_timer(struct varlink_connection *c, struct loop_timer *t, bool on, unsigned ms, void (*fn)(void *))
{
	if (!on)
		loop_timer_cancel(c->server->config.loop, t);
	else if (!loop_timer_active(t))
		loop_timer_set(c->server->config.loop, t, ms, fn, c);
}

/* Sets timers and epoll for the current state. Called after every change. */
static void connection_update(struct varlink_connection *c)
{
	const struct varlink_limits *limits = &c->server->config.limits;
	uint32_t events = (connection_may_read(c) ? EPOLLIN : 0) | (output_waiting(c) ? EPOLLOUT : 0);

	if (!c->doomed && c->eof && !c->call && !output_waiting(c) && list_empty(&c->turn))
		varlink_connection_drop(c, NULL);
	if (c->doomed)
		return;
	connection_set_timer(c, &c->message, connection_may_read(c) && varlink_buffer_len(&c->in), limits->message_ms,
		connection_message_late);
	connection_set_timer(c, &c->stall, output_waiting(c), limits->stall_ms, connection_stalled);
	if (c->doomed || events == c->events)
		return;
	c->events = events;
	if (loop_fd_mod(c->server->config.loop, &c->io, events))
		varlink_connection_drop(c, "iscsid cannot wait for the client's next message");
}

void varlink_connection_flush(struct varlink_connection *c)
{
	while (!c->doomed && output_waiting(c)) {
		ssize_t n = send(c->io.fd, c->out.bytes + c->out.start, output_waiting(c), MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (errno != EAGAIN && errno != EWOULDBLOCK)
				varlink_connection_drop(c, NULL); /* the client has disconnected, which is normal */
			return;
		}
		varlink_buffer_consume(&c->out, (size_t)n);
		loop_timer_cancel(c->server->config.loop, &c->stall); /* the client reads: its time starts again */
	}
}

/* The limit applies to the bytes that were unsent before: one reply may exceed it, a queue may not. */
void varlink_connection_send(struct varlink_connection *c, struct json_object *message)
{
	const struct varlink_limits *limits = &c->server->config.limits;
	size_t max = c->uid ? limits->output_other : limits->output_root;
	int rc;

	if (!c->doomed) {
		rc = output_waiting(c) > max ? -ENOBUFS : varlink_append(&c->out, message, SIZE_MAX);
		if (rc == -ENOBUFS)
			varlink_connection_drop(c, "the client reads its replies too slowly");
		else if (rc)
			varlink_connection_drop(c, "there is no memory for a reply to the client");
		c->fat |= output_waiting(c) >= FAT;
		varlink_connection_flush(c);
		connection_update(c);
	}
	varlink_put(message);
}

/* The rest of the message is dropped, and the next one can be served: the stream is not damaged. */
static void connection_refuse(struct varlink_connection *c)
{
	struct json_object *message = json_object_new_object(), *parameters = json_object_new_object();
	char name[128], text[128];
	int error = 0;

	snprintf(name, sizeof(name), "%s.Error", c->server->config.interface);
	snprintf(text, sizeof(text),
		"the message contains more than %d JSON values, the most that is allowed: make several calls", VALUES_MAX);
	varlink_add_text(message, "error", name, &error);
	varlink_add_integer(parameters, "code", MISCSI_ERR_INVAL, &error);
	varlink_add_text(parameters, "name", "INVAL", &error);
	varlink_add_text(parameters, "text", text, &error);
	varlink_add(message, "parameters", parameters, &error);
	if (error)
		varlink_connection_drop(c, strerror(ENOMEM));
	varlink_connection_send(c, message);
}

/*
 * Serves the message at the head of the buffer, or parses a part of it: -EAGAIN. It is removed from the buffer first, because
 * the call may drop the connection with its buffer.
 */
static int connection_serve_next(struct varlink_connection *c, const char *message, size_t len)
{
	struct json_object *object = NULL;
	bool too_many = !c->parser.json.at && varlink_count(message, len) > VALUES_MAX;
	int rc = too_many ? -E2BIG : varlink_parse_part(&c->parser, message, len, &object);

	if (rc == -EAGAIN)
		return rc;
	c->fat |= len >= FAT;
	varlink_buffer_consume(&c->in, len + 1);
	if (too_many)
		connection_refuse(c);
	else if (!rc)
		rc = c->server->serve(c, object);
	varlink_put(object);
	if (rc && !too_many)
		varlink_connection_drop(
			c, rc == -EBADMSG ? "the client sent a message that is not a method call" : strerror(-rc));
	return 0;
}

/* -EAGAIN: no message is complete. A call in progress or an unsent reply comes first. */
static ssize_t connection_next(struct varlink_connection *c, const char **message)
{
	const struct varlink_limits *limits = &c->server->config.limits;
	ssize_t len;

	if (c->doomed || c->call || output_waiting(c))
		return -EAGAIN;
	len = varlink_next(&c->in, c->uid ? limits->message_other : limits->message_root, message);
	if (len == -EMSGSIZE)
		varlink_connection_drop(c, "the client sent a message that is too long");
	return len;
}

/* A complete message gets its turn; otherwise the next bytes are waited for. */
static void connection_pump(struct varlink_connection *c)
{
	struct varlink_server *s = c->server;
	const char *message;

	if (!list_empty(&c->turn))
		return;
	if (connection_next(c, &message) < 0) {
		connection_update(c);
		return;
	}
	loop_timer_cancel(s->config.loop, &c->message); /* the next message has its own time */
	list_append(&s->ready, &c->turn);
	loop_defer(s->config.loop, &s->serve_turn, varlink_connection_serve, s);
}

/* The entry of a user, or the one to be replaced by it. */
static struct varlink_share *share_find(struct varlink_server *s, uid_t uid)
{
	struct varlink_share *oldest = &s->shares[0];

	for (unsigned i = 0; i < SHARES_MAX; i++) {
		if (s->shares[i].uid == uid)
			return &s->shares[i];
		if (s->shares[i].free_at < oldest->free_at)
			oldest = &s->shares[i];
	}
	return oldest;
}

/* Microseconds until a call of that user may be served. */
static uint64_t share_wait(struct varlink_server *s, uid_t uid, uint64_t now)
{
	const struct varlink_share *share = share_find(s, uid);

	return uid && share->uid == uid && share->free_at > now ? share->free_at - now : 0;
}

static void share_charge(struct varlink_server *s, uid_t uid, uint64_t now, uint64_t took)
{
	struct varlink_share *share = share_find(s, uid);

	if (!uid)
		return;
	share->uid = uid;
	share->free_at = now + took * REST;
}

static void rest_over(void *arg)
{
	struct varlink_server *s = arg;
	struct varlink_connection *c;

	while ((c = list_first(&s->resting, struct varlink_connection, turn))) {
		list_remove(&c->turn);
		c->resting = false;
		list_append(&s->ready, &c->turn);
	}
	varlink_connection_serve(s);
}

/* Reads nothing more meanwhile. */
static void connection_rest(struct varlink_connection *c, uint64_t us)
{
	struct varlink_server *s = c->server;

	c->resting = true;
	list_append(&s->resting, &c->turn);
	connection_update(c);
	if (!loop_timer_active(&s->rest))
		loop_timer_set(s->config.loop, &s->rest, us / 1000 + 1, rest_over, s);
}

/* One call, or one part of a long message; then it stands at the end of the queue. */
static void connection_serve(struct varlink_connection *c)
{
	const char *message;
	ssize_t len = connection_next(c, &message);

	if (len >= 0 && connection_serve_next(c, message, (size_t)len) == -EAGAIN)
		list_append(&c->server->ready, &c->turn);
	else
		connection_pump(c);
}

void varlink_connection_serve(void *server)
{
	struct varlink_server *s = server;
	const struct loop *l = s->config.loop;
	uint64_t begun = loop_clock_us(l), now = begun, before;
	struct varlink_connection *c;
	unsigned n = 0;

	list_for_each (c, &s->ready, turn)
		n++;
	for (; n && now - begun < TURN_US && (c = list_first(&s->ready, struct varlink_connection, turn)); n--) {
		uid_t uid = c->uid;
		uint64_t wait = share_wait(s, uid, now);

		list_remove(&c->turn);
		if (wait) {
			connection_rest(c, wait);
			continue;
		}
		connection_serve(c); /* which may drop any connection */
		before = now;
		now = loop_clock_us(l);
		share_charge(s, uid, now, now - before);
	}
	if (!list_empty(&s->ready))
		loop_defer(s->config.loop, &s->serve_turn, varlink_connection_serve, s);
}

static void connection_pump_later(void *arg)
{
	connection_pump(arg);
}

/* Through the loop, because the caller may be the manager, which may be using its lists. */
void varlink_connection_resume(struct varlink_connection *c)
{
	if (!c->doomed)
		loop_defer(c->server->config.loop, &c->later, connection_pump_later, c);
}

/*
 * One read per event, since other clients wait too. The connection moves to the end of the list, whose head is dropped first when
 * there are too many.
 */
static void connection_read(struct varlink_connection *c)
{
	char chunk[CHUNK];
	ssize_t n = recv(c->io.fd, chunk, sizeof(chunk), MSG_DONTWAIT);

	if (n < 0) {
		if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
			varlink_connection_drop(c, NULL);
		return;
	}
	if (n == 0)
		c->eof = true;
	else if (varlink_buffer_add(&c->in, chunk, (size_t)n))
		varlink_connection_drop(c, strerror(ENOMEM));
	mem_wipe(chunk, (size_t)n);
	if (c->doomed)
		return;
	list_remove(&c->node);
	list_append(&c->server->connections, &c->node);
	connection_pump(c);
}

/* If the client has closed both directions, its call is useless; not so if it has closed only its sending side. */
static void connection_io(void *arg, uint32_t events)
{
	struct varlink_connection *c = arg;
	bool reading = connection_may_read(c);

	if (events & EPOLLOUT) {
		varlink_connection_flush(c);
		connection_pump(c);
	}
	if (!list_empty(&c->turn) && !c->resting)
		return; /* it is served soon; its client may have disconnected and left a call */
	if (reading && events & EPOLLIN)
		connection_read(c); /* also what a client sent before it disconnected */
	else if (events & (EPOLLHUP | EPOLLERR))
		varlink_connection_drop(c, NULL);
}

int varlink_connection_new(struct varlink_server *s, int fd, uid_t uid)
{
	struct varlink_connection *c = x_new(struct varlink_connection);
	int rc = c ? 0 : -ENOMEM;

	if (!rc)
		rc = loop_fd_add(s->config.loop, &c->io, fd, EPOLLIN, connection_io, c);
	if (rc) {
		x_free(c);
		close(fd);
		return rc;
	}
	c->server = s;
	c->uid = uid;
	c->events = EPOLLIN;
	list_append(&s->connections, &c->node);
	s->count++;
	return 0;
}
