/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What adapters keep, asked for one call after another: with a plugin that behaves, and with one that does not. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "object/adapter.h"
#include "plugin-fixture.h"
#include "tests/paths.h"

/* ---- a plugin whose answers are odd ---- */

static struct {
	int result; /* of every op */
	bool later; /* by a timer */
	uint32_t rows;
	struct miscsi_timer *timer;
} odd;

static void fire(struct miscsi_op *op, void *arg)
{
	(void)arg;
	op->core->op_done(op, odd.result);
}

static int end(struct miscsi_op *op)
{
	int r = odd.later ? op->core->timer(op, 1, fire, NULL, &odd.timer) : odd.result;

	return odd.later && r == 0 ? -EINPROGRESS : r;
}

static int odd_list(struct miscsi_op *op)
{
	int r = op->core->result(op, "host.auth.username", "before any row", 0);

	for (uint32_t i = odd.rows; r == 0 && i-- > 0;) { /* the last first */
		r = op->core->result_row(op, i);
		if (r == 0)
			r = op->core->result(op, "host.auth.username", i % 2 ? "joe" : "esc\x1b[2J\xff", 0);
		if (r == 0)
			r = op->core->result(op, "host.auth.nosuch", "x", 0);
		if (r == 0)
			r = op->core->result(op, "flashnode.session.tpgt", "99999999999999999999", 0);
		if (r == 0)
			r = op->core->result(op, "host.auth.password", "secret", MISCSI_VALUE_SECRET);
		if (r == 0)
			r = op->core->result(op, "flashnode.session.targetname", NULL, 0);
	}
	return r ? r : end(op);
}

static int odd_index(struct miscsi_op *op, uint32_t index)
{
	return index == 7 ? op->core->set_error(op, MISCSI_ERR_BUSY, "it is %s", "busy") : end(op);
}

static int odd_create(struct miscsi_op *op, const char *type)
{
	return strcmp(type, "ipv4") == 0 ? op->core->result_row(op, 5) : end(op); /* one that never tells */
}

static int odd_set(struct miscsi_op *op, uint32_t index)
{
	const char *key, *value;
	uint32_t n = 0;

	(void)index;
	while (op->core->setting_at(op, n, &key, &value) == 0)
		n++;
	value = op->core->setting(op, "host.auth.username");
	if (n != 2 || !value || strcmp(value, "joe") != 0 || op->core->setting(op, "nosuch"))
		return -EINVAL;
	return end(op);
}

static int odd_stats(struct miscsi_op *op)
{
	int r = op->core->result(op, "one\n", "1", 0);

	if (r == 0)
		r = op->core->result(op, "key", "swordfish", MISCSI_VALUE_SECRET);
	return r ? r : end(op);
}

static char applied[400];

/* Its own settings, of each iface in turn. */
static int odd_apply(struct miscsi_op *op)
{
	const char *key, *value;

	*applied = '\0';
	for (uint32_t n = 0; op->core->setting_at(op, n, &key, &value) == 0; n++) {
		if (strncmp(key, "plugin.", 7) == 0 || strcmp(key, "iface.iscsi_ifacename") == 0)
			snprintf(applied + strlen(applied), sizeof(applied) - strlen(applied), "%s=%s ", strrchr(key, '.') + 1,
				value);
	}
	snprintf(applied + strlen(applied), sizeof(applied) - strlen(applied), "%s", op->core->setting(op, "plugin.odd.mode"));
	return 0;
}

static const struct miscsi_net_ops net = { .size = sizeof(net), .apply = odd_apply };
static const struct miscsi_field fields[] = {
	MISCSI_FIELD(.kind = MISCSI_FIELD_CHOICE, .name = "mode", .def = "slow", .words = "slow quick", .help = "The mode."),
	MISCSI_FIELD_END,
};
static const struct miscsi_chap_ops chap = { .size = sizeof(chap), .list = odd_list, .set = odd_set, .remove = odd_index };
static const struct miscsi_flash_ops flash = { .size = sizeof(flash),
	.list = odd_list,
	.show = odd_index,
	.create = odd_create,
	.login = odd_index,
	.logout = odd_index,
	.remove = odd_index };
static const struct miscsi_stats_ops stats = { .size = sizeof(stats), .host = odd_stats };
static const struct miscsi_match match[] = { MISCSI_MATCH(.transport = "odd"), MISCSI_END };
static const struct miscsi_plugin plugin = { .size = sizeof(plugin),
	.abi = MISCSI_ABI,
	.name = "odd",
	.match = match,
	.traits = MISCSI_TRAIT_OWN_HOSTS,
	.net = &net,
	.chap = &chap,
	.flash = &flash,
	.stats = &stats,
	.fields = fields };

/* ---- the fixture ---- */

static struct plugin_fixture w;
static struct adapter a, null;

static int setup(void **state)
{
	(void)state;
	memset(&odd, 0, sizeof(odd));
	plugin_fixture_make(&w, BUILDDIR "/.libs");
	assert_int_equal(load_entry(w.ps, "odd", "odd.so", 1, &plugin), 0);
	a = (struct adapter){ .loop = w.loop, .transport = must_find(&w, "odd"), .host_no = 4 };
	null = (struct adapter){ .loop = w.loop, .transport = must_find(&w, "null"), .host_no = 1 };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	plugin_fixture_free(&w);
	return 0;
}

static void lists_are_by_index_whatever_the_order(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	odd.rows = 300;
	for (int later = 0; later < 2; later++) {
		cleanup(adapter_entries_free) struct adapter_entries l = { 0 };

		odd.later = later;
		assert_int_equal(adapter_chap_list(&a, &l, &err), 0);
		assert_int_equal(l.n, 300);
		for (uint32_t i = 0; i < 300; i++) {
			assert_int_equal(l.at[i].index, i);
			assert_int_equal(record_int(l.at[i].record, FIELD_CHAP_INDEX), i);
		}
		/* escaped on its way; what no record has is left out */
		assert_string_equal(record_str(l.at[0].record, FIELD_CHAP_USERNAME), "esc\\x1b[2J\\xff");
		assert_string_equal(record_str(l.at[1].record, FIELD_CHAP_USERNAME), "joe");
		assert_int_equal(record_secret(l.at[0].record, FIELD_CHAP_PASSWORD)->len, 6);
	}
}

static void an_empty_list_is_success(void **state)
{
	cleanup(adapter_entries_free) struct adapter_entries l = { 0 };

	(void)state;
	assert_int_equal(adapter_flash_list(&a, MISCSI_NONE, &l, NULL), 0);
	assert_int_equal(l.n, 0);
}

static void values_that_no_record_may_have_are_left_out(void **state)
{
	cleanup(adapter_entries_free) struct adapter_entries l = { 0 };

	(void)state;
	odd.rows = 1;
	assert_int_equal(adapter_flash_list(&a, MISCSI_NONE, &l, NULL), 0);
	assert_int_equal(l.n, 1);
	assert_false(record_is_set(l.at->record, FIELD_FLASH_TPGT));
	assert_string_equal(record_str(l.at->record, FIELD_FLASH_TARGETNAME), "");
}

static void a_list_that_fails_leaves_nothing(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	odd.rows = 3;
	odd.result = -EIO;
	for (int later = 0; later < 2; later++) {
		struct adapter_entries l = { 0 };

		odd.later = later;
		assert_int_equal(adapter_chap_list(&a, &l, &err), -EIO);
		assert_true(l.n == 0 && !l.at);
		assert_true(*err.text != '\0');
	}
}

static void the_plugins_own_words_are_told(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_true(adapter_index(&a, transport_flash_login, 7, &err) < 0);
	assert_int_equal(err.code, MISCSI_ERR_BUSY);
	assert_string_equal(err.text, "it is busy");
	assert_true(adapter_index(&a, transport_chap_remove, 7, NULL) < 0);
	err_clear(&err);
	odd.later = true;
	assert_int_equal(adapter_index(&a, transport_flash_logout, 8, &err), 0);
	assert_int_equal(adapter_index(&a, transport_flash_remove, 8, &err), 0);
	assert_int_equal(err.code, 0);
	/* an op that it does not have */
	assert_true(adapter_flash_logout_sid(&a, 1, &err) < 0);
	assert_int_equal(err.code, MISCSI_ERR_OP_NOT_SUPP);
}

static void the_new_index_is_told_when_it_is_known(void **state)
{
	uint32_t index = 1;

	(void)state;
	assert_int_equal(adapter_flash_create(&a, "ipv4", &index, NULL), 0);
	assert_int_equal(index, 5);
	assert_int_equal(adapter_flash_create(&a, "ipv6", &index, NULL), 0);
	assert_int_equal(index, MISCSI_NONE);
}

static void an_entrys_values_are_the_settings(void **state)
{
	struct record *r = record_new(RECORD_CHAP);
	uint32_t index = MISCSI_NONE;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(record_set(r, FIELD_CHAP_USERNAME, "joe", NULL), 0);
	assert_int_equal(record_set(r, FIELD_CHAP_PASSWORD, "secret", NULL), 0);
	assert_int_equal(adapter_chap_set(&a, r, &index, &err), 0);
	assert_int_equal(record_set(r, FIELD_CHAP_USERNAME_IN, "target", NULL), 0); /* three: the plugin above refuses */
	assert_int_equal(adapter_chap_set(&a, r, &index, &err), -EINVAL);
	record_free(r);
}

static void count(void *arg, const char *name, const char *value)
{
	char *text = arg;

	snprintf(text + strlen(text), 200 - strlen(text), "%s=%s;", name, value);
}

static void counters_come_in_order_and_secrets_masked(void **state)
{
	char text[200] = "";

	(void)state;
	assert_int_equal(adapter_host_stats(&a, count, text, NULL), 0);
	assert_string_equal(text, "one\\x0a=1;key=********;");
	*text = '\0';
	odd.later = true;
	odd.result = -ETIMEDOUT;
	assert_int_equal(adapter_host_stats(&a, count, text, NULL), -ETIMEDOUT);
}

/* A record may hold a value that the plugin does not allow, and settings of other plugins. */
static void an_adapter_gets_its_own_settings_of_each_iface(void **state)
{
	struct record *ifaces[3] = { record_new(RECORD_IFACE), record_new(RECORD_IFACE), record_new(RECORD_IFACE) };
	const struct record_list l = { .at = ifaces, .n = 3 };
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(record_set(ifaces[i], FIELD_IFACE_NAME, i == 0 ? "a" : i == 1 ? "b" : "c", NULL), 0);
	assert_int_equal(record_set_key(ifaces[0], "plugin.odd.mode", "quick", NULL), 0);
	assert_int_equal(record_set_key(ifaces[1], "plugin.odd.mode", "wild", NULL), 0);
	assert_int_equal(record_set_key(ifaces[1], "plugin.other.mode", "wild", NULL), 0);
	assert_int_equal(adapter_net_apply(&a, &l, &err), 0);
	assert_string_equal(applied, "iscsi_ifacename=a mode=quick iscsi_ifacename=b mode=slow iscsi_ifacename=c quick");
	for (size_t i = 0; i < 3; i++)
		record_free(ifaces[i]);
}

static void ifaces_are_applied_as_one(void **state)
{
	struct record *ifaces[2] = { record_new(RECORD_IFACE), record_new(RECORD_IFACE) };
	const struct record_list l = { .at = ifaces, .n = 2 };
	struct adapter nobody = null;
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(record_set(ifaces[i], FIELD_IFACE_IPADDRESS, i ? "192.0.2.2" : "192.0.2.1", NULL), 0);
	assert_int_equal(adapter_net_apply(&null, &l, &err), 0);
	nobody.host_no = 99;
	assert_true(adapter_net_apply(&nobody, &l, &err) < 0);
	assert_int_equal(err.code, MISCSI_ERR_HOST_NOT_FOUND);
	record_free(ifaces[0]);
	record_free(ifaces[1]);
}

static void memory_may_fail(void **state)
{
	struct record *entry = record_new(RECORD_CHAP);
	unsigned long n = 0;
	int r;

	(void)state;
	odd.rows = 3;
	assert_int_equal(record_set(entry, FIELD_CHAP_USERNAME, "joe", NULL), 0);
	assert_int_equal(record_set(entry, FIELD_CHAP_PASSWORD, "secret", NULL), 0);
	do {
		cleanup(adapter_entries_free) struct adapter_entries l = { 0 };
		uint32_t index = 1;
		struct err err = ERR_INIT;

		x_fail_at(++n);
		r = adapter_chap_list(&a, &l, &err);
		if (r == 0)
			r = adapter_chap_set(&a, entry, &index, &err);
		x_fail_at(0);
		assert_true(n < 1000);
		assert_true(r == 0 || err.code != 0);
	} while (r);
	assert_true(n > 8);
	record_free(entry);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(lists_are_by_index_whatever_the_order),
		T(an_empty_list_is_success),
		T(values_that_no_record_may_have_are_left_out),
		T(a_list_that_fails_leaves_nothing),
		T(the_plugins_own_words_are_told),
		T(the_new_index_is_told_when_it_is_known),
		T(an_entrys_values_are_the_settings),
		T(counters_come_in_order_and_secrets_masked),
		T(ifaces_are_applied_as_one),
		T(an_adapter_gets_its_own_settings_of_each_iface),
		T(memory_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
