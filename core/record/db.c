/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The database as an object, and its single files.
 *
 * The struct holds names and no descriptors: every call opens the home anew and closes it. A program that lives long must see
 * what an administrator has put in place of the directory meanwhile.
 */
#include "record/db_impl.h"

#include "record/recfile_lines.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* Nothing is opened: the directory may come and go while the program runs. */
int db_open(const char *home, const char *version, const struct recfile_report *report, struct db **out, struct err *err)
{
	struct db *db = x_new(struct db);

	if (db) {
		db->home = x_strdup(home ? home : HOME_DIR);
		db->version = x_strdup(version);
	}
	if (!db || !db->home || !db->version) {
		db_close(db);
		return err_nomem(err, "a record");
	}
	if (report)
		db->report = *report;
	*out = db;
	return 0;
}

/* Takes NULL and a db that was only half built, since db_open() ends by it when memory runs out. */
void db_close(struct db *db)
{
	if (!db)
		return;
	for (unsigned i = 0; i < db->n_seen; i++)
		x_free(db->seen[i]);
	x_free(db->home);
	x_free(db->version);
	x_free(db);
}

const char *db_home(const struct db *db)
{
	return db->home;
}

/* Says what could not be done to which file; memory is never the file's fault. */
int db_failed(struct db *db, int rc, const char *doing, const char *path, struct err *err)
{
	char shown[256];

	if (rc == -ENOMEM)
		return err_nomem(err, "a record");
	return err_sys(err, MISCSI_ERR_IDBM, -rc, "cannot %s %s/%s", doing, db->home,
		str_escape(shown, sizeof(shown), path, strlen(path)));
}

/* Opened anew for each call, so that a directory that was put in its place is seen. */
int db_home_fd(struct db *db, bool make, struct err *err)
{
	int fd = open(db->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && make) {
		int rc = file_mkdirs(db->home, 0755);

		if (rc)
			return db_failed(db, rc, "make", "", err);
		fd = open(db->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	/* No directory is an empty database. */
	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	return fd < 0 ? db_failed(db, -errno, "open", "", err) : fd;
}

/*
 * Remembers keys, so that a thousand records of a newer program give one warning and not a thousand. When the table is full all
 * counts as seen: a file of junk keys must not make noise without bound, nor take memory without bound.
 */
static bool was_seen(struct db *db, const char *key)
{
	for (unsigned i = 0; i < db->n_seen; i++)
		if (!strcmp(db->seen[i], key))
			return true;
	if (db->n_seen == DB_SEEN_MAX)
		return true;
	db->seen[db->n_seen] = x_strdup(key);
	db->n_seen += !!db->seen[db->n_seen];
	return false;
}

/* What the reader of lines does not know and the message needs: whose record, and which file. */
struct doubtful {
	struct db *db;
	const char *path;
};

/* A key that no row has stands in all records of a newer program: once is enough. */
static void doubt(void *arg, const char *key, bool unknown, const char *text)
{
	const struct doubtful *d = arg;
	char shown[256], full[ERR_TEXT_MAX * 2];

	if (!d->db->report.warn || (unknown && was_seen(d->db, key)))
		return;
	snprintf(full, sizeof(full), "%s/%s, %s", d->db->home, str_escape(shown, sizeof(shown), d->path, strlen(d->path)), text);
	d->db->report.warn(d->db->report.arg, full);
}

/* A record's text may hold secrets. */
static void wipe_text(char **text)
{
	if (*text)
		mem_wipe(*text, strlen(*text));
	x_free(*text);
}

int db_read(struct db *db, int home, enum record_kind kind, const char *path, struct record **out, struct err *err)
{
	struct doubtful d = { db, path };
	cleanup(wipe_text) char *text = NULL;
	size_t len = 0;
	int rc = db_tree_read(home, path, &text, &len);

	/* A link, a directory, a device where a record should be is as good as nothing. */
	if (rc == -ENOENT || rc == -ENOTDIR || rc == -ELOOP || rc == -EISDIR || rc == -EINVAL || rc == -ENXIO || (!rc && !len))
		/* Not an error: a lister that meets one goes on with the next record. */
		return -ENOENT;
	if (!rc)
		rc = recfile_parse_lines(kind, text, len, doubt, &d, out);
	return rc ? db_failed(db, rc, "read", path, err) : 0;
}

/* Only what passed a row's check may become a component of a path. */
int db_check_name(enum field_id id, const char *text, struct err *err)
{
	return field_check(field_of(id), text, NULL, err);
}
