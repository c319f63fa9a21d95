# SPDX-License-Identifier: GPL-2.0-only
"""scripts/measure/gate-lanes.sh: what looks worse is measured again, with its shape. The guest is made up: files."""

import os
import subprocess
import unittest

from fixtures import command, results, write
from scratch import SCRIPTS, ScratchTest

NAME = "map/thp/256MiB/fast"
# Each run takes the next file, and writes down what it was asked for.
BENCH = """#!/bin/bash
printf '%s %s %s %s %s\\n' "$PEERS" "$LANE" "${COUNT:-0}" "${LAYOUT:-0}" "${BENCH_FILTER:-}" >>"$HERE/calls"
cp "$HERE/$(wc -l <"$HERE/calls").json" "$RESULTS_DIR/icount.json"
"""


def ours(factor=1, name=None, **counters):
    """Results of our module, in which one figure is another; or of one benchmark only."""
    document = results(filter=f"^({name})$" if name else "")
    document["benchmarks"] = [bench for bench in document["benchmarks"]
                              if bench["name"].endswith("/fast") and "error_occurred" not in bench and name in (None, bench["name"])]
    for bench in document["benchmarks"]:
        if bench["name"] == NAME:
            bench["insn_per_4k"] *= factor
            bench |= counters
    return document


class AgainTest(ScratchTest):
    def setUp(self):
        super().setUp()
        bench = self.dir / "tree/scripts/measure/bench.sh"
        bench.parent.mkdir(parents=True)
        bench.write_text(BENCH)
        bench.chmod(0o755)

    def check(self, *documents, baseline=None):
        """The gate's exit status, what it said, and how the guest was asked."""
        learnt = [write(self.dir / f"learn{i}.json", baseline or ours()) for i in range(2)]
        self.assertEqual(command("gate", "learn", self.dir / "baseline.json", *learnt).returncode, 0)
        for number, document in enumerate(documents, 1):
            write(self.dir / f"{number}.json", document)
        script = f"""
            set -euo pipefail
            source {SCRIPTS}/lib.sh
            source {SCRIPTS}/measure/gate-lanes.sh
            status=0
            gate_check icount {self.dir}/baseline.json {self.dir}/out {self.dir}/tree || status=$?
            exit "$status"
        """
        own = {name: value for name, value in os.environ.items() if name not in ("LOCKS_HELD", "BENCH_FILTER", "COUNT", "LAYOUT")}
        run = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False,
                             env=own | {"CACHE": str(self.dir / "cache"), "HERE": str(self.dir)})
        return run.returncode, run.stdout + run.stderr, (self.dir / "calls").read_text().splitlines()

    def test_what_is_good_is_measured_once(self):
        status, said, calls = self.check(ours())
        self.assertEqual(status, 0, said)
        self.assertEqual(calls, ["fast icount 0 0 "])

    def test_what_is_not_worse_again_passes(self):
        status, said, calls = self.check(ours(1.02), ours(1.02, NAME), ours(1, NAME))
        self.assertEqual(status, 0, said)
        self.assertIn("not worse again: map thp 256MiB", said)
        self.assertEqual(calls, ["fast icount 0 0 ", "fast icount 0 1 ^[^/]+/(thp)/", "fast icount 0 2 ^[^/]+/(thp)/"])

    def test_what_is_worse_each_time_is(self):
        status, said, _ = self.check(ours(1.02), ours(1.02, NAME), ours(1.01, NAME))
        self.assertEqual(status, 1)
        self.assertIn("+1.00 %", said)
        self.assertIn("1 worse, 0 better, 0 new, 0 vanished", said)

    def test_what_cannot_be_compared_is_not_measured_again(self):
        other = ours(1.02)
        other["context"]["qemu"] = "8"
        status, said, calls = self.check(other)
        self.assertEqual((status, len(calls)), (2, 1), said)

    def test_what_the_baseline_has_is_counted(self):
        counted = {"lines_per_4k": 2.0, "atomics_per_4k": 0.5}
        status, said, calls = self.check(ours(**counted), baseline=ours(**counted))
        self.assertEqual((status, calls), (0, ["fast icount 1 0 "]), said)

    def test_load_ends_with_what_it_is_for(self):
        script = f"""
            set -euo pipefail
            source {SCRIPTS}/lib.sh
            source {SCRIPTS}/measure/gate-lanes.sh
            beside() {{ jobs -rp | wc -l; return 3; }}
            status=0
            under_load 2 beside || status=$?
            echo "$status $(jobs -rp | wc -l)"
        """
        run = subprocess.run(["nice", "bash", "-c", script], capture_output=True, text=True, check=False,
                             env=os.environ | {"CACHE": str(self.dir / "cache")})
        self.assertEqual(run.stdout.split(), ["2", "3", "0"], run.stderr)


if __name__ == "__main__":
    unittest.main()
