/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reply of a BOOTP or DHCP server (RFC 951, 2131, 2132), as firmware leaves it, with the root path of an iSCSI boot (RFC 4173).
 *
 * It came from the network: texts are cut at their first zero, and the caller checks each as it checks any other value.
 */
#ifndef PROTO_BOOTP_H
#define PROTO_BOOTP_H

#include <stdbool.h>
#include <stddef.h>

#define BOOTP_TEXT_MAX 256 /* of an option: 255 bytes at most */

/* "" : the reply does not have it */
struct bootp {
	char address[16], subnet_mask[16], router[16]; /* of this machine */
	char initiator[BOOTP_TEXT_MAX];
	/* "iscsi:" server ":" protocol ":" port ":" LUN ":" target */
	char server[BOOTP_TEXT_MAX], port[BOOTP_TEXT_MAX], lun[BOOTP_TEXT_MAX], target[BOOTP_TEXT_MAX];
};

/* From the op field on. false: it is not a reply that gives this machine an address. */
bool bootp_parse(struct bootp *out, const void *bytes, size_t len);

#endif
