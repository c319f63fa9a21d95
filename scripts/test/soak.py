#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What was held for longest, of a run of "make soak".

usage: soak.py FILE [DOC]

FILE is the run's KTAP, results/latest/soak.ktap. Prints a table in Markdown with a line for each case of each guest whose
clock counts instructions: the longest of what its steps have printed; and below it what load/all says of memory and of what
was done. Prints nothing where nothing is said of it. With DOC that goes there, too, between two lines, <!-- soak: begin -->
and <!-- soak: end -->.
"""

import pathlib
import re
import sys

from page import write_between

BEGIN, END = "<!-- soak: begin -->", "<!-- soak: end -->"
OFF = re.compile(r"(?P<step>.*): preemption or interrupts off for (?P<us>\d+) us at most: (?P<what>.*) \([^()]*\)$")
SPINLOCK = re.compile(r"(?P<step>.*): a spinlock held for (?P<us>[\d.]+) us at most: (?P<what>.*)$")
# Only load/all says the first of these.
ALL_OF_IT = "with all of it: "
TOLD = re.compile(rf"{ALL_OF_IT}|before: |after: |\w+ were changed in \d+ rounds$")
RESULT = re.compile(r" *(?:not )?ok \d+ (?P<name>[^ ]+)")
HEADER = ["| guest | case | us | of what | in which step |", "|---|---|---|---|---|"]


def indent_of(line):
    return len(line) - len(line.lstrip(" "))


class Run:
    """The lines of the table. Notes come before the result that they are of, and results before the suite's and the guest's."""

    def __init__(self):
        self.longest = None
        self.notes = []
        self.cases, self.suites, self.rows = [], [], []
        self.told, self.memory = [], []

    def take_note(self, text):
        if TOLD.match(text):
            self.notes.append(text)
        match = OFF.match(text) or SPINLOCK.match(text)
        if match and (self.longest is None or float(match["us"]) > float(self.longest["us"])):
            self.longest = match

    def take_result(self, depth, name):
        if depth == 2:
            if self.longest:
                self.cases.append((name, self.longest))
            if any(note.startswith(ALL_OF_IT) for note in self.notes):
                self.told += self.notes
            self.longest, self.notes = None, []
        elif depth == 1:
            self.suites += [(f"{name}/{case}", longest) for case, longest in self.cases]
            self.cases = []
        elif self.suites:
            guest = name.removeprefix("soak-")
            self.rows += [
                f"| {guest} | `{case}` | {longest['us']} | {self.describe(longest)} | {longest['step']} |"
                for case, longest in self.suites
            ]
            self.memory += [f"{guest}: {note}" for note in self.told]
            self.suites, self.told = [], []

    @staticmethod
    def describe(longest):
        """Both functions, without the offsets that each build has others of; or the lock."""
        if longest.re is SPINLOCK:
            return f"spinlock `{longest['what']}`"
        return " to ".join(f"`{function.split('+')[0]}`" for function in longest["what"].split(" to "))


def table(lines):
    run = Run()
    for line in lines:
        text = line.strip()
        if text.startswith("# "):
            run.take_note(text[2:])
        elif match := RESULT.match(line):
            run.take_result(indent_of(line) // 2, match["name"])
    return (HEADER + run.rows if run.rows else []) + (["", "```", *run.memory, "```"] if run.memory else [])


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    path, *docs = map(pathlib.Path, sys.argv[1:])
    rows = table(path.read_text(encoding="utf-8").splitlines())
    if docs and not rows:
        sys.exit(f"error: no case in {path} says how long anything was held, or what there was")
    for row in rows:
        print(row)
    for doc in docs:
        write_between(doc, BEGIN, END, rows)


if __name__ == "__main__":
    main()
