"""Texts for the benchmarks of scale: what there is, and as much more as is wanted, spliced from it.

The Austen corpus is Debian's `r-cran-janeaustenr` (`apt-get install`, or `apt-get download` and
`dpkg -x`): six novels in the public domain. `spliced` makes larger texts: every sentence begins as
one of the sources does and, after each word, goes on in one time of eight where the same word
stands elsewhere. So new runs keep coming as they do in a real text; new words do not.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dreamgen import Corpus

AUSTEN = "usr/lib/R/site-library/janeaustenr/data/Rdata.rdb"


def austen(root: Path) -> list[str]:
    """The six novels, from the root folder into which the package was unpacked."""
    path = root / AUSTEN
    if not path.is_file():
        raise SystemExit(
            f"{path}: no such file; apt-get download r-cran-janeaustenr && dpkg -x "
            "r-cran-janeaustenr*.deb FOLDER, then --austen FOLDER"
        )
    data, novels = path.read_bytes(), []
    while data:
        block = zlib.decompressobj()
        novels.append("\n".join(_strings(block.decompress(data[4:]))))
        data = block.unused_data
    return novels


def _strings(raw: bytes) -> Iterator[str]:
    """The strings of a character vector as R writes it (its format 3, big-endian)."""
    at = 31
    for _ in range(struct.unpack_from(">i", raw, at - 4)[0]):
        (size,) = struct.unpack_from(">i", raw, at + 4)
        size = max(size, 0)
        yield raw[at + 8 : at + 8 + size].decode()
        at += 8 + size


def book() -> list[str]:
    """The dreams of the book as plain text."""
    return [
        " ".join(sentence.text for sentence in document.sentences)
        for document in Corpus.bundled("book").documents
    ]


def spliced(sources: list[str], words: int, each: int, seed: int = 7) -> Iterator[str]:
    """Texts of ``each`` words, some ``words`` in all."""
    rows = [
        row
        for text in sources
        for part in re.split(r"\n\s*\n", text)
        for sentence in re.split(r"(?<=[.?!])\s+", " ".join(part.split()))
        if len(row := sentence.split()) > 3 and row[-1][-1] in ".?!"
    ]
    said = np.array([word for row in rows for word in row], object)
    ends = np.cumsum([len(row) for row in rows])
    starts = np.append(0, ends[:-1])
    last = np.zeros(len(said), bool)
    last[ends - 1] = True
    _, number = np.unique(said.astype(str), return_inverse=True)
    order = np.argsort(number, kind="stable")
    low = np.searchsorted(number[order], np.arange(number.max() + 2))
    random = np.random.Generator(np.random.PCG64(seed))
    mean = len(said) / len(rows)
    for _ in range(max(words // each, 1)):
        at = starts[random.integers(len(rows), size=int(each / mean))]
        steps, going = [at], np.ones(len(at), bool)
        for _ in range(120):
            going = going & ~last[steps[-1]]
            if not going.any():
                break
            here = steps[-1]
            jump = going & (random.random(len(at)) < 1 / 8)
            first, room = low[number[here]], np.diff(low)[number[here]]
            there = order[first + (random.random(len(at)) * room).astype(np.int64)]
            here = np.where(jump & ~last[there], there, here)
            steps.append(np.where(going, here + 1, len(said) - 1))
        table = np.stack(steps, axis=1)
        ended = np.maximum.accumulate(last[table], axis=1)
        held = np.concatenate([np.ones((len(at), 1), bool), ~ended[:, :-1]], axis=1)
        lines = (" ".join(said[row[kept]]) for row, kept in zip(table, held, strict=True))
        yield "\n\n".join(" ".join(group) for group in _groups(lines, 5)) + "\n"


def _groups(lines: Iterator[str], size: int) -> Iterator[list[str]]:
    while group := [line for _, line in zip(range(size), lines, strict=False)]:
        yield group
