# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# What a guest's job starts from: `. /lib/guest.sh`. For a busybox sh.

# What scripts/guest/stage.sh filled.
MODULES=/host/modules

# load NAME [DIR] [PARAMETER...]: a module, unless it is loaded. One that another peer would use instead is not noticed:
# one boot, one peer.
load() {
	load_name=$1
	load_file=${2:-$MODULES}/$1.ko
	shift
	[ $# -eq 0 ] || shift
	[ ! -d "/sys/module/$(echo "$load_name" | tr - _)" ] || return 0
	if ! insmod "$load_file" "$@"; then
		echo "guest: cannot load $load_file" >&2
		return 1
	fi
}

# load_peer type1|iommufd|fast|floor: the peer's modules, in the order that their symbols ask for. vfio.ko takes symbols
# from an iommufd.ko, so there is always one, in-tree or ours. The emulated IOMMU remaps no interrupts, hence unsafe.
# The floor takes a device that no driver has: nothing of VFIO, and find_edu instead of bind_edu.
load_peer() {
	case $1 in
	type1 | iommufd) load iommufd "$MODULES" allow_unsafe_interrupts=1 || return ;;
	fast) load iommufd "$MODULES/fast" allow_unsafe_interrupts=1 || return ;;
	floor)
		load iommufd-floor "$MODULES/floor"
		return
		;;
	*)
		echo "guest: no peer '$1' (there are: type1 iommufd fast floor)" >&2
		return 2
		;;
	esac
	# A kernel that has KVM built in has this, too.
	[ ! -e "$MODULES/irqbypass.ko" ] || load irqbypass || return
	load vfio || return
	[ "$1" != type1 ] || load vfio_iommu_type1 "$MODULES" allow_unsafe_interrupts=1 || return
	load vfio-pci-core && load vfio-pci
}

# bind_device BDF DRIVER: whoever has it gives it up, DRIVER gets it.
bind_device() {
	bind_dev=/sys/bus/pci/devices/$1
	echo "$2" >"$bind_dev/driver_override" || return
	[ ! -e "$bind_dev/driver" ] || echo "$1" >"$bind_dev/driver/unbind" || return
	echo "$1" >/sys/bus/pci/drivers_probe || return
	if [ "$(basename "$(readlink "$bind_dev/driver")")" != "$2" ]; then
		echo "guest: $1 is not bound to $2" >&2
		return 1
	fi
}

# find_device VENDOR DEVICE: the addresses of every such device, if there are any; 0x1234 and the like.
find_device() {
	for found_path in /sys/bus/pci/devices/*; do
		[ "$(cat "$found_path/vendor"):$(cat "$found_path/device")" != "$1:$2" ] || echo "${found_path##*/}"
	done
}

# find_edu: the addresses of every edu device.
find_edu() {
	edu_found=$(find_device 0x1234 0x11e8)
	if [ -z "$edu_found" ]; then
		echo "guest: there is no edu device" >&2
		return 1
	fi
	echo "$edu_found"
}

# bind_edu: every edu device to vfio-pci. Prints their addresses.
bind_edu() {
	edu_all=$(find_edu) || return
	for edu_one in $edu_all; do
		bind_device "$edu_one" vfio-pci || return
		echo "$edu_one"
	done
}

# keep_edu_enabled: as if somebody used every edu device all the time. Enabling one asks ACPI's interpreter which
# interrupt it has, and with KASAN in the kernel that is two thirds of all that a test of a device does. Before bind_edu.
keep_edu_enabled() {
	edu_all=$(find_edu) || return
	for edu_one in $edu_all; do
		echo 1 >"/sys/bus/pci/devices/$edu_one/enable" || return
	done
}

# find_kept_memory: the memory that outlives the guest (guest.sh --keep), as a file.
find_kept_memory() {
	for kept in $(find_device 0x1af4 0x1110); do
		echo 1 >"/sys/bus/pci/devices/$kept/enable" || return
		echo "/sys/bus/pci/devices/$kept/resource2"
		return
	done
	echo "guest: there is no memory that outlives it" >&2
	return 1
}

# vfio_cdev BDF: the device's node for iommufd, /dev/vfio/devices/vfioN. vfio_group BDF: its group's, /dev/vfio/N.
vfio_cdev() {
	for cdev_path in "/sys/bus/pci/devices/$1/vfio-dev/"vfio*; do
		[ -e "$cdev_path" ] || return 1
		echo "/dev/vfio/devices/${cdev_path##*/}"
	done
}
vfio_group() { echo "/dev/vfio/$(basename "$(readlink "/sys/bus/pci/devices/$1/iommu_group")")"; }

# kernel_complaints: what the kernel found wrong since boot, and success if it found something. For jobs that prove:
#   ! kernel_complaints || exit 1
kernel_complaints() {
	dmesg | grep -E 'WARNING:|BUG:|KASAN:|kernel BUG at|Oops:|general protection fault|possible (recursive|circular) locking|suspicious RCU usage|sleeping function called|unreferenced object|DMAR: DRHD: handling fault|refcount_t:|list_(add|del) corruption'
}

# result STATUS NAME: a line of KTAP, without a number of its own (scripts/test/ktap.py gives it one). 1 is a failure, any
# other status something that must not happen.
result() {
	case $1 in
	0) echo "ok 0 $2" ;;
	1) echo "not ok 0 $2" ;;
	*) echo "not ok 0 $2 # ERROR exit status $1" ;;
	esac
}

# held_pins: how many pins of pages there are in the whole system.
held_pins() {
	echo 1 >/proc/sys/vm/stat_refresh
	awk '/^nr_foll_pin_acquired / { n += $2 } /^nr_foll_pin_released / { n -= $2 } END { print n + 0 }' /proc/vmstat
}

# scan_when_told: the leak detector shall not scan by itself, for minutes in the midst of what is tested.
scan_when_told() {
	[ ! -e /sys/kernel/debug/kmemleak ] || echo scan=off >/sys/kernel/debug/kmemleak
}

# modules_symbols: the addresses of what modules have, while they are there.
modules_symbols() { grep '\]$' /proc/kallsyms | sort; }

# find_leaks SYMBOLS: what the kernel's memory leak detector finds; nothing without one. It reports what two scans did
# not find a pointer to, and not what is younger than five seconds. Addresses in modules that are gone are named after
# the file SYMBOLS; all have as many digits, so they compare as text. What the kernel notes of a huge page that has gone
# bad it keeps for good, and by a pointer that the detector does not know.
find_leaks() {
	[ -e /sys/kernel/debug/kmemleak ] || return 0
	leaks_due=$(($(cut -d. -f1 /proc/uptime) + 6))
	echo scan >/sys/kernel/debug/kmemleak
	leaks_due=$((leaks_due - $(cut -d. -f1 /proc/uptime)))
	[ $leaks_due -le 0 ] || sleep $leaks_due
	echo scan >/sys/kernel/debug/kmemleak
	awk -v symbols="$1" '
		match($0, /0x[0-9a-f]+$/) && RLENGTH == 18 {
			address = substr($0, RSTART + 2)
			name = ""
			while ((getline line <symbols) > 0) {
				split(line, part)
				if (part[1] "" > address "")
					break
				name = part[3] " " part[4]
			}
			close(symbols)
			$0 = $0 " " name
		}
		/^unreferenced object / {
			printf "%s", object
			object = ""
			noted = 0
		}
		/ memory_failure\+0x/ { noted = 1 }
		{ object = noted ? "" : object $0 "\n" }
		END { printf "%s", object }' /sys/kernel/debug/kmemleak
}

# aftermath SUFFIX MODULE...: what is left of all that was done with these modules, as results, each name with the
# suffix: modules that do not unload, leaked memory, pins, and whatever the kernel had to say since boot. Leaks are looked
# for last, for some only show when the modules are gone. /host has klog_check.
aftermath() {
	aftermath_suffix=$1
	shift
	# What a whole kernel's symbols take to be listed is spent only where leaks are looked for.
	[ ! -e /sys/kernel/debug/kmemleak ] || modules_symbols >/tmp/symbols
	rmmod "$@" 2>/tmp/unload
	aftermath_status=$?
	sed 's/^/# /' /tmp/unload
	result $aftermath_status "unload$aftermath_suffix"
	if grep -qw kmemleak=off /proc/cmdline; then
		echo "ok 0 kmemleak$aftermath_suffix # SKIP kmemleak=off"
	else
		find_leaks /tmp/symbols >/tmp/leaks
		sed 's/^/# /' /tmp/leaks
		[ ! -s /tmp/leaks ]
		result $? "kmemleak$aftermath_suffix"
	fi
	# What somebody writes to the share is pinned, and given back by a worker, which may come late.
	aftermath_until=$(($(date +%s) + 5))
	while aftermath_pins=$(held_pins) && [ "$aftermath_pins" != 0 ] && [ "$(date +%s)" -lt $aftermath_until ]; do
		sleep 1
	done
	[ "$aftermath_pins" = 0 ] || echo "# $aftermath_pins pins are left"
	[ "$aftermath_pins" = 0 ]
	result $? "pins$aftermath_suffix"
	cp /host/klog_check /tmp
	KTAP_LEVEL=0 /tmp/klog_check
	result $? "kernel-log$aftermath_suffix"
	keep_coverage
}

# keep_coverage: how often each line was executed, of modules that count it; to /host/gcda.
keep_coverage() {
	[ -d /sys/kernel/debug/gcov ] || return 0
	find /sys/kernel/debug/gcov -name '*.gcda' | while read -r counts; do
		name=${counts##*/kmod/}
		name=/host/gcda/${name##*/kunit/}
		mkdir -p "${name%/*}"
		cat "$counts" >"$name"
	done
}
