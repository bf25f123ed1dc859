"""Dreams of the five documents: whole for every seed, new, coherent, and the same for ever.

The judges here are plain regular expressions and scans of the raw documents; none is the package's.
"""

import hashlib
import json
import os
import pickle
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dreamgen
from dreamgen import Corpus, Dream, Dreamer, Unsatisfiable

DOCUMENTS = Dreamer(Corpus.bundled("documents"))
ARCS = ("vulnerability", "companion", "reciprocity", "circle", "unity")
PRONOUNS = (None, "they", "she", "he")
FOLDER = Path(dreamgen.__file__).parent / "data" / "documents"
SOURCE = Path(dreamgen.__file__).parents[1]
RAW = {path.stem: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.txt"))}
RUN = 5

WORD = re.compile(r"[^\W_]+(?:[-’][^\W_]+)*")
PIECE = re.compile(r"[^\W_]+(?:[-’][^\W_]+)*|[^\w\s]")


def pieces(text: str) -> list[str]:
    """Words and marks, with straight marks made curly; written anew for these tests."""
    text = re.sub(r"(?<=\w)'", "’", text.replace("...", "…")).casefold()
    found, inside = [], False
    for piece in PIECE.findall(text):
        if piece == '"':
            piece, inside = ("”" if inside else "“"), not inside
        found.append(piece)
    return found


def word_count(text: str) -> int:
    return len(WORD.findall(text))


def requests(count: int) -> Iterator[dict[str, Any]]:
    for seed in range(count):
        yield {"seed": seed, "arc": ARCS[seed % 5], "pronoun": PRONOUNS[seed // 5 % 4]}


DREAMS: list[Dream] = []


@pytest.fixture(scope="module")
def dreams() -> list[Dream]:
    if not DREAMS:
        DREAMS.extend(DOCUMENTS.generate(**request) for request in requests(150))
    return DREAMS


def of_arc(dreams: list[Dream], arc: str) -> list[Dream]:
    found = [dream for dream in dreams if dream.arc == arc]
    assert len(found) >= 10
    return found


def fields(dream: Dream, name: str) -> list[str]:
    """The sentences of a field, in every scene that has it."""
    return [line for path, line in dream.lines() if path.split(".")[3] == name]


def digest(dream: Dream) -> str:
    return hashlib.sha256(dream.to_json().encode()).hexdigest()


# Whole


def judged(dream: Dream, request: dict[str, Any]) -> None:
    assert dream.arc == request["arc"]
    assert request["pronoun"] in (None, dream.cast.pronoun)
    assert dream.seed == request["seed"]
    assert dream.index == 0
    kinds = [scene.kind for scene in dream.scenes]
    assert kinds[0] == "setting"
    assert kinds[-1] == "awakening"
    assert {"encounter", "revelation"} <= set(kinds)
    assert all(line for _, line in dream.lines())
    assert 300 <= word_count(dream.text) <= 600
    assert Dream.model_validate_json(dream.to_json()) == dream


def test_every_seed_gives_a_whole_dream(dreams: list[Dream]) -> None:
    for dream, request in zip(dreams, requests(150), strict=True):
        judged(dream, request)


@pytest.mark.slow
def test_two_thousand_seeds_give_two_thousand_whole_dreams() -> None:
    texts = set()
    for request in requests(2000):
        dream = DOCUMENTS.generate(**request)
        judged(dream, request)
        novel(dream)
        coherent(dream)
        texts.add(dream.text)
    assert len(texts) == 2000


def test_different_seeds_give_different_dreams(dreams: list[Dream]) -> None:
    assert len({dream.text for dream in dreams}) == len(dreams)


def test_a_dream_without_an_arc_takes_each_of_the_five() -> None:
    assert {DOCUMENTS.generate(seed=seed).arc for seed in range(40)} == set(ARCS)
    assert {DOCUMENTS.generate(seed=s).cast.pronoun for s in range(40)} == {"they", "she", "he"}


# New

GRAMS = {
    tuple(said[i : i + RUN + 1])
    for text in RAW.values()
    for said in [pieces(text)]
    for i in range(len(said) - RUN)
}


def novel(dream: Dream) -> None:
    for path, line in dream.lines():
        said = pieces(line)
        for i in range(len(said) - RUN):
            assert tuple(said[i : i + RUN + 1]) not in GRAMS, (path, said[i : i + RUN + 1])


def test_the_scan_for_copies_finds_copies() -> None:
    assert len(GRAMS) > 2500
    assert tuple(pieces("The air is sweet with the")) in GRAMS


def test_no_sentence_copies_a_run_of_a_document(dreams: list[Dream]) -> None:
    for dream in dreams:
        novel(dream)


# Coherent

OF = {
    "they": {"they", "them", "their", "theirs", "themselves"},
    "she": {"she", "her", "hers", "herself"},
    "he": {"he", "him", "his", "himself"},
}


def labelled_tags() -> dict[str, set[str]]:
    """The tags of each word, read straight from the label files."""
    tags: dict[str, set[str]] = {}
    for path in FOLDER.glob("*.labels"):
        for word, tag in re.findall(r"([^\s/]+)/([A-Z0-9$]+)\*?", path.read_text("utf-8")):
            tags.setdefault(word.casefold().lstrip("+"), set()).add(tag)
    return tags


TAGS = labelled_tags()
PRONOUN = {word for words in OF.values() for word in words} | {"my", "our", "your", "its"}


def things(word: str) -> bool:
    return bool(TAGS.get(word)) and TAGS[word] <= {"NN", "NNM", "NNS"}


def qualities(word: str) -> bool:
    return (
        word != "very" and bool(TAGS.get(word)) and TAGS[word] <= {"NN", "NNM", "NNS", "JJ", "VBN"}
    )


def noun_phrases(line: str) -> set[tuple[str, str]]:
    """Pairs of words side by side of which the second only names things."""
    said = pieces(line)
    return {(a, b) for a, b in pairwise(said) if qualities(a) and things(b)}


def coherent(dream: Dream) -> None:
    lines = [line for _, line in dream.lines()]
    assert len({line.casefold() for line in lines}) == len(lines)
    seen: dict[tuple[str, str], str] = {}
    for path, line in dream.lines():
        for image in noun_phrases(line):
            assert image not in seen, (image, path, seen[image])
            seen[image] = path
        words = {word.casefold() for word in WORD.findall(line)}
        for voice in {"she", "he"} - {dream.cast.pronoun}:
            assert not words & OF[voice], (dream.cast.pronoun, path, line)
        if path.split(".")[3] not in ("turn", "coda", "speech"):
            assert not words & {"you", "your", "yours", "yourself", "you’re"}, (path, line)


def test_the_images_of_a_sentence_are_found() -> None:
    assert ("silver", "fish") in noun_phrases("I see a silver fish.")
    assert not noun_phrases("The silver, a fish.")


def test_a_dream_is_of_one_person_and_says_nothing_twice(dreams: list[Dream]) -> None:
    images = 0
    for dream in dreams:
        coherent(dream)
        images += sum(len(noun_phrases(line)) for _, line in dream.lines())
    assert images > 1000  # so that there was something to find


def test_a_pronoun_asked_for_is_used(dreams: list[Dream]) -> None:
    for voice in ("they", "she", "he"):
        told = [dream for dream in dreams if dream.cast.pronoun == voice]
        used = [bool(set(pieces(dream.text)) & OF[voice]) for dream in told]
        assert len(told) > 20
        assert sum(used) > 0.9 * len(used)


def test_an_image_of_the_setting_returns_in_the_awakening(dreams: list[Dream]) -> None:
    for dream in dreams:
        lines = dict(dream.lines())
        assert dream.motifs, dream.seed
        for motif in dream.motifs:
            kinds = {path.split(".")[2] for path in motif.paths}
            assert {"setting", "awakening"} <= kinds
            assert list(motif.paths) == [path for path in lines if path in motif.paths]
            for path in motif.paths:
                root = motif.word[: max(3, len(motif.word) - 2)]
                assert any(w.startswith(root[:-1]) for w in pieces(lines[path])), (motif, path)
            assert motif.word in pieces(lines[motif.paths[0]])


def test_the_figure_is_named_in_the_dream(dreams: list[Dream]) -> None:
    for dream in dreams:
        if dream.cast.figure != "figure":
            assert dream.cast.figure in pieces(dream.text)


# Right in its marks

VOWEL_SOUND = {"hour", "hours", "honest", "honesty", "heir", "honor"}
CONSONANT_SOUND = re.compile(r"uni(?!m|n)|use|one$|once|eu|ubiq|utop")


def test_a_and_an_are_right(dreams: list[Dream]) -> None:
    seen = {"a": 0, "an": 0}
    for dream in dreams:
        for path, line in dream.lines():
            said = pieces(line)
            for article, word in pairwise(said):
                if article in ("a", "an") and word[0].isalpha():
                    vowel = word[0] in "aeiou" and not CONSONANT_SOUND.match(word)
                    right = "an" if vowel or word in VOWEL_SOUND else "a"
                    assert article == right, (path, line)
                    seen[article] += 1
    assert min(seen.values()) > 100


def test_marks_spaces_and_capitals_are_right(dreams: list[Dream]) -> None:
    for dream in dreams:
        for path, line in dream.lines():
            where = (dream.seed, path, line)
            first = next(c for c in line if c.isalnum())
            assert first == first.upper(), where
            assert line[-1] in ".!?…”", where
            assert line == line.strip(), where
            assert not re.search(r"\s\s|\s[,.;:!?”…—]|[“—]\s|,,|\.\.|,\.|—,|—\.", line), where
            assert not re.search(r"[\"']", line), where
            assert not re.search(r"[.!?…] [a-z]", line), where
            assert not re.search(r"\bi\b", line), where
            inside = 0
            for character in line:
                inside += (character == "“") - (character == "”")
                assert inside in (0, 1), where
            assert inside == 0, where
        assert not re.search(r"[^\S\n]{2}|\n{3}|\s\n|\n\s(?!\S)", dream.text.replace("\n\n", "¶"))
        for paragraph in dream.text.split("\n\n"):
            assert next(c for c in paragraph if c.isalnum()).isupper()


# What is particular to each arc


def test_vulnerability_ends_in_a_coda_to_you(dreams: list[Dream]) -> None:
    for dream in dreams:
        turn, coda = fields(dream, "turn"), fields(dream, "coda")
        if dream.arc == "vulnerability":
            assert len(turn) == 1
            assert {"you", "your", "yourself"} & set(pieces(turn[0]))
            assert coda
            assert [line for _, line in dream.lines()][-len(coda) - 1 :] == [*turn, *coda]
        else:
            assert not turn
            assert not coda


def test_companion_walks_and_keeps_secrets(dreams: list[Dream]) -> None:
    for dream in of_arc(dreams, "companion"):
        for name in ("walk", "vow", "landscape", "gift"):
            assert fields(dream, name), (dream.seed, name)
        said = pieces(" ".join(fields(dream, "walk")))
        walking = "walk|stroll|wander|path|foot|feet|step|strid|side|pac|follow|climb|cross|carr"
        assert any(re.match(f"{walking}|lead|push", word) for word in said)


def test_reciprocity_answers_with_a_story_of_ones_own(dreams: list[Dream]) -> None:
    for dream in of_arc(dreams, "reciprocity"):
        for name in ("confession", "in_return", "landscape", "transformation", "dawn"):
            assert fields(dream, name), (dream.seed, name)
        names = [path.split(".")[3] for path, _ in dream.lines()]
        assert names.index("confession") < names.index("in_return")
        assert "my" in pieces(" ".join(fields(dream, "in_return")))


def test_circle_has_speech_storm_moths_butterflies_and_a_circle(dreams: list[Dream]) -> None:
    for dream in of_arc(dreams, "circle"):
        for name in ("feelings", "call", "storm", "lesson"):
            assert fields(dream, name), (dream.seed, name)
        speech = " ".join(fields(dream, "speech"))
        assert re.search("“[^“”]+”", speech)
        assert {"moth", "moths"} & set(pieces(" ".join(fields(dream, "moths"))))
        assert {"butterfly", "butterflies"} & set(pieces(" ".join(fields(dream, "butterflies"))))
        assert {"circle", "circles"} & set(pieces(" ".join(fields(dream, "circle"))))
        names = [path.split(".")[3] for path, _ in dream.lines()]
        assert names.index("moths") < names.index("butterflies") < names.index("circle")


def test_unity_travels_to_three_far_places(dreams: list[Dream]) -> None:
    for dream in of_arc(dreams, "unity"):
        assert sum(scene.kind == "encounter" for scene in dream.scenes) >= 3
        assert len(fields(dream, "journey")) >= 1
        assert fields(dream, "vision")
    journeys = [len(fields(dream, "journey")) for dream in of_arc(dreams, "unity")]
    assert sum(number >= 2 for number in journeys) > 0.5 * len(journeys)


# As it was asked for


@pytest.mark.parametrize(
    "bounds",
    [
        (80, 120),
        (94, 108),
        (290, 312),
        pytest.param((900, 1100), marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_the_words_are_within_their_bounds(bounds: tuple[int, int]) -> None:
    for seed, arc in enumerate(ARCS):
        dream = DOCUMENTS.generate(seed=seed, arc=arc, words=bounds)
        assert bounds[0] <= word_count(dream.text) <= bounds[1], (seed, arc)
        assert dream.scenes[-1].kind == "awakening"


@pytest.mark.slow
def test_a_very_long_dream_is_written_or_the_refusal_says_what_would_do() -> None:
    for seed in range(3):
        refusal = ""
        try:
            dream = DOCUMENTS.generate(seed=seed, words=(1700, 2000))
        except Unsatisfiable as error:
            refusal = str(error)
        if refusal:
            assert re.search(r"try words=\(\d+, \d+\)|reaches \d+ words", refusal)
        else:
            assert 1700 <= word_count(dream.text) <= 2000


def forms(word: str) -> re.Pattern[str]:
    root = word.removesuffix("y").removesuffix("e")
    return re.compile(rf"\b{root}(?:|e|y|s|es|ies|ed|d|ing|’s)\b", re.IGNORECASE)


@pytest.mark.parametrize(
    "wanted", [["jasmine"], ["silver", "grass", "whisper"], ["tapestry", "tears", "dawn", "grass"]]
)
def test_every_word_to_be_mentioned_is(wanted: list[str]) -> None:
    for seed, arc in enumerate(ARCS):
        dream = DOCUMENTS.generate(seed=seed, arc=arc, mention=wanted)
        for word in wanted:
            assert forms(word.removesuffix("s")).search(dream.text), (seed, arc, word)
        coherent(dream)


def test_a_long_dream_is_as_long_as_asked() -> None:
    dream = DOCUMENTS.generate(seed=3, arc="circle", words=(900, 1000))
    assert 900 <= word_count(dream.text) <= 1000


def test_no_word_to_be_avoided_is_there() -> None:
    unwanted = ["tapestry", "dream", "silver", "heart", "whisper"]
    plain = " ".join(DOCUMENTS.generate(seed=seed, arc=arc).text for seed, arc in enumerate(ARCS))
    assert sum(bool(forms(word).search(plain)) for word in unwanted) >= 4
    for seed, arc in enumerate(ARCS):
        dream = DOCUMENTS.generate(seed=seed, arc=arc, avoid=unwanted)
        for word in unwanted:
            assert not forms(word).search(" ".join(line for _, line in dream.lines())), (arc, word)


def test_no_word_to_be_avoided_comes_from_the_template() -> None:
    """The opening formula says that the dreamer is dreaming: the request is met or refused."""
    for word in ("dreaming", "then", "now", "am"):
        for seed in range(3):
            try:
                dream = DOCUMENTS.generate(seed=seed, avoid=[word])
            except Unsatisfiable:
                continue
            assert not re.search(rf"\b{word}\b", dream.text, re.IGNORECASE), (seed, word)


def test_words_may_be_asked_for_and_shunned_at_once() -> None:
    for seed in range(6):
        dream = DOCUMENTS.generate(
            seed=seed, mention=["moth", "rain"], avoid=["veil", "gold"], words=(200, 260),
            pronoun="she", mood="sadness",
        )  # fmt: skip
        text = dream.text
        assert forms("moth").search(text)
        assert forms("rain").search(text)
        assert not forms("veil").search(text)
        assert not forms("gold").search(text)
        assert 200 <= word_count(text) <= 260
        assert dream.cast.pronoun == "she"
        coherent(dream)


def test_a_phrase_can_be_mentioned() -> None:
    dream = DOCUMENTS.generate(seed=7, mention=["waking world"])
    assert "waking world" in dream.text.casefold()


def test_a_mood_draws_its_words_nearer() -> None:
    sad = re.compile(
        r"\b(?:sorrow|grief|tear|loss|lonel|pain|rain|shadow|storm|indigo)", re.IGNORECASE
    )
    plain = sum(len(sad.findall(DOCUMENTS.generate(seed=s).text)) for s in range(15))
    heavy = sum(
        len(sad.findall(DOCUMENTS.generate(seed=s, mood="sadness").text)) for s in range(15)
    )
    assert heavy > 1.3 * plain


# What cannot be met


def test_a_word_of_one_sentence_is_mentioned_whatever_the_seed() -> None:
    # one in some hundred of these seeds draws shapes that have no place for it
    for seed in (1, 2, 493):
        told = DOCUMENTS.generate(seed=seed, pronoun="she", mention=["momentarily"])
        assert "momentarily" in told.text


def test_an_unknown_word_is_refused_with_the_nearest_known() -> None:
    with pytest.raises(Unsatisfiable, match="jasmine") as caught:
        DOCUMENTS.generate(seed=7, mention=["jasmyne"])
    assert repr(caught.value.rules[0]) == "Mentions('jasmyne')"
    assert "jasmine" in caught.value.hint
    with pytest.raises(Unsatisfiable, match="qwzx"):
        DOCUMENTS.generate(seed=7, mention=["qwzx"])


def test_what_cannot_be_met_is_told_as_data() -> None:
    with pytest.raises(Unsatisfiable) as caught:
        DOCUMENTS.generate(seed=7, arc="circle", avoid=["moth"])
    error = caught.value
    assert isinstance(error, ValueError)
    assert "Mentions('moth')" in {repr(rule) for rule in error.rules}
    assert "Avoids('moth')" in {repr(rule) for rule in error.rules}
    assert len(error.rules) == 2
    assert error.hint
    assert error.field.endswith("moths")
    assert error.field in str(error)
    back = pickle.loads(pickle.dumps(error))
    assert (back.field, back.rules, back.hint) == (error.field, error.rules, error.hint)
    assert str(back) == str(error)


def test_a_word_both_asked_for_and_shunned_is_refused() -> None:
    for avoid in ("moth", "moths"):
        with pytest.raises(Unsatisfiable) as caught:
            DOCUMENTS.generate(seed=7, mention=["moth"], avoid=[avoid])
        assert {repr(rule) for rule in caught.value.rules} == {
            "Mentions('moth')", f"Avoids({avoid!r})",
        }  # fmt: skip


@pytest.mark.parametrize("bounds", [(1, 5), (0, 0), (100_000, 100_000)])
def test_an_impossible_length_says_what_would_do(bounds: tuple[int, int]) -> None:
    with pytest.raises(Unsatisfiable) as caught:
        DOCUMENTS.generate(seed=7, words=bounds)
    assert "Words(" in str(caught.value)
    assert re.search(r"\d+ to \d+ words", str(caught.value))


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ({"arc": "comedy"}, "vulnerability, companion, reciprocity, circle or unity"),
        ({"pronoun": "it"}, "they, she or he"),
        ({"mood": "glee"}, "hope"),
        ({"words": (300, 200)}, "least"),
        ({"words": (-1, 200)}, "pair"),
        ({"words": (1, 2, 3)}, "pair"),
        ({"words": ("1", "2")}, "pair"),
        ({"mention": [""]}, "mention"),
        ({"avoid": ["…"]}, "avoid"),
        ({"mention": [3]}, "mention"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(bad: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        DOCUMENTS.generate(seed=7, **bad)
    with pytest.raises(ValueError, match=named):
        DOCUMENTS.generate_many(1, seed=7, **bad)


def test_a_seed_is_an_int_a_str_or_bytes() -> None:
    for seed in (1.5, True, (1,), ["7"]):
        with pytest.raises(TypeError, match="seed"):
            DOCUMENTS.generate(seed=seed)  # type: ignore[arg-type]
    assert len({DOCUMENTS.generate(seed=seed).text for seed in (7, "7", b"7")}) == 3


def test_a_count_is_not_negative() -> None:
    for bad in ({"count": -1}, {"count": 1, "start": -1}, {"count": 1, "workers": 0}):
        with pytest.raises(ValueError, match="or more"):
            list(DOCUMENTS.generate_many(seed=7, **bad))  # type: ignore[arg-type]
    assert list(DOCUMENTS.generate_many(0, seed=7)) == []


# The same for ever


def test_the_same_seed_gives_the_same_dream() -> None:
    for seed in (7, "moth", b"\x00\xff"):
        assert DOCUMENTS.generate(seed=seed).to_json() == DOCUMENTS.generate(seed=seed).to_json()
        assert (
            DOCUMENTS.generate(seed=seed).to_json()
            == Dreamer(DOCUMENTS.model.corpus).generate(seed=seed).to_json()
        )


def test_a_dream_does_not_depend_on_those_before_it() -> None:
    asked = {"seed": 11, "mention": ["rain"], "arc": "companion"}
    fresh = Dreamer().generate(**asked)  # type: ignore[arg-type]
    used = Dreamer()
    for seed in range(5):
        used.generate(seed=seed, arc="companion", avoid=["moon"], words=(200, 900))
        used.generate(seed=seed, mention=["rain"])
    assert used.generate(**asked).to_json() == fresh.to_json()  # type: ignore[arg-type]


def test_a_drawn_seed_brings_its_dream_back() -> None:
    dream = DOCUMENTS.generate()
    assert DOCUMENTS.generate(seed=dream.seed) == dream
    assert DOCUMENTS.generate().seed != dream.seed
    batch = list(DOCUMENTS.generate_many(2))
    assert batch[0].seed == batch[1].seed
    assert list(DOCUMENTS.generate_many(2, seed=batch[0].seed)) == batch


def test_the_global_generators_are_left_alone() -> None:
    random.seed(5)
    state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002
    DOCUMENTS.generate()
    DOCUMENTS.generate(seed=7)
    list(DOCUMENTS.generate_many(2, seed=7))
    assert random.getstate() == state
    for before, after in zip(numpy_state, np.random.get_state(), strict=True):  # noqa: NPY002
        assert np.array_equal(before, after)


BATCH = 66  # more than one chunk


@pytest.fixture(scope="module")
def batch() -> list[str]:
    return [
        digest(dream) for dream in DOCUMENTS.generate_many(BATCH, seed="batch", words=(90, 130))
    ]


def test_the_dreams_of_a_batch_differ(batch: list[str]) -> None:
    assert len(set(batch)) == BATCH
    first = next(iter(DOCUMENTS.generate_many(1, seed="batch", words=(90, 130))))
    assert first == DOCUMENTS.generate(seed="batch", words=(90, 130))


def test_a_shard_is_a_slice_of_the_batch(batch: list[str]) -> None:
    for start, count in ((0, 3), (5, 7), (63, 3), (65, 1), (4, 0)):
        shard = DOCUMENTS.generate_many(count, seed="batch", start=start, words=(90, 130))
        made = list(shard)
        assert [dream.index for dream in made] == list(range(start, start + count))
        assert [digest(dream) for dream in made] == batch[start : start + count]


def test_workers_do_not_change_a_dream(batch: list[str]) -> None:
    made = DOCUMENTS.generate_many(BATCH, seed="batch", workers=2, words=(90, 130))
    assert [digest(dream) for dream in made] == batch


def test_an_executor_of_ones_own_does_not_change_a_dream(batch: list[str]) -> None:
    with ThreadPoolExecutor(3) as pool:
        made = DOCUMENTS.generate_many(BATCH, seed="batch", workers=pool, words=(90, 130))
        assert [digest(dream) for dream in made] == batch


@pytest.mark.parametrize("corpus", [None, Corpus.bundled("documents")], ids=["book", "documents"])
def test_threads_do_not_change_a_dream(corpus: Corpus | None) -> None:
    def one(index: int, dreamer: Dreamer) -> str:
        (dream,) = dreamer.generate_many(1, seed="batch", start=index, words=(90, 130))
        return digest(dream)

    shared, alone = Dreamer(corpus), Dreamer(corpus)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda index: one(index, shared), range(24)))
    assert found == [one(index, alone) for index in range(24)]


def test_a_batch_is_made_as_it_is_asked_for() -> None:
    assert len(list(islice(DOCUMENTS.generate_many(10**9, seed=7, words=(90, 130)), 2))) == 2


ELSEWHERE = """
import hashlib, dreamgen
dreamer = dreamgen.Dreamer(dreamgen.Corpus.bundled("documents"))
for seed in (7, "moth"):
    dream = dreamer.generate(seed=seed, mention=["rain"], avoid=["moon"])
    print(hashlib.sha256(dream.to_json().encode()).hexdigest())
"""


def here() -> list[str]:
    asked = {"mention": ["rain"], "avoid": ["moon"]}
    return [digest(DOCUMENTS.generate(seed=seed, **asked)) for seed in (7, "moth")]  # type: ignore[arg-type]


def elsewhere(python: str, hash_seed: str) -> list[str]:
    told = subprocess.run(
        [python, "-c", ELSEWHERE],
        env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(SOURCE)},
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return told.stdout.split()


def test_another_hash_seed_does_not_change_a_dream() -> None:
    assert elsewhere(sys.executable, "1") == elsewhere(sys.executable, "4242") == here()


def other_pythons() -> list[str]:
    found = sorted(Path.home().glob(".pyenv/versions/3.*/bin/python"))
    return [str(p) for p in found if int(p.parents[1].name.split(".")[1]) >= 11]


@pytest.mark.slow
@pytest.mark.parametrize("python", other_pythons())
def test_another_python_does_not_change_a_dream(python: str) -> None:
    needed = "import numpy, pydantic, jinja2, click"
    if subprocess.run([python, "-c", needed], capture_output=True).returncode:
        pytest.skip(f"{python} has not numpy and the rest")
    assert elsewhere(python, "0") == here()


# Where it comes from


def test_every_run_is_found_where_its_source_says(dreams: list[Dream]) -> None:
    documents = {d.name: d for d in dreamgen.Corpus.bundled().documents}
    longest = 0
    exact = total = 0
    for dream in dreams[:40]:
        sources = dream.sources()
        assert [(s.path, s.sentence) for s in sources] == list(dream.lines())
        for source in sources:
            rest = pieces(source.sentence)
            for span in source.spans:
                said = pieces(span.text)
                assert 1 <= len(said) <= RUN + 1
                longest = max(longest, len(said))
                assert rest[: len(said)] == said, source
                rest = rest[len(said) :]
                there = pieces(" ".join(documents[span.document].sentences[span.sentence].words))
                found = any(there[i : i + len(said)] == said for i in range(len(there)))
                exact += found
                total += 1
                assert found or voiced_or_closed(said, there), (span, there)
            assert not rest, source
    assert longest == RUN
    assert exact > 0.8 * total  # the rest is voiced or closed


def voiced_or_closed(said: list[str], there: list[str]) -> bool:
    """A run of a clause ends in a full stop, and one about the figure is in another voice."""
    known = set(there) | {".", "“", "”"}
    new = [word for word in said if word not in known]
    people = PRONOUN | {"person", "woman", "man", "child", "girl", "boy", "was", "were"}
    return all(
        word in people or word.endswith(("’s", "’ve")) or f"{word}s" in known
        or word.removesuffix("s") in known or word.removesuffix("es") in known
        for word in new
    )  # fmt: skip


def test_the_sources_of_an_edited_dream_are_those_of_its_own_words() -> None:
    data = json.loads(DOCUMENTS.generate(seed=7).to_json())
    data["scenes"][0]["place"] = "Nine teacups of jasmine sing."
    spans = Dream.model_validate(data).sources()[0].spans
    said = [word for span in spans for word in pieces(span.text)]
    assert "jasmine" in said
    assert "teacups" not in said
