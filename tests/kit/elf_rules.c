/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of a plugin's file, as its linker left it. Read after core/plugin/elf.c found it whole. */
#include "config.h"
#include "base/file.h"
#include "base/mem.h"
#include "plugin/elf.h"
#include "tests/kit/kit.h"
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX (64u << 20)
#define ENTRY_TAIL "_LTX_miscsi_plugin_entry"

struct image {
	const char *bytes;
	size_t len;
	const ElfW(Shdr) * sections;
	unsigned count;
};

static const ElfW(Shdr) * section(const struct image *e, uint32_t type)
{
	for (unsigned i = 0; i < e->count; i++) {
		if (e->sections[i].sh_type == type && e->sections[i].sh_offset <= e->len &&
			e->sections[i].sh_size <= e->len - e->sections[i].sh_offset && e->sections[i].sh_link < e->count)
			return &e->sections[i];
	}
	return NULL;
}

/* The sanitizers of a build add symbols of their own. */
static bool is_sanitizer(const char *name)
{
	return strncmp(name, "__asan", 6) == 0 || strncmp(name, "__odr_asan", 10) == 0;
}

static void check_symbols(const struct image *e)
{
	const ElfW(Shdr) *table = section(e, SHT_DYNSYM), *strings = table ? &e->sections[table->sh_link] : NULL;
	const ElfW(Sym) *sym = table ? (const void *)(e->bytes + table->sh_offset) : NULL;
	size_t tail = strlen(ENTRY_TAIL);

	for (size_t i = 1; table && i < table->sh_size / sizeof(*sym); i++) {
		const char *name = sym[i].st_name < strings->sh_size ? e->bytes + strings->sh_offset + sym[i].st_name : "";

		if (sym[i].st_shndx == SHN_UNDEF && strncmp(name, "miscsi_", 7) == 0)
			kit_breaks(CLAUSE_NO_CORE_SYMBOL,
				"it needs the symbol %s of miscsi, which other programs do not have: use the functions of the "
				"core that the op is passed",
				name);
		if (sym[i].st_shndx == SHN_UNDEF || sym[i].st_shndx == SHN_ABS || is_sanitizer(name))
			continue;
		if (strlen(name) < tail || strcmp(name + strlen(name) - tail, ENTRY_TAIL) != 0)
			kit_breaks(CLAUSE_ONE_SYMBOL, "it exports the symbol %s: build it with -fvisibility=hidden", name);
	}
}

static void check_dynamic(const struct image *e)
{
	const ElfW(Shdr) *table = section(e, SHT_DYNAMIC);
	const ElfW(Dyn) *d = table ? (const void *)(e->bytes + table->sh_offset) : NULL;
	bool now = false;

	for (size_t i = 0; table && i < table->sh_size / sizeof(*d); i++) {
		now |= d[i].d_tag == DT_BIND_NOW || (d[i].d_tag == DT_FLAGS && (d[i].d_un.d_val & DF_BIND_NOW)) ||
			(d[i].d_tag == DT_FLAGS_1 && (d[i].d_un.d_val & DF_1_NOW));
		if (d[i].d_tag == DT_RPATH || d[i].d_tag == DT_RUNPATH)
			kit_breaks(CLAUSE_NO_SEARCH_PATH, "it has DT_RPATH or DT_RUNPATH: link it without -rpath");
		if (d[i].d_tag == DT_TEXTREL)
			kit_breaks(CLAUSE_NO_TEXT_RELOCATION,
				"the dynamic linker changes its code when it loads it (text relocations): build it with -fPIC");
	}
	if (!now)
		kit_breaks(CLAUSE_BOUND, "the dynamic linker binds it lazily: link it with -Wl,-z,now");
}

void elf_rules(const char *file)
{
	const char *base = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	cleanup(x_freep) char *bytes = NULL;
	struct image e = { 0 };
	const ElfW(Ehdr) * head;
	struct elf_entry entry;
	struct err err = ERR_INIT;
	char symbol[128];

	snprintf(symbol, sizeof(symbol), "%.*s" ENTRY_TAIL, (int)strcspn(base, "."), base);
	if (elf_read(file, symbol, &entry, &err) < 0) {
		kit_breaks(CLAUSE_WHOLE, "%s", err.text);
		return;
	}
	if (entry.abi != MISCSI_ABI)
		kit_breaks(CLAUSE_WHOLE,
			"it was built for plugin ABI %u, but this miscsi-plugin-check checks ABI %u: build it with the headers "
			"of the same version",
			entry.abi, MISCSI_ABI);
	if (file_read(AT_FDCWD, file, FILE_MAX, &bytes, &e.len) < 0 || e.len < sizeof(*head)) {
		kit_breaks(CLAUSE_WHOLE, "the file cannot be read or is damaged");
		return;
	}
	e.bytes = bytes;
	head = (const void *)bytes;
	e.sections = (const void *)(bytes + head->e_shoff); /* elf_read() has checked that they lie in the file */
	e.count = head->e_shnum;
	check_symbols(&e);
	check_dynamic(&e);
}
