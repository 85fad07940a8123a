/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The output of iscsiadm --json: one object per line (doc/json.md; doc/iscsiadm.schema.json), each printed when it is known.
 *
 * The functions do not fail: if there is no memory for a line, a line of type "message" says that one is missing.
 */
#ifndef CLI_OUT_JSON_H
#define CLI_OUT_JSON_H

#include "base/err.h"
#include "modes/session_mode.h"
#include "record/record.h"
#include <stdio.h>

struct firmware_target;
struct host_info;
struct host_ports;
struct pci_adapter;
struct plugin_info;

/* "node", "iface", "discovery", "chap" or "flashnode", with all settings. Secrets are masked unless `secrets`. */
void out_json_record(FILE *to, const struct record *r, bool secrets);
/* level as for -P: 0 to 3. words may be NULL. */
void out_json_session(
	FILE *to, const struct session_info *s, const struct session_mode_words *words, unsigned level, bool secrets);
/* ports and adapter may be NULL. */
void out_json_host(FILE *to, const struct host_info *h, const struct host_ports *ports, const struct pci_adapter *adapter);
void out_json_boot_target(FILE *to, const struct firmware_target *t, bool secrets);
void out_json_plugin(FILE *to, const struct plugin_info *p);
void out_json_plugin_setting(FILE *to, const struct field *f);
/* An adapter on the PCI bus, with what it lacks; a transport of the kernel that no plugin supports. */
void out_json_adapter(FILE *to, const struct pci_adapter *a);
void out_json_unserved(FILE *to, const char *transport, const struct err *why);
/* A counter; sid or host is 0 if it is not of one. */
void out_json_counter(FILE *to, const char *of, uint32_t number, const char *name, const char *value);
void out_json_message(FILE *to, const char *text);

/*
 * The outcome for one object: "done", "present" (it was already so) or "failed", by the code of *err (OK, SESS_EXISTS when
 * `present`, other). Flushed at once.
 */
void out_json_node_result(FILE *to, const char *action, const struct record *node, bool present, const struct err *err);
void out_json_session_result(FILE *to, const char *action, const struct session_info *s, const struct err *err);
/* For other objects, by kind ("iface", "discovery", "host", "chap", "flashnode") and name. */
void out_json_result(FILE *to, const char *action, const char *kind, const char *name, const struct err *err);
/* The last line. */
void out_json_exit(FILE *to, int status, const struct err *err);

#endif
