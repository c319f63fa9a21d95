#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Run a command, and end it when it hangs, but not when the machine is slow.

usage: watch.py [--stall SECONDS] [--timeout SECONDS] [--ticks PATH] DIR COMMAND...

It hangs when for --stall seconds no file in DIR was written, or when it takes longer than --timeout seconds. Seconds are
those of the command's own clock, which stands while one of its threads is ready to run and waits for a CPU: what else
the machine does is not held against it. With --ticks the command can read that clock: there are fifos PATH.in and
PATH.out, as QEMU's pipes want them, and PATH.in gets a byte for each second; one that nobody takes is the last.

The exit status is the command's; 124 and a line on standard error, "watch: ...", when it hung. The command ends when this does, and
gets its SIGTERM.
"""

import argparse
import array
import ctypes
import fcntl
import os
import pathlib
import signal
import subprocess
import sys
import termios
import time

HUNG = 124
# How often it is looked, and how long a command has to end by itself when it is told to.
PERIOD_SECONDS = 1
GRACE_SECONDS = 5
PR_SET_PDEATHSIG = 1


class OwnClock:
    """The seconds that a process had since this was made, less those that it waited for a CPU."""

    # What lies between two looks is no more than this: the machine was asleep, or we were stopped.
    LONGEST_SECONDS = 10

    def __init__(self, pid):
        self.tasks = pathlib.Path(f"/proc/{pid}/task")
        self.seconds = 0.0
        self.before = time.monotonic()
        self.waited_ns = self.read()

    def read(self):
        """How long each thread has waited for a CPU; nothing where the kernel does not count it."""
        waited = {}
        for path in self.tasks.glob("*/schedstat"):
            try:
                waited[path] = int(path.read_text().split()[1])
            except (OSError, IndexError):
                pass
        return waited

    def advance(self):
        """Looks again, and says what time it is now. Whatever thread waited longest held up all others."""
        now, waited_ns = time.monotonic(), self.read()
        lost_ns = max((ns - self.waited_ns.get(path, 0) for path, ns in waited_ns.items()), default=0)
        self.seconds += max(0.0, min(now - self.before, self.LONGEST_SECONDS) - lost_ns / 1e9)
        self.before, self.waited_ns = now, waited_ns
        return self.seconds


class Ticks:
    """Tells a command what time it is."""

    def __init__(self, path):
        self.paths = [f"{path}.in", f"{path}.out"]
        self.told = 0
        self.remove()
        for each in self.paths:
            os.mkfifo(each)
        # For reading, too: then it can be opened although nobody reads it yet.
        self.fifo = os.open(self.paths[0], os.O_RDWR | os.O_NONBLOCK)

    def remove(self):
        for each in self.paths:
            pathlib.Path(each).unlink(missing_ok=True)

    def tell(self, seconds):
        """A reader that comes late is not to find seconds that were long before."""
        unread = array.array("i", [0])
        fcntl.ioctl(self.fifo, termios.FIONREAD, unread)
        missing = int(seconds) - self.told
        self.told += missing
        if missing and not unread[0]:
            os.write(self.fifo, b"." * missing)


def written(directory):
    """What changes when a file there is written."""
    try:
        facts = [(entry.name, entry.stat()) for entry in os.scandir(directory) if entry.is_file()]
    except OSError:
        return None
    return {name: (stat.st_size, stat.st_mtime_ns) for name, stat in facts}


def start(command):
    """The command, which is killed when this process ends, however that happens."""
    libc, parent = ctypes.CDLL(None), os.getpid()

    def die_with_parent():
        # An interrupt from the terminal is its own business, and here it is ignored.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    try:
        return subprocess.Popen(command, preexec_fn=die_with_parent)
    except OSError as error:
        sys.exit(f"error: {command[0]}: {error.strerror}")


def end(process):
    """Ends the command, kindly if it lets us."""
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def watch(process, directory, stall, timeout, ticks):
    """Returns why the command has to be ended, or None when it ended by itself."""
    clock, last, seen = OwnClock(process.pid), 0.0, None
    while True:
        try:
            process.wait(PERIOD_SECONDS)
            return None
        except subprocess.TimeoutExpired:
            pass
        now, found = clock.advance(), written(directory)
        if ticks:
            ticks.tell(now)
        if found != seen:
            last, seen = now, found
        if now - last >= stall:
            return f"made no progress for {stall} s"
        if now >= timeout:
            return f"took longer than {timeout} s"


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].removeprefix("usage: "))
    parser.add_argument("--stall", type=int, default=sys.maxsize)
    parser.add_argument("--timeout", type=int, default=sys.maxsize)
    parser.add_argument("--ticks")
    parser.add_argument("directory")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()

    # The command gets an interrupt from the terminal itself; this waits for what it makes of it. When who started this
    # is gone, nobody wants it any more.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    ticks = Ticks(options.ticks) if options.ticks else None
    process = start(options.command)
    try:
        why = watch(process, options.directory, options.stall, options.timeout, ticks)
    finally:
        if process.poll() is None:
            end(process)
        if ticks:
            ticks.remove()
    if why:
        print(f"watch: {why} of its own time", file=sys.stderr)
        return HUNG
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


if __name__ == "__main__":
    sys.exit(main())
