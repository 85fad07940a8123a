# SPDX-License-Identifier: GPL-2.0-or-later
# The conformance kit for plugins, which is installed: miscsi-plugin-check.
bin_PROGRAMS += miscsi-plugin-check
miscsi_plugin_check_SOURCES = tests/kit/clauses.def tests/kit/kit.h tests/kit/main.c tests/kit/elf_rules.c tests/kit/world.c tests/kit/ops.c tests/kit/fields.c
miscsi_plugin_check_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
miscsi_plugin_check_LDADD = $(core_libs)
dist_man_MANS += doc/man/miscsi-plugin-check.1 doc/man/miscsi-plugin.3 doc/man/miscsi-new-plugin.1
# for a repository of a plugin's own
dist_bin_SCRIPTS = plugins/miscsi-new-plugin
