/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The digests for a static program: MD5 (RFC 1321), SHA-1 and SHA-256 (FIPS 180-4), SHA3-256 (FIPS 202). Inputs are short, so that the code
 * is written to be read, not to be fast. State that has seen a secret is wiped.
 */
#include "proto/digest.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define WORDS_MAX 8
#define BLOCK 64 /* bytes; of all but SHA3 */
#define SHA3_RATE 136 /* bytes that SHA3-256 absorbs at once */

static uint32_t rol(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static uint32_t ror(uint32_t x, unsigned n)
{
	return rol(x, 32 - n);
}

static uint32_t load_be(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t load_le(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* ---- one block each ---- */

/* floor(2^32 * abs(sin(i + 1))) */
static const uint32_t md5_k[64] = {
	0xd76aa478,
	0xe8c7b756,
	0x242070db,
	0xc1bdceee,
	0xf57c0faf,
	0x4787c62a,
	0xa8304613,
	0xfd469501,
	0x698098d8,
	0x8b44f7af,
	0xffff5bb1,
	0x895cd7be,
	0x6b901122,
	0xfd987193,
	0xa679438e,
	0x49b40821,
	0xf61e2562,
	0xc040b340,
	0x265e5a51,
	0xe9b6c7aa,
	0xd62f105d,
	0x02441453,
	0xd8a1e681,
	0xe7d3fbc8,
	0x21e1cde6,
	0xc33707d6,
	0xf4d50d87,
	0x455a14ed,
	0xa9e3e905,
	0xfcefa3f8,
	0x676f02d9,
	0x8d2a4c8a,
	0xfffa3942,
	0x8771f681,
	0x6d9d6122,
	0xfde5380c,
	0xa4beea44,
	0x4bdecfa9,
	0xf6bb4b60,
	0xbebfbc70,
	0x289b7ec6,
	0xeaa127fa,
	0xd4ef3085,
	0x04881d05,
	0xd9d4d039,
	0xe6db99e5,
	0x1fa27cf8,
	0xc4ac5665,
	0xf4292244,
	0x432aff97,
	0xab9423a7,
	0xfc93a039,
	0x655b59c3,
	0x8f0ccc92,
	0xffeff47d,
	0x85845dd1,
	0x6fa87e4f,
	0xfe2ce6e0,
	0xa3014314,
	0x4e0811a1,
	0xf7537e82,
	0xbd3af235,
	0x2ad7d2bb,
	0xeb86d391,
};

static void md5_block(uint32_t h[WORDS_MAX], const uint8_t *p)
{
	static const uint8_t turn[4][4] = { { 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 } };
	uint32_t a = h[0], b = h[1], c = h[2], d = h[3];

	for (unsigned i = 0; i < 64; i++) {
		uint32_t f[4] = { (b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d) };
		unsigned at[4] = { i, 5 * i + 1, 3 * i + 5, 7 * i };
		uint32_t next = b + rol(a + f[i / 16] + md5_k[i] + load_le(p + at[i / 16] % 16 * 4), turn[i / 16][i % 4]);

		a = d;
		d = c;
		c = b;
		b = next;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
}

static void sha1_block(uint32_t h[WORDS_MAX], const uint8_t *p)
{
	static const uint32_t k[4] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (unsigned i = 0; i < 80; i++) {
		w[i] = i < 16 ? load_be(p + i * 4) : rol(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
		uint32_t f[4] = { (b & c) | (~b & d), b ^ c ^ d, (b & c) | (b & d) | (c & d), b ^ c ^ d };
		uint32_t next = rol(a, 5) + f[i / 20] + e + k[i / 20] + w[i];

		e = d;
		d = c;
		c = rol(b, 30);
		b = a;
		a = next;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
	mem_wipe(w, sizeof(w));
}

/* The fractions of the cube roots of the first 64 primes. */
static const uint32_t sha256_k[64] = {
	0x428a2f98,
	0x71374491,
	0xb5c0fbcf,
	0xe9b5dba5,
	0x3956c25b,
	0x59f111f1,
	0x923f82a4,
	0xab1c5ed5,
	0xd807aa98,
	0x12835b01,
	0x243185be,
	0x550c7dc3,
	0x72be5d74,
	0x80deb1fe,
	0x9bdc06a7,
	0xc19bf174,
	0xe49b69c1,
	0xefbe4786,
	0x0fc19dc6,
	0x240ca1cc,
	0x2de92c6f,
	0x4a7484aa,
	0x5cb0a9dc,
	0x76f988da,
	0x983e5152,
	0xa831c66d,
	0xb00327c8,
	0xbf597fc7,
	0xc6e00bf3,
	0xd5a79147,
	0x06ca6351,
	0x14292967,
	0x27b70a85,
	0x2e1b2138,
	0x4d2c6dfc,
	0x53380d13,
	0x650a7354,
	0x766a0abb,
	0x81c2c92e,
	0x92722c85,
	0xa2bfe8a1,
	0xa81a664b,
	0xc24b8b70,
	0xc76c51a3,
	0xd192e819,
	0xd6990624,
	0xf40e3585,
	0x106aa070,
	0x19a4c116,
	0x1e376c08,
	0x2748774c,
	0x34b0bcb5,
	0x391c0cb3,
	0x4ed8aa4a,
	0x5b9cca4f,
	0x682e6ff3,
	0x748f82ee,
	0x78a5636f,
	0x84c87814,
	0x8cc70208,
	0x90befffa,
	0xa4506ceb,
	0xbef9a3f7,
	0xc67178f2,
};

static void sha256_block(uint32_t h[WORDS_MAX], const uint8_t *p)
{
	uint32_t w[64], s[WORDS_MAX];

	memcpy(s, h, sizeof(s));
	for (unsigned i = 0; i < 64; i++) {
		uint32_t old = i < 16 ? 0 : w[i - 15], new = i < 16 ? 0 : w[i - 2], t1, t2;

		w[i] = i < 16 ? load_be(p + i * 4) :
				w[i - 16] + (ror(old, 7) ^ ror(old, 18) ^ old >> 3) + w[i - 7] +
				(ror(new, 17) ^ ror(new, 19) ^ new >> 10);
		t1 = s[7] + (ror(s[4], 6) ^ ror(s[4], 11) ^ ror(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + sha256_k[i] +
			w[i];
		t2 = (ror(s[0], 2) ^ ror(s[0], 13) ^ ror(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
		memmove(s + 1, s, sizeof(s) - sizeof(s[0]));
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (unsigned i = 0; i < WORDS_MAX; i++)
		h[i] += s[i];
	mem_wipe(w, sizeof(w));
}

/* FIPS 202 3.2: theta, rho with pi, chi, iota; 24 rounds. */
static void keccak(uint64_t a[25])
{
	static const uint8_t turn[24] = { 1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20,
		44 };
	static const uint8_t lane[24] = { 10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1 };
	uint8_t lfsr = 1;

	for (unsigned round = 0; round < 24; round++) {
		uint64_t c[5], t, row[5];

		for (unsigned x = 0; x < 5; x++)
			c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
		for (unsigned i = 0; i < 25; i++) {
			t = c[(i + 1) % 5];
			a[i] ^= c[(i + 4) % 5] ^ (t << 1 | t >> 63);
		}
		t = a[1];
		for (unsigned i = 0; i < 24; i++) {
			uint64_t moved = a[lane[i]];

			a[lane[i]] = t << turn[i] | t >> (64 - turn[i]);
			t = moved;
		}
		for (unsigned y = 0; y < 25; y += 5) {
			memcpy(row, a + y, sizeof(row));
			for (unsigned x = 0; x < 5; x++)
				a[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
		}
		/* the round's constant: bits 0, 1, 3, 7 … 63 come from a shift register */
		for (unsigned j = 0; j < 7; j++) {
			a[0] ^= (uint64_t)(lfsr & 1) << ((1u << j) - 1);
			lfsr = (uint8_t)(lfsr << 1 ^ (lfsr >> 7) * 0x71);
		}
	}
}

/* ---- whole messages ---- */

static const struct {
	void (*block)(uint32_t h[WORDS_MAX], const uint8_t *p);
	unsigned words;
	bool big; /* endian */
	uint32_t start[WORDS_MAX];
} digest_kinds[] = {
	[DIGEST_MD5] = { md5_block, 4, false, { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 } },
	[DIGEST_SHA1] = { sha1_block, 5, true, { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 } },
	[DIGEST_SHA256] = { sha256_block, 8, true,
		{ 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } },
};

/* The next byte of the parts; false at the end. */
static bool next_byte(const struct digest_part **part, const struct digest_part *end, size_t *at, uint8_t *out)
{
	while (*part < end && *at == (*part)->len) {
		(*part)++;
		*at = 0;
	}
	if (*part == end)
		return false;
	*out = ((const uint8_t *)(*part)->bytes)[(*at)++];
	return true;
}

static void make_sha3(const struct digest_part *part, const struct digest_part *end, uint8_t *out)
{
	union {
		uint64_t lanes[25];
		uint8_t bytes[200];
	} s = { { 0 } };
	size_t at = 0, n = 0;
	uint8_t byte;

	/* lanes are little-endian */
#define BYTE(i) s.bytes[__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? (i) : ((i) & ~(size_t)7) + 7 - ((i)&7)]
	while (next_byte(&part, end, &at, &byte)) {
		BYTE(n) ^= byte;
		if (++n == SHA3_RATE) {
			keccak(s.lanes);
			n = 0;
		}
	}
	BYTE(n) ^= 0x06;
	BYTE((size_t)SHA3_RATE - 1) ^= 0x80;
	keccak(s.lanes);
	for (size_t i = 0; i < 32; i++)
		out[i] = BYTE(i);
#undef BYTE
	mem_wipe(&s, sizeof(s));
}

static void make_md(enum digest_kind kind, const struct digest_part *part, const struct digest_part *end, uint8_t *out)
{
	uint32_t h[WORDS_MAX];
	uint8_t block[BLOCK];
	uint64_t bits = 0;
	size_t at = 0, n = 0;
	bool big = digest_kinds[kind].big;

	memcpy(h, digest_kinds[kind].start, sizeof(h));
	while (next_byte(&part, end, &at, &block[n])) {
		bits += 8;
		if (++n == BLOCK) {
			digest_kinds[kind].block(h, block);
			n = 0;
		}
	}
	block[n++] = 0x80;
	if (n > BLOCK - 8) {
		memset(block + n, 0, BLOCK - n);
		digest_kinds[kind].block(h, block);
		n = 0;
	}
	memset(block + n, 0, BLOCK - n);
	for (unsigned i = 0; i < 8; i++)
		block[BLOCK - 8 + i] = (uint8_t)(bits >> 8 * (big ? 7 - i : i));
	digest_kinds[kind].block(h, block);
	for (unsigned i = 0; i < digest_kinds[kind].words * 4; i++)
		out[i] = (uint8_t)(h[i / 4] >> 8 * (big ? 3 - i % 4 : i % 4));
	mem_wipe(block, sizeof(block));
	mem_wipe(h, sizeof(h));
}

bool digest_usable(enum digest_kind kind)
{
	return kind <= DIGEST_SHA3_256;
}

int digest_make(enum digest_kind kind, const struct digest_part *parts, size_t n, uint8_t *out)
{
	if (kind == DIGEST_SHA3_256)
		make_sha3(parts, parts + n, out);
	else
		make_md(kind, parts, parts + n, out);
	return 0;
}

int digest_random(void *bytes, size_t len)
{
	return len <= 256 && getrandom(bytes, len, 0) == (ssize_t)len ? 0 : -EIO;
}

bool digest_equal(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t differ = 0;

	for (size_t i = 0; i < len; i++)
		differ |= x[i] ^ y[i];
	return differ == 0;
}
