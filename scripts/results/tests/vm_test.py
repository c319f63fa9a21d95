# SPDX-License-Identifier: GPL-2.0-only
"""What a VMM does when a guest starts and ends: the tables and the bars, and its lane."""

import unittest

from fixtures import command, iteration, results, write
from scratch import ScratchTest

STEPS = ("start_open", "start_ram", "start_bar", "end_detach", "end_unmap", "end_close")


def vm(memory, peer, *steps):
    """A benchmark whose steps took so many million instructions."""
    took = {f"insn_{name}": value * 1e6 for name, value in zip(STEPS, steps)}
    whole = {"insn_start": sum(steps[:3]) * 1e6, "insn_end": sum(steps[3:]) * 1e6}
    return iteration(f"vm/{memory}/1GiB/{peer}", **whole, **took)


def measured():
    """A results file of bench/e2e/vm_start."""
    document = results(executable="vm_start")
    document["context"]["peers"] = {"iommufd": {"modules": {}}, "fast": {"modules": {}}}
    document["benchmarks"] = [
        vm("thp", "iommufd", 10, 40, 0, 2, 18, 0),
        vm("thp", "fast", 10, 10, 0, 2, 3, 0),
        vm("thp_untouched", "iommufd", 10, 190, 0, 2, 18, 0),
        vm("thp_untouched", "fast", 10, 160, 30, 2, 3, 0),
        iteration("vm/base/1GiB/fast", error_occurred=True, error_message="no memory"),
    ]
    return document


class VmTest(ScratchTest):
    def run_vm(self):
        run = command("vm", write(self.dir / "vm-icount.json", measured()))
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout.splitlines()

    def test_tables(self):
        lines = [line.split() for line in self.run_vm()]
        self.assertIn(["thp", "1GiB", "50.0", "20.0", "0.40"], lines)
        self.assertIn(["thp_untouched", "1GiB", "200", "200", "1.00"], lines)
        self.assertIn(["thp", "1GiB", "20.0", "5.00", "0.25"], lines)
        self.assertIn(["base", "1GiB", "–", "error", "–"], lines)

    def test_bars(self):
        """What untouched memory takes more is what faults take; the dearest peer has the longest bar."""
        lines = self.run_vm()
        self.assertIn("  iommufd      200  " + "o" * 3 + "f" * 45 + "m" * 12, lines)
        self.assertIn("  fast         200  " + "o" * 3 + "f" * 45 + "m" * 3 + "b" * 9, lines)
        self.assertIn("  fast        5.00  " + "d" * 6 + "u" * 9, lines)

    def test_lane(self):
        """In the history it is a lane of its own: its benchmarks are others."""
        path = write(self.dir / "vm-icount.json", measured())
        history = self.dir / "history.jsonl"
        run = command("history", "add", "--history", history, path)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("lane vm-icount,", run.stdout)
        run = command("export", "openmetrics", "--lane", "vm-icount", history)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn('op="vm start",shape="thp",size="1GiB",per="guest",peer="fast",lane="vm-icount"', run.stdout)

    def test_what_the_report_takes(self):
        """Of times the smallest guest's, and nothing else that is a part."""
        for name, filter, wanted in (
            ("vm-mttcg.json", "/1GiB/", 0), ("vm-mttcg.json", "", 0), ("vm-mttcg.json", "/thp/", 1), ("vm-icount.json", "/1GiB/", 1)
        ):
            with self.subTest(name, filter=filter):
                document = measured()
                document["benchmarks"].pop()
                document["context"] |= {"filter": filter}
                document["context"]["peers"]["type1"] = {"modules": {}}
                self.assertEqual(command("report", "whole", write(self.dir / name, document)).returncode, wanted)

    def test_without_results(self):
        run = command("vm", self.dir / "none.json")
        self.assertEqual(run.returncode, 1)


if __name__ == "__main__":
    unittest.main()
