"""Whole dreams from the book: which lines are told, and what holds through all of them.

A dream keeps to one world of the book. Each scene follows a scene of one of its dreams, so that a
sentence still answers the one before; where that scene lacks a field, a line from elsewhere stands
in. One figure, one voice and one hour hold throughout, and the thing of the setting is the thing
that changes and that is carried back. Every line is told in new words (`dreamgen.retold`).

`Retelling.dream` gives None where a request is beyond the book; the documents then tell it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from .bookmodel import BookModel, book_model
from .corpus import SCENES, VOICES
from .outline import DEFAULT_WORDS, Request
from .retold import Frame, frame_of, printed
from .rules import Avoids, Rule
from .schema import Dream, Slot, images_of, scenes_of, slots
from .seeds import Seed, Stream, choice, seed_key
from .text import folded, is_word, stem, word_count, words

ALGORITHM = 1
TRIES = 8
STRAYS = 40
ATTEMPTS = 32

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

_NIGHT = frozenset({"dusk", "night"})


@dataclass
class _Page:
    """A dream being written: what stands in it, and what it has used."""

    voice: str
    world: int
    shunned: frozenset[int]
    figure: str = ""
    thing: str = ""
    images: set[tuple[str, ...]] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    lines: dict[str, str] = field(default_factory=dict)
    told: set[tuple[int, int]] = field(default_factory=set)


class Retelling:
    """Writes dreams from a `BookModel`, by default the one that ships.

    The first use of a line makes its frame, some 0.2 ms; frames are kept.
    """

    def __init__(self, model: BookModel | None = None) -> None:
        self.model = model or book_model()
        self._frames: dict[tuple[int, int], Frame] = {}
        self._pools: dict[tuple[tuple[str, str], int, bool, str], list[int]] = {}
        self.slots = {
            (slot.scene, slot.name): slot for scene in scenes_of(Dream) for slot in slots(scene)
        }

    @cached_property
    def edition(self) -> str:
        """The name of the algorithm and the book."""
        return f"book-{ALGORITHM}.{self.model.digest}"

    @cached_property
    def _places(self) -> dict[tuple[int, int], dict[str, list[int]]]:
        """The lines of each (dream, block), by field."""
        found: dict[tuple[int, int], dict[str, list[int]]] = {}
        for line, (dream, _, block, _, role, _) in enumerate(self.model.homes.tolist()):
            fields = found.setdefault((dream, block), {})
            fields.setdefault(self.model.roles[role], []).append(line)
        return found

    @cached_property
    def _blocks(self) -> dict[tuple[str, str], list[tuple[int, int]]]:
        """The (dream, block) pairs of each (world, kind)."""
        found: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for dream, _, block, scene, _, _ in self.model.homes.tolist():
            key = self.model.told[dream].facts.world, SCENES[scene]
            pairs = found.setdefault(key, [])
            if not pairs or pairs[-1] != (dream, block):
                pairs.append((dream, block))
        return {key: list(dict.fromkeys(pairs)) for key, pairs in found.items()}

    @cached_property
    def _fields(self) -> dict[tuple[str, str], list[int]]:
        """The lines of each (kind of scene, field)."""
        found: dict[tuple[str, str], list[int]] = {}
        for line, (_, _, _, scene, role, _) in enumerate(self.model.homes.tolist()):
            found.setdefault((SCENES[scene], self.model.roles[role]), []).append(line)
        return found

    def dream(self, seed: Seed, index: int, request: Request) -> Dream | None:
        """The dream of a seed, or None where the book cannot meet the request."""
        key = seed_key(seed)
        if any(len(words(phrase)) > 1 for phrase in request.mention):
            return None
        for attempt in range(ATTEMPTS):
            prefix = f"book/{attempt}/" if attempt else "book/"

            def streams(path: str, prefix: str = prefix) -> Stream:
                return Stream(key, index, prefix + path)

            told = self._attempt(seed, index, request, streams)
            if told is not None:
                return told
        return None

    def _attempt(
        self, seed: Seed, index: int, request: Request, streams: Callable[[str], Stream]
    ) -> Dream | None:
        model = self.model
        arc = request.arc or choice(streams("arc")[0], sorted(FORMS))
        voice = request.pronoun or choice(streams("voice")[0], VOICES)
        world = choice(streams("world")[0], model.worlds)
        roots = {stem(word) for phrase in request.avoid for word in words(phrase)}
        shunned = (
            frozenset(at for at, root in enumerate(model.stems) if root in roots)
            if roots
            else frozenset()
        )
        page = _Page(voice, model.worlds.index(world), shunned)
        blocks = self._spine(arc, world, voice, request.mood, streams)
        if blocks is None:
            return None
        plan = self._lengths(arc, request)
        if plan is None:
            return None
        pending = {stem(phrase): phrase for phrase in request.mention}
        homes = self._sayings(plan, arc, voice, pending, streams)
        if homes is None:
            return None
        scenes: list[dict[str, Any]] = []
        for at, ((kind, _), fields) in enumerate(zip(FORMS[arc], plan, strict=True)):
            scene: dict[str, Any] = {"kind": kind}
            for name in fields:
                path = f"scenes.{at}.{kind}.{name}"
                saying = homes.get((at, name), ())
                text = self._line(page, blocks[at], (kind, name), streams(path), pending, saying)
                if text is None:
                    if self.slots[kind, name].required or name in OWN[arc]:
                        return None
                    continue
                scene[name] = (text,) if name == "coda" else text
                page.lines[path + (".0" if name == "coda" else "")] = text
            if len(scene) == 1:
                return None
            scenes.append(scene)
        if pending:
            return None
        motifs = self._motifs(page)
        if not motifs:
            return None
        data = {
            "edition": self.edition, "seed": seed, "index": index, "arc": arc,
            "cast": {"pronoun": voice, "figure": page.figure or "figure"},
            "motifs": motifs, "scenes": scenes,
        }  # fmt: skip
        dream = Dream.model_validate(data)
        least, most = request.words or DEFAULT_WORDS
        if not least <= len(dream.text.split()) or word_count(dream.text) > most:
            return None
        if request.avoid and Avoids(*request.avoid).fault(dream.text):
            return None
        return dream

    def _spine(
        self, arc: str, world: str, voice: str, mood: str | None, streams: Callable[[str], Stream]
    ) -> list[tuple[int, int]] | None:
        """The scene of the book that each scene of the dream follows."""
        chosen: list[tuple[int, int]] = []
        dark: bool | None = None
        for at, (kind, fields) in enumerate(FORMS[arc]):
            pool: list[tuple[int, int]] = []
            weights: list[float] = []
            for dream, block in self._blocks[world, kind]:
                told = self.model.told[dream]
                if (told.facts.pronoun == "they") != (voice == "they"):
                    continue
                if dark is not None and kind != "awakening" and (told.facts.hour in _NIGHT) != dark:
                    continue
                there = self._places[dream, block]
                share = sum(name in there for name in fields) / len(fields)
                if share < 0.5 or (dream, block) in chosen:
                    continue
                weight = share**3 * (3.0 if told.arc == arc else 1.0)
                pool.append((dream, block))
                weights.append(weight * (8.0 if mood and told.facts.mood == mood else 1.0))
            if not pool:
                return None
            upto = np.cumsum(weights)
            pick = int(np.searchsorted(upto, streams(f"scenes.{at}")[0] * upto[-1], side="right"))
            chosen.append(pool[min(pick, len(pool) - 1)])
            if dark is None:
                dark = self.model.told[chosen[0][0]].facts.hour in _NIGHT
        return chosen

    def _lengths(self, arc: str, request: Request) -> list[tuple[str, ...]] | None:
        """The fields that are told, so that their words keep to the bound."""
        least, most = request.words or DEFAULT_WORDS
        plan = [list(fields) for _, fields in FORMS[arc]]
        mean = 17.0
        spare = ["lesson", "time", "view", "gesture", "bond", "vow", "gaze", "remains", "fading",
                 "truth", "secret", "face", "air", "ground", "landscape", "answer", "approach",
                 "dawn", "presence"]  # fmt: skip
        room = (most + max(least, most * 0.75)) / 2
        while sum(map(len, plan)) * mean > room and spare:
            name = spare.pop(0)
            for fields in plan:
                if name in fields and len(fields) > 1:
                    fields.remove(name)
        total = sum(map(len, plan)) * mean
        return [tuple(fields) for fields in plan] if least * 0.8 <= total <= most * 1.1 else None

    def _line(
        self, page: _Page, block: tuple[int, int], home: tuple[str, str], stream: Stream,
        pending: dict[str, str], saying: Sequence[int] = (),
    ) -> str | None:  # fmt: skip
        """A sentence for a field, from its scene's line or a stray one, or None."""
        slot = self.slots[home]
        rules = slot.rules
        used = 8
        for line in (*saying, *self._candidates(page, block, home, stream)):
            source = (int(self.model.homes[line, 0]), int(self.model.homes[line, 1]))
            held = self._held(page, line)
            if held is None or source in page.told:
                continue
            named = self._mentioned(line, held, pending)
            frame = self._frame(line, page, {**held, **named[1]} if named else held)
            if frame.total <= 0:
                continue
            for _ in range(TRIES):
                tokens, used = frame.told(stream, used)
                if made := self._accepted(page, frame, tokens, slot, rules):
                    self._note(page, line, home, tokens, made[1])
                    page.told.add(source)
                    if named:
                        pending.pop(named[0])
                    return made[0]
        return None

    def _sayings(
        self, plan: Sequence[Sequence[str]], arc: str, voice: str, pending: dict[str, str],
        streams: Callable[[str], Stream],
    ) -> dict[tuple[int, str], list[int]] | None:  # fmt: skip
        """For each word to be mentioned a field, and lines of it that say the word themselves."""
        model, found = self.model, dict[tuple[int, str], list[int]]()
        for root, phrase in pending.items():
            said = [at for at, other in enumerate(model.stems) if other == root]
            places = np.flatnonzero(np.isin(model.frames.tokens, said))
            lines = np.searchsorted(model.frames.first, places, side="right") - 1
            able = {
                line for line in lines.tolist()
                if model.homes[line, 5] in (-1, VOICES.index(voice))
            }  # fmt: skip
            offers = []
            for at, fields in enumerate(plan):
                for name in fields:
                    there = self._fields.get((FORMS[arc][at][0], name), [])
                    if (at, name) not in found and (both := [x for x in there if x in able]):
                        offers.append(((at, name), both))
            if not offers:
                return None
            stream = streams(f"mention/{phrase}")
            home, both = choice(stream[0], offers)
            start = int(stream[1] * len(both))
            found[home] = (both[start:] + both[:start])[:STRAYS]
        return found

    def _candidates(
        self, page: _Page, block: tuple[int, int], home: tuple[str, str], stream: Stream
    ) -> Iterator[int]:
        """The line of the block, then strays: those of the same world first."""
        voice = VOICES.index(page.voice)
        homes = self.model.homes
        own = self._places[block].get(home[1], [])
        yield from (line for line in own if homes[line, 5] in (-1, voice))
        told = self.model.told[block[0]].facts
        dark = told.hour in _NIGHT
        for world in (told.world, ""):
            pool = self._able(home, voice, dark, world)
            start = int(stream[7] * len(pool)) if pool else 0
            turned = (pool[start:] + pool[:start])[:STRAYS]
            yield from (line for line in turned if line not in own)

    def _able(self, home: tuple[str, str], voice: int, dark: bool, world: str) -> list[int]:
        """The lines of a field that a voice and an hour allow, of one world or ("") of any."""
        key = home, voice, dark, world
        if key not in self._pools:
            told, homes = self.model.told, self.model.homes
            self._pools[key] = [
                line for line in self._fields.get(home, [])
                if homes[line, 5] in (-1, voice)
                and world in ("", told[homes[line, 0]].facts.world)
                and (told[homes[line, 0]].facts.hour in _NIGHT) == dark
            ]  # fmt: skip
        return self._pools[key]

    def _held(self, page: _Page, line: int) -> dict[int, int] | None:
        """The tokens that the dream so far lays down for a line; None where it cannot have them."""
        model = self.model
        told = model.told[model.homes[line, 0]]
        low, high = model.frames.first[line], model.frames.first[line + 1]
        held: dict[int, int] = {}
        for place, token in enumerate(model.frames.tokens[low:high].tolist()):
            word, tag = model.tokens[token]
            if page.thing and told.thing and model.stems[token] == told.thing and tag[:2] == "NN":
                if stem(page.thing) == told.thing:
                    held[place] = token
                    continue
                kind = int(model.frames.slots[low + place])
                other = self._alike(kind, stem(page.thing)) if kind >= 0 else None
                if other is None:
                    return None
                held[place] = other
            elif page.figure and word in _NOUNS and self._speaks(told.facts.figure, word):
                other = self._number.get((page.figure, tag))
                if other is None:
                    return None
                if other != token:
                    return held if word == page.figure else None
        return held

    def _speaks(self, figure: str, word: str) -> bool:
        return word == figure or _PAIRS.get(figure) == word

    @cached_property
    def _number(self) -> dict[tuple[str, str], int]:
        return {token: at for at, token in enumerate(self.model.tokens)}

    def _alike(self, kind: int, root: str) -> int | None:
        """The token of a slot's class with a stem."""
        frames = self.model.frames
        at = frames.type_class[kind]
        for token in frames.class_tokens[frames.class_first[at] : frames.class_first[at + 1]]:
            if self.model.stems[token] == root:
                return int(token)
        return None

    def _mentioned(
        self, line: int, held: dict[int, int], pending: dict[str, str]
    ) -> tuple[str, dict[int, int]] | None:
        """The first word still to be mentioned that a line can say, and where."""
        model = self.model
        low, high = model.frames.first[line], model.frames.first[line + 1]
        for root in pending:
            for place, token in enumerate(model.frames.tokens[low:high].tolist()):
                if place in held:
                    continue
                if model.stems[token] == root:
                    return root, {place: token}
                kind = int(model.frames.slots[low + place])
                other = self._alike(kind, root) if kind >= 0 else None
                if other is not None:
                    return root, {place: other}
        return None

    def _frame(self, line: int, page: _Page, held: dict[int, int]) -> Frame:
        if held or page.shunned:
            return frame_of(self.model, line, page.world, held=held, shunned=page.shunned)
        key = line, page.world
        if key not in self._frames:
            self._frames[key] = frame_of(self.model, line, page.world)
        return self._frames[key]

    def _accepted(
        self, page: _Page, frame: Frame, tokens: list[int], slot: Slot, rules: Sequence[Rule]
    ) -> tuple[str, list[str]] | None:
        """The sentence, if nothing of the dream or the book speaks against it."""
        model = self.model
        if model.copied([model.alike[token] for token in tokens]) >= 0:
            return None
        fresh = {
            model.stems[new] for new, old in zip(tokens, frame.tokens, strict=True) if new != old
        }
        if not page.used.isdisjoint(fresh):
            return None
        text, said = printed(model, tokens)
        if not page.images.isdisjoint(images_of(said)):
            return None
        if any(rule.fault(text) for rule in rules):
            return None
        return text, said

    def _note(
        self, page: _Page, line: int, home: tuple[str, str], tokens: list[int], said: list[str]
    ) -> None:
        """What a sentence has settled for those to come."""
        model = self.model
        told = model.told[model.homes[line, 0]]
        own = model.frames.tokens[model.frames.first[line] : model.frames.first[line + 1]].tolist()
        if home == ("setting", "thing") and told.thing:
            page.thing = next(
                (folded(model.words[new]) for new, old in zip(tokens, own, strict=True)
                 if model.stems[old] == told.thing and model.tokens[old][1][:2] == "NN"), "",
            )  # fmt: skip
        if home[1] == "figure":
            page.figure = next((w for w in said if self._speaks(told.facts.figure, w)), page.figure)
        page.images |= images_of(said)
        page.used |= {
            stem(folded(word))
            for word, token in zip(said, tokens, strict=True)
            if is_word(word) and model.tokens[token][1][:2] in ("NN", "JJ")
        }

    def _motifs(self, page: _Page) -> list[dict[str, Any]]:
        """The things of the setting that return in the awakening, the thing itself first."""
        nouns = self._nouns
        where: dict[str, list[str]] = {}
        for path, text in page.lines.items():
            for word in dict.fromkeys(words(text)):
                if word in nouns:
                    where.setdefault(stem(word), []).append(path)
        found = [
            (root, paths)
            for root, paths in where.items()
            if ".setting." in paths[0] and ".awakening." in paths[-1]
        ]
        found.sort(key=lambda pair: (pair[0] != stem(page.thing or "-"), -len(pair[1])))
        said = {stem(word): word for text in page.lines.values() for word in reversed(words(text))}
        return [{"word": said[root], "paths": tuple(paths)} for root, paths in found[:3]]

    @cached_property
    def _nouns(self) -> frozenset[str]:
        """The words that name things of a kind."""
        frames = self.model.frames
        slotted = set(frames.tokens[frames.slots >= 0].tolist())
        return frozenset(
            folded(word)
            for at, (word, tag) in enumerate(self.model.tokens)
            if tag in ("NN", "NNS") and at in slotted
        )


_PAIRS = {"woman": "man", "girl": "boy", "man": "woman", "boy": "girl"}
_NOUNS = frozenset("woman man girl boy child stranger person".split())


@lru_cache(maxsize=1)
def retelling() -> Retelling:
    """The one over the book that ships."""
    return Retelling()
