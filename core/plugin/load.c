/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loader: directories, files, the gate. Owns the plugins of a `struct plugins`.
 *
 * A plugin that was opened stays in memory until the program ends (resident): its code may be on any stack and in any table.
 */
#include "plugin/load.h"
#include "plugin/abi.h"
#include "plugin/dirs.h"
#include "plugin/dl.h"
#include "plugin/elf.h"
#include "plugin/fields.h"
#include "plugin/op.h"
#include "plugin/private.h"
#include "plugin/state_dir.h"
#include "plugin/thread.h"
#include "plugin/trial.h"
#include "plugin/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#define SUFFIX ".so"
#define ENTRY_SUFFIX "_LTX_miscsi_plugin_entry"

/* The kernel sets AT_SECURE for set-user-ID programs, file capabilities and changes of the security domain alike. */
bool load_privileged(void)
{
	return getauxval(AT_SECURE) != 0;
}

/* The environment comes first, so that a developer tries a plugin of his own without removing the installed one. */
char *load_dirs(const char *env, bool privileged)
{
	struct strbuf b = STRBUF_INIT(0);

	if (env && *env && !privileged)
		strbuf_printf(&b, "%s:", env);
	strbuf_puts(&b, PLUGINS_DIR);
	return strbuf_steal(&b);
}

/* By name alone, or by name and file: two files of one name are two entries, the second of them refused. */
static struct plugin *plugin_known(struct plugins *ps, const char *name, const char *file)
{
	struct plugin *p;

	list_for_each (p, &ps->list, node) {
		if (strcmp(p->name, name) == 0 && (!file || strcmp(p->file, file) == 0))
			return p;
	}
	return NULL;
}

static const struct plugin *plugin_used(const struct plugins *ps, const char *name)
{
	struct plugin *p;

	list_for_each (p, &ps->list, node) {
		if (p->started && strcmp(p->name, name) == 0)
			return p;
	}
	return NULL;
}

/* The code stays mapped (resident), so what still points into it stays valid; only our own structures go. */
void load_forget(struct plugin *p)
{
	if (!p)
		return;
	if (!thread_end(p))
		return; /* plugins_free() comes to it again */
	list_remove(&p->node);
	if (p->self)
		op_free(p->self);
	op_forget_ended(p->ps, 0); /* some may be this plugin's */
	x_free(p->name);
	x_free(p->file);
	x_free(p->refused);
	fields_free(p);
	state_dir_forget(p);
	x_free(p);
}

static struct plugin *plugin_new(struct plugins *ps, const char *name, const char *file)
{
	struct plugin *p = x_new(struct plugin);

	if (!p)
		return NULL;
	p->ps = ps;
	if (stat(file, &p->seen) < 0)
		memset(&p->seen, 0, sizeof(p->seen));
	list_init(&p->node);
	p->name = x_strdup(name);
	p->file = x_strdup(file);
	if (!p->name || !p->file) {
		load_forget(p);
		return NULL;
	}
	list_append(&ps->list, &p->node);
	return p;
}

/* Nobody has seen them yet: a plugin is refused before its transports can be found. */
static void drop_transports(struct plugin *p)
{
	struct transport *t, *next;

	list_for_each_safe (t, next, &p->ps->transports, node) {
		if (t->plugin == p) {
			list_remove(&t->node);
			x_free(t);
		}
	}
}

/* The log names the file and the reason once, -m transport whenever it is asked; the program goes on without the plugin. */
static int plugin_refuse(struct plugin *p, const char *reason)
{
	char *old = p->refused;

	drop_transports(p);
	p->refused = x_strdup(reason);
	if (!old || !p->refused || strcmp(old, reason) != 0)
		log_warn(p->ps->config.log, "plugin", "plugin %s is not used: %s", p->file, reason);
	x_free(old);
	if (p->refused)
		return 0;
	load_forget(p);
	return -ENOMEM;
}

/* The transport's name is that of the plugin; else the order of directories, then of names, decides. */
static bool is_before(const struct transport *a, const struct transport *b)
{
	bool own_a = strcmp(a->plugin->name, a->match.transport) == 0, own_b = strcmp(b->plugin->name, b->match.transport) == 0;

	if (own_a != own_b)
		return own_a;
	if (a->plugin->rank != b->plugin->rank)
		return a->plugin->rank < b->plugin->rank;
	return strcmp(a->plugin->name, b->plugin->name) < 0;
}

struct transport *load_winner(const struct plugins *ps, const char *transport)
{
	struct transport *t, *best = NULL;

	list_for_each (t, &ps->transports, node) {
		if (strcmp(t->match.transport, transport) != 0)
			continue;
		if (t->used)
			return t;
		if (!best || is_before(t, best))
			best = t;
	}
	return best;
}

/* A transport per row, even where another plugin has it too. Refused (-EEXIST): another one has each of them, and comes before. */
static int make_transports(struct plugin *p, struct err *err)
{
	const struct plugin *other = NULL;
	struct transport *t;
	struct miscsi_match m;
	unsigned won = 0;

	for (unsigned n = 0; abi_row(p->abi.match, n, &m) > 0; n++) {
		t = x_new(struct transport);
		if (!t)
			return -ENOMEM;
		t->plugin = p;
		t->match = m;
		t->match.traits |= p->abi.traits;
		list_append(&p->ps->transports, &t->node);
		if (load_winner(p->ps, m.transport) == t)
			won++;
		else
			other = load_winner(p->ps, m.transport)->plugin;
	}
	if (won)
		return 0;
	p->overridden = true;
	abi_row(p->abi.match, 0, &m);
	err_set(err, MISCSI_ERR_INTERNAL,
		"plugin %s already supports transport '%s': to use this plugin instead, remove that one", other->file,
		m.transport);
	return -EEXIST;
}

#define START_PAUSE_MS 5000u /* between two calls of a start() that fails */

/* The plugin's own op comes first: start() may already log, set timers and watch descriptors through core->self. */
static int plugin_start(struct plugin *p, struct err *err)
{
	struct err own = ERR_INIT;
	void *state = NULL;
	int rc;

	op_services_init(p);
	if (p->self)
		op_free(p->self);
	p->self = op_new(p, NULL, NULL);
	if (!p->self)
		return -ENOMEM;
	p->core.self = &p->self->pub;
	p->starting = &own;
	rc = p->abi.start ? p->abi.start(&p->core, &state) : 0;
	p->starting = NULL;
	if (rc != 0) {
		op_services_release(p->self);
		p->retry_at = loop_now(p->ps->config.loop) + START_PAUSE_MS;
		rc = rc < 0 ? rc : -EIO;
		return own.code ? err_set(err, own.code, "its start() failed, and miscsi tries it again later: %s", own.text) :
				  err_sys(err, MISCSI_ERR_INTERNAL, -rc, "its start() failed, and miscsi tries it again later");
	}
	p->self->pub.state = state;
	p->retry_at = 0;
	p->started = true;
	return 0;
}

/* -ENOMEM without a text is not the plugin's fault: it may be tried again. */
static int plugin_begin(struct plugin *p)
{
	const struct plugin *other = plugin_used(p->ps, p->name);
	struct err err = ERR_INIT;
	int rc;

	p->overridden = other;
	rc = other ? err_set(&err, MISCSI_ERR_INTERNAL,
			     "plugin '%s' is already loaded from %s: to use this file instead, remove that one", p->name,
			     other->file) :
		     make_transports(p, &err);
	if (rc == 0)
		rc = plugin_start(p, &err);
	if (rc == 0 || (rc == -ENOMEM && err.code == MISCSI_ERR_OK))
		return rc;
	return plugin_refuse(p, err.text);
}

/* What a start() needs may have come meanwhile: a device, a service of the vendor's, memory. */
static int start_again(struct plugins *ps)
{
	struct plugin *p, *next;
	int rc = 0;

	list_for_each_safe (p, next, &ps->list, node) {
		if (rc < 0 || !p->retry_at || loop_now(ps->config.loop) < p->retry_at)
			continue;
		rc = plugin_begin(p);
		if (rc == 0 && p->started) {
			log_info(ps->config.log, "plugin", "plugin %s is used now, since another try of its start() succeeded",
				p->file);
			x_free(p->refused);
			p->refused = NULL;
		} else if (rc < 0) {
			drop_transports(p);
		}
	}
	return rc;
}

int load_entry(struct plugins *ps, const char *name, const char *file, unsigned rank, const struct miscsi_plugin *raw)
{
	struct plugin *p = plugin_new(ps, name, file);
	struct err err = ERR_INIT;
	int rc;

	if (!p)
		return -ENOMEM;
	p->rank = rank;
	rc = abi_merge(p, raw, &err);
	if (rc == -ENOMEM) {
		load_forget(p);
		return rc;
	}
	if (rc < 0)
		return plugin_refuse(p, err.text);
	p->merged = true;
	rc = plugin_begin(p);
	if (rc < 0) {
		drop_transports(p);
		load_forget(p);
	}
	return rc;
}

/* For files that fail before there is anything of theirs to check. */
static int refuse_file(struct plugins *ps, const char *name, const char *file, const char *reason, bool unopened)
{
	struct plugin *p = plugin_new(ps, name, file);

	if (!p)
		return -ENOMEM;
	p->unopened = unopened;
	return plugin_refuse(p, reason);
}

/*
 * All that can be known without running code of the file: who could have written it, that it is whole and of this machine, that it
 * has the entry of its name, and its ABI. Constructors run when it is opened.
 */
static int file_check(const char *name, const char *dir, const char *file, char real[PATH_MAX], struct err *err)
{
	char symbol[64 + sizeof(ENTRY_SUFFIX)];
	struct elf_entry entry;
	int rc;

	if (!abi_name_ok(name))
		return err_set(err, MISCSI_ERR_INTERNAL,
			"the name of its file has characters other than a-z, 0-9 and _, or more than 32: rename the file");
	rc = trust_check(dir, file, real, err);
	snprintf(symbol, sizeof(symbol), "%s" ENTRY_SUFFIX, name);
	if (rc == 0)
		rc = elf_read(real, symbol, &entry, err);
	return rc ? rc : abi_check_entry(entry.size, entry.abi, entry.room, err);
}

struct loading {
	struct plugins *ps;
	const char *name, *file;
};

static void merge_only(void *arg, const struct miscsi_plugin *raw)
{
	const struct loading *l = arg;
	struct plugin *p = plugin_new(l->ps, l->name, l->file);
	struct err err = ERR_INIT;

	if (p && abi_merge(p, raw, &err) == 0)
		abi_read_texts(p);
}

/* In a process of its own: as far as start(), so the linker, the constructors and destructors, and all of the plugin's structure. */
static void try_one(void *arg)
{
	const struct loading *l = arg;
	char symbol[64 + sizeof(ENTRY_SUFFIX)];

	snprintf(symbol, sizeof(symbol), "%s" ENTRY_SUFFIX, l->name);
	dl_visit(l->file, symbol, merge_only, arg);
}

static int load_at(void *arg, const char *dir, unsigned nth, const char *base);

static void try_all(void *arg)
{
	struct plugins *ps = arg;

	ps->trial = TRYING;
	dirs_each_file(ps->dirs, SUFFIX, load_at, ps);
}

/*
 * What the tables of a file do not show is found out by a process of its own, which may end by it. One process for all new files of the
 * directories; if that did not survive, one for each. -ENOEXEC: *err has the reason; -errno: nothing is known about the file.
 */
static int file_try(struct plugins *ps, const char *name, const char *real, struct err *err)
{
	struct loading l = { ps, name, real };
	struct err why = ERR_INIT;
	int rc;

	if (ps->trial == TRY_ALL)
		ps->trial = trial_run(try_all, ps, &why) == 0 ? TRIED : TRY_EACH;
	rc = ps->trial == TRIED ? 0 : trial_run(try_one, &l, &why);
	if (rc == -ENOEXEC)
		return err_set(
			err, MISCSI_ERR_INTERNAL, "it is damaged: an attempt to load it %s; install the package again", why.text);
	return rc < 0 ? err_sys(err, MISCSI_ERR_INTERNAL, -rc, "cannot start a process that tries to load it") : 0;
}

/* Opens a checked file for good. NULL: *err has the reason; unopened: the file may be good all the same. */
static const struct miscsi_plugin *open_file(
	struct plugins *ps, const char *name, const char *real, bool *unopened, struct err *err)
{
	char symbol[64 + sizeof(ENTRY_SUFFIX)], text[ERR_TEXT_MAX];
	const struct miscsi_plugin *raw;
	const char *reason;
	int rc = file_try(ps, name, real, err);

	*unopened = rc != -ENOEXEC;
	if (rc < 0)
		return NULL;
	snprintf(symbol, sizeof(symbol), "%s" ENTRY_SUFFIX, name);
	reason = dl_bind(real);
	raw = reason ? NULL : dl_entry(real, symbol);
	if (!raw) /* the dynamic linker repeats names that are in the file */
		err_set(err, MISCSI_ERR_INTERNAL, "%s",
			reason ? str_escape(text, sizeof(text), reason, strlen(reason)) :
				 "the dynamic linker cannot load it, and reports no reason: install the plugin again");
	return raw;
}

/* The file's name decides: the plugin must call itself so, and the entry symbol carries the name too. */
static int load_file(struct plugins *ps, const char *name, const char *dir, const char *file, unsigned rank)
{
	const struct miscsi_plugin *raw;
	struct err err = ERR_INIT;
	char real[PATH_MAX];
	bool unopened = false;
	int rc = file_check(name, dir, file, real, &err);

	if (rc == 0 && ps->trial == TRYING)
		try_one(&(struct loading){ ps, name, real });
	if (rc == -ENOMEM || ps->trial == TRYING)
		return rc == -ENOMEM ? rc : 0;
	raw = rc < 0 ? NULL : open_file(ps, name, real, &unopened, &err);
	return raw ? load_entry(ps, name, file, rank, raw) : refuse_file(ps, name, file, err.text, unopened);
}

/* One directory entry. A file that is not there, or that is already known, is passed over; a link that leads nowhere is refused. */
static int load_at(void *arg, const char *dir, unsigned nth, const char *base)
{
	struct plugins *ps = arg;
	cleanup(x_freep) char *name = x_strndup(base, strlen(base) - strlen(SUFFIX));
	cleanup(strbuf_free) struct strbuf file = STRBUF_INIT(PATH_MAX);
	struct stat st;

	strbuf_printf(&file, "%s/%s", dir, base);
	if (!name || strbuf_error(&file))
		return -ENOMEM;
	if (plugin_known(ps, name, strbuf_str(&file)) || lstat(strbuf_str(&file), &st) < 0)
		return 0;
	return load_file(ps, name, dir, strbuf_str(&file), nth + 1);
}

/* Plugins that were linked in. Once, before any file: such a program needs no plugin directory. */
static int load_preloaded(struct plugins *ps)
{
	const struct plugins_linked *s = ps->config.preloaded;
	int rc = 0;

	if (ps->preloaded || !s)
		return 0;
	for (; s->name && rc == 0; s++) {
		size_t len = strlen(s->name), tail = strlen(ENTRY_SUFFIX);
		cleanup(x_freep) char *name = NULL;

		if (len <= tail || strcmp(s->name + len - tail, ENTRY_SUFFIX) != 0 || !s->entry)
			continue;
		name = x_strndup(s->name, len - tail);
		if (!name || !plugin_known(ps, name, NULL))
			rc = name ? load_entry(ps, name, "(built in)", 0, s->entry) : -ENOMEM;
	}
	ps->preloaded = rc == 0;
	return rc;
}

/* By inode, size, mode and time: a package manager replaces a file, a developer writes over it. */
static bool has_changed(const struct plugin *p)
{
	struct stat now = { 0 };

	if (stat(p->file, &now) < 0)
		memset(&now, 0, sizeof(now));
	return now.st_ino != p->seen.st_ino || now.st_dev != p->seen.st_dev || now.st_size != p->seen.st_size ||
		now.st_mode != p->seen.st_mode || now.st_mtim.tv_sec != p->seen.st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != p->seen.st_mtim.tv_nsec;
}

/* All is checked again: the file may have been replaced since. */
static bool opens_now(const struct plugin *p)
{
	cleanup(x_freep) char *dir = x_strndup(p->file, (size_t)(strrchr(p->file, '/') - p->file));
	char real[PATH_MAX];
	struct err why = ERR_INIT;
	bool unopened;

	return dir && file_check(p->name, dir, p->file, real, &why) == 0 && open_file(p->ps, p->name, real, &unopened, &why);
}

/*
 * Before each search: a file may be looked at while it is being copied, and a start() may succeed later. What was refused is judged
 * anew when it is another, and forgotten when it is gone. The dynamic linker does not say whether it lacked memory: what it could
 * not open is tried again.
 */
static int load_begin(struct plugins *ps)
{
	struct plugin *p, *next;
	int rc = load_preloaded(ps);

	list_for_each_safe (p, next, &ps->list, node) {
		if (p->refused && (has_changed(p) || (p->unopened && opens_now(p))))
			load_forget(p);
	}
	return rc ? rc : start_again(ps);
}

struct named_search {
	struct plugins *ps;
	const char *base;
};

static int load_named_at(void *arg, const char *dir, unsigned nth)
{
	const struct named_search *s = arg;

	return load_at(s->ps, dir, nth, s->base);
}

/* The file that bears the transport's name, in every directory: of two, the first is used and the second refused. */
int load_named(struct plugins *ps, const char *name)
{
	char base[64];
	int rc = load_begin(ps);

	if (rc || plugin_known(ps, name, NULL) || !abi_name_ok(name))
		return rc;
	snprintf(base, sizeof(base), "%s" SUFFIX, name);
	return dirs_each(ps->dirs, load_named_at, &(struct named_search){ ps, base });
}

int load_all(struct plugins *ps)
{
	int rc = load_begin(ps);

	if (rc)
		return rc;
	ps->trial = TRY_ALL;
	rc = dirs_each_file(ps->dirs, SUFFIX, load_at, ps);
	ps->trial = TRY_EACH;
	ps->complete = rc == 0;
	return rc;
}
