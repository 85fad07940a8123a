/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The database: what lies where, what is found, and what cannot get out of it. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "record-db.h"
#include <errno.h>
#include <sys/stat.h>

static void a_node_lies_where_open_iscsi_looks(void **state)
{
	struct base *b = *state;
	char text[PATH_MAX];
	struct stat st;
	bool made = false;

	add_node(b, T1, "192.0.2.10", 1, "default", &made);
	assert_true(made);
	assert_true(base_has(b, "nodes/" T1 "/192.0.2.10,3260,1/default"));
	assert_int_equal(stat(tempdir_path(&b->dir, "nodes/" T1 "/192.0.2.10,3260,1/default"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(tempdir_path(&b->dir, "nodes/" T1 "/192.0.2.10,3260,1"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	/* Links are absolute, and lead to the portal's directory. */
	assert_true(readlink(tempdir_path(&b->dir, "static/" T1 ",192.0.2.10,3260,1,default"), text, sizeof(text)) > 0);
	assert_memory_equal(text, b->dir.dir, strlen(b->dir.dir));
	add_node(b, T1, "192.0.2.10", 1, "default", &made);
	assert_false(made);
}

static void an_unknown_portal_group_makes_the_portal_a_file(void **state)
{
	struct base *b = *state;

	add_node(b, T1, "2001:db8::10", RECORD_TPGT_UNKNOWN, "iface0", NULL);
	assert_true(base_has(b, "nodes/" T1 "/2001:db8::10,3260"));
	assert_false(base_has(b, "static"));
	/* A second iface must not write over the first. */
	add_node(b, T1, "2001:db8::10", RECORD_TPGT_UNKNOWN, "iface1", NULL);
	assert_int_equal(count_nodes(b, T1, NULL, DB_TPGT_ANY, NULL), 2);
	assert_int_equal(count_nodes(b, T1, NULL, DB_TPGT_ANY, "iface0"), 1);
	assert_int_equal(count_nodes(b, T1, NULL, DB_TPGT_ANY, "iface1"), 1);
}

static void learning_the_portal_group_moves_the_record(void **state)
{
	struct base *b = *state;
	struct record *r = make_node(T1, "192.0.2.10", 1, "default");
	struct record_list l = { 0 };

	add_node(b, T1, "192.0.2.10", RECORD_TPGT_UNKNOWN, "default", NULL);
	assert_int_equal(set_nodes(b, T1, FIELD_NODE_STARTUP, "automatic"), 0);
	assert_int_equal(db_node_add(b->db, r, DB_ADD_MERGE, NULL, &b->err), 0);
	assert_false(base_has(b, "nodes/" T1 "/192.0.2.10,3260"));
	assert_true(base_has(b, "nodes/" T1 "/192.0.2.10,3260,1/default"));
	list_nodes(b, T1, NULL, DB_TPGT_ANY, NULL, &l);
	assert_int_equal(l.n, 1);
	assert_string_equal(record_str(l.at[0], FIELD_NODE_STARTUP), "automatic");
	record_list_free(&l);
	record_free(r);
}

static void nodes_are_found_by_any_part(void **state)
{
	struct base *b = *state;

	add_node(b, T1, "192.0.2.10", 1, "default", NULL);
	add_node(b, T1, "192.0.2.10", 1, "iface0", NULL);
	add_node(b, T1, "192.0.2.11", 2, "default", NULL);
	add_node(b, T2, "2001:db8::10", 1, "default", NULL);
	add_node(b, "demo-tgt-b", "host.example", RECORD_TPGT_UNKNOWN, "default", NULL);
	assert_int_equal(count_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL), 5);
	assert_int_equal(count_nodes(b, T1, NULL, DB_TPGT_ANY, NULL), 3);
	assert_int_equal(count_nodes(b, T1, "192.0.2.10", DB_TPGT_ANY, NULL), 2);
	assert_int_equal(count_nodes(b, NULL, "192.0.2.11", DB_TPGT_ANY, NULL), 1);
	/* The portal group counts, where it is known. */
	assert_int_equal(count_nodes(b, T1, "192.0.2.11", 7, NULL), 0);
	assert_int_equal(count_nodes(b, NULL, "HOST.example", 7, NULL), 1);
	assert_int_equal(count_nodes(b, NULL, "2001:0db8:0:0::10", DB_TPGT_ANY, NULL), 1);
	assert_int_equal(count_nodes(b, NULL, NULL, DB_TPGT_ANY, "iface0"), 1);
	assert_int_equal(count_nodes(b, "iqn.2026-11.com.example:none", NULL, DB_TPGT_ANY, NULL), 0);
}

static void nodes_come_in_the_order_of_their_names(void **state)
{
	static const char *const order[] = { "demo-tgt-b", "iqn.2026-11.COM.Example:UPPER", T1, T1, T2 };
	struct base *b = *state;
	struct record_list l = { 0 };

	add_node(b, T2, "192.0.2.10", 1, "default", NULL);
	add_node(b, "iqn.2026-11.COM.Example:UPPER", "192.0.2.10", 1, "default", NULL);
	add_node(b, T1, "192.0.2.9", 1, "default", NULL);
	add_node(b, T1, "192.0.2.10", 1, "default", NULL);
	add_node(b, "demo-tgt-b", "192.0.2.10", 1, "default", NULL);
	list_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL, &l);
	assert_int_equal(l.n, 5);
	for (size_t i = 0; i < l.n; i++)
		assert_string_equal(record_str(l.at[i], FIELD_NODE_NAME), order[i]);
	/* By bytes, not by number. */
	assert_string_equal(record_str(l.at[2], FIELD_CONN_ADDRESS), "192.0.2.10");
	record_list_free(&l);
}

static void stray_files_are_passed_by(void **state)
{
	struct base *b = *state;

	add_node(b, T1, "192.0.2.10", 1, "default", NULL);
	base_file(b, "nodes/.dracut", "");
	base_file(b, "nodes/stray", "x");
	base_file(b, "nodes/" T1 "/stray", "node.name = x\n");
	base_file(b, "nodes/" T1 "/1,2,3,4,5", "");
	base_file(b, "nodes/" T1 "/192.0.2.11,99999", "node.name = x\n");
	base_file(b, "nodes/" T1 "/192.0.2.10,3260,1/.default.abcdef.tmp", "node.name = x\n");
	base_file(b, "nodes/" T1 "/192.0.2.10,3260,1/empty", "");
	assert_int_equal(symlink("/etc/passwd", tempdir_path(&b->dir, "nodes/" T1 "/192.0.2.10,3260,1/link")), 0);
	assert_int_equal(symlink("/etc", tempdir_path(&b->dir, "nodes/" T1 "/192.0.2.12,3260,1")), 0);
	assert_int_equal(mkfifo(tempdir_path(&b->dir, "nodes/" T1 "/192.0.2.13,3260"), 0600), 0);
	assert_int_equal(count_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL), 1);
}

static void the_place_says_whose_the_record_is(void **state)
{
	struct base *b = *state;
	struct record_list l = { 0 };

	base_file(b, "nodes/" T1 "/192.0.2.10,3260,1/default",
		"node.name = " T2 "\nnode.tpgt = 9\nnode.conn[0].address = 198.51.100.1\nnode.startup = onboot\n");
	list_nodes(b, T1, "192.0.2.10", 1, "default", &l);
	assert_int_equal(l.n, 1);
	assert_string_equal(record_str(l.at[0], FIELD_NODE_NAME), T1);
	assert_string_equal(record_str(l.at[0], FIELD_CONN_ADDRESS), "192.0.2.10");
	assert_int_equal(record_int(l.at[0], FIELD_NODE_TPGT), 1);
	assert_string_equal(record_str(l.at[0], FIELD_NODE_STARTUP), "onboot");
	record_list_free(&l);
}

static void names_cannot_leave_the_database(void **state)
{
	static const char *const bad[] = { "..", "../..", "a/b", "/etc", ".", "", "x\n", "a,b" };
	struct base *b = *state;

	base_file(b, "secret", "node.name = x\n");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct db_filter by_target = { .target = bad[i], .tpgt = DB_TPGT_ANY };
		struct db_filter by_iface = { .iface = bad[i], .tpgt = DB_TPGT_ANY };
		struct record_list l = { 0 };
		struct record *r = NULL;

		assert_int_equal(db_node_list(b->db, &by_target, &l, &b->err), -EINVAL);
		assert_int_equal(b->err.code, MISCSI_ERR_INVAL);
		assert_int_equal(db_node_delete(b->db, &by_target, NULL, NULL, &b->err), -EINVAL);
		assert_int_equal(db_node_list(b->db, &by_iface, &l, &b->err), -EINVAL);
		assert_int_equal(db_iface_find(b->db, bad[i], &r, &b->err), -EINVAL);
		assert_int_equal(db_iface_delete(b->db, bad[i], &b->err), -EINVAL);
		assert_int_equal(db_disc_find(b->db, RECORD_SENDTARGETS, bad[i], 3260, &r, &b->err), -EINVAL);
		assert_int_equal(db_disc_delete(b->db, RECORD_SENDTARGETS, bad[i], 3260, &b->err), -EINVAL);
	}
	assert_true(base_has(b, "secret"));
}

static void a_link_in_the_tree_is_not_written_through(void **state)
{
	struct base *b = *state;
	struct record *r = make_node(T1, "192.0.2.10", 1, "default");

	base_file(b, "outside/x", "x");
	base_file(b, "nodes/x", "x");
	assert_int_equal(symlink("../outside", tempdir_path(&b->dir, "nodes/" T1)), 0);
	assert_true(db_node_add(b->db, r, DB_ADD_NEW, NULL, &b->err) < 0);
	assert_int_equal(b->err.code, MISCSI_ERR_IDBM);
	assert_false(base_has(b, "outside/192.0.2.10,3260,1"));
	record_free(r);
}

static void an_update_keeps_what_it_does_not_name(void **state)
{
	struct base *b = *state;
	struct record_list l = { 0 };

	base_file(b, "nodes/" T1 "/192.0.2.10,3260,1/default",
		"# BEGIN RECORD 9.9\nnode.startup = manual\nnode.of_tomorrow = 1\nnode.session.cmds_max = "
		"lots\n# END RECORD\n");
	assert_int_equal(set_nodes(b, T1, FIELD_SESSION_SCAN, "manual"), 0);
	list_nodes(b, T1, NULL, DB_TPGT_ANY, NULL, &l);
	assert_string_equal(record_kept_line(l.at[0], 0), "node.of_tomorrow = 1");
	assert_string_equal(record_kept_line(l.at[0], 1), "node.session.cmds_max = lots");
	assert_string_equal(record_str(l.at[0], FIELD_SESSION_SCAN), "manual");
	record_list_free(&l);
	/* Two doubtful lines, one unknown key: said once, the bad value each time. */
	assert_int_equal(b->warnings, 3);
	assert_int_equal(set_nodes(b, T2, FIELD_SESSION_SCAN, "manual"), -ENOENT);
	assert_int_equal(b->err.code, MISCSI_ERR_NO_OBJS_FOUND);
}

static int fail_second(void *arg, struct record *r, struct err *err)
{
	unsigned *n = arg;

	if (++*n == 2)
		return err_set(err, MISCSI_ERR_INVAL, "no");
	return record_set(r, FIELD_NODE_STARTUP, "automatic", err);
}

static int rename_it(void *arg, struct record *r, struct err *err)
{
	(void)arg;
	return record_set(r, FIELD_NODE_NAME, T2, err);
}

static void an_update_is_all_or_nothing(void **state)
{
	struct base *b = *state;
	struct db_filter all = DB_FILTER_ALL;
	struct record_list l = { 0 };
	unsigned n = 0;

	add_node(b, T1, "192.0.2.10", 1, "default", NULL);
	add_node(b, T2, "192.0.2.10", 1, "default", NULL);
	assert_int_equal(db_node_update(b->db, &all, fail_second, &n, NULL, NULL, &b->err), -EINVAL);
	list_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL, &l);
	for (size_t i = 0; i < l.n; i++)
		assert_string_equal(record_str(l.at[i], FIELD_NODE_STARTUP), "manual");
	record_list_free(&l);
	assert_int_equal(db_node_update(b->db, &all, rename_it, NULL, NULL, NULL, &b->err), -EINVAL);
}

static void deleting_clears_up_and_keeps_the_first_directory(void **state)
{
	struct base *b = *state;
	struct db_filter one = { .target = T1, .address = "192.0.2.10", .port = 3260, .tpgt = 7, .iface = "iface0" };
	size_t n;

	add_node(b, T1, "192.0.2.10", 1, "default", NULL);
	add_node(b, T1, "192.0.2.10", 1, "iface0", NULL);
	base_file(b, "nodes/" T1 "/192.0.2.10,3260,1/.default.abcdef.tmp", "killed here");
	assert_int_equal(db_node_delete(b->db, &one, NULL, NULL, &b->err), -ENOENT);
	one.tpgt = 1;
	assert_int_equal(db_node_delete(b->db, &one, NULL, &n, &b->err), 0);
	assert_int_equal(n, 1);
	assert_true(base_has(b, "nodes/" T1 "/192.0.2.10,3260,1/default"));
	assert_false(base_has(b, "static/" T1 ",192.0.2.10,3260,1,iface0"));
	one = (struct db_filter)DB_FILTER_ALL;
	assert_int_equal(db_node_delete(b->db, &one, NULL, &n, &b->err), 0);
	assert_false(base_has(b, "nodes/" T1));
	assert_true(base_has(b, "nodes"));
	assert_false(base_has(b, "static/" T1 ",192.0.2.10,3260,1,default"));
}

/* A record that does not know its portal group is one record: that it goes must not take those along that do. */
static void deleting_one_record_spares_those_of_other_portal_groups(void **state)
{
	struct base *b = *state;
	struct db_filter one = {
		.target = T1, .address = "192.0.2.10", .port = 3260, .tpgt = -1, .exact = true, .iface = "default"
	};
	size_t n;

	add_node(b, T1, "192.0.2.10", -1, "default", NULL);
	base_file(b, "nodes/" T1 "/192.0.2.10,3260,7/default", "node.name = " T1 "\nnode.tpgt = 7\n"); /* open-iscsi has both */
	assert_int_equal(db_node_delete(b->db, &one, NULL, &n, &b->err), 0);
	assert_int_equal(n, 1);
	assert_true(base_has(b, "nodes/" T1 "/192.0.2.10,3260,7/default"));
}

static void no_database_is_an_empty_one(void **state)
{
	struct base *b = *state;
	struct record_list l = { 0 };
	struct db *db;
	struct record *r = make_node(T1, "192.0.2.10", 1, "default");
	struct db_filter all = DB_FILTER_ALL;

	assert_int_equal(db_open(tempdir_path(&b->dir, "not/yet"), "1", NULL, &db, &b->err), 0);
	assert_int_equal(db_node_list(db, &all, &l, &b->err), 0);
	assert_int_equal(db_iface_list(db, &l, &b->err), 0);
	assert_int_equal(db_disc_list(db, RECORD_ISNS, &l, &b->err), 0);
	assert_int_equal(l.n, 0);
	assert_int_equal(db_node_add(db, r, DB_ADD_NEW, NULL, &b->err), 0);
	assert_int_equal(db_node_list(db, &all, &l, &b->err), 0);
	assert_int_equal(l.n, 1);
	record_list_free(&l);
	record_free(r);
	db_close(db);
}

static void files_of_older_programs_are_read_and_kept_in_place(void **state)
{
	struct base *b = *state;
	struct record_list l = { 0 };

	base_file(b, "nodes/" T1 "/192.0.2.10,3260", "node.name = " T1 "\nnode.tpgt = 4\nnode.startup = manual\n");
	base_file(b, "nodes/" T1 "/192.0.2.11,3260,2", "node.name = " T1 "\nnode.startup = manual\n");
	list_nodes(b, T1, NULL, DB_TPGT_ANY, NULL, &l);
	assert_int_equal(l.n, 2);
	assert_int_equal(record_int(l.at[0], FIELD_NODE_TPGT), 4);
	assert_int_equal(record_int(l.at[1], FIELD_NODE_TPGT), 2);
	record_list_free(&l);
	assert_int_equal(set_nodes(b, T1, FIELD_NODE_STARTUP, "automatic"), 0);
	assert_int_equal(count_nodes(b, T1, NULL, 4, NULL), 1);
	assert_true(base_has(b, "nodes/" T1 "/192.0.2.10,3260"));
	assert_int_equal(count_nodes(b, T1, NULL, 9, NULL), 0);
}

/* -m iface must not print fewer ifaces and succeed. */
static void a_lack_of_memory_is_not_the_end_of_the_built_in_ifaces(void **state)
{
	struct record *r;
	unsigned n = 0;

	(void)state;
	for (unsigned long nth = 1; nth < 3; nth++) {
		x_fail_at(nth);
		assert_int_equal(db_iface_builtin(1, &r), -ENOMEM);
	}
	x_fail_at(0);
	for (; db_iface_builtin(n, &r) == 0; n++)
		record_free(r);
	assert_int_equal(n, 2);
	assert_int_equal(db_iface_builtin(n, &r), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lack_of_memory_is_not_the_end_of_the_built_in_ifaces),
		in_base(a_node_lies_where_open_iscsi_looks),
		in_base(an_unknown_portal_group_makes_the_portal_a_file),
		in_base(learning_the_portal_group_moves_the_record),
		in_base(nodes_are_found_by_any_part),
		in_base(nodes_come_in_the_order_of_their_names),
		in_base(stray_files_are_passed_by),
		in_base(the_place_says_whose_the_record_is),
		in_base(names_cannot_leave_the_database),
		in_base(a_link_in_the_tree_is_not_written_through),
		in_base(an_update_keeps_what_it_does_not_name),
		in_base(an_update_is_all_or_nothing),
		in_base(deleting_clears_up_and_keeps_the_first_directory),
		in_base(deleting_one_record_spares_those_of_other_portal_groups),
		in_base(no_database_is_an_empty_one),
		in_base(files_of_older_programs_are_read_and_kept_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
