#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel's numbers stand in one place: no file but include/miscsi/kernel.h and core/kernel defines one of its names again, with or
# without the prefix, and no file pokes a request's fields by offset.
set -u
cd "${srcdir:-.}" || exit 1
status=0
names=$(grep -oE 'ISCSI_[A-Z_]+' include/miscsi/kernel.h | grep -v '_H$' | sort -u)
[ "$(echo "$names" | wc -l)" -gt 30 ] || exit 1
pattern=$(for name in $names; do printf '%s|%s|%s|' "$name" "${name#ISCSI_}" "${name#ISCSI_UEVENT_}"; done)
files=$(find core plugins include -name '*.[ch]' ! -path include/miscsi/kernel.h)
if grep -nE "^#define (${pattern%|}) |^	(${pattern%|}) = [0-9]" $files; then
	echo "the lines above define a number of <miscsi/kernel.h> again"
	status=1
fi
if grep -nE '(->|\.)u(\.bytes)? \+ [0-9]' $files; then
	echo "the lines above address a field of a request by offset: <miscsi/kernel.h> has its name"
	status=1
fi
exit $status
