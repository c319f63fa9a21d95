# SPDX-License-Identifier: GPL-2.0-only
"""Which architectures the module builds for: the others are told so, and no more."""

import subprocess
import unittest

from scratch import ROOT


def read(*variables):
    """What make says of the module's Kbuild file, read as the kernel's build does, with these variables."""
    makefile = f"include {ROOT}/kmod/Kbuild\nall: ; @echo $(obj-m)\n"
    return subprocess.run(["make", "-f", "-", *variables], input=makefile, capture_output=True, text=True, check=False)


class KbuildTest(unittest.TestCase):
    def test_x86_64(self):
        run = read("SRCARCH=x86", "srctree=/none")
        self.assertEqual((run.returncode, run.stdout), (0, "iommufd.o\n"), run.stderr)

    def test_others(self):
        for variables in (["SRCARCH=arm64"], ["SRCARCH=x86", "CONFIG_X86_32=y"], []):
            with self.subTest(variables=variables):
                run = read(*variables, "srctree=/none")
                self.assertEqual(run.returncode, 2)
                self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)
                self.assertIn("iommufd-fast builds for x86-64 alone", run.stderr)


if __name__ == "__main__":
    unittest.main()
