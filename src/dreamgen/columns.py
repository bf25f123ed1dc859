"""A large corpus as arrays: what `Corpus.from_texts` makes of texts, without an object a sentence.

Comes in: (name, text) pairs. Goes out: `Columns`, the lines that a chain learns from as one row of
numbers. The tags are those of `tagging.by_ending`, the scenes those of `dreamgen.scenes`, worked
out for all sentences at once. Memory is some five bytes a token.
"""

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import tagging
from .corpus import Corpus, Document, Line, Sentence
from .errors import CorpusError
from .facts import SCENES
from .scan import Bools, Places, Types, scanned
from .scenes import CELLS, Evidence, SceneModel, best_starts, bundled_scenes
from .suffixes import Suffixes
from .tagging import closed
from .text import ENDS, IRREGULAR, joined, stem

# Places and (word, tag) pairs are numbered in 32 bits.
MOST_PLACES = 2**31 - 1

# How many sentences are worked on at a time.
BLOCK = 1 << 10
_CLOSING = (".", "”")
_FINAL = ENDS | {"”", "’", ")"}


class Home(NamedTuple):
    """What the lines of one kind have in common."""

    scene: str
    role: str
    weight: float
    whole: bool
    voice: str = ""


@dataclass(frozen=True, eq=False)
class Columns:
    """The lines of a corpus, in order.

    ``tokens`` are (word, tag) pairs, ascending; two more numbers stand for the beginning and the
    end of a line. ``row`` (places + `PAD`,) has the lines one after another, each with its ends;
    ``first`` (lines + 1,) says where each begins, ``home`` (lines,) which of ``homes`` it has, and
    ``document`` (documents + 1,) with which line each document begins. ``weights`` (documents,)
    say how often each document counts, where some do not count once; the homes know of it.
    """

    tokens: tuple[tuple[str, str], ...]
    row: Places
    first: NDArray[np.int64]
    home: NDArray[np.uint16]
    homes: tuple[Home, ...]
    document: NDArray[np.int64]
    names: tuple[str, ...]
    notes: tuple[tuple[str, ...], ...]
    tagger: str
    weights: tuple[float, ...] = ()

    @property
    def whole(self) -> Bools:
        """Which lines are sentences, and not clauses of the sentence before them, (lines,)."""
        return np.array([home.whole for home in self.homes])[self.home]

    @property
    def size(self) -> int:
        """The number of tokens in the sentences."""
        return int((np.diff(self.first) - 2)[self.whole].sum())

    def said(self, line: int) -> Line:
        """A line as an object; it does not know its sentence."""
        low, high = int(self.first[line]) + 1, int(self.first[line + 1]) - 1
        tokens = [self.tokens[number] for number in self.row[low:high].tolist()]
        home = self.homes[self.home[line]]
        words, tags = tuple(word for word, _ in tokens), tuple(tag for _, tag in tokens)
        return Line(
            words, tags, home.scene, home.role, 0, 0, 0, home.voice, home.weight, home.whole
        )

    def line(self, place: int) -> int:
        """The line that a place of the row belongs to."""
        return int(np.searchsorted(self.first, place, side="right")) - 1


# How many times the beginning of a line is written after the last one; no run is longer.
PAD = 16


def read(texts: Iterable[tuple[str, str]], *, seen: Callable[[str], object] = str) -> Columns:
    """The columns of (name, text) documents, tagged by word endings.

    Texts are taken one after another and let go, so that they need not fit into memory together;
    ``seen`` is told the name of each. Raises `CorpusError` where there is no sentence.

    >>> columns = read([("one", "The sea is calm. The lamp is lit.")])
    >>> columns.size, columns.homes[0].scene
    (10, 'setting')
    """
    with tempfile.TemporaryFile() as spool:
        drafts = _Drafts(spool)
        for name, text in texts:
            seen(name)
            drafts.add(name, text)
        return drafts.columns()


class _Drafts:
    """The documents as they are read, before first words lose their capital."""

    def __init__(self, spool: IO[bytes]) -> None:
        self.types = Types()
        self.spool = spool  # the numbers, out of the way until all are there
        self.lengths: list[Places] = []
        self.names: list[str] = []
        self.notes: list[tuple[str, ...]] = []
        self.sentences = [0]
        self.upper = np.zeros(0, bool)

    def add(self, name: str, text: str) -> None:
        """Reads a document; sentences of fewer than two words are left out."""
        held: list[tuple[Places, Places]] = []
        for numbers, lengths in scanned(text, self.types):
            said = _sums(self.types.worded[numbers], lengths)
            kept = said > 1
            if not kept.all():
                numbers, lengths = numbers[np.repeat(kept, lengths)], lengths[kept]
            if len(lengths):
                held.append((numbers, lengths))
        notes: tuple[str, ...] = ()
        count = sum(len(lengths) for _, lengths in held)
        if held:
            numbers, lengths = held[-1]
            words = self.types.words
            if words[numbers[-1]] not in _FINAL and count > 1:
                row = [words[number] for number in numbers[len(numbers) - lengths[-1] :].tolist()]
                notes = (f"left out a last sentence that breaks off: {joined(row)!r}",)
                held[-1] = numbers[: len(numbers) - lengths[-1]], lengths[:-1]
                count -= 1
        for numbers, lengths in held:
            self._see(numbers, lengths)
            self.spool.write(numbers.data)
            self.lengths.append(lengths)
        if count:
            self.names.append(name)
            self.notes.append(notes)
            self.sentences.append(self.sentences[-1] + count)

    def _see(self, numbers: Places, lengths: Places) -> None:
        """Notes which words have a capital inside a sentence."""
        words = self.types.words
        if len(self.upper) < len(words):
            self.upper = np.append(self.upper, np.zeros(len(words) - len(self.upper), bool))
        inner = np.ones(len(numbers), bool)
        inner[np.cumsum(lengths) - lengths] = False
        for sign in "“‘(:—":
            if sign in self.types.number:
                inner[1:] &= numbers[:-1] != self.types.number[sign]
        self.upper[numbers[inner]] = True

    def columns(self) -> Columns:
        """All that was read, folded, tagged and cut into scenes."""
        if not self.names:
            raise CorpusError("the corpus holds no sentences; give it some text")
        self.types.settle()
        lengths = np.concatenate(self.lengths)
        self.lengths.clear()
        numbers = np.empty(int(lengths.sum()), np.int32)
        self.spool.seek(0)
        for begin in range(0, len(numbers), 1 << 20):
            part = np.frombuffer(self.spool.read(4 << 20), np.int32)
            numbers[begin : begin + len(part)] = part
        self._fold(numbers, lengths)
        for mark in _CLOSING:
            self.types.of(mark)
        words = self.types.words
        stems = bundled_scenes()
        scene, role = np.empty(len(lengths), np.uint8), np.empty(len(lengths), np.uint16)
        known = _known(self.types, stems)
        bounds = np.cumsum(lengths) - lengths
        roles = _Roles()
        for low, high in pairwise(self.sentences):
            begin = int(bounds[low])
            end = int(bounds[high]) if high < len(bounds) else len(numbers)
            part = known[numbers[begin:end]]
            _cut(part, lengths[low:high], stems, scene[low:high], role[low:high], roles)
        tags, of = _tagged(numbers, lengths, words)
        if len(words) * len(tags) > MOST_PLACES:
            raise CorpusError("the texts have too many different words; train models of parts")
        numbers *= len(tags)
        numbers += of
        del of
        return _lines(self, numbers, lengths, tags, scene, role, roles.names)

    def _fold(self, numbers: Places, lengths: Places) -> None:
        """Takes the capital from first words that have none elsewhere, in place."""
        words = self.types.words
        lower = {word for word in _used(words, numbers) if word[:1].islower()}
        firsts = _first_words(self.types.worded, numbers, lengths)
        changed = np.arange(len(words), dtype=np.int32)
        for number in np.unique(numbers[firsts]).tolist():
            word = words[number]
            keeps = word == "I" or word.startswith("I’")
            if not keeps and not (self.upper[number] and word.lower() not in lower):
                changed[number] = self.types.of(word[:1].lower() + word[1:])
        numbers[firsts] = changed[numbers[firsts]]


class _Roles:
    """The names of the roles, numbered as they are met."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def of(self, names: Sequence[str]) -> NDArray[np.uint16]:
        """The numbers of some names."""
        for name in names:
            if name not in self.names:
                self.names.append(name)
        return np.array([self.names.index(name) for name in names], np.uint16)


def _used(words: list[str], numbers: Places) -> list[str]:
    used = np.zeros(len(words), bool)
    used[numbers] = True
    return [words[place] for place in np.flatnonzero(used).tolist()]


def _known(types: Types, model: SceneModel) -> Places:
    """The number that the scene model has for the stem of each type, or -1."""
    heads = {known[:2] for known in model.numbers}
    return np.array(
        [
            model.numbers.get(stem(word), -1)
            if word[:1].isalnum() and (word[:2].casefold() in heads or word.casefold() in IRREGULAR)
            else -1
            for word in types.words
        ],
        np.int32,
    )


def _sums(values: Bools, lengths: Places) -> NDArray[np.int64]:
    """How many values hold in each stretch."""
    upto = np.concatenate([[0], np.cumsum(values)])
    ends = np.cumsum(lengths)
    return np.asarray(upto[ends] - upto[ends - lengths])


def _blocks(lengths: Places) -> list[tuple[int, int, int, int]]:
    """Stretches of `BLOCK` sentences: the first and last sentence, the first and last token."""
    found, done = [], 0
    for low in range(0, len(lengths), BLOCK):
        high = min(low + BLOCK, len(lengths))
        size = int(lengths[low:high].sum())
        found.append((low, high, done, done + size))
        done += size
    return found


def _first_words(worded: Bools, numbers: Places, lengths: Places) -> NDArray[np.int64]:
    """Where the first word of each sentence stands."""
    found = []
    for low, high, begin, end in _blocks(lengths):
        places = np.flatnonzero(worded[numbers[begin:end]])
        starts = np.cumsum(lengths[low:high]) - lengths[low:high]
        found.append(begin + places[np.searchsorted(places, starts)])
    return np.concatenate(found)


# Tags

_ARTICLE, _BOUND, _HER, _ANOTHER, _LEADER = 1, 2, 4, 8, 16
_GROUPS = {
    "the": _ARTICLE, "a": _ARTICLE, "my": _ARTICLE, "to": _BOUND | _LEADER, "as": _BOUND,
    "her": _HER, "another": _ANOTHER, "one": _LEADER,
}  # fmt: skip


def _plain(word: str) -> str:
    """The tag of a folded word in no company."""
    return closed(word, "", "") or tagging.ending(word)


def _tagged(
    numbers: Places, lengths: Places, words: list[str]
) -> tuple[list[str], NDArray[np.uint8]]:
    """The names of the tags, and the tag of each token: those of `tagging.by_ending`."""
    low = [word.casefold() for word in words]
    plain = [_plain(word) for word in low]
    names = sorted({*plain, "IN", "PRPF$", "DTS", "DTP", "NNM", "PN", *_CLOSING})
    if len(names) > 256:
        raise CorpusError(f"the texts hold {len(names)} kinds of marks; 256 can be told apart")
    number = {name: place for place, name in enumerate(names)}
    base = np.array([number[tag] for tag in plain], np.uint8)
    group = np.array([_GROUPS.get(word, 0) for word in low], np.uint8)
    out = np.empty(len(numbers), np.uint8)
    inside = np.isin(names, tagging.INSIDE)
    nouns = np.array([name.startswith("NN") for name in names])
    settled = np.array([n.endswith("$") or n in tagging.DETERMINING for n in names])
    for first, last, begin, end in _blocks(lengths):
        part = numbers[begin:end]
        starts = np.cumsum(lengths[first:last]) - lengths[first:last]
        head = np.zeros(len(part), bool)
        head[starts] = True
        final = np.append(head[1:], True)
        tags = base[part]
        after = np.append(part[1:], part[:1])
        groups = group[part]
        bound = (groups & _BOUND > 0) & ~final
        tags[bound & (group[after] & _ARTICLE > 0)] = number["IN"]
        hers = np.flatnonzero((groups & _HER > 0) & ~final)
        follow = [low[place] for place in part[hers + 1].tolist()]
        free = [word.isalpha() and word not in tagging.CLOSED for word in follow]
        tags[hers[np.array(free, bool)]] = number["PRPF$"]
        others = np.flatnonzero(groups & _ANOTHER)
        led = ~head[others] & (group[part[others - 1]] & _LEADER > 0)
        tags[others] = np.where(led, number["PN"], number["DTS"])
        _number_articles(tags, starts, lengths[first:last], number, nouns)
        _bare_nouns(tags, starts, lengths[first:last], number, inside, settled)
        out[begin:end] = tags
    return names, out


def _number_articles(
    tags: NDArray[np.uint8],
    starts: NDArray[np.int64],
    lengths: Places,
    number: dict[str, int],
    nouns: Bools,
) -> None:
    """`tagging.numbered`, in place."""
    if "DT" not in number:
        return
    places = np.flatnonzero(tags == number["DT"])
    ends = (starts + lengths)[np.searchsorted(starts, places, side="right") - 1]
    window = places[:, None] + np.arange(1, 7)
    there = window < ends[:, None]
    held = tags[np.minimum(window, len(tags) - 1)]
    noun = nouns[held] & there
    some = noun.any(axis=1)
    head = noun.argmax(axis=1)
    plural = (held == number.get("NNS", 256)) & there
    rows = np.arange(len(places))
    many = plural[rows, head] | (plural[rows, np.minimum(head + 1, 5)] & (head < 5))
    tags[places] = np.where(some & many, number["DTP"], number["DTS"])


def _bare_nouns(
    tags: NDArray[np.uint8],
    starts: NDArray[np.int64],
    lengths: Places,
    number: dict[str, int],
    inside: Bools,
    settled: Bools,
) -> None:
    """`tagging.bared`, in place."""
    if "NN" not in number:
        return
    outside = ~inside[tags]
    turn = np.arange(len(tags))
    latest = np.maximum.accumulate(np.where(outside, turn, -1))
    places = np.flatnonzero(tags == number["NN"])
    begin = starts[np.searchsorted(starts, places, side="right") - 1]
    before = latest[places]
    bare = (before < begin) | ~settled[tags[np.maximum(before, 0)]]
    tags[places[bare]] = number["NNM"]


# Scenes and roles


def _cut(
    known: Places,
    lengths: Places,
    model: SceneModel,
    scene: NDArray[np.uint8],
    role: NDArray[np.uint16],
    roles: _Roles,
) -> None:
    """The scene and the role of each sentence of one document, written where they belong."""
    count = len(lengths)
    stems, sizes = _sentence_stems(known, lengths, len(model.numbers))
    place = (np.arange(count) + 0.5) / count
    stay = np.log1p(-1 / np.maximum(model.shares * count, 2))
    within = _evidence(model.scenes, stems, sizes, place) + stay
    entering = _damped(model.openings, stems, sizes)
    if count < len(SCENES):
        middle = [1 + int(row[1:3].argmax()) for row in (within + entering)[1:-1]]
        scene[:] = [0, *middle, 3][:count]
    else:
        starts = best_starts(within, entering)
        scene[:] = np.repeat(np.arange(len(SCENES)), np.diff([*starts, count]))
    upto = np.concatenate([[0], np.cumsum(sizes)])
    edges = np.flatnonzero(np.diff(scene)) + 1
    for low, high in pairwise([0, *edges.tolist(), count]):
        evidence = model.roles.get(SCENES[scene[low]])
        if evidence is None:
            role[low:high] = roles.of([""])[0]
            continue
        names = roles.of(evidence.labels)
        part = (np.arange(high - low) + 0.5) / (high - low)
        found = _evidence(evidence, stems[upto[low] : upto[high]], sizes[low:high], part)
        role[low:high] = names[found.argmax(axis=1)]


def _sentence_stems(
    known: Places, lengths: Places, room: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The known stems of each sentence, each once and ascending, and how many there are."""
    stems, sizes = [], []
    for low, high, begin, end in _blocks(lengths):
        owner = np.repeat(np.arange(high - low), lengths[low:high])
        part = known[begin:end]
        held = part >= 0
        keys = np.unique(owner[held] * room + part[held])
        stems.append(keys % room)
        sizes.append(np.bincount(keys // room, minlength=high - low))
    return np.concatenate(stems), np.concatenate(sizes)


def _evidence(
    evidence: Evidence,
    stems: NDArray[np.int64],
    sizes: NDArray[np.int64],
    place: NDArray[np.float64],
) -> NDArray[np.float64]:
    """`Evidence.of` for each sentence, (sentences, labels)."""
    cells = np.minimum((place * CELLS).astype(np.int64), CELLS - 1)
    return np.asarray(_damped(evidence.odds, stems, sizes) + evidence.places.T[cells])


def _damped(
    odds: NDArray[np.float64], stems: NDArray[np.int64], sizes: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The sum of the odds of the stems of each sentence over the root of their number."""
    table = np.ascontiguousarray(odds.T)
    out = np.zeros((len(sizes), table.shape[1]))
    upto = np.concatenate([[0], np.cumsum(sizes)])
    for low in range(0, len(sizes), BLOCK):
        high = min(low + BLOCK, len(sizes))
        some = low + np.flatnonzero(sizes[low:high])
        if len(some):
            rows = table[stems[upto[low] : upto[high]]]
            out[some] = np.add.reduceat(rows, upto[some] - upto[low], axis=0)
    return np.asarray(out / np.sqrt(np.maximum(sizes, 1))[:, None])


# Lines


def _lines(
    drafts: _Drafts,
    pairs: Places,
    lengths: Places,
    tags: list[str],
    scene: NDArray[np.uint8],
    role: NDArray[np.uint16],
    roles: list[str],
) -> Columns:
    """The lines of the sentences: each whole, and what a sentence is without its last token,
    closed, where the mark that ends it stands before that."""
    types = drafts.types
    stop, quote = (types.of(mark) * len(tags) + tags.index(mark) for mark in _CLOSING)
    ends = np.array([word in ENDS for word in types.words])
    opening, closing = types.of("“"), types.of("”")
    last = np.cumsum(lengths) - 1
    early = np.zeros(len(lengths), bool)
    unclosed = np.zeros(len(lengths), bool)
    for low, high, begin, end in _blocks(lengths):
        part = pairs[begin:end] // len(tags)
        final = last[low:high] - begin
        size = lengths[low:high]
        inner = np.ones(len(part), bool)
        inner[final] = False
        mark = _sums(ends[part] & inner, size) > 0
        # no mark at all stands after the last token
        early[low:high] = mark | ~ends[part[final]]
        open_ = _sums((part == opening) & inner, size) - _sums((part == closing) & inner, size)
        unclosed[low:high] = early[low:high] & (open_ > 0)
    return _laid(
        drafts, pairs, lengths, early, unclosed, (stop, quote), tags, scene, role, roles,
    )  # fmt: skip


def _laid(
    drafts: _Drafts,
    pairs: Places,
    lengths: Places,
    early: Bools,
    unclosed: Bools,
    marks: tuple[int, int],
    tags: list[str],
    scene: NDArray[np.uint8],
    role: NDArray[np.uint16],
    roles: list[str],
) -> Columns:
    """The columns of sentences of (word, tag) pairs; ``early`` ones have a second line."""
    table = np.zeros(len(drafts.types.words) * len(tags), bool)
    table[pairs] = True
    table[marks[0]] |= early.any()
    table[marks[1]] |= unclosed.any()
    used = np.flatnonzero(table)
    words = drafts.types.words
    named = [(words[pair // len(tags)], tags[pair % len(tags)]) for pair in used.tolist()]
    turn = sorted(range(len(named)), key=named.__getitem__)
    del table
    number = np.empty(len(used), np.int32)
    number[turn] = np.arange(len(used), dtype=np.int32)
    begin, end = len(used), len(used) + 1
    sizes = lengths.astype(np.int64) + 2
    extra = np.where(early, sizes + unclosed, 0)
    if int(sizes.sum() + extra.sum()) + PAD > MOST_PLACES:
        raise CorpusError(
            f"the texts have more than {MOST_PLACES:,} tokens; train several models of parts"
        )
    row = np.empty(int(sizes.sum() + extra.sum()) + PAD, np.int32)
    row[-PAD:] = begin
    done = 0
    for low, high, a, b in _blocks(lengths):
        size, more = sizes[low:high], extra[low:high]
        starts = done + np.cumsum(size + more) - (size + more)
        within = np.arange(b - a) - np.repeat(np.cumsum(size - 2) - (size - 2), size - 2)
        part = number[np.searchsorted(used, pairs[a:b])]
        row[starts] = begin
        row[np.repeat(starts + 1, size - 2) + within] = part
        row[starts + size - 1] = end
        again = np.flatnonzero(more)
        if len(again):
            chosen = np.repeat(more > 0, size - 2)
            second = np.repeat(starts + size, size - 2) + 1 + within
            row[second[chosen]] = part[chosen]
            heads = (starts + size)[again]
            row[heads] = begin
            tail = heads + size[again] - 2  # where its last token stands
            row[tail] = number[np.searchsorted(used, marks[0])]
            quoted = unclosed[low:high][again]
            if quoted.any():
                row[tail[quoted] + 1] = number[np.searchsorted(used, marks[1])]
            row[tail + 1 + quoted] = end
        done += int((size + more).sum())
    count = 1 + early
    first = np.zeros(int(count.sum()) + 1, np.int64)
    whole = np.ones(len(first) - 1, bool)
    at = np.cumsum(count) - count
    whole[at[early] + 1] = False
    each = np.empty(len(first) - 1, np.int64)
    each[at], each[at[early] + 1] = sizes, extra[early]
    np.cumsum(each, out=first[1:])
    code = (scene.astype(np.int64) * (len(roles) + 1) + role) * 4 + early * 2
    code = np.repeat(code, count) + whole
    kinds, home = np.unique(code, return_inverse=True)
    homes = tuple(
        Home(
            SCENES[kind // 4 // (len(roles) + 1)],
            roles[kind // 4 % (len(roles) + 1)],
            0.5 if kind & 2 else 1.0,
            bool(kind & 1),
        )
        for kind in kinds.tolist()
    )
    line = np.append(at, len(each))
    return Columns(
        tuple(named[place] for place in turn), row, first, home.astype(np.uint16), homes,
        line[drafts.sentences], tuple(drafts.names), tuple(drafts.notes), "endings",
    )  # fmt: skip


class LargeCorpus(Corpus):
    """A corpus kept as `Columns`; sentences become objects when somebody asks for them."""

    def __init__(self, columns: Columns, *, digest: str | None = None) -> None:
        self.columns = columns
        self.tagger = columns.tagger
        if digest is not None:
            self.__dict__["digest"] = digest

    @cached_property
    def documents(self) -> tuple[Document, ...]:  # type: ignore[override]
        """The documents, sentence by sentence."""
        columns = self.columns
        whole = columns.whole
        return tuple(
            Document(
                name,
                tuple(self._sentence(line) for line in range(low, high) if whole[line]),
                notes=notes,
            )
            for name, notes, (low, high) in zip(
                columns.names, columns.notes, pairwise(columns.document.tolist()), strict=True
            )
        )

    def _sentence(self, line: int) -> Sentence:
        said = self.columns.said(line)
        return Sentence(said.words, said.tags, said.scene, said.role, ends=(len(said.words) - 1,))

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Everything that a chain learns from, in the order of the documents."""
        columns, found = self.columns, []
        for document, (low, high) in enumerate(pairwise(columns.document.tolist())):
            sentence = -1
            for place in range(low, high):
                line = columns.said(place)
                sentence += line.whole
                found.append(replace(line, document=document, sentence=sentence))
        return tuple(found)

    @cached_property
    def size(self) -> int:
        """The number of tokens in the documents."""
        return self.columns.size

    @cached_property
    def digest(self) -> str:
        """Twelve hexadecimal digits that name this corpus, as `Corpus.digest` has them."""
        columns = self.columns
        made = hashlib.blake2b(digest_size=6)
        if columns.weights:
            made.update(repr(columns.weights).encode())
        words = [word.encode() for word, _ in columns.tokens]
        tags = [tag.encode() for _, tag in columns.tokens]
        heads = [
            "\x1f".join((home.scene, home.role, home.voice)).encode() for home in columns.homes
        ]
        first, home = columns.first.tolist(), columns.home.tolist()
        for line, (low, high) in enumerate(pairwise(first)):
            row = columns.row[low + 1 : high - 1].tolist()
            parts = [heads[home[line]], *map(words.__getitem__, row), *map(tags.__getitem__, row)]
            made.update(b"\x1f".join(parts) + b"\n")
        return made.hexdigest()

    def sorted_runs(self, kind: str, depth: int) -> Suffixes | None:
        """Sorted suffixes that need not be made; none here."""
        return None

    @property
    def is_book(self) -> bool:
        """Never: a book is not read into columns."""
        return False

    def __repr__(self) -> str:
        count = int(self.columns.whole.sum())
        names = len(self.columns.names)
        return f"Corpus({names} documents, {count} sentences, tags: {self.tagger})"

    def report(self) -> str:
        """What was read, how it was tagged, and what had to be mended, for people."""
        columns = self.columns
        upto = np.concatenate([[0], np.cumsum(columns.whole)])[columns.document]
        lines = [repr(self)]
        for name, notes, count in zip(columns.names, columns.notes, np.diff(upto), strict=True):
            lines += [f"{name}: {count} sentences", *(f"  {note}" for note in notes)]
        return "\n".join(lines)


def columns_of(corpus: Corpus) -> Columns:
    """The columns of any corpus, its voices and clauses counted."""
    if isinstance(corpus, LargeCorpus):
        return corpus.columns
    lines = corpus.lines
    tokens = tuple(sorted({t for x in lines for t in zip(x.words, x.tags, strict=True)}))
    number = {token: place for place, token in enumerate(tokens)}
    padded = [n for x in lines for n in _padded(x, number)]
    row = np.array(padded + [len(tokens)] * PAD, np.int32)
    first = np.concatenate([[0], np.cumsum([len(x.words) + 2 for x in lines])])
    kinds: dict[Home, int] = {}
    home = [
        kinds.setdefault(Home(x.scene, x.role, x.weight, x.whole, x.voice), len(kinds))
        for x in lines
    ]
    counts = np.bincount([x.document for x in lines], minlength=len(corpus.documents))
    return Columns(
        tokens, row, first, np.array(home, np.uint16), tuple(kinds),
        np.concatenate([[0], np.cumsum(counts)]),
        tuple(document.name for document in corpus.documents),
        tuple(document.notes for document in corpus.documents), corpus.tagger,
    )  # fmt: skip


def _padded(line: Line, number: dict[tuple[str, str], int]) -> list[int]:
    body = [number[token] for token in zip(line.words, line.tags, strict=True)]
    return [len(number), *body, len(number) + 1]


def merged(parts: Sequence[Columns], weights: Sequence[float] | None = None) -> Columns:
    """The documents of several columns one after another; each line counts as often as its part.

    Raises `CorpusError` where there are not as many weights, above 0, as parts, where they were
    tagged in several ways, or where lines hold in one voice alone.

    >>> one, two = read([("a", "The sea is calm.")]), read([("b", "The lamp is lit.")])
    >>> merged([one, two], [1, 2]).weights
    (1.0, 2.0)
    """
    given = tuple(1.0 for _ in parts) if weights is None else tuple(map(float, weights))
    if not parts or len(given) != len(parts) or not all(0 < w < float("inf") for w in given):
        raise CorpusError(f"{len(parts)} models take as many weights above 0, not {list(given)}")
    taggers = sorted({part.tagger for part in parts})
    if len(taggers) > 1:
        raise CorpusError(f"models tagged by {' and by '.join(taggers)} cannot be merged")
    if any(home.voice for part in parts for home in part.homes):
        raise CorpusError("a corpus with lines in several voices cannot be merged")
    tokens = tuple(sorted({token for part in parts for token in part.tokens}))
    number = {token: place for place, token in enumerate(tokens)}
    begin, end = len(tokens), len(tokens) + 1
    kinds: dict[Home, int] = {}
    rows, firsts, homes = [], [np.zeros(1, np.int64)], []
    for part, weight in zip(parts, given, strict=True):
        table = np.array([*(number[token] for token in part.tokens), begin, end], np.int32)
        rows.append(table[part.row[: int(part.first[-1])]])
        firsts.append(part.first[1:] + firsts[-1][-1])
        named = [home._replace(weight=home.weight * weight) for home in part.homes]
        places = np.array([kinds.setdefault(home, len(kinds)) for home in named], np.uint16)
        homes.append(places[part.home])
    lines = np.cumsum([0, *(len(part.home) for part in parts)])
    document = [part.document[:-1] + low for part, low in zip(parts, lines, strict=False)]
    heavy = tuple(
        (part.weights[place] if part.weights else 1.0) * weight
        for part, weight in zip(parts, given, strict=True)
        for place in range(len(part.names))
    )
    return Columns(
        tokens, np.concatenate([*rows, np.full(PAD, begin, np.int32)]), np.concatenate(firsts),
        np.concatenate(homes), tuple(kinds), np.concatenate([*document, lines[-1:]]),
        tuple(name for part in parts for name in part.names),
        tuple(notes for part in parts for notes in part.notes), taggers[0],
        () if set(heavy) == {1.0} else heavy,
    )  # fmt: skip
