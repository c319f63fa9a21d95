# SPDX-License-Identifier: GPL-2.0-only
"""What many threads cost: what the plugin wrote, the table, and what fewer of them foretell."""

import unittest

from fixtures import command, iteration, results, said, write
from results import span
from scratch import ScratchTest

ONE = 1_000_000_000


def amdahl(part, threads):
    """The span of so many threads, of which a part is serial."""
    return round(ONE * (part + (1 - part) / threads))


def point(shape, threads, work, length, peer="fast"):
    """A benchmark, as merge has it."""
    return iteration(f"span/{shape}/{threads}/{peer}", helpers=threads - 1, work=work, span=length,
                     most=round(work / threads), timer=0, others=0, rounds=1)


def spans():
    """A results file of bench/e2e/span."""
    document = results(executable="span", guest_cpus="128")
    document["context"]["peers"] = {"iommufd": {"modules": {}}, "fast": {"modules": {}}}
    document["benchmarks"] = [
        point("thp", 1, 1_200_000_000, 1_200_000_000, "iommufd"),
        point("thp", 1, ONE, ONE),
        point("thp", 2, 1_004_000_000, amdahl(0.01, 2)),
        point("thp", 8, 1_010_000_000, amdahl(0.01, 8)),
        point("thp", 64, 1_020_000_000, 50_000_000),
        iteration("span/populate4k/2/fast", error_occurred=True, error_message="no memory"),
    ]
    return document


class SpanTest(ScratchTest):
    def test_table(self):
        run = command("span", write(self.dir / "span.json", spans()))
        self.assertEqual(run.returncode, 0, run.stderr)
        lines = [line.split() for line in run.stdout.splitlines()]
        self.assertIn(["thp", "iommufd", "1", "1200", "–", "1200", "–", "–", "–"], lines)
        self.assertIn(["thp", "fast", "2", "1004", "+0.40", "%", "505", "1.98", "1.99", "99", "%"], lines)
        self.assertIn(["thp", "fast", "64", "1020", "+2.00", "%", "50.0", "20.0", "62.7", "31", "%"], lines)
        self.assertNotIn("populate4k", run.stdout)

    def test_lane(self):
        """In the history it is a lane of its own, with two figures of each number of threads."""
        history = self.dir / "history.jsonl"
        run = command("history", "add", "--history", history, write(self.dir / "span.json", spans()))
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("lane span-icount,", run.stdout)
        run = command("export", "openmetrics", "--lane", "span-icount", history)
        self.assertEqual(run.returncode, 0, run.stderr)
        for op, size, value in (("map work", "1 thread", "1000000000"), ("map span", "2 threads", "505000000")):
            self.assertRegex(run.stdout, f'op="{op}",shape="thp",size="{size}",per="call",peer="fast".* {value}')

    def test_foretold(self):
        """The fit does not see what it foretells."""
        run = command("span", write(self.dir / "span.json", spans()))
        self.assertIn("thp, fast: 1.00 % of the work is serial, as 8 threads and fewer have it; for 64 that is a speedup of 39.3, "
                      "measured are 20.0", run.stdout)

    def test_serial(self):
        for part in (0, 0.001, 0.5):
            points = [span.Point(n, ONE, amdahl(part, n), 0) for n in (1, 2, 16)]
            self.assertAlmostEqual(span.serial(ONE, points), part, places=6)
        self.assertIsNone(span.serial(ONE, points[:1]))

    def test_add(self):
        path = self.dir / "span"
        path.write_text("benchmark\nkept 1 20 12 11 3 4 2\nbenchmark\n", encoding="utf-8")
        benchmarks = [iteration("span/thp/2/fast"), iteration("span/thp/4/fast", error_occurred=True, error_message="")]
        span.add(benchmarks, path)
        self.assertEqual([benchmarks[0][name] for name in span.COLUMNS], [1, 20, 12, 11, 3, 4, 2])
        for bad in (benchmarks[:1], [benchmarks[0], iteration("span/thp/4/fast")]):
            with self.assertRaises(SystemExit), said():
                span.add(bad, path)

    def test_without_results(self):
        run = command("span", self.dir / "none.json")
        self.assertEqual(run.returncode, 1)
        self.assertIn("make span", run.stderr)


if __name__ == "__main__":
    unittest.main()
