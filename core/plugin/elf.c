/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF headers, and the tables that the dynamic linker reads (elf_tables.c). It believes them: a program header that lies beyond the
 * end of the file ends the program with SIGBUS. So each place is checked against the length of the file, and read by pread(), not
 * mapped.
 */
#include "plugin/elf.h"
#include "base/file.h"
#include "base/mem.h"
#include "plugin/elf_tables.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADERS_MAX 1024u
#define TABLE_MAX (16u << 20)

/* This program's own header: the class, byte order and machine that a plugin must have. The linker defines it. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static void elf_free(struct elf *e)
{
	file_close(&e->fd);
	x_free(e->segments);
	x_free(e->sections);
}

static int cut_short(const struct elf *e, struct err *err)
{
	return err_set(err, MISCSI_ERR_INTERNAL, "the file is cut short or damaged (%llu bytes): copy it again",
		(unsigned long long)e->len);
}

static int not_for_us(struct err *err, const char *why)
{
	return err_set(err, MISCSI_ERR_INTERNAL, "%s", why);
}

static bool is_inside(const struct elf *e, uint64_t at, uint64_t len)
{
	return at <= e->len && len <= e->len - at;
}

/* A file that shrinks meanwhile is as one that was short before. */
static int read_at(const struct elf *e, void *buf, uint64_t at, size_t len)
{
	ssize_t n = is_inside(e, at, len) ? pread(e->fd, buf, len, (off_t)at) : 0;

	return n < 0 ? -errno : (size_t)n == len ? 0 : -ENOEXEC;
}

void *elf_table(const struct elf *e, uint64_t at, uint64_t len, int *rc)
{
	void *table = len <= TABLE_MAX && is_inside(e, at, len) ? x_zalloc((size_t)len + 1) : NULL;

	if (!table) {
		*rc = len <= TABLE_MAX && is_inside(e, at, len) ? -ENOMEM : -ENOEXEC;
		return NULL;
	}
	*rc = read_at(e, table, at, (size_t)len);
	if (*rc == 0)
		return table;
	x_free(table);
	return NULL;
}

/* The table of sections stands at the end of the file, so a copy that is not finished has none. */
static int read_headers(struct elf *e, struct err *err)
{
	const ElfW(Ehdr) *own = &__ehdr_start;
	int rc = read_at(e, &e->head, 0, sizeof(e->head));

	if (rc < 0 && rc != -ENOEXEC)
		return err_sys(err, MISCSI_ERR_INTERNAL, -rc, "the file cannot be read");
	if (rc < 0 || memcmp(e->head.e_ident, ELFMAG, SELFMAG) != 0)
		return not_for_us(err,
			"it is not a shared object, since it has no ELF header: install the plugin again, or remove the file");
	if (memcmp(e->head.e_ident, own->e_ident, EI_VERSION) != 0 || e->head.e_machine != own->e_machine)
		return not_for_us(err, "it was built for another processor: install the plugin for this machine");
	if (e->head.e_type != ET_DYN || e->head.e_phentsize != sizeof(ElfW(Phdr)) || e->head.e_shentsize != sizeof(ElfW(Shdr)) ||
		e->head.e_phnum > HEADERS_MAX || e->head.e_shnum > HEADERS_MAX)
		return not_for_us(err,
			"it is not a shared object, but another kind of ELF file: install the plugin again, or remove the file");
	e->segments = elf_table(e, e->head.e_phoff, (uint64_t)e->head.e_phnum * sizeof(ElfW(Phdr)), &rc);
	if (rc == 0)
		e->sections = elf_table(e, e->head.e_shoff, (uint64_t)e->head.e_shnum * sizeof(ElfW(Shdr)), &rc);
	for (unsigned i = 0; rc == 0 && i < e->head.e_phnum; i++) {
		if (!is_inside(e, e->segments[i].p_offset, e->segments[i].p_filesz))
			rc = -ENOEXEC;
	}
	return rc == -ENOMEM ? rc : rc < 0 ? cut_short(e, err) : 0;
}

/* Where an address of the loaded object lies in the file; bytes that are not in the file (.bss) do not count. */
static int read_address(const struct elf *e, void *buf, uint64_t address, size_t len)
{
	for (unsigned i = 0; i < e->head.e_phnum; i++) {
		const ElfW(Phdr) *p = &e->segments[i];

		if (p->p_type == PT_LOAD && address >= p->p_vaddr && address - p->p_vaddr <= p->p_filesz &&
			len <= p->p_filesz - (address - p->p_vaddr))
			return read_at(e, buf, p->p_offset + (address - p->p_vaddr), len);
	}
	return -ENOEXEC;
}

const ElfW(Shdr) * elf_section(const struct elf *e, uint32_t type)
{
	for (unsigned i = 0; i < e->head.e_shnum; i++) {
		if (e->sections[i].sh_type == type && e->sections[i].sh_link < e->head.e_shnum)
			return &e->sections[i];
	}
	return NULL;
}

/* 0 and *out; -ENOENT: the file exports no data of that name. */
static int find_symbol(const struct elf *e, const char *name, ElfW(Sym) * out)
{
	const ElfW(Shdr) *table = elf_section(e, SHT_DYNSYM), *strings = table ? &e->sections[table->sh_link] : NULL;
	cleanup(x_freep) ElfW(Sym) *symbols = NULL;
	cleanup(x_freep) char *names = NULL;
	int rc = -ENOENT;

	if (table)
		symbols = elf_table(e, table->sh_offset, table->sh_size, &rc);
	if (rc == 0)
		names = elf_table(e, strings->sh_offset, strings->sh_size, &rc);
	for (uint64_t i = 0; rc == 0 && i < table->sh_size / sizeof(*symbols); i++) {
		const ElfW(Sym) *s = &symbols[i];

		if (s->st_shndx == SHN_UNDEF || ELF64_ST_TYPE(s->st_info) != STT_OBJECT || s->st_name >= strings->sh_size ||
			strcmp(names + s->st_name, name) != 0)
			continue;
		*out = *s;
		return 0;
	}
	return rc ? rc : -ENOENT;
}

static int read_entry(const struct elf *e, const char *symbol, struct elf_entry *out, struct err *err)
{
	uint32_t head[2];
	ElfW(Sym) sym = { 0 };
	int rc = find_symbol(e, symbol, &sym);

	if (rc == -ENOENT)
		return not_for_us(err,
			"it has no entry symbol for the name of its file: it is not a miscsi plugin, or was renamed; rename it "
			"back, or remove it");
	if (rc == 0)
		rc = sym.st_size < sizeof(head) ? -ENOEXEC : read_address(e, head, sym.st_value, sizeof(head));
	if (rc < 0)
		return rc == -ENOMEM ? rc : cut_short(e, err);
	*out = (struct elf_entry){ .size = head[0], .abi = head[1], .room = sym.st_size };
	return 0;
}

int elf_read(const char *file, const char *symbol, struct elf_entry *out, struct err *err)
{
	cleanup(elf_free) struct elf e = { .fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK) };
	struct stat st;
	int rc;

	if (e.fd < 0 || fstat(e.fd, &st) < 0)
		return err_sys(err, MISCSI_ERR_ACCESS, errno, "the file cannot be read");
	if (!S_ISREG(st.st_mode))
		return err_set(err, MISCSI_ERR_ACCESS, "it is not a regular file: install the plugin again, or remove it");
	e.len = (uint64_t)st.st_size;
	rc = read_headers(&e, err);
	if (rc == 0)
		rc = read_entry(&e, symbol, out, err);
	return rc ? rc : elf_tables_check(&e, err);
}
