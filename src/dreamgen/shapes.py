"""Shapes: the grammatical forms that a field's sentences take, and how readily each is used.

Comes in: a model and a field of a schema. Goes out: the shapes of the sentences of the field's
roles, each with a weight. A shape weighs by the effective number of sentences that it holds (the
exponential of their exact entropy), so that no sentence comes often, and nothing if it holds next
to none. For the bundled corpus these weights are computed once and ship as data.
"""

import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain, islice, pairwise
from math import exp
from typing import Any
from zlib import crc32

import numpy as np

from .automata import Automaton, Novelty, Places
from .columns import LargeCorpus
from .corpus import Line, Sentence
from .facts import DATA, VOICES
from .images import images
from .model import APART, Model
from .rules import Leans, Mentions, Novel, Rule, Speaks, Words
from .sampler import Plan, draw, entropy, peak, product
from .schema import Slot
from .seeds import Stream
from .text import is_word, joined, stem

# Each token weighs this much more for every token of the corpus run that it continues: sense
# against variety. And a noun weighs this much more where it names the kind of thing that stood
# there in the sentence that lent the shape. Both chosen by benchmarks/prose.py.
CONTINUITY = 4.0
KINSHIP = 6.0

# A shape with a lower effective number of sentences than this would copy rather than write.
LEAST_SENTENCES = 4.0
FEWEST, LONGEST = 4, 34
MOST_SHAPES = 24
LEAST_CLEAN = 0.4

# How many derived shapes are tried when the weights that ship are made.
TRIES = 300

# How many shapes of a field are measured on a large corpus, where a plan takes some tenths of a
# second, how many of them are enough, and how many words those have that are preferred.
TRIED, ENOUGH = 12, 4
MODERATE = 6, 11

# What a shape of a kindred role, and one derived from another, is worth beside one of its own.
KIN = 0.7
DERIVED = 0.2


@dataclass(frozen=True)
class Shape:
    """A sequence of tags, with the kind of thing each noun named in the sentence it came from.

    ``worth`` is 1 for a shape of the field's own role, less for one of a kindred role, and least
    for one that was derived.
    """

    tags: tuple[str, ...]
    kinds: tuple[int, ...]
    words: int
    worth: float = 1.0


def shapes_of(slot: Slot, voice: str, model: Model) -> tuple[Shape, ...]:
    """The shapes of the sentences of a field's roles, in the order of the corpus, none twice.

    Where the corpus has none of those roles, the shapes of the whole scene, or of every scene.
    """
    found: dict[tuple[str, ...], Shape] = {}
    for place, role in enumerate(slot.roles):
        lines = [line for line in model.lenders if f"{line.scene}.{line.role}" == role]
        _gather(lines, voice, KIN if place else 1.0, model, found)
    return tuple(found.values()) or every_shape(slot.scene, voice, model)


@lru_cache(maxsize=64)
def every_shape(scene: str, voice: str, model: Model) -> tuple[Shape, ...]:
    """The shapes of all sentences that a field may borrow from, those of its scene first."""
    found: dict[tuple[str, ...], Shape] = {}
    lines = [line for line in model.lenders if line.role not in APART]
    _gather([line for line in lines if line.scene == scene], voice, KIN, model, found)
    _gather(lines, voice, KIN * DERIVED, model, found)
    return tuple(found.values())


def _gather(
    lines: Sequence[Line],
    voice: str,
    worth: float,
    model: Model,
    found: dict[tuple[str, ...], Shape],
) -> None:
    for line in lines:
        if line.voice in ("", voice) and line.tags not in found and len(line.words) <= LONGEST:
            shape = _shape(line.tags, _kinds(line, model), worth)
            if shape.words >= FEWEST:
                found[line.tags] = shape


def _shape(tags: tuple[str, ...], kinds: tuple[int, ...], worth: float) -> Shape:
    return Shape(tags, kinds, sum(map(is_word, tags)), worth)


def _kinds(line: Line | Sentence, model: Model) -> tuple[int, ...]:
    number = model.vocabulary.number
    tokens = [number[token] for token in zip(line.words, line.tags, strict=True)]
    return tuple(model.kinds[tokens].tolist())


# Noun phrases that may stand for one another where no verb agrees with them.
_PHRASES = tuple(
    tuple(phrase.split())
    for phrase in (
        "DTS NN", "DTS JJ NN", "DTS JJ , JJ NN", "JJ NNM", "NNM", "JJ NNS", "NNS", "DTP NNS",
        "DTP JJ NNS", "PRP1$ NN", "PRPW$ NN", "PRPW$ JJ NN",
    )
)  # fmt: skip
_GOVERNORS = frozenset({"IN", "OF", "LIKE", "VBG", "VBZ", "VBP", "VB"})
_JOINTS = frozenset({",", "—", "IN", "LIKE"})
# Tails that speak of someone or something before them, or that have a subject of their own.
_BOUND = ("PRPP", "PRPF", "PRPY", "PRPI")
_ABSOLUTE = re.compile(r", DT[SP]( JJ| ,)*( NN[MS]?)+ (RB|RP|DTS|VBG)")
_AFTER = frozenset({".", ",", "—", "IN", "OF", "LIKE"})


def grafted(shape: Shape) -> Iterator[Shape]:
    """The shape with one of its object noun phrases exchanged for one of another build.

    The noun keeps its kind. Only phrases that a preposition or a verb governs, and that nothing
    agrees with, are exchanged, so what was grammatical stays so.
    """
    tags, kinds = shape.tags, shape.kinds
    for begin in range(1, len(tags) - 1):
        if tags[begin - 1] not in _GOVERNORS:
            continue
        for phrase in sorted(_PHRASES, key=len, reverse=True):
            end = begin + len(phrase)
            if tags[begin:end] == phrase and end < len(tags) and tags[end] in _AFTER:
                for other in _PHRASES:
                    if other != phrase:
                        named = (*(-1 for _ in other[:-1]), kinds[end - 1])
                        yield _shape(
                            tags[:begin] + other + tags[end:],
                            kinds[:begin] + named + kinds[end:],
                            shape.worth * DERIVED,
                        )
                break


def tails(scene: str, model: Model) -> tuple[Shape, ...]:
    """What may follow a clause and leave it a sentence: appositions, participles, likenesses.

    Those of the scene itself, found between two places where a sentence of it may end.
    """
    found: dict[tuple[str, ...], Shape] = {}
    if isinstance(model.corpus, LargeCorpus):
        return ()  # its sentences are not marked where they may end
    for document in model.corpus.documents:
        for sentence in document.sentences:
            for begin, end in pairwise(sentence.ends):
                tags = sentence.tags[begin:end]
                bound = any(t.startswith(_BOUND) or t in "“”" for t in tags)
                absolute = _ABSOLUTE.match(" ".join(tags))
                clause = any(begin < start < end for start in sentence.starts)
                if sentence.scene != scene or bound or absolute or not 2 < len(tags) < 11:
                    continue
                if tags[0] in _JOINTS and (not clause or tags[1] in ("CC", "BUT")):
                    found.setdefault(tags, _shape(tags, _kinds(sentence, model)[begin:end], 1.0))
    return tuple(found.values())


def derived(slot: Slot, voice: str, model: Model) -> Iterator[Shape]:
    """More shapes for a field whose own hold little: grafted, and drawn out by a tail.

    They come in an order shuffled by their names, so that a prefix of any length is a fair sample.
    """
    own = shapes_of(slot, voice, model)
    made: dict[tuple[str, ...], Shape] = {}
    for shape in own:
        for graft in grafted(shape):
            made.setdefault(graft.tags, graft)
        if len(shape.tags) < 14 and shape.tags[-1] == ".":
            for tail in tails(slot.scene, model):
                if "BUT" in shape.tags and "BUT" in tail.tags:
                    continue
                longer = _shape(
                    (*shape.tags[:-1], *tail.tags, "."),
                    (*shape.kinds[:-1], *tail.kinds, -1),
                    shape.worth * DERIVED,
                )
                made.setdefault(longer.tags, longer)
    for shape in own:
        made.pop(shape.tags, None)
    yield from sorted(made.values(), key=lambda shape: crc32(" ".join(shape.tags).encode()))


def plan_of(slot: Slot, shape: Shape, voice: str, model: Model, extra: Sequence[Rule] = ()) -> Plan:
    """The sentences of one shape that meet the rules of a field, and some more rules."""
    scene, role = slot.roles[0].split(".")
    steps = model.chain(scene, role, voice)
    judges: list[Automaton] = [_places(shape, model)]
    run = model.run
    for rule in (*slot.rules, *extra):
        if isinstance(rule, Novel):
            run = min(run, rule.run or run)
        elif isinstance(rule, Words):
            if not rule.least <= shape.words <= rule.most:
                judges.append(rule.automaton(model))
        else:
            judges.append(rule.automaton(model))
    # cheap judges first: fewer pairs reach the one that searches a trie
    judges[1:] = sorted(judges[1:], key=lambda judge: judge.size)
    judges.append(Novelty(model.runs(run), model.symbols, run, CONTINUITY))
    return product(steps, judges, len(shape.tags))


def _places(shape: Shape, model: Model) -> Places:
    vocabulary = model.vocabulary
    numbers = np.array([vocabulary.tag_number.get(tag, -2) for tag in shape.tags])
    kinds = np.array(shape.kinds)
    alike = (model.kinds[None, :] == kinds[:, None]) & (kinds >= 0)[:, None]
    return Places(
        vocabulary.tags[None, :] == numbers[:, None], factor=np.where(alike, KINSHIP, 1.0)
    )


class Options:
    """The shapes that a field may take, their weights summed, and the mean number of words."""

    def __init__(self, choices: Sequence["Choice"]) -> None:
        self.choices = tuple(choices)
        self.upto = list(accumulate(choice.weight for choice in choices))
        self.words = 0.0
        if self.upto:
            held = sum(choice.weight * choice.shape.words for choice in choices)
            self.words = held / self.upto[-1]

    def __len__(self) -> int:
        return len(self.choices)

    def at(self, u: float) -> "Choice":
        """The choice that owns ``u`` in [0, 1)."""
        place = bisect_right(self.upto, u * self.upto[-1])
        return self.choices[min(place, len(self.choices) - 1)]


@dataclass(frozen=True)
class Choice:
    """A shape that a field may take, and how readily."""

    shape: Shape
    weight: float


def weighed(slot: Slot, voice: str, model: Model) -> tuple[Choice, ...]:
    """The shapes of a field that hold enough sentences, with their weights.

    For a corpus without stored weights this plans every shape once, some 2 ms each.
    """
    voice = voice if model.voiced else VOICES[0]
    stored = _stored(slot_key(slot, voice), model)
    if stored is not None:
        return stored
    return measured(slot, voice, model, tries=0 if model.large else 40)


def measured(slot: Slot, voice: str, model: Model, *, tries: int) -> tuple[Choice, ...]:
    """The weights of a field's shapes, its own and of ``tries`` derived ones, from their plans."""
    own = shapes_of(slot, voice, model)
    if model.large:
        own = sampled(own)
    found: list[tuple[float, float, Shape]] = []
    for shape in chain(own, islice(derived(slot, voice, model), tries)):
        plan = plan_of(slot, shape, voice, model)
        clean = _clean_share(plan, shape, model)
        if clean > LEAST_CLEAN:
            found.append((clean * exp(entropy(plan)), peak(plan) / clean, shape))
        if model.large and sum(number >= LEAST_SENTENCES for number, _, _ in found) >= ENOUGH:
            break
    if not found and (slot.required or not _demands(slot)):
        for shape in islice(every_shape(slot.scene, voice, model), tries + len(own)):
            plan = plan_of(slot, shape, voice, model)
            clean = _clean_share(plan, shape, model)
            if clean > 0:
                found.append((clean * exp(entropy(plan)), peak(plan) / clean, shape))
    least = min(LEAST_SENTENCES, max((number for number, _, _ in found), default=0.0))
    choices = [
        Choice(shape, round(_readiness(number, top, shape), 4))
        for number, top, shape in found
        if number >= least
    ]
    return tuple(sorted(choices, key=lambda choice: -choice.weight)[:MOST_SHAPES])


def sampled(shapes: Sequence[Shape]) -> tuple[Shape, ...]:
    """A few shapes of a large corpus, in an order of their names: first those without *she*, *he*
    or *they*, which hold whatever the figure is called, and among them those of moderate length."""
    low, high = MODERATE

    def rank(shape: Shape) -> tuple[bool, bool, int]:
        bound = any(tag.startswith(("PRPF", "PRPP")) for tag in shape.tags)
        return bound, not low <= shape.words <= high, crc32(" ".join(shape.tags).encode())

    return tuple(sorted(shapes, key=rank)[:TRIED])


def _demands(slot: Slot) -> bool:
    """Whether a field must say certain things, and so is not to be filled with just anything."""
    return any(isinstance(rule, Mentions | Speaks) for rule in slot.rules)


def _clean_share(plan: Plan, shape: Shape, model: Model) -> float:
    """The share of a plan's sentences that say no content word twice, from 64 of them."""
    if not plan.total:
        return 0.0
    numbers = Stream(b"clean", 0, " ".join(shape.tags)).extend(64 * plan.choices)
    rows = np.array(numbers[: 64 * plan.choices]).reshape(64, plan.choices)
    clean = 0
    for sentence in draw(plan, rows):
        held = [root for token in sentence if (root := model.contents[token])]
        clean += len(held) == len(set(held))
    return clean / 64


def _readiness(number: float, top: float, shape: Shape) -> float:
    """The inverse of the favourite's probability, so that all favourites come equally seldom, up to
    a bound; less for a short shape, and for one that is not the field's own."""
    fullness = min(shape.words, 14) / 14
    return float(min(1 / top, number, 150.0) * fullness**1.5 * shape.worth**0.5)


def slot_key(slot: Slot, voice: str) -> str:
    """What the weights of a field hang on, as a string."""
    rules = " ".join(repr(rule) for rule in slot.rules if not isinstance(rule, Leans))
    return f"{voice} {' '.join(slot.roles)} {rules}"


def _stored(key: str, model: Model) -> tuple[Choice, ...] | None:
    """The weights that ship with dreamgen, if they were made for this corpus and these settings."""
    data = model.kept or _data()
    if not data or data["made_for"] != made_for(model.corpus.digest, model.run, model.order):
        return None
    rows = data["fields"].get(key)
    return rows and tuple(Choice(_read(*shape), weight) for *shape, weight in rows)


def made_for(digest: str, run: int, order: int) -> list[object]:
    """What stored weights hang on beside the fields."""
    return [digest, run, order, CONTINUITY, KINSHIP]


MOTIF_PLACES = (
    "setting.place", "setting.view", "setting.air", "setting.ground",
    "awakening.fading", "awakening.dawn", "awakening.remains", "awakening.return_",
    "awakening.gift", "awakening.lesson",
)  # fmt: skip
MOST_MOTIFS = 16


def motif_places(
    fields: Sequence[Slot], voice: str, model: Model
) -> dict[str, tuple[tuple[str, Shape], ...]]:
    """The images that can stand in a setting and return in an awakening, with (field, shape) pairs.

    A word is kept with the shapes in which it leaves the field many sentences.
    """
    if model.large:
        return {}  # what returns there is found as the dream is written
    voice = voice if model.voiced else VOICES[0]
    stored = _stored_motifs(voice, model)
    return stored if stored is not None else measured_motifs(fields, voice, model)


def measured_motifs(
    fields: Sequence[Slot], voice: str, model: Model
) -> dict[str, tuple[tuple[str, Shape], ...]]:
    """The motifs of a model, from the plans of its fields."""
    found: dict[str, list[tuple[float, str, Shape]]] = {}
    for slot in fields:
        name = f"{slot.scene}.{slot.name}"
        if name not in MOTIF_PLACES:
            continue
        for option in weighed(slot, voice, model)[:8]:
            plan = plan_of(slot, option.shape, voice, model)
            for word, share in _shares(plan, model).items():
                number = share * exp(entropy(plan))
                if number >= 4 * LEAST_SENTENCES:
                    found.setdefault(word, []).append((number, name, option.shape))
    by_name = {f"{slot.scene}.{slot.name}": slot for slot in fields}
    kept: dict[str, tuple[tuple[str, Shape], ...]] = {}
    for word in sorted(found, key=lambda word: (-min(len(found[word]), 8), word)):
        places = _best(found[word])
        both = len({name.split(".")[0] for name, _ in places}) == 2
        if both and len(kept) < MOST_MOTIFS and _various(word, places, by_name, voice, model):
            kept[word] = places
    return dict(sorted(kept.items()))


def _various(
    word: str,
    places: Sequence[tuple[str, Shape]],
    fields: Mapping[str, Slot],
    voice: str,
    model: Model,
) -> bool:
    """Whether the word stands in several images, so that it can return in another."""
    seen: list[tuple[str, ...]] = []
    drawn = 0
    for name, shape in places:
        plan = plan_of(fields[name], shape, voice, model, [Mentions(word)])
        stream = Stream(b"motif", 0, f"{name} {word}")
        for row in range(8) if plan.total else ():
            numbers = stream.extend((row + 1) * plan.choices)[row * plan.choices :]
            text = joined(model.vocabulary.tokens[token][0] for token in plan.walk(numbers))
            drawn += 1
            seen += [image for image in images(text) if word in map(stem, image)]
    return drawn > 0 and max(Counter(seen).values(), default=0) <= 0.4 * drawn


def _best(places: Sequence[tuple[float, str, Shape]]) -> tuple[tuple[str, Shape], ...]:
    """The two roomiest shapes of each field."""
    kept: dict[str, list[Shape]] = {}
    for _, name, shape in sorted(places, key=lambda row: -row[0]):
        if len(kept.setdefault(name, [])) < 2:
            kept[name].append(shape)
    return tuple((name, shape) for name in sorted(kept) for shape in kept[name])


def _shares(plan: Plan, model: Model) -> dict[str, float]:
    """How often each noun that names a thing comes in a sentence of the plan."""
    if not plan.total:
        return {}
    reach = np.zeros(len(plan.message))
    reach[0] = 1.0
    source = np.repeat(np.arange(len(plan.message)), np.diff(plan.first))
    through = np.zeros(len(plan.token))
    for low, high in pairwise(plan.layers.tolist()):
        a, b = plan.first[low], plan.first[high]
        edges = slice(a, b)
        go = plan.weight[edges] * plan.message[plan.target[edges]] / plan.message[source[edges]]
        through[edges] = go * reach[source[edges]]
        reach += np.bincount(plan.target[edges], through[edges], len(reach))
    share: dict[str, float] = {}
    tokens = model.vocabulary.tokens
    for token, weight in enumerate(np.bincount(plan.token, through, len(tokens) + 2)[:-2].tolist()):
        word, tag = tokens[token]
        if weight > 0 and tag in ("NN", "NNM", "NNS") and model.concrete[token]:
            share[stem(word)] = share.get(stem(word), 0.0) + weight
    return share


def _stored_motifs(voice: str, model: Model) -> dict[str, tuple[tuple[str, Shape], ...]] | None:
    data = model.kept or _data()
    if not data or data["made_for"] != made_for(model.corpus.digest, model.run, model.order):
        return None
    words = data["motifs"].get(voice)
    return words and {
        word: tuple((name, _read(*row)) for name, *row in places) for word, places in words.items()
    }


def _read(tags: str, kinds: Sequence[int], words: int, worth: float) -> Shape:
    return Shape(tuple(tags.split()), tuple(kinds), words, worth)


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    path = DATA / "shapes.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


@lru_cache(maxsize=1)
def data_digest() -> int:
    """The checksum of the data file, which the texts hang on."""
    path = DATA / "shapes.json"
    return crc32(path.read_bytes()) if path.is_file() else 0


def forget() -> None:
    """Reads the data file anew when it is next asked for."""
    _data.cache_clear()


def written(shape: Shape) -> list[object]:
    """A shape as the data file keeps it."""
    return [" ".join(shape.tags), list(shape.kinds), shape.words, shape.worth]


def thoroughly(slot: Slot, voice: str, model: Model) -> tuple[Choice, ...]:
    """The weights that ship for a field: ten times the tries where the first gave few shapes."""
    found = measured(slot, voice, model, tries=TRIES)
    return (
        found if len(found) >= MOST_SHAPES // 2 else measured(slot, voice, model, tries=10 * TRIES)
    )


def measured_data(
    fields: Sequence[Slot], model: Model, stage: Callable[[str], object] = str
) -> Mapping[str, Any] | None:
    """What a file of a model holds of its shapes; None where those that ship were made for it.

    What came with the model is kept as it is.
    """
    if model.kept is not None:
        return model.kept
    settings = made_for(model.corpus.digest, model.run, model.order)
    if _data() and _data()["made_for"] == settings:
        return None
    voices = VOICES if model.voiced else VOICES[:1]
    table: dict[str, list[list[object]]] = {}
    for place, slot in enumerate(fields, start=1):
        stage(f"measuring the shapes of field {place} of {len(fields)}")
        for voice in voices:
            table[slot_key(slot, voice)] = [
                [*written(choice.shape), choice.weight] for choice in weighed(slot, voice, model)
            ]
    motifs = {
        voice: {
            word: [[name, *written(shape)] for name, shape in places]
            for word, places in motif_places(fields, voice, model).items()
        }
        for voice in voices
    }
    return {"made_for": settings, "fields": table, "motifs": motifs}


def stored_data(fields: Sequence[Slot], voices: Sequence[str], model: Model) -> dict[str, Any]:
    """What the data file holds for a model; made by ``python -m dreamgen.data``."""
    table = {
        slot_key(slot, voice): [
            [*written(choice.shape), choice.weight] for choice in thoroughly(slot, voice, model)
        ]
        for slot in fields
        for voice in voices
    }
    return {"made_for": made_for(model.corpus.digest, model.run, model.order), "fields": table}
