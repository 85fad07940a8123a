/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adapters whose driver serves the kernel's own requests: what is sent, to the byte, and what the answers mean. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "fake_kernel.h"
#include "fake_sys.h"
#include "plugin-run.h"
#include <linux/netlink.h>
#include <netinet/in.h>

#define ADAPTER \
	(MISCSI_TRAIT_KERNEL_NET | MISCSI_TRAIT_KERNEL_FLASH | MISCSI_TRAIT_KERNEL_CHAP | MISCSI_TRAIT_KERNEL_STATS | \
		MISCSI_TRAIT_KERNEL_PING)
static const struct miscsi_match match[] = { MISCSI_MATCH(.transport = "card", .traits = ADAPTER),
	MISCSI_MATCH(.transport = "bare"), MISCSI_END };
static const struct miscsi_plugin plugin = { .size = sizeof(plugin), .abi = MISCSI_ABI, .name = "card", .match = match };

struct adapter_fixture {
	struct plugin_fixture w;
	struct fake_kernel *fk;
	struct kernel *kernel;
	struct fake_sys sys;
	struct transport *card, *bare;
	unsigned entries; /* of the CHAP table that is made up */
};

static struct adapter_fixture *set_up(void)
{
	struct adapter_fixture *k = x_new(struct adapter_fixture);
	struct plugins_config config = { .dirs = "" };
	struct run r;

	k->w.log = (struct log){ .level = LOG_LEVEL_DEBUG, .write = plugin_fixture_write, .arg = &k->w };
	assert_int_equal(loop_new(&k->w.loop), 0);
	k->fk = fake_kernel_new();
	assert_int_equal(kernel_new(&fake_kernel_ops, k->fk, &k->kernel), 0);
	fake_sys_new(&k->sys);
	fake_sys_transport(&k->sys, "card");
	fake_sys_write(&k->sys, "card\n", "class/scsi_host/host1/proc_name");
	fake_sys_write(&k->sys, "bare\n", "class/scsi_host/host2/proc_name");
	config.loop = k->w.loop;
	config.log = &k->w.log;
	config.kernel = k->kernel;
	config.sysfs = &k->sys.sysfs;
	assert_int_equal(plugins_new(&config, &k->w.ps), 0);
	assert_int_equal(load_entry(k->w.ps, "card", "card.so", 1, &plugin), 0);
	k->card = must_find(&k->w, "card");
	k->bare = must_find(&k->w, "bare");
	transport_open(k->card, run_begin(&r, MISCSI_NONE, NULL));
	assert_int_equal(run_end(&k->w, &r), 0);
	return k;
}

static void end(struct adapter_fixture *k)
{
	assert_int_equal(fake_kernel_hangs(k->fk), 0);
	plugins_free(k->w.ps);
	kernel_free(k->kernel);
	loop_free(k->w.loop);
	fake_kernel_free(k->fk);
	fake_sys_free(&k->sys);
	x_free(k);
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint16_t get16(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* "PARAM:hex" of each attribute of the last request; head: bytes of the kernel's packed header, 12 or 6. */
static const char *attributes(struct adapter_fixture *k, uint32_t type, size_t head, char *text, size_t size)
{
	struct iscsi_uevent ev;
	char *payload;
	size_t len, at = 0;

	fake_kernel_request(k->fk, fake_kernel_requests(k->fk) - 1, &ev, &payload, &len);
	assert_int_equal(ev.type, type);
	*text = '\0';
	while (at < len) {
		const uint8_t *nla = (const uint8_t *)payload + at, *h = nla + 4;
		uint32_t value_len = get32(head == 12 ? h + 4 : h);
		uint16_t param = get16(head == 12 ? h + 8 : h + 4);

		assert_int_equal(get16(nla), 4 + head + value_len);
		assert_int_equal(get16(nla + 2), param); /* be2iscsi looks for it there */
		if (head == 12)
			snprintf(text + strlen(text), size - strlen(text), "%u/%u/%u.", get32(h), h[10], h[11]);
		snprintf(text + strlen(text), size - strlen(text), "%u:", param);
		for (uint32_t i = 0; i < value_len && (value_len < 255 || h[head + i]); i++)
			snprintf(text + strlen(text), size - strlen(text), "%02x", h[head + i]);
		snprintf(text + strlen(text), size - strlen(text), value_len == 255 ? "... " : " ");
		at += (4 + head + value_len + 3) & ~(size_t)3;
	}
	x_free(payload);
	return text;
}

static void iface_settings_are_one_message(void **state)
{
	static const char *const settings[] = { "iface.iscsi_ifacename", "card.0.ipv4.0", "iface.ipaddress", "10.0.0.1",
		"iface.vlan_id", "42", "iface.vlan_priority", "3", "iface.mtu", "9000", "iface.tos", "0", "iface.bootproto",
		"static", "iface.subnet_mask", "255.255.0.0", "iface.tcp_nagle", "disable", "iface.first_burst_len", "65536",
		"iface.iscsi_ifacename", "card.0.ipv6.1", "iface.iface_num", "1", "iface.ipv6_autocfg", "static",
		"iface.ipaddress", "fd00::2", "iface.router_autocfg", "Unknown", "iface.mtu", "1500", NULL };
	struct adapter_fixture *k = set_up();
	char text[2048];
	struct run r;

	(void)state;
	transport_net_apply(k->card, run_begin(&r, 1, settings));
	assert_int_equal(run_end(&k->w, &r), 0);
	assert_int_equal(fake_kernel_requests(k->fk), 1);
	/* how the address is found goes before the address */
	assert_string_equal(attributes(k, ISCSI_UEVENT_SET_IFACE_PARAMS, 12, text, sizeof(text)),
		"0/1/2.4:01 0/1/2.1:0a000001 0/1/2.16:2a60 0/1/2.19:2823 0/1/2.2:ffff0000 0/1/2.25:01 0/1/5.9:00000100 "
		"1/2/2.9:01 1/2/2.7:fd000000000000000000000000000002 1/2/2.19:dc05 ");
	end(k);
}

static void what_is_0_is_the_adapters_own(void **state)
{
	static const char *const settings[] = { "iface.iscsi_ifacename", "card.0.ipv4.0", "iface.bootproto", "dhcp", "iface.mtu",
		"0", "iface.port", "0", "iface.ttl", "0", "iface.max_receive_data_len", "0", "iface.first_burst_len", "0",
		"iface.max_outstanding_r2t", "0", "iface.max_burst_len", "0", "iface.iscsi_ifacename", "card.0.ipv6.1",
		"iface.ipv6_autocfg", "nd", "iface.hop_limit", "0", NULL };
	struct adapter_fixture *k = set_up();
	char text[256];
	struct run r;

	(void)state;
	transport_net_apply(k->card, run_begin(&r, 1, settings));
	assert_int_equal(run_end(&k->w, &r), 0);
	assert_string_equal(attributes(k, ISCSI_UEVENT_SET_IFACE_PARAMS, 12, text, sizeof(text)), "0/1/2.4:02 0/2/2.9:02 ");
	end(k);
}

static void addresses_that_the_adapter_finds_are_not_sent(void **state)
{
	static const char *const settings[] = { "iface.iscsi_ifacename", "card.0.ipv4.0", "iface.ipaddress", "10.0.0.1",
		"iface.bootproto", "dhcp", "iface.subnet_mask", "255.255.0.0", "iface.gateway", "10.0.0.2", NULL };
	struct adapter_fixture *k = set_up();
	char text[256];
	struct run r;

	(void)state;
	transport_net_apply(k->card, run_begin(&r, 1, settings));
	assert_int_equal(run_end(&k->w, &r), 0);
	assert_string_equal(attributes(k, ISCSI_UEVENT_SET_IFACE_PARAMS, 12, text, sizeof(text)), "0/1/2.4:02 ");
	end(k);
}

static void a_bad_setting_sends_nothing(void **state)
{
	static const char *const host_name[] = { "iface.iscsi_ifacename", "a", "iface.gateway", "router.example", NULL };
	static const char *const readonly[] = { "flashnode.session.tpgt", "1", "flashnode.session.username", "bob", NULL };
	static const char *const unknown[] = { "flashnode.session.tpgt", "1", "flashnode.nosuch", "1", NULL };
	static const char *const family[] = { "flashnode.conn[0].ipaddress", "fd00::1", NULL };
	static const char *const new_family[] = { "flashnode.session.portal_type", "ipv6", "flashnode.conn[0].ipaddress",
		"10.0.0.9", NULL };
	static const char *const no_family[] = { "flashnode.session.portal_type", "", NULL };
	static const char *const *const flash[] = { readonly, unknown, family, new_family, no_family };
	struct adapter_fixture *k = set_up();
	struct run r;

	(void)state;
	fake_sys_write(&k->sys, "ipv4\n", "bus/iscsi_flashnode/devices/flashnode_sess-1:3/portal_type");
	transport_net_apply(k->card, run_begin(&r, 1, host_name));
	assert_true(run_end(&k->w, &r) < 0);
	assert_int_equal(r.op.err.code, MISCSI_ERR_INVAL);
	for (size_t i = 0; i < ARRAY_SIZE(flash); i++) {
		transport_flash_set(k->card, run_begin(&r, 1, flash[i]), 3);
		assert_true(run_end(&k->w, &r) < 0);
		assert_int_equal(r.op.err.code, MISCSI_ERR_INVAL);
	}
	assert_int_equal(fake_kernel_requests(k->fk), 0);
	end(k);
}

static void flash_node_settings_have_the_widths_of_the_driver(void **state)
{
	static const char *const settings[] = { "flashnode.session.first_burst_len", "8192", "flashnode.session.tpgt", "2",
		"flashnode.session.isid", "0102030405aB", "flashnode.session.targetname", "iqn.2026-11.com.example:n",
		"flashnode.conn[0].header_digest_en", "1", "flashnode.session.chap_out_idx", "7", "flashnode.conn[0].ipaddress",
		"10.0.0.9", "flashnode.session.erl", "0", NULL };
	struct adapter_fixture *k = set_up();
	struct iscsi_uevent ev;
	char text[1024], *payload;
	struct run r;
	size_t len;

	(void)state;
	fake_sys_write(&k->sys, "ipv4\n", "bus/iscsi_flashnode/devices/flashnode_sess-1:3/portal_type");
	transport_flash_set(k->card, run_begin(&r, 1, settings), 3);
	assert_int_equal(run_end(&k->w, &r), 0);
	assert_string_equal(attributes(k, ISCSI_UEVENT_SET_FLASHNODE_PARAMS, 6, text, sizeof(text)),
		"16:00 25:00200000 30:0102030405ab 43:69716e2e323032362d31312e636f6d2e6578616d706c653a6e... 44:0200 51:0700 5:01 "
		"35:0a000009000000000000000000000000 ");
	fake_kernel_request(k->fk, 0, &ev, &payload, &len);
	x_free(payload);
	assert_int_equal(get32(ev.u.bytes), 1);
	assert_int_equal(get32(ev.u.bytes + 4), 3);
	assert_int_equal(get32(ev.u.bytes + 8), 8);
	end(k);
}

/* doc/KERNEL.md, widths of flash nodes: the driver takes it, as four letters; the addresses behind it are of the new family. */
static void a_flash_node_changes_its_family(void **state)
{
	static const char *const settings[] = { "flashnode.conn[0].ipaddress", "fd00::1", "flashnode.session.portal_type", "ipv6",
		"flashnode.conn[0].link_local_ipv6", "", NULL };
	struct adapter_fixture *k = set_up();
	char text[1024];
	struct run r;

	(void)state;
	fake_sys_write(&k->sys, "ipv4\n", "bus/iscsi_flashnode/devices/flashnode_sess-1:3/portal_type");
	transport_flash_set(k->card, run_begin(&r, 1, settings), 3);
	assert_int_equal(run_end(&k->w, &r), 0);
	assert_string_equal(attributes(k, ISCSI_UEVENT_SET_FLASHNODE_PARAMS, 6, text, sizeof(text)),
		"1:69707636 35:fd000000000000000000000000000001 45:00000000000000000000000000000000 ");
	end(k);
}

static void flash_nodes_are_read_from_their_two_devices(void **state)
{
	struct adapter_fixture *k = set_up();
	struct run r;

	(void)state;
	fake_sys_write(&k->sys, "iqn.x\n", "bus/iscsi_flashnode/devices/flashnode_sess-1:12/targetname");
	fake_sys_write(&k->sys, "s3cret\n", "bus/iscsi_flashnode/devices/flashnode_sess-1:12/password");
	fake_sys_write(&k->sys, "3261\n", "bus/iscsi_flashnode/devices/flashnode_conn-1:12:0/port");
	fake_sys_write(&k->sys, "iqn.y\n", "bus/iscsi_flashnode/devices/flashnode_sess-2:0/targetname");
	transport_flash_list(k->card, run_begin(&r, 1, NULL));
	assert_int_equal(run_end(&k->w, &r), 0);
	assert_string_equal(r.values,
		"[12]flashnode.session.targetname=iqn.x;flashnode.session.password=s3cret;"
		"flashnode.conn[0].port=3261;");
	assert_int_equal(r.flags, MISCSI_VALUE_SECRET);
	transport_flash_show(k->card, run_begin(&r, 1, NULL), 13);
	assert_true(run_end(&k->w, &r) < 0);
	assert_int_equal(r.op.err.code, MISCSI_ERR_SESS_NOT_FOUND);
	end(k);
}

static void flash_errors_are_those_of_the_operation(void **state)
{
	static const struct {
		void (*op)(struct transport *t, struct transport_op *op, uint32_t index);
		uint32_t request;
		int errnum;
		enum miscsi_error code;
	} rows[] = {
		{ transport_flash_login, ISCSI_UEVENT_LOGIN_FLASHNODE, EPERM, MISCSI_ERR_SESS_EXISTS },
		{ transport_flash_login, ISCSI_UEVENT_LOGIN_FLASHNODE, EIO, MISCSI_ERR_LOGIN },
		{ transport_flash_login, ISCSI_UEVENT_LOGIN_FLASHNODE, ENOSYS, MISCSI_ERR_OP_NOT_SUPP },
		{ transport_flash_logout, ISCSI_UEVENT_LOGOUT_FLASHNODE, ESRCH, MISCSI_ERR_SESS_NOT_FOUND },
		{ transport_flash_logout, ISCSI_UEVENT_LOGOUT_FLASHNODE, EPERM, MISCSI_ERR_LOGOUT },
		{ transport_flash_remove, ISCSI_UEVENT_DEL_FLASHNODE, EPERM, MISCSI_ERR_GENERIC },
		{ transport_chap_remove, ISCSI_UEVENT_DELETE_CHAP, EBUSY, MISCSI_ERR_BUSY },
	};
	struct adapter_fixture *k = set_up();
	struct run r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		fake_kernel_fault(k->fk, rows[i].request, 1, FAKE_IF_ERROR, rows[i].errnum);
		rows[i].op(k->card, run_begin(&r, 1, NULL), 3);
		assert_true(run_end(&k->w, &r) < 0);
		assert_int_equal(r.op.err.code, rows[i].code);
	}
	end(k);
}

static void without_the_trait_nothing_is_sent(void **state)
{
	static const char *const settings[] = { "iface.mtu", "9000", NULL };
	struct adapter_fixture *k = set_up();
	const struct miscsi_ping_args args = { .size = sizeof(args) };
	struct run r;

	(void)state;
	transport_flash_list(k->bare, run_begin(&r, 2, NULL));
	run_end(&k->w, &r);
	assert_int_equal(r.op.err.code, MISCSI_ERR_OP_NOT_SUPP);
	assert_non_null(strstr(r.op.err.text, "bare"));
	transport_chap_list(k->bare, run_begin(&r, 2, NULL));
	run_end(&k->w, &r);
	assert_int_equal(r.op.err.code, MISCSI_ERR_OP_NOT_SUPP);
	transport_stats_host(k->bare, run_begin(&r, 2, NULL));
	run_end(&k->w, &r);
	assert_int_equal(r.op.err.code, MISCSI_ERR_OP_NOT_SUPP);
	transport_ping_send(k->bare, run_begin(&r, 2, NULL), &args);
	run_end(&k->w, &r);
	assert_int_equal(r.op.err.code, MISCSI_ERR_OP_NOT_SUPP);
	transport_net_apply(k->bare, run_begin(&r, 2, settings));
	run_end(&k->w, &r);
	assert_int_equal(r.op.err.code, MISCSI_ERR_TRANS_CAPS);
	assert_int_equal(fake_kernel_requests(k->fk), 0);
	end(k);
}

/* The kernel does not check it: one driver would work on another's memory. host2 is of transport "bare". */
static void trap_06_no_request_to_a_host_of_another_driver(void **state)
{
	static void (*const ops[])(struct transport * t, struct transport_op * op) = { transport_net_apply, transport_host_set,
		transport_flash_list, transport_flash_logout_sid, transport_chap_list, transport_stats_session,
		transport_stats_host };
	static void (*const numbered[])(struct transport * t, struct transport_op * op, uint32_t n) = { transport_flash_show,
		transport_flash_set, transport_flash_remove, transport_flash_login, transport_flash_logout, transport_chap_set,
		transport_chap_remove };
	static const char *const settings[] = { "iface.iscsi_ifacename", "a", "iface.mtu", "9000", NULL };
	const struct sockaddr_in dst = { .sin_family = AF_INET };
	const struct miscsi_ping_args args = {
		.size = sizeof(args), .dst = (const struct sockaddr *)&dst, .dst_len = sizeof(dst)
	};
	const size_t n_ops = ARRAY_SIZE(ops), n_numbered = ARRAY_SIZE(numbered);
	struct adapter_fixture *k = set_up();
	struct run r;

	(void)state;
	fake_sys_write(&k->sys, "ipv4\n", "bus/iscsi_flashnode/devices/flashnode_sess-2:3/portal_type");
	for (size_t i = 0; i < n_ops + n_numbered + 2; i++) {
		run_begin(&r, 2, settings);
		if (i < n_ops)
			ops[i](k->card, &r.op);
		else if (i < n_ops + n_numbered)
			numbered[i - n_ops](k->card, &r.op, 3);
		else if (i == n_ops + n_numbered)
			transport_ping_send(k->card, &r.op, &args);
		else
			transport_flash_create(k->card, &r.op, "ipv4");
		assert_true(run_end(&k->w, &r) < 0);
		assert_string_equal(r.op.err.text,
			"host2 does not belong to transport card, since its driver is bare: choose another host ('iscsiadm -m "
			"host -P 1' shows them)");
	}
	assert_int_equal(fake_kernel_requests(k->fk), 0);
	end(k);
}

/* ---- CHAP ---- */

/* GET_CHAP: entries 0, 2, 4 …, odd tenths of them for the target. */
static bool chap_table(void *arg, struct iscsi_uevent *ev, const uint8_t *payload, size_t len)
{
	struct adapter_fixture *k = arg;
	static uint8_t answer[524 * 32];
	uint32_t room, n = 0;

	(void)payload;
	(void)len;
	if (ev->type != ISCSI_UEVENT_GET_CHAP)
		return false;
	room = get32(ev->u.bytes + 4);
	assert_true(room <= 32);
	memset(answer, 0, sizeof(answer));
	for (uint16_t index = 0; n < room && index < 2 * k->entries; index += 2) {
		uint8_t *rec = answer + n * 524;

		if (index < get16(ev->u.bytes + 8))
			continue;
		memcpy(rec, &index, sizeof(index));
		rec[4] = index == 4;
		snprintf((char *)rec + 8, 256, "user%u", index);
		snprintf((char *)rec + 264, 256, "secret%u", index);
		n++;
	}
	memcpy(ev->u.bytes + 4, &n, sizeof(n));
	fake_kernel_event(k->fk, 1, ev, answer, room * 524);
	return true;
}

static void chap_table_is_walked_to_its_end(void **state)
{
	struct adapter_fixture *k = set_up();
	struct run r;

	(void)state;
	fake_kernel_hook(k->fk, chap_table, k);
	k->entries = 3;
	transport_chap_list(k->card, run_begin(&r, 1, NULL));
	assert_int_equal(run_end(&k->w, &r), 0);
	assert_string_equal(r.values,
		"[0]host.auth.username=user0;host.auth.password=secret0;"
		"[2]host.auth.username=user2;host.auth.password=secret2;"
		"[4]host.auth.username_in=user4;host.auth.password_in=secret4;");
	k->entries = 40;
	transport_chap_list(k->card, run_begin(&r, 1, NULL));
	assert_int_equal(run_end(&k->w, &r), 0);
	assert_int_equal(r.rows, 40);
	end(k);
}

static void chap_entry_that_was_made_is_found_again(void **state)
{
	static const char *const settings[] = { "host.auth.username", "user2", "host.auth.password", "abc", NULL };
	static const char *const both[] = { "host.auth.username", "a", "host.auth.password", "b", "host.auth.username_in", "c",
		NULL };
	static const char *const half[] = { "host.auth.username", "a", NULL };
	struct adapter_fixture *k = set_up();
	struct iscsi_uevent ev;
	char text[256], *payload;
	struct run r;
	size_t len;

	(void)state;
	fake_kernel_hook(k->fk, chap_table, k);
	k->entries = 3;
	transport_chap_set(k->card, run_begin(&r, 1, settings), 5);
	assert_int_equal(run_end(&k->w, &r), 0);
	assert_string_equal(r.values, "[5]");
	assert_string_equal(
		attributes(k, ISCSI_UEVENT_SET_CHAP, 6, text, sizeof(text)), "0:0500 1:00 2:7573657232 3:616263 4:03 ");
	transport_chap_set(k->card, run_begin(&r, 1, settings), MISCSI_NONE);
	assert_int_equal(run_end(&k->w, &r), 0);
	assert_string_equal(r.values, "[2]");
	fake_kernel_request(k->fk, 1, &ev, &payload, &len);
	assert_int_equal(get16((uint8_t *)payload + 10), 0xffff);
	x_free(payload);
	len = fake_kernel_requests(k->fk);
	transport_chap_set(k->card, run_begin(&r, 1, both), 1);
	assert_true(run_end(&k->w, &r) < 0);
	transport_chap_set(k->card, run_begin(&r, 1, half), 1);
	assert_true(run_end(&k->w, &r) < 0);
	assert_int_equal(fake_kernel_requests(k->fk), len);
	end(k);
}

/* ---- ping ---- */

static void ping_ends_by_its_event(void **state)
{
	const struct sockaddr_in dst = { .sin_family = AF_INET };
	const struct miscsi_ping_args args = { .size = sizeof(args),
		.payload = 64,
		.dst = (const struct sockaddr *)&dst,
		.dst_len = sizeof(dst),
		.iface_num = 0,
		.iface_type = 1,
		.id = 77 };
	struct adapter_fixture *k = set_up();
	struct iscsi_uevent ev;
	struct run r;
	char *payload;
	size_t len;

	(void)state;
	for (uint32_t status = 0; status < 12; status++) {
		transport_ping_send(k->card, run_begin(&r, 1, NULL), &args);
		loop_step(k->w.loop, 0);
		loop_step(k->w.loop, 0);
		assert_false(r.done);
		transport_ping_event(&r.op, status);
		assert_int_equal(run_end(&k->w, &r) < 0, status != 0);
		assert_int_equal(r.op.err.code == MISCSI_ERR_TRANS_TIMEOUT, status == 4);
	}
	fake_kernel_request(k->fk, 0, &ev, &payload, &len);
	x_free(payload);
	assert_int_equal(len, sizeof(dst));
	assert_int_equal(get32(ev.u.bytes + 8), 1);
	assert_int_equal(get32(ev.u.bytes + 12), 64);
	assert_int_equal(get32(ev.u.bytes + 16), 77);
	end(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(iface_settings_are_one_message),
		cmocka_unit_test(what_is_0_is_the_adapters_own),
		cmocka_unit_test(addresses_that_the_adapter_finds_are_not_sent),
		cmocka_unit_test(a_bad_setting_sends_nothing),
		cmocka_unit_test(flash_node_settings_have_the_widths_of_the_driver),
		cmocka_unit_test(a_flash_node_changes_its_family),
		cmocka_unit_test(flash_nodes_are_read_from_their_two_devices),
		cmocka_unit_test(flash_errors_are_those_of_the_operation),
		cmocka_unit_test(without_the_trait_nothing_is_sent),
		cmocka_unit_test(trap_06_no_request_to_a_host_of_another_driver),
		cmocka_unit_test(chap_table_is_walked_to_its_end),
		cmocka_unit_test(chap_entry_that_was_made_is_found_again),
		cmocka_unit_test(ping_ends_by_its_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
