/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process of iscsid: fork into the background, pid file, locked memory. */
#include "config.h"
#include "daemon/iscsid.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/capability.h>
#include <malloc.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Descriptors 0 to 2 first: else the first file or socket would be one of them, and get the log. Others of the caller are closed, but
 * for the sockets that systemd passes (sd_listen_fds(3)).
 */
void become_clean(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	unsigned passed = pid && n && atol(pid) == (long)getpid() && atol(n) > 0 ? (unsigned)atol(n) : 0;
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	close_range(STDERR_FILENO + 1 + passed, ~0U, 0);
}

/* What iscsid needs, and for what. The unit file leaves out those that a newer kernel or an installation by packages does not need. */
static const struct {
	unsigned number;
	const char *what;
} capabilities[] = {
	{ CAP_SYS_ADMIN, "requests to the kernel's iSCSI" },
	{ CAP_NET_ADMIN, "the kernel's iSCSI events, and network devices for adapters" },
	{ CAP_NET_RAW, "to bind sockets to network devices" },
	{ CAP_SYS_MODULE, "drivers of transports" },
	{ CAP_SYS_RESOURCE, "locked memory, memory without waiting for disks, and a negative oom_score_adj" },
	{ CAP_SYS_PTRACE, "the user and mount namespaces of other processes" },
	{ CAP_DAC_OVERRIDE, "files of other users, such as those with secrets" },
};

/* For good: also for programs that are started, of which there should be none. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	uint32_t kept[_LINUX_CAPABILITY_U32S_3] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++)
		kept[capabilities[i].number / 32] |= 1U << capabilities[i].number % 32;
	for (unsigned i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if (!(kept[i / 32] & 1U << i % 32) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0 && errno != EPERM)
			return -errno;
	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (unsigned i = 0; i < ARRAY_SIZE(data); i++) {
		data[i].permitted &= kept[i];
		data[i].effective &= kept[i];
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

void become_confined(const struct log *log)
{
	int rc = drop_capabilities();

	if (rc < 0)
		log_warn(log, "iscsid",
			"cannot drop the capabilities that iscsid does not need, so it runs with more privileges than necessary: "
			"%s",
			strerror(-rc));
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#ifndef __SANITIZE_ADDRESS__ /* its search for leaks needs to trace this process */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* Returns 0 when the child is ready, or the status with which it exited before. */
static int wait_for_child(pid_t child, int fd)
{
	char byte;
	int status;
	ssize_t n;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		return 0;
	if (waitpid(child, &status, 0) == child && WIFEXITED(status))
		return WEXITSTATUS(status);
	return MISCSI_ERR_INTERNAL;
}

/* `from` to `to`, of the standard streams */
static void attach_null(int from, int to)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = from; null >= 0 && fd <= to; fd++)
		dup2(null, fd);
	if (null >= 0)
		close(null);
}

/*
 * The starter (systemd, a script) must not continue before the daemon accepts requests. So the parent waits until the child
 * writes a byte to a pipe, or until the child exits, and then exits with the child's status.
 */
int become_daemon(int *ready)
{
	int pipefd[2];
	pid_t child;

	if (pipe2(pipefd, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child < 0)
		return -errno;
	if (child > 0) {
		close(pipefd[1]);
		_exit(wait_for_child(child, pipefd[0]));
	}
	close(pipefd[0]);
	setsid();
	if (chdir("/") < 0)
		return -errno;
	attach_null(STDIN_FILENO, STDOUT_FILENO);
	*ready = pipefd[1];
	return 0;
}

void become_ready(int ready)
{
	if (ready < 0)
		return;
	if (write(ready, "", 1) != 1) /* the parent was killed: no process waits */
		errno = 0;
	close(ready);
	attach_null(STDERR_FILENO, STDERR_FILENO); /* until here, errors went to the starter's terminal */
}

/* -errno */
static int send_state(const char *path, const char *state)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd, rc = 0;

	if ((*path != '/' && *path != '@') || len >= sizeof(to.sun_path))
		return -EINVAL;
	memcpy(to.sun_path, path, len);
	if (*path == '@')
		to.sun_path[0] = '\0'; /* an abstract name */
	len += offsetof(struct sockaddr_un, sun_path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to, (socklen_t)len) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

void become_notify(const struct log *log, const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	int rc = path ? send_state(path, state) : 0;

	if (rc < 0)
		log_warn(log, "iscsid", "cannot send iscsid's state %s to the service manager (systemd, $NOTIFY_SOCKET): %s",
			state, strerror(-rc));
}

static bool file_has_name(int fd, const char *path)
{
	struct stat file, named;

	return fstat(fd, &file) == 0 && stat(path, &named) == 0 && file.st_dev == named.st_dev && file.st_ino == named.st_ino;
}

/*
 * The lock decides whether another iscsid is running, not the number in the file: a lock ends with its holder, while the number
 * may be left over from one that was killed. The file is not truncated before it is locked, because it may belong to the other
 * iscsid.
 */
int become_pid_file(const char *pid_file, int *out, struct err *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char text[24];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid()), fd, errnum;

	for (;;) {
		fd = open(pid_file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (fd < 0)
			return err_sys(err, MISCSI_ERR_INTERNAL, errno,
				"cannot create the process id file %s (choose another one with -p)", pid_file);
		if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
			close(fd);
			return err_set(err, MISCSI_ERR_INTERNAL,
				"another iscsid is running, since it has locked the process id file %s: stop that one first",
				pid_file);
		}
		if (file_has_name(fd, pid_file))
			break;
		close(fd); /* its last owner removed it between our open and our lock */
	}
	errno = 0; /* a short write leaves it as it is */
	if (ftruncate(fd, 0) < 0 || write(fd, text, (size_t)len) != len) {
		errnum = errno ? errno : EIO;
		close(fd);
		return err_sys(err, MISCSI_ERR_INTERNAL, errnum, "cannot write the process id file %s", pid_file);
	}
	*out = fd;
	return 0;
}

void become_pid_file_remove(const char *pid_file, int fd)
{
	if (fd < 0)
		return;
	unlink(pid_file); /* while it is locked: afterwards it may belong to the next iscsid */
	close(fd);
}

void become_many_files(const struct log *log)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		log_debug(log, "iscsid",
			"cannot raise iscsid's limit of open files (RLIMIT_NOFILE), so with many sessions a logout may wait for "
			"its time-out: %s",
			strerror(errno));
}

#define STACK_RESERVE (64 * 1024)

/* The pages of the stack below this call are in memory from now on. */
static __attribute__((noinline)) void reserve_stack(void)
{
	volatile char room[STACK_RESERVE];

	for (size_t i = 0; i < sizeof(room); i += 512)
		room[i] = 0;
}

/*
 * Pages are locked when they are first touched: a page of the heap or of a stack then comes without a disk. Code does not; see
 * become_keep_code(). PR_SET_IO_FLUSHER lets the kernel find a page for us without waiting for writes, which may be those to a
 * lost disk. Threads and forks inherit it, and what the OOM killer is told.
 */
void become_resident(const struct log *log)
{
	static const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY }; /* in place of CAP_IPC_LOCK */
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (write(fd, "-1000", 5) != 5)
			log_debug(log, "iscsid",
				"cannot protect iscsid from the OOM killer (/proc/self/oom_score_adj), which may end it if "
				"memory runs out: %s",
				strerror(errno));
		close(fd);
	}
	if (prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) < 0)
		log_debug(log, "iscsid",
			"cannot mark iscsid as needed for disk I/O (PR_SET_IO_FLUSHER), so an allocation of memory may wait for "
			"a lost disk: %s",
			strerror(errno));
	if (setrlimit(RLIMIT_MEMLOCK, &all) < 0 || mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		log_debug(log, "iscsid",
			"cannot lock iscsid's memory (RLIMIT_MEMLOCK), which the kernel may then swap out to a lost disk: %s",
			strerror(errno));
	reserve_stack();
}

/* Libraries that only load kernel modules, which no recovery does: nearly a megabyte. */
static bool is_spared(const char *library)
{
	static const char *const spared[] = { "/libkmod.so", "/libzstd.so", "/liblzma.so" };

	for (size_t i = 0; i < ARRAY_SIZE(spared); i++)
		if (strstr(library, spared[i]))
			return true;
	return false;
}

struct keeping {
	unsigned long long loaded; /* how many objects were ever loaded; 0: not looked at yet */
	const struct log *log;
};

/* Unlike mlockall() above, mlock() reads the pages now. */
static int keep_object(struct dl_phdr_info *object, size_t size, void *arg)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	struct keeping *k = arg;

	(void)size;
	if (object->dlpi_adds == k->loaded)
		return 1;
	for (unsigned i = 0; i < object->dlpi_phnum && !is_spared(object->dlpi_name); i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + part->p_vaddr, at = start & ~(page - 1);

		if (part->p_type == PT_LOAD && mlock((void *)at, start + part->p_memsz - at) < 0)
			log_debug(k->log, "iscsid",
				"cannot lock the code of %s in memory, so a recovery may have to read it from a lost disk: %s",
				object->dlpi_name, strerror(errno));
	}
	return 0;
}

static int count_loaded(struct dl_phdr_info *object, size_t size, void *arg)
{
	unsigned long long *loaded = arg;

	(void)size;
	*loaded = object->dlpi_adds;
	return 1;
}

void become_keep_code(unsigned long long *loaded, const struct log *log)
{
	struct keeping k = { .loaded = *loaded, .log = log };

	if (dl_iterate_phdr(keep_object, &k) == 0)
		dl_iterate_phdr(count_loaded, loaded);
}

/*
 * madvise() fails with EINVAL on locked pages, so those of the heap are unlocked for a moment; the kernel forgets nothing meanwhile
 * but what malloc_trim() gives back. The reserve is touched again: what a recovery needs first is there.
 */
void become_trim(const void *heap)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const char *start = (const char *)(((uintptr_t)heap + page - 1) & ~(page - 1));
	volatile char *reserve;

	munlock(start, (size_t)((char *)sbrk(0) - start));
	malloc_trim(BECOME_HEAP_RESERVE);
	mlock2(start, (size_t)((char *)sbrk(0) - start), MLOCK_ONFAULT);
	reserve = x_zalloc(BECOME_HEAP_RESERVE / 2);
	for (size_t i = 0; reserve && i < BECOME_HEAP_RESERVE / 2; i += 512)
		reserve[i] = 0;
	x_free((void *)reserve);
}
