/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The standing discoveries: their records, and whose turn it is. */
#include "daemon/standing_private.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "link/engine.h"
#include "record/recfile.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REREAD_MS 30000 /* after a reading that failed */
#define LISTENER_FILE "listener-port"

static const char *const one_states[] = { "waiting", "queued", "asking", "writing" };

void standing_serve(struct standing *s)
{
	struct standing_one *o = NULL, *next;

	if (s->asking >= STANDING_AT_ONCE)
		return;
	list_for_each (next, &s->all, node) {
		if (!o && next->state == ONE_QUEUED)
			o = next;
	}
	if (!o)
		return;
	s->asking++;
	standing_one_begin(o);
}

/* At the end of the list, so that each has its turn. One that is under way runs once more. */
void standing_queue(struct standing_one *o)
{
	loop_timer_cancel(o->owner->config.engine->loop, &o->next);
	o->due = 0;
	o->again = o->state != ONE_WAITS;
	if (o->again)
		return;
	o->state = ONE_QUEUED;
	list_remove(&o->node);
	list_append(&o->owner->all, &o->node);
	standing_serve(o->owner);
}

/* ---- the records ---- */

static bool is_of(const struct standing_one *o, const struct record *r)
{
	return record_kind(o->record) == record_kind(r) && record_same(o->record, r, FIELD_DISC_ADDRESS) &&
		record_same(o->record, r, FIELD_DISC_PORT);
}

static bool is_server(void *arg, const struct sockaddr_storage *from)
{
	const struct standing *s = arg;
	const struct standing_one *o;

	list_for_each (o, &s->all, node)
		if (isns_listener_same(&o->notify.server, from))
			return true;
	return false;
}

/* In two steps, since a discovery that is queued goes to the end of the list. */
static void server_changed(void *arg, const struct sockaddr_storage *from)
{
	struct standing *s = arg;
	struct standing_one *o, *next;

	list_for_each (o, &s->all, node)
		o->notified = isns_listener_same(&o->notify.server, from);
	list_for_each_safe (o, next, &s->all, node) {
		if (!o->notified)
			continue;
		o->notified = false;
		standing_one_notified(o);
	}
}

/*
 * The port stays the same when iscsid is started again: a server goes on to notify the portal that was registered before, and while
 * nobody answers there, open-isns notifies the new one late.
 */
static uint16_t last_port(const char *path)
{
	unsigned long port = 0;
	char *text = NULL;
	size_t len;

	if (file_read(AT_FDCWD, path, sizeof("65535\n"), &text, &len) == 0)
		port = strtoul(text, NULL, 10);
	x_free(text);
	return port <= UINT16_MAX ? (uint16_t)port : 0;
}

static void keep_port(const struct standing *s, const char *path)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u\n", isns_listener_port(s->listener)), rc = file_mkdirs(s->config.dir, 0700);

	if (rc == 0)
		rc = file_write(path, text, (size_t)len, 0600);
	if (rc < 0)
		log_info(s->config.engine->log, "discovery",
			"cannot write %s, so the next iscsid will listen for notifications of iSNS servers on another port: %s",
			path, strerror(-rc));
}

/* Without a listener the servers are polled. */
static void listen_for_servers(struct standing *s)
{
	struct isns_listener_config config = { .loop = s->config.engine->loop,
		.log = s->config.engine->log,
		.known = is_server,
		.changed = server_changed,
		.arg = s };
	char path[PATH_MAX];
	int rc;

	if (s->listener)
		return;
	snprintf(path, sizeof(path), "%s/" LISTENER_FILE, s->config.dir);
	config.port = last_port(path);
	rc = isns_listener_new(&config, &s->listener);
	if (rc == 0 && isns_listener_port(s->listener) != config.port)
		keep_port(s, path);
	if (rc < 0)
		log_warn(config.log, "discovery",
			"iscsid cannot listen for notifications of iSNS servers, so it learns of changes only when it repeats "
			"the discovery: %s",
			strerror(-rc));
}

static void read_later(void *arg)
{
	standing_read(arg);
}

static void reading_failed(struct standing *s, const char *why)
{
	if (log_worth(&s->failures))
		log_warn(s->config.engine->log, "discovery",
			"iscsid cannot read the discovery records, so it uses those it read before, and tries again in %d s: %s",
			REREAD_MS / 1000, why);
	loop_timer_set(s->config.engine->loop, &s->retry, REREAD_MS, read_later, s);
}

/* anew: asks again in any case. One that ends is not disturbed: the records are read again after that. */
static void take_record(struct standing *s, struct record *fresh, bool anew)
{
	struct standing_one *o, *old = NULL;
	unsigned n = 0;

	list_for_each (o, &s->all, node) {
		n++;
		if (is_of(o, fresh))
			old = o;
	}
	if (old && (old->ended || (!anew && record_equal(old->record, fresh)))) {
		record_free(fresh);
		return;
	}
	if (old) {
		standing_one_renew(old, fresh);
		return;
	}
	if (n >= STANDING_MAX) {
		log_warn(s->config.engine->log, "discovery",
			"iscsid does not repeat the discovery of %s port %u, because it repeats at most %d: set "
			"discovery.sendtargets.use_discoveryd or discovery.isns.use_discoveryd to No in the records whose "
			"discovery need not be repeated",
			record_str(fresh, FIELD_DISC_ADDRESS), (unsigned)record_int(fresh, FIELD_DISC_PORT), STANDING_MAX);
		record_free(fresh);
		return;
	}
	if (record_kind(fresh) == RECORD_ISNS)
		listen_for_servers(s);
	o = standing_one_new(s, fresh);
	if (o)
		standing_queue(o);
	else
		reading_failed(s, strerror(ENOMEM));
}

static bool same_records(const struct record_list *a, const struct record_list *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = record_equal(a->at[i], b->at[i]);
	return same;
}

/*
 * Once, while no helper writes: what records found that were deleted while no daemon ran, which a new record of the same portal must
 * not take for its own, and what a killed writer has left.
 */
static void sweep(struct standing *s)
{
	DIR *dir = s->swept ? NULL : opendir(s->config.dir);
	const struct dirent *file;
	const struct standing_one *o;

	s->swept = true;
	while (dir && (file = readdir(dir))) {
		bool ours = !strcmp(file->d_name, LISTENER_FILE);

		list_for_each (o, &s->all, node)
			ours |= standing_one_has(o, file->d_name);
		if (!ours)
			unlinkat(dirfd(dir), file->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

/* The end of a reading. */
static void take_records(struct standing *s)
{
	bool anew = !same_records(&s->ifaces, &s->fresh_ifaces);
	struct standing_one *o, *next;

	list_for_each_safe (o, next, &s->all, node) {
		bool there = o->ended;

		for (size_t i = 0; i < s->fresh.n; i++)
			there |= is_of(o, s->fresh.at[i]);
		if (!there) {
			log_info(s->config.engine->log, "discovery",
				"iscsid no longer repeats the discovery by %s, because its record was deleted or does not "
				"request it",
				o->label);
			standing_one_end(o);
		}
	}
	if (anew) {
		list_for_each (o, &s->all, node)
			standing_one_stop(o);
		record_list_free(&s->ifaces);
		s->ifaces = s->fresh_ifaces;
		s->fresh_ifaces = (struct record_list){ 0 };
	}
	for (size_t i = 0; i < s->fresh.n; i++) {
		take_record(s, s->fresh.at[i], anew);
		s->fresh.at[i] = NULL;
	}
	s->fresh.n = 0;
	sweep(s);
	standing_serve(s);
}

static void reading_ended(struct standing *s)
{
	record_list_free(&s->fresh);
	record_list_free(&s->fresh_ifaces);
	s->reading = false;
	if (s->read_again)
		standing_read(s);
}

static void read_page(struct standing *s, enum record_kind kind, uint32_t from);

/* -errno: the answer is not one. */
static int take_page(struct standing *s, const void *answer, size_t len, const struct standing_page *page)
{
	struct record_list *list = s->request.kind == RECORD_IFACE ? &s->fresh_ifaces : &s->fresh;
	const uint8_t *at = (const uint8_t *)answer + sizeof(*page), *end = (const uint8_t *)answer + len;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < page->n; i++) {
		struct record *r = NULL;
		uint16_t size;

		if ((size_t)(end - at) < sizeof(size))
			return -EPROTO;
		memcpy(&size, at, sizeof(size));
		at += sizeof(size);
		if (size > end - at)
			return -EPROTO;
		rc = recfile_parse(s->request.kind, "a discovery record", (const char *)at, size, NULL, &r);
		at += size;
		/* reopen_max is for a command: a portal that is away must not keep the others waiting */
		if (rc == 0 && s->request.kind == RECORD_SENDTARGETS)
			rc = record_set_int(r, FIELD_DISC_REOPEN_MAX, 0, NULL);
		if (rc == 0)
			rc = record_list_add(list, r);
	}
	return rc;
}

static void page_read(struct helper_job *j, int result, const void *answer, size_t len)
{
	struct standing *s = container_of(j, struct standing, job);
	struct standing_page page = { .next = 0 };

	if (len >= sizeof(page))
		memcpy(&page, answer, sizeof(page));
	else if (result >= 0)
		result = -EPROTO;
	if (result >= 0)
		result = take_page(s, answer, len, &page);
	if (result < 0) {
		reading_failed(s, page.err.code != MISCSI_ERR_OK ? page.err.text : strerror(-result));
		reading_ended(s);
	} else if (page.next) {
		read_page(s, s->request.kind, page.next);
	} else if (s->request.kind == RECORD_IFACE) {
		read_page(s, RECORD_SENDTARGETS, 0);
	} else if (s->request.kind == RECORD_SENDTARGETS) {
		read_page(s, RECORD_ISNS, 0);
	} else {
		s->failures = 0;
		take_records(s);
		reading_ended(s);
	}
}

static void read_page(struct standing *s, enum record_kind kind, uint32_t from)
{
	int rc;

	s->request.kind = kind;
	s->request.from = from;
	s->job = (struct helper_job){ .run = standing_list, .done = page_read, .key = helper_key("the record database") };
	rc = helper_submit(s->config.engine->helpers, &s->job, &s->request, sizeof(s->request));
	if (rc < 0) {
		reading_failed(s, strerror(-rc));
		reading_ended(s);
	}
}

void standing_read(struct standing *s)
{
	s->read_again = s->reading;
	if (s->reading)
		return;
	s->reading = true;
	loop_timer_cancel(s->config.engine->loop, &s->retry);
	read_page(s, RECORD_IFACE, 0);
}

static void set_path(char to[STANDING_PATH_MAX], const char *path)
{
	snprintf(to, STANDING_PATH_MAX, "%s", path ? path : "");
}

int standing_new(const struct standing_config *config, struct standing **out)
{
	struct standing *s = x_new(struct standing);

	if (!s)
		return -ENOMEM;
	s->config = *config;
	list_init(&s->all);
	set_path(s->request.home, config->home);
	set_path(s->request.conf, config->conf);
	set_path(s->request.socket, config->socket);
	*out = s;
	return 0;
}

void standing_free(struct standing *s)
{
	struct standing_one *o, *next;

	if (!s)
		return;
	list_for_each_safe (o, next, &s->all, node)
		standing_one_free(o);
	if (s->reading)
		helper_cancel(&s->job);
	loop_timer_cancel(s->config.engine->loop, &s->retry);
	isns_listener_free(s->listener);
	record_list_free(&s->fresh);
	record_list_free(&s->fresh_ifaces);
	record_list_free(&s->ifaces);
	x_free(s);
}

int standing_each(void *standing, int (*fn)(void *arg, const struct service_discovery *d), void *arg)
{
	const struct standing *s = standing;
	const struct standing_one *o;
	int rc = 0;

	list_for_each (o, &s->all, node) {
		uint64_t now = loop_now(o->owner->config.engine->loop);
		struct service_discovery d = { .type = record_kind(o->record) == RECORD_ISNS ? "isns" : "sendtargets",
			.address = record_str(o->record, FIELD_DISC_ADDRESS),
			.port = (uint16_t)record_int(o->record, FIELD_DISC_PORT),
			.state = one_states[o->state],
			.portals = o->portals,
			.error = o->failures ? o->err.text : NULL,
			.next_ms = o->due > now ? (int64_t)(o->due - now) : -1 };

		rc = rc ? rc : fn(arg, &d);
	}
	return rc;
}
