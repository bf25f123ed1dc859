"""Lines of the book told in new words, and which lines make a dream.

A line is a frame (`dreamgen.frames`). Going through it, the chain keeps the run it is on, with
weight `KEEP`, or leaves it at a slot for another word of the slot's class; a run of more than `RUN`
tokens has weight 0. The state (place, length of the run) is all that matters for what may follow,
so backward messages over it give the exact odds of keeping at every slot, and going forward with
them draws from the exact law: forward filtering, backward sampling, as in `dreamgen.sampler`. What
is left, that no *other* sentence of the book is copied and nothing of the dream repeated, fails
seldom; a sentence that fails is drawn again, which conditions the law on not failing.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .bookmodel import RUN, BookModel
from .frames import Chosen, article, keeping
from .seeds import Stream
from .text import CLOSE_UP_AFTER, CLOSE_UP_BEFORE, capitalized


@dataclass(frozen=True, slots=True)
class Slot:
    """A place of a frame that may change: the other words it may take, and the odds.

    ``keep[r]`` is the probability of keeping after a run of r tokens; ``since`` is the last place
    before it where another word was laid down, -1 where there is none after the slot before.
    """

    place: int
    chosen: Chosen
    keep: tuple[float, ...]
    since: int = -1


@dataclass(frozen=True, slots=True)
class Frame:
    """A line ready to be told: its tokens, its slots in order, and whether it can be told anew."""

    tokens: tuple[int, ...]
    slots: tuple[Slot, ...]
    total: float

    def told(self, stream: Stream, start: int) -> tuple[list[int], int]:
        """The tokens of one telling, and how many numbers of the stream have been used."""
        out = list(self.tokens)
        run = at = 0
        for slot in self.slots:
            place = slot.place
            run = place - slot.since - 1 if slot.since >= at else run + place - at
            u = stream[start]
            start += 1
            keep = slot.keep[run]
            if u < keep:
                run += 1
            else:
                upto = slot.chosen.upto
                rest = (u - keep) / (1.0 - keep) * upto[-1]
                out[place] = slot.chosen.tokens[min(bisect_right(upto, rest), len(upto) - 1)]
                run = 0
            at = place + 1
        return out, start


def frame_of(
    model: BookModel,
    line: int,
    world: int,
    *,
    held: Mapping[int, int] | None = None,
    shunned: Collection[int] = (),
) -> Frame:
    """The frame of a line; ``held`` tokens stand at their places, ``shunned`` ones nowhere.

    Cost is linear in the tokens of the line and the words of its slots.
    """
    frames = model.frames
    low, high = int(frames.first[line]), int(frames.first[line + 1])
    own = frames.tokens[low:high].tolist()
    tokens = list(own)
    places: list[tuple[int, Chosen, float]] = []
    for place, kind in enumerate(frames.slots[low:high].tolist()):
        if held and place in held:
            tokens[place] = held[place]
        elif kind >= 0:
            chosen = frames.words_of(kind, tokens[place], world)
            if shunned:
                chosen = _without(chosen, shunned)
            if chosen.tokens:
                places.append((place, chosen, keeping(model.tokens[tokens[place]][1])))
    changed = {place for place, token in (held or {}).items() if token != own[place]}
    slots, total = _messages(tokens, places, changed, shunned)
    return Frame(tuple(tokens), slots, total)


def _without(chosen: Chosen, shunned: Collection[int]) -> Chosen:
    upto, tokens, before, total = [], [], 0.0, 0.0
    for edge, token in zip(chosen.upto, chosen.tokens, strict=True):
        if token not in shunned:
            total += edge - before
            upto.append(total)
            tokens.append(token)
        before = edge
    return Chosen(upto, tokens)


def _messages(
    tokens: Sequence[int],
    places: Sequence[tuple[int, Chosen, float]],
    changed: Collection[int],
    shunned: Collection[int],
) -> tuple[tuple[Slot, ...], float]:
    """The slots with their odds, and the weight of all tellings; 0 where there is none."""
    open_ = {place: (chosen, weight) for place, chosen, weight in places}
    message = [1.0] * (RUN + 1) + [0.0]
    slots: list[Slot] = []
    for place in range(len(tokens) - 1, -1, -1):
        banned = tokens[place] in shunned
        if place in changed:
            message = [0.0 if banned else message[0]] * (RUN + 1) + [0.0]
        elif place in open_:
            since = max((other for other in changed if other < place), default=-1)
            chosen, keep = open_[place]
            kept = [0.0 if banned else keep * message[run + 1] for run in range(RUN + 1)]
            both = [weight + message[0] for weight in kept]
            odds = tuple(
                weight / whole if whole else 1.0 for weight, whole in zip(kept, both, strict=True)
            )
            slots.append(Slot(place, chosen, odds, since))
            message = [*both, 0.0]
        else:
            message = [0.0 if banned else message[run + 1] for run in range(RUN + 1)] + [0.0]
    return tuple(reversed(slots)), message[0]


def printed(model: BookModel, tokens: Sequence[int]) -> tuple[str, list[str]]:
    """A telling as a sentence, and its words: articles by sound, spaces and capital in place."""
    words = [model.words[token] for token in tokens]
    for place in range(len(words) - 1):
        if words[place] in ("a", "an"):
            words[place] = article(words[place + 1])
    parts: list[str] = []
    close = True
    for word in words:
        if not close and word not in CLOSE_UP_BEFORE:
            parts.append(" ")
        parts.append(word)
        close = word in CLOSE_UP_AFTER
    return capitalized("".join(parts)), words
