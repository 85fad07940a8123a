# SPDX-License-Identifier: GPL-2.0-or-later
# plugins/iser: built with the public header alone, as a plugin from elsewhere would be
plugins_LTLIBRARIES += iser.la
iser_la_SOURCES = plugins/iser/iser.c
iser_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
iser_la_LDFLAGS = -module $(AM_LDFLAGS) $(PLUGIN_LDFLAGS)
dist_man_MANS += doc/man/miscsi-iser.7
