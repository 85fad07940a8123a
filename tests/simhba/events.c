/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an adapter tells by itself or later: ping completions, host events, host statistics; and the commands. */
#include "sim.h"
#include <linux/in.h>

struct ping {
	struct delayed_work work;
	struct host *h;
	u32 pid, status;
};

static struct workqueue_struct *pings(void)
{
	static struct workqueue_struct *queue;

	if (!queue)
		queue = alloc_workqueue("simhba_ping", 0, 0);
	return queue;
}

static void ping_done(struct work_struct *work)
{
	struct ping *p = container_of(to_delayed_work(work), struct ping, work);
	u8 mailbox[32] = { 0 };

	memcpy(mailbox, &p->status, 4);
	iscsi_ping_comp_event(p->h->shost->host_no, &p->h->kind->transport, p->status, p->pid, sizeof(mailbox), mailbox);
	kfree(p);
}

/* An address that ends in 254 does not answer. */
static u32 status_of(const struct sockaddr *to)
{
	const struct sockaddr_in *in = (const void *)to;

	if (ping_status)
		return ping_status;
	return to->sa_family == AF_INET && (ntohl(in->sin_addr.s_addr) & 0xff) == 254 ? ISCSI_PING_TIMEOUT : ISCSI_PING_SUCCESS;
}

int sim_ping(struct Scsi_Host *shost, u32 num, u32 type, u32 size, u32 pid, struct sockaddr *to)
{
	struct ping *p;

	sim_log("host%u ping type %u num %u size %u pid %u", shost->host_no, type, num, size, pid);
	sim_log(" to %pISc", to);
	if ((type == ISCSI_IFACE_TYPE_IPV4) != (to->sa_family == AF_INET))
		return -ENOSYS;
	p = pings() ? kzalloc(sizeof(*p), GFP_KERNEL) : NULL;
	if (!p)
		return -ENOMEM;
	p->h = sim_host(shost);
	p->pid = pid;
	p->status = status_of(to);
	INIT_DELAYED_WORK(&p->work, ping_done);
	queue_delayed_work(pings(), &p->work, msecs_to_jiffies(ping_ms));
	return 0;
}

int sim_host_stats(struct Scsi_Host *shost, char *buf, int len)
{
	u64 *counter = (u64 *)buf;
	int i;

	sim_log("host%u GET_HOST_STATS", shost->host_no);
	if (len < sizeof(struct iscsi_offload_host_stats))
		return -EINVAL;
	memset(buf, 0, len);
	for (i = 0; i < 82; i++)
		counter[i] = 1000 + i;
	return 0;
}

void events_stop(void)
{
	if (pings())
		destroy_workqueue(pings());
}

static int link(unsigned int host_no, bool up)
{
	struct host *h = host_by_number(host_no);
	struct iscsi_cls_host *cls;
	u8 data[4] = { 0 };

	if (!h)
		return -ENODEV;
	cls = h->shost->shost_data;
	cls->port_state = up ? ISCSI_PORT_STATE_UP : ISCSI_PORT_STATE_DOWN;
	if (h->kind->has & HAS_FW_LOGIN)
		iscsi_post_host_event(
			host_no, &h->kind->transport, up ? ISCSI_EVENT_LINKUP : ISCSI_EVENT_LINKDOWN, sizeof(data), data);
	return 0;
}

static int if_down(unsigned int host_no)
{
	struct host *h = host_by_number(host_no);

	return h ? iscsi_offload_mesg(h->shost, &h->kind->transport, ISCSI_KEVENT_IF_DOWN, NULL, 0) : -ENODEV;
}

/* An asynchronous message of the target: event, parameters 1 to 3 (RFC 7143 11.9). */
static int async(int sid, u8 event, u16 p1, u16 p2, u16 p3)
{
	struct session *s = session_by_sid(sid);
	struct iscsi_async hdr = { .opcode = ISCSI_OP_ASYNC_EVENT, .flags = ISCSI_FLAG_CMD_FINAL };

	if (!s || !s->conn)
		return -ENODEV;
	memset(hdr.rsvd4, 0xff, 4); /* the reserved task tag */
	hdr.async_event = event;
	hdr.param1 = cpu_to_be16(p1);
	hdr.param2 = cpu_to_be16(p2);
	hdr.param3 = cpu_to_be16(p3);
	conn_answer(conn_of_cls(s->conn), &hdr, NULL, 0);
	return 0;
}

static int conn_error(int sid, int code)
{
	struct session *s = session_by_sid(sid);

	if (!s || !s->conn)
		return -ENODEV;
	iscsi_conn_failure(s->conn->dd_data, code);
	return 0;
}

/* The network device of the adapter goes away, or comes back, and its uio device with it. */
static int uio(unsigned int host_no, bool on)
{
	struct host *h = host_by_number(host_no);

	if (!h)
		return -ENODEV;
	uio_stop(h);
	return on ? uio_start(h) : 0;
}

int sim_command(char *words)
{
	char word[8];
	int a, b, p1 = 0, p2 = 0, p3 = 0;

	if (sscanf(words, "link %d %7s", &a, word) == 2)
		return link(a, !strcmp(word, "up"));
	if (sscanf(words, "uio %d %7s", &a, word) == 2)
		return uio(a, !strcmp(word, "up"));
	if (sscanf(words, "conn_error %d %d", &a, &b) == 2)
		return conn_error(a, b);
	if (sscanf(words, "async %d %d %d %d %d", &a, &b, &p1, &p2, &p3) >= 2)
		return async(a, b, p1, p2, p3);
	if (sscanf(words, "if_down %d", &a) == 1)
		return if_down(a);
	return -EINVAL;
}
