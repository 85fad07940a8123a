/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iscsid.conf and iscsid.conf(5), written out of fields.def. */
#include "conf_text.h"

#include "record/field.h"
#include "base/mem.h"
#include <string.h>

#define COLUMNS 98

/* The order of the file. A setting belongs to the first of these that its key begins with. */
static const struct {
	const char *prefix, *title;
} sections[] = {
	{ "iscsid.", "The daemon" },
	{ "isns.", "The iSNS server" },
	{ "node.session.auth.", "Authentication of sessions" },
	{ "node.session.timeo.", "Loss of a connection" },
	{ "node.session.err_timeo.", "Recovery of SCSI commands" },
	{ "node.session.iscsi.", "Negotiated values of a session" },
	{ "node.session.", "Sessions" },
	{ "node.conn[0].timeo.", "Time limits of a connection" },
	{ "node.conn[0].iscsi.", "Negotiated values of a connection" },
	{ "node.conn[0].", "Connections" },
	{ "node.", "Login" },
	{ "discovery.sendtargets.auth.", "Authentication of discovery" },
	{ "discovery.", "Discovery" },
};

#define SECTIONS (ARRAY_SIZE(sections))

/*
 * Lines that are not a comment with the default. Installers and guides edit open-iscsi's file by sed, which counts on its lines:
 * what is active there is active here, and its examples are the same. value NULL: the default. The algorithms of CHAP are better
 * than the default that programs have always assumed.
 */
static const struct line {
	enum field_id id;
	bool active;
	const char *value;
} lines[] = {
	{ FIELD_SESSION_CHAP_ALGS, true, "SHA3-256,SHA256,SHA1,MD5" },
	{ FIELD_DISC_CHAP_ALGS, true, "SHA3-256,SHA256,SHA1,MD5" },
	{ FIELD_CONF_STARTUP, true, "/bin/systemctl start iscsid.socket" },
	{ FIELD_NODE_STARTUP, true, NULL },
	{ FIELD_NODE_LEADING_LOGIN, true, NULL },
	{ FIELD_SESSION_REPLACEMENT_TIMEOUT, true, NULL },
	{ FIELD_CONN_LOGIN_TIMEOUT, true, NULL },
	{ FIELD_CONN_LOGOUT_TIMEOUT, true, NULL },
	{ FIELD_CONN_NOOP_INTERVAL, true, NULL },
	{ FIELD_CONN_NOOP_TIMEOUT, true, NULL },
	{ FIELD_SESSION_ABORT_TIMEOUT, true, NULL },
	{ FIELD_SESSION_LU_RESET_TIMEOUT, true, NULL },
	{ FIELD_SESSION_TGT_RESET_TIMEOUT, true, NULL },
	{ FIELD_SESSION_HOST_RESET_TIMEOUT, true, NULL },
	{ FIELD_SESSION_INITIAL_LOGIN_RETRY_MAX, true, NULL },
	{ FIELD_SESSION_CMDS_MAX, true, NULL },
	{ FIELD_SESSION_QUEUE_DEPTH, true, NULL },
	{ FIELD_SESSION_XMIT_THREAD_PRIORITY, true, NULL },
	{ FIELD_SESSION_INITIAL_R2T, true, NULL },
	{ FIELD_SESSION_IMMEDIATE_DATA, true, NULL },
	{ FIELD_SESSION_FIRST_BURST, true, NULL },
	{ FIELD_SESSION_MAX_BURST, true, NULL },
	{ FIELD_CONN_MAX_RECV_LENGTH, true, NULL },
	{ FIELD_CONN_MAX_XMIT_LENGTH, true, NULL },
	{ FIELD_DISC_MAX_RECV_LENGTH, true, NULL },
	{ FIELD_SESSION_NR_SESSIONS, true, NULL },
	{ FIELD_SESSION_REOPEN_MAX, true, NULL },
	{ FIELD_SESSION_FAST_ABORT, true, NULL },
	{ FIELD_SESSION_SCAN, true, NULL },
	{ FIELD_SESSION_AUTHMETHOD, false, "CHAP" },
	{ FIELD_SESSION_USERNAME, false, "username" },
	{ FIELD_SESSION_PASSWORD, false, "password" },
	{ FIELD_SESSION_USERNAME_IN, false, "username_in" },
	{ FIELD_SESSION_PASSWORD_IN, false, "password_in" },
	{ FIELD_DISC_AUTHMETHOD, false, "CHAP" },
	{ FIELD_DISC_USERNAME, false, "username" },
	{ FIELD_DISC_PASSWORD, false, "password" },
	{ FIELD_DISC_USERNAME_IN, false, "username_in" },
	{ FIELD_DISC_PASSWORD_IN, false, "password_in" },
};

static const struct line *line_of(enum field_id id)
{
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (lines[i].id == id)
			return &lines[i];
	return NULL;
}

static size_t section_of(const char *key)
{
	size_t i = 0;

	while (i < SECTIONS - 1 && strncmp(key, sections[i].prefix, strlen(sections[i].prefix)))
		i++;
	return i;
}

/* Words on lines that begin with "# ". */
static void remark(struct strbuf *b, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (column && column + 1 + len > COLUMNS) {
			strbuf_putc(b, '\n');
			column = 0;
		}
		strbuf_puts(b, column ? " " : "# ");
		strbuf_add(b, text, len);
		column += len + (column ? 1 : 2);
		text += len + (text[len] == ' ');
	}
	strbuf_putc(b, '\n');
}

static void allowed(struct strbuf *b, const struct field *f)
{
	strbuf_puts(b, "It is ");
	field_allowed(f, b);
	strbuf_puts(b, f->flags & FIELD_SECONDS ? ", in seconds." : ".");
}

static void file_setting(struct strbuf *b, enum field_id id)
{
	const struct field *f = field_of(id);
	struct strbuf what = STRBUF_INIT(0);
	const struct line *line = line_of(id);
	const char *value = line && line->value ? line->value : f->def;
	char key[64];

	strbuf_putc(b, '\n');
	remark(b, f->doc);
	allowed(&what, f);
	remark(b, strbuf_str(&what));
	if (line && !line->active)
		remark(b, "For example:");
	strbuf_printf(b, "%s%s =%s%s\n", line && line->active ? "" : "#", field_conf_key(f, key, sizeof(key)), *value ? " " : "",
		value);
	strbuf_free(&what);
}

/* Calls fn for the settings of iscsid.conf that belong to the section. */
static void each(struct strbuf *b, size_t section, void (*fn)(struct strbuf *b, enum field_id id))
{
	char key[64];

	for (enum field_id id = 0; id < FIELD_COUNT; id++)
		if (field_in(field_of(id), RECORD_CONF) && section_of(field_conf_key(field_of(id), key, sizeof(key))) == section)
			fn(b, id);
}

void conf_text_file(struct strbuf *b)
{
	remark(b, "SPDX-License-Identifier: GPL-2.0-or-later");
	remark(b, "Settings of the iSCSI initiator; see iscsid.conf(5).");
	strbuf_puts(b, "#\n");
	remark(b,
		"A line is KEY = VALUE; a line that begins with '#' is a comment. The values below are the "
		"defaults, but for examples. New records of nodes "
		"and discoveries start with the values in this file; existing records are changed "
		"with iscsiadm.");
	for (size_t i = 0; i < SECTIONS; i++) {
		strbuf_printf(b, "\n# ---- %s ----\n", sections[i].title);
		each(b, i, file_setting);
	}
}

/* Text for troff: what it would take for itself is escaped. */
static void man_text(struct strbuf *b, const char *text)
{
	for (; *text; text++) {
		if (*text == '-' || *text == '\\')
			strbuf_puts(b, *text == '-' ? "\\-" : "\\e");
		else if (*text == '\'')
			strbuf_puts(b, "\\(aq");
		else
			strbuf_putc(b, *text);
	}
}

static void man_setting(struct strbuf *b, enum field_id id)
{
	const struct field *f = field_of(id);
	struct strbuf what = STRBUF_INIT(0);
	char key[64];

	strbuf_puts(b, ".TP\n.B ");
	man_text(b, field_conf_key(f, key, sizeof(key)));
	strbuf_putc(b, '\n');
	man_text(b, f->doc);
	strbuf_putc(b, '\n');
	allowed(&what, f);
	man_text(b, strbuf_str(&what));
	strbuf_puts(b, *f->def ? "\nThe default is " : "\nBy default it is empty.\n");
	if (*f->def) {
		strbuf_puts(b, "\\fB");
		man_text(b, f->def);
		strbuf_puts(b, "\\fR.\n");
	}
	strbuf_free(&what);
}

static const char man_head[] =
	".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n"
	".\\\" Written by etc/generate from core/record/fields.def: change it there.\n"
	".TH ISCSID.CONF 5 2026-11-30 miscsi \"File formats\"\n"
	".SH NAME\n"
	"iscsid.conf \\- settings of the iSCSI initiator\n"
	".SH DESCRIPTION\n"
	"The file /etc/iscsi/iscsid.conf holds the settings with which new records of nodes and discoveries "
	"start, and a few of the\n"
	"daemon itself. It is read whenever a record is created; existing records are changed with\n"
	".BR iscsiadm (8).\n"
	".PP\n"
	"A line is\n"
	".IP\n"
	"KEY = VALUE\n"
	".PP\n"
	"Blanks around both are dropped. Lines that begin with # are comments. If a key occurs twice, "
	"the last line counts.\n"
	"An unknown key, or a value that is not allowed, is reported and has no effect: the default is "
	"used.\n"
	".PP\n"
	"A plugin may have settings of its own: plugin.PLUGIN.SETTING. New records of nodes start with these too.\n"
	".B iscsiadm \\-m transport \\-P 1\n"
	"describes them. iscsid logs a wrong one when it logs in with a record that has it.\n"
	".PP\n"
	"A secret is best kept in a file of its own that only root can read, named by a setting that ends in _file. The file "
	"holds the\n"
	"secret, at most 1024 bytes, and may end in a newline, which is not part of it. iscsid reads it for the first login,\n"
	"or when it takes over a running session, keeps the secret in memory for recovery, and reads the file again after the "
	"target\n"
	"refused the secret.\n"
	".PP\n"
	"credential:NAME names the file NAME in the directory $CREDENTIALS_DIRECTORY of the program that logs in: iscsid for "
	"sessions,\n"
	"iscsiadm for discovery. systemd sets it for a service that has LoadCredential= or a similar setting\n"
	".RB ( systemd.exec (5)).\n"
	"NAME is 1 to 255 printable ASCII characters other than / and :, and not . or ..\n"
	".SH SETTINGS\n";

static const char man_tail[] = ".SH FILES\n"
			       ".TP\n"
			       "/etc/iscsi/iscsid.conf\n"
			       "this file\n"
			       ".TP\n"
			       "/etc/iscsi/initiatorname.iscsi\n"
			       "this initiator's name: a line that begins with InitiatorName=, and optionally one that "
			       "begins with InitiatorAlias=\n"
			       ".SH SEE ALSO\n"
			       ".BR iscsiadm (8),\n"
			       ".BR iscsid (8),\n"
			       ".BR systemd.exec (5)\n";

void conf_text_manual(struct strbuf *b)
{
	strbuf_puts(b, man_head);
	for (size_t i = 0; i < SECTIONS; i++) {
		strbuf_printf(b, ".SS %s\n", sections[i].title);
		each(b, i, man_setting);
	}
	strbuf_puts(b, man_tail);
}
