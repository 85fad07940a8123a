# proto: iSCSI without I/O: PDUs, text keys, negotiation, CHAP, login, SendTargets, names and portals. Includes only base.
libcore_a_SOURCES += core/proto/iscsi_proto.h core/proto/pdu.h core/proto/text.h core/proto/keys.def \
	core/proto/negotiate.h core/proto/chap.h core/proto/login.h core/proto/sendtargets.h \
	core/proto/names.h core/proto/portal.h
