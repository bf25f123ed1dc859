"""Where the words of a dream come from: for every sentence, the corpus runs that it is made of."""

from collections.abc import Iterable

import numpy as np

from .bookmodel import BookModel
from .model import Model, bundled_model
from .readings import ALIKE, RUN
from .schema import Source, Span
from .text import folded, spaced, tokens


def sources_of(lines: Iterable[tuple[str, str]], model: Model | None = None) -> tuple[Source, ...]:
    """The sources of (path, sentence) pairs: each run is the longest from where the last ended."""
    model = model or bundled_model()
    return tuple(Source(path, line, _spans(line, model)) for path, line in lines)


def _spans(sentence: str, model: Model) -> tuple[Span, ...]:
    trie = model.runs(model.run)
    number = model.vocabulary.word_number
    said = tokens(sentence)
    found = []
    begin = 0
    while begin < len(said):
        node, end = 0, begin
        while end < len(said) and trie.lengths(np.array([node]))[0] < trie.depth:
            symbol = number.get(folded(said[end]), -1)
            child = int(trie.child(np.array([node]), np.array([symbol]))[0]) if symbol >= 0 else -1
            if child < 0:
                break
            node, end = child, end + 1
        if end == begin:
            begin += 1
            continue
        document, place = model.line_of(node)
        name = model.corpus.documents[document].name
        found.append(Span(spaced(said[begin:end]), name, place))
        begin = end
    return tuple(found)


def sources_in(lines: Iterable[tuple[str, str]], book: BookModel) -> tuple[Source, ...]:
    """The sources of (path, sentence) pairs in the book: the runs of it that they are made of, and
    the readings of its margins. Linear in the book for each run."""
    return tuple(Source(path, line, _runs(line, book)) for path, line in lines)


def _runs(sentence: str, book: BookModel) -> tuple[Span, ...]:
    said = tokens(sentence)
    row = [ALIKE.get(word, word) for word in map(folded, said)]
    found = []
    begin = 0
    while begin < len(said):
        record, length = book.longest(row[begin : begin + RUN])
        if length:
            told = book.record(record)
            text = spaced(said[begin : begin + length])
            found.append(Span(text, book.told[told.dream].name, told.place))
        begin += max(length, 1)
    return tuple(found)
