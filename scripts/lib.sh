# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What every script shares: where things are, how to say something, how to fail, how to run a long step with its
# log and its progress. Sourced, never run.

# Standard output belongs to what a script answers (a path, a table); talk goes to standard error.
say() { printf -- '--> %s\n' "$*" >&2; }
die() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${CACHE:-$HOME/.cache/iommufd-fast}
mkdir -p "$CACHE/log" "$CACHE/lock"
CACHE=$(cd "$CACHE" && pwd)
[[ $ROOT$CACHE != *[[:space:]:,]* ]] || die "make and QEMU cannot work in a path with blanks, colons or commas: $ROOT, $CACHE"
JOBS=${JOBS:-$(nproc)}
# Seconds between two progress lines of a long step.
PROGRESS_EVERY=${PROGRESS_EVERY:-15}
export ROOT CACHE JOBS
LOCK_FDS=()

# A kernel's make must see none of the caller's settings (nor of the make that called us), and messages are read below.
unset MAKEFLAGS MFLAGS MAKELEVEL O ARCH CROSS_COMPILE KBUILD_OUTPUT KBUILD_EXTMOD M MO C W V
export LC_ALL=C

have() { command -v "$1" >/dev/null 2>&1; }

# The first 12 digits of a hash of standard input: enough to tell our own configurations and images apart.
short_hash() { sha256sum | cut -c1-12; }

# One at a time: two runs that would write the same thing take turns. Held until the script ends, by its children too,
# so a build that outlives a killed script still keeps the next one waiting.
lock() {
	local fd
	exec {fd}>"$CACHE/lock/$1"
	LOCK_FDS+=("$fd")
	if ! flock -n "$fd"; then
		say "another run is at work on $1; waiting for it"
		flock "$fd"
	fi
}

# run_logged NAME COMMAND...: the command's output goes to a log; a line of progress every PROGRESS_EVERY seconds, its
# text from the function that PROGRESS names. When the command fails, its errors and one last line with the log's place.
# The command stays in the foreground (an interrupt reaches it); what runs beside it is the ticker, which ends with us.
run_logged() {
	local name=$1 log=$CACHE/log/$1.log start=$SECONDS ticker status=0
	shift
	printf '# %s\n' "$*" >"$log"
	_ticker "$name" "$$" &
	ticker=$!
	"$@" >>"$log" 2>&1 </dev/null || status=$?
	kill "$ticker" 2>/dev/null || true
	wait "$ticker" 2>/dev/null || true
	if ((status != 0)); then
		sed 1d "$log" | grep -aE '(error|Error|ERROR|E):|\*\*\*|undefined!' | head -8 >&2 || true
		die "$name failed (exit status $status after $((SECONDS - start)) s); the log is $log"
	fi
}

_ticker() {
	local name=$1 parent=$2 start=$SECONDS next=$PROGRESS_EVERY text fd
	# A lock must end with the work, not with the last tick.
	for fd in "${LOCK_FDS[@]}"; do
		exec {fd}>&-
	done
	while sleep 1 >/dev/null 2>&1 && kill -0 "$parent" 2>/dev/null; do
		((SECONDS - start >= next)) || continue
		next=$((next + PROGRESS_EVERY))
		text=
		[[ -z ${PROGRESS:-} ]] || text=$($PROGRESS) || text=
		say "$name: ${text:+$text, }$((SECONDS - start)) s"
	done
}

# work_tree DIR COMMIT: that commit of this repository in a work tree of its own; one that is there is used again.
work_tree() {
	local name
	name=work-tree-$(basename "$1")
	if [[ -e $1/.git ]]; then
		run_logged "$name" git -C "$1" checkout --force --detach "$2"
	else
		git -C "$ROOT" worktree prune
		run_logged "$name" git -C "$ROOT" worktree add --force --detach "$1" "$2"
	fi
}

# need_packages NAME...: install what is missing of these Debian packages, without a question.
need_packages() {
	local missing=() as_root=() installed pkg
	have dpkg-query || die "this is not a Debian machine; install by hand what provides: $*"
	installed=$(dpkg-query -W -f='${Package} ${Status}\n' "$@" 2>/dev/null || true)
	for pkg; do
		[[ $installed =~ (^|$'\n')"$pkg install ok installed" ]] || missing+=("$pkg")
	done
	((${#missing[@]})) || return 0
	if ((EUID != 0)); then
		have sudo || die "not root and no sudo; have an administrator install: ${missing[*]}"
		# Ask for a password only if there must be one, and where somebody can answer.
		if ! sudo -n true 2>/dev/null; then
			[[ -t 0 ]] || die "sudo needs a password and there is no terminal; have an administrator install: ${missing[*]}"
			sudo -v || die "sudo was refused; have an administrator install: ${missing[*]}"
		fi
		as_root=(sudo)
	fi
	lock packages
	say "installing packages: ${missing[*]}"
	local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
	run_logged apt-update "${apt[@]}" update
	run_logged apt-install "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
}
