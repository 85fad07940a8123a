/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A query of an iSNS server: its machine as data (isns_query.def), its socket, its end. */
#include "discovery/isns_query.h"
#include "base/fsm.h"
#include "base/log.h"
#include "base/mem.h"
#include "link/dial.h"
#include "link/engine.h"
#include "proto/isns.h"
#include "record/record.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define READ_BYTES 16384

enum isns_query_state {
#define MACHINE_STATE(name, rfc, doc) ISNSQ_##name,
#include "discovery/isns_query.def"
#undef MACHINE_STATE
};

enum isns_query_event {
	ISNSQ_EV_NONE,
#define MACHINE_EVENT(name, doc) ISNSQ_EV_##name,
#include "discovery/isns_query.def"
#undef MACHINE_EVENT
};

struct isns_query {
	struct discovery_config config;
	struct isns_query_notify *notify; /* may be NULL */
	void (*done)(void *arg, int result, const struct err *err);
	void *done_arg;
	struct fsm_run run;
	struct dial dial; /* its op holds the socket */
	struct loop_timer timer;
	struct loop_fd watch;
	struct isns *isns;
	const uint8_t *out; /* rest of the request that is being sent */
	size_t out_len;
	uint64_t end; /* on the loop's clock: limit of the exchange */
	int result;
	bool stopped; /* by found(), whose caller knows why */
	struct loop_task begin, report;
	struct err err;
};

static void isns_query_event(struct isns_query *q, enum isns_query_event event)
{
	fsm_event(&q->run, event);
}

static int isns_query_failed(struct isns_query *q, const char *why)
{
	err_set(&q->err, MISCSI_ERR_ISNS_QUERY, "the query of iSNS server %s (port %u) failed: %s", q->config.host,
		q->config.port, why);
	return ISNSQ_EV_FAILED;
}

static int isns_query_broke(struct isns_query *q, const char *what, int errnum)
{
	err_sys(&q->err, MISCSI_ERR_ISNS_QUERY, errnum, "the query of iSNS server %s (port %u) failed: %s", q->config.host,
		q->config.port, what);
	return ISNSQ_EV_FAILED;
}

static void isns_query_timed_out(void *arg)
{
	isns_query_event(arg, ISNSQ_EV_TIMEOUT);
}

static void isns_query_arm(struct isns_query *q, int64_t seconds)
{
	dial_arm(q->config.engine, &q->timer, seconds, isns_query_timed_out, q);
}

static void isns_query_dialled(struct dial *dial, const struct err *err)
{
	struct isns_query *q = container_of(dial, struct isns_query, dial);

	if (err)
		isns_query_failed(q, err->text);
	isns_query_event(q, err ? ISNSQ_EV_FAILED : q->run.state == ISNSQ_CONNECTING ? ISNSQ_EV_CONNECTED : ISNSQ_EV_RESOLVED);
}

static int isns_query_resolve(void *machine)
{
	struct isns_query *q = machine;
	struct err why = ERR_INIT;
	int rc = dial_look_up(&q->dial, q->config.host, q->config.port, DIAL_NO_DRIVER, &why);

	isns_query_arm(q, ISNS_QUERY_CONNECT_S);
	return rc < 0 ? isns_query_failed(q, why.text) : rc > 0 ? ISNSQ_EV_RESOLVED : ISNSQ_EV_NONE;
}

static bool isns_query_has_address(const void *machine)
{
	const struct isns_query *q = machine;

	return !dial_at_end(&q->dial);
}

/* The connect has a time limit of its own. */
static int isns_query_connect(void *machine)
{
	struct isns_query *q = machine;

	loop_timer_cancel(q->config.engine->loop, &q->timer);
	dial_connect(&q->dial, q->config.iface, ISNS_QUERY_CONNECT_S);
	return ISNSQ_EV_NONE;
}

static void isns_query_ready(void *arg, uint32_t events)
{
	(void)events;
	isns_query_event(arg, ISNSQ_EV_READY);
}

static int isns_query_follow(struct isns_query *q, const struct isns_action *action)
{
	int rc;

	switch (action->kind) {
	case ISNS_SEND:
		q->out = action->data;
		q->out_len = action->len;
		break;
	case ISNS_DONE:
		return ISNSQ_EV_ANSWERED;
	case ISNS_FAILED:
		err_copy(&q->err, &action->err);
		return ISNSQ_EV_FAILED;
	default:
		break;
	}
	rc = loop_fd_mod(q->config.engine->loop, &q->watch, q->out_len ? EPOLLIN | EPOLLOUT : EPOLLIN);
	return rc < 0 ? isns_query_broke(q, "cannot wait for the server's response", -rc) : ISNSQ_EV_NONE;
}

/* The server reaches this initiator at the address from which it was reached; IPv4 mapped to IPv6 (RFC 4171 6.3.1). */
static void isns_query_notify(struct isns_query *q)
{
	struct isns_query_notify *n = q->notify;
	struct sockaddr_storage own = { .ss_family = AF_UNSPEC };
	uint8_t address[16] = { [10] = 0xff, [11] = 0xff };
	socklen_t len = sizeof(own);

	if (!n || getsockname(q->watch.fd, (struct sockaddr *)&own, &len) < 0)
		return;
	n->server = *dial_address(&q->dial);
	if (own.ss_family == AF_INET6)
		memcpy(address, &((struct sockaddr_in6 *)&own)->sin6_addr, sizeof(address));
	else
		memcpy(address + 12, &((struct sockaddr_in *)&own)->sin_addr, 4);
	isns_notify(q->isns, address, n->port);
}

static int isns_query_ask(void *machine)
{
	struct isns_query *q = machine;
	struct loop *loop = q->config.engine->loop;
	struct isns_action action;
	int rc = loop_fd_add(loop, &q->watch, (int)q->dial.op.binding.value, EPOLLIN, isns_query_ready, q);

	if (rc < 0)
		return isns_query_broke(q, "cannot wait for the server's response", -rc);
	q->end = loop_now(loop) + ISNS_QUERY_ANSWER_S * UINT64_C(1000);
	isns_query_arm(q, ISNS_QUERY_IDLE_S);
	isns_query_notify(q);
	isns_start(q->isns, &action);
	return isns_query_follow(q, &action);
}

/* Returns the event, or NONE: all is sent, or the rest waits for the socket. */
static int isns_query_send(struct isns_query *q)
{
	ssize_t n = send(q->watch.fd, q->out, q->out_len, MSG_NOSIGNAL);
	int rc;

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? ISNSQ_EV_NONE :
							   isns_query_broke(q, "cannot send the request to the server", errno);
	q->out += n;
	q->out_len -= (size_t)n;
	rc = q->out_len == 0 ? loop_fd_mod(q->config.engine->loop, &q->watch, EPOLLIN) : 0;
	return rc < 0 ? isns_query_broke(q, "cannot wait for the server's response", -rc) : ISNSQ_EV_NONE;
}

static int isns_query_transfer(void *machine)
{
	struct isns_query *q = machine;
	struct isns_action action;
	uint8_t in[READ_BYTES];
	int rc = q->out_len ? isns_query_send(q) : ISNSQ_EV_NONE;
	ssize_t n;

	if (rc != ISNSQ_EV_NONE)
		return rc;
	n = recv(q->watch.fd, in, sizeof(in), MSG_DONTWAIT);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? ISNSQ_EV_NONE :
							   isns_query_broke(q, "cannot read the server's response", errno);
	if (n == 0)
		return isns_query_failed(
			q, "the server closed the connection before its response was complete (its log may have the reason)");
	if (loop_now(q->config.engine->loop) >= q->end)
		return ISNSQ_EV_TIMEOUT;
	isns_query_arm(q, ISNS_QUERY_IDLE_S);
	isns_feed(q->isns, in, (size_t)n, &action);
	return isns_query_follow(q, &action);
}

static int isns_query_too_late(void *machine)
{
	struct isns_query *q = machine;

	return isns_query_failed(q,
		q->run.state == ISNSQ_RESOLVING ?
			"the server's host name was not resolved in time; check the DNS servers, or use an IP address" :
			"the server did not complete its response in time; check the server and the network");
}

static void isns_query_report(void *arg)
{
	const struct isns_query *q = arg;
	struct err err = q->err;

	q->done(q->done_arg, q->result, &err); /* may free q */
}

static int isns_query_end(struct isns_query *q, int result)
{
	q->result = result;
	loop_defer(q->config.engine->loop, &q->report, isns_query_report, q);
	return ISNSQ_EV_NONE;
}

static int isns_query_fail(void *machine)
{
	struct isns_query *q = machine;

	if (q->config.message && !q->stopped)
		q->config.message(q->config.arg, q->err.text);
	return isns_query_end(q, -err_errno(q->err.code));
}

static int isns_query_succeed(void *machine)
{
	struct isns_query *q = machine;

	err_clear(&q->err);
	if (q->notify)
		q->notify->registered = isns_is_notified(q->isns);
	return isns_query_end(q, 0);
}

#define ISNSQ_SAME FSM_SAME
#define MACHINE_FILE "discovery/isns_query.def"
#define MACHINE_SYMBOL isns_query_machine
#define MACHINE_TITLE "iSNS query"
#define MACHINE_ST(name) ISNSQ_##name
#define MACHINE_EV(name) ISNSQ_EV_##name
#define MACHINE_UNLISTED ISNSQ_EV_FAILED
#include "base/machine.h"

static void isns_query_trace(void *machine, const struct fsm_row *row, uint8_t from, uint8_t to)
{
	const struct isns_query *q = machine;
	const struct fsm *f = q->run.fsm;

	log_debug(q->config.engine->log, "discovery", "[iSNS %s] %s --%s--> %s", q->config.host, f->states[from],
		f->events[row->event], f->states[to]);
}

/* A query is not an iSCSI connection: it has none of the settings of one. */
static void isns_query_settings(struct dial *dial, struct transport_op *op)
{
	(void)dial;
	(void)op;
}

static int isns_query_found(void *arg, const char *target, const struct portal *portal)
{
	struct isns_query *q = arg;
	int rc = q->config.found(q->config.arg, target, portal);

	q->stopped = rc < 0;
	return rc;
}

static void isns_query_warning(void *arg, const char *text)
{
	const struct isns_query *q = arg;

	if (q->config.message)
		q->config.message(q->config.arg, text);
}

static int isns_query_prepare(struct isns_query *q, struct err *err)
{
	const char *own = q->config.iface ? record_str(q->config.iface, FIELD_IFACE_INITIATORNAME) : "";
	const struct isns_config config = { .source = *own ? own : q->config.initiator_name,
		.found = isns_query_found,
		.warning = isns_query_warning,
		.arg = q };
	int rc = plugins_find(q->config.engine->plugins, field_of(FIELD_IFACE_TRANSPORT)->def, &q->dial.transport, err);

	if (rc >= 0 && isns_new(&config, &q->isns) < 0)
		rc = err_nomem(err, "the query of the iSNS server");
	return rc;
}

static void isns_query_begin(void *arg)
{
	isns_query_event(arg, ISNSQ_EV_BEGIN);
}

int isns_query_start(const struct discovery_config *config, struct isns_query_notify *notify,
	void (*done)(void *arg, int result, const struct err *err), void *arg, struct isns_query **out, struct err *err)
{
	struct isns_query *q = x_new(struct isns_query);
	int rc;

	if (!q)
		return err_nomem(err, "the query of the iSNS server");
	q->config = *config;
	q->notify = notify;
	q->done = done;
	q->done_arg = arg;
	q->run = (struct fsm_run){ .fsm = &isns_query_machine, .machine = q, .trace = isns_query_trace, .state = ISNSQ_IDLE };
	q->dial.engine = config->engine;
	q->dial.done = isns_query_dialled;
	q->dial.settings = isns_query_settings;
	rc = isns_query_prepare(q, err);
	if (rc < 0) {
		x_free(q);
		return rc;
	}
	loop_defer(config->engine->loop, &q->begin, isns_query_begin, q);
	*out = q;
	return 0;
}

void isns_query_free(struct isns_query *q)
{
	struct loop *loop;

	if (!q)
		return;
	loop = q->config.engine->loop;
	loop_task_cancel(loop, &q->begin);
	loop_task_cancel(loop, &q->report);
	loop_timer_cancel(loop, &q->timer);
	loop_fd_del(loop, &q->watch);
	dial_cancel(&q->dial);
	transport_disconnect(q->dial.transport, &q->dial.op.binding);
	dial_forget(&q->dial);
	isns_free(q->isns);
	x_free(q);
}

struct isns_query_waiter {
	bool done;
	int result;
	struct err *err;
};

static void isns_query_waited(void *arg, int result, const struct err *err)
{
	struct isns_query_waiter *w = arg;

	w->done = true;
	w->result = result;
	if (w->err)
		err_copy(w->err, err);
}

int isns_query_run(const struct discovery_config *config, struct err *err)
{
	struct isns_query_waiter w = { .err = err };
	struct isns_query *q = NULL;
	int rc = isns_query_start(config, NULL, isns_query_waited, &w, &q, err);

	while (rc >= 0 && !w.done)
		rc = loop_step(config->engine->loop, -1);
	isns_query_free(q);
	if (rc < 0 && !w.done)
		return q ?
			err_sys(err, MISCSI_ERR_INTERNAL, -rc, "iscsiadm cannot wait until the query of the iSNS server ends") :
			rc;
	return w.result;
}
