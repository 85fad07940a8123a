/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m iface */
#include "command.h"

#include "modes/adapter_iface.h"
#include "modes/iface_mode.h"
#include "out_text.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int list_ifaces(const struct command *c, const char *name, struct record_list *out, struct err *err)
{
	int rc = name ? iface_mode_find(c->context, name, out, err) : iface_mode_list(c->context, out, err);

	if (name && rc == -ENOENT)
		rc = err_set(err, MISCSI_ERR_IDBM, "Could not read iface info for %s.", name);
	return rc;
}

/* -P 1: the nodes bound to each iface; prints nothing if there are no nodes. */
static int print_iface_tree(const struct command *c, const struct record_list *ifaces, struct err *err)
{
	cleanup(record_list_free) struct record_list nodes = { 0 };
	struct node_mode_select all;
	int rc = node_mode_select(&all, NULL, NULL, NULL, err);

	if (rc >= 0)
		rc = node_mode_list(c->context, &all, &nodes, err);
	for (size_t i = 0; rc >= 0 && i < ifaces->n; i++)
		out_iface_tree(ifaces->at[i], &nodes);
	return rc == -ENOENT ? 0 : rc;
}

static int show_ifaces(const struct command *c, const char *name)
{
	cleanup(record_list_free) struct record_list ifaces = { 0 };
	struct err err = ERR_INIT;
	int rc = list_ifaces(c, name, &ifaces, &err);

	if (rc >= 0 && c->args->host)
		rc = adapter_iface_of_host(c->context, c->args->host, &ifaces, &err);
	if (rc >= 0 && c->args->print == 1)
		rc = print_iface_tree(c, &ifaces, &err);
	else if (rc >= 0 && name)
		rc = out_records(&ifaces, c->args->show);
	else
		for (size_t i = 0; rc >= 0 && i < ifaces.n; i++)
			out_iface_line(ifaces.at[i]);
	return rc < 0 ? command_fail(rc, &err) : 0;
}

static int create_iface(const struct command *c, const char *name)
{
	struct err err = ERR_INIT;
	int rc = iface_mode_new(c->context, name, &err);

	if (rc < 0) {
		rc = command_fail(rc, &err);
		out_error("Could not create new interface %s.", name);
		return rc;
	}
	/* Two lines: 2.1.8's. */
	out_line("%s updated.", name);
	out_line("New interface %s added", name);
	return 0;
}

static int unknown_iface(const char *name, int rc, struct err *err)
{
	return rc == -ENOENT ? err_set(err, MISCSI_ERR_INVAL, "Could not read iface info for %s.", name) : rc;
}

static int update_iface(const struct command *c, const char *name)
{
	struct settings settings = command_settings(c->args);
	struct err err = ERR_INIT;
	int rc;

	if (settings.n == 0)
		return command_refuse("Update requires name, value, and iface.");
	rc = iface_mode_update(c->context, name, &settings, &err);
	if (rc == -ENOENT)
		return command_fail(unknown_iface(name, rc, &err), &err);
	if (rc < 0) {
		rc = command_fail(rc, &err);
		out_error("Could not update iface %s: %s", name, err_text((enum miscsi_error)rc));
		return rc;
	}
	out_line("%s updated.", name);
	return 0;
}

static int delete_iface(const struct command *c, const char *name)
{
	struct err err = ERR_INIT;
	int rc = unknown_iface(name, iface_mode_delete(c->context, name, command_say_busy, NULL, &err), &err);

	if (rc < 0) {
		rc = err.code == MISCSI_ERR_SESS_EXISTS ? (int)err.code : command_fail(rc, &err);
		out_error("Could not delete iface %s: %s", name, err_text((enum miscsi_error)rc));
		return rc;
	}
	out_line("%s unbound and deleted.", name);
	return 0;
}

/* ---- adapters ---- */

/* The record, by its name. */
static int find_iface(const struct command *c, const char *name, struct record_list *out, struct err *err)
{
	int rc = iface_mode_find(c->context, name, out, err);

	return rc == -ENOENT ? err_set(err, MISCSI_ERR_IDBM, "Could not read iface info for %s.", name) : rc;
}

static int apply_iface(const struct command *c, const char *name)
{
	cleanup(record_list_free) struct record_list iface = { 0 };
	struct err err = ERR_INIT;
	int rc = find_iface(c, name, &iface, &err);

	if (rc >= 0)
		rc = adapter_iface_apply(c->context, iface.at[0], &err);
	if (rc < 0) {
		rc = command_fail(rc, &err);
		out_error("Could not apply settings of iface %s.", name);
		return rc;
	}
	out_line("%s applied.", name);
	return 0;
}

static int apply_all_ifaces(const struct command *c)
{
	struct err err = ERR_INIT;
	uint32_t host_no;
	int rc;

	if (!c->args->host)
		return command_refuse("iface mode: applyall requires a host (-H): its number or hardware address");
	rc = adapter_iface_apply_all(c->context, c->args->host, &host_no, &err);
	if (rc < 0)
		return command_fail(rc, &err);
	out_line("Applied settings to ifaces attached to host%u.", host_no);
	return 0;
}

static void say_ping_reply(void *arg, uint32_t nth, const struct err *err)
{
	*(bool *)arg = true;
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
	bool told = false;
	struct adapter_ping ping = { .address = a->ip,
		.size = a->given[ARGS_packetsize] ? (uint32_t)a->packetsize : 32,
		.count = a->given[ARGS_count] ? (uint32_t)a->count : 1,
		.interval_s = a->given[ARGS_interval] ? (uint32_t)a->interval : 1,
		.interrupt = -1,
		.reply = say_ping_reply,
		.arg = &told };
	struct err err = ERR_INIT;
	int rc;

	if (strcmp(a->submode, "ping") != 0)
		return command_refuse("iface mode: unknown submode (-C) '%s': use ping", a->submode);
	if (a->ops || !name)
		return command_refuse(a->ops ? "Ping does not accept an operation (-o)." : "Ping requires iface.");
	if (!a->ip)
		return command_refuse("Ping requires destination ipaddress.");
	command_catch_interrupt(c); /* before threads are made */
	ping.interrupt = *c->interrupt;
	rc = find_iface(c, name, &iface, &err);
	if (rc >= 0)
		rc = adapter_iface_ping(c->context, iface.at[0], &ping, &err);
	if (ping.sent)
		out_line("\n--- %s ping statistics ---\n%u packets transmitted, %u received, %u%% packet loss", a->ip, ping.sent,
			ping.received, (ping.sent - ping.received) * 100 / ping.sent);
	return rc < 0 ? (told || ping.sent ? command_status(rc, &err) : command_fail(rc, &err)) : 0;
}

int command_iface(const struct command *c)
{
	const struct args *a = c->args;
	const char *name = a->ifaces.n ? a->ifaces.v[0] : NULL;
	int rc = command_level(a, 1, "0 or 1");

	if (rc)
		return rc;
	if (a->ifaces.n > 1)
		return command_refuse("iface mode: only one iface (-I) is allowed");
	if (a->submode)
		return ping_iface(c, name);
	if (a->ops == ARGS_OP_APPLYALL)
		return apply_all_ifaces(c);
	if (a->ops & ~(unsigned)ARGS_OP_SHOW && !name)
		return command_refuse("iface mode: this operation (-o) requires an iface (-I)");
	switch (a->ops) {
	case 0:
	case ARGS_OP_SHOW:
		return show_ifaces(c, name);
	case ARGS_OP_NEW:
		return create_iface(c, name);
	case ARGS_OP_UPDATE:
		return update_iface(c, name);
	case ARGS_OP_DELETE:
		return delete_iface(c, name);
	case ARGS_OP_APPLY:
		return apply_iface(c, name);
	default:
		return command_refuse("iface mode: only one operation (-o) is allowed");
	}
}
