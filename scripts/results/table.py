# SPDX-License-Identifier: GPL-2.0-only
"""Print the results as one table.

usage: main.py table FILE

For each operation, shape and size what each peer costs, and how many times of each other peer's cost `fast` is: under
1 it is cheaper. A dash says that a peer has no such operation.
"""

import sys

from .e2e import METADATA, Results, cell
from .text import amount, print_table, times

# What two boots of the same may differ by.
NOISE = 0.003


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    results = Results(sys.argv[1])
    others = [peer for peer in results.peers if peer != "fast"] if "fast" in results.peers else []

    head = ["op", "shape", "size", "per", "runs", *results.peers, *(f"fast/{peer}" for peer in others)]
    lines = [head]
    for row in results.rows():
        runs = "" if row.runs is None else str(row.runs)
        lines.append(
            [row.op, row.shape, row.size, row.per, runs]
            + [cell(row, peer) for peer in results.peers]
            + [times(row.ratio("fast", peer)) for peer in others]
        )
    context = results.context
    print(f"{results.unit}, lane {context['lane']}, Linux {context.get('kernel', '?')}")
    print()
    print_table(lines, 4)

    memory = results.memory(METADATA)
    if memory:
        print()
        print("memory that is kept for each GiB that is mapped, without IO page tables")
        print()
        print_table(
            [["shape", "size", *results.peers]]
            + [[row.shape, row.size] + [cell(row, peer, amount) for peer in results.peers] for row in memory],
            2,
        )

    for peer in others:
        ratios = [(row.ratio("fast", peer), row) for row in results.rows()]
        ratios = [(ratio, row) for ratio, row in ratios if ratio is not None]
        slower = [(ratio, row) for ratio, row in ratios if ratio > 1 + NOISE]
        if ratios and peer != "floor":
            print()
            print(f"fast costs more than {peer} on {len(slower)} of {len(ratios)} rows")
            for ratio, row in sorted(slower, key=lambda pair: -pair[0]):
                print(f"  {times(ratio)}  {row.op} {row.shape} {row.size}")
