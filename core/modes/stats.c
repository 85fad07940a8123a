/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reply of the kernel passes through the session's plugin, which may have counters of its own. */
#include "modes/stats.h"

#include "modes/host_mode.h"
#include <errno.h>
#include <string.h>

/* The counters of every driver (RFC 7143 and the SNMP MIB of RFC 4544); other names are the driver's own. */
static const char *const standard[] = { "txdata_octets", "rxdata_octets", "noptx_pdus", "scsicmd_pdus", "tmfcmd_pdus",
	"login_pdus", "text_pdus", "dataout_pdus", "logout_pdus", "snack_pdus", "noprx_pdus", "scsirsp_pdus", "tmfrsp_pdus",
	"textrsp_pdus", "datain_pdus", "logoutrsp_pdus", "r2t_pdus", "async_pdus", "rjt_pdus", "digest_err", "timeout_err" };

static void pass_counter(void *arg, const char *key, const char *value)
{
	const struct stats_events *events = arg;
	bool known = false;

	for (size_t i = 0; !known && i < ARRAY_SIZE(standard); i++)
		known = !strcmp(standard[i], key);
	events->counter(events->arg, key, value, !known);
}

static int ask_session(struct context *ctx, const struct session_info *s, const struct stats_events *events, struct err *err)
{
	struct adapter a;
	int rc = host_mode_adapter_of(ctx, s->transport, s->host_no, &a, err);

	if (rc >= 0)
		rc = adapter_open(&a, err);
	if (rc < 0)
		return rc;
	events->begin(events->arg, s);
	rc = adapter_session_stats(&a, s->sid, s->cid, pass_counter, (void *)events, err);
	if (rc < 0 && err->code == MISCSI_ERR_OK)
		err_sys(err, rc == -EPERM || rc == -EACCES ? MISCSI_ERR_ACCESS : MISCSI_ERR_INTERNAL, -rc,
			"cannot get the statistics of session %u from the kernel", s->sid);
	return rc;
}

int stats_sessions(
	struct context *ctx, const struct session_info_list *sessions, const struct stats_events *events, struct err *err)
{
	size_t gone = 0;
	int first = 0;

	for (size_t i = 0; i < sessions->n; i++) {
		struct err why = ERR_INIT;
		int rc = ask_session(ctx, &sessions->info[i], events, &why);

		if (rc < 0 && session_mode_is_gone(ctx, &sessions->info[i])) {
			gone++;
			continue;
		}
		events->result(events->arg, &sessions->info[i], &why);
		if (rc < 0 && first == 0) {
			first = rc;
			if (err)
				err_copy(err, &why);
		}
	}
	if (gone && gone == sessions->n)
		return err_set(err, MISCSI_ERR_NO_OBJS_FOUND, "No active sessions.");
	return first;
}
