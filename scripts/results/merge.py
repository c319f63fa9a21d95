# SPDX-License-Identifier: GPL-2.0-only
"""Merge what each peer's guest left into one document of Google Benchmark's form.

usage: main.py merge --config HASH --filter REGEX --output FILE PEER=SHARE...

SHARE is what a guest was given: out.json is Google Benchmark's own report, guest.env says what the guest was,
modules/ what it loaded, stacks or span what bench/profile counted, if it did: stacks of some benchmarks are left beside FILE
(stacks.py). The context of the first peer becomes the document's, completed by what is the same for all; what each peer's
report said is kept under context.peers.

Peers are compared on equal memory or not at all: where the run counts of a shape and size differ by more than 5 %
between peers, the results are marked with error_occurred; except where the memory is found only while it is mapped
(fault_in), and except for differences that no figure shows: one run, or, of base pages, one run in 4096 pages. Exits
with 1 if any benchmark has an error, and lists them.
"""

import argparse
import collections
import datetime
import hashlib
import json
import os
import pathlib
import platform
import shlex
import subprocess
import sys

from . import counts, machine, repository, span, stacks
from .e2e import COUNTERS
from .text import bytes_of

RUNS_TOLERANCE = 1.05
MODULES = {
    "type1": ["vfio_iommu_type1.ko"],
    "iommufd": ["iommufd.ko"],
    "fast": ["fast/iommufd.ko"],
    "floor": ["floor/iommufd-floor.ko"],
}


def read_env(path):
    """The KEY=value lines of a file that a shell could source."""
    pairs = (word.partition("=") for word in shlex.split(path.read_text()))
    return {key: value for key, _, value in pairs}


def module_facts(share, name):
    """What identifies a module: the version of its source if the build made one, and its hash."""
    path = share / "modules" / name
    facts = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()[:12]}
    run = subprocess.run(["modinfo", "-F", "srcversion", path], capture_output=True, text=True, check=False)
    if run.stdout.strip():
        facts["srcversion"] = run.stdout.strip()
    return facts


def read_peer(peer, share):
    """One peer's context and benchmarks, and what was counted of its figures."""
    report = json.loads((share / "out.json").read_text())
    context, figures = report["context"], []
    if (share / "stacks").exists():
        figures = counts.add(report["benchmarks"], share / "stacks", COUNTERS)
    if (share / "span").exists():
        span.add(report["benchmarks"], share / "span")
    context["modules"] = {pathlib.Path(name).name: module_facts(share, name) for name in MODULES[peer]}
    return context, report["benchmarks"], figures


def refuse_unequal(benchmarks, page_bytes):
    """Mark the results of a shape and size that did not lie in memory alike for all peers."""
    places = collections.defaultdict(list)
    for bench in benchmarks:
        if "runs" in bench and bench.get("run_type", "iteration") == "iteration":
            op, shape, size, _ = bench["name"].split("/")
            if op != "fault_in":
                places[shape, size].append(bench)
    for (shape, size), group in places.items():
        runs = collections.defaultdict(set)
        for bench in group:
            runs[bench["name"].rpartition("/")[2]].add(round(bench["runs"]))
        low = min(min(counts) for counts in runs.values())
        high = max(max(counts) for counts in runs.values())
        # What is mapped by base pages, if in larger folios, costs by the page, and a run as much as 4.3 pages at most
        # (scatter4k beside populate4k, of fast, where it is most): by chance folios are neighbours, and what does not make a
        # hundredth does not show.
        by_page = shape.endswith(("4k", "64k", "mthp1m", "mthp2m"))
        shown = max(1, bytes_of(size) // page_bytes // 430) if by_page else 1
        if high <= low * RUNS_TOLERANCE or high - low <= shown:
            continue
        said = ", ".join(f"{peer} {'/'.join(map(str, sorted(counts)))}" for peer, counts in runs.items())
        for bench in group:
            bench["error_occurred"] = True
            bench["error_message"] = f"{shape} of {size} differs between peers; runs: {said}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--config", required=True)
    parser.add_argument("--filter", default="")
    parser.add_argument("--output", required=True, type=pathlib.Path)
    parser.add_argument("peers", nargs="+", metavar="PEER=SHARE")
    args = parser.parse_args()

    shares = {peer: pathlib.Path(share) for peer, _, share in (word.partition("=") for word in args.peers)}
    contexts, benchmarks, figures = {}, [], []
    for peer, share in shares.items():
        try:
            contexts[peer], its, its_figures = read_peer(peer, share)
        except (OSError, ValueError, KeyError) as error:
            sys.exit(f"error: {peer} left no usable report in {share}: {error}")
        benchmarks += its
        figures += its_figures
    first = next(iter(shares))
    guest = read_env(shares[first] / "guest.env")
    refuse_unequal(benchmarks, int(guest["page_bytes"]))

    its_own = ("peer", "modules", "load_avg")
    context = {key: value for key, value in contexts[first].items() if key not in its_own and "srcversion" not in key}
    context |= {
        # The guest's clock starts at the same date each time, so that a run repeats itself.
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "host_name": platform.node(),
        "machine": machine.identity(),
        "executable": pathlib.Path(contexts[first]["executable"]).name,
        "lane": guest["lane"],
        "kernel_config": args.config,
        "qemu": guest["qemu"],
        "guest_cpus": guest["cpus"],
        "guest_memory": guest["mem"],
        **repository.state(),
        "filter": args.filter,
        "peers": contexts,
    }
    partial = args.output.with_suffix(".part")
    partial.write_text(json.dumps({"context": context, "benchmarks": benchmarks}, indent=2) + "\n")
    os.replace(partial, args.output)
    stacks.write(stacks.beside(args.output), stacks.document(context, figures))

    bad = [bench for bench in benchmarks if bench.get("error_occurred")]
    for bench in bad:
        print(f"error: {bench['name']}: {bench['error_message']}", file=sys.stderr)
    if bad:
        sys.exit(f"error: {len(bad)} of {len(benchmarks)} benchmarks failed or were refused; see {args.output}")
