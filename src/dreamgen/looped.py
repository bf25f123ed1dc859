"""Exact sampling from a chain under automata, without unrolling it.

`dreamgen.sampler` lays the product of a chain and automata out place by place, which suits short
shapes. Here each (context, states) row of the product is one node, whatever its place in the
sentence, and the backward messages alone go by place: a new request costs one search of the product
and one multiplication of it for each place, and a `Looped` chain is a chain again, so that what
many requests have in common is worked out once. The law and the numbers taken are those of
`dreamgen.sampler`.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, log

import numpy as np

from .automata import Automaton
from .chain import Edges
from .sampler import Walkable
from .seeds import BLOCK, Stream
from .trie import Floats, Ints

ROWS = 2**16  # the rows of a plan that are kept ready, some 300 bytes each

# A node at a place: the running shares of its edges, their tokens and their targets.
Row = tuple[list[float], list[int], list[int]]


@dataclass(frozen=True, eq=False)
class Looped:
    """The product of a chain and automata, each (context, states) row one node.

    Nodes are in the order of ``depth`` (nodes,), the fewest tokens that lead there; node 0 is the
    start. The edges of node i are ``first[i]`` to ``first[i + 1]``: ``token``, ``target``,
    ``weight`` (edges,); those of the token ``end`` have the target -1.
    """

    end: int
    depth: Ints
    first: Ints
    token: Ints
    target: Ints
    weight: Floats
    start = 0

    @classmethod
    def of(cls, chain: Walkable, automata: Sequence[Automaton]) -> "Looped":
        """The reachable part of the product; linear in its edges."""
        columns = [np.array([chain.start]), *(np.array([machine.start]) for machine in automata)]
        sizes = [machine.size for machine in automata]
        keys, depth = [_keys(columns, sizes)], [np.zeros(1, np.int64)]
        known = keys[0]
        counts, tokens, lands, weights = [], [], [], []
        while len(columns[0]):
            edges = chain.edges(columns[0])
            weight = edges.weight.copy()
            over = edges.token == chain.end
            after = [edges.target]
            alive = np.ones(len(over), bool)
            for machine, states in zip(automata, columns[1:], strict=True):
                states = states[edges.source]
                reached = np.full(len(over), -1)
                going = np.flatnonzero(alive & ~over)
                reached[going] = machine.step(states[going], edges.token[going])
                alive &= np.where(over, machine.accepts(states), reached >= 0)
                going = going[reached[going] >= 0]
                lean = machine.lean(states[going], edges.token[going], reached[going])
                if lean is not None:
                    weight[going] *= lean
                after.append(reached)
            keep = np.flatnonzero(alive & (weight > 0))
            counts.append(np.bincount(edges.source[keep], minlength=len(columns[0])))
            tokens.append(edges.token[keep])
            weights.append(weight[keep])
            onward = ~over[keep]
            land = np.full(len(keep), -1)
            moved = [column[keep[onward]] for column in after]
            land[onward] = _keys(moved, sizes)
            lands.append(land)
            fresh, at = np.unique(land[onward], return_index=True)
            new = known[np.minimum(np.searchsorted(known, fresh), len(known) - 1)] != fresh
            columns = [column[at[new]] for column in moved]
            keys.append(fresh[new])
            depth.append(np.full(len(keys[-1]), len(depth)))
            known = np.sort(np.concatenate([known, keys[-1]]))
        every = np.concatenate(keys)
        place = np.argsort(every)
        land = np.concatenate(lands)
        target = np.full(len(land), -1)
        target[land >= 0] = place[np.searchsorted(every, land[land >= 0], sorter=place)]
        first = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
        return cls(
            chain.end, np.concatenate(depth), first, np.concatenate(tokens), target,
            np.concatenate(weights),
        )  # fmt: skip

    def edges(self, contexts: Ints) -> Edges:
        """The ways on from some nodes, as a chain gives them."""
        low = self.first[contexts]
        counts = self.first[contexts + 1] - low
        source = np.repeat(np.arange(len(contexts)), counts)
        edge = np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts - low, counts)
        return Edges(source, self.token[edge], self.target[edge], self.weight[edge])

    @cached_property
    def shortest(self) -> int | None:
        """The tokens of a shortest sentence, or None where there is none."""
        source = np.searchsorted(self.first, np.flatnonzero(self.target < 0), side="right") - 1
        return int(self.depth[source].min()) if len(source) else None


def _keys(columns: Sequence[Ints], sizes: Sequence[int]) -> Ints:
    """One number for each row."""
    key = columns[0].astype(np.int64)
    room = 2**62 // (int(key.max(initial=0)) + 1)
    for column, size in zip(columns[1:], sizes, strict=True):
        room //= size
        if not room:
            raise ValueError("these are too many rules for one sentence; ask for less at once")
        key = key * size + column
    return key


class LoopedPlan:
    """A looped chain with its messages, ready to be drawn from: sentences of ``least`` to ``most``
    tokens. ``total`` is the weight of all of them, 0 where there are none.

    >>> from dreamgen.chain import Chain
    >>> chain = Chain.fit([[0, 1], [0, 2], [1, 2]], 3)
    >>> round(LoopedPlan(Looped.of(chain, []), 0, 2).total, 3)
    0.833
    """

    def __init__(self, graph: Looped, least: int, most: int) -> None:
        self.graph = graph
        self.most = most
        nodes = len(graph.depth)
        source = np.repeat(np.arange(nodes), np.diff(graph.first))
        over = graph.target < 0
        ends = np.bincount(source[over], graph.weight[over], nodes)
        on = np.flatnonzero(~over)
        source, target, weight = source[on], graph.target[on], graph.weight[on]
        # at a place only the nodes that so many tokens reach matter, and they come first
        reached = np.searchsorted(graph.depth, np.arange(most + 2), side="right")
        upto = np.searchsorted(source, reached)
        self._messages: list[Floats] = [np.zeros(int(count)) for count in reached]
        for place in range(most, -1, -1):
            count, stop = int(reached[place]), int(upto[place])
            sent = weight[:stop] * self._messages[place + 1][target[:stop]]
            self._messages[place][:] = np.bincount(source[:stop], sent, count)
            if place >= least:
                self._messages[place] += ends[:count]
        self._least = least
        self._rows: dict[int, Row] = {}

    @property
    def total(self) -> float:
        """The weight of all sentences that meet the rules."""
        return float(self._messages[0][0])

    @property
    def size(self) -> int:
        """How many messages it keeps, of 8 bytes each."""
        return sum(map(len, self._messages))

    def _shares(self, place: int, node: int) -> tuple[Floats, Ints, Ints]:
        """What each edge of a node weighs at a place, its token and its target."""
        low, high = self.graph.first[node], self.graph.first[node + 1]
        target = self.graph.target[low:high]
        message = self._messages[place + 1]
        behind = message[np.maximum(target, 0)] if place < self.most else np.zeros(high - low)
        behind = np.where(target < 0, float(place >= self._least), behind)
        return self.graph.weight[low:high] * behind, self.graph.token[low:high], target

    def _row(self, place: int, node: int) -> Row:
        share, token, target = self._shares(place, node)
        useful = np.flatnonzero(share > 0)
        upto = np.cumsum(share[useful])
        row = (upto / upto[-1]).tolist(), token[useful].tolist(), target[useful].tolist()
        if len(self._rows) >= ROWS:
            self._rows.clear()
        self._rows[node * (self.most + 1) + place] = row
        return row

    def walk(self, stream: Stream) -> list[int]:
        """One sentence, as tokens, drawn with one uniform number for each fork on its way."""
        rows, width = self._rows, self.most + 1
        out: list[int] = []
        numbers = stream.extend(BLOCK)
        node = fork = place = 0
        while True:
            upto, token, target = rows.get(node * width + place) or self._row(place, node)
            edge = 0
            last = len(upto) - 1
            if last:
                if fork == len(numbers):
                    stream.extend(fork + BLOCK)  # the same list, made longer
                # the search stops before the last edge, so a number next to 1 cannot pass it
                edge = bisect_right(upto, numbers[fork], 0, last)
                fork += 1
            node = target[edge]
            if node < 0:
                return out
            out.append(token[edge])
            place += 1

    def score(self, sentence: Sequence[int]) -> float:
        """The natural logarithm of a sentence's probability; -inf if it breaks a rule."""
        node, weight = 0, 0.0
        if not self.total or len(sentence) > self.most:
            return -inf
        for place, token in enumerate([*sentence, self.graph.end]):
            share, tokens, target = self._shares(place, node)
            [edge] = np.flatnonzero((tokens == token) & (share > 0))[:1].tolist() or [-1]
            if edge < 0:
                return -inf
            weight += log(share[edge]) - log(float(share.sum()))
            node = int(target[edge])
        return weight
