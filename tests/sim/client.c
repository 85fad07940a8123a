/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients: they send calls of org.miscsi, and check that each request in them is answered once. What they were told is what must be. */
#include "config.h"
#include "sim.h"
#include "base/mem.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define CALLS_MAX 16
#define OUT_MAX 65536 /* a reply */
#define UNREAD_MAX 8192 /* a socket's buffer */

enum call_kind { CALL_LOGIN, CALL_LOGOUT, CALL_RESCAN, CALL_PLAIN, CALL_MONITOR, CALL_BAD };

struct call {
	enum call_kind kind;
	unsigned n; /* requests in it */
	unsigned identity[SIM_IDENTITIES];
	uint32_t seen; /* bits of those answered */
	bool failed; /* one of the sessions that a logout was about */
	uint32_t sid; /* the session that a logout names; 0: it has a filter */
};

struct client {
	bool open; /* the daemon has its end of the connection */
	bool left; /* this end is closed */
	bool stopped; /* reads nothing */
	char in[8192]; /* for the daemon */
	size_t in_at, in_len;
	char *out; /* from the daemon */
	size_t out_len, read;
	struct call calls[CALLS_MAX]; /* in their order */
	unsigned first, n;
};

enum end { END_DONE, END_FAILED, END_UNKNOWN, END_OTHER };

static struct {
	struct client *client[SIM_CLIENTS];
	struct {
		enum wanted wanted;
		unsigned logins, logouts; /* under way */
		bool mixed; /* both at a time: which one was last is not known */
		uint64_t unsure; /* until then an earlier request may still be done */
	} identity[SIM_IDENTITIES];
} all;

void client_reset(void)
{
	memset(&all, 0, sizeof(all));
}

enum wanted client_wants(unsigned identity)
{
	return all.identity[identity].wanted;
}

void client_other_program(unsigned identity)
{
	if (all.identity[identity].wanted == WANTED_YES)
		all.identity[identity].wanted = WANTED_EITHER;
	if (all.identity[identity].logins || all.identity[identity].logouts)
		all.identity[identity].mixed = true;
	all.identity[identity].unsure = sim_now() + 10000; /* until iscsid knows */
}

static void request_begins(enum call_kind kind, unsigned identity)
{
	if (kind == CALL_LOGIN)
		all.identity[identity].logins++;
	else if (kind == CALL_LOGOUT)
		all.identity[identity].logouts++;
	/* what it finds may be gone already, and iscsid does not know it yet */
	if ((all.identity[identity].logins && all.identity[identity].logouts) || sim_now() < all.identity[identity].unsure)
		all.identity[identity].mixed = true;
}

static void request_ends(enum call_kind kind, unsigned i, enum end end)
{
	__typeof__(&all.identity[i]) id = &all.identity[i];

	if (kind != CALL_LOGIN && kind != CALL_LOGOUT)
		return;
	if (kind == CALL_LOGIN)
		id->logins--;
	else
		id->logouts--;
	if (end == END_DONE)
		id->wanted = kind == CALL_LOGIN ? WANTED_YES : WANTED_NO;
	/* END_OTHER: it was about a session that was on its way out, and the target's portal has another one */
	if (end == END_UNKNOWN) {
		id->wanted = WANTED_EITHER;
		id->unsure = sim_now() + 60000;
	}
	if ((end == END_FAILED && kind == CALL_LOGOUT) || id->mixed || sim_now() < id->unsure)
		id->wanted = WANTED_EITHER;
	if (!id->logins && !id->logouts)
		id->mixed = false;
}

/* The rest of its requests will not be answered. */
static void call_lost(struct call *call)
{
	if (call->kind == CALL_LOGOUT)
		call->seen = 0;
	for (unsigned i = 0; i < call->n; i++)
		if (!(call->seen & 1u << i))
			request_ends(call->kind, call->identity[i], END_UNKNOWN);
}

static void read_all(struct client *c);

/* What the daemon sent before is still there to be read. */
static void connection_over(struct client *c)
{
	if (!c->left)
		read_all(c);
	for (; c->n; c->n--, c->first++)
		call_lost(&c->calls[c->first % CALLS_MAX]);
}

void client_closed(struct client *c)
{
	c->open = false;
	connection_over(c);
}

void client_lost_all(void)
{
	for (unsigned i = 0; i < SIM_CLIENTS; i++)
		all.client[i] = NULL;
}

void client_leave(unsigned nth)
{
	struct client *c = all.client[nth];

	if (!c || !c->open || c->left)
		return;
	sim_trace("client %u: disconnects", nth);
	c->left = true;
	connection_over(c);
	all.client[nth] = NULL;
}

unsigned client_unanswered(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SIM_CLIENTS; i++) {
		const struct client *c = all.client[i];

		/* behind a Monitor nothing is answered */
		for (unsigned k = 0; c && c->open && k < c->n; k++) {
			if (c->calls[(c->first + k) % CALLS_MAX].kind == CALL_MONITOR)
				break;
			n++;
		}
	}
	return n;
}

/* ---- what it sends ---- */

static struct client *connected(unsigned nth)
{
	struct client *c = all.client[nth];
	struct os_file *f;
	int fd;

	if (!daemon_listens())
		return NULL;
	if (c && c->open)
		return c->n < CALLS_MAX ? c : NULL;
	fd = os_open(OS_STREAM, &f);
	if (fd < 0)
		return NULL;
	c = sim_alloc(sizeof(*c));
	c->out = sim_alloc(OUT_MAX);
	c->open = true;
	f->client = c;
	all.client[nth] = c;
	if (daemon_accept(fd) < 0)
		return NULL;
	return c->open ? c : NULL;
}

static struct call *call_new(struct client *c, enum call_kind kind)
{
	struct call *call = &c->calls[(c->first + c->n++) % CALLS_MAX];

	memset(call, 0, sizeof(*call));
	call->kind = kind;
	return call;
}

static void call_about(struct call *call, unsigned identity)
{
	call->identity[call->n++] = identity;
	request_begins(call->kind, identity);
}

static bool has_room(const struct client *c, size_t len)
{
	return sizeof(c->in) - c->in_len > len;
}

static void add(struct client *c, const char *text)
{
	size_t len = strlen(text);

	memcpy(c->in + c->in_len, text, len);
	c->in_len += len;
}

static void message_end(struct client *c)
{
	c->in[c->in_len++] = '\0';
}

/* Portals by name for the last target, short limits, so that a history is short, and a different way of scanning for one of two. */
static const char *record_text_of(unsigned i)
{
	const char *auth = target_demands_chap(i) ?
		"\"node.session.auth.authmethod\":\"CHAP\",\"node.session.auth.username\":\"" SIM_USER
		"\",\"node.session.auth.password\":\"" SIM_SECRET "\"," :
		"";
	const char *auth_in = target_demands_both(i) ? "\"node.session.auth.username_in\":\"" SIM_NAME_IN
						       "\",\"node.session.auth.password_in\":\"" SIM_SECRET_IN "\"," :
						       "";

	return sim_text(
		"{\"kind\":\"node\",\"settings\":{%s%s\"node.name\":\"%s\",\"node.tpgt\":\"%u\",\"node.conn[0].address\":\"%s\","
		"\"iface.transport_name\":\"tcp\",\"node.session.timeo.replacement_timeout\":\"%u\","
		"\"node.session.initial_login_retry_max\":\"%u\",\"node.conn[0].timeo.login_timeout\":\"%u\",\"node.conn[0]."
		"timeo.auth_timeout\":\"%u\","
		"\"node.session.scan\":\"%s\"}}",
		auth, auth_in, net_target(i), i % SIM_PORTALS + 1,
		i / SIM_PORTALS == SIM_TARGETS - 1 ? sim_text("t%up%u.example", i / SIM_PORTALS, i % SIM_PORTALS + 1) :
						     net_address(i),
		i % 2 ? 20 : 120, i % 3 ? 4 : 8, i % 2 ? 5 : 15, i % 2 ? 5 : 15, i % 3 ? "auto" : "manual");
}

void client_login(unsigned nth, uint32_t identities, bool more)
{
	struct client *c = connected(nth);
	struct call *call;

	if (!c || !has_room(c, 4000))
		return;
	sim_trace("client %u: logs in to 0x%02x", nth, identities);
	call = call_new(c, CALL_LOGIN);
	add(c, "{\"method\":\"org.miscsi.Login\",\"parameters\":{\"records\":[");
	for (unsigned i = 0; i < SIM_IDENTITIES; i++) {
		if (!(identities & 1u << i))
			continue;
		add(c, call->n ? "," : "");
		add(c, record_text_of(i));
		call_about(call, i);
	}
	add(c, more ? "]},\"more\":true}" : "]}}");
	message_end(c);
}

static const char *record_text_of_many(unsigned i)
{
	return sim_text("{\"kind\":\"node\",\"settings\":{\"node.name\":\"iqn.2026-11.example:s%u\",\"node.tpgt\":\"1\","
			"\"node.conn[0].address\":\"10.1.%u.%u\",\"iface.transport_name\":\"tcp\"}}",
		i, i / 250, i % 250 + 1);
}

bool client_ask_many(unsigned nth, unsigned first, unsigned n, bool login)
{
	struct client *c = connected(nth);
	const struct kern_session *s = kern_sessions();

	if (!c || !has_room(c, 200 + n * 250))
		return false;
	sim_trace("client %u: logs %s %u from %u on", nth, login ? "in to" : "out of", n, first);
	call_new(c, CALL_PLAIN);
	add(c,
		login ? "{\"method\":\"org.miscsi.Login\",\"parameters\":{\"records\":[" :
			"{\"method\":\"org.miscsi.Logout\",\"parameters\":{\"sids\":[");
	for (unsigned i = 0; i < n; i++, s = s ? s->next : NULL) {
		add(c, i ? "," : "");
		add(c, login ? record_text_of_many(first + i) : sim_text("%u", s ? s->sid : 0));
	}
	add(c, "]}}");
	message_end(c);
	return true;
}

/* The kernel's session of an identity. */
uint32_t client_sid(unsigned identity)
{
	for (const struct kern_session *s = kern_sessions(); s; s = s->next) {
		const char *name = s->param[ISCSI_PARAM_TARGET_NAME], *address = s->param[ISCSI_PARAM_PERSISTENT_ADDRESS];

		if (name && address && strcmp(name, net_target(identity)) == 0 &&
			(strcmp(address, net_address(identity)) == 0 ||
				(address[0] == 't' && (unsigned)(address[3] - '1') == identity % SIM_PORTALS)))
			return s->sid;
	}
	return 0;
}

void client_logout(unsigned nth, unsigned identity, bool by_filter, bool more)
{
	struct client *c = connected(nth);
	uint32_t sid = client_sid(identity);
	struct call *call;

	if (!c || !has_room(c, 400))
		return;
	if (by_filter || !sid) {
		/* which sessions it finds is known only when it is answered */
		sim_trace("client %u: logs out of %s at portal %u, by filter", nth, net_target(identity),
			identity % SIM_PORTALS + 1);
		call = call_new(c, CALL_LOGOUT);
		add(c,
			sim_text("{\"method\":\"org.miscsi.Logout\",\"parameters\":{\"filter\":{\"target\":\"%s\",\"address\":\"%"
				 "s\"}}%s}",
				net_target(identity),
				identity / SIM_PORTALS == SIM_TARGETS - 1 ?
					sim_text("t%up%u.example", identity / SIM_PORTALS, identity % SIM_PORTALS + 1) :
					net_address(identity),
				more ? ",\"more\":true" : ""));
	} else {
		sim_trace("client %u: logs out of session%u", nth, sid);
		call = call_new(c, CALL_LOGOUT);
		add(c,
			sim_text("{\"method\":\"org.miscsi.Logout\",\"parameters\":{\"sids\":[%u]}%s}", sid,
				more ? ",\"more\":true" : ""));
		call->sid = sid;
	}
	message_end(c);
	call_about(call, identity);
}

void client_rescan(unsigned nth, unsigned identity)
{
	struct client *c = connected(nth);
	uint32_t sid = client_sid(identity);

	if (!c || !has_room(c, 400))
		return;
	sim_trace("client %u: rescans session%u", nth, sid);
	call_about(call_new(c, CALL_RESCAN), identity);
	add(c, sim_text("{\"method\":\"org.miscsi.Rescan\",\"parameters\":{\"sids\":[%u]}}", sid ? sid : 4711));
	message_end(c);
}

void client_ask(unsigned nth, unsigned what)
{
	static const char *const texts[] = {
		"{\"method\":\"org.miscsi.ListSessions\"}",
		"{\"method\":\"org.miscsi.GetStatus\"}",
		"{\"method\":\"org.miscsi.Monitor\",\"more\":true}",
		"{\"method\":\"org.miscsi.Logout\",\"parameters\":{\"sids\":[0]}}",
		"{\"method\":\"org.miscsi.Login\",\"parameters\":{\"records\":{}}}",
		"{\"method\":\"org.varlink.service.GetInfo\"}",
		"{\"method\":\"org.miscsi.Nonsense\",\"parameters\":{\"a\":[1,2,{\"b\":null}]}}",
		"this is no message",
	};
	struct client *c = connected(nth);

	what %= ARRAY_SIZE(texts);
	if (!c || !has_room(c, 400))
		return;
	sim_trace("client %u: %s", nth, texts[what]);
	call_new(c, what == 2 ? CALL_MONITOR : what == 7 ? CALL_BAD : CALL_PLAIN);
	add(c, texts[what]);
	message_end(c);
}

ssize_t client_sends(struct client *c, void *bytes, size_t len)
{
	size_t n = c->in_len - c->in_at;

	if (!n)
		return c->left ? 0 : -EAGAIN;
	if (n > len)
		n = len;
	if (n > 1 && sim_chance(10))
		n = 1 + sim_random((uint32_t)n - 1);
	memcpy(bytes, c->in + c->in_at, n);
	c->in_at += n;
	if (c->in_at == c->in_len)
		c->in_at = c->in_len = 0;
	return (ssize_t)n;
}

uint32_t client_ready(const struct client *c)
{
	return (c->in_len > c->in_at || c->left ? EPOLLIN : 0) | (c->out_len < UNREAD_MAX || !c->stopped ? EPOLLOUT : 0) |
		(c->left ? EPOLLHUP : 0);
}

/* ---- what it reads ---- */

/* What follows a text. */
static const char *text_end(const char *at)
{
	for (at++; *at && *at != '"'; at++)
		at += *at == '\\' && at[1];
	return *at ? at + 1 : at;
}

/* {"index":0,…,"error":{"code":15,…}}, of which only these two count. */
static const char *read_result(struct call *call, const char *at, bool *failed)
{
	unsigned index = (unsigned)strtoul(at + strlen("{\"index\":"), NULL, 10), depth = 0;
	const char *error = NULL;

	do {
		if (depth == 1 && strncmp(at, "\"error\":{", 9) == 0)
			error = strstr(at, "\"code\":");
		depth += *at == '{';
		depth -= *at == '}';
		at = *at == '"' ? text_end(at) : at + 1;
	} while (depth && *at);
	/* how many sessions a logout's filter matches is not known here */
	if ((call->kind != CALL_LOGOUT && index >= call->n) || index > 31 || call->seen & 1u << index)
		sim_fail("request %u of a call was answered twice, or never asked", index);
	*failed = false;
	if (error) {
		unsigned long code = strtoul(error + 7, NULL, 10);

		*failed = call->kind != CALL_LOGIN || code != 15; /* the session exists */
	}
	call->failed |= *failed;
	call->seen |= 1u << index;
	if (call->kind != CALL_LOGOUT && index < call->n)
		request_ends(call->kind, call->identity[index], *failed ? END_FAILED : END_DONE);
	return at;
}

static enum end logout_end(const struct call *call)
{
	uint32_t left = client_sid(call->identity[0]);

	if (call->failed)
		return END_FAILED;
	return call->sid && left && left != call->sid ? END_OTHER : END_DONE;
}

static void read_reply(struct client *c, const char *text)
{
	struct call *call = &c->calls[c->first % CALLS_MAX];
	bool error = strncmp(text, "{\"error\"", 8) == 0, more = strstr(text, "\"continues\":true") != NULL, failed;
	const char *at = text;

	if (!c->n) {
		sim_fail("a reply to no call: %s", text);
		return;
	}
	if (call->kind <= CALL_RESCAN)
		while ((at = strstr(at, "{\"index\":")))
			at = read_result(call, at, &failed);
	if (more)
		return;
	/* a filter that matched nothing: there was no session */
	if (!error && call->kind == CALL_LOGOUT) {
		call->seen = 1;
		request_ends(call->kind, call->identity[0], logout_end(call));
	} else if (call->kind == CALL_LOGOUT) {
		call->seen = 0;
	}
	for (unsigned i = 0; i < call->n; i++) {
		if (call->seen & 1u << i)
			continue;
		if (!error)
			sim_fail("request %u of a call was never answered: %s", i, text);
		request_ends(call->kind, call->identity[i], END_UNKNOWN);
	}
	c->first++;
	c->n--;
}

static void read_all(struct client *c)
{
	while (c->read < c->out_len) {
		char *end = memchr(c->out + c->read, '\0', c->out_len - c->read);

		if (!end)
			break;
		sim_trace("client: is told %.700s", c->out + c->read);
		read_reply(c, c->out + c->read);
		c->read = (size_t)(end - c->out) + 1;
	}
	memmove(c->out, c->out + c->read, c->out_len - c->read);
	c->out_len -= c->read;
	c->read = 0;
}

void client_stop_reading(unsigned nth, bool stopped)
{
	struct client *c = all.client[nth];

	if (!c || !c->open)
		return;
	sim_trace("client %u: %s", nth, stopped ? "stops reading" : "reads again");
	c->stopped = stopped;
	if (!stopped)
		read_all(c);
}

void client_read_all(void)
{
	for (unsigned i = 0; i < SIM_CLIENTS; i++)
		if (all.client[i] && all.client[i]->stopped)
			client_stop_reading(i, false);
}

ssize_t client_received(struct client *c, const void *bytes, size_t len)
{
	if (daemon_dead())
		return (ssize_t)len;
	if (!check_secrets(bytes, len))
		sim_fail("a secret is sent to a client");
	if (c->left)
		return -EPIPE;
	if (c->stopped && c->out_len + len > UNREAD_MAX)
		return -EAGAIN;
	if (c->out_len + len > OUT_MAX)
		return -EAGAIN;
	memcpy(c->out + c->out_len, bytes, len);
	c->out_len += len;
	if (!c->stopped)
		read_all(c);
	return (ssize_t)len;
}
