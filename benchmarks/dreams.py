"""Whether every request gets its dream, and whether any sentence is copied.

    python benchmarks/dreams.py [--dreams 20000] [--workers 2] [--show 10]

*Totality*: dreams over all arcs, pronouns and a spread of requests (length, words to mention and to
avoid, mood, and several at once). Each dream must do what was asked (judged here, not by dreamgen)
and come back equal through JSON. A request that is refused is asked again with other seeds: if one
of them is met, the refusal was wrong. If none is, a scan of the files says whether a word to be
mentioned stands in them at all. *Novelty*: no sentence may share more than six tokens in a row with
a sentence of the book, nor more than five with one of the documents.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import measures

import dreamgen
from dreamgen import Dream, Unsatisfiable

BOOK_RUN, RUN = 6, 5
SLOW = 1.0
AGAIN = 8
PATIENCE = 30.0  # seconds; a refusal can take long
ARCS = ("vulnerability", "companion", "reciprocity", "circle", "unity")
PRONOUNS = ("they", "she", "he")
OTHERS = {
    "they": {"she", "her", "hers", "herself", "he", "him", "his", "himself"},
    "she": {"he", "him", "his", "himself"},
    "he": {"she", "her", "hers", "herself"},
}
MOODS = ("hope", "sadness", "love", "fear", "wonder", "peace")
RANGES = (
    (80, 120), (80, 2000), (100, 150), (150, 250), (200, 220), (300, 400), (400, 410), (500, 700),
    (700, 900), (900, 1200), (1400, 1700), (1900, 2000),
)  # fmt: skip
CHUNK = 50
# Forms of one word that differ near their beginnings.
ODD = tuple(
    group.split()
    for group in (
        "feet foot",
        "teeth tooth",
        "geese goose",
        "mice mouse",
        "leaves leaf",
        "people person",
        "make makes making made",
        "stand stands standing stood",
        "find finds finding found",
        "weave weaves weaving wove woven",
        "take takes taking took taken",
        "men man",
        "women woman",
        "come comes coming came",
        "give gives giving gave given",
        "hold holds holding held",
        "speak speaks speaking spoke spoken",
        "break breaks breaking broke broken",
        "write writes writing wrote written",
        "rise rises rising rose risen",
        "keep kept",
        "fall falls falling fell fallen",
        "grow grows growing grew grown",
        "leave leaving left",
        "know knows knowing knew known",
        "throw throws throwing threw thrown",
        "sleep slept",
        "draw draws drawing drew drawn",
        "wear wears wearing wore worn",
        "bring brought",
        "think thinks thinking thought",
        "teach taught",
        "catch caught",
        "seek sought",
        "freeze froze frozen",
        "choose chose chosen",
        "drive drove driven",
        "ride rode ridden",
        "shake shook shaken",
        "hide hides hiding hidden",
        "begin began begun",
        "swim swam swum",
        "drink drank drunk",
        "sing sang sung",
        "ring rang rung",
        "spring sprang sprung",
        "wind winds winding wound",
        "bind bound",
        "grind ground",
        "fight fought",
        "child children",
        "tell tells telling told",
        "sell sold",
        "feel felt",
        "kneel knelt",
        "lose lost",
        "shine shone",
        "steal stole stolen",
        "tear tore torn",
        "bear bore borne",
        "swear swore sworn",
        "feed fed",
        "send sent",
        "lend lent",
        "bend bent",
        "spend spent",
        "build built",
        "sleep sleeps slept",
        "sweep swept",
        "weep wept",
        "creep crept",
        "mean meant",
        "meet met",
        "lead led",
        "eat ate",
        "stick stuck",
        "strike struck",
        "hang hung",
        "swing swung",
        "light lit",
        "slide slid",
        "sink sank sunk",
        "shrink shrank",
        "fly flies flew flown",
        "blow blew blown",
        "see saw seen",
        "buy bought",
        "lay laid",
        "pay paid",
        "say said",
        "lie lay lain",
        "sit sat",
        "win won",
    )
)


@lru_cache(maxsize=1)
def vocabulary() -> tuple[list[str], list[str]]:
    """The words of book and documents that are long enough to mean something: all, the common."""
    found = Counter(
        token
        for text in (*measures.documents(), *map(" ".join, measures.dreams()))
        for token in measures.cut(text)
        if token.isalpha() and len(token) > 3
    )
    every = sorted(found)
    return every, [word for word in every if found[word] >= 20 and len(word) > 4]


def request(number: int) -> tuple[str, dict[str, Any]]:
    """The kind and the arguments of one call; the seed is the number."""
    draw = random.Random(number)
    every, common = vocabulary()
    asked: dict[str, Any] = {}
    if draw.random() < 0.7:
        asked["arc"] = draw.choice(ARCS)
    if draw.random() < 0.7:
        asked["pronoun"] = draw.choice(PRONOUNS)
    kind = draw.choice(
        ("nothing", "nothing", "words", "mention a common word", "mention any word", "mention two",
         "avoid", "mood", "all at once")
    )  # fmt: skip
    if kind in ("words", "all at once"):
        asked["words"] = draw.choice(RANGES if kind == "words" else RANGES[1:-3])
    if kind in ("mention a common word", "all at once"):
        asked["mention"] = [draw.choice(common)]
    if kind == "mention any word":
        asked["mention"] = [draw.choice(every)]
    if kind == "mention two":
        asked["mention"] = draw.sample(common, 2)
    if kind in ("avoid", "all at once"):
        taken = [word[:4] for word in asked.get("mention", ())]
        free = [word for word in every if word[:4] not in taken]
        asked["avoid"] = draw.sample(free, draw.choice((1, 3, 8)))
    if kind in ("mood", "all at once"):
        asked["mood"] = draw.choice(MOODS)
    return kind, {"seed": number, **asked}


def call(asked: dict[str, Any]) -> str:
    """A request as one would type it."""
    return f"generate({', '.join(f'{name}={value!r}' for name, value in asked.items())})"


def broken(dream: Dream, asked: dict[str, Any]) -> str:
    """What a dream does not do that was asked of it, or "" where it does all."""
    told = measures.cut(dream.text)
    said = set(told)
    if "words" in asked:
        number = sum(token[0].isalnum() for token in told)
        if not asked["words"][0] <= number <= asked["words"][1]:
            return f"{number} words"
    for word in asked.get("mention", ()):
        alike = {form for group in ODD if word in group for form in group}
        starts = (word[: max(len(word) - 4, 3)], *alike)
        if not any(token.startswith(starts) for token in said):
            return f"{word!r} is not mentioned"
    for word in asked.get("avoid", ()):
        if word in said:
            return f"{word!r} is not avoided"
    if "arc" in asked and dream.arc != asked["arc"]:
        return f"the arc is {dream.arc}"
    wrong = OTHERS[asked.get("pronoun", dream.cast.pronoun)] & said
    if wrong:
        return f"{min(wrong)!r} beside {dream.cast.pronoun!r}"
    if dream.text.count("“") != dream.text.count("”"):
        return "quotation marks do not balance"
    if Dream.model_validate_json(dream.to_json()) != dream:
        return "another dream comes back through JSON"
    return ""


@dataclass
class Tally:
    """What was seen of some dreams."""

    asked: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    slow: list[tuple[float, str]] = field(default_factory=list)
    runs: Counter[int] = field(default_factory=Counter)
    copied: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.asked += other.asked
        self.runs += other.runs
        for name in ("refused", "failed", "broken", "slow", "copied"):
            getattr(self, name).extend(getattr(other, name))


@lru_cache(maxsize=1)
def copies() -> tuple[measures.Copies, measures.Copies]:
    """The runs of the documents, and those of the book."""
    lines = [line for dream in measures.dreams() for line in dream]
    return measures.Copies(measures.documents()), measures.Copies(lines)


def tallied(numbers: range) -> Tally:
    """What is seen of the dreams of some numbers."""
    seen = Tally()
    for number in numbers:
        kind, asked = request(number)
        seen.asked[kind] += 1
        start = time.perf_counter()
        try:
            dream = dreamgen.generate(**asked)
            fault = broken(dream, asked)
        except Unsatisfiable as error:
            seen.refused.append((kind, asked, str(error)))
            continue
        except Exception as error:  # noqa: BLE001 - any other is what is looked for
            seen.failed.append(f"{call(asked)}: {type(error).__name__}: {str(error)[:400]}")
            continue
        finally:
            took = time.perf_counter() - start
            if took > SLOW:
                seen.slow.append((took, call(asked)))
        if fault:
            seen.broken.append(f"{call(asked)}: {fault}")
        for path, line in dream.lines():
            runs = [texts.longest(line) for texts in copies()]
            seen.runs[max(map(len, runs))] += 1
            for run, most in zip(runs, (RUN, BOOK_RUN), strict=True):
                if len(run) > most:
                    seen.copied.append(f"{call(asked)}, {path}: {line} [{' '.join(run)}]")
    return seen


def met(asked: dict[str, Any]) -> int | None:
    """Another seed for which a refused request is met."""
    start = time.perf_counter()
    for seed in range(10**6, 10**6 + AGAIN):
        if time.perf_counter() - start > PATIENCE:
            break
        try:
            dreamgen.generate(**asked | {"seed": seed})
        except Unsatisfiable:
            continue
        return seed
    return None


@lru_cache(maxsize=1)
def written() -> str:
    """Everything that is in the files, margins too."""
    folder = Path(str(files("dreamgen"))) / "data"
    texts = [
        *folder.joinpath("book").glob("*/*.dream"),
        *folder.joinpath("documents").glob("*.txt"),
    ]
    return " ".join(path.read_text("utf-8").casefold() for path in texts)


def verdict(asked: dict[str, Any]) -> str:
    """Whether a refusal is right, as far as can be seen."""
    if met(asked) is not None:
        return "wrong: another seed meets it"
    words = [word for phrase in asked.get("mention", ()) for word in phrase.split()]
    if any(word[: max(len(word) - 2, 3)] not in written() for word in words):
        return "right: the word stands nowhere"
    return "open: each word stands somewhere" if words else "open: no other seed tried meets it"


def chunks(count: int) -> Iterator[range]:
    yield from (range(low, min(low + CHUNK, count)) for low in range(0, count, CHUNK))


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--dreams", type=int, default=20000)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--refusals", type=int, default=400, help="so many are looked at again")
    options.add_argument("--show", type=int, default=10, help="so many faults of each kind")
    asked = options.parse_args()
    seen = Tally()
    verdicts: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    with ProcessPoolExecutor(asked.workers, mp_context=get_context("spawn")) as pool:
        for part in pool.map(tallied, chunks(asked.dreams)):
            seen.add(part)
        looked = seen.refused[: asked.refusals]
        found = pool.map(verdict, [again for _, again, _ in looked], chunksize=8)
        for judged, (_, again, why) in zip(found, looked, strict=True):
            verdicts[judged] += 1
            examples.setdefault(judged, []).append(f"{call(again)}: {why}")
    refused = Counter(kind for kind, _, _ in seen.refused)
    measures.table(
        [
            ("requests", seen.asked.total()),
            ("dreams", seen.asked.total() - len(seen.refused) - len(seen.failed)),
            ("refused as Unsatisfiable", len(seen.refused)),
            *((f"  of {seen.asked[kind]} that ask {kind}", n) for kind, n in refused.most_common()),
            ("  of these looked at again", len(looked)),
            *((f"    {judged}", number) for judged, number in verdicts.most_common()),
            ("any other exception (must be 0)", len(seen.failed)),
            ("dreams that do not do what was asked (must be 0)", len(seen.broken)),
            (f"requests of more than {SLOW:.0f} s", len(seen.slow)),
            ("sentences", seen.runs.total()),
            *((f"  whose longest run has {n} tokens", seen.runs[n]) for n in sorted(seen.runs)),
            ("sentences over the bound (must be 0)", len(seen.copied)),
        ]
    )  # fmt: skip
    for name, lines in (
        ("exception", seen.failed), ("not as asked", seen.broken), ("copied", seen.copied),
        ("slow", [f"{took:.1f} s: {line}" for took, line in sorted(seen.slow, reverse=True)]),
        *((judged, lines) for judged, lines in examples.items() if not judged.startswith("right")),
    ):  # fmt: skip
        for line in lines[: asked.show]:
            print(f"{name}: {line}")
    sys.exit(bool(seen.failed or seen.broken or seen.copied))


if __name__ == "__main__":
    main()
