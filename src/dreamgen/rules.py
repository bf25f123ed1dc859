"""Rules: demands on one sentence, each a frozen value with two readings.

As a judge, ``rule.fault(text)`` says what is wrong with any sentence, whoever wrote it ("" where
nothing is); in a Pydantic ``Annotated[str, ...]`` it does so as a validator. As an automaton,
``rule.automaton(model)`` steers the sampler so that no sentence with a fault can be drawn. The two
readings agree: a sentence is accepted exactly when it has no fault.

Rules speak of words without regard to case; `Mentions` and `Avoids` count inflected forms (*moth*
is met by *moths*), and punctuation does not part the words of a phrase.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from .bookmodel import book_model
from .errors import SchemaError
from .text import cut, folded, listed, roots, spoken, stem, tokens, words

if TYPE_CHECKING:
    from .automata import Automaton
    from .model import Model


class Judged(frozenset[str]):
    """Sentences that meet the rules of their fields by the way they were drawn.

    Given to Pydantic as the context of a validation, it spares judging them a second time.
    """


@dataclass(frozen=True)
class Rule:
    """A demand on one sentence."""

    def fault(self, text: str, model: "Model | None" = None) -> str:
        """What breaks the rule in this text, or "" where nothing does.

        ``model`` is the corpus against which copying and shapes are judged, by default the bundled
        one.
        """
        raise NotImplementedError

    def holds(self, text: str, model: "Model | None" = None) -> bool:
        """Whether a text meets the rule."""
        return not self.fault(text, model)

    def automaton(self, model: "Model") -> "Automaton":
        """The sentences of the model's tokens that meet the rule."""
        from .steering import automaton_of  # judging a text takes no arrays

        return automaton_of(self, model)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        made = handler(source)
        judge = _Judge((self,))
        if made["type"] == "function-after" and isinstance(made["function"]["function"], _Judge):
            # one call into Python for all the rules of a field
            judge = _Judge((*made["function"]["function"].rules, self))
            made = made["schema"]
        return core_schema.with_info_after_validator_function(judge, made)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        made = handler(schema)
        made["rules"] = [*made.get("rules", []), repr(self)]
        return made


@dataclass(frozen=True)
class _Judge:
    """The rules of a field as one validator: the first that is broken is told of."""

    rules: tuple[Rule, ...]

    def __call__(self, text: str, info: core_schema.ValidationInfo) -> str:
        model = info.context
        if isinstance(model, Judged):
            if text in model:
                return text
            model = None
        for rule in self.rules:
            if fault := rule.fault(text, model):
                about = {"rule": repr(rule), "fault": fault}
                raise PydanticCustomError("rule", "breaks {rule}: {fault}", about)
        return text


@dataclass(frozen=True)
class Words(Rule):
    """From ``least`` to ``most`` words; punctuation does not count.

    >>> Words(2, 4).holds("The sea is calm."), Words(2, 3).fault("The sea is calm.")
    (True, '4 words')
    """

    least: int
    most: int

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most:
            raise SchemaError(f"Words({self.least}, {self.most}): give (least, most), 0 or more")

    def fault(self, text: str, model: "Model | None" = None) -> str:
        """The number of words, where it is out of bounds."""
        count = len(spoken(text))
        return "" if self.least <= count <= self.most else f"{count} words"


class _Phrased(Rule):
    """A rule whose values are words or phrases."""

    phrases: tuple[str, ...]

    def _set(self, phrases: Sequence[str]) -> None:
        kept = tuple(phrases)
        if not kept or not all(isinstance(p, str) and words(p) for p in kept):
            raise SchemaError(f"{type(self).__name__} takes words or phrases, not {kept!r}")
        object.__setattr__(self, "phrases", kept)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.phrases))})"


@dataclass(frozen=True, init=False, repr=False)
class Opens(_Phrased):
    """The first words are one of the phrases.

    >>> Opens("as I", "when I").holds("As I wander, the mist parts.")
    True
    """

    phrases: tuple[str, ...]

    def __init__(self, *phrases: str) -> None:
        self._set(phrases)

    def fault(self, text: str, model: "Model | None" = None) -> str:
        """The words that it opens with instead."""
        said = words(text)
        if any(said[: len(words(p))] == words(p) for p in self.phrases):
            return ""
        return f"opens with {' '.join(said[:3])!r}"


@dataclass(frozen=True, init=False, repr=False)
class Closes(_Phrased):
    """The last words are one of the phrases.

    >>> Closes("of light", "the dawn").holds("I see a tapestry of light.")
    True
    """

    phrases: tuple[str, ...]

    def __init__(self, *phrases: str) -> None:
        self._set(phrases)

    def fault(self, text: str, model: "Model | None" = None) -> str:
        """The words that it closes with instead."""
        said = words(text)
        if any(said[len(said) - len(words(p)) :] == words(p) for p in self.phrases):
            return ""
        return f"closes with {' '.join(said[-3:])!r}"


@dataclass(frozen=True, init=False, repr=False)
class Mentions(_Phrased):
    """At least ``least`` of the words or phrases occur (by default all), inflected or not.

    >>> Mentions("moth", "light").holds("Moths circle the lights."), Mentions("sea").fault("Sand.")
    (True, "'sea' is missing")
    """

    phrases: tuple[str, ...]
    least: int

    def __init__(self, *phrases: str, least: int | None = None) -> None:
        self._set(phrases)
        least = len(self.phrases) if least is None else least
        if not 1 <= least <= len(self.phrases):
            raise SchemaError(f"Mentions: least={least} of {len(self.phrases)} phrases")
        object.__setattr__(self, "least", least)

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self.phrases))
        least = "" if self.least == len(self.phrases) else f", least={self.least}"
        return f"Mentions({shown}{least})"

    def fault(self, text: str, model: "Model | None" = None) -> str:
        """The phrases that are missing."""
        said = [stem(word) for word in spoken(text)]
        missing = [p for p in self.phrases if not _occurs([stem(w) for w in words(p)], said)]
        if len(self.phrases) - len(missing) >= self.least:
            return ""
        return f"{listed([repr(p) for p in missing])} is missing"


@dataclass(frozen=True, init=False, repr=False)
class Avoids(_Phrased):
    """None of the words or phrases occurs, inflected or not.

    >>> Avoids("tapestry").fault("Two tapestries hang here.")
    "'tapestry' occurs"
    """

    phrases: tuple[str, ...]
    _single: ClassVar[set[str] | None] = None  # the stems, where every phrase is one word

    def __init__(self, *phrases: str) -> None:
        self._set(phrases)
        single = (
            {stem(p) for p in self.phrases} if all(len(words(p)) == 1 for p in phrases) else None
        )
        object.__setattr__(self, "_single", single)

    def fault(self, text: str, model: "Model | None" = None) -> str:
        """The phrases that occur."""
        if self._single is not None and self._single.isdisjoint(roots(text)):
            return ""
        said = [stem(word) for word in spoken(text)]
        found = [p for p in self.phrases if _occurs([stem(w) for w in words(p)], said)]
        return f"{listed([repr(p) for p in found], 'and')} occurs" if found else ""


@dataclass(frozen=True)
class Speaks(Rule):
    """Something is said in it, in quotation marks that balance.

    >>> Speaks().holds("“Tell me,” I whisper."), Speaks().holds("“Tell me.")
    (True, False)
    """

    def fault(self, text: str, model: "Model | None" = None) -> str:
        """What is wrong with the quotation marks."""
        state = 0
        for token in tokens(text):
            state = _QUOTES[state].get(token, state)
        return (
            "nothing is said in it",
            "a quotation is left open",
            "",
            "a quotation is never opened",
        )[state]


_QUOTES: tuple[dict[str, int], ...] = ({"“": 1, "”": 3}, {"“": 3, "”": 2}, {"“": 1, "”": 3}, {})


@dataclass(frozen=True, init=False, repr=False)
class Shaped(Rule):
    """The tags of its tokens are these, in order: the grammatical shape of a sentence.

    A text is judged by the tags that its words have in the corpus.

    >>> Shaped("PRP1", "VBP", ".").holds("I wander.")
    True
    """

    tags: tuple[str, ...]

    def __init__(self, *tags: str) -> None:
        if not tags:
            raise SchemaError("Shaped takes the tags of a sentence, one for each token")
        object.__setattr__(self, "tags", tags)

    def __repr__(self) -> str:
        return f"Shaped({', '.join(map(repr, self.tags))})"

    def fault(self, text: str, model: "Model | None" = None) -> str:
        """The first token that does not fit."""
        lexicon = (model or _bundled()).lexicon
        said = tokens(text)
        if len(said) != len(self.tags):
            return f"{len(said)} tokens, not {len(self.tags)}"
        for token, tag in zip(said, self.tags, strict=True):
            if tag not in lexicon.get(folded(token), ()):
                return f"{token!r} is no {tag}"
        return ""


@dataclass(frozen=True)
class Novel(Rule):
    """No run of more than ``run`` tokens, punctuation counted, is a run of the corpus.

    ``run`` is by default the bound of the model: 5 for the documents. Where no model is named, a
    text may not share more than 6 tokens with the dream book either.

    >>> Novel(5).fault("The air is sweet with the scent of rain.")
    "'the air is sweet with the' is in the corpus"
    """

    run: int | None = None

    def __post_init__(self) -> None:
        if self.run is not None and self.run < 1:
            raise SchemaError(f"Novel({self.run}): a run is of 1 token or more")

    def _bound(self, model: "Model") -> int:
        return model.run if self.run is None else self.run

    def fault(self, text: str, model: "Model | None" = None) -> str:
        """The first run that is too long."""
        said = [folded(token) for token in cut(text)]
        if model is None and self.run is None and (run := book_model().copied(said)):
            return f"{run!r} is in the book"
        model = model or _bundled()
        length = self._bound(model) + 1
        grams = model.grams(length)
        runs = list(zip(*(said[start:] for start in range(length)), strict=False))
        if grams.isdisjoint(runs):
            return ""
        return next(f"{' '.join(run)!r} is in the corpus" for run in runs if run in grams)


@dataclass(frozen=True, init=False, repr=False)
class Leans(Rule):
    """Some words are drawn more often (or, below 1, less often); no text breaks it.

    >>> Leans(gold=4.0, indigo=0.25).holds("Anything at all.")
    True
    """

    weights: tuple[tuple[str, float], ...]

    def __init__(self, **weights: float) -> None:
        if not all(0 < weight < float("inf") for weight in weights.values()):
            raise SchemaError("Leans takes weights above 0; to shut a word out, use Avoids")
        object.__setattr__(self, "weights", tuple(sorted(weights.items())))

    def __repr__(self) -> str:
        return f"Leans({', '.join(f'{word}={weight!r}' for word, weight in self.weights)})"

    def fault(self, text: str, model: "Model | None" = None) -> str:
        """Never anything."""
        return ""


def _occurs(part: Sequence[str], whole: Sequence[str]) -> bool:
    width = len(part)
    return any(whole[i : i + width] == part for i in range(len(whole) - width + 1))


def _bundled() -> "Model":
    """The model of the documents."""
    from .model import bundled_model  # most texts are judged without it

    return bundled_model()
