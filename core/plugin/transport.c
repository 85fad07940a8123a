/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transports and the trampolines to their ops. What is the same for every op (the host's check, cancelling, the result from the
 * loop) is op.c's; here each op is one line, but for those with arguments that must outlive the call.
 */
#include "plugin/transport.h"
#include "base/helper.h"
#include "kernel/kmod.h"
#include "kernel/ktransport.h"
#include "kernel/sysfs.h"
#include "plugin/hosts.h"
#include "plugin/defaults.h"
#include "plugin/fields.h"
#include "plugin/op.h"
#include "plugin/op_work.h"
#include "plugin/private.h"
#include "record/record.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

const char *transport_name(const struct transport *t)
{
	return t->match.transport;
}

const char *transport_proc_name(const struct transport *t)
{
	return proc_name_of(t);
}

uint64_t transport_traits(const struct transport *t)
{
	return t->match.traits;
}

uint64_t transport_handle(const struct transport *t)
{
	return t->handle;
}

/* login has no default: a plugin without it leaves the login to the core. */
bool transport_logs_in(const struct transport *t)
{
	return t->plugin->ops.login.start != NULL;
}

bool transport_logs_out(const struct transport *t)
{
	return t->plugin->ops.login.logout != NULL;
}

bool transport_is_of(const struct transport *t, const struct plugin *p)
{
	return t->plugin == p;
}

/* ---- ops without arguments that must stay ---- */

/* A default's op is not the plugin's, whose cancel must not get it. */
#define OWN(p, table, member) ((p)->own = (p)->plugin->ops.table.member != defaults_table.table.member)

/*
 * Whether the op may be called: it is the plugin's own, or the driver has the kernel's request by the traits of the transport (not
 * of the plugin: cxgbi serves two whose traits differ). Where a driver leaves ARP to user space, it leaves to it what else needs
 * packets of the adapter's.
 */
static bool op_is_served(struct op_private *p, uint64_t trait, enum miscsi_error error, const char *what)
{
	uint64_t traits = p->transport->match.traits;
	bool to_maker = trait & (MISCSI_TRAIT_KERNEL_NET | MISCSI_TRAIT_KERNEL_PING) && traits & MISCSI_TRAIT_PATH;

	if (p->own || !trait || traits & trait)
		return true;
	op_set_error(p, error, "transport %s does not support %s%s", p->pub.transport, what,
		to_maker ? ": its kernel driver leaves that to a daemon of the adapter's maker, which is not part of miscsi" :
			   "");
	op_finish(p, -err_errno(error));
	return false;
}

#define CALL(table, member, limit, trait, error, text, params, args) \
	void transport_##table##_##member params \
	{ \
		struct op_private *p = op_begin(t, op); \
		if (!p) \
			return; \
		OWN(p, table, member); \
		op_limit(p, #table "." #member, limit * 1000u); \
		if (op_is_served(p, trait, MISCSI_ERR_##error, text)) \
			op_returned(p, t->plugin->ops.table.member args); \
	}
#define OP(table, member, limit, trait, default_op, error, text) \
	CALL(table, member, limit, trait, error, text, (struct transport * t, struct transport_op * op), (&p->pub))
#define OP_ARG(table, member, limit, trait, default_op, error, text, type) \
	CALL(table, member, limit, trait, error, text, (struct transport * t, struct transport_op * op, type arg), (&p->pub, arg))
#include "plugin/ops.def"

#define LOGIN_LIMIT_MS 600000u /* the session's own limit, node.conn[0].timeo.login_timeout, ends nearly always before */

/* The check is for the core's own mistakes: only transport_logs_in() and transport_logs_out() may lead here. */
static void login_call(struct transport *t, struct transport_op *op, const char *name, int (*fn)(struct miscsi_op *op))
{
	struct op_private *p = op_begin(t, op);

	if (!p)
		return;
	if (!fn) {
		op_set_error(p, MISCSI_ERR_INTERNAL,
			"the plugin of transport %s has no function %s, which this login requires: report this to the plugin's "
			"maker",
			transport_name(t), name);
		op_finish(p, -EINVAL);
		return;
	}
	p->own = true;
	op_limit(p, name, LOGIN_LIMIT_MS);
	op_returned(p, fn(&p->pub));
}

void transport_login(struct transport *t, struct transport_op *op)
{
	login_call(t, op, "login.start", t->plugin->ops.login.start);
}

void transport_logout(struct transport *t, struct transport_op *op)
{
	login_call(t, op, "login.logout", t->plugin->ops.login.logout);
}

/* The event may come before the answer to START_CONN, or when the op has its result already (doc/KERNEL.md, rule 12). */
void transport_login_event(struct transport_op *op, uint32_t state)
{
	struct op_private *p = op->private;

	if (p && !p->finished && p->plugin->ops.login.event)
		p->plugin->ops.login.event(&p->pub, state);
}

void transport_ping_event(struct transport_op *op, uint32_t status)
{
	struct op_private *p = op->private;

	if (p && !p->finished)
		p->plugin->ops.ping.event(&p->pub, status);
}

/* Not about an op: it is passed in the plugin's own, which names the host for the length of the call. */
void transport_host_event(struct transport *t, uint32_t host_no, uint32_t code)
{
	struct miscsi_op *self = &t->plugin->self->pub;

	self->host_no = host_no;
	t->plugin->ops.host.event(self, code);
	self->host_no = MISCSI_NONE;
}

/* These two calls may not wait, so their op lives for the call alone. */
static int params_call(struct transport *t, struct transport_op *op, struct miscsi_params *params,
	int (*fn)(struct miscsi_op *op, struct miscsi_params *params))
{
	struct op_private *p;
	int rc;

	err_clear(&op->err);
	p = op_new(t->plugin, t, op);
	if (!p)
		return err_nomem(&op->err, "a call to the plugin");
	params->size = sizeof(*params);
	rc = fn(&p->pub, params);
	op_free(p);
	if (rc >= 0)
		return 0;
	if (op->err.code == MISCSI_ERR_OK)
		err_sys(&op->err, MISCSI_ERR_INVAL, -rc,
			"the plugin of transport %s refuses the login's parameters without naming one: check "
			"node.session.iscsi.* and node.conn[0].iscsi.* of the record",
			transport_name(t));
	return rc;
}

/* What the plugin lowers here is what the login offers. */
int transport_offer(struct transport *t, struct transport_op *op, struct miscsi_params *params)
{
	return params_call(t, op, params, t->plugin->ops.param.offer);
}

int transport_negotiated(struct transport *t, struct transport_op *op, struct miscsi_params *params)
{
	return params_call(t, op, params, t->plugin->ops.param.negotiated);
}

/* ---- connections ---- */

#define CONNECT_LIMIT_MS 300000u /* of a caller that has no limit of its own */
#define DISCONNECT_LIMIT_MS 60000u

/* args is copied: a default connects in several steps, long after the caller has returned. */
void transport_connect(struct transport *t, struct transport_op *op, const struct miscsi_connect_args *args)
{
	struct op_private *p;
	int rc = 0;

	if (op->host_no == MISCSI_NONE)
		rc = hosts_find(t, args, &op->host_no, &op->err);
	p = op_begin_failed(t, op, rc);
	if (!p)
		return;
	p->connecting = true;
	p->connect = *args;
	p->connect.size = sizeof(p->connect);
	p->binding.size = sizeof(p->binding);
	op_limit(p, "endpoint.connect", args->timeout_ms ? args->timeout_ms : CONNECT_LIMIT_MS);
	OWN(p, endpoint, connect);
	op_returned(p, t->plugin->ops.endpoint.connect(&p->pub, &p->connect, &p->binding));
}

/* No caller waits for a disconnect: it owns itself, and frees itself when it is done. */
struct disconnect {
	struct transport_op op;
	struct transport *transport;
	struct miscsi_binding binding;
};

static void disconnect_done(struct transport_op *op, int result)
{
	struct disconnect *d = container_of(op, struct disconnect, op);

	if (result < 0)
		log_warn(d->transport->plugin->ps->config.log, "plugin",
			"transport %s: cannot close the connection of the adapter with the endpoint %llu: %s",
			transport_name(d->transport), (unsigned long long)d->binding.value, op->err.text);
	x_free(d);
}

/* plugins_free() has cancelled the op; without this its memory would have no owner. */
void transport_forget_disconnect(struct transport_op *op)
{
	if (op->done == disconnect_done)
		x_free(container_of(op, struct disconnect, op));
}

/* A socket is closed at once. An endpoint takes a request, whose failure is only logged: the caller has forgotten it. */
void transport_disconnect(struct transport *t, struct miscsi_binding *b)
{
	struct miscsi_binding gone = *b;
	struct op_private *p;
	struct disconnect *d;

	memset(b, 0, sizeof(*b));
	if (gone.kind == MISCSI_BINDING_NONE)
		return;
	if (gone.kind == MISCSI_BINDING_SOCKET && t->plugin->ops.endpoint.disconnect == defaults_table.endpoint.disconnect) {
		close((int)gone.value);
		return;
	}
	d = x_new(struct disconnect);
	if (!d) {
		log_err(t->plugin->ps->config.log, "plugin",
			"transport %s: the connection of the adapter with the endpoint %llu stays open, because there is no "
			"memory to close it: free some memory, or raise the memory limit of the process",
			transport_name(t), (unsigned long long)gone.value);
		return;
	}
	transport_op_init(&d->op, disconnect_done, NULL);
	d->transport = t;
	d->binding = gone;
	p = op_begin(t, &d->op);
	if (!p)
		return;
	OWN(p, endpoint, disconnect);
	op_limit(p, "endpoint.disconnect", DISCONNECT_LIMIT_MS);
	op_returned(p, t->plugin->ops.endpoint.disconnect(&p->pub, &d->binding));
}

/* ---- the kernel's side of a transport ---- */

struct open_job {
	struct helper_job job;
	struct op_private *op;
	const struct sysfs *sysfs;
};

/* Read before each use and never kept: it changes whenever the module is loaded anew (doc/KERNEL.md, Messages). */
static int read_handle(struct transport *t, const struct sysfs *sysfs, struct err *err)
{
	uint64_t handle = 0;
	int rc = ktransport_handle(sysfs, transport_name(t), &handle, err);

	/* sessions of this transport go on with the old one where it just cannot be read */
	if (rc >= 0 || err->code == MISCSI_ERR_TRANS_NOT_FOUND)
		t->handle = rc < 0 ? 0 : handle;
	return rc;
}

/* In a helper. */
static int open_run(const void *request, size_t len, void *answer, size_t *answer_len)
{
	cleanup(sysfs_close) struct sysfs sysfs = SYSFS_CLOSED;
	struct err err = ERR_INIT;
	int rc = sysfs_open(&sysfs, NULL);

	(void)len;
	rc = rc < 0 ? err_sys(&err, MISCSI_ERR_SYSFS_LOOKUP, -rc, "cannot open /sys: check that sysfs is mounted there") :
		      kmod_load(&sysfs, request, &err);
	memcpy(answer, &err, sizeof(err));
	*answer_len = sizeof(err);
	return rc;
}

static void open_done(struct helper_job *j, int result, const void *answer, size_t len)
{
	struct open_job *o = container_of(j, struct open_job, job);
	struct op_private *p = o->op;

	p->undo = NULL;
	p->pub.data = NULL;
	if (result >= 0)
		result = read_handle(p->transport, o->sysfs, &p->owner->err);
	else if (len == sizeof(struct err))
		err_copy(&p->owner->err, answer);
	else
		err_sys(&p->owner->err, MISCSI_ERR_INTERNAL, -result,
			"cannot load the kernel driver of transport %s, because the helper process that loads it failed",
			transport_name(p->transport));
	op_finish(p, result);
	x_free(o);
}

/* Loading a module cannot be stopped: the helper goes on, and its result is dropped. */
static void open_undo(struct op_private *p)
{
	struct open_job *o = p->pub.data;

	helper_cancel(&o->job);
	x_free(o);
}

/* Loading blocks for as long as the module's initialisation does, and its file may lie on a lost disk. */
static int open_load(struct op_private *p, const char *module)
{
	struct plugins *ps = op_plugins(p);
	struct open_job *o = x_new(struct open_job);
	int rc;

	if (!o)
		return -ENOMEM;
	*o = (struct open_job){
		.job = { .run = open_run, .done = open_done, .key = helper_key(module) }, .op = p, .sysfs = ps->config.sysfs
	};
	rc = helper_submit(ps->config.helpers, &o->job, module, strlen(module) + 1);
	if (rc < 0) {
		x_free(o);
		return rc;
	}
	p->pub.data = o;
	p->undo = open_undo;
	return -EINPROGRESS;
}

/* The module is loaded only if the handle cannot be read: a driver that is built in, or loaded, needs no libkmod. */
void transport_open(struct transport *t, struct transport_op *op)
{
	struct plugins *ps = t->plugin->ps;
	struct op_private *p = op_begin(t, op);
	int rc;

	if (!p)
		return;
	if (!ps->config.sysfs) {
		op_set_error(p, MISCSI_ERR_TRANS_NOT_FOUND,
			"transport %s cannot be used, because this program has no access to /sys: check that sysfs is mounted "
			"there",
			transport_name(t));
		op_finish(p, -ENODEV);
		return;
	}
	rc = read_handle(t, ps->config.sysfs, &op->err);
	if (rc < 0 && op->err.code == MISCSI_ERR_TRANS_NOT_FOUND && t->match.module && ps->config.helpers) {
		err_clear(&op->err);
		rc = open_load(p, t->match.module);
	}
	op_returned(p, rc);
}

/* ---- an op given up by its owner ---- */

void transport_op_init(struct transport_op *op, void (*done)(struct transport_op *op, int result), void *arg)
{
	memset(op, 0, sizeof(*op));
	op->done = done;
	op->arg = arg;
	op->host_no = op->sid = op->cid = MISCSI_NONE;
}

/* The owner went away between the connect's end and done(): the connection would stay open. */
static void drop_unclaimed_binding(struct op_private *p)
{
	if (p->connecting && p->binding.kind != MISCSI_BINDING_NONE)
		transport_disconnect(p->transport, &p->binding);
}

static void op_free_later(void *arg)
{
	op_free(arg);
}

/*
 * The owner may free its op when this returns, so the op forgets it here. The op itself goes from the loop: this may be called
 * from within one of its callbacks.
 */
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
		drop_unclaimed_binding(p);
	p->finished = true; /* until its memory is freed, what the plugin still calls with it has no effect */
	loop_defer(owner->loop, &p->release, op_free_later, p);
}

/* A mistake in a file is found when the plugin is there to judge it: without a plugin, a record may hold any settings of it. */
void transport_check_settings(const struct transport *t, const struct record *r, const char *whose)
{
	const struct plugin *p = t->plugin;
	const struct log *log = p->ps->config.log;
	char key[PLUGIN_KEY_MAX + 1], name[PLUGIN_KEY_WORD_MAX + 1];
	const char *line, *value, *setting;
	struct err err = ERR_INIT;

	for (unsigned i = 0; (line = record_kept_line(r, i)); i++) {
		const struct field *f;

		if (!plugin_key_line(line, key, &value) || !plugin_key_split(key, name, &setting) || strcmp(name, p->name) != 0)
			continue;
		f = fields_find(p, key);
		if (!f && fields_refuse(p, key, &err))
			log_warn(log, "plugin", "%s: %s; the line has no effect", whose, err.text);
		else if (f && field_check(f, value, NULL, &err) < 0)
			log_warn(log, "plugin", "%s: %s; miscsi uses the default %s instead", whose, err.text,
				*f->def ? f->def : "(empty)");
	}
}
