/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of base/mem: zeroed memory, asked-for failures, secrets. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>

static void memory_is_zeroed_and_never_null_for_nothing(void **state)
{
	uint64_t *a = x_newn(uint64_t, 100);
	void *none = x_zalloc(0);

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(a[i], 0);
	assert_non_null(none);
	none = x_realloc(none, 0);
	assert_non_null(none);
	x_free(none);
	x_free(a);
	x_free(NULL);
}

static void products_that_overflow_fail(void **state)
{
	volatile size_t half = SIZE_MAX / 2;

	(void)state;
	assert_null(x_calloc(half, 4));
}

static void the_nth_allocation_fails_once(void **state)
{
	char *s;

	(void)state;
	x_fail_at(2);
	s = x_strdup("first");
	assert_string_equal(s, "first");
	assert_null(x_zalloc(1));
	x_free(s);
	s = x_strdup("third");
	assert_non_null(s);
	x_fail_at(1);
	assert_null(x_realloc(s, 100));
	assert_string_equal(s, "third");
	x_free(s);
	x_fail_at(0);
}

static void arrays_grow_by_doubling_and_stay_when_they_cannot(void **state)
{
	size_t cap = 0, moved = 0;
	int *at = NULL, *more;

	(void)state;
	for (size_t n = 0; n < 100; n++) {
		size_t before = cap;

		more = x_grow(at, n, &cap, sizeof(*at), 3);
		assert_non_null(more);
		assert_true(more == at || cap != before);
		moved += cap != before;
		at = more;
		at[n] = (int)n;
	}
	assert_int_equal(cap, 192);
	assert_int_equal(moved, 7);
	assert_int_equal(at[99], 99);
	x_fail_at(1);
	assert_ptr_equal(x_grow(at, 191, &cap, sizeof(*at), 3), at); /* there is room */
	assert_null(x_grow(at, 192, &cap, sizeof(*at), 3));
	assert_int_equal(cap, 192);
	x_fail_at(0);
	cap = SIZE_MAX / 4;
	assert_null(x_grow(at, cap, &cap, sizeof(*at), 3)); /* more than there can be */
	x_free(at);
}

static void *allocate(void *arg)
{
	(void)arg;
	return x_zalloc(1);
}

static void failure_is_of_one_thread(void **state)
{
	pthread_t t;
	void *p = NULL;

	(void)state;
	x_fail_at(1);
	assert_int_equal(pthread_create(&t, NULL, allocate, NULL), 0);
	pthread_join(t, &p);
	assert_non_null(p);
	x_free(p);
	assert_null(x_zalloc(1));
}

static void strndup_stops_at_n_and_at_nul(void **state)
{
	char *s = x_strndup("abcdef", 3);

	(void)state;
	assert_string_equal(s, "abc");
	x_free(s);
	s = x_strndup("ab", 10);
	assert_string_equal(s, "ab");
	x_free(s);
}

static void strset_replaces_or_leaves_alone(void **state)
{
	char *s = NULL;

	(void)state;
	assert_int_equal(x_strset(&s, "one"), 0);
	x_fail_at(1);
	assert_int_equal(x_strset(&s, "two"), -ENOMEM);
	assert_string_equal(s, "one");
	assert_int_equal(x_strset(&s, s + 1), 0);
	assert_string_equal(s, "ne");
	assert_int_equal(x_strset(&s, NULL), 0);
	assert_null(s);
}

static void steal_leaves_nothing_to_clean(void **state)
{
	char *kept;

	(void)state;
	{
		cleanup(x_freep) char *s = x_strdup("kept");

		kept = x_steal(s);
		assert_null(s);
	}
	assert_string_equal(kept, "kept");
	x_free(kept);
}

static void wiped_memory_holds_nothing(void **state)
{
	char s[] = "hunter2 hunter2";
	const char zero[sizeof(s)] = "";

	(void)state;
	mem_wipe(s, sizeof(s));
	assert_memory_equal(s, zero, sizeof(s));
	mem_wipe(NULL, 0);
}

static void secrets_compare_by_bytes(void **state)
{
	struct secret a = { 0 }, b = { 0 };

	(void)state;
	assert_true(secret_equal(&a, &b));
	assert_int_equal(secret_set(&a, "se\0ret", 6), 0);
	assert_false(secret_equal(&a, &b));
	assert_int_equal(secret_set(&b, "se\0reT", 6), 0);
	assert_false(secret_equal(&a, &b));
	assert_int_equal(secret_copy(&b, &a), 0);
	assert_true(secret_equal(&a, &b));
	assert_int_equal(secret_set(&b, "se", 2), 0);
	assert_false(secret_equal(&a, &b));
	secret_clear(&b);
	/* set but empty is not unset */
	assert_int_equal(secret_set(&a, "", 0), 0);
	assert_false(secret_equal(&a, &b));
	assert_int_equal(secret_copy(&a, &b), 0);
	assert_null(a.bytes);
}

static void secret_set_that_fails_keeps_the_old(void **state)
{
	struct secret a = { 0 };

	(void)state;
	assert_int_equal(secret_set(&a, "old", 3), 0);
	x_fail_at(1);
	assert_int_equal(secret_set(&a, "new", 3), -ENOMEM);
	assert_memory_equal(a.bytes, "old", 3);
	/* a part of itself */
	assert_int_equal(secret_set(&a, a.bytes + 1, 2), 0);
	assert_memory_equal(a.bytes, "ld", 2);
	secret_clear(&a);
	assert_int_equal(a.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_never_null_for_nothing),
		cmocka_unit_test(products_that_overflow_fail),
		cmocka_unit_test(the_nth_allocation_fails_once),
		cmocka_unit_test(arrays_grow_by_doubling_and_stay_when_they_cannot),
		cmocka_unit_test(failure_is_of_one_thread),
		cmocka_unit_test(strndup_stops_at_n_and_at_nul),
		cmocka_unit_test(strset_replaces_or_leaves_alone),
		cmocka_unit_test(steal_leaves_nothing_to_clean),
		cmocka_unit_test(wiped_memory_holds_nothing),
		cmocka_unit_test(secrets_compare_by_bytes),
		cmocka_unit_test(secret_set_that_fails_keeps_the_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
