# core/modes: what the build needs to know of this folder
libcore_a_SOURCES += core/modes/transport.h core/modes/transport.c
