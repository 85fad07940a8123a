/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plugin may name of this program: in `needs`, and to has(). For this folder alone. */
#ifndef PLUGIN_KNOWN_H
#define PLUGIN_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

struct known_trait {
	uint64_t trait; /* MISCSI_TRAIT_* */
	const char *name; /* without that prefix */
	const char *text; /* for users; NULL: it only steers the core, and users do not choose a plugin by it */
};

extern const struct known_trait known_traits[]; /* name NULL at the end */
/* A trait without its prefix, an op ("ping.send"), or a member of struct miscsi_core. */
bool known_name(const char *name);

#endif
