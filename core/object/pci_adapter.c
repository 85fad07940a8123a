/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices held against the plugins' match tables: by their ids, or, for network adapters whose iSCSI is beside the point of most
 * that have them, by the driver of the network device.
 */
#include "object/pci_adapter.h"
#include "base/mem.h"
#include "kernel/kmod.h"
#include "plugin/plugins.h"
#include "plugin/transport.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct search {
	struct plugins *plugins;
	const struct sysfs *sysfs;
	struct pci_names *names;
	int (*fn)(void *arg, const struct pci_adapter *a);
	void *arg;
	const struct pci_device *device;
	bool done; /* one plugin has it */
};

static bool id_is(uint32_t wanted, uint32_t have)
{
	return wanted == MISCSI_PCI_ANY || wanted == have;
}

static const struct miscsi_pci_id *find_pci_id(const struct miscsi_match *m, const struct pci_device *d)
{
	for (const struct miscsi_pci_id *id = m->pci; id && id->vendor; id++) {
		if (id_is(id->vendor, d->vendor) && id_is(id->device, d->device) && id_is(id->subvendor, d->subvendor) &&
			id_is(id->subdevice, d->subdevice))
			return id;
	}
	return NULL;
}

static bool driver_serves(const struct miscsi_match *m, const char *driver)
{
	for (const char *const *name = m->netdev_drivers; name && *name; name++) {
		if (strcmp(*name, driver) == 0)
			return true;
	}
	return false;
}

static void add_names(struct pci_names *names, const struct miscsi_pci_id *id, struct pci_adapter *a)
{
	pci_names_find(names, &a->device, a->vendor_name, a->device_name);
	if (!*a->device_name && id && id->name)
		snprintf(a->device_name, sizeof(a->device_name), "%s", id->name);
}

/* ---- what it lacks ---- */

static struct err *next_lack(struct pci_adapter *a)
{
	struct err *err = &a->lacks[a->lacks_count];

	err_clear(err);
	return err;
}

static void look_for_lacks(const struct search *s, const struct plugin_served *served, struct pci_adapter *a)
{
	const char *module = served->match->module;
	struct transport *t;

	if (!served->here && plugins_find(s->plugins, a->transport, &t, next_lack(a)) < 0)
		a->lacks_count++;
	if (module && kmod_check(s->sysfs, module, next_lack(a)) < 0)
		a->lacks_count++;
	else if (a->by_id && !*a->device.driver)
		a->lacks_count += err_set(next_lack(a), MISCSI_ERR_TRANS_NOT_FOUND,
					  "no driver is bound to the adapter: the kernel's log (dmesg) may have the reason") < 0;
}

/* One row of a match table against one device; the first plugin that knows it is reported. */
static int try_plugin(void *arg, const struct plugin_served *served)
{
	struct search *s = arg;
	const struct miscsi_pci_id *id = find_pci_id(served->match, s->device);
	struct pci_adapter a = { .device = *s->device, .transport = served->match->transport, .by_id = id };

	if (s->done || (!id && !driver_serves(served->match, s->device->driver)))
		return 0;
	s->done = true;
	add_names(s->names, id, &a);
	look_for_lacks(s, served, &a);
	return s->fn(s->arg, &a);
}

int pci_adapter_each(
	struct plugins *ps, const struct sysfs *s, int (*fn)(void *arg, const struct pci_adapter *a), void *arg, struct err *err)
{
	cleanup(dir_free) struct dir slots = { 0 };
	cleanup(pci_names_freep) struct pci_names *names = NULL;
	struct search search = { .plugins = ps, .sysfs = s, .fn = fn, .arg = arg };
	struct pci_device device;
	int rc;

	if (sysfs_list(s, &slots, SYSFS_BY_NAME, "", "bus/pci/devices") < 0 || slots.n == 0)
		return 0;
	names = pci_names_new();
	rc = names ? 0 : -ENOMEM;
	search.names = names;
	search.device = &device;
	for (size_t i = 0; rc == 0 && i < slots.n; i++) {
		search.done = false;
		if (pci_device_read(s, slots.names[i], &device) == 0)
			rc = plugins_each_served(ps, try_plugin, &search);
	}
	return rc == -ENOMEM ? err_nomem(err, "the list of adapters") : rc;
}

/* ---- of one host ---- */

struct naming {
	const char *transport;
	const struct pci_device *device;
	const struct miscsi_pci_id *id;
};

static int match_transport(void *arg, const struct plugin_served *served)
{
	struct naming *n = arg;

	if (strcmp(served->match->transport, n->transport) != 0)
		return 0;
	n->id = find_pci_id(served->match, n->device);
	return 1;
}

int pci_adapter_of_host(struct plugins *ps, const struct sysfs *s, uint32_t host_no, const char *transport,
	struct pci_names *names, struct pci_adapter *out)
{
	struct naming naming = { .transport = transport, .device = &out->device };
	int rc;

	memset(out, 0, sizeof(*out));
	out->transport = transport;
	rc = pci_device_of_host(s, host_no, &out->device);
	if (rc < 0)
		return rc;
	add_names(names, NULL, out);
	/* the plugins are asked where the database is not installed */
	if (!*out->device_name && plugins_each_served(ps, match_transport, &naming) == 1)
		add_names(names, naming.id, out);
	return 0;
}
