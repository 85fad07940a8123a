/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Discovery by an iSNS server: looks the server up, connects by TCP (every address of a name in turn), and runs proto/isns. It
 * makes no session and writes no record. It is not repeated after a failure.
 */
#ifndef DISCOVERY_ISNS_QUERY_H
#define DISCOVERY_ISNS_QUERY_H

#include "discovery/discovery.h"
#include <stdbool.h>
#include <sys/socket.h>

#define ISNS_QUERY_CONNECT_S 15 /* of one address; the name's look-up as well */
#define ISNS_QUERY_IDLE_S 30 /* until the server sends its next bytes */
#define ISNS_QUERY_ANSWER_S 300 /* the whole exchange: a server that adds a byte now and then ends here */

struct isns_query;

/* Notifications of changes, to be registered before the query (isns_listener.h). It must remain valid until the query is freed. */
struct isns_query_notify {
	uint16_t port; /* on which this initiator listens; 0: it does not register */
	bool registered; /* set to true when the server has registered it */
	struct sockaddr_storage server; /* set to the server's address */
};

/*
 * Of the configuration: engine, iface (its name of the initiator and, if its transport uses sockets, its source address), host,
 * port, initiator_name, found, message, arg. notify may be NULL. The loop calls done once, never from within this call; the caller must then free the
 * query. err: MISCSI_ERR_OK; ISNS_QUERY, ISNS_REG_FAILED, INTERNAL, NOMEM; TRANS_NOT_FOUND the plugin tcp is missing. -errno: not started.
 */
int isns_query_start(const struct discovery_config *config, struct isns_query_notify *notify,
	void (*done)(void *arg, int result, const struct err *err), void *arg, struct isns_query **out, struct err *err);
/* Allowed at any time; done is not called afterwards. NULL is allowed. */
void isns_query_free(struct isns_query *q);

/* The same; runs the loop until the query ends. */
int isns_query_run(const struct discovery_config *config, struct err *err);

#endif
