/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ISID of a session (RFC 7143 section 11.12.5), a pure function of the names that the session's record has: the target sees
 * the same initiator port after a reboot, so that persistent reservations outlive it.
 */
#ifndef LINK_ISID_H
#define LINK_ISID_H

#include <stdint.h>

#define ISID_LEN 6

struct isid_source {
	const char *initiator, *iface; /* the initiator's name; the iface's */
	const char *address; /* the portal, as in the record: not where a redirection leads */
	uint16_t port;
};

/*
 * Type 10b (random): 24 bits of initiator and iface, and as the qualifier 16 bits of the portal, plus nth. The owner of the sessions
 * chooses the lowest nth whose ISID no other session with the same target has.
 */
void isid_of(const struct isid_source *from, unsigned nth, uint8_t isid[ISID_LEN]);

#endif
