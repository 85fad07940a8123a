/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a target demands and what it has: CHAP, and behind each portal a portal group and a disk. The portals of target 1 demand CHAP,
 * the second one of both sides.
 */
#include "config.h"
#include "sim.h"
#include "base/mem.h"
#include "proto/digest.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MD5_BYTES 16
#define DEMANDS_FROM SIM_PORTALS /* the first identity that demands CHAP */
#define DEMANDS_BOTH (SIM_PORTALS + 1)
#define DEMANDS_END (2 * SIM_PORTALS)
#define MOVED 1000 /* number of the group, and of its disk, that an address of another group leads to */

static struct {
	enum target_chap chap;
	unsigned disk;
	bool moved;
} targets[SIM_IDENTITIES];

void target_reset(void)
{
	memset(targets, 0, sizeof(targets));
	for (unsigned i = 0; i < SIM_IDENTITIES; i++)
		targets[i].disk = 1 + i / SIM_PORTALS;
}

void target_heal(unsigned identity)
{
	targets[identity].chap = TARGET_CHAP;
	targets[identity].moved = false;
}

/* ---- portal groups and disks ---- */

unsigned target_group(unsigned identity)
{
	return targets[identity].moved ? MOVED + identity : identity % SIM_PORTALS + 1;
}

unsigned target_disk(unsigned identity)
{
	return targets[identity].moved ? MOVED + identity : targets[identity].disk;
}

void target_move(unsigned identity, bool moved)
{
	sim_trace("world: the address of %s %s leads to %s group", net_target(identity), net_address(identity),
		moved ? "another" : "its own");
	targets[identity].moved = moved;
}

void target_new_disk(unsigned identity)
{
	targets[identity].disk += SIM_TARGETS;
	sim_trace("world: %s %s has disk %u", net_target(identity), net_address(identity), target_disk(identity));
}

const char *target_page83(unsigned disk, unsigned lun)
{
	char *page = sim_alloc(KERN_PAGE_BYTES + 1);

	page[1] = (char)0x83;
	page[3] = KERN_PAGE_BYTES - 4;
	page[4] = 3;
	page[5] = 8;
	page[7] = KERN_PAGE_BYTES - 8;
	snprintf(page + 8, KERN_PAGE_BYTES - 8 + 1, "disk%05u.%02u", disk % 100000, lun % 100);
	return page;
}

/* ---- CHAP ---- */

bool target_demands_chap(unsigned identity)
{
	return identity >= DEMANDS_FROM && identity < DEMANDS_END;
}

bool target_demands_both(unsigned identity)
{
	return identity == DEMANDS_BOTH;
}

void target_set_chap(unsigned identity, enum target_chap chap)
{
	static const char *const texts[] = { "demands CHAP", "refuses the secret", "does not know its own secret",
		"demands no CHAP" };

	sim_trace("world: %s %s %s", net_target(identity), net_address(identity), texts[chap]);
	targets[identity].chap = chap;
}

/* The value of a key of a login's text; NULL: it is not there. */
static const char *value_of(const char *text, size_t len, const char *key)
{
	size_t n = strlen(key);

	for (size_t at = 0; at < len; at += strnlen(text + at, len - at) + 1)
		if (len - at > n && strncmp(text + at, key, n) == 0 && text[at + n] == '=' && memchr(text + at, '\0', len - at))
			return text + at + n + 1;
	return NULL;
}

static size_t put_hex(char *at, const uint8_t *bytes, size_t len)
{
	size_t n = (size_t)sprintf(at, "0x");

	for (size_t i = 0; i < len; i++)
		n += (size_t)sprintf(at + n, "%02x", bytes[i]);
	return n + 1;
}

static size_t hex_bytes(const char *text, uint8_t *bytes, size_t most)
{
	size_t n = 0;
	unsigned byte;

	if (strncmp(text, "0x", 2) != 0)
		return 0;
	while (n < most && sscanf(text + 2 + 2 * n, "%2x", &byte) == 1)
		bytes[n++] = (uint8_t)byte;
	return n;
}

static bool respond(uint8_t id, const char *secret, const uint8_t *challenge, size_t len, uint8_t response[DIGEST_MAX])
{
	const struct digest_part parts[] = { { &id, 1 }, { secret, strlen(secret) }, { challenge, len } };

	return digest_make(DIGEST_MD5, parts, ARRAY_SIZE(parts), response) == 0;
}

/* The initiator's response is right. */
static bool is_right(const struct target_login *l, const char *response)
{
	uint8_t is[MD5_BYTES], must[DIGEST_MAX];

	return hex_bytes(response, is, sizeof(is)) == sizeof(is) &&
		respond(l->id, SIM_SECRET, l->challenge, sizeof(l->challenge), must) && memcmp(is, must, sizeof(is)) == 0;
}

/* What the target says of itself when the initiator demands that. */
static size_t prove(struct target_login *l, const char *id, const char *challenge, enum target_chap chap, char *data)
{
	uint8_t bytes[1024], response[DIGEST_MAX];
	size_t len = hex_bytes(challenge, bytes, sizeof(bytes)), at;

	l->proved = chap == TARGET_CHAP;
	if (!respond((uint8_t)atoi(id), l->proved ? SIM_SECRET_IN : "another secret", bytes, len, response))
		return 0;
	at = (size_t)sprintf(data, "CHAP_N=" SIM_NAME_IN) + 1;
	at += (size_t)sprintf(data + at, "CHAP_R=");
	return at + put_hex(data + at, response, MD5_BYTES);
}

enum target_answer target_security(
	unsigned identity, struct target_login *l, const char *text, size_t len, char *data, size_t *data_len)
{
	const char *response = value_of(text, len, "CHAP_R"), *id = value_of(text, len, "CHAP_I"),
		   *challenge = value_of(text, len, "CHAP_C");
	enum target_chap chap = targets[identity].chap;

	*data_len = 0;
	if (response) {
		l->tried = true;
		if (chap == TARGET_REFUSES || !is_right(l, response))
			return TARGET_ANSWERS_REFUSED;
		if (id && challenge)
			*data_len = prove(l, id, challenge, chap, data);
		return TARGET_ANSWERS_ENOUGH;
	}
	if (value_of(text, len, "CHAP_A")) {
		l->id = (uint8_t)sim_random(256);
		for (size_t i = 0; i < sizeof(l->challenge); i++)
			l->challenge[i] = (uint8_t)sim_random(256);
		*data_len = (size_t)sprintf(data, "CHAP_A=5%cCHAP_I=%u%cCHAP_C=", 0, l->id, 0);
		*data_len += put_hex(data + *data_len, l->challenge, sizeof(l->challenge));
		return TARGET_ANSWERS_MORE;
	}
	if (!value_of(text, len, "AuthMethod"))
		return target_demands_chap(identity) && chap != TARGET_WITHOUT_CHAP ? TARGET_ANSWERS_REFUSED :
										      TARGET_ANSWERS_ENOUGH;
	if (!target_demands_chap(identity) || chap == TARGET_WITHOUT_CHAP) {
		*data_len = (size_t)sprintf(data, "AuthMethod=None") + 1;
		return TARGET_ANSWERS_ENOUGH;
	}
	*data_len = (size_t)sprintf(data, "AuthMethod=CHAP") + 1;
	return TARGET_ANSWERS_MORE;
}
