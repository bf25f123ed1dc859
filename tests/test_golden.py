"""Golden dreams: the same seed keeps its text, byte for byte, for as long as the edition stands.

``python tests/test_golden.py`` writes the file anew; do that only together with a new edition.
"""

import hashlib
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

import dreamgen
from dreamgen import Corpus, Dream, Dreamer, shapes
from dreamgen.corpus import VOICES
from dreamgen.model import bundled_model
from dreamgen.schema import scenes_of, slots

FILE = Path(__file__).parent / "golden" / "dreams.json"
DREAMERS = {"book": Dreamer(), "documents": Dreamer(Corpus.bundled("documents"))}
ARCS = ("vulnerability", "companion", "reciprocity", "circle", "unity")
SEEDS: tuple[int | str | bytes, ...] = (7, "moth", b"\x00\xff")
STALE = (
    "a seed no longer gives its text. If that is meant, make a new edition: raise ALGORITHM in "
    "dreamgen/edition.py by one, run `python tests/test_golden.py`, and say so in CHANGELOG.md"
)


def made() -> dict[str, Any]:
    """The golden dreams as the package writes them now."""
    dreams = {
        f"{name} {arc} {seed!r}": dreamer.generate(seed=seed, arc=arc)
        for name, dreamer in DREAMERS.items()
        for arc in ARCS
        for seed in SEEDS
    }
    return {
        "editions": {name: dreams[f"{name} unity 7"].edition for name in DREAMERS},
        "dreams": {
            name: {
                "sha256": hashlib.sha256(dream.to_json().encode()).hexdigest(),
                "text": dream.text,
            }
            for name, dream in dreams.items()
        },
    }


def written() -> str:
    return json.dumps(made(), ensure_ascii=False, indent=1) + "\n"


def golden() -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return kept


@pytest.mark.parametrize("name", DREAMERS)
def test_every_dream_names_the_edition(name: str) -> None:
    assert DREAMERS[name].generate(seed=7).edition == golden()["editions"][name], (
        "the edition changed: run `python tests/test_golden.py` and say so in CHANGELOG.md"
    )


@pytest.mark.parametrize("name", DREAMERS)
@pytest.mark.parametrize("arc", ARCS)
def test_a_seed_keeps_its_text(name: str, arc: str) -> None:
    kept = golden()["dreams"]
    for seed in SEEDS:
        dream = DREAMERS[name].generate(seed=seed, arc=arc)
        assert dream.text == kept[f"{name} {arc} {seed!r}"]["text"], STALE
        digest = hashlib.sha256(dream.to_json().encode()).hexdigest()
        assert digest == kept[f"{name} {arc} {seed!r}"]["sha256"], STALE


def test_the_golden_dreams_are_of_every_arc_and_seed() -> None:
    kept = golden()["dreams"]
    assert set(kept) == {f"{n} {arc} {seed!r}" for n in DREAMERS for arc in ARCS for seed in SEEDS}
    assert len({row["sha256"] for row in kept.values()}) == len(kept)


# The shapes that ship are those that would be measured now.


def stored() -> dict[str, Any]:
    path = Path(dreamgen.__file__).parent / "data" / "shapes.json"
    data: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return data


def test_the_stored_shapes_were_made_for_this_model() -> None:
    model = bundled_model()
    assert stored()["made_for"] == shapes.made_for(model.corpus.digest, model.run, model.order), (
        "run `python -m dreamgen.make`"
    )


def test_every_field_has_stored_shapes_in_every_voice() -> None:
    fields = [slot for scene in scenes_of(Dream) for slot in slots(scene)]
    keys = {shapes.slot_key(slot, voice) for slot in fields for voice in VOICES}
    assert set(stored()["fields"]) == keys, "run `python -m dreamgen.make`"
    assert set(stored()["motifs"]) == set(VOICES)


@pytest.mark.slow
def test_the_stored_shapes_are_fresh() -> None:
    model, kept = bundled_model(), stored()["fields"]
    fields = [(s, v) for scene in scenes_of(Dream) for s in slots(scene) for v in VOICES]
    for slot, voice in Random(7).sample(fields, 4):
        now = [
            [*shapes.written(option.shape), option.weight]
            for option in shapes.measured(slot, voice, model, tries=shapes.TRIES)
        ]
        assert json.loads(json.dumps(now)) == kept[shapes.slot_key(slot, voice)], (
            f"{slot.scene}.{slot.name} ({voice}) is stale: run `python -m dreamgen.make`"
        )


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(written(), "utf-8")
