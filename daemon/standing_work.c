/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In the helpers of standing discoveries: the same records and logins as those of `iscsiadm -m discoverydb -D -l`. */
#include "daemon/standing_work.h"
#include "base/file.h"
#include "base/helper.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "ipc/client.h"
#include "modes/context.h"
#include "modes/discovery_mode.h"
#include "modes/iface_mode.h"
#include "modes/login.h"
#include "record/db.h"
#include "record/recfile.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define AT_A_TIME 1024 /* records in memory */
#define RECORDS_A_TARGET 8 /* for each of discovery.max_targets */

/* ---- lines ---- */

struct lines {
	char *text;
	char **at; /* sorted, each once */
	size_t n, cap;
};

struct line {
	char iface[65], target[224];
	struct portal portal;
};

static void lines_free(struct lines *l)
{
	x_free(l->text);
	x_free(l->at);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool lines_have(const struct lines *l, const char *line)
{
	return l->n && bsearch(&line, l->at, l->n, sizeof(*l->at), compare_lines);
}

static int lines_add(struct lines *l, char *line)
{
	char **at = x_grow(l->at, l->n, &l->cap, sizeof(*at), 256);

	if (!at)
		return -ENOMEM;
	l->at = at;
	l->at[l->n++] = line;
	return 0;
}

/* -ENOENT: the file is missing. */
static int lines_read(struct lines *l, const char *path, const char *suffix, struct err *err)
{
	char name[STANDING_PATH_MAX + 8], *next, *line;
	size_t n = 0, len;
	int rc;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	rc = file_read(AT_FDCWD, name, 2 * STANDING_LIST_MAX, &l->text, &len);
	for (next = l->text; rc >= 0 && (line = strsep(&next, "\n"));)
		rc = *line ? lines_add(l, line) : 0;
	if (rc < 0)
		return err_sys(err, MISCSI_ERR_INTERNAL, -rc, "cannot read the file %s with the list of targets", name);
	if (l->n)
		qsort(l->at, l->n, sizeof(*l->at), compare_lines);
	for (size_t i = 0; i < l->n; i++)
		if (!i || strcmp(l->at[i], l->at[n - 1]) != 0)
			l->at[n++] = l->at[i];
	l->n = n;
	return 0;
}

/* A missing file has no lines. */
static int lines_read_any(struct lines *l, const char *path, const char *suffix, struct err *err)
{
	int rc = lines_read(l, path, suffix, err);

	return rc == -ENOENT ? 0 : rc;
}

static int lines_write(const char *path, const char *suffix, struct strbuf *text, struct err *err)
{
	char name[STANDING_PATH_MAX + 8];
	int rc = strbuf_error(text);

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	if (rc == 0)
		rc = file_replace(AT_FDCWD, name, strbuf_str(text), text->len, 0600);
	return rc < 0 ? err_sys(err, MISCSI_ERR_INTERNAL, -rc, "cannot write the file %s with the list of targets", name) : 0;
}

static void lines_remove(const char *path, const char *suffix)
{
	char name[STANDING_PATH_MAX + 8];

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	unlink(name);
}

static void put_line(struct strbuf *text, const char *line)
{
	strbuf_puts(text, line);
	strbuf_putc(text, '\n');
}

/* false: not one of ours. */
static bool line_parse(const char *text, struct line *l)
{
	unsigned port;
	int tpgt;

	if (sscanf(text, "%64s %223s %253s %u %d", l->iface, l->target, l->portal.host, &port, &tpgt) != 5)
		return false;
	l->portal.port = (uint16_t)port;
	l->portal.tpgt = tpgt;
	return true;
}

/* ---- the work's own context ---- */

struct work {
	const struct standing_request *request;
	struct standing_report *report;
	struct log log;
	struct context *ctx;
	struct db *db;
	struct record *disc;
};

/* The daemon logs the first warning. */
static void work_warning(void *arg, enum log_level level, const char *module, const char *text)
{
	struct work *w = arg;

	(void)level;
	(void)module;
	if (!*w->report->warning)
		snprintf(w->report->warning, sizeof(w->report->warning), "%s", text);
}

static const char *or_default(const char *path)
{
	return *path ? path : NULL;
}

/* -ENOENT: the record of the discovery was deleted; report->deleted is set. */
static int work_begin(struct work *w, const void *request, void *answer)
{
	const struct standing_request *r = request;
	struct context_config config = {
		.home = or_default(r->home), .conf = or_default(r->conf), .socket = or_default(r->socket), .log = &w->log
	};
	struct err *err;
	int rc;

	*w = (struct work){ .request = r, .report = answer, .log = { LOG_LEVEL_WARN, work_warning, w } };
	memset(w->report, 0, sizeof(*w->report));
	err = &w->report->err;
	rc = context_new(&config, &w->ctx);
	if (rc < 0)
		return err_nomem(err, "the records of a discovery");
	rc = context_db(w->ctx, &w->db, err);
	if (rc < 0)
		return rc;
	rc = db_disc_find(w->db, r->kind, r->address, r->from, &w->disc, err);
	w->report->deleted = rc == -ENOENT;
	return rc;
}

static int work_end(struct work *w, int rc, size_t *answer_len)
{
	record_free(w->disc);
	context_free(w->ctx);
	*answer_len = sizeof(*w->report);
	return w->report->deleted ? 0 : rc;
}

/* ---- records ---- */

/* Those of one iface come together, so that there is one template for them. */
struct nodes {
	struct work *work;
	struct discovery_mode_select select;
	char iface[65];
	struct record *template; /* NULL: not yet, or the iface is gone */
	struct record_list list;
};

static int use_iface(struct nodes *n, const char *name, struct err *err)
{
	cleanup(record_freep) struct record *iface = NULL;
	int rc;

	if (n->template && !strcmp(n->iface, name))
		return 0;
	record_freep(&n->template);
	snprintf(n->iface, sizeof(n->iface), "%s", name);
	rc = db_iface_find(n->work->db, name, &iface, err);
	if (rc >= 0)
		rc = context_new_record(n->work->ctx, RECORD_NODE, &n->template, err);
	return rc < 0 ? rc : record_apply(n->template, iface, 0, err);
}

/* Node records stay when their portals go, and a server that reports others each time must not fill the disk. */
static int check_room(const struct work *w, struct err *err)
{
	int64_t targets = record_int(w->disc, FIELD_DISC_MAX_TARGETS);
	size_t n;
	int rc = db_disc_count(w->db, w->request->kind, w->request->address, w->request->from, &n, err);

	if (rc < 0 || n < (size_t)targets * RECORDS_A_TARGET)
		return rc;
	return err_set(err, MISCSI_ERR_IDBM,
		"iscsid adds no node record, because this discovery already has %zu of them, at least %d times "
		"discovery.max_targets (%" PRId64
		"): delete those that are out of date, as 'iscsiadm -m discovery' does, or raise discovery.max_targets",
		n, RECORDS_A_TARGET, targets);
}

static int nodes_write(struct nodes *n, struct err *err)
{
	int rc = n->list.n ? check_room(n->work, err) : 0;

	if (rc >= 0 && n->list.n)
		rc = db_discovered(n->work->db, n->work->disc, &n->list, DB_FOUND_ADD | DB_FOUND_UPDATE, NULL, NULL, err);
	n->work->report->added += (unsigned)n->list.n;
	record_list_free(&n->list);
	return rc;
}

static int nodes_add(struct nodes *n, const char *text, struct err *err)
{
	struct record *node = NULL;
	struct line line;
	int rc;

	if (!line_parse(text, &line))
		return 0;
	rc = use_iface(n, line.iface, err);
	if (rc >= 0)
		rc = discovery_mode_node(&n->select, n->template, line.target, &line.portal, &node, err);
	if (rc >= 0 && record_list_add(&n->list, node) < 0)
		rc = err_nomem(err, "the list of node records");
	return rc >= 0 && n->list.n == AT_A_TIME ? nodes_write(n, err) : rc;
}

/* A record that was deleted meanwhile would leave nodes that no discovery shows. */
static int check_record_again(struct work *w)
{
	cleanup(record_freep) struct record *disc = NULL;
	const struct standing_request *r = w->request;
	int rc = db_disc_find(w->db, r->kind, r->address, r->from, &disc, NULL);

	if (rc != -ENOENT)
		return 0;
	db_disc_delete(w->db, r->kind, r->address, r->from, NULL);
	w->report->deleted = true;
	return rc;
}

static int keep_lines(struct work *w, const struct lines *found, const struct lines *known, struct err *err)
{
	cleanup(strbuf_free) struct strbuf text = STRBUF_INIT(2 * STANDING_LIST_MAX);
	struct nodes nodes = { .work = w, .select = { .kind = w->request->kind } };
	int rc = 0;

	nodes.select.portal.port = (uint16_t)w->request->from;
	snprintf(nodes.select.portal.host, sizeof(nodes.select.portal.host), "%.*s", PORTAL_HOST_MAX, w->request->address);
	for (size_t i = 0; rc >= 0 && i < found->n; i++) {
		put_line(&text, found->at[i]);
		if (!lines_have(known, found->at[i]))
			rc = nodes_add(&nodes, found->at[i], err);
	}
	for (size_t i = 0; i < known->n; i++) {
		if (lines_have(found, known->at[i]))
			continue;
		w->report->gone += w->request->whole;
		if (!w->request->whole)
			put_line(&text, known->at[i]);
	}
	if (rc >= 0)
		rc = nodes_write(&nodes, err);
	record_list_free(&nodes.list);
	record_free(nodes.template);
	if (rc >= 0)
		rc = check_record_again(w);
	return rc >= 0 ? lines_write(w->request->path, "", &text, err) : rc;
}

/* A record is deleted with its nodes. So a discovery without nodes begins anew, whatever an earlier one of the same portal found. */
static int forget_others(struct work *w, struct lines *known, struct err *err)
{
	size_t n;
	int rc = db_disc_count(w->db, w->request->kind, w->request->address, w->request->from, &n, err);

	if (rc < 0 || n)
		return rc;
	known->n = 0;
	lines_remove(w->request->path, ".done");
	return 0;
}

int standing_keep(const void *request, size_t len, void *answer, size_t *answer_len)
{
	cleanup(lines_free) struct lines found = { 0 }, known = { 0 };
	struct work w;
	struct err *err;
	int rc = work_begin(&w, request, answer);

	(void)len;
	err = &w.report->err;
	if (rc >= 0)
		rc = lines_read(&found, w.request->path, ".new", err);
	if (rc >= 0)
		rc = lines_read_any(&known, w.request->path, "", err);
	if (rc >= 0)
		rc = forget_others(&w, &known, err);
	if (rc >= 0)
		rc = keep_lines(&w, &found, &known, err);
	if (rc >= 0)
		lines_remove(w.request->path, ".new");
	return work_end(&w, rc, answer_len);
}

/* ---- sessions ---- */

struct sessions {
	struct work *work;
	struct session_info_list now;
	struct record_list nodes; /* to log in to */
	char **lines; /* of each of the nodes */
	size_t cap;
	bool *good; /* by node: it has its session */
	struct strbuf done; /* the next PATH.done */
	uint32_t *sids; /* to log out of */
};

static int node_of_line(struct work *w, const char *text, struct record **out, struct err *err)
{
	cleanup(record_list_free) struct record_list list = { 0 };
	struct line l;
	struct db_filter filter = DB_FILTER_ALL;
	int rc;

	if (!line_parse(text, &l))
		return 0;
	filter.target = l.target;
	filter.address = l.portal.host;
	filter.port = l.portal.port;
	filter.tpgt = l.portal.tpgt < 0 ? DB_TPGT_ANY : l.portal.tpgt;
	filter.iface = l.iface;
	rc = db_node_list(w->db, &filter, &list, err);
	if (rc >= 0 && list.n) {
		*out = list.at[0];
		list.at[0] = NULL;
	}
	return rc;
}

/* Whether another portal of the target serves already, as node.leading_login has it. */
static bool is_led(const struct sessions *s, const struct record *node)
{
	if (!record_int(node, FIELD_NODE_LEADING_LOGIN))
		return false;
	for (size_t i = 0; i < s->now.n; i++)
		if (!strcmp(s->now.info[i].target, record_str(node, FIELD_NODE_NAME)))
			return true;
	return false;
}

static int choose_line(struct sessions *s, char *line, struct err *err)
{
	struct record *node = NULL;
	char **lines;
	int rc = node_of_line(s->work, line, &node, err);

	if (rc < 0)
		return rc;
	if (!node || record_int(node, FIELD_NODE_STARTUP) != RECORD_STARTUP_AUTOMATIC || is_led(s, node)) {
		record_free(node);
		put_line(&s->done, line);
		return 0;
	}
	lines = x_grow(s->lines, s->nodes.n, &s->cap, sizeof(*lines), 64);
	if (!lines) {
		record_free(node);
		return err_nomem(err, "the node records of a discovery");
	}
	s->lines = lines;
	s->lines[s->nodes.n] = line;
	return record_list_add(&s->nodes, node) < 0 ? err_nomem(err, "the node records of a discovery") : 0;
}

static void login_begins(void *arg, const struct record *node)
{
	(void)arg;
	(void)node;
}

static void login_good(struct sessions *s, const struct record *node)
{
	for (size_t i = 0; i < s->nodes.n; i++)
		s->good[i] |= s->nodes.at[i] == node;
}

static void login_was_there(void *arg, const struct record *node, unsigned wanted, unsigned present)
{
	(void)wanted;
	(void)present;
	login_good(arg, node);
}

static void login_ended(void *arg, const struct record *node, const struct err *err)
{
	struct sessions *s = arg;

	if (err->code == MISCSI_ERR_OK)
		s->work->report->sessions++;
	if (err->code == MISCSI_ERR_OK)
		login_good(s, node);
	else if (!*s->work->report->warning)
		snprintf(s->work->report->warning, sizeof(s->work->report->warning),
			"iscsid could not log in to %s at %s port %d: %.100s", record_str(node, FIELD_NODE_NAME),
			record_str(node, FIELD_CONN_ADDRESS), (int)record_int(node, FIELD_CONN_PORT), err->text);
}

static void login_without_daemon(void *arg, const struct err *err)
{
	(void)arg;
	(void)err;
}

/* A portal of a leading target needs no session when another one has it now. */
static bool has_leader(const struct sessions *s, size_t i)
{
	for (size_t k = 0; k < s->nodes.n; k++)
		if (s->good[k] && record_int(s->nodes.at[i], FIELD_NODE_LEADING_LOGIN) &&
			record_same(s->nodes.at[k], s->nodes.at[i], FIELD_NODE_NAME))
			return true;
	return false;
}

static int log_in(struct sessions *s, const struct lines *known, const struct lines *done, struct err *err)
{
	const struct login_events events = { login_begins, login_was_there, login_ended, login_without_daemon, s };
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < known->n; i++) {
		if (lines_have(done, known->at[i]))
			put_line(&s->done, known->at[i]);
		else
			rc = choose_line(s, known->at[i], err);
	}
	s->good = rc >= 0 ? x_newn(bool, s->nodes.n + 1) : NULL;
	if (rc >= 0 && !s->good)
		rc = err_nomem(err, "the node records of a discovery");
	if (rc < 0 || !s->nodes.n)
		return rc;
	login_leading(s->work->ctx, &s->nodes, true, &events, NULL);
	for (size_t i = 0; i < s->nodes.n; i++) {
		if (s->good[i] || has_leader(s, i))
			put_line(&s->done, s->lines[i]);
		else
			s->work->report->failed++;
	}
	return 0;
}

static void logout_ended(void *arg, const struct client_result *r)
{
	struct sessions *s = arg;
	struct standing_report *report = s->work->report;

	if (r->err.code == MISCSI_ERR_OK) {
		report->ended++;
		return;
	}
	report->busy++;
	if (!*report->warning)
		snprintf(report->warning, sizeof(report->warning),
			"iscsid could not log out of session %u, whose portal is no longer reported: %.200s", s->sids[r->index],
			r->err.text);
}

/* The number of the line's session; 0: none. */
static uint32_t session_of_line(const struct sessions *s, const char *text)
{
	cleanup(record_freep) struct record *node = record_new(RECORD_NODE);
	struct line l;

	if (!node || !line_parse(text, &l) || record_set(node, FIELD_NODE_NAME, l.target, NULL) < 0 ||
		record_set(node, FIELD_CONN_ADDRESS, l.portal.host, NULL) < 0 ||
		record_set_int(node, FIELD_CONN_PORT, l.portal.port, NULL) < 0 ||
		record_set(node, FIELD_IFACE_NAME, l.iface, NULL) < 0)
		return 0;
	for (size_t i = 0; i < s->now.n; i++)
		if (session_mode_is_of(&s->now.info[i], node))
			return s->now.info[i].sid;
	return 0;
}

/* A line stays in PATH.done as long as its session is to be ended. */
static int log_out(struct sessions *s, const struct lines *known, const struct lines *done, struct err *err)
{
	struct client *client;
	size_t n = 0;
	int rc = 0;

	if (!record_int(s->work->disc, FIELD_DISC_LOGOUT_GONE))
		return 0;
	s->sids = x_newn(uint32_t, done->n + 1);
	if (!s->sids)
		return err_nomem(err, "the list of sessions to end");
	for (size_t i = 0; i < done->n; i++) {
		s->sids[n] = lines_have(known, done->at[i]) ? 0 : session_of_line(s, done->at[i]);
		if (s->sids[n]) {
			put_line(&s->done, done->at[i]);
			n++;
		}
	}
	if (n)
		rc = context_client(s->work->ctx, &client, err);
	if (n && rc >= 0)
		client_logout(client, s->sids, n, CLIENT_LOGOUT_UNUSED, logout_ended, s, NULL);
	return rc;
}

int standing_sessions(const void *request, size_t len, void *answer, size_t *answer_len)
{
	cleanup(lines_free) struct lines known = { 0 }, done = { 0 };
	struct work w;
	struct sessions s = { .work = &w, .done = STRBUF_INIT(2 * STANDING_LIST_MAX) };
	struct err *err;
	int rc = work_begin(&w, request, answer);

	(void)len;
	err = &w.report->err;
	if (rc >= 0)
		rc = lines_read(&known, w.request->path, "", err);
	if (rc >= 0)
		rc = lines_read_any(&done, w.request->path, ".done", err);
	if (rc >= 0)
		rc = session_mode_list(w.ctx, NULL, SESSION_DETAIL_MATCH | SESSION_INFO_PORTAL, &s.now, err);
	if (rc >= 0)
		rc = log_in(&s, &known, &done, err);
	if (rc >= 0)
		rc = log_out(&s, &known, &done, err);
	if (rc >= 0)
		rc = lines_write(w.request->path, ".done", &s.done, err);
	session_info_list_free(&s.now);
	record_list_free(&s.nodes);
	x_free(s.lines);
	x_free(s.good);
	x_free(s.sids);
	strbuf_free(&s.done);
	return work_end(&w, rc, answer_len);
}

/* ---- the list of discoveries ---- */

static bool is_standing(const struct record *r)
{
	switch (record_kind(r)) {
	case RECORD_SENDTARGETS:
		return record_int(r, FIELD_DISC_USE_DISCOVERYD);
	case RECORD_ISNS:
		return record_int(r, FIELD_ISNS_USE_DISCOVERYD);
	default:
		return iface_mode_is_bound(r);
	}
}

/* Appends the records from the first one that is asked for, as long as there is room. */
static int fill_page(const struct record_list *list, uint32_t from, struct standing_page *page, size_t *len)
{
	uint8_t *end = (uint8_t *)page + HELPER_BYTES_MAX, *at = (uint8_t *)(page + 1);

	for (size_t i = from; i < list->n; i++) {
		cleanup(strbuf_wipe) struct strbuf text = STRBUF_INIT(UINT16_MAX);
		uint16_t size;

		if (!is_standing(list->at[i]))
			continue;
		if (recfile_print(&text, list->at[i], RECFILE_FILE, "") < 0)
			return -ENOMEM;
		size = (uint16_t)text.len;
		if (sizeof(size) + size > (size_t)(end - at)) {
			page->next = page->n ? (uint32_t)i : 0;
			break;
		}
		memcpy(at, &size, sizeof(size));
		memcpy(at + sizeof(size), text.s, size);
		at += sizeof(size) + size;
		page->n++;
	}
	*len = (size_t)(at - (uint8_t *)page);
	return 0;
}

int standing_list(const void *request, size_t len, void *answer, size_t *answer_len)
{
	cleanup(record_list_free) struct record_list list = { 0 };
	const struct standing_request *r = request;
	struct standing_page *page = answer;
	struct db *db = NULL;
	int rc;

	(void)len;
	memset(page, 0, sizeof(*page));
	rc = db_open(or_default(r->home), "", NULL, &db, &page->err);
	if (rc >= 0 && r->kind == RECORD_IFACE)
		rc = db_iface_list(db, &list, &page->err);
	else if (rc >= 0)
		rc = db_disc_list(db, r->kind, &list, &page->err);
	*answer_len = sizeof(*page);
	if (rc >= 0)
		rc = fill_page(&list, r->from, page, answer_len);
	db_close(db);
	return rc;
}
