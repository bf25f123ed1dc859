"""How often a sentence's own words should stay: sense against variety.

    python benchmarks/settings.py [--keep 1 3 10 30] [--linked 12 100] [--dreams 100] [--parses 300]

An own reading weighs KEEP, or LINKED where the dream needs it elsewhere; a reading of the margin
weighs 1; a run of more than six tokens of the book has weight 0, whatever these are. For each pair
of weights dreams are told without the eleventh of the book that is held out. *Own words* is the
share of slots that keep them. *Tellings* is exp of the entropy of a line, from the probabilities of
drawn tellings, as the median over lines and as the poorest of twenty; *commonest* the share of
dreams that have the commonest sentence. The other columns are those of `prose.py`.
"""

import argparse
import shutil
from collections import Counter
from math import exp, log
from statistics import fmean, median

import measures

from dreamgen import Corpus, Dreamer, readings
from dreamgen.readings import SLOT, Line
from dreamgen.seeds import Stream, seed_key

LEAST, MOST = 8, 25
DRAWS = 12


def weight(source: str, line: Line, said: list[str]) -> int:
    """The weight of a telling: the product of those of its own readings."""
    product = 1
    for slot, way, own in zip(SLOT.findall(source), said, line.slots, strict=True):
        if way == own[0]:
            product *= readings.LINKED if slot.startswith(("=", "!=")) else readings.KEEP
    return product


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--keep", type=int, nargs="+", default=[1, 3, 10, 30])
    options.add_argument("--linked", type=int, nargs="+", default=[12, 100])
    options.add_argument("--dreams", type=int, default=100)
    options.add_argument("--parses", type=int, default=300, help="sentences given to link-parser")
    asked = options.parse_args()
    book = Corpus.bundled("book")
    held = [dream for at, dream in enumerate(book.documents) if at % 11 == 5]
    rest = Corpus(
        (dream for at, dream in enumerate(book.documents) if at % 11 != 5), tagger="endings"
    )
    columns = ("own words", "tellings", "poorest", "commonest", "parses", "self-BLEU", "distinct-2")
    print(f"{'keep':>6}{'linked':>8}" + "".join(f"{name:>12}" for name in columns))
    unseen = [sentence.text for dream in held for sentence in dream.sentences]
    size = len(fitting(unseen))
    row("held out", fitting(unseen), size, asked.parses, ["1.00", "", "", ""])
    for keep in asked.keep:
        for linked in asked.linked:
            readings.KEEP, readings.LINKED = keep, linked
            dreamer = Dreamer(rest)
            dreams = list(dreamer.generate_many(asked.dreams, seed="settings"))
            told = [line for dream in dreams for _, line in dream.lines()]
            assert dreamer.retelling is not None
            kept: list[bool] = []
            ways: list[float] = []
            for number, record in enumerate(dreamer.retelling.model.records[::9]):
                line = Line(record.source)
                if not line.total or not line.slots:
                    continue
                surprise = []
                stream = Stream(seed_key("settings"), number, "")
                for draw in range(DRAWS):
                    telling = line.told(stream.word(draw))
                    assert telling is not None
                    said, *_ = telling
                    surprise.append(log(line.total) - log(weight(record.source, line, said)))
                    kept += [way == own[0] for way, own in zip(said, line.slots, strict=True)]
                ways.append(exp(fmean(surprise)))
            commonest = Counter(told).most_common(1)[0][1] / len(dreams)
            figures = [
                f"{fmean(kept):.2f}", f"{median(ways):,.0f}",
                f"{sorted(ways)[len(ways) // 20]:,.0f}", f"{commonest:.3f}",
            ]  # fmt: skip
            row(f"{keep:>6}{linked:>8}", fitting(told), size, asked.parses, figures)


def fitting(lines: list[str]) -> list[str]:
    return [line for line in lines if LEAST <= measures.word_count(line) <= MOST]


def row(name: str, lines: list[str], size: int, parses: int, figures: list[str]) -> None:
    lines = lines[:size]
    cut = [measures.cut(line) for line in lines]
    if shutil.which("link-parser"):
        figures.append(f"{fmean(measures.parsed(lines[:parses])):.3f}")
    else:
        figures.append("")
    figures.append(f"{measures.self_bleu(cut, 200, len(cut) // 2):.3f}")
    figures.append(f"{measures.distinct(cut):.3f}")
    print(f"{name:<14}" + "".join(f"{figure:>12}" for figure in figures), flush=True)


if __name__ == "__main__":
    main()
