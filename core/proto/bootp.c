/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fixed part of the reply, then options, which may go on in the fields for the server's name and the boot file. */
#include "proto/bootp.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
	AT_OP = 0,
	AT_ADDRESS = 16,
	AT_SERVER_NAME = 44,
	AT_FILE = 108,
	AT_COOKIE = 236,
	AT_OPTIONS = 240,
};

#define REPLY 2

enum option {
	OPTION_PAD = 0,
	OPTION_SUBNET_MASK = 1,
	OPTION_ROUTER = 3,
	OPTION_ROOT_PATH = 17,
	OPTION_OVERLOAD = 52,
	OPTION_INITIATOR = 203, /* as iPXE reads it */
	OPTION_END = 255,
};

/* 0.0.0.0 is none. */
static void set_address(char out[16], const uint8_t *bytes)
{
	if (bytes[0] | bytes[1] | bytes[2] | bytes[3])
		snprintf(out, 16, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
}

static void set_text(char out[BOOTP_TEXT_MAX], const uint8_t *bytes, size_t len)
{
	len = strnlen((const char *)bytes, len);
	memcpy(out, bytes, len);
	out[len] = '\0';
}

/* Up to the next colon, which is passed over; an IPv6 address has colons, but stands in brackets. */
static bool next_field(const char **at, char out[BOOTP_TEXT_MAX])
{
	bool bracket = **at == '[';
	const char *begin = *at + bracket, *end = strchr(begin, bracket ? ']' : ':');

	if (!end || (bracket && end[1] != ':'))
		return false;
	snprintf(out, BOOTP_TEXT_MAX, "%.*s", (int)(end - begin), begin);
	*at = end + 1 + bracket;
	return true;
}

/* RFC 4173 section 5. Only TCP, which is 6 or left out. */
static void parse_root_path(struct bootp *out, const char *path)
{
	static const char scheme[] = "iscsi:";
	char protocol[BOOTP_TEXT_MAX];
	struct bootp found = { 0 };
	const char *at = path + sizeof(scheme) - 1;

	if (strncmp(path, scheme, sizeof(scheme) - 1) != 0 || !next_field(&at, found.server) || !next_field(&at, protocol) ||
		!next_field(&at, found.port) || !next_field(&at, found.lun) || (*protocol && strcmp(protocol, "6") != 0))
		return;
	memcpy(out->server, found.server, sizeof(out->server));
	memcpy(out->port, found.port, sizeof(out->port));
	memcpy(out->lun, found.lun, sizeof(out->lun));
	snprintf(out->target, sizeof(out->target), "%s", at);
}

static void parse_option(struct bootp *out, unsigned option, const uint8_t *value, size_t len, unsigned *overload)
{
	char text[BOOTP_TEXT_MAX];

	switch (option) {
	case OPTION_SUBNET_MASK:
		if (len == 4)
			set_address(out->subnet_mask, value);
		break;
	case OPTION_ROUTER: /* the first is preferred */
		if (len >= 4)
			set_address(out->router, value);
		break;
	case OPTION_ROOT_PATH:
		set_text(text, value, len);
		parse_root_path(out, text);
		break;
	case OPTION_INITIATOR:
		set_text(out->initiator, value, len);
		break;
	case OPTION_OVERLOAD:
		*overload = len == 1 ? *value : 0;
		break;
	default:
		break;
	}
}

static void parse_options(struct bootp *out, const uint8_t *bytes, size_t len, unsigned *overload)
{
	for (size_t at = 0; at < len && bytes[at] != OPTION_END;) {
		size_t size;

		if (bytes[at] == OPTION_PAD) {
			at++;
			continue;
		}
		if (len - at < 2 || bytes[at + 1] > len - at - 2)
			return;
		size = bytes[at + 1];
		parse_option(out, bytes[at], bytes + at + 2, size, overload);
		at += 2 + size;
	}
}

bool bootp_parse(struct bootp *out, const void *bytes, size_t len)
{
	static const uint8_t cookie[] = { 99, 130, 83, 99 };
	const uint8_t *reply = bytes;
	unsigned overload = 0, again = 0;

	memset(out, 0, sizeof(*out));
	if (len < AT_OPTIONS || reply[AT_OP] != REPLY || memcmp(reply + AT_COOKIE, cookie, sizeof(cookie)) != 0)
		return false;
	set_address(out->address, reply + AT_ADDRESS);
	parse_options(out, reply + AT_OPTIONS, len - AT_OPTIONS, &overload);
	if (overload & 1)
		parse_options(out, reply + AT_FILE, AT_COOKIE - AT_FILE, &again);
	if (overload & 2)
		parse_options(out, reply + AT_SERVER_NAME, AT_FILE - AT_SERVER_NAME, &again);
	return *out->address;
}
