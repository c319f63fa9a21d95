#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Make up a history: many runs of many benchmarks, always the same ones for a seed.

usage: synthetic.py [--runs N] [--benchmarks N] [--seed N] [--lanes LANE...] [--stacks] FILE

A benchmark is an operation on a shape and a size, and there are four peers of it. Figures drift a little, and now and
then take a step, as those of a module do that is worked on. With --stacks the runs of the lane icount have stacks, beside
FILE: what a benchmark costs more or less is all in PLANTED. For tests of speed and of what is shown; no figure of it is a
measurement.
"""

import argparse
import datetime
import hashlib
import json
import pathlib
import random
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2]))
from results import counts, run, stacks

PEERS = {"type1": 1.6, "iommufd": 1.2, "fast": 0.6, "floor": 0.5}
OPS = ("map", "unmap", "copy", "attach", "fault_in")
SHAPES = {"populate4k": 500, "scatter4k": 900, "thp": 30, "hugetlb2m": 28, "memfd4k": 510, "memfd2m": 35}
SIZES = ("4KiB", "64KiB", "1MiB", "16MiB", "256MiB")
SUBJECTS = ("kmod: pin: compare runs before they are kept", "kmod: extent: find in one step", "bench: e2e: a round more",
            "kmod: fill: write a table at once", "tests: bad input for a copy", "docs: what the floor leaves out",
            "kmod: object: look-ups take no lock", "kunit: gaps of the IOVA space", 'docs: <b>markup</b> & "quotes" are text </script>')
PLANTED = "pin_run [iommufd]"
FIRST = 3
START = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)


def names(count):
    """So many benchmarks, without their peers."""
    found = [(op, shape, size) for size in reversed(SIZES) for op in OPS for shape in SHAPES]
    if count > len(found):
        raise SystemExit(f"error: there are only {len(found)} benchmarks to make up")
    return found[:count]


def lines(runs, benchmarks, seed, lanes):
    """The lines of the history."""
    rng = random.Random(seed)
    chosen = names(benchmarks)
    level = {
        (name, peer): SHAPES[name[1]] * factor * rng.uniform(0.8, 1.2)
        for name in chosen
        for peer, factor in PEERS.items()
    }
    commit = ""
    for number in range(runs):
        lane = lanes[number % len(lanes)]
        if number % len(lanes) == 0:
            commit = hashlib.sha1(f"{seed} {number}".encode()).hexdigest()
            for name in rng.sample(chosen, min(3, len(chosen))):
                level[name, "fast"] *= rng.choice((0.9, 0.95, 0.97, 0.99, 1.02, 1.05))
        date = START + datetime.timedelta(hours=27 * number / len(lanes))
        # The first of a lane of time is of some benchmarks only: the others are new in the next.
        measured = chosen[:FIRST] if number < len(lanes) and lane == "mttcg" else chosen
        noise = 0.001 if lane in ("icount", "callgrind") else 0.03
        yield json.dumps({
            "schema": 1,
            "commit": commit,
            "dirty": False,
            "subject": f"{rng.choice(SUBJECTS)} ({number})",
            "committed": date.isoformat(timespec="seconds"),
            "date": (date + datetime.timedelta(minutes=40)).isoformat(timespec="seconds"),
            "machine": {"id": f"made-up-{number % 2}", "name": "made-up", "cpu": "none", "cpus": 2, "memory_gib": 24},
            "lane": lane,
            "unit": "instructions" if lane == "icount" else "ns",
            "environment": {
                "kernel": f"7.3.{4 + number * 2 // runs}",
                "config": hashlib.sha1(str(number * 3 // runs).encode()).hexdigest()[:12],
                "qemu": "7.2.22",
                "guest": "1 CPU, 6G",
            },
            "filter": "",
            "modules": {"fast": {"iommufd.ko": commit[:23].upper()}},
            "benchmarks": {
                f"{op}/{shape}/{size}/{peer}": {
                    ("insn" if lane == "icount" else "ns") + "_per_4k": round(
                        level[(op, shape, size), peer] * rng.uniform(1 - noise, 1 + noise), 6
                    ),
                    "runs": 65,
                }
                for op, shape, size in measured
                for peer in PEERS
            },
        }, separators=(",", ":"))


def write_stacks(path, line):
    """The stacks of a run: of all its benchmarks of ours that are kept."""
    its = run.Run.of_line(json.loads(line))
    above, figures = ("[user]", "do_syscall_64", "ioas_map [iommufd]"), []
    for name, counters in its.benchmarks.items():
        others = {above[:1]: 0.02, above: 2.5, (*above, "fill_table [iommufd]"): 1.25, (*above, "walk [iommufd]", "follow_pte"): 3}
        planted = counters["insn_per_4k"] - sum(others.values())
        every = {**others, (*above, "walk [iommufd]", PLANTED): planted}
        counted = counts.Counted(1, [(stack, {"insns": insns}) for stack, insns in every.items()])
        figures.append((name, "per_4k", counted, 1))
    target = stacks.kept(its, path)
    target.parent.mkdir(exist_ok=True)
    stacks.write(target, stacks.document({"git_commit": its.commit, "date": its.date, "lane": its.lane}, figures))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--benchmarks", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lanes", nargs="+", default=["icount"])
    parser.add_argument("--stacks", action="store_true")
    parser.add_argument("file")
    args = parser.parse_args()
    with open(args.file, "w", encoding="utf-8") as file:
        for line in lines(args.runs, args.benchmarks, args.seed, args.lanes):
            file.write(line + "\n")
            if args.stacks and '"lane":"icount"' in line:
                write_stacks(args.file, line)


if __name__ == "__main__":
    main()
