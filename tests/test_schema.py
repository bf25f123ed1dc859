"""Schemas: a dream is checked by the rules that wrote it, goes to JSON and back, and grows."""

import json
import pickle
from copy import deepcopy
from typing import Annotated, Any

import pytest
from pydantic import ValidationError

import dreamgen
from dreamgen import (
    Awakening,
    Corpus,
    Dream,
    Dreamer,
    Encounter,
    Mentions,
    Revelation,
    Scene,
    SchemaError,
    Setting,
    Words,
)
from dreamgen.facts import ARCS
from dreamgen.schema import From, Line, dream_with, scenes_of, slots

SEEDS = [0, 7, -3, 2**70, "moth", "", "七", "7", b"", b"\x00\xff", b"7"]


def data_of(seed: object = 7, arc: str = "circle", pronoun: str = "she") -> dict[str, Any]:
    made: dict[str, Any] = json.loads(
        dreamgen.generate(seed=seed, arc=arc, pronoun=pronoun).to_json()  # type: ignore[arg-type]
    )
    return made


def refusal(data: dict[str, Any], schema: type[Dream] = Dream) -> str:
    with pytest.raises(ValidationError) as caught:
        schema.model_validate(data)
    return str(caught.value)


def of_kind(data: dict[str, Any], kind: str) -> int:
    return next(i for i, scene in enumerate(data["scenes"]) if scene["kind"] == kind)


@pytest.mark.parametrize("seed", SEEDS, ids=repr)
def test_a_dream_comes_back_from_json(seed: Any) -> None:
    dream = dreamgen.generate(seed=seed)
    back = Dream.model_validate_json(dream.to_json())
    assert back == dream
    assert type(back.seed) is type(seed)
    assert back.seed == seed
    assert back.to_json() == dream.to_json()
    assert back.text == dream.text


def test_json_tells_the_text_to_readers() -> None:
    dream = dreamgen.generate(seed=7)
    assert json.loads(dream.to_json())["text"] == dream.text
    assert json.loads(dream.to_json(indent=2)) == json.loads(dream.to_json())


EDITS = [
    ("setting", "place", "Moon.", "Words(least=2, most=45)", "1 words"),
    ("setting", "place", "moon " * 46, "Words(least=2, most=45)", "46 words"),
    ("setting", "place", "I find you among silver trees.", "Avoids(", "you"),
    ("setting", "feelings", "Silver moths wander home tonight.", "Mentions(", "sadness"),
    ("encounter", "storm", "Silver moths wander home tonight.", "Mentions(", "tempest"),
    ("revelation", "moths", "Silver birds wander home tonight.", "Mentions(", "moth"),
    ("revelation", "speech", "Silver birds wander home tonight.", "Speaks()", "said"),
    ("revelation", "speech", "“Silver birds wander home tonight.", "Speaks()", "open"),
]


@pytest.mark.parametrize(("kind", "field", "line", "rule", "words"), EDITS)
def test_an_edit_that_breaks_a_rule_is_refused_by_name(
    kind: str, field: str, line: str, rule: str, words: str
) -> None:
    data = data_of()
    place = of_kind(data, kind)
    data["scenes"][place][field] = line
    said = refusal(data)
    assert f"scenes.{place}.{kind}.{field}" in said
    assert rule in said
    assert words in said


def test_an_edit_that_keeps_the_rules_is_taken() -> None:
    data = data_of()
    data["scenes"][0]["place"] = "I arrive by a paper boat with nine teacups."
    assert Dream.model_validate(data).scenes[0].lines()
    assert "nine teacups" in Dream.model_validate(data).text


def test_a_sentence_of_the_corpus_is_refused() -> None:
    for document in Corpus.bundled().documents:
        sentence = next(s for s in document.sentences if s.scene == "setting" and s.role == "place")
        data = data_of()
        data["scenes"][0]["place"] = sentence.text
        said = refusal(data)
        assert "scenes.0.setting.place" in said
        assert "Novel(" in said
        assert "is in the corpus" in said


def test_a_repeated_sentence_is_refused() -> None:
    data = data_of()
    data["scenes"][0]["place"] = data["scenes"][0]["view"] = "Nine teacups arrive by paper boats."
    assert "scenes.0.setting.view" in refusal(data)
    assert "again" in refusal(data)


def test_a_repeated_image_is_refused() -> None:
    data = data_of()
    data["scenes"][0]["place"] = "I arrive by a paper boat alone."
    data["scenes"][-1]["return_"] = "Nobody remembers the paper boat now."
    said = refusal(data)
    assert "paper boat" in said
    assert "return_" in said


@pytest.mark.parametrize(("pronoun", "wrong"), [("she", "his"), ("he", "her"), ("they", "she")])
def test_a_wrong_pronoun_is_refused(pronoun: str, wrong: str) -> None:
    data = data_of(pronoun=pronoun)
    data["scenes"][0]["place"] = f"I arrive by boat where {wrong} teacups float."
    said = refusal(data)
    assert "scenes.0.setting.place" in said
    assert wrong in said


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d.update(colour="blue"),
        lambda d: d["scenes"][0].update(weather="Rain over nine teacups."),
        lambda d: d["cast"].update(age=3),
        lambda d: d.update(scenes=[]),
        lambda d: d["scenes"][0].pop("place"),
        lambda d: d["scenes"][0].update(kind="interlude"),
        lambda d: d["cast"].update(pronoun="it"),
        lambda d: d.update(index=-1),
        lambda d: d.pop("edition"),
        lambda d: d.update(seed=1.5),
    ],
)
def test_a_dream_of_another_form_is_refused(edit: Any) -> None:
    data = data_of()
    Dream.model_validate(deepcopy(data))
    edit(data)
    refusal(data)


def test_an_empty_scene_is_refused() -> None:
    with pytest.raises(ValidationError):
        Encounter()


class Harbour(Setting):
    """A setting with a tide."""

    tide: (
        Annotated[Line, From("setting.air", "setting.place"), Words(4, 20), Mentions("air")] | None
    ) = None


@pytest.mark.parametrize("corpus", [None, Corpus.bundled("documents")], ids=["book", "documents"])
def test_an_added_field_is_filled_and_leaves_the_others_as_they_were(
    corpus: Corpus | None,
) -> None:
    plain = Dreamer(corpus)
    grown = Dreamer(corpus, schema=Harbour)
    filled = 0
    for seed in range(30):
        before, after = plain.generate(seed=seed), grown.generate(seed=seed)
        lines = dict(after.lines())
        tides = {path: line for path, line in lines.items() if path.endswith(".tide")}
        assert {p: s for p, s in lines.items() if p not in tides} == dict(before.lines())
        assert (after.arc, after.cast) == (before.arc, before.cast)
        filled += bool(tides)
        for line in tides.values():
            assert 4 <= len(line.replace("—", " ").split()) <= 20
            assert "air" in line.casefold().replace(",", "").replace(".", "").split()
        assert grown.schema.model_validate_json(after.to_json()) == after
    assert filled >= 15


def test_an_added_field_is_judged_by_its_rules() -> None:
    grown = Dreamer(schema=Harbour)
    data = json.loads(grown.generate(seed=7).to_json())
    data["scenes"][0]["tide"] = "Nine teacups sink."
    said = refusal(data, grown.schema)
    assert "scenes.0.setting.tide" in said
    assert "Words(least=4, most=20)" in said


def test_a_schema_of_ones_own_has_an_edition_of_its_own() -> None:
    assert Dreamer(schema=Harbour).edition != Dreamer().edition
    assert Dreamer(schema=Harbour).edition == Dreamer(schema=dream_with(Harbour)).edition


class Numbered(Setting):
    """A setting with a field that is no sentence."""

    depth: int = 3


class Prologue(Scene):
    """A scene of a fifth kind."""

    kind: str = "prologue"


def test_a_schema_that_cannot_be_filled_is_refused() -> None:
    with pytest.raises(SchemaError, match=r"Numbered\.depth"):
        Dreamer(schema=Numbered)
    with pytest.raises(SchemaError, match="Setting, Encounter, Revelation, Awakening"):
        dream_with(Prologue)
    with pytest.raises(SchemaError):
        Dreamer(schema=Prologue)
    with pytest.raises(SchemaError):
        Dreamer(schema=int)  # type: ignore[arg-type]
    with pytest.raises(SchemaError):
        Dreamer(schema=Setting(place="I arrive by paper boat."))  # type: ignore[arg-type]
    for roles in ((), ("air",), ("a.b.c",)):
        with pytest.raises(SchemaError):
            From(*roles)
    with pytest.raises(TypeError):
        Dreamer("text")  # type: ignore[arg-type]


def test_every_sentence_of_the_corpus_has_a_field() -> None:
    roles = {role for scene in scenes_of(Dream) for slot in slots(scene) for role in slot.roles}
    for document in Corpus.bundled().documents:
        assert {f"{s.scene}.{s.role}" for s in document.sentences} <= roles


def test_the_json_schema_tells_the_rules() -> None:
    text = json.dumps(Dream.model_json_schema())
    for rule in ("Words(least=2, most=45)", "Novel(", "Speaks()", "Mentions('moth')", "Avoids("):
        assert json.dumps(rule)[1:-1] in text
    made = Dream.model_json_schema()
    assert made["$defs"]["Setting"]["properties"]["place"]["description"]
    assert {"Setting", "Encounter", "Revelation", "Awakening"} <= set(made["$defs"])
    json.dumps(Dreamer(schema=Harbour).schema.model_json_schema())


def test_the_four_scenes_come_in_order() -> None:
    assert scenes_of(Dream) == (Setting, Encounter, Revelation, Awakening)
    assert scenes_of(dream_with(Harbour)) == (Harbour, Encounter, Revelation, Awakening)


def test_a_dream_is_frozen() -> None:
    dream = dreamgen.generate(seed=7)
    with pytest.raises(ValidationError):
        dream.seed = 8


@pytest.mark.parametrize("arc", ARCS)
def test_a_dream_is_built_as_validation_builds_it(arc: str) -> None:
    """What is drawn is not validated twice; every field of every part is as if it were."""
    dream = dreamgen.generate(seed="built", arc=arc)
    read = Dream.model_validate(dream.model_dump(exclude_unset=True))
    for ours, theirs in zip(
        (dream, dream.cast, *dream.motifs, *dream.scenes),
        (read, read.cast, *read.motifs, *read.scenes),
        strict=True,
    ):
        assert type(ours) is type(theirs)
        assert [*type(theirs).model_fields] == [name for name in ours.__dict__ if name != "text"]
        assert ours.model_fields_set == theirs.model_fields_set
        assert ours == theirs
        assert repr(ours) == repr(theirs)
        assert ours.model_extra is None
    with pytest.raises(ValueError, match="frozen"):
        dream.scenes[0].kind = "encounter"  # type: ignore[assignment,misc]
    assert pickle.loads(pickle.dumps(dream)) == dream == dream.model_copy(deep=True)
