"""How many sentences of a document are given the right scene by a model that never saw it.

    python benchmarks/scenes.py

Each of the five bundled documents is left out in turn and cut by the model of the other four. To
set beside it: equal quarters, the mean shares of the other four, and the *nested* figure, for which
the constants of `dreamgen.scenes` are chosen anew on those four alone. The constants that ship were
chosen on all five, which flatters the model's figure: the nested one is what to expect of a new
document.
"""

from collections.abc import Callable, Sequence
from itertools import product
from statistics import fmean

from dreamgen import scenes
from dreamgen.corpus import SCENES, Corpus, Document

Cut = Callable[[Document, Sequence[Document]], list[str]]
CONSTANTS = ("SCENE_TRUST", "SCENE_WIDTH", "FLOOR")
CHOICES = list(product((3.0, 5.0, 10.0, 20.0), (0.03, 0.05, 0.1, 0.15), (0.002, 0.02, 0.1)))


def quarters(document: Document, others: Sequence[Document]) -> list[str]:
    """Four scenes of one length."""
    count = len(document.sentences)
    return [SCENES[place * 4 // count] for place in range(count)]


def mean_shares(document: Document, others: Sequence[Document]) -> list[str]:
    """Four scenes as long as they are in the other documents on average."""
    ends = [
        fmean(
            sum(s.scene in SCENES[: number + 1] for s in other.sentences) / len(other.sentences)
            for other in others
        )
        for number in range(3)
    ]
    count = len(document.sentences)
    return [SCENES[sum((place + 0.5) / count > end for end in ends)] for place in range(count)]


def model(document: Document, others: Sequence[Document]) -> list[str]:
    """The cut of dreamgen, learned from the other documents."""
    return scenes.cut(document.sentences, scenes.learned(others))


def right(found: Sequence[str], document: Document) -> int:
    """How many sentences were given the scene of the labels."""
    return sum(f == s.scene for f, s in zip(found, document.sentences, strict=True))


def left_out(cut: Cut, documents: Sequence[Document]) -> list[int]:
    """How many sentences of each document are right when it is cut by what the others teach."""
    return [
        right(cut(document, [other for other in documents if other is not document]), document)
        for document in documents
    ]


def nested(documents: Sequence[Document]) -> list[float]:
    """`left_out` with constants chosen without the document; the mean where several are best."""
    shipped = [getattr(scenes, name) for name in CONSTANTS]
    inner: list[list[int]] = []
    outer: list[list[int]] = []
    for values in CHOICES:
        for name, value in zip(CONSTANTS, values, strict=True):
            setattr(scenes, name, value)
        outer.append(left_out(model, documents))
        fours = [[other for other in documents if other is not left] for left in documents]
        inner.append([sum(left_out(model, four)) for four in fours])
    for name, value in zip(CONSTANTS, shipped, strict=True):
        setattr(scenes, name, value)
    found = []
    for number in range(len(documents)):
        most = max(row[number] for row in inner)
        best = [o[number] for o, i in zip(outer, inner, strict=True) if i[number] == most]
        found.append(fmean(best))
    return found


def roles_right(documents: Sequence[Document]) -> int:
    """How many sentences are given the right role where the scenes are known."""
    total = 0
    for document in documents:
        learned = scenes.learned(other for other in documents if other is not document)
        told = [sentence.scene for sentence in document.sentences]
        found = scenes.roles(document.sentences, told, learned)
        total += sum(f == s.role for f, s in zip(found, document.sentences, strict=True))
    return total


def main() -> None:
    documents = Corpus.bundled().documents
    columns: dict[str, Sequence[float]] = {
        "quarters": left_out(quarters, documents),
        "mean shares": left_out(mean_shares, documents),
        "model": left_out(model, documents),
        "nested": nested(documents),
    }
    sizes = [len(document.sentences) for document in documents]
    print(f"{'left out':<14}{'sentences':>10}" + "".join(f"{name:>13}" for name in columns))
    for number, document in enumerate(documents):
        shares = (column[number] / sizes[number] for column in columns.values())
        row = "".join(f"{share:>13.3f}" for share in shares)
        print(f"{document.arc:<14}{sizes[number]:>10}{row}")
    overall = "".join(f"{sum(column) / sum(sizes):>13.3f}" for column in columns.values())
    print(f"{'overall':<14}{sum(sizes):>10}{overall}")
    print(f"roles, given the scenes: {roles_right(documents) / sum(sizes):.3f}")


if __name__ == "__main__":
    main()
