/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate and the merge: a plugin's structures, of whatever size their makers knew, into ours. Called by load.c.
 *
 * What is read here was not made by us: sizes are checked before members, members before they are used.
 */
#include "plugin/abi.h"
#include "config.h"
#include "plugin/defaults.h"
#include "plugin/fields.h"
#include "plugin/known.h"
#include "plugin/private.h"

#include <errno.h>
#include <string.h>

#define TABLE_ROWS_MAX 256u
#define TABLE_SIZE_MAX 65536u
#define NAME_MAX_LEN 32u

/* Every table of ops: where the plugin points to it, where its merged form lies, what it means to a user. */
static const struct ops_table {
	const char *name, *capability;
	size_t pointer, merged, size;
} ops_tables[] = {
#define TABLE(member, text) \
	{ \
#member, text, offsetof(struct miscsi_plugin, member), offsetof(struct plugin_ops, member), \
			sizeof(struct miscsi_##member##_ops) \
	}
	TABLE(endpoint, "own endpoints"),
	TABLE(login, "own login"),
	TABLE(param, "parameter limits"),
	TABLE(net, "interface settings"),
	TABLE(host, "host parameters"),
	TABLE(flash, "flash nodes"),
	TABLE(chap, "CHAP table"),
	TABLE(stats, "statistics"),
	TABLE(ping, "ping"),
#undef TABLE
};

#define OPS_HEAD (2 * sizeof(uint32_t)) /* size, reserved */

/* The text may lack its NUL: it is not read beyond the longest name. */
static bool word_ok(const char *s, const char *alphabet)
{
	size_t len = s ? strnlen(s, NAME_MAX_LEN + 1) : 0;

	return len > 0 && len <= NAME_MAX_LEN && strspn(s, alphabet) == len;
}

#define LOWER_DIGITS "abcdefghijklmnopqrstuvwxyz0123456789_"

bool abi_name_ok(const char *name)
{
	return word_ok(name, LOWER_DIGITS);
}

#define END_OF(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))

/*
 * A structure of an older header ends behind one of our members, from the first that must be there; one of a newer header may be longer
 * than ours. All members are pointers or as wide, but for `traits`, which is wider than a pointer of 32 bits.
 */
static bool size_ok(uint32_t size, size_t least, size_t traits)
{
	return size >= least && size <= TABLE_SIZE_MAX && size % sizeof(void *) == 0 &&
		(size <= traits || size >= traits + sizeof(uint64_t));
}

int abi_row(const void *rows, unsigned nth, struct miscsi_match *out)
{
	const unsigned char *row = rows;
	uint32_t size = 0;

	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; row && i < TABLE_ROWS_MAX; i++, row += size) {
		memcpy(&size, row, sizeof(size));
		if (size == 0)
			return 0;
		if (!size_ok(size, END_OF(struct miscsi_match, transport), offsetof(struct miscsi_match, traits)))
			return -EINVAL;
		if (i < nth)
			continue;
		memcpy(out, row, size < sizeof(*out) ? size : sizeof(*out));
		return 1;
	}
	return row ? -EINVAL : 0;
}

/* Tables are arrays of function pointers behind size and reserved, so they are merged without knowing the members. */
static void merge_table(const struct ops_table *t, const unsigned char *theirs, uint32_t their_size, unsigned char *merged)
{
	size_t end = their_size < t->size ? their_size : t->size;
	void *fn;

	for (size_t at = OPS_HEAD; at + sizeof(fn) <= end; at += sizeof(fn)) {
		memcpy(&fn, theirs + at, sizeof(fn));
		if (fn)
			memcpy(merged + at, &fn, sizeof(fn));
	}
}

/* Defaults first: a table that the plugin leaves out, and a member that it leaves NULL or does not know, keeps them. */
static int merge_ops(struct plugin *plugin, struct err *err)
{
	plugin->ops = defaults_table;
	plugin->has = 0;
	for (size_t i = 0; i < ARRAY_SIZE(ops_tables); i++) {
		const struct ops_table *t = &ops_tables[i];
		const unsigned char *theirs;
		uint32_t size;

		memcpy(&theirs, (const unsigned char *)&plugin->abi + t->pointer, sizeof(theirs));
		if (!theirs)
			continue;
		memcpy(&size, theirs, sizeof(size));
		if (size < OPS_HEAD || size > TABLE_SIZE_MAX || (size - OPS_HEAD) % sizeof(void *))
			return err_set(err, MISCSI_ERR_INTERNAL,
				"its table of ops '%s' has an invalid size of %u bytes: rebuild the plugin, or install a newer "
				"version of it",
				t->name, size);
		merge_table(t, theirs, size, (unsigned char *)&plugin->ops + t->merged);
		plugin->has |= 1u << i;
	}
	return 0;
}

/* These names become parts of paths below /sys and /lib/modules, so the letters are checked here, once. */
static int check_match(const struct miscsi_plugin *abi, struct err *err)
{
	struct miscsi_match m;
	unsigned n;
	int rc;

	for (n = 0; (rc = abi_row(abi->match, n, &m)) > 0; n++) {
		if (!word_ok(m.transport, LOWER_DIGITS "-"))
			return err_set(err, MISCSI_ERR_INTERNAL,
				"in row %u of its match table, the name of the transport is empty, longer than 32 bytes, or has "
				"characters other than a-z, 0-9, _ and -: report this to the plugin's maker",
				n + 1);
		if (m.module && !word_ok(m.module, LOWER_DIGITS "-"))
			return err_set(err, MISCSI_ERR_INTERNAL,
				"in row %u of its match table, the name of the kernel module is empty, longer than 32 bytes, or "
				"has characters other than a-z, 0-9, _ and -: report this to the plugin's maker",
				n + 1);
		if (m.proc_name && !word_ok(m.proc_name, LOWER_DIGITS "-.ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
			return err_set(err, MISCSI_ERR_INTERNAL,
				"in row %u of its match table, proc_name is empty, longer than 32 bytes, or has characters other "
				"than letters, digits, _, - and .: report this to the plugin's maker",
				n + 1);
	}
	if (rc < 0)
		return err_set(err, MISCSI_ERR_INTERNAL,
			"row %u of its match table has an invalid size, or the table has no end (MISCSI_END): rebuild the "
			"plugin, or report this to its maker",
			n + 1);
	if (n == 0)
		return err_set(err, MISCSI_ERR_INTERNAL,
			"its match table names no transport that it would support: report this to the plugin's maker");
	return 0;
}

/* A plugin of a newer header, which this program would load and not serve. */
static int check_needs(const struct miscsi_plugin *abi, struct err *err)
{
	char escaped[NAME_MAX_LEN * 4 + 1];

	for (unsigned i = 0; abi->needs && i < TABLE_ROWS_MAX && abi->needs[i]; i++) {
		if (!known_name(abi->needs[i]))
			return err_set(err, MISCSI_ERR_INTERNAL,
				"it needs %s, which miscsi " PACKAGE_VERSION " does not have: upgrade miscsi",
				str_escape(escaped, sizeof(escaped), abi->needs[i], strnlen(abi->needs[i], NAME_MAX_LEN)));
	}
	return 0;
}

/* What traits promise must be there: reported when the file is loaded, and not by the first login that would fail. */
static int check_traits(const struct plugin *plugin, struct err *err)
{
	struct miscsi_match m;
	uint64_t traits = plugin->abi.traits;

	for (unsigned n = 0; abi_row(plugin->abi.match, n, &m) > 0; n++)
		traits |= m.traits;
	if ((traits & MISCSI_TRAIT_FIRMWARE_LOGIN) && !plugin->ops.login.start)
		return err_set(err, MISCSI_ERR_INTERNAL,
			"it declares that the adapter's firmware logs in, but has no function for it (login.start): report this "
			"to the plugin's maker");
	if (plugin->ops.login.start && !plugin->ops.login.event)
		return err_set(err, MISCSI_ERR_INTERNAL,
			"it begins logins (login.start), but has no function for their end (login.event): report "
			"this to the plugin's maker");
	if ((traits & MISCSI_TRAIT_SOCKET) && plugin->ops.endpoint.connect == defaults_table.endpoint.connect)
		return err_set(err, MISCSI_ERR_INTERNAL,
			"it declares that it connects by sockets, but has no function for it (endpoint.connect): report this to "
			"the plugin's maker");
	return 0;
}

int abi_check_entry(uint32_t size, uint32_t abi, uint64_t room, struct err *err)
{
	/* the ABI first: of another one no other field may be read */
	if (abi != MISCSI_ABI)
		return err_set(err, MISCSI_ERR_INTERNAL,
			"it was built for plugin ABI %u, and this program has ABI %u: install the version of the plugin that "
			"fits this program",
			abi, MISCSI_ABI);
	if (!size_ok(size, END_OF(struct miscsi_plugin, name), offsetof(struct miscsi_plugin, traits)) || size > room)
		return err_set(err, MISCSI_ERR_INTERNAL,
			"its struct miscsi_plugin has an invalid size of %u bytes: rebuild the plugin, or install a newer "
			"version of it",
			size);
	return 0;
}

/*
 * Every structure is copied before it is judged, so that a check and the use of what it checked see the same bytes, and members
 * beyond the plugin's size read as zero.
 */
int abi_merge(struct plugin *plugin, const struct miscsi_plugin *raw, struct err *err)
{
	size_t size = raw->size;
	int rc = abi_check_entry(raw->size, raw->abi, UINT64_MAX, err);

	if (rc < 0)
		return rc;
	memset(&plugin->abi, 0, sizeof(plugin->abi));
	memcpy(&plugin->abi, raw, size < sizeof(plugin->abi) ? size : sizeof(plugin->abi));
	if (!abi_name_ok(plugin->abi.name))
		return err_set(err, MISCSI_ERR_INTERNAL,
			"the name in its struct miscsi_plugin is empty, or has characters other than a-z, 0-9 and _: report this "
			"to the plugin's maker");
	if (strcmp(plugin->abi.name, plugin->name) != 0)
		return err_set(err, MISCSI_ERR_INTERNAL,
			"its struct miscsi_plugin has the name '%s', but the file has the name '%s': rename the file",
			plugin->abi.name, plugin->name);
	rc = check_needs(&plugin->abi, err);
	if (rc == 0)
		rc = check_match(&plugin->abi, err);
	if (rc == 0)
		rc = merge_ops(plugin, err);
	if (rc == 0)
		rc = check_traits(plugin, err);
	return rc ? rc : fields_merge(plugin, err);
}

static size_t text_len(const char *text)
{
	return text ? strlen(text) : 0;
}

size_t abi_read_texts(const struct plugin *plugin)
{
	size_t n = text_len(plugin->abi.version) + text_len(plugin->abi.summary);
	struct miscsi_match m;

	for (unsigned row = 0; abi_row(plugin->abi.match, row, &m) > 0; row++) {
		for (const struct miscsi_pci_id *id = m.pci; id && id->vendor; id++)
			n += text_len(id->name);
		for (const char *const *driver = m.netdev_drivers; driver && *driver; driver++)
			n += text_len(*driver);
	}
	return n;
}

void abi_capabilities(const struct plugin *plugin, struct strbuf *out)
{
	const char *comma = "";
	struct miscsi_match m;
	uint64_t traits = plugin->abi.traits;

	for (unsigned n = 0; abi_row(plugin->abi.match, n, &m) > 0; n++)
		traits |= m.traits;
	for (const struct known_trait *t = known_traits; t->name; t++) {
		if (!(traits & t->trait) || !t->text)
			continue;
		strbuf_printf(out, "%s%s", comma, t->text);
		comma = ", ";
	}
	for (size_t i = 0; i < ARRAY_SIZE(ops_tables); i++) {
		if (!(plugin->has & 1u << i))
			continue;
		strbuf_printf(out, "%s%s", comma, ops_tables[i].capability);
		comma = ", ";
	}
	if (plugin->n_fields)
		strbuf_printf(out, "%sown settings", comma);
}
