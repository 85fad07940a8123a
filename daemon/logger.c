/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets are written to with MSG_DONTWAIT. Pipes and terminals are opened anew, for O_NONBLOCK would else hold for all processes
 * that share them. For a file neither helps: a process of its own writes to it, behind a pipe.
 */
#include "config.h"
#include "daemon/logger.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 1280 /* a line of base/log.c, and what is put before it */
#define LAST_LINES_MS 500

/* The writer's whole life. It ignores the signals that end iscsid, for it ends with iscsid. */
static void __attribute__((noreturn)) write_for_daemon(int from, int to)
{
	char bytes[PIPE_BUF];
	ssize_t n, done, at;

	prctl(PR_SET_NAME, "iscsid-log");
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	dup2(from, STDIN_FILENO);
	dup2(to, STDOUT_FILENO);
	close_range(STDERR_FILENO, ~0U, 0);
	while ((n = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0)
		for (at = 0; at < n; at += done) {
			done = write(STDOUT_FILENO, bytes + at, (size_t)(n - at));
			if (done <= 0)
				break; /* the disk is full: these lines are lost */
		}
	_exit(0);
}

static int start_writer(struct logger *l, int fd)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	l->writer = fork();
	if (l->writer == 0)
		write_for_daemon(ends[0], fd);
	close(ends[0]);
	if (l->writer < 0) {
		close(ends[1]);
		l->writer = 0;
		return -1;
	}
	l->ended = (int)syscall(SYS_pidfd_open, l->writer, 0);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	return ends[1];
}

/* Writes to a file in memory wait for no disk. */
static bool is_in_memory(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

static void logger_init(struct logger *l, const char *socket)
{
	*l = (struct logger){ .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1, .ended = -1, .datagrams = socket, .socket = socket };
}

void logger_open_stderr(struct logger *l, int fd)
{
	char path[32];
	struct stat st;

	logger_init(l, NULL);
	if (fstat(fd, &st) < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (S_ISSOCK(st.st_mode) || (S_ISREG(st.st_mode) && is_in_memory(fd)))
		l->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	else if (!S_ISREG(st.st_mode))
		l->fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (l->fd < 0)
		l->fd = start_writer(l, fd);
}

static void connect_syslog(struct logger *l)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", l->socket);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd >= 0 && connect(l->fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0) {
		close(l->fd);
		l->fd = -1;
	}
}

void logger_open_syslog(struct logger *l, const char *socket)
{
	logger_init(l, socket);
	tzset(); /* reads a file, once */
	connect_syslog(l);
}

/* As syslog(3) does. */
static int begin_datagram(char *line, enum log_level level)
{
	static const int priority[] = {
		[LOG_LEVEL_ERR] = LOG_ERR,
		[LOG_LEVEL_WARN] = LOG_WARNING,
		[LOG_LEVEL_INFO] = LOG_INFO,
		[LOG_LEVEL_DEBUG] = LOG_DEBUG,
	};
	time_t now = time(NULL);
	char when[32];
	struct tm tm;

	strftime(when, sizeof(when), "%b %e %T", localtime_r(&now, &tm));
	return snprintf(line, LINE_BYTES, "<%d>%s iscsid[%d]: ", LOG_DAEMON | priority[level], when, (int)getpid());
}

static bool send_line(struct logger *l, const char *line, size_t len)
{
	ssize_t n = l->plain ? -1 : send(l->fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	l->plain |= n < 0 && !l->datagrams && errno == ENOTSOCK;
	if (l->plain)
		n = write(l->fd, line, len);
	if (n < 0 && l->datagrams && errno != EAGAIN) { /* syslog was started again */
		connect_syslog(l);
		n = send(l->fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	return n >= 0;
}

static bool put_line(struct logger *l, enum log_level level, const char *module, const char *text)
{
	char line[LINE_BYTES];
	int at = l->datagrams ? begin_datagram(line, level) : snprintf(line, sizeof(line), "iscsid: ");

	at += snprintf(line + at, sizeof(line) - (size_t)at, "%s%s%s%s", module ? module : "", module ? ": " : "", text,
		l->datagrams ? "" : "\n");
	return send_line(l, line, (size_t)at < sizeof(line) ? (size_t)at : sizeof(line) - 1);
}

/* Nothing here waits, so threads may wait for each other. */
void logger_write(void *arg, enum log_level level, const char *module, const char *text)
{
	struct logger *l = arg;
	int error = errno;
	char told[80];

	pthread_mutex_lock(&l->lock);
	snprintf(told, sizeof(told), "%u lines of the log were lost, as syslog or stderr did not accept them", l->lost);
	if (l->lost && put_line(l, LOG_LEVEL_WARN, NULL, told))
		l->lost = 0;
	if (!put_line(l, level, l->datagrams ? module : NULL, text))
		l->lost++;
	pthread_mutex_unlock(&l->lock);
	errno = error;
}

void logger_close(struct logger *l)
{
	struct pollfd ended = { .fd = l->ended, .events = POLLIN };

	if (l->fd >= 0)
		close(l->fd);
	if (l->ended >= 0) {
		poll(&ended, 1, LAST_LINES_MS);
		close(l->ended);
	}
	l->fd = l->ended = -1;
}
