# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What scripts that run the programs of bench/e2e in a guest share: build them, ask them what there is, put into a share
# what a guest needs to run one. Sourced, after lib.sh.

# shellcheck source=scripts/measure/plugin.sh
source "$ROOT/scripts/measure/plugin.sh"

E2E=$BUILT/e2e
E2E_PEERS='type1 iommufd fast floor'
# Huge pages are reserved when the guest boots, before memory is in pieces; on arm64 those, too, that are blocks of contiguous
# entries. Debian's kernel has a thread that samples who uses which memory, all the time (DAMON): what it allocates itself would
# be taken for a peer's.
case $GUEST_ARCH$PAGES_NAME in
x86_64) huge='hugepagesz=1G hugepages=1 hugepagesz=2M hugepages=128' ;;
arm64) huge='hugepagesz=1G hugepages=1 hugepagesz=32M hugepages=8 hugepagesz=2M hugepages=128 hugepagesz=64K hugepages=4096' ;;
*) huge='hugepagesz=512M hugepages=2 hugepagesz=2M hugepages=128' ;;
esac
# shellcheck disable=SC2034 # for those who boot a guest
E2E_GUEST=(--mem 6G --append "damon_stat.enabled=N $huge")

e2e_check_peer() { [[ " $E2E_PEERS " == *" $1 "* ]] || die "no peer '$1' (there are: $E2E_PEERS)"; }

# For who has E2E_PACKAGES.
e2e_build() {
	local headers
	headers=$("$ROOT/scripts/build/kernel.sh" headers)
	e2e_cross=()
	[[ $GUEST_ARCH == x86_64 ]] || e2e_cross
	run_logged e2e make -C "$ROOT/bench/e2e" -j"$JOBS" O="$E2E" KHDR="$headers" PAGE_BYTES="$PAGE_BYTES" "${e2e_cross[@]}"
}

# e2e_cross: leaves in e2e_cross what the make of bench/e2e is told for another machine. What Debian's cross compiler comes with
# is below /usr/TRIPLE, what it links with besides in the sysroot.
e2e_cross() {
	local sysroot triple=${CROSS%-} here
	sysroot=$("$ROOT/scripts/build/sysroot.sh")
	here=/usr/$triple
	e2e_cross=(CC="${CROSS}gcc" CXX="${CROSS}g++" CPPFLAGS="-isystem $sysroot/usr/include" LDFLAGS="-L$sysroot/usr/lib/$triple"
		LINKER=ld-linux-aarch64.so.1 LD_ROOT="$here"
		LDD="${AS_GUEST[*]} $here/lib/ld-linux-aarch64.so.1 --library-path $sysroot/usr/lib/$triple:$here/lib --list")
}

# e2e_here PROGRAM ARGUMENT...: run one of them on this machine.
e2e_here() {
	local program=$1
	shift
	"${AS_GUEST[@]}" "$E2E"/ld-linux-*.so.* --library-path "$E2E" "$E2E/$program" "$@"
}

# e2e_inside SHARE [PLUGIN]: leaves in e2e_inside the options for a guest of the lane icount that waits for nothing outside while
# it measures; SHARE is staged. SHARE/progress has a line for each benchmark that has ended. PLUGIN is a TCG plugin, built, that
# reads the guest's symbols when the first round begins: x86-64 alone.
e2e_inside() {
	echo 'export BENCH_PORT=0xe9' >"$1/hooks"
	e2e_inside=(--inside)
	(($# > 1)) || return 0
	# Of code, that is half of them.
	echo 'before_run() { grep -i " [tw] " /proc/kallsyms >/tmp/kallsyms && /tmp/e2e/run tell 0xe8 /tmp/kallsyms; }' >>"$1/hooks"
	# shellcheck disable=SC2034 # for who asks
	e2e_inside+=(--plugin "$2,kallsyms=$1/kallsyms")
}

# e2e_count SHARE: the same, for one that counts what its benchmarks do, too, into SHARE/stacks.
e2e_count() { e2e_inside "$1" "file=$PLUGIN,model=$PLUGIN_MODEL,out=$1/stacks"; }

# e2e_list PROGRAM PEER FILTER: the names of a peer's benchmarks that match; nothing if there are none.
e2e_list() {
	local names
	names=$(e2e_here "$1" --peer="$2" --benchmark_list_tests --benchmark_filter="$3" 2>&1) || {
		[[ $names == *'matches no benchmark'* ]] || die "the filter '$3': ${names#error: }"
		return 0
	}
	echo "$names"
}

# e2e_modules CONFIG PEER...: the kernel, and those of our modules that these peers need.
e2e_modules() {
	local config=$1
	shift
	"$ROOT/scripts/build/kernel.sh" build "$config"
	[[ " $* " != *' fast '* ]] || "$ROOT/scripts/build/modules.sh" "$config" kmod
	[[ " $* " != *' floor '* ]] || "$ROOT/scripts/build/modules.sh" "$config" bench/floor
}

# e2e_stage CONFIG PROGRAM PEER SHARE FILTER: a new share with all that it takes, and the guest's part as its job. A job
# may define before_run and after_run in SHARE/hooks.
e2e_stage() {
	local config=$1 program=$2 peer=$3 share=$4 filter=$5
	rm -rf "$share"
	mkdir -p "$share/e2e"
	"$ROOT/scripts/guest/stage.sh" "$config" "$share"
	find "$E2E" -maxdepth 1 -type f -exec cp -t "$share/e2e" {} +
	printf '%s' "$filter" >"$share/filter"
	cat >"$share/job" <<-END
		. /lib/guest.sh
		before_run() { :; }
		after_run() { :; }
		[ ! -e /host/hooks ] || . /host/hooks
		cp -r /host/e2e /tmp/e2e && load_peer $peer || exit 2
		[ $peer = floor ] || bind_edu >/dev/null || exit 2
		# Its own limit for all mappings of a container is 65535.
		[ $peer != type1 ] || echo 2000000 >/sys/module/vfio_iommu_type1/parameters/dma_entry_limit || exit 2
		before_run || exit 2
		/tmp/e2e/run $program --peer=$peer --benchmark_filter="\$(cat /host/filter)" --benchmark_out=/tmp/out.json \\
			--benchmark_repetitions=${BENCH_REPETITIONS:-1} >/host/e2e.log 2>&1
		status=\$?
		after_run || exit 2
		[ \$status -le 1 ] || { cat /host/e2e.log; exit 2; }
		cp /tmp/out.json /host/out.json || exit 2
		! kernel_complaints || exit 2
	END
}

# e2e_choose PROGRAM FILTER EXAMPLE PEER...: leaves in e2e_chosen those that have a benchmark that matches.
e2e_choose() {
	local program=$1 filter=$2 example=$3 peer
	shift 3
	e2e_chosen=()
	for peer; do
		[[ -z $(e2e_list "$program" "$peer" "$filter") ]] || e2e_chosen+=("$peer")
	done
	((${#e2e_chosen[@]})) || die "BENCH_FILTER='$filter' matches no benchmark of: $* (e.g. BENCH_FILTER='$example')"
}

# e2e_begin PROGRAM FILTER EXAMPLE: builds the programs, and leaves in e2e_chosen those of PEERS that have a benchmark that
# matches, of those that have system calls of their own. For who needs no other package; has the lock from then on.
e2e_begin() {
	local peers=${PEERS:-type1 iommufd fast} peer
	for peer in $peers; do
		[[ $peer =~ ^(type1|iommufd|fast)$ ]] || die "no peer '$peer' of this kind (there are: type1 iommufd fast)"
	done
	need_packages "${E2E_PACKAGES[@]}"
	lock bench
	e2e_build
	# shellcheck disable=SC2086 # one word a peer
	e2e_choose "$@" $peers
}

# e2e_results JSON TABLE FILTER PEER=SHARE...: one results file of what the guests left, and its table.
e2e_results() {
	local json=$1 table=$2 filter=$3 status=0
	shift 3
	mkdir -p "${json%/*}"
	rm -f "$json"
	"$ROOT/scripts/results/main.py" merge --config "$("$ROOT/scripts/build/kernel.sh" key bench)" --filter "$filter" \
		--output "$json" "$@" || status=$?
	[[ ! -e $json ]] || "$ROOT/scripts/results/main.py" "$table" "$json"
	return "$status"
}
