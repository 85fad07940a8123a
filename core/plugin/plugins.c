/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All plugins of a program: made and freed, searched by transport, driver and host, described for people. A plugin's own text is
 * escaped like any other that was not written by us.
 */
#include "plugin/plugins.h"
#include "base/mem.h"
#include "config.h"
#include "kernel/sysfs.h"
#include "plugin/catalogue.h"
#include "plugin/dl.h"
#include "plugin/abi.h"
#include "plugin/fields.h"
#include "plugin/load.h"
#include "plugin/op.h"
#include "plugin/private.h"
#include "plugin/report.h"
#include "plugin/request.h"
#include "plugin/thread.h"
#include "plugin/uio.h"

#include <errno.h>
#include <string.h>

/* ---- made and freed ---- */

int plugins_new(const struct plugins_config *config, struct plugins **out)
{
	struct plugins *ps = x_new(struct plugins);

	if (!ps)
		return -ENOMEM;
	ps->config = *config;
	list_init(&ps->list);
	list_init(&ps->transports);
	list_init(&ps->ops);
	list_init(&ps->ended);
	list_init(&ps->requests);
	list_init(&ps->catalogue);
	list_init(&ps->uios);
	list_init(&ps->reports);
	ps->dirs = config->dirs ? x_strdup(config->dirs) : load_dirs(getenv("MISCSI_PLUGIN_PATH"), load_privileged());
	if (!ps->dirs || dl_init() < 0) {
		x_free(ps->dirs);
		x_free(ps);
		return -ENOMEM;
	}
	*out = ps;
	return 0;
}

void plugins_set_macvlan(struct plugins *ps, bool on)
{
	ps->config.macvlan = on;
}

/*
 * The order matters. Ops are given up while the plugins can still cancel them; stop() comes when none is under way. Requests whose op has
 * ended are dropped unanswered after that. The plugins' structures go last, since ops and transports point into them.
 */
bool plugins_free(struct plugins *ps)
{
	bool ended = true;
	struct plugin *p, *next;
	struct transport *t, *tnext;
	struct op_private *op, *onext;

	if (!ps)
		return true;
	list_for_each_safe (op, onext, &ps->ops, node) {
		struct transport_op *owner = op->owner;

		if (!owner)
			continue;
		transport_cancel(owner);
		transport_forget_disconnect(owner);
	}
	list_for_each (p, &ps->list, node)
		ended &= thread_end(p); /* stop() may end the library that its work uses */
	if (!ended)
		return false;
	list_for_each (p, &ps->list, node) {
		if (p->started && p->abi.stop)
			p->abi.stop(p->self->pub.state);
		if (p->self)
			op_services_release(p->self);
	}
	request_drop_all(ps);
	report_drop_all(ps);
	uio_release(ps, NULL);
	list_for_each_safe (op, onext, &ps->ops, node) {
		if (op != op->plugin->self)
			op_free(op);
	}
	list_for_each_safe (t, tnext, &ps->transports, node)
		x_free(t);
	list_for_each_safe (p, next, &ps->list, node)
		load_forget(p);
	catalogue_free(&ps->catalogue);
	x_free(ps->dirs);
	x_free(ps); /* libltdl keeps its handles: nothing is ever closed, so there is no lt_dlexit() */
	return true;
}

/* ---- what the files of adapters know ---- */

/* When memory runs out, what was read so far serves, and the files are read again at the next call. */
static int read_catalogue(struct plugins *ps)
{
	int rc = ps->catalogue_read ? 0 : catalogue_read(&ps->catalogue, ps->dirs, ps->config.log);

	ps->catalogue_read = rc == 0;
	return rc;
}

/* For messages: where a missing plugin was searched. */
const char *plugins_dirs(const struct plugins *ps)
{
	return ps->dirs;
}

/* ---- found ---- */

/* Why a plugin that was refused may be the missing one: its name, its rows, or what the files of adapters tell of it. */
static bool would_serve(const struct plugin *p, const char *transport, const struct catalogue_row *row)
{
	struct miscsi_match m;

	if (strcmp(p->name, transport) == 0 || (row && strcmp(p->name, row->plugin) == 0))
		return true;
	for (unsigned n = 0; p->merged && abi_row(p->abi.match, n, &m) > 0; n++) {
		if (strcmp(m.transport, transport) == 0)
			return true;
	}
	return false;
}

#define OS_RELEASE "/etc/os-release"

/* The reason, from the most to the least specific: its file was refused, its known plugin is missing, or no plugin is known. */
static int plugins_not_found(struct plugins *ps, const char *name, struct err *err)
{
	const struct catalogue_row *row;
	const struct plugin *other = NULL;
	char escaped[128];
	struct plugin *p;

	if (!*name) /* no plugin that was loaded knows the host's driver */
		return err_set(err, MISCSI_ERR_TRANS_NOT_FOUND,
			"no plugin in %s supports the driver of the SCSI host: 'iscsiadm -m transport' lists which plugin is "
			"missing",
			ps->dirs);
	str_escape(escaped, sizeof(escaped), name, strlen(name));
	read_catalogue(ps);
	row = catalogue_find(&ps->catalogue, name);
	list_for_each (p, &ps->list, node) {
		if (p->refused && would_serve(p, name, row))
			return err_set(err, MISCSI_ERR_TRANS_NOT_FOUND, "plugin %s for transport '%s' is not used: %s", p->file,
				escaped, p->refused);
		if (p->refused && !p->overridden && !other)
			other = p;
	}
	if (row && *row->package)
		return err_set(err, MISCSI_ERR_TRANS_NOT_FOUND,
			"no plugin for transport '%s' in %s, because %s.so is missing: %s %s", escaped, ps->dirs, row->plugin,
			catalogue_installer(OS_RELEASE), row->package);
	if (row)
		return err_set(err, MISCSI_ERR_TRANS_NOT_FOUND,
			"no plugin for transport '%s' in %s, because %s.so is missing: install it", escaped, ps->dirs,
			row->plugin);
	if (other)
		return err_set(err, MISCSI_ERR_TRANS_NOT_FOUND,
			"no plugin for transport '%s' in %s, where plugin %s is not used: %s ('iscsiadm -m transport' lists all)",
			escaped, ps->dirs, other->file, other->refused);
	if (!list_empty(&ps->catalogue))
		return err_set(err, MISCSI_ERR_TRANS_NOT_FOUND,
			"no plugin for transport '%s' in %s, and no known plugin supports it: check the name "
			"(iface.transport_name)",
			escaped, ps->dirs);
	return err_set(err, MISCSI_ERR_TRANS_NOT_FOUND, "no plugin for transport '%s' in %s: %s miscsi-plugin-%s", escaped,
		ps->dirs, catalogue_installer(OS_RELEASE), escaped);
}

/*
 * By name first: opening one file is enough for a login over tcp, and the other plugins stay out of memory. Of any other plugin it is
 * known only when all are loaded whether another one comes first (load_winner()).
 */
int plugins_find(struct plugins *ps, const char *name, struct transport **out, struct err *err)
{
	struct transport *t = load_winner(ps, name);
	int rc = 0;

	if (!t)
		rc = load_named(ps, name);
	t = load_winner(ps, name);
	if (rc == 0 && (!t || !(t->used || ps->complete || strcmp(t->plugin->name, name) == 0)))
		rc = load_all(ps);
	if (rc < 0)
		return err_sys(err, MISCSI_ERR_NOMEM, -rc, "cannot load the plugin for transport '%s'", name);
	t = load_winner(ps, name);
	if (!t)
		return plugins_not_found(ps, name, err);
	t->used = true;
	*out = t;
	return 0;
}

/* Two transports may have one proc_name: the one in use counts, else the first. */
static struct transport *winner_by_proc_name(struct plugins *ps, const char *proc_name)
{
	struct transport *t, *best = NULL;

	list_for_each (t, &ps->transports, node) {
		if (strcmp(proc_name_of(t), proc_name) == 0 && load_winner(ps, t->match.transport) == t &&
			(!best || (t->used && !best->used)))
			best = t;
	}
	return best;
}

/* proc_name is the only link in sysfs from a SCSI host to its transport (doc/KERNEL.md, Parameters as text). */
int plugins_find_by_proc_name(struct plugins *ps, const char *proc_name, struct transport **out, struct err *err)
{
	char escaped[128];
	int rc = 0;

	*out = ps->complete ? winner_by_proc_name(ps, proc_name) : NULL;
	if (!*out) {
		rc = load_all(ps);
		*out = winner_by_proc_name(ps, proc_name);
	}
	if (rc < 0)
		return err_sys(err, MISCSI_ERR_NOMEM, -rc, "cannot load the plugin for driver '%s'", proc_name);
	if (*out) {
		(*out)->used = true;
		return 0;
	}
	return err_set(err, MISCSI_ERR_TRANS_NOT_FOUND,
		"no plugin in %s supports SCSI hosts of driver '%s': 'iscsiadm -m transport' lists which plugin is missing",
		ps->dirs, str_escape(escaped, sizeof(escaped), proc_name, strlen(proc_name)));
}

/* The directories are read again each time: a plugin may have been installed while the daemon runs. */
int plugins_served(struct plugins *ps)
{
	struct transport *t;
	int rc = load_all(ps);

	list_for_each (t, &ps->transports, node) {
		if (rc >= 0)
			rc++;
	}
	return rc;
}

struct transport *plugins_of_host(struct plugins *ps, uint32_t host_no)
{
	char proc_name[64];
	struct transport *t = NULL;

	if (!ps->config.sysfs ||
		sysfs_read(ps->config.sysfs, proc_name, sizeof(proc_name), "class/scsi_host/host%u/proc_name", host_no) < 0)
		return NULL;
	return plugins_find_by_proc_name(ps, proc_name, &t, NULL) < 0 ? NULL : t;
}

/* ---- described ---- */

#define INFO_MAX 4096u

/* Comma-separated, for columns that hold several values. */
static void describe_text(struct strbuf *b, const char *text)
{
	if (!text)
		return;
	if (b->len)
		strbuf_puts(b, ", ");
	strbuf_escape(b, text, strnlen(text, INFO_MAX));
}

/* One column for all transports of a plugin: cxgbi has two. */
static void describe_rows(const struct plugin *p, struct strbuf *transports, struct strbuf *modules)
{
	const struct transport *winner;
	struct miscsi_match m;

	for (unsigned n = 0; abi_row(p->abi.match, n, &m) > 0; n++) {
		winner = load_winner(p->ps, m.transport);
		describe_text(transports, m.transport);
		if (winner && winner->plugin != p) {
			strbuf_puts(transports, " (supported by ");
			strbuf_escape(transports, winner->plugin->file, strlen(winner->plugin->file));
			strbuf_puts(transports, ")");
		}
		describe_text(modules, m.module);
	}
}

/* All texts are made before fn is called, so that it sees either a whole row or none when memory runs out. */
static int describe_plugin(const struct plugin *p, int (*fn)(void *arg, const struct plugin_info *info), void *arg)
{
	struct strbuf b[PLUGIN_TEXTS] = { 0 };
	struct plugin_info info = { .abi = p->started ? MISCSI_ABI : 0, .overridden = p->overridden };
	int rc = 0;

	describe_text(&b[PLUGIN_TEXT(name)], p->name);
	describe_text(&b[PLUGIN_TEXT(file)], p->file);
	if (p->refused) /* escaped where it was written down: its parts come from several sides */
		strbuf_puts(&b[PLUGIN_TEXT(refused)], p->refused);
	/* no other field of a refused plugin is trusted */
	if (p->started) {
		info.fields = p->fields;
		info.n_fields = p->n_fields;
		describe_text(&b[PLUGIN_TEXT(version)], p->abi.version ? p->abi.version : PACKAGE_VERSION);
		describe_text(&b[PLUGIN_TEXT(summary)], p->abi.summary);
		describe_rows(p, &b[PLUGIN_TEXT(transports)], &b[PLUGIN_TEXT(modules)]);
		abi_capabilities(p, &b[PLUGIN_TEXT(capabilities)]);
	}
	for (size_t i = 0; i < PLUGIN_TEXTS; i++) {
		info.texts[i] = strbuf_str(&b[i]);
		rc = rc ? rc : strbuf_error(&b[i]);
	}
	if (rc == 0)
		rc = fn(arg, &info);
	for (size_t i = 0; i < PLUGIN_TEXTS; i++)
		strbuf_free(&b[i]);
	return rc;
}

int plugins_each(struct plugins *ps, int (*fn)(void *arg, const struct plugin_info *info), void *arg)
{
	struct plugin *p;
	int rc = load_all(ps);

	if (rc < 0)
		return rc;
	list_for_each (p, &ps->list, node) {
		rc = describe_plugin(p, fn, arg);
		if (rc)
			break;
	}
	return rc;
}

/* The transports that work come first; the missing ones follow in the order of the files. */
int plugins_each_served(struct plugins *ps, int (*fn)(void *arg, const struct plugin_served *s), void *arg)
{
	struct catalogue_row *row;
	struct transport *t;
	int rc = load_all(ps);

	if (rc == 0)
		rc = read_catalogue(ps);
	if (rc < 0)
		return rc;
	list_for_each (t, &ps->transports, node) {
		rc = load_winner(ps, t->match.transport) == t ? fn(arg, &(struct plugin_served){ &t->match, true }) : 0;
		if (rc)
			return rc;
	}
	list_for_each (row, &ps->catalogue, node) {
		if (load_winner(ps, row->transport))
			continue;
		rc = fn(arg, &(struct plugin_served){ &row->match, false });
		if (rc)
			return rc;
	}
	return 0;
}

/* ---- their own settings ---- */

/* Of a plugin that is used, or else the one that was refused, for its reason. */
static const struct plugin *plugin_named(const struct plugins *ps, const char *name)
{
	const struct plugin *p, *found = NULL;

	list_for_each (p, &ps->list, node) {
		if (strcmp(p->name, name) == 0 && (!found || p->started))
			found = p;
	}
	return found;
}

int plugins_field(struct plugins *ps, const char *key, const struct field **out, struct err *err)
{
	char name[PLUGIN_KEY_WORD_MAX + 1], shown[128];
	const struct plugin *p;
	const char *setting;
	int rc;

	if (!plugin_key_split(key, name, &setting))
		return err_set(err, MISCSI_ERR_INVAL,
			"%s is not the name of a plugin's setting: write it as plugin.PLUGIN.SETTING",
			str_escape(shown, sizeof(shown), key, strlen(key)));
	rc = load_named(ps, name);
	if (rc < 0)
		return err_sys(err, MISCSI_ERR_NOMEM, -rc, "cannot load plugin %s", name);
	p = plugin_named(ps, name);
	if (!p)
		return err_set(err, MISCSI_ERR_INVAL,
			"%s cannot be set, because there is no plugin %s in %s: install it, or correct the name", key, name,
			ps->dirs);
	if (!p->started)
		return err_set(err, MISCSI_ERR_INVAL, "%s cannot be set, because %s is not used: %s", key, p->file, p->refused);
	*out = fields_find(p, key);
	return *out ? 0 : fields_refuse(p, key, err);
}

const struct field *plugins_info_field(const struct plugin_info *info, unsigned nth)
{
	return nth < info->n_fields ? &info->fields[nth].field : NULL;
}

int plugins_each_field(struct plugins *ps, int (*fn)(void *arg, const struct field *f), void *arg)
{
	const struct plugin *p;
	int rc = load_all(ps);

	list_for_each (p, &ps->list, node) {
		for (unsigned i = 0; rc == 0 && p->started && i < p->n_fields; i++)
			rc = fn(arg, &p->fields[i].field);
	}
	return rc;
}
