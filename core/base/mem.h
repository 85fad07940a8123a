/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory: typed allocation, cleanup helpers, secrets.
 *
 * Allocation can fail: callers return -ENOMEM. All memory is zeroed.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define x_new(type) ((type *)x_zalloc(sizeof(type)))
#define x_newn(type, n) ((type *)x_calloc((n), sizeof(type)))

/* NULL: out of memory, or a test made this call fail (x_fail_at). */
void *x_zalloc(size_t size);
void *x_calloc(size_t n, size_t size);
void *x_realloc(void *old, size_t size);
char *x_strdup(const char *s);
char *x_strndup(const char *s, size_t n);
void x_free(void *p);

/*
 * Returns an array with room for one more entry after n: `at` itself, or moved, with *cap doubled (from `least`). NULL: no
 * memory; `at` and *cap are unchanged. Like x_realloc(), not for memory that may hold a secret.
 */
void *x_grow(void *at, size_t n, size_t *cap, size_t size, size_t least);

/* Replaces *slot by a copy of s (NULL: by NULL). 0 or -ENOMEM, *slot then unchanged. */
int x_strset(char **slot, const char *s);

/* Tests: the nth allocation from now (1 is the next) fails, once; 0: no failure. Per thread. */
void x_fail_at(unsigned long nth);

#define cleanup(fn) __attribute__((cleanup(fn)))
/* For `cleanup(x_freep) char *s = NULL;`: slot is the variable's address. */
static inline void x_freep(void *slot)
{
	x_free(*(void **)slot);
}

/* The same for a text that may hold a secret: it is wiped first. */
void x_wipe_freep(char **text);

/* Returns the pointer of a cleanup variable and sets the variable to NULL. */
#define x_steal(slot) \
	__extension__({ \
		__typeof__(slot) x_stolen = slot; \
		(slot) = NULL; \
		x_stolen; \
	})

/*
 * A secret (a CHAP password): never printed, wiped when freed, compared in constant time. Bytes may have any value, including
 * NUL.
 */
struct secret {
	uint8_t *bytes; /* owned; NULL when unset */
	size_t len;
};

int secret_set(struct secret *s, const void *bytes, size_t len); /* wipes the old one; -ENOMEM */
int secret_copy(struct secret *to, const struct secret *from);
void secret_clear(struct secret *s);
int secret_equal(const struct secret *a, const struct secret *b); /* 1: equal */
/* Wipes memory; the compiler does not optimise it away. */
void mem_wipe(void *p, size_t len);

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* The container of an embedded member. */
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
