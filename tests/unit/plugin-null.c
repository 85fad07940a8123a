/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every op of the ABI from its trampoline to a plugin in a file and back, by the null plugin. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "plugin-run.h"
#include "plugin/report.h"
#include "tests/paths.h"

static struct plugin_fixture w;
static struct transport *t;

static int open_plugins(void **state)
{
	(void)state;
	plugin_fixture_make(&w, BUILDDIR "/.libs");
	t = must_find(&w, "null");
	return 0;
}

static int close_plugins(void **state)
{
	(void)state;
	plugin_fixture_free(&w);
	return 0;
}

static const char *const account[] = { "host.auth.username", "joe", "host.auth.password", "s\033cret", NULL };

static void null_flash_nodes(void **state)
{
	static const char *const settings[] = { "flashnode.session.targetname", "iqn.t", NULL };
	struct run r;

	(void)state;
	transport_flash_create(t, run_begin(&r, 1, NULL), "ipv4");
	assert_int_equal(run_end(&w, &r), 0);
	assert_string_equal(r.values, "[0]");
	transport_flash_set(t, run_begin(&r, 1, settings), 0);
	assert_int_equal(run_end(&w, &r), 0);
	transport_flash_list(t, run_begin(&r, 1, NULL));
	assert_int_equal(run_end(&w, &r), 0);
	assert_string_equal(r.values, "[0]flashnode.session.portal_type=ipv4;flashnode.session.targetname=iqn.t;");
	transport_flash_login(t, run_begin(&r, 1, NULL), 0);
	assert_int_equal(run_end(&w, &r), 0);
	transport_flash_login(t, run_begin(&r, 1, NULL), 0);
	assert_int_equal(run_end(&w, &r), -EEXIST);
	assert_int_equal(r.op.err.code, MISCSI_ERR_SESS_EXISTS);
	transport_flash_logout(t, run_begin(&r, 1, NULL), 0);
	assert_int_equal(run_end(&w, &r), 0);
	run_begin(&r, 1, NULL)->sid = 0;
	transport_flash_logout_sid(t, &r.op);
	assert_int_equal(run_end(&w, &r), -ENOENT);
	transport_flash_remove(t, run_begin(&r, 1, NULL), 0);
	assert_int_equal(run_end(&w, &r), 0);
	transport_flash_show(t, run_begin(&r, 1, NULL), 0);
	assert_int_equal(run_end(&w, &r), -ENOENT);
	assert_string_equal(r.op.err.text, "host 1 has no flash node 0");
	transport_flash_list(t, run_begin(&r, 7, NULL));
	assert_int_equal(run_end(&w, &r), -ENODEV);
}

static void null_chap_table(void **state)
{
	struct run r;

	(void)state;
	transport_chap_set(t, run_begin(&r, 0, account), MISCSI_NONE);
	assert_int_equal(run_end(&w, &r), 0);
	assert_string_equal(r.values, "[0]");
	transport_chap_list(t, run_begin(&r, 0, NULL));
	assert_int_equal(run_end(&w, &r), 0);
	assert_string_equal(r.values, "[0]host.auth.username=joe;host.auth.password=s\\x1bcret;"); /* escaped */
	assert_int_equal(r.flags, MISCSI_VALUE_SECRET);
	transport_chap_remove(t, run_begin(&r, 0, NULL), 0);
	assert_int_equal(run_end(&w, &r), 0);
	transport_chap_remove(t, run_begin(&r, 0, NULL), 0);
	assert_true(run_end(&w, &r) < 0);
}

/* More values than a row has room for: what came before the one that failed is not left behind. */
static void what_fails_half_way_leaves_nothing(void **state)
{
	const char *many[2 * 80 + 1] = { NULL };
	char keys[80][16];
	struct run r;

	(void)state;
	for (int i = 0; i < 80; i++) {
		snprintf(keys[i], sizeof(keys[i]), "k%d", i);
		many[2 * i] = keys[i];
		many[2 * i + 1] = "v";
	}
	transport_chap_set(t, run_begin(&r, 0, many), MISCSI_NONE);
	assert_int_equal(run_end(&w, &r), -ENOSPC);
	transport_chap_list(t, run_begin(&r, 0, NULL));
	assert_int_equal(run_end(&w, &r), 0);
	assert_string_equal(r.values, "");
	transport_chap_set(t, run_begin(&r, 0, account), 3);
	assert_int_equal(run_end(&w, &r), 0);
	transport_chap_set(t, run_begin(&r, 0, many), 3);
	assert_int_equal(run_end(&w, &r), -ENOSPC);
	transport_chap_list(t, run_begin(&r, 0, NULL));
	assert_int_equal(run_end(&w, &r), 0);
	assert_string_equal(r.values, "[3]host.auth.username=joe;host.auth.password=s\\x1bcret;");
}

static void null_host_net_stats(void **state)
{
	static const char *const iface[] = { "iface.ipaddress", "10.1.1.1", NULL };
	struct miscsi_path path = { .size = sizeof(path), .family = AF_INET };
	struct run r;

	(void)state;
	transport_host_event(t, 1, 2);
	transport_host_set(t, run_begin(&r, 1, iface));
	assert_int_equal(run_end(&w, &r), 0);
	transport_net_apply(t, run_begin(&r, 1, iface));
	assert_int_equal(run_end(&w, &r), 0);
	transport_net_path(t, run_begin(&r, 1, NULL), &path);
	assert_int_equal(run_end(&w, &r), 0);
	assert_int_equal(path.mac[0], 2);
	transport_stats_session(t, run_begin(&r, 1, NULL));
	assert_int_equal(run_end(&w, &r), 0);
	transport_stats_host(t, run_begin(&r, 1, NULL));
	assert_int_equal(run_end(&w, &r), 0);
	assert_string_equal(r.values, "[1]mactx_frames=100;"); /* from the plugin's own thread */
}

static char heard[256];

static void hear(void *arg, const struct plugin *from, uint32_t event, uint32_t number)
{
	assert_true(transport_is_of(arg, from));
	snprintf(heard + strlen(heard), sizeof(heard) - strlen(heard), "%u:%u ", event, number);
}

static void null_reports_resets_and_lost_sessions(void **state)
{
	static const char *const address[] = { "iface.hwaddress", "02:00:00:00:00:77", NULL };
	struct run r;

	(void)state;
	report_listen(w.ps, hear, t);
	transport_host_set(t, run_begin(&r, 1, address));
	assert_int_equal(run_end(&w, &r), 0);
	transport_flash_create(t, run_begin(&r, 1, NULL), "ipv4");
	assert_int_equal(run_end(&w, &r), 0);
	transport_flash_login(t, run_begin(&r, 1, NULL), 0);
	assert_int_equal(run_end(&w, &r), 0);
	transport_flash_logout(t, run_begin(&r, 1, NULL), 0);
	assert_int_equal(run_end(&w, &r), 0);
	loop_step(w.loop, 0);
	report_listen(w.ps, NULL, NULL);
	assert_string_equal(heard, "3:1 2:1 1:0 ");
}

static void null_endpoint_login_params(void **state)
{
	struct miscsi_connect_args args = { .size = sizeof(args) };
	struct miscsi_params params = { .max_recv_data_segment_length = 262144, .header_digest = MISCSI_DIGEST_CRC32C };
	struct run r;

	(void)state;
	assert_true(transport_logs_in(t));
	transport_connect(t, run_begin(&r, MISCSI_NONE, NULL), &args);
	assert_int_equal(run_end(&w, &r), 0);
	assert_int_equal(r.op.binding.kind, MISCSI_BINDING_ENDPOINT);
	transport_disconnect(t, &r.op.binding);
	loop_step(w.loop, 0);
	transport_login(t, run_begin(&r, 0, NULL));
	loop_step(w.loop, 0);
	assert_int_equal(r.done, 0);
	transport_login_event(&r.op, 3);
	assert_int_equal(run_end(&w, &r), 0);
	transport_login_event(&r.op, 3); /* after the end: nothing */
	transport_login(t, run_begin(&r, 0, NULL));
	transport_login_event(&r.op, 0);
	assert_true(run_end(&w, &r) < 0);
	assert_int_equal(r.op.err.code, MISCSI_ERR_LOGIN);
	run_begin(&r, MISCSI_NONE, NULL);
	assert_int_equal(transport_negotiated(t, &r.op, &params), -EPROTO);
	assert_string_equal(r.op.err.text, "the target insists on digests");
	assert_int_equal(transport_offer(t, &r.op, &params), 0);
	assert_int_equal(params.max_recv_data_segment_length, 65536);
	assert_int_equal(params.header_digest, MISCSI_DIGEST_NONE);
}

static void null_ping(void **state)
{
	struct miscsi_ping_args args = { .size = sizeof(args), .payload = 32 };
	struct run r;

	(void)state;
	transport_ping_send(t, run_begin(&r, 0, NULL), &args);
	transport_ping_event(&r.op, 0);
	assert_int_equal(run_end(&w, &r), 0);
	transport_ping_send(t, run_begin(&r, 0, NULL), &args);
	transport_ping_event(&r.op, 4);
	assert_true(run_end(&w, &r) < 0);
	args.payload = 65535;
	transport_ping_send(t, run_begin(&r, 0, NULL), &args);
	assert_int_equal(run_end(&w, &r), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(null_flash_nodes),
		cmocka_unit_test(null_chap_table),
		cmocka_unit_test(what_fails_half_way_leaves_nothing),
		cmocka_unit_test(null_host_net_stats),
		cmocka_unit_test(null_reports_resets_and_lost_sessions),
		cmocka_unit_test(null_endpoint_login_params),
		cmocka_unit_test(null_ping),
	};

	return cmocka_run_group_tests(tests, open_plugins, close_plugins);
}
