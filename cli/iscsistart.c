/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iscsistart: logs in to boot targets, without a daemon and without a database. */
#include "config.h"

#include "base/mem.h"
#ifdef STATIC_PROGRAM
#include "linked_static.h"
#endif
#include "modes/boot.h"
#include "modes/boot_network.h"
#include "modes/firmware_mode.h"
#include "modes/plugin_settings.h"
#include "out_text.h"
#include "proto/name.h"
#include "proto/portal.h"
#include "record/settings.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char program[] = "iscsistart";

#define START_PARAMS_MAX 64

enum start_option {
	START_INITIATOR,
	START_TARGET,
	START_TPGT,
	START_ADDRESS,
	START_PORT,
	START_USER,
	START_PASSWORD,
	START_USER_IN,
	START_PASSWORD_IN,
	START_OPTIONS
};

/* The options that are a setting of the node's record. */
static const struct {
	char letter;
	enum field_id field;
} start_settings[START_OPTIONS] = {
	[START_INITIATOR] = { 'i', FIELD_IFACE_INITIATORNAME },
	[START_TARGET] = { 't', FIELD_NODE_NAME },
	[START_TPGT] = { 'g', FIELD_NODE_TPGT },
	[START_ADDRESS] = { 'a', FIELD_CONN_ADDRESS },
	[START_PORT] = { 'p', FIELD_CONN_PORT },
	[START_USER] = { 'u', FIELD_SESSION_USERNAME },
	[START_PASSWORD] = { 'w', FIELD_SESSION_PASSWORD },
	[START_USER_IN] = { 'U', FIELD_SESSION_USERNAME_IN },
	[START_PASSWORD_IN] = { 'W', FIELD_SESSION_PASSWORD_IN },
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "initiatorname", required_argument, NULL, 'i' },
	{ "targetname", required_argument, NULL, 't' },
	{ "tgpt", required_argument, NULL, 'g' },
	{ "address", required_argument, NULL, 'a' },
	{ "port", required_argument, NULL, 'p' },
	{ "username", required_argument, NULL, 'u' },
	{ "password", required_argument, NULL, 'w' },
	{ "username_in", required_argument, NULL, 'U' },
	{ "password_in", required_argument, NULL, 'W' },
	{ "debug", required_argument, NULL, 'd' },
	{ "fwparam_connect", no_argument, NULL, 'b' },
	{ "fwparam_print", no_argument, NULL, 'f' },
	{ "fwparam_network", no_argument, NULL, 'N' },
	{ "param", required_argument, NULL, 'P' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
	"usage: iscsistart -i NAME -t TARGET -g TPGT -a ADDRESS [OPTION]...\n"
	"       iscsistart -b [OPTION]...        log in to the boot targets of the firmware\n"
	"       iscsistart -f                    print the boot targets of the firmware\n"
	"       iscsistart -N                    set up the network as the firmware had it\n"
	"  -c, --config=FILE          configuration file [" HOME_DIR "/iscsid.conf]\n"
	"  -i, --initiatorname=NAME   iSCSI name of this initiator\n"
	"  -t, --targetname=NAME      iSCSI name of the target\n"
	"  -g, --tgpt=TAG             target portal group tag, 0 to 65535; -1 if unknown\n"
	"  -a, --address=ADDRESS      address of the target's portal\n"
	"  -p, --port=PORT            its TCP port [3260]\n"
	"  -u, --username=NAME        CHAP user name\n"
	"  -w, --password=SECRET      CHAP secret\n"
	"  -U, --username_in=NAME     user name of the target, for mutual CHAP\n"
	"  -W, --password_in=SECRET   secret of the target, for mutual CHAP\n"
	"  -P, --param=NAME=VALUE     any setting of a node record, such as node.session.timeo.replacement_timeout=60\n"
	"  -d, --debug=LEVEL          log to standard error: 0 errors, 1 also warnings, 2 also state changes, 3 to 8 everything\n"
	"  -b, --fwparam_connect      log in to every boot target of the firmware (iBFT, Open Firmware or adapter)\n"
	"  -f, --fwparam_print        print the firmware's boot targets and settings\n"
	"  -N, --fwparam_network      set up the interface from which the firmware booted\n"
	"  -h, --help                 print this and exit\n"
	"  -v, --version              print the version and exit\n";

struct start {
	const char *config;
	const char *values[START_OPTIONS];
	const char *param_names[START_PARAMS_MAX], *param_values[START_PARAMS_MAX];
	size_t params;
	long debug;
	bool connect, print, network;
};

__attribute__((format(printf, 1, 2))) static int start_refuse(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return MISCSI_ERR_INVAL;
}

static int start_param(struct start *s, char *text)
{
	char *equals = strchr(text, '=');

	if (!equals)
		return start_refuse("Invalid --param %s. Missing value.", text);
	if (s->params == START_PARAMS_MAX)
		return start_refuse("--param %s is one too many: at most %d --param options are allowed", text, START_PARAMS_MAX);
	*equals = '\0';
	s->param_names[s->params] = text;
	s->param_values[s->params++] = equals + 1;
	return 0;
}

static int start_debug(struct start *s, const char *text)
{
	char *end;

	s->debug = strtol(text, &end, 10);
	if (end == text || *end || s->debug < 0 || s->debug > 8)
		return start_refuse("invalid log level '%s': -d requires a number from 0 to 8", text);
	return 0;
}

/* Returns 0, or the exit status. --help and --version end the program. */
static int start_option(struct start *s, int letter, char *value)
{
	for (size_t i = 0; i < START_OPTIONS; i++) {
		if (start_settings[i].letter == letter) {
			s->values[i] = value;
			return 0;
		}
	}
	switch (letter) {
	case 'c': /* only the file that nobody named may be missing */
		s->config = value;
		return access(value, R_OK) == 0 ? 0 :
						  start_refuse("cannot read configuration file %s: %s", value, strerror(errno));
	case 'P':
		return start_param(s, value);
	case 'd':
		return start_debug(s, value);
	case 'b':
		s->connect = true;
		return 0;
	case 'f':
		s->print = true;
		return 0;
	case 'N':
		s->network = true;
		return 0;
	case 'h':
		fputs(usage, stdout);
		exit(0);
	case 'v':
		printf("%s version %s\n", program, PACKAGE_VERSION);
		exit(0);
	default:
		fputs("Try 'iscsistart --help' for more information.\n", stderr);
		return MISCSI_ERR_INVAL;
	}
}

/* In the order and the words of 2.1.8. */
static int start_check(const struct start *s)
{
	static const struct {
		enum start_option option;
		const char *name;
	} required[] = {
		{ START_INITIATOR, "InitiatorName" },
		{ START_TPGT, "Portal Group" },
		{ START_TARGET, "TargetName" },
		{ START_ADDRESS, "IP Address" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(required); i++) {
		const char *value = s->values[required[i].option];

		if (!value || !*value)
			return start_refuse("%s not set. Exiting iscsistart", required[i].name);
	}
	return 0;
}

/* ---- nodes ---- */

static int start_apply_params(const struct start *s, struct context *ctx, struct record *node, struct err *err)
{
	const struct settings params = { s->param_names, s->param_values, s->params };
	int rc = settings_check(&params, RECORD_NODE, err);

	if (rc >= 0)
		rc = plugin_settings_check(ctx, &params, err);
	return rc < 0 ? rc : settings_apply(&params, node, err);
}

/* The node of the options. */
static int start_node(const struct start *s, struct context *ctx, struct record_list *out, struct err *err)
{
	cleanup(record_freep) struct record *node = NULL;
	int rc = context_new_record(ctx, RECORD_NODE, &node, err);

	if (rc >= 0 && s->values[START_USER])
		rc = record_set_int(node, FIELD_SESSION_AUTHMETHOD, RECORD_AUTH_CHAP, err);
	for (size_t i = 0; rc >= 0 && i < START_OPTIONS; i++) {
		if (s->values[i])
			rc = record_set(node, start_settings[i].field, s->values[i], err);
	}
	if (rc >= 0)
		rc = name_check(s->values[START_TARGET], strlen(s->values[START_TARGET]), err);
	if (rc >= 0)
		rc = name_check(s->values[START_INITIATOR], strlen(s->values[START_INITIATOR]), err);
	if (rc >= 0)
		rc = start_apply_params(s, ctx, node, err);
	if (rc >= 0 && record_list_add(out, x_steal(node)) < 0)
		rc = err_nomem(err, "the boot target's node record");
	return rc;
}

static int start_boot_nodes(const struct start *s, struct context *ctx, struct record_list *out, struct err *err)
{
	cleanup(firmware_list_free) struct firmware_list targets = { 0 };
	const struct settings params = { s->param_names, s->param_values, s->params };
	int rc = firmware_mode_list(ctx, &targets, err);

	if (rc >= 0)
		rc = firmware_mode_nodes(ctx, &targets, &params, out, err);
	for (size_t i = 0; rc >= 0 && s->values[START_INITIATOR] && i < out->n; i++)
		rc = record_set(out->at[i], FIELD_IFACE_INITIATORNAME, s->values[START_INITIATOR], err);
	return rc;
}

/* ---- what is done ---- */

static void start_result(void *arg, const struct record *node, const struct err *err)
{
	char text[PORTAL_TEXT_MAX];
	struct out_clean target;
	struct portal portal = { .port = (uint16_t)record_int(node, FIELD_CONN_PORT) };

	snprintf(portal.host, sizeof(portal.host), "%s", record_str(node, FIELD_CONN_ADDRESS));
	portal_format(text, sizeof(text), &portal, false);
	out_clean(&target, record_str(node, FIELD_NODE_NAME), "");
	if (err->code == MISCSI_ERR_OK)
		out_line("%s: logged in to %s at %s", program, target.s, text);
	else if (err->code == MISCSI_ERR_SESS_EXISTS)
		out_line("%s: a session with %s at %s exists already, so no login was needed", program, target.s, text);
	else
		fprintf(stderr, "%s: cannot log in to %s at %s: %s\n", program, target.s, text, err->text);
	if (err->code != MISCSI_ERR_OK && err->code != MISCSI_ERR_SESS_EXISTS)
		*(bool *)arg = true;
}

static int start_print(struct context *ctx, struct err *err)
{
	cleanup(firmware_list_free) struct firmware_list targets = { 0 };
	int rc = firmware_mode_list(ctx, &targets, err);

	for (size_t i = 0; rc >= 0 && i < targets.n; i++)
		out_host_firmware(&targets.at[i], false);
	return rc;
}

static void start_network_up(void *arg, const char *device, const char *address)
{
	(void)arg;
	out_line("%s: %s has address %s", program, device, address);
}

/* *said: the failure was printed. */
static int start_run(const struct start *s, struct context *ctx, const char *sysfs, bool *said, struct err *err)
{
	cleanup(record_list_free) struct record_list nodes = { 0 };
	const struct boot boot = { .ctx = ctx,
		.initiator_name = s->values[START_INITIATOR],
		.state_dir = BOOT_STATE_DIR,
		.sysfs = sysfs,
		.seconds = BOOT_SECONDS,
		.result = start_result,
		.arg = said };
	int rc;

	if (s->print)
		return start_print(ctx, err);
	rc = s->network ? boot_network_up(ctx, start_network_up, NULL, err) : 0;
	if (rc < 0 || (s->network && !s->connect))
		return rc;
	rc = s->connect ? start_boot_nodes(s, ctx, &nodes, err) : start_node(s, ctx, &nodes, err);
	if (rc >= 0)
		rc = boot_login(&boot, &nodes, err);
	return rc;
}

int main(int argc, char **argv)
{
	static const enum log_level levels[] = { LOG_LEVEL_ERR, LOG_LEVEL_WARN, LOG_LEVEL_INFO };
	struct start s = { .config = HOME_DIR "/iscsid.conf" };
	struct log log = { LOG_LEVEL_ERR, log_to_stderr, (void *)(uintptr_t)program, secure_getenv("MISCSI_DEBUG") };
	struct context_config config = { .sysfs = secure_getenv("MISCSI_SYSFS"), .no_database = true, .log = &log };
	struct context *ctx;
	struct err err = ERR_INIT;
	bool said = false;
	int letter, rc = 0;

	while (rc == 0 && (letter = getopt_long(argc, argv, "c:i:t:g:a:p:u:w:U:W:d:bfNP:hv", long_options, NULL)) != -1)
		rc = start_option(&s, letter, optarg);
	if (rc == 0 && optind < argc)
		rc = start_refuse("unexpected argument '%s': options begin with '-', and no argument stands alone", argv[optind]);
	if (rc == 0 && !s.connect && !s.print && !s.network)
		rc = start_check(&s);
	if (rc)
		return rc;
	config.conf = s.config;
#ifdef STATIC_PROGRAM
	config.linked = linked_static_plugins;
#endif
	log.level = s.debug < 3 ? levels[s.debug] : LOG_LEVEL_DEBUG;
	if (context_new(&config, &ctx) < 0)
		return MISCSI_ERR_NOMEM;
	rc = start_run(&s, ctx, config.sysfs, &said, &err);
	if (rc < 0 && !said)
		fprintf(stderr, "%s: %s\n", program, err.text);
	rc = rc < 0 ? (int)err.code : 0;
	if (!context_free(ctx)) {
		fflush(NULL);
		_exit(rc);
	}
	return rc;
}
