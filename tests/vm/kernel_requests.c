/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/kernel on a real kernel: each fact that it stands on, with a peer that is a plain TCP socket of this program. Run as root
 * by test_kernel.py; `bench`: what requests cost, one at a time and together.
 */
#include "config.h"
#include "base/mem.h"
#include "kernel/kernel.h"
#include "kernel/kmod.h"
#include "object/session_info.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHECK(truth) \
	do { \
		if (!(truth)) { \
			printf("%s:%d: %s\n", __FILE__, __LINE__, #truth); \
			exit(1); \
		} \
	} while (0)

struct fixture {
	struct loop *loop;
	struct sysfs sysfs;
	struct kernel *k;
	struct job *job;
	uint64_t handle;
	uint32_t sid, host_no;
	int peer; /* the other end of the connection */
	char seen[4096];
	bool done;
};

static void note(struct fixture *w, const char *what)
{
	if (strlen(w->seen) + strlen(what) + 1 < sizeof(w->seen))
		strcat(w->seen, what);
}

static void on_pdu(void *arg, uint32_t sid, uint32_t cid, const uint8_t *bhs, const uint8_t *data, size_t len)
{
	char text[64];

	snprintf(text, sizeof(text), "pdu %d:%u %02x %zu %.*s;", sid == ((struct fixture *)arg)->sid, cid, bhs[0], len, (int)len,
		(const char *)data);
	note(arg, text);
}

static const char *error_name(uint32_t error)
{
	switch (error) {
#define CONN_ERROR(number, name, text) \
	case number: \
		return #name;
#include "kernel/conn_errors.def"
#undef CONN_ERROR
	}
	return "?";
}

static void on_error(void *arg, uint32_t sid, uint32_t cid, uint32_t error)
{
	char text[64];

	(void)sid;
	(void)cid;
	snprintf(text, sizeof(text), "error %s;", error_name(error));
	note(arg, text);
}

static void on_created(void *arg, uint32_t sid, uint32_t host)
{
	(void)sid;
	(void)host;
	note(arg, "created;");
}

static void on_unbound(void *arg, uint32_t sid, uint32_t host)
{
	note(arg, sid == ((struct fixture *)arg)->sid && host == ((struct fixture *)arg)->host_no ? "unbound;" : "?");
}

static void on_destroyed(void *arg, uint32_t sid, uint32_t host)
{
	note(arg, sid == ((struct fixture *)arg)->sid && host == ((struct fixture *)arg)->host_no ? "destroyed;" : "?");
}

static const struct kernel_event_ops events = { .pdu = on_pdu,
	.conn_error = on_error,
	.session_created = on_created,
	.session_unbound = on_unbound,
	.session_destroyed = on_destroyed };

/* Until an event came that has this in its text. */
static void await(struct fixture *w, const char *what)
{
	for (int i = 0; i < 200 && !strstr(w->seen, what); i++)
		loop_step(w->loop, 50);
	if (!strstr(w->seen, what))
		printf("no %s in %s\n", what, w->seen);
	CHECK(strstr(w->seen, what));
	w->seen[0] = '\0';
}

static struct job *fresh(struct fixture *w)
{
	job_clear(w->job);
	job_for(w->job, w->handle, w->sid, 0);
	return w->job;
}

static int run(struct fixture *w)
{
	return kernel_run(w->k, w->job, NULL);
}

/* A connected pair of TCP sockets; gives ours. */
static int connect_peer(struct fixture *w)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(bind(l, (struct sockaddr *)&addr, len) == 0 && listen(l, 1) == 0);
	CHECK(getsockname(l, (struct sockaddr *)&addr, &len) == 0);
	CHECK(connect(s, (struct sockaddr *)&addr, len) == 0);
	w->peer = accept(l, NULL, NULL);
	CHECK(w->peer >= 0);
	close(l);
	return s;
}

static void begin(struct fixture *w)
{
	struct err err = ERR_INIT;

	CHECK(loop_new(&w->loop) == 0 && sysfs_open(&w->sysfs, NULL) == 0);
	if (kmod_load(&w->sysfs, "iscsi-tcp", &err))
		printf("%s\n", err.text);
	CHECK(err.code == MISCSI_ERR_OK);
	CHECK(kmod_load(&w->sysfs, "iscsi_tcp", &err) == 0);
	CHECK(kmod_load(&w->sysfs, "no_such_module", &err) < 0 && err.code == MISCSI_ERR_TRANS_NOT_FOUND);
	CHECK(kernel_new(NULL, NULL, &w->k) == 0);
	CHECK(kernel_attach(w->k, w->loop, &events, w, &err) == 0);
	CHECK(ktransport_handle(&w->sysfs, "tcp", &w->handle, &err) == 0 && w->handle);
	w->job = job_new();
}

static void refusals_without_a_session(struct fixture *w)
{
	struct err err = ERR_INIT;

	w->sid = 4000000;
	job_create_conn(fresh(w), 0);
	CHECK(run(w) == -EINVAL);
	job_add(fresh(w), ISCSI_UEVENT_DESTROY_SESSION_ASYNC, NULL, NULL, 0);
	CHECK(run(w) == -EINVAL);
	job_add(fresh(w), ISCSI_UEVENT_GET_STATS, NULL, NULL, 0);
	CHECK(kernel_run(w->k, w->job, &err) == -ENOENT && err.code == MISCSI_ERR_SESS_NOT_FOUND);
	job_for_host(fresh(w), w->handle, 4000000);
	job_set_host_param(w->job, ISCSI_HOST_PARAM_NETDEV_NAME, "x");
	CHECK(kernel_run(w->k, w->job, &err) == -ENODEV && err.code == MISCSI_ERR_HOST_NOT_FOUND);
	job_add(fresh(w), ISCSI_UEVENT_GET_HOST_STATS, NULL, NULL, 0);
	CHECK(kernel_run(w->k, w->job, &err) == -ENOSYS && err.code == MISCSI_ERR_OP_NOT_SUPP);
	job_create_session(fresh(w), w->handle + 8, 0, 0, 0, 0);
	CHECK(run(w) == -EINVAL);
}

static void job_done(struct job *job, void *arg)
{
	struct fixture *w = arg;

	CHECK(job == w->job);
	w->done = true;
}

static void set_up(struct fixture *w)
{
	int s = connect_peer(w);

	job_create_session(fresh(w), w->handle, 0, 64, 16, 1);
	job_create_conn(w->job, 0);
	job_set_param_int(w->job, ISCSI_PARAM_TPGT, 1);
	CHECK(run(w) == -ENOTCONN && job_failed(w->job) == 2);
	w->sid = w->job->sid;
	w->host_no = w->job->host_no;
	CHECK(w->sid);
	await(w, "created;");
	job_set_param_int(fresh(w), ISCSI_PARAM_SESS_RECOVERY_TMO, 3600);
	job_bind_socket(w->job, s, true);
	close(s);
	w->done = false;
	CHECK(kernel_submit(w->k, w->job, job_done, w) == 0);
	for (int i = 0; i < 100 && !w->done; i++)
		loop_step(w->loop, 100);
	CHECK(w->done && job_result(w->job, NULL) == 0);
}

static void set_parameters(struct fixture *w)
{
	job_set_param(fresh(w), ISCSI_PARAM_TARGET_NAME, "iqn.2026-11.example:kernel");
	job_set_param(w->job, ISCSI_PARAM_PERSISTENT_ADDRESS, "portal.example");
	job_set_param_int(w->job, ISCSI_PARAM_PERSISTENT_PORT, 3260);
	job_set_param_int(w->job, ISCSI_PARAM_TPGT, 7);
	job_set_param(w->job, ISCSI_PARAM_USERNAME, "someone");
	job_set_param_secret(w->job, ISCSI_PARAM_PASSWORD, "its secret", 10);
	job_set_param_int(w->job, ISCSI_PARAM_IFMARKER_EN, 0);
	job_may_fail(w->job);
	job_set_param_int(w->job, ISCSI_PARAM_MAX_BURST, 131072);
	job_set_param_int(w->job, ISCSI_PARAM_ISID, 0);
	job_set_param_int(w->job, ISCSI_PARAM_FIRST_BURST, 65536);
	CHECK(run(w) == -ENOSYS && job_failed(w->job) == 8);
	CHECK(job_status(w->job, 6) == -ENOSYS && job_status(w->job, 9) == 0);
	job_for_host(fresh(w), w->handle, w->host_no);
	job_set_host_param(w->job, ISCSI_HOST_PARAM_NETDEV_NAME, "lo");
	job_set_host_param(w->job, ISCSI_HOST_PARAM_INITIATOR_NAME, "iqn.2026-11.example:me");
	CHECK(run(w) == 0);
}

static const char *map_tcp(void *arg, const char *proc_name)
{
	(void)arg;
	return strcmp(proc_name, "iscsi_tcp") ? NULL : "tcp";
}

static void read_back(struct fixture *w)
{
	const struct ktransport_map map = { .transport = map_tcp };
	cleanup(session_info_clear) struct session_info i = { 0 };

	CHECK(session_info_read(&w->sysfs, &map, w->sid, SESSION_INFO_ALL, &i, NULL) == 0);
	CHECK(i.host_no == w->host_no && i.has_conn && !strcmp(i.transport, "tcp"));
	CHECK(!strcmp(i.target, "iqn.2026-11.example:kernel") && i.tpgt == 7);
	CHECK(!strcmp(i.persistent_address, "portal.example") && i.persistent_port == 3260);
	CHECK(!strcmp(i.address, "127.0.0.1") && i.port > 0);
	CHECK(i.username.len == 7 && i.password.len == 10 && !memcmp(i.password.bytes, "its secret", 10) && !i.password_in.bytes);
	CHECK(i.recovery_tmo == 3600 && i.max_burst == 131072 && i.first_burst == 65536);
	CHECK(!strcmp(i.netdev, "lo") && !strcmp(i.initiator, "iqn.2026-11.example:me") && !i.iface[0]);
	CHECK(!strcmp(i.state, "FREE") && !strcmp(i.conn_state, "bound"));
}

static void exchange_pdus(struct fixture *w)
{
	uint8_t bhs[48] = { 0x43, 0x87, [7] = 5 }, in[56] = { 0 };
	uint8_t answer[56] = { 0x23, 0x87, [7] = 5 };
	const char *data = "a=bc";

	job_send_pdu(fresh(w), bhs, data, 5);
	CHECK(run(w) == 0);
	CHECK(recv(w->peer, in, sizeof(in), MSG_WAITALL) == sizeof(in));
	CHECK(in[0] == 0x43 && !memcmp(in + 48, data, 5));
	memcpy(answer + 16, in + 16, 4); /* the kernel's task tag */
	answer[31] = 1; /* ExpCmdSN, MaxCmdSN */
	answer[35] = 64;
	memcpy(answer + 48, "c=defg", 5);
	CHECK(send(w->peer, answer, sizeof(answer), 0) == sizeof(answer));
	await(w, "pdu 1:0 23 5 c=def;");
}

static void lose_the_connection(struct fixture *w)
{
	size_t len;

	job_add(fresh(w), ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	CHECK(run(w) == 0);
	job_add(fresh(w), ISCSI_UEVENT_GET_STATS, NULL, NULL, 0);
	CHECK(run(w) == 0 && job_data(w->job, 0, &len) && len >= 96);
	close(w->peer);
	await(w, "error TCP_CONN_CLOSE;");
	job_add(fresh(w), ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	CHECK(run(w) == -ENOTCONN);
	job_add(fresh(w), ISCSI_UEVENT_DESTROY_SESSION_ASYNC, NULL, NULL, 0);
	CHECK(run(w) == -EBUSY);
	job_stop_conn(fresh(w), ISCSI_STOP_CONN_RECOVER);
	CHECK(run(w) == 0);
}

static void tear_down(struct fixture *w)
{
	job_add(fresh(w), ISCSI_UEVENT_UNBIND_SESSION, NULL, NULL, 0);
	CHECK(run(w) == 0);
	await(w, "unbound;");
	job_stop_conn(fresh(w), ISCSI_STOP_CONN_TERM);
	job_add(w->job, ISCSI_UEVENT_DESTROY_CONN, NULL, NULL, 0);
	job_add(w->job, ISCSI_UEVENT_DESTROY_SESSION_ASYNC, NULL, NULL, 0);
	CHECK(run(w) == 0);
	await(w, "destroyed;");
	CHECK(!sysfs_exists(&w->sysfs, "class/iscsi_session/session%u", w->sid));
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void bench(struct fixture *w)
{
	const int n = 8192;
	double t = now();

	for (int i = 0; i < n; i++) {
		job_set_param_int(fresh(w), ISCSI_PARAM_TPGT, 1);
		CHECK(run(w) == 0);
	}
	printf("%6.2f us a parameter, each a datagram\n", (now() - t) / n);
	for (int size = 4; size <= 32; size *= 2) {
		t = now();
		for (int i = 0; i < n / size; i++) {
			fresh(w);
			for (int k = 0; k < size; k++)
				job_set_param_int(w->job, ISCSI_PARAM_TPGT, 1);
			CHECK(run(w) == 0);
		}
		printf("%6.2f us a parameter, %d in a datagram\n", (now() - t) / n, size);
	}
	t = now();
	for (int i = 0; i < 1000; i++) {
		job_add(fresh(w), ISCSI_UEVENT_GET_STATS, NULL, NULL, 0);
		CHECK(run(w) == 0);
	}
	printf("%6.2f us a statistics request, on a socket of its own\n", (now() - t) / 1000);
	t = now();
	for (int i = 0; i < 1000; i++) {
		struct session_info info;

		CHECK(session_info_read(&w->sysfs, NULL, w->sid, 0, &info, NULL) == 0);
	}
	printf("%6.2f us a session read for a plain list\n", (now() - t) / 1000);
}

int main(int argc, char **argv)
{
	struct fixture w = { 0 };

	(void)argv;
	setvbuf(stdout, NULL, _IOLBF, 0);
	begin(&w);
	refusals_without_a_session(&w);
	set_up(&w);
	set_parameters(&w);
	read_back(&w);
	if (argc > 1)
		bench(&w);
	exchange_pdus(&w);
	lose_the_connection(&w);
	tear_down(&w);
	job_free(w.job);
	kernel_free(w.k);
	sysfs_close(&w.sysfs);
	loop_free(w.loop);
	puts("ok");
	return 0;
}
