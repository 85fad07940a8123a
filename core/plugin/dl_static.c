/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A static program has its plugins inside, and opens none. */
#include "plugin/dl.h"

#include <stddef.h>

int dl_init(void)
{
	return 0;
}

const char *dl_bind(const char *file)
{
	(void)file;
	return "this program is linked statically, and uses only the plugins that are linked into it";
}

void dl_visit(const char *file, const char *symbol, void (*visit)(void *arg, const struct miscsi_plugin *raw), void *arg)
{
	(void)file;
	(void)symbol;
	(void)visit;
	(void)arg;
}

const struct miscsi_plugin *dl_entry(const char *file, const char *symbol)
{
	(void)file;
	(void)symbol;
	return NULL;
}
