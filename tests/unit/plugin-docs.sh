#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each plugin has its manual page, which names all that it serves; PLUGINS.md has every op, trait and service of the headers, and no other;
# and what the ABI promises to call is called by somebody.
src=${srcdir:-.}
status=0
complain() { echo "$*"; status=1; }

for file in "$src"/plugins/*/local.mk; do
	name=$(basename "$(dirname "$file")")
	[ "$name" != null ] || continue
	page=$src/doc/man/miscsi-$name.7
	[ -f "$page" ] || { complain "plugin $name has no manual page"; continue; }
	grep -q "^dist_man_MANS += doc/man/miscsi-$name.7" "$file" || complain "the manual page of $name is not installed"
	for section in DESCRIPTION SERVES 'WHAT WORKS' SETTINGS LIMITS 'KNOWN TRAPS' 'WHAT WAS TRIED'; do
		grep -q "^.SH $section\$" "$page" || complain "$page has no section $section"
	done
	for word in $(sed -n 's/.*MISCSI_MATCH(\(.*\)).*/\1/p' "$src/plugins/$name/$name.c" | grep -o '\.\(transport\|module\) = "[^"]*"' | cut -d'"' -f2) \
		$(sed -n 's/.*MISCSI_PCI(0x\([0-9a-f]*\), 0x\([0-9a-f]*\),.*/\1:\2/p' "$src/plugins/$name/$name.c"); do
		grep -q "$word" "$page" || complain "$page does not name $word"
	done
done

# `table.op` of each ops table, MISCSI_TRAIT_*, and the services `core->NAME`
ops() {
	cat "$src/include/miscsi/ops.h" "$src/include/miscsi/adapter.h" |
		sed -n 's/^struct miscsi_\([a-z]*\)_ops {.*/table \1/p; s/^	[a-z]* \**(\*\([a-z_]*\))(struct miscsi_op.*/op \1/p; s/^};.*/end/p' |
		awk '$1 == "table" { t = $2 } $1 == "op" && t { print t "." $2 } $1 == "end" { t = "" }'
}
for op in $(ops); do
	grep -q "^| \`$op\`" "$src/PLUGINS.md" || complain "PLUGINS.md does not tell of $op"
done
for op in $(sed -n 's/^| `\([a-z]*\.[a-z_]*\)`.*/\1/p' "$src/PLUGINS.md"); do
	ops | grep -qx "$op" || complain "PLUGINS.md tells of $op, which is no op"
done
for trait in $(grep -o 'MISCSI_TRAIT_[A-Z_]*' "$src/include/miscsi/traits.h" | sort -u); do
	grep -q "$trait" "$src/PLUGINS.md" || complain "PLUGINS.md does not tell of $trait"
done
for trait in $(grep -o 'MISCSI_TRAIT_[A-Z_]*' "$src/PLUGINS.md" | sort -u); do
	grep -q "$trait " "$src/include/miscsi/traits.h" || complain "PLUGINS.md tells of $trait, which is none"
done
services() { sed -n '/^struct miscsi_core {/,/^};/s/^	[^(]*(\*\([a-z_]*\))(.*/\1/p' "$src/include/miscsi/core.h"; }
listed() { sed -n '/^| member of `struct miscsi_core`/,/^$/p' "$src/PLUGINS.md" | cut -d'|' -f2 | grep -o '`[a-z_]*`' | tr -d '`'; }
services | sort >"${TMPDIR:-/tmp}/services.$$"
listed | sort | diff "${TMPDIR:-/tmp}/services.$$" - || complain "PLUGINS.md lists other services than struct miscsi_core has"
rm -f "${TMPDIR:-/tmp}/services.$$"
# a plugin may need each of them, and each has its row
for name in $(sed -n 's/^#define MISCSI_TRAIT_\([A-Z_]*\).*/\1/p' "$src/include/miscsi/traits.h"); do
	grep -q "TRAIT($name, " "$src/core/plugin/known.c" || complain "core/plugin/known.c does not know trait $name"
done
for name in $(sed -n '/^struct miscsi_core {/,/^};/s/^	[^(]*(\*\([a-z_]*\))(.*/\1/p' "$src/include/miscsi/core.h"; ops); do
	case $name in
	*.*) grep -q "\"$name\"" "$src/core/plugin/known.c" || grep -q "^OP[_A-Z]*(${name%.*}, ${name#*.}," "$src/core/plugin/ops.def" ;;
	*) grep -q "\"$name\"" "$src/core/plugin/known.c" ;;
	esac || complain "core/plugin/known.c does not know $name"
done
# the deadlines
while read -r op limit; do
	grep -q "^| \`$op\` | $limit s |" "$src/PLUGINS.md" || complain "PLUGINS.md has another deadline of $op than $limit s"
done <<END
$(sed -n 's/^OP[_A-Z]*(\([a-z_]*\), \([a-z_]*\), \([0-9]*\),.*/\1.\2 \3/p' "$src/core/plugin/ops.def")
END
for fn in $(sed -n 's/^\(void\|int\) \(transport_[a-z_]*\)(struct transport.*/\2/p' "$src/core/plugin/transport.h"
	sed -n 's/^OP[_A-Z]*(\([a-z_]*\), \([a-z_]*\),.*/transport_\1_\2/p' "$src/core/plugin/ops.def"); do
	grep -rqw --include='*.c' "$fn" "$src/core/object" "$src/core/link" "$src/core/session" "$src/core/modes" "$src/core/ipc" "$src/cli" || complain "nobody calls $fn()"
done
exit $status
