/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Logs in from this process: a manager of its own, for as long as the logins last. */
#include "modes/boot.h"

#include "base/file.h"
#include "base/helper.h"
#include "base/mem.h"
#include "kernel/kernel.h"
#include "kernel/netwatch.h"
#include "kernel/scan.h"
#include "modes/session_mode.h"
#include "proto/name.h"
#include "session/adopt.h"
#include "session/manager.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define CANCEL_MS 5000u /* for cancelled logins to leave the kernel */
#define LOOK_MS 1000u /* between two looks at the sessions of other programs */
#define SCAN_MS 2000u /* as long as a login waits for the scan of its session */

/* One login. */
struct boot_entry {
	struct boot_run *run;
	const struct record *node;
	struct manager_request request;
	struct loop_timer scan_limit; /* of a session that was there without a device */
	struct err err; /* of its end */
	bool ended;
	bool elsewhere; /* another program has logged in to its target, through whatever portal */
};

struct boot_run {
	const struct boot *config;
	struct engine engine; /* the context's, with a scanner */
	struct manager *manager;
	struct netwatch *netwatch;
	struct loop_signal on_term, on_int;
	struct loop_timer look, end; /* set while it waits for the logins */
	struct boot_entry *entries;
	size_t n, waiting;
	bool up; /* each target has a session */
	bool interrupted;
};

static bool boot_has_session(const struct boot_entry *e)
{
	return e->ended && (e->err.code == MISCSI_ERR_OK || e->err.code == MISCSI_ERR_SESS_EXISTS);
}

static void boot_check(struct boot_run *b);

static void boot_ended(struct boot_entry *e, const struct err *err)
{
	err_copy(&e->err, err);
	e->ended = true;
	e->run->waiting--;
	e->run->config->result(e->run->config->arg, e->node, &e->err);
	boot_check(e->run);
}

static void boot_done(struct manager_request *r, const struct manager_result *result)
{
	boot_ended(r->arg, &result->err);
}

static void boot_signal(void *arg, int signo)
{
	struct boot_run *b = arg;

	(void)signo;
	b->interrupted = true;
	loop_quit(b->engine.loop);
}

static void boot_network_changed(void *arg)
{
	const struct boot_run *b = arg;

	manager_try_now(b->manager);
}

static int boot_identify(void *arg, const char **name, const char **alias, struct err *err)
{
	const struct boot_run *b = arg;

	*alias = NULL;
	*name = b->config->initiator_name;
	return *name ? 0 : context_initiator(b->config->ctx, name, alias, err);
}

/* ---- beginning and end ---- */

static int boot_open(struct boot_run *b, struct err *err)
{
	const struct manager_config config = {
		.engine = &b->engine, .state_dir = b->config->state_dir, .identify = boot_identify, .identify_arg = b
	};
	const struct engine *engine;
	int rc = context_engine(b->config->ctx, &engine, err), watching;

	if (rc < 0)
		return rc;
	b->engine = *engine;
	rc = scan_new(engine->helpers, b->config->sysfs, &b->engine.scanner);
	if (rc >= 0)
		rc = loop_signal_add(engine->loop, &b->on_term, SIGTERM, boot_signal, b);
	if (rc >= 0)
		rc = loop_signal_add(engine->loop, &b->on_int, SIGINT, boot_signal, b);
	if (rc < 0)
		return err_sys(err, MISCSI_ERR_INTERNAL, -rc,
			"iscsistart cannot create the file descriptors and the helper process that the logins require");
	rc = file_mkdirs(config.state_dir, 0700);
	if (rc < 0)
		return err_sys(err, MISCSI_ERR_INTERNAL, -rc, "cannot create the directory for the state of sessions, %s",
			config.state_dir);
	rc = manager_new(&config, &b->manager, err);
	if (rc < 0)
		return rc;
	watching = netwatch_new(engine->loop, NETWATCH_AT_ONCE, boot_network_changed, b, &b->netwatch);
	if (watching < 0)
		log_info(engine->log, "boot",
			"iscsistart cannot receive the kernel's messages about network changes, so it repeats a failed login "
			"only at fixed intervals: %s",
			strerror(-watching));
	return rc;
}

static void boot_close(struct boot_run *b)
{
	for (size_t i = 0; i < b->n; i++) /* a scan that goes on ends without a report */
		loop_timer_cancel(b->engine.loop, &b->entries[i].scan_limit);
	netwatch_free(b->netwatch);
	manager_free(b->manager);
	if (b->engine.scanner)
		scan_free(b->engine.scanner);
	if (b->engine.loop) {
		loop_signal_del(b->engine.loop, &b->on_term);
		loop_signal_del(b->engine.loop, &b->on_int);
	}
	x_free(b->entries);
}

/* ---- the logins ---- */

/* What an iscsistart that was killed has left is half a session: it would count as one that exists. */
static int boot_end_abandoned(struct boot_run *b, struct err *err)
{
	struct loop *loop = b->engine.loop;
	uint64_t end = loop_now(loop) + CANCEL_MS;
	int rc = adopt_abandoned(b->manager, err);

	while (rc > 0 && manager_count(b->manager) && loop_now(loop) < end) {
		int step = loop_step(loop, 50);

		if (step < 0)
			return err_sys(err, MISCSI_ERR_INTERNAL, -step,
				"cannot wait until a session that an earlier iscsistart left incomplete is removed");
	}
	return rc;
}

static void boot_is_there(void *arg)
{
	static const struct err exists = { .code = MISCSI_ERR_SESS_EXISTS, .text = "session exists" };
	struct boot_entry *e = arg;

	if (!e->ended)
		boot_ended(e, &exists);
}

static void boot_scanned(int status, void *arg)
{
	struct boot_entry *e = arg;

	if (status < 0)
		log_warn(e->run->engine.log, "boot", "the scan for devices of the existing session with %s failed: %s",
			record_str(e->node, FIELD_NODE_NAME), strerror(-status));
	boot_is_there(e);
}

/*
 * It was logged in by scan = manual, or by a program that was killed. Kernels before 6.3 do not tell that from a target without units:
 * to scan what has been scanned does no harm.
 */
static bool boot_lacks_scan(const struct boot_run *b, const struct session_info *i, const struct record *node)
{
	cleanup(scan_devices_free) struct scan_devices devices = { 0 };

	return (!*i->target_state || strcmp(i->target_state, "ALLOCATED") == 0) &&
		record_int(node, FIELD_SESSION_SCAN) == RECORD_SCAN_AUTO &&
		scan_devices(b->engine.sysfs, i->host_no, i->sid, &devices) == 0 && devices.n == 0;
}

/* The session stays, with the devices that its target has. */
static void boot_keep(struct boot_run *b, const struct session_info *there, struct boot_entry *e)
{
	if (!boot_lacks_scan(b, there, e->node) ||
		scan_host(b->engine.scanner, there->host_no, SCAN_ALL, SCAN_ALL, SCAN_LUN_ALL, boot_scanned, e, NULL) < 0)
		boot_is_there(e);
	else
		loop_timer_set(b->engine.loop, &e->scan_limit, SCAN_MS, boot_is_there, e);
}

static const struct session_info *boot_find_session(const struct session_info_list *l, const struct record *node)
{
	for (size_t i = 0; i < l->n; i++) {
		if (session_mode_is_of(&l->info[i], node))
			return &l->info[i];
	}
	return NULL;
}

static int boot_ask(struct boot_run *b, const struct record_list *nodes, struct err *err)
{
	cleanup(session_info_list_free) struct session_info_list there = { 0 };
	int rc = session_mode_list(
		b->config->ctx, NULL, SESSION_DETAIL_MATCH | SESSION_INFO_PORTAL | SESSION_INFO_STATE, &there, err);

	if (rc < 0)
		return rc;
	b->entries = x_newn(struct boot_entry, nodes->n);
	if (!b->entries)
		return err_nomem(err, "the list of boot targets to log in to");
	b->n = b->waiting = nodes->n;
	for (size_t i = 0; i < b->n; i++) {
		struct boot_entry *e = &b->entries[i];
		const struct session_info *session = boot_find_session(&there, nodes->at[i]);

		e->run = b;
		e->node = nodes->at[i];
		e->request.done = boot_done;
		e->request.arg = e;
		if (session)
			boot_keep(b, session, e);
		else
			manager_login(b->manager, e->node, &e->request);
	}
	return 0;
}

static bool boot_same_target(const struct boot_entry *a, const struct boot_entry *b)
{
	return strcmp(record_str(a->node, FIELD_NODE_NAME), record_str(b->node, FIELD_NODE_NAME)) == 0;
}

/* The target of this login has a session, through this portal or another one. */
static bool boot_target_is_up(const struct boot_run *b, const struct boot_entry *e)
{
	for (size_t i = 0; i < b->n; i++) {
		if (boot_same_target(&b->entries[i], e) && boot_has_session(&b->entries[i]))
			return true;
	}
	return e->elsewhere;
}

/* An initramfs starts one iscsistart for each portal that its command line names: those of one target do not wait for each other. */
static void boot_look_elsewhere(struct boot_run *b)
{
	cleanup(session_info_list_free) struct session_info_list there = { 0 };

	if (session_mode_list(b->config->ctx, NULL, SESSION_INFO_STATE, &there, NULL) < 0)
		return;
	for (size_t i = 0; i < b->n; i++) {
		struct boot_entry *e = &b->entries[i];

		e->elsewhere = false;
		for (size_t n = 0; n < there.n && !e->elsewhere; n++)
			e->elsewhere = !strcmp(there.info[n].state, "LOGGED_IN") &&
				name_equal(there.info[n].target, record_str(e->node, FIELD_NODE_NAME));
	}
}

static bool boot_all_up(const struct boot_run *b)
{
	for (size_t i = 0; i < b->n; i++) {
		if (!boot_target_is_up(b, &b->entries[i]))
			return false;
	}
	return true;
}

static void boot_over(void *arg)
{
	const struct boot_run *b = arg;

	loop_quit(b->engine.loop);
}

/* After a login has ended, or the state of others is known. */
static void boot_check(struct boot_run *b)
{
	struct loop *loop = b->engine.loop;
	uint64_t rest = loop_now(loop) + BOOT_REST_SECONDS * UINT64_C(1000);

	if (!loop_timer_active(&b->end))
		return;
	if (!b->waiting)
		loop_quit(loop);
	if (b->up || !boot_all_up(b))
		return;
	b->up = true;
	if (b->end.due > rest)
		loop_timer_set(loop, &b->end, BOOT_REST_SECONDS * UINT64_C(1000), boot_over, b);
}

static void boot_look(void *arg)
{
	struct boot_run *b = arg;

	boot_look_elsewhere(b);
	boot_check(b);
	helper_prepare(b->engine.helpers); /* for the scan, while the target or the network lets us wait */
	loop_timer_set(b->engine.loop, &b->look, LOOK_MS, boot_look, b);
}

static int boot_wait(struct boot_run *b)
{
	struct loop *loop = b->engine.loop;
	int rc;

	if (!b->waiting || b->interrupted)
		return 0;
	loop_timer_set(loop, &b->end, b->config->seconds * UINT64_C(1000), boot_over, b);
	loop_timer_set(loop, &b->look, 1, boot_look, b); /* when the logins have begun */
	rc = loop_run(loop);
	loop_timer_cancel(loop, &b->look);
	loop_timer_cancel(loop, &b->end);
	return rc;
}

struct boot_pending {
	uint64_t id[64];
	size_t n;
};

static int boot_collect(void *arg, const struct manager_session *s)
{
	struct boot_pending *p = arg;

	/* A session that was up stays, also if its connection is lost at this moment: iscsid recovers it. */
	if (strcmp(s->state, "LOGGED_IN") != 0 && strcmp(s->state, "FAILED") != 0)
		p->id[p->n++] = s->id;
	return p->n == ARRAY_SIZE(p->id);
}

static void boot_ignore(struct manager_request *r, const struct manager_result *result)
{
	(void)result;
	x_free(r);
}

/* What has not become a session must not stay in the kernel as half of one. */
static void boot_cancel(struct boot_run *b)
{
	struct loop *loop = b->engine.loop;
	uint64_t end = loop_now(loop) + CANCEL_MS;
	struct boot_pending p;

	do {
		p.n = 0;
		manager_each(b->manager, boot_collect, &p);
		for (size_t i = 0; i < p.n; i++) {
			struct manager_request *r = x_new(struct manager_request);

			if (!r)
				break;
			r->done = boot_ignore;
			manager_logout_id(b->manager, p.id[i], true, r);
		}
	} while (p.n && loop_step(loop, 50) >= 0 && loop_now(loop) < end);
	while (kernel_pending(b->engine.kernel) && loop_now(loop) < end && loop_step(loop, 50) >= 0)
		;
}

struct boot_failure {
	const struct record *node;
	char text[ERR_TEXT_MAX]; /* of the last attempt; "": none has failed */
};

static int boot_find_failure(void *arg, const struct manager_session *s)
{
	struct boot_failure *f = arg;

	if (strcmp(s->target, record_str(f->node, FIELD_NODE_NAME)) != 0 ||
		strcmp(s->address, record_str(f->node, FIELD_CONN_ADDRESS)) != 0 ||
		s->port != record_int(f->node, FIELD_CONN_PORT) || strcmp(s->iface, record_str(f->node, FIELD_IFACE_NAME)) != 0)
		return 0;
	snprintf(f->text, sizeof(f->text), "%s", s->last_error);
	return 1;
}

/* Ends the logins that have not ended, for our part. */
static void boot_give_up(struct boot_run *b, const char *why)
{
	for (size_t i = 0; i < b->n; i++) {
		struct boot_entry *e = &b->entries[i];
		struct boot_failure last = { .node = e->node };
		struct err late = ERR_INIT;

		if (e->ended)
			continue;
		if (b->manager)
			manager_each(b->manager, boot_find_failure, &last);
		manager_forget(&e->request);
		err_set(&late, MISCSI_ERR_TRANS_TIMEOUT, "%s%s%s%.256s", why,
			boot_target_is_up(b, e) ? "; the target has a session through another portal" : "",
			*last.text ? "; the last attempt failed: " : "", last.text);
		boot_ended(e, &late);
	}
}

static int boot_outcome(const struct boot_run *b, struct err *err)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct boot_entry *e = &b->entries[i];

		if (boot_target_is_up(b, e))
			continue;
		err_copy(err, &e->err);
		return -err_errno(e->err.code);
	}
	return 0;
}

int boot_login(const struct boot *boot, const struct record_list *nodes, struct err *err)
{
	struct boot_run b = { .config = boot };
	int rc = boot_open(&b, err), outcome;

	if (rc >= 0)
		rc = boot_end_abandoned(&b, err);
	if (rc >= 0)
		rc = boot_ask(&b, nodes, err);
	if (rc >= 0 && (rc = boot_wait(&b)) < 0)
		err_sys(err, MISCSI_ERR_INTERNAL, -rc, "iscsistart cannot wait until the logins end");
	boot_give_up(&b,
		rc < 0		      ? "iscsistart gave up the login" :
			b.interrupted ? "a signal ended iscsistart before the login was complete" :
					"the login did not succeed in time");
	outcome = rc < 0 ? rc : boot_outcome(&b, err);
	if (b.manager)
		boot_cancel(&b);
	boot_close(&b);
	return outcome;
}
