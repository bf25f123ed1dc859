"""A steered sentence beside rejection with markovify: the same corpus, chain and rules.

    pip install 'dreamgen[bench]'
    python benchmarks/steering.py [--plot steering.png] [--corpus documents|book|FILE]

A request is 8 to 20 words with a word to mention. `LoopedPlan.total` says exactly how many of
markovify's sentences meet it by luck, and so which words make one in 25, one in 500 and one in some
ten thousand pass. Rejection calls ``make_sentence`` of a markovify.Text, its check for copies off,
until a sentence passes, and looks for the words in a set made beforehand; the *leanest* does so
with a chain that was compiled. A steered sentence is measured once its request is planned, planning
apart. Then the walk itself: sentences of one plan drawn from the same numbers one by one, in
lock-step, and by a loop compiled with numba, which is what the machine can do at best.
"""

import argparse
import random
import re
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, median
from typing import Any

import markovify
import measures
import numpy as np

from dreamgen import Corpus, Text, Unsatisfiable
from dreamgen.automata import Counting
from dreamgen.sampler import Plan, draw, product
from dreamgen.text import stem

WORDS = (8, 20)
WORD = re.compile(r"[^\W_]+(?:[-’'][^\W_]+)*")
# The requests: one in so many passes by luck.
LUCK = (25, 500, 10_000)
# Where rejection gives up.
MOST_TRIES = 200_000


def sentences(corpus: str) -> str:
    """The text of a corpus that ships, or of a file."""
    if corpus == "documents":
        documents = Corpus.bundled("documents").documents
        return " ".join(s.text for document in documents for s in document.sentences)
    if corpus == "book":
        lines = [line for dream in measures.dreams() for line in dream]
        return " ".join(line[:1].upper() + line[1:] for line in lines)
    return Path(corpus).read_text("utf-8")


class Rejection:
    """Markovify's sentences, drawn until one meets a request."""

    def __init__(self, text: Text, *, compiled: bool) -> None:
        chain = text.chain.compile() if compiled else text.chain
        self.text = markovify.Text(None, text.state_size, chain=chain, retain_original=False)
        self.forms: dict[str, set[str]] = {}
        for state in text.chain.model:
            for token in state:
                for word in WORD.findall(token.lower()):
                    self.forms.setdefault(stem(word), set()).add(word)

    def sentence(self, mention: tuple[str, ...], tries: int) -> tuple[str | None, int]:
        """The first sentence that passes, or None; and how many were drawn for it."""
        wanted = [self.forms.get(stem(word), set()) for word in mention]
        for tried in range(1, tries + 1):
            said = self.text.make_sentence(
                tries=1, test_output=False, min_words=WORDS[0], max_words=WORDS[1]
            )
            if said is None:
                continue
            words = set(WORD.findall(said.lower()))
            if not any(words.isdisjoint(forms) for forms in wanted):
                return said, tried
        return None, tries

    def seconds(self, mention: tuple[str, ...], share: float) -> float:
        """What a sentence that passes costs, of so many draws that some 40 pass; infinite where
        none does."""
        random.seed(0)
        wanted = max(min(40, int(60_000 * share)), 3)
        tries = got = 0
        start = time.perf_counter()
        while got < wanted and tries < MOST_TRIES:
            said, drawn = self.sentence(mention, MOST_TRIES - tries)
            tries += drawn
            got += said is not None
        return (time.perf_counter() - start) / got if got else float("inf")


def per_call(work: Callable[[int], object], calls: int, warm: int) -> list[float]:
    """The seconds of each call, after some that are not counted."""
    for number in range(warm):
        work(-1 - number)
    took = []
    for number in range(calls):
        start = time.perf_counter()
        work(number)
        took.append(time.perf_counter() - start)
    return took


def share(text: Text, mention: tuple[str, ...]) -> float:
    """How many of the chain's sentences meet a request, exactly."""
    try:
        return text._plan(mention, (), WORDS, None, None).total
    except Unsatisfiable:
        return 0.0


def requests(text: Text, tries: int) -> dict[tuple[str, ...], float]:
    """Words to mention, one or two at a time, and the share of sentences that do."""
    words = sorted({w for w in text._words[0] if len(w) > 3 and w.isalpha()})
    rng = random.Random(0)
    one = [(word,) for word in rng.sample(words, min(tries, len(words)))]
    two = [tuple(rng.sample(words, 2)) for _ in range(tries // 2)]
    return {mention: share(text, mention) for mention in (*one, *two)}


def limits(text: Text, count: int) -> list[tuple[str, float, float]]:
    """Sentences and tokens per second of one plan, from the same numbers in each way."""
    import numba  # only this needs it

    chain = text._states
    everything = np.r_[np.ones(len(text._tokens), bool), False, False]
    plan = product(chain, [Counting(everything, *WORDS)], WORDS[1])
    uniforms = np.random.Generator(np.random.PCG64(0)).random((count, plan.choices))

    @numba.njit(cache=False)
    def loop(
        first: Any, token: Any, target: Any, upto: Any, uniforms: Any, out: Any, sizes: Any
    ) -> None:  # pragma: no cover - compiled
        last = len(first) - 2
        for row in range(len(uniforms)):
            node = fork = size = 0
            while True:
                low, high = first[node], first[node + 1] - 1
                if low < high:
                    u = uniforms[row, fork]
                    fork += 1
                    while low < high:
                        middle = (low + high) // 2
                        if upto[middle] <= u:
                            low = middle + 1
                        else:
                            high = middle
                node = target[low]
                if node == last:
                    break
                out[row, size] = token[low]
                size += 1
            sizes[row] = size

    out, sizes = np.zeros((count, WORDS[1]), np.int64), np.zeros(count, np.int64)
    arrays = plan.first, plan.token, plan.target, plan.upto
    loop(*arrays, uniforms[:10], out, sizes)
    compiled = min(measures.seconds(lambda: loop(*arrays, uniforms, out, sizes)) for _ in range(3))
    rows = [row[:size].tolist() for row, size in zip(out, sizes, strict=True)]
    drawn: list[list[int]] = []
    together = min(
        measures.seconds(lambda: drawn.__setitem__(slice(None), draw(plan, uniforms)))
        for _ in range(3)
    )
    assert drawn == rows, "the compiled loop and the lock-step draw differ"
    single = walked(plan, uniforms.tolist(), rows)
    tokens = sum(map(len, rows))
    return [
        (name, count / took, tokens / took)
        for name, took in (
            ("one by one (Plan.walk)", single), ("in lock-step (draw)", together),
            ("a compiled loop (numba)", compiled),
        )
    ]  # fmt: skip


def walked(plan: Plan, uniforms: list[list[float]], rows: list[list[int]]) -> float:
    """The seconds of the walks one by one."""
    plan.walk(uniforms[0])
    start = time.perf_counter()
    mine = [plan.walk(row) for row in uniforms]
    took = time.perf_counter() - start
    assert mine == rows, "the compiled loop and the walk differ"
    return took


def plotted(points: list[tuple[float, float, float, float]], file: Path) -> None:
    """Cost against rarity, as a picture."""
    import matplotlib  # only a plot needs it

    matplotlib.use("Agg")
    from matplotlib import pyplot

    points = sorted(points, reverse=True)
    figure, axes = pyplot.subplots(figsize=(7, 4.5))
    rarity, own, rival, lean = zip(
        *((1 / a, 1e6 * b, 1e6 * c, 1e6 * d) for a, b, c, d in points), strict=True
    )
    axes.loglog(rarity, own, "o-", label="dreamgen.Text, steered")
    known = sum(cost < float("inf") for cost in rival)
    axes.loglog(rarity[:known], rival[:known], "s-", label="markovify, until one passes")
    axes.loglog(rarity[:known], lean[:known], "^:", label="the same, its chain compiled")
    axes.set_xlabel("one sentence in so many meets the request by luck")
    axes.set_ylabel("microseconds for a sentence that meets it")
    axes.legend()
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(file, dpi=150)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--corpus", default="documents", help="documents, book, or a text file")
    options.add_argument("--state-size", type=int, default=2)
    options.add_argument("--requests", type=int, default=120, help="words tried as requests")
    options.add_argument("--calls", type=int, default=400, help="steered sentences of a request")
    options.add_argument("--plot", type=Path, metavar="FILE.png")
    options.add_argument("--no-limit", action="store_true", help="leave out the compiled loop")
    asked = options.parse_args()

    text = Text(sentences(asked.corpus), state_size=asked.state_size)
    rejection, leanest = Rejection(text, compiled=False), Rejection(text, compiled=True)
    print(
        f"{asked.corpus}, order {asked.state_size}: {len(text.chain.model):,} states; "
        f"{WORDS[0]} to {WORDS[1]} words and a mention"
    )

    shares = requests(text, asked.requests)
    met = {mention: luck for mention, luck in shares.items() if luck > 0}

    planning, refusing = [], []
    for mention in shares:
        text._plans.clear()
        start = time.perf_counter()
        try:
            text.make_sentence(mention=mention, words=WORDS, seed=0)
            planning.append(time.perf_counter() - start)
        except Unsatisfiable:
            refusing.append(time.perf_counter() - start)

    def steered(mention: tuple[str, ...]) -> list[float]:
        return per_call(
            lambda n: text.make_sentence(mention=mention, words=WORDS, seed=n),
            asked.calls, asked.calls,
        )  # fmt: skip

    ranked = sorted(met, key=lambda mention: met[mention])
    chosen = [min(ranked, key=lambda m, luck=luck: abs(np.log(met[m] * luck))) for luck in LUCK]
    spread = [*ranked[:: max(len(ranked) // 12, 1)], ranked[-1]]
    costs = {mention: steered(mention) for mention in dict.fromkeys((*spread, *chosen))}
    points = []
    print(f"\n{'microseconds a sentence':<30}{'one in':>10}{'steered':>10}{'p99':>8}", end="")
    print(f"{'rejection':>12}{'ratio':>9}{'leanest':>12}{'ratio':>9}")
    for mention in sorted(costs, key=lambda m: -met[m]):
        own = median(costs[mention])
        rival = rejection.seconds(mention, met[mention])
        lean = leanest.seconds(mention, met[mention]) if rival < float("inf") else rival
        points.append((met[mention], own, rival, lean))
        p99 = sorted(costs[mention])[int(0.99 * asked.calls)]
        print(f"{', '.join(mention):<30}{1 / met[mention]:>10,.0f}{1e6 * own:>10.1f}", end="")
        print(f"{1e6 * p99:>8.0f}", end="")
        if rival == float("inf"):
            print(f"{'none in ' + format(MOST_TRIES, ','):>21}")
            continue
        print(f"{1e6 * rival:>12,.0f}{rival / own:>9,.0f}{1e6 * lean:>12,.0f}{lean / own:>9,.0f}")
    if asked.plot:
        plotted(points, asked.plot)

    by_mention = dict(zip(sorted(costs, key=lambda m: -met[m]), points, strict=True))
    rows: list[tuple[str, object]] = []
    for mention, least in zip(chosen, (100, 1000), strict=False):
        met_by, own, rival, lean = by_mention[mention]
        rows.append(
            (f"rejection / steered, one in {1 / met_by:.0f} (at least {least:,})", rival / own)
        )
        rows.append((f"the leanest / steered, one in {1 / met_by:.0f}", lean / own))
    own_costs = [median(costs[mention]) for mention in sorted(costs, key=lambda m: met[m])]
    rows += [
        ("the rarest / the commonest (at most 3)", own_costs[0] / own_costs[-1]),
        ("the dearest / the cheapest of these", max(own_costs) / min(own_costs)),
        ("planning a new request, ms, median (at most 20)", 1000 * median(planning)),
        ("planning a new request, ms, mean", 1000 * fmean(planning)),
        ("requests that luck never meets, refused with a reason", len(refusing)),
    ]
    if refusing:
        rows.append(("refusing one, ms, median", 1000 * median(refusing)))
    print()
    measures.table(rows)
    if not asked.no_limit:
        print(f"\n{'the walk over one plan':<34}{'sentences/s':>14}{'tokens/s':>14}{'of it':>8}")
        rates = limits(text, 20_000)
        for name, rate, tokens in rates:
            print(f"{name:<34}{rate:>14,.0f}{tokens:>14,.0f}{tokens / rates[-1][2]:>8.2f}")


if __name__ == "__main__":
    main()
