/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot paths of Open Firmware, on made-up device trees: the forms that firmware has, and what is not believed. */
#include "fake_sys.h"
#include "object/firmware.h"
#include "object/openfirmware.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define NODE "pci@800000020000204/ethernet@0"
#define CARD "/" NODE ":"
#define HOST "iqn.2026-11.example:host"
#define ROOT "iqn.2026-11.example:root"
#define SESSION "siaddr=192.0.2.1,itname=" HOST ",iname=" ROOT

static void bootpath(struct fake_sys *s, const char *text, size_t len)
{
	fake_sys_bytes(s, text, len, OPENFIRMWARE_TREE "/chosen/bootpath");
}

static void mac(struct fake_sys *s, const char *node, const char *property, const void *bytes, size_t len)
{
	fake_sys_bytes(s, bytes, len, OPENFIRMWARE_TREE "/%s/%s", node, property);
}

static void read_tree(struct fake_sys *s, struct firmware_list *l)
{
	struct err err = ERR_INIT;

	if (firmware_read(&s->sysfs, NULL, l, &err) < 0)
		fail_msg("%s", err.text);
}

static void must_be(const struct firmware_target *t, enum firmware_value which, const char *text)
{
	if (!text)
		assert_null(t->values[which]);
	else if (!t->values[which] || strcmp(t->values[which], text) != 0)
		fail_msg("%s is %s, must be %s", firmware_key(which), t->values[which] ? t->values[which] : "missing", text);
}

/* ---- forms ---- */

static void the_whole_form(void **state)
{
	static const char path[] =
		CARD "speed=auto,duplex=auto,iscsi,ciaddr=192.0.2.7,giaddr=192.0.2.254,subnet-mask=255.255.255.128,"
		     "isid=400001370000,iport=3261,ilun=0001000000000000,chapid=user,chappw=secretsecret,"
		     "ichapid=them,ichappw=backbackback," SESSION ",2";
	cleanup(firmware_list_free) struct firmware_list l = { 0 };
	struct fake_sys *s = *state;
	static const struct {
		enum firmware_value which;
		const char *text;
	} wanted[] = {
		{ FIRMWARE_INITIATORNAME, HOST },
		{ FIRMWARE_TRANSPORT, NULL },
		{ FIRMWARE_HWADDRESS, "02:00:00:00:00:01" },
		{ FIRMWARE_BOOTPROTO, "STATIC" },
		{ FIRMWARE_IPADDRESS, "192.0.2.7" },
		{ FIRMWARE_PREFIX_LEN, "-1" },
		{ FIRMWARE_SUBNET_MASK, "255.255.255.128" },
		{ FIRMWARE_GATEWAY, "192.0.2.254" },
		{ FIRMWARE_TARGET, ROOT },
		{ FIRMWARE_ADDRESS, "192.0.2.1" },
		{ FIRMWARE_PORT, "3261" },
		{ FIRMWARE_USERNAME, "user" },
		{ FIRMWARE_PASSWORD, "secretsecret" },
		{ FIRMWARE_USERNAME_IN, "them" },
		{ FIRMWARE_PASSWORD_IN, "backbackback" },
		{ FIRMWARE_LUN, "0001000000000000" },
	};

	bootpath(s, path, sizeof(path));
	mac(s, NODE, "local-mac-address", "\x02\0\0\0\0\x01", 6);
	read_tree(s, &l);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.at[0].host_no, FIRMWARE_OWN);
	for (unsigned i = 0; i < ARRAY_SIZE(wanted); i++)
		must_be(&l.at[0], wanted[i].which, wanted[i].text);
}

/* What another form of the path differs in. */
static void other_forms(void **state)
{
	static const struct {
		const char *path;
		enum firmware_value which;
		const char *text;
	} forms[] = {
		{ CARD "iscsi," SESSION, FIRMWARE_PORT, "3260" },
		{ CARD "iscsi," SESSION, FIRMWARE_IPADDRESS, NULL },
		{ CARD "iscsi,bootp,ciaddr=0.0.0.0," SESSION, FIRMWARE_BOOTPROTO, "DHCP" },
		{ CARD "iscsi,bootp,ciaddr=0.0.0.0," SESSION, FIRMWARE_IPADDRESS, NULL },
		{ CARD "ipv6,iscsi,dhcpv6=fd00::9,ciaddr=fd00::7,siaddr=fd00::1,iname=" ROOT, FIRMWARE_ADDRESS, "fd00::1" },
		{ CARD "ipv6,iscsi,dhcpv6=fd00::9,ciaddr=fd00::7,siaddr=fd00::1,iname=" ROOT, FIRMWARE_BOOTPROTO, "DHCP" },
		{ CARD "iscsi," SESSION ",ilun=5:3,\\boot\\yaboot", FIRMWARE_LUN, "5" },
		{ CARD "iscsi," SESSION ",ilun=0:1", FIRMWARE_TARGET, ROOT },
		{ CARD "iscsi,siaddr=192.0.2.1,iname=eui.02004567A425678D", FIRMWARE_TARGET, "eui.02004567A425678D" },
		{ CARD "iscsi," SESSION ",chapid=user,chappw=secretsecret", FIRMWARE_USERNAME_IN, NULL },
		{ CARD "iscsi," SESSION ",ichapid=user,ichappw=secretsecret", FIRMWARE_USERNAME, "user" },
		{ CARD "iscsi," SESSION ",ichapid=user,ichappw=secretsecret", FIRMWARE_PASSWORD_IN, NULL },
		{ CARD "rawio,iscsi,isns=192.0.2.5,slp=192.0.2.6," SESSION ",dhcp", FIRMWARE_ADDRESS, "192.0.2.1" },
		{ "/vdevice/l-lan@30000002:iscsi," SESSION, FIRMWARE_TARGET, ROOT },
		{ "/pci@0/iscsi-toe@1,1:iscsi," SESSION, FIRMWARE_TARGET, ROOT },
	};
	struct fake_sys *s = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(forms); i++) {
		for (size_t zero = 0; zero < 2; zero++) { /* with the zero at the end, and without */
			cleanup(firmware_list_free) struct firmware_list l = { 0 };

			bootpath(s, forms[i].path, strlen(forms[i].path) + zero);
			read_tree(s, &l);
			if (l.n != 1)
				fail_msg("no target in %s", forms[i].path);
			must_be(&l.at[0], forms[i].which, forms[i].text);
		}
	}
}

static void a_path_may_begin_with_an_alias(void **state)
{
	static const struct {
		const char *path, *alias;
	} forms[] = {
		{ "iscsi-disk1", CARD "iscsi," SESSION },
		{ "iscsi-disk1:1", CARD "iscsi," SESSION },
		{ "iscsi-disk1:iscsi," SESSION, "/" NODE },
		{ "iscsi-disk1/ethernet@0:iscsi," SESSION, "/pci@800000020000204" },
	};
	static const char *const bad[] = { "nosuch:iscsi," SESSION, "../chosen/x:iscsi," SESSION, ":iscsi," SESSION,
		"loop:iscsi," SESSION };
	struct fake_sys *s = *state;

	fake_sys_write(s, "/" NODE, OPENFIRMWARE_TREE "/chosen/x");
	fake_sys_write(s, "loop", OPENFIRMWARE_TREE "/aliases/loop");
	for (unsigned i = 0; i < ARRAY_SIZE(forms) + ARRAY_SIZE(bad); i++) {
		bool good = i < ARRAY_SIZE(forms);
		const char *path = good ? forms[i].path : bad[i - ARRAY_SIZE(forms)];
		cleanup(firmware_list_free) struct firmware_list l = { 0 };

		if (good)
			fake_sys_bytes(s, forms[i].alias, strlen(forms[i].alias) + 1, OPENFIRMWARE_TREE "/aliases/iscsi-disk1");
		bootpath(s, path, strlen(path) + 1);
		read_tree(s, &l);
		if (l.n != good)
			fail_msg("%zu targets in %s", l.n, path);
	}
}

/* ---- the reply of a DHCP server ---- */

#define REPLY_LEN 300

/* The fixed part with an address, the cookie, and the options. */
static void make_reply(uint8_t reply[REPLY_LEN], const char *options, size_t len)
{
	static const uint8_t begin[] = { 2, 1, 6, 0 }, yiaddr[] = { 192, 0, 2, 7 }, cookie[] = { 99, 130, 83, 99 };

	memset(reply, 0, REPLY_LEN);
	memcpy(reply, begin, sizeof(begin));
	memcpy(reply + 16, yiaddr, sizeof(yiaddr));
	memcpy(reply + 236, cookie, sizeof(cookie));
	memcpy(reply + 240, options, len < REPLY_LEN - 240 ? len : REPLY_LEN - 240);
}

#define MASK "\1\4\377\377\377\200"
#define ROUTERS "\3\10\300\0\2\376\300\0\2\375"
#define ROOT_PATH "\21\51iscsi:192.0.2.1:6:3261:1:iqn.2026-11.e:r\0"

static void what_the_path_lacks_comes_from_the_reply(void **state)
{
	static const struct {
		const char *path, *property;
		size_t before;
		const char *address, *mask, *server, *port, *target; /* NULL: there is no target */
	} rows[] = {
		{ "iscsi,dhcp", "bootp-response", 0, "192.0.2.7", "255.255.255.128", "192.0.2.1", "3261", "iqn.2026-11.e:r" },
		{ "iscsi,bootp,ciaddr=0.0.0.0", "dhcp-response", 0, "192.0.2.7", "255.255.255.128", "192.0.2.1", "3261",
			"iqn.2026-11.e:r" },
		{ "iscsi,bootp", "bootpreply-packet", 42, "192.0.2.7", "255.255.255.128", "192.0.2.1", "3261",
			"iqn.2026-11.e:r" },
		{ "iscsi,dhcp,siaddr=192.0.2.9,iname=" ROOT, "bootp-response", 0, "192.0.2.7", "255.255.255.128", "192.0.2.9",
			"3260", ROOT },
		{ "iscsi,dhcp,ciaddr=192.0.2.8", "bootp-response", 0, "192.0.2.8", NULL, "192.0.2.1", "3261", "iqn.2026-11.e:r" },
		{ "iscsi", "bootp-response", 0, NULL, NULL, NULL, NULL, NULL }, /* not asked for: of an earlier boot */
		{ "iscsi,dhcp", "bootpreply-packet", 0, NULL, NULL, NULL, NULL, NULL },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		static const char options[] = MASK ROUTERS ROOT_PATH "\377";
		cleanup(firmware_list_free) struct firmware_list l = { 0 };
		uint8_t bytes[42 + REPLY_LEN] = { 0 };
		struct fake_sys s;
		char path[200];

		fake_sys_new(&s);
		snprintf(path, sizeof(path), CARD "%s", rows[i].path);
		bootpath(&s, path, strlen(path) + 1);
		make_reply(bytes + rows[i].before, options, sizeof(options));
		fake_sys_bytes(&s, bytes, rows[i].before + REPLY_LEN, OPENFIRMWARE_TREE "/chosen/%s", rows[i].property);
		read_tree(&s, &l);
		if (l.n != (rows[i].target != NULL))
			fail_msg("row %u: %zu targets", i, l.n);
		if (rows[i].target) {
			must_be(&l.at[0], FIRMWARE_BOOTPROTO, "DHCP");
			must_be(&l.at[0], FIRMWARE_IPADDRESS, rows[i].address);
			must_be(&l.at[0], FIRMWARE_SUBNET_MASK, rows[i].mask);
			must_be(&l.at[0], FIRMWARE_GATEWAY, rows[i].mask ? "192.0.2.254" : NULL);
			must_be(&l.at[0], FIRMWARE_ADDRESS, rows[i].server);
			must_be(&l.at[0], FIRMWARE_PORT, rows[i].port);
			must_be(&l.at[0], FIRMWARE_TARGET, rows[i].target);
		}
		fake_sys_free(&s);
	}
}

/* ---- the network device ---- */

static void a_card(struct fake_sys *s, const char *name, const char *address, const char *node)
{
	fake_sys_write(s, address, "class/net/%s/address", name);
	fake_sys_write(s, "", "class/net/%s/device/vendor", name);
	if (*node == '/')
		fake_sys_write(s, node, "class/net/%s/device/devspec", name);
	else if (*node)
		fake_sys_link(s, node, "class/net/%s/device/of_node", name);
}

#define OTHER "02:00:00:00:00:09\n"
#define MINE "02:00:00:00:00:01\n"
#define LINK "../../../../" OPENFIRMWARE_TREE "/"

static void the_network_device_is_that_of_the_node(void **state)
{
	static const struct {
		const char *eth1, *node1, *eth2, *node2, *wanted;
	} machines[] = {
		{ OTHER, "", OTHER, "/" NODE "\n", "eth2" }, /* a text */
		{ OTHER, LINK NODE, OTHER, LINK "pci@1/ethernet@0", "eth1" }, /* a link */
		{ MINE, LINK "pci@1/ethernet@0", OTHER, LINK NODE, "eth2" }, /* the address may have been changed, as by a bond */
		{ OTHER, LINK NODE, MINE, LINK NODE, "eth2" }, /* two ports of a device */
		{ OTHER, LINK NODE, OTHER, LINK NODE, NULL }, /* no guess */
		{ OTHER, "", MINE, "", "eth2" }, /* a kernel without nodes */
		{ OTHER, LINK "x" NODE, OTHER, "", NULL }, /* the end of another path */
		{ OTHER, "", OTHER, LINK "a/" NODE, NULL },
		{ OTHER, "", OTHER, "", NULL },
	};
	static const char path[] = CARD "iscsi," SESSION;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(machines); i++) {
		cleanup(firmware_list_free) struct firmware_list l = { 0 };
		struct fake_sys s;

		fake_sys_new(&s);
		bootpath(&s, path, sizeof(path));
		mac(&s, NODE, "local-mac-address", "\x02\0\0\0\0\x01", 6);
		a_card(&s, "eth1", machines[i].eth1, machines[i].node1);
		a_card(&s, "eth2", machines[i].eth2, machines[i].node2);
		fake_sys_write(&s, MINE, "class/net/bond0/address"); /* no card */
		read_tree(&s, &l);
		assert_int_equal(l.n, 1);
		must_be(&l.at[0], FIRMWARE_NETDEV, machines[i].wanted);
		fake_sys_free(&s);
	}
}

static void hardware_addresses_have_two_widths(void **state)
{
	static const struct {
		const char *used, *card;
		size_t used_len, card_len;
		const char *wanted;
	} trees[] = {
		{ "\x02\0\0\0\0\x07", "\x02\0\0\0\0\x01", 6, 6, "02:00:00:00:00:07" },
		{ "\0\0\0\0\0\0", "\x02\0\0\0\0\x01", 6, 6, "02:00:00:00:00:01" },
		{ "", "\0\0\x02\0\0\0\0\x05", 0, 8, "02:00:00:00:00:05" },
		{ "\x03\0\0\0\0\x07", "\x02\0\0\0\0\x01\x01", 6, 7, NULL },
		{ "02:00:00:00:00:01", "\x02\0\0\0\0", 18, 5, NULL },
	};
	static const char path[] = CARD "iscsi," SESSION;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(trees); i++) {
		cleanup(firmware_list_free) struct firmware_list l = { 0 };
		struct fake_sys s;

		fake_sys_new(&s);
		bootpath(&s, path, sizeof(path));
		mac(&s, NODE, "mac-address", trees[i].used, trees[i].used_len);
		mac(&s, NODE, "local-mac-address", trees[i].card, trees[i].card_len);
		read_tree(&s, &l);
		assert_int_equal(l.n, 1);
		must_be(&l.at[0], FIRMWARE_HWADDRESS, trees[i].wanted);
		fake_sys_free(&s);
	}
}

/* ---- hostile trees ---- */

#define BYTES(text) text, sizeof(text)

static void what_is_no_boot_path_is_left_out(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{ "", 0 },
		{ BYTES("") },
		{ BYTES("/") },
		{ BYTES(":") },
		{ BYTES("/:iscsi," SESSION) },
		{ BYTES("//:iscsi," SESSION) },
		{ BYTES("/" NODE) },
		{ BYTES("/" NODE "/:iscsi," SESSION) },
		{ BYTES("/pci@0/../../../../../tmp:iscsi," SESSION) },
		{ BYTES("/./ethernet:iscsi," SESSION) },
		{ BYTES("/et%hernet:iscsi," SESSION) },
		{ BYTES("/ether\nnet:iscsi," SESSION) },
		{ BYTES("/ether\xff:iscsi," SESSION) },
		{ BYTES("/ether\0net:iscsi," SESSION) },
		{ BYTES(CARD "192.0.2.1,file,192.0.2.7") }, /* TFTP */
		{ BYTES(CARD "iscsix," SESSION) },
		{ BYTES(CARD "iscsi") },
		{ BYTES(CARD "iscsi,siaddr=192.0.2.1") },
		{ BYTES(CARD "iscsi,iname=" ROOT) },
		{ BYTES(CARD "iscsi,siaddr=192.0.2.1,iname=../../etc") },
		{ BYTES(CARD "iscsi,siaddr=192.0.2.1,iname=iqn.2026-11.example:a\nb") },
		{ BYTES(CARD "iscsi,siaddr=a.host,iname=" ROOT) },
		{ BYTES(CARD "iscsi,siaddr=192.0.2.1\0,iname=" ROOT) },
		{ BYTES("/pci/scsi@1/sd@8000000000000000:2") },
	};
	struct fake_sys *s = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		cleanup(firmware_list_free) struct firmware_list l = { 0 };

		bootpath(s, bad[i].bytes, bad[i].len);
		read_tree(s, &l);
		if (l.n)
			fail_msg("row %u: %s", i, bad[i].bytes);
	}
}

static void bad_arguments_are_none(void **state)
{
	static const char path[] =
		CARD "iscsi,ciaddr=host,giaddr=1.2.3,subnet-mask=\x1b[1m,iport=70000,ilun=$(reboot),chapid=a\tb,chappw=," SESSION
		     ",itname=second,iport=1";
	static const enum firmware_value none[] = { FIRMWARE_IPADDRESS, FIRMWARE_GATEWAY, FIRMWARE_SUBNET_MASK, FIRMWARE_LUN,
		FIRMWARE_USERNAME, FIRMWARE_PASSWORD, FIRMWARE_HWADDRESS };
	cleanup(firmware_list_free) struct firmware_list l = { 0 };
	struct fake_sys *s = *state;

	bootpath(s, path, sizeof(path));
	read_tree(s, &l);
	assert_int_equal(l.n, 1);
	for (unsigned i = 0; i < ARRAY_SIZE(none); i++)
		must_be(&l.at[0], none[i], NULL);
	must_be(&l.at[0], FIRMWARE_INITIATORNAME, HOST);
	must_be(&l.at[0], FIRMWARE_PORT, "3260");
}

/* Up to the bound it is read, beyond it there is nothing. */
static void lengths_are_bounded(void **state)
{
	struct fake_sys *s = *state;

	for (size_t len = OPENFIRMWARE_TEXT_MAX - 2; len < OPENFIRMWARE_TEXT_MAX + 3; len++) {
		static const char start[] = CARD "iscsi," SESSION ",";
		cleanup(firmware_list_free) struct firmware_list l = { 0 };
		char *bytes = malloc(len);

		assert_non_null(bytes);
		memset(bytes, 'x', len);
		memcpy(bytes, start, sizeof(start) - 1);
		bootpath(s, bytes, len);
		read_tree(s, &l);
		assert_int_equal(l.n, len < OPENFIRMWARE_TEXT_MAX);
		free(bytes);
	}
}

static void adapters_come_after_it(void **state)
{
	static const char path[] = CARD "iscsi," SESSION;
	cleanup(firmware_list_free) struct firmware_list l = { 0 };
	struct fake_sys *s = *state;

	bootpath(s, path, sizeof(path));
	fake_sys_write(s, ROOT "\n", "firmware/iscsi_boot3/target0/target-name");
	fake_sys_write(s, "192.0.2.3\n", "firmware/iscsi_boot3/target0/ip-addr");
	read_tree(s, &l);
	assert_int_equal(l.n, 2);
	assert_int_equal(l.at[0].host_no, FIRMWARE_OWN);
	assert_int_equal(l.at[1].host_no, 3);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_sys_setup, fake_sys_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_whole_form),
		T(other_forms),
		T(a_path_may_begin_with_an_alias),
		cmocka_unit_test(what_the_path_lacks_comes_from_the_reply),
		cmocka_unit_test(the_network_device_is_that_of_the_node),
		cmocka_unit_test(hardware_addresses_have_two_widths),
		T(what_is_no_boot_path_is_left_out),
		T(bad_arguments_are_none),
		T(lengths_are_bounded),
		T(adapters_come_after_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
