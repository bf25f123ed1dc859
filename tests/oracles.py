"""Brute-force twins of the engine: dicts, fractions and scans, and nothing of dreamgen.

A chain is a dict from contexts to weighed continuations; the law of a plan is a dict from every
sentence to its weight; an automaton is a predicate on the whole sentence. Slow and plain on
purpose: each definition is the sentence of the design that it stands for.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

Sentence = tuple[int, ...]
Law = dict[Sentence, Fraction]
Lean = Callable[[Sequence[int], int], Fraction]
Lines = list[list[int]]
BEGIN = -1
END = 10**9  # above every token: the end comes last


@dataclass(frozen=True)
class Twin:
    """An automaton of the package beside the predicate and the lean that it should have."""

    automaton: Any
    holds: Callable[[Sequence[int]], bool] = lambda sentence: True
    lean: Lean = lambda history, token: Fraction(1)


def random_lines(rng: Random, tokens: int, least: int, most: int, longest: int) -> Lines:
    """Lines that mix well: what Hypothesis finds by itself is mostly short and alike."""
    sizes = [rng.randint(0, longest) for _ in range(rng.randint(least, most))]
    return [[rng.randrange(tokens) for _ in range(size)] for size in sizes]


class BruteChain:
    """What follows what, as a dict of dicts. ``at`` weighs each token of each line and its end."""

    def __init__(
        self,
        lines: Sequence[Sequence[int]],
        order: int,
        variable: bool = False,
        weights: Sequence[float] | None = None,
        at: Sequence[Sequence[float]] | None = None,
    ) -> None:
        self.order, self.variable = order, variable
        self.follow: dict[Sentence, dict[int, Fraction]] = {}
        self.known: dict[Sentence, dict[int, Fraction]] = {}  # so that each is divided once
        per_line = [1.0] * len(lines) if weights is None else weights
        heavy = at or [[w] * (len(line) + 1) for w, line in zip(per_line, lines, strict=True)]
        for line, row in zip(lines, heavy, strict=True):
            padded = (BEGIN, *line, END)
            for place, weight in enumerate(row, start=1):
                for start in range(max(0, place - order), place):
                    after = self.follow.setdefault(padded[start:place], {})
                    if weight:
                        token = padded[place]
                        after[token] = after.get(token, Fraction(0)) + Fraction(weight)

    def ways(self, sentence: Sequence[int]) -> dict[int, Fraction]:
        """The probability of each continuation of the words so far."""
        history = (BEGIN, *sentence)
        length = min(self.order, len(history))
        if self.variable:
            while length > 1 and len(self.follow.get(history[-length:], {})) < 2:
                length -= 1
        context = history[-length:]
        if context not in self.known:
            after = self.follow.get(context, {})
            total = sum(after.values())
            self.known[context] = {token: after[token] / total for token in sorted(after)}
        return self.known[context]


def sentences(chain: BruteChain, horizon: int, leans: Iterable[Lean] = ()) -> Law:
    """Every sentence of at most ``horizon`` tokens and its weight."""
    leans = list(leans)
    law: Law = {}
    going: list[tuple[Sentence, Fraction]] = [((), Fraction(1))]
    while going:
        sentence, weight = going.pop()
        for token, share in chain.ways(sentence).items():
            if token == END:
                law[sentence] = weight * share
            elif len(sentence) < horizon:
                heavy = weight * share
                for lean in leans:
                    heavy *= lean(sentence, token)
                going.append(((*sentence, token), heavy))
    return law


def fitting_horizon(chain: BruteChain, horizon: int, most: int) -> int:
    """The longest horizon up to this one under which there are at most so many beginnings."""
    layer: list[Sentence] = [()]
    beginnings = 1
    for length in range(horizon):
        layer = [(*s, token) for s in layer for token in chain.ways(s) if token != END]
        beginnings += len(layer)
        if beginnings > most:
            return length
    return horizon


def halves(count: int) -> list[float]:
    """Powers of one half that sum to 1."""
    parts = [1.0]
    while len(parts) < count:
        widest = parts.index(max(parts))
        parts[widest : widest + 1] = [parts[widest] / 2] * 2
    return parts


def dyadic_weights(lines: Lines, order: int) -> list[list[float]]:
    """Weights under which every context of every length goes on with dyadic probabilities.

    The positions after a context share a weight of 1 by halves, first among the longer contexts
    that end in it, then within each of them in the same way.
    """
    at = [[1.0] * (len(line) + 1) for line in lines]

    def share(positions: list[tuple[int, int]], length: int, weight: float) -> None:
        if length > order:
            for (row, place), part in zip(positions, halves(len(positions)), strict=True):
                at[row][place] = weight * part
            return
        longer: dict[Sentence, list[tuple[int, int]]] = {}
        for row, place in positions:
            padded = (BEGIN, *lines[row])
            context = padded[max(0, place + 1 - length) : place + 1]
            longer.setdefault(context, []).append((row, place))
        parts = [1.0] * len(longer) if length == 1 else halves(len(longer))
        for inner, part in zip(longer.values(), parts, strict=True):
            share(inner, length + 1, weight * part)

    share([(row, place) for row, line in enumerate(lines) for place in range(len(line) + 1)], 1, 1)
    return at


def under(law: Law, twins: Iterable[Twin]) -> Law:
    """The sentences of some weight that every twin holds of."""
    twins = list(twins)
    return {s: w for s, w in law.items() if w and all(twin.holds(s) for twin in twins)}


@dataclass(frozen=True)
class Fork:
    """A place on the way of a sentence with several ways on, and the part of [0, 1) it takes."""

    low: Fraction
    high: Fraction


def cells(law: Law) -> dict[Sentence, list[Fork]]:
    """For each sentence the intervals of the uniforms that lead to it, one for each fork."""
    mass: dict[Sentence, Fraction] = {}
    onward: dict[Sentence, set[int]] = {}
    for sentence, weight in law.items():
        whole = (*sentence, END)
        for place in range(len(whole) + 1):
            mass[whole[:place]] = mass.get(whole[:place], Fraction(0)) + weight
        for place, token in enumerate(whole):
            onward.setdefault(whole[:place], set()).add(token)
    cut: dict[Sentence, dict[int, Fork]] = {}
    for prefix, tokens in onward.items():
        if len(tokens) > 1:
            bounds = [Fraction(0)]
            for token in sorted(tokens):
                bounds.append(bounds[-1] + mass[*prefix, token] / mass[prefix])
            forks = [Fork(low, high) for low, high in pairwise(bounds)]
            cut[prefix] = dict(zip(sorted(tokens), forks, strict=True))
    return {
        sentence: [
            cut[whole[:place]][token] for place, token in enumerate(whole) if whole[:place] in cut
        ]
        for sentence in law
        for whole in [(*sentence, END)]
    }


def spoken(sentence: Sequence[int], words: Sequence[int]) -> Sentence:
    """The words of the tokens; those that are no word are left out."""
    return tuple(words[token] for token in sentence if words[token] >= 0)


def contains(said: Sequence[int], phrase: Sequence[int]) -> bool:
    starts = range(len(said) - len(phrase) + 1)
    return any(tuple(said[s : s + len(phrase)]) == tuple(phrase) for s in starts)


def mentions(said: Sentence, groups: Sequence[Sequence[Sentence]], least: int) -> bool:
    return sum(any(contains(said, p) for p in group) for group in groups) >= least


def avoids(said: Sentence, phrases: Sequence[Sentence]) -> bool:
    return not any(contains(said, phrase) for phrase in phrases)


def opens(said: Sentence, phrases: Sequence[Sentence]) -> bool:
    return any(said[: len(phrase)] == phrase for phrase in phrases)


def closes(said: Sentence, phrases: Sequence[Sentence]) -> bool:
    return any(len(p) <= len(said) and said[len(said) - len(p) :] == p for p in phrases)


def counts(sentence: Sequence[int], wanted: set[int], least: int, most: int) -> bool:
    return least <= sum(token in wanted for token in sentence) <= most


def fits(sentence: Sequence[int], rows: Sequence[set[int]], more: bool) -> bool:
    right_length = len(sentence) >= len(rows) if more else len(sentence) == len(rows)
    return right_length and all(t in row for t, row in zip(sentence, rows, strict=False))


def runs(lines: Iterable[Sequence[int]], longest: int) -> set[Sentence]:
    """Every run of 1 to ``longest`` symbols that occurs in a line."""
    return {
        tuple(line[start : start + length])
        for line in lines
        for length in range(1, longest + 1)
        for start in range(len(line) - length + 1)
    }


def run_at_the_end(said: Sequence[int], lines: Sequence[Sequence[int]]) -> int:
    """The length of the longest run of a line that ends where ``said`` ends."""
    lengths = range(len(said) + 1)
    return max(n for n in lengths if n == 0 or any(contains(line, said[-n:]) for line in lines))


def longest_shared_run(said: Sequence[int], lines: Sequence[Sequence[int]]) -> int:
    return max((run_at_the_end(said[:end], lines) for end in range(1, len(said) + 1)), default=0)


def seen(lines: Iterable[Sequence[int]], run: Sequence[int]) -> int:
    """How often a run occurs in some lines."""
    return sum(
        tuple(line[start : start + len(run)]) == tuple(run)
        for line in lines
        for start in range(len(line) - len(run) + 1)
    )


def shares(weights: Mapping[Sentence, Fraction]) -> dict[Sentence, float]:
    """The probability of each sentence."""
    total = sum(weights.values())
    return {sentence: float(weight / total) for sentence, weight in weights.items()}
