/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VPD pages 80h and 83h (SPC-4 7.8) of a session's devices, before a rescan and after. */
#include "config.h"
#include "kernel/identity.h"
#include "kernel/bsg.h"
#include "base/file.h"
#include "base/mem.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PAGE_MAX 65539
#define HEADER 4
#define NO_DEVICE 0x1f /* SPC-4 6.6.2: the device type of a LUN without a unit */

/* Later kernels refuse a rescan while the device is blocked, which it is until the kernel has resumed the session's I/O. */
#define RESCAN_TRIES 50
#define RESCAN_AGAIN_US 100000

/* The designators that belong to the unit, the most exact first. */
static const struct {
	uint8_t type;
	const char *prefix; /* NULL: the designator is a text */
} designators[IDENTITY_KINDS] = {
	{ 10, "uuid." }, { 3, "naa." }, { 2, "eui." }, { 8, NULL }, /* SCSI name string */
	{ 1, NULL }, /* T10 vendor ID */
};
#define VENDOR_ID (IDENTITY_KINDS - 1)

static uint64_t hash_bytes(uint64_t hash, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t hash_of(uint8_t type, const uint8_t *p, size_t len)
{
	return hash_bytes(hash_bytes(UINT64_C(0xcbf29ce484222325), &type, 1), p, len);
}

static size_t trimmed(const uint8_t *p, size_t len)
{
	while (len && (p[len - 1] == ' ' || p[len - 1] == '\0'))
		len--;
	return len;
}

static void set_text(struct identity *out, const char *prefix, const uint8_t *p, size_t len)
{
	size_t at = (size_t)snprintf(out->text, sizeof(out->text), "%s", prefix ? prefix : "");

	for (size_t i = 0; i < len && at + 3 < sizeof(out->text); i++) {
		if (prefix)
			at += (size_t)snprintf(out->text + at, sizeof(out->text) - at, "%02x", p[i]);
		else
			out->text[at++] = p[i] > ' ' && p[i] < 0x7f ? (char)p[i] : '_';
	}
	out->text[at] = '\0';
}

static void names_add(struct identity_names *names, uint64_t hash)
{
	if (names->n < IDENTITY_NAMES)
		names->hash[names->n] = hash;
	names->n++;
}

static void parse_designators(struct identity *out, const uint8_t *page, size_t len)
{
	size_t best = IDENTITY_KINDS, n;

	for (size_t at = HEADER; at + HEADER <= len; at += HEADER + n) {
		const uint8_t *d = page + at;

		n = d[3];
		if (at + HEADER + n > len)
			return;
		if ((d[1] >> 4 & 3) != 0) /* of a port, or of the whole target */
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(designators); i++) {
			if (designators[i].type != (d[1] & 15))
				continue;
			names_add(&out->unit[i], hash_of(designators[i].type, d + HEADER, n));
			if (i < best)
				set_text(out, designators[i].prefix, d + HEADER, trimmed(d + HEADER, n));
			best = i < best ? i : best;
		}
	}
}

/* What the page says of its length, within what there is. */
static size_t page_len(const uint8_t *page, size_t len, uint8_t number)
{
	size_t said;

	if (len < HEADER || page[1] != number || page[0] >> 5 || (page[0] & 31) == NO_DEVICE)
		return 0;
	said = HEADER + ((size_t)page[2] << 8 | page[3]);
	return said < len ? said : len;
}

void identity_parse(struct identity *out, const void *page83, size_t len83, const void *page80, size_t len80)
{
	const uint8_t *serial = page80;
	size_t n;

	*out = (struct identity){ 0 };
	parse_designators(out, page83, page_len(page83, len83, 0x83));
	n = page_len(serial, len80, 0x80);
	n = n > HEADER ? trimmed(serial + HEADER, n - HEADER) : 0;
	if (n)
		out->serial = hash_of(0, serial + HEADER, n);
	if (n && !*out->text)
		set_text(out, NULL, serial + HEADER, n);
}

bool identity_is_none(const struct identity *i)
{
	return !*i->text && !i->serial;
}

static enum identity_verdict names_compare(const struct identity_names *a, const struct identity_names *b)
{
	if (!a->n || !b->n)
		return IDENTITY_UNKNOWN;
	for (uint32_t i = 0; i < a->n && i < IDENTITY_NAMES; i++)
		for (uint32_t j = 0; j < b->n && j < IDENTITY_NAMES; j++)
			if (a->hash[i] == b->hash[j])
				return IDENTITY_SAME;
	return a->n > IDENTITY_NAMES || b->n > IDENTITY_NAMES ? IDENTITY_UNKNOWN : IDENTITY_OTHER;
}

static enum identity_verdict compare_unique(const struct identity *was, const struct identity *is)
{
	enum identity_verdict verdict = IDENTITY_UNKNOWN, one;

	for (size_t i = 0; i < VENDOR_ID && verdict != IDENTITY_SAME; i++) {
		one = names_compare(&was->unit[i], &is->unit[i]);
		if (one != IDENTITY_UNKNOWN)
			verdict = one;
	}
	return verdict;
}

static bool has_more_than_vendor(const struct identity *i)
{
	for (size_t kind = 0; kind < VENDOR_ID; kind++)
		if (i->unit[kind].n)
			return true;
	return i->serial != 0;
}

enum identity_verdict identity_compare(const struct identity *was, const struct identity *is)
{
	enum identity_verdict verdict = compare_unique(was, is);

	if (verdict != IDENTITY_UNKNOWN)
		return verdict;
	if (was->serial && is->serial)
		return was->serial == is->serial ? IDENTITY_SAME : IDENTITY_OTHER;
	if (has_more_than_vendor(was) || has_more_than_vendor(is))
		return IDENTITY_UNKNOWN;
	return names_compare(&was->unit[VENDOR_ID], &is->unit[VENDOR_ID]);
}

bool identity_decides(const struct identity *was, const struct identity *is)
{
	return compare_unique(was, is) != IDENTITY_UNKNOWN;
}

static int page_read(const struct sysfs *device, const char *name, char **page, size_t *len)
{
	int rc = file_read(device->fd, name, PAGE_MAX, page, len);

	if (rc < 0)
		*len = 0;
	return rc == -ENOMEM || rc == -EMFILE || rc == -ENFILE ? rc : 0;
}

int identity_read(const struct sysfs *device, struct identity *out)
{
	cleanup(x_freep) char *page83 = NULL, *page80 = NULL;
	size_t len83 = 0, len80 = 0;
	int rc = page_read(device, "vpd_pg83", &page83, &len83);

	*out = (struct identity){ 0 };
	if (rc == 0)
		rc = page_read(device, "vpd_pg80", &page80, &len80);
	if (rc == 0)
		identity_parse(out, page83, len83, page80, len80);
	return rc;
}

/* After the rescan, the kernel does not have the old pages any more: what is not read now cannot be compared later. */
static int read_after_rescan(const struct sysfs *device, struct identity *out)
{
	int rc = identity_read(device, out);

	for (unsigned i = 0; rc < 0 && i < RESCAN_TRIES; i++) {
		usleep(RESCAN_AGAIN_US);
		rc = identity_read(device, out);
	}
	return rc;
}

static int rescan(const struct sysfs *device)
{
	int rc = -EAGAIN;

	for (unsigned i = 0; rc == -EAGAIN && i < RESCAN_TRIES; i++) {
		if (i)
			usleep(RESCAN_AGAIN_US);
		rc = sysfs_write(device, "1", "rescan");
	}
	return rc;
}

/* One more entry of a text, whole or not at all. */
static void report_add(char *text, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void report_add(char *text, size_t size, const char *fmt, ...)
{
	size_t len = strlen(text), at = len;
	va_list ap;
	int n;

	if (len && len + 2 < size)
		at = len + (size_t)snprintf(text + len, size - len, "; ");
	va_start(ap, fmt);
	n = vsnprintf(text + at, size - at, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= size - at)
		text[len] = '\0';
}

static void report_change(struct identity_report *out, const char *name, uint64_t lun, const struct identity *was,
	const struct identity *is, int rc)
{
	report_add(out->text, sizeof(out->text), "%s (LUN %" PRIu64 ") was the device %s, and now is %s%s%s",
		*name ? name : "a device", lun, was->text, is->text, rc < 0 ? ", and iscsid cannot set it offline: " : "",
		rc < 0 ? strerror(-rc) : "");
	out->changed++;
}

void identity_report_change(
	struct identity_report *out, const char *name, uint64_t lun, const struct identity *was, const struct identity *is)
{
	report_change(out, name, lun, was, is, 0);
}

/* -ENOENT, …: the unit cannot be asked. */
static int ask_unit(const char *address, const struct identity *was, struct identity *is)
{
	cleanup(x_freep) char *page83 = NULL, *page80 = NULL;
	size_t len83, len80 = 0;
	int rc = bsg_page(address, 0x83, &page83, &len83);

	if (rc < 0)
		return rc;
	identity_parse(is, page83, len83, NULL, 0);
	if (!identity_decides(was, is))
		rc = bsg_page(address, 0x80, &page80, &len80);
	if (rc == 0)
		identity_parse(is, page83, len83, page80, len80);
	return rc;
}

/* No I/O reaches it, and no INQUIRY. */
static bool is_offline(const struct sysfs *device)
{
	char state[32];

	return sysfs_read(device, state, sizeof(state), "state") == 0 && strcmp(state, "offline") == 0;
}

/* *verdict: IDENTITY_SAME where there is nothing to compare. */
static int verify_device(const struct sysfs *device, const char *address, const struct identity *was, struct identity *is,
	enum identity_verdict *verdict)
{
	bool asked = !identity_is_none(was) && ask_unit(address, was, is) == 0;
	int rc = 0;

	*verdict = asked ? identity_compare(was, is) : IDENTITY_SAME;
	if (*verdict != IDENTITY_SAME)
		return 0;
	rc = rescan(device);
	if (asked || identity_is_none(was))
		return rc;
	if (rc == 0)
		rc = read_after_rescan(device, is);
	*verdict = identity_compare(was, is);
	return rc;
}

int identity_verify(const struct sysfs *device, const char *address, const char *name, uint64_t lun, struct identity_report *out)
{
	struct identity was, is;
	enum identity_verdict verdict = IDENTITY_SAME;
	int rc = identity_read(device, &was);

	if (is_offline(device))
		return 0;
	if (rc == 0)
		rc = verify_device(device, address, &was, &is, &verdict);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc; /* gone meanwhile */
	out->checked++;
	if (verdict == IDENTITY_UNKNOWN) {
		report_add(out->unknown_text, sizeof(out->unknown_text), "%s (LUN %" PRIu64 ", before: %s)",
			*name ? name : "a device", lun, was.text);
		out->unknown++;
	} else if (verdict == IDENTITY_OTHER) {
		report_change(out, name, lun, &was, &is, sysfs_write(device, "offline\n", "state"));
	}
	return 0;
}
