"""What a large corpus costs: fitting beside markovify, opening, planning, growth.

    python benchmarks/scale.py --austen FOLDER [--more TEXT ...] [--millions 1 5 20] [--plot FILE]

The Austen corpus (717,000 words between blanks) is Debian's r-cran-janeaustenr, unpacked into the
folder; larger corpora are spliced from it, the dream book and the texts given by --more (see
`large_texts.py`). Each figure is taken in a process of its own, one after another: seconds are
those of the processor, memory is the peak of the process above what its imports take, words are
what stands between blanks, on both sides. markovify fits order 2 and keeps every sentence
(`well_formed=False`). Ours: from the text to the lines with tags and scenes, the order of the chain
(order 2), then the order of the rule of novelty, then the file.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import large_texts

from dreamgen import Dreamer
from dreamgen.columns import LargeCorpus, read
from dreamgen.model import Model
from dreamgen.rules import Mentions, Novel, Rule, Shaped
from dreamgen.sampler import product
from dreamgen.scenes import bundled_scenes

Figures = dict[str, Any]


def peak(*, anew: bool = False) -> int:
    """The most memory that this process has had, in bytes; ``anew``: what it has now, and the
    count of the most begins again. A process inherits the count of the one that started it."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def texts(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.txt"))


def ours(folder: Path, model: Path) -> Figures:
    bundled_scenes()  # what ships is no part of the corpus
    base, start = peak(anew=True), time.process_time()
    corpus = LargeCorpus(read((path.name, path.read_text("utf-8")) for path in texts(folder)))
    found: Figures = {"tokens": corpus.size, "reading": time.process_time() - start}
    made = Model(corpus)
    _ = made.contexts
    found |= {"seconds": time.process_time() - start, "memory": peak() - base}
    found["chain"] = found["seconds"] - found["reading"]
    _ = made.runs(made.run)
    found |= {"all seconds": time.process_time() - start, "all memory": peak() - base}
    if corpus.size < 50_000:
        raise SystemExit("a corpus of 50,000 tokens or more is wanted")
    dreamer = Dreamer(corpus)
    dreamer.__dict__["model"] = made
    dreamer.save(model)
    return found | {"bytes": model.stat().st_size}


def markovify(folder: Path, model: Path) -> Figures:
    import markovify as rival  # each side pays for its own imports alone

    base, start = peak(anew=True), time.process_time()
    text = "\n\n".join(path.read_text("utf-8") for path in texts(folder))
    made = rival.Text(text, state_size=2, well_formed=False)
    seconds = time.process_time() - start
    rows = list(made.parsed_sentences)
    memory, start = peak() - base, time.process_time()
    rival.Chain(rows, 2)
    chain = time.process_time() - start
    words = sum(len(row) for row in rows)
    return {"words": words, "seconds": seconds, "memory": memory, "chain": chain}


def opening(folder: Path, model: Path) -> Figures:
    times = []
    for _ in range(7):
        start = time.perf_counter()
        Dreamer.load(model)
        times.append(time.perf_counter() - start)
    return {"first": times[0], "again": median(times[1:])}


def plans(folder: Path, model: Path) -> Figures:
    """Sentences under three rules: a shape of the corpus, a word of it, no run longer than five."""
    made = Dreamer.load(model).model
    _ = made.stems, made.base, made.runs(made.run)
    base = peak(anew=True)
    random = Random(7)
    lines = [line for line in made.lenders if 7 <= len(line.words) <= 14]
    first, later, met = [], [], 0
    for line in random.sample(lines, 15):
        nouns = [w for w, t in zip(line.words, line.tags, strict=True) if t.startswith(("NN", "J"))]
        rules: list[Rule] = [Shaped(*line.tags), Novel(made.run)]
        rules += [Mentions(random.choice(nouns))] if nouns else []
        start = time.process_time()
        machines = [rule.automaton(made) for rule in rules]
        plan = product(made.base, machines, len(line.tags))
        first.append(time.process_time() - start)
        if plan.total:
            met += 1
            plan.walk([0.5] * plan.choices)
            start = time.process_time()
            for _ in range(100):
                plan.walk([random.random() for _ in range(plan.choices)])
            later.append((time.process_time() - start) / 100)
    return {
        "first": median(first), "most": max(first), "later": median(later), "met": met,
        "memory": peak() - base,
    }  # fmt: skip


PARTS: dict[str, Callable[[Path, Path], Figures]] = {
    "ours": ours, "markovify": markovify, "opening": opening, "plans": plans,
}  # fmt: skip


def figures(part: str, folder: Path, model: Path) -> Figures:
    """What a process of its own measures."""
    command = [sys.executable, __file__, "--part", part, str(folder), str(model)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: Figures = json.loads(done.stdout)
    return found


def measured(folder: Path, repeats: int) -> dict[str, Figures]:
    """The medians of all parts on one corpus."""
    model = folder / "corpus.model"
    found: dict[str, Figures] = {}
    for part in PARTS:
        several = [figures(part, folder, model) for _ in range(repeats)]
        found[part] = {name: median(each[name] for each in several) for name in several[0]}
    return found


def plotted(rows: list[tuple[str, dict[str, Figures]]], path: Path) -> None:
    try:
        from matplotlib import pyplot  # only for the picture
    except ModuleNotFoundError:
        raise SystemExit("--plot draws with matplotlib: pip install matplotlib") from None
    words = [row["markovify"]["words"] / 1e6 for _, row in rows]
    figure, axes = pyplot.subplots(1, 3, figsize=(13, 4))
    for axis, name, scale in ((axes[0], "seconds", 1.0), (axes[1], "memory", 1e-6)):
        for side in ("ours", "markovify"):
            axis.loglog(words, [row[side][name] * scale for _, row in rows], "o-", label=side)
        axis.set_xlabel("million words")
        axis.set_title("fitting, seconds" if name == "seconds" else "fitting, peak MB")
        axis.legend()
    axes[2].loglog(words, [row["plans"]["first"] * 1e3 for _, row in rows], "o-", label="plan")
    axes[2].loglog(words, [row["plans"]["later"] * 1e3 for _, row in rows], "o-", label="sentence")
    axes[2].loglog(words, [row["opening"]["again"] * 1e3 for _, row in rows], "o-", label="open")
    axes[2].set_title("milliseconds")
    axes[2].legend()
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    if sys.argv[1:2] == ["--part"]:
        part, folder, model = sys.argv[2:]
        print(json.dumps(PARTS[part](Path(folder), Path(model))))
        return
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--austen", type=Path, required=True, metavar="FOLDER")
    options.add_argument("--more", type=Path, nargs="*", default=[], metavar="TEXT")
    options.add_argument("--millions", type=float, nargs="*", default=[5.0, 20.0])
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--plot", type=Path, metavar="FILE")
    asked = options.parse_args()

    novels = large_texts.austen(asked.austen)
    sources = [*novels, *large_texts.book()]
    sources += [path.read_text("utf-8", "replace") for path in asked.more]
    rows: list[tuple[str, dict[str, Figures]]] = []
    with tempfile.TemporaryDirectory() as name:
        for millions in (0.0, *asked.millions):
            folder = Path(name) / f"{millions:g}"
            folder.mkdir()
            each = min(int(millions * 1e6), 1_000_000)
            made = large_texts.spliced(sources, int(millions * 1e6), each) if each else novels
            for place, text in enumerate(made):
                (folder / f"{place:03}.txt").write_text(text, "utf-8")
            title = f"{millions:g} million" if millions else "Austen"
            rows.append((title, measured(folder, 1 if millions > 10 else asked.repeats)))
            told(*rows[-1])
    first, last = rows[0][1], rows[-1][1]
    grown = last["markovify"]["words"] / first["markovify"]["words"]
    print(f"\nfrom {rows[0][0]} to {rows[-1][0]}: {grown:.1f} times the words")
    for name in ("seconds", "all seconds", "memory", "bytes"):
        times = last["ours"][name] / first["ours"][name]
        print(f"  {name:<24}{times:>8.1f} times, {times / grown:.2f} of linear")
    if asked.plot:
        plotted(rows, asked.plot)


def told(title: str, row: dict[str, Figures]) -> None:
    own, rival, words = row["ours"], row["markovify"], row["markovify"]["words"]
    print(f"\n{title}: {words:,.0f} words, {own['tokens']:,.0f} tokens with their marks")
    print(f"  {'fitting':<38}{'ours':>12}{'markovify':>12}{'ratio':>8}")

    def line(label: str, mine: float, theirs: float, ratio: float) -> None:
        print(f"  {label:<38}{mine:>12,.1f}{theirs:>12,.1f}{ratio:>8.2f}")

    line(
        "text to chain, thousand words a second", words / own["seconds"] / 1e3,
        words / rival["seconds"] / 1e3, rival["seconds"] / own["seconds"],
    )  # fmt: skip
    line(
        "tokens to chain, the same", words / own["chain"] / 1e3, words / rival["chain"] / 1e3,
        rival["chain"] / own["chain"],
    )  # fmt: skip
    line(
        "peak memory, bytes a word", own["memory"] / words, rival["memory"] / words,
        rival["memory"] / own["memory"],
    )  # fmt: skip
    line(
        "the same, novelty fitted too", own["all memory"] / words, rival["memory"] / words,
        rival["memory"] / own["all memory"],
    )  # fmt: skip
    opened, planned = row["opening"], row["plans"]
    print(
        f"  the model file, MB {own['bytes'] / 1e6:,.1f}; with novelty, s {own['all seconds']:.2f}"
    )
    print(f"  opened, ms: first {opened['first'] * 1e3:.2f}, again {opened['again'] * 1e3:.2f}")
    print(
        f"  a plan under three rules, s: median {planned['first']:.2f}, most {planned['most']:.2f};"
        f" a sentence of it, µs {planned['later'] * 1e6:.1f}; {planned['met']:.0f} of 15 could be"
        f" met; memory of planning, MB {planned['memory'] / 1e6:,.0f}"
    )


if __name__ == "__main__":
    main()
