/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ops of a plugin that brings none of its own, and the files that serve them: for any transport endpoints (endpoint.c), host
 * parameters (khost.c) and session statistics (kstats.c); for a transport with the trait the rest.
 */
#ifndef PLUGIN_DEFAULTS_H
#define PLUGIN_DEFAULTS_H

#include <miscsi/plugin.h>

struct plugin_ops;
extern const struct plugin_ops defaults_table;

/*
 * Sets the iface.* settings that are host parameters, one after another; empty ones are skipped. MISCSI_ERR_TRANS_CAPS: the
 * driver does not have one, or shows another value; the others are set, and the text names them.
 */
int khost_set(struct miscsi_op *op);
/* GET_STATS: one row of counters by RFC 4544's or the kernel's name. */
int kstats_session(struct miscsi_op *op);

/* MISCSI_TRAIT_KERNEL_NET, …_PING, …_STATS */
int knet_apply(struct miscsi_op *op);
int knet_ping(struct miscsi_op *op, const struct miscsi_ping_args *args);
void knet_ping_event(struct miscsi_op *op, uint32_t status);
int kstats_host(struct miscsi_op *op);
/* MISCSI_TRAIT_PATH: by the kernel's routes and neighbours, within 4 s (path.c). */
int path_find(struct miscsi_op *op, struct miscsi_path *path);
/* MISCSI_TRAIT_KERNEL_FLASH */
int kflash_list(struct miscsi_op *op);
int kflash_show(struct miscsi_op *op, uint32_t index);
int kflash_create(struct miscsi_op *op, const char *portal_type);
int kflash_set(struct miscsi_op *op, uint32_t index);
int kflash_remove(struct miscsi_op *op, uint32_t index);
int kflash_login(struct miscsi_op *op, uint32_t index);
int kflash_logout(struct miscsi_op *op, uint32_t index);
int kflash_logout_sid(struct miscsi_op *op);
/* MISCSI_TRAIT_KERNEL_CHAP */
int kchap_list(struct miscsi_op *op);
int kchap_set(struct miscsi_op *op, uint32_t index);
int kchap_remove(struct miscsi_op *op, uint32_t index);

#endif
