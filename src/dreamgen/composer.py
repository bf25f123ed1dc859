"""The composer: sentences drawn from the chain of a corpus, each in the shape of a real one.

A dream is written in steps, each from streams of its own, named by their paths:

1. `outline` (in `dreamgen.outline`) settles what will be told: arc, figure, scenes, fields, the
   shape of every sentence, and so the length; the words to be mentioned get their places.
2. Each field's sentence is drawn exactly from its plan: the chain, under the field's rules, in that
   shape. A sentence that repeats a word, or an image that the dream has already, is drawn again;
   the faults become rules of a narrower plan, so the sentence that is kept has the exact law of the
   plan conditioned on being without fault, and the search ends, since each plan is narrower.
3. The scenes are put together and judged by the schema, like anybody's.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from .cast import attributes
from .errors import Unsatisfiable
from .images import images_of
from .model import Model
from .outline import ADDED, Line, Outline, Streams, outlined
from .repeats import Once, Unlike
from .request import DEFAULT_WORDS, Request
from .rules import Avoids, Mentions, Rule, Words
from .sampler import Plan
from .schema import Dream, Slot
from .seeds import Seed, Stream, seed_key
from .shapes import Options, Shape, motif_places, plan_of, weighed
from .text import folded, is_word, joined, spoken, stem, word_count, words

# How many sentences are drawn before a fault becomes a rule of a narrower plan.
DRAWS = 6
MOST_NARROWINGS, FEW_NARROWINGS = 24, 2
PLANS = 4096

# The words of the opening formula, and how often the length is settled anew for a template's own.
OPENING_WORDS = 3
TEMPLATE_TRIES = 10

# How many choices of arc, scenes and shapes are tried: what one cannot meet, another may.
COURSES = 3


class Composer:
    """Writes dreams from a `Model`, under a schema whose fields are ``slots``, by kind of scene.

    Planning a sentence takes some 2 ms; plans are kept, at most `PLANS` of them.
    """

    def __init__(
        self,
        model: Model,
        schema: type[Dream],
        slots: dict[str, tuple[Slot, ...]],
        edition: str,
    ) -> None:
        self.model = model
        self.schema = schema
        self.slots = slots
        self.edition = edition
        self._plans: OrderedDict[tuple[object, ...], Plan] = OrderedDict()
        self._choices: dict[tuple[str, str, str], Options] = {}
        self._motifs: dict[str, dict[str, tuple[tuple[str, Shape], ...]]] = {}
        self._lock = threading.Lock()

    # What the outline asks

    def choices(self, slot: Slot, voice: str) -> Options:
        """The shapes that a field may take, and how readily; none where the corpus has none."""
        key = slot.scene, slot.name, voice
        found = self._choices.get(key)
        if found is None:
            found = self._choices[key] = Options(weighed(slot, voice, self.model))
        return found

    def plan(self, slot: Slot, shape: Shape, voice: str, extra: Sequence[Rule] = ()) -> Plan:
        """The plan of one field in one shape, made once and kept while it is among the latest."""
        key = (slot, shape.tags, voice, tuple(extra))
        with self._lock:
            plan = self._plans.get(key)
            if plan is not None:
                self._plans.move_to_end(key)
                return plan
        plan = plan_of(slot, shape, voice, self.model, extra)
        with self._lock:
            self._plans[key] = plan
            if len(self._plans) > PLANS:
                self._plans.popitem(last=False)
        return plan

    def motifs(self, voice: str) -> dict[str, tuple[tuple[str, Shape], ...]]:
        """The images that can return, with the fields and shapes where they can stand."""
        if voice not in self._motifs:
            fields = [slot for found in self.slots.values() for slot in found]
            self._motifs[voice] = motif_places(fields, voice, self.model)
        return self._motifs[voice]

    # Writing

    def dream(self, seed: Seed, index: int, request: Request) -> Dream:
        """The dream of a seed; raises `Unsatisfiable` where there is none."""
        key = seed_key(seed)
        refused: Unsatisfiable | None = None
        for course in range(COURSES):

            def streams(path: str, course: int = course) -> Stream:
                return Stream(key, index, f"course.{course}/{path}" if course else path)

            try:
                return self._dream(seed, index, request, streams)
            except Unsatisfiable as error:
                refused = refused or error
        assert refused is not None
        raise refused

    def _dream(self, seed: Seed, index: int, request: Request, streams: Streams) -> Dream:
        least, most = request.words or DEFAULT_WORDS
        around, longest = OPENING_WORDS, 0
        low: int | None = None  # what made the dream too long, and what made it too short
        high: int | None = None
        for attempt in range(TEMPLATE_TRIES):
            outline = outlined(self, request, streams, around)
            dream, added = self._told(outline.patient() if attempt else outline, seed, index)
            count, spaced = word_count(dream.text) - added, len(dream.text.split()) - added
            if least <= spaced and count <= most:
                return _without_avoided(dream, request)
            if attempt and count <= longest < least - 50:
                break  # the corpus has no more to say
            longest = max(longest, count)
            if count > most:
                low, step = around, count - most
            else:
                high, step = around, spaced - least
            around += step
            if low is not None and high is not None and not low < around < high:
                around = (low + high) // 2
                if around in (low, high):
                    break
        if request.words is None:  # a small corpus has not more to say
            return _without_avoided(dream, request)
        if longest < least:
            reach = f"this seed reaches {longest} words with this corpus: ask for that, or fewer"
        else:
            reach = f"try words=({max(least - 12, 0)}, {most + 12}), or another seed"
        raise Unsatisfiable("", [Words(least, most)], reach)

    def _told(self, told: Outline, seed: Seed, index: int) -> tuple[Dream, int]:
        """The dream of an outline, shortened to what was asked, and how many of its words do not
        count: those of fields that the schema at hand has added, unless a length was asked for."""
        told, texts = self._filled(told)
        _, most = told.request.words or DEFAULT_WORDS
        extra = () if told.request.words else (x for x in told.lines if x.tier == ADDED)
        added = sum(word_count(texts[line.path]) for line in extra)
        around = OPENING_WORDS
        while True:
            told = told.shortened(texts, around)
            dream = self._dream_of(told, texts, seed, index)
            count = word_count(dream.text)
            if count - added <= most:
                return dream, added
            around = count - added - sum(word_count(texts[line.path]) for line in told.lines)
            shorter = told.shortened(texts, around)
            if shorter.lines == told.lines:
                return dream, added
            told = shorter

    def _dream_of(self, told: Outline, texts: Mapping[str, str], seed: Seed, index: int) -> Dream:
        """The sentences of an outline as a dream, judged by the schema."""
        scenes, paths = _scenes(told, texts)
        figure = self._figure(paths.values())
        told_first = next((line for line in paths.values() if figure in spoken(line)), "")
        data = {
            "edition": self.edition,
            "seed": seed,
            "index": index,
            "arc": told.arc,
            "cast": {
                "pronoun": told.voice,
                "figure": figure,
                "attributes": attributes(told_first, figure),
            },
            "motifs": self._motifs_of(paths),
            "scenes": scenes,
        }
        try:
            return self.schema.model_validate(data, context=self.model)
        except ValidationError as error:  # a law is broken: never hand over what it would refuse
            raise AssertionError(f"seed {seed!r}, index {index}: {error}") from error

    def _filled(self, told: Outline) -> tuple[Outline, dict[str, str]]:
        """The sentences by path, and the outline as it could be filled.

        A line that cannot be written in its shape takes another, or is left out.
        """
        seen: set[tuple[str, ...]] = set()
        texts: dict[str, str] = {}
        for path in [line.path for line in sorted(told.lines, key=_precedence)]:
            while path not in texts and (line := told.line(path)):
                if made := self._sentence(line, told, seen):
                    text, shown = made
                    seen |= shown
                    seen.add(("=", text))
                    texts[path] = text
                elif path in told.motifs:
                    told = told.with_echo(line, self._named(texts, told))
                elif told.can_spare(line):
                    told = told.omitting(line)
                else:
                    told = told.without(line)
        return self._echoed(told, texts, seen)

    def _echoed(
        self, told: Outline, texts: dict[str, str], seen: set[tuple[str, ...]]
    ) -> tuple[Outline, dict[str, str]]:
        """With something of the setting returning in the awakening, if nothing did by itself."""
        if self._motifs_of({_numbered(line): texts[line.path] for line in told.lines}):
            return told, texts
        named = self._named(texts, told)
        for line in reversed(told.lines):
            plain = not any(isinstance(rule, Mentions) for rule in line.rules)
            if named and plain and line.slot.scene == "awakening" and line.slot.many == 1:
                other = told.with_echo(line, named)
                again = other.line(line.path)
                if again and (made := self._sentence(again, other, seen)):
                    return other, texts | {line.path: made[0]}
        return told, texts

    def _sentence(
        self, line: Line, told: Outline, seen: set[tuple[str, ...]]
    ) -> tuple[str, frozenset[tuple[str, ...]]] | None:
        """A sentence without fault and its images, or None where the line's shapes have none.

        Each shape of a like length gets its draws. Then a line that can be spared is let go, and
        for one that cannot the faults become rules, until a sentence has none or no plan is left.
        """
        stream = told.streams(line.path)
        used = 0
        draws = DRAWS
        for shape in told.alternatives(line):
            plan = self.plan(line.slot, shape, told.voice, line.rules)
            drawn, used = self._drawn(plan, told, stream, used, draws, seen)
            if drawn and not drawn.fault:
                return drawn.text, drawn.images
            draws = DRAWS // 2
        if told.can_spare(line):
            return None
        rules = list(line.rules)
        most = MOST_NARROWINGS if line.tier == 0 else FEW_NARROWINGS
        while len(rules) < len(line.rules) + most:
            plan = plan_of(line.slot, line.shape, told.voice, self.model, rules)
            drawn, used = self._drawn(plan, told, stream, used, DRAWS, seen)
            if drawn is None:
                return None
            if not drawn.fault:
                return drawn.text, drawn.images
            rules.append(_against(drawn.fault, drawn.text))
        return None

    def _drawn(
        self,
        plan: Plan,
        told: Outline,
        stream: Stream,
        used: int,
        draws: int,
        seen: set[tuple[str, ...]],
    ) -> "tuple[Drawn | None, int]":
        """The first of a plan's draws without fault, or the last; and how much of the stream is
        used."""
        if not plan.total:
            return None, used
        contents, printed = self.model.contents, self.model.printed
        width = plan.choices
        for _ in range(draws):
            drawn = plan.walk(stream.extend(used + width)[used : used + width])
            used += width
            fault = _repeated([contents[token] for token in drawn])
            said = [printed[token] for token in drawn]
            shown = images_of(said)
            if told.openings:
                shown |= {_opening(said)}
            if not fault and not seen.isdisjoint(shown):
                fault = min(shown & seen)
            if not fault:
                text = joined(said)
                if ("=", text) not in seen:
                    return Drawn(text, shown), used
                fault = ("=", text)
        return Drawn(joined(said), shown, fault), used

    def _named(self, texts: Mapping[str, str], told: Outline) -> list[str]:
        """The concrete nouns of the setting's sentences so far."""
        settings = [
            texts[x.path] for x in told.lines if x.slot.scene == "setting" and x.path in texts
        ]
        found = (word for text in settings for word in words(text))
        return [word for word in dict.fromkeys(found) if word in self.model.things]

    def _motifs_of(self, paths: Mapping[str, str]) -> list[dict[str, Any]]:
        """The concrete nouns of the setting that return in the awakening, and where they stand."""
        stands: dict[str, list[tuple[str, str]]] = {}
        for path, line in paths.items():
            for word in dict.fromkeys(spoken(line)):
                if word in self.model.things:
                    stands.setdefault(stem(word), []).append((path, word))
        found = []
        for there in stands.values():
            kinds = {path.split(".")[2] for path, _ in there}
            if {"setting", "awakening"} <= kinds:
                where = tuple(dict.fromkeys(path for path, _ in there))
                found.append({"word": there[0][1], "paths": where})
        return found

    def _figure(self, lines: Iterable[str]) -> str:
        """The noun by which the dream first calls its figure."""
        said = (word for line in lines for word in spoken(line))
        lexicon = self.model.lexicon
        return next((word for word in said if "NNF" in lexicon.get(word, ())), "figure")


def _precedence(line: Line) -> tuple[bool, bool, bool, tuple[int, int]]:
    """A field that the schema at hand has added yields to all; a line that must say a certain
    thing goes before one that may say anything, and a line that must be there before another."""
    asked = any(isinstance(rule, Mentions) for rule in (*line.slot.rules, *line.rules))
    return line.tier == ADDED, not asked, line.tier > 0, line.rank


def _without_avoided(dream: Dream, request: Request) -> Dream:
    """The dream, if the template too keeps clear of the words to avoid."""
    said = set(spoken(dream.text))
    avoided = [word for word in request.avoid if words(word)[0] in said and len(words(word)) == 1]
    if avoided:
        hint = "the template itself says it; let it, or render with a template of your own"
        raise Unsatisfiable("", [Avoids(*avoided)], hint)
    return dream


def _numbered(line: Line) -> str:
    """The path of a line, whatever has become of the scenes before it."""
    return f"scenes.{line.scene}.{line.slot.scene}.{line.slot.name}"


def _scenes(told: Outline, texts: Mapping[str, str]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The scenes as the schema takes them, empty ones left out, and the lines by their paths."""
    kept = sorted({line.scene for line in told.lines})
    scenes: list[dict[str, Any]] = [{"kind": told.kinds[place]} for place in kept]
    paths: dict[str, str] = {}
    for line in told.lines:
        number = kept.index(line.scene)
        fields, name = scenes[number], line.slot.name
        path = f"scenes.{number}.{line.slot.scene}.{name}"
        if line.slot.many > 1:
            before = fields.get(name, ())
            path = f"{path}.{len(before)}"
            fields[name] = (*before, texts[line.path])
        else:
            fields[name] = texts[line.path]
        paths[path] = texts[line.path]
    return scenes, paths


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sentence that was drawn, its images, and what is wrong with it (empty: nothing)."""

    text: str
    images: frozenset[tuple[str, ...]]
    fault: tuple[str, ...] = ()


def _opening(said: Sequence[str]) -> tuple[str, ...]:
    """The first three words of a sentence, as something not to be seen twice."""
    return "^", *[folded(token) for token in said if is_word(token)][:3]


def _repeated(contents: Sequence[str]) -> tuple[str, ...]:
    """The first content word that a sentence has twice, as a fault."""
    held = [root for root in contents if root]
    if len(held) == len(set(held)):
        return ()
    return "2", next(root for place, root in enumerate(held) if root in held[:place])


def _against(fault: tuple[str, ...], text: str) -> Rule:
    """The rule that the fault breaks."""
    if fault[0] == "2":
        return Once(fault[1])
    if fault[0] == "=":
        return Unlike(("^", *words(text)))
    return Unlike(fault)
