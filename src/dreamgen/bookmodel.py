"""The dream book made ready to write from: its frames, and the runs that must not be copied.

Comes in: the file that ships (made by `dreamgen.make`), or the book and its parses. Goes out: flat
arrays. A sentence about a figure called *she* or *he* is a line in both voices, prepared here and
never replaced in finished text, unless a word of it goes with one alone.
"""

import json
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .corpus import SCENES, VOICES, Corpus, Document, Facts
from .errors import CorpusError
from .frames import Frames, Parsed, framed
from .text import folded, is_word, stem

RUN = 6

_OF = {
    "she": ("she", "her", "hers", "herself", "she’s"),
    "he": ("he", "him", "his", "himself", "he’s"),
    "they": ("they", "them", "their", "theirs", "themselves"),
}
_TOLD = {
    ("she", "he"): {"she": "he", "hers": "his", "herself": "himself", "she’s": "he’s",
                    "woman": "man", "girl": "boy", "woman’s": "man’s", "girl’s": "boy’s"},
    ("he", "she"): {"he": "she", "him": "her", "his": "her", "himself": "herself", "he’s": "she’s",
                    "man": "woman", "boy": "girl", "man’s": "woman’s", "boy’s": "girl’s"},
}  # fmt: skip
_GENDERED = frozenset(
    "beard beards mustache moustache skirt dress gown husband wife pregnant bride groom".split()
)

# One symbol for words that are told in another voice or by sound, so that a run of the book is
# still seen to be one after *she* became *he*, or *a* became *an*.
_ALIKE = {
    word: group.split()[0]
    for group in (
        "she he", "her him his", "herself himself", "she’s he’s", "a an", "woman man girl boy",
        "woman’s man’s girl’s boy’s",
    )
    for word in group.split()
}  # fmt: skip

_PRIME = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Told:
    """A dream of the book: its name, arc and facts, and the stem of the thing that returns."""

    name: str
    arc: str
    facts: Facts
    thing: str = ""


@dataclass(frozen=True, eq=False)
class BookModel:
    """The frames of the book.

    ``tokens`` are the (word, tag) pairs by number; ``homes`` (lines, 6) holds dream, sentence,
    block, scene, role and voice (-1 for any) of each line; ``copies`` ascends: a hash of every run
    of `RUN` + 1 tokens of the book.
    """

    tokens: tuple[tuple[str, str], ...]
    roles: tuple[str, ...]
    told: tuple[Told, ...]
    homes: NDArray[np.int16]
    frames: Frames
    copies: NDArray[np.uint64]
    digest: str

    @cached_property
    def words(self) -> list[str]:
        """The word of each token."""
        return [word for word, _ in self.tokens]

    @cached_property
    def stems(self) -> list[str]:
        """The stem of each token, "" for marks."""
        return [stem(word) if is_word(word) else "" for word in self.words]

    @cached_property
    def worlds(self) -> tuple[str, ...]:
        """The worlds of the book."""
        return tuple(sorted({dream.facts.world for dream in self.told}))

    @cached_property
    def number(self) -> dict[str, int]:
        """The number by which each folded word is compared where runs are."""
        return {word: at for at, word in enumerate(sorted({folded(w) for w in self.words}))}

    @cached_property
    def alike(self) -> list[int]:
        """For each token the number by which it is compared."""
        number = self.number
        return [number[_ALIKE.get(folded(word), folded(word))] for word in self.words]

    def compared(self, words: Iterable[str]) -> list[int]:
        """Folded words as the numbers by which runs are compared; a strange word has its own."""
        strange = len(self.number) + 1
        found = []
        for word in words:
            known = self.number.get(_ALIKE.get(word, word), -1)
            if known < 0:
                strange, known = strange + 1, strange
            found.append(known)
        return found

    @cached_property
    def _map(self) -> tuple[bytes, int]:
        bits = 1 << int(len(self.copies) * 16).bit_length()
        table = np.zeros(bits, bool)
        table[(self.copies >> np.uint64(20)) & np.uint64(bits - 1)] = True
        return np.packbits(table, bitorder="little").tobytes(), bits - 1

    @cached_property
    def _keys(self) -> "array[int]":
        return array("Q", self.copies.tobytes())

    def copied(self, numbers: Sequence[int]) -> int:
        """Where the first run of more than `RUN` tokens of the book begins, or -1.

        A bit map answers for most runs before the sorted keys are searched.
        """
        length = RUN + 1
        table, mask = self._map
        out = pow(_PRIME, length, 1 << 64)
        key = 0
        for place, number in enumerate(numbers):
            key = key * _PRIME + number
            if place >= length:
                key -= out * numbers[place - length]
            key &= _WORD
            if place >= length - 1:
                bit = (key >> 20) & mask
                if table[bit >> 3] >> (bit & 7) & 1:
                    at = bisect_left(self._keys, key)
                    if at < len(self._keys) and self._keys[at] == key:
                        return place - length + 1
        return -1

    def keep(self, path: Path) -> None:
        """Writes what `book_model` reads."""
        head = {
            "digest": self.digest,
            "tokens": self.tokens,
            "roles": self.roles,
            "told": [asdict(dream) for dream in self.told],
        }
        text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
        arrays: dict[str, Any] = {
            "head": np.frombuffer(text, np.uint8), "lines": self.homes, "copies": self.copies,
            **self.frames.arrays(),
        }  # fmt: skip
        np.savez_compressed(path, **arrays)


def _voiced(
    words: Sequence[str], tags: Sequence[str], facts: Facts
) -> list[tuple[str, Sequence[str]]]:
    """The voices of a sentence and its words in each; one without a voice where none is heard."""
    own = {*_OF[facts.pronoun], facts.figure, f"{facts.figure}’s"}
    said = [folded(word) for word in words]
    if own.isdisjoint(said):
        return [("", words)]
    heard: list[tuple[str, Sequence[str]]] = [(facts.pronoun, words)]
    if facts.pronoun == "they" or not _GENDERED.isdisjoint(said):
        return heard
    other = "he" if facts.pronoun == "she" else "she"
    table = _TOLD[facts.pronoun, other]
    swapped = [
        ("his" if tag == "PRP$" else "him") if (word, other) == ("her", "he")
        else table[word] if word in own and word in table else plain
        for plain, word, tag in zip(words, said, tags, strict=True)
    ]  # fmt: skip
    return [*heard, (other, swapped)]


def _thing(document: Document, tags: Sequence[Sequence[str]]) -> str:
    """The stem of the noun of ``thing`` that is named again when it has changed."""
    told: dict[str, list[str]] = defaultdict(list)
    for sentence, row in zip(document.sentences, tags, strict=True):
        nouns = zip(sentence.words, row, strict=True)
        told[sentence.role] += [stem(word) for word, tag in nouns if tag in ("NN", "NNS")]
    later = [*told["changed"], *told["gift"]]
    both = [noun for noun in told["thing"] if noun in later]
    return max(both, key=later.count) if both else ""


def made(corpus: Corpus, parses: Sequence[str]) -> BookModel:
    """The model of the book from its parses, a line ``tag:head:label ...`` for each sentence."""
    if len(parses) != sum(len(document.sentences) for document in corpus.documents):
        raise CorpusError("the parses are not those of the book: run python -m dreamgen.make")
    rows = iter(parses)
    lines: list[Parsed] = []
    homes: list[tuple[int, int, int, int, str, int]] = []
    told: list[Told] = []
    for at, document in enumerate(corpus.documents):
        items = [
            [item.rsplit(":", 2) for item in next(rows).split(" ")] for _ in document.sentences
        ]
        tags = [[tag for tag, _, _ in row] for row in items]
        told.append(Told(document.name, document.arc, document.facts, _thing(document, tags)))
        for place, (sentence, row) in enumerate(zip(document.sentences, items, strict=True)):
            if len(row) != len(sentence.words):
                raise CorpusError(f"the parse of {sentence.text!r} is stale: run dreamgen.make")
            heads, labels = [int(head) for _, head, _ in row], [label for _, _, label in row]
            for voice, words in _voiced(sentence.words, tags[place], document.facts):
                lines.append(Parsed(words, tags[place], heads, labels))
                heard = VOICES.index(voice) if voice else -1
                scene = SCENES.index(sentence.scene)
                homes.append((at, place, sentence.block, scene, sentence.role, heard))
    found = {token for line in lines for token in zip(line.words, line.tags, strict=True)}
    tokens = tuple(sorted(found | {("a", "DT"), ("an", "DT")}))
    roles = tuple(sorted({home[4] for home in homes}))
    worlds = sorted({dream.facts.world for dream in told})
    frames = framed(
        lines,
        {token: number for number, token in enumerate(tokens)},
        [worlds.index(told[home[0]].facts.world) for home in homes],
    )
    numbered = [(*home[:4], roles.index(home[4]), home[5]) for home in homes]
    bare = BookModel(
        tokens, roles, tuple(told), np.array(numbered, np.int16), frames,
        np.zeros(0, np.uint64), corpus.digest,
    )  # fmt: skip
    return BookModel(tokens, roles, bare.told, bare.homes, frames, _runs(bare), bare.digest)


def _runs(model: BookModel) -> NDArray[np.uint64]:
    """The hashes of all runs of `RUN` + 1 tokens, ascending."""
    length = RUN + 1
    numbers = np.array(model.alike, np.uint64)[model.frames.tokens]
    keys = np.zeros(len(numbers) - length + 1, np.uint64)
    for step in range(length):
        keys = keys * np.uint64(_PRIME) + numbers[step : step + len(keys)]
    at = np.arange(len(keys))
    first = model.frames.first
    inside = at + length <= first[np.searchsorted(first, at, side="right")]
    return np.unique(keys[inside])


@lru_cache(maxsize=1)
def book_model() -> BookModel:
    """The model of the book, as it ships."""
    with (files("dreamgen") / "data" / "book.npz").open("rb") as file, np.load(file) as kept:
        head = json.loads(kept["head"].tobytes())
        frames = Frames(**{name: kept[name] for name in Frames.__dataclass_fields__})
        told = tuple(Told(**{**row, "facts": Facts(**row["facts"])}) for row in head["told"])
        tokens = tuple((word, tag) for word, tag in head["tokens"])
        return BookModel(
            tokens, tuple(head["roles"]), told, kept["lines"], frames, kept["copies"],
            head["digest"],
        )  # fmt: skip
