/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Iface records: the database does the work, this file refuses what is not allowed. */
#include "modes/iface_mode.h"
#include "modes/adapter_iface.h"
#include "modes/plugin_settings.h"
#include "plugin/plugins.h"
#include "plugin/transport.h"
#include "proto/name.h"
#include "record/plugin_key.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>

/* After all others, "default" first: the order of 2.1.8, since libvirt and vdsm read the list. */
static int each_builtin_iface(db_node_fn *fn, void *arg, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; !rc; i++) {
		cleanup(record_freep) struct record *r = NULL;

		rc = db_iface_builtin(i, &r);
		if (rc == -ENOENT)
			return 0;
		rc = rc ? err_nomem(err, "the list of ifaces") : fn(arg, &r, record_str(r, FIELD_IFACE_NAME));
	}
	return rc;
}

int iface_mode_each(struct context *ctx, db_node_fn *fn, void *arg, struct err *err)
{
	struct db *db;
	int rc = adapter_iface_setup(ctx, err);

	if (rc >= 0)
		rc = context_db(ctx, &db, err);
	if (rc >= 0)
		rc = db_iface_each(db, fn, arg, err);
	return rc ? rc : each_builtin_iface(fn, arg, err);
}

int iface_mode_index(struct context *ctx, struct db_index **out, struct err *err)
{
	struct db *db;
	int rc = context_db(ctx, &db, err);

	return rc < 0 ? rc : db_index_ifaces(db, out, err);
}

int iface_mode_nodes(struct context *ctx, const struct db_index *nodes, const char *iface, bool names, db_node_fn *fn, void *arg,
	struct err *err)
{
	struct db *db;
	int rc = context_db(ctx, &db, err);

	return rc < 0 ? rc : db_index_each(db, nodes, iface, names, fn, arg, err);
}

#define NEEDS_MORE (MISCSI_TRAIT_SOCKET | MISCSI_TRAIT_THROUGH_HOST | MISCSI_TRAIT_OWN_HOSTS)

static int serves_transport(void *arg, const struct plugin_served *s)
{
	return strcmp(s->match->transport, arg) == 0;
}

/* -ENOENT, and *err unchanged: no suitable transport has this name. */
static int iface_of_transport(struct context *ctx, const char *name, struct record **out, struct err *err)
{
	const struct engine *engine;
	struct transport *t;
	int rc;

	if (context_engine(ctx, &engine, NULL) < 0 || plugins_each_served(engine->plugins, serves_transport, (char *)name) < 1)
		return -ENOENT;
	rc = plugins_find(engine->plugins, name, &t, err);
	if (rc < 0)
		return rc;
	if (transport_traits(t) & NEEDS_MORE)
		return -ENOENT;
	*out = record_new(RECORD_IFACE);
	if (*out && record_set(*out, FIELD_IFACE_NAME, name, NULL) == 0 &&
		record_set(*out, FIELD_IFACE_TRANSPORT, name, NULL) == 0)
		return 0;
	record_freep(out);
	return err_nomem(err, "the iface of a transport");
}

int iface_mode_get(struct context *ctx, const char *name, struct record **out, struct err *err)
{
	struct db *db;
	int rc = context_db(ctx, &db, err);

	if (rc >= 0)
		rc = db_iface_find(db, name, out, err);
	/* It may be the iface of an adapter that is not in the database yet. */
	if (rc == -ENOENT && adapter_iface_setup(ctx, NULL) >= 0)
		rc = db_iface_find(db, name, out, err);
	if (rc != -ENOENT)
		return rc;
	rc = iface_of_transport(ctx, name, out, err);
	if (rc >= 0)
		err_clear(err);
	return rc;
}

/* Returns a list, so that one iface and all ifaces are printed by the same code. */
int iface_mode_find(struct context *ctx, const char *name, struct record_list *out, struct err *err)
{
	struct record *iface;
	int rc = iface_mode_get(ctx, name, &iface, err);

	if (rc >= 0 && record_list_add(out, iface) < 0)
		rc = err_nomem(err, "the list of ifaces");
	return rc;
}

/* Whether a setting is among them, under any of its names. */
static bool settings_have(const struct settings *s, enum field_id id)
{
	enum field_id found;

	for (size_t i = 0; i < s->n; i++) {
		if (field_find(RECORD_IFACE, s->names[i], &found) == 0 && found == id)
			return true;
	}
	return false;
}

/* Refuses values that the type of a setting allows, because adapters and old files have them, and with which no session works. */
static int check_usable(const struct record *r, struct err *err)
{
	const char *name = record_str(r, FIELD_IFACE_INITIATORNAME), *mac = record_str(r, FIELD_IFACE_HWADDRESS);
	struct err why = ERR_INIT;
	struct in_addr mask;
	uint32_t host_bits;

	if (*name && name_check(name, strlen(name), &why) < 0)
		return err_set(err, MISCSI_ERR_INVAL, "iface.initiatorname must be an iSCSI name: %s", why.text);
	if (strlen(record_str(r, FIELD_IFACE_NETDEV)) >= IFNAMSIZ)
		return err_set(err, MISCSI_ERR_INVAL,
			"iface.net_ifacename: '%s' is not allowed: the name of a network device has at most %d characters",
			record_str(r, FIELD_IFACE_NETDEV), IFNAMSIZ - 1);
	if (*mac && strlen(mac) != strlen("00:11:22:33:44:55") && strlen(mac) != 20 * 3 - 1)
		return err_set(err, MISCSI_ERR_INVAL,
			"iface.hwaddress: '%s' is not allowed: it must have 6 bytes (20 for InfiniBand)", mac);
	if (inet_pton(AF_INET, record_str(r, FIELD_IFACE_SUBNET_MASK), &mask) != 1)
		return 0;
	host_bits = ~ntohl(mask.s_addr);
	if (host_bits & (host_bits + 1))
		return err_set(err, MISCSI_ERR_INVAL,
			"iface.subnet_mask: %s is not a subnet mask: its one bits must be contiguous, as in 255.255.255.0",
			record_str(r, FIELD_IFACE_SUBNET_MASK));
	return 0;
}

/* Called with an iface that may be changed. If it may not, the user learns that before any error in the settings. */
static int change_iface(void *arg, struct record *r, struct err *err)
{
	const struct settings *s = arg;
	int rc = settings_check(s, RECORD_IFACE, err);
	bool by_netdev = *record_str(r, FIELD_IFACE_NETDEV), by_hwaddress = *record_str(r, FIELD_IFACE_HWADDRESS);

	if (rc < 0)
		return rc;
	/* Running sessions would not match the adapter of their record any more. */
	if (by_netdev && !by_hwaddress && settings_have(s, FIELD_IFACE_HWADDRESS) && !settings_have(s, FIELD_IFACE_NETDEV))
		return err_set(err, MISCSI_ERR_INVAL,
			"Can not update interface binding from net_ifacename to hwaddress. You must delete "
			"the interface and create a new one");
	if (by_hwaddress && !by_netdev && settings_have(s, FIELD_IFACE_NETDEV) && !settings_have(s, FIELD_IFACE_HWADDRESS))
		return err_set(err, MISCSI_ERR_INVAL,
			"Can not update interface binding from hwaddress to net_ifacename. You must delete "
			"the interface and create a new one");
	rc = settings_apply(s, r, err);
	return rc < 0 ? rc : check_usable(r, err);
}

static bool removes_plugin_setting(const struct settings *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (plugin_key_is(s->names[i]) && (!*s->values[i] || !strcmp(s->values[i], "<empty>")))
			return true;
	}
	return false;
}

/*
 * The transport is not checked: it must be possible to change an iface whose transport has no module. iscsid.conf is read only if it
 * is needed, since its mistakes are reported, and programs regard that as a failure.
 */
int iface_mode_update(struct context *ctx, const char *name, const struct settings *settings, struct err *err)
{
	struct settings copy = *settings;
	const struct record *conf = NULL;
	struct db *db;
	int rc = plugin_settings_check(ctx, settings, err);

	if (rc >= 0 && removes_plugin_setting(settings))
		rc = context_conf(ctx, &conf, err);
	if (rc >= 0)
		rc = context_db(ctx, &db, err);
	return rc < 0 ? rc : db_iface_update(db, name, change_iface, &copy, conf, err);
}

/* Not from iscsid.conf, which has no settings of ifaces. Nothing is made if a setting is invalid. */
int iface_mode_new(struct context *ctx, const char *name, const struct settings *settings, struct err *err)
{
	cleanup(record_freep) struct record *iface = record_new(RECORD_IFACE), *special = NULL;
	struct settings copy = *settings;
	struct err why = ERR_INIT;
	struct db *db;
	bool made;
	int rc = context_db(ctx, &db, err);

	if (rc >= 0)
		rc = plugin_settings_check(ctx, settings, err);
	if (rc < 0)
		return rc;
	if (!iface)
		return err_nomem(err, "the list of ifaces");
	rc = record_set(iface, FIELD_IFACE_NAME, name, err);
	if (rc >= 0 && !db_iface_is_builtin(name) && iface_of_transport(ctx, name, &special, &why) >= 0)
		return err_set(err, MISCSI_ERR_INVAL,
			"an iface cannot be named %s, because -I %s already stands for the transport: choose another name", name,
			name);
	/* It would hide the iface that -I means once the plugin is installed. */
	if (rc >= 0 && why.code == MISCSI_ERR_TRANS_NOT_FOUND)
		return err_set(err, MISCSI_ERR_INVAL,
			"an iface cannot be named %s, because that is the name of a transport: choose another name (%s)", name,
			why.text);
	if (rc >= 0)
		rc = change_iface(&copy, iface, err);
	if (rc >= 0)
		rc = db_iface_add(db, iface, DB_ADD_NEW, &made, err);
	return rc < 0 || made || settings->n == 0 ? rc : iface_mode_update(ctx, name, settings, err);
}

int iface_mode_delete(
	struct context *ctx, const char *name, void (*busy)(void *arg, const struct record *node), void *arg, struct err *err)
{
	struct node_mode_select bound;
	struct db *db;
	int rc = context_db(ctx, &db, err);

	if (rc >= 0 && !db_iface_is_builtin(name) && node_mode_select(&bound, NULL, NULL, name, NULL) >= 0)
		rc = node_mode_refuse_busy(ctx, &bound, busy, arg, err);
	return rc < 0 ? rc : db_iface_delete(db, name, err);
}

/*
 * The software transport is that of the iface "default". Ifaces of adapters are left out: a discovery through all adapters must
 * be requested explicitly.
 */
bool iface_mode_is_bound(const struct record *iface)
{
	return !strcmp(record_str(iface, FIELD_IFACE_TRANSPORT), field_of(FIELD_IFACE_TRANSPORT)->def) &&
		(*record_str(iface, FIELD_IFACE_NETDEV) || *record_str(iface, FIELD_IFACE_HWADDRESS));
}

static int take_bound(void *list, struct record **iface, const char *path)
{
	(void)path;
	return iface_mode_is_bound(*iface) ? record_list_add(list, x_steal(*iface)) : 0;
}

int iface_mode_list_bound(struct context *ctx, struct record_list *out, struct err *err)
{
	struct record *def;
	struct db *db;
	int rc = context_db(ctx, &db, err);

	if (rc >= 0)
		rc = db_iface_each(db, take_bound, out, err);
	if (rc >= 0 && !out->n)
		rc = db_iface_find(db, "default", &def, err);
	if (rc >= 0 && !out->n && record_list_add(out, def) < 0)
		rc = err_nomem(err, "the list of ifaces");
	return rc;
}
