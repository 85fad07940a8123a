/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loading kernel modules. libkmod maps its indexes when opened: that is done for a load, not to learn that
 * there is nothing to do. */
#include "config.h"
#include "kernel/kmod.h"
#include <errno.h>
#include <libkmod.h>
#include <string.h>
#include <sys/utsname.h>

#define NAME_MAX_LEN 64

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

static int is_builtin(struct kmod_module *mod)
{
	return kmod_module_get_initstate(mod) == KMOD_MODULE_BUILTIN;
}

/* 1: the kernel has one of them built in; 0: modprobe has a file for it. */
static int any_builtin(struct kmod_list *found)
{
	struct kmod_list *at;
	struct kmod_module *mod;
	int builtin = 0;

	kmod_list_foreach(at, found)
	{
		mod = kmod_module_get_module(at);
		builtin |= is_builtin(mod);
		kmod_module_unref(mod);
	}
	return builtin;
}

/* A name may be an alias of several; one that loads is enough. */
static int insert_any(struct kmod_list *found)
{
	struct kmod_list *at;
	struct kmod_module *mod;
	int rc = -ENOENT, one;

	kmod_list_foreach(at, found)
	{
		mod = kmod_module_get_module(at);
		one = 0;
		if (!is_builtin(mod))
			one = kmod_module_probe_insert_module(mod, KMOD_PROBE_APPLY_BLACKLIST_ALIAS_ONLY, NULL, NULL, NULL, NULL);
		kmod_module_unref(mod);
		/* positive: blacklisted */
		one = one > 0 ? -EPERM : one == -EEXIST ? 0 : one;
		rc = rc == 0 ? 0 : one;
	}
	return rc;
}

/* The result of fn for the modules that modprobe would load for a name. */
static int look_up_module(const char *name, int (*fn)(struct kmod_list *found))
{
	struct kmod_list *found = NULL;
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);
	int rc;

	if (!ctx)
		return -ENOMEM;
	rc = kmod_module_new_from_lookup(ctx, name, &found);
	if (rc >= 0)
		rc = found ? fn(found) : -ENOENT;
	kmod_module_unref_list(found);
	kmod_unref(ctx);
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
	rc = is_live(s, plain) ? 1 : look_up_module(plain, any_builtin);
	if (rc)
		return rc < 0 ? no_file(plain, err) : 0;
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
	rc = look_up_module(plain, insert_any);
	if (!rc)
		return 0;
	if (rc == -ENOENT)
		return no_file(plain, err);
	if (rc == -EPERM || rc == -EACCES)
		return err_sys(err, MISCSI_ERR_ACCESS, -rc, "not permitted to load kernel module %s", plain);
	return err_sys(err, MISCSI_ERR_TRANS_NOT_FOUND, -rc, "cannot load kernel module %s", plain);
}
