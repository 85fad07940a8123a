/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's answer goes through the session's plugin, which may know of counters of its own. */
#include "modes/stats.h"

#include "base/loop.h"
#include "plugin/transport.h"
#include <errno.h>
#include <string.h>

/* What every driver counts (RFC 7143 and the SNMP MIB of RFC 4544); other names are the driver's own. */
static const char *const standard[] = { "txdata_octets", "rxdata_octets", "noptx_pdus", "scsicmd_pdus", "tmfcmd_pdus",
	"login_pdus", "text_pdus", "dataout_pdus", "logout_pdus", "snack_pdus", "noprx_pdus", "scsirsp_pdus", "tmfrsp_pdus",
	"textrsp_pdus", "datain_pdus", "logoutrsp_pdus", "r2t_pdus", "async_pdus", "rjt_pdus", "digest_err", "timeout_err" };

struct asking {
	struct transport_op op;
	const struct stats_events *events;
	bool done;
	int result;
};

static void stats_op_done(struct transport_op *op, int result)
{
	struct asking *a = op->arg;

	a->done = true;
	a->result = result;
}

static int pass_counter(struct transport_op *op, const char *key, const char *value, uint32_t flags)
{
	const struct asking *a = op->arg;
	bool known = false;

	(void)flags;
	for (size_t i = 0; !known && i < ARRAY_SIZE(standard); i++)
		known = !strcmp(standard[i], key);
	a->events->counter(a->events->arg, key, value, !known);
	return 0;
}

static int stats_op_wait(struct loop *loop, struct asking *a)
{
	int rc = 0;

	while (!a->done && rc >= 0)
		rc = loop_step(loop, -1);
	if (rc < 0)
		transport_cancel(&a->op);
	return rc < 0 ? rc : a->result;
}

static int ask_session(struct context *ctx, const struct session_info *s, const struct stats_events *events, struct err *err)
{
	struct asking a = { .events = events };
	const struct engine *engine;
	struct transport *t;
	int rc = context_engine(ctx, &engine, err);

	if (rc >= 0)
		rc = plugins_find(engine->plugins, s->transport, &t, err);
	if (rc < 0)
		return rc;
	transport_op_init(&a.op, stats_op_done, &a);
	transport_open(t, &a.op);
	rc = stats_op_wait(engine->loop, &a);
	if (rc >= 0) {
		a.done = false;
		transport_op_init(&a.op, stats_op_done, &a);
		a.op.host_no = s->host_no;
		a.op.sid = s->sid;
		a.op.cid = s->cid;
		a.op.value = pass_counter;
		events->begin(events->arg, s);
		transport_stats_session(t, &a.op);
		rc = stats_op_wait(engine->loop, &a);
	}
	if (rc < 0 && a.op.err.code != MISCSI_ERR_OK && err)
		err_copy(err, &a.op.err);
	else if (rc < 0)
		err_sys(err, rc == -EPERM || rc == -EACCES ? MISCSI_ERR_ACCESS : MISCSI_ERR_INTERNAL, -rc,
			"cannot get statistics from the kernel");
	return rc;
}

int stats_sessions(
	struct context *ctx, const struct session_info_list *sessions, const struct stats_events *events, struct err *err)
{
	int first = 0;

	for (size_t i = 0; i < sessions->n; i++) {
		struct err why = ERR_INIT;
		int rc = ask_session(ctx, &sessions->info[i], events, &why);

		events->result(events->arg, &sessions->info[i], &why);
		if (rc < 0 && first == 0) {
			first = rc;
			if (err)
				err_copy(err, &why);
		}
	}
	return first;
}
