"""Text as numbered tokens, many at a time: what `text.sentences` and `text.tokens` give, in arrays.

Comes in: texts. Goes out: the number of each token, where each sentence begins, and the `Types`
that the numbers stand for. A paragraph that holds something rare (a dash alone between blanks or
first on a line, a letter beyond the tables) is read by `dreamgen.text`, whose word is law; the
tests hold this module to it.
"""

import re
import unicodedata
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .text import ABBREVIATIONS, ENDS, sentences, tokens

Places = NDArray[np.int32]
Bools = NDArray[np.bool_]
Chars = NDArray[np.uint32]

# About how many characters are read at a time.
CHUNK = 1 << 16

# The characters below this one are in the table of kinds.
KNOWN = 0x2500
SPACE, LINE, LETTER, DIGIT, CLOSER, OPENER, END, CAPITAL, JOINT, POINT, DASH = (
    1 << bit for bit in range(11)
)
_CAPITAL = re.compile(r"[^\W_a-zß-öø-ÿ]")
_DIGIT = re.compile(r"\d")
_SPECIAL = "“”‘’—…–"
# The bytes of a key that a token of so many characters fills.
_MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)
_GAP = re.compile(r"\n\s*\n")


class Types:
    """The different tokens of a text, numbered as they are met."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.number: dict[str, int] = {}
        self._keys = np.zeros((2, 1 << 18), np.uint64)
        self._held = np.zeros(1 << 18, np.int32)
        self._worded = np.zeros(0, bool)

    def settle(self) -> None:
        """Lets go of what finds a token by its key: no text is to come."""
        self._keys, self._held = np.zeros((2, 0), np.uint64), np.zeros(0, np.int32)

    @property
    def worded(self) -> Bools:
        """Which tokens are words, (types,)."""
        if new := self.words[len(self._worded) :]:
            more = np.fromiter((word[:1].isalnum() for word in new), bool, len(new))
            self._worded = np.append(self._worded, more)
        return self._worded

    def of(self, token: str) -> int:
        """The number of a token."""
        found = self.number.get(token)
        if found is None:
            found = self.number[token] = len(self.words)
            self.words.append(token)
        return found

    def of_keys(self, low: NDArray[np.uint64], high: NDArray[np.uint64]) -> Places:
        """The numbers of tokens of at most 16 characters, each packed into two keys."""
        mixed = (low ^ (high * np.uint64(0xC2B2AE3D27D4EB4F))) * np.uint64(0x9E3779B97F4A7C15)
        slots = (mixed >> np.uint64(46)).astype(np.int64)
        found = self._held[slots]
        missed = np.flatnonzero((self._keys[0][slots] != low) | (self._keys[1][slots] != high))
        for place, slot, a, b in zip(
            missed.tolist(), slots[missed].tolist(), low[missed].tolist(), high[missed].tolist(),
            strict=True,
        ):  # fmt: skip
            found[place] = self.of(_unpacked(a, b))
            if not self._keys[0, slot]:
                self._keys[0, slot], self._keys[1, slot] = a, b
                self._held[slot] = found[place]
        return found


def _unpacked(low: int, high: int) -> str:
    raw = (low | high << 64).to_bytes(16, "little").rstrip(b"\0")
    return "".join(chr(code) if code < 128 else _SPECIAL[code - 128] for code in raw)


_TABLES: list[tuple[NDArray[np.uint16], NDArray[np.uint8]]] = []


def _tables() -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """The kinds of each known character, and its byte in a key (0: it fits in none)."""
    if not _TABLES:
        kinds = np.zeros(KNOWN, np.uint16)
        codes = np.zeros(KNOWN, np.uint8)
        for number in range(KNOWN):
            sign = chr(number)
            kinds[number] = (
                (SPACE if sign.isspace() else 0)
                | (LETTER if sign.isalnum() else 0)
                | (DIGIT if _DIGIT.match(sign) else 0)
                | (CAPITAL if _CAPITAL.match(sign) else 0)
                | (LINE if sign == "\n" else 0)
                | (CLOSER if sign in "”’)]" else 0)
                | (OPENER if sign in "“‘([" else 0)
                | (END if sign in ENDS else 0)
                | (JOINT if sign in "-’" else 0)
                | (POINT if sign in ".,:" else 0)
                | (DASH if sign in "-–—" else 0)
            )
        codes[1:128] = np.arange(1, 128)
        for place, sign in enumerate(_SPECIAL):
            codes[ord(sign)] = 128 + place
        _TABLES.append((kinds, codes))
    return _TABLES[0]


def scanned(text: str, types: Types) -> Iterator[tuple[Places, Places]]:
    """The tokens of a text, some paragraphs at a time, and the length of each of its sentences.

    >>> types = Types()
    >>> [(numbers, lengths)] = scanned('I wake. "Is it you?" asks Dr. Moon.', types)
    >>> [types.words[number] for number in numbers], lengths.tolist()
    (['I', 'wake', '.', '“', 'Is', 'it', 'you', '?', '”', 'asks', 'Dr', '.', 'Moon', '.'], [3, 11])
    """
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    low = 0
    while low < len(text):
        high = len(text)
        if high - low > CHUNK and (gap := _GAP.search(text, low + CHUNK)):
            high = gap.end()
        part = text[low:high]
        low = high
        if "..." in part:
            part = re.sub(r"\.\.\.+", "…", part)
        yield _part(part, low == len(text), types)


def _part(part: str, last: bool, types: Types) -> tuple[Places, Places]:
    """The tokens and the sentences of whole paragraphs; ``last``: the text ends with them."""
    kinds_of, codes_of = _tables()
    # a line break on both sides spares looking for the ends
    signs = np.frombuffer(f"\n\n{part}\n\n".encode("utf-32-le"), np.uint32).copy()
    strange = signs >= KNOWN
    signs[strange] = 0
    kinds = kinds_of[signs]
    space = (kinds & SPACE) > 0
    solid = np.flatnonzero(~space)
    if not len(solid):
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    breaks = _breaks(kinds, solid)
    odd = _odd(signs, kinds, solid, breaks, strange)
    _marked(signs, kinds, kinds_of, len(signs) - 3 if last else -1)
    keep = _undoubled(signs)
    kinds = kinds_of[signs]
    if keep is not None:
        place = np.cumsum(keep) - 1
        breaks, solid = place[breaks], np.flatnonzero(~space[keep])
        signs, kinds = signs[keep], kinds[keep]
    begins = _sentence_starts(signs, kinds, solid, breaks)
    starts, numbers = _numbers(signs, kinds, codes_of, types)
    first = np.searchsorted(starts, begins)
    if not len(odd):
        return numbers, np.diff(np.append(first, len(numbers))).astype(np.int32)
    return _mended(part, last, odd, breaks, begins, first, numbers, types)


def _breaks(kinds: NDArray[np.uint16], solid: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first solid character of each paragraph."""
    lines = np.flatnonzero(kinds & LINE)
    after = np.searchsorted(solid, lines)
    twice = after[1:][after[1:] == after[:-1]]
    twice = np.unique(twice)
    return np.asarray(solid[twice[twice < len(solid)]])


def _odd(
    signs: Chars,
    kinds: NDArray[np.uint16],
    solid: NDArray[np.int64],
    breaks: NDArray[np.int64],
    strange: Bools,
) -> NDArray[np.int64]:
    """The paragraphs to be read one by one."""
    found = [np.flatnonzero(strange)]
    dashes = np.flatnonzero(kinds & DASH)
    before = solid[np.searchsorted(solid, dashes) - 1]  # the solid character before; wraps at first
    blank = (kinds[dashes - 1] & SPACE) > 0
    after = (kinds[dashes + 1] & SPACE) > 0
    alone = blank & after & (signs[dashes] != 0x2014)
    # a line that begins with a dash, or with blanks and one
    lead = dashes[blank]
    lines = np.flatnonzero(kinds & LINE)
    line = lines[np.searchsorted(lines, lead) - 1]
    leads = solid[np.searchsorted(solid, line)] == lead
    found += [dashes[alone], lead[leads]]
    # an apostrophe or a dash, then blanks, then a dash
    marks = before[blank]
    ticks = (signs[marks] == 0x27) | (signs[marks] == 0x2019)
    found.append(marks[ticks | ((kinds[marks] & DASH) > 0)])
    places = np.concatenate(found)
    return np.unique(np.searchsorted(breaks, places, side="right") - 1)


def _marked(
    signs: Chars, kinds: NDArray[np.uint16], kinds_of: NDArray[np.uint16], final: int
) -> None:
    """Makes apostrophes typographic and quotation marks curly, in place; nothing, not even a
    blank, follows the ``final`` character."""
    ticks = np.flatnonzero(signs == 0x27)
    if len(ticks):
        left, right = signs[ticks - 1], signs[ticks + 1]
        inside = ((kinds_of[left] & LETTER) > 0) | (left == 0x5F)
        inside &= ((kinds_of[right] & LETTER) > 0) | (right == 0x5F)
        ending = (left == 0x73) & ((kinds_of[right] & SPACE) > 0) & (ticks != final)
        signs[ticks[inside | ending]] = 0x2019
    quotes = np.flatnonzero(signs == 0x22)
    if len(quotes):
        line = np.searchsorted(np.flatnonzero(kinds & LINE), quotes)
        head = np.append(True, line[1:] != line[:-1])
        turn = np.arange(len(quotes))
        rank = turn - np.maximum.accumulate(np.where(head, turn, 0))
        signs[quotes] = np.where(rank % 2, 0x201D, 0x201C)


def _undoubled(signs: Chars) -> Bools | None:
    """Makes each row of hyphens a dash; which characters stay, or None for all of them."""
    hyphens = signs == 0x2D
    second = hyphens[1:] & hyphens[:-1]
    if not second.any():
        return None
    keep = np.append(True, ~second)
    heads = np.flatnonzero(np.append(second, False) & keep)
    signs[heads] = 0x2014
    return keep


def _sentence_starts(
    signs: Chars, kinds: NDArray[np.uint16], solid: NDArray[np.int64], breaks: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The first character of each sentence, as `text.sentences` parts them."""
    # the last character before blanks, where it may end a sentence
    ends = solid[:-1][np.diff(solid) > 1]
    ends = ends[(kinds[ends] & (END | CLOSER)) > 0]
    after = solid[np.searchsorted(solid, ends, side="right")]
    mark = ends.copy()
    while len(more := np.flatnonzero(kinds[mark] & CLOSER)):
        mark[more] -= 1
    ahead = after.copy()
    while len(more := np.flatnonzero(kinds[ahead] & OPENER)):
        ahead[more] += 1
    held = ((kinds[mark] & END) > 0) & ((kinds[ahead] & CAPITAL) > 0)
    mark, after = mark[held], after[held]
    stops = np.flatnonzero(signs[mark] == 0x2E)
    blanks = np.flatnonzero(kinds & SPACE)
    blank = blanks[np.searchsorted(blanks, mark[stops]) - 1]
    short = np.flatnonzero(mark[stops] - blank <= 9)
    kept = np.ones(len(mark), bool)
    before = solid[np.searchsorted(solid, blank[short]) - 1]
    for place, low, high, prior in zip(
        stops[short].tolist(), blank[short].tolist(), mark[stops[short]].tolist(), before.tolist(),
        strict=True,
    ):  # fmt: skip
        word = "".join(map(chr, signs[low + 1 : high + 1].tolist()))
        # a dash takes the blanks around it, as far as its line goes
        joined = word[:1] == "—" or (
            prior < low and signs[prior] == 0x2014 and 0x0A not in signs[prior + 1 : low + 1]
        )
        if not joined and word.rstrip(".").lower().lstrip("“(") in ABBREVIATIONS:
            kept[place] = False
    return np.union1d(breaks, after[kept])


def _numbers(
    signs: Chars, kinds: NDArray[np.uint16], codes_of: NDArray[np.uint8], types: Types
) -> tuple[NDArray[np.int64], Places]:
    """Where each token begins, and its number."""
    letter = (kinds & LETTER) > 0
    inside = letter.copy()
    joints = np.flatnonzero(kinds & JOINT)
    inner = letter[joints - 1] & letter[joints + 1]
    last = (signs[joints] == 0x2019) & (signs[joints - 1] == 0x73)
    last &= (kinds[joints + 1] & SPACE) > 0
    inside[joints[inner | last]] = True
    points = np.flatnonzero(kinds & POINT)
    digits = (kinds[points - 1] & kinds[points + 1] & DIGIT) > 0
    inside[points[digits]] = True
    begin = (kinds & SPACE) == 0
    begin[1:] &= ~(inside[1:] & inside[:-1])
    starts = np.flatnonzero(begin)
    lengths = np.ones(len(starts), np.int64)
    worded = inside[starts]
    ends = np.flatnonzero(inside[:-1] & ~inside[1:]) + 1
    lengths[worded] = ends - starts[worded]
    codes = np.zeros(len(signs) + 16, np.uint8)
    codes[: len(signs)] = codes_of[signs]
    packed = np.ndarray(len(signs) + 8, "<u8", codes, strides=(1,))
    short = lengths <= 16
    low = packed[starts] & _MASKS[np.minimum(lengths, 8)]
    high = np.zeros(len(starts), np.uint64)
    longer = np.flatnonzero(lengths > 8)
    high[longer] = packed[starts[longer] + 8] & _MASKS[np.minimum(lengths[longer], 16) - 8]
    # a zero byte inside a key is a letter that has no code
    unknown = np.flatnonzero(codes[: len(signs)] == 0)
    if len(unknown):
        owner = np.searchsorted(starts, unknown, side="right") - 1
        owner = owner[(owner >= 0)]
        short[owner] = False
    numbers = np.empty(len(starts), np.int32)
    numbers[short] = types.of_keys(low[short], high[short])
    long = np.flatnonzero(~short)
    if len(long):
        raw = signs.tobytes().decode("utf-32-le")
        lows, highs = starts[long].tolist(), (starts[long] + lengths[long]).tolist()
        of = types.of
        numbers[long] = [of(raw[low:high]) for low, high in zip(lows, highs, strict=True)]
    return starts, numbers


def _mended(
    part: str,
    last: bool,
    odd: NDArray[np.int64],
    breaks: NDArray[np.int64],
    begins: NDArray[np.int64],
    first: NDArray[np.int64],
    numbers: Places,
    types: Types,
) -> tuple[Places, Places]:
    """The same with the odd paragraphs read by `dreamgen.text`."""
    paragraphs = [p for p in re.split(r"\n\s*\n", f"\n\n{part}\n\n") if p.strip()]
    of_break = np.searchsorted(begins, breaks)
    bounds = np.append(of_break, len(begins))
    tokens_at = np.append(first, len(numbers))
    rows: list[Places] = []
    lengths: list[Places] = []
    done = 0
    for paragraph in odd.tolist():
        low, high = bounds[paragraph], bounds[paragraph + 1]
        rows.append(numbers[tokens_at[done] : tokens_at[low]])
        lengths.append(np.diff(tokens_at[done : low + 1]).astype(np.int32))
        ended = last and paragraph == len(paragraphs) - 1 and not part[-1:].isspace()
        said = [tokens(s) for s in sentences(paragraphs[paragraph] + ("" if ended else "\n\n"))]
        rows.append(np.array([types.of(token) for row in said for token in row], np.int32))
        lengths.append(np.array([len(row) for row in said], np.int32))
        done = high
    rows.append(numbers[tokens_at[done] :])
    lengths.append(np.diff(tokens_at[done:]).astype(np.int32))
    return np.concatenate(rows), np.concatenate(lengths)
