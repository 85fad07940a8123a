/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -m node
 *
 * Most clients use this mode. They rely on: show exits with 21 and "No records found" if there are none; new and update leave
 * stderr empty; login exits with 15 for an existing session, and logout with 21 without one.
 */
#include "command.h"

#include "modes/iface_mode.h"
#include "out_json.h"
#include "out_text.h"
#include <errno.h>
#include <string.h>

struct listing {
	const struct command *command;
	struct record *last;
};

/* Each record is printed as soon as it is found: a hundred thousand need no more memory than one. */
static int print_found(void *arg, struct record **node, const char *path)
{
	struct listing *l = arg;
	const struct args *a = l->command->args;

	(void)path;
	if (a->action != ARGS_DO_node_list || l->command->json)
		return command_show(l->command, node, 1);
	if (a->print == 0)
		out_node_line(*node);
	if (a->print == 1) {
		out_node_branch(l->last, *node);
		record_free(l->last);
		l->last = x_steal(*node);
	}
	return 0;
}

/* Whole records, as Ansible and Longhorn expect; `-m node` alone prints one line per record. */
static int show_nodes(const struct command *c, const struct node_mode_select *select)
{
	struct listing l = { .command = c };
	bool names = c->args->action == ARGS_DO_node_list && !c->json;
	int rc = node_mode_each(c->context, select, names, print_found, &l, c->err);

	record_free(l.last);
	return rc;
}

static int create_node(const struct command *c, const struct node_mode_select *select)
{
	cleanup(record_freep) struct record *iface = NULL, *node = NULL;
	int rc = iface_mode_get(c->context, select->filter.iface ? select->filter.iface : "default", &iface, c->err);
	bool made;

	if (rc >= 0)
		rc = node_mode_new(c->context, select, iface, &node, &made, c->err);
	if (rc >= 0 && c->json)
		out_json_node_result(c->json, "new", node, !made, c->err);
	if (rc >= 0)
		out_node_added(node);
	return rc;
}

/*
 * democratic-csi retries an update while stderr has this line with "iSCSI database failure". If there are no records, only the
 * line that says so is printed.
 */
static int node_operation_ended(int rc, const struct err *err)
{
	int status = rc < 0 && err->code != MISCSI_ERR_SESS_EXISTS ? command_fail(rc, err) : command_status(rc, err);

	if (rc < 0 && status != MISCSI_ERR_NO_OBJS_FOUND)
		out_error("Could not execute operation on all records: %s", err_text((enum miscsi_error)status));
	return status;
}

/* With --json, as soon as it has happened; c is what command_say_busy() has too. */
static void print_updated(void *c, const struct record *node, bool already)
{
	const struct command *command = c;
	const struct err none = ERR_INIT;

	out_json_node_result(command->json, "update", node, already, &none);
}

static void print_deleted(void *c, const struct record *node, bool already)
{
	const struct command *command = c;
	const struct err none = ERR_INIT;

	out_json_node_result(command->json, "delete", node, already, &none);
}

/* Checks all names before it changes a record, so that an error in a script does not leave half of its settings behind. */
int command_node_update(const struct command *c, const struct node_mode_select *select)
{
	const struct db_watch watch = { .done = c->json ? print_updated : NULL, .arg = (void *)c };
	struct settings settings = command_settings(c->args);
	int rc = command_settings_given(c);

	if (rc >= 0)
		rc = settings_check(&settings, RECORD_NODE, c->err);
	if (rc < 0)
		return rc;
	rc = node_mode_update(c->context, select, &settings, &watch, c->err);
	return node_operation_ended(rc, c->err);
}

/* A session that uses a record has been reported. */
int command_node_delete(const struct command *c, const struct node_mode_select *select)
{
	const struct db_watch watch = { .done = c->json ? print_deleted : NULL, .arg = (void *)c };
	int rc = node_mode_delete(c->context, select, command_say_busy, &watch, c->err);

	return node_operation_ended(rc, c->err);
}

/* Used at boot: Debian's unit runs `-m node --loginall=automatic`, and regards 21 as success. */
static int login_nodes_of_startup(const struct command *c)
{
	cleanup(record_list_free) struct record_list nodes = { 0 };
	int startup, rc = node_mode_startup_parse(c->args->loginall, &startup, c->err);

	if (rc >= 0)
		rc = node_mode_list_startup(c->context, startup, &nodes, c->err);
	return rc < 0 ? rc : command_login(c, &nodes, true);
}

static int logout_sessions_of_startup(const struct command *c)
{
	cleanup(session_info_list_free) struct session_info_list sessions = { 0 };
	int startup, rc = node_mode_startup_parse(c->args->logoutall, &startup, c->err);

	if (rc >= 0)
		rc = node_mode_sessions_startup(c->context, startup, &sessions, c->err);
	return rc < 0 ? rc : command_logout(c, &sessions);
}

static int login_nodes(const struct command *c, const struct node_mode_select *select)
{
	cleanup(record_list_free) struct record_list nodes = { 0 };
	int rc = node_mode_list(c->context, select, &nodes, c->err);

	return rc < 0 ? rc : command_login(c, &nodes, true);
}

/* -u, -R, -s */
static int run_on_node_sessions(const struct command *c, const struct node_mode_select *select)
{
	cleanup(session_info_list_free) struct session_info_list sessions = { 0 };
	struct session_mode_filter filter;
	int rc;

	node_mode_select_sessions(select, &filter);
	rc = session_mode_list(c->context, &filter, SESSION_DETAIL_LIST, &sessions, c->err);
	if (rc < 0)
		return rc;
	if (c->args->rescan)
		return command_rescan(c, &sessions);
	if (c->args->stats)
		return command_stats(c, &sessions);
	session_mode_add_logins(c->context, &filter, &sessions);
	return command_logout(c, &sessions);
}

/*
 * Selects by at most one iface, which must exist, except for a logout: a session whose iface was deleted must be ended as well.
 */
static int choose_nodes(const struct command *c, struct node_mode_select *select)
{
	const struct args *a = c->args;
	const char *iface = a->ifaces.n ? a->ifaces.v[0] : NULL;
	cleanup(record_freep) struct record *found = NULL;
	int rc = node_mode_select(select, a->targetname, a->portal, iface, c->err);

	if (rc < 0)
		return rc;
	if (a->ifaces.n > 1)
		out_error("NODE mode only accepts one interface. Using the first one, %s", iface);
	if (!iface || a->logout)
		return 0;
	rc = iface_mode_get(c->context, iface, &found, c->err);
	/* the exit status of 2.1.8, on which clients rely */
	return rc == -ENOENT ? err_set(c->err, MISCSI_ERR_NOMEM, "Could not read iface info for %s.", iface) : rc;
}

static int (*const on_nodes[ARGS_ACTIONS])(const struct command *c, const struct node_mode_select *select) = {
	[ARGS_DO_node_login] = login_nodes,
	[ARGS_DO_node_logout] = run_on_node_sessions,
	[ARGS_DO_node_rescan] = run_on_node_sessions,
	[ARGS_DO_node_stats] = run_on_node_sessions,
	[ARGS_DO_node_new] = create_node,
	[ARGS_DO_node_update] = command_node_update,
	[ARGS_DO_node_delete] = command_node_delete,
	[ARGS_DO_node_show] = show_nodes,
	[ARGS_DO_node_show_some] = show_nodes,
	[ARGS_DO_node_list] = show_nodes,
};

#define PORTALS_MAX 16 /* addresses of a host name */

int command_node(const struct command *c)
{
	struct node_mode_select select;
	struct portal portals[PORTALS_MAX];
	int rc, status = 0;
	size_t n;

	if (c->args->loginall)
		return login_nodes_of_startup(c);
	if (c->args->logoutall)
		return logout_sessions_of_startup(c);
	rc = choose_nodes(c, &select);
	if (rc < 0 || !c->args->portal || c->args->action == ARGS_DO_node_new)
		return rc < 0 ? rc : on_nodes[c->args->action](c, &select);
	n = node_mode_resolve(c->context, &select, portals, PORTALS_MAX);
	for (size_t i = 0; i < n; i++) {
		node_mode_select_portal(&select, &portals[i]);
		rc = on_nodes[c->args->action](c, &select);
		if (rc < 0 && n > 1)
			rc = command_fail(rc, c->err);
		status = status ? status : rc;
	}
	return status;
}
