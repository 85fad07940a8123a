/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A long change of the database gives up the lock for a moment: what another program does in this gap. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "record-db.h"
#include "record/db_batch.h"
#include <errno.h>
#include <time.h>
#include <unistd.h>

#define IFACE "iface0"
#define HELD_MS 500
#define PORTAL "/192.0.2.10,3260,1/"

/* The linker gives these in place of libc's. */
int __real_clock_gettime(clockid_t id, struct timespec *t);
int __wrap_clock_gettime(clockid_t id, struct timespec *t);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);

/*
 * The clock jumps by the time for which the lock is held, at one look or at each. Else a look is a nanosecond: names of temporary files
 * are made of it.
 */
static unsigned looks, all_looks, jump_at, gaps, other_at;
static bool jump_always;
static long skew_ms;
static struct db *other; /* another program */
static void (*in_gap)(void);

int __wrap_clock_gettime(clockid_t id, struct timespec *t)
{
	(void)id;
	looks++;
	if (jump_always || looks == jump_at)
		skew_ms += HELD_MS;
	all_looks++;
	*t = (struct timespec){ .tv_sec = skew_ms / 1000, .tv_nsec = skew_ms % 1000 * 1000000 + all_looks % 1000000 };
	return 0;
}

/* The gap: the other program's change takes no time, so has none itself. */
int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	bool jumped = jump_always;

	(void)time;
	(void)left;
	if (gaps++ != other_at || !in_gap)
		return 0;
	jump_always = false;
	in_gap();
	jump_always = jumped;
	return 0;
}

/* From now on each look at the clock is the end of the time, and `fn` is run in the nth gap. */
static void begin_gaps(void (*fn)(void), unsigned nth)
{
	gaps = looks = jump_at = 0;
	other_at = nth;
	in_gap = fn;
	jump_always = true;
}

static void end_gaps(void)
{
	jump_always = false;
	in_gap = NULL;
}

static int make(void **state)
{
	struct base *b;
	int rc = base_make(state);

	b = *state;
	return rc ? rc : db_open(b->dir.dir, "2.1.8", NULL, &other, NULL);
}

static int unmake(void **state)
{
	end_gaps();
	db_close(other);
	return base_remove(state);
}

static struct record *iface_of(const char *hwaddress)
{
	struct record *r = record_new(RECORD_IFACE);

	assert_int_equal(record_set(r, FIELD_IFACE_NAME, IFACE, NULL), 0);
	if (hwaddress)
		assert_int_equal(record_set(r, FIELD_IFACE_HWADDRESS, hwaddress, NULL), 0);
	return r;
}

static void add_iface(struct db *db, const char *hwaddress, enum db_add how)
{
	struct record *r = iface_of(hwaddress);

	assert_int_equal(db_iface_add(db, r, how, NULL, NULL), 0);
	record_free(r);
}

static void make_bound(struct base *b, unsigned n)
{
	char target[64];

	for (unsigned i = 0; i < n; i++) {
		snprintf(target, sizeof(target), T1 ".%u", i);
		add_node(b, target, "192.0.2.10", 1, IFACE, NULL);
	}
}

static void set_iface(struct db *db, enum field_id id, const char *text)
{
	struct setting s = { id, text };

	assert_int_equal(db_iface_update(db, IFACE, apply_setting, &s, NULL, NULL), 0);
}

/* The iface's file and all its nodes say the same. */
static void assert_iface_is(struct base *b, const char *net, const char *hwaddress, size_t nodes)
{
	struct record_list l = { 0 };
	struct record *r;

	assert_int_equal(db_iface_find(b->db, IFACE, &r, &b->err), 0);
	assert_string_equal(record_str(r, FIELD_IFACE_NETDEV), net);
	assert_string_equal(record_str(r, FIELD_IFACE_HWADDRESS), hwaddress);
	record_free(r);
	list_nodes(b, NULL, NULL, DB_TPGT_ANY, IFACE, &l);
	assert_int_equal(l.n, nodes);
	for (size_t i = 0; i < l.n; i++) {
		assert_string_equal(record_str(l.at[i], FIELD_IFACE_NETDEV), net);
		assert_string_equal(record_str(l.at[i], FIELD_IFACE_HWADDRESS), hwaddress);
	}
	record_list_free(&l);
}

static void delete_first(void)
{
	struct db_filter f = { .target = T1 ".0", .tpgt = DB_TPGT_ANY };

	assert_int_equal(db_node_delete(other, &f, NULL, NULL, NULL), 0);
}

/* The time ends at each look at the clock in turn: what was read before the gap is not written behind it. */
static void a_node_that_is_deleted_in_the_gap_stays_deleted(void **state)
{
	struct base *b = *state;
	unsigned deleted = 0;
	char value[16];

	for (unsigned k = 1; k < 24; k++) {
		make_bound(b, 3);
		snprintf(value, sizeof(value), "%u", k);
		looks = gaps = other_at = 0;
		jump_at = k;
		in_gap = delete_first;
		assert_int_equal(set_nodes(b, NULL, FIELD_SESSION_QUEUE_DEPTH, value), 0);
		end_gaps();
		deleted += gaps > 0;
		assert_int_equal(base_has(b, "nodes/" T1 ".0" PORTAL IFACE), !gaps);
	}
	assert_true(deleted > 0);
}

static void other_updates(void)
{
	set_iface(other, FIELD_IFACE_HWADDRESS, "00:00:5e:00:53:02");
}

static void other_replaces(void)
{
	add_iface(other, "00:00:5e:00:53:02", DB_ADD_REPLACE);
}

/* Each in the first gap and in the last: both changes are in the iface and in all of its nodes. */
static void two_changes_of_an_iface_leave_it_and_its_nodes_alike(void **state)
{
	static const char *const net[] = { "eth0", "eth1", "eth2", "eth3" };
	struct base *b = *state;

	add_iface(b->db, NULL, DB_ADD_NEW);
	make_bound(b, 4);
	for (unsigned nth = 0; nth < 4; nth++) {
		add_iface(b->db, NULL, DB_ADD_REPLACE);
		begin_gaps(other_updates, nth);
		set_iface(b->db, FIELD_IFACE_NETDEV, net[nth]);
		end_gaps();
		assert_iface_is(b, net[nth], "00:00:5e:00:53:02", 4);
	}
}

static void an_iface_that_is_replaced_beside_a_change_of_it(void **state)
{
	struct base *b = *state;

	add_iface(b->db, NULL, DB_ADD_NEW);
	make_bound(b, 4);
	begin_gaps(other_replaces, 1);
	set_iface(b->db, FIELD_IFACE_NETDEV, "eth0");
	end_gaps();
	assert_iface_is(b, "eth0", "00:00:5e:00:53:02", 4);
	begin_gaps(other_updates, 1);
	add_iface(b->db, "00:00:5e:00:53:01", DB_ADD_REPLACE);
	end_gaps();
	assert_iface_is(b, "", "00:00:5e:00:53:02", 4);
}

static struct stat in_the_gap;

static void look_at_the_file(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/ifaces/" IFACE, db_home(other));
	assert_int_equal(stat(path, &in_the_gap), 0);
}

/* Another change that began in the gap, and has passed some nodes, sees by the file that it has to begin anew. */
static void the_file_of_an_iface_is_written_behind_the_gap(void **state)
{
	struct base *b = *state;
	struct stat now;

	add_iface(b->db, NULL, DB_ADD_NEW);
	make_bound(b, 2);
	begin_gaps(look_at_the_file, 0);
	add_iface(b->db, "00:00:5e:00:53:01", DB_ADD_REPLACE);
	end_gaps();
	assert_int_equal(stat(tempdir_path(&b->dir, "ifaces/" IFACE), &now), 0);
	assert_true(now.st_ino != in_the_gap.st_ino);
}

/* The first target was passed by then. */
static void other_adds_a_portal(void)
{
	struct record *r = make_node(T1 ".0", "192.0.2.11", 1, IFACE);

	assert_int_equal(db_node_add(other, r, DB_ADD_NEW, NULL, NULL), 0);
	record_free(r);
}

static void an_iface_that_is_deleted_leaves_no_node(void **state)
{
	struct base *b = *state;

	for (unsigned nth = 0; nth < 3; nth++) {
		add_iface(b->db, NULL, DB_ADD_NEW);
		make_bound(b, 3);
		begin_gaps(other_adds_a_portal, nth);
		assert_int_equal(db_iface_delete(b->db, IFACE, &b->err), 0);
		assert_true(gaps > nth);
		end_gaps();
		assert_int_equal(count_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL), 0);
	}
}

static struct record *discovery(void)
{
	struct record *disc = record_new(RECORD_SENDTARGETS);

	assert_int_equal(record_set(disc, FIELD_DISC_ADDRESS, "192.0.2.1", NULL), 0);
	return disc;
}

static int discover(struct db *db, unsigned n, struct err *err)
{
	struct record *disc = discovery();
	struct record_list found = { 0 };
	char target[64];
	int rc;

	for (unsigned i = 0; i < n; i++) {
		snprintf(target, sizeof(target), T1 ".%04u", i);
		assert_int_equal(record_list_add(&found, make_node(target, "192.0.2.10", 1, IFACE)), 0);
	}
	rc = db_discovered(db, disc, &found, DB_FOUND_ADD, NULL, NULL, err);
	record_list_free(&found);
	record_free(disc);
	return rc;
}

static void other_discovers(void)
{
	assert_int_equal(discover(other, 2, NULL), 0);
}

static void add_discovery(struct base *b)
{
	struct record *disc = discovery();

	assert_int_equal(db_disc_add(b->db, disc, DB_ADD_NEW, NULL, &b->err), 0);
	record_free(disc);
}

static void a_discovery_record_that_is_deleted_leaves_no_node(void **state)
{
	struct base *b = *state;

	add_discovery(b);
	assert_int_equal(discover(b->db, 1, &b->err), 0);
	add_node(b, T2, "192.0.2.10", 1, "default", NULL);
	begin_gaps(other_discovers, 0);
	assert_int_equal(db_disc_delete(b->db, RECORD_SENDTARGETS, "192.0.2.1", 3260, &b->err), 0);
	assert_true(gaps > 0);
	end_gaps();
	assert_int_equal(count_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL), 1);
}

static void other_deletes_the_discovery(void)
{
	assert_int_equal(db_disc_delete(other, RECORD_SENDTARGETS, "192.0.2.1", 3260, NULL), 0);
}

static void other_deletes_the_iface(void)
{
	assert_int_equal(db_iface_delete(other, IFACE, NULL), 0);
}

/* More than are written at once. */
static void a_large_discovery_ends_when_what_it_belongs_to_is_deleted(void **state)
{
	struct base *b = *state;

	add_discovery(b);
	add_iface(b->db, NULL, DB_ADD_NEW);
	begin_gaps(other_deletes_the_discovery, 0);
	assert_int_equal(discover(b->db, DB_BATCH_RECORDS + 20, &b->err), -ENOENT);
	end_gaps();
	assert_int_equal(b->err.code, MISCSI_ERR_IDBM);
	assert_non_null(strstr(b->err.text, "send_targets/192.0.2.1,3260 was deleted"));
	assert_int_equal(count_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL), 0);
	begin_gaps(other_deletes_the_iface, 0);
	assert_int_equal(discover(b->db, DB_BATCH_RECORDS + 20, &b->err), -ENOENT);
	end_gaps();
	assert_non_null(strstr(b->err.text, "ifaces/" IFACE " was deleted"));
	assert_int_equal(count_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL), 0);
	/* One that never was there is none of its business. */
	begin_gaps(NULL, 0);
	assert_int_equal(discover(b->db, DB_BATCH_RECORDS + 20, &b->err), 0);
	end_gaps();
	assert_int_equal(count_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL), DB_BATCH_RECORDS + 20);
}

#define in_gaps(test) cmocka_unit_test_setup_teardown(test, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_gaps(a_node_that_is_deleted_in_the_gap_stays_deleted),
		in_gaps(two_changes_of_an_iface_leave_it_and_its_nodes_alike),
		in_gaps(an_iface_that_is_replaced_beside_a_change_of_it),
		in_gaps(the_file_of_an_iface_is_written_behind_the_gap),
		in_gaps(an_iface_that_is_deleted_leaves_no_node),
		in_gaps(a_discovery_record_that_is_deleted_leaves_no_node),
		in_gaps(a_large_discovery_ends_when_what_it_belongs_to_is_deleted),
	};

	/* In memory: each record is synced. */
	if (!access("/dev/shm", W_OK))
		setenv("TMPDIR", "/dev/shm", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
