/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of the engine share: a manager on a made-up kernel and a made-up /sys, a clock that the test moves, and a target
 * of a few lines behind the kernel. Only the connection is real: to a listening socket on the loopback.
 */
#ifndef TESTS_SESSION_FIXTURE_H
#define TESTS_SESSION_FIXTURE_H

#include "base/worker.h"
#include "fake_kernel.h"
#include "fake_sys.h"
#include "kernel/scan.h"
#include "record/record.h"
#include "session/manager.h"
#include "session/session.h"
#include "target.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <unistd.h>

#define TARGET "iqn.2026-11.example:disk"

struct session_fixture {
	struct loop *loop;
	struct fake_kernel *fk;
	struct kernel *kernel;
	struct fake_sys sys;
	struct scanner *scanner;
	struct worker_pool *workers;
	struct helper_pool *helpers;
	struct plugins *plugins;
	struct engine engine; /* of these */
	struct manager *m;
	struct log log;
	char dir[64]; /* of the sessions' files */
	uint64_t now;
	int listener;
	int accepted[256]; /* the target's ends of the last connections; 0: none */
	unsigned n_accepted;
	uint16_t port;
	/* The target: how it answers the next logins, and the logout. */
	uint8_t status_class, status_detail;
	bool nameless; /* this machine has no initiator name */
	bool silent, silent_logout; /* it does not answer */
	bool group; /* it is target portal group 2, not 1 */
	const char *redirect; /* the text of a redirection */
	bool redirect_stays; /* it is a permanent one */
	unsigned logins, logouts; /* requests that it saw */
	_Atomic bool hold_start; /* the kernel does not come back from START_CONN while this stands */
};

/* Adopts all sessions as iscsid does, a few at a time. Their number; -errno. */
int fixture_adopt(struct session_fixture *w);
/* A request, and what came of it. */
struct asked {
	struct manager_request request;
	struct manager_result result;
	char text[ERR_TEXT_MAX];
	unsigned done;
};

void fixture_new(struct session_fixture *w);
void fixture_free(struct session_fixture *w);
void fixture_plugins(
	struct session_fixture *w, const char *dir, const char *only); /* the manager anew, with this one plugin in dir */
void fixture_plugin_file(const char *dir, const char *name); /* puts one there */
/* The same for cmocka: a fresh fixture is the test's state. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
struct record *fixture_node(const struct session_fixture *w); /* of TARGET at the listener */
/* Runs the loop, moving the clock by step_ms each round, until *count is n, or fails the test after limit_ms of its clock. */
void fixture_until(struct session_fixture *w, const unsigned *count, unsigned n, uint64_t step_ms, uint64_t limit_ms);
void fixture_hang_up(struct session_fixture *w); /* the target closes all connections; the kernel does not tell of it */
void fixture_run(struct session_fixture *w, uint64_t ms); /* so long by the test's clock */
void fixture_login(struct session_fixture *w, const struct record *node, struct asked *a);
void fixture_logout(struct session_fixture *w, uint32_t sid, struct asked *a);
void fixture_asked(struct asked *a);
unsigned fixture_count(struct session_fixture *w, uint32_t number); /* requests of that kind so far */
struct session *fixture_session(struct session_fixture *w); /* the only one */
/* The session of this number as manager_each() shows it; 0: the only session. */
struct manager_session fixture_shown(struct session_fixture *w, uint32_t sid);
/* As fixture_until(), until the session was lost and restored n times. */
void fixture_reconnected(struct session_fixture *w, uint32_t sid, unsigned n, uint64_t step_ms, uint64_t limit_ms);
void fixture_event(struct session_fixture *w, uint32_t type, uint32_t a, uint32_t b, uint32_t c);

#endif
