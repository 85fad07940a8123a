/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's interface (org.miscsi.varlink), implemented by the session manager.
 *
 * The service calls the manager only through a table of functions, so that tests can replace it.
 */
#ifndef IPC_SERVICE_H
#define IPC_SERVICE_H

#include "ipc/varlink_server.h"
#include "session/manager.h"

struct service;

struct service_ops { /* the functions of manager.h of the same names */
	void (*login)(struct manager *m, const struct record *node, struct manager_request *r);
	void (*logout)(struct manager *m, uint32_t sid, bool force, struct manager_request *r);
	void (*logout_id)(struct manager *m, uint64_t id, bool force, struct manager_request *r);
	void (*logout_unused)(struct manager *m, uint32_t sid, uint64_t id, struct manager_request *r);
	void (*rescan)(struct manager *m, uint32_t sid, struct manager_request *r);
	void (*forget)(struct manager_request *r);
	int (*each)(struct manager *m, int (*fn)(void *arg, const struct manager_session *s), void *arg);
	unsigned (*count)(const struct manager *m);
	void (*watch)(struct manager *m, struct manager_watch *w);
	void (*unwatch)(struct manager_watch *w);
};

/* Those of the manager. In a file of its own, so that a test with other ones does not link the manager. */

/* A discovery that the daemon repeats. Texts are valid during the call only. */
struct service_discovery {
	const char *type, *address, *state, *error; /* error NULL: the last one did not fail */
	uint16_t port;
	unsigned portals;
	int64_t next_ms; /* until the next one; -1: none is planned */
};

struct service_config { /* borrowed for the service's life */
	struct loop *loop;
	struct log *log; /* SetLogLevel changes its level; NULL: SetLogLevel fails */
	const struct service_ops *ops;
	struct manager *manager;
	void (*stop)(void *arg); /* Stop was called and its reply is queued: stop the daemon soon, e.g. by loop_quit() */
	void (*read_discoveries)(void *arg); /* ReadDiscoveries was called. Like the next one, NULL where there are none. */
	int (*discoveries)(
		void *arg, int (*fn)(void *arg, const struct service_discovery *d), void *fn_arg); /* calls fn for each */
	void (*tidy)(void *arg); /* soon is a good time to return memory to the kernel. NULL is allowed. */
	void *arg;
	struct varlink_limits limits; /* zeroed: the defaults */
	int (*peer)(int fd, uid_t *uid); /* NULL: peer_uid(). For tests. */
};

int service_new(const struct service_config *config, struct service **out); /* -errno */
/* Call it before manager_free(). It cancels the calls in progress; the manager continues with their requests. */
void service_free(struct service *s);
/* The server, for varlink_server_listen(). */
struct varlink_server *service_server(struct service *s);

#endif
