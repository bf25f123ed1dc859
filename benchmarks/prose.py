"""What the prose is like, beside the book it is told from and beside other generators.

    python benchmarks/prose.py [--dreams 300] [--parses 300]

Every eleventh dream of the book is held out. Dreamgen tells from the others; markovify (orders 2
and 3) learns from the same; a *grammar* in the manner of Tracery expands a dozen sentence
patterns with the words of the book; *shuffled* is the held-out text with its words in any order.
Nothing here is dreamgen's own judgement: the text is cut, counted and parsed by rules of its own.
`link-parser` (Debian: `apt-get install link-grammar`) gives the first row, where it is installed.

Of all writers as many sentences are compared, each of 8 to 25 words. *Novel 4-grams* are not in the
nine tenths. *Compression* is the size of the text over that of its deflated form: the higher, the
more is said again. *Sentences to choose from* is exp of the entropy of one field, over its lines
and the tellings of each. The curves are shares of all words in five parts of a dream: articles and
prepositions (*staging*), and words of thought. The mood is told by naive Bayes over the words of
those: it takes no part in the telling, but the told dreams are told from these, so the
figure for them flatters; that for the held-out dreams is what it can do with new ones.
"""

import argparse
import random
import re
import shutil
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice, pairwise
from math import exp, log
from statistics import fmean, median

import markovify
import measures

from dreamgen import Corpus, Dreamer
from dreamgen.readings import Line

LEAST, MOST, RUN = 8, 25, 6
MOODS = ("hope", "sadness", "love", "fear", "wonder", "peace")
SHE, HE = {"she", "her", "hers", "herself"}, {"he", "him", "his", "himself"}
STAGING = set(
    "a an the in on at by under over above below behind beside between into onto through across "
    "along from to toward with without near past among around before after beneath up down out off "
    "of".split()
)
THOUGHT = set(
    "understand know think remember forget believe wonder hope wish learn mean feel love trust "
    "fear dream see grasp guess seem matter care promise may must could because if perhaps never "
    "always nothing everything whoever enough reason mind heart memory truth".split()
)
PATTERNS = (
    "The {N} is {J} like a {N}, and a {N} hangs over the {N}.",
    "I see a {J} {N} beside the {N}, and it smells of {N}.",
    "A {N} with a {J} {N} is standing at the {N}.",
    "I wake with a {N} in my {N}, and the {N} is {J}.",
)


def fitting(lines: Iterable[str], number: int) -> list[str]:
    return list(islice((x for x in lines if LEAST <= measures.word_count(x) <= MOST), number))


def chained(order: int, lines: Sequence[str]) -> Iterable[str]:
    random.seed(order)
    text = markovify.NewlineText("\n".join(lines), state_size=order)
    while True:
        if made := text.make_sentence():
            yield str(made)


def patterned(lines: Sequence[str]) -> Iterable[str]:
    """Sentences of a few patterns; a word before *of* counts as a noun, one after *a* and before
    another word that is a noun as an adjective."""
    rows = [measures.cut(line) for line in lines]
    nouns = {
        a for row in rows for a, b in pairwise(row) if b == "of" and len(a) > 3 and a.isalpha()
    }
    adjectives = {
        b for row in rows for a, b, c in zip(row, row[1:], row[2:], strict=False)
        if a == "a" and c in nouns and b not in nouns and b.isalpha()
    }  # fmt: skip
    draw = random.Random(0)
    pools = {"N": sorted(nouns), "J": sorted(adjectives)}
    while True:
        pattern = draw.choice(PATTERNS)
        yield re.sub(r"\{(\w)\}", lambda found: draw.choice(pools[found[1]]), pattern)


def shuffled(lines: Iterable[str]) -> Iterable[str]:
    draw = random.Random(0)
    for line in lines:
        words = line.rstrip(".").split()
        draw.shuffle(words)
        yield " ".join(words).capitalize() + "."


def articles_wrong(line: str) -> int:
    silent = r"(?:hour|honest|honor|heir)"
    sounded = r"(?:uni|use|usu|one|once|eu|ewe)"
    wrong = rf"\ba (?!{sounded})[aeiou]|\ba {silent}|\ban (?!{silent})[^aeiou\W]|\ban {sounded}"
    return len(re.findall(wrong, line.casefold()))


def clashes(lines: Iterable[str], pronoun: str) -> int:
    """Sentences of a dream that hold a pronoun of another figure."""
    strange = {"she": HE, "he": SHE, "they": SHE | HE}[pronoun]
    return sum(not strange.isdisjoint(measures.cut(line)) for line in lines)


def pairs_again(lines: Iterable[str]) -> int:
    """Pairs of long words side by side that stand in two sentences of a dream."""
    found: Counter[tuple[str, str]] = Counter()
    for line in lines:
        row = measures.cut(line)
        found.update({(a, b) for a, b in pairwise(row) if min(len(a), len(b)) > 4})
    return sum(number > 1 for number in found.values())


def curve(texts: Iterable[str], words: set[str]) -> list[float]:
    """The share of some words in each fifth of a text, over many."""
    held, whole = [0] * 5, [0] * 5
    for text in texts:
        row = [token for token in measures.cut(text) if token[0].isalpha()]
        for place, token in enumerate(row):
            part = place * 5 // len(row)
            whole[part] += 1
            held[part] += token in words
    return [a / b for a, b in zip(held, whole, strict=True)]


class Bayes:
    """Naive Bayes over the words of texts with a label each, smoothed by one half."""

    def __init__(self, texts: Iterable[tuple[str, str]]) -> None:
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        for label, text in texts:
            self.counts[label].update(measures.cut(text))
        self.known = {word for counts in self.counts.values() for word in counts}

    def label(self, text: str) -> str:
        def worth(label: str) -> float:
            counts = self.counts[label]
            whole = counts.total() + len(self.known) / 2
            said = (word for word in measures.cut(text) if word in self.known)
            return sum(log((counts[word] + 0.5) / whole) for word in said)

        return max(sorted(self.counts), key=worth)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--dreams", type=int, default=300)
    options.add_argument("--parses", type=int, default=300, help="sentences given to link-parser")
    asked = options.parse_args()
    book = Corpus.bundled("book")
    held = [dream for at, dream in enumerate(book.documents) if at % 11 == 5]
    rest = [dream for at, dream in enumerate(book.documents) if at % 11 != 5]
    dreamer = Dreamer(Corpus(rest, tagger="endings"))
    dreams = list(dreamer.generate_many(asked.dreams, seed="prose"))
    learned = [sentence.text for dream in rest for sentence in dream.sentences]
    unseen = [sentence.text for dream in held for sentence in dream.sentences]
    told = [line for dream in dreams for _, line in dream.lines()]
    size = min(len(fitting(unseen, 10**6)), len(fitting(told, 10**6)))
    writers = {
        "held out": fitting(unseen, size),
        "dreamgen": fitting(told, size),
        "markovify 2": fitting(chained(2, learned), size),
        "markovify 3": fitting(chained(3, learned), size),
        "grammar": fitting(patterned(learned), size),
        "shuffled": fitting(shuffled(unseen), size),
    }
    texts = measures.Copies(["\n\n".join(learned)])
    rows: dict[str, list[str]] = defaultdict(list)
    for lines in writers.values():
        cut = [measures.cut(line) for line in lines]
        four = [run for row in cut for run in measures.runs(row, 4)]
        longest = [len(texts.longest(line)) for line in lines]
        whole = "\n".join(lines).encode()
        if shutil.which("link-parser"):
            rows["complete parses"].append(f"{fmean(measures.parsed(lines[: asked.parses])):.3f}")
        rows["longest copied run, mean"].append(f"{fmean(longest):.2f}")
        rows["sentences copied beyond 6 tokens"].append(f"{fmean(n > RUN for n in longest):.3f}")
        rows["novel 4-grams"].append(f"{fmean(run not in texts.of_length(4) for run in four):.3f}")
        rows["distinct-2"].append(f"{measures.distinct(cut):.3f}")
        rows["self-BLEU"].append(f"{measures.self_bleu(cut, 200, size // 2):.3f}")
        rows["compression"].append(f"{len(whole) / len(zlib.compress(whole, 9)):.2f}")
        rows["a/an errors per 1,000"].append(f"{1000 * fmean(map(articles_wrong, lines)):.1f}")
    print(f"{size} sentences of each".ljust(34) + "".join(f"{name:>13}" for name in writers))
    for name, figures in rows.items():
        print(f"{name:<34}" + "".join(f"{figure:>13}" for figure in figures))

    print()
    own = [[line for _, line in dream.lines()] for dream in dreams]
    theirs = [[sentence.text for sentence in dream.sentences] for dream in held]
    assert dreamer.retelling is not None
    fields: dict[str, list[float]] = defaultdict(list)
    for record in dreamer.retelling.model.records:
        if total := Line(record.source).total:
            fields[f"{record.scene}.{record.field}"].append(total)
    choice = [exp(log(len(n)) + fmean(map(log, n))) for n in fields.values()]
    opening = Counter(tuple(measures.cut(lines[0])[:3]) for lines in own)
    learner = Bayes((d.facts.mood, " ".join(s.text for s in d.sentences)) for d in rest)
    moody = [
        (mood, dreamer.generate(seed=f"{mood} {seed}", mood=mood).text)
        for mood in MOODS for seed in range(max(asked.dreams // 12, 5))
    ]  # fmt: skip
    measures.table(
        [
            ("sentences to choose from in a field, median", f"{median(choice):,.0f}"),
            ("  in the poorest field", f"{min(choice):,.0f}"),
            ("pronoun clashes per 1,000 sentences",
             1000 * sum(clashes(x, d.cast.pronoun) for x, d in zip(own, dreams, strict=True))
             / len(told)),
            ("word pairs that return, per dream", fmean(map(pairs_again, own))),
            ("  the held-out dreams", fmean(map(pairs_again, theirs))),
            ("dreams that share their first three words with the commonest",
             opening.most_common(1)[0][1] / len(own)),
            ("mood told rightly (by chance .17)",
             fmean(learner.label(text) == mood for mood, text in moody)),
            ("  of the held-out dreams",
             fmean(learner.label(" ".join(x)) == d.facts.mood
                   for x, d in zip(theirs, held, strict=True))),
        ],
        width=64,
    )  # fmt: skip
    for name, words in (("staging", STAGING), ("thought", THOUGHT)):
        for who, bodies in (("dreamgen", own), ("held out", theirs)):
            shares = curve(map(" ".join, bodies), words)
            print(f"{name}, {who}".ljust(34) + "".join(f"{share:>9.3f}" for share in shares))


if __name__ == "__main__":
    main()
