# SPDX-License-Identifier: GPL-2.0-only
"""How far the estimate of counts.py is to be trusted: native benchmarks, timed, beside what the model says of them.

usage: main.py estimate list NATIVE.json
       main.py estimate gather LIST STACKS OUT.json NATIVE.json...
       main.py estimate table FILE

list: prints the benchmarks of one thread that were timed, and how many operations a batch of each had: what `micro
--count` takes. gather: STACKS is what bench/profile then counted; of several NATIVE.json each benchmark's least time counts.
OUT.json gets both. table: prints for each what was measured, and what instructions alone and the estimate say, as a part
of it, both scaled by one factor so that they are right on the whole; then how many are off by how much, and how often
either says rightly which of two ways to do the same is faster.

No benchmark's cycles are known, only its time: the factor stands for the clock too.
"""

import datetime
import json
import math
import pathlib
import statistics
import sys

from . import counts, machine, repository
from .micro import short
from .text import markdown, print_table

LIMITS = (1.25, 1.5, 2)
# What counts.py does not know of a process of its own: page faults, and other threads.
LISTED = ("lookup/own/", "iova/", "extent/")


def timed(paths):
    """Of each benchmark the least time of an operation, in ns, and the operations of a batch then."""
    found = {}
    for path in paths:
        for bench in json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["benchmarks"]:
            if bench.get("run_type", "iteration") == "iteration" and "best_ns" in bench:
                figure = bench["best_ns"], round(bench["batch_ops"])
                found[bench["name"]] = min(found.get(bench["name"], figure), figure)
    return found


def listed(path):
    """The names and operations of a list."""
    words = (line.split() for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines())
    return [(name, int(ops)) for name, ops in words]


def is_alone(name):
    """Whether a benchmark has one thread, and is of those that can be compared."""
    return name.startswith(LISTED) and not (name.startswith("lookup/") and not name.endswith("/1"))


def scaled(figures, truths):
    """Figures by one factor, so that they are right on the whole; each as a part of the truth."""
    ratios = [figure / truth for figure, truth in zip(figures, truths)]
    middle = math.exp(statistics.fmean(map(math.log, ratios)))
    return [ratio / middle for ratio in ratios]


def off(ratio):
    """By what factor a figure is off, in either direction."""
    return max(ratio, 1 / ratio)


def rivals(names):
    """Pairs of benchmarks that do the same in two ways: ours, and each other."""
    at = {name: position for position, name in enumerate(names)}
    for name, position in at.items():
        *what, last = name.split("/")
        if what[0] == "lookup":
            ours, mine = "/".join([*what[:2], "rcu", last]), what[2] == "rcu"
        else:
            ours, mine = "/".join([*what, "ours"]), last == "ours"
        if not mine and ours in at:
            yield at[ours], position


def gather(list_path, stacks_path, out, native_paths):
    names, counted, times = listed(list_path), counts.read(stacks_path), timed(native_paths)
    if len(counted) != len(names) or not names:
        sys.exit(f"error: {stacks_path} has {len(counted)} benchmarks, {list_path} has {len(names)}")
    benchmarks = []
    for (name, ops), its in zip(names, counted):
        of_one = {what: count / ops for what, count in its[0].total.items()}
        benchmarks.append({"name": name, "ops": ops, "ns": times[name][0], "counts": of_one})
    context = {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "machine": machine.identity(),
        **repository.state(),
        "rounds": len(native_paths),
    }
    pathlib.Path(out).write_text(json.dumps({"context": context, "benchmarks": benchmarks}, indent=1) + "\n", encoding="utf-8")


class Checked:
    """What was gathered. The estimate is made here: its weights may have changed since."""

    def __init__(self, path):
        document = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        self.context, benchmarks = document["context"], document["benchmarks"]
        self.names = [bench["name"] for bench in benchmarks]
        self.ns = [bench["ns"] for bench in benchmarks]
        self.insns = [bench["counts"]["insns"] for bench in benchmarks]
        self.cycles = [counts.cycles(bench["counts"]) for bench in benchmarks]

    def table(self):
        """A line for each benchmark."""
        lines = [["benchmark", "ns", "instructions", "of it", "estimate, cycles", "of it"]]
        rows = zip(self.names, self.ns, self.insns, scaled(self.insns, self.ns), self.cycles, scaled(self.cycles, self.ns))
        for name, ns, insns, by_insns, cycles, by_cycles in rows:
            lines.append([name, short(ns), short(insns), f"{by_insns:.2f}", short(cycles), f"{by_cycles:.2f}"])
        return lines

    def summary(self):
        """How well either does."""
        pairs = list(rivals(self.names))
        lines = [[f"of {len(self.names)} benchmarks", "half are within", *(f"within {limit:g} x" for limit in LIMITS),
                  "the worst", f"which of two is faster, of {len(pairs)}"]]
        for label, figures in (("instructions alone", self.insns), ("estimate", self.cycles)):
            ratios = list(map(off, scaled(figures, self.ns)))
            right = sum((figures[a] < figures[b]) == (self.ns[a] < self.ns[b]) for a, b in pairs)
            within = (str(sum(each <= limit for each in ratios)) for limit in LIMITS)
            lines.append([label, f"{statistics.median(ratios):.2f} x", *within, f"{max(ratios):.1f} x", str(right)])
        return lines


def document(path):
    """The summary as Markdown, for REPORT.md."""
    checked = Checked(path)
    context = checked.context
    where = f"{context['machine']['cpu']}, commit {context['git_commit'][:12]}, the best of {context['rounds']} rounds."
    return f"{where}\n\n{markdown(checked.summary(), 1)}"


def main():
    match sys.argv[1:]:
        case ["list", path]:
            for name, (_, ops) in timed([path]).items():
                if is_alone(name):
                    print(name, ops)
        case ["gather", list_path, stacks, out, *natives] if natives:
            gather(list_path, stacks, out, natives)
        case ["table", path]:
            checked = Checked(path)
            print_table(checked.table(), 1)
            print()
            print_table(checked.summary(), 1)
        case _:
            sys.exit(__doc__.strip())
