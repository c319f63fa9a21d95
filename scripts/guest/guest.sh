#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Boot a kernel in QEMU, let it run SHARE/job, and end with the job's exit status.

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

usage() {
	cat >&2 <<-END
		usage: scripts/guest/guest.sh --kernel BUILD_DIR --share SHARE [OPTION...]

		SHARE is the guest's /host, read and write; the guest runs SHARE/job (sh, as root).
		  --lane icount|mttcg|kvm   icount: one nanosecond an instruction, repeatable (the default)
		                            mttcg: several emulated CPUs; kvm: real time, TCG where KVM cannot boot a guest
		  --cpus N                  CPUs (1; in icount they take turns of 50000 instructions)
		  --mem SIZE                memory (4G), in M or G
		  --nodes N                 as many NUMA nodes, with as much of it each, and of the CPUs (1)
		  --edu N                   edu devices, each in an IOMMU group of its own (1)
		  --edu-group N             N more that are functions of one device, in one IOMMU group (0)
		  --edu-bare N              N more that have no IOMMU (0)
		  --nic N                   network devices (e1000e), all on one wire (0)
		  --nvme FILE               an NVMe device, whose disk is that file
		  --device STRING           one more device, as QEMU's -device has it
		  --append STRING           more for the kernel's command line
		  --initrd FILE             in place of ours, with an init of its own; --disk FILE: a disk, /dev/vda
		  --test-kernel             what a kernel has to be told that is full of sanitizers
		  --keep FILE               16 MiB of memory that outlives the guest: BAR 2 of a PCI device (1af4:1110)
		  --plugin STRING           a TCG plugin: its file=, and what it wants to be told
		  --stall SECONDS           how long neither its console nor another file of SHARE may grow (600)
		  --timeout SECONDS         how long it may take in all (7200)
		  --inside                  all of SHARE is in the guest's memory from the beginning (scripts/guest/inside.sh), and what
		                            the job leaves in /host comes back when it has ended
		  --stream                  print the console while it runs

		Seconds are those of the guest's own clock, in which it does not wait for a CPU: a busy machine takes longer, and
		that is no reason to end it. See scripts/guest/watch.py. In the lanes whose clock is the machine's, the guest's init
		finds in TICKS a terminal with a byte for each such second.

		ARCH=arm64: the kernel and all else is of that; there is no device without an IOMMU, and KVM is of no use.

		Afterwards SHARE has console.log, status (of the job) and guest.env (the lane that was taken, QEMU's version, ...).
		Exit status: the job's (1 for $NO_SPACE); 124 it hung; 125 the guest died.
	END
	exit 2
}

lane=icount cpus=1 mem=4G nodes=1 edu=1 edu_group=0 edu_bare=0 nic=0 nvme='' device='' told='' append='' initrd='' disk='' keep=''
plugin='' stall=600 limit=7200 stream='' inside='' kernel='' share=''
while (($#)); do
	case $1 in
	--lane | --cpus | --mem | --nodes | --edu | --edu-group | --edu-bare | --nic | --nvme | --device | --append | --initrd | --disk | \
		--keep | --plugin | --stall | --timeout | --kernel | --share)
		(($# > 1)) || usage
		;;&
	--lane) lane=$2 ;;
	--cpus) cpus=$2 ;;
	--mem) mem=$2 ;;
	--nodes) nodes=$2 ;;
	--edu) edu=$2 ;;
	--edu-group) edu_group=$2 ;;
	--edu-bare) edu_bare=$2 ;;
	--nic) nic=$2 ;;
	--nvme) nvme=$2 ;;
	--device) device=$2 ;;
	--append) append=$2 ;;
	--initrd) initrd=$2 ;;
	--disk) disk=$2 ;;
	--keep) keep=$2 ;;
	--plugin) plugin=$2 ;;
	--stall) stall=$2 ;;
	--timeout) limit=$2 ;;
	--kernel) kernel=$2 ;;
	--share) share=$2 ;;
	--stream)
		stream=1
		shift
		continue
		;;
	--inside)
		inside=1
		shift
		continue
		;;
	--test-kernel)
		# Four levels of page tables: with five, KASAN asks a CPU feature where its shadow is, which the kernel forgets for a
		# moment while it identifies the CPU at boot, and an interrupt in that moment is a report of its own.
		told='log_buf_len=1M sysctl.kernel.lock_stat=0 '
		[[ $GUEST_ARCH != x86_64 ]] || told="no5lvl $told"
		shift
		continue
		;;
	*) usage ;;
	esac
	shift 2
done
[[ -n $kernel && -n $share ]] || usage
[[ $lane =~ ^(icount|mttcg|kvm)$ ]] || die "no lane '$lane' (there are: icount mttcg kvm; host is docs/host-lane.md)"
for number in "$cpus" "$edu" "$edu_group" "$edu_bare" "$nic" "$stall" "$limit"; do
	[[ $number =~ ^[0-9]+$ ]] || die "'$number' is no number"
done
image=$kernel/$IMAGE
[[ -s $image ]] || die "no kernel at $image; run 'scripts/build/kernel.sh build bench'"
[[ -d $share ]] || die "no directory $share to share"
share=$(cd "$share" && pwd)
# A comma separates QEMU's options.
[[ $share$keep$nvme != *,* ]] ||
	die "QEMU cannot share what has a comma in its name: $share${keep:+, $keep}${nvme:+, $nvme}"
need_packages "${GUEST_PACKAGES[@]}"
initramfs=${initrd:-$("$ROOT/scripts/guest/initramfs.sh" "$kernel")}

# The machine that the guest is: QEMU's name of it, of its CPU, of its IOMMU where that is a device, of its serial port, and
# what else the kernel is told.
case $GUEST_ARCH in
x86_64)
	machine=(qemu-system-x86_64 -machine q35)
	cpu=max iommu=(-device 'intel-iommu,aw-bits=48') console=ttyS0 iommu_told='intel_iommu=on,sm_off '
	# A CPU that repeats a byte at a time well (ERMS) would be asked to: to clear a page would be 4096 instructions, each
	# emulated by itself, and most of a benchmark's time. Without, the kernel clears 8 bytes at a time.
	icount_cpu=max,-erms
	;;
arm64)
	# What is random in the device tree is not, in the kernel's log or the order of what it allocates.
	machine=(qemu-system-aarch64 -machine 'virt,gic-version=3,iommu=smmuv3,dtb-randomness=off')
	# Pointers are signed by what is quick to emulate.
	cpu=max,pauth-impdef=on iommu=() console=ttyAMA0 iommu_told=''
	# Programs read a clock that counts instructions.
	icount_cpu=$cpu,cntfrq=1000000000
	((edu_bare == 0)) || die "there is no device without an IOMMU in a guest of $GUEST_ARCH"
	;;
esac
qemu_version=$("${machine[0]}" --version | sed -n '1s/.*version //p')

# An openable /dev/kvm proves nothing: some machines create a VM and then cannot run a stock kernel in it. The proof is
# a guest that boots to its job within a short limit. The answer holds until the machine is booted again.
kvm_works() {
	local answer=$CACHE/kvm-probe probe question
	[[ $GUEST_ARCH == "$(uname -m)" ]] || { kvm_problem="it runs no $GUEST_ARCH" && return 1; }
	[[ -r /dev/kvm && -w /dev/kvm ]] || { kvm_problem="/dev/kvm cannot be opened" && return 1; }
	question="$(</proc/sys/kernel/random/boot_id) $EUID $qemu_version:"
	kvm_problem="a guest does not boot in it"
	if [[ ! -s $answer || $(<"$answer") != "$question"* ]]; then
		say "probing KVM: does a guest boot in it?"
		probe=$(mktemp -d "$CACHE/kvm-probe.XXXXXX")
		echo 'exit 0' >"$probe/job"
		if KVM_PROBE=1 "$0" --lane kvm --edu 0 --timeout 20 --kernel "$kernel" --share "$probe" 2>"$CACHE/log/kvm-probe.log"; then
			echo "$question yes" >"$answer"
		else
			cat "$probe"/*.log >>"$CACHE/log/kvm-probe.log" 2>/dev/null || true
			echo "$question no" >"$answer"
		fi
		rm -rf "$probe"
	fi
	[[ $(<"$answer") == *yes ]]
}

if [[ $lane == kvm && -z ${KVM_PROBE:-} ]] && ! kvm_works; then
	((cpus > 1)) && lane=mttcg || lane=icount
	say "KVM is of no use here ($kvm_problem); taking $lane, see $CACHE/log/kvm-probe.log"
fi

qemu=("${machine[@]}" -m "$mem" -smp "$cpus" -nodefaults -no-user-config -display none -no-reboot)
if ((nodes > 1)); then
	[[ $mem =~ ^([0-9]+)(M|G)$ ]] || die "--mem $mem can not be divided into $nodes nodes"
	megabytes=${BASH_REMATCH[1]}
	[[ $mem != *G ]] || megabytes=$((megabytes * 1024))
	for ((i = 0; i < nodes; i++)); do
		qemu+=(-object "memory-backend-ram,id=node$i,size=$((megabytes / nodes))M" -numa "node,nodeid=$i,memdev=node$i")
	done
fi
case $lane in
icount)
	# Its CPUs are emulated in turn, each until a timer is due. For a turn to be short there is one of QEMU's that the guest does
	# not see, every 50 microseconds: that of a buffer of a network that has no device.
	((cpus == 1)) || qemu+=(-netdev 'hubport,id=turns,hubid=1' -object 'filter-buffer,id=turn,netdev=turns,interval=50')
	# With the clock of the guest counting instructions and its random numbers seeded, a run repeats itself.
	qemu+=(-accel 'tcg,thread=single' -cpu "$icount_cpu" -icount 'shift=0,sleep=off' -rtc 'base=2026-01-01,clock=vm' -seed 1)
	;;
mttcg) qemu+=(-accel 'tcg,thread=multi' -cpu "$cpu") ;;
kvm) qemu+=(-accel kvm -cpu host) ;;
esac
ticks=()
watch=("$ROOT/scripts/guest/watch.py" --stall "$stall" --timeout "$limit")
if [[ $lane != icount ]]; then
	# What the kernel does not know itself it gives to init as a variable.
	watch+=(--ticks "$share/ticks")
	ticks=(-chardev "pipe,id=ticks,path=$share/ticks")
	case $GUEST_ARCH in
	x86_64)
		ticks+=(-serial chardev:ticks)
		append+=' TICKS=/dev/ttyS1'
		;;
	arm64)
		# It has one serial port. The number of this one is that of its device, which comes after the share's.
		ticks+=(-device "virtio-serial-pci,id=ports" -device "virtserialport,bus=ports.0,nr=1,chardev=ticks")
		append+=' TICKS=/dev/vport1p1'
		;;
	esac
fi
if [[ -n $inside ]]; then
	"$ROOT/scripts/guest/inside.sh" "$initramfs" "$share"
	initramfs=$share/initrd
	# Files, for what is wanted of a job before it ends: a byte that is written to a port of theirs is there. On arm64, which has
	# no ports, programs call the emulator.
	qemu+=(-chardev "file,id=progress,path=$share/progress")
	case $GUEST_ARCH in
	x86_64)
		qemu+=(-device 'isa-debugcon,iobase=0xe9,chardev=progress'
			-chardev "file,id=kallsyms,path=$share/kallsyms" -device 'isa-debugcon,iobase=0xe8,chardev=kallsyms')
		;;
	arm64) qemu+=(-semihosting-config 'enable=on,target=native,userspace=on,chardev=progress') ;;
	esac
fi
[[ -z $plugin ]] || qemu+=(-plugin "$plugin")
qemu+=("${iommu[@]}")
[[ -z $keep ]] || qemu+=(-object "memory-backend-file,id=keep,share=on,size=16M,mem-path=$keep"
	-device 'ivshmem-plain,memdev=keep')
for ((i = 0; i < edu; i++)); do
	qemu+=(-device 'edu,dma_mask=0xffffffffffffffff')
done
for ((i = 0; i < edu_group; i++)); do
	qemu+=(-device "edu,dma_mask=0xffffffffffffffff,addr=10.$i,multifunction=on")
done
for ((i = 0; i < nic; i++)); do
	qemu+=(-netdev "hubport,id=wire$i,hubid=0" -device "e1000e,netdev=wire$i")
done
[[ -z $nvme ]] || qemu+=(-drive "if=none,id=nvme,file=$nvme,format=raw,cache=unsafe" -device 'nvme,drive=nvme,serial=1')
[[ -z $device ]] || qemu+=(-device "$device")
[[ -z $disk ]] || qemu+=(-drive "file=$disk,format=raw,if=virtio,cache=unsafe")
qemu+=(-virtfs "local,path=$share,mount_tag=host,security_model=none,multidevs=remap"
	-chardev "file,id=console,path=$share/console.log" -serial chardev:console "${ticks[@]}"
	-kernel "$image" -initrd "$initramfs"
	-append "console=$console panic=-1 ${iommu_told}transparent_hugepage=madvise nokaslr norandmaps $told$append")
# The IOMMU does not translate for all that is below a root bus like this one. Last, for a device that names no bus takes
# the latest there is.
if ((edu_bare)); then
	qemu+=(-device 'pxb-pcie,id=bare,bus=pcie.0,bus_nr=64,bypass_iommu=on')
	for ((i = 0; i < edu_bare; i++)); do
		qemu+=(-device "pcie-root-port,id=bare$i,bus=bare,chassis=$i"
			-device "edu,dma_mask=0xffffffffffffffff,bus=bare$i")
	done
fi

rm -f "$share/status"
: >"$share/console.log"
cat >"$share/guest.env" <<-END
	lane=$lane
	cpus=$cpus
	mem=$mem
	page_bytes=$PAGE_BYTES
	qemu='$qemu_version'
END

(let_go_of_locks && exec "${watch[@]}" "$share" "${qemu[@]}") </dev/null >"$share/qemu.log" 2>&1 &
pid=$!
trap 'end_children "$pid"' EXIT
if [[ -n $stream ]]; then
	(let_go_of_locks && tail -n +1 -f --pid="$pid" "$share/console.log" 2>/dev/null | sed -u 's/\r//g') &
	streamer=$!
fi
status=0
wait "$pid" 2>/dev/null || status=$?
trap - EXIT
[[ -z $stream ]] || wait "$streamer" || true
# The serial console ends its lines as a terminal wants them.
sed -i 's/\r//g' "$share/console.log"

dead() {
	local code=$1
	shift
	! disk_is_full || die_without_space "the guest"
	[[ -n $stream ]] || tail -n 15 "$share/console.log" >&2
	printf 'error: %s; the console is %s\n' "$*" "$share/console.log" >&2
	exit "$code"
}
if grep -qa 'Kernel panic' "$share/console.log"; then
	dead 125 "the guest panicked: $(grep -a -m1 -o 'Kernel panic.*' "$share/console.log")"
elif hung=$(grep -a '^watch: ' "$share/qemu.log"); then
	dead 124 "the guest ${hung#watch: }"
elif ((status != 0)); then
	dead 125 "QEMU failed (exit status $status): $(grep -m1 "^qemu" "$share/qemu.log")"
elif [[ ! -s $share/status ]]; then
	dead 125 "the guest died before its job ended"
fi
status=$(<"$share/status")
# That one is for a disk of this machine.
((status != NO_SPACE)) || status=1
exit "$status"
