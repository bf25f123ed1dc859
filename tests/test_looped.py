"""Plans that do not unroll a chain: the law is that of all sentences, enumerated by `oracles`."""

from math import exp, inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import Law, cells, shares
from test_sampler import LAST, Case, cases, dyadic_cases, law

from dreamgen.automata import Counting
from dreamgen.chain import Chain
from dreamgen.looped import Looped, LoopedPlan
from dreamgen.seeds import Stream, seed_key


def chain_of(case: Case) -> Chain:
    chain = Chain.fit(case.lines, case.tokens, order=case.order, variable=case.variable)
    return chain.weighed(np.array([weight for row in case.at for weight in (1.0, *row)]))


def plan_of(case: Case, least: int = 0) -> LoopedPlan:
    graph = Looped.of(chain_of(case), [rule.automaton for rule in case.rules])
    return LoopedPlan(graph, least, case.horizon)


def at_least(whole: Law, least: int) -> Law:
    return {sentence: weight for sentence, weight in whole.items() if len(sentence) >= least}


def fixed(numbers: list[float]) -> Stream:
    stream = Stream(seed_key(0), 0, "")
    stream.numbers += [*numbers, *([0.5] * 64)]
    return stream


@law
@given(cases(), st.integers(0, 4))
def test_a_plan_sums_to_the_weight_of_all_its_sentences(case: Case, least: int) -> None:
    expected = float(sum(at_least(case.law, least).values())) if least <= case.horizon else 0.0
    assert plan_of(case, least).total == pytest.approx(expected, rel=1e-10)


@law
@given(cases(), st.lists(st.lists(st.integers(0, 2), max_size=6), max_size=10))
def test_a_score_is_the_probability_of_the_sentence_among_all(
    case: Case, others: list[list[int]]
) -> None:
    plan, whole = plan_of(case), case.law
    for sentence, share in shares(whole).items():
        assert exp(plan.score(sentence)) == pytest.approx(share, rel=1e-9)
    for other in others:
        if tuple(other) not in whole:
            assert plan.score(other) == -inf


@law
@given(cases())
def test_the_middle_of_every_cell_gives_its_sentence(case: Case) -> None:
    plan = plan_of(case)
    for sentence, forks in cells(case.law).items():
        middle = [float((fork.low + fork.high) / 2) for fork in forks]
        assert plan.walk(fixed(middle)) == [*sentence]


def test_the_edges_of_every_cell_give_its_sentence() -> None:
    """Where all weights are exact, to the last number below the next cell."""
    for case in dyadic_cases():
        plan = plan_of(case)
        for sentence, forks in cells(case.law).items():
            low = [float(fork.low) for fork in forks]
            high = [min(float(np.nextafter(float(fork.high), 0)), LAST) for fork in forks]
            assert plan.walk(fixed(low)) == plan.walk(fixed(high)) == [*sentence]


@law
@given(cases())
def test_the_shortest_sentence_is_as_short_as_any(case: Case) -> None:
    if case.law:
        graph = plan_of(case).graph
        assert graph.shortest == min(map(len, case.law))


@law
@given(cases())
def test_a_looped_chain_is_a_chain_again(case: Case) -> None:
    """Rules taken one after another have the law of the rules taken together."""
    graph: Looped | Chain = chain_of(case)
    for rule in case.rules:
        graph = Looped.of(graph, [rule.automaton])
    plan = LoopedPlan(Looped.of(graph, []), 0, case.horizon)
    together = plan_of(case)
    assert plan.total == pytest.approx(together.total, rel=1e-12)
    for sentence in case.law:
        assert plan.score(sentence) == pytest.approx(together.score(sentence), rel=1e-9)


def test_a_plan_draws_the_same_after_its_rows_were_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = max(dyadic_cases(), key=lambda case: len(case.law))
    plan = plan_of(case)
    drawn = [plan.walk(Stream(seed_key(seed), 0, "")) for seed in range(200)]
    monkeypatch.setattr("dreamgen.looped.ROWS", 2)
    small = plan_of(case)
    assert [small.walk(Stream(seed_key(seed), 0, "")) for seed in range(200)] == drawn
    assert len(small._rows) <= 2


def test_too_many_rules_at_once_are_refused() -> None:
    mask = np.ones(5, bool)
    machines = [Counting(mask, 0, 2**20) for _ in range(4)]
    with pytest.raises(ValueError, match="too many rules"):
        Looped.of(Chain.fit([[0, 1, 2]], 3), machines)
