/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CHAP, one-way and mutual (RFC 7143 12.1.3, 9.2.1; RFC 1994): the three steps of one login as an engine without I/O. */
#ifndef PROTO_CHAP_H
#define PROTO_CHAP_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "proto/text.h"

#define CHAP_CHALLENGE_MAX 1024 /* bytes; 12.1.3 */
#define CHAP_DIGEST_MAX 32
#define CHAP_ALGS_MAX 4
#define CHAP_SECRET_LEAST 12 /* bytes; RFC 7143 9.2.1: 96 bits */
#define CHAP_NAME_MAX 255

enum chap_alg { CHAP_MD5 = 5, CHAP_SHA1 = 6, CHAP_SHA256 = 7, CHAP_SHA3_256 = 8 }; /* the numbers of CHAP_A */

/* Fills bytes with random values. 0 or -errno. */
typedef int chap_random_fn(void *arg, void *bytes, size_t len);

struct chap_config {
	const char *name; /* the initiator's name (username) */
	struct secret secret; /* password */
	const char *name_in; /* the target's, checked when set and not empty (username_in) */
	struct secret secret_in; /* set: the target has to authenticate itself (password_in) */
	enum chap_alg algs[CHAP_ALGS_MAX]; /* in order of preference */
	unsigned n_algs; /* 0: SHA3-256, SHA256, SHA1, MD5 */
	chap_random_fn *random; /* NULL: RAND_bytes of the crypto library */
	void *random_arg;
};

struct chap;

/* "SHA256,MD5" (the setting chap_algs) into c->algs; an empty list is the default. -EINVAL with the text. */
int chap_algs_parse(const char *list, struct chap_config *c, struct err *err);

/*
 * Checks whether a login with these settings is possible. chap_new() calls it; callers that leave CHAP to firmware must call it
 * themselves. -EACCES (MISCSI_ERR_LOGIN_AUTH_FAILED): no name or no secret. -EINVAL (MISCSI_ERR_INVAL): equal secrets in both
 * directions (9.2.1), or name_in without secret_in.
 */
int chap_check(const struct chap_config *config, struct err *err);

/*
 * Copies the configuration. Errors of chap_check(); -EINVAL (MISCSI_ERR_INVAL) also if the crypto library permits no algorithm of
 * the list (FIPS); -ENOMEM.
 */
int chap_new(const struct chap_config *config, struct chap **out, struct err *err);
void chap_free(struct chap *c); /* wipes the secrets */

/*
 * Uses every algorithm and the random generator once: the crypto library then has opened the files and allocated the memory that a
 * login needs. Blocks.
 */
void chap_warm(void);

/* Step 1: adds CHAP_A to out. */
void chap_offer(struct chap *c, struct strbuf *out);
/*
 * Processes the CHAP_* keys of one whole response of the target (other keys are ignored; without CHAP_* keys it does nothing).
 * Adds the next keys to out. -EPROTO (MISCSI_ERR_FATAL_LOGIN): a protocol error, or the target failed to authenticate itself;
 * -EACCES (MISCSI_ERR_LOGIN_AUTH_FAILED): the target accepts no offered algorithm; -ENOMEM; -EIO (MISCSI_ERR_INTERNAL): the
 * crypto library failed.
 */
int chap_step(struct chap *c, const struct text_list *in, struct strbuf *out, struct err *err);
/* Returns true if the initiator has sent all of its keys: it may offer the transition to the next stage. */
bool chap_may_transit(const struct chap *c);
/* Returns true if CHAP is complete, including the target's authentication if it was requested. */
bool chap_done(const struct chap *c);
/* Returns true if the target was requested to authenticate itself. */
bool chap_mutual(const struct chap *c);
/* Returns the algorithm agreed on; 0: not yet. */
int chap_alg(const struct chap *c);

#endif
