/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts, their interfaces, and the entries in the memory of adapters, as text. */
#include "out_text.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "config.h"
#include "object/adapter.h"
#include "object/firmware.h"
#include "object/host.h"
#include "object/pci_adapter.h"
#include <stdio.h>
#include <string.h>

void out_host_line(const struct host_info *h)
{
	struct out_clean ip, hw, net, name;

	printf(strchr(h->ipaddress, ':') ? "%s: [%u] [%s],[%s],%s %s\n" : "%s: [%u] %s,[%s],%s %s\n",
		*h->transport ? h->transport : "unknown", h->host_no, out_clean(&ip, h->ipaddress, "<empty>"),
		out_clean(&hw, h->hwaddress, "<empty>"), out_clean(&net, h->netdev, "<empty>"),
		out_clean(&name, h->initiator, "<empty>"));
}

static void print_host_text(const char *label, const char *text)
{
	struct out_clean c;

	printf("\t%s: %s\n", label, out_clean(&c, text, "<empty>"));
}

static void print_host_address(const char *label, const char *address)
{
	printf(strchr(address, ':') ? "\t%s: [%s]\n" : "\t%s: %s\n", label, out_or_empty(address));
}

void out_host(const struct host_info *h)
{
	struct out_clean ip;

	printf("Host Number: %u\n", h->host_no);
	print_host_text("State", h->state);
	print_host_text("Transport", h->transport);
	print_host_text("Initiatorname", h->initiator);
	print_host_address("IPaddress", *h->ipaddress ? out_clean(&ip, h->ipaddress, "<empty>") : "");
	print_host_text("HWaddress", h->hwaddress);
	print_host_text("Netdev", h->netdev);
}

/* ---- adapters: a form of our own, since open-iscsi does not show them; one fact in each line ---- */

void out_host_pci_adapter(const struct pci_adapter *a)
{
	struct out_clean vendor, device, driver;

	printf("Adapter: %s [%04x:%04x] %s %s\n\tTransport: %s\n\tDriver: %s\n", a->device.slot, a->device.vendor,
		a->device.device, out_clean(&vendor, a->vendor_name, "<empty>"), out_clean(&device, a->device_name, "<empty>"),
		a->transport, out_clean(&driver, a->device.driver, "<empty>"));
	for (unsigned i = 0; i < a->lacks_count; i++)
		printf("\tNot ready: %s\n", a->lacks[i].text);
}

void out_host_adapter(const struct pci_adapter *a)
{
	struct out_clean vendor, device;

	printf("\tPCI Slot: %s\n", a->device.slot);
	printf("\tPCI Vendor: [%04x] %s\n", a->device.vendor, out_clean(&vendor, a->vendor_name, "<empty>"));
	printf("\tPCI Device: [%04x] %s\n", a->device.device, out_clean(&device, a->device_name, "<empty>"));
	print_host_text("PCI Driver", a->device.driver);
}

/* The lines about an interface, in order, and the family that has them. */
static const struct {
	const char *label;
	unsigned family; /* FIELD_IPV4, FIELD_IPV6; 0: both */
	enum field_id id; /* IFACE_NAME: the port's state; IFACE_TRANSPORT: its speed */
} port_lines[] = {
	{ "IPaddress", 0, FIELD_IFACE_IPADDRESS },
	{ "Gateway", FIELD_IPV4, FIELD_IFACE_GATEWAY },
	{ "Subnet", FIELD_IPV4, FIELD_IFACE_SUBNET_MASK },
	{ "BootProto", FIELD_IPV4, FIELD_IFACE_BOOTPROTO },
	{ "IPaddress Autocfg", FIELD_IPV6, FIELD_IFACE_IPV6_AUTOCFG },
	{ "Link Local Address", FIELD_IPV6, FIELD_IFACE_IPV6_LINKLOCAL },
	{ "Link Local Autocfg", FIELD_IPV6, FIELD_IFACE_LINKLOCAL_AUTOCFG },
	{ "Router Address", FIELD_IPV6, FIELD_IFACE_IPV6_ROUTER },
	{ "Port State", 0, FIELD_IFACE_NAME },
	{ "Port Speed", 0, FIELD_IFACE_TRANSPORT },
	{ "Port", 0, FIELD_IFACE_PORT },
	{ "MTU", 0, FIELD_IFACE_MTU },
	{ "VLAN ID", 0, FIELD_IFACE_VLAN_ID },
	{ "VLAN priority", 0, FIELD_IFACE_VLAN_PRIORITY },
};

static void print_host_port_field(const char *label, const struct host_port *p, enum field_id id)
{
	char value[300] = "";

	if (record_is_set(p->record, id))
		record_text(p->record, id, value, sizeof(value));
	if (field_of(id)->type == FIELD_TYPE_ADDRESS)
		print_host_address(label, value);
	else
		printf("\t%s: %s\n", label, out_or_empty(value));
}

void out_host_port(const struct host_info *h, const struct host_port *p)
{
	struct out_clean c;

	printf("\t**********\n\tInterface:\n\t**********\n\tKernel Name: %s\n", out_clean(&c, p->kernel_name, "<empty>"));
	for (size_t i = 0; i < ARRAY_SIZE(port_lines); i++) {
		if (port_lines[i].family && (port_lines[i].family == FIELD_IPV6) != p->v6)
			continue;
		if (port_lines[i].id == FIELD_IFACE_NAME)
			print_host_text(port_lines[i].label, h->port_state);
		else if (port_lines[i].id == FIELD_IFACE_TRANSPORT)
			print_host_text(port_lines[i].label, h->port_speed);
		else
			print_host_port_field(port_lines[i].label, p, port_lines[i].id);
	}
}

void out_host_sessions_heading(void)
{
	printf("\t*********\n\tSessions:\n\t*********\n");
}

void out_host_flashnode_line(const char *transport, const struct adapter_entry *e)
{
	const char *address = record_str(e->record, FIELD_FLASH_IPADDRESS);
	struct out_clean a, t;

	printf(strchr(address, ':') ? "%s: [%u] [%s]:%d,%d %s\n" : "%s: [%u] %s:%d,%d %s\n", transport, e->index,
		out_clean(&a, address, "<empty>"), (int)record_int(e->record, FIELD_FLASH_PORT),
		(int)record_int(e->record, FIELD_FLASH_TPGT),
		out_clean(&t, record_str(e->record, FIELD_FLASH_TARGETNAME), "<empty>"));
}

void out_host_firmware(const struct firmware_target *t, bool secrets)
{
	struct out_clean c;

	printf("# BEGIN RECORD %s\n", PACKAGE_VERSION);
	for (unsigned i = 0; i < FIRMWARE_VALUES; i++) {
		enum firmware_value which = (enum firmware_value)i;

		if (!t->values[i])
			continue;
		printf("%s = %s\n", firmware_key(which),
			firmware_is_secret(which) && !secrets ? "********" : out_clean(&c, t->values[i], "<empty>"));
	}
	puts("# END RECORD");
	mem_wipe(&c, sizeof(c));
}
