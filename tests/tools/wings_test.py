# SPDX-License-Identifier: GPL-2.0-only
"""The check of a module's wings: what it must find in small modules with one fault each."""

import pathlib
import subprocess
import tempfile
import unittest

from scratch import SCRIPTS

FLOORS = "# ground\nlow\nmiddle side\nhigh\n"
# A module in order: the doors, a call down each floor, a table on top.
FILES = {
    "low/low.h": '#include "open.h"\n',
    "low/open.h": "int low(void);\n",
    "low/low.c": '#include "low.h"\n#include "own.h"\nint low(void) { return 1; }\n',
    "low/own.h": "",
    "middle/middle.h": "int middle(void);\n",
    "middle/middle.c": '#include "low/low.h"\n#include "middle.h"\nint middle(void) { return low(); }\n',
    "side/side.h": "int side(void);\n",
    "side/side.c": '#include "low/open.h"\n#include "side.h"\nint side(void) { return low(); }\n',
    "high/high.h": "int high(void);\n",
    "high/high.c": '#include "middle/middle.h"\n#include "high.h"\nint high(void) { return middle(); }\n',
    "main.c": '#include "high/high.h"\nint main(void) { return high(); }\n',
    "portable.h": "#include <errno.h>\n",
}


class WingsTest(unittest.TestCase):
    def check(self, changes=None, floors=FLOORS, objects=True):
        """What is said of the module with some files changed."""
        with tempfile.TemporaryDirectory() as scratch:
            source, compiled = pathlib.Path(scratch, "source"), pathlib.Path(scratch, "objects")
            for name, text in (FILES | {"FLOORS": floors} | (changes or {})).items():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                (source / name).write_text(text, encoding="utf-8")
            for path in source.rglob("*.c") if objects else ():
                made = (compiled / path.relative_to(source)).with_suffix(".o")
                made.parent.mkdir(parents=True, exist_ok=True)
                subprocess.run(["cc", "-w", "-I", source, "-c", path, "-o", made], check=True)
            command = [SCRIPTS / "check/wings.py", source] + ([compiled] if objects else [])
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 1 if done.stdout else 0)
        return done.stdout.splitlines()

    def test_order_is_silent(self):
        self.assertEqual(self.check(), [])

    def test_include_up(self):
        said = self.check({"low/own.h": '#include "middle/middle.h"\n'}, objects=False)
        self.assertEqual(said, ["low/own.h includes middle/middle.h, which is not below it"])

    def test_include_beside(self):
        said = self.check({"side/side.h": '#include "middle/middle.h"\n'}, objects=False)
        self.assertEqual(said, ["side/side.h includes middle/middle.h, which is not below it"])

    def test_include_past_the_door(self):
        said = self.check({"high/high.h": '#include "low/own.h"\n'}, objects=False)
        self.assertEqual(said, ["high/high.h includes low/own.h, which is low's own"])

    def test_symbol_up(self):
        said = self.check({"low/low.c": "int middle(void);\nint low(void) { return middle(); }\n"})
        self.assertEqual(said, ["low/low.c uses middle of middle/middle.c, which is not below it"])

    def test_symbol_of_what_is_on_top(self):
        said = self.check({"low/low.c": "int main(void);\nint low(void) { return main(); }\n"})
        self.assertEqual(said, ["low/low.c uses main of main.c, which is not below it"])

    def test_circle_in_a_wing(self):
        said = self.check(
            {
                "low/low.c": "int other(void);\nint low(void) { return other(); }\n",
                "low/other.c": "int low(void);\nint other(void) { return low(); }\n",
            }
        )
        self.assertEqual(said, ["in a circle of calls: low/low.c low/other.c"])

    def test_portable_file_that_is_not(self):
        said = self.check({"low/open.h": '#include "portable.h"\n#include <stdlib.h>\nint low(void);\n'}, objects=False)
        self.assertEqual(said, ["low/open.h is portable, and includes something of the kernel besides portable.h"])

    def test_wing_without_a_floor(self):
        self.assertEqual(self.check(floors="low\nmiddle side\n", objects=False), ["high/ stands on no floor"])

    def test_floor_without_a_wing(self):
        said = self.check(floors=FLOORS + "roof\n", objects=False)
        self.assertEqual(said, ["roof/ is on a floor, and not there"])


if __name__ == "__main__":
    unittest.main()
