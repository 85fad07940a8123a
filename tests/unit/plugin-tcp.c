/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tcp plugin's connect, on the loopback device. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "fake_sys.h"
#include "plugin-run.h"
#include "record/field.h"
#include "tests/paths.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

struct tcp_fixture {
	struct plugin_fixture w;
	struct transport *t;
	int listening;
	struct sockaddr_in dst;
	struct miscsi_connect_args args;
	struct run r;
};

static void set_up(struct tcp_fixture *k)
{
	socklen_t len = sizeof(k->dst);

	memset(k, 0, sizeof(*k));
	plugin_fixture_make(&k->w, BUILDDIR "/.libs");
	k->t = must_find(&k->w, "tcp");
	k->listening = socket(AF_INET, SOCK_STREAM, 0);
	k->dst = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(k->listening, (const struct sockaddr *)&k->dst, sizeof(k->dst)), 0);
	assert_int_equal(listen(k->listening, 4), 0);
	assert_int_equal(getsockname(k->listening, (struct sockaddr *)&k->dst, &len), 0);
	k->args = (struct miscsi_connect_args){
		.size = sizeof(k->args), .timeout_ms = 3000, .dst = (const struct sockaddr *)&k->dst, .dst_len = sizeof(k->dst)
	};
}

static void end(struct tcp_fixture *k)
{
	close(k->listening);
	plugin_fixture_free(&k->w);
}

static int connect_it(struct tcp_fixture *k, const char *const *settings)
{
	transport_connect(k->t, run_begin(&k->r, MISCSI_NONE, settings), &k->args);
	return run_end(&k->w, &k->r);
}

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static unsigned open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void tcp_gives_a_connected_socket(void **state)
{
	static const char *const settings[] = { "node.conn[0].tcp.window_size", "65536", "node.conn[0].tcp.type_of_service", "32",
		NULL };
	struct tcp_fixture k;
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	int fd;

	(void)state;
	set_up(&k);
	assert_true(transport_traits(k.t) == (MISCSI_TRAIT_SOCKET | MISCSI_TRAIT_SESSION_HOST));
	assert_string_equal(transport_proc_name(k.t), "iscsi_tcp");
	assert_false(transport_logs_in(k.t));
	k.args.ip = "127.0.0.3";
	assert_int_equal(connect_it(&k, settings), 0);
	assert_int_equal(k.r.op.binding.kind, MISCSI_BINDING_SOCKET);
	fd = (int)k.r.op.binding.value;
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(option(fd, IPPROTO_IP, IP_TOS), 32);
	assert_int_equal(option(fd, SOL_SOCKET, SO_RCVBUF), 2 * 65536); /* Linux counts its own overhead too */
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&from, &len), 0);
	assert_string_equal(inet_ntoa(from.sin_addr), "127.0.0.3");
	transport_disconnect(k.t, &k.r.op.binding);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	end(&k);
}

/* What every record says that nobody has changed: the buffers stay those that grow by themselves. */
static void tcp_leaves_the_buffers_to_the_system_by_default(void **state)
{
	const char *settings[] = { "node.conn[0].tcp.window_size", field_of(FIELD_CONN_TCP_WINDOW_SIZE)->def, NULL };
	struct tcp_fixture k;
	int plain, fd;

	(void)state;
	set_up(&k);
	assert_int_equal(connect_it(&k, NULL), 0);
	plain = (int)k.r.op.binding.value;
	assert_int_equal(connect_it(&k, settings), 0);
	fd = (int)k.r.op.binding.value;
	assert_int_equal(option(fd, SOL_SOCKET, SO_RCVBUF), option(plain, SOL_SOCKET, SO_RCVBUF));
	assert_int_equal(option(fd, SOL_SOCKET, SO_SNDBUF), option(plain, SOL_SOCKET, SO_SNDBUF));
	close(plain);
	close(fd);
	end(&k);
}

static void tcp_names_what_went_wrong(void **state)
{
	struct tcp_fixture k;
	unsigned before;

	(void)state;
	set_up(&k);
	assert_int_equal(connect_it(&k, NULL), 0);
	transport_disconnect(k.t, &k.r.op.binding);
	before = open_fds();

	k.args.netdev = "nosuchdev0";
	assert_true(connect_it(&k, NULL) < 0);
	assert_int_equal(k.r.op.err.code, MISCSI_ERR_TRANS);
	assert_string_equal(k.r.op.err.text,
		"there is no network device 'nosuchdev0': correct iface.net_ifacename ('ip link' lists the network devices)");
	k.args.netdev = "a-name-that-is-too-long-for-linux";
	assert_true(connect_it(&k, NULL) < 0);
	k.args.netdev = NULL;

	k.args.ip = "198.51.100.77"; /* of nobody here: RFC 5737 */
	assert_int_equal(connect_it(&k, NULL), -EADDRNOTAVAIL);
	assert_string_equal(k.r.op.err.text,
		"cannot connect from 198.51.100.77, which has to be an address of this machine (iface.ipaddress): Cannot assign "
		"requested address");
	k.args.ip = "not-an-address";
	assert_int_equal(connect_it(&k, NULL), -EINVAL);
	k.args.ip = NULL;

	close(k.listening);
	assert_int_equal(connect_it(&k, NULL), -ECONNREFUSED);
	assert_int_equal(k.r.op.err.code, MISCSI_ERR_TRANS);
	assert_string_equal(k.r.op.err.text, "Connection refused");
	assert_int_equal(open_fds(), before - 1); /* no socket is left behind */
	k.listening = -1;
	end(&k);
}

static void tcp_finds_the_interface_of_an_address(void **state)
{
	struct plugins_config config;
	struct fake_sys sys;
	struct tcp_fixture k;

	(void)state;
	fake_sys_new(&sys);
	fake_sys_write(&sys, "02:00:00:00:00:4A\n", "class/net/aport0/address");
	fake_sys_write(&sys, "1\n", "class/net/aport0/master/ifindex"); /* a port of something */
	fake_sys_write(&sys, "02:00:00:00:00:4a\n", "class/net/lo/address");
	set_up(&k);
	plugins_free(k.w.ps);
	config = (struct plugins_config){ .loop = k.w.loop, .log = &k.w.log, .sysfs = &sys.sysfs, .dirs = BUILDDIR "/.libs" };
	assert_int_equal(plugins_new(&config, &k.w.ps), 0);
	k.t = must_find(&k.w, "tcp");
	k.args.hwaddress = "02:00:00:00:00:4a";
	assert_int_equal(connect_it(&k, NULL), 0);
	transport_disconnect(k.t, &k.r.op.binding);
	k.args.hwaddress = "02:00:00:00:00:4b";
	assert_true(connect_it(&k, NULL) < 0);
	assert_string_equal(k.r.op.err.text,
		"there is no network device with the hardware address '02:00:00:00:00:4b': correct iface.hwaddress ('ip link' "
		"shows the addresses)");
	end(&k);
	fake_sys_free(&sys);
}

static void tcp_leaves_nothing_of_a_connect_that_was_given_up(void **state)
{
	struct tcp_fixture k;
	unsigned before;

	(void)state;
	set_up(&k);
	before = open_fds();
	for (int i = 0; i < 3; i++) {
		transport_connect(k.t, run_begin(&k.r, MISCSI_NONE, NULL), &k.args);
		for (int steps = 0; steps < i; steps++)
			loop_step(k.w.loop, 0);
		if (k.r.done)
			transport_disconnect(k.t, &k.r.op.binding);
		transport_cancel(&k.r.op);
		loop_step(k.w.loop, 0);
		assert_int_equal(open_fds(), before);
	}
	end(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_gives_a_connected_socket),
		cmocka_unit_test(tcp_leaves_the_buffers_to_the_system_by_default),
		cmocka_unit_test(tcp_names_what_went_wrong),
		cmocka_unit_test(tcp_finds_the_interface_of_an_address),
		cmocka_unit_test(tcp_leaves_nothing_of_a_connect_that_was_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
