/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fixture of the engine's tests. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "session-fixture.h"
#include "kernel/kernel.h"
#include "session/adopt.h"
#include "session/manager_private.h"
#include "tests/paths.h"
#include <stdlib.h>
#include <string.h>

static uint64_t fixture_now(void *arg)
{
	return ((struct session_fixture *)arg)->now;
}

void fixture_event(struct session_fixture *w, uint32_t type, uint32_t a, uint32_t b, uint32_t c)
{
	struct iscsi_uevent ev = { .type = type };
	const uint32_t r[3] = { a, b, c };

	memcpy(ev.r.bytes, r, sizeof(r));
	fake_kernel_event(w->fk, 1, &ev, NULL, 0);
}

static void send_pdu(struct session_fixture *w, uint32_t sid, const struct iscsi_pdu *pdu)
{
	struct iscsi_uevent ev = { .type = ISCSI_KEVENT_RECV_PDU };
	uint8_t bytes[1024];

	memcpy(ev.r.bytes, &sid, sizeof(sid));
	memcpy(bytes, pdu->bhs, ISCSI_BHS_SIZE);
	memset(bytes + ISCSI_BHS_SIZE, 0, sizeof(bytes) - ISCSI_BHS_SIZE);
	if (pdu->len)
		memcpy(bytes + ISCSI_BHS_SIZE, pdu->data, pdu->len);
	fake_kernel_event(w->fk, 1, &ev, bytes, ISCSI_BHS_SIZE + (pdu->len + 3) / 4 * 4);
}

/* The target behind the kernel: sees each PDU that is sent. */
static bool target_sees(void *arg, struct iscsi_uevent *ev, const uint8_t *payload, size_t len)
{
	struct session_fixture *w = arg;
	struct iscsi_pdu pdu;
	uint32_t sid;

	while (ev->type == ISCSI_UEVENT_START_CONN && w->hold_start)
		usleep(300);
	if (ev->type != ISCSI_UEVENT_SEND_PDU || len < ISCSI_BHS_SIZE)
		return false;
	memcpy(&sid, ev->u.bytes, sizeof(sid));
	if ((payload[0] & 0x3f) == ISCSI_OP_LOGIN) {
		w->logins++;
		if (w->redirect)
			pdu = target_status(1, w->redirect_stays ? 2 : 1, w->redirect, strlen(w->redirect) + 1);
		else if (w->status_class)
			pdu = target_status(w->status_class, w->status_detail, NULL, 0);
		else
			pdu = w->group ? target_login(TARGET_TO_FFP, 1, TEXT("TargetPortalGroupTag=2")) :
					 target_login(TARGET_TO_FFP, 1, TEXT("TargetPortalGroupTag=1"));
		if (!w->silent)
			send_pdu(w, sid, &pdu);
	} else if ((payload[0] & 0x3f) == ISCSI_OP_LOGOUT) {
		w->logouts++;
		pdu = target_pdu(ISCSI_OP_LOGOUT_RSP, 0x80, NULL, 0);
		if (!w->silent_logout)
			send_pdu(w, sid, &pdu);
	}
	return false;
}

static void listen_somewhere(struct session_fixture *w)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);

	w->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(w->listener, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(listen(w->listener, 64), 0);
	assert_int_equal(getsockname(w->listener, (struct sockaddr *)&sa, &len), 0);
	w->port = ntohs(sa.sin_port);
}

static int fixture_identify(void *arg, const char **name, const char **alias, struct err *err)
{
	const struct session_fixture *w = arg;

	*name = "iqn.2026-11.example:host";
	*alias = NULL;
	return w->nameless ? err_set(err, MISCSI_ERR_INVAL, "no initiator name") : 0;
}

int fixture_adopt(struct session_fixture *w)
{
	struct err err = ERR_INIT;
	unsigned adopted = 0;
	int rc;

	while ((rc = adopt_sessions(w->m, 1, &adopted, &err)) > 0)
		;
	return rc < 0 ? rc : (int)adopted;
}

static void make_manager(struct session_fixture *w, const char *dirs)
{
	struct plugins_config plugins = { .loop = w->loop,
		.log = &w->log,
		.kernel = w->kernel,
		.sysfs = &w->sys.sysfs,
		.helpers = w->helpers,
		.workers = w->workers,
		.dirs = dirs };
	struct manager_config config = {
		.engine = &w->engine, .state_dir = w->dir, .identify = fixture_identify, .identify_arg = w
	};
	struct err err = ERR_INIT;

	assert_int_equal(plugins_new(&plugins, &w->plugins), 0);
	w->engine = (struct engine){ .log = &w->log,
		.sysfs = &w->sys.sysfs,
		.loop = w->loop,
		.workers = w->workers,
		.helpers = w->helpers,
		.kernel = w->kernel,
		.plugins = w->plugins,
		.scanner = w->scanner };
	if (manager_new(&config, &w->m, &err) < 0 || fixture_adopt(w) < 0)
		fail_msg("%s", err.text);
}

void fixture_new(struct session_fixture *w)
{
	memset(w, 0, sizeof(*w));
	w->now = 1000000;
	fake_sys_new(&w->sys);
	fake_sys_transport(&w->sys, "tcp");
	fake_sys_transport(&w->sys, "null");
	listen_somewhere(w);
	snprintf(w->dir, sizeof(w->dir), "/tmp/miscsi-engine.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(loop_new(&w->loop), 0);
	loop_set_clock(w->loop, fixture_now, w);
	w->fk = fake_kernel_new();
	fake_kernel_hook(w->fk, target_sees, w);
	assert_int_equal(kernel_new(&fake_kernel_ops, w->fk, &w->kernel), 0);
	assert_int_equal(worker_pool_new(w->loop, 2, &w->workers), 0);
	assert_int_equal(helper_pool_new(w->loop, NULL, &w->helpers), 0);
	assert_int_equal(scan_new(w->helpers, w->sys.dir, &w->scanner), 0);
	w->log = (struct log){ .level = LOG_LEVEL_ERR, .write = log_to_stderr, .arg = w->dir };
	make_manager(w, BUILDDIR "/.libs");
}

void fixture_plugin_file(const char *dir, const char *name)
{
	char from[256], to[256];

	snprintf(from, sizeof(from), BUILDDIR "/.libs/%s.so", name);
	snprintf(to, sizeof(to), "%s/%s.so", dir, name);
	assert_int_equal(symlink(from, to), 0);
}

void fixture_plugins(struct session_fixture *w, const char *dir, const char *only)
{
	manager_free(w->m);
	plugins_free(w->plugins);
	kernel_free(w->kernel);
	assert_int_equal(kernel_new(&fake_kernel_ops, w->fk, &w->kernel), 0);
	fixture_plugin_file(dir, only);
	make_manager(w, dir);
}

void fixture_free(struct session_fixture *w)
{
	char command[96];

	manager_free(w->m);
	plugins_free(w->plugins);
	scan_free(w->scanner);
	kernel_free(w->kernel);
	worker_pool_free(w->workers);
	helper_pool_free(w->helpers);
	loop_free(w->loop);
	fake_kernel_free(w->fk);
	fake_sys_free(&w->sys);
	fixture_hang_up(w);
	close(w->listener);
	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	assert_int_equal(system(command), 0);
}

int fixture_setup(void **state)
{
	static struct session_fixture fixture;

	fixture_new(&fixture);
	*state = &fixture;
	return 0;
}

int fixture_teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

struct record *fixture_node(const struct session_fixture *w)
{
	struct record *r = record_new(RECORD_NODE);

	assert_non_null(r);
	assert_int_equal(record_set(r, FIELD_NODE_NAME, TARGET, NULL), 0);
	assert_int_equal(record_set(r, FIELD_CONN_ADDRESS, "127.0.0.1", NULL), 0);
	assert_int_equal(record_set_int(r, FIELD_CONN_PORT, w->port, NULL), 0);
	assert_int_equal(record_set(r, FIELD_SESSION_SCAN, "manual", NULL), 0);
	return r;
}

/*
 * Workers and sockets are real: they get a moment of real time in each round, and on a busy machine as much as they need, so that
 * the test's clock does not run ahead of them. But not for ever: a test may let the kernel hang.
 */
#define THREADS_WAIT 500
static void one_round(struct session_fixture *w, uint64_t step_ms)
{
	int fd;

	w->now += step_ms;
	while ((fd = accept(w->listener, NULL, NULL)) >= 0) { /* its queue is short */
		int *place = &w->accepted[w->n_accepted++ % ARRAY_SIZE(w->accepted)];

		if (*place > 0)
			close(*place);
		*place = fd;
	}
	for (int i = 0; i < 4 ||
		(i < THREADS_WAIT && kernel_pending(w->kernel) + worker_pending(w->workers) + helper_pending(w->helpers) > 0);
		i++) {
		loop_step(w->loop, 0);
		usleep(300);
	}
}

void fixture_hang_up(struct session_fixture *w)
{
	for (unsigned i = 0; i < ARRAY_SIZE(w->accepted); i++) {
		if (w->accepted[i] > 0)
			close(w->accepted[i]);
		w->accepted[i] = 0;
	}
}

void fixture_until(struct session_fixture *w, const unsigned *count, unsigned n, uint64_t step_ms, uint64_t limit_ms)
{
	uint64_t end = w->now + limit_ms;

	for (unsigned rounds = 0; *count < n; rounds++) {
		if (w->now > end || rounds > 4000)
			fail_msg("%u of %u after %llu ms", *count, n, (unsigned long long)limit_ms);
		one_round(w, step_ms);
	}
}

void fixture_run(struct session_fixture *w, uint64_t ms)
{
	for (uint64_t end = w->now + ms; w->now < end;)
		one_round(w, ms > 10000 ? 2000 : 250);
}

static void on_done(struct manager_request *r, const struct manager_result *result)
{
	struct asked *a = r->arg;

	a->done++;
	a->result = *result;
	snprintf(a->text, sizeof(a->text), "%s", result->err.text);
}

void fixture_asked(struct asked *a)
{
	memset(a, 0, sizeof(*a));
	a->request.done = on_done;
	a->request.arg = a;
}

void fixture_login(struct session_fixture *w, const struct record *node, struct asked *a)
{
	fixture_asked(a);
	manager_login(w->m, node, &a->request);
	assert_int_equal(a->done, 0);
}

void fixture_logout(struct session_fixture *w, uint32_t sid, struct asked *a)
{
	fixture_asked(a);
	manager_logout(w->m, sid, false, &a->request);
	assert_int_equal(a->done, 0);
}

unsigned fixture_count(struct session_fixture *w, uint32_t number)
{
	unsigned n = fake_kernel_requests(w->fk), found = 0;

	for (unsigned i = 0; i < n; i++) {
		struct iscsi_uevent ev;
		char *payload;
		size_t len;

		fake_kernel_request(w->fk, i, &ev, &payload, &len);
		found += ev.type == number;
		x_free(payload);
	}
	return found;
}

struct session *fixture_session(struct session_fixture *w)
{
	assert_int_equal(manager_count(w->m), 1);
	return list_first(&w->m->sessions, struct session, node);
}

static int look_for_session(void *arg, const struct manager_session *s)
{
	struct manager_session *wanted = arg;

	if (wanted->sid && s->sid != wanted->sid)
		return 0;
	*wanted = *s;
	return 1;
}

struct manager_session fixture_shown(struct session_fixture *w, uint32_t sid)
{
	struct manager_session s = { .sid = sid };

	if (!sid)
		assert_int_equal(manager_count(w->m), 1);
	if (!manager_each(w->m, look_for_session, &s))
		fail_msg("no session %u", sid);
	return s;
}

void fixture_reconnected(struct session_fixture *w, uint32_t sid, unsigned n, uint64_t step_ms, uint64_t limit_ms)
{
	uint64_t end = w->now + limit_ms;

	while (fixture_shown(w, sid).reconnects < n) {
		if (w->now > end)
			fail_msg("session %u: %u of %u reconnects after %llu ms", sid, fixture_shown(w, sid).reconnects, n,
				(unsigned long long)limit_ms);
		one_round(w, step_ms);
	}
}
