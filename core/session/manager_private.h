/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The manager from inside: requests (manager.c), the kernel's events (manager_events.c), and what takes sessions over (adopt.c). */
#ifndef SESSION_MANAGER_PRIVATE_H
#define SESSION_MANAGER_PRIVATE_H

#include "kernel/events.h"
#include "link/paths.h"
#include "session/manager.h"
#include "session/session.h"

/* Takes over sessions of the kernel: what adopt.c adds to a manager. */
struct manager_adopter {
	/* 1: done; 0: it is an adapter's own; -errno: SYSFS_LOOKUP there is none. */
	int (*one)(struct manager_adopter *a, uint32_t sid, struct err *err);
	void (*left)(
		struct manager_adopter *a); /* those that were left alone and whose plugin has come since. Cheap when none has */
	void (*free)(struct manager_adopter *a);
};

struct manager {
	struct manager_config config;
	struct session_owner owner; /* of its sessions */
	struct list sessions; /* owned */
	struct list watches; /* of others */
	struct list requests; /* of others, whose result was not told yet */
	struct paths paths; /* path requests under way */
	uint64_t last_id; /* of a session */
	struct loop_timer look_again; /* some time after events were lost */
	struct manager_adopter *adopter; /* NULL: no session is taken over */
	bool ending;
};

extern const struct kernel_event_ops manager_events; /* arg: the manager */

/* manager_events.c: whose connect a path request is about; always true. */
bool manager_path_about(void *arg, struct transport *t, const struct iscsi_path *asked, struct transport_op *op);

/* A session on the list, in its first state. -ENOMEM. */
int manager_add(struct manager *m, const struct record *node, struct transport *t, struct session **out);
/* NULL: none of ours. */
struct session *manager_find(const struct manager *m, uint32_t sid);

#endif
