/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The conformance kit: each part runs in a process of its own, and reports what breaks a rule of clauses.def. */
#ifndef TESTS_KIT_H
#define TESTS_KIT_H

#include "plugin/transport.h"
#include <stdbool.h>

enum clause {
#define CLAUSE(name, number, force, text) CLAUSE_##name,
#include "tests/kit/clauses.def"
#undef CLAUSE
	CLAUSES
};

/* Reports that the plugin breaks a rule; the text names the call and its input. */
void kit_breaks(enum clause clause, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What is being done, for the report of a crash or a hang: kept in memory that outlives the process. */
void kit_doing(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The file alone: symbols, binding, relocations. */
void elf_rules(const char *file);

/* Settings of the plugin's own: the value that a user has set with pick 1 … fields_picks(); NULL: none is set, as with pick 0. */
unsigned fields_picks(const struct plugin *p);
const char *fields_pick(const struct plugin *p, const char *key, unsigned pick);
void kit_field_read(unsigned nth); /* the plugin has read it */

/* ---- a made-up core, with a kernel and a /sys ---- */

enum kernel_mood { KERNEL_WELL, KERNEL_REFUSES, KERNEL_LIES, KERNEL_SILENT, KERNEL_MOODS };

struct world {
	const char *file;
	const char *dir; /* its /sys */
	uint64_t now;
	enum kernel_mood mood;
	int errnum; /* of KERNEL_REFUSES */
	struct loop *loop;
	struct log log;
	struct kernel *kernel;
	struct sysfs *sysfs;
	struct plugins *ps;
};

/* Loads the plugin into a world whose /sys is the empty directory dir; false: it was reported. */
bool world_open(struct world *w, const char *file, const char *dir);
void world_remove(const char *dir);
void world_close(struct world *w);
/* A host 0 of that transport. */
void world_host(struct world *w, const struct transport *t);
/* The plugin's own thread has work. */
bool world_works(const struct world *w);
/* The nth malloc() from now fails, in the plugin or the core; 0: none does. */
void world_fail_at(unsigned long nth);

/* One part for each op: names it, or NULL after the last one. */
#define OPS_MAX 32
const char *ops_part(unsigned nth);
bool ops_has(const struct world *w, unsigned nth); /* the plugin has it for one of its transports */
/* The functions that are called at once, without an op that may continue. */
void ops_calls(struct world *w);
/* Runs that op with good, bad and hostile input, cancels, a kernel in every mood, and failing allocations. */
void ops_run(struct world *w, unsigned nth);

#endif
