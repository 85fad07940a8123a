/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conformance kit: plugin-kit FILE… checks plugin files, ours or anybody's, by the rules of <miscsi/plugin.h>. Without arguments
 * it checks those of the build. Prints what was checked and what is wrong with it, and exits with 1 then. It is not installed.
 */
#include "config.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "plugin/load.h"
#include "plugin/transport.h"
#include "tests/paths.h"
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX (16u << 20)
#define ENTRY_TAIL "_LTX_miscsi_plugin_entry"

static unsigned wrong;

static void complain(const char *file, const char *what, const char *name)
{
	printf("%s: %s%s%s\n", file, what, *name ? ": " : "", name);
	wrong++;
}

struct elf {
	const char *bytes;
	size_t len;
	const ElfW(Shdr) * sections;
	unsigned count;
};

static const ElfW(Shdr) * section(const struct elf *e, uint32_t type)
{
	for (unsigned i = 0; i < e->count; i++) {
		if (e->sections[i].sh_type == type && e->sections[i].sh_offset + e->sections[i].sh_size <= e->len)
			return &e->sections[i];
	}
	return NULL;
}

/* What the linker of a program sees: exactly one symbol. The sanitizers of a build add theirs. */
static void check_symbols(const char *file, const struct elf *e)
{
	const ElfW(Shdr) *table = section(e, SHT_DYNSYM);
	const ElfW(Sym) *sym = table ? (const void *)(e->bytes + table->sh_offset) : NULL;
	const char *names = table ? e->bytes + e->sections[table->sh_link].sh_offset : NULL;
	unsigned exported = 0;

	for (size_t i = 1; table && i < table->sh_size / sizeof(*sym); i++) {
		const char *name = names + sym[i].st_name;

		if (sym[i].st_shndx == SHN_UNDEF) {
			if (strncmp(name, "miscsi_", 7) == 0)
				complain(file, "it needs a symbol of the core, which nobody gives it", name);
			continue;
		}
		if (strncmp(name, "__asan", 6) == 0 || strncmp(name, "__odr_asan", 10) == 0 || sym[i].st_shndx == SHN_ABS)
			continue;
		exported++;
		if (strlen(name) < strlen(ENTRY_TAIL) || strcmp(name + strlen(name) - strlen(ENTRY_TAIL), ENTRY_TAIL) != 0)
			complain(file, "it exports more than its entry", name);
	}
	if (exported != 1)
		complain(file, "it does not export exactly one symbol", "");
}

/* Bound at once, and without a search path of its own. */
static void check_dynamic(const char *file, const struct elf *e)
{
	const ElfW(Shdr) *table = section(e, SHT_DYNAMIC);
	const ElfW(Dyn) *d = table ? (const void *)(e->bytes + table->sh_offset) : NULL;
	bool now = false;

	for (size_t i = 0; table && i < table->sh_size / sizeof(*d); i++) {
		now |= d[i].d_tag == DT_BIND_NOW || (d[i].d_tag == DT_FLAGS && (d[i].d_un.d_val & DF_BIND_NOW)) ||
			(d[i].d_tag == DT_FLAGS_1 && (d[i].d_un.d_val & DF_1_NOW));
		if (d[i].d_tag == DT_RPATH || d[i].d_tag == DT_RUNPATH)
			complain(file, "it has a search path for libraries of its own", "");
		if (d[i].d_tag == DT_TEXTREL)
			complain(file, "its code is changed when it is loaded (not built with -fPIC)", "");
	}
	if (!now)
		complain(file, "it is bound lazily: link it with -Wl,-z,now", "");
}

static void check_elf(const char *file)
{
	char *bytes = NULL;
	struct elf e = { 0 };
	const ElfW(Ehdr) * head;

	if (file_read(AT_FDCWD, file, FILE_MAX, &bytes, &e.len) < 0 || e.len < sizeof(*head)) {
		complain(file, "it cannot be read", "");
		x_free(bytes);
		return;
	}
	e.bytes = bytes;
	head = (const void *)bytes;
	if (memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 || head->e_shoff + (size_t)head->e_shnum * sizeof(ElfW(Shdr)) > e.len) {
		complain(file, "it is no shared object", "");
	} else {
		e.sections = (const void *)(bytes + head->e_shoff);
		e.count = head->e_shnum;
		check_symbols(file, &e);
		check_dynamic(file, &e);
	}
	x_free(bytes);
}

static void write_line(void *arg, enum log_level level, const char *module, const char *text)
{
	(void)level;
	complain(arg, module, text);
}

/* Through the gate that every program has; the plugin starts and stops. */
static void check_loading(const char *file)
{
	char dir[4096], base[4096], *name, *dot;
	struct log log = { .level = LOG_LEVEL_WARN, .write = write_line, .arg = (void *)file };
	struct plugins_config config = { .log = &log };
	struct plugins *ps = NULL;
	struct loop *loop = NULL;

	snprintf(dir, sizeof(dir), "%s", file);
	snprintf(base, sizeof(base), "%s", file);
	name = basename(base);
	dot = strrchr(name, '.');
	if (dot)
		*dot = '\0';
	config.dirs = dirname(dir);
	if (loop_new(&loop) == 0) {
		config.loop = loop;
		if (plugins_new(&config, &ps) < 0 || load_named(ps, name) < 0)
			complain(file, "no memory", "");
		plugins_free(ps);
		loop_free(loop);
	}
}

static void check(const char *file)
{
	unsigned before = wrong;

	check_elf(file);
	check_loading(file);
	printf("%s: %s\n", file, wrong == before ? "keeps the rules" : "breaks a rule");
}

/* Every plugin of the build. */
static void check_all(const char *dir)
{
	glob_t found = { 0 };
	char pattern[4096];

	snprintf(pattern, sizeof(pattern), "%s/*.so", dir);
	if (glob(pattern, 0, NULL, &found) != 0)
		complain(dir, "no plugin there", "");
	for (size_t i = 0; i < found.gl_pathc; i++)
		check(found.gl_pathv[i]);
	globfree(&found);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		check(argv[i]);
	if (argc == 1)
		check_all(BUILDDIR "/.libs");
	return wrong ? 1 : 0;
}
