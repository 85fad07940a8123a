/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoding events. The kernel clears only the fields that it fills, so nothing else is read; lengths are checked against what
 * arrived, and a PDU's data length is the PDU's own, since the message's is rounded up.
 */
#include "config.h"
#include "kernel/events.h"
#include "base/mem.h"
#include "kernel/uevent.h"
#include <errno.h>
#include <string.h>

struct message {
	const struct iscsi_uevent *ev;
	const uint8_t *data; /* what follows the body */
	size_t len;
};

static int decode_pdu(const struct message *m, const struct kernel_event_ops *ops, void *arg)
{
	const uint8_t *bhs = m->data;
	size_t len;

	if (m->len < ISCSI_BHS_LEN)
		return -EBADMSG;
	len = (size_t)bhs[5] << 16 | (size_t)bhs[6] << 8 | bhs[7]; /* DataSegmentLength, RFC 7143 11.2.1.5 */
	if (len > m->len - ISCSI_BHS_LEN)
		return -EBADMSG;
	if (ops->pdu)
		ops->pdu(arg, m->ev->r.recv_req.sid, m->ev->r.recv_req.cid, bhs, bhs + ISCSI_BHS_LEN, len);
	return 0;
}

static int decode_host_event(const struct message *m, const struct kernel_event_ops *ops, void *arg)
{
	const union iscsi_uevent_r *r = &m->ev->r;

	if (r->host_event.data_size > m->len)
		return -EBADMSG;
	if (ops->host_event)
		ops->host_event(arg, r->host_event.host_no, r->host_event.code, m->data, r->host_event.data_size);
	return 0;
}

static int decode_ping(const struct message *m, const struct kernel_event_ops *ops, void *arg)
{
	const union iscsi_uevent_r *r = &m->ev->r;

	if (r->ping_comp.data_size > m->len)
		return -EBADMSG;
	if (ops->ping_done)
		ops->ping_done(arg, r->ping_comp.host_no, r->ping_comp.status, r->ping_comp.pid, m->data, r->ping_comp.data_size);
	return 0;
}

/* Group 2 only: without somebody there, bnx2i's and qedi's connects fail. */
static int decode_path_req(const struct message *m, const struct kernel_event_ops *ops, void *arg)
{
	struct iscsi_path path;

	if (m->len < sizeof(path))
		return -EBADMSG;
	memcpy(&path, m->data, sizeof(path));
	if (path.ip_addr_len != 4 && path.ip_addr_len != 16)
		return -EBADMSG;
	if (ops->path_req)
		ops->path_req(arg, m->ev->transport_handle, m->ev->r.req_path.host_no, &path);
	return 0;
}

#define REPORT(event, ...) \
	do { \
		if (ops->event) \
			ops->event(arg, __VA_ARGS__); \
	} while (0)

/* An event without a case is one of a newer kernel, and passed by. */
static int decode_event(const struct message *m, const struct kernel_event_ops *ops, void *arg)
{
	const union iscsi_uevent_r *r = &m->ev->r;

	switch (m->ev->type) {
	case ISCSI_KEVENT_RECV_PDU:
		return decode_pdu(m, ops, arg);
	case ISCSI_KEVENT_PATH_REQ:
		return decode_path_req(m, ops, arg);
	case ISCSI_KEVENT_HOST_EVENT:
		return decode_host_event(m, ops, arg);
	case ISCSI_KEVENT_PING_COMP:
		return decode_ping(m, ops, arg);
	case ISCSI_KEVENT_CONN_ERROR:
		REPORT(conn_error, r->connerror.sid, r->connerror.cid, r->connerror.error);
		break;
	case ISCSI_KEVENT_CONN_LOGIN_STATE:
		REPORT(login_state, r->conn_login.sid, r->conn_login.cid, r->conn_login.state);
		break;
	case ISCSI_KEVENT_CREATE_SESSION:
		REPORT(session_created, r->c_session_ret.sid, r->c_session_ret.host_no);
		break;
	case ISCSI_KEVENT_UNBIND_SESSION:
		REPORT(session_unbound, r->unbind_session.sid, r->unbind_session.host_no);
		break;
	case ISCSI_KEVENT_DESTROY_SESSION:
		REPORT(session_destroyed, r->d_session.sid, r->d_session.host_no);
		break;
	case ISCSI_KEVENT_IF_DOWN:
		REPORT(iface_down, r->req_path.host_no);
		break;
	}
	return 0;
}

/* A message with a type answers a request: it is not an event. */
static int decode_one(const uint8_t *bytes, const struct nlmsghdr *head, const struct iscsi_uevent *ev,
	const struct kernel_event_ops *ops, void *arg)
{
	const struct message m = { ev, bytes + ISCSI_MSG_HEAD, head->nlmsg_len - ISCSI_MSG_HEAD };

	return head->nlmsg_type ? 0 : decode_event(&m, ops, arg);
}

/* A message whose length cannot be true ends the datagram: where the next one begins is not known any more. */
int events_decode(const void *bytes, size_t len, const struct kernel_event_ops *ops, void *arg)
{
	const uint8_t *at = bytes;
	struct nlmsghdr head;
	struct iscsi_uevent ev;
	size_t step;
	int rc = 0;

	while (len && !rc) {
		if (uevent_open(at, len, &ev) < 0)
			return -EBADMSG;
		memcpy(&head, at, sizeof(head));
		rc = decode_one(at, &head, &ev, ops, arg);
		step = NLMSG_ALIGN((size_t)head.nlmsg_len);
		step = step > len ? len : step;
		at += step;
		len -= step;
	}
	return rc;
}

static const struct {
	uint32_t number;
	const char *text;
} conn_errors[] = {
#define CONN_ERROR(number, name, text) { number, text },
#include "kernel/conn_errors.def"
#undef CONN_ERROR
};

const char *events_conn_error_text(uint32_t error)
{
	for (size_t i = 0; i < ARRAY_SIZE(conn_errors); i++) {
		if (conn_errors[i].number == error)
			return conn_errors[i].text;
	}
	return "unknown error";
}
