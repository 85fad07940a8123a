/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI devices as sysfs shows them, and their names. Names come from libpci's database; only programs that use them link libpci.
 * Only the database is cached; its owner frees it.
 */
#ifndef OBJECT_PCI_H
#define OBJECT_PCI_H

#include "kernel/sysfs.h"

#define PCI_SLOT_MAX 24
#define PCI_NAME_MAX 160

struct pci_device {
	char slot[PCI_SLOT_MAX]; /* "0000:03:00.1" */
	unsigned vendor, device, subvendor, subdevice; /* 16 bits each; the last two are 0 if not shown */
	char driver[64]; /* "": no driver */
};

/* -ENOENT: no such device; -EINVAL: slot is not a slot's name, or the device shows invalid ids. */
int pci_device_read(const struct sysfs *s, const char *slot, struct pci_device *out);
/* Finds the PCI device above a SCSI host, at any distance. -ENOENT: no PCI device, for example a software transport's host. */
int pci_device_of_host(const struct sysfs *s, uint32_t host_no, struct pci_device *out);

struct pci_names;
struct pci_names *pci_names_new(void); /* NULL: no memory */
void pci_names_free(struct pci_names *n); /* usable as cleanup(pci_names_freep); NULL is allowed */
static inline void pci_names_freep(struct pci_names **n)
{
	pci_names_free(*n);
}
/* "": the database lacks the name or is not installed. */
void pci_names_find(struct pci_names *n, const struct pci_device *d, char vendor[PCI_NAME_MAX], char device[PCI_NAME_MAX]);

#endif
