/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m host */
#include "command.h"

#include "base/mem.h"
#include "modes/host_mode.h"
#include "object/pci_adapter.h"
#include "out_text.h"
#include <errno.h>
#include <string.h>

/* ---- the hosts themselves ---- */

static unsigned host_session_detail(long level)
{
	static const unsigned details[] = { 0, 0, SESSION_DETAIL_P1, SESSION_DETAIL_P1 | SESSION_INFO_PARAMS,
		SESSION_DETAIL_P1 | SESSION_INFO_PARAMS | SESSION_INFO_DEVICES };

	return details[level];
}

/* All sessions, read once for all hosts. */
struct sessions {
	struct session_info_list all;
	struct session_mode_words *words;
	/* Space for the sessions of one host, which share their data with `all`. */
	struct session_info_list some;
	struct session_mode_words *some_words;
};

static void host_sessions_free(struct sessions *s)
{
	session_info_list_free(&s->all);
	x_free(s->words);
	x_free(s->some.info);
	x_free(s->some_words);
}

static int read_host_sessions(const struct command *c, struct sessions *s, struct err *err)
{
	int rc = session_mode_list(c->context, NULL, host_session_detail(c->args->print), &s->all, err);

	if (rc < 0)
		return rc;
	s->words = x_newn(struct session_mode_words, s->all.n + 1);
	s->some.info = x_newn(struct session_info, s->all.n + 1);
	s->some_words = x_newn(struct session_mode_words, s->all.n + 1);
	if (!s->words || !s->some.info || !s->some_words)
		return -ENOMEM;
	return session_mode_words(c->context, &s->all, s->words);
}

static void print_host_sessions(const struct command *c, const struct host_info *h, struct sessions *s)
{
	s->some.n = 0;
	for (size_t i = 0; i < s->all.n; i++) {
		if (s->all.info[i].host_no != h->host_no)
			continue;
		s->some_words[s->some.n] = s->words[i];
		s->some.info[s->some.n++] = s->all.info[i];
	}
	if (s->some.n == 0)
		return;
	out_host_sessions_heading();
	out_session_tree_of_host(&s->some, s->some_words, (unsigned)c->args->print);
}

/* Prints the PCI device of a host; hosts of software transports have none. The database of names is opened for the first one. */
static int print_host_adapter(const struct command *c, const struct host_info *h, struct pci_names **names, struct err *err)
{
	const struct sysfs *sysfs = context_sysfs(c->context);
	const struct engine *engine;
	struct pci_adapter a;
	int rc;

	if (pci_device_of_host(sysfs, h->host_no, &a.device) < 0)
		return 0;
	rc = context_engine(c->context, &engine, err);
	if (rc < 0)
		return rc;
	if (!*names)
		*names = pci_names_new();
	if (!*names)
		return err_nomem(err, "names");
	if (pci_adapter_of_host(engine->plugins, sysfs, h->host_no, h->transport, *names, &a) == 0)
		out_host_adapter(&a);
	return 0;
}

/*
 * Prints an iSCSI adapter without a host. Network adapters that also support iSCSI are left out, since most are not used for it.
 */
static int print_if_not_ready(void *arg, const struct pci_adapter *a)
{
	(void)arg;
	if (a->by_id && a->lacks_count)
		out_host_pci_adapter(a);
	return 0;
}

static int print_adapters_not_ready(const struct command *c, struct err *err)
{
	const struct engine *engine;
	int rc = context_engine(c->context, &engine, err);

	return rc < 0 ? rc : pci_adapter_each(engine->plugins, context_sysfs(c->context), print_if_not_ready, NULL, err);
}

static int print_host(
	const struct command *c, const struct host_info *h, struct sessions *s, struct pci_names **names, struct err *err)
{
	cleanup(host_ports_free) struct host_ports ports = { 0 };
	int rc;

	if (c->args->print == 0) {
		out_host_line(h);
		return 0;
	}
	rc = host_ports_read(context_sysfs(c->context), h, &ports, err);
	if (rc < 0)
		return rc;
	out_host(h);
	rc = print_host_adapter(c, h, names, err);
	for (size_t i = 0; i < ports.n; i++)
		out_host_port(h, &ports.at[i]);
	if (c->args->print > 1)
		print_host_sessions(c, h, s);
	return rc;
}

static int show_hosts(const struct command *c)
{
	cleanup(host_list_free) struct host_list hosts = { 0 };
	cleanup(host_sessions_free) struct sessions sessions = { 0 };
	cleanup(pci_names_freep) struct pci_names *names = NULL;
	struct err err = ERR_INIT;
	char version[64];
	int rc = host_mode_list(c->context, c->args->host, &hosts, &err);

	if (rc >= 0 && hosts.n == 0) {
		if (c->args->print > 0)
			print_adapters_not_ready(c, &err);
		out_error("No iSCSI hosts.");
		return MISCSI_ERR_NO_OBJS_FOUND;
	}
	if (rc >= 0 && c->args->print > 1)
		rc = read_host_sessions(c, &sessions, &err);
	if (rc >= 0 && c->args->print == 4) {
		session_mode_transport_version(c->context, version, sizeof(version));
		out_session_banner(version);
	}
	for (size_t i = 0; rc >= 0 && i < hosts.n; i++)
		rc = print_host(c, &hosts.at[i], &sessions, &names, &err);
	if (rc >= 0 && c->args->print > 0 && !c->args->host)
		rc = print_adapters_not_ready(c, &err);
	return rc < 0 ? command_fail(rc, &err) : 0;
}

static int update_host(const struct command *c, const struct adapter *a)
{
	struct settings settings = command_settings(c->args);
	struct err err = ERR_INIT;
	int rc = host_mode_update(a, &settings, &err);

	if (rc < 0)
		return command_fail(rc, &err);
	out_line("host%u updated.", a->host_no);
	return 0;
}

/* ---- statistics ---- */

static void say_host_counter(void *arg, const char *name, const char *value)
{
	bool *begun = arg;

	if (!*begun)
		out_line("Host Statistics:");
	*begun = true;
	out_line("\t%s: %s", name, value);
}

static int show_host_stats(const struct command *c, const struct adapter *a)
{
	struct err err = ERR_INIT;
	bool begun = false;
	int rc = adapter_host_stats(a, say_host_counter, &begun, &err);

	(void)c;
	return rc < 0 ? command_fail(rc, &err) : 0;
}

/* ---- CHAP table ---- */

/* -x; MISCSI_NONE without it. */
static int parse_index(const struct command *c, uint32_t *out, struct err *err)
{
	*out = MISCSI_NONE;
	return c->args->index ? host_mode_index(c->args->index, out, err) : 0;
}

static int host_chap_show(const struct command *c, const struct adapter *a, uint32_t index)
{
	cleanup(adapter_entries_free) struct adapter_entries l = { 0 };
	struct err err = ERR_INIT;
	int rc = host_mode_chap_list(a, index, &l, &err);

	if (rc >= 0)
		rc = out_host_entries(&l, c->args->show);
	return rc < 0 ? command_fail(rc, &err) : 0;
}

static int host_chap_failed(const char *what, uint32_t index, int rc, const struct err *err)
{
	int status = command_status(rc, err);

	out_error("%s", what);
	if (status == MISCSI_ERR_BUSY && index != MISCSI_NONE)
		out_error("CHAP index %u is in use.", index);
	else
		out_error("%s", err->text);
	return status;
}

static int host_chap_change(const struct command *c, const struct adapter *a, uint32_t index)
{
	struct settings settings = command_settings(c->args);
	struct err err = ERR_INIT;
	int rc = c->args->ops == ARGS_OP_NEW ? host_mode_chap_new(a, &settings, &index, &err) :
					       host_mode_chap_update(a, &settings, index, &err);

	if (rc < 0)
		return host_chap_failed("CHAP setting failed", index, rc, &err);
	if (index != MISCSI_NONE)
		log_info(context_log(c->context), "host", "CHAP entry %u of host %u is set", index, a->host_no);
	return 0;
}

static int host_chap_delete(const struct command *c, const struct adapter *a, uint32_t index)
{
	struct err err = ERR_INIT;
	int rc;

	(void)c;
	out_line("Deleting CHAP index: %u", index);
	rc = adapter_chap_remove(a, index, &err);
	return rc < 0 ? host_chap_failed("CHAP Delete failed.", index, rc, &err) : 0;
}

/* ---- flash nodes ---- */

static int host_flash_show(const struct command *c, const struct adapter *a, uint32_t index)
{
	cleanup(adapter_entries_free) struct adapter_entries l = { 0 };
	struct err err = ERR_INIT;
	int rc = adapter_flash_list(a, index, &l, &err);

	if (rc < 0 && index != MISCSI_NONE && err.code == MISCSI_ERR_SESS_NOT_FOUND)
		err_set(&err, MISCSI_ERR_SESS_NOT_FOUND, "Could not read info for flashnode %u of host %u, %s", index, a->host_no,
			strerror(ENOENT));
	if (rc >= 0 && index != MISCSI_NONE)
		rc = out_host_entries(&l, c->args->show);
	else if (rc >= 0 && l.n == 0)
		rc = err_set(&err, MISCSI_ERR_NO_OBJS_FOUND, "No flashnodes attached to host %u.", a->host_no);
	else
		for (size_t i = 0; rc >= 0 && i < l.n; i++)
			out_host_flashnode_line(transport_name(a->transport), &l.at[i]);
	return rc < 0 ? command_fail(rc, &err) : 0;
}

static int host_flash_failed(const char *what, const struct adapter *a, uint32_t index, int rc, const struct err *err)
{
	if (*err->text)
		out_error("%s", err->text);
	out_error("%s flashnode %u of host %u failed.", what, index, a->host_no);
	return command_status(rc, err);
}

static int host_flash_new(const struct command *c, const struct adapter *a, uint32_t index)
{
	struct err err = ERR_INIT;
	int rc;

	if (!c->args->portal_type || (strcmp(c->args->portal_type, "ipv4") != 0 && strcmp(c->args->portal_type, "ipv6") != 0))
		return command_refuse("Invalid type mentioned for flashnode");
	out_line("Create new flashnode for host %u.", a->host_no);
	rc = adapter_flash_create(a, c->args->portal_type, &index, &err);
	if (rc < 0) {
		out_error("%s", err.text);
		out_error("Creation of flashnode for host %u failed.", a->host_no);
		return command_status(rc, &err);
	}
	out_line("New flashnode for host %u added at index %u.", a->host_no, index);
	return 0;
}

static int host_flash_update(const struct command *c, const struct adapter *a, uint32_t index)
{
	struct settings settings = command_settings(c->args);
	struct err err = ERR_INIT;
	int rc = host_mode_flash_check(&settings, &err);

	if (rc >= 0) {
		out_line("Update flashnode %u.", index);
		rc = host_mode_flash_update(a, &settings, index, &err);
	}
	if (rc < 0)
		return host_flash_failed("Update for", a, index, rc, &err);
	out_line("Update for flashnode %u of host %u successful.", index, a->host_no);
	return 0;
}

/* What needs the index alone, in 2.1.8's words. */
static const struct {
	unsigned op;
	int (*act)(const struct adapter *a, uint32_t index, struct err *err);
	const char *begin, *failed, *subject, *done;
	enum miscsi_error present; /* the error of an action that was not necessary; OK: there is none */
	const char *already;
} flash_actions[] = {
	{ ARGS_OP_DELETE, adapter_flash_remove, "Delete", "Deletion of", "Flashnode", "deleted", MISCSI_ERR_OK, "" },
	{ ARGS_OP_LOGIN, adapter_flash_login, "Login to", "Login to", "Login to flashnode", "successful", MISCSI_ERR_SESS_EXISTS,
		"already logged in" },
	{ ARGS_OP_LOGOUT, adapter_flash_logout, "Logout", "Logout of", "Logout of flashnode", "successful",
		MISCSI_ERR_SESS_NOT_FOUND, "not logged in" },
};

static int host_flash_act(const struct command *c, const struct adapter *a, uint32_t index)
{
	struct err err = ERR_INIT;
	size_t i = 0;
	int rc;

	while (flash_actions[i].op != c->args->ops)
		i++;
	out_line("%s flashnode %u.", flash_actions[i].begin, index);
	rc = flash_actions[i].act(a, index, &err);
	if (rc >= 0)
		out_line("%s %u of host %u %s.", flash_actions[i].subject, index, a->host_no, flash_actions[i].done);
	else if (err.code && err.code == flash_actions[i].present)
		out_line("Flashnode %u of host %u %s.", index, a->host_no, flash_actions[i].already);
	else
		return host_flash_failed(flash_actions[i].failed, a, index, rc, &err);
	return command_status(rc, &err);
}

/* ---- the action for each submode and operation ---- */

#define INDEX_NONE 0 /* not taken */
#define INDEX_MAY 1
#define INDEX_MUST 2
static const struct verb {
	const char *submode;
	unsigned op; /* 0: none given */
	int index;
	bool settings;
	int (*run)(const struct command *c, const struct adapter *a, uint32_t index);
} verbs[] = {
	{ "chap", ARGS_OP_SHOW, INDEX_MAY, false, host_chap_show },
	{ "chap", ARGS_OP_NEW, INDEX_MAY, true, host_chap_change },
	{ "chap", ARGS_OP_UPDATE, INDEX_MUST, true, host_chap_change },
	{ "chap", ARGS_OP_DELETE, INDEX_MUST, false, host_chap_delete },
	{ "flashnode", 0, INDEX_MAY, false, host_flash_show },
	{ "flashnode", ARGS_OP_SHOW, INDEX_MAY, false, host_flash_show },
	{ "flashnode", ARGS_OP_NEW, INDEX_NONE, false, host_flash_new },
	{ "flashnode", ARGS_OP_UPDATE, INDEX_MUST, true, host_flash_update },
	{ "flashnode", ARGS_OP_DELETE, INDEX_MUST, false, host_flash_act },
	{ "flashnode", ARGS_OP_LOGIN, INDEX_MUST, false, host_flash_act },
	{ "flashnode", ARGS_OP_LOGOUT, INDEX_MUST, false, host_flash_act },
};

static const struct verb *find_verb(const struct args *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!strcmp(verbs[i].submode, a->submode) && verbs[i].op == a->ops)
			return &verbs[i];
	}
	return NULL;
}

static int refuse_submode(const struct args *a)
{
	bool chap = !strcmp(a->submode, "chap");

	if (chap)
		return command_refuse("CHAP mode requires host no and valid operation");
	if (!strcmp(a->submode, "flashnode"))
		return command_refuse("flashnode mode: this operation (-o) is not supported, or more than one was given");
	return command_refuse("host mode: unknown submode (-C) '%s': use chap, flashnode or stats", a->submode);
}

/* Checked before any request is sent to an adapter. */
static int check_submode_words(const struct args *a, const struct verb *v, uint32_t index)
{
	if (!v)
		return refuse_submode(a);
	if (v->index == INDEX_MUST && index == MISCSI_NONE)
		return command_refuse(!strcmp(v->submode, "chap") ? "Invalid chap table index." : "Invalid flashnode index.");
	if (v->index == INDEX_NONE && index != MISCSI_NONE)
		return command_refuse("flashnode mode: the adapter chooses the index (-x) of a new entry");
	if (v->settings && a->values.n == 0)
		return command_refuse("%s mode: this operation (-o) requires a setting (-n) and its value (-v)", v->submode);
	return 0;
}

static int run_on_adapter(const struct command *c, const struct verb *v, uint32_t index,
	int (*plain)(const struct command *c, const struct adapter *a))
{
	struct adapter adapter;
	struct err err = ERR_INIT;
	int rc;

	if (!c->args->host)
		return command_refuse("host mode: this needs a host (-H): its number or hardware address");
	/* the error of 2.1.8, for the actions that it has */
	rc = host_mode_adapter(c->context, c->args->host,
		plain == update_host ? MISCSI_ERR_HOST_NOT_FOUND : MISCSI_ERR_TRANS_NOT_FOUND, &adapter, &err);
	if (rc < 0)
		return command_fail(rc, &err);
	return v ? v->run(c, &adapter, index) : plain(c, &adapter);
}

static int run_submode(const struct command *c)
{
	const struct verb *v;
	struct err err = ERR_INIT;
	uint32_t index;
	int rc;

	if (c->args->stats || !strcmp(c->args->submode, "stats"))
		return c->args->ops && c->args->ops != ARGS_OP_SHOW ?
			command_refuse("stats mode: the only supported operation (-o) is show") :
			run_on_adapter(c, NULL, MISCSI_NONE, show_host_stats);
	v = find_verb(c->args);
	rc = parse_index(c, &index, &err);
	if (rc < 0)
		return command_fail(rc, &err);
	rc = check_submode_words(c->args, v, index);
	return rc ? rc : run_on_adapter(c, v, index, NULL);
}

int command_host(const struct command *c)
{
	const struct args *a = c->args;
	int rc = command_level(a, 4, "0 - 4");

	if (rc)
		return rc;
	if (a->submode || a->stats)
		return run_submode(c);
	if (a->ops == ARGS_OP_UPDATE)
		return a->values.n ? run_on_adapter(c, NULL, MISCSI_NONE, update_host) :
				     command_refuse("host mode: update requires a parameter (-n) and its value (-v)");
	return a->ops & ~(unsigned)ARGS_OP_SHOW ? command_refuse("host mode: this operation (-o) requires a submode (-C)") :
						  show_hosts(c);
}
