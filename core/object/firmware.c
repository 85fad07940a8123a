/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel shows the firmware's tables as files (iscsi_boot_sysfs), and the tree of Open Firmware, whose boot path has the same values as
 * arguments; firmware.def maps both to settings.
 */
#include "object/firmware.h"

#include "base/ascii.h"
#include "object/openfirmware.h"
#include "proto/name.h"
#include "proto/portal.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TARGETS_MAX 64u /* of one firmware; tables have two */
#define ORIGIN_DHCP 3

enum object { FOUND, INITIATOR, ETHERNET, TARGET };
enum { NOT, TO_NODE };

static const struct row {
	const char *key;
	enum object object;
	const char *attribute, *argument;
	enum field_id field; /* FIELD_COUNT: LUN, and what is not read from a file */
	bool to_node;
} rows[] = {
#define FIRMWARE(symbol, key, object, attribute, argument, field, record) \
	{ key, object, attribute, argument, FIELD_##field, record == TO_NODE },
#include "object/firmware.def"
#undef FIRMWARE
};

const char *firmware_key(enum firmware_value which)
{
	return rows[which].key;
}

bool firmware_is_secret(enum firmware_value which)
{
	return rows[which].field != FIELD_COUNT && field_of(rows[which].field)->type == FIELD_TYPE_SECRET;
}

static void target_clear(struct firmware_target *t)
{
	for (unsigned i = 0; i < FIRMWARE_VALUES; i++)
		x_wipe_freep(&t->values[i]);
}

void firmware_list_free(struct firmware_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		target_clear(&l->at[i]);
	x_free(l->at);
	memset(l, 0, sizeof(*l));
}

int firmware_set(struct firmware_target *t, enum firmware_value which, const char *text)
{
	char *copy = x_strdup(text);

	if (!copy)
		return -ENOMEM;
	x_wipe_freep(&t->values[which]);
	t->values[which] = copy;
	return 0;
}

/* ---- reading ---- */

/* One firmware: its directory, and what is the same for all its targets. */
struct source {
	const struct sysfs *sysfs;
	const char *dir; /* NULL: Open Firmware */
	const struct openfirmware *tree;
	const struct bootp *reply; /* NULL: there is none */
	uint32_t host_no;
	char transport[KTRANSPORT_NAME_MAX];
	bool denied;
};

/* A logical unit: the kernel and Open Firmware have it as digits, with separators and without. */
static bool is_unit(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		if (ascii_hex(text[i]) < 0 && !strchr("x:-", text[i]))
			return false;
	}
	return len <= 40;
}

/* A value that is invalid for its field is ignored: drivers print stray bytes, and zeros for values that were never set. */
static bool is_usable(const struct row *row, const char *text)
{
	const struct field *f = row->field == FIELD_COUNT ? NULL : field_of(row->field);
	int64_t number;

	if (!*text || !strcmp(text, "0.0.0.0") || !strcmp(text, "0000:0000:0000:0000:0000:0000:0000:0000"))
		return false;
	if (!f)
		return is_unit(text);
	if (f && f->type == FIELD_TYPE_ADDRESS) { /* a name has no place in these tables */
		int kind = portal_host_kind(text, strlen(text));

		if (kind != PORTAL_IPV4 && kind != PORTAL_IPV6)
			return false;
	}
	return field_check(f, text, &number, NULL) >= 0;
}

/* NULL: the reply does not have it. An address and its network belong together, and so do the values of a target. */
static const char *reply_value(const struct source *src, unsigned which)
{
	static const struct {
		unsigned value, unless; /* the boot path has this one; FIRMWARE_VALUES: in any case */
		size_t offset;
	} parts[] = {
		{ FIRMWARE_INITIATORNAME, FIRMWARE_VALUES, offsetof(struct bootp, initiator) },
		{ FIRMWARE_IPADDRESS, FIRMWARE_IPADDRESS, offsetof(struct bootp, address) },
		{ FIRMWARE_SUBNET_MASK, FIRMWARE_IPADDRESS, offsetof(struct bootp, subnet_mask) },
		{ FIRMWARE_GATEWAY, FIRMWARE_IPADDRESS, offsetof(struct bootp, router) },
		{ FIRMWARE_TARGET, FIRMWARE_TARGET, offsetof(struct bootp, target) },
		{ FIRMWARE_ADDRESS, FIRMWARE_TARGET, offsetof(struct bootp, server) },
		{ FIRMWARE_PORT, FIRMWARE_TARGET, offsetof(struct bootp, port) },
		{ FIRMWARE_LUN, FIRMWARE_TARGET, offsetof(struct bootp, lun) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const struct row *row = parts[i].unless < FIRMWARE_VALUES ? &rows[parts[i].unless] : NULL;
		const char *text = row ? openfirmware_argument(src->tree, row->argument) : NULL;

		if (parts[i].value == which)
			return text && is_usable(row, text) ? NULL : (const char *)src->reply + parts[i].offset;
	}
	return NULL;
}

static int firmware_read_argument(const struct source *src, struct firmware_target *t, unsigned which)
{
	const struct row *row = &rows[which];
	const char *text = *row->argument ? openfirmware_argument(src->tree, row->argument) : NULL;

	if (src->reply && (!text || !is_usable(row, text)))
		text = reply_value(src, which);
	return text && is_usable(row, text) ? firmware_set(t, (enum firmware_value)which, text) : 0;
}

static int firmware_read_attribute(struct source *src, struct firmware_target *t, unsigned which, uint32_t nic)
{
	const struct row *row = &rows[which];
	char object[32], text[RECORD_TEXT_MAX];
	int rc;

	if (src->tree)
		return firmware_read_argument(src, t, which);

	switch (row->object) {
	case INITIATOR:
		snprintf(object, sizeof(object), "initiator");
		break;
	case ETHERNET:
		snprintf(object, sizeof(object), "ethernet%u", nic);
		break;
	case TARGET:
		snprintf(object, sizeof(object), "target%u", t->index);
		break;
	default:
		return 0;
	}
	rc = sysfs_read(src->sysfs, text, sizeof(text), "%s/%s/%s", src->dir, object, row->attribute);
	src->denied |= rc == -EACCES;
	rc = rc >= 0 && is_usable(row, text) ? firmware_set(t, (enum firmware_value)which, text) : 0;
	mem_wipe(text, sizeof(text));
	return rc;
}

/* Bonds and VLANs have their card's address, but no device of their own. */
static bool is_card(const struct source *src, const char *name, const char *hwaddress)
{
	char address[32];

	return hwaddress && sysfs_read(src->sysfs, address, sizeof(address), "class/net/%s/address", name) >= 0 &&
		strcasecmp(address, hwaddress) == 0 && sysfs_exists(src->sysfs, "class/net/%s/device", name);
}

/* The node of a network device's card is a link to the tree, or on older kernels a text. */
static bool is_of_node(const struct source *src, const char *name)
{
	const char *node = openfirmware_node(src->tree), *tail;
	char text[OPENFIRMWARE_TEXT_MAX];
	size_t len = strlen(node);

	if (sysfs_read(src->sysfs, text, sizeof(text), "class/net/%s/device/devspec", name) >= 0 && *text == '/' &&
		strcmp(text + 1, node) == 0)
		return true;
	if (sysfs_readlink(src->sysfs, text, sizeof(text), "class/net/%s/device/of_node", name) < 0 || strlen(text) <= len)
		return false;
	tail = text + strlen(text) - len;
	return strcmp(tail, node) == 0 && tail - text >= 6 && strncmp(tail - 6, "/base/", 6) == 0;
}

/*
 * The network device of the machine's own firmware: that of its PCI device or its node; where several ports share one, or the firmware
 * named none, the one with its address.
 */
static int find_netdev(const struct source *src, struct firmware_target *t, uint32_t nic)
{
	cleanup(dir_free) struct dir names = { 0 };
	const char *found = NULL, *node = NULL;
	unsigned nodes = 0;

	if (src->host_no != FIRMWARE_OWN)
		return 0;
	if (src->dir && sysfs_list(src->sysfs, &names, SYSFS_BY_NAME, "", "%s/ethernet%u/device/net", src->dir, nic) == 0 &&
		names.n == 1)
		return firmware_set(t, FIRMWARE_NETDEV, names.names[0]);
	dir_free(&names);
	if (sysfs_list(src->sysfs, &names, SYSFS_BY_NAME, "", "class/net") < 0)
		return 0;
	for (size_t i = 0; i < names.n; i++) {
		if (!found && is_card(src, names.names[i], t->values[FIRMWARE_HWADDRESS]))
			found = names.names[i];
		if (src->tree && is_of_node(src, names.names[i])) {
			node = names.names[i];
			nodes++;
		}
	}
	if (nodes == 1)
		found = node;
	return found ? firmware_set(t, FIRMWARE_NETDEV, found) : 0;
}

static bool is_dhcp(const struct source *src, uint32_t nic)
{
	int64_t origin = 0;

	if (src->tree)
		return openfirmware_argument(src->tree, "bootp") || openfirmware_argument(src->tree, "dhcp") ||
			openfirmware_argument(src->tree, "dhcpv6");
	sysfs_read_int(src->sysfs, &origin, "%s/ethernet%u/origin", src->dir, nic);
	return origin == ORIGIN_DHCP;
}

static int add_derived(const struct source *src, struct firmware_target *t, uint32_t nic)
{
	int rc = *src->transport ? firmware_set(t, FIRMWARE_TRANSPORT, src->transport) : 0;

	if (rc >= 0)
		rc = find_netdev(src, t, nic);
	if (rc >= 0)
		rc = firmware_set(t, FIRMWARE_BOOTPROTO, is_dhcp(src, nic) ? "DHCP" : "STATIC");
	if (rc >= 0 && !t->values[FIRMWARE_PREFIX_LEN]) /* 2.1.8's way to say so */
		rc = firmware_set(t, FIRMWARE_PREFIX_LEN, "-1");
	if (rc >= 0 && !t->values[FIRMWARE_PORT])
		rc = firmware_set(t, FIRMWARE_PORT, "3260");
	return rc;
}

/* 1: it is one. */
static int read_values(struct source *src, struct firmware_target *t, uint32_t nic)
{
	int rc = 0;

	for (unsigned i = 0; rc >= 0 && i < FIRMWARE_VALUES; i++)
		rc = firmware_read_attribute(src, t, i, nic);
	if (rc >= 0)
		rc = add_derived(src, t, nic);
	return rc < 0 ? rc : t->values[FIRMWARE_TARGET] && t->values[FIRMWARE_ADDRESS];
}

static int read_target(struct source *src, struct firmware_target *t)
{
	int64_t nic = 0;

	sysfs_read_int(src->sysfs, &nic, "%s/target%u/nic-assoc", src->dir, t->index);
	if (nic < 0 || nic > UINT8_MAX || !sysfs_exists(src->sysfs, "%s/ethernet%u", src->dir, (unsigned)nic))
		nic = 0;
	t->chap_type = -1;
	sysfs_read_int(src->sysfs, &t->chap_type, "%s/target%u/chap-type", src->dir, t->index);
	return read_values(src, t, (uint32_t)nic);
}

static int read_source(struct source *src, struct firmware_list *out)
{
	cleanup(dir_free) struct dir names = { 0 };
	struct firmware_target *at;
	int rc = sysfs_list(src->sysfs, &names, SYSFS_BY_NUMBER, "target", "%s", src->dir);

	if (rc < 0 || names.n == 0 || names.n > TARGETS_MAX)
		return 0;
	at = x_realloc(out->at, (out->n + names.n) * sizeof(*at));
	if (!at)
		return -ENOMEM;
	out->at = at;
	for (size_t i = 0; i < names.n; i++) {
		struct firmware_target t = { .host_no = src->host_no };

		if (sysfs_number(names.names[i], "target", &t.index) < 0)
			continue;
		rc = read_target(src, &t);
		if (rc > 0)
			out->at[out->n++] = t;
		else
			target_clear(&t);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* A name and a secret without others prove this machine to the target, whichever the firmware calls them: the reverse alone cannot be asked for. */
static void firmware_own_credentials(struct firmware_target *t)
{
	if (t->values[FIRMWARE_USERNAME] || t->values[FIRMWARE_PASSWORD])
		return;
	t->values[FIRMWARE_USERNAME] = x_steal(t->values[FIRMWARE_USERNAME_IN]);
	t->values[FIRMWARE_PASSWORD] = x_steal(t->values[FIRMWARE_PASSWORD_IN]);
}

/* Open Firmware reports one target: that of the boot path. */
static int read_openfirmware(const struct sysfs *s, struct firmware_list *out)
{
	struct openfirmware tree;
	struct bootp reply;
	struct source own = { .sysfs = s, .tree = &tree, .host_no = FIRMWARE_OWN };
	struct firmware_target t = { .host_no = FIRMWARE_OWN, .chap_type = -1 }, *at;
	char hwaddress[18];
	int rc = 0;

	if (openfirmware_read(s, &tree)) {
		own.reply = openfirmware_reply(s, &tree, &reply) ? &reply : NULL;
		if (openfirmware_hwaddress(s, &tree, hwaddress))
			rc = firmware_set(&t, FIRMWARE_HWADDRESS, hwaddress);
		if (rc >= 0)
			rc = read_values(&own, &t, 0);
		firmware_own_credentials(&t);
	}
	mem_wipe(&tree, sizeof(tree));
	at = rc > 0 ? x_realloc(out->at, (out->n + 1) * sizeof(*at)) : NULL;
	if (!at) {
		target_clear(&t);
		return rc > 0 ? -ENOMEM : rc;
	}
	out->at = at;
	out->at[out->n++] = t;
	return 0;
}

static int read_sources(const struct sysfs *s, const struct ktransport_map *map, struct firmware_list *out, bool *denied)
{
	cleanup(dir_free) struct dir names = { 0 };
	struct source own = { .sysfs = s, .dir = "firmware/ibft", .host_no = FIRMWARE_OWN };
	int rc = read_source(&own, out);

	*denied = own.denied;
	if (rc >= 0)
		rc = read_openfirmware(s, out);
	if (rc < 0 || sysfs_list(s, &names, SYSFS_BY_NUMBER, "iscsi_boot", "firmware") < 0)
		return rc;
	for (size_t i = 0; rc >= 0 && i < names.n; i++) {
		struct source src = { .sysfs = s };
		char dir[64];

		if (sysfs_number(names.names[i], "iscsi_boot", &src.host_no) < 0)
			continue;
		snprintf(dir, sizeof(dir), "firmware/iscsi_boot%u", src.host_no);
		src.dir = dir;
		if (ktransport_of_host(s, map, src.host_no, src.transport) < 0)
			*src.transport = '\0';
		rc = read_source(&src, out);
		*denied |= src.denied;
	}
	return rc;
}

int firmware_read(const struct sysfs *s, const struct ktransport_map *map, struct firmware_list *out, struct err *err)
{
	bool denied;
	int rc;

	memset(out, 0, sizeof(*out));
	if (s->fd < 0)
		return 0;
	rc = read_sources(s, map, out, &denied);
	if (rc < 0)
		return err_nomem(err, "the list of boot targets");
	if (denied && out->n == 0)
		return err_set(
			err, MISCSI_ERR_ACCESS, "only root may read the boot targets of the firmware: run this command as root");
	return 0;
}

/* ---- into records ---- */

static int value_to_node(
	const struct firmware_target *t, enum firmware_value which, enum field_id field, struct record *node, struct err *err)
{
	return t->values[which] ? record_set(node, field, t->values[which], err) : 0;
}

int firmware_to_node(const struct firmware_target *t, struct record *node, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; rc >= 0 && i < FIRMWARE_VALUES; i++) {
		if (rows[i].to_node)
			rc = value_to_node(t, (enum firmware_value)i, rows[i].field, node, err);
	}
	return rc;
}

/* CHAP only where there is a name and a secret to give, and the target's proof only beside ours: else a login could not end well. */
int firmware_credentials(const struct firmware_target *t, struct record *node, struct err *err)
{
	bool both = t->chap_type != 1 && t->values[FIRMWARE_USERNAME_IN] && t->values[FIRMWARE_PASSWORD_IN];
	int rc;

	if (t->chap_type == 0 || !t->values[FIRMWARE_USERNAME] || !t->values[FIRMWARE_PASSWORD])
		return 0;
	rc = record_set_int(node, FIELD_SESSION_AUTHMETHOD, RECORD_AUTH_CHAP, err);
	if (rc >= 0)
		rc = value_to_node(t, FIRMWARE_USERNAME, FIELD_SESSION_USERNAME, node, err);
	if (rc >= 0)
		rc = value_to_node(t, FIRMWARE_PASSWORD, FIELD_SESSION_PASSWORD, node, err);
	if (rc >= 0 && both)
		rc = value_to_node(t, FIRMWARE_USERNAME_IN, FIELD_SESSION_USERNAME_IN, node, err);
	if (rc >= 0 && both)
		rc = value_to_node(t, FIRMWARE_PASSWORD_IN, FIELD_SESSION_PASSWORD_IN, node, err);
	return rc;
}

static bool target_is_node(const struct firmware_target *t, const struct record *node)
{
	return name_equal(t->values[FIRMWARE_TARGET], record_str(node, FIELD_NODE_NAME)) &&
		strtol(t->values[FIRMWARE_PORT], NULL, 10) ==
		record_int(node, FIELD_CONN_PORT) && /* firmware writes 03260, too */
		portal_same_host(t->values[FIRMWARE_ADDRESS], record_str(node, FIELD_CONN_ADDRESS));
}

static bool value_is(const struct firmware_target *t, enum firmware_value which, const char *text)
{
	return t->values[which] && !strcmp(t->values[which], text);
}

/* Two adapters may know one target, each with credentials of its own. */
const struct firmware_target *firmware_of_node(const struct firmware_list *l, const struct record *node)
{
	const struct firmware_target *best = NULL;
	unsigned most = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct firmware_target *t = &l->at[i];
		unsigned alike = 1u + value_is(t, FIRMWARE_INITIATORNAME, record_str(node, FIELD_IFACE_INITIATORNAME)) +
			value_is(t, FIRMWARE_USERNAME, record_str(node, FIELD_SESSION_USERNAME));

		if (target_is_node(t, node) && alike > most) {
			best = t;
			most = alike;
		}
	}
	return best;
}
