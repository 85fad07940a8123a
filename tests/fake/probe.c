/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engines of core/proto over a plain socket, for tests/fake/check.py: `probe PORT discovery|normal|chap|mutual` logs in, asks
 * for targets in a discovery session, and prints one line: "done N", "redirect PORTAL", "failed CODE TEXT", "closed" or
 * "timeout".
 */
#include "config.h"
#include "proto/login.h"
#include "proto/sendtargets.h"
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define IDLE_MS 700 /* without a byte from the target */

struct wire {
	int fd;
	struct pdu_reader reader;
	uint8_t buf[65536];
	size_t at, len;
};

static void finish(const char *line)
{
	puts(line);
	exit(0);
}

static void failed(const struct err *err)
{
	char line[ERR_TEXT_MAX + 64];

	snprintf(line, sizeof(line), "failed %d %s", err->code, err->text);
	finish(line);
}

static void wire_open(struct wire *w, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	w->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (w->fd < 0 || connect(w->fd, (struct sockaddr *)&to, sizeof(to)))
		finish("closed");
	pdu_reader_init(&w->reader, ISCSI_LOGIN_DATA_MAX);
}

static void wire_send(struct wire *w, const struct iscsi_pdu *pdu)
{
	struct iovec iov[3];
	int n = pdu_iov(pdu, iov);

	for (int i = 0; i < n; i++)
		if (send(w->fd, iov[i].iov_base, iov[i].iov_len, MSG_NOSIGNAL) != (ssize_t)iov[i].iov_len)
			finish("closed");
}

static void wire_receive(struct wire *w, struct iscsi_pdu *pdu)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };
	struct err err = ERR_INIT;
	size_t used;
	ssize_t n;
	int ret;

	for (;;) {
		if (w->at < w->len) {
			ret = pdu_reader_feed(&w->reader, w->buf + w->at, w->len - w->at, &used, pdu, &err);
			w->at += used;
			if (ret < 0)
				failed(&err);
			if (ret)
				return;
			continue;
		}
		if (poll(&p, 1, IDLE_MS) != 1)
			finish("timeout");
		n = recv(w->fd, w->buf, sizeof(w->buf), 0);
		if (n <= 0)
			finish("closed");
		w->at = 0;
		w->len = (size_t)n;
	}
}

static int found(void *arg, const char *name, const struct portal *portal)
{
	(void)arg;
	(void)name;
	(void)portal;
	return 0;
}

static void warning(void *arg, const char *text)
{
	(void)arg;
	fprintf(stderr, "%s\n", text);
}

static void log_in(struct wire *w, const char *mode, struct login_action *a)
{
	struct login_config c = {
		.initiator_name = "iqn.2026-01.org.miscsi.test:probe",
		.target_name = "iqn.2026-01.org.miscsi.test:t0",
		.discovery = !strcmp(mode, "discovery"),
		.isid = { 0x80, 0, 0, 1, 0, 0 },
		.itt = 1,
		.cmdsn = 1,
		.tpgt = 1,
		.auth = strcmp(mode, "chap") && strcmp(mode, "mutual") ? LOGIN_AUTH_NONE : LOGIN_AUTH_CHAP,
		.chap = { .name = "u", .secret = { (uint8_t *)(uintptr_t) "secret-of-u", 11 } },
	};
	char where[PORTAL_TEXT_MAX], line[PORTAL_TEXT_MAX + 16];
	struct err err = ERR_INIT;
	struct iscsi_pdu pdu;
	struct login *l;

	if (!strcmp(mode, "mutual"))
		c.chap.secret_in = (struct secret){ (uint8_t *)(uintptr_t) "secret-of-t", 11 };
	key_params_init(&c.proposal);
	c.proposal.max_recv_data_segment_length = 262144;
	if (login_new(&c, &l, &err))
		failed(&err);
	for (login_start(l, a); a->kind == LOGIN_SEND; login_feed(l, &pdu, a)) {
		wire_send(w, &a->pdu);
		wire_receive(w, &pdu);
	}
	login_free(l);
	if (a->kind == LOGIN_FAILED)
		failed(&a->err);
	if (a->kind == LOGIN_REDIRECT) {
		snprintf(line, sizeof(line), "redirect %s", portal_format(where, sizeof(where), &a->redirect.portal, true));
		finish(line);
	}
}

static unsigned discover(struct wire *w, const struct login_result *r)
{
	struct sendtargets_config c = {
		.itt = 2,
		.cmdsn = r->cmdsn,
		.exp_statsn = r->exp_statsn,
		.max_bytes = 4u << 20,
		.max_pdus = 2000,
		.found = found,
		.warning = warning,
	};
	struct sendtargets_action a;
	struct sendtargets *s;
	struct iscsi_pdu pdu;
	unsigned n;

	if (sendtargets_new(&c, &s))
		finish("no memory");
	w->reader.max_data = r->params.max_recv_data_segment_length;
	sendtargets_start(s, &a);
	while (a.kind == SENDTARGETS_SEND || a.kind == SENDTARGETS_WAIT) {
		if (a.kind == SENDTARGETS_SEND)
			wire_send(w, &a.pdu);
		wire_receive(w, &pdu);
		sendtargets_feed(s, &pdu, &a);
	}
	n = sendtargets_records(s);
	sendtargets_free(s);
	if (a.kind == SENDTARGETS_FAILED)
		failed(&a.err);
	return n;
}

int main(int argc, char **argv)
{
	static struct wire w;
	static struct login_action a;

	if (argc != 3) {
		fprintf(stderr, "usage: probe PORT discovery|normal|chap|mutual\n");
		return 2;
	}
	wire_open(&w, atoi(argv[1]));
	log_in(&w, argv[2], &a);
	printf("done %u\n", strcmp(argv[2], "discovery") ? 0 : discover(&w, &a.result));
	pdu_reader_free(&w.reader);
	close(w.fd);
	return 0;
}
