# SPDX-License-Identifier: GPL-2.0-or-later
# packaging/boot: what an initramfs needs for a root on iSCSI, with --with-initramfs-tools and --with-dracut.
boot_dir = packaging/boot
boot_generated = $(boot_dir)/boot-login $(boot_dir)/image.sh $(boot_dir)/initramfs-tools/hooks/miscsi \
	$(boot_dir)/initramfs-tools/conf-hooks.d/miscsi $(boot_dir)/initramfs-tools/scripts/local-top/miscsi $(boot_dir)/finalrd/miscsi.finalrd \
	$(boot_dir)/dracut/95miscsi/module-setup.sh $(boot_dir)/dracut/95miscsi/miscsi-cmdline.sh $(boot_dir)/dracut/95miscsi/miscsi-login.sh
CLEANFILES += $(boot_generated) $(boot_dir)/initramfs-tools/scripts/local-block/miscsi
EXTRA_DIST += doc/man/miscsi.boot.7
bootdir = $(pkgdatadir)/boot
if WITH_BOOT
nodist_boot_SCRIPTS = $(boot_dir)/boot-login
nodist_boot_DATA = $(boot_dir)/image.sh
man_MANS += doc/man/miscsi.boot.7
endif
if WITH_INITRAMFS_TOOLS
initramfshooksdir = $(datadir)/initramfs-tools/hooks
nodist_initramfshooks_SCRIPTS = $(boot_dir)/initramfs-tools/hooks/miscsi
initramfsconfhooksdir = $(datadir)/initramfs-tools/conf-hooks.d
nodist_initramfsconfhooks_DATA = $(boot_dir)/initramfs-tools/conf-hooks.d/miscsi
initramfstopdir = $(datadir)/initramfs-tools/scripts/local-top
nodist_initramfstop_SCRIPTS = $(boot_dir)/initramfs-tools/scripts/local-top/miscsi
initramfsblockdir = $(datadir)/initramfs-tools/scripts/local-block
nodist_initramfsblock_SCRIPTS = $(boot_dir)/initramfs-tools/scripts/local-block/miscsi
# it uses the functions of initramfs-tools
finalrddir = $(datadir)/finalrd
nodist_finalrd_SCRIPTS = $(boot_dir)/finalrd/miscsi.finalrd
endif
if WITH_DRACUT
dracutdir = $(prefix)/lib/dracut
dracutmoduledir = $(dracutdir)/modules.d/95miscsi
nodist_dracutmodule_SCRIPTS = $(boot_dir)/dracut/95miscsi/module-setup.sh $(boot_dir)/dracut/95miscsi/miscsi-cmdline.sh \
	$(boot_dir)/dracut/95miscsi/miscsi-login.sh
dracutconfdir = $(dracutdir)/dracut.conf.d
dracutconf_DATA = $(boot_dir)/dracut/95-miscsi.conf
endif
boot_sed = sed -e 's,@sbindir[@],$(sbindir),' -e 's,@pkgdatadir[@],$(pkgdatadir),' -e 's,@homedir[@],$(homedir),' \
	-e 's,@pluginsdir[@],$(pluginsdir),'
$(boot_generated): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(boot_sed) $< >$@
$(boot_dir)/initramfs-tools/scripts/local-block/miscsi: $(boot_dir)/initramfs-tools/scripts/local-top/miscsi
	$(AM_V_GEN)$(MKDIR_P) $(@D) && cp $< $@
