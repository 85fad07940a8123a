/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text: lists of "key=value" with a NUL behind each (RFC 7143 6.1): building, cutting a stream into pairs, checking a whole list.
 */
#ifndef PROTO_TEXT_H
#define PROTO_TEXT_H

#include "base/err.h"
#include "base/strbuf.h"
#include <stdint.h>

#define TEXT_KEY_MAX 63 /* 6.1: standard-label */
#define TEXT_VALUE_MAX 255 /* 6.1, unless the key's row in keys.def has another limit */
#define TEXT_STREAM_VALUE_MAX 511 /* in the streaming form */
/* Bytes of one pair that the streaming form skips, at most: the longest pair has 63 + 1 + 8192 (6.1). */
#define TEXT_PAIR_MAX 16384u
#define TEXT_PAIRS_MAX 128 /* pairs in one list at most: there are 40 keys */

/* Both NUL-terminated; value_len is its length. */
struct text_pair {
	const char *key;
	const char *value;
	size_t value_len;
};

/* The pairs of one complete text (all PDUs of a C-bit series put together). */
struct text_list {
	char *bytes; /* owned copy, which the pairs point into; wiped when freed: it may contain CHAP responses */
	size_t size;
	struct text_pair *pairs; /* owned */
	size_t n;
};

/* Adds "key=value" and its NUL. */
void text_add(struct strbuf *b, const char *key, const char *value);
void text_addf(struct strbuf *b, const char *key, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * Cuts and checks a complete text. -EPROTO (MISCSI_ERR_FATAL_LOGIN): no NUL at the end, no '=', a key that is empty, too long or
 * has a character that 6.1 does not allow, a value beyond its key's limit, the same key twice, too many pairs. -ENOMEM. Empty
 * strings between NULs are skipped: some targets pad with them.
 */
int text_parse(const void *bytes, size_t len, struct text_list *out, struct err *err);
void text_free(struct text_list *l); /* also for cleanup() */
/* Returns the value of a key, or NULL. */
const char *text_get(const struct text_list *l, const char *key);

/*
 * The streaming form, for texts without bound: keeps at most one pair. Zeroed = fresh. take() is called with each complete pair,
 * or, with value NULL, with the escaped beginning of an invalid pair, and err as the reason; a return value other than 0 ends the
 * feed and is returned. -EMSGSIZE: a pair is longer than TEXT_PAIR_MAX; stop reading. part is its beginning.
 */
struct text_cutter {
	char part[TEXT_KEY_MAX + 1 + TEXT_STREAM_VALUE_MAX + 1]; /* private */
	size_t len;
	size_t skipped; /* bytes of this pair that part has no room for */
};

typedef int text_take_fn(void *arg, const struct text_pair *pair, const struct err *err);

int text_cutter_feed(struct text_cutter *c, const void *bytes, size_t len, text_take_fn *take, void *arg);
/* Returns true in the middle of a pair. */
bool text_cutter_pending(const struct text_cutter *c);

/*
 * Binary values (6.1): "0x" hex or "0b" base64 into at most size bytes; *len is the number of bytes. -EINVAL, -EFBIG. With an
 * odd number of hex digits, the leading zero is missing.
 */
int text_decode_binary(const char *value, void *bytes, size_t size, size_t *len);
/* Adds "key=0x…" and its NUL. */
void text_add_binary(struct strbuf *b, const char *key, const void *bytes, size_t len);
/* Decodes a decimal or 0x hex number without other characters. -EINVAL, -ERANGE. */
int text_decode_number(const char *value, uint64_t *out);

#endif
