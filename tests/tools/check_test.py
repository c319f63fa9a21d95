# SPDX-License-Identifier: GPL-2.0-only
"""packaging/iommufd-fast-check, on machines that are made up: a line for each question, and the exit status."""

import subprocess
import unittest

from scratch import ROOT, ScratchTest

KERNEL = "7.3.4-made-up"
OURS = "fast-0.1.7+g0123456789ab"
NEXT = "fast-0.1.8+gba9876543210"


class CheckTest(ScratchTest):
    """A machine on which all is well; each case changes something."""

    def setUp(self):
        super().setUp()
        self.write("proc/devices", "Character devices:\n 10 misc\n511 vfio-dev\n")
        self.write("dev/iommu", "")
        self.write("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n")
        for kib, total, free in ((2048, 8, 5), (1048576, 0, 0)):
            self.write(f"sys/kernel/mm/hugepages/hugepages-{kib}kB/nr_hugepages", f"{total}\n")
            self.write(f"sys/kernel/mm/hugepages/hugepages-{kib}kB/free_hugepages", f"{free}\n")
        self.load("iommufd", OURS)
        self.load("vfio", user_of="iommufd")
        self.load("vfio_pci_core", user_of="vfio")
        self.load("vfio_pci", user_of="vfio_pci_core")
        for name in ("vfio", "vfio-pci-core", "vfio-pci"):
            self.install(f"updates/dkms/{name}.ko")
        self.install("updates/dkms/iommufd.ko", OURS)
        self.device("0000:00:04.0", 1, "vfio-pci", vfio=True)
        self.device("0000:00:05.0", 2, None)
        self.device("0000:00:06.0", 3, "e1000e")

    def write(self, name, text):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def load(self, name, version=None, user_of=None):
        (self.dir / "sys/module" / name / "holders").mkdir(parents=True, exist_ok=True)
        if version:
            self.write(f"sys/module/{name}/version", f"{version}\n")
        if user_of:
            (self.dir / f"sys/module/{user_of}/holders/{name}").symlink_to(self.dir / "sys/module" / name)

    def unload(self, *names):
        for name in names:
            subprocess.run(["rm", "-r", self.dir / "sys/module" / name], check=True)

    def install(self, name, version=None):
        """A file of the kernel's modules, which says its version."""
        path = self.dir / "lib/modules" / KERNEL / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        text = f"version={version}\\0" if version else "license=GPL\\0"
        subprocess.run(["gcc", "-c", "-x", "assembler", "-o", path, "-"], input=f'.section .modinfo,"a"\n.ascii "{text}"\n',
                       text=True, check=True)

    def device(self, name, group, driver, vfio=False):
        path = self.dir / "sys/bus/pci/devices" / name
        path.mkdir(parents=True)
        (path / "class").write_text("0x020000\n", encoding="utf-8")
        if driver:
            (self.dir / "sys/bus/pci/drivers" / driver).mkdir(parents=True, exist_ok=True)
            (path / "driver").symlink_to(self.dir / "sys/bus/pci/drivers" / driver)
        if vfio:
            (path / "vfio-dev/vfio0").mkdir(parents=True)
        members = self.dir / f"sys/kernel/iommu_groups/{group}/devices"
        members.mkdir(parents=True, exist_ok=True)
        (members / name).symlink_to(path)

    def run_check(self):
        subprocess.run(["/sbin/depmod", "-b", self.dir, KERNEL], check=True, capture_output=True)
        return subprocess.run([ROOT / "packaging/iommufd-fast-check"], capture_output=True, text=True, check=False,
                              env={"PATH": "/usr/bin:/bin", "IOMMUFD_FAST_ROOT": str(self.dir), "IOMMUFD_FAST_KERNEL": KERNEL})

    def check(self, status, *lines):
        """The program's exit status, and lines that it prints."""
        run = self.run_check()
        self.assertEqual(run.stderr, "")
        for line in lines:
            self.assertIn(line, run.stdout.splitlines())
        self.assertEqual(run.returncode, status, run.stdout)

    def test_all_is_well(self):
        self.check(0, f"ok    module: iommufd {OURS} is in use",
                   "ok    vfio: uses iommufd; drivers that are loaded and fit: vfio_pci, vfio_pci_core",
                   f"ok    access: {self.user()} can open /dev/iommu",
                   "ok    devices: to assign: 0000:00:04.0; not bound to vfio-pci: 0000:00:05.0; in groups that others use: 1",
                   "ok    huge pages: transparent: madvise, 0 of 0 of 1024 MiB free, 5 of 8 of 2 MiB free")

    def user(self):
        return subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()

    def test_upgraded_and_not_loaded_again(self):
        self.install("updates/dkms/iommufd.ko", NEXT)
        self.check(0, f"note  module: iommufd {OURS} is in use; {NEXT} is installed, for when it is loaded again")

    def test_removed_and_not_unloaded(self):
        (self.dir / f"lib/modules/{KERNEL}/updates/dkms/iommufd.ko").unlink()
        self.check(0, f"note  module: iommufd {OURS} is in use; none is installed, for when it is loaded again")

    def test_not_loaded(self):
        self.unload("iommufd")
        self.check(1, f"fail  module: iommufd {OURS} is installed for {KERNEL} and not loaded: modprobe iommufd")

    def test_not_installed(self):
        self.unload("iommufd")
        (self.dir / f"lib/modules/{KERNEL}/updates/dkms/iommufd.ko").unlink()
        self.check(1, f"fail  module: none is loaded, and none of this package is installed for {KERNEL}: "
                      "dkms status iommufd-fast")

    def test_the_kernels_own_is_in_use(self):
        (self.dir / "sys/module/iommufd/version").unlink()
        self.check(1, "fail  module: the kernel's own iommufd is in use: unload it and what uses it, or boot again")

    def test_vfio_without_iommufd(self):
        (self.dir / "sys/module/iommufd/holders/vfio").unlink()
        self.check(1, "fail  vfio: the one that is loaded does not use iommufd: unload it and its drivers, or boot again")

    def test_vfio_without_cdevs(self):
        self.write("proc/devices", "Character devices:\n 10 misc\n")
        self.check(1, "fail  vfio: the one that is loaded has no /dev/vfio/devices/")

    def test_vfio_not_loaded(self):
        self.unload("vfio", "vfio_pci", "vfio_pci_core")
        self.check(0, "note  vfio: not loaded; modprobe vfio-pci loads "
                      f"{self.dir}/lib/modules/{KERNEL}/updates/dkms/vfio.ko")

    def test_drivers_left_behind(self):
        self.install("kernel/drivers/vfio/vfio_iommu_type1.ko")
        self.install("kernel/drivers/gpu/drm/i915/kvmgt.ko")
        self.install("kernel/drivers/gpu/drm/i915/i915.ko")
        self.check(0, "note  vfio: of the kernel's drivers these were not built for this vfio, and can not be loaded: "
                      "kvmgt, vfio_iommu_type1")

    def test_the_kernels_vfio_leaves_none_behind(self):
        for path in (self.dir / f"lib/modules/{KERNEL}/updates/dkms").glob("vfio*"):
            path.unlink()
        self.install("kernel/drivers/vfio/vfio.ko")
        self.install("kernel/drivers/vfio/vfio_iommu_type1.ko")
        run = self.run_check()
        self.assertNotIn("not built for this vfio", run.stdout)

    def test_no_device_node(self):
        (self.dir / "dev/iommu").unlink()
        self.check(1, "fail  access: there is no /dev/iommu")

    def test_may_not_open(self):
        # What not even root can open for writing.
        (self.dir / "dev/iommu").unlink()
        (self.dir / "dev/iommu").mkdir(mode=0o755)
        said = subprocess.run(["stat", "-c", "%A, %U:%G", self.dir / "dev/iommu"], capture_output=True, text=True,
                              check=True).stdout.strip()
        self.check(1, f"fail  access: {self.user()} can not open /dev/iommu ({said})")

    def test_no_iommu(self):
        subprocess.run(["rm", "-r", self.dir / "sys/kernel/iommu_groups"], check=True)
        self.check(1, "fail  devices: none has an IOMMU: switch VT-d or AMD-Vi on in the firmware, and intel_iommu=on")

    def test_group_with_another_driver(self):
        self.device("0000:00:04.1", 1, "e1000e")
        self.check(0, "note  devices: none is bound to vfio-pci; could be: 0000:00:05.0; in groups that others use: 3")

    def test_no_huge_pages(self):
        self.write("sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n")
        self.check(0, "ok    huge pages: transparent: never, 0 of 0 of 1024 MiB free, 5 of 8 of 2 MiB free")
        self.write("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "0\n")
        self.check(0, "note  huge pages: transparent: never, 0 of 0 of 1024 MiB free, 5 of 0 of 2 MiB free: "
                      "base pages are slow to map")

    def test_arguments(self):
        run = subprocess.run([ROOT / "packaging/iommufd-fast-check", "-v"], capture_output=True, text=True, check=False)
        self.assertEqual((run.returncode, run.stderr), (2, "usage: iommufd-fast-check\n"))


if __name__ == "__main__":
    unittest.main()
