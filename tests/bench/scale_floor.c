/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor under iscsid's logins, adoptions and logouts: makes the same connections, requests to the kernel, login PDUs and scans, reads
 * the same attributes, and does nothing else. One session after the other. It judges no answer, and serves scripts/bench scale as a measure.
 *
 *   scale_floor login COUNT INITIATOR TARGET-PREFIX     to TARGET-PREFIX0 … at 127.0.0.1:3260
 *   scale_floor adoption | logout                       of all sessions that there are
 *
 * Prints the microseconds of CPU time that it has used.
 */
#include "config.h"
#include "kernel/iscsi_if.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ROOM 65536

static int requests, events, sysfs; /* sockets, and /sys */
static uint64_t handle;

__attribute__((noreturn)) static void give_up(const char *what, int rc)
{
	fprintf(stderr, "scale_floor: %s: %d\n", what, rc);
	exit(1);
}

static ssize_t read_file(int dir, const char *path, char *text, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[len < 0 ? 0 : len] = '\0';
	return len;
}

static int open_netlink(unsigned groups)
{
	struct sockaddr_nl at = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ISCSI), room = 1 << 20;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		give_up("no netlink socket", fd);
	return fd;
}

/* ---- requests ---- */

static uint8_t out[ROOM], in[ROOM];
static size_t out_len;

static void add(uint16_t type, union iscsi_uevent_u u, const void *data, size_t len)
{
	struct iscsi_uevent ev = { .type = type, .transport_handle = handle, .u = u };
	size_t whole = (ISCSI_MSG_HEAD + len + 7) & ~(size_t)7;
	struct nlmsghdr head = { .nlmsg_len = (uint32_t)whole, .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST };

	memset(out + out_len, 0, whole);
	memcpy(out + out_len, &head, sizeof(head));
	memcpy(out + out_len + sizeof(head), &ev, sizeof(ev));
	if (len)
		memcpy(out + out_len + ISCSI_MSG_HEAD, data, len);
	out_len += whole;
}

/* One datagram; the answers to it are there when it is sent. */
static struct iscsi_uevent send_all(void)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct mmsghdr got[32] = { 0 };
	static uint8_t answers[32][128];
	struct iovec iov[32];
	struct iscsi_uevent ev;
	int n;

	for (int i = 0; i < 32; i++) {
		iov[i] = (struct iovec){ answers[i], sizeof(answers[i]) };
		got[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	if (sendto(requests, out, out_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		give_up("a request was not sent", 0);
	out_len = 0;
	n = recvmmsg(requests, got, 32, MSG_DONTWAIT, NULL);
	if (n < 1)
		give_up("a request has no answer", n);
	memcpy(&ev, answers[0] + NLMSG_HDRLEN, sizeof(ev));
	if (ev.type == ISCSI_KEVENT_IF_ERROR)
		give_up("a request was refused", ev.iferror);
	return ev;
}

static struct iscsi_uevent request(uint16_t type, union iscsi_uevent_u u)
{
	add(type, u, NULL, 0);
	return send_all();
}

static void wait_for(uint32_t type)
{
	struct iscsi_uevent ev;

	do {
		if (recv(events, in, sizeof(in), 0) < (ssize_t)ISCSI_MSG_HEAD)
			give_up("no event", (int)type);
		memcpy(&ev, in + NLMSG_HDRLEN, sizeof(ev));
	} while (ev.type != type);
}

static void set(uint32_t sid, uint32_t param, const char *value)
{
	const uint32_t len = (uint32_t)strlen(value) + 1;

	add(ISCSI_UEVENT_SET_PARAM, (union iscsi_uevent_u){ .set_param = { sid, 0, param, len } }, value, len);
}

/* ---- a login ---- */

struct pair {
	uint32_t param;
	const char *value;
};

/* The names and time limits that iscsid sets before the login … */
static const struct pair before[] = {
	{ ISCSI_PARAM_PERSISTENT_ADDRESS, "127.0.0.1" },
	{ ISCSI_PARAM_PERSISTENT_PORT, "3260" },
	{ ISCSI_PARAM_IFACE_NAME, "default" },
	{ ISCSI_PARAM_SESS_RECOVERY_TMO, "120" },
	{ ISCSI_PARAM_ABORT_TMO, "15" },
	{ ISCSI_PARAM_LU_RESET_TMO, "30" },
	{ ISCSI_PARAM_TGT_RESET_TMO, "30" },
	{ ISCSI_PARAM_FAST_ABORT, "1" },
	{ ISCSI_PARAM_PING_TMO, "5" },
	{ ISCSI_PARAM_RECV_TMO, "5" },
};
/* … and what was negotiated. */
static const struct pair after[] = {
	{ ISCSI_PARAM_TPGT, "1" },
	{ ISCSI_PARAM_EXP_STATSN, "1" },
	{ ISCSI_PARAM_MAX_RECV_DLENGTH, "262144" },
	{ ISCSI_PARAM_MAX_XMIT_DLENGTH, "262144" },
	{ ISCSI_PARAM_INITIAL_R2T_EN, "1" },
	{ ISCSI_PARAM_MAX_R2T, "1" },
	{ ISCSI_PARAM_IMM_DATA_EN, "1" },
	{ ISCSI_PARAM_FIRST_BURST, "65536" },
	{ ISCSI_PARAM_MAX_BURST, "262144" },
	{ ISCSI_PARAM_PDU_INORDER_EN, "1" },
	{ ISCSI_PARAM_DATASEQ_INORDER_EN, "1" },
	{ ISCSI_PARAM_ERL, "0" },
	{ ISCSI_PARAM_HDRDGST_EN, "0" },
	{ ISCSI_PARAM_DATADGST_EN, "0" },
};

static void set_all(uint32_t sid, const struct pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		set(sid, pairs[i].param, pairs[i].value);
}

static int connect_target(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(3260), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP), one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)))
		give_up("no connection", fd);
	return fd;
}

static size_t add_key(char *text, size_t at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	at += (size_t)vsnprintf(text + at, 1024 - at, fmt, ap) + 1;
	va_end(ap);
	return at;
}

static void send_pdu(uint32_t sid, const uint8_t bhs[48], const char *text, size_t len)
{
	uint8_t pdu[48 + 1024] = { 0 };
	const uint32_t padded = (uint32_t)(len + 3) & ~3u;

	memcpy(pdu, bhs, 48);
	pdu[6] = (uint8_t)(len >> 8);
	pdu[7] = (uint8_t)len;
	if (len)
		memcpy(pdu + 48, text, len);
	add(ISCSI_UEVENT_SEND_PDU, (union iscsi_uevent_u){ .send_pdu = { sid, 0, 48, padded } }, pdu, 48 + padded);
	send_all();
	wait_for(ISCSI_KEVENT_RECV_PDU);
}

/* To the full feature phase in one step, as with a target that demands no CHAP. */
static void send_login(uint32_t sid, const char *initiator, const char *target)
{
	uint8_t bhs[48] = { 0x43, 0x87, [8] = 0x80, [13] = (uint8_t)(sid >> 8), [12] = (uint8_t)sid, [19] = 1 };
	char text[1024];
	size_t at = 0;

	at = add_key(text, at, "InitiatorName=%s", initiator);
	at = add_key(text, at, "TargetName=%s", target);
	at = add_key(text, at, "SessionType=Normal");
	at = add_key(text, at, "HeaderDigest=None");
	at = add_key(text, at, "DataDigest=None");
	at = add_key(text, at, "DefaultTime2Wait=2");
	at = add_key(text, at, "DefaultTime2Retain=0");
	at = add_key(text, at, "IFMarker=No");
	at = add_key(text, at, "OFMarker=No");
	at = add_key(text, at, "ErrorRecoveryLevel=0");
	at = add_key(text, at, "InitialR2T=No");
	at = add_key(text, at, "ImmediateData=Yes");
	at = add_key(text, at, "MaxBurstLength=16776192");
	at = add_key(text, at, "FirstBurstLength=262144");
	at = add_key(text, at, "MaxOutstandingR2T=1");
	at = add_key(text, at, "MaxConnections=1");
	at = add_key(text, at, "DataPDUInOrder=Yes");
	at = add_key(text, at, "DataSequenceInOrder=Yes");
	at = add_key(text, at, "MaxRecvDataSegmentLength=262144");
	send_pdu(sid, bhs, text, at);
}

static void scan(uint32_t host)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "class/scsi_host/host%u/scan", host);
	fd = openat(sysfs, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "- - -", 5) != 5)
		give_up("no scan", fd);
	close(fd);
}

static void login(const char *initiator, const char *target)
{
	int fd = connect_target();
	struct iscsi_uevent ev = request(ISCSI_UEVENT_CREATE_SESSION, (union iscsi_uevent_u){ .c_session = { 1, 128, 32 } });
	const uint32_t sid = ev.r.c_session_ret.sid, host = ev.r.c_session_ret.host_no;

	request(ISCSI_UEVENT_CREATE_CONN, (union iscsi_uevent_u){ .conn = { sid, 0 } });
	request(ISCSI_UEVENT_BIND_CONN, (union iscsi_uevent_u){ .b_conn = { sid, 0, (uint64_t)fd, 1 } });
	set(sid, ISCSI_PARAM_TARGET_NAME, target);
	set(sid, ISCSI_PARAM_INITIATOR_NAME, initiator);
	set_all(sid, before, sizeof(before) / sizeof(*before));
	send_all();
	send_login(sid, initiator, target);
	set_all(sid, after, sizeof(after) / sizeof(*after));
	send_all();
	request(ISCSI_UEVENT_START_CONN, (union iscsi_uevent_u){ .conn = { sid, 0 } });
	close(fd);
	scan(host);
}

/* ---- what there is ---- */

enum place { SESSION, CONN, HOST, SCSI_HOST };

/* What iscsid reads of a session that it adopts. */
static const struct {
	enum place place;
	const char *name;
} attrs[] = {
	{ SCSI_HOST, "proc_name" },
	{ SESSION, "targetname" },
	{ SESSION, "tpgt" },
	{ SESSION, "creator" },
	{ CONN, "persistent_address" },
	{ CONN, "persistent_port" },
	{ CONN, "address" },
	{ CONN, "port" },
	{ SESSION, "ifacename" },
	{ SESSION, "initiatorname" },
	{ HOST, "ipaddress" },
	{ HOST, "hwaddress" },
	{ HOST, "netdev" },
	{ SESSION, "state" },
	{ SESSION, "target_state" },
	{ SESSION, "target_id" },
	{ CONN, "state" },
	{ SESSION, "username" },
	{ SESSION, "password" },
	{ SESSION, "username_in" },
	{ SESSION, "password_in" },
};

/* The link has the host's number, which the name lacks: …/host2/session1/iscsi_session/session1 */
static void adopt(unsigned sid)
{
	char path[256], link[512], text[4096];
	ssize_t len;
	unsigned host = 0;

	snprintf(path, sizeof(path), "class/iscsi_session/session%u", sid);
	len = readlinkat(sysfs, path, link, sizeof(link) - 1);
	link[len < 0 ? 0 : len] = '\0';
	if (len < 0 || !strstr(link, "/host") || sscanf(strstr(link, "/host"), "/host%u", &host) != 1)
		give_up("a session without a host", (int)sid);
	for (size_t i = 0; i < sizeof(attrs) / sizeof(*attrs); i++) {
		static const char *const places[] = { "iscsi_session/session", "iscsi_connection/connection", "iscsi_host/host",
			"scsi_host/host" };

		snprintf(path, sizeof(path), "class/%s%u%s/%s", places[attrs[i].place], attrs[i].place < HOST ? sid : host,
			attrs[i].place == CONN ? ":0" : "", attrs[i].name);
		read_file(sysfs, path, text, sizeof(text));
	}
	snprintf(path, sizeof(path), "/run/miscsi/sessions/session%u", sid);
	read_file(AT_FDCWD, path, text, sizeof(text));
}

static void logout(unsigned sid)
{
	const uint8_t bhs[48] = { 0x46, 0x80, [19] = 2 };

	request(ISCSI_UEVENT_UNBIND_SESSION, (union iscsi_uevent_u){ .d_session = { sid } });
	wait_for(ISCSI_KEVENT_UNBIND_SESSION);
	send_pdu(sid, bhs, NULL, 0);
	request(ISCSI_UEVENT_STOP_CONN, (union iscsi_uevent_u){ .stop_conn = { sid, 0, 0, ISCSI_STOP_CONN_TERM } });
	request(ISCSI_UEVENT_DESTROY_CONN, (union iscsi_uevent_u){ .conn = { sid, 0 } });
	request(ISCSI_UEVENT_DESTROY_SESSION_ASYNC, (union iscsi_uevent_u){ .d_session = { sid } });
	wait_for(ISCSI_KEVENT_DESTROY_SESSION);
}

static unsigned each_session(void (*fn)(unsigned sid))
{
	DIR *d = fdopendir(openat(sysfs, "class/iscsi_session", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	unsigned sid, n = 0;
	struct dirent *e;

	if (!d)
		give_up("there are no sessions", 0);
	while ((e = readdir(d)))
		if (sscanf(e->d_name, "session%u", &sid) == 1) {
			fn(sid);
			n++;
		}
	closedir(d);
	return n;
}

int main(int argc, char **argv)
{
	char text[64], target[256];
	struct timespec used;

	if (argc < 2 || (strcmp(argv[1], "login") == 0) != (argc == 5))
		return 2;
	sysfs = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	requests = open_netlink(0);
	events = open_netlink(1u << (ISCSI_NL_GRP_ISCSID - 1));
	if (read_file(sysfs, "class/iscsi_transport/tcp/handle", text, sizeof(text)) < 1)
		give_up("there is no transport tcp", 0);
	handle = strtoull(text, NULL, 10);
	if (argc == 5) {
		for (int i = 0; i < atoi(argv[2]); i++) {
			snprintf(target, sizeof(target), "%s%d", argv[4], i);
			login(argv[3], target);
		}
	} else if (each_session(strcmp(argv[1], "logout") == 0 ? logout : adopt) == 0) {
		give_up("there are no sessions", 0);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	printf("%lld\n", (long long)used.tv_sec * 1000000 + used.tv_nsec / 1000);
	return 0;
}
