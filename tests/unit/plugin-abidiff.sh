#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# abidiff finds nothing in today's headers that differs from tests/abi/1.abi but members at the end of structures that contain their size, and
# new structures. With --write the description is made anew, from the frozen headers.
src=${srcdir:-.}
description=$src/tests/abi/1.abi
command -v abidiff >/dev/null || { echo "abidiff is not installed (abigail-tools)"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0
complain() { echo "$*"; status=1; }

# library HEADERS OUT: a shared object with a function for each structure
library() {
	{
		echo '#include <miscsi/plugin.h>'
		grep -hoE '^(struct|union) (miscsi|iscsi)_[a-z_]+ \{' "$1"/miscsi/*.h | sed 's/ {//' | sort -u | while read -r kind name; do
			echo "void abi_$name(const $kind $name *p); void abi_$name(const $kind $name *p) { (void)p; }"
		done
	} >"$dir/types.c"
	(cd "$dir" && ${CC_FOR_ABI:-cc} -g -O0 -shared -fPIC -I"$1" -o "$2" types.c)
}

if [ "${1-}" = --write ]; then
	library "$(cd "$src" && pwd)/tests/abi/1" "$dir/frozen.so" && abidw --no-corpus-path --no-comp-dir-path --no-show-locs "$dir/frozen.so" |
		sed '1a\  <!-- SPDX-License-Identifier: LGPL-2.1-or-later -->' >"$description"
	exit
fi

# The lines of abidiff's report that are no fault; any other is one.
cat >"$dir/allowed" <<'END'
^$
^(Functions|Variables) changes summary: 0 Removed,
^[0-9]+ functions? with some indirect sub-type changes?:$
^[0-9]+ Added functions?:$
^ *\[A\] 'function void abi_[a-z_]*\(
^ *\[C\] 'function void abi_[a-z_]*\(.*\)' has some( indirect)? sub-type changes:$
^ *parameter [0-9]+ of type '.*' has sub-type changes:$
^ *in (pointed to|unqualified underlying) type '.*':$
^ *(pointed to |unqualified underlying )?type '.*' changed, as (being )?reported( earlier)?$
^ *type size (hasn't changed|changed from [0-9]+ to [0-9]+ \(in bits\))$
^ *(no|[0-9]+) data member changes?( \([0-9]+ filtered\))?:?$
^ *[0-9]+ data member insertions?:$
^ *'.*', at offset [0-9]+ \(in bits\)$
^ *type of '.*' changed:$
^ *underlying type '.*\)\*' changed:$
END
# faults HEADERS: prints them
faults() {
	library "$1" "$dir/today.so" || { echo "$1 does not compile"; return; }
	abidiff --harmless --no-show-locs "$description" "$dir/today.so" >"$dir/report"
	grep -vE -f "$dir/allowed" "$dir/report"
	# the kernel's structures, and those without a size, cannot grow
	grep -A1 -E "type '(const |struct |union )*(iscsi_[a-z_]+|miscsi_pci_id)':" "$dir/report" | grep 'type size changed'
}

case $(${CC_FOR_ABI:-cc} -dumpmachine) in
x86_64-*) ;;
*) echo "tests/abi/1.abi describes x86_64"; exit 77 ;;
esac
for headers in include tests/abi/1; do
	top=$(cd "$src" && pwd)/$headers
	out=$(faults "$top")
	[ -z "$out" ] || complain "$headers differs from tests/abi/1.abi:
$out"
done

# what has to be found, and what not: HEADER, sed's expression
while read -r found header expression; do
	rm -rf "$dir/changed" && cp -r "$src/include" "$dir/changed" && chmod -R u+w "$dir/changed"
	sed -i "$expression" "$dir/changed/miscsi/$header"
	! diff -rq "$src/include" "$dir/changed" >/dev/null || complain "$expression changes nothing"
	out=$(faults "$dir/changed")
	case $found in
	found) [ -n "$out" ] || complain "not found: $header $expression" ;;
	*) [ -z "$out" ] || complain "allowed, and reported all the same: $header $expression: $out" ;;
	esac
done <<'END'
allowed core.h /^struct miscsi_core {/,/^};/s/^};/int (*more)(void);\n};/
allowed ops.h /^struct miscsi_login_ops {/,/^};/s/^};/int (*more)(struct miscsi_op *op);\n};/
allowed plugin.h s/^struct miscsi_pci_id {/struct miscsi_more { int size; };\n&/
found plugin.h /^struct miscsi_pci_id {/,/^};/s/^};/int more;\n};/
found core.h s/^	int (\*timer)/int (*more)(void);\n&/
found core.h s/, uint32_t number);/, uint64_t number);/
found core.h s/^	int (\*event)/	long (*event)/
found core.h s/^	const char \*version;/	char *version;/
found core.h s/size_t size);.*zeroed/size_t size, int more); \/* zeroed/
found ops.h s/uint32_t header_digest, data_digest;/uint64_t header_digest, data_digest;/
found plugin.h s/^	const char \*const \*needs;//
found adapter.h s/uint32_t iface_num, iface_type;/uint32_t iface_type, iface_num;/
found kernel.h s/uint32_t chap_type;/uint16_t chap_type;/
END
exit $status
