/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m fw. dracut and YaST use it; without boot targets the exit status is 21. */
#include "command.h"

#include "modes/firmware_mode.h"
#include "out_json.h"
#include "out_text.h"

/* If all sessions exist, the exit status is 0, as in 2.1.8, and in this mode alone. */
static int login_boot_targets(const struct command *c, const struct firmware_list *targets)
{
	cleanup(record_list_free) struct record_list nodes = { 0 };
	struct settings settings = command_settings(c->args);
	int rc = firmware_mode_nodes(c->context, targets, &settings, &nodes, c->err);

	if (rc >= 0)
		rc = command_login(c, &nodes, false);
	return rc == MISCSI_ERR_SESS_EXISTS ? 0 : rc;
}

int command_fw(const struct command *c)
{
	cleanup(firmware_list_free) struct firmware_list targets = { 0 };
	int rc = firmware_mode_list(c->context, &targets, c->err);

	if (rc >= 0 && c->args->login)
		return login_boot_targets(c, &targets);
	for (size_t i = 0; rc >= 0 && i < targets.n; i++) {
		if (c->json)
			out_json_boot_target(c->json, &targets.at[i], c->args->show);
		else
			out_host_firmware(&targets.at[i], c->args->show);
	}
	return rc;
}
