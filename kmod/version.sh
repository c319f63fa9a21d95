#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The version of this source, as the module tells it: the file VERSION beside this one, which a package has, or git's count
# of commits and the commit, with ".dirty" where something was changed since. It grows from commit to commit.
dir=$(dirname "$0")
if [ -s "$dir/VERSION" ]; then
	cat "$dir/VERSION"
elif count=$(git -C "$dir" rev-list --count HEAD 2>/dev/null); then
	dirty=
	[ -z "$(git -C "$dir" status --porcelain --untracked-files=no . 2>/dev/null)" ] || dirty=.dirty
	echo "0.1.$count+g$(git -C "$dir" rev-parse --short=12 HEAD)$dirty"
else
	echo 0.1.unknown
fi
