/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One standing discovery: it asks through each iface, has the result written, and waits. */
#include "daemon/standing_private.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "discovery/discovery.h"
#include "link/engine.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define RETRY_S 30 /* after a failure, where no shorter interval is set; doubled each time */
#define RETRY_DOUBLED 10
#define RETRY_MAX_S 600
#define RENEW_S 300 /* between two registrations with an iSNS server */
#define TELL_MS 60000
#define GAP_MS 500 /* at least, between two attempts that notifications cause */

static struct loop *loop_of(const struct standing_one *o)
{
	return o->owner->config.engine->loop;
}

static const struct log *log_of(const struct standing_one *o)
{
	return o->owner->config.engine->log;
}

/* ---- time ---- */

/* Up to an eighth more or less, so that the machines of a rack do not come together. */
static uint64_t spread(uint64_t ms)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = (uint32_t)getpid() * 2654435761u;
	return ms - ms / 8 + random % (ms / 4 + 1);
}

static bool is_isns(const struct standing_one *o)
{
	return record_kind(o->record) == RECORD_ISNS;
}

/* An iSNS server is queried with each renewal of the registration at least. */
static int64_t interval_of(const struct standing_one *o)
{
	int64_t s = record_int(o->record, is_isns(o) ? FIELD_ISNS_POLL_INTERVAL : FIELD_DISC_POLL_INTERVAL);

	return is_isns(o) && (s <= 0 || s > RENEW_S) ? RENEW_S : s;
}

static uint64_t retry_ms(const struct standing_one *o, unsigned failures)
{
	uint64_t base = interval_of(o) > 0 && (!is_isns(o) || interval_of(o) < RETRY_S) ? (uint64_t)interval_of(o) : RETRY_S;
	uint64_t s = base << (failures > RETRY_DOUBLED ? RETRY_DOUBLED : failures ? failures - 1 : 0);

	return spread(1000 * (s <= RETRY_MAX_S ? s : base > RETRY_MAX_S ? base : RETRY_MAX_S));
}

static void one_due(void *arg)
{
	standing_queue(arg);
}

/* After an attempt. Without an interval the next one comes when it is asked for. */
static void one_wait(struct standing_one *o)
{
	uint64_t ms = o->failures ? retry_ms(o, o->failures) : interval_of(o) > 0 ? spread(1000 * (uint64_t)interval_of(o)) : 0;
	uint64_t now = loop_now(loop_of(o));

	o->state = ONE_WAITS;
	if (o->again)
		ms = o->began + GAP_MS > now ? o->began + GAP_MS - now : 1;
	o->due = ms ? now + ms : 0;
	if (ms)
		loop_timer_set(loop_of(o), &o->next, ms, one_due, o);
}

/* However many come: an attempt at a time, two a second, and a line a minute. */
void standing_one_notified(struct standing_one *o)
{
	uint64_t now = loop_now(loop_of(o));

	if (!o->told || now >= o->told + TELL_MS) {
		o->told = now;
		log_info(log_of(o), "discovery", "iscsid repeats the discovery by %s, because the iSNS server reported a change",
			o->label);
	}
	if (o->state != ONE_WAITS || now >= o->began + GAP_MS) {
		standing_queue(o);
		return;
	}
	o->due = o->began + GAP_MS;
	loop_timer_set(loop_of(o), &o->next, o->due - now, one_due, o);
}

static void one_failed(struct standing_one *o, const struct err *err)
{
	err_copy(&o->err, err);
	o->renewed = 0;
	o->failures++;
	one_wait(o);
	if (log_worth(&o->reported))
		log_warn(log_of(o), "discovery", "the discovery by %s failed: %s; iscsid tries again in %" PRIu64 " s", o->label,
			err->text, (o->due - loop_now(loop_of(o))) / 1000);
}

static void one_succeeded(struct standing_one *o)
{
	if (o->reported)
		log_info(log_of(o), "discovery", "the discovery by %s succeeded again after an earlier failure", o->label);
	if (o->notify.registered)
		o->unnotified = 0;
	else if (o->notify.port && log_worth(&o->unnotified))
		log_warn(log_of(o), "discovery",
			"the iSNS server of the discovery by %s sends no notifications of changes, so iscsid learns of them only "
			"when it repeats the discovery",
			o->label);
	if (o->notify.port)
		o->renewed = o->notify.registered ? o->began : 0;
	o->failures = o->reported = 0;
	err_clear(&o->err);
	one_wait(o);
}

/* ---- the work of helpers ---- */

static int one_submit(struct standing_one *o, struct helper_job *job, const char *what,
	int (*run)(const void *request, size_t len, void *answer, size_t *answer_len),
	void (*done)(struct helper_job *j, int result, const void *answer, size_t len))
{
	struct standing_request request = o->owner->request;
	int rc;

	request.kind = record_kind(o->record);
	request.from = (uint32_t)record_int(o->record, FIELD_DISC_PORT);
	request.whole = o->whole;
	snprintf(request.address, sizeof(request.address), "%s", record_str(o->record, FIELD_DISC_ADDRESS));
	snprintf(request.path, sizeof(request.path), "%s", o->path);
	*job = (struct helper_job){ .run = run, .done = done, .key = helper_key(what) };
	rc = helper_submit(o->owner->config.engine->helpers, job, &request, sizeof(request));
	mem_wipe(&request, sizeof(request));
	return rc;
}

/* The report of a job, or why there is none. */
static const struct standing_report *report_of(int result, const void *answer, size_t len, struct err *err)
{
	const struct standing_report *r = len == sizeof(*r) ? answer : NULL;

	if (r && result >= 0)
		return r;
	if (r)
		err_copy(err, &r->err);
	else
		err_sys(err, MISCSI_ERR_INTERNAL, result < 0 ? -result : EIO,
			"the helper process that reads and writes the records failed");
	return NULL;
}

static void one_sessions(void *arg);

static void sessions_done(struct helper_job *j, int result, const void *answer, size_t len)
{
	struct standing_one *o = container_of(j, struct standing_one, sessions);
	struct err err = ERR_INIT;
	const struct standing_report *r = report_of(result, answer, len, &err);
	bool work = !r || r->failed || r->busy;

	o->in_sessions = false;
	if (o->ended) {
		standing_one_end(o);
		return;
	}
	o->login_failures = work ? o->login_failures + 1 : 0;
	if (!r)
		log_warn(log_of(o), "discovery",
			"iscsid could not complete the logins and logouts after the discovery by %s, and tries again: %s",
			o->label, err.text);
	else if (r->sessions || r->ended || (r->failed && !(o->login_failures & (o->login_failures - 1))))
		log_info(log_of(o), "discovery",
			"after the discovery by %s, iscsid made %u sessions (%u more logins failed) and ended %u", o->label,
			r->sessions, r->failed, r->ended);
	if (r && *r->warning && !(o->login_failures & (o->login_failures - 1)))
		log_warn(log_of(o), "discovery", "%s", r->warning);
	if (o->sessions_again)
		one_sessions(o);
	else if (work)
		loop_timer_set(loop_of(o), &o->login, retry_ms(o, o->login_failures), one_sessions, o);
}

static void one_sessions(void *arg)
{
	struct standing_one *o = arg;

	o->sessions_again = o->in_sessions;
	if (o->in_sessions)
		return;
	loop_timer_cancel(loop_of(o), &o->login);
	o->in_sessions = one_submit(o, &o->sessions, o->path, standing_sessions, sessions_done) == 0;
	if (!o->in_sessions)
		loop_timer_set(loop_of(o), &o->login, retry_ms(o, ++o->login_failures), one_sessions, o);
}

static void keep_done(struct helper_job *j, int result, const void *answer, size_t len)
{
	struct standing_one *o = container_of(j, struct standing_one, keep);
	struct err err = ERR_INIT;
	const struct standing_report *r = report_of(result, answer, len, &err);
	bool first = !o->known, changed = o->changed;

	o->keeping = o->changed = false;
	if (o->ended) {
		standing_one_end(o);
		return;
	}
	if (r && r->deleted) {
		o->known = false; /* the nodes went with it */
		err_set(&err, MISCSI_ERR_IDBM, "its discovery record was deleted from the database meanwhile");
	}
	if (!r || r->deleted) {
		one_failed(o, &err);
		standing_read(o->owner); /* which ends it, if the record is still away; or an iface may have been deleted */
		return;
	}
	if (*r->warning)
		log_warn(log_of(o), "discovery", "%s", r->warning);
	o->known = !changed;
	o->kept = o->fingerprint;
	o->portals = o->portals_now;
	if (first || r->added || r->gone)
		log_info(log_of(o), "discovery",
			"the discovery by %s reported %u portals, of which %u are new; it no longer reports %u others", o->label,
			o->portals, r->added, r->gone);
	one_sessions(o);
	one_succeeded(o);
}

/* FNV-1a of each line, summed up: the order in which a target lists its portals has no meaning. */
static uint64_t fingerprint_of(const struct strbuf *list, unsigned *lines)
{
	uint64_t sum = 0, hash = 0xcbf29ce484222325;

	*lines = 0;
	for (size_t i = 0; i < list->len; i++) {
		hash = (hash ^ (uint8_t)list->s[i]) * 0x100000001b3;
		if (list->s[i] != '\n')
			continue;
		sum += hash;
		hash = 0xcbf29ce484222325;
		++*lines;
	}
	return sum;
}

/* Nothing is written as long as nothing changes. */
static void one_answered(struct standing_one *o)
{
	char name[STANDING_PATH_MAX + 8];
	struct err err = ERR_INIT;
	int rc;

	o->fingerprint = fingerprint_of(&o->list, &o->portals_now);
	if (o->known && o->fingerprint == o->kept) {
		strbuf_free(&o->list);
		one_succeeded(o);
		return;
	}
	snprintf(name, sizeof(name), "%s.new", o->path);
	rc = file_mkdirs(o->owner->config.dir, 0700);
	if (rc == 0)
		rc = file_replace(AT_FDCWD, name, strbuf_str(&o->list), o->list.len, 0600);
	strbuf_free(&o->list);
	if (rc == 0)
		rc = one_submit(o, &o->keep, "the record database", standing_keep, keep_done);
	if (rc < 0) {
		err_sys(&err, MISCSI_ERR_INTERNAL, -rc,
			"cannot store the list of targets that the server reported (in the file %s)", name);
		one_failed(o, &err);
		return;
	}
	o->keeping = true;
	o->state = ONE_KEEPS;
}

/* ---- asking ---- */

static const char *iface_name(const struct standing_one *o)
{
	return o->iface < o->owner->ifaces.n ? record_str(o->owner->ifaces.at[o->iface], FIELD_IFACE_NAME) : "default";
}

static int one_found(void *arg, const char *target, const struct portal *portal)
{
	struct standing_one *o = arg;

	o->targets += strcmp(o->target, target) != 0;
	snprintf(o->target, sizeof(o->target), "%s", target);
	if (o->targets > (uint64_t)record_int(o->record, FIELD_DISC_MAX_TARGETS)) {
		err_set(&o->err, MISCSI_ERR_LOGIN,
			"the server reported more than %" PRId64 " targets; if that is right, raise discovery.max_targets",
			record_int(o->record, FIELD_DISC_MAX_TARGETS));
		return -E2BIG;
	}
	strbuf_printf(&o->list, "%s %s %s %u %d\n", iface_name(o), target, portal->host, portal->port, (int)portal->tpgt);
	if (strbuf_error(&o->list))
		err_set(&o->err, MISCSI_ERR_LOGIN,
			"the list of portals that the server reported is longer than %u bytes, the most that iscsid keeps: let "
			"the server show fewer targets to this initiator",
			STANDING_LIST_MAX);
	return strbuf_error(&o->list);
}

static void one_forget(void *arg)
{
	struct standing_one *o = arg;

	if (o->list.s)
		o->list.s[o->before] = '\0';
	o->list.len = o->before;
	o->list.error = 0;
	o->targets = 0;
	*o->target = '\0';
}

static void one_note(void *arg, const char *text)
{
	const struct standing_one *o = arg;

	log_debug(log_of(o), "discovery", "[%s] %s", o->label, text);
}

static void one_ask(struct standing_one *o);

/* The answer through one iface. The discovery is freed: it has ended, or could not start. */
static void one_asked(void *arg, int result, const struct err *err)
{
	struct standing_one *o = arg;
	struct err mine = o->err;

	discovery_free(o->discovery);
	isns_query_free(o->query);
	o->discovery = NULL;
	o->query = NULL;
	if (result < 0) {
		if (mine.code == MISCSI_ERR_OK)
			err_copy(&o->err, err);
		one_forget(o);
		o->whole = false;
	} else {
		err_clear(&o->err);
		o->answered = true;
	}
	o->before = o->list.len;
	o->iface++;
	if (o->iface < o->owner->ifaces.n) {
		one_ask(o);
		return;
	}
	o->owner->asking--;
	if (o->answered) {
		one_answered(o);
	} else {
		mine = o->err;
		strbuf_free(&o->list);
		one_failed(o, &mine);
	}
	o->owner->config.tidy(o->owner->config.arg);
	standing_serve(o->owner);
}

/* Not from one_ask() itself, which one_asked() calls for the next iface, and for the next discovery. */
static void one_refused(void *arg)
{
	struct standing_one *o = arg;

	one_asked(o, -EIO, &o->err);
}

static void one_ask(struct standing_one *o)
{
	struct standing *s = o->owner;
	struct discovery_config config = { .engine = s->config.engine,
		.record = o->record,
		.iface = o->iface < s->ifaces.n ? s->ifaces.at[o->iface] : NULL,
		.host = record_str(o->record, FIELD_DISC_ADDRESS),
		.port = (uint16_t)record_int(o->record, FIELD_DISC_PORT),
		.found = one_found,
		.again = one_forget,
		.message = one_note,
		.arg = o };
	const char *name, *alias;
	struct err err = ERR_INIT;
	int rc = s->config.identify(s->config.arg, &name, &alias, &err);

	err_clear(&o->err);
	o->targets = 0;
	*o->target = '\0';
	if (rc >= 0 && x_strset(&o->initiator, name) < 0)
		rc = err_nomem(&err, "the initiator name");
	config.initiator_name = o->initiator;
	if (rc >= 0 && is_isns(o))
		rc = isns_query_start(&config, &o->notify, one_asked, o, &o->query, &err);
	else if (rc >= 0)
		rc = discovery_start(&config, one_asked, o, &o->discovery, &err);
	if (rc < 0) {
		err_copy(&o->err, &err);
		loop_defer(loop_of(o), &o->refused, one_refused, o);
	}
}

void standing_one_begin(struct standing_one *o)
{
	o->state = ONE_ASKS;
	o->again = o->answered = false;
	o->whole = true;
	o->iface = o->before = 0;
	o->list = (struct strbuf)STRBUF_INIT(STANDING_LIST_MAX);
	o->began = loop_now(loop_of(o));
	/* A registration may cause a notification, so that not every query can have one. */
	o->notify.port = 0;
	if (o->owner->listener && (!o->renewed || o->began >= o->renewed + RENEW_S * 750))
		o->notify.port = isns_listener_port(o->owner->listener);
	o->notify.registered = false;
	one_ask(o);
}

/* ---- its life ---- */

struct standing_one *standing_one_new(struct standing *s, struct record *record)
{
	struct standing_one *o = x_new(struct standing_one);
	const char *type = record_kind(record) == RECORD_ISNS ? "isns" : "sendtargets";

	if (!o) {
		record_free(record);
		return NULL;
	}
	o->owner = s;
	o->record = record;
	snprintf(o->label, sizeof(o->label), "%s of %s port %d", type, record_str(record, FIELD_DISC_ADDRESS),
		(int)record_int(record, FIELD_DISC_PORT));
	snprintf(o->path, sizeof(o->path), "%.400s/%s-%016" PRIx64, s->config.dir, type, helper_key(o->label));
	list_append(&s->all, &o->node);
	return o;
}

void standing_one_stop(struct standing_one *o)
{
	o->owner->asking -= o->state == ONE_ASKS;
	o->state = o->keeping ? ONE_KEEPS : ONE_WAITS;
	discovery_free(o->discovery);
	isns_query_free(o->query);
	o->discovery = NULL;
	o->query = NULL;
	o->notify = (struct isns_query_notify){ 0 };
	loop_timer_cancel(loop_of(o), &o->next);
	loop_task_cancel(loop_of(o), &o->refused);
	strbuf_free(&o->list);
}

/* A helper cannot be stopped, and two of them would take each other's files for their own: so it is the same discovery. */
void standing_one_renew(struct standing_one *o, struct record *record)
{
	standing_one_stop(o);
	record_free(o->record);
	o->record = record;
	o->known = false;
	o->changed = o->keeping;
	o->renewed = 0;
	o->failures = o->reported = o->unnotified = 0;
	err_clear(&o->err);
	standing_queue(o);
}

void standing_one_end(struct standing_one *o)
{
	static const char *const suffixes[] = { "", ".new", ".done" };
	struct standing *s = o->owner;
	bool waited = o->ended;

	standing_one_stop(o);
	loop_timer_cancel(loop_of(o), &o->login);
	o->ended = true;
	if (o->keeping || o->in_sessions)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		char name[STANDING_PATH_MAX + 8];

		snprintf(name, sizeof(name), "%s%s", o->path, suffixes[i]);
		unlink(name);
	}
	standing_one_free(o);
	if (waited)
		standing_read(s); /* its record may have come back */
}

bool standing_one_has(const struct standing_one *o, const char *name)
{
	const char *own = strrchr(o->path, '/') + 1;

	return !strncmp(name, own, strlen(own));
}

void standing_one_free(struct standing_one *o)
{
	standing_one_stop(o);
	loop_timer_cancel(loop_of(o), &o->login);
	if (o->keeping)
		helper_cancel(&o->keep);
	if (o->in_sessions)
		helper_cancel(&o->sessions);
	list_remove(&o->node);
	record_free(o->record);
	x_free(o->initiator);
	x_free(o);
}
