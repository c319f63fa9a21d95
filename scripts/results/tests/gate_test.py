# SPDX-License-Identifier: GPL-2.0-only
"""The gate: what it lets through, what it stops and what it says."""

import copy
import os
import unittest

from fixtures import callgrind, command, iteration, results, write
from scratch import ScratchTest


def changed(name, counter, factor, document=None):
    """Results in which one figure is another."""
    document = copy.deepcopy(document or clean())
    for bench in document["benchmarks"]:
        if bench["name"] == name:
            bench[counter] *= factor
    return document


def clean(**context):
    """Results without an error."""
    document = results(**context)
    document["benchmarks"] = [bench for bench in document["benchmarks"] if "error_occurred" not in bench]
    return document


class GateTest(ScratchTest):
    def setUp(self):
        super().setUp()
        self.baseline = self.dir / "baseline.json"

    def learn(self, *documents):
        files = [write(self.dir / f"{i}.json", document) for i, document in enumerate(documents)]
        return command("gate", "learn", self.baseline, *files)

    def check(self, document, *again):
        files = [write(self.dir / f"again{i}.json", each) for i, each in enumerate(again)]
        return command("gate", "check", self.baseline, write(self.dir / "now.json", document), *files)

    def suspects(self, document):
        run = command("gate", "suspects", self.baseline, write(self.dir / "now.json", document))
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout.split()

    def setup_baseline(self, *documents):
        run = self.learn(*(documents or (clean(), clean())))
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_the_same_passes(self):
        self.setup_baseline()
        run = self.check(clean())
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn("0 worse, 0 better, 0 new, 0 vanished, 0 refused", run.stdout)

    def test_the_last_digit_is_not_the_same(self):
        files = [write(self.dir / f"{i}.json", each) for i, each in
                 enumerate((clean(), clean(), changed("map/thp/256MiB/fast", "insn_per_4k", 1 + 1e-9)))]
        run = command("gate", "same", files[0], files[1])
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertRegex(run.stdout, "^[1-9][0-9]* figures, 0 differ$")
        run = command("gate", "same", files[0], files[2])
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stdout, "^map thp 256MiB .*\n[1-9][0-9]* figures, 1 differ\n$")

    def test_one_percent_more_fails(self):
        self.setup_baseline()
        run = self.check(changed("map/thp/256MiB/fast", "insn_per_4k", 1.01))
        self.assertEqual(run.returncode, 1)
        first = run.stdout.splitlines()[1].split()
        self.assertEqual(first[:5], ["WORSE", "map", "thp", "256MiB", "fast"])
        self.assertIn("+1.00 %", run.stdout)
        self.assertIn("1.93", run.stdout)
        self.assertIn("1.95", run.stdout)
        self.assertIn("0123456789ab", run.stdout)

    def test_under_half_a_percent_passes(self):
        self.setup_baseline()
        self.assertEqual(self.check(changed("map/thp/256MiB/fast", "insn_per_4k", 1.004)).returncode, 0)

    def test_largest_change_comes_first(self):
        self.setup_baseline()
        document = changed("map/thp/256MiB/fast", "insn_per_4k", 1.02)
        document = changed("small/populate4k/4KiB/fast", "insn_unmap", 0.5, document)
        document = changed("lookup/none/0/fast", "insn_per_call", 1.1, document)
        run = self.check(document)
        self.assertEqual(run.returncode, 1)
        self.assertEqual([line.split()[1] for line in run.stdout.splitlines()[1:4]], ["small", "lookup", "map"])

    def test_improvement_passes_and_asks_for_a_baseline(self):
        self.setup_baseline()
        run = self.check(changed("map/thp/256MiB/fast", "insn_per_4k", 0.9))
        self.assertEqual(run.returncode, 0)
        self.assertIn("better", run.stdout.splitlines()[1])
        self.assertIn("make baseline", run.stdout)

    def test_threshold_is_learnt(self):
        name, counter = "map/thp/256MiB/fast", "insn_per_4k"
        self.setup_baseline(clean(), changed(name, counter, 1.01), clean())
        self.assertEqual(self.check(changed(name, counter, 1.02)).returncode, 0)
        self.assertEqual(self.check(changed(name, counter, 1.04)).returncode, 1)
        self.assertEqual(self.check(changed("lookup/none/0/fast", "insn_per_call", 1.01)).returncode, 1)

    def test_what_is_not_worse_again_passes(self):
        self.setup_baseline()
        worse = changed("map/thp/256MiB/fast", "insn_per_4k", 1.02)
        run = self.check(worse, worse, clean())
        self.assertEqual(run.returncode, 0, run.stdout)
        self.assertIn("not worse again: map thp 256MiB", run.stdout)
        self.assertEqual(self.check(worse, worse, changed("map/thp/256MiB/fast", "insn_per_4k", 1.01)).returncode, 1)

    def test_a_part_that_is_measured_again_says_nothing_of_the_rest(self):
        self.setup_baseline()
        worse = changed("lookup/none/0/fast", "insn_per_call", 1.02, changed("map/thp/256MiB/fast", "insn_per_4k", 1.02))
        part = clean(filter="^(map/thp/256MiB/fast)$")
        part["benchmarks"] = [bench for bench in part["benchmarks"] if bench["name"] == "map/thp/256MiB/fast"]
        run = self.check(worse, part, part)
        self.assertEqual(run.returncode, 1)
        self.assertIn("1 worse, 0 better, 0 new, 0 vanished", run.stdout)

    def test_suspects_are_benchmarks(self):
        self.setup_baseline()
        self.assertEqual(self.suspects(clean()), [])
        document = changed("small/populate4k/4KiB/fast", "insn_unmap", 1.1, changed("map/scatter4k/1MiB/fast", "bytes_per_gib", 2))
        document = changed("small/populate4k/4KiB/fast", "insn_map", 1.1, document)
        document = changed("map/thp/256MiB/fast", "insn_per_4k", 0.5, document)
        self.assertEqual(self.suspects(document), ["map/scatter4k/1MiB/fast", "small/populate4k/4KiB/fast"])

    def test_a_timer_interrupt_is_no_change(self):
        def few_rounds(factor):
            document = changed("map/thp/256MiB/fast", "insn_per_4k", factor)
            for bench in document["benchmarks"]:
                bench["iterations"] = 3
            return document

        self.setup_baseline(few_rounds(1), few_rounds(1))
        # 3146 instructions in three rounds of 65536 pages are 0.8 % of 1.93 a page.
        self.assertEqual(self.check(few_rounds(1.0075)).returncode, 0)
        self.assertEqual(self.check(few_rounds(1.0085)).returncode, 1)
        self.assertEqual(self.check(few_rounds(0.992)).returncode, 0)

    def test_less_than_a_call_shows_is_no_change(self):
        def looked_up(lines):
            document = clean()
            for bench in document["benchmarks"]:
                if bench["name"] == "lookup/none/0/fast":
                    bench |= {"lines_per_call": lines, "iterations": 20}
            return document

        self.setup_baseline(looked_up(0.077), looked_up(0.079), looked_up(0.109))
        self.setup_baseline(looked_up(0.077), looked_up(0.077), looked_up(0.077))
        self.assertEqual(self.check(looked_up(0.12)).returncode, 0)
        self.assertEqual(self.check(looked_up(0.4)).returncode, 1)

    def test_of_its_kind_is_learnt(self):
        def several(*factors):
            document = clean()
            document["benchmarks"] += [iteration(f"attach/{shape}/1MiB/fast", insn_per_4k=100 * factor)
                                       for shape, factor in zip(("thp", "mthp64k", "memfd4k", "populate4k"), factors)]
            return document

        # One that is erratic says nothing of others, two of four do.
        self.setup_baseline(several(1, 1, 1, 1), several(1, 1, 1, 1.03))
        self.assertEqual(self.check(several(1.02, 1, 1, 1)).returncode, 1)
        self.baseline.unlink()
        self.setup_baseline(several(1, 1, 1, 1), several(1, 1, 1.01, 1.03))
        self.assertEqual(self.check(several(1.02, 1, 1, 1)).returncode, 0)
        self.assertEqual(self.check(several(1.04, 1, 1, 1)).returncode, 1)

    def test_what_was_learnt_stays(self):
        name, counter = "map/thp/256MiB/fast", "insn_per_4k"
        self.setup_baseline(clean(), changed(name, counter, 1.01), clean())
        self.setup_baseline()
        self.assertEqual(self.check(changed(name, counter, 1.02)).returncode, 0)
        self.setup_baseline(clean(kernel="7.3.5"), clean(kernel="7.3.5"))
        self.assertEqual(self.check(changed(name, counter, 1.02, clean(kernel="7.3.5"))).returncode, 1)

    def test_lines_and_atomics_are_figures(self):
        def counted(**counters):
            document = clean()
            document["benchmarks"][2] |= {"lines_per_4k": 2.0, "atomics_per_4k": 0.5, "counts": {"per_4k": {"loads": 7}}} | counters
            return document

        self.setup_baseline(counted(), counted())
        self.assertEqual(self.check(counted()).returncode, 0)
        for counter, unit in (("lines_per_4k", "lines"), ("atomics_per_4k", "atomics")):
            with self.subTest(counter):
                run = self.check(counted(**{counter: 2.1}))
                self.assertEqual(run.returncode, 1)
                self.assertEqual(run.stdout.splitlines()[1].split()[:6], ["WORSE", "map", unit, "thp", "256MiB", "fast"])
                self.assertEqual(self.suspects(counted(**{counter: 2.1})), ["map/thp/256MiB/fast"])

    def test_memory_is_a_figure(self):
        self.setup_baseline()
        run = self.check(changed("map/scatter4k/1MiB/fast", "bytes_per_gib", 2))
        self.assertEqual(run.returncode, 1)
        self.assertIn("metadata", run.stdout)

    def test_what_is_accepted_passes(self):
        self.setup_baseline()
        worse = changed("map/thp/256MiB/fast", "insn_per_4k", 1.02)
        triage = self.dir / "triage.toml"
        triage.write_text('[[change]]\nbenchmark = "map/thp/*/fast"\ncommit = "0123456"\nverdict = "accepted"\nreason = "a lock"\n')
        os.environ["TRIAGE"] = str(triage)
        self.addCleanup(os.environ.pop, "TRIAGE")
        run = self.check(worse)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertEqual(run.stdout.splitlines()[1].split()[0], "accepted")
        self.assertIn("accepted: map thp 256MiB fast", run.stdout)
        self.assertIn(": a lock\n", run.stdout)
        self.assertIn("0 worse, 1 accepted, 0 better", run.stdout)
        # Another benchmark, and another commit.
        self.assertEqual(self.check(changed("lookup/none/0/fast", "insn_per_call", 1.02)).returncode, 1)
        triage.write_text(triage.read_text().replace("0123456", "0123457"))
        self.assertEqual(self.check(worse).returncode, 1)

    def test_markdown(self):
        self.setup_baseline()
        os.environ["FORMAT"] = "markdown"
        self.addCleanup(os.environ.pop, "FORMAT")
        run = self.check(clean())
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertRegex(run.stdout, r"^\*\*Costs no more\.\*\* icount: \d+ figures .*; geometric mean \+0\.00 %\n$")
        run = self.check(changed("map/thp/256MiB/fast", "insn_per_4k", 1.02))
        self.assertEqual(run.returncode, 1)
        lines = run.stdout.splitlines()
        self.assertTrue(lines[0].startswith("**Costs more.** "), lines[0])
        self.assertEqual(lines[3], "| --- | --- | --- | --- | --- | --- | ---: | ---: | ---: | ---: |")
        self.assertTrue(lines[4].startswith("| WORSE | map | thp | 256MiB | fast |"), lines[4])
        os.environ["FORMAT"] = "html"
        run = self.check(clean())
        self.assertEqual(run.returncode, 2)
        self.assertEqual(run.stderr, "error: no FORMAT 'html' (there are: text markdown)\n")

    def test_the_rest_of_many_changes_is_folded(self):
        document = clean()
        document["benchmarks"] += [iteration(f"map/shape{i}/256MiB/fast", insn_per_4k=2.0) for i in range(25)]
        self.setup_baseline(document, document)
        os.environ["FORMAT"] = "markdown"
        self.addCleanup(os.environ.pop, "FORMAT")
        for i in range(25):
            document = changed(f"map/shape{i}/256MiB/fast", "insn_per_4k", 1.02, document)
        run = self.check(document)
        self.assertEqual(run.stdout.count("| WORSE |"), 20)
        self.assertIn("<details><summary>5 more</summary>", run.stdout)

    def test_vanished_new_and_refused_are_said(self):
        self.setup_baseline()
        document = clean()
        document["benchmarks"] = [bench for bench in document["benchmarks"] if bench["name"] != "lookup/none/0/fast"]
        run = self.check(document)
        self.assertEqual(run.returncode, 1)
        self.assertIn("vanished: lookup", run.stdout)

        document = clean()
        document["benchmarks"].append(document["benchmarks"][0] | {"name": "copy/thp/1MiB/fast"})
        run = self.check(document)
        self.assertEqual(run.returncode, 0)
        self.assertIn("new: copy thp 1MiB", run.stdout)

        document = clean()
        document["benchmarks"][0] |= {"error_occurred": True, "error_message": "no memory"}
        run = self.check(document)
        self.assertEqual(run.returncode, 1)
        self.assertIn("refused: map/thp/256MiB/type1: no memory", run.stdout)
        self.assertIn("0 vanished, 1 refused", run.stdout)

    def test_a_part_is_compared_with_its_part(self):
        self.setup_baseline()
        document = clean(filter="^small/")
        document["benchmarks"] = [bench for bench in document["benchmarks"] if bench["name"].startswith("small/")]
        run = self.check(document)
        self.assertEqual(run.returncode, 0, run.stdout)
        self.assertIn("2 figures", run.stdout)

    def test_another_kernel_is_not_compared(self):
        self.setup_baseline()
        for context in ({"kernel": "7.3.5"}, {"kernel_config": "0"}, {"qemu": "8"}):
            with self.subTest(**context):
                run = self.check(clean(**context))
                self.assertEqual(run.returncode, 2)
                self.assertRegex(run.stderr, "^error: the (kernel|config|qemu) is another one.*make baseline")
                self.assertEqual(len(run.stderr.splitlines()), 1)

    def test_baseline_needs_a_clean_tree(self):
        run = self.learn(clean(git_dirty=True), clean(git_dirty=True))
        self.assertEqual(run.returncode, 2)
        self.assertIn("not committed", run.stderr)
        self.assertFalse(self.baseline.exists())

    def test_baseline_needs_a_lane_that_repeats(self):
        run = self.learn(clean(), changed("map/thp/256MiB/fast", "insn_per_4k", 1.2))
        self.assertEqual(run.returncode, 2)
        self.assertIn("map thp 256MiB 4 KiB", run.stderr)
        self.assertIn("does not repeat", run.stderr)

    def test_baseline_needs_a_lane_that_counts(self):
        run = self.learn(clean(lane="mttcg"), clean(lane="mttcg"))
        self.assertEqual(run.returncode, 2)
        self.assertIn("depends on the machine", run.stderr)

    def test_baseline_takes_no_refused_benchmark(self):
        run = self.learn(results(), results())
        self.assertEqual(run.returncode, 2)
        self.assertIn("refused: copy/thp/256MiB/fast", run.stderr)

    def test_without_a_baseline_it_says_so(self):
        for text in (None, "{", '{"schema": 99}', "[]"):
            with self.subTest(text=text):
                if text is not None:
                    self.baseline.write_text(text, encoding="utf-8")
                run = self.check(clean())
                self.assertEqual(run.returncode, 2)
                self.assertIn("make baseline", run.stderr)
                self.assertEqual(len(run.stderr.splitlines()), 1)

    def test_callgrind(self):
        self.setup_baseline(callgrind(), callgrind())
        self.assertEqual(self.check(callgrind()).returncode, 0)
        document = callgrind()
        document["benchmarks"][0]["insn_per_op"] *= 1.01
        self.assertEqual(self.check(document).returncode, 1)
        self.assertEqual(self.check(clean()).returncode, 2)

    def test_compare(self):
        a, b = write(self.dir / "a.json", clean()), self.dir / "b.json"
        write(b, changed("map/thp/256MiB/fast", "insn_per_4k", 1.01))
        run = command("gate", "compare", a, b)
        self.assertEqual(run.returncode, 0)
        self.assertIn("+1.00 %", run.stdout)
        self.assertIn("1 differ", run.stdout)
        self.assertEqual(command("gate", "compare", a, write(b, clean(kernel="0"))).returncode, 2)


if __name__ == "__main__":
    unittest.main()
