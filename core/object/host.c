/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts are read by a table of attributes, their interfaces by the rows of fields.def that name one. */
#include "object/host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *class, *name;
	size_t at, size;
} attributes[] = {
#define M(member) offsetof(struct host_info, member), sizeof(((struct host_info *)0)->member)
	{ "scsi_host", "state", M(state) },
	{ "iscsi_host", "hwaddress", M(hwaddress) },
	{ "iscsi_host", "ipaddress", M(ipaddress) },
	{ "iscsi_host", "netdev", M(netdev) },
	{ "iscsi_host", "initiatorname", M(initiator) },
	{ "iscsi_host", "port_state", M(port_state) },
	{ "iscsi_host", "port_speed", M(port_speed) },
#undef M
};

static void read_host(const struct sysfs *s, const struct ktransport_map *map, struct host_info *h)
{
	if (ktransport_of_host(s, map, h->host_no, h->transport) < 0)
		*h->transport = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		char *to = (char *)h + attributes[i].at;

		if (sysfs_read(s, to, attributes[i].size, "class/%s/host%u/%s", attributes[i].class, h->host_no,
			    attributes[i].name) < 0)
			*to = '\0';
	}
}

int host_list_read(const struct sysfs *s, const struct ktransport_map *map, struct host_list *out, struct err *err)
{
	cleanup(dir_free) struct dir names = { 0 };
	int rc = sysfs_list(s, &names, SYSFS_BY_NUMBER, "host", "class/iscsi_host");

	memset(out, 0, sizeof(*out));
	if (rc == -ENOENT || (rc == 0 && names.n == 0))
		return 0;
	if (rc < 0)
		return err_sys(err, MISCSI_ERR_SYSFS_LOOKUP, -rc, "cannot list the iSCSI hosts in /sys/class/iscsi_host");
	out->at = x_newn(struct host_info, names.n);
	if (!out->at)
		return err_nomem(err, "the list of hosts");
	for (size_t i = 0; i < names.n; i++) {
		struct host_info *h = &out->at[out->n];

		if (sysfs_number(names.names[i], "host", &h->host_no) < 0)
			continue;
		read_host(s, map, h);
		out->n++;
	}
	return 0;
}

void host_list_free(struct host_list *l)
{
	x_free(l->at);
	memset(l, 0, sizeof(*l));
}

bool host_is(const struct host_info *h, const char *number_or_address)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", h->host_no);
	return strcmp(number, number_or_address) == 0 || (*h->hwaddress && strcasecmp(h->hwaddress, number_or_address) == 0);
}

/* ---- interfaces ---- */

#define PORT_PREFIX "iface/"
#define PORTS_MAX 64

/* A driver's value that is invalid for an iface is left out. */
static void set_shown(struct record *r, enum field_id id, const char *value)
{
	if (*value)
		record_set(r, id, value, NULL);
}

static void read_port_setting(const struct sysfs *s, const struct host_port *p, enum field_id id)
{
	const struct field *f = field_of(id);
	char value[512];

	if (strncmp(f->sysfs, PORT_PREFIX, strlen(PORT_PREFIX)) != 0 || f->flags & (p->v6 ? FIELD_IPV4 : FIELD_IPV6))
		return;
	if (sysfs_read(s, value, sizeof(value), "class/iscsi_iface/%s/%s", p->kernel_name, f->sysfs + strlen(PORT_PREFIX)) >= 0)
		set_shown(p->record, id, value);
}

/*
 * What an iface needs to be found by, and its name in the database: open-iscsi's, since node records name it. An adapter that
 * shows no ifaces has one of IPv4, whatever its address is.
 */
static void set_port_identity(const struct host_info *h, unsigned family, unsigned num, struct record *r)
{
	char name[sizeof(h->transport) + sizeof(h->hwaddress) + 32];

	snprintf(name, sizeof(name), "%s.%s.ipv%u.%u", h->transport, h->hwaddress, family, num);
	set_shown(r, FIELD_IFACE_NAME, name);
	set_shown(r, FIELD_IFACE_TRANSPORT, h->transport);
	set_shown(r, FIELD_IFACE_HWADDRESS, h->hwaddress);
	set_shown(r, FIELD_IFACE_INITIATORNAME, h->initiator);
	set_shown(r, FIELD_IFACE_NETDEV, *h->netdev ? h->netdev : "default");
}

static int read_port(const struct sysfs *s, const struct host_info *h, const char *name, struct host_port *p)
{
	char text[64];
	unsigned family, host, num;

	if (sscanf(name, "ipv%u-iface-%u-%u", &family, &host, &num) != 3 || (family != 4 && family != 6) || host != h->host_no)
		return -EINVAL;
	/* numbers that overflowed, signs, and what is behind them */
	snprintf(text, sizeof(text), "ipv%u-iface-%u-%u", family, host, num);
	if (strcmp(text, name) != 0)
		return -EINVAL;
	p->v6 = family == 6;
	snprintf(p->kernel_name, sizeof(p->kernel_name), "%s", name);
	p->record = record_new(RECORD_IFACE);
	if (!p->record)
		return -ENOMEM;
	set_port_identity(h, family, num, p->record);
	record_set_int(p->record, FIELD_IFACE_NUM, num, NULL);
	for (unsigned id = 0; id < FIELD_COUNT; id++) {
		if (field_in(field_of((enum field_id)id), RECORD_IFACE))
			read_port_setting(s, p, (enum field_id)id);
	}
	return 0;
}

int host_ports_read(const struct sysfs *s, const struct host_info *h, struct host_ports *out, struct err *err)
{
	cleanup(dir_free) struct dir names = { 0 };
	int rc = sysfs_list(s, &names, SYSFS_BY_NUMBER, "ipv", "class/iscsi_iface");

	memset(out, 0, sizeof(*out));
	if (rc < 0)
		return rc == -ENOENT ? 0 :
				       err_sys(err, MISCSI_ERR_SYSFS_LOOKUP, -rc,
					       "cannot list the network interfaces of the adapters in /sys/class/iscsi_iface");
	out->at = x_newn(struct host_port, PORTS_MAX);
	if (!out->at)
		return err_nomem(err, "the list of the adapters' interfaces");
	for (size_t i = 0; i < names.n && out->n < PORTS_MAX; i++) {
		rc = read_port(s, h, names.names[i], &out->at[out->n]);
		if (rc == -ENOMEM)
			return err_nomem(err, "the list of the adapters' interfaces");
		out->n += rc == 0;
	}
	return 0;
}

int host_ports_of_host(const struct host_info *h, struct host_ports *out, struct err *err)
{
	memset(out, 0, sizeof(*out));
	out->at = x_new(struct host_port);
	if (out->at)
		out->at->record = record_new(RECORD_IFACE);
	if (!out->at || !out->at->record)
		return err_nomem(err, "the list of the adapters' interfaces");
	out->n = 1;
	set_port_identity(h, 4, 0, out->at->record);
	set_shown(out->at->record, FIELD_IFACE_IPADDRESS, *h->ipaddress ? h->ipaddress : "default");
	return 0;
}

void host_ports_free(struct host_ports *p)
{
	for (size_t i = 0; i < p->n; i++)
		record_free(p->at[i].record);
	x_free(p->at);
	memset(p, 0, sizeof(*p));
}
