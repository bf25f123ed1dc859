"""Makes the data that ship with the package.

``python -m dreamgen.make`` (about two minutes) makes ``data/shapes.json``: the weights of the
shapes of every field in every voice, and the motifs, for the five documents. ``python -m
dreamgen.make book`` proves that no line of the dream book can be told as another says it, and makes
``data/book.txt``, the book in one file. Tests check that both are fresh.
"""

import json
import sys
from collections.abc import Container, Iterator, Sequence
from pathlib import Path

from .bookmodel import BookModel, runs_of
from .corpus import Corpus
from .facts import DATA, VOICES
from .facts import RUN as DOCUMENTS_RUN
from .files import replacing
from .model import bundled_model
from .narrow import compact
from .readings import ALIKE, RUN, SLOT, own_of, shared
from .retelling import with_voices
from .schema import Dream, scenes_of, slots
from .shapes import forget, measured_motifs, stored_data
from .shapes import written as shape_written
from .text import cut, folded


def copies(source: str, model: BookModel, documents: Container[Sequence[str]]) -> Iterator[str]:
    """The runs of other sentences of the book, and of the documents, that a telling of a source
    could hold: all of its tellings are gone through, as far back as a run reaches.

    ``documents`` holds the runs of the documents that are one token too long. Linear in the tokens
    of the source times the tellings of seven tokens.
    """
    parts = SLOT.split(source)
    # the tokens so far, as far back as a run reaches, and the length of the line's own run
    tails: set[tuple[tuple[str, ...], int]] = {((), 0)}
    for at, part in enumerate(parts):
        readings = part.split("|") if at % 2 else [part]
        readings[0] = own_of(readings[0])
        own = [ALIKE.get(word, word) for word in map(folded, cut(readings[0]))]
        after: set[tuple[tuple[str, ...], int]] = set()
        for reading in readings:
            words = [folded(word) for word in cut(reading)]
            begin, end = shared([ALIKE.get(word, word) for word in words], own)
            for tail, run in tails:
                if run + begin > RUN:
                    continue
                said = (*tail, *words)
                yield from (run_ for run_ in runs_of(said) if run_ in model.runs)
                for start in range(len(said) - DOCUMENTS_RUN):
                    if (window := said[start : start + DOCUMENTS_RUN + 1]) in documents:
                        yield " ".join(window)
                after.add((said[-RUN:], run + len(own) if begin == len(own) else end))
        tails = {(tail, run) for tail, run in after if run <= RUN}


def book() -> None:
    """Writes the compact form of the book; a reading by which a line could copy another is named,
    and nothing is written."""
    written = with_voices(compact(Corpus.bundled("book")))
    model = BookModel(written)
    documents = bundled_model().grams(DOCUMENTS_RUN + 1)
    faults = [
        f"{model.told[record.dream].name}, {record.field}: {run}"
        for at, record in enumerate(model.records)
        for voice in VOICES
        if (source := model.source(at, voice, ""))
        for run in copies(source, model, documents)
    ]
    if faults:
        sys.exit("\n".join(dict.fromkeys(faults)))
    with replacing(DATA / "book.txt") as file:
        file.write(written)


def main() -> None:
    """Writes what is asked for."""
    if sys.argv[1:] == ["book"]:
        return book()
    path = DATA / "shapes.json"
    model = bundled_model()
    fields = [slot for scene in scenes_of(Dream) for slot in slots(scene)]
    data = stored_data(fields, VOICES, model)
    _write(path, data | {"motifs": {}})
    forget()  # the motifs are measured with the weights just written
    motifs = {voice: measured_motifs(fields, voice, model) for voice in VOICES}
    data["motifs"] = {
        voice: {
            word: [[name, *shape_written(shape)] for name, shape in places]
            for word, places in words.items()
        }
        for voice, words in motifs.items()
    }
    _write(path, data)
    sys.stdout.write(f"{path}: {len(data['fields'])} fields, {path.stat().st_size:,} bytes\n")
    return None


def _write(path: Path, data: object) -> None:
    with replacing(path) as file:
        json.dump(data, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
