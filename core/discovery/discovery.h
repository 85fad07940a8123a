/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SendTargets discovery: asks one portal, through a transport, which targets there are. Makes no session and writes no record.
 *
 * One attempt: resolve, connect (every address of a name in turn), log in to a discovery session (a redirect is followed), ask, log out.
 * An attempt that fails for a reason that may pass is made again, a second later, discovery.sendtargets.reopen_max times.
 *
 * Path requests of its own connects it answers itself while nobody else on this machine listens for such. Two discoveries at once
 * would each take the other for one who answers all: DISCOVERY_PATHS_LOCK is to be held (file_lock) by who starts one through a
 * transport with MISCSI_TRAIT_PATH.
 */
#ifndef DISCOVERY_DISCOVERY_H
#define DISCOVERY_DISCOVERY_H

#include "base/err.h"
#include "proto/portal.h"

struct engine;
struct record;

#define DISCOVERY_RETRY_MS 1000
#define DISCOVERY_PATHS_LOCK "/run/miscsi/paths.lock"

/* What it points at must stay until the end. */
struct discovery_config {
	const struct engine *engine; /* its kernel may be NULL: no transport whose PDUs the kernel carries can be used then */
	const struct record *record; /* RECORD_SENDTARGETS: credentials, timeouts, retries */
	const struct record *iface; /* RECORD_IFACE: transport, source address; NULL: none set, the default iface */
	const char *host; /* address or name, as the user wrote it */
	uint16_t port;
	const char *initiator_name; /* the iface's own goes first */
	const char *initiator_alias; /* may be NULL */
	/*
	 * One target at one portal, at once when it is known, names and portals checked. portal->tpgt is PORTAL_TPGT_ANY where
	 * the target said none. 0, or -errno: the discovery ends with it. The same may come twice: a retry begins anew.
	 */
	int (*found)(void *arg, const char *target, const struct portal *portal);
	/* Called before an attempt that follows one in which something was found: forget that. May be NULL. */
	void (*again)(void *arg);
	/* A line for the user on the way ("cannot make connection to 10.0.0.1: Connection refused"), escaped. May be NULL. */
	void (*message)(void *arg, const char *text);
	void *arg;
};

struct discovery;

/*
 * done is called once, from the loop, never from within this call; the discovery is then to be freed. err: MISCSI_ERR_OK; PDU_TIMEOUT
 * retries exceeded; TRANS the name cannot be resolved; LOGIN_AUTH_FAILED, FATAL_LOGIN … of the login; TRANS_NOT_FOUND; INVAL. -errno: not begun.
 */
int discovery_start(const struct discovery_config *config, void (*done)(void *arg, int result, const struct err *err),
	void *done_arg, struct discovery **out, struct err *err);
/* At any time; done is not called after it. NULL is nothing. */
void discovery_free(struct discovery *d);

/* The whole, running the loop until it ends: for programs that do nothing else meanwhile. */
int discovery_sendtargets(const struct discovery_config *config, struct err *err);

#endif
