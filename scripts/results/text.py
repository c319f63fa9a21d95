# SPDX-License-Identifier: GPL-2.0-only
"""How figures are written, and how tables are: on a terminal and in Markdown."""

UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def bytes_of(size):
    """A size, as in the names of benchmarks, as a number."""
    return int(size.rstrip("KMGiB")) * UNITS.get(size.lstrip("0123456789"), 1)


def number(value):
    """A figure as it is shown: two to four digits that count."""
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:#.2g}"


def amount(value):
    """A number of bytes as it is shown."""
    if value is None:
        return "–"
    for unit, size in reversed(UNITS.items()):
        if abs(value) >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.0f} B"


def times(ratio):
    """A ratio as it is shown: what is very small as a fraction."""
    if ratio is None:
        return "–"
    if not ratio:
        return "0"
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.3f}" if ratio >= 0.01 else f"1/{1 / ratio:.0f}"


def print_table(lines, texts):
    """Columns as wide as they need; so many of text to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        cells = [
            text.ljust(width) if i < texts else text.rjust(width) for i, (text, width) in enumerate(zip(line, widths))
        ]
        print("  ".join(cells).rstrip())


def markdown(lines, texts):
    """The same as a table of Markdown; the first line is its head."""
    rule = ["---" if i < texts else "---:" for i in range(len(lines[0]))]
    return "\n".join("| " + " | ".join(line) + " |" for line in [lines[0], rule, *lines[1:]])
