/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's connection and one call over it. Waits in one place, client_wait().
 *
 * A connection that has failed stays failed: after an error in the midst of a message nobody knows
 * where the next begins. The cause is kept, so that each later call gives the same answer at once.
 */
#include "config.h"
#include "ipc/client.h"
#include "ipc/listener.h"
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

/* A list of some ten thousand sessions has a few MiB. Beyond is not our daemon. */
#define MESSAGE_MAX (64u << 20)
#define REQUEST_MAX (16u << 20) /* what the daemon takes from root */
#define CHUNK 16384

/*
 * Blocking is done by poll() alone: send and receive never wait, so that the deadline and the interrupt
 * hold everywhere.
 */
struct client {
	int fd; /* -1: dead */
	int interrupt; /* -1: none */
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

/*
 * Who holds an abstract name is anyone who was first. An unprivileged process that came before the
 * daemon would be given the passwords of all records. A path needs no such check, for its directory
 * belongs to root.
 */
static int check_server_uid(int fd, const char *name, struct err *err)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return err_sys(err, MISCSI_ERR_ISCSID_COMM_ERR, errno, "%s", name);
	if (cred.uid && cred.uid != geteuid())
		return err_set(err, MISCSI_ERR_ISCSID_NOTCONN, "%s belongs to a process of uid %u, not of root: not used", name,
			(unsigned)cred.uid);
	return 0;
}

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
	return err_sys(err, code, errnum, "%s", name);
}

/* The limit is on the socket, since connect() of a local socket blocks where poll() cannot look. */
static int client_connect(const char *name, unsigned timeout_ms, struct client **out, struct err *err)
{
	const struct timeval tv = { (time_t)(timeout_ms / 1000), (suseconds_t)(timeout_ms % 1000) * 1000 };
	cleanup(file_close) int fd = -1;
	struct sockaddr_un addr;
	socklen_t len;
	int rc = listener_address(name, &addr, &len);

	if (rc)
		return err_set(err, MISCSI_ERR_INVAL, "invalid socket name: %s", name);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(err, MISCSI_ERR_INTERNAL, errno, "socket");
	/* A local connect waits only for room in the daemon's queue; a timeout of 0 would mean none. */
	if (timeout_ms && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)))
		return err_sys(err, MISCSI_ERR_INTERNAL, errno, "SO_SNDTIMEO");
	if (connect(fd, (struct sockaddr *)&addr, len))
		return client_connect_failed(name, errno, err);
	if (name[0] == '@') {
		rc = check_server_uid(fd, name, err);
		if (rc)
			return rc;
	}
	rc = client_open_fd(fd, out);
	fd = -1;
	return rc ? err_set(err, MISCSI_ERR_NOMEM, "client") : 0;
}

/*
 * That is how iscsiadm in a container with the host's network reaches the host's iscsid. What is told
 * on failure is the path's error: that is the name which an administrator knows.
 */
int client_open(const char *name, unsigned timeout_ms, struct client **out, struct err *err)
{
	struct err first = ERR_INIT, second = ERR_INIT;
	int rc = client_connect(name ? name : LISTENER_PATH, timeout_ms, out, &first);

	/* Another mount namespace does not have the path; the abstract name belongs to the network namespace.
	 */
	if (rc && !name && first.code == MISCSI_ERR_ISCSID_NOTCONN &&
		!client_connect(LISTENER_ABSTRACT, timeout_ms, out, &second))
		return 0;
	if (rc && err)
		err_copy(err, &first);
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

/* The connection can bear no further call; c->cause says why. */
static int client_die(struct client *c, int rc)
{
	file_close(&c->fd);
	c->fd = -1;
	varlink_buffer_free(&c->in);
	c->rc = rc;
	return rc;
}

/*
 * poll() until there is something or `due` (0: no limit) has come; a signal shortens nothing, whoever wants
 * to be interrupted gives a descriptor.
 */
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
 * Waits for the socket. due 0: no limit. A descriptor of -1 is skipped by poll(), so no interrupt needs
 * no case of its own. The interrupt comes before the deadline: who pressed Ctrl-C wants to be told of
 * that.
 */
static int client_wait(struct client *c, short events, uint64_t due)
{
	struct pollfd fds[2] = { { .fd = c->fd, .events = events }, { .fd = c->interrupt, .events = POLLIN } };
	int n = poll_until(fds, 2, due);
	int rc = 0;

	if (n < 0)
		rc = err_sys(&c->cause, MISCSI_ERR_ISCSID_COMM_ERR, errno, "cannot wait for the daemon");
	else if (fds[1].revents)
		rc = err_sys(&c->cause, MISCSI_ERR_ISCSID_COMM_ERR, EINTR, "stopped waiting for the daemon");
	else if (!n)
		rc = err_sys(&c->cause, MISCSI_ERR_ISCSID_COMM_ERR, ETIMEDOUT, "the daemon did not reply");
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
			rc = client_die(c, err_sys(&c->cause, MISCSI_ERR_ISCSID_COMM_ERR, errno, "cannot send to the daemon"));
		if (rc)
			return rc;
	}
	return 0;
}

/*
 * Reads what is there. ECONNRESET is how a daemon that was killed with unread bytes looks; to the user
 * it is the same as an end.
 */
static int client_receive(struct client *c)
{
	char chunk[CHUNK];
	ssize_t n = recv(c->fd, chunk, sizeof(chunk), MSG_DONTWAIT);

	if (n > 0 && !varlink_buffer_add(&c->in, chunk, (size_t)n))
		return 0;
	if (n > 0)
		return client_die(c, err_nomem(&c->cause, "the daemon's reply"));
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	if (n < 0 && errno != ECONNRESET)
		return client_die(c, err_sys(&c->cause, MISCSI_ERR_ISCSID_COMM_ERR, errno, "cannot read from the daemon"));
	return client_die(c, err_set(&c->cause, MISCSI_ERR_ISCSID_COMM_ERR, "the daemon closed the connection"));
}

static int bad_reply(struct client *c, const char *what)
{
	return client_die(c, err_set(&c->cause, MISCSI_ERR_ISCSID_COMM_ERR, "the daemon's reply is %s", what));
}

/* Unknown members are ignored here too: the daemon may be newer. */
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
 * The next message, waited for. The caller gives up r->object. The deadline is for the whole call and
 * not for each byte, so that a daemon that trickles does not hold us for ever.
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

int client_failure(struct json_object *failure, struct err *err)
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

/* Texts of the daemon are escaped like any other: an abstract name might have been somebody else's. */
static int reply_error(const char *error, struct json_object *parameters, const char *method, struct err *err)
{
	const char *parameter = "?";
	char escaped[128];

	if (!strcmp(error, "org.miscsi.Error"))
		return client_failure(parameters, err);
	if (!strcmp(error, VARLINK_SERVICE ".PermissionDenied"))
		return err_set(err, MISCSI_ERR_ACCESS, "only root may call %s", method);
	if (!strcmp(error, VARLINK_SERVICE ".InvalidParameter")) {
		varlink_string(parameters, "parameter", &parameter);
		str_escape(escaped, sizeof(escaped), parameter, strlen(parameter));
		return err_set(
			err, MISCSI_ERR_INVALID_MGMT_REQ, "%s: the daemon does not accept the parameter %s", method, escaped);
	}
	str_escape(escaped, sizeof(escaped), error, strlen(error));
	return err_set(err, MISCSI_ERR_INVALID_MGMT_REQ, "%s: the daemon reported the error %s", method, escaped);
}

/* Replies until the last; *last is the caller's. An error ends the call in any case, "continues" or not. */
static int client_converse(
	struct client *c, const char *method, more_fn more, void *arg, uint64_t due, struct json_object **last, struct err *err)
{
	for (;;) {
		struct reply r = { 0 };
		int rc = next_reply(c, due, &r);

		if (!rc && r.continues && !more)
			rc = bad_reply(c, "one of several, but only one was requested");
		if (!rc && r.error)
			rc = reply_error(r.error, r.parameters, method, err);
		else if (!rc && r.continues && (rc = more(arg, r.parameters)))
			client_die(c, err_set(&c->cause, MISCSI_ERR_ISCSID_COMM_ERR, "the call was abandoned"));
		else if (!rc && !r.continues && last)
			*last = json_object_get(r.parameters);
		json_object_put(r.object);
		if (rc || r.error || !r.continues)
			return rc;
	}
}

/* Too much is refused here: the daemon would close the connection, and nobody would know why. */
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
		return err_set(err, MISCSI_ERR_INVAL, "%s: the request is too large: use fewer records or sessions", method);
	return rc ? err_set(err, MISCSI_ERR_NOMEM, "%s: no memory for the request", method) : 0;
}

/*
 * The result of sending is not looked at: a daemon that refuses a call closes behind its reply, which
 * may be there to read although sending has failed.
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

/*
 * The daemon says nothing more; what is waited for is that the kernel closes its end, which no exit can
 * skip.
 */
int client_wait_end(struct client *c, unsigned deadline_ms, struct err *err)
{
	uint64_t due = clock_ms() + deadline_ms;

	while (c->fd >= 0 && !client_wait(c, POLLIN, due))
		client_receive(c);
	if (c->rc == -ETIMEDOUT)
		err_set(err, MISCSI_ERR_ISCSID_COMM_ERR, "the daemon did not exit in time");
	return c->rc == -ETIMEDOUT || c->rc == -EINTR ? c->rc : 0;
}
