/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes that have a device open, in a made-up /proc; /dev/null stands for the device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fake_sys.h"
#include "kernel/openers.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void link_to(const struct fake_sys *s, const char *to, const char *at)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", s->dir, at);
	assert_int_equal(symlink(to, path), 0);
}

static int find(const struct fake_sys *s, struct err *err)
{
	struct openers_device devices[] = {
		{ .name = "sdb", .number = makedev(1, 3) }, /* of another kind */
		{ .name = "sg2", .number = makedev(1, 3), .character = true },
	};
	char proc[96];

	snprintf(proc, sizeof(proc), "%s/proc", s->dir);
	return openers_find(proc, &s->sysfs, devices, 2, err);
}

static void a_process_that_has_it_open_is_named(void **state)
{
	struct fake_sys *s = *state;
	struct err err = ERR_INIT;

	fake_sys_write(s, "", "proc/swaps");
	fake_sys_write(s, "dd\n", "proc/77/comm");
	fake_sys_write(s, "", "proc/77/fd/0");
	link_to(s, "/dev/zero", "proc/77/fd/1");
	link_to(s, "/nosuch", "proc/77/fd/2");
	assert_int_equal(find(s, &err), 0);
	link_to(s, "/dev/null", "proc/77/fd/3");
	assert_int_equal(find(s, &err), -EBUSY);
	assert_string_equal(err.text, "sg2 is in use: process 77 (dd) has opened it; end that process first");
}

static void this_process_does_not_count(void **state)
{
	struct fake_sys *s = *state;
	struct err err = ERR_INIT;
	char path[64];

	snprintf(path, sizeof(path), "proc/%d/fd/0", (int)getpid());
	fake_sys_write(s, "", "%s", path);
	snprintf(path, sizeof(path), "proc/%d/fd/1", (int)getpid());
	link_to(s, "/dev/null", path);
	assert_int_equal(find(s, &err), 0);
}

static void what_cannot_be_looked_at_is_an_error(void **state)
{
	struct err err = ERR_INIT;

	assert_int_equal(find(*state, &err), -ENOENT);
	assert_int_equal(err.code, MISCSI_ERR_BUSY);
	fake_sys_write(*state, "not a directory", "proc/77/fd");
	assert_int_equal(find(*state, &err), -ENOTDIR);
	assert_non_null(strstr(err.text, "because 77/fd cannot be opened to look for users of the disks: Not a directory"));
}

#define in_sys(test) cmocka_unit_test_setup_teardown(test, fake_sys_setup, fake_sys_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_sys(a_process_that_has_it_open_is_named),
		in_sys(this_process_does_not_count),
		in_sys(what_cannot_be_looked_at_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
