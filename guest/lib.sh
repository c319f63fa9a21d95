# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# What a guest's job starts from: `. /lib/guest.sh`. For a busybox sh.

# What scripts/stage.sh filled.
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
	load irqbypass && load vfio || return
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

# find_edu: the addresses of every edu device (1234:11e8).
find_edu() {
	edu_found=
	for edu_path in /sys/bus/pci/devices/*; do
		[ "$(cat "$edu_path/vendor"):$(cat "$edu_path/device")" = 0x1234:0x11e8 ] || continue
		edu_found=1
		echo "${edu_path##*/}"
	done
	if [ -z "$edu_found" ]; then
		echo "guest: there is no edu device" >&2
		return 1
	fi
}

# bind_edu: every edu device to vfio-pci. Prints their addresses.
bind_edu() {
	edu_all=$(find_edu) || return
	for edu_one in $edu_all; do
		bind_device "$edu_one" vfio-pci || return
		echo "$edu_one"
	done
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
