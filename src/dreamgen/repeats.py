"""Rules against saying a thing again: a fault of a drawn sentence becomes a narrower plan."""

from dataclasses import dataclass

import numpy as np

from .automata import Automaton, Counting, Machine, lacking
from .model import Model
from .rules import Rule
from .tagging import DETERMINERS
from .text import spoken, stem


@dataclass(frozen=True)
class Once(Rule):
    """The word comes at most once, inflected forms counted.

    >>> Once("sky").holds("The sky meets the sea."), Once("sky").holds("Sky upon skies.")
    (True, False)
    """

    word: str

    def fault(self, text: str, model: Model | None = None) -> str:
        """How often it comes, where that is too often."""
        count = [stem(word) for word in spoken(text)].count(stem(self.word))
        return f"{self.word!r} comes {count} times" if count > 1 else ""

    def automaton(self, model: Model) -> Automaton:
        """A counter of its forms."""
        forms = model.vocabulary.word_mask(model.stems.get(stem(self.word), ()))
        return Counting(forms, 0, 1)


@dataclass(frozen=True)
class Unlike(Rule):
    """The sentence has not this image: words side by side, joined by *of*, or an opening (^).

    Punctuation does not part the words.

    >>> Unlike(("silver", "fish")).holds("A silver moth.")
    True
    >>> Unlike(("^", "i", "see")).holds("I see.")
    False
    """

    image: tuple[str, ...]

    def fault(self, text: str, model: Model | None = None) -> str:
        """The image, where it is there."""
        said = spoken(text)
        starts = range(1) if self.image[0] == "^" else range(len(said))
        again = any(said[at : at + len(form)] == form for form in self._forms() for at in starts)
        return f"{' '.join(self.image)!r} again" if again else ""

    def automaton(self, model: Model) -> Automaton:
        """A search for the phrases that make the image, or for the opening."""
        number = model.vocabulary.word_number
        spoken = np.where(model.vocabulary.counted, model.symbols, -1)
        phrases = [tuple(number.get(word, -2) for word in form) for form in self._forms()]
        known = [phrase for phrase in phrases if -2 not in phrase]
        if self.image[0] != "^" or not known:
            return lacking(spoken, known)
        return _not_opening(spoken, known[0])

    def _forms(self) -> list[tuple[str, ...]]:
        if self.image[0] == "^":
            return [self.image[1:]]
        if len(self.image) == 3 and self.image[1] == "of":
            head, _, tail = self.image
            return [self.image, *((head, "of", word, tail) for word in sorted(DETERMINERS))]
        return [self.image]


def _not_opening(spoken: np.ndarray, phrase: tuple[int, ...]) -> Machine:
    """Sentences that do not open with the phrase: one state a word, and one for having parted."""
    used = sorted(set(phrase))
    column = np.full(int(spoken.max(initial=0)) + 2, len(used))
    column[used] = np.arange(len(used))
    column[-1] = -1
    free = len(phrase)
    table = np.full((free + 1, len(used) + 1), free)
    for place, word in enumerate(phrase):
        table[place, used.index(word)] = place + 1 if place + 1 < free else -1
    return Machine(column[spoken], table, np.ones(free + 1, bool))
