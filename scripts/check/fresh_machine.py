# SPDX-License-Identifier: GPL-2.0-only
"""A machine that nothing was installed on: a root file system of its own, and commands at a terminal in it.

Imported by scripts/check/fresh_test.py, which runs in a mount namespace of its own: what is mounted here is gone with it.
"""

import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess
import time

# A command hangs when for so long it said nothing new and nothing of it ran or waited for a CPU.
HANG_SECONDS = 180
# No command takes longer, whatever it says: what watches it may be wrong too. With LONG, kernels are built, or all is slow.
COMMAND_SECONDS = 7200 if os.environ.get("LONG") else 2400
# How much of one CPU a script takes that only waits for another one, and says so each second.
IDLE_SHARE = 0.1
# Until a command is gone that was interrupted, on a machine that has other things to do.
END_SECONDS = 60
# A line that only says how long something takes.
SECONDS = re.compile(r"\d+ s$")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
CTRL_C = b"\x03"


class Failed(Exception):
    """Why a case failed."""


def mount(*args):
    run = subprocess.run(["mount", *map(str, args)], capture_output=True, text=True, check=False, timeout=END_SECONDS)
    if run.returncode:
        raise Failed(f"mount {' '.join(map(str, args))}: {run.stderr.strip()}")


def mounted_below(directory):
    """The mount points at and below a directory that is an absolute path without symbolic links."""
    places = [line.split()[4] for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()]
    return [place for place in places if f"{place}/".startswith(f"{directory}/")]


def remove(directory):
    """A directory and all in it, but never what is mounted there, such as the user's packages."""
    if mounted := mounted_below(directory):
        raise Failed(f"{directory} cannot be removed: {mounted[0]} is mounted")
    subprocess.run(["rm", "-rf", "--one-file-system", directory], check=False)


def processes(namespace):
    """The pids of a pid namespace that are more than zombies."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(path / "ns/pid") == namespace and (path / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.append(int(path.name))
        except OSError:
            pass
    return found


def cpu_seconds(pids):
    """What processes and those that they waited for have had of CPUs, and what they waited for one."""
    total = 0.0
    for pid in pids:
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15])) / TICKS_PER_SECOND
            total += int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
        except (OSError, IndexError):
            pass
    return total


def command_lines(pids):
    """What they are, for who has to find out what hangs."""
    found = []
    for pid in pids:
        try:
            found.append(pathlib.Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()[:100])
        except OSError:
            pass
    return [line for line in found if line]


class Command:
    """A command in a machine, the foreground of a terminal of its own."""

    # Process 1 of its pid namespace outlives the command, so that what the command leaves behind can be seen.
    INIT = 'trap : INT; number=$1; shift; "$@"; echo "$?" >"/run/status-$number"; while :; do sleep 1000; done'

    def __init__(self, machine, number, line, network, limit_seconds):
        self.machine = machine
        self.line = line
        self.text = ""
        self.result = machine.root / f"run/status-{number}"
        self.result.unlink(missing_ok=True)
        self.began = self.fresh = time.monotonic()
        self.end = self.began + limit_seconds
        self.cpu_before = 0.0
        self.seen = set()
        self.logged = 0
        namespaces = ["--pid", "--fork", "--kill-child", f"--mount-proc={machine.root}/proc"] + ([] if network else ["--net"])
        user = ["setpriv", "--reuid=1000", "--regid=1000", "--init-groups"] if machine.user else []
        self.pid, self.terminal = pty.fork()
        if not self.pid:
            try:
                # Python ignores the last two, and who started us may have ignored others: a shell does so in the background.
                for ignored in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
                    signal.signal(ignored, signal.SIG_DFL)
                os.execvp("unshare", ["unshare", *namespaces, "chroot", machine.root, "env", "-i",
                                      *(f"{name}={value}" for name, value in machine.environment.items()),
                                      "bash", "-c", self.INIT, "init", str(number), *user, "bash", "-c", f"cd {machine.tree}; {line}"])
            finally:
                os._exit(127)
        os.set_inheritable(self.terminal, False)
        os.set_blocking(self.terminal, False)
        self.namespace = None

    def pids(self):
        """The processes of the command, but for the first one."""
        if not self.namespace:
            try:
                first = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()[0]
                self.namespace = os.readlink(f"/proc/{first}/ns/pid")
                self.first = int(first)
            except (OSError, IndexError):
                return []
        # Those two are ours: the first process, and what it passes the time with.
        return [pid for pid in processes(self.namespace) if pid != self.first and command_lines([pid]) != ["sleep 1000"]]

    def listen(self):
        """Takes what was said since; ends a command that hangs or takes too long."""
        if self.pid is None:
            raise Failed(f"'{self.line}' was ended before")
        try:
            while said := os.read(self.terminal, 65536):
                self.text += said.decode("utf-8", "replace").replace("\r", "")
        except OSError:
            pass
        now = time.monotonic()
        lines = {SECONDS.sub("", line) for line in self.text.splitlines()}
        logged = sum(path.stat().st_size for path in self.machine.cache.glob("log/apt-*.log"))
        cpu = cpu_seconds(self.pids())
        # What ended takes with it what it waited.
        self.cpu_before = min(self.cpu_before, cpu)
        busy = now - self.fresh > 1 and cpu - self.cpu_before > IDLE_SHARE * (now - self.fresh)
        if lines - self.seen or logged != self.logged or busy:
            self.seen |= lines
            self.fresh, self.cpu_before, self.logged = now, cpu, logged
        elif now - self.fresh > HANG_SECONDS:
            self.give_up(f"hangs: nothing happened for {HANG_SECONDS} s")
        if now > self.end and not self.ended():
            self.give_up(f"did not end within {self.end - self.began:.0f} s")

    def give_up(self, why):
        hanging = command_lines(self.pids())
        self.kill()
        raise Failed("\n".join([f"'{self.line}' {why}; it said last:", *self.last_lines(), "and these were there:", *hanging]))

    def ended(self):
        return self.result.exists() and self.result.read_text().strip() != ""

    def last_lines(self, count=12):
        return self.text.splitlines()[-count:]

    def wait_for(self, regex):
        """Until it has said something that matches; an error if it ends before."""
        while not re.search(regex, self.text, re.MULTILINE):
            if self.ended():
                self.listen()
                if re.search(regex, self.text, re.MULTILINE):
                    return
                raise Failed("\n".join([f"'{self.line}' ended before it said '{regex}':", *self.last_lines()]))
            self.listen()
            time.sleep(0.2)

    def interrupt(self):
        """As Ctrl-C does: to all that is in the foreground."""
        os.write(self.terminal, CTRL_C)

    def wait(self, limit_seconds=None):
        """Its exit status; with a limit, it has to end within so many seconds from now."""
        began = time.monotonic()
        while not self.ended():
            self.listen()
            if limit_seconds and time.monotonic() - began > limit_seconds:
                self.give_up(f"did not end within {limit_seconds} s")
            time.sleep(0.2)
        self.listen()
        return int(self.result.read_text())

    def left(self, seconds=3):
        """What is still there of a command that ended, a moment after."""
        end = time.monotonic() + seconds
        while (pids := self.pids()) and time.monotonic() < end:
            time.sleep(0.2)
        return command_lines(pids)

    def kill(self):
        """Ends all that is left of it, once: its pid and its terminal's number may be another's after that."""
        if self.pid is None:
            return
        os.kill(self.pid, signal.SIGKILL)
        end = time.monotonic() + END_SECONDS
        while not os.waitpid(self.pid, os.WNOHANG)[0] and time.monotonic() < end:
            time.sleep(0.05)
        self.pid = None
        # What was in there is killed with it, and is still at its files for a moment.
        while self.namespace and processes(self.namespace) and time.monotonic() < end:
            time.sleep(0.05)
        os.close(self.terminal)
        self.terminal = None


class Machine:
    """Layers of root file systems, the first one in front; what is changed goes to a new one, self.changes.

    It is gone with the machine, unless it is to be kept for others to be built on.
    """

    def __init__(self, directory, layers, user=False, keep=False):
        self.directory = directory
        self.keep = keep
        self.layers = layers
        self.user = user
        self.root, self.changes = directory / "root", directory / "changes"
        home = "home/user" if user else "root"
        self.tree = f"/{home}/iommufd-fast"
        self.cache = self.root / home / ".cache/iommufd-fast"
        passed_on = ("http_proxy", "https_proxy", "no_proxy")
        self.environment = {name: os.environ[name] for name in passed_on if name in os.environ} | {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": f"/{home}",
            "USER": "user" if user else "root", "TERM": "dumb", "PROGRESS_EVERY": "1"}
        self.commands = []

    def __enter__(self):
        try:
            self.set_up()
        except BaseException:
            # Nobody calls it for what was not entered.
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for command in self.commands:
            command.kill()
        if mounted_below(self.root):
            subprocess.run(["umount", "--recursive", "--lazy", self.root], check=False)
        if not self.keep:
            remove(self.directory)

    def set_up(self):
        """What a machine has that booted."""
        remove(self.directory)
        for path in (self.root, self.changes, self.directory / "work"):
            path.mkdir(parents=True)
        mount("-t", "overlay", "-o",
              f"lowerdir={':'.join(map(str, self.layers))},upperdir={self.changes},workdir={self.directory}/work",
              "overlay", self.root)
        for name in ("resolv.conf", "hosts"):
            path = self.root / "etc" / name
            path.unlink(missing_ok=True)
            shutil.copyfile(f"/etc/{name}", path)
        dev = self.root / "dev"
        mount("-t", "tmpfs", "-o", "mode=755", "dev", dev)
        for name in ("null", "zero", "full", "random", "urandom", "tty"):
            (dev / name).touch()
            mount("--bind", f"/dev/{name}", dev / name)
        for name, target in (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
                             ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx")):
            (dev / name).symlink_to(target)
        for name, options in (("pts", "newinstance,ptmxmode=0666,mode=620,gid=5"), ("shm", "mode=1777")):
            (dev / name).mkdir()
            mount("-t", "devpts" if name == "pts" else "tmpfs", "-o", options, name, dev / name)

    def use_archives(self, archives):
        """Packages that were downloaded once are kept there."""
        mount("--bind", archives, self.root / "var/cache/apt/archives")

    def hand_in(self, directory, place, changes=None):
        """A directory of ours, as it is now, at that place; what is changed in it goes elsewhere."""
        changes = (changes or self.directory) / f"changes-of-{directory.name}"
        place.mkdir(parents=True, exist_ok=True)
        for name in ("files", "work"):
            (changes / name).mkdir(parents=True)
        mount("-t", "overlay", "-o", f"lowerdir={directory},upperdir={changes}/files,workdir={changes}/work", "overlay", place)

    def hand_in_cache(self, cache, changes=None):
        self.hand_in(cache, self.cache, changes)
        if self.user:
            # Files of what was built are only read.
            self.give(self.cache.parent, self.cache, *self.cache.glob("log/*"), *self.cache.glob("lock/*"),
                      *(path for path in self.cache.iterdir() if path.is_dir()), *self.cache.glob("ccache/**/"))

    def clone(self, repository, commit):
        """The tree that is tried, at that commit."""
        tree = self.root / self.tree[1:]
        for args in (["clone", "-q", "--no-hardlinks", repository, tree], ["-C", tree, "checkout", "-q", "--detach", commit]):
            run = subprocess.run(["git", *map(str, args)], capture_output=True, text=True, check=False, timeout=HANG_SECONDS)
            if run.returncode:
                raise Failed(f"git {args[0]}: {run.stderr.strip()}")
        if self.user:
            self.give(tree, *tree.rglob("*"))

    def give(self, *paths):
        """To the user, who is the first one of the machine."""
        for path in paths:
            os.chown(path, 1000, 1000, follow_symlinks=False)

    def start(self, line, network=True, limit_seconds=COMMAND_SECONDS):
        """The command that line is, in the tree."""
        command = Command(self, len(self.commands), line, network, limit_seconds)
        self.commands.append(command)
        return command

    def run(self, line, network=True):
        """The same, to its end; (exit status, what it said)."""
        command = self.start(line, network)
        status = command.wait()
        left = command.left()
        command.kill()
        if left:
            raise Failed("\n".join([f"'{line}' left behind:", *left]))
        return status, command.text

    def do(self, line):
        """The same; it has to succeed."""
        status, text = self.run(line)
        if status:
            raise Failed("\n".join([f"'{line}' failed with {status}:", *text.splitlines()[-20:]]))
        return text
