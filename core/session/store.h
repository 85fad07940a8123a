/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel does not keep of a session: its settings and its ISID, one file per session below the state directory, which a
 * reboot empties. Secrets are not in it: the kernel has those.
 */
#ifndef SESSION_STORE_H
#define SESSION_STORE_H

#include "link/isid.h"

struct record;
struct session_info;
struct sysfs;

int store_write(const char *dir, uint32_t sid, const struct record *node, const uint8_t isid[ISID_LEN]); /* -errno */
void store_remove(const char *dir, uint32_t sid);
/* The file of the session that the kernel shows so; *node is the caller's. -ESTALE: it is another session's that had the number. */
int store_read(const char *dir, const struct session_info *shown, struct record **node, uint8_t isid[ISID_LEN]);
void store_clean(const char *dir, const struct sysfs *sysfs); /* removes the files of sessions that are gone */

#endif
