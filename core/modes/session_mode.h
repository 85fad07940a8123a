/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Session mode: selects sessions, reads their data, and finds their node records.
 *
 * The data comes from sysfs, and from the daemon only what sysfs does not have.
 */
#ifndef MODES_SESSION_MODE_H
#define MODES_SESSION_MODE_H

#include "modes/context.h"
#include "object/session_info.h"
#include "proto/portal.h"

/* The details that are read of each session for -P 0 to 3. */
#define SESSION_DETAIL_LIST 0u
#define SESSION_DETAIL_MATCH ((unsigned)SESSION_INFO_IFACE)
#define SESSION_DETAIL_P1 ((unsigned)(SESSION_INFO_PORTAL | SESSION_INFO_IFACE | SESSION_INFO_STATE))
#define SESSION_DETAIL_P2 (SESSION_DETAIL_P1 | SESSION_INFO_TIMEOUTS | SESSION_INFO_CHAP | SESSION_INFO_PARAMS)
#define SESSION_DETAIL_P3 (SESSION_DETAIL_P2 | SESSION_INFO_DEVICES)

/* Parses a session number such as "12", or the path of a sysfs directory at or below …/session12. INVAL. */
int session_mode_sid_parse(const char *text, uint32_t *out, struct err *err);

/* NULL and false match all sessions. The portal group tag is not compared. */
struct session_mode_filter {
	const char *target;
	bool by_portal;
	struct portal portal;
	const char *iface;
};

/*
 * For a logout: adds the logins of the daemon that are still in progress and that sysfs does not show. They have sid 0, and
 * nothing but their names is known. Adds none when no daemon runs.
 */
void session_mode_add_logins(struct context *ctx, const struct session_mode_filter *filter, struct session_info_list *list);

/* By session number. An empty list is success. */
int session_mode_list(struct context *ctx, const struct session_mode_filter *filter, unsigned detail,
	struct session_info_list *out, struct err *err);
/* A list of one session; SYSFS_LOOKUP when there is no session of that number. */
int session_mode_find(struct context *ctx, uint32_t sid, unsigned detail, struct session_info_list *out, struct err *err);

/* Whether the session belongs to this node record, by target, portal and iface; info has SESSION_DETAIL_MATCH. */
bool session_mode_is_of(const struct session_info *info, const struct record *node);
/* Whether a session of the list belongs to the record; the list was read with SESSION_DETAIL_MATCH | SESSION_INFO_PORTAL. */
bool session_mode_list_has(const struct session_info_list *l, const struct record *node);
/* The node record of a session. NO_OBJS_FOUND. */
int session_mode_record(struct context *ctx, const struct session_info *info, struct record **out, struct err *err);
/* It has ended since it was listed: commands for many sessions pass over it. */
bool session_mode_is_gone(struct context *ctx, const struct session_info *info);
/* Whether the adapter made the session, from its flash memory. Only the adapter can end it. */
bool session_mode_is_flash(const struct session_info *info);

/* States in the words of 2.1.8: "LOGGED IN", "NO CHANGE". */
struct session_mode_words {
	const char *connection, *internal;
	char unverified[512]; /* the devices that are not known to be the same since the last recovery; "": none */
};
/*
 * Fills at[] for l->n sessions. Without a daemon the states are the kernel's; a session that the daemon does not manage is
 * "Unknown".
 */
int session_mode_words(struct context *ctx, const struct session_info_list *l, struct session_mode_words *at);

/* The version of the kernel module scsi_transport_iscsi; "" when the kernel shows none. */
void session_mode_transport_version(struct context *ctx, char *buf, size_t size);

#endif
