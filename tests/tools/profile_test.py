# SPDX-License-Identifier: GPL-2.0-only
"""bench/profile: what it counts of code of which that is known, in an emulator of a process."""

import subprocess
import unittest

from results import counts
from scratch import ROOT, ScratchTest, directory

MODEL = ROOT / "bench/profile/zen4.model"
# In the order of counted.c.
CASES = ("read_twice", "read_in_order", "read_every_other_line", "read_pages", "read_across", "do_atomics", "clear_a_page",
         "branch_at_random", "branch_alike")


def run(*command):
    """What a command says; an error with that where it fails."""
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{command[0]}: {done.stdout}")
    return done.stdout


def emulate(where, model=MODEL):
    """Count, into where/stacks."""
    options = f"file={where}/profile.so,model={model},out={where}/stacks"
    return subprocess.run(["qemu-x86_64", "-plugin", options, f"{where}/counted"], capture_output=True, text=True, check=False)


class CountedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = directory()
        cls.dir = scratch.__enter__()
        cls.addClassCleanup(scratch.__exit__, None, None, None)
        run("make", "-s", "-C", ROOT / "bench/profile", f"O={cls.dir}")
        run("gcc", "-O2", "-fno-inline", "-o", cls.dir / "counted", ROOT / "tests/tools/counted.c")
        done = emulate(cls.dir)
        assert not done.returncode, done.stderr
        benchmarks = counts.read(cls.dir / "stacks")
        cls.counted = {name: its[0].total for name, its in zip(CASES, benchmarks, strict=True)}

    def check(self, name, **wanted):
        for what, count in wanted.items():
            low, high = count if isinstance(count, tuple) else (count, count)
            with self.subTest(what):
                self.assertGreaterEqual(self.counted[name][what], low)
                self.assertLessEqual(self.counted[name][what], high)

    def test_lines_are_different_ones(self):
        # Around them are calls and returns, and their lines.
        self.check("read_twice", loads=(200, 210), lines=(100, 104), l1_misses=0, streamed=0, atomics=0, strings=0, mmio=0)

    def test_instructions_are_all(self):
        self.check("read_twice", insns=(800, 820))

    def test_a_prefetcher_foresees_what_is_in_order(self):
        self.check("read_in_order", lines=(16384, 16388), streamed=(16380, 16384), l1_misses=(0, 4))

    def test_what_fits_in_the_second_cache_misses_the_first(self):
        self.check("read_every_other_line", lines=(8192, 8196), l1_misses=(8190, 8194), streamed=(0, 2), llc_misses=0)
        # All of its ways, in half of its sets, which the stack wants, too.
        self.check("read_every_other_line", l2_misses=(0, 64))

    def test_pages_miss_the_tlb(self):
        self.check("read_pages", tlb_misses=(200, 204), walks=0)
        self.check("read_twice", tlb_misses=0)

    def test_an_access_may_be_to_two_lines(self):
        self.check("read_across", lines=(2, 5), loads=(1, 4))

    def test_atomics_are_those_on_memory(self):
        self.check("do_atomics", atomics=6)

    def test_string_instructions_are_counted_by_bytes_too(self):
        self.check("clear_a_page", strings=(4096, 4097), string_bytes=4096, stores=(4096, 4100), lines=(64, 68))
        its = self.counted["clear_a_page"]
        self.assertLess(counts.cycles(its), 200)
        self.assertGreater(counts.cycles(its), 64)

    def test_what_is_random_is_not_guessed(self):
        self.check("branch_at_random", mispredicted=(300, 700))
        # Until all of the history is alike.
        self.check("branch_alike", mispredicted=(0, 20))

    def test_it_repeats(self):
        first = (self.dir / "stacks").read_text()
        emulate(self.dir)
        self.assertEqual(first, (self.dir / "stacks").read_text())

    def test_each_weight_is_of_what_is_counted(self):
        known = {*self.counted["read_twice"], "string_lines"}
        self.assertEqual(set(counts.weights()) - known, set())
        self.assertIn("insns", counts.weights())


class ModelTest(ScratchTest):
    def setUp(self):
        super().setUp()
        run("make", "-s", "-C", ROOT / "bench/profile", f"O={self.dir}")
        run("gcc", "-o", self.dir / "counted", ROOT / "tests/tools/counted.c")
        self.model = self.dir / "model"

    def refused(self, text):
        self.model.write_text(text)
        done = emulate(self.dir, self.model)
        self.assertNotEqual(done.returncode, 0)
        return done.stderr.splitlines()[0]

    def test_a_bad_model_is_refused(self):
        good = MODEL.read_text()
        self.assertIn(f"qemu: profile: {self.model}: a line that is not understood", self.refused(good + "l4 1 1\n"))
        self.assertIn("a line that is not understood", self.refused(good.replace("l1 32768 8", "l1 32768 7")))
        self.assertIn("a line that is not understood", self.refused(good.replace("l1 32768 8", "l1 0 0")))
        self.assertIn("a cache is missing", self.refused(good.replace("l2 ", "# l2 ")))
        self.model.unlink()
        self.assertIn("No such file", emulate(self.dir, self.model).stderr)


if __name__ == "__main__":
    unittest.main()
