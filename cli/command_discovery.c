/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -m discovery and -m discoverydb: the first performs a discovery if it has a type and a portal, the second if it has -D.
 *
 * stdout has only the portals found, one "A:P,TPGT NAME" per line: XenServer's sm and vdsm fail at any other line. Errors go to
 * stderr.
 */
#include "command.h"

#include "modes/firmware_mode.h"
#include "out_json.h"
#include "out_text.h"
#include <errno.h>
#include <string.h>

/* The sections of -P 1, in their order. */
static const struct {
	const char *heading;
	enum record_kind kind;
	bool has_records;
} sections[] = {
	{ "SENDTARGETS", RECORD_SENDTARGETS, true },
	{ "iSNS", RECORD_ISNS, true },
	{ "STATIC", RECORD_STATIC, false },
	{ "FIRMWARE", RECORD_FW, false },
};

struct listing {
	const struct command *command;
	const struct db_index *unlinked; /* only with -P 1 */
	enum record_kind kind;
	struct record_list target; /* the nodes of one target, which are printed together */
	size_t n; /* of a section */
};

static int print_target(struct listing *l)
{
	int rc = l->command->json ? command_show(l->command, l->target.at, l->target.n) : 0;

	if (rc >= 0)
		out_discovery_tree(&l->target);
	record_list_free(&l->target);
	return rc;
}

/* A db_node_fn. */
static int add_to_target(void *arg, struct record **node, const char *path)
{
	struct listing *l = arg;
	int rc = 0;

	(void)path;
	if (l->target.n && strcmp(record_str(l->target.at[0], FIELD_NODE_NAME), record_str(*node, FIELD_NODE_NAME)) != 0)
		rc = print_target(l);
	l->n++;
	return rc < 0 ? rc : record_list_add(&l->target, x_steal(*node));
}

/* disc: NULL for a section without discovery records. */
static int print_discovery_nodes(struct listing *l, const struct record *disc)
{
	const struct command *c = l->command;
	int rc = discovery_mode_nodes(c->context, l->unlinked, l->kind, disc, add_to_target, l, c->err);

	if (rc >= 0)
		rc = print_target(l);
	record_list_free(&l->target);
	return rc;
}

/* A db_node_fn. The address of IPv6 stands without brackets, and has a comma before its port. */
static int print_discovery(void *arg, struct record **disc, const char *path)
{
	struct listing *l = arg;
	const struct command *c = l->command;

	(void)path;
	l->n++;
	if (c->json)
		out_json_record(c->json, *disc, c->args->show);
	if (c->args->print == 0) {
		out_discovery_line(*disc);
		return 0;
	}
	out_line("DiscoveryAddress: %s,%d", record_str(*disc, FIELD_DISC_ADDRESS), (int)record_int(*disc, FIELD_DISC_PORT));
	return print_discovery_nodes(l, *disc);
}

/*
 * os-brick cuts the SENDTARGETS section out by a regular expression: every heading is printed, in this order, with
 * "No targets found." where there is nothing.
 */
static int print_discovery_section(struct listing *l, size_t section)
{
	const struct command *c = l->command;
	bool deep = c->args->print == 1;
	int rc = 0;

	l->kind = sections[section].kind;
	l->n = 0;
	if (deep)
		out_line("%s:", sections[section].heading);
	if (sections[section].has_records)
		rc = discovery_mode_each(c->context, l->kind, print_discovery, l, c->err);
	else if (deep)
		rc = print_discovery_nodes(l, NULL);
	if (rc >= 0 && deep && l->n == 0)
		out_line("No targets found.");
	return rc;
}

/* As in 2.1.8, exit status 21 and an empty stderr if there is nothing. */
static int list_discoveries(const struct command *c)
{
	cleanup(db_index_freep) struct db_index *unlinked = NULL;
	struct listing l = { .command = c };
	size_t total = 0;
	int rc = c->args->print == 1 ? discovery_mode_index(c->context, &unlinked, c->err) : 0;

	l.unlinked = unlinked;
	for (size_t i = 0; rc >= 0 && i < ARRAY_SIZE(sections); i++) {
		rc = print_discovery_section(&l, i);
		total += l.n;
	}
	return rc < 0 ? rc : total ? 0 : MISCSI_ERR_NO_OBJS_FOUND;
}

struct messages {
	FILE *json;
	char last[ERR_TEXT_MAX];
};

/* Most attempts fail for the same reason, which is reported once. */
static void say_discovery_message(void *arg, const char *text)
{
	struct messages *m = arg;

	if (!strcmp(m->last, text))
		return;
	snprintf(m->last, sizeof(m->last), "%s", text);
	if (m->json)
		out_json_message(m->json, text);
	out_error("%s", text);
}

/*
 * "nonpersistent", which libvirt uses, has precedence over the others; "show" alone is the same. Without -o, settings made after the last discovery stay:
 * programs and administrators set node.startup, then discover again. Records that are out of date and were not set by hand go.
 */
static unsigned discovery_keep_of(unsigned ops)
{
	if (ops & ARGS_OP_NONPERSISTENT || ops == ARGS_OP_SHOW)
		return DISCOVERY_KEEP_NOTHING;
	if (!(ops & (ARGS_OP_NEW | ARGS_OP_UPDATE | ARGS_OP_DELETE)))
		return DB_FOUND_ADD | DB_FOUND_UPDATE | DB_FOUND_FORGET;
	return (ops & ARGS_OP_NEW ? DB_FOUND_ADD : 0u) | (ops & ARGS_OP_UPDATE ? DB_FOUND_UPDATE | DB_FOUND_REPLACE : 0u) |
		(ops & ARGS_OP_DELETE ? DB_FOUND_DELETE : 0u);
}

/* Prints the nodes that were found, and logs in to them with -l. */
static int report_found(const struct command *c, struct record_list *nodes)
{
	if (c->json)
		command_show(c, nodes->at, nodes->n);
	for (size_t i = 0; c->args->print == 0 && i < nodes->n; i++)
		out_node_line(nodes->at[i]);
	if (c->args->print == 1)
		out_discovery_tree(nodes);
	return c->args->login ? command_login(c, nodes, false) : 0;
}

/* "Could not perform" is printed for failures only: Longhorn regards "Could not" anywhere as one. */
static int ask_portal(const struct command *c, const struct discovery_mode_select *select)
{
	const struct args *a = c->args;
	struct messages messages = { .json = c->json };
	struct discovery_mode_ask what = { .select = *select,
		.ifaces = a->ifaces.v,
		.n_ifaces = a->ifaces.n,
		.by_record = a->action == ARGS_DO_discoverydb_perform,
		.keep = discovery_keep_of(a->ops),
		.settings = command_settings(a),
		.message = say_discovery_message,
		.arg = &messages };
	cleanup(record_list_free) struct record_list nodes = { 0 };
	struct command_waiting waiting = { 0 };
	int rc;

	command_begin_waiting(c, "the discovery", &waiting);
	waiting.at = a->portal;
	rc = discovery_mode_perform(c->context, &what, &nodes, c->err);
	command_end_waiting(&waiting);
	if (rc < 0) {
		/* The cause is often the last message that was already printed. */
		rc = *messages.last ? command_status(rc, c->err) : command_fail(rc, c->err);
		if (rc != MISCSI_ERR_NO_OBJS_FOUND)
			out_error("Could not perform %s discovery: %s", select->kind == RECORD_ISNS ? "iSNS" : "SendTargets",
				err_text((enum miscsi_error)rc));
		return rc;
	}
	return report_found(c, &nodes);
}

/* Without boot targets the exit status is 21. The records of targets that the firmware no longer names stay. */
static int read_firmware(const struct command *c)
{
	cleanup(record_list_free) struct record_list nodes = { 0 };
	int rc = firmware_mode_discover(c->context, discovery_keep_of(c->args->ops) & ~DB_FOUND_FORGET, &nodes, c->err);

	return rc < 0 ? rc : report_found(c, &nodes);
}

static int perform_discovery(const struct command *c, const struct discovery_mode_select *select)
{
	if (select->kind == RECORD_FW)
		return read_firmware(c);
	return ask_portal(c, select);
}

static int show_discovery(const struct command *c, const struct discovery_mode_select *select)
{
	cleanup(record_freep) struct record *disc = NULL;
	int rc = discovery_mode_find(c->context, select, &disc, c->err);

	return rc < 0 ? rc : command_show(c, &disc, 1);
}

/* With --json: the outcome of a change. */
static int discovery_changed(const struct command *c, const char *action, const struct discovery_mode_select *select, int rc)
{
	char name[PORTAL_TEXT_MAX];

	if (c->json && rc >= 0)
		out_json_result(c->json, action, "discovery", portal_format(name, sizeof(name), &select->portal, false), c->err);
	return rc;
}

/* Also 0 if the record existed: Kubernetes ignores the status, XenServer requires 0. */
static int create_discovery(const struct command *c, const struct discovery_mode_select *select)
{
	int rc = discovery_changed(c, "new", select, discovery_mode_new(c->context, select, c->err));

	if (rc >= 0)
		out_line("New discovery record for [%s,%u] added.", select->portal.host, select->portal.port);
	return rc;
}

/* Prints nothing on success. */
static int update_discovery(const struct command *c, const struct discovery_mode_select *select)
{
	struct settings settings = command_settings(c->args);
	int rc = command_settings_given(c);

	return rc < 0 ? rc : discovery_changed(c, "update", select, discovery_mode_update(c->context, select, &settings, c->err));
}

static int delete_discovery(const struct command *c, const struct discovery_mode_select *select)
{
	return discovery_changed(c, "delete", select, discovery_mode_delete(c->context, select, c->err));
}

static int (*const on_discovery[ARGS_ACTIONS])(const struct command *c, const struct discovery_mode_select *select) = {
	[ARGS_DO_discovery_perform] = perform_discovery,
	[ARGS_DO_discovery_new] = create_discovery,
	[ARGS_DO_discovery_update] = update_discovery,
	[ARGS_DO_discovery_delete] = delete_discovery,
	[ARGS_DO_discovery_show] = show_discovery,
	[ARGS_DO_discoverydb_perform] = perform_discovery,
	[ARGS_DO_discoverydb_new] = create_discovery,
	[ARGS_DO_discoverydb_update] = update_discovery,
	[ARGS_DO_discoverydb_delete] = delete_discovery,
	[ARGS_DO_discoverydb_show] = show_discovery,
};

int command_discoverydb(const struct command *c)
{
	struct discovery_mode_select select;
	int (*run)(const struct command *c, const struct discovery_mode_select *select) = on_discovery[c->args->action];
	int rc;

	if (!run)
		return list_discoveries(c);
	rc = discovery_mode_select(&select, c->args->type, c->args->portal, c->err);
	if (rc >= 0 && select.kind == RECORD_FW && run != perform_discovery)
		return err_set(c->err, MISCSI_ERR_INVAL, "Invalid command. Possibly missing --discover argument.");
	return rc < 0 ? rc : run(c, &select);
}

int command_discovery(const struct command *c)
{
	return command_discoverydb(c);
}
