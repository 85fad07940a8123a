/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bus is read by sysfs and not by libpci, which ends the program when a device goes away while it looks, and complains on
 * stderr. What is left to libpci is its database of names. It is loaded, with the libraries that it brings, when a name is asked
 * for; without it there are no names.
 */
#include "object/pci.h"
#include "base/mem.h"
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pci/pci.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* "0000:03:00.1"; some machines count domains beyond four digits. */
static bool is_slot(const char *text)
{
	static const char hex[] = "0123456789abcdef";
	size_t domain = strspn(text, hex);

	return domain >= 4 && domain <= 8 && text[domain] == ':' && strspn(text + domain + 1, hex) == 2 &&
		text[domain + 3] == ':' && strspn(text + domain + 4, hex) == 2 && text[domain + 6] == '.' &&
		strspn(text + domain + 7, "01234567") == 1 && !text[domain + 8];
}

static int read_pci_id(const struct sysfs *s, const char *slot, const char *name, unsigned *out)
{
	int64_t number;
	int rc = sysfs_read_int(s, &number, "bus/pci/devices/%s/%s", slot, name);

	*out = 0;
	if (rc == 0 && (number < 0 || number > 0xffff))
		rc = -EINVAL;
	if (rc == 0)
		*out = (unsigned)number;
	return rc;
}

int pci_device_read(const struct sysfs *s, const char *slot, struct pci_device *out)
{
	char link[512], *name;
	int rc;

	memset(out, 0, sizeof(*out));
	if (!is_slot(slot))
		return -EINVAL;
	snprintf(out->slot, sizeof(out->slot), "%s", slot);
	rc = read_pci_id(s, slot, "vendor", &out->vendor);
	if (rc == 0)
		rc = read_pci_id(s, slot, "device", &out->device);
	if (rc < 0)
		return rc;
	read_pci_id(s, slot, "subsystem_vendor", &out->subvendor);
	read_pci_id(s, slot, "subsystem_device", &out->subdevice);
	if (sysfs_readlink(s, link, sizeof(link), "bus/pci/devices/%s/driver", slot) == 0) {
		name = strrchr(link, '/');
		snprintf(out->driver, sizeof(out->driver), "%.*s", (int)sizeof(out->driver) - 1, name ? name + 1 : link);
	}
	return 0;
}

/* "../../devices/pci0000:00/0000:00:04.0/virtio0/host3/iscsi_host/host3": the last slot that is named is the nearest. */
int pci_device_of_host(const struct sysfs *s, uint32_t host_no, struct pci_device *out)
{
	char path[1024], *at = path, *part, *slot = NULL;
	int rc = sysfs_readlink(s, path, sizeof(path), "class/iscsi_host/host%u", host_no);

	memset(out, 0, sizeof(*out));
	while (rc == 0 && (part = strsep(&at, "/"))) {
		if (is_slot(part))
			slot = part;
	}
	return slot ? pci_device_read(s, slot, out) : -ENOENT;
}

/* ---- names ---- */

#define LIBPCI "libpci.so.3"

/* The functions of libpci that are used here. */
#define FUNCTIONS(F) \
	F(pci_alloc) \
	F(pci_init) \
	F(pci_cleanup) \
	F(pci_set_param) \
	F(pci_lookup_name)

struct pci_names {
	struct pci_access *access; /* NULL: there is no libpci */
#define POINTER(name) __typeof__(name) *name;
	FUNCTIONS(POINTER)
#undef POINTER
};

static bool load_libpci(struct pci_names *n)
{
	void *library = dlopen(LIBPCI, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

#define LOAD(name) n->name = library ? (__typeof__(n->name))dlsym(library, #name) : NULL;
	FUNCTIONS(LOAD)
#undef LOAD
	return n->pci_alloc && n->pci_init && n->pci_cleanup && n->pci_set_param && n->pci_lookup_name;
}

static void drop_warning(char *text, ...)
{
	(void)text;
}

/* libpci reads it with and without .gz. */
static bool has_database(const char *file)
{
	char plain[PATH_MAX];
	size_t n = strlen(file);

	if (access(file, R_OK) == 0)
		return true;
	if (n < 3 || n >= sizeof(plain) || strcmp(file + n - 3, ".gz") != 0)
		return false;
	snprintf(plain, sizeof(plain), "%.*s", (int)n - 3, file);
	return access(plain, R_OK) == 0;
}

struct pci_names *pci_names_new(void)
{
	struct pci_names *n = x_new(struct pci_names);

	if (!n || !load_libpci(n))
		return n;
	n->access = n->pci_alloc();
	n->access->method = PCI_ACCESS_SYS_BUS_PCI; /* the one whose beginning cannot fail */
	n->access->warning = drop_warning;
	/* udev's has the same names; libpci forgets to give back what it took for asking there */
	if (has_database(n->access->id_file_name))
		n->pci_set_param(n->access, (char *)(uintptr_t) "hwdb.disable", (char *)(uintptr_t) "1");
	n->pci_init(n->access);
	return n;
}

void pci_names_free(struct pci_names *n)
{
	if (!n)
		return;
	if (n->access)
		n->pci_cleanup(n->access);
	x_free(n);
}

/* libpci returns NULL for an unknown name, and a text in angle brackets if there is no room. */
static void keep_name(char to[PCI_NAME_MAX], const char *found)
{
	if (!found || *found == '<')
		*to = '\0';
	else if (found != to)
		snprintf(to, PCI_NAME_MAX, "%s", found);
}

void pci_names_find(struct pci_names *n, const struct pci_device *d, char vendor[PCI_NAME_MAX], char device[PCI_NAME_MAX])
{
	*vendor = *device = '\0';
	if (!n->access)
		return;
	keep_name(vendor,
		n->pci_lookup_name(n->access, vendor, PCI_NAME_MAX, PCI_LOOKUP_VENDOR | PCI_LOOKUP_NO_NUMBERS, d->vendor));
	keep_name(device,
		n->pci_lookup_name(
			n->access, device, PCI_NAME_MAX, PCI_LOOKUP_DEVICE | PCI_LOOKUP_NO_NUMBERS, d->vendor, d->device));
}
