/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dialling a portal: the addresses of its name, the transport's driver, then one connect after another, to a socket or an endpoint.
 *
 * Embedded by its owner, zeroed but for the first members. One step is under way at a time; done() ends it, from the loop.
 */
#ifndef LINK_DIAL_H
#define LINK_DIAL_H

#include "base/loop.h"
#include "base/resolve.h"
#include "plugin/transport.h"

struct engine;
struct record;

#define DIAL_TIMEOUT_S 60 /* where the record sets no limit */

struct dial {
	const struct engine *engine;
	struct transport *transport;
	void (*done)(struct dial *d, const struct err *err); /* err NULL: the step succeeded */
	void (*settings)(struct dial *d, struct transport_op *op); /* gives an op the settings that it is about */
	struct transport_op op; /* of the step; between two steps the owner may use it */
	const char *host; /* private from here */
	uint16_t port;
	struct resolve *resolving;
	struct resolved *addresses;
	unsigned next;
};

/* The kernel's driver: not needed, needed, or to be looked for again because it may have been loaded anew. */
enum dial_driver { DIAL_NO_DRIVER, DIAL_DRIVER, DIAL_DRIVER_ANEW };

/* Opens the driver and looks the host up (its text stays until the end). 1: both are known already; 0: done() follows; -errno. */
int dial_look_up(struct dial *d, const char *host, uint16_t port, enum dial_driver driver, struct err *err);
/*
 * Connects to the next address, after the last one to the first. iface: a record with an interface's settings, or NULL. After
 * done() the binding in op is the owner's to disconnect.
 */
void dial_connect(struct dial *d, const struct record *iface, int64_t seconds);
/* Has every address been tried since dial_rewind()? */
bool dial_at_end(const struct dial *d);
void dial_rewind(struct dial *d);
/* The address connected to last; NULL: none. */
const struct sockaddr_storage *dial_address(const struct dial *d);
/* Limits a step to that time, or to DIAL_TIMEOUT_S. Without memory the step has no limit, which is logged. */
void dial_arm(const struct engine *e, struct loop_timer *t, int64_t seconds, void (*late)(void *arg), void *arg);
void dial_cancel(struct dial *d); /* done() is not called */
void dial_forget(struct dial *d); /* the addresses */

#endif
