# SPDX-License-Identifier: GPL-2.0-only
"""What git says of this repository.

usage: main.py repository

Exits with 1 if the tree has changes that are not committed, and that are not made from results.
"""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What is made from results, and changes no figure: writing it does not make the next run one of an unknown tree.
MADE = ("results", "REPORT.md", "README.md", "docs/plots")


def git(*args):
    """What git says, or None where there is no repository, no such commit or no git."""
    try:
        run = subprocess.run(["git", "-C", ROOT, *args], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return run.stdout.strip() if run.returncode == 0 else None


def state():
    """The commit that is checked out, and whether the tree differs from it."""
    return {
        "git_commit": git("rev-parse", "HEAD") or "none",
        "git_dirty": git("status", "--porcelain", "--", ".", *(f":!{path}" for path in MADE)) != "",
    }


def commit_facts(commit):
    """When a commit was made and its subject; two empty texts for one that is not here."""
    committed, _, subject = (git("show", "-s", "--format=%cI%n%s", commit, "--") or "").partition("\n")
    return committed, subject


def main():
    return 1 if state()["git_dirty"] else 0
