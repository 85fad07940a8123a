# SPDX-License-Identifier: GPL-2.0-or-later
# The simulation: the daemon's objects, linked unchanged. The linker replaces the system calls that they make; kern_wire.c, work.c,
# helpers.c and net.c take the places of core/kernel/netlink.c, core/base/worker.c, core/base/helper.c and core/kernel/tcp_diag.c.
check_PROGRAMS += tests/sim/sim
tests_sim_sim_SOURCES = tests/sim/check.c tests/sim/client.c tests/sim/daemon.c tests/sim/helpers.c tests/sim/kern.c tests/sim/kern_sys.c tests/sim/kern_wire.c \
	tests/sim/main.c tests/sim/net.c tests/sim/os.c tests/sim/os.h tests/sim/os_epoll.c tests/sim/os_files.c tests/sim/plan.c tests/sim/scale.c \
	tests/sim/sim.h tests/sim/target.c tests/sim/work.c tests/sim/world.c plugins/tcp/tcp.c
tests_sim_sim_CPPFLAGS = $(AM_CPPFLAGS) -DPLUGIN_VERSION='"$(PACKAGE_VERSION)"'
EXTRA_DIST += tests/sim/README.md tests/sim/mutants.py
TESTS += tests/sim/sim
tests_sim_sim_LDADD = $(core_libs)
sim_wrap = -Wl,--wrap=close -Wl,--wrap=fcntl -Wl,--wrap=eventfd -Wl,--wrap=socket -Wl,--wrap=connect -Wl,--wrap=setsockopt \
	-Wl,--wrap=getsockopt -Wl,--wrap=send -Wl,--wrap=recv -Wl,--wrap=clock_gettime -Wl,--wrap=malloc_trim -Wl,--wrap=RAND_bytes \
	-Wl,--wrap=getrusage \
	-Wl,--wrap=getaddrinfo -Wl,--wrap=freeaddrinfo -Wl,--wrap=epoll_create1 -Wl,--wrap=epoll_ctl -Wl,--wrap=epoll_wait \
	-Wl,--wrap=open -Wl,--wrap=openat -Wl,--wrap=__openat_2 -Wl,--wrap=read -Wl,--wrap=write -Wl,--wrap=fstat -Wl,--wrap=fsync \
	-Wl,--wrap=fchmod -Wl,--wrap=renameat -Wl,--wrap=unlink -Wl,--wrap=unlinkat -Wl,--wrap=opendir -Wl,--wrap=fdopendir \
	-Wl,--wrap=readdir -Wl,--wrap=closedir -Wl,--wrap=getdents64 -Wl,--wrap=readlinkat -Wl,--wrap=faccessat -Wl,--wrap=getpid \
	-Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=free -Wl,--wrap=fsm_event -Wl,--wrap=usleep
tests_sim_sim_LDFLAGS = $(AM_LDFLAGS) $(sim_wrap)
check_PROGRAMS += tests/sim/tables
tests_sim_tables_SOURCES = tests/sim/tables.c tests/sim/tables.h tests/sim/tables_model.c
tests_sim_tables_LDADD =
TESTS += tests/sim/tables
