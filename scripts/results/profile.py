# SPDX-License-Identifier: GPL-2.0-only
"""Print where the instructions of a benchmark go, and write its stacks for a flame graph.

usage: main.py profile --name OP/SHAPE/SIZE/PEER --stacks FILE --report FILE --folded FILE [--top N] [--functions FILE]
       main.py profile compare BEFORE AFTER

The stacks are what bench/profile counted, the report is the benchmark's own: the sum of the stacks has to be what the
benchmark measured, or it is refused. For each function: the instructions in it, those in it and in all that it called,
how often it was entered, and of what else is counted in it the cache lines that it is the first to touch, misses of the
modelled caches, and atomic operations; of one page of 4 KiB or of one call, as the benchmark's own figure is.

compare: two files that --functions wrote: of each function what it was and is, the largest change first.
"""

import argparse
import collections
import json
import pathlib
import sys

from . import counts
from .e2e import COUNTERS
from .stacks import show_functions
from .text import number

# Of what is counted, what a function has a column for: in a table, by its name.
COLUMNS = {"lines": "lines", "l1_misses": "L1 miss", "llc_misses": "LLC miss", "atomics": "atomics"}


def functions(counted):
    """Of a round by function: what was counted in it, and the instructions with what it called."""
    own, all_of = collections.defaultdict(collections.Counter), collections.Counter()
    for stack, its in counted.stacks:
        own[stack[-1]].update(its)
        # One that calls itself has its instructions once.
        for name in set(stack):
            all_of[name] += its["insns"]
    return [
        (name, {what: count / counted.rounds for what, count in own[name].items()}, insns / counted.rounds)
        for name, insns in all_of.items()
    ]


def figures(path, name):
    """The benchmark's figures: what each is called, what it is a figure of, its value."""
    for bench in json.loads(path.read_text())["benchmarks"]:
        if bench["name"] == name and bench.get("error_occurred"):
            sys.exit(f"error: {name}: {bench['error_message']}")
        if bench["name"] == name:
            op = name.split("/")[0]
            return [(op + COUNTERS[counter][0], per, value) for counter, per, value in counts.figures_of(bench, COUNTERS)]
    sys.exit(f"error: there is no {name} in {path}")


def show(counted, label, per, value, size, top):
    """Print one figure's table, after the check that it is the benchmark's."""
    try:
        of_unit, units = counted.per_unit(per, value, size)
    except ValueError as error:
        sys.exit(f"error: {error}")
    total = counted.total["insns"]
    print(f"{label}: {total / units:.5g} instructions per {per}, in {counted.rounds} rounds (the benchmark says {value:.5g})")
    print("beside them: " + ", ".join(f"{number(count)} {what}" for what, count in of_unit.items()
                                      if what not in ("insns", "calls") and count))
    print(f"estimate: {number(counts.cycles(of_unit))} cycles (docs/method.md says of what, and how far to trust it)")
    print()
    print(f"{'self':>10} {'%':>6} {'inclusive':>10} {'%':>6} {'calls':>9} "
          + " ".join(f"{name:>9}" for name in COLUMNS.values()) + "  function")
    rows = sorted(functions(counted), key=lambda row: (-row[1].get("insns", 0), -row[2], row[0]))
    for name, its, all_of in rows[:top]:
        own = its.get("insns", 0)
        print(f"{own / units:10.4g} {100 * own / total:6.2f} {all_of / units:10.4g} {100 * all_of / total:6.2f} "
              f"{its.get('calls', 0) / units:9.3g} "
              + " ".join(f"{its.get(what, 0) / units:9.3g}" for what in COLUMNS) + f"  {name}")
    rest = rows[top:]
    if rest:
        own = sum(its.get("insns", 0) for _, its, _ in rest)
        print(f"{own / units:10.4g} {100 * own / total:6.2f} {'':67}  {len(rest)} more")
    print()


def by_function(counted, per, value, size):
    """What --functions writes of a figure: the instructions in each function."""
    _, units = counted.per_unit(per, value, size)
    return {"per": per, "functions": {name: its["insns"] / units for name, its, _ in functions(counted) if its.get("insns")}}


def compare(before_path, after_path):
    """Print what changed between two profiles."""
    before, after = (json.loads(pathlib.Path(path).read_text()) for path in (before_path, after_path))
    for label, its in after.items():
        show_functions(label, its["per"], before.get(label, {"functions": {}})["functions"], its["functions"])


def main():
    if sys.argv[1:2] == ["compare"] and len(sys.argv) == 4:
        return compare(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--name", required=True)
    parser.add_argument("--stacks", required=True, type=pathlib.Path)
    parser.add_argument("--report", required=True, type=pathlib.Path)
    parser.add_argument("--folded", required=True, type=pathlib.Path)
    parser.add_argument("--top", type=int, default=40)
    parser.add_argument("--functions", type=pathlib.Path)
    args = parser.parse_args()

    its_figures = figures(args.report, args.name)
    benchmarks = counts.read(args.stacks)
    if [sorted(its) for its in benchmarks] != [list(range(len(its_figures)))]:
        sys.exit(f"error: {args.stacks} is not of one benchmark with {len(its_figures)} figures")
    for index, (label, per, value) in enumerate(its_figures):
        show(benchmarks[0][index], label, per, value, args.name.split("/")[2], args.top)
    if args.functions:
        args.functions.write_text(json.dumps({
            label: by_function(benchmarks[0][index], per, value, args.name.split("/")[2])
            for index, (label, per, value) in enumerate(its_figures)
        }))
    with args.folded.open("w") as file:
        for index, (label, _, _) in enumerate(its_figures):
            # Two figures stand side by side, each on its own name.
            base = [label] if len(its_figures) > 1 else []
            for stack, its in benchmarks[0][index].stacks:
                if its["insns"]:
                    print(";".join(base + stack), its["insns"], file=file)
