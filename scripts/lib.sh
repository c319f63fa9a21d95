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

# What machine the guest is, and all that runs in it is built for: x86-64, or ARCH=arm64. By a name of our own from here on,
# for a kernel's make must not see that one. What is of x86-64 has its names without a word about that.
#   DEBIAN_ARCH    what Debian calls it
#   ARCH_NAME      what of others has in its name
#   PAGES_NAME     and what is for base pages of another size than 4 KiB: PAGES=16K or 64K, of arm64. PAGE_BYTES: their size;
#                  HUGE_PAGE: that of a huge page, as the kernel is told; GIGANTIC: what it is told to have one of 1 GiB
#   IMAGE          the image of a kernel, in its build directory
#   BUILT, LATEST  where what is built goes, and what was found in guests
#   CROSS          in front of the names of the kernel's compiler and its tools; GUEST_CC: the compiler of programs
#   MAKE_ARCH      what a kernel's make is told
#   AS_GUEST       what runs a program of the guest's here
# shellcheck disable=SC2034 # for who sources this
case ${GUEST_ARCH:-${ARCH:-}} in
'' | x86_64 | x86 | amd64)
	GUEST_ARCH=x86_64 DEBIAN_ARCH=amd64 ARCH_NAME='' IMAGE=arch/x86/boot/bzImage BUILT=$ROOT/build LATEST=$ROOT/results/latest
	CROSS='' GUEST_CC=cc MAKE_ARCH=() AS_GUEST=()
	;;
arm64 | aarch64)
	GUEST_ARCH=arm64 DEBIAN_ARCH=arm64 ARCH_NAME=-arm64 IMAGE=arch/arm64/boot/Image
	BUILT=$ROOT/build/arm64 LATEST=$ROOT/results/latest/arm64
	CROSS=aarch64-linux-gnu- GUEST_CC=aarch64-linux-gnu-gcc
	MAKE_ARCH=(ARCH=arm64 "CROSS_COMPILE=$CROSS") AS_GUEST=(qemu-aarch64)
	;;
*) die "no ARCH '${GUEST_ARCH:-$ARCH}' (there are: x86_64 arm64)" ;;
esac
# shellcheck disable=SC2034
case $GUEST_ARCH-${PAGES:-4K} in
*-4K) PAGES_NAME='' PAGE_BYTES=4096 HUGE_PAGE=2M GIGANTIC='hugepagesz=1G hugepages=1 ' ;;
arm64-16K) PAGES_NAME=-16k PAGE_BYTES=16384 HUGE_PAGE=32M GIGANTIC='hugepagesz=1G hugepages=1 ' ;;
arm64-64K) PAGES_NAME=-64k PAGE_BYTES=65536 HUGE_PAGE=512M GIGANTIC='' ;;
*) die "no PAGES '$PAGES' of $GUEST_ARCH (there are: 4K, and of arm64 16K 64K)" ;;
esac
BUILT+=$PAGES_NAME LATEST+=$PAGES_NAME
export GUEST_ARCH CROSS

# A kernel's make must see none of the caller's settings (nor of the make that called us), and messages are read below.
unset MAKEFLAGS MFLAGS MAKELEVEL O ARCH CROSS_COMPILE KBUILD_OUTPUT KBUILD_EXTMOD M MO C W V
export LC_ALL=C

have() { command -v "$1" >/dev/null 2>&1; }

# The first 12 digits of a hash of standard input: enough to tell our own configurations and images apart.
short_hash() { sha256sum | cut -c1-12; }

# The exit status of what found a disk full and said so: ENOSPC.
NO_SPACE=28

# least_space: KiB that are left where there is the least of what we write to, and the directory.
least_space() { df --output=avail,file -k "$CACHE" "$ROOT" "${TMPDIR:-/tmp}" | sed 1d | sort -n | head -n 1; }

# die_without_space [WHAT]: what failed for that.
die_without_space() {
	local dir
	read -r _ dir < <(least_space)
	printf 'error: %sno space left in %s\n' "${1:+$1: }" "$dir" >&2
	exit "$NO_SPACE"
}

# disk_is_full: whether there is a directory that nothing more can be written to.
disk_is_full() {
	local left_kib
	read -r left_kib _ < <(least_space)
	((left_kib < 1024))
}

# Whatever ends a script by failing: where a disk is full, that is why, and is said once.
on_error() {
	local status=$?
	((status != NO_SPACE)) || exit "$status"
	! disk_is_full || die_without_space
}
set -o errtrace
trap on_error ERR
# What runs in the foreground may have had its own way with an interrupt, and have ended well: this is the end anyway.
trap 'exit 130' INT
trap 'exit 143' TERM

# The order of locks. One is taken only while those that are held are all of lines above its own, so that no two runs
# can ever wait for each other. Those of the last line are for steps: held for the step alone, which takes no other.
LOCK_ORDER=(
	'coverage|compare|backfill|bisect|gate-test|fresh-test|test-kcsan' # commands that run others
	'test|past'
	'bench|programs|selftest|options|kunit|micro|tools-test|soak|fuzz|package-test|test-symvers|clients'
	'micro-insn|dashboard|ci-recipes' # commands that others run, too
	'packages|kernel-*|modules-*|*-build|initramfs|npm|fresh-root'
)
# Those that are held, by this script and by whoever started it: name=descriptor ...
export LOCKS_HELD=${LOCKS_HELD:-}

# lock_rank NAME: leaves the lock's line of LOCK_ORDER in lock_rank.
lock_rank() {
	for ((lock_rank = 0; lock_rank < ${#LOCK_ORDER[@]}; lock_rank++)); do
		# shellcheck disable=SC2053 # a line is a pattern
		[[ $1 != @(${LOCK_ORDER[lock_rank]}) ]] || return 0
	done
	die "the lock $1 has no place in LOCK_ORDER"
}

# lock NAME: one at a time: two runs that would write the same thing take turns. Held until unlock or until the script
# ends, by what it runs in the foreground too, so that a build that outlives a killed script keeps the next one waiting.
lock() {
	local fd held rank
	lock_rank "$1"
	rank=$lock_rank
	for held in $LOCKS_HELD; do
		lock_rank "${held%=*}"
		((lock_rank < rank)) || die "the lock $1 is asked for while ${held%=*} is held: see LOCK_ORDER in scripts/lib.sh"
	done
	exec {fd}>"$CACHE/lock/$1"
	if ! flock -n "$fd"; then
		say "another run is at work on $1; waiting for it"
		flock "$fd"
	fi
	LOCKS_HELD+=" $1=$fd"
}

# unlock NAME: whoever still has the descriptor.
unlock() {
	local fd
	fd=$(grep -oP "(?<= $1=)\d+" <<<"$LOCKS_HELD")
	flock -u "$fd"
	exec {fd}>&-
	LOCKS_HELD=${LOCKS_HELD/ $1=$fd/}
}

# let_go_of_locks: for what runs in the background: a lock must end with the work. The order still counts there, for
# whoever holds the locks may wait for it.
let_go_of_locks() {
	local held fd
	for held in $LOCKS_HELD; do
		fd=${held#*=}
		# What started us may have closed it, and the number be another file's.
		[[ ! /proc/self/fd/$fd -ef $CACHE/lock/${held%=*} ]] || exec {fd}>&-
	done
}

# run_logged NAME COMMAND...: the command's output goes to a log; a line of progress every PROGRESS_EVERY seconds, its
# text from the function that PROGRESS names. When the command fails, its errors and one last line with the log's place.
# The command stays in the foreground (an interrupt reaches it); what runs beside it is the ticker, which ends with us.
run_logged() {
	local name=$1 log=$CACHE/log/$1.log start=$SECONDS ticker status=0 seen=0
	shift
	printf '# %s\n' "$*" >"$log"
	_ticker "$name" "$$" &
	ticker=$!
	"$@" >>"$log" 2>&1 </dev/null || status=$?
	kill "$ticker" 2>/dev/null || true
	wait "$ticker" 2>/dev/null || seen=$?
	((status != 0)) || return 0
	# Not where a guest's log says so: it may be about IOVAs.
	if ((status == NO_SPACE || seen == NO_SPACE)) || disk_is_full ||
		{ [[ $1 != */guest.sh ]] && grep -qa 'No space left on device' "$log"; }; then
		die_without_space "$name"
	fi
	sed 1d "$log" | grep -aE '(error|Error|ERROR|E):|\*\*\*|undefined!' | head -8 >&2 || true
	die "$name failed (exit status $status after $((SECONDS - start)) s); the log is $log"
}

_ticker() {
	local name=$1 parent=$2 start=$SECONDS next=$PROGRESS_EVERY text seen=0
	let_go_of_locks
	# What fails on a full disk removes what it has written, and the log may be on that disk and not say so: what is seen
	# meanwhile counts.
	trap 'exit "$seen"' TERM
	while kill -0 "$parent" 2>/dev/null; do
		sleep 1 >/dev/null 2>&1 &
		wait "$!"
		! disk_is_full || seen=$NO_SPACE
		((SECONDS - start >= next)) || continue
		next=$((next + PROGRESS_EVERY))
		text=
		[[ -z ${PROGRESS:-} ]] || text=$($PROGRESS) || text=
		say "$name: ${text:+$text, }$((SECONDS - start)) s"
	done
}

# end_children PID..., end_groups PID...: end what was started in the background, and wait until it is gone: a run after
# this one finds nothing of it. For traps: another interrupt changes nothing meanwhile. What is told to end has
# GRACE_SECONDS (scripts/guest/watch.py) for what it started itself.
end_children() {
	trap '' INT TERM
	kill "$@" 2>/dev/null || true
	wait "$@" 2>/dev/null || true
}
end_groups() {
	local group tenths
	trap '' INT TERM
	for group; do
		kill -- "-$group" 2>/dev/null || true
	done
	for group; do
		for ((tenths = 0; tenths < 150; tenths++)); do
			kill -0 -- "-$group" 2>/dev/null || continue 2
			sleep 0.1
		done
		kill -KILL -- "-$group" 2>/dev/null || true
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

# cc_links DIR NAME TARGET...: in DIR, where scripts/build/cc.sh is to work, links for it to name files by.
cc_links() {
	local dir=$1
	mkdir -p "$dir"
	shift
	while (($#)); do
		ln -sfn "$(realpath "$2")" "$dir/at-$1"
		shift 2
	done
}

# What parts of the work take. A command asks for all of its parts before anything else, so that there is one round of apt.
# shellcheck disable=SC2034 # for who sources this
{
	KERNEL_PACKAGES=(build-essential flex bison bc libelf-dev libssl-dev cpio kmod xz-utils ccache python3 rsync pahole)
	GUEST_PACKAGES=(qemu-system-x86 busybox-static cpio python3)
	if [[ $GUEST_ARCH == arm64 ]]; then
		KERNEL_PACKAGES+=(gcc-aarch64-linux-gnu)
		GUEST_PACKAGES=(qemu-system-arm qemu-user cpio python3)
	fi
	E2E_PACKAGES=("${KERNEL_PACKAGES[@]}" "${GUEST_PACKAGES[@]}" libbenchmark-dev)
	[[ $GUEST_ARCH != arm64 ]] || E2E_PACKAGES+=(g++-aarch64-linux-gnu)
	MICRO_PACKAGES=("${KERNEL_PACKAGES[@]}" libbenchmark-dev liburcu-dev valgrind)
	# The selftests want libcap and libuuid; ktap_convert wants Python.
	TEST_PACKAGES=("${KERNEL_PACKAGES[@]}" "${GUEST_PACKAGES[@]}" libcap-dev uuid-dev)
}

# missing_packages NAME...: of these, the ones that are not installed, or not to their end.
missing_packages() {
	local installed pkg
	installed=$(dpkg-query -W -f='${Package} ${Status}\n' "$@" 2>/dev/null || true)
	for pkg; do
		[[ $installed =~ (^|$'\n')"$pkg install ok installed" ]] || echo "$pkg"
	done | sort -u
}

# need_packages NAME...: install what is missing of these Debian packages, without a question.
need_packages() {
	local missing as_root=()
	have dpkg-query || die "this is not a Debian machine; install by hand what provides: $*"
	mapfile -t missing < <(missing_packages "$@")
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
	# Another run may have installed them meanwhile.
	mapfile -t missing < <(missing_packages "$@")
	if ((${#missing[@]})); then
		say "installing packages: ${missing[*]}"
		# How to reach a mirror is the caller's to say, and sudo forgets it.
		as_root+=(env DEBIAN_FRONTEND=noninteractive ${http_proxy:+"http_proxy=$http_proxy"}
			${https_proxy:+"https_proxy=$https_proxy"} ${no_proxy:+"no_proxy=$no_proxy"})
		local apt=("${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300)
		# What was interrupted in the middle is ended first, which apt insists on. dpkg does not wait for its lock.
		[[ -z $(dpkg --audit 2>/dev/null) && -z $(ls /var/lib/dpkg/updates 2>/dev/null) ]] ||
			run_logged dpkg-configure "${as_root[@]}" dpkg --configure -a --force-confdef --force-confold
		run_logged apt-update "${apt[@]}" update
		run_logged apt-install "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
	fi
	unlock packages
}
