/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text: complete lists of key=value, their stream form, and values: numbers and binary constants.
 *
 * Lists are for the login, where each key may stand once and all must be known before the next step. The stream form is for
 * discovery, where keys repeat and the text has no end that could be waited for.
 */
#include "proto/text.h"

#include "base/ascii.h"
#include "base/mem.h"
#include "proto/key.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SHOWN 80 /* bytes of outside text that go into a message */

void text_add(struct strbuf *b, const char *key, const char *value)
{
	strbuf_printf(b, "%s=%s", key, value);
	strbuf_putc(b, '\0');
}

void text_addf(struct strbuf *b, const char *key, const char *fmt, ...)
{
	va_list ap;

	strbuf_printf(b, "%s=", key);
	va_start(ap, fmt);
	strbuf_vprintf(b, fmt, ap);
	va_end(ap);
	strbuf_putc(b, '\0');
}

/* 6.1: a standard-label begins with a capital letter; iSCSIProtocolLevel does not, so any letter may begin.
 */
static bool key_char(char c, bool first)
{
	if (ascii_alnum(c))
		return !first || !ascii_digit(c);
	return !first && c && strchr(".-+@_#", c);
}

/* What is shown of the text is escaped and cut: a target must not fill the log. */
static int bad_text(struct err *err, const char *what, const char *part, size_t len)
{
	char shown[SHOWN * 4 + 1];

	return err_set(err, MISCSI_ERR_FATAL_LOGIN,
		"the target sent a key=value text with %s, which is a fault of the target: \"%s\"%s", what,
		str_escape(shown, sizeof(shown), part, len < SHOWN ? len : SHOWN), len < SHOWN ? "" : "...");
}

/* Keys that are not ours to know get the general limit. */
static size_t value_max(const char *key)
{
	const struct key_row *row = key_find(key);

	return row && row->type == KEY_STRING ? row->max : TEXT_VALUE_MAX;
}

/* Cuts one "key=value" (len bytes, a NUL behind them) in place. */
static int cut_pair(char *part, size_t len, struct text_pair *out, struct err *err)
{
	char *eq = memchr(part, '=', len), what[64];
	size_t key_len;

	if (!eq)
		return bad_text(err, "no '='", part, len);
	key_len = (size_t)(eq - part);
	if (!key_len)
		return bad_text(err, "no key before the '='", part, len);
	if (key_len > TEXT_KEY_MAX)
		return bad_text(err, "a key of more than 63 bytes", part, len);
	for (size_t i = 0; i < key_len; i++)
		if (!key_char(part[i], !i))
			return bad_text(err, "an invalid character in a key", part, len);
	*eq = '\0';
	*out = (struct text_pair){ part, eq + 1, len - key_len - 1 };
	if (out->value_len > value_max(out->key)) {
		snprintf(what, sizeof(what), "a value of more than %zu bytes", value_max(out->key));
		*eq = '=';
		return bad_text(err, what, part, len);
	}
	return 0;
}

/* No key twice in one text: a target that says CHAP_R twice would leave open which of the two was checked. */
static int append_pair(struct text_list *l, char *part, size_t len, struct err *err)
{
	struct text_pair pair;
	int rc = cut_pair(part, len, &pair, err);

	if (rc)
		return rc;
	if (text_get(l, pair.key))
		return bad_text(err, "the same key twice", pair.key, strlen(pair.key));
	if (l->n == TEXT_PAIRS_MAX)
		return bad_text(err, "more keys than RFC 7143 defines", pair.key, strlen(pair.key));
	l->pairs[l->n++] = pair;
	return 0;
}

/* On a copy, which the pairs point into: the PDU's bytes belong to its reader and are gone with the next one. */
int text_parse(const void *bytes, size_t len, struct text_list *out, struct err *err)
{
	cleanup(text_free) struct text_list l = { .size = len };
	int rc;

	*out = (struct text_list){ 0 };
	if (!len)
		return 0;
	l.bytes = x_zalloc(len);
	l.pairs = x_newn(struct text_pair, TEXT_PAIRS_MAX);
	if (!l.bytes || !l.pairs)
		return err_set(err, MISCSI_ERR_NOMEM,
			"no memory for a key=value text of %zu bytes: free some memory, or raise the memory limit of the process",
			len);
	memcpy(l.bytes, bytes, len);
	if (l.bytes[len - 1])
		return bad_text(err, "no NUL byte at its end", l.bytes, len);
	for (size_t at = 0, part; at < len; at += part + 1) {
		part = strlen(l.bytes + at);
		rc = part ? append_pair(&l, l.bytes + at, part, err) : 0;
		if (rc)
			return rc;
	}
	*out = l;
	l = (struct text_list){ 0 };
	return 0;
}

void text_free(struct text_list *l)
{
	if (l->bytes)
		mem_wipe(l->bytes, l->size);
	x_free(l->bytes);
	x_free(l->pairs);
	*l = (struct text_list){ 0 };
}

const char *text_get(const struct text_list *l, const char *key)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->pairs[i].key, key))
			return l->pairs[i].value;
	return NULL;
}

/* A NUL came: what was gathered is a pair, or a thing to warn of. */
static int cutter_pair(struct text_cutter *c, text_take_fn *take, void *arg)
{
	struct err err = ERR_INIT;
	struct text_pair pair;
	char shown[SHOWN * 4 + 1];
	size_t len = c->len;
	int rc;

	c->len = 0;
	if (!len)
		return 0;
	c->part[len] = '\0';
	if (c->skipped)
		rc = bad_text(&err, "a key=value pair that is too long", c->part, len);
	else
		rc = cut_pair(c->part, len, &pair, &err);
	c->skipped = 0;
	if (!rc)
		return take(arg, &pair, NULL);
	pair = (struct text_pair){ str_escape(shown, sizeof(shown), c->part, len < SHOWN ? len : SHOWN), NULL, 0 };
	return take(arg, &pair, &err);
}

/*
 * A pair may be cut anywhere between PDUs. One that is too long is skipped to its end and told as bad, so that what follows is
 * still read; but not for ever.
 */
int text_cutter_feed(struct text_cutter *c, const void *bytes, size_t len, text_take_fn *take, void *arg)
{
	const char *p = bytes, *end = len ? p + len : p;

	while (p < end) {
		const char *nul = memchr(p, '\0', (size_t)(end - p));
		size_t n = (size_t)((nul ? nul : end) - p);
		size_t room = sizeof(c->part) - 1 - c->len;
		int rc;

		size_t kept = n < room ? n : room;

		memcpy(c->part + c->len, p, kept);
		c->len += kept;
		c->skipped += n - kept;
		if (c->len + c->skipped > TEXT_PAIR_MAX)
			return -EMSGSIZE;
		p += n;
		if (!nul)
			break;
		p++;
		rc = cutter_pair(c, take, arg);
		if (rc)
			return rc;
	}
	return 0;
}

bool text_cutter_pending(const struct text_cutter *c)
{
	return c->len > 0;
}

static int base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static int decode_hex(const char *s, uint8_t *out, size_t size, size_t *len)
{
	size_t digits = strlen(s), n = 0;
	bool low = digits & 1; /* the first byte of an odd number of digits has only its low half */

	if (!digits)
		return -EINVAL;
	if ((digits + 1) / 2 > size)
		return -EFBIG;
	memset(out, 0, (digits + 1) / 2);
	for (; *s; s++) {
		int v = ascii_hex(*s);

		if (v < 0)
			return -EINVAL;
		out[n] = (uint8_t)(out[n] << 4 | v);
		n += low;
		low = !low;
	}
	*len = n;
	return 0;
}

/* RFC 4648 section 4, padded; bits that do not make a byte must be zero, so that each value has one spelling.
 */
static int decode_base64(const char *s, uint8_t *out, size_t size, size_t *len)
{
	size_t all = strlen(s), digits = strcspn(s, "="), n = 0;
	unsigned bits = 0, acc = 0;

	if (!all || all % 4 || all - digits > 2 || strspn(s + digits, "=") != all - digits)
		return -EINVAL;
	for (size_t i = 0; i < digits; i++) {
		int v = base64_digit(s[i]);

		if (v < 0)
			return -EINVAL;
		acc = (acc << 6 | (unsigned)v) & 0xffff;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (n == size)
			return -EFBIG;
		out[n++] = (uint8_t)(acc >> bits);
	}
	if (acc & ((1u << bits) - 1))
		return -EINVAL;
	*len = n;
	return 0;
}

/* Either form may come in any key, whichever we use ourselves: targets choose. */
int text_decode_binary(const char *value, void *bytes, size_t size, size_t *len)
{
	if (value[0] != '0')
		return -EINVAL;
	if ((value[1] | 0x20) == 'x')
		return decode_hex(value + 2, bytes, size, len);
	if ((value[1] | 0x20) == 'b')
		return decode_base64(value + 2, bytes, size, len);
	return -EINVAL;
}

/* Hexadecimal, which every target reads; base64 would be allowed too. */
void text_add_binary(struct strbuf *b, const char *key, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	strbuf_printf(b, "%s=0x", key);
	for (size_t i = 0; i < len; i++)
		strbuf_printf(b, "%02x", p[i]);
	strbuf_putc(b, '\0');
}

/* No sign and no blank, and an overflow is an error: strtoul() would take a negative number for a very large one. */
int text_decode_number(const char *value, uint64_t *out)
{
	uint64_t base = 10, n = 0;

	if (value[0] == '0' && (value[1] | 0x20) == 'x') {
		base = 16;
		value += 2;
	}
	if (!*value)
		return -EINVAL;
	for (; *value; value++) {
		int v = ascii_hex(*value);

		if (v < 0 || (uint64_t)v >= base)
			return -EINVAL;
		if (n > (UINT64_MAX - (uint64_t)v) / base)
			return -ERANGE;
		n = n * base + (uint64_t)v;
	}
	*out = n;
	return 0;
}
