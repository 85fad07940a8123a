/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of adapters: what plugins that are missing would serve. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "plugin-fixture.h"
#include "plugin/catalogue.h"
#include "plugin/plugins.h"
#include "tempdir.h"
#include "tests/paths.h"

static void rows_are_read(void **state)
{
	struct list rows = LIST_INIT(rows);
	const struct catalogue_row *row;

	(void)state;
	assert_int_equal(catalogue_parse(&rows,
				 "# text\ntransport card cards card_mod vendor-cards\r\n\tpci 1234:*  A card, the first\npci "
				 "1234:56:*:789a\n"
				 "netdev net1\nnetdev net-2 more\nunknown x\n\ntransport other other - -"),
		0);
	row = catalogue_find(&rows, "card");
	assert_non_null(row);
	assert_string_equal(row->plugin, "cards");
	assert_string_equal(row->package, "vendor-cards");
	assert_string_equal(row->match.module, "card_mod");
	assert_true(row->pci_count == 2 && row->match.pci[0].vendor == 0x1234 && row->match.pci[0].device == MISCSI_PCI_ANY);
	assert_string_equal(row->match.pci[0].name, "A card, the first");
	assert_true(row->match.pci[1].device == 0x56 && row->match.pci[1].subvendor == MISCSI_PCI_ANY);
	assert_true(row->match.pci[1].subdevice == 0x789a && !row->match.pci[1].name && row->match.pci[2].vendor == 0);
	assert_string_equal(row->match.netdev_drivers[1], "net-2");
	assert_null(row->match.netdev_drivers[2]);
	row = catalogue_find(&rows, "other");
	assert_true(row && !row->match.module && !*row->package && !row->match.pci && !row->match.netdev_drivers);
	assert_null(catalogue_find(&rows, "none"));
	catalogue_free(&rows);
}

static void bad_lines_cost_themselves_alone(void **state)
{
	static const char *const bad[] = { "transport", "transport a", "transport ../a b c d", "transport a ../b c d",
		"transport a b c\x1b d", "transport a B - -", "pci", "pci 1234", "pci 1234:", "pci :1234", "pci *:1234 x",
		"pci 0:1 x", "pci 12345:1 x", "pci 1234:5:6 x", "pci 1234:5:6:7:8 x", "pci 12g4:5 x", "netdev", "netdev ../x",
		"netdev a/b", "\xff\xfe\x01" };
	char text[512], word[CATALOGUE_WORD_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct list rows = LIST_INIT(rows);
		const struct catalogue_row *row;
		bool transport = bad[i][0] == 't';

		snprintf(text, sizeof(text), "transport one one - -\n%s\npci 1:2 last\n", bad[i]);
		assert_int_equal(catalogue_parse(&rows, text), 0);
		row = catalogue_find(&rows, "one");
		assert_non_null(row);
		assert_int_equal(row->pci_count, transport ? 0 : 1); /* what is below a bad transport is nobody's */
		assert_int_equal(row->driver_count, 0);
		assert_true(rows.next->next == &rows);
		catalogue_free(&rows);
	}
	for (size_t n = CATALOGUE_WORD_MAX - 1; n <= CATALOGUE_WORD_MAX; n++) {
		struct list rows = LIST_INIT(rows);

		memset(word, 'a', n);
		word[n] = '\0';
		snprintf(text, sizeof(text), "transport %s p - -\n", word);
		assert_int_equal(catalogue_parse(&rows, text), 0);
		assert_int_equal(list_empty(&rows), n == CATALOGUE_WORD_MAX);
		catalogue_free(&rows);
	}
}

static void memory_may_fail(void **state)
{
	unsigned long n = 0;
	int r;

	(void)state;
	do {
		struct list rows = LIST_INIT(rows);

		x_fail_at(++n);
		r = catalogue_parse(&rows, "transport a b c d\npci 1:2 x\nnetdev y\npci 3:4\n");
		x_fail_at(0);
		catalogue_free(&rows);
		assert_true(n < 100);
	} while (r);
	assert_true(n > 5);
}

static int count(void *arg, const struct plugin_served *s)
{
	unsigned *counts = arg;

	counts[s->here]++;
	return 0;
}

static void plugins_that_are_here_come_first_and_once(void **state)
{
	struct plugin_fixture w;
	struct transport *t;
	struct tempdir dir;
	struct err err = ERR_INIT;
	unsigned counts[2] = { 0, 0 };
	char dirs[256];

	(void)state;
	tempdir_make(&dir);
	tempdir_put(&dir, "a.adapters", "transport null wrong wrong wrong\ntransport card cards - vendor-cards\n");
	tempdir_put(&dir, "b.adapters", "transport card second - second\ntransport bare bare - -\n");
	snprintf(dirs, sizeof(dirs), "%s:" BUILDDIR "/.libs", dir.dir);
	plugin_fixture_make(&w, dirs);
	assert_int_equal(plugins_find(w.ps, "null", &t, &err), 0);
	assert_int_equal(plugins_each_served(w.ps, count, counts), 0);
	assert_int_equal(counts[false], 2); /* card, bare */
	assert_true(counts[true] >= 9);
	assert_true(plugins_find(w.ps, "card", &t, &err) < 0);
	assert_non_null(strstr(err.text, "cards.so is missing: on Debian, run apt-get install vendor-cards"));
	assert_true(plugins_find(w.ps, "bare", &t, &err) < 0);
	assert_non_null(strstr(err.text, "bare.so is missing"));
	assert_null(strstr(err.text, "apt-get"));
	assert_true(plugins_find(w.ps, "nosuch", &t, &err) < 0);
	assert_non_null(strstr(err.text, "no known plugin supports it"));
	plugin_fixture_free(&w);
	tempdir_remove(&dir);
}

/* What the build wrote: one plugin's name for both of its transports. */
static void the_builds_own_file_names_the_plugin(void **state)
{
	struct plugin_fixture w;
	struct transport *t;
	struct err err = ERR_INIT;

	(void)state;
	plugin_fixture_make(&w, BUILDDIR);
	assert_true(plugins_find(w.ps, "cxgb3i", &t, &err) < 0);
	assert_int_equal(err.code, MISCSI_ERR_TRANS_NOT_FOUND);
	assert_non_null(strstr(err.text, "cxgbi.so is missing: on Debian, run apt-get install miscsi-plugin-cxgbi"));
	plugin_fixture_free(&w);
}

/* A message names the distribution's own command. ID decides before ID_LIKE, wherever the lines are. */
static void the_distributions_own_command_is_named(void **state)
{
	static const struct {
		const char *os_release, *command;
	} cases[] = {
		{ "NAME=\"Debian GNU/Linux\"\nID=debian\n", "on Debian, run apt-get install" },
		{ "ID_LIKE=debian\nID=ubuntu\n", "on Debian, run apt-get install" },
		{ "ID=fedora\n", "on Fedora, run dnf install" },
		{ "ID_LIKE=\"rhel centos fedora\"\nID=\"rocky\"\n", "on Red Hat, run dnf install" },
		{ "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", "on SUSE, run zypper install" },
		{ "ID_LIKE=fedora\nID='arch'\n", "on Arch Linux, run pacman -S" },
		{ "VERSION_ID=debian\nID=plan9", "on Debian, run apt-get install" },
		{ "", "on Debian, run apt-get install" },
	};
	struct tempdir dir;
	char path[256];

	(void)state;
	tempdir_make(&dir);
	snprintf(path, sizeof(path), "%s/os-release", dir.dir);
	assert_string_equal(catalogue_installer(path), "on Debian, run apt-get install"); /* no such file */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tempdir_put(&dir, "os-release", cases[i].os_release);
		assert_string_equal(catalogue_installer(path), cases[i].command);
	}
	tempdir_remove(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_read),
		cmocka_unit_test(bad_lines_cost_themselves_alone),
		cmocka_unit_test(memory_may_fail),
		cmocka_unit_test(plugins_that_are_here_come_first_and_once),
		cmocka_unit_test(the_builds_own_file_names_the_plugin),
		cmocka_unit_test(the_distributions_own_command_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
