/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions as text: one line, or a tree in three depths. */
#include "out_text.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "config.h"
#include "modes/session.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text of sysfs on one line; each call of a statement needs its own. */
struct clean {
	char s[2 * SESSION_INFO_NAME_MAX];
};

static const char *clean(struct clean *to, const char *text)
{
	return str_escape(to->s, sizeof(to->s), text, strlen(text));
}

static const char *clean_or(struct clean *to, const char *text, const char *none)
{
	return *text ? clean(to, text) : none;
}

/* "A:P,TPGT" */
static void print_portal(const char *label, const char *address, int64_t port, int64_t tpgt)
{
	struct clean a;

	printf(strchr(address, ':') ? "%s[%s]:%d,%d" : "%s%s:%d,%d", label, clean(&a, address), (int)port,
		(int)tpgt);
}

void out_session_line(const struct session_info *s)
{
	struct clean t;

	printf("%s: [%u] ", clean_or(&t, s->transport, "unknown"), s->sid);
	print_portal("", s->persistent_address, s->persistent_port, s->tpgt);
	printf(" %s (%s)\n", clean(&t, s->target), session_is_flash(s) ? "flash" : "non-flash");
}

static const char stars[] = "************************";

/* As wide as the text, but for one of them. */
static void heading_of(const char *text, int width)
{
	printf("\t\t%.*s\n\t\t%s\n\t\t%.*s\n", width, stars, text, width, stars);
}

static void heading(const char *text)
{
	heading_of(text, (int)strlen(text));
}

static void print_number(const char *label, int64_t value)
{
	if (value == SESSION_INFO_OFF)
		printf("\t\t%s: off\n", label);
	else if (value < 0)
		printf("\t\t%s: <empty>\n", label);
	else
		printf("\t\t%s: %lld\n", label, (long long)value);
}

static void print_choice(const char *label, int64_t value, const char *no, const char *yes)
{
	printf("\t\t%s: %s\n", label, value < 0 ? "<empty>" : value ? yes : no);
}

static void print_text(const char *label, const char *text, const char *none)
{
	struct clean c;

	printf("\t\t%s: %s\n", label, clean_or(&c, text, none));
}

static void print_secret(const char *label, const struct secret *s, bool shown, bool masked)
{
	struct clean c;
	const char *text = "<empty>";

	if (masked && !shown)
		text = "********";
	else if (s->len > 0)
		text = str_escape(c.s, sizeof(c.s), s->bytes, s->len);
	printf("\t\t%s: %s\n", label, text);
	mem_wipe(c.s, sizeof(c.s));
}

static void print_interface(const struct session_info *s, const struct session_words *words)
{
	heading("Interface:");
	print_text("Iface Name", s->iface, "default");
	print_text("Iface Transport", s->transport, "<empty>");
	print_text("Iface Initiatorname", s->initiator, "<empty>");
	print_text("Iface IPaddress", s->ipaddress, "<empty>");
	print_text("Iface HWaddress", s->hwaddress, "default");
	print_text("Iface Netdev", s->netdev, "default");
	printf("\t\tSID: %u\n\t\tiSCSI Connection State: %s\n", s->sid, words->connection);
	print_text("iSCSI Session State", s->state, "Unknown");
	printf("\t\tInternal iscsid Session State: %s\n", words->internal);
}

static void print_settings(const struct session_info *s, bool secrets)
{
	heading("Timeouts:");
	print_number("Recovery Timeout", s->recovery_tmo);
	print_number("Target Reset Timeout", s->tgt_reset_tmo);
	print_number("LUN Reset Timeout", s->lu_reset_tmo);
	print_number("Abort Timeout", s->abort_tmo);
	heading("CHAP:");
	print_secret("username", &s->username, secrets, false);
	print_secret("password", &s->password, secrets, true);
	print_secret("username_in", &s->username_in, secrets, false);
	print_secret("password_in", &s->password_in, secrets, true);
}

static void print_params(const struct session_info *s)
{
	heading("Negotiated iSCSI params:");
	print_choice("HeaderDigest", s->header_digest, "None", "CRC32C");
	print_choice("DataDigest", s->data_digest, "None", "CRC32C");
	print_number("MaxRecvDataSegmentLength", s->max_recv);
	print_number("MaxXmitDataSegmentLength", s->max_xmit);
	print_number("FirstBurstLength", s->first_burst);
	print_number("MaxBurstLength", s->max_burst);
	print_choice("ImmediateData", s->immediate_data, "No", "Yes");
	print_choice("InitialR2T", s->initial_r2t, "No", "Yes");
	print_number("MaxOutstandingR2T", s->max_r2t);
}

static void print_devices(const struct session_info *s)
{
	struct clean a, b;

	heading_of("Attached SCSI devices:", (int)strlen(stars));
	printf("\t\tHost Number: %u\tState: %s\n", s->host_no, clean_or(&a, s->host_state, "Unknown"));
	for (size_t i = 0; i < s->devices.n; i++) {
		const struct scan_device *d = &s->devices.dev[i];

		printf("\t\tscsi%u Channel %02u Id %u Lun: %llu\n", s->host_no, d->channel, d->target,
			(unsigned long long)d->lun);
		/* This line right behind its unit's: clients look nowhere else. */
		if (*d->block)
			printf("\t\t\tAttached scsi disk %s\t\tState: %s\n", clean(&a, d->block),
				clean_or(&b, d->state, "Unknown"));
	}
}

static void print_session(
	const struct session_info *s, const struct session_words *words, unsigned level, bool secrets)
{
	bool connected = *s->address;

	print_portal("\tCurrent Portal: ", connected ? s->address : s->persistent_address,
		connected ? s->port : s->persistent_port, s->tpgt);
	print_portal("\n\tPersistent Portal: ", s->persistent_address, s->persistent_port, s->tpgt);
	putchar('\n');
	print_interface(s, words);
	if (level >= 2) {
		print_settings(s, secrets);
		print_params(s);
	}
	if (level >= 3)
		print_devices(s);
}

static int by_target(const void *a, const void *b)
{
	const struct session_info *x = *(const struct session_info *const *)a,
				  *y = *(const struct session_info *const *)b;
	int order = strcmp(x->target, y->target);

	if (order)
		return order;
	return x->sid < y->sid ? -1 : x->sid > y->sid;
}

void out_session_tree(
	const struct session_info_list *l, const struct session_words *words, unsigned level, bool secrets)
{
	const struct session_info **order = x_newn(const struct session_info *, l->n + 1);
	const struct session_info *last = NULL;
	struct clean c;

	for (size_t i = 0; order && i < l->n; i++)
		order[i] = &l->info[i];
	if (order && l->n > 1)
		qsort(order, l->n, sizeof(order[0]), by_target);
	for (size_t i = 0; i < l->n; i++) {
		/* Without memory for the order they come as they are. */
		const struct session_info *s = order ? order[i] : &l->info[i];

		if (!last || strcmp(last->target, s->target) != 0)
			printf("Target: %s (%s)\n", clean(&c, s->target),
				session_is_flash(s) ? "flash" : "non-flash");
		print_session(s, &words[s - l->info], level, secrets);
		last = s;
	}
	x_free(order);
}

void out_session_banner(const char *transport_version)
{
	struct clean c;

	printf("iSCSI Transport Class version %s\nversion %s\n", clean(&c, transport_version),
		PACKAGE_VERSION);
}

void out_session_name(const char *before, const struct session_info *s, const char *behind)
{
	struct clean t, a;

	printf("%s [sid: %u, target: %s, portal: %s,%d]%s\n", before, s->sid, clean(&t, s->target),
		clean(&a, s->persistent_address), (int)s->persistent_port, behind);
	fflush(stdout);
}

void out_session_failed(const char *what, const struct session_info *s, const struct err *err)
{
	struct clean t, a;

	out_error("Could not %s [sid: %u, target: %s, portal: %s,%d].", what, s->sid, clean(&t, s->target),
		clean(&a, s->persistent_address), (int)s->persistent_port);
	out_reason(err);
}
