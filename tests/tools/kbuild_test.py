# SPDX-License-Identifier: GPL-2.0-only
"""What kernels the module builds for: the others are told so, and no more. Symbol versions, where a kernel has them."""

import re
import subprocess
import unittest

from scratch import ROOT, ScratchTest

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
        for variables in ({}, {"CONFIG_IOMMUFD": ""}, {"PATCHLEVEL": "2"}, {"SRCARCH": "arm64"}):
            with self.subTest(variables=variables):
                run = read(**variables)
                self.assertEqual((run.returncode, run.stdout), (0, "iommufd.o\n"), run.stderr)

    def test_architectures(self):
        for variables in ({"SRCARCH": "riscv"}, {"CONFIG_X86_32": "y"}, {"SRCARCH": ""}):
            self.refused("iommufd-fast builds for x86-64 and arm64 alone", **variables)

    def test_versions(self):
        for version, patchlevel in (("6", "18"), ("7", "1"), ("7", "4"), ("8", "3")):
            self.refused(
                f"iommufd-fast builds for Linux 7.2 and 7.3, and this is {version}.{patchlevel}",
                VERSION=version,
                PATCHLEVEL=patchlevel,
            )

    def test_built_in(self):
        self.refused("iommufd is built into this kernel (CONFIG_IOMMUFD=y)", CONFIG_IOMMUFD="y")


class SymbolVersionsTest(ScratchTest):
    """The rule that takes the checksums of the exports from the kernel's list, on an object and a list that are made up."""

    LIST = ("0x01234567\tiommufd_ctx_get\tdrivers/iommu/iommufd/iommufd\tEXPORT_SYMBOL_GPL\tIOMMUFD",
            "0x89abcdef\tiommufd_ctx_put\tdrivers/iommu/iommufd/iommufd\tEXPORT_SYMBOL_GPL\tIOMMUFD",
            "0xaaaaaaaa\tkfree\tvmlinux\tEXPORT_SYMBOL\t")
    EXPORTS = ("iommufd_ctx_put", "iommufd_ctx_get")

    def versions(self, exports=EXPORTS, symvers=LIST):
        """What make says, and what it adds to the command file of an object with these exports."""
        (self.dir / "core").mkdir(exist_ok=True)
        (self.dir / "Module.symvers").write_text("".join(f"{line}\n" for line in symvers), encoding="utf-8")
        # As include/linux/export.h marks them.
        labels = "".join(f"__export_symbol_{name}:\n" for name in exports)
        subprocess.run(["gcc", "-c", "-x", "assembler", "-o", self.dir / "core/ctx.o", "-"], text=True, check=True,
                       input=f'iommufd_local:\n.section .export_symbol,""\n{labels}')
        command_file = self.dir / "core/.ctx.o"
        command_file.with_suffix(".o.cmd").unlink(missing_ok=True)
        variables = {"CONFIG_MODVERSIONS": "y", "srctree": "/none", "objtree": self.dir, "obj": self.dir, "NM": "nm",
                     "dot-target": command_file, "pound": "#"}
        settings = [f"{name}={value}" for name, value in {**SUPPORTED, **variables}.items()]
        rule = f"include {ROOT}/kmod/Kbuild\n$(obj)/core/ctx.o: again ; @$(cmd_gen_symversions_c)\nagain:\n"
        run = subprocess.run(["make", "-f", "-", *settings, self.dir / "core/ctx.o"], input=rule, capture_output=True,
                             text=True, check=False)
        return run, command_file.with_suffix(".o.cmd").read_text(encoding="utf-8")

    def test_taken_from_the_list(self):
        run, written = self.versions()
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertCountEqual(written.splitlines(), ["#SYMVER iommufd_ctx_get 0x01234567", "#SYMVER iommufd_ctx_put 0x89abcdef"])

    def test_without_exports(self):
        run, written = self.versions(exports=())
        self.assertEqual((run.returncode, run.stderr, written), (0, "", ""))

    def test_no_such_line(self):
        others = (
            ("none", self.LIST[1:]),
            ("of another module", [self.LIST[0].replace("drivers/iommu/iommufd/iommufd", "vmlinux"), *self.LIST[1:]]),
            ("a longer name", [self.LIST[0].replace("ctx_get", "ctx_get_more"), *self.LIST[1:]]),
            ("an empty list", []),
        )
        for what, symvers in others:
            with self.subTest(what):
                run, _ = self.versions(exports=("iommufd_ctx_get",), symvers=symvers)
                self.assertEqual(run.returncode, 2)
                self.assertIn("error: Module.symvers of this kernel has no iommufd with iommufd_ctx_get\n", run.stderr)

    def test_prototypes(self):
        """What has another prototype than the kernel's header, or none there, does not compile."""
        header = "int exported(void *ctx, unsigned long length);\n"
        cases = (
            (header, "int exported(void *ctx, unsigned long length)", True),
            (header, "int exported(void *ctx, unsigned int length)", False),
            (header, "long exported(void *ctx, unsigned long length)", False),
            ("", "int exported(void *ctx, unsigned long length)", False),
        )
        makefile = f"include {ROOT}/kmod/Kbuild\nall: ; @echo $(ccflags-y)\n"
        settings = [f"{name}={value}" for name, value in SUPPORTED.items()]
        flags = subprocess.run(["make", "-f", "-", *settings, "srctree=/none", "CONFIG_MODVERSIONS=y", "all"], input=makefile,
                               capture_output=True, text=True, check=True).stdout.split()
        for declared, defined, compiles in cases:
            with self.subTest(declared=declared, defined=defined):
                run = subprocess.run(["gcc", *flags, "-fsyntax-only", "-x", "c", "-"], input=f"{declared}{defined}\n{{ return 0; }}\n",
                                     capture_output=True, text=True, check=False)
                self.assertEqual(run.returncode == 0, compiles, run.stderr)

    def test_declared_by_the_kernel_alone(self):
        """No header of ours declares an export: it would stand in for the kernel's."""
        sources = [path for path in (ROOT / "kmod").rglob("*.[ch]") if path.parent.name != "mock"]
        texts = {path: path.read_text(encoding="utf-8") for path in sources}
        exports = re.findall(r"^EXPORT_SYMBOL\w*\((\w+)", "\n".join(texts.values()), re.M)
        self.assertIn("iommufd_ctx_get", exports)
        declared = re.compile(rf"^[^*/\n][^\n]*\b({'|'.join(exports)})\([^;{{]*\);", re.M)
        for path, text in texts.items():
            if path.suffix == ".h":
                self.assertEqual(declared.findall(text), [], path)


if __name__ == "__main__":
    unittest.main()
