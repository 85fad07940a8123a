/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory: the only place that calls malloc(), so that tests can let any allocation fail. Secrets are wiped here. */
#include "config.h"
#include "base/mem.h"
#include <errno.h>
#include <string.h>

/* Allocations until the one that fails; 0: none does. Only tests set it; a thread's own, so that workers are not in the count. */
static __thread unsigned long fail_in;

static int allocation_fails(void)
{
	return fail_in && --fail_in == 0;
}

void *x_calloc(size_t n, size_t size)
{
	size_t all;

	/* calloc() checks this too, but under the sanitizers it ends the program. */
	if (allocation_fails() || __builtin_mul_overflow(n, size, &all))
		return NULL;
	/* One byte at least: NULL means failure and nothing else. */
	return calloc(1, all ? all : 1);
}

void *x_zalloc(size_t size)
{
	return x_calloc(1, size);
}

/* Never for memory that may hold a secret: the old place is freed without wiping. */
void *x_realloc(void *old, size_t size)
{
	if (allocation_fails())
		return NULL;
	return realloc(old, size ? size : 1);
}

void *x_grow(void *at, size_t n, size_t *cap, size_t size, size_t least)
{
	size_t more = *cap ? *cap * 2 : least;

	if (n < *cap)
		return at;
	if (more > SIZE_MAX / 2 / size)
		return NULL;
	at = x_realloc(at, more * size);
	if (at)
		*cap = more;
	return at;
}

char *x_strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = x_zalloc(len + 1);

	if (copy)
		memcpy(copy, s, len);
	return copy;
}

char *x_strdup(const char *s)
{
	return x_strndup(s, strlen(s));
}

void x_free(void *p)
{
	free(p);
}

/* The old string goes last, since the new one may be a part of it. */
int x_strset(char **slot, const char *s)
{
	char *copy = NULL;

	if (s) {
		copy = x_strdup(s);
		if (!copy)
			return -ENOMEM;
	}
	x_free(*slot);
	*slot = copy;
	return 0;
}

void x_fail_at(unsigned long nth)
{
	fail_in = nth;
}

/* explicit_bzero(): a plain memset() before free() is taken out by the compiler. */
void mem_wipe(void *p, size_t len)
{
	if (p && len)
		explicit_bzero(p, len);
}

void x_wipe_freep(char **text)
{
	if (*text)
		mem_wipe(*text, strlen(*text));
	x_free(*text);
	*text = NULL;
}

int secret_set(struct secret *s, const void *bytes, size_t len)
{
	uint8_t *copy = x_zalloc(len);

	if (!copy)
		return -ENOMEM;
	if (len)
		memcpy(copy, bytes, len);
	/* After the copy: the new bytes may lie within the old ones. */
	secret_clear(s);
	s->bytes = copy;
	s->len = len;
	return 0;
}

int secret_copy(struct secret *to, const struct secret *from)
{
	if (from->bytes)
		return secret_set(to, from->bytes, from->len);
	secret_clear(to);
	return 0;
}

void secret_clear(struct secret *s)
{
	mem_wipe(s->bytes, s->len);
	x_free(s->bytes);
	s->bytes = NULL;
	s->len = 0;
}

int secret_equal(const struct secret *a, const struct secret *b)
{
	volatile uint8_t differ = 0;

	/* The wire shows the lengths: only the bytes are compared in constant time. */
	if (!a->bytes != !b->bytes || a->len != b->len)
		return 0;
	for (size_t i = 0; i < a->len; i++)
		differ |= a->bytes[i] ^ b->bytes[i];
	return differ == 0;
}
