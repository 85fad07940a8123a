/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m transport */
#include "command.h"

#include "kernel/ktransport.h"
#include "object/pci_adapter.h"
#include "out_text.h"
#include "plugin/transport.h"

static int print_adapter(void *arg, const struct pci_adapter *a)
{
	(void)arg;
	out_host_pci_adapter(a);
	return 0;
}

/* For a kernel driver without a plugin: the error names the package that has it. */
static void print_unserved(const struct command *c, const struct engine *engine)
{
	cleanup(dir_free) struct dir names = { 0 };
	struct transport *t;

	if (ktransport_list(context_sysfs(c->context), &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		struct err err = ERR_INIT;

		if (plugins_find(engine->plugins, names.names[i], &t, &err) < 0)
			out_unserved(names.names[i], &err);
	}
}

/* The plugins come in the order of their directories and names, since nothing has loaded one before. */
struct listed {
	unsigned plugins, refused;
};

static int print_plugin(void *arg, const struct plugin_info *info)
{
	struct listed *l = arg;

	l->plugins++;
	l->refused += *info->refused && !info->overridden;
	out_plugin(info);
	return 0;
}

int command_transport(const struct command *c)
{
	struct listed listed = { 0 };
	const struct engine *engine;
	int rc = context_engine(c->context, &engine, c->err);

	if (rc >= 0)
		rc = plugins_each(engine->plugins, print_plugin, &listed);
	if (rc < 0)
		return rc;
	print_unserved(c, engine);
	if (pci_adapter_each(engine->plugins, context_sysfs(c->context), print_adapter, NULL, c->err) < 0)
		out_error("%s", c->err->text);
	if (!listed.plugins)
		return err_set(
			c->err, MISCSI_ERR_NO_OBJS_FOUND, "no transport plugin found in %s", plugins_dirs(engine->plugins));
	if (listed.refused)
		return err_set(c->err, MISCSI_ERR_TRANS_NOT_FOUND,
			"%u of %u plugin files were refused: the reasons are listed above", listed.refused, listed.plugins);
	return 0;
}
