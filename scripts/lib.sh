# SPDX-License-Identifier: GPL-2.0-or-later
# What the scripts share; read by them ("."), not run. A script's head, from its SPDX line to the first line that is no comment, is its help.
# shellcheck shell=sh

usage() {
	sed -n '/SPDX-License/!{ /^#!/d; /^#/!q; s/^# \{0,1\}//p; }' "$0"
}

# The first argument: help, and what no script takes.
help_or() {
	case ${1-} in
	-h | --help)
		usage
		exit 0
		;;
	esac
}

refuse() {
	echo "${0##*/}: $*; scripts/${0##*/} --help tells what it takes" >&2
	exit 2
}

# bad_option OPTION
bad_option() {
	refuse "there is no option '$1'"
}

# sources DIR: the folder to configure from. configure refuses sources that were configured in place (autotools' rule: their files would be
# taken for the new ones), so that it gets a copy of them, brought up to date each time, in DIR/sources.
sources() {
	if [ ! -e "$top/config.status" ]; then
		echo "$top"
		return
	fi
	git -C "$top" rev-parse 2>/dev/null || refuse "these sources were configured in place, and are no git checkout: make distclean first"
	mkdir -p "$1/sources"
	case $1 in
	"$top"/*) set -- "$1" --exclude="/${1#"$top"/}/" ;;
	esac
	(cd "$top" && git ls-files -z --cached --others --exclude-standard ${2+"$2"} |
		xargs -0 sh -c 'for f; do [ ! -e "$f" ] || printf "%s\\0" "$f"; done' sh | tar -c --null -T -) | tar -x -C "$1/sources"
	echo "$1/sources"
}
