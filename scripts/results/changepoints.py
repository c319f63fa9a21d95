# SPDX-License-Identifier: GPL-2.0-only
"""Where a series of figures took another level. Imported, never run.

A step of a commit is seen by comparing two runs, if it is larger than what runs differ by anyway. A drift over ten commits
is not, nor a step in a series that is noisy: both are seen only by comparing what was before with what came after.

points() is E-divisive (Matteson and James, "A nonparametric approach for multiple change point analysis of multivariate
data", 2014) as Fleming et al. use it ("Hunter: using change point detection to hunt for performance regressions", 2023,
which became Apache Otava): candidates are found in windows that overlap, and each has to pass Student's t-test with what is
between its neighbours, the weakest one being dropped first. threshold() is what rustc-perf takes for noise.
"""

import math

try:
    import numpy
    import scipy.stats
except ImportError as error:
    raise SystemExit("error: Debian's python3-numpy and python3-scipy are not there for this Python; 'make record' installs them") from error

# So many runs are looked at together: an older level does not weigh in on a newer one.
WINDOW = 60
# A candidate, and a point: how likely it would be without a change.
WEAK, STRONG = 0.05, 0.001
# What is less is nothing, however sure it is: one more timer interrupt in a figure that is small.
LEAST = 0.005
# Quartiles say little of fewer changes than that.
ENOUGH = 8


def best_split(values):
    """The place that parts values into the two that are least alike, by the energy distance of their distributions."""
    count = len(values)
    table = numpy.abs(values[:, None] - values[None, :]).cumsum(0).cumsum(1)
    left = numpy.arange(1, count)
    right = count - left
    inner_left = table[left - 1, left - 1]
    both = table[left - 1, count - 1]
    between = both - inner_left
    inner_right = table[count - 1, count - 1] - 2 * both + inner_left
    energy = left * right / count * (2 * between / (left * right) - inner_left / left**2 - inner_right / right**2)
    return int(numpy.argmax(energy)) + 1


def chance(before, after):
    """How likely two samples of one level would differ by as much: Student's t-test. Either may be a single figure."""
    freedom = len(before) + len(after) - 2
    if freedom < 1:
        return 1.0
    apart = abs(before.mean() - after.mean())
    squares = ((before - before.mean()) ** 2).sum() + ((after - after.mean()) ** 2).sum()
    spread = math.sqrt(squares / freedom * (1 / len(before) + 1 / len(after)))
    # Counted instructions may be the same each time, but for what adding them up rounds.
    if spread <= 1e-12 * max(before.max(), after.max()):
        return 0.0 if apart > spread else 1.0
    return 2 * float(scipy.stats.t.sf(apart / spread, freedom))


def ratio(before, after):
    """1.01 is 1 % more."""
    was, now = float(numpy.mean(before)), float(numpy.mean(after))
    if was:
        return now / was
    return math.inf if now else 1.0


def size(value):
    """How much of a change a ratio is, in either direction."""
    return max(value, 1 / value if value else math.inf) - 1


def candidates(values, first, last):
    """Where [first, last) may be parted, however weakly."""
    part = values[first:last]
    if len(part) < 3 or not size(ratio(part.min(initial=math.inf, keepdims=True), part.max(initial=-math.inf, keepdims=True))) > LEAST:
        return set()
    at = first + best_split(part)
    if chance(values[first:at], values[at:last]) > WEAK:
        return set()
    return {at} | candidates(values, first, at) | candidates(values, at, last)


def judge(values, before, at, after):
    """How weak a point is between its neighbours: the larger, the weaker; nothing below 0 has to go."""
    sides = values[before:at], values[at:after]
    by_chance, by_size = chance(*sides), size(ratio(*sides))
    if by_chance <= STRONG and by_size >= LEAST:
        return -1.0
    return by_chance + (by_size < LEAST)


def points(values):
    """The positions at which a level begins that is another one than before."""
    values = numpy.asarray(values, dtype=float)
    found = set()
    for first in range(0, max(len(values) - WINDOW // 2, 1), WINDOW // 2):
        found |= candidates(values, first, min(first + WINDOW, len(values)))
    found = [0, *sorted(found), len(values)]
    weak = {at: judge(values, *around) for around in zip(found, found[1:], found[2:]) for at in around[1:2]}
    while weak and max(weak.values()) >= 0:
        weakest = max(weak, key=weak.get)
        del weak[weakest]
        place = found.index(weakest)
        del found[place]
        # Its neighbours stand between others now.
        for near in (place - 1, place):
            if 0 < near < len(found) - 1:
                weak[found[near]] = judge(values, *found[near - 1:near + 2])
    return found[1:-1]


def threshold(values):
    """The smallest step from one run to the next that is no noise: three interquartile ranges above the third quartile of
    the steps there were.
    """
    values = numpy.asarray(values, dtype=float)
    steps = numpy.abs(numpy.diff(values) / values[:-1]) if len(values) > ENOUGH and values.all() else []
    if len(steps) < ENOUGH:
        return LEAST
    low, high = numpy.percentile(steps, (25, 75))
    return max(LEAST, float(high + 3 * (high - low)))
