/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The database as an object, and its single files.
 *
 * Between calls the struct holds names and no descriptors: every call opens the home anew and closes it. A program that lives
 * long must see a directory that an administrator has put in its place meanwhile.
 */
#include "record/db_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* Nothing is opened: the directory may come and go while the program runs. */
int db_open(const char *home, const char *version, const struct recfile_report *report, struct db **out, struct err *err)
{
	struct db *db = x_new(struct db);

	if (db) {
		db->home = x_strdup(home ? home : DATABASE_DIR);
		db->version = x_strdup(version);
	}
	if (!db || !db->home || !db->version) {
		db_close(db);
		return err_nomem(err, "the record database");
	}
	if (report)
		db->report = *report;
	db->report.seen = &db->seen;
	db->tree = (struct db_tree)DB_TREE_CLOSED;
	*out = db;
	return 0;
}

/* Takes NULL and a db that was only half built, since db_open() ends by it when memory runs out. */
void db_close(struct db *db)
{
	if (!db)
		return;
	recfile_seen_clear(&db->seen);
	x_free(db->home);
	x_free(db->version);
	x_free(db);
}

const char *db_home(const struct db *db)
{
	return db->home;
}

/* The message names the action and the file. A lack of memory is not the file's fault. */
int db_failed(struct db *db, int rc, const char *doing, const char *path, struct err *err)
{
	char shown[256];

	if (rc == -ENOMEM)
		return err_nomem(err, str_escape(shown, sizeof(shown), path, strlen(path)));
	if (rc == -EACCES || rc == -EPERM)
		return err_set(err, MISCSI_ERR_ACCESS, "cannot %s %s/%s: %s. Run this command as root", doing, db->home,
			str_escape(shown, sizeof(shown), path, strlen(path)), strerror(-rc));
	return err_sys(err, MISCSI_ERR_IDBM, -rc, "cannot %s %s/%s", doing, db->home,
		str_escape(shown, sizeof(shown), path, strlen(path)));
}

/* Opened anew for each call, so that a directory that was put in its place is seen. A callback may call again. */
int db_use(struct db *db, bool make, struct db **used, struct err *err)
{
	int rc = db->uses ? 0 : db_tree_open(&db->tree, db->home);

	if (rc == -ENOENT && make) {
		rc = file_mkdirs(db->home, 0755);
		if (rc)
			return db_failed(db, rc, "make", "", err);
		rc = db_tree_open(&db->tree, db->home);
	}
	if (!rc) {
		db->uses++;
		*used = db;
	}
	/* Without a directory the database is empty. */
	return rc && rc != -ENOENT ? db_failed(db, rc, "open", "", err) : rc;
}

void db_done(struct db **used)
{
	if (*used && !--(*used)->uses)
		db_tree_close(&(*used)->tree);
	*used = NULL;
}

int db_read(struct db *db, enum record_kind kind, const char *path, struct record **out, struct err *err)
{
	cleanup(x_wipe_freep) char *text = NULL;
	char shown[256], where[ERR_TEXT_MAX];
	size_t len = 0;
	int rc = db_tree_read(&db->tree, path, &text, &len);

	/* A link, a directory or a device in the place of a record is not a record. Neither is an empty file. */
	if (rc == -ENOENT || rc == -ENOTDIR || rc == -ELOOP || rc == -EISDIR || rc == -EINVAL || rc == -ENXIO || (!rc && !len))
		return -ENOENT;
	snprintf(where, sizeof(where), "%s/%s", db->home, str_escape(shown, sizeof(shown), path, strlen(path)));
	if (!rc)
		rc = recfile_parse(kind, where, text, len, &db->report, out);
	return rc ? db_failed(db, rc, "read", path, err) : 0;
}

/* One bad file among many must not hide the others: it is reported. Lack of permission or of memory concerns all. */
int db_read_listed(struct db *db, int rc, struct err *why, struct err *err)
{
	if (rc == -ENOENT || !rc)
		return rc;
	if (rc == -ENOMEM || rc == -EACCES || rc == -EPERM || rc == -EMFILE || rc == -ENFILE) {
		err_copy(err, why);
		return rc;
	}
	err_prefix(why, "a record was skipped");
	if (db->report.skipped)
		db->report.skipped(db->report.arg, why->text);
	return -ENOENT;
}

/* Readers take no lock: what goes away while it is listed is as good as what was never there. */
int db_each_named(
	struct db *db, enum record_kind kind, const char *dir, db_read_named_fn *read, db_node_fn *fn, void *arg, struct err *err)
{
	cleanup(dir_free) struct dir names = { 0 };
	cleanup(db_done) struct db *used = NULL;
	int rc = db_use(db, false, &used, err);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	rc = db_tree_names(&db->tree, dir, &names);
	if (rc)
		return db_failed(db, rc, "read", dir, err);
	for (size_t i = 0; !rc && i < names.n; i++) {
		cleanup(record_freep) struct record *r = NULL;
		struct err why = ERR_INIT;

		rc = db_read_listed(db, read(db, kind, names.names[i], &r, &why), &why, err);
		if (rc == -ENOENT)
			rc = 0;
		else if (!rc)
			rc = fn(arg, &r, names.names[i]);
	}
	return rc == -ENOMEM ? err_nomem(err, "the list of records") : rc;
}

/* Only what passed a row's check may become a component of a path. */
int db_check_name(enum field_id id, const char *text, struct err *err)
{
	return field_check(field_of(id), text, NULL, err);
}
