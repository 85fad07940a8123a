/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text: complete lists of key=value, and their stream form.
 *
 * Lists are for the login, where each key may stand once and all must be known before the next step.
 * The stream form is for discovery, where keys repeat and the text has no end that could be waited for.
 */
#include "proto/text.h"

#include "base/ascii.h"
#include "base/mem.h"
#include "proto/negotiate.h"
#include <errno.h>
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
static int bad(struct err *err, const char *what, const char *part, size_t len)
{
	char shown[SHOWN * 4 + 1];

	return err_set(err, MISCSI_ERR_FATAL_LOGIN, "the target sent a text with %s: \"%s\"%s", what,
		str_escape(shown, sizeof(shown), part, len < SHOWN ? len : SHOWN), len < SHOWN ? "" : "...");
}

/* Keys that are not ours to know get the general limit. */
static size_t value_max(const char *key)
{
	const struct key_row *row = key_find(key);

	return row && row->type == KEY_STRING ? row->max : TEXT_VALUE_MAX;
}

/* Cuts one "key=value" (len bytes, a NUL behind them) in place. */
static int cut(char *part, size_t len, struct text_pair *out, struct err *err)
{
	char *eq = memchr(part, '=', len);
	size_t key_len;

	if (!eq)
		return bad(err, "no '='", part, len);
	key_len = (size_t)(eq - part);
	if (!key_len)
		return bad(err, "no key", part, len);
	if (key_len > TEXT_KEY_MAX)
		return bad(err, "a key of more than 63 bytes", part, len);
	for (size_t i = 0; i < key_len; i++)
		if (!key_char(part[i], !i))
			return bad(err, "a key that is none", part, len);
	*eq = '\0';
	*out = (struct text_pair){ part, eq + 1, len - key_len - 1 };
	if (out->value_len > value_max(out->key)) {
		*eq = '=';
		return bad(err, "a value that is too long", part, len);
	}
	return 0;
}

/*
 * No key twice in one text: a target that says CHAP_R twice would leave open which of the two was
 * checked.
 */
static int add_pair(struct text_list *l, char *part, size_t len, struct err *err)
{
	struct text_pair pair;
	int ret = cut(part, len, &pair, err);

	if (ret)
		return ret;
	if (text_get(l, pair.key))
		return bad(err, "the same key twice", pair.key, strlen(pair.key));
	if (l->n == TEXT_PAIRS_MAX)
		return bad(err, "too many keys", pair.key, strlen(pair.key));
	l->pairs[l->n++] = pair;
	return 0;
}

/*
 * On a copy, which the pairs point into: the PDU's bytes belong to its reader and are gone with the
 * next one.
 */
int text_parse(const void *bytes, size_t len, struct text_list *out, struct err *err)
{
	cleanup(text_free) struct text_list l = { .size = len };
	int ret;

	*out = (struct text_list){ 0 };
	if (!len)
		return 0;
	l.bytes = x_zalloc(len);
	l.pairs = x_newn(struct text_pair, TEXT_PAIRS_MAX);
	if (!l.bytes || !l.pairs)
		return err_set(err, MISCSI_ERR_NOMEM, "no memory for a text of %zu bytes", len);
	memcpy(l.bytes, bytes, len);
	if (l.bytes[len - 1])
		return bad(err, "no NUL at its end", l.bytes, len);
	for (size_t at = 0, part; at < len; at += part + 1) {
		part = strlen(l.bytes + at);
		ret = part ? add_pair(&l, l.bytes + at, part, err) : 0;
		if (ret)
			return ret;
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
static int complete(struct text_cutter *c, text_take_fn *take, void *arg)
{
	struct err err = ERR_INIT;
	struct text_pair pair;
	char shown[SHOWN * 4 + 1];
	size_t len = c->len;
	int ret;

	c->len = 0;
	if (!len)
		return 0;
	c->part[len] = '\0';
	if (c->skipped)
		ret = bad(&err, "a pair that is too long", c->part, len);
	else
		ret = cut(c->part, len, &pair, &err);
	c->skipped = 0;
	if (!ret)
		return take(arg, &pair, NULL);
	pair = (struct text_pair){ str_escape(shown, sizeof(shown), c->part, len < SHOWN ? len : SHOWN), NULL, 0 };
	return take(arg, &pair, &err);
}

/*
 * A pair may be cut anywhere between PDUs. One that is too long is skipped to its end and told as bad,
 * so that what follows is still read; but not for ever.
 */
int text_cutter_feed(struct text_cutter *c, const void *bytes, size_t len, text_take_fn *take, void *arg)
{
	const char *p = bytes, *end = len ? p + len : p;

	while (p < end) {
		const char *nul = memchr(p, '\0', (size_t)(end - p));
		size_t n = (size_t)((nul ? nul : end) - p);
		size_t room = sizeof(c->part) - 1 - c->len;
		int ret;

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
		ret = complete(c, take, arg);
		if (ret)
			return ret;
	}
	return 0;
}

bool text_cutter_pending(const struct text_cutter *c)
{
	return c->len > 0;
}
