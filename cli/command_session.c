/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -m session
 *
 * Without sessions, the exit status is 21 and the last line of stderr is "iscsiadm: No active sessions.": Proxmox fails
 * otherwise, and tns-csi reads the words instead of the status.
 */
#include "command.h"

#include "base/mem.h"
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

	if (c->args->print == 0) {
		for (size_t i = 0; i < l->n; i++)
			out_session_line(&l->info[i]);
		return 0;
	}
	words = x_newn(struct session_mode_words, l->n + 1);
	if (!words || session_mode_words(c->context, l, words) < 0)
		return command_fail(-ENOMEM, &(struct err)ERR_INIT);
	if (c->args->print == 3) {
		session_mode_transport_version(c->context, version, sizeof(version));
		out_session_banner(version);
	}
	out_session_tree(l, words, (unsigned)c->args->print, c->args->show);
	return 0;
}

/* Without -r. `-m session -u` logs out of all sessions, but an operation on records requires a session. */
static int run_on_all_sessions(const struct command *c)
{
	const struct args *a = c->args;
	cleanup(session_info_list_free) struct session_info_list l = { 0 };
	struct err err = ERR_INIT;
	int rc;

	if (a->ops & ~(unsigned)ARGS_OP_SHOW)
		return command_refuse("session mode: this operation (-o) requires a session (-r)");
	rc = session_mode_list(c->context, NULL, session_detail(a->print), &l, &err);
	if (rc < 0)
		return command_fail(rc, &err);
	if (a->logout)
		return command_logout(c, &l);
	if (a->rescan)
		return command_rescan(c, &l);
	if (a->stats)
		return command_stats(c, &l);
	if (l.n)
		return print_sessions(c, &l);
	out_error("No active sessions.");
	return MISCSI_ERR_NO_OBJS_FOUND;
}

/*
 * Logs in to one more session of the same record. The record itself does not change, so that the number of sessions at the next
 * boot stays. Frees the record.
 */
static int login_session_again(const struct command *c, struct record *node)
{
	cleanup(record_list_free) struct record_list one = { 0 };
	struct err err = ERR_INIT;
	int rc = record_set_int(node, FIELD_SESSION_NR_SESSIONS, record_int(node, FIELD_SESSION_NR_SESSIONS) + 1, &err);

	if (rc < 0) {
		record_free(node);
		return command_fail(rc, &err);
	}
	if (record_list_add(&one, node) < 0)
		return command_fail(-ENOMEM, &err);
	return command_login(c, &one, true);
}

/* Operations on the node record of a session. */
static int run_on_session_record(const struct command *c, const struct session_info *s)
{
	cleanup(record_freep) struct record *node = NULL;
	struct node_mode_select select;
	struct err err = ERR_INIT;
	int rc = session_mode_record(c->context, s, &node, &err);

	if (rc >= 0)
		rc = node_mode_select(&select, record_str(node, FIELD_NODE_NAME), NULL, record_str(node, FIELD_IFACE_NAME), &err);
	if (rc < 0)
		return command_fail(rc, &err);
	select.filter.address = record_str(node, FIELD_CONN_ADDRESS);
	select.filter.port = (unsigned)record_int(node, FIELD_CONN_PORT);
	switch (c->args->ops) {
	case 0:
	case ARGS_OP_SHOW:
		rc = out_record(node, c->args->show);
		return rc < 0 ? command_fail(rc, &err) : 0;
	case ARGS_OP_NEW:
		return login_session_again(c, x_steal(node));
	case ARGS_OP_UPDATE:
		return command_node_update(c, &select);
	case ARGS_OP_DELETE:
		return command_node_delete(c, &select);
	default:
		return command_refuse("session mode: only one operation (-o) is allowed");
	}
}

/* With -r. An unknown number has exit status 22. */
static int run_on_session(const struct command *c)
{
	const struct args *a = c->args;
	cleanup(session_info_list_free) struct session_info_list l = { 0 };
	struct err err = ERR_INIT;
	uint32_t sid;
	int rc = session_mode_sid_parse(a->sid, &sid, &err);

	if (rc < 0)
		return command_fail(rc, &err);
	rc = session_mode_find(c->context, sid, a->print ? session_detail(a->print) : SESSION_DETAIL_MATCH, &l, &err);
	if (rc < 0) {
		out_error("Could not get session info for sid %u", sid);
		return command_status(rc, &err);
	}
	if (a->logout)
		return command_logout(c, &l);
	if (a->rescan)
		return command_rescan(c, &l);
	if (a->stats)
		return command_stats(c, &l);
	return a->given[ARGS_print] && !a->ops ? print_sessions(c, &l) : run_on_session_record(c, &l.info[0]);
}

int command_session(const struct command *c)
{
	static const enum args_opt verbs[] = { ARGS_logout, ARGS_rescan, ARGS_stats, ARGS_ops };
	int rc = command_level(c->args, 3, "0 - 3");

	if (!rc)
		rc = command_exclusive(c->args, verbs, ARRAY_SIZE(verbs));
	if (rc)
		return rc;
	return c->args->sid ? run_on_session(c) : run_on_all_sessions(c);
}
