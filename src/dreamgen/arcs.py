"""The five arcs: which scenes follow one another, and what each scene is sure to tell.

An arc is read off one of the documents. Its ``forms`` list, for each kind of scene, the fields that
its scenes fill, first scene first; ``sure`` are the fields without which the arc would not be
itself. The sequence of scenes is drawn from a chain over scenes, fitted to the arcs and leaning to
the one that is told, under rules, by the sampler that draws the sentences.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .automata import Automaton, Counting, closing, containing, opening
from .chain import Chain
from .sampler import Plan, product

KINDS = ("setting", "encounter", "revelation", "awakening")

# How much more an arc's own sequence of scenes counts than another's.
OWN = 8.0


@dataclass(frozen=True)
class Arc:
    """A way to tell a dream.

    ``scenes`` is the sequence of the document; ``holds`` a run of scenes that every telling has.
    """

    name: str
    scenes: tuple[str, ...]
    forms: dict[str, tuple[tuple[str, ...], ...]]
    sure: frozenset[str]
    holds: tuple[str, ...] = ("encounter",)

    __hash__ = object.__hash__


def _arc(name: str, *scenes: tuple[str, str], sure: str, holds: str = "encounter") -> Arc:
    forms: dict[str, tuple[tuple[str, ...], ...]] = {}
    for kind, fields in scenes:
        forms[kind] = (*forms.get(kind, ()), tuple(fields.split()))
    kinds = tuple(kind for kind, _ in scenes)
    return Arc(name, kinds, forms, frozenset(sure.split()), tuple(holds.split()))


ARCS = {
    arc.name: arc
    for arc in (
        _arc(
            "vulnerability",
            ("setting", "place view air"),
            ("encounter", "figure approach face"),
            ("revelation", "gaze answer bond"),
            ("awakening", "fading remains return_ gift lesson turn coda"),
            sure="setting.view encounter.figure encounter.approach encounter.face revelation.bond "
            "awakening.turn awakening.coda",
        ),
        _arc(
            "companion",
            ("setting", "place air view ground"),
            ("encounter", "figure approach bond walk"),
            ("revelation", "voice gaze confession"),
            ("revelation", "landscape secret vow bond"),
            ("awakening", "fading return_ gift"),
            sure="encounter.figure encounter.walk revelation.confession revelation.landscape "
            "revelation.vow awakening.gift",
        ),
        _arc(
            "reciprocity",
            ("setting", "place ground air time"),
            ("encounter", "figure face approach bond"),
            ("revelation", "voice confession secret gaze"),
            ("revelation", "in_return landscape transformation bond truth"),
            ("awakening", "fading dawn remains return_"),
            sure="encounter.figure revelation.confession revelation.in_return revelation.landscape "
            "revelation.transformation awakening.dawn",
        ),
        _arc(
            "circle",
            ("setting", "place air communion view ground feelings"),
            ("encounter", "call figure storm approach"),
            ("revelation", "answer speech voice confession moths butterflies"),
            ("revelation", "landscape gathering circle"),
            ("awakening", "remains dawn lesson return_"),
            sure="setting.feelings encounter.call encounter.figure encounter.storm "
            "revelation.speech revelation.moths revelation.butterflies revelation.circle "
            "awakening.lesson",
        ),
        _arc(
            "unity",
            ("setting", "place communion"),
            ("encounter", "figure face bond"),
            ("encounter", "journey presence"),
            ("encounter", "journey presence"),
            ("encounter", "journey presence"),
            ("revelation", "vision truth"),
            ("awakening", "fading return_ lesson"),
            sure="setting.communion encounter.figure encounter.journey revelation.vision",
            holds="encounter encounter encounter",
        ),
    )
}

# Fields that any dream may tell beside those of its form: they belong to no one arc.
FREE = {
    "setting": ("view", "air", "ground", "time"),
    "encounter": ("approach", "face", "bond"),
    "revelation": ("voice", "gaze", "answer", "landscape", "bond", "truth"),
    "awakening": ("fading", "remains", "gift", "lesson"),
}


@lru_cache(maxsize=256)
def scene_plan(arc: str, count: int) -> Plan:
    """The sequences of ``count`` scenes that tell an arc, as a plan over the numbers of `KINDS`.

    Each opens with a setting, closes with an awakening, and holds what the arc holds.
    """
    rows: list[Sequence[int]] = [[KINDS.index(kind) for kind in a.scenes] for a in ARCS.values()]
    weights = [OWN if name == arc else 1.0 for name in ARCS]
    # the scenes that may be told again follow themselves, so that a dream can be of any length
    rows += [[1, 1, 1], [2, 2, 2]]
    chain = Chain.fit(rows, len(KINDS), weights=[*weights, 0.5, 0.5])
    words = np.array([0, 1, 2, 3, -1, -1])
    held = tuple(KINDS.index(kind) for kind in ARCS[arc].holds)
    rules: list[Automaton] = [
        Counting(words >= 0, count, count),
        opening(words, [(0,)]),
        closing(words, [(3,)]),
        containing(words, [[held], [(2,)]], 2),
    ]
    return product(chain, rules, count)
