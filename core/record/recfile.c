/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading and printing records, iscsid.conf and initiatorname.iscsi.
 *
 * Nothing in a file makes reading it fail but a lack of memory. A record of a newer program, or one that was edited badly, still
 * has to log in at boot: a wrong line is reported, its setting has the default, and the line is written back unchanged.
 */
#include "record/recfile.h"

#include "base/file.h"
#include "record/plugin_key.h"
#include "record/value.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* Longer than any key; a line beyond is junk, and junk has no bound. */
#define KEY_MAX 127
#define LINE_MAX_BYTES 4000 /* without key; far above every setting's greatest length */
#define NUMBER(n) #n
#define TOO_LONG(part, most) "the line is ignored, because " part " has more than " NUMBER(most) " bytes: shorten or remove it"

/* The record under way, and the row that is likely to come next: files hold keys in the order of the rows. */
struct reader {
	struct record *r;
	const struct recfile_report *report;
	const char *where;
	enum field_id next; /* the row that should come next */
	unsigned line;
};

/* A part of the file's text. It has no NUL behind it, so str*() functions stay away from it. */
struct slice {
	const char *s;
	size_t len;
};

void recfile_seen_clear(struct recfile_seen *seen)
{
	for (unsigned i = 0; i < seen->n; i++)
		x_free(seen->keys[i]);
	seen->n = 0;
}

/* A file of junk keys must neither make noise without bound nor take memory without bound. */
static bool was_seen(struct recfile_seen *seen, const char *key)
{
	for (unsigned i = 0; i < seen->n; i++)
		if (!strcmp(seen->keys[i], key))
			return true;
	if (seen->n == RECFILE_SEEN_MAX)
		return true;
	seen->keys[seen->n] = x_strdup(key);
	seen->n += !!seen->keys[seen->n];
	return false;
}

/* unknown: the key, if no row has it. Line numbers are what an editor shows. */
static void report_line(const struct reader *rd, const char *unknown, const char *what)
{
	const struct recfile_report *report = rd->report;
	char text[ERR_TEXT_MAX * 2];

	if (!report || !report->warn || (unknown && report->seen && was_seen(report->seen, unknown)))
		return;
	snprintf(text, sizeof(text), "%s, line %u: %s", rd->where, rd->line, what);
	report->warn(report->arg, text);
}

/* Blanks of people, tabs of editors, carriage returns of other systems. */
static struct slice trim_blanks(struct slice t)
{
	while (t.len && (t.s[0] == ' ' || t.s[0] == '\t')) {
		t.s++;
		t.len--;
	}
	while (t.len && strchr(" \t\r", t.s[t.len - 1]) && t.s[t.len - 1])
		t.len--;
	return t;
}

/* The line at *at, which moves behind it. false at the end. */
static bool next_line(struct slice *at, struct slice *line)
{
	const char *end;

	if (!at->len)
		return false;
	end = memchr(at->s, '\n', at->len);
	line->s = at->s;
	line->len = end ? (size_t)(end - at->s) : at->len;
	at->s += line->len + (end ? 1 : 0);
	at->len -= line->len + (end ? 1 : 0);
	return true;
}

/* A byte order mark, of an editor of another system, is not a part of the first key. */
static struct slice skip_mark(struct slice t)
{
	return t.len >= 3 && !memcmp(t.s, "\xef\xbb\xbf", 3) ? (struct slice){ t.s + 3, t.len - 3 } : t;
}

/*
 * Keeps what is not understood, so that writing the record does not lose it. Only the first line of a key is kept, or a file
 * would grow with each writing. "<empty>" stands for nothing, as in what is shown, since "key = " at the end of a line would lose
 * its blank.
 */
static int keep_line(struct reader *rd, const char *key, const char *value)
{
	int rc = record_keeps(rd->r, key) ? 0 : record_keep_line(rd->r, key, *value ? value : "<empty>");

	if (rc == -E2BIG)
		report_line(rd, NULL,
			"the setting is unknown, and the line cannot be kept, because it is too long or the record has too many "
			"such lines: "
			"it is lost when the record is next written");
	return rc == -E2BIG ? 0 : rc;
}

/*
 * A key of no row is kept; a value that its row does not take is kept too, and does not count. Of a key that stands twice the
 * last line counts, as always; a bad value takes away a good one before it, too.
 */
static int read_setting(struct reader *rd, const char *key, const char *value)
{
	struct err err = ERR_INIT;
	char shown[128], text[sizeof(err.text) + 32];
	enum field_id id;
	int rc;

	if (plugin_key_in(record_kind(rd->r)) && plugin_key_is(key)) {
		rc = record_set_plugin_setting(rd->r, key, value, &err);
		if (rc == -EINVAL)
			report_line(rd, NULL, err.text);
		return rc == -EINVAL ? 0 : rc;
	}
	if (field_find_after(record_kind(rd->r), key, rd->next, &id)) {
		snprintf(text, sizeof(text),
			"the setting %s is unknown; the line is kept, but has no effect: correct or remove it",
			str_escape(shown, sizeof(shown), key, strlen(key)));
		report_line(rd, key, text);
		return value_is_line(value, strlen(value)) ? keep_line(rd, key, value) : 0;
	}
	rd->next = (id + 1) % FIELD_COUNT;
	rc = record_set(rd->r, id, value, &err);
	if (rc != -EINVAL)
		return rc;
	record_unset(rd->r, id);
	snprintf(text, sizeof(text), "%s; the default is used", err.text);
	report_line(rd, NULL, text);
	return value_is_line(value, strlen(value)) ? keep_line(rd, key, value) : 0;
}

/* Copies key and value, since rows and records want strings that end. The value may be a secret, so its copy is wiped. */
static int read_line(struct reader *rd, struct slice line)
{
	char key[KEY_MAX + 1], value[LINE_MAX_BYTES + 1];
	const char *equals = memchr(line.s, '=', line.len), *why;
	struct slice k, v;
	int rc;

	if (!equals || memchr(line.s, '\0', line.len)) {
		report_line(rd, NULL,
			equals ? "the line contains a NUL byte and is ignored: correct it with an editor" :
				 "the line is not of the form SETTING = VALUE and is ignored: correct it, or begin it with '#'");
		return 0;
	}
	k = trim_blanks((struct slice){ line.s, (size_t)(equals - line.s) });
	v = trim_blanks((struct slice){ equals + 1, line.len - (size_t)(equals - line.s) - 1 });
	why = !k.len ? "the line is ignored, because the name of the setting before '=' is missing: add it, or remove the line" :
		k.len > KEY_MAX	       ? TOO_LONG("the name before '='", KEY_MAX) :
		v.len > LINE_MAX_BYTES ? TOO_LONG("the value after '='", LINE_MAX_BYTES) :
					 NULL;
	if (why) {
		report_line(rd, NULL, why);
		return 0;
	}
	memcpy(key, k.s, k.len);
	key[k.len] = '\0';
	memcpy(value, v.s, v.len);
	value[v.len] = '\0';
	if (!value_is_component(key, KEY_MAX)) {
		report_line(rd, NULL,
			"the line is ignored, because the text before '=' cannot be the name of a setting: correct or remove it");
		return 0;
	}
	rc = read_setting(rd, key, value);
	mem_wipe(value, sizeof(value));
	return rc;
}

/* "# BEGIN RECORD" and "# END RECORD" are remarks, as for 2.1.8: a line that somebody has added at the end counts. */
int recfile_parse(enum record_kind kind, const char *where, const char *text, size_t len, const struct recfile_report *report,
	struct record **out)
{
	cleanup(record_freep) struct record *r = record_new(kind);
	struct reader rd = { .r = r, .report = report, .where = where };
	struct slice at = skip_mark((struct slice){ text, len }), line;

	if (len > RECFILE_MAX)
		return -EFBIG;
	if (!r)
		return -ENOMEM;
	while (next_line(&at, &line)) {
		int rc;

		rd.line++;
		line = trim_blanks(line);
		if (!line.len || line.s[0] == '#')
			continue;
		rc = read_line(&rd, line);
		if (rc)
			return rc;
	}
	*out = x_steal(r);
	return 0;
}

/* The walk over fields is record_each()'s, which hides what the other address family has; this is its argument. */
struct printer {
	struct strbuf *b;
	enum recfile_style style;
};

/* Bytes of a secret do not stay on the stack. The buffer that is printed into is for the caller to wipe. */
static void print_value(struct strbuf *b, const struct record *r, enum field_id id)
{
	char text[RECORD_TEXT_MAX];

	strbuf_puts(b, record_text(r, id, text, sizeof(text)));
	if (field_of(id)->type == FIELD_TYPE_SECRET)
		mem_wipe(text, sizeof(text));
}

static bool value_is_empty(const struct record *r, enum field_id id)
{
	switch (field_of(id)->type) {
	case FIELD_TYPE_INT:
		return false;
	case FIELD_TYPE_SECRET:
		return !record_secret(r, id)->len;
	default:
		return !*record_str(r, id);
	}
}

/*
 * A file leaves out what is empty, as open-iscsi does: its reader takes a missing line for empty. A key whose bad line is kept is
 * not printed as well, or it would stand twice.
 */
static int print_field(void *arg, const struct record *r, enum field_id id)
{
	const struct printer *p = arg;
	const struct field *f = field_of(id);
	bool empty = value_is_empty(r, id);

	if (f->flags & FIELD_QUIET && !record_is_set(r, id))
		return 0;
	if (p->style == RECFILE_FILE && (empty || record_keeps(r, f->key)))
		return 0;
	strbuf_puts(p->b, f->key);
	strbuf_puts(p->b, " = ");
	if (empty)
		strbuf_puts(p->b, "<empty>");
	else if (f->type == FIELD_TYPE_SECRET && p->style == RECFILE_SHOW)
		strbuf_puts(p->b, "********");
	else
		print_value(p->b, r, id);
	strbuf_putc(p->b, '\n');
	return 0;
}

/*
 * What a user does not see may still be set: the rows of the other address family, when the iface's address was changed. Without
 * them, changing the address to another family and back would lose what was set for the first.
 */
static void print_hidden(struct printer *p, const struct record *r)
{
	unsigned hidden = record_is_ipv6(r) ? FIELD_IPV4 : FIELD_IPV6;

	for (enum field_id id = 0; id < FIELD_COUNT; id++)
		if (field_in(field_of(id), record_kind(r)) && field_of(id)->flags & hidden && !record_is_default(r, id))
			print_field(p, r, id);
}

/*
 * No blank line anywhere: os-brick takes the first word of each line, and XenServer's sm reads the whole as an ini file.
 * "# BEGIN RECORD" and "# END RECORD" are what goiscsi cuts records by.
 */
int recfile_print(struct strbuf *b, const struct record *r, enum recfile_style style, const char *version)
{
	struct printer p = { b, style };
	char key[PLUGIN_KEY_MAX + 1];
	const char *line, *value;

	strbuf_printf(b, "# BEGIN RECORD %s\n", version);
	record_each(r, print_field, &p);
	if (style == RECFILE_FILE)
		print_hidden(&p, r);
	for (unsigned i = 0; (line = record_kept_line(r, i)); i++)
		if (style == RECFILE_FILE || (plugin_key_in(record_kind(r)) && plugin_key_line(line, key, &value)))
			strbuf_printf(b, "%s\n", line);
	strbuf_puts(b, "# END RECORD\n");
	return strbuf_error(b);
}

/*
 * -ENOENT without a text: some callers take it for an empty file. A missing iscsid.conf means defaults;
 * a missing initiatorname.iscsi does not.
 */
static int read_whole(const char *path, char **text, size_t *len, struct err *err)
{
	int rc = file_read(AT_FDCWD, path, RECFILE_MAX, text, len);

	return rc && rc != -ENOENT ? err_sys(err, MISCSI_ERR_IDBM, -rc, "cannot read the configuration file %s", path) : rc;
}

/* Settings of all kinds of records lie in one record of kind RECORD_CONF, which is applied to each new one.
 */
int recfile_conf(const char *path, const struct recfile_report *report, struct record **out, struct err *err)
{
	cleanup(x_wipe_freep) char *text = NULL;
	size_t len = 0;
	int rc = read_whole(path, &text, &len, err);

	if (rc && rc != -ENOENT)
		return rc;
	rc = recfile_parse(RECORD_CONF, path, text ? text : "", len, report, out);
	return rc ? err_sys(err, MISCSI_ERR_IDBM, -rc, "cannot read the configuration file %s", path) : 0;
}

/* The value of the first line KEY=VALUE that has one, copied to *out; *out stays NULL if there is none. -EINVAL: it cannot be. */
static int find_value(struct slice at, const char *key, size_t max, char **out)
{
	struct slice line, found = { NULL, 0 };

	while (!found.len && next_line(&at, &line)) {
		const char *equals = memchr(line.s, '=', line.len);
		struct slice k = trim_blanks((struct slice){ line.s, equals ? (size_t)(equals - line.s) : 0 });

		if (k.len == strlen(key) && !memcmp(k.s, key, k.len))
			found = trim_blanks((struct slice){ equals + 1, line.len - (size_t)(equals - line.s) - 1 });
	}
	if (!found.len)
		return 0;
	if (found.len > max || !value_is_line(found.s, found.len))
		return -EINVAL;
	*out = x_strndup(found.s, found.len);
	return *out ? 0 : -ENOMEM;
}

/*
 * Not name_check(): a machine whose name is of no iSCSI format has logged in with it so far, and shall go on. A blank or a quote
 * within is refused: it is the sign of a file written for a shell, whose reader would see another name.
 */
int recfile_initiatorname_parse(const char *where, const char *text, size_t len, char **name, char **alias, struct err *err)
{
	cleanup(x_freep) char *n = NULL, *a = NULL;
	struct slice at = skip_mark((struct slice){ text, len });
	int rc = find_value(at, "InitiatorName", 223, &n);

	if (!rc && n && strpbrk(n, " \""))
		rc = -EINVAL;
	if (rc == -EINVAL)
		return err_set(err, MISCSI_ERR_INVAL,
			"%s: the text after InitiatorName= must be an iSCSI name of at most 223 bytes, without quotation marks "
			"and blanks, such as "
			"iqn.2001-04.com.example:host",
			where);
	if (!rc && !n)
		return err_set(err, MISCSI_ERR_INVAL,
			"%s: no line is InitiatorName=NAME: add the line that `iscsi-iname -g` prints", where);
	if (!rc)
		rc = find_value(at, "InitiatorAlias", 255, &a);
	/* An alias is for people: a bad one is as good as none. */
	if (rc == -ENOMEM)
		return err_nomem(err, where);
	*name = x_steal(n);
	*alias = x_steal(a);
	return 0;
}

int recfile_initiatorname(const char *path, char **name, char **alias, struct err *err)
{
	cleanup(x_freep) char *text = NULL;
	size_t len = 0;
	int rc = read_whole(path, &text, &len, err);

	if (rc == -ENOENT)
		return err_sys(err, MISCSI_ERR_INVAL, ENOENT,
			"cannot read this initiator's name from %s (create the file with the line that `iscsi-iname -g` prints)",
			path);
	return rc ? rc : recfile_initiatorname_parse(path, text, len, name, alias, err);
}
