/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions and connections: what libiscsi does, and where the drivers differ from it. */
#include "sim.h"
#include <linux/in.h>
#include <linux/inet.h>

struct pdu {
	struct iscsi_hdr hdr;
	u8 rest[ISCSI_MAX_AHS_SIZE + 16];
};

/* Who shows which parameter: t iscsi_tcp, q qla4xxx, b bnx2i, c cxgbi, e be2iscsi and ocs, d qedi. */
static const char *const shown[ISCSI_PARAM_MAX] = {
	[ISCSI_PARAM_MAX_RECV_DLENGTH... ISCSI_PARAM_ERL] = "qbced",
	[ISCSI_PARAM_EXP_STATSN... ISCSI_PARAM_PASSWORD_IN] = "qbced",
	[ISCSI_PARAM_FAST_ABORT... ISCSI_PARAM_LU_RESET_TMO] = "bced",
	[ISCSI_PARAM_PING_TMO... ISCSI_PARAM_RECV_TMO] = "bced",
	[ISCSI_PARAM_IFACE_NAME] = "qbced",
	[ISCSI_PARAM_ISID] = "q",
	[ISCSI_PARAM_INITIATOR_NAME] = "bced",
	[ISCSI_PARAM_TGT_RESET_TMO] = "bcd",
	[ISCSI_PARAM_TARGET_ALIAS... ISCSI_PARAM_CHAP_OUT_IDX] = "q",
	[ISCSI_PARAM_BOOT_ROOT... ISCSI_PARAM_BOOT_TARGET] = "bd",
	[ISCSI_PARAM_AUTO_SND_TGT_DISABLE... ISCSI_PARAM_LOCAL_IPADDR] = "q",
};

bool session_sees(char letter, int param)
{
	return param >= 0 && param < ISCSI_PARAM_MAX && shown[param] && sim_sees(shown[param], letter);
}

struct conn *conn_of_cls(struct iscsi_cls_conn *cls)
{
	return ((struct iscsi_conn *)cls->dd_data)->dd_data;
}

static struct session *session_of_cls(struct iscsi_cls_session *cls)
{
	return ((struct iscsi_session *)cls->dd_data)->dd_data;
}

/* --- answers of the target, in order, by a worker */

static void answers_send(struct work_struct *work)
{
	struct conn *c = container_of(work, struct conn, work);
	struct answer *a;

	for (;;) {
		spin_lock_bh(&c->lock);
		a = list_first_entry_or_null(&c->answers, struct answer, list);
		if (a)
			list_del(&a->list);
		spin_unlock_bh(&c->lock);
		if (!a)
			return;
		if (!c->dead)
			iscsi_complete_pdu(c->conn, &a->hdr, a->data, a->length);
		kfree(a);
	}
}

void conn_answer(struct conn *c, const void *hdr, const void *data, int length)
{
	struct answer *a = kmalloc(sizeof(*a) + length, GFP_KERNEL);
	struct iscsi_nopin *in;

	if (!a)
		return;
	memcpy(&a->hdr, hdr, sizeof(a->hdr));
	memcpy(a->data, data, length);
	a->length = length;
	hton24(a->hdr.dlength, length);
	in = (void *)&a->hdr; /* the three counters lie where every answer has them */
	in->statsn = cpu_to_be32(c->statsn++);
	in->exp_cmdsn = cpu_to_be32(c->conn->session->cmdsn);
	in->max_cmdsn = cpu_to_be32(c->conn->session->cmdsn + 127);
	spin_lock_bh(&c->lock);
	list_add_tail(&a->list, &c->answers);
	spin_unlock_bh(&c->lock);
	schedule_work(&c->work);
}

static void quiet(struct conn *c)
{
	struct answer *a, *next;

	c->dead = true;
	cancel_delayed_work_sync(&c->login);
	cancel_work_sync(&c->work);
	spin_lock_bh(&c->lock);
	list_for_each_entry_safe(a, next, &c->answers, list)
	{
		list_del(&a->list);
		kfree(a);
	}
	spin_unlock_bh(&c->lock);
}

/* --- sessions */

struct session *session_open(struct host *h, u16 cmds, u16 depth, u32 sn)
{
	struct iscsi_cls_session *cls = iscsi_session_setup(
		&h->kind->transport, h->shost, cmds, sizeof(struct session), sizeof(struct pdu), sn, ISCSI_MAX_TARGET);
	struct session *s;

	if (!cls)
		return NULL;
	s = session_of_cls(cls);
	s->cls = cls;
	s->host = h;
	s->flash_index = s->chap_index = -1;
	list_add_tail(&s->list, &h->sessions);
	return s;
}

static struct iscsi_cls_session *create(struct iscsi_endpoint *ep, u16 cmds, u16 depth, u32 sn)
{
	struct endpoint *e = ep ? ep->dd_data : NULL;
	struct session *s;

	if (!e)
		return NULL;
	s = session_open(e->host, cmds, depth, sn);
	sim_log("host%u CREATE_SESSION cmds %u depth %u sn %u: sid %d", e->host->shost->host_no, cmds, depth, sn,
		s ? s->cls->sid : -1);
	return s ? s->cls : NULL;
}

static void destroy(struct iscsi_cls_session *cls)
{
	struct session *s = session_of_cls(cls);

	sim_log("DESTROY_SESSION %d", cls->sid);
	list_del(&s->list);
	iscsi_session_teardown(cls);
}

static void firmware_login(struct work_struct *work);

static struct iscsi_cls_conn *conn_create(struct iscsi_cls_session *session, u32 cid)
{
	struct iscsi_cls_conn *cls = iscsi_conn_setup(session, sizeof(struct conn), cid);
	struct conn *c;

	sim_log("sid %d CREATE_CONN %u", session->sid, cid);
	if (!cls)
		return NULL;
	c = conn_of_cls(cls);
	INIT_DELAYED_WORK(&c->login, firmware_login);
	c->conn = cls->dd_data;
	c->cls = cls;
	c->dead = true;
	c->statsn = 1;
	INIT_LIST_HEAD(&c->answers);
	spin_lock_init(&c->lock);
	INIT_WORK(&c->work, answers_send);
	session_of_cls(session)->conn = cls;
	return cls;
}

static int conn_bind(struct iscsi_cls_session *session, struct iscsi_cls_conn *cls, u64 handle, int leading)
{
	struct iscsi_endpoint *ep = iscsi_lookup_endpoint(handle);
	struct conn *c = conn_of_cls(cls);
	int rc;

	sim_log("sid %d:%u BIND_CONN ep %llu", session->sid, cls->cid, handle);
	if (!ep)
		return -EINVAL;
	rc = iscsi_conn_bind(session, cls, leading) ? -EINVAL : 0;
	if (!rc) {
		c->address = ((struct endpoint *)ep->dd_data)->address;
		c->dead = false;
		c->named = false;
		auth_reset(c);
	}
	iscsi_put_endpoint(ep);
	return rc;
}

static void conn_unbind(struct iscsi_cls_conn *cls, bool is_active)
{
	quiet(conn_of_cls(cls));
	iscsi_conn_unbind(cls, is_active);
}

static void conn_stop(struct iscsi_cls_conn *cls, int flag)
{
	sim_log("sid %d:%u STOP_CONN %d", iscsi_conn_to_session(cls)->sid, cls->cid, flag);
	quiet(conn_of_cls(cls));
	iscsi_conn_stop(cls, flag);
}

/* A connection that its driver keeps: the session has it until its own end. */
static void conn_destroy(struct iscsi_cls_conn *cls)
{
	struct session *s = session_of_cls(iscsi_conn_to_session(cls));

	sim_log("sid %d:%u DESTROY_CONN%s", s->cls->sid, cls->cid, keep_conn ? " kept" : "");
	quiet(conn_of_cls(cls));
	if (keep_conn && sim_faulty(s->host))
		return;
	s->conn = NULL;
	iscsi_conn_teardown(cls);
}

/* --- parameters */

static void clamp_most(unsigned int *value, unsigned int most)
{
	*value = min(*value, most);
}

static int param_set(struct iscsi_cls_conn *cls, enum iscsi_param param, char *buf, int length)
{
	struct iscsi_conn *conn = cls->dd_data;
	u32 has = session_of_cls(iscsi_conn_to_session(cls))->host->kind->has;
	int rc, n;

	sim_log("sid %d:%u SET_PARAM %d %s", iscsi_conn_to_session(cls)->sid, cls->cid, param, buf);
	if ((has & CLAMPS_SEGMENT) && param == ISCSI_PARAM_MAX_R2T && (kstrtoint(buf, 10, &n) || n <= 0 || (n & (n - 1))))
		return -EINVAL;
	rc = iscsi_set_param(cls, param, buf, length);
	if (has & CLAMPS) {
		clamp_most(&conn->session->first_burst, 8192);
		clamp_most(&conn->session->max_burst, 262144);
		clamp_most(&conn->max_recv_dlength, 65536);
		clamp_most(&conn->max_xmit_dlength, 65536);
	}
	if (has & CLAMPS_SEGMENT) {
		clamp_most(&conn->max_recv_dlength, 15872);
		clamp_most(&conn->max_xmit_dlength, 15872);
	}
	return rc;
}

static int session_get(struct iscsi_cls_session *cls, enum iscsi_param param, char *buf)
{
	struct session *s = session_of_cls(cls);

	if (s->host->kind->has & HAS_FLASH) {
		if (param == ISCSI_PARAM_CHAP_OUT_IDX && s->chap_index >= 0)
			return sprintf(buf, "%d\n", s->chap_index);
		if (param == ISCSI_PARAM_CHAP_OUT_IDX || param == ISCSI_PARAM_CHAP_IN_IDX ||
			param == ISCSI_PARAM_DISCOVERY_PARENT_TYPE)
			return sprintf(buf, "\n");
	}
	return iscsi_session_get_param(cls, param, buf);
}

static void stats(struct iscsi_cls_conn *cls, struct iscsi_stats *to)
{
	struct iscsi_conn *conn = cls->dd_data;
	struct conn *c = conn->dd_data;

	sim_log("sid %d:%u GET_STATS", iscsi_conn_to_session(cls)->sid, cls->cid);
	if (session_of_cls(iscsi_conn_to_session(cls))->host->kind->has & HAS_FW_LOGIN) {
		to->login_pdus = 1;
	} else {
		to->txdata_octets = conn->txdata_octets;
		to->rxdata_octets = conn->rxdata_octets;
		to->scsicmd_pdus = conn->scsicmd_pdus_cnt;
		to->dataout_pdus = conn->dataout_pdus_cnt;
		to->scsirsp_pdus = conn->scsirsp_pdus_cnt;
		to->datain_pdus = conn->datain_pdus_cnt;
		to->tmfcmd_pdus = conn->tmfcmd_pdus_cnt;
		to->tmfrsp_pdus = conn->tmfrsp_pdus_cnt;
		to->login_pdus = c->logins;
		to->text_pdus = c->texts;
		to->logout_pdus = c->logouts;
	}
	to->custom_length = 1;
	strscpy(to->custom[0].desc, "eh_abort_cnt", ISCSI_STATS_CUSTOM_DESC_MAX);
	to->custom[0].value = conn->eh_abort_cnt;
}

/* --- login by the firmware */

static void firmware_login(struct work_struct *work)
{
	struct conn *c = container_of(to_delayed_work(work), struct conn, login);
	struct host *h = session_of_cls(iscsi_conn_to_session(c->cls))->host;
	bool failed = fail_login && sim_faulty(h);

	if (c->dead || no_answer)
		return;
	if (!failed) {
		/* What it was not told it has found out. */
		if (c->conn->session->tpgt <= 0)
			c->conn->session->tpgt = 1;
		if (!c->conn->max_xmit_dlength)
			c->conn->max_xmit_dlength = 8192;
		failed = iscsi_conn_start(c->cls);
	}
	iscsi_conn_login_event(c->cls, failed ? ISCSI_CONN_STATE_FREE : ISCSI_CONN_STATE_LOGGED_IN);
}

static bool same_name(struct session *a, struct session *b)
{
	const char *x = ((struct iscsi_session *)a->cls->dd_data)->targetname;
	const char *y = ((struct iscsi_session *)b->cls->dd_data)->targetname;

	return x && y && !strcmp(x, y);
}

static int conn_start(struct iscsi_cls_conn *cls)
{
	struct session *s = session_of_cls(iscsi_conn_to_session(cls)), *other;
	struct conn *c = conn_of_cls(cls);

	sim_log("sid %d:%u START_CONN", s->cls->sid, cls->cid);
	if (!(s->host->kind->has & HAS_FW_LOGIN))
		return iscsi_conn_start(cls);
	list_for_each_entry(other, &s->host->sessions, list) if (other->flash_index >= 0 && same_name(s, other)) return -EEXIST;
	queue_delayed_work(system_wq, &c->login, msecs_to_jiffies(login_ms));
	return 0;
}

/* --- sessions of the driver's own, from its flash */

static struct iscsi_endpoint *flash_endpoint(struct host *h, struct iscsi_bus_flash_session *f, struct iscsi_bus_flash_conn *c)
{
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_port = htons(c->port) };
	struct sockaddr_in to4 = { .sin_family = AF_INET, .sin_port = htons(c->port) };

	memcpy(&to4.sin_addr, c->ipaddress, 4);
	memcpy(&to6.sin6_addr, c->ipaddress, 16);
	return ep_make(h, strcmp(f->portal_type, PORTAL_TYPE_IPV6) ? (struct sockaddr *)&to4 : (struct sockaddr *)&to6);
}

static void copy_settings(struct iscsi_session *to, struct iscsi_conn *conn, const struct iscsi_bus_flash_session *f,
	const struct iscsi_bus_flash_conn *c)
{
	to->targetname = kstrdup(f->targetname, GFP_KERNEL);
	to->targetalias = kstrdup(f->targetalias, GFP_KERNEL);
	to->portal_type = kstrdup(f->portal_type, GFP_KERNEL);
	to->tpgt = f->tpgt;
	to->initial_r2t_en = f->initial_r2t_en;
	to->imm_data_en = f->imm_data_en;
	to->pdu_inorder_en = f->pdu_inorder_en;
	to->dataseq_inorder_en = f->dataseq_inorder_en;
	to->first_burst = f->first_burst;
	to->max_burst = f->max_burst;
	to->max_r2t = f->max_r2t;
	to->time2wait = f->time2wait;
	to->time2retain = f->time2retain;
	to->chap_auth_en = f->chap_auth_en;
	memcpy(to->isid, f->isid, ISID_SIZE);
	conn->max_recv_dlength = conn->max_xmit_dlength = 65536;
	conn->hdrdgst_en = c->hdrdgst_en;
	conn->datadgst_en = c->datadgst_en;
	conn->persistent_port = c->port;
	conn->persistent_address = strcmp(f->portal_type, PORTAL_TYPE_IPV6) ? kasprintf(GFP_KERNEL, "%pI4", c->ipaddress) :
									      kasprintf(GFP_KERNEL, "%pI6", c->ipaddress);
}

int session_flash(struct host *h, struct iscsi_bus_flash_session *f, struct iscsi_bus_flash_conn *fc)
{
	struct session *s = session_open(h, 0, 0, 1);
	struct iscsi_cls_conn *cls = s ? conn_create(s->cls, 0) : NULL;
	struct iscsi_session *to;
	struct conn *c;

	if (!cls) {
		if (s)
			destroy(s->cls);
		return -ENOMEM;
	}
	c = conn_of_cls(cls);
	to = s->cls->dd_data;
	s->flash_index = f->target_id;
	copy_settings(to, c->conn, f, fc);
	if (f->chap_auth_en && f->chap_out_idx < SIM_CHAPS && h->chap[f->chap_out_idx].valid) {
		s->chap_index = f->chap_out_idx;
		to->username = kstrdup(h->chap[s->chap_index].user, GFP_KERNEL);
		to->password = kstrdup(h->chap[s->chap_index].secret, GFP_KERNEL);
	}
	s->flash_ep = flash_endpoint(h, f, fc);
	if (s->flash_ep) {
		c->address = ((struct endpoint *)s->flash_ep->dd_data)->address;
		cls->ep = s->flash_ep;
		s->flash_ep->conn = cls;
	}
	if (!iscsi_conn_bind(s->cls, cls, 1))
		c->dead = false;
	iscsi_conn_start(cls);
	queue_work(s->cls->workq, &s->cls->scan_work);
	return 0;
}

void session_close(struct session *s)
{
	struct iscsi_cls_session *cls = s->cls;

	if (s->conn) {
		s->conn->ep = NULL;
		quiet(conn_of_cls(s->conn));
		if (s->flash_ep)
			iscsi_destroy_endpoint(s->flash_ep);
		iscsi_conn_stop(s->conn, STOP_CONN_TERM);
		iscsi_conn_teardown(s->conn);
		s->conn = NULL;
	}
	destroy(cls);
}

void session_end_all(struct host *h)
{
	struct session *s, *next;

	list_for_each_entry_safe(s, next, &h->sessions, list) session_close(s);
}

static void timed_out(struct iscsi_cls_session *cls)
{
	sim_log("sid %d recovery timed out", cls->sid);
	iscsi_session_recovery_timedout(cls);
}

static int send_pdu(struct iscsi_cls_conn *cls, struct iscsi_hdr *hdr, char *data, u32 length)
{
	sim_log("sid %d:%u SEND_PDU op 0x%02x flags 0x%02x data %u", iscsi_conn_to_session(cls)->sid, cls->cid, hdr->opcode,
		hdr->flags, length);
	return iscsi_conn_send_pdu(cls, hdr, data, length);
}

/* Nothing is kept for a task beside the answers. */
static void task_done(struct iscsi_task *task)
{
}

void session_ops(struct kind *k)
{
	struct iscsi_transport *t = &k->transport;

	t->create_session = create;
	t->destroy_session = destroy;
	t->create_conn = conn_create;
	t->bind_conn = conn_bind;
	t->unbind_conn = conn_unbind;
	t->destroy_conn = conn_destroy;
	t->start_conn = conn_start;
	t->stop_conn = conn_stop;
	t->set_param = param_set;
	t->get_conn_param = iscsi_conn_get_param;
	t->get_session_param = session_get;
	t->send_pdu = send_pdu;
	t->get_stats = stats;
	t->alloc_pdu = target_alloc_pdu;
	t->xmit_task = target_pdu;
	t->cleanup_task = task_done;
	t->session_recovery_timedout = timed_out;
	t->ep_poll = ep_poll;
	t->ep_disconnect = ep_disconnect;
	t->get_ep_param = ep_get;
}
