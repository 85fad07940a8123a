/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the units of a session that is being restored are those that it had: looked at before the kernel connects, since with the
 * connection it resumes I/O.
 *
 * iscsid logs in as the same initiator port (the target ends the lost session by that, as it would by the login that follows),
 * requests the identity of each unit that the kernel has a device of, and logs out. Devices of other units are removed while the
 * kernel still holds their I/O back; sysfs does not accept "offline" then.
 */
#include "base/mem.h"
#include "kernel/scan.h"
#include "link/credentials.h"
#include "link/pdu_channel.h"
#include "proto/inquiry.h"
#include "session/conn_check.h"
#include "session/session.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CONNECT_S 5
#define UNITS_S 10 /* all of them; less where the kernel soon holds their I/O no longer */
#define UNIT_MS 1000 /* one of them, doubled with each pass: those after it need not wait long for one that hangs */
#define PAUSE_MS 500 /* before those that did not tell are asked again: a unit may be busy, or starting */
#define PASSES 3
#define LOGOUT_S 1
#define REMOVE_S 5
#define FAILURES_MAX 3 /* of checks in a row, of a target that accepts logins: then it is checked after the start */
#define DATA_MAX 65536 /* of a PDU: no page is longer */

enum check_step { CHECK_CONNECT, CHECK_LOGIN, CHECK_UNITS, CHECK_LOGOUT, CHECK_REMOVE };

struct check_unit {
	struct scan_device dev;
	struct identity was; /* as of the loss: nothing can be scanned while the kernel holds I/O back */
	enum identity_verdict is; /* by this attempt */
};

struct conn_check {
	struct check_unit *units; /* that have an identity */
	size_t n, cap;
	enum check_step step; /* of this attempt, and so are all that follow */
	size_t at; /* the unit that is looked at; n: the pause before the next pass */
	unsigned passes; /* that are over */
	struct loop_timer wait; /* of UNIT_MS or PAUSE_MS */
	struct identity is;
	uint8_t *page83; /* of the unit that is looked at */
	size_t len83;
	struct inquiry inquiry;
	struct pdu_channel *channel;
	struct scan *removal;
	struct identity_report report;
};

static bool check_proposes_no_digest(const struct record *r, enum field_id id)
{
	return strstr(record_str(r, id), "None") != NULL;
}

/* Where a socket of ours leads to the target that the kernel connects to. */
bool conn_must_check(const void *machine)
{
	const struct conn *c = machine;
	const struct session *s = c->session;

	return s->starts && c->k.sid && s->unchecked < FAILURES_MAX && c->k.engine->scanner &&
		transport_traits(c->k.transport) & MISCSI_TRAIT_SOCKET &&
		check_proposes_no_digest(s->record, FIELD_CONN_HEADER_DIGEST) &&
		check_proposes_no_digest(s->record, FIELD_CONN_DATA_DIGEST);
}

void conn_check_stop(struct conn *c)
{
	struct conn_check *k = c->check;

	if (!k)
		return;
	if (k->channel)
		k->channel->ops->free(k->channel);
	k->channel = NULL;
	loop_timer_cancel(c->k.engine->loop, &k->wait);
	if (k->removal)
		scan_cancel(k->removal);
	k->removal = NULL;
	inquiry_free(&k->inquiry);
	x_free(k->page83);
	k->page83 = NULL;
}

void conn_check_free(struct conn *c)
{
	conn_check_stop(c);
	if (c->check)
		x_free(c->check->units);
	x_free(c->check);
	c->check = NULL;
}

static int check_add(struct conn *c, const struct scan_device *d)
{
	struct conn_check *k = c->check;
	struct check_unit unit = { .dev = *d };
	struct check_unit *grown;
	int rc;

	rc = scan_device_identity(c->k.engine->sysfs, c->k.host_no, c->k.sid, d, &unit.was);
	if (rc == -ENOMEM || rc == -EMFILE || rc == -ENFILE)
		return rc;
	if (rc < 0 || identity_is_none(&unit.was))
		return 0; /* gone meanwhile, or nothing to compare */
	grown = x_grow(k->units, k->n, &k->cap, sizeof(*grown), 4);
	if (!grown)
		return -ENOMEM;
	k->units = grown;
	k->units[k->n++] = unit;
	return 0;
}

/* At the first attempt after a loss, and kept until the session is up. */
static int check_list_units(struct conn *c)
{
	cleanup(scan_devices_free) struct scan_devices found = { 0 };
	int rc;

	c->check = x_new(struct conn_check);
	rc = c->check ? scan_devices(c->k.engine->sysfs, c->k.host_no, c->k.sid, &found) : -ENOMEM;
	for (size_t i = 0; i < found.n && rc == 0; i++)
		rc = check_add(c, &found.dev[i]);
	if (rc == -ENOENT) /* of a session without devices, or that is going away */
		rc = 0;
	if (rc < 0)
		conn_check_free(c);
	return rc;
}

int conn_check(void *machine)
{
	struct conn *c = machine;
	int rc = c->check ? 0 : check_list_units(c);

	c->session->check = SESS_CHECK_NONE;
	if (rc == -ENOMEM)
		return conn_nomem(c, "the list of the session's devices");
	if (rc < 0)
		return conn_fail(c, MISCSI_ERR_SYSFS_LOOKUP, "iscsid cannot list the devices of session %u in sysfs: %s",
			c->k.sid, strerror(-rc));
	if (!c->check->n)
		return CONN_EV_CHECKED;
	c->check->step = CHECK_CONNECT;
	c->check->at = c->check->passes = 0;
	for (size_t i = 0; i < c->check->n; i++)
		c->check->units[i].is = IDENTITY_UNKNOWN;
	memset(&c->check->report, 0, sizeof(c->check->report));
	if (c->limit > CONNECT_S)
		conn_arm(c, CONNECT_S);
	dial_connect(&c->dial, c->session->record, c->limit);
	return CONN_EV_NONE;
}

/* A target that cannot do it must not lose its session by that. */
static int check_failed(struct conn *c)
{
	if (++c->session->unchecked == FAILURES_MAX)
		log_warn(c->k.engine->log, "session",
			"session%u [%s, %s]: iscsid failed %d times in a row to check that the devices are the same as before: "
			"%s. It now restores the session without the check, and checks the devices after their I/O has resumed",
			c->k.sid, session_target(c->session), session_portal(c->session), FAILURES_MAX, c->err.text);
	return CONN_EV_FAILED;
}

static int check_send(struct conn *c, const struct iscsi_pdu *pdu)
{
	int rc = c->check->channel->ops->send(c->check->channel, pdu);

	return rc < 0 ? conn_fail(c, rc == -ENOMEM ? MISCSI_ERR_NOMEM : MISCSI_ERR_INTERNAL,
				"iscsid cannot send the INQUIRY command that identifies a device: %s", strerror(-rc)) :
			CONN_EV_NONE;
}

static int check_remove_next(struct conn *c);

static int check_is_removed(struct conn *c)
{
	struct conn_check *k = c->check;

	k->units[k->at] = k->units[--k->n]; /* its place in the list is another's now */
	return check_remove_next(c);
}

static void check_removed(int status, void *arg)
{
	struct conn *c = arg;
	struct conn_check *k = c->check;
	int event;

	k->removal = NULL;
	if (status < 0)
		event = conn_fail(c, MISCSI_ERR_INTERNAL,
			"%s; iscsid cannot remove the old device (%s), so it does not restore the session", k->report.text,
			strerror(-status));
	else
		event = check_is_removed(c);
	if (event != CONN_EV_NONE)
		conn_event(c, (enum conn_event)event);
}

/* The first unit of that verdict; n: none. */
static size_t check_find(const struct conn_check *k, enum identity_verdict is)
{
	size_t i = 0;

	while (i < k->n && k->units[i].is != is)
		i++;
	return i;
}

/* What is not known is not the same: the kernel must not resume I/O for it, and nothing of it is removed. */
static int check_unknown(struct conn *c, const struct check_unit *unit)
{
	char status[32] = "";

	if (c->err.code == MISCSI_ERR_NOMEM)
		return CONN_EV_FAILED;
	if (c->check->inquiry.status)
		snprintf(status, sizeof(status), " (SCSI status 0x%02x)", c->check->inquiry.status);
	if (!c->err.code)
		conn_fail(c, MISCSI_ERR_TRANS,
			"the target does not identify %s (LUN %" PRIu64
			", before: %s) by INQUIRY page 83h or 80h%s: it may still be starting, or no longer export the LUN to "
			"this initiator",
			*unit->dev.block ? unit->dev.block : "a device", unit->dev.lun, unit->was.text, status);
	return check_failed(c);
}

/* All that are others are removed. The kernel connects to the address that was looked at. */
static int check_end(struct conn *c)
{
	struct conn_check *k = c->check;
	size_t unknown = check_find(k, IDENTITY_UNKNOWN);

	if (k->report.changed) {
		log_err(c->k.engine->log, "session",
			"session%u [%s, %s]: iscsid removed %u of the devices before their I/O resumed, because the target now "
			"has other disks in their places: %s. To use the new disks, rescan the session ('iscsiadm -m session "
			"-R'), or log out and log in again",
			c->k.sid, session_target(c->session), session_portal(c->session), k->report.changed, k->report.text);
	}
	if (unknown < k->n)
		return check_unknown(c, &k->units[unknown]);
	err_clear(&c->err);
	c->session->check = SESS_CHECK_PASSED;
	dial_repeat(&c->dial);
	conn_arm(c, record_int(c->session->record, FIELD_CONN_LOGIN_TIMEOUT));
	return CONN_EV_CHECKED;
}

static int check_remove_next(struct conn *c)
{
	struct conn_check *k = c->check;
	int rc;

	k->at = check_find(k, IDENTITY_OTHER);
	if (k->at == k->n)
		return check_end(c);
	c->tell(c->session, SESS_EV_CONN_REPLACED); /* before the first one goes, since iscsid may be killed at any moment */
	k->step = CHECK_REMOVE;
	conn_arm(c, REMOVE_S);
	rc = scan_remove(c->k.engine->scanner, c->k.host_no, c->k.sid, &k->units[k->at].dev, check_removed, c, &k->removal);
	return rc < 0 ? conn_fail(c, MISCSI_ERR_INTERNAL,
				"%s; iscsid cannot remove the old device (%s), so it does not restore the session",
				k->report.text, strerror(-rc)) :
			CONN_EV_NONE;
}

/* The session of the check has ended, one way or the other: c->err says why, if too early. */
static int check_over(struct conn *c)
{
	conn_check_stop(c);
	return check_remove_next(c);
}

static int check_log_out(struct conn *c)
{
	struct iscsi_pdu pdu;

	c->check->step = CHECK_LOGOUT;
	conn_arm(c, LOGOUT_S);
	inquiry_logout(&c->check->inquiry, &pdu);
	return check_send(c, &pdu) == CONN_EV_NONE ? CONN_EV_NONE : check_over(c);
}

static void check_waited(void *arg);

static void check_wait(struct conn *c, uint64_t ms)
{
	loop_timer_set(c->k.engine->loop, &c->check->wait, ms, check_waited, c);
}

/* The next page: 83h of a unit, then 80h if that does not tell. */
static int check_ask(struct conn *c, uint8_t page)
{
	struct conn_check *k = c->check;
	struct iscsi_pdu pdu;

	if (inquiry_ask(&k->inquiry, k->units[k->at].dev.lun, page, &pdu, &c->err) < 0)
		return check_log_out(c);
	check_wait(c, (uint64_t)UNIT_MS << k->passes);
	return check_send(c, &pdu) == CONN_EV_NONE ? CONN_EV_NONE : check_over(c);
}

/* From unit `at` on, those that are not known yet; after the last one, from the first on. */
static int check_next(struct conn *c)
{
	struct conn_check *k = c->check;

	while (k->at < k->n && k->units[k->at].is != IDENTITY_UNKNOWN)
		k->at++;
	if (k->at < k->n)
		return check_ask(c, 0x83);
	loop_timer_cancel(c->k.engine->loop, &k->wait);
	if (check_find(k, IDENTITY_UNKNOWN) == k->n || ++k->passes == PASSES)
		return check_log_out(c);
	check_wait(c, PAUSE_MS);
	return CONN_EV_NONE;
}

/* The pause is over, or the unit that was asked has not answered. */
static void check_waited(void *arg)
{
	struct conn *c = arg;
	struct conn_check *k = c->check;
	int event;

	inquiry_give_up(&k->inquiry);
	k->at = k->at < k->n ? k->at + 1 : 0;
	event = check_next(c);
	if (event != CONN_EV_NONE)
		conn_event(c, (enum conn_event)event);
}

static int check_compare(struct conn *c)
{
	struct conn_check *k = c->check;
	struct check_unit *unit = &k->units[k->at];

	unit->is = identity_compare(&unit->was, &k->is);
	if (unit->is == IDENTITY_OTHER)
		identity_report_change(&k->report, unit->dev.block, unit->dev.lun, &unit->was, &k->is);
	k->at++;
	return check_next(c);
}

static int check_page(struct conn *c)
{
	struct conn_check *k = c->check;

	if (k->inquiry.page == 0x80) {
		identity_parse(&k->is, k->page83, k->len83, k->inquiry.bytes, k->inquiry.have);
		return check_compare(c);
	}
	identity_parse(&k->is, k->inquiry.bytes, k->inquiry.have, NULL, 0);
	if (identity_decides(&k->units[k->at].was, &k->is))
		return check_compare(c);
	x_free(k->page83);
	k->page83 = k->inquiry.bytes;
	k->len83 = k->inquiry.have;
	k->inquiry.bytes = NULL;
	return check_ask(c, 0x80);
}

/* A part of the time for which the kernel still holds I/O back: the start is to come within it. */
static int64_t check_units_limit(const struct conn *c)
{
	int64_t held = record_int(c->session->record, FIELD_SESSION_REPLACEMENT_TIMEOUT);
	int64_t left = held - (int64_t)((loop_now(c->k.engine->loop) - c->session->lost_at) / 1000), part = left / 4;

	if (held <= 0 || left <= 0 || part > UNITS_S)
		return UNITS_S;
	return part > 1 ? part : 1;
}

/*
 * After a login, the target is there, and what fails is the check, which counts. Before it, that is so only of a refusal of the keys:
 * the kernel's login may propose others. Any other failure would be the kernel's login's as well.
 */
static bool check_login_counts(const struct login_action *action)
{
	return action->of_keys ? action->err.code != MISCSI_ERR_NOMEM : action->status_class == 2 && !action->status_detail;
}

static int check_follow_login(struct conn *c, struct login_action *action)
{
	struct conn_check *k = c->check;

	switch (action->kind) {
	case LOGIN_SEND:
		return check_send(c, &action->pdu);
	case LOGIN_DONE:
		k->step = CHECK_UNITS;
		conn_arm(c, check_units_limit(c));
		inquiry_init(&k->inquiry, &action->result);
		k->channel->ops->full_feature(k->channel, &action->result);
		login_free(c->login);
		c->login = NULL;
		return check_next(c);
	case LOGIN_REDIRECT:
		return conn_redirect(c, &action->redirect);
	default:
		err_copy(&c->err, &action->err);
		return check_login_counts(action) ? check_failed(c) : CONN_EV_FAILED;
	}
}

static int check_units_pdu(struct conn *c, const struct iscsi_pdu *pdu)
{
	struct iscsi_pdu next;
	int rc = inquiry_feed(&c->check->inquiry, pdu, &next, &c->err);

	switch (rc) {
	case INQUIRY_WAIT:
		return CONN_EV_NONE;
	case INQUIRY_SEND:
		return check_send(c, &next) == CONN_EV_NONE ? CONN_EV_NONE : check_over(c);
	case INQUIRY_DONE:
		return check_page(c);
	default:
		return check_over(c);
	}
}

static void check_pdu(void *arg, const struct iscsi_pdu *pdu)
{
	struct conn *c = arg;
	struct login_action action;
	int event = CONN_EV_NONE;

	switch (c->check->step) {
	case CHECK_LOGIN:
		login_feed(c->login, pdu, &action);
		event = check_follow_login(c, &action);
		break;
	case CHECK_UNITS:
		event = check_units_pdu(c, pdu);
		break;
	default:
		if (pdu_op(pdu) == ISCSI_OP_LOGOUT_RSP)
			event = check_over(c);
	}
	if (event != CONN_EV_NONE)
		conn_event(c, (enum conn_event)event);
}

static void check_lost(void *arg, int result, const struct err *err)
{
	struct conn *c = arg;
	int event;

	(void)result;
	if (c->check->step != CHECK_LOGOUT)
		err_copy(&c->err, err);
	event = c->check->step == CHECK_LOGIN ? CONN_EV_FAILED : check_over(c);
	if (event != CONN_EV_NONE)
		conn_event(c, (enum conn_event)event);
}

int conn_check_connected(struct conn *c)
{
	const struct pdu_channel_events events = { .pdu = check_pdu, .lost = check_lost, .arg = c };
	struct conn_check *k = c->check;
	struct login_action action;
	struct login_config login;
	int fd = (int)c->dial.op.binding.value, rc;

	c->dial.op.binding.kind = MISCSI_BINDING_NONE;
	k->step = CHECK_LOGIN;
	if (pdu_channel_socket_new(c->k.engine->loop, fd, &events, &k->channel) < 0)
		return conn_nomem(c, "a connection");
	rc = conn_login_config(c, &login);
	login.ignore_itt = false;
	login.proposal.header_digest = login.proposal.data_digest = ISCSI_DIGEST_NONE;
	if (login.proposal.max_recv_data_segment_length > DATA_MAX)
		login.proposal.max_recv_data_segment_length = DATA_MAX;
	if (rc == 0)
		rc = login_new(&login, &c->login, &c->err);
	credentials_clear(&login.chap);
	if (rc < 0)
		return CONN_EV_FAILED;
	login_start(c->login, &action);
	return check_follow_login(c, &action);
}

/* It may wait for a scan of its host that waits for this session, or for a flush of its cache; what matters is that no I/O reaches it. */
static int check_remove_late(struct conn *c)
{
	struct conn_check *k = c->check;

	if (!scan_device_is_gone(c->k.engine->sysfs, c->k.host_no, c->k.sid, &k->units[k->at].dev))
		return conn_fail(c, MISCSI_ERR_INTERNAL,
			"%s; the kernel did not remove the old device within %lld s, so iscsid does not restore the session: a "
			"scan of host%u may hang (see the kernel's log)",
			k->report.text, (long long)c->limit, c->k.host_no);
	scan_cancel(k->removal);
	k->removal = NULL;
	return check_is_removed(c);
}

int conn_check_late(void *machine)
{
	struct conn *c = machine;

	switch (c->check->step) {
	case CHECK_LOGOUT:
		return check_over(c);
	case CHECK_REMOVE:
		return check_remove_late(c);
	case CHECK_UNITS:
		conn_fail(c, MISCSI_ERR_PDU_TIMEOUT,
			"the portal %s did not answer within %lld s when iscsid asked which disks it has: check the target's log",
			session_portal(c->session), (long long)c->limit);
		return check_over(c);
	case CHECK_LOGIN:
		return conn_fail(c, MISCSI_ERR_TRANS_TIMEOUT,
			"the portal %s did not complete the login within %lld s (stage: %s): check the target's log",
			session_portal(c->session), (long long)c->limit, login_stage(c->login));
	default:
		return conn_fail(c, MISCSI_ERR_TRANS_TIMEOUT,
			"iscsid could not connect to the portal %s within %lld s: check that the target runs, and the network "
			"and firewalls between",
			session_portal(c->session), (long long)c->limit);
	}
}
