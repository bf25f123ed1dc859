"""Whole dreams from the book: which lines are told, and what holds through all of them.

A dream has a *home*, a dream of the book with the arc that is asked for: its setting opens, its
thing changes and comes back, its awakening closes, and its sentences answer each other between.
The further scenes of a long dream are told after other dreams of the same world, hour of light or
dark and kind of figure, and so is what makes the arc, where a request leaves no other way. One
figure and one voice hold throughout. Every line is told in new words (`dreamgen.readings`), each
field from a stream of its own.

`Retelling.dream` gives None where a request is beyond the book; the documents then tell it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any, NamedTuple

from .bookmodel import PAIRS, VOICED, BookModel, Record, book_model, noun_roots
from .cast import attributes
from .facts import VOICES
from .moods import shades
from .narrow import narrowed, sealed
from .readings import NO_LEANS, RUN, SLOT, Line, Named, own_of
from .request import DEFAULT_WORDS, Request
from .rules import Avoids, Judged, Mentions, Rule
from .schema import (
    Dream,
    Slot,
    fields_digest,
    judged_dream,
    kind_of,
    paragraphs,
    scenes_of,
    slots,
)  # fmt: skip
from .seeds import BLOCK, Seed, Streams, choice, dealt, seed_key
from .text import narrative, spoken, stem, words

ALGORITHM = 5
TRIES = BLOCK
MOST_OF = 0.75  # the share of a scene's fields that a dream must have for another to follow it
HOPES = 2  # the tries in which a word of the dream in a new reading is held against it
ATTEMPTS = 48
SWEEP = 96  # the attempts after these, at dreams that were not tried
OF_ITS_ARC = 8  # the attempts that keep to the arc whose turn it is
MOODS_KEPT = 2  # the moods whose lines are kept
ROWS = 16384  # the scenes whose rows are kept, some 2 kB each

# The words of the opening formula.
OPENING = 3

# What each scene of an arc tells, in order.
FORMS = {
    arc: tuple(
        (kind, tuple(fields.split())) for kind, _, fields in (part.partition(": ") for part in row)
    )
    for arc, row in {
        "vulnerability": (
            "setting: place view air ground thing", "encounter: figure approach face gesture",
            "revelation: gaze voice confession answer changed bond",
            "awakening: fading remains return_ gift lesson turn coda",
        ),
        "companion": (
            "setting: place air view ground thing", "encounter: figure approach face bond walk",
            "revelation: voice gaze confession", "revelation: landscape secret vow changed bond",
            "awakening: fading return_ gift lesson",
        ),
        "reciprocity": (
            "setting: place ground air time thing", "encounter: figure face approach gesture",
            "revelation: voice confession secret gaze",
            "revelation: in_return landscape changed transformation truth",
            "awakening: fading dawn remains return_ gift",
        ),
        "circle": (
            "setting: place air communion view feelings thing",
            "encounter: call figure storm approach",
            "revelation: answer speech voice confession moths butterflies",
            "revelation: landscape gathering circle changed",
            "awakening: remains dawn return_ lesson",
        ),
        "unity": (
            "setting: place communion air thing", "encounter: figure face bond",
            "encounter: journey presence", "encounter: journey presence",
            "revelation: vision changed truth", "awakening: fading return_ gift lesson",
        ),
    }.items()
}  # fmt: skip

# Without these an arc would not be itself.
OWN = {
    "vulnerability": frozenset({"turn", "coda"}),
    "companion": frozenset({"walk", "vow"}),
    "reciprocity": frozenset({"in_return", "transformation"}),
    "circle": frozenset({"call", "storm", "moths", "butterflies", "circle"}),
    "unity": frozenset({"journey", "vision"}),
}

# What a longer dream tells in between, once the figure has been met.
FURTHER = (
    ("encounter", ("approach", "face", "gesture", "bond")),
    ("revelation", ("voice", "gaze", "confession", "answer", "secret", "landscape", "truth")),
)

# Without these what follows them would hang in the air, where a dream of the book has them.
STORY = frozenset({"thing", "voice", "confession", "answer", "changed"})

# What is not told without another field before it.
NEEDS = {
    "presence": "journey", "secret": "confession", "butterflies": "moths", "coda": "turn",
}  # fmt: skip

# What leaving a field out costs, where a dream has to be shorter; what makes an arc is dear.
COSTS = {
    name: cost
    for cost, name in enumerate(
        "lesson time view gesture bond vow gaze remains fading truth secret face air ground "
        "landscape communion feelings answer approach dawn presence gathering confession gift "
        "voice changed thing figure".split()
    )
}
DEAR = 1000

_ANY = ("", "")
_NIGHT = frozenset({"dusk", "night"})


# Lines under rules: by record, voice and figure, field where it has rules of its own, and what else
# is asked of the line.
_Narrow = dict[tuple[int, tuple[str, str], tuple[str, str], tuple[Rule, ...]], Line | None]


@dataclass
class _Page:
    """A dream being written: what holds in it, what stands in it, and what it has used."""

    arc: str
    voice: str
    figure: str
    home: int
    rules: tuple[Rule, ...]
    mood: str | None = None
    borrows: bool = False  # whether another dream may say what its home cannot
    narrow: _Narrow = field(default_factory=dict)  # kept from one attempt at a dream to the next
    seen: set[str] = field(default_factory=set)  # images, and stems of words
    told: list["_Told"] = field(default_factory=list)
    records: set[int] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)


class _Row(NamedTuple):
    """A field to be told: the number of its scene, where its numbers come from, the (dream, block)
    that it is told after, the first record for it and its line; the field that must be told before
    it, or ""; what leaving it out costs (-1: not to be); whether no other record will do."""

    scene: int
    slot: Slot
    path: bytes
    source: tuple[int, int]
    record: int
    line: Line | None
    needs: str
    cost: int
    bound: bool = False


class _Told(NamedTuple):
    """A sentence that is told: its row, its text and the things that it names."""

    row: _Row
    text: str
    named: list[Named]


class Retelling:
    """Writes dreams from a `BookModel`, by default the one that ships.

    A record becomes a line when it is first told, in some 0.1 ms; lines without rules of a request
    are kept, some 10 kB each.
    """

    def __init__(self, model: BookModel | None = None, schema: type[Dream] = Dream) -> None:
        self.model = model or book_model()
        self.schema = schema
        self.slots = {
            (slot.scene, slot.name): slot for scene in scenes_of(schema) for slot in slots(scene)
        }
        self._order = {
            kind_of(scene): ("kind", *(slot.name for slot in slots(scene)))
            for scene in scenes_of(schema)
        }
        # the readings of the book are narrowed by the rules of the plain schema already
        plain = {
            (slot.scene, slot.name): slot for scene in scenes_of(Dream) for slot in slots(scene)
        }
        self.added = tuple(home for home in self.slots if home not in plain)
        self._own = frozenset(home for home, slot in self.slots.items() if plain.get(home) != slot)
        # by voice and figure; no more than the records of the book in the voices they have
        self._lines: dict[tuple[str, str, str | None], dict[int, Line | None]] = {}
        self._choices: dict[tuple[object, ...], list[Any]] = {}
        self._scene_rows: dict[tuple[object, ...], list[_Row]] = {}
        self._plain_rows: dict[tuple[str, str, int, str | None, bool], list[_Row]] = {}

    @cached_property
    def edition(self) -> str:
        """The name of the algorithm, the book, and a schema of one's own."""
        own = "" if self.schema is Dream else f"+{fields_digest(self.schema)}"
        return f"book-{ALGORITHM}.{self.model.digest}{own}"

    def report(self) -> Iterator[str]:
        """How much can be told, and which lines cannot, for people who write a book."""
        model = self.model
        tellings = 0.0
        mute: list[str] = []
        for record in model.records:
            if model.told[record.dream].facts.thing:
                total = Line(record.source).total
                tellings += total
                if not total:
                    mute.append(f"{model.told[record.dream].name}, {record.field}")
        for arc in FORMS:
            homes = {
                voice: sum(self._able(arc, voice, home) for home in self._homes(arc, voice, None))
                for voice in VOICES
            }
            told = ", ".join(f"{voice} {number}" for voice, number in homes.items())
            yield f"{arc}: dreams to tell from: {told}"
        yield f"{tellings:,.0f} tellings of {len(model.records):,} lines"
        if mute:
            yield (
                f"never told, since more than {RUN} tokens in a row have no reading of another "
                f"word, or a field's rule is broken: {'; '.join(mute)}"
            )

    def dream(self, seed: Seed, index: int, request: Request) -> Dream | None:
        """The dream of a seed, or None where the book cannot meet the request."""
        made = self.parts(seed, index, request)
        if made is None:
            return None
        if self.schema is Dream:
            return judged_dream(made)
        judged = Judged(line for paragraph in paragraphs(made["scenes"]) for line in paragraph)
        return self.schema.model_validate(made, context=judged)

    def parts(self, seed: Seed, index: int, request: Request) -> dict[str, Any] | None:
        """What the dream of a seed is made of, for its schema to judge; None as for `dream`.

        The fields of a scene stand in the order of the schema, in which they are read.
        """
        key = seed_key(seed)
        narrow: _Narrow = {}
        tried: set[tuple[str, str, int]] = set()
        for attempt in range(ATTEMPTS + SWEEP):
            streams = Streams(key, index, f"book/{attempt}/" if attempt else "book/")
            chosen = None
            if attempt < ATTEMPTS:
                chosen = self._chosen(request, key, index, attempt, streams)
            chosen = chosen or self._left(request, tried, streams)
            if chosen is None:
                return None
            tried.add(chosen)
            page = self._page(chosen, request, streams, narrow, attempt >= OF_ITS_ARC)
            if page and (made := self._parts(page, seed, index, request)):
                return made
        return None

    def tells(self, home: int, voice: str) -> bool:
        """Whether a voice can tell the arc of a dream of the book after it alone."""
        arc = self.model.told[home].arc
        return home in self._homes(arc, voice, None) and self._able(arc, voice, home)

    # What is told after what

    def _chosen(
        self, request: Request, key: bytes, index: int, attempt: int,
        streams: Streams,
    ) -> tuple[str, str, int] | None:  # fmt: skip
        """The arc, the voice and the home of a dream, or None where none can be told.

        The dreams of a seed are rationed by their index: in each row of them every arc has its
        turn, and the dreams of an arc go through all its homes, each in every voice that can tell
        it, shuffled, before a pair returns. What cannot be told after its own home, some six
        in a hundred, is told after another of the arc, and at last of any.
        """
        arcs = self._arcs(request)
        if not arcs:
            return None
        turn, place = divmod(index, len(arcs))
        if attempt < OF_ITS_ARC:
            arc = arcs[dealt(key, f"batch/arcs/{turn}", len(arcs), place)]
        else:
            arc = choice(streams("arc")[0], arcs)
        cards = self._cards(arc, request)
        if attempt == 0:
            card = cards[dealt(key, f"batch/homes/{arc}", len(cards), turn % len(cards))]
        else:
            card = choice(streams("home")[0], cards)
        return arc, *card

    def _left(
        self, request: Request, tried: Set[tuple[str, str, int]], streams: Streams
    ) -> tuple[str, str, int] | None:
        """A dream to follow that was not tried: one that says more of the words to be mentioned
        before one that says fewer, and one of the mood before another, since a mood only leans."""
        roots = [stem(words(phrase)[0]) for phrase in request.mention]
        saying = Counter(
            dream
            for root in roots
            for dream in {self.model.record(record).dream for record in self.model.naming(root)}
        )
        for asked in (request, replace(request, mood=None)):
            left = [
                (arc, *card)
                for arc in self._arcs(asked)
                for card in self._cards(arc, asked)
                if (arc, *card) not in tried
            ]
            if left:
                most = max(saying[home] for _, _, home in left)
                best = [card for card in left if saying[card[2]] == most]
                return choice(streams("home")[0], best)
        return None

    def _page(
        self, chosen: tuple[str, str, int], request: Request, streams: Streams, narrow: _Narrow,
        borrows: bool,
    ) -> _Page | None:  # fmt: skip
        """A dream's sentences, or None where what must be told could not be."""
        arc, voice, home = chosen
        rules = (Avoids(*request.avoid),) if request.avoid else ()
        page = _Page(
            arc, voice, self._figure(home, voice), home, rules, request.mood, borrows, narrow
        )
        form = self._form(arc, request)
        rows = self._rows(page, form, request, streams)
        if rows is None:
            return None
        fields = page.fields
        for row in rows:
            if row.needs and row.needs not in fields:
                continue
            options = ((row.record, row.line),) if row.bound else self._options(page, row)
            if self._told(page, row, options, streams):
                fields.add(row.slot.name)
            elif row.bound or (
                row.slot.name not in fields
                and (row.slot.name == "figure" or row.cost < 0 or row.cost >= DEAR)
            ):
                return None
        return page if self._add(page, form, streams) else None

    def _figure(self, home: int, voice: str) -> str:
        facts = self.model.told[home].facts
        return facts.figure if facts.pronoun == voice else PAIRS[facts.figure]

    def _rows(
        self, page: _Page, form: Sequence[tuple[str, tuple[str, ...]]], request: Request,
        streams: Streams,
    ) -> list[_Row] | None:  # fmt: skip
        """What will be told, in order; None where a word that is asked for can be said nowhere."""
        plain = not page.rules and not request.mention and len(form) == len(FORMS[page.arc])
        key = page.arc, page.voice, page.home, page.mood, page.borrows
        if plain and (kept := self._plain_rows.get(key)):
            return kept
        sources = self._sources(page, page.arc, form, request.mood, streams)
        asked = self._asked(page, form, sources, request, streams)
        if asked is None:
            return None
        rows: list[_Row] = []
        for at, ((kind, names), source) in enumerate(zip(form, sources, strict=True)):
            if asked:
                names = (*names, *(n for there, n in asked if there == at and n not in names))
            for row in self._scene(page, at, kind, names, source):
                if record := asked.get((at, row.slot.name)):
                    number, rule = record
                    line = self._line(number, page, row.slot, (rule,))
                    row = row._replace(record=number, line=line, needs="", cost=-1, bound=True)
                rows.append(row)
        if plain:
            self._plain_rows[key] = rows
        return rows

    def _add(
        self, page: _Page, form: Sequence[tuple[str, tuple[str, ...]]],
        streams: Streams,
    ) -> bool:  # fmt: skip
        """Tells the fields that the schema at hand has added, after all others, so that these keep
        their texts; False where one that is required cannot be told."""
        kinds = [kind for kind, _ in form]
        for kind, name in self.added:
            slot = self.slots[kind, name]
            at = kinds.index(kind)
            options = (
                (record, self._line(record, page, slot)) for record in self._alike(page, slot.roles)
            )
            path = f"scenes.{at}.{kind}.{name}".encode()
            cost = -1 if slot.required else len(COSTS)
            row = _Row(at, slot, path, (-1, -1), -1, None, "", cost)
            if not self._told(page, row, options, streams) and slot.required:
                return False
        if self.added:
            page.told.sort(key=lambda line: line.row.scene)
        return True

    def _alike(self, page: _Page, roles: Sequence[str]) -> Iterator[int]:
        """The records of some roles: those of the home, of its world and hour, and all others."""
        records = self.model.records
        able = [at for at, row in enumerate(records) if f"{row.scene}.{row.field}" in roles]
        home = self.model.told[page.home].facts

        def distance(record: int) -> int:
            row = records[record]
            facts = self.model.told[row.dream].facts
            if row.dream == page.home:
                return 0
            return 1 if (facts.world, facts.hour) == (home.world, home.hour) else 2

        yield from sorted(able, key=distance)

    def _form(self, arc: str, request: Request) -> list[tuple[str, tuple[str, ...]]]:
        """The scenes and fields of an arc, with further scenes where many words are asked for."""
        form = list(FORMS[arc])
        least, _ = request.words or DEFAULT_WORDS
        further = FURTHER * (max(0, least - 330) // 150)
        return form[:-1] + list(further) + form[-1:]

    def _arcs(self, request: Request) -> list[str]:
        """The arcs that may be told."""
        key = "arcs", request.arc, request.pronoun, request.mood
        if key not in self._choices:
            asked = (request.arc,) if request.arc else FORMS
            self._choices[key] = [arc for arc in asked if self._cards(arc, request)]
        return self._choices[key]

    def _cards(self, arc: str, request: Request) -> list[tuple[str, int]]:
        """The (voice, home) pairs that an arc can be told by."""
        key = "cards", arc, request.pronoun, request.mood
        if key not in self._choices:
            self._choices[key] = [
                (voice, home)
                for voice in ((request.pronoun,) if request.pronoun else VOICES)
                for home in self._homes(arc, voice, request.mood)
                if self._able(arc, voice, home)
            ]
        return self._choices[key]

    def _homes(self, arc: str, voice: str, mood: str | None) -> list[int]:
        """The dreams of an arc that a voice may tell; those of a mood, where there are any."""
        key = "homes", arc, voice == "they", mood
        if key not in self._choices:
            found = [
                at for at, dream in enumerate(self.model.told)
                if dream.arc == arc
                and dream.facts.thing
                and (dream.facts.pronoun == "they") == (voice == "they")
                and mood in (None, dream.facts.mood)
            ]  # fmt: skip
            self._choices[key] = found or (self._homes(arc, voice, None) if mood else [])
        return self._choices[key]

    def _able(self, arc: str, voice: str, home: int) -> bool:
        """Whether an arc is whole in this voice after a home, and its setting returns."""
        known = self.model.told[home].voices
        if known is not None and not self._own:
            return voice in known
        key = "able", home, arc, voice
        if key not in self._choices:
            able = self._returns(home) and self._is_whole(home, arc, voice)
            self._choices[key] = [able]
        return bool(self._choices[key][0])

    def _is_whole(self, dream: int, arc: str, voice: str) -> bool:
        """Whether a voice can tell everything that an arc must have after this dream alone."""
        page = _Page(arc, voice, "", dream, ())
        must = {
            (kind, name)
            for kind, names in FORMS[arc] for name in names
            if name in OWN[arc] or name == "figure" or self.slots[kind, name].required
        }  # fmt: skip
        for kind, block in self.model.scenes(dream):
            for name, record in self.model.block(dream, block).items():
                home = kind, name
                if home not in must and name not in STORY:
                    continue
                if self._line(record, page, self.slots[home]):
                    must.discard(home)
                elif name in STORY:
                    return False
        return not must

    def _returns(self, dream: int) -> bool:
        """Whether a thing of a dream's setting stands in its awakening too, in nearly all tellings.
        Those in which it does not are not told."""
        model = self.model
        held: dict[str, set[str]] = {"setting": set(), "awakening": set()}
        for kind, block in model.scenes(dream):
            if kind in held:
                for record in model.block(dream, block).values():
                    held[kind] |= _lasting(model.record(record))
        things = noun_roots() | {stem(model.told[dream].facts.thing)}
        return not things.isdisjoint(held["setting"] & held["awakening"])

    def _sources(
        self, page: _Page, arc: str, form: Sequence[tuple[str, tuple[str, ...]]],
        mood: str | None, streams: Streams,
    ) -> list[tuple[int, int]]:  # fmt: skip
        """The (dream, block) that each scene is told after: the home's, so that its sentences
        answer each other, and for each further encounter of a long dream another dream's."""
        model = self.model
        own = len(FORMS[arc]) - 1
        followed = page.home
        taken = [page.home]
        found: list[tuple[int, int]] = []
        for at, (kind, names) in enumerate(form):
            dream = page.home if kind in ("setting", "awakening") else followed
            if at >= own and kind == "encounter":
                pool = self._pool(page, kind, names, mood)
                left = [other for other in pool if other not in taken]
                if not left:  # a long dream has seen all of its world
                    pool = self._pool(page, kind, names, mood, travels=True)
                    left = [other for other in pool if other not in taken] or pool
                if left:
                    dream = choice(streams(f"scenes.{at}")[0], left)
                    taken.append(dream)
                followed = dream
            blocks = [block for other, block in model.scenes(dream) if other == kind]
            before = sum(other == kind for other, _ in form[:at]) % max(len(blocks), 1)
            found.append((dream, blocks[before] if blocks else -1))
        return found

    def _pool(
        self, page: _Page, kind: str, names: Sequence[str], mood: str | None, travels: bool = False
    ) -> list[int]:
        """The dreams that a scene between may follow: of the home's world and hour, and able to
        tell most of it; of any world where it ``travels``."""
        home = self.model.told[page.home].facts
        key = (
            kind, names, mood, page.voice == "they",
            *(() if travels else (home.world, home.hour in _NIGHT)),
        )  # fmt: skip
        if key not in self._choices:
            able = [
                at for at, dream in enumerate(self.model.told)
                if dream.facts.thing
                and (travels or dream.facts.world == home.world)
                and (travels or (dream.facts.hour in _NIGHT) == (home.hour in _NIGHT))
                and (dream.facts.pronoun == "they") == (page.voice == "they")
                and self._share(at, kind, names) >= MOST_OF
            ]  # fmt: skip
            tuned = [at for at in able if self.model.told[at].facts.mood == mood]
            self._choices[key] = tuned or able
        return self._choices[key]

    def _share(self, dream: int, kind: str, names: Sequence[str]) -> float:
        there = {
            name
            for other, block in self.model.scenes(dream) if other == kind
            for name in self.model.block(dream, block)
        }  # fmt: skip
        return sum(name in there for name in names) / len(names)

    def _scene(
        self, page: _Page, at: int, kind: str, names: tuple[str, ...], source: tuple[int, int]
    ) -> list[_Row]:
        """The fields of a scene, with what is told first of each; kept where nothing is shunned."""
        key = (
            page.arc,
            page.voice,
            page.figure,
            page.home,
            page.mood,
            page.borrows,
            at,
            names,
            source,
        )
        rows = None if page.rules else self._scene_rows.get(key)
        if rows is None:
            rows = []
            for name in names:
                slot = self.slots[kind, name]
                cost = DEAR if name in OWN[page.arc] else COSTS.get(name, len(COSTS))
                record = next(self._records(page, slot, source), -1)
                line = self._line(record, page, slot) if record >= 0 else None
                path = f"scenes.{at}.{kind}.{name}".encode()
                cost = -1 if slot.required else cost
                rows.append(_Row(at, slot, path, source, record, line, NEEDS.get(name, ""), cost))
            if not page.rules:
                if len(self._scene_rows) >= ROWS:
                    with suppress(KeyError, RuntimeError):  # another thread was faster
                        del self._scene_rows[next(iter(self._scene_rows))]
                self._scene_rows[key] = rows
        return rows

    def _options(self, page: _Page, row: _Row) -> Iterator[tuple[int, Line | None]]:
        """The records that a field may be told after, the best first, and their lines."""
        yield row.record, row.line
        for record in islice(self._records(page, row.slot, row.source), 1, None):
            yield record, self._line(record, page, row.slot)

    def _records(self, page: _Page, slot: Slot, source: tuple[int, int]) -> Iterator[int]:
        """The records that a field may be told after, the best first."""
        model = self.model
        kind, name = slot.scene, slot.name
        dream, block = source
        if name == "changed":
            dream = page.home
            block = next(
                (
                    place
                    for other, place in model.scenes(dream)
                    if name in model.block(dream, place)
                ),
                -1,
            )
        if (record := model.block(dream, block).get(name)) is not None:
            yield record
        if name == "changed":
            return
        for other, place in model.scenes(dream):
            record = model.block(dream, place).get(name, -1)
            if other == kind and record >= 0 and place != block:
                yield record
        if not page.borrows or (name not in OWN[page.arc] and not slot.required):
            return  # what another dream says here would be of another figure and of other things
        for further in dict.fromkeys((page.home, *self._pool(page, kind, (name,), None))):
            for other, place in model.scenes(further):
                record = model.block(further, place).get(name, -1)
                if other == kind and record >= 0 and further != dream:
                    yield record

    # Words that are asked for

    def _asked(
        self, page: _Page, form: Sequence[tuple[str, tuple[str, ...]]],
        sources: Sequence[tuple[int, int]], request: Request, streams: Streams,
    ) -> dict[tuple[int, str], tuple[int, Rule]] | None:  # fmt: skip
        """For each phrase to be mentioned a field, and a record of it that can say the phrase."""
        found: dict[tuple[int, str], tuple[int, Rule]] = {}
        for phrase in request.mention:
            rule = Mentions(phrase)
            ranks: dict[tuple[bool, int], list[tuple[tuple[int, str], int]]] = {}
            for record in self.model.naming(stem(words(phrase)[0])):
                row = self.model.record(record)
                scenes = [at for at, (kind, _) in enumerate(form) if kind == row.scene]
                for at in scenes:
                    names = form[at][1]
                    home = (at, row.field)
                    if home in found or (row.field not in names and at != scenes[-1]):
                        continue
                    if row.field in ("thing", "changed") and row.dream != page.home:
                        continue
                    near = row.dream in (page.home, sources[at][0])
                    world = self._world(row) == self._world_of(page.home)
                    rank = (row.field not in names, 0 if near else 1 if world else 2)
                    ranks.setdefault(rank, []).append((home, record))
            for rank in sorted(ranks):  # a line is dear to make, and the first rank mostly has one
                able = [
                    (home, record)
                    for home, record in ranks[rank]
                    if self._line(record, page, self.slots[form[home[0]][0], home[1]], (rule,))
                ]
                if able:
                    break
            else:
                return None
            home, record = choice(streams(f"mention/{phrase}")[0], able)
            found[home] = record, rule
        return found

    def _world(self, record: Record) -> str:
        return self._world_of(record.dream)

    def _world_of(self, dream: int) -> str:
        return self.model.told[dream].facts.world

    # One sentence

    def _line(
        self, record: int, page: _Page, slot: Slot, extra: tuple[Rule, ...] = ()
    ) -> Line | None:
        """The line of a record under the rules of a field, of the page, and what else is asked."""
        heard = _ANY if self.model.is_neutral(record) else (page.voice, page.figure)
        home = slot.scene, slot.name
        plain = home not in self._own
        rules = (*(() if plain else slot.rules), *page.rules, *extra)
        if not rules:
            lines = self._lines_of(heard, page.mood)
            if record not in lines:
                lines[record] = self._made(record, page, ())
            return lines[record]
        key = record, heard, ("", "") if plain else home, extra
        if key not in page.narrow:
            page.narrow[key] = self._made(record, page, rules)
        return page.narrow[key]

    def _lines_of(self, heard: tuple[str, str], mood: str | None) -> dict[int, Line | None]:
        """The lines in a voice and a mood that are kept; those of the latest moods."""
        key = *heard, mood
        if key not in self._lines and mood:
            moods = dict.fromkeys(other for _, _, other in self._lines if other)
            if mood not in moods and len(moods) >= MOODS_KEPT:
                first = next(iter(moods))
                self._lines = {k: lines for k, lines in self._lines.items() if k[2] != first}
        return self._lines.setdefault(key, {})

    def _made(self, record: int, page: _Page, rules: tuple[Rule, ...]) -> Line | None:
        source = self.model.source(record, page.voice, page.figure)
        if source and rules:
            source = narrowed(source, rules)
        leans = shades(page.mood, self.model.record(record).scene) if page.mood else NO_LEANS
        made = Line(source, self._things, leans) if source else None
        return made if made and made.total > 0 else None

    def _told(
        self, page: _Page, row: _Row, options: Iterable[tuple[int, Line | None]], streams: Streams
    ) -> bool:
        """Tells a field by the first of some (record, line) pairs that can be told; False where
        none can."""
        block = 0
        seen = page.seen
        for record, line in options:
            if line is None or record in page.records or not seen.isdisjoint(line.held):
                continue
            for trial, word in enumerate(streams.words(row.path, block)):
                told = line.told(word >> 11, seen, trial < HOPES)
                if told is None:
                    continue
                said, marks, named = told
                text = line.text(said)
                if page.rules and any(rule.fault(text) for rule in page.rules):
                    continue
                seen.update(marks)
                page.records.add(record)
                page.told.append(_Told(row, text, named))
                return True
            block += 1
        return False

    # The whole

    def _parts(
        self, page: _Page, seed: Seed, index: int, request: Request
    ) -> dict[str, Any] | None:
        """The sentences as what a dream of the length that is asked for is made of, or None."""
        motifs = self._motifs(page, page.told)
        if not motifs:
            return None
        told = self._fitted(page.told, motifs[0][1], request)
        if told is None:
            return None
        if told is not page.told:
            motifs = self._motifs(page, told)
        scenes: list[dict[str, Any]] = []
        places: list[int] = []
        before = -1
        said = ""
        for row, text, _ in told:
            slot = row.slot
            if not said and slot.name == "figure":
                said = text
            if row.scene != before:
                before = row.scene
                fields: dict[str, Any] = {"kind": slot.scene}
                scenes.append(fields)
            fields[slot.name] = (text,) if slot.name == "coda" else text
            places.append(len(scenes) - 1)
        scenes = [
            {name: scene[name] for name in self._order[scene["kind"]] if name in scene}
            for scene in scenes
        ]
        if request.avoid and page.rules[0].fault(narrative(paragraphs(scenes))):
            return None
        return {
            "edition": self.edition, "seed": seed, "index": index, "arc": page.arc,
            "cast": {
                "pronoun": page.voice,
                "figure": page.figure,
                "attributes": attributes(said, page.figure),
            },
            "motifs": [
                {
                    "word": word,
                    "paths": tuple([_path(places[at], told[at].row.slot) for at in there]),
                }
                for word, there in motifs
            ],
            "scenes": scenes,
        }  # fmt: skip

    def _motifs(self, page: _Page, told: Sequence[_Told]) -> list[tuple[str, list[int]]]:
        """The things of the setting that return in the awakening, and the places of the sentences
        where they stand: the home's own thing first, then those that stand in most; three."""
        thing = stem(self.model.told[page.home].facts.thing)
        nouns = noun_roots()
        opening: dict[str, int] = {}
        closing: set[str] = set()
        places: dict[str, list[int]] = {}
        for at, (row, _, named) in enumerate(told):
            slot = row.slot
            kind = slot.scene
            if self.added and (kind, slot.name) in self.added:
                kind = ""  # the other fields are told as they would be without it
            for root, _, marked in named:
                if marked:
                    places.setdefault(root, []).append(at)
                    if kind == "setting":
                        opening.setdefault(root, at)
                    elif kind == "awakening":
                        closing.add(root)
        found = [
            (
                root != thing,
                list(dict.fromkeys(places[root])),
                next(word for other, word, _ in told[opening[root]].named if other == root),
            )
            for root in opening.keys() & closing
            if root in nouns or root == thing
        ]
        found.sort(key=lambda motif: (motif[0], -len(motif[1]), motif[2]))
        return [(said, there) for _, there, said in found[:3]]

    @cached_property
    def _things(self) -> frozenset[str]:
        """The stems of nouns, and of the things of the dreams."""
        return noun_roots() | {stem(dream.facts.thing) for dream in self.model.told}

    def _fitted(
        self, told: list[_Told], motif: Sequence[int], request: Request
    ) -> list[_Told] | None:
        """The sentences with the cheapest left out that bring the whole into its bounds."""
        least, most = request.words or DEFAULT_WORDS
        sizes = [line.text.count(" ") + 1 for line in told]
        if self.added and request.words is None:
            for at, line in enumerate(told):
                if (line.row.slot.scene, line.row.slot.name) in self.added:
                    sizes[at] = 0
        # an em dash joins two words in one stretch of letters, and a judge may count either way
        apart = [size + line.text.count("—") for size, line in zip(sizes, told, strict=True)]
        all_sizes, all_apart = OPENING + sum(sizes), OPENING + sum(apart)
        if all_sizes < least:
            return None
        if all_apart <= most:
            return told
        kept = {motif[0], motif[-1]}
        cheapest: dict[tuple[int, int], tuple[int, tuple[int, ...]]] = {(0, 0): (0, ())}
        for at, line in enumerate(told):
            cost_of_it = line.row.cost
            if cost_of_it < 0 or at in kept:
                continue
            for (size, other), (cost, out) in list(cheapest.items()):
                left = size + sizes[at], other + apart[at]
                if all_sizes - left[0] < least:
                    continue
                if left not in cheapest or cheapest[left][0] > cost + cost_of_it:
                    cheapest[left] = cost + cost_of_it, (*out, at)
        able = [
            (cost, out) for (_, other), (cost, out) in cheapest.items()
            if all_apart - other <= most
        ]  # fmt: skip
        if not able:
            return None
        gone = set(min(able)[1])
        return [line for at, line in enumerate(told) if at not in gone]


def _lasting(record: Record) -> frozenset[str]:
    """The stems of the words of a record that stand in nearly all of its tellings: around its
    slots, in every reading of one, or in an own reading that is linked to another sentence."""
    parts = SLOT.split(record.source)
    found = _stems(" , ".join(parts[::2]))
    for options in parts[1::2]:
        readings = options.split("|")
        linked = readings[0].startswith("=")
        readings[0] = own_of(readings[0])
        found |= frozenset.intersection(*map(_stems, readings[:1] if linked else readings))
    return found


def _stems(text: str) -> frozenset[str]:
    return frozenset(map(stem, spoken(text)))


def _path(scene: int, slot: Slot) -> str:
    return f"scenes.{scene}.{slot.scene}.{slot.name}" + ".0" * (slot.name == "coda")


@lru_cache(maxsize=1)
def retelling() -> Retelling:
    """The one over the book that ships."""
    return Retelling()


def with_voices(written: str) -> str:
    """The compact form of a book with the voices of each dream, so that they need not be found."""
    told = Retelling(BookModel(written))
    voices = (
        " ".join(voice for voice in VOICES if told.tells(home, voice))
        for home in range(len(told.model.told))
    )
    _, *rows = written.splitlines()
    return sealed(f"{row}\t{VOICED}{next(voices)}" if row.startswith("#") else row for row in rows)
