"""The sampler draws from the exact law: every number it gives is a sum over all sentences.

The chain, the rules and the law come from `oracles`, by enumeration. The heart of it are the
cells: each sentence owns an interval of each uniform on its way, and numbers from the middle and
from the edges of its intervals must give that sentence back.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import product as combinations
from math import exp, inf, log, nextafter
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import (
    BruteChain,
    Fork,
    Law,
    Lines,
    Sentence,
    Twin,
    cells,
    counts,
    dyadic_weights,
    fitting_horizon,
    random_lines,
    sentences,
    shares,
    under,
)
from test_automata import twins

from dreamgen.automata import Counting, Leaning, Passing, Places, closing
from dreamgen.chain import Chain
from dreamgen.sampler import (
    Plan,
    collision,
    count,
    draw,
    entropy,
    peak,
    product,
    score,
)
from dreamgen.seeds import Stream, seed_key

law = settings(max_examples=80, deadline=None, derandomize=True, database=None)

LAST = nextafter(1.0, 0.0)


@dataclass(frozen=True)
class Case:
    """A request small enough to enumerate; ``at`` weighs each token of each line and its end."""

    tokens: int
    lines: Lines
    at: list[list[float]]
    order: int
    variable: bool
    horizon: int
    rules: Sequence[Twin] = ()

    @property
    def chain(self) -> BruteChain:
        return BruteChain(self.lines, self.order, self.variable, at=self.at)

    @property
    def plan(self) -> Plan:
        chain = Chain.fit(self.lines, self.tokens, order=self.order, variable=self.variable)
        flat = [weight for row in self.at for weight in (1.0, *row)]  # 1 for the begin of a line
        weighed = chain.weighed(np.array(flat))
        return product(weighed, [rule.automaton for rule in self.rules], self.horizon)

    @property
    def law(self) -> Law:
        """Every sentence that fits, with its weight."""
        leans = [rule.lean for rule in self.rules]
        return under(sentences(self.chain, self.horizon, leans), self.rules)


def random_case(rng: Random) -> Case:
    tokens = rng.choice([3, 3, 4, 5])
    lines = random_lines(rng, tokens, 2, 8, longest=6)
    weights = [1.0] * len(lines)
    if rng.random() < 0.5:
        weights = [rng.choice([1.0, 2.0, 0.5, 3.0, 0.1, 0.0]) for _ in lines]
    at = [[weight] * (len(line) + 1) for weight, line in zip(weights, lines, strict=True)]
    order, variable = rng.choice([1, 1, 2, 2, 3]), rng.random() < 0.5
    return short(Case(tokens, lines, at, order, variable, rng.choice([0, 1, 2, 3, *[6] * 16])))


def short(case: Case, most: int = 400) -> Case:
    """The case with a horizon under which it can be enumerated soon."""
    return replace(case, horizon=fitting_horizon(case.chain, case.horizon, most))


@st.composite
def ruled(draw: st.DrawFn, plain: Case) -> Case:
    """The case under up to three rules, most often such that some sentence meets them all."""
    drawn = draw(
        st.integers(0, 3).flatmap(
            lambda n: st.lists(twins(plain.tokens, plain.lines), min_size=n, max_size=n + 1)
        )
    )
    if draw(st.integers(0, 7)) == 7:
        return replace(plain, rules=drawn[:3])
    fitting = plain.law
    kept: list[Twin] = []
    for rule in drawn:
        fewer = under(fitting, [rule])
        if fewer:
            fitting, kept = fewer, [*kept, rule]
    return replace(plain, rules=kept[:3])


def cases() -> st.SearchStrategy[Case]:
    return st.integers(0, 2**64).map(Random).map(random_case).flatmap(ruled)


@cache
def dyadic_cases() -> list[Case]:
    """Cases in which every context goes on with powers of one half: all messages are exact."""
    made: list[Case] = []
    rng = Random(5)
    while len(made) < 48:
        tokens = rng.randint(3, 4)
        lines = random_lines(rng, tokens, 4, 10, longest=6)
        order, variable = 1 + len(made) % 3, len(made) % 2 == 0
        at = dyadic_weights(lines, order)
        plain = short(Case(tokens, lines, at, order, variable, 6), most=200)
        if len(plain.law) >= 12 and is_exact(plain.law):
            made.append(plain)
    return made


def is_exact(law: Law) -> bool:
    """Whether the weight behind every beginning is a float64 to the last bit."""
    mass: dict[Sentence, Fraction] = {}
    for sentence, weight in law.items():
        for end in range(len(sentence) + 1):
            mass[sentence[:end]] = mass.get(sentence[:end], Fraction(0)) + weight
    return all(Fraction(float(weight)) == weight for weight in mass.values())


@law
@given(cases())
def test_a_plan_sums_to_the_weight_of_all_its_sentences(case: Case) -> None:
    assert case.plan.total == pytest.approx(float(sum(case.law.values())), rel=1e-10)


@law
@given(cases(), st.lists(st.lists(st.integers(-1, 7), max_size=6), max_size=10))
def test_a_score_is_the_probability_of_the_sentence_among_all(
    case: Case, others: list[list[int]]
) -> None:
    plan, law_of_case = case.plan, case.law
    for sentence, share in shares(law_of_case).items():
        assert exp(score(plan, sentence)) == pytest.approx(share, rel=1e-9)
    for other in others:
        if tuple(other) not in law_of_case:
            assert score(plan, other) == -inf


@law
@given(cases())
def test_count_entropy_collision_and_peak_are_sums_over_all_sentences(case: Case) -> None:
    plan = case.plan
    p = list(shares(case.law).values())
    assert count(plan) == len(p)
    if p:
        assert entropy(plan) == pytest.approx(-sum(q * log(q) for q in p), rel=1e-9, abs=1e-12)
        assert collision(plan) == pytest.approx(sum(q * q for q in p), rel=1e-9)
        assert peak(plan) == pytest.approx(max(p), rel=1e-9)


@law
@given(cases())
def test_choices_is_the_most_forks_on_the_way_of_a_sentence(case: Case) -> None:
    forks = [len(row) for row in cells(case.law).values()]
    assert case.plan.choices == max(forks, default=0)


@law
@given(cases())
def test_every_node_of_a_plan_can_finish_and_every_share_adds_up_to_one(case: Case) -> None:
    plan = case.plan
    assert (plan.message > 0).all()
    if plan.total:
        fanout = np.diff(plan.first)
        assert (fanout[:-1] > 0).all()
        assert fanout[-1] == 0
        assert (plan.upto[plan.first[1:-1] - 1] == 1.0).all()
        sources = np.repeat(np.arange(len(fanout)), fanout)
        assert (plan.target > sources).all()
        assert ((plan.token == plan.end) == (plan.target == len(fanout) - 1)).all()


def impossible() -> Plan:
    """The plan of sentences with two tokens 1, under a chain that has at most one."""
    chain = Chain.fit([[0, 1], [0]], 2)
    twice = Counting(np.array([False, True, False, False]), 2, 9)
    return product(chain, [twice], 5)


def test_a_plan_that_nothing_fits_weighs_and_counts_nothing() -> None:
    plan = impossible()
    assert plan.total == 0.0
    assert count(plan) == plan.choices == 0
    assert score(plan, [0, 1]) == score(plan, []) == -inf
    assert entropy(plan) == collision(plan) == 0.0


def test_a_plan_that_nothing_fits_has_no_likeliest_sentence() -> None:
    assert peak(impossible()) == 0.0


def test_a_horizon_cuts_off_the_sentences_that_are_longer() -> None:
    chain = Chain.fit([[0, 0], [0, 0]], 1)  # each 0 goes on with a half
    assert [product(chain, [], h).total for h in range(4)] == [0.0, 0.5, 0.75, 0.875]


def test_a_plan_of_the_empty_sentence_alone_gives_it() -> None:
    plan = product(Chain.fit([[], [0]], 1), [], 0)
    assert plan.total == 0.5
    assert plan.walk([]) == []
    assert draw(plan, np.zeros((3, 0))) == [[], [], []]
    assert (count(plan), peak(plan), entropy(plan)) == (1, 1.0, 0.0)


def test_a_draw_of_no_rows_is_empty() -> None:
    assert draw(product(Chain.fit([[0], [1]], 2), [], 1), np.zeros((0, 1))) == []


def demand(plan: Plan, probes: Sequence[tuple[Sentence, Sequence[float]]]) -> None:
    """Both ways of drawing turn each row of numbers into its sentence."""
    width = plan.choices
    rows = np.array([[*row, *[0.999] * (width - len(row))] for _, row in probes])
    wanted = [list(sentence) for sentence, _ in probes]
    assert [plan.walk(row) for row in rows.tolist()] == wanted
    assert draw(plan, rows.reshape(len(probes), width)) == wanted


def middle(fork: Fork) -> float:
    return float((fork.low + fork.high) / 2)


def inside(fork: Fork) -> tuple[float, float]:
    """Numbers near the edges of a cell whose bounds the sampler may round."""
    margin = min((fork.high - fork.low) / 4, Fraction(1, 10**12))
    return float(fork.low + margin), float(fork.high - margin)


def edges(fork: Fork) -> tuple[float, float]:
    """The first and the last number of a cell whose bounds the sampler cannot but know."""
    return float(fork.low), nextafter(float(fork.high), 0.0)


def probes_of(
    law_of_case: Law, edge: Callable[[Fork], tuple[float, float]]
) -> Iterator[tuple[Sentence, list[float]]]:
    """Every cell by its middle, all lower and all upper edges, and each edge among middles."""
    for sentence, forks in cells(law_of_case).items():
        middles = [middle(fork) for fork in forks]
        bounds = [edge(fork) for fork in forks]
        yield sentence, middles
        for side in (0, 1):
            yield sentence, [bound[side] for bound in bounds]
            for place, bound in enumerate(bounds):
                yield sentence, [*middles[:place], bound[side], *middles[place + 1 :]]


@law
@given(cases())
def test_every_cell_gives_its_sentence_back(case: Case) -> None:
    law_of_case = case.law
    if law_of_case:
        demand(case.plan, list(probes_of(law_of_case, inside)))


@pytest.mark.parametrize("part", range(4))
def test_every_cell_owns_its_lower_edge_and_all_below_its_upper(part: int) -> None:
    # each message is exact and a division rounds once: the bounds are the nearest floats
    for case in dyadic_cases()[part::4]:
        demand(case.plan, list(probes_of(case.law, edges)))


@law
@given(st.integers(0, 47).flatmap(lambda number: ruled(dyadic_cases()[number])))
def test_every_cell_owns_its_edges_under_rules_too(case: Case) -> None:
    law_of_case = case.law
    if law_of_case and is_exact(law_of_case):
        demand(case.plan, list(probes_of(law_of_case, edges)))


def test_the_dyadic_cases_have_many_cells() -> None:
    assert sum(len(case.law) for case in dyadic_cases()) > 1000
    assert {(case.order, case.variable) for case in dyadic_cases()} == set(
        combinations([1, 2, 3], [False, True])
    )


@law
@given(cases(), st.integers(0, 2**32))
def test_a_walk_and_a_draw_agree_on_every_row(case: Case, seed: int) -> None:
    plan = case.plan
    if plan.total:
        width = plan.choices
        rng = np.random.Generator(np.random.PCG64(seed))
        rows = rng.random((40, width + 2))
        rows[rng.random(rows.shape) < 0.15] = 0.0
        rows[rng.random(rows.shape) < 0.15] = LAST
        rows[0], rows[1] = 0.0, LAST
        drawn = draw(plan, rows)
        assert drawn == [plan.walk(row) for row in rows.tolist()]
        assert drawn == draw(plan, rows[:, :width])
        assert drawn == draw(plan, rows[:7]) + draw(plan, rows[7:])
        law_of_case = case.law
        assert all(tuple(sentence) in law_of_case for sentence in drawn)
        assert drawn[0] == next_by(law_of_case, 0)
        assert drawn[1] == next_by(law_of_case, -1)


def next_by(law_of_case: Law, place: int) -> list[int]:
    """The first or the last sentence in the order of tokens, the end after all of them."""
    return list(sorted(law_of_case, key=lambda s: (*s, 10**9))[place])


def test_a_walk_along_a_stream_is_a_draw_of_its_numbers() -> None:
    plan = product(Chain.fit([[0, 1, 2, 0], [0, 2, 1], [1, 1, 0]], 3), [], 8)
    streams = [Stream(seed_key(7), index, "scenes.0") for index in range(50)]
    rows = [stream.extend(plan.choices)[: plan.choices] for stream in streams]
    fresh = [Stream(seed_key(7), index, "scenes.0") for index in range(50)]
    assert [plan.walk(stream) for stream in fresh] == draw(plan, np.array(rows))


def test_evenly_spread_numbers_give_the_law_and_masking_step_by_step_does_not() -> None:
    """Two ways in, equally likely; one ends rightly a quarter of the time, one three quarters.

    Masking takes each way in with a half, as both can still end rightly, then forces the end.
    """
    a, b, right, wrong = range(4)
    lines = [[a, right], [a, wrong], [b, right], [b, wrong]]
    chain = Chain.fit(lines, 4, weights=[1, 3, 3, 1])
    plan = product(chain, [closing(np.array([0, 1, 2, 3, -1, -1]), [(right,)])], 2)
    true = {(a, right): 0.25, (b, right): 0.75}
    masked = {(a, right): 0.5, (b, right): 0.5}

    assert plan.total == 0.5
    assert {s: exp(score(plan, s)) for s in true} == pytest.approx(true, rel=1e-12)
    grid = (np.arange(1000)[:, None] + 0.5) / 1000
    assert plan.choices == 1
    drawn = Counter(map(tuple, draw(plan, grid)))
    assert {sentence: times / 1000 for sentence, times in drawn.items()} == true
    assert sum(abs(true[s] - masked[s]) for s in true) / 2 == 0.25


def test_masking_loses_most_of_the_law_where_a_rule_bites_late() -> None:
    """One in 32 goes the rare way in, which always ends rightly; the common way does so seldom.

    Masking takes the ways in as often as the chain does, 1 to 31; of what ends rightly, 2 to 1.
    """
    rare, common, right, wrong = range(4)
    lines = [[rare, right], [common, wrong], [common, right]]
    chain = Chain.fit(lines, 4, weights=[2, 61, 1])
    fits = Places(np.array([[t in row for t in range(6)] for row in ({rare, common}, {right})]))
    plan = product(chain, [fits], 2)
    true = {(rare, right): 2 / 3, (common, right): 1 / 3}
    masked = {(rare, right): 1 / 32, (common, right): 31 / 32}
    assert {s: exp(score(plan, s)) for s in true} == pytest.approx(true, rel=1e-12)
    assert sum(abs(true[s] - masked[s]) for s in true) / 2 == pytest.approx(0.635, abs=0.001)
    assert [plan.walk([u]) for u in (0.0, 0.6666, 0.6667, LAST)] == [
        [rare, right], [rare, right], [common, right], [common, right],
    ]  # fmt: skip


def test_leans_multiply_into_the_law() -> None:
    chain = Chain.fit([[0], [1]], 2)
    doubled = Leaning(np.array([3.0, 1.0, 1.0, 1.0]))
    plan = product(chain, [doubled, doubled], 1)
    assert plan.total == 5.0
    assert exp(score(plan, [0])) == pytest.approx(0.9)


def test_a_lean_of_zero_is_a_ban() -> None:
    chain = Chain.fit([[0], [1], [2, 0], [2]], 3)
    leaning = product(chain, [Leaning(np.array([1.0, 0.0, 1.0, 1.0, 1.0]))], 3)
    passing = product(chain, [Passing(np.array([True, False, True, True, True]))], 3)
    assert leaning.total == passing.total
    assert [leaning.walk([u, u]) for u in (0.0, 0.4, LAST)] == [
        passing.walk([u, u]) for u in (0.0, 0.4, LAST)
    ]
    assert count(leaning) == count(passing) == 3
    assert score(leaning, [1]) == -inf
    assert entropy(leaning) == pytest.approx(entropy(passing))


def at_least(wanted: int, least: int) -> Twin:
    """A rule with more states than there are tokens in the world."""
    machine = Counting(np.array([token == wanted for token in range(5)]), least, 2**32 - 1)
    return Twin(machine, lambda sentence: counts(sentence, {wanted}, least, 2**32 - 1))


def test_states_too_many_to_number_together_are_still_told_apart() -> None:
    """Products of more than 2**62 states are ranked in steps."""
    lines = [[0, 1, 2], [2, 1, 0], [1, 1, 2, 0]]
    rules = [at_least(*rule) for rule in [(0, 1), (1, 2), (2, 1), (0, 0), (1, 1)]]
    case = Case(3, lines, [[1.0] * (len(line) + 1) for line in lines], 1, False, 6, rules)
    plan, law_of_case = case.plan, case.law
    assert len(law_of_case) > 50
    assert count(plan) == len(law_of_case)
    assert plan.total == pytest.approx(float(sum(law_of_case.values())), rel=1e-12)
    for sentence, share in shares(law_of_case).items():
        assert exp(score(plan, sentence)) == pytest.approx(share, rel=1e-9)


def test_the_order_of_the_rules_does_not_matter() -> None:
    lines = [[0, 1, 2], [2, 1, 0], [1, 1, 2, 0]]
    chain = Chain.fit(lines, 3)
    ones = Counting(np.array([False, True, False, False, False]), 1, 2)
    short = Places(np.ones((3, 5), bool))
    lean = Leaning(np.array([2.0, 0.5, 1.0, 1.0, 1.0]))
    there = product(chain, [ones, short, lean], 5)
    back = product(chain, [lean, short, ones], 5)
    assert there.total == pytest.approx(back.total, rel=1e-12)
    rows = np.random.Generator(np.random.PCG64(1)).random((50, there.choices))
    assert draw(there, rows) == draw(back, rows)
