/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flash nodes as the kernel serves them: read from /sys/bus/iscsi_flashnode, changed by requests. Written against the public ABI
 * and the table of settings.
 */
#include "plugin/defaults.h"
#include "plugin/kencode.h"
#include "plugin/krequest.h"
#include "record/record.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#define DEVICES "bus/iscsi_flashnode/devices"

/* ---- looking ---- */

/* The record's rows say "sess/ATTRIBUTE" or "conn/ATTRIBUTE": two devices of one flash node. */
static int show_field(struct miscsi_op *op, uint32_t index, const struct field *f)
{
	char path[160], value[512];
	int rc;

	if (strncmp(f->sysfs, "sess/", 5) == 0)
		snprintf(path, sizeof(path), DEVICES "/flashnode_sess-%u:%u/%s", op->host_no, index, f->sysfs + 5);
	else
		snprintf(path, sizeof(path), DEVICES "/flashnode_conn-%u:%u:0/%s", op->host_no, index, f->sysfs + 5);
	/* absent: this driver does not show it */
	if (op->core->sysfs_read(op, path, value, sizeof(value)) <= 0)
		return 0;
	rc = op->core->result(op, f->key, value, f->type == FIELD_TYPE_SECRET ? MISCSI_VALUE_SECRET : 0);
	mem_wipe(value, sizeof(value));
	return rc;
}

static int show_flashnode(struct miscsi_op *op, uint32_t index)
{
	int rc = op->core->result_row(op, index);

	for (unsigned id = 0; rc == 0 && id < FIELD_COUNT; id++) {
		const struct field *f = field_of((enum field_id)id);

		if (field_in(f, RECORD_FLASHNODE) && *f->sysfs)
			rc = show_field(op, index, f);
	}
	return rc;
}

/* A flash node has two devices; the session's is counted, and the connection's is read along with it. */
static int list_one(void *arg, const char *name)
{
	struct miscsi_op *op = arg;
	unsigned host, index;
	int end = 0;

	if (sscanf(name, "flashnode_sess-%u:%u%n", &host, &index, &end) != 2 || name[end] || host != op->host_no)
		return 0;
	return show_flashnode(op, index);
}

/* No such directory: no driver with flash nodes is loaded, which is an empty list and not a failure. */
int kflash_list(struct miscsi_op *op)
{
	int rc = op->core->sysfs_list(op, DEVICES, list_one, op);

	return rc == -ENOENT ? 0 : rc;
}

static int ignore_name(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return 0;
}

/* Asked before a request, so that a wrong index gets an error of its own. */
static bool flashnode_exists(struct miscsi_op *op, uint32_t index)
{
	char path[96];

	snprintf(path, sizeof(path), DEVICES "/flashnode_sess-%u:%u", op->host_no, index);
	return op->core->sysfs_list(op, path, ignore_name, NULL) == 0;
}

static int no_flashnode(struct miscsi_op *op, uint32_t index)
{
	return op->core->set_error(op, MISCSI_ERR_SESS_NOT_FOUND,
		"host %u has no flash node %u: 'iscsiadm -m host -H %u -C flashnode' lists those it has", op->host_no, index,
		op->host_no);
}

int kflash_show(struct miscsi_op *op, uint32_t index)
{
	return flashnode_exists(op, index) ? show_flashnode(op, index) : no_flashnode(op, index);
}

/* ---- changing ---- */

#define NO_SUCH \
	{ \
		ENODEV, MISCSI_ERR_GENERIC, "there is no such flash node ('iscsiadm -m host -H HOST -C flashnode' lists them)" \
	}

static const struct krequest new_flashnode = { ISCSI_UEVENT_NEW_FLASHNODE, "cannot create a flash node", MISCSI_ERR_OP_NOT_SUPP,
	MISCSI_ERR_GENERIC,
	{ { EIO, MISCSI_ERR_GENERIC,
		"the adapter's table of flash nodes is full, or has a new one without settings: update or delete that one "
		"first" } } };
static const struct krequest set_flashnode = { ISCSI_UEVENT_SET_FLASHNODE_PARAMS, "cannot write the settings of a flash node",
	MISCSI_ERR_OP_NOT_SUPP, MISCSI_ERR_GENERIC, { NO_SUCH } };
static const struct krequest del_flashnode = {
	ISCSI_UEVENT_DEL_FLASHNODE, "cannot delete a flash node", MISCSI_ERR_OP_NOT_SUPP, MISCSI_ERR_GENERIC,
	{ NO_SUCH, { EPERM, MISCSI_ERR_GENERIC, "it is a boot target, which only the adapter's own setup program can remove" } }
};
static const struct krequest login_flashnode = { ISCSI_UEVENT_LOGIN_FLASHNODE, "cannot log in to a flash node",
	MISCSI_ERR_OP_NOT_SUPP, MISCSI_ERR_LOGIN,
	{ { EPERM, MISCSI_ERR_SESS_EXISTS, "a session of this flash node exists already" },
		{ ENODEV, MISCSI_ERR_LOGIN, "there is no such flash node ('iscsiadm -m host -H HOST -C flashnode' lists them)" },
		{ EIO, MISCSI_ERR_LOGIN,
			"the adapter failed, or the flash node has no settings yet: set them first (-o update)" } } };
static const struct krequest logout_flashnode = { ISCSI_UEVENT_LOGOUT_FLASHNODE, "cannot log out of a flash node",
	MISCSI_ERR_OP_NOT_SUPP, MISCSI_ERR_LOGOUT,
	{ { ESRCH, MISCSI_ERR_SESS_NOT_FOUND, "there is no session of this flash node" },
		{ EPERM, MISCSI_ERR_LOGOUT,
			"it is a boot target, or an entry for discoveries by SendTargets, which has no session" },
		{ ENODEV, MISCSI_ERR_LOGOUT,
			"there is no such flash node ('iscsiadm -m host -H HOST -C flashnode' lists them)" } } };
static const struct krequest logout_session = { ISCSI_UEVENT_LOGOUT_FLASHNODE_SID, "cannot log out of a session",
	MISCSI_ERR_OP_NOT_SUPP, MISCSI_ERR_LOGOUT,
	{ { EINVAL, MISCSI_ERR_SESS_NOT_FOUND, "there is no such session ('iscsiadm -m session' lists them)" },
		{ ENXIO, MISCSI_ERR_LOGOUT,
			"the session was not made from a flash node, and the adapter ends only such sessions" },
		{ EPERM, MISCSI_ERR_LOGOUT, "the system has booted from the session's target" } } };

/* The requests about one flash node differ in their number and in the meaning of their errnos alone. */
static int flashnode_request(struct miscsi_op *op, const struct krequest *k, uint32_t index)
{
	struct miscsi_request request = { 0 };

	request.u.flashnode.host_no = op->host_no;
	request.u.flashnode.flashnode_idx = index; /* a session's number lies in the same place */
	return krequest_send(op, k, &request);
}

static void flashnode_created(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	if (answer->result < 0) {
		op->core->op_done(op, krequest_failed(op, &new_flashnode, answer->result));
		return;
	}
	op->core->op_done(op, op->core->result_row(op, answer->r.new_flashnode_ret.flashnode_idx));
}

int kflash_create(struct miscsi_op *op, const char *portal_type)
{
	struct miscsi_request request = {
		.type = ISCSI_UEVENT_NEW_FLASHNODE, .payload = portal_type, .payload_len = (uint32_t)strlen(portal_type) + 1
	};

	request.u.new_flashnode.host_no = op->host_no;
	request.u.new_flashnode.len = request.payload_len;
	return krequest_ask(op, &request, flashnode_created);
}

/*
 * The entry's family is read first: it decides which form of address is accepted, and how it is laid out (doc/KERNEL.md, the
 * widths of flash node parameters).
 */
int kflash_set(struct miscsi_op *op, uint32_t index)
{
	cleanup(kencode_wipe) struct kencode k = KENCODE_INIT;
	struct miscsi_request request = { 0 };
	char path[96], family[16];
	int rc;

	if (!flashnode_exists(op, index))
		return no_flashnode(op, index);
	snprintf(path, sizeof(path), DEVICES "/flashnode_sess-%u:%u/portal_type", op->host_no, index);
	rc = op->core->sysfs_read(op, path, family, sizeof(family));
	rc = kencode_flashnode(op, rc > 0 && strcmp(family, "ipv6") == 0, &k);
	if (rc < 0)
		return rc;
	request.payload = strbuf_str(&k.attrs);
	request.payload_len = (uint32_t)k.attrs.len;
	request.u.set_flashnode.host_no = op->host_no;
	request.u.set_flashnode.flashnode_idx = index;
	request.u.set_flashnode.count = k.count;
	return krequest_send(op, &set_flashnode, &request);
}

int kflash_remove(struct miscsi_op *op, uint32_t index)
{
	return flashnode_request(op, &del_flashnode, index);
}

int kflash_login(struct miscsi_op *op, uint32_t index)
{
	return flashnode_request(op, &login_flashnode, index);
}

int kflash_logout(struct miscsi_op *op, uint32_t index)
{
	return flashnode_request(op, &logout_flashnode, index);
}

/* A session that the adapter made for itself is ended by this request alone (doc/KERNEL.md, rule 24). */
int kflash_logout_sid(struct miscsi_op *op)
{
	return flashnode_request(op, &logout_session, op->sid);
}
