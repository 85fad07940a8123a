/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flash nodes, CHAP table and counters of an adapter, through its transport. Each call runs the loop until the transport has
 * answered: for programs that may block.
 *
 * Errors are the transport's, with its text. The caller owns the lists; they may contain secrets, which are wiped when freed.
 */
#ifndef OBJECT_ADAPTER_H
#define OBJECT_ADAPTER_H

#include "base/err.h"
#include "plugin/transport.h"
#include "record/settings.h"

/* A host and its transport. */
struct adapter {
	struct loop *loop;
	struct transport *transport;
	uint32_t host_no;
	const bool *stop; /* a call ends with -EINTR once this is true; NULL: never */
};

/* Prepares it for use: reads the handle of its kernel module. ACCESS: not root. */
int adapter_open(const struct adapter *a, struct err *err);

struct adapter_entry {
	uint32_t index;
	struct record *record;
};

struct adapter_entries {
	struct adapter_entry *at;
	size_t n, cap;
};
void adapter_entries_free(struct adapter_entries *l); /* usable as cleanup() */

/* By index. One flash node (index) or all (MISCSI_NONE). */
int adapter_flash_list(const struct adapter *a, uint32_t index, struct adapter_entries *out, struct err *err);
int adapter_flash_create(const struct adapter *a, const char *portal_type, uint32_t *index, struct err *err);
int adapter_flash_set(const struct adapter *a, uint32_t index, const struct settings *settings, struct err *err);
/* An op that takes one index: transport_flash_remove, _login, _logout, transport_chap_remove. */
typedef void adapter_index_fn(struct transport *t, struct transport_op *op, uint32_t index);
int adapter_index(const struct adapter *a, adapter_index_fn *fn, uint32_t index, struct err *err);
int adapter_flash_logout_sid(const struct adapter *a, uint32_t sid, struct err *err);

int adapter_chap_list(const struct adapter *a, struct adapter_entries *out, struct err *err);
/*
 * Stores the values that are set in the entry. *index MISCSI_NONE: uses a free index, and sets *index if the transport reports
 * it.
 */
int adapter_chap_set(const struct adapter *a, const struct record *entry, uint32_t *index, struct err *err);

/* Calls counter() for each counter, in the transport's order; texts are escaped. */
int adapter_host_stats(
	const struct adapter *a, void (*counter)(void *arg, const char *name, const char *value), void *arg, struct err *err);

/* The same for a session. *err is only filled if the plugin has filled it. */
int adapter_session_stats(const struct adapter *a, uint32_t sid, uint32_t cid,
	void (*counter)(void *arg, const char *name, const char *value), void *arg, struct err *err);

int adapter_host_set(const struct adapter *a, const struct settings *settings, struct err *err);
/* Applies the ifaces of the list in one transaction. */
int adapter_net_apply(const struct adapter *a, const struct record_list *ifaces, struct err *err);

/*
 * Sends one ping. started() receives the op, for passing the kernel's event 111 (which contains args->id) to
 * transport_ping_event().
 */
int adapter_ping(const struct adapter *a, const struct miscsi_ping_args *args,
	void (*started)(void *arg, struct transport_op *op), void *arg, struct err *err);

#endif
