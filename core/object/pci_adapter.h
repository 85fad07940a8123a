/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The adapters of this machine: PCI devices that an installed or known plugin supports, and the missing parts that prevent their
 * use. Reads only, and caches nothing. Callers link libpci.
 */
#ifndef OBJECT_PCI_ADAPTER_H
#define OBJECT_PCI_ADAPTER_H

#include "base/err.h"
#include "object/pci.h"
#include <stdbool.h>

struct plugins;

#define PCI_LACKS_MAX 3

/* Texts are valid during the call. */
struct pci_adapter {
	struct pci_device device;
	char vendor_name[PCI_NAME_MAX], device_name[PCI_NAME_MAX]; /* "": unknown */
	const char *transport;
	bool by_id; /* an iSCSI adapter; false: a network adapter that also supports iSCSI */
	/* The missing parts (plugin, kernel module, its driver), each with the action for the user. lacks_count 0: ready. */
	struct err lacks[PCI_LACKS_MAX];
	unsigned lacks_count;
};

/*
 * Calls fn for each adapter, by slot, until it returns non-zero, and returns that. Loads all plugins. No PCI bus: no adapters.
 * -ENOMEM.
 */
int pci_adapter_each(
	struct plugins *ps, const struct sysfs *s, int (*fn)(void *arg, const struct pci_adapter *a), void *arg, struct err *err);

/*
 * Finds the device of a host, and its names from the database or the transport's plugin. -ENOENT: no device. Does not fill lacks:
 * the adapter works, since it has a host.
 */
int pci_adapter_of_host(struct plugins *ps, const struct sysfs *s, uint32_t host_no, const char *transport,
	struct pci_names *names, struct pci_adapter *out);

#endif
