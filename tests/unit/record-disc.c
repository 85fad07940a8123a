/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ifaces, discovery records, and what discoveries write. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "record-db.h"
#include <errno.h>
#include <sys/stat.h>

#define LINK1 "/" T1 ",192.0.2.10,3260,1,default"

static struct record *make_disc(const char *address)
{
	struct record *r = record_new(RECORD_SENDTARGETS);

	assert_int_equal(record_set(r, FIELD_DISC_ADDRESS, address, NULL), 0);
	return r;
}

/* A discovery at `from` that finds the targets, each at 192.0.2.10, group 1. */
static void discover(struct base *b, const char *from, unsigned what, const char *const targets[])
{
	struct record *disc = make_disc(from);
	struct record_list found = { 0 };

	for (; *targets; targets++)
		assert_int_equal(record_list_add(&found, make_node(*targets, "192.0.2.10", 1, "default")), 0);
	if (db_discovered(b->db, disc, &found, what, NULL, NULL, &b->err))
		fail_msg("%s", b->err.text);
	record_list_free(&found);
	record_free(disc);
}

static void new_discovery(struct base *b, const char *address)
{
	struct record *disc = make_disc(address);

	assert_int_equal(db_disc_add(b->db, disc, DB_ADD_NEW, NULL, &b->err), 0);
	record_free(disc);
}

static size_t nodes_of(struct base *b, const char *from)
{
	struct record_list l = { 0 };
	size_t n, counted;

	assert_int_equal(list_disc_nodes(b, RECORD_SENDTARGETS, from, 3260, &l), 0);
	n = l.n;
	record_list_free(&l);
	assert_int_equal(db_disc_count(b->db, RECORD_SENDTARGETS, from, 3260, &counted, &b->err), 0);
	assert_true(counted >= n); /* links may be stale */
	return n;
}

static const char *const both[] = { T1, T2, NULL };
static const char *const first[] = { T1, NULL };
static const char *const none[] = { NULL };

static void a_discovery_lies_where_open_iscsi_looks(void **state)
{
	struct base *b = *state;
	struct record *isns = record_new(RECORD_ISNS), *r = NULL;
	struct record_list l = { 0 };
	char *text;
	size_t len;

	new_discovery(b, "192.0.2.1");
	assert_int_equal(record_set(isns, FIELD_DISC_ADDRESS, "2001:db8::20", NULL), 0);
	assert_int_equal(db_disc_add(b->db, isns, DB_ADD_NEW, NULL, &b->err), 0);
	assert_true(base_has(b, "send_targets/192.0.2.1,3260/st_config"));
	assert_int_equal(file_read(AT_FDCWD, tempdir_path(&b->dir, "isns/2001:db8::20,3205/isns_config"), 4096, &text, &len), 0);
	assert_string_equal(text,
		"# BEGIN RECORD 2.1.8\ndiscovery.startup = manual\ndiscovery.type = isns\n"
		"discovery.sendtargets.address = 2001:db8::20\ndiscovery.sendtargets.port = 3205\n"
		"discovery.isns.use_discoveryd = No\ndiscovery.isns.discoveryd_poll_inval = -1\n# END "
		"RECORD\n");
	x_free(text);
	assert_int_equal(db_disc_list(b->db, RECORD_ISNS, &l, &b->err), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(db_disc_find(b->db, RECORD_SENDTARGETS, "192.0.2.1", 3261, &r, &b->err), -ENOENT);
	assert_int_equal(b->err.code, MISCSI_ERR_IDBM);
	assert_int_equal(db_disc_find(b->db, RECORD_SENDTARGETS, "192.0.2.1", 3260, &r, &b->err), 0);
	record_free(r);
	record_free(isns);
	record_list_free(&l);
}

static void a_discovery_is_updated(void **state)
{
	struct base *b = *state;
	struct setting s = { FIELD_DISC_AUTHMETHOD, "CHAP" };
	struct record *r = NULL, *again;

	assert_int_equal(db_disc_update(b->db, RECORD_SENDTARGETS, "192.0.2.1", 3260, apply_setting, &s, &b->err), -ENOENT);
	new_discovery(b, "192.0.2.1");
	assert_int_equal(db_disc_update(b->db, RECORD_SENDTARGETS, "192.0.2.1", 3260, apply_setting, &s, &b->err), 0);
	new_discovery(b, "192.0.2.1");
	assert_int_equal(db_disc_find(b->db, RECORD_SENDTARGETS, "192.0.2.1", 3260, &r, &b->err), 0);
	assert_string_equal(record_str(r, FIELD_DISC_AUTHMETHOD), "CHAP");
	record_free(r);
	again = make_disc("192.0.2.1");
	assert_int_equal(db_disc_add(b->db, again, DB_ADD_REPLACE, NULL, &b->err), 0);
	record_free(again);
	assert_int_equal(db_disc_find(b->db, RECORD_SENDTARGETS, "192.0.2.1", 3260, &r, &b->err), 0);
	assert_string_equal(record_str(r, FIELD_DISC_AUTHMETHOD), "None");
	record_free(r);
}

static void what_is_found_is_linked_to_its_discovery(void **state)
{
	struct base *b = *state;
	struct record_list l = { 0 };

	discover(b, "192.0.2.1", DB_FOUND_ADD, both);
	assert_true(base_has(b, "send_targets/192.0.2.1,3260" LINK1));
	assert_int_equal(nodes_of(b, "192.0.2.1"), 2);
	list_nodes(b, T1, NULL, 1, NULL, &l);
	assert_string_equal(record_str(l.at[0], FIELD_NODE_DISCOVERY_ADDRESS), "192.0.2.1");
	assert_string_equal(record_str(l.at[0], FIELD_NODE_DISCOVERY_TYPE), "send_targets");
	record_list_free(&l);
	/* Found by another: the link goes there. */
	discover(b, "host.example", DB_FOUND_ADD | DB_FOUND_UPDATE, first);
	assert_false(base_has(b, "send_targets/192.0.2.1,3260" LINK1));
	assert_true(base_has(b, "send_targets/host.example,3260" LINK1));
	assert_int_equal(nodes_of(b, "192.0.2.1"), 1);
}

static void rediscovery_keeps_what_was_set_by_hand(void **state)
{
	struct base *b = *state;
	struct record_list l = { 0 };

	discover(b, "192.0.2.1", DB_FOUND_ADD, both);
	assert_int_equal(set_nodes(b, T1, FIELD_NODE_STARTUP, "automatic"), 0);
	discover(b, "192.0.2.1", DB_FOUND_ADD | DB_FOUND_UPDATE, both);
	list_nodes(b, T1, NULL, 1, NULL, &l);
	assert_string_equal(record_str(l.at[0], FIELD_NODE_STARTUP), "automatic");
	record_list_free(&l);
	discover(b, "192.0.2.1", DB_FOUND_ADD | DB_FOUND_UPDATE | DB_FOUND_REPLACE, both);
	list_nodes(b, T1, NULL, 1, NULL, &l);
	assert_string_equal(record_str(l.at[0], FIELD_NODE_STARTUP), "manual");
	record_list_free(&l);
}

static void what_is_not_found_again_goes_only_when_asked(void **state)
{
	struct base *b = *state;

	discover(b, "192.0.2.1", DB_FOUND_ADD, both);
	add_node(b, "iqn.2026-11.com.example:mine", "192.0.2.10", 1, "default", NULL);
	discover(b, "192.0.2.1", DB_FOUND_ADD | DB_FOUND_UPDATE, first);
	assert_int_equal(nodes_of(b, "192.0.2.1"), 2);
	discover(b, "192.0.2.1", DB_FOUND_UPDATE | DB_FOUND_DELETE, first);
	assert_int_equal(nodes_of(b, "192.0.2.1"), 1);
	discover(b, "192.0.2.1", DB_FOUND_DELETE, none);
	assert_int_equal(nodes_of(b, "192.0.2.1"), 0);
	assert_int_equal(count_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL), 1);
}

static void many_are_written_at_once(void **state)
{
	struct base *b = *state;
	struct record *disc = make_disc("192.0.2.1");
	struct record_list found = { 0 };
	char name[64];

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "iqn.2026-11.com.example:many%d", i);
		assert_int_equal(record_list_add(&found, make_node(name, "192.0.2.10", 1, "default")), 0);
	}
	assert_int_equal(db_discovered(b->db, disc, &found, DB_FOUND_ADD, NULL, NULL, &b->err), 0);
	assert_int_equal(count_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL), 300);
	assert_int_equal(nodes_of(b, "192.0.2.1"), 300);
	/* Whichever step fails, nothing half is left, and no rubbish. */
	for (unsigned long n = 1; n < 1300; n += 211) {
		struct db_filter all = DB_FILTER_ALL;

		assert_int_equal(db_node_delete(b->db, &all, NULL, NULL, &b->err), 0);
		file_fail_at(n, ENOSPC);
		if (db_discovered(b->db, disc, &found, DB_FOUND_ADD, NULL, NULL, &b->err))
			assert_int_equal(b->err.code, MISCSI_ERR_IDBM);
		file_fail_at(0, 0);
		assert_int_equal(db_discovered(b->db, disc, &found, DB_FOUND_ADD, NULL, NULL, &b->err), 0);
		assert_int_equal(count_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL), 300);
	}
	record_list_free(&found);
	record_free(disc);
}

static bool spare_second(void *arg, const struct record *node)
{
	(void)arg;
	return !strcmp(record_str(node, FIELD_NODE_NAME), T2);
}

static void what_is_in_use_is_spared_and_what_is_held_is_given_back(void **state)
{
	struct base *b = *state;
	struct record *disc = make_disc("192.0.2.1");
	struct record_list found = { 0 };

	discover(b, "192.0.2.1", DB_FOUND_ADD, both);
	assert_int_equal(set_nodes(b, T1, FIELD_NODE_STARTUP, "automatic"), 0);
	assert_int_equal(record_list_add(&found, make_node(T1, "192.0.2.10", 1, "default")), 0);
	assert_int_equal(db_discovered(b->db, disc, &found, DB_FOUND_DELETE, spare_second, NULL, &b->err), 0);
	assert_int_equal(nodes_of(b, "192.0.2.1"), 2);
	/* Not what was discovered, but what the record says now. */
	assert_string_equal(record_str(found.at[0], FIELD_NODE_STARTUP), "automatic");
	assert_int_equal(db_discovered(b->db, disc, &found, DB_FOUND_DELETE, NULL, NULL, &b->err), 0);
	assert_int_equal(nodes_of(b, "192.0.2.1"), 1);
	record_list_free(&found);
	record_free(disc);
}

static void a_rediscovery_that_changes_nothing_writes_nothing(void **state)
{
	struct base *b = *state;
	struct stat before, after;

	discover(b, "192.0.2.1", DB_FOUND_ADD, both);
	assert_int_equal(stat(tempdir_path(&b->dir, "nodes/" T1 "/192.0.2.10,3260,1/default"), &before), 0);
	discover(b, "192.0.2.1", DB_FOUND_ADD | DB_FOUND_UPDATE, both);
	assert_int_equal(stat(tempdir_path(&b->dir, "nodes/" T1 "/192.0.2.10,3260,1/default"), &after), 0);
	assert_true(before.st_ino == after.st_ino);
}

static void deleting_a_discovery_deletes_what_it_found(void **state)
{
	struct base *b = *state;

	new_discovery(b, "192.0.2.1");
	discover(b, "192.0.2.1", DB_FOUND_ADD, both);
	add_node(b, "iqn.2026-11.com.example:mine", "192.0.2.10", 1, "default", NULL);
	/* A link that leads to somebody else's node does not take it along. */
	assert_int_equal(symlink("/nowhere",
				 tempdir_path(&b->dir,
					 "send_targets/192.0.2.1,3260/"
					 "iqn.2026-11.com.example:mine,192.0.2.10,3260,1,default")),
		0);
	assert_int_equal(db_disc_delete(b->db, RECORD_SENDTARGETS, "192.0.2.1", 3260, &b->err), 0);
	assert_int_equal(count_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL), 1);
	assert_false(base_has(b, "send_targets/192.0.2.1,3260"));
	assert_true(base_has(b, "send_targets"));
	assert_int_equal(db_disc_delete(b->db, RECORD_SENDTARGETS, "192.0.2.1", 3260, &b->err), -ENOENT);
}

static void deleting_a_node_takes_its_link_and_leaves_the_discovery(void **state)
{
	struct base *b = *state;
	struct db_filter all = DB_FILTER_ALL;

	new_discovery(b, "192.0.2.1");
	discover(b, "192.0.2.1", DB_FOUND_ADD, both);
	assert_int_equal(db_node_delete(b->db, &all, NULL, NULL, &b->err), 0);
	assert_false(base_has(b, "send_targets/192.0.2.1,3260" LINK1));
	assert_true(base_has(b, "send_targets/192.0.2.1,3260/st_config"));
}

static struct record *make_iface(const char *name)
{
	struct record *r = record_new(RECORD_IFACE);

	assert_int_equal(record_set(r, FIELD_IFACE_NAME, name, NULL), 0);
	return r;
}

static void ifaces_are_files_but_for_those_built_in(void **state)
{
	struct base *b = *state;
	struct record *r = make_iface("192.0.2.10:3260:vol1"), *d = make_iface("default"), *found = NULL;
	struct record_list l = { 0 };
	bool made;

	assert_int_equal(db_iface_add(b->db, r, DB_ADD_NEW, &made, &b->err), 0);
	assert_true(made && base_has(b, "ifaces/192.0.2.10:3260:vol1"));
	assert_int_equal(db_iface_add(b->db, r, DB_ADD_NEW, &made, &b->err), 0);
	assert_false(made);
	base_file(b, "ifaces/iface.example", "# an example\n");
	base_file(b, "ifaces/default", "iface.transport_name = other\n");
	assert_int_equal(db_iface_list(b->db, &l, &b->err), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(db_iface_find(b->db, "default", &found, &b->err), 0);
	assert_string_equal(record_str(found, FIELD_IFACE_TRANSPORT), "tcp");
	record_free(found);
	assert_int_equal(db_iface_find(b->db, "iser", &found, &b->err), 0);
	assert_string_equal(record_str(found, FIELD_IFACE_TRANSPORT), "iser");
	record_free(found);
	assert_int_equal(db_iface_find(b->db, "nosuch", &found, &b->err), -ENOENT);
	assert_int_equal(db_iface_add(b->db, d, DB_ADD_NEW, NULL, &b->err), -EPERM);
	assert_int_equal(db_iface_delete(b->db, "iser", &b->err), -EPERM);
	assert_string_equal(b->err.text, "iface iser is a special interface and cannot be deleted.");
	record_free(r);
	record_free(d);
	record_list_free(&l);
}

static void a_change_of_an_iface_reaches_its_nodes(void **state)
{
	struct base *b = *state;
	struct setting s = { FIELD_IFACE_NETDEV, "eth1" };
	struct record *r = make_iface("iface0");
	struct record_list l = { 0 };

	assert_int_equal(db_iface_add(b->db, r, DB_ADD_NEW, NULL, &b->err), 0);
	add_node(b, T1, "192.0.2.10", 1, "iface0", NULL);
	add_node(b, T1, "192.0.2.10", 1, "default", NULL);
	assert_int_equal(set_nodes(b, T1, FIELD_NODE_STARTUP, "automatic"), 0);
	assert_int_equal(db_iface_update(b->db, "iface0", apply_setting, &s, NULL, &b->err), 0);
	list_nodes(b, T1, NULL, 1, NULL, &l);
	assert_string_equal(record_str(l.at[0], FIELD_IFACE_NETDEV), "");
	assert_string_equal(record_str(l.at[1], FIELD_IFACE_NETDEV), "eth1");
	assert_string_equal(record_str(l.at[1], FIELD_NODE_STARTUP), "automatic");
	record_list_free(&l);
	assert_int_equal(db_iface_delete(b->db, "iface0", &b->err), 0);
	assert_int_equal(count_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL), 1);
	assert_int_equal(db_iface_delete(b->db, "iface0", &b->err), -ENOENT);
	record_free(r);
}

static int take_away(void *arg, struct record *r, struct err *err)
{
	return record_set_key(r, "plugin.one.depth", arg, err);
}

static void assert_depth(struct base *b, const char *target, const char *depth)
{
	struct record_list l = { 0 };
	const char *value;

	list_nodes(b, target, NULL, 1, "iface0", &l);
	value = record_plugin_setting(l.at[0], "plugin.one.depth");
	if (depth ? !value || strcmp(value, depth) != 0 : value != NULL)
		fail_msg("%s: %s", target, value ? value : "none");
	record_list_free(&l);
}

/* The node has what a new one would have then. Whichever step of the writing fails, the same command again does the rest. */
static void a_plugins_setting_that_an_iface_loses_goes_from_its_nodes(void **state)
{
	struct base *b = *state;
	struct db_filter second = { .target = T2, .tpgt = DB_TPGT_ANY };
	struct record *conf = record_new(RECORD_CONF), *r = make_iface("iface0");
	unsigned long n = 1;
	int rc = -EIO;

	assert_int_equal(db_iface_add(b->db, r, DB_ADD_NEW, NULL, &b->err), 0);
	add_node(b, T1, "192.0.2.10", 1, "iface0", NULL);
	add_node(b, T2, "192.0.2.10", 1, "iface0", NULL);
	for (; rc; n++) {
		assert_int_equal(db_iface_update(b->db, "iface0", take_away, (void *)"2", conf, &b->err), 0);
		assert_depth(b, T2, "2");
		assert_int_equal(db_node_update(b->db, &second, take_away, (void *)"7", NULL, NULL, &b->err), 0);
		assert_int_equal(record_set_key(conf, "plugin.one.depth", n % 2 ? "5" : "", NULL), 0);
		file_fail_at(n, EIO);
		rc = db_iface_update(b->db, "iface0", take_away, (void *)"", conf, &b->err);
		file_fail_at(0, 0);
		assert_int_equal(db_iface_update(b->db, "iface0", take_away, (void *)"", conf, &b->err), 0);
		assert_depth(b, T1, n % 2 ? "5" : NULL);
		assert_depth(b, T2, "7");
	}
	assert_true(n > 4);
	record_free(conf);
	record_free(r);
}

static int fill(void *arg, struct record *r, struct err *err)
{
	char key[32];

	(void)arg;
	(void)err;
	for (unsigned i = 0; i < RECORD_KEPT_MAX; i++) {
		snprintf(key, sizeof(key), "other%u", i);
		record_keep_line(r, key, "1");
	}
	return 0;
}

/* Nothing is changed, and it is said where there is no room. */
static void a_full_node_record_is_named(void **state)
{
	struct base *b = *state;
	struct db_filter all = DB_FILTER_ALL;
	struct record *r = make_iface("iface0"), *found = NULL;

	assert_int_equal(db_iface_add(b->db, r, DB_ADD_NEW, NULL, &b->err), 0);
	add_node(b, T1, "192.0.2.10", 1, "iface0", NULL);
	assert_int_equal(db_node_update(b->db, &all, fill, NULL, NULL, NULL, &b->err), 0);
	assert_int_equal(db_iface_update(b->db, "iface0", take_away, (void *)"2", NULL, &b->err), -EINVAL);
	assert_string_equal(b->err.text,
		"the node record of " T1 " at 192.0.2.10 cannot take over the changes to its iface: "
		"plugin.one.depth cannot be set, because the record already contains 256 settings of plugins and unknown "
		"settings, the most that it can hold: remove some of them first");
	assert_int_equal(db_iface_find(b->db, "iface0", &found, &b->err), 0);
	assert_null(record_plugin_setting(found, "plugin.one.depth"));
	record_free(found);
	record_free(r);
}

/* 2.1.8 lists them, without a link; os-brick looks there for what it has made by `-m node -o new`. */
static void a_node_without_portal_group_is_listed_under_its_discovery(void **state)
{
	struct base *b = *state;
	struct record *r = make_node(T1, "192.0.2.10", -1, "default");
	struct record_list l = { 0 };

	assert_int_equal(record_set(r, FIELD_NODE_DISCOVERY_TYPE, "static", NULL), 0);
	assert_int_equal(db_node_add(b->db, r, DB_ADD_NEW, NULL, &b->err), 0);
	record_free(r);
	base_file(b, "nodes/" T2 "/192.0.2.11,3260,-1/iface0", "node.discovery_type = fw\n");
	assert_int_equal(list_disc_nodes(b, RECORD_STATIC, NULL, 0, &l), 0);
	assert_int_equal(l.n, 1);
	assert_string_equal(record_str(l.at[0], FIELD_NODE_NAME), T1);
	record_list_free(&l);
	assert_int_equal(list_disc_nodes(b, RECORD_FW, NULL, 0, &l), 0);
	assert_int_equal(l.n, 1);
	assert_string_equal(record_str(l.at[0], FIELD_IFACE_NAME), "iface0");
	record_list_free(&l);
}

static int join_targets(void *text, struct record **r, const char *path)
{
	(void)path;
	strbuf_printf(text, "%s%s", record_str(*r, FIELD_NODE_NAME) + strlen(T1) - 1, record_str(*r, FIELD_IFACE_NAME));
	return 0;
}

/* Some have links and some have none; a listing prints all of a target below one heading. */
static void the_nodes_of_a_discovery_are_listed_by_target(void **state)
{
	static const struct {
		const char *target;
		int tpgt;
		const char *iface;
	} nodes[] = { { "5", 1, "a" }, { "3", -1, "b" }, { "4", -1, "c" }, { "4", 1, "d" }, { "1", 1, "e" }, { "4-1", 1, "f" },
		{ "4-0", -1, "g" }, { "9", -1, "h" } };
	cleanup(db_index_freep) struct db_index *unlinked = NULL;
	cleanup(strbuf_free) struct strbuf text = STRBUF_INIT(1000);
	struct base *b = *state;
	char target[64];

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		struct record *r;

		snprintf(target, sizeof(target), "%.*s%s", (int)strlen(T1) - 1, T1, nodes[i].target);
		r = make_node(target, "192.0.2.10", nodes[i].tpgt, nodes[i].iface);
		assert_int_equal(record_set(r, FIELD_NODE_DISCOVERY_TYPE, "static", NULL), 0);
		assert_int_equal(db_node_add(b->db, r, DB_ADD_NEW, NULL, &b->err), 0);
		record_free(r);
	}
	assert_int_equal(db_index_unlinked(b->db, &unlinked, &b->err), 0);
	assert_int_equal(db_index_disc_nodes(b->db, unlinked, RECORD_STATIC, NULL, 0, join_targets, &text, &b->err), 0);
	assert_string_equal(strbuf_str(&text), "1e3b4c4d4-0g4-1f5a9h");
}

/* A reader takes no lock: between the index and the node, another command may have deleted or moved it. */
static void what_an_index_has_is_read_again(void **state)
{
	cleanup(db_index_freep) struct db_index *ifaces = NULL, *unlinked = NULL;
	cleanup(strbuf_free) struct strbuf text = STRBUF_INIT(1000);
	struct db_filter second = { .target = T2, .tpgt = DB_TPGT_ANY };
	struct base *b = *state;

	base_file(b, "nodes/" T1 "/192.0.2.10,3260", "node.discovery_type = static\niface.iscsi_ifacename = iface0\n");
	base_file(b, "nodes/" T2 "/192.0.2.10,3260", "node.discovery_type = static\niface.iscsi_ifacename = iface0\n");
	assert_int_equal(db_index_ifaces(b->db, &ifaces, &b->err), 0);
	assert_int_equal(db_index_unlinked(b->db, &unlinked, &b->err), 0);
	assert_false(db_index_is_empty(ifaces));
	base_file(b, "nodes/" T1 "/192.0.2.10,3260", "node.discovery_type = fw\niface.iscsi_ifacename = iface1\n");
	assert_int_equal(db_node_delete(b->db, &second, NULL, NULL, &b->err), 0);
	assert_int_equal(db_index_each(b->db, ifaces, "iface0", false, join_targets, &text, &b->err), 0);
	assert_int_equal(db_index_each(b->db, ifaces, "iface", true, join_targets, &text, &b->err), 0);
	assert_int_equal(db_index_disc_nodes(b->db, unlinked, RECORD_STATIC, NULL, 0, join_targets, &text, &b->err), 0);
	assert_string_equal(strbuf_str(&text), "");
	assert_int_equal(db_index_each(b->db, ifaces, "iface0", true, join_targets, &text, &b->err), 0);
	assert_string_equal(strbuf_str(&text), "1iface02iface0");
}

/* The name of a portal's directory has 255 bytes at most, of which an address may have 253. */
static void an_address_too_long_for_a_record_is_left_out_alone(void **state)
{
	struct base *b = *state;
	struct record *disc = make_disc("192.0.2.1");
	struct record_list found = { 0 };
	char host[250];

	for (size_t i = 0; i < sizeof(host); i++)
		host[i] = i % 50 == 49 ? '.' : 'a';
	host[249] = '\0';
	assert_int_equal(record_list_add(&found, make_node(T1, host, 1, "default")), 0);
	assert_int_equal(record_list_add(&found, make_node(T2, "192.0.2.10", 1, "default")), 0);
	assert_int_equal(db_discovered(b->db, disc, &found, DB_FOUND_ADD, NULL, NULL, &b->err), 0);
	assert_int_equal(found.n, 1);
	assert_string_equal(record_str(found.at[0], FIELD_NODE_NAME), T2);
	assert_int_equal(b->warnings, 1);
	assert_non_null(strstr(b->warned, "too long for a directory name"));
	assert_int_equal(count_nodes(b, NULL, NULL, DB_TPGT_ANY, NULL), 1);
	record_list_free(&found);
	record_free(disc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_base(a_discovery_lies_where_open_iscsi_looks),
		in_base(a_discovery_is_updated),
		in_base(what_is_found_is_linked_to_its_discovery),
		in_base(rediscovery_keeps_what_was_set_by_hand),
		in_base(what_is_not_found_again_goes_only_when_asked),
		in_base(many_are_written_at_once),
		in_base(what_is_in_use_is_spared_and_what_is_held_is_given_back),
		in_base(a_rediscovery_that_changes_nothing_writes_nothing),
		in_base(deleting_a_discovery_deletes_what_it_found),
		in_base(deleting_a_node_takes_its_link_and_leaves_the_discovery),
		in_base(ifaces_are_files_but_for_those_built_in),
		in_base(a_change_of_an_iface_reaches_its_nodes),
		in_base(a_plugins_setting_that_an_iface_loses_goes_from_its_nodes),
		in_base(a_full_node_record_is_named),
		in_base(a_node_without_portal_group_is_listed_under_its_discovery),
		in_base(the_nodes_of_a_discovery_are_listed_by_target),
		in_base(what_an_index_has_is_read_again),
		in_base(an_address_too_long_for_a_record_is_left_out_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
