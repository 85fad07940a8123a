#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The plugin headers compile as C99 and C++, alone, and have no type whose size or layout a compiler may choose.
include=${srcdir:-.}/include
status=0

check() { # what, compiler and its options
	what=$1
	shift
	for header in plugin core kernel numbers ops adapter errors; do
		printf '#include <miscsi/%s.h>\nint used;\n' "$header" |
			"$@" -Wall -Wextra -Werror -I"$include" -c -o /dev/null - || { echo "$header.h does not compile as $what"; status=1; }
	done
}

check C99 "${CC_FOR_ABI:-cc}" -std=c99 -pedantic-errors -x c
if command -v c++ > /dev/null; then
	check C++ c++ -std=c++11 -pedantic-errors -x c++
fi

for header in plugin core ops adapter; do
	if sed 's,/\*.*\*/,,; /^ \*/d; /^\/\*/d' "$include/miscsi/$header.h" |
		grep -nwE 'bool|_Bool|long|time_t|FILE|enum|off_t|int [a-z_]+ *: *[0-9]+'; then
		echo "$header.h has a type that no structure of the ABI may have"
		status=1
	fi
done
exit $status
