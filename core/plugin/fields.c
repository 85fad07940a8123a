/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings of plugins: the gate of their tables, and their values for ops.
 *
 * A record holds a setting as text, and may be older than the plugin, or edited by hand. So a value is checked where a user sets it, where
 * a login begins, and where the plugin reads it, each time by the code that checks every other setting.
 */
#include "plugin/fields.h"
#include "record/value.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ROWS_MAX 64u
#define SIZE_MAX_OF_ROW 65536u
#define SIZE_LEAST (offsetof(struct miscsi_field, max) + sizeof(int32_t))
#define HELP_MAX 255u
#define WORDS_MAX 32u
#define WORD_MAX 31u /* field_value()'s readers have room for that */

/* The size that the plugin's header had, which is that of its rows; 0: the end, or a wrong one. */
static uint32_t row_size(const unsigned char *row)
{
	uint32_t size;

	memcpy(&size, row, sizeof(size));
	return size >= SIZE_LEAST && size <= SIZE_MAX_OF_ROW && size % sizeof(void *) == 0 ? size : 0;
}

static bool is_end(const unsigned char *row)
{
	uint32_t size;

	memcpy(&size, row, sizeof(size));
	return size == 0;
}

static int refuse_row(struct err *err, unsigned nth, const char *why)
{
	return err_set(err, MISCSI_ERR_INTERNAL, "in row %u of its table of settings, %s; report this to the plugin's maker",
		nth + 1, why);
}

/* Text of the plugin's that becomes a line of a message: it may lack its NUL, so it is not read beyond max. */
static bool line_ok(const char *s, size_t max)
{
	size_t len = s ? strnlen(s, max + 1) : 0;

	return len > 0 && len <= max && value_is_line(s, len) && value_is_visible(s);
}

static bool words_ok(const char *words)
{
	unsigned n = 0;

	if (!words || !line_ok(words, WORDS_MAX * (WORD_MAX + 1)))
		return false;
	for (const char *at = words; *at; n++) {
		size_t len = strcspn(at, " ");

		if (len == 0 || len > WORD_MAX || value_item_index(words, ' ', at, len) != (int)n)
			return false;
		at += len + (at[len] == ' ');
	}
	return n >= 2 && n <= WORDS_MAX;
}

static bool name_ok(const char *name)
{
	size_t len = name ? strnlen(name, PLUGIN_KEY_WORD_MAX + 1) : 0;

	return len > 0 && len <= PLUGIN_KEY_WORD_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

/* What each kind is among the types of settings. */
static const struct {
	uint8_t type;
	bool has_range, has_words;
} kinds[] = {
	[MISCSI_FIELD_BOOL] = { FIELD_TYPE_BOOL, false, false },
	[MISCSI_FIELD_NUMBER] = { FIELD_TYPE_INT, true, false },
	[MISCSI_FIELD_CHOICE] = { FIELD_TYPE_ENUM, false, true },
	[MISCSI_FIELD_TEXT] = { FIELD_TYPE_TEXT, true, false },
};

/* Everything but the default and the name, which are checked when the row is made. */
static const char *fault_of(const struct miscsi_field *row)
{
	if (row->kind == 0 || row->kind >= ARRAY_SIZE(kinds))
		return "kind is not one of the constants MISCSI_FIELD_*";
	if (!name_ok(row->name))
		return "the name of the setting is empty, too long, or has characters other than a-z, 0-9 and _";
	if (!line_ok(row->help, HELP_MAX))
		return "help must be one line of 1 to 255 bytes of UTF-8";
	if (kinds[row->kind].has_words != (row->words != NULL) || (row->words && !words_ok(row->words)))
		return "words must be 2 to 32 different words of at most 31 bytes, with one blank between, and only a "
		       "MISCSI_FIELD_CHOICE may have it";
	if (row->kind == MISCSI_FIELD_NUMBER && row->min > row->max)
		return "min is greater than max";
	if (row->kind == MISCSI_FIELD_TEXT && (row->max < 1 || row->max > PLUGIN_KEY_VALUE_MAX))
		return "max must be from 1 to 1023";
	if (row->def && strnlen(row->def, PLUGIN_KEY_VALUE_MAX + 1) > PLUGIN_KEY_VALUE_MAX)
		return "the default is longer than 1023 bytes";
	return NULL;
}

static int take_row(struct plugin *p, const struct miscsi_field *row, unsigned nth, struct err *err)
{
	struct plugin_field *out = &p->fields[nth];
	const char *fault = fault_of(row);
	struct err why = ERR_INIT;

	if (fault)
		return refuse_row(err, nth, fault);
	snprintf(out->key, sizeof(out->key), PLUGIN_KEY_PREFIX "%s.%s", p->name, row->name);
	out->field = (struct field){ .key = out->key,
		.def = row->def ? row->def : "",
		.values = row->kind == MISCSI_FIELD_BOOL ? "No Yes" :
			row->words			 ? row->words :
							   "",
		.sysfs = "",
		.aliases = "",
		.doc = row->help,
		.min = row->kind == MISCSI_FIELD_NUMBER ? row->min : 0,
		.max = kinds[row->kind].has_range ? row->max : 0,
		.kinds = 1u << RECORD_NODE | 1u << RECORD_IFACE | 1u << RECORD_CONF,
		.flags = FIELD_QUIET,
		.type = kinds[row->kind].type,
		.kernel = { FIELD_TABLE_NONE, -1, -1, 0, 0 } };
	if (field_check(&out->field, out->field.def, NULL, &why) < 0)
		return err_set(err, MISCSI_ERR_INTERNAL,
			"in row %u of its table of settings, the default value is wrong: %s; report this to the plugin's maker",
			nth + 1, why.text);
	for (unsigned i = 0; i < nth; i++) {
		if (strcmp(p->fields[i].key, out->key) == 0)
			return refuse_row(err, nth, "the name of the setting is that of an earlier row");
	}
	return 0;
}

int fields_merge(struct plugin *p, struct err *err)
{
	const unsigned char *row = (const void *)p->abi.fields;
	unsigned n = 0;
	int rc = 0;

	for (; row && n <= ROWS_MAX && !is_end(row); n++) {
		if (!row_size(row))
			return refuse_row(
				err, n, "the size of the row is invalid, as if the plugin was built for another version");
		row += row_size(row);
	}
	if (n > ROWS_MAX)
		return err_set(err, MISCSI_ERR_INTERNAL,
			"its table of settings has more than 64 rows, or no end (MISCSI_FIELD_END): report this to the plugin's "
			"maker");
	if (n == 0)
		return 0;
	p->fields = x_zalloc(n * sizeof(*p->fields));
	if (!p->fields)
		return -ENOMEM;
	row = (const void *)p->abi.fields;
	for (unsigned i = 0; rc == 0 && i < n; i++, row += row_size(row)) {
		struct miscsi_field copy = { 0 };

		memcpy(&copy, row, row_size(row) < sizeof(copy) ? row_size(row) : sizeof(copy));
		rc = take_row(p, &copy, i, err);
	}
	p->n_fields = rc ? 0 : n;
	return rc;
}

void fields_free(struct plugin *p)
{
	x_free(p->fields);
	p->fields = NULL;
	p->n_fields = 0;
}

/* ---- values ---- */

const struct field *fields_find(const struct plugin *p, const char *key)
{
	for (unsigned i = 0; i < p->n_fields; i++) {
		if (strcmp(p->fields[i].key, key) == 0)
			return &p->fields[i].field;
	}
	return NULL;
}

const char *fields_value(const struct op_private *p, const char *key)
{
	const struct field *f = fields_find(p->plugin, key);
	const struct transport_op *owner = p->owner;
	const char *value = f && owner && owner->setting ? owner->setting(owner->settings, key) : NULL;

	return value && field_check(f, value, NULL, NULL) == 0 ? value : f ? f->def : NULL;
}

bool fields_show(const struct op_private *p, const char *key, const char **value)
{
	const struct field *f = fields_find(p->plugin, key);

	if (f && field_check(f, *value, NULL, NULL) < 0)
		*value = f->def;
	return f || !plugin_key_is(key);
}

/* "poll_ms, burst" */
static void add_names(struct strbuf *b, const struct plugin *p)
{
	for (unsigned i = 0; i < p->n_fields; i++)
		strbuf_printf(b, "%s%s", i ? ", " : "", strrchr(p->fields[i].key, '.') + 1);
}

int fields_refuse(const struct plugin *p, const char *key, struct err *err)
{
	struct strbuf names = STRBUF_INIT(ERR_TEXT_MAX);

	add_names(&names, p);
	err_set(err, MISCSI_ERR_INVAL, "%s is not a setting of plugin %s, which has %s%s", key, p->name,
		p->n_fields ? "these: " : "none", strbuf_str(&names));
	strbuf_free(&names);
	return -EINVAL;
}
