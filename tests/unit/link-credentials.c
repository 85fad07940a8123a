/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets of a record: set in it, or in a file or a systemd credential that it names; read by a helper, whatever becomes of the file's disk. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/file.h"
#include "link/credentials.h"
#include "session-fixture.h"
#include "tempdir.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define SECONDS 1000u

/* Between the helper and the file: a disk that does not answer while `hangs` stands. Shared with the helpers. */
static struct {
	_Atomic bool hangs;
	_Atomic unsigned reads;
} * disk;
int __real_file_read(int dirfd, const char *path, size_t max, char **out, size_t *len);
int __wrap_file_read(int dirfd, const char *path, size_t max, char **out, size_t *len);

int __wrap_file_read(int dirfd, const char *path, size_t max, char **out, size_t *len)
{
	if (strstr(path, "/secret"))
		disk->reads++;
	while (strstr(path, "/secret") && disk->hangs)
		usleep(1000);
	return __real_file_read(dirfd, path, max, out, len);
}

/* A record with CHAP, a place for files, and what came of reading them. */
struct reading {
	struct tempdir dir;
	struct loop *loop;
	struct helper_pool *pool;
	struct record *r;
	struct credentials *read;
	unsigned done;
	int result;
	struct err err;
};

static void on_read(void *arg, int result, const struct err *err)
{
	struct reading *t = arg;

	t->done++;
	t->result = result;
	err_copy(&t->err, err);
}

static struct reading *set_up(void)
{
	struct reading *t = x_new(struct reading);

	disk->reads = 0;
	unsetenv("CREDENTIALS_DIRECTORY");
	tempdir_make(&t->dir);
	assert_int_equal(loop_new(&t->loop), 0);
	assert_int_equal(helper_pool_new(t->loop, NULL, &t->pool), 0);
	t->r = record_new(RECORD_SENDTARGETS);
	assert_int_equal(record_set(t->r, FIELD_DISC_AUTHMETHOD, "CHAP", NULL), 0);
	assert_int_equal(record_set(t->r, FIELD_DISC_USERNAME, "joe", NULL), 0);
	return t;
}

static void end(struct reading *t)
{
	credentials_free(&t->read);
	helper_pool_free(t->pool);
	loop_free(t->loop);
	record_free(t->r);
	tempdir_remove(&t->dir);
	x_free(t);
}

/* A record of a session does not change: what was read belongs to the settings before. */
static void set(struct reading *t, enum field_id id, const char *text)
{
	credentials_free(&t->read);
	assert_int_equal(record_set(t->r, id, text, NULL), 0);
}

static int begin(struct reading *t)
{
	err_clear(&t->err);
	t->done = 0;
	return credentials_read(t->pool, t->r, &credentials_of_discovery, on_read, t, &t->read, &t->err);
}

/* 0, or what reading the files ended with. */
static int read_files(struct reading *t)
{
	int rc = begin(t);

	if (rc < 0)
		return rc;
	assert_int_equal(t->done, 0);
	while (!t->done)
		loop_step(t->loop, 100);
	assert_int_equal(t->done, 1);
	return t->result;
}

static void has(const struct secret *s, const char *text)
{
	assert_int_equal(s->len, strlen(text));
	if (s->len)
		assert_memory_equal(s->bytes, text, s->len);
}

static void takes(struct reading *t, const char *secret, const char *secret_in)
{
	struct chap_config chap = { 0 };

	assert_int_equal(credentials_take(t->r, &credentials_of_discovery, t->read, &chap, &t->err), 0);
	assert_string_equal(chap.name, "joe");
	has(&chap.secret, secret);
	has(&chap.secret_in, secret_in);
	credentials_clear(&chap);
	assert_null(chap.secret.bytes);
}

static void secret_comes_from_its_setting_or_its_file(void **state)
{
	struct reading *t = set_up();

	(void)state;
	tempdir_put(&t->dir, "secret", "from a file\n");
	tempdir_put(&t->dir, "secret-in", "the target's\n\n");
	set(t, FIELD_DISC_PASSWORD_FILE, tempdir_path(&t->dir, "secret"));
	assert_int_equal(read_files(t), 0);
	takes(t, "from a file", ""); /* an editor's newline is no part of it */
	set(t, FIELD_DISC_PASSWORD_IN_FILE, tempdir_path(&t->dir, "secret-in"));
	assert_int_equal(read_files(t), 0);
	takes(t, "from a file", "the target's\n"); /* but one newline only */
	credentials_release(&t->read);
	assert_true(credentials_known(t->read)); /* kept for the next login */
	takes(t, "from a file", "the target's\n");

	tempdir_put(&t->dir, "secret", "changed"); /* each read reads anew */
	assert_int_equal(read_files(t), 0);
	takes(t, "changed", "the target's\n");

	set(t, FIELD_DISC_PASSWORD, "from the record");
	set(t, FIELD_DISC_PASSWORD_IN, "this one too");
	takes(t, "from the record", "this one too");
	end(t);
}

/* Each secret once, however often its file is read again. */
static void a_short_secret_in_a_file_is_named_once(void **state)
{
	struct reading *t = set_up();
	size_t len = 0;

	(void)state;
	assert_null(credentials_short(t->read, &len));
	tempdir_put(&t->dir, "secret", "elevenbytes\n");
	tempdir_put(&t->dir, "secret-in", "twelve bytes\n");
	set(t, FIELD_DISC_PASSWORD_FILE, tempdir_path(&t->dir, "secret"));
	set(t, FIELD_DISC_PASSWORD_IN_FILE, tempdir_path(&t->dir, "secret-in"));
	for (unsigned i = 0; i < 3; i++) {
		const char *path;

		if (i == 2)
			tempdir_put(&t->dir, "secret", "other");
		assert_int_equal(read_files(t), 0);
		path = credentials_short(t->read, &len);
		assert_int_equal(path != NULL, i != 1);
		if (path)
			assert_string_equal(path, tempdir_path(&t->dir, "secret"));
		assert_int_equal(len, i < 2 ? 11 : 5);
		assert_null(credentials_short(t->read, &len));
	}
	end(t);
}

static void nothing_is_read_where_no_file_is_needed(void **state)
{
	struct reading *t = set_up();

	(void)state;
	assert_false(credentials_in_files(t->r, &credentials_of_discovery));
	set(t, FIELD_DISC_PASSWORD_IN_FILE, "/nowhere/secret");
	assert_true(credentials_in_files(t->r, &credentials_of_discovery));
	set(t, FIELD_DISC_PASSWORD_IN, "here it is");
	assert_false(credentials_in_files(t->r, &credentials_of_discovery));
	set(t, FIELD_DISC_PASSWORD_FILE, "credential:secret");
	assert_true(credentials_in_files(t->r, &credentials_of_discovery));
	set(t, FIELD_DISC_AUTHMETHOD, "None");
	assert_false(credentials_in_files(t->r, &credentials_of_discovery));
	end(t);
}

static void a_credential_is_a_file_of_systemd(void **state)
{
	struct reading *t = set_up();

	(void)state;
	tempdir_put(&t->dir, "secret chap", "from systemd\n");
	set(t, FIELD_DISC_PASSWORD_FILE, "credential:secret chap");
	assert_int_equal(read_files(t), -EACCES);
	assert_int_equal(t->err.code, MISCSI_ERR_LOGIN_AUTH_FAILED);
	assert_string_equal(t->err.text,
		"cannot read credential:secret chap, since $CREDENTIALS_DIRECTORY is not set: start iscsiadm by a systemd unit "
		"with LoadCredential=secret chap");
	assert_int_equal(disk->reads, 0); /* and nothing below the working directory */

	setenv("CREDENTIALS_DIRECTORY", t->dir.dir, 1);
	assert_int_equal(read_files(t), 0);
	takes(t, "from systemd", "");
	set(t, FIELD_DISC_PASSWORD_FILE, "credential:secret");
	assert_int_equal(read_files(t), -ENOENT);
	assert_non_null(strstr(t->err.text, tempdir_path(&t->dir, "secret: No such file")));
	end(t);
}

static void a_file_without_a_secret_is_refused(void **state)
{
	static const struct {
		const char *name, *text;
		int result;
	} rows[] = {
		{ "secret-gone", "cannot read the CHAP secret from", -ENOENT },
		{ "secret-empty", "the file is empty", -EACCES },
		{ "secret-newline", "the file is empty", -EACCES },
		{ "secret-large", "the file is larger than 1024 bytes", -EACCES },
		{ "secret-fifo", "it is not a regular file", -EACCES },
		{ "secret-folder", "cannot read the CHAP secret from", -EISDIR },
	};
	struct reading *t = set_up();
	char large[1026];

	(void)state;
	tempdir_put(&t->dir, "secret-empty", "");
	tempdir_put(&t->dir, "secret-newline", "\n");
	memset(large, 'x', 1025);
	large[1025] = '\0';
	tempdir_put(&t->dir, "secret-large", large);
	assert_int_equal(mkfifo(tempdir_path(&t->dir, "secret-fifo"), 0600), 0);
	assert_int_equal(mkdir(tempdir_path(&t->dir, "secret-folder"), 0700), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		set(t, FIELD_DISC_PASSWORD_IN_FILE, tempdir_path(&t->dir, rows[i].name));
		assert_int_equal(read_files(t), rows[i].result);
		assert_int_equal(t->err.code, MISCSI_ERR_LOGIN_AUTH_FAILED);
		assert_non_null(strstr(t->err.text, rows[i].text));
		assert_non_null(strstr(t->err.text, rows[i].name));
	}
	large[1024] = '\0';
	tempdir_put(&t->dir, "secret-large", large);
	set(t, FIELD_DISC_PASSWORD_IN_FILE, tempdir_path(&t->dir, "secret-large"));
	assert_int_equal(read_files(t), 0);
	takes(t, "", large);
	end(t);
}

/* However often a login is tried again: one thread hangs, and the read is not begun twice. */
static void a_read_that_hangs_is_waited_for_again(void **state)
{
	struct reading *t = set_up();

	(void)state;
	tempdir_put(&t->dir, "secret", "late");
	set(t, FIELD_DISC_PASSWORD_FILE, tempdir_path(&t->dir, "secret"));
	disk->hangs = true;
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(begin(t), 0);
		while (!disk->reads)
			loop_step(t->loop, 1);
		credentials_release(&t->read);
	}
	assert_int_equal(disk->reads, 1);
	assert_int_equal(begin(t), 0);
	disk->hangs = false;
	while (!t->done)
		loop_step(t->loop, 100);
	assert_int_equal(t->done, 1);
	takes(t, "late", "");
	assert_int_equal(disk->reads, 1);

	credentials_free(&t->read);
	disk->hangs = true; /* it ends while nobody waits: what it read serves the next login */
	assert_int_equal(begin(t), 0);
	while (disk->reads < 2)
		loop_step(t->loop, 1);
	credentials_release(&t->read);
	assert_non_null(t->read);
	disk->hangs = false;
	while (helper_pending(t->pool))
		loop_step(t->loop, 100);
	assert_int_equal(t->done, 0);
	assert_true(credentials_known(t->read));
	takes(t, "late", "");

	disk->hangs = true; /* its owner goes */
	assert_int_equal(begin(t), 0);
	while (disk->reads < 3)
		loop_step(t->loop, 1);
	credentials_free(&t->read);
	assert_null(t->read);
	disk->hangs = false;
	end(t);
}

/* The disk with the files may be one that only this login brings back. */
static void refused_secrets_are_used_again_if_no_others_can_be_read(void **state)
{
	struct reading *t = set_up();

	(void)state;
	tempdir_put(&t->dir, "secret", "first");
	set(t, FIELD_DISC_PASSWORD_FILE, tempdir_path(&t->dir, "secret"));
	assert_int_equal(read_files(t), 0);
	credentials_doubt(t->read);
	assert_false(credentials_known(t->read));
	assert_int_equal(remove(tempdir_path(&t->dir, "secret")), 0);
	assert_int_equal(read_files(t), -ENOENT);
	credentials_release(&t->read);
	assert_false(credentials_known(t->read)); /* the file is tried again before each login */
	assert_true(credentials_usable(t->read));
	takes(t, "first", "");

	disk->hangs = true;
	tempdir_put(&t->dir, "secret", "second");
	assert_int_equal(begin(t), 0);
	credentials_release(&t->read);
	assert_true(credentials_usable(t->read));
	takes(t, "first", "");
	disk->hangs = false;
	assert_int_equal(read_files(t), 0);
	assert_true(credentials_known(t->read));
	takes(t, "second", "");
	end(t);
}

/* The kernel had one of two: that one is of its file all the same, and read again there; without the file it is used. */
static void a_secret_that_was_kept_alone_is_of_its_file(void **state)
{
	struct reading *t = set_up();

	(void)state;
	set(t, FIELD_DISC_PASSWORD_FILE, tempdir_path(&t->dir, "secret"));
	set(t, FIELD_DISC_PASSWORD_IN_FILE, tempdir_path(&t->dir, "secret-in"));
	set(t, FIELD_DISC_PASSWORD, "kept");
	credentials_inherit(t->r, &credentials_of_discovery, &t->read);
	assert_int_equal(record_secret(t->r, FIELD_DISC_PASSWORD)->len, 0);
	assert_true(credentials_in_files(t->r, &credentials_of_discovery));
	assert_false(credentials_usable(t->read));
	tempdir_put(&t->dir, "secret-in", "the target's");
	assert_int_equal(read_files(t), -ENOENT);
	assert_true(credentials_usable(t->read));
	takes(t, "kept", "the target's");
	tempdir_put(&t->dir, "secret", "changed");
	assert_int_equal(read_files(t), 0);
	assert_true(credentials_known(t->read));
	takes(t, "changed", "the target's");
	end(t);
}

static void no_memory_is_told_and_nothing_is_left(void **state)
{
	struct reading *t = set_up();
	unsigned long nth = 0;
	int rc;

	(void)state;
	tempdir_put(&t->dir, "secret", "some");
	set(t, FIELD_DISC_PASSWORD_FILE, "credential:secret");
	set(t, FIELD_DISC_PASSWORD_IN_FILE, "credential:secret");
	setenv("CREDENTIALS_DIRECTORY", t->dir.dir, 1);
	do {
		x_fail_at(++nth);
		rc = read_files(t);
		x_fail_at(0);
		if (rc < 0)
			assert_int_equal(t->err.code, MISCSI_ERR_NOMEM);
	} while (rc < 0);
	assert_true(nth > 3);
	takes(t, "some", "some");
	end(t);
}

/* ---- sessions ---- */

static struct record *node_with_file(const struct session_fixture *w, const char *file)
{
	struct record *node = fixture_node(w);

	assert_int_equal(record_set(node, FIELD_SESSION_AUTHMETHOD, "CHAP", NULL), 0);
	assert_int_equal(record_set(node, FIELD_SESSION_USERNAME, "joe", NULL), 0);
	assert_int_equal(record_set(node, FIELD_SESSION_PASSWORD_FILE, file, NULL), 0);
	return node;
}

static void no_secret_no_connection(void **state)
{
	static const char *const files[] = { "/nowhere/secret", "credential:secret" };
	struct session_fixture *w = *state;

	unsetenv("CREDENTIALS_DIRECTORY");
	for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
		struct record *node = node_with_file(w, files[i]);
		struct asked a;

		fixture_login(w, node, &a);
		fixture_until(w, &a.done, 1, 10, 1 * SECONDS); /* given up at once: it will not pass by itself */
		assert_int_equal(a.result.err.code, MISCSI_ERR_LOGIN_AUTH_FAILED);
		assert_non_null(strstr(a.text, i ? "start iscsid by a systemd unit with LoadCredential=secret" : files[i]));
		assert_int_equal(fixture_count(w, ISCSI_UEVENT_CREATE_SESSION), 0);
		record_free(node);
	}
}

/* Whether the kernel was told a secret. */
static bool kernel_knows(struct session_fixture *w, const char *secret)
{
	bool found = false;

	for (unsigned i = 0; i < fake_kernel_requests(w->fk); i++) {
		struct iscsi_uevent ev;
		char *payload;
		size_t len;

		fake_kernel_request(w->fk, i, &ev, &payload, &len);
		found |= ev.type == ISCSI_UEVENT_SET_PARAM && strcmp(payload, secret) == 0;
		x_free(payload);
	}
	return found;
}

static struct record *node_with_credential(struct session_fixture *w, const char *transport)
{
	struct record *node = node_with_file(w, "credential:secret");

	tempdir_put((struct tempdir *)w->dir, "secret", "from its file\n");
	setenv("CREDENTIALS_DIRECTORY", w->dir, 1);
	assert_int_equal(record_set(node, FIELD_IFACE_TRANSPORT, transport, NULL), 0);
	return node;
}

/* For the next iscsid, which may start when the file is on a disk that is lost. */
static void the_kernel_keeps_what_is_in_a_file(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = node_with_credential(w, "tcp");
	struct asked a;

	fixture_login(w, node, &a);
	fixture_run(w, 1 * SECONDS);
	assert_true(w->logins > 0);
	assert_true(kernel_knows(w, "from its file"));
	manager_forget(&a.request);
	record_free(node);
}

static void firmware_is_told_what_is_in_a_file_also_when_that_is_gone(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = node_with_credential(w, "null");
	unsigned before;
	struct asked a;

	fixture_login(w, node, &a);
	fixture_run(w, 1 * SECONDS);
	assert_true(kernel_knows(w, "from its file"));
	fixture_event(w, ISCSI_KEVENT_CONN_LOGIN_STATE, fixture_session(w)->conn.k.sid, 0, 3);
	fixture_until(w, &a.done, 1, 250, 10 * SECONDS);
	assert_int_equal(a.result.err.code, 0);
	record_free(node);

	/* it is lost, and so is the disk with its file */
	before = disk->reads;
	disk->hangs = true;
	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, fixture_session(w)->conn.k.sid, 0, ISCSI_ERR_CONN_FAILED);
	fixture_run(w, 5 * SECONDS);
	fixture_event(w, ISCSI_KEVENT_CONN_LOGIN_STATE, fixture_session(w)->conn.k.sid, 0, 3);
	fixture_reconnected(w, fixture_session(w)->conn.k.sid, 1, 250, 10 * SECONDS);
	assert_int_equal(disk->reads, before);
	disk->hangs = false;
}

/* Its file may have another one by now. */
static void a_refused_secret_is_read_again(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w), *own;
	struct asked a;

	tempdir_put((struct tempdir *)w->dir, "secret", "from its file\n");
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 250, 10 * SECONDS);
	own = fixture_session(w)->record;
	assert_int_equal(record_set(own, FIELD_SESSION_AUTHMETHOD, "CHAP", NULL), 0);
	assert_int_equal(record_set(own, FIELD_SESSION_USERNAME, "joe", NULL), 0);
	assert_int_equal(record_set(own, FIELD_SESSION_PASSWORD_FILE, tempdir_path((struct tempdir *)w->dir, "secret"), NULL), 0);
	w->status_class = 2;
	w->status_detail = 1;
	disk->reads = 0;
	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, fixture_session(w)->conn.k.sid, 0, ISCSI_ERR_CONN_FAILED);
	fixture_run(w, 5 * SECONDS);
	assert_int_equal(disk->reads, 1);
	for (unsigned i = 0; i < 240 && disk->reads < 2; i++)
		fixture_run(w, 1 * SECONDS);
	assert_int_equal(disk->reads, 2);
	record_free(node);
}

static void a_dead_disk_holds_up_nobody_else(void **state)
{
	struct session_fixture *w = *state;
	struct record *bound = node_with_file(w, "/dev/null/secret"), *free_one = fixture_node(w);
	uint64_t start = w->now;
	struct asked a, b, c;

	assert_int_equal(record_set(bound, FIELD_CONN_LOGIN_TIMEOUT, "5", NULL), 0);
	assert_int_equal(record_set(bound, FIELD_SESSION_INITIAL_LOGIN_RETRY_MAX, "3", NULL), 0);
	assert_int_equal(record_set(bound, FIELD_IFACE_NAME, "dead", NULL), 0);
	disk->reads = 0;
	disk->hangs = true;
	fixture_login(w, bound, &a);
	fixture_login(w, free_one, &b);
	fixture_until(w, &b.done, 1, 10, 4 * SECONDS);
	assert_int_equal(b.result.err.code, 0);
	assert_int_equal(a.done, 0);
	assert_int_equal(helper_running(w->helpers), 1);
	fixture_until(w, &a.done, 1, 1000, 30 * SECONDS);
	assert_int_equal(a.result.err.code, MISCSI_ERR_TRANS_TIMEOUT);
	assert_non_null(strstr(a.text, "could not read the file of the CHAP secret"));
	assert_in_range(w->now - start, 15 * SECONDS, 22 * SECONDS);
	assert_int_equal(disk->reads, 1);

	fixture_login(w, bound, &a); /* one that is ended meanwhile, and one that is there at the end */
	fixture_run(w, 1 * SECONDS);
	fixture_asked(&c);
	manager_logout_id(w->m, 3, false, &c.request);
	fixture_until(w, &c.done, 1, 100, 2 * SECONDS);
	assert_int_equal(c.result.err.code, 0);
	fixture_until(w, &a.done, 1, 100, 2 * SECONDS);
	assert_int_equal(a.result.err.code, MISCSI_ERR_SESSION_NOT_CONNECTED);
	fixture_login(w, bound, &a);
	fixture_run(w, 1 * SECONDS);
	manager_forget(&a.request);
	disk->hangs = false;
	record_free(bound);
	record_free(free_one);
}

/* A test that failed must not leave a read that nothing ends. */
static int teardown(void **state)
{
	disk->hangs = false;
	return fixture_teardown(state);
}

#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, teardown)

static void expect_auth(const char *username_in, const char *policy, enum login_auth want)
{
	static const struct {
		const struct credential_fields *fields;
		enum record_kind kind;
	} users[] = { { &credentials_of_session, RECORD_NODE }, { &credentials_of_discovery, RECORD_SENDTARGETS } };

	for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
		struct record *r = record_new(users[i].kind);

		assert_int_equal(credentials_auth(r, users[i].fields), LOGIN_AUTH_NONE);
		assert_int_equal(record_set(r, users[i].fields->authmethod, "CHAP", NULL), 0);
		assert_int_equal(record_set(r, users[i].fields->username_in, username_in, NULL), 0);
		assert_int_equal(record_set(r, users[i].fields->policy, policy, NULL), 0);
		assert_int_equal(credentials_auth(r, users[i].fields), want);
		record_free(r);
	}
}

/* As in 2.1.8; "require" is ours. */
static void one_way_chap_is_offered_and_mutual_chap_is_required(void **state)
{
	(void)state;
	expect_auth("", "offer", LOGIN_AUTH_CHAP_OR_NONE);
	expect_auth("", "require", LOGIN_AUTH_CHAP);
	expect_auth("target", "offer", LOGIN_AUTH_CHAP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_way_chap_is_offered_and_mutual_chap_is_required),
		cmocka_unit_test(secret_comes_from_its_setting_or_its_file),
		cmocka_unit_test(a_short_secret_in_a_file_is_named_once),
		cmocka_unit_test(nothing_is_read_where_no_file_is_needed),
		cmocka_unit_test(a_credential_is_a_file_of_systemd),
		cmocka_unit_test(a_file_without_a_secret_is_refused),
		cmocka_unit_test(a_read_that_hangs_is_waited_for_again),
		cmocka_unit_test(refused_secrets_are_used_again_if_no_others_can_be_read),
		cmocka_unit_test(a_secret_that_was_kept_alone_is_of_its_file),
		cmocka_unit_test(no_memory_is_told_and_nothing_is_left),
		T(no_secret_no_connection),
		T(the_kernel_keeps_what_is_in_a_file),
		T(firmware_is_told_what_is_in_a_file_also_when_that_is_gone),
		T(a_refused_secret_is_read_again),
		T(a_dead_disk_holds_up_nobody_else),
	};

	disk = mmap(NULL, sizeof(*disk), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (disk == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
