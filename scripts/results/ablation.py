# SPDX-License-Identifier: GPL-2.0-only
"""What each idea of the core is worth: its figures, with one idea taken away at a time.

usage: main.py ablation gather OUT WHOLE.json PATCH=RESULTS.json...
       main.py ablation table FILE

gather: WHOLE.json are results of the module as it is, the others of it after a patch of bench/ablation/, which says below
its licence what it takes away. table: for each figure what it is, and how many times as much it is without each idea.
"""

import json
import pathlib
import sys

from .run import BadRun, from_results
from .text import markdown, number, print_table

# What differs by less is of the boot: where memory lay.
LEAST = 0.02


def figures_of(run):
    """The figures of a run; one that is refused is none."""
    return {" ".join(key[:3]): value for key, value in run.figures().items() if key.unit == "instructions"}


def idea_of(patch):
    """What a patch takes away."""
    return pathlib.Path(patch).read_text(encoding="utf-8").split("\n\n")[1]


def gather(whole, patched):
    """All of it, in a document."""
    run = from_results(whole)
    without = [{"name": pathlib.Path(patch).stem, "idea": idea_of(patch), "figures": figures_of(from_results(results))} for patch, results in patched]
    return {
        "context": json.loads(pathlib.Path(whole).read_text(encoding="utf-8"))["context"] | {"filter": ""},
        "benchmarks": [],
        "commit": run.commit,
        "whole": figures_of(run),
        "without": without,
    }


def lines_of(document):
    """The table, its head first."""
    without = document["without"]
    lines = [["op, shape, size", "as it is", *(each["name"] for each in without)]]
    for name, value in document["whole"].items():
        cells = []
        for each in without:
            other = each["figures"].get(name)
            factor = other / value if other and value else 1
            cells.append("–" if other is None else f"×{factor:.3g}" if abs(factor - 1) > LEAST else "")
        lines.append([name, number(value), *cells])
    return lines


def ideas_of(document):
    """What the columns are."""
    return [f"`{each['name']}`: {each['idea'][0].lower()}{each['idea'][1:]}." for each in document["without"]]


def document(path):
    """The same for REPORT.md."""
    found = json.loads(path.read_text(encoding="utf-8"))
    ideas = "\n".join(f"- {line}" for line in ideas_of(found))
    return (f"Instructions of `fast`, and how many times as many it needs with one idea taken away (bench/ablation/, `make ablation`); "
            f"what changes by less than {LEAST:.0%} is left out. Commit {found['commit'][:12]}.\n\n{ideas}\n\n"
            f"{markdown(lines_of(found), 1)}\n\nWhat another tree of areas would cost is in the micro-benchmarks below: "
            "`iova`, `ours` beside `itree`.")


def main():
    try:
        match sys.argv[1:]:
            case ["gather", out, whole, *patched] if patched:
                made = gather(whole, [each.split("=", 1) for each in patched])
                pathlib.Path(out).write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
            case ["table", path]:
                found = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
                print_table(lines_of(found), 1)
                print("", *(line.replace("`", "") for line in ideas_of(found)), sep="\n")
            case _:
                sys.exit(__doc__.strip())
    except (OSError, ValueError, KeyError, BadRun) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
