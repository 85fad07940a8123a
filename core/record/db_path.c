/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names in the database, and what they say.
 *
 * What these functions accept is what we, and open-iscsi, would have written; all else in the database is somebody else's and is
 * left alone. What they make was checked before, field by field: no component can be "..", hidden, or hold a '/'.
 */
#include "record/db_impl.h"

#include "record/value.h"
#include <stdio.h>
#include <string.h>

/* Names of directories are as little to be trusted as their contents. */
static bool number_in(const char *text, int64_t min, int64_t max, int64_t *out)
{
	return value_number(text, out) && *out >= min && *out <= max;
}

/*
 * Cuts the last item after a comma off; NULL when there is none. Commas are cut from the right because a target's name comes
 * first and the rest has none.
 */
static char *cut_last(char *s)
{
	char *comma = strrchr(s, ',');

	if (!comma)
		return NULL;
	*comma = '\0';
	return comma + 1;
}

/* All parts must be what we would have written, but for a missing tpgt. */
static bool portal_before(const char *address, const char *port, const char *tpgt, struct db_portal *out)
{
	int64_t p, t = RECORD_TPGT_UNKNOWN;

	if (!port || !number_in(port, 1, 65535, &p) || (tpgt && !number_in(tpgt, RECORD_TPGT_UNKNOWN, 65535, &t)))
		return false;
	if (field_check(field_of(FIELD_CONN_ADDRESS), address, NULL, NULL) || !*address)
		return false;
	snprintf(out->address, sizeof(out->address), "%s", address);
	out->port = (unsigned)p;
	out->tpgt = (int)t;
	return true;
}

/* From the right, where the commas are; an address has none. */
bool db_portal_parse(const char *name, struct db_portal *out)
{
	char buf[NAME_MAX + 1];
	char *last, *middle;

	if (strlen(name) >= sizeof(buf))
		return false;
	snprintf(buf, sizeof(buf), "%s", name);
	last = cut_last(buf);
	middle = cut_last(buf);
	return middle ? portal_before(buf, middle, last, out) : portal_before(buf, last, NULL, out);
}

/*
 * The target is what is left: its name may hold anything but a comma. *out points into buf, which the caller keeps as long as it
 * uses *out.
 */
bool db_link_parse(const char *name, char *buf, size_t size, struct db_node_id *out)
{
	const char *iface, *tpgt, *port, *address;

	if (snprintf(buf, size, "%s", name) >= (int)size)
		return false;
	iface = cut_last(buf);
	tpgt = cut_last(buf);
	port = cut_last(buf);
	address = cut_last(buf);
	if (!address || !portal_before(address, port, tpgt, &out->portal))
		return false;
	if (field_check(field_of(FIELD_NODE_NAME), buf, NULL, NULL) || field_check(field_of(FIELD_IFACE_NAME), iface, NULL, NULL))
		return false;
	out->target = buf;
	out->iface = iface;
	return true;
}

/*
 * The layout of open-iscsi's database: cockpit, Longhorn, XenServer's sm and sosreport read it by path. TREE_PATH_MAX holds the
 * longest that the fields' limits allow, so nothing is cut.
 */
void db_node_path(char out[TREE_PATH_MAX], const struct db_node_id *id)
{
	const struct db_portal *p = &id->portal;

	if (id->iface)
		snprintf(out, TREE_PATH_MAX, "nodes/%s/%s,%u,%d/%s", id->target, p->address, p->port, p->tpgt, id->iface);
	else
		snprintf(out, TREE_PATH_MAX, "nodes/%s/%s,%u", id->target, p->address, p->port);
}

/* The strings stay the record's. */
void db_node_id(const struct record *r, struct db_node_id *out)
{
	out->target = record_str(r, FIELD_NODE_NAME);
	out->iface = record_str(r, FIELD_IFACE_NAME);
	snprintf(out->portal.address, sizeof(out->portal.address), "%s", record_str(r, FIELD_CONN_ADDRESS));
	out->portal.port = (unsigned)record_int(r, FIELD_CONN_PORT);
	out->portal.tpgt = (int)record_int(r, FIELD_NODE_TPGT);
}

/*
 * The path identifies the record, whatever the file contains. A record that was copied by hand to another place (XenServer's sm
 * does it with cp -a) is a record of that place.
 */
int db_node_set_identity(struct record *r, const struct db_node_id *id)
{
	int rc = record_set(r, FIELD_NODE_NAME, id->target, NULL);

	if (!rc)
		rc = record_set(r, FIELD_CONN_ADDRESS, id->portal.address, NULL);
	if (!rc)
		rc = record_set_int(r, FIELD_CONN_PORT, id->portal.port, NULL);
	/* Old programs kept records of known portal groups in the portal's file too. */
	if (!rc && id->portal.tpgt != RECORD_TPGT_UNKNOWN)
		rc = record_set_int(r, FIELD_NODE_TPGT, id->portal.tpgt, NULL);
	if (!rc && id->iface)
		rc = record_set(r, FIELD_IFACE_NAME, id->iface, NULL);
	return rc;
}

/* The names that open-iscsi's database has; other programs read it by path. */
const struct db_discovery db_discoveries[RECORD_KIND_COUNT] = {
	[RECORD_SENDTARGETS] = { "send_targets", "st_config", RECORD_ORIGIN_SENDTARGETS },
	[RECORD_ISNS] = { "isns", "isns_config", RECORD_ORIGIN_ISNS },
	[RECORD_STATIC] = { "static", NULL, RECORD_ORIGIN_STATIC },
	[RECORD_FW] = { "fw", NULL, RECORD_ORIGIN_FW },
};

void db_disc_dir(char out[TREE_PATH_MAX], enum record_kind kind, const char *address, unsigned port)
{
	if (db_discoveries[kind].config)
		snprintf(out, TREE_PATH_MAX, "%s/%s,%u", db_discoveries[kind].dir, address, port);
	else
		snprintf(out, TREE_PATH_MAX, "%s", db_discoveries[kind].dir);
}

/* Which discovery made the node. The field's check keeps the number within these rows. */
static const enum record_kind kinds[] = {
	[RECORD_ORIGIN_SENDTARGETS] = RECORD_SENDTARGETS,
	[RECORD_ORIGIN_ISNS] = RECORD_ISNS,
	[RECORD_ORIGIN_OFFLOAD] = RECORD_SENDTARGETS,
	[RECORD_ORIGIN_SLP] = RECORD_STATIC,
	[RECORD_ORIGIN_STATIC] = RECORD_STATIC,
	[RECORD_ORIGIN_FW] = RECORD_FW,
};

/* SLP is gone; its records are treated as made by hand. */
bool db_origin_dir(char out[TREE_PATH_MAX], const struct record *node)
{
	enum record_kind kind = kinds[record_int(node, FIELD_NODE_DISCOVERY_TYPE)];
	const char *from = record_str(node, FIELD_NODE_DISCOVERY_ADDRESS);

	db_disc_dir(out, kind, from, (unsigned)record_int(node, FIELD_NODE_DISCOVERY_PORT));
	return *from || !db_discoveries[kind].config;
}

/* A node with an unknown portal group has no link, as in 2.1.8. */
bool db_link_path(char out[TREE_PATH_MAX], const struct record *node)
{
	char name[TREE_PATH_MAX / 2 + NAME_MAX];
	struct db_node_id id;
	int n;

	db_node_id(node, &id);
	if (id.portal.tpgt == RECORD_TPGT_UNKNOWN || !db_origin_dir(out, node))
		return false;
	n = snprintf(
		name, sizeof(name), "/%s,%s,%u,%d,%s", id.target, id.portal.address, id.portal.port, id.portal.tpgt, id.iface);
	/* No file can be called so: the node is not listed under its discovery, and works. */
	if (n > NAME_MAX + 1)
		return false;
	strncat(out, name, TREE_PATH_MAX - strlen(out) - 1);
	return true;
}
