/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * miscsi-plugin-check FILE…: checks plugins by the rules of clauses.def, and prints which they break. Each part runs in a process of
 * its own, since a plugin under test may end it or hang.
 */
#include "config.h"
#include "base/mem.h"
#include "plugin/private.h"
#include "tests/kit/kit.h"
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define REPORTS_MAX 200
#define FOR_EACH_CLAUSE 3 /* reports that are printed */

static const struct {
	const char *name;
	unsigned number;
	bool must;
	const char *text;
} clauses[] = {
#define MUST true
#define SHOULD false
#define CLAUSE(name, number, force, text) { #name, number, force, text },
#include "tests/kit/clauses.def"
#undef CLAUSE
};

static unsigned timeout = 120; /* seconds for a process */

/* Memory that the processes share. */
static struct board {
	char doing[256], dir[64];
	bool has[OPS_MAX]; /* the plugin has the op of that part */
	bool read[64]; /* its settings that it has read */
	char settings[64][PLUGIN_KEY_MAX + 1]; /* "": no more */
	unsigned n;
	struct report {
		enum clause clause;
		char text[400];
	} reports[REPORTS_MAX];
} * board;

void kit_doing(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(board->doing, sizeof(board->doing), fmt, ap);
	va_end(ap);
}

/* One and the same text counts once: an op is run with much input. */
void kit_breaks(enum clause clause, const char *fmt, ...)
{
	struct report *r = &board->reports[board->n];
	va_list ap;

	if (board->n == REPORTS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	r->clause = clause;
	for (unsigned i = 0; i < board->n; i++) {
		if (board->reports[i].clause == clause && strcmp(board->reports[i].text, r->text) == 0)
			return;
	}
	board->n++;
}

void kit_field_read(unsigned nth)
{
	board->read[nth] = true;
}

static void note_settings(const struct plugin *p)
{
	for (unsigned i = 0; i < p->n_fields && i < ARRAY_SIZE(board->settings); i++)
		snprintf(board->settings[i], sizeof(board->settings[i]), "%s", p->fields[i].key);
}

static unsigned open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

/* part: of ops_part(), or -1: the plugin is only started and stopped. */
static void run_part(const char *file, int part)
{
	unsigned before = open_descriptors();
	struct world w;
	struct plugin *p;

	alarm(timeout);
	kit_doing("start()");
	if (!world_open(&w, file, board->dir)) {
		kit_breaks(CLAUSE_LOADS, "the dynamic linker cannot load it");
		_exit(0);
	}
	list_for_each (p, &w.ps->list, node) {
		if (part < 0 && (!p->abi.version || !*p->abi.version || !p->abi.summary || !*p->abi.summary))
			kit_breaks(CLAUSE_DESCRIBED, "its struct miscsi_plugin has no .version or no .summary");
		if (part < 0)
			note_settings(p);
	}
	if (part >= 0)
		ops_run(&w, (unsigned)part);
	else
		ops_calls(&w);
	for (unsigned i = 0; part < 0 && ops_part(i); i++)
		board->has[i] = ops_has(&w, i);
	kit_doing("stop()");
	world_close(&w);
	if (open_descriptors() > before)
		kit_breaks(CLAUSE_DESCRIPTORS, "%u file descriptors are left open after %s", open_descriptors() - before,
			part < 0 ? "start() and stop()" : ops_part((unsigned)part));
	_exit(0);
}

static void watch_part(const char *file, int part)
{
	int status = 0;
	pid_t pid;

	strcpy(board->dir, "/tmp/miscsi-plugin-check.XXXXXX");
	pid = mkdtemp(board->dir) ? fork() : -1;
	if (pid == 0)
		run_part(file, part);
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		fprintf(stderr, "miscsi-plugin-check: cannot start the process that loads the plugin: %s\n", strerror(errno));
		exit(2);
	}
	world_remove(board->dir);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		kit_breaks(CLAUSE_ENDS, "%s: the plugin did not return within %u s", board->doing, timeout);
	else if (WIFSIGNALED(status))
		kit_breaks(CLAUSE_SURVIVES, "%s: %s", board->doing, strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		kit_breaks(CLAUSE_SURVIVES, "%s: the plugin ended the program with status %d", board->doing, WEXITSTATUS(status));
}

static unsigned count_of(enum clause clause)
{
	unsigned n = 0;

	for (unsigned i = 0; i < board->n; i++)
		n += board->reports[i].clause == clause;
	return n;
}

/* The rules that were broken, each with its first reports. */
static void print_reports(enum clause clause, const char *before)
{
	unsigned n = 0;

	for (unsigned i = 0; i < board->n && n < FOR_EACH_CLAUSE; i++) {
		if (board->reports[i].clause == clause && ++n)
			printf("%s%s\n", before, board->reports[i].text);
	}
	if (count_of(clause) > n)
		printf("%sand %u more\n", before, count_of(clause) - n);
}

static void print_text(const char *file)
{
	bool must = false, should = false;

	for (unsigned i = 0; i < CLAUSES; i++) {
		if (!count_of((enum clause)i))
			continue;
		must |= clauses[i].must;
		should |= !clauses[i].must;
		printf("%s: rule %u (%s): %s\n", file, clauses[i].number, clauses[i].must ? "MUST" : "SHOULD", clauses[i].text);
		print_reports((enum clause)i, "\t");
	}
	printf("%s: %s\n", file, must ? "breaks a rule" : should ? "keeps the rules with MUST" : "keeps the rules");
}

static void print_tap(const char *file)
{
	for (unsigned i = 0; i < CLAUSES; i++) {
		printf("%s %u - %s: %s%s\n", count_of((enum clause)i) ? "not ok" : "ok", clauses[i].number, file, clauses[i].text,
			clauses[i].must ? "" : " # TODO SHOULD");
		print_reports((enum clause)i, "# ");
	}
}

static void print_string(const char *text)
{
	putchar('"');
	for (const unsigned char *s = (const void *)text; *s; s++) {
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if (*s < 0x20)
			printf("\\u%04x", *s);
		else
			putchar(*s);
	}
	putchar('"');
}

static void print_json(const char *file)
{
	printf("{\"file\":");
	print_string(file);
	printf(",\"abi\":%u,\"rules\":[", MISCSI_ABI);
	for (unsigned i = 0; i < CLAUSES; i++) {
		bool first = true;

		printf("%s{\"rule\":%u,\"must\":%s,\"broken\":[", i ? "," : "", clauses[i].number,
			clauses[i].must ? "true" : "false");
		for (unsigned k = 0; k < board->n; k++) {
			if (board->reports[k].clause != i)
				continue;
			printf("%s", first ? "" : ",");
			print_string(board->reports[k].text);
			first = false;
		}
		printf("]}");
	}
	printf("]}\n");
}

/* Whether it breaks a rule that counts. */
static bool check(const char *file, void (*print)(const char *file), bool strict)
{
	bool broken = false;

	memset(board, 0, sizeof(*board));
	elf_rules(file);
	if (!count_of(CLAUSE_WHOLE)) {
		watch_part(file, -1);
		for (unsigned i = 0; !count_of(CLAUSE_LOADS) && ops_part(i); i++)
			if (board->has[i])
				watch_part(file, (int)i);
		for (unsigned i = 0; i < ARRAY_SIZE(board->settings) && *board->settings[i]; i++)
			if (!board->read[i])
				kit_breaks(CLAUSE_SETTINGS, "no op reads the setting %s", board->settings[i]);
	}
	print(file);
	fflush(stdout);
	for (unsigned i = 0; i < CLAUSES; i++)
		broken |= count_of((enum clause)i) && (clauses[i].must || strict);
	return broken;
}

static int usage(FILE *to, int status)
{
	fprintf(to,
		"usage: miscsi-plugin-check [--tap | --json] [--strict] [--timeout SECONDS] FILE…\n"
		"Checks plugins of miscsi, for plugin ABI %u. miscsi-plugin-check(1) lists the rules.\n"
		"  --tap      prints a line for each rule, in the Test Anything Protocol\n"
		"  --json     prints an object for each file\n"
		"  --strict   rules with SHOULD count too\n"
		"  --timeout SECONDS   ends a process that takes longer (120)\n"
		"The exit status is 0, or 1 if a file breaks a rule with MUST, or 2 for a usage error.\n",
		MISCSI_ABI);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "tap", no_argument, NULL, 't' }, { "json", no_argument, NULL, 'j' },
		{ "strict", no_argument, NULL, 's' }, { "timeout", required_argument, NULL, 'T' },
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' }, { 0 } };
	void (*print)(const char *file) = print_text;
	bool strict = false, broken = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 't':
			print = print_tap;
			break;
		case 'j':
			print = print_json;
			break;
		case 's':
			strict = true;
			break;
		case 'T':
			timeout = (unsigned)strtoul(optarg, NULL, 10);
			if (!timeout || timeout > 3600) {
				fprintf(stderr, "miscsi-plugin-check: '%s' is not a number of seconds from 1 to 3600\n", optarg);
				return usage(stderr, 2);
			}
			break;
		case 'h':
			return usage(stdout, 0);
		case 'V':
			printf("miscsi-plugin-check %s\n", PACKAGE_VERSION);
			return 0;
		default:
			return usage(stderr, 2);
		}
	}
	if (optind == argc) {
		fprintf(stderr, "miscsi-plugin-check: name a plugin's file\n");
		return usage(stderr, 2);
	}
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED) {
		fprintf(stderr, "miscsi-plugin-check: no memory for the reports: %s\n", strerror(errno));
		return 2;
	}
	if (print == print_tap)
		printf("TAP version 13\n1..%d\n", (argc - optind) * CLAUSES);
	for (; optind < argc; optind++)
		broken |= check(argv[optind], print, strict);
	return broken;
}
