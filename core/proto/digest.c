/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The digests by libcrypto. iscsiadm (LOAD_LIBCRYPTO) loads it when a discovery needs it: half of the time of most commands would go
 * into linking it. The other programs are linked with it, so that tools which follow such links, as for an initramfs, find it.
 */
#include "proto/digest.h"

#include <dlfcn.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#define SONAME(version) "libcrypto.so." #version
#define SONAME_OF(version) SONAME(version)

/* The functions of libcrypto that are used here. */
#define FUNCTIONS(F) \
	F(EVP_MD_fetch) \
	F(EVP_MD_free) \
	F(EVP_MD_CTX_new) \
	F(EVP_MD_CTX_free) \
	F(EVP_DigestInit_ex) \
	F(EVP_DigestUpdate) \
	F(EVP_DigestFinal_ex) \
	F(RAND_bytes) \
	F(CRYPTO_memcmp)

struct libcrypto {
#define POINTER(name) __typeof__(name) *name;
	FUNCTIONS(POINTER)
#undef POINTER
};

static const char *const digest_names[] = {
	[DIGEST_MD5] = "MD5",
	[DIGEST_SHA1] = "SHA1",
	[DIGEST_SHA256] = "SHA2-256",
	[DIGEST_SHA3_256] = "SHA3-256",
};

/* It stays loaded. */
static bool get_libcrypto(struct libcrypto *c)
{
#ifdef LOAD_LIBCRYPTO
	void *library = dlopen(SONAME_OF(OPENSSL_SHLIB_VERSION), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (!library)
		return false;
#define GET(name) \
	c->name = (__typeof__(c->name))dlsym(library, #name); \
	if (!c->name) \
		return false;
#else
#define GET(name) c->name = name;
#endif
	FUNCTIONS(GET)
#undef GET
	return true;
}

bool digest_usable(enum digest_kind kind)
{
	struct libcrypto c;
	EVP_MD *md = get_libcrypto(&c) ? c.EVP_MD_fetch(NULL, digest_names[kind], NULL) : NULL;

	if (md)
		c.EVP_MD_free(md);
	return md != NULL;
}

int digest_make(enum digest_kind kind, const struct digest_part *parts, size_t n, uint8_t *out)
{
	struct libcrypto c;
	EVP_MD_CTX *ctx;
	EVP_MD *md;
	bool ok;

	if (!get_libcrypto(&c))
		return -ENOTSUP;
	md = c.EVP_MD_fetch(NULL, digest_names[kind], NULL);
	ctx = c.EVP_MD_CTX_new();
	ok = md && ctx && c.EVP_DigestInit_ex(ctx, md, NULL);
	for (size_t i = 0; ok && i < n; i++)
		ok = c.EVP_DigestUpdate(ctx, parts[i].bytes, parts[i].len);
	ok = ok && c.EVP_DigestFinal_ex(ctx, out, NULL);
	c.EVP_MD_CTX_free(ctx);
	c.EVP_MD_free(md);
	return ok ? 0 : -ENOTSUP;
}

int digest_random(void *bytes, size_t len)
{
	struct libcrypto c;

	return get_libcrypto(&c) && c.RAND_bytes(bytes, (int)len) == 1 ? 0 : -EIO;
}

bool digest_equal(const void *a, const void *b, size_t len)
{
	struct libcrypto c;

	return get_libcrypto(&c) && c.CRYPTO_memcmp(a, b, len) == 0;
}
