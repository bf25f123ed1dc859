"""`Text`: markovify's own behaviour where it is not steered, exact laws where it is."""

import json
import random
import re
from fractions import Fraction
from itertools import count

import markovify
import numpy as np
import pytest

from dreamgen import Corpus, CorpusError, Dreamer, Text, Unsatisfiable
from dreamgen.chain import Chain
from dreamgen.sampler import product, score

TINY = (
    "The moon is low. The sea is calm. The moon is calm tonight. A moth sees the moon. "
    "The sea sees a moth tonight. A calm moth is low."
)
LARGE = " ".join(s.text for d in Corpus.bundled().documents for s in d.sentences)


def bare(sentence: str) -> list[str]:
    return re.findall(r"[a-z]+", sentence.lower())


def law(text: markovify.Text, longest: int) -> dict[tuple[str, ...], Fraction]:
    """Every sentence of markovify's chain up to a length, with its probability."""
    model, size = text.chain.model, text.state_size
    found: dict[tuple[str, ...], Fraction] = {}
    going = [((), Fraction(1))]
    while going:
        said, weight = going.pop()
        state = (("___BEGIN__",) * size + said)[-size:]
        total = sum(model[state].values())
        for word, number in model[state].items():
            share = weight * Fraction(number, total)
            if word == "___END__":
                found[said] = share
            elif len(said) < longest:
                going.append(((*said, word), share))
    return found


def test_a_text_is_markovifys() -> None:
    text = Text(LARGE, state_size=2)
    assert isinstance(text, markovify.Text)
    assert text.chain.model == markovify.Text(LARGE, state_size=2).chain.model


@pytest.mark.parametrize("size", [1, 2])
def test_unsteered_calls_are_markovifys(size: int) -> None:
    ours, theirs = Text(LARGE, state_size=size), markovify.Text(LARGE, state_size=size)
    for seed in range(10):
        random.seed(seed)
        mine = [
            ours.make_sentence(), ours.make_sentence(tries=3, test_output=False),
            ours.make_short_sentence(90), ours.make_sentence_with_start("The", strict=False),
        ]  # fmt: skip
        random.seed(seed)
        assert mine == [
            theirs.make_sentence(), theirs.make_sentence(tries=3, test_output=False),
            theirs.make_short_sentence(90), theirs.make_sentence_with_start("The", strict=False),
        ]  # fmt: skip


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        ({"words": (3, 5)}, lambda said: 3 <= len(said) <= 5),
        ({"words": (0, 6), "mention": ["moth"]}, lambda said: len(said) <= 6 and "moth" in said),
        (
            {"words": (2, 7), "mention": ["moth", "moon"]},
            lambda said: 2 <= len(said) <= 7 and {"moth", "moon"} <= set(said),
        ),
        (
            {"words": (2, 7), "avoid": ["moth"], "opens": "the"},
            lambda said: 2 <= len(said) <= 7 and "moth" not in said and said[0] == "the",
        ),
    ],
    ids=count(),
)
def test_a_steered_sentence_has_the_exact_law(size: int, asked: dict, holds) -> None:  # type: ignore[type-arg, no-untyped-def]
    text = Text(TINY, state_size=size)
    kept = {s: w for s, w in law(text, 7).items() if holds([bare(t)[0] for t in s])}
    if not kept:
        with pytest.raises(Unsatisfiable):
            text.make_sentence(seed=1, **asked)
        return
    plan = text._plan(
        tuple(asked.get("mention", ())), tuple(asked.get("avoid", ())),
        asked["words"], asked.get("opens"), None,
    )  # fmt: skip
    whole = sum(kept.values())
    number = {word: place for place, word in enumerate(text._tokens)}
    for said, weight in kept.items():
        exact = float(weight / whole)
        assert np.exp(plan.score([number[w] for w in said])) == pytest.approx(exact, rel=1e-9)
    drawn = [text.make_sentence(seed=seed, **asked) for seed in range(60)]
    assert set(drawn) <= {" ".join(said) for said in kept}
    assert len(set(drawn)) >= min(3, len(kept))


def test_draws_come_as_often_as_the_law_says() -> None:
    text = Text(TINY, state_size=1)
    kept = {" ".join(s): w for s, w in law(text, 6).items() if "moth" in " ".join(s)}
    whole = sum(kept.values())
    seen = dict.fromkeys(kept, 0)
    for seed in range(1500):
        seen[text.make_sentence(mention="moth", words=(0, 6), seed=seed)] += 1  # type: ignore[index]
    distance = sum(abs(n / 1500 - float(kept[s] / whole)) for s, n in seen.items()) / 2
    assert distance < 0.5 * (len(kept) / 1500) ** 0.5  # the size of chance


def test_a_steered_sentence_is_never_none() -> None:
    text = Text(LARGE, state_size=1)
    for seed in range(60):
        said = text.make_sentence(
            mention=["light", "dream"], avoid=["tapestry"], words=(8, 14), run=4, seed=seed
        )
        assert said is not None
        words = bare(said.replace("’", ""))
        assert {"light", "lights"} & set(words)
        assert {"dream", "dreams", "dreaming", "dreamt", "dreamed"} & set(words)
        assert not {"tapestry", "tapestries"} & set(words)
        tokens = said.split()
        runs = [" ".join(tokens[i : i + 5]) for i in range(len(tokens) - 4)]
        assert not any(f" {run} " in f" {LARGE} " for run in runs)


def test_the_same_seed_gives_the_same_sentence() -> None:
    one, other = Text(LARGE, state_size=2), Text(LARGE, state_size=2)
    for seed in (7, "moth", b"\x00\xff"):
        assert one.make_sentence(seed=seed) == other.make_sentence(seed=seed)
    assert len({one.make_sentence(seed=seed) for seed in range(30)}) > 10


def test_steering_leaves_the_global_generators_alone() -> None:
    text = Text(LARGE, state_size=2)
    random.seed(3)
    state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002
    text.make_sentence(seed=7)
    text.make_sentence(mention=["moth"])
    assert random.getstate() == state
    assert all(
        np.array_equal(a, b)
        for a, b in zip(np.random.get_state(), numpy_state, strict=True)  # noqa: NPY002
    )


def test_what_cannot_be_met_is_told() -> None:
    text = Text(TINY, state_size=1)
    with pytest.raises(Unsatisfiable, match="moon") as caught:
        text.make_sentence(mention=["mooon"])
    assert "mooon" in str(caught.value)
    with pytest.raises(Unsatisfiable) as caught:
        text.make_sentence(mention=["moth"], avoid=["moth"], words=(1, 9))
    assert {repr(rule) for rule in caught.value.rules} == {"Mentions('moth')", "Avoids('moth')"}
    with pytest.raises(Unsatisfiable):
        text.make_sentence(opens="calm", seed=1)
    with pytest.raises(Unsatisfiable):
        text.make_sentence(words=(1, 1), seed=1)


def test_bad_arguments_are_refused() -> None:
    text = Text(TINY, state_size=1)
    with pytest.raises(ValueError, match="tries"):
        text.make_sentence(seed=1, tries=10)
    with pytest.raises(ValueError, match="init_state"):
        text.make_sentence(("The",), seed=1)
    with pytest.raises(ValueError, match="retain_original"):
        Text(TINY, state_size=1, retain_original=False).make_sentence(run=3, seed=1)
    for bounds in ((5, 3), (-1, 3)):
        with pytest.raises((ValueError, TypeError)):
            text.make_sentence(words=bounds, seed=1)


def test_combined_texts_can_be_steered() -> None:
    one, other = (
        Text(TINY, state_size=1),
        Text("The owl is awake. The moth is awake.", state_size=1),
    )
    both = markovify.combine([one, other])
    assert isinstance(both, Text)
    assert (
        both.chain.model
        == markovify.combine(
            [
                markovify.Text(TINY, state_size=1),
                markovify.Text("The owl is awake. The moth is awake.", state_size=1),
            ]
        ).chain.model
    )
    said = both.make_sentence(mention=["owl"], words=(3, 6), seed=7)
    assert said is not None
    assert "owl" in bare(said)


def test_a_text_comes_back_from_json() -> None:
    text = Text(TINY, state_size=1)
    back = Text.from_json(text.to_json())
    assert isinstance(back, Text)
    for seed in range(20):
        assert back.make_sentence(mention=["moth"], run=4, seed=seed) == text.make_sentence(
            mention=["moth"], run=4, seed=seed
        )


def test_a_compiled_text_can_be_steered() -> None:
    text = Text(TINY, state_size=1)
    text.compile(inplace=True)
    said = text.make_sentence(mention=["moth"], seed=7)
    assert said == Text(TINY, state_size=1).make_sentence(mention=["moth"], seed=7)


def test_a_compiled_text_is_a_text_and_keeps_what_it_was() -> None:
    text = Text(TINY, state_size=1)
    made = text.compile()
    assert type(made) is Text
    assert made.chain.compiled
    assert not text.chain.compiled
    asked = {"mention": ["moth"], "run": 4, "seed": 7}
    assert made.make_sentence(**asked) == text.make_sentence(**asked)  # type: ignore[arg-type]


def test_a_steered_start_opens_the_sentence() -> None:
    text = Text(TINY, state_size=2)
    for seed in range(20):
        said = text.make_sentence_with_start("The moon", mention=["calm"], seed=seed)
        assert said is not None
        assert bare(said)[:2] == ["the", "moon"]
        assert "calm" in bare(said)
    with pytest.raises(ValueError, match="strict"):
        text.make_sentence_with_start("moon", strict=False, seed=1)
    with pytest.raises(ValueError, match="words="):
        text.make_short_sentence(40, mention=["moth"])


def test_a_request_that_only_a_long_sentence_meets_is_met() -> None:
    """The words of one long line, each of them once: nothing shorter says the last."""
    long = [f"w{chr(97 + at // 26)}{chr(97 + at % 26)}" for at in range(200)]
    text = Text(None, state_size=1, parsed_sentences=[long, ["w", "ends"]])
    said = text.make_sentence(mention=[long[-1]], seed=1)
    assert said == " ".join(long)
    with pytest.raises(Unsatisfiable):
        text.make_sentence(mention=[long[-1], "ends"], seed=1)
    with pytest.raises(Unsatisfiable):
        text.make_sentence(mention=[long[-1]], words=(1, 199), seed=1)


def test_marks_that_stand_alone_are_no_words() -> None:
    row = "calm — low — deep — far".split()
    text = Text(None, state_size=2, parsed_sentences=[row])
    assert text.make_sentence(words=(4, 4), seed=1) == " ".join(row)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_chain_goes_to_markovify_and_back(size: int) -> None:
    theirs = markovify.Text(LARGE, state_size=size).chain
    for source in (theirs, theirs.model, theirs.to_json(), theirs.compile()):
        chain, words = Chain.from_markovify(source)
        assert chain.order == size
        assert chain.to_markovify(words) == theirs.model
    back = markovify.Chain(None, size, model=chain.to_markovify(words))
    assert sorted(json.loads(back.to_json())) == sorted(json.loads(theirs.to_json()))


@pytest.mark.parametrize("size", [1, 2])
def test_a_chain_from_markovify_goes_on_as_markovifys(size: int) -> None:
    """The law of every short sentence, worked out from markovify's counts alone."""
    text = markovify.Text(TINY, state_size=size)
    chain, words = Chain.from_markovify(text.chain)
    plan = product(chain, [], 7)
    kept = law(text, 7)
    whole = sum(kept.values())
    for said, weight in kept.items():
        number = [words.index(word) for word in said]
        assert np.exp(score(plan, number)) == pytest.approx(float(weight / whole), rel=1e-9)


@pytest.mark.parametrize(
    "source",
    [3, "x", "[]", {}, "{}", {("a",): {"b": 1}}, {"state": 1}, {("___BEGIN__",): {1: 2}},
     {("___BEGIN__",): {"a": 2}, ("b",): {"a": 1}}, [[["___BEGIN__"]]]],
)  # fmt: skip
def test_what_is_no_chain_of_markovify_is_refused(source: object) -> None:
    with pytest.raises(ValueError, match="no"):
        Chain.from_markovify(source)


def test_a_chain_of_variable_order_has_no_place_in_markovify() -> None:
    with pytest.raises(ValueError, match="variable order"):
        Chain.fit([[0, 1], [1, 0]], 2, order=2, variable=True).to_markovify(["a", "b"])


def test_a_dreamer_goes_to_markovify_and_back() -> None:
    corpus = Corpus.bundled("documents")
    text = Dreamer(corpus).to_markovify(2)
    assert isinstance(text, markovify.Text)
    sentences = [s.text for d in corpus.documents for s in d.sentences]
    assert [" ".join(row) for row in text.parsed_sentences] == sentences
    assert text.chain.model == markovify.Chain([s.split() for s in sentences], 2).model
    for source in (text, text.to_json(), markovify.Text.from_json(text.to_json())):
        again = Dreamer.from_markovify(source)
        assert again.edition == Dreamer.from_markovify(text).edition
        [document] = again.model.corpus.documents
        assert len(document.sentences) > 0.9 * len(sentences)


@pytest.mark.parametrize(
    "source",
    [markovify.Text(TINY).chain, markovify.Text(TINY).chain.to_json(), "{", "3",
     markovify.Text(TINY, retain_original=False).to_json(), None],
)  # fmt: skip
def test_counts_alone_are_not_enough_for_a_dreamer(source: object) -> None:
    with pytest.raises(CorpusError):
        Dreamer.from_markovify(source)  # type: ignore[arg-type]
