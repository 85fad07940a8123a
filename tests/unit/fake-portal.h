/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A discovery target inside a test's own loop, on 127.0.0.1: it logs anybody in, answers SendTargets, and misbehaves when told to. */
#ifndef TESTS_FAKE_PORTAL_H
#define TESTS_FAKE_PORTAL_H

#include "base/loop.h"
#include "proto/iscsi_proto.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct fake_portal {
	struct loop *loop;
	struct loop_fd listening, watch;
	int conn; /* -1: none */
	uint16_t port;
	uint8_t in[65536];
	size_t have;
	uint32_t statsn;
	/* what it does */
	const char *answer; /* of SendTargets: keys with a newline after each */
	unsigned parts; /* of the answer, each a PDU; 0: one */
	uint16_t status; /* of the login: class and detail; 0x0101 redirects to: */
	uint16_t redirect;
	unsigned fail_logins; /* so many with the status, then good ones */
	bool hang_up; /* closes each connection at once */
	bool mute_login, mute_answer, mute_logout;
	bool endless; /* the answer is continued for ever */
	bool cut_answer; /* closes in the midst of the answer's PDU */
	/* what it saw */
	unsigned connections, logins, questions, logouts;
	size_t at; /* of the answer */
};

static inline void fake_close(struct fake_portal *f)
{
	if (f->conn < 0)
		return;
	loop_fd_del(f->loop, &f->watch);
	close(f->conn);
	f->conn = -1;
	f->have = 0;
}

static inline void fake_put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* A response to the request: ITT, StatSN and the like, then len bytes of data. */
static inline void fake_send(struct fake_portal *f, uint8_t opcode, uint8_t flags, const uint8_t *request, const void *data,
	size_t len, uint8_t *response)
{
	uint8_t pdu[ISCSI_BHS_SIZE + 8192] = { 0 };
	size_t padded = (len + 3) & ~(size_t)3, all = ISCSI_BHS_SIZE + padded;

	if (response)
		memcpy(pdu, response, ISCSI_BHS_SIZE);
	pdu[0] = opcode;
	pdu[1] = flags;
	fake_put32(pdu + 4, (uint32_t)len);
	memcpy(pdu + 16, request + 16, 4);
	fake_put32(pdu + 24, f->statsn++);
	fake_put32(pdu + 28, 1);
	fake_put32(pdu + 32, 32);
	if (len)
		memcpy(pdu + ISCSI_BHS_SIZE, data, len);
	if (f->cut_answer && opcode == ISCSI_OP_TEXT_RSP)
		all -= 8;
	if (send(f->conn, pdu, all, MSG_NOSIGNAL) != (ssize_t)all || (f->cut_answer && opcode == ISCSI_OP_TEXT_RSP))
		fake_close(f);
}

static inline void fake_login(struct fake_portal *f, const uint8_t *request)
{
	uint8_t response[ISCSI_BHS_SIZE] = { 0 };
	char data[64] = "";
	size_t len = 0;
	bool bad = f->status && (f->status >> 8 == 1 || f->fail_logins == 0 || f->logins < f->fail_logins);

	f->logins++;
	if (f->mute_login)
		return;
	memcpy(response + 8, request + 8, 6); /* ISID */
	response[15] = 1; /* TSIH */
	if (bad) {
		response[36] = (uint8_t)(f->status >> 8);
		response[37] = (uint8_t)f->status;
	}
	if (bad && f->status >> 8 == 1)
		len = (size_t)snprintf(data, sizeof(data), "TargetAddress=127.0.0.1:%u,1", f->redirect) + 1;
	fake_send(f, ISCSI_OP_LOGIN_RSP, (uint8_t)(request[1] & 0x8f), request, data, len, response);
}

static inline void fake_answer(struct fake_portal *f, const uint8_t *request)
{
	uint8_t response[ISCSI_BHS_SIZE] = { 0 };
	char data[8192];
	size_t len = strlen(f->answer), n = f->parts ? len / f->parts + 1 : len;
	bool last;

	if (f->questions++ == 0 || f->at >= len)
		f->at = 0;
	if (f->mute_answer)
		return;
	if (n > len - f->at)
		n = len - f->at;
	for (size_t i = 0; i < n; i++)
		data[i] = f->answer[f->at + i] == '\n' ? '\0' : f->answer[f->at + i];
	f->at += n;
	last = f->at == len && !f->endless;
	fake_put32(response + 20, last ? ISCSI_TAG_RESERVED : 7);
	fake_send(f, ISCSI_OP_TEXT_RSP, last ? 0x80 : (f->endless ? 0 : 0x40), request, data, n, response);
}

static inline void fake_request(struct fake_portal *f, const uint8_t *request)
{
	switch (request[0] & 0x3f) {
	case ISCSI_OP_LOGIN:
		fake_login(f, request);
		break;
	case ISCSI_OP_TEXT:
		fake_answer(f, request);
		break;
	case ISCSI_OP_LOGOUT:
		f->logouts++;
		if (!f->mute_logout)
			fake_send(f, ISCSI_OP_LOGOUT_RSP, 0x80, request, NULL, 0, NULL);
		break;
	default:
		fake_close(f);
	}
}

static inline void fake_readable(void *arg, uint32_t events)
{
	struct fake_portal *f = arg;
	ssize_t n = recv(f->conn, f->in + f->have, sizeof(f->in) - f->have, 0);

	(void)events;
	if (n <= 0) {
		fake_close(f);
		return;
	}
	f->have += (size_t)n;
	while (f->conn >= 0 && f->have >= ISCSI_BHS_SIZE) {
		uint8_t request[ISCSI_BHS_SIZE];
		size_t len = (size_t)f->in[5] << 16 | (size_t)f->in[6] << 8 | f->in[7];
		size_t all = ISCSI_BHS_SIZE + ((len + 3) & ~(size_t)3);

		if (f->have < all)
			return;
		memcpy(request, f->in, sizeof(request));
		f->have -= all;
		memmove(f->in, f->in + all, f->have);
		fake_request(f, request);
	}
}

static inline void fake_accept(void *arg, uint32_t events)
{
	struct fake_portal *f = arg;

	(void)events;
	fake_close(f);
	f->conn = accept(f->listening.fd, NULL, NULL);
	f->connections++;
	f->questions = 0;
	f->at = 0;
	if (f->hang_up) {
		close(f->conn);
		f->conn = -1;
	} else {
		assert_int_equal(loop_fd_add(f->loop, &f->watch, f->conn, EPOLLIN, fake_readable, f), 0);
	}
}

static inline void fake_open(struct fake_portal *f, struct loop *loop)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memset(f, 0, sizeof(*f));
	f->loop = loop;
	f->conn = -1;
	f->answer = "";
	assert_int_equal(bind(fd, (const struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	f->port = ntohs(sa.sin_port);
	assert_int_equal(loop_fd_add(loop, &f->listening, fd, EPOLLIN, fake_accept, f), 0);
}

static inline void fake_end(struct fake_portal *f)
{
	int fd = f->listening.fd;

	fake_close(f);
	loop_fd_del(f->loop, &f->listening);
	close(fd);
}

#endif
