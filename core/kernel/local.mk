# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: the kernel's interface. Requests and events over NETLINK_ISCSI, sysfs, modules, scans.
libcore_a_SOURCES += \
	core/kernel/attrs.c core/kernel/attrs.h \
	core/kernel/bsg.c core/kernel/bsg.h \
	core/kernel/conn_errors.def core/kernel/iscsi_if.h core/kernel/requests.def \
	core/kernel/events.c core/kernel/events.h \
	core/kernel/identity.c core/kernel/identity.h \
	core/kernel/exchange.c core/kernel/multicast.c \
	core/kernel/job.c core/kernel/job.h core/kernel/job_state.h \
	core/kernel/kernel.c core/kernel/kernel.h \
	core/kernel/kmod.c core/kernel/kmod.h \
	core/kernel/kparams.c core/kernel/kparams.h \
	core/kernel/ktransport.c core/kernel/ktransport.h \
	core/kernel/netlink.c core/kernel/netlink.h \
	core/kernel/openers.h \
	core/kernel/requester.c core/kernel/requester.h \
	core/kernel/requests.c core/kernel/requests.h \
	core/kernel/scan.c core/kernel/scan.h \
	core/kernel/sysfs.c core/kernel/sysfs.h \
	core/kernel/tcp_diag.c core/kernel/tcp_diag.h \
	core/kernel/uevent.c core/kernel/uevent.h core/kernel/modprobe.h
if STATIC_PROGRAM
libcore_a_SOURCES += core/kernel/modprobe_static.c
else
libcore_a_SOURCES += core/kernel/modprobe.c core/kernel/openers.c
endif
libcore_a_SOURCES += core/kernel/netwatch.h core/kernel/netwatch.c
libcore_a_SOURCES += core/kernel/route.h core/kernel/route.c
libcore_a_SOURCES += core/kernel/macvlan.h core/kernel/macvlan.c core/kernel/interface.h core/kernel/interface.c
