/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of an adapter's SCSI hosts a connection goes through: the one whose address or network device the iface names. Owns
 * nothing; reads sysfs at each connect, for hosts come and go with their drivers.
 */
#include "plugin/hosts.h"
#include "kernel/sysfs.h"
#include "plugin/private.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* Records of 2.1.8 write "default" for none. */
static const char *wanted_text(const char *text)
{
	return text && *text && strcmp(text, "default") != 0 ? text : NULL;
}

/* An adapter in error shows empty attributes, one without the attribute none: no match either way. */
static bool host_shows(const struct sysfs *sysfs, uint32_t host_no, const char *attribute, const char *wanted)
{
	char value[128];

	return sysfs_read(sysfs, value, sizeof(value), "class/iscsi_host/host%u/%s", host_no, attribute) >= 0 &&
		strcasecmp(value, wanted) == 0;
}

/*
 * The hardware address first: it survives a renaming of network devices, and drivers such as qedi have no real netdev attribute.
 */
static bool host_is_wanted(const struct sysfs *sysfs, uint32_t host_no, const struct miscsi_connect_args *args)
{
	const char *mac = wanted_text(args->hwaddress), *netdev = wanted_text(args->netdev);

	if (mac)
		return host_shows(sysfs, host_no, "hwaddress", mac);
	return !netdev || host_shows(sysfs, host_no, "netdev", netdev);
}

/* Counted by proc_name: /sys/class/iscsi_host also lists the hosts that iscsi_tcp makes for each session. */
int hosts_of(const struct transport *t, uint32_t hosts[TRANSPORT_HOSTS_MAX])
{
	const struct sysfs *sysfs = t->plugin->ps->config.sysfs;
	cleanup(dir_free) struct dir list = { 0 };
	uint32_t number;
	int n = 0;

	if (sysfs && sysfs_list(sysfs, &list, SYSFS_BY_NUMBER, "host", "class/iscsi_host") == -ENOMEM)
		return -ENOMEM;
	for (size_t i = 0; i < list.n && n < (int)TRANSPORT_HOSTS_MAX; i++) {
		if (sysfs_number(list.names[i], "host", &number) == 0 && hosts_check(t, number, NULL) == 0)
			hosts[n++] = number;
	}
	return n;
}

static int no_host_fits(const struct transport *t, const struct miscsi_connect_args *args, int hosts, struct err *err)
{
	const char *mac = wanted_text(args->hwaddress), *netdev = wanted_text(args->netdev);
	char escaped[128];

	if (hosts == 0)
		return err_set(err, MISCSI_ERR_HOST_NOT_FOUND,
			"transport %s has no SCSI host, so there is no adapter to use: 'iscsiadm -m transport' lists the "
			"adapters and what each one lacks",
			t->match.transport);
	if (mac || netdev)
		return err_set(err, MISCSI_ERR_HOST_NOT_FOUND,
			"no SCSI host of transport %s has the %s %s: 'iscsiadm -m host -P 1' shows what each host has",
			t->match.transport, mac ? "hardware address" : "network device",
			str_escape(escaped, sizeof(escaped), mac ? mac : netdev, strlen(mac ? mac : netdev)));
	return err_set(err, MISCSI_ERR_HOST_NOT_FOUND,
		"transport %s has %d SCSI hosts, and the iface does not name the one to use: set iface.hwaddress to that of one "
		"('iscsiadm -m host -P 1' shows them)",
		t->match.transport, hosts);
}

/* Transports without adapters, or whose sessions bring their own host, have none to choose from. */
int hosts_find(const struct transport *t, const struct miscsi_connect_args *args, uint32_t *host_no, struct err *err)
{
	bool any = !wanted_text(args->hwaddress) && !wanted_text(args->netdev),
	     through = t->match.traits & MISCSI_TRAIT_THROUGH_HOST;
	uint32_t hosts[TRANSPORT_HOSTS_MAX];
	int n, found = 0;

	*host_no = MISCSI_NONE;
	if ((any && !through) || (t->match.traits & (MISCSI_TRAIT_SOCKET | MISCSI_TRAIT_SESSION_HOST | MISCSI_TRAIT_OWN_HOSTS)))
		return 0;
	n = hosts_of(t, hosts);
	if (n < 0)
		return err_nomem(err, "the list of SCSI hosts");
	for (int i = 0; i < n; i++) {
		if (host_is_wanted(t->plugin->ps->config.sysfs, hosts[i], args) && found++ == 0)
			*host_no = hosts[i];
	}
	/* several hosts and none named: the administrator must choose, not the order in which the drivers were loaded */
	if (found == 1 || (found > 1 && !any))
		return 0;
	*host_no = MISCSI_NONE;
	return no_host_fits(t, args, n, err);
}

int hosts_check(const struct transport *t, uint32_t host_no, struct err *err)
{
	const struct sysfs *sysfs = t->plugin->ps->config.sysfs;
	char proc_name[64], escaped[128];
	int rc = sysfs ? sysfs_read(sysfs, proc_name, sizeof(proc_name), "class/scsi_host/host%u/proc_name", host_no) : -ENOENT;

	/* the kernel does not check it: a wrong pair makes one driver work on another's memory */
	if (rc < 0)
		return err_sys(
			err, MISCSI_ERR_HOST_NOT_FOUND, -rc, "cannot read in sysfs which driver host%u has (proc_name)", host_no);
	if (strcmp(proc_name, proc_name_of(t)) != 0)
		return err_set(err, MISCSI_ERR_HOST_NOT_FOUND,
			"host%u does not belong to transport %s, since its driver is %s: choose another host ('iscsiadm -m host "
			"-P 1' shows them)",
			host_no, t->match.transport, str_escape(escaped, sizeof(escaped), proc_name, strlen(proc_name)));
	return 0;
}
