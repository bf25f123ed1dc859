"""Words on the page: sentences, tokens, and back again.

Comes in: any text. Goes out: lists of tokens, and sentences joined from tokens. Quotation marks
are made curly, dashes unspaced, apostrophes typographic, so that one token has one spelling.
Nothing here knows of chains or of scenes.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

TOKEN = re.compile(r"[^\W_]+(?:(?:[-’]|(?<=\d)[.,:](?=\d))[^\W_]+)*(?:(?<=s)’(?=\s|$))?|[^\w\s]|_")
_ODD = re.compile(r"[\"'\r]|\.\.|--|\s[-–—]|—\s")
_WORD = re.compile(r"[^\W_]")

CLOSE_UP_BEFORE = frozenset(",.;:?!”…)]}’—%/")
CLOSE_UP_AFTER = frozenset("“([{—/#$£€")
ENDS = frozenset(".?!…")

ABBREVIATIONS = frozenset(
    "mr mrs ms dr st prof rev gen col capt sgt lt jr sr vs etc no vol fig e.g i.e a.m p.m".split()
)
_BREAK = re.compile(r"(?<=[.?!…])([”’)\]]*)\s+(?=[“‘(\[]*[^\W_a-zß-öø-ÿ])")


def normalized(text: str) -> str:
    """The text in NFC with curly quotes, typographic apostrophes and unspaced em dashes.

    >>> normalized('"It\\'s here" - she said -- now...')
    '“It’s here”—she said—now…'
    """
    if not _ODD.search(text) and unicodedata.is_normalized("NFC", text):
        return text
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"\.\.\.+", "…", text)
    text = re.sub(r"(?<=\S)[^\S\n]*(?:—|--+|(?<=\s)[-–](?=\s))[^\S\n]*", "—", text)
    text = re.sub(r"(?<=\w)'(?=\w)|(?<=s)'(?=\s)", "’", text)
    return "\n".join(_curled(line) for line in text.split("\n"))


def _curled(line: str) -> str:
    """A line whose straight double quotes open and close in turn."""
    parts = line.split('"')
    if len(parts) == 1:
        return line
    return parts[0] + "".join("“”"[i % 2] + part for i, part in enumerate(parts[1:]))


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order; a blank line always ends one.

    >>> sentences("I wake. “Is it you?” asks Dr. Moon. Yes")
    ['I wake.', '“Is it you?” asks Dr. Moon.', 'Yes']
    """
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", normalized(text)):
        flat = " ".join(paragraph.split())
        start = 0
        for gap in _BREAK.finditer(flat):
            head = flat[start : gap.start()]
            last = head.rsplit(" ", 1)[-1].rstrip(".").lower().lstrip("“(")
            if last in ABBREVIATIONS:
                continue
            found.append(flat[start : gap.end()].strip())
            start = gap.end()
        if flat[start:]:
            found.append(flat[start:])
    return found


def tokens(sentence: str) -> list[str]:
    """The tokens of a sentence: words (with their hyphens and apostrophes) and punctuation.

    >>> tokens("“Tell me,” I whisper—the crystal-clear lake isn’t far.")  # doctest: +ELLIPSIS
    ['“', 'Tell', 'me', ',', '”', 'I', 'whisper', '—', 'the', 'crystal-clear', 'lake', 'isn’t', ...]
    """
    return list(cut(sentence))


@lru_cache(maxsize=4096)
def cut(sentence: str) -> tuple[str, ...]:
    """The tokens of a sentence; several rules read each sentence, and it is cut once."""
    return tuple(TOKEN.findall(normalized(sentence)))


@lru_cache(maxsize=8192)
def is_word(token: str) -> bool:
    """Whether a token counts as a word.

    >>> is_word("moss-covered"), is_word("—")
    (True, False)
    """
    return _WORD.match(token) is not None


@lru_cache(maxsize=8192)
def folded(token: str) -> str:
    """A token as the rules compare it: without case."""
    return token.casefold()


def words(text: str) -> list[str]:
    """The folded words of a text, punctuation left out.

    >>> words("I am dreaming.")
    ['i', 'am', 'dreaming']
    """
    return list(spoken(text))


@lru_cache(maxsize=4096)
def spoken(text: str) -> tuple[str, ...]:
    """The folded words of a text; kept, as several rules read each sentence."""
    return tuple(folded(token) for token in cut(text) if is_word(token))


@lru_cache(maxsize=4096)
def roots(text: str) -> frozenset[str]:
    """The stems of the words of a text."""
    return frozenset(map(stem, spoken(text)))


def word_count(text: str) -> int:
    """How many words a text has; the two sides of an em dash count apart."""
    return len(spoken(text))


def joined(parts: Iterable[str]) -> str:
    """Tokens as a sentence: spaces where they belong and a capital at the start.

    >>> joined(["“", "tell", "me", ",", "”", "I", "whisper", "—", "now", "."])
    '“Tell me,” I whisper—now.'
    """
    return capitalized(spaced(parts))


def spaced(parts: Iterable[str]) -> str:
    """Tokens with spaces where they belong.

    >>> spaced(["a", "tapestry", "of", ","])
    'a tapestry of,'
    """
    out: list[str] = []
    open_before = True
    for token in parts:
        if not (open_before or token in CLOSE_UP_BEFORE):
            out.append(" ")
        out.append(token)
        open_before = token in CLOSE_UP_AFTER
    return "".join(out)


def narrative(paragraphs: Iterable[Iterable[str]]) -> str:
    """The sentences of scenes as the template ``text`` prints them where no word leads a scene.

    >>> narrative([["A lamp is lit.", "It hums."], ["I wake."]])
    'I am dreaming. A lamp is lit. It hums.\\n\\nI wake.'
    """
    return "I am dreaming. " + "\n\n".join(map(" ".join, paragraphs))


def capitalized(sentence: str) -> str:
    """The sentence with its first letter in upper case, whatever mark it opens with."""
    for position, character in enumerate(sentence):
        if character.isalnum():
            return sentence[:position] + character.upper() + sentence[position + 1 :]
    return sentence


_VOWELS = frozenset("aeiou")
_CONSONANT = ("uni", "use", "usu", "one", "once", "eu", "ewe")
_SILENT = ("hour", "honest", "honor", "heir")


def article(word: str) -> str:
    """The indefinite article before a word, by its sound.

    >>> article("hour"), article("uniform"), article("oar")
    ('an', 'a', 'an')
    """
    low = folded(word)
    if low.startswith(_SILENT) or (low[:1] in _VOWELS and not low.startswith(_CONSONANT)):
        return "an"
    return "a"


def listed(items: Sequence[object], last: str = "or") -> str:
    """Items as people write them.

    >>> listed(["she", "he", "they"])
    'she, he or they'
    """
    names = [str(item) for item in items]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def nearest(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known words most like ``word``, best first; none where nothing is alike."""
    from difflib import get_close_matches  # only on the way to an error

    return get_close_matches(word, sorted(set(known)), n=count, cutoff=0.6)


IRREGULAR = {
    "feet": "foot", "leaves": "leaf", "children": "child", "men": "man", "women": "woman",
    "wolves": "wolf", "lives": "life", "wives": "wife", "knives": "knife", "selves": "self",
    "teeth": "tooth", "mice": "mouse", "geese": "goose", "people": "person", "halves": "half",
    "shelves": "shelf", "thieves": "thief", "felt": "feel", "fell": "fall", "spoke": "speak",
    "spoken": "speak", "woven": "weave", "wove": "weave", "born": "bear", "knew": "know",
    "known": "know", "seen": "see", "saw": "see", "stood": "stand", "held": "hold", "told": "tell",
    "found": "find", "began": "begin", "begun": "begin", "dreamt": "dream", "sang": "sing",
    "sung": "sing", "wept": "weep", "went": "go", "gone": "go", "came": "come", "left": "leave",
    "lost": "lose", "kept": "keep", "bound": "bind", "won": "win", "met": "meet", "made": "make",
    "given": "give", "gave": "give", "drawn": "draw", "drew": "draw", "grown": "grow",
    "grew": "grow", "worn": "wear", "wore": "wear", "broken": "break", "broke": "break",
}  # fmt: skip


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """What the inflected forms of an English word share; good for comparing, not for reading.

    >>> stem("moths") == stem("moth"), stem("glowing") == stem("glows"), stem("gliding") == "glid"
    (True, True, True)
    """
    word = folded(word).removesuffix("’s").removesuffix("’")
    word = IRREGULAR.get(word, word)
    if len(word) > 4 and word.endswith("ies"):
        word = word[:-3] + "y"
    elif len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes", "zes")):
        word = word[:-2]
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ied", "ed"):
        root = word[: -len(ending)]
        if word.endswith(ending) and len(root) > 2 and re.search("[aeiouy]", root):
            word = root + "y" if ending == "ied" else root
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    return word[:-1] if len(word) > 3 and word.endswith("e") else word
