/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's sockets: inherited from systemd or bound here.
 *
 * Two names: a path for administrators and units, and an abstract one, which follows the network
 * namespace into containers that do not share our /run.
 */
#include "config.h"
#include "ipc/listener.h"
#include "base/ascii.h"
#include "base/file.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_FDS_START 3 /* sd_listen_fds(3) */
/* Orchestrators start hundreds of commands together; the kernel lets the rest wait. */
#define BACKLOG 128

/* '@' stands for the NUL, as in ss(8) and systemd's units. */
int listener_address(const char *name, struct sockaddr_un *addr, socklen_t *len)
{
	size_t n = strlen(name);

	if (n < 2)
		return -EINVAL;
	if (n >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	memcpy(addr->sun_path, name, n);
	/* An abstract name begins with a NUL and is as long as the address says: none at its end. */
	if (name[0] == '@')
		addr->sun_path[0] = '\0';
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (name[0] != '@'));
	return 0;
}

/*
 * Does somebody take connections there? A socket file outlives its daemon, so that it exists says
 * nothing; only connecting does.
 */
static bool is_served(const struct sockaddr_un *addr, socklen_t len)
{
	cleanup(file_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return false;
	/* EAGAIN: its queue is full, so it lives. */
	return !connect(fd, (const struct sockaddr *)addr, len) || errno == EAGAIN;
}

static int bind_name(int fd, const char *name)
{
	struct sockaddr_un addr;
	socklen_t len;
	int rc = listener_address(name, &addr, &len);

	if (rc)
		return rc;
	return bind(fd, (struct sockaddr *)&addr, len) ? -errno : 0;
}

/* /run is empty after every boot. */
static int make_directory(const char *path)
{
	cleanup(x_freep) char *dir = x_strndup(path, (size_t)(strrchr(path, '/') - path));

	if (!dir)
		return -ENOMEM;
	return *dir ? file_mkdirs(dir, 0755) : 0;
}

/*
 * Bound beside its place, made ready, then renamed: nobody meets a socket that is not listened at, or
 * nothing. Mode 0666: who may do what is decided by the peer's uid, call by call, so that all may look.
 */
static int bind_path(int fd, const char *path)
{
	cleanup(x_freep) char *beside = NULL;
	int rc = make_directory(path);

	if (rc)
		return rc;
	if (asprintf(&beside, "%s.%ld", path, (long)getpid()) < 0)
		return -ENOMEM;
	unlink(beside);
	rc = bind_name(fd, beside);
	if (rc)
		return rc;
	if (chmod(beside, 0666) || listen(fd, BACKLOG) || rename(beside, path)) {
		rc = -errno;
		unlink(beside);
	}
	return rc;
}

/* Two daemons would both recover the same sessions, so the second must not get as far as a socket. */
int listener_open(const char *name, int *out, struct err *err)
{
	cleanup(file_close) int fd = -1;
	struct sockaddr_un addr;
	socklen_t len;
	int rc = listener_address(name, &addr, &len);

	if (rc || (name[0] != '@' && name[0] != '/'))
		return err_set(err, MISCSI_ERR_INVAL, "invalid socket name: %s", name);
	if (is_served(&addr, len))
		return err_sys(err, MISCSI_ERR_ISCSID_COMM_ERR, EADDRINUSE, "%s", name);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(err, MISCSI_ERR_INTERNAL, errno, "socket");
	if (name[0] == '/')
		rc = bind_path(fd, name);
	else
		rc = bind(fd, (struct sockaddr *)&addr, len) || listen(fd, BACKLOG) ? -errno : 0;
	if (rc)
		return err_sys(err, MISCSI_ERR_INTERNAL, -rc, "cannot listen on %s", name);
	*out = fd;
	fd = -1;
	return 0;
}

/* Not one that a new daemon has already put in its place. */
void listener_unlink(const char *name)
{
	struct sockaddr_un addr;
	struct stat st;
	socklen_t len;

	if (name[0] != '/' || listener_address(name, &addr, &len) || lstat(name, &st) || !S_ISSOCK(st.st_mode))
		return;
	if (!is_served(&addr, len))
		unlink(name);
}

/* What a unit file passes by mistake must not be accepted from for ever. */
static bool is_stream_listener(int fd)
{
	int type = 0, listening = 0;
	socklen_t len = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) || type != SOCK_STREAM)
		return false;
	len = sizeof(listening);
	return !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) && listening;
}

/* A whole number of the environment; -1: none. */
static long environment_number(const char *name)
{
	const char *text = getenv(name);
	char *end;
	long n;

	if (!text || !ascii_digit(*text))
		return -1;
	errno = 0;
	n = strtol(text, &end, 10);
	return errno || *end ? -1 : n;
}

/*
 * The variables are taken out of the environment, or a program that we start would think them its own.
 * Numbers are only trusted when LISTEN_PID is us (sd_listen_fds(3)).
 */
int listener_inherit(int *fds, int max)
{
	long pid = environment_number("LISTEN_PID"), n = environment_number("LISTEN_FDS");
	int found = 0;

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (pid != (long)getpid() || n <= 0 || n > 64)
		return 0;
	for (int fd = LISTEN_FDS_START; fd < LISTEN_FDS_START + n; fd++) {
		int flags = fcntl(fd, F_GETFL);

		if (flags < 0)
			continue;
		if (found == max || !is_stream_listener(fd) || fcntl(fd, F_SETFL, flags | O_NONBLOCK) ||
			fcntl(fd, F_SETFD, FD_CLOEXEC)) {
			close(fd);
			continue;
		}
		fds[found++] = fd;
	}
	return found;
}
