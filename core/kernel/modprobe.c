/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libkmod, which brings three decompressors, is loaded when a module is looked for, and not to learn that there is nothing to do: most
 * commands never need it.
 */
#include "kernel/modprobe.h"
#include <dlfcn.h>
#include <errno.h>
#include <libkmod.h>
#include <string.h>

#define LIBKMOD "libkmod.so.2"

/* The functions of libkmod that are used here. */
#define FUNCTIONS(F) \
	F(kmod_new) \
	F(kmod_unref) \
	F(kmod_list_next) \
	F(kmod_module_new_from_lookup) \
	F(kmod_module_get_module) \
	F(kmod_module_get_initstate) \
	F(kmod_module_probe_insert_module) \
	F(kmod_module_unref) \
	F(kmod_module_unref_list)

struct libkmod {
#define POINTER(name) __typeof__(name) *name;
	FUNCTIONS(POINTER)
#undef POINTER
};

static int without_libkmod(struct err *err)
{
	err_set(err, MISCSI_ERR_TRANS_NOT_FOUND,
		"cannot look for kernel modules, because the library libkmod cannot be loaded (Debian: install libkmod2; Fedora: "
		"kmod-libs): %s",
		dlerror());
	return -ENOSYS;
}

/* -ENOSYS: *err has the reason. It stays loaded. */
static int load_libkmod(struct libkmod *k, struct err *err)
{
	void *library = dlopen(LIBKMOD, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (!library)
		return without_libkmod(err);
#define LOAD(name) \
	k->name = (__typeof__(k->name))dlsym(library, #name); \
	if (!k->name) \
		return without_libkmod(err);
	FUNCTIONS(LOAD)
#undef LOAD
	return 0;
}

static int is_builtin(const struct libkmod *k, struct kmod_module *mod)
{
	return k->kmod_module_get_initstate(mod) == KMOD_MODULE_BUILTIN;
}

/* 1: the kernel has one of them built in; 0: modprobe has a file for it. */
static int any_builtin(const struct libkmod *k, struct kmod_list *found)
{
	int builtin = 0;

	for (struct kmod_list *at = found; at; at = k->kmod_list_next(found, at)) {
		struct kmod_module *mod = k->kmod_module_get_module(at);

		builtin |= is_builtin(k, mod);
		k->kmod_module_unref(mod);
	}
	return builtin;
}

/* A name may be an alias of several; one that loads is enough. */
static int insert_any(const struct libkmod *k, struct kmod_list *found)
{
	int rc = -ENOENT;

	for (struct kmod_list *at = found; at; at = k->kmod_list_next(found, at)) {
		struct kmod_module *mod = k->kmod_module_get_module(at);
		int one = 0;

		if (!is_builtin(k, mod))
			one = k->kmod_module_probe_insert_module(
				mod, KMOD_PROBE_APPLY_BLACKLIST_ALIAS_ONLY, NULL, NULL, NULL, NULL);
		k->kmod_module_unref(mod);
		/* positive: blacklisted */
		one = one > 0 ? -EPERM : one == -EEXIST ? 0 : one;
		rc = rc == 0 ? 0 : one;
	}
	return rc;
}

/* The result of fn for the modules that modprobe would load for a name. -ENOSYS: without libkmod; *err is set. */
static int look_up_module(const char *name, int (*fn)(const struct libkmod *k, struct kmod_list *found), struct err *err)
{
	struct kmod_list *found = NULL;
	struct kmod_ctx *ctx;
	struct libkmod k;
	int rc = load_libkmod(&k, err);

	if (rc < 0)
		return rc;
	ctx = k.kmod_new(NULL, NULL);
	if (!ctx)
		return -ENOMEM;
	rc = k.kmod_module_new_from_lookup(ctx, name, &found);
	if (rc >= 0)
		rc = found ? fn(&k, found) : -ENOENT;
	k.kmod_module_unref_list(found);
	k.kmod_unref(ctx);
	return rc;
}

int modprobe_is_builtin(const char *name, struct err *err)
{
	return look_up_module(name, any_builtin, err);
}

int modprobe_insert(const char *name, struct err *err)
{
	return look_up_module(name, insert_any, err);
}
