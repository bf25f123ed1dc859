"""Saved models: the same dreams come back, and a file that cannot be trusted is refused."""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dreamgen.model as model_module
import dreamgen.store as store
from dreamgen import Corpus, Dreamer, ModelFileError, SchemaError, Setting
from dreamgen.columns import LargeCorpus, read
from dreamgen.files import replacing
from dreamgen.schema import dream_with
from dreamgen.suffixes import Suffixes


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "dreams.npz"
    Dreamer().save(path)
    return path


def test_a_saved_dreamer_writes_the_same_dreams(saved: Path) -> None:
    before, after = Dreamer(), Dreamer.load(saved)
    assert after.edition == before.edition
    for seed in (7, "moth", b"\x00\xff"):
        assert after.generate(seed=seed).to_json() == before.generate(seed=seed).to_json()


def test_settings_are_saved_too(tmp_path: Path) -> None:
    made = Dreamer(run=6, order=1)
    made.save(tmp_path / "six")
    back = Dreamer.load(tmp_path / "six")
    assert (back.model.run, back.model.order) == (6, 1)
    assert back.edition == made.edition != Dreamer().edition


def test_a_corpus_of_ones_own_is_saved_with_its_notes(tmp_path: Path) -> None:
    text = "I see a lake. The lamp is lit. A child is here. We speak. I awake. The cosm"
    made = Dreamer(Corpus.from_text(text, tagger="endings"))
    made.save(tmp_path / "own")
    back = Dreamer.load(str(tmp_path / "own"))
    assert back.model.corpus.documents == made.model.corpus.documents
    assert back.model.corpus.report() == made.model.corpus.report()


def test_the_same_model_gives_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    Dreamer().save(tmp_path / "again")
    Dreamer.load(saved).save(tmp_path / "loaded")
    assert (tmp_path / "again").read_bytes() == saved.read_bytes()
    assert (tmp_path / "loaded").read_bytes() == saved.read_bytes()


def refused(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(ModelFileError) as caught:
        Dreamer.load(path)
    said = str(caught.value)
    assert str(path) in said
    assert "\n" not in said
    return said


def test_a_truncated_file_is_refused(saved: Path, tmp_path: Path) -> None:
    data = saved.read_bytes()
    for length in (0, 1, 10, 100, len(data) // 2, len(data) - 100, len(data) - 1):
        refused(tmp_path / "short", data[:length])


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    array, pickled = io.BytesIO(), io.BytesIO()
    np.save(array, np.arange(9))
    np.savez(pickled, header=np.array([{"a": 1}], dtype=object))
    for data in (b"The lamp is lit.", b"\0" * 500, array.getvalue(), pickled.getvalue()):
        refused(tmp_path / "foreign", data)
    with zipfile.ZipFile(tmp_path / "foreign", "w") as store:
        store.writestr("a.txt", "hello")
    refused(tmp_path / "foreign", (tmp_path / "foreign").read_bytes())


def test_a_corrupted_file_is_refused(saved: Path, tmp_path: Path) -> None:
    data = saved.read_bytes()
    for place in range(200, len(data) - 200, len(data) // 12):
        refused(tmp_path / "broken", data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])


def stored(path: Path, header: object, documents: object, form: int = 2) -> bytes:
    """A file as the package lays one out, with true checksums, whatever is in it."""
    text = json.dumps(documents).encode()
    if isinstance(header, dict):
        about = {"dtype": "|u1", "shape": [len(text)], "check": zlib.crc32(text)}
        header = {**header, "arrays": {"documents": about}}
    head = json.dumps(header).encode()
    data = struct.pack("<16sIIQ", b"dreamgen model\n\0", form, zlib.crc32(head), len(head)) + head
    data += b"\0" * (-len(data) % 64) + text
    path.write_bytes(data + b"\0" * (-len(data) % 64))
    return path.read_bytes()


def opened(path: Path) -> tuple[dict[str, object], list[dict[str, object]]]:
    data = path.read_bytes()
    magic, form, check, length = struct.unpack_from("<16sIIQ", data)
    assert (magic, form) == (b"dreamgen model\n\0", 2)
    head = data[32 : 32 + length]
    assert zlib.crc32(head) == check
    header = json.loads(head)
    [about] = header.pop("arrays").values()
    start = -(-(32 + length) // 64) * 64
    return header, json.loads(data[start : start + about["shape"][0]])


def test_a_file_that_was_edited_is_refused(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "edited"
    header, documents = opened(saved)
    stored(path, header, documents)
    assert Dreamer.load(path).edition == Dreamer().edition  # nothing but the edits is refused
    assert "later" in refused(path, stored(path, header, documents, form=3))
    refused(path, stored(path, header, documents, form=1))
    foreign = b"x" + stored(path, header, documents)[1:]
    assert "no dreamgen model" in refused(path, foreign)
    refused(path, stored(path, [], documents))
    refused(path, stored(path, header, []))
    refused(path, stored(path, header, documents[1:]))
    refused(path, stored(path, header, [{"name": "x"}]))
    refused(path, stored(path, header, {"sentences": 3}))
    refused(path, stored(path, header, [3]))


@pytest.mark.parametrize("key", ["tagger", "digest", "order", "run"])
def test_a_file_without_one_of_its_settings_is_refused(
    saved: Path, tmp_path: Path, key: str
) -> None:
    header, documents = opened(saved)
    less = {name: value for name, value in header.items() if name != key}
    refused(tmp_path / "less", stored(tmp_path / "less", less, documents))


@pytest.mark.parametrize(
    "change", [{"tagger": 3, "digest": 4}, {"run": "x"}, {"run": 0}, {"order": -1}]
)
def test_a_file_with_a_strange_setting_is_refused(
    saved: Path, tmp_path: Path, change: dict[str, object]
) -> None:
    header, documents = opened(saved)
    refused(tmp_path / "odd", stored(tmp_path / "odd", header | change, documents))


def test_a_missing_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no such file"):
        Dreamer.load(tmp_path / "nowhere")
    with pytest.raises(ModelFileError):
        Dreamer.load(tmp_path)


def test_an_interrupted_save_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model"
    path.write_text("old", "utf-8")

    def interrupted(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store.Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Dreamer().save(path)
    assert path.read_text("utf-8") == "old"
    assert [other.name for other in tmp_path.iterdir()] == ["model"]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "told.txt"
    with replacing(path) as file:
        file.write("old — é\n")
        assert not path.exists()
    assert path.read_bytes() == "old — é\n".encode()
    with pytest.raises(ZeroDivisionError), replacing(path) as file:
        file.write(f"new {1 / 0}")
    assert path.read_bytes() == "old — é\n".encode()
    path.chmod(0o640)
    with replacing(path, "wb") as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [other.name for other in tmp_path.iterdir()] == ["told.txt"]


def test_a_schema_of_ones_own_is_not_saved_but_given_again(saved: Path, tmp_path: Path) -> None:
    class Shore(Setting):
        """A setting like any other."""

    with pytest.raises(SchemaError, match="load"):
        Dreamer(schema=Shore).save(tmp_path / "own")
    assert not list(tmp_path.iterdir())
    back = Dreamer.load(saved, schema=dream_with(Shore))
    assert isinstance(back.generate(seed=7).scenes[0], Shore)


# Large models


@pytest.fixture
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_module, "LARGE", 1)


@pytest.fixture
def wide(tmp_path: Path, small_is_large: None) -> Path:
    """The file of a model kept as a large one is."""
    path = tmp_path / "wide.model"
    Dreamer(LargeCorpus(read(TEXTS)), order=2).save(path)
    return path


TEXTS = [
    (document.name, " ".join(sentence.text for sentence in document.sentences))
    for document in Corpus.bundled("documents").documents
]


def test_a_large_model_is_opened_without_fitting(
    wide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = Dreamer(LargeCorpus(read(TEXTS)), order=2).model

    def refused_to_fit(*args: object, **named: object) -> None:
        raise AssertionError("it was fitted again")

    expected = fitted.contexts, fitted.runs(5)
    monkeypatch.setattr(Suffixes, "of", refused_to_fit)
    model = Dreamer.load(wide).model
    assert model.vocabulary.tokens == fitted.vocabulary.tokens
    assert model.corpus.digest == fitted.corpus.digest
    assert model.corpus.documents == fitted.corpus.documents
    assert model.corpus.report() == fitted.corpus.report()
    for ours, theirs in zip((model.contexts, model.runs(5)), expected, strict=True):
        assert isinstance(ours, Suffixes)
        assert isinstance(theirs, Suffixes)
        for name in ("row", "opening", "following", "order", "starts", "upto", "inverse"):
            held = getattr(ours, name)
            assert (held == getattr(theirs, name)).all()
            assert not held.flags.writeable
    start = np.array([model.base.start])
    assert model.base.edges(start).weight.tolist() == fitted.base.edges(start).weight.tolist()


def test_a_large_model_is_saved_again_byte_for_byte(wide: Path, tmp_path: Path) -> None:
    loaded = Dreamer.load(wide)
    loaded.model.kept = {"made_for": [], "fields": {}, "motifs": {}}
    loaded.save(tmp_path / "shaped")
    back = Dreamer.load(tmp_path / "shaped")
    assert back.model.kept == loaded.model.kept
    back.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "shaped").read_bytes()
    Dreamer.load(wide).save(tmp_path / "plain")
    assert (tmp_path / "plain").read_bytes() == wide.read_bytes()
    Dreamer.load(wide).save(wide)  # over the file that it is read from
    assert (tmp_path / "plain").read_bytes() == wide.read_bytes()


def test_another_process_opens_the_file_and_is_not_sent_the_corpus(wide: Path) -> None:
    dreamer = Dreamer.load(wide)
    assert len(dreamer.recipe) < 2_000
    other = Dreamer.of_recipe(dreamer.recipe)
    assert other.model.vocabulary.tokens == dreamer.model.vocabulary.tokens
    wide.unlink()
    with pytest.raises(ModelFileError, match="no such file"):
        Dreamer.of_recipe(dreamer.recipe)


def used(path: Path) -> None:
    """Opens a model and touches all of it."""
    model = Dreamer.load(path).model
    model.base.edges(np.array([model.base.start]))
    model.runs(model.run).shorter(np.array([1]))
    _ = model.corpus.documents


@pytest.mark.parametrize("most", [1 << 20, 0])
def test_a_large_model_that_is_damaged_is_refused_before_it_is_used(
    wide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(store, "SMALL", most)
    data = wide.read_bytes()
    broken = tmp_path / "broken"
    for place in [*range(0, 400, 23), *range(400, len(data), len(data) // 60), len(data) - 1]:
        broken.write_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
        with pytest.raises(ModelFileError, match=r"broken: "):
            used(broken)
    for length in (*range(0, 60, 7), 1000, len(data) // 2, len(data) - 64, len(data) - 1):
        refused(broken, data[:length])
    refused(broken, data + bytes(64))
    used(wide)


def edited(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """A copy of a file whose header was changed, with a true checksum."""
    data = path.read_bytes()
    _, form, _, length = struct.unpack_from("<16sIIQ", data)
    header = json.loads(data[32 : 32 + length])
    change(header)
    head = json.dumps(header, separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode()
    made = struct.pack("<16sIIQ", b"dreamgen model\n\0", form, zlib.crc32(head), len(head)) + head
    rest = data[-(-(32 + length) // 64) * 64 :]
    copy = path.with_name("edited")
    copy.write_bytes(made + b"\0" * (-len(made) % 64) + rest)
    return copy


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "pickled": lambda header: header["arrays"]["row"].update(dtype="|O"),
    "longer": lambda header: header["arrays"]["row"].update(shape=[10**9]),
    "negative": lambda header: header["arrays"]["row"].update(shape=[-3]),
    "unchecked": lambda header: header["arrays"]["home"].pop("check"),
    "listed": lambda header: header.update(arrays=[1]),
    "homeless": lambda header: header["columns"].update(homes=[[1]]),
    "nameless": lambda header: header["columns"].pop("names"),
    "misnamed": lambda header: header["columns"].update(names=["one"]),
    "uncounted": lambda header: header.update(size="many"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_large_model_whose_header_lies_is_refused(wide: Path, change: str) -> None:
    used(edited(wide, lambda header: None))
    copy = edited(wide, CHANGES[change])
    with pytest.raises(ModelFileError, match=r"edited: "):
        used(copy)
