/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drift: the shipped iscsid.conf and its manual page are what the table of settings says now. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../etc/conf_text.h"
#include "base/file.h"
#include "base/mem.h"
#include "record/recfile.h"
#include "tests/paths.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static void same(const char *path, void (*make)(struct strbuf *b))
{
	struct strbuf b = STRBUF_INIT(0);
	char *text;
	size_t len;

	make(&b);
	assert_int_equal(strbuf_error(&b), 0);
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, &len), 0);
	if (strcmp(text, strbuf_str(&b)))
		fail_msg("%s is not what fields.def says: run make etc-update", path);
	x_free(text);
	strbuf_free(&b);
}

static void files_are_those_of_the_table(void **state)
{
	(void)state;
	same(SRCDIR "/etc/iscsid.conf", conf_text_file);
	same(SRCDIR "/doc/man/iscsid.conf.5", conf_text_manual);
}

static void warn(void *arg, const char *text)
{
	(void)arg;
	fail_msg("%s", text);
}

/* With its settings no longer remarks the file must be read without a doubt, and say the defaults. */
static void the_file_says_the_defaults(void **state)
{
	struct recfile_report report = { .warn = warn, .arg = NULL };
	struct strbuf b = STRBUF_INIT(0);
	struct record *conf;
	char *at;

	(void)state;
	conf_text_file(&b);
	for (at = b.s; (at = strstr(at, "\n#")); at += 2)
		if (at[2] != ' ' && at[2] != '\n' && strncmp(at - 12, "For example:", 12))
			at[1] = ' ';
	assert_int_equal(recfile_parse(RECORD_CONF, "iscsid.conf", b.s, b.len, &report, &conf), 0);
	for (enum field_id id = 0; id < FIELD_COUNT; id++) {
		const struct field *f = field_of(id);
		char text[256];

		if (!field_in(f, RECORD_CONF) || id == FIELD_SESSION_CHAP_ALGS || id == FIELD_DISC_CHAP_ALGS ||
			id == FIELD_CONF_STARTUP)
			continue;
		if (!record_is_set(conf, id) && !strstr(f->key, ".auth."))
			fail_msg("%s is missing", f->key);
		assert_string_equal(record_text(conf, id, text, sizeof(text)), f->def);
	}
	record_free(conf);
	strbuf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_those_of_the_table),
		cmocka_unit_test(the_file_says_the_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
