"""How many dreams a second go to a file, on one core and on two, beside the naive pipeline.

    python benchmarks/bulk.py [--dreams 100000] [--rounds 3] [--plot bulk.png]

Each run is a process of its own that writes a file with `dreamgen.bulk.write`; one worker and two
take turns, and between them the naive pipeline of `speed.py` (markovify sentences, of as many words
as our dreams have, in a Pydantic model through Jinja) has its turn on one core. *Whole* is the
count over the time from the call to the file in place; *steady* is the second half of the dreams
alone, when the lines of the book have been made ready in every process. *By processor time* is what
two workers would give on two cores with nothing else to do; beside it stands what two plain loops
give at the time of the runs, which other programs and the machine's owner can make less than 2.
Memory is the most that a process ever held. `--plot` needs `pip install 'dreamgen[plot]'`.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from statistics import median
from typing import Any

import measures
import speed

from dreamgen import bulk
from dreamgen.forms import FORMS

NAIVE = 100  # dreams of the naive pipeline in a turn
MILLION = 1_000_000


def child(path: str, count: int, workers: int) -> None:
    """Writes a file; prints when how many dreams were done, in seconds since the call."""
    seen: list[tuple[float, int]] = []
    start = time.perf_counter()
    bulk.write(
        path, count, seed=0, workers=workers,
        progress=lambda stage, done: seen.append((time.perf_counter() - start, done)),
    )  # fmt: skip
    seconds = time.perf_counter() - start
    own, others = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    spent = own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime
    print(json.dumps({"seen": seen, "seconds": seconds, "spent": spent}))


def run(folder: str, count: int, workers: int) -> dict[str, Any]:
    """One run: its times, its rates, and the most memory that its first process held, in MB."""
    path = Path(folder, f"{count}-{workers}.jsonl")
    command = [sys.executable, __file__, "--child", str(path), str(count), str(workers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        made = json.loads(process.stdout.read())
        _, code, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(code)
    assert not code
    path.unlink()
    half = next(at for at in made["seen"] if at[1] >= count / 2)
    last = made["seen"][-1]
    made["whole"] = count / made["seconds"]
    made["steady"] = (last[1] - half[1]) / (last[0] - half[0])
    made["memory"] = used.ru_maxrss / 1024
    return made


def naive(words: int) -> float:
    """The naive pipeline's dreams a second."""
    sentence = measures.markov(2)
    speed.naive(sentence, words)
    took = measures.seconds(lambda: [speed.naive(sentence, words) for _ in range(NAIVE)])
    return NAIVE / took


LOOP = [sys.executable, "-c", "total = 0\nfor n in range(20_000_000): total += n * n % 7"]


def machine() -> float:
    """What two processes do that share nothing, in times of one: what there is to be had."""

    def took(count: int) -> float:
        start = time.perf_counter()
        started = [subprocess.Popen(LOOP) for _ in range(count)]
        for process in started:
            process.wait()
        return time.perf_counter() - start

    return 2 * took(1) / took(2)


def sizes(folder: str, count: int) -> dict[str, float]:
    """Bytes a dream, by form."""
    return {
        form.suffix: bulk.write(Path(folder, f"a{form.suffix}"), count, seed=0).size / count
        for form in FORMS
    }


class Ready(Executor):
    """Workers that cost nothing: every chunk is the first, so what is left is the writer."""

    def __init__(self) -> None:
        self.first: Any = None

    def submit(self, call: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self.first is None:
            self.first = call(*given, **named)
        future.set_result(self.first)
        return future


def writer(folder: str, count: int) -> dict[str, float]:
    """The dreams a second that one process can take from workers and bring to the disk, by form;
    and those that it can join to a Parquet file at the end."""
    found: dict[str, float] = {}
    for form in FORMS:
        seen: dict[str, list[tuple[float, int]]] = {}
        path = Path(folder, f"b{form.suffix}")
        bulk.write(
            path, count, seed=0, workers=Ready(),
            progress=lambda stage, done, seen=seen: seen.setdefault(stage, []).append(  # type: ignore[misc]
                (time.perf_counter(), done)
            ),
        )  # fmt: skip
        path.unlink()
        for stage, row in seen.items():
            (before, some), (now, more) = row[1], row[-1]  # the first waits for its chunk
            found[f"{stage} {form.suffix}"] = (more - some) / (now - before)
    return found


def plotted(path: str, runs: dict[int, dict[str, Any]], rival: float) -> None:
    """The rate so far against the count, for one worker and two."""
    try:
        import matplotlib
    except ModuleNotFoundError:
        sys.exit("a plot takes matplotlib: pip install 'dreamgen[plot]'")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5))
    for workers, made in runs.items():
        seen = [(done, done / at) for at, done in made["seen"] if done]
        name = f"{workers} worker{'s' * (workers > 1)}"
        axes.plot(*zip(*seen, strict=True), label=f"dreamgen, {name}")
    axes.axhline(rival, color="gray", linestyle="--", label="the naive pipeline, one core")
    axes.set(xscale="log", yscale="log", xlabel="dreams", ylabel="dreams a second, so far")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--dreams", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--plot", metavar="FILE.png")
    options.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.child:
        path, count, workers = asked.child
        child(path, int(count), int(workers))
        return

    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder, "words.jsonl")
        bulk.write(first, 500, seed=0, columns=["words"])
        words = round(sum(json.loads(line)["words"] for line in first.open()) / 500)
        rows: list[tuple[dict[str, Any], float, dict[str, Any]]] = []
        given: list[float] = []
        for _ in range(asked.rounds):
            one = run(folder, asked.dreams, 1)
            rival = naive(words)
            given.append(machine())
            rows.append((one, rival, run(folder, asked.dreams, 2)))
            given.append(machine())
        few = run(folder, asked.dreams // 4, 1)
        size = sizes(folder, 2000)
        most = writer(folder, 200_000)

    print(f"{asked.dreams:,} dreams of some {words} words, {asked.rounds} rounds, load "
          f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")  # fmt: skip
    print(f"{'dreams a second':<40}{'median':>10}{'least':>10}{'most':>10}")
    figures = {
        "one worker, whole": [one["whole"] for one, _, _ in rows],
        "one worker, steady": [one["steady"] for one, _, _ in rows],
        "two workers, whole": [two["whole"] for _, _, two in rows],
        "two workers, steady": [two["steady"] for _, _, two in rows],
        "the naive pipeline": [rival for _, rival, _ in rows],
    }
    for name, found in figures.items():
        print(f"{name:<40}{median(found):>10,.1f}{min(found):>10,.1f}{max(found):>10,.1f}")
    print()

    def ratios(of: str) -> tuple[float, float]:
        return (
            median(one[of] / rival for one, rival, _ in rows),
            median(two[of] / one[of] for one, _, two in rows),
        )

    (whole, spread), (steady, spread_steady) = ratios("whole"), ratios("steady")
    rate = median(figures["one worker, steady"])
    measures.table(
        [
            ("one worker / the naive pipeline, whole (at least 25)", whole),
            ("one worker / the naive pipeline, steady", steady),
            ("two workers / one worker, whole (at least 1.8)", spread),
            ("two workers / one worker, steady", spread_steady),
            (
                "two workers / one worker, whole, by processor time",
                median(2 * one["spent"] / two["spent"] for one, _, two in rows),
            ),
            ("two plain loops / one: what the machine gave meanwhile", median(given)),
            (f"MB held, {asked.dreams // 4:,} dreams", few["memory"]),
            (f"MB held, {asked.dreams:,} dreams", median(one["memory"] for one, _, _ in rows)),
            *((f"bytes a dream, {suffix}", found) for suffix, found in size.items()),
            *((f"dreams a second through one process, {stage}", n) for stage, n in most.items()),
            ("computed: core-hours, a thousand million dreams", 1000 * MILLION / rate / 3600),
            *(
                (f"computed: TB, a thousand million dreams, {suffix}", 1000 * MILLION * n / 1e12)
                for suffix, n in size.items()
            ),
        ]
    )
    if asked.plot:
        plotted(asked.plot, {1: rows[-1][0], 2: rows[-1][2]}, median(figures["the naive pipeline"]))


if __name__ == "__main__":
    main()
