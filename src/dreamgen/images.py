"""Images: content words side by side, or joined by *of*; no dream shows one twice."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from .tagging import DETERMINERS, is_content
from .text import cut, folded, is_word

CONTENT, OF, DETERMINER, OTHER = range(4)
Part = tuple[int, str]
Image = tuple[str, ...]


@lru_cache(maxsize=2048)
def images(line: str) -> frozenset[Image]:
    """The images of a sentence.

    >>> sorted(images("A tapestry of souls, a silver fish."))
    [('silver', 'fish'), ('tapestry', 'of', 'souls')]
    """
    return images_of(cut(line))


def images_of(said: Sequence[str]) -> frozenset[Image]:
    """The images of a sentence given as tokens."""
    return frozenset(imaged([[part_of(token) for token in said]]))


def imaged(pieces: Iterable[Iterable[Part]]) -> set[Image]:
    """The images of tokens given piece by piece, each token as its part in them."""
    return scanned(pieces)[0]


def scanned(
    pieces: Iterable[Iterable[Part]], before: str = "", of: bool = False
) -> tuple[set[Image], str, bool]:
    """The images; and the content word that could begin one with what comes after these tokens,
    "" where none could, and whether *of* stands after it. ``before`` and ``of`` say the same of
    what comes before them."""
    found: set[Image] = set()
    for piece in pieces:
        for part, word in piece:
            if part == CONTENT:
                if before:
                    found.add((before, "of", word) if of else (before, word))
                before, of = word, False
            elif part == OF and before:
                of = True
            elif not (of and part == DETERMINER):
                before, of = "", False
    return found, before, of


@lru_cache(maxsize=16384)
def part_of(token: str) -> Part:
    """What a token is to an image, and its folded word."""
    word = folded(token)
    if not is_word(word):
        return OTHER, word
    if is_content(word):
        return CONTENT, word
    return (OF if word == "of" else DETERMINER if word in DETERMINERS else OTHER), word
