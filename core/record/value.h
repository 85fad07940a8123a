/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks and parsers of values as text, shared by the files of this layer. Pure functions. */
#ifndef RECORD_VALUE_H
#define RECORD_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Returns true for one line that is safe for terminals and files: UTF-8, no control character (C1 too), no blank at either end.
 */
bool value_is_line(const char *s, size_t len);

/* Returns true if all characters of a line are visible (utf8_visible()). */
bool value_is_visible(const char *s);

/* Decimal digits with an optional '-' and nothing else. false: not a number, or out of range. */
bool value_number(const char *s, int64_t *out);

/* The nth item of a list that is separated by sep, copied into buf; NULL when there are fewer or it does not
 * fit. */
const char *value_item(const char *list, char sep, unsigned nth, char *buf, size_t size);
/* Returns the index of the item equal to the len bytes at s, or -1. */
int value_item_index(const char *list, char sep, const char *s, size_t len);

/* Edits that make a of b (insert, delete, replace), or limit when they are as many or more. */
unsigned value_distance(const char *a, const char *b, unsigned limit);

/* Returns true for a text that may be one component of a path: 1 to max bytes, without '/', ',', blanks and control characters,
 * and not beginning with '.'. */
bool value_is_component(const char *s, size_t max);

/*
 * "credential:NAME": returns NAME if systemd accepts it (systemd.exec(5), LoadCredential=): 1 to 255 printable ASCII
 * characters without '/' and ':', not "." or "..". NULL: the text has another form.
 */
const char *value_credential(const char *s);

#endif
