/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of adapters, their hosts, and the module itself. */
#include "sim.h"
#include <linux/bsg-lib.h>
#include <linux/ctype.h>
#include <linux/pci.h>

static char *personality = "qla4xxx", *pci;
static char *netdevs[16];
static int ports = 2, netdev_count;
module_param(personality, charp, 0444);
MODULE_PARM_DESC(personality, "the drivers to be, with commas: qla4xxx bnx2i cxgb3i cxgb4i be2iscsi qedi ocs");
module_param(ports, int, 0444);
MODULE_PARM_DESC(ports, "hosts of each");
module_param_array(netdevs, charp, &netdev_count, 0444);
MODULE_PARM_DESC(netdevs, "network devices that the ports go with, in their order");
module_param(pci, charp, 0444);
MODULE_PARM_DESC(pci, "a PCI device that the hosts hang below: 0000:00:04.0");

#define FAULT(type, name, initial, text) \
	type name = initial; \
	module_param(name, type, 0644); \
	MODULE_PARM_DESC(name, text)
FAULT(int, fault_host, -1, "the only host that has the faults below; -1: all");
FAULT(int, slow_poll_ms, 0, "how long a connection takes");
FAULT(int, block_poll_ms, 0, "how long one EP_POLL blocks, whatever it was asked");
FAULT(int, fail_connect, 0, "errno of every EP_CONNECT");
FAULT(int, refuse_connect, 0, "connections end as refused");
FAULT(int, fail_login, 0, "status class and detail of every login response: 0x0201");
FAULT(int, need_chap, 0, "a login without CHAP is refused");
FAULT(int, no_answer, 0, "a login is not answered");
FAULT(int, login_ms, 10, "how long the firmware takes to log in");
FAULT(int, keep_conn, 0, "DESTROY_CONN leaves the connection");
FAULT(int, chap_busy, 0, "every CHAP entry is in use");
FAULT(int, ping_status, 0, "status of every ping");
FAULT(int, ping_ms, 10, "how long a ping takes");
FAULT(int, flash_ms, 0, "how long login to and logout of a flash entry take");
FAULT(int, sendtargets_ms, 1000, "how long the discovery of a nameless flash entry takes");
FAULT(int, path_vlan, 0, "VLAN in PATH_REQ");
FAULT(int, path_mtu, 0, "MTU in PATH_REQ");
FAULT(int, disk_mb, 8, "size of a disk");
FAULT(int, no_boot, 0, "nothing about booting");

char *redirect = "none";
module_param(redirect, charp, 0644);
MODULE_PARM_DESC(redirect, "where logins are sent that come to another portal: 10.66.0.201:3260; none");

static LIST_HEAD(hosts);
static struct Scsi_Host *host_zero; /* so that no adapter has number 0 */
static struct pci_dev *card; /* NULL: the hosts are nobody's */

#define KINDS(X) \
	X(qla4xxx, 'q', 0x48b8, "01345", \
		HAS_FW_LOGIN | HAS_FLASH | HAS_CHAP | HAS_STATS | HAS_PING | HAS_IFACES | NEEDS_HOST | POLL_AT_ONCE | HAS_BOOT | \
			HAS_BSG) \
	X(bnx2i, 'b', 0x8b9, "023", HAS_PATH | PATH_RETRIES | NEEDS_UIO) \
	X(cxgb3i, 'c', 0x30b9, "0123", SETS_HOST | SETS_IP | POLL_NO_WAIT | POLL_NO_ERROR | CLAMPS_SEGMENT) \
	X(cxgb4i, 'c', 0x30b9, "0123", SETS_HOST | POLL_NO_WAIT | POLL_NO_ERROR | CLAMPS_SEGMENT) \
	X(be2iscsi, 'e', 0x8b9, "0145", \
		HAS_FEW_IFACES | NEEDS_HOST | POLL_NO_WAIT | CONNECT_BLOCKS | CLAMPS | HAS_BOOT | HAS_BSG) \
	X(qedi, 'd', 0x8b9, "023", HAS_PATH | NEEDS_HOST | HAS_BOOT) \
	X(ocs, 'o', 0x8b9, "013", NEEDS_HOST)

/* attr_is_visible is not told whose attribute: one function for each kind. */
static umode_t visible(char letter, const char *host, int type, int param)
{
	bool seen = false;

	switch (type) {
	case ISCSI_HOST_PARAM:
		seen = strchr(host, '0' + param);
		break;
	case ISCSI_PARAM:
		seen = session_sees(letter == 'o' ? 'e' : letter, param);
		break;
	case ISCSI_NET_PARAM:
	case ISCSI_IFACE_PARAM:
		seen = net_sees(letter, type, param);
		break;
	case ISCSI_FLASHNODE_PARAM:
		seen = letter == 'q' && param != ISCSI_FLASHNODE_CHAP_IN_IDX && param != ISCSI_FLASHNODE_USERNAME_IN &&
			param != ISCSI_FLASHNODE_PASSWORD_IN;
	}
	return seen ? 0444 : 0;
}

#define VISIBLE(name, letter, caps, host, has) \
	static umode_t visible_##name(int type, int param) \
	{ \
		return visible(letter, host, type, param); \
	}
KINDS(VISIBLE)

/* Without a host the route would choose one: here the first does. Nor is ep_connect told whose driver it is. */
static struct iscsi_endpoint *connect_by_route(const char *name, u32 has, struct Scsi_Host *shost, struct sockaddr *to, int flags)
{
	struct host *h;

	if (!shost && !(has & NEEDS_HOST))
		list_for_each_entry(h, &hosts, list) if (!shost && !strcmp(h->kind->name, name)) shost = h->shost;
	return ep_connect(shost, to, flags);
}

#define CONNECT(name, letter, caps, host, has) \
	static struct iscsi_endpoint *connect_##name(struct Scsi_Host *shost, struct sockaddr *to, int flags) \
	{ \
		return connect_by_route(#name, has, shost, to, flags); \
	}
KINDS(CONNECT)

#define KIND(name, letter, caps, host, has) { #name, letter, caps, has, host, visible_##name, connect_##name },
static struct kind kinds[] = { KINDS(KIND) };

bool sim_sees(const char *visible_in, char letter)
{
	return strchr(visible_in, letter);
}

struct host *sim_host(struct Scsi_Host *shost)
{
	return iscsi_host_priv(shost);
}

bool sim_faulty(const struct host *h)
{
	return fault_host < 0 || fault_host == h->shost->host_no;
}

struct host *host_by_number(unsigned int host_no)
{
	struct host *h;

	list_for_each_entry(h, &hosts, list) if (h->shost->host_no == host_no) return h;
	return NULL;
}

struct session *session_by_sid(int sid)
{
	struct session *s;
	struct host *h;

	list_for_each_entry(h, &hosts, list) list_for_each_entry(s, &h->sessions, list) if (s->cls->sid == sid) return s;
	return NULL;
}

/* --- host parameters */

static bool connected(const struct host *h)
{
	return !list_empty(&h->sessions);
}

static int host_get(struct Scsi_Host *shost, enum iscsi_host_param param, char *buf)
{
	struct host *h = sim_host(shost);
	char letter = h->kind->letter;

	switch (param) {
	case ISCSI_HOST_PARAM_HWADDRESS:
		return sprintf(buf, "%pM\n", h->mac);
	case ISCSI_HOST_PARAM_INITIATOR_NAME:
		return sprintf(buf, "%s\n", h->name);
	case ISCSI_HOST_PARAM_NETDEV_NAME:
		if (letter == 'd')
			return sprintf(buf, "host%u\n", shost->host_no);
		return sprintf(buf, "%s\n", h->number <= netdev_count ? netdevs[h->number - 1] : "(null)");
	case ISCSI_HOST_PARAM_IPADDRESS:
		if (letter == 'c') /* no newline */
			return connected(h) || h->ip[0] ? sprintf(buf, "%s", h->ip) : 0;
		if (letter == 'b')
			return sprintf(buf, "%s\n", connected(h) ? h->ip : "");
		return sprintf(buf, "%s\n", h->ip);
	case ISCSI_HOST_PARAM_PORT_STATE:
		return sprintf(buf, "%s\n", iscsi_get_port_state_name(shost));
	case ISCSI_HOST_PARAM_PORT_SPEED:
		return sprintf(buf, "%s\n", iscsi_get_port_speed_name(shost));
	default:
		return -ENOSYS;
	}
}

static int host_set(struct Scsi_Host *shost, enum iscsi_host_param param, char *buf, int length)
{
	struct host *h = sim_host(shost);

	sim_log("host%u SET_HOST_PARAM %d %s", shost->host_no, param, buf);
	switch (param) {
	case ISCSI_HOST_PARAM_IPADDRESS:
		if (h->kind->has & SETS_IP)
			strscpy(h->ip, buf, sizeof(h->ip));
		return 0;
	case ISCSI_HOST_PARAM_INITIATOR_NAME:
		strscpy(h->name, buf, sizeof(h->name));
		return 0;
	case ISCSI_HOST_PARAM_HWADDRESS:
	case ISCSI_HOST_PARAM_NETDEV_NAME:
		return 0;
	default:
		return -ENOSYS;
	}
}

static int bsg(struct bsg_job *job)
{
	return -ENOSYS;
}

/* --- set up and taken down */

static void host_stop(struct host *h)
{
	struct platform_device *parent = h->parent;

	session_end_all(h);
	boot_stop(h);
	uio_stop(h);
	if (h->kind->has & HAS_FLASH)
		iscsi_destroy_all_flashnode(h->shost);
	net_stop(h);
	list_del(&h->list);
	iscsi_host_remove(h->shost, false);
	iscsi_host_free(h->shost);
	if (parent)
		platform_device_unregister(parent);
}

static void host_fill(struct host *h, struct kind *k, int number, int port)
{
	h->kind = k;
	h->number = number;
	memcpy(h->mac, ((u8[]){ 0, 0, 0x5e, 0, 0x53, number }), 6);
	if (k->letter != 'c')
		snprintf(h->ip, sizeof(h->ip), "10.66.0.%d", 9 + number);
	snprintf(h->name, sizeof(h->name), SIM_IQN "%s.%d", k->name, port);
	mutex_init(&h->lock);
	INIT_LIST_HEAD(&h->sessions);
	INIT_LIST_HEAD(&h->flash);
}

static int host_start(struct kind *k, int number, int port)
{
	struct Scsi_Host *shost = iscsi_host_alloc(&k->sht, sizeof(struct host), true);
	struct iscsi_cls_host *cls;
	struct host *h;
	int rc;

	if (!shost)
		return -ENOMEM;
	h = sim_host(shost);
	host_fill(h, k, number, port);
	h->shost = shost;
	shost->transportt = k->template;
	shost->max_id = 1024;
	shost->max_lun = 64;
	shost->max_cmd_len = 16;
	if (k->has & HAS_PATH) {
		h->parent = platform_device_register_full(&(struct platform_device_info){
			.parent = card ? &card->dev : NULL, .name = "miscsi_simhba", .id = number });
		if (IS_ERR(h->parent)) {
			iscsi_host_free(shost);
			return PTR_ERR(h->parent);
		}
	}
	rc = iscsi_host_add(shost, h->parent ? &h->parent->dev : card ? &card->dev : NULL);
	if (rc) {
		iscsi_host_free(shost);
		return rc;
	}
	list_add_tail(&h->list, &hosts);
	cls = shost->shost_data;
	cls->port_state = ISCSI_PORT_STATE_UP;
	cls->port_speed = ISCSI_PORT_SPEED_10GBPS;
	net_start(h);
	if (k->has & HAS_CHAP)
		chap_start(h);
	if (k->has & HAS_FLASH)
		flash_start(h);
	boot_start(h);
	return uio_start(h);
}

static void ops(struct kind *k)
{
	struct iscsi_transport *t = &k->transport;

	t->owner = THIS_MODULE;
	t->name = (char *)k->name;
	t->caps = k->caps;
	t->attr_is_visible = k->visible;
	t->get_host_param = host_get;
	session_ops(k);
	t->ep_connect = k->connect;
	if (k->has & SETS_HOST)
		t->set_host_param = host_set;
	if (k->has & (HAS_IFACES | HAS_FEW_IFACES)) {
		t->get_iface_param = net_get;
		t->set_iface_param = net_set;
	}
	if (k->has & HAS_CHAP) {
		t->get_chap = chap_get;
		t->set_chap = chap_set;
		t->delete_chap = chap_delete;
	}
	if (k->has & HAS_FLASH) {
		t->get_flashnode_param = flash_get;
		t->set_flashnode_param = flash_set;
		t->new_flashnode = flash_new;
		t->del_flashnode = flash_del;
		t->login_flashnode = flash_login;
		t->logout_flashnode = flash_logout;
		t->logout_flashnode_sid = flash_logout_sid;
	}
	if (k->has & HAS_PING)
		t->send_ping = sim_ping;
	if (k->has & HAS_STATS)
		t->get_host_stats = sim_host_stats;
	if (k->has & HAS_PATH)
		t->set_path = ep_path;
	if (k->has & HAS_BSG)
		t->bsg_request = bsg;
}

static void template(struct kind *k)
{
	struct scsi_host_template *t = &k->sht;

	t->module = THIS_MODULE;
	t->name = "simulated iSCSI adapter";
	t->proc_name = k->name;
	t->queuecommand = iscsi_queuecommand;
	t->eh_timed_out = iscsi_eh_cmd_timed_out;
	t->eh_abort_handler = iscsi_eh_abort;
	t->eh_device_reset_handler = iscsi_eh_device_reset;
	t->eh_target_reset_handler = iscsi_eh_recover_target;
	t->target_alloc = iscsi_target_alloc;
	t->can_queue = ISCSI_DEF_XMIT_CMDS_MAX - ISCSI_MGMT_CMDS_MAX;
	t->cmd_per_lun = ISCSI_DEF_CMD_PER_LUN;
	t->sg_tablesize = 128;
	t->max_sectors = 1024;
	t->this_id = -1;
	t->cmd_size = sizeof(struct iscsi_cmd);
}

static int kind_start(struct kind *k, int *number)
{
	int i, rc;

	ops(k);
	template(k);
	k->template = iscsi_register_transport(&k->transport);
	if (!k->template)
		return -ENODEV;
	for (i = 0; i < ports; i++) {
		rc = host_start(k, ++*number, i);
		if (rc)
			return rc;
	}
	return 0;
}

static void stop(void)
{
	struct host *h, *next;
	int i;

	list_for_each_entry_safe(h, next, &hosts, list) host_stop(h);
	events_stop();
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].template)
			iscsi_unregister_transport(&kinds[i].transport);
	if (host_zero)
		scsi_host_put(host_zero);
	disks_stop();
	pci_dev_put(card);
	log_stop();
}

static bool wanted(const char *name)
{
	size_t n = strlen(name);
	const char *p;

	for (p = personality; (p = strstr(p, name)); p += n)
		if (!isalnum(p[n]) && (p == personality || !isalnum(p[-1])))
			return true;
	return false;
}

static int find_card(void)
{
	unsigned int domain, bus, device, function;

	if (!pci)
		return 0;
	if (sscanf(pci, "%x:%x:%x.%x", &domain, &bus, &device, &function) != 4)
		return -EINVAL;
	card = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(device, function));
	return card ? 0 : -ENODEV;
}

static int __init start(void)
{
	int i, number = 0, rc = log_start();

	if (rc)
		return rc;
	rc = find_card();
	if (rc) {
		log_stop();
		return rc;
	}
	/* The number 0 is taken by a host that never shows, as on most machines by a disk controller. */
	kinds[0].sht.proc_name = "miscsi_none";
	host_zero = scsi_host_alloc(&kinds[0].sht, 0);
	if (host_zero && host_zero->host_no) {
		scsi_host_put(host_zero);
		host_zero = NULL;
	}
	for (i = 0; i < ARRAY_SIZE(kinds) && !rc; i++)
		if (wanted(kinds[i].name))
			rc = kind_start(&kinds[i], &number);
	if (rc)
		stop();
	return rc;
}

module_init(start);
module_exit(stop);
MODULE_DESCRIPTION("Simulated iSCSI adapters, for the tests of miscsi");
MODULE_LICENSE("GPL");
