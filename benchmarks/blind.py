"""Prepares a blind reading: pairs of a dream of the book and one that dreamgen tells.

    python benchmarks/blind.py FOLDER [--pairs 20] [--seed blind]

Writes ``sheet.txt`` (the pairs, in an order that tells nothing, and the questions) and
``key.json`` (which of the two is which), to be kept apart. The dream of the book is one of the
eleventh that is held out: the other is told without it. With ``--answers FILE`` (lines ``pair:
written-by-hand A or B, read on A or B, breaks A n B n``) it scores them against the key.
"""

import argparse
import json
import random
import re
import textwrap
from pathlib import Path

from dreamgen import Corpus, Dreamer

QUESTIONS = """\
One of each pair was written sentence by sentence by a person; the other was put together by a
program. For each pair answer on one line, as in

    7: written-by-hand B, read on A, breaks A 3 B 1

written-by-hand: which of the two, A or B, was written sentence by sentence?
read on: which of the two would you rather go on reading?
breaks: in each, how many places are there where sense or grammar breaks?
"""
ANSWER = re.compile(r"(\d+): written-by-hand ([AB]), read on ([AB]), breaks A (\d+) B (\d+)")


def written(folder: Path, pairs: int, seed: str) -> None:
    book = Corpus.bundled("book")
    draw = random.Random(seed)
    held = [dream for at, dream in enumerate(book.documents) if at % 11 == 5]
    rest = [dream for at, dream in enumerate(book.documents) if at % 11 != 5]
    dreamer = Dreamer(Corpus(rest, tagger="endings"))
    sheet, key = [QUESTIONS], {}
    for number, dream in enumerate(draw.sample(held, pairs), 1):
        scenes: dict[int, list[str]] = {}
        for sentence in dream.sentences:
            scenes.setdefault(sentence.block, []).append(sentence.text)
        theirs = "I am dreaming. " + "\n\n".join(" ".join(lines) for lines in scenes.values())
        # of one seed, so that no dream of the book is told twice while others have not been
        [told] = dreamer.generate_many(1, seed=seed, start=number, arc=dream.arc)
        ours_first = draw.random() < 0.5
        key[number] = "B" if ours_first else "A"
        for letter, text in zip(
            "AB", (told.text, theirs) if ours_first else (theirs, told.text), strict=True
        ):
            body = "\n\n".join(textwrap.fill(part, 80) for part in text.split("\n\n"))
            sheet.append(f"=== Pair {number}, {letter} ===\n\n{body}\n")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sheet.txt").write_text("\n".join(sheet), "utf-8")
    (folder / "key.json").write_text(json.dumps(key), "utf-8")


def scored(folder: Path, answers: str) -> None:
    key = json.loads((folder / "key.json").read_text("utf-8"))
    taken = liked = total = 0
    breaks = {"told": 0, "book": 0}
    for number, hand, on, a, b in ANSWER.findall(answers):
        book = key[number]
        total += 1
        taken += hand != book
        liked += on != book
        found = {"A": int(a), "B": int(b)}
        breaks["book"] += found[book]
        breaks["told"] += found["B" if book == "A" else "A"]
    print(f"{total} pairs: the told dream taken for the written one in {taken / total:.0%},")
    print(f"rather read on in {liked / total:.0%}; breaks a dream {breaks['told'] / total:.1f},")
    print(f"in the book {breaks['book'] / total:.1f}")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("folder", type=Path)
    options.add_argument("--pairs", type=int, default=20)
    options.add_argument("--seed", default="blind")
    options.add_argument("--answers", type=Path, nargs="*")
    asked = options.parse_args()
    if asked.answers:
        scored(asked.folder, "\n".join(path.read_text("utf-8") for path in asked.answers))
    else:
        written(asked.folder, asked.pairs, asked.seed)


if __name__ == "__main__":
    main()
