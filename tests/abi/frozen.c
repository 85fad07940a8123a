/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plugin as vendors have built it: every table, service and kind of row, against the headers of a release (tests/abi/1). */
#include <miscsi/plugin.h>

#include <errno.h>
#include <string.h>

struct frozen {
	struct miscsi_binding *out;
	struct miscsi_timer *timer;
};

static int answer_names(void *arg, const char *name)
{
	(void)arg;
	return name[0] == '\0';
}

static void connected(struct miscsi_op *op, void *arg)
{
	struct frozen *f = arg;

	f->out->kind = MISCSI_BINDING_ENDPOINT;
	f->out->value = 1;
	op->core->op_done(op, 0);
}

static int frozen_connect(struct miscsi_op *op, const struct miscsi_connect_args *args, struct miscsi_binding *out)
{
	struct frozen *f = (struct frozen *)op->core->op_alloc(op, sizeof(*f));
	int rc;

	if (!f)
		return -ENOMEM;
	if (!args->dst || op->host_no == MISCSI_NONE)
		return op->core->set_error(op, MISCSI_ERR_HOST_NOT_FOUND, "no host to connect through");
	f->out = out;
	rc = op->core->timer(op, 1, connected, f, &f->timer);
	return rc < 0 ? rc : -EINPROGRESS;
}

static int frozen_disconnect(struct miscsi_op *op, const struct miscsi_binding *binding)
{
	(void)op;
	return binding->value == 1 ? 0 : -EINVAL;
}

static int frozen_login(struct miscsi_op *op)
{
	op->core->log(op, MISCSI_LOG_DEBUG, "login of session %u", op->sid);
	return -EINPROGRESS;
}

static void frozen_login_event(struct miscsi_op *op, uint32_t state)
{
	if (state == ISCSI_CONN_STATE_LOGGED_IN)
		op->core->op_done(op, 0);
	else
		op->core->op_done(op, op->core->set_error(op, MISCSI_ERR_LOGIN, "state %u", state));
}

static int frozen_params(struct miscsi_op *op, struct miscsi_params *params)
{
	(void)op;
	params->header_digest = MISCSI_DIGEST_NONE;
	return 0;
}

static int frozen_path(struct miscsi_op *op, struct miscsi_path *path)
{
	(void)op;
	memset(path->mac, 2, sizeof(path->mac));
	return 0;
}

/* Reports every setting, a secret, and a name of /sys: all of the services that return at once. */
static int frozen_report(struct miscsi_op *op)
{
	const char *key, *value;
	char text[32];
	int rc = op->core->result_row(op, 0);

	for (uint32_t i = 0; rc == 0 && op->core->setting_at(op, i, &key, &value) == 0; i++) {
		if (*key && strlen(key) <= MISCSI_KEY_MAX && strlen(value) <= MISCSI_VALUE_MAX)
			rc = op->core->result(op, key, value, strstr(key, "password") ? MISCSI_VALUE_SECRET : 0);
	}
	if (op->core->sysfs_read(op, "class/iscsi_host/host0/hwaddress", text, sizeof(text)) > 0 && rc == 0)
		rc = op->core->result(op, "hwaddress", text, 0);
	op->core->sysfs_list(op, "class/net", answer_names, NULL);
	return rc;
}

static int frozen_index(struct miscsi_op *op, uint32_t index)
{
	return index == 0 ? frozen_report(op) : op->core->set_error(op, MISCSI_ERR_INVAL, "no entry %u", index);
}

static int frozen_create(struct miscsi_op *op, const char *portal_type)
{
	return strcmp(portal_type, "ipv4") == 0 ? op->core->result_row(op, 1) :
						  op->core->set_error(op, MISCSI_ERR_INVAL, "no such type");
}

static void answered(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	int rc = answer->result;

	if (rc < 0)
		rc = op->core->set_error(op, MISCSI_ERR_GENERIC, "the driver: %s", strerror(-rc));
	op->core->op_done(op, rc);
}

static int frozen_request(struct miscsi_op *op)
{
	struct miscsi_request request = { .size = sizeof(request), .type = ISCSI_UEVENT_GET_HOST_STATS };
	int rc;

	request.u.host.host_no = op->host_no;
	rc = op->core->request(op, &request, answered, NULL);
	return rc < 0 ? rc : -EINPROGRESS;
}

struct counter {
	uint32_t host_no, count;
};

static void count(void *data)
{
	struct counter *c = (struct counter *)data;

	c->count = c->host_no + 1;
}

static void counted(struct miscsi_op *op, void *data)
{
	const struct counter *c = (const struct counter *)data;

	op->core->op_done(op, op->core->result_row(op, c->count));
}

static void counted_late(struct miscsi_op *op, void *data)
{
	(void)data;
	op->core->log(op, MISCSI_LOG_DEBUG, "nobody waits for the counter");
}

static int frozen_count(struct miscsi_op *op)
{
	struct counter c = { op->host_no, 0 };
	int rc = op->core->work(op, &c, sizeof(c), count, counted, counted_late);

	return rc < 0 ? rc : -EINPROGRESS;
}

static int frozen_logout(struct miscsi_op *op)
{
	int rc = MISCSI_HAS(op->core, event) ? op->core->event(op, MISCSI_EVENT_SESSION_LOST, op->sid) : 0;

	return rc == -EOPNOTSUPP ? 0 : rc;
}

static int frozen_ping(struct miscsi_op *op, const struct miscsi_ping_args *args)
{
	return args->payload > 1500 ? op->core->set_error(op, MISCSI_ERR_INVAL, "too long") : -EINPROGRESS;
}

static void frozen_ping_event(struct miscsi_op *op, uint32_t status)
{
	op->core->op_done(op, status ? op->core->set_error(op, MISCSI_ERR_TRANS_TIMEOUT, "status %u", status) : 0);
}

static void frozen_host_event(struct miscsi_op *op, uint32_t code)
{
	op->core->log(op, MISCSI_LOG_INFO, "event %u", code);
}

static int frozen_start(const struct miscsi_core *core, void **state)
{
	*state = (void *)core;
	return core->size >= sizeof(*core) && core->abi == MISCSI_ABI && core->minor >= MISCSI_MINOR &&
			core->has(core->self, "login.logout") && !core->has(core->self, "no.such") ?
		0 :
		core->set_error(core->self, MISCSI_ERR_INTERNAL, "an older core");
}

static void frozen_stop(void *state)
{
	(void)state;
}

static void frozen_cancel(struct miscsi_op *op)
{
	(void)op;
}

MISCSI_OPS(endpoint, endpoint, .connect = frozen_connect, .disconnect = frozen_disconnect);
MISCSI_OPS(login, login, .start = frozen_login, .event = frozen_login_event, .logout = frozen_logout);
MISCSI_OPS(param, param, .offer = frozen_params, .negotiated = frozen_params);
MISCSI_OPS(net, net, .apply = frozen_report, .path = frozen_path);
MISCSI_OPS(host, host, .set = frozen_report, .event = frozen_host_event);
MISCSI_OPS(flash, flash, .list = frozen_report, .show = frozen_index, .create = frozen_create, .set = frozen_index,
	.remove = frozen_index, .login = frozen_index, .logout = frozen_index, .logout_sid = frozen_report);
MISCSI_OPS(chap, chap, .list = frozen_report, .set = frozen_index, .remove = frozen_index);
MISCSI_OPS(stats, stats, .session = frozen_count, .host = frozen_request);
MISCSI_OPS(ping, ping, .send = frozen_ping, .event = frozen_ping_event);

static const struct miscsi_pci_id pci[] = { MISCSI_PCI(0x1077, 0x8084, "a card"), MISCSI_PCI_END };
static const char *const drivers[] = { "nic", NULL };
static const char *const needs[] = { "BOUND_SESSION", "flash.list", "request", NULL };
static const struct miscsi_match match[] = {
	MISCSI_MATCH(.transport = "frozen", .module = "frozen", .proc_name = "frozen_drv", .pci = pci),
	MISCSI_MATCH(.transport = "frozen2", .traits = MISCSI_TRAIT_RDMA, .netdev_drivers = drivers),
	MISCSI_END,
};

MISCSI_PLUGIN(frozen, .version = "1.0", .summary = "built against the headers of a release", .match = match,
	.traits = MISCSI_TRAIT_BOUND_SESSION, .start = frozen_start, .stop = frozen_stop, .cancel = frozen_cancel,
	.endpoint = &endpoint, .login = &login, .param = &param, .net = &net, .host = &host, .flash = &flash, .chap = &chap,
	.stats = &stats, .ping = &ping, .needs = needs, );
