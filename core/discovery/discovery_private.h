/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a discovery: its machine (discovery.c) and its actions (discovery_login.c, discovery_paths.c). */
#ifndef DISCOVERY_DISCOVERY_PRIVATE_H
#define DISCOVERY_DISCOVERY_PRIVATE_H

#include "kernel/kernel.h"
#include "proto/login.h"
#include "proto/sendtargets.h"
#include "link/credentials.h"
#include "link/dial.h"
#include "link/engine.h"
#include "link/pdu_channel.h"
#include "discovery/discovery.h"
#include "base/fsm.h"
#include "link/paths.h"

enum disc_state {
#define MACHINE_STATE(name, rfc, doc) DISC_##name,
#include "discovery/discovery.def"
#undef MACHINE_STATE
	DISC_STATES
};

enum disc_event {
	DISC_EV_NONE,
#define MACHINE_EVENT(name, doc) DISC_EV_##name,
#include "discovery/discovery.def"
#undef MACHINE_EVENT
	DISC_EVENTS
};

extern const struct fsm discovery_machine;

struct discovery {
	struct discovery_config config;
	struct fsm_run run;
	void (*done)(void *arg, int result, const struct err *err);
	void *done_arg;
	struct dial dial; /* its op holds the binding until the channel has it */
	struct loop_timer timer;
	struct loop_task begin;
	struct portal portal; /* the one being discovered: the configured one, or a redirect's */
	char address[64]; /* its numeric address, for messages */
	struct credentials *credentials; /* secrets from files, for all attempts; NULL: no files */
	unsigned redirects, retries;
	bool found_some; /* in this attempt */
	bool told; /* the attempt's failure was reported to the user */
	struct pdu_channel *pdu_channel;
	struct login *login;
	struct login_result result;
	struct sendtargets *ask;
	uint64_t ask_end; /* on the loop's clock: limit of the text exchange */
	const struct iscsi_pdu *pdu; /* the one being handled */
	struct kernel_listener path_listener;
	struct paths paths;
	bool answers_paths; /* path_listener and paths are in use */
	char setting[256]; /* the last one requested, as text */
	int stopped; /* found()'s -errno */
	struct err err; /* why the attempt failed */
};

/* discovery_paths.c: during the whole discovery. -errno: path requests cannot be answered. */
int discovery_answer_paths(struct discovery *d, struct err *err);
void discovery_leave_paths(struct discovery *d);
void discovery_op(struct discovery *d, struct transport_op *op); /* adds the iface's settings to op */

/* discovery.c */
void discovery_event(struct discovery *d, enum disc_event event);
void discovery_clear(struct discovery *d); /* frees the resources of an attempt */
void discovery_arm(struct discovery *d, int64_t seconds); /* TIMEOUT follows; 0: after a minute */
void discovery_message(struct discovery *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int discovery_failed(struct discovery *d, enum miscsi_error code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4))); /* returns FAILED */
/* Returns NONE or FAILED. */
int discovery_send(struct discovery *d, const struct iscsi_pdu *pdu);

/* Guards and actions of the table. */
bool discovery_has_address(const void *machine);
bool discovery_by_firmware(const void *machine); /* the firmware logs in and out */
bool discovery_may_pass(const void *machine);
bool discovery_may_retry(const void *machine);
bool discovery_has_files(const void *machine); /* of CHAP secrets */
int discovery_read(void *machine);
int discovery_read_late(void *machine);
int discovery_resolve(void *machine);
int discovery_connect(void *machine);
int discovery_wait(void *machine);
int discovery_again(void *machine);
int discovery_fail(void *machine);
int discovery_exceeded(void *machine);
int discovery_succeed(void *machine);
int discovery_too_late(void *machine);
int discovery_login(void *machine);
int discovery_login_pdu(void *machine);
int discovery_ask(void *machine);
int discovery_answer_pdu(void *machine);
int discovery_logout(void *machine);
int discovery_logout_pdu(void *machine);

#endif
