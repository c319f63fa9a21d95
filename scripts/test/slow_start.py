#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The commands of docs/slow-start.md, and whether what they print is as it says.

usage: slow_start.py extract DOC DIR   each block of commands becomes DIR/N.sh
       slow_start.py check DOC DIR     as KTAP: DIR/N.out is what the commands printed, DIR/N.status how they ended

A block ```sh is commands. A block ```text behind it is what these print: each of its lines has to be there, with other
numbers, and with anything before and behind it; words between single spaces or many are the same.
"""

import pathlib
import re
import sys

BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"0x[0-9a-f]+|\d+")
# What a line begins with differs from kernel to kernel: from here on it is compared.
BEGINS = re.compile(r"^.*?(?=ioas_map_end: |iommufd:ioas_map_end\()")


def blocks(doc):
    """Pairs of commands and the lines that they are to print."""
    pairs = []
    for kind, text in BLOCK.findall(doc.read_text(encoding="utf-8")):
        if kind == "sh":
            pairs.append((text, []))
        elif not pairs or pairs[-1][1]:
            sys.exit(f"error: {doc} has a block of text without commands before it")
        else:
            pairs[-1][1].extend(text.splitlines())
    if not pairs:
        sys.exit(f"error: {doc} has no commands")
    return pairs


def pattern(line):
    """What a line is with other numbers."""
    words = NUMBER.sub("\0", BEGINS.sub("", line)).split()
    return re.compile(r"\s+".join(re.escape(word).replace("\0", r"(0x[0-9a-f]+|\d+)") for word in words))


def title(commands):
    """A name for a block: the first word of the line that says most."""
    words = [line.split()[0] for line in commands.splitlines() if line.strip()]
    return next((word for word in words if word in ("perf", "bpftrace", "grep", "cat")), words[0])


def extract(doc, directory):
    for number, (commands, _) in enumerate(blocks(doc), 1):
        (directory / f"{number}.sh").write_text(commands, encoding="utf-8")


def check(doc, directory):
    bad = 0
    for number, (commands, lines) in enumerate(blocks(doc), 1):
        read = {}
        for what in ("out", "status"):
            path = directory / f"{number}.{what}"
            read[what] = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        faults = [] if read["status"].strip() == "0" else [f"exit status {read['status'].strip() or 'of none'}"]
        faults += [f"nothing like: {line}" for line in lines if not pattern(line).search(read["out"])]
        for fault in faults:
            print(f"# {fault}")
        if faults:
            print("\n".join(f"# {line}" for line in read["out"].splitlines()[-20:]))
        print(f"{'not ok' if faults else 'ok'} 0 {number}-{title(commands)}")
        bad += bool(faults)
    return bad != 0


def main():
    match sys.argv[1:]:
        case ["extract", doc, directory]:
            return extract(pathlib.Path(doc), pathlib.Path(directory))
        case ["check", doc, directory]:
            return check(pathlib.Path(doc), pathlib.Path(directory))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main())
