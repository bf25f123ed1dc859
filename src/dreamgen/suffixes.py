"""Every run of symbols of a large text, read off a suffix array: what `Trie` knows, in less memory.

Comes in: one long row of numbers, line after line, and the symbol that each number stands for. Goes
out: `Suffixes`, whose nodes are the runs that occur, as those of a `Trie` are. A node is kept as
one bit: where, in the sorted suffixes, a run of its length first stands. From the bits and their
running counts (Jacobson 1989, "Space-efficient static trees and graphs") a node is found from its
place and a place from its node. Memory is some nine bytes a position whatever the depth, where the
nodes of a trie take some hundred.

Sorting costs one pass for each million positions, and time linear in them up to the logarithm of
the sort.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .trie import Ints

Places = NDArray[np.int32]
Words = NDArray[np.uint64]

Sort = Callable[[Places, Places, Places, int], tuple[Places, NDArray[np.uint8]]]

# How many places are sorted at a time at least, and in how many goes at most.
CHUNK, GOES = 1 << 16, 200


class Runs(Protocol):
    """What a rule of novelty and a chain ask of the runs of a text: a `Trie` or `Suffixes`."""

    @property
    def depth(self) -> int: ...

    def __len__(self) -> int: ...

    def lengths(self, nodes: Ints) -> Ints: ...

    def shorter(self, nodes: Ints) -> Ints: ...

    def child(self, nodes: Ints, symbols: Ints) -> Ints: ...

    def step(self, nodes: Ints, symbols: Ints) -> Ints: ...

    def first_place(self, node: int) -> int: ...


@dataclass(frozen=True, eq=False)
class Suffixes:
    """The runs of at most ``depth`` symbols in a ``row`` (positions + depth,) of numbers.

    ``opening`` and ``following`` (numbers,) hold the symbol of a number plus one, as the first of a
    run and further on in it; 0 ends every run, so that none crosses from line to line. ``order``
    holds the places of the row, sorted by the runs that begin there; ``starts`` (depth, words) has
    a bit for each of them that begins another run of so many symbols than the one before it, and
    ``upto`` (depth, words + 1) how many such bits stand before each word of 64.
    """

    row: Places
    opening: Places
    following: Places
    order: Places
    starts: Words
    upto: NDArray[np.uint32]

    @classmethod
    def of(
        cls,
        row: Places,
        opening: Places,
        following: Places,
        depth: int,
        *,
        sort: "Sort | None" = None,
    ) -> "Suffixes":
        """The runs of a row; it ends with ``depth`` numbers that end every run.

        ``sort`` stands in for `sorted_suffixes` where those do not fit into memory.

        >>> row = np.array([0, 1, 0, 1, 2, 3, 3], np.int32)  # 3 ends a line
        >>> codes = np.array([1, 2, 3, 0], np.int32)
        >>> runs = Suffixes.of(row, codes, codes, 2)
        >>> int(runs.step(runs.step(np.array([0]), np.array([0])), np.array([1]))[0]) > 0
        True
        """
        order, level = (sort or sorted_suffixes)(row, opening, following, depth)
        return cls(row, opening, following, order, *_bits(level, depth))

    @property
    def depth(self) -> int:
        """The length of the longest runs."""
        return len(self.starts)

    @cached_property
    def _room(self) -> Ints:
        """The first node of each length, and the number of all nodes."""
        return np.concatenate([[0, 1], 1 + np.cumsum(self.upto[:, -1].astype(np.int64))])

    @cached_property
    def _first(self) -> Ints:
        """Where the suffixes of each symbol begin in the order, (symbols + 1,)."""
        high = int(max(self.opening.max(initial=0), self.following.max(initial=0)))
        heads = np.arange(self._room[1], self._room[2])
        codes = self.opening[self.row[self.order[self._place(heads, 1)]]]
        found = np.full(high + 2, len(self.order), np.int64)
        found[codes] = self._place(heads, 1)
        return np.asarray(np.minimum.accumulate(found[::-1])[::-1])

    @cached_property
    def inverse(self) -> Places:
        """Where each place of the row stands in the order."""
        found = np.zeros(len(self.row), np.int32)
        found[self.order] = np.arange(len(self.order), dtype=np.int32)
        return found

    def __len__(self) -> int:
        return int(self._room[-1])

    def lengths(self, nodes: Ints) -> Ints:
        """How many symbols each run has."""
        return np.asarray(np.searchsorted(self._room, nodes, side="right") - 1)

    def _node(self, places: Ints, length: int) -> Ints:
        """The node of the run of one length that begins at each place of the order."""
        word, bit = places >> 6, (places & 63).astype(np.uint64)
        held = self.starts[length - 1][word] & (np.uint64(2**64 - 1) >> (np.uint64(63) - bit))
        before = self.upto[length - 1][word].astype(np.int64)
        return np.asarray(before + np.bitwise_count(held) + (self._room[length] - 1))

    def _place(self, nodes: Ints, length: int) -> Ints:
        """The first place in the order of each node of one length; after the last, the end."""
        rank = nodes - self._room[length]
        upto = self.upto[length - 1]
        word = np.searchsorted(upto, rank.astype(np.uint32), side="right") - 1
        over = word >= self.starts.shape[1]
        word = np.minimum(word, self.starts.shape[1] - 1)
        left = rank - upto[word].astype(np.int64)
        bits = self.starts[length - 1][word]
        found = np.zeros(len(nodes), np.int64)
        for width in (32, 16, 8, 4, 2, 1):
            low = bits & np.uint64((1 << width) - 1)
            held = np.bitwise_count(low).astype(np.int64)
            right = held <= left
            left = np.where(right, left - held, left)
            bits = np.where(right, bits >> np.uint64(width), low)
            found += np.where(right, width, 0)
        return np.where(over, len(self.order), word * 64 + found)

    def spans(self, nodes: Ints) -> tuple[Ints, Ints]:
        """The places of the order that each run takes, from the first to the one after the last."""
        high = np.full(len(nodes), len(self.order), np.int64)
        lengths = self.lengths(nodes)
        for length in range(1, self.depth + 1):
            here = np.flatnonzero(lengths == length)
            if len(here):
                high[here] = self._place(nodes[here] + 1, length)
        return self.begins(nodes), high

    def begins(self, nodes: Ints) -> Ints:
        """The first place of the order that each run takes."""
        low = np.zeros(len(nodes), np.int64)
        lengths = self.lengths(nodes)
        for length in range(1, self.depth + 1):
            here = np.flatnonzero(lengths == length)
            if len(here):
                low[here] = self._place(nodes[here], length)
        return low

    def shorter(self, nodes: Ints) -> Ints:
        """The node of each run without its first symbol; of the empty run, itself."""
        lengths = self.lengths(nodes)
        found = np.zeros(len(nodes), np.int64)
        for length in range(2, self.depth + 1):
            here = np.flatnonzero(lengths == length)
            if len(here):
                place = self.order[self._place(nodes[here], length)]
                found[here] = self._node(self.inverse[place + 1].astype(np.int64), length - 1)
        return found

    def last(self, nodes: Ints) -> Ints:
        """The last symbol of each run, which is not the empty one."""
        lengths = self.lengths(nodes)
        low = self.begins(nodes)
        numbers = self.row[self.order[low] + lengths - 1]
        codes = np.where(lengths > 1, self.following[numbers], self.opening[numbers])
        return np.asarray(codes.astype(np.int64) - 1)

    def children(self, nodes: Ints) -> tuple[Ints, Ints]:
        """The first child of each node and the one after its last; none for the longest runs."""
        lengths = self.lengths(nodes)
        low, high = np.zeros(len(nodes), np.int64), np.zeros(len(nodes), np.int64)
        for length in range(self.depth):
            here = np.flatnonzero(lengths == length)
            if not len(here):
                continue
            begin, end = self.spans(nodes[here])
            low[here] = self._node(begin, length + 1)
            high[here] = self._node(end - 1, length + 1) + 1
            if length:  # where a line ends, nothing follows, and that comes first
                ended = self.following[self.row[self.order[begin] + length]] == 0
                low[here] += ended
        return low, high

    def child(self, nodes: Ints, symbols: Ints) -> Ints:
        """The node of each run with a symbol added, or -1 where that run never occurs."""
        found = np.full(len(nodes), -1, np.int64)
        lengths = self.lengths(nodes)
        codes = symbols + 1
        known = codes < len(self._first) - 1
        roots = np.flatnonzero((lengths == 0) & known)
        if len(roots):
            low, high = self._first[codes[roots]], self._first[codes[roots] + 1]
            some = high > low
            found[roots[some]] = self._node(low[some], 1)
        for length in range(1, self.depth):
            here = np.flatnonzero((lengths == length) & known)
            if len(here):
                low, high = self._place(nodes[here], length), self._place(nodes[here] + 1, length)
                low, held = self._sought(low, high, length, codes[here])
                found[here[held]] = self._node(low[held], length + 1)
        return found

    def _sought(
        self, low: Ints, high: Ints, length: int, codes: Ints
    ) -> tuple[Ints, NDArray[np.bool_]]:
        """The first place of each span whose suffix goes on with a code, and whether one does."""
        low, end = low.copy(), high
        high = high.copy()
        going = np.arange(len(low))
        while len(going):
            middle = (low[going] + high[going]) >> 1
            below = self.following[self.row[self.order[middle] + length]] < codes[going]
            low[going] = np.where(below, middle + 1, low[going])
            high[going] = np.where(below, high[going], middle)
            going = going[low[going] < high[going]]
        inside = low < end
        at = np.minimum(low, len(self.order) - 1)
        return low, inside & (self.following[self.row[self.order[at] + length]] == codes)

    def step(self, nodes: Ints, symbols: Ints) -> Ints:
        """The longest suffix of each run with a symbol added that occurs (0 where none does)."""
        out = self.child(nodes, symbols)
        open_ = np.flatnonzero((out < 0) & (nodes > 0))
        here = nodes[open_]
        while len(open_):
            here = self.shorter(here)
            found = self.child(here, symbols[open_])
            out[open_] = found
            more = (found < 0) & (here > 0)
            open_, here = open_[more], here[more]
        return np.maximum(out, 0)

    def first_place(self, node: int) -> int:
        """The first place of the row at which the run of a node begins."""
        [low], [high] = self.spans(np.array([node]))
        return int(self.order[low:high].min())


def sorted_suffixes(
    row: Places, opening: Places, following: Places, depth: int
) -> tuple[Places, NDArray[np.uint8]]:
    """The places of a row by the runs of ``depth`` symbols that begin there, equal ones in turn.

    With them, for each, the shortest length at which its run differs from the one before it
    (``depth`` + 1 where it does not).
    """
    bits = max(int(max(opening.max(initial=0), following.max(initial=0))).bit_length(), 1)
    body = row[: len(row) - depth]
    heads = np.zeros(int(opening.max(initial=0)) + 1, np.int64)
    blocks = [(low, min(low + CHUNK, len(body))) for low in range(0, len(body), CHUNK)]
    for low, high in blocks:
        heads += np.bincount(opening[body[low:high]], minlength=len(heads))
    heads[0] = 0
    ranges = _ranges(heads)
    owner = np.full(len(heads), 255, np.uint8)
    for place, (first, after) in enumerate(ranges):
        owner[first:after] = place
    owner[0] = 255
    counts = np.array([heads[first:after].sum() for first, after in ranges], np.int64)
    free = np.cumsum(counts) - counts
    order = np.empty(int(counts.sum()), np.int32)
    for low, high in blocks:
        owners = owner[opening[body[low:high]]]
        turn = np.argsort(owners, kind="stable")
        sizes = np.bincount(owners, minlength=256)
        done = 0
        for place in np.flatnonzero(sizes[:255]).tolist():
            part = turn[done : done + sizes[place]]
            order[free[place] : free[place] + sizes[place]] = part + low
            free[place] += sizes[place]
            done += sizes[place]
    level = np.empty(len(order), np.uint8)
    done = 0
    for count in counts.tolist():
        places: Places = order[done : done + count]
        level[done : done + count] = _refined(row, opening, following, depth, bits, places)
        done += count
    return order, level


def _ranges(heads: Ints) -> list[tuple[int, int]]:
    """Ranges of symbols with which about as many places begin."""
    found, low, held = [], 1, 0
    most = max(CHUNK, int(heads.sum()) // GOES)
    for code in range(1, len(heads)):
        if held and held + heads[code] > most:
            found.append((low, code))
            low, held = code, 0
        held += int(heads[code])
    if held:
        found.append((low, len(heads)))
    return found


def _refined(
    row: Places, opening: Places, following: Places, depth: int, bits: int, places: Places
) -> NDArray[np.uint8]:
    """Sorts the places by their runs, in place, and gives the level at which each begins anew."""
    level = np.full(len(places), depth + 1, np.uint8)
    level[:1] = 1
    group = np.zeros(len(places), np.uint64)
    ended = np.zeros(len(places), bool)
    open_ = np.arange(len(places))
    length = 0
    while length < depth and len(open_):
        groups = int(group[-1]) + 1
        width = min(max((64 - groups.bit_length()) // bits, 1), depth - length)
        key = group.copy()
        for ahead in range(length, length + width):
            codes = (following if ahead else opening)[row[places[open_] + ahead]].astype(np.uint64)
            codes[ended] = 0
            ended |= codes == 0
            key = (key << np.uint64(bits)) | codes
        turn = np.argsort(key)
        key, ended = key[turn], ended[turn]
        places[open_] = places[open_[turn]]
        differs = key[1:] ^ key[:-1]
        for ahead in range(width):
            new = open_[1:][(differs >> np.uint64(bits * (width - 1 - ahead))) > 0]
            level[new] = np.minimum(level[new], length + 1 + ahead)
        length += width
        begins = level[open_] <= length
        alone = begins & np.append(begins[1:], True)
        group = (np.cumsum(begins) - 1)[~alone].astype(np.uint64)
        open_, ended = open_[~alone], ended[~alone]
    # what is alike to the end stands in the order of the row
    turn_key = (np.cumsum(level <= depth).astype(np.uint64) << np.uint64(32)) | places.astype(
        np.uint64
    )
    turn_key.sort()
    places[:] = (turn_key & np.uint64(2**32 - 1)).astype(np.int32)
    return level


def _bits(level: NDArray[np.uint8], depth: int) -> tuple[Words, NDArray[np.uint32]]:
    """For each length, a bit where a run of that length begins, and the running counts."""
    words = max(-(-len(level) // 64), 1)
    starts = np.zeros((depth, words), np.uint64)
    upto = np.zeros((depth, words + 1), np.uint32)
    for length in range(1, depth + 1):
        packed = np.packbits(level <= length, bitorder="little")
        starts[length - 1].view(np.uint8)[: len(packed)] = packed
        np.cumsum(np.bitwise_count(starts[length - 1]), out=upto[length - 1, 1:], dtype=np.uint32)
    return starts, upto
