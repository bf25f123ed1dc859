"""How long a dream takes, beside what people would use instead.

    python benchmarks/speed.py [--dreams 1000] [--warm 4000] [--block 25] [--starts 11]

A *warm* dream is one of a process that has made some thousands, so that most lines of the book are
ready: generate and `.text`. Beside it, in turn within one loop: Faker's lorem ipsum of as many
characters, and markovify sentences (order 2) of as many words in a Pydantic model through a Jinja
template. They take turns by blocks; with ``--block 1`` each finds the processor's caches full of
what the others left there. The same dream at once again has its lines in the caches. Then the
import of the package beside an empty interpreter, and the whole command beside the import of the
four libraries that it stands on, each a new process.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from statistics import fmean, median
from typing import Any

import measures
from faker import Faker
from jinja2 import Template
from pydantic import BaseModel

import dreamgen

KINDS = ("setting", "encounter", "revelation", "awakening")
COMMAND = [sys.executable, "-m", "dreamgen", "--seed", "7"]
FLOOR = [sys.executable, "-c", "import markovify, jinja2, numpy, pydantic"]
IMPORT = [sys.executable, "-c", "import dreamgen"]
NOTHING = [sys.executable, "-c", "pass"]


class NaiveScene(BaseModel):
    kind: str
    lines: list[str]


class NaiveDream(BaseModel):
    scenes: list[NaiveScene]


NAIVE = Template(
    "I am dreaming. {% for scene in dream.scenes %}"
    "{% for line in scene.lines %}{{ line }} {% endfor %}\n\n{% endfor %}"
)


def naive(sentence: Callable[[], str], words: int) -> str:
    """Markovify sentences of so many words, a quarter to a scene."""
    lines: list[str] = []
    while words > 0:
        lines.append(sentence())
        words -= lines[-1].count(" ") + 1
    share = -(-len(lines) // len(KINDS))
    scenes = [
        {"kind": kind, "lines": lines[i * share : (i + 1) * share]} for i, kind in enumerate(KINDS)
    ]
    return NAIVE.render(dream=NaiveDream.model_validate({"scenes": scenes}))


def told(seed: int) -> str:
    return dreamgen.generate(seed=seed).text


class Clock:
    """The time spent in some calls, by name."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def wrap(self, owner: Any, name: str, part: str) -> None:
        """Times a function or method from now on."""
        bound = getattr(owner, name)
        self.spent[part] = 0.0

        def timed(*args: Any, **same: Any) -> Any:
            start = time.perf_counter()
            try:
                return bound(*args, **same)
            finally:
                self.spent[part] += time.perf_counter() - start

        setattr(owner, name, timed)


def shares(seeds: range) -> dict[str, float]:
    """The share of each part of the work in the time of warm dreams."""
    module = sys.modules["dreamgen.retelling"]
    clock = Clock()
    clock.wrap(module.Retelling, "_rows", "what follows what")
    clock.wrap(module.Retelling, "_told", "sampling and joining")
    clock.wrap(module.Retelling, "_motifs", "motifs")
    clock.wrap(module, "judged_dream", "validation: building what is judged")
    clock.wrap(sys.modules["dreamgen.page"], "render", "rendering")
    whole = measures.seconds(lambda: [dreamgen.generate(seed=seed).text for seed in seeds])
    found = {part: spent / whole for part, spent in clock.spent.items()}
    return found | {"the rest": 1 - sum(found.values())}


def run(command: list[str]) -> float:
    return measures.seconds(lambda: subprocess.run(command, check=True, capture_output=True))


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(int(share * len(times)), len(times) - 1)]


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--dreams", type=int, default=1000)
    options.add_argument("--warm", type=int, default=4000, help="dreams before the clock starts")
    options.add_argument("--block", type=int, default=25, help="of each in a row")
    options.add_argument("--starts", type=int, default=11, help="of each command")
    asked = options.parse_args()

    first = measures.seconds(lambda: dreamgen.generate(seed=0).text)
    warming = measures.seconds(
        lambda: [dreamgen.generate(seed=seed).text for seed in range(1, asked.warm)]
    )
    faker = Faker()
    faker.seed_instance(0)
    sentence = measures.markov(2)
    for _ in range(20):
        faker.text(2500)
        naive(sentence, 400)

    names = ("a dream", "Faker's text()", "the naive pipeline", "the same dream at once again")
    times: dict[str, list[float]] = {name: [] for name in names}
    sizes: dict[str, list[int]] = {name: [] for name in times}

    def timed(name: str, made: Callable[[], str]) -> str:
        start = time.perf_counter()
        text = made()
        times[name].append(time.perf_counter() - start)
        sizes[name].append(len(text))
        return text

    for low in range(10**6, 10**6 + asked.dreams, asked.block):
        seeds = range(low, min(low + asked.block, 10**6 + asked.dreams))
        dreams = [timed("a dream", partial(told, seed)) for seed in seeds]
        for seed in seeds:
            told(seed)
            timed("the same dream at once again", partial(told, seed))
        for dream in dreams:
            timed("Faker's text()", partial(faker.text, len(dream)))
        for dream in dreams:
            timed("the naive pipeline", partial(naive, sentence, dream.count(" ") + 1))
    print(f"{'milliseconds':<34}{'median':>10}{'mean':>10}{'p99':>10}{'characters':>12}")
    for name, took in times.items():
        figures = (median(took), fmean(took), percentile(took, 0.99))
        print(
            f"{name:<34}" + "".join(f"{1000 * n:>10.3f}" for n in figures)
            + f"{fmean(sizes[name]):>12.0f}"
        )  # fmt: skip
    own, lorem_time, naive_time, again = (median(took) for took in times.values())

    commands = {
        "dreamgen --seed 7": COMMAND, "import of the four": FLOOR, "import dreamgen": IMPORT,
        "python": NOTHING,
    }  # fmt: skip
    starts: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(asked.starts):
        for name, command in commands.items():
            starts[name].append(run(command))
    for name, took in starts.items():
        print(f"{name:<34}" + "".join(f"{1000 * n:>10.1f}" for n in (median(took), fmean(took))))
    whole, floor, imported, nothing = (median(took) for took in starts.values())
    print()
    measures.table(
        [
            ("a dream / Faker's text (at most 0.6)", own / lorem_time),
            ("the same dream at once again / Faker's text", again / lorem_time),
            ("the naive pipeline / a dream (at least 10)", naive_time / own),
            ("the command / the imports (at most 1.4)", whole / floor),
            (
                "import dreamgen, over an empty interpreter, ms (at most 25)",
                1000 * (imported - nothing),
            ),
            ("the first dream of a process, ms", 1000 * first),
            (f"each of the next {asked.warm - 1}, ms", 1000 * warming / max(asked.warm - 1, 1)),
            *(
                (f"share of a warm dream: {part}", share)
                for part, share in shares(range(2 * 10**6, 2 * 10**6 + asked.dreams)).items()
            ),
        ]
    )


if __name__ == "__main__":
    main()
