/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of sessions, written whole, and removed with the session. */
#include "session/store.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "object/session_info.h"
#include "proto/portal.h"
#include "record/recfile.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ISID_KEY "session.isid"
#define REPLACED_LINE "# session.replaced = Yes\n"
#define PATH_BYTES 512

static const char *const marks[] = { [STORE_UP] = "", [STORE_PENDING] = ".pending", [STORE_LEAVES] = ".leaves" };

static int store_path(const char *dir, uint32_t sid, enum store_mark mark, char path[PATH_BYTES])
{
	return (size_t)snprintf(path, PATH_BYTES, "%s/session%u%s", dir, sid, marks[mark]) < PATH_BYTES ? 0 : -ENAMETOOLONG;
}

/* The kernel keeps it. A file that is not used because of it must not seem to be where it comes from. */
static void without_secret(struct record *r, enum field_id secret, enum field_id file)
{
	if (record_secret(r, secret)->len)
		record_unset(r, file);
	record_unset(r, secret);
}

/*
 * Whole or not at all: a daemon that dies here leaves the one before, or none. A part of a pending one is as good as none: the session
 * has no devices yet.
 */
static int write_file(
	const char *dir, uint32_t sid, enum store_mark mark, const struct record *node, const struct store_facts *facts)
{
	struct strbuf text = STRBUF_INIT(RECFILE_MAX);
	struct record *r = record_copy(node);
	char path[PATH_BYTES];
	int rc = store_path(dir, sid, mark, path);

	if (!r)
		return -ENOMEM;
	without_secret(r, FIELD_SESSION_PASSWORD, FIELD_SESSION_PASSWORD_FILE);
	without_secret(r, FIELD_SESSION_PASSWORD_IN, FIELD_SESSION_PASSWORD_IN_FILE);
	strbuf_puts(&text, "# " ISID_KEY " = ");
	for (int i = 0; i < ISID_LEN; i++)
		strbuf_printf(&text, "%02x", facts->isid[i]);
	strbuf_putc(&text, '\n');
	if (facts->replaced)
		strbuf_puts(&text, REPLACED_LINE);
	recfile_print(&text, r, RECFILE_FILE, "");
	record_free(r);
	if (rc == 0)
		rc = strbuf_error(&text);
	if (rc == 0)
		rc = mark == STORE_PENDING ? file_write(path, strbuf_str(&text), text.len, 0600) :
					     file_replace(AT_FDCWD, path, strbuf_str(&text), text.len, 0600);
	strbuf_free(&text);
	return rc;
}

int store_write(const char *dir, uint32_t sid, enum store_mark mark, const struct record *node, const struct store_facts *facts)
{
	char path[PATH_BYTES];
	int rc = write_file(dir, sid, mark, node, facts);

	for (enum store_mark other = 0; rc == 0 && mark != STORE_PENDING && other < ARRAY_SIZE(marks); other++)
		if (other != mark && store_path(dir, sid, other, path) == 0)
			unlink(path);
	return rc;
}

int store_change(const char *dir, uint32_t sid, enum store_mark from, enum store_mark to)
{
	char old[PATH_BYTES], new[PATH_BYTES];
	int rc = store_path(dir, sid, from, old);

	if (rc == 0)
		rc = store_path(dir, sid, to, new);
	return rc < 0 ? rc : renameat(AT_FDCWD, old, AT_FDCWD, new) < 0 ? -errno : 0;
}

void store_remove(const char *dir, uint32_t sid)
{
	char path[PATH_BYTES];

	if (!sid)
		return;
	for (enum store_mark mark = 0; mark < ARRAY_SIZE(marks); mark++)
		if (store_path(dir, sid, mark, path) == 0 && unlink(path) == 0)
			return;
}

/* The first lines, comments to the parser of records. */
static int parse_facts(const char *text, struct store_facts *facts)
{
	unsigned byte[ISID_LEN];
	const char *second = strchr(text, '\n');

	if (sscanf(text, "# " ISID_KEY " = %2x%2x%2x%2x%2x%2x", &byte[0], &byte[1], &byte[2], &byte[3], &byte[4], &byte[5]) !=
		ISID_LEN)
		return -EINVAL;
	for (int i = 0; i < ISID_LEN; i++)
		facts->isid[i] = (uint8_t)byte[i];
	facts->replaced = second && strncmp(second + 1, REPLACED_LINE, strlen(REPLACED_LINE)) == 0;
	return 0;
}

/* The kernel shows what it was given when the session was made; what a driver does not show cannot tell them apart. */
static bool is_of(const struct record *r, const struct session_info *shown)
{
	return strcmp(record_str(r, FIELD_NODE_NAME), shown->target) == 0 &&
		(!*shown->persistent_address || portal_same_host(record_str(r, FIELD_CONN_ADDRESS), shown->persistent_address)) &&
		(shown->persistent_port <= 0 || record_int(r, FIELD_CONN_PORT) == shown->persistent_port) &&
		(!*shown->iface || strcmp(record_str(r, FIELD_IFACE_NAME), shown->iface) == 0);
}

static int read_file(
	const char *dir, const struct session_info *shown, enum store_mark mark, struct record **node, struct store_facts *facts)
{
	struct store_facts written;
	struct record *r = NULL;
	char *text = NULL;
	char path[PATH_BYTES];
	size_t len;
	int rc = store_path(dir, shown->sid, mark, path);

	if (rc == 0)
		rc = file_read(AT_FDCWD, path, RECFILE_MAX, &text, &len);
	if (rc == 0)
		rc = parse_facts(text, &written);
	if (rc == 0)
		rc = recfile_parse(RECORD_NODE, path, text, len, NULL, &r);
	x_free(text);
	/* a sid begins anew when the kernel's module is loaded again: is this the session that the file is of? */
	if (rc == 0 && !is_of(r, shown))
		rc = -ESTALE;
	if (rc < 0) {
		record_free(r);
		return rc;
	}
	*facts = written;
	*node = r;
	return 0;
}

int store_read(
	const char *dir, const struct session_info *shown, struct record **node, struct store_facts *facts, enum store_mark *mark)
{
	int rc = -ENOENT;

	for (*mark = 0; *mark < ARRAY_SIZE(marks); ++*mark) {
		rc = read_file(dir, shown, *mark, node, facts);
		if (rc == 0 || rc == -ENOMEM)
			break;
	}
	return rc;
}

/* Is it a session's file, by its whole name? */
static bool is_session_file(const char *name, unsigned *sid)
{
	char whole[32];

	if (sscanf(name, "session%u", sid) != 1)
		return false;
	for (unsigned mark = 0; mark < ARRAY_SIZE(marks); mark++) {
		snprintf(whole, sizeof(whole), "session%u%s", *sid, marks[mark]);
		if (strcmp(name, whole) == 0)
			return true;
	}
	return false;
}

static void clean_file(const char *dir, const char *name, const struct sysfs *sysfs)
{
	char path[PATH_BYTES];
	unsigned sid;

	if (is_session_file(name, &sid) ? sysfs_exists(sysfs, "class/iscsi_session/session%u", sid) : !file_is_temporary(name))
		return;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) < sizeof(path))
		unlink(path);
}

bool store_clean(const char *dir, const struct sysfs *sysfs, unsigned most, DIR **stream)
{
	const struct dirent *d = NULL;

	if (!*stream)
		*stream = opendir(dir);
	while (*stream && most-- && (d = readdir(*stream)))
		clean_file(dir, d->d_name, sysfs);
	if (*stream && !d) {
		closedir(*stream);
		*stream = NULL;
	}
	return *stream;
}
