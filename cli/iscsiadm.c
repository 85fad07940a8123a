/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iscsiadm: reads its words, makes the context from the environment and the system, and runs one mode.
 *
 * os-brick searches the program file for "node.session.scan" before it uses manual scans. The table of settings has that string,
 * so the program must stay one binary, not a script or a link to a multi-call program.
 */
#include "config.h"

#include "command.h"
#include "out_text.h"

#include "base/file.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One handler for each row of modes.def. */
static int (*const commands[])(const struct command *) = {
	[ARGS_MODE_NONE] = command_kill,
#define MODE(symbol, ...) [ARGS_MODE_##symbol] = command_##symbol,
#include "modes.def"
};

/* -d 0 to 8. Without it stderr stays empty on success, because scripts regard any text there as a failure. */
static enum log_level log_level_of(long debug)
{
	static const enum log_level levels[] = { LOG_LEVEL_ERR, LOG_LEVEL_WARN, LOG_LEVEL_INFO };

	return debug < 3 ? levels[debug] : LOG_LEVEL_DEBUG;
}

/* secure_getenv(), because a privileged program must not be directed to another database or daemon. */
static int run_mode(const struct args *a)
{
	static const char program[] = "iscsiadm";
	struct log log = { log_level_of(a->debug), log_to_stderr, (void *)program };
	struct context_config config = { .home = secure_getenv("MISCSI_HOMEDIR"),
		.sysfs = secure_getenv("MISCSI_SYSFS"),
		.socket = secure_getenv("MISCSI_SOCKET"),
		.may_start = a->in_mode != ARGS_MODE_NONE,
		.log = &log };
	struct err err = ERR_INIT;
	int status, interrupt = -1;
	struct command c = { .args = a, .err = &err, .interrupt = &interrupt };

	if (context_new(&config, &c.context) < 0)
		return command_fail(-ENOMEM, &err);
	status = commands[a->in_mode](&c);
	if (status < 0)
		status = command_fail(status, &err);
	context_free(c.context);
	file_close(&interrupt);
	return status;
}

/*
 * The umask is for new files, which may hold secrets. A failure to write stdout is an error, since otherwise a client on a full
 * disk would read half a list with exit status 0.
 */
int main(int argc, char **argv)
{
	struct args a;
	struct err err = ERR_INIT;
	int rc = args_parse(&a, argc, argv, &err), status = 0;

	umask(0077);
	if (rc < 0) {
		status = command_fail(rc, &err);
	} else if (a.help) {
		args_usage(stdout, a.in_mode);
	} else if (a.version) {
		printf("iscsiadm version %s\n", PACKAGE_VERSION);
	} else {
		status = run_mode(&a);
	}
	args_free(&a);
	if (fflush(stdout) != 0 && status == 0) {
		out_error("cannot write to standard output: %s", strerror(errno));
		status = MISCSI_ERR_GENERIC;
	}
	return status;
}
