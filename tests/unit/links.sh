#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Libraries that few commands need are loaded by what needs them, and not at each start.
for program in iscsid iscsiadm; do
	for library in libpci libkmod libmount; do
		file=$program
		[ -f ".libs/$program" ] && file=.libs/$program
		readelf -d "$file" | grep -q "NEEDED.*$library" && { echo "$program links $library"; exit 1; }
	done
done
exit 0
