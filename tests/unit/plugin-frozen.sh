#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A plugin that was built against the headers of a release loads and keeps the rules in this tree; its source still compiles against
# today's headers; and nothing of the frozen headers is missing or has another number in today's.
src=${srcdir:-.}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0
complain() { echo "$*"; status=1; }

for headers in tests/abi/1 include; do
	${CC_FOR_ABI:-cc} -shared -fPIC -fvisibility=hidden -Wall -Wextra -Werror -I"$src/$headers" -Wl,-z,defs -Wl,-z,now \
		-o "$dir/frozen.so" "$src/tests/abi/frozen.c" || { complain "frozen.c does not compile against $headers"; continue; }
	./miscsi-plugin-check --strict "$dir/frozen.so" >"$dir/out" || complain "built against $headers: $(cat "$dir/out")"
done

# every number but the minor one: the constants of the frozen headers, compared by a program that includes today's
constants() {
	grep -hoE '\b(MISCSI|ISCSI|CHAP_TYPE)_[A-Z0-9_]+' "$src"/tests/abi/1/miscsi/*.h | sort -u |
		grep -vE '_H$|_$|_MAX$|^MISCSI_(MINOR|MATCH|END|PCI|PCI_END|OPS|HAS|EXPORT|PLUGIN|PRINTF)$'
}
for headers in tests/abi/1 include; do
	{
		echo '#include <miscsi/plugin.h>'
		echo '#include <stdio.h>'
		echo 'int main(void) {'
		for name in $(constants); do
			printf '\tprintf("%%s %%llu\\n", "%s", (unsigned long long)(%s));\n' "$name" "$name"
		done
		# sizes that must not shrink, and where the last frozen member of each lies
		sed -n 's/^AT(\([a-z_]*\), \([a-z_]*\),.*/\1 \2/p' "$src/tests/unit/plugin-abi.c" | while read -r type member; do
			printf '\tprintf("%%s %%zu\\n", "%s.%s", offsetof(struct %s, %s));\n' "$type" "$member" "$type" "$member"
		done
		echo '	return 0; }'
	} >"$dir/numbers.c"
	grep -q 'ISCSI_' "$dir/numbers.c" || complain "no constant was found"
	${CC_FOR_ABI:-cc} -w -I"$src/$headers" -o "$dir/numbers" "$dir/numbers.c" || { complain "a constant of tests/abi/1 is not in $headers"; continue; }
	"$dir/numbers" >"$dir/numbers.$(echo "$headers" | tr / _)"
done
diff "$dir/numbers.tests_abi_1" "$dir/numbers.include" || complain "numbers of tests/abi/1 have changed"
exit $status
