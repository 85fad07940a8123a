/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ops that the kernel serves for any transport (kdefaults.c), for the table of defaults. */
#ifndef PLUGIN_DEFAULTS_H
#define PLUGIN_DEFAULTS_H

#include <miscsi/plugin.h>

/* host.* as sysfs shows them below class/iscsi_host. */
int default_host_get(struct miscsi_op *op);
/* iface.* settings that are host parameters, by SET_HOST_PARAM, one after another; one that the driver does not know is passed over. */
int default_host_set(struct miscsi_op *op);
/* GET_STATS: one row of counters by RFC 4544's or the kernel's name. */
int default_session_stats(struct miscsi_op *op);
/* firmware/iscsi_bootN: a row per target, its attributes as they are. */
int default_boot_list(struct miscsi_op *op);

#endif
