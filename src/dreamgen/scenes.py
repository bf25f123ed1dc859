"""Where the scenes of an unlabelled document begin, and what each sentence does in its scene.

Comes in: documents without labels. Goes out: the same documents, every sentence with a scene and a
role. The model is learned from labelled documents, by default the bundled ones. It is a hidden
Markov model whose states are the four scenes from left to right; a state speaks through the stems
of a sentence and through its place in the document, as naive Bayes reads them. No word is listed
here by hand.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .corpus import Corpus, Document, Sentence
from .facts import SCENES
from .text import is_word, stem

Floats = NDArray[np.float64]

# How many sentences the wider statistics are worth beside the narrower: those of every sentence
# beside a scene's, those of a scene beside its openings' and its roles'. These and the widths were
# chosen on the bundled documents; benchmarks/scenes.py measures how much that flatters.
SCENE_TRUST = 10.0
ROLE_TRUST = 2.0

# A labelled sentence speaks for the places around its own, under a normal curve this wide; a way
# has so many places; and none of them rules a label out altogether.
SCENE_WIDTH = 0.05
ROLE_WIDTH = 0.15
CELLS = 200
FLOOR = 0.02


class Sight(NamedTuple):
    """A sentence as the model sees it.

    ``place`` is its middle on the way from 0 to 1 through its document or its scene. The weights
    of a label there add up to 1, so that a long coda of one document does not drown the others.
    """

    label: str
    stems: list[int]
    place: float
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """How far stems and a place speak for each of some labels.

    ``odds`` (labels, stems) is log P(stem | label) / P(stem), ``places`` (labels, `CELLS`) is
    log P(label | place).
    """

    labels: tuple[str, ...]
    odds: Floats
    places: Floats

    def of(self, sight: Sight) -> Floats:
        """What a sentence says for each label, (labels,)."""
        cell = min(int(sight.place * CELLS), CELLS - 1)
        return _damped(self.odds, sight.stems) + self.places[:, cell]


@dataclass(frozen=True, slots=True, eq=False)
class SceneModel:
    """What labelled documents teach about scenes and roles.

    ``numbers`` numbers the known stems, ``shares`` (4,) is how much of a document each scene
    takes, ``openings`` (4, stems) is the log odds of a stem in the first sentence of a scene
    against the rest of it, and ``roles`` has the evidence for the roles of each scene.
    """

    numbers: Mapping[str, int]
    shares: Floats
    scenes: Evidence
    openings: Floats
    roles: Mapping[str, Evidence]


def learned(documents: Iterable[Document]) -> SceneModel:
    """The model of labelled documents; sentences without a scene teach nothing.

    A scene opens wherever it follows another, so documents that come back to a scene can be
    learned from too, though the bundled ones all keep the order. No documents teach equal shares.

    >>> model = learned(Corpus.bundled().documents)
    >>> stem("fades") in model.numbers, "answer" in model.roles["revelation"].labels
    (True, True)
    """
    tellings = [[s for s in document.sentences if s.scene in SCENES] for document in documents]
    numbers = _numbers(tellings)
    told: list[Sight] = []
    opened: list[Sight] = []
    acts: dict[str, list[Sight]] = {scene: [] for scene in SCENES}
    for telling in tellings:
        sights = _sights([s.scene for s in telling], telling, numbers)
        told += sights
        for scene, run in groupby(range(len(telling)), key=lambda place: telling[place].scene):
            places = list(run)
            opened.append(sights[places[0]])
            part = [telling[place] for place in places]
            acts[scene] += _sights([s.role for s in part], part, numbers)
    every = _rates([told], np.full(len(numbers), 0.5), 1.0)[0]
    rates = _rates([_of(scene, told) for scene in SCENES], every, SCENE_TRUST)
    firsts = _rates([_of(scene, opened) for scene in SCENES], rates, SCENE_TRUST)
    return SceneModel(
        numbers,
        _shares(tellings),
        Evidence(SCENES, np.log(rates / every), _places(SCENES, told, SCENE_WIDTH)),
        np.log(firsts / rates),
        {s: _roles(acts[s], rate) for s, rate in zip(SCENES, rates, strict=True) if acts[s]},
    )


def cut(sentences: Sequence[Sentence], model: SceneModel) -> list[str]:
    """The most probable scene of each sentence of a document: (sentences,) names of `SCENES`.

    The scenes come in their order and each holds at least one sentence. A document of fewer than
    four sentences has no room for that: the first is a setting, the last of two or three an
    awakening, and the second of three the likelier of encounter and revelation. Time and memory
    are linear in the number of sentences; the labels that they already have are not looked at.

    Source: Rabiner (1989), "A Tutorial on Hidden Markov Models and Selected Applications in Speech
    Recognition": the left-to-right model, here with the sentence that enters a state giving off
    more than the others.

    >>> model = learned(Corpus.bundled().documents)
    >>> cut(Corpus.from_text("I find myself in a room. The dream begins to fade.").documents[0]
    ...     .sentences, model)
    ['setting', 'awakening']
    """
    count = len(sentences)
    within, entering = np.zeros((count, len(SCENES))), np.zeros((count, len(SCENES)))
    # A stay in a scene is geometric; leaving one costs the same wherever it is done.
    stay = np.log1p(-1 / np.maximum(model.shares * count, 2))
    for place, sight in enumerate(_sights([""] * count, sentences, model.numbers)):
        within[place] = model.scenes.of(sight) + stay
        entering[place] = _damped(model.openings, sight.stems)
    if count < len(SCENES):
        middle = [SCENES[1 + int(row[1:3].argmax())] for row in (within + entering)[1:-1]]
        return [SCENES[0], *middle, SCENES[3]][:count]
    starts = best_starts(within, entering)
    lengths = np.diff([*starts, count])
    return [scene for scene, length in zip(SCENES, lengths, strict=True) for _ in range(length)]


def best_starts(within: Floats, entering: Floats) -> list[int]:
    """Where each state of a left-to-right model is entered on the best path, (states,).

    ``within`` (steps, states) is what each state scores at each step and ``entering`` what it
    scores besides at the step that enters it; there are at least as many steps as states. This is
    Viterbi's recursion with a running maximum in place of the trellis. Of equal paths the one that
    enters the last states earliest is taken.

    >>> best_starts(np.array([[2.0, 0], [2, 0], [0, 1]]), np.zeros((3, 2)))
    [0, 2]
    """
    # In steps of 2**-20 sums are exact, so the path does not depend on how they are rounded.
    within, entering = np.rint(within * 2**20) / 2**20, np.rint(entering * 2**20) / 2**20
    steps = np.arange(len(within))
    best = np.cumsum(within[:, 0])
    entries: list[NDArray[np.int_]] = []
    for state in range(1, within.shape[1]):
        so_far = np.cumsum(within[:, state])
        gain = np.full(len(steps), -np.inf)
        gain[1:] = best[:-1] - so_far[:-1] + entering[1:, state]
        top = np.maximum.accumulate(gain)
        raised = np.append(True, top[1:] > top[:-1])
        entries.append(np.maximum.accumulate(np.where(raised, steps, 0)))
        best = so_far + top
    starts = [len(steps)]
    for entry in reversed(entries):
        starts.append(int(entry[starts[-1] - 1]))
    return [0, *starts[:0:-1]]


def roles(sentences: Sequence[Sentence], scenes: Sequence[str], model: SceneModel) -> list[str]:
    """The most probable role of each sentence of a document, given its scene.

    A sentence is judged by its stems and by its place in its run of the scene. A scene that the
    model saw no sentence of has no roles: "".
    """
    found: list[str] = []
    for scene, run in groupby(range(len(sentences)), key=lambda place: scenes[place]):
        part = [sentences[place] for place in run]
        evidence = model.roles.get(scene)
        for sight in _sights([""] * len(part), part, model.numbers):
            found.append(evidence.labels[int(evidence.of(sight).argmax())] if evidence else "")
    return found


def labelled(documents: Iterable[Document]) -> tuple[Document, ...]:
    """The documents with a scene and a role for every sentence, by what the bundled ones teach.

    Sentences that have a scene keep it, and their role. Any text is cut, dream or not.

    >>> document = Corpus.from_text("I see a lake. A figure stands here. We speak. I awake.")
    >>> [sentence.scene for sentence in document.documents[0].sentences]
    ['setting', 'encounter', 'revelation', 'awakening']
    """
    return tuple(_labelled(document) for document in documents)


def _labelled(document: Document) -> Document:
    """A document whose bare sentences have been given a home."""
    if all(sentence.scene for sentence in document.sentences):
        return document
    model = bundled_scenes()
    scenes = [
        sentence.scene or scene
        for sentence, scene in zip(document.sentences, cut(document.sentences, model), strict=True)
    ]
    homes = zip(document.sentences, scenes, roles(document.sentences, scenes, model), strict=True)
    return replace(
        document,
        sentences=tuple(
            sentence if sentence.scene else replace(sentence, scene=scene, role=role)
            for sentence, scene, role in homes
        ),
    )


@lru_cache(maxsize=1)
def bundled_scenes() -> SceneModel:
    return learned(Corpus.bundled().documents)


def _stems(sentence: Sentence) -> set[str]:
    return {stem(word) for word in sentence.words if is_word(word)}


def _numbers(tellings: Sequence[Sequence[Sentence]]) -> dict[str, int]:
    """The stems that two documents use, numbered: one of a single document tells it from the
    others, not its scenes from each other."""
    uses = Counter(used for telling in tellings for used in set().union(*map(_stems, telling)))
    return {used: number for number, used in enumerate(sorted(u for u in uses if uses[u] > 1))}


def _sights(
    labels: Sequence[str], sentences: Sequence[Sentence], numbers: Mapping[str, int]
) -> list[Sight]:
    """The sentences of one document or scene as the model sees them."""
    sizes = Counter(labels)
    return [
        Sight(
            label,
            sorted(numbers[used] for used in _stems(sentence) if used in numbers),
            (place + 0.5) / len(labels),
            1 / sizes[label],
        )
        for place, (label, sentence) in enumerate(zip(labels, sentences, strict=True))
    ]


def _shares(tellings: Iterable[Sequence[Sentence]]) -> Floats:
    """How much of a document each scene takes on average, (4,); equal shares count as one more."""
    rows = [np.full(len(SCENES), 1 / len(SCENES))]
    for telling in filter(None, tellings):
        sizes = Counter(sentence.scene for sentence in telling)
        rows.append(np.array([sizes[scene] / len(telling) for scene in SCENES]))
    return np.asarray(np.mean(rows, axis=0))


def _of(label: str, sights: Iterable[Sight]) -> list[Sight]:
    return [sight for sight in sights if sight.label == label]


def _damped(odds: Floats, stems: Sequence[int]) -> Floats:
    """The sum of the odds of some stems over the root of their number, (labels,).

    Words that stand together depend on one another, so a long sentence is less sure than naive
    Bayes has it.
    """
    return np.asarray(odds[:, stems].sum(axis=1) / max(1, len(stems)) ** 0.5)


def _rates(groups: Sequence[Sequence[Sight]], wider: Floats, trust: float) -> Floats:
    """How many of the sentences of each group use each stem, (groups, stems).

    ``wider`` are the rates (stems,) or (groups, stems) that count as ``trust`` sentences more.
    """
    counts = np.zeros((len(groups), wider.shape[-1]))
    for row, group in zip(counts, groups, strict=True):
        for sight in group:
            row[sight.stems] += 1
    sizes = np.array([len(group) for group in groups])
    return np.asarray((counts + trust * wider) / (sizes + trust)[:, None])


def _places(labels: Sequence[str], sights: Sequence[Sight], width: float) -> Floats:
    """log P(label | place): the labels of the sentences around each place, (labels, `CELLS`)."""
    middles = (np.arange(CELLS) + 0.5) / CELLS
    near = np.full((len(labels), CELLS), 1e-12)  # where no sentence is near, all are alike
    for sight in sights:
        curve = np.exp(-0.5 * ((middles - sight.place) / width) ** 2)
        near[labels.index(sight.label)] += sight.weight * curve
    return np.asarray(np.log((1 - FLOOR) * near / near.sum(axis=0) + FLOOR / len(labels)))


def _roles(acts: Sequence[Sight], wider: Floats) -> Evidence:
    """The evidence for the roles of one scene; ``wider`` (stems,) are the rates of the scene."""
    labels = tuple(sorted({act.label for act in acts}))
    rates = _rates([_of(label, acts) for label in labels], wider, ROLE_TRUST)
    return Evidence(labels, np.log(rates / wider), _places(labels, acts, ROLE_WIDTH))
