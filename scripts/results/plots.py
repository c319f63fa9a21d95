# SPDX-License-Identifier: GPL-2.0-only
"""Draw REPORT.md's plots, as SVG.

usage: main.py plots RESULTS OUTPUT

map.svg, unmap.svg: what a page of 4 KiB costs against the size of the mapping, a panel for each shape, a line for each
peer. ratio.svg: what fast costs divided by what each other peer costs, a line for each row of the short tables.
"""

import pathlib
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402 (the backend comes first)
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator  # noqa: E402

from .e2e import Results  # noqa: E402
from .text import UNITS, amount, number  # noqa: E402

STYLE = {
    "type1": {"color": "#c2570c", "marker": "s", "linestyle": "--"},
    "iommufd": {"color": "#7e3bc4", "marker": "^", "linestyle": "-."},
    "fast": {"color": "#1d5fd0", "marker": "o", "linestyle": "-"},
    "floor": {"color": "#6b7280", "marker": "v", "linestyle": ":"},
}
# The same input draws the same file: no date in it, and names that are no random numbers.
matplotlib.rcParams |= {
    "svg.hashsalt": "iommufd-fast",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e5e7eb",
    "lines.markersize": 4,
    "lines.linewidth": 1.4,
}


def save(figure, path):
    """Write a figure; the background is white on a dark page, too."""
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight", facecolor="white")
    plt.close(figure)


def figures_axis(axis):
    """A logarithmic axis of costs, with figures as in the tables; where it is short, with more of them."""
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 50 * low else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    axis.set_minor_locator(NullLocator())


def by_size(results, op, path):
    """One panel for each shape."""
    rows = [row for row in results.rows() if row.op == op]
    shapes = list(dict.fromkeys(row.shape for row in rows))
    columns = 4
    lines = -(-len(shapes) // columns)
    figure, panels = plt.subplots(lines, columns, figsize=(12, 2.7 * lines), sharex=True, squeeze=False)
    for panel, shape in zip(panels.flat, shapes):
        mine = [row for row in rows if row.shape == shape]
        for peer in results.peers:
            points = [(row.bytes, row.value(peer)) for row in mine if row.value(peer)]
            if points:
                panel.plot(*zip(*points), label=peer, **STYLE[peer])
        panel.set(title=shape, xscale="log", yscale="log")
        panel.xaxis.set_major_locator(FixedLocator([4 << 10, 64 << 10, UNITS["MiB"], 16 << 20, 256 << 20]))
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: amount(value)))
        panel.xaxis.set_minor_locator(NullLocator())
        panel.tick_params(axis="x", labelrotation=45)
        figures_axis(panel.yaxis)
    for panel in panels.flat[len(shapes):]:
        panel.axis("off")
    handles = {}
    for panel in panels.flat:
        for handle, label in zip(*panel.get_legend_handles_labels()):
            handles.setdefault(label, handle)
    figure.legend(handles.values(), handles.keys(), loc="upper right", ncols=len(handles), frameon=False)
    figure.suptitle(f"{op}: {results.unit} per 4 KiB page, by size of the mapping", x=0.01, ha="left", fontsize=11)
    figure.tight_layout()
    save(figure, path)


def ratios(results, path):
    """One line for each row of the short tables."""
    rows = [row for row in results.usual() if row.value("fast")]
    rows.reverse()
    figure, axes = plt.subplots(figsize=(9, 0.26 * len(rows) + 1))
    for peer in ("type1", "iommufd", "floor"):
        points = [(row.ratio("fast", peer), i) for i, row in enumerate(rows) if row.ratio("fast", peer)]
        if points:
            axes.plot(*zip(*points), label=f"fast / {peer}", **(STYLE[peer] | {"linestyle": "none"}), markersize=6)
    axes.axvline(1, color="#111827", linewidth=1)
    axes.set(xscale="log", yticks=range(len(rows)), ylim=(-0.7, len(rows) - 0.3))
    axes.set_yticklabels([f"{row.op}  {'' if row.shape == 'none' else row.shape}" for row in rows])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}" if value >= 0.01 else f"1/{1 / value:.0f}"))
    axes.set_title("what fast costs, divided by what others cost: left of 1 it is cheaper", loc="left")
    axes.legend(loc="upper left", frameon=False)
    save(figure, path)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    results, output = Results(sys.argv[1]), pathlib.Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    for op in ("map", "unmap"):
        by_size(results, op, output / f"{op}.svg")
    ratios(results, output / "ratio.svg")
