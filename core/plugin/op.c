/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An op (core.h of the ABI): its life, and struct miscsi_core, the services that a plugin may call for it. It begins in a
 * trampoline of transport.c and ends once, by its result or because its owner gives it up; timers, watches and requests end with
 * it, whatever the plugin does. Its memory is freed from the loop, never while a plugin's function may still be on the stack.
 *
 * A plugin's text may repeat what came from a wire: it is escaped here, once, before it gets anywhere.
 */
#include "plugin/op.h"
#include "config.h"
#include "kernel/sysfs.h"
#include "plugin/fields.h"
#include "plugin/hosts.h"
#include "plugin/known.h"
#include "plugin/private.h"
#include "plugin/report.h"
#include "plugin/request.h"
#include "plugin/state_dir.h"
#include "plugin/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 1024u

/* A timer or a watch, which the op owns. *slot is the plugin's pointer to it: NULL again when it is gone. */
struct service {
	struct list node; /* op_private.services */
	struct op_private *op;
	void *arg;
	struct loop_timer timer;
	miscsi_timer_fn timer_fn;
	struct miscsi_timer **timer_slot; /* NULL: it is a watch */
	struct loop_fd fd;
	miscsi_watch_fn watch_fn;
	struct miscsi_watch **watch_slot; /* NULL: it is a timer */
};

/* Linked into plugins.ops from the start, so that plugins_free() finds it whatever becomes of it. */
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
	list_init(&p->services);
	list_init(&p->requests);
	list_init(&p->works);
	list_init(&p->memory);
	list_append(&plugin->ps->ops, &p->node);
	return p;
}

/*
 * So many ops that have ended stay as they are: a plugin that ends one again, from a callback of its library or a timer of its
 * own, has made a mistake, which is logged; without this the core would write into memory that somebody else owns by now.
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

/* The plugin's memory lies behind it. It is not a member, whose alignment the list's head would then need too. */
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

static void *core_op_alloc(struct miscsi_op *op, size_t size)
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

/* The owner may free itself in done(), so it is not touched after it. */
static void op_complete(void *arg)
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

/*
 * A host that belongs to another driver is refused before the plugin is called: the kernel would not notice, and the driver would
 * work on memory that is not its own (doc/TRAPS.md, trap 6).
 */
struct op_private *op_begin_failed(struct transport *t, struct transport_op *owner, int rc)
{
	struct plugins *ps = t->plugin->ps;

	if (rc == 0)
		err_clear(&owner->err);
	memset(&owner->binding, 0, sizeof(owner->binding));
	owner->private = NULL;
	owner->loop = ps->config.loop;
	if (rc == 0 && owner->host_no != MISCSI_NONE && !(t->match.traits & MISCSI_TRAIT_OWN_HOSTS))
		rc = hosts_check(t, owner->host_no, &owner->err);
	if (rc == 0) {
		owner->private = op_new(t->plugin, t, owner);
		if (!owner->private)
			rc = err_nomem(&owner->err, "a call to the transport's plugin");
	}
	if (rc == 0)
		return owner->private;
	owner->result = rc;
	loop_defer(ps->config.loop, &owner->task, op_complete, owner);
	return NULL;
}

struct op_private *op_begin(struct transport *t, struct transport_op *owner)
{
	return op_begin_failed(t, owner, 0);
}

/* For a plugin that fails without set_error(). */
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

/*
 * A connect that fails is a matter of the portal, whatever the errno: but a time-out and a lack of memory have numbers of their
 * own.
 */
static void explain_errno(struct op_private *p, int errnum)
{
	enum miscsi_error code = p->connecting ? MISCSI_ERR_TRANS : MISCSI_ERR_INTERNAL;

	for (size_t i = 0; i < ARRAY_SIZE(error_of); i++) {
		if (error_of[i].errnum == errnum && (!p->connecting || errnum == ETIMEDOUT || errnum == ENOMEM))
			code = error_of[i].code;
	}
	err_sys(&p->owner->err, code, errnum, "transport %s", p->pub.transport);
}

/* A connect that fails so will fail again: the address is of a kind that the transport or the iface cannot connect to. */
static bool is_permanent(int errnum)
{
	return errnum == EINVAL || errnum == EAFNOSUPPORT || errnum == EPROTONOSUPPORT || errnum == ESOCKTNOSUPPORT;
}

enum mistake { MISTAKE_DONE, MISTAKE_KEY, MISTAKE_LENGTH, MISTAKE_ARGUMENT, MISTAKE_BINDING };

/* A plugin's mistake, logged once for each kind: some would repeat it for every row. Returns what the call returns. */
static int mistake(struct op_private *p, enum mistake kind, const char *text)
{
	static const int results[] = { [MISTAKE_DONE] = -EINVAL,
		[MISTAKE_KEY] = -EINVAL,
		[MISTAKE_LENGTH] = -E2BIG,
		[MISTAKE_ARGUMENT] = -EINVAL,
		[MISTAKE_BINDING] = -EPROTO };

	if (!(p->plugin->mistakes & 1u << kind))
		log_warn(op_plugins(p)->config.log, p->plugin->name,
			"plugin %s made a mistake in %s: %s; please report this fault to the plugin's maker", p->plugin->name,
			p->name ? p->name : "a call of its own", text);
	p->plugin->mistakes |= 1u << kind;
	return results[kind];
}

/*
 * A socket is used as a descriptor, and an endpoint given to the kernel. What a plugin for another kind of session returns (ops.h) is
 * neither, and must not be closed or disconnected either.
 */
static int check_binding(struct op_private *p)
{
	const struct miscsi_binding *b = &p->binding;
	bool socket = p->transport->match.traits & MISCSI_TRAIT_SOCKET;

	if (b->kind == (socket ? MISCSI_BINDING_SOCKET : MISCSI_BINDING_ENDPOINT) &&
		(!socket || (b->value <= INT_MAX && fcntl((int)b->value, F_GETFD) >= 0)))
		return 0;
	mistake(p, MISTAKE_BINDING,
		socket ? "connect() returned something that is not an open socket" :
			 "connect() returned something that is not an endpoint of the kernel");
	p->binding.kind = MISCSI_BINDING_NONE;
	op_set_error(p, MISCSI_ERR_INTERNAL,
		"plugin %s returned no usable connection, which is a fault of the plugin: update it, or report this to its maker",
		p->plugin->name);
	return -EPROTO;
}

/*
 * The first result counts. The owner learns it from the loop, since this may run inside the call that began the op, or inside a
 * plugin's callback. EINPROGRESS as a result is a plugin's mistake: it is replaced, for the op would never end.
 */
void op_finish(struct op_private *p, int result)
{
	struct plugins *ps = op_plugins(p);

	if (p->finished || !p->owner)
		return;
	if (result > 0 || result == -EINPROGRESS)
		result = -EIO;
	if (result == 0 && p->connecting)
		result = check_binding(p);
	p->finished = true;
	p->owner->result = result;
	if (result == 0)
		err_clear(&p->owner->err);
	else if (p->owner->err.code == MISCSI_ERR_OK)
		explain_errno(p, -result);
	if (p->connecting && p->owner->err.code == MISCSI_ERR_TRANS && is_permanent(-result))
		p->owner->err.code = MISCSI_ERR_INVAL; /* err_retry(): never */
	loop_timer_cancel(ps->config.loop, &p->deadline);
	op_services_release(p);
	loop_defer(ps->config.loop, &p->owner->task, op_complete, p->owner);
}

void op_limit(struct op_private *p, const char *name, uint32_t ms)
{
	p->name = name;
	p->limit_ms = ms;
}

/* Like a cancel, but the owner is still there and gets an error. */
static void op_expired(void *arg)
{
	struct op_private *p = arg;

	op_give_up(p);
	if (p->connecting)
		op_set_error(p, MISCSI_ERR_TRANS_TIMEOUT, "%s", strerror(ETIMEDOUT));
	else
		op_set_error(p, MISCSI_ERR_TRANS_TIMEOUT,
			"transport %s: the call %s of plugin %s did not end within %u s (the kernel's log may have the reason)",
			p->pub.transport, p->name, p->plugin->name, p->limit_ms / 1000);
	op_finish(p, -ETIMEDOUT);
}

/* An op that never ends would keep a command, or a session's logout, waiting for ever. */
void op_returned(struct op_private *p, int result)
{
	if (result != -EINPROGRESS)
		op_finish(p, result);
	else if (!p->finished && p->limit_ms)
		loop_timer_set(op_plugins(p)->config.loop, &p->deadline, p->limit_ms, op_expired, p);
}

/* Either undoes what the op has begun: a default that works in the plugin's place knows it, not the plugin. */
void op_give_up(struct op_private *p)
{
	if (p->undo)
		p->undo(p);
	else if (p->own && p->plugin->abi.cancel)
		p->plugin->abi.cancel(&p->pub);
	op_services_release(p);
}

void op_set_error(struct op_private *p, enum miscsi_error code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (p->owner || p->plugin->starting)
		err_vset(p->owner ? &p->owner->err : p->plugin->starting, code, fmt, ap);
	va_end(ap);
}

/* ---- what a plugin may call ---- */

static void core_log(struct miscsi_op *op, uint32_t level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int core_set_error(struct miscsi_op *op, uint32_t error, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void core_log(struct miscsi_op *op, uint32_t level, const char *fmt, ...)
{
	struct op_private *p = op_of(op);
	char text[TEXT_MAX], escaped[TEXT_MAX * 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt ? fmt : "(no text)", ap);
	va_end(ap);
	log_write(op_plugins(p)->config.log, level > MISCSI_LOG_DEBUG ? LOG_LEVEL_DEBUG : (enum log_level)level, p->plugin->name,
		"%s", str_escape(escaped, sizeof(escaped), text, strlen(text)));
}

/* A number that is not a row of errors.def (0 too) becomes INTERNAL: an op that fails always has an error. */
static int core_set_error(struct miscsi_op *op, uint32_t error, const char *fmt, ...)
{
	struct op_private *p = op_of(op);
	char text[TEXT_MAX], escaped[ERR_TEXT_MAX];
	enum miscsi_error code = error == 0 || !err_name(error) ? MISCSI_ERR_INTERNAL : (enum miscsi_error)error;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt ? fmt : "(no text)", ap);
	va_end(ap);
	op_set_error(p, code, "%s", str_escape(escaped, sizeof(escaped), text, strlen(text)));
	return -err_errno(code);
}

/* The structure of an ended op is kept for a while (ENDED_KEPT), so that a second op_done() is seen and not written into. */
static void core_op_done(struct miscsi_op *op, int result)
{
	struct op_private *p = op_of(op);

	if (p->finished)
		mistake(p, MISTAKE_DONE, "it called op_done() for an op that has ended already");
	op_finish(p, result);
}

/* An op that was given up has no settings any more: its owner is gone. */
static const char *core_setting(struct miscsi_op *op, const char *key)
{
	struct transport_op *owner = op_of(op)->owner;
	char text[128], shown[64];

	if (!key)
		mistake(op_of(op), MISTAKE_KEY, "it called setting() without a key");
	if (key && !strncmp(key, PLUGIN_KEY_PREFIX, strlen(PLUGIN_KEY_PREFIX))) {
		const char *value = fields_value(op_of(op), key);

		snprintf(text, sizeof(text), "it called setting() for %s, which is not in its table of settings",
			str_escape(shown, sizeof(shown), key, strnlen(key, sizeof(shown))));
		if (!value)
			mistake(op_of(op), MISTAKE_KEY, text);
		return value;
	}
	return key && owner && owner->setting ? owner->setting(owner->settings, key) : NULL;
}

static int core_setting_at(struct miscsi_op *op, uint32_t nth, const char **key, const char **value)
{
	struct transport_op *owner = op_of(op)->owner;

	if (!key || !value)
		return mistake(op_of(op), MISTAKE_ARGUMENT, "it called setting_at() without room for the results");
	/* those of other plugins, and the value that the table does not allow, stay here */
	for (unsigned i = 0; owner && owner->setting_at && owner->setting_at(owner->settings, i, key, value) == 0; i++) {
		if (fields_show(op_of(op), *key, value) && nth-- == 0)
			return 0;
	}
	return -ENOENT;
}

/* Results after the op has ended are dropped: the owner has its answer already. */
static int core_result_row(struct miscsi_op *op, uint32_t index)
{
	struct op_private *p = op_of(op);

	return p->owner && p->owner->row && !p->finished ? p->owner->row(p->owner, index) : 0;
}

/* Key and value are escaped apart, each with a bound, and the value's copy is wiped: it may be a password. */
static int core_result(struct miscsi_op *op, const char *key, const char *value, uint32_t flags)
{
	struct op_private *p = op_of(op);
	struct strbuf k = STRBUF_INIT(MISCSI_KEY_MAX * 4), v = STRBUF_INIT(MISCSI_VALUE_MAX * 4);
	int rc = 0;

	if (!key || !*key)
		return mistake(p, MISTAKE_KEY, "it called result() without a key");
	if (strnlen(key, MISCSI_KEY_MAX + 1) > MISCSI_KEY_MAX ||
		(value && strnlen(value, MISCSI_VALUE_MAX + 1) > MISCSI_VALUE_MAX))
		return mistake(p, MISTAKE_LENGTH, "it called result() with a key or a value that is too long");
	if (!p->owner || !p->owner->value || p->finished)
		return 0;
	strbuf_escape(&k, key, strlen(key));
	strbuf_escape(&v, value ? value : "", value ? strlen(value) : 0); /* each byte becomes four at the most */
	rc = strbuf_error(&k) ? strbuf_error(&k) : strbuf_error(&v);
	if (rc == 0)
		rc = p->owner->value(p->owner, strbuf_str(&k), strbuf_str(&v), flags);
	if (v.s)
		mem_wipe(v.s, v.len); /* it may be a password */
	strbuf_free(&k);
	strbuf_free(&v);
	return rc;
}

/* The slot is NULL before fn runs, so that fn may set the timer anew. */
static void service_free(struct service *s)
{
	struct loop *loop = op_plugins(s->op)->config.loop;

	loop_timer_cancel(loop, &s->timer);
	loop_fd_del(loop, &s->fd);
	list_remove(&s->node);
	if (s->timer_slot)
		*s->timer_slot = NULL;
	if (s->watch_slot)
		*s->watch_slot = NULL;
	x_free(s);
}

/* Appends it to the op's, where it is freed when that ends, whether it fired or not; or frees it, when rc is a failure. */
static int service_begin(struct service *s, int rc)
{
	list_append(&s->op->services, &s->node);
	if (rc < 0)
		service_free(s);
	return rc < 0 ? rc : 0;
}

/* NULL: no memory. */
static struct service *service_new(struct miscsi_op *op, void *arg)
{
	struct service *s = x_new(struct service);

	if (!s)
		return NULL;
	s->op = op_of(op);
	s->arg = arg;
	return s;
}

static void timer_fired(void *arg)
{
	struct service *s = arg;
	struct miscsi_op *op = &s->op->pub;
	miscsi_timer_fn fn = s->timer_fn;
	void *fn_arg = s->arg;

	service_free(s);
	fn(op, fn_arg);
}

static int core_timer(struct miscsi_op *op, uint32_t ms, miscsi_timer_fn fn, void *arg, struct miscsi_timer **slot)
{
	struct service *s;

	if (!fn || !slot || *slot)
		return mistake(
			op_of(op), MISTAKE_ARGUMENT, "it called timer() without a function, or for a timer that already runs");
	if (op_of(op)->finished)
		return -EINVAL;
	s = service_new(op, arg);
	if (!s)
		return -ENOMEM;
	s->timer_fn = fn;
	s->timer_slot = slot;
	*slot = (struct miscsi_timer *)s;
	loop_timer_set(op_plugins(s->op)->config.loop, &s->timer, ms, timer_fired, s);
	return service_begin(s, 0);
}

/* Harmless for a timer that has fired, which is why the ABI passes the slot and not the timer. */
static void core_timer_stop(struct miscsi_timer **slot)
{
	if (slot && *slot)
		service_free((struct service *)*slot);
}

/* An error and a hang-up are reported as one: neither lets the plugin go on with the descriptor. */
static void watch_fired(void *arg, uint32_t events)
{
	struct service *s = arg;

	s->watch_fn(&s->op->pub, s->arg,
		(events & EPOLLIN ? MISCSI_FD_READ : 0) | (events & EPOLLOUT ? MISCSI_FD_WRITE : 0) |
			(events & (EPOLLERR | EPOLLHUP) ? MISCSI_FD_ERROR : 0));
}

/* Level-triggered, like the loop: fn is called again until the descriptor is read or unwatched. */
static int core_watch(struct miscsi_op *op, int fd, uint32_t events, miscsi_watch_fn fn, void *arg, struct miscsi_watch **slot)
{
	uint32_t wanted = (events & MISCSI_FD_READ ? EPOLLIN : 0u) | (events & MISCSI_FD_WRITE ? EPOLLOUT : 0u);
	struct service *s;

	if (!fn || !slot || *slot)
		return mistake(
			op_of(op), MISTAKE_ARGUMENT, "it called watch() without a function, or for a watch that already exists");
	if (op_of(op)->finished)
		return -EINVAL;
	s = service_new(op, arg);
	if (!s)
		return -ENOMEM;
	s->watch_fn = fn;
	s->watch_slot = slot;
	*slot = (struct miscsi_watch *)s;
	return service_begin(s, loop_fd_add(op_plugins(s->op)->config.loop, &s->fd, fd, wanted, watch_fired, s));
}

static void core_unwatch(struct miscsi_watch **slot)
{
	if (slot && *slot)
		service_free((struct service *)*slot);
}

void op_services_release(struct op_private *p)
{
	struct service *s, *next;

	list_for_each_safe (s, next, &p->services, node)
		service_free(s);
	request_orphan_all(p);
	thread_orphan_all(p);
}

/* A path that stays below /sys. */
static bool path_ok(const char *path)
{
	return path && *path != '/' && strcmp(path, "..") != 0 && strncmp(path, "../", 3) != 0 && !strstr(path, "/../") &&
		(strlen(path) < 3 || strcmp(path + strlen(path) - 3, "/..") != 0);
}

/* The length is returned because a value may be empty, which is not the same as missing. */
static int core_sysfs_read(struct miscsi_op *op, const char *path, char *buf, size_t size)
{
	const struct sysfs *sysfs = op_plugins(op_of(op))->config.sysfs;
	int rc;

	if (!buf || size == 0)
		return mistake(op_of(op), MISTAKE_ARGUMENT, "it called sysfs_read() without a buffer");
	*buf = '\0';
	if (!path_ok(path))
		return -EINVAL;
	if (!sysfs)
		return -ENOENT;
	rc = sysfs_read(sysfs, buf, size, "%s", path);
	return rc < 0 ? rc : (int)strlen(buf);
}

/* By number, so that a plugin that takes the first host or device takes the same one every time. */
static int core_sysfs_list(struct miscsi_op *op, const char *path, int (*fn)(void *arg, const char *name), void *arg)
{
	const struct sysfs *sysfs = op_plugins(op_of(op))->config.sysfs;
	cleanup(dir_free) struct dir names = { 0 };
	int rc;

	if (!fn)
		return mistake(op_of(op), MISTAKE_ARGUMENT, "it called sysfs_list() without a function");
	if (!path_ok(path))
		return -EINVAL;
	if (!sysfs)
		return -ENOENT;
	rc = sysfs_list(sysfs, &names, SYSFS_BY_NUMBER, "", "%s", path);
	for (size_t i = 0; rc == 0 && i < names.n; i++)
		rc = fn(arg, names.names[i]);
	return rc;
}

static int core_work(
	struct miscsi_op *op, const void *data, size_t size, void (*run)(void *data), miscsi_work_fn done, miscsi_work_fn late)
{
	if (!run || !done || (size && !data))
		return mistake(op_of(op), MISTAKE_ARGUMENT,
			"it called work() without a function, or without the data that it announced");
	return op_of(op)->finished ? -EINVAL : thread_work(op_of(op), data, size, run, done, late);
}

static int core_event(struct miscsi_op *op, uint32_t event, uint32_t number)
{
	if (event < MISCSI_EVENT_SESSION_LOST || event > MISCSI_EVENT_HOST_RESET)
		return mistake(
			op_of(op), MISTAKE_ARGUMENT, "it called event() with an unknown number, which is not a MISCSI_EVENT_*");
	return report_event(op_of(op)->plugin, event, number);
}

static const char *core_state_dir(struct miscsi_op *op)
{
	return state_dir_of(op_of(op)->plugin);
}

static int core_has(struct miscsi_op *op, const char *name)
{
	(void)op;
	return name && known_name(name);
}

/* One table per plugin, because core->self differs. */
void op_services_init(struct plugin *plugin)
{
	plugin->core = (struct miscsi_core){
		.size = sizeof(struct miscsi_core),
		.abi = MISCSI_ABI,
		.version = PACKAGE_VERSION,
		.log = core_log,
		.set_error = core_set_error,
		.op_done = core_op_done,
		.op_alloc = core_op_alloc,
		.setting = core_setting,
		.setting_at = core_setting_at,
		.result_row = core_result_row,
		.result = core_result,
		.sysfs_read = core_sysfs_read,
		.sysfs_list = core_sysfs_list,
		.request = request_send,
		.timer = core_timer,
		.timer_stop = core_timer_stop,
		.watch = core_watch,
		.unwatch = core_unwatch,
		.work = core_work,
		.event = core_event,
		.has = core_has,
		.minor = MISCSI_MINOR,
		.state_dir = core_state_dir,
	};
}
