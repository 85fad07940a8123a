/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plugin files: which are opened, in what order, which are refused and how that is told. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "plugin-run.h"
#include "tempdir.h"
#include "tests/paths.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOOD BUILDDIR "/.libs/"
#define ODD BUILDDIR "/tests/unit/plugins/.libs/"

static bool dlopen_fails;
void *__real_dlopen(const char *file, int mode);
void *__wrap_dlopen(const char *file, int mode);

/* For the core; libltdl calls its own. */
void *__wrap_dlopen(const char *file, int mode)
{
	return dlopen_fails ? NULL : __real_dlopen(file, mode);
}

/* A copy, as a distribution or a user would make one. */
static void put(const struct tempdir *dir, const char *from, const char *as)
{
	char bytes[4096];
	int in = open(from, O_RDONLY), out = open(tempdir_path(dir, as), O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(out, bytes, (size_t)n), n);
	close(in);
	close(out);
}

struct listed {
	struct {
		char name[64], version[32], transports[64], capabilities[512], file[512], refused[512];
		uint32_t abi;
	} at[8];
	size_t count;
};

static int list_plugin(void *arg, const struct plugin_info *info)
{
	struct listed *l = arg;
	size_t n = l->count++;

	assert_true(n < 8);
	snprintf(l->at[n].name, sizeof(l->at[n].name), "%s", info->name);
	snprintf(l->at[n].version, sizeof(l->at[n].version), "%s", info->version);
	snprintf(l->at[n].transports, sizeof(l->at[n].transports), "%s", info->transports);
	snprintf(l->at[n].capabilities, sizeof(l->at[n].capabilities), "%s", info->capabilities);
	snprintf(l->at[n].file, sizeof(l->at[n].file), "%s", info->file);
	snprintf(l->at[n].refused, sizeof(l->at[n].refused), "%s", info->refused);
	l->at[n].abi = info->abi;
	/* by name within a directory, as iscsiadm prints them */
	assert_true(n == 0 || strcmp(l->at[n - 1].name, info->name) <= 0);
	return 0;
}

/* The number of a plugin in the list. */
static size_t row(const struct listed *l, const char *name)
{
	size_t i = 0;

	while (i < l->count && strcmp(l->at[i].name, name) != 0)
		i++;
	assert_true(i < l->count);
	return i;
}

/* How a plugin of the next ABI is refused. */
static const char *other_abi(char text[64])
{
	snprintf(text, 64, "built for plugin ABI %u", MISCSI_ABI + 1);
	return text;
}

static void refused_files_are_named_and_the_rest_works(void **state)
{
	char text[64];
	struct plugin_fixture w;
	struct listed list = { .count = 0 };
	struct tempdir dir;

	(void)state;
	tempdir_make(&dir);
	put(&dir, GOOD "null.so", "null.so");
	put(&dir, ODD "odd_abi.so", "odd_abi.so");
	put(&dir, ODD "odd_name.so", "odd_name.so");
	put(&dir, ODD "odd_symbol.so", "odd_symbol.so");
	put(&dir, SRCDIR "/configure.ac", "odd_text.so");
	put(&dir, GOOD "null.so", "Odd-Letters.so");
	put(&dir, GOOD "null.so", "null.so.rpmsave");
	plugin_fixture_make(&w, dir.dir);
	list.count = 0;
	assert_int_equal(plugins_each(w.ps, list_plugin, &list), 0);
	assert_int_equal(list.count, 6);
	assert_string_equal(list.at[row(&list, "null")].refused, "");
	assert_string_equal(list.at[row(&list, "null")].transports, "null");
	assert_string_equal(list.at[row(&list, "null")].version, PACKAGE_VERSION);
	assert_int_equal(list.at[row(&list, "null")].abi, MISCSI_ABI);
	assert_non_null(strstr(list.at[row(&list, "null")].capabilities, "flash nodes"));
	assert_string_equal(list.at[row(&list, "null")].file, tempdir_path(&dir, "null.so"));
	assert_non_null(strstr(list.at[row(&list, "odd_abi")].refused, other_abi(text)));
	assert_non_null(strstr(list.at[row(&list, "odd_name")].refused, "no entry symbol"));
	assert_non_null(strstr(list.at[row(&list, "odd_symbol")].refused, "nobody_has_this_function"));
	assert_non_null(strstr(list.at[row(&list, "odd_text")].refused, "ELF"));
	assert_non_null(strstr(list.at[row(&list, "Odd-Letters")].refused, "characters other than"));

	/* each is told once */
	w.lines[0] = '\0';
	list.count = 0;
	assert_int_equal(plugins_each(w.ps, list_plugin, &list), 0);
	assert_int_equal(list.count, 6);
	assert_string_equal(w.lines, "");
	plugin_fixture_free(&w);
	tempdir_remove(&dir);
}

static void file_named_for_the_transport_is_the_only_one_opened(void **state)
{
	char text[64];
	struct plugin_fixture w;
	struct transport *t;
	struct tempdir dir;
	struct err err = ERR_INIT;

	(void)state;
	tempdir_make(&dir);
	put(&dir, GOOD "null.so", "null.so");
	put(&dir, ODD "odd_abi.so", "odd_abi.so");
	plugin_fixture_make(&w, dir.dir);
	must_find(&w, "null");
	assert_string_equal(w.lines, "");
	/* one that no file is named for: then all are opened */
	assert_int_equal(plugins_find(w.ps, "card", &t, &err), -ENODEV);
	assert_non_null(strstr(w.lines, "odd_abi.so is not used"));
	assert_int_equal(err.code, MISCSI_ERR_TRANS_NOT_FOUND);
	assert_non_null(strstr(err.text, "transport 'card'"));
	assert_non_null(strstr(err.text, dir.dir));
	assert_non_null(strstr(err.text, "odd_abi.so is not used")); /* it may be the missing one */
	/* one whose file was refused */
	assert_int_equal(plugins_find(w.ps, "odd_abi", &t, &err), -ENODEV);
	assert_non_null(strstr(err.text, other_abi(text)));
	plugin_fixture_free(&w);
	tempdir_remove(&dir);
}

/* A package that is installed while the daemon runs: nobody restarts it for that. */
static void files_that_come_later_are_seen(void **state)
{
	char text[64];
	struct plugin_fixture w;
	struct transport *t;
	struct tempdir dir;
	struct err err = ERR_INIT;

	(void)state;
	tempdir_make(&dir);
	put(&dir, GOOD "null.so", "null.so");
	put(&dir, ODD "odd_abi.so", "odd_abi.so");
	put(&dir, SRCDIR "/configure.ac", "be2iscsi.so"); /* as a copy that is not finished */
	plugin_fixture_make(&w, dir.dir);
	assert_int_equal(plugins_find(w.ps, "cxgb4i", &t, &err), -ENODEV);
	assert_int_equal(plugins_find_by_proc_name(w.ps, "cxgb3i", &t, &err), -ENODEV);
	assert_int_equal(plugins_find(w.ps, "be2iscsi", &t, &err), -ENODEV);
	assert_non_null(strstr(err.text, "is not used"));
	assert_int_equal(plugins_served(w.ps), 1);
	w.lines[0] = '\0';
	put(&dir, GOOD "cxgbi.so", "cxgbi.so");
	assert_int_equal(plugins_find_by_proc_name(w.ps, "cxgb3i", &t, &err), 0);
	must_find(&w, "cxgb4i");
	put(&dir, GOOD "be2iscsi.so", "be2iscsi.so");
	must_find(&w, "be2iscsi");
	assert_int_equal(plugins_served(w.ps), 4);
	assert_string_equal(w.lines, ""); /* what was refused and is as it was is not told again */
	assert_int_equal(plugins_find(w.ps, "odd_abi", &t, &err), -ENODEV);
	assert_non_null(strstr(err.text, other_abi(text)));
	assert_int_equal(unlink(tempdir_path(&dir, "odd_abi.so")), 0);
	assert_int_equal(plugins_find(w.ps, "odd_abi", &t, &err), -ENODEV);
	assert_null(strstr(err.text, other_abi(text)));
	plugin_fixture_free(&w);
	tempdir_remove(&dir);
}

/* As without memory, which the dynamic linker does not tell from other reasons. */
static void a_file_that_could_not_be_opened_is_tried_again(void **state)
{
	struct plugin_fixture w;
	struct transport *t;
	struct tempdir dir;

	(void)state;
	tempdir_make(&dir);
	put(&dir, GOOD "null.so", "null.so");
	plugin_fixture_make(&w, dir.dir);
	dlopen_fails = true;
	assert_int_equal(plugins_find(w.ps, "null", &t, NULL), -ENODEV);
	assert_int_equal(plugins_find(w.ps, "null", &t, NULL), -ENODEV);
	dlopen_fails = false;
	must_find(&w, "null");
	plugin_fixture_free(&w);
	tempdir_remove(&dir);
}

static void first_directory_wins(void **state)
{
	struct plugin_fixture w;
	struct listed list = { .count = 0 };
	struct tempdir first, second;
	char dirs[200];

	(void)state;
	tempdir_make(&first);
	tempdir_make(&second);
	put(&first, GOOD "null.so", "null.so");
	put(&second, GOOD "null.so", "null.so");
	snprintf(dirs, sizeof(dirs), "/no/such/directory::%s:%s", first.dir, second.dir);
	plugin_fixture_make(&w, dirs);
	list.count = 0;
	assert_int_equal(plugins_each(w.ps, list_plugin, &list), 0);
	assert_int_equal(list.count, 2);
	for (size_t i = 0; i < 2; i++) {
		if (strncmp(list.at[i].file, first.dir, strlen(first.dir)) == 0)
			assert_string_equal(list.at[i].refused, "");
		else
			assert_non_null(strstr(list.at[i].refused, first.dir));
	}
	plugin_fixture_free(&w);
	tempdir_remove(&first);
	tempdir_remove(&second);
}

static void environment_is_believed_only_without_privileges(void **state)
{
	char text[64];
	char *dirs = load_dirs("/home/me/plugins", false);

	(void)state;
	assert_string_equal(dirs, "/home/me/plugins:" PLUGINS_DIR);
	x_free(dirs);
	dirs = load_dirs("/home/me/plugins", true);
	assert_string_equal(dirs, PLUGINS_DIR);
	x_free(dirs);
	dirs = load_dirs(NULL, false);
	assert_string_equal(dirs, PLUGINS_DIR);
	x_free(dirs);
	snprintf(text, sizeof(text), "/plugins-%u", MISCSI_ABI);
	assert_non_null(strstr(PLUGINS_DIR, text));
	assert_false(load_privileged());
}

/* Those of a static program. */
static void preloaded_plugins_come_first(void **state)
{
	static const struct miscsi_match match[] = { MISCSI_MATCH(.transport = "null"), MISCSI_END };
	static const struct miscsi_plugin inside = { .size = sizeof(inside), .abi = MISCSI_ABI, .name = "null", .match = match };
	const struct plugins_linked symbols[] = { { "@PROGRAM@", NULL }, { "null.a", NULL },
		{ "null_LTX_miscsi_plugin_entry", &inside }, { NULL, NULL } };
	struct plugin_fixture w;
	struct plugins_config config;

	(void)state;
	plugin_fixture_make(&w, "");
	plugins_free(w.ps);
	config = (struct plugins_config){ .loop = w.loop, .log = &w.log, .preloaded = symbols, .dirs = BUILDDIR "/.libs" };
	assert_int_equal(plugins_new(&config, &w.ps), 0);
	assert_false(transport_logs_in(must_find(&w, "null"))); /* the one in the file does */
	assert_string_equal(w.lines, "");
	plugin_fixture_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_files_are_named_and_the_rest_works),
		cmocka_unit_test(file_named_for_the_transport_is_the_only_one_opened),
		cmocka_unit_test(files_that_come_later_are_seen),
		cmocka_unit_test(a_file_that_could_not_be_opened_is_tried_again),
		cmocka_unit_test(first_directory_wins),
		cmocka_unit_test(environment_is_believed_only_without_privileges),
		cmocka_unit_test(preloaded_plugins_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
