# kernel: the kernel's interface. Requests and events over NETLINK_ISCSI, sysfs, modules, scans.
libcore_a_SOURCES += core/kernel/iscsi_if.h core/kernel/requests.def core/kernel/kparams.def core/kernel/conn_errors.def \
	core/kernel/netlink.h core/kernel/kernel.h core/kernel/job.h core/kernel/events.h core/kernel/sysfs.h \
	core/kernel/kmod.h core/kernel/ktransport.h core/kernel/scan.h
