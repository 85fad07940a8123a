/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SendTargets discovery over real sockets against a portal in the same loop; time is the test's own. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/worker.h"
#include "fake-portal.h"
#include "plugin-fixture.h"
#include "record/record.h"
#include "discovery/discovery_private.h"
#include "tests/paths.h"

#define ANSWER \
	"TargetName=iqn.2026-11.com.example:one\nTargetAddress=127.0.0.1:3260,1\nTargetAddress=[fe80::1]:3261,2\n" \
	"TargetName=iqn.2026-11.com.example:two\n"

struct asking {
	struct plugin_fixture w;
	struct fake_portal target;
	struct engine engine;
	struct discovery_config config;
	struct discovery *d;
	struct record *record, *iface;
	struct worker_pool *workers;
	struct helper_pool *helpers;
	char found[4096]; /* "NAME HOST:PORT,TPGT;" … "again;" */
	char messages[4096];
	unsigned targets;
	int stop; /* found() gives this */
	int done, result;
	struct err err;
};

static uint64_t now_of(void *arg)
{
	return ((struct asking *)arg)->w.now;
}

static int on_found(void *arg, const char *target, const struct portal *portal)
{
	struct asking *a = arg;
	char text[PORTAL_TEXT_MAX];
	size_t len = strlen(a->found);

	a->targets++;
	snprintf(a->found + len, sizeof(a->found) - len, "%s %s;", strrchr(target, ':') + 1,
		portal_format(text, sizeof(text), portal, true));
	return a->stop;
}

static void on_again(void *arg)
{
	struct asking *a = arg;

	strcat(a->found, "again;");
}

static void on_message(void *arg, const char *text)
{
	struct asking *a = arg;
	size_t len = strlen(a->messages);

	snprintf(a->messages + len, sizeof(a->messages) - len, "%s\n", text);
}

static void on_done(void *arg, int result, const struct err *err)
{
	struct asking *a = arg;

	a->done++;
	a->result = result;
	err_copy(&a->err, err);
}

static struct asking *set_up(void)
{
	struct asking *a = x_new(struct asking);

	assert_non_null(a);
	plugin_fixture_make(&a->w, BUILDDIR "/.libs");
	a->w.now = 1000;
	loop_set_clock(a->w.loop, now_of, a);
	fake_open(&a->target, a->w.loop);
	a->target.answer = ANSWER;
	a->record = record_new(RECORD_SENDTARGETS);
	a->iface = record_new(RECORD_IFACE);
	assert_int_equal(worker_pool_new(a->w.loop, 1, &a->workers), 0);
	assert_int_equal(helper_pool_new(a->w.loop, NULL, &a->helpers), 0);
	a->engine = (struct engine){
		.loop = a->w.loop, .log = &a->w.log, .plugins = a->w.ps, .workers = a->workers, .helpers = a->helpers
	};
	a->config = (struct discovery_config){ .engine = &a->engine,
		.record = a->record,
		.iface = a->iface,
		.host = "127.0.0.1",
		.port = a->target.port,
		.initiator_name = "iqn.2026-11.com.example:me",
		.found = on_found,
		.again = on_again,
		.message = on_message,
		.arg = a };
	return a;
}

static void end(struct asking *a)
{
	discovery_free(a->d);
	fake_end(&a->target);
	worker_pool_free(a->workers);
	helper_pool_free(a->helpers);
	record_free(a->record);
	record_free(a->iface);
	plugin_fixture_free(&a->w);
	x_free(a);
}

static void set(struct asking *a, enum field_id id, const char *text)
{
	assert_int_equal(
		record_set(id == FIELD_IFACE_NETDEV || id == FIELD_IFACE_IPADDRESS ? a->iface : a->record, id, text, NULL), 0);
}

/* Steps through sockets' events as they come, and through time when none come; gives the seconds that passed. */
static unsigned ask(struct asking *a)
{
	uint64_t began = a->w.now;

	assert_int_equal(discovery_start(&a->config, on_done, a, &a->d, NULL), 0);
	assert_int_equal(a->done, 0);
	for (int i = 0; i < 20000 && !a->done; i++) {
		if (loop_step(a->w.loop, 5) == 0)
			a->w.now += 250;
	}
	loop_step(a->w.loop, 0);
	assert_int_equal(a->done, 1);
	return (unsigned)((a->w.now - began) / 1000);
}

static void discovery_tells_targets_and_portals(void **state)
{
	struct asking *a = set_up();
	char want[256];

	(void)state;
	ask(a);
	assert_int_equal(a->result, 0);
	assert_int_equal(a->err.code, MISCSI_ERR_OK);
	snprintf(want, sizeof(want), "one 127.0.0.1:3260,1;one [fe80::1]:3261,2;two 127.0.0.1:%u,-1;", a->target.port);
	assert_string_equal(a->found, want);
	assert_string_equal(a->messages, "");
	assert_int_equal(a->target.connections, 1);
	assert_int_equal(a->target.logouts, 1);
	end(a);
}

static void discovery_takes_an_answer_in_many_pdus(void **state)
{
	struct asking *a = set_up();

	(void)state;
	a->target.parts = 20;
	ask(a);
	assert_int_equal(a->result, 0);
	assert_int_equal(a->targets, 3);
	assert_true(a->target.questions > 10);
	end(a);
}

static void discovery_of_nothing_is_no_failure(void **state)
{
	struct asking *a = set_up();

	(void)state;
	a->target.answer = "";
	ask(a);
	assert_int_equal(a->result, 0);
	assert_int_equal(a->targets, 0);
	end(a);
}

/* What scripts match, and how often: oracle fake-disc 042 and 043. */
static void discovery_refused_tries_again(void **state)
{
	static const char *const reopen_max[] = { "0", "5" };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct asking *a = set_up();
		char want[1024] = "";
		unsigned seconds, tries = (unsigned)atoi(reopen_max[i]) + 1;
		int fd = a->target.listening.fd;

		set(a, FIELD_DISC_REOPEN_MAX, reopen_max[i]);
		assert_int_equal(shutdown(fd, SHUT_RDWR), 0); /* nobody listens there any more */
		loop_fd_del(a->w.loop, &a->target.listening);
		seconds = ask(a);
		for (unsigned k = 0; k < tries; k++)
			strcat(want, "cannot make connection to 127.0.0.1: Connection refused\n");
		sprintf(want + strlen(want), "connection login retries (reopen_max) %u exceeded\n", tries - 1);
		assert_string_equal(a->messages, want);
		assert_int_equal(a->err.code, MISCSI_ERR_TRANS);
		assert_in_range(seconds, tries - 1, tries);
		a->target.listening.fd = fd;
		end(a);
	}
}

static void discovery_does_not_retry_what_stays_wrong(void **state)
{
	struct asking *a = set_up();

	(void)state;
	a->target.status = 0x0201;
	assert_int_equal(ask(a), 0);
	assert_int_equal(a->err.code, MISCSI_ERR_LOGIN_AUTH_FAILED);
	assert_int_equal(a->target.connections, 1);
	assert_string_not_equal(a->messages, "");
	assert_null(strstr(a->messages, "reopen_max"));
	end(a);
}

static void discovery_retries_what_may_pass(void **state)
{
	struct asking *a = set_up();

	(void)state;
	a->target.status = 0x0301; /* service unavailable */
	a->target.fail_logins = 2;
	assert_in_range(ask(a), 2, 3);
	assert_int_equal(a->result, 0);
	assert_int_equal(a->targets, 3);
	assert_int_equal(a->target.connections, 3);
	end(a);
}

static void discovery_follows_a_redirect_but_not_for_ever(void **state)
{
	struct asking *a = set_up();
	struct fake_portal second;

	(void)state;
	fake_open(&second, a->w.loop);
	second.answer = "TargetName=iqn.2026-11.com.example:moved\nTargetAddress=127.0.0.1:3260,1\n";
	a->target.status = 0x0101;
	a->target.redirect = second.port;
	ask(a);
	assert_int_equal(a->result, 0);
	assert_string_equal(a->found, "moved 127.0.0.1:3260,1;");
	assert_int_equal(second.connections, 1);
	discovery_free(a->d);

	a->done = 0;
	second.status = 0x0101;
	second.redirect = a->target.port;
	set(a, FIELD_DISC_REOPEN_MAX, "0");
	ask(a);
	assert_int_equal(a->err.code, MISCSI_ERR_LOGIN);
	assert_non_null(strstr(a->messages, "redirected the login more than 16 times, last to "));
	assert_int_equal(a->target.connections + second.connections, 2 + DIAL_REDIRECTS_MAX + 1);
	fake_end(&second);
	end(a);
}

static void discovery_waits_no_longer_than_its_timeouts(void **state)
{
	struct asking *a = set_up();

	(void)state;
	set(a, FIELD_DISC_REOPEN_MAX, "0");
	a->target.mute_login = true;
	assert_in_range(ask(a), 15, 16);
	assert_int_equal(a->err.code, MISCSI_ERR_PDU_TIMEOUT);
	discovery_free(a->d);

	a->done = 0;
	a->target.mute_login = false;
	a->target.mute_answer = true;
	assert_in_range(ask(a), 30, 31);
	assert_int_equal(a->err.code, MISCSI_ERR_PDU_TIMEOUT);
	discovery_free(a->d);

	a->done = 0;
	a->target.mute_answer = false;
	a->target.mute_logout = true;
	assert_in_range(ask(a), 1, 2);
	assert_int_equal(a->result, 0);
	end(a);
}

static void discovery_survives_what_a_target_breaks_off(void **state)
{
	struct asking *a = set_up();

	(void)state;
	set(a, FIELD_DISC_REOPEN_MAX, "1");
	a->target.hang_up = true;
	ask(a);
	assert_int_equal(a->err.code, MISCSI_ERR_TRANS);
	assert_int_equal(a->target.connections, 2);
	assert_non_null(strstr(a->messages, "the target closed the connection (its log may have the reason)\n"));
	discovery_free(a->d);

	a->done = 0;
	a->target.hang_up = false;
	a->target.cut_answer = true;
	ask(a);
	assert_non_null(strstr(a->messages, "in the middle of a PDU"));
	assert_int_equal(a->target.connections, 4);
	end(a);
}

/* Each attempt begins anew: what an attempt that failed had found is taken back. */
static void discovery_takes_back_what_a_failed_attempt_found(void **state)
{
	struct asking *a = set_up();

	(void)state;
	set(a, FIELD_DISC_REOPEN_MAX, "1");
	set(a, FIELD_DISC_ACTIVE_TIMEOUT, "1");
	a->target.endless = true;
	a->target.answer = "TargetName=iqn.2026-11.com.example:x\nTargetAddress=127.0.0.1:1,1\n";
	a->stop = 0;
	assert_int_equal(discovery_start(&a->config, on_done, a, &a->d, NULL), 0);
	for (int i = 0; i < 500 && a->targets < 3; i++)
		loop_step(a->w.loop, 5);
	assert_true(a->targets >= 3);
	fake_close(&a->target);
	a->target.endless = false;
	for (int i = 0; i < 500 && !a->done; i++) {
		if (loop_step(a->w.loop, 5) == 0)
			a->w.now += 250;
	}
	assert_int_equal(a->result, 0);
	assert_non_null(strstr(a->found, "again;x 127.0.0.1:1,1;"));
	assert_string_equal(strstr(a->found, "again;"), "again;x 127.0.0.1:1,1;");
	end(a);
}

/* A target that goes on for ever, without a pause that a timeout could take. */
static void discovery_of_an_endless_answer_ends(void **state)
{
	struct asking *a = set_up();
	uint64_t began = a->w.now;

	(void)state;
	set(a, FIELD_DISC_REOPEN_MAX, "0");
	a->target.endless = true;
	a->target.answer = "X-com.example.noise=1\n";
	assert_int_equal(discovery_start(&a->config, on_done, a, &a->d, NULL), 0);
	for (int i = 0; i < 20000 && !a->done; i++) {
		loop_step(a->w.loop, 5);
		a->w.now += 500;
	}
	assert_int_equal(a->done, 1);
	assert_true(a->result < 0);
	assert_in_range(a->w.now - began, 1000, 310000);
	end(a);
}

static void discovery_stops_when_its_caller_says_so(void **state)
{
	struct asking *a = set_up();

	(void)state;
	a->stop = -E2BIG;
	ask(a);
	assert_int_equal(a->result, -E2BIG);
	assert_int_equal(a->targets, 1);
	assert_int_equal(a->target.connections, 1);
	end(a);
}

static void discovery_may_be_freed_at_any_time(void **state)
{
	struct asking *a = set_up();

	(void)state;
	for (int steps = 0; steps < 16; steps++) {
		assert_int_equal(discovery_start(&a->config, on_done, a, &a->d, NULL), 0);
		for (int i = 0; i < steps && !a->done; i++)
			loop_step(a->w.loop, 5);
		discovery_free(a->d);
		a->d = NULL;
		a->done = 0;
		for (int i = 0; i < 3; i++)
			loop_step(a->w.loop, 0);
		assert_int_equal(a->done, 0);
	}
	end(a);
}

static void discovery_names_what_its_iface_lacks(void **state)
{
	struct asking *a = set_up();
	struct err err = ERR_INIT;

	(void)state;
	set(a, FIELD_DISC_REOPEN_MAX, "0");
	set(a, FIELD_IFACE_NETDEV, "nosuchdev0");
	ask(a);
	assert_non_null(
		strstr(a->messages, "cannot make connection to 127.0.0.1: there is no network device 'nosuchdev0': correct"));
	discovery_free(a->d);
	a->d = NULL;

	assert_int_equal(record_set(a->iface, FIELD_IFACE_TRANSPORT, "nosuch", NULL), 0);
	assert_int_equal(discovery_start(&a->config, on_done, a, &a->d, &err), -ENODEV);
	assert_int_equal(err.code, MISCSI_ERR_TRANS_NOT_FOUND);
	assert_non_null(strstr(err.text, "miscsi-plugin-nosuch"));
	assert_non_null(strstr(err.text, BUILDDIR "/.libs"));
	end(a);
}

/* Not from iscsid.conf, whose settings are for nodes. A wrong one is logged. */
static void settings_of_plugins_come_from_the_iface(void **state)
{
	struct asking *a = set_up();
	struct transport_op op = { .settings = NULL };

	(void)state;
	assert_int_equal(record_set_key(a->iface, "plugin.null.fail", "connect", NULL), 0);
	assert_int_equal(record_set_key(a->iface, "plugin.tcp.port", "1", NULL), 0);
	assert_int_equal(record_set(a->iface, FIELD_IFACE_NAME, "blue", NULL), 0);
	ask(a);
	discovery_op(a->d, &op);
	assert_string_equal(op.setting(op.settings, "plugin.null.fail"), "connect");
	assert_null(op.setting(op.settings, "plugin.null.reason"));
	assert_non_null(strstr(
		a->w.lines, "blue: plugin.tcp.port is not a setting of plugin tcp, which has none; the line has no effect"));
	assert_null(strstr(a->w.lines, "blue: plugin.null"));
	end(a);
}

static void discovery_of_a_name_that_is_none(void **state)
{
	struct asking *a = set_up();

	(void)state;
	a->config.host = "no-such-host.invalid";
	assert_int_equal(discovery_start(&a->config, on_done, a, &a->d, NULL), 0);
	for (int i = 0; i < 6000 && !a->done; i++)
		loop_step(a->w.loop, 5);
	assert_int_equal(a->done, 1);
	assert_int_equal(a->err.code, MISCSI_ERR_TRANS);
	assert_non_null(strstr(a->messages, "cannot resolve the host name no-such-host.invalid"));
	assert_null(strstr(a->messages, "exceeded"));
	end(a);
}

static void every_state_and_event_is_listed_or_ends_it(void **state)
{
	const struct fsm *m = &discovery_machine;

	(void)state;
	for (uint8_t s = 0; s < m->n_states; s++) {
		bool reached = s == DISC_IDLE, ended = s == DISC_IDLE || s == DISC_WAITING || s == DISC_ENDED;

		for (unsigned i = 0; i < m->n_rows; i++) {
			reached |= m->rows[i].next == s;
			ended |= (m->rows[i].states & FSM_IN(s)) && m->rows[i].event == DISC_EV_FAILED && !m->rows[i].guard;
		}
		assert_true(reached);
		assert_true(ended); /* the event that stands in for an unlisted one always has a row */
	}
}

static int hang(const void *request, size_t len, void *answer, size_t *answer_len)
{
	(void)request, (void)len, (void)answer, (void)answer_len;
	while (pause())
		;
	return 0;
}

/* Before anything is connected, and once for all attempts: a secret that cannot be had, or not in time, ends the discovery. */
static void discovery_reads_its_secret_first(void **state)
{
	struct helper_job dead[HELPER_KEY_JOBS] = { 0 }; /* the file's share of helpers */
	struct asking *a = set_up();

	(void)state;
	set(a, FIELD_DISC_AUTHMETHOD, "CHAP");
	set(a, FIELD_DISC_USERNAME, "me");
	set(a, FIELD_DISC_PASSWORD_FILE, "/nowhere/secret");
	assert_int_equal(ask(a), 0);
	assert_int_equal(a->err.code, MISCSI_ERR_LOGIN_AUTH_FAILED);
	assert_string_equal(a->messages, "cannot read the CHAP secret from /nowhere/secret: No such file or directory\n");
	discovery_free(a->d);

	a->done = 0;
	for (unsigned i = 0; i < HELPER_KEY_JOBS; i++) {
		dead[i] = (struct helper_job){ .run = hang, .key = helper_key("/nowhere/secret") };
		assert_int_equal(helper_submit(a->helpers, &dead[i], "", 0), 0);
	}
	assert_in_range(ask(a), 15, 16);
	assert_int_equal(a->err.code, MISCSI_ERR_TRANS_TIMEOUT);
	assert_int_equal(a->target.connections, 0);
	discovery_free(a->d);
	for (unsigned i = 0; i < HELPER_KEY_JOBS; i++)
		helper_cancel(&dead[i]);

	a->done = 0;
	unsetenv("CREDENTIALS_DIRECTORY");
	set(a, FIELD_DISC_PASSWORD_FILE, "credential:passwd");
	ask(a);
	assert_non_null(strstr(a->err.text, "start iscsiadm by a systemd unit with LoadCredential=passwd"));
	discovery_free(a->d);

	a->done = 0;
	set(a, FIELD_DISC_PASSWORD_FILE, "/proc/sys/kernel/random/boot_id");
	a->target.mute_login = true;
	set(a, FIELD_DISC_REOPEN_MAX, "2");
	ask(a);
	assert_int_equal(a->err.code, MISCSI_ERR_PDU_TIMEOUT);
	assert_int_equal(a->target.logins, 3);
	end(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(discovery_tells_targets_and_portals),
		cmocka_unit_test(discovery_takes_an_answer_in_many_pdus),
		cmocka_unit_test(discovery_of_nothing_is_no_failure),
		cmocka_unit_test(discovery_refused_tries_again),
		cmocka_unit_test(discovery_does_not_retry_what_stays_wrong),
		cmocka_unit_test(discovery_retries_what_may_pass),
		cmocka_unit_test(discovery_follows_a_redirect_but_not_for_ever),
		cmocka_unit_test(discovery_waits_no_longer_than_its_timeouts),
		cmocka_unit_test(discovery_survives_what_a_target_breaks_off),
		cmocka_unit_test(discovery_takes_back_what_a_failed_attempt_found),
		cmocka_unit_test(discovery_of_an_endless_answer_ends),
		cmocka_unit_test(discovery_stops_when_its_caller_says_so),
		cmocka_unit_test(discovery_may_be_freed_at_any_time),
		cmocka_unit_test(discovery_names_what_its_iface_lacks),
		cmocka_unit_test(settings_of_plugins_come_from_the_iface),
		cmocka_unit_test(discovery_of_a_name_that_is_none),
		cmocka_unit_test(discovery_reads_its_secret_first),
		cmocka_unit_test(every_state_and_event_is_listed_or_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
