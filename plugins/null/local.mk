# SPDX-License-Identifier: GPL-2.0-or-later
# plugins/null: built always, installed never. -rpath makes libtool build a shared object of what is not installed.
noinst_LTLIBRARIES += null.la
null_la_SOURCES = plugins/null/null.c plugins/null/store.c plugins/null/store.h
null_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
null_la_LDFLAGS = -module $(AM_LDFLAGS) $(PLUGIN_LDFLAGS) -rpath $(pluginsdir)
