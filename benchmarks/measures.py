"""What the benchmarks measure with; it shares no code with dreamgen.

The documents are read as they lie in the package, and cut by rules of their own, so that a fault in
dreamgen's tokens cannot hide a fault in its text.
"""

import random
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from math import exp, log

import markovify

CHARACTERS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "—", "―": "—"})
TOKEN = re.compile(r"[\w’'-]+|[^\w\s]")
GAP = re.compile(r"(?:(?<=[.?!…])|(?<=[.?!…][\"”’')]))\s+(?=[\"“‘'(]*[A-Za-z])|\n\s*\n")
DASH = re.compile(r"--+|—|(?<=\s)-(?=\s)")


def plain(text: str) -> str:
    """A text whose quotes are straight and whose dashes stand alone."""
    return DASH.sub(" — ", text.translate(CHARACTERS))


def cut(sentence: str) -> tuple[str, ...]:
    """The tokens of a sentence, without case."""
    return tuple(TOKEN.findall(plain(sentence).casefold()))


def word_count(text: str) -> int:
    """How many words a text has."""
    return sum(token[0].isalnum() for token in cut(text))


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    return [" ".join(part.split()) for part in GAP.split(text.replace("\r", "")) if part.strip()]


def documents() -> list[str]:
    """The five documents as they ship."""
    folder = files("dreamgen") / "data" / "documents"
    paths = sorted((p for p in folder.iterdir() if p.name.endswith(".txt")), key=lambda p: p.name)
    return [path.read_bytes().decode("utf-8-sig") for path in paths]


def dreams() -> list[list[str]]:
    """The sentences of each dream of the book, from its files, margins left out."""
    folder = files("dreamgen") / "data" / "book"
    paths = sorted(
        (str(world.name), str(dream.name), dream)
        for world in folder.iterdir()
        if world.is_dir()
        for dream in world.iterdir()
    )
    return [
        re.findall(r"^\w+: (.+)$", dream.read_text("utf-8").partition("[")[2], re.MULTILINE)
        for _, _, dream in paths
    ]


class Copies:
    """The runs of some texts, to see how much of a sentence is theirs."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.rows = [cut(sentence) for text in texts for sentence in sentences(text)]
        self.runs: dict[int, frozenset[tuple[str, ...]]] = {}

    def of_length(self, length: int) -> frozenset[tuple[str, ...]]:
        """Every run of that many tokens."""
        if length not in self.runs:
            self.runs[length] = frozenset(run for row in self.rows for run in runs(row, length))
        return self.runs[length]

    def longest(self, sentence: str) -> tuple[str, ...]:
        """The longest run of tokens that a sentence shares with a sentence of the texts."""
        row = cut(sentence)
        found: tuple[str, ...] = ()
        for length in range(1, len(row) + 1):
            shared = next((r for r in runs(row, length) if r in self.of_length(length)), None)
            if shared is None:
                break
            found = shared
        return found


def runs(row: Sequence[str], length: int) -> list[tuple[str, ...]]:
    """The runs of a row of tokens, from the left."""
    return [tuple(row[i : i + length]) for i in range(len(row) - length + 1)]


def of_words(lines: Iterable[str], count: int) -> list[tuple[str, ...]]:
    """The first lines, as tokens, that have so many tokens together; the last is cut short."""
    kept: list[tuple[str, ...]] = []
    for line in lines:
        row = cut(line)[:count]
        kept.append(row)
        count -= len(row)
        if not count:
            break
    return kept


def distinct(rows: Sequence[Sequence[str]], length: int = 2) -> float:
    """The share of runs that differ (Li and others, 2016)."""
    found = [run for row in rows for run in runs(row, length)]
    return len(set(found)) / len(found)


def self_bleu(rows: Sequence[tuple[str, ...]], judged: int, others: int, seed: int = 0) -> float:
    """The mean BLEU-4 of some sentences against some others of the same writer.

    After Zhu and others (2018). A run that is not there counts as 0.1 (the first smoothing of Chen
    and Cherry, 2014); among so many others one is always as long, so brevity costs nothing.
    """
    drawn = random.Random(seed).sample([row for row in rows if len(row) > 3], judged + others)
    most: Counter[tuple[str, ...]] = Counter()
    for row in drawn[judged:]:
        for length in range(1, 5):
            for run, number in Counter(runs(row, length)).items():
                most[run] = max(most[run], number)
    return sum(_bleu(row, most) for row in drawn[:judged]) / judged


def _bleu(row: tuple[str, ...], most: Counter[tuple[str, ...]]) -> float:
    logs = 0.0
    for length in range(1, 5):
        found = Counter(runs(row, length))
        hits = sum(min(number, most[run]) for run, number in found.items())
        logs += log((hits or 0.1) / found.total()) / 4
    return exp(logs)


def markov(order: int, seed: int = 0) -> Callable[[], str]:
    """Sentences of markovify with its own settings, one a call, from the book and the documents."""
    random.seed(seed)
    lines = [line for dream in dreams() for line in dream]
    text = markovify.Text("\n".join((*documents(), *lines)), state_size=order)

    def sentence() -> str:
        while True:
            made = text.make_sentence()
            if made:
                return str(made)

    return sentence


# where no linkage of many is sound, "No complete linkages" comes first and "Found n (0 of" after it
VERDICT = re.compile(r"^(Found \d+ linkages? \((?!0 )|No complete linkages)", re.MULTILINE)
LINK = "link-parser en -null=0 -timeout=5 -limit=1000 -graphics=0".split()


def parsed(lines: Sequence[str], workers: int = 2, chunk: int = 50) -> list[bool]:
    """Whether Link Grammar finds a complete parse of each sentence."""
    parts = [lines[i : i + chunk] for i in range(0, len(lines), chunk)]
    with ThreadPoolExecutor(workers) as pool:
        return [verdict for part in pool.map(_parsed, parts) for verdict in part]


def _parsed(lines: Sequence[str]) -> list[bool]:
    said = "".join(f"{ascii_of(line)}\n" for line in lines)
    done = subprocess.run(LINK, input=said, capture_output=True, text=True, check=True)
    found = [verdict.startswith("Found") for verdict in VERDICT.findall(done.stdout)]
    if len(found) != len(lines):
        raise RuntimeError(f"link-parser gave {len(found)} verdicts on {len(lines)} sentences")
    return found


def ascii_of(sentence: str) -> str:
    """A sentence as Link Grammar likes it: straight quotes, dashes with spaces, one line."""
    return " ".join(plain(sentence).replace("—", "-").replace("…", "...").split())


def seconds(work: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def table(rows: Iterable[tuple[str, object]], width: int = 58) -> None:
    """Prints names and figures."""
    for name, figure in rows:
        shown = f"{figure:.3f}" if isinstance(figure, float) else f"{figure}"
        print(f"{name:<{width}}{shown:>12}")
