"""Unlabelled documents are cut into scenes better than by rule of thumb, and always whole."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamgen.corpus import Corpus, Document, Sentence
from dreamgen.facts import SCENES
from dreamgen.scenes import best_starts, cut, labelled, learned, roles

DOCUMENTS = Corpus.bundled().documents
MODEL = learned(DOCUMENTS)


def bare(document: Document) -> Document:
    """The document as its loader would have it, had nobody labelled it."""
    return replace(
        document, sentences=tuple(replace(s, scene="", role="") for s in document.sentences)
    )


def spoken(*lines: str) -> tuple[Sentence, ...]:
    """Unlabelled sentences of these words."""
    return tuple(Sentence(tuple(line.split()), ("NN",) * len(line.split())) for line in lines)


def others(document: Document) -> list[Document]:
    return [other for other in DOCUMENTS if other is not document]


def right(found: Sequence[str], wanted: Sequence[str]) -> int:
    return sum(f == w for f, w in zip(found, wanted, strict=True))


# What it is for


def test_a_cut_that_never_saw_the_document_beats_equal_quarters() -> None:
    by_model = by_quarters = 0
    for document in DOCUMENTS:
        wanted = [sentence.scene for sentence in document.sentences]
        count = len(wanted)
        quarters = [SCENES[place * 4 // count] for place in range(count)]
        by_quarters += right(quarters, wanted)
        by_model += right(cut(bare(document).sentences, learned(others(document))), wanted)
    assert by_model > by_quarters


def test_roles_that_never_saw_the_document_beat_the_commonest_role_of_the_scene() -> None:
    by_model = by_commonest = 0
    for document in DOCUMENTS:
        wanted = [sentence.role for sentence in document.sentences]
        scenes = [sentence.scene for sentence in document.sentences]
        told = [sentence for other in others(document) for sentence in other.sentences]
        pools = {scene: [s.role for s in told if s.scene == scene] for scene in SCENES}
        commonest = {scene: max(sorted(pool), key=pool.count) for scene, pool in pools.items()}
        by_commonest += right([commonest[scene] for scene in scenes], wanted)
        by_model += right(
            roles(bare(document).sentences, scenes, learned(others(document))), wanted
        )
    assert by_model > 2 * by_commonest


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.arc)
def test_the_bundled_documents_keep_the_order_of_the_scenes(document: Document) -> None:
    places = [SCENES.index(sentence.scene) for sentence in document.sentences]
    assert places == sorted(places)
    assert set(places) == {0, 1, 2, 3}


# The recursion


@given(st.integers(1, 4), st.integers(0, 5), st.data())
def test_the_best_starts_are_the_best_of_all_there_are(
    states: int, spare: int, data: st.DataObject
) -> None:
    steps = states + spare
    table = st.lists(st.integers(-9, 9), min_size=steps * states, max_size=steps * states)
    within = np.array(data.draw(table), float).reshape(steps, states)
    entering = np.array(data.draw(table), float).reshape(steps, states)

    def score(starts: tuple[int, ...]) -> float:
        total = sum(entering[start, state] for state, start in enumerate(starts) if state)
        for state, (start, end) in enumerate(pairwise([*starts, steps])):
            total += within[start:end, state].sum()
        return float(total)

    every = [(0, *rest) for rest in combinations(range(1, steps), states - 1)]
    found = tuple(best_starts(within, entering))
    assert found in every
    assert score(found) == max(map(score, every))


# Any text


@pytest.mark.parametrize(
    ("count", "wanted"),
    [
        (0, [[]]),
        (1, [["setting"]]),
        (2, [["setting", "awakening"]]),
        (3, [["setting", middle, "awakening"] for middle in ("encounter", "revelation")]),
        (4, [list(SCENES)]),
    ],
)
def test_a_short_document_has_the_scenes_that_there_is_room_for(
    count: int, wanted: list[list[str]]
) -> None:
    assert cut(DOCUMENTS[0].sentences[:count], MODEL) in wanted
    assert cut(spoken(*["zq xv"] * count), MODEL) in wanted


@given(st.lists(st.lists(st.text(max_size=8), max_size=6).map(tuple), max_size=30))
def test_any_text_is_cut_into_scenes_in_their_order_with_roles_of_theirs(
    rows: list[tuple[str, ...]],
) -> None:
    document = Document("odd", tuple(Sentence(row, ("NN",) * len(row)) for row in rows))
    (found,) = labelled([document])
    scenes = [sentence.scene for sentence in found.sentences]
    homes = {(s.scene, s.role) for told in DOCUMENTS for s in told.sentences}
    assert scenes == sorted(scenes, key=SCENES.index)
    assert len(scenes) < 4 or set(scenes) == set(SCENES)
    assert {(s.scene, s.role) for s in found.sentences} <= homes
    assert bare(found) == document


def test_a_text_without_a_known_word_is_cut_by_place_alone() -> None:
    lines = [f"zq{place} xv{place}" for place in range(40)]
    scenes = cut(spoken(*lines), MODEL)
    assert all(scenes.count(scene) >= 4 for scene in SCENES)
    assert scenes == cut(spoken(*reversed(lines)), MODEL)


def test_a_model_of_no_documents_still_cuts() -> None:
    scenes = cut(DOCUMENTS[0].sentences, learned([]))
    assert set(scenes) == set(SCENES)
    assert set(roles(DOCUMENTS[0].sentences, scenes, learned([]))) == {""}


def test_a_model_can_be_learned_from_scenes_out_of_order() -> None:
    document = DOCUMENTS[1]
    backwards = replace(document, sentences=document.sentences[::-1])
    assert set(cut(document.sentences, learned([backwards, DOCUMENTS[2]]))) == set(SCENES)


def test_unlabelled_sentences_teach_nothing() -> None:
    mute = bare(DOCUMENTS[4])
    with_mute, without = learned([*DOCUMENTS[:4], mute]), learned(DOCUMENTS[:4])
    assert with_mute.numbers == without.numbers
    assert np.array_equal(with_mute.scenes.odds, without.scenes.odds)
    assert np.array_equal(with_mute.shares, without.shares)


# Labels


def test_no_documents_are_none() -> None:
    assert labelled([]) == ()


def test_a_document_without_sentences_stays_empty() -> None:
    empty = Document("empty", ())
    assert labelled([empty]) == (empty,)


def test_labelled_documents_are_left_alone() -> None:
    assert labelled(DOCUMENTS) == DOCUMENTS


def test_a_sentence_that_has_a_scene_keeps_it() -> None:
    kept = DOCUMENTS[0].sentences[5]
    document = bare(DOCUMENTS[0])
    mixed = replace(document, sentences=(kept, *document.sentences[1:]))
    (found,) = labelled([mixed])
    assert found.sentences[0] == kept
    assert all(sentence.scene and sentence.role for sentence in found.sentences)


def test_other_documents_change_nothing() -> None:
    alone = [labelled([bare(document)])[0] for document in DOCUMENTS]
    assert tuple(alone) == labelled(map(bare, DOCUMENTS))


def test_hash_seeds_change_nothing() -> None:
    code = (
        "from dreamgen.corpus import Corpus; from dreamgen.scenes import cut, learned, roles;"
        "first, *rest = Corpus.bundled().documents; model = learned(rest);"
        "scenes = cut(first.sentences, model);"
        "print(model.scenes.odds.tobytes().hex(), scenes, roles(first.sentences, scenes, model))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-X", "utf8", "-c", code],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(printed) == 1


def test_the_model_is_not_learned_at_import() -> None:
    code = (
        "import dreamgen.corpus, dreamgen.scenes as s;"
        "print(s.bundled_scenes.cache_info().currsize, "
        "dreamgen.corpus._bundled.cache_info().currsize)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.split() == [b"0", b"0"]
