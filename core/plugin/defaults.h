/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ops of a plugin without ops of its own: ops.def names them, and the trait that each requires. */
#ifndef PLUGIN_DEFAULTS_H
#define PLUGIN_DEFAULTS_H

#include <miscsi/plugin.h>

struct plugin_ops;
extern const struct plugin_ops defaults_table;

#define OP(table, member, limit, trait, default_op, ...) int default_op(struct miscsi_op *op);
#define OP_ARG(table, member, limit, trait, default_op, error, text, type) int default_op(struct miscsi_op *op, type arg);
#include "plugin/ops.def"
#undef OP
#undef OP_ARG
void knet_ping_event(struct miscsi_op *op, uint32_t status);

#endif
