/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -m node
 *
 * Most clients use this mode. They rely on: show exits with 21 and "No records found" if there are none; new and update leave
 * stderr empty; login exits with 15 for an existing session, and logout with 21 without one.
 */
#include "command.h"

#include "modes/iface_mode.h"
#include "out_text.h"
#include <errno.h>

/* `-m node` alone prints one line per record; with -T, -p or -I it prints whole records, as Ansible and Longhorn expect. */
static int show_nodes(const struct command *c, const struct node_mode_select *select, bool records)
{
	cleanup(record_list_free) struct record_list nodes = { 0 };
	struct err err = ERR_INIT;
	int rc = node_mode_list(c->context, select, &nodes, &err);

	if (rc >= 0 && records)
		rc = out_records(&nodes, c->args->show);
	else if (rc >= 0 && c->args->print == 1)
		out_node_tree(&nodes);
	for (size_t i = 0; rc >= 0 && !records && c->args->print == 0 && i < nodes.n; i++)
		out_node_line(nodes.at[i]);
	return rc < 0 ? command_fail(rc, &err) : 0;
}

static int create_node(const struct command *c, const struct node_mode_select *select)
{
	cleanup(record_freep) struct record *iface = NULL, *node = NULL;
	struct err err = ERR_INIT;
	int rc = iface_mode_get(c->context, select->filter.iface ? select->filter.iface : "default", &iface, &err);

	if (rc >= 0)
		rc = node_mode_new(c->context, select, iface, &node, &err);
	if (rc < 0)
		return command_fail(rc, &err);
	out_node_added(node);
	return 0;
}

/*
 * democratic-csi retries an update while stderr has this line with "iSCSI database failure". If there are no records, only the
 * line that says so is printed.
 */
static int node_operation_failed(int rc, const struct err *err)
{
	int status = command_fail(rc, err);

	if (status != MISCSI_ERR_NO_OBJS_FOUND)
		out_error("Could not execute operation on all records: %s", err_text((enum miscsi_error)status));
	return status;
}

/* Checks all names before it changes a record, so that an error in a script does not leave half of its settings behind. */
int command_node_update(const struct command *c, const struct node_mode_select *select)
{
	struct settings settings = command_settings(c->args);
	struct err err = ERR_INIT;
	int rc;

	if (settings.n == 0)
		return command_refuse("update requires a setting (-n) and its value (-v)");
	rc = settings_check(&settings, RECORD_NODE, &err);
	if (rc < 0)
		return command_fail(rc, &err);
	rc = node_mode_update(c->context, select, &settings, &err);
	return rc < 0 ? node_operation_failed(rc, &err) : 0;
}

int command_node_delete(const struct command *c, const struct node_mode_select *select)
{
	struct err err = ERR_INIT;
	int rc = node_mode_delete(c->context, select, command_say_busy, NULL, &err);

	if (rc >= 0)
		return 0;
	if (err.code != MISCSI_ERR_SESS_EXISTS)
		return node_operation_failed(rc, &err);
	out_error("Could not execute operation on all records: %s", err_text(err.code));
	return MISCSI_ERR_SESS_EXISTS;
}

/* Used at boot: Debian's unit runs `-m node --loginall=automatic`, and regards 21 as success. */
static int login_nodes_of_startup(const struct command *c)
{
	cleanup(record_list_free) struct record_list nodes = { 0 };
	struct err err = ERR_INIT;
	int startup, rc = node_mode_startup_parse(c->args->loginall, &startup, &err);

	if (rc >= 0)
		rc = node_mode_list_startup(c->context, startup, &nodes, &err);
	return rc < 0 ? command_fail(rc, &err) : command_login(c, &nodes, true);
}

static int logout_sessions_of_startup(const struct command *c)
{
	cleanup(session_info_list_free) struct session_info_list sessions = { 0 };
	struct err err = ERR_INIT;
	int startup, rc = node_mode_startup_parse(c->args->logoutall, &startup, &err);

	if (rc >= 0)
		rc = node_mode_sessions_startup(c->context, startup, &sessions, &err);
	return rc < 0 ? command_fail(rc, &err) : command_logout(c, &sessions);
}

static int login_nodes(const struct command *c, const struct node_mode_select *select)
{
	cleanup(record_list_free) struct record_list nodes = { 0 };
	struct err err = ERR_INIT;
	int rc = node_mode_list(c->context, select, &nodes, &err);

	return rc < 0 ? command_fail(rc, &err) : command_login(c, &nodes, true);
}

/* -u, -R, -s */
static int run_on_node_sessions(const struct command *c, const struct node_mode_select *select)
{
	const struct args *a = c->args;
	cleanup(session_info_list_free) struct session_info_list sessions = { 0 };
	struct session_mode_filter filter;
	struct err err = ERR_INIT;
	int rc;

	node_mode_select_sessions(select, &filter);
	rc = session_mode_list(c->context, &filter, SESSION_DETAIL_LIST, &sessions, &err);
	if (rc >= 0 && a->logout)
		session_mode_add_logins(c->context, &filter, &sessions);
	if (rc < 0)
		return command_fail(rc, &err);
	if (a->logout)
		return command_logout(c, &sessions);
	return a->rescan ? command_rescan(c, &sessions) : command_stats(c, &sessions);
}

/*
 * Selects by at most one iface, which must exist, except for a logout: a session whose iface was deleted must be ended as well.
 */
static int choose_nodes(const struct command *c, struct node_mode_select *select)
{
	const struct args *a = c->args;
	const char *iface = a->ifaces.n ? a->ifaces.v[0] : NULL;
	cleanup(record_list_free) struct record_list found = { 0 };
	struct err err = ERR_INIT;
	int rc = node_mode_select(select, a->targetname, a->portal, iface, &err);

	if (rc < 0)
		return command_fail(rc, &err);
	if (a->ifaces.n > 1)
		out_error("NODE mode only accepts one interface. Using the first one, %s", iface);
	if (!iface || a->logout)
		return 0;
	rc = iface_mode_find(c->context, iface, &found, &err);
	if (rc >= 0)
		return 0;
	if (rc != -ENOENT)
		return command_fail(rc, &err);
	out_error("Could not read iface info for %s.", iface);
	return MISCSI_ERR_NOMEM; /* the exit status of 2.1.8, on which clients rely */
}

/* One at a time: 2.1.8 silently used one of two. */
static int run_node_operation(const struct command *c, const struct node_mode_select *select)
{
	const struct args *a = c->args;

	switch (a->ops) {
	case 0:
		return show_nodes(c, select, a->targetname || a->portal || a->ifaces.n);
	case ARGS_OP_SHOW:
		return show_nodes(c, select, true);
	case ARGS_OP_NEW:
		return create_node(c, select);
	case ARGS_OP_UPDATE:
		return command_node_update(c, select);
	case ARGS_OP_DELETE:
		return command_node_delete(c, select);
	default:
		return command_refuse("node mode: only one operation (-o) is allowed");
	}
}

/* -L and -U come first, because they select records without -T. */
int command_node(const struct command *c)
{
	static const enum args_opt verbs[] = { ARGS_login, ARGS_logout, ARGS_rescan, ARGS_stats, ARGS_loginall, ARGS_logoutall,
		ARGS_ops };
	const struct args *a = c->args;
	struct node_mode_select select;
	int rc = command_level(a, 1, "0 or 1");

	if (!rc)
		rc = command_exclusive(a, verbs, ARRAY_SIZE(verbs));
	if (rc)
		return rc;
	if (a->loginall)
		return login_nodes_of_startup(c);
	if (a->logoutall)
		return logout_sessions_of_startup(c);
	rc = choose_nodes(c, &select);
	if (rc)
		return rc;
	if (a->login)
		return login_nodes(c, &select);
	if (a->logout || a->rescan || a->stats)
		return run_on_node_sessions(c, &select);
	return run_node_operation(c, &select);
}
