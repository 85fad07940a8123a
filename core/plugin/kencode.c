/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes made from settings: the table is fields.def; here is how each of its types becomes bytes. */
#include "plugin/kencode.h"
#include "record/record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define TEXT_BYTES 255u /* drivers copy as much as their own field holds, whatever the length says */
#define VLAN_PRIORITY_SHIFT 13

struct value {
	uint8_t bytes[TEXT_BYTES];
	uint32_t len; /* 0: nothing to send */
};

static int kencode_refuse_setting(struct miscsi_op *op, const struct err *err)
{
	return op->core->set_error(op, MISCSI_ERR_INVAL, "%s", err->text);
}

/* Numbers are in host byte order, of exactly the width that the drivers read. */
static void put_number(struct value *v, int64_t number, uint8_t width)
{
	uint8_t one = (uint8_t)number;
	uint16_t two = (uint16_t)number;
	uint32_t four = (uint32_t)number;
	const void *from = width == sizeof(one) ? (void *)&one : width == sizeof(two) ? (void *)&two : (void *)&four;

	v->len = width;
	memcpy(v->bytes, from, width);
}

/* Empty: all zeros, as an entry has it that was never given one. */
static int put_ip(struct value *v, const char *text, uint8_t width, int v6)
{
	v->len = width;
	if (!*text)
		return 0;
	return inet_pton(v6 ? AF_INET6 : AF_INET, text, v->bytes) == 1 ? 0 : -EINVAL;
}

/* The whole field is sent, with zeros behind the text: a driver that copies its own width must not read beyond the attribute. */
static int put_text(struct value *v, const char *text)
{
	size_t len = strlen(text);

	if (len >= TEXT_BYTES)
		return -EINVAL;
	memcpy(v->bytes, text, len);
	v->len = TEXT_BYTES;
	return 0;
}

/* Twelve hexadecimal digits, checked by the record already: what is not one is refused here, and not sent as zero. */
static int put_isid(struct value *v, const char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < 12; i++) {
		const char *at = text[i] ? strchr(digits, text[i] | 0x20) : NULL;

		if (!at)
			return -EINVAL;
		v->bytes[i / 2] = (uint8_t)(v->bytes[i / 2] << 4 | (at - digits));
	}
	v->len = 6;
	return 0;
}

/* The driver copies as many letters as it has, and no end. */
static int put_word(struct value *v, const struct record *r, enum field_id id, uint8_t width)
{
	char word[TEXT_BYTES];

	record_text(r, id, word, sizeof(word));
	if (strlen(word) != width)
		return -EINVAL;
	memcpy(v->bytes, word, width);
	v->len = width;
	return 0;
}

/* By the field's type in fields.def; a number's width is the one of the kernel's parameter, not that of the field. */
static int put_field(struct value *v, const struct record *r, enum field_id id, uint8_t width, int v6)
{
	const struct field *f = field_of(id);

	memset(v, 0, sizeof(*v));
	if (f->type == FIELD_TYPE_INT)
		put_number(v, record_int(r, id), width);
	else if (f->type == FIELD_TYPE_ENUM && f->kernel.table == FIELD_TABLE_FLASH)
		return put_word(v, r, id, width);
	else if (f->type == FIELD_TYPE_ENUM) /* 1 disable, 2 enable, and likewise for the other words */
		put_number(v, record_int(r, id) + 1, width);
	else if (f->type == FIELD_TYPE_ADDRESS)
		return put_ip(v, record_str(r, id), width, v6);
	else if (f->type == FIELD_TYPE_ISID)
		return put_isid(v, record_str(r, id));
	else
		return put_text(v, record_str(r, id));
	return 0;
}

/* The key and the value are named: with many settings in one request nobody would find the wrong one. */
static int no_good(struct miscsi_op *op, const struct record *r, enum field_id id, bool v6, const char *whose)
{
	const struct field *f = field_of(id);
	char text[320];

	record_text(r, id, text, sizeof(text));
	if (f->type == FIELD_TYPE_ADDRESS)
		return op->core->set_error(op, MISCSI_ERR_INVAL,
			"the value '%s' of %s is not allowed, because it must be an %s address, like %s", text, f->key,
			v6 ? "IPv6" : "IPv4", whose);
	if (id == FIELD_FLASH_ISID)
		return op->core->set_error(op, MISCSI_ERR_INVAL,
			"the value '%s' of %s is not allowed: set it to 12 hexadecimal digits", text, f->key);
	return op->core->set_error(op, MISCSI_ERR_INVAL,
		"the value '%s' of %s is not allowed, because it has more than %d bytes: set a shorter one", text, f->key,
		TEXT_BYTES - 1);
}

/* ---- ifaces ---- */

/* Sent first: the adapter must know what an address is for. What the adapter finds by itself is not sent. */
static const struct autoconf {
	enum field_id id;
	int64_t by_hand; /* with any other value the adapter finds out itself … */
	enum field_id found[3]; /* … these; ends at IFACE_NAME */
} autoconfs[] = {
	{ FIELD_IFACE_BOOTPROTO, 0, { FIELD_IFACE_IPADDRESS, FIELD_IFACE_SUBNET_MASK, FIELD_IFACE_GATEWAY } },
	{ FIELD_IFACE_IPV6_AUTOCFG, 0, { FIELD_IFACE_IPADDRESS, FIELD_IFACE_NAME, FIELD_IFACE_NAME } },
	{ FIELD_IFACE_LINKLOCAL_AUTOCFG, 1, { FIELD_IFACE_IPV6_LINKLOCAL, FIELD_IFACE_NAME, FIELD_IFACE_NAME } },
	{ FIELD_IFACE_ROUTER_AUTOCFG, 1, { FIELD_IFACE_IPV6_ROUTER, FIELD_IFACE_NAME, FIELD_IFACE_NAME } },
};
#define AUTOCONFS (ARRAY_SIZE(autoconfs))
#define ROUTER_AUTOCFG_STATES 2 /* from here on words of sysfs, nothing to set */

/* The four settings that decide whether the adapter or the user chooses an address. */
static bool is_autoconf(enum field_id id)
{
	for (size_t i = 0; i < AUTOCONFS; i++) {
		if (autoconfs[i].id == id)
			return true;
	}
	return false;
}

/* The address that DHCP or autoconfiguration finds is shown in the iface; sent back, it would become a fixed one. */
static bool found_by_itself(const struct record *r, enum field_id id)
{
	for (size_t i = 0; i < AUTOCONFS; i++) {
		const struct autoconf *a = &autoconfs[i];
		int64_t how = field_of(a->id)->flags & (record_is_ipv6(r) ? FIELD_IPV4 : FIELD_IPV6) ? -1 : record_int(r, a->id);

		for (size_t k = 0; how >= 0 && how != a->by_hand && k < 3; k++) {
			if (a->found[k] == id)
				return true;
		}
	}
	return false;
}

/* Nothing stands there: the adapter keeps what it has. */
static bool field_is_empty(const struct record *r, enum field_id id)
{
	const struct field *f = field_of(id);

	if (id == FIELD_IFACE_VLAN_ID)
		return record_int(r, id) == 0 && record_int(r, FIELD_IFACE_VLAN_PRIORITY) == 0;
	if (id == FIELD_IFACE_ROUTER_AUTOCFG && record_int(r, id) >= ROUTER_AUTOCFG_STATES)
		return true;
	if (f->type == FIELD_TYPE_INT)
		return record_int(r, id) == 0;
	return f->type == FIELD_TYPE_ENUM ? record_int(r, id) < 0 : !record_explicit(r, id);
}

/* A row of fields.def may have one number for IPv4 and another for IPv6; -1: the adapter does not have it in that family. */
static int add_iface_field(struct miscsi_op *op, struct kencode *out, const struct record *r, enum field_id id)
{
	const struct field *f = field_of(id);
	bool v6 = record_is_ipv6(r), net = f->kernel.table == FIELD_TABLE_NET;
	int param = v6 ? f->kernel.param6 : f->kernel.param;
	struct value v;

	if (!field_in(f, RECORD_IFACE) || (!net && f->kernel.table != FIELD_TABLE_IFACE) || param < 0 || field_is_empty(r, id) ||
		found_by_itself(r, id))
		return 0;
	if (put_field(&v, r, id, v6 ? f->kernel.width6 : f->kernel.width, v6) < 0)
		return no_good(op, r, id, v6, "the other addresses of the iface");
	if (id == FIELD_IFACE_VLAN_ID)
		put_number(&v, record_int(r, id) | record_int(r, FIELD_IFACE_VLAN_PRIORITY) << VLAN_PRIORITY_SHIFT, 2);
	attrs_add_iface(&out->attrs, (uint32_t)record_int(r, FIELD_IFACE_NUM), v6 ? ISCSI_IFACE_TYPE_IPV6 : ISCSI_IFACE_TYPE_IPV4,
		net ? ISCSI_NET_PARAM : ISCSI_IFACE_PARAM, (uint16_t)param, v.bytes, v.len);
	out->count++;
	return 0;
}

/* In two passes over the fields: first those that decide how addresses are found, then the rest. */
static int add_iface(struct miscsi_op *op, struct kencode *out, const struct record *r)
{
	int rc = 0;

	for (int first = 1; rc == 0 && first >= 0; first--) {
		for (unsigned id = 0; rc == 0 && id < FIELD_COUNT; id++) {
			if (is_autoconf((enum field_id)id) == first)
				rc = add_iface_field(op, out, r, (enum field_id)id);
		}
	}
	return rc;
}

/* A series that has become too long was cut by the buffer: its state is checked before anything is sent. */
static int end_series(struct miscsi_op *op, struct kencode *out, int rc)
{
	if (rc < 0)
		return rc;
	if (strbuf_error(&out->attrs) == -ENOMEM)
		return -ENOMEM;
	if (strbuf_error(&out->attrs))
		return op->core->set_error(op, MISCSI_ERR_INVAL,
			"the settings do not fit into one request to the kernel's driver of the adapter: write fewer ifaces or "
			"settings at a time");
	return out->count ? 0 :
			    op->core->set_error(op, MISCSI_ERR_INVAL,
				    "nothing was written to the adapter, because the iface or flash node has no setting that the "
				    "adapter stores: set one first (-o update)");
}

/* One setting into the record; keys of other tables (a plugin's own settings) are not ours. */
static int take_setting(struct miscsi_op *op, struct record *r, const char *key, const char *value)
{
	struct err err = ERR_INIT;
	enum field_id id;
	int rc = field_find(record_kind(r), key, &id);

	if (rc == 0)
		rc = record_set(r, id, value, &err);
	else if (record_kind(r) == RECORD_IFACE)
		return 0;
	else
		err_set(&err, MISCSI_ERR_INVAL, "'%s' is not a setting of a %s (iscsiadm(8) describes them)", key,
			record_kind(r) == RECORD_CHAP ? "CHAP entry" : "flash node");
	return rc < 0 ? kencode_refuse_setting(op, &err) : 0;
}

/* All ifaces of one request are one transaction of the adapter (doc/KERNEL.md, rule 26), so they are encoded into one series. */
int kencode_iface(struct miscsi_op *op, struct kencode *out)
{
	cleanup(record_freep) struct record *r = NULL;
	const char *key, *value;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && op->core->setting_at(op, i, &key, &value) == 0; i++) {
		if (!r || strcmp(key, field_of(FIELD_IFACE_NAME)->key) == 0) {
			rc = r ? add_iface(op, out, r) : 0;
			record_free(r);
			r = record_new(RECORD_IFACE);
			rc = r ? rc : -ENOMEM;
		}
		if (rc == 0)
			rc = take_setting(op, r, key, value);
	}
	if (rc == 0 && r)
		rc = add_iface(op, out, r);
	return end_series(op, out, rc);
}

/* ---- flash nodes and the CHAP table ---- */

/* Into a record first, so that the checks of fields.def apply before a byte is encoded. */
static int take_settings(struct miscsi_op *op, struct record *r)
{
	const char *key, *value;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && op->core->setting_at(op, i, &key, &value) == 0; i++)
		rc = take_setting(op, r, key, value);
	return rc;
}

/* Only what the user named: any other field would be written to the adapter's flash with a default. */
static int add_flash_field(struct miscsi_op *op, struct kencode *out, const struct record *r, enum field_id id, int v6)
{
	const struct field *f = field_of(id);
	struct value v;

	if (f->kernel.table != FIELD_TABLE_FLASH || !record_is_set(r, id))
		return 0;
	/* the driver stops at what it does not set, with the settings before it done */
	if (f->flags & (FIELD_READONLY | FIELD_IDENTITY))
		return op->core->set_error(op, MISCSI_ERR_INVAL, "'%s' cannot be set: the adapter only shows it", f->key);
	if (put_field(&v, r, id, f->kernel.width, v6) < 0)
		return no_good(op, r, id, v6, "the portal_type of the flash node");
	attrs_add(&out->attrs, (uint16_t)f->kernel.param, v.bytes, v.len);
	out->count++;
	return 0;
}

/* In the order of fields.def, in which portal_type precedes the addresses: the driver works in the order of the message. */
int kencode_flashnode(struct miscsi_op *op, int v6, struct kencode *out)
{
	cleanup(record_freep) struct record *r = record_new(RECORD_FLASHNODE);
	int rc = r ? take_settings(op, r) : -ENOMEM;

	if (rc == 0 &&
		record_is_set(r, FIELD_FLASH_PORTAL_TYPE)) /* sent before the addresses, which are of the new family then */
		v6 = record_int(r, FIELD_FLASH_PORTAL_TYPE) == 1;
	for (unsigned id = 0; rc == 0 && id < FIELD_COUNT; id++)
		rc = add_flash_field(op, out, r, (enum field_id)id, v6);
	return end_series(op, out, rc);
}

int kencode_chap(struct miscsi_op *op, uint16_t index, struct kencode *out)
{
	cleanup(record_freep) struct record *r = record_new(RECORD_CHAP);
	int rc = r ? take_settings(op, r) : -ENOMEM;
	const struct secret *password;
	const char *username;
	uint8_t in, len;

	if (rc < 0)
		return rc;
	in = *record_str(r, FIELD_CHAP_USERNAME_IN) || record_secret(r, FIELD_CHAP_PASSWORD_IN)->len;
	if (in && (*record_str(r, FIELD_CHAP_USERNAME) || record_secret(r, FIELD_CHAP_PASSWORD)->len))
		return op->core->set_error(op, MISCSI_ERR_INVAL,
			"a CHAP entry holds the credentials either of the initiator (username, password) or of the target "
			"(username_in, password_in): set only one of these pairs");
	username = record_str(r, in ? FIELD_CHAP_USERNAME_IN : FIELD_CHAP_USERNAME);
	password = record_secret(r, in ? FIELD_CHAP_PASSWORD_IN : FIELD_CHAP_PASSWORD);
	if (!*username || !password->len || password->len > TEXT_BYTES)
		return op->core->set_error(op, MISCSI_ERR_INVAL,
			"a CHAP entry requires a username and a password, and one of them is not set, or the password has more "
			"than 256 bytes");
	len = (uint8_t)password->len;
	attrs_add(&out->attrs, ISCSI_CHAP_PARAM_INDEX, &index, sizeof(index));
	attrs_add(&out->attrs, ISCSI_CHAP_PARAM_CHAP_TYPE, &in, sizeof(in));
	attrs_add(&out->attrs, ISCSI_CHAP_PARAM_USERNAME, username, (uint32_t)strlen(username));
	attrs_add(&out->attrs, ISCSI_CHAP_PARAM_PASSWORD, password->bytes, len);
	attrs_add(&out->attrs, ISCSI_CHAP_PARAM_PASSWORD_LEN, &len, sizeof(len));
	out->count = 5;
	return end_series(op, out, 0);
}

void kencode_wipe(struct kencode *k)
{
	if (k->attrs.s)
		mem_wipe(k->attrs.s, k->attrs.len);
	strbuf_free(&k->attrs);
}
