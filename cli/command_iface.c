/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m iface */
#include "command.h"

#include "modes/adapter_iface.h"
#include "modes/iface_mode.h"
#include "out_json.h"
#include "out_text.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The record, as a list of one. absent: the error when there is no such iface. */
static int find_iface(const struct command *c, const char *name, enum miscsi_error absent, struct record_list *out)
{
	int rc = iface_mode_find(c->context, name, out, c->err);

	return rc == -ENOENT ? err_set(c->err, absent, "Could not read iface info for %s.", name) : rc;
}

struct listing {
	const struct command *command;
	bool one; /* -I */
	struct host_list hosts; /* those of -H */
	struct db_index *nodes; /* only with -P 1 */
	struct record *last;
};

static void listing_free(struct listing *l)
{
	host_list_free(&l->hosts);
	db_index_free(l->nodes);
}

/* A db_node_fn. */
static int print_bound_node(void *arg, struct record **node, const char *path)
{
	struct listing *l = arg;

	(void)path;
	if (l->command->json)
		return command_show(l->command, node, 1);
	out_iface_branch(l->last, *node);
	record_free(l->last);
	l->last = x_steal(*node);
	return 0;
}

/* -P 1: the nodes bound to an iface. */
static int print_iface_tree(struct listing *l, const char *iface)
{
	const struct command *c = l->command;
	int rc;

	out_line("Iface: %s", iface);
	rc = iface_mode_nodes(c->context, l->nodes, iface, !c->json, print_bound_node, l, c->err);
	record_freep(&l->last);
	return rc;
}

/* A db_node_fn. Each iface is printed as soon as it is read: a hundred thousand need little memory. */
static int print_iface(void *arg, struct record **iface, const char *path)
{
	struct listing *l = arg;
	const struct command *c = l->command;
	int rc = 0;

	(void)path;
	if (c->args->host && !adapter_iface_is_served(&l->hosts, *iface))
		return 0;
	if (c->json || (l->one && c->args->print == 0))
		rc = command_show(c, iface, 1);
	if (rc >= 0 && c->args->print == 1)
		return print_iface_tree(l, record_str(*iface, FIELD_IFACE_NAME));
	if (!l->one)
		out_iface_line(*iface);
	return rc;
}

/* As in 2.1.8, -P 1 prints nothing if there are no nodes at all. */
static int show_ifaces(const struct command *c, const char *name)
{
	cleanup(record_list_free) struct record_list one = { 0 };
	cleanup(listing_free) struct listing l = { .command = c, .one = name != NULL };
	int rc = name ? find_iface(c, name, MISCSI_ERR_IDBM, &one) : 0;

	if (rc >= 0 && c->args->host)
		rc = adapter_iface_hosts(c->context, c->args->host, &l.hosts, c->err);
	if (rc >= 0 && c->args->print == 1)
		rc = iface_mode_index(c->context, &l.nodes, c->err);
	if (rc >= 0 && l.nodes && db_index_is_empty(l.nodes) && !c->json)
		return 0;
	if (rc >= 0 && name)
		return print_iface(&l, &one.at[0], name);
	return rc < 0 ? rc : iface_mode_each(c->context, print_iface, &l, c->err);
}

/* Prints the cause, if busy sessions were not already reported, and then the line of 2.1.8 behind it. */
static int iface_failed(const struct command *c, int rc, const char *what, const char *name)
{
	int status = c->err->code == MISCSI_ERR_SESS_EXISTS ? (int)c->err->code : command_fail(rc, c->err);

	out_error("Could not %s iface %s: %s", what, name, err_text((enum miscsi_error)status));
	return status;
}

static int create_iface(const struct command *c, const char *name)
{
	struct settings settings = command_settings(c->args);
	int rc = iface_mode_new(c->context, name, &settings, c->err);

	if (rc < 0) {
		rc = command_fail(rc, c->err);
		out_error("Could not create new interface %s.", name);
		return rc;
	}
	/* Two lines, as in 2.1.8. */
	out_line("%s updated.", name);
	out_line("New interface %s added", name);
	return 0;
}

static int unknown_iface(const struct command *c, const char *name)
{
	return err_set(c->err, MISCSI_ERR_INVAL, "Could not read iface info for %s.", name);
}

static int update_iface(const struct command *c, const char *name)
{
	struct settings settings = command_settings(c->args);
	int rc;

	if (settings.n == 0)
		return err_set(c->err, MISCSI_ERR_INVAL, "Update requires name, value, and iface.");
	rc = iface_mode_update(c->context, name, &settings, c->err);
	if (rc == -ENOENT)
		return unknown_iface(c, name);
	if (rc < 0)
		return iface_failed(c, rc, "update", name);
	out_line("%s updated.", name);
	return 0;
}

static int delete_iface(const struct command *c, const char *name)
{
	int rc = iface_mode_delete(c->context, name, command_say_busy, (void *)c, c->err);

	if (rc == -ENOENT)
		rc = unknown_iface(c, name);
	if (rc < 0)
		return iface_failed(c, rc, "delete", name);
	out_line("%s unbound and deleted.", name);
	return 0;
}

/* ---- adapters ---- */

static int apply_iface(const struct command *c, const char *name)
{
	cleanup(record_list_free) struct record_list iface = { 0 };
	int rc = find_iface(c, name, MISCSI_ERR_IDBM, &iface);

	if (rc >= 0)
		rc = adapter_iface_apply(c->context, iface.at[0], c->err);
	if (rc < 0) {
		rc = command_fail(rc, c->err);
		out_error("Could not apply settings of iface %s.", name);
		return rc;
	}
	out_line("%s applied.", name);
	return 0;
}

static int apply_all_ifaces(const struct command *c, const char *name)
{
	uint32_t host_no;
	int rc = adapter_iface_apply_all(c->context, c->args->host, &host_no, c->err);

	(void)name;
	if (rc >= 0)
		out_line("Applied settings to ifaces attached to host%u.", host_no);
	return rc;
}

struct ping_output {
	FILE *json;
	bool told;
};

static void say_ping_reply(void *arg, uint32_t nth, const struct err *err)
{
	struct ping_output *o = arg;
	char number[16];

	o->told = true;
	snprintf(number, sizeof(number), "%u", nth);
	if (o->json)
		out_json_result(o->json, "ping", "reply", number, err);
	if (err->code == MISCSI_ERR_OK)
		out_line("Ping %u completed", nth);
	else
		out_line("Ping %u failed: %s", nth, err->text);
	fflush(stdout); /* so that each reply is shown when it comes */
}

static int ping_iface(const struct command *c, const char *name)
{
	cleanup(record_list_free) struct record_list iface = { 0 };
	const struct args *a = c->args;
	struct ping_output output = { .json = c->json };
	struct adapter_ping ping = { .address = a->ip,
		.size = a->given[ARGS_packetsize] ? (uint32_t)a->packetsize : 32,
		.count = a->given[ARGS_count] ? (uint32_t)a->count : 1,
		.interval_s = a->given[ARGS_interval] ? (uint32_t)a->interval : 1,
		.interrupt = -1,
		.reply = say_ping_reply,
		.arg = &output };
	int rc;

	if (!name || !a->ip)
		return err_set(c->err, MISCSI_ERR_INVAL, name ? "Ping requires destination ipaddress." : "Ping requires iface.");
	command_catch_interrupt(c); /* before threads are made */
	ping.interrupt = *c->interrupt;
	rc = find_iface(c, name, MISCSI_ERR_IDBM, &iface);
	if (rc >= 0)
		rc = adapter_iface_ping(c->context, iface.at[0], &ping, c->err);
	if (ping.sent)
		out_line("\n--- %s ping statistics ---\n%u packets transmitted, %u received, %u%% packet loss", a->ip, ping.sent,
			ping.received, (ping.sent - ping.received) * 100 / ping.sent);
	return output.told || ping.sent ? command_status(rc, c->err) : rc;
}

/* With --json: what changed. The other actions print what they found. */
static const char *const changes[ARGS_ACTIONS] = {
	[ARGS_DO_iface_new] = "new",
	[ARGS_DO_iface_update] = "update",
	[ARGS_DO_iface_delete] = "delete",
	[ARGS_DO_iface_apply] = "apply",
	[ARGS_DO_iface_applyall] = "apply",
};

static int (*const on_iface[ARGS_ACTIONS])(const struct command *c, const char *name) = {
	[ARGS_DO_iface_ping] = ping_iface,
	[ARGS_DO_iface_new] = create_iface,
	[ARGS_DO_iface_update] = update_iface,
	[ARGS_DO_iface_delete] = delete_iface,
	[ARGS_DO_iface_apply] = apply_iface,
	[ARGS_DO_iface_applyall] = apply_all_ifaces,
	[ARGS_DO_iface_show] = show_ifaces,
	[ARGS_DO_iface_list] = show_ifaces,
};

int command_iface(const struct command *c)
{
	const struct args *a = c->args;
	const char *name = a->ifaces.n ? a->ifaces.v[0] : NULL;
	int rc;

	if (a->ifaces.n > 1)
		return err_set(
			c->err, MISCSI_ERR_INVAL, "iface mode: %zu ifaces (-I) were given, but only one is allowed", a->ifaces.n);
	rc = on_iface[a->action](c, name);
	if (c->json && rc == 0 && changes[a->action])
		out_json_result(c->json, changes[a->action], name ? "iface" : "host", name ? name : a->host, c->err);
	return rc;
}
