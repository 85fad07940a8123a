/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the standing discoveries: the set of them (standing.c), and one of them (standing_one.c). */
#ifndef DAEMON_STANDING_PRIVATE_H
#define DAEMON_STANDING_PRIVATE_H

#include "daemon/standing.h"
#include "daemon/standing_work.h"
#include "base/helper.h"
#include "base/list.h"
#include "base/loop.h"
#include "base/strbuf.h"
#include "discovery/isns_listener.h"
#include "discovery/isns_query.h"
#include "record/record.h"

enum standing_state { ONE_WAITS, ONE_QUEUED, ONE_ASKS, ONE_KEEPS };

/* One discovery. */
struct standing_one {
	struct list node;
	struct standing *owner;
	struct record *record;
	char path[STANDING_PATH_MAX], label[320];
	enum standing_state state;
	bool whole; /* every iface got an answer */
	bool answered; /* one did */
	bool again; /* as soon as this one has ended */
	bool known; /* `fingerprint` is that of what was kept last */
	size_t iface, before; /* the one that it asks through, and how much of the list came through the others */
	char *initiator;
	struct discovery *discovery;
	struct isns_query *query;
	struct isns_query_notify notify; /* iSNS */
	uint64_t told; /* when a notification was logged last */
	uint64_t began, renewed; /* the last attempt, and the last one that registered for notifications; 0: none */
	struct strbuf list;
	char target[224]; /* the last one reported */
	unsigned targets, portals, portals_now;
	uint64_t fingerprint, kept;
	unsigned failures, reported, login_failures;
	uint64_t due;
	struct err err; /* of the last attempt */
	struct loop_timer next, login;
	struct loop_task refused;
	struct helper_job keep, sessions;
	unsigned unnotified; /* registrations that the iSNS server refused */
	bool notified; /* it has reported a change, and this was not noted yet */
	bool keeping, in_sessions, sessions_again;
	bool changed; /* while a helper wrote: what is written then is from before */
	bool ended; /* it is freed when its helpers have ended */
};

struct standing {
	struct standing_config config;
	struct list all;
	struct record_list ifaces;
	unsigned asking;
	struct isns_listener *listener; /* from the first iSNS server on */
	/* a reading of the records */
	struct helper_job job;
	struct standing_request request;
	bool reading, read_again, swept;
	unsigned failures; /* to read */
	struct loop_timer retry;
	struct record_list fresh, fresh_ifaces;
};

/* standing.c */
void standing_queue(struct standing_one *o); /* it asks as soon as it may; one that is under way asks once more */
void standing_serve(struct standing *s); /* lets the next one ask */

/* standing_one.c */
struct standing_one *standing_one_new(struct standing *s, struct record *record); /* takes the record; NULL: no memory */
void standing_one_stop(struct standing_one *o); /* asks no more; helpers go on */
/* Takes the record, and asks anew. What it found before stays known. */
void standing_one_renew(struct standing_one *o, struct record *record);
/* Forgets also what it found, as soon as no helper writes that. */
void standing_one_end(struct standing_one *o);
void standing_one_free(struct standing_one *o); /* what it found is for the next daemon */
bool standing_one_has(const struct standing_one *o, const char *name); /* a file in the directory of what was found */
void standing_one_begin(struct standing_one *o);
void standing_one_notified(struct standing_one *o); /* the iSNS server has reported a change */

#endif
