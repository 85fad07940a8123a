/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Selects sessions, and finds the words for their states. */
#include "modes/session_mode.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "ipc/client.h"
#include "proto/name.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/*
 * Only one word of a listing depends on the daemon. A daemon that hangs must not delay `-m session -P 3`, which support tools and
 * monitoring use.
 */
#define ASK_DAEMON_MS 1000
#define FIND_LOGINS_MS 10000 /* the sessions to end depend on this reply */

/* -r also accepts a directory: the number is that of its first component sessionN, since targets and devices lie below that. */
int session_mode_sid_parse(const char *text, uint32_t *out, struct err *err)
{
	char name[32], quoted[256];

	if (sysfs_number(text, "", out) == 0)
		return 0;
	for (const char *at = text; *text == '/' && *at; at += strspn(at, "/")) {
		size_t len = strcspn(at, "/");

		snprintf(name, sizeof(name), "%.*s", (int)len, at);
		if (len < sizeof(name) && sysfs_number(name, "session", out) == 0)
			return 0;
		at += len;
	}
	return err_set(err, MISCSI_ERR_INVAL,
		"'%s' (-r) is neither a session number nor the sysfs directory of a session: 'iscsiadm -m session' lists the "
		"sessions with their numbers",
		str_escape(quoted, sizeof(quoted), text, strlen(text)));
}

static bool portal_at(const char *address, int64_t port, struct portal *out)
{
	int kind = portal_host_kind(address, strlen(address));

	*out = (struct portal){ .port = (uint16_t)port, .tpgt = PORTAL_TPGT_ANY };
	if (kind < 0 || port < 1 || port > 65535)
		return false;
	out->kind = (enum portal_kind)kind;
	snprintf(out->host, sizeof(out->host), "%s", address);
	return true;
}

static bool same_portal(const char *address, int64_t port, const struct portal *p)
{
	struct portal mine;

	return portal_at(address, port, &mine) && portal_equal(&mine, p);
}

/*
 * The persistent address is that of the record, which may be a name; the current one may come from a redirect. Both match. The
 * portal group is not compared: after a redirect it is another one than the discovery has reported.
 */
static bool session_is_at_portal(const struct session_info *info, const struct portal *p)
{
	return same_portal(info->persistent_address, info->persistent_port, p) || same_portal(info->address, info->port, p);
}

/* A session made by the driver or another program has no iface: it is treated and printed as one of "default". */
static const char *iface_name_of(const struct session_info *info)
{
	return *info->iface ? info->iface : "default";
}

/* For the sessions that an adapter makes itself it has no iface name: this is the name of its port's iface. */
static void name_flash_iface(struct session_info *info)
{
	char name[SESSION_INFO_NAME_MAX + sizeof(info->hwaddress)];

	if (!session_mode_is_flash(info) || *info->iface || !*info->hwaddress)
		return;
	snprintf(name, sizeof(name), "%s.%s.ipv%d.0", info->transport, info->hwaddress,
		strchr(info->persistent_address, ':') ? 6 : 4);
	if (strlen(name) < sizeof(info->iface))
		memcpy(info->iface, name, strlen(name) + 1);
}

static bool passes_filter(const struct session_info *info, const struct session_mode_filter *f)
{
	if (f->target && !name_equal(f->target, info->target))
		return false;
	if (f->iface && strcmp(f->iface, iface_name_of(info)) != 0)
		return false;
	return !f->by_portal || session_is_at_portal(info, &f->portal);
}

/*
 * First reads only what the filter needs, then the rest for the sessions that match: each attribute is a file, and there are
 * hosts with thousands of sessions.
 */
int session_mode_list(struct context *ctx, const struct session_mode_filter *filter, unsigned detail,
	struct session_info_list *out, struct err *err)
{
	unsigned first = SESSION_DETAIL_LIST;
	size_t n = 0;
	int rc;

	memset(out, 0, sizeof(*out));
	/* Without sysfs there are no sessions. */
	if (context_sysfs(ctx)->fd < 0)
		return 0;
	if (filter && filter->iface)
		first |= SESSION_INFO_IFACE;
	if (filter && filter->by_portal)
		first |= SESSION_INFO_PORTAL;
	rc = session_info_list(context_sysfs(ctx), context_map(ctx), SYSFS_BY_NUMBER, first, out, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < out->n; i++) {
		struct session_info *info = &out->info[i];

		name_flash_iface(info);
		/*
		 * Leaves out a session that has ended meanwhile, and one without a target name, which is being created or belongs
		 * to a discovery.
		 */
		if (!*info->target || (filter && !passes_filter(info, filter)) ||
			((detail & ~first) && session_info_more(context_sysfs(ctx), detail & ~first, info, NULL) < 0)) {
			session_info_clear(info);
			continue;
		}
		name_flash_iface(info);
		if (n != i) {
			out->info[n] = *info;
			memset(info, 0, sizeof(*info));
		}
		n++;
	}
	out->n = n;
	return 0;
}

struct logins_call {
	const struct session_mode_filter *filter;
	struct session_info_list *list;
	size_t cap; /* of the list's array */
};

/* Also adds a login that has received a number since sysfs was read. */
static void add_login(void *arg, const struct client_session *s)
{
	struct logins_call *call = arg;
	struct session_info_list *l = call->list;
	struct session_info info = { .sid = s->sid, .tpgt = s->tpgt, .persistent_port = s->port, .port = s->port }, *grown;

	if (s->sid && strcmp(s->state, "NEW") != 0)
		return;
	for (size_t i = 0; i < l->n; i++)
		if (s->sid && l->info[i].sid == s->sid)
			return;
	snprintf(info.target, sizeof(info.target), "%s", s->target);
	snprintf(info.persistent_address, sizeof(info.persistent_address), "%s", s->address);
	snprintf(info.iface, sizeof(info.iface), "%s", s->iface);
	snprintf(info.transport, sizeof(info.transport), "%s", s->transport);
	if (call->filter && !passes_filter(&info, call->filter))
		return;
	grown = x_grow(l->info, l->n, &call->cap, sizeof(*grown), 8);
	if (!grown)
		return;
	l->info = grown;
	l->info[l->n++] = info;
}

void session_mode_add_logins(struct context *ctx, const struct session_mode_filter *filter, struct session_info_list *list)
{
	struct logins_call call = { filter, list, list->n };
	struct client *client;

	if (context_client_if_there(ctx, ASK_DAEMON_MS, &client) < 0 ||
		client_list(client, FIND_LOGINS_MS, add_login, &call, NULL) < 0)
		context_client_drop(ctx);
}

/* Returns a list of one, so that functions for lists can be used. */
int session_mode_find(struct context *ctx, uint32_t sid, unsigned detail, struct session_info_list *out, struct err *err)
{
	int rc;

	memset(out, 0, sizeof(*out));
	out->info = x_new(struct session_info);
	if (!out->info)
		return err_nomem(err, "the description of a session");
	out->n = 1;
	rc = session_info_read(context_sysfs(ctx), context_map(ctx), sid, detail, out->info, err);
	if (rc < 0)
		session_info_list_free(out);
	else
		name_flash_iface(out->info);
	return rc;
}

/* The portal group tag is not compared: a record may lack it, while that of a session comes from the target. */
bool session_mode_is_of(const struct session_info *info, const struct record *node)
{
	struct portal p;

	return name_equal(info->target, record_str(node, FIELD_NODE_NAME)) &&
		!strcmp(iface_name_of(info), record_str(node, FIELD_IFACE_NAME)) &&
		portal_at(record_str(node, FIELD_CONN_ADDRESS), record_int(node, FIELD_CONN_PORT), &p) &&
		session_is_at_portal(info, &p);
}

bool session_mode_list_has(const struct session_info_list *l, const struct record *node)
{
	for (size_t i = 0; i < l->n; i++) {
		if (session_mode_is_of(&l->info[i], node))
			return true;
	}
	return false;
}

/* By the persistent address, because a redirect changes the address of the session but not that of the record. */
int session_mode_record(struct context *ctx, const struct session_info *info, struct record **out, struct err *err)
{
	struct db_filter filter = { .target = info->target,
		.address = info->persistent_address,
		.port = (unsigned)info->persistent_port,
		.tpgt = DB_TPGT_ANY,
		.iface = iface_name_of(info) };
	cleanup(record_list_free) struct record_list list = { 0 };
	struct db *db;
	int rc = context_db(ctx, &db, err);

	if (rc >= 0)
		rc = db_node_list(db, &filter, &list, err);
	if (rc >= 0 && list.n == 0)
		rc = err_set(err, MISCSI_ERR_NO_OBJS_FOUND, "No records found");
	if (rc >= 0) {
		*out = list.at[0];
		list.at[0] = NULL;
	}
	return rc;
}

/*
 * The kernel has no attribute for it, but sets the creator of such a session to -1. An attribute that cannot be read is -1 too,
 * so a session without a connection, which is starting or ending, does not count.
 */
bool session_mode_is_flash(const struct session_info *info)
{
	return info->creator == -1 && info->has_conn;
}

bool session_mode_is_gone(struct context *ctx, const struct session_info *info)
{
	return info->sid && !sysfs_exists(context_sysfs(ctx), "class/iscsi_session/session%u", info->sid);
}

/*
 * The words that 2.1.8 prints behind "iSCSI Connection State:" (goiscsi reads that line): the rows of the state machines have them.
 * The states of the kernel are used when no daemon answers.
 */
static const struct state_word {
	const char *state, *word;
} connection_words[] = {
#define MACHINE_STATE(name, rfc, doc, word) { #name, word },
#include "session/connection.def"
	{ "up", "LOGGED IN" },
	{ "bound", "IN LOGIN" },
	{ "down", "TRANSPORT WAIT" },
	{ "failed", "TRANSPORT WAIT" },
}, internal_words[] = {
#include "session/session.def"
#undef MACHINE_STATE
};

#define WORD(table, state) word_of(table, ARRAY_SIZE(table), state)

static const char *word_of(const struct state_word *table, size_t n, const char *state)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(table[i].state, state))
			return table[i].word;
	}
	return "Unknown";
}

/* Sessions are matched by number: the list of the daemon may have others, in another order. */
struct words_call {
	const struct session_info_list *list;
	struct session_mode_words *at;
};

static void set_words(void *arg, const struct client_session *s)
{
	const struct words_call *call = arg;

	for (size_t i = 0; i < call->list->n; i++) {
		if (s->sid == 0 || call->list->info[i].sid != s->sid)
			continue;
		/* between two attempts to reconnect there is no connection, and the session waits for one */
		call->at[i].connection = WORD(connection_words,
			!strcmp(s->state, "FAILED") && !strcmp(s->connection, "FREE") ? "failed" : s->connection);
		call->at[i].internal = WORD(internal_words, s->state);
		if (s->unverified)
			snprintf(call->at[i].unverified, sizeof(call->at[i].unverified), "%s", s->unverified);
	}
}

/*
 * An unknown state is printed as "Unknown", as by 2.1.8 without its daemon. Only the daemon knows the internal state.
 */
int session_mode_words(struct context *ctx, const struct session_info_list *l, struct session_mode_words *at)
{
	struct words_call call = { l, at };
	struct client *client;
	bool asked;

	for (size_t i = 0; i < l->n; i++)
		at[i] = (struct session_mode_words){ .connection = "Unknown", .internal = "Unknown" };
	asked = context_client_if_there(ctx, ASK_DAEMON_MS, &client) >= 0 &&
		client_list(client, ASK_DAEMON_MS, set_words, &call, NULL) >= 0;
	if (!asked)
		context_client_drop(ctx);
	for (size_t i = 0; !asked && i < l->n; i++)
		at[i].connection = session_mode_is_flash(&l->info[i]) ? "Unknown" : WORD(connection_words, l->info[i].conn_state);
	return 0;
}

/*
 * A module that is built into the kernel without parameters has no readable version. The line is still printed, because
 * democratic-csi drops the first two lines of -P 3 without reading them.
 */
void session_mode_transport_version(struct context *ctx, char *buf, size_t size)
{
	if (sysfs_read(context_sysfs(ctx), buf, size, "module/scsi_transport_iscsi/version") < 0)
		*buf = 0;
}
