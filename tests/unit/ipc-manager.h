/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A manager for tests of the service: what is asked of it is kept, and answered when the test says so, the last first. */
#ifndef TESTS_IPC_MANAGER_H
#define TESTS_IPC_MANAGER_H

#include "base/mem.h"
#include "ipc/service.h"
#include "record/record.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_asked {
	struct manager_request *request; /* NULL: forgotten */
	uint32_t sid;
	enum miscsi_error code;
	const char *why;
};

struct fake {
	struct fake_asked *queue; /* not answered yet */
	unsigned waiting, room;
	struct list watches;
	struct loop *loop;
	struct loop_task task;
	bool at_once; /* answers by itself, from the loop */
	unsigned asked, forgotten, sid;
	bool force; /* of the last logout */
	unsigned unused; /* logouts that ask for it */
	uint64_t ended_id; /* of the last logout by id; 0: none */
	char target[256], password[256]; /* of the last login */
};

struct fake_error { /* what a target's name, or a sid, leads to */
	const char *name;
	uint32_t sid;
	enum miscsi_error code;
};

static const struct fake_error fake_errors[] = {
	{ "iqn.2000-01.a:denied", 97, MISCSI_ERR_LOGIN_AUTH_FAILED },
	{ "iqn.2000-01.a:there", 98, MISCSI_ERR_SESS_EXISTS },
	{ "iqn.2000-01.a:busy", 99, MISCSI_ERR_BUSY },
};

static const struct manager_session fake_sessions[] = {
	{ .target = "iqn.a",
		.address = "10.0.0.1",
		.iface = "default",
		.id = 9,
		.transport = "tcp",
		.port = 3260,
		.tpgt = -1,
		.state = "NEW",
		.connection = "FREE",
		.last_error = "" },
	{ .sid = 1,
		.target = "iqn.a",
		.address = "10.0.0.1",
		.iface = "default",
		.transport = "tcp",
		.port = 3260,
		.tpgt = 1,
		.state = "LOGGED_IN",
		.connection = "LOGGED_IN",
		.last_error = "",
		.since_ms = 5,
		.adopted = true },
	{ .sid = 2,
		.target = "iqn.a",
		.address = "10.0.0.2",
		.iface = "eth1",
		.transport = "tcp",
		.port = 3260,
		.tpgt = 1,
		.state = "FAILED",
		.connection = "FREE",
		.last_error = "gone\x1b",
		.reconnects = 3 },
	{ .sid = 4,
		.target = "iqn.b",
		.address = "10.0.0.2",
		.iface = "eth1",
		.transport = "tcp",
		.port = 3261,
		.tpgt = 2,
		.state = "LOGGED_IN",
		.connection = "LOGGED_IN",
		.last_error = "" },
};
#define FAKE_SESSIONS 4

/* Answers all that waits; more may be asked meanwhile. */
static inline void fake_answer(void *arg)
{
	struct fake *f = arg;

	while (f->waiting) {
		const struct fake_asked asked = f->queue[--f->waiting];
		struct manager_result result = { .err = ERR_INIT,
			.sid = asked.sid,
			.tpgt = 1,
			.target = "iqn.t",
			.address = "10.1.1.1",
			.iface = "default",
			.port = 3260 };

		if (asked.code != MISCSI_ERR_OK)
			err_set(&result.err, asked.code, "because %s", asked.why);
		if (asked.request)
			asked.request->done(asked.request, &result);
	}
}

static inline void fake_take(struct fake *f, struct manager_request *r, uint32_t sid, const char *target)
{
	struct fake_asked *asked;

	if (f->waiting == f->room) {
		f->room = f->room ? 2 * f->room : 16;
		f->queue = realloc(f->queue, f->room * sizeof(*f->queue));
		if (!f->queue)
			abort();
	}
	asked = &f->queue[f->waiting++];
	*asked = (struct fake_asked){ .request = r, .sid = sid, .code = MISCSI_ERR_OK };
	for (unsigned i = 0; i < ARRAY_SIZE(fake_errors); i++) {
		if (fake_errors[i].sid != sid && (!target || strcmp(fake_errors[i].name, target)))
			continue;
		asked->code = fake_errors[i].code;
		asked->why = fake_errors[i].name;
	}
	f->asked++;
	if (f->at_once)
		loop_defer(f->loop, &f->task, fake_answer, f);
}

static inline void fake_login(struct manager *m, const struct record *node, struct manager_request *r)
{
	struct fake *f = (struct fake *)m;

	snprintf(f->target, sizeof(f->target), "%s", record_str(node, FIELD_NODE_NAME));
	record_text(node, FIELD_SESSION_PASSWORD, f->password, sizeof(f->password));
	fake_take(f, r, ++f->sid, f->target);
}

static inline void fake_logout(struct manager *m, uint32_t sid, bool force, struct manager_request *r)
{
	((struct fake *)m)->force = force;
	fake_take((struct fake *)m, r, sid, NULL);
}

static inline void fake_logout_unused(struct manager *m, uint32_t sid, uint64_t id, struct manager_request *r)
{
	fake_logout(m, sid, false, r);
	if (!sid)
		((struct fake *)m)->ended_id = id;
	((struct fake *)m)->unused++;
}

static inline void fake_logout_id(struct manager *m, uint64_t id, bool force, struct manager_request *r)
{
	((struct fake *)m)->force = force;
	((struct fake *)m)->ended_id = id;
	fake_take((struct fake *)m, r, 0, NULL);
}

static inline void fake_rescan(struct manager *m, uint32_t sid, struct manager_request *r)
{
	fake_take((struct fake *)m, r, sid, NULL);
}

static struct fake *fake_current; /* forget() has no manager */

static inline void fake_forget(struct manager_request *r)
{
	fake_current->forgotten++;
	for (unsigned i = 0; i < fake_current->waiting; i++)
		if (fake_current->queue[i].request == r)
			fake_current->queue[i].request = NULL;
}

static inline int fake_each(struct manager *m, int (*fn)(void *arg, const struct manager_session *s), void *arg)
{
	int rc = 0;

	(void)m;
	for (unsigned i = 0; i < FAKE_SESSIONS && !rc; i++)
		rc = fn(arg, &fake_sessions[i]);
	return rc;
}

static inline unsigned fake_count(const struct manager *m)
{
	(void)m;
	return FAKE_SESSIONS;
}

static inline void fake_watch(struct manager *m, struct manager_watch *w)
{
	list_append(&((struct fake *)m)->watches, &w->node);
}

static inline void fake_unwatch(struct manager_watch *w)
{
	list_remove(&w->node);
}

static inline void fake_change(struct fake *f, const struct manager_session *s)
{
	struct manager_watch *w, *next;

	list_for_each_safe (w, next, &f->watches, node)
		w->fn(w, s);
}

static const struct service_ops fake_ops = {
	.login = fake_login,
	.logout = fake_logout,
	.logout_id = fake_logout_id,
	.logout_unused = fake_logout_unused,
	.rescan = fake_rescan,
	.forget = fake_forget,
	.each = fake_each,
	.count = fake_count,
	.watch = fake_watch,
	.unwatch = fake_unwatch,
};

static inline void fake_start(struct fake *f, struct loop *loop)
{
	memset(f, 0, sizeof(*f));
	list_init(&f->watches);
	f->loop = loop;
	fake_current = f;
}

static inline void fake_stop(struct fake *f)
{
	loop_task_cancel(f->loop, &f->task);
	free(f->queue);
}

#endif
