/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of the engine share: a manager on a made-up kernel and a made-up /sys, a clock that the test moves, and a target
 * of a few lines behind the kernel. Only the connection is real: to a listening socket on the loopback.
 */
#ifndef TESTS_SESSION_WORLD_H
#define TESTS_SESSION_WORLD_H

#include "base/worker.h"
#include "fake_kernel.h"
#include "fake_sys.h"
#include "kernel/scan.h"
#include "record/record.h"
#include "session/session.h"
#include "target.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <unistd.h>

#define TARGET "iqn.2026-11.example:disk"

struct session_world {
	struct loop *loop;
	struct fake_kernel *fk;
	struct kernel *kernel;
	struct fake_sys sys;
	struct scanner *scanner;
	struct worker_pool *workers;
	struct plugins *plugins;
	struct manager *m;
	struct log log;
	char dir[64]; /* of the sessions' files */
	uint64_t now;
	int listener;
	uint16_t port;
	/* The target: how it answers the next logins, and the logout. */
	uint8_t status_class, status_detail;
	bool nameless; /* this machine has no initiator name */
	bool silent, silent_logout; /* it does not answer */
	const char *redirect; /* the text of a redirection */
	bool redirect_stays; /* it is a permanent one */
	unsigned logins, logouts; /* requests that it saw */
	_Atomic bool hold_start; /* the kernel does not come back from START_CONN while this stands */
};

/* A request, and what came of it. */
struct asked {
	struct manager_request request;
	struct manager_result result;
	char text[ERR_TEXT_MAX];
	unsigned done;
};

void world_new(struct session_world *w);
void world_free(struct session_world *w);
void world_plugins(
	struct session_world *w, const char *dir, const char *only); /* the manager anew, with this one plugin in dir */
void world_plugin_file(const char *dir, const char *name); /* puts one there */
/* The same for cmocka: a fresh world is the test's state. */
int world_setup(void **state);
int world_teardown(void **state);
struct record *world_node(const struct session_world *w); /* of TARGET at the listener */
/* Runs the loop, moving the clock by step_ms each round, until *count is n, or fails the test after limit_ms of its clock. */
void world_until(struct session_world *w, const unsigned *count, unsigned n, uint64_t step_ms, uint64_t limit_ms);
void world_run(struct session_world *w, uint64_t ms); /* so long by the test's clock */
void world_login(struct session_world *w, const struct record *node, struct asked *a);
void world_logout(struct session_world *w, uint32_t sid, struct asked *a);
void world_asked(struct asked *a);
unsigned world_count(struct session_world *w, uint32_t number); /* requests of that kind so far */
struct session *world_session(struct session_world *w); /* the only one */
void world_event(struct session_world *w, uint32_t type, uint32_t a, uint32_t b, uint32_t c);

#endif
