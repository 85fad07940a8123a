/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A database with discovery records, for the tests of standing discoveries. Include after cmocka's headers. */
#ifndef TESTS_STANDING_BASE_H
#define TESTS_STANDING_BASE_H

#include "record-db.h"
#include <stdio.h>
#include <string.h>

#define ADDRESS "127.0.0.1"

/* At once, for a helper that reads it. */
static inline void put_record(struct base *b, const char *text, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), "send_targets/%s/st_config", file);
	base_file(b, path, text);
}

static inline size_t records_of(struct base *b, const char *target)
{
	cleanup(record_list_free) struct record_list list = { 0 };
	struct db_filter filter = DB_FILTER_ALL;

	filter.target = target;
	assert_int_equal(db_node_list(b->db, &filter, &list, NULL), 0);
	return list.n;
}

static inline const char *content(const struct base *b, const char *name)
{
	static char text[4096];
	FILE *f = fopen(tempdir_path(&b->dir, name), "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[n] = '\0';
	if (f)
		fclose(f);
	return f ? text : NULL;
}

#endif
