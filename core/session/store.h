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
 * What the next daemon is to do with the session, should this one be killed; the end of the file's name, so that a change is one rename.
 * UP: nothing. PENDING: it has not logged in yet, and is ended. LEAVES: it is logged out to be logged in again; the kernel shows no
 * difference, and reports no loss of such a connection any more, so that the next daemon would take it for one that is up.
 */
enum store_mark { STORE_UP, STORE_PENDING, STORE_LEAVES };
/* Writes the file with that mark, and removes those with another one; before a PENDING one there is none. -errno. */
int store_write(const char *dir, uint32_t sid, enum store_mark mark, const struct record *node, const struct store_facts *facts);
int store_change(const char *dir, uint32_t sid, enum store_mark from, enum store_mark to);
void store_remove(const char *dir, uint32_t sid);
/* Reads the file of a session; the caller owns *node. -ESTALE: the file is of an earlier session with the same sid. */
int store_read(const char *dir, const struct session_info *shown, struct record **node, struct store_facts *facts,
	enum store_mark *mark);
/* Looks at the next files, and removes those of sessions that no longer exist. *stream is NULL at first, and after the last one. Returns whether there are more. */
bool store_clean(const char *dir, const struct sysfs *sysfs, unsigned most, DIR **stream);

#endif
