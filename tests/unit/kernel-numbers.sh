#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel's numbers stand in one place: no file but include/miscsi/numbers.h and core/kernel defines one of its names again, with or
# without the prefix or under another name, and no file pokes a request's fields by offset.
set -u
cd "${srcdir:-.}" || exit 1
status=0
names=$(grep -oE '\b(ISCSI|CHAP_TYPE)_[A-Z0-9_]+' include/miscsi/numbers.h | grep -v '_H$' | sort -u)
[ "$(echo "$names" | wc -l)" -gt 150 ] || exit 1
pattern=$(for name in $names; do printf '%s|%s|%s|' "$name" "${name#ISCSI_}" "${name#ISCSI_UEVENT_}"; done)
files=$(find core plugins include -name '*.[ch]' ! -path include/miscsi/numbers.h)
requests='core/plugin/*.c core/kernel/*.c plugins/*/*.c'
complain() { echo "the lines above $1"; status=1; }

grep -nE "^#define (${pattern%|}) |^	(${pattern%|}) = [0-9]" $files && complain "define a number of <miscsi/numbers.h> again"
grep -nE '(->|\.)u(\.bytes)? \+ [0-9]' $files && complain "address a field of a request by offset: <miscsi/kernel.h> has its name"
# Under another name: where a number goes into a request or attribute, or comes out of an answer or event, it is the kernel's or a variable
grep -nE 'struct krequest \w+ = \{ ([A-Z0-9])|attrs_add(_iface)?\([^,]+, [A-Z0-9]|(\.|->|\b)(type|param|flag|iface_type|chap_type) *(=|==|!=) *[A-Z0-9]' $requests |
	grep -vE 'ISCSI_[A-Z]|CHAP_TYPE_|FIELD_TYPE_|nlmsg_type|= 0[;,) ]' && complain "use a number of the kernel's under a name of their own"
grep -nE '\b(state|code|status) (==|!=) [0-9]' core/plugin/*.c plugins/*/*.c && complain "compare an event's state with a bare number"
exit $status
