# SPDX-License-Identifier: GPL-2.0-or-later
# plugins/ocs: built with the public header alone, as a plugin from elsewhere would be
plugins_LTLIBRARIES += ocs.la
ocs_la_SOURCES = plugins/ocs/ocs.c
ocs_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
ocs_la_LDFLAGS = -module $(AM_LDFLAGS) $(PLUGIN_LDFLAGS)
dist_man_MANS += doc/man/miscsi-ocs.7
