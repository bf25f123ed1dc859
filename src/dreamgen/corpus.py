"""Documents, and the lines that a model learns from.

Comes in: text, files, or the bundled documents with the labels kept beside them. Goes out: a
`Corpus` of documents of sentences, each with its tags and (given, or found by `scenes`) its scene
and role, and `Corpus.lines`, the weighted sequences of tokens that a chain is fitted to.

A labelled sentence trains more than one line. Its *clauses* (the parts that stand as sentences of
their own) share its weight. A sentence about the figure is kept in three *voices*, they, she and
he, prepared here and never replaced in finished text. A sentence that could be spoken has a line
in quotation marks.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from . import tagging
from .errors import CorpusError
from .facts import DATA, NOTHING, VOICES, Facts
from .text import ENDS, folded, is_word, joined, listed, sentences, tokens

# Files of more bytes than this are read into columns, which hold the same in less room.
MANY_BYTES = 250_000

BOOK_SUFFIX = ".dream"
BUNDLED = ("documents", "book")
TEXT_SUFFIXES = frozenset({".txt", ".md", ".text", BOOK_SUFFIX})


@dataclass(frozen=True, slots=True)
class Variants:
    """What the margin of a sentence says of its tokens ``start`` to ``stop``: other readings, and
    whether the words themselves are ``dear``, since other sentences need them."""

    start: int
    stop: int
    readings: tuple[str, ...]
    dear: bool = False


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a document: tokens, tags, its home, and where it may be cut.

    ``starts`` and ``ends`` are token positions at which a clause may begin and end, ``inner`` the
    (begin, end) pairs of clauses inside it, ``figure`` the tokens that change with the voice. In
    the book, ``block`` counts the scenes of a document, so that two scenes of one kind stay apart,
    and ``margin`` has what might stand in its place, from left to right.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    scene: str = ""
    role: str = ""
    starts: tuple[int, ...] = (0,)
    ends: tuple[int, ...] = ()
    inner: tuple[tuple[int, int], ...] = ()
    figure: frozenset[int] = frozenset()
    said: bool = False
    block: int = 0
    margin: tuple[Variants, ...] = ()

    @property
    def text(self) -> str:
        """The sentence as it is printed."""
        return joined(self.words)


@dataclass(frozen=True, slots=True)
class Document:
    """One dream of the corpus: its sentences in order, and what its loader had to mend."""

    name: str
    sentences: tuple[Sentence, ...]
    arc: str = ""
    notes: tuple[str, ...] = ()
    facts: Facts = NOTHING


@dataclass(frozen=True, slots=True)
class Line:
    """A sequence to learn from: tokens, tags, weight, and the sentence it came from.

    ``voice`` is empty where the line holds in every voice; ``offset`` is the place of its first
    token in the sentence; ``whole`` tells a sentence from a clause of one.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    scene: str
    role: str
    document: int
    sentence: int
    offset: int = 0
    voice: str = ""
    weight: float = 1.0
    whole: bool = True


class Corpus:
    """Documents to learn from.

    >>> corpus = Corpus.bundled()
    >>> [document.arc for document in corpus.documents]
    ['vulnerability', 'companion', 'reciprocity', 'circle', 'unity']
    >>> Corpus.from_text("The sea is calm. The lamp is lit.").documents[0].sentences[1].text
    'The lamp is lit.'
    """

    def __init__(self, documents: Iterable[Document], *, tagger: str = "labels") -> None:
        self.documents = tuple(document for document in documents if document.sentences)
        self.tagger = tagger
        if not self.documents:
            raise CorpusError("the corpus holds no sentences; give it some text")

    def __repr__(self) -> str:
        count = sum(len(document.sentences) for document in self.documents)
        return f"Corpus({len(self.documents)} documents, {count} sentences, tags: {self.tagger})"

    @classmethod
    def bundled(cls, name: str = "documents") -> "Corpus":
        """What ships with dreamgen: the five "documents", or the dream "book".

        The documents have labels made by hand; the sentences of the book know scene and field, and
        are tagged by word endings when they are read.
        """
        if name not in BUNDLED:
            known = listed([repr(known) for known in BUNDLED], "and")
            raise CorpusError(f"no bundled corpus is called {name!r}; there are {known}")
        return _bundled() if name == "documents" else _book()

    @classmethod
    def from_text(cls, text: str, *, name: str = "text", tagger: str | None = None) -> "Corpus":
        """One document; ``tagger`` is "hanta", "endings" or None for the best that is installed."""
        return cls.from_texts([(name, text)], tagger=tagger)

    @classmethod
    def from_texts(cls, texts: Iterable[tuple[str, str]], *, tagger: str | None = None) -> "Corpus":
        """A corpus of (name, text) documents; scenes and roles are found by `dreamgen.scenes`."""
        from .scenes import labelled  # it learns from the bundled corpus, so it comes after this

        scheme = tagger or ("hanta" if tagging.hanta_installed() else "endings")
        if scheme not in ("hanta", "endings"):
            raise CorpusError(f"no tagger is called {scheme!r}; there are 'hanta' and 'endings'")
        if scheme == "hanta" and not tagging.hanta_installed():
            raise CorpusError("the tagger HanTa is not installed: pip install 'dreamgen[tagger]'")
        tag = tagging.hanta() if scheme == "hanta" else tagging.by_ending
        proper = _Names()
        drafts = []
        for name, text in texts:
            rows = [tokens(sentence) for sentence in sentences(text)]
            rows = [row for row in rows if sum(map(is_word, row)) > 1]
            broken = bool(rows) and rows[-1][-1] not in ENDS | {"”", "’", ")"}
            kept = rows[:-1] if broken and len(rows) > 1 else rows
            notes = tuple(
                f"left out a last sentence that breaks off: {joined(row)!r}"
                for row in rows[len(kept) :]
            )
            proper.see(kept)
            drafts.append((name, kept, notes))
        documents = []
        for name, rows, notes in drafts:
            lines = [proper.folded(row) for row in rows]
            made = [
                Sentence(tuple(line), tuple(tag(line)), ends=(len(line) - 1,)) for line in lines
            ]
            documents.append(Document(name, tuple(made), notes=notes))
        return cls(labelled(documents), tagger=scheme)

    @classmethod
    def from_files(
        cls,
        *paths: str | Path,
        tagger: str | None = None,
        stage: Callable[[str], object] | None = None,
    ) -> "Corpus":
        """A corpus of text files, one document each; folders are walked in sorted order.

        Files that end in ``.dream`` make a book (see `dreamgen.book`), from which dreams are told
        as from the one that ships. UTF-8 with or without a byte order mark, any line ends. Raises
        `CorpusError`, naming the file, for one that is missing, empty, binary or in another
        encoding. ``stage`` is told which file is being read.
        """
        found = [file for path in paths for file in _walk(Path(path))]
        if not found:
            raise CorpusError("no text files to read; give .txt or .md files, or a folder of them")
        if book := [file for file in found if file.suffix.lower() == BOOK_SUFFIX]:
            from .book import read_dream  # it makes documents, so it comes after this

            if len(book) < len(found):
                other = next(file for file in found if file not in book)
                raise CorpusError(f"{other}: is no .dream file; a book holds nothing else")
            return cls((read_dream(str(file), _read(file)) for file in book), tagger="endings")

        def read_in_turn() -> Iterator[tuple[str, str]]:
            for place, file in enumerate(found, start=1):
                if stage is not None:
                    stage(f"reading file {place} of {len(found)}: {file}")
                yield str(file), _read(file)

        texts = read_in_turn()
        endings = tagger == "endings" or (tagger is None and not tagging.hanta_installed())
        if endings and sum(file.stat().st_size for file in found) > MANY_BYTES:
            from .columns import LargeCorpus, read  # it makes corpora, so it comes after this

            return LargeCorpus(read(texts))
        return cls.from_texts(texts, tagger=tagger)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Everything that a chain learns from, in the order of the documents."""
        return tuple(
            line
            for d, document in enumerate(self.documents)
            for s, sentence in enumerate(document.sentences)
            for line in _lines(sentence, d, s)
        )

    @cached_property
    def size(self) -> int:
        """The number of tokens in the documents."""
        return sum(len(s.words) for document in self.documents for s in document.sentences)

    @cached_property
    def digest(self) -> str:
        """Twelve hexadecimal digits that name this corpus: its words, tags, scenes and roles."""
        made = hashlib.blake2b(digest_size=6)
        for line in self.lines:
            row = (line.scene, line.role, line.voice, *line.words, *line.tags)
            made.update("\x1f".join(row).encode() + b"\n")
        return made.hexdigest()

    @property
    def is_book(self) -> bool:
        """Whether dreams can be told from it as from a book: it has margins."""
        return any(s.margin for document in self.documents for s in document.sentences)

    def report(self) -> str:
        """What was read, how it was tagged, and what had to be mended, for people."""
        lines = [repr(self)]
        for document in self.documents:
            arc = f" ({document.arc})" if document.arc else ""
            lines.append(f"{document.name}{arc}: {len(document.sentences)} sentences")
            lines += [f"  {note}" for note in document.notes]
        return "\n".join(lines)


class _Names:
    """Which words keep their capital at the start of a sentence: those that mostly have one."""

    def __init__(self) -> None:
        self.upper: dict[str, int] = {}
        self.lower: set[str] = set()

    def see(self, rows: Iterable[Sequence[str]]) -> None:
        for row in rows:
            for place, token in enumerate(row):
                if token[:1].islower():
                    self.lower.add(token)
                elif place and row[place - 1] not in "“‘(:—" and is_word(token):
                    self.upper[token] = self.upper.get(token, 0) + 1

    def folded(self, row: Sequence[str]) -> list[str]:
        out = list(row)
        first = next((i for i, token in enumerate(row) if is_word(token)), None)
        if first is not None and not self._keeps(row[first]):
            out[first] = row[first][:1].lower() + row[first][1:]
        return out

    def _keeps(self, token: str) -> bool:
        if token == "I" or token.startswith("I’"):
            return True
        return token in self.upper and token.lower() not in self.lower


def _walk(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(
            file
            for file in path.rglob("*")
            if file.is_file() and file.suffix.lower() in TEXT_SUFFIXES
        )
    elif path.exists():
        yield path
    else:
        raise CorpusError(f"{path}: no such file or folder")


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from error
    if b"\0" in data:
        raise CorpusError(f"{path}: is a binary file, not text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8 first"
        ) from error
    if not text.strip():
        raise CorpusError(f"{path}: is empty")
    return text


# The bundled documents and their labels


@lru_cache(maxsize=1)
def _bundled() -> Corpus:
    folder = DATA / "documents"
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".labels"))
    return Corpus(
        read_labels(name.removesuffix(".labels"), (folder / name).read_text("utf-8"))
        for name in names
    )


@lru_cache(maxsize=1)
def _book() -> Corpus:
    from .book import read_dream  # it makes documents, so it comes after this

    worlds = (DATA / "book").iterdir()
    return Corpus(
        (
            read_dream(f"{world.name}/{item.name.removesuffix('.dream')}", item.read_text("utf-8"))
            for world in sorted(worlds, key=lambda world: world.name)
            if world.is_dir()
            for item in sorted(world.iterdir(), key=lambda item: item.name)
            if item.name.endswith(".dream")
        ),
        tagger="endings",
    )


def read_labels(name: str, source: str) -> Document:
    """A document from its label file.

    The first line is ``arc NAME``. Then, a sentence a paragraph: a heading ``scene.role`` (with
    ``said`` where it could be spoken), and the tokens as ``word/TAG``. ``>`` stands where a clause
    may begin, ``|`` where one may end, ``{ }`` around a clause inside, ``*`` after a tag that
    changes with the voice, ``+`` before a first word that the document dropped.
    """
    head, *blocks = source.strip().split("\n\n")
    arc = head.removeprefix("arc ")
    found: list[Sentence] = []
    notes: list[str] = []
    openings = 0
    for block in blocks:
        heading, _, body = block.partition("\n")
        if heading == "opening":
            openings += 1
        elif heading == "broken":
            notes.append(f"left out the last sentence, which breaks off in mid-word: {body!r}")
        else:
            if body.startswith("+"):
                again = " ".join(item.rpartition("/")[0] for item in body[1:].split()[:4])
                notes.append(f"gave back the dropped first word of {again!r}")
                body = body[1:]
            found.append(_labelled(heading, body))
    if openings and found and joined(found[0].words).startswith("I am dreaming"):
        notes.append("the opening formula stands twice; it was taken as one")
    return Document(name, tuple(found), arc, tuple(notes))


def _labelled(heading: str, body: str) -> Sentence:
    home, *flags = heading.split()
    scene, role = home.split(".")
    words: list[str] = []
    tags: list[str] = []
    starts, ends, opened = [0], list[int](), list[int]()
    inner: list[tuple[int, int]] = []
    figure: set[int] = set()
    for item in body.split():
        if item == ">":
            starts.append(len(words))
        elif item == "|":
            ends.append(len(words))
        elif item == "{":
            opened.append(len(words))
        elif item == "}":
            inner.append((opened.pop(), len(words)))
        else:
            word, _, tag = item.rpartition("/")
            if tag.endswith("*") or tag.startswith("PRPF"):
                figure.add(len(words))
            words.append(word)
            tags.append(tag.removesuffix("*"))
    first = next(i for i, word in enumerate(words) if is_word(word))
    if not tags[first].startswith(("PRP1", "NNP")) or folded(words[first]) in ("my", "me", "mine"):
        words[first] = words[first][:1].lower() + words[first][1:]
    return Sentence(
        tuple(words), tuple(tags), scene, role, tuple(starts), tuple(ends), tuple(inner),
        frozenset(figure), "said" in flags,
    )  # fmt: skip


@lru_cache(maxsize=1)
def _voices() -> dict[tuple[str, str], tuple[str, str, str]]:
    """For each (tag, word) that changes with the voice: the words for they, she and he."""
    table: dict[tuple[str, str], tuple[str, str, str]] = {}
    source = (DATA / "voices.txt").read_text("utf-8")
    for line in source.splitlines():
        if line and not line.startswith("#"):
            tag, they, she, he = line.split()
            for word in (they, she, he):
                table[tag, word] = (they, she, he)
            if tag == "VBP":
                table["VBZ", she] = (they, she, he)
    return table


def voiced(sentence: Sentence, voice: str) -> Sentence:
    """A sentence about the figure, in one of the three voices."""
    words, tags = list(sentence.words), list(sentence.tags)
    column = VOICES.index(voice)
    for place in sentence.figure:
        tag, word = tags[place], words[place]
        words[place] = _voices()[tag, word][column]
        if tag in ("VBP", "VBZ"):
            tags[place] = "VBP" if voice == "they" else "VBZ"
    return replace(sentence, words=tuple(words), tags=tuple(tags))


def _lines(sentence: Sentence, document: int, place: int) -> Iterator[Line]:
    """The lines of a sentence: every voice, every clause, and the spoken form."""
    voices = VOICES if sentence.figure else ("",)
    spans = _clauses(sentence)
    for voice in voices:
        spoken = voiced(sentence, voice) if voice else sentence
        for begin, end in spans:
            whole = begin == 0 and end == len(spoken.words)
            words, tags = _closed(spoken, begin, end)
            carried = voice if any(begin <= i < end for i in sentence.figure) else ""
            if carried != voice and voice != VOICES[0]:
                continue
            line = Line(
                words, tags, sentence.scene, sentence.role, document, place,
                begin, carried, 1 / len(spans), whole,
            )  # fmt: skip
            yield line
            if sentence.said:
                yield replace(
                    line,
                    words=("“", *words, "”"),
                    tags=("“", *tags, "”"),
                    role="speech",
                    scene="revelation",
                    offset=begin - 1,
                    whole=False,
                )


def _clauses(sentence: Sentence) -> list[tuple[int, int]]:
    """The (begin, end) of every clause that can stand alone, the whole sentence first."""
    last = len(sentence.words)
    found = [(0, last)]
    for begin in sentence.starts:
        found += [(begin, end) for end in sentence.ends if end > begin]
    found += sentence.inner
    tail = next((i for i in range(last) if sentence.words[i] in ENDS), last)
    return list(dict.fromkeys(span for span in found if span == (0, last) or span != (0, tail)))


def _closed(sentence: Sentence, begin: int, end: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A clause as a sentence: closed by a full stop, its quotation marks balanced."""
    words, tags = sentence.words[begin:end], sentence.tags[begin:end]
    if begin == 0 and end == len(sentence.words):
        return words, tags
    close = (".", "”") if words.count("“") > words.count("”") else (".",)
    return (*words, *close), (*tags, *close)
