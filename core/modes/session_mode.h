/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What session mode does: which sessions are meant, what is known of them, and which record they came from.
 *
 * The kernel is asked, by sysfs; the daemon only for what it alone knows.
 */
#ifndef MODES_SESSION_MODE_H
#define MODES_SESSION_MODE_H

#include "modes/context.h"
#include "object/session_info.h"
#include "proto/portal.h"

/* What -P 0 to 3 need to know. */
#define SESSION_DETAIL_LIST 0u
#define SESSION_DETAIL_MATCH ((unsigned)SESSION_INFO_IFACE)
#define SESSION_DETAIL_P1 ((unsigned)(SESSION_INFO_PORTAL | SESSION_INFO_IFACE | SESSION_INFO_STATE))
#define SESSION_DETAIL_P2 (SESSION_DETAIL_P1 | SESSION_INFO_TIMEOUTS | SESSION_INFO_CHAP | SESSION_INFO_PARAMS)
#define SESSION_DETAIL_P3 (SESSION_DETAIL_P2 | SESSION_INFO_DEVICES)

/* A session's number from "12", or from a directory of sysfs at or below …/session12. INVAL. */
int session_mode_sid_parse(const char *text, uint32_t *out, struct err *err);

/* NULL and false: all. A portal's group tag is compared only where it has one. */
struct session_mode_filter {
	const char *target;
	bool by_portal;
	struct portal portal;
	const char *iface;
};

/*
 * Adds what the daemon is still logging in to, and sysfs does not show: without a number (sid 0), but for
 * their names all unknown. For a logout alone. Without a daemon there are none.
 */
void session_mode_add_logins(struct context *ctx, const struct session_mode_filter *filter, struct session_info_list *list);

/* By sid. None is success. */
int session_mode_list(struct context *ctx, const struct session_mode_filter *filter, unsigned detail,
	struct session_info_list *out, struct err *err);
/* One; SYSFS_LOOKUP when there is none of that number. */
int session_mode_find(struct context *ctx, uint32_t sid, unsigned detail, struct session_info_list *out, struct err *err);

/* Is it a session of this node record? By target, portal and iface; info has SESSION_DETAIL_MATCH. */
bool session_mode_is_of(const struct session_info *info, const struct record *node);
/* Has any of them? They were listed with SESSION_DETAIL_MATCH | SESSION_INFO_PORTAL. */
bool session_mode_list_has(const struct session_info_list *l, const struct record *node);
/* The node record of a session. NO_OBJS_FOUND. */
int session_mode_record(struct context *ctx, const struct session_info *info, struct record **out, struct err *err);
/* Made by the adapter from its flash memory, not by us: it alone ends it. */
bool session_mode_is_flash(const struct session_info *info);

/* The states as 2.1.8 words them: "LOGGED IN", "NO CHANGE". */
struct session_mode_words {
	const char *connection, *internal;
};
/* at[] of l->n. Without the daemon the kernel's view is used; a session that the daemon does not look after
 * is "Unknown". */
int session_mode_words(struct context *ctx, const struct session_info_list *l, struct session_mode_words *at);

/* Whether this is a module of the kernel here, and its version; "" when not. */
void session_mode_transport_version(struct context *ctx, char *buf, size_t size);

#endif
