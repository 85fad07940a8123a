/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that the handlers of the modes share.
 *
 * The texts and exit codes of 2.1.8, here and in out_*.c, are matched by CSI drivers, os-brick and others with regular
 * expressions. Changing a word breaks one of them.
 */
#include "command.h"

#include "ipc/client.h"
#include "modes/login.h"
#include "modes/stats.h"
#include "out_json.h"
#include "out_text.h"
#include "proto/chap.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define LOOK_MS 500 /* for a look at what the daemon does, while its result is waited for */

/* The exit status is the number of the error (0 to 32 in the manual), or 1 for a failure without one. */
int command_status(int rc, const struct err *err)
{
	if (err->code != MISCSI_ERR_OK)
		return (int)err->code;
	if (rc == -ENOMEM)
		return MISCSI_ERR_NOMEM;
	return rc < 0 ? MISCSI_ERR_GENERIC : 0;
}

/* Exactly one line on stderr: Proxmox reads the last one, and os-brick regards any text there as a failure. */
int command_fail(int rc, const struct err *err)
{
	int status = command_status(rc, err);

	out_error("%s", *err->text ? err->text : err_text((enum miscsi_error)status));
	return status;
}

struct settings command_settings(const struct args *a)
{
	/* As many as there are values, since the parser accepts names without values where they are not used. */
	return (struct settings){ a->names.v, a->values.v, a->values.n };
}

int command_show(const struct command *c, struct record *const *records, size_t n)
{
	const struct record *conf;
	int rc = c->args->origin ? context_conf(c->context, &conf, c->err) : 0;

	for (size_t i = 0; i < n && rc >= 0; i++) {
		cleanup(record_freep) struct record *iface = NULL;

		if (c->args->origin) {
			iface = node_mode_plugin_iface(c->context, records[i]);
			out_record_origins(records[i], conf, iface, c->args->show);
		}
		if (c->json)
			out_json_record(c->json, records[i], c->args->show);
		else if (!c->args->origin)
			rc = out_record(records[i], c->args->show);
	}
	return rc;
}

/* Only people are warned: programs regard text on standard error as a failure. where: behind the setting's name. */
static bool warn_of_short_secret(const char *name, const char *where, size_t len)
{
	bool is_short = len > 0 && len < CHAP_SECRET_LEAST && isatty(STDERR_FILENO);

	if (is_short)
		out_error("warning: the secret %s%s has only %zu bytes; RFC 7143 requires at least %d, and targets may refuse a "
			  "shorter one",
			name, where, len, CHAP_SECRET_LEAST);
	return is_short;
}

static bool warn_of_secrets_in(const struct record *r, const char *where)
{
	bool warned = false;

	for (enum field_id id = 0; id < FIELD_COUNT; id++)
		if (field_of(id)->type == FIELD_TYPE_SECRET && field_in(field_of(id), record_kind(r)))
			warned |= warn_of_short_secret(field_of(id)->key, where, record_secret(r, id)->len);
	return warned;
}

/* Those that are typed, and those that a new record gets from iscsid.conf. */
void command_warn_of_secrets(const struct command *c)
{
	const struct args *a = c->args;
	const struct record *conf;

	for (size_t i = 0; i < a->values.n; i++)
		if (args_is_secret(a->names.v[i]))
			warn_of_short_secret(a->names.v[i], "", strlen(a->values.v[i]));
	switch (a->action) {
	case ARGS_DO_node_new:
	case ARGS_DO_discovery_new:
	case ARGS_DO_discovery_perform:
	case ARGS_DO_discoverydb_new:
	case ARGS_DO_discoverydb_perform:
		if (isatty(STDERR_FILENO) && context_conf(c->context, &conf, NULL) >= 0)
			warn_of_secrets_in(conf, " in iscsid.conf");
		break;
	default:
		break;
	}
}

/* One record is enough: they mostly have the same secret. */
static void warn_of_records(const struct record_list *nodes)
{
	char where[256];

	for (size_t i = 0; i < nodes->n && isatty(STDERR_FILENO); i++) {
		snprintf(where, sizeof(where), " in the record of %s", record_str(nodes->at[i], FIELD_NODE_NAME));
		if (warn_of_secrets_in(nodes->at[i], where))
			return;
	}
}

int command_settings_given(const struct command *c)
{
	if (c->args->values.n)
		return 0;
	return err_set(c->err, MISCSI_ERR_INVAL, "the operation update requires a setting and its value: add -n NAME -v VALUE");
}

/*
 * Afterwards Ctrl-C ends the wait for the daemon, so that a message can say what the daemon continues with. Before, it ends the
 * program as usual. SIGTERM and SIGKILL, which impatient callers use, always end the program.
 */
void command_catch_interrupt(const struct command *c)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	*c->interrupt = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (*c->interrupt < 0)
		return;
	sigprocmask(SIG_BLOCK, &set, NULL);
	context_set_interrupt(c->context, *c->interrupt);
}

/* The signal stays in the descriptor, so this can be called repeatedly. */
static bool command_interrupted(const struct command *c)
{
	struct pollfd p = { .fd = *c->interrupt, .events = POLLIN };

	return p.fd >= 0 && poll(&p, 1, 0) > 0;
}

static void say_no_daemon(void *arg, const struct err *err)
{
	(void)arg;
	out_error("%s", err->text);
}

static void say_login(void *arg, const struct record *node)
{
	(void)arg;
	out_login("Logging in to", node, record_int(node, FIELD_SESSION_NR_SESSIONS) > 1 ? " (multiple)" : "");
}

/* tns-csi and HPE's helper regard "already present" as success, whatever the exit status. */
static void say_present(void *arg, const struct record *node, unsigned wanted, unsigned present)
{
	const struct command *c = arg;

	if (c->json)
		out_json_node_result(c->json, "login", node, true, &(struct err)ERR_INIT);
	out_error("%s: %u session%s requested, but %u already present.", record_str(node, FIELD_IFACE_NAME), wanted,
		wanted == 1 ? "" : "s", present);
}

/*
 * After an interrupt, the failure is reported once, at the end. With -W, success is not known and not reported. HPE's helper
 * looks for "successful." with its dot.
 */
static void say_logged_in(void *arg, const struct record *node, const struct err *err)
{
	const struct command *c = arg;

	if (c->json)
		out_json_node_result(c->json, "login", node, false, err);
	if (err->code != MISCSI_ERR_OK) {
		if (!command_interrupted(c))
			out_login_failed(node, err);
	} else if (!c->args->no_wait)
		out_login("Login to", node, " successful.");
}

static int say_interrupted(const char *what)
{
	out_error("interrupted: iscsiadm no longer waits for %s, which iscsid continues; 'iscsiadm -m session -P 1' shows the "
		  "state",
		what);
	return MISCSI_ERR_ISCSID_COMM_ERR;
}

void command_say_busy(void *arg, const struct record *node)
{
	const struct command *c = arg;
	const struct err busy = { .code = MISCSI_ERR_SESS_EXISTS,
		.text = "a session uses this record, which was therefore not deleted: log out first" };

	if (c->json)
		out_json_node_result(c->json, "delete", node, false, &busy);
	out_error("This command will remove the record [iface: %s, target: %s, portal: %s,%d], but a session "
		  "is using it. Logout session then rerun command to remove record.",
		record_str(node, FIELD_IFACE_NAME), record_str(node, FIELD_NODE_NAME), record_str(node, FIELD_CONN_ADDRESS),
		(int)record_int(node, FIELD_CONN_PORT));
}

static void say_session_waited_for(void *arg, const struct client_session *s)
{
	struct command_waiting *w = arg;
	char more[32] = "";

	if (!strcmp(s->state, "LOGGED_IN") && !s->error)
		return;
	w->shown = true;
	if (s->reconnects)
		snprintf(more, sizeof(more), ", attempt %u", s->reconnects + 1);
	out_error("still waiting for %s after %u s (Ctrl-C ends the wait): the session with %s at %s,%u is not logged in%s%s%s",
		w->what, w->seconds, s->target, s->address, (unsigned)s->port, more, s->error ? ": " : "",
		s->error ? s->error : "");
}

static void say_waiting(void *arg)
{
	struct command_waiting *w = arg;
	int rc;

	w->seconds++;
	if (w->seconds < w->next)
		return;
	w->next *= 2;
	if (w->at) {
		out_error("still waiting for %s at %s after %u s (Ctrl-C ends the wait)", w->what, w->at, w->seconds);
		return;
	}
	w->shown = false;
	rc = context_look(w->c->context, LOOK_MS, say_session_waited_for, w);
	if (rc < 0)
		out_error("still waiting for %s after %u s: iscsid does not answer, and its log may have the reason (Ctrl-C ends "
			  "the wait)",
			w->what, w->seconds);
	else if (!w->shown)
		out_error("still waiting for %s after %u s (Ctrl-C ends the wait)", w->what, w->seconds);
}

/* Programs read standard error: they get no reports. */
void command_begin_waiting(const struct command *c, const char *what, struct command_waiting *w)
{
	*w = (struct command_waiting){ .c = c, .what = what, .next = 1 };
	if (isatty(STDERR_FILENO) && !c->json)
		context_set_tick(c->context, say_waiting, w);
}

void command_end_waiting(struct command_waiting *w)
{
	if (w->c)
		context_set_tick(w->c->context, NULL, NULL);
}

/* say_all is false for -m discovery -l, which in 2.1.8 does not print that line. */
int command_login(const struct command *c, const struct record_list *nodes, bool say_all)
{
	const struct login_events events = { say_login, say_present, say_logged_in, say_no_daemon, (void *)c };
	cleanup(command_end_waiting) struct command_waiting waiting = { 0 };
	int rc;

	warn_of_records(nodes);
	command_catch_interrupt(c);
	command_begin_waiting(c, "the logins", &waiting);
	rc = (c->args->loginall ? login_leading : login_records)(c->context, nodes, !c->args->no_wait, &events, c->err);
	if (rc < 0 && command_interrupted(c))
		return say_interrupted("the logins");
	if (rc < 0 && say_all)
		out_error("Could not log into all portals");
	return rc < 0 ? command_status(rc, c->err) : 0;
}

/* The words of 2.1.8 differ for sessions that an adapter made. */
static void say_logout(void *arg, const struct session_info *s)
{
	(void)arg;
	if (session_mode_is_flash(s))
		out_line("Logout sid %u.", s->sid);
	else
		out_session_name("Logging out of session", s, "");
}

static void say_adapter_logged_out(const struct session_info *s, const struct err *err)
{
	if (err->code == MISCSI_ERR_OK) {
		out_line("Logout of sid %u successful.", s->sid);
		return;
	}
	out_error("%s", err->text);
	out_error("Logout of sid %u failed.", s->sid);
}

static void say_logged_out(void *arg, const struct session_info *s, const struct err *err)
{
	const struct command *c = arg;

	if (c->json)
		out_json_session_result(c->json, "logout", s, err);
	if (session_mode_is_flash(s))
		say_adapter_logged_out(s, err);
	else if (err->code == MISCSI_ERR_OK)
		out_session_name("Logout of", s, " successful.");
	else if (!command_interrupted(arg))
		out_session_failed("logout of", s, err);
}

/* Exit status 21 and these words when there is no session: nearly every client regards them as "already logged out". */
int command_logout(const struct command *c, const struct session_info_list *sessions)
{
	const struct logout_events events = { say_logout, say_logged_out, say_no_daemon, (void *)c };
	cleanup(command_end_waiting) struct command_waiting waiting = { 0 };
	int rc;

	if (sessions->n == 0)
		return err_set(c->err, MISCSI_ERR_NO_OBJS_FOUND, "No matching sessions found");
	command_catch_interrupt(c);
	command_begin_waiting(c, "the logouts", &waiting);
	rc = logout_sessions(c->context, sessions, c->args->force, &events, c->err);
	if (rc < 0 && command_interrupted(c))
		return say_interrupted("the logouts");
	if (rc < 0)
		out_error("Could not logout of all requested sessions");
	return command_status(rc, c->err);
}

static void say_rescan(void *arg, const struct session_info *s)
{
	(void)arg;
	out_session_name("Rescanning session", s, "");
}

static void say_rescanned(void *arg, const struct session_info *s, const struct err *err)
{
	const struct command *c = arg;

	if (c->json)
		out_json_session_result(c->json, "rescan", s, err);
	if (err->code != MISCSI_ERR_OK && !command_interrupted(arg))
		out_session_failed("rescan", s, err);
}

/* Exit status 21, in the words of 2.1.8: to vdsm this means that there is no session to scan. */
static int no_session_found(const struct command *c)
{
	return err_set(c->err, MISCSI_ERR_NO_OBJS_FOUND, "No session found.");
}

/* The last line, after those of the sessions, as in 2.1.8. */
static int sessions_ended(int rc, const struct err *err)
{
	int status = command_status(rc, err);

	if (status)
		out_error("Could not execute operation on all sessions: %s", err_text((enum miscsi_error)status));
	return status;
}

int command_rescan(const struct command *c, const struct session_info_list *sessions)
{
	const struct logout_events events = { say_rescan, say_rescanned, say_no_daemon, (void *)c };
	cleanup(command_end_waiting) struct command_waiting waiting = { 0 };
	int rc;

	if (sessions->n == 0)
		return no_session_found(c);
	command_catch_interrupt(c);
	command_begin_waiting(c, "the scans", &waiting);
	rc = rescan_sessions(c->context, sessions, &events, c->err);
	return rc < 0 && command_interrupted(c) ? say_interrupted("the scans") : sessions_ended(rc, c->err);
}

struct stats_output {
	FILE *json;
	uint32_t sid;
	bool extended; /* the heading of the driver's own counters was printed, which comes before the first of them */
};

static void say_stats(void *arg, const struct session_info *session)
{
	struct stats_output *o = arg;

	o->extended = false;
	o->sid = session->sid;
	out_session_name("Stats for session", session, "");
	out_line("iSCSI SNMP:");
}

static void say_session_counter(void *arg, const char *name, const char *value, bool extended)
{
	struct stats_output *o = arg;

	if (o->json)
		out_json_counter(o->json, "sid", o->sid, name, value);
	if (extended && !o->extended)
		out_line("iSCSI Extended:");
	o->extended = extended;
	out_line("\t%s: %s", name, value);
}

static void say_stats_result(void *arg, const struct session_info *session, const struct err *err)
{
	const struct stats_output *o = arg;

	if (o->json)
		out_json_session_result(o->json, "stats", session, err);
	if (err->code != MISCSI_ERR_OK)
		out_error("%s", err->text);
}

int command_stats(const struct command *c, const struct session_info_list *sessions)
{
	struct stats_output output = { .json = c->json };
	const struct stats_events events = { say_stats, say_session_counter, say_stats_result, &output };

	if (sessions->n == 0)
		return no_session_found(c);
	return sessions_ended(stats_sessions(c->context, sessions, &events, c->err), c->err);
}

int command_iscsid(const struct command *c)
{
	const struct record *conf;
	int rc = context_conf(c->context, &conf, c->err);

	if (rc < 0)
		return rc;
	if (c->json)
		out_json_record(c->json, conf, c->args->show);
	out_record_origins(conf, conf, NULL, c->args->show);
	return 0;
}

/* As in 2.1.8, the status is 0 if no daemon was running. */
int command_kill(const struct command *c)
{
	struct client *client;
	int rc = context_client(c->context, &client, c->err);

	if (rc >= 0)
		rc = client_stop(client, c->err);
	context_client_drop(c->context);
	if (rc >= 0)
		return 0;
	if (c->err->code == MISCSI_ERR_ISCSID_NOTCONN)
		out_error("%s", c->err->text);
	out_reason(c->err);
	out_error("Could not stop iscsid. Trying sending iscsid SIGTERM or SIGKILL signals manually");
	return c->err->code == MISCSI_ERR_ISCSID_NOTCONN ? 0 : command_status(rc, c->err);
}
