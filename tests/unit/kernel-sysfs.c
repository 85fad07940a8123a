/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysfs, transports, scans and devices on a made-up /sys. */
#include "config.h"
#include "base/mem.h"
#include "fake_sys.h"
#include "kernel/kmod.h"
#include "kernel/kparams.h"
#include "kernel/ktransport.h"
#include "base/helper.h"
#include "kernel/scan.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void attribute_loses_one_newline_only(void **state)
{
	struct fake_sys *s = *state;
	char buf[16];

	fake_sys_write(s, "a\n\n", "x");
	assert_int_equal(sysfs_read(&s->sysfs, buf, sizeof(buf), "%s", "x"), 0);
	assert_string_equal(buf, "a\n");
	fake_sys_write(s, "no newline", "x");
	assert_int_equal(sysfs_read(&s->sysfs, buf, sizeof(buf), "x"), 0);
	assert_string_equal(buf, "no newline");
	fake_sys_write(s, "\n", "x");
	assert_int_equal(sysfs_read(&s->sysfs, buf, sizeof(buf), "x"), 0);
	assert_string_equal(buf, "");
	fake_sys_write(s, "", "x");
	assert_int_equal(sysfs_read(&s->sysfs, buf, sizeof(buf), "x"), 0);
	assert_string_equal(buf, "");
}

static void unset_missing_and_too_long_are_told_apart(void **state)
{
	struct fake_sys *s = *state;
	char buf[16] = "old", big[64];

	assert_int_equal(sysfs_read(&s->sysfs, buf, sizeof(buf), "none"), -ENOENT);
	assert_string_equal(buf, "");
	fake_sys_write(s, "(null)\n", "x");
	assert_int_equal(sysfs_read(&s->sysfs, buf, sizeof(buf), "x"), -ENODATA);
	assert_string_equal(buf, "");
	memset(big, 'y', sizeof(big));
	big[16] = '\0';
	fake_sys_write(s, big, "x");
	assert_int_equal(sysfs_read(&s->sysfs, buf, sizeof(buf), "x"), -EFBIG);
	assert_string_equal(buf, "");
	big[15] = '\0';
	fake_sys_write(s, big, "x");
	assert_int_equal(sysfs_read(&s->sysfs, buf, sizeof(buf), "x"), 0);
}

static void number_is_the_whole_text(void **state)
{
	struct fake_sys *s = *state;
	int64_t v = 7;
	uint64_t u = 7;

	fake_sys_write(s, "12x\n", "x");
	assert_int_equal(sysfs_read_int(&s->sysfs, &v, "x"), -EINVAL);
	fake_sys_write(s, "\n", "x");
	assert_int_equal(sysfs_read_int(&s->sysfs, &v, "x"), -EINVAL);
	fake_sys_write(s, "99999999999999999999\n", "x");
	assert_int_equal(sysfs_read_int(&s->sysfs, &v, "x"), -ERANGE);
	assert_int_equal(v, 7);
	fake_sys_write(s, "-1\n", "x");
	assert_int_equal(sysfs_read_int(&s->sysfs, &v, "x"), 0);
	assert_int_equal(v, -1);
	assert_int_equal(sysfs_read_u64(&s->sysfs, &u, "x"), -EINVAL);
	assert_int_equal(u, 7);
	fake_sys_write(s, "18446744072641421312\n", "x");
	assert_int_equal(sysfs_read_u64(&s->sysfs, &u, "x"), 0);
	assert_true(u == 18446744072641421312ull);
	fake_sys_write(s, "0x48b8\n", "x");
	assert_int_equal(sysfs_read_u64(&s->sysfs, &u, "x"), 0);
	assert_int_equal(u, 0x48b8);
}

static void list_is_sorted_as_asked(void **state)
{
	struct fake_sys *s = *state;
	struct dir l;

	for (int i = 1; i < 40; i++)
		fake_sys_write(s, "", "d/session%d/x", i);
	fake_sys_write(s, "", "d/other");
	assert_int_equal(sysfs_list(&s->sysfs, &l, SYSFS_BY_NAME, "session", "d"), 0);
	assert_int_equal(l.n, 39);
	assert_string_equal(l.names[1], "session10");
	dir_free(&l);
	assert_int_equal(sysfs_list(&s->sysfs, &l, SYSFS_BY_NUMBER, "session", "d"), 0);
	assert_string_equal(l.names[1], "session2");
	assert_string_equal(l.names[38], "session39");
	dir_free(&l);
	assert_int_equal(sysfs_list(&s->sysfs, &l, SYSFS_BY_NAME, "", "none"), -ENOENT);
	dir_free(&l);
}

static void list_survives_any_allocation_failing(void **state)
{
	struct fake_sys *s = *state;
	struct dir l;
	unsigned long n = 0;
	int rc;

	for (int i = 1; i < 20; i++)
		fake_sys_write(s, "", "d/e%d", i);
	do {
		x_fail_at(++n);
		rc = sysfs_list(&s->sysfs, &l, SYSFS_BY_NAME, "", "d");
		x_fail_at(0);
		assert_true(rc == 0 || rc == -ENOMEM);
		dir_free(&l);
	} while (rc);
	assert_int_equal(n, 4); /* one for the names, and two for the list of them */
}

static void only_digits_are_an_objects_number(void **state)
{
	uint32_t n = 5;

	(void)state;
	assert_int_equal(sysfs_number("session12", "session", &n), 0);
	assert_int_equal(n, 12);
	assert_int_equal(sysfs_number("session", "session", &n), -EINVAL);
	assert_int_equal(sysfs_number("session1x", "session", &n), -EINVAL);
	assert_int_equal(sysfs_number("session-1", "session", &n), -EINVAL);
	assert_int_equal(sysfs_number("session4294967296", "session", &n), -ERANGE);
	assert_int_equal(n, 12);
}

static void transport_handle_tells_missing_from_forbidden(void **state)
{
	struct fake_sys *s = *state;
	struct err err = ERR_INIT;
	uint64_t handle;

	fake_sys_transport(s, "tcp");
	assert_int_equal(ktransport_handle(&s->sysfs, "tcp", &handle, &err), 0);
	assert_true(handle == 18446744072641421312ull);
	assert_true(ktransport_handle(&s->sysfs, "none", &handle, &err) < 0);
	assert_int_equal(err.code, MISCSI_ERR_TRANS_NOT_FOUND);
	assert_true(ktransport_handle(&s->sysfs, "../iscsi_transport/tcp", &handle, &err) < 0);
	assert_int_equal(err.code, MISCSI_ERR_TRANS_NOT_FOUND);
	assert_true(ktransport_handle(&s->sysfs, "", &handle, NULL) < 0);
	fake_sys_write(s, "junk\n", "devices/virtual/iscsi_transport/tcp/handle");
	assert_true(ktransport_handle(&s->sysfs, "tcp", &handle, &err) < 0);
	assert_int_equal(err.code, MISCSI_ERR_SYSFS_LOOKUP);
}

static const char *map_tcp(void *arg, const char *proc_name)
{
	(void)arg;
	return strcmp(proc_name, "iscsi_tcp") ? NULL : "tcp";
}

static void transport_of_a_host_is_told_by_the_map_or_its_own_name(void **state)
{
	struct fake_sys *s = *state;
	const struct ktransport_map map = { .transport = map_tcp };
	char name[KTRANSPORT_NAME_MAX];

	fake_sys_transport(s, "tcp");
	fake_sys_transport(s, "qla4xxx");
	fake_sys_session(s, &(struct fake_session){ .sid = 1, .host = 2 });
	fake_sys_session(s, &(struct fake_session){ .sid = 2, .host = 3, .proc_name = "qla4xxx" });
	fake_sys_session(s, &(struct fake_session){ .sid = 3, .host = 4, .proc_name = "virtio" });
	assert_int_equal(ktransport_of_host(&s->sysfs, &map, 2, name), 0);
	assert_string_equal(name, "tcp");
	assert_int_equal(ktransport_of_host(&s->sysfs, NULL, 3, name), 0);
	assert_string_equal(name, "qla4xxx");
	assert_int_equal(ktransport_of_host(&s->sysfs, &map, 4, name), -ENOENT);
	assert_int_equal(ktransport_of_host(&s->sysfs, NULL, 2, name), -ENOENT);
	assert_int_equal(ktransport_of_host(&s->sysfs, &map, 99, name), -ENOENT);
}

static void module_that_is_there_needs_no_loading(void **state)
{
	struct fake_sys *s = *state;
	struct err err = ERR_INIT;

	fake_sys_write(s, "live\n", "module/iscsi_tcp/initstate");
	fake_sys_write(s, "", "module/built_in/parameters/x");
	assert_int_equal(kmod_load(&s->sysfs, "iscsi-tcp", &err), 0);
	assert_int_equal(kmod_load(&s->sysfs, "built_in", &err), 0);
	assert_true(kmod_load(&s->sysfs, "no_such_module_of_miscsi", &err) < 0);
	assert_non_null(strstr(err.text, "no_such_module_of_miscsi"));
	assert_true(kmod_load(&s->sysfs, "../iscsi_tcp", &err) < 0);
	assert_int_equal(err.code, MISCSI_ERR_INVAL);
}

static void devices_are_listed_by_number(void **state)
{
	struct fake_sys *s = *state;
	const struct fake_lun luns[] = { { 10, "sdz" }, { 2, NULL }, { 1, "sdb" }, { FAKE_LUN_END, NULL } };
	struct scan_devices d;

	fake_sys_session(s, &(struct fake_session){ .sid = 1, .host = 2, .luns = luns });
	fake_sys_write(s, "", "devices/platform/host2/session1/target2:0:0/2:0:0:junk/x");
	assert_int_equal(scan_devices(&s->sysfs, 2, 1, &d), 0);
	assert_int_equal(d.n, 3);
	assert_true(d.dev[0].lun == 1 && d.dev[1].lun == 2 && d.dev[2].lun == 10);
	assert_string_equal(d.dev[2].block, "sdz");
	assert_string_equal(d.dev[1].block, "");
	assert_string_equal(d.dev[0].state, "running");
	scan_devices_free(&d);
	assert_int_equal(scan_devices(&s->sysfs, 2, 9, &d), -ENOENT);
	scan_devices_free(&d);
}

struct scanned {
	unsigned done;
	int status;
};

static void on_scanned(int status, void *arg)
{
	struct scanned *s = arg;

	s->done++;
	s->status = status;
}

static void check_file(struct fake_sys *s, const char *path, const char *text)
{
	char buf[64];

	assert_int_equal(sysfs_read(&s->sysfs, buf, sizeof(buf), "%s", path), 0);
	assert_string_equal(buf, text);
}

static void scan_writes_what_is_to_be_scanned(void **state)
{
	struct fake_sys *s = *state;
	const struct fake_lun luns[] = { { 1, "sdb" }, { FAKE_LUN_END, NULL } };
	const char *scan = "class/scsi_host/host2/scan";
	struct scanned seen = { 0 };
	struct helper_pool *helpers;
	struct scanner *sc;
	struct loop *l;

	fake_sys_session(s, &(struct fake_session){ .sid = 1, .host = 2, .luns = luns });
	assert_int_equal(scan_host_wait(&s->sysfs, 2, 0, 5, 16384), 0);
	check_file(s, scan, "0 5 16384");
	assert_int_equal(loop_new(&l), 0);
	assert_int_equal(helper_pool_new(l, NULL, &helpers), 0);
	assert_int_equal(scan_new(helpers, s->dir, &sc), 0);
	fake_sys_write(s, "", "%s", scan);
	assert_int_equal(scan_session_again(sc, 2, 1, on_scanned, &seen, NULL), 0);
	while (seen.done < 1)
		loop_step(l, 1000);
	assert_int_equal(seen.status, 0);
	check_file(s, scan, "- - -");
	check_file(s, "class/iscsi_session/session1/device/target2:0:0/2:0:0:1/rescan", "1");
	assert_int_equal(scan_host(sc, 99, SCAN_ALL, SCAN_ALL, SCAN_LUN_ALL, on_scanned, &seen, NULL), 0);
	while (seen.done < 2)
		loop_step(l, 1000);
	assert_int_equal(seen.status, -ENOENT);
	scan_free(sc);
	helper_pool_free(helpers);
	loop_free(l);
}

static void cancelled_scan_is_not_told(void **state)
{
	struct fake_sys *s = *state;
	struct scanned seen = { 0 }, other = { 0 };
	struct scan *scan[20];
	struct helper_pool *helpers;
	struct scanner *sc;
	struct loop *l;

	fake_sys_session(s, &(struct fake_session){ .sid = 1, .host = 2 });
	assert_int_equal(loop_new(&l), 0);
	assert_int_equal(helper_pool_new(l, NULL, &helpers), 0);
	assert_int_equal(scan_new(helpers, s->dir, &sc), 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(scan_host(sc, 2, 0, 0, SCAN_LUN_ALL, on_scanned, &seen, &scan[i]), 0);
	for (int i = 0; i < 20; i++)
		scan_cancel(scan[i]);
	assert_int_equal(scan_host(sc, 2, 0, 0, SCAN_LUN_ALL, on_scanned, &other, NULL), 0);
	while (!other.done)
		loop_step(l, 1000);
	for (int i = 0; i < 20; i++)
		assert_int_equal(scan_host(sc, 2, 0, 0, SCAN_LUN_ALL, on_scanned, &seen, NULL), 0);
	scan_free(sc);
	helper_pool_free(helpers);
	assert_int_equal(seen.done, 0);
	loop_free(l);
}

static void every_parameter_has_its_row(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ISCSI_PARAM_MAX; i++)
		assert_non_null(kparams_get(i)->name);
	assert_int_equal(ISCSI_PARAM_MAX, 72);
	assert_null(kparams_get(72));
	assert_true(kparams_get(24)->secret && kparams_get(25)->secret && !kparams_get(22)->secret);
}

/* What cannot be looked at may be there: nobody may take it for gone. */
static void only_what_is_missing_is_gone(void **state)
{
	struct fake_sys *s = *state;
	const struct sysfs closed = SYSFS_CLOSED;

	fake_sys_write(&*s, "x", "dir/file");
	fake_sys_link(s, "loop", "loop");
	assert_int_equal(sysfs_exists(&s->sysfs, "dir/%s", "file"), 1);
	assert_int_equal(sysfs_exists(&s->sysfs, "dir/other"), 0);
	assert_int_equal(sysfs_exists(&s->sysfs, "dir/file/below"), 0);
	assert_int_equal(sysfs_exists(&s->sysfs, "loop/file"), -ELOOP);
	assert_int_equal(sysfs_exists(&closed, "dir/file"), -EBADF);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fake_sys_setup, fake_sys_teardown)
	const struct CMUnitTest tests[] = {
		T(attribute_loses_one_newline_only),
		T(unset_missing_and_too_long_are_told_apart),
		T(number_is_the_whole_text),
		T(list_is_sorted_as_asked),
		T(list_survives_any_allocation_failing),
		T(only_what_is_missing_is_gone),
		cmocka_unit_test(only_digits_are_an_objects_number),
		T(transport_handle_tells_missing_from_forbidden),
		T(transport_of_a_host_is_told_by_the_map_or_its_own_name),
		T(module_that_is_there_needs_no_loading),
		T(devices_are_listed_by_number),
		T(scan_writes_what_is_to_be_scanned),
		T(cancelled_scan_is_not_told),
		cmocka_unit_test(every_parameter_has_its_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
