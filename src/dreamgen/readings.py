"""Lines with readings: a sentence of the book, and what its margin says might stand there as well.

A line is a chain over (slot, run). At a *slot* there are *readings*: the line's own goes on with
the run of the corpus that the line is on and has weight `KEEP`, or `LINKED` where other sentences
of its dream speak of the same thing; one of the margin breaks the run and has weight 1. A run of
more than `RUN` tokens has weight 0. The state (slot, length of the run) is all that matters for
what may follow, so backward messages over it, here whole numbers, give the exact odds of every
reading, and going forward with them draws a telling from the exact law of the chain given that no
run is too long, as in `dreamgen.sampler`.

A reading that begins or ends as the line's own does carries the run on that far: the old *lamp*
becoming the new *lamp* does not break it at *lamp*.

Comes in: a source such as ``a {jar|cup} on the {=sill|shelf}.``, own readings first, marked ``=``
where they are linked to others, and ``!`` where they may not be told. Goes out: a `Line`, whose
cost is linear in its tokens and readings.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, NamedTuple

from .images import Image, Part, imaged, part_of
from .seeds import Stream
from .tagging import is_content
from .text import article, capitalized, cut, folded, stem

RUN = 6
_UNITS = 2**53

# Sense against variety: set after a blind reading, not yet measured on dreams held out.
KEEP, LINKED = 3, 12

SLOT = re.compile(r"\{([^}]*)\}")
_WORD = re.compile(r"[^\W_]+(?:[-’][^\W_]+)*")

# Words that are told in another voice or by sound are one to a run, so that a run of the book is
# still seen to be one after *she* became *he*, or *a* became *an*.
ALIKE = {
    word: group.split()[0]
    for group in (
        "she he", "her him his", "herself himself", "she’s he’s", "a an",
        "woman man girl boy child stranger person",
        "woman’s man’s girl’s boy’s child’s stranger’s person’s",
    )
    for word in group.split()
}  # fmt: skip

# Words that may return in a dream without being noticed.
_PLAIN = frozenset(
    map(
        stem,
        "stand lie lay sit hold keep take give go come see look turn make let lean rest wait fall "
        "run rise bring carry put set find feel hear know say tell speak ask call open close begin "
        "pull lift draw press smell move pass reach stay leave hang drop walk stop touch "
        "one side end time way thing hand back day place name part first last half whole "
        "old small white black long little dark cold warm new wet dry low high gray blue red green "
        "great deep far near good bare single full empty slow thin left right".split(),
    )
)


class Reading:
    """One reading of a slot: what is printed of it, and what a dream must know of it."""

    __slots__ = ("_led", "_own", "_said", "fresh", "piece", "stems", "text")

    piece: tuple[Part, ...]
    stems: frozenset[str]
    fresh: frozenset[str]

    def __init__(self, said: str, led: bool, opens: bool, own: bool) -> None:
        text = f"{article(said)} {said}" if led else said
        self.text = capitalized(text) if opens else text
        self._said = said
        self._led = led
        self._own = own

    def __getattr__(self, name: str) -> Any:
        """``piece``, its tokens as images see them; ``stems``, those of its content words, plain
        words apart; ``fresh``, those if it is not the line's own; made when first asked for."""
        if name == "stems":
            self.stems = _roots(cut(self._said))
        elif name == "fresh":
            self.fresh = frozenset() if self._own else self.stems
        elif name == "piece":
            row = cut(self._said)
            self.piece = tuple(map(part_of, ("a", *row) if self._led else row))
        else:
            raise AttributeError(name)
        return object.__getattribute__(self, name)


class State(NamedTuple):
    """A slot after a run of some length: the weight of the own reading, and for each reading the
    weight of all tellings that go on from it or one before it, and the run after it."""

    keep: int
    upto: list[int]
    ways: list[tuple[Reading, int]]


class Line:
    """A line ready to be told.

    ``slots`` has the readings of each slot, the line's own first; ``stems`` those of the content
    words around the slots, plain words apart; ``held`` the images there, which every telling has;
    ``total`` is the weight of all tellings, 0 where each has too long a run.
    """

    __slots__ = ("_pieces", "_text", "held", "slots", "start", "states", "stems", "total")

    def __init__(self, source: str) -> None:
        parts = SLOT.split(source)
        fixed = parts[::2]
        lengths = [len(cut(text)) for text in fixed]
        steps: list[list[tuple[int, int] | None]] = []
        owned: list[int] = []
        keeps: list[int] = []
        self.slots: list[list[Reading]] = []
        for at, options in enumerate(parts[1::2]):
            readings = options.split("|")
            barred = readings[0].startswith("!")
            linked = readings[0].removeprefix("!").startswith("=")
            readings[0] = own_of(readings[0])
            keeps.append(LINKED if linked else KEEP)
            rows = [reading.split(" ") for reading in readings]
            owned.append(len(rows[0]))
            steps.append([_step(row, rows[0]) for row in rows])
            if barred:
                steps[-1][0] = None
            # an article goes by the sound of the reading, and so into it
            led = fixed[at].endswith((" a ", " an ")) or fixed[at] in ("a ", "an ")
            if led:
                fixed[at] = fixed[at][: fixed[at].rstrip().rfind(" ") + 1]
            opens = not any(fixed[: at + 1])
            self.slots.append(
                [Reading(text, led, opens, own=not way) for way, text in enumerate(readings)]
            )
        self._pieces = [tuple(map(part_of, cut(text))) for text in fixed]
        self.stems = _roots(word for text in fixed for word in cut(text))
        self.held = frozenset(image for piece in self._pieces for image in imaged([piece]))
        self._text = "%s".join(
            text.replace("%", "%%") for text in (capitalized(fixed[0]), *fixed[1:])
        )
        self.start = lengths[0]
        self.states, self.total = _messages(self.slots, steps, owned, keeps, lengths)

    def told(
        self, stream: Stream, used: int, shunned: Set[str] = frozenset()
    ) -> tuple[list[Reading] | None, int]:
        """The readings of one telling, and how many numbers of the stream have been used: one more.

        The tellings, in the order of their readings, own parts of [0, 1) of their weights: the
        number picks one, and each slot in turn finds the reading that it has. None where a reading
        other than the line's own has a stem that is shunned.
        """
        number = int(stream[used] * _UNITS) * self.total // _UNITS  # exact: numbers have 53 bits
        told: list[Reading] = []
        run = self.start
        for states in self.states:
            keep, upto, ways = states[run]
            way = bisect_right(upto, number)
            if way:
                number -= upto[way - 1]
            else:
                number //= keep
            reading, run = ways[way]
            if not shunned.isdisjoint(reading.fresh):
                return None, used + 1
            told.append(reading)
        return told, used + 1

    def text(self, told: Sequence[Reading]) -> str:
        """A telling as a sentence."""
        return self._text % tuple([reading.text for reading in told])

    def images(self, told: Sequence[Reading]) -> set[Image]:
        """The images of a telling, as `dreamgen.images.images` finds them in its text."""
        pieces = [self._pieces[0]]
        for reading, fixed in zip(told, self._pieces[1:], strict=True):
            pieces.append(reading.piece)
            pieces.append(fixed)
        return imaged(pieces)


def _roots(said: Iterable[str]) -> frozenset[str]:
    return frozenset(stem(word) for word in said if is_content(folded(word))) - _PLAIN


def _messages(
    slots: Sequence[Sequence[Reading]],
    steps: Sequence[Sequence[tuple[int, int] | None]],
    owned: Sequence[int],
    keeps: Sequence[int],
    lengths: Sequence[int],
) -> tuple[list[dict[int, State]], int]:
    """For each slot and each run that can come before it the odds; and the weight of all tellings.

    ``steps`` has for each reading how many tokens it begins and ends with that the line's own has
    there, None for one of weight 0; ``owned`` and ``keeps`` are the lengths and weights of the own
    readings, ``lengths`` the numbers of tokens around the slots.
    """
    # for each reading but the first, which is the own: the longest run before it, the run after it
    others = [
        [
            (RUN - step[0], step[1] + length) if step and step[1] + length <= RUN else (-1, 0)
            for step in slot[1:]
        ]
        for slot, length in zip(steps, lengths[1:], strict=True)
    ]
    reached = [{lengths[0]} if lengths[0] <= RUN else set[int]()]
    for slot, rest, own, length in zip(steps, others, owned, lengths[1:], strict=True):
        least = min(reached[-1], default=RUN + 1)
        following = {after for most, after in rest if least <= most}
        if slot[0]:
            following |= {run + own + length for run in reached[-1] if run + own + length <= RUN}
        reached.append(following)
    message = dict.fromkeys(reached[-1], 1)
    states: list[dict[int, State]] = []
    for at in range(len(owned) - 1, -1, -1):
        further = owned[at] + lengths[at + 1]
        odds: dict[int, State] = {}
        weights: dict[int, int] = {}
        for run in reached[at]:
            whole = keeps[at] * message.get(run + further, 0) if steps[at][0] else 0
            upto, ways = [whole], [(slots[at][0], run + further)]
            for (most, after), reading in zip(others[at], slots[at][1:], strict=True):
                if run <= most:
                    whole += message.get(after, 0)
                upto.append(whole)
                ways.append((reading, after))
            if whole > 0:
                weights[run] = whole
                odds[run] = State(keeps[at], upto, ways)
        states.append(odds)
        message = weights
    return states[::-1], message.get(lengths[0], 0)


def _step(row: Sequence[str], own: Sequence[str]) -> tuple[int, int]:
    """How many tokens a reading begins and ends with that the line's own has there."""
    a, b = ([ALIKE.get(word, word) for word in map(folded, words)] for words in (row, own))
    return shared(a, b) if a[0] == b[0] or a[-1] == b[-1] else (0, 0)


def shared(a: Sequence[str], b: Sequence[str]) -> tuple[int, int]:
    """How many items two rows share at their beginnings, and at their ends beyond that.

    >>> shared(["the", "new", "lamp"], ["the", "old", "lamp"]), shared(["a"], ["a"])
    ((1, 1), (1, 1))
    """
    if a == b:
        return len(b), len(b)
    shorter = min(len(a), len(b))
    begin = next((at for at in range(shorter) if a[at] != b[at]), shorter)
    end = next((at for at in range(shorter - begin) if a[-1 - at] != b[-1 - at]), shorter - begin)
    return begin, end


def plain(source: str) -> str:
    """A source with its own readings alone.

    >>> plain("a {jar|cup} on the {sill|shelf}.")
    'a jar on the sill.'
    """
    return SLOT.sub(lambda found: own_of(found[1].partition("|")[0]), source)


def own_of(reading: str) -> str:
    """The own reading of a slot without its marks."""
    return reading.removeprefix("!").removeprefix("=")


def voiced(source: str, swap: Mapping[str, str], possessive: bool) -> str:
    """A source with words put for others: in another voice, or with another noun for the figure.

    ``possessive`` tells that *her* becomes *his* before a noun and *him* elsewhere.
    """

    def other(found: re.Match[str]) -> str:
        word = found[0]
        if possessive and word == "her":
            return "his" if _owns(source, found.end()) else "him"
        return swap.get(word, word)

    return _WORD.sub(other, source)


def _owns(source: str, end: int) -> bool:
    """Whether the *her* that ends here stands before what is hers."""
    following = source[end : end + 1]
    if following != " ":
        return False
    word = _WORD.match(source[end + 1 :].lstrip("{"))
    return word is not None and word[0] not in _NOT_OWNED


_NOT_OWNED = frozenset(
    "a an the and or but as at by for from in into like of off on onto out over so than that to "
    "until up when where while who with without how what whether if i my we it is are was were "
    "across along around before behind beside between down near past through toward under again "
    "about after against away back here there".split()
)
