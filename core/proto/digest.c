/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The digests by libcrypto. */
#include "proto/digest.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

static const char *const digest_names[] = {
	[DIGEST_MD5] = "MD5",
	[DIGEST_SHA1] = "SHA1",
	[DIGEST_SHA256] = "SHA2-256",
	[DIGEST_SHA3_256] = "SHA3-256",
};

bool digest_usable(enum digest_kind kind)
{
	EVP_MD *md = EVP_MD_fetch(NULL, digest_names[kind], NULL);

	EVP_MD_free(md);
	return md != NULL;
}

int digest_make(enum digest_kind kind, const struct digest_part *parts, size_t n, uint8_t *out)
{
	EVP_MD *md = EVP_MD_fetch(NULL, digest_names[kind], NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = md && ctx && EVP_DigestInit_ex(ctx, md, NULL);

	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(ctx, parts[i].bytes, parts[i].len);
	ok = ok && EVP_DigestFinal_ex(ctx, out, NULL);
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
	return ok ? 0 : -ENOTSUP;
}

int digest_random(void *bytes, size_t len)
{
	return RAND_bytes(bytes, (int)len) == 1 ? 0 : -EIO;
}

bool digest_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}
