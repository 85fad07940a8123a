#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The unit of iscsid allows no capabilities but those that iscsid keeps, and hides no files; systemd finds little to object to.
set -eu
cd "${srcdir:-.}"
unit=etc/iscsid.service.in
kept=$(sed -n '/^} capabilities\[\]/,/^};/s/.*{ \(CAP_[A-Z_]*\),.*/\1/p' daemon/become.c | sort)
allowed=$(sed -n 's/^CapabilityBoundingSet=//p' "$unit" | tr ' ' '\n' | sort)
[ -n "$kept" ]
for capability in $allowed; do
	if ! echo "$kept" | grep -qx "$capability"; then
		echo "$unit allows $capability, which iscsid drops"
		exit 1
	fi
done
# What iscsid opens below /dev: disks, uio devices, and units themselves (core/kernel/bsg.c).
for group in 'block-\*' char-uio char-bsg; do
	if ! grep -q "^DeviceAllow=$group " "$unit"; then
		echo "$unit does not allow devices of group $group"
		exit 1
	fi
done
# Others enter its mount namespace to use iscsiadm there: it hides no file, and files can be written.
if grep -E '^(Protect(System|Home|KernelTunables|Proc)|Private(Tmp|Devices)|(Root|TemporaryFile|ReadOnly|ReadWrite|Inaccessible|Bind)[A-Za-z]*)=' "$unit"; then
	echo "$unit hides files in iscsid's mount namespace"
	exit 1
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
sed 's,@sbindir@,/usr/sbin,' "$unit" >"$dir/iscsid.service"
level=$(systemd-analyze security --offline=yes --no-pager "$dir/iscsid.service" 2>/dev/null | sed -n 's/.*exposure level for iscsid.service: \([0-9]*\)\.\([0-9]\).*/\1\2/p') || level=
[ -n "$level" ] || exit 0 # no systemd here, or an old one
if [ "$level" -gt 38 ]; then
	echo "systemd-analyze security: exposure $level tenths"
	exit 1
fi
