/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens plugin files. What this process opened to use it is never closed. */
#include "plugin/dl.h"

#include <dlfcn.h>
#include <errno.h>
#include <ltdl.h>

int dl_init(void)
{
	return lt_dlinit() ? -ENOMEM : 0;
}

/*
 * libltdl binds lazily, so that a missing symbol would end the program at its first call, and it reports "file not found" for any
 * failure. So the dynamic linker binds the file first, and names what is missing.
 */
const char *dl_bind(const char *file)
{
	const char *reason;

	if (dlopen(file, RTLD_NOW | RTLD_LOCAL))
		return NULL;
	reason = dlerror();
	return reason ? reason : "the dynamic linker cannot load it, and reports no reason: install the plugin again";
}

void dl_visit(const char *file, const char *symbol, void (*visit)(void *arg, const struct miscsi_plugin *raw), void *arg)
{
	void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL), *entry = handle ? dlsym(handle, symbol) : NULL;

	if (entry)
		visit(arg, entry);
	if (handle)
		dlclose(handle); /* its destructors run, as at the end of the program */
}

const struct miscsi_plugin *dl_entry(const char *file, const char *symbol)
{
	lt_dladvise advise;
	lt_dlhandle handle = NULL;

	if (lt_dladvise_init(&advise))
		return NULL;
	/* symbols of one plugin are not seen by another */
	if (!lt_dladvise_local(&advise) && !lt_dladvise_resident(&advise))
		handle = lt_dlopenadvise(file, advise);
	lt_dladvise_destroy(&advise);
	return handle ? lt_dlsym(handle, symbol) : NULL;
}
