"""Every automaton accepts exactly the sentences of which its plain predicate holds."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import chain
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import (
    Lines,
    Sentence,
    Twin,
    avoids,
    closes,
    counts,
    fits,
    longest_shared_run,
    mentions,
    opens,
    random_lines,
    run_at_the_end,
    spoken,
)

from dreamgen.automata import (
    Automaton,
    Counting,
    Leaning,
    Novelty,
    Passing,
    Places,
    closing,
    containing,
    lacking,
    opening,
)
from dreamgen.trie import Trie

law = settings(max_examples=60, deadline=None, derandomize=True, database=None)

Twins = st.SearchStrategy[Twin]
Maker = Callable[[int, Lines], Twins]


def corpora(tokens: int) -> st.SearchStrategy[Lines]:
    free = st.lists(st.lists(st.integers(0, tokens - 1), max_size=8), min_size=1, max_size=5)
    mixed = st.integers(0, 2**32).map(lambda seed: random_lines(Random(seed), tokens, 1, 5, 9))
    return st.one_of(free, mixed)


def masked(tokens: int, wanted: set[int]) -> np.ndarray:
    """The mask of some tokens, with room for the begin and the end of a chain."""
    return np.array([token in wanted for token in range(tokens + 2)])


def token_sets(tokens: int, least: int = 0) -> st.SearchStrategy[set[int]]:
    return st.sets(st.integers(0, tokens - 1), min_size=least)


@st.composite
def passing_twins(draw: st.DrawFn, tokens: int, lines: Lines) -> Twin:
    wanted = draw(token_sets(tokens, least=tokens - 2))
    return Twin(Passing(masked(tokens, wanted)), lambda s: set(s) <= wanted)


@st.composite
def place_twins(draw: st.DrawFn, tokens: int, lines: Lines) -> Twin:
    rows = draw(st.lists(token_sets(tokens, least=tokens - 2), max_size=4))
    more = draw(st.booleans())
    shape = (len(rows), tokens + 2)
    masks = np.array([masked(tokens, row) for row in rows], bool).reshape(shape)
    if not rows or draw(st.booleans()):
        return Twin(Places(masks, open=more), lambda s: fits(s, rows, more))
    seed = draw(st.integers(0, 2**32))
    factor = np.array(Random(seed).choices([0.25, 0.5, 1.0, 2.0], k=masks.size)).reshape(shape)
    return Twin(
        Places(masks, open=more, factor=factor),
        lambda s: fits(s, rows, more),
        lambda s, t: Fraction(factor[len(s), t]) if len(s) < len(rows) else Fraction(1),
    )


@st.composite
def count_twins(draw: st.DrawFn, tokens: int, lines: Lines) -> Twin:
    wanted = draw(token_sets(tokens))
    least = draw(st.integers(0, 2))
    most = least + draw(st.integers(0, 2))
    machine = Counting(masked(tokens, wanted), least, most)
    return Twin(machine, lambda s: counts(s, wanted, least, most))


@st.composite
def vocabularies(draw: st.DrawFn, tokens: int) -> tuple[list[int], list[Sentence]]:
    """The word of each token, -1 for punctuation, and some phrases of such words."""
    rng = Random(draw(st.integers(0, 2**32)))
    most = rng.choice([1, 1, 2])
    words = [rng.randint(-1, most) for _ in range(tokens)]
    sizes = [rng.choice([1, 2, 3, 3, 4]) for _ in range(rng.choice([0, 1, 1, 2, 3, 4]))]
    return words, [tuple(rng.randint(0, max(0, *words)) for _ in range(n)) for n in sizes]


def numbers_of(words: list[int]) -> np.ndarray:
    return np.array([*words, -1, -1])


@st.composite
def containing_twins(draw: st.DrawFn, tokens: int, lines: Lines) -> Twin:
    words, phrases = draw(vocabularies(tokens))
    cut = draw(st.lists(st.integers(0, len(phrases)), max_size=2).map(sorted))
    groups = [phrases[a:b] for a, b in zip([0, *cut], [*cut, len(phrases)], strict=True)]
    least = draw(st.integers(0, len(groups)))
    machine = containing(numbers_of(words), groups, least)
    return Twin(machine, lambda s: mentions(spoken(s, words), groups, least))


def phrase_twins(
    machine: Callable[..., Automaton], holds: Callable[[Sentence, Sequence[Sentence]], bool]
) -> Maker:
    def made(tokens: int, lines: Lines) -> Twins:
        return vocabularies(tokens).map(
            lambda drawn: Twin(
                machine(numbers_of(drawn[0]), drawn[1]),
                lambda s: holds(spoken(s, drawn[0]), drawn[1]),
            )
        )

    return made


@st.composite
def novelty_twins(
    draw: st.DrawFn, tokens: int, lines: Lines, runs: Sequence[int] = (1, 2, 3, 4, 5)
) -> Twin:
    symbols = draw(st.lists(st.integers(0, tokens - 1), min_size=tokens, max_size=tokens))
    symbols = draw(st.sampled_from([symbols, list(range(tokens))]))
    run = draw(st.sampled_from(runs))
    continuity = draw(st.sampled_from([1.0, 0.5, 2.0, 4.0]))
    copied = [[symbols[token] for token in line] for line in lines]
    if not any(copied):
        copied = [[0]]
    trie = Trie.of(copied, tokens, run + 1)

    def said(sentence: Sequence[int]) -> Sentence:
        return tuple(symbols[token] for token in sentence)

    return Twin(
        Novelty(trie, np.array([*symbols, 0, 0]), run, continuity),
        lambda s: longest_shared_run(said(s), copied) <= run,
        lambda s, t: Fraction(continuity) ** min(run, run_at_the_end(said([*s, t]), copied)),
    )


@st.composite
def leaning_twins(draw: st.DrawFn, tokens: int, lines: Lines) -> Twin:
    factors = st.sampled_from([0.25, 0.5, 1.0, 2.0])
    factor = draw(st.lists(factors, min_size=tokens, max_size=tokens))
    machine = Leaning(np.array([*factor, 1.0, 1.0]))
    return Twin(machine, lean=lambda s, t: Fraction(factor[t]))


lacking_twins = phrase_twins(lacking, avoids)
opening_twins = phrase_twins(opening, opens)
closing_twins = phrase_twins(closing, closes)

MAKERS: list[Maker] = [
    passing_twins, place_twins, count_twins, containing_twins, lacking_twins, opening_twins,
    closing_twins, novelty_twins, leaning_twins,
]  # fmt: skip


def twins(tokens: int, lines: Lines) -> Twins:
    """Any automaton of the package beside its predicate."""
    return st.sampled_from(MAKERS).flatmap(lambda maker: maker(tokens, lines))


@st.composite
def cases(draw: st.DrawFn, maker: Maker) -> tuple[Twin, Lines]:
    """A twin, and some sentences to judge: made freely, or out of pieces of the lines."""
    tokens = draw(st.integers(3, 5))
    lines = draw(corpora(tokens))
    free = st.lists(st.integers(0, tokens - 1), max_size=6)
    mixed = st.integers(0, 2**32).map(lambda seed: random_lines(Random(seed), tokens, 1, 1, 10)[0])
    piece = st.tuples(st.sampled_from(lines), st.integers(0, 4)).map(lambda p: p[0][p[1] :])
    pieced = st.lists(st.one_of(piece, free), max_size=3).map(lambda rows: [*chain(*rows)])
    said = st.lists(st.one_of(pieced, mixed), min_size=1, max_size=8)
    return draw(maker(tokens, lines)), draw(said)


def accepts(automaton: Automaton, sentence: Sequence[int]) -> bool:
    """Whether an automaton accepts a sentence, stepped one token at a time."""
    state = np.array([automaton.start])
    for token in sentence:
        state = automaton.step(state, np.array([token]))
        assert -1 <= state[0] < automaton.size
        if state[0] < 0:
            return False
    return bool(automaton.accepts(state)[0])


def judge(case: tuple[Twin, Lines]) -> None:
    twin, said = case
    for sentence in said:
        assert accepts(twin.automaton, sentence) == twin.holds(sentence), sentence


@law
@given(cases(passing_twins))
def test_passing_accepts_exactly_the_sentences_of_its_tokens(case: tuple[Twin, Lines]) -> None:
    judge(case)


@law
@given(cases(place_twins))
def test_places_accepts_exactly_the_sentences_with_each_token_in_its_row(
    case: tuple[Twin, Lines],
) -> None:
    judge(case)


@law
@given(cases(count_twins))
def test_counting_accepts_exactly_the_sentences_with_enough_and_not_too_many(
    case: tuple[Twin, Lines],
) -> None:
    judge(case)


@law
@given(cases(containing_twins))
def test_containing_accepts_exactly_the_sentences_with_a_phrase_of_enough_groups(
    case: tuple[Twin, Lines],
) -> None:
    judge(case)


@law
@given(cases(lacking_twins))
def test_lacking_accepts_exactly_the_sentences_with_none_of_the_phrases(
    case: tuple[Twin, Lines],
) -> None:
    judge(case)


@law
@given(cases(opening_twins))
def test_opening_accepts_exactly_the_sentences_whose_first_words_are_a_phrase(
    case: tuple[Twin, Lines],
) -> None:
    judge(case)


@law
@given(cases(closing_twins))
def test_closing_accepts_exactly_the_sentences_whose_last_words_are_a_phrase(
    case: tuple[Twin, Lines],
) -> None:
    judge(case)


@pytest.mark.parametrize("run", range(1, 6))
@law
@given(data=st.data())
def test_novelty_accepts_exactly_the_sentences_that_share_no_longer_run(
    run: int, data: st.DataObject
) -> None:
    judge(data.draw(cases(lambda tokens, lines: novelty_twins(tokens, lines, [run]))))


@law
@given(cases(leaning_twins))
def test_leaning_accepts_every_sentence(case: tuple[Twin, Lines]) -> None:
    judge(case)


def leans(case: tuple[Twin, Lines]) -> None:
    twin, said = case
    automaton: Automaton = twin.automaton
    for sentence in said:
        state = np.array([automaton.start])
        for place, token in enumerate(sentence):
            after = automaton.step(state, np.array([token]))
            if after[0] < 0:
                break
            got = automaton.lean(state, np.array([token]), after)
            got_one = 1.0 if got is None else float(got[0])
            assert got_one == float(twin.lean(sentence[:place], token)), sentence[: place + 1]
            state = after


@law
@given(cases(novelty_twins))
def test_novelty_leans_by_the_length_of_the_run_that_each_token_continues(
    case: tuple[Twin, Lines],
) -> None:
    leans(case)


@law
@given(cases(place_twins))
def test_places_lean_by_the_factor_of_the_token_in_its_row(case: tuple[Twin, Lines]) -> None:
    leans(case)


@law
@given(cases(leaning_twins))
def test_leaning_leans_by_the_factor_of_the_token(case: tuple[Twin, Lines]) -> None:
    leans(case)


@law
@given(cases(twins))
def test_every_automaton_leans_as_its_twin_does(case: tuple[Twin, Lines]) -> None:
    leans(case)


@law
@given(cases(twins))
def test_many_states_step_together_as_each_does_alone(case: tuple[Twin, Lines]) -> None:
    twin, said = case
    automaton: Automaton = twin.automaton
    states = np.full(len(said), automaton.start)
    going = np.arange(len(said))
    for place in range(max(map(len, said))):
        going = np.array([i for i in going if len(said[i]) > place and states[i] >= 0], np.int64)
        moved = np.array([said[i][place] for i in going], np.int64)
        alone = [automaton.step(states[[i]], moved[[n]])[0] for n, i in enumerate(going)]
        states[going] = automaton.step(states[going], moved)
        assert states[going].tolist() == alone


def test_a_phrase_that_begins_again_inside_itself_is_found() -> None:
    words = np.arange(4)
    stutter, said = (0, 0, 1), [0, 0, 0, 1]
    assert accepts(containing(words, [[stutter]], 1), said)
    assert accepts(closing(words, [stutter]), said)
    assert not accepts(lacking(words, [stutter]), said)
    assert not accepts(opening(words, [stutter]), said)
    assert not accepts(lacking(words, [(0, 1, 0, 2), (1, 0)]), [0, 1, 0, 3])


def test_punctuation_is_no_bar_to_a_phrase() -> None:
    words = np.array([0, 1, -1, -1, -1])  # two words, a comma, the two ends
    broken = [0, 2, 1, 2]
    assert accepts(containing(words, [[(0, 1)]], 1), broken)
    assert not accepts(lacking(words, [(0, 1)]), broken)
    assert accepts(opening(words, [(0, 1)]), [2, *broken])
    assert accepts(closing(words, [(0, 1)]), broken)


def test_a_run_does_not_cross_from_one_line_to_the_next() -> None:
    trie = Trie.of([[0, 1], [2, 0]], 3, 3)
    novelty = Novelty(trie, np.arange(3), run=2)
    assert accepts(novelty, [0, 1, 2, 0])
    assert not accepts(Novelty(Trie.of([[0, 1, 2]], 3, 3), np.arange(3), run=2), [0, 1, 2])
