# core/modes: what the build needs to know of this folder
libcore_a_SOURCES += core/modes/transport.h core/modes/transport.c
# modes: what each mode of iscsiadm does, giving data and printing nothing.
libcore_a_SOURCES += core/modes/daemon_start.c core/modes/daemon_start.h core/modes/discovery.c \
	core/modes/discovery.h core/modes/discovery_keep.c core/modes/discovery_perform.c \
	core/modes/discovery_private.h core/modes/iface.c core/modes/iface.h core/modes/login.c \
	core/modes/login.h core/modes/login_leading.c core/modes/node.c core/modes/node.h core/modes/session.c \
	core/modes/session.h core/modes/stats.c core/modes/stats.h core/modes/world.c core/modes/world.h
libcore_a_SOURCES += core/modes/firmware.h core/modes/firmware.c
libcore_a_SOURCES += core/modes/first.h core/modes/logout.c
libcore_a_SOURCES += core/modes/host.c core/modes/host.h core/modes/adapter_iface.c core/modes/adapter_iface.h
