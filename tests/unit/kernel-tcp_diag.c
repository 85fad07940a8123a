/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of kernel/tcp_diag against the running kernel: a listing that the kernel ends with an error is not one without connections. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>

#undef IPPROTO_TCP
#define IPPROTO_TCP 253 /* RFC 3692: no kernel has a module for it, as one without tcp_diag has none for TCP */
#include "../../core/kernel/tcp_diag.c"

static void test_a_kernel_without_the_protocol(void **state)
{
	const struct tcp_diag_name nothing = { .family = AF_INET, .port = 1 };

	(void)state;
	assert_int_equal(tcp_diag_established(&nothing), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_kernel_without_the_protocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
