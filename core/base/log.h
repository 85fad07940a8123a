/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log. The program makes one object, chooses where it writes, and passes it down.
 *
 * Lines are "LEVEL MODULE: text"; callers must escape text of outside origin (str_escape). Logging does not report failures.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>

enum log_level { LOG_LEVEL_ERR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log {
	enum log_level level; /* less urgent lines are dropped before they are formatted */
	void (*write)(void *arg, enum log_level level, const char *module, const char *text);
	void *arg;
	const char *debug; /* modules of which every line is written, "tcp,session"; NULL: none */
};

/* A writer for commands: to stderr as "PROGRAM: text" (arg: the program's name). It may block. */
void log_to_stderr(void *arg, enum log_level level, const char *module, const char *text);

/* A NULL log drops everything. */
void log_write(const struct log *log, enum log_level level, const char *module, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#define log_err(log, module, ...) log_write(log, LOG_LEVEL_ERR, module, __VA_ARGS__)
#define log_warn(log, module, ...) log_write(log, LOG_LEVEL_WARN, module, __VA_ARGS__)
#define log_info(log, module, ...) log_write(log, LOG_LEVEL_INFO, module, __VA_ARGS__)
#define log_debug(log, module, ...) log_write(log, LOG_LEVEL_DEBUG, module, __VA_ARGS__)

/*
 * For a repeated failure: returns true the 1st, 2nd, 4th, 8th … time. The owner of *count zeroes it when the failure ends.
 */
bool log_worth(unsigned *count);

#endif
