# SPDX-License-Identifier: GPL-2.0-only
"""What lay in memory otherwise for one peer is refused, where it shows; and what was counted otherwise than timed."""

import unittest

from fixtures import iteration
from results.counts import Counted
from results.merge import refuse_unequal


class MergeTest(unittest.TestCase):
    def refused(self, shape, size, page_bytes=4096, **runs):
        benchmarks = [iteration(f"map/{shape}/{size}/{peer}", insn_per_4k=1.0, runs=float(count)) for peer, count in runs.items()]
        refuse_unequal(benchmarks, page_bytes)
        return [bench.get("error_message") for bench in benchmarks if bench.get("error_occurred")]

    def test_a_leaf_more_is_let_pass_and_two_are_not(self):
        self.assertEqual(self.refused("thp", "256MiB", fast=1, iommufd=2), [])
        self.assertEqual(self.refused("thp", "256MiB", fast=1, iommufd=3),
                         ["thp of 256MiB differs between peers; runs: fast 1, iommufd 3"] * 2)

    def test_what_costs_by_the_page_may_differ_by_a_hundredth(self):
        for shape in ("populate4k", "mapfile64k", "mthp64k", "mthp1m"):
            self.assertEqual(self.refused(shape, "16MiB", fast=7, iommufd=16), [], shape)
            self.assertEqual(len(self.refused(shape, "16MiB", fast=7, iommufd=17)), 2, shape)
        for shape in ("populate64k", "mthp2m"):
            self.assertEqual(self.refused(shape, "256MiB", 65536, fast=7, iommufd=16), [], shape)
            self.assertEqual(len(self.refused(shape, "256MiB", 65536, fast=7, iommufd=17)), 2, shape)

    def test_many_runs_may_differ_in_proportion(self):
        self.assertEqual(self.refused("scatter4k", "256MiB", fast=65519, iommufd=65520), [])
        self.assertEqual(len(self.refused("scatter4k", "256MiB", fast=65519, iommufd=30000)), 2)

    def test_a_timer_interrupt_that_is_counted_and_not_timed_is_let_pass(self):
        """58 rounds of a MiB, 16.24 a page: one interrupt is 0.21 of that; two are more than there can be."""
        for interrupts, wanted in ((0, True), (1, True), (2, False)):
            counted = Counted(58, [(["copy"], {"insns": 58 * 256 * 16.24 + interrupts * 3146})])
            with self.subTest(interrupts):
                if wanted:
                    self.assertEqual(counted.per_unit("4 KiB", 16.24, "1MiB")[1], 256)
                else:
                    self.assertRaisesRegex(ValueError, "but the benchmark says 16.24", counted.per_unit, "4 KiB", 16.24, "1MiB")


if __name__ == "__main__":
    unittest.main()
