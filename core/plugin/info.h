/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What there is to know of each plugin file that was found: for `-m transport`. */
#ifndef PLUGIN_INFO_H
#define PLUGIN_INFO_H

#include <stdbool.h>
#include <stdint.h>

struct miscsi_match;
struct plugins;

/* Texts are escaped, never NULL, and valid during the call only. */
struct plugin_info {
	const char *name, *version, *summary;
	uint32_t abi;
	const char *transports, *modules, *capabilities; /* ", " between */
	const char *file;
	const char *refused; /* the reason; "" when it is used */
};

/* Opens every plugin there is and calls fn for each, in the order of loading; non-zero ends that and is returned. -ENOMEM. */
int plugins_each(struct plugins *ps, int (*fn)(void *arg, const struct plugin_info *info), void *arg);
/* What is served: every row of the plugins that are used, then those of plugins that are not here. */
struct plugin_served {
	const struct miscsi_match *match;
	bool here;
};
/* fn for each; its non-zero ends that and is returned. A transport comes once. -ENOMEM. */
int plugins_each_served(struct plugins *ps, int (*fn)(void *arg, const struct plugin_served *s), void *arg);
const char *plugins_dirs(const struct plugins *ps);

#endif
