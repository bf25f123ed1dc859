"""How far a long job is: a bar on a terminal, plain lines in a log."""

import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import click

EVERY = 10.0  # seconds between the lines of a log
RECENT = 30.0  # seconds over which a rate is taken

Told = Callable[[str, int], None]


class Pace:
    """The rate of the last half minute, for what is done of a whole.

    >>> ticks = iter([0.0, 2.0, 4.0])
    >>> pace = Pace(100, lambda: next(ticks))
    >>> for done in (10, 30, 50):
    ...     pace.at(done)
    >>> pace.rate, pace.left
    (10.0, 5.0)
    """

    def __init__(self, whole: int, clock: Callable[[], float] = monotonic) -> None:
        self.whole = whole
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def at(self, done: int) -> None:
        """Notes that so much is done."""
        now = self._clock()
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[1][0] >= RECENT:
            self._seen.popleft()

    @property
    def rate(self) -> float:
        """How much is done in a second; 0 where nothing is known."""
        (before, some), (now, more) = self._seen[0], self._seen[-1]
        return (more - some) / (now - before) if now > before else 0.0

    @property
    def left(self) -> float | None:
        """How many seconds are left, where that is known."""
        return (self.whole - self._seen[-1][1]) / self.rate if self.rate else None


@contextmanager
def shown(whole: int, unit: str) -> Iterator[Told]:
    """Shows progress on standard error while the block runs; the value is told of each step: what
    is being done, and how much of the whole is."""
    if sys.stderr.isatty():
        with _Bars(whole, unit) as bars:
            yield bars.at
    else:
        yield _Log(whole, unit).at


class _Bars:
    """A bar for each stage."""

    def __init__(self, whole: int, unit: str) -> None:
        self._whole = whole
        self._unit = unit
        self._stage = ""
        self._bar: Any = None

    def __enter__(self) -> "_Bars":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()

    def at(self, stage: str, done: int) -> None:
        """Moves the bar of a stage; the first step says what was done before."""
        if stage != self._stage:
            self.__exit__()
            self._stage, self._pace = stage, Pace(self._whole)
            self._bar = click.progressbar(
                length=self._whole, label=stage, file=sys.stderr, show_pos=True, show_eta=False,
                item_show_func=lambda _: self._words(), update_min_steps=1,
            )  # fmt: skip
        self._pace.at(done)
        self._bar.update(done - self._bar.pos)
        self._bar.render_progress()

    def _words(self) -> str:
        return _rate(self._pace, self._unit)


class _Log:
    """A line now and then, the first and the last of a stage always."""

    def __init__(self, whole: int, unit: str) -> None:
        self._whole = whole
        self._unit = unit
        self._stage = ""
        self._last = 0.0

    def at(self, stage: str, done: int) -> None:
        """Writes a line where one is due."""
        now = monotonic()
        if stage != self._stage:
            self._stage, self._pace, self._last = stage, Pace(self._whole), 0.0
        self._pace.at(done)
        if now - self._last >= EVERY or done == self._whole:
            self._last = now
            pace = _rate(self._pace, self._unit)
            click.echo(
                f"dreamgen: {stage}: {done:,} of {self._whole:,} {self._unit}"
                f"{', ' if pace else ''}{pace}",
                err=True,
            )


def _rate(pace: Pace, unit: str) -> str:
    """The rate and the time left, as people read them; "" where they are not known."""
    if not pace.rate:
        return ""
    said = f"{pace.rate:,.0f} {unit} a second"
    return f"{said}, {lasting(pace.left)} left" if pace.left else said


def lasting(seconds: float) -> str:
    """A time as people say it.

    >>> lasting(7.2), lasting(75), lasting(3 * 3600 + 120), lasting(90000)
    ('8 s', '1 min 15 s', '3 h 02 min', '1 d 1 h')
    """
    whole = int(-(-seconds // 1))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"
