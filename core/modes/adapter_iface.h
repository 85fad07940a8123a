/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of iface mode that works on adapters: it finds their interfaces, applies settings to them, and pings through them. */
#ifndef MODES_ADAPTER_IFACE_H
#define MODES_ADAPTER_IFACE_H

#include "modes/context.h"
#include "object/adapter.h"
#include "object/host.h"

/*
 * Adds an iface record to the database for each interface of an adapter that has none yet. A record that cannot be written is
 * only logged, because users who may not write may still list.
 */
int adapter_iface_setup(struct context *ctx, struct err *err);

/* The hosts that -H names, one of which may serve an iface: it is bound to the host, or unbound and of its transport. HOST_NOT_FOUND. */
int adapter_iface_hosts(struct context *ctx, const char *which, struct host_list *out, struct err *err);
bool adapter_iface_is_served(const struct host_list *hosts, const struct record *iface);

/* Applies the settings of one iface to its adapter. INVAL when the iface has no settings to apply; TRANS_CAPS; HOST_NOT_FOUND. */
int adapter_iface_apply(struct context *ctx, const struct record *iface, struct err *err);
/*
 * Applies the settings of all ifaces bound to the host, in one transaction if the transport supports that. *host_no: the number
 * of the host.
 */
int adapter_iface_apply_all(struct context *ctx, const char *which, uint32_t *host_no, struct err *err);

struct adapter_ping {
	const char *address; /* numeric */
	uint32_t size, count, interval_s;
	int interrupt; /* a descriptor: when it is readable, pinging stops at once; -1: none */
	/* Called after each ping; err->code is its result. OP_NOT_SUPP and ACCESS (refused before sending) end the pings. */
	void (*reply)(void *arg, uint32_t nth, const struct err *err);
	void *arg;
	uint32_t sent, received; /* results; pings that were refused before sending are not counted */
};
/* 0 when at least one reply came, otherwise the first failure (GENERIC: interrupted). INVAL: not an address. */
int adapter_iface_ping(struct context *ctx, const struct record *iface, struct adapter_ping *ping, struct err *err);

#endif
