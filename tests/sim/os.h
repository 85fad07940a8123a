/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real system calls behind those that the linker replaces (--wrap, see local.mk), for descriptors that are not the world's. */
#ifndef SIM_OS_H
#define SIM_OS_H

#include "base/mem.h"
#include <dirent.h>
#include <netdb.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#define OS_FIRST 1000000 /* the world's descriptors */
#define OS_DESCRIPTORS 1536 /* a session has one */

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_fcntl(int fd, int cmd, ...);
int __wrap_eventfd(unsigned count, int flags);
int __wrap_socket(int family, int type, int protocol);
int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t len, int flags);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
struct rusage;
int __wrap_getrusage(int who, struct rusage *usage);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __real_free(void *at);
void __wrap_free(void *at);
int __wrap_malloc_trim(size_t pad);
int __wrap_usleep(useconds_t us);
pid_t __wrap_getpid(void);
int __wrap_RAND_bytes(unsigned char *bytes, int len);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out);
void __wrap_freeaddrinfo(struct addrinfo *a);

int __wrap_epoll_create1(int flags);
int __wrap_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev);
int __wrap_epoll_wait(int epfd, struct epoll_event *events, int max, int timeout);

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
int __wrap___openat_2(int dir, const char *path, int flags);
ssize_t __real_read(int fd, void *bytes, size_t len);
ssize_t __wrap_read(int fd, void *bytes, size_t len);
ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __real_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st);
int __wrap_fsync(int fd);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_unlink(const char *path);
int __wrap_unlinkat(int dir, const char *path, int flags);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_fdopendir(int fd);
struct dirent *__wrap_readdir(DIR *dir);
int __wrap_closedir(DIR *dir);
ssize_t __wrap_getdents64(int fd, void *buf, size_t size);
ssize_t __wrap_readlinkat(int dir, const char *path, char *buf, size_t size);
int __wrap_faccessat(int dir, const char *path, int mode, int flags);

void os_files_reset(void);
int os_call(void);
void os_return(const int *call);
/* At the beginning of a system call. */
#define OS_CALL cleanup(os_return) const int os_call_now __attribute__((unused)) = os_call()

#endif
