"""What is said of a figure when it is first met: *in a wet coat*, *old*, *with a rake*.

Comes in: the sentence that brings the figure in, and its noun. Goes out: its attributes, as they
are printed there, so that a template or a game can call it by them again.
"""

import re
from functools import lru_cache

# Where the description ends, and what the figure does begins, in the present tense.
_DOES = (
    "is|are|has|have|was|were|do|does|comes?|steps?|stands?|sits?|walks?|rises?|climbs?|waits?|"
    "leans?|kneels?|lies|lie|goes|go|bends?|pushes|push|pulls?|carries|carry|holds?|opens?|picks?|"
    "looks?|turns?|cross|crosses|appears?|enters?|descends?|swims?|rows?|rides?|leads?|hangs?|"
    "floats?|emerges?|approach|approaches|materializes?|beckons?|greets?|guides?|who|and|that|but|"
    "slides?|drops?|runs?|wades?|paddles?|hurries|hurry|keeps?|sings?|sweeps?|calls?|sways?|rests?"
)
_LONGEST = 8


def attributes(sentence: str, figure: str) -> tuple[str, ...]:
    """The words before a figure's noun and the phrase after it, where a sentence has them.

    >>> attributes("An old man in two waistcoats is sitting by the stove.", "man")
    ('old', 'in two waistcoats')
    >>> attributes("Someone is waiting.", "man")
    ()
    """
    found = _described(figure).search(sentence)
    if not found:
        return ()
    before, after = found[1].rstrip(), found[2]
    given = [before] if before else []
    if after and len(after.split(" ")) <= _LONGEST:
        given.append(after)
    return tuple(given)


@lru_cache(maxsize=64)
def _described(figure: str) -> re.Pattern[str]:
    return re.compile(
        rf"\b(?:[Aa]n?|[Tt]he|[Oo]ne) ((?:[a-z][\w’-]*,? ){{0,3}}?){re.escape(figure)}\b,?"
        rf"(?: ((?:in|on|as|with|without|of|bent|wound|wrapped|dressed) [^,.;:—“”]*?)"
        rf"(?= (?:{_DOES})\b|[,.;:—]))?"
    )
