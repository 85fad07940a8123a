/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state directory of a plugin: made when it is needed, for this user alone, and otherwise missing, not dangerous. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "plugin-run.h"
#include "tempdir.h"
#include "tests/paths.h"
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tempdir dir;
static char state[300], own[320];

static int make_dir(void **unused)
{
	(void)unused;
	tempdir_make(&dir);
	snprintf(state, sizeof(state), "%s/run/plugins", dir.dir);
	snprintf(own, sizeof(own), "%s/null", state);
	return 0;
}

static int remove_dir(void **unused)
{
	(void)unused;
	tempdir_remove(&dir);
	return 0;
}

static void begin_program(struct plugin_fixture *w, const char *where)
{
	struct plugins_config config = { .dirs = BUILDDIR "/.libs", .state = where };

	plugin_fixture_make(w, "");
	assert_true(plugins_free(w->ps));
	config.loop = w->loop;
	config.log = &w->log;
	assert_int_equal(plugins_new(&config, &w->ps), 0);
}

/* The handle. */
static uint64_t connect_once(struct plugin_fixture *w)
{
	static const struct sockaddr to = { .sa_family = AF_INET };
	const struct miscsi_connect_args args = { .size = sizeof(args), .dst = &to, .dst_len = sizeof(to), .timeout_ms = 1000 };
	struct run r;

	transport_connect(must_find(w, "null"), run_begin(&r, MISCSI_NONE, NULL), &args);
	assert_int_equal(run_end(w, &r), 0);
	return r.op.binding.value;
}

/* The handle of one connect of transport null, by a program that begins and ends for it. where: NULL: it has no state directories. */
static uint64_t connect_anew(const char *where, const char *logged)
{
	struct plugin_fixture w;
	uint64_t handle;

	begin_program(&w, where);
	handle = connect_once(&w);
	if (logged && !strstr(w.lines, logged))
		fail_msg("'%s' was not logged: %s", logged, w.lines);
	assert_true(logged || !strstr(w.lines, "state directory"));
	plugin_fixture_free(&w);
	return handle;
}

static void it_outlives_the_program(void **unused)
{
	struct stat st;

	(void)unused;
	assert_int_equal(connect_anew(NULL, NULL), 1);
	assert_int_equal(connect_anew(NULL, NULL), 1);
	assert_int_equal(access(state, F_OK), -1);
	assert_int_equal(connect_anew(state, NULL), 1);
	assert_int_equal(connect_anew(state, NULL), 2);
	assert_int_equal(connect_anew(state, NULL), 3);
	assert_int_equal(stat(own, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

/* Loading and listing plugins makes none. */
static void it_is_made_when_it_is_asked_for(void **unused)
{
	struct plugin_fixture w;

	(void)unused;
	begin_program(&w, state);
	must_find(&w, "null");
	assert_true(plugins_served(w.ps) > 8);
	plugin_fixture_free(&w);
	assert_int_equal(access(state, F_OK), -1);
}

static void one_that_others_may_write_is_not_used(void **unused)
{
	char elsewhere[300];

	(void)unused;
	assert_int_equal(connect_anew(state, NULL), 1);
	assert_int_equal(chmod(own, 0720), 0);
	assert_int_equal(connect_anew(state, "must belong to user"), 1);
	assert_int_equal(chmod(own, 0750), 0); /* nor one that others may read */
	assert_int_equal(connect_anew(state, "and have the mode 0700"), 1);
	assert_int_equal(chmod(own, 0700), 0);
	assert_int_equal(chmod(state, 0777), 0);
	assert_int_equal(connect_anew(state, "may be written by every user: run chmod o-w on it"), 1);
	assert_int_equal(chmod(state, 0755), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(own, 1234, 0), 0);
		assert_int_equal(connect_anew(state, "must belong to user 0"), 1);
		assert_int_equal(chown(own, 0, 0), 0);
	}
	assert_int_equal(connect_anew(state, NULL), 2);
	/* a link of the same name, to a directory that would do */
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", dir.dir);
	assert_int_equal(rename(own, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, own), 0);
	assert_int_equal(connect_anew(state, "of the plugin cannot be opened"), 1);
}

static void without_it_the_plugin_works(void **unused)
{
	FILE *f;

	(void)unused;
	assert_int_equal(connect_anew("/proc/nowhere", "because /proc/nowhere/null cannot be made"), 1);
	assert_int_equal(mkdir(tempdir_path(&dir, "run"), 0755), 0);
	f = fopen(state, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(connect_anew(state, "works without its state directory, because"), 1);
	assert_int_equal(unlink(state), 0);
	assert_int_equal(mkdir(state, 0755), 0);
	f = fopen(own, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(connect_anew(state, "of the plugin cannot be opened"), 1);
}

static unsigned lines_with(const char *lines, const char *text)
{
	unsigned n = 0;

	while ((lines = strstr(lines, text))) {
		lines += strlen(text);
		n++;
	}
	return n;
}

/* A session that reconnects every few seconds must not fill the log. What is in the way may go all the same. */
static void each_reason_is_logged_once(void **unused)
{
	struct plugin_fixture w;
	FILE *f;

	(void)unused;
	assert_int_equal(mkdir(tempdir_path(&dir, "run"), 0755), 0);
	f = fopen(state, "w");
	assert_non_null(f);
	fclose(f);
	begin_program(&w, state);
	for (uint64_t i = 1; i <= 3; i++)
		assert_int_equal(connect_once(&w), i);
	assert_int_equal(lines_with(w.lines, "works without its state directory, because"), 1);
	assert_int_equal(unlink(state), 0);
	assert_int_equal(mkdir(state, 0755), 0);
	assert_int_equal(mkdir(own, 0750), 0);
	for (uint64_t i = 4; i <= 6; i++)
		assert_int_equal(connect_once(&w), i);
	assert_int_equal(lines_with(w.lines, "plugin null works without its state directory"), 1);
	assert_int_equal(chmod(own, 0700), 0);
	assert_int_equal(connect_once(&w), 7);
	plugin_fixture_free(&w);
	assert_int_equal(connect_anew(state, NULL), 8);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		T(it_outlives_the_program),
		T(it_is_made_when_it_is_asked_for),
		T(one_that_others_may_write_is_not_used),
		T(without_it_the_plugin_works),
		T(each_reason_is_logged_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
