/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transport null: every op of the ABI, in memory. The reference of how a plugin looks, and what lets programs be tested without
 * kernel and adapter. Two hosts, 0 and 1. Not installed.
 *
 * It is written as a vendor would write one: this header and libc, no symbol of the core's. What the tests of the core expect of
 * a plugin, they expect of this one.
 */
#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOSTS 2u
/* So that completions come by the loop, as with hardware: an op that ends at once would hide mistakes in the order. */
#define LATER_MS 1u

/* Stores with one row hold settings of the host itself; flash nodes and CHAP entries are rows by index. */
struct host {
	struct store params, net, flash, chap;
};

struct state {
	struct host host[HOSTS];
	uint64_t next_endpoint;
	const char *dir; /* where the number outlives this program; NULL: not asked for yet, or there is none */
};

static int null_start(const struct miscsi_core *core, void **state)
{
	struct state *s = calloc(1, sizeof(*s));
	char mac[18];
	int rc = s ? 0 : -ENOMEM;

	/* the same file loads into a program that is older than the op, and works without it */
	if (!MISCSI_HAS(core, has) || !core->has(core->self, "login.logout"))
		core->log(
			core->self, MISCSI_LOG_INFO, "miscsi %s does not call login.logout: the driver logs out", core->version);
	for (uint32_t i = 0; rc == 0 && i < HOSTS; i++) {
		uint32_t row = 0;

		snprintf(mac, sizeof(mac), "02:00:00:00:00:%02x", i);
		rc = store_new(&s->host[i].params, &row);
		if (rc == 0)
			rc = store_set(&s->host[i].params.rows[0], "hwaddress", mac);
		if (rc == 0)
			rc = store_new(&s->host[i].net, &row);
	}
	*state = s;
	return rc;
}

/* Handles of one program are not those of the next: the number goes on, as in an adapter, in a file of the state directory. */
static void endpoints_restore(struct miscsi_op *op)
{
	struct state *s = op->state;
	unsigned long long n;
	char path[256];
	FILE *f;

	if (s->dir || !MISCSI_HAS(op->core, state_dir) || !(s->dir = op->core->state_dir(op)))
		return;
	snprintf(path, sizeof(path), "%s/endpoints", s->dir);
	f = fopen(path, "re");
	if (f && fscanf(f, "%llu", &n) == 1 && n > s->next_endpoint)
		s->next_endpoint = n;
	if (f)
		fclose(f);
}

static void endpoints_save(const struct state *s)
{
	char path[256];
	FILE *f;

	if (!s->dir)
		return;
	snprintf(path, sizeof(path), "%s/endpoints", s->dir);
	f = fopen(path, "we");
	if (f) {
		fprintf(f, "%llu\n", (unsigned long long)s->next_endpoint);
		fclose(f);
	}
}

static void null_stop(void *state)
{
	struct state *s = state;

	endpoints_save(s);

	for (uint32_t i = 0; i < HOSTS; i++) {
		store_clear(&s->host[i].params);
		store_clear(&s->host[i].net);
		store_clear(&s->host[i].flash);
		store_clear(&s->host[i].chap);
	}
	free(s);
}

/* Sets the error, so that each op has only to give up. */
static struct host *host_of(struct miscsi_op *op)
{
	struct state *s = op->state;

	if (op->host_no < HOSTS)
		return &s->host[op->host_no];
	op->core->set_error(op, MISCSI_ERR_HOST_NOT_FOUND, "host %u does not exist", op->host_no);
	return NULL;
}

/* ---- its own settings: plugin.null.… ---- */

static const struct miscsi_field fields[] = {
	MISCSI_FIELD(.kind = MISCSI_FIELD_NUMBER, .name = "connect_ms", .def = "1",
		.help = "How many milliseconds a connect takes.", .min = 0, .max = 60000),
	MISCSI_FIELD(.kind = MISCSI_FIELD_CHOICE, .name = "fail", .def = "nothing", .words = "nothing connect login",
		.help = "What fails, for tests of programs."),
	MISCSI_FIELD(.kind = MISCSI_FIELD_BOOL, .name = "digests", .def = "No", .help = "Whether the adapter has digests."),
	MISCSI_FIELD(.kind = MISCSI_FIELD_TEXT, .name = "reason", .help = "The text of the error when a login fails.", .max = 64),
	MISCSI_FIELD_END,
};

static int setting_is(struct miscsi_op *op, const char *key, const char *text)
{
	const char *value = op->core->setting(op, key);

	return value && strcmp(value, text) == 0;
}

/* ---- endpoint: everything connects, a moment later ---- */

/* Lies in the op's own memory, which the core frees with the op. */
struct connecting {
	struct miscsi_binding *out;
	struct miscsi_timer *timer;
};

static void connected(struct miscsi_op *op, void *arg)
{
	struct connecting *c = arg;
	struct state *s = op->state;

	c->out->kind = MISCSI_BINDING_ENDPOINT;
	c->out->value = ++s->next_endpoint;
	op->core->op_done(op, 0);
}

static int null_connect(struct miscsi_op *op, const struct miscsi_connect_args *args, struct miscsi_binding *out)
{
	struct connecting *c = op->core->op_alloc(op, sizeof(*c));
	const char *ms;
	int rc;

	(void)args;
	if (!c)
		return -ENOMEM;
	c->out = out;
	endpoints_restore(op);
	if (setting_is(op, "plugin.null.fail", "connect"))
		return op->core->set_error(op, MISCSI_ERR_TRANS, "plugin.null.fail is connect");
	ms = op->core->setting(op, "plugin.null.connect_ms"); /* NULL: the program is older than fields */
	rc = op->core->timer(op, ms ? (uint32_t)strtoul(ms, NULL, 10) : LATER_MS, connected, c, &c->timer);
	return rc < 0 ? rc : -EINPROGRESS;
}

static int null_disconnect(struct miscsi_op *op, const struct miscsi_binding *binding)
{
	struct state *s = op->state;

	return binding->value <= s->next_endpoint ? 0 : -EINVAL;
}

MISCSI_OPS(endpoint, endpoint, .connect = null_connect, .disconnect = null_disconnect);

/* ---- login: by an event of the firmware ---- */

static int null_login(struct miscsi_op *op)
{
	const char *reason;

	if (!setting_is(op, "plugin.null.fail", "login"))
		return -EINPROGRESS;
	reason = op->core->setting(op, "plugin.null.reason");
	return op->core->set_error(op, MISCSI_ERR_LOGIN, "%s", *reason ? reason : "plugin.null.fail is login");
}

/* Any state but "logged in" is a failure. */
static void null_login_event(struct miscsi_op *op, uint32_t state)
{
	if (state == ISCSI_CONN_STATE_LOGGED_IN)
		op->core->op_done(op, 0);
	else
		op->core->op_done(op, op->core->set_error(op, MISCSI_ERR_LOGIN, "the adapter could not log in"));
}

struct null_logout {
	struct miscsi_timer *timer;
};

static void null_logged_out(struct miscsi_op *op, void *arg)
{
	(void)arg;
	op->core->op_done(op, 0);
}

static int null_logout(struct miscsi_op *op)
{
	struct null_logout *l = op->core->op_alloc(op, sizeof(*l));
	int rc = l ? op->core->timer(op, LATER_MS, null_logged_out, NULL, &l->timer) : -ENOMEM;

	return rc < 0 ? rc : -EINPROGRESS;
}

MISCSI_OPS(login, login, .start = null_login, .event = null_login_event, .logout = null_logout);

/* ---- parameters: an adapter with small buffers, and with digests if the setting is Yes ---- */

/* Lowering is all that an adapter may do here: raising would offer what the user has not allowed. */
static int null_offer(struct miscsi_op *op, struct miscsi_params *params)
{
	if (params->max_recv_data_segment_length > 65536)
		params->max_recv_data_segment_length = 65536;
	if (!setting_is(op, "plugin.null.digests", "Yes"))
		params->header_digest = params->data_digest = MISCSI_DIGEST_NONE;
	return 0;
}

static int null_negotiated(struct miscsi_op *op, struct miscsi_params *params)
{
	if (params->header_digest != MISCSI_DIGEST_NONE && !setting_is(op, "plugin.null.digests", "Yes"))
		return op->core->set_error(op, MISCSI_ERR_FATAL_LOGIN, "the target insists on digests");
	return 0;
}

MISCSI_OPS(param, param, .offer = null_offer, .negotiated = null_negotiated);

/* ---- network ---- */

static int null_apply(struct miscsi_op *op)
{
	struct host *h = host_of(op);

	return h ? store_take(&h->net.rows[0], op) : -ENODEV;
}

/* A next hop that everybody can tell from a real one: a locally administered address. */
static int null_path(struct miscsi_op *op, struct miscsi_path *path)
{
	static const unsigned char mac[6] = { 2, 0, 0, 0, 1, 0 };

	if (!host_of(op))
		return -ENODEV;
	memcpy(path->mac, mac, sizeof(mac));
	path->pmtu = 1500;
	return 0;
}

MISCSI_OPS(net, net, .apply = null_apply, .path = null_path);

/* ---- host ---- */

/* A new address makes the adapter start again: its connections are gone, which only the plugin knows. */
static int null_host_set(struct miscsi_op *op)
{
	struct host *h = host_of(op);
	int rc = h ? store_take(&h->params.rows[0], op) : -ENODEV;

	if (rc == 0 && op->core->setting(op, "iface.hwaddress") && MISCSI_HAS(op->core, event)) {
		op->core->event(op, MISCSI_EVENT_HOST_RESET, op->host_no);
		op->core->event(op, MISCSI_EVENT_HOST_ADDED, op->host_no);
	}
	return rc;
}

static void null_host_event(struct miscsi_op *op, uint32_t code)
{
	struct host *h = host_of(op);

	if (h)
		store_set(&h->params.rows[0], "port_state", code == ISCSI_EVENT_LINKUP ? "LINK UP" : "LINK DOWN");
}

MISCSI_OPS(host, host, .set = null_host_set, .event = null_host_event);

/* ---- flash nodes ---- */

static struct store_row *flash_of(struct miscsi_op *op, uint32_t index)
{
	struct host *h = host_of(op);
	struct store_row *row = h ? store_row(&h->flash, index) : NULL;

	if (h && !row)
		op->core->set_error(op, MISCSI_ERR_NO_OBJS_FOUND, "host %u has no flash node %u", op->host_no, index);
	return row;
}

static int null_flash_list(struct miscsi_op *op)
{
	struct host *h = host_of(op);

	return h ? store_give_all(&h->flash, op) : -ENODEV;
}

static int null_flash_show(struct miscsi_op *op, uint32_t index)
{
	return flash_of(op, index) ? store_give(&host_of(op)->flash, index, op) : -ENOENT;
}

/* The plugin chooses the index and reports it by the result row, which the user sees. */
static int null_flash_create(struct miscsi_op *op, const char *portal_type)
{
	struct host *h = host_of(op);
	uint32_t index = MISCSI_NONE;
	int rc = h ? store_new(&h->flash, &index) : -ENODEV;

	if (rc == -ENOSPC)
		return op->core->set_error(op, MISCSI_ERR_GENERIC, "host %u has no room for a flash node", op->host_no);
	if (rc)
		return rc;
	rc = store_set(&h->flash.rows[index], "flashnode.session.portal_type", portal_type);
	if (rc == 0)
		rc = op->core->result_row(op, index);
	if (rc)
		store_remove(&h->flash.rows[index]);
	return rc;
}

static int null_flash_set(struct miscsi_op *op, uint32_t index)
{
	struct store_row *row = flash_of(op, index);

	return row ? store_take(row, op) : -ENOENT;
}

static int null_flash_remove(struct miscsi_op *op, uint32_t index)
{
	struct store_row *row = flash_of(op, index);

	if (row)
		store_remove(row);
	return row ? 0 : -ENOENT;
}

/* Firmware takes its time: done from a timer. */
struct null_flash_session {
	struct store_row *row;
	uint32_t index;
	int logged_in;
	struct miscsi_timer *timer;
};

static void null_flash_session_done(struct miscsi_op *op, void *arg)
{
	struct null_flash_session *f = arg;

	f->row->logged_in = f->logged_in;
	if (!f->logged_in && MISCSI_HAS(op->core, event)) /* its session has the flash node's number */
		op->core->event(op, MISCSI_EVENT_SESSION_LOST, f->index);
	op->core->op_done(op, 0);
}

/* Both directions refuse what is so already, as qla4xxx's firmware does. */
static int null_flash_session(struct miscsi_op *op, uint32_t index, int logged_in)
{
	struct null_flash_session *f = op->core->op_alloc(op, sizeof(*f));
	int rc;

	if (!f)
		return -ENOMEM;
	f->row = flash_of(op, index);
	f->index = index;
	f->logged_in = logged_in;
	if (!f->row)
		return -ENOENT;
	if (f->row->logged_in == logged_in)
		return op->core->set_error(op, logged_in ? MISCSI_ERR_SESS_EXISTS : MISCSI_ERR_SESS_NOT_FOUND,
			"flash node %u is %s", index, logged_in ? "logged in already" : "not logged in");
	rc = op->core->timer(op, LATER_MS, null_flash_session_done, f, &f->timer);
	return rc < 0 ? rc : -EINPROGRESS;
}

static int null_flash_login(struct miscsi_op *op, uint32_t index)
{
	return null_flash_session(op, index, 1);
}

static int null_flash_logout(struct miscsi_op *op, uint32_t index)
{
	return null_flash_session(op, index, 0);
}

static int null_flash_logout_sid(struct miscsi_op *op)
{
	return null_flash_session(op, op->sid, 0); /* its sessions have their flash node's number */
}

MISCSI_OPS(flash, flash, .list = null_flash_list, .show = null_flash_show, .create = null_flash_create, .set = null_flash_set,
	.remove = null_flash_remove, .login = null_flash_login, .logout = null_flash_logout, .logout_sid = null_flash_logout_sid);

/* ---- CHAP table ---- */

static int null_chap_list(struct miscsi_op *op)
{
	struct host *h = host_of(op);

	return h ? store_give_all(&h->chap, op) : -ENODEV;
}

static int null_chap_set(struct miscsi_op *op, uint32_t index)
{
	struct host *h = host_of(op);
	int made = h && !store_row(&h->chap, index);
	int rc = h ? store_new(&h->chap, &index) : -ENODEV;

	if (rc)
		return op->core->set_error(
			op, MISCSI_ERR_INVAL, "host %u has no CHAP table, or no room for entry %u", op->host_no, index);
	rc = store_take(&h->chap.rows[index], op);
	if (rc == 0)
		rc = op->core->result_row(op, index);
	if (rc && made)
		store_remove(&h->chap.rows[index]);
	return rc;
}

static int null_chap_remove(struct miscsi_op *op, uint32_t index)
{
	struct host *h = host_of(op);
	struct store_row *row = h ? store_row(&h->chap, index) : NULL;

	if (h && !row)
		return op->core->set_error(op, MISCSI_ERR_NO_OBJS_FOUND, "the CHAP table has no entry %u", index);
	if (row)
		store_remove(row);
	return row ? 0 : -ENODEV;
}

MISCSI_OPS(chap, chap, .list = null_chap_list, .set = null_chap_set, .remove = null_chap_remove);

/* ---- statistics, ping ---- */

static int stats_session(struct miscsi_op *op)
{
	int rc = op->core->result_row(op, op->sid);

	return rc ? rc : op->core->result(op, "txdata_octets", "0", 0);
}

/* As if the counters came from a library that blocks: read on the plugin's own thread, reported on the loop's. */
struct counters {
	uint32_t host_no;
	char frames[16];
};

static void counters_read(void *data)
{
	struct counters *c = data;

	snprintf(c->frames, sizeof(c->frames), "%u", c->host_no * 100);
}

static int counters_report(struct miscsi_op *op, const struct counters *c)
{
	int rc = op->core->result_row(op, c->host_no);

	return rc ? rc : op->core->result(op, "mactx_frames", c->frames, 0);
}

static void counters_done(struct miscsi_op *op, void *data)
{
	op->core->op_done(op, counters_report(op, data));
}

static int stats_host(struct miscsi_op *op)
{
	struct counters c = { .host_no = op->host_no };
	int rc;

	if (!host_of(op))
		return -ENODEV;
	if (!MISCSI_HAS(op->core, work)) {
		counters_read(&c);
		return counters_report(op, &c);
	}
	rc = op->core->work(op, &c, sizeof(c), counters_read, counters_done, NULL);
	return rc < 0 ? rc : -EINPROGRESS;
}

MISCSI_OPS(stats, stats, .session = stats_session, .host = stats_host);

/* Completes by event, as the kernel's PING does. */
static int ping_send(struct miscsi_op *op, const struct miscsi_ping_args *args)
{
	if (!host_of(op))
		return -ENODEV;
	return args->payload > 1500 ? op->core->set_error(op, MISCSI_ERR_INVAL, "ping: oversize") : -EINPROGRESS;
}

static void ping_event(struct miscsi_op *op, uint32_t status)
{
	op->core->op_done(op,
		status == ISCSI_PING_SUCCESS ? 0 : op->core->set_error(op, MISCSI_ERR_TRANS_TIMEOUT, "ping: status %u", status));
}

MISCSI_OPS(ping, ping, .send = ping_send, .event = ping_event);

static const struct miscsi_match match[] = {
	MISCSI_MATCH(.transport = "null"),
	MISCSI_END,
};

MISCSI_PLUGIN(null, .version = PLUGIN_VERSION, .summary = "no transport at all, for tests", .match = match,
	.traits = MISCSI_TRAIT_FIRMWARE_LOGIN | MISCSI_TRAIT_BOUND_SESSION | MISCSI_TRAIT_OWN_HOSTS, .start = null_start,
	.stop = null_stop, .endpoint = &endpoint, .login = &login, .param = &param, .net = &net, .host = &host, .flash = &flash,
	.chap = &chap, .stats = &stats, .ping = &ping, .fields = fields, );
