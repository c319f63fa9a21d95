# SPDX-License-Identifier: GPL-2.0-only
"""What kernels the module builds for: the others are told so, and no more."""

import subprocess
import unittest

from scratch import ROOT

SUPPORTED = {"SRCARCH": "x86", "VERSION": "7", "PATCHLEVEL": "3", "CONFIG_IOMMUFD": "m"}


def read(**variables):
    """What make says of the module's Kbuild file, read as the build of a supported kernel does, with these differences."""
    makefile = f"include {ROOT}/kmod/Kbuild\nall: ; @echo $(obj-m)\n"
    settings = [f"{name}={value}" for name, value in {**SUPPORTED, "srctree": "/none", **variables}.items()]
    return subprocess.run(["make", "-f", "-", *settings], input=makefile, capture_output=True, text=True, check=False)


class KbuildTest(unittest.TestCase):
    def refused(self, text, **variables):
        with self.subTest(variables=variables):
            run = read(**variables)
            self.assertEqual(run.returncode, 2)
            self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)
            self.assertIn(text, run.stderr)

    def test_supported(self):
        # Debian's kernels have no iommufd.
        for variables in ({}, {"CONFIG_IOMMUFD": ""}, {"PATCHLEVEL": "2"}):
            with self.subTest(variables=variables):
                run = read(**variables)
                self.assertEqual((run.returncode, run.stdout), (0, "iommufd.o\n"), run.stderr)

    def test_architectures(self):
        for variables in ({"SRCARCH": "riscv"}, {"CONFIG_X86_32": "y"}, {"SRCARCH": ""}):
            self.refused("iommufd-fast builds for x86-64 alone", **variables)

    def test_what_arm64_lacks(self):
        self.refused("For arm64 it lacks: ", SRCARCH="arm64")

    def test_versions(self):
        for version, patchlevel in (("6", "18"), ("7", "1"), ("7", "4"), ("8", "3")):
            self.refused(
                f"iommufd-fast builds for Linux 7.2 and 7.3, and this is {version}.{patchlevel}",
                VERSION=version,
                PATCHLEVEL=patchlevel,
            )

    def test_built_in(self):
        self.refused("iommufd is built into this kernel (CONFIG_IOMMUFD=y)", CONFIG_IOMMUFD="y")


if __name__ == "__main__":
    unittest.main()
