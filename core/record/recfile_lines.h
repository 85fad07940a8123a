/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of "key = value" files: for recfile.c and the database's reader alone. */
#ifndef RECORD_RECFILE_LINES_H
#define RECORD_RECFILE_LINES_H

#include "record/recfile.h"

/* A doubtful line. key is NULL when it has none, and `unknown` says that nobody knows it. text is escaped. */
typedef void recfile_doubt_fn(void *arg, const char *key, bool unknown, const char *text);

/* recfile_parse() with the doubts told apart. */
int recfile_parse_lines(
	enum record_kind kind, const char *text, size_t len, recfile_doubt_fn *doubt, void *arg, struct record **out);

#endif
