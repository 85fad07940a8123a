/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PDUs that a connection sends and gets while the kernel carries them: the login, the logout, and the target's asynchronous messages. */
#include "base/strbuf.h"
#include "session/session.h"
#include "session/store.h"
#include "link/credentials.h"
#include "link/hangup.h"
#include <string.h>

#define TIME2WAIT_MAX 3600

/* The name stays with the session: a target knows it by name and ISID, whatever this machine will be called later. */
int conn_identify(struct conn *c, struct err *err)
{
	const struct session_owner *owner = c->session->owner;
	struct record *r = c->session->record;
	const char *name, *alias;
	int rc;

	if (*record_str(r, FIELD_IFACE_INITIATORNAME))
		return 0;
	rc = owner->identify(owner->identify_arg, &name, &alias, err);
	return rc < 0 ? rc : record_set(r, FIELD_IFACE_INITIATORNAME, name, err);
}

int conn_redirect(struct conn *c, const struct login_redirect *to)
{
	return destination_redirect(&c->session->destination, to, &c->err) < 0 ? CONN_EV_FAILED : CONN_EV_REDIRECTED;
}

/* What an action of the login engine means to the machine. */
static int conn_follow_login(struct conn *c, struct login_action *action)
{
	struct session *s = c->session;

	switch (action->kind) {
	case LOGIN_SEND:
		return conn_send_pdu(c, &action->pdu);
	case LOGIN_DONE:
		if (!c->result)
			c->result = x_new(struct login_result);
		if (!c->result)
			return conn_nomem(c, "the result of the login");
		*c->result = action->result;
		if (action->result.tpgt >= 0 && !destination_redirected(&s->destination))
			s->tpgt = action->result.tpgt;
		if (conn_negotiated(c, &c->result->params) < 0)
			return CONN_EV_FAILED;
		s->time2wait = c->result->params.default_time2wait;
		return CONN_EV_LOGIN_DONE;
	case LOGIN_REDIRECT:
		return conn_redirect(c, &action->redirect);
	default:
		err_copy(&c->err, &action->err);
		return CONN_EV_FAILED;
	}
}

/*
 * An address that moved to another group leads to other disks under the names of the session's (RFC 7143 section 4.4.1 has one set of
 * units for each group). A redirection is the target's own word, and until the kernel may have devices the group is what the target says.
 */
static int32_t conn_expected_group(const struct session *s)
{
	if (!s->starts || destination_redirected(&s->destination) || record_int(s->record, FIELD_SESSION_FOLLOW_GROUP))
		return -1;
	return s->tpgt;
}

/*
 * A login of the same initiator name and ISID to the same portal group is a session reinstatement (RFC 7143 section 6.3.5): the
 * target drops what it still has of the old session. So the ISID is the session's, login after login.
 */
int conn_login_config(struct conn *c, struct login_config *login)
{
	struct session *s = c->session;
	const struct session_owner *owner = s->owner;
	const char *name, *alias = NULL;
	enum login_auth auth = credentials_auth(s->record, &credentials_of_session);
	bool chap = auth != LOGIN_AUTH_NONE;
	int rc;

	*login = (struct login_config){
		.target_name = session_target(s),
		.cmdsn = (uint32_t)record_int(s->record, FIELD_SESSION_INITIAL_CMDSN),
		.auth = auth,
		.tpgt = conn_expected_group(s),
		.ignore_itt = true,
	};
	memcpy(login->isid, s->isid, sizeof(login->isid));
	conn_arm(c, record_int(s->record, chap ? FIELD_CONN_AUTH_TIMEOUT : FIELD_CONN_LOGIN_TIMEOUT));
	owner->identify(owner->identify_arg, &name, &alias, NULL); /* an alias is a courtesy */
	rc = conn_identify(c, &c->err);
	if (rc < 0)
		return rc;
	login->initiator_name = record_str(s->record, FIELD_IFACE_INITIATORNAME);
	login->initiator_alias = alias;
	rc = chap ? credentials_take(s->record, &credentials_of_session, c->credentials, &login->chap, &c->err) : 0;
	return rc == 0 ? conn_proposals(c, &login->proposal) : rc;
}

int conn_login_begin(void *machine)
{
	struct conn *c = machine;
	struct login_config login;
	struct login_action action;
	int rc;

	c->tell(c->session, SESS_EV_CONN_BOUND);
	if (c->session->check == SESS_CHECK_PASSED)
		c->session->check = SESS_CHECK_FOLLOWED;
	rc = conn_login_config(c, &login);
	if (rc == 0)
		rc = login_new(&login, &c->login, &c->err);
	credentials_clear(&login.chap);
	if (rc < 0)
		return CONN_EV_FAILED;
	login_start(c->login, &action);
	return conn_follow_login(c, &action);
}

/* One step of the dialogue; the engine of core/proto decides what it means. */
int conn_login_pdu(void *machine)
{
	struct conn *c = machine;
	struct login_action action;

	login_feed(c->login, &c->pdu, &action);
	return conn_follow_login(c, &action);
}

static void conn_hung_up(void *arg)
{
	conn_event(arg, CONN_EV_LOST);
}

/* The kernel does not report that a connection was closed while a logout is under way: it expects that. */
static void conn_watch_hangup(struct conn *c)
{
	int rc = c->hangup ? 0 : hangup_watch(&c->k, conn_hung_up, c, &c->hangup);

	if (rc < 0)
		log_debug(c->k.engine->log, "session",
			"session%u [%s, %s]: iscsid cannot watch the connection during the logout, so if the target "
			"closes it, iscsid notices it only when the logout times out: %s",
			c->k.sid, session_target(c->session), session_portal(c->session), strerror(-rc));
}

/* Reason 0 closes the session: with one connection per session there is nothing else to keep (RFC 7143 section 11.14.1). */
int conn_logout_send(void *machine)
{
	struct conn *c = machine;
	struct iscsi_request request = { .immediate = true, .final = true, .reason = ISCSI_LOGOUT_SESSION };
	struct iscsi_pdu pdu = { .data = NULL };

	conn_arm(c, record_int(c->session->record, FIELD_CONN_LOGOUT_TIMEOUT));
	conn_watch_hangup(c);
	c->tell(c->session, SESS_EV_CONN_LEAVES);
	pdu_build(&pdu, ISCSI_OP_LOGOUT, &request); /* the kernel fills ITT, CmdSN and ExpStatSN */
	return conn_send_pdu(c, &pdu);
}

int conn_logout_pdu(void *machine)
{
	struct conn *c = machine;
	struct iscsi_response response;

	if (pdu_parse(&c->pdu, ISCSI_OP_LOGOUT_RSP, &response) < 0)
		return CONN_EV_NONE; /* what came in before the target saw the logout */
	if (response.response)
		log_warn(c->k.engine->log, "session",
			"session%u [%s, %s]: the target answered the Logout Request with an error, and iscsid removes the "
			"session all the same: %s",
			c->k.sid, session_target(c->session), session_portal(c->session), pdu_logout_text(response.response));
	return CONN_EV_LOGGED_OUT;
}

/* In full feature phase the kernel hands up asynchronous messages, and nothing else that we would need. */
int conn_pdu(void *machine)
{
	struct conn *c = machine;
	const struct log *log = c->k.engine->log;
	struct iscsi_response async;

	if (pdu_parse(&c->pdu, ISCSI_OP_ASYNC, &async) < 0)
		return CONN_EV_NONE;
	switch (async.event) {
	case ISCSI_ASYNC_LOGOUT_REQUEST:
		log_info(log, "session",
			"session%u [%s, %s]: the target requested a logout, so iscsid logs out and logs in again", c->k.sid,
			session_target(c->session), session_portal(c->session));
		conn_fail(c, MISCSI_ERR_LOGIN, "the target requested a logout (its log may have the reason)");
		return CONN_EV_LOGOUT_ASKED;
	case ISCSI_ASYNC_CONNECTION_DROPPED:
	case ISCSI_ASYNC_SESSION_DROPPED:
		/* RFC 7143 section 11.9: Parameter2 is Time2Wait, which by section 13.15 is an hour at most */
		c->session->time2wait = async.param2 < TIME2WAIT_MAX ? async.param2 : TIME2WAIT_MAX;
		conn_fail(c, MISCSI_ERR_LOGIN,
			async.event == ISCSI_ASYNC_SESSION_DROPPED ?
				"the target announced that it drops the session (its log may have the reason)" :
				"the target announced that it drops the connection (its log may have the reason)");
		return CONN_EV_LOST;
	case ISCSI_ASYNC_NEGOTIATE: /* we have nothing to say: RFC 7143 section 11.9.1 lets the initiator drop the connection, as a logout does */
		conn_fail(c, MISCSI_ERR_LOGIN,
			"the target requested to negotiate parameters again, which iscsid does by a new login");
		return CONN_EV_LOGOUT_ASKED;
	default:
		log_debug(log, "session",
			"session%u [%s, %s]: iscsid ignored an Asynchronous Message of the target (AsyncEvent %u)", c->k.sid,
			session_target(c->session), session_portal(c->session), async.event);
		return CONN_EV_NONE;
	}
}
