#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The compiler of a module that is measured: gcc, which is given files by the links of the directory that it works in
# (cc_links of scripts/lib.sh), and not by where they are on this machine. What UBSAN says of a place has the name of a file as
# gcc was given it, whatever -fmacro-prefix-map says: a tree of a longer name would be a larger module, whose data, and what is
# allocated after it, are elsewhere, and that costs other instructions.

args=("$@")
for link in at-*; do
	[[ ! -L $link ]] || args=("${args[@]//"$(readlink "$link")/"/$link/}")
done
exec ccache "${CROSS:-}gcc" "${args[@]}"
