/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices of the PCI bus as sysfs shows them, and what they are called. Names come from libpci's database; only programs that ask
 * for them link libpci. Nothing is cached but the database, which its owner frees.
 */
#ifndef OBJECT_PCI_H
#define OBJECT_PCI_H

#include "kernel/sysfs.h"

#define PCI_SLOT_MAX 24
#define PCI_NAME_MAX 160

struct pci_device {
	char slot[PCI_SLOT_MAX]; /* "0000:03:00.1" */
	unsigned vendor, device, subvendor, subdevice; /* 16 bits each; the last two 0 where they are not shown */
	char driver[64]; /* "" when none has it */
};

/* -ENOENT: no such device; -EINVAL: slot is not the name of a slot, or the device shows invalid ids. */
int pci_device_read(const struct sysfs *s, const char *slot, struct pci_device *out);
/* The device that a SCSI host hangs below, however far. -ENOENT: none, as with a host of software. */
int pci_device_of_host(const struct sysfs *s, uint32_t host_no, struct pci_device *out);

struct pci_names;
struct pci_names *pci_names_new(void); /* NULL: no memory */
void pci_names_free(struct pci_names *n); /* usable as cleanup(pci_names_freep); NULL is nothing */
static inline void pci_names_freep(struct pci_names **n)
{
	pci_names_free(*n);
}
/* "" where the database lacks the name, or is not installed. */
void pci_names_find(struct pci_names *n, const struct pci_device *d, char vendor[PCI_NAME_MAX], char device[PCI_NAME_MAX]);

#endif
