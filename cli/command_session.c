/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -m session
 *
 * Without sessions, the exit status is 21 and the last line of stderr is "iscsiadm: No active sessions.": Proxmox fails
 * otherwise, and tns-csi reads the words instead of the status.
 */
#include "command.h"

#include "base/mem.h"
#include "out_json.h"
#include "out_text.h"
#include <errno.h>

/* Each level reads more of sysfs, so that a plain list is cheaper than -P 3. The level was checked before. */
static unsigned session_detail(long level)
{
	static const unsigned details[] = { SESSION_DETAIL_LIST, SESSION_DETAIL_P1, SESSION_DETAIL_P2, SESSION_DETAIL_P3 };

	return details[level];
}

/* From -P 1 on, the daemon is asked for the internal states. */
static int print_sessions(const struct command *c, const struct session_info_list *l)
{
	cleanup(x_freep) struct session_mode_words *words = NULL;
	char version[64];

	for (size_t i = 0; c->args->print == 0 && i < l->n; i++) {
		if (c->json)
			out_json_session(c->json, &l->info[i], NULL, 0, false);
		else
			out_session_line(&l->info[i]);
	}
	if (c->args->print == 0)
		return 0;
	words = x_newn(struct session_mode_words, l->n + 1);
	if (!words || session_mode_words(c->context, l, words) < 0)
		return -ENOMEM;
	for (size_t i = 0; c->json && i < l->n; i++)
		out_json_session(c->json, &l->info[i], &words[i], (unsigned)c->args->print, c->args->show);
	if (c->args->print == 3) {
		session_mode_transport_version(c->context, version, sizeof(version));
		out_session_banner(version);
	}
	out_session_tree(l, words, (unsigned)c->args->print, c->args->show);
	return 0;
}

static int list_sessions(const struct command *c, const struct session_info_list *l)
{
	return l->n ? print_sessions(c, l) : err_set(c->err, MISCSI_ERR_NO_OBJS_FOUND, "No active sessions.");
}

/*
 * Logs in to one more session of the same record than there are. The record in the database does not change, so that the number of
 * sessions at the next boot stays. Frees the record.
 */
static int login_session_again(const struct command *c, struct record *node)
{
	cleanup(record_list_free) struct record_list one = { 0 };
	cleanup(session_info_list_free) struct session_info_list all = { 0 };
	int64_t wanted = 1;
	int rc;

	if (record_list_add(&one, node) < 0)
		return -ENOMEM;
	rc = session_mode_list(c->context, NULL, SESSION_DETAIL_MATCH | SESSION_INFO_PORTAL, &all, c->err);
	for (size_t i = 0; rc >= 0 && i < all.n; i++)
		wanted += session_mode_is_of(&all.info[i], node);
	if (rc >= 0)
		rc = record_set_int(node, FIELD_SESSION_NR_SESSIONS, wanted, c->err);
	if (rc < 0)
		return rc;
	return command_login(c, &one, true);
}

/* With -r: the session, or an operation on its node record. */
static int run_on_session_record(const struct command *c, const struct session_info_list *l)
{
	cleanup(record_freep) struct record *node = NULL;
	struct node_mode_select select;
	int rc;

	if (c->args->given[ARGS_print] && !c->args->ops)
		return print_sessions(c, l);
	rc = session_mode_record(c->context, &l->info[0], &node, c->err);
	if (rc >= 0)
		rc = node_mode_select(
			&select, record_str(node, FIELD_NODE_NAME), NULL, record_str(node, FIELD_IFACE_NAME), c->err);
	if (rc < 0)
		return rc;
	select.filter.address = record_str(node, FIELD_CONN_ADDRESS);
	select.filter.port = (unsigned)record_int(node, FIELD_CONN_PORT);
	switch (c->args->action) {
	case ARGS_DO_session_new:
		return login_session_again(c, x_steal(node));
	case ARGS_DO_session_update:
		return command_node_update(c, &select);
	case ARGS_DO_session_delete:
		return command_node_delete(c, &select);
	default:
		return command_show(c, &node, 1);
	}
}

static int (*const on_sessions[ARGS_ACTIONS])(const struct command *c, const struct session_info_list *l) = {
	[ARGS_DO_session_logout] = command_logout,
	[ARGS_DO_session_rescan] = command_rescan,
	[ARGS_DO_session_stats] = command_stats,
	[ARGS_DO_session_list] = list_sessions,
	[ARGS_DO_session_new] = run_on_session_record,
	[ARGS_DO_session_update] = run_on_session_record,
	[ARGS_DO_session_delete] = run_on_session_record,
	[ARGS_DO_session_show] = run_on_session_record,
};

/* Without -r all sessions. An unknown number has exit status 22. */
int command_session(const struct command *c)
{
	const struct args *a = c->args;
	cleanup(session_info_list_free) struct session_info_list l = { 0 };
	uint32_t sid;
	int rc = a->sid ? session_mode_sid_parse(a->sid, &sid, c->err) : 0;

	if (rc >= 0 && !a->sid)
		rc = session_mode_list(c->context, NULL, session_detail(a->print), &l, c->err);
	if (rc < 0)
		return rc;
	if (a->sid &&
		session_mode_find(c->context, sid, a->print ? session_detail(a->print) : SESSION_DETAIL_MATCH, &l, c->err) < 0)
		return err_set(c->err, c->err->code, "Could not get session info for sid %u", sid);
	return on_sessions[a->action](c, &l);
}
