"""Every run of symbols that occurs in some sequences, up to a length, as flat sorted arrays.

A node is a run that occurs; node 0 is the empty run. The children of a node are the runs one
symbol longer that begin with it; its suffix link is the run without its first symbol. One such
trie holds the contexts of a chain, another the runs that a rule of novelty must not continue.

Building costs a sort of the sequences for each length, memory one row for each distinct run:
both linear in the corpus (up to the logarithm of the sort).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Trie:
    """Runs of symbols below ``symbols``, of at most ``depth``.

    ``keys`` (nodes - 1,) holds ``parent * symbols + symbol`` of every node but the root, ascending,
    so that the node of a key is its place plus one. ``suffix``, ``level`` (nodes,) are the suffix
    links and the lengths; ``symbol`` (nodes - 1,) is the last symbol of each node but the root.
    ``at`` (depth, positions) is the node of the run that ends at each
    position of the flattened sequences, 0 where a sequence is too young.
    """

    symbols: int
    depth: int
    keys: Ints
    suffix: Ints
    level: Ints
    at: tuple[Ints, ...]
    symbol: Ints

    @classmethod
    def of(cls, sequences: Sequence[Sequence[int]], symbols: int, depth: int) -> "Trie":
        """The runs of some sequences of symbols in [0, symbols).

        >>> trie = Trie.of([[0, 1, 0, 1, 2]], 3, 2)
        >>> int(trie.step(trie.step(np.array([0]), np.array([0])), np.array([1]))[0]) > 0
        True
        """
        lengths = np.fromiter(map(len, sequences), np.int64, len(sequences))
        flat = np.fromiter((s for row in sequences for s in row), np.int64, int(lengths.sum()))
        begin = np.cumsum(lengths) - lengths
        offset = np.arange(len(flat)) - np.repeat(begin, lengths)
        keys, suffix, level, at = [], [np.zeros(1, np.int64)], [np.zeros(1, np.int64)], []
        shorter = np.zeros(len(flat), np.int64)
        nodes = 1
        for length in range(1, depth + 1):
            places = np.flatnonzero(offset >= length - 1)
            parents = shorter[places - 1] if length > 1 else np.zeros(len(places), np.int64)
            found, first, which = np.unique(
                parents * symbols + flat[places], return_index=True, return_inverse=True
            )
            keys.append(found)
            suffix.append(shorter[places[first]])
            level.append(np.full(len(found), length))
            shorter = np.zeros(len(flat), np.int64)
            shorter[places] = nodes + which
            at.append(shorter)
            nodes += len(found)
        every = np.concatenate(keys)
        return cls(
            symbols, depth, every, np.concatenate(suffix), np.concatenate(level), tuple(at),
            every % symbols,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.suffix)

    def lengths(self, nodes: Ints) -> Ints:
        """How many symbols each run has."""
        return self.level[nodes]

    def shorter(self, nodes: Ints) -> Ints:
        """The node of each run without its first symbol; of the empty run, itself."""
        return self.suffix[nodes]

    def first_place(self, node: int) -> int:
        """The first position of the flattened sequences at which the run of a node begins."""
        length = int(self.level[node])
        return int(np.flatnonzero(self.at[length - 1] == node)[0]) - length + 1

    def children(self, nodes: Ints) -> tuple[Ints, Ints]:
        """The first child of each node and the one after its last."""
        low = np.searchsorted(self.keys, nodes * self.symbols) + 1
        return low, np.searchsorted(self.keys, (nodes + 1) * self.symbols) + 1

    def child(self, nodes: Ints, symbols: Ints) -> Ints:
        """The node of each run with a symbol added, or -1 where that run never occurs."""
        keys = nodes * self.symbols + symbols
        place = np.searchsorted(self.keys, keys)
        known = self.keys[np.minimum(place, len(self.keys) - 1)] == keys
        return np.where(known, place + 1, -1)

    def step(self, nodes: Ints, symbols: Ints) -> Ints:
        """The longest suffix of each run with a symbol added that occurs (0 where none does)."""
        out = self.child(nodes, symbols)
        open_ = np.flatnonzero((out < 0) & (nodes > 0))
        here = nodes[open_]
        while len(open_):
            here = self.suffix[here]
            found = self.child(here, symbols[open_])
            out[open_] = found
            more = (found < 0) & (here > 0)
            open_, here = open_[more], here[more]
        return np.maximum(out, 0)
