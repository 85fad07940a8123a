/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A test's fixture for the server: a loop with a clock that only the test moves, and peers that are plain sockets whose uid the
 * test chooses. Include after cmocka's headers.
 */
#ifndef TESTS_IPC_PEER_H
#define TESTS_IPC_PEER_H

#include "base/loop.h"
#include "ipc/varlink_server.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct peers {
	struct loop *loop;
	uint64_t now;
	uid_t uid; /* of the next who connects */
	struct varlink_server *server;
};

/* The hook of the server's configuration has no argument. */
static struct peers *peers_current;

static inline uint64_t peers_clock(void *arg)
{
	return ((struct peers *)arg)->now;
}

static inline int peers_uid(int fd, uid_t *uid)
{
	(void)fd;
	*uid = peers_current->uid;
	return 0;
}

static inline void peers_start(struct peers *p)
{
	memset(p, 0, sizeof(*p));
	p->now = 1000;
	peers_current = p;
	assert_int_equal(loop_new(&p->loop), 0);
	loop_set_clock(p->loop, peers_clock, p);
}

/* Until there is nothing to do at this time. */
static inline void peers_run(struct peers *p)
{
	for (unsigned i = 0; i < 10000 && loop_step(p->loop, 0) > 0; i++)
		;
}

static inline void peers_later(struct peers *p, uint64_t ms)
{
	p->now += ms;
	peers_run(p);
}

/* A connected socket; -1 when the server refused it. */
static inline int peers_connect(struct peers *p, uid_t uid)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	p->uid = uid;
	if (!varlink_server_accept(p->server, pair[0]))
		return pair[1];
	close(pair[1]);
	return -1;
}

/* Sends text and the NUL that ends it. */
static inline void peer_say(struct peers *p, int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text) + 1, MSG_NOSIGNAL), strlen(text) + 1);
	peers_run(p);
}

/* What came, messages separated by newlines; ends with "EOF" when the server has closed. */
static inline const char *peer_hear(struct peers *p, int fd)
{
	static char text[1 << 16];
	size_t n = 0;
	ssize_t got = 0;

	peers_run(p);
	while (n < sizeof(text) - 8 && (got = recv(fd, text + n, sizeof(text) - 8 - n, 0)) > 0)
		n += (size_t)got;
	for (size_t i = 0; i < n; i++)
		text[i] = text[i] ? text[i] : '\n';
	if (!got || (got < 0 && errno == ECONNRESET))
		n += (size_t)sprintf(text + n, "EOF");
	text[n] = '\0';
	return text;
}

static inline const char *peer_ask(struct peers *p, int fd, const char *text)
{
	peer_say(p, fd, text);
	return peer_hear(p, fd);
}

static inline void peers_stop(struct peers *p)
{
	varlink_server_free(p->server);
	loop_free(p->loop);
}

#endif
