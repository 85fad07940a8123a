/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What standing discoveries do with the record database and with sessions. All of it may wait for a disk or for a target, so it
 * runs in helpers: these are functions for helper_job.run.
 *
 * What a discovery found is a file of lines "IFACE TARGET HOST PORT TPGT" in a directory in memory. Its path is the request's;
 * beside it are PATH.new, which the daemon writes before standing_keep(), and PATH.done, the lines whose sessions need no more work.
 */
#ifndef DAEMON_STANDING_WORK_H
#define DAEMON_STANDING_WORK_H

#include "base/err.h"
#include "record/field.h"
#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#define STANDING_LIST_MAX (1u << 20) /* bytes of the lines of one discovery */
#define STANDING_PATH_MAX 512

struct standing_request {
	enum record_kind kind;
	uint32_t from; /* standing_list(): the first record; others: the port */
	bool whole; /* standing_keep(): PATH.new has all; otherwise what was found before is still there */
	char address[256];
	char path[STANDING_PATH_MAX];
	char home[STANDING_PATH_MAX], conf[STANDING_PATH_MAX], socket[STANDING_PATH_MAX]; /* "": the default */
};

struct standing_report {
	struct err err; /* of a result < 0 */
	unsigned added, gone; /* portals: new ones, and those that were not found again */
	unsigned sessions, failed, ended,
		busy; /* sessions made; logins that failed; logouts; those refused, as a disk is in use */
	bool deleted; /* the discovery's record is no longer there: nothing was done */
	char warning[400]; /* the first one; "": none */
};

/*
 * Some records of the kind that iscsid has to know: discovery records with use_discoveryd, or ifaces that discoveries use. The answer
 * is a struct standing_page, and the text of each record: its length (uint16_t) and its bytes.
 */
struct standing_page {
	struct err err;
	uint32_t next; /* 0: these were the last ones */
	uint32_t n;
};
int standing_list(const void *request, size_t len, void *answer, size_t *answer_len);

/* Node records for the lines of PATH.new that PATH has not, then the lines of PATH.new become those of PATH. Answers a report. */
int standing_keep(const void *request, size_t len, void *answer, size_t *answer_len);

/*
 * Logs in to the lines of PATH that are not in PATH.done, where node.startup is automatic; with discovery.logout_gone, logs out of
 * those of PATH.done that are not in PATH. What did not succeed is tried again by the next call: then failed or busy is not 0.
 */
int standing_sessions(const void *request, size_t len, void *answer, size_t *answer_len);

#endif
