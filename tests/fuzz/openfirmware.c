/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: the device tree of Open Firmware: the boot path, an alias, hardware addresses, the nodes of network devices, and the reply of a
 * DHCP server.
 */
#include "firmware.h"
#include "object/openfirmware.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const files[] = {
	OPENFIRMWARE_TREE "/chosen/bootpath",
	OPENFIRMWARE_TREE "/aliases/net",
	OPENFIRMWARE_TREE "/pci@0/ethernet@0/mac-address",
	OPENFIRMWARE_TREE "/pci@0/ethernet@0/local-mac-address",
	"class/net/eth0/address",
	"class/net/eth0/device/devspec",
	"class/net/eth1/device/devspec",
	OPENFIRMWARE_TREE "/chosen/bootp-response",
	OPENFIRMWARE_TREE "/chosen/dhcp-response",
	OPENFIRMWARE_TREE "/chosen/bootpreply-packet",
};

/* A parsed path never leaves the tree, and has no argument that is not a part of the bytes. */
static void check_path(const uint8_t *data, size_t size)
{
	struct openfirmware of;
	const char *node;

	if (!openfirmware_parse(&of, data, size))
		return;
	node = openfirmware_node(&of);
	if (!*node || *node == '/' || *node == '.' || strstr(node, "/.") || strstr(node, "//") || of.end >= sizeof(of.text) ||
		of.end > size)
		abort();
	for (const char *p = node; *p; p++)
		if ((uint8_t)*p <= ' ' || (uint8_t)*p >= 0x7f)
			abort();
	if (!openfirmware_argument(&of, "iscsi"))
		abort();
}

/* Texts end, and are parts of the bytes. */
static void check_reply(const uint8_t *data, size_t size)
{
	struct bootp b;
	const char *const texts[] = { b.initiator, b.server, b.port, b.lun, b.target };

	if (!bootp_parse(&b, data, size))
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++)
		if (strlen(texts[i]) >= BOOTP_TEXT_MAX || !memmem(data, size, texts[i], strlen(texts[i])))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_path(data, size);
	check_reply(data, size);
	firmware_fuzz(files, ARRAY_SIZE(files), data, size);
	return 0;
}
