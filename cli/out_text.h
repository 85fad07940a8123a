/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The output of iscsiadm, byte for byte that of open-iscsi 2.1.8 where programs depend on it (doc/COMPATIBILITY.md). Only this
 * file, out_session.c and out_host.c print.
 *
 * Everything goes to stdout, except out_error(). Text from targets and adapters is escaped here.
 */
#ifndef CLI_OUT_TEXT_H
#define CLI_OUT_TEXT_H

#include "base/err.h"
#include "record/record.h"
#include <stdbool.h>

struct adapter_entry;
struct firmware_target;
struct host_info;
struct host_port;
struct pci_adapter;
struct plugin_info;
struct session_info;
struct session_info_list;
struct session_mode_words;

/* Prints "iscsiadm: TEXT" to stderr, after flushing stdout. */
void out_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void out_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

const char *out_or_empty(const char *text); /* "<empty>" for "" */
/*
 * Text from sysfs or a target, escaped so that it stays on one line; none if it is empty. Each call in a statement needs its own
 * buffer.
 */
struct out_clean {
	char s[600];
};
const char *out_clean(struct out_clean *to, const char *text, const char *none);

/* "# BEGIN RECORD", a line for each setting, "# END RECORD". -errno. */
int out_record(const struct record *r, bool secrets);

/* "KEY = VALUE", a tab and "# ORIGIN" for each setting. In iscsid.conf's record, keys are as there. iface: by
 * node_mode_plugin_iface(). */
void out_record_origins(const struct record *r, const struct record *conf, const struct record *iface, bool secrets);

/* "A:P,TPGT TARGET" */
void out_node_line(const struct record *node);
/* The tree of node mode, with the portal repeated for each of its ifaces. */
void out_node_branch(const struct record *last, const struct record *node);
/* The tree of the discovery modes, with the ifaces of a portal below it. Sorts the list. */
void out_discovery_tree(struct record_list *nodes);
/* "New iSCSI node [...] added" */
void out_node_added(const struct record *node);
/* "BEFORE [iface: I, target: T, portal: A,P]BEHIND" */
void out_login(const char *before, const struct record *node, const char *behind);
void out_login_failed(const struct record *node, const struct err *err);
void out_reason(const struct err *err);

/* "A:P via sendtargets" */
void out_discovery_line(const struct record *disc);

/* "NAME TRANSPORT,HW,IP,NET,INITIATOR" */
void out_iface_line(const struct record *iface);
/* A node that is bound to an iface, below the line of it; last: the node before it, or NULL. */
void out_iface_branch(const struct record *last, const struct record *node);

void out_plugin(const struct plugin_info *p);
void out_plugin_setting(const struct field *f);
/* For transport mode, and for adapters in host mode that have no host yet. */
void out_host_pci_adapter(const struct pci_adapter *a);
void out_unserved(const char *transport, const struct err *why);

/* out_session.c: "tcp: [SID] A:P,TPGT TARGET (non-flash)" */
void out_session_line(const struct session_info *s);
/* level 1 to 3; words[] of l->n. Ordered by target. */
void out_session_tree(const struct session_info_list *l, const struct session_mode_words *words, unsigned level, bool secrets);
/* The same below a host: level 2 to 4 of host mode. */
void out_session_tree_of_host(const struct session_info_list *l, const struct session_mode_words *words, unsigned level);
void out_session_banner(const char *transport_version);
/* "BEFORE [sid: N, target: T, portal: A,P]BEHIND" */
void out_session_name(const char *before, const struct session_info *s, const char *behind);
void out_session_failed(const char *what, const struct session_info *s, const struct err *err);

/* out_host.c: "qla4xxx: [N] IP,[HW],NET INITIATOR" */
void out_host_line(const struct host_info *h);
/* "Host Number: N" and the parameters of the host. */
void out_host(const struct host_info *h);
/* The PCI device behind it. */
void out_host_adapter(const struct pci_adapter *a);
void out_host_port(const struct host_info *h, const struct host_port *p);
void out_host_sessions_heading(void);
/* "qla4xxx: [INDEX] A:P,TPGT TARGET" */
void out_host_flashnode_line(const char *transport, const struct adapter_entry *e);
/* A boot target of the firmware as a record, which is not a node record. */
void out_host_firmware(const struct firmware_target *t, bool secrets);

#endif
