/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of records, of iscsid.conf and of initiatorname.iscsi.
 *
 * Reading is tolerant, since a file may come from an older or a newer program, or from an editor: unknown lines are reported and
 * kept. These functions do not open the database; those with a path read one file.
 */
#ifndef RECORD_RECFILE_H
#define RECORD_RECFILE_H

#include "base/err.h"
#include "base/strbuf.h"
#include "record/record.h"

#define RECFILE_MAX (1u << 20)

/* Unknown keys that were reported: a thousand records of a newer program cause one warning. When it is full, no more are reported. */
#define RECFILE_SEEN_MAX 32
struct recfile_seen {
	char *keys[RECFILE_SEEN_MAX];
	unsigned n;
};
void recfile_seen_clear(struct recfile_seen *seen);

/* Receives doubtful lines; text is one line, escaped, without secrets. May be NULL. */
struct recfile_report {
	void (*warn)(void *arg, const char *text);
	void (*skipped)(void *arg, const char *text); /* receives records that the database leaves out; may be NULL */
	void *arg;
	struct recfile_seen *seen; /* NULL: reports unknown keys each time */
};

enum recfile_style {
	RECFILE_FILE, /* for files: without empty values, secrets in clear, with kept lines */
	RECFILE_SHOW, /* for users: "<empty>", secrets as ******** */
	RECFILE_SHOW_SECRETS,
};

/*
 * The record in len bytes of text. `where` is named in warnings. Unknown keys are kept and reported; bad values too, and
 * the field has its default. -EFBIG above RECFILE_MAX, -ENOMEM; invalid content is not a failure.
 */
int recfile_parse(enum record_kind kind, const char *where, const char *text, size_t len, const struct recfile_report *report,
	struct record **out);

/* Appends "# BEGIN RECORD version", a line per field, "# END RECORD". The buffer's error is the result:
 * -ENOMEM, -EFBIG. */
int recfile_print(struct strbuf *b, const struct record *r, enum recfile_style style, const char *version);

/* Reads iscsid.conf into a record of kind RECORD_CONF, for record_apply() to new records. A missing file is an empty one. */
int recfile_conf(const char *path, const struct recfile_report *report, struct record **out, struct err *err);

/* Reads the initiator name: *name (never NULL on success) and *alias (NULL: no alias); the caller frees both (x_free). */
int recfile_initiatorname(const char *path, char **name, char **alias, struct err *err);
/* The same for text at hand; `where` is named in the error. */
int recfile_initiatorname_parse(const char *where, const char *text, size_t len, char **name, char **alias, struct err *err);

#endif
