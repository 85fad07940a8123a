# SPDX-License-Identifier: GPL-2.0-or-later
# proto: iSCSI without I/O: PDUs, text keys, negotiation, CHAP, login, SendTargets, names and portals. Includes only base.
libcore_a_SOURCES += core/proto/iscsi_proto.h core/proto/pdu.h core/proto/text.h core/proto/keys.def \
	core/proto/key.h core/proto/negotiate.h core/proto/chap.h core/proto/login.h core/proto/sendtargets.h core/proto/inquiry.h \
	core/proto/name.h core/proto/portal.h core/proto/isns.h core/proto/isns_event.h core/proto/isns_event.c \
	core/proto/pdu.c core/proto/pdu_reader.c core/proto/text.c core/proto/key.c core/proto/negotiate.c \
	core/proto/chap.c core/proto/login.c core/proto/login_status.c core/proto/sendtargets.c core/proto/inquiry.c \
	core/proto/name.c core/proto/bootp.c core/proto/bootp.h core/proto/portal.c core/proto/isns.c core/proto/digest.h
if STATIC_PROGRAM
libcore_a_SOURCES += core/proto/digest_static.c
else
libcore_a_SOURCES += core/proto/digest.c
endif
