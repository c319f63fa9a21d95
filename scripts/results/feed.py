# SPDX-License-Identifier: GPL-2.0-only
"""The changes of the history as a feed (Atom). Imported, never run: the dashboard (dashboard.py) has it beside it.

An entry for each commit that another level of some benchmark begins with, in any lane, the newest first, at most 50. Its text
is a line for each of these, the largest first, and what has been said of it.
"""

import collections
import datetime
import xml.etree.ElementTree as ET

from .changepoints import size
from .triage import name_of
from .text import number

ATOM = "http://www.w3.org/2005/Atom"
MOST = 50
LINES = 20


def element(parent, name, text=None, **attributes):
    """A part of the feed."""
    child = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    child.text = text
    return child


def stamp(run):
    """When a run's commit was made, as Atom has it."""
    return datetime.datetime.fromtimestamp(run.order[0], datetime.timezone.utc).isoformat(timespec="seconds")


def line(change):
    """A change in words."""
    said = f" ({change.verdict.verdict}: {change.verdict.reason})" if change.verdict else ""
    return (f"{name_of(change.key)}, lane {change.run.lane}: {number(change.before)} → {number(change.after)} "
            f"{change.key.unit} per {change.key.per}, {(change.ratio - 1) * 100:+.1f} %{said}")


def entry(feed, commit, found, url):
    """A commit and what it changed."""
    run = found[0].run
    worse = sum(change.ratio > 1 for change in found)
    part = element(feed, "entry")
    element(part, "id", f"tag:iommufd-fast,2026:change/{commit}")
    element(part, "title", f"{run.subject or commit[:12]}: {worse} up, {len(found) - worse} down")
    element(part, "updated", stamp(run))
    element(part, "link", href=f"{url}#/commit/{commit[:12]}")
    lines = [line(change) for change in found[:LINES]]
    if len(found) > LINES:
        lines.append(f"and {len(found) - LINES} more")
    element(part, "content", "\n".join(lines), type="text")


def write(path, changes, newest, url=""):
    """Write the feed of changes. @newest is the last run of all. @url is where the dashboard is; without one, links are
    relative to the feed's own place.
    """
    url = url if not url or url.endswith("/") else f"{url}/"
    by_commit = collections.defaultdict(list)
    for change in sorted(changes, key=lambda change: size(change.ratio), reverse=True):
        by_commit[change.run.commit].append(change)
    ordered = sorted(by_commit.items(), key=lambda pair: pair[1][0].run.order, reverse=True)[:MOST]
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed")
    element(feed, "id", "tag:iommufd-fast,2026:changes")
    element(feed, "title", "iommufd-fast: where performance changed")
    element(element(feed, "author"), "name", "iommufd-fast")
    element(feed, "updated", stamp(ordered[0][1][0].run if ordered else newest))
    element(feed, "link", rel="self", href=f"{url}feed.xml")
    element(feed, "link", rel="alternate", href=f"{url}index.html")
    for commit, found in ordered:
        entry(feed, commit, found, f"{url}index.html")
    ET.indent(feed, " ")
    ET.ElementTree(feed).write(path, encoding="utf-8", xml_declaration=True)
