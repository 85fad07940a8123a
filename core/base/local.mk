# SPDX-License-Identifier: GPL-2.0-or-later
# base: errors, memory, log, event loop, workers, lists, strings, files. Knows nothing of iSCSI.
libcore_a_SOURCES += core/base/err.h core/base/mem.h core/base/log.h core/base/loop.h core/base/worker.h core/base/helper.h \
	core/base/list.h core/base/clock.h core/base/strbuf.h core/base/utf8.h core/base/ascii.h core/base/file.h core/base/timers.h \
	core/base/err.c core/base/mem.c core/base/log.c core/base/loop.c core/base/timers.c core/base/worker.c core/base/helper.c \
	core/base/strbuf.c core/base/utf8.c core/base/file.c core/base/dir.h core/base/dir.c \
	core/base/resolve.h core/base/resolve.c core/base/fsm.h core/base/fsm.c core/base/machine.h
