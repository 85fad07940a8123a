/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done before an adapter connects: its uio device opened and held, its address looked at; and what is said when that cannot be. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/worker.h"
#include "fake_kernel.h"
#include "fake_sys.h"
#include "plugin/resources.h"
#include "plugin-run.h"
#include "tempdir.h"
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const struct miscsi_match match[] = { MISCSI_MATCH(.transport = "card", .traits = MISCSI_TRAIT_UIO | MISCSI_TRAIT_PATH),
	MISCSI_MATCH(.transport = "plain"), MISCSI_END };
static const struct miscsi_plugin plugin = { .size = sizeof(plugin), .abi = MISCSI_ABI, .name = "card", .match = match };

/* Two adapters, each with a host and a uio device beside it, whose node stands for it: /dev/null. */
struct uio_fixture {
	struct plugin_fixture w;
	struct fake_kernel *fk;
	struct kernel *kernel;
	struct fake_sys sys;
	struct tempdir dev;
	struct worker_pool *workers;
	struct transport *card;
	int opened_before;
};

static int nulls_open(void)
{
	struct stat st;
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
	return n;
}

static int held(const struct uio_fixture *u)
{
	return nulls_open() - u->opened_before;
}

static void add_uio(struct uio_fixture *u, unsigned host, const char *dev)
{
	fake_sys_write(&u->sys, dev, "devices/pci%u/uio/uio%u/dev", host, host);
}

static struct uio_fixture *set_up(bool threads)
{
	struct uio_fixture *u = x_new(struct uio_fixture);
	struct plugins_config config = { .dirs = "" };
	char to[64], node[32];

	u->opened_before = nulls_open();
	u->w.log = (struct log){ .level = LOG_LEVEL_DEBUG, .write = plugin_fixture_write, .arg = &u->w };
	assert_int_equal(loop_new(&u->w.loop), 0);
	u->fk = fake_kernel_new();
	assert_int_equal(kernel_new(&fake_kernel_ops, u->fk, &u->kernel), 0);
	fake_sys_new(&u->sys);
	fake_sys_transport(&u->sys, "card");
	tempdir_make(&u->dev);
	for (unsigned host = 3; host < 5; host++) {
		fake_sys_write(&u->sys, "card\n", "devices/pci%u/host%u/scsi_host/host%u/proc_name", host, host, host);
		fake_sys_write(&u->sys, "00:00:5e:00:53:01\n", "class/iscsi_host/host%u/hwaddress", host);
		snprintf(to, sizeof(to), "../../devices/pci%u/host%u/scsi_host/host%u", host, host, host);
		fake_sys_link(&u->sys, to, "class/scsi_host/host%u", host);
		fake_sys_link(&u->sys, "../..", "devices/pci%u/host%u/scsi_host/host%u/device", host, host, host);
		add_uio(u, host, "1:3\n");
		snprintf(node, sizeof(node), "uio%u", host);
		assert_int_equal(symlink("/dev/null", tempdir_path(&u->dev, node)), 0);
	}
	fake_sys_write(&u->sys, "x", "class/uio/x");
	if (threads)
		assert_int_equal(worker_pool_new(u->w.loop, 2, &u->workers), 0);
	config.loop = u->w.loop;
	config.log = &u->w.log;
	config.kernel = u->kernel;
	config.sysfs = &u->sys.sysfs;
	config.workers = u->workers;
	config.dev = u->dev.dir;
	assert_int_equal(plugins_new(&config, &u->w.ps), 0);
	assert_int_equal(load_entry(u->w.ps, "card", "card.so", 1, &plugin), 0);
	u->card = must_find(&u->w, "card");
	return u;
}

static void end(struct uio_fixture *u)
{
	plugins_free(u->w.ps);
	kernel_free(u->kernel);
	worker_pool_free(u->workers);
	assert_int_equal(held(u), 0); /* whatever came before: nothing stays open */
	loop_free(u->w.loop);
	fake_kernel_free(u->fk);
	fake_sys_free(&u->sys);
	tempdir_remove(&u->dev);
	x_free(u);
}

static const struct sockaddr_in dst = { .sin_family = AF_INET, .sin_port = 1 };

static void begin_connect(struct uio_fixture *u, struct run *r, uint32_t host_no, const char *ip, const char *const *settings)
{
	const struct miscsi_connect_args args = {
		.size = sizeof(args), .timeout_ms = 2000, .ip = ip, .dst = (const struct sockaddr *)&dst, .dst_len = sizeof(dst)
	};

	transport_connect(u->card, run_begin(r, host_no, settings), &args);
}

static int connect_through(struct uio_fixture *u, struct run *r, uint32_t host_no)
{
	begin_connect(u, r, host_no, NULL, NULL);
	return run_end(&u->w, r);
}

static void must_fail(struct uio_fixture *u, uint32_t host_no, enum miscsi_error code, const char *part)
{
	unsigned asked = fake_kernel_requests(u->fk);
	struct run r;

	assert_true(connect_through(u, &r, host_no) < 0);
	assert_int_equal(r.op.err.code, code);
	if (!strstr(r.op.err.text, part))
		fail_msg("'%s' lacks '%s'", r.op.err.text, part);
	assert_int_equal(fake_kernel_requests(u->fk), asked);
}

static void a_device_is_opened_once_and_held_while_the_transport_is_used(void **state)
{
	(void)state;
	for (int threads = 0; threads < 2; threads++) {
		struct uio_fixture *u = set_up(threads);
		struct run r, other;

		assert_int_equal(connect_through(u, &r, 3), 0);
		assert_int_equal(held(u), 1);
		assert_int_equal(connect_through(u, &r, 3), 0);
		begin_connect(u, &r, 4, NULL, NULL); /* two at once */
		begin_connect(u, &other, 4, NULL, NULL);
		assert_int_equal(run_end(&u->w, &r), 0);
		assert_int_equal(other.done ? other.result : run_end(&u->w, &other), 0);
		assert_int_equal(held(u), 2);
		resources_release(must_find(&u->w, "plain"));
		assert_int_equal(held(u), 2);
		resources_release(u->card);
		assert_int_equal(held(u), 0);
		end(u);
	}
}

/* Who has sessions without having connected them. */
static void it_can_be_held_without_a_connect(void **state)
{
	struct uio_fixture *u = set_up(true);
	struct run r;

	(void)state;
	resources_keep(u->card, run_begin(&r, 3, NULL));
	assert_int_equal(run_end(&u->w, &r), 0);
	assert_int_equal(held(u), 1);
	resources_keep(must_find(&u->w, "plain"), run_begin(&r, MISCSI_NONE, NULL));
	assert_int_equal(run_end(&u->w, &r), 0);
	assert_int_equal(held(u), 1);
	assert_int_equal(fake_kernel_requests(u->fk), 0);
	end(u);
}

static void without_a_host_all_are_opened(void **state)
{
	struct uio_fixture *u = set_up(true);
	struct run r;

	(void)state;
	assert_int_equal(connect_through(u, &r, MISCSI_NONE), 0);
	assert_int_equal(held(u), 2);
	resources_release(u->card);
	unlink(tempdir_path(&u->dev, "uio3")); /* the route may choose the other */
	assert_int_equal(connect_through(u, &r, MISCSI_NONE), 0);
	assert_int_equal(held(u), 1);
	unlink(tempdir_path(&u->dev, "uio4"));
	assert_int_equal(connect_through(u, &r, MISCSI_NONE), 0); /* open is open */
	end(u);
}

static void one_that_came_back_is_another(void **state)
{
	struct uio_fixture *u = set_up(true);
	char old[256], away[256];
	struct run r;

	(void)state;
	assert_int_equal(connect_through(u, &r, 3), 0);
	snprintf(old, sizeof(old), "%s/devices/pci3/uio", u->sys.dir);
	snprintf(away, sizeof(away), "%s/devices/away", u->sys.dir);
	assert_int_equal(rename(old, away), 0); /* not removed: its number is not to be had again */
	must_fail(u, 3, MISCSI_ERR_TRANS_NOT_FOUND,
		"transport card connects only while iscsid holds the adapter's uio device open, and its host has none");
	assert_int_equal(held(u), 0);
	add_uio(u, 3, "1:3\n");
	assert_int_equal(connect_through(u, &r, 3), 0);
	assert_int_equal(held(u), 1);
	end(u);
}

static void what_is_missing_is_named(void **state)
{
	struct uio_fixture *u = set_up(true);

	(void)state;
	unlink(tempdir_path(&u->dev, "uio3"));
	must_fail(u, 3, MISCSI_ERR_TRANS, "/uio3, which does not exist although the kernel has the device");
	assert_int_equal(symlink("/dev/zero", tempdir_path(&u->dev, "uio3")), 0);
	must_fail(u, 3, MISCSI_ERR_TRANS, "/uio3, whose device number is not 1:3");
	fake_sys_remove(&u->sys, "devices/pci4/uio");
	must_fail(u, 4, MISCSI_ERR_TRANS_NOT_FOUND, "(see miscsi-card(7))");
	fake_sys_remove(&u->sys, "class/uio");
	must_fail(u, 4, MISCSI_ERR_TRANS_NOT_FOUND, "load the kernel module uio ");
	end(u);
}

/* The worker may be in the middle of it. */
static void a_connect_may_be_given_up(void **state)
{
	struct uio_fixture *u = set_up(true);
	struct run r;

	(void)state;
	for (int steps = 0; steps < 4; steps++) {
		begin_connect(u, &r, 3, "127.0.0.1", NULL);
		for (int i = 0; i < steps; i++)
			loop_step(u->w.loop, 1);
		transport_cancel(&r.op);
	}
	for (int i = 0; i < 50; i++) /* what was made meanwhile is unmade */
		loop_step(u->w.loop, 1);
	begin_connect(u, &r, 4, NULL, NULL);
	end(u); /* with one under way */
}

/* Whatever cannot be had: the connect ends once, and leaves nothing behind. */
static void memory_may_end_anywhere(void **state)
{
	static const char *const none[] = { NULL };

	(void)state;
	for (int threads = 0; threads < 2; threads++) {
		bool ended_well = false;

		for (unsigned long nth = 1; nth < 200 && !ended_well; nth++) {
			struct uio_fixture *u = set_up(threads);
			struct run r;

			x_fail_at(nth);
			begin_connect(u, &r, 3, "127.0.0.1", none);
			ended_well = run_end(&u->w, &r) == 0;
			x_fail_at(0);
			assert_int_equal(r.done, 1);
			if (!ended_well && r.op.err.code == MISCSI_ERR_OK)
				fail_msg("allocation %lu: no reason", nth);
			assert_in_range(held(u), ended_well, 1);
			resources_release(u->card);
			assert_int_equal(held(u), 0);
			end(u);
		}
		assert_true(ended_well);
	}
}

static void an_address_must_be_this_hosts(void **state)
{
	static const char *const dhcp[] = { "iface.bootproto", "dhcp", NULL };
	struct uio_fixture *u = set_up(true);
	struct run r;

	(void)state;
	begin_connect(u, &r, 3, "127.0.0.1", dhcp); /* a fixed one goes first */
	assert_int_equal(run_end(&u->w, &r), 0);
	begin_connect(u, &r, 3, "fd00::1", NULL); /* of the other family: not meant */
	assert_int_equal(run_end(&u->w, &r), 0);
	begin_connect(u, &r, 3, "203.0.113.77", NULL);
	assert_true(run_end(&u->w, &r) < 0);
	assert_int_equal(r.op.err.code, MISCSI_ERR_TRANS_CAPS);
	assert_non_null(
		strstr(r.op.err.text, "no network device of this machine has the address 203.0.113.77 (iface.ipaddress)"));
	begin_connect(u, &r, 3, NULL, dhcp);
	assert_true(run_end(&u->w, &r) < 0);
	assert_int_equal(r.op.err.code, MISCSI_ERR_TRANS_CAPS);
	assert_non_null(strstr(r.op.err.text, "transport card: the adapter cannot use DHCP"));
	assert_int_equal(held(u), 1);
	end(u);
}

static void what_the_makers_driver_would_do_is_refused_so(void **state)
{
	static const struct miscsi_ping_args args = { .size = sizeof(args), .dst = (const struct sockaddr *)&dst };
	struct uio_fixture *u = set_up(false);
	struct run r;

	(void)state;
	transport_ping_send(u->card, run_begin(&r, 3, NULL), &args);
	assert_true(run_end(&u->w, &r) < 0);
	assert_int_equal(r.op.err.code, MISCSI_ERR_OP_NOT_SUPP);
	assert_string_equal(r.op.err.text,
		"transport card does not support pings: its kernel driver leaves that to a daemon of the adapter's maker, which "
		"is not part of miscsi");
	transport_net_apply(u->card, run_begin(&r, 3, NULL));
	assert_true(run_end(&u->w, &r) < 0);
	assert_int_equal(r.op.err.code, MISCSI_ERR_TRANS_CAPS);
	end(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_is_opened_once_and_held_while_the_transport_is_used),
		cmocka_unit_test(it_can_be_held_without_a_connect),
		cmocka_unit_test(without_a_host_all_are_opened),
		cmocka_unit_test(one_that_came_back_is_another),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(a_connect_may_be_given_up),
		cmocka_unit_test(memory_may_end_anywhere),
		cmocka_unit_test(an_address_must_be_this_hosts),
		cmocka_unit_test(what_the_makers_driver_would_do_is_refused_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
