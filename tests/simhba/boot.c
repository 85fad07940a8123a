/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an adapter shows about booting, below /sys/firmware/iscsi_bootN. */
#include "sim.h"
#include <linux/iscsi_boot_sysfs.h>

static ssize_t initiator_show(void *data, int type, char *buf)
{
	struct host *h = data;

	return type == ISCSI_BOOT_INI_INITIATOR_NAME ? sprintf(buf, "%s\n", h->name) : 0;
}

static umode_t initiator_sees(void *data, int type)
{
	return type == ISCSI_BOOT_INI_INITIATOR_NAME ? 0444 : 0;
}

static bool whole(const struct host *h)
{
	return h->kind->letter == 'd';
}

static ssize_t ethernet_show(void *data, int type, char *buf)
{
	struct host *h = data;

	switch (type) {
	case ISCSI_BOOT_ETH_INDEX:
		return sprintf(buf, "0\n");
	case ISCSI_BOOT_ETH_FLAGS:
		return sprintf(buf, "3\n");
	case ISCSI_BOOT_ETH_MAC:
		return sprintf(buf, "%pM\n", h->mac);
	case ISCSI_BOOT_ETH_IP_ADDR:
		return sprintf(buf, "%pI4\n", h->side[0].address);
	case ISCSI_BOOT_ETH_SUBNET_MASK:
		return sprintf(buf, "%pI4\n", h->side[0].subnet);
	case ISCSI_BOOT_ETH_GATEWAY:
		return sprintf(buf, "%pI4\n", h->side[0].gateway);
	case ISCSI_BOOT_ETH_VLAN:
		return sprintf(buf, "0\n");
	default:
		return 0;
	}
}

static umode_t ethernet_sees(void *data, int type)
{
	switch (type) {
	case ISCSI_BOOT_ETH_INDEX:
	case ISCSI_BOOT_ETH_FLAGS:
	case ISCSI_BOOT_ETH_MAC:
		return 0444;
	case ISCSI_BOOT_ETH_IP_ADDR:
	case ISCSI_BOOT_ETH_SUBNET_MASK:
	case ISCSI_BOOT_ETH_GATEWAY:
	case ISCSI_BOOT_ETH_VLAN:
		return whole(data) ? 0444 : 0;
	default:
		return 0;
	}
}

static ssize_t target_show(void *data, int type, char *buf)
{
	struct host *h = data;

	switch (type) {
	case ISCSI_BOOT_TGT_IP_ADDR:
		return sprintf(buf, "10.66.0.%d\n", 99 + h->number);
	case ISCSI_BOOT_TGT_PORT:
		return sprintf(buf, "3260\n");
	case ISCSI_BOOT_TGT_NAME:
		return sprintf(buf, SIM_IQN "sim-boot\n");
	case ISCSI_BOOT_TGT_CHAP_NAME:
		return sprintf(buf, "bootuser\n");
	case ISCSI_BOOT_TGT_CHAP_SECRET:
		return sprintf(buf, "bootsecret12\n");
	case ISCSI_BOOT_TGT_REV_CHAP_NAME:
	case ISCSI_BOOT_TGT_REV_CHAP_SECRET:
		return sprintf(buf, "\n");
	case ISCSI_BOOT_TGT_FLAGS:
		return sprintf(buf, "3\n");
	case ISCSI_BOOT_TGT_NIC_ASSOC:
	case ISCSI_BOOT_TGT_LUN:
		return sprintf(buf, "0\n");
	default:
		return 0;
	}
}

static umode_t target_sees(void *data, int type)
{
	switch (type) {
	case ISCSI_BOOT_TGT_LUN:
		return whole(data) ? 0444 : 0;
	case ISCSI_BOOT_TGT_IP_ADDR:
	case ISCSI_BOOT_TGT_PORT:
	case ISCSI_BOOT_TGT_NAME:
	case ISCSI_BOOT_TGT_CHAP_NAME:
	case ISCSI_BOOT_TGT_CHAP_SECRET:
	case ISCSI_BOOT_TGT_REV_CHAP_NAME:
	case ISCSI_BOOT_TGT_REV_CHAP_SECRET:
	case ISCSI_BOOT_TGT_FLAGS:
	case ISCSI_BOOT_TGT_NIC_ASSOC:
		return 0444;
	default:
		return 0;
	}
}

static void nothing(void *data)
{
}

void boot_start(struct host *h)
{
	if (no_boot || !(h->kind->has & HAS_BOOT))
		return;
	h->boot = iscsi_boot_create_host_kset(h->shost->host_no);
	if (!h->boot)
		return;
	iscsi_boot_create_initiator(h->boot, 0, h, initiator_show, initiator_sees, nothing);
	iscsi_boot_create_ethernet(h->boot, 0, h, ethernet_show, ethernet_sees, nothing);
	iscsi_boot_create_target(h->boot, 0, h, target_show, target_sees, nothing);
}

void boot_stop(struct host *h)
{
	if (h->boot)
		iscsi_boot_destroy_kset(h->boot);
}
