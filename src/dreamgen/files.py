"""Saved models: what was read and what was learned, so that opening one fits nothing.

A small corpus is kept as its documents; a large one as its columns, with the sorted suffixes that
its chain and its rule of novelty are read off. Either comes with the shapes of every field, where
the model has none that ship.
"""

from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from .columns import PAD, Columns, Home, LargeCorpus
from .corpus import Corpus, Document, Sentence, Variants
from .errors import ModelFileError
from .facts import Facts
from .model import Model
from .store import Array, Store, as_text, replacing, write_store
from .suffixes import Suffixes

__all__ = ["load_model", "replacing", "save_model"]

_COLUMNS = ("row", "first", "home", "document")
_SUFFIXES = ("opening", "following", "order", "starts", "upto", "inverse")


def save_model(
    path: Path,
    model: Model,
    order: int | None,
    *,
    book: bool = False,
    shapes: Mapping[str, Any] | None = None,
) -> None:
    """A model as one file; ``order`` is the one that was asked for, ``shapes`` what was measured.

    The same model gives the same bytes.
    """
    corpus = model.corpus
    header: dict[str, Any] = {
        "digest": corpus.digest, "tagger": corpus.tagger, "order": order, "run": model.run,
        "book": book, "size": corpus.size,
    }  # fmt: skip
    arrays: dict[str, Array] = {}
    if shapes is not None:
        arrays["shapes"] = as_text(shapes)
    if isinstance(corpus, LargeCorpus):
        columns = corpus.columns
        header["columns"] = {
            "homes": [list(home) for home in columns.homes],
            "names": columns.names,
            "notes": columns.notes,
            "weights": columns.weights,
        }
        arrays["tokens"] = as_text(columns.tokens)
        arrays |= {name: getattr(columns, name) for name in _COLUMNS}
        for kind in ("contexts", "runs") if model.large else ():
            made = model.contexts if kind == "contexts" else model.runs(model.run)
            assert isinstance(made, Suffixes)
            arrays |= {f"{kind}.{name}": getattr(made, name) for name in _SUFFIXES}
    else:
        documents = [asdict(document) for document in corpus.documents]
        for document in documents:
            for sentence in document["sentences"]:
                sentence["figure"] = sorted(sentence["figure"])
        arrays["documents"] = as_text(documents)
    write_store(path, header, arrays)


def load_model(path: Path) -> tuple[Corpus | None, int | None, int, Mapping[str, Any] | None]:
    """The corpus, order, run and shapes of a saved model; no corpus for what ships.

    Raises `ModelFileError` where the file is missing, foreign, truncated, corrupted or from another
    version.
    """
    store = Store(path)
    header = store.header
    try:
        if "columns" in header:
            corpus: Corpus = StoredCorpus(store)
        else:
            corpus = Corpus(map(_document, store.text("documents")), tagger=header["tagger"])
        digest, order, run = header["digest"], header["order"], header["run"]
        model = Model(corpus, order=order, run=run)
        if isinstance(corpus, StoredCorpus) and model.large and "runs.order" not in store:
            raise store.damaged()
        shapes = store.text("shapes") if "shapes" in store else None
        if corpus.digest != digest:
            raise ModelFileError(f"{path}: is damaged: its text is not the one that was saved")
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise store.damaged() from error
    return None if header.get("book") else corpus, order, run, shapes


class StoredCorpus(LargeCorpus):
    """The corpus of a model file; its arrays are mapped when somebody asks for them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        header = store.header
        self.tagger = str(header["tagger"])
        self.__dict__["size"] = int(header["size"])
        self.__dict__["digest"] = str(header["digest"])

    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        return _stored, (self._store.path,)

    @cached_property
    def columns(self) -> Columns:  # type: ignore[override]
        """The lines, as they were saved."""
        store, about = self._store, self._store.header["columns"]
        try:
            columns = Columns(
                tuple((str(word), str(tag)) for word, tag in store.text("tokens")),
                store.array("row"),
                store.array("first"),
                store.array("home"),
                tuple(Home(*home) for home in about["homes"]),
                store.array("document"),
                tuple(about["names"]),
                tuple(map(tuple, about["notes"])),
                self.tagger,
                tuple(about["weights"]),
            )
            fits = (
                len(columns.row) == columns.first[-1] + PAD
                and len(columns.first) == len(columns.home) + 1
                and len(columns.document) == len(columns.names) + 1
            )
        except (TypeError, KeyError, ValueError, IndexError) as error:
            raise store.damaged() from error
        if not fits:
            raise store.damaged()
        return columns

    def sorted_runs(self, kind: str, depth: int) -> Suffixes | None:
        """The sorted suffixes of a kind ("contexts" or "runs") where they were saved so deep."""
        starts = self._store.array(f"{kind}.starts")
        if len(starts) != depth:
            return None
        row = self.columns.row[: int(self.columns.first[-1]) + depth]
        arrays = {name: self._store.array(f"{kind}.{name}") for name in _SUFFIXES}
        inverse = arrays.pop("inverse")
        found = Suffixes(row, **arrays)
        found.__dict__["inverse"] = inverse
        return found


def _stored(path: Path) -> StoredCorpus:
    return StoredCorpus(Store(path))


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
