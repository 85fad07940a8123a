#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The layout of the kernel's interface, as a compiler for 32-bit x86 sees it: the assertions of core/kernel/iscsi_if.h hold there too.
# Headers alone, nothing is linked: no 32-bit libc is needed.
set -eu
cc=${CC:-cc}
if ! printf '' | $cc -m32 -fsyntax-only -xc - 2>/dev/null; then
	echo "this compiler does not know 32-bit x86"
	exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/gnu"
: >"$dir/gnu/stubs-32.h"
echo '#include "kernel/iscsi_if.h"' |
	$cc -m32 -fsyntax-only -std=gnu11 -Wall -Werror -I "${srcdir:-.}/core" -I "${srcdir:-.}/include" -I "/usr/include/$($cc -print-multiarch)" -idirafter "$dir" -xc -
