#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What clients took, of peers side by side.

usage: clients.py KTAP...

A file is named clients-PEER.ktap, and was written by scripts/test/clients.sh. A line per case that tells: seconds in the ioctls
that map (or attach a device to what is mapped) and that unmap, seconds from the start to the first line of the inner guest,
and from its last line to the end. Nothing is printed where nothing was told.
"""

import pathlib
import re
import sys

IOCTLS = re.compile(r"# (\S+): map (\S+) s in \d+ calls, attach (\S+) s in \d+ calls, unmap (\S+) s in")
LIFE = re.compile(r"# (\S+): start to first line (\S+) s, last line to end (\S+) s")
COLUMNS = ("map", "unmap", "start", "end")


def read(path):
    """Of each case that passed, its figures by column."""
    told, passed = {}, set()
    for line in path.read_text(errors="replace").splitlines():
        if match := IOCTLS.match(line):
            name, mapped, attached, unmapped = match.groups()
            told.setdefault(name, {}).update({"map": float(mapped) + float(attached), "unmap": float(unmapped)})
        elif match := LIFE.match(line):
            name, start, end = match.groups()
            told.setdefault(name, {}).update({"start": float(start), "end": float(end)})
        elif match := re.match(r"ok \d+ (\S+)", line):
            passed.add(match[1])
    return {name: figures for name, figures in told.items() if name in passed}


def cell(figures):
    return "".join(f"{figures[c]:9.4f}" if c in figures else f"{'':9}" for c in COLUMNS)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    peers = {p.stem.removeprefix("clients-"): read(p) for p in map(pathlib.Path, sys.argv[1:])}
    names = list(dict.fromkeys(name for told in peers.values() for name in told))
    if not names:
        return
    width = max(map(len, names))
    print(f"{'seconds':{width}}" + "".join(f"  {peer:>36}" for peer in peers))
    print(f"{'':{width}}" + ("  " + "".join(f"{c:>9}" for c in COLUMNS)) * len(peers))
    for name in names:
        print((f"{name:{width}}" + "".join("  " + cell(told.get(name, {})) for told in peers.values())).rstrip())


if __name__ == "__main__":
    main()
