/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of base/log: what is dropped, what is written, how a repeated failure is thinned out. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/log.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct seen {
	int n;
	enum log_level level;
	char module[16];
	char text[2048];
};

static void keep(void *arg, enum log_level level, const char *module, const char *text)
{
	struct seen *s = arg;

	s->n++;
	s->level = level;
	snprintf(s->module, sizeof(s->module), "%s", module);
	snprintf(s->text, sizeof(s->text), "%s", text);
}

static void less_urgent_lines_are_dropped(void **state)
{
	struct seen s = { 0 };
	struct log log = { .level = LOG_LEVEL_WARN, .write = keep, .arg = &s };

	(void)state;
	log_info(&log, "test", "quiet");
	log_debug(&log, "test", "quiet");
	assert_int_equal(s.n, 0);
	log_warn(&log, "test", "loud %d", 1);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.level, LOG_LEVEL_WARN);
	assert_string_equal(s.module, "test");
	assert_string_equal(s.text, "loud 1");
	log_err(&log, "test", "louder");
	assert_int_equal(s.n, 2);
	log_err(NULL, "test", "nowhere");
}

static void modules_that_are_debugged_write_every_line(void **state)
{
	static const char *const others[] = { "", "t", "tcp", "tcp,", ",", "tests", "testing,tes" };
	struct seen s = { 0 };
	struct log log = { .level = LOG_LEVEL_WARN, .write = keep, .arg = &s, .debug = "tcp,test" };

	(void)state;
	log_debug(&log, "test", "loud");
	log_debug(&log, "tcp", "loud");
	assert_int_equal(s.n, 2);
	assert_int_equal(s.level, LOG_LEVEL_DEBUG);
	log_info(&log, "tes", "quiet");
	log_info(&log, "tcp,test", "quiet");
	log_info(&log, "", "quiet");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		log.debug = others[i];
		log_debug(&log, "test", "quiet");
	}
	assert_int_equal(s.n, 2);
}

static void long_lines_are_cut(void **state)
{
	struct seen s = { 0 };
	struct log log = { .level = LOG_LEVEL_ERR, .write = keep, .arg = &s };
	char big[5000];

	(void)state;
	memset(big, 'y', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_err(&log, "test", "%s", big);
	assert_in_range(strlen(s.text), 500, 2000);
}

static void stderr_lines_begin_with_the_program(void **state)
{
	char line[100] = "", program[] = "iscsiadm";
	struct log log = { .level = LOG_LEVEL_INFO, .write = log_to_stderr, .arg = program };
	int fds[2], saved = dup(STDERR_FILENO);

	(void)state;
	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	log_err(&log, "module", "no records found");
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fds[1]);
	assert_true(read(fds[0], line, sizeof(line) - 1) > 0);
	close(fds[0]);
	assert_string_equal(line, "iscsiadm: no records found\n");
}

static void repeats_are_worth_powers_of_two(void **state)
{
	unsigned count = 0, worth = 0;

	(void)state;
	for (int i = 1; i <= 1000; i++)
		if (log_worth(&count)) {
			worth++;
			assert_int_equal(i & (i - 1), 0);
		}
	assert_int_equal(worth, 10);
	assert_int_equal(count, 1000);
	count = ~0U;
	assert_false(log_worth(&count));
	assert_false(log_worth(&count));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(less_urgent_lines_are_dropped),
		cmocka_unit_test(modules_that_are_debugged_write_every_line),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(stderr_lines_begin_with_the_program),
		cmocka_unit_test(repeats_are_worth_powers_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
