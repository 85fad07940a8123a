/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The adapters of this machine: PCI devices that a plugin serves, or would serve if it were here; and what each lacks before it
 * can be used. Reads only, and caches nothing. Callers link libpci.
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
	char vendor_name[PCI_NAME_MAX], device_name[PCI_NAME_MAX]; /* "" where nobody knows */
	const char *transport;
	bool by_id; /* iSCSI is what it is for; otherwise a network adapter that can do it, too */
	/* What it lacks, and what to do about it, a line each: plugin, kernel module, its driver. None: it is ready. */
	struct err lacks[PCI_LACKS_MAX];
	unsigned lacks_count;
};

/* fn for each adapter, by slot; non-zero ends that and is returned. Loads all plugins. Without a PCI bus there are none. -ENOMEM. */
int pci_adapter_each(
	struct plugins *ps, const struct sysfs *s, int (*fn)(void *arg, const struct pci_adapter *a), void *arg, struct err *err);

/*
 * The device behind a host, with its names: those of the database, or of the transport's plugin. -ENOENT: there is none. What it
 * lacks is not looked for: it has a host.
 */
int pci_adapter_of_host(struct plugins *ps, const struct sysfs *s, uint32_t host_no, const char *transport,
	struct pci_names *names, struct pci_adapter *out);

#endif
