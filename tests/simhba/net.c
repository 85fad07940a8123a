/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The net configuration of an adapter: its iscsi_iface objects, and SET_IFACE_PARAMS by the rules of the large set (qla4xxx: one
 * message, applied as one) and of the small one (be2iscsi: attribute by attribute).
 */
#include "sim.h"

enum form {
	NONE, /* not shown */
	FLAG, /* 1 disable, 2 enable */
	NUMBER,
	ADDRESS4,
	ADDRESS6,
	WORDS, /* a text that depends on the value */
	STRING,
};

/* How a parameter looks: on which side (4, 6 or both), how wide it is, what it is at first, who shows it. */
struct row {
	u8 form, width, sides;
	bool settable, shared; /* shared: IPv6 number 1 has that of number 0 */
	u32 initial;
	const char *visible;
	const char *words[4]; /* for WORDS, by value */
};

#define BOTH 3
#define V4 1
#define V6 2
#define NET(p) [ISCSI_NET_PARAM_##p]
#define FLAGROW(side, on, who) \
	{ \
		FLAG, 1, side, true, true, on, who \
	}
#define NUMROW(side, width, value) \
	{ \
		NUMBER, width, side, true, true, value, "q" \
	}

static const struct row nets[SIM_NETS] = {
	NET(IPV4_ADDR) = { ADDRESS4, 4, V4, true, false, 0, "qe" },
	NET(IPV4_SUBNET) = { ADDRESS4, 4, V4, true, false, 0, "qe" },
	NET(IPV4_GW) = { ADDRESS4, 4, V4, true, false, 0, "qe" },
	NET(IPV4_BOOTPROTO) = { WORDS, 1, V4, true, false, 1, "qe", { "", "static", "dhcp" } },
	NET(IPV6_LINKLOCAL) = { ADDRESS6, 16, V6, true, true, 0, "q" },
	NET(IPV6_ADDR) = { ADDRESS6, 16, V6, true, false, 0, "qe" },
	NET(IPV6_ROUTER) = { ADDRESS6, 16, V6, true, true, 0, "q" },
	NET(IPV6_ADDR_AUTOCFG) = { WORDS, 1, V6, true, true, 1, "q", { "", "static", "nd" } },
	NET(IPV6_LINKLOCAL_AUTOCFG) = { WORDS, 1, V6, true, true, 1, "q", { "", "auto", "static" } },
	NET(IPV6_ROUTER_AUTOCFG) = { WORDS, 1, V6, true, true, 1, "", { "" } },
	NET(IFACE_ENABLE) = { FLAG, 1, BOTH, true, true, 2, "qe" },
	NET(VLAN_ID) = { NUMBER, 2, BOTH, false, true, 0, "qe" },
	NET(VLAN_PRIORITY) = { NUMBER, 1, BOTH, false, true, 0, "qe" },
	NET(VLAN_ENABLED) = FLAGROW(BOTH, 1, "qe"),
	NET(VLAN_TAG) = { NONE, 2, BOTH, true, true, 0, "" },
	NET(MTU) = NUMROW(BOTH, 2, 1500),
	NET(PORT) = NUMROW(BOTH, 2, 3260),
	NET(IPADDR_STATE) = { WORDS, 0, BOTH, false, true, 3, "q", { "", "", "", "Valid" } },
	NET(IPV6_LINKLOCAL_STATE) = { WORDS, 0, V6, false, true, 3, "q", { "", "", "", "Valid" } },
	NET(IPV6_ROUTER_STATE) = { WORDS, 0, V6, false, true, 0, "q", { "Unknown" } },
	NET(DELAYED_ACK_EN) = FLAGROW(BOTH, 2, "q"),
	NET(TCP_NAGLE_DISABLE) = FLAGROW(BOTH, 2, "q"),
	NET(TCP_WSF_DISABLE) = FLAGROW(BOTH, 2, "q"),
	NET(TCP_WSF) = NUMROW(BOTH, 1, 2),
	NET(TCP_TIMER_SCALE) = NUMROW(BOTH, 1, 0),
	NET(TCP_TIMESTAMP_EN) = FLAGROW(BOTH, 1, "q"),
	NET(CACHE_ID) = { NUMBER, 0, BOTH, false, true, 0, "q" },
	NET(IPV4_DHCP_DNS_ADDR_EN) = FLAGROW(V4, 1, "q"),
	NET(IPV4_DHCP_SLP_DA_EN) = FLAGROW(V4, 1, "q"),
	NET(IPV4_TOS_EN) = FLAGROW(V4, 1, "q"),
	NET(IPV4_TOS) = NUMROW(V4, 1, 0),
	NET(IPV4_GRAT_ARP_EN) = FLAGROW(V4, 1, "q"),
	NET(IPV4_DHCP_ALT_CLIENT_ID_EN) = FLAGROW(V4, 1, "q"),
	NET(IPV4_DHCP_ALT_CLIENT_ID) = { STRING, 0, V4, true, false, 0, "q" },
	NET(IPV4_DHCP_REQ_VENDOR_ID_EN) = FLAGROW(V4, 1, "q"),
	NET(IPV4_DHCP_USE_VENDOR_ID_EN) = FLAGROW(V4, 1, "q"),
	NET(IPV4_DHCP_VENDOR_ID) = { STRING, 0, V4, true, false, 0, "q" },
	NET(IPV4_DHCP_LEARN_IQN_EN) = FLAGROW(V4, 1, "q"),
	NET(IPV4_FRAGMENT_DISABLE) = FLAGROW(V4, 1, "q"),
	NET(IPV4_IN_FORWARD_EN) = FLAGROW(V4, 1, "q"),
	NET(IPV4_TTL) = NUMROW(V4, 1, 64),
	NET(IPV6_GRAT_NEIGHBOR_ADV_EN) = FLAGROW(V6, 1, "q"),
	NET(IPV6_MLD_EN) = FLAGROW(V6, 1, "q"),
	NET(IPV6_FLOW_LABEL) = NUMROW(V6, 2, 0),
	NET(IPV6_TRAFFIC_CLASS) = NUMROW(V6, 1, 0),
	NET(IPV6_HOP_LIMIT) = NUMROW(V6, 1, 64),
	NET(IPV6_ND_REACHABLE_TMO) = NUMROW(V6, 4, 0),
	NET(IPV6_ND_REXMIT_TIME) = NUMROW(V6, 4, 0),
	NET(IPV6_ND_STALE_TMO) = NUMROW(V6, 4, 0),
	NET(IPV6_DUP_ADDR_DETECT_CNT) = NUMROW(V6, 1, 0),
	NET(IPV6_RTR_ADV_LINK_MTU) = NUMROW(V6, 4, 0),
	NET(REDIRECT_EN) = FLAGROW(BOTH, 1, "q"),
};

#define ISCSI(p) [ISCSI_IFACE_PARAM_##p]
static const struct row iscsis[32] = {
	ISCSI(DEF_TASKMGMT_TMO) = NUMROW(BOTH, 2, 10),
	ISCSI(HDRDGST_EN) = FLAGROW(BOTH, 1, "q"),
	ISCSI(DATADGST_EN) = FLAGROW(BOTH, 1, "q"),
	ISCSI(IMM_DATA_EN) = FLAGROW(BOTH, 2, "q"),
	ISCSI(INITIAL_R2T_EN) = FLAGROW(BOTH, 2, "q"),
	ISCSI(DATASEQ_INORDER_EN) = FLAGROW(BOTH, 1, "q"),
	ISCSI(PDU_INORDER_EN) = FLAGROW(BOTH, 1, "q"),
	ISCSI(ERL) = NUMROW(BOTH, 1, 0),
	ISCSI(MAX_RECV_DLENGTH) = NUMROW(BOTH, 4, 65536),
	ISCSI(FIRST_BURST) = NUMROW(BOTH, 4, 65536),
	ISCSI(MAX_R2T) = NUMROW(BOTH, 2, 1),
	ISCSI(MAX_BURST) = NUMROW(BOTH, 4, 262144),
	ISCSI(CHAP_AUTH_EN) = FLAGROW(BOTH, 1, "q"),
	ISCSI(BIDI_CHAP_EN) = FLAGROW(BOTH, 1, "q"),
	ISCSI(DISCOVERY_AUTH_OPTIONAL) = FLAGROW(BOTH, 1, "q"),
	ISCSI(DISCOVERY_LOGOUT_EN) = FLAGROW(BOTH, 1, "q"),
	ISCSI(STRICT_LOGIN_COMP_EN) = FLAGROW(BOTH, 1, "q"),
	ISCSI(INITIATOR_NAME) = { STRING, 0, BOTH, false, true, 0, "q" },
};

static const struct row *row_of(int type, int param)
{
	if (type == ISCSI_NET_PARAM && param >= 0 && param < ARRAY_SIZE(nets))
		return &nets[param];
	if (type == ISCSI_IFACE_PARAM && param >= 0 && param < ARRAY_SIZE(iscsis))
		return &iscsis[param];
	return NULL;
}

bool net_sees(char letter, int type, int param)
{
	const struct row *row = row_of(type, param);

	return row && row->visible && sim_sees(row->visible, letter);
}

static struct side *side_of(struct host *h, int type, int num)
{
	return type == ISCSI_IFACE_TYPE_IPV4 ? &h->side[0] : &h->side[1 + (num == 1)];
}

static u8 *address_of(struct side *s, int param)
{
	switch (param) {
	case ISCSI_NET_PARAM_IPV4_SUBNET:
		return s->subnet;
	case ISCSI_NET_PARAM_IPV4_GW:
		return s->gateway;
	case ISCSI_NET_PARAM_IPV6_LINKLOCAL:
		return s->link_local;
	case ISCSI_NET_PARAM_IPV6_ROUTER:
		return s->router;
	default:
		return s->address;
	}
}

static int show(struct host *h, struct side *s, int type, int param, const struct row *row, char *buf)
{
	u32 value = type == ISCSI_NET_PARAM ? s->net[param] : s->iscsi[param];

	switch (row->form) {
	case FLAG:
		return sprintf(buf, "%s\n", value == 2 ? "enable" : "disable");
	case NUMBER:
		return sprintf(buf, "%u\n", value);
	case ADDRESS4:
		return sprintf(buf, "%pI4\n", address_of(s, param));
	case ADDRESS6:
		return sprintf(buf, "%pI6\n", address_of(s, param));
	case WORDS:
		return sprintf(buf, "%s\n", value < 4 && row->words[value] ? row->words[value] : "");
	case STRING:
		if (type == ISCSI_IFACE_PARAM)
			return sprintf(buf, "%s\n", h->name);
		return sprintf(buf, "%s\n", param == ISCSI_NET_PARAM_IPV4_DHCP_VENDOR_ID ? s->vendor_id : s->client_id);
	default:
		return -ENOSYS;
	}
}

int net_get(struct iscsi_iface *iface, enum iscsi_param_type type, int param, char *buf)
{
	struct host *h = sim_host(iscsi_iface_to_shost(iface));
	struct side *s = side_of(h, iface->iface_type, iface->iface_num);
	const struct row *row = row_of(type, param);
	bool vlan = type == ISCSI_NET_PARAM && (param == ISCSI_NET_PARAM_VLAN_ID || param == ISCSI_NET_PARAM_VLAN_PRIORITY);

	if (!row)
		return -ENOSYS;
	/* Of the second IPv6 iface only the address is its own. */
	if (row->shared && s == &h->side[2])
		s = &h->side[1];
	if (vlan && (h->kind->has & HAS_FEW_IFACES) && s->net[ISCSI_NET_PARAM_VLAN_ENABLED] != 2)
		return -EINVAL;
	return show(h, s, type, param, row, buf);
}

static void objects(struct host *h, int type, bool on)
{
	int from = type == ISCSI_IFACE_TYPE_IPV4 ? 0 : 1, to = from ? 2 : 0, i;

	if (h->kind->has & HAS_FEW_IFACES)
		to = min(to, 1);
	for (i = from; i <= to; i++) {
		if (on && !h->side[i].iface)
			h->side[i].iface = iscsi_create_iface(h->shost, &h->kind->transport, type, i == 2, 0);
		if (!on && h->side[i].iface) {
			iscsi_destroy_iface(h->side[i].iface);
			h->side[i].iface = NULL;
		}
		h->side[i].net[ISCSI_NET_PARAM_IFACE_ENABLE] = on ? 2 : 1;
	}
}

static u32 number(const struct iscsi_iface_param_info *p, int width)
{
	return width == 1 ? p->value[0] : width == 2 ? get_unaligned((u16 *)p->value) : get_unaligned((u32 *)p->value);
}

static void set_vlan(struct host *h, struct side *s, u16 tag, bool all)
{
	int i;

	for (i = 0; i < SIM_SIDES; i++) {
		if (!all && s != &h->side[i])
			continue;
		h->side[i].net[ISCSI_NET_PARAM_VLAN_ID] = tag & 0xfff;
		h->side[i].net[ISCSI_NET_PARAM_VLAN_PRIORITY] = tag >> 13;
		if (all)
			h->side[i].net[ISCSI_NET_PARAM_VLAN_ENABLED] = 2;
	}
}

/* One attribute into memory. */
static int store(struct host *h, struct side *s, const struct iscsi_iface_param_info *p, const struct row *row)
{
	char *string = p->param == ISCSI_NET_PARAM_IPV4_DHCP_VENDOR_ID ? s->vendor_id : s->client_id;

	if (row->form != STRING && p->len < row->width)
		return -EINVAL;
	switch (row->form) {
	case ADDRESS4:
	case ADDRESS6:
		memcpy(address_of(s, p->param), p->value, row->width);
		break;
	case STRING:
		strscpy(string, p->value, min_t(size_t, sizeof(s->client_id), p->len + 1));
		break;
	case NONE:
		set_vlan(h, s, number(p, 2), false);
		break;
	default:
		if (p->param_type == ISCSI_NET_PARAM)
			s->net[p->param] = number(p, row->width);
		else
			s->iscsi[p->param] = number(p, row->width);
	}
	return 0;
}

/* The large set: what is not known is skipped; a disabled iface loses its objects when all is stored. */
static int set_large(struct host *h, const struct iscsi_iface_param_info *p)
{
	const struct row *row = row_of(p->param_type, p->param);
	struct side *s = side_of(h, p->iface_type, p->iface_num);

	if (!row || !row->settable || !(row->sides & p->iface_type) || p->iface_num > 1)
		return 0;
	if (p->param_type == ISCSI_NET_PARAM) {
		if (p->param == ISCSI_NET_PARAM_IPV6_ADDR_AUTOCFG && p->value[0] > 2)
			return 0;
		if (p->param == ISCSI_NET_PARAM_VLAN_TAG && p->len != 2)
			return -EINVAL;
	}
	if (p->iface_type == ISCSI_IFACE_TYPE_IPV6 && p->iface_num == 1 && row->shared)
		return 0;
	return store(h, s, p, row);
}

static const struct iscsi_iface_param_info *find(void *data, u32 len, int type)
{
	struct nlattr *a = nla_find(data, len, type);

	return a && nla_len(a) >= (int)sizeof(struct iscsi_iface_param_info) ? nla_data(a) : NULL;
}

/* The small set. An address and its mask are found by nla_type: without its partner each is sent alone. */
static int set_small(struct host *h, const struct iscsi_iface_param_info *p, void *data, u32 len)
{
	const struct iscsi_iface_param_info *ip, *mask;
	struct side *s = side_of(h, p->iface_type, 0);

	if (p->param_type != ISCSI_NET_PARAM)
		return 0;
	switch (p->param) {
	case ISCSI_NET_PARAM_IPV4_ADDR:
	case ISCSI_NET_PARAM_IPV4_SUBNET:
		ip = find(data, len, ISCSI_NET_PARAM_IPV4_ADDR);
		mask = find(data, len, ISCSI_NET_PARAM_IPV4_SUBNET);
		sim_log("host%u firmware gets address %d mask %d", h->shost->host_no, !!ip, !!mask);
		memset(s->address, 0, 4);
		memset(s->subnet, 0, 4);
		if (ip)
			memcpy(s->address, ip->value, 4);
		if (mask)
			memcpy(s->subnet, mask->value, 4);
		return 0;
	case ISCSI_NET_PARAM_IPV4_GW:
		memcpy(s->gateway, p->value, 4);
		return 0;
	case ISCSI_NET_PARAM_IPV6_ADDR:
		memcpy(s->address, p->value, 16);
		return 0;
	case ISCSI_NET_PARAM_IPV4_BOOTPROTO:
		s->net[p->param] = p->value[0];
		return 0;
	case ISCSI_NET_PARAM_IFACE_ENABLE:
		objects(h, p->iface_type, p->value[0] == 2);
		return 0;
	case ISCSI_NET_PARAM_VLAN_ENABLED:
		if (p->value[0] != 2)
			h->side[0].net[p->param] = h->side[1].net[p->param] = 1;
		return 0;
	case ISCSI_NET_PARAM_VLAN_TAG:
		set_vlan(h, s, number(p, 2), true);
		return 0;
	default:
		return 0;
	}
}

static void log_one(struct host *h, const struct nlattr *a, const struct iscsi_iface_param_info *p)
{
	char what[128];

	sim_log("host%u set iface type %u num %u ptype %u param %u len %u", h->shost->host_no, p->iface_type, p->iface_num,
		p->param_type, p->param, p->len);
	snprintf(what, sizeof(what), " nla %u value", nla_type(a));
	sim_log_bytes(what, p->value, min_t(u32, p->len, nla_len(a) - sizeof(*p)));
}

int net_set(struct Scsi_Host *shost, void *data, u32 len)
{
	struct host *h = sim_host(shost);
	const struct nlattr *a;
	int left, rc = 0, i;

	sim_log("host%u SET_IFACE_PARAMS %u bytes", shost->host_no, len);
	nla_for_each_attr(a, data, len, left)
	{
		const struct iscsi_iface_param_info *p = nla_data(a);

		if (nla_len(a) < (int)sizeof(*p) + 1)
			return -EINVAL;
		log_one(h, a, p);
		rc = h->kind->has & HAS_IFACES ? set_large(h, p) : set_small(h, p, data, len);
		if (rc)
			return rc;
	}
	if (h->kind->has & HAS_IFACES) {
		/* In one go at the end, as its firmware gets it. */
		for (i = 0; i < 2; i++)
			objects(h, i ? ISCSI_IFACE_TYPE_IPV6 : ISCSI_IFACE_TYPE_IPV4,
				h->side[i].net[ISCSI_NET_PARAM_IFACE_ENABLE] == 2);
		snprintf(h->ip, sizeof(h->ip), "%pI4", h->side[0].address);
	}
	return 0;
}

void net_start(struct host *h)
{
	int i, p;

	for (i = 0; i < SIM_SIDES; i++) {
		struct side *s = &h->side[i];

		for (p = 0; p < SIM_NETS; p++)
			s->net[p] = nets[p].initial;
		for (p = 0; p < 32; p++)
			s->iscsi[p] = iscsis[p].initial;
		if (i) {
			memcpy(s->address, "\xfd\x66", 2);
			s->address[13] = i - 1;
			s->address[15] = 9 + h->number;
			memcpy(s->link_local, "\xfe\x80", 2);
			memcpy(s->link_local + 8, "\x02\x00\x5e\xff\xfe\x00\x53", 7);
			s->link_local[15] = h->number;
		} else {
			memcpy(s->address, ((u8[]){ 10, 66, 0, 9 + h->number }), 4);
			memcpy(s->subnet, ((u8[]){ 255, 255, 255, 0 }), 4);
			memcpy(s->gateway, ((u8[]){ 10, 66, 0, 1 }), 4);
		}
	}
	if (h->kind->has & (HAS_IFACES | HAS_FEW_IFACES)) {
		objects(h, ISCSI_IFACE_TYPE_IPV4, true);
		objects(h, ISCSI_IFACE_TYPE_IPV6, true);
	}
}

void net_stop(struct host *h)
{
	objects(h, ISCSI_IFACE_TYPE_IPV4, false);
	objects(h, ISCSI_IFACE_TYPE_IPV6, false);
}
