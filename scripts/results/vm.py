# SPDX-License-Identifier: GPL-2.0-only
"""Print what a VMM does when a guest starts and ends, as tables and bars.

usage: main.py vm FILE

For each kind of memory and size what each peer costs, in millions of instructions or in seconds, and how many times of each
other peer's cost `fast` is. Then for the largest size where it goes: a bar for each peer, as long as its cost, with a letter
for each step. What it takes to fault memory in is what untouched memory takes more to map than touched memory.
"""

import sys

from .e2e import Results, cell
from .text import markdown, number, print_table, times

# The steps: the letter of each, what it is, and its counter.
START = (("o", "open and attach the device", "start_open"), ("m", "map memory", "start_ram"), ("b", "map the BAR", "start_bar"))
END = (("d", "detach", "end_detach"), ("u", "unmap", "end_unmap"), ("c", "close", "end_close"))
FAULT = ("f", "fault memory in")
UNTOUCHED = "_untouched"
# How long the longest bar is.
WIDTH = 60


class Vm(Results):
    """One results file of bench/e2e/vm_start."""

    @property
    def scale(self):
        """By how much figures are divided, and what they are then in."""
        return (1e6, "million instructions") if self.unit == "instructions" else (1e9, "seconds")

    def show(self, value):
        """A figure as it is shown."""
        return number(None if value is None else value / self.scale[0])

    def step(self, memory, size, peer, counter):
        """What a step took, None if that was not measured."""
        bench = self.by_name.get(f"vm/{memory}/{size}/{peer}", {})
        prefix = "insn_" if self.unit == "instructions" else "ns_"
        return None if bench.get("error_occurred") else bench.get(prefix + counter)

    def parts(self, row, peer):
        """Of a row, by letter what the steps took of it; None if that was not measured."""
        parts = {}
        for letter, _, counter in START if row.op == "vm start" else END:
            parts[letter] = self.step(row.shape, row.size, peer, counter)
        if None in parts.values():
            return None
        touched = row.shape.removesuffix(UNTOUCHED)
        there = self.step(touched, row.size, peer, "start_ram")
        if "m" in parts and touched != row.shape and there is not None:
            parts = {"o": parts["o"], "f": max(parts["m"] - there, 0), "m": min(there, parts["m"]), "b": parts["b"]}
        return parts


def lines(results, op):
    """A table of one operation, its head first; and how many of its columns are text."""
    others = [peer for peer in results.peers if peer != "fast"] if "fast" in results.peers else []
    table = [["memory", "size", *results.peers, *(f"fast/{peer}" for peer in others)]]
    for row in results.rows():
        if row.op == op:
            table.append(
                [row.shape, row.size]
                + [cell(row, peer, results.show) for peer in results.peers]
                + [times(row.ratio("fast", peer)) for peer in others]
            )
    return table, 2


def draw(parts, longest):
    """A bar: a letter for each part, as often as it is long."""
    ends, at = [], 0
    for value in parts.values():
        at += value
        ends.append(round(at * WIDTH / longest))
    return "".join(letter * (end - begin) for letter, begin, end in zip(parts, [0, *ends], ends))


def bars(results, op):
    """Lines of text: for each kind of memory of the largest size a bar for each peer."""
    rows = [row for row in results.rows() if row.op == op]
    largest = max((row.bytes for row in rows), default=0)
    text = []
    for row in (row for row in rows if row.bytes == largest):
        found = {peer: parts for peer in results.peers if (parts := results.parts(row, peer))}
        longest = max((sum(parts.values()) for parts in found.values()), default=0)
        text += [f"{row.shape}, {row.size}"] * bool(found)
        for peer, parts in found.items():
            text.append(f"  {peer:<8}{results.show(sum(parts.values())):>8}  {draw(parts, longest or 1)}")
    return text


def legend(op):
    """What the letters of a bar are."""
    steps = [START[0], FAULT, *START[1:]] if op == "vm start" else END
    return ", ".join(f"{letter} {what}" for letter, what, *_ in steps)


def document(path):
    """Both tables for REPORT.md; of instructions with their bars, of times, of which ratios say more, without."""
    results = Vm(path)
    context, times_only = results.context, results.unit != "instructions"
    cpus = f", {context['guest_cpus']} CPUs" if times_only else ""
    parts = [
        f"In {results.scale[1]}; Linux {context['kernel']}, lane `{context['lane']}`{cpus}, "
        f"commit {context['git_commit'][:12]}.",
    ]
    for op, head in (("vm start", "start"), ("vm end", "end")):
        parts += [f"### {head}{', in ' + results.scale[1] if times_only else ''}", markdown(*lines(results, op))]
        if times_only:
            continue
        parts += [
            f"Where it goes: {legend(op)}.",
            "\n".join(["```", *bars(results, op), "```"]),
        ]
    return "\n\n".join(parts)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    results = Vm(sys.argv[1])
    print(f"{results.scale[1]}, lane {results.context['lane']}, Linux {results.context.get('kernel', '?')}")
    for op in ("vm start", "vm end"):
        print(f"\n{op}\n")
        print_table(*lines(results, op))
        print(f"\n{legend(op)}\n")
        print("\n".join(bars(results, op)))
