"""The chain of a large corpus: the counts of `Chain`, read off suffixes when they are asked for.

A context is a node of `Suffixes`; how often it was seen is the number of its places in the sorted
order, or their weight where lines weigh differently. So there is nothing to fit but the order, and
a chain that prefers some lines costs one running sum.
"""

from dataclasses import dataclass, field

import numpy as np

from .chain import Edges
from .suffixes import Suffixes
from .trie import Floats, Ints


@dataclass(frozen=True, eq=False)
class LargeChain:
    """A Markov chain over the runs of a row of lines; see `Chain` for ``order`` and ``variable``.

    ``upto`` (places + 1,) is the running weight of the sorted places, None where each weighs 1.
    """

    runs: Suffixes
    order: int
    variable: bool
    begin: int
    end: int
    upto: Floats | None = field(default=None, repr=False)

    @property
    def start(self) -> int:
        """The context in which every sentence begins."""
        return int(self.runs.child(np.array([0]), np.array([self.begin]))[0])

    def weighed(self, weights: Floats) -> "LargeChain":
        """The same runs with a weight for each sorted place."""
        upto = np.concatenate([[0.0], np.cumsum(weights)])
        return LargeChain(self.runs, self.order, self.variable, self.begin, self.end, upto)

    def weight(self, nodes: Ints) -> Floats:
        """How often each run was seen."""
        low, high = self.runs.spans(nodes)
        if self.upto is None:
            return (high - low).astype(float)
        return np.asarray(self.upto[high] - self.upto[low])

    def _emitting(self, contexts: Ints) -> Ints:
        """Each context, or the longest shorter one with two continuations, of one token or more."""
        emits = contexts.copy()
        for length in range(self.order, 1, -1) if self.variable else ():
            here = np.flatnonzero(self.runs.lengths(emits) == length)
            thin = here[self._fanout(emits[here]) < 2]
            emits[thin] = self.runs.shorter(emits[thin])
        return emits

    def _ways(self, contexts: Ints) -> tuple[Ints, Ints, Floats]:
        """The children of some contexts: whose each is, its node, and how often it was seen."""
        low, high = self.runs.children(contexts)
        _, end = self.runs.spans(contexts)
        owner, node = _spread(low, high)
        begin = self.runs.begins(node)
        after = np.append(begin[1:], 0)
        final = np.flatnonzero(np.append(owner[1:] != owner[:-1], True)) if len(owner) else owner
        after[final] = end[owner[final]]  # the children of a context part its places among them
        if self.upto is None:
            return owner, node, (after - begin).astype(float)
        return owner, node, np.asarray(self.upto[after] - self.upto[begin])

    def _fanout(self, contexts: Ints) -> Ints:
        low, high = self.runs.children(contexts)
        if self.upto is None:
            return high - low
        owner, _, weight = self._ways(contexts)
        return np.bincount(owner[weight > 0], minlength=len(contexts))

    def edges(self, contexts: Ints) -> Edges:
        """Every way on with some weight, in the order of the contexts, then of the tokens."""
        once, which = np.unique(contexts, return_inverse=True)
        emits = self._emitting(once)
        owner, node, weight = self._ways(emits)
        alive = weight > 0
        owner, node, weight = owner[alive], node[alive], weight[alive]
        token = self.runs.last(node)
        total = np.bincount(owner, weight, len(once))
        deep = self.runs.lengths(node) > self.order
        target = node.copy()
        target[deep] = self.runs.shorter(node[deep])
        dropped = np.flatnonzero(emits[owner] != once[owner])
        if len(dropped):
            longer = self.runs.step(once[owner[dropped]], token[dropped])
            deep = self.runs.lengths(longer) > self.order
            longer[deep] = self.runs.shorter(longer[deep])
            target[dropped] = longer
        first = np.searchsorted(owner, np.arange(len(once) + 1))
        source, edge = _spread(first[which], first[which + 1])
        return Edges(source, token[edge], target[edge], (weight / total[owner])[edge])


def _spread(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """The numbers from each low to each high, and whose they are."""
    counts = high - low
    source = np.repeat(np.arange(len(low)), counts)
    first = np.cumsum(counts) - counts
    return source, np.arange(len(source)) - np.repeat(first - low, counts)
