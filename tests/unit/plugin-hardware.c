/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plugins of adapters: what each serves, its limits, the firmware's login; and that none of them leans on another. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "fake_kernel.h"
#include "fake_sys.h"
#include "plugin-run.h"
#include "tempdir.h"
#include "tests/paths.h"
#include <glob.h>
#include <unistd.h>

#define BUILT BUILDDIR "/.libs"
#define BOUND MISCSI_TRAIT_BOUND_SESSION

/* KERNEL facts, one row a transport: proc_name, who makes hosts, who connects, who logs in. */
static const struct {
	const char *plugin, *transport, *proc_name;
	uint64_t traits;
} served[] = {
	{ "tcp", "tcp", "iscsi_tcp", MISCSI_TRAIT_SOCKET | MISCSI_TRAIT_SESSION_HOST },
	{ "iser", "iser", "iscsi_iser", MISCSI_TRAIT_SESSION_HOST | BOUND | MISCSI_TRAIT_RDMA | MISCSI_TRAIT_NO_DIGESTS },
	{ "qla4xxx", "qla4xxx", "qla4xxx",
		BOUND | MISCSI_TRAIT_THROUGH_HOST | MISCSI_TRAIT_FIRMWARE_LOGIN | MISCSI_TRAIT_FIRMWARE_SESSIONS |
			MISCSI_TRAIT_KERNEL_NET | MISCSI_TRAIT_KERNEL_FLASH | MISCSI_TRAIT_KERNEL_CHAP |
			MISCSI_TRAIT_KERNEL_STATS | MISCSI_TRAIT_KERNEL_PING },
	{ "bnx2i", "bnx2i", "bnx2i", BOUND | MISCSI_TRAIT_PATH | MISCSI_TRAIT_UIO },
	{ "cxgbi", "cxgb3i", "cxgb3i", BOUND | MISCSI_TRAIT_HOST_IP },
	{ "cxgbi", "cxgb4i", "cxgb4i", BOUND },
	{ "be2iscsi", "be2iscsi", "be2iscsi", BOUND | MISCSI_TRAIT_THROUGH_HOST | MISCSI_TRAIT_KERNEL_NET },
	{ "qedi", "qedi", "qedi", BOUND | MISCSI_TRAIT_THROUGH_HOST | MISCSI_TRAIT_PATH },
	{ "ocs", "ocs", "ocs",
		BOUND | MISCSI_TRAIT_THROUGH_HOST | MISCSI_TRAIT_KERNEL_NET | MISCSI_TRAIT_KERNEL_FLASH |
			MISCSI_TRAIT_KERNEL_CHAP | MISCSI_TRAIT_KERNEL_STATS | MISCSI_TRAIT_KERNEL_PING },
};
#define SERVED (ARRAY_SIZE(served))

static void every_transport_has_its_plugin(void **state)
{
	struct plugin_fixture w;

	(void)state;
	plugin_fixture_make(&w, BUILT);
	for (size_t i = 0; i < SERVED; i++) {
		struct transport *t = must_find(&w, served[i].transport), *same = NULL;

		assert_string_equal(transport_name(t), served[i].transport);
		assert_string_equal(transport_proc_name(t), served[i].proc_name);
		assert_true(transport_traits(t) == served[i].traits);
		assert_int_equal(transport_logs_in(t), (served[i].traits & MISCSI_TRAIT_FIRMWARE_LOGIN) != 0);
		assert_int_equal(plugins_find_by_proc_name(w.ps, served[i].proc_name, &same, NULL), 0);
		assert_ptr_equal(same, t);
	}
	plugin_fixture_free(&w);
}

static void link_all_but(const struct tempdir *dir, const char *missing)
{
	glob_t found = { 0 };

	assert_int_equal(glob(BUILT "/*.so", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *base = strrchr(found.gl_pathv[i], '/') + 1;

		if (strcmp(base, missing) != 0)
			assert_int_equal(symlink(found.gl_pathv[i], tempdir_path(dir, base)), 0);
	}
	globfree(&found);
}

static int expect_used(void *arg, const struct plugin_info *info)
{
	(void)arg;
	assert_string_equal(info->refused, "");
	return 0;
}

/* Any one file away: its transports are gone, by name; all others are there and nobody was refused. */
static void one_file_away(const char *plugin)
{
	struct plugin_fixture w;
	struct tempdir dir;
	char file[64];

	snprintf(file, sizeof(file), "%s.so", plugin);
	tempdir_make(&dir);
	link_all_but(&dir, file);
	plugin_fixture_make(&w, dir.dir);
	for (size_t i = 0; i < SERVED; i++) {
		struct transport *t = NULL;
		struct err err = ERR_INIT;
		int r = plugins_find(w.ps, served[i].transport, &t, &err);

		assert_int_equal(r == 0, strcmp(served[i].plugin, plugin) != 0);
		if (r < 0)
			assert_int_equal(err.code, MISCSI_ERR_TRANS_NOT_FOUND);
		if (r < 0)
			assert_non_null(strstr(err.text, served[i].transport));
	}
	assert_int_equal(plugins_each(w.ps, expect_used, NULL), 0);
	plugin_fixture_free(&w);
	tempdir_remove(&dir);
}

static void removing_a_file_breaks_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < SERVED; i++)
		one_file_away(served[i].plugin);
}

static struct miscsi_params proposals(void)
{
	return (struct miscsi_params){ .size = sizeof(struct miscsi_params),
		.max_recv_data_segment_length = 262144,
		.max_burst_length = 16776192,
		.first_burst_length = 262144,
		.max_outstanding_r2t = 1 };
}

static struct miscsi_params offered(struct plugin_fixture *w, const char *transport, struct miscsi_params params)
{
	struct transport_op op;

	transport_op_init(&op, NULL, NULL);
	assert_int_equal(transport_offer(must_find(w, transport), &op, &params), 0);
	return params;
}

static void offers_fit_the_hardware(void **state)
{
	struct miscsi_params small = proposals(), p;
	struct plugin_fixture w;

	(void)state;
	plugin_fixture_make(&w, BUILT);
	p = offered(&w, "be2iscsi", proposals());
	assert_int_equal(p.initial_r2t, 1);
	assert_int_equal(p.max_recv_data_segment_length, 65536);
	assert_int_equal(p.max_xmit_data_segment_length, 65536); /* 0 was "no limit" */
	assert_int_equal(p.max_burst_length, 262144);
	assert_int_equal(p.first_burst_length, 8192);
	p = offered(&w, "cxgb4i", proposals());
	assert_int_equal(p.max_recv_data_segment_length, 8192);
	assert_int_equal(p.max_burst_length, 16776192);
	/* what is within is left alone, but for the unit of cxgbi */
	small.max_recv_data_segment_length = 4196;
	small.first_burst_length = small.max_burst_length = 4096;
	p = offered(&w, "be2iscsi", small);
	assert_int_equal(p.max_recv_data_segment_length, 4196);
	assert_int_equal(p.first_burst_length, 4096);
	assert_int_equal(offered(&w, "cxgb3i", small).max_recv_data_segment_length, 4096);
	assert_int_equal(offered(&w, "bnx2i", proposals()).max_recv_data_segment_length, 262144);
	plugin_fixture_free(&w);
}

/* ---- the firmware's login ---- */

struct firmware {
	struct plugin_fixture w;
	struct fake_kernel *fk;
	struct kernel *kernel;
	struct fake_sys sys;
	struct transport *t;
	struct run r;
};

static void firmware_new(struct firmware *f)
{
	static const struct kernel_event_ops no_events;
	struct plugins_config config = { .dirs = BUILT };

	memset(f, 0, sizeof(*f));
	f->w.log = (struct log){ .level = LOG_LEVEL_DEBUG, .write = plugin_fixture_write, .arg = &f->w };
	assert_int_equal(loop_new(&f->w.loop), 0);
	f->fk = fake_kernel_new();
	assert_int_equal(kernel_new(&fake_kernel_ops, f->fk, &f->kernel), 0);
	assert_int_equal(kernel_attach(f->kernel, f->w.loop, &no_events, NULL, NULL), 0);
	fake_sys_new(&f->sys);
	fake_sys_write(&f->sys, "FREE\n", "class/iscsi_session/session4/state");
	config.loop = f->w.loop;
	config.log = &f->w.log;
	config.kernel = f->kernel;
	config.sysfs = &f->sys.sysfs;
	assert_int_equal(plugins_new(&config, &f->w.ps), 0);
	f->t = must_find(&f->w, "qla4xxx");
}

static void firmware_free(struct firmware *f)
{
	plugins_free(f->w.ps);
	kernel_free(f->kernel);
	loop_free(f->w.loop);
	fake_kernel_free(f->fk);
	fake_sys_free(&f->sys);
}

static void login_begins(struct firmware *f)
{
	struct transport_op *op = run_begin(&f->r, MISCSI_NONE, NULL);

	op->sid = 4;
	op->cid = 0;
	transport_login(f->t, op);
}

static void answered(struct firmware *f)
{
	for (int i = 0; i < 50 && !f->r.done; i++)
		loop_step(f->w.loop, 1);
}

static void started_is_not_logged_in(void **state)
{
	struct firmware f;

	(void)state;
	firmware_new(&f);
	for (uint32_t end = 0; end <= 3; end += 3) {
		login_begins(&f);
		answered(&f);
		assert_int_equal(f.r.done, 0);
		transport_login_event(&f.r.op, 2); /* on its way */
		assert_int_equal(f.r.done, 0);
		transport_login_event(&f.r.op, end);
		assert_int_equal(run_end(&f.w, &f.r) == 0, end == 3);
		assert_int_equal(f.r.op.err.code, end == 3 ? MISCSI_ERR_OK : MISCSI_ERR_LOGIN);
	}
	firmware_free(&f);
}

static void what_ends_a_login_without_an_event(void **state)
{
	struct firmware f;

	(void)state;
	firmware_new(&f);
	fake_kernel_fault(f.fk, ISCSI_UEVENT_START_CONN, 1, FAKE_RETCODE, -EEXIST);
	login_begins(&f);
	run_end(&f.w, &f.r);
	assert_int_equal(f.r.op.err.code, MISCSI_ERR_SESS_EXISTS);
	fake_kernel_fault(f.fk, ISCSI_UEVENT_START_CONN, 1, FAKE_RETCODE, -EINVAL);
	login_begins(&f);
	run_end(&f.w, &f.r);
	assert_int_equal(f.r.op.err.code, MISCSI_ERR_LOGIN);
	/* the session was up all the time: START_CONN only unblocked it */
	fake_sys_write(&f.sys, "LOGGED_IN\n", "class/iscsi_session/session4/state");
	login_begins(&f);
	assert_int_equal(run_end(&f.w, &f.r), 0);
	firmware_free(&f);
}

static void the_event_may_come_first(void **state)
{
	struct firmware f;

	(void)state;
	firmware_new(&f);
	login_begins(&f);
	transport_login_event(&f.r.op, 3);
	assert_int_equal(run_end(&f.w, &f.r), 0);
	answered(&f);
	firmware_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_transport_has_its_plugin),
		cmocka_unit_test(removing_a_file_breaks_nothing_else),
		cmocka_unit_test(offers_fit_the_hardware),
		cmocka_unit_test(started_is_not_logged_in),
		cmocka_unit_test(what_ends_a_login_without_an_event),
		cmocka_unit_test(the_event_may_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
