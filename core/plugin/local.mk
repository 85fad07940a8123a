# core/plugin: what the build needs to know of this folder
libcore_a_SOURCES += core/plugin/transport.h
