/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the firmware's values to interfaces. */
#include "modes/boot_network.h"

#include "base/mem.h"
#include "kernel/interface.h"
#include "modes/firmware_mode.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static const char *boot_network_value(const struct firmware_target *t, enum firmware_value which)
{
	return t->values[which] ? t->values[which] : "";
}

/* The kernel shows the prefix of an iBFT's IPv4 address as a mask alone. Of IPv6, without either, only the address itself is known. */
static unsigned boot_network_prefix(const struct firmware_target *t)
{
	const char *length = boot_network_value(t, FIRMWARE_PREFIX_LEN), *mask = boot_network_value(t, FIRMWARE_SUBNET_MASK);
	bool v6 = strchr(boot_network_value(t, FIRMWARE_IPADDRESS), ':') != NULL;
	struct in_addr bits;
	unsigned long n;

	if (*length) {
		n = strtoul(length, NULL, 10);
		if (n <= (v6 ? 128 : 32))
			return (unsigned)n;
	}
	if (!v6 && inet_pton(AF_INET, mask, &bits) == 1)
		return (unsigned)__builtin_popcount(bits.s_addr);
	return v6 ? 128 : 32;
}

static int boot_network_one(const struct firmware_target *t, void (*done)(void *arg, const char *device, const char *address),
	void *arg, struct err *err)
{
	const struct interface i = { .device = boot_network_value(t, FIRMWARE_NETDEV),
		.hwaddress = boot_network_value(t, FIRMWARE_HWADDRESS),
		.address = boot_network_value(t, FIRMWARE_IPADDRESS),
		.gateway = boot_network_value(t, FIRMWARE_GATEWAY),
		.target = boot_network_value(t, FIRMWARE_ADDRESS),
		.prefix = boot_network_prefix(t),
		.vlan = (uint16_t)strtoul(boot_network_value(t, FIRMWARE_VLAN_ID), NULL, 10) };
	char name[INTERFACE_NAME_MAX];
	int rc;

	if (!*i.address || (!*i.device && !*i.hwaddress))
		return err_set(err, MISCSI_ERR_NO_OBJS_FOUND,
			"the firmware reports no network interface with an address for target %s, so none is set up: check the "
			"boot settings in the BIOS or UEFI",
			boot_network_value(t, FIRMWARE_TARGET));
	rc = interface_up(&i, name, err);
	if (rc >= 0)
		done(arg, name, i.address);
	return rc;
}

int boot_network_up(
	struct context *ctx, void (*done)(void *arg, const char *device, const char *address), void *arg, struct err *err)
{
	cleanup(firmware_list_free) struct firmware_list targets = { 0 };
	int rc = firmware_mode_list(ctx, &targets, err), first = rc;

	for (size_t i = 0; rc >= 0 && i < targets.n; i++) {
		struct err one = ERR_INIT;

		if (targets.at[i].host_no != FIRMWARE_OWN)
			continue;
		if (boot_network_one(&targets.at[i], done, arg, &one) < 0 && first >= 0) {
			first = -err_errno(one.code);
			err_copy(err, &one);
		}
	}
	return first;
}
