# SPDX-License-Identifier: GPL-2.0-only
"""What git says of this repository.

usage: main.py repository

Exits with 1 if the tree has changes that are not committed, and that are not made from results.
"""

import functools
import hashlib
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What is made from results, and changes no figure: writing it does not make the next run one of an unknown tree.
MADE = ("results", "REPORT.md", "README.md", "docs/plots", "docs/slow-start.md")
# What makes a figure of a module, beside the module.
BENCH = ("bench/e2e", "bench/shim", "bench/profile/mark.h", "guest", "configs",
         *(f"scripts/{name}" for name in ("guest", "measure/bench.sh", "measure/e2e.sh")))


def git(*args):
    """What git says, or None where there is no repository, no such commit or no git."""
    try:
        run = subprocess.run(["git", "-C", ROOT, *args], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return run.stdout.strip() if run.returncode == 0 else None


def changed(*but):
    """Whether there are changes that are not committed, and not made from results; except for those of some paths."""
    return git("status", "--porcelain", "--", ".", *(f":!{path}" for path in (*MADE, *but))) != ""


def state():
    """The commit that is checked out, and whether the tree differs from it.

    MEASURED is a commit whose module is in the place of that one's (past.sh of `make backfill`): then the figures are that
    commit's, and it is said which one the rest is of.
    """
    head, measured = git("rev-parse", "HEAD") or "none", os.environ.get("MEASURED")
    if not measured or measured == head:
        return {"git_commit": head, "git_dirty": changed()}
    return {
        "git_commit": measured,
        "git_dirty": changed("kmod") or git("diff", "--quiet", measured, "--", "kmod") is None,
        "bench_commit": head,
        "bench": bench_of(head) or head[:12],
    }


def bench_of(commit):
    """What the benchmarks of a commit are told apart by; None where it has none of these. Equal ones give equal figures, of the
    same module, kernel and QEMU.
    """
    trees = git("rev-parse", *(f"{commit}:{path}" for path in BENCH))
    return hashlib.sha256(trees.encode()).hexdigest()[:12] if trees else None


def commit_facts(commit):
    """When a commit was made and its subject; two empty texts for one that is not here."""
    committed, _, subject = (git("show", "-s", "--format=%cI%n%s", commit, "--") or "").partition("\n")
    return committed, subject


@functools.cache
def places():
    """By commit, how many of those that are checked out come before it: of a series that was rebased, dates do not tell."""
    commits = (git("rev-list", "--topo-order", "--reverse", "HEAD") or "").split()
    return {commit: place for place, commit in enumerate(commits)}


def commits_between(old, new):
    """The commits after one and up to another one, newest first; none where either is not here."""
    return (git("rev-list", f"{old}..{new}", "--") or "").split()


def main():
    return 1 if state()["git_dirty"] else 0
