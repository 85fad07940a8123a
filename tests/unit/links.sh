#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The daemon has no use for libpci, and does not load it; iscsiadm has, in its transport mode.
needs() { readelf -d "$([ -f ".libs/$1" ] && echo ".libs/$1" || echo "$1")" | grep -q 'NEEDED.*libpci'; }
needs iscsid && { echo "iscsid links libpci"; exit 1; }
needs iscsiadm || { echo "iscsiadm does not link libpci"; exit 1; }
exit 0
