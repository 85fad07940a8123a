/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: CHAP. First byte: mutual or not; then texts of the target's, separated by 0xff. Whatever comes, the engine must
 * not come to believe in a target that does not know the secret.
 */
#include "proto/chap.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Random enough that no input holds the right response. */
static int random_fixed(void *arg, void *bytes, size_t len)
{
	(void)arg;
	memset(bytes, 0x5a, len);
	return 0;
}

static void feed(struct chap *c, const uint8_t *data, size_t len)
{
	struct strbuf out = STRBUF_INIT(8192);
	struct text_list list;
	struct err err = ERR_INIT;

	if (!text_parse(data, len, &list, &err)) {
		if (chap_step(c, &list, &out, &err) && (!err.code || !*err.text))
			abort();
		text_free(&list);
	}
	strbuf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chap_config config = {
		.name = "user",
		.secret = { (uint8_t *)"secret-of-ours", 14 },
		.name_in = "target",
		.random = random_fixed,
	};
	struct strbuf out = STRBUF_INIT(8192);
	struct chap *c;

	if (!size)
		return 0;
	if (data[0] & 1)
		config.secret_in = (struct secret){ (uint8_t *)"secret-of-theirs", 16 };
	else
		config.name_in = NULL;
	if (chap_new(&config, &c, NULL))
		abort();
	chap_offer(c, &out);
	for (size_t at = 1; at <= size;) {
		const uint8_t *end = at < size ? memchr(data + at, 0xff, size - at) : NULL;
		size_t len = end ? (size_t)(end - data) - at : size - at;

		feed(c, data + at, len);
		at += len + 1;
	}
	if ((data[0] & 1) && chap_done(c))
		abort();
	strbuf_free(&out);
	chap_free(c);
	return 0;
}
