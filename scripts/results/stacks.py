# SPDX-License-Identifier: GPL-2.0-only
"""Where the instructions of some benchmarks went, kept with a run: what bench/profile counted, by call stack.

usage: main.py stacks FILE [OP/SHAPE/SIZE]

Prints the folded stacks of a benchmark in a file, as flamegraph.pl and others read them, in instructions for a page of 4 KiB
or a call; without one, what there is.

merge leaves such a file beside a results file, icount.stacks.json.xz for icount.json; history add copies it to stacks/ beside
the history. It has the run that it is of, the names of functions, and of each benchmark a tree, a caller before its callees:
depth, number of the name, instructions of the function itself, of each node in turn. The same stacks make the same bytes.
"""

import collections
import json
import lzma
import pathlib
import re
import shutil
import sys

from .e2e import COUNTERS
from .run import OURS, BadRun, from_results
from .text import number, print_table

SCHEMA = 1
SUFFIX = ".stacks.json.xz"
# The benchmarks whose stacks are kept: the main rows, without those that are a variant of another one.
KEPT = re.compile(r"(map|unmap)/(populate4k|scatter4k|thp|memfd4k|mapfile4k)/256MiB|small/populate4k/4KiB")
# Of all instructions, what a function has to differ by to be shown: less is a timer interrupt somewhere.
LEAST = 0.0005


def beside(results_path):
    """Where the stacks of a results file are."""
    return pathlib.Path(results_path).with_suffix(SUFFIX)


def kept(run, history):
    """Where the stacks of a run are that is in a history: each run has a file of its own."""
    date = re.sub("[^0-9]", "", run.date[:19])
    return pathlib.Path(history).parent / "stacks" / f"{run.commit[:12]}-{run.lane}-{date}.json.xz"


def tree(folded, number_of):
    """Folded stacks, as tuples of names, as their tree in a list; number_of gives each name a number."""
    flat, above = [], ()
    for stack, insns in sorted(folded.items()):
        alike = next((at for at, pair in enumerate(zip(above, stack)) if pair[0] != pair[1]), len(above))
        # Callers that have no instructions of their own have no stack.
        for depth in range(alike, len(stack)):
            flat += [depth, number_of.setdefault(stack[depth], len(number_of)), 0]
        flat[-1], above = float(f"{insns:.6g}"), stack
    return flat


def document(context, figures):
    """What a file has: of the figures that counts.add() says, those of ours that are kept; None if there are none."""
    number_of, found = {}, {}
    for name, counter, counted, units in figures:
        what, _, peer = name.rpartition("/")
        if peer == OURS and KEPT.fullmatch(what):
            op, _, where = what.partition("/")
            folded = collections.Counter()
            for stack, its in counted.stacks:
                if its["insns"]:
                    folded[tuple(stack)] += its["insns"] / counted.rounds / units
            found[f"{op}{COUNTERS[counter][0]}/{where}"] = tree(folded, number_of)
    run = {"commit": context["git_commit"], "date": context["date"], "lane": context["lane"]}
    return {"schema": SCHEMA, **run, "names": list(number_of), "benchmarks": found} if found else None


def write(path, content):
    """Put it into a file; where there is nothing, there is no file."""
    if not content:
        path.unlink(missing_ok=True)
        return
    partial = path.with_suffix(".part")
    partial.write_bytes(lzma.compress(json.dumps(content, separators=(",", ":")).encode()))
    partial.replace(path)


def load(path):
    """What a file has; BadRun if it cannot be read."""
    try:
        content = json.loads(lzma.decompress(pathlib.Path(path).read_bytes()))
        if content["schema"] != SCHEMA:
            raise BadRun(f"{path}: its schema is {content['schema']!r}, and this program knows {SCHEMA}")
        return content
    except OSError as error:
        raise BadRun(f"{path}: {error.strerror}") from error
    except (lzma.LZMAError, ValueError, KeyError, TypeError) as error:
        raise BadRun(f"{path} has no stacks ({type(error).__name__}: {error})") from error


def of_run(path, run):
    """The stacks in a file, if there is one and it is of that run; None if not."""
    if not path.exists():
        return None
    content = load(path)
    return content if (content["commit"], content["date"], content["lane"]) == (run.commit, run.date, run.lane) else None


def keep(path, run, history):
    """Copy the stacks of a run to those of a history, if there are any. What is there stays."""
    target = kept(run, history)
    if not target.exists() and of_run(path, run):
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(".part")
        shutil.copyfile(path, partial)
        partial.replace(target)


def folded_of(content, name):
    """Of a benchmark each stack, as a tuple of names, with its instructions."""
    flat, stack = content["benchmarks"][name], []
    for depth, function, insns in zip(*(iter(flat),) * 3):
        stack[depth:] = [content["names"][function]]
        yield tuple(stack), insns


def by_function(content, name):
    """The instructions in each function itself."""
    own = collections.Counter()
    for stack, insns in folded_of(content, name):
        own[stack[-1]] += insns
    return own


def show_functions(label, per, before, after):
    """Print what became of each function: instructions by name, before and after, the largest change first."""
    names = sorted({*before, *after}, key=lambda name: (-abs(after.get(name, 0) - before.get(name, 0)), name))
    lines = [["function", "before", "after", "change"]]
    for name in names:
        change = after.get(name, 0) - before.get(name, 0)
        if abs(change) >= LEAST * sum(after.values()):
            lines.append([name, number(before.get(name)), number(after.get(name)), f"{change:+.4g}"])
    total = sum(after.values()) - sum(before.values())
    lines.append(["all", number(sum(before.values())), number(sum(after.values())), f"{total:+.4g}"])
    print(f"{label}: instructions per {per}, by function")
    print()
    print_table(lines, 1)
    print()


def show_where(changes, before_path, after_path):
    """The functions that made changes (of gate.py) from one results file to another, where both have stacks of ours."""
    before, after = (of_run(beside(path), from_results(path)) for path in (before_path, after_path))
    for change in changes if before and after else ():
        name = "/".join(change.key[:3])
        if (change.key.unit, change.key.peer) == ("instructions", OURS) and name in before["benchmarks"] and name in after["benchmarks"]:
            show_functions(name, change.key.per, by_function(before, name), by_function(after, name))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.strip())
    try:
        content = load(sys.argv[1])
    except BadRun as error:
        sys.exit(f"error: {error}")
    if len(sys.argv) == 2:
        print(*content["benchmarks"], sep="\n")
    elif sys.argv[2] not in content["benchmarks"]:
        sys.exit(f"error: {sys.argv[1]} has no {sys.argv[2]}")
    else:
        for stack, insns in folded_of(content, sys.argv[2]):
            if insns:
                print(";".join(stack), f"{insns:.6g}")
