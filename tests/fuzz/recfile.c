/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: record files. What was read, printed and read again is the same record, and every line of it
 * is a line. */
#include "record/recfile.h"
#include "record/value.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void warn(void *arg, const char *text)
{
	(void)arg;
	if (!value_is_line(text, strlen(text)))
		abort();
}

static const struct recfile_report report = { .warn = warn, .arg = NULL };

static void check_lines(const char *s)
{
	for (; *s; s = strchr(s, '\n') + 1)
		if (!strchr(s, '\n') || !value_is_line(s, strcspn(s, "\n")))
			abort();
}

static void check(enum record_kind kind, const char *text, size_t size)
{
	struct strbuf first = STRBUF_INIT(0), second = STRBUF_INIT(0);
	struct record *r, *again;

	if (recfile_parse(kind, "FILE", text, size, &report, &r))
		return;
	if (recfile_print(&first, r, RECFILE_FILE, "1") || recfile_print(&second, r, RECFILE_SHOW, "1"))
		abort();
	check_lines(strbuf_str(&first));
	check_lines(strbuf_str(&second));
	strbuf_reset(&second);
	if (recfile_parse(kind, "FILE", strbuf_str(&first), first.len, &report, &again))
		abort();
	if (recfile_print(&second, again, RECFILE_FILE, "1") || strcmp(strbuf_str(&first), strbuf_str(&second)))
		abort();
	if (!record_equal(r, again))
		abort();
	strbuf_free(&first);
	strbuf_free(&second);
	record_free(r);
	record_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size)
		check(data[0] % RECORD_KIND_COUNT, (const char *)data + 1, size - 1);
	return 0;
}
