/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listens for what iSNS servers send by themselves, on one TCP port for all servers: it answers inquiries whether this initiator is
 * there, and reports that something has changed.
 *
 * Only servers that the owner knows are heard. It keeps some kilobytes for each connection, and a few connections.
 */
#ifndef DISCOVERY_ISNS_LISTENER_H
#define DISCOVERY_ISNS_LISTENER_H

#include "base/log.h"
#include "base/loop.h"
#include <stdint.h>
#include <sys/socket.h>

#define ISNS_LISTENER_CONNECTIONS 16 /* one more closes the one that was silent for longest */

struct isns_listener;

struct isns_listener_config {
	struct loop *loop;
	const struct log *log;
	bool (*known)(
		void *arg, const struct sockaddr_storage *from); /* whether the address is that of a server; the port is none */
	void (*changed)(void *arg, const struct sockaddr_storage *from); /* the server has sent a notification */
	void *arg;
	uint16_t port; /* to listen on if it is free; 0: any */
};

int isns_listener_new(const struct isns_listener_config *config, struct isns_listener **out); /* -errno */
void isns_listener_free(struct isns_listener *l); /* NULL is allowed */
uint16_t isns_listener_port(const struct isns_listener *l);
/* Compares addresses without ports; an IPv4 address is equal to its IPv6 form. */
bool isns_listener_same(const struct sockaddr_storage *a, const struct sockaddr_storage *b);

#endif
