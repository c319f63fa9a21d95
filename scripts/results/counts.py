# SPDX-License-Identifier: GPL-2.0-only
"""What bench/profile counted beside instructions, and what a model of a CPU makes of it. Imported, never run.

What each column is says bench/profile/counts.h. The model is a file (bench/profile/zen4.model): the plugin reads how large
caches are, this what each thing that happened is weighted with. `cycles` is the sum, an estimate (docs/method.md).
"""

import collections
import dataclasses
import functools
import pathlib
import sys

from .text import bytes_of

MODEL = pathlib.Path(__file__).resolve().parents[2] / "bench/profile/zen4.model"
# What is recorded, and gated as instructions are.
RECORDED = ("lines", "atomics")
# What a timer interrupt of the guest takes. Where one falls is chance: a benchmark's rounds may have one more together. By
# `make profile OP=fault_in SHAPE=populate4k`: the mean of 27 in 5 rounds, and of lines those that a round has touched in them alone.
TICK = {"instructions": 3146, "lines": 136, "atomics": 9.7}
# Reading the clock twice, and the call of the operation, are counted but not timed; and a timer interrupt, in one of all rounds, if
# it falls there.
OUTSIDE = 20
# What two runs of the same may differ by, and a little more.
TOLERANCE = 0.005


@functools.cache
def weights(path=MODEL):
    """What each thing that happened costs, in cycles."""
    found = {}
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        match line.partition("#")[0].split():
            case ["weight", name, value]:
                found[name] = float(value)
    return found


def cycles(counts, path=MODEL):
    """The estimate. A repeated string instruction is not one for each iteration, but by what it writes, in lines of 64 bytes."""
    of = {**counts, "insns": counts["insns"] - counts["strings"], "string_lines": counts["string_bytes"] / 64}
    return sum(weight * of[name] for name, weight in weights(path).items())


@dataclasses.dataclass
class Counted:
    """One figure of a benchmark: its stacks, of all rounds together."""

    rounds: int
    stacks: list = dataclasses.field(default_factory=list)

    @functools.cached_property
    def total(self):
        """Of a round, by column."""
        total = collections.Counter()
        for _, counts in self.stacks:
            total.update(counts)
        return {name: count / self.rounds for name, count in total.items()}

    def per_unit(self, per, value, size):
        """What is counted for one page of 4 KiB or one call, as the benchmark's own figure is, which has to be the same; and
        how many there are in a round.
        """
        insns = self.total["insns"]
        # Where calls are many in a round, the benchmark has divided by their number.
        units = bytes_of(size) / 4096 if per == "4 KiB" else max(1, round(insns / value))
        outside = OUTSIDE + TICK["instructions"] / self.rounds
        if abs(insns / units - value) > value * TOLERANCE + outside / units:
            raise ValueError(f"{insns / units:.2f} instructions were counted, but the benchmark says {value:.2f}")
        return {name: count / units for name, count in self.total.items()}, units


def read(path):
    """Of each benchmark, in their order, its figures by their number."""
    columns, benchmarks, here = (), [], {}
    with pathlib.Path(path).open(encoding="utf-8") as file:
        for line in file:
            kind, _, rest = line.rstrip("\n").partition(" ")
            match kind:
                case "columns":
                    columns = tuple(rest.split())
                case "benchmark":
                    here = {}
                    benchmarks.append(here)
                case "rounds":
                    figure, rounds = map(int, rest.split())
                    here[figure] = Counted(rounds)
                case _:
                    *numbers, stack = rest.split(" ", len(columns))
                    here[int(kind)].stacks.append((stack.split(";"), dict(zip(columns, map(int, numbers)))))
    return benchmarks


def figures_of(bench, counters):
    """A benchmark's figures, in their order: its counter, what it is a figure of, its value."""
    return [(name, per, bench["insn_" + name]) for name, (_, per) in counters.items() if "insn_" + name in bench]


def add(benchmarks, path, counters):
    """Add to each benchmark of a report what was counted: what is recorded beside its own counters, the rest in "counts". Of
    each figure returns the benchmark's name, its counter, what was counted, and how many units are in a round.
    """
    counted, figures = read(path), []
    runs = [bench for bench in benchmarks if bench.get("run_type", "iteration") == "iteration"]
    if len(runs) != len(counted):
        sys.exit(f"error: {path} has {len(counted)} benchmarks, the report {len(runs)}")
    for bench, its in zip(runs, counted):
        for number, (name, per, value) in enumerate(figures_of(bench, counters)):
            if bench.get("error_occurred"):
                continue
            try:
                found, units = its[number].per_unit(per, value, bench["name"].split("/")[2])
            except (KeyError, ValueError) as error:
                sys.exit(f"error: {bench['name']}: {error}")
            figures.append((bench["name"], name, its[number], units))
            bench.setdefault("counts", {})[name] = {**found, "cycles": cycles(found)}
            for column in RECORDED:
                bench[f"{column}_{name}"] = found[column]
    return figures
