"""Where the words of a dream come from: for every sentence, the corpus runs that it is made of."""

from collections.abc import Iterable

import numpy as np

from .bookmodel import RUN, BookModel
from .corpus import Line
from .model import Model, bundled_model
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
        while end < len(said) and trie.level[node] < trie.depth:
            symbol = number.get(folded(said[end]), -1)
            child = int(trie.child(np.array([node]), np.array([symbol]))[0]) if symbol >= 0 else -1
            if child < 0:
                break
            node, end = child, end + 1
        if end == begin:
            begin += 1
            continue
        line = _line(node, model)
        document = model.corpus.documents[line.document]
        found.append(Span(spaced(said[begin:end]), document.name, line.sentence))
        begin = end
    return tuple(found)


def _line(node: int, model: Model) -> Line:
    """The first line of the corpus that holds the run of a node."""
    trie = model.runs(model.run)
    at = int(np.flatnonzero(trie.at[int(trie.level[node]) - 1] == node)[0])
    ends = np.cumsum([len(row) for row in model.rows])
    return model.corpus.lines[int(np.searchsorted(ends, at, side="right"))]


def sources_in(lines: Iterable[tuple[str, str]], book: BookModel) -> tuple[Source, ...]:
    """The sources of (path, sentence) pairs in the book: the runs of it that they are made of.

    Linear in the book for each run.
    """
    numbers = np.array(book.alike)[book.frames.tokens]
    return tuple(Source(path, line, _runs(line, book, numbers)) for path, line in lines)


def _runs(sentence: str, book: BookModel, numbers: np.ndarray) -> tuple[Span, ...]:
    said = tokens(sentence)
    row = book.compared(folded(token) for token in said)
    first = book.frames.first
    found = []
    begin = 0
    while begin < len(said):
        at = np.flatnonzero(numbers == row[begin])
        length = 1
        while len(at) and begin + length < len(said) and length < RUN:
            inside = at + length < first[np.searchsorted(first, at, side="right")]
            going = at[inside]
            going = going[numbers[going + length] == row[begin + length]]
            if not len(going):
                break
            at, length = going, length + 1
        if len(at):
            line = int(np.searchsorted(first, at[0], side="right")) - 1
            dream, place = book.homes[line, :2].tolist()
            text = spaced(said[begin : begin + length])
            found.append(Span(text, book.told[dream].name, place))
        begin += length
    return tuple(found)
