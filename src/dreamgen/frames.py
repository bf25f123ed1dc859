"""Frames: the sentences of a corpus as chains that can leave them, word by word.

The shape of a new sentence is that of a real one: its *frame*. Some tokens of a frame are *slots*,
which another word of the same class may take; the rest is held fast. Going through a frame the
chain either continues the corpus run that it is on, with weight `KEEP`, or leaves it for a word of
the slot's class. This is a variable-order Markov chain that backs off to word classes (Brown and
others 1992, "Class-based n-gram models of natural language"; Katz 1987 for backing off): its state
is the place in the frame and the length of the run it is on, and that length never passes the
bound, so no run of the frame's own sentence can be too long.

A class holds the words of one part of speech, form and kind (`dreamgen.kinds`); for verbs also of
one valency. A word weighs the root of its count, and more where the corpus has it under the same
governor (the verb it is the object of, the preposition it follows, the noun it qualifies).

Comes in: the lines of a corpus, their tags and, where a parser gave them, their dependencies. Goes
out: `Frames`, flat arrays. Everything is linear in the corpus.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .kinds import kinds, part_of
from .text import folded, stem

Small = NDArray[np.int32]
Weights = NDArray[np.float32]

# The weight of going on with the run that a frame is on, against 1 for leaving it at a slot: at a
# noun or an adjective, at a verb, whose place is harder to fill, and at a preposition, which
# gives way where nothing else can.
KEEP, KEEP_VERB, KEEP_SMALL = 5.0, 25.0, 200.0

# How much more a word weighs that the corpus has under the same governor, or in the same world.
GOVERNED, AT_HOME = 5.0, 2.0

_VALENCY = frozenset(
    "dobj xcomp ccomp prt acomp attr oprd dative agent prep auxpass pcomp expl".split()
)
_FILLS = {
    "N": frozenset("nsubj nsubjpass dobj pobj attr conj appos compound ROOT oprd".split()),
    "P": frozenset({"prep"}),
    "J": frozenset("amod acomp attr conj oprd".split()),
    "V": frozenset("ROOT conj relcl acl advcl ccomp xcomp pcomp amod acomp".split()),
}
_PLACES = frozenset(
    "in on at under beneath behind beside between above over near along across inside outside "
    "below around among against by beyond underneath within upon amid".split()
)
_WAYS = frozenset("into onto through toward towards to from out off past up down".split())
_VOWELS = frozenset("aeiou")
_CONSONANT = ("uni", "use", "usu", "one", "once", "eu", "ewe")
_SILENT = ("hour", "honest", "honor", "heir")


def keeping(tag: str) -> float:
    """The weight of keeping a token of a tag."""
    if tag.startswith("VB"):
        return KEEP_VERB
    return KEEP_SMALL if tag == "IN" else KEEP


def article(word: str) -> str:
    """The indefinite article before a word, by its sound.

    >>> article("hour"), article("uniform"), article("oar")
    ('an', 'a', 'an')
    """
    low = folded(word)
    if low.startswith(_SILENT) or (low[:1] in _VOWELS and not low.startswith(_CONSONANT)):
        return "an"
    return "a"


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """A line with its dependencies: ``heads`` and ``labels`` are empty where no parser was at hand.

    The head of a root is itself.
    """

    words: Sequence[str]
    tags: Sequence[str]
    heads: Sequence[int] = ()
    labels: Sequence[str] = ()


def slot_class(line: Parsed, place: int) -> tuple[object, ...] | None:
    """What the words that may stand at a place have in common, or None where none but its own may.

    >>> slot_class(Parsed(["the", "jar", "falls"], ["DT", "NN", "VBZ"]), 0) is None
    True
    """
    word, tag = folded(line.words[place]), line.tags[place]
    part = part_of(tag)
    if not part or not word.isalpha():
        return None
    label = line.labels[place] if line.labels else ""
    kind = kinds().get((part, word))
    if kind is None or (label and label not in _FILLS[part]):
        return None
    tag = "NN" if tag == "NNM" else tag
    if part == "P":
        return part, tag, kind, line.tags[line.heads[place]][:2] if line.heads else ""
    if part == "V":
        return part, tag, kind, valency(line, place), label == "amod"
    if part == "N":
        return part, tag, kind, label == "compound"
    return part, tag, kind, label == "amod" if line.labels else _next_tag(line, place)


def valency(line: Parsed, place: int) -> tuple[str, ...]:
    """What a verb asks to its right: objects, clauses, particles, and prepositions by group."""
    if not line.heads:
        return (_next_tag(line, place),)
    found = []
    for other, (head, label) in enumerate(zip(line.heads, line.labels, strict=True)):
        if head == place and other != place and label in _VALENCY:
            word = folded(line.words[other])
            if label == "prep":
                group = "place" if word in _PLACES else "way" if word in _WAYS else word
                found.append(f"prep {group}")
            elif label in ("prt", "xcomp"):
                found.append(f"{label} {word if label == 'prt' else line.tags[other]}")
            else:
                found.append(label)
    return tuple(sorted(found))


def _next_tag(line: Parsed, place: int) -> str:
    if place + 1 == len(line.words):
        return ""
    tag = line.tags[place + 1]
    return folded(line.words[place + 1]) if tag in ("IN", "TO", "RP", "OF") else tag


def governor(line: Parsed, place: int) -> tuple[str, str] | None:
    """The word that a place hangs on, and how; without a parser, the word before it."""
    if not line.heads:
        return ("after", folded(line.words[place - 1])) if place else None
    label, head = line.labels[place], line.heads[place]
    if label in ("pobj", "dobj", "nsubj", "attr", "conj", "amod", "compound", "nmod"):
        return label, stem(line.words[head])
    return None


class Chosen(NamedTuple):
    """The words of a slot that are not its own: running weights and tokens."""

    upto: list[float]
    tokens: list[int]


@dataclass(frozen=True, eq=False)
class Frames:
    """All frames of a corpus, flat.

    ``first`` (lines + 1,) bounds the tokens of each line in ``tokens`` and ``slots``; a slot is a
    type, or -1 where the token is held. Type t has the words of class ``type_class[t]``, those in
    ``favored[favored_first[t]:favored_first[t + 1]]`` (tokens) under the same governor; class c has
    the tokens ``class_tokens[class_first[c]:class_first[c + 1]]`` with ``class_weights``.
    ``homes`` (tokens,) has a bit for each world that uses the token.
    """

    first: Small
    tokens: Small
    slots: Small
    class_first: Small
    class_tokens: Small
    class_weights: Weights
    type_class: Small
    favored_first: Small
    favored: Small
    homes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first) - 1

    def words_of(self, slot: int, own: int, world: int) -> Chosen:
        """The words that a slot may take beside its own, weighed for a world (-1 for none)."""
        at = self.type_class[slot]
        low, high = self.class_first[at], self.class_first[at + 1]
        tokens = self.class_tokens[low:high]
        weights = self.class_weights[low:high].astype(float)
        favored = self.favored[self.favored_first[slot] : self.favored_first[slot + 1]]
        weights[np.isin(tokens, favored)] *= GOVERNED
        if world >= 0:
            weights[(self.homes[tokens] >> world) & 1 == 1] *= AT_HOME
        other = tokens != own
        return Chosen(np.cumsum(weights[other]).tolist(), tokens[other].tolist())

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The arrays by name, for a file."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def framed(
    parses: Sequence[Parsed], number: Mapping[tuple[str, str], int], worlds: Sequence[int]
) -> Frames:
    """The frames of some lines; ``worlds`` has the number of each line's world (-1 for none)."""
    rows = [[number[token] for token in zip(line.words, line.tags, strict=True)] for line in parses]
    keys = [[slot_class(parse, place) for place in range(len(parse.words))] for parse in parses]
    counts: dict[tuple[object, ...], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    takes: dict[tuple[object, str], set[tuple[str, ...]]] = defaultdict(set)
    governed: dict[tuple[object, ...], set[int]] = defaultdict(set)
    homes = np.zeros(max(number.values(), default=0) + 3, np.int64)
    for parse, row, key_row, world in zip(parses, rows, keys, worlds, strict=True):
        for place, key in enumerate(key_row):
            if world >= 0:
                homes[row[place]] |= 1 << world
            if key is None:
                continue
            bare = _bare(key)
            counts[bare][row[place]] += 1
            if key[0] == "V":
                takes[key[2], stem(parse.words[place])].add(key[3])  # type: ignore[arg-type]
            if hung := governor(parse, place):
                governed[(*bare, *hung)].add(row[place])
    words = {place: token[0] for token, place in number.items()}
    classes: dict[tuple[object, ...], int] = {}
    members: list[list[tuple[int, int]]] = []
    for key in (key for key_row in keys for key in key_row):
        if key is not None and key not in classes:
            classes[key] = len(members)
            able = sorted(counts[_bare(key)].items())
            if key[0] == "V":
                able = [x for x in able if key[3] in takes[key[2], stem(words[x[0]])]]
            members.append(able)
    names = list(classes)
    types: dict[tuple[int, tuple[str, str] | None], int] = {}
    slots: list[int] = []
    for parse, key_row in zip(parses, keys, strict=True):
        for place, key in enumerate(key_row):
            if key is None or len(members[classes[key]]) < 2:
                slots.append(-1)
                continue
            hung = governor(parse, place)
            near = governed[(*_bare(key), *hung)] if hung else set()
            name = classes[key], hung if len(near) > 1 else None
            slots.append(types.setdefault(name, len(types)))
    favored = [sorted(governed[(*_bare(names[at]), *hung)]) if hung else [] for at, hung in types]
    return Frames(
        _bounds(rows), _flat(rows), np.array(slots, np.int32),
        _bounds(members), np.array([t for m in members for t, _ in m], np.int32),
        np.sqrt(np.array([n for m in members for _, n in m], np.float32)),
        np.array([at for at, _ in types], np.int32), _bounds(favored), _flat(favored), homes,
    )  # fmt: skip


def _bare(key: tuple[object, ...]) -> tuple[object, ...]:
    """A class without what only the verb at hand asks for."""
    return (*key[:3], key[4]) if key[0] == "V" else key


def _bounds(rows: Iterable[Sequence[object]]) -> Small:
    return np.cumsum([0, *map(len, rows)], dtype=np.int32)


def _flat(rows: Iterable[Sequence[int]]) -> Small:
    return np.array([item for row in rows for item in row], np.int32)
