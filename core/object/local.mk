# SPDX-License-Identifier: GPL-2.0-or-later
# object: the things that modes show and change.
libcore_a_SOURCES += core/object/session_info.h core/object/session_info.c
libcore_a_SOURCES += core/object/host.h core/object/host.c core/object/adapter.h core/object/adapter.c
libcore_a_SOURCES += core/object/firmware.def core/object/firmware.h core/object/firmware.c core/object/openfirmware.h core/object/openfirmware.c
# needs libpci: for programs that link it
if !STATIC_PROGRAM
libcore_a_SOURCES += core/object/pci.h core/object/pci.c core/object/pci_adapter.h core/object/pci_adapter.c
endif
