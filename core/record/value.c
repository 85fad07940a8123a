/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions about texts; see value.h. */
#include "record/value.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include <string.h>

#define DISTANCE_MAX 80

/* A blank at either end would not survive being read: readers trim. */
bool value_is_line(const char *s, size_t len)
{
	uint32_t c;

	if (len && (s[0] == ' ' || s[len - 1] == ' '))
		return false;
	for (size_t at = 0, n; at < len; at += n) {
		n = utf8_decode(s + at, len - at, &c);
		if (!n || c < 0x20 || (c >= 0x7f && c < 0xa0))
			return false;
	}
	return true;
}

bool value_is_visible(const char *s)
{
	uint32_t c;

	for (size_t n; *s; s += n) {
		n = utf8_decode(s, strlen(s), &c);
		if (!n || !utf8_visible(c))
			return false;
	}
	return true;
}

/* 18 digits fit without a check for overflow, and no setting has more. */
bool value_number(const char *s, int64_t *out)
{
	bool negative = *s == '-';
	int64_t n = 0;

	s += negative;
	if (!*s || strlen(s) > 18)
		return false;
	for (; *s; s++) {
		if (!ascii_digit(*s))
			return false;
		n = n * 10 + (*s - '0');
	}
	*out = negative ? -n : n;
	return true;
}

/* The item at *list, whose length goes to *len; *list moves behind it. false at the end. */
static bool next_item(const char **list, char sep, const char **item, size_t *len)
{
	const char *end;

	if (!*list)
		return false;
	end = strchr(*list, sep);
	*item = *list;
	*len = end ? (size_t)(end - *list) : strlen(*list);
	*list = end ? end + 1 : NULL;
	return true;
}

const char *value_item(const char *list, char sep, unsigned nth, char *buf, size_t size)
{
	const char *item;
	size_t len;

	while (next_item(&list, sep, &item, &len)) {
		if (nth--)
			continue;
		if (!len || len >= size)
			return NULL;
		memcpy(buf, item, len);
		buf[len] = '\0';
		return buf;
	}
	return NULL;
}

int value_item_index(const char *list, char sep, const char *s, size_t len)
{
	const char *item;
	size_t n;

	for (int i = 0; next_item(&list, sep, &item, &n); i++)
		if (n == len && !memcmp(item, s, n))
			return i;
	return -1;
}

/* Of the three ways to come to the same pair of prefixes. */
static unsigned least(unsigned a, unsigned b, unsigned c)
{
	a = a < b ? a : b;
	return a < c ? a : c;
}

/* One row of the usual table at a time; longer texts than any key are not compared. */
unsigned value_distance(const char *a, const char *b, unsigned limit)
{
	size_t na = strlen(a), nb = strlen(b);
	unsigned row[DISTANCE_MAX + 1];

	if (na > DISTANCE_MAX || nb > DISTANCE_MAX)
		return limit;
	for (unsigned j = 0; j <= nb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= na; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= nb; j++) {
			unsigned above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[nb] < limit ? row[nb] : limit;
}

bool value_is_component(const char *s, size_t max)
{
	size_t len = strlen(s);

	/* A leading dot is also what temporary files have. */
	return len && len <= max && s[0] != '.' && value_is_line(s, len) && !strpbrk(s, "/, ");
}

const char *value_credential(const char *s)
{
	static const char prefix[] = "credential:";
	const char *name = s + sizeof(prefix) - 1;
	size_t n = 0;

	if (strncmp(s, prefix, sizeof(prefix) - 1) != 0 || !strcmp(name, ".") || !strcmp(name, ".."))
		return NULL;
	while (name[n] >= ' ' && name[n] <= '~' && name[n] != '/' && name[n] != ':')
		n++;
	return n && n <= 255 && !name[n] ? name : NULL;
}
