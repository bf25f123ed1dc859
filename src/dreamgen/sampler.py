"""Exact sampling from a chain under automata.

The product of a chain and automata is again a chain, over (context, states) pairs. `product` builds
the reachable part, layer by layer (a layer is a place in the sentence), as flat arrays: a `Plan`.
`messages` sends weights back from the ends; the message at a node is the total weight of every way
to finish from there, so the message at the start is the weight of all sentences that meet the
rules, and zero means that there are none. Going forward with each edge in proportion to its weight
times the message behind it draws a sentence from the exact conditional law: this is forward
filtering, backward sampling (the forward-backward algorithm of Baum and others, 1970; for rules as
automata, Pachet, Roy and Barbieri 2011, "Finite-length Markov processes with constraints").

The same recursion with other weights counts the sentences, finds the likeliest, and gives the
entropy. Messages are plain float64: at sentence length they need neither logarithms nor scaling.
Cost is linear in the edges of the plan.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, log
from typing import Protocol

import numpy as np

from .automata import Automaton
from .chain import Edges
from .seeds import Stream
from .trie import Floats, Ints


@dataclass(frozen=True, eq=False)
class Plan:
    """A chain under rules, ready to be drawn from; every node can still finish.

    Node 0 is the start; the last node is the end, which the edge with the token ``end`` reaches.
    Nodes are in the order of their layers, ``layers`` (layers + 1,) the bounds between them. Edges
    are grouped by node: those of node i are ``first[i]`` to ``first[i + 1]``; ``token``,
    ``target``, ``weight`` (edges,) describe them, ``message`` (nodes,) is the backward weight, and
    ``upto`` (edges,) the cumulative probability within the node, the last exactly 1.
    """

    end: int
    layers: Ints
    first: Ints
    token: Ints
    target: Ints
    weight: Floats
    message: Floats
    upto: Floats

    @property
    def total(self) -> float:
        """The weight of all sentences that meet the rules; 0 where there are none."""
        return float(self.message[0]) if len(self.message) > 1 else 0.0

    @cached_property
    def choices(self) -> int:
        """The most uniform numbers that one sentence can use."""
        most = np.zeros(len(self.first), np.int64)
        forks = (np.diff(self.first) > 1).astype(np.int64)
        for low, high in reversed(list(zip(self.layers[:-1], self.layers[1:], strict=False))):
            a, b = self.first[low], self.first[high]
            if a < b:
                best = np.maximum.reduceat(most[self.target[a:b]], self.first[low:high] - a)
                most[low:high] = best + forks[low:high]
        return int(most[0])

    @cached_property
    def _light(self) -> tuple[list[int], list[int], list[int], list[float]]:
        """The plan as lists, which a single walk reads faster than arrays."""
        return (
            self.first.tolist(), self.token.tolist(), self.target.tolist(), self.upto.tolist(),
        )  # fmt: skip

    def walk(self, numbers: Stream | Sequence[float]) -> list[int]:
        """One sentence, as tokens, drawn with one uniform number for each fork on its way."""
        first, token, target, upto = self._light
        last = len(first) - 2
        out: list[int] = []
        node = fork = 0
        while True:
            low, high = first[node], first[node + 1]
            if high - low > 1:
                # the search stops before the last edge, so a number next to 1 cannot pass it
                low = bisect_right(upto, numbers[fork], low, high - 1)
                fork += 1
            node = target[low]
            if node == last:
                return out
            out.append(token[low])


class Walkable(Protocol):
    """What `product` asks of a chain: where it starts, which token ends, and the ways on."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...

    def edges(self, contexts: Ints) -> Edges: ...


def product(chain: Walkable, automata: Sequence[Automaton], horizon: int) -> Plan:
    """The plan of a chain under automata, for sentences of at most ``horizon`` tokens.

    >>> from dreamgen.chain import Chain
    >>> chain = Chain.fit([[0, 1], [0, 2], [1, 2]], 3)
    >>> plan = product(chain, [], horizon=2)
    >>> count(plan), round(plan.total, 3)
    (4, 0.833)
    """
    context = np.array([chain.start])
    states = [np.array([automaton.start]) for automaton in automata]
    sources: list[Ints] = []
    tokens: list[Ints] = []
    targets: list[Ints] = []
    weights: list[Floats] = []
    layers = [0]
    for step in range(horizon + 1):
        base, above = layers[-1], layers[-1] + len(context)
        layers.append(above)
        edges = chain.edges(context)
        source, token, target, weight = edges.source, edges.token, edges.target, edges.weight
        over = token == chain.end
        ending = over.copy()
        for automaton, state in zip(automata, states, strict=False):
            ending &= automaton.accepts(state)[source]
        keep = np.flatnonzero(~over) if step < horizon else np.zeros(0, np.int64)
        after: list[Ints] = []
        for automaton, state in zip(automata, states, strict=False):
            here, moved = state[source[keep]], token[keep]
            reached = automaton.step(here, moved)
            alive = reached >= 0
            lean = automaton.lean(here[alive], moved[alive], reached[alive])
            keep = keep[alive]
            after = [row[alive] for row in after] + [reached[alive]]
            if lean is not None:
                weight[keep] *= lean
        done = np.flatnonzero(ending)
        key, rank = _ranked([target[keep], *after], [a.size for a in automata])
        both = np.concatenate([keep, done])
        lands = np.concatenate([above + rank, np.full(len(done), -1)])
        order = np.argsort(both, kind="stable")
        sources.append(base + source[both[order]])
        tokens.append(token[both[order]])
        targets.append(lands[order])
        weights.append(weight[both[order]])
        if not len(key):
            break
        context = target[keep][key]
        states = [row[key] for row in after]
    return _trimmed(
        chain.end, np.array(layers), np.concatenate(sources), np.concatenate(tokens),
        np.concatenate(targets), np.concatenate(weights),
    )  # fmt: skip


def _ranked(columns: Sequence[Ints], sizes: Sequence[int]) -> tuple[Ints, Ints]:
    """Where each distinct row of the columns first stands, and the rank of every row."""
    key = columns[0]
    room = int(key.max(initial=0)) + 1
    for column, size in zip(columns[1:], sizes, strict=False):
        if room > 2**62 // max(size, 1):
            _, key = np.unique(key, return_inverse=True)
            room = int(key.max(initial=0)) + 1
        key = key * size + column
        room *= size
    _, first, rank = np.unique(key, return_index=True, return_inverse=True)
    return first, rank


def _trimmed(
    end: int, layers: Ints, source: Ints, token: Ints, target: Ints, weight: Floats
) -> Plan:
    """The plan without the nodes and edges that cannot finish, its messages sent back."""
    nodes = int(layers[-1])
    target = np.where(target < 0, nodes, target)
    message = messages(layers, source, target, weight)
    useful = message > 0
    new = np.cumsum(useful) - 1
    keep = useful[source] & (weight * message[target] > 0)
    source, token, target, weight = new[source[keep]], token[keep], new[target[keep]], weight[keep]
    bounds = np.concatenate([[0], np.cumsum(useful)])[layers]
    message = message[useful]
    first = np.searchsorted(source, np.arange(len(message) + 1))
    upto = _cumulative(first, weight * message[target])
    return Plan(end, bounds, first, token, target, weight, message, upto)


def messages(layers: Ints, source: Ints, target: Ints, weight: Floats) -> Floats:
    """The total weight of every way to the end, from each node (nodes,); 1 at the end itself."""
    nodes = int(layers[-1])
    message = np.zeros(nodes + 1)
    message[nodes] = 1.0
    bounds = np.searchsorted(source, layers)
    for step in range(len(layers) - 2, -1, -1):
        low, high, a, b = layers[step], layers[step + 1], bounds[step], bounds[step + 1]
        sent = weight[a:b] * message[target[a:b]]
        message[low:high] = np.bincount(source[a:b] - low, sent, high - low)
    return message


def _cumulative(first: Ints, weight: Floats) -> Floats:
    """The running share of each edge within its node, added in order, the last exactly 1."""
    upto = np.ones(len(weight))
    fanout = np.diff(first)
    for width in np.unique(fanout):
        if width > 1:
            rows = first[:-1][fanout == width][:, None] + np.arange(width)
            sums = np.cumsum(weight[rows], axis=1)
            upto[rows[:, :-1]] = sums[:, :-1] / sums[:, -1:]
    return upto


def draw(plan: Plan, uniforms: Floats) -> list[list[int]]:
    """Sentences, as tokens, one for each row of uniforms (rows, at least ``plan.choices``).

    A row is read from its first number, one number for each fork on the way, and gives what
    `Plan.walk` gives for it. Lock-step over the rows: cost is the longest sentence times the rows,
    times the logarithm of the widest fork.
    """
    rows = len(uniforms)
    node = np.zeros(rows, np.int64)
    fork = np.zeros(rows, np.int64)
    last = len(plan.first) - 2
    taken: list[Ints] = []
    going = np.arange(rows)
    while len(going):
        low, stop = plan.first[node[going]], plan.first[node[going] + 1] - 1
        forked = stop > low
        u = uniforms[going[forked], fork[going[forked]]]
        fork[going] += forked
        a, b = low[forked], stop[forked]
        while np.any(a < b):
            middle = (a + b) // 2
            right = plan.upto[middle] <= u
            searching = a < b
            a = np.where(searching & right, middle + 1, a)
            b = np.where(searching & ~right, middle, b)
        low[forked] = a
        row = np.full(rows, plan.end)
        row[going] = plan.token[low]
        taken.append(row)
        node[going] = plan.target[low]
        going = going[node[going] != last]
    table = np.stack(taken, axis=1) if taken else np.zeros((rows, 0), np.int64)
    return [[t for t in row if t != plan.end] for row in table.tolist()]


def score(plan: Plan, sentence: Sequence[int]) -> float:
    """The natural logarithm of a sentence's probability under the plan; -inf if it breaks a rule.

    >>> from dreamgen.chain import Chain
    >>> plan = product(Chain.fit([[0, 1], [0, 2]], 3), [], horizon=2)
    >>> round(score(plan, [0, 1]), 3), score(plan, [1, 0])
    (-0.693, -inf)
    """
    node, weight = 0, 0.0
    if not plan.total:
        return -inf
    for token in [*sentence, plan.end]:
        low, high = plan.first[node], plan.first[node + 1]
        edge = low + int(np.searchsorted(plan.token[low:high], token))
        if edge == high or plan.token[edge] != token:
            return -inf
        weight += log(plan.weight[edge])
        node = int(plan.target[edge])
    return weight - log(plan.total)


def count(plan: Plan) -> int:
    """How many different sentences the plan holds, exactly."""
    ways = [0] * (len(plan.first) - 1)
    ways[-1] = 1
    first, _, target, _ = plan._light
    for node in range(len(ways) - 2, -1, -1):
        ways[node] = sum(ways[t] for t in target[first[node] : first[node + 1]])
    return ways[0] if plan.total else 0


def _shares(plan: Plan) -> Floats:
    """The probability of each edge, given its node."""
    source = np.repeat(np.arange(len(plan.message)), np.diff(plan.first))
    return plan.weight * plan.message[plan.target] / plan.message[source]


def _backward(plan: Plan, gain: Floats, factor: Floats) -> float:
    """The start's value of v(node) = sum over its edges of gain + factor * v(target)."""
    value = np.zeros(len(plan.message))
    for low, high in reversed(list(zip(plan.layers[:-1], plan.layers[1:], strict=False))):
        a, b = plan.first[low], plan.first[high]
        if a < b:
            each = gain[a:b] + factor[a:b] * value[plan.target[a:b]]
            value[low:high] = np.add.reduceat(each, plan.first[low:high] - a)
    return float(value[0])


def entropy(plan: Plan) -> float:
    """The entropy of a drawn sentence in nats; its exponential is an effective number."""
    p = _shares(plan)
    return _backward(plan, -p * np.log(p), p)


def collision(plan: Plan) -> float:
    """The probability that two independent sentences are the same."""
    p2 = _shares(plan) ** 2
    return _backward(plan, np.where(plan.target == len(plan.message) - 1, p2, 0.0), p2)


def peak(plan: Plan) -> float:
    """The probability of the likeliest sentence."""
    if not plan.total:
        return 0.0
    best = np.zeros(len(plan.message))
    best[-1] = 1.0
    p = _shares(plan)
    for low, high in reversed(list(zip(plan.layers[:-1], plan.layers[1:], strict=False))):
        a, b = plan.first[low], plan.first[high]
        if a < b:
            each = p[a:b] * best[plan.target[a:b]]
            best[low:high] = np.maximum.reduceat(each, plan.first[low:high] - a)
    return float(best[0])
