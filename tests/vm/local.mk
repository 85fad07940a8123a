# SPDX-License-Identifier: GPL-2.0-or-later
# What a guest runs besides the installed programs.
noinst_PROGRAMS += tests/vm/kernel_requests
tests_vm_kernel_requests_SOURCES = tests/vm/kernel_requests.c
tests_vm_kernel_requests_LDADD = $(core_libs)
# By name, not by folder: in the build tree a folder of this name holds objects.
dist-hook:
	$(MKDIR_P) $(distdir)/tests/vm
	cp -p $(srcdir)/tests/vm/vm $(srcdir)/tests/vm/run $(srcdir)/tests/vm/*.py $(srcdir)/tests/vm/*.c $(distdir)/tests/vm
	$(MKDIR_P) $(distdir)/tests/simhba
	cp -p $(srcdir)/tests/simhba/*.[ch] $(srcdir)/tests/simhba/Kbuild $(distdir)/tests/simhba
