/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of an op (core.h of the ABI): begun by a trampoline, ended once, by its result or by being given up. Owned by transport.c;
 * its memory goes from the loop, never while a plugin's function may still be on the stack.
 */
#include "plugin/hosts.h"
#include "plugin/private.h"

#include <errno.h>
#include <string.h>

struct op_private *op_new(struct plugin *plugin, struct transport *t, struct transport_op *owner)
{
	struct op_private *p = x_new(struct op_private);

	if (!p)
		return NULL;
	p->pub.size = sizeof(p->pub);
	p->pub.host_no = owner ? owner->host_no : MISCSI_NONE;
	p->pub.sid = owner ? owner->sid : MISCSI_NONE;
	p->pub.cid = owner ? owner->cid : MISCSI_NONE;
	p->pub.transport = t ? t->match.transport : NULL;
	p->pub.core = &plugin->core;
	p->pub.state = plugin->self ? plugin->self->pub.state : NULL;
	p->plugin = plugin;
	p->transport = t;
	p->owner = owner;
	list_init(&p->timers);
	list_init(&p->watches);
	list_init(&p->requests);
	list_init(&p->memory);
	list_append(&plugin->ps->ops, &p->node);
	return p;
}

void op_self_for(struct plugin *plugin, struct transport *t)
{
	plugin->self->transport = t;
	plugin->self->pub.transport = t ? t->match.transport : NULL;
}

/*
 * So many ops that have ended stay as they are: a plugin that ends one again, from a callback of its library or a timer of its own,
 * has made a mistake, and it is told, instead of our writing into memory that is somebody else's by now.
 */
#define ENDED_KEPT 16

void op_forget_ended(struct plugins *ps, unsigned keep)
{
	while (ps->n_ended > keep) {
		struct op_private *oldest = list_first(&ps->ended, struct op_private, node);

		list_remove(&oldest->node);
		ps->n_ended--;
		x_free(oldest);
	}
}

/* What was asked for lies behind it. Not a member: its alignment would be asked of the list's head too. */
struct op_memory {
	struct list node;
};
_Static_assert(sizeof(struct op_memory) % _Alignof(max_align_t) == 0, "what lies behind is aligned for anything");

/* op_alloc() of the ABI. */
static void *memory_new(struct op_private *p, size_t size)
{
	struct op_memory *m = size < SIZE_MAX / 2 ? x_zalloc(sizeof(*m) + size) : NULL;

	if (!m)
		return NULL;
	list_append(&p->memory, &m->node);
	return m + 1;
}

void *op_memory(struct miscsi_op *op, size_t size)
{
	return op_of(op)->ended ? NULL : memory_new(op_of(op), size);
}

void op_free(struct op_private *p)
{
	struct plugins *ps = op_plugins(p);
	struct loop *loop = ps->config.loop;
	struct op_memory *m;

	op_services_release(p);
	loop_task_cancel(loop, &p->release);
	loop_timer_cancel(loop, &p->deadline);
	/* Not list_for_each: its end is the list's head seen as an op_memory, which is aligned for less. */
	while ((m = list_first(&p->memory, struct op_memory, node))) {
		list_remove(&m->node);
		x_free(m);
	}
	list_remove(&p->node);
	p->owner = NULL;
	p->finished = p->ended = true;
	list_append(&ps->ended, &p->node);
	ps->n_ended++;
	op_forget_ended(ps, ENDED_KEPT);
}

static void release_later(void *arg)
{
	op_free(arg);
}

/* A connection that nobody takes. */
static void drop_binding(struct op_private *p)
{
	if (p->connecting && p->binding.kind != MISCSI_BINDING_NONE)
		transport_disconnect(p->transport, &p->binding);
}

static void complete(void *arg)
{
	struct transport_op *owner = arg;
	struct op_private *p = owner->private;

	owner->private = NULL;
	if (p) {
		if (owner->result == 0)
			owner->binding = p->binding;
		op_free(p);
	}
	owner->done(owner, owner->result);
}

struct op_private *op_begin_failed(struct transport *t, struct transport_op *owner, int r)
{
	struct plugins *ps = t->plugin->ps;

	if (r == 0)
		err_clear(&owner->err);
	memset(&owner->binding, 0, sizeof(owner->binding));
	owner->private = NULL;
	owner->loop = ps->config.loop;
	if (r == 0 && owner->host_no != MISCSI_NONE && !(t->match.traits & MISCSI_TRAIT_OWN_HOSTS))
		r = hosts_check(t, owner->host_no, &owner->err);
	if (r == 0) {
		owner->private = op_new(t->plugin, t, owner);
		if (!owner->private)
			r = err_nomem(&owner->err, "a call of the plugin");
	}
	if (r == 0)
		return owner->private;
	owner->result = r;
	loop_defer(ps->config.loop, &owner->task, complete, owner);
	return NULL;
}

struct op_private *op_begin(struct transport *t, struct transport_op *owner)
{
	return op_begin_failed(t, owner, 0);
}

/* For a plugin that fails without a word. */
static const struct {
	int errnum;
	enum miscsi_error code;
} error_of[] = {
	{ ENOSYS, MISCSI_ERR_OP_NOT_SUPP },
	{ EOPNOTSUPP, MISCSI_ERR_OP_NOT_SUPP },
	{ ENOMEM, MISCSI_ERR_NOMEM },
	{ EINVAL, MISCSI_ERR_INVAL },
	{ ENODEV, MISCSI_ERR_HOST_NOT_FOUND },
	{ EBUSY, MISCSI_ERR_BUSY },
	{ EAGAIN, MISCSI_ERR_AGAIN },
	{ EPERM, MISCSI_ERR_ACCESS },
	{ EACCES, MISCSI_ERR_ACCESS },
	{ ETIMEDOUT, MISCSI_ERR_TRANS_TIMEOUT },
};

static void explain(struct op_private *p, int errnum)
{
	enum miscsi_error code = p->connecting ? MISCSI_ERR_TRANS : MISCSI_ERR_INTERNAL;

	for (size_t i = 0; i < ARRAY_SIZE(error_of); i++) {
		if (error_of[i].errnum == errnum && (!p->connecting || errnum == ETIMEDOUT || errnum == ENOMEM))
			code = error_of[i].code;
	}
	err_sys(&p->owner->err, code, errnum, "transport %s", p->pub.transport);
}

void op_finish(struct op_private *p, int result)
{
	struct plugins *ps = op_plugins(p);

	if (p->finished || !p->owner)
		return;
	if (result > 0 || result == -EINPROGRESS)
		result = -EIO;
	p->finished = true;
	p->owner->result = result;
	if (result == 0)
		err_clear(&p->owner->err);
	else if (p->owner->err.code == MISCSI_ERR_OK)
		explain(p, -result);
	loop_timer_cancel(ps->config.loop, &p->deadline);
	op_services_release(p);
	loop_defer(ps->config.loop, &p->owner->task, complete, p->owner);
}

void op_returned(struct op_private *p, int result)
{
	if (result != -EINPROGRESS)
		op_finish(p, result);
}

void op_give_up(struct op_private *p)
{
	if (p->undo)
		p->undo(p);
	else if (p->own && p->plugin->abi.cancel)
		p->plugin->abi.cancel(&p->pub);
	op_services_release(p);
}

void transport_cancel(struct transport_op *owner)
{
	struct op_private *p = owner->private;

	if (owner->task.queued)
		loop_task_cancel(owner->loop, &owner->task);
	if (!p)
		return;
	loop_timer_cancel(owner->loop, &p->deadline);
	owner->private = NULL;
	p->owner = NULL;
	if (!p->finished)
		op_give_up(p);
	else if (owner->result == 0) /* of a failure the plugin has closed what it had, whatever it left in binding */
		drop_binding(p);
	p->finished = true; /* nothing new is taken until its memory goes */
	loop_defer(owner->loop, &p->release, release_later, p);
}

void op_set_error(struct op_private *p, enum miscsi_error code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (p->owner)
		err_vset(&p->owner->err, code, fmt, ap);
	va_end(ap);
}

void transport_op_init(struct transport_op *op, void (*done)(struct transport_op *op, int result), void *arg)
{
	memset(op, 0, sizeof(*op));
	op->done = done;
	op->arg = arg;
	op->host_no = op->sid = op->cid = MISCSI_NONE;
}
