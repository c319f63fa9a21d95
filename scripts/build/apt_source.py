#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The machine's own Debian source for apt, with another suite: one deb822 stanza on standard output.

Reads both forms that apt knows (*.sources and *.list) below DIR/sources.list.d and DIR/sources.list, takes the first
enabled binary source of the main archive, and keeps all that it says (URIs, Signed-By, …) but its suite and components.

usage: apt_source.py SUITE [DIR]      (DIR: /etc/apt)
"""

import pathlib
import re
import sys

# A suite of the main archive is one plain word: bookworm, stable, sid. The others have a suffix or a slash.
MAIN_SUITE = re.compile(r"^[a-z]+$")


def stanzas(text):
    """deb822 stanzas as dicts of field name (lower case) to (name as written, value); comments left out."""
    found, current, last = [], {}, None
    for line in text.splitlines() + [""]:
        if line.startswith("#"):
            continue
        if not line.strip():
            if current:
                found.append(current)
            current, last = {}, None
        elif line[0] in " \t" and last:
            name, value = current[last]
            current[last] = (name, value + "\n" + line)
        elif ":" in line:
            name, value = line.split(":", 1)
            last = name.strip().lower()
            current[last] = (name.strip(), value.strip())
    return found


def one_line(text):
    """The same from lines of the form: deb [option=value ...] URI suite component..."""
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[([^]]*)\]\s*)?(\S+)\s+(\S+)\s+([^#]+)", line)
        if not match:
            continue
        options, uri, suite, components = match.groups()
        stanza = {
            "types": ("Types", "deb"),
            "uris": ("URIs", uri),
            "suites": ("Suites", suite),
            "components": ("Components", components.strip()),
        }
        names = {"arch": "Architectures", "signed-by": "Signed-By", "trusted": "Trusted",
                 "check-valid-until": "Check-Valid-Until"}
        for option in (options or "").split():
            key, _, value = option.partition("=")
            if key.lower() in names:
                name = names[key.lower()]
                # Lists are separated by commas in this form and by blanks in the other.
                stanza[name.lower()] = (name, value.replace(",", " "))
        found.append(stanza)
    return found


def is_debian_archive(stanza):
    def words(field):
        return stanza.get(field, ("", ""))[1].split()

    if "deb" not in words("types") or words("enabled") in (["no"], ["false"], ["0"]):
        return False
    if "main" not in words("components") or not any(MAIN_SUITE.match(s) for s in words("suites")):
        return False
    # Other vendors also use "stable main"; the archive has "debian" in its path on every mirror
    # (cloud images name a list of mirrors instead: debian.list).
    return any(re.search(r"/debian(/|$|\.list$)", uri) for uri in words("uris"))


def with_suite(stanza, suite):
    changed = {**stanza, "types": ("Types", "deb"), "suites": ("Suites", suite), "components": ("Components", "main")}
    dropped = ("enabled", "x-repolib-name", "pdiffs", "targets")
    return "".join(f"{name}: {value}\n" for key, (name, value) in changed.items() if key not in dropped)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    etc = pathlib.Path(sys.argv[2] if len(sys.argv) == 3 else "/etc/apt")
    parts = etc / "sources.list.d"
    # Debian's own file first: a third party's repository may look like an archive too.
    files = sorted(parts.glob("*.sources"), key=lambda p: (p.name != "debian.sources", p.name))
    files += [etc / "sources.list"] + sorted(parts.glob("*.list"))
    for path in files:
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for stanza in stanzas(text) if path.suffix == ".sources" else one_line(text):
            if is_debian_archive(stanza):
                sys.stdout.write(with_suite(stanza, sys.argv[1]))
                return
    sys.exit(f"no Debian archive among the sources of apt in {etc}")


if __name__ == "__main__":
    main()
