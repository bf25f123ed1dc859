"""Kinds of words: which words can stand where another stood and keep the sense of a sentence.

Lists sorted by reading (``data/kinds/*.txt``), a kind a line. A word of no kind is never exchanged.
"""

from functools import lru_cache
from importlib.resources import files

PARTS = {
    "N": "nouns",
    "V": "verbs",
    "J": "adjectives",
    "P": "prepositions",
}


def part_of(tag: str) -> str:
    """The part of speech of a tag, one of `PARTS`, or "" for all that grammar holds fast.

    >>> part_of("NNS"), part_of("VBZ"), part_of("DT")
    ('N', 'V', '')
    """
    if tag in ("NN", "NNS", "NNM"):
        return "N"
    if tag[:2] == "VB" and len(tag) <= 3 and tag != "VBU":
        return "V"
    return {"JJ": "J", "JJR": "J", "JJS": "J", "IN": "P"}.get(tag, "")


@lru_cache(maxsize=1)
def kinds() -> dict[tuple[str, str], str]:
    """The kind of each (part, folded word); what has none is not there."""
    folder = files("dreamgen") / "data" / "kinds"
    return {
        (part, word): kind
        for part, name in PARTS.items()
        for line in (folder / f"{name}.txt").read_text("utf-8").splitlines()
        if not line.startswith("#")
        for kind, _, words in [line.partition(": ")]
        if kind != "none"
        for word in words.split()
    }
