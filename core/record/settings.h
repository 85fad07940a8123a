/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings as text: what a user typed, or what an adapter is given. */
#ifndef RECORD_SETTINGS_H
#define RECORD_SETTINGS_H

#include "record/record.h"

/* names[i] becomes values[i]. The strings stay the caller's. */
struct settings {
	const char *const *names, *const *values;
	size_t n;
};

/* Do such records have all of the settings? The values are not looked at. -EINVAL: *err names the first that they do not have. */
int settings_check(const struct settings *s, enum record_kind kind, struct err *err);
/* As record_set_key(), one after the other; stops at the first error. */
int settings_apply(const struct settings *s, struct record *r, struct err *err);

#endif
