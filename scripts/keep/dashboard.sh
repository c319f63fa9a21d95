#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Make the dashboard from results/history.jsonl: a static site, build/dashboard/index.html, that opens from a file and
# needs no server and no network. See docs/results.md.
#
#   HISTORY=FILE  another history
#   OUT=DIR       another place
#   SITE_URL=URL  where it will be, for the links in its feed of changes, feed.xml

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/build/npm.sh
source "$ROOT/scripts/build/npm.sh"

history=${HISTORY:-$ROOT/results/history.jsonl}
out=${OUT:-$ROOT/build/dashboard}
part=$out.part

[[ -s $history ]] || die "$history has no runs; 'make bench' measures one and 'make record' adds it"
need_packages python3 python3-fastjsonschema python3-numpy python3-scipy "${NPM_PACKAGES[@]}"
modules=$(npm_modules)

lock dashboard
rm -rf "$part"
mkdir -p "$part"
# Chunks of data are packed while the pages are bundled.
(let_go_of_locks && exec "$ROOT/scripts/results/main.py" dashboard --history "$history" --url "${SITE_URL:-}" --feed "$part/feed.xml" \
	--output "$part/data") >"$part/packed" &
packing=$!
trap 'end_children "$packing"' EXIT
NODE_PATH=$modules run_logged dashboard-bundle "$modules/.bin/esbuild" "$ROOT/dashboard/src/main.js" "$ROOT/dashboard/src/app.css" \
	--bundle --minify --target=es2022 --outdir="$part/bundle" --log-level=warning
wait "$packing" || exit 1
trap - EXIT
mv "$part/bundle/main.js" "$part/app.js"
mv "$part/bundle/app.css" "$part/app.css"
rmdir "$part/bundle"
cp "$ROOT/dashboard/index.html" "$part"
{
	printf 'The dashboard of iommufd-fast: GPL-2.0-only\n\n'
	cat "$ROOT"/LICENSES/*GPL-2.0*
	printf '\n\nuPlot, which draws its charts:\n\n'
	cat "$modules/uplot/LICENSE"
	printf '\n\nd3-hierarchy, which lays out its flame graphs:\n\n'
	cat "$modules/d3-hierarchy/LICENSE"
} >"$part/LICENSES.txt"
packed=$(<"$part/packed")
rm "$part/packed"
rm -rf "$out"
mv "$part" "$out"
say "$packed; the dashboard is $out/index.html"
