# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What scripts share that try something on a machine that has nothing (fresh_machine.py): whether there can be one, and the
# root file system that it begins with. Sourced, after lib.sh.

# For who makes a root file system.
# shellcheck disable=SC2034 # for who sources this
FRESH_PACKAGES=(mmdebstrap git)

# fresh_why_not: why no machine can be made here; nothing if one can.
fresh_why_not() {
	if ((EUID != 0)); then
		echo 'only root can make a machine'
	elif ! unshare --mount --pid --net --fork true 2>/dev/null; then
		echo 'this machine lets nobody mount'
	elif ! fresh_can_overlay; then
		echo "this machine mounts no overlay in $ROOT/build"
	fi
}

# fresh_can_overlay: whether layers can be mounted where the machines are to be; not where that is a layer of a container
# itself.
fresh_can_overlay() {
	local probe status=0
	mkdir -p "$ROOT/build"
	probe=$(mktemp -d "$ROOT/build/fresh-probe.XXXXXX")
	mkdir "$probe"/{lower,upper,work,root}
	unshare --mount mount -t overlay -o "lowerdir=$probe/lower,upperdir=$probe/upper,workdir=$probe/work" overlay \
		"$probe/root" 2>/dev/null || status=1
	rm -rf "$probe"
	return "$status"
}

# fresh_root NAME SUITE [COMMAND]: leaves in fresh_root the root file system of a minimal Debian of that suite in which COMMAND
# was run; it is made once. For who has FRESH_PACKAGES.
fresh_root() {
	local name=$1 suite=$2 sources=$CACHE/fresh/$2.sources make_root
	make_root=(mmdebstrap --variant=minbase --aptopt="$CACHE/fresh/apt.conf")
	[[ -z ${3:-} ]] || make_root+=(--customize-hook="chroot \"\$1\" sh -c 'DEBIAN_FRONTEND=noninteractive $3'")
	lock fresh-root
	mkdir -p "$CACHE/fresh"
	"$ROOT/scripts/build/apt_source.py" "$suite" >"$sources"
	# How to reach a mirror stays the machine's own.
	apt-config dump Acquire >"$CACHE/fresh/apt.conf"
	fresh_root=$CACHE/fresh/root-$name-$(cat "$sources" "$CACHE/fresh/apt.conf" - <<<"${make_root[*]}" | short_hash)
	if [[ ! -d $fresh_root ]]; then
		say "making a minimal $suite"
		rm -rf "$CACHE/fresh/root-$name"-*
		run_logged fresh-root "${make_root[@]}" "$suite" "$fresh_root.part" "$sources"
		mv "$fresh_root.part" "$fresh_root"
	fi
	unlock fresh-root
}
