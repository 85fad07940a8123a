# SPDX-License-Identifier: GPL-2.0-or-later
# plugins/cxgbi: built with the public header alone, as a plugin from elsewhere would be
plugins_LTLIBRARIES += cxgbi.la
cxgbi_la_SOURCES = plugins/cxgbi/cxgbi.c
cxgbi_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
cxgbi_la_LDFLAGS = -module $(AM_LDFLAGS) $(PLUGIN_LDFLAGS)
dist_man_MANS += doc/man/miscsi-cxgbi.7
