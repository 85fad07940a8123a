/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adapters on a made-up PCI bus: which plugin knows them, what is missing, and which of them a host hangs below. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "fake_sys.h"
#include "object/pci_adapter.h"
#include "plugin-fixture.h"
#include "tempdir.h"
#include "tests/paths.h"

struct seen {
	char text[8192]; /* "SLOT TRANSPORT DRIVER: lack; lack\n" */
	char names[1024];
	unsigned n;
};

static int see(void *arg, const struct pci_adapter *a)
{
	struct seen *s = arg;
	size_t len = strlen(s->text);

	s->n++;
	snprintf(s->names + strlen(s->names), sizeof(s->names) - strlen(s->names), "%s|%s\n", a->vendor_name, a->device_name);
	snprintf(s->text + len, sizeof(s->text) - len, "%s %04x:%04x %s %s:", a->device.slot, a->device.vendor, a->device.device,
		a->transport, a->device.driver);
	for (unsigned i = 0; i < a->lacks_count; i++) {
		len = strlen(s->text);
		snprintf(s->text + len, sizeof(s->text) - len, " %s;", a->lacks[i].text);
	}
	strcat(s->text, "\n");
	return 0;
}

static void device(struct fake_sys *sys, const char *slot, const char *vendor, const char *id, const char *driver)
{
	char to[64];

	fake_sys_write(sys, vendor, "bus/pci/devices/%s/vendor", slot);
	fake_sys_write(sys, id, "bus/pci/devices/%s/device", slot);
	fake_sys_write(sys, "0x1014\n", "bus/pci/devices/%s/subsystem_vendor", slot);
	fake_sys_write(sys, "0x0001\n", "bus/pci/devices/%s/subsystem_device", slot);
	snprintf(to, sizeof(to), "../../drivers/%s", driver);
	if (*driver)
		fake_sys_link(sys, to, "bus/pci/devices/%s/driver", slot);
}

static void adapters_are_known_by_id_or_by_their_network_driver(void **state)
{
	struct plugin_fixture w;
	struct fake_sys sys;
	struct seen s = { .n = 0 };
	struct err err = ERR_INIT;

	(void)state;
	plugin_fixture_make(&w, BUILDDIR "/.libs");
	fake_sys_new(&sys);
	device(&sys, "0000:03:00.0", "0x1077\n", "0x8022\n", "qla4xxx");
	device(&sys, "0000:04:00.2", "0x10df\n", "0x0722\n", "");
	device(&sys, "0000:05:00.0", "0x14e4\n", "0x168e\n", "bnx2x");
	device(&sys, "0000:06:00.0", "0x8086\n", "0x1572\n", "i40e"); /* none of ours */
	device(&sys, "0000:07:00.0", "0x1077\n", "0x8042\n", "");
	fake_sys_write(&sys, "live\n", "module/qla4xxx/initstate");
	assert_int_equal(pci_adapter_each(w.ps, &sys.sysfs, see, &s, &err), 0);
	assert_int_equal(s.n, 4);
	assert_non_null(strstr(s.text, "0000:03:00.0 1077:8022 qla4xxx qla4xxx:\n")); /* ready */
	assert_non_null(strstr(s.text, "0000:04:00.2 10df:0722 be2iscsi : kernel "));
	assert_non_null(strstr(s.text, "module be2iscsi"));
	assert_non_null(strstr(s.text, "0000:05:00.0 14e4:168e bnx2i bnx2x: kernel "));
	assert_non_null(strstr(s.text, "0000:07:00.0 1077:8042 qla4xxx : no driver is bound to the adapter"));
	assert_true(s.names[0] != '\n' && !strstr(s.names, "|\n")); /* by the database, or else by the plugin */
	fake_sys_free(&sys);
	plugin_fixture_free(&w);
}

/* What is in the directories of plugins: one file of adapters, as a text. */
static void without_plugins(struct plugin_fixture *w, struct tempdir *dir, const char *adapters)
{
	tempdir_make(dir);
	tempdir_put(dir, "v.adapters", adapters);
	plugin_fixture_make(w, dir->dir);
}

static void an_adapter_whose_plugin_is_missing_is_known_by_the_file(void **state)
{
	struct plugin_fixture w;
	struct tempdir dir;
	struct fake_sys sys;
	struct seen s = { .n = 0 };

	(void)state;
	without_plugins(&w, &dir,
		"transport card cards card_mod vendor-cards\npci 1af4:10*5 bad\npci 1af4:1005 Card One\nnetdev cardnet\n");
	fake_sys_new(&sys);
	device(&sys, "0000:03:00.0", "0x1af4\n", "0x1005\n", "card_mod");
	device(&sys, "0000:03:00.1", "0x1234\n", "0x1005\n", "cardnet");
	fake_sys_write(&sys, "live\n", "module/card_mod/initstate");
	assert_int_equal(pci_adapter_each(w.ps, &sys.sysfs, see, &s, NULL), 0);
	assert_int_equal(s.n, 2);
	assert_non_null(strstr(s.text, "0000:03:00.0 1af4:1005 card card_mod: no plugin for transport 'card' in "));
	assert_non_null(strstr(s.text, "cards.so is missing: on Debian, run apt-get install vendor-cards;\n"));
	assert_non_null(strstr(s.text, "0000:03:00.1 1234:1005 card cardnet: no plugin"));
	fake_sys_free(&sys);
	plugin_fixture_free(&w);
	tempdir_remove(&dir);
}

static void ids_of_subsystems_count(void **state)
{
	struct plugin_fixture w;
	struct tempdir dir;
	struct fake_sys sys;
	struct seen s = { .n = 0 };

	(void)state;
	without_plugins(
		&w, &dir, "transport other other - -\npci 1234:*:1015:* X\ntransport card card - -\npci 1234:*:1014:1 Y\n");
	fake_sys_new(&sys);
	device(&sys, "0000:03:00.0", "0x1234\n", "0x1005\n", "d");
	assert_int_equal(pci_adapter_each(w.ps, &sys.sysfs, see, &s, NULL), 0);
	assert_int_equal(s.n, 1);
	assert_non_null(strstr(s.text, "1234:1005 card d: no plugin"));
	assert_non_null(strstr(s.names, "|Y\n"));
	fake_sys_free(&sys);
	plugin_fixture_free(&w);
	tempdir_remove(&dir);
}

static void where_there_is_no_bus_there_are_no_adapters(void **state)
{
	struct plugin_fixture w;
	struct fake_sys sys;
	struct seen s = { .n = 0 };

	(void)state;
	plugin_fixture_make(&w, BUILDDIR "/.libs");
	fake_sys_new(&sys);
	assert_int_equal(pci_adapter_each(w.ps, &sys.sysfs, see, &s, NULL), 0);
	assert_int_equal(s.n, 0);
	fake_sys_free(&sys);
	plugin_fixture_free(&w);
}

/* ---- the device of a host ---- */

static void host_at(struct fake_sys *sys, unsigned number, const char *below)
{
	char to[600];

	snprintf(to, sizeof(to), "../../devices/%s/host%u/iscsi_host/host%u", below, number, number);
	fake_sys_link(sys, to, "class/iscsi_host/host%u", number);
}

static void the_nearest_device_above_a_host_is_its_adapter(void **state)
{
	struct fake_sys sys;
	struct pci_device d;

	(void)state;
	fake_sys_new(&sys);
	device(&sys, "0000:00:1c.0", "0x8086\n", "0xa110\n", "pcieport");
	device(&sys, "10000:3b:00.7", "0x1077\n", "0x8032\n", "qla4xxx");
	host_at(&sys, 3, "pci0000:00/0000:00:1c.0/10000:3b:00.7");
	host_at(&sys, 4, "pci0000:00/0000:00:1c.0/10000:3b:00.7/virtio0/net:1");
	host_at(&sys, 5, "platform");
	host_at(&sys, 6, "pci0000:00/0000:00:1d.0"); /* gone meanwhile */
	for (unsigned host = 3; host < 5; host++) {
		assert_int_equal(pci_device_of_host(&sys.sysfs, host, &d), 0);
		assert_string_equal(d.slot, "10000:3b:00.7");
		assert_string_equal(d.driver, "qla4xxx");
		assert_true(d.vendor == 0x1077 && d.device == 0x8032 && d.subvendor == 0x1014 && d.subdevice == 1);
	}
	for (unsigned host = 5; host < 8; host++)
		assert_int_equal(pci_device_of_host(&sys.sysfs, host, &d), -ENOENT);
	fake_sys_free(&sys);
}

static void odd_devices_do_no_harm(void **state)
{
	static const char *const values[] = { "(null)\n", "0x10000\n", "-1\n", "99999999999999999999999\n", "", "\xff\xfe\n",
		"0x1077 0x1\n" };
	char longest[300], to[330];
	struct fake_sys sys;
	struct pci_device d;

	(void)state;
	fake_sys_new(&sys);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		device(&sys, "0000:01:00.0", "0x1077", values[i], "x"); /* the first without newline: as good */
		assert_true(pci_device_read(&sys.sysfs, "0000:01:00.0", &d) < 0);
		device(&sys, "0000:01:00.0", "0x1077", "0x1", "x");
		fake_sys_write(&sys, values[i], "bus/pci/devices/0000:01:00.0/subsystem_vendor");
		assert_int_equal(pci_device_read(&sys.sysfs, "0000:01:00.0", &d), 0);
		assert_int_equal(d.subvendor, 0);
	}
	memset(longest, 'a', sizeof(longest));
	snprintf(to, sizeof(to), "../%.*s", (int)sizeof(longest) - 50, longest);
	device(&sys, "0000:02:00.0", "0x1", "0x2", "");
	fake_sys_link(&sys, to, "bus/pci/devices/0000:02:00.0/driver");
	assert_int_equal(pci_device_read(&sys.sysfs, "0000:02:00.0", &d), 0);
	assert_int_equal(strlen(d.driver), sizeof(d.driver) - 1);
	assert_int_equal(pci_device_read(&sys.sysfs, "../0000:02:00.0", &d), -EINVAL);
	assert_int_equal(pci_device_read(&sys.sysfs, "0000:02:00.8", &d), -EINVAL);
	assert_int_equal(pci_device_read(&sys.sysfs, "0000:02:00.00", &d), -EINVAL);
	assert_int_equal(pci_device_read(&sys.sysfs, "123456789:02:00.0", &d), -EINVAL);
	assert_int_equal(pci_device_read(&sys.sysfs, "0000:03:00.0", &d), -ENOENT);
	fake_sys_free(&sys);
}

static void a_host_names_its_adapter(void **state)
{
	struct pci_names *names = pci_names_new();
	struct plugin_fixture w;
	struct tempdir dir;
	struct fake_sys sys;
	struct pci_adapter a;

	(void)state;
	without_plugins(&w, &dir, "transport card cards - -\npci fff3:2 A card\n");
	fake_sys_new(&sys);
	device(&sys, "0000:01:00.0", "0xfff3\n", "0x2\n", "card");
	host_at(&sys, 3, "pci0000:00/0000:01:00.0");
	assert_int_equal(pci_adapter_of_host(w.ps, &sys.sysfs, 3, "card", names, &a), 0);
	assert_string_equal(a.device_name, "A card");
	assert_true(a.lacks_count == 0);
	assert_int_equal(pci_adapter_of_host(w.ps, &sys.sysfs, 4, "qla4xxx", names, &a), -ENOENT);
	device(&sys, "0000:02:00.0", "0xfff3\n", "0x1\n", "x"); /* nobody knows it */
	host_at(&sys, 5, "pci0000:00/0000:02:00.0");
	assert_int_equal(pci_adapter_of_host(w.ps, &sys.sysfs, 5, "", names, &a), 0);
	assert_string_equal(a.vendor_name, "");
	assert_string_equal(a.device_name, "");
	pci_names_free(names);
	fake_sys_free(&sys);
	plugin_fixture_free(&w);
	tempdir_remove(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adapters_are_known_by_id_or_by_their_network_driver),
		cmocka_unit_test(an_adapter_whose_plugin_is_missing_is_known_by_the_file),
		cmocka_unit_test(ids_of_subsystems_count),
		cmocka_unit_test(where_there_is_no_bus_there_are_no_adapters),
		cmocka_unit_test(the_nearest_device_above_a_host_is_its_adapter),
		cmocka_unit_test(odd_devices_do_no_harm),
		cmocka_unit_test(a_host_names_its_adapter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
