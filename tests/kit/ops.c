/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every op that a plugin has, called in every way that the core may, and with input that nobody should send. */
#include "config.h"
#include "base/mem.h"
#include "plugin/defaults.h"
#include "plugin/private.h"
#include "tests/kit/kit.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BLOCKS_MS 1000
#define WORKS_MS 5000 /* for a plugin's own thread, on the real clock */
#define NTH_MAX 24 /* allocations that fail, one after another */
#define TEXT 8000

/* ---- input ---- */

struct input {
	const char *name;
	uint32_t host_no, index;
	const char *portal_type;
	const char *const *settings; /* key, value, … NULL */
	const struct plugin *plugin;
	unsigned pick; /* of the settings of the plugin's own */
	struct sockaddr_storage dst;
	struct miscsi_path path;
	struct miscsi_ping_args ping;
	struct miscsi_params params;
	uint32_t event;
};

static char long_text[TEXT + 1];
static const char *const good_settings[] = { "iface.ipaddress", "127.0.0.1", "iface.subnet_mask", "255.0.0.0",
	"iface.initiatorname", "iqn.2026-11.example:kit", "node.conn[0].tcp.window_size", "524288",
	"flashnode.session.targetname", "iqn.2026-11.example:disk", "host.auth.username", "user", "host.auth.password",
	"secretsecret", NULL };
static const char *const bad_settings[] = { "", "", "iface.ipaddress", "\033[2J", "iface.net_ifacename", "../../etc", "iface.mtu",
	"-99999999999999999999", "iface.hwaddress", long_text, long_text, long_text, "node.conn[0].tcp.window_size", "4294967295",
	"node.conn[0].tcp.type_of_service", "x", NULL };
#define INPUTS 3

static uint16_t open_port; /* of a socket that listens on the loopback */

static void make_input(struct input *in, unsigned nth)
{
	struct sockaddr_in *dst = (struct sockaddr_in *)&in->dst;

	*in = (struct input){ .name = nth == 0 ? "good input" :
			nth == 1	       ? "no settings, index 4294967295" :
						 "hostile input",
		.index = nth ? UINT32_MAX : 0,
		.portal_type = nth == 0 ? "ipv4" :
			nth == 1	? "" :
					  long_text,
		.settings = nth == 0 ? good_settings :
			nth == 2     ? bad_settings :
				       NULL,
		.path = { .size = sizeof(in->path), .family = nth == 2 ? 255 : AF_INET, .dst = { 127, 0, 0, 1 } },
		.ping = { .size = sizeof(in->ping),
			.payload = nth ? UINT32_MAX : 64,
			.dst_len = sizeof(*dst),
			.iface_type = 1,
			.id = nth },
		.params = { .size = sizeof(in->params), .header_digest = MISCSI_DIGEST_NONE, .data_digest = MISCSI_DIGEST_NONE },
		.event = nth == 0 ? (uint32_t)ISCSI_CONN_STATE_LOGGED_IN :
			nth == 1  ? 0 :
				    UINT32_MAX };
	memset(long_text, 'x', TEXT);
	dst->sin_family = nth == 2 ? 255 : AF_INET;
	dst->sin_port = htons(nth == 0 ? open_port : 1);
	dst->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in->ping.dst = (const struct sockaddr *)&in->dst;
	if (nth == 2)
		memset((char *)&in->params + sizeof(uint32_t), 0xff, sizeof(in->params) - sizeof(uint32_t));
}

/* ---- calls ---- */

#define ARG(type, in) \
	_Generic((type)0, uint32_t : (in)->index, const char * : (in)->portal_type, struct miscsi_path * : &(in)->path, \
		const struct miscsi_ping_args * : &(in)->ping)
#define OP(table, member, ...) \
	static void call_##table##_##member(struct transport *t, struct transport_op *op, struct input *in) \
	{ \
		(void)in; \
		transport_##table##_##member(t, op); \
	} \
	static bool has_##table##_##member(const struct plugin *p) \
	{ \
		return p->ops.table.member != defaults_table.table.member; \
	}
#define OP_ARG(table, member, limit, trait, default_op, error, text, type) \
	static void call_##table##_##member(struct transport *t, struct transport_op *op, struct input *in) \
	{ \
		transport_##table##_##member(t, op, ARG(type, in)); \
	} \
	static bool has_##table##_##member(const struct plugin *p) \
	{ \
		return p->ops.table.member != defaults_table.table.member; \
	}
#include "plugin/ops.def"
#undef OP
#undef OP_ARG

static void call_connect(struct transport *t, struct transport_op *op, struct input *in)
{
	const struct miscsi_connect_args args = { .size = sizeof(args),
		.timeout_ms = 15000,
		.dst = (const struct sockaddr *)&in->dst,
		.dst_len = sizeof(struct sockaddr_in),
		.netdev = in->settings == bad_settings ? long_text : NULL,
		.ip = in->settings == bad_settings ? "\033" : NULL,
		.hwaddress = in->settings == bad_settings ? "zz" : NULL };

	transport_connect(t, op, &args);
}

static bool has_connect(const struct plugin *p)
{
	return p->ops.endpoint.connect != defaults_table.endpoint.connect;
}

static void call_login(struct transport *t, struct transport_op *op, struct input *in)
{
	(void)in;
	op->sid = 1;
	op->cid = 0;
	transport_login(t, op);
}

static bool has_login(const struct plugin *p)
{
	return p->ops.login.start != NULL;
}

static void call_logout(struct transport *t, struct transport_op *op, struct input *in)
{
	(void)in;
	transport_logout(t, op);
}

static bool has_logout(const struct plugin *p)
{
	return p->ops.login.logout != NULL;
}

/* A first event that the kernel never sends leaves the op as it is, or ends it; the second ends it. */
static void login_event(struct transport_op *op, struct input *in, bool last)
{
	transport_login_event(op, last && in->event != ISCSI_CONN_STATE_LOGGED_IN ? (uint32_t)ISCSI_CONN_STATE_FREE : in->event);
}

static void ping_event(struct transport_op *op, struct input *in, bool last)
{
	uint32_t status = in->event == ISCSI_CONN_STATE_LOGGED_IN ? ISCSI_PING_SUCCESS : in->event;

	transport_ping_event(op, last && status ? (uint32_t)ISCSI_PING_TIMEOUT : status);
}

static const struct part {
	const char *name;
	bool (*has)(const struct plugin *p);
	void (*call)(struct transport *t, struct transport_op *op, struct input *in);
	void (*event)(struct transport_op *op, struct input *in, bool last); /* that ends it; NULL: the kernel's answer does */
} parts[] = {
	{ "endpoint.connect", has_connect, call_connect, NULL },
	{ "login.start", has_login, call_login, login_event },
	{ "login.logout", has_logout, call_logout, NULL },
	{ "ping.send", has_ping_send, call_ping_send, ping_event },
#define OP(table, member, ...) { #table "." #member, has_##table##_##member, call_##table##_##member, NULL },
#define OP_ARG OP
#include "plugin/ops.def"
#undef OP
#undef OP_ARG
};
#define PARTS (sizeof(parts) / sizeof(parts[0]) - 1) /* ping.send stands there twice: the row with its event counts */

const char *ops_part(unsigned nth)
{
	return nth < PARTS ? parts[nth].name : NULL;
}

/* ---- one op ---- */

struct call {
	struct transport_op op;
	const struct part *part;
	struct transport *transport;
	struct input input;
	bool done, cancelled;
};

static void call_done(struct transport_op *op, int result)
{
	struct call *c = op->arg;
	char plain[ERR_TEXT_MAX];

	if (c->done || c->cancelled)
		kit_breaks(CLAUSE_CANCEL, "%s: the plugin reported the end of an op that had ended already or was cancelled",
			c->part->name);
	c->done = true;
	if (result == -ETIMEDOUT && strstr(op->err.text, " did not end within "))
		kit_breaks(CLAUSE_ENDS, "%s, %s: %s", c->part->name, c->input.name, op->err.text);
	snprintf(plain, sizeof(plain), "transport %s: %s", transport_name(c->transport), strerror(-result));
	if (result < 0 && result != -ENOMEM && strcmp(op->err.text, plain) == 0)
		kit_breaks(CLAUSE_REASON, "%s, %s: the op failed and gave no reason by set_error(), so the user sees only \"%s\"",
			c->part->name, c->input.name, strerror(-result));
}

static int call_row(struct transport_op *op, uint32_t index)
{
	(void)op;
	(void)index;
	return 0;
}

static int call_value(struct transport_op *op, const char *key, const char *value, uint32_t flags)
{
	const struct call *c = op->arg;

	(void)value;
	if (strstr(key, "password") && !strstr(key, "password_length") && !(flags & MISCSI_VALUE_SECRET))
		kit_breaks(CLAUSE_SECRETS, "%s: the value of %s is reported without MISCSI_VALUE_SECRET", c->part->name, key);
	return 0;
}

static const char *call_setting(void *settings, const char *key)
{
	const struct input *in = settings;

	for (const char *const *s = in->settings; s && s[0]; s += 2) {
		if (strcmp(s[0], key) == 0)
			return s[1];
	}
	return fields_pick(in->plugin, key, in->pick);
}

static int call_setting_at(void *settings, unsigned nth, const char **key, const char **value)
{
	const char *const *s = ((const struct input *)settings)->settings;

	for (unsigned i = 0; s && s[0]; i++, s += 2) {
		if (i != nth)
			continue;
		*key = s[0];
		*value = s[1];
		return 0;
	}
	return -ENOENT;
}

static uint64_t real_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void call_begin_picked(struct call *c, struct transport *t, const struct part *part, unsigned input, unsigned pick)
{
	uint64_t before;

	memset(c, 0, sizeof(*c));
	c->part = part;
	c->transport = t;
	make_input(&c->input, input);
	c->input.plugin = t->plugin;
	c->input.pick = pick;
	transport_op_init(&c->op, call_done, c);
	c->op.host_no = 0;
	c->op.sid = 1;
	c->op.cid = 0;
	c->op.row = call_row;
	c->op.value = call_value;
	c->op.setting = call_setting;
	c->op.setting_at = call_setting_at;
	c->op.settings = &c->input;
	before = real_ms();
	part->call(t, &c->op, &c->input);
	before = real_ms() - before;
	if (before > BLOCKS_MS) { /* once is enough, and all the other calls would take as long */
		kit_breaks(CLAUSE_NEVER_BLOCKS, "%s, %s: the call returned only after %llu ms", part->name, c->input.name,
			(unsigned long long)before);
		_exit(0);
	}
}

static void call_begin(struct call *c, struct transport *t, const struct part *part, unsigned input)
{
	call_begin_picked(c, t, part, input, 0);
}

/* A step of the loop, with time for sockets of the loopback, and some on the kit's clock. */
static void step(struct world *w, struct call *c, unsigned nth)
{
	if (c && c->part->event && (nth == 2 || nth == 4) && !c->done && !c->cancelled)
		c->part->event(&c->op, &c->input, nth == 4);
	for (unsigned ms = 0; ms < WORKS_MS && world_works(w); ms += 10)
		loop_step(w->loop, 10);
	loop_step(w->loop, nth < 20 ? 1 : 0);
	w->now += nth < 20 ? 10 : 5000;
}

static void drop_binding(struct call *c)
{
	if (c->done && c->part->call == call_connect && c->op.binding.kind != MISCSI_BINDING_NONE)
		transport_disconnect(c->transport, &c->op.binding);
}

static void call_cancel(struct call *c)
{
	if (c->done)
		return;
	transport_cancel(&c->op);
	c->cancelled = true;
}

static void call_end(struct world *w, struct call *c)
{
	for (unsigned i = 0; i < 200 && !c->done && !c->cancelled; i++)
		step(w, c, i);
	drop_binding(c);
	for (unsigned i = 0; i < 3; i++)
		step(w, NULL, i);
	call_cancel(c);
}

/* ---- the ways to run it ---- */

static const int errnums[] = { EIO, ENOSYS, EPERM, ENODEV, EINVAL, EBUSY, EEXIST, ESRCH, ENOMEM, ETIMEDOUT };

static void run_moods(struct world *w, struct transport *t, const struct part *part)
{
	struct call c;

	for (unsigned input = 0; input < INPUTS; input++) {
		for (unsigned mood = 0; mood < KERNEL_MOODS; mood++) {
			for (size_t e = 0; e < (mood == KERNEL_REFUSES ? ARRAY_SIZE(errnums) : 1); e++) {
				w->mood = (enum kernel_mood)mood;
				w->errnum = errnums[e];
				kit_doing("%s with input %u, kernel %u, errno %d", part->name, input, mood, errnums[e]);
				call_begin(&c, t, part, input);
				call_end(w, &c);
			}
		}
	}
	w->mood = KERNEL_WELL;
}

static void run_cancels(struct world *w, struct transport *t, const struct part *part)
{
	struct call a, b;

	for (unsigned when = 0; when < 4; when++) {
		for (unsigned order = 0; order < 3; order++) {
			kit_doing("%s twice at once, cancelled at step %u in order %u", part->name, when, order);
			call_begin(&a, t, part, 0);
			call_begin(&b, t, part, order % INPUTS);
			for (unsigned i = 0; i < when; i++)
				step(w, &a, i);
			if (order != 2)
				call_cancel(order ? &b : &a);
			call_cancel(order ? &a : &b);
			call_end(w, &a);
			call_end(w, &b);
		}
	}
}

static void run_without_memory(struct world *w, struct transport *t, const struct part *part)
{
	struct call c;

	for (unsigned long nth = 1; nth <= NTH_MAX; nth++) {
		kit_doing("%s while allocation %lu fails", part->name, nth);
		world_fail_at(nth);
		call_begin(&c, t, part, 0);
		call_end(w, &c);
		world_fail_at(0);
	}
}

static void run_settings(struct world *w, struct transport *t, const struct part *part)
{
	struct call c;

	for (unsigned pick = 1; pick <= fields_picks(t->plugin); pick++) {
		kit_doing("%s with value %u of each setting of its own", part->name, pick);
		call_begin_picked(&c, t, part, 0, pick);
		call_end(w, &c);
	}
}

static void run_calls(struct transport *t)
{
	for (unsigned nth = 0; nth < INPUTS + fields_picks(t->plugin); nth++) {
		unsigned input = nth < INPUTS ? nth : 0;
		struct input in;
		struct transport_op op;

		make_input(&in, input);
		in.plugin = t->plugin;
		in.pick = nth < INPUTS ? 0 : nth - INPUTS + 1;
		transport_op_init(&op, NULL, NULL);
		op.setting = call_setting;
		op.setting_at = call_setting_at;
		op.settings = &in;
		kit_doing("param.offer and param.negotiated with input %u, value %u of settings of its own", input, in.pick);
		transport_offer(t, &op, &in.params);
		transport_negotiated(t, &op, &in.params);
		kit_doing("host.event %u", in.event);
		transport_host_event(t, 0, in.event);
		transport_host_event(t, UINT32_MAX, in.event);
	}
}

void ops_calls(struct world *w)
{
	struct transport *t;

	list_for_each (t, &w->ps->transports, node) {
		world_host(w, t);
		run_calls(t);
	}
}

bool ops_has(const struct world *w, unsigned nth)
{
	struct plugin *p;

	list_for_each (p, &w->ps->list, node) {
		if (p->started && parts[nth].has(p))
			return true;
	}
	return false;
}

static int listen_here(void)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(here);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&here, len) == 0 && listen(fd, 64) == 0 &&
		getsockname(fd, (struct sockaddr *)&here, &len) == 0)
		open_port = ntohs(here.sin_port);
	return fd;
}

void ops_run(struct world *w, unsigned nth)
{
	const struct part *part = &parts[nth];
	int fd = listen_here();
	struct transport *t;

	list_for_each (t, &w->ps->transports, node) {
		if (!t->plugin->started)
			continue;
		world_host(w, t);
		run_moods(w, t, part);
		run_settings(w, t, part);
		run_cancels(w, t, part);
		run_without_memory(w, t, part);
	}
	close(fd);
}
