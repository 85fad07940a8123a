/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A portal's text: "ADDRESS[:PORT][,TPGT]" (RFC 7143 13.8), as targets, files and people write it. ADDRESS is an IPv4 address, an
 * IPv6 address in brackets (without a port also bare) and with an optional %zone, or a host name, which may have brackets as well.
 */
#ifndef PROTO_PORTAL_H
#define PROTO_PORTAL_H

#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

#define PORTAL_HOST_MAX 253
#define PORTAL_TEXT_MAX (PORTAL_HOST_MAX + 16) /* with brackets, port and TPGT, and the NUL */
#define PORTAL_TPGT_ANY (-1)

enum portal_kind { PORTAL_IPV4, PORTAL_IPV6, PORTAL_NAME };

struct portal {
	char host[PORTAL_HOST_MAX + 1]; /* as written, without brackets */
	uint16_t port; /* host order, never 0 */
	int32_t tpgt; /* 0 to 65535, or PORTAL_TPGT_ANY: the text had no TPGT, or -1 */
	enum portal_kind kind;
};

/* len bytes of text; port_default applies if the text has no port. 0 or -EINVAL with the text (MISCSI_ERR_INVAL). */
int portal_parse(const char *text, size_t len, uint16_t port_default, struct portal *out, struct err *err);

/* The kind of a bare address or host name; -EINVAL when it is neither. */
int portal_host_kind(const char *host, size_t len);

/* "host:port" or "[v6]:port", and ",tpgt" (",-1" for ANY) when with_tpgt; cut if too long; returns dst. */
const char *portal_format(char *dst, size_t size, const struct portal *p, bool with_tpgt);

/* Compares addresses (without brackets) by value, names without regard to case. */
bool portal_same_host(const char *a, const char *b);
/* Same host and port; TPGTs are not compared. */
bool portal_equal(const struct portal *a, const struct portal *b);

#endif
