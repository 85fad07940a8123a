/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: drops, formats and hands lines to the writer that the program chose.
 *
 * Nothing here is kept between lines, so any thread may log. The program decides where lines go, since core/ does not print.
 */
#include "config.h"
#include "base/log.h"
#include <stdio.h>
#include <string.h>

/* One line: longer ones are cut. */
#define LINE_MAX_BYTES 1024

void log_to_stderr(void *arg, enum log_level level, const char *module, const char *text)
{
	const char *program = arg;

	(void)level;
	(void)module;
	/* One call for a whole line: programs that share stderr do not tear each other's lines. */
	if (program)
		fprintf(stderr, "%s: %s\n", program, text);
	else
		fprintf(stderr, "%s\n", text);
}

static bool is_debugged(const struct log *log, const char *module)
{
	size_t len = module ? strlen(module) : 0, n;

	for (const char *at = log->debug; at && *at; at += n + (at[n] == ',')) {
		n = strcspn(at, ",");
		if (n && n == len && strncmp(at, module, n) == 0)
			return true;
	}
	return false;
}

/* The level is checked first: most lines of a daemon are for debugging, and are never formatted. */
void log_write(const struct log *log, enum log_level level, const char *module, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES];
	va_list ap;
	int len;

	if (!log || !log->write || (level > log->level && !is_debugged(log, module)))
		return;
	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len >= 0)
		log->write(log->arg, level, module, text);
}

/* The 1st, 2nd, 4th, 8th … time: a failure that repeats for days makes some twenty lines. */
bool log_worth(unsigned *count)
{
	unsigned n = *count + 1;

	/* Stays at the highest power of two rather than coming round to 0 and being loud again. */
	if (!n)
		return false;
	*count = n;
	return (n & (n - 1)) == 0;
}
