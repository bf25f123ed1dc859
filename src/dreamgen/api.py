"""The calls that most people need, over one dreamer for the bundled corpus."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from functools import lru_cache

from .dreamer import Dreamer
from .schema import Dream
from .seeds import Seed


@lru_cache(maxsize=1)
def default_dreamer() -> Dreamer:
    """The dreamer of the bundled corpus, made when first used."""
    return Dreamer()


def generate(
    *,
    seed: Seed | None = None,
    arc: str | None = None,
    mention: Iterable[str] | str = (),
    avoid: Iterable[str] | str = (),
    words: tuple[int, int] | None = None,
    pronoun: str | None = None,
    mood: str | None = None,
) -> Dream:
    """A whole dream.

    ``seed`` (int, str or bytes) names the text: the same seed and request give the same dream for
    ever; without one, a new one is drawn and kept in ``dream.seed``. ``arc`` is "vulnerability",
    "companion", "reciprocity", "circle" or "unity"; ``mention`` words all occur (inflected forms
    count) and ``avoid`` words nowhere; ``words`` bounds the narrative, (least, most); ``pronoun``
    of the figure is "they", "she" or "he"; ``mood`` ("hope", "sadness", "love", "fear", "wonder",
    "peace") draws its words nearer.

    Raises `Unsatisfiable` where no dream of the corpus meets the request, with the rules that
    conflict and a way out, and ValueError for a value that is not one of those above.

    >>> dream = generate(seed=7, mention=["jasmine"], words=(150, 250))
    >>> "jasmine" in dream.text, 150 <= len(dream.text.split()) <= 250
    (True, True)
    """
    return default_dreamer().generate(
        seed=seed, arc=arc, mention=mention, avoid=avoid, words=words, pronoun=pronoun, mood=mood
    )


def generate_many(
    count: int,
    *,
    seed: Seed | None = None,
    start: int = 0,
    workers: int | Executor | None = None,
    arc: str | None = None,
    mention: Iterable[str] | str = (),
    avoid: Iterable[str] | str = (),
    words: tuple[int, int] | None = None,
    pronoun: str | None = None,
    mood: str | None = None,
) -> Iterator[Dream]:
    """Dreams ``start`` to ``start + count`` of a seed, one after another.

    The dream at an index is the same whatever ``start``, ``count`` and ``workers`` are.
    ``workers`` is a number of processes, or any `concurrent.futures.Executor`; the order is kept
    and memory does not grow with ``count``. The other arguments are those of `generate`.

    >>> [dream.index for dream in generate_many(3, seed=7, start=2)]
    [2, 3, 4]
    """
    return default_dreamer().generate_many(
        count, seed=seed, start=start, workers=workers, arc=arc, mention=mention, avoid=avoid,
        words=words, pronoun=pronoun, mood=mood,
    )  # fmt: skip
