/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resolves host names to addresses without blocking the loop. Try resolve_numeric() first, which needs no helper process. */
#ifndef BASE_RESOLVE_H
#define BASE_RESOLVE_H

#include "base/err.h"
#include "base/helper.h"
#include <sys/socket.h>

#define RESOLVE_MAX 16 /* addresses of one name; further ones are dropped */

struct resolved {
	unsigned n;
	struct {
		struct sockaddr_storage sa;
		socklen_t len;
	} addr[RESOLVE_MAX];
};

struct resolve;

/*
 * Looks up host (IPv4 and IPv6, also numeric with a zone) for a TCP port; then calls done on the loop's thread, once, never from
 * within this call: result -errno with err filled (MISCSI_ERR_TRANS), or 0 with at least one address. *out is the look-up under
 * way.
 */
int resolve_start(struct helper_pool *pool, const char *host, uint16_t port,
	void (*done)(void *arg, int result, const struct resolved *r, const struct err *err), void *arg, struct resolve **out);
/* done is not called. Sets *r to NULL; NULL is allowed. */
void resolve_cancel(struct resolve **r);

/* Converts a numeric address at once: 0; -EINVAL: host is a name. */
int resolve_numeric(const char *host, uint16_t port, struct resolved *out);

#endif
