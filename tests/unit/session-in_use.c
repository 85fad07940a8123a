/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a session's disks are in use: mounts of all namespaces, swap space, holders, in a made-up /sys and /proc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fake_sys.h"
#include "session/in_use.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct fake_lun luns[] = { { 0, "sdb" }, { FAKE_LUN_END, NULL } };

/* The session's disk is sdb with a partition; procfs lies in the folder "proc" beside it. */
static void with_disk(struct fake_sys *s)
{
	fake_sys_session(s, &(struct fake_session){ .sid = 1, .host = 2, .target = "iqn.2001-04.com.example:a", .luns = luns });
	fake_sys_write(s, "8:16\n", "class/block/sdb/dev");
	fake_sys_write(s, "8:17\n", "class/block/sdb/sdb1/dev");
	fake_sys_write(s, "", "proc/self/ns/mnt");
	fake_sys_write(s, "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n", "proc/self/mountinfo");
	fake_sys_write(s, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n", "proc/swaps");
}

/* As an exclusive open of the device would end: "" for all that are not claimed. */
static const char *claimed = "";

static int claim(const struct openers_device *d, struct err *err)
{
	if (strcmp(d->name, claimed) != 0)
		return 0;
	err_set(err, MISCSI_ERR_BUSY, "%s is claimed", d->name);
	return -EBUSY;
}

static void finds(struct fake_sys *s, const char *want)
{
	struct in_use_ways ways = { .sysfs = &s->sysfs, .claim = claim };
	struct err err = ERR_INIT;
	char proc[96];

	snprintf(proc, sizeof(proc), "%s/proc", s->dir);
	ways.proc = proc;
	assert_int_equal(in_use_session(&ways, 2, 1, &err), want != NULL);
	assert_string_equal(err.text, want ? want : "");
	assert_int_equal(err.code, want ? MISCSI_ERR_BUSY : MISCSI_ERR_OK);
	err_clear(&err);
}

static void a_disk_that_nobody_uses_may_go(void **state)
{
	with_disk(*state);
	finds(*state, NULL);
}

static void a_mounted_partition_is_in_use(void **state)
{
	with_disk(*state);
	fake_sys_write(*state, "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 8:17 / /mnt/a\\040b rw shared:1 - xfs /dev/sdb1 rw\n",
		"proc/self/mountinfo");
	finds(*state, "sdb1 is mounted on /mnt/a b: unmount it first");
}

/* btrfs has a device number of its own. */
static void a_mount_is_known_by_its_source_too(void **state)
{
	with_disk(*state);
	fake_sys_write(*state, "23 22 0:55 /root /srv rw - btrfs /dev/sdb rw,subvolid=256,subvol=/root\n", "proc/self/mountinfo");
	finds(*state, "sdb is mounted on /srv: unmount it first");
}

static void a_mount_of_another_namespace_counts(void **state)
{
	with_disk(*state);
	fake_sys_write(*state, "", "proc/1/ns/mnt");
	fake_sys_write(*state, "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n", "proc/1/mountinfo");
	fake_sys_write(*state, "", "proc/77/ns/mnt");
	fake_sys_write(*state, "40 1 8:16 / /data rw - ext4 /dev/sdb rw\n", "proc/77/mountinfo");
	finds(*state,
		"sdb is mounted on /data in the mount namespace of process 77: unmount it there ('nsenter -t 77 -m umount'), or "
		"end the process");
	fake_sys_write(*state, "40 1 8:16 / /srv rw - ext4 /dev/sdb rw\n", "proc/1/mountinfo");
	finds(*state, "sdb is mounted on /srv: unmount it first");
}

/* A unit with a mount namespace of its own keeps what is below a private mount, until it is started again. */
static void a_mount_that_iscsid_alone_has_is_named(void **state)
{
	with_disk(*state);
	fake_sys_write(*state, "", "proc/1/ns/mnt");
	fake_sys_write(*state, "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n", "proc/1/mountinfo");
	fake_sys_write(*state, "40 1 8:16 / /p/data rw - ext4 /dev/sdb rw\n", "proc/self/mountinfo");
	finds(*state, "sdb is mounted on /p/data in iscsid's own mount namespace: restart iscsid to unmount it");
}

/* The process that is looked at first has ended, and another one is in its namespace. */
static void a_namespace_is_read_from_a_process_that_lives(void **state)
{
	struct fake_sys *s = *state;
	char from[120], to[120];

	with_disk(s);
	fake_sys_write(s, "", "proc/77/ns/mnt");
	fake_sys_write(s, "40 1 8:16 / /data rw - ext4 /dev/sdb rw\n", "proc/78/mountinfo");
	fake_sys_write(s, "", "proc/78/ns/other");
	snprintf(from, sizeof(from), "%s/proc/77/ns/mnt", s->dir);
	snprintf(to, sizeof(to), "%s/proc/78/ns/mnt", s->dir);
	assert_int_equal(link(from, to), 0);
	finds(s,
		"sdb is mounted on /data in the mount namespace of process 78: unmount it there ('nsenter -t 78 -m umount'), or "
		"end the process");
}

/* By what no mountinfo and no holder shows: the second device of a btrfs, ZFS, a mount in a namespace without a process. */
static void a_claimed_partition_is_in_use(void **state)
{
	with_disk(*state);
	claimed = "sdb1";
	finds(*state, "sdb1 is claimed");
	claimed = "";
}

static void a_device_without_a_number_is_in_use(void **state)
{
	with_disk(*state);
	fake_sys_write(*state, "nonsense\n", "class/block/sdb/sdb1/dev");
	finds(*state,
		"the disks count as in use (--force logs out all the same), because sysfs does not show the device number of "
		"sdb1: Invalid argument");
}

static void swap_space_is_in_use(void **state)
{
	with_disk(*state);
	fake_sys_write(*state,
		"Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
		"/dev/sdb1                               partition\t1048572\t\t0\t\t-2\n",
		"proc/swaps");
	finds(*state, "sdb1 is in use as swap space: run swapoff on it first");
}

static void a_part_of_another_device_is_in_use(void **state)
{
	with_disk(*state);
	fake_sys_write(*state, "", "class/block/sdb/holders/dm-0");
	finds(*state, "sdb is part of dm-0: stop that device first");
}

static void what_cannot_be_checked_stays(void **state)
{
	struct fake_sys *s = *state;
	char want[300];

	with_disk(s);
	fake_sys_remove(s, "proc/self/mountinfo");
	snprintf(want, sizeof(want),
		"the disks count as in use (--force logs out all the same), because the list of mounts %s/proc/self/mountinfo "
		"cannot be read: No such file or directory",
		s->dir);
	finds(s, want);
}

#define in_sys(test) cmocka_unit_test_setup_teardown(test, fake_sys_setup, fake_sys_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_sys(a_disk_that_nobody_uses_may_go),
		in_sys(a_mounted_partition_is_in_use),
		in_sys(a_mount_is_known_by_its_source_too),
		in_sys(a_mount_of_another_namespace_counts),
		in_sys(a_mount_that_iscsid_alone_has_is_named),
		in_sys(a_namespace_is_read_from_a_process_that_lives),
		in_sys(a_claimed_partition_is_in_use),
		in_sys(a_device_without_a_number_is_in_use),
		in_sys(swap_space_is_in_use),
		in_sys(a_part_of_another_device_is_in_use),
		in_sys(what_cannot_be_checked_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
