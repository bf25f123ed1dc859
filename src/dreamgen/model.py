"""What is learned from a corpus: its vocabulary, its chain, and the runs that must not be copied.

Comes in: a `Corpus`. Goes out: numbered tokens, tries and weights, each made when first asked for
and kept. Rules read it, in both of their readings; the dreamer draws from it.
"""

from collections.abc import Mapping
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from .chain import Bools, Chain, Vocabulary
from .corpus import Corpus
from .errors import CorpusError
from .facts import DATA, RUN
from .tagging import is_content
from .text import folded, stem
from .trie import Floats, Ints, Trie

Texts = NDArray[np.str_]

LARGE = 50_000

# The kinds of things that can be a motif.
CONCRETE = ("place", "nature", "light", "sound", "made")

# How much more a line counts where its own role, or its own scene, is being written.
SAME_ROLE, SAME_SCENE = 8.0, 3.0

# Roles whose person or marks would be out of place anywhere else.
APART = frozenset({"coda", "speech"})


class Model:
    """A corpus made ready to write from.

    ``order`` is the order of the chain, or None for order 1 on a corpus of fewer than 50,000 tokens
    and, on a larger one, a variable order of at most 2 that falls back to 1. ``run`` is the longest
    run of tokens that a sentence may share with the corpus.
    """

    def __init__(self, corpus: Corpus, *, order: int | None = None, run: int = RUN) -> None:
        if run < 2:
            raise CorpusError(f"run={run}: sentences cannot share fewer than 2 tokens; try 5")
        if order is not None and order < 1:
            raise CorpusError(f"order={order}: a chain looks at one token back or more; try 1")
        self.corpus = corpus
        self.variable = order is None and corpus.size >= LARGE
        self.order = order or (2 if self.variable else 1)
        self.run = run
        self._tries: dict[int, Trie] = {}
        self._grams: dict[int, frozenset[tuple[str, ...]]] = {}
        self._chains: dict[tuple[str, str, str], Chain] = {}

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The word/tag tokens of the corpus, numbered."""
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
    def base(self) -> Chain:
        """The chain over all lines, before any of them is preferred."""
        return Chain.fit(
            self.rows,
            len(self.vocabulary.tokens),
            order=self.order,
            variable=self.variable,
            weights=[line.weight for line in self.corpus.lines],
        )

    def chain(self, scene: str, role: str, voice: str) -> Chain:
        """The chain for one role of one scene: its own lines count most, other voices nothing."""
        key = scene, role, voice
        if key not in self._chains:
            self._chains[key] = self.base.weighed(self._weights(scene, role, voice)[self._line_at])
        return self._chains[key]

    @cached_property
    def _line_at(self) -> Ints:
        """The line of each position of the flattened, padded lines."""
        lengths = [len(row) + 2 for row in self.rows]
        return np.repeat(np.arange(len(lengths)), lengths)

    @cached_property
    def _homes(self) -> tuple[Floats, Texts, Texts, Texts, Bools]:
        """The weight, scene, role and voice of each line, and whether its role stands apart."""
        lines = self.corpus.lines
        return (
            np.array([line.weight for line in lines]),
            np.array([line.scene for line in lines]),
            np.array([line.role for line in lines]),
            np.array([line.voice for line in lines]),
            np.array([line.role in APART for line in lines]),
        )

    def _weights(self, scene: str, role: str, voice: str) -> Floats:
        """How much each line counts for one role of one scene, in one voice."""
        weight, scenes, roles, voices, apart = self._homes
        near = np.where(scenes == scene, np.where(roles == role, SAME_ROLE, SAME_SCENE), 1.0)
        heard = ((voices == "") | (voices == voice)) & (~apart | (roles == role))
        counted: Floats = weight * near * heard
        return counted

    @cached_property
    def symbols(self) -> Ints:
        """The word number of each token, (tokens,), punctuation included; -1 for the two ends."""
        return self.vocabulary.words

    def runs(self, run: int) -> Trie:
        """Every run of at most ``run`` + 1 words (and marks) that a line of the corpus holds."""
        if run not in self._tries:
            symbols = self.vocabulary.words
            rows = [symbols[row].tolist() for row in self.rows]
            self._tries[run] = Trie.of(rows, len(self.vocabulary.word_list), run + 1)
        return self._tries[run]

    def grams(self, length: int) -> frozenset[tuple[str, ...]]:
        """Every run of exactly ``length`` folded tokens in the lines of the corpus."""
        if length not in self._grams:
            found: set[tuple[str, ...]] = set()
            for line in self.corpus.lines:
                words = [folded(word) for word in line.words]
                starts = range(len(words) - length + 1)
                # a clause adds nothing inside, only where it was closed or put in quotation marks
                for start in starts if line.whole else {0, *starts[-2:]} & set(starts):
                    found.add(tuple(words[start : start + length]))
            self._grams[length] = frozenset(found)
        return self._grams[length]

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
