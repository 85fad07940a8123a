/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records: values, defaults, what a user may set, copies, merges, and what happens without memory. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "record/record.h"
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

static struct record *new_node(void)
{
	struct record *r = record_new(RECORD_NODE);

	assert_non_null(r);
	assert_int_equal(record_set(r, FIELD_NODE_NAME, "iqn.2026-11.com.example:disk1", NULL), 0);
	assert_int_equal(record_set(r, FIELD_CONN_ADDRESS, "192.0.2.10", NULL), 0);
	return r;
}

static void a_new_record_has_defaults(void **state)
{
	struct record *r = record_new(RECORD_NODE);

	(void)state;
	assert_int_equal(record_int(r, FIELD_SESSION_REPLACEMENT_TIMEOUT), 120);
	assert_int_equal(record_int(r, FIELD_NODE_TPGT), RECORD_TPGT_UNKNOWN);
	assert_int_equal(record_int(r, FIELD_SESSION_FAST_ABORT), 1);
	assert_int_equal(record_int(r, FIELD_NODE_STARTUP), RECORD_STARTUP_MANUAL);
	assert_int_equal(record_int(r, FIELD_IFACE_STATE), -1);
	assert_string_equal(record_str(r, FIELD_IFACE_TRANSPORT), "tcp");
	assert_string_equal(record_str(r, FIELD_SESSION_USERNAME), "");
	assert_int_equal(record_secret(r, FIELD_SESSION_PASSWORD)->len, 0);
	assert_false(record_is_set(r, FIELD_NODE_STARTUP));
	record_free(r);
	r = record_new(RECORD_ISNS);
	assert_int_equal(record_int(r, FIELD_DISC_PORT), 3205);
	assert_string_equal(record_str(r, FIELD_DISC_TYPE), "isns");
	record_free(r);
}

static void what_is_set_is_read_back(void **state)
{
	struct record *r = new_node();
	unsigned algs[4];
	char text[64];

	(void)state;
	assert_int_equal(record_set(r, FIELD_SESSION_CMDS_MAX, "64", NULL), 0);
	assert_int_equal(record_int(r, FIELD_SESSION_CMDS_MAX), 64);
	assert_string_equal(record_text(r, FIELD_SESSION_CMDS_MAX, text, sizeof(text)), "64");
	assert_int_equal(record_set_int(r, FIELD_NODE_STARTUP, RECORD_STARTUP_ONBOOT, NULL), 0);
	assert_string_equal(record_str(r, FIELD_NODE_STARTUP), "onboot");
	assert_int_equal(record_set_int(r, FIELD_NODE_STARTUP, 9, NULL), -EINVAL);
	assert_int_equal(record_set(r, FIELD_SESSION_CHAP_ALGS, "SHA256,MD5", NULL), 0);
	assert_int_equal(record_list(r, FIELD_SESSION_CHAP_ALGS, algs, 4), 2);
	assert_int_equal(algs[0], RECORD_CHAP_SHA256);
	assert_int_equal(algs[1], RECORD_CHAP_MD5);
	assert_int_equal(record_set(r, FIELD_SESSION_PASSWORD, "hush hush", NULL), 0);
	assert_int_equal(record_secret(r, FIELD_SESSION_PASSWORD)->len, 9);
	/* A secret does not come out by the way of texts that are printed. */
	assert_string_equal(record_str(r, FIELD_SESSION_PASSWORD), "");
	assert_int_equal(record_set(r, FIELD_SESSION_PASSWORD, "<empty>", NULL), 0);
	assert_int_equal(record_secret(r, FIELD_SESSION_PASSWORD)->len, 0);
	record_free(r);
}

static void a_refused_value_leaves_the_old_one(void **state)
{
	struct record *r = new_node();
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(record_set(r, FIELD_SESSION_CMDS_MAX, "64", NULL), 0);
	assert_int_equal(record_set(r, FIELD_SESSION_CMDS_MAX, "64x", &err), -EINVAL);
	assert_string_equal(err.text, "node.session.cmds_max: '64x' is not allowed: it must be a whole number from 2 to 4096");
	assert_int_equal(record_int(r, FIELD_SESSION_CMDS_MAX), 64);
	assert_int_equal(record_set(r, FIELD_SESSION_USERNAME, "a\nnode.startup = automatic", &err), -EINVAL);
	assert_null(strchr(err.text, '\n'));
	record_free(r);
}

static void a_default_that_is_set_is_set_and_costs_nothing(void **state)
{
	struct record *r = new_node(), *s = new_node();

	(void)state;
	assert_int_equal(record_set(r, FIELD_NODE_STARTUP, "manual", NULL), 0);
	assert_true(record_is_set(r, FIELD_NODE_STARTUP));
	assert_false(record_is_set(s, FIELD_NODE_STARTUP));
	assert_true(record_equal(r, s));
	record_unset(r, FIELD_NODE_STARTUP);
	assert_false(record_is_set(r, FIELD_NODE_STARTUP));
	record_free(r);
	record_free(s);
}

static void a_user_sets_by_key(void **state)
{
	struct record *r = new_node();
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(record_set_key(r, "node.session.conn_reopen_log_freq", "7", &err), 0);
	assert_int_equal(record_int(r, FIELD_SESSION_REOPEN_LOG_FREQ), 7);
	assert_int_equal(record_set_key(r, "node.name", "iqn.2026-11.com.example:other", &err), -EINVAL);
	assert_string_equal(err.text, "Can not update node.name. Delete it, and then create a new one.");
	assert_int_equal(record_set_key(r, "iface.initiatorname", "iqn.2026-11.com.example:n", &err), -EINVAL);
	assert_string_equal(err.text, "Cannot modify iface.initiatorname. Use iface mode to update this value.");
	assert_int_equal(record_set_key(r, "node.discovery_port", "1", &err), -EINVAL);
	/* What is so already may be said again: tools write back what they read. */
	assert_int_equal(record_set_key(r, "iface.transport_name", "tcp", &err), 0);
	assert_int_equal(record_set_key(r, "node.conn[0].port", "3260", &err), 0);
	assert_int_equal(record_set_key(r, "node.nosuch", "1", &err), -ENOENT);
	record_free(r);
	r = record_new(RECORD_IFACE);
	assert_int_equal(record_set_key(r, "iface.initiatorname", "iqn.2026-11.com.example:n", &err), 0);
	assert_int_equal(record_set_key(r, "iface.iscsi_ifacename", "renamed", &err), -EINVAL);
	assert_string_equal(err.text, "Can not update iface.iscsi_ifacename. Delete it, and then create a new one.");
	record_free(r);
}

static void a_copy_is_equal_and_apart(void **state)
{
	struct record *r = new_node(), *copy;

	(void)state;
	assert_int_equal(record_set(r, FIELD_SESSION_PASSWORD, "hush", NULL), 0);
	assert_int_equal(record_keep_line(r, "node.new_thing", "1"), 0);
	copy = record_copy(r);
	assert_true(record_equal(r, copy));
	assert_string_equal(record_kept_line(copy, 0), "node.new_thing = 1");
	assert_int_equal(record_set(copy, FIELD_SESSION_PASSWORD, "hash", NULL), 0);
	assert_false(record_equal(r, copy));
	record_free(r);
	assert_memory_equal(record_secret(copy, FIELD_SESSION_PASSWORD)->bytes, "hash", 4);
	record_free(copy);
}

static void what_is_applied_is_what_was_set(void **state)
{
	struct record *conf = record_new(RECORD_CONF), *node = new_node(), *disc = record_new(RECORD_SENDTARGETS);

	(void)state;
	assert_int_equal(record_set(node, FIELD_CONN_LOGIN_TIMEOUT, "99", NULL), 0);
	assert_int_equal(record_set(conf, FIELD_NODE_STARTUP, "automatic", NULL), 0);
	assert_int_equal(record_set(conf, FIELD_CONN_LOGIN_TIMEOUT, "15", NULL), 0);
	assert_int_equal(record_set(conf, FIELD_DISC_CHAP_ALGS, "SHA1", NULL), 0);
	assert_int_equal(record_set(conf, FIELD_CONF_SAFE_LOGOUT, "Yes", NULL), 0);
	assert_int_equal(record_apply(node, conf, 0, NULL), 0);
	assert_int_equal(record_apply(disc, conf, 0, NULL), 0);
	assert_string_equal(record_str(node, FIELD_NODE_STARTUP), "automatic");
	/* Set to its default is set. */
	assert_int_equal(record_int(node, FIELD_CONN_LOGIN_TIMEOUT), 15);
	assert_string_equal(record_str(node, FIELD_SESSION_CHAP_ALGS), "MD5");
	assert_string_equal(record_str(disc, FIELD_DISC_CHAP_ALGS), "SHA1");
	assert_false(record_is_set(node, FIELD_CONF_SAFE_LOGOUT));
	record_free(conf);
	record_free(node);
	record_free(disc);
}

static void setting_a_field_drops_the_line_that_was_kept_for_it(void **state)
{
	struct record *r = new_node();

	(void)state;
	assert_int_equal(record_keep_line(r, "node.startup", "sometimes"), 0);
	assert_int_equal(record_keep_line(r, "node.session.conn_reopen_log_freq", "often"), 0);
	assert_int_equal(record_keep_line(r, "node.other", "x"), 0);
	/* Also to the value that it has: the file says another. */
	assert_int_equal(record_set_key(r, "node.startup", "manual", NULL), 0);
	assert_int_equal(record_set(r, FIELD_SESSION_REOPEN_LOG_FREQ, "1", NULL), 0);
	assert_string_equal(record_kept_line(r, 0), "node.other = x");
	assert_null(record_kept_line(r, 1));
	record_free(r);
}

static void kept_lines_are_bounded(void **state)
{
	struct record *r = new_node();
	char big[8192], key[32];
	int rc = 0;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(record_keep_line(r, "k", big), -E2BIG);
	for (int i = 0; i < 1000 && !rc; i++) {
		snprintf(key, sizeof(key), "node.key%d", i);
		rc = record_keep_line(r, key, "1");
	}
	assert_int_equal(rc, -E2BIG);
	record_free(r);
}

static int count(void *arg, const struct record *r, enum field_id id)
{
	unsigned *n = arg;

	(void)r;
	n[0]++;
	n[1] += id == FIELD_IFACE_GATEWAY;
	n[2] += id == FIELD_IFACE_HOP_LIMIT;
	return 0;
}

static void an_iface_shows_one_address_family(void **state)
{
	struct record *r = record_new(RECORD_IFACE);
	unsigned n[3] = { 0 };

	(void)state;
	assert_int_equal(record_each(r, count, n), 0);
	assert_true(n[0] > 50 && n[1] == 1 && n[2] == 0);
	assert_int_equal(record_set(r, FIELD_IFACE_NAME, "qla4xxx.00:00:5e:00:53:01.ipv6.0", NULL), 0);
	assert_int_equal(record_each(r, count, n), 0);
	assert_true(n[1] == 1 && n[2] == 1);
	record_free(r);
}

static void a_node_is_small(void **state)
{
	size_t before, used;
	struct record *r;

	(void)state;
	before = mallinfo2().uordblks;
	r = new_node();
	assert_int_equal(record_set(r, FIELD_NODE_DISCOVERY_ADDRESS, "192.0.2.10", NULL), 0);
	assert_int_equal(record_set_int(r, FIELD_NODE_DISCOVERY_PORT, 3260, NULL), 0);
	assert_int_equal(record_set(r, FIELD_NODE_DISCOVERY_TYPE, "send_targets", NULL), 0);
	assert_int_equal(record_set_int(r, FIELD_NODE_TPGT, 1, NULL), 0);
	used = mallinfo2().uordblks - before;
	/* A sanitizer's allocator does not tell: 0 then. */
	if (used > 1024)
		fail_msg("%zu bytes", used);
	record_free(r);
}

static struct record *with_plugin_settings(enum record_kind kind, const char *depth)
{
	struct record *r = record_new(kind);

	assert_int_equal(record_keep_line(r, "other", "1"), 0);
	assert_int_equal(record_set_key(r, "plugin.one.depth", depth, NULL), 0);
	assert_int_equal(record_set_key(r, "plugin.one.label", "a = b", NULL), 0);
	return r;
}

static void settings_of_plugins_are_kept_by_name(void **state)
{
	static const char *const unlike[] = { "plugin", "plugin.", "plugin.one", "plugin.one.", "plugin..x", "plugin.one.x.y",
		"plugin.One.x", "plugin.one.x-y", "plugin.one.x y", "plugins.one.x",
		"plugin.one.123456789012345678901234567890123" };
	struct record *r = with_plugin_settings(RECORD_NODE, "1"), *copy;
	struct err err = ERR_INIT;
	char big[1100];

	(void)state;
	assert_string_equal(record_plugin_setting(r, "plugin.one.label"), "a = b");
	assert_null(record_plugin_setting(r, "plugin.one.lab"));
	assert_int_equal(record_set_key(r, "plugin.one.depth", "2", &err), 0);
	assert_string_equal(record_plugin_setting(r, "plugin.one.depth"), "2");
	copy = record_copy(r);
	assert_true(record_equal(r, copy));
	assert_null(record_kept_line(copy, 3));
	assert_int_equal(record_set_key(copy, "plugin.one.depth", "", &err), 0);
	assert_null(record_plugin_setting(copy, "plugin.one.depth"));
	assert_string_equal(record_plugin_setting(copy, "plugin.one.label"), "a = b");
	assert_int_equal(record_set_key(copy, "plugin.one.label", "<empty>", &err), 0);
	assert_null(record_kept_line(copy, 1));
	for (size_t i = 0; i < sizeof(unlike) / sizeof(unlike[0]); i++) {
		assert_int_equal(record_set_key(r, unlike[i], "1", &err), -ENOENT);
		assert_non_null(strstr(err.text, " is not a setting of node mode"));
	}
	memset(big, 'x', sizeof(big));
	big[1024] = '\0';
	assert_int_equal(record_set_key(r, "plugin.one.depth", big, &err), -EINVAL);
	assert_int_equal(record_set_key(r, "plugin.one.depth", "1\nnode.startup = automatic", &err), -EINVAL);
	assert_non_null(strstr(err.text, "plugin.one.depth: the value must be at most 1023 bytes"));
	/* it is shown: right-to-left override, zero width space */
	assert_int_equal(record_set_key(r, "plugin.one.depth", "a\u202eb", &err), -EINVAL);
	assert_int_equal(record_set_key(r, "plugin.one.depth", "a\u200bb", &err), -EINVAL);
	big[1023] = '\0';
	assert_int_equal(record_set_key(r, "plugin.one.depth", big, &err), 0);
	record_free(copy);
	record_free(r);
	r = record_new(RECORD_SENDTARGETS);
	assert_int_equal(record_set_key(r, "plugin.one.depth", "1", &err), -ENOENT);
	record_free(r);
}

/* A line may take the place of another, but there is no room for one more; and that is not a lack of memory. */
static void a_full_record_can_change_settings_of_plugins(void **state)
{
	struct record *r = with_plugin_settings(RECORD_NODE, "1"), *iface = record_new(RECORD_IFACE);
	struct err err = ERR_INIT;
	char key[32];

	(void)state;
	for (unsigned i = 3; i < RECORD_KEPT_MAX; i++) {
		snprintf(key, sizeof(key), "other%u", i);
		assert_int_equal(record_keep_line(r, key, "1"), 0);
	}
	assert_int_equal(record_set_key(r, "plugin.one.depth", "2", &err), 0);
	assert_string_equal(record_kept_line(r, 1), "plugin.one.depth = 2");
	assert_int_equal(record_set_key(r, "plugin.one.more", "2", &err), -EINVAL);
	assert_int_equal(record_set_key(iface, "plugin.one.depth", "3", &err), 0);
	assert_int_equal(record_apply(r, iface, 0, &err), 0);
	assert_string_equal(record_plugin_setting(r, "plugin.one.depth"), "3");
	assert_int_equal(record_set_key(iface, "plugin.one.more", "3", &err), 0);
	assert_int_equal(record_apply(r, iface, 0, &err), -EINVAL);
	assert_int_equal(err.code, MISCSI_ERR_INVAL);
	assert_string_equal(err.text,
		"plugin.one.more cannot be set, because the record already contains 256 settings of plugins and unknown "
		"settings, the most that it can hold: remove some of them first");
	assert_int_equal(record_set_key(r, "plugin.one.label", "", &err), 0);
	assert_int_equal(record_apply(r, iface, 0, &err), 0);
	x_fail_at(1);
	assert_int_equal(record_set_key(r, "plugin.one.more", "4", &err), -ENOMEM);
	x_fail_at(0);
	assert_string_equal(record_plugin_setting(r, "plugin.one.more"), "3");
	record_free(iface);
	record_free(r);
}

/* The conf's, then the iface's on top; but an iface has only its own. */
static void a_node_takes_over_settings_of_plugins(void **state)
{
	struct record *conf = with_plugin_settings(RECORD_CONF, "1"), *iface = record_new(RECORD_IFACE), *node = new_node();

	(void)state;
	assert_int_equal(record_apply(iface, conf, 0, NULL), 0);
	assert_null(record_kept_line(iface, 0));
	assert_int_equal(record_set_key(iface, "plugin.one.depth", "2", NULL), 0);
	assert_int_equal(record_apply(node, conf, 0, NULL), 0);
	assert_string_equal(record_plugin_setting(node, "plugin.one.depth"), "1");
	assert_int_equal(record_apply(node, iface, 0, NULL), 0);
	assert_string_equal(record_plugin_setting(node, "plugin.one.depth"), "2");
	assert_string_equal(record_plugin_setting(node, "plugin.one.label"), "a = b");
	assert_false(record_keeps(node, "other"));
	record_free(conf);
	record_free(iface);
	record_free(node);
}

/* Everything that allocates, once with each of its allocations failing. */
static int all_at_once(void)
{
	cleanup(record_freep) struct record *r = record_new(RECORD_ISNS), *copy = NULL, *node = record_new(RECORD_NODE);
	struct err err = ERR_INIT;
	int rc;

	if (!r || !node)
		return -ENOMEM;
	rc = record_set(node, FIELD_SESSION_PASSWORD, "hush", &err);
	if (!rc)
		rc = record_set(node, FIELD_SESSION_USERNAME, "me", &err);
	if (!rc)
		rc = record_set(node, FIELD_SESSION_CMDS_MAX, "64", &err);
	if (!rc)
		rc = record_keep_line(node, "node.other", "x");
	if (!rc)
		rc = record_set_key(node, "plugin.one.depth", "1", &err);
	if (!rc)
		rc = record_set_key(node, "plugin.one.depth", "2", &err);
	if (rc)
		return rc;
	copy = record_copy(node);
	if (!copy)
		return -ENOMEM;
	assert_true(record_equal(copy, node));
	return 0;
}

static void no_memory_is_an_error_and_no_more(void **state)
{
	unsigned long n;
	int rc = -ENOMEM;

	(void)state;
	for (n = 1; rc && n < 200; n++) {
		x_fail_at(n);
		rc = all_at_once();
		assert_true(!rc || rc == -ENOMEM);
	}
	x_fail_at(0);
	assert_true(n > 10);
	assert_int_equal(rc, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_record_has_defaults),
		cmocka_unit_test(what_is_set_is_read_back),
		cmocka_unit_test(a_refused_value_leaves_the_old_one),
		cmocka_unit_test(a_default_that_is_set_is_set_and_costs_nothing),
		cmocka_unit_test(a_user_sets_by_key),
		cmocka_unit_test(a_copy_is_equal_and_apart),
		cmocka_unit_test(what_is_applied_is_what_was_set),
		cmocka_unit_test(setting_a_field_drops_the_line_that_was_kept_for_it),
		cmocka_unit_test(kept_lines_are_bounded),
		cmocka_unit_test(an_iface_shows_one_address_family),
		cmocka_unit_test(a_node_is_small),
		cmocka_unit_test(settings_of_plugins_are_kept_by_name),
		cmocka_unit_test(a_node_takes_over_settings_of_plugins),
		cmocka_unit_test(a_full_record_can_change_settings_of_plugins),
		cmocka_unit_test(no_memory_is_an_error_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
