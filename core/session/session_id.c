/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a session is called, where it goes, and how its settings are handed to a plugin. */
#include "record/record.h"
#include "session/session.h"
#include <errno.h>
#include <string.h>
#include <strings.h>

#define REDIRECTS_MAX 16 /* in a row, without a login that ended well */

const char *session_target(const struct session *s)
{
	return record_str(s->record, FIELD_NODE_NAME);
}

const char *session_portal(const struct session *s)
{
	return s->portal ? s->portal : record_str(s->record, FIELD_CONN_ADDRESS);
}

const char *session_address(const struct session *s, uint16_t *port)
{
	bool elsewhere = s->redirect_host && !s->at_home;

	*port = elsewhere ? s->redirect_port : (uint16_t)record_int(s->record, FIELD_CONN_PORT);
	return elsewhere ? s->redirect_host : record_str(s->record, FIELD_CONN_ADDRESS);
}

/* The name stays with the session: a target knows it by name and ISID, whatever this machine will be called later. */
int session_identify(struct session *s, struct err *err)
{
	const struct manager_config *config = manager_config(s->manager);
	const char *name, *alias;
	int rc;

	if (*record_str(s->record, FIELD_IFACE_INITIATORNAME))
		return 0;
	rc = config->identify(config->identify_arg, &name, &alias, err);
	return rc < 0 ? rc : record_set(s->record, FIELD_IFACE_INITIATORNAME, name, err);
}

/* Kept as text because every line of the log has it. */
void session_portal_text(struct session *s)
{
	struct portal p = { .tpgt = PORTAL_TPGT_ANY };
	const char *host = session_address(s, &p.port);
	char text[PORTAL_TEXT_MAX];
	int kind = portal_host_kind(host, strlen(host));

	if (kind < 0 || strlen(host) > PORTAL_HOST_MAX)
		return;
	strcpy(p.host, host);
	p.kind = (enum portal_kind)kind;
	x_strset(&s->portal, portal_format(text, sizeof(text), &p, false));
}

/* A temporary one holds for the coming login; a permanent one until the session ends (RFC 7143 section 11.13.5). */
int session_redirect(struct session *s, const struct login_redirect *to)
{
	if (++s->redirects > REDIRECTS_MAX)
		return -ELOOP;
	if (x_strset(&s->redirect_host, to->portal.host) < 0)
		return -ENOMEM;
	s->redirect_port = to->portal.port;
	s->redirect_stays = to->permanent;
	s->redirected = true;
	s->at_home = false;
	session_portal_text(s);
	return 0;
}

static void redirect_over(struct session *s)
{
	x_strset(&s->redirect_host, NULL);
	s->redirect_stays = s->at_home = false;
}

/* "For good" ends when that portal is away and the old one is well again: they are tried in turn. */
void session_next_portal(struct session *s)
{
	if (s->redirect_stays)
		s->at_home = s->attempts % 2;
	else
		redirect_over(s);
	session_portal_text(s);
}

void session_arrived(struct session *s)
{
	if (s->at_home)
		redirect_over(s);
}

/*
 * Whether a record means this session. The portal group tag is left out: an array that renumbers its groups would otherwise get
 * every session a second time.
 */
bool session_is(const struct session *s, const struct record *node)
{
	static const enum field_id identity[] = { FIELD_NODE_NAME, FIELD_IFACE_NAME };

	for (unsigned i = 0; i < ARRAY_SIZE(identity); i++)
		if (strcasecmp(record_str(s->record, identity[i]), record_str(node, identity[i])))
			return false;
	return record_int(s->record, FIELD_CONN_PORT) == record_int(node, FIELD_CONN_PORT) &&
		portal_same_host(record_str(s->record, FIELD_CONN_ADDRESS), record_str(node, FIELD_CONN_ADDRESS));
}

/* A plugin asks for settings by key; numbers are turned to text where the asking ends. Texts are the record's own: they may be as
 * long as a path, and every session would have room for one. */
static const char *op_setting(void *settings, const char *key)
{
	struct session *s = settings;
	enum field_id id;

	if (field_find(RECORD_NODE, key, &id) < 0 || field_of(id)->type == FIELD_TYPE_SECRET)
		return NULL;
	if (field_of(id)->type != FIELD_TYPE_INT)
		return record_str(s->record, id);
	return record_text(s->record, id, s->setting, sizeof(s->setting));
}

void session_op(struct session *s, struct transport_op *op)
{
	op->setting = op_setting;
	op->settings = s;
	if (s->conn.k.sid)
		op->sid = s->conn.k.sid;
	op->cid = 0;
	/* a host that comes with its session says nothing of where to connect */
	if (!(transport_traits(s->conn.k.transport) & MISCSI_TRAIT_SESSION_HOST))
		op->host_no = s->conn.k.host_no;
}

void session_describe(const struct session *s, struct manager_session *out)
{
	*out = (struct manager_session){
		.id = s->id,
		.sid = s->conn.k.sid,
		.target = session_target(s),
		.address = record_str(s->record, FIELD_CONN_ADDRESS),
		.iface = record_str(s->record, FIELD_IFACE_NAME),
		.transport = transport_name(s->conn.k.transport),
		.port = (uint16_t)record_int(s->record, FIELD_CONN_PORT),
		.tpgt = (int)record_int(s->record, FIELD_NODE_TPGT),
		.state = s->run.fsm->states[s->run.state],
		.connection = s->conn.run.fsm->states[s->conn.run.state],
		.last_error = s->err.code ? s->err.text : "",
		.recoveries = s->recoveries,
		.since_ms = loop_now(s->engine->loop) - s->since,
		.adopted = s->adopted,
	};
}
