# SPDX-License-Identifier: GPL-2.0-or-later
# core/plugin: the loader, the gate, the life of ops, what plugins may call, and what they get by default.
libcore_a_SOURCES += core/plugin/private.h core/plugin/plugins.h core/plugin/plugins.c core/plugin/load.h core/plugin/load.c core/plugin/dirs.h core/plugin/dirs.c \
	core/plugin/abi.h core/plugin/abi.c core/plugin/catalogue.h core/plugin/catalogue.c core/plugin/transport.h core/plugin/transport.c \
	core/plugin/op.h core/plugin/op.c core/plugin/op_work.h core/plugin/op_work.c core/plugin/elf.h core/plugin/elf.c core/plugin/elf_tables.h core/plugin/elf_tables.c \
	core/plugin/trust.h core/plugin/trust.c core/plugin/request.h core/plugin/request.c core/plugin/hosts.h core/plugin/hosts.c \
	core/plugin/thread.h core/plugin/thread.c core/plugin/report.h core/plugin/report.c core/plugin/known.h core/plugin/known.c core/plugin/dl.h \
	core/plugin/fields.h core/plugin/fields.c core/plugin/trial.h core/plugin/trial.c core/plugin/state_dir.h core/plugin/state_dir.c
if STATIC_PROGRAM
libcore_a_SOURCES += core/plugin/dl_static.c
else
libcore_a_SOURCES += core/plugin/dl.c
endif
# what the kernel serves by requests of its own
libcore_a_SOURCES += core/plugin/defaults.h core/plugin/defaults.c core/plugin/ops.def core/plugin/endpoint.def \
	core/plugin/endpoint.h core/plugin/endpoint.c core/plugin/krequest.h core/plugin/krequest.c core/plugin/kencode.h \
	core/plugin/kencode.c core/plugin/kflash.c core/plugin/kchap.c core/plugin/knet.c core/plugin/khost.c core/plugin/kstats.c \
	core/plugin/path.c
# what an adapter needs before it connects
libcore_a_SOURCES += core/plugin/resources.h core/plugin/resources.c core/plugin/uio.h core/plugin/uio.c core/plugin/address.h \
	core/plugin/address.c
