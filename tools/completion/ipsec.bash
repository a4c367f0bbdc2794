# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of ipsec for bash. The command knows its verbs, and asks the daemon for names.
_ipsec()
{
	mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _ipsec ipsec
