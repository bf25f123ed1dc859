"""A dream as a row: what tables and files of many dreams have in their columns.

A row is a dict of plain values. `row_of` makes it from a `Dream`; `Rows` makes the same rows
without one: the sentences of a dream were drawn under the rules that would judge them, so the
model, its validation and the template are left out, and a test holds the two equal.
`dream_of` reads a row with all of its columns back.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .request import Request
from .schema import Dream, paragraphs
from .seeds import Seed
from .text import listed, narrative

if TYPE_CHECKING:
    from .dreamer import Dreamer

# What each column of a row holds, in the order in which a row has them.
COLUMNS = {
    "seed": "the seed; one of bytes is {'hex': ...}",
    "index": "the place of the dream among those of its seed",
    "edition": "the corpus and the algorithm that wrote it",
    "arc": "the sequence of scenes that it follows",
    "pronoun": "they, she or he: the voice of its figure",
    "figure": "the noun by which the figure is first called",
    "attributes": "what is said of the figure when it is first met",
    "words": "how many words the text has",
    "sentences": "how many sentences the text has, the opening one included",
    "motifs": "the images that return: word, and paths of the sentences that have it",
    "scenes": "the scenes: kind, and the sentence of each field",
    "text": "the narrative",
}

Row = dict[str, Any]

# A word as `dreamgen.text.TOKEN` has it; dreams are normalized, so it can be counted in place.
_WORD = re.compile(r"[^\W_]+(?:(?:[-’]|(?<=\d)[.,:](?=\d))[^\W_]+)*")


def chosen(columns: Iterable[str] | str | None) -> tuple[str, ...]:
    """The columns that are asked for, all where None; raises ValueError for an unknown one.

    >>> chosen("text,seed")
    ('text', 'seed')
    """
    if columns is None:
        return tuple(COLUMNS)
    names = columns.split(",") if isinstance(columns, str) else list(columns)
    asked = tuple(name.strip() for name in names)
    for name in asked:
        if name not in COLUMNS:
            raise ValueError(f"columns are {listed(list(COLUMNS), 'and')}, not {name!r}")
        if asked.count(name) > 1:
            raise ValueError(f"the column {name!r} is asked for twice")
    if not asked:
        raise ValueError(f"a row has at least one column of {listed(list(COLUMNS))}")
    return asked


def row_of(dream: Dream, columns: Iterable[str] | str | None = None) -> Row:
    """The row of a dream.

    >>> import dreamgen
    >>> row_of(dreamgen.generate(seed=7), ["seed", "arc", "pronoun", "figure"])
    {'seed': 7, 'arc': 'vulnerability', 'pronoun': 'she', 'figure': 'woman'}
    """
    made = dream.model_dump(mode="json", exclude_none=True)
    return _row(made, chosen(columns), lambda: dream.text)


def dream_of(row: Mapping[str, Any], schema: type[Dream] = Dream) -> Dream:
    """The dream of a row that has at least seed, index, edition, arc, pronoun, figure, attributes,
    motifs and scenes; the rules judge it as one edited by hand. Raises KeyError for a missing
    column.

    >>> import dreamgen
    >>> dream = dreamgen.generate(seed=7)
    >>> dream_of(row_of(dream)) == dream
    True
    """
    whole = {name: row[name] for name in ("seed", "index", "edition", "arc", "motifs", "scenes")}
    cast = {name: row[name] for name in ("pronoun", "figure", "attributes")}
    return schema.model_validate(whole | {"cast": cast})


def _row(made: Mapping[str, Any], columns: Sequence[str], text: Callable[[], str]) -> Row:
    """The columns of what a dream is made of, in JSON's types."""
    row: Row = {}
    told = text() if "text" in columns or "words" in columns else ""
    for name in columns:
        if name in ("pronoun", "figure"):
            row[name] = made["cast"][name]
        elif name == "attributes":
            row[name] = list(made["cast"][name])
        elif name == "text":
            row[name] = told
        elif name == "words":
            row[name] = len(_WORD.findall(told))
        elif name == "sentences":
            row[name] = 1 + sum(map(len, paragraphs(made["scenes"])))
        else:
            row[name] = made[name]
    return row


class Rows:
    """The rows of one seed and request.

    ``dreamer`` writes the dreams; where it tells them from a book under the plain schema, no
    `Dream` is made.

    >>> from dreamgen import Dreamer
    >>> rows = Rows(Dreamer(), 7, Request.of(arc="circle"), ("index", "arc"))
    >>> list(rows.of(range(2, 4)))
    [{'index': 2, 'arc': 'circle'}, {'index': 3, 'arc': 'circle'}]
    """

    def __init__(
        self, dreamer: "Dreamer", seed: Seed, request: Request, columns: Sequence[str]
    ) -> None:
        self.dreamer = dreamer
        self.seed = seed
        self.request = request
        self.columns = tuple(columns)
        self._retelling = dreamer.retelling if dreamer.schema is Dream else None
        self._shown = {"hex": seed.hex()} if isinstance(seed, bytes) else seed

    def of(self, places: Iterable[int]) -> Iterator[Row]:
        """The rows at some places, in order; raises `Unsatisfiable` as `dreamgen.generate` does."""
        return map(self._at, places)

    def _at(self, index: int) -> Row:
        made = self._retelling and self._retelling.parts(self.seed, index, self.request)
        if not made:
            return row_of(self.dreamer._dream(self.seed, index, self.request), self.columns)
        scenes = made["scenes"]
        for scene in scenes:
            if scene["kind"] == "awakening":
                scene["coda"] = list(scene.get("coda", ()))  # the last, and there if it is empty
        made["seed"] = self._shown
        return _row(made, self.columns, lambda: narrative(paragraphs(scenes)))
