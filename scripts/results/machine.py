# SPDX-License-Identifier: GPL-2.0-only
"""Which machine this is. Imported by what writes results.

Figures of lanes that depend on the machine are compared only where the identity is the same. It is MACHINE where the
environment says so, e.g. for the machines of a fleet, which have names; else a hash of what makes figures differ (CPU,
number of CPUs, memory) and, where there is one, of the installation's own number. The name of the host is no part of
it: a container has a new one each time.
"""

import hashlib
import os
import pathlib
import platform
import re


def read(path):
    """A file's text, nothing where it cannot be read."""
    try:
        return pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def processor():
    """The model of the CPU, as the kernel names it."""
    found = re.search(r"^(?:model name|Model|cpu model)\s*:\s*(.+)$", read("/proc/cpuinfo"), re.MULTILINE)
    return " ".join(found[1].split()) if found else platform.machine()


def identity():
    """The machine's identity, and what a reader would like to know about it."""
    cpu, cpus = processor(), os.cpu_count() or 1
    found = re.search(r"^MemTotal:\s*(\d+)", read("/proc/meminfo"), re.MULTILINE)
    memory_gib = round(int(found[1]) / (1 << 20)) if found else 0
    # The installation's number is not to be given away; a hash of it tells as much here.
    facts = f"{cpu}|{cpus}|{memory_gib}|{read('/etc/machine-id').strip()}"
    return {
        "id": os.environ.get("MACHINE") or hashlib.sha256(facts.encode()).hexdigest()[:12],
        "name": os.environ.get("MACHINE") or platform.node(),
        "cpu": cpu,
        "cpus": cpus,
        "memory_gib": memory_gib,
    }
