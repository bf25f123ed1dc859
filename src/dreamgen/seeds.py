"""Streams: rows of uniform numbers named by (seed, index, path), the only randomness there is.

A stream is a pure function of its name: the same numbers for ever, on any machine, whatever was
drawn before. Words of 64 bits come from BLAKE2b (RFC 7693) in counter mode, keyed by the seed; the
upper 53 bits of a word make a number in [0, 1). BLAKE2b is in Python's standard library, costs
0.6 µs for eight numbers, and never changes, which is what makes a seed's text a promise.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from struct import Struct
from typing import TypeVar

Seed = int | str | bytes
T = TypeVar("T")

BLOCK = 8
_WORDS = Struct("<8Q")
_UNIT = 2.0**-53


def fresh_seed() -> int:
    """A seed drawn from the operating system, short enough to be typed again."""
    import secrets  # a seed that is given needs none

    return secrets.randbelow(2**53)


def seed_key(seed: Seed) -> bytes:
    """The 32-byte key of a seed. An int, its decimal string and its bytes are three seeds.

    >>> seed_key(7) == seed_key("7")
    False
    """
    if isinstance(seed, bool) or not isinstance(seed, int | str | bytes):
        raise TypeError(f"a seed is an int, a str or bytes, not {type(seed).__name__}")
    if isinstance(seed, int):
        named = b"int:%d" % seed
    elif isinstance(seed, str):
        named = b"str:" + seed.encode("utf-8", "surrogatepass")
    else:
        named = b"bytes:" + seed
    return _key(named)


@lru_cache(maxsize=256)
def _key(named: bytes) -> bytes:
    return hashlib.blake2b(named, digest_size=32, person=b"dreamgen-seed").digest()


@lru_cache(maxsize=256)
def _keyed(key: bytes) -> "hashlib.blake2b":
    return hashlib.blake2b(key=key)  # a copy of it costs less than another one


class Stream:
    """The row of uniforms in [0, 1) of one (seed, index, path).

    >>> air = Stream(seed_key(7), 0, "scenes.0.setting.air")
    >>> air[0] == Stream(seed_key(7), 0, "scenes.0.setting.air")[0]
    True
    >>> 0.0 <= air[1000] < 1.0
    True
    """

    __slots__ = ("_hash", "_name", "_words", "numbers")

    def __init__(self, key: bytes, index: int, path: str) -> None:
        self._hash = _keyed(key)
        self._name = b"%d:%s:" % (index, path.encode())
        self._words: tuple[int, ...] = ()
        self.numbers: list[float] = []

    def word(self, position: int) -> int:
        """The number at a position in units of 2**-53, as a whole number."""
        while len(self._words) <= position:
            block = self._hash.copy()
            block.update(b"%s%d" % (self._name, len(self._words) // BLOCK))
            self._words += _WORDS.unpack(block.digest())
        return self._words[position] >> 11

    def extend(self, count: int) -> list[float]:
        """The numbers of the row, at least ``count`` of them."""
        numbers = self.numbers
        if len(numbers) < count:
            self.word(count - 1)
            numbers += [(word >> 11) * _UNIT for word in self._words[len(numbers) :]]
        return numbers

    def __getitem__(self, position: int) -> float:
        return self.word(position) * _UNIT


class Streams:
    """The streams of a seed and an index by what comes after a prefix in their paths.

    >>> scene = Streams(seed_key(7), 0, "scenes.0.")
    >>> air = Stream(seed_key(7), 0, "scenes.0.setting.air")
    >>> scene("setting.air")[0] == air[0]
    True
    >>> scene.words(b"setting.air", 1)[0] >> 11 == air.word(BLOCK)
    True
    """

    __slots__ = ("_head", "_named")

    def __init__(self, key: bytes, index: int, prefix: str) -> None:
        self._named = key, index, prefix
        self._head = _keyed(key).copy()
        self._head.update(b"%d:%s" % (index, prefix.encode()))

    def __call__(self, path: str) -> Stream:
        """The stream of a path."""
        key, index, prefix = self._named
        return Stream(key, index, prefix + path)

    def words(self, path: bytes, block: int) -> tuple[int, ...]:
        """The `BLOCK` words of 64 bits in a block of the stream of a path; what `Stream.word` gives
        are their upper 53 bits."""
        hashed = self._head.copy()
        hashed.update(b"%s:%d" % (path, block))
        return _WORDS.unpack(hashed.digest())


def choice(u: float, options: Sequence[T]) -> T:
    """The option that owns ``u`` when [0, 1) is cut into equal parts.

    >>> choice(0.5, ["dusk", "dawn"])
    'dawn'
    """
    return options[min(int(u * len(options)), len(options) - 1)]


def dealt(key: bytes, path: str, size: int, place: int) -> int:
    """The card at a place of a shuffled row of ``size``: over all places each number once.

    Costs grow with the place where it is small, and with the size, once for each row, where not.

    >>> sorted(dealt(seed_key(7), "homes", 5, place) for place in range(5))
    [0, 1, 2, 3, 4]
    """
    return _shuffled(key, path, size, place + 1 if place < BLOCK else size)[place]


@lru_cache(maxsize=128)
def _shuffled(key: bytes, path: str, size: int, first: int) -> list[int]:
    """The ``first`` cards of a row, by the shuffle of Fisher and Yates (1938), from the left."""
    row = list(range(size))
    stream = Stream(key, 0, path)
    for place in range(min(first, size - 1)):
        other = place + int(stream[place] * (size - place))
        row[place], row[other] = row[other], row[place]
    return row[:first]
