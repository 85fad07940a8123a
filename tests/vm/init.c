/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first process of a test guest. It carries out the steps that tests/vm/vm wrote into a file: one a line, words separated by
 * tabs. One static program and no shell, because forks are slow in such a guest and a bare root holds little to start. As a
 * process like any other (--native) it does the same in a mount namespace of its own.
 *
 * Steps: mkdir DIR · mount TYPE SOURCE DIR [OPTIONS] · try STEP… (a failure is no matter) · insmod FILE [PARAMETERS] · root DIR ·
 * cd DIR · env NAME VALUE · lo (loopback up) · hostname NAME · out FILE · rc FILE · run COMMAND…
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS 64

static const char *out_file = "/dev/console";
static const char *rc_file;

/* Like mkdir -p. */
static int step_mkdir(char **w)
{
	char *path = w[1];

	for (char *p = path + 1; *p; p++)
		if (*p == '/') {
			*p = '\0';
			(void)mkdir(path, 0755);
			*p = '/';
		}
	return mkdir(path, 0755) && errno != EEXIST ? -1 : 0;
}

static int step_mount(char **w)
{
	const char *opts = w[4] ? w[4] : "";
	unsigned long flags = 0;

	if (!strncmp(opts, "ro", 2) && (opts[2] == ',' || !opts[2])) {
		flags = MS_RDONLY;
		opts += opts[2] ? 3 : 2;
	}
	if (!strcmp(w[1], "bind"))
		return mount(w[2], w[3], NULL, MS_BIND | MS_REC, NULL);
	return mount(w[2], w[3], w[1], flags, opts);
}

static int step_insmod(char **w)
{
	int fd = open(w[1], O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -1;
	ret = (int)syscall(SYS_finit_module, fd, w[2] ? w[2] : "", 0);
	if (ret && errno == EEXIST)
		ret = 0;
	close(fd);
	return ret;
}

/* As pid 1 this moves the kernel's threads along, who share our root: request_module() finds the new root's modprobe. */
static int step_root(char **w)
{
	if (chdir(w[1]))
		return -1;
	if (getpid() == 1 && mount(".", "/", NULL, MS_MOVE, NULL))
		return -1;
	return chroot(".") || chdir("/") ? -1 : 0;
}

static int step_cd(char **w)
{
	return chdir(w[1]);
}

static int step_env(char **w)
{
	return setenv(w[1], w[2] ? w[2] : "", 1);
}

static int step_lo(char **w)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret = fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &r);

	(void)w;
	if (fd >= 0)
		close(fd);
	return ret;
}

static int step_hostname(char **w)
{
	return sethostname(w[1], strlen(w[1]));
}

static int step_out(char **w)
{
	out_file = strdup(w[1]);
	return out_file ? 0 : -1;
}

static int step_rc(char **w)
{
	rc_file = strdup(w[1]);
	return rc_file ? 0 : -1;
}

static void child(char **command)
{
	int in = open("/dev/null", O_RDONLY);
	int out = open(out_file, O_WRONLY | O_CREAT | O_APPEND, 0644);

	if (in < 0 || out < 0)
		_exit(126);
	setsid();
	dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	if (in > 2)
		close(in);
	if (out > 2)
		close(out);
	execvp(command[0], command);
	perror(command[0]);
	_exit(127);
}

/* Runs the command and waits for it, burying whatever else dies meanwhile; its status goes into the rc file. */
static int step_run(char **w)
{
	pid_t pid = fork();
	int status = 0;

	if (pid < 0)
		return -1;
	if (pid == 0)
		child(w + 1);
	for (;;) {
		pid_t dead = wait(&status);
		if (dead == pid)
			break;
		if (dead < 0 && errno != EINTR)
			return -1;
	}
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (rc_file) {
		FILE *f = fopen(rc_file, "we");
		if (!f || fprintf(f, "%d\n", status) < 0 || fclose(f))
			return -1;
	}
	return 0;
}

static const struct step {
	const char *name;
	int (*run)(char **words);
	int least;
} steps[] = {
	{ "mkdir", step_mkdir, 2 },
	{ "mount", step_mount, 4 },
	{ "insmod", step_insmod, 2 },
	{ "root", step_root, 2 },
	{ "cd", step_cd, 2 },
	{ "env", step_env, 2 },
	{ "lo", step_lo, 1 },
	{ "hostname", step_hostname, 2 },
	{ "out", step_out, 2 },
	{ "rc", step_rc, 2 },
	{ "run", step_run, 2 },
};

/* A word may hold \t, \n and \\ in place of what they mean. */
static void unescape(char *word)
{
	char *to = word;

	for (; *word; word++) {
		if (*word == '\\' && word[1]) {
			word++;
			*to++ = *word == 't' ? '\t' : *word == 'n' ? '\n' : *word;
		} else {
			*to++ = *word;
		}
	}
	*to = '\0';
}

static int line_run(char *line)
{
	char *w[WORDS + 1] = { 0 };
	char **first = w;
	int n = 0, ret = -1;

	line[strcspn(line, "\n")] = '\0';
	for (char *p; n < WORDS && (p = strsep(&line, "\t")); n++) {
		unescape(p);
		w[n] = p;
	}
	if (n == WORDS) {
		fprintf(stderr, "init: more than %d words\n", WORDS - 1);
		return -1;
	}
	if (!strcmp(w[0], "try")) {
		first++;
		n--;
	}
	errno = EINVAL;
	for (size_t i = 0; n && i < sizeof(steps) / sizeof(*steps); i++)
		if (!strcmp(first[0], steps[i].name) && n >= steps[i].least)
			ret = steps[i].run(first);
	if (ret && first == w)
		fprintf(stderr, "init: %s %s %s: %s\n", w[0], n > 1 ? w[1] : "", n > 2 ? w[2] : "", strerror(errno));
	return first == w ? ret : 0;
}

int main(int argc, char **argv)
{
	const char *file = "/steps";
	char *line = NULL;
	size_t size = 0;
	int ret = 0;
	FILE *f;

	for (int i = argc - 1; i > 0; i--) /* the kernel hands on what it does not know itself, too */
		if (argv[i][0] == '/')
			file = argv[i];
	f = fopen(file, "re");
	if (!f)
		perror("init: steps");
	while (f && ret == 0 && getline(&line, &size, f) > 0)
		ret = line_run(line);
	if (getpid() != 1)
		return ret ? 125 : 0;
	sync();
	reboot(RB_POWER_OFF);
	return 0;
}
