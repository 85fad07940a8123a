/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which SCSI host of an adapter a connection goes through. For this folder alone. */
#ifndef PLUGIN_HOSTS_H
#define PLUGIN_HOSTS_H

#include "plugin/private.h"

/*
 * The host that a connect goes through, by the iface's hardware address or network device; if neither is set and the transport
 * needs a host, the only one it has. MISCSI_NONE: the route decides. MISCSI_ERR_HOST_NOT_FOUND.
 */
int hosts_find(const struct transport *t, const struct miscsi_connect_args *args, uint32_t *host_no, struct err *err);

#define TRANSPORT_HOSTS_MAX 128u
/* Fills in the numbers of all its hosts, and returns how many there are. -ENOMEM. */
int hosts_of(const struct transport *t, uint32_t hosts[TRANSPORT_HOSTS_MAX]);

/* 0 when the SCSI host is one of the transport's; else MISCSI_ERR_HOST_NOT_FOUND. */
int hosts_check(const struct transport *t, uint32_t host_no, struct err *err);

#endif
