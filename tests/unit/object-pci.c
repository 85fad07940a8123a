/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adapters on a made-up PCI bus: which plugin knows them, and what is missing. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "fake_sys.h"
#include "object/pci.h"
#include "plugin-world.h"

struct seen {
	char text[2048]; /* "SLOT TRANSPORT DRIVER MODULE loaded;" */
	unsigned n;
	char first_name[256];
};

static int see(void *arg, const struct pci_adapter *a)
{
	struct seen *s = arg;
	size_t len = strlen(s->text);

	if (s->n++ == 0)
		snprintf(s->first_name, sizeof(s->first_name), "%s", a->name);
	snprintf(s->text + len, sizeof(s->text) - len, "%s %04x:%04x %s %s %s %d;", a->slot, a->vendor, a->device, a->transport, a->driver,
		a->module, a->loaded);
	return 0;
}

static void device(struct fake_sys *sys, const char *slot, const char *vendor, const char *id, const char *driver)
{
	char to[64];

	fake_sys_write(sys, vendor, "bus/pci/devices/%s/vendor", slot);
	fake_sys_write(sys, id, "bus/pci/devices/%s/device", slot);
	fake_sys_write(sys, "0x010000\n", "bus/pci/devices/%s/class", slot);
	snprintf(to, sizeof(to), "../../drivers/%s", driver);
	if (*driver)
		fake_sys_write(sys, "", "bus/pci/drivers/%s/bind", driver);
	if (*driver)
		fake_sys_link(sys, to, "bus/pci/devices/%s/driver", slot);
}

static void adapters_are_known_by_id_or_by_their_network_driver(void **state)
{
	struct plugin_world w;
	struct fake_sys sys;
	struct seen s = { .n = 0 };
	struct err err = ERR_INIT;
	char bus[128];

	(void)state;
	plugin_world_make(&w, BUILDDIR "/.libs");
	fake_sys_new(&sys);
	device(&sys, "0000:03:00.0", "0x1077\n", "0x8022\n", "qla4xxx");
	device(&sys, "0000:04:00.2", "0x10df\n", "0x0722\n", "");
	device(&sys, "0000:05:00.0", "0x14e4\n", "0x168e\n", "bnx2x");
	device(&sys, "0000:06:00.0", "0x8086\n", "0x1572\n", "i40e"); /* none of ours */
	fake_sys_write(&sys, "live\n", "module/qla4xxx/initstate");
	snprintf(bus, sizeof(bus), "%s/bus/pci", sys.dir);
	assert_int_equal(pci_adapters(w.ps, &sys.sysfs, bus, see, &s, &err), 0);
	assert_int_equal(s.n, 3);
	assert_non_null(strstr(s.text, "0000:03:00.0 1077:8022 qla4xxx qla4xxx qla4xxx 1;"));
	assert_non_null(strstr(s.text, "0000:04:00.2 10df:0722 be2iscsi  be2iscsi 0;"));
	assert_non_null(strstr(s.text, "0000:05:00.0 14e4:168e bnx2i bnx2x bnx2i 0;"));
	assert_true(*s.first_name != '\0'); /* by the database, or else by the plugin */
	fake_sys_free(&sys);
	plugin_world_free(&w);
}

static void where_there_is_no_bus_there_are_no_adapters(void **state)
{
	struct plugin_world w;
	struct fake_sys sys;
	struct seen s = { .n = 0 };

	(void)state;
	plugin_world_make(&w, BUILDDIR "/.libs");
	fake_sys_new(&sys);
	assert_int_equal(pci_adapters(w.ps, &sys.sysfs, "/nonexistent/bus", see, &s, NULL), 0);
	assert_int_equal(s.n, 0);
	fake_sys_free(&sys);
	plugin_world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adapters_are_known_by_id_or_by_their_network_driver),
		cmocka_unit_test(where_there_is_no_bus_there_are_no_adapters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
