#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# scripts/new-plugin writes a plugin that builds with the public headers alone, loads, and keeps the rules; it spoils nothing.
src=${srcdir:-.}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "$*"; exit 1; }

cp "$src/Makefile.am" "$dir/Makefile.am" && chmod u+w "$dir/Makefile.am"
"$src/scripts/new-plugin" --top "$dir" fresh_2 >"$dir/out" || fail "it fails"
grep -v '^include plugins/fresh_2/local.mk$' "$dir/Makefile.am" | cmp -s - "$src/Makefile.am" || fail "Makefile.am has changed otherwise"
[ "$(grep -c '^include plugins/fresh_2/local.mk$' "$dir/Makefile.am")" = 1 ] || fail "Makefile.am has no line for it"
# as PLUGINS.md says for a plugin from elsewhere
${CC_FOR_ABI:-cc} -shared -fPIC -Wall -Wextra -Werror -I"$src/include" -DPLUGIN_VERSION='"1"' -Wl,-z,defs -Wl,-z,now -Wl,-z,relro \
	-o "$dir/fresh_2.so" "$dir/plugins/fresh_2/fresh_2.c" || fail "it does not build"
./miscsi-plugin-check "$dir/fresh_2.so" >"$dir/kit" || fail "it breaks a rule: $(cat "$dir/kit")"
grep -qx "$dir/fresh_2.so: keeps the rules" "$dir/kit" || fail "the kit does not say what it has checked"
for section in SERVES 'WHAT WORKS' SETTINGS LIMITS 'KNOWN TRAPS' 'WHAT WAS TRIED'; do
	grep -q "^.SH $section\$" "$dir/doc/man/miscsi-fresh_2.7" || fail "its manual page has no section $section"
done

# a folder of its own, with the headers and the kit of this tree in place of the installed ones
"$src/plugins/miscsi-new-plugin" --licence MIT own_1 "$dir/own" >/dev/null || fail "it makes no folder out of the tree"
make -s -C "$dir/own" headers="-I$(cd "$src" && pwd)/include" CFLAGS="-Wall -Wextra -Werror" >"$dir/log" 2>&1 || fail "the folder does not build: $(cat "$dir/log")"
make -s -C "$dir/own" kit="$PWD/miscsi-plugin-check" check >"$dir/log" 2>&1 || fail "it breaks a rule: $(cat "$dir/log")"
make -s -C "$dir/own" install DESTDIR="$dir/root" plugindir=/usr/lib/miscsi/plugins-1 >"$dir/log" 2>&1 || fail "it is not installed: $(cat "$dir/log")"
cmp -s "$dir/own/own_1.so" "$dir/root/usr/lib/miscsi/plugins-1/own_1.so" || fail "its file is not installed"
[ -f "$dir/root/usr/share/man/man7/miscsi-own_1.7" ] || fail "its manual page is not installed"
grep -rq 'GPL-2.0' "$dir/own" && fail "the licence is not the chosen one in $(grep -rl 'GPL-2.0' "$dir/own")"
grep -qx 'Package: miscsi-plugin-own-1' "$dir/own/debian/control" || fail "debian/control has no package of its name"
grep -q '^Depends: miscsi-plugin-abi-1,' "$dir/own/debian/control" || fail "its package does not depend on the ABI"
grep -q 'Permission is hereby granted' "$dir/own/LICENSE" || fail "its licence has no text"
"$src/plugins/miscsi-new-plugin" own_2 "$dir/own" >/dev/null 2>&1
[ $? = 15 ] || fail "it writes into a folder that is not empty"
"$src/scripts/new-plugin" --out-of-tree "$dir/same" --licence MIT own_1 >/dev/null || fail "scripts/new-plugin makes no folder"
diff -r -x '*.so' -x changelog "$dir/own" "$dir/same" >"$dir/log" || fail "scripts/new-plugin makes another folder: $(cat "$dir/log")"
"$src/plugins/miscsi-new-plugin" --help | grep -q 'miscsi-new-plugin \[--licence SPDX\] NAME' || fail "it prints no help"
for wrong in --no-such --licence '' 'a b c'; do
	# shellcheck disable=SC2086 # words on purpose
	"$src/plugins/miscsi-new-plugin" $wrong >/dev/null 2>"$dir/log"
	[ $? = 2 ] || fail "miscsi-new-plugin $wrong: not refused as a usage error"
done
if command -v dpkg-parsechangelog >/dev/null; then
	[ "$(dpkg-parsechangelog -l "$dir/own/debian/changelog" -S Version)" = 1.0-1 ] || fail "its changelog is not Debian's"
fi

# as a plugin from elsewhere finds its place
if command -v pkg-config >/dev/null; then
	abi=$(sed -n 's/^#define MISCSI_ABI \([0-9]*\)$/\1/p' "$src/include/miscsi/plugin.h")
	say() { PKG_CONFIG_PATH=include pkg-config --variable="$1" miscsi-plugin; }
	[ "$(say abi)" = "$abi" ] || fail "miscsi-plugin.pc has ABI '$(say abi)', the header $abi"
	case $(say plugindir) in */miscsi/plugins-"$abi") ;; *) fail "miscsi-plugin.pc has the plugindir '$(say plugindir)'" ;; esac
	[ "$(say adaptersdir)" = "$(say plugindir)" ] || fail "miscsi-plugin.pc has another adaptersdir"
	[ "$(basename "$(say kit)")" = miscsi-plugin-check ] || fail "miscsi-plugin.pc has the kit '$(say kit)'"
fi

before=$(cat "$dir/Makefile.am")
for bad in fresh_2 Fresh ../x 'a b' '' 2x aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; do
	"$src/scripts/new-plugin" --top "$dir" "$bad" >/dev/null 2>&1 && fail "it takes '$bad'"
done
[ "$before" = "$(cat "$dir/Makefile.am")" ] || fail "a refusal changed Makefile.am"
exit 0
