# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What scripts that use packages from npm share: dashboard/package-lock.json says which. Sourced, after lib.sh.

# A Node.js of the user's own is used, whatever it comes from.
# shellcheck disable=SC2034 # for who sources this
NPM_PACKAGES=(nodejs npm)
# shellcheck disable=SC2034
! { have node && have npm; } || NPM_PACKAGES=()

# npm_modules: print the directory that has them, installed if need be: in the cache, keyed by what is wanted. For who
# has NPM_PACKAGES.
npm_modules() {
	local dir
	node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' || die "Node.js $(node --version) is too old: 18 is needed"
	dir=$CACHE/npm-$(cat "$ROOT/dashboard/package.json" "$ROOT/dashboard/package-lock.json" | short_hash)
	if [[ ! -e $dir/done ]]; then
		lock npm
		# Another run may have been faster, and uses them by now.
		[[ -e $dir/done ]] || npm_install "$dir"
		unlock npm
	fi
	echo "$dir/node_modules"
}

npm_install() {
	say "installing what dashboard/package-lock.json names"
	rm -rf "$1"
	mkdir -p "$1"
	cp "$ROOT"/dashboard/package{,-lock}.json "$1"
	run_logged npm-ci npm ci --prefix "$1" --cache "$CACHE/npm" --no-audit --no-fund --no-update-notifier
	touch "$1/done"
}
