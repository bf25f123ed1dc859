"""What a dream will tell, settled before a word is drawn: arc, figure, scenes, fields and shapes.

Comes in: a request, and the streams of one seed and index. Goes out: an `Outline`, a line for every
sentence to come. Each decision reads a stream of its own, named by what it decides, so that a field
or a scene added elsewhere leaves the others as they were; the shape of a sentence fixes its length,
so the length of the whole is settled here too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from zlib import crc32

import numpy as np

from .arcs import ARCS, FREE, KINDS, scene_plan
from .errors import Unsatisfiable
from .facts import VOICES
from .model import Model
from .moods import leaning
from .request import DEFAULT_WORDS, Request
from .rules import Avoids, Leans, Mentions, Novel, Rule, Words
from .sampler import Plan
from .schema import OTHERS, Dream, Slot, scenes_of, slots
from .seeds import Stream, choice
from .shapes import Choice, Options, Shape, every_shape
from .text import listed, nearest, stem, word_count, words

ADDED = 4
SMALL = 20_000
ALTERNATIVES = 3
MOST_TRIED = 4
Streams = Callable[[str], Stream]


class Planner(Protocol):
    """What an outline asks of the dreamer."""

    model: Model
    slots: dict[str, tuple[Slot, ...]]

    def choices(self, slot: Slot, voice: str) -> Options: ...

    def plan(self, slot: Slot, shape: Shape, voice: str, extra: Sequence[Rule] = ()) -> Plan: ...

    def motifs(self, voice: str) -> dict[str, tuple[tuple[str, Shape], ...]]: ...


@dataclass(frozen=True)
class Line:
    """One sentence to come: its path, its field, its shape, and what is asked of it beside.

    ``rank`` is the order in which lines are written: a line yields to those before it. ``tier`` is
    0 for what must be told, 1 for what the arc's document tells, 2 for what any dream may tell, 3
    for the same again in a later scene, `ADDED` for a field that the schema at hand has added.
    """

    path: str
    scene: int
    slot: Slot
    tier: int
    rank: tuple[int, int]
    shape: Shape
    rules: tuple[Rule, ...] = ()
    spent: frozenset[Shape] = frozenset()


@dataclass(frozen=True)
class Outline:
    """A dream to come; ``motifs`` are the paths of the two lines that share an image."""

    arc: str
    voice: str
    kinds: tuple[str, ...]
    lines: tuple[Line, ...]
    motifs: frozenset[str]
    least: int
    request: Request
    streams: Streams = field(repr=False)
    planner: Planner = field(repr=False)
    rules: tuple[Rule, ...] = ()
    stubborn: bool = False

    @property
    def words(self) -> int:
        """The words of all lines; the template adds its own."""
        return sum(line.shape.words for line in self.lines)

    def line(self, path: str) -> Line | None:
        """The line at a path, if there is one."""
        return next((line for line in self.lines if line.path == path), None)

    def alternatives(self, line: Line) -> Iterator[Shape]:
        """The line's shape, then a few others of its field that keep the length asked for."""
        yield line.shape
        slack = 0 if self.request.words else 4
        stream = self.streams(f"{line.path}/shape")
        spent = line.spent | {line.shape}
        for _ in range(ALTERNATIVES if self.can_spare(line) else 3 * ALTERNATIVES):
            shape = _shape(self.planner, line.slot, self.voice, line.rules, stream, spent)
            if shape is None:
                return
            spent |= {shape}
            if abs(shape.words - line.shape.words) <= slack:
                yield shape

    def can_spare(self, line: Line) -> bool:
        """Whether the dream is whole without the line."""
        plain = line.path not in self.motifs and not _asked(line)
        return line.tier > 0 and plain and not self.stubborn

    def shortened(self, texts: Mapping[str, str], around: int) -> "Outline":
        """The outline without as many of the lines that can be spared as its length asks.

        ``around`` is how many words the template adds to the sentences.
        """
        counts = {line.path: word_count(texts[line.path]) for line in self.lines}
        total = sum(counts.values()) + max(around, 0)
        least, most = self.request.words or DEFAULT_WORDS
        told = replace(self, stubborn=False)
        spare = [line for line in self.lines if told.can_spare(line)]
        for line in sorted(spare, key=lambda x: (-x.tier, _precedence(x.path))):
            if total > most and total - counts[line.path] >= least:
                told = told.omitting(line)
                total -= counts[line.path]
        return told

    def patient(self) -> "Outline":
        """The outline with no line let go before plans without its faults have been tried."""
        return replace(self, stubborn=True)

    @property
    def openings(self) -> bool:
        """Whether no two sentences may open alike; a long dream has not so many openings."""
        return self.words < 700

    def omitting(self, line: Line) -> "Outline":
        """The outline without the line."""
        return replace(self, lines=tuple(x for x in self.lines if x is not line))

    def with_echo(self, failed: Line, named: Sequence[str]) -> "Outline":
        """The outline with a line that need not hold its motif, only something of the setting."""
        awakening = failed.slot.scene == "awakening"
        rules = (*self.rules, Mentions(*named, least=1)) if awakening and named else self.rules
        stream = self.streams(f"{failed.path}/echo")
        shape = _shape(self.planner, failed.slot, self.voice, rules, stream)
        other = replace(failed, shape=shape or failed.shape, rules=rules)
        lines = tuple(other if x is failed else x for x in self.lines)
        return replace(self, lines=lines, motifs=self.motifs - {failed.path})

    def without(self, failed: Line) -> "Outline":
        """The outline with another shape for a line that could not be written, or without it."""
        spent = failed.spent | {failed.shape}
        asked = [rule for rule in failed.rules if isinstance(rule, Mentions)]
        shape = _shape(
            self.planner, failed.slot, self.voice, failed.rules,
            self.streams(f"{failed.path}/shape"), spent,
        )  # fmt: skip
        tried = len(failed.spent) + 1
        if failed.tier > 0 and not asked and tried >= MOST_TRIED:
            return self.omitting(failed)
        if shape is None and (failed.tier == 0 or asked):
            raise Unsatisfiable(
                failed.path,
                _smallest(self.planner, failed.slot, self.voice, failed.rules),
                _way_out(self.planner.model, "ask for less in one dream, or use another seed"),
            )
        if shape is None:
            return self.omitting(failed)
        other = replace(failed, shape=shape, spent=spent)
        return replace(self, lines=tuple(other if x is failed else x for x in self.lines))


def outlined(planner: Planner, request: Request, streams: Streams, template_words: int) -> Outline:
    """The outline of one dream.

    ``template_words`` is how many words the template adds. Raises `Unsatisfiable`, naming the
    smallest conflicting set of rules and a way out, where the request cannot be met.
    """
    _known(planner.model, request)
    arc = request.arc or choice(streams("arc")[0], tuple(ARCS))
    voice = request.pronoun or choice(streams("cast")[0], VOICES)
    rules = _everywhere(planner.model, request, voice)
    least, most = request.words or DEFAULT_WORDS
    least, most = max(least - template_words, 0), most - template_words
    target = _target(request.words, least, most, streams("length")[0])
    count = _scene_count(arc, target)
    walk = scene_plan(arc, count).walk(streams("scenes"))
    kinds = tuple(KINDS[number] for number in walk)
    offered = _offered(planner, arc, voice, kinds, rules, streams)
    lines = _chosen(offered, target, planner, voice)
    lines, motifs = _with_motif(planner, voice, lines, rules, streams)
    lines = _with_mentions(planner, voice, lines, offered, request, rules, streams)
    lines = _fitted(planner, voice, lines, offered, (least, most), request, streams)
    order = {line.path: place for place, line in enumerate(offered)}
    lines = sorted(lines, key=lambda line: order[line.path])
    return Outline(arc, voice, kinds, tuple(lines), motifs, least, request, streams, planner, rules)


def _known(model: Model, request: Request) -> None:
    """Refuses a word to be mentioned that the corpus never says."""
    for phrase in request.mention:
        for word in words(phrase):
            if stem(word) not in model.stems:
                alike = nearest(word, (w for w in model.vocabulary.word_list if w[:1].isalpha()))
                hint = f"try {listed(alike)}" if alike else "ask for a word that the corpus has"
                raise Unsatisfiable(
                    "", [Mentions(phrase)], f"the corpus never says {word!r}; {hint}"
                )


def _everywhere(model: Model, request: Request, voice: str) -> tuple[Rule, ...]:
    """The rules that a request lays on every sentence."""
    rules: list[Rule] = []
    if request.avoid:
        rules.append(Avoids(*request.avoid))
    # the bundled lines are kept in three voices; any other corpus says what it says
    if model.corpus.tagger != "labels" and model.voiceless:
        rules.append(Avoids(*OTHERS[voice]))
    if request.mood:
        rules.append(leaning(request.mood))
    return tuple(rules)


def _target(asked: tuple[int, int] | None, least: int, most: int, u: float) -> float:
    if asked is None:
        return 330 + 110 * u
    return least + (most - least) * (0.3 + 0.4 * u)


def _scene_count(arc: str, target: float) -> int:
    """As many scenes as the arc has, or as many as it takes at some 85 words a scene."""
    own = len(ARCS[arc].scenes)
    shortest = 6 if len(ARCS[arc].holds) == 3 else 4
    if target < 85 * own:
        return max(shortest, min(own, round(target / 45)))
    return max(own, round(target / 85))


_BASE = {(slot.scene, slot.name) for scene in scenes_of(Dream) for slot in slots(scene)}


def _offered(
    planner: Planner,
    arc: str,
    voice: str,
    kinds: Sequence[str],
    rules: tuple[Rule, ...],
    streams: Streams,
) -> list[Line]:
    """Every line that the dream could have, in the order of telling, with a shape drawn for it."""
    told = ARCS[arc]
    pending = set(told.sure)
    told_before: set[str] = set()
    seen: dict[str, int] = {}
    found: list[Line] = []
    for place, kind in enumerate(kinds):
        ordinal = seen.get(kind, 0)
        form = _form(arc, kind, ordinal, streams(f"scenes.{place}/form"))
        own = ordinal < len(told.forms[kind])
        seen[kind] = ordinal + 1
        last = kind not in kinds[place + 1 :]
        for slot in planner.slots[kind]:
            name = f"{kind}.{slot.name}"
            held = name in told.sure and own and slot.name in form
            sure = slot.required or held or (name in pending and last)
            if (kind, slot.name) not in _BASE:
                tier = ADDED
            elif name == "encounter.figure" and name in told_before and arc != "unity":
                continue  # one figure, introduced once
            elif sure:
                tier = 0
            elif slot.name in form:
                tier = 1
            elif slot.name in FREE[kind]:
                tier = 3 if name in told_before else 2
            else:
                continue
            if sure:
                pending.discard(name)
            told_before.add(name)
            for part in range(slot.many):
                path = f"scenes.{place}.{name}" + (f".{part}" if slot.many > 1 else "")
                drawn = _shape(planner, slot, voice, rules, streams(f"{path}/shape"))
                if drawn is None:
                    possible = len(planner.choices(slot, voice)) > 0
                    if slot.required or (sure and possible and part == 0):
                        smallest = _smallest(planner, slot, voice, rules)
                        hint = _way_out(planner.model, "loosen one of these rules")
                        raise Unsatisfiable(path, smallest, hint)
                    break
                rank = (int(tier == ADDED), len(found))
                part_tier = tier if part < 2 or tier == ADDED else max(tier, 1)
                found.append(Line(path, place, slot, part_tier, rank, drawn, rules))
    return found


def _form(arc: str, kind: str, ordinal: int, stream: Stream) -> tuple[str, ...]:
    """The fields of the scene: those of the arc's own, then those of any arc's."""
    own = ARCS[arc].forms.get(kind, ())
    if ordinal < len(own):
        return own[ordinal]
    others = [form for other in ARCS.values() for form in other.forms.get(kind, ())]
    return choice(stream[0], others)


def _shape(
    planner: Planner,
    slot: Slot,
    voice: str,
    rules: Sequence[Rule],
    stream: Stream,
    spent: frozenset[Shape] = frozenset(),
) -> Shape | None:
    """A shape of the field, drawn by weight among those that the rules leave possible."""
    every = planner.choices(slot, voice)
    if not every:
        return None
    turn = len(spent)
    if not spent:
        first = every.at(stream[0]).shape
        if not rules or planner.plan(slot, first, voice, rules).total:
            return first
        spent, turn = frozenset({first}), 1
    options = [c for c in every.choices if c.shape not in spent]
    while options:
        option = Options(options).at(stream[turn])
        options.remove(option)
        if not rules or planner.plan(slot, option.shape, voice, rules).total:
            return option.shape
        turn += 1
    return None


def _chosen(offered: Sequence[Line], target: float, planner: Planner, voice: str) -> list[Line]:
    """What must be told, and then what may be, as it comes, until the target is met."""
    lines = [line for line in offered if line.tier in (0, ADDED)]
    total = sum(planner.choices(line.slot, voice).words for line in lines if line.tier == 0)
    spare = [line for line in offered if 0 < line.tier < ADDED]
    for line in sorted(spare, key=lambda line: (line.tier, _precedence(line.path))):
        mean = planner.choices(line.slot, voice).words
        if total + mean / 2 <= target:
            lines.append(line)
            total += mean
    return lines


def _precedence(path: str) -> float:
    """A fixed shuffle of paths, so that no field is always the first to be left out."""
    return crc32(path.encode())


# Motifs and mentions


def _with_motif(
    planner: Planner,
    voice: str,
    lines: list[Line],
    rules: tuple[Rule, ...],
    streams: Streams,
) -> tuple[list[Line], frozenset[str]]:
    """One line of the setting and one of the awakening made to hold the same image."""
    stream = streams("motif")
    places: dict[str, list[Line]] = {"setting": [], "awakening": []}
    for line in lines:
        if line.slot.scene in places and line.tier < ADDED and line.slot.many == 1:
            places[line.slot.scene].append(line)
    table = planner.motifs(voice)
    usable = {
        word: {
            kind: [(x, s) for x in there for name, s in options if name == f"{kind}.{x.slot.name}"]
            for kind, there in places.items()
        }
        for word, options in table.items()
    }
    candidates = sorted(word for word, sides in usable.items() if all(sides.values()))
    turn = 0
    while candidates:
        word = candidates.pop(min(int(stream[turn] * len(candidates)), len(candidates) - 1))
        made: list[Line] = []
        for kind in places:
            turn += 1
            line, shape = choice(stream[turn], usable[word][kind])
            asked = (*rules, Mentions(word))
            if planner.plan(line.slot, shape, voice, asked).total:
                made.append(replace(line, shape=shape, rules=asked))
        if len(made) == 2:
            by_path = {line.path: line for line in made}
            return [by_path.get(line.path, line) for line in lines], frozenset(by_path)
        turn += 1
    return lines, frozenset()


def _with_mentions(
    planner: Planner,
    voice: str,
    lines: list[Line],
    offered: Sequence[Line],
    request: Request,
    rules: tuple[Rule, ...],
    streams: Streams,
) -> list[Line]:
    """The lines with every word that is to be mentioned in one of them."""
    for phrase in request.mention:
        stream = streams(f"mention/{phrase}")
        here = {line.path for line in lines}
        others = [line for line in offered if line.path not in here]
        for pool in (_shuffled(lines, stream), _shuffled(others, stream)):
            found = _placed(planner, voice, pool, Mentions(phrase), stream)
            if found:
                break
        else:
            found = _anywhere(planner, voice, lines, Mentions(phrase))
        if found is None:
            raise Unsatisfiable(
                "",
                _smallest_request(planner, voice, offered, rules, Mentions(phrase)),
                "the corpus uses it too seldom to say it in new words; "
                + _alternative(planner, phrase),
            )
        lines = [line for line in lines if line.path != found.path] + [found]
    return lines


def _shuffled(lines: Sequence[Line], stream: Stream) -> list[Line]:
    keys = stream.extend(len(lines) + 8)
    order = sorted(range(len(lines)), key=lambda place: keys[place])
    free = [lines[place] for place in order]
    return sorted(free, key=lambda line: any(isinstance(rule, Mentions) for rule in line.rules))


def _placed(
    planner: Planner, voice: str, pool: Sequence[Line], rule: Mentions, stream: Stream
) -> Line | None:
    """The first line of the pool that has a shape in which the rule can be met."""
    for line in pool:
        shapes = [option.shape for option in planner.choices(line.slot, voice).choices]
        turn = min(int(stream[0] * len(shapes)), len(shapes) - 1)
        # a line that holds a motif keeps its shape; another may take any of the field's
        for shape in [line.shape] if _asked(line) else shapes[turn:] + shapes[:turn]:
            if _reaches(planner, line, shape, voice, rule):
                return replace(line, shape=shape, rules=(*line.rules, rule))
    return None


def _reaches(planner: Planner, line: Line, shape: Shape, voice: str, rule: Mentions) -> bool:
    """Whether a line can meet one more rule in a shape.

    The plan without that rule, which is kept and serves other words too, settles most cases: a word
    that none of its edges has cannot be said.
    """
    plan = planner.plan(line.slot, shape, voice, line.rules)
    for phrase in rule.phrases:
        for word in words(phrase):
            forms = planner.model.vocabulary.word_mask(planner.model.stems[stem(word)])
            if not forms[plan.token].any():
                return False
    return planner.plan(line.slot, shape, voice, (*line.rules, rule)).total > 0


def _way_out(model: Model, otherwise: str) -> str:
    """What would work: more text, where the corpus is a small one of the caller's own."""
    small = model.corpus.tagger != "labels" and model.corpus.size < SMALL
    return "the corpus is too small for this; give it more text" if small else otherwise


def _anywhere(planner: Planner, voice: str, lines: Sequence[Line], rule: Mentions) -> Line | None:
    """A line made to meet the rule in a shape of any sentence of the corpus.

    One plain line stands for all: what a chain can say does not hang on the role, only how readily.
    """
    plain = [x for x in lines if not _asked(x) and not _demanding(x.slot)]
    for line in plain[:1]:
        for shape in every_shape(line.slot.scene, voice, planner.model):
            if _reaches(planner, line, shape, voice, rule):
                return replace(line, shape=shape, rules=(*line.rules, rule))
    return None


def _demanding(slot: Slot) -> bool:
    return any(isinstance(rule, Mentions) for rule in slot.rules)


def _alternative(planner: Planner, phrase: str) -> str:
    """Words that can be said more freely, the nearest to the phrase where any is near."""
    model = planner.model
    free = [model.vocabulary.word_list[model.stems[root][0]] for root in planner.motifs(VOICES[0])]
    alike = nearest(phrase, free) or sorted(free)[:3]
    return f"try {listed(alike)}" if alike else "use a larger corpus"


def _smallest(
    planner: Planner, slot: Slot, voice: str, rules: Sequence[Rule]
) -> Sequence[Rule | str]:
    """A smallest set of the rules that still leaves the field nothing: drop any and it can be met.

    By deletion: each rule is left out in turn, and stays out if the rest still conflict.
    """
    model = planner.model

    def possible(kept: Sequence[Rule]) -> bool:
        bare = replace(slot, rules=tuple(rule for rule in kept if rule in slot.rules))
        more = [rule for rule in kept if rule not in slot.rules]
        run = None if any(isinstance(rule, Novel) for rule in kept) else 10**6
        if run is not None:
            bare = replace(bare, rules=(*bare.rules, Novel(10**6)))
        return any(
            planner.plan(bare, shape, voice, more).total
            for shape in every_shape(slot.scene, voice, model)
        )

    kept = [rule for rule in (*slot.rules, *rules) if not isinstance(rule, Leans)]
    if possible(kept):  # each alone can be said, but not beside what the dream says already
        return ["no image twice in a dream"]
    for rule in list(kept):
        fewer = [other for other in kept if other is not rule]
        if not possible(fewer):
            kept = fewer
    return kept


def _smallest_request(
    planner: Planner,
    voice: str,
    offered: Sequence[Line],
    rules: tuple[Rule, ...],
    rule: Mentions,
) -> list[Rule]:
    """The rules of the request that cannot be met together, the bound on copying among them."""
    if rules and _placed(
        planner, voice, [replace(x, rules=()) for x in offered], rule, Stream(b"", 0, "")
    ):
        return [rule, *(r for r in rules if isinstance(r, Avoids))]
    return [rule, Novel(planner.model.run)]


# Length


def _fitted(
    planner: Planner,
    voice: str,
    lines: list[Line],
    offered: Sequence[Line],
    bounds: tuple[int, int],
    request: Request,
    streams: Streams,
) -> list[Line]:
    """The lines with shapes whose words add up to a number within the bounds.

    As they are, where they do; else drawn anew from the product of the fields' shape weights
    conditioned on the sum, by the same backward recursion as everything; else with lines more or
    fewer.
    """
    least, most = bounds
    while True:
        total = sum(line.shape.words for line in lines)
        if least <= total <= most:
            return lines
        options = [_lengths(planner, line, voice) for line in lines]
        if sum(min(o) for o in options) <= most and sum(max(o) for o in options) >= least:
            fitted = _conditioned(lines, options, least, most, streams)
            if fitted is not None:
                return fitted
        present = {line.path for line in lines}
        if total > most:
            loose = [x for x in lines if 0 < x.tier < ADDED and not _asked(x)]
            loose = loose or [
                x for x in lines if x.tier == 0 and not x.slot.required and not _asked(x)
            ]
            if not loose:
                break
            gone = max(loose, key=lambda x: (x.tier, _precedence(x.path)))
            lines = [line for line in lines if line is not gone]
        else:
            more = [line for line in offered if line.path not in present]
            if not more:
                break
            lines = [*lines, min(more, key=lambda x: (x.tier, _precedence(x.path)))]
    if request.words is None:  # a small corpus says what it can
        return lines
    low = sum(min(_lengths(planner, line, voice)) for line in lines)
    high = sum(max(_lengths(planner, line, voice)) for line in offered)
    raise Unsatisfiable(
        "",
        [Words(*(request.words or DEFAULT_WORDS))],
        f"this dream can have {low + 10} to {max(high, low + 10)} words; widen words=(least, most)",
    )


def _asked(line: Line) -> bool:
    return any(isinstance(rule, Mentions) for rule in line.rules)


def _lengths(planner: Planner, line: Line, voice: str) -> dict[int, list[Choice]]:
    """The shapes that a line may take, by their number of words."""
    found: dict[int, list[Choice]] = {line.shape.words: [Choice(line.shape, 0.05)]}
    if not _asked(line):
        for option in planner.choices(line.slot, voice).choices:
            found.setdefault(option.shape.words, []).append(option)
    return found


def _conditioned(
    lines: Sequence[Line],
    options: Sequence[dict[int, list[Choice]]],
    least: int,
    most: int,
    streams: Streams,
) -> list[Line] | None:
    """Shapes drawn from the product of their weights, given that the words add up."""
    room = most + 1
    behind = [np.zeros(room) for _ in range(len(lines) + 1)]
    behind[-1][least:] = 1.0
    weights = [
        {length: sum(c.weight for c in choices) for length, choices in option.items()}
        for option in options
    ]
    for place in range(len(lines) - 1, -1, -1):
        scale = 1 / sum(weights[place].values())
        for length, weight in weights[place].items():
            if length < room:
                behind[place][: room - length] += scale * weight * behind[place + 1][length:]
    if behind[0][0] <= 0:
        return None
    made: list[Line] = []
    total = 0
    for place, line in enumerate(lines):
        stream = streams(f"{line.path}/length")
        lengths = sorted(length for length in weights[place] if total + length < room)
        share = np.cumsum([weights[place][n] * behind[place + 1][total + n] for n in lengths])
        at = int(np.searchsorted(share, stream[0] * share[-1], side="right"))
        while share[min(at, len(lengths) - 1)] <= 0:
            at += 1
        length = lengths[min(at, len(lengths) - 1)]
        choices = options[place][length]
        upto = np.cumsum([c.weight for c in choices])
        pick = int(np.searchsorted(upto, stream[1] * upto[-1], side="right"))
        made.append(replace(line, shape=choices[min(pick, len(choices) - 1)].shape))
        total += length
    return made
