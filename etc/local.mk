# SPDX-License-Identifier: GPL-2.0-or-later
# etc: the configuration that is installed. It is made from core/record/fields.def by etc/generate, and checked in.
noinst_PROGRAMS += etc/generate
etc_generate_SOURCES = etc/generate.c etc/conf_text.h etc/conf_text.c
etc_generate_LDADD = $(core_libs)
EXTRA_DIST += etc/iscsid.conf
dist_man_MANS += doc/man/iscsid.conf.5

# `make etc-update` after a change of fields.def.
etc-update: etc/generate
	etc/generate conf >$(srcdir)/etc/iscsid.conf.new && mv $(srcdir)/etc/iscsid.conf.new $(srcdir)/etc/iscsid.conf
	etc/generate man >$(srcdir)/doc/man/iscsid.conf.5.new && mv $(srcdir)/doc/man/iscsid.conf.5.new $(srcdir)/doc/man/iscsid.conf.5

# An administrator's file is never written over, and taken away only when it is still ours.
install-data-local:
	$(MKDIR_P) "$(DESTDIR)$(homedir)"
	test -e "$(DESTDIR)$(homedir)/iscsid.conf" || \
		$(INSTALL) -m 600 "$(srcdir)/etc/iscsid.conf" "$(DESTDIR)$(homedir)/iscsid.conf"
uninstall-local:
	if cmp -s "$(srcdir)/etc/iscsid.conf" "$(DESTDIR)$(homedir)/iscsid.conf"; then \
		rm -f "$(DESTDIR)$(homedir)/iscsid.conf"; fi
.PHONY: etc-update

# systemd's units, with --with-systemdsystemunitdir=DIR.
EXTRA_DIST += etc/iscsid.service.in etc/iscsid.socket
if WITH_UNITS
systemdsystemunit_DATA = etc/iscsid.socket
nodist_systemdsystemunit_DATA = etc/iscsid.service
CLEANFILES += etc/iscsid.service
etc/iscsid.service: etc/iscsid.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) etc && sed 's,@sbindir[@],$(sbindir),' $(srcdir)/etc/iscsid.service.in >$@
endif
