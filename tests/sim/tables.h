/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of the connection and the session with a model of the kernel (tables_model.c), for the search in tables.c. */
#ifndef SIM_TABLES_H
#define SIM_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum conn_state {
#define MACHINE_STATE(name, ...) C_##name,
#include "session/connection.def"
#undef MACHINE_STATE
	C_STATES
};
enum sess_state {
#define MACHINE_STATE(name, ...) S_##name,
#include "session/session.def"
#undef MACHINE_STATE
	S_STATES
};
enum conn_event {
	CE_NONE,
#define MACHINE_EVENT(name, doc) CE_##name,
#include "session/connection.def"
#undef MACHINE_EVENT
	C_EVENTS
};
enum sess_event {
	SE_NONE,
#define MACHINE_EVENT(name, doc) SE_##name,
#include "session/session.def"
#undef MACHINE_EVENT
	S_EVENTS
};

enum kernel { K_NONE, K_MADE, K_BOUND, K_UP, K_BROKEN, K_DYING, K_GONE };
enum job { J_NONE, J_BIND, J_START, J_STOP, J_UNBIND, J_DESTROY };
enum wait { W_READ = 1, W_LOOK = 2, W_CONNECT = 4, W_PDU = 8, W_FW = 16, W_FW_LOGOUT = 32, W_CHECK = 64 };

struct model {
	uint8_t conn, sess, kernel, job, wait;
	uint8_t retry, timer, start, unbinding; /* unbinding: 1 the kernel is at it, 2 done */
	uint32_t postponed;
	bool busy; /* only within a step */
};

/* What the guards of these names return, and the event for which the last step had no row (0: none). */
struct model_world {
	bool firmware, files;
	unsigned refused;
	bool healthy; /* each choice has its first outcome, which is the good one */
};
extern struct model_world model_world;

/*
 * A step has outcomes that are chosen. model_first() begins with the first outcome of each; the step is run again with
 * model_again() as long as model_next_path() finds another one.
 */
void model_first(void);
void model_again(void);
bool model_next_path(void);

/* Something that may happen; false: not in this state. */
struct move {
	const char *name;
	bool (*fn)(struct model *m);
	bool dead, healthy; /* it happens with a dead target, with a healthy one */
};
extern const struct move model_moves[];
extern const size_t model_moves_count;
bool model_deliver(struct model *m);
bool model_timeout(struct model *m);
void model_print(const struct model *m);
const char *model_event_name(unsigned event);

#endif
