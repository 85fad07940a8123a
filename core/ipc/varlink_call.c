/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call: found in the table, allowed or refused, handled, and replied to exactly once in the end.
 *
 * The order of events matters here: a handler may reply at once, so that the call must outlive the handler (`serving`), or much
 * later, or never if the client has disconnected (`cancel`). A second reply is a bug of ours: it is logged and dropped, since the
 * client would take it for the reply to its next call.
 */
#include "config.h"
#include "ipc/varlink_call.h"
#include "ipc/varlink_connection.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include <errno.h>
#include <string.h>

#define MODULE "ipc"

struct varlink_call {
	struct varlink_connection *connection;
	const struct varlink_method *method;
	void (*cancel)(void *arg); /* the holder's; NULL: not held */
	void *arg;
	bool more, oneway, upgrade; /* as the peer said */
	bool serving; /* its handler is running */
	bool done; /* the final reply was given */
};

/* Sends one message of a reply, and frees parameters. */
static void call_send(struct varlink_call *call, const char *error, struct json_object *parameters, bool more)
{
	struct json_object *message;
	int failed = 0;

	if (call->oneway) {
		varlink_put(parameters);
		return;
	}
	message = json_object_new_object();
	varlink_add_text(message, "error", error, &failed);
	if (!parameters)
		parameters = json_object_new_object();
	if (!parameters)
		failed = -ENOMEM;
	varlink_add(message, "parameters", parameters, &failed);
	if (more)
		varlink_add_boolean(message, "continues", true, &failed);
	if (message && !failed) {
		varlink_connection_send(call->connection, message);
		return;
	}
	varlink_put(message);
	/* Otherwise the client would wait for ever. */
	varlink_connection_drop(call->connection, strerror(ENOMEM));
}

/* Only now the next message is read: calls are served in order, one at a time. */
static void call_end(struct varlink_call *call)
{
	struct varlink_connection *c = call->connection;

	c->call = NULL;
	x_free(call);
	varlink_connection_resume(c);
}

static void call_finish(struct varlink_call *call, const char *error, struct json_object *parameters)
{
	if (call->done) {
		log_err(call->connection->server->config.log, MODULE,
			"the method %s replied to one call twice, and the second reply was dropped: this is a bug in iscsid, "
			"please report it",
			call->method->name);
		varlink_put(parameters);
		return;
	}
	call->done = true;
	call_send(call, error, parameters, false);
	if (!call->serving)
		call_end(call);
}

/* The same; failed: -ENOMEM while the parameters were made. The connection ends then, since a part of a reply is no reply. */
static void call_finish_built(struct varlink_call *call, const char *error, struct json_object *parameters, int failed)
{
	if (failed)
		varlink_connection_drop(call->connection, strerror(-failed));
	call_finish(call, error, parameters);
}

/* Every Varlink service has this interface; generic clients begin with it. */
static const char service_description[] =
#include "ipc/org.varlink.service.inc"
	;

static void service_get_info(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	const struct varlink_config *config = &call->connection->server->config;
	struct json_object *reply = json_object_new_object(), *interfaces = json_object_new_array();
	int error = 0;

	(void)arg, (void)parameters;
	varlink_add_text(reply, "vendor", config->vendor, &error);
	varlink_add_text(reply, "product", config->product, &error);
	varlink_add_text(reply, "version", config->version, &error);
	varlink_add_text(reply, "url", config->url, &error);
	varlink_append_text(interfaces, VARLINK_SERVICE, &error);
	varlink_append_text(interfaces, config->interface, &error);
	varlink_add(reply, "interfaces", interfaces, &error);
	call_finish_built(call, NULL, reply, error);
}

static void service_get_description(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	const struct varlink_config *config = &call->connection->server->config;
	const char *name, *text = NULL;
	struct json_object *reply;
	int error = 0;

	(void)arg;
	if (varlink_string(parameters, "interface", &name)) {
		varlink_call_reply_invalid(call, "interface");
		return;
	}
	if (!strcmp(name, VARLINK_SERVICE))
		text = service_description;
	else if (!strcmp(name, config->interface))
		text = config->description;
	reply = json_object_new_object();
	varlink_add_text(reply, text ? "description" : "interface", text ? text : name, &error);
	call_finish_built(call, text ? NULL : VARLINK_SERVICE ".InterfaceNotFound", reply, error);
}

static const struct varlink_method service_methods[] = {
	{ VARLINK_SERVICE ".GetInfo", false, VARLINK_ONE, service_get_info },
	{ VARLINK_SERVICE ".GetInterfaceDescription", false, VARLINK_ONE, service_get_description },
	{ .name = NULL },
};

static const struct varlink_method *method_find(const struct varlink_method *table, const char *name)
{
	for (; table->name; table++)
		if (!strcmp(table->name, name))
			return table;
	return NULL;
}

/*
 * Whether the name is the interface, a dot and a name without a dot. Varlink has different errors for an unknown method and an
 * unknown interface.
 */
static bool method_is_of(const char *name, const char *interface)
{
	const char *dot = strrchr(name, '.');

	return dot && (size_t)(dot - name) == strlen(interface) && !strncmp(name, interface, strlen(interface));
}

void varlink_call_reply(struct varlink_call *call, struct json_object *parameters)
{
	call_finish(call, NULL, parameters);
}

/* A client that did not ask for "more" would take it for the final reply. */
void varlink_call_reply_more(struct varlink_call *call, struct json_object *parameters)
{
	if (call->done || !varlink_call_more(call)) {
		log_err(call->connection->server->config.log, MODULE,
			"the method %s sent one call more replies than it may have, and one was dropped: this is a bug in "
			"iscsid, "
			"please report it",
			call->method->name);
		varlink_put(parameters);
		return;
	}
	call_send(call, NULL, parameters, true);
}

void varlink_call_reply_error(struct varlink_call *call, const char *error, struct json_object *parameters)
{
	call_finish(call, error, parameters);
}

static void reply_named(struct varlink_call *call, const char *error, const char *member, const char *text)
{
	struct json_object *parameters = json_object_new_object();
	int failed = 0;

	varlink_add_text(parameters, member, text, &failed);
	call_finish_built(call, error, parameters, failed);
}

void varlink_call_reply_invalid(struct varlink_call *call, const char *parameter)
{
	reply_named(call, VARLINK_SERVICE ".InvalidParameter", "parameter", parameter);
}

bool varlink_call_more(const struct varlink_call *call)
{
	return call->more && call->method->stream != VARLINK_ONE;
}

void varlink_call_hold(struct varlink_call *call, void (*cancel)(void *arg), void *arg)
{
	call->cancel = cancel;
	call->arg = arg;
}

/* The holder comes first, since it has a pointer to the call. */
void varlink_call_cancel(struct varlink_call *call)
{
	call->connection->call = NULL;
	if (call->cancel)
		call->cancel(call->arg);
	x_free(call);
}

/* The error names what was not found. */
static void refuse_unknown(struct varlink_call *call, const char *name)
{
	const char *interface = call->connection->server->config.interface;
	cleanup(strbuf_free) struct strbuf other = STRBUF_INIT(0);

	if (method_is_of(name, interface) || method_is_of(name, VARLINK_SERVICE)) {
		reply_named(call, VARLINK_SERVICE ".MethodNotFound", "method", name);
		return;
	}
	strbuf_add(&other, name, strrchr(name, '.') ? (size_t)(strrchr(name, '.') - name) : strlen(name));
	reply_named(call, VARLINK_SERVICE ".InterfaceNotFound", "interface", strbuf_str(&other));
}

/*
 * Checks the row of the method, then calls its handler, which must reply or hold the call. The rights are checked first, so that
 * a client without them learns nothing.
 */
static void call_handle(struct varlink_call *call, struct json_object *parameters)
{
	const struct varlink_server *s = call->connection->server;
	const struct varlink_method *m = call->method;

	if (m->root && call->connection->uid) {
		varlink_call_reply_error(call, VARLINK_SERVICE ".PermissionDenied", NULL);
		return;
	}
	if (call->upgrade) {
		reply_named(call, VARLINK_SERVICE ".MethodNotImplemented", "method", m->name);
		return;
	}
	if (m->stream == VARLINK_MUST_STREAM && !call->more) {
		varlink_call_reply_error(call, VARLINK_SERVICE ".ExpectedMore", NULL);
		return;
	}
	m->handler(s->config.arg, call, parameters);
	if (call->done || call->cancel)
		return;
	log_err(s->config.log, MODULE, "the method %s did not reply to its caller: this is a bug in iscsid, please report it",
		m->name);
	reply_named(call, VARLINK_SERVICE ".MethodNotImplemented", "method", m->name);
}

/* Reads the flags and parameters of a call. Returns the name of the first member of a wrong type, or NULL. */
static const char *call_read(struct varlink_call *call, struct json_object *message, struct json_object **parameters)
{
	if (varlink_boolean(message, "oneway", &call->oneway) == -EINVAL)
		return "oneway";
	if (varlink_boolean(message, "more", &call->more) == -EINVAL)
		return "more";
	if (varlink_boolean(message, "upgrade", &call->upgrade) == -EINVAL)
		return "upgrade";
	return varlink_object(message, "parameters", parameters) == -EINVAL ? "parameters" : NULL;
}

/*
 * A message without a method is not a call, and the rest of the stream cannot be trusted: the connection ends. Other errors get a
 * reply, since the client may be a newer program that has another way.
 */
int varlink_call_serve(struct varlink_connection *c, struct json_object *message)
{
	struct json_object *parameters = NULL, *none = NULL;
	const char *name, *wrong;
	struct varlink_call *call;

	if (varlink_string(message, "method", &name))
		return -EBADMSG;
	call = x_new(struct varlink_call);
	if (!call)
		return -ENOMEM;
	call->connection = c;
	call->serving = true;
	c->call = call;
	wrong = call_read(call, message, &parameters);
	call->method = method_find(service_methods, name);
	if (!call->method)
		call->method = method_find(c->server->config.methods, name);
	if (!parameters && !wrong)
		parameters = none = json_object_new_object();
	if (wrong)
		varlink_call_reply_invalid(call, wrong);
	else if (!call->method)
		refuse_unknown(call, name);
	else if (parameters)
		call_handle(call, parameters);
	else
		varlink_connection_drop(c, strerror(ENOMEM));
	json_object_put(none);
	call->serving = false;
	if (call->done)
		call_end(call);
	return 0;
}
