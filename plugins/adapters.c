/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * adapters NAME.la…: what those plugins of the build serve, as a file of adapters (core/plugin/catalogue.h), on standard output.
 * So what a plugin is for stands in its own table and nowhere else, and is still known where its file is not installed.
 */
#include <dlfcn.h>
#include <miscsi/plugin.h>
#include <stdio.h>
#include <string.h>

static void print_number(const char *before, uint32_t number)
{
	if (number == MISCSI_PCI_ANY)
		printf("%s*", before);
	else
		printf("%s%04x", before, (unsigned)number);
}

static void print_row(const struct miscsi_plugin *p, const struct miscsi_match *m)
{
	printf("transport %s %s %s miscsi-plugin-%s\n", m->transport, p->name, m->module ? m->module : "-", p->name);
	for (const struct miscsi_pci_id *id = m->pci; id && id->vendor; id++) {
		print_number("pci ", id->vendor);
		print_number(":", id->device);
		print_number(":", id->subvendor);
		print_number(":", id->subdevice);
		printf(" %s\n", id->name ? id->name : "");
	}
	for (const char *const *driver = m->netdev_drivers; driver && *driver; driver++)
		printf("netdev %s\n", *driver);
}

/* The plugins are of this very build, so their structures are ours. */
static int print_plugin(const char *archive)
{
	char name[64], file[128], symbol[128];
	const struct miscsi_plugin *p;
	void *handle;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(archive, "."), archive);
	snprintf(file, sizeof(file), "./.libs/%s.so", name);
	snprintf(symbol, sizeof(symbol), "%s_LTX_miscsi_plugin_entry", name);
	handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	p = handle ? dlsym(handle, symbol) : NULL;
	if (!p) {
		fprintf(stderr, "adapters: %s\n", dlerror());
		return 1;
	}
	for (const struct miscsi_match *m = p->match; m->size; m++)
		print_row(p, m);
	return 0;
}

int main(int argc, char **argv)
{
	int status = 0;

	printf("# What the plugins of miscsi serve, for when one is missing: see -m transport in iscsiadm(8).\n");
	for (int i = 1; i < argc; i++)
		status |= print_plugin(argv[i]);
	return status | (fflush(stdout) != 0);
}
