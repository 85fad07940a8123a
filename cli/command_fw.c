/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -m fw, and discovery of type fw
 *
 * dracut and YaST call these. None is 21.
 */
#include "command.h"

#include "modes/firmware_mode.h"
#include "out_text.h"

static int show_boot_targets(const struct command *c, const struct firmware_list *targets)
{
	for (size_t i = 0; i < targets->n; i++)
		out_host_firmware(&targets->at[i], c->args->show);
	return 0;
}

/* All that there are being there is what was wanted: 0, as 2.1.8 has it, in this mode alone. */
static int login_boot_targets(const struct command *c, const struct firmware_list *targets)
{
	cleanup(record_list_free) struct record_list nodes = { 0 };
	struct settings settings = command_settings(c->args);
	struct err err = ERR_INIT;
	int rc = firmware_mode_nodes(c->context, targets, &settings, &nodes, &err);

	if (rc < 0)
		return command_fail(rc, &err);
	rc = command_login(c, &nodes, false);
	return rc == MISCSI_ERR_SESS_EXISTS ? 0 : rc;
}

int command_fw(const struct command *c)
{
	cleanup(firmware_list_free) struct firmware_list targets = { 0 };
	struct err err = ERR_INIT;
	int rc = firmware_mode_list(c->context, &targets, &err);

	if (rc < 0)
		return command_fail(rc, &err);
	return c->args->login ? login_boot_targets(c, &targets) : show_boot_targets(c, &targets);
}

int command_fw_discovery(const struct command *c, unsigned keep)
{
	cleanup(record_list_free) struct record_list nodes = { 0 };
	struct err err = ERR_INIT;
	int rc = firmware_mode_discover(c->context, keep, &nodes, &err);

	if (rc < 0)
		return command_fail(rc, &err);
	for (size_t i = 0; c->args->print == 0 && i < nodes.n; i++)
		out_node_line(nodes.at[i]);
	if (c->args->print == 1)
		out_discovery_tree(&nodes);
	return c->args->login ? command_login(c, &nodes, false) : 0;
}
