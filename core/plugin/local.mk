# core/plugin: the loader, the gate, the life of ops, what plugins may call, and what they get by default.
libcore_a_SOURCES += core/plugin/transport.h core/plugin/transport.c core/plugin/private.h core/plugin/load.h core/plugin/load.c \
	core/plugin/merge.c core/plugin/op.c core/plugin/services.c core/plugin/kernel.c core/plugin/defaults.h core/plugin/defaults.c \
	core/plugin/kdefaults.c core/plugin/info.h core/plugin/info.c core/plugin/hosts.c
