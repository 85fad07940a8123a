# SPDX-License-Identifier: GPL-2.0-or-later
# Functions shared by the scripts, which source this file. A script's help is its head: the comment lines behind the SPDX line.
# shellcheck shell=sh

usage() {
	sed -n '/SPDX-License/!{ /^#!/d; /^#/!q; s/^# \{0,1\}//p; }' "$0"
}

# help_or ARGUMENT…: prints the help and exits if the first argument asks for it.
help_or() {
	case ${1-} in
	-h | --help)
		usage
		exit 0
		;;
	esac
}

refuse() {
	echo "${0##*/}: $*; see scripts/${0##*/} --help" >&2
	exit 2
}

# bad_option OPTION
bad_option() {
	refuse "unknown option '$1'"
}

# sources DIR: prints the folder to configure from. configure refuses sources that were configured in place, because make would use their
# files instead of the new ones; then a copy of the sources is kept up to date in DIR/sources.
sources() {
	if [ ! -e "$top/config.status" ]; then
		echo "$top"
		return
	fi
	git -C "$top" rev-parse 2>/dev/null || refuse "these sources were configured in place, and there is no git checkout to copy them from: run make distclean first"
	mkdir -p "$1/sources"
	case $1 in
	"$top"/*) set -- "$1" --exclude="/${1#"$top"/}/" ;;
	esac
	(cd "$top" && git ls-files -z --cached --others --exclude-standard ${2+"$2"} |
		xargs -0 sh -c 'for f; do [ ! -e "$f" ] || printf "%s\\0" "$f"; done' sh | tar -c --null -T -) | tar -x -C "$1/sources"
	echo "$1/sources"
}
