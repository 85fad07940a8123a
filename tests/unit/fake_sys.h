/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A made-up /sys in a temporary directory, with sessions in it, linked as Linux links its classes. Failures
 * end the test. */
#ifndef FAKE_SYS_H
#define FAKE_SYS_H

#include "kernel/sysfs.h"

struct fake_sys {
	char dir[64];
	struct sysfs sysfs; /* its root, open */
};

struct fake_lun {
	unsigned lun;
	const char *disk; /* NULL: no disk */
};

/* What is not set is as of a tcp session that is logged in. */
struct fake_session {
	unsigned sid, host;
	const char *target, *address, *port; /* address: also persistent */
	const char *tpgt, *iface, *proc_name, *state, *conn_state, *dev_state, *username, *password, *netdev;
	const struct fake_lun *luns; /* ended by one whose lun is FAKE_LUN_END; NULL: none */
};

#define FAKE_LUN_END 0xffffffffu

void fake_sys_new(struct fake_sys *s);
void fake_sys_free(struct fake_sys *s); /* removes all */
/* One for each test: *state is a struct fake_sys. */
int fake_sys_setup(void **state);
int fake_sys_teardown(void **state);
/* A file with its folders; text as it is. */
void fake_sys_write(struct fake_sys *s, const char *text, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void fake_sys_bytes(struct fake_sys *s, const void *bytes, size_t len, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void fake_sys_link(struct fake_sys *s, const char *to, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void fake_sys_remove(struct fake_sys *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void fake_sys_transport(struct fake_sys *s, const char *name);
void fake_sys_session(struct fake_sys *s, const struct fake_session *session);

#endif
