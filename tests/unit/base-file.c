/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of base/file: bounded reads, replacement that survives every failure and every kill, locks that die with their holder. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/file.h"
#include "base/mem.h"
#include "tempdir.h"
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int setup(void **state)
{
	struct tempdir *w = x_new(struct tempdir);

	tempdir_make(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	file_fail_at(0, 0);
	tempdir_remove(*state);
	x_free(*state);
	return 0;
}

static void put(const struct tempdir *w, const char *name, const char *text)
{
	assert_int_equal(file_replace(AT_FDCWD, tempdir_path(w, name), text, strlen(text), 0600), 0);
}

static void assert_content(const struct tempdir *w, const char *name, const char *text)
{
	cleanup(x_freep) char *s = NULL;
	size_t len = 0;

	assert_int_equal(file_read(AT_FDCWD, tempdir_path(w, name), 1 << 20, &s, &len), 0);
	assert_int_equal(len, strlen(text));
	assert_string_equal(s, text);
}

static void what_was_put_is_read(void **state)
{
	cleanup(x_freep) char *big = x_zalloc(100001);
	const struct tempdir *w = *state;
	struct stat st;

	put(w, "f", "one\n");
	assert_content(w, "f", "one\n");
	memset(big, 'z', 100000);
	put(w, "f", big);
	assert_content(w, "f", big);
	put(w, "f", "");
	assert_content(w, "f", "");
	assert_int_equal(tempdir_count(w), 1);
	umask(077);
	assert_int_equal(file_replace(AT_FDCWD, tempdir_path(w, "g"), "x", 1, 0644), 0);
	umask(022);
	assert_int_equal(stat(tempdir_path(w, "g"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
}

static void paths_are_relative_to_the_directory(void **state)
{
	const struct tempdir *w = *state;
	cleanup(file_close) int dir = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup(x_freep) char *s = NULL;
	size_t len;

	assert_int_equal(mkdir(tempdir_path(w, "sub"), 0700), 0);
	assert_int_equal(file_replace(dir, "sub/f", "abc", 3, 0600), 0);
	assert_int_equal(file_read(dir, "sub/f", 3, &s, &len), 0);
	assert_string_equal(s, "abc");
	assert_int_equal(file_replace(dir, "none/f", "abc", 3, 0600), -ENOENT);
	assert_int_equal(file_replace(dir, "sub/", "abc", 3, 0600), -EINVAL);
}

static void reads_are_bounded_and_take_regular_files_only(void **state)
{
	const struct tempdir *w = *state;
	char *s = NULL;
	size_t len;

	put(w, "f", "12345");
	assert_int_equal(file_read(AT_FDCWD, tempdir_path(w, "f"), 4, &s, &len), -EFBIG);
	assert_int_equal(file_read(AT_FDCWD, tempdir_path(w, "f"), 5, &s, &len), 0);
	x_free(s);
	s = NULL;
	assert_int_equal(file_read(AT_FDCWD, w->dir, 5, &s, &len), -EISDIR);
	assert_int_equal(file_read(AT_FDCWD, tempdir_path(w, "none"), 5, &s, &len), -ENOENT);
	/* would wait for a writer for ever */
	assert_int_equal(mkfifo(tempdir_path(w, "fifo"), 0600), 0);
	assert_int_equal(file_read(AT_FDCWD, tempdir_path(w, "fifo"), 5, &s, &len), -EINVAL);
	/* says that it is empty */
	assert_int_equal(file_read(AT_FDCWD, "/proc/self/status", 1 << 20, &s, &len), 0);
	assert_true(len > 100);
	x_free(s);
}

/* The linker gives these two in place of base/mem's: everything that file_read() frees is looked through. */
void __real_x_free(void *p);
void *__real_x_realloc(void *old, size_t size);
void __wrap_x_free(void *p);
void *__wrap_x_realloc(void *old, size_t size);

static bool watching;
static unsigned freed_secrets;

static void look_at_freed(const void *p)
{
	size_t size = p ? malloc_usable_size((void *)(uintptr_t)p) : 0;

	for (size_t i = 0; watching && i + 6 <= size; i++)
		freed_secrets += !memcmp((const char *)p + i, "Secr3t", 6);
}

void __wrap_x_free(void *p)
{
	look_at_freed(p);
	__real_x_free(p);
}

void *__wrap_x_realloc(void *old, size_t size)
{
	look_at_freed(old); /* it may move */
	return __real_x_realloc(old, size);
}

/* The kernel shows the length of /proc/self/environ as 0, so that the buffer must grow. */
static void what_a_read_frees_is_wiped(void **state)
{
	const struct tempdir *w = *state;
	char *s = NULL;
	size_t len;

	put(w, "f", "Secr3t and more than is allowed");
	memcpy(environ[0], "Secr3t", 6);
	watching = true;
	assert_int_equal(file_read(AT_FDCWD, tempdir_path(w, "f"), 12, &s, &len), -EFBIG);
	assert_int_equal(freed_secrets, 0);
	assert_int_equal(file_read(AT_FDCWD, "/proc/self/environ", 1 << 20, &s, &len), 0);
	watching = false;
	assert_int_equal(freed_secrets, 0);
	assert_non_null(memmem(s, len, "Secr3t", 6));
	x_free(s);
}

static void a_read_without_memory_fails_cleanly(void **state)
{
	const struct tempdir *w = *state;
	cleanup(x_freep) char *big = x_zalloc(50001);
	char *s = NULL;
	size_t len;
	int rc = -ENOMEM;

	memset(big, 'q', 50000);
	put(w, "f", big);
	for (unsigned long n = 1; rc; n++) {
		x_fail_at(n);
		rc = file_read(AT_FDCWD, tempdir_path(w, "f"), 1 << 20, &s, &len);
		assert_true(rc == 0 || rc == -ENOMEM);
	}
	x_fail_at(0);
	assert_int_equal(len, 50000);
	x_free(s);
	x_fail_at(1);
	assert_int_equal(file_mkdirs(tempdir_path(w, "d"), 0700), -ENOMEM);
}

static void failure_at_any_step_leaves_old_or_new_and_no_litter(void **state)
{
	const int causes[] = { ENOSPC, EIO, EDQUOT };
	const struct tempdir *w = *state;

	for (size_t c = 0; c < ARRAY_SIZE(causes); c++) {
		/* steps: write, fsync, rename, fsync of the directory */
		for (unsigned long n = 1; n <= 4; n++) {
			put(w, "f", "old");
			file_fail_at(n, causes[c]);
			assert_int_equal(file_replace(AT_FDCWD, tempdir_path(w, "f"), "new", 3, 0600), -causes[c]);
			assert_content(w, "f", n < 4 ? "old" : "new");
			assert_int_equal(tempdir_count(w), 1);
		}
	}
	file_fail_at(5, EIO);
	put(w, "f", "new");
	file_fail_at(0, 0);
}

static void staged_files_appear_when_published(void **state)
{
	const struct tempdir *w = *state;
	cleanup(file_close) int dir = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char temporary[NAME_MAX + 1];

	put(w, "f", "old");
	assert_int_equal(file_stage(dir, "f", "new", 3, 0600, false, temporary), 0);
	assert_true(file_is_temporary(temporary));
	assert_content(w, "f", "old");
	assert_int_equal(file_sync_all(dir), 0);
	assert_int_equal(file_publish(dir, temporary, dir, "f"), 0);
	assert_content(w, "f", "new");
	assert_int_equal(tempdir_count(w), 1);
	/* a failed write leaves no temporary file */
	file_fail_at(1, ENOSPC);
	assert_int_equal(file_stage(dir, "f", "xyz", 3, 0600, false, temporary), -ENOSPC);
	assert_int_equal(file_stage(dir, "f", "xyz", 3, 0600, false, temporary), 0);
	file_fail_at(1, EIO);
	assert_int_equal(file_publish(dir, temporary, dir, "f"), -EIO);
	assert_int_equal(unlinkat(dir, temporary, 0), 0);
	assert_content(w, "f", "new");
	assert_int_equal(tempdir_count(w), 1);
	file_fail_at(1, EIO);
	assert_int_equal(file_sync_all(dir), -EIO);
}

static void a_file_that_a_crash_makes_useless_is_written_at_its_place(void **state)
{
	const struct tempdir *w = *state;

	put(w, "f", "a longer one");
	assert_int_equal(file_write(tempdir_path(w, "f"), "new", 3, 0600), 0);
	assert_content(w, "f", "new");
	file_fail_at(1, ENOSPC);
	assert_int_equal(file_write(tempdir_path(w, "f"), "xyz", 3, 0600), -ENOSPC);
	assert_int_equal(tempdir_count(w), 0);
	assert_int_equal(file_write(tempdir_path(w, "none/f"), "xyz", 3, 0600), -ENOENT);
	/* no step but the write may fail: there is no sync */
	file_fail_at(2, EIO);
	assert_int_equal(file_write(tempdir_path(w, "f"), "new", 3, 0600), 0);
	assert_int_equal(file_write(tempdir_path(w, "f"), "xyz", 3, 0600), -EIO);
	assert_int_equal(symlink("elsewhere", tempdir_path(w, "l")), 0);
	assert_int_equal(file_write(tempdir_path(w, "l"), "new", 3, 0600), -ELOOP);
}

static void a_file_larger_than_allowed_is_reported(void **state)
{
	const struct tempdir *w = *state;
	struct rlimit old, small = { 4096, RLIM_INFINITY };
	char text[10000];
	int rc;

	/* a real short write, then a real failure */
	memset(text, 't', sizeof(text));
	put(w, "f", "old");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	rc = file_replace(AT_FDCWD, tempdir_path(w, "f"), text, sizeof(text), 0600);
	setrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(rc, -EFBIG);
	assert_content(w, "f", "old");
	assert_int_equal(tempdir_count(w), 1);
}

static void long_names_fit(void **state)
{
	const struct tempdir *w = *state;
	char name[256];

	memset(name, 'n', 255);
	name[255] = '\0';
	put(w, name, "x");
	assert_content(w, name, "x");
	assert_int_equal(tempdir_count(w), 1);
}

static void temporary_names_are_told_from_records(void **state)
{
	static const struct {
		const char *name;
		bool temporary;
	} names[] = {
		{ ".default.abc234.tmp", true },
		{ ".10.0.0.1,3260,1.zzzzzz.tmp", true },
		{ "default", false },
		{ "a.abc234.tmp", false },
		{ ".abc234.tmp", false },
		{ ".x.abc23.tmp", false },
		{ ".x.ABC234.tmp", false },
		{ ".x.abc234.tmpx", false },
		{ ".tmp", false },
		{ "", false },
		{ ".", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(file_is_temporary(names[i].name), names[i].temporary);
}

/* A child that replaces "f" again and again, by "aaa…" and "bbb…", until it is killed. */
static pid_t start_writer(const struct tempdir *w, char *text, size_t len)
{
	pid_t pid = fork();

	for (int i = 0; pid == 0; i++) {
		memset(text, i & 1 ? 'a' : 'b', len);
		if (file_replace(AT_FDCWD, tempdir_path(w, "f"), text, len, 0600))
			_exit(1);
	}
	return pid;
}

static void a_killed_writer_leaves_a_whole_file(void **state)
{
	enum { LEN = 200000, KILLS = 15 };
	const struct tempdir *w = *state;
	cleanup(x_freep) char *text = x_zalloc(LEN + 1);

	memset(text, 'a', LEN);
	put(w, "f", text);
	for (int i = 0; i < KILLS; i++) {
		pid_t pid = start_writer(w, text, LEN);
		cleanup(x_freep) char *s = NULL;
		size_t len = 0;

		assert_true(pid > 0);
		usleep(2000 + (unsigned)i * 700);
		/* a reader beside it, then the kill */
		assert_int_equal(file_read(AT_FDCWD, tempdir_path(w, "f"), LEN, &s, &len), 0);
		assert_int_equal(len, LEN);
		assert_true(s[0] == s[LEN - 1] && strspn(s, (char[]){ s[0], '\0' }) == LEN);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		x_free(x_steal(s));
		assert_int_equal(file_read(AT_FDCWD, tempdir_path(w, "f"), LEN, &s, &len), 0);
		assert_int_equal(len, LEN);
		assert_true(strspn(s, (char[]){ s[0], '\0' }) == LEN);
	}
}

static void what_a_killed_writer_leaves_is_known_as_temporary(void **state)
{
	const struct tempdir *w = *state;
	struct dirent *e;
	int status, left = 0;
	pid_t pid;
	DIR *d;

	put(w, "f", "old");
	pid = fork();
	if (!pid) {
		const struct rlimit small = { 4096, 4096 };
		char text[10000] = "";

		/* killed in the middle of its writing, by its size: a kill by the clock may miss */
		setrlimit(RLIMIT_FSIZE, &small);
		file_replace(AT_FDCWD, tempdir_path(w, "f"), text, sizeof(text), 0600);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_content(w, "f", "old");
	d = opendir(w->dir);
	while ((e = readdir(d)))
		left += file_is_temporary(e->d_name);
	closedir(d);
	assert_int_equal(left, 1);
	assert_int_equal(tempdir_count(w), 2);
}

static void a_lock_is_held_once(void **state)
{
	const struct tempdir *w = *state;
	cleanup(file_unlock) int a = -1, b = -1;

	assert_int_equal(file_lock(tempdir_path(w, "lock"), 0, &a), 0);
	assert_int_equal(file_lock(tempdir_path(w, "lock"), 0, &b), -EAGAIN);
	assert_int_equal(file_lock(tempdir_path(w, "lock"), 30, &b), -EAGAIN);
	assert_int_equal(b, -1);
	file_unlock(&a);
	assert_int_equal(a, -1);
	assert_int_equal(file_lock(tempdir_path(w, "lock"), 0, &b), 0);
	assert_int_equal(access(tempdir_path(w, "lock"), F_OK), 0);
}

static void a_lock_is_refused_through_a_link_or_on_no_file(void **state)
{
	const struct tempdir *w = *state;
	char target[PATH_MAX];
	int a = -1;

	snprintf(target, sizeof(target), "%s", tempdir_path(w, "elsewhere"));
	assert_int_equal(symlink(target, tempdir_path(w, "link")), 0);
	assert_int_equal(file_lock(tempdir_path(w, "link"), 0, &a), -ELOOP);
	assert_int_equal(access(target, F_OK), -1);
	assert_int_equal(mkfifo(tempdir_path(w, "fifo"), 0600), 0);
	assert_int_equal(file_lock(tempdir_path(w, "fifo"), 0, &a), -EINVAL);
	assert_int_equal(a, -1);
}

static void a_lock_dies_with_its_holder(void **state)
{
	const struct tempdir *w = *state;
	cleanup(file_unlock) int mine = -1;
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		int theirs = -1;

		if (file_lock(tempdir_path(w, "lock"), 0, &theirs) || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(file_lock(tempdir_path(w, "lock"), 0, &mine), -EAGAIN);
	kill(pid, SIGKILL);
	assert_int_equal(file_lock(tempdir_path(w, "lock"), 5000, &mine), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(ready[0]);
	close(ready[1]);
}

static void directories_are_made_with_their_mode(void **state)
{
	const struct tempdir *w = *state;
	struct stat st;

	umask(077);
	assert_int_equal(file_mkdirs(tempdir_path(w, "a//b/c/"), 0755), 0);
	umask(022);
	assert_int_equal(stat(tempdir_path(w, "a/b"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(chmod(tempdir_path(w, "a"), 0700), 0);
	assert_int_equal(file_mkdirs(tempdir_path(w, "a/b/c"), 0755), 0);
	assert_int_equal(stat(tempdir_path(w, "a"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	put(w, "f", "");
	assert_int_equal(file_mkdirs(tempdir_path(w, "f/x"), 0755), -ENOTDIR);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_was_put_is_read),
		test(paths_are_relative_to_the_directory),
		test(reads_are_bounded_and_take_regular_files_only),
		test(what_a_read_frees_is_wiped),
		test(a_read_without_memory_fails_cleanly),
		test(failure_at_any_step_leaves_old_or_new_and_no_litter),
		test(staged_files_appear_when_published),
		test(a_file_that_a_crash_makes_useless_is_written_at_its_place),
		test(a_file_larger_than_allowed_is_reported),
		test(long_names_fit),
		test(temporary_names_are_told_from_records),
		test(a_killed_writer_leaves_a_whole_file),
		test(what_a_killed_writer_leaves_is_known_as_temporary),
		test(a_lock_is_held_once),
		test(a_lock_is_refused_through_a_link_or_on_no_file),
		test(a_lock_dies_with_its_holder),
		test(directories_are_made_with_their_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
