# SPDX-License-Identifier: GPL-2.0-only
"""Show the results of the micro-benchmarks, or gather those that callgrind counted.

usage: main.py micro table NATIVE.json [INSN.json]
       main.py micro best OUT.json NATIVE.json...
       main.py micro insn LIST DIR DIR OUT.json

table: tables and targets on the terminal. best: of each benchmark, the round in which it took least. insn: LIST says which
benchmarks were counted and how many operations each had (micro --list-insn), each DIR has callgrind's dumps of one run;
OUT.json gets the counts of the first, and how much the second differed.
"""

import datetime
import json
import pathlib
import re
import subprocess
import sys

from . import machine, repository
from .text import markdown, print_table

WAYS = ("rcu", "spin", "mutex", "lfht", "xarray", "percpu", "striped", "srcu")


def short(value):
    """A figure with three digits that mean something; a dash for none."""
    if value is None:
        return "-"
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def times(value):
    return "-" if value is None else f"{value:.2f} x"


def over(a, b):
    return a / b if a and b else None


class Native:
    """Google Benchmark's JSON."""

    def __init__(self, path):
        data = json.loads(pathlib.Path(path).read_text())
        self.context = data["context"]
        self.by_name = {b["name"]: b for b in data["benchmarks"] if b.get("run_type", "iteration") == "iteration"}

    def get(self, name, counter="best_ns"):
        """None where there is no such benchmark, or it failed."""
        return self.by_name.get(name, {}).get(counter)

    def ratio(self, slower, faster):
        return over(self.get(slower), self.get(faster))

    def splits(self, suite):
        """The parts of the names of one suite."""
        return [name.split("/")[1:] for name in self.by_name if name.split("/")[0] == suite]


class Insn:
    """What insn wrote, or nothing at all."""

    def __init__(self, path):
        path = pathlib.Path(path) if path else None
        self.data = json.loads(path.read_text()) if path and path.is_file() else {"benchmarks": []}
        self.by_name = {b["name"]: b["insn_per_op"] for b in self.data["benchmarks"]}
        self.compiler = self.data.get("context", {}).get("compiler", "compiler unknown")

    def get(self, name):
        return self.by_name.get(name)


def unique(items):
    return list(dict.fromkeys(items))


def lookup_tables(native, insn):
    parts = native.splits("lookup")
    if parts:
        lines = [["look-up and put, ns", "threads", *WAYS]]
        for what, threads in unique((p[0], p[2]) for p in parts):
            lines.append([what, threads] + [short(native.get(f"lookup/{what}/{way}/{threads}")) for way in WAYS])
        counted = [short(insn.get(f"lookup/own/{way}/1")) for way in WAYS]
        lines.append(["instructions", "1", *counted])
        yield 1, lines
    parts = native.splits("destroy")
    if parts:
        lines = [["destroy, ns", "", *WAYS]]
        for what in unique(p[0] for p in parts):
            for counter in ("p50_ns", "p99_ns"):
                figures = [native.get(f"destroy/{what}/{way}", counter) for way in WAYS]
                lines.append([what, counter[:3]] + [short(figure) for figure in figures])
        yield 2, lines


def iova_tables(native, insn):
    parts = native.splits("iova")
    if not parts:
        return
    lines = [["iova, ns", "order", "ranges", "ours", "itree", "itree/ours", "insn ours", "insn itree"]]
    for op, how, n in sorted(unique((p[0], p[1], p[2]) for p in parts), key=lambda p: (p[0], p[1], int(p[2]))):
        ours, itree = f"iova/{op}/{how}/{n}/ours", f"iova/{op}/{how}/{n}/itree"
        lines.append(
            [op, how, n, short(native.get(ours)), short(native.get(itree)), times(native.ratio(itree, ours))]
            + [short(insn.get(ours)), short(insn.get(itree))]
        )
    yield 2, lines


def extent_tables(native, insn):
    parts = native.splits("extent")
    if not parts:
        return
    ways = ("ours", "append", "batch", "array")
    lines = [["extent, ns", "layout", *ways, "GB/s ours", "insn ours"]]
    for op, layout in unique((p[0], p[1]) for p in parts):
        names = [f"extent/{op}/{layout}/{way}" for way in ways]
        lines.append(
            [op, layout] + [short(native.get(name)) for name in names]
            + [short(native.get(names[0], "GB_per_s")), short(insn.get(names[0]))]
        )
    yield 2, lines


def tables(native, insn):
    yield from lookup_tables(native, insn)
    yield from iova_tables(native, insn)
    yield from extent_tables(native, insn)


def targets(native, insn):
    """What is to be reached: text, figure, its text, whether it is."""

    def at_least(text, figure, least):
        return (f"{text} >= {least:g}", times(figure), figure >= least) if figure else None

    own = "lookup/own"
    one = native.get(f"{own}/rcu/1")
    if one:
        yield "look-up and put, one thread <= 12 ns", f"{one:.1f} ns", one <= 12
    ours, spin = insn.get(f"{own}/rcu/1"), insn.get(f"{own}/spin/1")
    if ours and spin:
        yield "its instructions, fewer than under a spin lock", f"{ours:.1f} to {spin:.1f}", ours < spin
    speeds = [native.get(f"{own}/{way}", "ops_per_s") for way in ("rcu/1", "rcu/2", "spin/2")]
    found = [
        at_least("2 threads, own objects: of 2 x one thread's speed", over(over(speeds[1], speeds[0]), 2), 0.95),
        at_least("2 threads, own objects: over a spin lock", over(speeds[1], speeds[2]), 3),
    ]
    load = native.get("destroy/load/rcu", "p99_ns")
    if load:
        yield "destroy under load, p99 <= 100 us", f"{load / 1000:.1f} us", load <= 100000
    for how in ("random", "seq"):
        for op, least in (("find", 1.5), ("alloc", 5)):
            ours = f"iova/{op}/{how}/1000000"
            text = f"iova {op}, 1000000 ranges, {how}: over the interval tree"
            found.append(at_least(text, native.ratio(f"{ours}/itree", f"{ours}/ours"), least))
    for layout, least in (("contiguous", 4), ("scattered", 1)):
        for way in ("append", "batch"):
            build = f"extent/build/{layout}"
            text = f"extent build, {layout}: over {way}, page by page"
            found.append(at_least(text, native.ratio(f"{build}/{way}", f"{build}/ours"), least))
    yield from filter(None, found)


def hardware(native):
    if native.context.get("hardware_counters") == "no":
        return "This machine offers no hardware counters: they are left out."
    return "Hardware counters are in the JSON, for each operation."


def show(native, insn):
    for texts, lines in tables(native, insn):
        print_table(lines, texts)
        print()
    print(hardware(native))
    lines = [["target", "measured", ""]]
    lines += [[text, figure, "ok" if met else "MISSED"] for text, figure, met in targets(native, insn)]
    if len(lines) > 1:
        print()
        print_table(lines, 1)


def compiler():
    return subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True, check=False).stdout.strip()


def document(native, insn):
    """The figures as Markdown, for REPORT.md."""
    load = ", ".join(f"{figure:.1f}" for figure in native.context["load_avg"])
    blocks = [
        f"One run on {native.context['num_cpus']} CPUs of {native.context['mhz_per_cpu']} MHz (as the machine says), load "
        f"average {load}, {insn.compiler}. {hardware(native)} Time is that of the "
        f"best batch of {native.context.get('rounds', 1)} rounds."
    ]
    blocks += [markdown(lines, texts) for texts, lines in tables(native, insn)]
    lines = [["target", "measured", "reached"]]
    lines += [[text, figure, "yes" if met else "**no**"] for text, figure, met in targets(native, insn)]
    blocks.append(markdown(lines, 1))
    if "runs" in insn.data:
        blocks.append("Instruction counts: " + equality(insn.data) + ".")
    return "\n\n".join(blocks)


def equality(data):
    text = f"{data['equal']} of {len(data['benchmarks'])} equal in {data['runs']} runs"
    if data["largest_difference"]:
        text += f", the largest difference {data['largest_difference']:.2%} ({data['differs_most']})"
    return text


def best(out, paths):
    """Of each benchmark the round in which it took least: what others do on this machine only adds time."""
    documents = [json.loads(pathlib.Path(path).read_text()) for path in paths]
    rounds = [{bench["name"]: bench for bench in document["benchmarks"]} for document in documents]
    documents[0]["context"] |= {"rounds": len(rounds), "tool": "micro"} | ran()
    documents[0]["benchmarks"] = [
        min((its[name] for its in rounds), key=lambda bench: bench.get("best_ns", bench.get("p99_ns", bench["real_time"])))
        for name in rounds[0]
    ]
    pathlib.Path(out).write_text(json.dumps(documents[0], indent=1) + "\n")


def ran():
    """What ran where, of a results file."""
    return {"machine": machine.identity(), **repository.state(), "compiler": f"gcc {compiler()}"}


def dumps(directory):
    """What the first thread executed, by the name that each dump was given."""
    counts = {}
    for path in pathlib.Path(directory).glob("*.*-01"):
        text = path.read_text(errors="replace")
        name = re.search(r"^desc: Trigger: Client Request: (\S+)", text, re.M)
        total = re.search(r"^(?:summary|totals): (\d+)", text, re.M)
        if name and total:
            counts[name[1]] = int(total[1])
    return counts


def gather(list_path, first_dir, second_dir, out):
    first, second = dumps(first_dir), dumps(second_dir)
    benchmarks, differences = [], {}
    for line in pathlib.Path(list_path).read_text().splitlines():
        name, ops = line.split()
        if not first.get(name) or not second.get(name):
            sys.exit(f"error: callgrind counted nothing for {name}; its dumps are in {first_dir}")
        insn = first[name]
        benchmarks.append({"name": name, "ops": int(ops), "insn": insn, "insn_per_op": insn / int(ops)})
        differences[name] = abs(second[name] - insn) / insn
    most = max(differences, key=differences.get)
    date = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    data = {
        "context": {
            "date": date,
            **ran(),
            "tool": "callgrind",
        },
        "runs": 2,
        "equal": sum(not difference for difference in differences.values()),
        "largest_difference": differences[most],
        "differs_most": most,
        "benchmarks": benchmarks,
    }
    pathlib.Path(out).write_text(json.dumps(data, indent=1) + "\n")
    print(f"{len(benchmarks)} benchmarks counted, {equality(data)}; the counts are in {out}")


def main():
    args = sys.argv[1:]
    if len(args) in (2, 3) and args[0] == "table":
        show(Native(args[1]), Insn(args[2] if len(args) == 3 else None))
    elif len(args) > 2 and args[0] == "best":
        best(args[1], args[2:])
    elif len(args) == 5 and args[0] == "insn":
        gather(*args[1:])
    else:
        sys.exit(__doc__.strip())
