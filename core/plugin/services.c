/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a plugin may call: struct miscsi_core. Timers and watches belong to an op and end with it, whatever the plugin does.
 *
 * Text from a plugin may hold what came from a wire: it is escaped here, once, before it gets anywhere.
 */
#include "config.h"
#include "plugin/private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 1024u
#define VALUE_MAX 8192u

struct miscsi_timer {
	struct loop_timer timer;
	struct list node;
	struct op_private *op;
	miscsi_timer_fn fn;
	void *arg;
	struct miscsi_timer **slot;
};

struct miscsi_watch {
	struct loop_fd fd;
	struct list node;
	struct op_private *op;
	miscsi_watch_fn fn;
	void *arg;
	struct miscsi_watch **slot;
};

static void core_log(struct miscsi_op *op, uint32_t level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int core_set_error(struct miscsi_op *op, uint32_t error, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void core_log(struct miscsi_op *op, uint32_t level, const char *fmt, ...)
{
	struct op_private *p = op_of(op);
	char text[TEXT_MAX], escaped[TEXT_MAX * 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_write(op_plugins(p)->config.log, level > MISCSI_LOG_DEBUG ? LOG_LEVEL_DEBUG : (enum log_level)level, p->plugin->name,
		"%s", str_escape(escaped, sizeof(escaped), text, strlen(text)));
}

static int core_set_error(struct miscsi_op *op, uint32_t error, const char *fmt, ...)
{
	struct op_private *p = op_of(op);
	char text[TEXT_MAX], escaped[ERR_TEXT_MAX];
	enum miscsi_error code = error == 0 || !err_name(error) ? MISCSI_ERR_INTERNAL : (enum miscsi_error)error;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	op_set_error(p, code, "%s", str_escape(escaped, sizeof(escaped), text, strlen(text)));
	return -err_errno(code);
}

static void core_op_done(struct miscsi_op *op, int result)
{
	struct op_private *p = op_of(op);

	if (p->ended)
		log_warn(op_plugins(p)->config.log, p->plugin->name, "ends an op that has ended: ignored");
	op_finish(p, result);
}

static const char *core_setting(struct miscsi_op *op, const char *key)
{
	struct transport_op *owner = op_of(op)->owner;

	return owner && owner->setting ? owner->setting(owner->settings, key) : NULL;
}

static int core_setting_at(struct miscsi_op *op, uint32_t nth, const char **key, const char **value)
{
	struct transport_op *owner = op_of(op)->owner;

	return owner && owner->setting_at ? owner->setting_at(owner->settings, nth, key, value) : -ENOENT;
}

static int core_result_row(struct miscsi_op *op, uint32_t index)
{
	struct op_private *p = op_of(op);

	return p->owner && p->owner->row && !p->finished ? p->owner->row(p->owner, index) : 0;
}

static int core_result(struct miscsi_op *op, const char *key, const char *value, uint32_t flags)
{
	struct op_private *p = op_of(op);
	struct strbuf k = STRBUF_INIT(TEXT_MAX), v = STRBUF_INIT(VALUE_MAX);
	int r = 0;

	if (!p->owner || !p->owner->value || p->finished)
		return 0;
	strbuf_escape(&k, key, strlen(key));
	strbuf_escape(&v, value ? value : "", value ? strlen(value) : 0);
	r = strbuf_error(&k) ? strbuf_error(&k) : strbuf_error(&v);
	if (r == 0)
		r = p->owner->value(p->owner, strbuf_str(&k), strbuf_str(&v), flags);
	if (v.s)
		mem_wipe(v.s, v.len); /* it may be a password */
	strbuf_free(&k);
	strbuf_free(&v);
	return r;
}

static void timer_free(struct miscsi_timer *t)
{
	loop_timer_cancel(op_plugins(t->op)->config.loop, &t->timer);
	list_remove(&t->node);
	*t->slot = NULL;
	x_free(t);
}

static void timer_fired(void *arg)
{
	struct miscsi_timer *t = arg;
	struct miscsi_op *op = &t->op->pub;
	miscsi_timer_fn fn = t->fn;
	void *fn_arg = t->arg;

	timer_free(t);
	fn(op, fn_arg);
}

static int core_timer(struct miscsi_op *op, uint32_t ms, miscsi_timer_fn fn, void *arg, struct miscsi_timer **slot)
{
	struct op_private *p = op_of(op);
	struct miscsi_timer *t;
	int r;

	if (p->finished || *slot)
		return -EINVAL;
	t = x_new(struct miscsi_timer);
	if (!t)
		return -ENOMEM;
	t->op = p;
	t->fn = fn;
	t->arg = arg;
	t->slot = slot;
	r = loop_timer_set(op_plugins(p)->config.loop, &t->timer, ms, timer_fired, t);
	if (r < 0) {
		x_free(t);
		return r;
	}
	list_append(&p->timers, &t->node);
	*slot = t;
	return 0;
}

static void core_timer_stop(struct miscsi_timer **slot)
{
	if (*slot)
		timer_free(*slot);
}

static void watch_free(struct miscsi_watch *w)
{
	loop_fd_del(op_plugins(w->op)->config.loop, &w->fd);
	list_remove(&w->node);
	*w->slot = NULL;
	x_free(w);
}

static void watch_fired(void *arg, uint32_t events)
{
	struct miscsi_watch *w = arg;
	uint32_t seen = 0;

	if (events & EPOLLIN)
		seen |= MISCSI_FD_READ;
	if (events & EPOLLOUT)
		seen |= MISCSI_FD_WRITE;
	if (events & (EPOLLERR | EPOLLHUP))
		seen |= MISCSI_FD_ERROR;
	w->fn(&w->op->pub, w->arg, seen);
}

static int core_watch(struct miscsi_op *op, int fd, uint32_t events, miscsi_watch_fn fn, void *arg, struct miscsi_watch **slot)
{
	struct op_private *p = op_of(op);
	struct miscsi_watch *w;
	uint32_t want = 0;
	int r;

	if (p->finished || *slot)
		return -EINVAL;
	w = x_new(struct miscsi_watch);
	if (!w)
		return -ENOMEM;
	w->op = p;
	w->fn = fn;
	w->arg = arg;
	w->slot = slot;
	if (events & MISCSI_FD_READ)
		want |= EPOLLIN;
	if (events & MISCSI_FD_WRITE)
		want |= EPOLLOUT;
	r = loop_fd_add(op_plugins(p)->config.loop, &w->fd, fd, want, watch_fired, w);
	if (r < 0) {
		x_free(w);
		return r;
	}
	list_append(&p->watches, &w->node);
	*slot = w;
	return 0;
}

static void core_unwatch(struct miscsi_watch **slot)
{
	if (*slot)
		watch_free(*slot);
}

void op_services_release(struct op_private *p)
{
	struct miscsi_timer *t, *tnext;
	struct miscsi_watch *w, *wnext;

	list_for_each_safe (t, tnext, &p->timers, node)
		timer_free(t);
	list_for_each_safe (w, wnext, &p->watches, node)
		watch_free(w);
	request_orphan_all(p);
}

void op_services_init(struct plugin *plugin)
{
	plugin->core = (struct miscsi_core){
		.size = sizeof(struct miscsi_core),
		.abi = MISCSI_ABI,
		.version = PACKAGE_VERSION,
		.log = core_log,
		.set_error = core_set_error,
		.op_done = core_op_done,
		.op_alloc = op_memory,
		.setting = core_setting,
		.setting_at = core_setting_at,
		.result_row = core_result_row,
		.result = core_result,
		.sysfs_read = op_sysfs_read,
		.sysfs_list = op_sysfs_list,
		.request = request_send,
		.timer = core_timer,
		.timer_stop = core_timer_stop,
		.watch = core_watch,
		.unwatch = core_unwatch,
	};
}
