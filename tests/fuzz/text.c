/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: text. A list that parses must come back pair by pair, and cut up at random from the streaming
 * form as well. */
#include "proto/text.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct walk {
	const struct text_list *list;
	size_t at;
};

static int compare(void *arg, const struct text_pair *pair, const struct err *bad)
{
	struct walk *w = arg;
	const struct text_pair *want;

	if (!w->list->n)
		return 0;
	/* the streaming form has a lower limit for a value */
	if (bad) {
		w->at++;
		return 0;
	}
	if (w->at == w->list->n)
		abort();
	want = &w->list->pairs[w->at++];
	if (strcmp(pair->key, want->key) || strcmp(pair->value, want->value))
		abort();
	return 0;
}

static void values(const struct text_list *l)
{
	uint8_t bytes[64];
	uint64_t number;
	size_t len;

	for (size_t i = 0; i < l->n; i++) {
		if (!text_decode_binary(l->pairs[i].value, bytes, sizeof(bytes), &len) && len > sizeof(bytes))
			abort();
		text_decode_number(l->pairs[i].value, &number);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text_cutter cutter = { .len = 0 };
	struct text_list list;
	struct err err = ERR_INIT;
	struct walk walk = { .list = &list };
	size_t piece = size ? data[0] % 37 + 1u : 1;

	if (!size)
		return 0;
	data++;
	size--;
	if (text_parse(data, size, &list, &err))
		list = (struct text_list){ 0 };
	values(&list);
	for (size_t at = 0; at < size; at += piece)
		text_cutter_feed(&cutter, data + at, size - at < piece ? size - at : piece, compare, &walk);
	if (list.n && (walk.at != list.n || text_cutter_pending(&cutter)))
		abort();
	text_free(&list);
	return 0;
}
