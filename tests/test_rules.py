"""Rules: what the automaton lets through is what the judge lets pass, and bad rules are refused."""

from itertools import count, pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import dreamgen.rules as named
from dreamgen.errors import SchemaError
from dreamgen.model import bundled_model
from dreamgen.repeats import Once, Unlike
from dreamgen.rules import (
    Avoids,
    Closes,
    Leans,
    Mentions,
    Novel,
    Opens,
    Rule,
    Shaped,
    Speaks,
    Words,
)
from dreamgen.text import joined, tokens

MODEL = bundled_model()
TOKENS = MODEL.vocabulary.tokens
ROWS = MODEL.rows
MARKS = [n for n, (word, _) in enumerate(TOKENS) if not word[0].isalnum()]
QUOTES = [n for mark in "“”" for n, (word, _) in enumerate(TOKENS) if word == mark]
PLAIN = [n for n, (word, _) in enumerate(TOKENS) if word[0].isalnum()]
AFTER: dict[int, list[int]] = {}
for _row in ROWS:
    for _a, _b in pairwise(_row):
        AFTER.setdefault(_a, []).append(_b)


def said(row: list[int]) -> list[str]:
    return [TOKENS[token][0] for token in row]


def spoken(row: list[int]) -> list[str]:
    return [word for word in said(row) if word[0].isalnum()]


def walk(rng: Random, longest: int) -> list[int]:
    at = rng.choice(ROWS)[0]
    row = [at]
    while len(row) < longest and at in AFTER:
        at = rng.choice(AFTER[at])
        row.append(at)
    return row


def sample(rng: Random) -> list[int]:
    """A sequence of tokens: corpus lines cut and spliced, walks, noise and marks."""
    row: list[int] = []
    for _ in range(rng.randint(1, 3)):
        kind = rng.random()
        if kind < 0.5:
            line = rng.choice(ROWS)
            low = rng.randrange(len(line))
            row += line[low : low + rng.randint(1, 9)]
        elif kind < 0.7:
            row += walk(rng, rng.randint(2, 12))
        elif kind < 0.85:
            row += rng.choices(PLAIN, k=rng.randint(1, 3))
        else:
            row += [QUOTES[0], *rng.choices(PLAIN, k=rng.randint(0, 3)), rng.choice(QUOTES)]
            row += rng.choices(MARKS, k=rng.randint(0, 2))
    return row + row[-2:] if rng.random() < 0.1 else row


def phrase(rng: Random, row: list[int], longest: int = 3) -> str:
    """Some words side by side, mostly of the sequence itself."""
    source = spoken(row) if rng.random() < 0.5 else spoken(rng.choice(ROWS))
    if not source or rng.random() < 0.05:
        return "zebra"
    low = rng.randrange(len(source))
    return " ".join(source[low : low + rng.randint(1, longest)])


def words_rule(rng: Random, row: list[int]) -> Rule:
    least = max(0, len(spoken(row)) + rng.randint(-4, 4))
    return Words(least, least + rng.randint(0, 6))


def opens_rule(rng: Random, row: list[int]) -> Rule:
    own = " ".join(spoken(row)[: rng.randint(1, 3)]) or "I"
    other = phrase(rng, row)
    return Opens(own, other) if rng.random() < 0.5 else Opens(other, phrase(rng, row))


def closes_rule(rng: Random, row: list[int]) -> Rule:
    own = " ".join(spoken(row)[-rng.randint(1, 3) :]) or "I"
    other = phrase(rng, row)
    return Closes(own, other) if rng.random() < 0.5 else Closes(other, phrase(rng, row))


def mentions_rule(rng: Random, row: list[int]) -> Rule:
    many = [phrase(rng, row, 2) for _ in range(rng.randint(1, 3))]
    return Mentions(*many, least=rng.randint(1, len(many)))


def avoids_rule(rng: Random, row: list[int]) -> Rule:
    return Avoids(*(phrase(rng, row, 2) for _ in range(rng.randint(1, 2))))


def novel_rule(rng: Random, row: list[int]) -> Rule:
    return Novel(rng.choice([None, 2, 3, 4, 5, 6]))


def once_rule(rng: Random, row: list[int]) -> Rule:
    source = spoken(row) or ["i"]
    return Once(rng.choice(source))


def unlike_rule(rng: Random, row: list[int]) -> Rule:
    """The images are written down here as the docstring of `images` tells them."""
    line = row if rng.random() < 0.7 else rng.choice(ROWS)
    source = [w.casefold() for w in spoken(line)]
    if len(source) > 3 and rng.random() < 0.3:
        return Unlike(("^", *source[:3]))
    options = [
        pair
        for pair in zip(said(line), said(line)[1:], strict=False)
        if all(w.isalpha() and len(w) > 4 and not w.endswith("ly") for w in pair)
    ]
    options += [
        three
        for three in zip(said(line), said(line)[1:], said(line)[2:], strict=False)
        if three[1] == "of" and len(three[0]) > 4 and len(three[2]) > 4
    ]
    image = rng.choice(options) if options else ("silver", "fish")
    return Unlike(tuple(word.casefold() for word in image))


def leans_rule(rng: Random, row: list[int]) -> Rule:
    return Leans(gold=rng.choice([0.5, 2.0]))


MAKERS = {
    "words": words_rule,
    "opens": opens_rule,
    "closes": closes_rule,
    "mentions": mentions_rule,
    "avoids": avoids_rule,
    "novel": novel_rule,
    "speaks": lambda rng, row: Speaks(),
    "once": once_rule,
    "unlike": unlike_rule,
    "leans": leans_rule,
}


def accepted(rule: Rule, row: list[int]) -> bool:
    """Whether the automaton lets the tokens through, one after another."""
    automaton = rule.automaton(MODEL)
    state = np.array([automaton.start])
    for token in row:
        state = automaton.step(state, np.array([token]))
        if state[0] < 0:
            return False
    return bool(automaton.accepts(state)[0])


def reads_back(row: list[int]) -> bool:
    """Whether the text of the tokens is cut into the same tokens."""
    back = [token.casefold() for token in tokens(joined(said(row)))]
    return back == [word.casefold() for word in said(row)]


@pytest.mark.parametrize("name", MAKERS)
@settings(max_examples=150)
@given(seed=st.integers(0, 2**32))
def test_a_sentence_is_accepted_exactly_when_it_holds(name: str, seed: int) -> None:
    rng = Random(seed)
    row = sample(rng)
    assume(reads_back(row))
    rule = MAKERS[name](rng, row)
    text = joined(said(row))
    assert accepted(rule, row) == rule.holds(text, MODEL), (rule, text, rule.fault(text, MODEL))


@pytest.mark.parametrize("name", [name for name in MAKERS if name != "leans"])
def test_the_samples_both_keep_and_break_each_rule(name: str) -> None:
    kept = []
    for seed in range(200):
        rng = Random(seed)
        row = sample(rng)
        kept.append(MAKERS[name](rng, row).holds(joined(said(row)), MODEL))
    assert 6 <= sum(kept) <= 194


@settings(max_examples=150)
@given(seed=st.integers(0, 2**32))
def test_a_shape_holds_exactly_when_some_tokens_with_these_words_are_accepted(seed: int) -> None:
    rng = Random(seed)
    row = rng.choice(ROWS)[:8] if rng.random() < 0.5 else sample(rng)[:8]
    assume(reads_back(row))
    tags = [TOKENS[token][1] for token in row]
    change = rng.random()
    if change < 0.3:
        tags[rng.randrange(len(tags))] = rng.choice(["NN", "JJ", "VBZ", "NOSUCH"])
    elif change < 0.4:
        tags = tags[:-1]
        assume(tags)
    elif change < 0.5:
        tags += ["."]
    rule = Shaped(*tags)
    automaton = rule.automaton(MODEL)
    states = {int(automaton.start)}
    for word in said(row):
        alike = [n for n, (other, _) in enumerate(TOKENS) if other.casefold() == word.casefold()]
        pairs = [(state, token) for state in states for token in alike]
        if not pairs:
            break
        after = automaton.step(np.array([s for s, _ in pairs]), np.array([t for _, t in pairs]))
        states = {int(state) for state in after if state >= 0}
    some = bool(states) and bool(automaton.accepts(np.array(sorted(states))).any())
    assert some == rule.holds(joined(said(row)), MODEL)


def test_novelty_agrees_with_a_scan_of_the_lines() -> None:
    whole = [[w.casefold() for w in line.words] for line in MODEL.corpus.lines]
    outcomes = []
    for seed in range(200):
        rng = Random(seed)
        row = sample(rng)
        if not reads_back(row):
            continue
        run = rng.randint(2, 6)
        words = [word.casefold() for word in said(row)]
        runs = [words[i : i + run + 1] for i in range(len(words) - run)]
        shared = any(
            line[i : i + run + 1] == part
            for part in runs
            for line in whole
            for i in range(len(line) - run)
        )
        outcomes.append(shared)
        assert Novel(run).holds(joined(said(row)), MODEL) == (not shared)
    assert 20 < sum(outcomes) < len(outcomes) - 20


EXAMPLES = [
    Words(2, 45), Opens("as I", "when I"), Closes("light"), Mentions("moth"),
    Mentions("moth", "sea", least=1), Avoids("you", "your eyes"), Shaped("PRP1", "VBP", "."),
    Novel(), Novel(6), Leans(gold=4.0, indigo=0.25), Speaks(),
    Once("sky"), Unlike(("silver", "fish")), Unlike(("^", "i", "see")),
]  # fmt: skip


@pytest.mark.parametrize("rule", EXAMPLES, ids=repr)
def test_the_repr_of_a_rule_is_its_source(rule: Rule) -> None:
    names = vars(named) | {"Once": Once, "Unlike": Unlike}
    assert eval(repr(rule), dict(names)) == rule  # noqa: S307 - the claim under test


@pytest.mark.parametrize("rule", EXAMPLES, ids=repr)
def test_a_rule_is_a_value(rule: Rule) -> None:
    names = vars(named) | {"Once": Once, "Unlike": Unlike}
    twin = eval(repr(rule), dict(names))  # noqa: S307 - the claim under test
    assert {rule: 1}[twin] == 1
    assert sum(rule == other for other in EXAMPLES) == 1
    with pytest.raises(AttributeError):
        rule.anything = 1  # type: ignore[attr-defined]


CASES = [
    ("The sea is calm.", Words(4, 4), True),
    ("The sea is calm.", Words(5, 9), False),
    ("The moon—the sea.", Words(4, 4), True),
    ("“Yes!”", Words(1, 1), True),
    ("As I wander, the mist parts.", Opens("as I"), True),
    ("“As,” I say, “as I.”", Opens("as I"), True),  # marks do not part the words of a phrase
    ("When we wander.", Opens("as I", "when I"), False),
    ("I see a tapestry of light.", Closes("of light"), True),
    ("I see a tapestry of light!”", Closes("Light"), True),
    ("A lighthouse.", Closes("house"), False),
    ("Moths circle the lights.", Mentions("moth", "light"), True),
    ("Moths circle.", Mentions("moth", "light"), False),
    ("Moths circle.", Mentions("moth", "light", least=1), True),
    ("A mammoth.", Mentions("moth"), False),
    ("Glowing grass.", Mentions("glow"), True),
    ("Two tapestries hang here.", Avoids("tapestry"), False),
    ("A tape hangs here.", Avoids("tapestry"), True),
    ("Your silver eyes.", Avoids("your eyes"), True),
    ("Your eyes.", Avoids("your eyes"), False),
    ("“Tell me,” I whisper.", Speaks(), True),
    ("“Tell me, I whisper.", Speaks(), False),
    ("Tell me,” I whisper.", Speaks(), False),
    ("Tell me.", Speaks(), False),
    ('"Tell me," I whisper.', Speaks(), True),
    ("The air is sweet with the scent of rain.", Novel(5), False),
    ("The air is sweet with silver.", Novel(5), True),
    ("I wander.", Shaped("PRP1", "VBP", "."), True),
    ("I wander", Shaped("PRP1", "VBP", "."), False),
    ("Anything at all.", Leans(gold=9.0), True),
    ("The sky meets the sea.", Once("sky"), True),
    ("The sky meets the skies.", Once("sky"), False),
    ("A silver fish glides.", Unlike(("silver", "fish")), False),
    ("A silver, gliding fish.", Unlike(("silver", "fish")), True),
    ("Silver. Fish.", Unlike(("silver", "fish")), False),
    ("A tapestry of the souls.", Unlike(("tapestry", "of", "souls")), False),
    ("I see the light.", Unlike(("^", "i", "see")), False),
    ("Here I see the light.", Unlike(("^", "i", "see")), True),
]


@pytest.mark.parametrize(("text", "rule", "kept"), CASES)
def test_a_rule_judges_any_text(text: str, rule: Rule, kept: bool) -> None:
    assert rule.holds(text) is kept
    assert bool(rule.fault(text)) is not kept


def test_a_fault_names_the_offending_words() -> None:
    assert "tapestry" in Avoids("tapestry").fault("Two tapestries.")
    assert "sea" in Mentions("sea").fault("Sand.")
    assert "7" in Words(2, 3).fault("One two three four five six seven.")
    assert "the air is sweet" in Novel(5).fault("The air is sweet with the scent of rain.")


BAD = [
    lambda: Words(5, 4), lambda: Words(-1, 4), lambda: Mentions(), lambda: Avoids(),
    lambda: Opens(), lambda: Closes(""), lambda: Mentions("  "), lambda: Avoids("…"),
    lambda: Mentions("moth", least=2), lambda: Mentions("moth", least=0),
    lambda: Avoids(3), lambda: Leans(gold=0.0), lambda: Leans(gold=-1.0),
    lambda: Leans(gold=float("inf")), lambda: Leans(gold=float("nan")),
]  # fmt: skip


@pytest.mark.parametrize("made", BAD, ids=count())
def test_a_rule_that_makes_no_sense_is_refused(made) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SchemaError):
        made()


@pytest.mark.parametrize("made", [lambda: Novel(-1), lambda: Novel(0), lambda: Shaped()])
def test_a_bound_or_shape_that_no_sentence_meets_is_refused(made) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SchemaError):
        made()
