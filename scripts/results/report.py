# SPDX-License-Identifier: GPL-2.0-only
"""Write REPORT.md, and the tables in README.md and docs/slow-start.md, from results and the texts in docs/.

usage: main.py report write RESULTS OUTPUT
       main.py report whole FILE

write: RESULTS is a directory with icount.json of `make bench`, icount-lean.json of the same on the lean kernel (docs/kernel.md),
threads.json of `make threads`, vm-icount.json of `make vm-start`, native.json of `make micro`, native-insn.json of `make
micro-check`, and, if they are there, icount-arm64.json of `make bench ARCH=arm64`, icount-arm64-64k.json of
the same with PAGES=64K, vm-mttcg.json of `make vm-start`, span.json of `make span`, estimate.json of `make estimate` and ablation.json of `make ablation`; OUTPUT is where the three go. The plots are those of plots.py. whole: exits with
1 if a results file is of a part of the benchmarks, has errors, or is of a tree with changes that are not committed.

No figure is typed by hand: where docs/method.md and docs/why.md have {op/shape/size/peer}, the figure of that benchmark
is put in; {A over B}, {A minus B} and {A times N} compute. A figure that the results do not have is an error.
README.md's table goes between two lines, <!-- bench: begin --> and <!-- bench: end -->.
"""

import json
import pathlib
import re
import sys
import textwrap

from . import ablation, estimate, micro, span, threads, vm
from .e2e import IO_TABLES, METADATA, Results, cell
from .text import amount, markdown, number, times

ROOT = pathlib.Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
OPERATORS = {
    "over": lambda a, b: a / b,
    "minus": lambda a, b: a - b,
    "times": lambda a, b: a * b,
}
OTHERS = ("type1", "iommufd", "floor")
# Of what is counted, what has a table.
COUNTED = {
    "lines": "Cache lines that are touched, each once in a call",
    "llc_misses": "Misses of the last cache, that no prefetcher foresees (of a model)",
    "atomics": "Atomic operations",
    "cycles": "Cycles, estimated",
}
# How many peers a file has that was not told to leave some out.
ALL_PEERS = {"icount.json": 4, "vm-icount.json": 3, "vm-mttcg.json": 3, "threads.json": 3, "span.json": 3}
# The part of a file that the report is of, where that is not all: a guest of 4 GiB takes as many seconds as four of 1 GiB.
PARTS = {"vm-mttcg.json": "/1GiB/"}
# The rows of docs/slow-start.md: what the guest's memory is, and the load of `make threads` that has such memory faulted in.
SLOW_START = {
    "memfd4k": ("a memfd of base pages, mapped by its address", None),
    "mapfile4k": ("the same, by its file (`IOMMU_IOAS_MAP_FILE`)", None),
    "base": ("anonymous memory in base pages", "fresh4k"),
    "thp": ("transparent huge pages", "fresh_thp"),
    "hugetlb2m": ("hugetlbfs, 2 MiB", "fresh_huge2m"),
    "mapfile": ("a memfd of hugetlbfs, by its file", None),
}


class Figures:
    """Figures by what is written in braces."""

    def __init__(self, results):
        self.rows = {(row.op, row.shape, row.size): row for row in results.rows()}

    def one(self, text):
        """The value of a name or a number."""
        if text.isdigit():
            return int(text)
        *key, peer = text.split("/")
        row = self.rows.get(tuple(key))
        value = row.value(peer) if row else None
        if value is None:
            raise KeyError(text)
        return value

    def compute(self, text):
        """The value of what stands in braces."""
        for word, function in OPERATORS.items():
            left, found, right = text.partition(f" {word} ")
            if found:
                return function(self.one(left), self.one(right))
        return self.one(text)


def fill_in(path, figures):
    """A text of docs/ with its figures, without the comments at its top."""
    text = re.sub(r"<!--.*?-->\n*", "", path.read_text(), flags=re.DOTALL)

    def replace(match):
        try:
            return number(figures.compute(" ".join(match[1].split())))
        except KeyError as error:
            sys.exit(f"error: {path} asks for {error}, which the results do not have")

    filled = re.sub(r"\{([^{}]+)\}", replace, text)
    # What was put in has another length; tables, lists and headings keep their lines.
    paragraphs = filled.strip().split("\n\n")
    return "\n\n".join(
        each if each[0] in "|#-" else textwrap.fill(" ".join(each.split()), 120, break_on_hyphens=False)
        for each in paragraphs
    )


def table(head, lines):
    """A Markdown table: text to the left, everything from the first figure on to the right."""
    return markdown([head, *lines], sum(name in ("op", "shape", "size", "per") for name in head))


def side_by_side(rows, peers, columns):
    """Each peer's figure and what fast is of the others, with these columns in front."""
    others = [peer for peer in OTHERS if peer in peers and "fast" in peers]
    lines = [
        [getattr(row, column) for column in columns]
        + ["" if row.runs is None else str(row.runs)]
        + [cell(row, peer) for peer in peers]
        + [times(row.ratio("fast", peer)) for peer in others]
        for row in rows
    ]
    return table([*columns, "runs", *peers, *(f"fast/{peer}" for peer in others)], lines)


def growth(results, op, peer):
    """One peer's figures of an operation, a line for a shape, a column for a size."""
    rows = [row for row in results.rows() if row.op == op and peer in row.figures]
    sizes = sorted({(row.bytes, row.size) for row in rows})
    shapes = list(dict.fromkeys(row.shape for row in rows))
    cells = {(row.shape, row.size): cell(row, peer) for row in rows}
    return table(
        ["shape", *(size for _, size in sizes)],
        [[shape, *(cells.get((shape, size), "") for _, size in sizes)] for shape in shapes],
    )


def memory(results):
    """What each peer keeps for a GiB that is mapped, and what any of them needs for the IO page table."""
    tables = {(row.shape, row.size): row for row in results.memory(IO_TABLES)}
    lines = []
    for row in results.memory(METADATA):
        figures = [figure.value for figure in tables[row.shape, row.size].figures.values()]
        lines.append(
            [row.shape, row.size]
            + [cell(row, peer, amount) for peer in results.peers]
            + [" to ".join(dict.fromkeys(amount(value) for value in (min(figures), max(figures))))]
        )
    return table(["shape", "size", *results.peers, "IO page table"], lines)


def native(directory):
    """What the portable core costs natively."""
    return micro.document(micro.Native(directory / "native.json"), micro.Insn(directory / "native-insn.json"))


def together(directory):
    """What two threads do."""
    figures = threads.Threads(directory / "threads.json")
    context = figures.context
    where = (
        f"Linux {context['kernel']}, lane `{context['lane']}`, {context['guest_cpus']} CPUs, commit {context['git_commit'][:12]}."
    )
    return "\n\n".join([where, *(markdown(lines, texts) for texts, lines in threads.tables(figures))])


def lives(directory):
    """What a guest's start and end cost; in seconds, too, where that was measured."""
    seconds = directory / "vm-mttcg.json"
    return [included("vm-start.md"), vm.document(directory / "vm-icount.json"), *([vm.document(seconds)] if seconds.is_file() else [])]


def many(directory):
    """What many threads cost, where that was measured."""
    path = directory / "span.json"
    return [included("span.md"), span.document(path)] if path.is_file() else []


def beside(results, other, name, left_out=()):
    """Each peer's figures of other results, whose columns have that name, and in these."""
    peers = [peer for peer in results.peers if peer in other.peers]
    rows = {(row.op, row.shape, row.size): row for row in results.usual()}
    lines = []
    for row in other.usual():
        usual = rows.get((row.op, row.shape, row.size))
        if usual and row.op not in left_out:
            lines.append([row.op, row.shape, row.size, *(cell(each, peer) for peer in peers for each in (row, usual))])
    return table(["op", "shape", "size", *(f"{peer}{which}" for peer in peers for which in (f", {name}", ""))], lines)


def beside_lean(results, directory):
    """Each peer's figures on the kernel of configs/bench.config, and on the one that is packaged."""
    lean = Results(directory / "icount-lean.json")
    return (
        beside(results, lean, "lean", ("copy", "attach"))
        + f"\n\nThe lean kernel's are of commit {lean.context['git_commit'][:12]}."
    )


def on_arm64(results, directory):
    """Each peer's figures on arm64, and on x86-64, where the former were measured."""
    path = directory / "icount-arm64.json"
    if not path.is_file():
        return []
    arm64 = Results(path)
    parts = [
        fill_in(ROOT / "docs/arm64-cost.md", Figures(arm64)),
        side_by_side(arm64.usual(), arm64.peers, ["op", "shape", "size", "per"]),
        what_ran(arm64),
        "### Beside x86-64",
        beside(results, arm64, "arm64"),
    ]
    path = directory / "icount-arm64-64k.json"
    if path.is_file():
        large = Results(path)
        parts += [
            "### With base pages of 64 KiB",
            "Each has shapes of its own, and each figure is of 4 KiB, a sixteenth of a base page, unless it is of a call.",
            side_by_side(large.usual(), large.peers, ["op", "shape", "size", "per"]),
            what_ran(large),
        ]
    return parts


def included(name):
    """A text of docs/ that has no figures, its headings one level down."""
    text = re.sub(r"<!--.*?-->\n*", "", (ROOT / "docs" / name).read_text(), flags=re.DOTALL)
    return re.sub(r"^#", "##", text, flags=re.MULTILINE).replace("](../", "](").strip()


def what_ran(results):
    """The context, in words."""
    context = results.context
    commit = context["git_commit"][:12] + (" with uncommitted changes" if context["git_dirty"] else "")
    modules = [
        f"`{name}` of {peer}: {facts.get('srcversion', facts['sha256'])}"
        for peer in results.peers
        for name, facts in context["peers"][peer]["modules"].items()
    ]
    return "\n".join(
        [
            f"- Linux {context['kernel']}, {context['kernel_config']}",
            f"- lane `{context['lane']}`: QEMU {context['qemu']}, {context['guest_cpus']} CPU, "
            f"{context['guest_memory']} of memory",
            f"- commit {commit}",
            f"- {'; '.join(modules)}",
        ]
    )


def counted(results, directory):
    """What is counted beside instructions, where the results have it: a table each."""
    parts = []
    for column, head in COUNTED.items():
        rows = results.counted(column)
        if rows:
            parts += [f"### {head}", side_by_side(rows, results.peers, ["op", "shape", "size", "per"])]
    if parts:
        parts.insert(0, "## What is counted beside instructions")
    if (directory / "estimate.json").is_file():
        parts += ["### How far the estimate is to be trusted", included("estimate.md"),
                  estimate.document(directory / "estimate.json")]
    return parts


def worth(directory):
    """What each idea is worth, where that was measured."""
    path = directory / "ablation.json"
    return ["## What each idea is worth", ablation.document(path)] if path.is_file() else []


def report(results, directory):
    """The whole of REPORT.md."""
    figures = Figures(results)
    peers = results.peers
    usual = results.usual()
    per_page = f"{results.unit} per 4 KiB page"

    def of(*ops):
        return [row for row in usual if row.op in ops]

    parts = [
        "<!-- Made by scripts/results/report.py from results/report/ and the texts in docs/: edit those, or measure. -->",
        "# What mapping memory for a device costs",
        f"Figures are {per_page}, system call included, unless a table says otherwise. `fast/type1` is what `fast` costs "
        "divided by what `type1` costs: under 1 it is cheaper.",
        "## map",
        side_by_side(of("map"), peers, ["shape", "size"]),
        "## unmap",
        side_by_side(of("unmap"), peers, ["shape", "size"]),
        "## map of memory that was never touched",
        side_by_side(of("fault_in"), peers, ["shape", "size"]),
        f"## One page, alone and among others, and a look-up ({results.unit} per call)",
        side_by_side([row for row in usual if row.per == "call"], peers, ["op"]),
        "## A copy, and a second domain",
        side_by_side(of("copy", "attach"), peers, ["op", "shape", "size"]),
        "![what fast costs, divided by what others cost](docs/plots/ratio.svg)",
        fill_in(ROOT / "docs/why.md", figures),
        *worth(directory),
        f"## How cost grows with size (`fast`, {per_page})",
        "### map",
        growth(results, "map", "fast"),
        "### unmap",
        growth(results, "unmap", "fast"),
        "![cost of a map against size](docs/plots/map.svg)",
        "![cost of an unmap against size](docs/plots/unmap.svg)",
        "## What is kept in memory for each GiB that is mapped",
        memory(results),
        *counted(results, directory),
        *lives(directory),
        included("threads.md"),
        together(directory),
        *many(directory),
        included("micro.md"),
        "### Figures",
        native(directory),
        fill_in(ROOT / "docs/method.md", figures),
        fill_in(ROOT / "docs/kernel.md", figures),
        beside_lean(results, directory),
        *on_arm64(results, directory),
        "## What ran",
        what_ran(results),
        "## All figures",
        side_by_side(results.rows(), peers, ["op", "shape", "size", "per"]),
    ]
    return "\n\n".join(parts) + "\n"


def between_marks(name, tables):
    """A text with these tables between its two lines."""
    before, begun, rest = (ROOT / name).read_text().partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not begun or not ended:
        sys.exit(f"error: {name} has no lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{tables}\n{END}{after}"


def readme(results):
    """README.md with the short table."""
    rows = [row for row in results.usual() if row.op not in ("copy", "attach")]
    short = "\n\n".join(
        [
            side_by_side(rows, results.peers, ["op", "shape", "size"]),
            "Memory that is kept for each GiB that is mapped, without IO page tables:",
            memory(results),
        ]
    )
    return between_marks("README.md", short)


def slow_start(directory):
    """docs/slow-start.md with what a start costs by the guest's memory, and what helpers make of it."""
    results, together_figures = vm.Vm(directory / "vm-icount.json"), threads.Threads(directory / "threads.json")
    rows = {row.shape: row for row in results.rows() if row.op == "vm start" and row.size == "1GiB"}
    lines = []
    for memory_name, (what, load) in SLOW_START.items():
        by_two = together_figures.get(load, "helpers", "fast", "map_speedup") if load else None
        lines.append([what, *(cell(rows[shape], "fast", results.show) if shape in rows else "–"
                              for shape in (memory_name + vm.UNTOUCHED, memory_name)), times(by_two)])
    head = ["the memory of the guest", "nobody has touched it", "it is there before", "helpers, two CPUs"]
    return between_marks("docs/slow-start.md", markdown([head, *lines], 1))


def is_whole(path):
    """Whether results are of all benchmarks that the report has, and none of them failed."""
    document = json.loads(path.read_text(encoding="utf-8"))
    context = document["context"]
    peers = ALL_PEERS.get(path.name, 0)
    bad = any(bench.get("error_occurred") for bench in document["benchmarks"])
    part = context.get("filter") not in (None, "", PARTS.get(path.name))
    return not (bad or part or context.get("git_dirty") or len(context.get("peers", ())) < peers)


def write(directory, output):
    """Both texts; what there is has to be all that they are made from."""
    for name in ("icount.json", "icount-lean.json", "vm-icount.json", "threads.json", "native.json", "native-insn.json"):
        if not (directory / name).is_file():
            sys.exit(f"error: {directory} has no {name}, which the report is made from")
    results = Results(directory / "icount.json")
    texts = {
        "REPORT.md": report(results, directory), "README.md": readme(results), "docs/slow-start.md": slow_start(directory)
    }
    for name, text in texts.items():
        (output / name).parent.mkdir(exist_ok=True)
        (output / name).write_text(text)


def main():
    match sys.argv[1:]:
        case ["write", directory, output]:
            write(pathlib.Path(directory), pathlib.Path(output))
        case ["whole", path]:
            return 0 if is_whole(pathlib.Path(path)) else 1
        case _:
            sys.exit(__doc__.strip())
