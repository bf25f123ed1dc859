"""What is learned from a corpus: its vocabulary, its chain, and the runs that must not be copied.

Comes in: a `Corpus`. Goes out: numbered tokens, tries and weights, each made when first asked for
and kept. Rules read it, in both of their readings; the dreamer draws from it.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .chain import Bools, Chain, Vocabulary
from .columns import PAD, Columns, LargeCorpus, columns_of
from .corpus import Corpus, Line
from .errors import CorpusError
from .external import checked_memory, externally_sorted
from .facts import DATA, RUN
from .largechain import LargeChain
from .suffixes import Places, Runs, Sort, Suffixes
from .tagging import is_content
from .text import folded, stem
from .trie import Floats, Ints, Trie

Texts = NDArray[np.str_]

LARGE = 50_000

# How many lines of a large corpus lend their shapes, at least while there are so many.
LENDERS = 20_000

# How many chains of a large corpus are kept, each eight bytes a token.
CHAINS = 6

# The kinds of things that can be a motif.
CONCRETE = ("place", "nature", "light", "sound", "made")

# How much more a line counts where its own role, or its own scene, is being written.
SAME_ROLE, SAME_SCENE = 8.0, 3.0

# Roles whose person or marks would be out of place anywhere else.
APART = frozenset({"coda", "speech"})


class Grams(Protocol):
    """Which runs of words a corpus holds."""

    def __contains__(self, run: object, /) -> bool: ...

    def isdisjoint(self, runs: Iterable[tuple[str, ...]], /) -> bool: ...


class Known:
    """The runs of words that are nodes."""

    def __init__(self, runs: Runs, number: Mapping[str, int]) -> None:
        self._runs, self._number = runs, number

    def __contains__(self, run: object) -> bool:
        assert isinstance(run, tuple)
        node = np.zeros(1, np.int64)
        for word in run:
            if (symbol := self._number.get(word)) is None:
                return False
            node = self._runs.child(node, np.array([symbol]))
            if node[0] < 0:
                return False
        return True

    def isdisjoint(self, runs: Iterable[tuple[str, ...]]) -> bool:
        """Whether none of the runs is held."""
        return not any(run in self for run in runs)


class Model:
    """A corpus made ready to write from.

    ``order`` is the order of the chain, or None for order 1 on a corpus of fewer than 50,000 tokens
    and, on a larger one, a variable order of at most 2 that falls back to 1. ``run`` is the longest
    run of tokens that a sentence may share with the corpus. ``memory``, as "2GB", bounds what
    sorting a large corpus takes, by DuckDB (``pip install 'dreamgen[large]'``).
    """

    def __init__(
        self,
        corpus: Corpus,
        *,
        order: int | None = None,
        run: int = RUN,
        memory: str | None = None,
    ) -> None:
        if run < 2:
            raise CorpusError(f"run={run}: sentences cannot share fewer than 2 tokens; try 5")
        if order is not None and order < 1:
            raise CorpusError(f"order={order}: a chain looks at one token back or more; try 1")
        self.corpus = corpus
        self.variable = order is None and corpus.size >= LARGE
        self.order = order or (2 if self.variable else 1)
        self.run = run
        self._memory = checked_memory(memory) if memory is not None else None
        self.large = corpus.size >= LARGE
        self.kept: Mapping[str, Any] | None = None  # the shapes that a model file holds
        self._runs: dict[int, Runs] = {}
        self._grams: dict[int, Grams] = {}
        self._chains: dict[tuple[str, str, str], Chain | LargeChain] = {}

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The word/tag tokens of the corpus, numbered."""
        if self.large:
            return Vocabulary(self.columns.tokens)
        return Vocabulary(
            token for line in self.corpus.lines for token in zip(line.words, line.tags, strict=True)
        )

    @cached_property
    def rows(self) -> list[list[int]]:
        """The lines of the corpus as numbered tokens."""
        number = self.vocabulary.number
        return [
            [number[token] for token in zip(line.words, line.tags, strict=True)]
            for line in self.corpus.lines
        ]

    @cached_property
    def voiced(self) -> bool:
        """Whether some lines hold in one voice alone."""
        if self.large:
            return any(home.voice for home in self.columns.homes)
        return any(line.voice for line in self.corpus.lines)

    @cached_property
    def voiceless(self) -> bool:
        """Whether some lines hold in every voice."""
        if self.large:
            return any(not home.voice for home in self.columns.homes)
        return any(not line.voice for line in self.corpus.lines)

    @cached_property
    def lenders(self) -> Sequence[Line]:
        """The lines that lend their shapes: all, or of a large corpus some, evenly spread."""
        if not isinstance(self.corpus, LargeCorpus) or not self.large:
            return self.corpus.lines
        count = len(self.columns.home)
        return [self.columns.said(line) for line in range(0, count, max(count // LENDERS, 1))]

    @cached_property
    def columns(self) -> Columns:
        """The lines of a large corpus as arrays."""
        return columns_of(self.corpus)

    def _sorted(self, kind: str, depth: int) -> Suffixes | None:
        """The sorted suffixes that came with the corpus, if they did."""
        if not self.large or not isinstance(self.corpus, LargeCorpus):
            return None
        return self.corpus.sorted_runs(kind, depth)

    @property
    def _sort(self) -> Sort | None:
        """What sorts the suffixes: DuckDB where memory is bounded."""
        memory = self._memory
        return None if memory is None else partial(externally_sorted, memory=memory)

    def _row(self, depth: int) -> Places:
        """The row of a large corpus, closed for runs of a depth."""
        columns = self.columns
        if depth > PAD:
            raise CorpusError(f"runs of {depth} tokens are too long; {PAD} is the most")
        return columns.row[: int(columns.first[-1]) + depth]

    @cached_property
    def contexts(self) -> Suffixes:
        """The runs of tokens of a large corpus, the ends counted, that its chain is read off."""
        if (kept := self._sorted("contexts", self.order + 1)) is not None:
            return kept
        count = len(self.vocabulary)
        opening = np.arange(1, count + 1, dtype=np.int32)
        following = opening.copy()
        following[self.vocabulary.begin] = 0
        return Suffixes.of(
            self._row(self.order + 1), opening, following, self.order + 1, sort=self._sort
        )

    @cached_property
    def _bare(self) -> LargeChain:
        """The chain of a large corpus in which every line counts once."""
        ends = self.vocabulary.begin, self.vocabulary.end
        return LargeChain(self.contexts, self.order, self.variable, *ends)

    @cached_property
    def base(self) -> Chain | LargeChain:
        """The chain over all lines, before any of them is preferred."""
        if self.large:
            return self._bare.weighed(self._homes[0][self._homes_in_order])
        return Chain.fit(
            self.rows,
            len(self.vocabulary.tokens),
            order=self.order,
            variable=self.variable,
            weights=[line.weight for line in self.corpus.lines],
        )

    def chain(self, scene: str, role: str, voice: str) -> Chain | LargeChain:
        """The chain for one role of one scene: its own lines count most, other voices nothing."""
        key = scene, role, voice
        if key not in self._chains:
            weights = self._weights(scene, role, voice)
            if self.large:
                if len(self._chains) >= CHAINS:
                    del self._chains[next(iter(self._chains))]
                self._chains[key] = self._bare.weighed(weights[self._homes_in_order])
            else:
                base = self.base
                assert isinstance(base, Chain)
                self._chains[key] = base.weighed(weights[self._line_at])
        return self._chains[key]

    @cached_property
    def _homes_in_order(self) -> NDArray[np.uint16]:
        """The number of the home of each sorted place of a large corpus."""
        columns = self.columns
        homes = np.repeat(columns.home, np.diff(columns.first))
        return np.asarray(homes[self.contexts.order])

    @cached_property
    def _line_at(self) -> Ints:
        """The line of each position of the flattened, padded lines."""
        lengths = [len(row) + 2 for row in self.rows]
        return np.repeat(np.arange(len(lengths)), lengths)

    @cached_property
    def _homes(self) -> tuple[Floats, Texts, Texts, Texts, Bools]:
        """The weight, scene, role and voice of each line (of a large corpus, of each home), and
        whether its role stands apart."""
        lines = self.columns.homes if self.large else self.corpus.lines
        return (
            np.array([line.weight for line in lines]),
            np.array([line.scene for line in lines]),
            np.array([line.role for line in lines]),
            np.array([line.voice for line in lines]),
            np.array([line.role in APART for line in lines]),
        )

    def _weights(self, scene: str, role: str, voice: str) -> Floats:
        """How much each line (or home) counts for one role of one scene, in one voice."""
        weight, scenes, roles, voices, apart = self._homes
        near = np.where(scenes == scene, np.where(roles == role, SAME_ROLE, SAME_SCENE), 1.0)
        heard = ((voices == "") | (voices == voice)) & (~apart | (roles == role))
        counted: Floats = weight * near * heard
        return counted

    @cached_property
    def symbols(self) -> Ints:
        """The word number of each token, (tokens,), punctuation included; -1 for the two ends."""
        return self.vocabulary.words

    def runs(self, run: int) -> Runs:
        """Every run of at most ``run`` + 1 words (and marks) that a line of the corpus holds."""
        if run not in self._runs:
            if (kept := self._sorted("runs", run + 1)) is not None:
                self._runs[run] = kept
                return kept
            symbols = self.vocabulary.words
            if self.large:
                codes = (symbols + 1).astype(np.int32)
                self._runs[run] = Suffixes.of(
                    self._row(run + 1), codes, codes, run + 1, sort=self._sort
                )
            else:
                rows = [symbols[row].tolist() for row in self.rows]
                self._runs[run] = Trie.of(rows, len(self.vocabulary.word_list), run + 1)
        return self._runs[run]

    def line_of(self, node: int) -> tuple[int, int]:
        """The document and the sentence of the first line that holds a run of `runs`."""
        place = self.runs(self.run).first_place(node)
        if self.large and not isinstance(self.corpus, LargeCorpus):
            found = self.corpus.lines[self.columns.line(place)]
            return found.document, found.sentence
        if self.large:
            line = self.columns.line(place)
            document = int(np.searchsorted(self.columns.document, line, side="right")) - 1
            low = int(self.columns.document[document])
            return document, int(self.columns.whole[low : line + 1].sum()) - 1
        ends = np.cumsum([len(row) for row in self.rows])
        found = self.corpus.lines[int(np.searchsorted(ends, place, side="right"))]
        return found.document, found.sentence

    def grams(self, length: int) -> "Grams":
        """Every run of exactly ``length`` folded tokens in the lines of the corpus."""
        if length not in self._grams:
            self._grams[length] = (
                self._listed_grams(length)
                if not self.large
                else Known(self.runs(max(length - 1, self.run)), self.vocabulary.word_number)
            )
        return self._grams[length]

    def _listed_grams(self, length: int) -> frozenset[tuple[str, ...]]:
        found: set[tuple[str, ...]] = set()
        for line in self.corpus.lines:
            words = [folded(word) for word in line.words]
            starts = range(len(words) - length + 1)
            # a clause adds nothing inside, only where it was closed or put in quotation marks
            for start in starts if line.whole else {0, *starts[-2:]} & set(starts):
                found.add(tuple(words[start : start + length]))
        return frozenset(found)

    @cached_property
    def lexicon(self) -> Mapping[str, frozenset[str]]:
        """The tags that each folded word has in the corpus."""
        tags: dict[str, set[str]] = {}
        for word, tag in self.vocabulary.tokens:
            tags.setdefault(folded(word), set()).add(tag)
        return {word: frozenset(found) for word, found in tags.items()}

    @cached_property
    def stems(self) -> Mapping[str, tuple[int, ...]]:
        """The word numbers that share each stem."""
        found: dict[str, list[int]] = {}
        for number, word in enumerate(self.vocabulary.word_list):
            if word[:1].isalnum():
                found.setdefault(stem(word), []).append(number)
        return {root: tuple(numbers) for root, numbers in found.items()}

    @cached_property
    def kinds(self) -> Ints:
        """The kind of thing that each token names, (tokens,); -1 where no kind is known."""
        kinds = _kinds()
        names = sorted(set(kinds.values()))
        of = [
            names.index(kinds[folded(word)])
            if tag.startswith("NN") and folded(word) in kinds
            else -1
            for word, tag in self.vocabulary.tokens
        ]
        return np.array([*of, -1, -1])

    @cached_property
    def concrete(self) -> Bools:
        """Which tokens name a thing that can be seen, heard or touched, (tokens,); all nouns
        where the kinds of none are known."""
        names = sorted(set(_kinds().values()))
        seen = np.isin(self.kinds, [names.index(kind) for kind in CONCRETE])
        return seen if seen.any() else np.ones(len(self.kinds), bool)

    @cached_property
    def contents(self) -> tuple[str, ...]:
        """For each token the stem of its word if that carries meaning, else ""."""
        return tuple(
            stem(word) if is_content(folded(word)) else "" for word, _ in self.vocabulary.tokens
        )

    @cached_property
    def printed(self) -> tuple[str, ...]:
        """For each token its word."""
        return tuple(word for word, _ in self.vocabulary.tokens)

    @cached_property
    def things(self) -> frozenset[str]:
        """The folded words that name a thing."""
        tokens = self.vocabulary.tokens
        named = [tokens[place] for place in np.flatnonzero(self.concrete[:-2]).tolist()]
        return frozenset(folded(word) for word, tag in named if tag in ("NN", "NNM", "NNS"))


@lru_cache(maxsize=1)
def _kinds() -> dict[str, str]:
    source = (DATA / "classes.txt").read_text("utf-8")
    return {
        word: kind
        for line in source.splitlines()
        if not line.startswith("#")
        for kind, _, words in [line.partition(": ")]
        for word in words.split()
    }


@lru_cache(maxsize=1)
def bundled_model() -> Model:
    """The model of the five documents."""
    return Model(Corpus.bundled("documents"))
