/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions as text: one line, or a tree in three depths.
 *
 * Clients read all of it: os-brick and Proxmox read the one line, Longhorn, democratic-csi and goiscsi the tree. Tabs, blanks and
 * the order of lines are those of 2.1.8.
 */
#include "out_text.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "config.h"
#include "modes/session_mode.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "A:P,TPGT" */
static void print_session_portal(const char *address, int64_t port, int64_t tpgt)
{
	struct out_clean a;

	printf(strchr(address, ':') ? "[%s]:%d,%d" : "%s:%d,%d", out_clean(&a, address, ""), (int)port, (int)tpgt);
}

/*
 * "tcp: [SID] A:P,TPGT NAME (non-flash)". Proxmox requires a word without blanks behind the target; os-brick splits the third word
 * at its only comma; both expect an IPv6 address in brackets.
 */
void out_session_line(const struct session_info *s)
{
	struct out_clean t;

	printf("%s: [%u] ", out_clean(&t, s->transport, "unknown"), s->sid);
	print_session_portal(s->persistent_address, s->persistent_port, s->tpgt);
	printf(" %s (%s)\n", out_clean(&t, s->target, ""), session_mode_is_flash(s) ? "flash" : "non-flash");
}

static const char stars[] = "************************";

/* How a tree is printed: host mode indents it further, and prints less of each session. */
struct layout {
	const char *indent;
	bool settings, params, devices, host, secrets;
};

/* The lines of stars are as wide as the text, except one. democratic-csi finds the sections by lines that have only stars. */
static void print_heading_of_width(const struct layout *y, const char *text, int width)
{
	printf("%s\t\t%.*s\n%s\t\t%s\n%s\t\t%.*s\n", y->indent, width, stars, y->indent, text, y->indent, width, stars);
}

static void print_heading(const struct layout *y, const char *text)
{
	print_heading_of_width(y, text, (int)strlen(text));
}

/* A value that the driver does not show is printed as "<empty>" and not as 0, which is a value. */
static void print_session_number(const struct layout *y, const char *label, int64_t value)
{
	printf("%s\t\t%s: ", y->indent, label);
	if (value == SESSION_INFO_OFF)
		puts("off");
	else if (value < 0)
		puts("<empty>");
	else
		printf("%lld\n", (long long)value);
}

static void print_session_choice(const struct layout *y, const char *label, int64_t value, const char *no, const char *yes)
{
	printf("%s\t\t%s: %s\n", y->indent, label, value < 0 ? "<empty>" : value ? yes : no);
}

static void print_session_text(const struct layout *y, const char *label, const char *text, const char *none)
{
	struct out_clean c;

	printf("%s\t\t%s: %s\n", y->indent, label, out_clean(&c, text, none));
}

/*
 * An empty password is masked as well, as in 2.1.8: without -S the output does not reveal whether a password is set. With -S,
 * goiscsi regards "<empty>" as no password. The copy on the stack is wiped.
 */
static void print_session_secret(const struct layout *y, const char *label, const struct secret *s, bool masked)
{
	struct out_clean c;
	const char *text = "<empty>";

	if (masked && !y->secrets)
		text = "********";
	else if (s->len > 0)
		text = str_escape(c.s, sizeof(c.s), s->bytes, s->len);
	printf("%s\t\t%s: %s\n", y->indent, label, text);
	mem_wipe(c.s, sizeof(c.s));
}

/* goiscsi and yast parse the labels, each of which begins its line, behind tabs. */
static void print_session_interface(const struct layout *y, const struct session_info *s, const struct session_mode_words *words)
{
	struct out_clean ip;

	print_heading(y, "Interface:");
	print_session_text(y, "Iface Name", s->iface, "default");
	print_session_text(y, "Iface Transport", s->transport, "<empty>");
	print_session_text(y, "Iface Initiatorname", s->initiator, "<empty>");
	if (strchr(s->ipaddress, ':'))
		printf("%s\t\tIface IPaddress: [%s]\n", y->indent, out_clean(&ip, s->ipaddress, ""));
	else
		print_session_text(y, "Iface IPaddress", s->ipaddress, "[default]");
	print_session_text(y, "Iface HWaddress", s->hwaddress, "default");
	print_session_text(y, "Iface Netdev", s->netdev, "default");
	printf("%s\t\tSID: %u\n%s\t\tiSCSI Connection State: %s\n", y->indent, s->sid, y->indent, words->connection);
	print_session_text(y, "iSCSI Session State", s->state, "Unknown");
	printf("%s\t\tInternal iscsid Session State: %s\n", y->indent, words->internal);
}

static void print_session_settings(const struct layout *y, const struct session_info *s)
{
	print_heading(y, "Timeouts:");
	print_session_number(y, "Recovery Timeout", s->recovery_tmo);
	print_session_number(y, "Target Reset Timeout", s->tgt_reset_tmo);
	print_session_number(y, "LUN Reset Timeout", s->lu_reset_tmo);
	print_session_number(y, "Abort Timeout", s->abort_tmo);
	print_heading(y, "CHAP:");
	print_session_secret(y, "username", &s->username, false);
	print_session_secret(y, "password", &s->password, true);
	print_session_secret(y, "username_in", &s->username_in, false);
	print_session_secret(y, "password_in", &s->password_in, true);
}

static void print_session_params(const struct layout *y, const struct session_info *s)
{
	print_heading(y, "Negotiated iSCSI params:");
	print_session_choice(y, "HeaderDigest", s->header_digest, "None", "CRC32C");
	print_session_choice(y, "DataDigest", s->data_digest, "None", "CRC32C");
	print_session_number(y, "MaxRecvDataSegmentLength", s->max_recv);
	print_session_number(y, "MaxXmitDataSegmentLength", s->max_xmit);
	print_session_number(y, "FirstBurstLength", s->first_burst);
	print_session_number(y, "MaxBurstLength", s->max_burst);
	print_session_choice(y, "ImmediateData", s->immediate_data, "No", "Yes");
	print_session_choice(y, "InitialR2T", s->initial_r2t, "No", "Yes");
	print_session_number(y, "MaxOutstandingR2T", s->max_r2t);
}

/*
 * Longhorn reads the disk of a unit from the line that follows "Lun: N", and its search for "Lun: 1" also finds "Lun: 10": the units
 * are printed in the order of their numbers.
 */
static void print_session_devices(const struct layout *y, const struct session_info *s, const struct session_mode_words *words)
{
	struct out_clean a, b;

	print_heading_of_width(y, "Attached SCSI devices:", (int)strlen(stars));
	if (y->host)
		printf("%s\t\tHost Number: %u\tState: %s\n", y->indent, s->host_no, out_clean(&a, s->host_state, "Unknown"));
	for (size_t i = 0; i < s->devices.n; i++) {
		const struct scan_device *d = &s->devices.dev[i];

		printf("%s\t\tscsi%u Channel %02u Id %u Lun: %llu\n", y->indent, s->host_no, d->channel, d->target,
			(unsigned long long)d->lun);
		/* This line follows that of its unit: clients search it nowhere else. */
		if (*d->block)
			printf("%s\t\t\tAttached scsi disk %s\t\tState: %s\n", y->indent, out_clean(&a, d->block, ""),
				out_clean(&b, d->state, "Unknown"));
	}
	if (*words->unverified)
		print_session_text(y, "Not known to be the same since the recovery", words->unverified, "");
}

/* Without a connection the kernel shows no address: the persistent one is printed instead, so that the line is never empty. */
static void print_session(const struct layout *y, const struct session_info *s, const struct session_mode_words *words)
{
	bool connected = *s->address;

	printf("%s\tCurrent Portal: ", y->indent);
	print_session_portal(connected ? s->address : s->persistent_address, connected ? s->port : s->persistent_port, s->tpgt);
	printf("\n%s\tPersistent Portal: ", y->indent);
	print_session_portal(s->persistent_address, s->persistent_port, s->tpgt);
	putchar('\n');
	print_session_interface(y, s, words);
	if (y->settings)
		print_session_settings(y, s);
	if (y->params)
		print_session_params(y, s);
	if (y->devices)
		print_session_devices(y, s, words);
}

/* By number within a target; 2.1.8 sorts sessions as text, 12 before 2. */
static int by_target(const void *a, const void *b)
{
	const struct session_info *x = *(const struct session_info *const *)a, *y = *(const struct session_info *const *)b;
	int order = strcmp(x->target, y->target);

	if (order)
		return order;
	return x->sid < y->sid ? -1 : x->sid > y->sid;
}

static void print_session_tree(const struct layout *y, const struct session_info_list *l, const struct session_mode_words *words)
{
	const struct session_info **order = x_newn(const struct session_info *, l->n + 1);
	const struct session_info *last = NULL;
	struct out_clean c;

	for (size_t i = 0; order && i < l->n; i++)
		order[i] = &l->info[i];
	if (order && l->n > 1)
		qsort(order, l->n, sizeof(order[0]), by_target);
	for (size_t i = 0; i < l->n; i++) {
		/* Without memory for the order they come as they are. */
		const struct session_info *s = order ? order[i] : &l->info[i];

		if (!last || strcmp(last->target, s->target) != 0)
			printf("%sTarget: %s (%s)\n", y->indent, out_clean(&c, s->target, ""),
				session_mode_is_flash(s) ? "flash" : "non-flash");
		print_session(y, s, &words[s - l->info]);
		last = s;
	}
	x_free(order);
}

void out_session_tree(const struct session_info_list *l, const struct session_mode_words *words, unsigned level, bool secrets)
{
	const struct layout y = { "", .settings = level >= 2, .params = level >= 2, .devices = level >= 3, .host = true,
		.secrets = secrets };

	print_session_tree(&y, l, words);
}

void out_session_tree_of_host(const struct session_info_list *l, const struct session_mode_words *words, unsigned level)
{
	const struct layout y = { "\t", .params = level >= 3, .devices = level >= 4 };

	print_session_tree(&y, l, words);
}

/* Two lines, of which democratic-csi drops two without looking at them: printed at -P 3 only, and there always. */
void out_session_banner(const char *transport_version)
{
	struct out_clean c;

	printf("iSCSI Transport Class version %s\nversion %s\n", out_clean(&c, transport_version, ""), PACKAGE_VERSION);
}

/* The persistent portal is the one that the user has typed. */
void out_session_name(const char *before, const struct session_info *s, const char *behind)
{
	struct out_clean t, a;

	printf("%s [sid: %u, target: %s, portal: %s,%d]%s\n", before, s->sid, out_clean(&t, s->target, ""),
		out_clean(&a, s->persistent_address, ""), (int)s->persistent_port, behind);
	fflush(stdout);
}

void out_session_failed(const char *what, const struct session_info *s, const struct err *err)
{
	struct out_clean t, a;

	out_error("Could not %s [sid: %u, target: %s, portal: %s,%d].", what, s->sid, out_clean(&t, s->target, ""),
		out_clean(&a, s->persistent_address, ""), (int)s->persistent_port);
	out_reason(err);
}
