/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The adapters that are in this machine and that a plugin serves, by libpci. Only who calls this links libpci. Reads; owns nothing.
 */
#ifndef OBJECT_PCI_H
#define OBJECT_PCI_H

#include "base/err.h"
#include <stdbool.h>

struct plugins;
struct sysfs;

/* Texts are valid during the call. */
struct pci_adapter {
	const char *slot; /* "0000:03:00.1" */
	unsigned vendor, device;
	const char *name; /* by the database of PCI ids, or else the plugin's; "" where neither knows it */
	const char *driver; /* "" when none has it */
	const char *transport, *module; /* module: "" when the transport needs none */
	bool loaded; /* the transport's module is */
};

/*
 * fn for each adapter, by slot; non-zero ends that and is returned. Loads all plugins. bus: NULL is /sys/bus/pci; where there is no such
 * bus, there are no adapters. -ENOMEM.
 */
int pci_adapters(struct plugins *ps, const struct sysfs *sysfs, const char *bus, int (*fn)(void *arg, const struct pci_adapter *a),
	void *arg, struct err *err);

#endif
