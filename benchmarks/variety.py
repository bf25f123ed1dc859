"""How different the dreams are from one another.

    python benchmarks/variety.py [--dreams 10000] [--words 50000]

The texts of so many default seeds; the share of runs of two tokens that differ, and the likeness of
sentences to one another (self-BLEU), on as many tokens of dreamgen as of markovify, trained on the
same texts; and the sentences that come back most often. The opening formula is the
template's, not a field's, and is left out.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import measures

import dreamgen

CHUNK = 100
MOST = 0.02


def told(seeds: range) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The arc, the text, and the (field, sentence) pairs of each seed's dream."""
    made = []
    for seed in seeds:
        dream = dreamgen.generate(seed=seed)
        lines = [(".".join(path.split(".")[2:4]), line) for path, line in dream.lines()]
        made.append((dream.arc, dream.text, lines))
    return made


def endless(order: int) -> Iterator[str]:
    sentence = measures.markov(order)
    while True:
        yield sentence()


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--dreams", type=int, default=10000)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--words", type=int, default=50000, help="tokens that are compared")
    options.add_argument("--sentences", type=int, default=1000, help="for self-BLEU")
    asked = options.parse_args()
    chunks = [range(low, min(low + CHUNK, asked.dreams)) for low in range(0, asked.dreams, CHUNK)]
    with ProcessPoolExecutor(asked.workers, mp_context=get_context("spawn")) as pool:
        dreams = [dream for part in pool.map(told, chunks) for dream in part]

    holding: Counter[str] = Counter()
    by_arc: dict[str, Counter[str]] = defaultdict(Counter)
    homes: dict[str, Counter[str]] = defaultdict(Counter)
    having: Counter[str] = Counter()
    for arc, _, lines in dreams:
        holding.update({line for _, line in lines})
        having.update({home for home, _ in lines})
        by_arc[arc].update({line for _, line in lines})
        for home, line in lines:
            homes[line][home] += 1
    arcs = Counter(arc for arc, _, _ in dreams)
    in_arcs = max(
        (number / arcs[arc], arc, line)
        for arc, held in by_arc.items()
        for line, number in held.most_common(1)
    )

    said = [line for _, _, lines in dreams for _, line in lines]
    tokens = min(asked.words, sum(len(measures.cut(line)) for line in said[: asked.words]))
    print(f"{tokens} tokens of each{'distinct-2':>20}{'self-BLEU':>12}{'sentences alike':>18}")
    documents = [line for text in measures.documents() for line in measures.sentences(text)]
    writers: dict[str, Iterator[str]] = {
        "dreamgen": iter(said), "markovify, order 1": endless(1), "markovify, order 2": endless(2),
    }  # fmt: skip
    for name, lines in writers.items():
        rows = measures.of_words(lines, tokens)
        again = 1 - len(set(rows)) / len(rows)
        judged = min(300, len(rows) // 4)
        others = min(asked.sentences, len(rows) // 2)
        bleu = measures.self_bleu(rows, judged, others)
        print(f"{name:<22}{measures.distinct(rows):>16.4f}{bleu:>12.3f}{again:>18.3f}")
    rows = [measures.cut(line) for line in documents]
    print(f"(the documents, {sum(map(len, rows))} tokens){measures.distinct(rows):>9.4f}")
    print()
    different = len({text for _, text, _ in dreams})
    number = holding.most_common(1)[0][1]
    measures.table(
        [
            ("dreams", len(dreams)),
            ("different texts (must be all)", different),
            ("sentences", len(said)),
            ("  different", len(holding)),
            ("share of dreams with the commonest (at most 0.02)", number / len(dreams)),
            ("sentences over that share",
             sum(n > MOST * len(dreams) for n in holding.values())),
            (f"the same within one arc ({in_arcs[1]})", in_arcs[0]),
        ]
    )  # fmt: skip
    for line, times in holding.most_common(10):
        where = ", ".join(f"{home} {n}/{having[home]}" for home, n in homes[line].most_common(3))
        print(f"{times / len(dreams):.4f}  {line}  [{where}]")
    sys.exit(different < len(dreams) or number > MOST * len(dreams))


if __name__ == "__main__":
    main()
