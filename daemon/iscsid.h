/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iscsid: its options, its process (become.c), its work (serve.c). */
#ifndef DAEMON_ISCSID_H
#define DAEMON_ISCSID_H

#include "base/err.h"
#include "base/helper.h"
#include "base/log.h"

struct iscsid_options {
	const char *config; /* iscsid.conf */
	const char *initiator_file; /* initiatorname.iscsi */
	const char *pid_file; /* NULL: none */
	const char *socket; /* path; NULL: the default sockets */
	const char *state_dir; /* directory of the sessions' files */
	const char *sysfs; /* NULL: /sys */
	bool foreground;
	int debug;
};

/* become.c: the process. */

void become_clean(void); /* opens descriptors 0 to 2, and closes those that the caller left open; call it first */
/*
 * Drops the capabilities that iscsid does not need, and prevents core dumps, which would have secrets in them. Call it before threads
 * are made. Failures are logged.
 */
void become_confined(const struct log *log);

/*
 * Continues in the background, as a child process. The parent waits until the child calls become_ready() or exits, and exits with
 * its status. *ready is the argument of become_ready(). Call it before any thread starts. -errno.
 */
int become_daemon(int *ready);
void become_ready(int ready); /* -1: no parent waits */
/* Sends a state to systemd, which waits for READY=1 (sd_notify(3)). Without $NOTIFY_SOCKET it does nothing. A failure is logged. */
void become_notify(const struct log *log, const char *state);
/*
 * Creates the pid file and locks it; *fd must stay open until become_pid_file_remove(). -EIO: another iscsid holds the lock,
 * or our process id was not written whole; any other -errno: the file cannot be created or written. *err has the cause.
 */
int become_pid_file(const char *pid_file, int *fd, struct err *err);
void become_pid_file_remove(const char *pid_file, int fd);
/* Allows as many open files as the system lets this process have: each session over TCP has its socket. */
void become_many_files(const struct log *log);
#define BECOME_HEAP_RESERVE (192 * 1024) /* of the heap, and stays when memory is returned */
/*
 * Locks memory as it is touched, reserves some, gets more without waiting for disks, and disables the OOM killer, because root and
 * swap device may be disks of this daemon. Call it before threads and helpers are made, which inherit what they can. Failures are logged, at level debug.
 */
void become_resident(const struct log *log);
/*
 * Reads and locks the code and data of this program and of its libraries and plugins. Call it again when one may have been
 * loaded; *loaded, 0 at first, shows whether one was. Blocks only then.
 */
void become_keep_code(unsigned long long *loaded, const struct log *log);
/* Returns freed memory of the heap after that address to the kernel, but for the reserve. */
void become_trim(const void *heap);

/*
 * serve.c: runs the daemon until SIGTERM or SIGINT. Calls become_ready(ready) when it accepts requests. The zygote was started before
 * anything was opened. *hangs: a thread is left in a plugin's library, which may never return: end with _exit().
 */
int serve(const struct iscsid_options *options, const struct helper_zygote *zygote, struct log *log, int ready, bool *hangs,
	struct err *err);

#endif
