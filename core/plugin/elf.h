/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of a plugin, read before the dynamic linker maps it and runs code of it. For this folder alone. */
#ifndef PLUGIN_ELF_H
#define PLUGIN_ELF_H

#include "base/err.h"
#include <stdint.h>

/* The beginning of the plugin's entry, as it is in the file. */
struct elf_entry {
	uint32_t size, abi; /* the first members of struct miscsi_plugin */
	uint64_t room; /* bytes of the symbol */
};

/*
 * Reads the entry of a shared object for this machine: the data symbol of that name. -EACCES, -ENOEXEC or -errno, with the reason in
 * *err: the file is cut short, made for another machine, or not a plugin. Does not block on a FIFO.
 */
int elf_read(const char *file, const char *symbol, struct elf_entry *out, struct err *err);

#endif
