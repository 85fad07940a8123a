#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The plugin headers compile as C99 and C++, alone, and have no type whose size or layout a compiler may choose.
include=${srcdir:-.}/include
status=0

check() { # what, compiler and its options
	what=$1
	shift
	for header in plugin core field kernel numbers macros ops adapter errors; do
		printf '#include <miscsi/%s.h>\nint used;\n' "$header" |
			"$@" -Wall -Wextra -Werror -I"$include" -c -o /dev/null - || { echo "$header.h does not compile as $what"; status=1; }
	done
}

check C99 "${CC_FOR_ABI:-cc}" -std=c99 -pedantic-errors -x c
if command -v c++ > /dev/null; then
	check C++ c++ -std=c++11 -pedantic-errors -x c++
fi

# The macros, as a plugin uses them, and a mistake in each that has to be seen.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/plugin.c" <<'END'
#include <miscsi/plugin.h>
static int start(const struct miscsi_core *core, void **state)
{
	*state = NULL;
	return core->set_error(core->self, MISCSI_ERR_BUSY, "%s" MISTAKE_FORMAT, "busy");
}
static int list(struct miscsi_op *op)
{
	op->core->log(op, MISCSI_LOG_INFO, "%u", MISTAKE_ARGUMENT 1u);
	return 0;
}
static const struct miscsi_pci_id pci[] = { MISCSI_PCI(0x1077, 0x8084, "a card"), MISCSI_PCI_END };
static const char *const drivers[] = { "nic", NULL };
static const char *const needs[] = { "UIO", "flash.list", "request", NULL };
static const struct miscsi_field fields[] = {
	MISCSI_FIELD(.kind = MISCSI_FIELD_BOOL, .name = "fast", .def = "No", .help = "Whether it is fast."),
	MISCSI_FIELD(.kind = MISCSI_FIELD_TEXT, .name = "label", .help = "A label.", .max = 9),
	MISCSI_FIELD_END,
};
static const struct miscsi_match match[] = {
	MISCSI_MATCH(.transport = "one", .module = "mod", .pci = pci),
	MISCSI_MATCH(.transport = "two", .proc_name = "drv", .traits = MISCSI_TRAIT_RDMA, .netdev_drivers = drivers),
	MISCSI_END,
};
MISCSI_OPS(flash, flash, .list = list);
MISCSI_OPS(chap, chap, .list = list, );
MISCSI_PLUGIN(one, .version = "1", .summary = "one", .match = match, .traits = MISCSI_TRAIT_BOUND_SESSION, .start = start,
	.flash = &flash, .chap = &chap, .needs = needs, .fields = fields, );
END
cp "$dir/plugin.c" "$dir/plugin.cc"
macros() { # what, file, compiler and its options
	what=$1 file=$2
	shift 2
	"$@" -fPIC -Wall -Wextra -Wpedantic -Werror -I"$include" -DMISTAKE_FORMAT= -DMISTAKE_ARGUMENT= -c -o "$dir/o" "$dir/$file" ||
		{ echo "the macros do not compile as $what"; status=1; }
	# constant data: the gate reads the entry from the file, before a constructor runs
	nm "$dir/o" | grep -q ' [DR] one_LTX_miscsi_plugin_entry$' || { echo "$what: the entry is not constant data"; status=1; }
	nm "$dir/o" | grep -q _GLOBAL__sub_I && { echo "$what: a constructor fills a structure"; status=1; }
	for mistake in 'FORMAT="%s"' 'ARGUMENT="x",'; do
		"$@" -Wall -Wextra -Wpedantic -Werror -I"$include" -DMISTAKE_FORMAT= -DMISTAKE_ARGUMENT= -U"MISTAKE_${mistake%%=*}" \
			"-DMISTAKE_$mistake" -c -o /dev/null "$dir/$file" 2>/dev/null && { echo "$what: a wrong $mistake is not seen"; status=1; }
	done
}
for compiler in gcc clang; do
	command -v "$compiler" >/dev/null || continue
	for std in c99 c11 c17; do
		macros "$compiler $std" plugin.c "$compiler" -std="$std"
	done
done
for compiler in g++ clang++; do
	command -v "$compiler" >/dev/null || continue
	for std in c++11 c++14 c++17 c++20; do
		macros "$compiler $std" plugin.cc "$compiler" -std="$std"
	done
done

for header in plugin core field ops adapter; do
	if sed 's,/\*.*\*/,,; /^ \*/d; /^\/\*/d' "$include/miscsi/$header.h" |
		grep -nwE 'bool|_Bool|long|time_t|FILE|enum|off_t|int [a-z_]+ *: *[0-9]+'; then
		echo "$header.h has a type that no structure of the ABI may have"
		status=1
	fi
done
exit $status
