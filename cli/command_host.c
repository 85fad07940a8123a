/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m host */
#include "command.h"

#include "base/mem.h"
#include "modes/host_mode.h"
#include "object/pci_adapter.h"
#include "out_json.h"
#include "out_text.h"
#include <errno.h>
#include <string.h>

/* ---- the hosts themselves ---- */

/* With --json, sessions have all that -m session shows one level lower. */
static unsigned host_session_detail(long level, bool json)
{
	static const unsigned details[] = { 0, 0, SESSION_DETAIL_P1, SESSION_DETAIL_P1 | SESSION_INFO_PARAMS,
		SESSION_DETAIL_P1 | SESSION_INFO_PARAMS | SESSION_INFO_DEVICES };

	return !json || level < 3 ? details[level] : level == 3 ? SESSION_DETAIL_P2 : SESSION_DETAIL_P3;
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

static int read_host_sessions(const struct command *c, struct sessions *s)
{
	int rc = session_mode_list(c->context, NULL, host_session_detail(c->args->print, c->json != NULL), &s->all, c->err);

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
	for (size_t i = 0; c->json && i < s->some.n; i++)
		out_json_session(c->json, &s->some.info[i], &s->some_words[i], (unsigned)c->args->print - 1, false);
	out_host_sessions_heading();
	out_session_tree_of_host(&s->some, s->some_words, (unsigned)c->args->print);
}

/* Prints the PCI device of a host, and returns 1; hosts of software transports have none. The database of names is opened once. */
static int print_host_adapter(
	const struct command *c, const struct host_info *h, const struct host_ports *ports, struct pci_names **names)
{
	const struct sysfs *sysfs = context_sysfs(c->context);
	const struct engine *engine;
	struct pci_adapter a;
	int rc;

	if (pci_device_of_host(sysfs, h->host_no, &a.device) < 0)
		return 0;
	rc = context_engine(c->context, &engine, c->err);
	if (rc < 0)
		return rc;
	if (!*names)
		*names = pci_names_new();
	if (!*names)
		return err_nomem(c->err, "the list of PCI device names");
	if (pci_adapter_of_host(engine->plugins, sysfs, h->host_no, h->transport, *names, &a) != 0)
		return 0;
	if (c->json)
		out_json_host(c->json, h, ports, &a);
	out_host_adapter(&a);
	return 1;
}

/*
 * Prints an iSCSI adapter without a host. Network adapters that also support iSCSI are left out, since most are not used for it.
 */
static int print_if_not_ready(void *arg, const struct pci_adapter *a)
{
	const struct command *c = arg;

	if (a->by_id && a->lacks_count && c->json)
		out_json_adapter(c->json, a);
	else if (a->by_id && a->lacks_count)
		out_host_pci_adapter(a);
	return 0;
}

static int print_adapters_not_ready(const struct command *c)
{
	const struct engine *engine;
	int rc = context_engine(c->context, &engine, c->err);

	return rc < 0 ? rc : pci_adapter_each(engine->plugins, context_sysfs(c->context), print_if_not_ready, (void *)c, c->err);
}

static int print_host(const struct command *c, const struct host_info *h, struct sessions *s, struct pci_names **names)
{
	cleanup(host_ports_free) struct host_ports ports = { 0 };
	int rc;

	if (c->args->print == 0) {
		if (c->json)
			out_json_host(c->json, h, NULL, NULL);
		out_host_line(h);
		return 0;
	}
	rc = host_ports_read(context_sysfs(c->context), h, &ports, c->err);
	if (rc < 0)
		return rc;
	out_host(h);
	rc = print_host_adapter(c, h, &ports, names);
	if (rc == 0 && c->json)
		out_json_host(c->json, h, &ports, NULL);
	for (size_t i = 0; i < ports.n; i++)
		out_host_port(h, &ports.at[i]);
	if (c->args->print > 1)
		print_host_sessions(c, h, s);
	return rc < 0 ? rc : 0;
}

static int show_hosts(const struct command *c)
{
	cleanup(host_list_free) struct host_list hosts = { 0 };
	cleanup(host_sessions_free) struct sessions sessions = { 0 };
	cleanup(pci_names_freep) struct pci_names *names = NULL;
	char version[64];
	int rc = host_mode_list(c->context, c->args->host, &hosts, c->err);

	if (rc >= 0 && hosts.n == 0) {
		if (c->args->print > 0)
			print_adapters_not_ready(c);
		return err_set(c->err, MISCSI_ERR_NO_OBJS_FOUND, "No iSCSI hosts.");
	}
	if (rc >= 0 && c->args->print > 1)
		rc = read_host_sessions(c, &sessions);
	if (rc >= 0 && c->args->print == 4) {
		session_mode_transport_version(c->context, version, sizeof(version));
		out_session_banner(version);
	}
	for (size_t i = 0; rc >= 0 && i < hosts.n; i++)
		rc = print_host(c, &hosts.at[i], &sessions, &names);
	if (rc >= 0 && c->args->print > 0 && !c->args->host)
		rc = print_adapters_not_ready(c);
	return rc;
}

static int update_host(const struct command *c, const struct adapter *a, uint32_t index)
{
	struct settings settings = command_settings(c->args);
	int rc = host_mode_update(a, &settings, c->err);

	(void)index;
	if (rc >= 0)
		out_line("host%u updated.", a->host_no);
	return rc;
}

/* ---- statistics ---- */

struct host_stats_output {
	FILE *json;
	uint32_t host_no;
	bool begun;
};

static void say_host_counter(void *arg, const char *name, const char *value)
{
	struct host_stats_output *o = arg;

	if (o->json)
		out_json_counter(o->json, "host", o->host_no, name, value);
	if (!o->begun)
		out_line("Host Statistics:");
	o->begun = true;
	out_line("\t%s: %s", name, value);
}

static int show_host_stats(const struct command *c, const struct adapter *a, uint32_t index)
{
	struct host_stats_output output = { .json = c->json, .host_no = a->host_no };

	(void)index;
	return adapter_host_stats(a, say_host_counter, &output, c->err);
}

/* ---- CHAP table ---- */

static int show_entries(const struct command *c, const struct adapter_entries *l)
{
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < l->n; i++)
		rc = command_show(c, &l->at[i].record, 1);
	return rc;
}

static int host_chap_show(const struct command *c, const struct adapter *a, uint32_t index)
{
	cleanup(adapter_entries_free) struct adapter_entries l = { 0 };
	int rc = host_mode_chap_list(a, index, &l, c->err);

	return rc < 0 ? rc : show_entries(c, &l);
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
	int rc = c->args->ops == ARGS_OP_NEW ? host_mode_chap_new(a, &settings, &index, c->err) :
					       host_mode_chap_update(a, &settings, index, c->err);

	if (rc < 0)
		return host_chap_failed("CHAP setting failed", index, rc, c->err);
	if (index != MISCSI_NONE)
		log_info(context_log(c->context), "host", "iscsiadm wrote CHAP entry %u of host%u", index, a->host_no);
	return 0;
}

static int host_chap_delete(const struct command *c, const struct adapter *a, uint32_t index)
{
	int rc;

	out_line("Deleting CHAP index: %u", index);
	rc = adapter_index(a, transport_chap_remove, index, c->err);
	return rc < 0 ? host_chap_failed("CHAP Delete failed.", index, rc, c->err) : 0;
}

/* ---- flash nodes ---- */

static int host_flash_show(const struct command *c, const struct adapter *a, uint32_t index)
{
	cleanup(adapter_entries_free) struct adapter_entries l = { 0 };
	int rc = adapter_flash_list(a, index, &l, c->err);

	if (rc < 0 && index != MISCSI_NONE && c->err->code == MISCSI_ERR_SESS_NOT_FOUND)
		err_set(c->err, MISCSI_ERR_SESS_NOT_FOUND, "Could not read info for flashnode %u of host %u, %s", index,
			a->host_no, strerror(ENOENT));
	if (rc >= 0 && index != MISCSI_NONE)
		rc = show_entries(c, &l);
	else if (rc >= 0 && l.n == 0)
		rc = err_set(c->err, MISCSI_ERR_NO_OBJS_FOUND, "No flashnodes attached to host %u.", a->host_no);
	else if (rc >= 0 && c->json)
		rc = show_entries(c, &l);
	else
		for (size_t i = 0; rc >= 0 && i < l.n; i++)
			out_host_flashnode_line(transport_name(a->transport), &l.at[i]);
	return rc;
}

static int host_flash_failed(const struct command *c, const char *what, const struct adapter *a, uint32_t index, int rc)
{
	if (*c->err->text)
		out_error("%s", c->err->text);
	out_error("%s flashnode %u of host %u failed.", what, index, a->host_no);
	return command_status(rc, c->err);
}

static int host_flash_new(const struct command *c, const struct adapter *a, uint32_t index)
{
	int rc;

	out_line("Create new flashnode for host %u.", a->host_no);
	rc = adapter_flash_create(a, c->args->portal_type, &index, c->err);
	if (rc < 0) {
		out_error("%s", c->err->text);
		out_error("Creation of flashnode for host %u failed.", a->host_no);
		return command_status(rc, c->err);
	}
	out_line("New flashnode for host %u added at index %u.", a->host_no, index);
	return 0;
}

static int host_flash_update(const struct command *c, const struct adapter *a, uint32_t index)
{
	struct settings settings = command_settings(c->args);
	int rc = host_mode_flash_check(&settings, c->err);

	if (rc >= 0) {
		out_line("Update flashnode %u.", index);
		rc = host_mode_flash_update(a, &settings, index, c->err);
	}
	if (rc < 0)
		return host_flash_failed(c, "Update for", a, index, rc);
	out_line("Update for flashnode %u of host %u successful.", index, a->host_no);
	return 0;
}

/* The actions that need only the index, in the words of 2.1.8. */
static const struct {
	unsigned op;
	adapter_index_fn *act;
	const char *begin, *failed, *subject, *done;
	enum miscsi_error present; /* the error of an action that was not necessary; OK: there is none */
	const char *already;
} flash_actions[] = {
	{ ARGS_OP_DELETE, transport_flash_remove, "Delete", "Deletion of", "Flashnode", "deleted", MISCSI_ERR_OK, "" },
	{ ARGS_OP_LOGIN, transport_flash_login, "Login to", "Login to", "Login to flashnode", "successful",
		MISCSI_ERR_SESS_EXISTS, "already logged in" },
	{ ARGS_OP_LOGOUT, transport_flash_logout, "Logout", "Logout of", "Logout of flashnode", "successful",
		MISCSI_ERR_SESS_NOT_FOUND, "not logged in" },
};

static int host_flash_act(const struct command *c, const struct adapter *a, uint32_t index)
{
	size_t i = 0;
	int rc;

	while (flash_actions[i].op != c->args->ops)
		i++;
	out_line("%s flashnode %u.", flash_actions[i].begin, index);
	rc = adapter_index(a, flash_actions[i].act, index, c->err);
	if (rc >= 0)
		out_line("%s %u of host %u %s.", flash_actions[i].subject, index, a->host_no, flash_actions[i].done);
	else if (c->err->code && c->err->code == flash_actions[i].present)
		out_line("Flashnode %u of host %u %s.", index, a->host_no, flash_actions[i].already);
	else
		return host_flash_failed(c, flash_actions[i].failed, a, index, rc);
	return command_status(rc, c->err);
}

/* ---- the action for each row of modes.def that works on an adapter ---- */

static const struct host_action {
	int (*run)(const struct command *c, const struct adapter *a, uint32_t index);
	const char *change; /* for --json; NULL: it prints what it found */
	const char *without_index; /* the error of 2.1.8 without -x; NULL: it is not required */
} host_actions[ARGS_ACTIONS] = {
	[ARGS_DO_host_chap_show] = { host_chap_show, NULL, NULL },
	[ARGS_DO_host_chap_new] = { host_chap_change, "new", NULL },
	[ARGS_DO_host_chap_update] = { host_chap_change, "update", "Invalid chap table index." },
	[ARGS_DO_host_chap_delete] = { host_chap_delete, "delete", "Invalid chap table index." },
	[ARGS_DO_host_flash_show] = { host_flash_show, NULL, NULL },
	[ARGS_DO_host_flash_new] = { host_flash_new, "new", NULL },
	[ARGS_DO_host_flash_update] = { host_flash_update, "update", "Invalid flashnode index." },
	[ARGS_DO_host_flash_delete] = { host_flash_act, "delete", "Invalid flashnode index." },
	[ARGS_DO_host_flash_login] = { host_flash_act, "login", "Invalid flashnode index." },
	[ARGS_DO_host_flash_logout] = { host_flash_act, "logout", "Invalid flashnode index." },
	[ARGS_DO_host_stats] = { show_host_stats, NULL, NULL },
	[ARGS_DO_host_stats_too] = { show_host_stats, NULL, NULL },
	[ARGS_DO_host_update] = { update_host, "update", NULL },
};

/* Everything is checked before any request is sent to an adapter. */
int command_host(const struct command *c)
{
	const struct args *a = c->args;
	const struct host_action *action = &host_actions[a->action];
	uint32_t index = MISCSI_NONE;
	struct adapter adapter;
	int rc;

	if (a->action == ARGS_DO_host_show)
		return show_hosts(c);
	if (!action->run)
		return err_set(c->err, MISCSI_ERR_INVAL, "CHAP mode requires host no and valid operation");
	if (!a->index && action->without_index)
		return err_set(c->err, MISCSI_ERR_INVAL, "%s", action->without_index);
	if (a->action == ARGS_DO_host_flash_new &&
		(!a->portal_type || (strcmp(a->portal_type, "ipv4") != 0 && strcmp(a->portal_type, "ipv6") != 0)))
		return err_set(c->err, MISCSI_ERR_INVAL, "Invalid type mentioned for flashnode");
	rc = a->index ? host_mode_index(a->index, &index, c->err) : 0;
	/* the error of 2.1.8, for the actions that it has */
	if (rc >= 0)
		rc = host_mode_adapter(c->context, a->host,
			a->action == ARGS_DO_host_update ? MISCSI_ERR_HOST_NOT_FOUND : MISCSI_ERR_TRANS_NOT_FOUND, &adapter,
			c->err);
	if (rc >= 0)
		rc = action->run(c, &adapter, index);
	if (rc == 0 && c->json && action->change)
		out_json_result(c->json, action->change, a->submode ? a->submode : "host", a->index ? a->index : a->host, c->err);
	return rc;
}
