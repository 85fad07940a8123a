/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m transport */
#include "command.h"

#include "kernel/ktransport.h"
#include "modes/transport_mode.h"
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
	cleanup(sysfs_list_free) struct sysfs_list names = { 0 };
	struct transport *t;

	if (ktransport_list(context_sysfs(c->context), &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		struct err err = ERR_INIT;

		if (plugins_find(engine->plugins, names.names[i], &t, &err) < 0)
			out_unserved(names.names[i], &err);
	}
}

int command_transport(const struct command *c)
{
	struct transport_mode_list *list;
	const struct engine *engine;
	int rc = context_engine(c->context, &engine, c->err);

	if (rc >= 0)
		rc = transport_mode_list_new(engine->plugins, &list, c->err);
	if (rc < 0)
		return rc;
	out_transports(list);
	print_unserved(c, engine);
	if (pci_adapter_each(engine->plugins, context_sysfs(c->context), print_adapter, NULL, c->err) < 0)
		out_error("%s", c->err->text);
	if (list->count == 0)
		rc = err_set(c->err, MISCSI_ERR_NO_OBJS_FOUND, "no transport plugin found in %s", list->dirs);
	transport_mode_list_free(list);
	return rc;
}
