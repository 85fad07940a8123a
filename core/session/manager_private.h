/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The manager from inside: requests (manager.c), the kernel's events (manager_events.c), take-over after a restart (adopt.c). */
#ifndef SESSION_MANAGER_PRIVATE_H
#define SESSION_MANAGER_PRIVATE_H

#include "kernel/events.h"
#include "link/paths.h"
#include "session/session.h"

struct manager {
	struct manager_config config;
	struct list sessions; /* owned */
	struct list watches; /* of others */
	struct list requests; /* of others, whose result was not told yet */
	struct paths paths; /* path requests under way */
	uint64_t last_id; /* of a session */
	struct loop_timer look_again; /* some time after events were lost */
	/* adopt.c: sessions whose plugin was missing, and how many transports were served when they were last tried */
	uint32_t *left;
	size_t n_left;
	int served;
	struct loop_timer left_timer;
	bool ending;
};

extern const struct kernel_event_ops manager_events; /* arg: the manager */

/* manager_events.c: whose connect a path request is about; always true. */
bool manager_path_about(void *arg, struct transport *t, const struct iscsi_path *asked, struct transport_op *op);

/* NULL: none of ours. */
struct session *manager_find(const struct manager *m, uint32_t sid);

/* Takes over a session of the kernel that is none of ours yet. 1: done; 0: it is an adapter's own; -errno: SYSFS_LOOKUP there is none. */
int manager_adopt_one(struct manager *m, uint32_t sid, struct err *err);
/* Takes over those that were left alone and whose plugin has come since. Cheap when none has. */
void manager_adopt_left(struct manager *m);

#endif
