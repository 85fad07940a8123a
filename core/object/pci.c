/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices of the PCI bus held against the plugins' match tables: by their ids, or, for network adapters whose iSCSI is beside the point
 * of most that have them, by the driver of the network device.
 */
#include "object/pci.h"
#include "base/mem.h"
#include "kernel/sysfs.h"
#include "plugin/info.h"
#include <errno.h>
#include <miscsi/plugin.h>
#include <pci/pci.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct search {
	struct pci_access *access;
	struct pci_dev *device;
	const struct sysfs *sysfs;
	int (*fn)(void *arg, const struct pci_adapter *a);
	void *arg;
	const char *driver;
	bool done; /* one plugin has it */
};

static bool id_is(uint32_t wanted, uint32_t have)
{
	return wanted == MISCSI_PCI_ANY || wanted == have;
}

static const struct miscsi_pci_id *find_id(const struct miscsi_match *m, const struct pci_dev *d)
{
	for (const struct miscsi_pci_id *id = m->pci; id && id->vendor; id++)
		if (id_is(id->vendor, d->vendor_id) && id_is(id->device, d->device_id))
			return id;
	return NULL;
}

static bool driver_serves(const struct miscsi_match *m, const char *driver)
{
	for (const char *const *name = m->netdev_drivers; name && *name; name++)
		if (strcmp(*name, driver) == 0)
			return true;
	return false;
}

/* One row of a match table against one device; the first plugin that knows it is told. */
static int try_row(void *arg, const struct miscsi_match *m)
{
	struct search *s = arg;
	struct pci_dev *d = s->device;
	const struct miscsi_pci_id *id = find_id(m, d);
	char slot[32], name[256] = "";
	struct pci_adapter a = { .slot = slot, .vendor = d->vendor_id, .device = d->device_id, .driver = s->driver,
		.transport = m->transport, .module = m->module ? m->module : "" };

	if (s->done || (!id && !driver_serves(m, s->driver)))
		return 0;
	s->done = true;
	snprintf(slot, sizeof(slot), "%04x:%02x:%02x.%d", (unsigned)d->domain, d->bus, d->dev, d->func);
	/* without the database it would be numbers, which are told beside it */
	a.name = pci_lookup_name(s->access, name, sizeof(name), PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE | PCI_LOOKUP_NO_NUMBERS,
		d->vendor_id, d->device_id);
	if (!a.name || *a.name == '<')
		a.name = id && id->name ? id->name : "";
	a.loaded = !*a.module || sysfs_exists(s->sysfs, "module/%s", a.module);
	return s->fn(s->arg, &a);
}

int pci_adapters(struct plugins *ps, const struct sysfs *sysfs, const char *bus, int (*fn)(void *arg, const struct pci_adapter *a),
	void *arg, struct err *err)
{
	struct search s = { .sysfs = sysfs, .fn = fn, .arg = arg };
	char devices[256];
	int r = 0;

	/* libpci ends the program when it cannot open this: so it is not asked then */
	if ((size_t)snprintf(devices, sizeof(devices), "%s/devices", bus ? bus : "/sys/bus/pci") >= sizeof(devices) ||
		access(devices, R_OK | X_OK) < 0)
		return 0;
	s.access = pci_alloc();
	if (!s.access)
		return err_set(err, MISCSI_ERR_NOMEM, "no memory for the list of adapters");
	s.access->method = PCI_ACCESS_SYS_BUS_PCI;
	if (bus)
		pci_set_param(s.access, (char *)(uintptr_t)"sysfs.path", (char *)(uintptr_t)bus);
	pci_init(s.access);
	pci_scan_bus(s.access);
	for (s.device = s.access->devices; r == 0 && s.device; s.device = s.device->next) {
		pci_fill_info(s.device, PCI_FILL_IDENT | PCI_FILL_DRIVER);
		s.driver = pci_get_string_property(s.device, PCI_FILL_DRIVER);
		if (!s.driver)
			s.driver = "";
		s.done = false;
		r = plugins_each_match(ps, try_row, &s);
	}
	pci_cleanup(s.access);
	return r;
}
