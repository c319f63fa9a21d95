#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build for the test kernel what another configuration of it would have, without another kernel: symbols that only iommufd
# and vfio.ko look at (configs/options.h).
#
#   build/options/kmod/iommufd.ko                   our module
#   build/options/drivers/iommu/iommufd/iommufd.ko  the in-tree one
#   build/options/drivers/vfio/vfio.ko              for either: it has no container of its own, and devices without an IOMMU
#   build/options-vfio/drivers/vfio/vfio.ko         one that knows no iommufd, and has a container

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

if (($# != 1)) || [[ ! $1 =~ ^(fast|iommufd)$ ]]; then
	echo "usage: scripts/build/options.sh PEER     (fast or iommufd)" >&2
	exit 2
fi
iommufd=kmod
[[ $1 == fast ]] || iommufd=drivers/iommu/iommufd

# build OUT HEADER DIR MAKE-ARGUMENT...: HEADER is read after the kernel's configuration.
build() {
	OUT=$ROOT/build/$1/$3 "$ROOT/scripts/build/modules.sh" test "$3" KCFLAGS="-include $ROOT/configs/$2" "${@:4}"
}

options=(CONFIG_IOMMUFD_NOIOMMU=y CONFIG_IOMMUFD_VFIO_CONTAINER=y CONFIG_VFIO_NOIOMMU=y)
# Of drivers/vfio the one module.
alone=(CONFIG_VFIO_IOMMU_TYPE1= CONFIG_VFIO_PCI_CORE=)
build options options.h "$iommufd" "${options[@]}"
build options options.h drivers/vfio "${options[@]}" "${alone[@]}" CONFIG_VFIO_CONTAINER= \
	KBUILD_EXTRA_SYMBOLS="$ROOT/build/options/$iommufd/Module.symvers"
build options-vfio no-iommufd.h drivers/vfio "${alone[@]}" CONFIG_IOMMUFD= CONFIG_VFIO_DEVICE_CDEV=
