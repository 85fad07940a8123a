/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which pages name which disk: what counts and what does not, and what is hostile. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "fake_sys.h"
#include "kernel/identity.h"
#include <string.h>
#include <stdio.h>

#define BYTES(literal) literal, sizeof(literal) - 1

#define NAA_A \
	"\x01\x03\x00\x08" \
	"\x60\x01\x40\x50\x00\x00\x00\x0a"
#define NAA_B \
	"\x01\x03\x00\x08" \
	"\x60\x01\x40\x50\x00\x00\x00\x0b"
#define VENDOR \
	"\x02\x01\x00\x08" \
	"LIO-ORG "
#define VENDOR_LATER \
	"\x02\x01\x00\x08" \
	"LIO-NEXT"
#define EUI \
	"\x01\x02\x00\x08" \
	"\x00\x01\x02\x03\x04\x05\x06\x07"
#define PORT_1 \
	"\x51\x94\x00\x04" \
	"\x00\x00\x00\x01"
#define PORT_2 \
	"\x51\x94\x00\x04" \
	"\x00\x00\x00\x02"
#define PAGE(len, rest) "\x00\x83\x00" len rest

static const char serial_a[] = "\x00\x80\x00\x08"
			       "disk-a  ",
		  serial_b[] = "\x00\x80\x00\x06"
			       "disk-b";

#define assert_same(verdict) assert_int_equal(verdict, IDENTITY_SAME)
#define assert_other(verdict) assert_int_equal(verdict, IDENTITY_OTHER)
#define assert_unknown(verdict) assert_int_equal(verdict, IDENTITY_UNKNOWN)

static struct identity of(const char *page, size_t len)
{
	struct identity out;

	identity_parse(&out, page, len, NULL, 0);
	return out;
}

static void a_unit_is_told_by_its_own_names(void **state)
{
	struct identity a = of(BYTES(PAGE("\x20", NAA_A VENDOR PORT_1))),
			other_port = of(BYTES(PAGE("\x20", VENDOR PORT_2 NAA_A)));
	struct identity b = of(BYTES(PAGE("\x20", NAA_B VENDOR PORT_1))), none = of(BYTES(PAGE("\x08", PORT_1)));

	(void)state;
	assert_string_equal(a.text, "naa.600140500000000a");
	assert_same(identity_compare(&a, &other_port));
	assert_other(identity_compare(&a, &b));
	assert_true(identity_is_none(&none));
	assert_unknown(identity_compare(&a, &none)); /* nothing to compare */
}

/* New firmware names its product otherwise, and adds a designator: the disk is the same. */
static void new_firmware_leaves_the_unit_what_it_is(void **state)
{
	struct identity old, later;

	(void)state;
	identity_parse(&old, BYTES(PAGE("\x18", NAA_A VENDOR)), serial_a, sizeof(serial_a) - 1);
	identity_parse(&later, BYTES(PAGE("\x18", NAA_A VENDOR_LATER)), serial_b, sizeof(serial_b) - 1);
	assert_same(identity_compare(&old, &later));
	later = of(BYTES(PAGE("\x18", NAA_B VENDOR)));
	assert_other(identity_compare(&old, &later));
	identity_parse(&old, BYTES(PAGE("\x0c", VENDOR)), serial_a, sizeof(serial_a) - 1);
	identity_parse(&later, BYTES(PAGE("\x0c", VENDOR_LATER)), serial_a, sizeof(serial_a) - 1);
	assert_same(identity_compare(&old, &later));
	old = of(BYTES(PAGE("\x0c", VENDOR)));
	later = of(BYTES(PAGE("\x0c", VENDOR_LATER)));
	assert_other(identity_compare(&old, &later));
}

/* One name more, or less, in an order of its own. */
static void one_common_name_is_enough(void **state)
{
	struct identity a = of(BYTES(PAGE("\x0c", NAA_A))), b = of(BYTES(PAGE("\x0c", NAA_B)));
	struct identity both = of(BYTES(PAGE("\x18", NAA_B NAA_A))), eui = of(BYTES(PAGE("\x0c", EUI)));
	struct identity a_eui = of(BYTES(PAGE("\x18", NAA_A EUI))), b_eui = of(BYTES(PAGE("\x18", NAA_B EUI)));

	(void)state;
	assert_same(identity_compare(&a, &both));
	assert_same(identity_compare(&both, &b));
	assert_same(identity_compare(&a_eui, &b_eui));
	assert_same(identity_compare(&a_eui, &a));
	assert_other(identity_compare(&a_eui, &b));
	assert_unknown(identity_compare(&a, &eui));
}

/* More names than are kept: that none of those is common does not say that none is. */
static void names_that_are_not_kept_may_be_common(void **state)
{
	char page[4 + 12 * (IDENTITY_NAMES + 1)] = { 0, (char)0x83, 0, sizeof(page) - 4 };
	struct identity a = of(BYTES(PAGE("\x0c", NAA_A))), many;

	(void)state;
	for (unsigned i = 0; i <= IDENTITY_NAMES; i++) {
		memcpy(page + 4 + 12 * i, NAA_B, 12);
		page[15 + 12 * i] = (char)(0x20 + i);
	}
	many = of(page, sizeof(page));
	assert_unknown(identity_compare(&a, &many));
	assert_same(identity_compare(&many, &many));
}

/* LIO answers so for a LUN 0 that is not mapped; arrays that start, with the qualifier or the type. */
static void a_page_of_no_unit_is_not_another_unit(void **state)
{
	static const char no_serial[] = { 0, (char)0x80, 0, 0 };
	struct identity was, is;
	char page[] = PAGE("\x18", NAA_B VENDOR_LATER);

	(void)state;
	identity_parse(&was, BYTES(PAGE("\x18", NAA_A VENDOR)), serial_a, sizeof(serial_a) - 1);
	identity_parse(&is, BYTES(PAGE("\x0c", VENDOR_LATER)), no_serial, sizeof(no_serial));
	assert_unknown(identity_compare(&was, &is));
	assert_unknown(identity_compare(&is, &was));
	identity_parse(&was, BYTES(PAGE("\x0c", VENDOR)), serial_a, sizeof(serial_a) - 1);
	assert_unknown(identity_compare(&was, &is));
	was = of(BYTES(PAGE("\x18", NAA_A VENDOR)));
	for (const char *first = "\x20\x60\x7f\x1f"; *first; first++) {
		page[0] = *first;
		is = of(BYTES(page));
		assert_true(identity_is_none(&is));
		assert_unknown(identity_compare(&was, &is));
	}
}

static void serials_count_too(void **state)
{
	struct identity a, b, spaces;

	(void)state;
	identity_parse(&a, BYTES(PAGE("\x0c", VENDOR)), serial_a, sizeof(serial_a) - 1);
	identity_parse(&b, BYTES(PAGE("\x0c", VENDOR)), serial_b, sizeof(serial_b) - 1);
	identity_parse(&spaces, NULL, 0,
		BYTES("\x00\x80\x00\x06"
		      "disk-a"));
	assert_other(identity_compare(&a, &b));
	assert_same(identity_compare(&a, &spaces));
	assert_string_equal(spaces.text, "disk-a");
}

/* Every length is the target's word. */
static void a_page_that_lies_is_read_within_its_bounds(void **state)
{
	static const char page[] = PAGE("\x20", NAA_A VENDOR PORT_1);
	uint8_t bytes[sizeof(page) - 1];

	(void)state;
	for (size_t len = 0; len <= sizeof(bytes); len++)
		for (unsigned at = 0; at < sizeof(bytes); at++) {
			uint8_t *exact = len ? memcpy(test_malloc(len), page, len) : NULL;
			struct identity out;

			if (at < len)
				exact[at] = 0xff;
			identity_parse(&out, exact, len, exact, len);
			assert_true(strlen(out.text) < sizeof(out.text));
			if (exact)
				test_free(exact);
		}
}

static void put(struct fake_sys *s, const char *name, const char *bytes, size_t len)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/dev/%s", s->dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

/* A device that is the same, one that cannot be compared, and one that cannot be rescanned are left alone. */
static void a_device_that_is_the_same_is_left_alone(void **state)
{
	struct fake_sys *s = *state;
	struct identity_report report = { 0 };
	struct sysfs device;
	char text[16];

	fake_sys_write(s, "running\n", "dev/state");
	fake_sys_write(s, "", "dev/rescan");
	assert_int_equal(sysfs_dir(&s->sysfs, &device, "dev"), 0);
	assert_int_equal(identity_verify(&device, "0:0:0:99999", "sdb", 0, &report), 0);
	put(s, "vpd_pg83", BYTES(PAGE("\x20", NAA_A VENDOR PORT_1)));
	assert_int_equal(identity_verify(&device, "0:0:0:99999", "sdb", 0, &report), 0);
	assert_int_equal(report.checked, 2);
	assert_int_equal(report.changed, 0);
	assert_int_equal(sysfs_read(&device, text, sizeof(text), "rescan"), 0);
	assert_string_equal(text, "1");
	assert_int_equal(sysfs_read(&device, text, sizeof(text), "state"), 0);
	assert_string_equal(text, "running");
	sysfs_close(&device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_unit_is_told_by_its_own_names),
		cmocka_unit_test(new_firmware_leaves_the_unit_what_it_is),
		cmocka_unit_test(one_common_name_is_enough),
		cmocka_unit_test(names_that_are_not_kept_may_be_common),
		cmocka_unit_test(a_page_of_no_unit_is_not_another_unit),
		cmocka_unit_test(serials_count_too),
		cmocka_unit_test(a_page_that_lies_is_read_within_its_bounds),
		cmocka_unit_test_setup_teardown(a_device_that_is_the_same_is_left_alone, fake_sys_setup, fake_sys_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
