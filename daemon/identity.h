/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The initiator's name and alias, as initiatorname.iscsi has them: read at the start, and again for new sessions, because
 * installers write the file after they have started the daemon.
 *
 * A helper reads the file, since its disk may be one that does not answer. What was read last is kept: no recovery waits for the
 * file.
 */
#ifndef DAEMON_IDENTITY_H
#define DAEMON_IDENTITY_H

#include "base/err.h"
#include "base/helper.h"

struct identity;

struct identity_config {
	struct loop *loop;
	struct helper_pool *helpers;
	const char *path;
	void (*done)(void *arg); /* a look at the file has ended */
	void *arg;
};

/* Reads the file; blocks. A file that cannot be read is no error here, but one of identity_get(). -ENOMEM. */
int identity_new(const struct identity_config *config, struct identity **out);
void identity_free(struct identity *i); /* done() is no longer called */

/*
 * Looks whether the file has changed, then calls done() once for all calls until then, never from within this call. It is called
 * after a second at the latest if a name is known, after 10 s otherwise; the look goes on.
 */
void identity_look(struct identity *i);
/*
 * Returns what was read last, valid until the next round of the loop; *alias may be NULL. -errno: the file could not be read the
 * last time, and why; the name and the alias are then those of an earlier time, or NULL.
 */
int identity_get(const struct identity *i, const char **name, const char **alias, struct err *err);

#endif
