#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What is made from what was measured.

usage: scripts/results/main.py COMMAND [ARGUMENT...]

Each command is a module of this directory, which says what it wants. Python is Debian's own, for Debian's packages.
"""

import importlib
import pathlib
import sys

COMMANDS = {
    "merge": "what each peer's guest left, as one results file",
    "table": "such a file as a table, `fast` beside its peers",
    "threads": "what two threads do at the same time, as a table",
    "span": "what one call costs that many threads are at, as a table",
    "vm": "what a VMM does when a guest starts and ends, as tables and bars",
    "lockstat": "which locks were waited for",
    "profile": "where the instructions of a benchmark went",
    "stacks": "the stacks that are kept with a run, folded",
    "estimate": "how far the estimated cycles of what was counted are to be trusted",
    "ablation": "what each idea of the core is worth",
    "micro": "the micro-benchmarks: their tables, the best of some rounds, callgrind's counts",
    "measured": "what a benchmark costs at a commit, of what was measured already",
    "gate": "what costs more than a baseline says, and how such a baseline is learnt",
    "report": "REPORT.md and the table in README.md",
    "plots": "the plots of REPORT.md",
    "history": "add runs to the history, merge histories, check and list them",
    "changes": "where the history took another level",
    "export": "a run, for other programs",
    "dashboard": "the history, for the pages of the dashboard",
    "repository": "whether the tree is that of a commit",
}


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(f"{__doc__.strip()}\n\n" + "\n".join(f"  {name:<12}{text}" for name, text in COMMANDS.items()))
    name = sys.argv.pop(1)
    sys.argv[0] = f"main.py {name}"
    # Only that one: others want packages that are not there for this one.
    return importlib.import_module(f"results.{name}").main()


if __name__ == "__main__":
    # Where this file is are modules of a package, which is found one level up.
    sys.path[0] = str(pathlib.Path(__file__).resolve().parents[1])
    sys.exit(main())
