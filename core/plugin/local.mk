# core/plugin: the loader, the gate, the life of ops, what plugins may call, and what they get by default.
libcore_a_SOURCES += core/plugin/transport.h core/plugin/transport.c core/plugin/private.h core/plugin/load.h core/plugin/load.c \
	core/plugin/merge.c core/plugin/op.c core/plugin/services.c core/plugin/kernel.c core/plugin/defaults.h core/plugin/defaults.c \
	core/plugin/kdefaults.c core/plugin/catalogue.h core/plugin/catalogue.c core/plugin/info.h core/plugin/info.c core/plugin/hosts.h core/plugin/hosts.c
# what the kernel serves by requests of its own
libcore_a_SOURCES += core/plugin/krequest.h core/plugin/krequest.c core/plugin/kencode.h core/plugin/kencode.c \
	core/plugin/kflash.c core/plugin/kchap.c core/plugin/kiface.c core/plugin/path.c
# what is to be ready before an adapter connects
libcore_a_SOURCES += core/plugin/hold.h core/plugin/uio.h core/plugin/uio.c core/plugin/address.h core/plugin/address.c core/plugin/prepare.h \
	core/plugin/prepare.c
