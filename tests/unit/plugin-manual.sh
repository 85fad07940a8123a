#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# miscsi-plugin(3) has a section for every op with all that it promises, every service, trait and limit, and nothing else; the prototypes
# are the headers'; and its examples, one after another, are a plugin that builds without warnings and keeps the rules.
src=${srcdir:-.}
page=$src/doc/man/miscsi-plugin.3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0
complain() { echo "$*"; status=1; }
same() { sort "$2" | diff "$3" - >"$dir/diff" || complain "$1: $(cat "$dir/diff")"; }

# the ops: "table.op" and its prototype, from the headers and from the page
cat "$src/include/miscsi/ops.h" "$src/include/miscsi/adapter.h" | tr '\n' ' ' | sed 's,/\*[^*]*\*/,,g; s/struct miscsi_\([a-z]*\)_ops {/\n@\1 /g; s/};/\n/g' |
	sed -n 's/^@//p' | awk '{ table = $1; n = split($0, part, ";"); for (i = 1; i < n; i++) if (match(part[i], /(int|void) \(\*/)) print table ". " substr(part[i], RSTART) }' |
	tr -s ' \t' ' ' | sed 's/\([a-z]*\)\. \(int\|void\) (\*\([a-z_]*\))/\1.\3 \2 \3/; s/( /(/g; s/\* /*/g; s/ )/)/g' | sort >"$dir/ops"
[ "$(wc -l <"$dir/ops")" -gt 20 ] || complain "only $(wc -l <"$dir/ops") ops were found in the headers"
sed -n '/^\.SH OPS/,/^\.SH/p' "$page" | awk '/^\.SS / { op = $2; getline; getline; sub(/;$/, ""); print op " " $0 }' >"$dir/page-ops"
same "sections of miscsi-plugin(3), and ops of the headers" "$dir/page-ops" "$dir/ops"

# each section
cut -d' ' -f1 "$dir/ops" | while read -r op; do
	sed -n "/^\.SS $op\$/,/^\.S[SH]/p" "$page" >"$dir/section"
	for label in 'Called by' Settings Results Deadline Errors; do
		grep -A1 "^\.B $label\$" "$dir/section" | sed -n 2p | grep -q . || echo "$op has no '$label'"
	done
	grep -q '^\.EE' "$dir/section" || echo "$op has no example"
	limit=$(sed -n "s/^OP[_A-Z]*(${op%.*}, ${op#*.}, \([0-9]*\),.*/\1/p" "$src/core/plugin/ops.def")
	stated=$(grep -A1 '^\.B Deadline$' "$dir/section" | sed -n 2p)
	# that of an op of ops.def is there; that of another one is in PLUGINS.md
	[ -n "$limit" ] && limit="$limit s" || limit=$(sed -n "s/^| \`$op\` | \([^|]*\) |.*/\1/p" "$src/PLUGINS.md")
	case $limit in
	'at once' | *[0-9]' s') case $stated in *"${limit##*, }"*) ;; *) echo "$op: its deadline is '$limit', the page says '$stated'" ;; esac ;;
	"the portal's") case $stated in *portal*) ;; *) echo "$op: its deadline is the portal's, the page says '$stated'" ;; esac ;;
	*) echo "$op: no deadline is known" ;;
	esac
done >"$dir/complaints"
[ ! -s "$dir/complaints" ] || complain "$(cat "$dir/complaints")"

# services, traits, limits
sed -n '/^struct miscsi_core {/,/^};/s/^	[^(]*(\*\([a-z_]*\))(.*/\1/p' "$src/include/miscsi/core.h" | sort >"$dir/services"
sed -n '/^\.SH SERVICES/,/^\.SH TRAITS/s/^\.B \([a-z_]*\)()$/\1/p' "$page" >"$dir/page-services"
same services "$dir/page-services" "$dir/services"
sed -n 's/^#define \(MISCSI_TRAIT_[A-Z_]*\).*/\1/p' "$src/include/miscsi/traits.h" | sort >"$dir/traits"
sed -n '/^\.SH TRAITS/,/^\.SH LIMITS/s/^\(MISCSI_TRAIT_[A-Z_]*\)$/\1/p' "$page" >"$dir/page-traits"
same traits "$dir/page-traits" "$dir/traits"
sed -n 's/^#define \(MISCSI_[A-Z]*_MAX\) \([0-9]*\)u$/\1 \2/p' "$src/include/miscsi/core.h" | sort >"$dir/limits"
sed -n '/^\.SH LIMITS/,$s/^\.BR \([A-Z_]*\) " = \([0-9]*\)"$/\1 \2/p' "$page" >"$dir/page-limits"
same limits "$dir/page-limits" "$dir/limits"
# events that a plugin may report, and keys of results whose names the core knows
for word in $(sed -n 's/^#define \(MISCSI_EVENT_[A-Z_]*\).*/\1/p' "$src/include/miscsi/core.h") $(grep -o 'host\.auth\.[a-z_]*' "$src/core/plugin/kchap.c" | sort -u) \
	$(grep -o 'ISCSI_HOST_PARAM_[A-Z_]*, "[a-z._]*", "[a-z]*"' "$src/core/plugin/khost.c" | cut -d'"' -f4); do
	grep -qw -- "$word" "$page" || complain "the page does not name $word"
done

# the examples
{
	sed -n '/^\.SH BEGINNING/,$p' "$page" | awk '/^\.EX/ { on = 1; text = ""; lines = 0; next }
		/^\.EE/ { if (on && lines > 1 || text ~ /^\/\*/) printf "%s", text; on = 0; next }
		on { text = text $0 "\n"; lines++ }' | sed 's/^\\&//; s/\\e/\\/g'
} >"$dir/mycard.c"
${CC_FOR_ABI:-cc} -shared -fPIC -fvisibility=hidden -Wall -Wextra -Werror -I"$src/include" -Wl,-z,defs -Wl,-z,now -o "$dir/mycard.so" "$dir/mycard.c" ||
	complain "the examples do not build"
./miscsi-plugin-check --strict "$dir/mycard.so" >"$dir/kit" || complain "the examples break a rule: $(cat "$dir/kit")"
cut -d' ' -f1 "$dir/ops" | tr '._' '  ' | while read -r table op rest; do
	grep -q "MISCSI_OPS($table, " "$dir/mycard.c" || echo "the example has no table $table for $op $rest"
done >"$dir/complaints"
[ ! -s "$dir/complaints" ] || complain "$(cat "$dir/complaints")"
exit $status
