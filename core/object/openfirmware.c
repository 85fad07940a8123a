/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A boot path is cut into strings in place. Files of the tree contain what the firmware left: bytes of any length, often without a zero. */
#include "object/openfirmware.h"

#include "base/ascii.h"
#include "base/file.h"
#include "base/mem.h"
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MAC_LEN 6u
#define REPLY_MAX 2048u /* SLOF leaves 1720 bytes, whatever came */
#define MAC_PROPERTY_MAX 8u /* an l-lan of old firmware has the address in the last 6 of 8 bytes */

/* ---- the boot path ---- */

/* IEEE 1275 3.2.1.1: a node's name and unit address. "." and ".." would leave the tree. */
static bool is_node_name(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!ascii_alnum(name[i]) && !strchr(",._+-@", name[i]))
			return false;
	}
	return len > 0 && len <= NAME_MAX && name[0] != '.';
}

static bool is_node_path(const char *path)
{
	for (;; path++) {
		size_t len = strcspn(path, "/");

		if (!is_node_name(path, len))
			return false;
		path += len;
		if (!*path)
			return true;
	}
}

/* A number of a partition or a file may follow the number of the logical unit. */
static void cut_unit(char *argument)
{
	static const char unit[] = "ilun=";
	char *colon = strncmp(argument, unit, sizeof(unit) - 1) == 0 ? strchr(argument, ':') : NULL;

	if (colon)
		memset(colon, '\0', strlen(colon));
}

bool openfirmware_parse(struct openfirmware *out, const void *bytes, size_t len)
{
	char *colon;

	len = strnlen(bytes, len);
	memset(out, 0, sizeof(*out));
	if (len < 2 || len >= sizeof(out->text) || *(const char *)bytes != '/')
		return false;
	memcpy(out->text, (const char *)bytes + 1, len - 1);
	colon = strchr(out->text, ':');
	if (!colon)
		return false;
	*colon = '\0';
	out->arguments = (size_t)(colon + 1 - out->text);
	out->end = len - 1;
	for (size_t at = out->arguments; at < out->end; at += strlen(out->text + at) + 1) {
		out->text[at + strcspn(out->text + at, ",")] = '\0';
		cut_unit(out->text + at);
	}
	return is_node_path(out->text) && openfirmware_argument(out, "iscsi");
}

const char *openfirmware_node(const struct openfirmware *of)
{
	return of->text;
}

const char *openfirmware_argument(const struct openfirmware *of, const char *name)
{
	size_t len = strlen(name);

	for (size_t at = of->arguments; at < of->end; at += strlen(of->text + at) + 1) {
		const char *argument = of->text + at;

		if (strncmp(argument, name, len) != 0)
			continue;
		if (!argument[len] || argument[len] == '=')
			return argument + len + (argument[len] == '=');
	}
	return NULL;
}

/* ---- the tree ---- */

/* The bytes of a property; the caller wipes and frees them. NULL: there is none, or it is longer than max. */
static char *openfirmware_property(const struct sysfs *s, const char *path, size_t max, size_t *len)
{
	char *bytes = NULL;

	return file_read(s->fd, path, max, &bytes, len) < 0 ? NULL : bytes;
}

/* IEEE 1275 4.3.3: a path that does not begin with '/' begins with an alias, whose value stands for it. */
static bool openfirmware_alias(const struct sysfs *s, const char *bootpath, struct openfirmware *out)
{
	char path[sizeof(OPENFIRMWARE_TREE "/aliases/") + NAME_MAX], whole[OPENFIRMWARE_TEXT_MAX], *value;
	size_t name = strcspn(bootpath, "/:"), len;
	bool found = false;

	if (!is_node_name(bootpath, name))
		return false;
	snprintf(path, sizeof(path), OPENFIRMWARE_TREE "/aliases/%.*s", (int)name, bootpath);
	value = openfirmware_property(s, path, OPENFIRMWARE_TEXT_MAX, &len);
	if (!value)
		return false;
	if (memchr(value, ':', len)) /* it has the arguments itself */
		found = openfirmware_parse(out, value, len);
	else if ((size_t)snprintf(whole, sizeof(whole), "%s%s", value, bootpath + name) < sizeof(whole))
		found = openfirmware_parse(out, whole, strlen(whole));
	mem_wipe(whole, sizeof(whole));
	x_wipe_freep(&value);
	return found;
}

bool openfirmware_read(const struct sysfs *s, struct openfirmware *out)
{
	size_t len;
	char *bootpath = openfirmware_property(s, OPENFIRMWARE_TREE "/chosen/bootpath", OPENFIRMWARE_TEXT_MAX, &len);
	bool found =
		bootpath && (bootpath[0] == '/' ? openfirmware_parse(out, bootpath, len) : openfirmware_alias(s, bootpath, out));

	x_wipe_freep(&bootpath);
	return found;
}

/* Each firmware has its own name for it; Apple's has the headers of Ethernet, IP and UDP before it. */
bool openfirmware_reply(const struct sysfs *s, const struct openfirmware *of, struct bootp *out)
{
	static const struct {
		const char *path;
		size_t headers;
	} places[] = {
		{ OPENFIRMWARE_TREE "/chosen/bootp-response", 0 },
		{ OPENFIRMWARE_TREE "/chosen/dhcp-response", 0 },
		{ OPENFIRMWARE_TREE "/chosen/bootpreply-packet", 42 },
	};
	bool found = false;

	if (!openfirmware_argument(of, "bootp") && !openfirmware_argument(of, "dhcp"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(places) && !found; i++) {
		size_t len;
		cleanup(x_freep) char *bytes = openfirmware_property(s, places[i].path, REPLY_MAX, &len);

		found = bytes && len > places[i].headers && bootp_parse(out, bytes + places[i].headers, len - places[i].headers);
	}
	return found;
}

/* "mac-address" is the one in use, "local-mac-address" that of the card. */
bool openfirmware_hwaddress(const struct sysfs *s, const struct openfirmware *of, char out[18])
{
	static const char *const names[] = { "mac-address", "local-mac-address" };
	static const uint8_t none[MAC_LEN];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[OPENFIRMWARE_TEXT_MAX + 64];
		cleanup(x_freep) char *bytes = NULL;
		const uint8_t *mac;
		size_t len;

		snprintf(path, sizeof(path), OPENFIRMWARE_TREE "/%s/%s", openfirmware_node(of), names[i]);
		bytes = openfirmware_property(s, path, MAC_PROPERTY_MAX, &len);
		if (!bytes || (len != MAC_LEN && len != MAC_PROPERTY_MAX))
			continue;
		mac = (const uint8_t *)bytes + len - MAC_LEN;
		if (memcmp(mac, none, MAC_LEN) == 0 || (mac[0] & 1)) /* not that of a device */
			continue;
		snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
		return true;
	}
	return false;
}
