# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for iscsiadm(8): the candidates are the program's
complete -c iscsiadm -f -a '(iscsiadm --complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
