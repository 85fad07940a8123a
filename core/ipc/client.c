/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's connection, one call over it, and the daemon's methods as functions. It waits in one place, client_wait().
 *
 * A connection that has failed stays failed: after an error within a message the start of the next one is unknown. The cause is
 * kept, so that each later call fails at once with the same error. The daemon is trusted with sessions, yet its replies are
 * checked.
 */
#include "config.h"
#include "ipc/client.h"
#include "ipc/listener.h"
#include "ipc/peer.h"
#include "ipc/recordjson.h"
#include "ipc/varlink.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* A list of ten thousand sessions has a few MiB. A larger reply is not from our daemon. */
#define MESSAGE_MAX (64u << 20)
/* What the daemon accepts from root in one call. Records beyond that go into another call. */
#define REQUEST_MAX (4u << 20)
#define RECORDS_BYTES (3u << 20)
#define RECORDS_VALUES 50000
#define CHUNK 16384
#define SHORT_MS 10000 /* for calls that the daemon answers at once */
#define END_MS 30000
#define TICK_MS 1000

/* Only poll() blocks: send and receive never wait, so that the deadline and the interrupt apply everywhere. */
struct client {
	int fd; /* -1: dead */
	int interrupt; /* -1: none */
	void (*tick)(void *arg); /* NULL: none */
	void *tick_arg;
	struct varlink_buffer in;
	struct err cause; /* why it is dead */
	int rc; /* likewise */
};

typedef int (*more_fn)(void *arg, struct json_object *parameters);

struct reply { /* one message from the daemon; borrows from object */
	struct json_object *object, *parameters;
	const char *error; /* NULL: none */
	bool continues;
};

/* The three cases that iscsiadm's exit status tells apart: 20, 13 and 18. */
static int client_connect_failed(const char *name, int errnum, struct err *err)
{
	enum miscsi_error code = MISCSI_ERR_ISCSID_COMM_ERR;

	if (errnum == ENOENT || errnum == ECONNREFUSED || errnum == ENOTDIR)
		code = MISCSI_ERR_ISCSID_NOTCONN;
	else if (errnum == EACCES || errnum == EPERM)
		code = MISCSI_ERR_ACCESS;
	else if (errnum == EAGAIN)
		errnum = ETIMEDOUT; /* how SO_SNDTIMEO ends a connect */
	return err_sys(err, code, errnum, "cannot connect to iscsid at %s", name);
}

/* The limit is set on the socket, since poll() cannot wait for the connect() of a local socket. */
static int client_connect(const char *name, unsigned timeout_ms, struct client **out, struct err *err)
{
	const struct timeval tv = { (time_t)(timeout_ms / 1000), (suseconds_t)(timeout_ms % 1000) * 1000 };
	cleanup(file_close) int fd = -1;
	struct sockaddr_un addr;
	socklen_t len;
	int rc = listener_address(name, &addr, &len);

	if (rc)
		return err_set(err, MISCSI_ERR_INVAL,
			"'%s' (MISCSI_SOCKET) cannot be the name of a socket: use an absolute path, or @ and a name, of at most "
			"107 characters",
			name);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(err, MISCSI_ERR_INTERNAL, errno, "iscsiadm cannot create a socket to connect to iscsid");
	/* A local connect waits only for space in the queue of the daemon; a timeout of 0 would mean no limit. */
	if (timeout_ms && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)))
		return err_sys(err, MISCSI_ERR_INTERNAL, errno, "cannot set a time limit for the connection to iscsid");
	if (connect(fd, (struct sockaddr *)&addr, len))
		return client_connect_failed(name, errno, err);
	if (name[0] == '@') {
		rc = peer_check_server(fd, name, err);
		if (rc)
			return rc;
	}
	rc = client_open_fd(fd, out);
	fd = -1;
	return rc ? err_nomem(err, "a connection to iscsid") : 0;
}

/*
 * The abstract name is how iscsiadm in a container with the host's network reaches the host's iscsid. On failure, the error of
 * the path is returned, which is the name that administrators know, unless another program has taken the abstract name.
 */
int client_open(const char *name, unsigned timeout_ms, struct client **out, struct err *err)
{
	struct err first = ERR_INIT, second = ERR_INIT, *why = &first;
	int rc = client_connect(name ? name : LISTENER_PATH, timeout_ms, out, &first);

	/* Another mount namespace lacks the path; the abstract name belongs to the network namespace. */
	if (rc && !name && first.code == MISCSI_ERR_ISCSID_NOTCONN) {
		int other = client_connect(LISTENER_ABSTRACT, timeout_ms, out, &second);

		if (!other || other == -EPERM) {
			rc = other;
			why = &second;
		}
	}
	if (rc && err)
		err_copy(err, why);
	return rc;
}

int client_open_fd(int fd, struct client **out)
{
	struct client *c = x_new(struct client);

	if (!c) {
		close(fd);
		return -ENOMEM;
	}
	c->fd = fd;
	c->interrupt = -1;
	*out = c;
	return 0;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	file_close(&c->fd);
	varlink_buffer_free(&c->in);
	x_free(c);
}

void client_set_interrupt(struct client *c, int fd)
{
	c->interrupt = fd;
}

void client_set_tick(struct client *c, void (*tick)(void *arg), void *arg)
{
	c->tick = tick;
	c->tick_arg = arg;
}

/* The connection cannot be used again; c->cause has the reason. */
static int client_die(struct client *c, int rc)
{
	file_close(&c->fd);
	c->fd = -1;
	varlink_buffer_free(&c->in);
	c->rc = rc;
	return rc;
}

/* Polls until an event or until `due` (0: no limit). Signals do not end it; c->interrupt does. */
static int poll_until(struct pollfd *fds, nfds_t nfds, uint64_t due)
{
	int n;

	do {
		uint64_t now = due ? clock_ms() : 0;
		uint64_t left = due > now ? due - now : 0;

		n = poll(fds, nfds, !due ? -1 : left > INT_MAX ? INT_MAX : (int)left);
	} while (n < 0 && errno == EINTR);
	return n;
}

/*
 * Waits for the socket. due 0: no limit. poll() ignores a descriptor of -1. The interrupt is checked before the deadline, so that
 * Ctrl-C is reported as such.
 */
static int client_wait(struct client *c, short events, uint64_t due)
{
	struct pollfd fds[2] = { { .fd = c->fd, .events = events }, { .fd = c->interrupt, .events = POLLIN } };
	int n, rc = 0;

	for (;;) {
		uint64_t step = c->tick ? clock_ms() + TICK_MS : due;
		bool last = !c->tick || (due && due <= step);

		n = poll_until(fds, 2, last ? due : step);
		if (n || last)
			break;
		c->tick(c->tick_arg);
	}

	if (n < 0)
		rc = err_sys(&c->cause, MISCSI_ERR_ISCSID_COMM_ERR, errno, "iscsiadm cannot wait for iscsid's reply");
	else if (fds[1].revents)
		rc = err_sys(&c->cause, MISCSI_ERR_ISCSID_COMM_ERR, EINTR, "iscsiadm stopped waiting for iscsid's reply");
	else if (!n)
		rc = err_sys(&c->cause, MISCSI_ERR_ISCSID_COMM_ERR, ETIMEDOUT,
			"iscsid did not reply in time, and its log may have the reason");
	return rc ? client_die(c, rc) : 0;
}

static int client_send(struct client *c, struct varlink_buffer *message, uint64_t due)
{
	while (varlink_buffer_len(message)) {
		ssize_t n =
			send(c->fd, message->bytes + message->start, varlink_buffer_len(message), MSG_NOSIGNAL | MSG_DONTWAIT);
		int rc = 0;

		if (n >= 0)
			varlink_buffer_consume(message, (size_t)n);
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			rc = client_wait(c, POLLOUT, due);
		else if (errno != EINTR)
			rc = client_die(c,
				err_sys(&c->cause, MISCSI_ERR_ISCSID_COMM_ERR, errno,
					"iscsid does not accept the request, and its log may have the reason"));
		if (rc)
			return rc;
	}
	return 0;
}

/*
 * Reads the available bytes. ECONNRESET, from a daemon that was killed before it read everything, is the same to the user as a
 * closed connection.
 */
static int client_receive(struct client *c)
{
	char chunk[CHUNK];
	ssize_t n = recv(c->fd, chunk, sizeof(chunk), MSG_DONTWAIT);

	if (n > 0 && !varlink_buffer_add(&c->in, chunk, (size_t)n))
		return 0;
	if (n > 0)
		return client_die(c, err_nomem(&c->cause, "iscsid's reply"));
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	if (n < 0 && errno != ECONNRESET)
		return client_die(c, err_sys(&c->cause, MISCSI_ERR_ISCSID_COMM_ERR, errno, "cannot read iscsid's reply"));
	return client_die(c,
		err_set(&c->cause, MISCSI_ERR_ISCSID_COMM_ERR,
			"iscsid closed the connection before it had replied: iscsid's log may have the reason"));
}

static int bad_reply(struct client *c, const char *what)
{
	return client_die(c,
		err_set(&c->cause, MISCSI_ERR_ISCSID_COMM_ERR,
			"iscsid's reply is %s: restart iscsid, whose version may differ from iscsiadm's", what));
}

/* Unknown members are ignored, since the daemon may be newer. */
static int parse_reply(struct client *c, const char *message, size_t len, struct reply *r)
{
	int rc = varlink_parse(message, len, &r->object);

	varlink_buffer_consume(&c->in, len + 1);
	if (rc)
		return bad_reply(c, "not a Varlink message");
	if (varlink_string(r->object, "error", &r->error) == -EINVAL ||
		varlink_boolean(r->object, "continues", &r->continues) == -EINVAL ||
		varlink_object(r->object, "parameters", &r->parameters) == -EINVAL)
		return bad_reply(c, "malformed");
	return 0;
}

/*
 * Waits for the next message. The caller frees r->object. The deadline applies to the whole call, so that a slow daemon cannot
 * delay it for ever.
 */
static int next_reply(struct client *c, uint64_t due, struct reply *r)
{
	const char *message;
	ssize_t len;
	int rc = 0;

	while ((len = varlink_next(&c->in, MESSAGE_MAX, &message)) == -EAGAIN) {
		rc = client_wait(c, POLLIN, due);
		if (!rc)
			rc = client_receive(c);
		if (rc)
			return rc;
	}
	return len < 0 ? bad_reply(c, "too long") : parse_reply(c, message, (size_t)len, r);
}

/* A failure as the daemon sent it. A number that this program does not know is not used as an exit status: GENERIC instead. */
static int client_failure(struct json_object *failure, struct err *err)
{
	const char *text = "";
	char escaped[ERR_TEXT_MAX];
	long long code = MISCSI_ERR_GENERIC;

	varlink_integer(failure, "code", 1, INT_MAX, &code);
	varlink_string(failure, "text", &text);
	if (!err_name((enum miscsi_error)code))
		code = MISCSI_ERR_GENERIC;
	return err_set(err, (enum miscsi_error)code, "%s", str_escape(escaped, sizeof(escaped), text, strlen(text)));
}

/* Text from the daemon is escaped, since another process may have bound the abstract name. */
static int reply_error(const char *error, struct json_object *parameters, const char *method, struct err *err)
{
	const char *parameter = "?";
	char escaped[128];

	if (!strcmp(error, "org.miscsi.Error"))
		return client_failure(parameters, err);
	if (!strcmp(error, VARLINK_SERVICE ".PermissionDenied"))
		return err_set(err, MISCSI_ERR_ACCESS,
			"iscsid refuses the request %s: only root may send it, and in a container only with CAP_SYS_ADMIN in "
			"iscsid's user namespace",
			method);
	if (!strcmp(error, VARLINK_SERVICE ".InvalidParameter")) {
		varlink_string(parameters, "parameter", &parameter);
		str_escape(escaped, sizeof(escaped), parameter, strlen(parameter));
		return err_set(err, MISCSI_ERR_INVALID_MGMT_REQ,
			"iscsid refuses parameter '%s' of %s: restart iscsid, whose version may differ from iscsiadm's", escaped,
			method);
	}
	str_escape(escaped, sizeof(escaped), error, strlen(error));
	return err_set(err, MISCSI_ERR_INVALID_MGMT_REQ,
		"iscsid refuses %s with error %s: restart iscsid, whose version may differ from iscsiadm's", method, escaped);
}

/* Receives replies up to the last; the caller frees *last. An error ends the call even if it has "continues". */
static int client_converse(
	struct client *c, const char *method, more_fn more, void *arg, uint64_t due, struct json_object **last, struct err *err)
{
	for (;;) {
		struct reply r = { 0 };
		int rc = next_reply(c, due, &r);

		if (!rc && r.continues && !more)
			rc = bad_reply(c, "one of several, where one was requested");
		if (!rc && r.error)
			rc = reply_error(r.error, r.parameters, method, err);
		else if (!rc && r.continues && (rc = more(arg, r.parameters)))
			client_die(c,
				err_set(&c->cause, MISCSI_ERR_ISCSID_COMM_ERR,
					"iscsid's results for %s cannot be read: restart iscsid, whose version may differ from "
					"iscsiadm's",
					method));
		else if (!rc && !r.continues && last)
			*last = json_object_get(r.parameters);
		json_object_put(r.object);
		if (rc || r.error || !r.continues)
			return rc;
	}
}

/* Refuses a request that is too large, because the daemon would close the connection without an error. */
static int build_call(
	const char *method, struct json_object *parameters, bool more, struct varlink_buffer *message, struct err *err)
{
	struct json_object *call = json_object_new_object();
	int error = 0, rc;

	varlink_add_text(call, "method", method, &error);
	varlink_add(call, "parameters", parameters, &error);
	if (more)
		varlink_add_boolean(call, "more", true, &error);
	rc = error ? error : varlink_append(message, call, REQUEST_MAX);
	varlink_put(call);
	if (rc == -EMSGSIZE)
		return err_set(err, MISCSI_ERR_INVAL, "the request %s is too large: select fewer records or sessions", method);
	return rc ? err_nomem(err, "a request to iscsid") : 0;
}

/*
 * The result of client_send() is ignored: a daemon that refuses a call closes the connection after its reply, which may be
 * readable although sending has failed.
 */
int client_call(struct client *c, const char *method, struct json_object *parameters, more_fn more, void *arg,
	unsigned deadline_ms, struct json_object **reply, struct err *err)
{
	cleanup(varlink_buffer_free) struct varlink_buffer message = { 0 };
	uint64_t due = deadline_ms ? clock_ms() + deadline_ms : 0;
	struct err own = ERR_INIT;
	int rc = build_call(method, parameters, more != NULL, &message, &own);

	if (!rc && c->fd >= 0)
		client_send(c, &message, due);
	if (!rc && c->fd >= 0)
		rc = client_converse(c, method, more, arg, due, reply, &own);
	if (c->fd < 0 && own.code == MISCSI_ERR_OK) {
		own = c->cause;
		rc = rc ? rc : c->rc;
	}
	if (rc && err)
		err_copy(err, &own);
	return rc;
}

/* Waits until the kernel closes the connection of the daemon, which happens at every exit; 0, -ETIMEDOUT or -EINTR. */
static int client_wait_end(struct client *c, unsigned deadline_ms, struct err *err)
{
	uint64_t due = clock_ms() + deadline_ms;

	while (c->fd >= 0 && !client_wait(c, POLLIN, due))
		client_receive(c);
	if (c->rc == -ETIMEDOUT)
		err_set(err, MISCSI_ERR_ISCSID_COMM_ERR,
			"iscsid was asked to exit, but did not within %d s (its log may have the reason)", END_MS / 1000);
	return c->rc == -ETIMEDOUT || c->rc == -EINTR ? c->rc : 0;
}

/* ---- the calls of the daemon's interface ---- */

/* `seen` ensures one result for each, whatever the daemon sends. */
struct collector { /* the results of one call */
	client_result_fn fn;
	void *arg;
	size_t base, n, left; /* the index of the first; left: how many have none */
	bool *seen;
};

/* The escaped texts of one reply. */
struct texts {
	char bytes[8][320];
	unsigned n;
};

/* At most eight texts of a reply are read. Text that is too long after escaping is cut off. */
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

/* Drops a second result, or one for no record, since callers rely on one for each. */
static void collect_result(struct collector *c, struct json_object *object)
{
	struct client_result r = { .err = ERR_INIT };
	struct json_object *failure;
	long long index = member_number(object, "index", 0, LLONG_MAX, LLONG_MAX);

	if ((unsigned long long)index >= c->n || c->seen[index])
		return;
	c->seen[index] = true;
	c->left--;
	r.index = c->base + (size_t)index;
	r.sid = (uint32_t)member_number(object, "sid", 1, UINT32_MAX, 0);
	if (!varlink_object(object, "error", &failure))
		client_failure(failure, &r.err);
	c->fn(c->arg, &r);
}

/* The results of one reply. A reply without results is no error. */
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
 * Makes one call, and then a result for each record without one, because callers print a line for each, also when the connection
 * breaks. Frees parameters; error: from building them. No deadline, because the record limits the time of a login.
 */
static int call_many(struct client *client, const char *method, struct json_object *parameters, int error, struct collector *c,
	struct err *err)
{
	cleanup(x_freep) bool *seen = x_newn(bool, c->n + 1);
	struct json_object *reply = NULL;
	struct client_result none = { .err = ERR_INIT };
	int rc;

	c->seen = seen;
	c->left = c->n;
	if (error || !seen) {
		varlink_put(parameters);
		rc = err_nomem(&none.err, "a request to iscsid");
	} else {
		rc = client_call(client, method, parameters, collect_results, c, 0, &reply, &none.err);
	}
	if (!rc && seen)
		collect_results(c, reply);
	json_object_put(reply);
	if (!rc && c->left)
		rc = err_set(&none.err, MISCSI_ERR_ISCSID_COMM_ERR, "iscsid returned no result for %s: see iscsid's log", method);
	for (size_t i = 0; i < c->n && rc; i++) {
		none.index = c->base + i;
		if (!seen || !seen[i])
			c->fn(c->arg, &none);
	}
	if (rc && err)
		err_copy(err, &none.err);
	return rc;
}

/* Adds what the record will have in the message. -ENOMEM. */
static int record_size(struct json_object *record, size_t *bytes, size_t *values)
{
	size_t len = json_print(record, NULL);
	char *text = x_zalloc(len);

	if (!text)
		return -ENOMEM;
	json_print(record, text);
	*values += varlink_count(text, len);
	*bytes += len;
	mem_wipe(text, len);
	x_free(text);
	return 0;
}

/* As many of the records as one call may have, from the collector's first: sets its n. Returns the parameters also on an error. */
static struct json_object *records_write(struct record *const *records, size_t n, struct collector *c, int *error)
{
	struct json_object *parameters = json_object_new_object(), *array = json_object_new_array(), *o;
	size_t bytes = 0, values = 0;

	if (!array)
		*error = -ENOMEM;
	for (c->n = 0;
		c->base + c->n < n && c->n < VARLINK_OBJECTS_MAX && bytes < RECORDS_BYTES && values < RECORDS_VALUES && !*error;
		c->n++) {
		*error = recordjson_write(records[c->base + c->n], &o);
		if (*error)
			break;
		if (record_size(o, &bytes, &values) || json_object_array_add(array, o)) {
			varlink_put(o);
			*error = -ENOMEM;
		}
	}
	if (*error)
		c->n = n - c->base;
	varlink_add(parameters, "records", array, error);
	return parameters;
}

int client_login(
	struct client *c, struct record *const *records, size_t n, bool wait, client_result_fn fn, void *arg, struct err *err)
{
	struct collector part = { .fn = fn, .arg = arg };
	int rc = 0, one;

	do {
		int error = 0;
		struct json_object *parameters = records_write(records, n, &part, &error);

		varlink_add_boolean(parameters, "wait", wait, &error);
		one = call_many(c, "org.miscsi.Login", parameters, error, &part, err);
		rc = rc ? rc : one;
		part.base += part.n;
	} while (part.base < n);
	return rc;
}

/* Returns the parameters also on an error; call_many() frees them. */
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

static int call_for_sids(struct client *c, const char *method, const uint32_t *sids, size_t n, enum client_logout how,
	client_result_fn fn, void *arg, struct err *err)
{
	static const char *const flags[] = { NULL, "force", "unused" };
	struct collector part = { .fn = fn, .arg = arg };
	int rc = 0, one, error = 0;

	do {
		struct json_object *parameters;

		part.n = n - part.base < VARLINK_OBJECTS_MAX ? n - part.base : VARLINK_OBJECTS_MAX;
		parameters = sids_write(sids + part.base, part.n, &error);
		if (how)
			varlink_add_boolean(parameters, flags[how], true, &error);
		one = call_many(c, method, parameters, error, &part, err);
		rc = rc ? rc : one;
		part.base += part.n;
	} while (part.base < n);
	return rc;
}

int client_logout(
	struct client *c, const uint32_t *sids, size_t n, enum client_logout how, client_result_fn fn, void *arg, struct err *err)
{
	return call_for_sids(c, "org.miscsi.Logout", sids, n, how, fn, arg, err);
}

int client_logout_of(struct client *c, const struct client_session *session, bool force, struct err *err)
{
	struct json_object *parameters = json_object_new_object(), *filter = json_object_new_object();
	struct json_object *reply = NULL, *results, *failure;
	int error = 0, rc;

	varlink_add_text(filter, "target", session->target, &error);
	varlink_add_text(filter, "address", session->address, &error);
	varlink_add_integer(filter, "port", session->port, &error);
	varlink_add_text(filter, "iface", session->iface, &error);
	varlink_add(parameters, "filter", filter, &error);
	varlink_add_boolean(parameters, "force", force, &error);
	if (error) { /* an incomplete filter would select other sessions */
		varlink_put(parameters);
		return err_nomem(err, "a request to iscsid");
	}
	rc = client_call(c, "org.miscsi.Logout", parameters, NULL, NULL, 0, &reply, err);
	if (!rc && varlink_array(reply, "results", &results))
		rc = err_set(err, MISCSI_ERR_ISCSID_COMM_ERR, "iscsid returned no result of the logout: see iscsid's log");
	for (size_t i = 0; !rc && i < json_object_array_length(results); i++)
		if (!varlink_object(json_object_array_get_idx(results, i), "error", &failure))
			rc = client_failure(failure, err);
	json_object_put(reply);
	return rc;
}

int client_rescan(struct client *c, const uint32_t *sids, size_t n, client_result_fn fn, void *arg, struct err *err)
{
	return call_for_sids(c, "org.miscsi.Rescan", sids, n, CLIENT_LOGOUT, fn, arg, err);
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static void read_session(struct json_object *o, void (*fn)(void *arg, const struct client_session *s), void *arg)
{
	struct texts texts = { .n = 0 };
	struct client_session s = { .sid = (uint32_t)member_number(o, "sid", 1, UINT32_MAX, 0),
		.target = or_empty(member_text(&texts, o, "target")),
		.address = or_empty(member_text(&texts, o, "address")),
		.iface = or_empty(member_text(&texts, o, "iface")),
		.transport = or_empty(member_text(&texts, o, "transport")),
		.state = or_empty(member_text(&texts, o, "state")),
		.connection = or_empty(member_text(&texts, o, "connection")),
		.error = member_text(&texts, o, "error"),
		.unverified = member_text(&texts, o, "unverified"),
		.port = (uint16_t)member_number(o, "port", 0, UINT16_MAX, 0),
		.tpgt = (int)member_number(o, "tpgt", -1, UINT16_MAX, -1),
		.reconnects = (unsigned)member_number(o, "reconnects", 0, UINT_MAX, 0),
		.since_ms = (uint64_t)member_number(o, "since", 0, LLONG_MAX, 0) };

	varlink_boolean(o, "adopted", &s.adopted);
	fn(arg, &s);
}

int client_list(
	struct client *c, unsigned deadline_ms, void (*fn)(void *arg, const struct client_session *s), void *arg, struct err *err)
{
	struct json_object *reply = NULL, *sessions;
	int rc = client_call(c, "org.miscsi.ListSessions", NULL, NULL, NULL, deadline_ms, &reply, err);

	if (!rc && varlink_array(reply, "sessions", &sessions))
		rc = err_set(err, MISCSI_ERR_ISCSID_COMM_ERR,
			"iscsid's list of sessions cannot be read: restart iscsid, whose version may differ from iscsiadm's");
	for (size_t i = 0; !rc && i < json_object_array_length(sessions); i++)
		read_session(json_object_array_get_idx(sessions, i), fn, arg);
	json_object_put(reply);
	return rc;
}

/* Returns after the daemon has exited: a package script that then starts the new one needs the socket. */
int client_stop(struct client *c, struct err *err)
{
	int rc = client_call(c, "org.miscsi.Stop", NULL, NULL, NULL, SHORT_MS, NULL, err);

	return rc ? rc : client_wait_end(c, END_MS, err);
}
