"""Large corpora: arrays and suffixes say what objects, dicts and scans say, and models keep it."""

import sys
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import BEGIN, END, BruteChain, Lines, Sentence, random_lines, runs, seen

import dreamgen.columns as columns_module
import dreamgen.external as external
import dreamgen.model as model_module
import dreamgen.scan as scan
import dreamgen.suffixes as suffixes_module
from dreamgen import Corpus, CorpusError, Dreamer
from dreamgen.columns import Columns, LargeCorpus, columns_of, read
from dreamgen.corpus import Document
from dreamgen.largechain import LargeChain
from dreamgen.model import Model
from dreamgen.schema import Setting, slots
from dreamgen.shapes import plan_of, shapes_of
from dreamgen.suffixes import Places, Suffixes
from dreamgen.text import sentences, tokens

law = settings(max_examples=60, deadline=None, derandomize=True, database=None)

Case = tuple[Lines, int, int]


# Text as numbers

PIECES = (
    "Mr.", "the", " ", " ", " ", "\n", "\n\n", "\n \n", "-", "--", "—", "–", " - ", "...", "…", "'",
    '"', "’", "“", "”", "s'", "dogs'", "Foo", "bar", "I", "1.5", "3:4", "2,", "_", "a_b", "café",
    "Éa", "日本", "(", "[", ")", "]", ".", "?", "!", ":", "é", "e\u0301", "\t", "\r\n", "Dr. Moon",
    "x.", "“Mr.", "ok’s", "\u00a0", "ß", "Ölig", "ab-cd", "it's",
)  # fmt: skip


def rows_of(text: str) -> list[list[str]]:
    """The tokens of each sentence as `scan` has them."""
    types = scan.Types()
    rows: list[list[str]] = []
    for numbers, lengths in scan.scanned(text, types):
        said = [types.words[number] for number in numbers.tolist()]
        for length in lengths.tolist():
            rows.append(said[:length])
            del said[:length]
        assert not said
    return rows


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join), st.sampled_from([20, 1 << 16]))
def test_scanned_tokens_are_those_of_each_sentence_in_turn(text: str, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "CHUNK", chunk)
        assert rows_of(text) == [tokens(sentence) for sentence in sentences(text)]


def test_the_book_is_scanned_as_it_is_cut() -> None:
    text = "\n\n".join(
        " ".join(sentence.text for sentence in document.sentences)
        for document in Corpus.bundled("book").documents[::12]
    )
    assert rows_of(text) == [tokens(sentence) for sentence in sentences(text)]


# A corpus as arrays

WORDS = (
    "the a my her to as another one two Ann ann sea seas Sea lamps glowing softly that is I".split()
)
MARKS = [".", ".", "!", "?", "…", ".”", "”", "?”", ",", "—", ":", ")", ""]


@st.composite
def prose(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Some documents of sentences of all sorts of builds."""
    rng = Random(draw(st.integers(0, 2**32)))

    def sentence() -> str:
        said = " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, 9)))
        inner = rng.choice(["", "", "", ", “Oh!” I say", " (why?) no", ": “the sea"])
        return f"{rng.choice(['', '', '“'])}{said[:1].upper()}{said[1:]}{inner}{rng.choice(MARKS)}"

    sizes = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
    return [
        (f"{place}.txt", " ".join(sentence() for _ in range(size)))
        for place, size in enumerate(sizes)
    ]


def listed(columns: Columns) -> list[tuple[object, ...]]:
    """The lines of some columns, read one by one."""
    found: list[tuple[object, ...]] = []
    document = 0
    for place, (low, high) in enumerate(zip(columns.first, columns.first[1:], strict=False)):
        while columns.document[document + 1] <= place:
            document += 1
        row = columns.row[low:high].tolist()
        assert (row[0], row[-1]) == (len(columns.tokens), len(columns.tokens) + 1)
        said = [columns.tokens[number] for number in row[1:-1]]
        home = columns.homes[columns.home[place]]
        found.append(
            (tuple(w for w, _ in said), tuple(t for _, t in said), home.scene, home.role,
             home.voice, home.weight, home.whole, document)
        )  # fmt: skip
    return found


def lines_of(corpus: Corpus) -> list[tuple[object, ...]]:
    """The same of a corpus of objects."""
    return [
        (x.words, x.tags, x.scene, x.role, x.voice, x.weight, x.whole, x.document)
        for x in corpus.lines
    ]


@law
@given(prose(), st.sampled_from([1, 3, 4096]))
def test_columns_hold_the_lines_of_the_corpus(texts: list[tuple[str, str]], block: int) -> None:
    try:
        corpus = Corpus.from_texts(texts, tagger="endings")
    except CorpusError:
        with pytest.raises(CorpusError):
            read(texts)
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns_module, "BLOCK", block)
        columns = read(texts)
    assert listed(columns) == lines_of(corpus)
    assert listed(columns_of(corpus)) == lines_of(corpus)
    large = LargeCorpus(columns)
    assert large.documents == corpus.documents
    assert (large.digest, large.size) == (corpus.digest, corpus.size)
    assert (large.report(), repr(large)) == (corpus.report(), repr(corpus))


def test_a_corpus_that_cannot_be_numbered_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "The sea is calm. The lamp is lit by a slow, old hand."
    monkeypatch.setattr(columns_module, "MOST_PLACES", 10_000)
    assert read([("one", text)]).size == 16
    with pytest.raises(CorpusError, match="more than 10,000 tokens"):
        read([("one", f"{text} " * 700)])
    monkeypatch.setattr(columns_module, "MOST_PLACES", 30)
    with pytest.raises(CorpusError, match="different words"):
        read([("one", text)])


def test_large_files_are_read_as_small_ones_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for document in Corpus.bundled("documents").documents:
        text = " ".join(sentence.text for sentence in document.sentences)
        (tmp_path / f"{document.name}.txt").write_text(text, "utf-8")
    small = Corpus.from_files(tmp_path, tagger="endings")
    monkeypatch.setattr("dreamgen.corpus.MANY_BYTES", 0)
    large = Corpus.from_files(tmp_path, tagger="endings")
    assert isinstance(large, LargeCorpus)
    assert not isinstance(small, LargeCorpus)
    assert large.documents == small.documents
    (tmp_path / "bad.txt").write_bytes(b"\0")
    with pytest.raises(CorpusError, match=r"bad\.txt: is a binary"):
        Corpus.from_files(tmp_path, tagger="endings")


# Runs


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Lines, the number of symbols and a depth."""
    symbols = draw(st.integers(1, 5))
    free = st.lists(st.lists(st.integers(0, symbols - 1), max_size=8), min_size=1, max_size=5)
    mixed = st.integers(0, 2**32).map(lambda seed: random_lines(Random(seed), symbols, 1, 6, 10))
    lines = draw(st.one_of(free, mixed).filter(any))
    return lines, symbols, draw(st.integers(1, 5))


def flat(lines: Lines, stop: int, depth: int) -> Places:
    """Lines of numbers as one row, each followed by ``stop``, ``depth`` times after the last."""
    numbers = [number for line in lines for number in (*line, stop)]
    return np.array(numbers + [stop] * depth, np.int32)


def suffixes(case: Case, chunk: int = 1 << 17) -> Suffixes:
    lines, symbols, depth = case
    codes = np.array([*range(1, symbols + 1), 0], np.int32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suffixes_module, "CHUNK", chunk)
        return Suffixes.of(flat(lines, symbols, depth), codes, codes, depth)


def nodes_of(found: Suffixes, wanted: set[Sentence]) -> dict[Sentence, int]:
    """The node of each run, walked to from the root."""
    nodes: dict[Sentence, int] = {(): 0}
    for run in sorted(wanted, key=len):
        if run:
            nodes[run] = int(found.child(np.array([nodes[run[:-1]]]), np.array([run[-1]]))[0])
    return nodes


@law
@given(cases(), st.sampled_from([2, 1 << 17]))
def test_suffixes_know_each_run_its_count_its_parts_and_its_ways_on(case: Case, chunk: int) -> None:
    lines, symbols, depth = case
    found = suffixes(case, chunk)
    known = runs(lines, depth) | {()}
    nodes = nodes_of(found, known)
    assert len(set(nodes.values())) == len(nodes)
    assert min(nodes.values()) == 0
    places = [(line, start) for line in lines for start in range(len(line))]
    ids = np.array(list(nodes.values()))
    assert found.lengths(ids).tolist() == [len(run) for run in nodes]
    assert found.shorter(ids).tolist() == [nodes[run[1:]] for run in nodes]
    assert found.last(ids[1:]).tolist() == [run[-1] for run in nodes if run]
    low, high = found.spans(ids)
    flattened = [place for line in lines for place in [*line, -1]]
    for (run, node), count in zip(nodes.items(), (high - low).tolist(), strict=True):
        if run:
            assert count == seen(lines, run)
            first = found.first_place(node)
            assert tuple(flattened[first : first + len(run)]) == run
            assert all(tuple(flattened[place : place + len(run)]) != run for place in range(first))
        for symbol in range(symbols):
            longer = (*run, symbol)
            after = int(found.child(np.array([node]), np.array([symbol]))[0])
            assert after == nodes.get(longer, -1)
            ends = [longer[start:] for start in range(len(longer) + 1)]
            step = int(found.step(np.array([node]), np.array([symbol]))[0])
            assert step == nodes[next(end for end in ends if end in known)]
    assert places
    short = [run for run in nodes if len(run) < depth]
    low, high = found.children(np.array([nodes[run] for run in short]))
    for run, a, b in zip(short, low.tolist(), high.tolist(), strict=True):
        wanted = [nodes[*run, s] for s in range(symbols) if (*run, s) in known]
        assert list(range(a, b)) == wanted


@law
@given(cases())
def test_the_order_hangs_on_the_text_alone(case: Case) -> None:
    assert suffixes(case).order.tolist() == suffixes(case, chunk=1).order.tolist()


def test_symbols_too_many_to_pack_in_threes_are_sorted_too() -> None:
    rng = Random(4)
    numbers = [rng.randrange(2**23) for _ in range(6)]
    lines = [[rng.choice(numbers) for _ in range(12)] for _ in range(9)]
    codes = np.zeros(2**23 + 1, np.int32)
    codes[numbers] = np.array(numbers) + 1
    found = Suffixes.of(flat(lines, 2**23, 4), codes, codes, 4)
    nodes = nodes_of(found, runs(lines, 4))
    low, high = found.spans(np.array(list(nodes.values())))
    assert (high - low).tolist()[1:] == [seen(lines, run) for run in nodes if run]


# Chains


def large_chain(lines: Lines, tokens: int, order: int, variable: bool) -> LargeChain:
    """The chain of some lines as a large corpus has it."""
    begin, end = tokens, tokens + 1
    row = [n for line in lines for n in (begin, *line, end)] + [begin] * (order + 1)
    opening = np.arange(1, tokens + 3, dtype=np.int32)
    following = opening.copy()
    following[begin] = 0
    made = Suffixes.of(np.array(row, np.int32), opening, following, order + 1)
    return LargeChain(made, order, variable, begin, end)


def same_ways(chain: LargeChain, brute: BruteChain, horizon: int = 6, most: int = 40) -> None:
    going: list[tuple[Sentence, int]] = [((), chain.start)]
    for sentence, context in going:
        edges = chain.edges(np.array([context]))
        tokens = [END if token == chain.end else token for token in edges.token.tolist()]
        wanted = brute.ways(sentence)
        assert tokens == list(wanted), sentence
        assert edges.weight.tolist() == pytest.approx([float(w) for w in wanted.values()])
        if len(sentence) < horizon and len(going) < most:
            pairs = zip(tokens, edges.target.tolist(), strict=True)
            going += [((*sentence, token), target) for token, target in pairs if token != END]


@pytest.mark.parametrize("variable", [False, True])
@pytest.mark.parametrize("order", [1, 2, 3])
@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(case=cases(), data=st.data())
def test_a_large_chain_goes_on_as_the_counts_of_its_lines(
    order: int, variable: bool, case: Case, data: st.DataObject
) -> None:
    lines, tokens, _ = case
    chain = large_chain(lines, tokens, order, variable)
    same_ways(chain, BruteChain(lines, order, variable))
    heavy = st.sampled_from([0.0, 0.5, 1.0, 3.0])
    size = len(lines)
    weights = data.draw(st.lists(heavy, min_size=size, max_size=size).filter(any))
    line = np.repeat(np.arange(size), [len(row) + 2 for row in lines])
    weighed = chain.weighed(np.array(weights)[line[chain.runs.order]])
    same_ways(weighed, BruteChain(lines, order, variable, weights))
    contexts = np.array([chain.start, chain.start, chain.edges(np.array([chain.start])).target[0]])
    many = chain.edges(contexts)
    assert many.source.tolist() == sorted(many.source.tolist())
    assert (many.token[many.source == 0] == many.token[many.source == 1]).all()
    assert BEGIN not in many.token


# Models


@pytest.fixture(scope="module")
def small() -> Model:
    return Model(Corpus.bundled("documents"))


@pytest.fixture(scope="module")
def large() -> Model:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_module, "LARGE", 1)
        return Model(Corpus.bundled("documents"), order=1)


def test_a_large_model_draws_what_a_small_one_draws(small: Model, large: Model) -> None:
    assert large.large
    assert not small.large
    assert large.vocabulary.tokens == small.vocabulary.tokens
    [slot] = [slot for slot in slots(Setting) if slot.name == "air"]
    rng = Random(3)
    drawn = 0
    for shape in shapes_of(slot, "she", small)[:8]:
        ours, theirs = (plan_of(slot, shape, "she", model) for model in (large, small))
        assert ours.total == pytest.approx(theirs.total, rel=1e-12)
        for _ in range(3 if ours.total else 0):
            numbers = [rng.random() for _ in range(theirs.choices)]
            assert ours.walk(numbers) == theirs.walk(numbers)
            drawn += 1
    assert drawn


def test_a_large_model_judges_as_a_small_one_judges(small: Model, large: Model) -> None:
    assert large.grams(6).isdisjoint([("no", "such", "run", "of", "words", ".")])
    some = sorted(small.grams(6))[::40]
    assert all(run in large.grams(6) for run in some)
    changed = [(*run[:3], "lamp", *run[4:]) for run in some]
    assert [run in large.grams(6) for run in changed] == [run in small.grams(6) for run in changed]
    assert min(small.grams(9)) in large.grams(9)


def test_a_large_model_finds_the_line_of_a_run(small: Model, large: Model) -> None:
    number = small.vocabulary.word_number
    for run in sorted(small.grams(5))[::50]:
        found = []
        for model in (small, large):
            node = np.zeros(1, np.int64)
            for word in run:
                node = model.runs(5).child(node, np.array([number[word]]))
            found.append(model.line_of(int(node[0])))
        assert found[0] == found[1]


# Memory


@settings(max_examples=12, deadline=None, derandomize=True, database=None)
@given(cases())
def test_duckdb_sorts_as_memory_does(case: Case) -> None:
    pytest.importorskip("duckdb")
    lines, symbols, depth = case
    codes = np.array([*range(1, symbols + 1), 0], np.int32)
    row = flat(lines, symbols, depth)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(external, "BATCH", 3)
        made = external.externally_sorted(row, codes, codes, depth, "200MB")
    for ours, theirs in zip(
        made, suffixes_module.sorted_suffixes(row, codes, codes, depth), strict=True
    ):
        assert ours.tolist() == theirs.tolist()


def test_a_model_made_within_a_memory_limit_is_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("duckdb")
    monkeypatch.setattr(model_module, "LARGE", 1)
    texts = [(d.name, " ".join(s.text for s in d.sentences)) for d in documents()]
    Dreamer(LargeCorpus(read(texts)), order=2).save(tmp_path / "memory")
    Dreamer(LargeCorpus(read(texts)), order=2, memory="200MB").save(tmp_path / "disk")
    assert (tmp_path / "disk").read_bytes() == (tmp_path / "memory").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk", "memory"]


def documents() -> tuple[Document, ...]:
    return Corpus.bundled("documents").documents


@pytest.mark.parametrize("memory", ["", "much", "3", "-1GB", "2GB; DROP TABLE runs"])
def test_what_is_no_amount_of_memory_is_refused(memory: str) -> None:
    with pytest.raises(ValueError, match="500MB"):
        Dreamer(Corpus.bundled("documents"), memory=memory)


def test_without_duckdb_the_command_that_brings_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    row, codes = np.array([0, 1, 1], np.int32), np.array([1, 0], np.int32)
    with pytest.raises(ModuleNotFoundError, match=r"dreamgen\[large\]"):
        external.externally_sorted(row, codes, codes, 1, "1GB")


# Merging


def counts_of(dreamer: Dreamer) -> dict[tuple[str, ...], float]:
    """The weighed pairs of tokens of the lines of a dreamer, read off its chain."""
    model = dreamer.model
    chain, tokens = model.base, [*(w for w, _ in model.vocabulary.tokens), "<", ">"]
    found: dict[tuple[str, ...], float] = {}
    for token in range(len(tokens) - 1):
        root, symbol = np.array([0]), np.array([token])
        if isinstance(chain, LargeChain):
            [context] = chain.runs.child(root, symbol)
            total = float(chain.weight(np.array([context]))[0])
        else:
            [context] = chain.trie.child(root, symbol)
            total = float(chain.weight[context])
        edges = chain.edges(np.array([context]))
        for after, share in zip(edges.token.tolist(), edges.weight.tolist(), strict=True):
            pair = tokens[token], tokens[after]
            found[pair] = found.get(pair, 0.0) + share * total
    return found


@pytest.mark.parametrize("least", [1, 50_000])
def test_a_merged_model_has_the_weighed_counts_of_both(
    least: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_module, "LARGE", least)
    texts = [(d.name, " ".join(s.text for s in d.sentences)) for d in documents()]
    halves = [texts[:2], texts[2:]]
    dreamers = [Dreamer(LargeCorpus(read(half)), order=1) for half in halves]
    wanted: dict[tuple[str, ...], float] = {}
    for half, weight in zip(halves, (1, 3), strict=True):
        for line in Corpus.from_texts(half, tagger="endings").lines:
            for pair in pairwise(["<", *line.words, ">"]):
                wanted[pair] = wanted.get(pair, 0.0) + weight * line.weight
    made = Dreamer.merged(dreamers, weights=[1, 3])
    assert counts_of(made) == pytest.approx(wanted)
    assert made.edition != Dreamer.merged(dreamers).edition
    made.save(tmp_path / "merged")
    back = Dreamer.load(tmp_path / "merged")
    assert counts_of(back) == pytest.approx(wanted)
    assert back.edition == made.edition
    assert back.model.corpus.lines == made.model.corpus.lines


def test_a_merged_model_is_that_of_the_texts_together() -> None:
    # which words keep their capitals is found in all the texts that are read at once
    texts = [
        (d.name, " ".join(s.text for s in d.sentences).replace("I", "it").lower())
        for d in documents()
    ]
    whole = Dreamer(LargeCorpus(read(texts)))
    made = Dreamer.merged([Dreamer(LargeCorpus(read([text]))) for text in texts])
    assert made.model.corpus.documents == whole.model.corpus.documents
    assert made.edition == whole.edition


def test_what_does_not_go_together_is_not_merged() -> None:
    one = Dreamer(Corpus.from_text("The sea is calm. The sea is low.", tagger="endings"))
    two = Dreamer(Corpus.from_text("The sea is calm.", tagger="endings"), run=6)
    for weights in ([1], [1, 0], [1, -2], [1, float("inf")], [1, float("nan")]):
        with pytest.raises(CorpusError, match="weights"):
            Dreamer.merged([one, one], weights=weights)
    for other in (two, Dreamer(), Dreamer(Corpus.bundled("documents"), order=2)):
        with pytest.raises(CorpusError):
            Dreamer.merged([one, other])
    with pytest.raises(CorpusError):
        Dreamer.merged([])
