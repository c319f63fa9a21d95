# SPDX-License-Identifier: GPL-2.0-only
"""Print where the instructions of a benchmark go, and write its stacks for a flame graph.

usage: main.py profile --name OP/SHAPE/SIZE/PEER --stacks FILE --report FILE --folded FILE [--top N]

The stacks are what bench/profile counted, the report is the benchmark's own: the sum of the stacks has to be what the
benchmark measured, or it is refused. For each function: the instructions in it, those in it and in all that it called,
and how often it was entered; of one page of 4 KiB or of one call, as the benchmark's own figure is.
"""

import argparse
import collections
import json
import pathlib
import sys

from .e2e import COUNTERS
from .text import bytes_of

# Reading the clock twice, and the call of the operation, are counted but not timed.
OUTSIDE = 20
# What two runs of the same may differ by, and a little more.
TOLERANCE = 0.005


class Profile:
    """One figure of a benchmark: its stacks, per round."""

    def __init__(self, label, rounds):
        self.label = label
        self.rounds = rounds
        self.stacks = []

    def total(self):
        """Instructions of a round."""
        return sum(insns for _, _, insns in self.stacks) / self.rounds

    def functions(self):
        """Instructions of a round by function: in it, with what it called, and calls."""
        own, all_of, calls = collections.Counter(), collections.Counter(), collections.Counter()
        for stack, entered, insns in self.stacks:
            own[stack[-1]] += insns / self.rounds
            calls[stack[-1]] += entered / self.rounds
            # One that calls itself has its instructions once.
            for name in set(stack):
                all_of[name] += insns / self.rounds
        return [(name, own[name], all_of[name], calls[name]) for name in all_of]


def read_stacks(path, labels):
    """What the plugin wrote, by figure."""
    profiles = {}
    for line in path.read_text().splitlines():
        kind, rest = line.split(" ", 1)
        if kind == "rounds":
            figure, rounds = map(int, rest.split())
            profiles[figure] = Profile(labels[figure], rounds)
            continue
        calls, rest = rest.split(" ", 1)
        stack, insns = rest.rsplit(" ", 1)
        profiles[int(kind)].stacks.append((stack.split(";"), int(calls), int(insns)))
    return profiles


def figures(path, name):
    """The benchmark's figures: what each is called, what it is a figure of, its value."""
    for bench in json.loads(path.read_text())["benchmarks"]:
        if bench["name"] == name and bench.get("error_occurred"):
            sys.exit(f"error: {name}: {bench['error_message']}")
        if bench["name"] == name:
            op = name.split("/")[0]
            return [(op + suffix, per, bench[key]) for counter, (suffix, per) in COUNTERS.items()
                    if (key := "insn_" + counter) in bench]
    sys.exit(f"error: there is no {name} in {path}")


def show(profile, per, value, size, top):
    """Print one figure's table, after the check that it is the benchmark's."""
    total = profile.total()
    # A page of 4 KiB, or a call: where those are many in a round, the benchmark has divided by their number.
    units = bytes_of(size) / 4096 if per == "4 KiB" else max(1, round(total / value))
    if abs(total / units - value) > value * TOLERANCE + OUTSIDE / units:
        sys.exit(f"error: {total / units:.2f} instructions were counted, but the benchmark says {value:.2f}")
    print(f"{profile.label}: {total / units:.5g} instructions per {per}, in {profile.rounds} rounds (the benchmark says {value:.5g})")
    print()
    print(f"{'self':>10} {'%':>6} {'inclusive':>10} {'%':>6} {'calls':>9}  function")
    rows = sorted(profile.functions(), key=lambda row: (-row[1], -row[2], row[0]))
    for name, own, all_of, calls in rows[:top]:
        print(f"{own / units:10.4g} {100 * own / total:6.2f} {all_of / units:10.4g} {100 * all_of / total:6.2f} "
              f"{calls / units:9.3g}  {name}")
    rest = rows[top:]
    if rest:
        own = sum(row[1] for row in rest)
        print(f"{own / units:10.4g} {100 * own / total:6.2f} {'':27}  {len(rest)} more")
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--name", required=True)
    parser.add_argument("--stacks", required=True, type=pathlib.Path)
    parser.add_argument("--report", required=True, type=pathlib.Path)
    parser.add_argument("--folded", required=True, type=pathlib.Path)
    parser.add_argument("--top", type=int, default=40)
    args = parser.parse_args()

    its_figures = figures(args.report, args.name)
    profiles = read_stacks(args.stacks, [label for label, _, _ in its_figures])
    if len(profiles) != len(its_figures):
        sys.exit(f"error: {args.stacks} has {len(profiles)} figures, the benchmark {len(its_figures)}")
    for index, (_, per, value) in enumerate(its_figures):
        show(profiles[index], per, value, args.name.split("/")[2], args.top)
    with args.folded.open("w") as file:
        for profile in profiles.values():
            # Two figures stand side by side, each on its own name.
            base = [profile.label] if len(profiles) > 1 else []
            for stack, _, insns in profile.stacks:
                if insns:
                    print(";".join(base + stack), insns, file=file)
