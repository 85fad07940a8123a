# SPDX-License-Identifier: GPL-2.0-or-later
# Warnings, hardening, sanitizers and dependencies of miscsi.

# MISCSI_KEEP_CORE, before AC_INIT: autoconf's tests remove dumped cores by "rm -f core", which fails at the folder core.
AC_DEFUN([MISCSI_KEEP_CORE], [m4_foreach_w([macro], [_AC_INIT_PREPARE _AC_COMPILE_IFELSE _AC_LINK_IFELSE _AC_RUN_IFELSE _AM_PROG_CC_C_O],
  [m4_ifdef(m4_defn([macro]), [m4_define(m4_defn([macro]),
    m4_bpatsubst(m4_dquote(m4_defn(m4_defn([macro]))), [rm -f core ], [rm -f ]))])])])

# MISCSI_ADD_FLAGS(VARIABLE, FLAG...): adds each flag that the compiler accepts.
AC_DEFUN([MISCSI_ADD_FLAGS], [m4_foreach_w([flag], [$2], [
  AC_MSG_CHECKING([whether $CC accepts flag])
  miscsi_saved=$CFLAGS
  CFLAGS="$CFLAGS -Werror flag"
  AC_LINK_IFELSE([AC_LANG_PROGRAM([[]], [[]])],
    [AC_MSG_RESULT([yes]); $1="$$1 flag"], [AC_MSG_RESULT([no])])
  CFLAGS=$miscsi_saved])])

AC_DEFUN([MISCSI_WARNINGS], [
  WARN_CFLAGS=
  MISCSI_ADD_FLAGS([WARN_CFLAGS], [-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2
    -Wconversion -Wno-sign-conversion -Wpointer-arith -Wwrite-strings -Wundef -Wvla])
  AC_ARG_ENABLE([werror],
    [AS_HELP_STRING([--enable-werror], [treat compiler warnings as errors @<:@no@:>@])])
  AS_IF([test "x$enable_werror" = xyes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
  AC_SUBST([WARN_CFLAGS])])

AC_DEFUN([MISCSI_HARDENING], [
  HARDEN_CFLAGS= HARDEN_LDFLAGS=
  AS_CASE([" $CFLAGS "], [*" -O0 "*], [], [HARDEN_CFLAGS="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])
  MISCSI_ADD_FLAGS([HARDEN_CFLAGS], [-fstack-protector-strong -fPIC -fvisibility=hidden -fstack-clash-protection])
  AS_IF([test "x$enable_static_iscsistart" = xyes], [
    HARDEN_CFLAGS="$HARDEN_CFLAGS -ffunction-sections -fdata-sections"
    # musl-gcc accepts -static-pie, and makes a program that needs a dynamic linker
    AC_MSG_CHECKING([whether -static-pie makes a static program])
    miscsi_saved=$LDFLAGS
    LDFLAGS="$LDFLAGS -static-pie"
    HARDEN_LDFLAGS=-all-static # for libtool
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[]], [[]])],
      [AS_IF([readelf -l conftest$EXEEXT | grep INTERP >/dev/null], [], [HARDEN_LDFLAGS=-static-pie])])
    LDFLAGS=$miscsi_saved
    AC_MSG_RESULT([$HARDEN_LDFLAGS])
    HARDEN_LDFLAGS="$HARDEN_LDFLAGS -Wl,--gc-sections"],
    [MISCSI_ADD_FLAGS([HARDEN_LDFLAGS], [-pie])])
  MISCSI_ADD_FLAGS([HARDEN_LDFLAGS], [-Wl,-z,relro -Wl,-z,now -Wl,--as-needed])
  # libtool removes -pie when it links shared objects; plugins also use -Wl,-z,defs
  PLUGIN_LDFLAGS="-avoid-version -shared -export-symbols-regex '_LTX_miscsi_plugin_entry\$\$' -Wl,-z,defs -Wl,-z,now -Wl,-z,relro -Wl,--as-needed"
  AC_SUBST([HARDEN_CFLAGS])
  AC_SUBST([HARDEN_LDFLAGS])
  AC_SUBST([PLUGIN_LDFLAGS])])

AC_DEFUN([MISCSI_SANITIZERS], [
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers@<:@=thread@:>@],
      [build with AddressSanitizer and UndefinedBehaviorSanitizer, or with ThreadSanitizer @<:@no@:>@])])
  SAN_CFLAGS=
  AS_CASE([x$enable_sanitizers],
    [xyes], [SAN_CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"],
    [xthread], [SAN_CFLAGS="-fsanitize=thread -fno-omit-frame-pointer"],
    [x | xno], [],
    [AC_MSG_ERROR([--enable-sanitizers=$enable_sanitizers is unknown: the values are yes, thread and no])])
  AS_IF([test -n "$SAN_CFLAGS"], [
    # The sanitizers check more than _FORTIFY_SOURCE, which would hide errors from them.
    HARDEN_CFLAGS=`echo "$HARDEN_CFLAGS" | sed 's/-D_FORTIFY_SOURCE=2//'`
    # In a plugin the symbols of the sanitizers' run-time stay undefined: the program provides them.
    PLUGIN_LDFLAGS=`echo "$PLUGIN_LDFLAGS" | sed 's/-Wl,-z,defs//'`])
  AM_CONDITIONAL([SANITIZERS], [test -n "$SAN_CFLAGS"])
  AC_SUBST([SAN_CFLAGS])])

# MISCSI_PKG(VARIABLE, MODULE, DEBIAN-PACKAGE): a required pkg-config module.
AC_DEFUN([MISCSI_PKG], [
  PKG_CHECK_MODULES([$1], [$2], [miscsi_found="$miscsi_found
  $2 `$PKG_CONFIG --modversion "m4_bpatsubst([$2], [ .*], [])"`"],
    [miscsi_missing="$miscsi_missing $3"])])

AC_DEFUN([MISCSI_DEPENDENCIES], [
  miscsi_found= miscsi_missing=
  MISCSI_PKG([NL], [libnl-3.0], [libnl-3-dev])
  MISCSI_PKG([NLROUTE], [libnl-route-3.0], [libnl-route-3-dev])
  # A static program needs libnl alone: it loads no library, and has digests of its own (core/proto/digest_static.c).
  AS_IF([test "x$enable_static_iscsistart" != xyes], [
    MISCSI_PKG([CRYPTO], [libcrypto >= 3.0], [libssl-dev])
    MISCSI_PKG([KMOD], [libkmod], [libkmod-dev])
    MISCSI_PKG([PCI], [libpci], [libpci-dev])
    # loaded when it is needed (core/session/in_use.c): its header alone
    MISCSI_PKG([MOUNT], [mount], [libmount-dev])
    AC_SEARCH_LIBS([dlopen], [dl])
    miscsi_saved=$LIBS
    AC_CHECK_HEADER([ltdl.h], [], [miscsi_missing="$miscsi_missing libltdl-dev"])
    AC_CHECK_LIB([ltdl], [lt_dlopenadvise], [LTDL_LIBS=-lltdl; miscsi_found="$miscsi_found
  libltdl"], [])
    LIBS=$miscsi_saved])
  AC_SUBST([LTDL_LIBS])
  have_cmocka=no
  AS_IF([test "x$enable_static_iscsistart" != xyes],
    [PKG_CHECK_MODULES([CMOCKA], [cmocka], [have_cmocka=yes], [have_cmocka=no])])
  AM_CONDITIONAL([HAVE_CMOCKA], [test $have_cmocka = yes])
  AS_IF([test -n "$miscsi_missing"],
    [AC_MSG_ERROR([required packages are missing; on Debian: apt-get install$miscsi_missing])])])

AC_DEFUN([MISCSI_REPORT], [
  AS_IF([test $have_cmocka = yes], [miscsi_tests="yes"],
    [test "x$enable_static_iscsistart" = xyes], [miscsi_tests="no, only iscsistart is built"],
    [miscsi_tests="no, cmocka is missing (on Debian: apt-get install libcmocka-dev)"])
  AC_MSG_NOTICE([
miscsi $PACKAGE_VERSION
 found:$miscsi_found
 unit tests:      $miscsi_tests
 sanitizers:      ${enable_sanitizers:-no}
 programs:        $sbindir
 plugins:         $pluginsdir
 configuration:   $homedir])])
