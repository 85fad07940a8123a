/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the helpers of standing discoveries write, called in this process. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/helper.h"
#include "daemon/standing_work.h"
#include "standing-base.h"
#include <stdalign.h>
#include <stdlib.h>

static struct standing_request request_of(const struct base *b)
{
	struct standing_request r = { .kind = RECORD_SENDTARGETS, .from = 3260, .whole = true, .address = ADDRESS };

	snprintf(r.home, sizeof(r.home), "%s", b->dir.dir);
	snprintf(r.conf, sizeof(r.conf), "%s/iscsid.conf", b->dir.dir);
	snprintf(r.path, sizeof(r.path), "%s/found", b->dir.dir);
	snprintf(r.socket, sizeof(r.socket), "%s/nobody", b->dir.dir);
	return r;
}

static struct standing_report work(int (*run)(const void *, size_t, void *, size_t *), const struct standing_request *r, int want)
{
	struct standing_report report;
	size_t len = 0;

	assert_int_equal(run(r, sizeof(*r), &report, &len), want);
	assert_int_equal(len, sizeof(report));
	return report;
}

static void new_lines_become_records_once(void **state)
{
	struct base *b = *state;
	struct standing_request r = request_of(b);
	struct standing_report report;

	put_record(b, "# BEGIN RECORD 2.1.8\n# END RECORD\n", ADDRESS ",3260");
	tempdir_put(&b->dir, "found.new", "default " T1 " 10.0.0.1 3260 1\ndefault " T2 " fe80::1 3261 -1\n");
	report = work(standing_keep, &r, 0);
	assert_int_equal(report.added, 2);
	assert_string_equal(report.warning, "");
	assert_int_equal(records_of(b, T1), 1);
	assert_int_equal(records_of(b, T2), 1);
	/* one that the administrator has deleted stays away, as long as nothing changes for it */
	assert_int_equal(db_node_delete(b->db, &(struct db_filter){ .target = T1, .tpgt = DB_TPGT_ANY }, NULL, NULL, NULL), 0);
	tempdir_put(&b->dir, "found.new", "default " T1 " 10.0.0.1 3260 1\ndefault " T2 " 10.0.0.2 3260 1\n");
	report = work(standing_keep, &r, 0);
	assert_int_equal(report.added, 1);
	assert_int_equal(report.gone, 1);
	assert_int_equal(records_of(b, T1), 0);
	assert_int_equal(records_of(b, T2), 2); /* the record of the portal that is gone stays */
}

static void what_an_iface_did_not_answer_for_is_not_gone(void **state)
{
	struct base *b = *state;
	struct standing_request r = request_of(b);

	put_record(b, "# BEGIN RECORD 2.1.8\n# END RECORD\n", ADDRESS ",3260");
	tempdir_put(&b->dir, "found.new", "default " T2 " 10.0.0.1 3260 1\n");
	work(standing_keep, &r, 0);
	tempdir_put(&b->dir, "found", "other " T1 " 10.0.0.1 3260 1\n");
	tempdir_put(&b->dir, "found.new", "default " T1 " 10.0.0.1 3260 1\n");
	r.whole = false;
	assert_int_equal(work(standing_keep, &r, 0).gone, 0);
	assert_string_equal(content(b, "found"), "default " T1 " 10.0.0.1 3260 1\nother " T1 " 10.0.0.1 3260 1\n");
}

static void a_deleted_record_gets_no_nodes(void **state)
{
	struct base *b = *state;
	struct standing_request r = request_of(b);

	tempdir_put(&b->dir, "found.new", "default " T1 " 10.0.0.1 3260 1\n");
	assert_true(work(standing_keep, &r, 0).deleted);
	assert_int_equal(records_of(b, T1), 0);
}

/* Without a daemon each login fails, and is to be tried again; a manual record needs none. */
static void only_automatic_records_get_logins(void **state)
{
	struct base *b = *state;
	struct standing_request r = request_of(b);
	struct standing_report report;

	put_record(b, "# BEGIN RECORD 2.1.8\n# END RECORD\n", ADDRESS ",3260");
	tempdir_put(&b->dir, "found.new", "default " T1 " 10.0.0.1 3260 1\n");
	work(standing_keep, &r, 0);
	tempdir_put(&b->dir, "iscsid.conf", "node.startup = automatic\n");
	tempdir_put(&b->dir, "found.new", "default " T1 " 10.0.0.1 3260 1\ndefault " T2 " 10.0.0.1 3260 1\n");
	work(standing_keep, &r, 0);
	report = work(standing_sessions, &r, 0);
	assert_int_equal(report.failed, 1);
	assert_non_null(strstr(report.warning, T2));
	assert_string_equal(content(b, "found.done"), "default " T1 " 10.0.0.1 3260 1\n");
}

/* Lines that are not ours, and a file that is longer than any of ours. */
static void files_that_are_not_ours_do_no_harm(void **state)
{
	struct base *b = *state;
	struct standing_request r = request_of(b);
	char *much = malloc(3 << 20);

	put_record(b, "# BEGIN RECORD 2.1.8\n# END RECORD\n", ADDRESS ",3260");
	tempdir_put(&b->dir, "found.new", "\n\n  \nx\ndefault ../../etc 10.0.0.1 3260 1\nnosuch " T1 " 10.0.0.1 3260 1\n");
	assert_int_not_equal(standing_keep(&r, sizeof(r), &(struct standing_report){ 0 }, &(size_t){ 0 }), 0);
	tempdir_put(&b->dir, "found.new", "\n\n  \nx\ndefault\n");
	assert_int_equal(work(standing_keep, &r, 0).added, 0);
	memset(much, 'a', 3 << 20);
	much[(3 << 20) - 1] = '\0';
	tempdir_put(&b->dir, "found.new", much);
	assert_int_not_equal(standing_keep(&r, sizeof(r), &(struct standing_report){ 0 }, &(size_t){ 0 }), 0);
	free(much);
}

static void the_list_has_the_records_that_say_so(void **state)
{
	struct base *b = *state;
	struct standing_request r = request_of(b);
	static alignas(16) uint8_t answer[HELPER_BYTES_MAX];
	struct standing_page *page = (void *)answer;
	size_t len, seen = 0;

	for (unsigned i = 0; i < 40; i++) {
		char name[64];

		snprintf(name, sizeof(name), "10.0.0.%u,3260", i);
		put_record(
			b, i % 4 ? "# BEGIN RECORD 2.1.8\ndiscovery.sendtargets.use_discoveryd = Yes\n# END RECORD\n" : "", name);
	}
	r.from = 0;
	do {
		assert_int_equal(standing_list(&r, sizeof(r), answer, &len), 0);
		assert_true(len <= sizeof(answer) && page->n > 0 && (!page->next || page->next > r.from));
		seen += page->n;
		r.from = page->next;
	} while (page->next);
	assert_int_equal(seen, 30);
}

/* A list that is not there is not an empty one: nothing is written, forgotten or logged out of. */
static void a_missing_list_is_not_an_empty_one(void **state)
{
	struct base *b = *state;
	struct standing_request r = request_of(b);
	struct standing_report report;
	size_t len;

	put_record(b, "# BEGIN RECORD 2.1.8\ndiscovery.logout_gone = Yes\n# END RECORD\n", ADDRESS ",3260");
	tempdir_put(&b->dir, "found", "default " T1 " 10.0.0.1 3260 1\n");
	assert_int_not_equal(standing_keep(&r, sizeof(r), &report, &len), 0);
	assert_non_null(strstr(report.err.text, "found.new"));
	assert_string_equal(content(b, "found"), "default " T1 " 10.0.0.1 3260 1\n");
	tempdir_put(&b->dir, "found.done", "default " T1 " 10.0.0.1 3260 1\n");
	unlink(tempdir_path(&b->dir, "found"));
	assert_int_not_equal(standing_sessions(&r, sizeof(r), &report, &len), 0);
	assert_string_equal(content(b, "found.done"), "default " T1 " 10.0.0.1 3260 1\n");
}

/* Its nodes were deleted with it, so that it begins anew, whatever an earlier one of the same portal found. */
static void a_discovery_that_was_made_again_begins_anew(void **state)
{
	struct base *b = *state;
	struct standing_request r = request_of(b);

	put_record(b, "# BEGIN RECORD 2.1.8\n# END RECORD\n", ADDRESS ",3260");
	tempdir_put(&b->dir, "found", "default " T1 " 10.0.0.1 3260 1\n");
	tempdir_put(&b->dir, "found.done", "default " T1 " 10.0.0.1 3260 1\n");
	tempdir_put(&b->dir, "found.new", "default " T1 " 10.0.0.1 3260 1\n");
	assert_int_equal(work(standing_keep, &r, 0).added, 1);
	assert_int_equal(records_of(b, T1), 1);
	assert_null(content(b, "found.done"));
}

static void put_portals(struct base *b, unsigned net, unsigned n)
{
	char text[4096] = "";

	for (unsigned i = 1; i <= n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "default " T1 " 10.0.%u.%u 3260 1\n", net, i);
	tempdir_put(&b->dir, "found.new", text);
}

/* A server that reports others each time cannot fill the disk. */
static void records_of_a_discovery_are_limited(void **state)
{
	struct base *b = *state;
	struct standing_request r = request_of(b);
	struct standing_report report;
	size_t len;

	put_record(b, "# BEGIN RECORD 2.1.8\ndiscovery.max_targets = 2\n# END RECORD\n", ADDRESS ",3260");
	put_portals(b, 1, 10);
	assert_int_equal(work(standing_keep, &r, 0).added, 10);
	put_portals(b, 2, 10);
	assert_int_equal(work(standing_keep, &r, 0).added, 10);
	put_portals(b, 3, 10);
	assert_int_not_equal(standing_keep(&r, sizeof(r), &report, &len), 0);
	assert_non_null(strstr(report.err.text, "discovery.max_targets"));
	assert_int_equal(records_of(b, T1), 20);
	put_portals(b, 2, 9); /* nothing is new */
	assert_int_equal(work(standing_keep, &r, 0).added, 0);
	put_record(b, "# BEGIN RECORD 2.1.8\ndiscovery.max_targets = 3\n# END RECORD\n", ADDRESS ",3260");
	put_portals(b, 3, 10);
	assert_int_equal(work(standing_keep, &r, 0).added, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_base(new_lines_become_records_once),
		in_base(what_an_iface_did_not_answer_for_is_not_gone),
		in_base(a_deleted_record_gets_no_nodes),
		in_base(only_automatic_records_get_logins),
		in_base(files_that_are_not_ours_do_no_harm),
		in_base(the_list_has_the_records_that_say_so),
		in_base(a_missing_list_is_not_an_empty_one),
		in_base(a_discovery_that_was_made_again_begins_anew),
		in_base(records_of_a_discovery_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
