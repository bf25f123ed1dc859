"""Lines with readings: a sentence of the book, and what its margin says might stand there as well.

A line is a chain over (slot, run). At a *slot* there are *readings*: the line's own goes on with
the run of the corpus that the line is on and has weight `KEEP`, or `LINKED` where other sentences
of its dream speak of the same thing; one of the margin breaks the run and has weight 1. A mood
multiplies the weights of readings that have its words. A run of more than `RUN` tokens has weight
0. The state (slot, length of the run) is all that matters for what may follow, so backward messages
over it, here whole numbers, give the exact odds of every reading, and going forward with them draws
a telling from the exact law of the chain given that no run is too long, as in `dreamgen.sampler`.

A reading that begins or ends as the line's own does carries the run on that far: the old *lamp*
becoming the new *lamp* does not break it at *lamp*.

Comes in: a source such as ``a {jar|cup} on the {=sill|shelf}.``, own readings first, marked ``=``
where they are linked to others, and ``!`` where they may not be told. Goes out: a `Line`, whose
cost is linear in its tokens and readings.
"""

import re
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from itertools import accumulate
from sys import intern
from typing import TypeVar

from .images import CONTENT, DETERMINER, OF, Part, imaged, part_of, scanned
from .tagging import is_content
from .text import article, capitalized, cut, folded, stem

T = TypeVar("T", bound=Hashable)

RUN = 6

# Sense against variety: chosen by benchmarks/settings.py, on dreams held out.
KEEP, LINKED = 10, 100

SLOT = re.compile(r"\{([^}]*)\}")
_WORD = re.compile(r"[^\W_]+(?:[-’][^\W_]+)*")

NO_LEANS: Mapping[str, int] = {}

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
        "great deep far near good bare single full empty slow thin left right "
        "up down out off over away open above below around across along inside outside".split(),
    )
)


# A slot after a run of some length: the weight of each reading, the own first; for each the weight
# of all tellings that go on from it or one before it; and the run after each.
State = tuple[tuple[int, ...], tuple[int, ...], bytes]
States = tuple[State, ...]  # by the run before the slot
NEVER: State = (), (), b""
Marks = tuple[str, ...]
# The stem of a thing, the word that has it, and whether the stem is among the marks.
Named = tuple[str, str, bool]


# A line that is told: the reading of each slot, and what a dream must know of the whole: its
# images, each as one string of several words, and the stems of its content words, plain words
# apart, some of them twice; and where its things are named.
Telling = tuple[list[str], list[str], list[Named]]


# A reading as it is printed, and what a dream must know of it and of the words after its slot: what
# may not have been seen if the telling is wary; the images, and then the stems of the content words
# of the reading, plain words apart; how many of these are images; where things are named; what it
# adds to an image that begins before it; the content word that comes first, where only *of* and
# articles stand before it; the word with which an image begins in it, and whether *of* follows
# there. An image that may reach over all of it begins with `OPEN`. A telling reads all of this, so
# lines have what is equal in common.
Joint = tuple[str, Marks, Marks, int, tuple[Named, ...], str, str, str, bool]

OPEN = "<"
SELDOM = 3  # the tellings of a line before all that a dream must know of it is kept


class _Joints:
    """The joints of a slot, each made whenever it is asked for."""

    __slots__ = ("_line", "_slot")

    def __init__(self, line: "Line", slot: int) -> None:
        self._line, self._slot = line, slot

    def __getitem__(self, way: int) -> Joint:
        return self._line.joint(self._slot, way)


class Line:
    """A line ready to be told.

    ``slots`` has the readings of each slot as they are printed, the line's own first; ``held`` the
    images around the slots, which every telling has, and ``marks`` these and the stems of the
    content words there, plain words apart; ``total`` is the weight of all tellings, 0 where each
    has too long a run. What a dream must know of its readings is kept once it is told often.
    ``things`` are the stems of what tellings are to say that they name; ``leans`` multiplies the
    weights of the readings that have a word of a stem.
    """

    __slots__ = (
        "_begun", "_named", "_open", "_pieces", "_said", "_states", "_steps", "_tellings", "_text",
        "_things", "held", "marks", "slots", "start", "total",
    )  # fmt: skip

    def __init__(
        self, source: str, things: Set[str] = frozenset(), leans: Mapping[str, int] = NO_LEANS
    ) -> None:
        parts = SLOT.split(source)
        fixed = parts[::2]
        lengths = [len(cut(text)) for text in fixed]
        steps: list[list[tuple[int, int] | None]] = []
        owned: list[int] = []
        weights: list[tuple[int, ...]] = []
        self.slots: list[tuple[str, ...]] = []
        self._said: list[tuple[str, ...]] = []
        for at, options in enumerate(parts[1::2]):
            readings = options.split("|")
            barred = readings[0].startswith("!")
            linked = readings[0].removeprefix("!").startswith("=")
            readings[0] = own_of(readings[0])
            weights.append(_weighed(readings, LINKED if linked else KEEP, leans))
            rows = [reading.split(" ") for reading in readings]
            owned.append(len(rows[0]))
            steps.append(_shared(rows))
            if barred:
                steps[-1][0] = None
            # an article goes by the sound of the reading, and so into it
            if fixed[at].endswith((" a ", " an ")) or fixed[at] in ("a ", "an "):
                fixed[at] = fixed[at][: fixed[at].rstrip().rfind(" ") + 1]
                readings = [f"{article(reading)} {reading}" for reading in readings]
            self._said.append(tuple(readings))
            if _opens(fixed[: at + 1], readings[0]):
                readings = list(map(capitalized, readings))
            self.slots.append(tuple(readings))
        self._pieces = [tuple(map(part_of, cut(text))) for text in fixed]
        self.held: Marks = tuple(image for piece in self._pieces for image in _images([piece]))
        self.marks: Marks = (*self.held, *_roots(word for text in fixed for word in cut(text)))
        _, before, of = scanned(self._pieces[:1])
        self._begun = before, of
        self._open = False  # whether an image may reach over all of a reading
        self._things = things
        self._named = self._naming(self._pieces[0])
        self._text = "%s".join(
            text.replace("%", "%%") for text in (capitalized(fixed[0]), *fixed[1:])
        )
        self.start = lengths[0]
        states, self.total = _messages(steps, owned, weights, lengths)
        self._states = states
        self._tellings = 0
        self._steps: tuple[tuple[States, tuple[Joint, ...]], ...] | None = None

    def told(self, number: int, seen: Set[str] = frozenset(), wary: bool = False) -> Telling | None:
        """The telling that a number of 53 bits picks, as `Stream.word` gives them.

        The tellings, in the order of their readings, own parts of [0, 2**53) of their weights:
        each slot in turn finds the reading that the number's has. None where it has an
        image that was seen, or, being ``wary``, a reading other than the line's own with a stem
        that was.
        """
        number = number * self.total >> 53
        said: list[str] = []
        marks = [*self.marks]
        named = [*self._named]
        run = self.start
        before, of = self._begun
        is_new = seen.isdisjoint
        for states, joints in self._steps or self._joined():
            weights, upto, runs = states[run]
            way = bisect_right(upto, number)
            if way:
                number -= upto[way - 1]
            number //= weights[way]
            run = runs[way]
            printed, fresh, kept, images, names, plain, first, begun, of_then = joints[way]
            if not is_new(fresh if wary else kept[:images]):
                return None
            if before and (first if of else plain):
                image = f"{before} of {first}" if of else f"{before} {plain}"
                if image in seen:
                    return None
                marks.append(image)
            before = begun
            of = of_then
            said.append(printed)
            marks += kept
            if names:
                named += names
        if not self._open:
            return said, marks, named
        there = list(_images([map(part_of, cut(self.text(said)))]))
        if not is_new(there):
            return None
        return said, [*(mark for mark in marks if " " not in mark), *there], named

    def text(self, said: Sequence[str]) -> str:
        """A telling as a sentence."""
        return self._text % tuple(said)

    def _joined(self) -> Iterable[tuple[States, Sequence[Joint] | _Joints]]:
        """The slots, each with its joints: all of them are made and kept for a line that is told
        often, one at a time while it is not."""
        self._tellings += 1
        if self._tellings <= SELDOM:
            return [(states, _Joints(self, slot)) for slot, states in enumerate(self._states)]
        self._steps = tuple(
            [
                (states, tuple([self.joint(slot, way) for way in range(len(self.slots[slot]))]))
                for slot, states in enumerate(self._states)
            ]
        )
        return self._steps

    def joint(self, slot: int, way: int) -> Joint:
        """What a dream must know of a reading of a slot."""
        said = [part_of(token) for token in _tokens(self._said[slot][way])]
        row = (*said, *self._pieces[slot + 1])
        found, begun, of = scanned([row], OPEN)
        shown = [" ".join(image) for image in found if image[0] != OPEN]
        plain = next((" ".join(image[1:]) for image in found if image[0] == OPEN), "")
        first = ""
        for part, word in row:
            if part == CONTENT:
                first = word
            if part not in (OF, DETERMINER):
                break
        else:
            begun = OPEN
            self._open = True
        stems = {stem(word) for part, word in said if part == CONTENT} - _PLAIN
        kept = _one((*shown, *map(intern, stems)))
        fresh = kept if way else _one(kept[: len(shown)])
        printed = self.slots[slot][way]
        return printed, fresh, kept, len(shown), self._naming(row), plain, first, begun, of

    def _naming(self, row: Iterable[Part]) -> tuple[Named, ...]:
        if not self._things:
            return ()
        stems = ((stem(word), word, part) for part, word in row)
        named: list[Named] = [
            _one((root, word, part == CONTENT and root not in _PLAIN))
            for root, word, part in stems
            if root in self._things
        ]
        return tuple(named)


def _tokens(said: str) -> Sequence[str]:
    words = said.split(" ")
    return words if all(map(str.isalpha, words)) else cut(said)


def _images(pieces: Iterable[Iterable[Part]]) -> Iterator[str]:
    return map(" ".join, imaged(pieces))


@lru_cache(maxsize=2**16)
def _one(value: T) -> T:
    """The first of values that are equal: lines have most of theirs in common, and what is not
    kept twice is found sooner."""
    return value


def _roots(said: Iterable[str]) -> frozenset[str]:
    return frozenset(stem(word) for word in said if is_content(folded(word))) - _PLAIN


def _opens(before: Sequence[str], own: str) -> bool:
    """Whether a slot begins the line, or what somebody says as a sentence of its own."""
    if len(before) == 1 and not any(map(str.isalnum, before[0])):
        return True
    return before[-1].endswith("“") and own[:1].isupper() and own.split(" ")[0] not in _CAPITALS


_CAPITALS = frozenset("I I’m I’ve I’d I’ll".split())


def _messages(
    steps: Sequence[Sequence[tuple[int, int] | None]],
    owned: Sequence[int],
    weighed: Sequence[tuple[int, ...]],
    lengths: Sequence[int],
) -> tuple[list[States], int]:
    """For each slot and each run that can come before it the odds; and the weight of all tellings.

    ``steps`` has for each reading how many tokens it begins and ends with that the line's own has
    there, None for one of weight 0; ``owned`` are the lengths of the own readings, ``weighed`` the
    weights of all readings of each slot, ``lengths`` the numbers of tokens around the slots.
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
    states: list[States] = []
    for at in range(len(owned) - 1, -1, -1):
        further = owned[at] + lengths[at + 1]
        rest = others[at]
        after = bytes([run for _, run in rest])
        # most readings may stand after any run
        same = all(most in (-1, RUN) for most, _ in rest)
        keep, *worth = weighed[at]
        ways = list(zip(worth, rest, strict=True))
        sums = list(
            accumulate(by * message.get(run, 0) if most >= 0 else 0 for by, (most, run) in ways)
        )
        odds: list[State] = [NEVER] * (RUN + 1)
        weights: dict[int, int] = {}
        for run in reached[at]:
            own = keep * message.get(run + further, 0) if steps[at][0] else 0
            if not same:
                sums = list(
                    accumulate(
                        by * message.get(then, 0) if run <= most else 0 for by, (most, then) in ways
                    )
                )
            upto = _one((own, *[own + others_ for others_ in sums]))
            if upto[-1] > 0:
                weights[run] = upto[-1]
                runs = _one(bytes((min(run + further, 255),)) + after)
                odds[run] = _one((weighed[at], upto, runs))
        states.append(_one(tuple(odds)))
        message = weights
    return states[::-1], message.get(lengths[0], 0)


def _weighed(readings: Sequence[str], keep: int, leans: Mapping[str, int]) -> tuple[int, ...]:
    """The weight of each reading of a slot, the own first."""
    found: tuple[int, ...] = (keep, *([1] * (len(readings) - 1)))
    if leans:
        found = tuple(
            [
                weight * max(leans.get(stem(folded(word)), 1) for word in cut(reading))
                for weight, reading in zip(found, readings, strict=True)
            ]
        )
    return tuple(_one(found))


def _shared(rows: Sequence[Sequence[str]]) -> list[tuple[int, int] | None]:
    """For each reading of a slot how many tokens it begins and ends with that the first, the line's
    own, has there."""
    own = _compared(rows[0])
    found: list[tuple[int, int] | None] = [(len(own), len(own))]
    for row in rows[1:]:
        first, last = _compared((row[0], row[-1]))
        alike = first == own[0] or last == own[-1]
        found.append(shared(_compared(row), own) if alike else (0, 0))
    return found


def _compared(row: Iterable[str]) -> list[str]:
    return [ALIKE.get(word, word) for word in map(folded, row)]


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
    word = _WORD.match(source[end + 1 :].lstrip("{!="))
    return word is not None and word[0] not in _NOT_OWNED


_NOT_OWNED = frozenset(
    "a an the and or but as at by for from in into like of off on onto out over so than that to "
    "until up when where while who with without how what whether if i my we it is are was were "
    "across along around before behind beside between down near past through toward under again "
    "about after against away back here there".split()
)
