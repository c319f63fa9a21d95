# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What scripts that use packages from npm share: dashboard/package-lock.json says which. Sourced, after lib.sh.

# npm_modules: print the directory that has them, installed if need be: in the cache, keyed by what is wanted.
npm_modules() {
	local dir
	{ have node && have npm; } || need_packages nodejs npm
	node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' || die "Node.js $(node --version) is too old: 18 is needed"
	dir=$CACHE/npm-$(cat "$ROOT/dashboard/package.json" "$ROOT/dashboard/package-lock.json" | short_hash)
	if [[ ! -e $dir/done ]]; then
		lock npm
		say "installing what dashboard/package-lock.json names"
		rm -rf "$dir"
		mkdir -p "$dir"
		cp "$ROOT"/dashboard/package{,-lock}.json "$dir"
		run_logged npm-ci npm ci --prefix "$dir" --cache "$CACHE/npm" --no-audit --no-fund --no-update-notifier
		touch "$dir/done"
	fi
	echo "$dir/node_modules"
}
