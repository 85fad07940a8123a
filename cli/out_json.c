/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON lines.
 *
 * Texts from targets and adapters are not escaped for terminals here, since JSON escapes control characters; bytes that are not
 * UTF-8 become U+FFFD.
 */
#include "out_json.h"

#include "ipc/varlink.h"
#include "base/mem.h"
#include "object/firmware.h"
#include "object/host.h"
#include "object/pci_adapter.h"
#include "plugin/plugins.h"
#include "record/plugin_key.h"
#include <errno.h>
#include <string.h>

#define MASKED "********"

/* A line that is being made. */
struct line {
	struct json_object *object;
	int error;
};

static struct line begin_line(const char *type)
{
	struct line l = { json_object_new_object(), 0 };

	varlink_add_text(l.object, "type", type, &l.error);
	return l;
}

static void end_line(FILE *to, struct line *l)
{
	size_t len = l->error ? 0 : json_print(l->object, NULL);
	char *text = len ? x_newn(char, len) : NULL;

	if (text) {
		json_print(l->object, text);
		fwrite(text, 1, len, to);
		mem_wipe(text, len); /* it may have secrets */
	} else {
		fputs("{\"type\":\"message\",\"text\":\"no memory: a line is missing here\"}", to);
	}
	putc('\n', to);
	x_free(text);
	varlink_put(l->object);
}

/* Members whose value is not known are left out. */
static void add_known(struct json_object *o, const char *member, const char *text, int *error)
{
	if (text && *text)
		varlink_add_text(o, member, text, error);
}

static void add_number(struct json_object *o, const char *member, int64_t n, int *error)
{
	if (n >= 0)
		varlink_add_integer(o, member, n, error);
}

/* ---- records ---- */

struct settings_line {
	struct line line;
	bool secrets;
};

static int add_setting(void *arg, const struct record *r, enum field_id id)
{
	struct settings_line *s = arg;
	char text[RECORD_TEXT_MAX], key[128];

	record_text(r, id, text, sizeof(text));
	varlink_add_text(s->line.object,
		record_kind(r) == RECORD_CONF ? field_conf_key(field_of(id), key, sizeof(key)) : field_of(id)->key,
		field_of(id)->type == FIELD_TYPE_SECRET && *text && !s->secrets ? MASKED : text, &s->line.error);
	mem_wipe(text, strlen(text));
	return s->line.error;
}

static void add_settings(struct line *l, const struct record *r, bool secrets)
{
	struct settings_line s = { { json_object_new_object(), 0 }, secrets };
	char key[PLUGIN_KEY_MAX + 1];
	const char *line, *value;

	record_each(r, add_setting, &s);
	for (unsigned i = 0; plugin_key_in(record_kind(r)) && (line = record_kept_line(r, i)); i++) {
		if (plugin_key_line(line, key, &value))
			varlink_add_text(s.line.object, key, value, &s.line.error);
	}
	l->error = l->error ? l->error : s.line.error;
	varlink_add(l->object, "settings", s.line.object, &l->error);
}

static void add_node_name(struct line *l, const struct record *node)
{
	varlink_add_text(l->object, "target", record_str(node, FIELD_NODE_NAME), &l->error);
	varlink_add_text(l->object, "address", record_str(node, FIELD_CONN_ADDRESS), &l->error);
	varlink_add_integer(l->object, "port", record_int(node, FIELD_CONN_PORT), &l->error);
	add_number(l->object, "tpgt", record_int(node, FIELD_NODE_TPGT), &l->error);
	varlink_add_text(l->object, "iface", record_str(node, FIELD_IFACE_NAME), &l->error);
}

void out_json_record(FILE *to, const struct record *r, bool secrets)
{
	enum record_kind kind = record_kind(r);
	struct line l = begin_line(kind == RECORD_NODE ? "node" :
			kind == RECORD_IFACE	       ? "iface" :
			kind == RECORD_CHAP	       ? "chap" :
			kind == RECORD_FLASHNODE       ? "flashnode" :
			kind == RECORD_CONF	       ? "configuration" :
							 "discovery");

	if (kind == RECORD_NODE)
		add_node_name(&l, r);
	if (kind == RECORD_IFACE)
		varlink_add_text(l.object, "iface", record_str(r, FIELD_IFACE_NAME), &l.error);
	add_settings(&l, r, secrets);
	end_line(to, &l);
}

/* ---- sessions ---- */

struct session_number {
	const char *member;
	size_t offset;
};

/* A member of struct session_info under its own name. */
#define NUMBER(member) \
	{ \
#member, offsetof(struct session_info, member) \
	}
static const struct session_number timeouts[] = { NUMBER(recovery_tmo), NUMBER(tgt_reset_tmo), NUMBER(lu_reset_tmo),
	NUMBER(abort_tmo), NUMBER(ping_tmo), NUMBER(recv_tmo) };
static const struct session_number parameters[] = { NUMBER(header_digest), NUMBER(data_digest), NUMBER(max_recv),
	NUMBER(max_xmit), NUMBER(first_burst), NUMBER(max_burst), NUMBER(immediate_data), NUMBER(initial_r2t), NUMBER(max_r2t),
	NUMBER(erl) };
#undef NUMBER

static void add_numbers(
	struct line *l, const char *member, const struct session_info *s, const struct session_number *rows, size_t n)
{
	struct json_object *o = json_object_new_object();

	for (size_t i = 0; i < n; i++)
		add_number(o, rows[i].member, *(const int64_t *)(const void *)((const char *)s + rows[i].offset), &l->error);
	varlink_add(l->object, member, o, &l->error);
}

static void add_secret(struct json_object *o, const char *member, const struct secret *s, bool shown, int *error)
{
	char text[1024];

	if (!s->len)
		return;
	snprintf(text, sizeof(text), "%.*s", (int)s->len, (const char *)s->bytes);
	varlink_add_text(o, member, shown ? text : MASKED, error);
	mem_wipe(text, sizeof(text));
}

static void add_chap(struct line *l, const struct session_info *s, bool secrets)
{
	struct json_object *o = json_object_new_object();

	add_secret(o, "username", &s->username, true, &l->error);
	add_secret(o, "password", &s->password, secrets, &l->error);
	add_secret(o, "username_in", &s->username_in, true, &l->error);
	add_secret(o, "password_in", &s->password_in, secrets, &l->error);
	varlink_add(l->object, "chap", o, &l->error);
}

static void add_devices(struct line *l, const struct session_info *s)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < s->devices.n && array; i++) {
		const struct scan_device *d = &s->devices.dev[i];
		struct json_object *o = json_object_new_object();

		varlink_add_integer(o, "channel", d->channel, &l->error);
		varlink_add_integer(o, "id", d->target, &l->error);
		varlink_add_integer(o, "lun", (long long)d->lun, &l->error);
		add_known(o, "disk", d->block, &l->error);
		add_known(o, "state", d->state, &l->error);
		if (!o || json_object_array_add(array, o) != 0)
			l->error = -ENOMEM;
	}
	if (!array)
		l->error = -ENOMEM;
	add_known(l->object, "host_state", s->host_state, &l->error);
	varlink_add(l->object, "devices", array, &l->error);
}

static void add_session_name(struct line *l, const struct session_info *s)
{
	if (s->sid)
		varlink_add_integer(l->object, "sid", s->sid, &l->error);
	varlink_add_text(l->object, "target", s->target, &l->error);
	add_known(l->object, "address", s->persistent_address, &l->error);
	add_number(l->object, "port", s->persistent_port, &l->error);
	add_number(l->object, "tpgt", s->tpgt, &l->error);
}

void out_json_session(
	FILE *to, const struct session_info *s, const struct session_mode_words *words, unsigned level, bool secrets)
{
	struct line l = begin_line("session");

	add_session_name(&l, s);
	add_known(l.object, "transport", s->transport, &l.error);
	varlink_add_integer(l.object, "host", s->host_no, &l.error);
	varlink_add_boolean(l.object, "flash", session_mode_is_flash(s), &l.error);
	if (level >= 1) {
		varlink_add_text(l.object, "iface", *s->iface ? s->iface : "default", &l.error);
		add_known(l.object, "current_address", s->address, &l.error);
		add_number(l.object, "current_port", *s->address ? s->port : -1, &l.error);
		add_known(l.object, "initiator", s->initiator, &l.error);
		add_known(l.object, "ipaddress", s->ipaddress, &l.error);
		add_known(l.object, "hwaddress", s->hwaddress, &l.error);
		add_known(l.object, "netdev", s->netdev, &l.error);
		add_known(l.object, "session_state", s->state, &l.error);
		add_known(l.object, "connection_state", words ? words->connection : NULL, &l.error);
		add_known(l.object, "daemon_state", words ? words->internal : NULL, &l.error);
		add_known(l.object, "unverified", words ? words->unverified : NULL, &l.error);
	}
	if (level >= 2) {
		add_numbers(&l, "timeouts", s, timeouts, ARRAY_SIZE(timeouts));
		add_chap(&l, s, secrets);
		add_numbers(&l, "parameters", s, parameters, ARRAY_SIZE(parameters));
	}
	if (level >= 3)
		add_devices(&l, s);
	end_line(to, &l);
}

/* ---- hosts, firmware, plugins ---- */

static void add_pci(struct line *l, const struct pci_adapter *a)
{
	struct json_object *o = json_object_new_object();

	varlink_add_text(o, "slot", a->device.slot, &l->error);
	varlink_add_integer(o, "vendor", a->device.vendor, &l->error);
	varlink_add_integer(o, "device", a->device.device, &l->error);
	add_known(o, "vendor_name", a->vendor_name, &l->error);
	add_known(o, "device_name", a->device_name, &l->error);
	add_known(o, "driver", a->device.driver, &l->error);
	varlink_add(l->object, "pci", o, &l->error);
}

static void add_ports(struct line *l, const struct host_ports *ports)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < ports->n && array; i++) {
		struct line port = { json_object_new_object(), 0 };

		add_known(port.object, "kernel_name", ports->at[i].kernel_name, &port.error);
		add_settings(&port, ports->at[i].record, false);
		if (port.error || json_object_array_add(array, port.object) != 0) {
			varlink_put(port.object);
			l->error = -ENOMEM;
		}
	}
	if (!array)
		l->error = -ENOMEM;
	varlink_add(l->object, "interfaces", array, &l->error);
}

void out_json_host(FILE *to, const struct host_info *h, const struct host_ports *ports, const struct pci_adapter *adapter)
{
	struct line l = begin_line("host");

	varlink_add_integer(l.object, "host", h->host_no, &l.error);
	add_known(l.object, "transport", h->transport, &l.error);
	add_known(l.object, "state", h->state, &l.error);
	add_known(l.object, "initiator", h->initiator, &l.error);
	add_known(l.object, "ipaddress", h->ipaddress, &l.error);
	add_known(l.object, "hwaddress", h->hwaddress, &l.error);
	add_known(l.object, "netdev", h->netdev, &l.error);
	add_known(l.object, "port_state", h->port_state, &l.error);
	add_known(l.object, "port_speed", h->port_speed, &l.error);
	if (adapter)
		add_pci(&l, adapter);
	if (ports)
		add_ports(&l, ports);
	end_line(to, &l);
}

void out_json_boot_target(FILE *to, const struct firmware_target *t, bool secrets)
{
	struct line l = begin_line("boot_target");
	struct json_object *o = json_object_new_object();

	for (unsigned i = 0; i < FIRMWARE_VALUES; i++) {
		enum firmware_value which = (enum firmware_value)i;

		varlink_add_text(o, firmware_key(which),
			t->values[i] && firmware_is_secret(which) && !secrets ? MASKED : t->values[i], &l.error);
	}
	varlink_add(l.object, "settings", o, &l.error);
	end_line(to, &l);
}

void out_json_plugin_setting(FILE *to, const struct field *f)
{
	struct line l = begin_line("setting");
	struct strbuf allowed = STRBUF_INIT(1024);

	field_allowed(f, &allowed);
	varlink_add_text(l.object, "setting", f->key, &l.error);
	varlink_add_text(l.object, "default", f->def, &l.error);
	varlink_add_text(l.object, "allowed", strbuf_str(&allowed), &l.error);
	varlink_add_text(l.object, "description", f->doc, &l.error);
	strbuf_free(&allowed);
	end_line(to, &l);
}

void out_json_plugin(FILE *to, const struct plugin_info *p)
{
	struct line l = begin_line("plugin");

	varlink_add_text(l.object, "plugin", p->name, &l.error);
	varlink_add_text(l.object, "file", p->file, &l.error);
	if (*p->refused) {
		varlink_add_text(l.object, "refused", p->refused, &l.error);
	} else {
		varlink_add_integer(l.object, "abi", p->abi, &l.error);
		add_known(l.object, "version", p->version, &l.error);
		add_known(l.object, "summary", p->summary, &l.error);
		add_known(l.object, "transports", p->transports, &l.error);
		add_known(l.object, "modules", p->modules, &l.error);
		add_known(l.object, "capabilities", p->capabilities, &l.error);
	}
	end_line(to, &l);
}

void out_json_adapter(FILE *to, const struct pci_adapter *a)
{
	struct line l = begin_line("adapter");
	struct json_object *lacks = json_object_new_array();

	for (unsigned i = 0; i < a->lacks_count; i++)
		varlink_append_text(lacks, a->lacks[i].text, &l.error);
	varlink_add_text(l.object, "transport", a->transport, &l.error);
	add_pci(&l, a);
	varlink_add(l.object, "lacks", lacks, &l.error);
	end_line(to, &l);
}

void out_json_unserved(FILE *to, const char *transport, const struct err *why)
{
	struct line l = begin_line("unserved");

	varlink_add_text(l.object, "transport", transport, &l.error);
	varlink_add_text(l.object, "text", why->text, &l.error);
	end_line(to, &l);
}

void out_json_counter(FILE *to, const char *of, uint32_t number, const char *name, const char *value)
{
	struct line l = begin_line("counter");

	varlink_add_integer(l.object, of, number, &l.error);
	varlink_add_text(l.object, "name", name, &l.error);
	varlink_add_text(l.object, "value", value, &l.error);
	end_line(to, &l);
}

void out_json_message(FILE *to, const char *text)
{
	struct line l = begin_line("message");

	varlink_add_text(l.object, "text", text, &l.error);
	end_line(to, &l);
}

/* ---- outcomes ---- */

static void add_error(struct line *l, enum miscsi_error code, const char *text)
{
	struct json_object *o = json_object_new_object();

	varlink_add_integer(o, "code", code, &l->error);
	varlink_add_text(o, "name", err_name(code) ? err_name(code) : "GENERIC", &l->error);
	varlink_add_text(o, "text", text && *text ? text : err_text(code), &l->error);
	varlink_add(l->object, "error", o, &l->error);
}

static struct line begin_result(const char *action, const char *kind)
{
	struct line l = begin_line("result");

	varlink_add_text(l.object, "action", action, &l.error);
	varlink_add_text(l.object, "object", kind, &l.error);
	return l;
}

static void end_result(FILE *to, struct line *l, bool present, const struct err *err)
{
	bool failed = !present && err->code != MISCSI_ERR_OK;

	varlink_add_text(l->object, "outcome", present ? "present" : failed ? "failed" : "done", &l->error);
	if (failed)
		add_error(l, err->code, err->text);
	end_line(to, l);
	fflush(to);
}

void out_json_node_result(FILE *to, const char *action, const struct record *node, bool present, const struct err *err)
{
	struct line l = begin_result(action, "node");

	add_node_name(&l, node);
	end_result(to, &l, present, err);
}

void out_json_session_result(FILE *to, const char *action, const struct session_info *s, const struct err *err)
{
	struct line l = begin_result(action, "session");

	add_session_name(&l, s);
	end_result(to, &l, false, err);
}

void out_json_result(FILE *to, const char *action, const char *kind, const char *name, const struct err *err)
{
	struct line l = begin_result(action, kind);

	varlink_add_text(l.object, "name", name, &l.error);
	end_result(to, &l, false, err);
}

void out_json_exit(FILE *to, int status, const struct err *err)
{
	struct line l = begin_line("exit");

	varlink_add_integer(l.object, "status", status, &l.error);
	if (status)
		add_error(&l, (enum miscsi_error)status, err->code == (enum miscsi_error)status ? err->text : NULL);
	end_line(to, &l);
}
