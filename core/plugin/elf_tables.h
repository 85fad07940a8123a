/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of a plugin's file by which the dynamic linker reads and writes memory. For elf.c alone. */
#ifndef PLUGIN_ELF_TABLES_H
#define PLUGIN_ELF_TABLES_H

#include "base/err.h"
#include <link.h>
#include <stdint.h>

/* An open file, whose headers lie within it. */
struct elf {
	int fd;
	uint64_t len;
	ElfW(Ehdr) head;
	ElfW(Phdr) * segments; /* head.e_phnum */
	ElfW(Shdr) * sections; /* head.e_shnum */
};

/* x_free(); zeros behind it, so that a text at its end has one. NULL: *rc is set; -ENOEXEC: beyond the file, or too long. */
void *elf_table(const struct elf *e, uint64_t at, uint64_t len, int *rc);
/* The first of that type; its sh_link is one of the sections. NULL: none. */
const ElfW(Shdr) * elf_section(const struct elf *e, uint32_t type);

/*
 * Each table lies where the sections say, and no number in it leads out of its table or out of the object. -ENOEXEC with the reason, or
 * -errno.
 */
int elf_tables_check(const struct elf *e, struct err *err);

#endif
