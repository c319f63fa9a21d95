# SPDX-License-Identifier: GPL-2.0-only
"""What was measured, in a page of the documentation. Imported, never run."""

import sys


def write_between(doc, begin, end, rows):
    """Put rows between two lines of a page, in place of what is there."""
    text = doc.read_text(encoding="utf-8")
    before, found_begin, rest = text.partition(begin + "\n")
    _, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        sys.exit(f"error: {doc} has no lines {begin} and {end}")
    doc.write_text(f"{before}{begin}\n\n" + "\n".join(rows) + f"\n\n{end}{after}", encoding="utf-8")
