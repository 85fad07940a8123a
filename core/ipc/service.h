/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's interface (org.miscsi.varlink) bound to the session manager.
 *
 * Reaches the manager only through a table of its functions, so that a test can be the manager.
 */
#ifndef IPC_SERVICE_H
#define IPC_SERVICE_H

#include "ipc/varlink_server.h"
#include "session/manager.h"

struct service;

struct service_ops { /* the rows of manager.h of the same names */
	void (*login)(struct manager *m, const struct record *node, struct manager_request *r);
	void (*logout)(struct manager *m, uint32_t sid, bool force, struct manager_request *r);
	void (*logout_id)(struct manager *m, uint64_t id, bool force, struct manager_request *r);
	void (*rescan)(struct manager *m, uint32_t sid, struct manager_request *r);
	void (*forget)(struct manager_request *r);
	int (*each)(struct manager *m, int (*fn)(void *arg, const struct manager_session *s), void *arg);
	unsigned (*count)(const struct manager *m);
	void (*watch)(struct manager *m, struct manager_watch *w);
	void (*unwatch)(struct manager_watch *w);
};

/* The real ones (service_ops.c, so that a test that brings its own does not link the manager). */
extern const struct service_ops service_ops_manager;

struct service_config { /* borrowed for the service's life */
	struct loop *loop;
	struct log *log; /* SetLogLevel changes its level; NULL: cannot be changed */
	const struct service_ops *ops;
	struct manager *manager;
	void (*stop)(void *arg); /* Stop was called; the reply is on its way: end the daemon soon, e.g. by
				    loop_quit() */
	void *arg;
	struct varlink_limits limits; /* zeroed: the defaults */
	int (*peer)(int fd, uid_t *uid); /* NULL: SO_PEERCRED. For tests. */
};

int service_new(const struct service_config *config, struct service **out); /* -errno */
/* Before the manager is freed. Calls under way are cancelled: their requests go on in the manager. */
void service_free(struct service *s);
/* The server: give it sockets (varlink_server_listen). */
struct varlink_server *service_server(struct service *s);

#endif
