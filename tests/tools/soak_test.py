# SPDX-License-Identifier: GPL-2.0-only
"""scripts/test/soak.py: the longest holds of a run, by case."""

import subprocess

from scratch import SCRIPTS, ScratchTest

KTAP = """KTAP version 1
1..3
  KTAP version 1
  1..2
    KTAP version 1
    1..2
    # IOVAs allowed: preemption or interrupts off for 12 us at most: _raw_spin_lock+0x1d/0x40 to up_write+0x5/0x9 (soak_test-77)
    # all allowed again: preemption or interrupts off for 340 us at most: down_write+0x1/0x2 to up_write+0x3/0x4 (soak_test-77)
    # that is more than 100 us
    # closed: preemption or interrupts off for 9 us at most: ? to ? (?)
    not ok 1 allowed
    # before: 7 KiB of slab, 0 pins
    ok 2 nothing
  not ok 1 long
    KTAP version 1
    1..1
    # with all of it: 99 KiB of slab, 5 pins
    # domains were changed in 8 rounds
    # devices attached: a spinlock held for 9.5 us at most: &xa->xa_lock#14
    # all of it: a spinlock held for 120.4 us at most: &space->lock
    # all of it: a spinlock held for 142591.2 us of the machine's at most: &space->lock
    # before: 7 KiB of slab, 0 pins
    # after: 8 KiB of slab, 0 pins
    ok 1 all
  ok 2 load
not ok 1 soak-soak
ok 2 unload-soak
"""


class Soak(ScratchTest):
    def soak(self, text, *arguments):
        path = self.dir / "soak.ktap"
        path.write_text(text)
        done = subprocess.run(
            [SCRIPTS / "test/soak.py", path, *arguments], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout.splitlines(), done.stderr

    def test_the_longest_of_each_case(self):
        status, lines, _ = self.soak(KTAP)
        self.assertEqual(status, 0)
        self.assertEqual(
            lines[2:],
            [
                "| soak | `long/allowed` | 340 | `down_write` to `up_write` | all allowed again |",
                "| soak | `load/all` | 120.4 | spinlock `&space->lock` | all of it |",
                "",
                "```",
                "soak: with all of it: 99 KiB of slab, 5 pins",
                "soak: domains were changed in 8 rounds",
                "soak: before: 7 KiB of slab, 0 pins",
                "soak: after: 8 KiB of slab, 0 pins",
                "```",
            ],
        )

    def test_a_run_without_any(self):
        without = "1..1\nok 1 soak-soak\n"
        self.assertEqual(self.soak(without), (0, [], ""))
        page = self.dir / "page.md"
        page.write_text("<!-- soak: begin -->\nold\n<!-- soak: end -->\n")
        status, lines, errors = self.soak(without, page)
        self.assertEqual((status, lines), (1, []))
        self.assertIn("no case", errors)
        self.assertIn("old", page.read_text())

    def test_the_table_in_a_page(self):
        page = self.dir / "page.md"
        page.write_text("before\n<!-- soak: begin -->\nold\n<!-- soak: end -->\nafter\n")
        _, lines, _ = self.soak(KTAP, page)
        table = "\n".join(lines)
        self.assertEqual(
            page.read_text(), f"before\n<!-- soak: begin -->\n\n{table}\n\n<!-- soak: end -->\nafter\n"
        )
        page.write_text("nothing\n")
        status, _, errors = self.soak(KTAP, page)
        self.assertEqual(status, 1)
        self.assertIn("has no lines", errors)
        self.assertEqual(page.read_text(), "nothing\n")
