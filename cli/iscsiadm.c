/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iscsiadm: reads its words, makes the context from the environment and the system, and runs one mode.
 *
 * os-brick searches the program file for "node.session.scan" before it uses manual scans. The table of settings has that string,
 * so the program must stay one binary, not a script or a link to a multi-call program.
 */
#include "config.h"

#include "command.h"
#include "complete.h"
#include "out_json.h"
#include "out_text.h"

#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One handler for each row of modes.def. */
static int (*const commands[])(const struct command *) = {
	[ARGS_MODE_NONE] = command_kill,
#define MODE(symbol, ...) [ARGS_MODE_##symbol] = command_##symbol,
#include "modes.def"
};

/*
 * Without -d only mistakes in files are reported: scripts regard any text on stderr as a failure. -d 0 hides these too; 1 and 2 print
 * what is done, 3 to 8 everything.
 */
static enum log_level log_level_of(const struct args *a)
{
	static const enum log_level levels[] = { LOG_LEVEL_ERR, LOG_LEVEL_INFO, LOG_LEVEL_INFO };

	if (!a->given[ARGS_debug])
		return LOG_LEVEL_WARN;
	return a->debug < 3 ? levels[a->debug] : LOG_LEVEL_DEBUG;
}

/* The next step where there is an obvious one. For people only: to programs, more lines on stderr would be another error. */
static void print_hint(const struct args *a, int status)
{
	static const struct {
		int status;
		enum args_mode mode; /* NONE: any */
		bool selected; /* only with -T or -p */
		const char *text;
	} hints[] = {
		{ MISCSI_ERR_ISCSID_NOTCONN, ARGS_MODE_NONE, false, "start the daemon: systemctl start iscsid" },
		{ MISCSI_ERR_ACCESS, ARGS_MODE_NONE, false, "run iscsiadm as root" },
		{ MISCSI_ERR_TRANS_NOT_FOUND, ARGS_MODE_NONE, false,
			"'iscsiadm -m transport' shows which plugin or kernel module is missing" },
		{ MISCSI_ERR_LOGIN_AUTH_FAILED, ARGS_MODE_node, false,
			"set or correct the CHAP user name and secret (iscsiadm asks for the secret): iscsiadm -m node -T TARGET "
			"-o update "
			"-n node.session.auth.authmethod -v CHAP -n node.session.auth.username -v USER -n "
			"node.session.auth.password -v -" },
		{ MISCSI_ERR_IDBM, ARGS_MODE_discovery, false,
			"to discover targets, add the type of discovery: iscsiadm -m discovery -t st -p ADDRESS" },
		{ MISCSI_ERR_NO_OBJS_FOUND, ARGS_MODE_node, true,
			"'iscsiadm -m node' lists the existing records; a discovery adds more: iscsiadm -m discovery -t st "
			"-p ADDRESS" },
		{ MISCSI_ERR_NO_OBJS_FOUND, ARGS_MODE_node, false,
			"discover targets first: iscsiadm -m discovery -t st -p ADDRESS" },
		{ MISCSI_ERR_NO_OBJS_FOUND, ARGS_MODE_session, false, "log in to a target first: iscsiadm -m node -T TARGET -l" },
		{ MISCSI_ERR_NO_OBJS_FOUND, ARGS_MODE_fw, false,
			"load the kernel module that reads the boot targets of the BIOS or UEFI: modprobe iscsi_ibft" },
	};

	/* without a session there is nothing to log out of, and no reason to log in */
	if (status == MISCSI_ERR_NO_OBJS_FOUND &&
		(a->given[ARGS_logout] || a->given[ARGS_logoutall] || a->given[ARGS_rescan] || a->given[ARGS_stats]))
		return;
	for (size_t i = 0; isatty(STDERR_FILENO) && i < ARRAY_SIZE(hints); i++) {
		if (hints[i].status == status && (hints[i].mode == ARGS_MODE_NONE || hints[i].mode == a->in_mode) &&
			(!hints[i].selected || a->targetname || a->portal)) {
			out_error("hint: %s", hints[i].text);
			return;
		}
	}
}

/* secure_getenv(), because a privileged program must not be directed to another database or daemon. */
static struct context_config context_of_environment(const struct log *log)
{
	return (struct context_config){ .home = secure_getenv("MISCSI_HOMEDIR"),
		.sysfs = secure_getenv("MISCSI_SYSFS"),
		.socket = secure_getenv("MISCSI_SOCKET"),
		.log = log };
}

static void end_context(struct context *context, int status)
{
	if (context_free(context))
		return;
	fflush(NULL);
	_exit(status);
}

static int run_mode(struct args *a, FILE *json)
{
	static const char program[] = "iscsiadm";
	struct log log = { log_level_of(a), log_to_stderr, (void *)program, secure_getenv("MISCSI_DEBUG") };
	struct context_config config = context_of_environment(&log);
	struct err err = ERR_INIT;
	char what[160];
	int status, interrupt = -1;
	struct command c = { .args = a, .err = &err, .json = json, .interrupt = &interrupt };

	config.may_start = a->in_mode != ARGS_MODE_NONE;
	if (context_new(&config, &c.context) < 0)
		return command_fail(-ENOMEM, &err);
	log_info(&log, "iscsiadm", "%s", args_action_text(a, what, sizeof(what)));
	status = args_read_secrets(a, &err);
	if (status >= 0)
		command_warn_of_secrets(&c);
	if (status >= 0)
		status = commands[a->in_mode](&c);
	if (status < 0)
		status = command_fail(status, &err);
	print_hint(a, status);
	if (json)
		out_json_exit(json, status, &err);
	end_context(c.context, status);
	file_close(&interrupt);
	return status;
}

/* Candidates for a shell; none if there is an error. */
static int run_complete(char *const *words, int n)
{
	const struct log silent = { .level = LOG_LEVEL_ERR };
	struct context_config config = context_of_environment(&silent);
	struct context *context;

	if (context_new(&config, &context) < 0)
		return MISCSI_ERR_NOMEM;
	complete_run(context, words, n);
	end_context(context, 0);
	return 0;
}

/*
 * Where JSON goes: the standard output. The text that the same code prints goes nowhere, but on standard error -d keeps it, with the
 * log. NULL: -ENOMEM.
 */
static FILE *separate_json(const struct args *a)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	FILE *json = fd < 0 ? NULL : fdopen(fd, "w");

	if (!json || !freopen("/dev/null", "w", stdout) || (!a->given[ARGS_debug] && !freopen("/dev/null", "w", stderr)))
		return NULL;
	return json;
}

/* A client on a full disk would otherwise read half a list with exit status 0. */
static int end_output(FILE *to, int status)
{
	if (fflush(to) == 0 || status != 0)
		return status;
	out_error("cannot write to standard output, so the output is incomplete: %s", strerror(errno));
	return MISCSI_ERR_GENERIC;
}

/* The umask is for new files, which may hold secrets. */
int main(int argc, char **argv)
{
	struct args a;
	struct err err = ERR_INIT;
	FILE *json = NULL;
	int rc, status = 0;

	umask(0077);
	if (argc > 1 && !strcmp(argv[1], "--complete"))
		return end_output(stdout, run_complete(argv + 2, argc - 2));
	rc = args_parse(&a, argc, argv, &err);
	if (a.json && !a.help && !a.version && !(json = separate_json(&a)))
		return MISCSI_ERR_INTERNAL;
	if (rc < 0) {
		status = command_fail(rc, &err);
		if (json)
			out_json_exit(json, status, &err);
	} else if (a.help) {
		args_usage(stdout, a.in_mode);
	} else if (a.version) {
		printf("iscsiadm version %s\n", PACKAGE_VERSION);
	} else {
		status = run_mode(&a, json);
	}
	args_free(&a);
	return end_output(json ? json : stdout, status);
}
