/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's sessions of iscsi_tcp, as doc/KERNEL.md describes them. A request that no correct program makes ends the history as
 * failed.
 */
#include "config.h"
#include "sim.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOST_OF(sid) ((sid) + 100)
#define RECOVERY_S 120

#define SIDS_KNOWN 2048

static struct {
	struct kern_session *first, **end;
	struct kern_session *by_sid[SIDS_KNOWN]; /* the first sids */
	uint32_t last_sid;
} kern;

void kern_reset(void)
{
	memset(kern.by_sid, 0, (kern.last_sid < SIDS_KNOWN ? kern.last_sid + 1 : SIDS_KNOWN) * sizeof(*kern.by_sid));
	kern.first = NULL;
	kern.end = &kern.first;
	kern.last_sid = 0;
}

struct kern_session *kern_sessions(void)
{
	return kern.first;
}

struct kern_session *kern_find(uint32_t sid)
{
	struct kern_session *s = kern.first;

	if (sid < SIDS_KNOWN)
		return kern.by_sid[sid];
	while (s && s->sid != sid)
		s = s->next;
	return s;
}

static void send_event(uint32_t type, uint32_t a, uint32_t b, uint32_t c)
{
	struct iscsi_uevent ev = { .type = type };

	memcpy(ev.r.bytes, (uint32_t[]){ a, b, c }, 12);
	kern_event(&ev, NULL, 0);
}

struct kern_session *kern_create(void)
{
	struct kern_session *s = sim_alloc(sizeof(*s));

	s->sid = ++kern.last_sid;
	s->host = HOST_OF(s->sid);
	*kern.end = s;
	kern.end = &s->next;
	if (s->sid < SIDS_KNOWN)
		kern.by_sid[s->sid] = s;
	send_event(ISCSI_KEVENT_CREATE_SESSION, s->sid, s->host, 0);
	return s;
}

static void release_socket(struct kern_session *s)
{
	struct os_file *f = s->socket;

	s->socket = NULL;
	s->bound = s->started = false;
	if (f)
		os_unref(f);
}

void kern_remove(struct kern_session *s)
{
	struct kern_session **at = &kern.first;

	while (*at && *at != s)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = s->next;
	if (!s->next)
		kern.end = at;
	if (s->sid < SIDS_KNOWN)
		kern.by_sid[s->sid] = NULL;
	release_socket(s);
	sim_trace("kernel: session%u is gone", s->sid);
	send_event(ISCSI_KEVENT_DESTROY_SESSION, s->host, s->sid, 0);
}

/* The recovery timer: its I/O fails from now on. */
static void recovery_over(void *arg, uint32_t losses)
{
	struct kern_session *s = arg;

	if (s->state == KERN_FAILED && s->losses == losses)
		s->state = KERN_FREE;
}

static void not_up(struct kern_session *s)
{
	const char *text = s->param[ISCSI_PARAM_SESS_RECOVERY_TMO];

	if (s->state != KERN_LOGGED_IN)
		return;
	s->state = KERN_FAILED;
	sim_after(1000ull * (text ? (unsigned)atoi(text) : RECOVERY_S), recovery_over, s, ++s->losses);
}

void kern_lose(struct kern_session *s, uint32_t error)
{
	if (!s->bound || s->broken)
		return;
	sim_trace("kernel: session%u loses its connection, error %u", s->sid, error);
	s->broken = true;
	s->conn_state = "failed";
	not_up(s);
	release_socket(s);
	send_event(ISCSI_KEVENT_CONN_ERROR, s->sid, 0, error);
}

void kern_link_lost(struct link *l, uint32_t error)
{
	for (struct kern_session *s = kern.first; s; s = s->next) {
		if (s->socket && s->socket->link == l) {
			if (!s->logout_sent || error != ISCSI_ERR_TCP_CONN_CLOSE) /* which is expected then, and not told */
				kern_lose(s, error);
			return;
		}
	}
}

void kern_refused(struct link *l)
{
	/* which the daemon's own session is for, unless a redirection has led it there */
	uint32_t sid = net_redirected(net_link_identity(l)) ? 0 : client_sid(net_link_identity(l));

	for (const struct kern_session *s = kern.first; s; s = s->next)
		if (s->socket && s->socket->link == l)
			sid = s->sid;
	if (sid)
		check_refused(sid, net_link_identity(l));
}

/* The group of one that is lost may be that of a redirection; that of a portal by name cannot be compared with the kernel's address. */
void kern_forget_groups(void)
{
	for (struct kern_session *s = kern.first; s; s = s->next) {
		const char *address = s->param[ISCSI_PARAM_PERSISTENT_ADDRESS];

		if (s->state != KERN_LOGGED_IN || s->broken || !address || address[0] == 't')
			s->group = 0;
	}
}

void kern_receive(struct link *l, const uint8_t *bhs, const void *data, size_t len)
{
	struct iscsi_uevent ev = { .type = ISCSI_KEVENT_RECV_PDU };
	uint8_t bytes[8192] = { 0 };

	for (struct kern_session *s = kern.first; s; s = s->next) {
		if (!s->socket || s->socket->link != l || s->broken)
			continue;
		ev.r.recv_req.sid = s->sid;
		memcpy(bytes, bhs, ISCSI_BHS_LEN);
		if (len)
			memcpy(bytes + ISCSI_BHS_LEN, data, len);
		sim_trace("kernel: session%u receives PDU 0x%02x", s->sid, bhs[0] & 0x3fu);
		kern_event(&ev, bytes, ISCSI_BHS_LEN + ((len + 3) & ~(size_t)3));
		return;
	}
}

/* Those that are there keep their names. */
static void add_devices(struct kern_session *s)
{
	unsigned disk = target_disk(net_link_identity(s->socket->link));

	for (unsigned i = 0; i < KERN_LUNS; i++) {
		if (s->luns && !s->lun[i].gone)
			continue;
		s->lun[i].disk = s->lun[i].page = disk;
		s->lun[i].offline = s->lun[i].gone = false;
	}
	s->luns = KERN_LUNS;
}

/* A scan finds what a target has that is logged in and answers. */
int kern_scan(uint32_t host)
{
	for (struct kern_session *s = kern.first; s; s = s->next) {
		if (s->host != host)
			continue;
		if (s->state == KERN_LOGGED_IN && s->started && net_answers(s->socket->link) && !s->unbinding && !s->unbound)
			add_devices(s);
		return 0;
	}
	return -ENOENT;
}

static void unbound(void *arg, uint32_t sid)
{
	struct kern_session *s = kern_find(sid);

	(void)arg;
	if (!s || s->unbound)
		return;
	s->unbound = true;
	s->luns = 0;
	send_event(ISCSI_KEVENT_UNBIND_SESSION, s->sid, s->host, 0);
}

/* The devices' caches are flushed first, which lasts if the target does not answer. */
void kern_unbind(struct kern_session *s)
{
	bool answers = s->socket && s->socket->link && net_answers(s->socket->link);

	if (s->unbinding)
		return;
	s->unbinding = true;
	sim_after(answers ? sim_random(30) : 20000 + sim_random(20000), unbound, NULL, s->sid);
}

static void destroyed(void *arg, uint32_t sid)
{
	struct kern_session *s = kern_find(sid);

	(void)arg;
	if (s)
		kern_remove(s);
}

static int bind_conn(struct kern_session *s, const struct iscsi_uevent *ev)
{
	struct os_file *f = os_file((int)ev->u.b_conn.transport_eph);

	if (!s->conn || !f || f->kind != OS_SOCKET)
		return -EINVAL;
	if (s->broken)
		return -ENOTCONN;
	if (s->bound)
		sim_fail("BIND_CONN of session%u, which is bound", s->sid);
	f->refs++;
	s->socket = f;
	s->bound = true;
	s->conn_state = "bound";
	s->logout_sent = false;
	return 0;
}

/* It goes to the session's own portal, which has not been redirected: no other group there, and no target that must prove itself and has not. */
static void check_portal(const struct kern_session *s, unsigned identity)
{
	if (!net_redirected(identity) && s->luns && s->group && s->group != target_group(identity))
		sim_fail("START_CONN of session%u, which has the disks of group %u, in group %u", s->sid, s->group,
			target_group(identity));
	if (target_demands_both(identity) && !net_redirected(identity) && !net_proved(s->socket->link))
		sim_fail("START_CONN of session%u, whose target has not authenticated itself", s->sid);
}

static int start_conn(struct kern_session *s)
{
	if (!s->conn || !s->bound || s->broken)
		return -ENOTCONN;
	if (!net_logged_in(s->socket->link))
		sim_fail("START_CONN of session%u, which is not logged in", s->sid);
	if (!s->param[ISCSI_PARAM_EXP_STATSN] || !s->param[ISCSI_PARAM_TARGET_NAME])
		sim_fail("START_CONN of session%u, which lacks parameters", s->sid);
	check_portal(s, net_link_identity(s->socket->link));
	s->group = target_group(net_link_identity(s->socket->link));
	s->started = true;
	s->conn_state = "up";
	s->state = KERN_LOGGED_IN;
	sim_trace("kernel: session%u is up", s->sid);
	net_started(s->socket->link);
	return 0;
}

/* TERM leaves the session's state as it is: that of a session that was up stays LOGGED_IN, with a connection that is down. */
static int stop_conn(struct kern_session *s, uint32_t flag)
{
	if (flag != ISCSI_STOP_CONN_RECOVER && flag != ISCSI_STOP_CONN_TERM)
		sim_fail("STOP_CONN of session%u with %u", s->sid, flag);
	if (!s->conn)
		return -EINVAL;
	s->ended |= flag == ISCSI_STOP_CONN_TERM;
	if (!s->ended)
		not_up(s);
	release_socket(s);
	s->broken = false;
	s->conn_state = flag == ISCSI_STOP_CONN_TERM ? "down" : "failed";
	return 0;
}

/* retcode of the driver. */
static int send_pdu(struct kern_session *s, const uint8_t *payload, size_t len)
{
	uint32_t data = len >= ISCSI_BHS_LEN ? (uint32_t)payload[5] << 16 | (uint32_t)payload[6] << 8 | payload[7] : 0;

	if (!s->conn || !s->bound || s->broken)
		return -ENOTCONN;
	if (s->ended || len < ISCSI_BHS_LEN || data > len - ISCSI_BHS_LEN)
		return -EPERM;
	if (s->logout_sent)
		return 0; /* and nothing is sent */
	s->logout_sent = (payload[0] & 0x3f) == 6;
	net_send(s->socket->link, payload, payload + ISCSI_BHS_LEN, data);
	return 0;
}

static int set_param(struct kern_session *s, const struct iscsi_uevent *ev, const uint8_t *payload, size_t len)
{
	uint32_t param = ev->u.set_param.param;

	if (!s->conn)
		return -EINVAL;
	if (!s->bound || s->broken)
		return -ENOTCONN;
	if (param >= KERN_PARAMS || !len || payload[len - 1])
		return -EINVAL;
	s->param[param] = sim_text("%s", (const char *)payload);
	return 0;
}

static int destroy_session(struct kern_session *s)
{
	if (s->conn)
		return -EBUSY;
	if (!s->destroying)
		sim_after(sim_chance(80) ? sim_random(5) : sim_random(400), destroyed, NULL, s->sid);
	s->destroying = true;
	return 0;
}

static int create_session(struct iscsi_uevent *ev)
{
	struct kern_session *s = kern_create();

	ev->r.c_session_ret.sid = s->sid;
	ev->r.c_session_ret.host_no = s->host;
	return 0;
}

int kern_request(struct iscsi_uevent *ev, const uint8_t *payload, size_t len)
{
	struct kern_session *s;
	uint32_t sid;

	if (ev->type == ISCSI_UEVENT_CREATE_SESSION)
		return create_session(ev);
	if (ev->type == ISCSI_UEVENT_SET_HOST_PARAM)
		return 0;
	memcpy(&sid, ev->u.bytes, sizeof(sid));
	s = kern_find(sid);
	if (!s)
		return -EINVAL;
	switch (ev->type) {
	case ISCSI_UEVENT_CREATE_CONN:
		if (s->conn)
			return -EEXIST;
		s->conn = true;
		s->conn_state = "down";
		return 0;
	case ISCSI_UEVENT_BIND_CONN:
		ev->r.retcode = bind_conn(s, ev);
		return 0;
	case ISCSI_UEVENT_SET_PARAM:
		return set_param(s, ev, payload, len);
	case ISCSI_UEVENT_START_CONN:
		ev->r.retcode = start_conn(s);
		return 0;
	case ISCSI_UEVENT_STOP_CONN:
		return stop_conn(s, ev->u.stop_conn.flag);
	case ISCSI_UEVENT_SEND_PDU:
		ev->r.retcode = send_pdu(s, payload, len);
		return 0;
	case ISCSI_UEVENT_UNBIND_SESSION:
		kern_unbind(s);
		return 0;
	case ISCSI_UEVENT_DESTROY_CONN:
		if (!s->conn)
			return -EINVAL;
		release_socket(s);
		s->conn = s->broken = false;
		return 0;
	case ISCSI_UEVENT_DESTROY_SESSION:
	case ISCSI_UEVENT_DESTROY_SESSION_ASYNC:
		return destroy_session(s);
	default:
		sim_fail("a request of type %u", ev->type);
		return -ENOSYS;
	}
}
