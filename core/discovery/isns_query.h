/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Discovery by an iSNS server: looks the server up, connects by TCP (every address of a name in turn), and runs proto/isns. It
 * makes no session and writes no record. It is not repeated after a failure.
 */
#ifndef DISCOVERY_ISNS_QUERY_H
#define DISCOVERY_ISNS_QUERY_H

#include "discovery/discovery.h"

#define ISNS_QUERY_CONNECT_S 15 /* of one address; the name's look-up as well */
#define ISNS_QUERY_IDLE_S 30 /* until the server sends its next bytes */
#define ISNS_QUERY_ANSWER_S 300 /* the whole exchange: a server that adds a byte now and then ends here */

/*
 * Of the configuration: engine, iface (its name of the initiator and, if its transport uses sockets, its source address), host,
 * port, initiator_name, found, message, arg. Runs the loop until the query ends. -errno: ISNS_QUERY, ISNS_REG_FAILED, INTERNAL,
 * NOMEM; TRANS_NOT_FOUND the plugin tcp is missing.
 */
int isns_query_run(const struct discovery_config *config, struct err *err);

#endif
