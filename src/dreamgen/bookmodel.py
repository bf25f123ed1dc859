"""The dream book made ready to write from.

Comes in: ``data/book.txt``, the compact form of the book that ships (made by ``python -m
dreamgen.make book``), or a corpus. Goes out: a `BookModel`, whose records become lines when they
are first told. A sentence about a figure called *she* or *he* can be told in both voices, prepared
here and never replaced in finished text, unless a word of it goes with one alone.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from .errors import CorpusError
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
_GENDERED = frozenset(
    "beard beards mustache moustache bearded unshaven skirt dress gown husband wife pregnant bride "
    "groom widow widower".split()
)
_READING = re.compile(r"(?<=[{|=!])[^{|}=!]+(?=[|}])")
# What the compact form of a book begins with; its digest follows.
FORMAT = "dreamgen book 2 "
# Before the voices of a dream, where they are known.
VOICED = "="
_DREAM = re.compile(rb"\n#([^\n]*)")
_LINE = re.compile(r"\w[\w’-]*")


class Told(NamedTuple):
    """A dream of the book: its name, arc and facts, and the voices that can tell its arc after it
    alone, None where they are not known yet."""

    name: str
    arc: str
    facts: Facts
    voices: frozenset[str] | None


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

    Opening it finds its dreams, which is linear in the book, some 3 ms for that which ships; the
    records of a dream are read when one of them is first asked for.
    """

    def __init__(self, written: str | bytes) -> None:
        self._written = written.encode() if isinstance(written, str) else written
        if not self._written.startswith(FORMAT.encode()):
            raise CorpusError(
                "the compact book is of another form: run python -m dreamgen.make book"
            )
        digest = self._written[len(FORMAT) : self._written.index(b"\n")]
        self.digest = digest.decode()
        self.told: list[Told] = []
        # where the rows of each dream stand, and the number of its first record
        self._spans: list[tuple[int, int]] = []
        self._first = [0]
        heads = list(_DREAM.finditer(self._written))
        ends = [*(head.start() for head in heads[1:]), len(self._written) - len("\n")]
        for head, end in zip(heads, ends, strict=True):
            name, arc, *facts = head[1].decode().split("\t")
            known = facts[-1].startswith(VOICED)
            voices = frozenset(facts.pop().removeprefix(VOICED).split()) if known else None
            self.told.append(Told(name, arc, Facts(*facts), voices))
            self._spans.append((head.end(), end))
            self._first.append(self._first[-1] + self._written.count(b"\n", head.end(), end))
        self._read: dict[int, Record] = {}
        self._blocks: dict[int, dict[int, dict[str, int]]] = {}
        self._scenes: dict[int, list[tuple[str, int]]] = {}
        self._naming: dict[str, list[int]] = {}
        self._neutral: dict[int, bool] = {}

    def record(self, at: int) -> Record:
        """A record by its number."""
        found = self._read.get(at)
        if found is None:
            dream = bisect_right(self._first, at) - 1
            start, end = self._spans[dream]
            rows = self._written[start:end].decode().split("\n")[1:]
            for place, row in enumerate(rows):
                block, scene, name, source = row.split(" ", 3)
                made = Record(dream, place, int(block), scene, name, source)
                self._read[self._first[dream] + place] = made
            found = self._read[at]
        return found

    @cached_property
    def records(self) -> list[Record]:
        """All records, in order."""
        return [self.record(at) for at in range(self._first[-1])]

    def scenes(self, dream: int) -> list[tuple[str, int]]:
        """The (kind, block) pairs of a dream, in order."""
        if dream not in self._scenes:
            self._look(dream)
        return self._scenes[dream]

    def block(self, dream: int, block: int) -> dict[str, int]:
        """The record of each field of a block of a dream; none where there is no such block."""
        if dream not in self._blocks:
            self._look(dream)
        return self._blocks[dream].get(block, {})

    def _look(self, dream: int) -> None:
        blocks: dict[int, dict[str, int]] = {}
        scenes: dict[tuple[str, int], None] = {}
        for at in range(self._first[dream], self._first[dream + 1]):
            record = self.record(at)
            blocks.setdefault(record.block, {})[record.field] = at
            scenes[record.scene, record.block] = None
        self._blocks[dream], self._scenes[dream] = blocks, list(scenes)

    def is_neutral(self, at: int) -> bool:
        """Whether a record says nothing of the figure, and so holds in every voice."""
        if at not in self._neutral:
            record = self.record(at)
            facts = self.told[record.dream].facts
            self._neutral[at] = not _naming(facts.pronoun, facts.figure).search(record.source)
        return self._neutral[at]

    def source(self, at: int, voice: str, figure: str) -> str:
        """The source of a record in a voice, about a figure; "" where it cannot be told so."""
        record = self.record(at)
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
def noun_roots() -> frozenset[str]:
    """The stems of nouns that name things which can be seen, heard, smelled or touched."""
    told = (DATA / "nouns.txt").read_text("utf-8")
    return frozenset(
        stem(word) for row in told.splitlines() if not row.startswith("#") for word in row.split()
    )


@lru_cache(maxsize=1)
def book_model() -> BookModel:
    """The model of the book, as it ships."""
    return BookModel((DATA / "book.txt").read_bytes())
