/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ISID of a session (RFC 7143 section 11.12.5), a pure function of the kernel's session id and a salt that is constant as
 * long as this kernel runs: a restarted daemon computes the same ISID, although the kernel does not store it.
 */
#ifndef LINK_ISID_H
#define LINK_ISID_H

#include <stdint.h>

#define ISID_LEN 6

/* Type 10b (random): 24 bits of salt, mixed with the high half of the sid, and the low half of the sid as the qualifier. */
void isid_of(uint64_t salt, uint32_t sid, uint8_t isid[ISID_LEN]);

/* Computes the salt of the running kernel from a text such as /proc/sys/kernel/random/boot_id. */
uint64_t isid_salt(const char *boot_id);

#endif
