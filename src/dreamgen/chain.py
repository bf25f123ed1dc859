"""The Markov model: what follows what, and how often.

Comes in: lines of tokens with weights. Goes out: a `Chain`, whose contexts are nodes of a suffix
trie and whose edges are arrays. A context of order k is the last k tokens; a *variable* order
drops, one token at a time, to the longest context with at least two continuations, and never below
order 1. Rules are not known here.
"""

import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .text import folded, is_word
from .trie import Floats, Ints, Trie

Bools = NDArray[np.bool_]
Token = tuple[str, str]

# What markovify calls the ends of a sentence.
BEGIN, END = "___BEGIN__", "___END__"
# The counts of a markovify chain: what follows each state, and how often.
States = dict[tuple[str, ...], dict[str, float]]


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

    @classmethod
    def from_markovify(cls, source: Any) -> "tuple[Chain, list[str]]":
        """The chain of a ``markovify.Chain``, of its ``model`` or of its JSON, compiled or not, and
        the words that its tokens stand for.

        Raises ValueError for anything else.

        >>> states = {("___BEGIN__",): {"hush": 2}, ("hush",): {"hush": 1, "___END__": 2}}
        >>> chain, words = Chain.from_markovify(states)
        >>> words, chain.to_markovify(words) == states
        (['hush'], True)
        """
        states = states_of(source)
        words = sorted({word for follow in states.values() for word in follow} - {END})
        number = {word: place for place, word in enumerate(words)}
        begin, end = len(words), len(words) + 1
        number[END] = end
        runs: list[list[int]] = []
        weights: list[float] = []
        try:
            for state, follow in states.items():
                said = [number[word] for word in state if word != BEGIN]
                opened = [begin] if len(said) < len(state) else []
                runs += [[*opened, *said, number[word]] for word in follow]
                weights += follow.values()
        except KeyError as error:
            raise ValueError(f"no state leads to the word {error} of another") from error
        order = len(next(iter(states)))
        trie = Trie.of(runs, len(words) + 2, order + 1)
        # a run is counted where it ends, and with it every shorter one that ends there
        at = np.zeros(sum(map(len, runs)))
        at[np.cumsum([*map(len, runs)]) - 1] = weights
        bounds = trie.children(np.arange(len(trie)))
        return cls._of(trie, order, False, begin, end, bounds, at), words

    def to_markovify(self, words: Sequence[str]) -> States:
        """The chain as the ``model`` of a ``markovify.Chain`` of the same order, ``words`` being
        what its tokens stand for: ``markovify.Chain(None, chain.order, model=...)``.

        markovify's JSON is ``json.dumps([*model.items()])``. Raises ValueError for a chain of
        variable order, which markovify does not have.
        """
        if self.variable:
            raise ValueError("markovify has no chains of variable order; fit one of a fixed order")
        names = [*words, BEGIN, END]
        parent = (self.trie.keys // self.trie.symbols).tolist()
        symbol = self.trie.symbol.tolist()
        runs: list[tuple[int, ...]] = [()]
        states: States = {}
        for up, last, weight in zip(parent, symbol, self.weight[1:].tolist(), strict=True):
            runs.append((*runs[up], last))
            run = runs[-1]
            opens = run[0] == self.begin
            if weight > 0 and len(run) > 1 and (opens or len(run) > self.order):
                said = [names[token] for token in run[opens:-1]]
                state = (*(BEGIN,) * (self.order - len(said)), *said)
                count = int(weight) if weight.is_integer() else weight
                states.setdefault(state, {})[names[last]] = count
        return states

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


def states_of(source: Any) -> States:
    """The counts of a ``markovify.Chain``, of its ``model`` or of its JSON, compiled or not.

    Raises ValueError for anything else.
    """
    states = getattr(source, "model", source)
    try:
        if isinstance(states, str):
            states = json.loads(states)
        if not isinstance(states, Mapping):
            states = {tuple(state): follow for state, follow in states}
        found = {state: counts_of(follow) for state, follow in states.items()}
        sizes = {len(state) for state in found}
        words = {word for state, follow in found.items() for word in (*state, *follow)}
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError("no chain of markovify: give a markovify.Chain or its JSON") from error
    if len(sizes) != 1 or not all(isinstance(word, str) for word in words):
        raise ValueError("no chain of markovify: its states are tuples of words of one length")
    if (BEGIN,) * sizes.pop() not in found:
        raise ValueError("no chain of markovify: it has no beginning")
    return found


def counts_of(follow: Any) -> dict[str, float]:
    """How often each word follows a state of markovify's, compiled or not."""
    if isinstance(follow, dict):
        return follow
    choices, upto = follow
    return dict(zip(choices, np.diff([0, *upto]).tolist(), strict=True))


def numbered(lines: Iterable[Sequence[Hashable]]) -> tuple[list[list[int]], list[Hashable]]:
    """Sequences of anything as sequences of numbers, and what the numbers stand for.

    >>> numbered([["b", "a"], ["b"]])
    ([[0, 1], [0]], ['b', 'a'])
    """
    number: dict[Hashable, int] = {}
    rows = [[number.setdefault(item, len(number)) for item in line] for line in lines]
    return rows, list(number)
