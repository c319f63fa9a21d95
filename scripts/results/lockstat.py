# SPDX-License-Identifier: GPL-2.0-only
"""Print which locks were contended, from what the kernel's LOCK_STAT counted.

usage: main.py lockstat PEER=SHARE...

SHARE/lock_stat is a copy of the guest's /proc/lock_stat (Documentation/locking/lockstat.rst). For each peer the locks
that were waited for most often, and after them what the peer's own locks did even if nobody waited.
"""

import pathlib
import re
import sys

from .text import print_table

TOP = 12
# name: con-bounces contentions wait-min wait-max wait-total wait-avg acq-bounces acquisitions hold-min ... hold-avg
LINE = re.compile(r"^\s*(\S.*?):((?:\s+[0-9.]+){12})\s*$")
# Where a peer's own locks are, by how the kernel names lock classes: &structure->member or &variable.
OWN = {
    "type1": r"iommu->lock|vfio\.",
    "iommufd": r"ictx|iopt|iova_rwsem|domains_rwsem|pages->mutex|ioas|igroup|access",
    "fast": r"ictx|ioas|space->lock|backing|domains_rwsem|group|access|objects|table",
}


def parse(text):
    """Each lock class as a dictionary."""
    for line in text.splitlines():
        match = LINE.match(line)
        if match:
            numbers = [float(number) for number in match.group(2).split()]
            yield {
                "name": match.group(1),
                "contentions": int(numbers[1]),
                "wait": numbers[4],
                "acquisitions": int(numbers[7]),
                "hold_max": numbers[9],
                "hold": numbers[10],
            }


def show(lock):
    """A line of the table; times are in microseconds."""
    mean = lock["hold"] / lock["acquisitions"] if lock["acquisitions"] else 0
    return [
        lock["name"],
        str(lock["contentions"]),
        f"{lock['wait']:.0f}",
        str(lock["acquisitions"]),
        f"{mean:.2f}",
        f"{lock['hold_max']:.0f}",
    ]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__.strip())
    for word in sys.argv[1:]:
        peer, _, share = word.partition("=")
        path = pathlib.Path(share) / "lock_stat"
        try:
            locks = list(parse(path.read_text()))
        except OSError as error:
            sys.exit(f"error: {peer} left no statistics: {error}")
        if not locks:
            sys.exit(f"error: no lock in {path}; has the kernel LOCK_STAT?")
        locks.sort(key=lambda lock: -lock["contentions"])
        own = [lock for lock in locks if re.search(OWN.get(peer, "$^"), lock["name"])]
        shown = [lock for lock in locks[:TOP] if lock["contentions"]]
        shown += [lock for lock in own if lock not in shown]
        print(f"{peer}: times in µs of the guest; * is the peer's own")
        print()
        head = ["lock", "contended", "waited", "taken", "held, mean", "held, most"]
        rows = [show(lock) for lock in shown]
        for lock, row in zip(shown, rows):
            row[0] += " *" if lock in own else ""
        print_table([head, *rows], 1)
        print()
