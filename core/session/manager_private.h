/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the manager: requests (manager.c), the kernel's events (manager_events.c), adoption of sessions (adopt.c). */
#ifndef SESSION_MANAGER_PRIVATE_H
#define SESSION_MANAGER_PRIVATE_H

#include "kernel/events.h"
#include "link/paths.h"
#include "session/manager.h"
#include "session/session.h"

/* Adopts sessions of the kernel; adopt.c adds this to a manager. */
struct manager_adopter {
	/* 1: adopted; 0: an adapter made the session for itself; -errno: SYSFS_LOOKUP: no such session. */
	int (*one)(struct manager_adopter *a, uint32_t sid, struct err *err);
	/*
	 * Adopts skipped sessions whose plugin has been installed since, or that lacked memory; short_of_memory: only if there are
	 * such. Cheap if there are none.
	 */
	int (*left)(struct manager_adopter *a, bool short_of_memory);
	/* Keeps an Asynchronous Message to a session that adopt_sessions() has not come to yet. */
	void (*early)(struct manager_adopter *a, uint32_t sid, const uint8_t bhs[ISCSI_BHS_SIZE]);
	/* Ends sessions that a helper made before it died: nobody was told their sids. */
	void (*orphans)(struct manager_adopter *a, pid_t creator);
	void (*free)(struct manager_adopter *a);
};

struct manager {
	struct manager_config config;
	struct session_owner owner; /* of its sessions */
	struct list sessions; /* owned */
	struct list watches; /* owned by the callers */
	struct list looks; /* owned: checks before logouts */
	struct list requests; /* owned by the callers; the result was not reported yet */
	struct paths paths; /* path requests under way */
	uint64_t last_id; /* the last session's */
	struct loop_timer look_again; /* checks all sessions again some time after events were lost */
	struct manager_adopter *adopter; /* NULL: sessions are not adopted */
	bool naming; /* config.refresh was called */
	bool ending;
};

extern const struct kernel_event_ops manager_events; /* arg: the manager */

/* manager_events.c: what a plugin reports (report_listen()); arg: the manager. */
void manager_on_plugin(void *arg, const struct plugin *from, uint32_t event, uint32_t number);

/* manager_events.c: finds the connect that a path request is for; always returns true. */
bool manager_path_about(void *arg, struct transport *t, const struct iscsi_path *asked, struct transport_op *op);

/* Adds a session, in its first state, to the list. -ENOMEM. */
int manager_add(struct manager *m, const struct record *node, struct transport *t, struct session **out);
/* Sets the ISID of a session whose record names the initiator: unique among the sessions of its target (isid.h). */
void manager_choose_isid(struct manager *m, struct session *s);
/* NULL: the manager has no such session. */
struct session *manager_find(const struct manager *m, uint32_t sid);

#endif
