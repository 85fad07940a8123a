/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One transport op at a time, from its call to its end. */
#include "object/adapter.h"
#include "record/plugin_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct call {
	struct transport_op op;
	const struct adapter *adapter;
	bool done;
	int result;
	/* settings */
	struct settings settings;
	/* results: into entries, or to counter() */
	enum record_kind kind;
	struct adapter_entries *entries;
	uint32_t *index;
	void (*counter)(void *arg, const char *name, const char *value);
	void *arg;
};

static void call_done(struct transport_op *op, int result)
{
	struct call *c = op->arg;

	c->done = true;
	c->result = result;
}

static const char *setting_of(void *settings, const char *key)
{
	const struct settings *s = settings;

	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->names[i], key) == 0)
			return s->values[i];
	}
	return NULL;
}

static int nth_setting(void *settings, unsigned nth, const char **key, const char **value)
{
	const struct settings *s = settings;

	if (nth >= s->n)
		return -ENOENT;
	*key = s->names[nth];
	*value = s->values[nth];
	return 0;
}

static int receive_row(struct transport_op *op, uint32_t index)
{
	struct call *c = op->arg;
	struct adapter_entry *at;

	if (c->index)
		*c->index = index;
	if (!c->entries)
		return 0;
	at = x_grow(c->entries->at, c->entries->n, &c->entries->cap, sizeof(*at), 8);
	if (!at)
		return -ENOMEM;
	c->entries->at = at;
	at += c->entries->n;
	*at = (struct adapter_entry){ index, record_new(c->kind) };
	if (!at->record)
		return -ENOMEM;
	c->entries->n++;
	return c->kind == RECORD_CHAP ? record_set_int(at->record, FIELD_CHAP_INDEX, index, NULL) : 0;
}

static int receive_value(struct transport_op *op, const char *key, const char *value, uint32_t flags)
{
	struct call *c = op->arg;
	enum field_id id;

	if (c->counter)
		c->counter(c->arg, key, flags & MISCSI_VALUE_SECRET ? "********" : value);
	/* What a driver shows and no record may have is left out. */
	if (c->entries && c->entries->n && field_find(c->kind, key, &id) == 0)
		record_set(c->entries->at[c->entries->n - 1].record, id, value, NULL);
	return 0;
}

static struct transport_op *call_begin(struct call *c, const struct adapter *a)
{
	c->adapter = a;
	transport_op_init(&c->op, call_done, c);
	c->op.host_no = a->host_no;
	c->op.row = receive_row;
	c->op.value = receive_value;
	if (c->settings.n) {
		c->op.setting = setting_of;
		c->op.setting_at = nth_setting;
		c->op.settings = &c->settings;
	}
	return &c->op;
}

static int call_wait(struct call *c, struct err *err)
{
	const bool *stop = c->adapter->stop;
	int rc = 0;

	while (!c->done && rc >= 0 && !(stop && *stop))
		rc = loop_step(c->adapter->loop, -1);
	if (!c->done && rc >= 0) {
		transport_cancel(&c->op);
		err_set(err, MISCSI_ERR_GENERIC,
			"interrupted: iscsiadm no longer waits for the adapter, which may still carry out the request");
		return -EINTR;
	}
	if (rc < 0) {
		transport_cancel(&c->op);
		return err_sys(err, MISCSI_ERR_INTERNAL, -rc,
			"iscsiadm cannot wait for the adapter, which may still carry out the request");
	}
	if (c->result < 0 && err)
		err_copy(err, &c->op.err);
	return c->result;
}

int adapter_open(const struct adapter *a, struct err *err)
{
	struct call c = { 0 };

	if (transport_traits(a->transport) & MISCSI_TRAIT_OWN_HOSTS)
		return 0;
	call_begin(&c, a)->host_no = MISCSI_NONE;
	transport_open(a->transport, &c.op);
	return call_wait(&c, err);
}

/* ---- entries ---- */

void adapter_entries_free(struct adapter_entries *l)
{
	for (size_t i = 0; i < l->n; i++)
		record_free(l->at[i].record);
	x_free(l->at);
	memset(l, 0, sizeof(*l));
}

static int entry_order(const void *a, const void *b)
{
	const struct adapter_entry *x = a, *y = b;

	return x->index < y->index ? -1 : x->index > y->index;
}

static int call_list(struct call *c, struct err *err)
{
	int rc = call_wait(c, err);

	if (rc < 0)
		adapter_entries_free(c->entries);
	else if (c->entries->n > 1)
		qsort(c->entries->at, c->entries->n, sizeof(c->entries->at[0]), entry_order);
	return rc;
}

int adapter_flash_list(const struct adapter *a, uint32_t index, struct adapter_entries *out, struct err *err)
{
	struct call c = { .kind = RECORD_FLASHNODE, .entries = out };

	memset(out, 0, sizeof(*out));
	if (index == MISCSI_NONE)
		transport_flash_list(a->transport, call_begin(&c, a));
	else
		transport_flash_show(a->transport, call_begin(&c, a), index);
	return call_list(&c, err);
}

int adapter_flash_create(const struct adapter *a, const char *portal_type, uint32_t *index, struct err *err)
{
	struct call c = { .index = index };

	*index = MISCSI_NONE;
	transport_flash_create(a->transport, call_begin(&c, a), portal_type);
	return call_wait(&c, err);
}

int adapter_flash_set(const struct adapter *a, uint32_t index, const struct settings *settings, struct err *err)
{
	struct call c = { .settings = *settings };

	transport_flash_set(a->transport, call_begin(&c, a), index);
	return call_wait(&c, err);
}

int adapter_index(const struct adapter *a, adapter_index_fn *fn, uint32_t index, struct err *err)
{
	struct call c = { 0 };

	fn(a->transport, call_begin(&c, a), index);
	return call_wait(&c, err);
}

int adapter_flash_logout_sid(const struct adapter *a, uint32_t sid, struct err *err)
{
	struct call c = { 0 };

	call_begin(&c, a)->sid = sid;
	transport_flash_logout_sid(a->transport, &c.op);
	return call_wait(&c, err);
}

int adapter_chap_list(const struct adapter *a, struct adapter_entries *out, struct err *err)
{
	struct call c = { .kind = RECORD_CHAP, .entries = out };

	memset(out, 0, sizeof(*out));
	transport_chap_list(a->transport, call_begin(&c, a));
	return call_list(&c, err);
}

/* ---- records as settings ---- */

struct pairs {
	const char **names;
	char **values; /* owned */
	size_t n, room;
};

static void pairs_free(struct pairs *p)
{
	for (size_t i = 0; i < p->n; i++)
		x_wipe_freep(&p->values[i]);
	x_free(p->names);
	x_free(p->values);
}

static int collect_setting(void *arg, const struct record *r, enum field_id id)
{
	struct pairs *p = arg;
	char text[RECORD_TEXT_MAX];
	char *value;

	if (!record_is_set(r, id) && id != FIELD_IFACE_NAME)
		return 0;
	value = x_strdup(record_text(r, id, text, sizeof(text)));
	mem_wipe(text, sizeof(text));
	if (!value)
		return -ENOMEM;
	p->names[p->n] = field_of(id)->key;
	p->values[p->n++] = value;
	return 0;
}

/* The keys lie in the lines of the record, which stays until the op ends, but without a NUL: each is copied beside its value. */
static int add_plugin_settings(struct pairs *p, const struct record *r)
{
	char key[PLUGIN_KEY_MAX + 1];
	const char *line, *value;

	for (unsigned i = 0; (line = record_kept_line(r, i)); i++) {
		size_t size = plugin_key_line(line, key, &value) ? strlen(value) + 1 : 0;
		char *copy = size ? x_zalloc(size + strlen(key) + 1) : NULL;

		if (size && !copy)
			return -ENOMEM;
		if (!copy)
			continue;
		memcpy(copy, value, size);
		p->names[p->n] = strcpy(copy + size, key);
		p->values[p->n++] = copy;
	}
	return 0;
}

static int add_settings(struct pairs *p, const struct record *r)
{
	size_t room = p->n + FIELD_COUNT + RECORD_KEPT_MAX;
	const char **names = x_realloc(p->names, room * sizeof(*names));
	char **values = NULL;

	if (names) {
		p->names = names;
		values = x_realloc(p->values, room * sizeof(*values));
	}
	if (!values)
		return -ENOMEM;
	p->values = values;
	return record_each(r, collect_setting, p) ? -ENOMEM : add_plugin_settings(p, r);
}

int adapter_chap_set(const struct adapter *a, const struct record *entry, uint32_t *index, struct err *err)
{
	cleanup(pairs_free) struct pairs p = { 0 };
	struct call c = { .index = index };

	if (add_settings(&p, entry) < 0)
		return err_nomem(err, "the settings to send to the adapter");
	c.settings = (struct settings){ p.names, (const char *const *)p.values, p.n };
	transport_chap_set(a->transport, call_begin(&c, a), *index);
	return call_wait(&c, err);
}

int adapter_net_apply(const struct adapter *a, const struct record_list *ifaces, struct err *err)
{
	cleanup(pairs_free) struct pairs p = { 0 };
	struct call c = { 0 };

	for (size_t i = 0; i < ifaces->n; i++) {
		if (add_settings(&p, ifaces->at[i]) < 0)
			return err_nomem(err, "the settings to send to the adapter");
	}
	c.settings = (struct settings){ p.names, (const char *const *)p.values, p.n };
	transport_net_apply(a->transport, call_begin(&c, a));
	return call_wait(&c, err);
}

/* ---- the rest ---- */

int adapter_host_stats(
	const struct adapter *a, void (*counter)(void *arg, const char *name, const char *value), void *arg, struct err *err)
{
	struct call c = { .counter = counter, .arg = arg };

	transport_stats_host(a->transport, call_begin(&c, a));
	return call_wait(&c, err);
}

int adapter_session_stats(const struct adapter *a, uint32_t sid, uint32_t cid,
	void (*counter)(void *arg, const char *name, const char *value), void *arg, struct err *err)
{
	struct call c = { .counter = counter, .arg = arg };
	struct transport_op *op = call_begin(&c, a);

	op->sid = sid;
	op->cid = cid;
	transport_stats_session(a->transport, op);
	return call_wait(&c, err);
}

int adapter_host_set(const struct adapter *a, const struct settings *settings, struct err *err)
{
	struct call c = { .settings = *settings };

	transport_host_set(a->transport, call_begin(&c, a));
	return call_wait(&c, err);
}

int adapter_ping(const struct adapter *a, const struct miscsi_ping_args *args,
	void (*started)(void *arg, struct transport_op *op), void *arg, struct err *err)
{
	struct call c = { 0 };

	started(arg, call_begin(&c, a));
	transport_ping_send(a->transport, &c.op, args);
	return call_wait(&c, err);
}
