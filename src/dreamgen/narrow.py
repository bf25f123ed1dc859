"""Rules read on the readings of a line: which of them can stand so that the rule always holds.

A rule judges a text and steers the chain of a corpus (`dreamgen.rules`); on a line of the book it
*narrows*: readings that break it, or without which it could be broken, are left out, and what
remains meets the rule however it is told.
"""

import hashlib
from collections.abc import Callable, Iterable

from .book import links, source_of
from .bookmodel import FORMAT, noun_roots
from .corpus import Corpus
from .errors import CorpusError
from .facts import Facts
from .readings import SLOT, plain
from .rules import Avoids, Mentions, Novel, Rule, Words
from .schema import Dream, scenes_of, slots
from .text import listed, spoken, stem


def narrowed(source: str, rules: Iterable[Rule]) -> str:
    """The source with the readings left out that could break a rule; "" where the line cannot help
    breaking one.

    The line's own reading keeps its place, marked ``!`` where it may not be told.

    >>> narrowed("A {jar|blue cup|box of tin} is on the sill.", [Mentions("cup", "box", least=1)])
    'A {!jar|blue cup|box of tin} is on the sill.'
    """
    for rule in rules:
        if isinstance(rule, Novel):
            continue  # the chain keeps to it
        if isinstance(rule, Words):
            source = source if _counted(source, rule) else ""
        elif isinstance(rule, Avoids):
            source = _without(source, rule)
        elif isinstance(rule, Mentions):
            source = _with(source, rule)
        elif rule.fault(plain(source)):
            source = ""  # marks of quotation stand outside the slots
        if not source:
            return ""
    return source


def _options(source: str) -> list[list[str]]:
    """The readings of each slot that may be told."""
    return [
        [reading for reading in slot.split("|") if not reading.startswith("!")]
        for slot in SLOT.findall(source)
    ]


def _fixed(source: str) -> list[str]:
    return SLOT.split(source)[::2]


def _kept(source: str, keep: Callable[[int, str], bool]) -> str:
    """The source with the readings that are kept; "" where a slot has none left."""
    parts = SLOT.split(source)
    for at in range(1, len(parts), 2):
        own, *others = parts[at].split("|")
        left = [reading for reading in others if keep(at // 2, reading)]
        bare = own.startswith("!") or not keep(at // 2, own)
        if bare and not left:
            return ""
        mark = "!" if bare and not own.startswith("!") else ""
        parts[at] = "{" + "|".join((mark + own, *left)) + "}"
    return "".join(parts)


def _counted(source: str, rule: Words) -> bool:
    held = len(spoken(" ".join(_fixed(source))))
    counts = [[len(spoken(reading)) for reading in slot] for slot in _options(source)]
    return rule.least <= held + sum(map(min, counts)) and held + sum(map(max, counts)) <= rule.most


def _without(source: str, rule: Avoids) -> str:
    if any(rule.fault(text) for text in _fixed(source)):
        return ""
    return _kept(source, lambda _, reading: not rule.fault(reading))


def _with(source: str, rule: Mentions) -> str:
    """Phrases that the text around the slots says count; for the others slots are narrowed."""
    fixed = _fixed(source)
    ones = [Mentions(phrase) for phrase in rule.phrases]
    missing = [one for one in ones if not any(one.holds(text) for text in fixed)]
    wanted = rule.least - (len(ones) - len(missing))
    taken: set[int] = set()
    while wanted > 0:
        # one slot says all that is missing, or, where any will do, one of it
        groups = missing if wanted == len(missing) else [Mentions(*rule.phrases, least=1)]
        offers = [
            (sum(group.holds(reading) for reading in slot), -at, group)
            for at, slot in enumerate(_options(source))
            if at not in taken
            for group in groups
        ]
        if not offers or (wanted > 1 and groups is not missing):
            return ""
        said, behind, group = max(offers, key=lambda offer: offer[:2])
        if not said:
            return ""
        taken.add(-behind)
        source = _narrowed_at(source, -behind, group)
        missing = [one for one in missing if one is not group]
        wanted -= 1
    return source


def _narrowed_at(source: str, at: int, rule: Mentions) -> str:
    return _kept(source, lambda slot, reading: slot != at or rule.holds(reading))


# What the head of a dream of a book names; one without a thing is not told from.
HEAD = ("arc", *list(Facts.__dataclass_fields__)[:-1])


def compact(corpus: Corpus) -> str:
    """A book in the form that a `BookModel` reads, its readings narrowed by the rules of their
    fields: a record that cannot help breaking one has no readings but its own.

    Raises `CorpusError` for a corpus that is no book. Linear in the book.
    """
    fields = {(slot.scene, slot.name): slot for scene in scenes_of(Dream) for slot in slots(scene)}
    rows: list[str] = []
    for document in corpus.documents:
        facts = [getattr(document.facts, name) for name in Facts.__dataclass_fields__]
        if not document.arc or not all(facts[:-1]):
            raise CorpusError(f"{document.name}: its head must name {listed(HEAD, 'and')}")
        rows.append("#" + "\t".join((document.name, document.arc, *facts)))
        things = noun_roots() | {stem(document.facts.thing)}
        linked = links(document.sentences, things)
        for sentence, slots_ in zip(document.sentences, linked, strict=True):
            slot = fields.get((sentence.scene, sentence.role))
            if slot is None:
                raise CorpusError(
                    f"{document.name}: a {sentence.scene} has no field {sentence.role!r}"
                )
            source = source_of(sentence, slots_)
            source = narrowed(source, slot.rules) or plain(source)
            rows.append(f"{sentence.block} {sentence.scene} {sentence.role} {source}")
    return sealed(rows)


def sealed(rows: Iterable[str]) -> str:
    """The rows of a compact book under a head that names their form and their digest."""
    body = "\n".join(rows) + "\n"
    return f"{FORMAT}{hashlib.blake2b(body.encode(), digest_size=6).hexdigest()}\n{body}"
