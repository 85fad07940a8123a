/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iscsi-iname: prints a new initiator name, made of a prefix and 48 random bits. Writes no file.
 *
 * Packages call it once at installation and write the name to initiatorname.iscsi, so the name must be unique, and valid for
 * every prefix that a distribution chooses.
 */
#include "config.h"

#include "base/err.h"
#include "proto/name.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/random.h>

/* The prefix of open-iscsi, which miscsi replaces. Distributions set their own. */
#ifndef INAME_PREFIX
#define INAME_PREFIX "iqn.2016-04.com.open-iscsi"
#endif

static const struct option longs[] = {
	{ "prefix", required_argument, NULL, 'p' },
	{ "generate", no_argument, NULL, 'g' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static void iname_usage(FILE *to)
{
	fprintf(to,
		"iscsi-iname [-p prefix] [-g]\n\n"
		"  -p, --prefix=prefix  prefix of the name [%s]\n"
		"  -g, --generate       print a complete line for initiatorname.iscsi\n"
		"  -h, --help           print this and exit\n"
		"  -V, --version        print the version and exit\n",
		INAME_PREFIX);
}

/* Checks the name, since targets would refuse an invalid one. */
static int print_name(const char *prefix, bool line)
{
	struct err err = ERR_INIT;
	unsigned char random[6];
	char name[256];
	int n;

	/* Waits for the random pool of a machine that has just booted, since two equal names would share sessions. */
	while (getrandom(random, sizeof(random), 0) != sizeof(random)) {
		if (errno != EINTR) {
			perror("iscsi-iname: cannot get random numbers for the name from the kernel");
			return MISCSI_ERR_GENERIC;
		}
	}
	n = snprintf(name, sizeof(name), "%s:%02x%02x%02x%02x%02x%02x", prefix, random[0], random[1], random[2], random[3],
		random[4], random[5]);
	if (n < 0 || (size_t)n >= sizeof(name) || name_check(name, (size_t)n, &err) < 0) {
		fprintf(stderr, "iscsi-iname: the prefix '%s' (-p) does not form an iSCSI name: %s\n", prefix,
			*err.text ? err.text : "the name would be longer than 223 bytes");
		return MISCSI_ERR_INVAL;
	}
	printf("%s%s\n", line ? "InitiatorName=" : "", name);
	return fflush(stdout) ? MISCSI_ERR_GENERIC : 0;
}

int main(int argc, char **argv)
{
	const char *prefix = INAME_PREFIX;
	bool line = false;
	int c;

	while ((c = getopt_long(argc, argv, "p:ghV", longs, NULL)) != -1) {
		switch (c) {
		case 'p':
			prefix = optarg;
			break;
		case 'g':
			line = true;
			break;
		case 'h':
			iname_usage(stdout);
			return 0;
		case 'V':
			printf("iscsi-iname version %s\n", PACKAGE_VERSION);
			return 0;
		default:
			iname_usage(stderr);
			return MISCSI_ERR_INVAL;
		}
	}
	if (optind < argc) {
		iname_usage(stderr);
		return MISCSI_ERR_INVAL;
	}
	return print_name(prefix, line);
}
