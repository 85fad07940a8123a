/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads JSON text, strictly: what RFC 8259 does not allow is an error (comments, single quotes, NaN, control characters in strings,
 * a comma behind the last value).
 */
#include "config.h"
#include "ipc/json_private.h"
#include "base/ascii.h"
#include "base/mem.h"
#include "base/utf8.h"
#include <errno.h>
#include <string.h>

struct parser {
	const char *at, *end;
};

static void skip_space(struct parser *p)
{
	while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\r' || *p->at == '\n'))
		p->at++;
}

static bool take_char(struct parser *p, char c)
{
	if (p->at == p->end || *p->at != c)
		return false;
	p->at++;
	return true;
}

static bool take_word(struct parser *p, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(p->end - p->at) < len || memcmp(p->at, word, len))
		return false;
	p->at += len;
	return true;
}

/* Four hexadecimal digits; -1: not. */
static int32_t parse_hex4(struct parser *p)
{
	int32_t value = 0;

	if (p->end - p->at < 4)
		return -1;
	for (int i = 0; i < 4; i++, p->at++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = *p->at ? strchr(digits, *p->at >= 'A' && *p->at <= 'F' ? *p->at + 'a' - 'A' : *p->at) : NULL;

		if (!digit)
			return -1;
		value = value << 4 | (int32_t)(digit - digits);
	}
	return value;
}

static size_t put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 63));
		to[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 63));
	to[2] = (char)(0x80 | (c >> 6 & 63));
	to[3] = (char)(0x80 | (c & 63));
	return 4;
}

/* Behind "\u". Half of a surrogate pair is no character: U+FFFD stands for it. -EBADMSG. */
static int parse_unicode(struct parser *p, uint32_t *out)
{
	int32_t first = parse_hex4(p), second;
	struct parser ahead = *p;

	if (first < 0)
		return -EBADMSG;
	*out = (uint32_t)first;
	if (first < 0xd800 || first > 0xdfff)
		return 0;
	*out = 0xfffd;
	if (first > 0xdbff || !take_word(&ahead, "\\u"))
		return 0;
	second = parse_hex4(&ahead);
	if (second < 0xdc00 || second > 0xdfff)
		return second < 0 ? -EBADMSG : 0;
	*out = 0x10000 + (((uint32_t)first & 0x3ff) << 10 | ((uint32_t)second & 0x3ff));
	p->at = ahead.at;
	return 0;
}

static int parse_escape(struct parser *p, char *to, size_t *n)
{
	static const char from[] = "\"\\/bfnrt", becomes[] = "\"\\/\b\f\n\r\t";
	const char *known;
	uint32_t c;

	if (p->at == p->end)
		return -EBADMSG;
	if (*p->at == 'u') {
		p->at++;
		if (parse_unicode(p, &c))
			return -EBADMSG;
		*n += put_utf8(to + *n, c);
		return 0;
	}
	known = *p->at ? strchr(from, *p->at) : NULL;
	if (!known)
		return -EBADMSG;
	p->at++;
	to[(*n)++] = becomes[known - from];
	return 0;
}

/* The text behind its first quote, to `to`, which has as much room as the text has bytes: no escape is longer than itself. */
static int unescape(struct parser *p, char *to, size_t *n)
{
	while (p->at < p->end && *p->at != '"') {
		size_t len;
		uint32_t c;

		if (take_char(p, '\\')) {
			if (parse_escape(p, to, n))
				return -EBADMSG;
			continue;
		}
		len = utf8_decode(p->at, (size_t)(p->end - p->at), &c);
		if (!len || c < ' ')
			return -EBADMSG;
		memcpy(to + *n, p->at, len);
		*n += len;
		p->at += len;
	}
	return take_char(p, '"') ? 0 : -EBADMSG;
}

/* How many bytes there are to the quote that ends a text. */
static size_t raw_length(const struct parser *p)
{
	const char *at = p->at;

	while (at < p->end && *at != '"')
		at += *at == '\\' && at + 1 < p->end ? 2 : 1;
	return (size_t)(at - p->at);
}

static int parse_text(struct parser *p, char **out, size_t *n)
{
	char *text;

	*n = 0;
	if (!take_char(p, '"'))
		return -EBADMSG;
	text = x_zalloc(raw_length(p) + 1);
	if (!text)
		return -ENOMEM;
	if (unescape(p, text, n)) {
		mem_wipe(text, *n);
		x_free(text);
		return -EBADMSG;
	}
	*out = text;
	return 0;
}

static bool take_digits(struct parser *p)
{
	const char *first = p->at;

	while (p->at < p->end && ascii_digit(*p->at))
		p->at++;
	return p->at > first;
}

/* From first (behind the sign) to p->at: false if it does not fit. */
static bool read_int(const char *first, const char *end, bool negative, int64_t *out)
{
	int64_t value = 0;

	for (; first < end; first++)
		if (__builtin_mul_overflow(value, 10, &value) ||
			(negative ? __builtin_sub_overflow(value, *first - '0', &value) :
				    __builtin_add_overflow(value, *first - '0', &value)))
			return false;
	*out = value;
	return true;
}

static int parse_number(struct parser *p, struct json_object **out)
{
	bool negative = take_char(p, '-'), whole = true;
	const char *first = p->at, *end;
	struct json_object *o;
	int64_t value = 0;

	if (!take_char(p, '0') && !take_digits(p))
		return -EBADMSG;
	end = p->at;
	if (take_char(p, '.')) {
		whole = false;
		if (!take_digits(p))
			return -EBADMSG;
	}
	if (take_char(p, 'e') || take_char(p, 'E')) {
		whole = false;
		if (!take_char(p, '+'))
			take_char(p, '-');
		if (!take_digits(p))
			return -EBADMSG;
	}
	whole = whole && read_int(first, end, negative, &value);
	o = json_new(whole ? json_type_int : json_type_double);
	if (!o)
		return -ENOMEM;
	o->number = value;
	*out = o;
	return 0;
}

static int parse_string(struct parser *p, struct json_object **out)
{
	struct json_object *o = json_new(json_type_string);
	int rc = o ? parse_text(p, &o->text, &o->n) : -ENOMEM;

	if (rc)
		json_object_put(o);
	else
		*out = o;
	return rc;
}

static int parse_word(struct parser *p, struct json_object **out)
{
	bool yes;

	if (take_word(p, "null"))
		return 0;
	yes = take_word(p, "true");
	if (!yes && !take_word(p, "false"))
		return -EBADMSG;
	*out = json_object_new_boolean(yes);
	return *out ? 0 : -ENOMEM;
}

static int parse_scalar(struct parser *p, struct json_object **out)
{
	if (*p->at == '"')
		return parse_string(p, out);
	return *p->at == '-' || ascii_digit(*p->at) ? parse_number(p, out) : parse_word(p, out);
}

static bool in_object(const struct json_parser *j)
{
	return j->open[j->depth - 1]->type == json_type_object;
}

/* The value becomes the tree's: a member of the innermost open container, or the root. */
static int attach(struct json_parser *j, struct json_object *value)
{
	int rc = 0;

	if (j->depth)
		rc = json_append(j->open[j->depth - 1], j->name, value);
	else
		j->root = value;
	if (rc)
		json_object_put(value);
	else
		j->name = NULL;
	return rc;
}

static int parse_value(struct json_parser *j, struct parser *p)
{
	bool object = *p->at == '{';
	struct json_object *o = NULL;
	int rc;

	if (object || *p->at == '[') {
		if (j->depth == j->depth_max)
			return -EBADMSG;
		o = json_new(object ? json_type_object : json_type_array);
		rc = o ? attach(j, o) : -ENOMEM;
		if (rc)
			return rc;
		p->at++;
		j->open[j->depth++] = o;
		j->expects = JSON_FIRST;
		return 0;
	}
	rc = parse_scalar(p, &o);
	j->expects = JSON_AFTER;
	return rc ? rc : attach(j, o);
}

/* A name that has a NUL inside is another one than it seems. */
static int parse_name(struct json_parser *j, struct parser *p)
{
	size_t len;
	int rc = parse_text(p, &j->name, &len);

	if (rc)
		return rc;
	skip_space(p);
	j->expects = JSON_VALUE;
	return strlen(j->name) == len && take_char(p, ':') ? 0 : -EBADMSG;
}

/* Behind an opening bracket, or behind a value: what follows, or the end of the container. */
static int parse_next(struct json_parser *j, struct parser *p)
{
	bool first = j->expects == JSON_FIRST;

	if (!j->depth)
		return -EBADMSG;
	if (take_char(p, in_object(j) ? '}' : ']')) {
		j->depth--;
		j->expects = JSON_AFTER;
		return 0;
	}
	if (!first && !take_char(p, ','))
		return -EBADMSG;
	j->expects = in_object(j) ? JSON_NAME : JSON_VALUE;
	return 0;
}

void json_parse_stop(struct json_parser *j)
{
	json_object_put(j->root);
	x_free(j->name);
	*j = (struct json_parser){ .depth_max = j->depth_max };
}

int json_parse_part(struct json_parser *j, const char *text, size_t len, size_t part, struct json_object **out)
{
	struct parser p = { text + j->at, text + len };
	const char *limit = part < len - j->at ? p.at + part : p.end;
	int rc = 0;

	for (skip_space(&p); !rc && p.at < limit; skip_space(&p)) {
		if (j->expects == JSON_VALUE)
			rc = parse_value(j, &p);
		else if (j->expects == JSON_NAME)
			rc = parse_name(j, &p);
		else
			rc = parse_next(j, &p);
	}
	j->at = (size_t)(p.at - text);
	if (!rc && p.at < p.end)
		return -EAGAIN;
	if (!rc && (j->depth || j->expects != JSON_AFTER))
		rc = -EBADMSG;
	if (!rc) {
		*out = j->root;
		j->root = NULL;
	}
	json_parse_stop(j);
	return rc;
}

int json_parse(const char *text, size_t len, unsigned depth, struct json_object **out)
{
	struct json_parser j = { .depth_max = depth };

	return json_parse_part(&j, text, len, len, out);
}
