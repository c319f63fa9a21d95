#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The pages of the manual of the inside, and what has to be true of it. For doc.sh.

pages KERNEL_DOC OUT FILE...: a page for each wing in OUT, as reStructuredText: of each file the comment that it begins with
and its kernel-doc. Prints what the kernel's tool warns of, and the functions that other files can call and that have no
kernel-doc, or one that the tool passes over; then the exit status is 1.

design MANUAL FILE...: prints the locks of the files that MANUAL does not name, as `struct.member`, and the functions, files and
floors that it names and that are not there; then the exit status is 1.
"""

import concurrent.futures
import os
import re
import subprocess
import sys

FOLDER = "kmod/"
FLOORS = FOLDER + "FLOORS"

# A definition begins in the first column, and so does the brace of its body.
FUNCTION = re.compile(r"^(?!static\b|typedef\b)[a-z][\w \t\n*]*?\b(\w+)\([^;{}]*?\)\n\{", re.MULTILINE)
# What the tool has written of, and the mention of a function that may be among it.
DECLARED = re.compile(r"^\.\. c:(\w+):: (?:.*?\b(\w+) \(|(\w+)$)", re.MULTILINE)
MENTION = re.compile(r"(?<=[\s(])(\w+)\(\)(?=[\s),.:;])")
# The tool knows no kernel-doc in one line but of members. And a list right behind text is part of it.
ONE_LINE = re.compile(r"^/\*\* (\w+)\(\) - .*\*/$", re.MULTILINE)
RUN_ON_LIST = re.compile(r"^ \* (?!\* |Return:\n|  )[^\n]*\n(?: \*  +\S[^\n]*\n)* \* (?=\* )", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
STRUCT = re.compile(r"^struct (\w+) \{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
LOCK = re.compile(r"^\t(?:struct mutex|spinlock_t|struct rw_semaphore|wait_queue_head_t) (\w+);", re.MULTILINE)
STATIC_LOCK = re.compile(r"^static DEFINE_(?:MUTEX|SPINLOCK|RWLOCK)\((\w+)\)|^static DECLARE_RWSEM\((\w+)\)", re.MULTILINE)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def title(text, mark):
    return f"{text}\n{mark * len(text)}\n\n"


def first_comment(text):
    """What a file says of itself: its first comment that is no SPDX line, without the marks; it stays as it was laid out."""
    for comment in COMMENT.findall(text):
        if "SPDX-License-Identifier" not in comment:
            lines = [re.sub(r"^ ?\*? ?", "", line).rstrip() for line in comment[2:-2].splitlines()]
            return "\n".join(lines).strip("\n")
    return ""


def literal(text):
    lines = "".join(f"   {line}".rstrip() + "\n" for line in text.splitlines())
    return f".. code-block:: none\n\n{lines}\n" if lines else ""


def kernel_doc(tool, path):
    """The kernel-doc of a file, and what the tool has to say of it."""
    done = subprocess.run([tool, "-Wall", "-Werror", "-rst", path], capture_output=True, text=True, check=False)
    said = done.stderr.splitlines()
    if done.returncode and not said:
        said = [f"{path}: {tool} ends with {done.returncode}"]
    return done.stdout, said


def declared(rst):
    return {match[2] or match[3]: match[1] for match in DECLARED.finditer(rst)}


def wing_of(path):
    return os.path.dirname(path)


def undocumented(path, text, documented):
    """The functions that other files can call, less those that are documented."""
    for match in FUNCTION.finditer(COMMENT.sub("", text)):
        if match[1] not in documented:
            yield f"Warning: {path}: no kernel-doc of {match[1]}(), which is not static"


def passed_over(path, text):
    """What looks like kernel-doc in the source, and not in what the tool makes of it."""
    for match in ONE_LINE.finditer(text):
        yield f"Warning: {path}: the kernel-doc of {match[1]}() is in one line, which is not rendered"
    for comment in COMMENT.finditer(text):
        for match in RUN_ON_LIST.finditer(comment[0]) if comment[0].startswith("/**\n") else ():
            line = text.count("\n", 0, comment.start() + match.end()) + 1
            yield f"Warning: {path}:{line} a list that no empty line comes before"


def write_pages(out, texts, rst):
    os.makedirs(out, exist_ok=True)
    wings = sorted({wing_of(path) for path in texts})
    for wing in wings:
        page = title(wing, "=")
        # The door first, and each header, which is the contract, before what keeps it.
        door = os.path.join(wing, os.path.basename(wing))
        for path in sorted((p for p in texts if wing_of(p) == wing), key=lambda p: (p[:-2] != door, p[:-1], p[-1] != "h")):
            page += title(path, "-") + literal(first_comment(texts[path])) + rst[path] + "\n"
        with open(os.path.join(out, wing.replace("/", "-") + ".rst"), "w", encoding="utf-8") as file:
            file.write(page)

    index = title("iommufd-fast: the inside", "=")
    index += "What belongs together, the locks and the words are in docs/design.md.\n\n"
    if os.path.exists(FLOORS):
        index += title("The floors", "-") + literal(read(FLOORS))
    index += ".. toctree::\n   :maxdepth: 2\n\n" + "".join(f"   {wing.replace('/', '-')}\n" for wing in wings)
    with open(os.path.join(out, "index.rst"), "w", encoding="utf-8") as file:
        file.write(index)
    with open(os.path.join(out, "conf.py"), "w", encoding="utf-8") as file:
        file.write('project = "iommufd-fast"\nhighlight_language = "c"\nhtml_theme = "alabaster"\nhtml_copy_source = False\n'
                   'c_id_attributes = ["__user", "__rcu", "__iomem"]\n')


def finish(rst, names, scope):
    """Mentions become links. Names that another file has, too, are in a scope of their own: Sphinx knows each one once."""
    rst = MENTION.sub(lambda match: f":c:func:`{match[1]}()`" if names.get(match[1]) == "function" else match[0], rst)
    return f".. c:namespace-push:: {scope}\n\n{rst}\n.. c:namespace-pop::\n\n" if scope else rst


def pages(tool, out, paths):
    texts = {path: read(path) for path in paths}
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
        done = dict(zip(texts, pool.map(lambda path: kernel_doc(tool, path), texts)))
    said = [line for _, lines in done.values() for line in lines]

    # Sources first: of what is nothing in kernels without tests, the header has a second, smaller one.
    names, scopes = {}, {}
    for path in sorted(texts, key=lambda p: (p[-1] != "c", p)):
        own = declared(done[path][0])
        scopes[path] = re.sub(r"\W", "_", path) if own.keys() & names.keys() else None
        names = own | names
    for path, text in texts.items():
        said += undocumented(path, text, names)
        said += passed_over(path, text)
    write_pages(out, texts, {path: finish(done[path][0], names, scopes[path]) for path in texts})
    # The tool says some of it twice.
    return list(dict.fromkeys(said))


def locks(texts):
    for path, text in texts.items():
        text = COMMENT.sub("", text)
        for struct in STRUCT.finditer(text):
            for lock in LOCK.finditer(struct[2]):
                yield path, f"{struct[1]}.{lock[1]}"
        for lock in STATIC_LOCK.finditer(text):
            yield path, lock[1] or lock[2]


def floors_of(lines):
    """The wings on each floor, which is a line that names some. main.c is above them, whether it is said or not."""
    floors = (frozenset(re.findall(r"\b[a-z_]+\b(?!\.)", line.replace("main.c", ""))) for line in lines)
    return [floor for floor in floors if floor]


def design(manual, paths):
    text = read(manual)
    texts = {path: read(path) for path in paths}
    said = [f"{manual}: does not name the lock `{lock}` of {path}" for path, lock in locks(texts) if f"`{lock}`" not in text]
    source = "\n".join(texts.values())
    said += [f"{manual}: there is no function {name}() in {FOLDER}"
             for name in sorted(set(re.findall(r"`(\w+)\(\)`", text))) if not re.search(rf"\b{name}\(", source)]
    # Before the folders of kmod/ were there, this would be in vain.
    if os.path.exists(FLOORS):
        said += [f"{manual}: there is no {path}"
                 for path in sorted(set(re.findall(rf"`({FOLDER}[\w./-]+)`", text))) if not os.path.exists(path)]
        drawn = floors_of(re.findall(r"^    \d  ([a-z.]+(?:, [a-z.]+)*)", text, re.MULTILINE))
        floors = floors_of(line.partition("#")[0] for line in read(FLOORS).splitlines())
        if floors not in (drawn, drawn[::-1]):
            said.append(f"{manual}: the drawing has other floors than {FLOORS}")
    return said


def main(argv):
    if argv[1:2] == ["pages"] and len(argv) > 4:
        said = pages(argv[2], argv[3], argv[4:])
    elif argv[1:2] == ["design"] and len(argv) > 3:
        said = design(argv[2], argv[3:])
    else:
        sys.exit(__doc__)
    for line in said:
        print(line)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
