# SPDX-License-Identifier: GPL-2.0-only
"""What people have said of changes: results/triage.toml. Imported, never run.

    [[change]]
    benchmark = "map/scatter4k/*/fast"      # operation/shape/size/peer; * and ? as in a shell
    commit = "0123456789ab"                 # the commit that it is of, by its first digits
    verdict = "accepted"                    # or "explained": it is none of the commit's making
    reason = "a lock that was not there"

It is reviewed like code. What it has no line for is open.
"""

import dataclasses
import fnmatch
import pathlib
import re
import tomllib

from .run import BadRun

HERE = pathlib.Path(__file__).resolve().parent
TRIAGE = HERE.parents[1] / "results/triage.toml"
VERDICTS = ("accepted", "explained")


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A line of the file."""

    benchmark: str
    commit: str
    verdict: str
    reason: str

    @classmethod
    def of(cls, entry):
        """What is said; BadRun where it cannot be meant."""
        try:
            found = cls(**entry)
        except TypeError as error:
            raise BadRun(f"a change needs {', '.join(field.name for field in dataclasses.fields(cls))}, each once: {entry}") from error
        if not all(isinstance(value, str) and value.strip() for value in entry.values()):
            raise BadRun(f"a change has a field without a text: {entry}")
        if found.verdict not in VERDICTS:
            raise BadRun(f"the verdict '{found.verdict}' is none of {', '.join(VERDICTS)}")
        if not re.fullmatch("[0-9a-f]{7,40}", found.commit):
            raise BadRun(f"'{found.commit}' is no commit: it needs 7 to 40 digits")
        return found

    def covers(self, name, commit):
        """Whether it is about this benchmark and this commit."""
        return commit.startswith(self.commit) and fnmatch.fnmatchcase(name, self.benchmark)


def load(path=TRIAGE):
    """The verdicts of a file; none where there is no file."""
    try:
        document = tomllib.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise BadRun(f"{path}: {error}") from error
    if set(document) - {"change"} or not isinstance(document.get("change", []), list):
        raise BadRun(f"{path}: it has [[change]] and nothing else")
    try:
        return [Verdict.of(entry) for entry in document.get("change", [])]
    except BadRun as error:
        raise BadRun(f"{path}: {error}") from error


def name_of(key):
    """A benchmark, as the file names it."""
    return "/".join((key.op, key.shape, key.size, key.peer))


def find(verdicts, name, commit):
    """What is said of a benchmark's change by a commit; None if nothing is."""
    return next((verdict for verdict in verdicts if verdict.covers(name, commit)), None)
