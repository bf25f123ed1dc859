"""Files: written beside and moved into place, and read with suspicion."""

import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np

from .corpus import Corpus, Document, Sentence, Variants
from .errors import CorpusError, ModelFileError
from .facts import Facts
from .model import Model

FORMAT = 1
_MAGIC = "dreamgen model"


@contextmanager
def replacing(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """A file that takes the place of ``path`` when the block ends well; else it leaves no trace."""
    try:
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise type(error)(error.errno, f"cannot be written: {error.strerror}", str(path)) from error
    try:
        coding = (None, None) if "b" in mode else ("utf-8", "\n")
        with os.fdopen(number, mode, encoding=coding[0], newline=coding[1]) as file:
            yield file
        with suppress(OSError):
            umask = os.umask(0)
            os.umask(umask)
            mask = (path.stat().st_mode & 0o777) if path.exists() else 0o666 & ~umask
            Path(name).chmod(mask)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def save_model(
    path: Path, corpus: Corpus, order: int | None, run: int, *, book: bool = False
) -> None:
    """The documents of a corpus, their tags and labels, and the settings of a model, as one file.

    An uncompressed ``.npz`` of two arrays of bytes, each JSON in UTF-8; the same model gives the
    same bytes.
    """
    documents = [asdict(document) for document in corpus.documents]
    for document in documents:
        for sentence in document["sentences"]:
            sentence["figure"] = sorted(sentence["figure"])
    header = {
        "magic": _MAGIC, "format": FORMAT, "digest": corpus.digest, "tagger": corpus.tagger,
        "order": order, "run": run, "book": book,
    }  # fmt: skip
    arrays = {"header": _bytes(header), "documents": _bytes(documents)}
    with replacing(path, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as store:
        for name, array in arrays.items():
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            with store.open(info, "w") as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)


def _bytes(value: object) -> np.ndarray[Any, np.dtype[np.uint8]]:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return np.frombuffer(text.encode(), np.uint8)


def load_model(path: Path) -> tuple[Corpus | None, int | None, int]:
    """The corpus, order and run of a saved model; no corpus for what ships, the book with it.

    Raises `ModelFileError` where the file is missing, foreign, truncated, corrupted or from a later
    version.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            header = json.loads(arrays["header"].tobytes())
            documents = json.loads(arrays["documents"].tobytes())
    except FileNotFoundError as error:
        raise ModelFileError(f"{path}: no such file") from error
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise ModelFileError(
            f"{path}: is no dreamgen model, or is damaged; make it again with Dreamer.save()"
        ) from error
    if not isinstance(header, dict) or header.get("magic") != _MAGIC:
        raise ModelFileError(f"{path}: is no dreamgen model; make one with Dreamer.save()")
    try:
        if header["format"] > FORMAT:
            raise ModelFileError(f"{path}: was made by a later dreamgen; update to read it")
        corpus = Corpus(map(_document, documents), tagger=header["tagger"])
        digest, order, run = header["digest"], header["order"], header["run"]
        Model(corpus, order=order, run=run)
    except (TypeError, KeyError, CorpusError) as error:
        raise ModelFileError(f"{path}: is damaged; make it again with Dreamer.save()") from error
    if corpus.digest != digest:
        raise ModelFileError(f"{path}: is damaged: its text is not the one that was saved")
    return None if header.get("book") else corpus, order, run


def _document(data: dict[str, Any]) -> Document:
    sentences = [
        Sentence(
            **{
                **row,
                "words": tuple(row["words"]),
                "tags": tuple(row["tags"]),
                "starts": tuple(row["starts"]),
                "ends": tuple(row["ends"]),
                "inner": tuple((a, b) for a, b in row["inner"]),
                "figure": frozenset(row["figure"]),
                "margin": tuple(
                    Variants(v["start"], v["stop"], tuple(v["readings"]), v.get("dear", False))
                    for v in row["margin"]
                ),
            }
        )
        for row in data["sentences"]
    ]
    notes, facts = tuple(data["notes"]), Facts(**data["facts"])
    return Document(data["name"], tuple(sentences), data["arc"], notes, facts)
