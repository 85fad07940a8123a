/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iSCSI names: the three formats, and the alphabet of RFC 3722 as ranges. */
#include "proto/name.h"

#include "base/mem.h"
#include "base/ascii.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "proto/iscsi_proto.h"
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct range {
	uint32_t first, last;
};

/*
 * Beyond ASCII and utf8_visible(), RFC 3722 section 6 prohibits by the tables of RFC 3454: blanks (C.1.2), private use (C.3),
 * non-characters (C.4), surrogates (C.5), characters that are inappropriate for plain text (C.6 to C.9); and 3002, the ideographic
 * full stop.
 */
static const struct range prohibited[] = {
	{ 0x80, 0xa0 },
	{ 0x340, 0x341 },
	{ 0x6dd, 0x6dd },
	{ 0x70f, 0x70f },
	{ 0x1680, 0x1680 },
	{ 0x1806, 0x1806 },
	{ 0x2000, 0x200f },
	{ 0x2028, 0x202f },
	{ 0x205f, 0x206f },
	{ 0x2ff0, 0x2ffb },
	{ 0x3000, 0x3000 },
	{ 0x3002, 0x3002 },
	{ 0xd800, 0xf8ff },
	{ 0xfdd0, 0xfdef },
	{ 0xfff0, 0xffff },
	{ 0xe0000, 0x10ffff },
};

/* A character that cannot be seen would make two names look alike. */
static bool is_prohibited(uint32_t c)
{
	if (!utf8_visible(c))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(prohibited); i++)
		if (c >= prohibited[i].first && c <= prohibited[i].last)
			return true;
	return false;
}

/* '_' and upper case are beyond RFC 3722, and seen in the field. */
static bool alphabet_ok(const char *name, size_t len)
{
	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c;

		n = 1;
		if (ascii_alnum(name[i]) || memchr("-.:_", name[i], 4))
			continue;
		if (!((uint8_t)name[i] & 0x80))
			return false;
		n = utf8_decode(name + i, len - i, &c);
		if (!n || is_prohibited(c))
			return false;
	}
	return true;
}

/* "yyyy-mm." and the naming authority's reversed domain name, RFC 7143 4.2.7.4. */
static bool iqn_ok(const char *s, size_t len)
{
	static const char shape[] = "dddd-dd.";

	if (len <= sizeof(shape) - 1)
		return false;
	for (size_t i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] == 'd' ? !ascii_digit(s[i]) : s[i] != shape[i])
			return false;
	return ascii_alnum(s[sizeof(shape) - 1]) || (uint8_t)s[sizeof(shape) - 1] & 0x80;
}

static bool hex_ok(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (ascii_hex(s[i]) < 0)
			return false;
	return true;
}

/* 4.2.7.5: an EUI-64. */
static bool eui_ok(const char *s, size_t len)
{
	return len == 16 && hex_ok(s, len);
}

/* 4.2.7.6, RFC 3980: 64 or 128 bits. */
static bool naa_ok(const char *s, size_t len)
{
	return (len == 16 || len == 32) && hex_ok(s, len);
}

static const struct {
	const char *prefix;
	bool (*ok)(const char *rest, size_t len);
} formats[] = {
	{ "iqn.", iqn_ok },
	{ "eui.", eui_ok },
	{ "naa.", naa_ok },
};

/* In the order in which they help the user: length and alphabet are wrong in every format. */
static const char *name_fault(const char *name, size_t len)
{
	if (!len)
		return "is empty";
	if (len > ISCSI_NAME_MAX)
		return "is longer than the 223 bytes that iSCSI allows";
	if (!alphabet_ok(name, len))
		return "has a character that iSCSI names may not have: use lower-case letters, digits, '-', '.' and ':'";
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (len >= 4 && !strncasecmp(name, formats[i].prefix, 4))
			return formats[i].ok(name + 4, len - 4) ?
				NULL :
				"does not have the format of its kind: iqn.YYYY-MM.DOMAIN[:TEXT], eui. and 16 hex digits, or "
				"naa. and 16 or 32 hex digits";
	return "must begin with iqn., eui. or naa.";
}

int name_check(const char *name, size_t len, struct err *err)
{
	const char *why = name_fault(name, len);
	char shown[ISCSI_NAME_MAX + 1];

	if (!why)
		return 0;
	return err_set(err, MISCSI_ERR_INVAL, "the iSCSI name \"%s\" %s", str_escape(shown, sizeof(shown), name, len), why);
}

int name_check_target(const char *name, size_t len, struct err *err)
{
	static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:_";
	size_t n = 0;

	while (n < len && name[n] && strchr(harmless, name[n]))
		n++;
	return len && n == len && len <= ISCSI_NAME_MAX && name[0] != '.' ? 0 : name_check(name, len, err);
}

/* RFC 3722 folds case before it compares. Beyond ASCII the bytes are compared: a name is kept as its target has spelled it. */
bool name_equal(const char *a, const char *b)
{
	return !strcasecmp(a, b);
}
