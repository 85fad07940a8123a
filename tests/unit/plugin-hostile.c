/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hostile plugin files: cut, damaged, of another machine, writable by others, with odd sizes. Never a crash, always a reason. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "plugin-run.h"
#include "plugin/trial.h"
#include "tempdir.h"
#include "tests/paths.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NULL_SO BUILDDIR "/.libs/null.so"
#define ISER_SO BUILDDIR "/.libs/iser.so" /* small, and without start(): all that happens is the loading */
#define ODD_CONSTRUCTOR BUILDDIR "/tests/unit/plugins/.libs/odd_constructor.so"

static char *bytes; /* of null.so */
static size_t length;

static char *read_whole(const char *file, size_t *len)
{
	int fd = open(file, O_RDONLY);
	struct stat st;
	char *all;

	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	*len = (size_t)st.st_size;
	all = malloc(*len);
	return all && read(fd, all, *len) == (ssize_t)*len && close(fd) == 0 ? all : NULL;
}

static int read_plugin(void **state)
{
	(void)state;
	bytes = read_whole(NULL_SO, &length);
	return bytes ? 0 : -1;
}

static int forget_plugin(void **state)
{
	(void)state;
	free(bytes);
	return 0;
}

static const char *write_file(const struct tempdir *dir, const char *as, const void *from, size_t len)
{
	const char *path = tempdir_path(dir, as);
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, from, len), len);
	close(fd);
	return path;
}

static char reason[1024];

static int note_reason(void *arg, const struct plugin_info *info)
{
	++*(unsigned *)arg;
	snprintf(reason, sizeof(reason), "%s", info->refused);
	return 0;
}

/* "" if the one file in the directory is used. */
static const char *reason_of(const char *dir)
{
	struct plugin_fixture w;
	unsigned n = 0;

	plugin_fixture_make(&w, dir);
	assert_int_equal(plugins_each(w.ps, note_reason, &n), 0);
	assert_int_equal(n, 1);
	plugin_fixture_free(&w);
	return reason;
}

static void refused_for(const char *dir, const char *why)
{
	if (!strstr(reason_of(dir), why))
		fail_msg("'%s' does not contain '%s'", reason, why);
}

static void cut_files_are_refused_at_every_length(void **state)
{
	struct tempdir dir;

	(void)state;
	tempdir_make(&dir);
	for (size_t len = 0; len < length; len += 512) {
		write_file(&dir, "null.so", bytes, len);
		assert_string_not_equal(reason_of(dir.dir), "");
		if (strstr(reason, "Exec format") || (!strstr(reason, "copy it again") && !strstr(reason, "no ELF header")))
			fail_msg("%zu bytes: %s", len, reason); /* the reason ends with what to do */
	}
	write_file(&dir, "null.so", bytes, length);
	assert_string_equal(reason_of(dir.dir), "");
	tempdir_remove(&dir);
}

/* A copy that has its full length from the beginning, as some tools make one. */
static void files_with_holes_are_refused(void **state)
{
	char *copy = calloc(1, length);
	struct tempdir dir;
	ElfW(Ehdr) head;

	(void)state;
	assert_non_null(copy);
	memcpy(&head, bytes, sizeof(head));
	tempdir_make(&dir);
	for (size_t len = 0; len <= head.e_shoff; len += 4096) { /* the table of sections comes last */
		memcpy(copy, bytes, len);
		write_file(&dir, "null.so", copy, length);
		assert_string_not_equal(reason_of(dir.dir), "");
	}
	free(copy);
	tempdir_remove(&dir);
}

/* ---- each byte of what the dynamic linker reads ---- */

static char *small; /* iser.so */

/* The places in it, and what came of the changes; shared with the processes that load them. */
struct damage {
	size_t len, at, n_places;
	unsigned used, refused;
	unsigned char value;
	char why[256]; /* of the last one */
	size_t places[1 << 16];
};

/* Headers, and all that is loaded but code, constants and variables. */
static void find_places(struct damage *d)
{
	ElfW(Ehdr) head;
	ElfW(Shdr) s;

	memcpy(&head, small, sizeof(head));
	for (size_t i = 0; i < sizeof(head) + head.e_phnum * sizeof(ElfW(Phdr)); i++)
		d->places[d->n_places++] = i;
	for (unsigned n = 0; n < head.e_shnum; n++) {
		size_t row = head.e_shoff + n * sizeof(s);

		memcpy(&s, small + row, sizeof(s));
		for (size_t i = 0; s.sh_flags & SHF_ALLOC && i < sizeof(s); i++)
			d->places[d->n_places++] = row + i;
		for (size_t i = 0;
			s.sh_flags & SHF_ALLOC && s.sh_type != SHT_PROGBITS && s.sh_type != SHT_NOBITS && i < s.sh_size; i++)
			d->places[d->n_places++] = s.sh_offset + i;
		assert_true(d->n_places < sizeof(d->places) / sizeof(d->places[0]) - 4096);
	}
}

/* Some changes, in one process: a crash in it is that of a program, and d has the place. */
static void load_damaged(struct damage *d, const char *dir, size_t from, size_t to)
{
	static const unsigned char flips[] = { 0xff, 0x01, 0x80, 0x10 };
#ifdef __SANITIZE_ADDRESS__
	const size_t most = 1; /* its processes are slow to make */
#else
	const size_t most = 2;
#endif
	char file[4096];

	snprintf(file, sizeof(file), "%s/iser.so", dir);
	for (size_t i = from; i < to; i++) {
		char *byte = &small[d->places[i]], was = *byte;

		for (size_t v = 0; v < most; v++) {
			int fd;

			*byte = (char)(was ^ flips[(i + v) % sizeof(flips)]);
			d->at = d->places[i];
			d->value = (unsigned char)*byte;
			unlink(file); /* a program that has it mapped keeps its bytes */
			fd = open(file, O_WRONLY | O_CREAT | O_EXCL, 0644);
			if (fd < 0 || write(fd, small, d->len) != (ssize_t)d->len || close(fd) < 0)
				_exit(99);
			snprintf(d->why, sizeof(d->why), "%s", reason_of(dir));
			if (*d->why)
				d->refused++;
			else
				d->used++;
		}
		*byte = was;
	}
}

/* A file may still be good, where the byte does not matter; then it is used. */
static void damaged_tables_never_crash(void **state)
{
	struct damage *d = mmap(NULL, sizeof(*d), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct tempdir dir;
	size_t step = 100;

	(void)state;
	assert_true(d != MAP_FAILED);
	small = read_whole(ISER_SO, &d->len);
	assert_non_null(small);
	find_places(d);
	tempdir_make(&dir);
	for (size_t from = 0; from < d->n_places; from += step) {
		size_t to = from + step < d->n_places ? from + step : d->n_places;
		int status = 0;
		pid_t pid = fork();

		if (pid == 0) {
			load_damaged(d, dir.dir, from, to);
			exit(0); /* destructors of plugins run */
		}
		assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
		if (status)
			fail_msg("byte %#zx replaced by %#x: status %#x, after: %s", d->at, d->value, status, d->why);
	}
	printf("%zu places: %u used, %u refused\n", d->n_places, d->used, d->refused);
	assert_true(d->used > 0 && d->refused > d->n_places / 2);
	free(small);
	munmap(d, sizeof(*d));
	tempdir_remove(&dir);
}

/* What is wrong, and what to do; for what the tables show, and for what only a trial shows. */
static void damage_is_reported_with_what_to_do(void **state)
{
	ElfW(Ehdr) head;
	ElfW(Shdr) s;
	struct tempdir dir;
	size_t len;
	char *copy = read_whole(ISER_SO, &len);

	(void)state;
	assert_non_null(copy);
	memcpy(&head, copy, sizeof(head));
	tempdir_make(&dir);
	for (unsigned n = 0; n < head.e_shnum; n++) {
		ElfW(Rela) row;

		memcpy(&s, copy + head.e_shoff + n * sizeof(s), sizeof(s));
		if (s.sh_type != SHT_RELA)
			continue;
		/* the first row is that of a constructor: it is now somewhere else in the object */
		memcpy(&row, copy + s.sh_offset, sizeof(row));
		row.r_addend = (ElfW(Sxword))s.sh_addr;
		memcpy(copy + s.sh_offset, &row, sizeof(row));
		write_file(&dir, "iser.so", copy, len);
		refused_for(dir.dir, "it is damaged: an attempt to load it ended ");
		refused_for(dir.dir, "; install the package again");
		row.r_offset = 1 << 24;
		memcpy(copy + s.sh_offset, &row, sizeof(row));
		write_file(&dir, "iser.so", copy, len);
		refused_for(dir.dir, "its relocations are damaged, or made by an unknown linker: install the package again");
		free(copy);
		tempdir_remove(&dir);
		return;
	}
	skip(); /* a machine whose relocations have no addend */
}

static void stop(void *arg)
{
	(void)arg;
	raise(SIGSTOP);
}

/* An alarm does not end it, as it does not end one that waits for a disk. */
static void a_trial_that_does_not_end_is_left(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(trial_run(stop, NULL, &err), -ENOEXEC);
	assert_string_equal(err.text, "did not end within 10 s");
}

static void files_of_another_kind_are_refused(void **state)
{
	static const struct {
		size_t at;
		char value;
		const char *why;
	} changes[] = {
		{ EI_MAG1, 'X', "no ELF header" },
		{ EI_CLASS, sizeof(void *) == 8 ? ELFCLASS32 : ELFCLASS64, "another processor" },
		{ EI_DATA, ELFDATA2MSB, "another processor" },
		{ offsetof(ElfW(Ehdr), e_machine), EM_MIPS, "another processor" },
		{ offsetof(ElfW(Ehdr), e_type), ET_EXEC, "not a shared object" },
		{ offsetof(ElfW(Ehdr), e_type), ET_CORE, "not a shared object" },
	};
	struct tempdir dir;

	(void)state;
	tempdir_make(&dir);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char *copy = malloc(length);

		assert_non_null(copy);
		memcpy(copy, bytes, length);
		copy[changes[i].at] = changes[i].value;
		write_file(&dir, "null.so", copy, length);
		refused_for(dir.dir, changes[i].why);
		free(copy);
	}
	tempdir_remove(&dir);
}

/* Its constructor ends the program: of another ABI no code may run. */
static void no_code_of_another_abi_runs(void **state)
{
	struct tempdir dir;

	(void)state;
	tempdir_make(&dir);
	assert_int_equal(symlink(ODD_CONSTRUCTOR, tempdir_path(&dir, "odd_constructor.so")), 0);
	refused_for(dir.dir, "built for plugin ABI");
	tempdir_remove(&dir);
}

static void files_that_others_could_have_written_are_refused(void **state)
{
	struct tempdir dir;
	char folder[4096], file[4096], other[4096], link[4096];

	(void)state;
	tempdir_make(&dir);
	snprintf(folder, sizeof(folder), "%s", tempdir_path(&dir, "a"));
	snprintf(file, sizeof(file), "%s", tempdir_path(&dir, "a/null.so"));
	assert_int_equal(mkdir(folder, 0755), 0);
	write_file(&dir, "a/null.so", bytes, length);
	assert_string_equal(reason_of(folder), "");

	assert_int_equal(chmod(file, 0664), 0);
	refused_for(folder, "a/null.so may be written by its group: run chmod g-w on it");
	assert_int_equal(chmod(file, 0646), 0);
	refused_for(folder, "a/null.so may be written by every user: run chmod o-w on it");
	assert_int_equal(chmod(file, 0644), 0);
	assert_int_equal(chmod(folder, 0775), 0);
	refused_for(folder, "/a may be written by its group");
	assert_int_equal(chmod(folder, 01777), 0);
	refused_for(folder, "/a may be written by every user");
	assert_int_equal(chmod(folder, 0755), 0);
	/* the folder above */
	assert_int_equal(chmod(dir.dir, 0777), 0);
	refused_for(folder, "may be written by every user");
	assert_int_equal(chmod(dir.dir, 01777), 0); /* as /tmp: nobody else can replace "a" there */
	assert_string_equal(reason_of(folder), "");
	assert_int_equal(chmod(dir.dir, 0755), 0);

	/* a link out of it: the file where it leads counts, and so do the folders above that */
	snprintf(other, sizeof(other), "%s", tempdir_path(&dir, "b"));
	assert_int_equal(mkdir(other, 0755), 0);
	snprintf(link, sizeof(link), "%s", tempdir_path(&dir, "b/null.so"));
	assert_int_equal(symlink("../a/null.so", link), 0);
	assert_string_equal(reason_of(other), "");
	assert_int_equal(chmod(folder, 0775), 0);
	refused_for(other, "/a may be written by its group");
	assert_int_equal(chmod(folder, 0755), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(file, 1000, 0), 0);
		refused_for(other, "a/null.so belongs to user 1000");
		refused_for(folder, "a/null.so belongs to user 1000: run chown root on it");
		assert_int_equal(chown(file, 0, 0), 0);
		assert_int_equal(chown(folder, 1000, 0), 0);
		refused_for(other, "/a belongs to user 1000");
	}
	tempdir_remove(&dir);
}

/* A developer with a umask of 002: his build is writable by his own group, and his programs open it; those of root do not. */
static void build_of_a_user_is_opened_by_that_user(void **state)
{
	struct tempdir dir;
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		return;
	tempdir_make(&dir);
	write_file(&dir, "null.so", bytes, length);
	assert_int_equal(chown(tempdir_path(&dir, "null.so"), 1000, 1000), 0);
	assert_int_equal(chmod(tempdir_path(&dir, "null.so"), 0664), 0);
	assert_int_equal(chown(dir.dir, 1000, 1000), 0);
	assert_int_equal(chmod(dir.dir, 0775), 0);
	refused_for(dir.dir, "belongs to user 1000");
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(setgid(1000) || setuid(1000) || strcmp(reason_of(dir.dir), "") != 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(chown(tempdir_path(&dir, "null.so"), 1000, 1001), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(setgid(1000) || setuid(1000) || !strstr(reason_of(dir.dir), "may be written by its group"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	tempdir_remove(&dir);
}

/* A link that leads nowhere is no plugin that is not there: somebody has put it into the folder. */
static void links_that_lead_nowhere_are_refused(void **state)
{
	struct tempdir dir;
	struct plugin_fixture w;
	struct transport *t;
	struct err err = ERR_INIT;

	(void)state;
	tempdir_make(&dir);
	assert_int_equal(symlink("gone.so.1", tempdir_path(&dir, "null.so")), 0);
	refused_for(dir.dir, "No such file");
	plugin_fixture_make(&w, dir.dir);
	assert_int_equal(plugins_find(w.ps, "null", &t, &err), -ENODEV);
	assert_non_null(strstr(err.text, "null.so"));
	plugin_fixture_free(&w);
	assert_int_equal(unlink(tempdir_path(&dir, "null.so")), 0);
	assert_int_equal(symlink("null.so", tempdir_path(&dir, "null.so")), 0);
	refused_for(dir.dir, "Too many levels");
	assert_int_equal(unlink(tempdir_path(&dir, "null.so")), 0);
	assert_int_equal(symlink("/proc/self/mem", tempdir_path(&dir, "null.so")), 0);
	assert_string_not_equal(reason_of(dir.dir), "");
	assert_int_equal(unlink(tempdir_path(&dir, "null.so")), 0);
	assert_int_equal(symlink("/dev/null", tempdir_path(&dir, "null.so")), 0);
	refused_for(dir.dir, "not a regular file");
	tempdir_remove(&dir);
}

static void things_that_are_no_files_are_refused(void **state)
{
	struct tempdir dir;

	(void)state;
	tempdir_make(&dir);
	assert_int_equal(mkfifo(tempdir_path(&dir, "null.so"), 0600), 0);
	refused_for(dir.dir, "not a regular file");
	assert_int_equal(unlink(tempdir_path(&dir, "null.so")), 0);
	assert_int_equal(mkdir(tempdir_path(&dir, "null.so"), 0755), 0);
	refused_for(dir.dir, "not a regular file");
	tempdir_remove(&dir);
}

/* The advice of a message comes from these files: "apt-get install …". */
static void advice_comes_only_from_files_of_root(void **state)
{
	static const char text[] = "transport card card - evil-package\n";
	struct plugin_fixture w;
	struct transport *t;
	struct tempdir dir;
	struct err err = ERR_INIT;
	const char *path;

	(void)state;
	tempdir_make(&dir);
	path = write_file(&dir, "card.adapters", text, sizeof(text) - 1);
	plugin_fixture_make(&w, dir.dir);
	assert_int_equal(plugins_find(w.ps, "card", &t, &err), -ENODEV);
	assert_non_null(strstr(err.text, "evil-package"));
	plugin_fixture_free(&w);
	path = tempdir_path(&dir, "card.adapters");
	assert_int_equal(chmod(path, 0666), 0);
	plugin_fixture_make(&w, dir.dir);
	assert_int_equal(plugins_find(w.ps, "card", &t, &err), -ENODEV);
	assert_null(strstr(err.text, "evil-package"));
	assert_non_null(strstr(w.lines, "card.adapters, a list of known plugins, is not used"));
	plugin_fixture_free(&w);
	tempdir_remove(&dir);
}

/* ---- sizes at every byte: the structure ends where the next page cannot be read ---- */

static char *page_end(void)
{
	static char *pages;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!pages) {
		pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_true(pages != MAP_FAILED);
		assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
	}
	return pages + page;
}

/* Copied to the end of the page, with `size` as its size; what lies beyond the known structure is full of ones. */
static void *sized(const void *from, size_t known, uint32_t size)
{
	size_t room = (size + 15u) & ~15u;
	char *at = page_end() - (room < 16 ? 16 : room);

	memset(at, 0xff, (size_t)(page_end() - at));
	memcpy(at, from, known < room ? known : room);
	memcpy(at, &size, sizeof(size));
	return at;
}

/* An accepted size is one at which a member ends. Pointers of which half was copied would be followed. */
static void try_size(struct miscsi_plugin *p, const void *raw, uint32_t size, size_t least)
{
	bool good = size >= least && size % sizeof(void *) == 0;
	struct plugin_fixture w;
	struct transport *t;
	struct err err = ERR_INIT;

	(void)p;
	plugin_fixture_make(&w, "");
	assert_int_equal(load_entry(w.ps, "one", "/dir/one.so", 1, raw), 0);
	if (plugins_find(w.ps, "one", &t, &err) < 0)
		assert_non_null(strstr(err.text, "/dir/one.so"));
	if (good != (err.code == MISCSI_ERR_OK) && size != 0)
		fail_msg("size %u: %s", size, err.code == MISCSI_ERR_OK ? "accepted" : err.text);
	plugin_fixture_free(&w);
}

static void odd_sizes_are_refused(void **state)
{
	static const struct miscsi_match match[] = { MISCSI_MATCH(.transport = "one"), MISCSI_END };
	struct miscsi_plugin p = { .size = sizeof(p), .abi = MISCSI_ABI, .name = "one", .match = match };
	struct {
		struct miscsi_match row;
		unsigned char end[512];
	} rows = { .row = MISCSI_MATCH(.transport = "one") };
	/* where the structure points to each of its tables; a table of NULLs keeps every default */
	static const size_t tables[] = { offsetof(struct miscsi_plugin, endpoint), offsetof(struct miscsi_plugin, login),
		offsetof(struct miscsi_plugin, param), offsetof(struct miscsi_plugin, net), offsetof(struct miscsi_plugin, host),
		offsetof(struct miscsi_plugin, flash), offsetof(struct miscsi_plugin, chap),
		offsetof(struct miscsi_plugin, stats), offsetof(struct miscsi_plugin, ping) };
	static const unsigned char nulls[sizeof(struct miscsi_flash_ops)]; /* the longest */

	(void)state;
	for (uint32_t size = 0; size <= 512; size++) {
		/* the members beyond those that we know are ones */
		try_size(&p, sized(&p, sizeof(p), size), size, offsetof(struct miscsi_plugin, traits));
		for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
			void *table = sized(nulls, sizeof(nulls), size);

			memcpy((unsigned char *)&p + tables[i], &table, sizeof(table));
			try_size(&p, &p, size, 2 * sizeof(uint32_t));
			table = NULL;
			memcpy((unsigned char *)&p + tables[i], &table, sizeof(table));
		}
		memset(rows.end, 0, sizeof(rows.end));
		rows.row.size = size;
		p.match = &rows.row;
		try_size(&p, &p, size, offsetof(struct miscsi_match, module));
		p.match = match;
	}
}

/* The same in files, where the size is read before any code runs: a plugin is used, or there is a reason. */
static void odd_sizes_in_files_are_refused(void **state)
{
	const uint32_t head[2] = { sizeof(struct miscsi_plugin), MISCSI_ABI };
	char *copy = malloc(length);
	struct tempdir dir;
	size_t at = 0;

	(void)state;
	assert_non_null(copy);
	for (size_t i = 0; i + sizeof(head) <= length; i += 8) {
		if (memcmp(bytes + i, head, sizeof(head)) != 0)
			continue;
		assert_int_equal(at, 0);
		at = i;
	}
	assert_int_not_equal(at, 0);
	tempdir_make(&dir);
	for (uint32_t size = 0; size <= 512; size++) {
		memcpy(copy, bytes, length);
		memcpy(copy + at, &size, sizeof(size));
		write_file(&dir, "null.so", copy, length);
		if (size % sizeof(void *) || size < offsetof(struct miscsi_plugin, traits) || size > sizeof(struct miscsi_plugin))
			assert_string_not_equal(reason_of(dir.dir), "");
		else
			reason_of(dir.dir);
	}
	free(copy);
	tempdir_remove(&dir);
}

/* The dynamic linker's reason repeats bytes of the file: neither a terminal nor a reader of the log may get them as they are. */
static void a_reason_is_text(void **state)
{
	static const char needed[] = "libc.so.6", wild[] = "\033[2J\xff\n.6";
	char *copy = malloc(length), *at = copy;
	struct plugin_fixture w;
	struct tempdir dir;
	struct transport *t;
	struct err err = ERR_INIT;

	(void)state;
	assert_non_null(copy);
	memcpy(copy, bytes, length);
	at = memmem(copy, length, needed, sizeof(needed));
	assert_non_null(at);
	memcpy(at, wild, sizeof(wild));
	tempdir_make(&dir);
	write_file(&dir, "null.so", copy, length);
	plugin_fixture_make(&w, dir.dir);
	assert_true(plugins_find(w.ps, "null", &t, &err) < 0);
	assert_non_null(strstr(err.text, "\\x1b[2J\\xff\\x0a.6: cannot open shared object file"));
	assert_non_null(strstr(w.lines, "\\x1b[2J\\xff\\x0a.6: cannot open"));
	plugin_fixture_free(&w);
	assert_non_null(strstr(reason_of(dir.dir), " "));
	assert_non_null(strstr(reason, "\\x1b[2J\\xff\\x0a.6: cannot open"));
	free(copy);
	tempdir_remove(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_files_are_refused_at_every_length),
		cmocka_unit_test(files_with_holes_are_refused),
		cmocka_unit_test(damaged_tables_never_crash),
		cmocka_unit_test(damage_is_reported_with_what_to_do),
		cmocka_unit_test(a_trial_that_does_not_end_is_left),
		cmocka_unit_test(files_of_another_kind_are_refused),
		cmocka_unit_test(no_code_of_another_abi_runs),
		cmocka_unit_test(files_that_others_could_have_written_are_refused),
		cmocka_unit_test(build_of_a_user_is_opened_by_that_user),
		cmocka_unit_test(things_that_are_no_files_are_refused),
		cmocka_unit_test(advice_comes_only_from_files_of_root),
		cmocka_unit_test(odd_sizes_are_refused),
		cmocka_unit_test(odd_sizes_in_files_are_refused),
		cmocka_unit_test(links_that_lead_nowhere_are_refused),
		cmocka_unit_test(a_reason_is_text),
	};

	return cmocka_run_group_tests(tests, read_plugin, forget_plugin);
}
