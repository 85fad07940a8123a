/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of keys as data (keys.def), and parameters by key or setting. */
#include "proto/key.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static const struct key_row rows[] = {
#define KEY_VALUE(name, member, theirs, scope, phase, sender, discovery, type, rule, def, min, max, setting) \
	[KEY_##name] = { #name, KEY_##scope, KEY_##phase, KEY_BY_##sender, discovery, KEY_##type, KEY_##rule, def, min, max, \
		setting, offsetof(struct iscsi_params, member), offsetof(struct iscsi_params, theirs) },
#define KEY_TEXT(name, scope, phase, sender, limit) \
	[KEY_##name] = { #name, KEY_##scope, KEY_##phase, KEY_BY_##sender, true, KEY_STRING, KEY_ELSEWHERE, 0, 0, limit, NULL, \
		0, 0 },
#include "proto/keys.def"
};

static uint32_t *member(struct iscsi_params *p, size_t offset)
{
	return (uint32_t *)(void *)((char *)p + offset);
}

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
			*member(p, rows[i].member) = rows[i].initial;
}

/* MaxXmitDataSegmentLength is no key: it is our own limit on what the target declares. */
int key_params_set(struct iscsi_params *p, const char *setting, uint32_t value)
{
	if (!strcmp(setting, "node.conn[0].iscsi.MaxXmitDataSegmentLength")) {
		p->max_xmit_data_segment_length = value;
		return 0;
	}
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (!rows[i].setting || strcmp(rows[i].setting, setting))
			continue;
		if (value < rows[i].min || value > rows[i].max)
			return -ERANGE;
		*member(p, rows[i].member) = value;
		return 0;
	}
	return -ENOENT;
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
