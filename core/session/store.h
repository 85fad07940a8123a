/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session data that the kernel does not store: its settings and its ISID, one file per session below the state directory,
 * which a reboot empties. The files do not contain secrets: the kernel has those.
 */
#ifndef SESSION_STORE_H
#define SESSION_STORE_H

#include "link/isid.h"
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>

struct record;
struct session_info;
struct sysfs;

/* Beside the settings. */
struct store_facts {
	uint8_t isid[ISID_LEN];
	bool replaced; /* a device was removed since its unit is another now: no scan may find that by itself */
};

/*
 * A session that has not logged in yet has a file with another name, which marks it as pending: if the daemon is killed, the next
 * one ends the session. store_established() removes the mark. -errno.
 */
int store_begin(const char *dir, uint32_t sid, const struct record *node, const struct store_facts *facts);
int store_established(const char *dir, uint32_t sid);
/*
 * Marks one that is logged out to be logged in again: the kernel shows no difference, and reports no loss of such a connection any more, so the
 * next daemon would take it for one that is up. store_stays() removes the mark. -errno.
 */
int store_leaves(const char *dir, uint32_t sid);
int store_stays(const char *dir, uint32_t sid);
int store_write(const char *dir, uint32_t sid, const struct record *node, const struct store_facts *facts); /* without a mark */
void store_remove(const char *dir, uint32_t sid);
/* Reads the file of a session; the caller owns *node. -ESTALE: the file is of an earlier session with the same sid. */
enum store_mark { STORE_UP, STORE_PENDING, STORE_LEAVES };
int store_read(const char *dir, const struct session_info *shown, struct record **node, struct store_facts *facts,
	enum store_mark *mark);
/* Looks at the next files, and removes those of sessions that no longer exist. *stream is NULL at first, and after the last one. Returns whether there are more. */
bool store_clean(const char *dir, const struct sysfs *sysfs, unsigned most, DIR **stream);

#endif
