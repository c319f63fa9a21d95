# SPDX-License-Identifier: GPL-2.0-only
"""Stacks that are kept with a run: what is written is read again, of that run and no other; which function made a change."""

import json
import lzma

from fixtures import command, iteration, results, said, write
from results import dashboard, history, stacks
from results.counts import Counted
from results.run import BadRun
from scratch import ScratchTest

NAME = "map/thp/256MiB"
# One name is the beginning of another, and what is behind it sorts before what separates them.
STACKS = {("[user]",): 2, ("[user]", "map"): 3, ("[user]", "map", "pin"): 5, ("[user]", "map [iommufd]"): 7, ("[user]", "map", "walk", "pte"): 11}


def counted(folded, rounds=1):
    """What was counted, in all rounds together."""
    return Counted(rounds, [(list(stack), {"insns": insns * rounds}) for stack, insns in folded.items()])


class StacksTest(ScratchTest):
    def setUp(self):
        super().setUp()
        self.path = self.dir / "icount.json"

    def measured(self, path=None, folded=STACKS, **context):
        """A results file with stacks beside it."""
        path = path or self.path
        content = results(**context)
        content["benchmarks"] = [iteration(f"{NAME}/fast", insn_per_4k=float(sum(folded.values())), runs=1.0)]
        write(path, content)
        stacks.write(stacks.beside(path), stacks.document(content["context"], [(f"{NAME}/fast", "per_4k", counted(folded), 1)]))
        return path

    def kept(self):
        return sorted(path.name for path in (self.dir / "stacks").glob("*")) if (self.dir / "stacks").exists() else []

    def test_what_is_written_is_read_again(self):
        self.measured()
        content = stacks.load(stacks.beside(self.path))
        self.assertEqual({stack: insns for stack, insns in stacks.folded_of(content, NAME) if insns}, STACKS)
        self.assertEqual(stacks.by_function(content, NAME), {"[user]": 2, "map": 3, "pin": 5, "map [iommufd]": 7, "walk": 0, "pte": 11})

    def test_the_same_stacks_are_the_same_bytes(self):
        first = stacks.beside(self.measured()).read_bytes()
        backwards = dict(reversed(STACKS.items()))
        self.assertEqual(stacks.beside(self.measured(folded=backwards)).read_bytes(), first)

    def test_they_are_of_a_page_or_a_call_and_of_ours(self):
        figures = [("small/populate4k/4KiB/fast", "map", counted({("a",): 30}, rounds=7), 2),
                   ("small/populate4k/4KiB/fast", "unmap", counted({("a",): 8}), 1),
                   ("small/populate4k/4KiB/iommufd", "map", counted({("a",): 1}), 1),
                   ("map/thp/1MiB/fast", "per_4k", counted({("a",): 1}), 1), ("copy/thp/256MiB/fast", "per_4k", counted({("a",): 1}), 1)]
        content = stacks.document(results()["context"], figures)
        self.assertEqual(content["benchmarks"], {"small map/populate4k/4KiB": [0, 0, 15], "small unmap/populate4k/4KiB": [0, 0, 8]})
        self.assertIsNone(stacks.document(results()["context"], figures[2:]))

    def test_where_nothing_was_counted_none_are_left_of_before(self):
        self.measured()
        stacks.write(stacks.beside(self.path), None)
        self.assertFalse(stacks.beside(self.path).exists())

    def test_they_are_recorded_with_their_run(self):
        self.measured()
        for _ in range(2):
            self.assertEqual(command("history", "add", "--history", self.dir / "history.jsonl", self.path).returncode, 0)
            self.assertEqual(self.kept(), ["0123456789ab-icount-20261122103912.json.xz"])
        run = history.read(self.dir / "history.jsonl")[0][0]
        self.assertEqual(stacks.kept(run, self.dir / "history.jsonl").read_bytes(), stacks.beside(self.path).read_bytes())

    def test_those_of_another_run_are_not(self):
        self.measured()
        write(self.path, results(date="2026-11-23T00:00:00+00:00"))
        self.assertEqual(command("history", "add", "--history", self.dir / "history.jsonl", self.path).returncode, 0)
        self.assertEqual(self.kept(), [])

    def test_histories_that_meet_bring_them_along(self):
        (self.dir / "other").mkdir()
        self.measured()
        other = self.dir / "other/history.jsonl"
        self.assertEqual(command("history", "add", "--history", other, self.path).returncode, 0)
        self.assertEqual(command("history", "merge", "--history", self.dir / "history.jsonl", other).returncode, 0)
        self.assertEqual(len(self.kept()), 1)

    def test_a_damaged_file_is_said_and_skipped(self):
        self.measured()
        path = self.dir / "history.jsonl"
        command("history", "add", "--history", path, self.path)
        target = self.dir / "stacks" / self.kept()[0]
        for bad in (b"", target.read_bytes()[:99], lzma.compress(b"[]"), lzma.compress(json.dumps({"schema": 2}).encode())):
            target.write_bytes(bad)
            with self.subTest(bad[:9]), self.assertRaises(BadRun):
                stacks.load(target)
            with said() as text:
                dashboard.build(path, self.dir / f"data{len(bad)}")
            self.assertEqual(text.getvalue().count("skipped"), 1)

    def test_a_comparison_says_which_function_got_dearer(self):
        before = self.measured(self.dir / "before.json")
        after = self.measured(self.dir / "after.json", folded={**STACKS, ("[user]", "map", "pin"): 9, ("[user]", "map", "other", "pin"): 1},
                              date="2026-11-23T00:00:00+00:00")
        run = command("gate", "compare", before, after)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        table = run.stdout[run.stdout.index(f"{NAME}: instructions per 4 KiB, by function"):]
        self.assertEqual([line.split() for line in table.splitlines()[2:5]],
                         [["function", "before", "after", "change"], ["pin", "5.00", "10.0", "+5"], ["all", "28.0", "33.0", "+5"]])

    def test_without_stacks_of_both_it_says_what_changed(self):
        before = self.measured(self.dir / "before.json")
        after = self.measured(self.dir / "after.json", folded={("a",): 30})
        stacks.beside(before).unlink()
        run = command("gate", "compare", before, after)
        self.assertEqual((run.returncode, run.stdout.count("by function"), run.stdout.count("WORSE")), (0, 0, 1))

    def test_they_are_printed_folded(self):
        self.measured()
        path = stacks.beside(self.path)
        self.assertEqual(command("stacks", path).stdout, f"{NAME}\n")
        self.assertEqual(set(command("stacks", path, NAME).stdout.splitlines()), {f"{';'.join(stack)} {insns}" for stack, insns in STACKS.items()})
        for args in ((path, "map/none/4KiB"), (self.dir / "absent",)):
            run = command("stacks", *args)
            self.assertEqual((run.returncode, len(run.stderr.splitlines())), (1, 1))

    def test_the_dashboard_says_which_runs_have_them(self):
        path = self.dir / "history.jsonl"
        self.measured()
        other = write(self.dir / "other.json", results(git_commit="f" * 40))
        command("history", "add", "--history", path, self.path, other)
        dashboard.build(path, self.dir / "data")
        self.assertTrue((self.dir / "data/t0/s0.js").read_text().startswith('iommufdFast.put("t0/s0",{"schema":1,'))
        self.assertFalse((self.dir / "data/t0/s1.js").exists())
