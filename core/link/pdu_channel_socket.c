/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PDU channel over a socket of ours. No digests: a discovery session has none (RFC 7143 13.1 makes them irrelevant there).
 *
 * Memory is bounded by the reader's limit and one PDU to be sent; what the target sends is read a buffer at a time, so that a
 * flood leaves the loop its turns.
 */
#include "base/mem.h"
#include "proto/login.h"
#include "link/pdu_channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES 16384

struct socket_channel {
	struct pdu_channel head;
	struct loop *loop;
	int fd;
	struct loop_fd watch;
	struct pdu_reader reader;
	uint8_t *out; /* the PDU that is being sent, from out_at on; NULL: none */
	size_t out_at, out_len;
	struct loop_task failed; /* a failure that is known inside a call is told from the loop */
	struct err err;
	int result;
	bool *gone; /* set while a callback runs: freed meanwhile */
};

static struct socket_channel *socket_channel_of(struct pdu_channel *c)
{
	return container_of(c, struct socket_channel, head);
}

/* Nothing is carried any more; the callback may free us. */
static void socket_channel_lost(struct socket_channel *s, int result)
{
	struct err err = s->err;

	loop_fd_del(s->loop, &s->watch);
	s->head.events.lost(s->head.events.arg, result, &err);
}

static void socket_channel_failed(void *arg)
{
	struct socket_channel *s = arg;

	socket_channel_lost(s, s->result);
}

static int socket_channel_broke(struct socket_channel *s, int error)
{
	return err_sys(&s->err, MISCSI_ERR_TRANS, error, "the connection to the portal failed");
}

static void socket_channel_sent(struct socket_channel *s)
{
	x_free(s->out);
	s->out = NULL;
	s->out_at = s->out_len = 0;
}

/* 0: all is written, or the rest waits for the socket. */
static int socket_channel_write(struct socket_channel *s)
{
	ssize_t n;

	while (s->out_at < s->out_len) {
		n = send(s->fd, s->out + s->out_at, s->out_len - s->out_at, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return loop_fd_mod(s->loop, &s->watch, EPOLLIN | EPOLLOUT);
		if (n < 0)
			return socket_channel_broke(s, errno);
		s->out_at += (size_t)n;
	}
	socket_channel_sent(s);
	return loop_fd_mod(s->loop, &s->watch, EPOLLIN);
}

/* Hands on every PDU in the bytes that came. False: we were freed, or failed. */
static bool socket_channel_cut(struct socket_channel *s, const uint8_t *in, size_t len)
{
	struct iscsi_pdu pdu;
	size_t at = 0, used;
	bool gone = false;
	int rc;

	while (at < len) {
		rc = pdu_reader_feed(&s->reader, in + at, len - at, &used, &pdu, &s->err);
		if (rc < 0) {
			socket_channel_lost(s, rc);
			return false;
		}
		at += used;
		if (rc == 0)
			continue;
		s->gone = &gone;
		s->head.events.pdu(s->head.events.arg, &pdu);
		if (gone)
			return false;
		s->gone = NULL;
	}
	return true;
}

/* The buffer is the loop's and not each channel's: when a storage network is back, a thousand sessions check their units at once. */
static void socket_channel_read(struct socket_channel *s)
{
	uint8_t in[READ_BYTES];
	ssize_t n = recv(s->fd, in, sizeof(in), 0);

	if (n > 0) {
		socket_channel_cut(s, in, (size_t)n);
		return;
	}
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0)
		socket_channel_lost(s, socket_channel_broke(s, errno));
	else
		socket_channel_lost(s,
			err_set(&s->err, MISCSI_ERR_TRANS, "the target closed the connection%s (its log may have the reason)",
				pdu_reader_pending(&s->reader) ? " in the middle of a PDU" : ""));
}

static void socket_channel_ready(void *arg, uint32_t events)
{
	struct socket_channel *s = arg;
	int rc = 0;

	if ((events & EPOLLOUT) && s->out)
		rc = socket_channel_write(s);
	if (rc < 0)
		socket_channel_lost(s, rc);
	else if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		socket_channel_read(s);
}

static int socket_channel_send(struct pdu_channel *c, const struct iscsi_pdu *pdu)
{
	struct socket_channel *s = socket_channel_of(c);
	struct iovec iov[3];
	int n, rc;

	if (s->out || s->failed.queued)
		return -EBUSY;
	n = pdu_iov(pdu, iov);
	for (int i = 0; i < n; i++)
		s->out_len += iov[i].iov_len;
	s->out = x_zalloc(s->out_len);
	if (!s->out) {
		s->out_len = 0;
		return -ENOMEM;
	}
	for (int i = 0; i < n; i++) {
		memcpy(s->out + s->out_at, iov[i].iov_base, iov[i].iov_len);
		s->out_at += iov[i].iov_len;
	}
	s->out_at = 0;
	rc = socket_channel_write(s);
	if (rc < 0) {
		s->result = rc;
		loop_defer(s->loop, &s->failed, socket_channel_failed, s);
	}
	return 0;
}

static int socket_channel_full_feature(struct pdu_channel *c, const struct login_result *login)
{
	socket_channel_of(c)->reader.max_data = login->params.max_recv_data_segment_length;
	return 0;
}

static void socket_channel_free(struct pdu_channel *c)
{
	struct socket_channel *s = socket_channel_of(c);

	if (s->gone)
		*s->gone = true;
	loop_task_cancel(s->loop, &s->failed);
	loop_fd_del(s->loop, &s->watch);
	close(s->fd);
	socket_channel_sent(s);
	pdu_reader_free(&s->reader);
	x_free(s);
}

static const struct pdu_channel_ops socket_channel_ops = {
	.own_itt = false,
	.send = socket_channel_send,
	.full_feature = socket_channel_full_feature,
	.free = socket_channel_free,
};

int pdu_channel_socket_new(struct loop *loop, int fd, const struct pdu_channel_events *events, struct pdu_channel **out)
{
	struct socket_channel *s = x_new(struct socket_channel);
	int rc = s ? loop_fd_add(loop, &s->watch, fd, EPOLLIN, socket_channel_ready, s) : -ENOMEM;

	if (rc < 0) {
		x_free(s);
		close(fd);
		return rc;
	}
	s->head.ops = &socket_channel_ops;
	s->head.events = *events;
	s->loop = loop;
	s->fd = fd;
	pdu_reader_init(&s->reader, ISCSI_LOGIN_DATA_MAX);
	*out = &s->head;
	return 0;
}
