/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of base/list. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/list.h"

struct item {
	int n;
	struct list node;
};

static int digits(struct list *l)
{
	struct item *i;
	int all = 0;

	list_for_each (i, l, node)
		all = all * 10 + i->n;
	return all;
}

static void members_keep_their_order(void **state)
{
	struct item a = { .n = 1 }, b = { .n = 2 }, c = { .n = 3 };
	struct list l = LIST_INIT(l);

	(void)state;
	assert_null(list_first(&l, struct item, node));
	list_append(&l, &b.node);
	list_append(&l, &c.node);
	list_insert(&l, &a.node);
	assert_int_equal(digits(&l), 123);
	list_remove(&b.node);
	assert_int_equal(digits(&l), 13);
	list_insert(&a.node, &b.node);
	assert_int_equal(digits(&l), 123);
	assert_ptr_equal(list_first(&l, struct item, node), &a);
}

static void removing_twice_or_never_listed_is_nothing(void **state)
{
	struct item a = { .n = 1 }, never = { .n = 9 };
	struct list l = LIST_INIT(l);

	(void)state;
	list_append(&l, &a.node);
	list_remove(&never.node);
	list_remove(&a.node);
	list_remove(&a.node);
	assert_true(list_empty(&l));
	assert_true(list_empty(&a.node));
	assert_true(list_empty(&never.node));
}

static void the_body_may_remove_its_item(void **state)
{
	struct item items[5] = { { .n = 1 }, { .n = 2 }, { .n = 3 }, { .n = 4 }, { .n = 5 } };
	struct list l = LIST_INIT(l);
	struct item *i, *tmp;

	(void)state;
	for (int k = 0; k < 5; k++)
		list_append(&l, &items[k].node);
	list_for_each_safe (i, tmp, &l, node)
		if (i->n & 1)
			list_remove(&i->node);
	assert_int_equal(digits(&l), 24);
}

struct strict {
	int n;
	struct list node;
} __attribute__((aligned(32)));

/* The sanitizers see to the rest: a head beside which no such entry could lie. */
static void entries_may_be_aligned_more_than_heads(void **state)
{
	struct strict a = { .n = 1 }, b = { .n = 2 };
	struct list heads[4];
	struct strict *i, *tmp;

	(void)state;
	for (int k = 0; k < 4; k++) {
		int sum = 0;

		list_init(&heads[k]);
		list_append(&heads[k], &a.node);
		list_append(&heads[k], &b.node);
		list_for_each (i, &heads[k], node)
			sum += i->n;
		assert_int_equal(sum, 3);
		list_for_each_safe (i, tmp, &heads[k], node)
			list_remove(&i->node);
		assert_true(list_empty(&heads[k]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_keep_their_order),
		cmocka_unit_test(removing_twice_or_never_listed_is_nothing),
		cmocka_unit_test(entries_may_be_aligned_more_than_heads),
		cmocka_unit_test(the_body_may_remove_its_item),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
