"""Automata over the tokens of a model: each accepts the sentences that meet one demand.

An automaton is deterministic. Its states are numbers in [0, size); ``step`` moves many states over
many tokens at once and gives -1 where the sentence is lost; ``accepts`` tells in which states a
sentence may end; ``lean`` (1 where an automaton only judges) weighs a move. The product of a chain
and several automata is again a chain: see `dreamgen.sampler`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .chain import Bools
from .suffixes import Runs
from .trie import Floats, Ints


class Automaton(Protocol):
    """What the sampler asks of an automaton."""

    @property
    def size(self) -> int: ...

    @property
    def start(self) -> int: ...

    def step(self, states: Ints, tokens: Ints) -> Ints: ...

    def accepts(self, states: Ints) -> Bools: ...

    def lean(self, states: Ints, tokens: Ints, targets: Ints) -> Floats | None: ...


class _Judge:
    """An automaton that begins in state 0 and leans nowhere."""

    start = 0

    def lean(self, states: Ints, tokens: Ints, targets: Ints) -> Floats | None:
        return None


@dataclass(frozen=True, eq=False)
class Passing(_Judge):
    """Sentences of the tokens in ``mask`` (tokens,)."""

    mask: Bools
    size = 1

    def step(self, states: Ints, tokens: Ints) -> Ints:
        return np.where(self.mask[tokens], 0, -1)

    def accepts(self, states: Ints) -> Bools:
        return np.ones(len(states), bool)


@dataclass(frozen=True, eq=False)
class Places(_Judge):
    """Sentences whose i-th token is in row i of ``masks`` (length, tokens).

    Where ``open`` is true any tokens may follow the last row; else the length is exact. Where
    ``factor`` (length, tokens) is given, each token is weighed by its row.
    """

    masks: Bools
    open: bool = False
    factor: Floats | None = None

    @property
    def size(self) -> int:
        return len(self.masks) + 1

    def step(self, states: Ints, tokens: Ints) -> Ints:
        last = len(self.masks)
        inside = states < last
        fits = np.zeros(len(states), bool)
        fits[inside] = self.masks[states[inside], tokens[inside]]
        if self.open:
            fits |= ~inside
        return np.where(fits, np.minimum(states + 1, last), -1)

    def accepts(self, states: Ints) -> Bools:
        done: Bools = states == len(self.masks)
        return done

    def lean(self, states: Ints, tokens: Ints, targets: Ints) -> Floats | None:
        if self.factor is None:
            return None
        rows = np.minimum(states, len(self.masks) - 1)
        return np.where(states < len(self.masks), self.factor[rows, tokens], 1.0)


@dataclass(frozen=True, eq=False)
class Counting(_Judge):
    """Sentences with ``least`` to ``most`` tokens of those in ``mask`` (tokens,)."""

    mask: Bools
    least: int
    most: int

    @property
    def size(self) -> int:
        return self.most + 1

    def step(self, states: Ints, tokens: Ints) -> Ints:
        after = states + self.mask[tokens]
        return np.where(after <= self.most, after, -1)

    def accepts(self, states: Ints) -> Bools:
        return states >= self.least


@dataclass(frozen=True, eq=False)
class Machine(_Judge):
    """A finite automaton by its table: ``table`` (states, columns) of the next states, -1 for lost.

    ``column`` (tokens,) is the column of each token, -1 for tokens that leave the state alone;
    ``final`` (states,) says where a sentence may end.
    """

    column: Ints
    table: Ints
    final: Bools

    @property
    def size(self) -> int:
        return len(self.table)

    def step(self, states: Ints, tokens: Ints) -> Ints:
        column = self.column[tokens]
        return np.where(column < 0, states, self.table[states, column])

    def accepts(self, states: Ints) -> Bools:
        return self.final[states]


Phrase = tuple[int, ...]


def containing(words: Ints, groups: Sequence[Sequence[Phrase]], least: int) -> Machine:
    """Sentences that hold a phrase of at least ``least`` of the groups; punctuation is no bar.

    A phrase is a tuple of word numbers, ``words`` (tokens,) the word number of each token, -1 for
    those that are no word. The machine of Aho and Corasick (1975, "Efficient string matching: an
    aid to bibliographic search") with a bit in the state for each group: two to the number of
    groups states for each prefix of a phrase.
    """
    search = _Search(words, [phrase for group in groups for phrase in group])
    bits = 1 << len(groups)
    hits = np.array(
        [
            sum(1 << g for g, group in enumerate(groups) if search.ends_in(row, group))
            for row in search.rows
        ]
    )
    seen = np.arange(bits)
    table = search.table[:, None, :]
    table = table * bits + (seen[None, :, None] | hits[table])
    enough = np.array([mask.bit_count() >= least for mask in range(bits)])
    final = np.tile(enough, len(search.rows))
    return Machine(search.column, table.reshape(len(final), -1), final)


def lacking(words: Ints, phrases: Sequence[Phrase]) -> Machine:
    """Sentences that hold none of the phrases."""
    search = _Search(words, phrases)
    hit = np.array([search.ends_in(row, phrases) for row in search.rows])
    table = np.where(hit[search.table], -1, search.table)
    return Machine(search.column, table, np.ones(len(table), bool))


def closing(words: Ints, phrases: Sequence[Phrase]) -> Machine:
    """Sentences whose last words are one of the phrases."""
    search = _Search(words, phrases)
    final = np.array([search.ends_in(row, phrases) for row in search.rows])
    return Machine(search.column, search.table, final)


def opening(words: Ints, phrases: Sequence[Phrase]) -> Machine:
    """Sentences whose first words are one of the phrases."""
    search = _Search(words, phrases)
    done = len(search.rows)
    wanted = set(phrases)
    table = np.full((done + 1, search.table.shape[1]), -1)
    table[done] = done
    for row, place in search.place.items():
        for word, column in search.columns.items():
            after = search.place.get((*row, word), -1)
            table[place, column] = done if (*row, word) in wanted else after
    final = np.zeros(done + 1, bool)
    final[done] = True
    return Machine(search.column, table, final)


class _Search:
    """The prefixes of some phrases as states, and where each word leads from each."""

    def __init__(self, words: Ints, phrases: Sequence[Phrase]) -> None:
        prefixes = [phrase[:end] for phrase in phrases for end in range(len(phrase) + 1)]
        self.rows: list[Phrase] = list(dict.fromkeys([(), *prefixes]))
        self.place = {row: number for number, row in enumerate(self.rows)}
        used = sorted({word for phrase in phrases for word in phrase})
        self.columns = {word: column for column, word in enumerate(used)}
        other = len(used)
        column = np.full(int(words.max(initial=0)) + 2, other)
        column[used] = np.arange(other)
        column[-1] = -1
        self.column: Ints = column[words]
        self.table: Ints = np.zeros((len(self.rows), other + 1), np.int64)
        for row, number in self.place.items():
            for word, place in self.columns.items():
                longer = (*row, word)
                while longer not in self.place:
                    longer = longer[1:]
                self.table[number, place] = self.place[longer]

    @staticmethod
    def ends_in(row: Phrase, phrases: Sequence[Phrase]) -> bool:
        """Whether one of the phrases ends where this prefix ends."""
        return any(row[len(row) - len(p) :] == p for p in phrases if 0 < len(p) <= len(row))


@dataclass(frozen=True, eq=False)
class Novelty:
    """Sentences that share no run of more than ``run`` symbols with the lines of a trie.

    The state is the longest suffix of the sentence so far that occurs in the lines, a node of
    ``trie`` (whose depth is ``run`` + 1) at most ``run`` deep. ``symbols`` (tokens,) gives each
    token's symbol. A move leans by ``continuity`` to the power of the length of the corpus run
    that it makes, which draws long unbroken runs without ever passing the bound.
    """

    trie: Runs
    symbols: Ints
    run: int
    continuity: float = 1.0
    start = 0

    @property
    def size(self) -> int:
        return len(self.trie)

    def step(self, states: Ints, tokens: Ints) -> Ints:
        symbols = self.symbols[tokens]
        deep = self.trie.lengths(states) == self.run
        targets = np.empty(len(states), np.int64)
        free = ~deep
        targets[free] = self.trie.step(states[free], symbols[free])
        copied = self.trie.child(states[deep], symbols[deep]) > 0
        shorter = self.trie.step(self.trie.shorter(states[deep]), symbols[deep])
        targets[deep] = np.where(copied, -1, shorter)
        return targets

    def accepts(self, states: Ints) -> Bools:
        return np.ones(len(states), bool)

    def lean(self, states: Ints, tokens: Ints, targets: Ints) -> Floats | None:
        if self.continuity == 1.0:
            return None
        powers = np.multiply.accumulate(np.r_[1.0, np.full(self.run, float(self.continuity))])
        return powers[self.trie.lengths(targets)]


@dataclass(frozen=True, eq=False)
class Leaning(_Judge):
    """Every sentence, each token weighed by ``factor`` (tokens,)."""

    factor: Floats
    size = 1

    def step(self, states: Ints, tokens: Ints) -> Ints:
        return states

    def accepts(self, states: Ints) -> Bools:
        return np.ones(len(states), bool)

    def lean(self, states: Ints, tokens: Ints, targets: Ints) -> Floats | None:
        return self.factor[tokens]
