#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Libraries that few commands need are loaded by what needs them, and not at each start.
for program in iscsid iscsiadm; do
	for library in libpci libkmod libmount $([ $program = iscsiadm ] && echo libcrypto); do
		file=$program
		[ -f ".libs/$program" ] && file=.libs/$program
		readelf -d "$file" | grep -q "NEEDED.*$library" && { echo "$program links $library"; exit 1; }
	done
done
# What copies a program with the libraries that it links, as for an initramfs, must find this one.
for program in iscsid iscsistart; do
	file=$program
	[ -f ".libs/$program" ] && file=.libs/$program
	readelf -d "$file" | grep -q "NEEDED.*libcrypto" || { echo "$program does not link libcrypto"; exit 1; }
done
exit 0
