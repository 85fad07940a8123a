/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CHAP as an initiator speaks it: offer, answer the target's challenge, check the target's answer to ours. */
#include "proto/chap.h"
#include "proto/digest.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define N_ALGS (ARRAY_SIZE(algs))

static const struct {
	int number;
	size_t digest;
	const char *name;
	enum digest_kind kind;
} algs[] = {
	/* the order is that of the default preference */
	{ CHAP_SHA3_256, 32, "SHA3-256", DIGEST_SHA3_256 },
	{ CHAP_SHA256, 32, "SHA256", DIGEST_SHA256 },
	{ CHAP_SHA1, 20, "SHA1", DIGEST_SHA1 },
	{ CHAP_MD5, 16, "MD5", DIGEST_MD5 },
};

/* One way only. RESPONDED means that the target still owes us a proof; without mutual CHAP our own response is the end. */
enum chap_state { CHAP_NEW, CHAP_OFFERED, CHAP_RESPONDED, CHAP_PROVED };

struct chap {
	char *name, *name_in;
	struct secret secret, secret_in;
	chap_random_fn *random;
	void *random_arg;
	unsigned offer[CHAP_ALGS_MAX]; /* indices into algs[], those that the crypto library has */
	unsigned n_offer;
	enum chap_state state;
	unsigned alg; /* index of the one agreed on, from CHAP_RESPONDED on */
	uint8_t id; /* of our challenge */
	uint8_t challenge[CHAP_DIGEST_MAX];
};

/* Without regard to case; -EINVAL. */
static int chap_alg_of(const char *name, size_t len)
{
	for (size_t i = 0; i < N_ALGS; i++)
		if (strlen(algs[i].name) == len && !strncasecmp(name, algs[i].name, len))
			return algs[i].number;
	return -EINVAL;
}

/* As wide as the wire's numbers, so that a number beyond int is not cut down to a known one. */
static int alg_index(uint64_t number)
{
	for (size_t i = 0; i < N_ALGS; i++)
		if ((uint64_t)algs[i].number == number)
			return (int)i;
	return -EINVAL;
}

static bool alg_in_list(const struct chap_config *c, int alg)
{
	for (unsigned i = 0; i < c->n_algs; i++)
		if ((int)c->algs[i] == alg)
			return true;
	return false;
}

/*
 * The order is kept, since it is the order of preference that CHAP_A offers (RFC 7143 12.1.3). That a name stands twice adds
 * nothing, and the array has room for each algorithm once.
 */
int chap_algs_parse(const char *list, struct chap_config *c, struct err *err)
{
	char shown[80];

	c->n_algs = 0;
	while (list[strspn(list, ", \t")]) {
		size_t len;
		int alg;

		list += strspn(list, ", \t");
		len = strcspn(list, ", \t");
		alg = chap_alg_of(list, len);
		if (alg < 0)
			return err_set(err, MISCSI_ERR_INVAL,
				"\"%s\" in chap_algs is not a CHAP algorithm: use MD5, SHA1, SHA256 or SHA3-256",
				str_escape(shown, sizeof(shown), list, len));
		list += len;
		if (!alg_in_list(c, alg))
			c->algs[c->n_algs++] = (enum chap_alg)alg;
	}
	return 0;
}

/* An algorithm that the crypto library refuses (in FIPS mode: MD5) is not offered. */
static void choose_offer(const struct chap_config *config, struct chap *c)
{
	for (unsigned i = 0; i < (config->n_algs ? config->n_algs : N_ALGS); i++) {
		int alg = config->n_algs ? alg_index(config->algs[i]) : (int)i;

		if (alg >= 0 && c->n_offer < CHAP_ALGS_MAX && digest_usable(algs[alg].kind))
			c->offer[c->n_offer++] = (unsigned)alg;
	}
}

int chap_check(const struct chap_config *config, struct err *err)
{
	bool named_in = config->name_in && *config->name_in;

	if (!config->name || !*config->name || !config->secret.len)
		return err_set(err, MISCSI_ERR_LOGIN_AUTH_FAILED, /* the code for a target that requires CHAP */
			"authmethod is CHAP, which requires a username and a password, but one of them is not set: set both, or "
			"set authmethod to None");
	if (strlen(config->name) > CHAP_NAME_MAX)
		return err_set(err, MISCSI_ERR_INVAL, "the CHAP username is longer than 255 bytes: set a shorter one");
	if (named_in && !config->secret_in.len)
		return err_set(err, MISCSI_ERR_INVAL,
			"username_in is set without password_in, so the initiator cannot authenticate the target: set both or "
			"neither");
	if (config->secret_in.len && secret_equal(&config->secret, &config->secret_in))
		return err_set(err, MISCSI_ERR_INVAL,
			"the secrets password and password_in are the same, but RFC 7143 (9.2.1) requires different ones for the "
			"two directions: change one of them");
	return 0;
}

int chap_new(const struct chap_config *config, struct chap **out, struct err *err)
{
	struct chap *c;
	int rc = chap_check(config, err);

	if (rc)
		return rc;
	c = x_new(struct chap);
	if (!c || x_strset(&c->name, config->name) || x_strset(&c->name_in, config->name_in) ||
		secret_copy(&c->secret, &config->secret) || secret_copy(&c->secret_in, &config->secret_in)) {
		chap_free(c);
		return err_nomem(err, "the names and secrets of a CHAP login");
	}
	c->random = config->random;
	c->random_arg = config->random_arg;
	choose_offer(config, c);
	if (!c->n_offer) {
		chap_free(c);
		return err_set(err, MISCSI_ERR_INVAL,
			"this system's crypto library, perhaps in FIPS mode, provides none of the CHAP algorithms in chap_algs: "
			"add another, such as SHA256");
	}
	*out = c;
	return 0;
}

/* The challenge goes too: with the response that was sent, it lets a weak secret be guessed offline. */
void chap_free(struct chap *c)
{
	if (!c)
		return;
	secret_clear(&c->secret);
	secret_clear(&c->secret_in);
	x_free(c->name);
	x_free(c->name_in);
	mem_wipe(c, sizeof(*c));
	x_free(c);
}

void chap_offer(struct chap *c, struct strbuf *out)
{
	strbuf_puts(out, "CHAP_A=");
	for (unsigned i = 0; i < c->n_offer; i++)
		strbuf_printf(out, "%s%d", i ? "," : "", algs[c->offer[i]].number);
	strbuf_putc(out, '\0');
	c->state = CHAP_OFFERED;
}

/* Fatal: the same target would do the same again, and each try hands it another response to guess from. */
static int chap_violation(struct err *err, const char *why)
{
	return err_set(err, MISCSI_ERR_FATAL_LOGIN, "the CHAP authentication failed, because the target %s", why);
}

/* RFC 1994 section 4.1: the digest of identifier, secret and challenge. */
static int add_response(
	unsigned alg, uint8_t id, const struct secret *secret, const void *challenge, size_t len, uint8_t *out, struct err *err)
{
	const struct digest_part parts[] = { { &id, 1 }, { secret->bytes, secret->len }, { challenge, len } };
	bool ok = digest_make(algs[alg].kind, parts, ARRAY_SIZE(parts), out) == 0;

	return ok ? 0 :
		    err_set(err, MISCSI_ERR_INTERNAL,
			    "the CHAP authentication failed, because this system's crypto library does not provide %s: change "
			    "chap_algs",
			    algs[alg].name);
}

static int random_bytes(struct chap *c, void *bytes, size_t len, struct err *err)
{
	bool ok = c->random ? !c->random(c->random_arg, bytes, len) : !digest_random(bytes, len);

	return ok ? 0 :
		    err_set(err, MISCSI_ERR_INTERNAL,
			    "the CHAP authentication failed, because the system provides no random bytes for the challenge to "
			    "the target: check this system's crypto library");
}

void chap_warm(void)
{
	uint8_t byte = 0, digest[CHAP_DIGEST_MAX];
	const struct secret secret = { &byte, sizeof(byte) };

	for (unsigned i = 0; i < N_ALGS; i++)
		if (digest_usable(algs[i].kind))
			add_response(i, 0, &secret, &byte, sizeof(byte), digest, NULL);
	if (digest_random(digest, sizeof(digest)) < 0)
		return; /* a login will fail for the same reason, and report it */
}

/* CHAP_I is one byte (RFC 1994 section 4.1), written as a number. */
static int next_identifier(const struct text_list *in, uint8_t *id)
{
	const char *value = text_get(in, "CHAP_I");
	uint64_t number;

	if (!value || text_decode_number(value, &number) || number > 255)
		return -EINVAL;
	*id = (uint8_t)number;
	return 0;
}

/* CHAP_A: one of those that we offered. */
static int agree_on_alg(struct chap *c, const char *value, struct err *err)
{
	uint64_t number;

	if (!value)
		return chap_violation(err, "sent its challenge without naming an algorithm (CHAP_A)");
	if (!strcmp(value, "Reject"))
		return err_set(err, MISCSI_ERR_LOGIN_AUTH_FAILED,
			"the target refused all CHAP algorithms that were offered: change chap_algs of the record, or the "
			"target's setting");
	if (text_decode_number(value, &number))
		return chap_violation(err, "chose an algorithm by something that is not a number (CHAP_A)");
	for (unsigned i = 0; i < c->n_offer; i++) {
		if ((uint64_t)algs[c->offer[i]].number != number)
			continue;
		c->alg = c->offer[i];
		return 0;
	}
	return chap_violation(err, "chose an algorithm that was not offered: add the target's algorithm to chap_algs");
}

/* Our own challenge, for mutual authentication. */
static int challenge_target(struct chap *c, const uint8_t *theirs, size_t len, struct strbuf *out, struct err *err)
{
	size_t size = algs[c->alg].digest;
	int rc = random_bytes(c, &c->id, 1, err);

	if (!rc)
		rc = random_bytes(c, c->challenge, size, err);
	if (rc)
		return rc;
	/* 12.1.3: the challenge of one direction must not be used in the other; a reflecting target hopes for
	 * that */
	if (len == size && digest_equal(theirs, c->challenge, size))
		return chap_violation(err, "sent the initiator's own challenge back, as an attacker without the secret would");
	text_addf(out, "CHAP_I", "%u", c->id);
	text_add_binary(out, "CHAP_C", c->challenge, size);
	return 0;
}

/* The target's CHAP_A, CHAP_I and CHAP_C. */
static int accept_challenge(struct chap *c, const struct text_list *in, struct strbuf *out, struct err *err)
{
	const char *value = text_get(in, "CHAP_C");
	uint8_t id, theirs[CHAP_CHALLENGE_MAX], response[CHAP_DIGEST_MAX];
	size_t len = 0;
	int rc = agree_on_alg(c, text_get(in, "CHAP_A"), err);

	if (rc)
		return rc;
	if (text_get(in, "CHAP_N") || text_get(in, "CHAP_R"))
		return chap_violation(err, "answered a challenge before one was sent (CHAP_N or CHAP_R)");
	if (next_identifier(in, &id))
		return chap_violation(err, "sent its challenge without an identifier from 0 to 255 (CHAP_I)");
	if (!value || !*value)
		return chap_violation(err, "sent an empty challenge, or none (CHAP_C)");
	rc = text_decode_binary(value, theirs, sizeof(theirs), &len);
	if (rc == -EFBIG)
		return chap_violation(err, "sent a challenge that is longer than 1024 bytes (CHAP_C)");
	if (rc || !len)
		return chap_violation(err, "sent a challenge that is neither hexadecimal nor base64 (CHAP_C)");
	rc = add_response(c->alg, id, &c->secret, theirs, len, response, err);
	if (rc)
		return rc;
	text_add(out, "CHAP_N", c->name);
	text_add_binary(out, "CHAP_R", response, algs[c->alg].digest);
	if (c->secret_in.len)
		rc = challenge_target(c, theirs, len, out, err);
	if (!rc)
		c->state = c->secret_in.len ? CHAP_RESPONDED : CHAP_PROVED;
	return rc;
}

/* The target's CHAP_N and CHAP_R. Its name is compared first, for that tells the user more than a wrong
 * digest would. */
static int check_proof(struct chap *c, const struct text_list *in, struct err *err)
{
	const char *name = text_get(in, "CHAP_N"), *value = text_get(in, "CHAP_R");
	uint8_t want[CHAP_DIGEST_MAX], got[CHAP_DIGEST_MAX];
	size_t size = algs[c->alg].digest, len = 0;
	int rc;

	if (!name || !value)
		return chap_violation(err,
			"did not authenticate itself, although password_in is set: enable mutual CHAP on the target, or clear "
			"username_in and password_in");
	if (text_get(in, "CHAP_A") || text_get(in, "CHAP_I") || text_get(in, "CHAP_C"))
		return chap_violation(err, "sent a second challenge in place of its own response");
	if (c->name_in && *c->name_in && strcmp(name, c->name_in))
		return chap_violation(err,
			"authenticated itself by a name other than username_in: compare username_in with the name that is set on "
			"the target");
	if (text_decode_binary(value, got, sizeof(got), &len) || len != size)
		return chap_violation(err, "sent a response of a length that does not fit the algorithm (CHAP_R)");
	rc = add_response(c->alg, c->id, &c->secret_in, c->challenge, size, want, err);
	if (rc)
		return rc;
	if (!digest_equal(want, got, size))
		return chap_violation(err,
			"authenticated itself by a secret other than password_in: compare password_in with the secret that is "
			"set on the target");
	c->state = CHAP_PROVED;
	return 0;
}

/* A text without CHAP keys is an empty step: a target may ask for more text first (C bit), or say other things. */
int chap_step(struct chap *c, const struct text_list *in, struct strbuf *out, struct err *err)
{
	bool any = false;

	for (size_t i = 0; i < in->n; i++)
		any |= !strncmp(in->pairs[i].key, "CHAP_", 5);
	if (!any)
		return 0;
	if (c->state == CHAP_OFFERED)
		return accept_challenge(c, in, out, err);
	if (c->state == CHAP_RESPONDED)
		return check_proof(c, in, err);
	return chap_violation(err, "sent CHAP keys before or after the authentication");
}

/* With our response out we offer to end the stage; whether the target's proof came with its agreement is chap_done(). */
bool chap_may_transit(const struct chap *c)
{
	return c->state >= CHAP_RESPONDED;
}

bool chap_done(const struct chap *c)
{
	return c->state == CHAP_PROVED;
}

bool chap_mutual(const struct chap *c)
{
	return c->secret_in.len;
}

/* 0 before one was agreed on: no algorithm has that number. */
int chap_alg(const struct chap *c)
{
	return c->state >= CHAP_RESPONDED ? algs[c->alg].number : 0;
}
