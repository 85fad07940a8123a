/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loading kernel modules: what sysfs shows already, and the messages. modprobe.h looks for the others. */
#include "kernel/kmod.h"
#include "base/strbuf.h"
#include "kernel/modprobe.h"
#include <errno.h>
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
		return sysfs_exists(s, "module/%s", name) > 0;
	return !rc && !strcmp(state, "live");
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

static int bad_name(const char *name, struct err *err)
{
	char shown[NAME_MAX_LEN * 4];

	return err_set(err, MISCSI_ERR_INVAL,
		"the transport's plugin requests the kernel module '%s', which is not a valid name: report this to the plugin's "
		"maker",
		str_escape(shown, sizeof(shown), name, strlen(name)));
}

int kmod_check(const struct sysfs *s, const char *name, struct err *err)
{
	char plain[NAME_MAX_LEN];
	int rc = sysfs_name(name, plain);

	if (rc)
		return bad_name(name, err);
	rc = is_live(s, plain) ? 1 : modprobe_is_builtin(plain, err);
	if (rc)
		return rc == -ENOSYS ? rc : rc < 0 ? no_file(plain, err) : 0;
	return err_set(err, MISCSI_ERR_TRANS_NOT_FOUND, "kernel module %s is not loaded: run 'modprobe %s'", plain, plain);
}

/* A blacklisted module is not loaded against the administrator's will; it is reported as a lack of permission. */
int kmod_load(const struct sysfs *s, const char *name, struct err *err)
{
	char plain[NAME_MAX_LEN];
	int rc = sysfs_name(name, plain);

	if (rc)
		return bad_name(name, err);
	if (is_live(s, plain))
		return 0;
	rc = modprobe_insert(plain, err);
	if (!rc || rc == -ENOSYS)
		return rc;
	if (rc == -ENOENT)
		return no_file(plain, err);
	if (rc == -EPERM || rc == -EACCES)
		return err_sys(err, MISCSI_ERR_ACCESS, -rc,
			"cannot load kernel module %s: run this as root (CAP_SYS_MODULE), and see that no file in "
			"/etc/modprobe.d forbids the module",
			plain);
	return err_sys(err, MISCSI_ERR_TRANS_NOT_FOUND, -rc,
		"cannot load kernel module %s (the kernel's log, 'dmesg', may have the reason)", plain);
}
