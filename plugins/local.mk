# SPDX-License-Identifier: GPL-2.0-or-later
# What the plugins serve, from their own tables: installed beside them, and there when a plugin is not. It is made by running a program of
# the build; where that cannot run, there is no such file, and a lack is named by its transport alone.
if RUNS_HERE
noinst_PROGRAMS += plugins/adapters
plugins_adapters_SOURCES = plugins/adapters.c
plugins_adapters_CPPFLAGS = $(PLUGIN_CPPFLAGS)
plugins_adapters_LDADD =
nodist_plugins_DATA = miscsi.adapters
CLEANFILES += miscsi.adapters miscsi.adapters.new
miscsi.adapters: plugins/adapters$(EXEEXT) $(plugins_LTLIBRARIES)
	$(AM_V_GEN)plugins/adapters $(plugins_LTLIBRARIES) >$@.new && mv $@.new $@
endif
