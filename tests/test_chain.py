"""A fitted chain has the counts of a dict of dicts, and those of markovify."""

from collections.abc import Sequence
from random import Random

import markovify
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import BEGIN, END, BruteChain, Lines, Sentence, random_lines

from dreamgen.chain import Chain, Vocabulary, numbered

law = settings(max_examples=60, deadline=None, derandomize=True, database=None)


@st.composite
def corpora(draw: st.DrawFn) -> tuple[int, Lines]:
    tokens = draw(st.integers(2, 5))
    free = st.lists(st.lists(st.integers(0, tokens - 1), max_size=7), min_size=1, max_size=6)
    mixed = st.integers(0, 2**32).map(lambda seed: random_lines(Random(seed), tokens, 1, 8, 8))
    return tokens, draw(st.one_of(free, mixed))


def ways(chain: Chain, context: int) -> dict[int, tuple[int, float]]:
    """Where each token leads from a context, and how probably; the end is END."""
    edges = chain.edges(np.array([context]))
    assert edges.source.tolist() == [0] * len(edges.token)
    tokens = [END if token == chain.end else token for token in edges.token.tolist()]
    return dict(
        zip(tokens, zip(edges.target.tolist(), edges.weight.tolist(), strict=True), strict=True)
    )


def same_ways(chain: Chain, brute: BruteChain, horizon: int = 6, most: int = 150) -> None:
    """The chain and its twin go on alike after every beginning that can be walked."""
    going: list[tuple[Sentence, int]] = [((), chain.start)]
    for sentence, context in going:
        got, wanted = ways(chain, context), brute.ways(sentence)
        assert list(got) == list(wanted), sentence
        assert [share for _, share in got.values()] == pytest.approx(
            [float(share) for share in wanted.values()], rel=1e-12
        )
        if len(sentence) < horizon and len(going) < most:
            going += [((*sentence, token), got[token][0]) for token in got if token != END]


def node(chain: Chain, run: Sequence[int]) -> int:
    """The node of a run of tokens in the chain's trie."""
    here = np.array([0])
    for token in run:
        here = chain.trie.child(here, np.array([token]))
        assert here[0] > 0
    return int(here[0])


@pytest.mark.parametrize("variable", [False, True])
@pytest.mark.parametrize("order", [1, 2, 3])
@law
@given(corpus=corpora())
def test_a_chain_goes_on_as_the_counts_of_its_lines(
    order: int, variable: bool, corpus: tuple[int, Lines]
) -> None:
    tokens, lines = corpus
    chain = Chain.fit(lines, tokens, order=order, variable=variable)
    same_ways(chain, BruteChain(lines, order, variable))


@law
@given(corpora(), st.integers(1, 3), st.booleans(), st.data())
def test_a_weight_of_a_line_is_a_number_of_its_copies(
    corpus: tuple[int, Lines], order: int, variable: bool, data: st.DataObject
) -> None:
    tokens, lines = corpus
    size = len(lines)
    copies = data.draw(st.lists(st.integers(1, 3), min_size=size, max_size=size))
    repeated = [line for line, n in zip(lines, copies, strict=True) for _ in range(n)]
    weighted = Chain.fit(lines, tokens, order=order, variable=variable, weights=copies)
    plain = Chain.fit(repeated, tokens, order=order, variable=variable)
    assert weighted.weight[1:].tolist() == plain.weight[1:].tolist()
    assert weighted.probability.tolist() == plain.probability.tolist()
    same_ways(weighted, BruteChain(repeated, order, variable))


@pytest.mark.parametrize("order", [1, 2, 3])
@law
@given(corpus=corpora())
def test_a_chain_has_the_counts_of_markovify(order: int, corpus: tuple[int, Lines]) -> None:
    tokens, lines = corpus
    model = markovify.Chain([[str(t) for t in line] for line in lines], order).model
    chain = Chain.fit(lines, tokens, order=order)
    number = {str(token): token for token in range(tokens)}
    number |= {markovify.chain.BEGIN: chain.begin, markovify.chain.END: chain.end}
    leaves = 0
    for state, follow in model.items():
        padding = sum(word == markovify.chain.BEGIN for word in state)
        context = [number[word] for word in state[max(0, padding - 1) :]]
        counts = {number[word]: count for word, count in follow.items()}
        edges = chain.edges(np.array([node(chain, context)]))
        assert edges.token.tolist() == sorted(counts)
        for token, weight in zip(edges.token.tolist(), edges.weight, strict=True):
            assert chain.weight[node(chain, [*context, token])] == counts[token]
            assert weight == pytest.approx(counts[token] / sum(counts.values()), rel=1e-12)
        leaves += len(counts)
    longest = chain.trie.level == order + 1
    young = (chain.trie.level > 1) & (chain.trie.level <= order)
    begun = [run_of(chain, n)[0] == chain.begin for n in np.flatnonzero(young).tolist()]
    assert leaves == longest.sum() + sum(begun)  # neither knows a way that the other lacks


def run_of(chain: Chain, number: int) -> list[int]:
    """The tokens of a node of the chain's trie."""
    out: list[int] = []
    while number:
        parent, token = divmod(int(chain.trie.keys[number - 1]), chain.trie.symbols)
        out, number = [token, *out], parent
    return out


@law
@given(corpora(), st.integers(1, 3), st.booleans(), st.data())
def test_a_chain_weighed_again_goes_on_as_the_weighed_counts(
    corpus: tuple[int, Lines], order: int, variable: bool, data: st.DataObject
) -> None:
    tokens, lines = corpus
    heavy = st.sampled_from([0.0, 0.0, 0.5, 1.0, 3.0])
    at = [
        data.draw(st.lists(heavy, min_size=len(line) + 1, max_size=len(line) + 1)) for line in lines
    ]
    flat = [weight for row in at for weight in (1.0, *row)]  # the begin of a line weighs nothing
    chain = Chain.fit(lines, tokens, order=order, variable=variable).weighed(np.array(flat))
    same_ways(chain, BruteChain(lines, order, variable, at=at))


@law
@given(corpora(), st.integers(1, 3), st.booleans(), st.data())
def test_a_line_without_weight_might_as_well_be_absent(
    corpus: tuple[int, Lines], order: int, variable: bool, data: st.DataObject
) -> None:
    tokens, lines = corpus
    size = len(lines)
    stays = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
    kept = [line for line, stay in zip(lines, stays, strict=True) if stay]
    chain = Chain.fit(
        lines, tokens, order=order, variable=variable, weights=[float(stay) for stay in stays]
    )
    same_ways(chain, BruteChain(kept, order, variable))


@law
@given(corpora(), st.integers(1, 3), st.booleans())
def test_the_edges_of_many_contexts_are_those_of_each_in_turn(
    corpus: tuple[int, Lines], order: int, variable: bool
) -> None:
    tokens, lines = corpus
    chain = Chain.fit(lines, tokens, order=order, variable=variable)
    levels = chain.trie.level
    contexts = np.flatnonzero((levels > 0) & (levels <= order))[::-1]
    edges = chain.edges(contexts)
    assert edges.source.tolist() == sorted(edges.source.tolist())
    for place, context in enumerate(contexts):
        here = edges.source == place
        alone = chain.edges(np.array([context]))
        assert alone.token.tolist() == sorted(set(alone.token.tolist()))
        assert edges.token[here].tolist() == alone.token.tolist()
        assert edges.target[here].tolist() == alone.target.tolist()
        assert edges.weight[here].tolist() == alone.weight.tolist()


def test_zero_weight_removes_an_edge() -> None:
    chain = Chain.fit([[0, 1], [0, 2]], 3)
    assert ways(chain, node(chain, [0])).keys() == {1, 2}
    lighter = chain.weighed(np.array([1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]))
    assert ways(lighter, node(lighter, [0])).keys() == {2}
    assert ways(lighter, node(lighter, [0]))[2][1] == 1.0


def test_a_single_continuation_gives_way_to_a_shorter_context() -> None:
    chain = Chain.fit([[0, 1, 2], [3, 1, 0], [3, 1, 1]], 4, order=2, variable=True)
    shares = {token: share for token, (_, share) in ways(chain, node(chain, [0, 1])).items()}
    assert shares == {0: 0.25, 1: 0.25, 2: 0.25, END: 0.25}  # only 2 follows (0, 1): all after 1
    shares = {token: share for token, (_, share) in ways(chain, node(chain, [3, 1])).items()}
    assert shares == {0: 0.5, 1: 0.5}  # two ways on: no drop


def test_an_order_that_drops_comes_back_to_the_longest_context_it_can() -> None:
    lines = [[0, 1, 2], [3, 1, 0], [3, 1, 1], [1, 0, 2], [1, 0, 3]]
    chain = Chain.fit(lines, 4, order=2, variable=True)
    after = ways(chain, node(chain, [0, 1]))[0][0]  # dropped to (1), then 0: the context (1, 0)
    assert run_of(chain, after) == [1, 0]


def test_an_order_never_drops_below_one() -> None:
    chain = Chain.fit([[0, 1, 2]], 3, order=3, variable=True)
    assert ways(chain, node(chain, [0, 1, 2])).keys() == {END}
    assert ways(chain, node(chain, [0])).keys() == {1}
    assert ways(chain, chain.start).keys() == {0}


def test_a_variable_order_counts_only_continuations_of_some_weight() -> None:
    lines, weights = [[0, 1, 2], [0, 1, 3], [2, 1, 0]], [1.0, 0.0, 1.0]
    chain = Chain.fit(lines, 4, order=2, variable=True, weights=weights)
    assert ways(chain, node(chain, [0, 1])).keys() == {0, 2}


def test_a_sentence_begins_in_a_context_of_its_own() -> None:
    chain = Chain.fit([[0, 1, 0, 2], [1]], 3, order=2)
    assert run_of(chain, chain.start) == [chain.begin]
    assert (chain.begin, chain.end) == (3, 4)
    assert ways(chain, chain.start).keys() == {0, 1}
    begun = ways(chain, chain.start)[0][0]
    assert run_of(chain, begun) == [chain.begin, 0]
    assert ways(chain, begun).keys() == {1}
    assert BruteChain([[0, 1, 0, 2], [1]], 2).follow[BEGIN, 0].keys() == {1}


@pytest.mark.parametrize("order", [0, -1])
def test_an_order_below_one_is_refused(order: int) -> None:
    with pytest.raises(ValueError, match="order"):
        Chain.fit([[0]], 1, order=order)


@law
@given(st.lists(st.lists(st.text("abc", max_size=2), max_size=5), max_size=4))
def test_numbers_stand_for_the_items_they_came_from(lines: list[list[str]]) -> None:
    rows, items = numbered(lines)
    assert [[items[number] for number in row] for row in rows] == lines
    assert len(set(items)) == len(items)


def test_a_vocabulary_numbers_tokens_words_and_tags() -> None:
    tokens = [("moon", "NN"), ("The", "DT"), ("the", "DT"), (",", ","), ("moon", "NN")]
    vocabulary = Vocabulary(tokens)
    assert vocabulary.tokens == tuple(sorted(set(tokens)))
    assert (vocabulary.begin, vocabulary.end, len(vocabulary)) == (4, 5, 6)
    for token, place in vocabulary.number.items():
        assert vocabulary.tokens[place] == token
        assert vocabulary.tag_list[vocabulary.tags[place]] == token[1]
        assert vocabulary.word_list[vocabulary.words[place]] == token[0].lower()
        assert vocabulary.counted[place] == (token[0] != ",")
    for ends in (vocabulary.words, vocabulary.tags):
        assert ends[[vocabulary.begin, vocabulary.end]].tolist() == [-1, -1]
    wanted = vocabulary.word_mask([vocabulary.word_number["the"]])
    assert [t for t, held in zip(vocabulary.tokens, wanted[:-2], strict=True) if held] == [
        ("The", "DT"),
        ("the", "DT"),
    ]
    assert not wanted[-2:].any()
