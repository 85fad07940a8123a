/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before a lost session is restored, the target is asked whether its units are those that they were: what follows from its answers. */
#include "config.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "session-fixture.h"
#include "base/mem.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEVICE "class/iscsi_session/session%u/device/target%u:0:0/%u:0:0:%u/%s"
#define LUNS 3
#define PAGE 44

/* How a unit answers an INQUIRY. */
enum answer {
	TELLS,
	TELLS_MORE, /* with one more name of its own */
	VENDOR_ONLY, /* as LIO does for a LUN that is not mapped */
	NOT_CONNECTED, /* peripheral qualifier 1 */
	NOT_THERE, /* peripheral qualifier 3, device type 1Fh */
	BUSY,
	NO_DATA,
	SILENT,
};

/* The target of the check, which the fixture's listener leads to. */
struct checked {
	struct session_fixture *w;
	uint8_t naa[LUNS]; /* the last byte of each unit's identity */
	enum answer answer[LUNS];
	unsigned answers; /* so many more, then all units tell; 0: for ever */
	uint16_t refuses; /* the login, with that status */
	uint32_t data_max; /* what the login declared */
	uint64_t due; /* of the connection's timer at the end of the check */
	bool hangs_up; /* at the first command */
	bool no_logout; /* no answer to it */
	unsigned logins, commands, logouts, seen; /* seen: connections */
	char log[4096];
};

static void note(void *arg, enum log_level level, const char *module, const char *text)
{
	struct checked *t = arg;

	(void)module;
	if (strstr(text, "CHECKING --CHECKED-->"))
		t->due = fixture_session(t->w)->conn.timer.due - t->w->now;
	if (level <= LOG_LEVEL_WARN)
		strncat(t->log, text, sizeof(t->log) - strlen(t->log) - 1);
}

/* Its name, and LIO's vendor ID with the model and the serial number. */
static void page_of(uint8_t naa, uint8_t page[PAGE])
{
	static const uint8_t head[PAGE] = { 0, 0x83, 0, PAGE - 4, 1, 3, 0, 16, 0x60, 1, 0x40, 5, [24] = 2, 1, 0, 16, 'L', 'I',
		'O', '-', 'O', 'R', 'G', ' ', 'd', 'i', 's', 'k', ':', '0', '0', '0' };

	memcpy(page, head, sizeof(head));
	page[23] = naa;
	page[PAGE - 1] = (uint8_t)('0' + naa);
}

/* Returns the length of the page 83h. */
static size_t answer_page(enum answer answer, uint8_t naa, uint8_t page[2 * PAGE])
{
	static const uint8_t more[] = { 1, 3, 0, 8, 0x50, 1, 0x40, 5, 0, 0, 0, 9 }, vendor[] = "\x02\x01\x00\x08LIO-ORG ";

	page_of(naa, page);
	if (answer == TELLS)
		return PAGE;
	if (answer == TELLS_MORE) {
		memcpy(page + PAGE, more, sizeof(more));
		page[3] = PAGE - 4 + sizeof(more);
		return PAGE + sizeof(more);
	}
	page[0] = answer == NOT_CONNECTED ? 0x20 : answer == NOT_THERE ? 0x7f : 0;
	page[3] = sizeof(vendor) - 1;
	memcpy(page + 4, vendor, sizeof(vendor) - 1);
	return 4 + sizeof(vendor) - 1;
}

static void put_device(struct checked *t, uint32_t sid, uint32_t host, unsigned lun)
{
	struct session_fixture *w = t->w;
	uint8_t page[PAGE];
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

/* False: no answer. */
static bool answer_command(struct checked *t, const uint8_t *bhs, uint8_t page[2 * PAGE], struct iscsi_pdu *pdu)
{
	static const uint8_t no_serial[] = { 0, 0x80, 0, 0 };
	enum answer answer = t->answer[bhs[9]];

	t->commands++;
	if (answer != TELLS && t->answers && --t->answers == 0)
		memset(t->answer, TELLS, sizeof(t->answer));
	if (answer == BUSY || answer == NO_DATA)
		*pdu = target_pdu(ISCSI_OP_SCSI_RSP, 0x80, NULL, 0);
	else if (bhs[34] == 0x80)
		*pdu = target_pdu(ISCSI_OP_DATA_IN, 0x81, no_serial, sizeof(no_serial));
	else
		*pdu = target_pdu(ISCSI_OP_DATA_IN, 0x81, page, answer_page(answer, t->naa[bhs[9]], page));
	pdu->bhs[3] = answer == BUSY ? 8 : 0;
	return answer != SILENT;
}

static void note_login(struct checked *t, const uint8_t *text, size_t len)
{
	static const char key[] = "MaxRecvDataSegmentLength=";
	const char *found = memmem(text, len, key, sizeof(key) - 1);

	t->logins++;
	if (found)
		t->data_max = (uint32_t)strtoul(found + sizeof(key) - 1, NULL, 10);
}

/* One PDU, if one has come. */
static void serve(struct checked *t, int *fd)
{
	uint8_t bhs[ISCSI_BHS_SIZE], rest[2048], page[2 * PAGE];
	struct iscsi_pdu pdu;
	size_t len;

	if (*fd <= 0 || recv(*fd, bhs, sizeof(bhs), MSG_DONTWAIT) != sizeof(bhs))
		return;
	len = (pdu_data_length(bhs) + 3u) & ~3u;
	assert_true(len < sizeof(rest) && (!len || recv(*fd, rest, len, MSG_WAITALL) == (ssize_t)len));
	switch (bhs[0] & 0x3f) {
	case ISCSI_OP_LOGIN:
		note_login(t, rest, len);
		pdu = t->refuses ? target_status((uint8_t)(t->refuses >> 8), (uint8_t)t->refuses, NO_TEXT) :
				   target_login(TARGET_TO_FFP, 1, TEXT("TargetPortalGroupTag=1"));
		break;
	case ISCSI_OP_SCSI_CMD:
		if (t->hangs_up) {
			close(*fd);
			*fd = 0;
			return;
		}
		if (!answer_command(t, bhs, page, &pdu))
			return;
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

static void lose(struct checked *t, uint32_t sid)
{
	fixture_event(t->w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_CONN_FAILED);
}

/* Runs until the lost session is up again; false: it is not, after ms of its clock. */
static bool is_back(struct checked *t, uint32_t sid, uint64_t ms)
{
	struct session_fixture *w = t->w;
	unsigned before = fixture_shown(w, sid).reconnects;

	for (uint64_t end = w->now + ms; w->now < end && fixture_shown(w, sid).reconnects == before;) {
		fixture_run(w, 20);
		for (unsigned i = 0; i < ARRAY_SIZE(w->accepted); i++)
			serve(t, &w->accepted[i]);
	}
	return fixture_shown(w, sid).reconnects > before;
}

static bool comes_back(struct checked *t, uint32_t sid, uint64_t ms)
{
	lose(t, sid);
	return is_back(t, sid, ms);
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
	w->log = (struct log){ .level = LOG_LEVEL_DEBUG, .write = note, .arg = t };
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
	assert_null(strstr(t.log, "other disks in their places"));
}

static bool notes_that_a_disk_was_replaced(const struct session_fixture *w, uint32_t sid)
{
	char path[128], text[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/session%u", w->dir, sid);
	f = fopen(path, "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return strstr(text, "\n# session.replaced = Yes\n");
}

/* Before the kernel's connection is started, since that resumes what waits for the device. */
static void other_units_are_removed_before_the_start(void **state)
{
	struct session_fixture *w = *state;
	struct checked t;
	uint32_t sid = begin(&t, w), host = fixture_session(w)->conn.k.host_no;
	unsigned started = fixture_count(w, ISCSI_UEVENT_START_CONN);
	struct asked rescan;

	t.naa[0] = 7;
	t.naa[2] = 8;
	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_CONN_FAILED);
	assert_false(notes_that_a_disk_was_replaced(w, sid));
	while (!deleted(&t, sid, host, 0) || !deleted(&t, sid, host, 2)) {
		if (deleted(&t, sid, host, 0)) /* the next iscsid knows as early */
			assert_true(notes_that_a_disk_was_replaced(w, sid));
		assert_int_equal(fixture_count(w, ISCSI_UEVENT_START_CONN), started);
		fixture_run(w, 5);
		for (unsigned i = 0; i < ARRAY_SIZE(w->accepted); i++)
			serve(&t, &w->accepted[i]);
	}
	fixture_reconnected(w, sid, 1, 20, 3000);
	assert_false(deleted(&t, sid, host, 1));
	assert_non_null(strstr(t.log,
		"iscsid removed 2 of the devices before their I/O resumed, because the target now has other disks in their "
		"places"));
	assert_non_null(strstr(t.log,
		"(LUN 0) was the device naa.60014005000000000000000000000001, and now is naa.60014005000000000000000000000007"));
	fixture_asked(&rescan);
	manager_rescan(w->m, sid, &rescan.request);
	fixture_until(w, &rescan.done, 1, 1, 5000);
	assert_false(notes_that_a_disk_was_replaced(w, sid)); /* what is there now was asked for */
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

	t.refuses = 0x0201;
	assert_false(comes_back(&t, sid, 4000));
	assert_int_equal(t.logins, 1);
	assert_int_equal(w->logins, 1);
	t.refuses = 0;
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
	assert_non_null(strstr(t.log, "checks the devices after their I/O has resumed"));
	fixture_run(w, 5000);
	t.hangs_up = false;
	assert_true(comes_back(&t, sid, 8000));
	assert_int_equal(t.logins, 4);
}

/* A LUN without a unit, and an array that starts, answer as well: nothing of that says that the disk is another. */
static void a_unit_that_is_not_there_is_not_another(void **state)
{
	struct session_fixture *w = *state;
	struct checked t;
	uint32_t sid = begin(&t, w), host = fixture_session(w)->conn.k.host_no;

	for (enum answer answer = TELLS_MORE; answer <= NO_DATA; answer++) {
		*t.log = '\0';
		t.answer[0] = answer;
		assert_int_equal(comes_back(&t, sid, 8000), answer == TELLS_MORE);
		assert_false(deleted(&t, sid, host, 0));
		assert_null(strstr(t.log, "other disks in their places"));
		assert_true(answer == TELLS_MORE || strstr(t.log, "does not identify a device (LUN 0, before: naa.6001"));
		t.answer[0] = TELLS;
		assert_true(answer == TELLS_MORE || is_back(&t, sid, 8000));
		assert_null(strstr(t.log, "times in a row"));
		fixture_run(w, 5000);
	}
}

/* As a unit does that is not ready yet. */
static void a_unit_that_is_busy_is_asked_again(void **state)
{
	struct session_fixture *w = *state;
	struct checked t;
	uint32_t sid = begin(&t, w), host = fixture_session(w)->conn.k.host_no;

	t.answer[1] = BUSY;
	t.answers = 4; /* two pages, twice */
	t.naa[1] = 7;
	assert_true(comes_back(&t, sid, 8000));
	assert_int_equal(t.logins, 1);
	assert_true(deleted(&t, sid, host, 1));
	assert_false(deleted(&t, sid, host, 0));
}

static void a_unit_that_never_tells_is_used_after_three_times(void **state)
{
	struct session_fixture *w = *state;
	struct checked t;
	uint32_t sid = begin(&t, w), host = fixture_session(w)->conn.k.host_no;

	t.answer[0] = BUSY;
	assert_true(comes_back(&t, sid, 30000));
	assert_int_equal(t.logins, 3);
	assert_non_null(strstr(t.log,
		"iscsid failed 3 times in a row to check that the devices are the same as before: the target does not identify a "
		"device (LUN 0"));
	assert_false(deleted(&t, sid, host, 0));
}

static void a_unit_that_hangs_keeps_no_other_from_its_check(void **state)
{
	struct session_fixture *w = *state;
	struct checked t;
	uint32_t sid = begin(&t, w), host = fixture_session(w)->conn.k.host_no;

	t.answer[0] = SILENT;
	t.naa[2] = 7;
	assert_false(comes_back(&t, sid, 13000));
	assert_int_equal(t.logouts, 1);
	assert_true(deleted(&t, sid, host, 2));
	assert_false(deleted(&t, sid, host, 0));
	assert_true(is_back(&t, sid, 30000));
}

/* The count that ends the checks is of checks: what the target says before is of every login. */
static void refusals_do_not_end_the_checks(void **state)
{
	struct session_fixture *w = *state;
	struct checked t;
	uint32_t sid = begin(&t, w), host = fixture_session(w)->conn.k.host_no;

	t.refuses = 0x0203; /* the target is being made again */
	lose(&t, sid);
	while (t.logins < 4)
		assert_false(is_back(&t, sid, 500));
	t.refuses = 0;
	t.naa[0] = 7;
	assert_true(is_back(&t, sid, 10000));
	assert_true(deleted(&t, sid, host, 0));
	assert_null(strstr(t.log, "times in a row"));
}

static void a_refusal_of_the_keys_ends_the_checks(void **state)
{
	struct session_fixture *w = *state;
	struct checked t;
	uint32_t sid = begin(&t, w);

	t.refuses = 0x0200;
	assert_true(comes_back(&t, sid, 30000));
	assert_int_equal(t.logins, 3);
}

/* What ran without a check and failed says that the target was away longer: it may have come back as another. */
static void an_attempt_without_a_check_that_fails_is_followed_by_checks(void **state)
{
	struct session_fixture *w = *state;
	struct checked t;
	uint32_t sid = begin(&t, w), host = fixture_session(w)->conn.k.host_no;

	t.hangs_up = true;
	w->status_class = 3;
	lose(&t, sid);
	while (w->logins == 1)
		assert_false(is_back(&t, sid, 500));
	assert_int_equal(t.logins, 3);
	w->status_class = 0;
	t.hangs_up = false;
	t.naa[0] = 7;
	assert_true(is_back(&t, sid, 10000));
	assert_true(deleted(&t, sid, host, 0));
}

/* A target that has one place, and needs time to free it, would refuse each login that follows a check. */
static void a_target_that_refuses_what_follows_a_check_is_used_without(void **state)
{
	struct session_fixture *w = *state;
	struct checked t;
	uint32_t sid = begin(&t, w);

	w->status_class = 3;
	w->status_detail = 2;
	lose(&t, sid);
	while (t.logins < 3 || w->logins < 4)
		assert_false(is_back(&t, sid, 500));
	w->status_class = w->status_detail = 0;
	assert_true(is_back(&t, sid, 10000));
	assert_int_equal(t.logins, 3);
}

/* The file of a device whose removal waits: for the flush of its cache, or for a scan of its host that waits for the session itself. */
static void hold_removal(struct checked *t, uint32_t sid, uint32_t host, unsigned lun)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/" DEVICE, t->w->sys.dir, sid, host, host, lun, "delete");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void a_removal_that_hangs_is_enough_once_the_device_is_deleted(void **state)
{
	struct session_fixture *w = *state;
	struct checked t;
	uint32_t sid = begin(&t, w), host = fixture_session(w)->conn.k.host_no;

	t.naa[0] = 7;
	hold_removal(&t, sid, host, 0);
	assert_false(comes_back(&t, sid, 12000));
	assert_non_null(strstr(t.log, "did not remove the old device within 5 s"));
	fake_sys_write(&w->sys, "deleted\n", DEVICE, sid, host, host, 0, "state");
	assert_true(is_back(&t, sid, 15000));
	assert_non_null(strstr(t.log, "iscsid removed 1 of the devices before their I/O resumed"));
}

/* The connect that follows a removal has the time of a login, not what is left of the removal's. */
static void a_removal_leaves_the_login_its_time(void **state)
{
	struct session_fixture *w = *state;
	struct checked t;
	uint32_t sid = begin(&t, w);

	t.naa[0] = 7;
	assert_true(comes_back(&t, sid, 8000));
	assert_true(t.due > 10000);
}

static void a_page_is_all_that_the_check_takes(void **state)
{
	struct session_fixture *w = *state;
	struct checked t;
	uint32_t sid = begin(&t, w);

	assert_true(comes_back(&t, sid, 8000));
	assert_int_equal(t.data_max, 65536);
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

#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_same_units_are_asked_once_and_used),
		T(other_units_are_removed_before_the_start),
		T(a_logout_without_an_answer_costs_a_second),
		T(a_refusal_is_one_login),
		T(a_target_that_cannot_be_asked_is_used_after_three_times),
		T(a_unit_that_is_not_there_is_not_another),
		T(a_unit_that_is_busy_is_asked_again),
		T(a_unit_that_never_tells_is_used_after_three_times),
		T(a_unit_that_hangs_keeps_no_other_from_its_check),
		T(refusals_do_not_end_the_checks),
		T(a_refusal_of_the_keys_ends_the_checks),
		T(an_attempt_without_a_check_that_fails_is_followed_by_checks),
		T(a_target_that_refuses_what_follows_a_check_is_used_without),
		T(a_removal_that_hangs_is_enough_once_the_device_is_deleted),
		T(a_removal_leaves_the_login_its_time),
		T(a_page_is_all_that_the_check_takes),
		T(a_logout_ends_the_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
