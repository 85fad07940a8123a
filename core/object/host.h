/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SCSI hosts of iSCSI transports, and the network interfaces of those that are adapters, as sysfs shows them.
 *
 * Nothing is cached; the caller owns the lists. An attribute that the driver does not show is "".
 */
#ifndef OBJECT_HOST_H
#define OBJECT_HOST_H

#include "base/err.h"
#include "kernel/ktransport.h"
#include "kernel/sysfs.h"
#include "record/record.h"

struct host_info {
	uint32_t host_no;
	char transport[KTRANSPORT_NAME_MAX]; /* "": no known transport */
	char state[32]; /* of SCSI: "running" */
	char hwaddress[64], ipaddress[64], netdev[64], initiator[256];
	char port_state[32], port_speed[32];
};

struct host_list {
	struct host_info *at;
	size_t n;
};

/* Lists all hosts by number. An empty list is success. Call host_list_free() in any case. */
int host_list_read(const struct sysfs *s, const struct ktransport_map *map, struct host_list *out, struct err *err);
void host_list_free(struct host_list *l); /* usable as cleanup() */

/* Returns true if -H names this host: by number, or by hardware address in upper or lower case. */
bool host_is(const struct host_info *h, const char *number_or_address);

/*
 * One network interface of an adapter. The record contains the adapter's values, under the interface's name in the database:
 * "qla4xxx.00:11:22:33:44:55.ipv4.0"; an adapter without interfaces of its own has "cxgb4i.00:11:22:33:44:55.ipv4.0".
 */
struct host_port {
	char kernel_name[64]; /* "ipv4-iface-1-0"; "": the driver has no interfaces */
	bool v6;
	struct record *record;
};

struct host_ports {
	struct host_port *at;
	size_t n;
};

/* IPv4 first, by number; no interface is success. Values that are invalid for an iface are omitted. */
int host_ports_read(const struct sysfs *s, const struct host_info *h, struct host_ports *out, struct err *err);
/* For a host without interfaces: the host's own attributes, as one interface. */
int host_ports_of_host(const struct host_info *h, struct host_ports *out, struct err *err);
void host_ports_free(struct host_ports *p); /* usable as cleanup() */

#endif
