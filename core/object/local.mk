# object: the things that modes show and change.
libcore_a_SOURCES += core/object/session_info.h core/object/session_info.c
