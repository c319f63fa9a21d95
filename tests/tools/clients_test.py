# SPDX-License-Identifier: GPL-2.0-only
"""scripts/test/clients.py: what clients took, of peers side by side."""

import subprocess

from scratch import SCRIPTS, ScratchTest

FAST = """KTAP version 1
1..4
# qemu-cdev/thp: map 1.500000 s in 3 calls, attach 0.250000 s in 1 calls, unmap 0.125000 s in 2 calls
# qemu-cdev/thp: start to first line 2.00 s, last line to end 0.10 s
ok 1 qemu-cdev/thp
# qemu-cdev/base: map 9.000000 s in 3 calls, attach 0.000000 s in 1 calls, unmap 9.000000 s in 2 calls
not ok 2 qemu-cdev/base
# qemu-container/thp: map 1.000000 s in 3 calls, attach 0.000000 s in 0 calls, unmap 0.250000 s in 2 calls
ok 3 qemu-container/thp
  KTAP version 1
  1..1
    KTAP version 1
    1..2
    # nvme-cdev/one-by-one: a page: map 100 ns, unmap 50 ns
    ok 1 one-by-one
    # nvme-cdev/at-once: a page: map 100 ns, unmap 50 ns
    not ok 2 at-once
  not ok 1 nvme-cdev
not ok 4 nvme
"""
TYPE1 = """KTAP version 1
1..1
# qemu-container/thp: map 3.000000 s in 3 calls, attach 0.000000 s in 0 calls, unmap 1.000000 s in 2 calls
ok 1 qemu-container/thp
"""


class Clients(ScratchTest):
    def clients(self, *arguments):
        for peer, text in (("fast", FAST), ("type1", TYPE1)):
            (self.dir / f"clients-{peer}.ktap").write_text(text)
        paths = [self.dir / "clients-fast.ktap", self.dir / "clients-type1.ktap"]
        done = subprocess.run(
            [SCRIPTS / "test/clients.py", *arguments, *paths], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout.splitlines(), done.stderr

    def test_what_passed_by_peer(self):
        status, lines, _ = self.clients()
        self.assertEqual(status, 0)
        self.assertEqual([line.split() for line in lines if line.startswith(("qemu", "nvme"))], [
            ["qemu-container/thp", "3.0000", "1.0000", "1.0000", "0.2500"],
            ["qemu-cdev/thp", "1.7500", "0.1250", "2.0000", "0.1000"],
            ["nvme-cdev/one-by-one", "100", "50"],
        ])
        self.assertEqual(lines[0].split(), ["type1", "fast"])

    def test_goes_into_a_page(self):
        doc = self.dir / "page.md"
        doc.write_text("before\n<!-- clients: begin -->\nold\n<!-- clients: end -->\nafter\n")
        self.assertEqual(self.clients("--write", doc)[0], 0)
        text = doc.read_text()
        self.assertTrue(text.startswith("before\n<!-- clients: begin -->\n"))
        self.assertTrue(text.endswith("<!-- clients: end -->\nafter\n"))
        self.assertIn("| `qemu-cdev/thp` |  |  |  | 1.7500 | 0.1250 | 2.0000 |", text)
        self.assertIn("| `qemu-container/thp` | 3.00 | 4.00 |  |", text)
        self.assertIn("| `nvme-cdev/one-by-one` |  |  | 100 | 50 |", text)
        self.assertNotIn("old", text)
        self.assertNotIn("qemu-cdev/base", text)

    def test_a_page_without_a_place_for_it(self):
        doc = self.dir / "page.md"
        doc.write_text("nothing\n")
        status, _, error = self.clients("--write", doc)
        self.assertEqual(status, 1)
        self.assertIn("has no lines", error)
        self.assertEqual(doc.read_text(), "nothing\n")
