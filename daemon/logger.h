/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where iscsid's log goes: standard error or syslog, without ever waiting for its reader, which may itself wait for a lost disk.
 *
 * A line that finds no room is lost; the next line that finds some comes after one with the number of those that were lost. Any
 * thread may log.
 */
#ifndef DAEMON_LOGGER_H
#define DAEMON_LOGGER_H

#include "base/log.h"
#include <pthread.h>
#include <sys/types.h>

#define LOGGER_SYSLOG "/dev/log"

struct logger {
	pthread_mutex_t lock; /* private from here; of fd and lost */
	int fd; /* -1: none */
	bool datagrams; /* syslog */
	bool plain; /* fd is no socket */
	const char *socket;
	unsigned lost;
	pid_t writer; /* a process that writes to a file for us; 0: none */
	int ended; /* readable when the writer has ended */
};

/* Standard error. A file on a disk gets a process that writes to it. Call it before locks and sockets are there to be inherited. */
void logger_open_stderr(struct logger *l, int fd);
void logger_open_syslog(struct logger *l, const char *socket);
/* The function of a struct log whose arg is the logger. */
void logger_write(void *arg, enum log_level level, const char *module, const char *text);
/* Gives the process that writes to a file a moment to write the last lines. */
void logger_close(struct logger *l);

#endif
