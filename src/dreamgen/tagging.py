"""Part-of-speech tags for texts that came without any.

Comes in: the tokens of a sentence. Goes out: one tag a token, in the scheme of the bundled labels:
the Penn Treebank's tags for open classes, and for closed classes a tag of its own for every word
that grammar treats apart (each pronoun by person and case, *of*, *like*, *as*, each form of *be*),
so that a sequence of tags, a *shape*, fixes agreement.

Two taggers: HanTa (an extra; Wartena 2019, "A Probabilistic Morphology Model for German
Lemmatization", whose English model is trained on the BNC), and word classes read off a word's
ending, which need no model and are coarser.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.util import find_spec

from .text import folded, is_word

Tagger = Callable[[Sequence[str]], list[str]]

CLOSED = {
    word: tag
    for tag, group in {
        "PRP1": "i", "PRP1O": "me", "PRP1$": "my", "PRP1S": "mine", "PRP1R": "myself",
        "PRPW": "we", "PRPWO": "us", "PRPW$": "our", "PRPWS": "ours", "PRPWR": "ourselves",
        "PRPY": "you", "PRPY$": "your", "PRPYS": "yours", "PRPYR": "yourself yourselves",
        "PRPI": "it", "PRPI$": "its", "PRPIR": "itself",
        "PRPP": "they", "PRPPO": "them", "PRPP$": "their", "PRPPS": "theirs",
        "PRPPR": "themselves",
        "PRPF": "she he", "PRPFO": "him", "PRPF$": "his", "PRPFS": "hers",
        "PRPFR": "herself himself",
        "PRP1BEM": "i’m", "PRPIBEZ": "it’s", "PRPWBEP": "we’re", "PRPYBEP": "you’re",
        "PRPPBEP": "they’re", "PRPPHVP": "they’ve", "PRP1HVP": "i’ve", "PRPWHVP": "we’ve",
        "EXBEZ": "there’s", "DON": "don’t", "DZN": "doesn’t", "DIDN": "didn’t",
        "DTS": "a an this each every", "DTP": "these those", "NO": "no", "SOME": "some any",
        "ALL": "all", "BOTH": "both", "OTHER": "other", "OWN": "own",
        "OF": "of", "LIKE": "like", "IF": "if", "THAN": "than", "NOT": "not", "BUT": "but yet",
        "CC": "and or nor", "CS": "though although because while unless until since",
        "WRB": "when where why how", "WP": "what who whom", "WDT": "which whose",
        "BEM": "am", "BEZ": "is", "BEP": "are", "BED": "was were", "BE": "be", "BEN": "been",
        "BEG": "being", "HVZ": "has", "HVP": "have", "HVD": "had",
        "MD": "can could will would shall should may might must cannot can’t won’t couldn’t",
        "PN": "someone something nothing everything anyone anything none nobody everyone",
        "CD": "few two three four five six seven eight nine ten hundred thousand million billion",
        "UH": "oh yes",
    }.items()
    for word in group.split()
}  # fmt: skip
PREPOSITIONS = frozenset(
    "in on at by for from with without into onto through across over under beneath between among "
    "behind before after above below against around toward towards upon within beyond near past "
    "along beside inside outside off despite during".split()
)
DETERMINERS = frozenset(
    "a an the this that these those my our your their her his its each every all some no".split()
)
_FUNCTION = frozenset(CLOSED) | PREPOSITIONS | DETERMINERS | frozenset(
    "as to there here then now so too very also just only once ever never still even away again "
    "together alone between do does did done not let own more most further soon slowly".split()
)  # fmt: skip


_NOT_ADVERBS = frozenset(
    "otherworldly lovely early lonely friendly ghostly heavenly silly family homely lively deadly "
    "worldly earthly costly orderly elderly butterfly assembly".split()
)


def _adverb(word: str) -> bool:
    return word.endswith("ly") and len(word) > 4 and word not in _NOT_ADVERBS


@lru_cache(maxsize=8192)
def is_content(word: str) -> bool:
    """Whether a folded word carries an image, as nouns, verbs and adjectives do."""
    return word not in _FUNCTION and is_word(word) and not _adverb(word)


_BNC = {
    "NN0": "NN", "NN1": "NN", "NN2": "NNS", "NP0": "NNP", "AJ0": "JJ", "AJC": "JJR", "AJS": "JJS",
    "AV0": "RB", "AVP": "RP", "AVQ": "WRB", "VVB": "VBP", "VVI": "VB", "VVZ": "VBZ", "VVN": "VBN",
    "VVD": "VBD", "VVG": "VBG", "VDB": "VBP", "VDD": "VBD", "VDZ": "VBZ", "VDI": "VB", "VDN": "VBN",
    "VDG": "VBG", "VHI": "VB", "VHG": "VBG", "VHN": "VBN", "CRD": "CD", "ORD": "JJ", "PRP": "IN",
    "TO0": "TO", "CJS": "CS", "CJT": "THAT", "PNQ": "WP", "PNI": "PN", "AT0": "DT", "DT0": "DT",
    "DTQ": "WDT", "EX0": "EX", "ITJ": "UH", "UNC": "NN", "ZZ0": "NN", "POS": "NN$",
}  # fmt: skip


def closed(token: str, before: str, guess: str) -> str | None:
    """The tag of a closed-class token, or None; ``guess`` is the open tagger's word on it."""
    word = folded(token)
    if not is_word(token):
        return token
    if word == "her":
        return "PRPF$" if guess in ("DPS", "DT", "PRP$") else "PRPFO"
    if word == "that":
        return "DTS" if guess == "DT0" else "THAT"
    if word == "to":
        return "IN" if guess == "PRP" else "TO"
    if word == "as":
        return "IN" if guess == "PRP" else "AS"
    if word == "there":
        return "EX" if guess == "EX0" else "RB"
    if word == "the":
        return "DT"
    if word == "another":
        return "PN" if before in ("one", "to") else "DTS"
    if word == "one":
        return "CD" if guess == "CRD" else "PN"
    if word.endswith("’s") and word not in CLOSED and guess != "PNP":
        return "NN$"
    return CLOSED.get(word)


def numbered(tags: Sequence[str]) -> list[str]:
    """The tags with every *the* told apart by the number of its noun: DTS or DTP.

    >>> numbered(["DT", "JJ", "NNS"]), numbered(["DT", "NN"])
    (['DTP', 'JJ', 'NNS'], ['DTS', 'NN'])
    """
    out = list(tags)
    for place, tag in enumerate(tags):
        if tag == "DT":
            after = list(tags[place + 1 : place + 7])
            nouns = [t.startswith("NN") for t in after]
            head = nouns.index(True) if any(nouns) else 0
            plural = "NNS" in after[head : head + 2] and any(nouns)
            out[place] = "DTP" if plural else "DTS"
    return out


DETERMINING = ("DTS", "DTP", "NO", "ALL", "SOME", "BOTH")
INSIDE = ("JJ", "JJR", "JJS", "NN", "NNS", "NNM", "RB", "CD", "OWN", "OTHER")


def bared(tags: Sequence[str]) -> list[str]:
    """The tags with every singular noun that stands without a determiner told apart, as NNM.

    Such nouns name substances and feelings (*a tapestry of light*), and one that needs a
    determiner must not take their place.

    >>> bared(["DTS", "NN", "OF", "JJ", "NN"])
    ['DTS', 'NN', 'OF', 'JJ', 'NNM']
    """
    out = list(tags)
    for place, tag in enumerate(tags):
        if tag == "NN":
            before = place - 1
            while before >= 0 and tags[before] in INSIDE:
                before -= 1
            if before < 0 or not (tags[before].endswith("$") or tags[before] in DETERMINING):
                out[place] = "NNM"
    return out


def by_ending(tokens: Sequence[str]) -> list[str]:
    """Tags from closed classes and word endings alone: no model, every language-shaped text.

    >>> by_ending(["the", "silver", "moths", "glow", "softly", "."])
    ['DTP', 'NN', 'NNS', 'NN', 'RB', '.']
    """
    tags = []
    for place, token in enumerate(tokens):
        before = folded(tokens[place - 1]) if place else ""
        after = folded(tokens[place + 1]) if place + 1 < len(tokens) else ""
        guess = "PRP" if folded(token) in ("to", "as") and after in ("the", "a", "my") else ""
        if folded(token) == "her" and after.isalpha() and after not in CLOSED:
            guess = "DPS"
        tags.append(closed(token, before, guess) or ending(folded(token)))
    return bared(numbered(tags))


@lru_cache(maxsize=4096)
def ending(word: str) -> str:
    if word in PREPOSITIONS:
        return "IN"
    for ending, tag in (("ly", "RB"), ("ing", "VBG"), ("ed", "VBN"), ("ness", "NN")):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return tag
    if re.search(r"(ful|ous|ive|less|able|ible|ish|ic|ent|ant|al)$", word) and len(word) > 4:
        return "JJ"
    if word.endswith("s") and not re.search(r"(ss|us|is)$", word):
        return "NNS"
    return "NN"


def hanta_installed() -> bool:
    """Whether the optional tagger can be imported."""
    return find_spec("HanTa") is not None


@lru_cache(maxsize=1)
def hanta() -> Tagger:
    """HanTa's English tagger in this scheme (``pip install dreamgen[tagger]``)."""
    from HanTa import HanoverTagger  # optional, and 90 ms to load

    model = HanoverTagger.HanoverTagger("morphmodel_en.pgz")

    def tag(tokens: Sequence[str]) -> list[str]:
        plain = [token.replace("’", "'") for token in tokens]
        tags = []
        for place, (token, (_, _, guess)) in enumerate(
            zip(tokens, model.tag_sent(plain), strict=True)
        ):
            before = folded(tokens[place - 1]) if place else ""
            tags.append(closed(token, before, guess) or _BNC.get(guess, "NN"))
        return bared(numbered(tags))

    return tag
