/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Settings of a plugin's own. Included by plugin.h.
 *
 * The setting NAME of the plugin PLUGIN is called plugin.PLUGIN.NAME. People set it in iscsid.conf and in the records of nodes and ifaces,
 * and the programs check, show, document and complete it. The plugin reads it by core->setting(op, "plugin.PLUGIN.NAME"): the value in the
 * record that the op is for, or the default; always one of the values that the row allows.
 */
#ifndef MISCSI_FIELD_H
#define MISCSI_FIELD_H

#include <miscsi/macros.h>
#include <stdint.h>

#define MISCSI_FIELD_BOOL 1u /* Yes or No */
#define MISCSI_FIELD_NUMBER 2u /* decimal, from min to max */
#define MISCSI_FIELD_CHOICE 3u /* one of the words in `words` */
#define MISCSI_FIELD_TEXT 4u /* one line of at most max bytes of UTF-8, or empty; it is shown, so not for secrets */

/* A row of `fields` in struct miscsi_plugin: MISCSI_FIELD(.kind = …, .name = …, …). At most 64, MISCSI_FIELD_END at the end. */
struct miscsi_field {
	uint32_t size;
	uint32_t kind; /* MISCSI_FIELD_* */
	const char *name; /* 1 to 32 of a-z 0-9 _ */
	const char *def; /* the default, one of the values; NULL: empty, for MISCSI_FIELD_TEXT alone */
	const char *words; /* for MISCSI_FIELD_CHOICE: 2 to 32 words of at most 31 bytes, with blanks between; else NULL */
	const char *help; /* one sentence for people, at most 255 bytes */
	int32_t min, max; /* MISCSI_FIELD_NUMBER: the range; MISCSI_FIELD_TEXT: max is the limit in bytes, 1 to 1023 */
};

#endif
