/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Performs a discovery and makes node records of the result. The result is kept in a small form until it is complete.
 *
 * A target may report 100000 portals. A record of each needs some kilobytes, the strings here some hundred bytes. So records are
 * made after the end of the response, for one iface at a time.
 */
#include "modes/discovery_mode_private.h"

#include "base/file.h"
#include "base/loop.h"
#include "base/mem.h"
#include "modes/iface_mode.h"
#include "plugin/transport.h"
#include "discovery/discovery.h"
#include "discovery/isns_query.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One portal of one target, as reported by the discovery. */
struct found {
	char *target, *host;
	uint16_t port;
	int32_t tpgt;
};

/* The result through one iface. err: why this file ended the discovery, which itself knows only that it was ended. */
struct answer {
	struct found *at;
	size_t n, cap;
	int64_t targets, max_targets; /* names in a row, which the list is grouped by */
	const struct discovery_mode_ask *ask;
	struct context *ctx;
	struct loop *loop;
	struct loop_timer second;
	struct err err;
};

/*
 * The discovery starts again after a lost connection or a redirect. Without this, portals reported before would be there twice.
 */
static void answer_forget(void *arg)
{
	struct answer *a = arg;

	for (size_t i = 0; i < a->n; i++) {
		x_free(a->at[i].target);
		x_free(a->at[i].host);
	}
	a->n = 0;
	a->targets = 0;
}

static void answer_free(struct answer *a)
{
	answer_forget(a);
	x_free(a->at);
}

/* A target without a portal has the portal of the discovery (RFC 7143, appendix C). */
static int answer_add(void *arg, const char *target, const struct portal *portal)
{
	struct answer *a = arg;
	struct found *f;

	if (!portal)
		portal = &a->ask->select.portal;
	a->targets += !a->n || strcmp(a->at[a->n - 1].target, target) != 0;
	if (a->targets > a->max_targets) {
		err_set(&a->err, MISCSI_ERR_LOGIN,
			"the discovery reported more than %" PRId64
			" targets, so no record was written: if the number is right, raise discovery.max_targets in iscsid.conf",
			a->max_targets);
		return -E2BIG;
	}
	if (a->n == DISCOVERY_FOUND_MAX) {
		err_set(&a->err, MISCSI_ERR_LOGIN,
			"the discovery reported more than %u portals, the most that miscsi accepts, so no record was written: "
			"let the server show fewer targets to this initiator",
			DISCOVERY_FOUND_MAX);
		return -E2BIG;
	}
	f = x_grow(a->at, a->n, &a->cap, sizeof(*f), 64);
	if (!f)
		return -ENOMEM;
	a->at = f;
	f = &a->at[a->n];
	*f = (struct found){ x_strdup(target), x_strdup(portal->host), portal->port, portal->tpgt };
	if (!f->target || !f->host) {
		x_free(f->target);
		x_free(f->host);
		return -ENOMEM;
	}
	a->n++;
	return 0;
}

static void pass_message(void *arg, const char *text)
{
	const struct answer *a = arg;

	if (a->ask->message)
		a->ask->message(a->ask->arg, text);
}

/* Called every second while the discovery runs, for whoever waits for it. */
static void tick(void *arg)
{
	struct answer *a = arg;

	if (context_tick(a->ctx))
		loop_timer_set(a->loop, &a->second, 1000, tick, a);
}

#define OTHERS_MS 120000 /* another discovery through an adapter, retries and all: six times 15 s, as it is by default */

/* If the lock cannot be created (read-only /run), the discovery continues without it, which is safe for a single command. */
static int lock_path_group(const struct engine *e, const struct record *iface, int *lock, struct err *err)
{
	struct transport *t;
	int rc = plugins_find(e->plugins, record_str(iface, FIELD_IFACE_TRANSPORT), &t, err);

	if (rc < 0 || !(transport_traits(t) & MISCSI_TRAIT_PATH))
		return rc;
	file_mkdirs("/run/miscsi", 0755);
	if (file_lock(DISCOVERY_PATHS_LOCK, OTHERS_MS, lock) == -EAGAIN)
		return err_set(err, MISCSI_ERR_BUSY,
			"another discovery through an adapter is in progress, and transport %s allows only one at a time: try "
			"again when the other one has ended",
			transport_name(t));
	return 0;
}

/* Runs in this process: a discovery leaves no session behind, so it needs no daemon. */
static int ask_through_iface(struct context *ctx, const struct discovery_mode_ask *ask, const struct record *disc,
	const struct record *iface, struct answer *a, struct err *err)
{
	cleanup(file_unlock) int lock = -1;
	struct discovery_config config = { .record = disc,
		.iface = iface,
		.host = ask->select.portal.host,
		.port = ask->select.portal.port,
		.found = answer_add,
		.again = answer_forget,
		.message = pass_message,
		.arg = a };
	int rc = context_initiator(ctx, &config.initiator_name, &config.initiator_alias, err);

	if (rc >= 0)
		rc = context_engine(ctx, &config.engine, err);
	if (rc < 0)
		return rc;
	a->loop = config.engine->loop;
	loop_timer_set(a->loop, &a->second, 1000, tick, a);
	if (ask->select.kind == RECORD_ISNS) {
		rc = isns_query_run(&config, err);
	} else {
		rc = lock_path_group(config.engine, iface, &lock, err);
		if (rc >= 0)
			rc = discovery_sendtargets(&config, err);
	}
	loop_timer_cancel(a->loop, &a->second);
	if (rc < 0 && a->err.code != MISCSI_ERR_OK && err)
		err_copy(err, &a->err);
	return rc;
}

/*
 * All are copied from one template, because applying iscsid.conf to each record would take most of the time of a large discovery.
 */
static int add_nodes(struct context *ctx, const struct discovery_mode_ask *ask, const struct record *iface,
	const struct answer *a, struct record_list *nodes, struct err *err)
{
	cleanup(record_freep) struct record *template = NULL;
	struct record *node = NULL;
	int rc = context_new_record(ctx, RECORD_NODE, &template, err);

	if (rc >= 0)
		rc = record_apply(template, iface, 0, err);
	for (size_t i = 0; rc >= 0 && i < a->n; i++) {
		struct portal portal = { .port = a->at[i].port, .tpgt = a->at[i].tpgt };

		snprintf(portal.host, sizeof(portal.host), "%s", a->at[i].host);
		rc = discovery_mode_node(&ask->select, template, a->at[i].target, &portal, &node, err);
		if (rc >= 0 && record_list_add(nodes, node) < 0)
			rc = err_nomem(err, "the list of discovered node records");
	}
	return rc;
}

/*
 * Without -I, the ifaces bound to a network device, or else "default": with multipath, the discovery uses each path. Of several
 * -I, those that exist are used, as in 2.1.8; the others are reported.
 */
static int choose_ifaces(struct context *ctx, const struct discovery_mode_ask *ask, struct record_list *out, struct err *err)
{
	if (ask->n_ifaces == 0)
		return iface_mode_list_bound(ctx, out, err);
	for (size_t i = 0; i < ask->n_ifaces; i++) {
		struct err why = ERR_INIT;
		int rc = iface_mode_find(ctx, ask->ifaces[i], out, &why);
		struct db *db;

		if (rc == -ENOENT && context_db(ctx, &db, &why) >= 0)
			err_set(&why, MISCSI_ERR_NO_OBJS_FOUND,
				"Could not read iface info for %s. Make sure an iface config with the file "
				"name and iface.iscsi_ifacename %s is in %s/ifaces.",
				ask->ifaces[i], ask->ifaces[i], db_home(db));
		if (rc >= 0)
			continue;
		if (err && ask->n_ifaces == 1)
			err_copy(err, &why);
		if (ask->n_ifaces == 1)
			return -err_errno(why.code);
		if (ask->message)
			ask->message(ask->arg, why.text);
	}
	return out->n ? 0 :
			err_set(err, MISCSI_ERR_NO_OBJS_FOUND,
				"none of the ifaces given with -I can be used: the messages above state the reasons");
}

/* discoverydb uses the record in the database, discovery uses iscsid.conf. */
static int choose_discovery_record(
	struct context *ctx, const struct discovery_mode_ask *ask, struct record **out, struct err *err)
{
	int rc;

	if (!ask->by_record)
		return discovery_mode_record(ctx, &ask->select, out, err);
	rc = ask->keep & DISCOVERY_KEEP_NOTHING && !ask->settings.n ? 0 : discovery_mode_new(ctx, &ask->select, err);
	if (rc >= 0 && ask->settings.n)
		rc = discovery_mode_update(ctx, &ask->select, &ask->settings, err);
	if (rc >= 0)
		rc = discovery_mode_find(ctx, &ask->select, out, NULL) < 0 ? discovery_mode_record(ctx, &ask->select, out, err) :
									     0;
	return rc;
}

/*
 * The discovery succeeds if it does through one of the ifaces: on many storage networks not every path leads to every portal. If
 * all fail, the first error is reported.
 */
int discovery_mode_perform(struct context *ctx, const struct discovery_mode_ask *ask, struct record_list *nodes, struct err *err)
{
	cleanup(record_freep) struct record *disc = NULL;
	struct answer a = { .ask = ask, .ctx = ctx };
	cleanup(record_list_free) struct record_list ifaces = { 0 }, silent = { 0 };
	bool answered = false;
	int rc = choose_ifaces(ctx, ask, &ifaces, err);

	if (rc >= 0)
		rc = choose_discovery_record(ctx, ask, &disc, err);
	a.max_targets = rc >= 0 ? record_int(disc, FIELD_DISC_MAX_TARGETS) : 0;
	for (size_t i = 0; rc >= 0 && i < ifaces.n; i++) {
		struct err why = ERR_INIT;

		if (ask_through_iface(ctx, ask, disc, ifaces.at[i], &a, &why) >= 0) {
			answered = true;
			rc = add_nodes(ctx, ask, ifaces.at[i], &a, nodes, err);
		} else {
			rc = record_list_add(&silent, x_steal(ifaces.at[i])) < 0 ? err_nomem(err, "the list of ifaces") : 0;
			if (err && err->code == MISCSI_ERR_OK)
				err_copy(err, &why);
		}
		answer_forget(&a);
	}
	if (rc >= 0 && !answered) {
		rc = err && err->code != MISCSI_ERR_OK ? -err_errno(err->code) : -EIO;
	} else if (rc >= 0) {
		err_clear(err);
		rc = ask->keep & DISCOVERY_KEEP_NOTHING ? 0 : discovery_mode_keep(ctx, ask, disc, &silent, nodes, err);
		if (rc >= 0 && nodes->n == 0)
			rc = err_set(err, MISCSI_ERR_NO_OBJS_FOUND, "No portals found");
	}
	answer_free(&a);
	return rc;
}
