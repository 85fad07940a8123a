/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What iface mode does with adapters: finds their interfaces, applies settings to them, and pings through them. */
#ifndef MODES_ADAPTER_IFACE_H
#define MODES_ADAPTER_IFACE_H

#include "modes/context.h"
#include "object/adapter.h"
#include "object/host.h"

/*
 * Makes an iface of each interface of each adapter that has none in the database yet. One that cannot be written is logged: looking
 * needs no right to write.
 */
int adapter_iface_setup(struct context *ctx, struct err *err);

/* Keeps those that the host serves: bound to it, or unbound and of its transport. HOST_NOT_FOUND. */
int adapter_iface_of_host(struct context *ctx, const char *which, struct record_list *ifaces, struct err *err);

/* Applies one iface's settings to its adapter. INVAL when it has none. TRANS_CAPS, HOST_NOT_FOUND. */
int adapter_iface_apply(struct context *ctx, const struct record *iface, struct err *err);
/* Those of all ifaces that are bound to the host, in one transaction where the transport can. *host_no: which it is. */
int adapter_iface_apply_all(struct context *ctx, const char *which, uint32_t *host_no, struct err *err);

struct adapter_ping {
	const char *address; /* a number */
	uint32_t size, count, interval_s;
	int interrupt; /* readable: no more are sent, and the one under way is not waited for; -1: none */
	/* After each; err->code tells. */
	void (*reply)(void *arg, uint32_t nth, const struct err *err);
	void *arg;
	uint32_t sent, received; /* filled; one that is refused unsent (OP_NOT_SUPP, ACCESS) is told, not counted, and the last */
};
/* 0 when there was any reply; else the first failure (GENERIC: interrupted). INVAL: not an address. */
int adapter_iface_ping(struct context *ctx, const struct record *iface, struct adapter_ping *ping, struct err *err);

#endif
