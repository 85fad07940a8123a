/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings as text, typed by a user or for an adapter. */
#ifndef RECORD_SETTINGS_H
#define RECORD_SETTINGS_H

#include "record/record.h"

/* names[i] becomes values[i]. The caller owns the strings. */
struct settings {
	const char *const *names, *const *values;
	size_t n;
};

/* Checks that records of this kind have all of the settings; ignores the values, and settings of plugins (modes/plugin_settings.h).
 * -EINVAL: *err names the first unknown one. */
int settings_check(const struct settings *s, enum record_kind kind, struct err *err);
/* As record_set_key(), one after the other; stops at the first error. */
int settings_apply(const struct settings *s, struct record *r, struct err *err);

#endif
