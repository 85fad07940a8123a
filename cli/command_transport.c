/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m transport */
#include "command.h"

#include "kernel/ktransport.h"
#include "object/pci_adapter.h"
#include "out_json.h"
#include "out_text.h"
#include "plugin/transport.h"

static int print_adapter(void *arg, const struct pci_adapter *a)
{
	const struct command *c = arg;

	if (c->json)
		out_json_adapter(c->json, a);
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

		if (plugins_find(engine->plugins, names.names[i], &t, &err) >= 0)
			continue;
		if (c->json)
			out_json_unserved(c->json, names.names[i], &err);
		else
			out_unserved(names.names[i], &err);
	}
}

struct plugin_output {
	FILE *json;
	bool settings; /* are asked for */
	unsigned plugins, refused;
};

/* The plugins come in the order of their directories and names, since nothing has loaded one before. */
static int print_plugin(void *arg, const struct plugin_info *info)
{
	struct plugin_output *o = arg;
	const struct field *f;

	o->plugins++;
	o->refused += *info->refused && !info->overridden;
	if (o->json)
		out_json_plugin(o->json, info);
	else
		out_plugin(info);
	for (unsigned i = 0; o->settings && (f = plugins_info_field(info, i)); i++) {
		if (o->json)
			out_json_plugin_setting(o->json, f);
		else
			out_plugin_setting(f);
	}
	return 0;
}

int command_transport(const struct command *c)
{
	struct plugin_output output = { .json = c->json, .settings = c->args->print == 1 };
	const struct engine *engine;
	int rc = context_engine(c->context, &engine, c->err);

	if (rc >= 0)
		rc = plugins_each(engine->plugins, print_plugin, &output);
	if (rc < 0)
		return rc;
	print_unserved(c, engine);
	if (pci_adapter_each(engine->plugins, context_sysfs(c->context), print_adapter, (void *)c, c->err) < 0)
		out_error("%s", c->err->text);
	if (!output.plugins)
		return err_set(c->err, MISCSI_ERR_NO_OBJS_FOUND,
			"no transport plugin was found in %s, so no session can be made: install miscsi's plugins again",
			plugins_dirs(engine->plugins));
	if (output.refused)
		return err_set(c->err, MISCSI_ERR_TRANS_NOT_FOUND,
			"%u of %u plugin files cannot be used: the list above states the reason for each", output.refused,
			output.plugins);
	return 0;
}
