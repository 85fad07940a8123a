/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The target's CHAP (RFC 7143 12.1.3), with MD5: whoever offers it and not None is asked for it, and proved to when he asks. */
#include "sim.h"
#include <crypto/hash.h>
#include <linux/random.h>

#define DIGEST 16
#define MD5 "5"

/* Of a CHAP response: the identifier, the secret, the challenge. */
static int digest(u8 id, const char *secret, const u8 *challenge, unsigned int length, u8 *out)
{
	struct crypto_shash *md5 = crypto_alloc_shash("md5", 0, 0);
	u8 data[256];
	size_t n = strlen(secret);
	int rc;

	if (IS_ERR(md5))
		return PTR_ERR(md5);
	if (1 + n + length > sizeof(data)) {
		crypto_free_shash(md5);
		return -EINVAL;
	}
	data[0] = id;
	memcpy(data + 1, secret, n);
	memcpy(data + 1 + n, challenge, length);
	rc = crypto_shash_tfm_digest(md5, data, 1 + n + length, out);
	crypto_free_shash(md5);
	return rc;
}

/* "0x…": gives its bytes, or -EINVAL. */
static int from_hex(const char *text, u8 *out, int most)
{
	size_t digits;

	if (strncasecmp(text, "0x", 2))
		return -EINVAL;
	digits = strlen(text + 2);
	if (digits % 2 || digits / 2 > most || hex2bin(out, text + 2, digits / 2))
		return -EINVAL;
	return digits / 2;
}

void auth_reset(struct conn *c)
{
	memset(&c->auth, 0, sizeof(c->auth));
}

const char *auth_method(struct conn *c, const char *offered)
{
	bool none = strstr(offered, "None");

	if (strstr(offered, "CHAP") && (need_chap || !none)) {
		c->auth.chap = true;
		return "CHAP";
	}
	return none && !need_chap ? "None" : NULL;
}

bool auth_key(struct conn *c, const char *key, const char *value, struct auth_answer *a)
{
	struct auth *s = &c->auth;
	u8 right[DIGEST], got[DIGEST];
	int length;

	if (!s->chap || strncmp(key, "CHAP_", 5))
		return false;
	switch (key[5]) {
	case 'A':
		s->id = get_random_u8();
		get_random_bytes(s->challenge, sizeof(s->challenge));
		a->length = scnprintf(a->text, sizeof(a->text), "CHAP_A=" MD5 "%cCHAP_I=%u%cCHAP_C=0x%*phN", 0, s->id, 0,
				    (int)sizeof(s->challenge), s->challenge) +
			1;
		break;
	case 'N':
		s->named = !strcmp(value, SIM_USER);
		break;
	case 'R':
		s->proven = from_hex(value, got, DIGEST) == DIGEST &&
			!digest(s->id, SIM_SECRET, s->challenge, sizeof(s->challenge), right) && !memcmp(right, got, DIGEST);
		s->answered = true;
		break;
	case 'I':
		s->their_id = simple_strtoul(value, NULL, 0);
		break;
	case 'C':
		length = from_hex(value, s->theirs, sizeof(s->theirs));
		if (length > 0 && !digest(s->their_id, SIM_SECRET_IN, s->theirs, length, right))
			a->length =
				scnprintf(a->text, sizeof(a->text), "CHAP_N=" SIM_USER_IN "%cCHAP_R=0x%*phN", 0, DIGEST, right) +
				1;
	}
	return true;
}

int auth_status(const struct conn *c, int stage)
{
	const struct auth *s = &c->auth;

	if (s->answered && !(s->named && s->proven))
		return 0x0201;
	return need_chap && stage && !s->proven ? 0x0201 : 0;
}

bool auth_pending(const struct conn *c)
{
	return c->auth.chap && !c->auth.proven;
}
