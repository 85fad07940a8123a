/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decodes events of the kernel: checks a datagram's bytes and calls a function for each event.
 *
 * Pointers are into the datagram and valid during the call only.
 */
#ifndef KERNEL_EVENTS_H
#define KERNEL_EVENTS_H

#include "kernel/iscsi_if.h"
#include <sys/types.h>

/* NULL members are not called. */
struct kernel_event_ops {
	/* A PDU for user space: Login, Text and Logout responses, asynchronous messages, NOP-In that answers
	 * a NOP-Out of user space. len is DataSegmentLength. */
	void (*pdu)(void *arg, uint32_t sid, uint32_t cid, const uint8_t bhs[ISCSI_BHS_LEN], const uint8_t *data, size_t len);
	/* error: enum iscsi_err. The kernel has begun its own clean-up: STOP_CONN RECOVER comes next. */
	void (*conn_error)(void *arg, uint32_t sid, uint32_t cid, uint32_t error);
	/* state: enum iscsi_conn_state. From transports whose firmware logs in. */
	void (*login_state)(void *arg, uint32_t sid, uint32_t cid, uint32_t state);
	/* For sessions of any process or of the driver. The event comes before the answer to the request. */
	void (*session_created)(void *arg, uint32_t sid, uint32_t host_no);
	void (*session_unbound)(void *arg, uint32_t sid, uint32_t host_no); /* its devices were removed */
	void (*session_destroyed)(void *arg, uint32_t sid, uint32_t host_no);
	/* code: enum iscsi_host_event_code. */
	void (*host_event)(void *arg, uint32_t host_no, uint32_t code, const uint8_t *data, size_t len);
	/* id: the ping's id. */
	void (*ping_done)(void *arg, uint32_t host_no, uint32_t status, uint32_t id, const uint8_t *data, size_t len);
	void (*path_req)(void *arg, uint64_t handle, uint32_t host_no, const struct iscsi_path *path); /* group 2 */
	void (*iface_down)(void *arg, uint32_t host_no); /* group 2 */
	/* Events were lost (the buffer was full): check every session in sysfs. Not decoded from a datagram. */
	void (*lost)(void *arg);
	/*
	 * The helper process that ran requests was killed with some of them under way: a session that it may have made, whose
	 * number nobody was told, is the one whose creator is this process. Not decoded from a datagram.
	 */
	void (*helper_died)(void *arg, pid_t creator);
};

/*
 * Decodes one datagram of a subscribed socket, which may hold several messages. Messages that are not events (answers, statistics
 * for others) and unknown numbers are ignored. -EBADMSG: a message is shorter than its type requires; those before it were
 * delivered, those after it are dropped.
 */
int events_decode(const void *bytes, size_t len, const struct kernel_event_ops *ops, void *arg);

/* "connection closed by the peer"; "unknown error" for a number that has no row in conn_errors.def. */
const char *events_conn_error_text(uint32_t error);

#endif
