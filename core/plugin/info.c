/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plugins described. What a plugin says of itself is escaped like anything that was not written by us. */
#include "plugin/info.h"
#include "config.h"
#include "plugin/catalogue.h"
#include "plugin/private.h"

#include <string.h>

#define INFO_MAX 4096u

static void add(struct strbuf *b, const char *text)
{
	if (!text)
		return;
	if (b->len)
		strbuf_puts(b, ", ");
	strbuf_escape(b, text, strnlen(text, INFO_MAX));
}

static void describe_rows(const struct plugin *p, struct strbuf *transports, struct strbuf *modules)
{
	struct miscsi_match m;

	for (unsigned n = 0; abi_row(p->abi.match, n, &m, sizeof(m)); n++) {
		add(transports, m.transport);
		add(modules, m.module);
	}
}

static int describe(const struct plugin *p, int (*fn)(void *arg, const struct plugin_info *info), void *arg)
{
	enum { OF_NAME, OF_VERSION, OF_SUMMARY, OF_TRANSPORTS, OF_MODULES, OF_CAPABILITIES, OF_FILE, OF_REFUSED, TEXTS };
	struct strbuf b[TEXTS] = { 0 };
	struct plugin_info info = { .abi = p->started ? MISCSI_ABI : 0 };
	int r = 0;

	add(&b[OF_NAME], p->name);
	add(&b[OF_FILE], p->file);
	add(&b[OF_REFUSED], p->refused);
	/* of one that was refused nothing else is believed */
	if (p->started) {
		add(&b[OF_VERSION], p->abi.version ? p->abi.version : PACKAGE_VERSION);
		add(&b[OF_SUMMARY], p->abi.summary);
		describe_rows(p, &b[OF_TRANSPORTS], &b[OF_MODULES]);
		abi_capabilities(p, &b[OF_CAPABILITIES]);
	}
	info.name = strbuf_str(&b[OF_NAME]);
	info.version = strbuf_str(&b[OF_VERSION]);
	info.summary = strbuf_str(&b[OF_SUMMARY]);
	info.transports = strbuf_str(&b[OF_TRANSPORTS]);
	info.modules = strbuf_str(&b[OF_MODULES]);
	info.capabilities = strbuf_str(&b[OF_CAPABILITIES]);
	info.file = strbuf_str(&b[OF_FILE]);
	info.refused = strbuf_str(&b[OF_REFUSED]);
	for (int i = 0; i < TEXTS && r == 0; i++)
		r = strbuf_error(&b[i]);
	if (r == 0)
		r = fn(arg, &info);
	for (int i = 0; i < TEXTS; i++)
		strbuf_free(&b[i]);
	return r;
}

int plugins_each(struct plugins *ps, int (*fn)(void *arg, const struct plugin_info *info), void *arg)
{
	struct plugin *p;
	int r = load_all(ps);

	if (r < 0)
		return r;
	list_for_each (p, &ps->list, node) {
		r = describe(p, fn, arg);
		if (r)
			break;
	}
	return r;
}

/* Out of memory it is read as far as that went, and read again when asked next. */
static int read_catalogue(struct plugins *ps)
{
	int r = ps->catalogue_read ? 0 : catalogue_read(&ps->catalogue, ps->dirs);

	ps->catalogue_read = r == 0;
	return r;
}

const struct catalogue_row *plugins_catalogue_row(struct plugins *ps, const char *transport, bool *empty)
{
	read_catalogue(ps);
	*empty = list_empty(&ps->catalogue);
	return catalogue_find(&ps->catalogue, transport);
}

static bool is_served(const struct plugins *ps, const char *transport)
{
	struct transport *t;

	list_for_each (t, &ps->transports, node) {
		if (strcmp(t->match.transport, transport) == 0)
			return true;
	}
	return false;
}

int plugins_each_served(struct plugins *ps, int (*fn)(void *arg, const struct plugin_served *s), void *arg)
{
	struct catalogue_row *row;
	struct transport *t;
	int r = load_all(ps);

	if (r == 0)
		r = read_catalogue(ps);
	if (r < 0)
		return r;
	list_for_each (t, &ps->transports, node) {
		r = fn(arg, &(struct plugin_served){ &t->match, true });
		if (r)
			return r;
	}
	list_for_each (row, &ps->catalogue, node) {
		if (is_served(ps, row->transport))
			continue;
		r = fn(arg, &(struct plugin_served){ &row->match, false });
		if (r)
			return r;
	}
	return 0;
}

const char *plugins_dirs(const struct plugins *ps)
{
	return ps->dirs;
}
