"""The dream book: one file a dream, scene by scene and field by field, as people write and edit it.

Comes in: the text of a ``.dream`` file. Goes out: a `Document`, whose sentences know their scene
and field. A head of ``name: value`` lines tells title, world, arc, pronoun, figure, hour and mood;
then each scene opens with its kind in brackets and has a line ``field: sentence`` for each field:

    title: The Ferry of Spoons
    world: harbor
    arc: companion
    pronoun: she
    figure: woman
    hour: night
    mood: wonder

    [setting]
    place: I am standing at the end of a stone pier.
"""

import re
from collections.abc import Iterator

from .corpus import SCENES, VOICES, Document, Facts, Sentence
from .errors import CorpusError
from .tagging import by_ending
from .text import is_word, tokens

HOURS = ("dawn", "morning", "noon", "afternoon", "dusk", "night")
_SCENE = re.compile(r"\[(\w+)\]")
_FIELD = re.compile(r"(\w+):\s+(\S.*)")


def read_dream(name: str, source: str) -> Document:
    """A document from the text of a ``.dream`` file.

    Raises `CorpusError`, naming file and line, for a line that is neither head, scene nor field.

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
