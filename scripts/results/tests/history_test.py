# SPDX-License-Identifier: GPL-2.0-only
"""The history: what is recorded is read again, what is damaged is said and stays, writers do not meet."""

import dataclasses
import json
import os
import subprocess
import unittest
from unittest import mock

from fixtures import COMMIT, MACHINE, PYTHON, callgrind, command, iteration, lines, made_up_runs, results, said, write
from results import history
from results.run import BadRun, from_results
from scratch import ROOT, SCRIPTS, ScratchTest


class HistoryTest(ScratchTest):
    def setUp(self):
        super().setUp()
        self.path = self.dir / "history.jsonl"

    def test_what_is_appended_is_read(self):
        runs = made_up_runs(runs=3)
        history.append(runs[:1], self.path)
        history.append(runs[1:], self.path)
        self.assertEqual(history.read(self.path), (runs, []))

    def test_no_file_is_an_empty_history(self):
        self.assertEqual(history.read(self.path), ([], []))

    def test_a_run_is_recorded_once(self):
        run = made_up_runs(runs=1)
        self.assertEqual(history.append(run, self.path), run)
        self.assertEqual(history.append(run, self.path), [])
        self.assertEqual(len(self.path.read_text().splitlines()), 1)

    def test_a_damaged_line_is_said_with_its_number_and_stays(self):
        good = lines(runs=3)
        self.path.write_text("\n".join([good[0], good[1][:200], "not JSON", good[2]]) + "\n")
        with said() as text:
            runs = history.load(self.path)
        self.assertEqual(len(runs), 2)
        self.assertRegex(text.getvalue(), r"history.jsonl:2: damaged or half-written")
        self.assertRegex(text.getvalue(), r"history.jsonl:3: damaged or half-written")
        with said():
            history.append(made_up_runs(runs=4)[3:], self.path)
        self.assertIn(good[1][:200] + "\n", self.path.read_text())

    def test_times_of_threads_are_recorded_for_a_page(self):
        document = results(executable="threads", lane="mttcg", clock="nanoseconds", guest_cpus="2")
        document["benchmarks"] = [
            iteration("thp/two_fds/fast", map_per_second_1=1e6, map_per_second_2=2e6, map_speedup=2.0),
            iteration("destroy/idle/fast", p50_ns=3000.0, p99_ns=4000.0),
        ]
        run = from_results(write(self.dir / "threads.json", document))
        history.append([run], self.path)
        self.assertEqual(run.lane, "threads-mttcg")
        self.assertEqual(
            {key[:4]: value for key, value in history.load(self.path)[0].figures().items()},
            {
                ("map by 1 thread", "thp", "two_fds", "page"): 1000,
                ("map by 2 threads", "thp", "two_fds", "page"): 500,
                ("destroy p50", "idle", "", "operation"): 3000,
                ("destroy p99", "idle", "", "operation"): 4000,
            },
        )

    def test_times_of_the_portable_core_are_recorded(self):
        document = callgrind()
        document["context"]["tool"] = "micro"
        document["benchmarks"] = [iteration("lookup/own/rcu/1", best_ns=4.5), iteration("destroy/load/spin", p50_ns=1.0, p99_ns=2.0)]
        run = from_results(write(self.dir / "native.json", document))
        history.append([run], self.path)
        self.assertEqual((run.lane, run.unit), ("native", "ns"))
        self.assertEqual(
            {(key.op, key.shape, key.peer): value for key, value in history.load(self.path)[0].figures().items()},
            {("lookup", "own", "fast"): 4.5, ("destroy p50", "load", "spin"): 1, ("destroy p99", "load", "spin"): 2},
        )

    def test_what_has_a_part_is_missing_for_the_whole(self):
        whole, part, other = made_up_runs(runs=3)
        part, other = (dataclasses.replace(run, filter=regex) for run, regex in ((part, "^map/"), (other, "^copy/")))
        history.append([whole, part, other], self.path)
        commits = "".join(f"{run.commit}\n" for run in (whole, part, other))

        def missing(*options):
            ran = command("history", "missing", "--history", self.path, *options, text=commits)
            return set(ran.stdout.split())

        self.assertEqual(missing(), {part.commit, other.commit})
        self.assertEqual(missing("--filter", "^map/"), {other.commit})

    def test_a_line_without_an_end_does_not_spoil_the_next(self):
        good = lines(runs=2)
        self.path.write_text(good[0] + "\n" + good[1][:99])
        with said():
            history.append(made_up_runs(runs=2)[1:], self.path)
            runs, problems = history.read(self.path)
        self.assertEqual((len(runs), [problem.line for problem in problems]), (2, [2]))

    def test_bytes_that_are_no_text_are_said(self):
        self.path.write_bytes(b'{"schema":1,"commit":"\xff\xfe"}\n')
        _, problems = history.read(self.path)
        self.assertEqual(len(problems), 1)

    def test_what_the_schema_forbids_is_refused(self):
        good = json.loads(lines(runs=1)[0])
        bad = {
            "no commit": {key: value for key, value in good.items() if key != "commit"},
            "another schema": good | {"schema": 2},
            "a schema that is true": good | {"schema": True},
            "a short commit": good | {"commit": "0123"},
            "a date that is none": good | {"date": "2026-13-45T00:00:00Z"},
            "a lane of its own": good | {"lane": "other"},
            "no benchmarks": good | {"benchmarks": {}},
            "a figure that is text": good | {"benchmarks": {"map/thp/4KiB/fast": {"insn_per_4k": "3"}}},
            "a negative figure": good | {"benchmarks": {"map/thp/4KiB/fast": {"insn_per_4k": -1}}},
            "a name of two parts": good | {"benchmarks": {"map/thp": {"insn_per_4k": 1}}},
            "a name of five parts": good | {"benchmarks": {"map/thp/4KiB/x/fast": {"insn_per_4k": 1}}},
            "a field of its own": good | {"more": 1},
            "no machine": good | {"machine": {}},
            "a list": [good],
        }
        for name, document in bad.items():
            with self.subTest(name), self.assertRaises(BadRun):
                history.parse(json.dumps(document))
        for constant in ("NaN", "Infinity"):
            with self.subTest(constant), self.assertRaises(BadRun):
                history.parse(lines(runs=1)[0].replace('"runs":65', f'"runs":{constant}'))

    def test_a_newer_schema_is_said_so(self):
        with self.assertRaisesRegex(BadRun, "its schema is 2, and this program knows 1"):
            history.parse(json.dumps(json.loads(lines(runs=1)[0]) | {"schema": 2}))

    def test_reading_is_in_the_order_of_commits(self):
        self.path.write_text("\n".join(reversed(lines(runs=4))))
        dates = [run.date for run in history.load(self.path)]
        self.assertEqual(dates, sorted(dates))

    def test_a_series_of_one_second_is_in_its_order(self):
        """A rebase gives all commits of a series the same date; they were measured the other way round."""
        runs = [dataclasses.replace(run, committed="2026-11-28T15:51:38+00:00") for run in reversed(made_up_runs(runs=4))]
        history.append(runs, self.path)
        places = {run.commit: place for place, run in enumerate(runs)}
        with mock.patch("results.run.places", return_value=places):
            self.assertEqual(history.load(self.path), runs)

    def test_a_write_that_breaks_off_leaves_the_old_file(self):
        history.append(made_up_runs(runs=1), self.path)
        before = self.path.read_bytes()
        for call in ("os.fsync", "os.replace"):
            with self.subTest(call), mock.patch(call, side_effect=OSError(28, "No space left on device")):
                with self.assertRaises(OSError):
                    history.append(made_up_runs(runs=2)[1:], self.path)
                self.assertEqual(self.path.read_bytes(), before)
                self.assertEqual(os.listdir(self.dir), ["history.jsonl"])

    def test_it_is_on_the_disk_before_it_is_in_place(self):
        order = []
        fsync, replace = os.fsync, os.replace
        with mock.patch("os.fsync", side_effect=lambda fd: (order.append("fsync"), fsync(fd))), \
                mock.patch("os.replace", side_effect=lambda a, b: (order.append("replace"), replace(a, b))):
            history.append(made_up_runs(runs=1), self.path)
        self.assertEqual(order, ["fsync", "replace", "fsync"])

    def test_writers_at_once_lose_nothing(self):
        every = lines(runs=12, benchmarks=20)
        code = ("import sys; sys.path.insert(0, sys.argv[1]); from results import history\n"
                "runs = [history.parse(line) for line in sys.stdin]\n"
                "for run in runs: history.append([run], sys.argv[2])")
        writers = [
            subprocess.Popen([PYTHON, "-c", code, SCRIPTS, self.path], stdin=subprocess.PIPE, text=True)
            for _ in range(4)
        ]
        for at, writer in enumerate(writers):
            writer.stdin.write("\n".join(every[at::4]))
            writer.stdin.close()
        self.assertEqual([writer.wait(60) for writer in writers], [0] * 4)
        runs, problems = history.read(self.path)
        self.assertEqual((len(runs), problems), (12, []))

    def test_histories_of_machines_meet(self):
        one, two = self.dir / "one.jsonl", self.dir / "two.jsonl"
        every = lines(runs=5)
        one.write_text("\n".join(every[:3]) + "\n")
        two.write_text("\n".join(every[2:]) + "\nhalf of a li")
        run = command("history", "merge", "--history", self.path, one, two)
        self.assertEqual((run.returncode, run.stdout.split()[:3]), (0, ["5", "of", "6"]), run.stderr)
        self.assertIn("two.jsonl:4:", run.stderr)
        self.assertEqual(len(history.read(self.path)[0]), 5)

    def test_check_fails_on_a_damaged_line(self):
        self.path.write_text(lines(runs=1)[0] + "\n")
        self.assertEqual(command("history", "check", "--history", self.path).returncode, 0)
        self.path.write_text("{\n")
        self.assertEqual(command("history", "check", "--history", self.path).returncode, 1)


class RecordTest(ScratchTest):
    def setUp(self):
        super().setUp()
        self.path = self.dir / "history.jsonl"

    def add(self, document, *options):
        return command("history", "add", "--history", self.path, *options, write(self.dir / "icount.json", document))

    def test_results_are_recorded(self):
        run = self.add(results())
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertRegex(run.stdout, r"^recorded: 0123456789ab, lane icount, .*: 8 benchmarks\n$")
        self.assertEqual(history.read(self.path)[0], [from_results(self.dir / "icount.json")])
        self.assertRegex(self.add(results()).stdout, "^already recorded")

    def test_a_dirty_tree_is_refused_unless_told(self):
        run = self.add(results(git_dirty=True))
        self.assertEqual((run.returncode, len(run.stderr.splitlines())), (1, 1))
        self.assertRegex(run.stderr, "^error: .*uncommitted changes")
        self.assertFalse(self.path.exists())
        self.assertEqual(self.add(results(git_dirty=True), "--allow-dirty").returncode, 0)
        self.assertTrue(history.read(self.path)[0][0].dirty)

    def test_all_or_none(self):
        good = write(self.dir / "a.json", results())
        bad = write(self.dir / "b.json", {"context": {}})
        run = command("history", "add", "--history", self.path, good, bad)
        self.assertEqual((run.returncode, len(run.stderr.splitlines())), (1, 1))
        self.assertFalse(self.path.exists())

    def test_what_is_no_results_file_is_one_line(self):
        for name, document in {
            "no commit": results(git_commit="none"), "text": "x", "no lane": {"context": {"git_commit": COMMIT}, "benchmarks": []},
            "another machine, unnamed": results(machine=None) | {"context": {**results()["context"], "machine": None}},
        }.items():
            with self.subTest(name):
                run = self.add(document)
                self.assertEqual((run.returncode, len(run.stderr.splitlines())), (1, 1), run.stderr)
        run = command("history", "add", "--history", self.path, self.dir / "absent.json")
        self.assertEqual((run.returncode, len(run.stderr.splitlines())), (1, 1), run.stderr)

    def test_whose_machine_nobody_knows_is_refused(self):
        document = results(host_name="elsewhere")
        del document["context"]["machine"]
        run = self.add(document)
        self.assertEqual(run.returncode, 1)
        self.assertIn("which machine", run.stderr)

    def test_figures_of_the_guest(self):
        figures = from_results(write(self.dir / "icount.json", results())).figures()
        found = {"/".join(key): value for key, value in figures.items()}
        self.assertEqual(found["map/thp/256MiB/4 KiB/instructions/fast"], 1.93)
        self.assertEqual(found["small map/populate4k/4KiB/call/instructions/fast"], 2898.5)
        self.assertEqual(found["small unmap/populate4k/4KiB/call/instructions/fast"], 2561.25)
        self.assertEqual(found["metadata/scatter4k/1MiB/GiB/bytes/fast"], 2097152)
        self.assertEqual(len(found), 10)

    def test_a_failed_benchmark_is_kept_as_one(self):
        run = from_results(write(self.dir / "icount.json", results()))
        self.assertEqual(run.errors(), {"copy/thp/256MiB/fast": 'it "failed"\nhere'})
        self.assertNotIn("copy", {key.op for key in run.figures()})
        # Neither has one that failed half-way.
        document = json.loads(lines(runs=1)[0])
        name = next(iter(document["benchmarks"]))
        document["benchmarks"] = {name: document["benchmarks"][name] | {"error": "later"}}
        self.assertEqual(history.parse(json.dumps(document)).figures(), {})

    def test_figures_of_callgrind(self):
        run = from_results(write(self.dir / "native-insn.json", callgrind()))
        self.assertEqual(run.track, ("callgrind", ""))
        self.assertEqual(
            ["/".join(key) for key in run.figures()],
            ["lookup/own/1 thread/operation/instructions/fast", "lookup/own/1 thread/operation/instructions/spin",
             "iova find/seq/1000 ranges/operation/instructions/fast",
             "iova find/seq/1000 ranges/operation/instructions/itree",
             "extent build/2MiB//operation/instructions/fast"],
        )

    def test_lanes_that_depend_on_the_machine_are_apart(self):
        path = self.dir / "results.json"
        other = {**MACHINE, "id": "m2"}
        for lane, apart in {"icount": False, "mttcg": True, "kvm": True, "host": True}.items():
            with self.subTest(lane):
                tracks = {from_results(write(path, results(lane=lane, machine=each))).track for each in (MACHINE, other)}
                self.assertEqual(len(tracks), 2 if apart else 1)

    def test_machine_is_part_of_the_key(self):
        one = from_results(write(self.dir / "1.json", results()))
        two = from_results(write(self.dir / "2.json", results(machine={**MACHINE, "id": "m2"})))
        self.assertEqual(len(history.append([one, two], self.path)), 2)

    def test_make_record(self):
        write(self.dir / "icount.json", results())
        make = subprocess.run(
            ["make", "-s", "-C", ROOT, "record", f"RESULTS={self.dir}/icount.json", f"HISTORY={self.path}"],
            capture_output=True, text=True, check=False)
        self.assertEqual((make.returncode, len(history.read(self.path)[0])), (0, 1), make.stderr)


if __name__ == "__main__":
    unittest.main()
