/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: an iBFT and an adapter's table, as iscsi_boot_sysfs shows them: each file with any bytes, in any set, also with the flags,
 * numbers and lengths that real firmware gets wrong.
 */
#include "firmware.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ETHERNET(dir) \
	dir "/mac", dir "/ip-addr", dir "/subnet-mask", dir "/prefix-len", dir "/gateway", dir "/primary-dns", \
		dir "/secondary-dns", dir "/vlan", dir "/origin", dir "/flags", dir "/device/net/eth7/address"
#define TARGET(dir) \
	dir "/target-name", dir "/ip-addr", dir "/port", dir "/lun", dir "/nic-assoc", dir "/chap-type", dir "/chap-name", \
		dir "/chap-secret", dir "/rev-chap-name", dir "/rev-chap-name-secret", dir "/flags"

static const char *const files[] = {
	"firmware/ibft/initiator/initiator-name",
	"firmware/ibft/initiator/flags",
	TARGET("firmware/ibft/target0"),
	TARGET("firmware/ibft/target1"),
	ETHERNET("firmware/ibft/ethernet0"),
	ETHERNET("firmware/ibft/ethernet1"),
	"firmware/iscsi_boot3/initiator/initiator-name",
	TARGET("firmware/iscsi_boot3/target0"),
	ETHERNET("firmware/iscsi_boot3/ethernet0"),
	"class/net/eth9/address",
	"class/net/eth9/device/vendor",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	firmware_fuzz(files, ARRAY_SIZE(files), data, size);
	return 0;
}
