/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into user-mode Linux on machines whose XSAVE area is larger than its buffer (a CPU with AMX): the register-set
 * requests fail, so it falls back to FXSAVE. AVX registers are then not kept: tests/vm/vm tells the guest's libc and libcrypto to
 * leave them alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/ptrace.h>
#include <sys/types.h>

long ptrace(enum __ptrace_request request, ...)
{
	static long (*real)(int, ...);
	va_list ap;
	pid_t pid;
	void *addr, *data;

	va_start(ap, request);
	pid = va_arg(ap, pid_t);
	addr = va_arg(ap, void *);
	data = va_arg(ap, void *);
	va_end(ap);
	if (request == PTRACE_GETREGSET || request == PTRACE_SETREGSET) {
		errno = EIO;
		return -1;
	}
	if (!real)
		real = (long (*)(int, ...))dlsym(RTLD_NEXT, "ptrace");
	return real(request, pid, addr, data);
}
