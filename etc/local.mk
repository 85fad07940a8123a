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

# systemd's units and what they run, with --with-systemdsystemunitdir=DIR.
units_generated = etc/iscsid.service etc/iscsi-init.service etc/iscsi.service etc/iscsi-onboot.service \
	etc/iscsi-shutdown.service etc/iscsi-shutdown-early.service
EXTRA_DIST += etc/iscsid.socket etc/iscsi-init etc/iscsi-shutdown etc/70-miscsi.rules $(units_generated:=.in)
dist_man_MANS += doc/man/miscsi.units.7
if WITH_UNITS
systemdsystemunit_DATA = etc/iscsid.socket
nodist_systemdsystemunit_DATA = $(units_generated)
nodist_pkglibexec_SCRIPTS = etc/iscsi-init etc/iscsi-shutdown
udevrulesdir = $(udevdir)/rules.d
udevrules_DATA = etc/70-miscsi.rules
CLEANFILES += $(units_generated)
$(units_generated): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) etc && sed -e 's,@sbindir[@],$(sbindir),' -e 's,@pkglibexecdir[@],$(pkglibexecdir),' \
		-e 's,@homedir[@],$(homedir),' -e 's,@databasedir[@],$(databasedir),' $< >$@
endif
