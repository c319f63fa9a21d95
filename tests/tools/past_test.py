# SPDX-License-Identifier: GPL-2.0-only
"""make backfill and make bisect: on a repository that is made up, whose benchmark reads what it costs from a file."""

import os
import pathlib
import shutil
import subprocess

import fixtures
from scratch import ROOT, SCRIPTS, ScratchTest

# Of a module that is a number: it has no guest. What it is asked for is written down.
BENCH = """#!/bin/bash
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
lock bench
echo "${MEASURED:0:12} $PEERS $BENCH_FILTER" >>"$HERE/calls"
[[ ! -e $ROOT/kmod/broken ]] || exit 1
PYTHONPATH=$ROOT/scripts:$FIXTURES /usr/bin/python3 - <<-END
	import os, pathlib
	from fixtures import results, write
	from results.repository import state
	document = results(filter=os.environ["BENCH_FILTER"], **state())
	document["benchmarks"] = [bench for bench in document["benchmarks"] if bench["name"] == "map/thp/256MiB/fast"]
	document["benchmarks"][0]["insn_per_4k"] = float(pathlib.Path("$ROOT/kmod/cost").read_text())
	write(pathlib.Path("$RESULTS_DIR/icount.json"), document)
END
"""
PROFILE = """#!/bin/bash
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cat >"$FUNCTIONS" <<-END
	{"$OP": {"per": "4 KiB", "functions": {"ioas_map": $(<"$ROOT/kmod/cost"), "walk": 10}}}
END
"""


class PastTest(ScratchTest):
    def setUp(self):
        super().setUp()
        self.repo = self.dir / "repo"
        for name in ("lib.sh", "measure/past.sh", "measure/backfill.sh", "measure/bisect.sh"):
            (self.repo / "scripts" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(SCRIPTS / name, self.repo / "scripts" / name)
        shutil.copytree(SCRIPTS / "results", self.repo / "scripts/results", ignore=shutil.ignore_patterns("tests", "__pycache__"))
        shutil.copytree(ROOT / "bench/profile", self.repo / "bench/profile")
        for name, text in (("bench.sh", BENCH), ("profile.sh", PROFILE), ("e2e.sh", "")):
            path = self.repo / "scripts/measure" / name
            path.write_text(text)
            path.chmod(0o755)
        for name in ("bench/e2e", "bench/shim", "scripts/guest", "guest", "configs", "kmod"):
            (self.repo / name).mkdir(parents=True, exist_ok=True)
            (self.repo / name / "file").write_text("")
        (self.repo / ".gitignore").write_text("/build/\n__pycache__/\n")
        self.git("init", "-q", "-b", "main")
        self.commits = []

    def git(self, *args):
        options = ("-c", "user.name=x", "-c", "user.email=x@x", "-c", "commit.gpgsign=false")
        return subprocess.run(["git", *options, "-C", self.repo, *args], capture_output=True, text=True, check=True).stdout.strip()

    def commit(self, subject, **files):
        """A commit in which kmod/ has these files, or not any more where they are None."""
        for name, text in files.items():
            path = self.repo / "kmod" / name
            if text is None:
                path.unlink()
            else:
                path.write_text(str(text))
        if not files:
            with (self.repo / "README").open("a") as file:
                file.write(subject)
        self.git("add", "-A")
        # One a second, so that they have an order.
        os.environ["GIT_COMMITTER_DATE"] = os.environ["GIT_AUTHOR_DATE"] = f"2026-01-01T00:00:{len(self.commits):02}Z"
        self.git("commit", "-q", "-m", subject)
        self.commits.append(self.git("rev-parse", "HEAD"))

    def history_of_eight(self):
        """Of which the fourth (one that costs more) is behind one that cannot be measured, and two touch no module."""
        self.commit("first", cost=100)
        self.commit("docs")
        self.commit("second", cost=100.1)
        self.commit("broken", broken="")
        self.commit("slow", broken=None, cost=110)
        self.commit("more docs")
        self.commit("third", cost=110.2)
        self.commit("fourth", cost=110.1)

    def run_script(self, name, **environment):
        own = {key: value for key, value in os.environ.items() if key not in ("LOCKS_HELD", "BENCH_FILTER", "HISTORY", "MEASURED")}
        fixture_path = os.pathsep.join([str(pathlib.Path(fixtures.__file__).parent), str(pathlib.Path(__file__).parent)])
        return subprocess.run([self.repo / "scripts/measure" / f"{name}.sh"], capture_output=True, text=True, check=False,
                              env=own | {"CACHE": str(self.dir / "cache"), "HERE": str(self.dir), "FIXTURES": fixture_path,
                                         "PYTHONDONTWRITEBYTECODE": "1"} | environment)

    def calls(self):
        """The subjects of the commits that were measured so far, in their order; then they are forgotten."""
        path = self.dir / "calls"
        if not path.exists():
            return []
        measured = [line.split()[0] for line in path.read_text().splitlines()]
        path.unlink()
        return [self.git("log", "-1", "--format=%s", commit) for commit in measured]

    def recorded(self):
        """Of the commits that are recorded: subject and cost."""
        history = self.repo / "results/history.jsonl"
        runs = fixtures.load_runs(history) if history.exists() else []
        return {run.subject: run.benchmarks["map/thp/256MiB/fast"]["insn_per_4k"] for run in runs}


class BackfillTest(PastTest):
    def test_what_touches_the_module_is_measured_and_recorded(self):
        self.history_of_eight()
        run = self.run_script("backfill", RANGE="HEAD")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(sorted(self.calls()), ["broken", "first", "fourth", "second", "slow", "third"])
        self.assertEqual(self.recorded(), {"first": 100, "second": 100.1, "slow": 110, "third": 110.2, "fourth": 110.1})
        self.assertIn("cannot be measured with the benchmarks of today", run.stderr)
        # This work tree is as it was, and so is its module.
        self.assertEqual(self.git("status", "--porcelain", "--", ":!results"), "")

    def test_records_say_what_they_are_of(self):
        self.history_of_eight()
        self.run_script("backfill", RANGE="HEAD~1..HEAD")
        self.run_script("backfill", RANGE="HEAD~2..HEAD~1")
        newest, other = fixtures.load_runs(self.repo / "results/history.jsonl")
        self.assertEqual({newest.commit, other.commit}, {self.commits[7], self.commits[6]})
        self.assertFalse(newest.dirty or other.dirty)
        # Of the one that is checked out the benchmarks are its own.
        self.assertEqual([run.subject for run in (newest, other) if "bench" in run.environment], ["third"])

    def test_it_goes_on_where_it_was(self):
        self.history_of_eight()
        self.assertEqual(self.run_script("backfill", RANGE="HEAD", MAX="2").returncode, 0)
        # The ends, then what halves the rest.
        self.assertEqual(self.calls(), ["fourth", "first"])
        self.assertEqual(self.run_script("backfill", RANGE="HEAD", MAX="1").returncode, 1)
        self.assertEqual(self.calls(), ["broken"])
        self.assertEqual(self.run_script("backfill", RANGE="HEAD").returncode, 0)
        self.assertEqual(sorted(self.calls()), ["second", "slow", "third"])
        run = self.run_script("backfill", RANGE="HEAD")
        self.assertEqual(run.returncode, 0)
        self.assertEqual(self.calls(), [])
        self.assertIn("0 of them are to be measured", run.stderr)

    def test_what_failed_is_tried_again_if_asked(self):
        self.history_of_eight()
        self.run_script("backfill", RANGE="HEAD")
        self.calls()
        self.run_script("backfill", RANGE="HEAD", RETRY="1")
        self.assertEqual(self.calls(), ["broken"])

    def test_an_unknown_tree_measures_nothing(self):
        self.history_of_eight()
        (self.repo / "kmod/cost").write_text("5")
        run = self.run_script("backfill", RANGE="HEAD")
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("not committed", run.stderr)
        self.assertEqual(self.calls(), [])

    def test_bad_input_is_one_line(self):
        self.history_of_eight()
        for environment, said in (({}, "RANGE= is missing"), ({"RANGE": "no..where"}, "is no range of commits"),
                                  ({"RANGE": "HEAD..HEAD"}, "touches kmod/"), ({"RANGE": "HEAD", "MAX": "x"}, "MAX='x' is no number")):
            with self.subTest(**environment):
                run = self.run_script("backfill", **environment)
                self.assertEqual(run.returncode, 1)
                self.assertIn(said, run.stderr)
                self.assertEqual(len(run.stderr.splitlines()), 1)


class BisectTest(PastTest):
    def bisect(self, **environment):
        return self.run_script("bisect", **({"BENCH": "map/thp/256MiB", "GOOD": self.commits[0], "BAD": "main"} | environment))

    def test_the_commit_and_what_it_changed(self):
        self.history_of_eight()
        for number in range(8):
            self.commit(f"later {number}", cost=111 + number / 100)
        run = self.bisect()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("\n    slow\n", run.stdout)
        self.assertIn(f"one of these, which cannot be measured:\n\n{self.commits[3][:7]} broken", run.stdout)
        self.assertIn("map: instructions per 4 KiB, by function", run.stdout)
        self.assertNotIn("walk", run.stdout)
        # 15 touch the module, of which one cannot be measured.
        self.assertLessEqual(len(self.calls()), 8)
        # All of it is known by now.
        self.assertIn("\n    slow\n", self.bisect().stdout)
        self.assertEqual(set(self.calls()) - {"broken"}, set())

    def test_what_is_recorded_is_not_measured(self):
        self.history_of_eight()
        self.run_script("backfill", RANGE="HEAD")
        self.calls()
        self.assertIn("\n    slow\n", self.bisect(PROFILE="0").stdout)
        self.assertEqual(set(self.calls()) - {"broken"}, set())
        # With other benchmarks it has to be.
        (self.repo / "bench/e2e/file").write_text("another one")
        self.git("commit", "-qam", "bench")
        self.assertIn("\n    slow\n", self.bisect(PROFILE="0").stdout)
        self.assertIn("slow", self.calls())

    def test_how_much_is_more(self):
        self.history_of_eight()
        run = self.bisect(BY="0.05%", PROFILE="0")
        self.assertIn("\n    second\n", run.stdout)
        self.assertNotIn("one of these", run.stdout)
        self.assertIn("does not cost so much more", self.bisect(BY="20%").stderr)
        self.assertIn("does not cost so much more", self.bisect(GOOD="main~1", BAD="main", BY="0%").stderr)

    def test_bad_input_is_one_line(self):
        self.history_of_eight()
        for environment, said in (({"BENCH": "map"}, "is not op/shape/size"), ({"BY": "x"}, "is no percentage"),
                                  ({"GOOD": "nothing"}, "'nothing' is no commit"), ({"GOOD": "main", "BAD": "main~3"}, "is no ancestor"),
                                  ({"BENCH": "map/thp/1.iB"}, "has no such name")):
            with self.subTest(**environment):
                run = self.bisect(**environment)
                self.assertEqual(run.returncode, 1)
                self.assertIn(said, run.stderr)
                self.assertEqual(len(run.stderr.splitlines()), 1)

    def test_a_benchmark_that_is_none(self):
        self.history_of_eight()
        self.assertIn("cannot be measured at GOOD", self.bisect(BENCH="map/thp/1MiB").stderr)
