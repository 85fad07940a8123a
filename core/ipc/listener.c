/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sockets of the daemon: passed by systemd, or bound here.
 *
 * It has two names: a path for administrators and units, and an abstract one, which is visible to containers that share the
 * network namespace but not /run.
 */
#include "config.h"
#include "ipc/listener.h"
#include "base/ascii.h"
#include "base/file.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_FDS_START 3 /* sd_listen_fds(3) */
/* Orchestrators start hundreds of commands together; the kernel makes the others wait. */
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

/* Whether a process accepts connections there. Only a connect shows that, because a socket file outlives its daemon. */
static bool is_served(const struct sockaddr_un *addr, socklen_t len)
{
	cleanup(file_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return false;
	/* EAGAIN: the queue is full, so the process is alive. */
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
 * Bound under another name, set up, then renamed: at every time, clients find a socket that accepts connections. Mode 0666,
 * because the uid of the client decides for each call.
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

/* Refuses a second daemon, because both would recover the same sessions. */
int listener_open(const char *name, int *out, struct err *err)
{
	cleanup(file_close) int fd = -1;
	struct sockaddr_un addr;
	socklen_t len;
	int rc = listener_address(name, &addr, &len);

	if (rc || (name[0] != '@' && name[0] != '/'))
		return err_set(err, MISCSI_ERR_INVAL,
			"'%s' cannot be the name of a socket: use an absolute path, or @ and a name, of at most 107 characters",
			name);
	if (is_served(&addr, len))
		return err_sys(err, MISCSI_ERR_ISCSID_COMM_ERR, EADDRINUSE,
			"cannot listen on %s, because another process, probably a running iscsid, already does", name);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(err, MISCSI_ERR_INTERNAL, errno, "cannot create the socket %s on which clients connect", name);
	if (name[0] == '/')
		rc = bind_path(fd, name);
	else
		rc = bind(fd, (struct sockaddr *)&addr, len) || listen(fd, BACKLOG) ? -errno : 0;
	if (rc)
		return err_sys(err, MISCSI_ERR_INTERNAL, -rc, "cannot listen for clients on the socket %s", name);
	*out = fd;
	fd = -1;
	return 0;
}

/* Does not remove the socket of a new daemon. */
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

/* Excludes descriptors that a unit file passes by mistake. */
static bool is_stream_listener(int fd)
{
	int type = 0, listening = 0;
	socklen_t len = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) || type != SOCK_STREAM)
		return false;
	len = sizeof(listening);
	return !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) && listening;
}

/* A number in the environment; -1: none. */
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
 * The variables are unset, so that programs which we start do not use them. They apply only if LISTEN_PID is this process
 * (sd_listen_fds(3)).
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
