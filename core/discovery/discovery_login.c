/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PDUs of a discovery session: login, SendTargets, logout, over whatever carries them. */
#include "record/record.h"
#include "link/credentials.h"
#include "discovery/discovery_private.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define LOGOUT_S 1 /* all is known: a target that does not answer costs a second and no more */
#define ANSWER_MAX_S 300 /* a target that adds a byte now and then ends here */
#define ANSWER_PDUS_MAX 200000u /* a million portals in PDUs of the least length that a record may ask for */
#define FIRST_CMDSN 1u

static void channel_pdu(void *arg, const struct iscsi_pdu *pdu)
{
	struct discovery *d = arg;

	d->pdu = pdu;
	discovery_event(d, DISC_EV_PDU);
}

static void channel_lost(void *arg, int result, const struct err *err)
{
	struct discovery *d = arg;

	(void)result;
	err_copy(&d->err, err);
	discovery_event(d, DISC_EV_FAILED);
}

static void channel_logged_in(void *arg)
{
	discovery_event(arg, DISC_EV_LOGIN_DONE);
}

/* The socket, or the endpoint, becomes the channel's. */
static int make_channel(struct discovery *d, const struct login_config *login)
{
	const struct pdu_channel_events events = { channel_pdu, channel_lost, channel_logged_in, d };
	struct miscsi_binding binding = d->dial.op.binding;
	int rc;

	d->dial.op.binding.kind = MISCSI_BINDING_NONE;
	if (binding.kind == MISCSI_BINDING_SOCKET)
		return pdu_channel_socket_new(d->config.engine->loop, (int)binding.value, &events, &d->pdu_channel);
	rc = pdu_channel_kernel_new(d->config.engine, d->dial.transport, &binding, login, &events, &d->pdu_channel);
	if (rc < 0)
		transport_disconnect(d->dial.transport, &binding);
	return rc;
}

int discovery_send(struct discovery *d, const struct iscsi_pdu *pdu)
{
	int rc = d->pdu_channel->ops->send(d->pdu_channel, pdu);

	return rc < 0 ? discovery_failed(d, MISCSI_ERR_INTERNAL, "cannot send an iSCSI request to portal %s: %s", d->address,
				strerror(-rc)) :
			DISC_EV_NONE;
}

/* RFC 7143 11.12.5: type 10b, random; nobody logs in to this session again. */
static int make_isid(uint8_t isid[6])
{
	if (getrandom(isid, 6, GRND_NONBLOCK) != 6)
		return -errno;
	isid[0] = 0x80;
	return 0;
}

static int follow_login(struct discovery *d, struct login_action *action)
{
	switch (action->kind) {
	case LOGIN_SEND:
		return discovery_send(d, &action->pdu);
	case LOGIN_DONE:
		d->result = action->result;
		return DISC_EV_LOGIN_DONE;
	case LOGIN_REDIRECT:
		if (dial_redirect(&d->redirects, &action->redirect, &d->err) < 0)
			return DISC_EV_FAILED;
		d->portal = action->redirect.portal;
		return DISC_EV_REDIRECTED;
	default:
		err_copy(&d->err, &action->err);
		return DISC_EV_FAILED;
	}
}

/* -errno; *err says why when it has a code. The secrets are the caller's to wipe. */
static int login_settings(struct discovery *d, struct login_config *config, struct err *err)
{
	const struct record *r = d->config.record;
	const char *own = d->config.iface ? record_str(d->config.iface, FIELD_IFACE_INITIATORNAME) : "";
	enum login_auth auth = credentials_auth(r, &credentials_of_discovery);
	bool chap = auth != LOGIN_AUTH_NONE;
	int rc;

	*config = (struct login_config){
		.initiator_name = *own ? own : d->config.initiator_name,
		.initiator_alias = d->config.initiator_alias,
		.discovery = true,
		.cmdsn = FIRST_CMDSN,
		.auth = auth,
		.tpgt = -1,
	};
	key_params_init(&config->proposal);
	config->proposal.max_recv_data_segment_length = (uint32_t)record_int(r, FIELD_DISC_MAX_RECV_LENGTH);
	config->proposal.rdma_extensions = (transport_traits(d->dial.transport) & MISCSI_TRAIT_RDMA) != 0;
	rc = make_isid(config->isid);
	if (rc == 0 && chap)
		rc = credentials_take(r, &credentials_of_discovery, d->credentials, &config->chap, err);
	if (rc == 0 && chap && discovery_by_firmware(d))
		rc = chap_check(&config->chap, err); /* elsewhere the login does */
	return rc;
}

static int start_login(struct discovery *d, struct login_config *config)
{
	const struct pdu_channel_ops *ops = d->pdu_channel->ops;
	struct login_action action;
	int rc;

	config->ignore_itt = ops->own_itt;
	if (ops->data_max && config->proposal.max_recv_data_segment_length > ops->data_max)
		config->proposal.max_recv_data_segment_length = (uint32_t)ops->data_max;
	rc = login_new(config, &d->login, &d->err);
	if (rc < 0 && d->err.code == MISCSI_ERR_OK)
		return discovery_failed(
			d, MISCSI_ERR_INTERNAL, "cannot begin the discovery login to portal %s: %s", d->address, strerror(-rc));
	if (rc < 0)
		return DISC_EV_FAILED;
	login_start(d->login, &action);
	return follow_login(d, &action);
}

/* The login that the firmware makes leaves us nothing but that it is done: the kernel counts CmdSN and StatSN. */
static int let_firmware_log_in(struct discovery *d)
{
	d->result = (struct login_result){ .cmdsn = FIRST_CMDSN, .tpgt = -1 };
	key_params_init(&d->result.params);
	return DISC_EV_NONE;
}

int discovery_login(void *machine)
{
	struct discovery *d = machine;
	const struct record *record = d->config.record;
	struct login_config config;
	int rc = login_settings(d, &config, &d->err);

	if (rc < 0)
		transport_disconnect(d->dial.transport, &d->dial.op.binding);
	if (rc < 0 && d->err.code == MISCSI_ERR_OK)
		discovery_failed(
			d, MISCSI_ERR_INTERNAL, "cannot begin the discovery login to portal %s: %s", d->address, strerror(-rc));
	if (rc == 0) {
		rc = make_channel(d, &config);
		if (rc < 0)
			discovery_failed(d, rc == -ENOMEM ? MISCSI_ERR_NOMEM : MISCSI_ERR_TRANS,
				"cannot set up the discovery session through transport %s: %s", transport_name(d->dial.transport),
				strerror(-rc));
	}
	discovery_arm(d, record_int(record, config.auth != LOGIN_AUTH_NONE ? FIELD_DISC_AUTH_TIMEOUT : FIELD_DISC_LOGIN_TIMEOUT));
	if (rc < 0)
		rc = DISC_EV_FAILED;
	else
		rc = discovery_by_firmware(d) ? let_firmware_log_in(d) : start_login(d, &config);
	credentials_clear(&config.chap);
	return rc;
}

int discovery_login_pdu(void *machine)
{
	struct discovery *d = machine;
	struct login_action action;

	login_feed(d->login, d->pdu, &action);
	return follow_login(d, &action);
}

/* ---- asking ---- */

static int discovery_portal_found(void *arg, const char *name, const struct portal *portal)
{
	struct discovery *d = arg;
	struct portal here = d->portal;

	if (!portal) {
		/* RFC 7143 appendix C: without an address it is where we asked */
		memcpy(here.host, d->address, sizeof(d->address));
		here.kind = dial_address(&d->dial)->ss_family == AF_INET6 ? PORTAL_IPV6 : PORTAL_IPV4;
		here.tpgt = PORTAL_TPGT_ANY;
		portal = &here;
	}
	d->found_some = true;
	d->stopped = d->config.found(d->config.arg, name, portal);
	return d->stopped;
}

static void discovery_warning(void *arg, const char *text)
{
	const struct discovery *d = arg;

	log_err(d->config.engine->log, "discovery", "[%s] %s", d->address, text);
}

/* Each PDU may take the active timeout, all of them together a bounded time. */
static void arm_answer(struct discovery *d)
{
	int64_t active = record_int(d->config.record, FIELD_DISC_ACTIVE_TIMEOUT);
	uint64_t now = loop_now(d->config.engine->loop);
	int64_t left = d->ask_end > now ? (int64_t)((d->ask_end - now) / 1000) + 1 : 1;

	discovery_arm(d, active > 0 && active < left ? active : left);
}

static int follow_answer(struct discovery *d, struct sendtargets_action *action)
{
	switch (action->kind) {
	case SENDTARGETS_SEND:
		arm_answer(d);
		return discovery_send(d, &action->pdu);
	case SENDTARGETS_WAIT: /* a ping that wants no answer */
		arm_answer(d);
		return DISC_EV_NONE;
	case SENDTARGETS_DONE:
		return DISC_EV_ANSWERED;
	default:
		err_copy(&d->err, &action->err);
		return DISC_EV_FAILED;
	}
}

int discovery_ask(void *machine)
{
	struct discovery *d = machine;
	const struct sendtargets_config config = {
		.itt = 1,
		.cmdsn = d->result.cmdsn,
		.exp_statsn = d->result.exp_statsn,
		.ignore_itt = d->pdu_channel->ops->own_itt,
		.max_pdus = ANSWER_PDUS_MAX,
		.found = discovery_portal_found,
		.warning = discovery_warning,
		.arg = d,
	};
	struct sendtargets_action action;

	if (d->pdu_channel->ops->full_feature(d->pdu_channel, &d->result) < 0 || sendtargets_new(&config, &d->ask) < 0) {
		err_nomem(&d->err, "the SendTargets request");
		return DISC_EV_FAILED;
	}
	d->ask_end = loop_now(d->config.engine->loop) + ANSWER_MAX_S * 1000u;
	sendtargets_start(d->ask, &action);
	return follow_answer(d, &action);
}

int discovery_answer_pdu(void *machine)
{
	struct discovery *d = machine;
	struct sendtargets_action action;

	if (loop_now(d->config.engine->loop) >= d->ask_end)
		return discovery_too_late(d);
	sendtargets_feed(d->ask, d->pdu, &action);
	return follow_answer(d, &action);
}

int discovery_too_late(void *machine)
{
	struct discovery *d = machine;

	if (d->login && !d->ask)
		return discovery_failed(d, MISCSI_ERR_PDU_TIMEOUT,
			"portal %s did not answer the discovery login in time (stage: %s): check the target's log", d->address,
			login_stage(d->login));
	return discovery_failed(d, MISCSI_ERR_PDU_TIMEOUT,
		d->ask ? "portal %s did not answer the SendTargets request in time: check the target's log" :
			 "the adapter did not log in to portal %s in time (the kernel's log may have the reason)",
		d->address);
}

/* ---- logging out ---- */

int discovery_logout(void *machine)
{
	struct discovery *d = machine;
	struct iscsi_request request = {
		.immediate = true,
		.final = true,
		.reason = ISCSI_LOGOUT_SESSION,
		.itt = 2,
		.cmdsn = sendtargets_cmdsn(d->ask),
		.exp_statsn = sendtargets_exp_statsn(d->ask),
	};
	struct iscsi_pdu pdu = { .data = NULL };

	discovery_arm(d, LOGOUT_S);
	pdu_build(&pdu, ISCSI_OP_LOGOUT, &request);
	return discovery_send(d, &pdu);
}

int discovery_logout_pdu(void *machine)
{
	const struct discovery *d = machine;
	struct iscsi_response response;

	return pdu_parse(d->pdu, ISCSI_OP_LOGOUT_RSP, &response) < 0 ? DISC_EV_NONE : DISC_EV_LOGGED_OUT;
}
