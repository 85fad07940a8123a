/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the core provides to a plugin: ops and services. Included by plugin.h.
 *
 * The life of an op. The core calls a function of an ops table with a fresh `struct miscsi_op`. The function
 *   - returns 0: done, results are in place;
 *   - returns a negative errno other than -EINPROGRESS: failed, after set_error() recorded the reason;
 *   - returns -EINPROGRESS: continues, and calls op_done(op, 0 or -errno) exactly once, later, from a callback on the loop's thread.
 * The op ends when its function returns anything other than -EINPROGRESS, when op_done() returns, or when the core cancels it: on
 * behalf of the user, or at the op's deadline (miscsi-plugin(3)), as a failure. The plugin must not use its pointer after that. Timers,
 * watches, requests, work and memory that belong to an op end with it, and their callbacks are not called any more.
 * `op->core->self` is an op that lives from start() to stop(), for work that belongs to no single call.
 */
#ifndef MISCSI_CORE_H
#define MISCSI_CORE_H

#include <miscsi/kernel.h>
#include <miscsi/macros.h>
#include <stddef.h>
#include <stdint.h>

#define MISCSI_NONE 0xffffffffu /* no host, no session, no connection */

struct miscsi_core;
struct miscsi_timer; /* opaque */
struct miscsi_watch; /* opaque */

struct miscsi_op {
	uint32_t size;
	uint32_t host_no; /* belongs to the transport: the core has verified that; or MISCSI_NONE */
	uint32_t sid, cid; /* or MISCSI_NONE */
	const char *transport; /* which row of `match` the op is for */
	const struct miscsi_core *core;
	void *state; /* set by start() */
	void *data; /* the plugin's own, for this op; NULL at first */
};

#define MISCSI_LOG_ERR 0u
#define MISCSI_LOG_WARN 1u
#define MISCSI_LOG_INFO 2u
#define MISCSI_LOG_DEBUG 3u

/* Events of watch(). */
#define MISCSI_FD_READ 1u
#define MISCSI_FD_WRITE 2u
#define MISCSI_FD_ERROR 4u /* reported always */

/* The longest key and value of result(), in bytes: longer ones are refused. Texts of log() and set_error() are cut. */
#define MISCSI_KEY_MAX 255u
#define MISCSI_VALUE_MAX 2047u
#define MISCSI_TEXT_MAX 1023u

#define MISCSI_VALUE_SECRET 1u /* the value is shown masked, whatever its key */

/* Events of event(), and what their number is. */
#define MISCSI_EVENT_SESSION_LOST 1u /* sid: its connection is gone; the core recovers the session */
#define MISCSI_EVENT_HOST_ADDED 2u /* host_no: it is ready; sessions that wait for it try to log in within a second */
#define MISCSI_EVENT_HOST_RESET 3u /* host_no: it has lost every connection; the core recovers its sessions */

typedef void (*miscsi_answer_fn)(struct miscsi_op *op, const struct miscsi_answer *answer);
typedef void (*miscsi_timer_fn)(struct miscsi_op *op, void *arg);
typedef void (*miscsi_watch_fn)(struct miscsi_op *op, void *arg, uint32_t events);
typedef void (*miscsi_work_fn)(struct miscsi_op *op, void *data);

struct miscsi_core {
	uint32_t size, abi;
	const char *version; /* of the core, for people */
	struct miscsi_op *self;

	void (*log)(struct miscsi_op *op, uint32_t level, const char *fmt, ...) MISCSI_PRINTF(3, 4);
	/* Records why the op fails: an error MISCSI_ERR_* (errors.h) and one line of text. Returns the error's errno, negated, to be returned. */
	int (*set_error)(struct miscsi_op *op, uint32_t error, const char *fmt, ...) MISCSI_PRINTF(3, 4);
	void (*op_done)(struct miscsi_op *op, int result);
	void *(*op_alloc)(struct miscsi_op *op, size_t size); /* zeroed; ends with the op; NULL: no memory */

	/* A setting of the op, as text, by its key ("iface.ipaddress"); NULL: not set. Valid until the next of these calls. */
	const char *(*setting)(struct miscsi_op *op, const char *key);
	/* All settings, one after another, from 0. Returns 0, or -ENOENT after the last one. */
	int (*setting_at)(struct miscsi_op *op, uint32_t nth, const char **key, const char **value);
	/* Results: begin row `index` (of a flash node, a CHAP entry …), then report its values. The core copies and escapes them. */
	int (*result_row)(struct miscsi_op *op, uint32_t index);
	int (*result)(struct miscsi_op *op, const char *key, const char *value, uint32_t flags);

	/* Reads a file below /sys, by relative path: text without its last newline, always terminated. Returns its length, or -errno. */
	int (*sysfs_read)(struct miscsi_op *op, const char *path, char *buf, size_t size);
	/* Calls fn for each name in a directory below /sys but . and .. ; a non-zero result of fn ends the walk and is returned. */
	int (*sysfs_list)(struct miscsi_op *op, const char *path, int (*fn)(void *arg, const char *name), void *arg);

	/*
	 * Sends one request; fn is called once with the answer. If the op ends before the answer arrives, late (may be NULL) is
	 * called instead, with op = core->self, to undo what the request created. -errno: nothing was sent, no callback follows.
	 */
	int (*request)(struct miscsi_op *op, const struct miscsi_request *request, miscsi_answer_fn fn, miscsi_answer_fn late);

	/* Calls fn once, ms from now. *slot is set, and NULL again before fn runs or when the op ends; it must not move until then. */
	int (*timer)(struct miscsi_op *op, uint32_t ms, miscsi_timer_fn fn, void *arg, struct miscsi_timer **slot);
	void (*timer_stop)(struct miscsi_timer **slot); /* does nothing if *slot is NULL */
	/* Calls fn whenever fd is ready, until unwatched; unwatch before you close it. *slot as above. */
	int (*watch)(struct miscsi_op *op, int fd, uint32_t events, miscsi_watch_fn fn, void *arg, struct miscsi_watch **slot);
	void (*unwatch)(struct miscsi_watch **slot);

	/*
	 * For a library that blocks: copies `size` bytes of data, calls run(copy) on the plugin's own thread, and then done(op, copy)
	 * on the loop's. There is one such thread for each plugin, and its work is done in order. run() must use neither op nor core. If
	 * the op ends before, run() is not called, or late(core->self, copy) (may be NULL) is called instead of done(), to undo it.
	 */
	int (*work)(struct miscsi_op *op, const void *data, size_t size, void (*run)(void *data), miscsi_work_fn done,
		miscsi_work_fn late);
	/* Reports a MISCSI_EVENT_* about a session or host of the plugin's. -EOPNOTSUPP: this program keeps no sessions; -ENODEV. */
	int (*event)(struct miscsi_op *op, uint32_t event, uint32_t number);
	/* 1 if this program knows the trait ("UIO"), op ("ping.send") or member of this structure ("work"); else 0. */
	int (*has)(struct miscsi_op *op, const char *name);
	uint32_t minor; /* MISCSI_MINOR of the headers that the program was built with */
	uint32_t reserved;
	/* The path of a directory for state of the plugin's own, made at the first call; empty after a reboot, shared by the programs, for root
	 * alone. Using it never waits for a disk. NULL: this program or user has none; the plugin must work without. */
	const char *(*state_dir)(struct miscsi_op *op);
};

#endif
