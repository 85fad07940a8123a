/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading kernel modules. libkmod, which brings three decompressors, is loaded when a module is looked for, and not to learn that
 * there is nothing to do: most commands never need it.
 */
#include "config.h"
#include "kernel/kmod.h"
#include <dlfcn.h>
#include <errno.h>
#include <libkmod.h>
#include <string.h>
#include <sys/utsname.h>

#define NAME_MAX_LEN 64
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

/* -ENOSYS: *err has the reason. It stays loaded. */
static int load_libkmod(struct libkmod *k, struct err *err)
{
	void *library = dlopen(LIBKMOD, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (!library)
		return err_sys(err, MISCSI_ERR_TRANS_NOT_FOUND, ENOSYS, "cannot look for kernel modules: %s", dlerror());
#define LOAD(name) \
	k->name = (__typeof__(k->name))dlsym(library, #name); \
	if (!k->name) \
		return err_sys(err, MISCSI_ERR_TRANS_NOT_FOUND, ENOSYS, "cannot look for kernel modules: %s", dlerror());
	FUNCTIONS(LOAD)
#undef LOAD
	return 0;
}

/* A module's name in sysfs has _ where a file's has -. False: no module is called so. */
static int sysfs_name(const char *name, char out[NAME_MAX_LEN])
{
	size_t n = strlen(name);

	if (!n || n >= NAME_MAX_LEN || strpbrk(name, "/.\n "))
		return -EINVAL;
	for (size_t i = 0; i <= n; i++)
		out[i] = name[i] == '-' ? '_' : name[i];
	return 0;
}

/* Loaded and ready, or built in with parameters. One that is just being loaded is for libkmod to wait for. */
static int is_live(const struct sysfs *s, const char *name)
{
	char state[16];
	int rc = sysfs_read(s, state, sizeof(state), "module/%s/initstate", name);

	if (rc == -ENOENT)
		return sysfs_exists(s, "module/%s", name);
	return !rc && !strcmp(state, "live");
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

/* The package differs between distributions: those in the text ship storage drivers apart from the kernel. */
static int no_file(const char *name, struct err *err)
{
	struct utsname u;

	if (uname(&u) < 0)
		strcpy(u.release, "?");
	return err_set(err, MISCSI_ERR_TRANS_NOT_FOUND,
		"kernel %.64s has no module %s: install the package with all its modules (Debian: a linux-image that is not "
		"-cloud; "
		"Ubuntu: linux-modules-extra-%.64s; Fedora: kernel-modules, kernel-modules-extra), or the driver of the "
		"adapter's maker",
		u.release, name, u.release);
}

int kmod_check(const struct sysfs *s, const char *name, struct err *err)
{
	char plain[NAME_MAX_LEN];
	int rc = sysfs_name(name, plain);

	if (rc)
		return err_set(err, MISCSI_ERR_INVAL, "this is not a valid name of a kernel module");
	rc = is_live(s, plain) ? 1 : look_up_module(plain, any_builtin, err);
	if (rc)
		return rc == -ENOSYS ? rc : rc < 0 ? no_file(plain, err) : 0;
	return err_set(err, MISCSI_ERR_TRANS_NOT_FOUND, "kernel module %s is not loaded: modprobe %s", plain, plain);
}

/* A blacklisted module is not loaded against the administrator's will; it is reported as a lack of permission. */
int kmod_load(const struct sysfs *s, const char *name, struct err *err)
{
	char plain[NAME_MAX_LEN];
	int rc = sysfs_name(name, plain);

	if (rc)
		return err_set(err, MISCSI_ERR_INVAL, "this is not a valid name of a kernel module");
	if (is_live(s, plain))
		return 0;
	rc = look_up_module(plain, insert_any, err);
	if (!rc || rc == -ENOSYS)
		return rc;
	if (rc == -ENOENT)
		return no_file(plain, err);
	if (rc == -EPERM || rc == -EACCES)
		return err_sys(err, MISCSI_ERR_ACCESS, -rc, "not permitted to load kernel module %s", plain);
	return err_sys(err, MISCSI_ERR_TRANS_NOT_FOUND, -rc, "cannot load kernel module %s", plain);
}
