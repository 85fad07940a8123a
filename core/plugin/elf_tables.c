/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the dynamic linker reads without a check: segments, the dynamic section, relocations, symbols, versions, hash tables. A wrong
 * number there lets it read or write anywhere in the program. The file says most of it twice, in its sections too, so that damage in
 * either is found. What it says once is only kept within its bounds: trial.c shows what comes of it.
 */
#include "plugin/elf_tables.h"
#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OBJECT_MAX (1ull << 30)
#define DYNAMIC_MAX 1024u

#if __SIZEOF_POINTER__ == 8
#define RELOCATED_SYMBOL(info) ELF64_R_SYM(info)
#else
#define RELOCATED_SYMBOL(info) ELF32_R_SYM(info)
#endif

struct tables {
	const struct elf *e;
	const ElfW(Shdr) * dynsym;
	ElfW(Dyn) * dynamic;
	ElfW(Sym) * symbols;
	char *strings;
	uint64_t end; /* of the object */
	uint64_t n_dynamic, n_symbols, strings_len;
	int rc; /* -ENOMEM or -errno of a read */
};

static void tables_free(struct tables *t)
{
	x_free(t->dynamic);
	x_free(t->symbols);
	x_free(t->strings);
}

static bool within(uint64_t at, uint64_t len, uint64_t start, uint64_t room)
{
	return at >= start && at - start <= room && len <= room - (at - start);
}

/* The table of a section; NULL: damaged, or t->rc. */
static void *read_section(struct tables *t, const ElfW(Shdr) * s)
{
	return elf_table(t->e, s->sh_offset, s->sh_size, &t->rc);
}

/* ---- segments ---- */

/* NULL: the addresses are not all in one segment with these flags. */
static const ElfW(Phdr) * loaded(const struct elf *e, uint64_t address, uint64_t len, unsigned flags)
{
	for (unsigned i = 0; i < e->head.e_phnum; i++) {
		const ElfW(Phdr) *p = &e->segments[i];

		if (p->p_type == PT_LOAD && (p->p_flags & flags) == flags && within(address, len, p->p_vaddr, p->p_memsz))
			return p;
	}
	return NULL;
}

static bool is_power(uint64_t n)
{
	return (n & (n - 1)) == 0;
}

static bool segment_ok(const struct elf *e, const ElfW(Phdr) * p)
{
	switch (p->p_type) {
	case PT_NULL:
	case PT_LOAD:
	case PT_GNU_STACK:
		return true;
	case PT_PHDR:
		return p->p_offset == e->head.e_phoff && loaded(e, p->p_vaddr, p->p_memsz, PF_R);
	case PT_GNU_RELRO: /* its end is that of a page */
		return loaded(e, p->p_vaddr, 0, PF_W) && p->p_memsz < OBJECT_MAX;
	case PT_TLS:
		return is_power(p->p_align) && p->p_filesz <= p->p_memsz && p->p_memsz < OBJECT_MAX &&
			loaded(e, p->p_vaddr, p->p_filesz, PF_R);
	default:
		return loaded(e, p->p_vaddr, p->p_memsz, PF_R);
	}
}

/* In order, apart, and not longer than an object can be. */
static bool segments_ok(struct tables *t)
{
	const struct elf *e = t->e;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	for (unsigned i = 0; i < e->head.e_phnum; i++) {
		const ElfW(Phdr) *p = &e->segments[i];

		if (!segment_ok(e, p))
			return false;
		if (p->p_type != PT_LOAD)
			continue;
		if (!is_power(p->p_align) || p->p_vaddr < t->end || p->p_vaddr > OBJECT_MAX || p->p_memsz > OBJECT_MAX ||
			p->p_filesz > p->p_memsz)
			return false;
		t->end = (p->p_vaddr + p->p_memsz + page - 1) & ~(page - 1);
	}
	return true;
}

/* ---- sections ---- */

/* Its bytes are where its segment maps them, and may be used as it has to. */
static bool section_ok(const struct elf *e, const ElfW(Shdr) * s)
{
	unsigned flags = (s->sh_flags & SHF_WRITE ? PF_W : 0) | (s->sh_flags & SHF_EXECINSTR ? PF_X : PF_R);
	const ElfW(Phdr) *p = loaded(e, s->sh_addr, s->sh_size, flags);

	if (!(s->sh_flags & SHF_ALLOC) || s->sh_size == 0 || (s->sh_type == SHT_NOBITS && s->sh_flags & SHF_TLS))
		return true;
	if (!p)
		return false;
	if (s->sh_type == SHT_NOBITS)
		return s->sh_addr - p->p_vaddr >= p->p_filesz;
	return s->sh_offset - p->p_offset == s->sh_addr - p->p_vaddr && within(s->sh_addr, s->sh_size, p->p_vaddr, p->p_filesz);
}

/* Variables in pages that are made read-only after the relocation. */
static bool is_frozen(const struct elf *e, const ElfW(Shdr) * s)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	for (unsigned i = 0; i < e->head.e_phnum; i++) {
		const ElfW(Phdr) *p = &e->segments[i];

		if (p->p_type == PT_GNU_RELRO && s->sh_size && s->sh_addr < ((p->p_vaddr + p->p_memsz) & ~(page - 1)) &&
			s->sh_addr + s->sh_size > (p->p_vaddr & ~(page - 1)))
			return true;
	}
	return false;
}

static bool sections_ok(struct tables *t)
{
	const struct elf *e = t->e;
	const ElfW(Shdr) *own = e->head.e_shstrndx < e->head.e_shnum ? &e->sections[e->head.e_shstrndx] : NULL;
	cleanup(x_freep) char *names = own ? read_section(t, own) : NULL;

	if (!names)
		return false;
	for (unsigned i = 0; i < e->head.e_shnum; i++) {
		const ElfW(Shdr) *s = &e->sections[i];
		const char *name = s->sh_name < own->sh_size ? names + s->sh_name : "";

		if (!section_ok(e, s) || ((strcmp(name, ".data") == 0 || strcmp(name, ".bss") == 0) && is_frozen(e, s)))
			return false;
	}
	return true;
}

/* ---- the dynamic section ---- */

/* The value of the only entry of a tag; false: there is none. */
static bool entry(const struct tables *t, int64_t tag, uint64_t *value)
{
	for (uint64_t i = 0; i < t->n_dynamic; i++) {
		if (t->dynamic[i].d_tag == tag) {
			*value = t->dynamic[i].d_un.d_val;
			return true;
		}
	}
	return false;
}

static bool is_entry(const struct tables *t, int64_t tag, uint64_t wanted)
{
	uint64_t value;

	return entry(t, tag, &value) && value == wanted;
}

static bool is_text_tag(int64_t tag)
{
	static const int32_t tags[] = { DT_NEEDED, DT_SONAME, DT_RPATH, DT_RUNPATH, DT_AUXILIARY, DT_FILTER, DT_AUDIT,
		DT_DEPAUDIT };

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (tag == tags[i])
			return true;
	return false;
}

/* Of two values for a thing, the dynamic linker uses the last. */
static bool tags_differ(const struct tables *t)
{
	for (uint64_t i = 0; i < t->n_dynamic; i++)
		for (uint64_t k = i + 1; k < t->n_dynamic; k++)
			if (t->dynamic[i].d_tag == t->dynamic[k].d_tag && !is_text_tag(t->dynamic[i].d_tag))
				return false;
	return true;
}

/* Once in the segment's and once in the section's header; it ends with DT_NULL. */
static bool dynamic_ok(struct tables *t)
{
	const ElfW(Shdr) *s = elf_section(t->e, SHT_DYNAMIC);
	unsigned found = 0;

	for (unsigned i = 0; s && i < t->e->head.e_phnum; i++)
		found += t->e->segments[i].p_type == PT_DYNAMIC && t->e->segments[i].p_vaddr == s->sh_addr;
	t->dynamic = found == 1 ? read_section(t, s) : NULL;
	if (!t->dynamic || s->sh_size / sizeof(*t->dynamic) > DYNAMIC_MAX)
		return false;
	for (uint64_t n = s->sh_size / sizeof(*t->dynamic); t->n_dynamic < n && t->dynamic[t->n_dynamic].d_tag != DT_NULL;)
		t->n_dynamic++;
	return t->n_dynamic < s->sh_size / sizeof(*t->dynamic) && tags_differ(t);
}

/* Tables that have a section of their own type: its address, and its length or its number of rows. */
static const struct {
	uint32_t type;
	int32_t at, size; /* 0: no such tag */
	bool counted; /* the size is a number of rows, as in the section's sh_info */
} named_tables[] = {
	{ SHT_DYNSYM, DT_SYMTAB, 0, false },
	{ SHT_HASH, DT_HASH, 0, false },
	{ SHT_GNU_HASH, DT_GNU_HASH, 0, false },
	{ SHT_GNU_versym, DT_VERSYM, 0, false },
	{ SHT_GNU_verneed, DT_VERNEED, DT_VERNEEDNUM, true },
	{ SHT_GNU_verdef, DT_VERDEF, DT_VERDEFNUM, true },
	{ SHT_INIT_ARRAY, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, false },
	{ SHT_FINI_ARRAY, DT_FINI_ARRAY, DT_FINI_ARRAYSZ, false },
};

static bool named_tables_ok(const struct tables *t)
{
	for (size_t i = 0; i < sizeof(named_tables) / sizeof(named_tables[0]); i++) {
		const ElfW(Shdr) *s = elf_section(t->e, named_tables[i].type);
		uint64_t at = 0, size = 0;
		bool has = entry(t, named_tables[i].at, &at),
		     has_size = named_tables[i].size && entry(t, named_tables[i].size, &size);

		/* an empty array needs neither */
		if (!s && !has)
			continue;
		if (!s || !has || at != s->sh_addr || (named_tables[i].size && !has_size))
			return false;
		if (named_tables[i].size && size != (named_tables[i].counted ? s->sh_info : s->sh_size))
			return false;
	}
	return true;
}

/* ---- relocations ---- */

/*
 * It writes a pointer to a variable of the object; without a symbol its addend is an address in the object. A row without an addend
 * begins in the same way.
 */
static bool relocation_ok(const struct tables *t, const ElfW(Rela) * r)
{
	return r->r_info == 0 ||
		(loaded(t->e, r->r_offset, sizeof(void *), PF_W) && RELOCATED_SYMBOL(r->r_info) < t->n_symbols &&
			(RELOCATED_SYMBOL(r->r_info) || (uint64_t)r->r_addend <= t->end));
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Each pointer once: one that is written twice is missing elsewhere. */
static bool relocations_ok(struct tables *t, const ElfW(Shdr) * s, size_t entry_size)
{
	uint64_t n = s->sh_size / entry_size, used = 0;
	cleanup(x_freep) unsigned char *rows =
		s->sh_entsize == entry_size && n * entry_size == s->sh_size ? read_section(t, s) : NULL;
	cleanup(x_freep) uint64_t *places = rows ? x_zalloc(n * sizeof(*places) + 1) : NULL;

	if (rows && !places)
		t->rc = -ENOMEM;
	for (uint64_t i = 0; places && i < n; i++) {
		ElfW(Rela) row = { 0 };

		memcpy(&row, rows + i * entry_size, entry_size);
		if (!relocation_ok(t, &row))
			return false;
		if (row.r_info)
			places[used++] = row.r_offset;
	}
	if (places)
		qsort(places, used, sizeof(*places), by_number);
	for (uint64_t i = 1; places && i < used; i++) {
		if (places[i] - places[i - 1] < sizeof(void *))
			return false;
	}
	return places;
}

/* The linker may write several sections as one table, and one table's length may include the other's. */
static bool relocation_tables_ok(struct tables *t)
{
	const bool with_addend = entry(t, DT_RELA, &(uint64_t){ 0 }) || is_entry(t, DT_PLTREL, DT_RELA);
	const uint32_t type = with_addend ? SHT_RELA : SHT_REL;
	const size_t size = with_addend ? sizeof(ElfW(Rela)) : sizeof(ElfW(Rel));
	uint64_t at[2] = { 0 }, len[2] = { 0 }, covered[2] = { 0 };
	bool has[2] = { entry(t, with_addend ? DT_RELA : DT_REL, &at[0]), entry(t, DT_JMPREL, &at[1]) };

	if (has[0] != entry(t, with_addend ? DT_RELASZ : DT_RELSZ, &len[0]) || has[1] != entry(t, DT_PLTRELSZ, &len[1]) ||
		(has[0] && !is_entry(t, with_addend ? DT_RELAENT : DT_RELENT, size)) ||
		(has[1] && !is_entry(t, DT_PLTREL, with_addend ? DT_RELA : DT_REL)))
		return false;
	for (unsigned i = 0; i < t->e->head.e_shnum; i++) {
		const ElfW(Shdr) *s = &t->e->sections[i];
		bool in = false;

		if ((s->sh_type != SHT_RELA && s->sh_type != SHT_REL) || !(s->sh_flags & SHF_ALLOC))
			continue;
		for (unsigned k = 0; k < 2; k++) {
			if (has[k] && within(s->sh_addr, s->sh_size, at[k], len[k])) {
				covered[k] += s->sh_size;
				in = true;
			}
		}
		if (!in || s->sh_type != type || !relocations_ok(t, s, size))
			return false;
	}
	return covered[0] == len[0] && covered[1] == len[1];
}

/* ---- symbols, versions, hash tables ---- */

static bool texts_ok(const struct tables *t)
{
	for (uint64_t i = 0; i < t->n_dynamic; i++)
		if (is_text_tag(t->dynamic[i].d_tag) && t->dynamic[i].d_un.d_val >= t->strings_len)
			return false;
	return true;
}

/* The first symbol is empty. One that is not the object's own must be found elsewhere; a local one has no address then. */
static bool symbol_ok(const struct tables *t, uint64_t nth)
{
	const ElfW(Sym) *s = &t->symbols[nth];
	const unsigned bind = ELF32_ST_BIND(s->st_info), kind = ELF32_ST_TYPE(s->st_info);

	if (nth == 0 || s->st_name >= t->strings_len)
		return nth == 0;
	if (s->st_shndx == SHN_UNDEF)
		return bind != STB_LOCAL && ELF32_ST_VISIBILITY(s->st_other) == STV_DEFAULT;
	return s->st_shndx >= SHN_LORESERVE || kind == STT_TLS || loaded(t->e, s->st_value, 0, 0);
}

static bool symbols_ok(struct tables *t)
{
	const ElfW(Shdr) *strings = &t->e->sections[t->dynsym->sh_link];

	if (strings->sh_type != SHT_STRTAB || !is_entry(t, DT_STRTAB, strings->sh_addr) ||
		!is_entry(t, DT_STRSZ, strings->sh_size) || !is_entry(t, DT_SYMENT, sizeof(*t->symbols)) ||
		t->dynsym->sh_entsize != sizeof(*t->symbols))
		return false;
	t->symbols = read_section(t, t->dynsym);
	t->strings = t->symbols ? read_section(t, strings) : NULL;
	t->n_symbols = t->dynsym->sh_size / sizeof(*t->symbols);
	t->strings_len = strings->sh_size;
	if (!t->strings || t->strings_len == 0 || t->strings[t->strings_len - 1])
		return false;
	for (uint64_t i = 0; i < t->n_symbols; i++) {
		if (!symbol_ok(t, i))
			return false;
	}
	return texts_ok(t);
}

/* A chain of versions that are needed, each with a chain of its own; the numbers that they define are as many bits of `defined`. */
static bool needs_ok(struct tables *t, const ElfW(Shdr) * s, unsigned char defined[0x8000])
{
	cleanup(x_freep) unsigned char *bytes = s ? read_section(t, s) : NULL;
	uint64_t at = 0, in = 0;
	ElfW(Verneed) n;
	ElfW(Vernaux) a;

	if (!s)
		return true;
	for (unsigned i = 0; bytes && i < s->sh_info; i++) {
		if (!within(at, sizeof(n), 0, s->sh_size) || at % sizeof(uint32_t))
			return false;
		memcpy(&n, bytes + at, sizeof(n));
		in = at + n.vn_aux;
		if (n.vn_version != 1 || n.vn_file >= t->strings_len || (i + 1 < s->sh_info) != (n.vn_next != 0))
			return false;
		for (unsigned k = 0; k < n.vn_cnt; k++) {
			if (!within(in, sizeof(a), 0, s->sh_size) || in % sizeof(uint32_t))
				return false;
			memcpy(&a, bytes + in, sizeof(a));
			if (a.vna_name >= t->strings_len || (k + 1u < n.vn_cnt) != (a.vna_next != 0))
				return false;
			defined[a.vna_other & 0x7fff] = 1;
			in += a.vna_next;
		}
		at += n.vn_next;
	}
	return bytes;
}

static bool definitions_ok(struct tables *t, const ElfW(Shdr) * s, unsigned char defined[0x8000])
{
	cleanup(x_freep) unsigned char *bytes = s ? read_section(t, s) : NULL;
	ElfW(Verdaux) a;
	ElfW(Verdef) d;
	uint64_t at = 0;

	if (!s)
		return true;
	for (unsigned i = 0; bytes && i < s->sh_info; i++) {
		if (!within(at, sizeof(d), 0, s->sh_size) || at % sizeof(uint32_t))
			return false;
		memcpy(&d, bytes + at, sizeof(d));
		if (d.vd_version != 1 || !within(at + d.vd_aux, sizeof(a), 0, s->sh_size) ||
			(i + 1 < s->sh_info) != (d.vd_next != 0))
			return false;
		memcpy(&a, bytes + at + d.vd_aux, sizeof(a));
		if (a.vda_name >= t->strings_len)
			return false;
		defined[d.vd_ndx & 0x7fff] = 1;
		at += d.vd_next;
	}
	return bytes;
}

static bool versions_ok(struct tables *t)
{
	const ElfW(Shdr) *s = elf_section(t->e, SHT_GNU_versym);
	cleanup(x_freep) unsigned char *defined = x_zalloc(0x8000);
	cleanup(x_freep) uint16_t *numbers = s ? read_section(t, s) : NULL;

	if (!defined)
		t->rc = -ENOMEM;
	if (!defined || !needs_ok(t, elf_section(t->e, SHT_GNU_verneed), defined) ||
		!definitions_ok(t, elf_section(t->e, SHT_GNU_verdef), defined))
		return false;
	if (!s)
		return true;
	if (!numbers || s->sh_size != t->n_symbols * sizeof(*numbers))
		return false;
	defined[VER_NDX_LOCAL] = defined[VER_NDX_GLOBAL] = 1;
	for (uint64_t i = 0; i < t->n_symbols; i++) {
		if (!defined[numbers[i] & 0x7fff])
			return false;
	}
	return true;
}

/* nbuckets, the first symbol, words of the filter, its shift; then the filter, the buckets, and a chain for each symbol. */
static bool gnu_hash_ok(struct tables *t, const ElfW(Shdr) * s)
{
	cleanup(x_freep) uint32_t *w = s ? read_section(t, s) : NULL;
	uint64_t n = s ? s->sh_size / sizeof(*w) : 0, buckets, chains, first;

	if (!s)
		return true;
	if (!w || n < 4 || w[0] == 0 || w[2] == 0 || !is_power(w[2]) || w[3] >= 32)
		return false;
	first = w[1];
	buckets = 4 + (uint64_t)w[2] * (sizeof(void *) / sizeof(*w));
	chains = buckets + w[0];
	/* without a symbol, GNU ld writes one word more than there are chains */
	if (first == 0 || chains > n || (first <= t->n_symbols && n - chains < t->n_symbols - first))
		return false;
	for (uint64_t i = buckets; i < chains; i++) {
		if (w[i] && (w[i] < first || w[i] >= t->n_symbols))
			return false;
	}
	return first >= t->n_symbols || (w[chains + t->n_symbols - first - 1] & 1);
}

static bool hash_ok(struct tables *t, const ElfW(Shdr) * s)
{
	cleanup(x_freep) uint32_t *w = s && s->sh_entsize == sizeof(*w) ? read_section(t, s) : NULL;
	uint64_t n = s ? s->sh_size / sizeof(*w) : 0;

	if (!s || s->sh_entsize != sizeof(*w)) /* s390x and Alpha have another one */
		return true;
	if (!w || n < 2 || w[0] == 0 || w[1] != t->n_symbols || n != 2 + (uint64_t)w[0] + w[1])
		return false;
	for (uint64_t i = 2; i < n; i++) {
		if (w[i] >= t->n_symbols)
			return false;
	}
	return true;
}

int elf_tables_check(const struct elf *e, struct err *err)
{
	cleanup(tables_free) struct tables t = { .e = e, .dynsym = elf_section(e, SHT_DYNSYM) };
	/* clang-format off */
	const char *bad =
		!segments_ok(&t) ? "segments" :
		!sections_ok(&t) ? "sections" :
		!dynamic_ok(&t) || !named_tables_ok(&t) ? "dynamic entries" :
		!t.dynsym || !symbols_ok(&t) ? "symbols" :
		!versions_ok(&t) ? "symbol versions" :
		!gnu_hash_ok(&t, elf_section(e, SHT_GNU_HASH)) || !hash_ok(&t, elf_section(e, SHT_HASH)) ? "hash tables of symbols" :
		!relocation_tables_ok(&t) ? "relocations" : NULL;
	/* clang-format on */

	if (t.rc < 0 && t.rc != -ENOEXEC)
		return t.rc;
	return bad ? err_set(err, MISCSI_ERR_INTERNAL,
			     "its %s are damaged, or made by an unknown linker: install the package again", bad) :
		     0;
}
