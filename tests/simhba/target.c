/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The target behind every adapter: answers login, text, logout, pings and task management. */
#include "sim.h"
#include <linux/in.h>

int target_alloc_pdu(struct iscsi_task *task, u8 opcode)
{
	task->hdr = task->dd_data;
	task->hdr_max = sizeof(struct iscsi_hdr) + ISCSI_MAX_AHS_SIZE;
	return 0;
}

enum how { SAID, LEAST, MOST, BOTH, ANY, FIRST };
static const struct {
	const char *key;
	enum how how;
	unsigned int ours;
} keys[] = {
	{ "InitiatorName", SAID },
	{ "InitiatorAlias", SAID },
	{ "TargetName", SAID },
	{ "SessionType", SAID },
	{ "MaxRecvDataSegmentLength", SAID },
	{ "HeaderDigest", FIRST },
	{ "DataDigest", FIRST },
	{ "TaskReporting", FIRST },
	{ "MaxConnections", LEAST, 1 },
	{ "MaxBurstLength", LEAST, 16776192 },
	{ "FirstBurstLength", LEAST, 262144 },
	{ "MaxOutstandingR2T", LEAST, 1 },
	{ "ErrorRecoveryLevel", LEAST, 0 },
	{ "DefaultTime2Retain", LEAST, 20 },
	{ "iSCSIProtocolLevel", LEAST, 1 },
	{ "DefaultTime2Wait", MOST, 2 },
	{ "ImmediateData", BOTH, 1 },
	{ "InitialR2T", ANY, 0 },
	{ "DataPDUInOrder", ANY, 1 },
	{ "DataSequenceInOrder", ANY, 1 },
	{ "IFMarker", BOTH, 0 },
	{ "OFMarker", BOTH, 0 },
};

struct reply {
	char text[SIM_TEXT];
	int length;
};

static void __printf(2, 3) say(struct reply *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	r->length += vscnprintf(r->text + r->length, SIM_TEXT - r->length - 1, format, ap) + 1;
	va_end(ap);
	r->text[r->length - 1] = '\0';
}

/* The answer to one key (RFC 7143 6.2, 13). */
static void negotiate(struct reply *r, const char *key, const char *value)
{
	bool yes = !strcmp(value, "Yes");
	unsigned int n = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(keys) && strcmp(keys[i].key, key); i++)
		;
	if (i == ARRAY_SIZE(keys)) {
		say(r, "%s=NotUnderstood", key);
		return;
	}
	if (kstrtouint(value, 0, &n))
		n = 0;
	switch (keys[i].how) {
	case SAID:
		break;
	case LEAST:
		say(r, "%s=%u", key, min(n, keys[i].ours));
		break;
	case MOST:
		say(r, "%s=%u", key, max(n, keys[i].ours));
		break;
	case BOTH:
		say(r, "%s=%s", key, yes && keys[i].ours ? "Yes" : "No");
		break;
	case ANY:
		say(r, "%s=%s", key, yes || keys[i].ours ? "Yes" : "No");
		break;
	case FIRST:
		say(r, "%s=%.*s", key, (int)strcspn(value, ","), value);
	}
}

/* Goes over "key=value" texts, calling negotiate() for each; gives a login status. */
static int read_keys(struct conn *c, struct reply *r, char *data, int length)
{
	char *end = data + length, *p, *value;
	struct auth_answer answer;
	const char *method;

	for (p = data; p < end; p += strnlen(p, end - p) + 1) {
		value = strnchr(p, end - p, '=');
		if (!value)
			continue;
		*value++ = '\0';
		if (!strcmp(p, "TargetName") && strstr(value, "absent"))
			return 0x0203;
		answer.length = 0;
		if (!strcmp(p, "AuthMethod")) {
			method = auth_method(c, value);
			if (!method)
				return 0x0201;
			say(r, "AuthMethod=%s", method);
		} else if (!auth_key(c, p, value, &answer)) {
			negotiate(r, p, value);
		}
		memcpy(r->text + r->length, answer.text, answer.length);
		r->length += answer.length;
		p = value;
	}
	return 0;
}

/* A login to another portal than that one is sent there (RFC 7143 11.13.5). */
static int redirected(struct conn *c, struct reply *r)
{
	char here[64];

	snprintf(here, sizeof(here), "%pISpc", &c->address);
	if (!strchr(redirect, ':') || !strncmp(here, redirect, strcspn(redirect, "\n")))
		return 0;
	say(r, "TargetAddress=%.*s", (int)strcspn(redirect, "\n"), redirect);
	return 0x0101;
}

static void login(struct conn *c, struct iscsi_task *task, struct reply *r)
{
	struct iscsi_login_req *req = (void *)task->hdr;
	struct iscsi_login_rsp rsp = { .opcode = ISCSI_OP_LOGIN_RSP, .flags = req->flags };
	int stage = ISCSI_LOGIN_CURRENT_STAGE(req->flags), status = fail_login;
	char *data = kmemdup(task->data, task->data_count + 1, GFP_KERNEL);

	if (!data)
		return;
	data[task->data_count] = '\0';
	c->logins++;
	if (!status)
		status = redirected(c, r);
	if (!status && !(req->flags & ISCSI_FLAG_LOGIN_CONTINUE)) {
		if (!c->named)
			say(r, "TargetPortalGroupTag=1");
		c->named = true;
		status = read_keys(c, r, data, task->data_count);
		if (!status)
			status = auth_status(c, stage);
		if (stage == ISCSI_OP_PARMS_NEGOTIATION_STAGE)
			say(r, "MaxRecvDataSegmentLength=%u", 65536);
	}
	kfree(data);
	memcpy(rsp.isid, req->isid, sizeof(rsp.isid));
	rsp.itt = req->itt;
	rsp.tsih = req->tsih;
	if (status) {
		rsp.status_class = status >> 8;
		rsp.status_detail = status;
		rsp.flags = 0;
		if (rsp.status_class != 1)
			r->length = 0;
	} else if (auth_pending(c)) {
		rsp.flags &= ~(ISCSI_FLAG_LOGIN_TRANSIT | ISCSI_FLAG_LOGIN_NEXT_STAGE_MASK);
	} else if ((req->flags & ISCSI_FLAG_LOGIN_TRANSIT) && ISCSI_LOGIN_NEXT_STAGE(req->flags) == 3) {
		rsp.tsih = cpu_to_be16(1 + c->cls->cid);
	}
	if (req->flags & ISCSI_FLAG_LOGIN_CONTINUE)
		rsp.flags &= ~(ISCSI_FLAG_LOGIN_CONTINUE | ISCSI_FLAG_LOGIN_TRANSIT);
	conn_answer(c, &rsp, r->text, r->length);
}

/* SendTargets: two targets, behind the portal that was asked. */
static void text(struct conn *c, struct iscsi_task *task, struct reply *r)
{
	struct iscsi_text *req = (void *)task->hdr;
	struct iscsi_text_rsp rsp = { .opcode = ISCSI_OP_TEXT_RSP, .flags = ISCSI_FLAG_CMD_FINAL, .itt = req->itt };
	int i;

	c->texts++;
	rsp.ttt = cpu_to_be32(ISCSI_RESERVED_TAG);
	for (i = 0; i < 2; i++) {
		say(r, "TargetName=" SIM_IQN "sim%d", i);
		say(r, "TargetAddress=%pISpc,1", &c->address);
	}
	conn_answer(c, &rsp, r->text, r->length);
}

static void logout(struct conn *c, struct iscsi_task *task)
{
	struct iscsi_logout_rsp rsp = { .opcode = ISCSI_OP_LOGOUT_RSP, .flags = ISCSI_FLAG_CMD_FINAL, .itt = task->hdr->itt };

	c->logouts++;
	conn_answer(c, &rsp, NULL, 0);
}

static void ping_back(struct conn *c, struct iscsi_task *task)
{
	struct iscsi_nopin rsp = { .opcode = ISCSI_OP_NOOP_IN, .flags = ISCSI_FLAG_CMD_FINAL, .itt = task->hdr->itt };

	/* An answer to a ping of the target's own is not answered again. */
	if (task->hdr->itt == RESERVED_ITT)
		return;
	rsp.ttt = cpu_to_be32(ISCSI_RESERVED_TAG);
	c->nops++;
	conn_answer(c, &rsp, NULL, 0);
}

static void manage(struct conn *c, struct iscsi_task *task)
{
	struct iscsi_tm_rsp rsp = { .opcode = ISCSI_OP_SCSI_TMFUNC_RSP, .flags = ISCSI_FLAG_CMD_FINAL, .itt = task->hdr->itt };

	conn_answer(c, &rsp, NULL, 0);
}

int target_pdu(struct iscsi_task *task)
{
	struct conn *c = task->conn->dd_data;
	struct session *s = task->conn->session->dd_data;
	struct reply *r;

	if (c->dead)
		return 0;
	if (task->sc)
		return disk_command(s, c, task);
	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	switch (task->hdr->opcode & ISCSI_OPCODE_MASK) {
	case ISCSI_OP_LOGIN:
		if (!no_answer)
			login(c, task, r);
		break;
	case ISCSI_OP_TEXT:
		text(c, task, r);
		break;
	case ISCSI_OP_LOGOUT:
		logout(c, task);
		break;
	case ISCSI_OP_NOOP_OUT:
		ping_back(c, task);
		break;
	case ISCSI_OP_SCSI_TMFUNC:
		manage(c, task);
	}
	kfree(r);
	return 0;
}
