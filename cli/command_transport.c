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

/* Drivers that the kernel has and nobody here serves: the package that would is named. */
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
	struct err err = ERR_INIT;
	int rc = context_engine(c->context, &engine, &err);

	if (rc >= 0)
		rc = transport_mode_list_new(engine->plugins, &list, &err);
	if (rc < 0)
		return command_fail(rc, &err);
	out_transports(list);
	print_unserved(c, engine);
	if (pci_adapter_each(engine->plugins, context_sysfs(c->context), print_adapter, NULL, &err) < 0)
		out_error("%s", err.text);
	if (list->count == 0) {
		out_error("no transport plugin found in %s", list->dirs);
		rc = MISCSI_ERR_NO_OBJS_FOUND;
	}
	transport_mode_list_free(list);
	return rc;
}
