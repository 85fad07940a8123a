/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iscsid: the daemon that owns the sessions. Options, the log, and the order of beginning and end. */
#include "config.h"
#include "daemon/iscsid.h"
#include "base/helper.h"
#include "daemon/logger.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PID_FILE "/run/iscsid.pid"
#define STATE_DIR "/run/miscsi/sessions"

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "initiatorname", required_argument, NULL, 'i' },
	{ "foreground", no_argument, NULL, 'f' },
	{ "debug", required_argument, NULL, 'd' },
	{ "pid", required_argument, NULL, 'p' },
	{ "no-pid-file", no_argument, NULL, 'n' },
	{ "socket", required_argument, NULL, 's' },
	{ "state", required_argument, NULL, 'S' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
	"usage: iscsid [OPTION]...\n"
	"  -c, --config=FILE         configuration file [" HOME_DIR "/iscsid.conf]\n"
	"  -i, --initiatorname=FILE  file with the initiator name [" HOME_DIR "/initiatorname.iscsi]\n"
	"  -f, --foreground          run in the foreground and log to standard error\n"
	"  -d, --debug=LEVEL         log level: 0 errors and warnings, 1 to 3 also state changes, 4 to 8 everything [1]\n"
	"  -p, --pid=FILE            file for the process id [" PID_FILE "]\n"
	"  -n, --no-pid-file         write no file with the process id\n"
	"  -s, --socket=PATH         socket to listen on, instead of the default ones\n"
	"      --state=DIR           directory for the state of sessions between two runs [" STATE_DIR "]\n"
	"  -h, --help                print this and exit\n"
	"  -v, --version             print the version and exit\n";

static void set_debug(const char *text, struct iscsid_options *o)
{
	char *end;
	long level = strtol(text, &end, 10);

	if (end == text || *end || level < 0 || level > 8) {
		fprintf(stderr, "iscsid: invalid log level '%s': -d requires a number from 0 to 8\n", text);
		exit(MISCSI_ERR_INVAL);
	}
	o->debug = (int)level;
}

/* Sets one option; --help and --version end the program. */
static void set_option(int opt, const char *value, struct iscsid_options *o)
{
	switch (opt) {
	case 'c':
		o->config = value;
		break;
	case 'i':
		o->initiator_file = value;
		break;
	case 'f':
		o->foreground = true;
		break;
	case 'd':
		set_debug(value, o);
		break;
	case 'p':
		o->pid_file = value;
		break;
	case 'n':
		o->pid_file = NULL;
		break;
	case 's':
		o->socket = value;
		break;
	case 'S':
		o->state_dir = value;
		break;
	case 'h':
		fputs(usage, stdout);
		exit(0);
	case 'v':
		puts("iscsid version " PACKAGE_VERSION);
		exit(0);
	default:
		fputs("Try 'iscsid --help'\n", stderr);
		exit(MISCSI_ERR_INVAL);
	}
}

/* Logs to stderr in the foreground, otherwise to syslog. The levels 0 to 8 of iscsiadm map to three. */
static void start_log(const struct iscsid_options *o, struct logger *logger, struct log *log)
{
	log->level = o->debug == 0 ? LOG_LEVEL_WARN : o->debug < 4 ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
	log->write = logger_write;
	log->arg = logger;
	log->debug = secure_getenv("MISCSI_DEBUG");
	if (o->foreground)
		logger_open_stderr(logger, STDERR_FILENO);
	else
		logger_open_syslog(logger, LOGGER_SYSLOG);
}

int main(int argc, char **argv)
{
	struct iscsid_options options = {
		.config = HOME_DIR "/iscsid.conf",
		.initiator_file = HOME_DIR "/initiatorname.iscsi",
		.pid_file = PID_FILE,
		.state_dir = STATE_DIR,
		.debug = 1,
	};
	struct err err = ERR_INIT;
	struct helper_zygote zygote = { 0 };
	struct logger logger;
	struct log log;
	int ready = -1, pid_fd = -1, opt, rc = 0;
	bool hangs = false;

	become_clean();
	while ((opt = getopt_long(argc, argv, "c:i:fd:p:ns:hv", long_options, NULL)) != -1)
		set_option(opt, optarg, &options);
	if (optind < argc) {
		fprintf(stderr,
			"iscsid: unexpected argument '%s': iscsid accepts only options, which begin with '-' (iscsid --help "
			"lists them)\n",
			argv[optind]);
		return MISCSI_ERR_INVAL;
	}
	start_log(&options, &logger, &log);
	become_confined(&log);
	if (!options.foreground && (rc = become_daemon(&ready)) < 0)
		rc = err_sys(
			&err, MISCSI_ERR_INTERNAL, -rc, "cannot continue in the background (-f keeps iscsid in the foreground)");
	if (rc == 0)
		become_resident(&log);
	if (rc == 0 && (rc = helper_zygote_start(&zygote)) < 0)
		rc = err_sys(&err, MISCSI_ERR_INTERNAL, -rc,
			"iscsid cannot start, because the process that makes its helper processes cannot be started");
	if (rc == 0 && options.pid_file)
		rc = become_pid_file(options.pid_file, &pid_fd, &err);
	if (rc == 0)
		rc = serve(&options, &zygote, &log, ready, &hangs, &err);
	if (options.pid_file)
		become_pid_file_remove(options.pid_file, pid_fd);
	if (rc < 0) {
		if (!options.foreground) /* the log goes to syslog */
			fprintf(stderr, "iscsid: %s\n", err.text);
		log_err(&log, "iscsid", "%s", err.text);
	}
	logger_close(&logger);
	rc = rc < 0 ? (int)err.code : 0;
	if (hangs)
		_exit(rc);
	return rc;
}
