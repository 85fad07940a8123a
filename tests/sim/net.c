/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network and the targets: each portal has a mode, which says how it answers. */
#include "config.h"
#include "sim.h"
#include "base/mem.h"
#include "kernel/tcp_diag.h"
#include "proto/iscsi_proto.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#define LINKS_MAX 16384
#define LINKS_OF_A_PLAN 2048 /* more, and iscsid connects without an end */
#define USER_BYTES 8192 /* of a socket's buffer */
#define PING_MS 10000 /* recv_tmo and ping_tmo of the kernel */

struct link {
	unsigned identity, number;
	struct os_file *socket;
	bool open; /* of the initiator's side */
	bool closed; /* by the target */
	bool done; /* the target took the login */
	bool asked; /* it has answered a first request without the end */
	struct target_login chap;
	bool user; /* the daemon's own session */
	uint8_t out[USER_BYTES]; /* from it */
	size_t out_len;
	uint32_t statsn;
};

static struct {
	enum net_mode mode[SIM_IDENTITIES];
	uint16_t status[SIM_IDENTITIES];
	unsigned silences[SIM_IDENTITIES]; /* counts changes of the mode */
	bool redirected[SIM_TARGETS];
	unsigned told[SIM_IDENTITIES][KERN_LUNS]; /* the disk that the unit said to be, when it was last asked; 0: never */
	struct link *link[LINKS_MAX];
	unsigned links;
	struct {
		char address[32], target[64];
	} name[SIM_IDENTITIES];
} net;

static const char *const modes[] = { "healthy", "refused", "silent", "hangs", "status", "redirect", "redirect for ever", "drops",
	"short", "garbage", "no logout", "slow", "without units" };

void net_reset(void)
{
	memset(&net, 0, sizeof(net));
	for (unsigned i = 0; i < SIM_IDENTITIES; i++) {
		snprintf(net.name[i].address, sizeof(net.name[i].address), "10.0.%u.%u", i / SIM_PORTALS, i % SIM_PORTALS + 1);
		snprintf(net.name[i].target, sizeof(net.name[i].target), "iqn.2026-11.example:t%u", i / SIM_PORTALS);
	}
}

const char *net_address(unsigned identity)
{
	return net.name[identity].address;
}

const char *net_target(unsigned identity)
{
	return net.name[identity].target;
}

int net_identity(uint32_t address)
{
	unsigned t = address >> 8 & 255, p = address & 255;

	if (address >> 16 == NET_MANY)
		return 0;
	return address >> 16 == 0x0a00 && t < SIM_TARGETS && p >= 1 && p <= SIM_PORTALS ? (int)(t * SIM_PORTALS + p - 1) : -1;
}

unsigned net_link_identity(const struct link *l)
{
	return l->identity;
}

static bool is_silent(enum net_mode mode)
{
	return mode == NET_SILENT || mode == NET_HANGS;
}

bool net_answers(const struct link *l)
{
	return !l->closed && !is_silent(net.mode[l->identity]);
}

bool net_logged_in(const struct link *l)
{
	return l->done;
}

bool net_proved(const struct link *l)
{
	return l->chap.proved;
}

bool net_told_another(const char *target, unsigned lun, unsigned disk)
{
	for (unsigned i = 0; i < SIM_IDENTITIES; i++)
		if (target && strcmp(net.name[i].target, target) == 0 && net.told[i][lun] && net.told[i][lun] != disk)
			return true;
	return false;
}

bool net_redirected(unsigned identity)
{
	return net.redirected[identity / SIM_PORTALS];
}

/* The target closes it, or the network resets it. */
static void close_link(struct link *l)
{
	if (l->closed)
		return;
	l->closed = true;
	if (l->socket && !l->socket->connected)
		l->socket->error = ECONNRESET;
	if (l->open)
		kern_link_lost(l, ISCSI_ERR_TCP_CONN_CLOSE);
}

static void close_later(void *arg, uint32_t number)
{
	(void)number;
	close_link(arg);
}

/* The kernel's ping was not answered. */
static void ping_over(void *arg, uint32_t silences)
{
	struct link *l = arg;

	if (l->open && !l->closed && net.silences[l->identity] == silences)
		kern_link_lost(l, ISCSI_ERR_NOP_TIMEDOUT);
}

void net_mode(unsigned identity, enum net_mode mode, uint16_t status)
{
	if (net.mode[identity] != mode)
		sim_trace(
			"world: %s %s is %s 0x%04x", net.name[identity].target, net.name[identity].address, modes[mode], status);
	if (is_silent(mode) && is_silent(net.mode[identity])) {
		net.mode[identity] = mode;
		return;
	}
	net.mode[identity] = mode;
	net.status[identity] = status;
	net.silences[identity]++;
	for (unsigned i = 0; i < net.links && is_silent(mode); i++)
		if (net.link[i]->identity == identity && net.link[i]->open && !net.link[i]->closed)
			sim_after(PING_MS, ping_over, net.link[i], net.silences[identity]);
}

void net_heal(void)
{
	for (unsigned i = 0; i < SIM_IDENTITIES; i++) {
		bool moved = target_group(i) != i % SIM_PORTALS + 1;

		net_mode(i, NET_HEALTHY, 0);
		target_heal(i);
		if (moved)
			net_break(i);
	}
}

void net_break(unsigned identity)
{
	for (unsigned i = 0; i < net.links; i++)
		if (net.link[i]->identity == identity && net.link[i]->open)
			close_link(net.link[i]);
}

void net_closed(struct link *l)
{
	l->open = false;
	l->socket = NULL;
}

/* The first packet is sent again and again, each time after twice as long. */
static void try_connect(void *arg, uint32_t nth)
{
	struct link *l = arg;
	enum net_mode mode = net.mode[l->identity];

	if (!l->open || l->closed || !l->socket)
		return;
	if (mode == NET_SILENT && nth < 6) {
		sim_after(1000u << nth, try_connect, l, nth + 1);
		return;
	}
	if (mode == NET_SILENT || mode == NET_REFUSED) {
		l->closed = true;
		l->socket->error = mode == NET_SILENT ? ETIMEDOUT : ECONNREFUSED;
		return;
	}
	l->socket->connected = true;
}

int net_connect(struct os_file *socket, unsigned identity)
{
	struct link *l;

	if (identity >= SIM_IDENTITIES)
		return -ENETUNREACH;
	if (net.mode[identity] == NET_REFUSED && sim_chance(30))
		return -ECONNREFUSED;
	if (net.links == (plan_cycles_run() ? LINKS_MAX : LINKS_OF_A_PLAN)) {
		sim_fail("%u connects: there is no end of it", net.links);
		return -ENETUNREACH;
	}
	l = sim_alloc(sizeof(*l));
	*l = (struct link){ .identity = identity, .number = net.links, .socket = socket, .open = true, .statsn = 1 };
	net.link[net.links++] = l;
	socket->link = l;
	if (net.mode[identity] == NET_HEALTHY && sim_chance(10)) {
		socket->connected = true;
		return 0;
	}
	sim_after(net.mode[identity] == NET_SLOW ? sim_random(9000) : sim_random(4), try_connect, l, 0);
	return -EINPROGRESS;
}

/* A login's or logout's answer under way. */
struct answer {
	struct link *link;
	uint8_t bhs[ISCSI_BHS_SIZE];
	char data[256];
	size_t len;
	bool closes; /* the target hangs up behind it */
};

static void put32(uint8_t *at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void deliver(struct link *l, const struct answer *a)
{
	struct os_file *f = l->socket;
	size_t whole = (a->len + 3) & ~(size_t)3;

	if (!f || whole + f->len + ISCSI_BHS_SIZE > USER_BYTES)
		return;
	if (!f->bytes)
		f->bytes = sim_alloc(USER_BYTES);
	memcpy(f->bytes + f->len, a->bhs, ISCSI_BHS_SIZE);
	memset(f->bytes + f->len + ISCSI_BHS_SIZE, 0, whole);
	memcpy(f->bytes + f->len + ISCSI_BHS_SIZE, a->data, a->len);
	f->len += ISCSI_BHS_SIZE + whole;
}

static void arrive(void *arg, uint32_t number)
{
	struct answer *a = arg;

	(void)number;
	if (!a->link->open || !net_answers(a->link))
		return;
	if ((a->bhs[0] & 0x3f) == ISCSI_OP_LOGIN_RSP && a->bhs[36] == 2 && a->bhs[37] == 1 && a->link->chap.tried)
		kern_refused(a->link); /* now, as the initiator cannot know it earlier */
	if (a->link->user)
		deliver(a->link, a);
	else
		kern_receive(a->link, a->bhs, a->data, a->len);
	if (a->closes)
		sim_after(sim_random(5), close_later, a->link, 0);
}

static struct answer *answer_new(struct link *l, uint8_t op, const uint8_t *request)
{
	struct answer *a = sim_alloc(sizeof(*a));

	a->link = l;
	a->bhs[0] = op;
	a->bhs[1] = 0x80;
	if (request)
		memcpy(a->bhs + 16, request + 16, 4);
	else
		put32(a->bhs + 16, ISCSI_TAG_RESERVED);
	put32(a->bhs + 24, l->statsn++);
	put32(a->bhs + 28, 1);
	put32(a->bhs + 32, 33);
	return a;
}

static void answer_send(struct answer *a, size_t len)
{
	a->len = len;
	a->bhs[6] = (uint8_t)(len >> 8);
	a->bhs[7] = (uint8_t)len;
	sim_after(net.mode[a->link->identity] == NET_SLOW ? sim_random(6000) : sim_random(4), arrive, a, 0);
}

static void answer_status(struct answer *a, uint16_t status)
{
	a->bhs[36] = (uint8_t)(status >> 8);
	a->bhs[37] = (uint8_t)status;
	a->closes = true;
	answer_send(a, 0);
}

/* To the target's other portal, for once or for good. */
static void answer_redirect(struct answer *a, unsigned to)
{
	net.redirected[to / SIM_PORTALS] = true;
	a->bhs[1] = 0;
	a->bhs[36] = 1;
	a->bhs[37] = sim_chance(50) ? 1 : 2;
	a->closes = sim_chance(50);
	answer_send(
		a, (size_t)snprintf(a->data, sizeof(a->data), "TargetAddress=%s:3260,%u", net_address(to), target_group(to)) + 1);
}

static void answer_garbage(struct answer *a)
{
	if (sim_chance(30))
		a->bhs[0] = (uint8_t)sim_random(64);
	a->bhs[1] = (uint8_t)sim_random(256);
	a->bhs[8 + sim_random(40)] = (uint8_t)sim_random(256);
	for (unsigned i = 0; i < 40; i++)
		a->data[i] = (char)sim_random(256);
	/* by chance it is what ends a login; the initiator cannot know */
	if ((a->bhs[0] & 0x3f) == ISCSI_OP_LOGIN_RSP && a->bhs[1] >> 7 && (a->bhs[1] & 3) == 3 && !a->bhs[36])
		a->link->done = true;
	answer_send(a, sim_random(40));
}

/* The initiator may go on without CHAP, which the target may demand. */
static enum target_answer answer_text(struct answer *a, const uint8_t *request, const void *text, size_t text_len, size_t *len)
{
	struct link *l = a->link;

	*len = 0;
	if (!(request[1] & 0x0c))
		return target_security(l->identity, &l->chap, text, text_len, a->data, len);
	return l->chap.tried || l->asked ? TARGET_ANSWERS_ENOUGH : target_security(l->identity, &l->chap, "", 0, a->data, len);
}

/* Sometimes in two steps, as a target that has more to ask. */
static void answer_login(struct answer *a, const uint8_t *request, const void *text, size_t text_len)
{
	struct link *l = a->link;
	size_t len;
	enum target_answer answer = answer_text(a, request, text, text_len, &len);
	bool transit = request[1] & 0x80 && answer == TARGET_ANSWERS_ENOUGH && (l->asked || len || sim_chance(70));

	if (answer == TARGET_ANSWERS_REFUSED) {
		answer_status(a, 0x0201);
		return;
	}
	a->bhs[1] = transit ? request[1] & 0x8f : request[1] & 0x0c;
	if (!l->asked)
		len += (size_t)snprintf(
			       a->data + len, sizeof(a->data) - len, "TargetPortalGroupTag=%u", target_group(l->identity)) +
			1;
	l->asked = true;
	if (transit && (request[1] & 3) == 3) {
		l->done = true;
		a->bhs[15] = 1;
		if (l->user && net.mode[l->identity] == NET_SHORT)
			sim_after(sim_random(2500), close_later, l, 0);
	}
	answer_send(a, len);
}

/* It is busy, has no data, has no unit there (and a page that looks like another's), or hangs. */
static void answer_without_unit(struct answer *a, unsigned lun)
{
	const unsigned how = (unsigned)sim_random(4);

	a->bhs[0] = how < 2 ? ISCSI_OP_SCSI_RSP : ISCSI_OP_DATA_IN;
	a->bhs[3] = how == 0 ? 8 : 0;
	if (how == 3)
		return;
	if (how == 2) {
		a->bhs[1] = 0x81;
		memcpy(a->data, target_page83(0, lun), KERN_PAGE_BYTES);
		a->data[0] = sim_chance(50) ? 0x20 : 0x7f;
	}
	answer_send(a, how == 2 ? KERN_PAGE_BYTES : 0);
}

/* INQUIRY is all that the daemon sends: its page 83h. */
static void answer_command(struct link *l, const uint8_t *bhs)
{
	const unsigned lun = (unsigned)bhs[8] << 8 | bhs[9];
	struct answer *a = answer_new(l, ISCSI_OP_DATA_IN, bhs);

	if (bhs[32] != 0x12 || bhs[34] != 0x83 || lun >= KERN_LUNS) {
		a->bhs[0] = ISCSI_OP_SCSI_RSP;
		a->bhs[3] = 2; /* CHECK CONDITION */
		answer_send(a, 0);
		return;
	}
	put32(a->bhs + 20, ISCSI_TAG_RESERVED);
	if (net.mode[l->identity] == NET_UNITS && sim_chance(80)) {
		answer_without_unit(a, lun);
		return;
	}
	a->bhs[1] = 0x81;
	net.told[l->identity][lun] = target_disk(l->identity);
	memcpy(a->data, target_page83(target_disk(l->identity), lun), KERN_PAGE_BYTES);
	answer_send(a, KERN_PAGE_BYTES);
}

static void login(struct link *l, const uint8_t *request, const void *text, size_t len)
{
	struct answer *a = answer_new(l, ISCSI_OP_LOGIN_RSP, request);

	memcpy(a->bhs + 8, request + 8, 6);
	switch (net.mode[l->identity]) {
	case NET_STATUS:
		answer_status(a, net.status[l->identity]);
		break;
	case NET_REDIRECT:
		answer_redirect(a, l->identity ^ 1);
		break;
	case NET_REDIRECT_FOR_EVER:
		answer_redirect(a, l->identity);
		break;
	case NET_DROPS:
		sim_after(sim_random(5), close_later, l, 0);
		break;
	case NET_GARBAGE:
		answer_garbage(a);
		break;
	default:
		answer_login(a, request, text, len);
	}
}

void net_send(struct link *l, const uint8_t *bhs, const void *data, size_t len)
{
	struct answer *a;

	if (l->closed) {
		kern_link_lost(l, ISCSI_ERR_XMIT_FAILED);
		return;
	}
	if (!net_answers(l))
		return;
	switch (bhs[0] & 0x3f) {
	case ISCSI_OP_LOGIN:
		login(l, bhs, data, len);
		break;
	case ISCSI_OP_LOGOUT:
		if (net.mode[l->identity] == NET_NO_LOGOUT) {
			if (l->number % 2) /* some close the connection in place of an answer */
				sim_after(1, close_later, l, 0);
			break;
		}
		a = answer_new(l, ISCSI_OP_LOGOUT_RSP, bhs);
		a->closes = true;
		answer_send(a, 0);
		break;
	case ISCSI_OP_SCSI_CMD:
		answer_command(l, bhs);
		break;
	default:
		break;
	}
}

ssize_t net_user_sends(struct os_file *socket, const void *bytes, size_t len)
{
	struct link *l = socket->link;

	if (!l || !socket->connected || daemon_dead())
		return l && daemon_dead() ? (ssize_t)len : -ENOTCONN;
	if (l->closed)
		return -EPIPE;
	if (l->out_len + len > USER_BYTES)
		return -EAGAIN;
	l->user = true;
	memcpy(l->out + l->out_len, bytes, len);
	l->out_len += len;
	while (l->out_len >= ISCSI_BHS_SIZE) {
		size_t data = (size_t)l->out[5] << 16 | (size_t)l->out[6] << 8 | l->out[7],
		       whole = ISCSI_BHS_SIZE + ((data + 3) & ~(size_t)3);

		if (l->out_len < whole)
			break;
		net_send(l, l->out, l->out + ISCSI_BHS_SIZE, data);
		l->out_len -= whole;
		memmove(l->out, l->out + whole, l->out_len);
	}
	return (ssize_t)len;
}

ssize_t net_user_receives(struct os_file *socket, void *bytes, size_t len)
{
	size_t n = socket->len - socket->at;

	if (!n)
		return socket->link && socket->link->closed ? 0 : -EAGAIN;
	if (n > len)
		n = len;
	if (n > 1 && sim_chance(10))
		n = 1 + sim_random((uint32_t)n - 1);
	memcpy(bytes, socket->bytes + socket->at, n);
	socket->at += n;
	if (socket->at == socket->len)
		socket->at = socket->len = 0;
	return (ssize_t)n;
}

uint32_t net_user_ready(const struct os_file *socket)
{
	const struct link *l = socket->link;

	return !l ? 0 : !l->user ? (l->closed ? EPOLLRDHUP : 0) : socket->len > socket->at || l->closed ? EPOLLIN : 0;
}

/* By the portal alone: this kernel does not show the port here. */
int tcp_diag_established(const struct tcp_diag_name *name)
{
	uint32_t address;

	memcpy(&address, name->address, sizeof(address));
	for (unsigned i = 0; i < net.links; i++) {
		const struct link *l = net.link[i];

		if ((int)l->identity == net_identity(ntohl(address)) && l->open && !l->closed)
			return 1;
	}
	return 0;
}

static void tell_closed(void *arg, uint32_t number)
{
	(void)number;
	kern_link_lost(arg, ISCSI_ERR_TCP_CONN_CLOSE);
}

/* A link that broke before the kernel was bound to it: it learns that now. */
void net_started(struct link *l)
{
	if (l->closed)
		sim_after(sim_random(3), tell_closed, l, 0);
	else if (net.mode[l->identity] == NET_SHORT)
		sim_after(sim_random(2500), close_later, l, 0);
	else if (is_silent(net.mode[l->identity]))
		sim_after(PING_MS, ping_over, l, net.silences[l->identity]);
}

void net_async(unsigned identity, unsigned event)
{
	for (unsigned i = 0; i < net.links; i++) {
		struct link *l = net.link[i];
		struct answer *a;

		if (l->identity != identity || !l->open || l->closed || !l->done)
			continue;
		sim_trace("world: %s sends asynchronous message %u", net.name[identity].target, event);
		a = answer_new(l, ISCSI_OP_ASYNC, NULL);
		a->bhs[36] = (uint8_t)event;
		a->bhs[41] = (uint8_t)sim_random(3); /* Parameter2: Time2Wait */
		a->closes = event == ISCSI_ASYNC_CONNECTION_DROPPED || event == ISCSI_ASYNC_SESSION_DROPPED;
		answer_send(a, 0);
	}
}
