/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records, nodes, ifaces and plugins as text.
 *
 * Nothing is aligned, translated or coloured: clients split the lines at single blanks and commas, and compare bytes.
 */
#include "out_text.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "config.h"
#include "modes/node_mode.h"
#include "plugin/plugins.h"
#include "proto/portal.h"
#include "record/plugin_key.h"
#include "record/recfile.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Much more than any record has; it limits the output for a broken file. */
#define SHOWN_MAX (4u << 20)

/*
 * Flushes stdout first: synology-csi and tns-csi read both streams as one, and depend on the order of lines. Nothing of the command
 * line reaches a terminal unescaped; text that was escaped before stays as it is.
 */
void out_error(const char *fmt, ...)
{
	char text[2 * ERR_TEXT_MAX], clean[4 * ERR_TEXT_MAX];
	size_t n = 0;
	va_list ap;

	fflush(stdout);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (const char *at = text; *at && n < sizeof(clean) - 8;) {
		uint32_t c;
		size_t len = utf8_decode(at, strlen(at), &c);

		if (*at == '\\') {
			clean[n++] = *at++;
			continue;
		}
		str_escape(clean + n, sizeof(clean) - n, at, len ? len : 1);
		n += strlen(clean + n);
		at += len ? len : 1;
	}
	clean[n] = 0;
	fprintf(stderr, "iscsiadm: %s\n", clean);
}

void out_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
}

/* "<empty>" rather than an empty word: democratic-csi and dell's goiscsi count five fields, vdsm counts six with the name. */
const char *out_or_empty(const char *text)
{
	return *text ? text : "<empty>";
}

const char *out_clean(struct out_clean *to, const char *text, const char *none)
{
	return *text ? str_escape(to->s, sizeof(to->s), text, strlen(text)) : none;
}

/* Printed to memory first, so that a record is printed completely or not at all. */
int out_record(const struct record *r, bool secrets)
{
	struct strbuf b = STRBUF_INIT(SHOWN_MAX);
	int rc = recfile_print(&b, r, secrets ? RECFILE_SHOW_SECRETS : RECFILE_SHOW, PACKAGE_VERSION);

	if (rc >= 0)
		fputs(strbuf_str(&b), stdout);
	if (secrets && b.s)
		mem_wipe(b.s, b.len);
	strbuf_free(&b);
	return rc;
}

struct origins {
	const struct record *conf;
	bool secrets;
};

static int out_setting_origin(void *arg, const struct record *r, enum field_id id)
{
	const struct origins *o = arg;
	const struct field *f = field_of(id);
	bool is_conf = record_kind(r) == RECORD_CONF;
	char text[RECORD_TEXT_MAX], key[128];

	if (f->flags & FIELD_QUIET && !record_is_set(r, id))
		return 0;
	record_text(r, id, text, sizeof(text));
	printf("%s = %s\t# %s\n", is_conf ? field_conf_key(f, key, sizeof(key)) : f->key,
		f->type == FIELD_TYPE_SECRET && *text && !o->secrets ? "********" : out_or_empty(text),
		!is_conf		     ? node_mode_origin(r, o->conf, id) :
			record_is_set(r, id) ? "iscsid.conf" :
					       "default");
	mem_wipe(text, strlen(text));
	return 0;
}

void out_record_origins(const struct record *r, const struct record *conf, const struct record *iface, bool secrets)
{
	struct origins o = { conf, secrets };
	char key[PLUGIN_KEY_MAX + 1];
	const char *line, *value;

	record_each(r, out_setting_origin, &o);
	for (unsigned i = 0; plugin_key_in(record_kind(r)) && (line = record_kept_line(r, i)); i++) {
		if (plugin_key_line(line, key, &value))
			printf("%s = %s\t# %s\n", key, value, node_mode_plugin_origin(conf, iface, key, value));
	}
}

/* "A:P", with brackets where they are needed. */
static const char *portal_text(char *buf, size_t size, const struct record *node)
{
	const char *address = record_str(node, FIELD_CONN_ADDRESS);
	bool v6 = strchr(address, ':') != NULL;

	snprintf(buf, size, "%s%s%s:%d", v6 ? "[" : "", address, v6 ? "]" : "", (int)record_int(node, FIELD_CONN_PORT));
	return buf;
}

/*
 * "A:P,TPGT NAME", one blank, nothing behind the name: Trident reads everything after the blank as the name, Ansible fails at a
 * third word, os-brick at a second comma.
 */
void out_node_line(const struct record *node)
{
	char portal[PORTAL_TEXT_MAX];

	/* An unknown tag is printed unsigned here and signed in the tree: clients accept only digits in this line. */
	printf("%s,%u %s\n", portal_text(portal, sizeof(portal), node), (unsigned)record_int(node, FIELD_NODE_TPGT),
		record_str(node, FIELD_NODE_NAME));
}

static void out_portal(const char *indent, const struct record *node)
{
	char portal[PORTAL_TEXT_MAX];

	printf("%sPortal: %s,%d\n", indent, portal_text(portal, sizeof(portal), node), (int)record_int(node, FIELD_NODE_TPGT));
}

/* false for NULL, which is the one before the first. */
static bool same_node_target(const struct record *a, const struct record *b)
{
	return a && b && !strcmp(record_str(a, FIELD_NODE_NAME), record_str(b, FIELD_NODE_NAME));
}

static bool same_node_portal(const struct record *a, const struct record *b)
{
	return same_node_target(a, b) && !strcmp(record_str(a, FIELD_CONN_ADDRESS), record_str(b, FIELD_CONN_ADDRESS)) &&
		record_int(a, FIELD_CONN_PORT) == record_int(b, FIELD_CONN_PORT) &&
		record_int(a, FIELD_NODE_TPGT) == record_int(b, FIELD_NODE_TPGT);
}

/*
 * Records come sorted by target and portal, so what they share is printed once by comparing with the one before. The node tree
 * repeats the portal for each iface, the discovery tree does not, as in 2.1.8.
 */
static void out_branch(const struct record *last, const struct record *node, bool portal_each)
{
	if (!same_node_target(last, node))
		printf("Target: %s\n", record_str(node, FIELD_NODE_NAME));
	if (portal_each || !same_node_portal(last, node))
		out_portal("\t", node);
	printf("\t\tIface Name: %s\n", record_str(node, FIELD_IFACE_NAME));
}

void out_node_branch(const struct record *last, const struct record *node)
{
	out_branch(last, node, true);
}

/* The difference of two ports fits into an int. */
static int by_node_portal(const void *a, const void *b)
{
	const struct record *x = *(struct record *const *)a, *y = *(struct record *const *)b;
	int order = strcmp(record_str(x, FIELD_NODE_NAME), record_str(y, FIELD_NODE_NAME));

	if (order == 0)
		order = strcmp(record_str(x, FIELD_CONN_ADDRESS), record_str(y, FIELD_CONN_ADDRESS));
	if (order == 0)
		order = (int)(record_int(x, FIELD_CONN_PORT) - record_int(y, FIELD_CONN_PORT));
	return order ? order : strcmp(record_str(x, FIELD_IFACE_NAME), record_str(y, FIELD_IFACE_NAME));
}

/* Sorted here, since nodes just discovered are in the order of the target. */
void out_discovery_tree(struct record_list *nodes)
{
	if (nodes->n > 1)
		qsort(nodes->at, nodes->n, sizeof(nodes->at[0]), by_node_portal);
	for (size_t i = 0; i < nodes->n; i++)
		out_branch(i ? nodes->at[i - 1] : NULL, nodes->at[i], false);
}

/* Also printed for an existing record, as in 2.1.8. */
void out_node_added(const struct record *node)
{
	printf("New iSCSI node [%s:[hw=%s,ip=%s,net_if=%s,iscsi_if=%s] %s,%d,%d %s] added\n",
		record_str(node, FIELD_IFACE_TRANSPORT), record_str(node, FIELD_IFACE_HWADDRESS),
		record_str(node, FIELD_IFACE_IPADDRESS), record_str(node, FIELD_IFACE_NETDEV), record_str(node, FIELD_IFACE_NAME),
		record_str(node, FIELD_CONN_ADDRESS), (int)record_int(node, FIELD_CONN_PORT),
		(int)record_int(node, FIELD_NODE_TPGT), record_str(node, FIELD_NODE_NAME));
}

/* In messages, as in 2.1.8, a portal has a comma before its port, and no brackets. */
#define LOGIN_NAME "[iface: %s, target: %s, portal: %s,%d]"
#define LOGIN_NAME_ARGS(node) \
	record_str(node, FIELD_IFACE_NAME), record_str(node, FIELD_NODE_NAME), record_str(node, FIELD_CONN_ADDRESS), \
		(int)record_int(node, FIELD_CONN_PORT)

/* Flushed, so that readers of a pipe see each line in time: a login takes seconds. */
void out_login(const char *before, const struct record *node, const char *behind)
{
	printf("%s " LOGIN_NAME "%s\n", before, LOGIN_NAME_ARGS(node), behind);
	fflush(stdout);
}

/* The number in the first line is the status of this record; the command exits with that of the first failure. */
void out_reason(const struct err *err)
{
	out_error("initiator reported error (%d - %s)", (int)err->code, err_text(err->code));
	/* The cause, which 2.1.8 does not print. */
	if (*err->text && strcmp(err->text, err_text(err->code)) != 0 && err->code != MISCSI_ERR_ISCSID_NOTCONN)
		out_error("%s", err->text);
}

void out_login_failed(const struct record *node, const struct err *err)
{
	out_error("Could not login to " LOGIN_NAME ".", LOGIN_NAME_ARGS(node));
	out_reason(err);
}

void out_discovery_line(const struct record *disc)
{
	printf("%s:%d via %s\n", record_str(disc, FIELD_DISC_ADDRESS), (int)record_int(disc, FIELD_DISC_PORT),
		record_str(disc, FIELD_DISC_TYPE));
}

void out_iface_line(const struct record *iface)
{
	printf("%s %s,%s,%s,%s,%s\n", record_str(iface, FIELD_IFACE_NAME), record_str(iface, FIELD_IFACE_TRANSPORT),
		out_or_empty(record_str(iface, FIELD_IFACE_HWADDRESS)), out_or_empty(record_str(iface, FIELD_IFACE_IPADDRESS)),
		out_or_empty(record_str(iface, FIELD_IFACE_NETDEV)), out_or_empty(record_str(iface, FIELD_IFACE_INITIATORNAME)));
}

void out_iface_branch(const struct record *last, const struct record *node)
{
	if (!same_node_target(last, node))
		printf("\tTarget: %s\n", record_str(node, FIELD_NODE_NAME));
	out_portal("\t\t", node);
}

void out_unserved(const char *transport, const struct err *why)
{
	printf("Kernel transport: %s\n\tNot served: %s\n", transport, why->text);
}

void out_plugin(const struct plugin_info *p)
{
	printf("Plugin: %s\n", p->name);
	if (*p->refused) {
		printf("\tFile: %s\n\t%s: %s\n", p->file, p->overridden ? "Not used" : "Refused", p->refused);
		return;
	}
	printf("\tVersion: %s\n\tSummary: %s\n\tABI: %u\n\tTransports: %s\n\tKernel Modules: %s\n", out_or_empty(p->version),
		out_or_empty(p->summary), p->abi, out_or_empty(p->transports), out_or_empty(p->modules));
	printf("\tCapabilities: %s\n\tFile: %s\n", out_or_empty(p->capabilities), p->file);
}

void out_plugin_setting(const struct field *f)
{
	struct strbuf allowed = STRBUF_INIT(SHOWN_MAX);

	field_allowed(f, &allowed);
	printf("\tSetting: %s = %s\n\t\t%s\n\t\tIt is %s.\n", f->key, out_or_empty(f->def), f->doc, strbuf_str(&allowed));
	strbuf_free(&allowed);
}
