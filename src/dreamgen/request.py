"""What is asked of a dream, checked before anything is fitted or drawn."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .errors import Unsatisfiable
from .facts import ARCS, MOODS, VOICES
from .rules import Avoids, Mentions, Words
from .text import listed, words

DEFAULT_WORDS = (300, 600)
LONGEST = 5_000


@dataclass(frozen=True)
class Request:
    """What is asked of a dream, checked."""

    arc: str | None = None
    mention: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    words: tuple[int, int] | None = None
    pronoun: str | None = None
    mood: str | None = None

    @classmethod
    def of(
        cls,
        *,
        arc: str | None = None,
        mention: Iterable[str] | str = (),
        avoid: Iterable[str] | str = (),
        words: tuple[int, int] | None = None,
        pronoun: str | None = None,
        mood: str | None = None,
    ) -> "Request":
        """A request from what a caller wrote; raises ValueError or `Unsatisfiable` for nonsense."""
        for name, value, known in (
            ("arc", arc, ARCS), ("pronoun", pronoun, VOICES), ("mood", mood, MOODS),
        ):  # fmt: skip
            if value is not None and value not in known:
                raise ValueError(f"{name} is {listed(known)}, not {value!r}")
        if words is not None:
            pair = tuple(words)
            if len(pair) != 2 or not all(isinstance(n, int) and n >= 0 for n in pair):
                raise ValueError(f"words is a pair (least, most) of whole numbers, not {words!r}")
            if pair[0] > pair[1]:
                raise ValueError(f"words=({pair[0]}, {pair[1]}): the least is more than the most")
            if pair[0] > LONGEST:
                hint = f"ask for 80 to {LONGEST} words, and for more dreams (generate_many)"
                raise Unsatisfiable("", [Words(*pair)], hint)
            words = pair[0], pair[1]
        wanted, unwanted = _phrases("mention", mention), _phrases("avoid", avoid)
        for phrase in wanted:
            if unwanted and not Avoids(*unwanted).holds(phrase):
                clash = [p for p in unwanted if not Avoids(p).holds(phrase)]
                rules = [Mentions(phrase), Avoids(*clash)]
                raise Unsatisfiable("", rules, "take it out of one of the two")
        return cls(arc, wanted, unwanted, words, pronoun, mood)

    def demands(self) -> Iterator["Demand"]:
        """What is asked, one by one; all of it together is this request."""
        yield from (Demand("mention", phrase, Mentions(phrase)) for phrase in self.mention)
        yield from (Demand("avoid", phrase, Avoids(phrase)) for phrase in self.avoid)
        if self.words:
            yield Demand("words", self.words, Words(*self.words))
        for name in ("arc", "pronoun", "mood"):
            if value := getattr(self, name):
                yield Demand(name, value, f"{name}={value!r}")

    @classmethod
    def demanding(cls, demands: Iterable["Demand"]) -> "Request":
        """The request of some demands."""
        asked: dict[str, Any] = {"mention": (), "avoid": ()}
        for demand in demands:
            if demand.name in ("mention", "avoid"):
                asked[demand.name] += (demand.value,)
            else:
                asked[demand.name] = demand.value
        return cls.of(**asked)


@dataclass(frozen=True)
class Demand:
    """One thing that is asked of a dream; ``shown`` is the rule that says it."""

    name: str
    value: Any
    shown: object


def _phrases(name: str, value: Iterable[str] | str) -> tuple[str, ...]:
    found = (value,) if isinstance(value, str) else tuple(value)
    for phrase in found:
        if not isinstance(phrase, str) or not words(phrase):
            raise ValueError(f"{name} takes words, not {phrase!r}")
    return tuple(dict.fromkeys(found))
