/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A discovery: its machine as data (discovery.def), its beginning, retries and end. Owned by who started it. */
#include "discovery/discovery.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "kernel/kernel.h"
#include "record/record.h"
#include "discovery/discovery_private.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#define SETTLE_MS 10000u

#define DISC_SAME FSM_SAME
#define MACHINE_FILE "discovery/discovery.def"
#define MACHINE_SYMBOL discovery_machine
#define MACHINE_TITLE "discovery"
#define MACHINE_ST(name) DISC_##name
#define MACHINE_EV(name) DISC_EV_##name
#define MACHINE_UNLISTED DISC_EV_FAILED
#include "base/machine.h"

static void discovery_trace(void *machine, const struct fsm_row *row, uint8_t from, uint8_t to)
{
	const struct discovery *d = machine;
	const struct fsm *f = d->run.fsm;

	log_debug(d->config.engine->log, "discovery", "[%s] %s --%s--> %s", d->config.host, f->states[from],
		f->events[row->event], f->states[to]);
}

void discovery_event(struct discovery *d, enum disc_event event)
{
	fsm_event(&d->run, event);
}

static void discovery_timed_out(void *arg)
{
	discovery_event(arg, DISC_EV_TIMEOUT);
}

void discovery_arm(struct discovery *d, int64_t seconds)
{
	dial_arm(d->config.engine, &d->timer, seconds, discovery_timed_out, d);
}

void discovery_message(struct discovery *d, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (d->config.message)
		d->config.message(d->config.arg, text);
}

int discovery_failed(struct discovery *d, enum miscsi_error code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(&d->err, code, fmt, ap);
	va_end(ap);
	return DISC_EV_FAILED;
}

void discovery_clear(struct discovery *d)
{
	loop_timer_cancel(d->config.engine->loop, &d->timer);
	dial_cancel(&d->dial);
	if (d->pdu_channel)
		d->pdu_channel->ops->free(d->pdu_channel);
	d->pdu_channel = NULL;
	login_free(d->login);
	d->login = NULL;
	sendtargets_free(d->ask);
	d->ask = NULL;
}

/* ---- reading secrets ---- */

bool discovery_has_files(const void *machine)
{
	const struct discovery *d = machine;

	return credentials_in_files(d->config.record, &credentials_of_discovery);
}

static void discovery_have_read(void *arg, int result, const struct err *err)
{
	struct discovery *d = arg;

	if (result < 0)
		err_copy(&d->err, err);
	discovery_event(d, result < 0 ? DISC_EV_FAILED : DISC_EV_READ);
}

int discovery_read(void *machine)
{
	struct discovery *d = machine;

	discovery_arm(d, record_int(d->config.record, FIELD_DISC_LOGIN_TIMEOUT));
	return credentials_read(d->config.engine->helpers, d->config.record, &credentials_of_discovery, discovery_have_read, d,
		       &d->credentials, &d->err) < 0 ?
		DISC_EV_FAILED :
		DISC_EV_NONE;
}

int discovery_read_late(void *machine)
{
	const struct discovery *d = machine;

	return discovery_failed(machine, MISCSI_ERR_TRANS_TIMEOUT,
		"the file of the CHAP secret (discovery.sendtargets.auth.password_file or password_in_file) was not read within "
		"%d s: check the disk or file server that holds it",
		(int)record_int(d->config.record, FIELD_DISC_LOGIN_TIMEOUT));
}

/* ---- looking the portal up, connecting ---- */

static void discovery_dialled(struct dial *dial, const struct err *err)
{
	struct discovery *d = container_of(dial, struct discovery, dial);
	bool connecting = d->run.state == DISC_CONNECTING;

	if (err)
		err_copy(&d->err, err);
	if (err && connecting) {
		discovery_message(d, "cannot make connection to %s: %s", d->address, err->text);
		d->told = true;
	}
	discovery_event(d, err ? DISC_EV_FAILED : connecting ? DISC_EV_CONNECTED : DISC_EV_RESOLVED);
}

static void discovery_dial_settings(struct dial *dial, struct transport_op *op)
{
	discovery_op(container_of(dial, struct discovery, dial), op);
}

/* What the kernel carries needs its driver loaded; sockets need nothing. */
int discovery_resolve(void *machine)
{
	struct discovery *d = machine;
	bool socket = transport_traits(d->dial.transport) & MISCSI_TRAIT_SOCKET;
	int rc;

	discovery_clear(d);
	dial_rewind(&d->dial);
	if (d->config.iface)
		transport_check_settings(d->dial.transport, d->config.iface, record_str(d->config.iface, FIELD_IFACE_NAME));
	rc = dial_look_up(&d->dial, d->portal.host, d->portal.port, socket ? DIAL_NO_DRIVER : DIAL_DRIVER_ANEW, &d->err);
	return rc < 0 ? DISC_EV_FAILED : rc > 0 ? DISC_EV_RESOLVED : DISC_EV_NONE;
}

bool discovery_by_firmware(const void *machine)
{
	const struct discovery *d = machine;

	return transport_logs_in(d->dial.transport);
}

bool discovery_has_address(const void *machine)
{
	const struct discovery *d = machine;

	return !dial_at_end(&d->dial);
}

int discovery_connect(void *machine)
{
	struct discovery *d = machine;
	const struct sockaddr_storage *sa;

	dial_connect(&d->dial, d->config.iface, record_int(d->config.record, FIELD_DISC_LOGIN_TIMEOUT));
	sa = dial_address(&d->dial);
	if (getnameinfo((const struct sockaddr *)sa, sizeof(*sa), d->address, sizeof(d->address), NULL, 0, NI_NUMERICHOST) != 0)
		snprintf(d->address, sizeof(d->address), "%.*s", (int)sizeof(d->address) - 1, d->portal.host);
	return DISC_EV_NONE;
}

/* ---- again, and the end ---- */

bool discovery_may_pass(const void *machine)
{
	const struct discovery *d = machine;
	enum err_retry retry = err_retry(d->err.code);

	return !d->stopped && (retry == ERR_RETRY_PORTAL || retry == ERR_RETRY_LATER);
}

bool discovery_may_retry(const void *machine)
{
	const struct discovery *d = machine;

	return discovery_may_pass(d) && d->retries < (uint64_t)record_int(d->config.record, FIELD_DISC_REOPEN_MAX);
}

/* Each failed attempt is reported once. The caller knows why its found() ended the discovery. */
static void discovery_report(struct discovery *d)
{
	if (!d->told && !d->stopped)
		discovery_message(d, "%s", d->err.text);
	d->told = false;
}

int discovery_wait(void *machine)
{
	struct discovery *d = machine;

	discovery_report(d);
	discovery_clear(d);
	d->retries++;
	loop_timer_set(d->config.engine->loop, &d->timer, DISCOVERY_RETRY_MS, discovery_timed_out, d);
	return DISC_EV_NONE;
}

/* From the portal that was asked for, whatever a redirect has led to. */
static void discovery_first_portal(struct discovery *d)
{
	memset(&d->portal, 0, sizeof(d->portal));
	snprintf(d->portal.host, sizeof(d->portal.host), "%s", d->config.host);
	d->portal.port = d->config.port;
	d->portal.tpgt = PORTAL_TPGT_ANY;
	d->redirects = 0;
}

int discovery_again(void *machine)
{
	struct discovery *d = machine;

	if (d->found_some && d->config.again)
		d->config.again(d->config.arg);
	d->found_some = false;
	discovery_first_portal(d);
	err_clear(&d->err);
	return discovery_resolve(d);
}

static int discovery_finish(struct discovery *d, int result, const struct err *err)
{
	struct err copy = *err;

	discovery_clear(d);
	d->done(d->done_arg, result, &copy); /* may free d */
	return DISC_EV_NONE;
}

int discovery_fail(void *machine)
{
	struct discovery *d = machine;

	discovery_report(d);
	return discovery_finish(d, d->stopped ? d->stopped : -err_errno(d->err.code), &d->err);
}

/* Scripts know the end of all attempts by this line. */
int discovery_exceeded(void *machine)
{
	struct discovery *d = machine;

	discovery_report(d);
	discovery_message(d, "connection login retries (reopen_max) %u exceeded", d->retries);
	if (d->err.code == MISCSI_ERR_TRANS_TIMEOUT)
		d->err.code = MISCSI_ERR_PDU_TIMEOUT;
	return discovery_finish(d, -err_errno(d->err.code), &d->err);
}

int discovery_succeed(void *machine)
{
	struct discovery *d = machine;
	struct err none = ERR_INIT;

	return discovery_finish(d, 0, &none);
}

static void discovery_begin(void *arg)
{
	discovery_event(arg, DISC_EV_BEGIN);
}

/* A kernel's session needs somebody who hears what comes in for it. */
static int discovery_listen(const struct discovery *d, struct err *err)
{
	static const struct kernel_event_ops nothing;
	int rc = kernel_attach(d->config.engine->kernel, d->config.engine->loop, &nothing, NULL, err);

	return rc == -EALREADY ? 0 : rc;
}

static int discovery_find_transport(struct discovery *d, struct err *err)
{
	const char *name =
		d->config.iface ? record_str(d->config.iface, FIELD_IFACE_TRANSPORT) : field_of(FIELD_IFACE_TRANSPORT)->def;
	int rc = plugins_find(d->config.engine->plugins, name, &d->dial.transport, err);

	if (rc < 0)
		return rc;
	if (transport_traits(d->dial.transport) & MISCSI_TRAIT_SOCKET)
		return 0;
	if (!d->config.engine->kernel)
		return err_set(err, MISCSI_ERR_TRANS_CAPS,
			"discovery through transport %s requires the kernel's iSCSI interface, which cannot be used: run this "
			"command as root, with the module scsi_transport_iscsi loaded",
			name);
	rc = discovery_listen(d, err);
	return rc < 0 ? rc : discovery_answer_paths(d, err);
}

int discovery_start(const struct discovery_config *config, void (*done)(void *arg, int result, const struct err *err), void *arg,
	struct discovery **out, struct err *err)
{
	struct discovery *d = x_new(struct discovery);
	int rc;

	if (!d)
		return err_nomem(err, "the discovery session");
	d->config = *config;
	d->run = (struct fsm_run){ .fsm = &discovery_machine, .machine = d, .trace = discovery_trace, .state = DISC_IDLE };
	d->done = done;
	d->done_arg = arg;
	d->dial.engine = config->engine;
	d->dial.done = discovery_dialled;
	d->dial.settings = discovery_dial_settings;
	discovery_first_portal(d);
	rc = discovery_find_transport(d, err);
	if (rc < 0) {
		x_free(d);
		return rc;
	}
	loop_defer(config->engine->loop, &d->begin, discovery_begin, d);
	*out = d;
	return 0;
}

void discovery_free(struct discovery *d)
{
	if (!d)
		return;
	loop_task_cancel(d->config.engine->loop, &d->begin);
	discovery_clear(d);
	dial_forget(&d->dial);
	discovery_leave_paths(d);
	credentials_free(&d->credentials);
	x_free(d);
}

struct waiter {
	bool done;
	int result;
	struct err *err;
};

static void discovery_waiter_done(void *arg, int result, const struct err *err)
{
	struct waiter *w = arg;

	w->done = true;
	w->result = result;
	if (w->err)
		err_copy(w->err, err);
}

/* The kernel's worker may still be removing the session: a program that ended before it would leave one behind. */
static void discovery_settle(const struct discovery_config *config)
{
	uint64_t last = loop_now(config->engine->loop) + SETTLE_MS;

	while (config->engine->kernel && kernel_pending(config->engine->kernel) && loop_now(config->engine->loop) < last) {
		if (loop_step(config->engine->loop, 100) < 0)
			break;
	}
}

int discovery_sendtargets(const struct discovery_config *config, struct err *err)
{
	struct waiter w = { .err = err };
	struct discovery *d = NULL;
	int rc = discovery_start(config, discovery_waiter_done, &w, &d, err);

	while (rc >= 0 && !w.done)
		rc = loop_step(config->engine->loop, -1);
	discovery_free(d);
	discovery_settle(config);
	if (rc < 0 && !w.done)
		return d ? err_sys(err, MISCSI_ERR_INTERNAL, -rc, "iscsiadm cannot wait until the discovery ends") : rc;
	return w.result;
}
