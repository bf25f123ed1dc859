"""How many sentences a parser can make whole: the documents', dreamgen's and markovify's.

    python benchmarks/grammar.py [--sentences 1500] [--failures 0]

Needs `link-parser` (Debian: `apt-get install link-grammar`). The complete-parse rate of Link
Grammar for sentences of 8 to 25 words; all the documents have, and as many as asked for of each
writer. Quotes and dashes are made ASCII first. The last column is the standard error.
"""

import argparse
from collections.abc import Iterator
from itertools import count, islice

import measures

import dreamgen

LEAST, MOST = 8, 25


def fitting(lines: Iterator[str], number: int) -> list[str]:
    """The first lines that have a length to be parsed."""
    return list(islice((x for x in lines if LEAST <= measures.word_count(x) <= MOST), number))


def documents() -> Iterator[str]:
    """The sentences of the documents; one that breaks off is left out."""
    for text in measures.documents():
        yield from (line for line in measures.sentences(text) if line.rstrip("\"”’'")[-1] in ".?!")


def dreamt() -> Iterator[tuple[str, str]]:
    """The fields and sentences of one dream after another."""
    for seed in count():
        for path, line in dreamgen.generate(seed=seed).lines():
            yield ".".join(path.split(".")[2:4]), line


def rest(order: int) -> Iterator[str]:
    sentence = measures.markov(order)
    while True:
        yield sentence()


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--sentences", type=int, default=1500, help="of each writer")
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--failures", type=int, default=0, help="show so many that fail, by field")
    asked = options.parse_args()
    homes: dict[str, str] = {}

    def own() -> Iterator[str]:
        for home, line in dreamt():
            homes[line] = home
            yield line

    writers = {
        "the book": fitting(
            (line for dream in measures.dreams() for line in dream), asked.sentences
        ),
        "the documents": fitting(documents(), asked.sentences),
        "dreamgen": fitting(own(), asked.sentences),
        "markovify, order 1": fitting(rest(1), asked.sentences),
        "markovify, order 2": fitting(rest(2), asked.sentences),
    }
    print(f"{'complete parses, 8-25 words':<30}{'sentences':>10}{'share':>10}{'error':>10}")
    failed: list[str] = []
    by_field: dict[str, list[bool]] = {}
    for name, lines in writers.items():
        verdicts = measures.parsed(lines, asked.workers)
        share = sum(verdicts) / len(lines)
        error = (share * (1 - share) / len(lines)) ** 0.5
        print(f"{name:<30}{len(lines):>10}{share:>10.3f}{error:>10.3f}")
        if name == "dreamgen":
            for line, whole in zip(lines, verdicts, strict=True):
                by_field.setdefault(homes[line], []).append(whole)
            failed = [line for line, whole in zip(lines, verdicts, strict=True) if not whole]
    if asked.failures:
        print("\nfields, worst first")
        for home, found in sorted(by_field.items(), key=lambda item: sum(item[1]) / len(item[1])):
            print(f"{home:<30}{len(found):>10}{sum(found) / len(found):>10.3f}")
        print("\nnot parsed")
        for line in failed[: asked.failures]:
            print(f"{homes[line]}: {line}")


if __name__ == "__main__":
    main()
