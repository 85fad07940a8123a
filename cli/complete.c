/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Candidates come from opts.def, modes.def and fields.def, so that no shell's script has a list of its own. */
#include "complete.h"

#include "modes/host_mode.h"
#include "modes/iface_mode.h"
#include "modes/node_mode.h"
#include "modes/session_mode.h"
#include "plugin/plugins.h"
#include "record/plugin_key.h"
#include <stdio.h>
#include <string.h>

static const struct {
	char letter;
	const char *name, *kind;
} opts[] = {
#define OPT(symbol, letter, name, kind, ...) { letter, name, #kind },
#include "opts.def"
#undef OPT
};

static const struct {
	const char *name;
	long level;
} modes[] = {
#define MODE(symbol, name, level, ...) { name, level },
#include "modes.def"
};

static const struct {
	const char *mode, *submode, *verb, *options;
} actions[] = {
#define ACTION(mode, symbol, submode, verb, when, options, ...) { #mode, submode, verb, options },
#include "modes.def"
};

/* The command line so far. prefix: what each candidate begins with ("--mode=", or nothing). */
struct typed {
	char *const *words;
	int n;
	const char *mode;
	char prefix[32];
};

static void candidate(const struct typed *t, const char *text)
{
	printf("%s%s\n", t->prefix, text);
}

/* The option of a word, if it has an argument and is complete ("-T", "--target"); 0 otherwise. len: of the word without "=…". */
static char option_of(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		if (!strcmp(opts[i].kind, "FLAG"))
			continue;
		if ((len == 2 && word[0] == '-' && word[1] == opts[i].letter) ||
			(len > 3 && !strncmp(word, "--", 2) && !strncmp(opts[i].name, word + 2, len - 2)))
			return opts[i].letter;
	}
	return 0;
}

/* The last argument of an option before word `end`; NULL. */
static const char *argument_of(const struct typed *t, char letter, int end)
{
	const char *found = NULL;

	for (int i = 0; i < end; i++) {
		size_t len = strcspn(t->words[i], "=");

		if (option_of(t->words[i], len) != letter)
			continue;
		if (t->words[i][len])
			found = t->words[i] + len + 1;
		else if (i + 1 < end)
			found = t->words[i + 1];
	}
	return found;
}

static bool option_is_used(const struct typed *t, size_t opt)
{
	char letter = opts[opt].letter;

	if (strchr("mdhVj", letter) || !t->mode)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (!strcmp(actions[i].mode, t->mode) &&
			(strchr(actions[i].options, letter) || (letter == 'o' && *actions[i].verb != '-') ||
				(letter == 'C' && *actions[i].submode) ||
				(*actions[i].verb == '-' && actions[i].verb[1] == letter)))
			return true;
	}
	return false;
}

static void complete_options(const struct typed *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		if (option_is_used(t, i))
			printf("-%c\n--%s\n", opts[i].letter, opts[i].name);
	}
}

/* ---- values from the tables ---- */

static void complete_modes(const struct typed *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		candidate(t, modes[i].name);
}

static const char *action_word(size_t nth, bool submodes)
{
	return submodes ? actions[nth].submode : actions[nth].verb;
}

/* Each word once. */
static void complete_actions(const struct typed *t, bool submodes)
{
	for (size_t i = 0; t->mode && i < ARRAY_SIZE(actions); i++) {
		const char *word = action_word(i, submodes);
		size_t first = 0;

		if (strcmp(actions[i].mode, t->mode) != 0)
			continue;
		while (strcmp(actions[first].mode, t->mode) != 0 || strcmp(action_word(first, submodes), word) != 0)
			first++;
		if (first == i && *word && !strchr("-*", *word) && strcmp(word, "show") != 0)
			candidate(t, word);
	}
	/* every mode has it, with or without a row */
	if (!submodes)
		candidate(t, "show");
}

static void complete_words(const struct typed *t, const char *words)
{
	char word[32];

	while (*words) {
		size_t len = strcspn(words, " ");

		snprintf(word, sizeof(word), "%.*s", (int)len, words);
		candidate(t, word);
		words += len + strspn(words + len, " ");
	}
}

static void complete_levels(const struct typed *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		for (long level = 0; t->mode && !strcmp(modes[i].name, t->mode) && level <= modes[i].level; level++)
			printf("%s%ld\n", t->prefix, level);
	}
}

static enum record_kind kind_of_mode(const struct typed *t)
{
	const char *submode = argument_of(t, 'C', t->n), *mode = t->mode ? t->mode : "node";

	if (submode && !strcmp(mode, "host"))
		return !strcmp(submode, "chap") ? RECORD_CHAP : RECORD_FLASHNODE;
	if (!strcmp(mode, "iface"))
		return RECORD_IFACE;
	return strncmp(mode, "discovery", strlen("discovery")) ? RECORD_NODE : RECORD_SENDTARGETS;
}

static int complete_field(void *arg, const struct field *f)
{
	candidate(arg, f->key);
	return 0;
}

static void complete_settings(struct context *ctx, const struct typed *t)
{
	enum record_kind kind = kind_of_mode(t);
	const struct engine *engine;
	uint16_t fixed = FIELD_IDENTITY | FIELD_READONLY | (kind == RECORD_NODE ? FIELD_FOREIGN : 0);

	for (unsigned id = 0; id < FIELD_COUNT; id++) {
		const struct field *f = field_of((enum field_id)id);

		if (field_in(f, kind) && !(f->flags & fixed))
			candidate(t, f->key);
	}
	if (plugin_key_in(kind) && context_engine(ctx, &engine, NULL) >= 0)
		plugins_each_field(engine->plugins, complete_field, (void *)t);
}

static void complete_setting_values(struct context *ctx, const struct typed *t)
{
	const char *name = argument_of(t, 'n', t->n - 1), *value;
	const struct engine *engine;
	const struct field *f = NULL;
	char buf[64];
	enum field_id id;

	if (name && field_find(kind_of_mode(t), name, &id) == 0)
		f = field_of(id);
	else if (name && plugin_key_is(name) && context_engine(ctx, &engine, NULL) >= 0)
		plugins_field(engine->plugins, name, &f, NULL);
	for (unsigned i = 0; f && (value = field_value(f, i, buf, sizeof(buf))); i++)
		candidate(t, value);
}

/* ---- values from the system ---- */

/* letter T: targets; p: portals, of the target that was typed */
static void complete_nodes(struct context *ctx, const struct typed *t, char letter)
{
	cleanup(record_list_free) struct record_list nodes = { 0 };
	struct node_mode_select select;
	char text[PORTAL_TEXT_MAX];
	const char *last = "", *target = argument_of(t, 'T', t->n - 1);

	if (node_mode_select(&select, letter == 'p' ? target : NULL, NULL, NULL, NULL) < 0 ||
		node_mode_list(ctx, &select, &nodes, NULL) < 0)
		return;
	for (size_t i = 0; i < nodes.n; i++) {
		const struct record *node = nodes.at[i];
		struct portal p = { .port = (uint16_t)record_int(node, FIELD_CONN_PORT), .tpgt = PORTAL_TPGT_ANY };

		snprintf(p.host, sizeof(p.host), "%s", record_str(node, FIELD_CONN_ADDRESS));
		p.kind = strchr(p.host, ':') ? PORTAL_IPV6 : PORTAL_IPV4;
		if (letter == 'p')
			candidate(t, portal_format(text, sizeof(text), &p, false));
		else if (strcmp(last, record_str(node, FIELD_NODE_NAME)) != 0)
			candidate(t, record_str(node, FIELD_NODE_NAME));
		last = record_str(node, FIELD_NODE_NAME);
	}
}

static int complete_iface(void *typed, struct record **iface, const char *path)
{
	(void)path;
	candidate(typed, record_str(*iface, FIELD_IFACE_NAME));
	return 0;
}

static void complete_ifaces(struct context *ctx, const struct typed *t)
{
	iface_mode_each(ctx, complete_iface, (void *)t, NULL);
}

static void complete_sessions(struct context *ctx, const struct typed *t)
{
	cleanup(session_info_list_free) struct session_info_list l = { 0 };

	if (session_mode_list(ctx, NULL, SESSION_DETAIL_LIST, &l, NULL) < 0)
		return;
	for (size_t i = 0; i < l.n; i++)
		printf("%s%u\n", t->prefix, l.info[i].sid);
}

static void complete_hosts(struct context *ctx, const struct typed *t)
{
	cleanup(host_list_free) struct host_list hosts = { 0 };

	if (host_mode_list(ctx, NULL, &hosts, NULL) < 0)
		return;
	for (size_t i = 0; i < hosts.n; i++)
		printf("%s%u\n", t->prefix, hosts.at[i].host_no);
}

static void complete_value(struct context *ctx, const struct typed *t, char letter)
{
	static const struct {
		char letter;
		const char *words;
	} fixed[] = {
		{ 't', "sendtargets st isns fw" },
		{ 'L', "all manual automatic onboot" },
		{ 'U', "all manual automatic onboot" },
		{ 'A', "ipv4 ipv6" },
		{ 'd', "0 1 2 3 4 5 6 7 8" },
		{ 'k', "0" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) {
		if (fixed[i].letter == letter)
			complete_words(t, fixed[i].words);
	}
	if (letter == 'm')
		complete_modes(t);
	else if (letter == 'o' || letter == 'C')
		complete_actions(t, letter == 'C');
	else if (letter == 'P')
		complete_levels(t);
	else if (letter == 'n')
		complete_settings(ctx, t);
	else if (letter == 'v')
		complete_setting_values(ctx, t);
	else if (letter == 'T' || letter == 'p')
		complete_nodes(ctx, t, letter);
	else if (letter == 'I')
		complete_ifaces(ctx, t);
	else if (letter == 'r')
		complete_sessions(ctx, t);
	else if (letter == 'H')
		complete_hosts(ctx, t);
}

void complete_run(struct context *ctx, char *const *words, int n)
{
	struct typed t = { .words = words, .n = n };
	const char *word = n > 0 ? words[n - 1] : "";
	size_t len = strcspn(word, "=");
	char letter = 0;

	t.mode = argument_of(&t, 'm', n - 1);
	if (!strncmp(word, "--", 2) && word[len]) {
		letter = option_of(word, len);
		snprintf(t.prefix, sizeof(t.prefix), "%.*s=", (int)len, word);
	} else if (n > 1) {
		letter = option_of(words[n - 2], strlen(words[n - 2]));
	}
	if (letter)
		complete_value(ctx, &t, letter);
	else
		complete_options(&t);
}
