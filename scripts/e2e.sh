# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What scripts that run bench/e2e in a guest share: build it, ask it what there is, put into a share what a guest needs
# to run it. Sourced, after lib.sh.

E2E=$ROOT/build/e2e
E2E_PEERS='type1 iommufd fast floor'
# Huge pages are reserved when the guest boots, before memory is in pieces.
# shellcheck disable=SC2034 # for those who boot a guest
E2E_GUEST=(--mem 6G --append 'hugepagesz=1G hugepages=1 hugepagesz=2M hugepages=128')

e2e_check_peer() { [[ " $E2E_PEERS " == *" $1 "* ]] || die "no peer '$1' (there are: $E2E_PEERS)"; }

e2e_build() {
	local headers
	need_packages build-essential libbenchmark-dev python3
	headers=$("$ROOT/scripts/kernel.sh" headers)
	run_logged e2e make -C "$ROOT/bench/e2e" -j"$JOBS" O="$E2E" KHDR="$headers"
}

# The names of a peer's benchmarks that match; nothing if there are none.
e2e_list() {
	local peer=$1 filter=$2 names
	names=$("$E2E/run" --peer="$peer" --benchmark_list_tests --benchmark_filter="$filter" 2>&1) || {
		[[ $names == *'matches no benchmark'* ]] || die "the filter '$filter': ${names#error: }"
		return 0
	}
	echo "$names"
}

# The kernel, and those of our modules that these peers need.
e2e_modules() {
	"$ROOT/scripts/kernel.sh" build bench
	[[ " $* " != *' fast '* ]] || "$ROOT/scripts/modules.sh" bench kmod
	[[ " $* " != *' floor '* ]] || "$ROOT/scripts/modules.sh" bench bench/floor
}

# e2e_stage PEER SHARE FILTER: a new share with all that it takes, and the guest's part as its job.
e2e_stage() {
	local peer=$1 share=$2 filter=$3
	rm -rf "$share"
	mkdir -p "$share/e2e"
	"$ROOT/scripts/stage.sh" bench "$share"
	find "$E2E" -maxdepth 1 -type f -exec cp -t "$share/e2e" {} +
	printf '%s' "$filter" >"$share/filter"
	cat >"$share/job" <<-END
		. /lib/guest.sh
		cp -r /host/e2e /tmp/e2e && load_peer $peer || exit 2
		[ $peer = floor ] || bind_edu >/dev/null || exit 2
		# Its own limit for all mappings of a container is 65535.
		[ $peer != type1 ] || echo 2000000 >/sys/module/vfio_iommu_type1/parameters/dma_entry_limit || exit 2
		[ ! -e /host/want-kallsyms ] || cat /proc/kallsyms >/host/kallsyms || exit 2
		/tmp/e2e/run --peer=$peer --benchmark_filter="\$(cat /host/filter)" --benchmark_out=/tmp/out.json \\
			>/host/e2e.log 2>&1
		status=\$?
		[ \$status -le 1 ] || { cat /host/e2e.log; exit 2; }
		cp /tmp/out.json /host/out.json || exit 2
		! kernel_complaints || exit 2
	END
}
