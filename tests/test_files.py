"""Saved models: the same dreams come back, and a file that cannot be trusted is refused."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

import dreamgen.files as files
from dreamgen import Corpus, Dreamer, ModelFileError, SchemaError, Setting
from dreamgen.files import replacing
from dreamgen.schema import dream_with


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


def stored(path: Path, header: object, documents: object) -> bytes:
    with zipfile.ZipFile(path, "w") as store:
        for name, value in (("header", header), ("documents", documents)):
            with store.open(f"{name}.npy", "w") as entry:
                text = np.frombuffer(json.dumps(value).encode(), np.uint8)
                np.lib.format.write_array(entry, text, allow_pickle=False)
    return path.read_bytes()


def opened(path: Path) -> tuple[dict[str, object], list[dict[str, object]]]:
    with np.load(path, allow_pickle=False) as arrays:
        return (
            json.loads(arrays["header"].tobytes()),
            json.loads(arrays["documents"].tobytes()),
        )


def test_a_file_that_was_edited_is_refused(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "edited"
    header, documents = opened(saved)
    stored(path, header, documents)
    assert Dreamer.load(path).edition == Dreamer().edition  # nothing but the edits is refused
    later = {**header, "format": int(header["format"]) + 1}  # type: ignore[call-overload]
    assert "later" in refused(path, stored(path, later, documents))
    assert "no dreamgen model" in refused(path, stored(path, {**header, "magic": "x"}, documents))
    refused(path, stored(path, [], documents))
    refused(path, stored(path, header, []))
    refused(path, stored(path, header, documents[1:]))
    refused(path, stored(path, header, [{"name": "x"}]))
    refused(path, stored(path, header, {"sentences": 3}))
    refused(path, stored(path, header, [3]))


@pytest.mark.parametrize("key", ["format", "tagger", "digest", "order", "run"])
def test_a_file_without_one_of_its_settings_is_refused(
    saved: Path, tmp_path: Path, key: str
) -> None:
    header, documents = opened(saved)
    less = {name: value for name, value in header.items() if name != key}
    refused(tmp_path / "less", stored(tmp_path / "less", less, documents))


@pytest.mark.parametrize("change", [{"format": "one"}, {"run": "x"}, {"run": 0}, {"order": -1}])
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

    monkeypatch.setattr(files.np.lib.format, "write_array", interrupted)
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
