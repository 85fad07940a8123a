/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The channel for the PDUs of a connection that has no SCSI commands (discovery): a socket of ours, or the kernel.
 *
 * Its user does not know which. One PDU is under way at a time in each direction, as in the login and text exchanges.
 */
#ifndef LINK_PDU_CHANNEL_H
#define LINK_PDU_CHANNEL_H

#include "base/err.h"
#include "base/loop.h"
#include "proto/pdu.h"
#include <miscsi/plugin.h>

struct engine;
struct login_config;
struct login_result;
struct transport;

/* Called from the loop, never from within a call of the channel; each may free the channel. */
struct pdu_channel_events {
	void (*pdu)(void *arg, const struct iscsi_pdu *pdu); /* valid during the call */
	void (*lost)(void *arg, int result, const struct err *err); /* once: nothing can be carried any more */
	void (*logged_in)(void *arg); /* by firmware: what is sent next is of the full feature phase */
	void *arg;
};

struct pdu_channel;

struct pdu_channel_ops {
	bool own_itt; /* the channel writes the ITT itself: answers carry another than the request (kernel) */
	size_t data_max; /* a PDU's data, in both directions; 0: no limit of the channel's */
	int (*send)(struct pdu_channel *c, const struct iscsi_pdu *pdu); /* copies; -EBUSY while one is on its way */
	int (*full_feature)(
		struct pdu_channel *c, const struct login_result *login); /* the login ended so; before the next PDU is sent */
	void (*free)(struct pdu_channel *c); /* closes what the channel owns */
};

/* The head of every channel's own structure. */
struct pdu_channel {
	const struct pdu_channel_ops *ops;
	struct pdu_channel_events events;
};

/* Over a connected, non-blocking socket, which it owns from now on, also when this fails. -errno. */
int pdu_channel_socket_new(struct loop *loop, int fd, const struct pdu_channel_events *events, struct pdu_channel **out);

#define PDU_CHANNEL_KERNEL_DATA_MAX 8192 /* the one buffer of a kernel's connection for login and text */

/*
 * Over a session of the kernel on an endpoint. On success the endpoint is the channel's and *binding is none. The engine's kernel
 * must be attached, and must live until kernel_pending() is 0: what was made is undone after free() returned. -errno.
 *
 * login: what an adapter that logs in by itself is told, during the call; free() is then the logout.
 */
int pdu_channel_kernel_new(const struct engine *engine, struct transport *t, struct miscsi_binding *binding,
	const struct login_config *login, const struct pdu_channel_events *events, struct pdu_channel **out);

#endif
