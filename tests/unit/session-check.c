/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before a lost session is restored, the target is asked whether its units are those that they were: what follows from its answers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "session-fixture.h"
#include "base/mem.h"
#include <errno.h>
#include <string.h>

#define DEVICE "class/iscsi_session/session%u/device/target%u:0:0/%u:0:0:%u/%s"
#define LUNS 3

/* The target of the check, which the fixture's listener leads to. */
struct checked {
	struct session_fixture *w;
	uint8_t naa[LUNS]; /* the last byte of each unit's identity */
	bool refuses; /* the login */
	bool hangs_up; /* at the first command */
	bool no_logout; /* no answer to it */
	unsigned logins, commands, logouts, seen; /* seen: connections */
	char log[4096];
};

static void note(void *arg, enum log_level level, const char *module, const char *text)
{
	struct checked *t = arg;

	(void)level;
	(void)module;
	strncat(t->log, text, sizeof(t->log) - strlen(t->log) - 1);
}

static void page_of(uint8_t naa, uint8_t page[24])
{
	static const uint8_t head[24] = { 0, 0x83, 0, 20, 1, 3, 0, 16, 0x60, 1, 0x40, 5 };

	memcpy(page, head, sizeof(head));
	page[23] = naa;
}

static void put_device(struct checked *t, uint32_t sid, uint32_t host, unsigned lun)
{
	struct session_fixture *w = t->w;
	uint8_t page[24];
	char path[256];
	FILE *f;

	fake_sys_write(&w->sys, "running\n", DEVICE, sid, host, host, lun, "state");
	fake_sys_write(&w->sys, "", DEVICE, sid, host, host, lun, "delete");
	snprintf(path, sizeof(path), "%s/" DEVICE, w->sys.dir, sid, host, host, lun, "vpd_pg83");
	page_of((uint8_t)(lun + 1), page);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(page, sizeof(page), 1, f), 1);
	fclose(f);
}

static bool deleted(struct checked *t, uint32_t sid, uint32_t host, unsigned lun)
{
	char text[8] = "";

	sysfs_read(&t->w->sys.sysfs, text, sizeof(text), DEVICE, sid, host, host, lun, "delete");
	return *text == '1';
}

static void reply(int fd, struct iscsi_pdu *pdu, const uint8_t *request)
{
	struct iovec iov[3];

	memcpy(pdu->bhs + 16, request + 16, 4);
	target_put32(pdu->bhs + 28, 1);
	target_put32(pdu->bhs + 32, 1000);
	assert_true(writev(fd, iov, pdu_iov(pdu, iov)) > 0);
}

/* One PDU, if one has come. */
static void serve(struct checked *t, int *fd)
{
	uint8_t bhs[ISCSI_BHS_SIZE], rest[2048], page[24];
	struct iscsi_pdu pdu;
	size_t len;

	if (*fd <= 0 || recv(*fd, bhs, sizeof(bhs), MSG_DONTWAIT) != sizeof(bhs))
		return;
	len = (pdu_data_length(bhs) + 3u) & ~3u;
	assert_true(len < sizeof(rest) && (!len || recv(*fd, rest, len, MSG_WAITALL) == (ssize_t)len));
	switch (bhs[0] & 0x3f) {
	case ISCSI_OP_LOGIN:
		t->logins++;
		pdu = t->refuses ? target_status(2, 1, NO_TEXT) : target_login(TARGET_TO_FFP, 1, TEXT("TargetPortalGroupTag=1"));
		break;
	case ISCSI_OP_SCSI_CMD:
		t->commands++;
		if (t->hangs_up) {
			close(*fd);
			*fd = 0;
			return;
		}
		page_of(t->naa[bhs[9]], page);
		pdu = target_pdu(ISCSI_OP_DATA_IN, 0x81, page, sizeof(page));
		break;
	default:
		assert_int_equal(bhs[0] & 0x3f, ISCSI_OP_LOGOUT);
		t->logouts++;
		pdu = target_pdu(ISCSI_OP_LOGOUT_RSP, 0x80, NULL, 0);
		if (t->no_logout)
			return;
	}
	reply(*fd, &pdu, bhs);
}

/* Runs until the session is up again; false: it is not, after ms of its clock. */
static bool comes_back(struct checked *t, uint32_t sid, uint64_t ms)
{
	struct session_fixture *w = t->w;
	unsigned before = fixture_shown(w, sid).reconnects;

	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_CONN_FAILED);
	for (uint64_t end = w->now + ms; w->now < end && fixture_shown(w, sid).reconnects == before;) {
		fixture_run(w, 20);
		for (unsigned i = 0; i < ARRAY_SIZE(w->accepted); i++)
			serve(t, &w->accepted[i]);
	}
	return fixture_shown(w, sid).reconnects > before;
}

static uint32_t begin(struct checked *t, struct session_fixture *w)
{
	struct record *node = fixture_node(w);
	struct asked a;
	uint32_t host;

	*t = (struct checked){ .w = w, .naa = { 1, 2, 3 } };
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 0, 0);
	record_free(node);
	assert_int_equal(a.result.err.code, 0);
	host = fixture_session(w)->conn.k.host_no;
	for (unsigned lun = 0; lun < LUNS; lun++)
		put_device(t, a.result.sid, host, lun);
	w->log = (struct log){ .level = LOG_LEVEL_WARN, .write = note, .arg = t };
	fixture_run(w, 5000);
	return a.result.sid;
}

static void the_same_units_are_asked_once_and_used(void **state)
{
	struct session_fixture *w = *state;
	struct checked t;
	uint32_t sid = begin(&t, w), host = fixture_session(w)->conn.k.host_no;

	assert_true(comes_back(&t, sid, 8000));
	assert_int_equal(t.logins, 1);
	assert_int_equal(t.commands, LUNS);
	assert_int_equal(t.logouts, 1);
	assert_int_equal(w->logins, 2); /* the kernel's: the first one, and that of the recovery */
	for (unsigned lun = 0; lun < LUNS; lun++)
		assert_false(deleted(&t, sid, host, lun));
	assert_null(strstr(t.log, "others than before"));
}

/* Before the kernel's connection is started, since that resumes what waits for the device. */
static void other_units_are_removed_before_the_start(void **state)
{
	struct session_fixture *w = *state;
	struct checked t;
	uint32_t sid = begin(&t, w), host = fixture_session(w)->conn.k.host_no;
	unsigned started = fixture_count(w, ISCSI_UEVENT_START_CONN);

	t.naa[0] = 7;
	t.naa[2] = 8;
	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_CONN_FAILED);
	while (!deleted(&t, sid, host, 0) || !deleted(&t, sid, host, 2)) {
		assert_int_equal(fixture_count(w, ISCSI_UEVENT_START_CONN), started);
		fixture_run(w, 5);
		for (unsigned i = 0; i < ARRAY_SIZE(w->accepted); i++)
			serve(&t, &w->accepted[i]);
	}
	fixture_reconnected(w, sid, 1, 20, 3000);
	assert_false(deleted(&t, sid, host, 1));
	assert_non_null(strstr(t.log, "2 of its devices are others than before"));
	assert_non_null(
		strstr(t.log, "(LUN 0) was naa.60014005000000000000000000000001, is naa.60014005000000000000000000000007"));
}

static void a_logout_without_an_answer_costs_a_second(void **state)
{
	struct session_fixture *w = *state;
	struct checked t;
	uint32_t sid = begin(&t, w);

	t.no_logout = true;
	assert_true(comes_back(&t, sid, 9000));
	assert_int_equal(t.logouts, 1);
}

/* Targets lock accounts: the kernel's login does not follow the refused one. */
static void a_refusal_is_one_login(void **state)
{
	struct session_fixture *w = *state;
	struct checked t;
	uint32_t sid = begin(&t, w);

	t.refuses = true;
	assert_false(comes_back(&t, sid, 4000));
	assert_int_equal(t.logins, 1);
	assert_int_equal(w->logins, 1);
	t.refuses = false;
	assert_true(comes_back(&t, sid, 10000));
}

/* It must not lose its session by that. */
static void a_target_that_cannot_be_asked_is_used_after_three_times(void **state)
{
	struct session_fixture *w = *state;
	struct checked t;
	uint32_t sid = begin(&t, w);

	t.hangs_up = true;
	assert_true(comes_back(&t, sid, 30000));
	assert_int_equal(t.logins, 3);
	assert_non_null(strstr(t.log, "checks it only after the kernel has resumed their I/O"));
	fixture_run(w, 5000);
	t.hangs_up = false;
	assert_true(comes_back(&t, sid, 8000));
	assert_int_equal(t.logins, 4);
}

static void a_logout_ends_the_check(void **state)
{
	struct session_fixture *w = *state;
	struct checked t;
	uint32_t sid = begin(&t, w);
	struct asked a;

	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_CONN_FAILED);
	fixture_run(w, 2500);
	assert_string_equal(fixture_shown(w, sid).connection, "CHECKING");
	fixture_logout(w, sid, &a);
	fixture_until(w, &a.done, 1, 20, 5000);
	assert_int_equal(a.result.err.code, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_same_units_are_asked_once_and_used, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(other_units_are_removed_before_the_start, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_logout_without_an_answer_costs_a_second, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_refusal_is_one_login, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			a_target_that_cannot_be_asked_is_used_after_three_times, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_logout_ends_the_check, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
