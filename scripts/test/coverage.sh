#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Which lines of kmod/ do all tests together execute, and which does only one kind of test? Builds the module so that it
# counts, runs what `make test` runs and the fuzzer, and prints tables. Fails when it is less than 90 % of the lines. The
# counts of every line go to results/latest/coverage.info, as editors and CI read them.
#
#   FOR=SECONDS   of fuzzing (60)

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

least_percent=90
export COVERAGE=counts PEER=fast
unset TEST_FILTER SUITE CASE MODE PROGRAMS CORPUS PATCH

# kind_of SHARE: what ran in a guest, in one word.
kind_of() {
	local name=${1##*/share-}
	name=${name%%-*}
	case $name in
	kunit) echo KUnit ;;
	selftest) echo selftests ;;
	*) echo "$name" ;;
	esac
}

need_packages "${TEST_PACKAGES[@]}"
lock coverage
mkdir -p "$ROOT/build" "$ROOT/results/latest"
began=$ROOT/build/coverage-began
touch "$began"
for part in test fuzz; do
	"$ROOT/scripts/test/$part.sh" || say "not all of $part passed; its lines count nevertheless"
done

# Whatever guest was started since then counts, so that none is forgotten that is added.
mapfile -t shares < <(find "$ROOT"/build/share-* -maxdepth 1 -name job -newer "$began" | sed 's|/[^/]*$||' | sort)
((${#shares[@]})) || die "no guest was started"
guests=()
for share in "${shares[@]}"; do
	kind=$(kind_of "$share")
	objects=$ROOT/build/coverage/kmod
	[[ $kind != KUnit ]] || objects=$ROOT/build/coverage/kunit
	[[ -n $(find "$share/gcda" -name '*.gcda' 2>/dev/null) ]] || die "the guest left no counts in $share/gcda; its console is $share/console.log"
	guests+=("$kind" "$objects" "$share/gcda")
done
echo
"$ROOT/scripts/test/coverage.py" "$ROOT/kmod" "$least_percent" "$ROOT/results/latest/coverage.info" "${guests[@]}"
