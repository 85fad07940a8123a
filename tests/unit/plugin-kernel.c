/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the core does for a plugin without ops of its own: kernel endpoints, statistics, host parameters, modules. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/worker.h"
#include "fake_kernel.h"
#include "fake_sys.h"
#include "plugin/hosts.h"
#include "plugin-run.h"
#include <netinet/in.h>

/* The smallest plugin there can be, for two drivers that want endpoints. */
static const struct miscsi_match match[] = { MISCSI_MATCH(.transport = "card", .proc_name = "card"),
	MISCSI_MATCH(.transport = "port", .traits = MISCSI_TRAIT_THROUGH_HOST),
	MISCSI_MATCH(.transport = "own_ip", .traits = MISCSI_TRAIT_HOST_IP),
	MISCSI_MATCH(.transport = "soft", .traits = MISCSI_TRAIT_SESSION_HOST | MISCSI_TRAIT_THROUGH_HOST), MISCSI_END };
static const struct miscsi_plugin plugin = { .size = sizeof(plugin), .abi = MISCSI_ABI, .name = "card", .match = match };

struct kernel_fixture {
	struct plugin_fixture w;
	struct fake_kernel *fk;
	struct kernel *kernel;
	struct fake_sys sys;
	struct transport *card, *port;
};

static const struct kernel_event_ops no_events;

/* attached: as in the daemon, by the worker; else as in a command, at once. */
static struct kernel_fixture *set_up(bool attached)
{
	struct kernel_fixture *k = x_new(struct kernel_fixture);
	struct plugins_config config = { .dirs = "" };

	k->w.log = (struct log){ .level = LOG_LEVEL_DEBUG, .write = plugin_fixture_write, .arg = &k->w };
	assert_int_equal(loop_new(&k->w.loop), 0);
	k->fk = fake_kernel_new();
	assert_int_equal(kernel_new(&fake_kernel_ops, k->fk, &k->kernel), 0);
	if (attached)
		assert_int_equal(kernel_attach(k->kernel, k->w.loop, &no_events, NULL, NULL), 0);
	fake_sys_new(&k->sys);
	fake_sys_transport(&k->sys, "card");
	config.loop = k->w.loop;
	config.log = &k->w.log;
	config.kernel = k->kernel;
	config.sysfs = &k->sys.sysfs;
	assert_int_equal(plugins_new(&config, &k->w.ps), 0);
	assert_int_equal(load_entry(k->w.ps, "card", "card.so", 1, &plugin), 0);
	k->card = must_find(&k->w, "card");
	k->port = must_find(&k->w, "port");
	return k;
}

static void end(struct kernel_fixture *k)
{
	plugins_free(k->w.ps);
	kernel_free(k->kernel);
	loop_free(k->w.loop);
	fake_kernel_free(k->fk);
	fake_sys_free(&k->sys);
	x_free(k);
}

static void connect_it(struct transport *t, struct run *r, uint32_t host_no)
{
	static const struct sockaddr_in dst = { .sin_family = AF_INET, .sin_port = 1 };
	const struct miscsi_connect_args args = {
		.size = sizeof(args), .timeout_ms = 2000, .dst = (const struct sockaddr *)&dst, .dst_len = sizeof(dst)
	};

	transport_connect(t, run_begin(r, host_no, NULL), &args);
}

static uint32_t asked(struct kernel_fixture *k, unsigned nth, struct iscsi_uevent *ev)
{
	char *payload = NULL;
	size_t len;

	fake_kernel_request(k->fk, nth, ev, &payload, &len);
	x_free(payload);
	return ev->type;
}

static unsigned count(struct kernel_fixture *k, uint32_t type)
{
	struct iscsi_uevent ev;
	unsigned n = 0;

	for (unsigned i = 0; i < fake_kernel_requests(k->fk); i++)
		n += asked(k, i, &ev) == type;
	return n;
}

static void settle(struct kernel_fixture *k)
{
	for (int i = 0; i < 50; i++)
		loop_step(k->w.loop, 1);
}

/* By now, or within 5 s, n endpoints were disconnected, and no more. */
static void disconnected(struct kernel_fixture *k, unsigned n)
{
	for (int i = 0; i < 5000 && count(k, ISCSI_UEVENT_EP_DISCONNECT) < n; i++)
		loop_step(k->w.loop, 1);
	settle(k);
	assert_int_equal(count(k, ISCSI_UEVENT_EP_DISCONNECT), n);
}

/* The next n EP_POLLs say "not yet". */
static void not_yet(struct kernel_fixture *k, unsigned n)
{
	for (unsigned i = 1; i <= n; i++)
		fake_kernel_fault(k->fk, ISCSI_UEVENT_EP_POLL, i, FAKE_RETCODE, 0);
}

static void endpoint_is_polled_until_it_stands(void **state)
{
	(void)state;
	for (int attached = 0; attached < 2; attached++) {
		struct kernel_fixture *k = set_up(attached);
		struct iscsi_uevent ev;
		struct run r;
		uint32_t timeout;

		not_yet(k, 3);
		transport_open(k->card, run_begin(&r, MISCSI_NONE, NULL));
		assert_int_equal(run_end(&k->w, &r), 0);
		assert_true(transport_handle(k->card) != 0);
		connect_it(k->card, &r, MISCSI_NONE);
		assert_int_equal(run_end(&k->w, &r), 0);
		assert_int_equal(r.op.binding.kind, MISCSI_BINDING_ENDPOINT);
		assert_true(r.op.binding.value != 0);
		assert_int_equal(asked(k, 0, &ev), ISCSI_UEVENT_EP_CONNECT);
		assert_true(ev.transport_handle == transport_handle(k->card));
		assert_int_equal(asked(k, 1, &ev), ISCSI_UEVENT_EP_POLL);
		memcpy(&timeout, ev.u.bytes + 8, sizeof(timeout));
		assert_true(timeout <= 1); /* the machine's iSCSI waits with it */
		assert_int_equal(count(k, ISCSI_UEVENT_EP_POLL), 4);
		transport_disconnect(k->card, &r.op.binding);
		assert_int_equal(r.op.binding.kind, MISCSI_BINDING_NONE);
		disconnected(k, 1);
		end(k);
	}
}

static void endpoint_that_fails_or_is_given_up_is_disconnected(void **state)
{
	struct kernel_fixture *k = set_up(true);
	struct run r;

	(void)state;
	fake_kernel_fault(k->fk, ISCSI_UEVENT_EP_POLL, 1, FAKE_RETCODE, -ECONNREFUSED);
	connect_it(k->card, &r, MISCSI_NONE);
	assert_int_equal(run_end(&k->w, &r), -ECONNREFUSED);
	assert_string_equal(r.op.err.text, "Connection refused");
	disconnected(k, 1);

	not_yet(k, 200);
	connect_it(k->card, &r, MISCSI_NONE);
	settle(k);
	transport_cancel(&r.op);
	disconnected(k, 2);

	/* given up before the kernel has answered: the answer's endpoint is disconnected all the same */
	connect_it(k->card, &r, MISCSI_NONE);
	transport_cancel(&r.op);
	disconnected(k, 3);
	assert_int_equal(r.done, 0);

	connect_it(k->card, &r, MISCSI_NONE);
	assert_int_equal(run_end(&k->w, &r), -ETIMEDOUT);
	disconnected(k, 4);
	assert_int_equal(count(k, ISCSI_UEVENT_EP_CONNECT), 4);
	end(k);
}

static void host_must_be_the_transports_own(void **state)
{
	struct kernel_fixture *k = set_up(true);
	struct run r;

	(void)state;
	fake_sys_write(&k->sys, "card\n", "class/scsi_host/host3/proc_name");
	fake_sys_write(&k->sys, "port\n", "class/scsi_host/host4/proc_name");
	connect_it(k->card, &r, 4);
	assert_int_equal(run_end(&k->w, &r), -ENODEV);
	assert_int_equal(r.op.err.code, MISCSI_ERR_HOST_NOT_FOUND);
	assert_string_equal(r.op.err.text,
		"host4 does not belong to transport card, since its driver is port: choose another host ('iscsiadm -m host -P 1' "
		"shows them)");
	connect_it(k->card, &r, 9);
	assert_true(run_end(&k->w, &r) < 0);
	assert_int_equal(fake_kernel_requests(k->fk), 0);

	connect_it(k->card, &r, 3);
	assert_int_equal(run_end(&k->w, &r), 0);
	assert_int_equal(count(k, ISCSI_UEVENT_EP_CONNECT_THROUGH_HOST), 1);
	end(k);
}

static void add_host(struct kernel_fixture *k, unsigned number, const char *proc_name, const char *mac, const char *netdev)
{
	fake_sys_write(&k->sys, proc_name, "class/scsi_host/host%u/proc_name", number);
	fake_sys_write(&k->sys, mac, "class/iscsi_host/host%u/hwaddress", number);
	if (netdev)
		fake_sys_write(&k->sys, netdev, "class/iscsi_host/host%u/netdev", number);
}

/* The host that a connect goes through; MISCSI_NONE: none; -errno. */
static int64_t host_by(struct transport *t, const char *mac, const char *netdev, struct err *err)
{
	const struct miscsi_connect_args args = { .size = sizeof(args), .hwaddress = mac, .netdev = netdev };
	uint32_t host_no;
	int r = hosts_find(t, &args, &host_no, err);

	return r < 0 ? (int64_t)r : (int64_t)host_no;
}

/* EP_POLL gives -1 for any failure: that is no lack of permission. */
static void a_failed_endpoint_is_no_matter_of_permission(void **state)
{
	struct kernel_fixture *k = set_up(true);
	struct run r;

	(void)state;
	fake_kernel_fault(k->fk, ISCSI_UEVENT_EP_POLL, 1, FAKE_RETCODE, -1);
	connect_it(k->card, &r, MISCSI_NONE);
	assert_int_equal(run_end(&k->w, &r), -ECONNREFUSED);
	assert_string_equal(r.op.err.text, "Connection refused");
	end(k);
}

/* A request without the driver's handle is refused, and the endpoint would stay. */
static void what_is_undone_is_undone_at_its_driver(void **state)
{
	(void)state;
	for (int given_up = 0; given_up < 2; given_up++) {
		struct kernel_fixture *k = set_up(true);
		struct iscsi_uevent ev;
		struct run r;

		transport_open(k->card, run_begin(&r, MISCSI_NONE, NULL));
		assert_int_equal(run_end(&k->w, &r), 0);
		if (!given_up)
			fake_kernel_fault(k->fk, ISCSI_UEVENT_EP_POLL, 1, FAKE_RETCODE, -1);
		connect_it(k->card, &r, MISCSI_NONE);
		if (given_up)
			transport_cancel(&r.op); /* before the answer: the late one undoes it */
		else
			run_end(&k->w, &r);
		settle(k);
		assert_int_equal(asked(k, fake_kernel_requests(k->fk) - 1, &ev), ISCSI_UEVENT_EP_DISCONNECT);
		assert_true(ev.transport_handle == transport_handle(k->card) && ev.transport_handle != 0);
		end(k);
	}
}

static void a_host_is_found_by_what_the_iface_names(void **state)
{
	struct kernel_fixture *k = set_up(true);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(host_by(k->port, NULL, NULL, &err), -ENODEV);
	assert_non_null(strstr(err.text, "transport port has no SCSI host"));
	add_host(k, 4, "port\n", "00:0e:1e:aa:bb:01\n", NULL);
	add_host(k, 10, "card\n", "00:0e:1e:aa:bb:02\n", "eth7\n");
	/* the only one there is; a driver that goes by the route is left to it */
	assert_int_equal(host_by(k->port, NULL, "", &err), 4);
	assert_int_equal(host_by(k->port, "default", "default", &err), 4);
	assert_int_equal(host_by(k->card, NULL, NULL, &err), MISCSI_NONE);
	assert_int_equal(host_by(k->card, NULL, "eth7", &err), 10);
	assert_int_equal(host_by(k->card, "00:0E:1E:AA:BB:02", NULL, &err), 10);
	/* another transport's host is none, whatever its address */
	assert_int_equal(host_by(k->card, "00:0e:1e:aa:bb:01", NULL, &err), -ENODEV);
	assert_string_equal(err.text,
		"no SCSI host of transport card has the hardware address 00:0e:1e:aa:bb:01: 'iscsiadm -m host -P 1' shows what "
		"each host has");
	add_host(k, 5, "port\n", "00:0e:1e:aa:bb:03\n", NULL);
	assert_int_equal(host_by(k->port, NULL, NULL, &err), -ENODEV);
	assert_non_null(strstr(err.text, "has 2 SCSI hosts, and the iface does not name the one to use: set iface.hwaddress"));
	assert_int_equal(host_by(k->port, "00:0e:1e:aa:bb:03", NULL, &err), 5);
	/* an adapter in error reads empty */
	add_host(k, 5, "port\n", "", NULL);
	assert_int_equal(host_by(k->port, "00:0e:1e:aa:bb:03", NULL, &err), -ENODEV);
	end(k);
}

/* A host that came with another session says nothing of where the next one connects from. */
static void trap_07_hosts_of_sessions_are_no_adapters(void **state)
{
	struct kernel_fixture *k = set_up(true);
	struct transport *soft = must_find(&k->w, "soft");
	struct err err = ERR_INIT;

	(void)state;
	add_host(k, 4, "soft\n", "00:0e:1e:aa:bb:01\n", "eth7\n");
	assert_int_equal(host_by(soft, NULL, NULL, &err), MISCSI_NONE);
	assert_int_equal(host_by(soft, NULL, "eth7", &err), MISCSI_NONE);
	assert_int_equal(host_by(soft, "00:0e:1e:aa:bb:01", NULL, &err), MISCSI_NONE);
	assert_int_equal(host_by(soft, "00:0e:1e:aa:bb:99", NULL, &err), MISCSI_NONE);
	end(k);
}

static void a_connect_goes_through_its_host(void **state)
{
	struct kernel_fixture *k = set_up(true);
	struct iscsi_uevent ev;
	struct run r;
	uint32_t host = 0;

	(void)state;
	add_host(k, 4, "port\n", "00:0e:1e:aa:bb:01\n", NULL);
	connect_it(k->port, &r, MISCSI_NONE);
	assert_int_equal(run_end(&k->w, &r), 0);
	assert_int_equal(asked(k, 0, &ev), ISCSI_UEVENT_EP_CONNECT_THROUGH_HOST);
	memcpy(&host, ev.u.bytes, sizeof(host));
	assert_int_equal(host, 4);
	end(k);
}

/* Trait HOST_IP: the port's own address first, then the connection; its refusal is the connection's. */
static void a_host_gets_its_address_before_it_connects(void **state)
{
	static const struct sockaddr_in dst = { .sin_family = AF_INET, .sin_port = 1 };
	struct miscsi_connect_args args = { .size = sizeof(args),
		.timeout_ms = 2000,
		.dst = (const struct sockaddr *)&dst,
		.dst_len = sizeof(dst),
		.hwaddress = "00:07:43:00:00:01",
		.ip = "10.0.0.7" };
	struct kernel_fixture *k = set_up(true);
	struct iscsi_uevent ev;
	struct run r;

	(void)state;
	add_host(k, 6, "own_ip\n", "00:07:43:00:00:01\n", NULL);
	transport_connect(must_find(&k->w, "own_ip"), run_begin(&r, MISCSI_NONE, NULL), &args);
	assert_int_equal(run_end(&k->w, &r), 0);
	assert_int_equal(asked(k, 0, &ev), ISCSI_UEVENT_SET_HOST_PARAM);
	assert_int_equal(asked(k, 1, &ev), ISCSI_UEVENT_EP_CONNECT_THROUGH_HOST);
	fake_kernel_fault(k->fk, ISCSI_UEVENT_SET_HOST_PARAM, 1, FAKE_IF_ERROR, EADDRNOTAVAIL);
	transport_connect(must_find(&k->w, "own_ip"), run_begin(&r, MISCSI_NONE, NULL), &args);
	assert_int_equal(run_end(&k->w, &r), -EADDRNOTAVAIL);
	assert_non_null(strstr(r.op.err.text, "host6 refuses the IP address 10.0.0.7"));
	args.ip = NULL;
	transport_connect(must_find(&k->w, "own_ip"), run_begin(&r, MISCSI_NONE, NULL), &args);
	assert_int_equal(run_end(&k->w, &r), 0);
	assert_int_equal(count(k, ISCSI_UEVENT_SET_HOST_PARAM), 2);
	end(k);
}

static void host_parameters_are_set_where_the_driver_takes_them(void **state)
{
	static const char *const settings[] = { "iface.ipaddress", "10.0.0.9", "iface.net_ifacename", "", "iface.initiatorname",
		"iqn.x", NULL };
	struct kernel_fixture *k = set_up(true);
	struct run r;

	(void)state;
	fake_sys_write(&k->sys, "card\n", "class/scsi_host/host3/proc_name");
	transport_host_set(k->card, run_begin(&r, 3, settings));
	assert_int_equal(run_end(&k->w, &r), 0);
	assert_int_equal(count(k, ISCSI_UEVENT_SET_HOST_PARAM), 2);

	/* what the driver does not know is told by name, beside what was set */
	fake_kernel_fault(k->fk, ISCSI_UEVENT_SET_HOST_PARAM, 1, FAKE_IF_ERROR, ENOSYS);
	transport_host_set(k->card, run_begin(&r, 3, settings));
	assert_true(run_end(&k->w, &r) < 0);
	assert_int_equal(r.op.err.code, MISCSI_ERR_TRANS_CAPS);
	assert_string_equal(r.op.err.text, "the driver of transport card cannot set ipaddress; it set initiatorname");
	fake_kernel_fault(k->fk, ISCSI_UEVENT_SET_HOST_PARAM, 1, FAKE_IF_ERROR, ENOSYS);
	fake_kernel_fault(k->fk, ISCSI_UEVENT_SET_HOST_PARAM, 2, FAKE_IF_ERROR, ENOSYS);
	transport_host_set(k->card, run_begin(&r, 3, settings));
	assert_true(run_end(&k->w, &r) < 0);
	assert_int_equal(r.op.err.code, MISCSI_ERR_TRANS_CAPS);
	assert_string_equal(r.op.err.text, "the driver of transport card cannot set ipaddress, initiatorname");
	fake_kernel_fault(k->fk, ISCSI_UEVENT_SET_HOST_PARAM, 2, FAKE_IF_ERROR, EINVAL);
	transport_host_set(k->card, run_begin(&r, 3, settings));
	assert_int_equal(run_end(&k->w, &r), -EINVAL);
	assert_string_equal(r.op.err.text,
		"the driver of host3 refuses the value of the host parameter initiatorname: Invalid argument; it accepted "
		"ipaddress");
	end(k);
}

/* A driver may report that it accepted a value, and keep its own. */
static void a_host_parameter_that_the_driver_ignores_is_told(void **state)
{
	static const char *const settings[] = { "iface.ipaddress", "2001:db8::9", "iface.net_ifacename", "eth9",
		"iface.hwaddress", "00:0E:1E:AA:BB:01", "iface.initiatorname", "iqn.x", NULL };
	struct kernel_fixture *k = set_up(true);
	struct run r;

	(void)state;
	add_host(k, 4, "card\n", "00:0e:1e:aa:bb:01\n", "evil\x1b\n");
	fake_sys_write(&k->sys, "2001:0db8:0000:0000:0000:0000:0000:0009", "class/iscsi_host/host4/ipaddress");
	transport_host_set(k->card, run_begin(&r, 4, settings));
	assert_true(run_end(&k->w, &r) < 0);
	assert_int_equal(r.op.err.code, MISCSI_ERR_TRANS_CAPS);
	assert_string_equal(r.op.err.text,
		"the driver of transport card accepted netdev, but still shows evil\\x1b; it set ipaddress, hwaddress, "
		"initiatorname");
	fake_sys_write(&k->sys, "", "class/iscsi_host/host4/ipaddress");
	fake_kernel_fault(k->fk, ISCSI_UEVENT_SET_HOST_PARAM, 2, FAKE_IF_ERROR, ENOSYS);
	transport_host_set(k->card, run_begin(&r, 4, settings));
	assert_true(run_end(&k->w, &r) < 0);
	assert_string_equal(r.op.err.text,
		"the driver of transport card cannot set netdev; it accepted ipaddress, but still shows nothing; "
		"it set hwaddress, initiatorname");
	/* where a host has an address of its own, what is shown is a connection's */
	add_host(k, 5, "own_ip\n", "00:0e:1e:aa:bb:01\n", "eth9\n");
	fake_sys_write(&k->sys, "", "class/iscsi_host/host5/ipaddress");
	transport_host_set(must_find(&k->w, "own_ip"), run_begin(&r, 5, settings));
	assert_int_equal(run_end(&k->w, &r), 0);
	end(k);
}

/* The kernel's answer to GET_STATS: 96 bytes and two named counters, of which only one is whole. */
static bool answer_stats(void *arg, struct iscsi_uevent *ev, const uint8_t *payload, size_t len)
{
	struct kernel_fixture *k = arg;
	uint8_t buf[ISCSI_MSG_HEAD + 96 + 72 + 8] = { 0 };
	const struct nlmsghdr head = { .nlmsg_len = sizeof(buf) };
	uint8_t *stats = buf + ISCSI_MSG_HEAD;
	const uint64_t octets = UINT64_C(1) << 40;
	const uint32_t commands = 7, customs = 2;

	(void)payload;
	(void)len;
	if (ev->type != ISCSI_UEVENT_GET_STATS)
		return false;
	memcpy(buf, &head, sizeof(head));
	memcpy(buf + sizeof(head), ev, sizeof(*ev));
	memcpy(stats, &octets, sizeof(octets));
	memcpy(stats + 20, &commands, sizeof(commands));
	memcpy(stats + 92, &customs, sizeof(customs));
	memcpy(stats + 96, "eh_abort_cnt", 12);
	memcpy(stats + 96 + 64, &octets, sizeof(octets));
	fake_kernel_multicast(k->fk, 1, buf, sizeof(buf));
	return true;
}

static void session_statistics_are_the_kernels(void **state)
{
	struct kernel_fixture *k = set_up(true);
	struct run r;

	(void)state;
	fake_kernel_hook(k->fk, answer_stats, k);
	run_begin(&r, MISCSI_NONE, NULL)->sid = 5;
	r.op.cid = 0;
	transport_stats_session(k->card, &r.op);
	assert_int_equal(run_end(&k->w, &r), 0);
	assert_non_null(strstr(r.values, "[5]txdata_octets=1099511627776;rxdata_octets=0;"));
	assert_non_null(strstr(r.values, ";scsicmd_pdus=7;"));
	assert_non_null(strstr(r.values, ";timeout_err=0;eh_abort_cnt=1099511627776;"));
	assert_string_equal(strstr(r.values, "eh_abort"), "eh_abort_cnt=1099511627776;");

	fake_kernel_hook(k->fk, NULL, NULL); /* answers too shortly */
	transport_stats_session(k->card, &r.op);
	r.done = 0;
	assert_true(run_end(&k->w, &r) < 0);
	assert_non_null(strstr(r.op.err.text, "cannot read the statistics of session"));
	fake_kernel_fault(k->fk, ISCSI_UEVENT_GET_STATS, 1, FAKE_IF_ERROR, EEXIST);
	r.done = 0;
	transport_stats_session(k->card, &r.op);
	assert_true(run_end(&k->w, &r) < 0);
	assert_int_equal(r.op.err.code, MISCSI_ERR_SESS_NOT_FOUND);
	end(k);
}

static void transport_that_is_not_there_is_named(void **state)
{
	struct kernel_fixture *k = set_up(true);
	struct run r;

	(void)state;
	transport_open(k->port, run_begin(&r, MISCSI_NONE, NULL));
	assert_true(run_end(&k->w, &r) < 0);
	assert_int_equal(r.op.err.code, MISCSI_ERR_TRANS_NOT_FOUND);
	assert_non_null(strstr(r.op.err.text, "port"));
	end(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoint_is_polled_until_it_stands),
		cmocka_unit_test(endpoint_that_fails_or_is_given_up_is_disconnected),
		cmocka_unit_test(host_must_be_the_transports_own),
		cmocka_unit_test(host_parameters_are_set_where_the_driver_takes_them),
		cmocka_unit_test(a_host_parameter_that_the_driver_ignores_is_told),
		cmocka_unit_test(session_statistics_are_the_kernels),
		cmocka_unit_test(transport_that_is_not_there_is_named),
		cmocka_unit_test(a_failed_endpoint_is_no_matter_of_permission),
		cmocka_unit_test(what_is_undone_is_undone_at_its_driver),
		cmocka_unit_test(a_host_is_found_by_what_the_iface_names),
		cmocka_unit_test(trap_07_hosts_of_sessions_are_no_adapters),
		cmocka_unit_test(a_connect_goes_through_its_host),
		cmocka_unit_test(a_host_gets_its_address_before_it_connects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
