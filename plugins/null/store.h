/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbered rows of key and value, in memory: what an adapter would keep in its flash. Owned by the plugin's state. */
#ifndef NULL_STORE_H
#define NULL_STORE_H

#include <miscsi/plugin.h>

#define STORE_ROWS 16u
#define STORE_VALUES 64u

struct store_value {
	char *key, *value;
};

struct store_row {
	int used, logged_in;
	struct store_value values[STORE_VALUES];
};

struct store {
	struct store_row rows[STORE_ROWS];
};

/* The row, or NULL: there is none. */
struct store_row *store_row(struct store *s, uint32_t index);
/* Makes one: the first free index, or that one when it is not MISCSI_NONE. -ENOSPC, -EINVAL. */
int store_new(struct store *s, uint32_t *index);
int store_set(struct store_row *row, const char *key, const char *value); /* -ENOMEM, -ENOSPC */
void store_remove(struct store_row *row);
void store_clear(struct store *s);

/* All settings of the op into the row; when that fails, none. */
int store_take(struct store_row *row, struct miscsi_op *op);
/* The row as a result. Values whose key has "password" or "secret" in it are secret. */
int store_give(const struct store *s, uint32_t index, struct miscsi_op *op);
int store_give_all(const struct store *s, struct miscsi_op *op);

#endif
