"""The Markov model: what follows what, and how often.

Comes in: lines of tokens with weights. Goes out: a `Chain`, whose contexts are nodes of a suffix
trie and whose edges are arrays. A context of order k is the last k tokens; a *variable* order
drops, one token at a time, to the longest context with at least two continuations, and never below
order 1. Rules are not known here.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .text import folded, is_word
from .trie import Floats, Ints, Trie

Bools = NDArray[np.bool_]
Token = tuple[str, str]


class Vocabulary:
    """The tokens of a model, numbered: each a (word, tag) pair. Two more stand for the ends.

    ``words`` and ``tags`` hold, for each token, the number of its folded word and of its tag;
    the tokens ``begin`` and ``end`` have the word -1 and the tag -1.
    """

    def __init__(self, tokens: Iterable[Token]) -> None:
        self.tokens: tuple[Token, ...] = tuple(sorted(set(tokens)))
        self.number = {token: place for place, token in enumerate(self.tokens)}
        self.begin = len(self.tokens)
        self.end = self.begin + 1
        self.word_list = sorted({folded(word) for word, _ in self.tokens})
        self.tag_list = sorted({tag for _, tag in self.tokens})
        self.word_number = {word: place for place, word in enumerate(self.word_list)}
        self.tag_number = {tag: place for place, tag in enumerate(self.tag_list)}
        ends = [-1, -1]
        self.words = np.array([self.word_number[folded(w)] for w, _ in self.tokens] + ends)
        self.tags = np.array([self.tag_number[t] for _, t in self.tokens] + ends)
        self.counted = np.array([is_word(word) for word, _ in self.tokens] + [False, False])

    def __len__(self) -> int:
        return len(self.tokens) + 2

    def word_mask(self, wanted: Iterable[int]) -> Bools:
        """Which tokens have one of these word numbers, (tokens,)."""
        mask = np.zeros(len(self.word_list) + 1, bool)
        mask[list(wanted)] = True
        mask[-1] = False
        held: Bools = mask[self.words]
        return held


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """The ways on from some contexts, grouped by context: all arrays (edges,)."""

    source: Ints
    token: Ints
    target: Ints
    weight: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """A Markov chain over tokens, with weighted counts.

    ``weight`` (nodes,) is the weight of each run of the trie: how often it was seen. ``order`` is
    the longest context; ``variable`` says whether contexts with a single continuation give way to
    shorter ones. Fitting costs time and memory linear in the tokens.
    """

    trie: Trie
    order: int
    variable: bool
    begin: int
    end: int
    weight: Floats
    probability: Floats = field(repr=False)
    emits: Ints = field(repr=False)
    low: Ints = field(repr=False)
    high: Ints = field(repr=False)

    @classmethod
    def fit(
        cls,
        sequences: Sequence[Sequence[int]],
        tokens: int,
        *,
        order: int = 1,
        variable: bool = False,
        weights: Sequence[float] | None = None,
    ) -> "Chain":
        """A chain of the given order over tokens numbered in [0, tokens).

        >>> chain = Chain.fit([[0, 1], [0, 2], [0, 1]], 3)
        >>> edges = chain.edges(np.array([chain.start]))
        >>> edges.token.tolist(), edges.weight.tolist()
        ([0], [1.0])
        """
        if order < 1:
            raise ValueError(f"the order of a chain is at least 1, not {order}")
        begin, end = tokens, tokens + 1
        rows = [[begin, *sequence, end] for sequence in sequences]
        trie = Trie.of(rows, tokens + 2, order + 1)
        bounds = trie.children(np.arange(len(trie)))
        per_row = np.ones(len(rows)) if weights is None else np.asarray(weights, float)
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        return cls._of(trie, order, variable, begin, end, bounds, np.repeat(per_row, lengths))

    @classmethod
    def _of(
        cls,
        trie: Trie,
        order: int,
        variable: bool,
        begin: int,
        end: int,
        bounds: tuple[Ints, Ints],
        at: Floats,
    ) -> "Chain":
        weight = np.zeros(len(trie))
        for nodes in trie.at:
            weight += np.bincount(nodes, at, len(trie))
        low, high = bounds
        emits = np.arange(len(trie))
        if variable:
            seen = np.concatenate([[0], np.cumsum(weight[1:] > 0)])
            fanout = seen[high - 1] - seen[low - 1]
            for level in range(2, order + 1):  # a shorter context is settled before a longer one
                thin = np.flatnonzero((trie.level == level) & (fanout < 2))
                emits[thin] = emits[trie.suffix[thin]]
        parent = trie.keys // trie.symbols
        total = np.bincount(parent, weight[1:], len(trie))[parent]
        probability = np.zeros(len(trie))
        np.divide(weight[1:], total, out=probability[1:], where=total > 0)
        return cls(trie, order, variable, begin, end, weight, probability, emits, low, high)

    def weighed(self, at: Floats) -> "Chain":
        """The same runs with another weight at each position of the flattened, padded lines."""
        bounds = self.low, self.high
        return self._of(self.trie, self.order, self.variable, self.begin, self.end, bounds, at)

    @property
    def start(self) -> int:
        """The context in which every sentence begins."""
        return int(self.trie.child(np.array([0]), np.array([self.begin]))[0])

    def edges(self, contexts: Ints) -> Edges:
        """Every way on with some weight, in the order of the contexts, then of the tokens."""
        emits = self.emits[contexts]
        low = self.low[emits]
        counts = self.high[emits] - low
        source = np.repeat(np.arange(len(contexts)), counts)
        first = np.cumsum(counts) - counts
        node = np.arange(len(source)) - np.repeat(first - low, counts)
        alive = self.weight[node] > 0
        source, node = source[alive], node[alive]
        token = self.trie.symbol[node - 1]
        target = np.where(self.trie.level[node] > self.order, self.trie.suffix[node], node)
        if self.variable:
            dropped = np.flatnonzero(emits[source] != contexts[source])
            longer = self.trie.step(contexts[source[dropped]], token[dropped])
            deep = self.trie.level[longer] > self.order
            target[dropped] = np.where(deep, self.trie.suffix[longer], longer)
        return Edges(source, token, target, self.probability[node])


def numbered(lines: Iterable[Sequence[Hashable]]) -> tuple[list[list[int]], list[Hashable]]:
    """Sequences of anything as sequences of numbers, and what the numbers stand for.

    >>> numbered([["b", "a"], ["b"]])
    ([[0, 1], [0]], ['b', 'a'])
    """
    number: dict[Hashable, int] = {}
    rows = [[number.setdefault(item, len(number)) for item in line] for line in lines]
    return rows, list(number)
