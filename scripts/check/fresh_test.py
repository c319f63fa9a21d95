#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The cases of scripts/check/fresh-test.sh, which says what they are for. Prints KTAP, without the outermost numbers.

usage: fresh_test.py GLOB BASE TREE COMMIT CACHE DIRECTORY

BASE is a root file system on which nothing was installed but what README.md asks for; COMMIT of the repository TREE is
tried; CACHE has its kernels; machines are made in DIRECTORY, and each is gone after its case. LONG in the environment:
also the cases that take long.
"""

import contextlib
import errno
import fnmatch
import functools
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import traceback

from fresh_machine import END_SECONDS, Failed, Machine, mount

# Lanes cut to one row and one suite, by the variables that README.md says; nothing else of its commands is changed.
FILTERS = {"BENCH_FILTER": "^map/thp/16MiB/", "PEERS": "fast", "TEST_FILTER": "map-bad/*"}
ROW = r"^map +thp +16MiB "
PASSED = r"^[1-9]\d* passed, 0 failed, \d+ skipped$"
# A guest that is ended because it hangs is given so long, by its own clock.
STALL_SECONDS = 20


def takes_long(case):
    """A case for LONG=1 only."""
    case.takes_long = True
    return case


class Setting:
    """What cases are made from."""

    def __init__(self, base, tree, commit, cache, directory):
        self.base, self.tree, self.commit, self.cache, self.directory = base, tree, commit, cache, directory
        self.archives = cache / "fresh/archives"
        (self.archives / "partial").mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def machine(self, name, *layers, cache=True, user=False, clone=True, keep=False):
        with Machine(self.directory / name, [*layers, self.base], user, keep) as machine:
            machine.environment |= FILTERS
            machine.use_archives(self.archives)
            if user:
                machine.user = False
                # Without lists again, as the machine was.
                machine.do("cd / && apt-get -q update && apt-get install -qy --no-install-recommends sudo && "
                           "rm -r /var/lib/apt/lists/* && useradd -m -u 1000 -s /bin/bash user && "
                           "echo 'user ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/user")
                machine.user = True
            if cache:
                machine.hand_in_cache(self.cache)
            if clone:
                machine.clone(self.tree, self.commit)
            yield machine

    @functools.cached_property
    def commands(self):
        """README.md's commands, by what they make."""
        text = subprocess.run(["git", "-C", self.tree, "show", f"{self.commit}:README.md"], capture_output=True, text=True,
                              check=True).stdout
        return {what: line for line, what in re.findall(r"^    (make (bench|test)\b.*)$", text, re.MULTILINE)}

    @functools.cached_property
    def installed_or_why_not(self):
        try:
            with self.machine("installed", keep=True) as machine:
                bench(machine, self)
        except Exception as error:
            print("\n".join(f"    # {line}" for line in str(error).splitlines()), flush=True)
            return None, error
        return [self.directory / "installed/changes"], None

    @property
    def installed(self):
        """Layers of a machine on which `make bench` was run, with its tree; tried once."""
        layers, error = self.installed_or_why_not
        if error:
            raise Failed(f"there is no machine on which 'make bench' was run: {one_line(error)}") from error
        return layers


def one_line(error):
    """What sort of error, and what it says first."""
    return ": ".join([type(error).__name__, *str(error).splitlines()[:1]])


def expect(what, text, regex):
    if not re.search(regex, text, re.MULTILINE):
        raise Failed("\n".join([f"{what} did not say '{regex}', but last:", *text.splitlines()[-12:]]))


def one_round(text):
    """Packages are installed in one round."""
    rounds = re.findall(r"^--> installing packages: .*", text, re.MULTILINE)
    if len(rounds) > 1:
        raise Failed("\n".join(["packages are installed in more than one round:", *rounds]))


def bench(machine, setting):
    text = machine.do(setting.commands["bench"])
    expect("make bench", text, ROW)
    one_round(text)


def test(machine, setting):
    text = machine.do(setting.commands["test"])
    expect("make test", "\n".join(text.splitlines()[-1:]), PASSED)
    one_round(text)


def ends_with_one_line(command, regex):
    """It fails, and says why: in one line for who reads what it says."""
    if command.wait() == 0:
        raise Failed(f"'{command.line}' succeeded")
    errors = re.findall(r"^error: .*", command.text, re.MULTILINE)
    if len(errors) != 1 or not re.search(regex, errors[0]):
        raise Failed("\n".join([f"'{command.line}' did not say one error that is '{regex}', but:", *command.last_lines()]))
    if left := command.left():
        raise Failed("\n".join([f"'{command.line}' left behind:", *left]))


# --- commands: on a machine that has nothing ---------------------------------------------------------------------------


def commands_root(setting):
    assert setting.installed
    with setting.machine("root", *setting.installed, cache=True, clone=False) as machine:
        test(machine, setting)


def commands_user(setting):
    with setting.machine("user", user=True) as machine:
        bench(machine, setting)
        test(machine, setting)


def two_at_once(machine, setting):
    """And a third one that only wants a package, while the first ones are at work for longer."""
    both = [machine.start(setting.commands[what]) for what in ("bench", "test")]
    both[0].wait_for(r"^--> bench-fast: ")
    # What `make dashboard` does first.
    text = machine.do("bash -c '. scripts/lib.sh; need_packages hello'")
    if "another run is at work" in text:
        raise Failed("\n".join(["a package is not installed beside a guest:", *text.splitlines()]))
    while not all(command.ended() for command in both):
        for command in both:
            # Nothing happens any more in one that ended, which is no hang.
            if not command.ended():
                command.listen()
        time.sleep(0.2)
    for command, regex in zip(both, (ROW, PASSED)):
        if command.wait():
            raise Failed("\n".join([f"'{command.line}' failed:", *command.last_lines()]))
        expect(command.line, command.text, regex)


def commands_two_at_once(setting):
    with setting.machine("two") as machine:
        two_at_once(machine, setting)


@takes_long
def commands_two_at_once_with_an_empty_cache(setting):
    """But for what was compiled before, without which it is most of an hour more."""
    with setting.machine("two-empty", cache=False) as machine:
        machine.hand_in(setting.cache / "ccache", machine.cache / "ccache")
        two_at_once(machine, setting)


@takes_long
def commands_first_table(setting):
    """All peers and all benchmarks, from nothing at all. How long that takes is said, of this machine and what else it does."""
    with setting.machine("first-table", cache=False) as machine:
        text = machine.do(f"env -u BENCH_FILTER -u PEERS {setting.commands['bench']}")
        expect("make bench", text, ROW)
        expect("make bench", text, r"^--> the table is there after ")
        one_round(text)
        print("\n".join(f"    # {line}" for line in re.findall(r"^--> (?:.* is ready, |\S+: done in |the table is ).*", text, re.MULTILINE)),
              flush=True)


# --- network: none -----------------------------------------------------------------------------------------------------


def network_none_with_a_full_cache(setting):
    with setting.machine("offline", *setting.installed, clone=False) as machine:
        status, text = machine.run(f"rm -rf build; {setting.commands['bench']}", network=False)
        if status:
            raise Failed("\n".join(["without network:", *text.splitlines()[-12:]]))
        expect("make bench", text, ROW)


def network_none_and_no_packages(setting):
    with setting.machine("offline-bare") as machine:
        ends_with_one_line(machine.start(setting.commands["bench"], network=False), "packages|apt")


def network_none_and_no_cache(setting):
    with setting.machine("offline-empty", *setting.installed, cache=False, clone=False) as machine:
        ends_with_one_line(machine.start(setting.commands["bench"], network=False), "no package linux-source")


# --- disk: full ----------------------------------------------------------------------------------------------------------


def small(machine, path, size):
    """A small disk in the machine."""
    place = machine.root / path.lstrip("/")
    place.mkdir(parents=True, exist_ok=True)
    mount("-t", "tmpfs", "-o", f"size={size}", "small", place)
    return place


def fill(place, left_kib):
    """Leaves so much of a disk, or less: others may write to it meanwhile."""
    def to_fill():
        stat = os.statvfs(place)
        return stat.f_bavail * stat.f_frsize - left_kib * 1024
    with open(place / "filled", "wb", buffering=0) as file:
        try:
            while (size := to_fill()) > 0:
                file.write(bytes(size))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def disk_full_while_unpacking(setting):
    with setting.machine("disk-unpack", *setting.installed, cache=False, clone=False) as machine:
        machine.hand_in(setting.cache / "apt", small(machine, "/small", "64M") / "apt")
        ends_with_one_line(machine.start(f"CACHE=/small {setting.commands['bench']}"), "kernel-unpack: no space left in /small")


@takes_long
def disk_full_while_building(setting):
    with setting.machine("disk-build", *setting.installed, clone=False) as machine:
        small(machine, "/small", "40M")
        source = f"/root/.cache/iommufd-fast/linux-{(setting.cache / 'linux-version').read_text().strip()}"
        ends_with_one_line(machine.start(f"KERNEL_SRC={source} CACHE=/small {setting.commands['bench']}"),
                           "kernel-bench: no space left in /small")


def disk_full_while_making_the_initramfs(setting):
    with setting.machine("disk-initramfs", *setting.installed, cache=False, clone=False) as machine:
        changes = small(machine, "/small", "64M")
        machine.hand_in_cache(setting.cache, changes)
        for path in machine.cache.glob("initramfs*"):
            path.unlink()
        fill(changes, 2048)
        # What makes it is part of what boots a guest.
        ends_with_one_line(machine.start(setting.commands["bench"]), "bench-fast: no space left in /root/.cache/iommufd-fast")


def disk_full_while_results_come(setting):
    with setting.machine("disk-results", *setting.installed, clone=False) as machine:
        tree = machine.tree
        machine.tree = "/small/iommufd-fast"
        place = small(machine, "/small", "256M")
        machine.do(f"cp -a {tree} /small")
        command = machine.start(setting.commands["bench"])
        command.wait_for(r"^--> bench-fast: ")
        fill(place, 0)
        ends_with_one_line(command, "no space left in /small/iommufd-fast")


# --- interrupt: Ctrl-C in each phase, and again ----------------------------------------------------------------------------


def after(step, seconds):
    """A line of progress of a step, after so many seconds or more: a busy machine may have left one out. Under ten."""
    return rf"^--> {step}: (.*, )?([{seconds}-9]|\d\d+) s$"


def interrupted(machine, line, regex, twice=False):
    """A command is interrupted where it says that, ends soon and leaves nothing."""
    command = machine.start(line)
    command.wait_for(regex)
    command.interrupt()
    if twice:
        time.sleep(0.3)
        command.interrupt()
    # dpkg is not to be interrupted: apt waits for it.
    status = command.wait(None if "apt" in regex else END_SECONDS)
    if not status:
        raise Failed(f"'{line}' was interrupted at '{regex}' and succeeded")
    if "Traceback" in command.text:
        raise Failed("\n".join(["it ends with a traceback:", *command.last_lines(30)]))
    if left := command.left(20):
        raise Failed("\n".join([f"'{line}', interrupted at '{regex}', left behind:", *left]))
    command.kill()


def interrupt_bench(setting):
    """One machine, from nothing to its results, in spite of it all."""
    with setting.machine("interrupt") as machine:
        line = setting.commands["bench"]
        for at, (regex, twice) in enumerate((("^--> installing packages", False), (after("apt-install", 3), False),
                                             (after("apt-install", 6), True), (after("modules-bench-kmod", 1), False),
                                             (after("modules-bench-kmod", 2), True), (after("bench-fast", 2), False),
                                             (after("bench-fast", 4), True), ("^--> fast: done in", False))):
            print(f"    # {at + 1}: {regex}", flush=True)
            interrupted(machine, line, regex, twice)
        bench(machine, setting)


@takes_long
def interrupt_test(setting):
    """With all of its guests at work."""
    with setting.machine("interrupt-test", *setting.installed, clone=False) as machine:
        del machine.environment["TEST_FILTER"]
        line = setting.commands["test"]
        interrupted(machine, line, after("modules-test-kmod", 2))
        for twice in (False, True):
            # Until the guests of the device, of memory and of the selftests have all begun.
            interrupted(machine, line, r"^ *ok 3 ", twice)
        machine.environment["TEST_FILTER"] = FILTERS["TEST_FILTER"]
        test(machine, setting)


@takes_long
def interrupt_kernel(setting):
    """With nothing in the cache: the kernel is got, and what is loaded into it built."""
    with setting.machine("interrupt-kernel", *setting.installed, cache=False, clone=False) as machine:
        line = setting.commands["bench"]
        for regex, twice in (("^--> downloading", False), ("^--> downloading", True),
                             (after("kernel-unpack", 1), False), (after("kernel-unpack", 2), True),
                             (after("kernel-bench-prepare", 1), False), (after("kernel-bench", 5), False),
                             (after("kernel-bench", 9), True)):
            print(f"    # {regex}", flush=True)
            interrupted(machine, line, regex, twice)
        bench(machine, setting)


# --- guest: one that hangs --------------------------------------------------------------------------------------------------

GUEST = "mkdir -p /tmp/share && printf '%s\\n' '{job}' >/tmp/share/job && {more} scripts/guest/guest.sh --kernel " \
        "\"$(scripts/build/kernel.sh path bench)\" --share /tmp/share --edu 0 --mem 512M --lane {lane} --stall {stall}"


def hung(setting, name, lane, job, more=""):
    with setting.machine(f"guest-{name}", *setting.installed, clone=False) as machine:
        line = GUEST.format(job=job, more=more, lane=lane, stall=STALL_SECONDS)
        command = machine.start(line, limit_seconds=20 * STALL_SECONDS)
        ends_with_one_line(command, f"the guest made no progress for {STALL_SECONDS} s of its own time; the console is")


def guest_spins(setting):
    hung(setting, "spins", "icount", "while :; do :; done")


def guest_sleeps(setting):
    hung(setting, "sleeps", "mttcg", "sleep 100000")


def guest_with_interrupts_off(setting):
    hung(setting, "stuck", "icount", "insmod /host/stuck.ko",
         "OUT=$PWD/build/stuck scripts/build/modules.sh bench tests/tools/stuck && cp build/stuck/stuck.ko /tmp/share && ")


def guest_is_told_the_time(setting):
    """Three seconds of its own clock take no less of the machine's."""
    with setting.machine("guest-ticks", *setting.installed, clone=False) as machine:
        job = 'stty raw -F "$TICKS" && dd if="$TICKS" of=/host/ticks bs=1 count=3'
        machine.do(GUEST.format(job=job, more="", lane="mttcg", stall=60))
        if (machine.root / "tmp/share/ticks").read_text() != "...":
            raise Failed("the guest did not get its ticks")


# --- load: a busy machine ---------------------------------------------------------------------------------------------------

BUSY = 12


@takes_long
def load_bench_and_race(setting):
    with setting.machine("load", *setting.installed, clone=False) as machine:
        machine.environment["TEST_FILTER"] = "threads/*"
        busy = [subprocess.Popen(["timeout", "7200", "sh", "-c", "while :; do :; done"]) for _ in range(BUSY)]
        try:
            bench(machine, setting)
            test(machine, setting)
        finally:
            for process in busy:
                process.terminate()


SUITES = {
    "commands": [commands_root, commands_user, commands_two_at_once, commands_two_at_once_with_an_empty_cache,
                 commands_first_table],
    "network": [network_none_with_a_full_cache, network_none_and_no_packages, network_none_and_no_cache],
    "disk": [disk_full_while_unpacking, disk_full_while_building, disk_full_while_making_the_initramfs,
             disk_full_while_results_come],
    "interrupt": [interrupt_bench, interrupt_test, interrupt_kernel],
    "guest": [guest_spins, guest_sleeps, guest_with_interrupts_off, guest_is_told_the_time],
    "load": [load_bench_and_race],
}


def run_suite(setting, suite, cases):
    """Prints its results; whether all were good."""
    print(f"    KTAP version 1\n    # Subtest: {suite}\n    1..{len(cases)}", flush=True)
    bad = False
    for number, (name, case) in enumerate(cases, 1):
        why, verdict, directive = "", "ok", ""
        start = time.monotonic()
        try:
            case(setting)
        except Failed as failed:
            why, verdict = str(failed), "not ok"
        except Exception as error:
            # A mistake of a case is no reason to leave out the others.
            why, verdict, directive = traceback.format_exc(), "not ok", f" # ERROR {one_line(error)}"
        bad |= verdict != "ok"
        for line in why.splitlines():
            print(f"    # {line}")
        print(f"    # {time.monotonic() - start:.0f} s")
        print(f"    {verdict} {number} {name}{directive}", flush=True)
    return not bad


def stop(number, _):
    """Ends as an interrupt does, but for the traceback: what is in use is given back, which nothing interrupts."""
    for other in (signal.SIGINT, signal.SIGTERM):
        signal.signal(other, signal.SIG_IGN)
    # Who reads what we say may be gone by now.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(128 + number)


def main():
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    pattern, base, tree, commit, cache, directory = sys.argv[1:]
    setting = Setting(pathlib.Path(base), tree, commit, pathlib.Path(cache), pathlib.Path(directory).resolve())
    chosen = {}
    for suite, cases in SUITES.items():
        named = [(case.__name__.removeprefix(f"{suite}_").replace("_", "-"), case) for case in cases
                 if os.environ.get("LONG") or not hasattr(case, "takes_long")]
        wanted = [(name, case) for name, case in named if fnmatch.fnmatch(f"{suite}/{name}", pattern)]
        if wanted:
            chosen[suite] = wanted
    if not chosen:
        sys.exit(f"error: no case matches TEST_FILTER='{pattern}'")
    print(f"1..{len(chosen)}", flush=True)
    for suite, cases in chosen.items():
        print(f"{'ok' if run_suite(setting, suite, cases) else 'not ok'} 0 {suite}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
