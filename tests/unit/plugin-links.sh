#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each plugin links what it uses and no more: the C library alone (and a sanitizer's run-time, in a build that has one).
status=0 seen=0
for file in .libs/*.so; do
	seen=$((seen + 1))
	case $(ldd "$file") in
	*'not found'*) echo "$file: a library is not found"; status=1 ;;
	esac
	for library in $(readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
		case $library in
		libc.so.* | ld-linux* | libasan.so.* | libubsan.so.*) ;;
		*) echo "$file needs $library"; status=1 ;;
		esac
	done
done
[ "$seen" -ge 8 ] || { echo "only $seen plugins were built"; status=1; }
exit $status
