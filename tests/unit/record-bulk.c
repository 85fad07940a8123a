/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The database with many records: bad ones among good ones, a lock that is shared, what a killed writer leaves, old kernels. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "record-db.h"
#include "record/db_batch.h"
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MANY (2 * DB_BATCH_RECORDS + 100)

/* The linker gives this in place of libc's. */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

ssize_t __real_getdents64(int fd, void *buffer, size_t size);
ssize_t __wrap_getdents64(int fd, void *buffer, size_t size);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_close_range(unsigned first, unsigned last, int flags);
int __wrap_close_range(unsigned first, unsigned last, int flags);

static bool old_kernel, end_told, short_reads;
static long slow_ns; /* of each read of a directory, and each close */
static volatile unsigned *slow_calls; /* shared with a child */
static unsigned refused, calls;

static void be_slow(void)
{
	const struct timespec time = { .tv_nsec = slow_ns };

	if (!slow_ns)
		return;
	nanosleep(&time, NULL);
	++*slow_calls;
}

long __wrap_syscall(long number, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	calls++;
	if (old_kernel && number == SYS_openat2) {
		refused++;
		errno = ENOSYS;
		return -1;
	}
	return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Two names of the size of ours at most. */
#define SHORT_BYTES 128

static struct dirent64 *last_entry(void *buffer, ssize_t len)
{
	struct dirent64 *e = NULL;

	for (ssize_t at = 0; at < len; at += e->d_reclen)
		e = (void *)((char *)buffer + at);
	return e;
}

/* With the mark of the end that ext4 gives, or without any. */
ssize_t __wrap_getdents64(int fd, void *buffer, size_t size)
{
	ssize_t n = __real_getdents64(fd, buffer, short_reads ? SHORT_BYTES : size);

	calls++;
	be_slow();
	if (n > 0 && short_reads)
		last_entry(buffer, n)->d_off = 1;
	if (n > 0 && end_told)
		last_entry(buffer, n)->d_off = INT64_MAX;
	return n;
}

int __wrap_close(int fd)
{
	calls++;
	be_slow();
	return __real_close(fd);
}

int __wrap_close_range(unsigned first, unsigned last, int flags)
{
	calls++;
	return __real_close_range(first, last, flags);
}

static void a_kernel_without_openat2_serves_as_well(void **state)
{
	struct base *b = *state;
	struct db_filter all = DB_FILTER_ALL;
	char moved[PATH_MAX];
	size_t n = 0;

	old_kernel = true;
	refused = 0;
	add_node(b, T1, "192.0.2.10", 1, "default", NULL);
	add_node(b, T2, "192.0.2.10", -1, "default", NULL);
	assert_int_equal(symlink("/etc", tempdir_path(&b->dir, "nodes/" T1 "/192.0.2.12,3260,1")), 0);
	snprintf(moved, sizeof(moved), "%s", tempdir_path(&b->dir, "moved"));
	assert_int_equal(rename(tempdir_path(&b->dir, "nodes/" T2), moved), 0);
	assert_int_equal(symlink("../moved", tempdir_path(&b->dir, "nodes/" T2)), 0);
	assert_int_equal(count_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL), 1);
	assert_int_equal(set_nodes(b, T1, FIELD_NODE_STARTUP, "automatic"), 0);
	assert_int_equal(db_node_delete(b->db, &all, NULL, &n, &b->err), 0);
	assert_int_equal(n, 1);
	assert_false(base_has(b, "nodes/" T1 "/192.0.2.10,3260,1"));
	assert_true(refused > 0);
	old_kernel = false;
}

static void a_bad_record_among_many_is_skipped_and_named(void **state)
{
	struct base *b = *state;
	struct db_filter all = DB_FILTER_ALL;
	size_t n = 0;

	add_node(b, T1, "192.0.2.10", 1, "default", NULL);
	add_node(b, T1, "192.0.2.11", 1, "default", NULL);
	add_node(b, T2, "192.0.2.10", 1, "default", NULL);
	assert_int_equal(truncate(tempdir_path(&b->dir, "nodes/" T1 "/192.0.2.11,3260,1/default"), 2 << 20), 0);
	assert_int_equal(count_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL), 2);
	assert_int_equal(b->warnings, 1);
	assert_non_null(strstr(b->warned, "nodes/" T1 "/192.0.2.11,3260,1/default"));
	assert_non_null(strstr(b->warned, "a record was skipped"));
	assert_int_equal(set_nodes(b, NULL, FIELD_NODE_STARTUP, "automatic"), 0);
	assert_int_equal(db_node_delete(b->db, &all, NULL, &n, &b->err), 0);
	assert_int_equal(n, 2);
	assert_true(base_has(b, "nodes/" T1 "/192.0.2.11,3260,1/default"));
}

static unsigned with_secret;

static int look_into(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char text[8192] = "";
	int fd = type == FTW_F ? open(path, O_RDONLY) : -1;

	(void)st;
	(void)ftw;
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) > 0)
		with_secret += strstr(text, "Secr3t") != NULL;
	close(fd);
	return 0;
}

static unsigned files_with_secret(struct base *b)
{
	with_secret = 0;
	assert_int_equal(nftw(b->dir.dir, look_into, 8, FTW_PHYS), 0);
	return with_secret;
}

static void die_while_writing(struct base *b)
{
	struct record *r = make_node(T1, "192.0.2.10", 1, "default");
	struct db_batch batch = DB_BATCH_INIT;

	if (record_set(r, FIELD_SESSION_PASSWORD, "Secr3t", NULL) || db_batch_begin(b->db, &batch, NULL))
		_exit(1);
	db_batch_expect(&batch, 100);
	_exit(db_batch_put(&batch, "nodes/" T1 "/192.0.2.10,3260,1/default", r, NULL) ? 1 : 0);
}

static void the_secrets_of_a_killed_writer_go_with_the_next_write(void **state)
{
	struct base *b = *state;
	int status;
	pid_t pid;

	add_node(b, T1, "192.0.2.10", 1, "default", NULL);
	pid = fork();
	if (!pid)
		die_while_writing(b);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(files_with_secret(b), 1);
	assert_true(base_has(b, ".miscsi.new"));
	add_node(b, T2, "192.0.2.10", 1, "default", NULL);
	assert_int_equal(files_with_secret(b), 0);
	assert_false(base_has(b, ".miscsi.new"));
}

static void make_many(struct base *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		char path[128];
		int fd;

		snprintf(path, sizeof(path), "nodes/" T1 "/10.0.%u.%u,3260,1", i / 250, i % 250);
		assert_int_equal(file_mkdirs(tempdir_path(&b->dir, path), 0700), 0);
		snprintf(path, sizeof(path), "nodes/" T1 "/10.0.%u.%u,3260,1/default", i / 250, i % 250);
		fd = open(tempdir_path(&b->dir, path), O_WRONLY | O_CREAT, 0600);
		assert_int_equal(write(fd, "node.startup = manual\n", 22), 22);
		close(fd);
	}
}

/* Slowly at first, so that the first batch holds the lock for long. */
static int count_and_change(void *arg, struct record *r, struct err *err)
{
	const struct timespec slow = { .tv_nsec = 1000000 };

	if (++*(volatile unsigned *)arg <= 600)
		nanosleep(&slow, NULL);
	return record_set(r, FIELD_NODE_STARTUP, "automatic", err);
}

static void a_long_update_lets_others_write(void **state)
{
	unsigned *changed = mmap(NULL, sizeof(*changed), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct base *b = *state;
	struct db_filter all = DB_FILTER_ALL;
	int status;
	pid_t pid;

	make_many(b, MANY);
	pid = fork();
	if (!pid)
		_exit(db_node_update(b->db, &all, count_and_change, changed, NULL, NULL, NULL) ? 1 : 0);
	while (!*(volatile unsigned *)changed)
		usleep(1000);
	add_node(b, T2, "192.0.2.10", 1, "default", NULL);
	assert_in_range(*changed, 1, MANY - 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_in_range(*changed, MANY, MANY + 1);
	munmap(changed, sizeof(*changed));
}

/* A target each, as most storage has them. */
static void make_targets(struct base *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		char path[128];

		snprintf(path, sizeof(path), "nodes/" T1 ".%u/192.0.2.10,3260,1", i);
		assert_int_equal(file_mkdirs(tempdir_path(&b->dir, path), 0700), 0);
		snprintf(path, sizeof(path), "nodes/" T1 ".%u/192.0.2.10,3260,1/default", i);
		close(open(tempdir_path(&b->dir, path), O_WRONLY | O_CREAT, 0600));
	}
}

/* A child changes the database, slowly, and this process adds a node meanwhile: before how many of its slow calls were made. */
static unsigned calls_before_another_writes(struct base *b, void (*change)(struct base *b), unsigned *all)
{
	unsigned before;
	int status;
	pid_t pid;

	slow_calls = mmap(NULL, sizeof(*slow_calls), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork();
	if (!pid) {
		slow_ns = 600000;
		change(b);
		_exit(0);
	}
	while (!*slow_calls)
		usleep(1000);
	add_node(b, T2, "192.0.2.10", 1, "default", NULL);
	before = *slow_calls;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	*all = *slow_calls;
	munmap((void *)slow_calls, sizeof(*slow_calls));
	return before;
}

static void add_iface(struct base *b)
{
	struct record *r = record_new(RECORD_IFACE);

	if (record_set(r, FIELD_IFACE_NAME, "iface0", NULL) || db_iface_add(b->db, r, DB_ADD_NEW, NULL, NULL))
		_exit(1);
}

static void discover_many(struct base *b)
{
	struct record *disc = record_new(RECORD_SENDTARGETS);
	struct record_list found = { 0 };
	char target[64];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(target, sizeof(target), T1 ".new%u", i);
		record_list_add(&found, make_node(target, "192.0.2.10", 1, "default"));
	}
	if (record_set(disc, FIELD_DISC_ADDRESS, "192.0.2.1", NULL) ||
		db_discovered(b->db, disc, &found, DB_FOUND_ADD, NULL, NULL, NULL) || found.n != MANY)
		_exit(1);
}

/* A new iface searches all nodes for those that have its name; a discovery may find thousands. */
static void a_long_search_and_a_large_discovery_let_others_write(void **state)
{
	struct base *b = *state;
	unsigned all;

	make_targets(b, MANY);
	assert_in_range(calls_before_another_writes(b, add_iface, &all), 1, MANY * 3 / 4);
	assert_in_range(all, MANY, 4 * MANY);
	assert_in_range(calls_before_another_writes(b, discover_many, &all), 1, MANY * 3 / 4);
	assert_int_equal(count_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL), MANY + 1);
}

static int keep_only_identity(void *arg, struct record **r, const char *path)
{
	unsigned *n = arg;

	(void)path;
	assert_string_equal(record_str(*r, FIELD_NODE_NAME), T1);
	assert_int_equal(record_int(*r, FIELD_NODE_TPGT), 1);
	assert_string_equal(record_str(*r, FIELD_NODE_STARTUP), "manual");
	++*n;
	return 0;
}

static int count_found(void *arg, struct record **r, const char *path)
{
	(void)r;
	(void)path;
	++*(unsigned *)arg;
	return 0;
}

/* The file says automatic; nobody opens it. */
static void names_alone_open_no_record(void **state)
{
	struct base *b = *state;
	struct db_filter names = { .tpgt = DB_TPGT_ANY, .names = true };
	unsigned n = 0;

	add_node(b, T1, "192.0.2.10", 1, "default", NULL);
	assert_int_equal(set_nodes(b, NULL, FIELD_NODE_STARTUP, "automatic"), 0);
	assert_int_equal(db_node_each(b->db, &names, keep_only_identity, &n, &b->err), 0);
	assert_int_equal(n, 1);
}

/* Where the file system says that a directory has no more. The target's directory and the portal's are opened and read once each. */
static void names_cost_four_calls_a_record(void **state)
{
	struct db_filter names = { .tpgt = DB_TPGT_ANY, .names = true };
	struct base *b = *state;
	unsigned n = 0;

	make_targets(b, 500);
	end_told = true;
	calls = 0;
	assert_int_equal(db_node_each(b->db, &names, count_found, &n, &b->err), 0);
	end_told = false;
	assert_int_equal(n, 500);
	assert_in_range(calls, 4 * n, 4 * n + n / 5);
}

static int open_files(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* One of another thread, in the middle of what is closed. */
static int open_between(void *arg, struct record **r, const char *path)
{
	int *fd = arg;

	(void)r;
	(void)path;
	if (*fd < 0)
		*fd = open("/dev/null", O_RDONLY);
	return 0;
}

static void directories_are_closed_and_nothing_else(void **state)
{
	struct db_filter names = { .tpgt = DB_TPGT_ANY, .names = true };
	int before = open_files(), between = -1;
	struct base *b = *state;

	make_targets(b, 100);
	assert_int_equal(db_node_each(b->db, &names, open_between, &between, &b->err), 0);
	assert_int_equal(open_files(), before + 1);
	assert_true(fcntl(between, F_GETFD) >= 0);
	close(between);
}

/* As on NFS and FUSE, and after a signal: a call returns some names, and no mark of the end. */
static void a_short_read_of_a_directory_is_not_its_end(void **state)
{
	struct db_filter names = { .tpgt = DB_TPGT_ANY, .names = true };
	struct base *b = *state;
	unsigned n = 0;

	make_targets(b, 20);
	short_reads = true;
	assert_int_equal(db_node_each(b->db, &names, count_found, &n, &b->err), 0);
	short_reads = false;
	assert_int_equal(n, 20);
}

/* Three hundred targets: the first has a record already, and the first three have a second portal. */
static void many_new_targets_are_written_without_a_look_at_each(void **state)
{
	struct record *disc = record_new(RECORD_SENDTARGETS);
	struct db_filter old = { .target = T1 ".0", .tpgt = DB_TPGT_ANY };
	struct record_list found = { 0 }, l = { 0 };
	struct base *b = *state;
	char target[64];

	add_node(b, T1 ".0", "192.0.2.10", 1, "default", NULL);
	assert_int_equal(set_nodes(b, T1 ".0", FIELD_NODE_STARTUP, "automatic"), 0);
	assert_int_equal(record_set(disc, FIELD_DISC_ADDRESS, "192.0.2.1", NULL), 0);
	for (unsigned i = 0; i < 303; i++) {
		snprintf(target, sizeof(target), T1 ".%u", i % 300);
		assert_int_equal(
			record_list_add(&found, make_node(target, i < 300 ? "192.0.2.10" : "192.0.2.11", 1, "default")), 0);
	}
	calls = 0;
	assert_int_equal(db_discovered(b->db, disc, &found, DB_FOUND_ADD | DB_FOUND_UPDATE, NULL, NULL, &b->err), 0);
	assert_in_range(calls, 303, 350); /* a close of each file; no search for its directory */
	record_list_free(&found);
	assert_int_equal(list_disc_nodes(b, RECORD_SENDTARGETS, "192.0.2.1", 3260, &l), 0);
	assert_int_equal(l.n, 303);
	record_list_free(&l);
	assert_int_equal(db_node_list(b->db, &old, &l, &b->err), 0);
	assert_int_equal(l.n, 2);
	assert_string_equal(record_str(l.at[0], FIELD_NODE_STARTUP), "automatic");
	record_list_free(&l);
	record_free(disc);
}

#define OWNERS 300

/* Each node has an iface and a discovery of its own, and every second one no portal group. */
static void make_owners(struct base *b)
{
	char target[64], iface[32], from[32];

	for (unsigned i = 0; i < OWNERS; i++) {
		struct record *r;

		snprintf(target, sizeof(target), T1 ".%03u", i);
		snprintf(iface, sizeof(iface), "if%u", i);
		snprintf(from, sizeof(from), "10.0.%u.%u", i / 100, i % 100);
		r = make_node(target, "192.0.2.10", i % 2 ? 1 : -1, iface);
		assert_int_equal(record_set(r, FIELD_NODE_DISCOVERY_ADDRESS, from, NULL), 0);
		assert_int_equal(record_set_int(r, FIELD_NODE_DISCOVERY_PORT, 3260, NULL), 0);
		assert_int_equal(record_set(r, FIELD_NODE_DISCOVERY_TYPE, "send_targets", NULL), 0);
		assert_int_equal(db_node_add(b->db, r, DB_ADD_NEW, NULL, &b->err), 0);
		record_free(r);
	}
}

/* Not one of all others: a hundred thousand discoveries, or ifaces, with a node each were searched for hours. */
static void a_listing_by_owner_reads_each_node_a_few_times(void **state)
{
	struct db_index *ifaces, *unlinked;
	struct base *b = *state;
	char name[32];
	size_t n = 0;

	make_owners(b);
	calls = 0;
	assert_int_equal(db_index_ifaces(b->db, &ifaces, &b->err), 0);
	assert_int_equal(db_index_unlinked(b->db, &unlinked, &b->err), 0);
	for (unsigned i = 0; i < OWNERS; i++) {
		snprintf(name, sizeof(name), "if%u", i);
		assert_int_equal(db_index_each(b->db, ifaces, name, i % 3 != 0, count_found, &n, &b->err), 0);
		snprintf(name, sizeof(name), "10.0.%u.%u", i / 100, i % 100);
		assert_int_equal(
			db_index_disc_nodes(b->db, unlinked, RECORD_SENDTARGETS, name, 3260, count_found, &n, &b->err), 0);
		assert_int_equal(n, 2 * i + 2);
	}
	assert_in_range(calls, OWNERS, 30 * OWNERS);
	db_index_free(ifaces);
	db_index_free(unlinked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_base(a_kernel_without_openat2_serves_as_well),
		in_base(a_bad_record_among_many_is_skipped_and_named),
		in_base(the_secrets_of_a_killed_writer_go_with_the_next_write),
		in_base(a_long_update_lets_others_write),
		in_base(a_long_search_and_a_large_discovery_let_others_write),
		in_base(names_alone_open_no_record),
		in_base(names_cost_four_calls_a_record),
		in_base(directories_are_closed_and_nothing_else),
		in_base(a_short_read_of_a_directory_is_not_its_end),
		in_base(many_new_targets_are_written_without_a_look_at_each),
		in_base(a_listing_by_owner_reads_each_node_a_few_times),
	};

	/* In memory: on a busy disk, a sync may take longer than a writer waits. */
	if (!access("/dev/shm", W_OK))
		setenv("TMPDIR", "/dev/shm", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
