#!/bin/sh
# Makes configure from configure.ac. Needs autoconf, automake and libtool.
set -e
cd "$(dirname "$0")"
for tool in autoreconf:autoconf automake:automake libtoolize:libtool; do
	command -v "${tool%%:*}" >/dev/null || {
		echo "autogen.sh: ${tool%%:*} is missing; on Debian: apt-get install ${tool##*:}" >&2
		exit 1
	}
done
mkdir -p m4 build-aux
# one that was cut short is seen by scripts/build, and done again
: >build-aux/unfinished
autoreconf --install --force
# autoconf cleans up dumped cores by "rm -f core": here that is a folder, and rm would complain at every check
sed -i "s/rm -f core conftest/rm -f conftest/; s/rm -f core \*.core/rm -f *.core/" configure
rm build-aux/unfinished
