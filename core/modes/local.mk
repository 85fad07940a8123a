# SPDX-License-Identifier: GPL-2.0-or-later
# core/modes: what the build needs to know of this folder
# modes: what each mode of iscsiadm does, giving data and printing nothing.
libcore_a_SOURCES += core/modes/daemon_start.c core/modes/daemon_start.h core/modes/discovery_mode.c \
	core/modes/discovery_mode.h core/modes/discovery_mode_perform.c \
	core/modes/discovery_mode_private.h core/modes/iface_mode.c core/modes/iface_mode.h core/modes/login.c \
	core/modes/login.h core/modes/login_leading.c core/modes/node_mode.c core/modes/node_mode.h core/modes/session_mode.c \
	core/modes/session_mode.h core/modes/stats.c core/modes/stats.h core/modes/context.c core/modes/context.h
libcore_a_SOURCES += core/modes/firmware_mode.h core/modes/firmware_mode.c core/modes/boot.h core/modes/boot.c core/modes/boot_network.h core/modes/boot_network.c
libcore_a_SOURCES += core/modes/plugin_settings.h core/modes/plugin_settings.c core/modes/first_error.h core/modes/logout.c
libcore_a_SOURCES += core/modes/host_mode.c core/modes/host_mode.h core/modes/adapter_iface.c core/modes/adapter_iface.h
