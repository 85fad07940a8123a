/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of the null plugin's adapters.
 *
 * Fixed numbers of rows and values: enough for tests, which can so meet a full adapter too.
 */
#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct store_row *store_row(struct store *s, uint32_t index)
{
	return index < STORE_ROWS && s->rows[index].used ? &s->rows[index] : NULL;
}

int store_new(struct store *s, uint32_t *index)
{
	uint32_t i = *index;

	if (i == MISCSI_NONE)
		for (i = 0; i < STORE_ROWS && s->rows[i].used; i++)
			;
	else if (i >= STORE_ROWS)
		return -EINVAL;
	if (i == STORE_ROWS)
		return -ENOSPC;
	s->rows[i].used = 1;
	*index = i;
	return 0;
}

/* The old value is freed last, so that a failure leaves what was there. */
int store_set(struct store_row *row, const char *key, const char *value)
{
	struct store_value *v = row->values, *end = v + STORE_VALUES;
	char *copy = strdup(value);

	while (v < end && v->key && strcmp(v->key, key) != 0)
		v++;
	if (v == end || !copy) {
		free(copy);
		return v == end ? -ENOSPC : -ENOMEM;
	}
	if (!v->key)
		v->key = strdup(key);
	if (!v->key) {
		free(copy);
		return -ENOMEM;
	}
	free(v->value);
	v->value = copy;
	return 0;
}

void store_remove(struct store_row *row)
{
	for (uint32_t i = 0; i < STORE_VALUES; i++) {
		free(row->values[i].key);
		free(row->values[i].value);
	}
	memset(row, 0, sizeof(*row));
}

void store_clear(struct store *s)
{
	for (uint32_t i = 0; i < STORE_ROWS; i++)
		store_remove(&s->rows[i]);
}

/* On a copy: an adapter takes a message as a whole or not at all. */
int store_take(struct store_row *row, struct miscsi_op *op)
{
	struct store_row next = { .used = row->used, .logged_in = row->logged_in };
	const char *key, *value;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < STORE_VALUES && row->values[i].key; i++)
		rc = store_set(&next, row->values[i].key, row->values[i].value);
	for (uint32_t i = 0; rc == 0 && op->core->setting_at(op, i, &key, &value) == 0; i++)
		rc = store_set(&next, key, value);
	store_remove(rc == 0 ? row : &next);
	if (rc == 0)
		*row = next;
	return rc;
}

/* Marking secrets is the plugin's duty: the core masks what is marked, and nothing else. */
int store_give(const struct store *s, uint32_t index, struct miscsi_op *op)
{
	const struct store_value *v = s->rows[index].values;
	int rc = op->core->result_row(op, index);

	for (uint32_t i = 0; rc == 0 && i < STORE_VALUES && v[i].key; i++) {
		int secret = strstr(v[i].key, "password") || strstr(v[i].key, "secret");

		rc = op->core->result(op, v[i].key, v[i].value, secret ? MISCSI_VALUE_SECRET : 0);
	}
	return rc;
}

int store_give_all(const struct store *s, struct miscsi_op *op)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < STORE_ROWS; i++) {
		if (s->rows[i].used)
			rc = store_give(s, i, op);
	}
	return rc;
}
