/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The initiator's name: new sessions get what the file has now, and no file that hangs or is gone holds up those that have a name. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/file.h"
#include "base/mem.h"
#include "daemon/identity.h"
#include "tempdir.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* Shared with the helpers. */
static _Atomic bool *disk_hangs;
int __real_file_read(int dirfd, const char *path, size_t max, char **out, size_t *len);
int __wrap_file_read(int dirfd, const char *path, size_t max, char **out, size_t *len);

int __wrap_file_read(int dirfd, const char *path, size_t max, char **out, size_t *len)
{
	while (*disk_hangs)
		usleep(1000);
	return __real_file_read(dirfd, path, max, out, len);
}

struct named {
	struct tempdir dir;
	char path[PATH_MAX];
	struct loop *loop;
	struct helper_pool *pool;
	struct identity *identity;
	uint64_t now; /* of the loop's clock */
	unsigned done;
};

static void on_looked(void *arg)
{
	struct named *t = arg;

	t->done++;
}

static uint64_t clock_now(void *arg)
{
	const struct named *t = arg;

	return t->now;
}

static void begin(struct named *t, const char *text)
{
	struct identity_config config = { .done = on_looked, .arg = t };

	memset(t, 0, sizeof(*t));
	*disk_hangs = false;
	tempdir_make(&t->dir);
	if (text)
		tempdir_put(&t->dir, "name", text);
	assert_int_equal(loop_new(&t->loop), 0);
	loop_set_clock(t->loop, clock_now, t);
	assert_int_equal(helper_pool_new(t->loop, NULL, &t->pool), 0);
	snprintf(t->path, sizeof(t->path), "%s", tempdir_path(&t->dir, "name"));
	config.path = t->path;
	config.loop = t->loop;
	config.helpers = t->pool;
	assert_int_equal(identity_new(&config, &t->identity), 0);
}

static void end(struct named *t)
{
	identity_free(t->identity);
	*disk_hangs = false;
	helper_pool_free(t->pool);
	loop_free(t->loop);
	tempdir_remove(&t->dir);
}

/* One look; gives how much of the clock it took. */
static uint64_t look(struct named *t)
{
	uint64_t start = t->now;

	t->done = 0;
	identity_look(t->identity);
	identity_look(t->identity);
	assert_int_equal(t->done, 0);
	while (!t->done) {
		if (*disk_hangs)
			t->now += 100;
		loop_step(t->loop, 10);
	}
	assert_int_equal(t->done, 1);
	return t->now - start;
}

static int get(const struct named *t, const char **name, struct err *err)
{
	const char *alias;

	return identity_get(t->identity, name, &alias, err);
}

static void a_changed_file_is_read_again(void **state)
{
	struct err err = ERR_INIT;
	const char *name;
	struct named t;

	(void)state;
	begin(&t, NULL);
	assert_int_not_equal(get(&t, &name, &err), 0);
	assert_non_null(strstr(err.text, t.dir.dir));
	tempdir_put(&t.dir, "name", "InitiatorName=iqn.2026-11.example:one\n");
	look(&t);
	assert_int_equal(get(&t, &name, &err), 0);
	assert_string_equal(name, "iqn.2026-11.example:one");
	tempdir_put(&t.dir, "name", "InitiatorName=iqn.2026-11.example:another\n");
	look(&t);
	assert_int_equal(get(&t, &name, &err), 0);
	assert_string_equal(name, "iqn.2026-11.example:another");
	remove(tempdir_path(&t.dir, "name"));
	look(&t);
	assert_int_not_equal(get(&t, &name, &err), 0); /* a new session is refused; recoveries still have the name */
	assert_string_equal(name, "iqn.2026-11.example:another");
	end(&t);
}

static void a_disk_that_does_not_answer_is_waited_for_a_second(void **state)
{
	struct err err = ERR_INIT;
	const char *name;
	struct named t;

	(void)state;
	begin(&t, "InitiatorName=iqn.2026-11.example:one\n");
	tempdir_put(&t.dir, "name", "InitiatorName=iqn.2026-11.example:another\n");
	*disk_hangs = true;
	for (unsigned i = 0; i < 3; i++) {
		assert_in_range(look(&t), 1000, 1100);
		assert_int_equal(get(&t, &name, &err), 0);
		assert_string_equal(name, "iqn.2026-11.example:one");
	}
	*disk_hangs = false;
	while (helper_pending(t.pool))
		loop_step(t.loop, 10);
	get(&t, &name, &err);
	assert_string_equal(name, "iqn.2026-11.example:another");
	end(&t);
}

static void without_any_name_the_wait_ends_with_the_reason(void **state)
{
	struct err err = ERR_INIT;
	const char *name;
	struct named t;

	(void)state;
	begin(&t, NULL);
	*disk_hangs = true;
	assert_in_range(look(&t), 10000, 10200);
	assert_int_not_equal(get(&t, &name, &err), 0);
	assert_non_null(strstr(err.text, "check the disk or file server"));
	end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_changed_file_is_read_again),
		cmocka_unit_test(a_disk_that_does_not_answer_is_waited_for_a_second),
		cmocka_unit_test(without_any_name_the_wait_ends_with_the_reason),
	};

	disk_hangs = mmap(NULL, sizeof(*disk_hangs), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (disk_hangs == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
