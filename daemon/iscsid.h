/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iscsid: its options, how it becomes a daemon, and what it serves. */
#ifndef DAEMON_ISCSID_H
#define DAEMON_ISCSID_H

#include "base/err.h"
#include "base/log.h"

struct iscsid_options {
	const char *config; /* iscsid.conf */
	const char *initiator_file; /* initiatorname.iscsi */
	const char *pid_file; /* NULL: none */
	const char *socket; /* path; NULL: the usual ones */
	const char *state_dir; /* for the sessions' files */
	const char *sysfs; /* NULL: /sys */
	bool foreground;
	int debug;
};

/* become.c: the process. */

/*
 * Goes on in the background, as a child; the parent stays until become_ready() or the child's end, and exits with its status. *ready is for
 * become_ready(). Before any thread is made.
 */
int become_daemon(int *ready);
void become_ready(int ready); /* -1: nothing waits */
/* Makes the pid file and keeps it locked: -EAGAIN when another iscsid has it. *fd stays open until the end. */
int become_pid_file(const char *pid_file, int *fd, struct err *err);
void become_pid_file_remove(const char *pid_file, int fd);
/* Not swapped out, not killed for memory: the disk it would be swapped to may be its own. Best effort. */
void become_resident(const struct log *log);
/* Gives memory back that was freed. */
void become_trim(void);

/* serve.c: everything from the loop to the sessions, until SIGTERM or SIGINT. Calls become_ready(ready) when requests are taken. */
int serve(const struct iscsid_options *options, struct log *log, int ready, struct err *err);

#endif
