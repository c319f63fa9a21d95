#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Hold a module's wings against the floors that they are said to stand on.

usage: wings.py DIR [OBJECTS]

DIR has a folder for each wing, and FLOORS: the wings from the ground up, a line a floor. OBJECTS has what was compiled of
DIR, in the same folders. A line for each include and each symbol that goes up, beside, or past the door of a wing, for
files that call each other in a circle, and for a portable file that includes something of the kernel by itself; then exit
status 1.
"""

import collections
import pathlib
import re
import subprocess
import sys

INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)
FROM_KERNEL = re.compile(r"^#include <", re.MULTILINE)
# What is under all wings: a file that includes it is portable, and includes nothing else of the kernel.
SEAM = pathlib.Path("portable.h")
# Of nm: what is defined for others, and what is asked of them.
DEFINED = "BDRTVW"
ASKED = "U"


def read_floors(path):
    """The floor of each wing, by its name; 0 is the ground."""
    floors = {}
    lines = (line.split("#")[0].split() for line in path.read_text(encoding="utf-8").splitlines())
    for floor, wings in enumerate(filter(None, lines)):
        for wing in wings:
            if wing in floors:
                sys.exit(f"error: {path}: {wing} stands on two floors")
            floors[wing] = floor
    return floors


class House:
    def __init__(self, directory):
        self.directory = directory
        self.floors = read_floors(directory / "FLOORS")
        self.faults = []
        self.sources = sorted(path.relative_to(directory) for path in directory.rglob("*.[ch]"))
        self.includes = {
            path: INCLUDE.findall((directory / path).read_text(encoding="utf-8")) for path in self.sources
        }
        wings = {path.parts[0] for path in self.sources if len(path.parts) > 1}
        self.faults += [f"{wing}/ stands on no floor" for wing in sorted(wings - self.floors.keys())]
        self.faults += [f"{wing}/ is on a floor, and not there" for wing in sorted(self.floors.keys() - wings)]

    def wing(self, path):
        """The wing of a file; None for what lies beside them."""
        return path.parts[0] if len(path.parts) > 1 else None

    def may_use(self, user, used):
        """May a file use what is in another one, by their floors?"""
        if self.wing(user) is None or self.wing(user) == self.wing(used):
            return True
        if self.wing(used) is None:
            return False
        # What stands on no floor is a fault of its own.
        if not {self.wing(user), self.wing(used)} <= self.floors.keys():
            return True
        return self.floors[self.wing(used)] < self.floors[self.wing(user)]

    def open_headers(self, wing):
        """What others may include of a wing: its door, and what that includes of the wing."""
        door = pathlib.Path(wing, f"{wing}.h")
        return {door} | {pathlib.Path(wing, name) for name in self.includes.get(door, []) if "/" not in name}

    def resolve(self, path, name):
        """The file that an include means; None if it is not one of ours."""
        for found in (path.parent / name, pathlib.Path(name)):
            if found in self.includes:
                return found
        return None

    def check_includes(self):
        for path, names in self.includes.items():
            for used in filter(None, (self.resolve(path, name) for name in names)):
                if used == SEAM:
                    self.check_portable(path)
                    continue
                if not self.may_use(path, used):
                    self.faults.append(f"{path} includes {used}, which is not below it")
                elif self.wing(used) not in (None, self.wing(path)) and used not in self.open_headers(self.wing(used)):
                    self.faults.append(f"{path} includes {used}, which is {self.wing(used)}'s own")

    def check_portable(self, path):
        if FROM_KERNEL.search((self.directory / path).read_text(encoding="utf-8")):
            self.faults.append(f"{path} is portable, and includes something of the kernel besides {SEAM}")

    def check_symbols(self, objects):
        defined, asked = {}, collections.defaultdict(set)
        for path in (path for path in self.sources if path.suffix == ".c"):
            made = (objects / path).with_suffix(".o")
            if not made.exists():
                continue
            output = subprocess.run(["nm", made], capture_output=True, text=True, check=True).stdout
            for *_, kind, name in map(str.split, output.splitlines()):
                if kind in ASKED:
                    asked[path].add(name)
                elif kind in DEFINED:
                    defined[name] = path
        if not defined:
            sys.exit(f"error: {objects} has nothing that was compiled of {self.directory}")
        calls = collections.defaultdict(set)
        for path, names in asked.items():
            for name in sorted(names & defined.keys()):
                used = defined[name]
                if not self.may_use(path, used):
                    self.faults.append(f"{path} uses {name} of {used}, which is not below it")
                elif used != path:
                    calls[path].add(used)
        self.check_circles(calls)

    def check_circles(self, calls):
        """A file that calls another one is not called by it, straight or by way of others."""
        reached = {path: set(used) for path, used in calls.items()}
        changed = True
        while changed:
            changed = False
            for used in reached.values():
                more = set().union(*(reached.get(path, set()) for path in used)) - used
                used |= more
                changed |= bool(more)
        circle = sorted(str(path) for path, used in reached.items() if path in used)
        if circle:
            self.faults.append(f"in a circle of calls: {' '.join(circle)}")


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    house = House(pathlib.Path(sys.argv[1]))
    house.check_includes()
    if len(sys.argv) == 3:
        house.check_symbols(pathlib.Path(sys.argv[2]))
    for fault in house.faults:
        print(fault)
    return bool(house.faults)


if __name__ == "__main__":
    sys.exit(main())
