/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings of the plugin's own, as users may set them. */
#include "config.h"
#include "tests/kit/kit.h"
#include "plugin/private.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PICKS_LEAST 3 /* the default, the smallest, the largest */
#define WORDS_MAX 32

unsigned fields_picks(const struct plugin *p)
{
	char word[WORDS_MAX];
	unsigned picks = p->n_fields ? PICKS_LEAST : 0;

	for (unsigned i = 0; i < p->n_fields; i++) {
		unsigned n = 0;

		while (field_value(&p->fields[i].field, n, word, sizeof(word)))
			n++;
		picks = n > picks ? n : picks;
	}
	return picks;
}

/* An empty text is one that is not set. */
static const char *longest_text(const struct field *f)
{
	static char text[PLUGIN_KEY_VALUE_MAX + 1];

	memset(text, 'x', (size_t)f->max);
	text[f->max] = '\0';
	return text;
}

static const char *pick_value(const struct field *f, unsigned pick)
{
	static char text[WORDS_MAX];

	if (f->type == FIELD_TYPE_INT && pick) {
		snprintf(text, sizeof(text), "%" PRId64, pick == 1 ? f->min : f->max);
		return text;
	}
	if (f->type == FIELD_TYPE_TEXT)
		return pick == 2 ? longest_text(f) : NULL;
	return *f->values ? field_value(f, pick, text, sizeof(text)) : NULL;
}

const char *fields_pick(const struct plugin *p, const char *key, unsigned pick)
{
	for (unsigned i = 0; p && i < p->n_fields; i++) {
		if (strcmp(p->fields[i].key, key) != 0)
			continue;
		kit_field_read(i);
		return pick ? pick_value(&p->fields[i].field, pick - 1) : NULL;
	}
	return NULL;
}
