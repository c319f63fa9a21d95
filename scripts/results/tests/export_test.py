# SPDX-License-Identifier: GPL-2.0-only
"""Exports, read by the formats' own parsers, or by their schema."""

import csv
import datetime
import io
import json
import os
import pathlib
import re
import subprocess
import unittest
import xml.etree.ElementTree

import jsonschema
import junitparser
import prometheus_client.openmetrics.parser
import prometheus_client.parser

from fixtures import PYTHON, callgrind, command, lines, results, write
from results import history
from results.run import from_results
from scratch import ROOT, ScratchTest, directory

# What github-action-benchmark takes for customSmallerIsBetter.
BENCHMARK_ACTION = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["name", "unit", "value"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "unit": {"type": "string", "minLength": 1},
            "value": {"type": "number"},
            "range": {"type": ["string", "number"]},
            "extra": {"type": "string"},
        },
    },
}


# The Bencher Metric Format, as it is published.
BENCHER = {
    "type": "object",
    "patternProperties": {".+": {"type": "object", "patternProperties": {".+": {
        "type": "object",
        "properties": {name: {"type": "number"} for name in ("value", "lower_value", "upper_value")},
        "required": ["value"],
    }}}},
}

# Of KCIDB's schema 5.3 what a report of figures has; anything else is refused, as there.
ORIGIN, ID = {"type": "string", "pattern": "^[a-z0-9_]+$"}, {"type": "string", "pattern": "^[a-z0-9_]+:.+$"}


def strict(required, **properties):
    """An object of these and no others."""
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


STATUS = {"enum": ["FAIL", "ERROR", "MISS", "PASS", "DONE", "SKIP"]}
TEXT = {"type": "string"}
KCIDB = strict(
    ["version"],
    version=strict(["major", "minor"], major={"const": 5}, minor={"const": 3}),
    checkouts={"type": "array", "items": strict(
        ["id", "origin"], id=ID, origin=ORIGIN, tree_name=TEXT, git_commit_hash={"type": "string", "pattern": "^[0-9a-f]{40}$"})},
    builds={"type": "array", "items": strict(
        ["id", "checkout_id", "origin"], id=ID, checkout_id=ID, origin=ORIGIN, architecture=TEXT, config_name=TEXT, status=STATUS)},
    tests={"type": "array", "items": strict(
        ["id", "build_id", "origin"], id=ID, build_id=ID, origin=ORIGIN, status=STATUS,
        path={"type": "string", "pattern": r"^$|^[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*$"},
        start_time={"type": "string", "format": "date-time"},
        number=strict(["value"], value={"type": "number"}, unit=TEXT, prefix={"enum": ["metric", "binary"]}),
        environment=strict([], comment=TEXT, misc={"type": "object"}))},
)


class ExportTest(ScratchTest):
    def setUp(self):
        super().setUp()
        self.results = write(self.dir / "icount.json", results())

    def export(self, *args):
        run = command("export", *args)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout

    def test_benchmark_action(self):
        entries = json.loads(self.export("benchmark-action", self.results))
        jsonschema.validate(entries, BENCHMARK_ACTION)
        values = {entry["name"]: (entry["value"], entry["unit"]) for entry in entries}
        self.assertEqual(values["map thp 256MiB (fast)"], (1.93, "instructions per 4 KiB"))
        self.assertEqual(len(values), len(entries), "names are not unique")

    def test_benchmark_action_of_one_peer(self):
        entries = json.loads(self.export("benchmark-action", "--peer", "fast", self.results))
        self.assertTrue(entries and all("(fast)" in entry["name"] for entry in entries))

    def test_benchmark_action_of_callgrind(self):
        entries = json.loads(self.export("benchmark-action", write(self.dir / "native-insn.json", callgrind())))
        jsonschema.validate(entries, BENCHMARK_ACTION)
        self.assertEqual(len(entries), 5)

    def metrics(self, parser, text):
        return {
            (sample.name, sample.labels.get("op"), sample.labels.get("shape"), sample.labels.get("size"), sample.labels.get("peer")): sample
            for family in parser.text_string_to_metric_families(text)
            for sample in family.samples
        }

    def test_what_is_counted_has_names_of_its_own(self):
        document = results()
        for bench in document["benchmarks"]:
            if "insn_per_4k" in bench:
                bench |= {"lines_per_4k": 2.0, "atomics_per_4k": 0.5, "counts": {"per_4k": {"loads": 7.0}}}
        path = write(self.dir / "icount.json", document)
        names = [entry["name"] for entry in json.loads(self.export("benchmark-action", path))]
        self.assertEqual(len(set(names)), len(names))
        self.assertIn("map atomics thp 256MiB (fast)", names)
        ids = [test["id"] for test in json.loads(self.export("kcidb", path))["tests"]]
        self.assertEqual(len(set(ids)), len(ids))
        families = prometheus_client.openmetrics.parser.text_string_to_metric_families(self.export("openmetrics", path))
        self.assertLessEqual({"iommufd_fast_lines", "iommufd_fast_atomics"}, {family.name for family in families})

    def test_openmetrics(self):
        text = self.export("openmetrics", self.results)
        found = self.metrics(prometheus_client.openmetrics.parser, text)
        sample = found["iommufd_fast_cost_instructions", "map", "thp", "256MiB", "fast"]
        self.assertEqual((sample.value, sample.labels["lane"], sample.labels["machine"], sample.labels["per"]), (1.93, "icount", "m1", "4 KiB"))
        self.assertEqual(found["iommufd_fast_memory_bytes", "metadata", "scatter4k", "1MiB", "fast"].value, 2097152)
        run = found["iommufd_fast_run", None, None, None, None]
        self.assertEqual((run.value, run.labels["qemu"]), (1, "7.2.22 (Debian 1:7.2)"))
        self.assertEqual(len(found), 11)

    def test_openmetrics_is_also_the_text_that_node_exporter_reads(self):
        found = self.metrics(prometheus_client.parser, self.export("openmetrics", self.results))
        self.assertEqual(len(found), 11)

    def test_openmetrics_with_odd_labels(self):
        document = results(qemu='a "b" \\ c\nd')
        text = self.export("openmetrics", write(self.results, document))
        found = self.metrics(prometheus_client.openmetrics.parser, text)
        self.assertEqual(found["iommufd_fast_run", None, None, None, None].labels["qemu"], 'a "b" \\ c\nd')

    def test_bencher(self):
        found = json.loads(self.export("bencher", self.results))
        jsonschema.validate(found, BENCHER)
        self.assertEqual(found["map thp 256MiB (fast)"], {"instructions-per-4-kib": {"value": 1.93}})
        self.assertEqual(sum(map(len, found.values())), 10)
        self.assertTrue(all(len(measure) <= 64 for measures in found.values() for measure in measures))

    def test_kcidb(self):
        report = json.loads(self.export("kcidb", "--origin", "somebody", self.results))
        jsonschema.validate(report, KCIDB)
        self.assertEqual(report["tests"][0]["build_id"], report["builds"][0]["id"])
        self.assertEqual(report["builds"][0]["checkout_id"], report["checkouts"][0]["id"])
        numbers = {test["path"]: test["number"] for test in report["tests"]}
        self.assertEqual(numbers["iommufd_fast.icount.map.thp.256mib.per-4-kib.fast"], {"value": 1.93, "unit": "instructions"})
        self.assertEqual(len({test["id"] for test in report["tests"]}), 10)

    def test_csv_is_a_line_for_each_run(self):
        history = self.dir / "history.jsonl"
        every = lines(runs=4)
        history.write_text("\n".join(reversed(every)))
        rows = list(csv.DictReader(io.StringIO(self.export("csv", "--peer", "fast", history))))
        self.assertEqual([row["commit"] for row in rows], [json.loads(line)["commit"] for line in every])
        self.assertEqual(list(rows[0])[:2], ["time", "commit"])
        for row in rows:
            datetime.datetime.fromisoformat(row["time"])
            self.assertTrue(all(float(value) > 0 for value in list(row.values())[2:]))
        self.assertGreater(len(rows[0]), 2)

    def test_the_newest_run_of_a_history(self):
        history = self.dir / "history.jsonl"
        every = lines(runs=4)
        history.write_text("\n".join(reversed(every)))
        entries = json.loads(self.export("benchmark-action", "--peer", "fast", history))
        self.assertIn(json.loads(every[-1])["commit"], entries[0]["extra"])

    def test_what_has_no_figure_is_named(self):
        run = command("export", "openmetrics", self.results)
        self.assertRegex(run.stderr, "^warning: copy/thp/256MiB/fast has no figure")

    def test_errors_are_one_line(self):
        for args in (["openmetrics", self.dir / "absent.json"], ["openmetrics", "--peer", "none", self.results],
                     ["benchmark-action", "--lane", "kvm", self.dir / "absent.jsonl"], ["csv", self.dir / "absent.jsonl"],
                     ["kcidb", "--origin", "Not One", self.results]):
            with self.subTest(str(args)):
                run = command("export", *args)
                self.assertEqual((run.returncode, run.stdout, len(run.stderr.splitlines())), (1, "", 1), run.stderr)

    def test_exports_in_the_documentation_work(self):
        found = re.findall(r"^    (scripts/results/main\.py export .*) >(\S+)$", (ROOT / "docs/results.md").read_text(), re.MULTILINE)
        self.assertEqual(len(found), 6)
        past = self.dir / "history.jsonl"
        history.append([from_results(write(self.dir / "native-insn.json", callgrind()))], past)
        for line, _ in found:
            line = line.replace("results/latest/", f"{self.dir}/").replace("results/history.jsonl", str(past))
            run = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 0, f"{line}: {run.stderr}")
            self.assertTrue(run.stdout)


class JUnitTest(unittest.TestCase):
    """Tests leave KTAP, and kunit.py makes JUnit XML of it, as scripts/test/ktap.sh does."""

    KTAP = """KTAP version 1
1..2
    KTAP version 1
    # Subtest: suite
    1..3
    ok 1 good
    # it is not as it was <&>
    not ok 2 bad
    ok 3 left-out # SKIP no device
not ok 1 suite
    KTAP version 1
    # Subtest: other
    1..1
    ok 1 good
ok 2 other
"""

    def test_junit_is_what_parsers_take(self):
        kunit = pathlib.Path(os.environ["KERNEL_SRC_DIR"]) / "tools/testing/kunit/kunit.py"
        with directory() as scratch:
            (scratch / "a.ktap").write_text(self.KTAP)
            subprocess.run([PYTHON, kunit, "parse", f"--junit={scratch}/a.xml", scratch / "a.ktap"],
                           capture_output=True, check=False)
            xml.etree.ElementTree.parse(scratch / "a.xml")
            outermost = junitparser.JUnitXml.fromfile(str(scratch / "a.xml"))
        found = {}

        def walk(suite):
            for case in suite.iterchildren(junitparser.TestCase):
                found[f"{suite.name}/{case.name}"] = case.result
            for inner in suite.testsuites():
                walk(inner)

        walk(outermost)
        self.assertEqual(sorted(found), ["other/good", "suite/bad", "suite/good", "suite/left-out"])
        self.assertIsInstance(found["suite/bad"][0], junitparser.Failure)
        self.assertIsInstance(found["suite/left-out"][0], junitparser.Skipped)
        self.assertEqual(found["suite/good"], [])


if __name__ == "__main__":
    unittest.main()
