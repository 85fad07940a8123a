/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: iscsid.conf and initiatorname.iscsi. Whatever they hold, the records made from them are sound.
 */
#include "record/recfile.h"
#include "record/value.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const char *text, size_t size)
{
	char *name = NULL, *alias = NULL;
	struct err err = ERR_INIT;

	if (recfile_initiatorname_parse("FILE", text, size, &name, &alias, &err)) {
		if (name || alias || err.code == MISCSI_ERR_OK)
			abort();
		return;
	}
	if (!value_is_line(name, strlen(name)) || strchr(name, ' ') || (alias && !value_is_line(alias, strlen(alias))))
		abort();
	x_free(name);
	x_free(alias);
}

static int check_field(void *arg, const struct record *r, enum field_id id)
{
	char text[1024];

	(void)arg;
	if (record_is_set(r, id) && field_check(field_of(id), record_text(r, id, text, sizeof(text)), NULL, NULL))
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum record_kind kinds[] = { RECORD_NODE, RECORD_SENDTARGETS, RECORD_ISNS };
	struct record *conf;

	check_name((const char *)data, size);
	if (recfile_parse(RECORD_CONF, "FILE", (const char *)data, size, NULL, &conf))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct record *r = record_new(kinds[i]);

		if (!r || record_apply(r, conf, 0, NULL))
			abort();
		record_each(r, check_field, NULL);
		record_free(r);
	}
	record_each(conf, check_field, NULL);
	record_free(conf);
	return 0;
}
