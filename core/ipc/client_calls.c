/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's methods as functions. A daemon is trusted with sessions, yet what it says is checked. */
#include "config.h"
#include "ipc/client.h"
#include "ipc/recordjson.h"
#include "ipc/varlink.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include <errno.h>
#include <limits.h>
#include <string.h>

#define SHORT_MS 10000 /* for calls that the daemon answers at once */
#define END_MS 30000

/* `seen` is what makes "one result each" true, whatever a daemon sends. */
struct collector { /* the results of one call */
	client_result_fn fn;
	void *arg;
	size_t n, left; /* left: how many have none */
	bool *seen;
};

/* The texts of one reply, escaped into a fixed place. */
struct texts {
	char bytes[8][320];
	unsigned n;
};

/* No reply has more than eight texts that are read. What is longer than its place, once escaped, is cut. */
static const char *member_text(struct texts *texts, struct json_object *object, const char *member)
{
	const char *text;
	char *place = texts->bytes[texts->n];

	if (varlink_string(object, member, &text))
		return NULL;
	texts->n++;
	return str_escape(place, sizeof(texts->bytes[0]), text, strlen(text));
}

static long long member_number(struct json_object *object, const char *member, long long min, long long max, long long otherwise)
{
	varlink_integer(object, member, min, max, &otherwise);
	return otherwise;
}

/* A result for no record, or a second one, is dropped: callers count on one each. */
static void collect_result(struct collector *c, struct json_object *object)
{
	struct client_result r = { .err = ERR_INIT };
	struct texts texts = { .n = 0 };
	struct json_object *failure;
	long long index = member_number(object, "index", 0, LLONG_MAX, LLONG_MAX);

	if ((unsigned long long)index >= c->n || c->seen[index])
		return;
	c->seen[index] = true;
	c->left--;
	r.index = (size_t)index;
	r.sid = (uint32_t)member_number(object, "sid", 1, UINT32_MAX, 0);
	r.target = member_text(&texts, object, "target");
	r.address = member_text(&texts, object, "address");
	r.iface = member_text(&texts, object, "iface");
	r.port = (uint16_t)member_number(object, "port", 0, UINT16_MAX, 0);
	r.tpgt = (int)member_number(object, "tpgt", 0, UINT16_MAX, -1);
	if (!varlink_object(object, "error", &failure))
		client_failure(failure, &r.err);
	c->fn(c->arg, &r);
}

/*
 * The results of one reply, of the many or of the last. A reply without results is no error: a daemon
 * may send one to show that it lives.
 */
static int collect_results(void *arg, struct json_object *parameters)
{
	struct json_object *results;

	if (varlink_array(parameters, "results", &results))
		return 0;
	for (size_t i = 0; i < json_object_array_length(results); i++)
		collect_result(arg, json_object_array_get_idx(results, i));
	return 0;
}

/*
 * One call, and then a result for each that the daemon gave none. Takes parameters. error: of building
 * them. Callers print a line for each record, so a connection that breaks must not leave any of them
 * without. No deadline: how long a login may take is the record's to say, and the daemon keeps to it.
 */
static int call_many(struct client *client, const char *method, struct json_object *parameters, int error, struct collector *c,
	struct err *err)
{
	cleanup(x_freep) bool *seen = x_newn(bool, c->n + 1);
	struct json_object *reply = NULL;
	struct client_result none = { .err = ERR_INIT, .tpgt = -1 };
	int rc;

	c->seen = seen;
	c->left = c->n;
	if (error || !seen) {
		varlink_put(parameters);
		rc = err_set(&none.err, MISCSI_ERR_NOMEM, "%s: no memory for the request", method);
	} else {
		rc = client_call(client, method, parameters, collect_results, c, 0, &reply, &none.err);
	}
	if (!rc && seen)
		collect_results(c, reply);
	json_object_put(reply);
	if (!rc && c->left)
		rc = err_set(&none.err, MISCSI_ERR_ISCSID_COMM_ERR, "the daemon returned no result");
	for (size_t i = 0; i < c->n && rc; i++) {
		none.index = i;
		if (!seen || !seen[i])
			c->fn(c->arg, &none);
	}
	if (rc && err)
		err_copy(err, &none.err);
	return rc;
}

int client_login(
	struct client *c, struct record *const *records, size_t n, bool wait, client_result_fn fn, void *arg, struct err *err)
{
	struct collector collector = { .fn = fn, .arg = arg, .n = n };
	struct json_object *parameters = json_object_new_object(), *array = json_object_new_array(), *o;
	int error = array ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && !error; i++) {
		error = recordjson_write(records[i], &o);
		if (!error && json_object_array_add(array, o)) {
			varlink_put(o);
			error = -ENOMEM;
		}
	}
	varlink_add(parameters, "records", array, &error);
	varlink_add_boolean(parameters, "wait", wait, &error);
	return call_many(c, "org.miscsi.Login", parameters, error, &collector, err);
}

/* The parameters are given back also on an error, for the caller to hand on and be freed in one place. */
static struct json_object *sids_write(const uint32_t *sids, size_t n, int *error)
{
	struct json_object *parameters = json_object_new_object(), *array = json_object_new_array(), *o;

	for (size_t i = 0; i < n && !*error; i++) {
		o = json_object_new_int64(sids[i]);
		if (!array || !o || json_object_array_add(array, o)) {
			json_object_put(o);
			*error = -ENOMEM;
		}
	}
	if (!array)
		*error = -ENOMEM;
	varlink_add(parameters, "sids", array, error);
	return parameters;
}

int client_logout(struct client *c, const uint32_t *sids, size_t n, bool force, client_result_fn fn, void *arg, struct err *err)
{
	struct collector collector = { .fn = fn, .arg = arg, .n = n };
	int error = 0;
	struct json_object *parameters = sids_write(sids, n, &error);

	varlink_add_boolean(parameters, "force", force, &error);
	return call_many(c, "org.miscsi.Logout", parameters, error, &collector, err);
}

int client_logout_of(struct client *c, const struct client_session *who, bool force, struct err *err)
{
	struct json_object *parameters = json_object_new_object(), *filter = json_object_new_object();
	struct json_object *reply = NULL, *results, *failure;
	int error = 0, rc;

	varlink_add_text(filter, "target", who->target, &error);
	varlink_add_text(filter, "address", who->address, &error);
	varlink_add_integer(filter, "port", who->port, &error);
	varlink_add_text(filter, "iface", who->iface, &error);
	varlink_add(parameters, "filter", filter, &error);
	varlink_add_boolean(parameters, "force", force, &error);
	if (error) { /* half a filter would be another one */
		varlink_put(parameters);
		return err_nomem(err, "the request");
	}
	rc = client_call(c, "org.miscsi.Logout", parameters, NULL, NULL, 0, &reply, err);
	if (!rc && varlink_array(reply, "results", &results))
		rc = err_set(err, MISCSI_ERR_ISCSID_COMM_ERR, "the daemon returned no result");
	for (size_t i = 0; !rc && i < json_object_array_length(results); i++)
		if (!varlink_object(json_object_array_get_idx(results, i), "error", &failure))
			rc = client_failure(failure, err);
	json_object_put(reply);
	return rc;
}

int client_rescan(struct client *c, const uint32_t *sids, size_t n, client_result_fn fn, void *arg, struct err *err)
{
	struct collector collector = { .fn = fn, .arg = arg, .n = n };
	int error = 0;
	struct json_object *parameters = sids_write(sids, n, &error);

	return call_many(c, "org.miscsi.Rescan", parameters, error, &collector, err);
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static void read_session(struct json_object *o, void (*fn)(void *arg, const struct client_session *s), void *arg)
{
	struct texts texts = { .n = 0 };
	struct client_session s = {
		.sid = (uint32_t)member_number(o, "sid", 1, UINT32_MAX, 0),
		.target = or_empty(member_text(&texts, o, "target")),
		.address = or_empty(member_text(&texts, o, "address")),
		.iface = or_empty(member_text(&texts, o, "iface")),
		.transport = or_empty(member_text(&texts, o, "transport")),
		.state = or_empty(member_text(&texts, o, "state")),
		.connection = or_empty(member_text(&texts, o, "connection")),
		.error = member_text(&texts, o, "error"),
		.port = (uint16_t)member_number(o, "port", 0, UINT16_MAX, 0),
		.tpgt = (int)member_number(o, "tpgt", -1, UINT16_MAX, -1),
		.recoveries = (unsigned)member_number(o, "reconnects", 0, UINT_MAX, 0),
		.since_ms = (uint64_t)member_number(o, "since", 0, LLONG_MAX, 0),
	};

	varlink_boolean(o, "adopted", &s.adopted);
	fn(arg, &s);
}

int client_list(
	struct client *c, unsigned deadline_ms, void (*fn)(void *arg, const struct client_session *s), void *arg, struct err *err)
{
	struct json_object *reply = NULL, *sessions;
	int rc = client_call(c, "org.miscsi.ListSessions", NULL, NULL, NULL, deadline_ms, &reply, err);

	if (!rc && varlink_array(reply, "sessions", &sessions))
		rc = err_set(err, MISCSI_ERR_ISCSID_COMM_ERR, "the daemon's list of sessions is malformed");
	for (size_t i = 0; !rc && i < json_object_array_length(sessions); i++)
		read_session(json_object_array_get_idx(sessions, i), fn, arg);
	json_object_put(reply);
	return rc;
}

int client_status(struct client *c, struct client_status *out, struct err *err)
{
	struct json_object *reply = NULL;
	const char *version = "";
	int rc = client_call(c, "org.miscsi.GetStatus", NULL, NULL, NULL, SHORT_MS, &reply, err);

	if (!rc) {
		varlink_string(reply, "version", &version);
		str_escape(out->version, sizeof(out->version), version, strlen(version));
		out->pid = member_number(reply, "pid", 1, INT_MAX, 0);
		out->uptime_s = member_number(reply, "uptime", 0, LLONG_MAX, 0);
		out->sessions = member_number(reply, "sessions", 0, LLONG_MAX, 0);
		out->pending = member_number(reply, "pending", 0, LLONG_MAX, 0);
	}
	json_object_put(reply);
	return rc;
}

/* Stopped means gone: a package's script that starts the new daemon next must find the socket free. */
int client_stop(struct client *c, struct err *err)
{
	int rc = client_call(c, "org.miscsi.Stop", NULL, NULL, NULL, SHORT_MS, NULL, err);

	return rc ? rc : client_wait_end(c, END_MS, err);
}
