/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dialling a portal: looks up the addresses of its name, loads the transport's driver, then tries to connect a socket or an
 * endpoint to one address after another.
 *
 * The owner embeds the struct and zeroes all but the first members. One step is under way at a time; the loop calls done() when
 * it ends.
 */
#ifndef LINK_DIAL_H
#define LINK_DIAL_H

#include "base/loop.h"
#include "base/resolve.h"
#include "plugin/transport.h"

struct engine;
struct login_redirect;
struct record;

#define DIAL_TIMEOUT_S 60 /* if the record sets no limit */
#define DIAL_REDIRECTS_MAX 16 /* in a row */

struct dial {
	const struct engine *engine;
	struct transport *transport;
	void (*done)(struct dial *d, const struct err *err); /* err NULL: the step succeeded */
	void (*settings)(struct dial *d, struct transport_op *op); /* adds the settings that an op needs */
	struct transport_op op; /* of the step; the owner may use it between two steps */
	const char *host; /* private from here */
	uint16_t port;
	struct resolve *resolving; /* a look-up under way, which may outlast its step: of `asked` and `asked_port` */
	char *asked;
	uint16_t asked_port;
	bool waiting; /* the step needs its result */
	struct loop_timer patience;
	struct resolved *addresses; /* of this attempt */
	struct dial_known *known; /* results of look-ups */
	unsigned next;
};

/* The kernel's driver: not needed, needed, or to be looked up again because it may have been reloaded. */
enum dial_driver { DIAL_NO_DRIVER, DIAL_DRIVER, DIAL_DRIVER_ANEW };

/*
 * Opens the driver and looks up the host (whose text must remain valid). 1: both are known already; 0: done() follows; -errno. A
 * name that was looked up before is looked up again, but a tenth of a second later, or after a failure, its last addresses are used.
 */
int dial_look_up(struct dial *d, const char *host, uint16_t port, enum dial_driver driver, struct err *err);
/*
 * Connects to the next address; after the last one, to the first. iface: a record with an interface's settings, or NULL. After
 * done(), the owner must disconnect the binding in op.
 */
void dial_connect(struct dial *d, const struct record *iface, int64_t seconds);
void dial_repeat(struct dial *d); /* the next connect is to the address of the last one */
/* Returns true if every address was tried since dial_rewind(). */
bool dial_at_end(const struct dial *d);
void dial_rewind(struct dial *d);
/* Returns the address of the last connect, or NULL. */
const struct sockaddr_storage *dial_address(const struct dial *d);
/* Counts a redirect. LOGIN, -errno: there were too many. */
int dial_redirect(unsigned *count, const struct login_redirect *to, struct err *err);
/* Limits a step to that time, or to DIAL_TIMEOUT_S. */
void dial_arm(const struct engine *e, struct loop_timer *t, int64_t seconds, void (*late)(void *arg), void *arg);
void dial_cancel(struct dial *d); /* done() is not called; a look-up under way goes on for the next step */
/* The connection is up: only what the next one needs is kept: the last addresses of names, and which one was good. */
void dial_settle(struct dial *d);
/* The connection to host, made by an earlier process, has this numeric address ("": unknown); ignored if host is numeric, too. */
void dial_know(struct dial *d, const char *host, uint16_t port, const char *address);
void dial_forget(struct dial *d); /* frees everything, and cancels a look-up */

#endif
