/* SPDX-License-Identifier: GPL-2.0-or-later */
/* peak FILE PROGRAM [WORD]...: runs the program, and writes its largest resident size in KiB to FILE. A shell's own would count as well. */
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv)
{
	struct rusage usage;
	FILE *f = argc > 2 ? fopen(argv[1], "w") : NULL;
	int status = 0;
	pid_t pid;

	if (!f || posix_spawn(&pid, argv[2], NULL, NULL, argv + 2, environ) || waitpid(pid, &status, 0) != pid ||
		getrusage(RUSAGE_CHILDREN, &usage))
		return 125;
	fprintf(f, "%ld\n", usage.ru_maxrss);
	return fclose(f) || !WIFEXITED(status) ? 125 : WEXITSTATUS(status);
}
