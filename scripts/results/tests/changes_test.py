# SPDX-License-Identifier: GPL-2.0-only
"""Change points: what is planted is found, and nothing where there is none; what was said of it is read."""

import datetime
import json
import random
import unittest
import xml.etree.ElementTree

from fixtures import command, lines
from results import changepoints, triage
from results.run import BadRun
from scratch import ScratchTest

RUNS = 60
NOISE = 0.001
# A drift is spread over so many commits, and may be said to begin at any of them or just after.
DRIFT = 10


def level(rng, at=RUNS, step=0.0, drift=1):
    """A series with a change that begins at a run, and is there after so many."""
    return [100 * (1 + step * min(max(run - at + 1, 0) / drift, 1)) * (1 + rng.gauss(0, NOISE)) for run in range(RUNS)]


class PointsTest(unittest.TestCase):
    def test_twenty_planted_changes_are_found(self):
        rng = random.Random(1)
        for number in range(20):
            drift = DRIFT if number % 4 == 0 else 1
            step = rng.choice((1, -1)) * (0.01 + 0.04 * number / 19)
            at = rng.randrange(10, RUNS - DRIFT - 5)
            with self.subTest(step=step, at=at, drift=drift):
                found = changepoints.points(level(rng, at, step, drift))
                if drift == 1:
                    self.assertEqual(found, [at])
                else:
                    self.assertTrue(found and all(at <= point <= at + DRIFT for point in found), found)

    def test_noise_has_none(self):
        rng = random.Random(2)
        # Of so many series, at one in a thousand a place that is looked at.
        for sigma, most in ((NOISE, 0), (0.03, 2)):
            found = [changepoints.points([100 * (1 + rng.gauss(0, sigma)) for _ in range(RUNS)]) for _ in range(200)]
            self.assertLessEqual(sum(map(len, found)), most, sigma)

    def test_counts_that_repeat_themselves(self):
        for values, points in (
            ([100.0] * 20 + [101.0], [20]),
            ([100.0, 100.0, 101.0, 101.0], [2]),
            ([1.93] * 10 + [1.6] * 3 + [1.53] * 2, [10, 13]),
            ([100.0] * 20 + [100.4] * 20, []),
            # A run that is off is no level.
            ([100.0] * 20 + [101.0] + [100.0] * 20, []),
            ([5.0, 6.0], []),
            ([5.0], []),
            ([], []),
            ([0.0] * 5 + [3.0] * 5, [5]),
        ):
            with self.subTest(values=values):
                self.assertEqual(changepoints.points(values), points)

    def test_a_long_series(self):
        values = [100.0] * 700 + [98.0] * 3 + [97.0] * 900 + [99.0] * 400
        self.assertEqual(changepoints.points(values), [700, 703, 1603])

    def test_what_is_noise_is_learnt(self):
        rng = random.Random(3)
        noisy = [100 * (1 + rng.gauss(0, 0.03)) for _ in range(RUNS)]
        self.assertGreater(changepoints.threshold(noisy), 0.06)
        self.assertEqual(changepoints.threshold([100.0] * RUNS), changepoints.LEAST)
        self.assertEqual(changepoints.threshold([100.0, 200.0]), changepoints.LEAST)


class ChangesTest(ScratchTest):
    def history(self):
        """A history in which our map of THP costs more from the tenth run on, and the in-tree one all the time the same."""
        path = self.dir / "history.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for number, line in enumerate(lines(runs=20)):
                document = json.loads(line)
                document["environment"] = {"kernel": "7.3.4"}
                document["benchmarks"] = {
                    "map/thp/256MiB/fast": {"insn_per_4k": 1.5 if number < 10 else 1.6},
                    "map/thp/256MiB/iommufd": {"insn_per_4k": 40.0},
                    "small/populate4k/4KiB/fast": {"insn_map": 2500, "insn_unmap": 2000 if number < 15 else 1800},
                }
                if number == 10:
                    self.commit = document["commit"]
                print(json.dumps(document), file=file)
        return path

    def changes(self, *args):
        found = command("changes", "--history", self.history(), "--triage", self.dir / "triage.toml", *args)
        return found.returncode, found.stdout, found.stderr

    def say(self, text):
        (self.dir / "triage.toml").write_text(text, encoding="utf-8")

    def test_both_are_shown_and_one_is_worse(self):
        status, text, _ = self.changes()
        self.assertEqual(status, 0)
        table = text.splitlines()
        self.assertRegex(table[1], r"small unmap +populate4k +4KiB +fast .* 2000 +1800 +-10.00 % +5$")
        self.assertRegex(table[2], rf"^{self.commit[:12]} +map +thp +256MiB +fast .* 1.50 +1.60 +\+6.67 % +10$")
        self.assertEqual(table[-1], "2 changes, 1 for the worse, of 1 of which nothing is said")

    def test_the_check_fails_until_something_is_said(self):
        self.assertEqual(self.changes("--check")[0], 1)
        self.say(f'[[change]]\nbenchmark = "map/thp/*/fast"\ncommit = "{self.commit[:10]}"\n'
                 'verdict = "accepted"\nreason = "it is right now"\n')
        status, text, _ = self.changes("--check")
        self.assertEqual(status, 0)
        self.assertIn("accepted: it is right now", text)

    def test_the_check_of_the_last_commits(self):
        self.assertEqual(self.changes("--check", "--last", "10")[0], 1)
        self.assertEqual(self.changes("--check", "--last", "9")[0], 0)

    def test_another_kernel_is_no_change(self):
        path = self.history()
        text = path.read_text().splitlines()
        path.write_text("\n".join([line.replace("7.3.4", "7.3.5") if at >= 10 else line for at, line in enumerate(text)]))
        found = command("changes", "--history", path, "--triage", self.dir / "absent.toml")
        self.assertNotIn("thp", found.stdout)
        self.assertIn("small unmap", found.stdout)

    def test_another_peer_and_another_lane(self):
        self.assertTrue(self.changes("--peer", "iommufd")[1].startswith("0 changes"))
        status, _, error = self.changes("--lane", "kvm")
        self.assertEqual((status, len(error.splitlines())), (1, 1))

    def test_the_feed_has_an_entry_for_each_commit(self):
        history, atom = self.history(), "{http://www.w3.org/2005/Atom}"
        self.say(f'[[change]]\nbenchmark = "map/*"\ncommit = "{self.commit[:10]}"\nverdict = "accepted"\nreason = "a <reason>"\n')
        found = command("dashboard", "--history", history, "--triage", self.dir / "triage.toml", "--url", "https://example.org/site",
                        "--feed", self.dir / "feed.xml", "--output", self.dir / "data")
        self.assertEqual(found.returncode, 0, found.stderr)
        feed = xml.etree.ElementTree.parse(self.dir / "feed.xml").getroot()
        self.assertEqual(feed.tag, f"{atom}feed")
        for part in [feed, *feed.iter(f"{atom}entry")]:
            for name in ("id", "title", "updated"):
                self.assertEqual(len(part.findall(f"{atom}{name}")), 1)
            datetime.datetime.fromisoformat(part.find(f"{atom}updated").text)
        entries = feed.findall(f"{atom}entry")
        self.assertEqual(len(entries), 2)
        self.assertEqual(entries[1].find(f"{atom}link").get("href"), f"https://example.org/site/index.html#/commit/{self.commit[:12]}")
        self.assertEqual(entries[1].find(f"{atom}content").text, "map/thp/256MiB/fast, lane icount: 1.50 → 1.60 instructions per 4 KiB, "
                         "+6.7 % (accepted: a <reason>)")
        self.assertLess(entries[1].find(f"{atom}updated").text, entries[0].find(f"{atom}updated").text)

    def test_what_nobody_can_mean_is_refused(self):
        good = {"benchmark": "map/*", "commit": "0123456", "verdict": "accepted", "reason": "why"}
        for bad in ({"verdict": "ignored"}, {"commit": "012"}, {"commit": "main"}, {"reason": " "}, {"more": "x"}):
            entry = good | bad
            with self.subTest(bad), self.assertRaises(BadRun):
                triage.Verdict.of(entry)
        for text in ("[[change]]\n", "nonsense", "change = 1\n", "[other]\n", '[[change]]\nbenchmark = 3\n'):
            self.say(text)
            with self.subTest(text), self.assertRaises(BadRun):
                triage.load(self.dir / "triage.toml")
        self.assertEqual(triage.load(self.dir / "absent.toml"), [])


if __name__ == "__main__":
    unittest.main()
