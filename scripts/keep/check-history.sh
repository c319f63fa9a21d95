#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Where the history took another level. Exit status 1 if a commit made something worse and results/triage.toml says nothing
# of it. See docs/results.md.
#
#   LAST=N        of the last N commits that were measured (10; 0: of all)
#   LANE=NAME     another lane than icount
#   HISTORY=FILE  another history

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

last=${LAST:-10}
[[ $last =~ ^[0-9]+$ ]] || die "LAST='$last' is no number"
need_packages python3 python3-fastjsonschema python3-numpy python3-scipy
exec "$ROOT/scripts/results/main.py" changes --history "${HISTORY:-$ROOT/results/history.jsonl}" --lane "${LANE:-icount}" \
	--last "$last" --check
