/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Path requests (107): drivers that send by themselves ask which way, and wait for the answer. One object for who answers them:
 * the manager, for the whole machine; a discovery, for its own connects when no daemon is there.
 */
#ifndef LINK_PATHS_H
#define LINK_PATHS_H

#include "base/list.h"
#include "kernel/iscsi_if.h"
#include <sys/socket.h>

#define PATHS_MAX 256 /* under way at once; more are refused at once */

struct engine;
struct transport;
struct transport_op;

struct paths_config {
	const struct engine *engine;
	/* Gives op the settings that the request is about, which are used during the call that looks; false: another answers it. */
	bool (*about)(void *arg, struct transport *t, const struct iscsi_path *asked, struct transport_op *op);
	void *arg;
};

struct paths {
	struct paths_config config;
	struct list requests; /* under way */
};

void paths_init(struct paths *paths, const struct paths_config *config);
/* Always answered, once, by a PATH_UPDATE whose MAC is zero when there is no path. One of a host that no plugin serves is left alone. */
void paths_ask(struct paths *paths, uint32_t host_no, const struct iscsi_path *path);
/* Is it the way to this address that is asked for? */
bool paths_is_to(const struct iscsi_path *asked, const struct sockaddr_storage *sa);
/* The end: those under way are dropped; their drivers time out. */
void paths_drop(struct paths *paths);

#endif
