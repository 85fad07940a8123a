/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings as text, and records. */
#include "record/settings.h"
#include "record/plugin_key.h"

#include <errno.h>

/* Before any record is looked for: a mistyped name is an error whether there are records or not. */
int settings_check(const struct settings *s, enum record_kind kind, struct err *err)
{
	enum field_id id;

	for (size_t i = 0; i < s->n; i++) {
		int rc = plugin_key_in(kind) && plugin_key_is(s->names[i]) ? 0 : field_find_user(kind, s->names[i], &id, err);

		/* Not to be taken for a record that is not there. */
		if (rc < 0)
			return rc == -ENOENT ? -EINVAL : rc;
	}
	return 0;
}

/* In the order of the command line, so of a setting that is given twice the last counts. */
int settings_apply(const struct settings *s, struct record *r, struct err *err)
{
	for (size_t i = 0; i < s->n; i++) {
		int rc = record_set_key(r, s->names[i], s->values[i], err);

		if (rc < 0)
			return rc;
	}
	return 0;
}
