/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of text keys: numbers and binary constants (RFC 7143 6.1).
 */
#include "proto/text.h"

#include "base/ascii.h"
#include <errno.h>
#include <string.h>

static int base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static int decode_hex(const char *s, uint8_t *out, size_t size, size_t *len)
{
	size_t digits = strlen(s), n = 0;
	bool low = digits & 1; /* the first byte of an odd number of digits has only its low half */

	if (!digits)
		return -EINVAL;
	if ((digits + 1) / 2 > size)
		return -EFBIG;
	memset(out, 0, (digits + 1) / 2);
	for (; *s; s++) {
		int v = ascii_hex(*s);

		if (v < 0)
			return -EINVAL;
		out[n] = (uint8_t)(out[n] << 4 | v);
		n += low;
		low = !low;
	}
	*len = n;
	return 0;
}

/* RFC 4648 section 4, padded; bits that do not make a byte must be zero, so that each value has one spelling.
 */
static int decode_base64(const char *s, uint8_t *out, size_t size, size_t *len)
{
	size_t all = strlen(s), digits = strcspn(s, "="), n = 0;
	unsigned bits = 0, acc = 0;

	if (!all || all % 4 || all - digits > 2 || strspn(s + digits, "=") != all - digits)
		return -EINVAL;
	for (size_t i = 0; i < digits; i++) {
		int v = base64_digit(s[i]);

		if (v < 0)
			return -EINVAL;
		acc = (acc << 6 | (unsigned)v) & 0xffff;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (n == size)
			return -EFBIG;
		out[n++] = (uint8_t)(acc >> bits);
	}
	if (acc & ((1u << bits) - 1))
		return -EINVAL;
	*len = n;
	return 0;
}

/* Either form may come in any key, whichever we use ourselves: targets choose. */
int text_decode_binary(const char *value, void *bytes, size_t size, size_t *len)
{
	if (value[0] != '0')
		return -EINVAL;
	if ((value[1] | 0x20) == 'x')
		return decode_hex(value + 2, bytes, size, len);
	if ((value[1] | 0x20) == 'b')
		return decode_base64(value + 2, bytes, size, len);
	return -EINVAL;
}

/* Hexadecimal, which every target reads; base64 would be allowed too. */
void text_add_binary(struct strbuf *b, const char *key, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	strbuf_printf(b, "%s=0x", key);
	for (size_t i = 0; i < len; i++)
		strbuf_printf(b, "%02x", p[i]);
	strbuf_putc(b, '\0');
}

/*
 * No sign and no blank, and an overflow is an error: strtoul() would take a negative number for a very
 * large one.
 */
int text_decode_number(const char *value, uint64_t *out)
{
	uint64_t base = 10, n = 0;

	if (value[0] == '0' && (value[1] | 0x20) == 'x') {
		base = 16;
		value += 2;
	}
	if (!*value)
		return -EINVAL;
	for (; *value; value++) {
		int v = ascii_hex(*value);

		if (v < 0 || (uint64_t)v >= base)
			return -EINVAL;
		if (n > (UINT64_MAX - (uint64_t)v) / base)
			return -ERANGE;
		n = n * base + (uint64_t)v;
	}
	*out = n;
	return 0;
}
