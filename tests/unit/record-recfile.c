/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of records: what open-iscsi 2.1.8 wrote and showed comes out as it went in; what nobody would
 * write does no harm. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/file.h"
#include "record/recfile.h"
#include "tempdir.h"
#include "tests/paths.h"
#include <errno.h>
#include <fcntl.h>

#define BEGIN "# BEGIN RECORD 2.1.8\n"
#define END "# END RECORD\n"

struct warnings {
	unsigned n;
	char last[1024];
};

static void warn(void *arg, const char *text)
{
	struct warnings *w = arg;

	w->n++;
	snprintf(w->last, sizeof(w->last), "%s", text);
	for (const char *s = text; *s; s++)
		assert_true((unsigned char)*s >= ' ');
}

static struct record *parse(enum record_kind kind, const char *text, size_t len, struct warnings *w)
{
	struct recfile_report report = { .warn = warn, .arg = w };
	struct record *r = NULL;

	*w = (struct warnings){ 0 };
	assert_int_equal(recfile_parse(kind, "FILE", text, len, &report, &r), 0);
	return r;
}

static char *print(const struct record *r, enum recfile_style style)
{
	struct strbuf b = STRBUF_INIT(0);

	assert_int_equal(recfile_print(&b, r, style, "2.1.8"), 0);
	return strbuf_steal(&b);
}

static char *golden(const char *name)
{
	char path[512], *text = NULL;
	size_t len;

	snprintf(path, sizeof(path), SRCDIR "/tests/unit/record-golden/%s", name);
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, &len), 0);
	return text;
}

/* Each record of a golden file is read, printed, and compared. */
static unsigned round_trip(const char *name, enum record_kind kind, enum recfile_style style)
{
	char *text = golden(name), *at = text, *end;
	unsigned n = 0;

	for (; (end = strstr(at, END)); at = end, n++) {
		struct warnings w;
		struct record *r;
		char *again, saved;

		end += strlen(END);
		saved = *end;
		r = parse(kind, at, (size_t)(end - at), &w);
		if (w.n)
			fail_msg("%s: %s", name, w.last);
		again = print(r, style);
		*end = '\0';
		assert_string_equal(again, at);
		*end = saved;
		x_free(again);
		record_free(r);
	}
	assert_string_equal(at, "");
	x_free(text);
	return n;
}

static void files_of_open_iscsi_come_out_as_they_went_in(void **state)
{
	(void)state;
	assert_true(round_trip("node.files", RECORD_NODE, RECFILE_FILE) > 8);
	assert_true(round_trip("iface.files", RECORD_IFACE, RECFILE_FILE) > 8);
	assert_true(round_trip("sendtargets.files", RECORD_SENDTARGETS, RECFILE_FILE) > 8);
	assert_true(round_trip("isns.files", RECORD_ISNS, RECFILE_FILE) > 1);
}

static void shown_records_are_those_of_open_iscsi(void **state)
{
	(void)state;
	assert_int_equal(round_trip("node.show", RECORD_NODE, RECFILE_SHOW_SECRETS), 2);
	assert_int_equal(round_trip("iface.show", RECORD_IFACE, RECFILE_SHOW), 2);
	assert_int_equal(round_trip("iface-adapter.show", RECORD_IFACE, RECFILE_SHOW), 2);
	assert_int_equal(round_trip("sendtargets.show", RECORD_SENDTARGETS, RECFILE_SHOW), 2);
	assert_int_equal(round_trip("isns.show", RECORD_ISNS, RECFILE_SHOW), 1);
	assert_int_equal(round_trip("flashnode.show", RECORD_FLASHNODE, RECFILE_SHOW), 2);
	assert_int_equal(round_trip("chap.show", RECORD_CHAP, RECFILE_SHOW_SECRETS), 2);
}

static void secrets_are_masked(void **state)
{
	char *text = golden("node.show"), *masked = golden("node-masked.show"), *shown;
	struct warnings w;
	struct record *r = parse(RECORD_NODE, strstr(text, END) + strlen(END), strlen(strstr(text, END)) - strlen(END), &w);

	(void)state;
	shown = print(r, RECFILE_SHOW);
	assert_string_equal(shown, masked);
	record_free(r);
	x_free(text);
	x_free(masked);
	x_free(shown);
}

static void an_unknown_key_is_kept_and_told(void **state)
{
	static const char text[] = BEGIN "node.name = iqn.2026-11.com.example:a\nnode.of_tomorrow = 7 of 9\n" END;
	struct warnings w;
	struct record *r = parse(RECORD_NODE, text, strlen(text), &w);
	char *file = print(r, RECFILE_FILE), *show = print(r, RECFILE_SHOW);

	(void)state;
	assert_int_equal(w.n, 1);
	assert_string_equal(w.last,
		"FILE, line 3: the setting node.of_tomorrow is unknown; the line is kept, but has no effect: correct or remove "
		"it");
	assert_non_null(strstr(file, "\nnode.of_tomorrow = 7 of 9\n" END));
	assert_null(strstr(show, "of_tomorrow"));
	x_free(file);
	x_free(show);
	record_free(r);
}

/* A discovery has none: nothing has checked the line, and it is not shown. */
static void only_records_that_may_have_settings_of_plugins_show_them(void **state)
{
	static const char line[] = "plugin.one.depth = 3\n";
	static const enum record_kind kinds[] = { RECORD_NODE, RECORD_IFACE, RECORD_CONF, RECORD_SENDTARGETS, RECORD_ISNS,
		RECORD_CHAP };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct warnings w;
		struct record *r = parse(kinds[i], line, strlen(line), &w);
		char *file = print(r, RECFILE_FILE), *show = print(r, RECFILE_SHOW);

		assert_int_equal(w.n, i < 3 ? 0 : 1);
		assert_non_null(strstr(file, line));
		assert_true(!!strstr(show, line) == (i < 3));
		x_free(file);
		x_free(show);
		record_free(r);
	}
}

static void a_bad_value_becomes_the_default_and_is_kept(void **state)
{
	static const char text[] = BEGIN "node.session.cmds_max = many\nnode.startup = automatic\n" END;
	struct warnings w;
	struct record *r = parse(RECORD_NODE, text, strlen(text), &w);
	char *file = print(r, RECFILE_FILE);

	(void)state;
	assert_int_equal(w.n, 1);
	assert_int_equal(record_int(r, FIELD_SESSION_CMDS_MAX), 128);
	assert_string_equal(record_str(r, FIELD_NODE_STARTUP), "automatic");
	/* A program that understands it finds it again, and once. */
	assert_non_null(strstr(file, "node.session.cmds_max = many\n"));
	assert_null(strstr(file, "node.session.cmds_max = 128\n"));
	x_free(file);
	assert_int_equal(record_set(r, FIELD_SESSION_CMDS_MAX, "128", NULL), 0);
	file = print(r, RECFILE_FILE);
	assert_null(strstr(file, "many"));
	assert_non_null(strstr(file, "node.session.cmds_max = 128\n"));
	x_free(file);
	record_free(r);
}

static void the_other_address_family_is_not_lost(void **state)
{
	static const char text[] = BEGIN "iface.iscsi_ifacename = a\niface.ipaddress = 2001:db8::1\niface.gateway = 192.0.2.1\n"
					 "iface.tos = 0\n" END;
	struct warnings w;
	struct record *r = parse(RECORD_IFACE, text, strlen(text), &w);
	char *file = print(r, RECFILE_FILE), *show = print(r, RECFILE_SHOW);

	(void)state;
	assert_non_null(strstr(file, "iface.gateway = 192.0.2.1\n"));
	assert_null(strstr(file, "iface.tos"));
	assert_null(strstr(show, "iface.gateway"));
	x_free(file);
	x_free(show);
	record_free(r);
}

static void a_bad_secret_is_not_told(void **state)
{
	static const char text[] = BEGIN "node.session.auth.password = hush\x01hush\n" END;
	struct warnings w;
	struct record *r = parse(RECORD_NODE, text, strlen(text), &w);

	(void)state;
	assert_int_equal(w.n, 1);
	assert_null(strstr(w.last, "hush"));
	record_free(r);
}

static void editors_and_other_systems_are_forgiven(void **state)
{
	static const char text[] = "\r\n# a remark\r\n  node.startup=automatic\t \r\nnode.session.scan =manual\r\n"
				   "node.session.auth.username = <empty>\r\nnode.session.auth.password = se#cret = x \r\nlast = "
				   "1";
	struct warnings w;
	struct record *r = parse(RECORD_NODE, text, strlen(text), &w);

	(void)state;
	assert_string_equal(record_str(r, FIELD_NODE_STARTUP), "automatic");
	assert_string_equal(record_str(r, FIELD_SESSION_SCAN), "manual");
	assert_memory_equal(record_secret(r, FIELD_SESSION_PASSWORD)->bytes, "se#cret = x", 11);
	assert_string_equal(record_kept_line(r, 0), "last = 1");
	record_free(r);
}

static void junk_is_told_and_does_no_harm(void **state)
{
	static const char text[] = "no equals sign\n= 1\n\x1b[2J = 1\na b = 1\nnode.startup\0 = "
				   "onboot\nnode.startup = automatic\n";
	struct warnings w;
	struct record *r = parse(RECORD_NODE, text, sizeof(text) - 1, &w);

	(void)state;
	assert_int_equal(w.n, 5);
	assert_string_equal(record_str(r, FIELD_NODE_STARTUP), "automatic");
	record_free(r);
}

static void long_lines_and_long_files_are_bounded(void **state)
{
	static char text[RECFILE_MAX + 2];
	struct warnings w;
	struct record *r;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "a = ", 4);
	memcpy(text + 100000, "\nnode.startup = onboot\n", 23);
	r = parse(RECORD_NODE, text, RECFILE_MAX, &w);
	assert_string_equal(record_str(r, FIELD_NODE_STARTUP), "onboot");
	assert_int_equal(w.n, 2);
	record_free(r);
	assert_int_equal(recfile_parse(RECORD_NODE, "FILE", text, RECFILE_MAX + 1, NULL, &r), -EFBIG);
}

static void conf_holds_settings_of_all_records(void **state)
{
	static const char text[] = "iscsid.startup = /bin/systemctl start iscsid.socket\niscsid.safe_logout = Yes\n"
				   "node.startup = automatic\nnode.conn[0].iscsi.MaxRecvDataSegmentLength = 131072\n"
				   "discovery.sendtargets.iscsi.MaxRecvDataSegmentLength = 65536\nisns.address = "
				   "192.0.2.20\nisns.port = 3206\n"
				   "discovery.sendtargets.auth.chap_algs = SHA256\nnode.name = iqn.2026-11.com.example:a\n";
	struct tempdir dir;
	struct warnings w = { 0 };
	struct recfile_report report = { .warn = warn, .arg = &w };
	struct record *conf = NULL, *node = record_new(RECORD_NODE);
	struct err err = ERR_INIT;

	(void)state;
	tempdir_make(&dir);
	assert_int_equal(file_replace(AT_FDCWD, tempdir_path(&dir, "iscsid.conf"), text, strlen(text), 0600), 0);
	assert_int_equal(recfile_conf(tempdir_path(&dir, "iscsid.conf"), &report, &conf, &err), 0);
	/* A target's name has no place there. */
	assert_int_equal(w.n, 1);
	assert_int_equal(record_int(conf, FIELD_CONF_SAFE_LOGOUT), 1);
	assert_int_equal(record_int(conf, FIELD_CONF_ISNS_PORT), 3206);
	assert_int_equal(record_apply(node, conf, 0, NULL), 0);
	assert_int_equal(record_int(node, FIELD_CONN_MAX_RECV_LENGTH), 131072);
	assert_string_equal(record_str(conf, FIELD_DISC_CHAP_ALGS), "SHA256");
	record_free(conf);
	record_free(node);
	assert_int_equal(recfile_conf(tempdir_path(&dir, "nosuch"), &report, &conf, &err), 0);
	assert_false(record_is_set(conf, FIELD_NODE_STARTUP));
	record_free(conf);
	assert_int_equal(recfile_conf(dir.dir, &report, &conf, &err), -EISDIR);
	assert_int_equal(err.code, MISCSI_ERR_IDBM);
	tempdir_remove(&dir);
}

static void the_initiator_is_named(void **state)
{
	static const struct {
		const char *text, *name, *alias;
	} rows[] = {
		{ "InitiatorName=iqn.2026-11.com.example:me\n", "iqn.2026-11.com.example:me", NULL },
		{ "# x\nInitiatorName=iqn.a \r\nInitiatorAlias=my host\n", "iqn.a", "my host" },
		{ "InitiatorName=iqn.first\nInitiatorName=iqn.last", "iqn.first", NULL },
		{ "InitiatorName= iqn.blank\nInitiatorAlias=\x01\n", "iqn.blank", NULL },
		{ " InitiatorName=iqn.indented\n", "iqn.indented", NULL },
		{ "InitiatorName\t= iqn.blanks\n", "iqn.blanks", NULL },
		{ "\xef\xbb\xbfInitiatorName=iqn.mark\n", "iqn.mark", NULL },
		{ "InitiatorName=\nInitiatorName=iqn.second\n", "iqn.second", NULL },
		{ "InitiatorNames=iqn.a\nXInitiatorName=iqn.b\nInitiatorName\n=iqn.c\n", NULL, NULL },
		{ "#InitiatorName=iqn.remark\n", NULL, NULL },
		{ "InitiatorName=\n", NULL, NULL },
		{ "InitiatorName=\"iqn.a\"\n", NULL, NULL },
		{ "InitiatorName=iqn.a b\n", NULL, NULL },
		{ "InitiatorName=iqn\x1b[2J\n", NULL, NULL },
		{ "", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *name = NULL, *alias = NULL;
		struct err err = ERR_INIT;
		int rc = recfile_initiatorname_parse("FILE", rows[i].text, strlen(rows[i].text), &name, &alias, &err);

		assert_int_equal(rc, rows[i].name ? 0 : -EINVAL);
		assert_int_equal(!alias, !rows[i].alias);
		if (name)
			assert_string_equal(name, rows[i].name);
		if (alias)
			assert_string_equal(alias, rows[i].alias);
		x_free(name);
		x_free(alias);
	}
}

static void no_memory_is_an_error_and_no_more(void **state)
{
	char *text = golden("node.show");
	int rc = -ENOMEM;

	(void)state;
	for (unsigned long n = 1; rc; n++) {
		struct strbuf b = STRBUF_INIT(0);
		struct record *r = NULL;

		x_fail_at(n);
		rc = recfile_parse(RECORD_NODE, "FILE", text, strlen(text), NULL, &r);
		if (!rc)
			rc = recfile_print(&b, r, RECFILE_FILE, "1");
		assert_true(!rc || rc == -ENOMEM);
		strbuf_free(&b);
		record_free(r);
	}
	x_fail_at(0);
	x_free(text);
}

/* The layouts that people and programs write. Tried with 2.1.8 as well: doc/COMPATIBILITY.md has what it reads otherwise. */
static void lines_are_read_in_any_layout(void **state)
{
	static const struct {
		const char *text, *name, *startup;
	} layouts[] = {
#define KEY "node.session.auth.username"
		{ KEY " = me\nnode.startup = automatic\n", "me", "automatic" },
		{ "   " KEY " = me\n\tnode.startup = automatic", "me", "automatic" },
		{ KEY "=me\nnode.startup=automatic\n", "me", "automatic" },
		{ KEY "   =   me   \nnode.startup\t=\tautomatic\t\n", "me", "automatic" },
		{ KEY " = me\r\nnode.startup = automatic\r\n", "me", "automatic" },
		{ "\xef\xbb\xbf" KEY " = me\n", "me", "manual" },
		{ "\xef\xbb\xbf# BEGIN RECORD 2.1.8\n" KEY " = no\n# END RECORD\n" KEY " = me\n", "me", "manual" },
		{ BEGIN KEY " = no\n" END BEGIN KEY " = me\n" END, "me", "manual" },
		{ KEY " = \"me\"\n", "\"me\"", "manual" },
		{ KEY " = me # x\n", "me # x", "manual" },
		{ "  # " KEY " = no\n\n\t\n" KEY " = me\n; " KEY " = no\n", "me", "manual" },
		{ KEY " = one\n" KEY " = me\nnode.startup = automatic\nnode.startup = onboot\n", "me", "onboot" },
		{ KEY " = one\n" KEY " =\n", "", "manual" },
		{ KEY " = a=b\nnode.startup = Automatic\n", "a=b", "manual" },
#undef KEY
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		struct record *r;

		assert_int_equal(recfile_parse(RECORD_NODE, "FILE", layouts[i].text, strlen(layouts[i].text), NULL, &r), 0);
		assert_string_equal(record_str(r, FIELD_SESSION_USERNAME), layouts[i].name);
		assert_string_equal(record_str(r, FIELD_NODE_STARTUP), layouts[i].startup);
		record_free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_open_iscsi_come_out_as_they_went_in),
		cmocka_unit_test(shown_records_are_those_of_open_iscsi),
		cmocka_unit_test(secrets_are_masked),
		cmocka_unit_test(an_unknown_key_is_kept_and_told),
		cmocka_unit_test(only_records_that_may_have_settings_of_plugins_show_them),
		cmocka_unit_test(a_bad_value_becomes_the_default_and_is_kept),
		cmocka_unit_test(the_other_address_family_is_not_lost),
		cmocka_unit_test(a_bad_secret_is_not_told),
		cmocka_unit_test(editors_and_other_systems_are_forgiven),
		cmocka_unit_test(junk_is_told_and_does_no_harm),
		cmocka_unit_test(long_lines_and_long_files_are_bounded),
		cmocka_unit_test(conf_holds_settings_of_all_records),
		cmocka_unit_test(the_initiator_is_named),
		cmocka_unit_test(no_memory_is_an_error_and_no_more),
		cmocka_unit_test(lines_are_read_in_any_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
