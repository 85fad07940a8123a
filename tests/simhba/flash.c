/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The persistent target entries of an adapter. 0 and 1 are for booting; a new one is volatile until the first successful SET, and
 * only one may be so.
 */
#include "sim.h"
#include <linux/delay.h>

#define PERSISTENT 1

struct row {
	u8 where, size, width; /* 's' or 'c', the member's size, the value's size in a request */
	u16 at;
};

#define S(param, member, width) \
	[ISCSI_FLASHNODE_##param] = { 's', sizeof_field(struct iscsi_bus_flash_session, member), width, \
		offsetof(struct iscsi_bus_flash_session, member) }
#define C(param, member, width) \
	[ISCSI_FLASHNODE_##param] = { 'c', sizeof_field(struct iscsi_bus_flash_conn, member), width, \
		offsetof(struct iscsi_bus_flash_conn, member) }

static const struct row numbers[ISCSI_FLASHNODE_MAX] = {
	C(IS_FW_ASSIGNED_IPV6, is_fw_assigned_ipv6, 1),
	S(AUTO_SND_TGT_DISABLE, auto_snd_tgt_disable, 1),
	S(DISCOVERY_SESS, discovery_sess, 1),
	S(ENTRY_EN, entry_state, 1),
	C(HDR_DGST_EN, hdrdgst_en, 1),
	C(DATA_DGST_EN, datadgst_en, 1),
	S(IMM_DATA_EN, imm_data_en, 1),
	S(INITIAL_R2T_EN, initial_r2t_en, 1),
	S(DATASEQ_INORDER, dataseq_inorder_en, 1),
	S(PDU_INORDER, pdu_inorder_en, 1),
	S(CHAP_AUTH_EN, chap_auth_en, 1),
	C(SNACK_REQ_EN, snack_req_en, 1),
	S(DISCOVERY_LOGOUT_EN, discovery_logout_en, 1),
	S(BIDI_CHAP_EN, bidi_chap_en, 1),
	S(DISCOVERY_AUTH_OPTIONAL, discovery_auth_optional, 1),
	S(ERL, erl, 1),
	C(TCP_TIMESTAMP_STAT, tcp_timestamp_stat, 1),
	C(TCP_NAGLE_DISABLE, tcp_nagle_disable, 1),
	C(TCP_WSF_DISABLE, tcp_wsf_disable, 1),
	C(TCP_TIMER_SCALE, tcp_timer_scale, 1),
	C(TCP_TIMESTAMP_EN, tcp_timestamp_en, 1),
	C(IP_FRAG_DISABLE, fragment_disable, 1),
	C(MAX_RECV_DLENGTH, max_recv_dlength, 4),
	C(MAX_XMIT_DLENGTH, max_xmit_dlength, 4),
	S(FIRST_BURST, first_burst, 4),
	S(DEF_TIME2WAIT, time2wait, 2),
	S(DEF_TIME2RETAIN, time2retain, 2),
	S(MAX_R2T, max_r2t, 2),
	C(KEEPALIVE_TMO, keepalive_timeout, 2),
	S(TSID, tsid, 2),
	C(PORT, port, 2),
	S(MAX_BURST, max_burst, 4),
	S(DEF_TASKMGMT_TMO, default_taskmgmt_timeout, 2),
	C(MAX_SEGMENT_SIZE, max_segment_size, 4),
	C(LOCAL_PORT, local_port, 2),
	C(IPV4_TOS, ipv4_tos, 1),
	C(IPV6_TC, ipv6_traffic_class, 1),
	C(IPV6_FLOW_LABEL, ipv6_flow_label, 1),
	S(TPGT, tpgt, 2),
	S(DISCOVERY_PARENT_IDX, discovery_parent_idx, 2),
	C(TCP_XMIT_WSF, tcp_xmit_wsf, 1),
	C(TCP_RECV_WSF, tcp_recv_wsf, 1),
	S(CHAP_OUT_IDX, chap_out_idx, 2),
	C(STATSN, statsn, 4),
	C(EXP_STATSN, exp_statsn, 4),
	S(IS_BOOT_TGT, is_boot_target, 0),
};

static struct iscsi_bus_flash_conn *conn_of(struct iscsi_bus_flash_session *s)
{
	struct device *dev = iscsi_find_flashnode_conn(s);

	return dev ? iscsi_dev_to_flash_conn(dev) : NULL;
}

static u32 load(const void *at, int size)
{
	return size == 1 ? *(const u8 *)at : size == 2 ? *(const u16 *)at : *(const u32 *)at;
}

static void save(void *at, int size, u32 value)
{
	if (size == 1)
		*(u8 *)at = value;
	else if (size == 2)
		*(u16 *)at = value;
	else
		*(u32 *)at = value;
}

static int show_address(bool v6, const char *address, bool only6, char *buf)
{
	if (only6 && !v6)
		return 0;
	return v6 ? sprintf(buf, "%pI6\n", address) : sprintf(buf, "%pI4\n", address);
}

static int show_text(const char *text, char *buf)
{
	return text ? sprintf(buf, "%s\n", text) : 0;
}

static int show_special(struct iscsi_bus_flash_session *s, struct iscsi_bus_flash_conn *c, int param, char *buf)
{
	struct host *h = sim_host(iscsi_flash_session_to_shost(s));
	bool v6 = !strcmp(s->portal_type, PORTAL_TYPE_IPV6);
	struct chap *chap = s->chap_auth_en && s->chap_out_idx < SIM_CHAPS ? &h->chap[s->chap_out_idx] : NULL;

	if (chap && !chap->valid)
		chap = NULL;
	switch (param) {
	case ISCSI_FLASHNODE_PORTAL_TYPE:
		return show_text(s->portal_type, buf);
	case ISCSI_FLASHNODE_ISID:
		return sprintf(buf, "%pm\n", s->isid);
	case ISCSI_FLASHNODE_NAME:
		return show_text(s->targetname, buf);
	case ISCSI_FLASHNODE_ALIAS:
		return show_text(s->targetalias, buf);
	case ISCSI_FLASHNODE_IPADDR:
		return show_address(v6, c->ipaddress, false, buf);
	case ISCSI_FLASHNODE_REDIRECT_IPADDR:
		return show_address(v6, c->redirect_ipaddr, false, buf);
	case ISCSI_FLASHNODE_LINK_LOCAL_IPV6:
		return show_address(v6, c->link_local_ipv6_addr, true, buf);
	case ISCSI_FLASHNODE_IPV6_TC:
		return v6 ? sprintf(buf, "%u\n", c->ipv6_traffic_class) : 0;
	case ISCSI_FLASHNODE_DISCOVERY_PARENT_TYPE:
		return show_text(iscsi_get_discovery_parent_name(s->discovery_parent_type), buf);
	case ISCSI_FLASHNODE_USERNAME:
		return show_text(chap ? chap->user : NULL, buf);
	case ISCSI_FLASHNODE_PASSWORD:
		return show_text(chap ? chap->secret : NULL, buf);
	default:
		return -ENOSYS;
	}
}

int flash_get(struct iscsi_bus_flash_session *s, int param, char *buf)
{
	struct iscsi_bus_flash_conn *c = conn_of(s);
	const struct row *row;
	int rc;

	if (!c || param < 0 || param >= ISCSI_FLASHNODE_MAX)
		return -EIO;
	row = &numbers[param];
	rc = param == ISCSI_FLASHNODE_IPV6_TC ? 0 : row->where;
	if (rc)
		rc = sprintf(buf, "%u\n", load((row->where == 's' ? (char *)s : (char *)c) + row->at, row->size));
	else
		rc = show_special(s, c, param, buf);
	put_device(&c->dev);
	return rc;
}

static int set_text(char **to, const struct iscsi_flashnode_param_info *p)
{
	char *new = kstrndup(p->value, p->len, GFP_KERNEL);

	if (!new)
		return -ENOMEM;
	kfree(*to);
	*to = new;
	return 0;
}

static int set_address(char *to, const struct iscsi_flashnode_param_info *p)
{
	memcpy(to, p->value, min_t(u32, 16, p->len));
	return 0;
}

static int set_one(struct iscsi_bus_flash_session *s, struct iscsi_bus_flash_conn *c, const struct iscsi_flashnode_param_info *p)
{
	const struct row *row = p->param < ISCSI_FLASHNODE_MAX ? &numbers[p->param] : NULL;
	u32 value;

	if (row && row->width) {
		if (p->len < row->width)
			return -EINVAL;
		value = row->width == 1 ? p->value[0] :
			row->width == 2 ? get_unaligned((u16 *)p->value) :
					  get_unaligned((u32 *)p->value);
		save((row->where == 's' ? (char *)s : (char *)c) + row->at, row->size, value);
		if (p->param == ISCSI_FLASHNODE_CHAP_OUT_IDX)
			s->chap_auth_en = 1;
		return 0;
	}
	switch (p->param) {
	case ISCSI_FLASHNODE_PORTAL_TYPE:
		memcpy(s->portal_type, p->value, min_t(u32, 4, p->len));
		return 0;
	case ISCSI_FLASHNODE_ISID:
		memcpy(s->isid, p->value, min_t(u32, ISID_SIZE, p->len));
		return 0;
	case ISCSI_FLASHNODE_NAME:
		return set_text(&s->targetname, p);
	case ISCSI_FLASHNODE_ALIAS:
		return set_text(&s->targetalias, p);
	case ISCSI_FLASHNODE_IPADDR:
		return set_address(c->ipaddress, p);
	case ISCSI_FLASHNODE_REDIRECT_IPADDR:
		return set_address(c->redirect_ipaddr, p);
	case ISCSI_FLASHNODE_LINK_LOCAL_IPV6:
		return set_address(c->link_local_ipv6_addr, p);
	default:
		return -ENOSYS;
	}
}

/* All at once, but what came before an error stays in memory. */
int flash_set(struct iscsi_bus_flash_session *s, struct iscsi_bus_flash_conn *c, void *data, int len)
{
	struct host *h = sim_host(iscsi_flash_session_to_shost(s));
	struct nlattr *a;
	int left, rc;

	sim_log("host%u SET_FLASHNODE_PARAMS %u %d bytes", h->shost->host_no, s->target_id, len);
	nla_for_each_attr(a, data, len, left)
	{
		struct iscsi_flashnode_param_info *p = nla_data(a);

		if (nla_len(a) < (int)sizeof(*p) || p->len > nla_len(a) - sizeof(*p))
			return -EINVAL;
		sim_log("flashnode %u param %u type %u len %u", s->target_id, p->param, nla_type(a), p->len);
		sim_log_bytes(" value", p->value, p->len);
		rc = set_one(s, c, p);
		if (rc)
			return rc;
	}
	s->flash_state = PERSISTENT;
	if (h->volatile_index == (int)s->target_id)
		h->volatile_index = -1;
	return 0;
}

static int is_at(struct device *dev, void *data)
{
	return iscsi_flashnode_bus_match(dev, NULL) && iscsi_dev_to_flash_session(dev)->target_id == *(unsigned int *)data;
}

static bool taken(struct host *h, unsigned int index)
{
	struct device *dev = iscsi_find_flashnode_sess(h->shost, &index, is_at);

	if (dev)
		put_device(dev);
	return dev;
}

/* The adapter's defaults. */
static void fill(struct iscsi_bus_flash_session *s, struct iscsi_bus_flash_conn *c, const char *type, int index)
{
	s->portal_type = kstrdup(type, GFP_KERNEL);
	s->imm_data_en = s->initial_r2t_en = s->dataseq_inorder_en = s->pdu_inorder_en = 1;
	s->first_burst = 65536;
	s->max_burst = 262144;
	s->time2wait = 2;
	s->time2retain = 20;
	s->max_r2t = 1;
	s->default_taskmgmt_timeout = 10;
	s->chap_out_idx = s->chap_in_idx = U16_MAX;
	s->discovery_parent_type = ISCSI_DISC_PARENT_UNKNOWN;
	memcpy(s->isid, ((u8[]){ 0, 2, 0x3d, 0, 0, index }), ISID_SIZE);
	c->max_recv_dlength = c->max_xmit_dlength = 65536;
	c->keepalive_timeout = 14;
	c->port = 3260;
	c->max_segment_size = 1460;
	c->ipaddress = kzalloc(16, GFP_KERNEL);
	c->redirect_ipaddr = kzalloc(16, GFP_KERNEL);
	c->link_local_ipv6_addr = kzalloc(16, GFP_KERNEL);
}

static struct iscsi_bus_flash_session *make(struct host *h, const char *type, int index, struct iscsi_bus_flash_conn **c)
{
	struct iscsi_bus_flash_session *s = iscsi_create_flashnode_sess(h->shost, index, &h->kind->transport, 0);

	*c = s ? iscsi_create_flashnode_conn(h->shost, s, &h->kind->transport, 0) : NULL;
	if (!*c) {
		if (s)
			iscsi_destroy_flashnode_sess(s);
		return NULL;
	}
	fill(s, *c, type, index);
	return s;
}

int flash_new(struct Scsi_Host *shost, const char *buf, int len)
{
	struct host *h = sim_host(shost);
	const char *type = !strncasecmp(buf, PORTAL_TYPE_IPV4, 4) ? PORTAL_TYPE_IPV4 :
		!strncasecmp(buf, PORTAL_TYPE_IPV6, 4)		  ? PORTAL_TYPE_IPV6 :
								    NULL;
	struct iscsi_bus_flash_conn *c;
	int index = 2;

	sim_log("host%u NEW_FLASHNODE %.*s", shost->host_no, len, buf);
	if (!type || h->volatile_index >= 0)
		return -EPERM;
	while (taken(h, index))
		index++;
	if (!make(h, type, index, &c))
		return -ENOMEM;
	h->volatile_index = index;
	return index;
}

int flash_del(struct iscsi_bus_flash_session *s)
{
	struct host *h = sim_host(iscsi_flash_session_to_shost(s));

	sim_log("host%u DEL_FLASHNODE %u", h->shost->host_no, s->target_id);
	if (s->is_boot_target)
		return -EPERM;
	if (h->volatile_index == (int)s->target_id)
		h->volatile_index = -1;
	iscsi_destroy_flashnode_sess(s);
	return 0;
}

static struct session *session_of(struct host *h, struct iscsi_bus_flash_session *f)
{
	struct session *s;

	list_for_each_entry(s, &h->sessions, list) if (s->flash_index == (int)f->target_id) return s;
	return NULL;
}

/* An entry without a name stands for a discovery: sessions to what it finds are made. */
static int discover(struct host *h, struct iscsi_bus_flash_session *s, struct iscsi_bus_flash_conn *c)
{
	int rc, i;

	msleep(sendtargets_ms);
	for (i = 0; i < 2; i++) {
		s->targetname = kasprintf(GFP_KERNEL, SIM_IQN "sim%d", i);
		rc = session_flash(h, s, c);
		kfree(s->targetname);
		s->targetname = NULL;
		if (rc)
			return rc;
	}
	return 0;
}

int flash_login(struct iscsi_bus_flash_session *s, struct iscsi_bus_flash_conn *c)
{
	struct host *h = sim_host(iscsi_flash_session_to_shost(s));

	sim_log("host%u LOGIN_FLASHNODE %u", h->shost->host_no, s->target_id);
	if (s->flash_state != PERSISTENT)
		return -EIO;
	if (session_of(h, s))
		return -EPERM;
	msleep(flash_ms);
	if (fail_login)
		return -EIO;
	return s->targetname && *s->targetname ? session_flash(h, s, c) : discover(h, s, c);
}

int flash_logout(struct iscsi_bus_flash_session *s, struct iscsi_bus_flash_conn *c)
{
	struct host *h = sim_host(iscsi_flash_session_to_shost(s));
	struct session *found = session_of(h, s);

	sim_log("host%u LOGOUT_FLASHNODE %u", h->shost->host_no, s->target_id);
	if (s->is_boot_target || !s->targetname || !*s->targetname)
		return -EPERM;
	if (!found)
		return -ESRCH;
	msleep(flash_ms);
	session_close(found);
	return 0;
}

int flash_logout_sid(struct iscsi_cls_session *cls)
{
	struct session *s = session_by_sid(cls->sid);

	sim_log("LOGOUT_FLASHNODE_SID %d", cls->sid);
	if (!s || s->flash_index < 0)
		return -ENXIO;
	if (s->flash_index < 2)
		return -EPERM;
	msleep(flash_ms);
	session_close(s);
	return 0;
}

void flash_start(struct host *h)
{
	struct iscsi_bus_flash_session *s;
	struct iscsi_bus_flash_conn *c;

	h->volatile_index = -1;
	s = make(h, PORTAL_TYPE_IPV4, 0, &c);
	if (s) {
		s->targetname = kstrdup(SIM_IQN "sim-boot", GFP_KERNEL);
		s->entry_state = s->is_boot_target = s->flash_state = 1;
	}
	s = make(h, PORTAL_TYPE_IPV4, 2, &c);
	if (s) {
		s->targetname = kstrdup(SIM_IQN "sim-flash0", GFP_KERNEL);
		s->entry_state = s->flash_state = s->tpgt = 1;
		memcpy(c->ipaddress, ((u8[]){ 10, 66, 0, 200 }), 4);
	}
}
