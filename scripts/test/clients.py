#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What clients took, of peers side by side.

usage: clients.py [--write DOC] KTAP...

A file is named clients-PEER.ktap, and was written by scripts/test/clients.sh. A line per case that passed and that tells: seconds
in the ioctls that map (or attach a device to what is mapped) and that unmap, seconds from the start to the first line of the
inner guest, and from its last line to the end; of the driver of an NVMe device, nanoseconds that a page takes. Nothing is
printed where nothing was told. With DOC it goes there, as Markdown, between two lines, <!-- clients: begin --> and
<!-- clients: end -->, and how many times as long it takes the others as ours.
"""

import argparse
import pathlib
import re
import sys

from page import write_between

BEGIN, END = "<!-- clients: begin -->", "<!-- clients: end -->"
IOCTLS = re.compile(r"# (\S+): map (\S+) s in \d+ calls, attach (\S+) s in \d+ calls, unmap (\S+) s in")
LIFE = re.compile(r"# (\S+): start to first line (\S+) s, last line to end (\S+) s")
PAGE = re.compile(r" +# (\S+): a page: map (\d+) ns, unmap (\d+) ns")
PASSED = re.compile(r" *ok \d+ (\S+)")
SECONDS, NS = ("map", "unmap", "start", "end"), ("map ns", "unmap ns")


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
        elif match := PAGE.match(line):
            told[match[1]] = dict(zip(NS, map(float, match.groups()[1:])))
        elif match := PASSED.match(line):
            # A case of a suite has its own name alone, and comes just after what it told.
            passed.add(next((name for name in list(told)[-1:] if name.endswith(f"/{match[1]}")), match[1]))
    # What was killed in the midst of it did not do the same everywhere.
    return {name: figures for name, figures in told.items() if name in passed and "/killed" not in name}


def names_of(peers, columns):
    """The cases that some peer has figures of, in the order in which they were run."""
    return list(dict.fromkeys(name for told in peers.values() for name in told if set(columns) & set(told[name])))


def show(peers, columns, form):
    names = names_of(peers, columns)
    if not names:
        return
    width = max(map(len, names))
    blank = " " * len(form.format(0))
    print(f"{'':{width}}" + "".join(f"  {peer:>{len(blank) * len(columns)}}" for peer in peers))
    print(f"{'':{width}}" + ("  " + "".join(f"{c:>{len(blank)}}" for c in columns)) * len(peers))
    for name in names:
        cells = ("".join(form.format(told[name][c]) if c in told.get(name, {}) else blank for c in columns)
                 for told in peers.values())
        print((f"{name:{width}}  " + "  ".join(cells)).rstrip())


def markdown(peers, columns, form):
    heads = [f"{peer}: {column}" for peer in peers for column in columns]
    rows = [f"| case | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads)]
    for name in names_of(peers, columns):
        cells = (form.format(told[name][c]).strip() if c in told.get(name, {}) else ""
                 for told in peers.values() for c in columns)
        rows.append(f"| `{name}` | {' | '.join(cells)} |")
    return rows if len(rows) > 2 else []


def ratios(peers, columns):
    """How many times as long it takes the others."""
    ours = peers.get("fast", {})
    others = {peer: told for peer, told in peers.items() if peer != "fast"}
    heads = [f"{peer}: {column}" for peer in others for column in columns]
    rows = [f"| case | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads)]
    for name in names_of({"fast": ours}, columns):
        cells = [f"{told[name][c] / ours[name][c]:#.3g}".rstrip(".") if told.get(name, {}).get(c) and ours[name].get(c) else ""
                 for told in others.values() for c in columns]
        if any(cells):
            rows.append(f"| `{name}` | {' | '.join(cells)} |")
    return rows if len(rows) > 2 else []


def main():
    parser = argparse.ArgumentParser(description="What clients took, of peers side by side.")
    parser.add_argument("--write", metavar="DOC", type=pathlib.Path, help="put it there, as Markdown")
    parser.add_argument("ktap", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    order = ("type1", "iommufd", "fast")
    peers = {p.stem.removeprefix("clients-"): read(p) for p in args.ktap}
    peers = {peer: peers[peer] for peer in sorted(peers, key=lambda p: order.index(p) if p in order else len(order))}
    show(peers, SECONDS, "{:9.4f}")
    show(peers, NS, "{:9.0f}")
    if args.write:
        rows = markdown(peers, SECONDS[:3], "{:.4f}")
        rows += [""] * bool(rows) + markdown(peers, NS, "{:.0f}")
        if not any(rows):
            sys.exit("error: no case says what it took")
        times = [ratios(peers, columns) for columns in (SECONDS[:3], NS)]
        if any(times):
            rows += ["", "How many times as long it takes the others as ours:", "", *times[0]]
            rows += [""] * bool(all(times)) + times[1]
        write_between(args.write, BEGIN, END, rows)


if __name__ == "__main__":
    main()
