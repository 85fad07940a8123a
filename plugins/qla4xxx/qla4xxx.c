/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transport qla4xxx: QLogic (now Marvell) iSCSI host adapters of the 4000 and 8000 series.
 *
 * The adapter is an initiator of its own. Its firmware logs in: START_CONN begins the login, event 109 reports its end, and no
 * login PDU is ever sent. It also makes sessions of its own from its flash nodes; those are listed and left alone.
 */
#include <miscsi/plugin.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A session that the firmware kept while no daemon ran is unblocked by START_CONN at once, and no event follows. */
static int logged_in_already(struct miscsi_op *op)
{
	char path[64], state[32];

	snprintf(path, sizeof(path), "class/iscsi_session/session%u/state", op->sid);
	return op->core->sysfs_read(op, path, state, sizeof(state)) >= 0 && strcmp(state, "LOGGED_IN") == 0;
}

/* "Started" is not "logged in". */
static void started(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	int rc = answer->result;

	if (rc == -EEXIST)
		rc = op->core->set_error(op, MISCSI_ERR_SESS_EXISTS,
			"the adapter has a session with this target already, by one of its flash nodes ('iscsiadm -m session' "
			"lists it)");
	else if (rc < 0)
		rc = op->core->set_error(op, MISCSI_ERR_LOGIN,
			"the adapter cannot begin the login (the kernel's log may have the reason): %s", strerror(-rc));
	if (rc < 0 || logged_in_already(op))
		op->core->op_done(op, rc);
}

static int qla4xxx_login(struct miscsi_op *op)
{
	struct miscsi_request request = { .size = sizeof(request), .type = ISCSI_UEVENT_START_CONN };
	int rc;

	request.u.conn.sid = op->sid;
	request.u.conn.cid = op->cid;
	rc = op->core->request(op, &request, started, NULL);
	return rc < 0 ? rc : -EINPROGRESS;
}

/* May come before the answer to START_CONN. */
static void qla4xxx_login_event(struct miscsi_op *op, uint32_t state)
{
	if (state == ISCSI_CONN_STATE_LOGGED_IN)
		op->core->op_done(op, 0);
	else if (state == ISCSI_CONN_STATE_FREE)
		op->core->op_done(op,
			op->core->set_error(op, MISCSI_ERR_LOGIN,
				"the adapter could not log in to the target (the kernel's log may have the reason)"));
}

MISCSI_OPS(login, login, .start = qla4xxx_login, .event = qla4xxx_login_event);

static const struct miscsi_pci_id pci[] = {
	MISCSI_PCI(0x1077, 0x4010, "QLA4010"),
	MISCSI_PCI(0x1077, 0x4022, "QLA4022"),
	MISCSI_PCI(0x1077, 0x4032, "QLA4032"),
	MISCSI_PCI(0x1077, 0x8022, "8200 series (iSCSI)"),
	MISCSI_PCI(0x1077, 0x8032, "8300 series (iSCSI)"),
	MISCSI_PCI(0x1077, 0x8042, "8400 series (iSCSI)"),
	MISCSI_PCI_END,
};

static const struct miscsi_match match[] = {
	MISCSI_MATCH(.transport = "qla4xxx", .module = "qla4xxx", .pci = pci),
	MISCSI_END,
};

MISCSI_PLUGIN(qla4xxx, .version = PLUGIN_VERSION, .summary = "QLogic iSCSI host adapters", .match = match,
	.traits = MISCSI_TRAIT_BOUND_SESSION | MISCSI_TRAIT_THROUGH_HOST | MISCSI_TRAIT_FIRMWARE_LOGIN |
		MISCSI_TRAIT_FIRMWARE_SESSIONS | MISCSI_TRAIT_KERNEL_NET | MISCSI_TRAIT_KERNEL_FLASH | MISCSI_TRAIT_KERNEL_CHAP |
		MISCSI_TRAIT_KERNEL_STATS | MISCSI_TRAIT_KERNEL_PING,
	.login = &login, );
