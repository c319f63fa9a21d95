#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The manual of the inside: the kernel-doc of all wings of kmod/, by the kernel's own tool, as reStructuredText in
# build/doc/rst and as pages for a browser in build/doc/html. Fails on a warning, on a function that other files can call
# and that has no kernel-doc, and where docs/design.md does not know a lock or names a file that is not there. The page
# of manual for users, docs/iommufd-fast.4, is checked and put beside as it looks, build/doc/iommufd-fast.4.txt.

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$ROOT"

need_packages "${KERNEL_PACKAGES[@]}" git python3-sphinx man-db groff-base mandoc
"$ROOT/scripts/build/kernel.sh" headers >/dev/null
src=$("$ROOT/scripts/build/kernel.sh" src)
out=$ROOT/build/doc
failed=0

# check NAME COMMAND...: a line for what is clean; for what is not, what the command said.
check() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		say "$name: clean"
	else
		printf '%s\n' "$output" >&2
		say "$name: not clean"
		failed=1
	fi
}

kernel_doc() {
	git ls-files -z -co --exclude-standard 'kmod/*.[ch]' |
		xargs -0 "$ROOT/scripts/check/doc.py" pages "$src/tools/docs/kernel-doc" "$out/rst"
}

design() {
	git ls-files -z -co --exclude-standard 'kmod/*.[ch]' | xargs -0 "$ROOT/scripts/check/doc.py" design docs/design.md
}

html() { sphinx-build -q -W --keep-going -j "$JOBS" -d "$out/doctrees" -b html "$out/rst" "$out/html"; }

# What the two programs that show manual pages say of one: each knows mistakes that the other does not.
man_page() {
	local said
	said=$(
		mandoc -T lint -W style "$1" 2>&1 || true
		LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings --encoding=UTF-8 --local-file "$1" 2>&1 >"$out/$(basename "$1").txt" || true
	)
	[[ -z $said ]] || { printf '%s\n' "$said" && return 1; }
	[[ -s $out/$(basename "$1").txt ]] || { echo "nothing was shown of $1" && return 1; }
}

rm -rf "$out"
mkdir -p "$out"
check kernel-doc kernel_doc
check docs/design.md design
[[ ! -e $out/rst/index.rst ]] || check html html
check docs/iommufd-fast.4 man_page docs/iommufd-fast.4
check packaging/iommufd-fast-check.1 man_page packaging/iommufd-fast-check.1
((failed == 0)) || die "the documentation is not clean; what is wrong is above"
say "in a browser: $out/html/index.html; the page of manual: man -l docs/iommufd-fast.4"
