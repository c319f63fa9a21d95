#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Everything that can be said about the sources without running them. Ends with failure if anything was said.

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$ROOT"

need_packages "${KERNEL_PACKAGES[@]}" shellcheck sparse perl pyflakes3
"$ROOT/scripts/build/kernel.sh" build bench
src=$("$ROOT/scripts/build/kernel.sh" src)
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

# files REGEX: of those that git has or could have, the names that match.
files() { git ls-files -co --exclude-standard | grep -E "$1" || true; }

licensed() {
	local bare
	# Binary and generated data, prose and licence texts carry no such line, nor what has no comments.
	bare=$(files . | grep -vE '\.(md|json|jsonl|svg|json\.xz)$|^(LICENSES/|COPYING|MAINTAINERS|packaging/debian/(copyright|source/)|packaging/modules_to_force_install/)' | xargs -d '\n' grep -L 'SPDX-License-Identifier:') || true
	[[ -z $bare ]] || { printf 'no SPDX line in:\n%s\n' "$bare" && return 1; }
}

# Whole files by the kernel's strict rules; in user space without those that ask for what only the kernel has. Two rules
# are off: iterator macros name their iterator twice, as those of the kernel do, and extent_t is opaque, as pte_t is.
checkpatch() {
	local rules=("$src/scripts/checkpatch.pl" --no-tree --strict --quiet --terse --show-types --no-summary
		'--ignore=MACRO_ARG_REUSE,MACRO_ARG_PRECEDENCE,NEW_TYPEDEFS')
	local kernel_only=PREFER_KERNEL_TYPES,BIT_MACRO,VOLATILE,STRCPY,STRNCPY,PREFER_DEFINED_ATTRIBUTE_MACRO
	local status=0
	files '^(kmod|kunit|bench/floor|packaging)/.*\.[ch]$' | grep -v '/trace\.h$' | xargs -r -d '\n' "${rules[@]}" -f || status=1
	# Tracepoints are laid out as all of the kernel's.
	files '/trace\.h$' | xargs -r -d '\n' "${rules[@]}" --ignore=OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT -f || status=1
	files '^(bench/(e2e|shim|micro|profile)|tests)/.*\.[ch]$' | xargs -r -d '\n' "${rules[@]}" --ignore="$kernel_only" -f || status=1
	return "$status"
}

sparse() {
	local dir=$1 log=$CACHE/log/modules-bench-${1//\//-}-lint.log said options=()
	# With all that the module can be configured to have.
	[[ $dir != kmod ]] || options=(CONFIG_IOMMUFD_NOIOMMU=y CONFIG_IOMMUFD_VFIO_CONTAINER=y
		KCFLAGS="-include $ROOT/configs/options.h")
	# A directory of its own: sparse looks at what make compiles, and this must not disturb what is loaded.
	rm -rf "$ROOT/build/lint/$dir"
	said=$(OUT=$ROOT/build/lint/$dir "$ROOT/scripts/build/modules.sh" bench "$dir" "${options[@]}" C=2 \
		CHECK="sparse -include $ROOT/scripts/check/sparse-compat.h" 2>&1) || { echo "$said" && return 1; }
	# make goes on without a checker that it does not like; then nothing was checked.
	grep -qE '^ +CHECK ' "$log" || { echo "sparse did not run; see $log" && return 1; }
	! grep -aE "^$ROOT/[^:]*:[0-9]+:.*(warning|error):" "$log"
}

python() {
	files '\.py$' | PYTHONPYCACHEPREFIX=$ROOT/build/pycache xargs -r -d '\n' python3 -W error -m py_compile || return 1
	files '\.py$' | xargs -r -d '\n' pyflakes3
}

shells() {
	files '\.sh$|^guest/((package-)?(init|job)|client-[a-z]+)$|^\.ci/run$|^packaging/(dkms\.conf|iommufd-fast-check|debian/.*\.(postinst|postrm))$' |
		xargs -r -d '\n' shellcheck -x
}

# After sparse, which compiles what is looked at.
wings() {
	"$ROOT/scripts/check/wings.py" kmod "$ROOT/build/lint/kmod"
}

# Each race point of the module is one that some suite holds a thread at: it says so by name.
points() {
	local unheld

	unheld=$(comm -23 <(grep -rhoP 'race_point\("\K[^"]+' kmod | sort -u) \
		<(grep -rhoP '"\K[a-z_]+:[a-z-]+(?=")' kunit | sort -u))
	[[ -z $unheld ]] || { printf 'no suite holds a thread at:\n%s\n' "$unheld" && return 1; }
}

# Each fault that the fuzzer is to find can still be planted.
planted() {
	local patch status=0
	for patch in tests/fuzz/planted/*.patch; do
		patch --dry-run --force -p1 <"$patch" || { echo "$patch does not apply" && status=1; }
	done
	return "$status"
}

check licences licensed
check shellcheck shells
check python python
check checkpatch checkpatch
for dir in kmod bench/floor; do
	[[ ! -f $dir/Kbuild && ! -f $dir/Makefile ]] || check "sparse $dir" sparse "$dir"
done
check wings wings
check 'race points' points
check 'planted faults' planted
((failed == 0)) || die "lint found something; it is above"
