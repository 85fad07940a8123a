/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection's machine and the session's as data: their table files, with the functions that these name. */
#include "session/actions.h"

#define CONN_SAME FSM_SAME
#define MACHINE_FILE "session/connection.def"
#define MACHINE_SYMBOL conn_machine
#define MACHINE_TITLE "connection"
#define MACHINE_ST(name) CONN_##name
#define MACHINE_EV(name) CONN_EV_##name
#define MACHINE_UNLISTED CONN_EV_FAILED
#include "base/machine.h"

#define SESS_SAME FSM_SAME
#define MACHINE_FILE "session/session.def"
#define MACHINE_SYMBOL sess_machine
#define MACHINE_TITLE "session"
#define MACHINE_ST(name) SESS_##name
#define MACHINE_EV(name) SESS_EV_##name
#define MACHINE_UNLISTED SESS_EV_BAD
#include "base/machine.h"
