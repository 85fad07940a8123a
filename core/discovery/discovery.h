/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SendTargets discovery: requests the list of targets from one portal, through a transport. It makes no normal session and writes
 * no record.
 *
 * One attempt: resolve, connect (every address of a name in turn), log in to a discovery session (a redirect is followed), send
 * SendTargets, log out. After a temporary failure, the attempt is repeated a second later, discovery.sendtargets.reopen_max
 * times.
 *
 * It answers the path requests of its own connects if no other program of this machine listens for path requests. Two discoveries
 * at once would each mistake the other for such a program: before a discovery through a transport with MISCSI_TRAIT_PATH, the
 * caller must take DISCOVERY_PATHS_LOCK (file_lock).
 */
#ifndef DISCOVERY_DISCOVERY_H
#define DISCOVERY_DISCOVERY_H

#include "base/err.h"
#include "proto/portal.h"

struct engine;
struct record;

#define DISCOVERY_RETRY_MS 1000
#define DISCOVERY_PATHS_LOCK "/run/miscsi/paths.lock"

/* The data that it points to must remain valid until the discovery is freed. */
struct discovery_config {
	const struct engine *engine; /* kernel NULL: a transport whose PDUs the kernel carries cannot be used */
	const struct record *record; /* RECORD_SENDTARGETS: credentials, timeouts, retries */
	const struct record *iface; /* RECORD_IFACE: transport, source address; NULL: the default iface */
	const char *host; /* address or name, as the user wrote it */
	uint16_t port;
	const char *initiator_name; /* the iface's name has priority */
	const char *initiator_alias; /* may be NULL */
	/*
	 * Reports one target at one portal as soon as it is known; names and portals were checked. portal->tpgt is
	 * PORTAL_TPGT_ANY if the target sent none. Returns 0, or -errno to end the discovery. A retry may report the same target
	 * again.
	 */
	int (*found)(void *arg, const char *target, const struct portal *portal);
	/* Called before a retry if the failed attempt reported targets: discard them. May be NULL. */
	void (*again)(void *arg);
	/* A progress line for the user ("cannot make connection to 10.0.0.1: Connection refused"), escaped. May be NULL. */
	void (*message)(void *arg, const char *text);
	void *arg;
};

struct discovery;

/*
 * The loop calls done once, never from within this call; the caller must then free the discovery. err: MISCSI_ERR_OK; PDU_TIMEOUT
 * retries exceeded; TRANS the name cannot be resolved; LOGIN_AUTH_FAILED, FATAL_LOGIN … of the login; TRANS_NOT_FOUND; INVAL.
 * -errno: not started.
 */
int discovery_start(const struct discovery_config *config, void (*done)(void *arg, int result, const struct err *err),
	void *done_arg, struct discovery **out, struct err *err);
/* Allowed at any time; done is not called afterwards. NULL is allowed. */
void discovery_free(struct discovery *d);

/* Runs the loop until the discovery ends: for programs that do nothing else meanwhile. */
int discovery_sendtargets(const struct discovery_config *config, struct err *err);

#endif
