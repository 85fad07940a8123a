/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor under iscsid's logins, adoptions and logouts: makes the same connections, requests to the kernel, login PDUs and scans, reads
 * the same attributes, and does nothing else. One session after the other. It judges no answer, and serves scripts/bench scale as a measure.
 *
 *   scale_floor [-i] login COUNT INITIATOR TARGET-PREFIX     to TARGET-PREFIX0 … at 127.0.0.1:3260
 *   scale_floor when-told COUNT INITIATOR TARGET-PREFIX     the same, when it has read a byte from standard input
 *   scale_floor [-i] adoption | logout                       of all sessions that there are
 *
 * -i: isolated, as doc/DESIGN.md demands it of a daemon that nothing may block, and that may be killed at any time: a helper process makes
 * the requests, a job at a time, another one scans; and each session has a file.
 *
 * Prints the microseconds of CPU time that it has used.
 */
#include "config.h"
#include "attrs.h"
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
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
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

/* ---- jobs, and their helpers ---- */

struct job {
	struct iscsi_uevent (*run)(const struct job *job, int fd);
	uint32_t sid, host;
	char initiator[256], target[256];
	uint8_t pdu[48 + 1024];
	size_t len; /* of the PDU */
};

static int requester = -1, scanner = -1; /* sockets to the helpers; -1: there is none */

static struct msghdr message(struct iovec *iov, char *room, size_t size, int fd)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = size };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return msg;
}

static void serve(int from)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct job job;

	for (;;) {
		struct iovec iov = { &job, sizeof(job) };
		struct msghdr msg = message(&iov, room, sizeof(room), -1);
		struct iscsi_uevent ev;
		int fd = -1;

		if (recvmsg(from, &msg, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(job))
			exit(0);
		if (msg.msg_controllen)
			memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
		ev = job.run(&job, fd);
		if (fd >= 0)
			close(fd);
		send(from, &ev, sizeof(ev), 0);
	}
}

static int helper_start(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		give_up("no helper", 0);
	if (fork() == 0) {
		close(ends[0]);
		if (requester >= 0)
			close(requester);
		serve(ends[1]);
	}
	close(ends[1]);
	return ends[0];
}

/* In a helper, if there is one. fd: to be bound; -1: none */
static struct iscsi_uevent run(int helper, const struct job *job, int fd)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { (void *)(uintptr_t)job, sizeof(*job) };
	struct msghdr msg = message(&iov, room, sizeof(room), fd);
	struct iscsi_uevent ev;

	if (helper < 0)
		return job->run(job, fd);
	if (fd < 0)
		msg.msg_control = NULL, msg.msg_controllen = 0;
	if (sendmsg(helper, &msg, 0) < 0 || recv(helper, &ev, sizeof(ev), 0) != (ssize_t)sizeof(ev))
		give_up("a helper has ended", helper);
	return ev;
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

static struct iscsi_uevent pdu_job(const struct job *job, int fd)
{
	const uint32_t data = (uint32_t)job->len - 48;

	(void)fd;
	add(ISCSI_UEVENT_SEND_PDU, (union iscsi_uevent_u){ .send_pdu = { job->sid, 0, 48, data } }, job->pdu, job->len);
	return send_all();
}

static void send_pdu(uint32_t sid, const uint8_t bhs[48], const char *text, size_t len)
{
	struct job job = { .run = pdu_job, .sid = sid, .len = 48 + ((len + 3) & ~(size_t)3) };

	memcpy(job.pdu, bhs, 48);
	job.pdu[6] = (uint8_t)(len >> 8);
	job.pdu[7] = (uint8_t)len;
	if (len)
		memcpy(job.pdu + 48, text, len);
	run(requester, &job, -1);
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

static struct iscsi_uevent scan_job(const struct job *job, int fd)
{
	char path[80];

	snprintf(path, sizeof(path), "class/scsi_host/host%u/scan", job->host);
	fd = openat(sysfs, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "- - -", 5) != 5)
		give_up("no scan", fd);
	close(fd);
	return (struct iscsi_uevent){ 0 };
}

static struct iscsi_uevent prepare_job(const struct job *job, int fd)
{
	struct iscsi_uevent ev = request(ISCSI_UEVENT_CREATE_SESSION, (union iscsi_uevent_u){ .c_session = { 1, 128, 32 } });
	const uint32_t sid = ev.r.c_session_ret.sid;

	request(ISCSI_UEVENT_CREATE_CONN, (union iscsi_uevent_u){ .conn = { sid, 0 } });
	request(ISCSI_UEVENT_BIND_CONN, (union iscsi_uevent_u){ .b_conn = { sid, 0, (uint64_t)fd, 1 } });
	set(sid, ISCSI_PARAM_TARGET_NAME, job->target);
	set(sid, ISCSI_PARAM_INITIATOR_NAME, job->initiator);
	set_all(sid, before, sizeof(before) / sizeof(*before));
	send_all();
	return ev;
}

static struct iscsi_uevent start_job(const struct job *job, int fd)
{
	(void)fd;
	set_all(job->sid, after, sizeof(after) / sizeof(*after));
	send_all();
	return request(ISCSI_UEVENT_START_CONN, (union iscsi_uevent_u){ .conn = { job->sid, 0 } });
}

static const char *file_of(uint32_t sid, const char *suffix, char path[64])
{
	snprintf(path, 64, "/run/miscsi/sessions/session%u%s", sid, suffix);
	return path;
}

/* As long as a session's settings are. */
static void note(uint32_t sid)
{
	static const char text[1024] = { '#' };
	char path[64];
	int fd = open(file_of(sid, ".pending", path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, sizeof(text)) < 0)
		give_up("no file of the session", fd);
	close(fd);
}

static void login(const char *initiator, const char *target)
{
	struct job job = { .run = prepare_job };
	int fd = connect_target();
	char path[64], pending[64];
	struct iscsi_uevent ev;

	snprintf(job.initiator, sizeof(job.initiator), "%s", initiator);
	snprintf(job.target, sizeof(job.target), "%s", target);
	ev = run(requester, &job, fd);
	job.sid = ev.r.c_session_ret.sid;
	job.host = ev.r.c_session_ret.host_no;
	if (requester >= 0)
		note(job.sid);
	send_login(job.sid, initiator, target);
	job.run = start_job;
	run(requester, &job, -1);
	close(fd);
	if (requester >= 0 && rename(file_of(job.sid, ".pending", pending), file_of(job.sid, "", path)))
		give_up("the session's file keeps its name", 0);
	job.run = scan_job;
	run(scanner, &job, -1);
}

/* ---- what there is ---- */

static void read_attr(int sys, const char *path)
{
	char text[4096];

	read_file(sys, path, text, sizeof(text));
}

static void adopt(unsigned sid)
{
	char path[64];

	if (attrs_each(sysfs, sid, ADOPTION, read_attr) < 0)
		give_up("a session without a host", (int)sid);
	read_attr(AT_FDCWD, file_of(sid, "", path));
}

static struct iscsi_uevent unbind_job(const struct job *job, int fd)
{
	(void)fd;
	return request(ISCSI_UEVENT_UNBIND_SESSION, (union iscsi_uevent_u){ .d_session = { job->sid } });
}

static struct iscsi_uevent destroy_job(const struct job *job, int fd)
{
	(void)fd;
	request(ISCSI_UEVENT_STOP_CONN, (union iscsi_uevent_u){ .stop_conn = { job->sid, 0, 0, ISCSI_STOP_CONN_TERM } });
	request(ISCSI_UEVENT_DESTROY_CONN, (union iscsi_uevent_u){ .conn = { job->sid, 0 } });
	return request(ISCSI_UEVENT_DESTROY_SESSION_ASYNC, (union iscsi_uevent_u){ .d_session = { job->sid } });
}

static void logout(unsigned sid)
{
	const uint8_t bhs[48] = { 0x46, 0x80, [19] = 2 };
	struct job job = { .run = unbind_job, .sid = sid };
	char path[64];

	run(requester, &job, -1);
	wait_for(ISCSI_KEVENT_UNBIND_SESSION);
	send_pdu(sid, bhs, NULL, 0);
	job.run = destroy_job;
	run(requester, &job, -1);
	wait_for(ISCSI_KEVENT_DESTROY_SESSION);
	if (requester >= 0)
		unlink(file_of(sid, "", path));
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

/* Also of the helpers, which end here. */
static long long cpu_us(void)
{
	struct timespec used;
	struct rusage r;

	if (requester >= 0) {
		close(requester);
		close(scanner);
		while (wait(NULL) > 0)
			;
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	getrusage(RUSAGE_CHILDREN, &r);
	return (used.tv_sec + r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000LL + used.tv_nsec / 1000 + r.ru_utime.tv_usec +
		r.ru_stime.tv_usec;
}

int main(int argc, char **argv)
{
	const int isolated = argc > 1 && strcmp(argv[1], "-i") == 0;
	char text[64], target[256];

	argv += isolated;
	argc -= isolated;
	if (argc < 2 || (strcmp(argv[1], "login") == 0 || strcmp(argv[1], "when-told") == 0) != (argc == 5))
		return 2;
	sysfs = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	requests = open_netlink(0);
	if (read_file(sysfs, "class/iscsi_transport/tcp/handle", text, sizeof(text)) < 1)
		give_up("there is no transport tcp", 0);
	handle = strtoull(text, NULL, 10);
	if (isolated) {
		requester = helper_start();
		scanner = helper_start();
	}
	events = open_netlink(1u << (ISCSI_NL_GRP_ISCSID - 1));
	if (*argv[1] == 'w' && read(STDIN_FILENO, text, 1) != 1)
		give_up("nobody tells when", 0);
	if (argc == 5) {
		for (int i = 0; i < atoi(argv[2]); i++) {
			snprintf(target, sizeof(target), "%s%d", argv[4], i);
			login(argv[3], target);
		}
	} else if (each_session(strcmp(argv[1], "logout") == 0 ? logout : adopt) == 0) {
		give_up("there are no sessions", 0);
	}
	printf("%lld\n", cpu_us());
	return 0;
}
