/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GET_STATS, GET_CHAP, GET_HOST_STATS: answered by a multicast to group 1.
 *
 * When nobody is in the group, or every receive buffer there is full, the kernel tries again for ever inside the request, holding
 * the mutex of all iSCSI management; the process cannot even be killed. So this is the only way to such a request: a socket of
 * its own joins the group, is emptied, sends, and takes the answer among whatever events there are. It does not join: nothing is
 * sent.
 */
#include "config.h"
#include "base/mem.h"
#include "kernel/job_state.h"
#include <errno.h>
#include <string.h>

#define ANSWER_MAX 32768 /* 32 CHAP entries have 16840 */
#define ROOM (1024 * 1024)
#define MESSAGES_MAX 65536 /* what a socket of that room cannot hold: not ours any more */

/* The objects that the answer is about are those asked for; the count of entries is the kernel's to change.
 */
static bool same_objects(const struct requests_row *row, const struct iscsi_uevent *a, const struct iscsi_uevent *b)
{
	const uint8_t at[] = { row->sid, row->cid, row->host };

	for (size_t i = 0; i < sizeof(at); i++)
		if (at[i] && memcmp(a->u.bytes + at[i] - 1, b->u.bytes + at[i] - 1, 4))
			return false;
	return true;
}

static int keep_payload(struct job *job, unsigned i, const struct iscsi_uevent *ev, const uint8_t *payload, size_t len)
{
	struct job_request *req = &job->state->req[i];

	if (len) {
		req->data = x_zalloc(len);
		if (!req->data)
			return -ENOMEM;
		memcpy(req->data, payload, len);
	}
	req->data_len = len;
	req->answered = true;
	job_store(job, i, ev);
	return 0;
}

/* 1: not what we wait for. Every subscriber gets every answer, so another program's may come between: type and objects decide. */
static int multicast_take(struct job *job, unsigned i, const uint8_t *bytes, size_t len)
{
	const struct requests_row *row = job->state->req[i].row;
	struct iscsi_uevent asked, ev;
	struct nlmsghdr head;
	int type = uevent_open(bytes, len, &ev);

	if (type < 0)
		return 1;
	memcpy(&head, bytes, sizeof(head));
	job_load(job, i, &asked);
	if (type == row->number && ev.type == ISCSI_KEVENT_IF_ERROR) {
		job->state->req[i].answered = true;
		/* sic: EEXIST is how GET_STATS says that there is no such connection */
		if (ev.iferror == -EEXIST)
			return -ENOENT;
		return ev.iferror < 0 ? ev.iferror : -EIO;
	}
	if (type != 0 || ev.type != row->number || !same_objects(row, &asked, &ev))
		return 1;
	return keep_payload(job, i, &ev, bytes + ISCSI_MSG_HEAD, head.nlmsg_len - ISCSI_MSG_HEAD);
}

/*
 * Takes messages until take() has found ours (asked) or until there are none. Wiped after each message: an answer to GET_CHAP
 * holds passwords, ours or another program's.
 */
static int multicast_receive(struct job *job, unsigned i, const struct job_wire *wire, void *sock, uint8_t *buf, bool asked)
{
	size_t len;
	int n, rc;

	for (unsigned count = 0; count < MESSAGES_MAX; count++) {
		n = wire->ops->recv(sock, buf, ANSWER_MAX, &len, 1);
		if (n == -ENOBUFS)
			continue;
		if (n <= 0)
			return n == -EAGAIN || n == 0 ? -ENODATA : n;
		rc = asked ? multicast_take(job, i, buf, len) : 1;
		mem_wipe(buf, len < ANSWER_MAX ? len : ANSWER_MAX);
		if (rc != 1)
			return rc;
	}
	return -ENODATA;
}

/*
 * Emptying comes after joining and right before sending: with a full buffer as the only one in the group the kernel would never
 * come back.
 */
static int multicast_ask(struct job *job, unsigned i, const struct job_wire *wire, void *sock)
{
	const struct job_request *req = &job->state->req[i];
	uint8_t *buf = x_zalloc(ANSWER_MAX);
	int rc;

	if (!buf)
		return -ENOMEM;
	rc = wire->ops->join(sock, ISCSI_NL_GRP_ISCSID, ROOM);
	if (!rc) {
		rc = multicast_receive(job, i, wire, sock, buf, false);
		rc = rc == -ENODATA ? 0 : rc;
	}
	if (!rc)
		rc = wire->ops->send(sock, job->state->buf + req->at, req->len);
	if (!rc)
		rc = multicast_receive(job, i, wire, sock, buf, true);
	x_free(buf);
	return rc;
}

int multicast_run(struct job *job, unsigned i, const struct job_wire *wire)
{
	void *sock;
	int rc = wire->ops->open(wire->ops_arg, &sock);

	if (rc)
		return rc;
	rc = multicast_ask(job, i, wire, sock);
	wire->ops->close(sock);
	return rc;
}
