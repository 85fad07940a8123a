/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of an op, for the files that call a plugin or serve an op in its place. For this folder alone. */
#ifndef PLUGIN_OP_H
#define PLUGIN_OP_H

#include "plugin/private.h"

struct op_private *op_new(struct plugin *plugin, struct transport *t, struct transport_op *owner); /* NULL: no memory */
/* Releases the op's resources. The structure itself stays a while, for a plugin that still calls with it. */
void op_free(struct op_private *p);
void op_forget_ended(struct plugins *ps, unsigned keep); /* frees the structures of ended ops but the last `keep` */
/* Begins a call. NULL: it has failed, and done() will report it from the loop. */
struct op_private *op_begin(struct transport *t, struct transport_op *owner);
/* The same where something before it may have failed: rc is its result, owner->err its text. */
struct op_private *op_begin_failed(struct transport *t, struct transport_op *owner, int rc);
/* Before the call: an op that continues longer than ms is cancelled. name: "flash.list", for the error. */
void op_limit(struct op_private *p, const char *name, uint32_t ms);
void op_returned(struct op_private *p, int result); /* with the result of the plugin's function */
void op_finish(struct op_private *p, int result); /* the result is known; done() comes from the loop */
void op_give_up(struct op_private *p); /* calls the plugin's cancel, or the default's undo */
void op_set_error(struct op_private *p, enum miscsi_error code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

void op_services_init(struct plugin *plugin); /* fills plugin->core, which the plugin gets */
void op_services_release(struct op_private *p); /* timers, watches and requests of an op that has ended */

/* The driver that requests of the plugin's own op go to, for as long as one is made; NULL: none. */
static inline void op_self_for(struct plugin *plugin, struct transport *t)
{
	plugin->self->transport = t;
	plugin->self->pub.transport = t ? t->match.transport : NULL;
}

#endif
