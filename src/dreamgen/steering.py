"""Rules as automata: how each steers the sampler, so that no sentence with a fault can be drawn."""

from collections.abc import Sequence
from functools import singledispatch
from itertools import product as combinations

import numpy as np

from . import automata
from .automata import Automaton
from .model import Model
from .rules import (
    Avoids,
    Closes,
    Leans,
    Mentions,
    Novel,
    Opens,
    Rule,
    Shaped,
    Speaks,
    Words,
)
from .text import stem, words
from .trie import Ints


@singledispatch
def automaton_of(rule: Rule, model: Model) -> Automaton:
    """The sentences of the model's tokens that meet a rule."""
    raise NotImplementedError(f"{type(rule).__name__} says nothing of how it steers")


@automaton_of.register
def _words(rule: Words, model: Model) -> Automaton:
    """A counter."""
    return automata.Counting(model.vocabulary.counted, rule.least, rule.most)


@automaton_of.register
def _opens(rule: Opens, model: Model) -> Automaton:
    """The machine of the openings."""
    return automata.opening(_spoken(model), _exact(rule.phrases, model))


@automaton_of.register
def _closes(rule: Closes, model: Model) -> Automaton:
    """The machine of the closings."""
    return automata.closing(_spoken(model), _exact(rule.phrases, model))


@automaton_of.register
def _mentions(rule: Mentions, model: Model) -> Automaton:
    """A search machine with a bit for each phrase, or one for all where one is enough."""
    groups = [_inflected(phrase, model) for phrase in rule.phrases]
    if rule.least == 1:
        groups = [[phrase for group in groups for phrase in group]]
    return automata.containing(_spoken(model), groups, rule.least)


@automaton_of.register
def _avoids(rule: Avoids, model: Model) -> Automaton:
    """A mask for single words, a search machine for phrases."""
    phrases = [phrase for p in rule.phrases for phrase in _inflected(p, model)]
    if all(len(phrase) == 1 for phrase in phrases):
        numbers = {phrase[0] for phrase in phrases}
        return automata.Passing(~model.vocabulary.word_mask(numbers))
    return automata.lacking(_spoken(model), phrases)


@automaton_of.register
def _speaks(rule: Speaks, model: Model) -> Automaton:
    """Three states: nothing said, saying, said."""
    marks = {mark: model.vocabulary.word_number.get(mark, -2) for mark in "“”"}
    symbols = model.symbols
    column = np.where(symbols == marks["“"], 0, np.where(symbols == marks["”"], 1, -1))
    table = np.array([[1, -1], [-1, 2], [1, -1]])
    return automata.Machine(column, table, np.array([False, False, True]))


@automaton_of.register
def _shaped(rule: Shaped, model: Model) -> Automaton:
    """One place after another."""
    vocabulary = model.vocabulary
    numbers = np.array([vocabulary.tag_number.get(tag, -2) for tag in rule.tags])
    return automata.Places(vocabulary.tags[None, :] == numbers[:, None])


@automaton_of.register
def _novel(rule: Novel, model: Model) -> Automaton:
    """The longest suffix that occurs in the corpus, as a state."""
    run = rule._bound(model)
    return automata.Novelty(model.runs(run), model.symbols, run)


@automaton_of.register
def _leans(rule: Leans, model: Model) -> Automaton:
    """Every sentence, its tokens weighed."""
    factor = np.ones(len(model.vocabulary))
    for word, weight in rule.weights:
        factor[model.vocabulary.word_mask(model.stems.get(stem(word), ()))] *= weight
    return automata.Leaning(factor)


def _spoken(model: Model) -> Ints:
    """The word number of each token, -1 for punctuation."""
    return np.where(model.vocabulary.counted, model.symbols, -1)


def _exact(phrases: Sequence[str], model: Model) -> list[automata.Phrase]:
    """The phrases as word numbers, those left out that have a word which the corpus lacks."""
    numbers = model.vocabulary.word_number
    said = [words(p) for p in phrases]
    return [tuple(numbers[w] for w in row) for row in said if all(w in numbers for w in row)]


def _inflected(phrase: str, model: Model) -> list[automata.Phrase]:
    """Every form of a phrase, as word numbers."""
    return list(combinations(*(model.stems.get(stem(word), ()) for word in words(phrase))))
