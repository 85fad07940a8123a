/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Path requests (107): drivers that send frames themselves request the path to an address and wait for the answer. The manager
 * answers for the whole machine, or a discovery for its own connects if no daemon runs.
 */
#ifndef LINK_PATHS_H
#define LINK_PATHS_H

#include "base/list.h"
#include "kernel/iscsi_if.h"
#include <sys/socket.h>

#define PATHS_MAX 256 /* under way at the same time; further ones are refused at once */

struct engine;
struct transport;
struct transport_op;

struct paths_config {
	const struct engine *engine;
	/*
	 * Adds the settings of the request's connection to op; they are used only during the look-up. false: another program
	 * answers.
	 */
	bool (*about)(void *arg, struct transport *t, const struct iscsi_path *asked, struct transport_op *op);
	void *arg;
};

struct paths {
	struct paths_config config;
	struct list requests; /* under way */
};

void paths_init(struct paths *paths, const struct paths_config *config);
/* Answers each request with one PATH_UPDATE (MAC zero: no path). Requests of hosts that no plugin supports are ignored. */
void paths_ask(struct paths *paths, uint32_t host_no, const struct iscsi_path *path);
/* Returns true if the request is for the path to this address. */
bool paths_is_to(const struct iscsi_path *asked, const struct sockaddr_storage *sa);
/* Drops the requests under way; their drivers time out. */
void paths_drop(struct paths *paths);

#endif
