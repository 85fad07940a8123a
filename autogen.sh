#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes configure from configure.ac, as `autoreconf -fi` does, but names a missing tool and treats a warning as an error.
set -e
cd "$(dirname "$0")"
for tool in autoreconf:autoconf automake:automake libtoolize:libtool; do
	command -v "${tool%%:*}" >/dev/null || {
		echo "autogen.sh: ${tool%%:*} is missing; on Debian: apt-get install ${tool##*:}" >&2
		exit 1
	}
done
mkdir -p m4 build-aux
# scripts/build repeats a run that did not finish
: >build-aux/unfinished
autoreconf --install --force --warnings=all,error
rm build-aux/unfinished
