"""`Text`: a ``markovify.Text`` that can be steered.

Where only markovify's own arguments are used, its behaviour is kept. With ``mention``, ``avoid``,
``words``, ``opens``, ``run`` or ``seed``, a sentence is drawn exactly from the same chain under
those rules: never None for a request that can be met, and `Unsatisfiable` with a reason for one
that cannot. With a seed Python's global generator is left alone.

This module imports markovify, which imports Unidecode (GPL-2.0-or-later); nothing else here does.
"""

import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import markovify
import numpy as np

from . import automata
from .automata import Automaton
from .chain import BEGIN, END, Edges, counts_of
from .corpus import Corpus
from .errors import CorpusError, Unsatisfiable
from .looped import Looped, LoopedPlan
from .rules import Avoids, Mentions, Novel, Opens, Rule, Words
from .sampler import Walkable
from .seeds import Seed, Stream, fresh_seed, seed_key
from .text import listed, nearest, stem
from .text import words as words_of
from .trie import Ints, Trie

LONGEST = 60
MESSAGES = 2**24  # of the plans that are kept, the latest: 128 MB
_STEERING = frozenset({"mention", "avoid", "words", "opens", "run", "seed"})


class Text(markovify.Text):  # type: ignore[misc]
    """A ``markovify.Text`` whose ``make_sentence`` can be steered.

    >>> text = Text("The moon is low. The sea is calm. The moon is calm tonight.", state_size=1)
    >>> text.make_sentence(mention=["sea"], run=4, seed=3) is not None
    True
    """

    def make_sentence(
        self,
        init_state: tuple[str, ...] | None = None,
        *,
        mention: Iterable[str] | str = (),
        avoid: Iterable[str] | str = (),
        words: tuple[int, int] | None = None,
        opens: str | None = None,
        run: int | None = None,
        seed: Seed | None = None,
        **kwargs: Any,
    ) -> str | None:
        """A sentence; steered where any of the keyword arguments named above is given.

        ``mention`` words all occur and ``avoid`` words do not (inflected forms count); ``words``
        is (least, most), by default no more than 60, or than a request needs; ``opens`` the first
        words; ``run`` the longest run of words that may be shared with the text, by default no
        bound; ``seed`` names the sentence.

        Raises `Unsatisfiable`, with the smallest set of rules that conflict, where there is no such
        sentence, and ValueError for arguments that make no sense together.
        """
        steered = bool(mention or avoid or words or opens or run is not None or seed is not None)
        if not steered:
            made: str | None = super().make_sentence(init_state, **kwargs)
            return made
        if init_state is not None or kwargs:
            strange = listed([*(["init_state"] if init_state else []), *kwargs], "and")
            raise ValueError(f"{strange}: markovify's own arguments do not go with steering")
        wanted, shunned = _phrases("mention", mention), _phrases("avoid", avoid)
        asked = (wanted, shunned, words, opens, run)
        plan = self._plans.get(asked)
        if plan is None:
            plan = self._plans[asked] = self._plan(*asked)
            while (
                sum(kept.size for kept in self._plans.values()) > MESSAGES and len(self._plans) > 1
            ):
                del self._plans[next(iter(self._plans))]
        drawn = plan.walk(Stream(seed_key(fresh_seed() if seed is None else seed), 0, "sentence"))
        sentence: str = self.word_join([self._tokens[token] for token in drawn])
        return sentence

    def make_sentence_with_start(
        self, beginning: str, strict: bool = True, **kwargs: Any
    ) -> str | None:
        """As markovify's; where any argument of `make_sentence` steers, ``opens`` is the start."""
        if not _STEERING.isdisjoint(kwargs):
            if not strict or "opens" in kwargs:
                raise ValueError("a steered sentence opens with its start: leave out strict, opens")
            return self.make_sentence(opens=beginning, **kwargs)
        made: str | None = super().make_sentence_with_start(beginning, strict, **kwargs)
        return made

    def make_short_sentence(self, max_chars: int, min_chars: int = 0, **kwargs: Any) -> str | None:
        """As markovify's, which tries its luck; a steered sentence is bounded by its words."""
        if not _STEERING.isdisjoint(kwargs):
            raise ValueError(
                "make_short_sentence tries its luck: bound a steered sentence by "
                "make_sentence(words=(least, most))"
            )
        made: str | None = super().make_short_sentence(max_chars, min_chars, **kwargs)
        return made

    def compile(self, inplace: bool = False) -> "Text":
        """As markovify's, but what comes out can be steered too."""
        if inplace:
            self.chain.compile(inplace=True)
            return self
        made: Text = type(self)(
            None,
            state_size=self.state_size,
            chain=self.chain.compile(inplace=False),
            parsed_sentences=self.parsed_sentences if self.retain_original else None,
            retain_original=self.retain_original,
            well_formed=self.well_formed,
            reject_reg=self.reject_pat,
        )
        return made

    @cached_property
    def _plans(self) -> dict[object, LoopedPlan]:
        """The plans of the latest requests."""
        return {}

    @cached_property
    def _tokens(self) -> list[str]:
        states = self.chain.model.items()
        return sorted({w for _, follow in states for w in counts_of(follow) if w != END})

    @cached_property
    def _states(self) -> "_States":
        number = {word: place for place, word in enumerate(self._tokens)}
        return _States(self.chain.model, number, self.state_size)

    @cached_property
    def _words(self) -> tuple[list[str], Ints]:
        """The folded words, stripped of their marks, and the number of each token's."""
        bare = [" ".join(words_of(self.word_join([token]))) for token in self._tokens]
        listed_ = sorted(set(bare))
        number = {word: place for place, word in enumerate(listed_)}
        return listed_, np.array([*(number[word] for word in bare), -1, -1])

    @cached_property
    def _silent(self) -> int:
        """The number of the empty word, which tokens of punctuation have."""
        return self._words[0].index("") if "" in self._words[0] else -1

    def _plan(
        self,
        mention: Sequence[str],
        avoid: Sequence[str],
        bounds: tuple[int, int] | None,
        opens: str | None,
        run: int | None,
    ) -> LoopedPlan:
        if bounds is not None:
            Words(*bounds)  # refuses what are no bounds
        known, numbers = self._words
        numbers = np.where(numbers == self._silent, -1, numbers)
        rules: list[tuple[Rule, Automaton]] = []
        if bounds is not None and self._silent >= 0:
            # tokens without a letter are no words, and a sentence may hold any number of them
            rules.append((Words(*bounds), automata.Counting(numbers >= 0, *bounds)))
        if avoid:
            shut = [phrase for word in avoid for phrase in self._forms(word)]
            rules.append((Avoids(*avoid), automata.lacking(numbers, shut)))
        for word in mention:
            forms = self._forms(word)
            if not forms:
                alike = nearest(word, known)
                hint = f"try {listed(alike)}" if alike else "ask for a word that the text has"
                raise Unsatisfiable("", [Mentions(word)], f"the text never says {word!r}; {hint}")
            rules.append((Mentions(word), automata.containing(numbers, [forms], 1)))
        if opens is not None:
            number = {word: place for place, word in enumerate(known)}
            first = tuple(number.get(word, len(known)) for word in words_of(opens))
            rules.append((Opens(opens), automata.opening(numbers, [first])))
        counted = bounds if self._silent < 0 else None
        plan = self._met(rules, counted, run)
        if plan:
            return plan
        asked: list[Rule] = [rule for rule, _ in rules]
        asked += [Words(*counted)] if counted else []
        asked += [Novel(run)] if run is not None else []
        kept = list(asked)
        for rule in asked:
            fewer = [other for other in kept if other is not rule]
            machines = [pair for pair in rules if pair[0] in fewer]
            within = counted if counted and any(isinstance(r, Words) for r in fewer) else None
            if not self._met(machines, within, run if Novel(run) in fewer else None):
                kept = fewer
        raise Unsatisfiable("", kept, "drop or loosen one of them")

    def _met(
        self,
        rules: Sequence[tuple[Rule, Automaton]],
        bounds: tuple[int, int] | None,
        run: int | None,
    ) -> LoopedPlan | None:
        """The plan of some rules, or None where no sentence meets them."""
        graph = Looped.of(self._unsteered(run), [machine for _, machine in rules])
        if graph.shortest is None:
            return None
        least, most = bounds or (0, max(LONGEST, graph.shortest))
        plan = LoopedPlan(graph, least, most)
        return plan if plan.total else None

    def _unsteered(self, run: int | None) -> Walkable:
        """What all requests of a run have in common: the chain under the bound on runs alone."""
        if run is None:
            return self._states
        if run not in self._novel:
            self._novel[run] = Looped.of(self._states, [self._novelty(run)])
        return self._novel[run]

    @cached_property
    def _novel(self) -> dict[int, Looped]:
        """The chain under each bound on runs that was asked for."""
        return {}

    def _forms(self, phrase: str) -> list[tuple[int, ...]]:
        """The forms of a word in the text, each a phrase of one."""
        known, _ = self._words
        roots = [stem(word) for word in words_of(phrase)]
        if len(roots) > 1:
            number = {word: place for place, word in enumerate(known)}
            exact = tuple(number.get(word, len(known)) for word in words_of(phrase))
            return [exact]
        return [(place,) for place, word in enumerate(known) if [stem(word)] == roots]

    def _novelty(self, run: int) -> automata.Novelty:
        if not self.retain_original:
            raise ValueError("run needs the text: make it with retain_original=True")
        symbols = {word: place for place, word in enumerate(self._tokens)}
        rows = [[symbols[word] for word in row] for row in self.parsed_sentences]
        trie = Trie.of(rows, len(symbols), run + 1)
        return automata.Novelty(trie, np.array([*range(len(symbols)), -1, -1]), run)


def _phrases(name: str, given: Iterable[str] | str) -> tuple[str, ...]:
    phrases = (given,) if isinstance(given, str) else tuple(given)
    for phrase in phrases:
        if not isinstance(phrase, str) or not words_of(phrase):
            raise ValueError(f"{name} takes words, not {phrase!r}")
    return phrases


def text_of(corpus: Corpus, state_size: int) -> Text:
    """The sentences of a corpus, none left out, as a text of markovify's."""
    rows = [
        sentence.text.split() for document in corpus.documents for sentence in document.sentences
    ]
    return Text(None, state_size=state_size, parsed_sentences=rows)


def corpus_of(source: markovify.Text | str) -> Corpus:
    """The sentences that a text of markovify's keeps, or its JSON does, as a corpus.

    Raises `CorpusError` where it keeps none.
    """
    if isinstance(source, str):
        try:
            kept = json.loads(source)
        except ValueError as error:
            raise CorpusError(f"no JSON of a markovify.Text: {error}") from error
        rows = kept.get("parsed_sentences") if isinstance(kept, dict) else None
        join = " ".join
    else:
        rows = getattr(source, "parsed_sentences", None)
        join = getattr(source, "word_join", " ".join)
    if not isinstance(rows, list) or not rows:
        raise CorpusError(
            "a dreamer needs sentences, and these are counts alone; give a markovify.Text, or its "
            "JSON, that was made with retain_original=True"
        )
    return Corpus.from_text("\n\n".join(map(join, rows)), name="markovify")


class _States:
    """A chain read from markovify's states, with the two calls that `product` makes of a chain."""

    def __init__(self, model: Any, number: dict[str, int], order: int) -> None:
        self.end = len(number) + 1
        states = sorted(model, key=repr)
        place = {state: row for row, state in enumerate(states)}
        self.start = place[(BEGIN,) * order]
        counts, tokens, targets, weights = [], [], [], []
        for state in states:
            follow = counts_of(model[state])
            whole = sum(follow.values())
            rows = sorted(
                (self.end if word == END else number[word], word, count)
                for word, count in follow.items()
            )
            counts.append(len(rows))
            for token, word, count in rows:
                tokens.append(token)
                targets.append(-1 if word == END else place[(*state[1:], word)])
                weights.append(count / whole)
        self._first = np.concatenate([[0], np.cumsum(counts)])
        self._token, self._target = np.array(tokens), np.array(targets)
        self._weight = np.array(weights, float)

    def edges(self, contexts: Ints) -> Edges:
        """The ways on, as `Chain.edges` gives them."""
        low = self._first[contexts]
        counts = self._first[contexts + 1] - low
        source = np.repeat(np.arange(len(contexts)), counts)
        edge = np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts - low, counts)
        return Edges(source, self._token[edge], self._target[edge], self._weight[edge].copy())
