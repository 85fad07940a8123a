# base: errors, memory, log, event loop, workers, lists, strings, files. Knows nothing of iSCSI.
libcore_a_SOURCES += core/base/err.h core/base/mem.h core/base/log.h core/base/loop.h core/base/worker.h \
	core/base/list.h core/base/strbuf.h core/base/file.h
