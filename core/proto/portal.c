/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A portal's text. The parser works from the outside in: TPGT, then port, then what kind of address is left. */
#include "proto/portal.h"

#include "base/ascii.h"
#include "base/strbuf.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ZONE_MAX 15 /* IFNAMSIZ without its NUL */

struct slice {
	const char *s;
	size_t len;
};

/* Decimal digits alone, at most max; -1. Five digits hold every port and portal group, and cannot overflow. */
static int32_t portal_number(struct slice t, int32_t max)
{
	int32_t n = 0;

	if (!t.len || t.len > 5)
		return -1;
	for (size_t i = 0; i < t.len; i++) {
		if (!ascii_digit(t.s[i]))
			return -1;
		n = n * 10 + (t.s[i] - '0');
	}
	return n <= max ? n : -1;
}

/* Address family's own parser, on a copy with a NUL. */
static bool is_address(int family, struct slice t)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	if (!t.len || t.len >= sizeof(text) || memchr(t.s, '\0', t.len))
		return false;
	memcpy(text, t.s, t.len);
	text[t.len] = '\0';
	return inet_pton(family, text, bytes) == 1;
}

/* An IPv6 address with an optional zone of an interface name's characters. */
static bool is_ipv6(struct slice t)
{
	const char *pct = memchr(t.s, '%', t.len);
	size_t zone;

	if (!pct)
		return is_address(AF_INET6, t);
	zone = t.len - (size_t)(pct - t.s) - 1;
	if (!zone || zone > ZONE_MAX)
		return false;
	for (size_t i = 1; i <= zone; i++)
		if (!ascii_alnum(pct[i]) && !memchr("-_.", pct[i], 3))
			return false;
	return is_address(AF_INET6, (struct slice){ t.s, (size_t)(pct - t.s) });
}

/* Letters, digits, '-' and '_' in labels of 1 to 63; a last label of digits alone would be a mistyped IPv4
 * address. */
static bool is_hostname(struct slice t)
{
	size_t label = 0, digits = 0, len = t.len;

	if (len && t.s[len - 1] == '.')
		len--;
	if (!len || len > PORTAL_HOST_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = t.s[i];

		if (c == '.') {
			if (!label || t.s[i - 1] == '-')
				return false;
			label = digits = 0;
			continue;
		}
		if (!ascii_alnum(c) && c != '_' && (c != '-' || !label))
			return false;
		if (++label > 63)
			return false;
		digits += ascii_digit(c);
	}
	return label && digits != label && t.s[len - 1] != '-';
}

static int kind_of(struct slice t)
{
	if (t.len > PORTAL_HOST_MAX)
		return -EINVAL;
	if (is_address(AF_INET, t))
		return PORTAL_IPV4;
	if (is_ipv6(t))
		return PORTAL_IPV6;
	return is_hostname(t) ? PORTAL_NAME : -EINVAL;
}

int portal_host_kind(const char *host, size_t len)
{
	return kind_of((struct slice){ host, len });
}

/* Cuts ",TPGT" off the end. "-1" is how records and clients write an unknown group; libvirt's portals end in ",1". */
static const char *cut_tpgt(struct slice *t, struct portal *out)
{
	const char *comma = memchr(t->s, ',', t->len);
	struct slice tag;

	out->tpgt = PORTAL_TPGT_ANY;
	if (!comma)
		return NULL;
	tag = (struct slice){ comma + 1, t->len - (size_t)(comma - t->s) - 1 };
	t->len = (size_t)(comma - t->s);
	if (tag.len == 2 && !memcmp(tag.s, "-1", 2))
		return NULL;
	out->tpgt = portal_number(tag, UINT16_MAX);
	return out->tpgt < 0 ? "its portal group tag is not a number from 0 to 65535" : NULL;
}

/* Leaves the bare host in *t. A bare IPv6 address is taken without brackets: its colons are no port's. Users type it so. */
static const char *cut_port(struct slice *t, struct portal *out)
{
	bool brackets = t->len && t->s[0] == '[';
	const char *end = brackets ? memchr(t->s, ']', t->len) : memchr(t->s, ':', t->len);
	struct slice port;
	int32_t n;

	if (!end)
		return brackets ? "the ']' after the IPv6 address is missing" : NULL;
	if (!brackets && is_ipv6(*t))
		return NULL;
	port = (struct slice){ end + brackets, t->len - (size_t)(end - t->s) - brackets };
	*t = (struct slice){ t->s + brackets, (size_t)(end - t->s) - brackets };
	/* open-iscsi prints host names so. */
	if (brackets && !is_ipv6(*t) && kind_of(*t) != PORTAL_NAME)
		return "the text in brackets is not an IPv6 address";
	if (!port.len)
		return NULL;
	n = port.s[0] == ':' ? portal_number((struct slice){ port.s + 1, port.len - 1 }, UINT16_MAX) : -1;
	if (n <= 0)
		return "its port is not a number from 1 to 65535";
	out->port = (uint16_t)n;
	return NULL;
}

/* "::1:3260" is an address, although a port was most likely meant. "2001:db8::3260" is one. */
static bool looks_like_port(struct slice t)
{
	static const char port[] = ":3260";
	size_t len = sizeof(port) - 1, gaps = 0;

	if (t.len <= len || t.s[0] == '[' || memcmp(t.s + t.len - len, port, len) != 0 || t.s[t.len - len - 1] == ':')
		return false;
	for (size_t i = 0; i + 1 < t.len - len; i++)
		gaps += t.s[i] == ':' && t.s[i + 1] == ':';
	return gaps > 0;
}

static const char *parse_portal(struct slice t, struct portal *out)
{
	const char *why = cut_tpgt(&t, out), *colon = memchr(t.s, ':', t.len);
	int kind;

	if (!why && colon && t.s + t.len - colon > 3 && !memcmp(colon, "://", 3))
		return "it is a URL; write ADDRESS, ADDRESS:PORT or [IPv6 ADDRESS]:PORT";
	if (!why && looks_like_port(t))
		return "an IPv6 address with a port needs brackets, as in [::1]:3260 (without a port: [::1])";

	if (!why)
		why = cut_port(&t, out);
	if (why)
		return why;
	kind = kind_of(t);
	if (kind < 0)
		return "its address is neither an IP address nor a host name";
	out->kind = (enum portal_kind)kind;
	memcpy(out->host, t.s, t.len);
	return NULL;
}

int portal_parse(const char *text, size_t len, uint16_t port_default, struct portal *out, struct err *err)
{
	char shown[120];
	const char *why;

	*out = (struct portal){ .port = port_default };
	why = parse_portal((struct slice){ text, len }, out);
	if (!why)
		return 0;
	return err_set(err, MISCSI_ERR_INVAL, "\"%s\" is not a portal: %s", str_escape(shown, sizeof(shown), text, len), why);
}

const char *portal_format(char *dst, size_t size, const struct portal *p, bool with_tpgt)
{
	char tpgt[16] = "";

	if (with_tpgt)
		snprintf(tpgt, sizeof(tpgt), ",%d", (int)p->tpgt);
	snprintf(dst, size, p->kind == PORTAL_IPV6 ? "[%s]:%u%s" : "%s:%u%s", p->host, (unsigned)p->port, tpgt);
	return dst;
}

/* By value: "::1" is "0:0::1". Zones are compared as text. */
static bool same_ipv6(const char *a, const char *b)
{
	size_t la = strcspn(a, "%"), lb = strcspn(b, "%");
	char ta[PORTAL_HOST_MAX + 1], tb[PORTAL_HOST_MAX + 1];
	uint8_t va[16], vb[16];

	snprintf(ta, sizeof(ta), "%.*s", (int)la, a);
	snprintf(tb, sizeof(tb), "%.*s", (int)lb, b);
	return inet_pton(AF_INET6, ta, va) == 1 && inet_pton(AF_INET6, tb, vb) == 1 && !memcmp(va, vb, 16) &&
		!strcmp(a + la, b + lb);
}

bool portal_same_host(const char *a, const char *b)
{
	return !strcasecmp(a, b) || same_ipv6(a, b);
}

/* The portal group is not compared: it says something about the target, not where to connect to. */
bool portal_equal(const struct portal *a, const struct portal *b)
{
	if (a->port != b->port || a->kind != b->kind)
		return false;
	return portal_same_host(a->host, b->host);
}
