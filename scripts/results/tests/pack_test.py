# SPDX-License-Identifier: GPL-2.0-only
"""What is packed for the dashboard is what the history says."""

import json
import re
import unittest

from fixtures import command, lines
from results import dashboard
from results.run import BadRun
from scratch import ScratchTest


def unpack(path):
    """The value that a file of data calls back with."""
    text = path.read_text()
    found = re.fullmatch(r'iommufdFast\.(?:index\(|put\("[^"]*",)(.*)\);\n', text, re.DOTALL)
    return json.loads(found[1])


class PackTest(ScratchTest):
    def pack(self, text):
        history, output = self.dir / "history.jsonl", self.dir / "data"
        history.write_text(text)
        dashboard.build(history, output)
        return output, unpack(output / "index.js")

    def test_figures_by_benchmark_and_by_run(self):
        every = lines(runs=60, benchmarks=7)
        output, index = self.pack("\n".join(every))
        documents = [json.loads(line) for line in every]
        track = index["tracks"][0]
        self.assertEqual(track["runs"]["commit"], [document["commit"][:12] for document in documents])
        for row, (op, shape, size, *_) in enumerate(track["rows"]):
            columns = unpack(output / f"t0/b{row}.js")
            for peer in track["peers"]:
                wanted = [float(f"{each['benchmarks'][f'{op}/{shape}/{size}/{peer}']['insn_per_4k']:.6g}") for each in documents]
                self.assertEqual(columns[peer], wanted)
                by_run = [unpack(output / f"t0/r{at // index['block']}.js")[at % index["block"]] for at in range(60)]
                self.assertEqual([run[peer][row] for run in by_run], wanted)

    def test_a_benchmark_that_failed_has_no_figure_but_a_reason(self):
        documents = [json.loads(line) for line in lines(runs=2, benchmarks=2)]
        documents[1]["benchmarks"]["map/populate4k/256MiB/fast"] = {"error": "refused"}
        output, index = self.pack("\n".join(map(json.dumps, documents)))
        run = unpack(output / "t0/r0.js")[1]
        self.assertEqual((run["fast"][0], run["errors"]), (None, {"map/populate4k/256MiB/fast": "refused"}))
        self.assertEqual(index["tracks"][0]["runs"]["errors"], [0, 1])

    def test_benchmarks_come_and_go(self):
        documents = [json.loads(line) for line in lines(runs=3, benchmarks=2)]
        documents[0]["benchmarks"] = {name: each for name, each in documents[0]["benchmarks"].items() if "scatter" not in name}
        documents[2]["benchmarks"] = {name: each for name, each in documents[2]["benchmarks"].items() if "scatter" in name}
        output, index = self.pack("\n".join(map(json.dumps, documents)))
        rows = [row[1] for row in index["tracks"][0]["rows"]]
        columns = {shape: unpack(output / f"t0/b{rows.index(shape)}.js")["fast"] for shape in rows}
        self.assertEqual([value is None for value in columns["scatter4k"]], [True, False, False])
        self.assertEqual([value is None for value in columns["populate4k"]], [False, False, True])
        self.assertEqual(index["tracks"][0]["older"], {str(rows.index("populate4k")): 1})

    def test_a_change_is_against_the_commit_before(self):
        documents = [json.loads(line) for line in lines(runs=3, benchmarks=1)]
        for document, value in zip(documents, (100, 103, 51.5)):
            document["benchmarks"] = {"map/thp/4KiB/fast": {"insn_per_4k": value}}
            document["environment"] = documents[0]["environment"]
        # The same commit again: it is not compared with itself.
        documents[2]["commit"] = documents[1]["commit"]
        _, index = self.pack("\n".join(map(json.dumps, documents)))
        track = index["tracks"][0]
        self.assertEqual(track["previous"], [-1, 0, 0])
        self.assertEqual(track["change"], [[None, 0, 0], [1.03, 1, 0], [0.515, 0, 1]])

    def test_a_change_beside_another_kernel_is_nobodys(self):
        documents = [json.loads(line) for line in lines(runs=2, benchmarks=1)]
        documents[1]["environment"] = documents[1]["environment"] | {"kernel": "7.3.5"}
        _, index = self.pack("\n".join(map(json.dumps, documents)))
        self.assertEqual(index["tracks"][0]["change"], [[None, 0, 0]] * 2)

    def test_levels_are_those_of_one_environment(self):
        documents = [json.loads(line) for line in lines(runs=30, benchmarks=1)]
        for at, document in enumerate(documents):
            document["environment"] = {"kernel": "7.3.4" if at < 10 else "7.3.5"}
            document["benchmarks"] = {"map/thp/4KiB/fast": {"insn_per_4k": (100, 120, 121.5)[(at >= 10) + (at >= 20)]}}
        _, index = self.pack("\n".join(map(json.dumps, documents)))
        track = index["tracks"][0]
        self.assertEqual((track["points"], track["noise"]), ([[20]], [0.005]))

    def test_lanes_and_machines_are_tracks(self):
        _, index = self.pack("\n".join(lines(runs=12, lanes=("mttcg", "mttcg", "icount"))))
        names = [track["name"] for track in index["tracks"]]
        self.assertEqual(names, ["icount", "mttcg@made-up-0", "mttcg@made-up-1"])

    def test_a_damaged_line_is_counted(self):
        _, index = self.pack("\n".join(lines(runs=2)) + "\nhalf")
        self.assertEqual(index["skipped"], 1)

    def test_nothing_recorded_is_one_line(self):
        with self.assertRaises(BadRun):
            dashboard.build(self.dir / "absent.jsonl", self.dir / "data")
        run = command("dashboard", "--history", self.dir / "absent.jsonl", "--output", self.dir / "data")
        self.assertEqual((run.returncode, len(run.stderr.splitlines())), (1, 1))


if __name__ == "__main__":
    unittest.main()
