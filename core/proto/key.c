/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of keys as data (keys.def), and parameters by key or setting. */
#include "proto/key.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static const struct key_row rows[] = {
#define KEY_VALUE(name, key_member, theirs, scope, phase, sender, discovery, type, rule, def, min, max) \
	[KEY_##name] = { #name, KEY_##scope, KEY_##phase, KEY_BY_##sender, discovery, KEY_##type, KEY_##rule, def, min, max, \
		offsetof(struct iscsi_params, key_member), offsetof(struct iscsi_params, theirs) },
#define KEY_TEXT(name, scope, phase, sender, limit) \
	[KEY_##name] = { #name, KEY_##scope, KEY_##phase, KEY_BY_##sender, true, KEY_STRING, KEY_ELSEWHERE, 0, 0, limit, 0, 0 },
#include "proto/keys.def"
};

const struct key_row *key_row(enum key_id id)
{
	return &rows[id];
}

const struct key_row *key_find(const char *name)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

void key_params_init(struct iscsi_params *p)
{
	*p = (struct iscsi_params){ 0 };
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (rows[i].rule != KEY_ELSEWHERE)
			*key_member(p, rows[i].member) = rows[i].initial;
}

int key_params_set(struct iscsi_params *p, const char *name, uint32_t value)
{
	const struct key_row *row = key_find(name);

	if (!row || row->rule == KEY_ELSEWHERE)
		return -ENOENT;
	if (value < row->min || value > row->max)
		return -ERANGE;
	*key_member(p, row->member) = value;
	return 0;
}

static const char *const digests[] = {
	[ISCSI_DIGEST_NONE] = "None",
	[ISCSI_DIGEST_CRC32C] = "CRC32C",
	[ISCSI_DIGEST_NONE_CRC32C] = "None,CRC32C",
	[ISCSI_DIGEST_CRC32C_NONE] = "CRC32C,None",
};

int key_digest_parse(const char *text)
{
	for (int i = 0; i <= ISCSI_DIGEST_CRC32C_NONE; i++)
		if (!strcasecmp(text, digests[i]))
			return i;
	return -EINVAL;
}

const char *key_digest_text(uint32_t digest)
{
	return digests[digest & 3];
}
