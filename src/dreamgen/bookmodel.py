"""The dream book made ready to write from.

Comes in: ``data/book.txt``, the compact form of the book that ships (made by ``python -m
dreamgen.make book``), or a corpus. Goes out: a `BookModel`, whose records become lines when they
are first told. A sentence about a figure called *she* or *he* can be told in both voices, prepared
here and never replaced in finished text, unless a word of it goes with one alone.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from .facts import DATA, Facts
from .readings import ALIKE, RUN, plain, voiced
from .text import cut, folded, stem

_OF = {
    "she": frozenset("she her hers herself she’s".split()),
    "he": frozenset("he him his himself he’s".split()),
    "they": frozenset("they them their theirs themselves".split()),
}
_SWAPS = {
    ("she", "he"): {"she": "he", "hers": "his", "herself": "himself", "she’s": "he’s"},
    ("he", "she"): {"he": "she", "him": "her", "his": "her", "himself": "herself", "he’s": "she’s"},
}
PAIRS = {"woman": "man", "girl": "boy", "man": "woman", "boy": "girl"}
NOUNS = frozenset("woman man girl boy child stranger person".split())
_GENDERED = frozenset(
    "beard beards mustache moustache bearded unshaven skirt dress gown husband wife pregnant bride "
    "groom widow widower".split()
)
_READING = re.compile(r"(?<=[{|])[^{|}]+(?=[|}])")
_LINE = re.compile(r"\w[\w’-]*")


class Told(NamedTuple):
    """A dream of the book: its name, arc and facts."""

    name: str
    arc: str
    facts: Facts


class Record(NamedTuple):
    """A sentence of the book with its margin: where it stands, and its source."""

    dream: int
    place: int
    block: int
    scene: str
    field: str
    source: str


class BookModel:
    """The dreams and the records of the book.

    Reading it is linear in the book.
    """

    def __init__(self, written: str) -> None:
        rows = written.splitlines()
        self.digest = hashlib.blake2b(written.encode(), digest_size=6).hexdigest()
        self.told: list[Told] = []
        self.records: list[Record] = []
        self._naming: dict[str, list[int]] = {}
        self._neutral: dict[int, bool] = {}
        place = 0
        for row in rows:
            if row.startswith("#"):
                name, arc, *facts = row[1:].split("\t")
                self.told.append(Told(name, arc, Facts(*facts)))
                place = 0
            else:
                block, scene, name, source = row.split(" ", 3)
                at = len(self.told) - 1
                self.records.append(Record(at, place, int(block), scene, name, source))
                place += 1

    @cached_property
    def blocks(self) -> dict[tuple[int, int], dict[str, int]]:
        """The record of each field of each (dream, block)."""
        found: dict[tuple[int, int], dict[str, int]] = {}
        for at, record in enumerate(self.records):
            found.setdefault((record.dream, record.block), {})[record.field] = at
        return found

    @cached_property
    def scenes(self) -> dict[int, list[tuple[str, int]]]:
        """The (kind, block) pairs of each dream, in order."""
        found: dict[int, list[tuple[str, int]]] = {}
        for record in self.records:
            pairs = found.setdefault(record.dream, [])
            if (record.scene, record.block) not in pairs[-1:]:
                pairs.append((record.scene, record.block))
        return found

    def is_neutral(self, at: int) -> bool:
        """Whether a record says nothing of the figure, and so holds in every voice."""
        if at not in self._neutral:
            record = self.records[at]
            facts = self.told[record.dream].facts
            self._neutral[at] = not _naming(facts.pronoun, facts.figure).search(record.source)
        return self._neutral[at]

    def source(self, at: int, voice: str, figure: str) -> str:
        """The source of a record in a voice, about a figure; "" where it cannot be told so."""
        record = self.records[at]
        if self.is_neutral(at):
            return record.source
        facts = self.told[record.dream].facts
        said = set(map(folded, _LINE.findall(record.source)))
        swap: dict[str, str] = {}
        if voice != facts.pronoun:
            if (facts.pronoun, voice) not in _SWAPS or not said.isdisjoint(_GENDERED):
                return ""
            swap = dict(_SWAPS[facts.pronoun, voice])
        noun = facts.figure if voice == facts.pronoun else PAIRS[facts.figure]
        if noun != facts.figure:
            swap |= {facts.figure: noun, f"{facts.figure}’s": f"{noun}’s"}
        made = voiced(record.source, swap, voice == "he") if swap else record.source
        if figure not in ("", noun):
            made = re.sub(rf"\b([Tt]he ){noun}\b", rf"\1{figure}", made)
        return made

    @cached_property
    def nouns(self) -> frozenset[str]:
        """The nouns that name things which may return as motifs."""
        told = (DATA / "nouns.txt").read_text("utf-8")
        things = {dream.facts.thing for dream in self.told}
        return (
            frozenset(word for row in told.splitlines() if row[0] != "#" for word in row.split())
            | things
        )

    @cached_property
    def noun_roots(self) -> frozenset[str]:
        """The stems of these."""
        return frozenset(map(stem, self.nouns))

    # Runs

    @cached_property
    def runs(self) -> frozenset[str]:
        """Every run of `RUN` + 1 tokens of the book; made when a text is first judged."""
        return frozenset(
            run for record in self.records for run in runs_of(cut(plain(record.source)))
        )

    def copied(self, said: Iterable[str]) -> str:
        """The first run of more than `RUN` of these tokens that is the book's, or ""."""
        row = list(said)
        starts = (at for at, run in enumerate(runs_of(row)) if run in self.runs)
        at = next(starts, -1)
        return " ".join(row[at : at + RUN + 1]) if at >= 0 else ""

    @cached_property
    def _texts(self) -> list[str]:
        """Each record as tokens with a blank between, then its readings apart from one another."""
        return [
            " | ".join(
                f" {' '.join(ALIKE.get(word, word) for word in map(folded, cut(part)))} "
                for part in (plain(record.source), *_READING.findall(record.source))
            )
            for record in self.records
        ]

    def longest(self, row: Sequence[str]) -> tuple[int, int]:
        """The record that has the most of these compared tokens in a row, from the first on, and
        how many."""
        best = 0, 0
        for length in range(1, len(row) + 1):
            sought = f" {' '.join(row[:length])} "
            at = next((at for at, text in enumerate(self._texts) if sought in text), -1)
            if at < 0:
                break
            best = at, length
        return best

    @cached_property
    def said(self) -> frozenset[str]:
        """Every word of the book, its margins counted."""
        return frozenset(
            folded(word) for record in self.records for word in _LINE.findall(record.source)
        )

    def naming(self, root: str) -> list[int]:
        """The records that say a word of this stem somewhere, their margins counted.

        Linear in the book; the latest answers are kept.
        """
        if root not in self._naming:
            if len(self._naming) >= 256:
                del self._naming[next(iter(self._naming))]
            self._naming[root] = self._named(root)
        return self._naming[root]

    def _named(self, root: str) -> list[int]:
        found = re.compile(rf"(?i)\b{re.escape(root[:-1] or root)}")
        return [
            at for at, record in enumerate(self.records)
            if found.search(record.source)
            and any(stem(word) == root for word in _LINE.findall(record.source))
        ]  # fmt: skip


@lru_cache(maxsize=64)
def _naming(pronoun: str, figure: str) -> re.Pattern[str]:
    words = "|".join(sorted({*_OF[pronoun], figure, f"{figure}’s"}, key=len, reverse=True))
    return re.compile(rf"(?i)(?<![\w’-])(?:{words})(?![\w’-])")


def runs_of(said: Iterable[str]) -> Iterator[str]:
    """The runs of `RUN` + 1 tokens, in the form in which they are compared."""
    words = [ALIKE.get(word, word) for word in map(folded, said)]
    for start in range(len(words) - RUN):
        yield " ".join(words[start : start + RUN + 1])


@lru_cache(maxsize=1)
def book_model() -> BookModel:
    """The model of the book, as it ships."""
    return BookModel((DATA / "book.txt").read_text("utf-8"))
