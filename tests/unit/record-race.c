/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The database under stress: writers at the same time, writers that are killed, disks that fail, memory that
 * ends. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "record-db.h"
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define WRITERS 4
#define ROUNDS 25
#define STEP 7 /* between the system calls at which a change is killed; 1 in a run with EVERY_CALL in the environment */

/* The field that each writer owns. */
static const enum field_id owned[WRITERS] = { FIELD_SESSION_CMDS_MAX, FIELD_SESSION_QUEUE_DEPTH, FIELD_CONN_LOGIN_TIMEOUT,
	FIELD_CONN_NOOP_INTERVAL };

static int add_one(void *arg, struct record *r, struct err *err)
{
	const enum field_id *id = arg;

	return record_set_int(r, *id, record_int(r, *id) + 1, err);
}

static void write_much(const char *home, enum field_id id, int rounds)
{
	struct db_filter f = { .target = T1, .tpgt = DB_TPGT_ANY };
	struct db *db;

	if (db_open(home, "2.1.8", NULL, &db, NULL))
		_exit(1);
	for (int i = 0; i < rounds; i++)
		if (db_node_update(db, &f, add_one, &id, NULL, NULL, NULL))
			_exit(2);
	db_close(db);
	_exit(0);
}

static pid_t writer(struct base *b, enum field_id id, int rounds)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		write_much(b->dir.dir, id, rounds);
	return pid;
}

static void writers_at_once_lose_nothing(void **state)
{
	struct base *b = *state;
	struct record_list l = { 0 };
	pid_t pids[WRITERS];

	add_node(b, T1, "192.0.2.10", 1, "default", NULL);
	for (int i = 0; i < WRITERS; i++)
		pids[i] = writer(b, owned[i], ROUNDS);
	for (int i = 0; i < WRITERS; i++) {
		int status;

		/* Readers meanwhile see a whole record. */
		assert_int_equal(count_nodes(b, T1, NULL, 1, "default"), 1);
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	list_nodes(b, T1, NULL, 1, NULL, &l);
	for (int i = 0; i < WRITERS; i++) {
		struct record *fresh = record_new(RECORD_NODE);

		assert_int_equal(record_int(l.at[0], owned[i]), record_int(fresh, owned[i]) + ROUNDS);
		record_free(fresh);
	}
	record_list_free(&l);
}

static void a_killed_writer_leaves_a_whole_record_and_no_lock(void **state)
{
	struct base *b = *state;
	unsigned seed = 1;

	add_node(b, T1, "192.0.2.10", 1, "default", NULL);
	for (int i = 0; i < 30; i++) {
		pid_t pid = writer(b, FIELD_SESSION_REOPEN_MAX, 1000000);
		struct record_list l = { 0 };

		seed = seed * 1103515245 + 12345;
		usleep(500 + (seed >> 16) % 4000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		list_nodes(b, T1, NULL, 1, NULL, &l);
		assert_int_equal(l.n, 1);
		/* The last line of the record is there: it is not cut. */
		assert_true(record_is_set(l.at[0], FIELD_CONN_OFMARKER));
		record_list_free(&l);
	}
	assert_int_equal(b->warnings, 0);
	assert_int_equal(set_nodes(b, T1, FIELD_NODE_STARTUP, "automatic"), 0);
}

#define BULK 16 /* enough to be staged together */

static struct record *bulk_node(unsigned i)
{
	char target[64];

	snprintf(target, sizeof(target), T1 ".%02u", i);
	return make_node(target, "192.0.2.10", 1, "default");
}

static void bulk_fill(struct base *b, struct record *disc)
{
	for (unsigned i = 0; i < BULK; i++) {
		struct record_list one = { 0 };

		assert_int_equal(record_list_add(&one, bulk_node(i)), 0);
		assert_int_equal(db_discovered(b->db, disc, &one, DB_FOUND_ADD, NULL, NULL, NULL), 0);
		record_list_free(&one);
	}
}

static int bulk_update(struct base *b, struct record *disc)
{
	struct db_filter all = DB_FILTER_ALL;
	struct setting s = { FIELD_NODE_STARTUP, "automatic" };

	(void)disc;
	return db_node_update(b->db, &all, apply_setting, &s, NULL, NULL, NULL);
}

static int bulk_delete(struct base *b, struct record *disc)
{
	struct db_filter all = DB_FILTER_ALL;

	(void)disc;
	return db_node_delete(b->db, &all, NULL, NULL, NULL);
}

/* Finds all again, the even ones with another origin of their settings. */
static int bulk_discover(struct base *b, struct record *disc)
{
	cleanup(record_list_free) struct record_list found = { 0 };

	for (unsigned i = 0; i < BULK; i++) {
		struct record *r = bulk_node(i);

		record_set(r, FIELD_NODE_STARTUP, "automatic", NULL);
		record_list_add(&found, r);
	}
	return db_discovered(b->db, disc, &found, DB_FOUND_ADD | DB_FOUND_UPDATE | DB_FOUND_REPLACE, NULL, NULL, NULL);
}

/* Lets a child do it, and kills it when it is about to make the nth system call, or has made it. False: it had ended before. */
static bool killed_at(unsigned nth, int (*change)(struct base *b, struct record *disc), struct base *b, struct record *disc)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(77);
		raise(SIGSTOP);
		_exit(change(b, disc) ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	for (unsigned i = 0; WIFSTOPPED(status) && i < nth; i++) {
		assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
	if (!WIFSTOPPED(status)) {
		if (WEXITSTATUS(status) == 77)
			skip(); /* a container without ptrace */
		assert_int_equal(status, 0);
		return false;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return true;
}

/* Each that is there is whole; returns their number. */
static size_t whole_records(struct base *b)
{
	struct record_list l = { 0 };
	size_t n;

	list_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL, &l);
	for (n = 0; n < l.n; n++)
		/* The last line of the record is there: it is not cut. */
		assert_true(record_is_set(l.at[n], FIELD_CONN_OFMARKER));
	record_list_free(&l);
	assert_int_equal(b->warnings, 0);
	return n;
}

static void a_bulk_change_that_is_killed_at_any_system_call_tears_nothing(void **state)
{
	static const struct {
		int (*change)(struct base *b, struct record *disc);
		bool begins_full;
		size_t least, end;
	} bulk[] = { { bulk_update, true, BULK, BULK }, { bulk_delete, true, 0, 0 }, { bulk_discover, false, 0, BULK },
		{ bulk_discover, true, BULK, BULK } };
	cleanup(record_freep) struct record *disc = record_new(RECORD_SENDTARGETS);
	struct base *b = *state;

	assert_int_equal(record_set(disc, FIELD_DISC_ADDRESS, "192.0.2.1", NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bulk); i++) {
		unsigned nth = 1, step = getenv("EVERY_CALL") ? 1 : STEP;

		for (bool killed = true; killed; nth += step) {
			int rc;

			bulk_delete(b, disc);
			if (bulk[i].begins_full)
				bulk_fill(b, disc);
			killed = killed_at(nth, bulk[i].change, b, disc);
			assert_in_range(whole_records(b), bulk[i].least, BULK);
			/* Nothing holds up who comes next, or is left by him. */
			rc = bulk[i].change(b, disc);
			assert_true(!rc || (rc == -ENOENT && !bulk[i].end));
			assert_int_equal(whole_records(b), bulk[i].end);
			assert_false(base_has(b, ".miscsi.new"));
		}
		assert_true(nth > 200);
	}
}

static void a_failing_disk_leaves_the_old_record(void **state)
{
	struct base *b = *state;
	unsigned failures = 0;

	add_node(b, T1, "192.0.2.10", 1, "default", NULL);
	for (unsigned long n = 1; n < 12; n++) {
		struct record_list l = { 0 };
		int rc;

		assert_int_equal(set_nodes(b, T1, FIELD_NODE_STARTUP, "manual"), 0);
		file_fail_at(n, n & 1 ? ENOSPC : EIO);
		rc = set_nodes(b, T1, FIELD_NODE_STARTUP, "automatic");
		file_fail_at(0, 0);
		list_nodes(b, T1, NULL, 1, NULL, &l);
		assert_int_equal(l.n, 1);
		if (rc) {
			failures++;
			assert_int_equal(b->err.code, MISCSI_ERR_IDBM);
			assert_non_null(strstr(b->err.text, T1));
		} else {
			assert_string_equal(record_str(l.at[0], FIELD_NODE_STARTUP), "automatic");
		}
		record_list_free(&l);
	}
	assert_true(failures >= 3);
}

static void a_directory_that_vanishes_is_no_error(void **state)
{
	struct base *b = *state;
	pid_t pid;

	for (int i = 0; i < 20; i++) {
		char name[64];

		snprintf(name, sizeof(name), "iqn.2026-11.com.example:v%d", i);
		add_node(b, name, "192.0.2.10", 1, "default", NULL);
	}
	pid = fork();
	if (!pid) {
		/* As XenServer does it: without any lock. */
		execlp("rm", "rm", "-rf", tempdir_path(&b->dir, "nodes"), (char *)NULL);
		_exit(1);
	}
	for (int i = 0; i < 200; i++)
		assert_true(count_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL) <= 20);
	waitpid(pid, NULL, 0);
	add_node(b, T1, "192.0.2.10", 1, "default", NULL);
	assert_int_equal(count_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL), 1);
}

/* Every call once; -ENOMEM of any is given back. */
static int everything(struct base *b)
{
	cleanup(record_freep) struct record *node = NULL, *iface = NULL, *disc = NULL, *out = NULL;
	cleanup(record_list_free) struct record_list l = { 0 }, found = { 0 };
	struct db_filter all = DB_FILTER_ALL;
	struct setting s = { FIELD_SESSION_SCAN, "manual" }, n = { FIELD_IFACE_NETDEV, "eth0" };
	int rc;

	node = record_new(RECORD_NODE);
	iface = record_new(RECORD_IFACE);
	disc = record_new(RECORD_SENDTARGETS);
	if (!node || !iface || !disc || record_set(node, FIELD_NODE_NAME, T1, NULL) ||
		record_set(node, FIELD_NODE_TPGT, "1", NULL) || record_set(node, FIELD_CONN_ADDRESS, "192.0.2.10", NULL) ||
		record_set(node, FIELD_IFACE_NAME, "iface0", NULL) || record_set(iface, FIELD_IFACE_NAME, "iface0", NULL) ||
		record_set(disc, FIELD_DISC_ADDRESS, "192.0.2.1", NULL))
		return -ENOMEM;
	rc = db_iface_add(b->db, iface, DB_ADD_REPLACE, NULL, &b->err);
	rc = rc ? rc : db_disc_add(b->db, disc, DB_ADD_MERGE, NULL, &b->err);
	rc = rc ? rc : db_node_add(b->db, node, DB_ADD_MERGE, NULL, &b->err);
	rc = rc ? rc : record_list_add(&found, x_steal(node));
	rc = rc ? rc : db_discovered(b->db, disc, &found, 7, NULL, NULL, &b->err);
	rc = rc ? rc : db_node_update(b->db, &all, apply_setting, &s, NULL, NULL, &b->err);
	rc = rc ? rc : db_iface_update(b->db, "iface0", apply_setting, &n, NULL, &b->err);
	rc = rc ? rc : db_iface_find(b->db, "iface0", &out, &b->err);
	rc = rc ? rc : db_node_list(b->db, &all, &l, &b->err);
	rc = rc ? rc : list_disc_nodes(b, RECORD_SENDTARGETS, "192.0.2.1", 3260, &l);
	rc = rc ? rc : db_disc_list(b->db, RECORD_SENDTARGETS, &l, &b->err);
	rc = rc ? rc : db_iface_list(b->db, &l, &b->err);
	assert_true(rc || l.n == 4);
	rc = rc ? rc : db_node_delete(b->db, &all, NULL, NULL, &b->err);
	return rc ? rc : db_disc_delete(b->db, RECORD_SENDTARGETS, "192.0.2.1", 3260, &b->err);
}

static void no_memory_is_an_error_and_no_more(void **state)
{
	struct base *b = *state;
	unsigned long n;
	int rc = -ENOMEM;

	for (n = 1; rc; n++) {
		x_fail_at(n);
		rc = everything(b);
		if (rc && rc != -ENOMEM)
			fail_msg("allocation %lu: %d, %s", n, rc, b->err.text);
	}
	x_fail_at(0);
	assert_true(n > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_base(writers_at_once_lose_nothing),
		in_base(a_killed_writer_leaves_a_whole_record_and_no_lock),
		in_base(a_bulk_change_that_is_killed_at_any_system_call_tears_nothing),
		in_base(a_failing_disk_leaves_the_old_record),
		in_base(a_directory_that_vanishes_is_no_error),
		in_base(no_memory_is_an_error_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
