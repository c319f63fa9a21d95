#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run the commands of docs/slow-start.md as they stand there, in a guest with the kernel that Debian packages, and look whether
# they print what it says. What it calls start_vm is a small virtual machine of bench/e2e. The last line is "N passed, N
# failed, N skipped".

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/measure/e2e.sh
source "$ROOT/scripts/measure/e2e.sh"
# shellcheck source=scripts/test/ktap.sh
source "$ROOT/scripts/test/ktap.sh"

doc=$ROOT/docs/slow-start.md
share=$ROOT/build/slow-start

need_packages "${E2E_PACKAGES[@]}" bpftrace linux-perf
lock bench
e2e_build
e2e_modules bench fast
kernel=$("$ROOT/scripts/build/kernel.sh" path bench)
e2e_stage bench vm_start fast "$share" ''

# The guest has no libraries: each tool goes there with its own, and with the dynamic linker, which has to be named.
mkdir -p "$share/tools/bin" "$share/tools/lib" "$share/blocks"
for tool in perf bpftrace; do
	path=$(command -v "$tool")
	# Debian's perf is a script that looks for the one of the kernel that runs.
	[[ $(head -c 2 "$path") != '#!' ]] || path=$(printf '%s\n' /usr/bin/perf_* /usr/lib/linux-tools-*/perf | xargs ls 2>/dev/null | head -n 1)
	cp -L "$path" "$share/tools/lib/$tool"
	ldd "$path" | grep -o '/[^ ]*' | xargs cp -L -t "$share/tools/lib"
	printf '%s\n' '#!/bin/sh' "exec /tmp/tools/lib/ld-linux-x86-64.so.2 --library-path /tmp/tools/lib /tmp/tools/lib/$tool \"\$@\"" \
		>"$share/tools/bin/$tool"
done
printf '%s\n' '#!/bin/sh' 'exec /tmp/e2e/run vm_start --peer=fast --benchmark_filter=vm/thp_untouched/1GiB >/tmp/vm.log 2>&1' \
	>"$share/tools/bin/start_vm"
chmod +x "$share"/tools/bin/*
"$ROOT/scripts/test/slow_start.py" extract "$doc" "$share/blocks"

cat >"$share/job" <<'END'
. /lib/guest.sh
mount -t tracefs tracefs /sys/kernel/tracing && cp -r /host/tools /host/e2e /tmp && load_peer fast && bind_edu >/dev/null || exit 2
export PATH=/tmp/tools/bin:$PATH
for block in /host/blocks/*.sh; do
	sh -e "$block" >/tmp/out 2>&1
	echo $? >"${block%.sh}.status"
	cp /tmp/out "${block%.sh}.out"
	echo >/sys/kernel/tracing/trace
done
! kernel_complaints || exit 2
END
say "the commands of ${doc#"$ROOT/"}; what they print goes to $share/blocks"
status=0
run_logged slow-start "$ROOT/scripts/guest/guest.sh" --lane mttcg --cpus 2 --mem 4G --append 'damon_stat.enabled=N no_timer_check' \
	--kernel "$kernel" --share "$share"
mkdir -p "$ROOT/results/latest"
{ "$ROOT/scripts/test/slow_start.py" check "$doc" "$share/blocks" || true; } | ktap_results slow-start || status=$?
exit "$status"
