"""The dream book: one file a dream, scene by scene and field by field, as people write and edit it.

Comes in: the text of a ``.dream`` file. Goes out: a `Document`, whose sentences know their scene
and field. A head of ``name: value`` lines tells title, world, arc, pronoun, figure, hour, mood and
thing; then each scene opens with its kind in brackets and has a line ``field: sentence`` for each
field. Under a sentence a line that opens with ``~`` is its *margin*: words of the sentence, and
what might stand in their place as well. The readings of one slot may meet any of another's. With
``==`` the words are dear, and seldom give way: other sentences of the dream need them.

    title: The Ferry of Spoons
    world: harbor
    arc: companion
    pronoun: she
    figure: woman
    hour: night
    mood: wonder
    thing: spoon

    [setting]
    place: I am standing at the end of a stone pier.
    ~ standing = kneeling / waiting alone; stone pier == long jetty / ferry landing
"""

import re
from collections import Counter
from collections.abc import Collection, Container, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from .corpus import Document, Sentence, Variants
from .errors import CorpusError
from .facts import SCENES, VOICES, Facts
from .tagging import by_ending
from .text import cut, folded, is_word, normalized, spaced, stem, tokens

_SCENE = re.compile(r"\[(\w+)\]")
_FIELD = re.compile(r"(\w+):\s+(\S.*)")


def read_dream(name: str, source: str) -> Document:
    """A document from the text of a ``.dream`` file.

    Raises `CorpusError`, naming file and line, for a line that is neither head, scene, field nor
    margin, and for a margin whose words its sentence does not hold once.

    >>> document = read_dream("one", '''title: One
    ... arc: unity
    ... pronoun: she
    ...
    ... [setting]
    ... place: I stand in a kitchen.''')
    >>> document.sentences[0].role, document.sentences[0].text
    ('place', 'I stand in a kitchen.')
    """
    head: dict[str, str] = {}
    found: list[Sentence] = []
    scene, block = "", -1
    for number, line in enumerate(source.splitlines(), 1):
        row = line.strip()
        if not row:
            continue
        if opened := _SCENE.fullmatch(row):
            scene, block = opened[1], block + 1
            if scene not in SCENES:
                raise CorpusError(f"{name}, line {number}: no scene is called {scene!r}")
        elif row.startswith("~"):
            if not found:
                raise CorpusError(f"{name}, line {number}: a margin stands under a sentence")
            try:
                found[-1] = replace(found[-1], margin=_margin(row[1:], found[-1].words))
            except ValueError as error:
                raise CorpusError(f"{name}, line {number}: {error}") from None
        elif told := _FIELD.match(row):
            if scene:
                found.append(_sentence(told[2], scene, told[1], block))
            else:
                head[told[1]] = told[2]
        else:
            raise CorpusError(f"{name}, line {number}: not 'field: sentence': {row!r}")
    if head.get("pronoun", "they") not in VOICES:
        raise CorpusError(f"{name}: no pronoun is called {head['pronoun']!r}")
    facts = Facts(**{key: head.get(key, "") for key in Facts.__dataclass_fields__})
    return Document(name, tuple(found), head.get("arc", ""), facts=facts)


def _sentence(text: str, scene: str, role: str, block: int) -> Sentence:
    words = tokens(text)
    first = next(place for place, word in enumerate(words) if is_word(word))
    if words[first] != "I" and not words[first].startswith("I’"):
        words[first] = words[first][:1].lower() + words[first][1:]
    return Sentence(
        tuple(words), tuple(by_ending(words)), scene, role, ends=(len(words) - 1,), block=block
    )


def _margin(row: str, said: Sequence[str]) -> tuple[Variants, ...]:
    low = [folded(word) for word in said]
    found: list[Variants] = []
    for slot in filter(None, map(str.strip, row.split(";"))):
        own, equals, others = slot.partition("=")
        dear = others.startswith("=")
        others = others.removeprefix("=")
        words = [folded(word) for word in cut(own)]
        readings = tuple(normalized(reading.strip()) for reading in others.split("/"))
        if not equals or not words or not all(readings):
            raise ValueError(f"not 'words = reading / reading': {slot!r}")
        width = len(words)
        starts = [at for at in range(len(low) - width + 1) if low[at : at + width] == words]
        if len(starts) != 1:
            raise ValueError(
                f"{own.strip()!r} stands {len(starts)} times in its sentence, not once"
            )
        found.append(Variants(starts[0], starts[0] + width, readings, dear))
    found.sort(key=lambda variants: variants.start)
    for one, other in pairwise(found):
        if one.stop > other.start:
            raise ValueError(f"two slots share {said[other.start]!r}")
    return tuple(found)


def written(document: Document) -> str:
    """A document as the text of a ``.dream`` file; `read_dream` reads it back."""
    return "\n".join(_written(document)) + "\n"


def _written(document: Document) -> Iterator[str]:
    for key in Facts.__dataclass_fields__:
        if key == "pronoun":
            yield f"arc: {document.arc}"
        if value := getattr(document.facts, key):
            yield f"{key}: {value}"
    block = -1
    for sentence in document.sentences:
        if sentence.block != block:
            block = sentence.block
            yield f"\n[{sentence.scene}]"
        yield f"{sentence.role}: {sentence.text}"
        if sentence.margin:
            yield "~ " + "; ".join(
                f"{spaced(sentence.words[one.start : one.stop])} "
                f"{'==' if one.dear else '='} {' / '.join(one.readings)}"
                for one in sentence.margin
            )


def source_of(sentence: Sentence, linked: Collection[int] = ()) -> str:
    """A sentence and its margin in one: ``a {jar|cup} on the {=sill|shelf}.``, own words first.

    The slots whose numbers are ``linked``, and those whose own words are dear, are marked ``=``.
    """
    parts: list[str] = []
    at = 0
    for number, variants in enumerate(sentence.margin):
        own = spaced(sentence.words[variants.start : variants.stop])
        mark = "=" if variants.dear or number in linked else ""
        parts += sentence.words[at : variants.start]
        parts.append("{" + "|".join((mark + own, *variants.readings)) + "}")
        at = variants.stop
    return spaced([*parts, *sentence.words[at:]])


def links(sentences: Sequence[Sentence], nouns: Container[str]) -> list[frozenset[int]]:
    """For each sentence of a dream the slots whose own words name a thing that another names too.

    ``nouns`` are the stems of names of things.
    """
    said = [{stem(word) for word in sentence.words if is_word(word)} for sentence in sentences]
    times = Counter(root for roots in said for root in roots if root in nouns)
    return [
        frozenset(
            number
            for number, slot in enumerate(sentence.margin)
            if any(times[stem(word)] > 1 for word in sentence.words[slot.start : slot.stop])
        )
        for sentence in sentences
    ]
