/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The channel for the PDUs of a connection without SCSI commands (discovery): a socket of this process, or the kernel.
 *
 * The interface is the same for both. One PDU is under way at a time in each direction, as in the login and text exchanges.
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

/* The loop calls these, never from within a call of the channel; each may free the channel. */
struct pdu_channel_events {
	void (*pdu)(void *arg, const struct iscsi_pdu *pdu); /* valid during the call */
	void (*lost)(void *arg, int result, const struct err *err); /* called once: the channel cannot carry PDUs any more */
	void (*logged_in)(void *arg); /* by firmware: the next PDU sent belongs to the full feature phase */
	void *arg;
};

struct pdu_channel;

struct pdu_channel_ops {
	bool own_itt; /* the channel writes the ITT itself: the response's ITT differs from the request's (kernel) */
	size_t data_max; /* bytes of a PDU's data, in both directions; 0: the channel has no limit */
	int (*send)(struct pdu_channel *c, const struct iscsi_pdu *pdu); /* copies; -EBUSY while a PDU is being sent */
	int (*full_feature)(
		struct pdu_channel *c, const struct login_result *login); /* passes the login's result, before the next PDU */
	void (*free)(struct pdu_channel *c); /* closes what the channel owns */
};

/* The first member of every channel's structure. */
struct pdu_channel {
	const struct pdu_channel_ops *ops;
	struct pdu_channel_events events;
};

/* Over a connected, non-blocking socket. Takes ownership of it, also after a failure. -errno. */
int pdu_channel_socket_new(struct loop *loop, int fd, const struct pdu_channel_events *events, struct pdu_channel **out);

#define PDU_CHANNEL_KERNEL_DATA_MAX 8192 /* size of the kernel's buffer for login and text of a connection */

/*
 * Over a session of the kernel on an endpoint. On success the channel owns the endpoint, and *binding is cleared. The engine's
 * kernel must be attached and exist until kernel_pending() is 0, since the session is destroyed after free() has returned.
 * -errno.
 *
 * login: used during the call, for an adapter whose firmware logs in; free() then logs out.
 */
int pdu_channel_kernel_new(const struct engine *engine, struct transport *t, struct miscsi_binding *binding,
	const struct login_config *login, const struct pdu_channel_events *events, struct pdu_channel **out);

#endif
