/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes node records of boot targets: chooses the transport and the iface of each. */
#include "modes/firmware_mode.h"

#include "modes/adapter_iface.h"
#include "modes/discovery_mode_private.h"
#include "modes/iface_mode.h"
#include "modes/plugin_settings.h"
#include "plugin/transport.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- transports ---- */

/* It has the software transport, so that the transport's name need not be written here. */
#define SOFTWARE_IFACE "default"

static bool firmware_mode_same_word(const char *a, const char *b)
{
	return a && *a && strcasecmp(a, b) == 0;
}

/* The host of a software session also has the name of a network device, and is not an adapter. */
static bool transport_has_adapters(struct context *ctx, const char *transport)
{
	struct transport *t;

	return context_transport(ctx, transport, &t, NULL) >= 0 && !(transport_traits(t) & MISCSI_TRAIT_SESSION_HOST);
}

/*
 * The machine's firmware reports the network card that it used, but no driver. If that card is an iSCSI adapter with a loaded
 * driver, the adapter's transport is chosen, since the session must use the path that the firmware used. Otherwise the software
 * transport is chosen.
 */
static int choose_transport(struct context *ctx, const struct host_list *hosts, const char *software, struct firmware_target *t)
{
	if (t->host_no != FIRMWARE_OWN)
		return t->values[FIRMWARE_TRANSPORT] ? 0 : firmware_set(t, FIRMWARE_TRANSPORT, software);
	for (size_t i = 0; i < hosts->n; i++) {
		const struct host_info *h = &hosts->at[i];

		if ((firmware_mode_same_word(t->values[FIRMWARE_HWADDRESS], h->hwaddress) ||
			    firmware_mode_same_word(t->values[FIRMWARE_NETDEV], h->netdev)) &&
			*h->transport && strcmp(h->transport, software) != 0 && transport_has_adapters(ctx, h->transport)) {
			t->host_no = h->host_no;
			return firmware_set(t, FIRMWARE_TRANSPORT, h->transport);
		}
	}
	return firmware_set(t, FIRMWARE_TRANSPORT, software);
}

int firmware_mode_list(struct context *ctx, struct firmware_list *out, struct err *err)
{
	cleanup(host_list_free) struct host_list hosts = { 0 };
	cleanup(record_freep) struct record *software = NULL;
	int rc = firmware_read(context_sysfs(ctx), context_map(ctx), out, err);

	if (rc >= 0 && out->n == 0)
		return err_set(err, MISCSI_ERR_NO_OBJS_FOUND, "Could not get list of targets from firmware. (err %d)",
			MISCSI_ERR_NO_OBJS_FOUND);
	if (rc >= 0)
		rc = host_list_read(context_sysfs(ctx), context_map(ctx), &hosts, err);
	if (rc >= 0)
		rc = iface_mode_get(ctx, SOFTWARE_IFACE, &software, err);
	for (size_t i = 0; rc >= 0 && i < out->n; i++) {
		if (choose_transport(ctx, &hosts, record_str(software, FIELD_IFACE_TRANSPORT), &out->at[i]) < 0)
			rc = err_nomem(err, "the list of boot targets");
	}
	return rc;
}

/* ---- ifaces ---- */

/* The data by which an iface is chosen. */
struct known {
	struct record_list ifaces; /* of the database */
	struct record *software;
	struct host_list hosts;
};

static void known_ifaces_free(struct known *k)
{
	record_list_free(&k->ifaces);
	record_free(k->software);
	host_list_free(&k->hosts);
}

/* Ifaces are matched by the address of their host, which may differ from that of the card that the firmware reports. */
static const char *hwaddress_of(const struct known *k, const struct firmware_target *t)
{
	for (size_t i = 0; i < k->hosts.n; i++) {
		if (k->hosts.at[i].host_no == t->host_no && *k->hosts.at[i].hwaddress)
			return k->hosts.at[i].hwaddress;
	}
	return t->values[FIRMWARE_HWADDRESS];
}

/* The adapter's iface; of several, the one with the address family of the portal. NULL: none is known. */
static const struct record *iface_of_adapter(const struct known *k, const struct firmware_target *t)
{
	const struct record *found = NULL;
	const char *mac = hwaddress_of(k, t);
	bool v6 = strchr(t->values[FIRMWARE_ADDRESS], ':') != NULL;

	for (size_t i = 0; i < k->ifaces.n; i++) {
		const struct record *iface = k->ifaces.at[i];

		if (strcmp(record_str(iface, FIELD_IFACE_TRANSPORT), t->values[FIRMWARE_TRANSPORT]) != 0 ||
			!firmware_mode_same_word(mac, record_str(iface, FIELD_IFACE_HWADDRESS)))
			continue;
		if (!found || (record_is_ipv6(found) != v6 && record_is_ipv6(iface) == v6))
			found = iface;
	}
	return found;
}

/* If the database has no iface and cannot be written: the settings that a session needs to find its adapter. */
static int name_bare_iface(const struct known *k, const struct firmware_target *t, struct record *node, struct err *err)
{
	const char *transport = t->values[FIRMWARE_TRANSPORT], *mac = hwaddress_of(k, t);
	char name[96];
	int rc = record_set(node, FIELD_IFACE_TRANSPORT, transport, err);

	snprintf(name, sizeof(name), "%s.%s", transport, mac ? mac : "firmware");
	if (rc >= 0)
		rc = record_set(node, FIELD_IFACE_NAME, name, err);
	return rc < 0 || !mac ? rc : record_set(node, FIELD_IFACE_HWADDRESS, mac, err);
}

static int apply_boot_iface(const struct known *k, const struct firmware_target *t, struct record *node, struct err *err)
{
	const struct record *iface = k->software;

	if (strcmp(t->values[FIRMWARE_TRANSPORT], record_str(k->software, FIELD_IFACE_TRANSPORT)) != 0)
		iface = iface_of_adapter(k, t);
	if (!iface)
		return name_bare_iface(k, t, node, err);
	return record_apply(node, iface, 0, err);
}

/* ---- nodes ---- */

static int fill_boot_node(const struct firmware_target *t, const struct settings *settings, struct record *node, struct err *err)
{
	int rc = firmware_to_node(t, node, err);

	if (rc >= 0)
		rc = firmware_credentials(t, node, err);
	if (rc >= 0)
		rc = record_set_int(node, FIELD_NODE_DISCOVERY_TYPE, RECORD_ORIGIN_FW, err);
	if (rc >= 0)
		rc = record_set(node, FIELD_NODE_STARTUP, "onboot", err);
	if (rc >= 0)
		rc = record_set(node, FIELD_CONN_STARTUP, "onboot", err);
	return rc < 0 || !settings ? rc : settings_apply(settings, node, err);
}

int firmware_mode_nodes(struct context *ctx, const struct firmware_list *targets, const struct settings *settings,
	struct record_list *out, struct err *err)
{
	cleanup(known_ifaces_free) struct known k = { .software = NULL };
	struct db *db;
	int rc = settings ? settings_check(settings, RECORD_NODE, err) : 0;

	if (rc >= 0 && settings)
		rc = plugin_settings_check(ctx, settings, err);
	if (rc >= 0)
		rc = iface_mode_get(ctx, SOFTWARE_IFACE, &k.software, err);
	if (rc >= 0)
		rc = host_list_read(context_sysfs(ctx), context_map(ctx), &k.hosts, err);
	/* A user who may not write has only the existing ifaces. */
	if (rc >= 0 && adapter_iface_setup(ctx, NULL) >= 0 && context_db(ctx, &db, NULL) >= 0)
		db_iface_list(db, &k.ifaces, NULL);
	for (size_t i = 0; rc >= 0 && i < targets->n; i++) {
		cleanup(record_freep) struct record *node = NULL;

		rc = context_new_record(ctx, RECORD_NODE, &node, err);
		if (rc >= 0)
			rc = apply_boot_iface(&k, &targets->at[i], node, err);
		if (rc >= 0)
			rc = fill_boot_node(&targets->at[i], settings, node, err);
		if (rc >= 0 && record_list_add(out, x_steal(node)) < 0)
			rc = err_nomem(err, "the list of the boot targets' node records");
	}
	return rc;
}

/* The tag that 2.1.8 sets; a login does not depend on it. */
#define TPGT_OF_FIRMWARE 1

static int keep_boot_nodes(struct context *ctx, unsigned how, struct record_list *nodes, struct err *err)
{
	cleanup(record_freep) struct record *disc = record_new(RECORD_FW);
	const struct discovery_mode_ask ask = { .select = { .kind = RECORD_FW }, .keep = how };
	int rc = 0;

	if (!disc)
		return err_nomem(err, "the discovery record of the boot targets");
	for (size_t i = 0; i < nodes->n; i++) {
		record_unset(nodes->at[i], FIELD_SESSION_PASSWORD);
		record_unset(nodes->at[i], FIELD_SESSION_PASSWORD_IN);
	}
	rc = discovery_mode_keep(ctx, &ask, disc, NULL, nodes, err);
	firmware_mode_complete(ctx, nodes);
	return rc;
}

int firmware_mode_discover(struct context *ctx, unsigned how, struct record_list *nodes, struct err *err)
{
	cleanup(firmware_list_free) struct firmware_list targets = { 0 };
	int rc;

	adapter_iface_setup(
		ctx, NULL); /* this discovery also finds the adapters' interfaces, even if the system did not boot from them */
	rc = firmware_mode_list(ctx, &targets, err);
	if (rc >= 0)
		rc = firmware_mode_nodes(ctx, &targets, NULL, nodes, err);
	for (size_t i = 0; rc >= 0 && i < nodes->n; i++)
		rc = record_set_int(nodes->at[i], FIELD_NODE_TPGT, TPGT_OF_FIRMWARE, err);
	if (rc >= 0 && !(how & DISCOVERY_KEEP_NOTHING))
		rc = keep_boot_nodes(ctx, how, nodes, err);
	return rc;
}

static bool lacks_secret(const struct record *node)
{
	return record_int(node, FIELD_NODE_DISCOVERY_TYPE) == RECORD_ORIGIN_FW &&
		record_int(node, FIELD_SESSION_AUTHMETHOD) == RECORD_AUTH_CHAP &&
		!record_secret(node, FIELD_SESSION_PASSWORD)->len && !*record_str(node, FIELD_SESSION_PASSWORD_FILE);
}

void firmware_mode_complete(struct context *ctx, const struct record_list *nodes)
{
	cleanup(firmware_list_free) struct firmware_list targets = { 0 };
	const struct firmware_target *t;
	bool read = false;

	for (size_t i = 0; i < nodes->n; i++) {
		if (!lacks_secret(nodes->at[i]))
			continue;
		if (!read && firmware_read(context_sysfs(ctx), context_map(ctx), &targets, NULL) < 0)
			return;
		read = true;
		t = firmware_of_node(&targets, nodes->at[i]);
		if (t)
			firmware_credentials(t, nodes->at[i], NULL);
	}
}
