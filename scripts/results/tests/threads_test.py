# SPDX-License-Identifier: GPL-2.0-only
"""What two threads do, and which locks they wait for: the tables."""

import unittest

from fixtures import command, iteration, results, write
from scratch import ScratchTest

LOCK_STAT = """lock_stat version 0.4
-----------------------------------------------------------------------------------------------------------------------
                              class name    con-bounces    contentions   waittime-min   waittime-max waittime-total   \
waittime-avg    acq-bounces   acquisitions   holdtime-min   holdtime-max holdtime-total   holdtime-avg
-----------------------------------------------------------------------------------------------------------------------

                      &domain->cache_lock:          6500           6764           0.10          77.07         406.51    \
       0.06         100000         168006           0.50          78.07        1490.00           8.87
                      -------------------
                      &domain->cache_lock           6764          [<ffffffff81a0b0a0>] cache_tag_flush_range+0x20/0x80
                   &ioas->domains_rwsem-R:             0              0           0.00           0.00           0.00    \
       0.00             20            336           1.00          21.35       21302.00          63.40
                               &rq->__lock:             0              0           0.00           0.00           0.00    \
       0.00             20            336           1.00          21.35       21302.00          63.40
"""


def threads():
    """A results file of bench/e2e/threads."""
    document = results(executable="threads", lane="mttcg", guest_cpus="2", clock="nanoseconds")
    document["context"]["peers"] = {"iommufd": {}, "fast": {}}
    document["benchmarks"] = [
        iteration("small/one_ioas/iommufd", map_speedup=1.5, map_per_second_2=100.0),
        iteration("small/one_ioas/fast", map_speedup=1.8, map_per_second_2=250.0),
        iteration("destroy/idle/fast", p50_ns=2000.0, p99_ns=3500.0),
        iteration("thp/one_ioas/fast", error_occurred=True, error_message="no memory"),
    ]
    return document


class ThreadsTest(ScratchTest):
    def test_table(self):
        run = command("threads", write(self.dir / "threads.json", threads()))
        self.assertEqual(run.returncode, 0, run.stderr)
        lines = [line.split() for line in run.stdout.splitlines()]
        self.assertIn(["small", "one_ioas", "map", "1.50", "1.80", "2.50"], lines)
        self.assertIn(["idle", "2.0", "3.5"], lines)
        self.assertNotIn("thp", run.stdout)

    def test_without_results(self):
        run = command("threads", self.dir / "none.json")
        self.assertEqual(run.returncode, 1)
        self.assertIn("make threads", run.stderr)

    def test_locks(self):
        share = self.dir / "share"
        share.mkdir()
        (share / "lock_stat").write_text(LOCK_STAT, encoding="utf-8")
        run = command("lockstat", f"fast={share}")
        self.assertEqual(run.returncode, 0, run.stderr)
        lines = [line.split() for line in run.stdout.splitlines()]
        self.assertIn(["&domain->cache_lock", "6764", "407", "168006", "0.01", "78"], lines)
        # Nobody waited for it, but it is the peer's own; the scheduler's is neither.
        self.assertIn(["&ioas->domains_rwsem-R", "*", "0", "0", "336", "63.40", "21"], lines)
        self.assertNotIn("rq->__lock", run.stdout)

    def test_no_locks(self):
        run = command("lockstat", f"fast={self.dir}")
        self.assertEqual(run.returncode, 1)
        self.assertIn("left no statistics", run.stderr)
        (self.dir / "lock_stat").write_text("lock_stat version 0.4\n", encoding="utf-8")
        run = command("lockstat", f"fast={self.dir}")
        self.assertEqual(run.returncode, 1)
        self.assertIn("has the kernel LOCK_STAT", run.stderr)


if __name__ == "__main__":
    unittest.main()
