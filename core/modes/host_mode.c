/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds hosts in sysfs, and works on them through their transport. */
#include "modes/host_mode.h"

#include "proto/name.h"

#include <arpa/inet.h>
#include <string.h>

int host_mode_list(struct context *ctx, const char *which, struct host_list *out, struct err *err)
{
	char shown[64];
	size_t n = 0;
	uint32_t number;
	int rc;

	if (which && sysfs_number(which, "", &number) < 0 &&
		(!strchr(which, ':') || which[strspn(which, "0123456789abcdefABCDEF:")]))
		return err_set(err, MISCSI_ERR_INVAL,
			"'%s' (-H) is neither a host number nor a hardware address: 'iscsiadm -m host' lists the hosts",
			str_escape(shown, sizeof(shown), which, strlen(which)));
	rc = host_list_read(context_sysfs(ctx), context_map(ctx), out, err);

	if (rc < 0 || !which || out->n == 0)
		return rc;
	for (size_t i = 0; i < out->n; i++) {
		if (host_is(&out->at[i], which))
			out->at[n++] = out->at[i];
	}
	out->n = n;
	return n ? 0 :
		   err_set(err, MISCSI_ERR_HOST_NOT_FOUND, "there is no iSCSI host %s: 'iscsiadm -m host' lists the hosts",
			   str_escape(shown, sizeof(shown), which, strlen(which)));
}

int host_mode_adapter_of(struct context *ctx, const char *transport, uint32_t host_no, struct adapter *out, struct err *err)
{
	const struct engine *engine;
	int rc = context_engine(ctx, &engine, err);

	if (rc < 0)
		return rc;
	*out = (struct adapter){ .loop = engine->loop, .host_no = host_no };
	return plugins_find(engine->plugins, transport, &out->transport, err);
}

int host_mode_adapter(struct context *ctx, const char *which, enum miscsi_error absent, struct adapter *out, struct err *err)
{
	cleanup(host_list_free) struct host_list hosts = { 0 };
	char shown[64];
	int rc = host_mode_list(ctx, which, &hosts, err);

	str_escape(shown, sizeof(shown), which, strlen(which));
	if (hosts.n == 0 && (rc >= 0 || (err && err->code == MISCSI_ERR_HOST_NOT_FOUND)))
		return err_set(err, absent,
			absent == MISCSI_ERR_TRANS_NOT_FOUND ? "Could not match hostno %s to transport." :
							       "there is no iSCSI host %s: 'iscsiadm -m host' lists the hosts",
			shown);
	if (rc < 0)
		return rc;
	if (hosts.n > 1)
		return err_set(err, MISCSI_ERR_HOST_NOT_FOUND,
			"%zu hosts have the hardware address %s: select one by its host number (-H NUMBER)", hosts.n, shown);
	if (!*hosts.at->transport)
		return err_set(err, MISCSI_ERR_TRANS_NOT_FOUND, "Could not match hostno %u to transport.", hosts.at->host_no);
	rc = host_mode_adapter_of(ctx, hosts.at->transport, hosts.at->host_no, out, err);
	return rc < 0 ? rc : adapter_open(out, err);
}

int host_mode_index(const char *text, uint32_t *out, struct err *err)
{
	char shown[64];

	if (sysfs_number(text, "", out) == 0 && *out < UINT16_MAX)
		return 0;
	return err_set(err, MISCSI_ERR_INVAL, "'%s' (-x) is not an index: it must be a number from 0 to 65534",
		str_escape(shown, sizeof(shown), text, strlen(text)));
}

/* ---- CHAP table ---- */

static struct adapter_entry *entry_of(struct adapter_entries *l, uint32_t index)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->at[i].index == index)
			return &l->at[i];
	}
	return NULL;
}

static int no_entry(const struct adapter *a, uint32_t index, struct err *err)
{
	return err_set(err, MISCSI_ERR_NO_OBJS_FOUND,
		"host%u has no CHAP entry %u: 'iscsiadm -m host -H %u -C chap' lists the entries", a->host_no, index, a->host_no);
}

int host_mode_chap_list(const struct adapter *a, uint32_t index, struct adapter_entries *out, struct err *err)
{
	struct adapter_entry *entry, one;
	int rc = adapter_chap_list(a, out, err);

	if (rc < 0 || index == MISCSI_NONE)
		return rc;
	entry = entry_of(out, index);
	if (!entry)
		return no_entry(a, index, err);
	one = *entry;
	*entry = out->at[0];
	out->at[0] = one;
	while (out->n > 1)
		record_free(out->at[--out->n].record);
	return 0;
}

int host_mode_chap_new(const struct adapter *a, const struct settings *s, uint32_t *index, struct err *err)
{
	cleanup(record_freep) struct record *r = record_new(RECORD_CHAP);
	int rc = settings_check(s, RECORD_CHAP, err);

	if (!r)
		return err_nomem(err, "the new CHAP entry");
	if (rc >= 0)
		rc = settings_apply(s, r, err);
	return rc < 0 ? rc : adapter_chap_set(a, r, index, err);
}

/* An entry holds the credentials of the initiator or of the target; it cannot change from one to the other. */
static bool is_for_target(const struct record *r)
{
	return *record_str(r, FIELD_CHAP_USERNAME_IN) || record_secret(r, FIELD_CHAP_PASSWORD_IN)->len;
}

static bool is_for_us(const struct record *r)
{
	return *record_str(r, FIELD_CHAP_USERNAME) || record_secret(r, FIELD_CHAP_PASSWORD)->len;
}

int host_mode_chap_update(const struct adapter *a, const struct settings *s, uint32_t index, struct err *err)
{
	cleanup(adapter_entries_free) struct adapter_entries all = { 0 };
	struct adapter_entry *entry;
	int rc = settings_check(s, RECORD_CHAP, err);

	if (rc >= 0)
		rc = adapter_chap_list(a, &all, err);
	if (rc < 0)
		return rc;
	entry = entry_of(&all, index);
	if (!entry)
		return no_entry(a, index, err);
	rc = settings_apply(s, entry->record, err);
	if (rc < 0)
		return rc;
	if (is_for_us(entry->record) && is_for_target(entry->record))
		return err_set(err, MISCSI_ERR_GENERIC,
			"CHAP entry %u can hold the credentials of the initiator or of the target, not both: delete it and add a "
			"new one",
			index);
	return adapter_chap_set(a, entry->record, &index, err);
}

/* ---- flash nodes ---- */

/* An adapter cannot resolve host names. */
static int check_number(const char *name, const char *value, struct err *err)
{
	unsigned char bytes[16];
	char shown[96];

	if (inet_pton(AF_INET, value, bytes) == 1 || inet_pton(AF_INET6, value, bytes) == 1)
		return 0;
	return err_set(err, MISCSI_ERR_INVAL, "%s: '%s' is not allowed: it must be an IPv4 or IPv6 address", name,
		str_escape(shown, sizeof(shown), value, strlen(value)));
}

static int host_mode_check_address(const char *name, const char *value, struct err *err)
{
	enum field_id id;

	if (field_find(RECORD_FLASHNODE, name, &id) < 0 || field_of(id)->type != FIELD_TYPE_ADDRESS || !*value)
		return 0;
	return check_number(field_of(id)->key, value, err);
}

int host_mode_flash_check(const struct settings *s, struct err *err)
{
	cleanup(record_freep) struct record *r = record_new(RECORD_FLASHNODE);
	int rc = settings_check(s, RECORD_FLASHNODE, err);

	if (!r)
		return err_nomem(err, "the settings of the flash node");
	if (rc >= 0)
		rc = settings_apply(s, r, err);
	for (size_t i = 0; rc >= 0 && i < s->n; i++)
		rc = host_mode_check_address(s->names[i], s->values[i], err);
	return rc;
}

int host_mode_flash_update(const struct adapter *a, const struct settings *s, uint32_t index, struct err *err)
{
	int rc = host_mode_flash_check(s, err);

	return rc < 0 ? rc : adapter_flash_set(a, index, s, err);
}

/* ---- host parameters ---- */

static const struct {
	const char *name, *sysfs;
	enum field_id field;
} parameters[] = {
	{ "host.ipaddress", "ipaddress", FIELD_IFACE_IPADDRESS },
	{ "host.netdev", "netdev", FIELD_IFACE_NETDEV },
	{ "host.hwaddress", "hwaddress", FIELD_IFACE_HWADDRESS },
	{ "host.initiatorname", "initiatorname", FIELD_IFACE_INITIATORNAME },
};
#define PARAMETERS (ARRAY_SIZE(parameters))

#define NETDEV_MAX 15 /* IFNAMSIZ without its NUL */

static const struct field *parameter_of(const char *name)
{
	for (size_t i = 0; i < PARAMETERS; i++) {
		const struct field *f = field_of(parameters[i].field);

		if (!strcmp(name, parameters[i].name) || !strcmp(name, parameters[i].sysfs) || !strcmp(name, f->key))
			return f;
	}
	return NULL;
}

/*
 * Stricter than for an iface: an empty value is refused, because the driver would keep the old one. The error uses the name that
 * the user typed.
 */
static int parameter_check(const struct field *setting, const char *name, const char *value, struct err *err)
{
	struct field f = *setting;
	struct err why = ERR_INIT;
	int rc;

	f.key = name;
	f.flags &= (uint16_t)~FIELD_OPTIONAL;
	if (setting == field_of(FIELD_IFACE_NETDEV))
		f.max = NETDEV_MAX;
	rc = field_check(&f, value, NULL, err);
	if (rc >= 0 && f.type == FIELD_TYPE_ADDRESS)
		rc = check_number(name, value, err);
	if (rc >= 0 && f.type == FIELD_TYPE_WORD && strchr(value, ':'))
		rc = err_set(err, MISCSI_ERR_INVAL, "%s: '%s' is not allowed: the name of a network device contains no ':'", name,
			value);
	if (rc >= 0 && f.type == FIELD_TYPE_NAME && name_check(value, strlen(value), &why) < 0)
		rc = err_set(err, MISCSI_ERR_INVAL, "%s must be an iSCSI name: %s", name, why.text);
	return rc;
}

int host_mode_update(const struct adapter *a, const struct settings *s, struct err *err)
{
	const char *names[PARAMETERS];
	struct settings settings = { names, s->values, s->n };
	char shown[64];

	for (size_t i = 0; i < s->n; i++) {
		const struct field *f = parameter_of(s->names[i]);
		int rc;

		if (!f)
			return err_set(err, MISCSI_ERR_INVAL,
				"%s is not a host parameter that can be set: use ipaddress, netdev, hwaddress or initiatorname",
				str_escape(shown, sizeof(shown), s->names[i], strlen(s->names[i])));
		for (size_t k = 0; k < i; k++) { /* thus there are no more than PARAMETERS */
			if (names[k] == f->key)
				return err_set(err, MISCSI_ERR_INVAL, "%s is given twice: use -n %s only once", s->names[i],
					s->names[i]);
		}
		rc = parameter_check(f, s->names[i], s->values[i], err);
		if (rc < 0)
			return rc;
		names[i] = f->key;
	}
	return adapter_host_set(a, &settings, err);
}
