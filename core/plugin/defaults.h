/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ops that the kernel serves for any transport (kdefaults.c), and those that it serves for drivers that have them (kflash.c, kchap.c,
 * kiface.c): called for transports with the trait that says so. For the table of defaults.
 */
#ifndef PLUGIN_DEFAULTS_H
#define PLUGIN_DEFAULTS_H

#include <miscsi/plugin.h>

/*
 * iface.* settings that are host parameters, by SET_HOST_PARAM, one after another; empty ones are passed over. TRANS_CAPS: the driver does
 * not know one, or shows another value; the others are set, and named.
 */
int default_host_set(struct miscsi_op *op);
/* GET_STATS: one row of counters by RFC 4544's or the kernel's name. */
int default_session_stats(struct miscsi_op *op);

/* MISCSI_TRAIT_KERNEL_NET, …_PING, …_STATS */
int default_net_apply(struct miscsi_op *op);
int default_ping_send(struct miscsi_op *op, const struct miscsi_ping_args *args);
void default_ping_event(struct miscsi_op *op, uint32_t status);
int default_host_stats(struct miscsi_op *op);
/* MISCSI_TRAIT_PATH: by the kernel's routes and neighbours, within 4 s (path.c). */
int kernel_path(struct miscsi_op *op, struct miscsi_path *path);
/* MISCSI_TRAIT_KERNEL_FLASH */
int default_flash_list(struct miscsi_op *op);
int default_flash_show(struct miscsi_op *op, uint32_t index);
int default_flash_create(struct miscsi_op *op, const char *portal_type);
int default_flash_set(struct miscsi_op *op, uint32_t index);
int default_flash_remove(struct miscsi_op *op, uint32_t index);
int default_flash_login(struct miscsi_op *op, uint32_t index);
int default_flash_logout(struct miscsi_op *op, uint32_t index);
int default_flash_logout_sid(struct miscsi_op *op);
/* MISCSI_TRAIT_KERNEL_CHAP */
int default_chap_list(struct miscsi_op *op);
int default_chap_set(struct miscsi_op *op, uint32_t index);
int default_chap_remove(struct miscsi_op *op, uint32_t index);

#endif
