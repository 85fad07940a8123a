/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m iface */
#include "command.h"

#include "modes/iface.h"
#include "out_text.h"
#include <errno.h>

static int one_or_all(const struct command *c, const char *name, struct record_list *out, struct err *err)
{
	int r = name ? iface_find(c->world, name, out, err) : iface_list(c->world, out, err);

	if (name && r == -ENOENT)
		r = err_set(err, MISCSI_ERR_IDBM, "Could not read iface info for %s.", name);
	return r;
}

/* -P 1: what is bound to each; nothing at all when there are no nodes. */
static int tree(const struct command *c, const struct record_list *ifaces, struct err *err)
{
	struct record_list nodes = { 0 };
	struct node_select all;
	int r = node_select(&all, NULL, NULL, NULL, err);

	if (r >= 0)
		r = node_list(c->world, &all, &nodes, err);
	for (size_t i = 0; r >= 0 && i < ifaces->n; i++)
		out_iface_tree(ifaces->at[i], &nodes);
	record_list_free(&nodes);
	return r == -ENOENT ? 0 : r;
}

static int show(const struct command *c, const char *name)
{
	struct record_list ifaces = { 0 };
	struct err err = ERR_INIT;
	int r = one_or_all(c, name, &ifaces, &err);

	if (r >= 0 && c->args->print == 1)
		r = tree(c, &ifaces, &err);
	else if (r >= 0 && name)
		r = out_records(&ifaces, c->args->show);
	else
		for (size_t i = 0; r >= 0 && i < ifaces.n; i++)
			out_iface_line(ifaces.at[i]);
	record_list_free(&ifaces);
	return r < 0 ? command_fail(r, &err) : 0;
}

static int create(const struct command *c, const char *name)
{
	struct err err = ERR_INIT;
	int r = iface_new(c->world, name, &err);

	if (r < 0) {
		r = command_fail(r, &err);
		out_error("Could not create new interface %s.", name);
		return r;
	}
	/* Two lines: 2.1.8's. */
	out_line("%s updated.", name);
	out_line("New interface %s added", name);
	return 0;
}

static int unknown(const char *name, int r, struct err *err)
{
	return r == -ENOENT ? err_set(err, MISCSI_ERR_INVAL, "Could not read iface info for %s.", name) : r;
}

static int update(const struct command *c, const char *name)
{
	struct settings settings = command_settings(c->args);
	struct err err = ERR_INIT;
	int r;

	if (settings.n == 0)
		return command_refuse("Update requires name, value, and iface.");
	r = iface_update(c->world, name, &settings, &err);
	if (r == -ENOENT)
		return command_fail(unknown(name, r, &err), &err);
	if (r < 0) {
		r = command_fail(r, &err);
		out_error("Could not update iface %s: %s", name, err_text((enum miscsi_error)r));
		return r;
	}
	out_line("%s updated.", name);
	return 0;
}

static int remove_iface(const struct command *c, const char *name)
{
	struct err err = ERR_INIT;
	int r = unknown(name, iface_delete(c->world, name, &err), &err);

	if (r < 0) {
		r = command_fail(r, &err);
		out_error("Could not delete iface %s: %s", name, err_text((enum miscsi_error)r));
		return r;
	}
	out_line("%s unbound and deleted.", name);
	return 0;
}

int command_iface(const struct command *c)
{
	const struct args *a = c->args;
	const char *name = a->ifaces.n ? a->ifaces.v[0] : NULL;
	int r = command_level(a, 1, "0 or 1");

	if (r)
		return r;
	if (a->ifaces.n > 1)
		return command_refuse("iface mode: one iface (-I) at a time");
	if (a->submode || (a->ops & (ARGS_OP_APPLY | ARGS_OP_APPLYALL))) {
		out_error("iface mode: this operation is not supported yet");
		return MISCSI_ERR_OP_NOT_SUPP;
	}
	if (a->ops & ~(unsigned)ARGS_OP_SHOW && !name)
		return command_refuse("iface mode: this operation (-o) needs an iface (-I)");
	switch (a->ops) {
	case 0:
	case ARGS_OP_SHOW:
		return show(c, name);
	case ARGS_OP_NEW:
		return create(c, name);
	case ARGS_OP_UPDATE:
		return update(c, name);
	case ARGS_OP_DELETE:
		return remove_iface(c, name);
	default:
		return command_refuse("iface mode: one operation (-o) at a time");
	}
}
