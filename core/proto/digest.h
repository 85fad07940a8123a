/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The digests of CHAP, and its random bytes. libcrypto provides them. A static program has its own (digest_static.c): libcrypto would make it
 * three times as large, since it cannot be linked without all its other algorithms.
 */
#ifndef PROTO_DIGEST_H
#define PROTO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA3_256 };
#define DIGEST_MAX 32

struct digest_part {
	const void *bytes;
	size_t len;
};

/* False: not permitted here (libcrypto in FIPS mode: MD5). */
bool digest_usable(enum digest_kind kind);
/* The digest of the parts in a row; out has room for it. -ENOTSUP: not usable, or libcrypto failed. */
int digest_make(enum digest_kind kind, const struct digest_part *parts, size_t n, uint8_t *out);
int digest_random(void *bytes, size_t len); /* -EIO: the system provides none */
bool digest_equal(const void *a, const void *b, size_t len); /* in a time that does not depend on the bytes */

#endif
