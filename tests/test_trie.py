"""A trie holds exactly the runs of its lines, with their places, suffixes and steps."""

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import Lines, Sentence, random_lines, runs, seen

from dreamgen.trie import Trie

law = settings(max_examples=60, deadline=None, derandomize=True, database=None)

Case = tuple[Lines, int, int]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Lines, the number of symbols (some may occur nowhere) and a depth."""
    symbols = draw(st.integers(1, 5))
    free = st.lists(st.lists(st.integers(0, symbols - 1), max_size=8), min_size=1, max_size=5)
    mixed = st.integers(0, 2**32).map(lambda seed: random_lines(Random(seed), symbols, 1, 6, 10))
    lines = draw(st.one_of(free, mixed).filter(any))
    return lines, symbols + draw(st.integers(0, 1)), draw(st.integers(1, 5))


def spelled(trie: Trie) -> list[Sentence]:
    """The run of each node, read from the keys alone."""
    rows: list[Sentence] = [()]
    for key in trie.keys.tolist():
        parent, symbol = divmod(key, trie.symbols)
        rows.append((*rows[parent], symbol))
    return rows


@law
@given(cases())
def test_the_nodes_are_the_distinct_runs_and_the_empty_one(case: Case) -> None:
    lines, symbols, depth = case
    trie = Trie.of(lines, symbols, depth)
    rows = spelled(trie)
    assert len(trie) == len(rows) == len(set(rows))
    assert set(rows) == runs(lines, depth) | {()}
    assert (np.diff(trie.keys) > 0).all()
    assert trie.level.tolist() == [len(row) for row in rows]
    assert trie.symbol.tolist() == [row[-1] for row in rows[1:]]


@law
@given(cases())
def test_a_suffix_link_leads_to_the_run_without_its_first_symbol(case: Case) -> None:
    trie = Trie.of(*case)
    rows = spelled(trie)
    assert trie.suffix[0] == 0
    assert [rows[node] for node in trie.suffix[1:]] == [row[1:] for row in rows[1:]]


@law
@given(cases())
def test_each_position_knows_the_runs_that_end_there(case: Case) -> None:
    lines, symbols, depth = case
    trie = Trie.of(lines, symbols, depth)
    rows = spelled(trie)
    ends = [(line, end) for line in lines for end in range(1, len(line) + 1)]
    assert len(trie.at) == depth
    for length, nodes in enumerate(trie.at, start=1):
        wanted = [tuple(line[max(0, end - length) : end]) for line, end in ends]
        assert [rows[node] for node in nodes] == [w if len(w) == length else () for w in wanted]


@law
@given(cases())
def test_positions_count_how_often_each_run_occurs(case: Case) -> None:
    lines, symbols, depth = case
    trie = Trie.of(lines, symbols, depth)
    counted = np.bincount(np.concatenate(trie.at), minlength=len(trie))
    for node, row in enumerate(spelled(trie)):
        if row:
            assert counted[node] == seen(lines, row)


@law
@given(cases())
def test_the_children_of_a_node_are_the_runs_one_symbol_longer(case: Case) -> None:
    lines, symbols, depth = case
    trie = Trie.of(lines, symbols, depth)
    rows, known = spelled(trie), runs(lines, depth)
    low, high = trie.children(np.arange(len(trie)))
    for node, row in enumerate(rows):
        longer = [(*row, symbol) for symbol in range(symbols) if (*row, symbol) in known]
        assert [rows[child] for child in range(low[node], high[node])] == longer


@law
@given(cases())
def test_a_child_is_the_node_of_the_longer_run_or_minus_one(case: Case) -> None:
    lines, symbols, depth = case
    trie = Trie.of(lines, symbols, depth)
    rows = spelled(trie)
    place = {row: node for node, row in enumerate(rows)}
    nodes = np.repeat(np.arange(len(trie)), symbols)
    moved = np.tile(np.arange(symbols), len(trie))
    wanted = [place.get((*rows[n], s), -1) for n, s in zip(nodes, moved.tolist(), strict=True)]
    assert trie.child(nodes, moved).tolist() == wanted


@law
@given(cases())
def test_a_step_leads_to_the_longest_suffix_that_occurs(case: Case) -> None:
    lines, symbols, depth = case
    trie = Trie.of(lines, symbols, depth)
    rows, known = spelled(trie), runs(lines, depth) | {()}
    nodes = np.repeat(np.arange(len(trie)), symbols)
    moved = np.tile(np.arange(symbols), len(trie))
    for node, symbol, after in zip(nodes, moved, trie.step(nodes, moved), strict=True):
        longer = (*rows[node], int(symbol))
        suffixes = [longer[start:] for start in range(len(longer) + 1)]
        assert rows[after] == next(suffix for suffix in suffixes if suffix in known)


@law
@given(cases(), st.lists(st.integers(0, 4), max_size=12))
def test_stepping_along_a_sentence_keeps_the_longest_run_that_ends_it(
    case: Case, sentence: list[int]
) -> None:
    lines, symbols, depth = case
    trie = Trie.of(lines, symbols, depth)
    rows, known = spelled(trie), runs(lines, depth) | {()}
    node = np.array([0])
    said: Sentence = ()
    for symbol in sentence:
        said = (*said, symbol % symbols)
        node = trie.step(node, np.array([symbol % symbols]))
        suffixes = [said[start:] for start in range(len(said) + 1)]
        assert rows[node[0]] == next(suffix for suffix in suffixes if suffix in known)


def test_runs_do_not_cross_from_one_line_to_the_next() -> None:
    trie = Trie.of([[0, 1], [], [2]], 3, 3)
    assert spelled(trie) == [(), (0,), (1,), (2,), (0, 1)]
