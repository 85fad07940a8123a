# SPDX-License-Identifier: LGPL-2.1-or-later
# include: what the build needs to know of this folder
miscsiincludedir = $(includedir)/miscsi
miscsiinclude_HEADERS = include/miscsi/errors.def include/miscsi/errors.h include/miscsi/plugin.h include/miscsi/core.h \
	include/miscsi/ops.h include/miscsi/adapter.h include/miscsi/kernel.h include/miscsi/numbers.h include/miscsi/macros.h include/miscsi/kparams.def \
	include/miscsi/traits.h include/miscsi/field.h
pkgconfigdir = $(libdir)/pkgconfig
nodist_pkgconfig_DATA = include/miscsi-plugin.pc
