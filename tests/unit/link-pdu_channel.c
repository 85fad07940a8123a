/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SendTargets discovery carried by a made-up kernel: its order of requests, and that nothing stays in the kernel however it ends. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/worker.h"
#include "fake_kernel.h"
#include "fake_sys.h"
#include "plugin-fixture.h"
#include "record/record.h"
#include "discovery/discovery.h"
#include "link/engine.h"
#include "link/pdu_channel.h"
#include "target.h"
#include "tests/paths.h"
#include <arpa/inet.h>
#include <malloc.h>
#include <unistd.h>

struct carried {
	struct plugin_fixture w;
	struct fake_kernel *fk;
	struct kernel *kernel;
	struct fake_sys sys;
	struct worker_pool *workers;
	struct helper_pool *helpers;
	struct record *record, *iface;
	struct engine engine;
	struct discovery_config config;
	struct discovery *d;
	char found[512];
	int done, result;
	struct err err;
	bool hangs_up; /* the target, when it is asked */
	bool silent;
	bool by_firmware, refused; /* the adapter logs in; and cannot */
	unsigned logouts, logins;
};

static uint64_t now_of(void *arg)
{
	return ((struct carried *)arg)->w.now;
}

static void send_pdu(struct carried *c, uint32_t sid, const struct iscsi_pdu *pdu)
{
	struct iscsi_uevent ev = { .type = ISCSI_KEVENT_RECV_PDU };
	uint8_t bytes[1024] = { 0 };

	memcpy(ev.r.bytes, &sid, sizeof(sid));
	memcpy(bytes, pdu->bhs, ISCSI_BHS_SIZE);
	if (pdu->len)
		memcpy(bytes + ISCSI_BHS_SIZE, pdu->data, pdu->len);
	fake_kernel_event(c->fk, 1, &ev, bytes, ISCSI_BHS_SIZE + (pdu->len + 3) / 4 * 4);
}

static void hang_up(struct carried *c, uint32_t sid)
{
	struct iscsi_uevent ev = { .type = ISCSI_KEVENT_CONN_ERROR };
	const uint32_t r[3] = { sid, 0, ISCSI_ERR_TCP_CONN_CLOSE };

	memcpy(ev.r.bytes, r, sizeof(r));
	fake_kernel_event(c->fk, 1, &ev, NULL, 0);
}

/* Event 109, of the connection that was to be started. */
static void firmware_says(struct carried *c, const struct iscsi_uevent *start, uint32_t state)
{
	struct iscsi_uevent ev = { .type = ISCSI_KEVENT_CONN_LOGIN_STATE };

	memcpy(ev.r.bytes, start->u.bytes, 8); /* sid, cid */
	memcpy(ev.r.bytes + 8, &state, sizeof(state));
	fake_kernel_event(c->fk, 1, &ev, NULL, 0);
}

/* The target behind the kernel; the kernel writes ITTs of its own, so its answers carry others. */
static bool target_sees(void *arg, struct iscsi_uevent *ev, const uint8_t *payload, size_t len)
{
	struct carried *c = arg;
	struct iscsi_pdu pdu = { .data = NULL };
	uint32_t sid;

	if (ev->type == ISCSI_UEVENT_START_CONN && c->by_firmware && !c->silent)
		firmware_says(c, ev, c->refused ? 0 : 3);
	if (ev->type != ISCSI_UEVENT_SEND_PDU || len < ISCSI_BHS_SIZE || c->silent)
		return false;
	memcpy(&sid, ev->u.bytes, sizeof(sid));
	switch (payload[0] & 0x3f) {
	case ISCSI_OP_LOGIN:
		c->logins++;
		pdu = target_login(TARGET_TO_FFP, 1, NO_TEXT);
		break;
	case ISCSI_OP_TEXT:
		if (c->hangs_up) {
			hang_up(c, sid);
			return false;
		}
		pdu = target_text(0x80, 0xffffffff, TEXT("TargetName=iqn.2026-11.example:one\0TargetAddress=10.9.0.1:3260,1"));
		break;
	case ISCSI_OP_LOGOUT:
		c->logouts++;
		pdu = target_pdu(ISCSI_OP_LOGOUT_RSP, 0x80, NULL, 0);
		break;
	}
	target_put32(pdu.bhs + 16, 0x10001234);
	send_pdu(c, sid, &pdu);
	send_pdu(c, sid + 1, &pdu); /* another session's is none of ours */
	return false;
}

static int on_found(void *arg, const char *target, const struct portal *portal)
{
	struct carried *c = arg;
	char text[PORTAL_TEXT_MAX];
	size_t len = strlen(c->found);

	snprintf(c->found + len, sizeof(c->found) - len, "%s %s;", target, portal_format(text, sizeof(text), portal, true));
	return 0;
}

static void on_done(void *arg, int result, const struct err *err)
{
	struct carried *c = arg;

	c->done++;
	c->result = result;
	err_copy(&c->err, err);
}

static struct carried *set_up(void)
{
	struct carried *c = x_new(struct carried);
	struct plugins_config plugins = { .dirs = BUILDDIR "/.libs" };

	c->w.now = 1000;
	c->w.log = (struct log){ .level = LOG_LEVEL_DEBUG, .write = plugin_fixture_write, .arg = &c->w };
	assert_int_equal(loop_new(&c->w.loop), 0);
	loop_set_clock(c->w.loop, now_of, c);
	fake_sys_new(&c->sys);
	fake_sys_transport(&c->sys, "iser");
	c->fk = fake_kernel_new();
	fake_kernel_hook(c->fk, target_sees, c);
	assert_int_equal(kernel_new(&fake_kernel_ops, c->fk, &c->kernel), 0);
	assert_int_equal(worker_pool_new(c->w.loop, 1, &c->workers), 0);
	assert_int_equal(helper_pool_new(c->w.loop, NULL, &c->helpers), 0);
	plugins.loop = c->w.loop;
	plugins.log = &c->w.log;
	plugins.kernel = c->kernel;
	plugins.sysfs = &c->sys.sysfs;
	plugins.workers = c->workers;
	plugins.helpers = c->helpers;
	assert_int_equal(plugins_new(&plugins, &c->w.ps), 0);
	c->record = record_new(RECORD_SENDTARGETS);
	c->iface = record_new(RECORD_IFACE);
	assert_int_equal(record_set(c->iface, FIELD_IFACE_TRANSPORT, "iser", NULL), 0);
	assert_int_equal(record_set(c->record, FIELD_DISC_REOPEN_MAX, "0", NULL), 0);
	c->engine = (struct engine){ .loop = c->w.loop,
		.log = &c->w.log,
		.kernel = c->kernel,
		.plugins = c->w.ps,
		.workers = c->workers,
		.helpers = c->helpers };
	c->config = (struct discovery_config){ .engine = &c->engine,
		.record = c->record,
		.iface = c->iface,
		.host = "10.9.0.1",
		.port = 3260,
		.initiator_name = "iqn.2026-11.example:me",
		.found = on_found,
		.arg = c };
	return c;
}

/* The same through an adapter whose firmware logs in. */
static struct carried *set_up_firmware(void)
{
	struct carried *c = set_up();

	c->by_firmware = true;
	fake_sys_transport(&c->sys, "qla4xxx");
	fake_sys_write(&c->sys, "qla4xxx\n", "class/scsi_host/host101/proc_name");
	fake_sys_write(&c->sys, "02:00:00:00:00:07\n", "class/iscsi_host/host101/hwaddress");
	assert_int_equal(record_set(c->iface, FIELD_IFACE_TRANSPORT, "qla4xxx", NULL), 0);
	assert_int_equal(record_set(c->iface, FIELD_IFACE_HWADDRESS, "02:00:00:00:00:07", NULL), 0);
	return c;
}

static void end(struct carried *c)
{
	plugins_free(c->w.ps);
	kernel_free(c->kernel);
	worker_pool_free(c->workers);
	helper_pool_free(c->helpers);
	loop_free(c->w.loop);
	fake_kernel_free(c->fk);
	fake_sys_free(&c->sys);
	record_free(c->record);
	record_free(c->iface);
	x_free(c);
}

static unsigned count(struct carried *c, uint32_t type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < fake_kernel_requests(c->fk); i++) {
		struct iscsi_uevent ev;
		char *payload = NULL;
		size_t len;

		fake_kernel_request(c->fk, i, &ev, &payload, &len);
		x_free(payload);
		n += ev.type == type;
	}
	return n;
}

/* What the kernel made and has to unmake. */
static void nothing_left(struct carried *c, unsigned refused_sessions)
{
	assert_int_equal(count(c, ISCSI_UEVENT_DESTROY_SESSION), count(c, ISCSI_UEVENT_CREATE_BOUND_SESSION) - refused_sessions);
	assert_int_equal(count(c, ISCSI_UEVENT_EP_DISCONNECT),
		count(c, ISCSI_UEVENT_EP_CONNECT) + count(c, ISCSI_UEVENT_EP_CONNECT_THROUGH_HOST));
	assert_int_equal(kernel_pending(c->kernel), 0);
}

/* Until the kernel has done what it was asked, however busy the machine is; what follows upon it has its rounds, too. */
static void at_rest(struct carried *c)
{
	for (int i = 0, quiet = 0; i < 10000 && quiet < 20; i++) {
		loop_step(c->w.loop, 1);
		quiet = kernel_pending(c->kernel) + worker_pending(c->workers) > 0 ? 0 : quiet + 1;
	}
}

/* Runs until done and until the kernel is at rest. */
static void ask(struct carried *c)
{
	assert_int_equal(discovery_start(&c->config, on_done, c, &c->d, &c->err), 0);
	for (int i = 0; i < 5000 && !c->done; i++) {
		if (loop_step(c->w.loop, 2) == 0)
			c->w.now += 100;
	}
	discovery_free(c->d);
	c->d = NULL;
	at_rest(c);
	assert_int_equal(c->done, 1);
}

static void the_kernel_carries_a_discovery(void **state)
{
	static const uint32_t order[] = { ISCSI_UEVENT_EP_CONNECT, ISCSI_UEVENT_EP_POLL, ISCSI_UEVENT_CREATE_BOUND_SESSION,
		ISCSI_UEVENT_CREATE_CONN, ISCSI_UEVENT_BIND_CONN, ISCSI_UEVENT_SET_PARAM, ISCSI_UEVENT_SEND_PDU,
		ISCSI_UEVENT_SET_PARAM, ISCSI_UEVENT_SET_PARAM, ISCSI_UEVENT_START_CONN, ISCSI_UEVENT_SEND_PDU,
		ISCSI_UEVENT_SEND_PDU, ISCSI_UEVENT_EP_DISCONNECT, ISCSI_UEVENT_STOP_CONN, ISCSI_UEVENT_DESTROY_CONN,
		ISCSI_UEVENT_DESTROY_SESSION };
	struct carried *c = set_up();

	(void)state;
	ask(c);
	assert_int_equal(c->result, 0);
	assert_string_equal(c->found, "iqn.2026-11.example:one 10.9.0.1:3260,1;");
	assert_int_equal(c->logouts, 1);
	assert_int_equal(fake_kernel_requests(c->fk), ARRAY_SIZE(order));
	for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
		struct iscsi_uevent ev;
		char *payload = NULL;
		size_t len;

		fake_kernel_request(c->fk, i, &ev, &payload, &len);
		x_free(payload);
		assert_int_equal(ev.type, order[i]);
	}
	nothing_left(c, 0);
	end(c);
}

/* No login PDU and no logout of ours; the connection's end is the logout. What the firmware negotiates by comes before the start. */
static void firmware_logs_in_for_a_discovery(void **state)
{
	struct carried *c = set_up_firmware();
	unsigned before_start = 0;
	bool secret = false, name = false, started = false;

	(void)state;
	assert_int_equal(record_set(c->record, FIELD_DISC_AUTHMETHOD, "CHAP", NULL), 0);
	assert_int_equal(record_set(c->record, FIELD_DISC_USERNAME, "me", NULL), 0);
	assert_int_equal(record_set(c->record, FIELD_DISC_PASSWORD, "secretsecret", NULL), 0);
	ask(c);
	assert_int_equal(c->result, 0);
	assert_string_equal(c->found, "iqn.2026-11.example:one 10.9.0.1:3260,1;");
	assert_int_equal(c->logins + c->logouts, 0);
	for (unsigned i = 0; i < fake_kernel_requests(c->fk); i++) {
		struct iscsi_uevent ev;
		uint32_t param;
		char *payload = NULL;
		size_t len;

		fake_kernel_request(c->fk, i, &ev, &payload, &len);
		memcpy(&param, ev.u.bytes + 8, sizeof(param));
		if (ev.type == ISCSI_UEVENT_START_CONN)
			started = true;
		if (ev.type == ISCSI_UEVENT_SET_PARAM && !started) {
			before_start++;
			secret |= param == ISCSI_PARAM_PASSWORD && strcmp(payload, "secretsecret") == 0;
			name |= param == ISCSI_PARAM_INITIATOR_NAME && strcmp(payload, "iqn.2026-11.example:me") == 0;
			if (param == ISCSI_PARAM_MAX_RECV_DLENGTH)
				assert_string_equal(payload, "8192"); /* the one buffer */
		}
		x_free(payload);
	}
	assert_true(before_start > 12 && secret && name);
	assert_int_equal(count(c, ISCSI_UEVENT_START_CONN), 1);
	nothing_left(c, 0);
	end(c);
}

static void firmware_is_not_asked_without_credentials(void **state)
{
	struct carried *c = set_up_firmware();

	(void)state;
	assert_int_equal(record_set(c->record, FIELD_DISC_AUTHMETHOD, "CHAP", NULL), 0);
	ask(c);
	assert_int_equal(c->err.code, MISCSI_ERR_LOGIN_AUTH_FAILED);
	assert_int_equal(count(c, ISCSI_UEVENT_START_CONN), 0);
	nothing_left(c, 0);
	end(c);
}

static void firmware_that_cannot_log_in_is_told_of(void **state)
{
	(void)state;
	for (int mute = 0; mute < 2; mute++) {
		struct carried *c = set_up_firmware();

		c->refused = !mute;
		c->silent = mute;
		ask(c);
		assert_true(c->result < 0);
		assert_non_null(
			strstr(c->err.text, mute ? "did not log in to portal 10.9.0.1 in time" : "the adapter could not log in"));
		nothing_left(c, 0);
		end(c);
	}
}

/* Each kind of request refused once: the discovery fails or does without, and what was made is unmade. */
static void any_request_may_fail(void **state)
{
	static const uint32_t kinds[] = { ISCSI_UEVENT_EP_CONNECT, ISCSI_UEVENT_EP_POLL, ISCSI_UEVENT_CREATE_BOUND_SESSION,
		ISCSI_UEVENT_CREATE_CONN, ISCSI_UEVENT_BIND_CONN, ISCSI_UEVENT_SEND_PDU, ISCSI_UEVENT_START_CONN,
		ISCSI_UEVENT_STOP_CONN, ISCSI_UEVENT_DESTROY_CONN };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct carried *c = set_up();
		bool fatal = kinds[i] != ISCSI_UEVENT_STOP_CONN && kinds[i] != ISCSI_UEVENT_DESTROY_CONN;

		c->silent = kinds[i] == ISCSI_UEVENT_SEND_PDU;
		fake_kernel_fault(c->fk, kinds[i], 1, FAKE_IF_ERROR, ENOMEM);
		ask(c);
		/* the text's answer may be heard before START_CONN's, which then is no matter any more */
		assert_true((c->result < 0) == fatal || kinds[i] == ISCSI_UEVENT_START_CONN);
		assert_int_equal(count(c, ISCSI_UEVENT_DESTROY_SESSION),
			count(c, ISCSI_UEVENT_CREATE_BOUND_SESSION) - (kinds[i] == ISCSI_UEVENT_CREATE_BOUND_SESSION));
		assert_int_equal(count(c, ISCSI_UEVENT_EP_DISCONNECT), kinds[i] != ISCSI_UEVENT_EP_CONNECT);
		end(c);
	}
}

static void a_target_that_hangs_up_or_is_mute_leaves_nothing(void **state)
{
	(void)state;
	for (int mute = 0; mute < 2; mute++) {
		struct carried *c = set_up();

		c->hangs_up = !mute;
		c->silent = mute;
		ask(c);
		assert_int_equal(c->err.code, mute ? MISCSI_ERR_PDU_TIMEOUT : MISCSI_ERR_TRANS);
		nothing_left(c, 0);
		end(c);
	}
}

/* Given up at any moment: nothing comes after, nothing stays. */
static void given_up_at_any_moment(void **state)
{
	(void)state;
	for (int steps = 0; steps < 120; steps++) {
		struct carried *c = steps % 2 ? set_up_firmware() : set_up();

		assert_int_equal(discovery_start(&c->config, on_done, c, &c->d, &c->err), 0);
		for (int i = 0; i < steps / 2 && !c->done; i++)
			loop_step(c->w.loop, 1);
		discovery_free(c->d);
		at_rest(c);
		nothing_left(c, 0);
		end(c);
	}
}

static void ask_for_path(struct carried *c, uint32_t host_no, const char *to)
{
	struct iscsi_uevent ev = { .type = ISCSI_KEVENT_PATH_REQ };
	struct iscsi_path asked = { .handle = 77, .ip_addr_len = 4 };

	memcpy(ev.r.bytes, &host_no, sizeof(host_no));
	inet_pton(AF_INET, to, asked.dst);
	fake_kernel_event(c->fk, 2, &ev, &asked, sizeof(asked));
}

/* As drivers do: the question comes before EP_CONNECT is answered. And questions of others'. */
static bool driver_asks(void *arg, struct iscsi_uevent *ev, const uint8_t *payload, size_t len)
{
	struct carried *c = arg;

	if (ev->type == ISCSI_UEVENT_EP_CONNECT_THROUGH_HOST) {
		ask_for_path(c, 3, "127.0.0.9");
		ask_for_path(c, 3, "127.0.0.10"); /* another command's connect */
		ask_for_path(c, 4, "127.0.0.9"); /* another driver's host */
		ask_for_path(c, 5, "127.0.0.9"); /* nobody's */
	}
	return target_sees(arg, ev, payload, len);
}

/* No daemon is there: it answers for itself, once, and for nobody else; and does not listen when it is over. */
static void paths_are_answered_while_nobody_else_does(void **state)
{
	struct carried *c = set_up();

	(void)state;
	fake_kernel_hook(c->fk, driver_asks, c);
	fake_sys_transport(&c->sys, "qedi");
	fake_sys_write(&c->sys, "qedi\n", "class/scsi_host/host3/proc_name");
	fake_sys_write(&c->sys, "bnx2i\n", "class/scsi_host/host4/proc_name");
	fake_sys_write(&c->sys, "x\n", "class/iscsi_host/host3/hwaddress");
	assert_int_equal(record_set(c->iface, FIELD_IFACE_TRANSPORT, "qedi", NULL), 0);
	c->config.host = "127.0.0.9";
	ask(c);
	assert_int_equal(c->result, 0);
	assert_int_equal(count(c, ISCSI_UEVENT_EP_CONNECT_THROUGH_HOST), 1);
	assert_int_equal(count(c, ISCSI_UEVENT_PATH_UPDATE), 1);
	ask_for_path(c, 3, "127.0.0.9");
	for (int i = 0; i < 50; i++)
		loop_step(c->w.loop, 1);
	assert_int_equal(count(c, ISCSI_UEVENT_PATH_UPDATE), 1);
	end(c);
}

static void who_cannot_listen_cannot_ask(void **state)
{
	struct carried *c = set_up();

	(void)state;
	fake_kernel_refuse_join(c->fk, EPERM);
	assert_true(discovery_start(&c->config, on_done, c, &c->d, &c->err) < 0);
	assert_int_equal(c->err.code, MISCSI_ERR_ACCESS);
	c->engine.kernel = NULL;
	assert_true(discovery_start(&c->config, on_done, c, &c->d, &c->err) < 0);
	assert_int_equal(c->err.code, MISCSI_ERR_TRANS_CAPS);
	end(c);
}

/* A thousand sessions that are restored together have one each. */
static void a_channel_of_a_socket_has_no_buffer_of_its_own(void **state)
{
	static const struct pdu_channel_events none = { .arg = NULL };
	struct pdu_channel *channel;
	struct loop *loop;
	int fd[2];
	size_t before;

	(void)state;
	assert_int_equal(loop_new(&loop), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	before = mallinfo2().uordblks;
	assert_int_equal(pdu_channel_socket_new(loop, fd[0], &none, &channel), 0);
	assert_true(mallinfo2().uordblks - before < 4096);
	channel->ops->free(channel);
	close(fd[1]);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_carries_a_discovery),
		cmocka_unit_test(firmware_logs_in_for_a_discovery),
		cmocka_unit_test(firmware_is_not_asked_without_credentials),
		cmocka_unit_test(firmware_that_cannot_log_in_is_told_of),
		cmocka_unit_test(any_request_may_fail),
		cmocka_unit_test(a_target_that_hangs_up_or_is_mute_leaves_nothing),
		cmocka_unit_test(given_up_at_any_moment),
		cmocka_unit_test(paths_are_answered_while_nobody_else_does),
		cmocka_unit_test(a_channel_of_a_socket_has_no_buffer_of_its_own),
		cmocka_unit_test(who_cannot_listen_cannot_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
