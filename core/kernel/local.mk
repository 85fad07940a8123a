# kernel: the kernel's interface. Requests and events over NETLINK_ISCSI, sysfs, modules, scans.
libcore_a_SOURCES += core/kernel/iscsi_if.h core/kernel/requests.def core/kernel/kparams.def core/kernel/conn_errors.def \
	core/kernel/netlink.h core/kernel/netlink.c core/kernel/kernel.h core/kernel/kernel.c \
	core/kernel/job.h core/kernel/job.c core/kernel/job_build.c core/kernel/job_state.h core/kernel/exchange.c \
	core/kernel/multicast.c core/kernel/requests.h core/kernel/requests.c core/kernel/kparams.h core/kernel/kparams.c \
	core/kernel/events.h core/kernel/events.c core/kernel/sysfs.h core/kernel/sysfs.c core/kernel/kmod.h core/kernel/kmod.c \
	core/kernel/ktransport.h core/kernel/ktransport.c core/kernel/scan.h core/kernel/scan.c
