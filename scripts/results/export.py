# SPDX-License-Identifier: GPL-2.0-only
"""Print a run in a form that other programs read.

usage: main.py export FORMAT [--peer PEER]... [--lane LANE] FILE

FILE is a results file (results/latest/icount.json), or a history (.jsonl), of which the newest run of the lane is taken
(icount, if not said). Of all peers, unless some are named.

benchmark-action: the JSON that github-action-benchmark reads as its tool customSmallerIsBetter.
openmetrics: OpenMetrics text, for a Prometheus push gateway or the node exporter's textfile collector.
bencher: the Bencher Metric Format, that its adapter json reads.
kcidb: a report for KernelCI's database, of its schema 5.3; --origin says whose it is.
csv: a column for each figure and a line for each run of the lane in a history, as Apache Otava reads it.

A benchmark that failed has no figure to print; it is named on standard error.
"""

import argparse
import csv
import io
import json
import pathlib
import re
import sys

from .history import load
from .run import BadRun, from_results

# The metric that has the figures of a unit, and what it is.
METRICS = {
    "instructions": ("iommufd_fast_cost_instructions", "What an operation costs, in executed instructions."),
    "ns": ("iommufd_fast_cost_nanoseconds", "What an operation costs, in nanoseconds."),
    "lines": ("iommufd_fast_lines", "How many different cache lines an operation touches."),
    "atomics": ("iommufd_fast_atomics", "How many atomic operations an operation does."),
    "bytes": ("iommufd_fast_memory_bytes", "What is kept in memory for what is mapped."),
}
RUN_METRIC = "iommufd_fast_run"


def newest(path, lane):
    """The run of a lane that comes last in a history."""
    runs = [run for run in load(path) if run.lane == lane]
    if not runs:
        raise BadRun(f"{path} has no run of the lane '{lane}'")
    return runs[-1]


def benchmark_action(run, figures):
    """An array of name, unit, value; what tells runs apart goes into extra."""
    extra = "\n".join(
        [f"commit: {run.commit}", f"lane: {run.lane}", f"machine: {run.machine['id']}"]
        + [f"{name}: {value}" for name, value in run.environment.items()]
    )
    entries = []
    for key, value in figures:
        name = " ".join(filter(None, (key.op, key.shape, key.size)))
        entries.append({"name": f"{name} ({key.peer})", "unit": f"{key.unit} per {key.per}", "value": value, "extra": extra})
    return json.dumps(entries, indent=1, ensure_ascii=False) + "\n"


def labels(pairs):
    """Labels, with what the text form gives a meaning to written in its way."""
    escaped = ((name, value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")) for name, value in pairs)
    return "{" + ",".join(f'{name}="{value}"' for name, value in escaped) + "}"


def openmetrics(run, figures):
    """A gauge for each unit; and one that is always 1, whose labels say what ran."""
    lines = []
    where = [("lane", run.lane), ("machine", run.machine["id"])]
    for unit, (metric, text) in METRICS.items():
        samples = [
            f"{metric}{labels([*zip(('op', 'shape', 'size', 'per', 'peer'), (*key[:4], key.peer)), *where])} {value!r}"
            for key, value in figures
            if key.unit == unit
        ]
        if samples:
            lines += [f"# TYPE {metric} gauge", f"# HELP {metric} {text}", *samples]
    facts = [*where, ("commit", run.commit), ("dirty", str(run.dirty).lower()), ("date", run.date)]
    facts += [(name, value) for name, value in run.environment.items() if name.isidentifier()]
    lines += [f"# TYPE {RUN_METRIC} gauge", f"# HELP {RUN_METRIC} What the figures are of.", f"{RUN_METRIC}{labels(facts)} 1"]
    return "\n".join([*lines, "# EOF"]) + "\n"


def slug(text):
    """Words as those formats have them that allow no others."""
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")


def bencher(_, figures):
    """By benchmark, by measure, a value."""
    found = {}
    for key, value in figures:
        name = " ".join(filter(None, (key.op, key.shape, key.size, f"({key.peer})")))
        found.setdefault(name, {})[slug(f"{key.unit} per {key.per}")] = {"value": value}
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def kcidb(run, figures, origin):
    """A checkout of this project, what was built of it for a kernel, and a test for each figure."""
    checkout = f"{origin}:{run.commit}"
    build = f"{checkout}-{run.environment.get('config', run.lane)}"
    tests = []
    for key, value in figures:
        path = [slug(part) for part in (key.op, key.shape, key.size, f"per {key.per}", key.peer) if part]
        tests.append({
            "id": f"{build}-{run.lane}-{run.machine['id']}-{slug(run.date)}-{'-'.join(path)}",
            "build_id": build,
            "origin": origin,
            "path": ".".join(["iommufd_fast", slug(run.lane), *path]),
            "status": "DONE",
            "start_time": run.date,
            "number": {"value": value, "unit": key.unit},
            "environment": {"comment": run.machine["name"], "misc": run.environment},
        })
    return json.dumps({
        "version": {"major": 5, "minor": 3},
        "checkouts": [{"id": checkout, "origin": origin, "tree_name": "iommufd-fast", "git_commit_hash": run.commit}],
        "builds": [{"id": build, "checkout_id": checkout, "origin": origin, "architecture": "x86_64",
                    "config_name": run.environment.get("config", ""), "status": "PASS"}],
        "tests": tests,
    }, indent=1) + "\n"


def table(runs, peers):
    """All runs as CSV. What is measured in more than one unit has a column for each."""
    columns, lines = {}, []
    for run in runs:
        line = {"time": run.committed, "commit": run.commit}
        for key, value in run.figures().items():
            if not peers or key.peer in peers:
                name = slug(" ".join((key.op, key.shape, key.size, key.unit, "per", key.per, key.peer)))
                columns[name] = None
                line[name] = value
        lines.append(line)
    if not columns:
        raise BadRun("there is no figure" + (f" of {', '.join(peers)}" if peers else ""))
    text = io.StringIO()
    writer = csv.DictWriter(text, ["time", "commit", *columns], lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


FORMATS = {"benchmark-action": benchmark_action, "openmetrics": openmetrics, "bencher": bencher, "kcidb": kcidb}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("format", choices=[*FORMATS, "csv"])
    parser.add_argument("--peer", action="append", default=[])
    parser.add_argument("--lane", default="icount")
    parser.add_argument("--origin", default="iommufd_fast")
    parser.add_argument("file", type=pathlib.Path)
    args = parser.parse_args()
    try:
        if not re.fullmatch("[a-z0-9_]+", args.origin):
            raise BadRun(f"'{args.origin}' is no origin: it has small letters, digits and _")
        if args.format == "csv":
            runs = [run for run in load(args.file) if run.lane == args.lane]
            sys.stdout.write(table(runs, args.peer))
            return
        run = newest(args.file, args.lane) if args.file.suffix == ".jsonl" else from_results(args.file)
        figures = [(key, value) for key, value in run.figures().items() if not args.peer or key.peer in args.peer]
        if not figures:
            raise BadRun(f"{args.file} has no figure" + (f" of {', '.join(args.peer)}" if args.peer else ""))
    except (BadRun, OSError) as error:
        sys.exit(f"error: {error}")
    for name, why in run.errors().items():
        print(f"warning: {name} has no figure: {why}", file=sys.stderr)
    more = {"origin": args.origin} if args.format == "kcidb" else {}
    sys.stdout.write(FORMATS[args.format](run, figures, **more))
