"""The dream book: counts, form, and that no dream repeats another or the documents.

The reader here is a scan of the files with regular expressions; it is not the package's.
"""

import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from spellchecker import SpellChecker

import dreamgen
from dreamgen import Corpus, CorpusError, Dreamer
from dreamgen.book import read_dream, source_of, written

DATA = Path(dreamgen.__file__).parent / "data"
FILES = sorted((DATA / "book").glob("*/*.dream"))
WORN = "tapestry kaleidoscope iridescent ethereal whisper shimmer symphony testament".split()
PRONOUNS = {
    "she": {"she", "her", "hers", "herself"},
    "he": {"he", "him", "his", "himself"},
    "they": set[str](),
}
PIECE = re.compile(r"[^\W_]+(?:[’'-][^\W_]+)*|[^\w\s]")


def pieces(text: str) -> list[str]:
    return [piece.casefold() for piece in PIECE.findall(text.replace("'", "’"))]


def head(path: Path) -> dict[str, str]:
    top, _, _ = path.read_text("utf-8").partition("[")
    return dict(re.findall(r"^(\w+): (.+)$", top, re.MULTILINE))


def told(path: Path) -> list[tuple[str, str]]:
    """The (field, sentence) pairs of a file."""
    _, bracket, rest = path.read_text("utf-8").partition("[")
    return re.findall(r"^(\w+): (.+)$", bracket + rest, re.MULTILINE)


def test_there_are_dreams_enough_of_every_arc() -> None:
    assert len(FILES) >= 400
    arcs = Counter(head(path)["arc"] for path in FILES)
    assert set(arcs) == {"vulnerability", "companion", "reciprocity", "circle", "unity"}
    assert min(arcs.values()) >= 80
    words = sum(len(re.findall(r"\w[\w’'-]*", line)) for path in FILES for _, line in told(path))
    assert words > 165_000


def test_pronouns_are_in_balance_and_hold() -> None:
    heads = [head(path) for path in FILES]
    shares = Counter(top["pronoun"] for top in heads)
    assert min(shares.values()) / len(FILES) > 0.25
    for path, top in zip(FILES, heads, strict=True):
        strange = {
            word for name, words in PRONOUNS.items() if name != top["pronoun"] for word in words
        }
        for line in path.read_text("utf-8").splitlines():
            assert strange.isdisjoint(pieces(line.partition(":")[2] or line)), (path.name, line)


def test_a_dream_has_the_length_of_a_dream() -> None:
    for path in FILES:
        count = sum(len(re.findall(r"\w[\w’'-]*", line)) for _, line in told(path))
        assert 300 <= count <= 800, (path, count)


def test_every_word_is_spelled_as_in_a_dictionary() -> None:
    allowed = set((Path(__file__).parent / "spelling.txt").read_text("utf-8").split("\n")[1:])
    said = {
        re.sub(r"'s$|'$", "", word.casefold().replace("’", "'"))
        for path in FILES
        for word in re.findall(r"[^\W\d_]+(?:[’'][a-z]+)?", path.read_text("utf-8"))
    }
    assert sorted(SpellChecker().unknown(said) - allowed) == []


def test_no_sentence_stands_twice() -> None:
    lines = Counter(line.casefold() for path in FILES for _, line in told(path))
    assert [line for line, count in lines.items() if count > 1] == []


def test_no_run_of_eight_tokens_is_shared() -> None:
    where: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for path in (*FILES, *sorted((DATA / "documents").glob("*.txt"))):
        lines = [line for _, line in told(path)] if path.suffix == ".dream" else [path.read_text()]
        for line in lines:
            said = pieces(line)
            for start in range(len(said) - 7):
                where[tuple(said[start : start + 8])].add(f"{path.parent.name}/{path.name}")
    shared = {" ".join(run): names for run, names in where.items() if len(names) > 1}
    assert shared == {}


def test_worn_words_are_rare() -> None:
    for word in WORN:
        uses = sum(word in path.read_text("utf-8").casefold() for path in FILES)
        assert uses / len(FILES) < 0.02, word


def test_the_package_reads_what_the_files_say() -> None:
    corpus = Corpus.bundled("book")
    assert len(corpus.documents) == len(FILES)
    for document, path in zip(corpus.documents, FILES, strict=True):
        top = head(path)
        assert document.arc == top["arc"]
        assert document.facts.world == path.parent.name == top["world"]
        lines = told(path)
        assert [s.role for s in document.sentences] == [field for field, _ in lines]
        assert [s.text for s in document.sentences] == [line.replace("'", "’") for _, line in lines]


def test_a_document_is_written_as_it_was_read() -> None:
    for document in Corpus.bundled("book").documents[:40]:
        assert read_dream(document.name, written(document)) == document


def test_dear_words_are_read_marked_and_written() -> None:
    source = "title: One\narc: unity\n\n[setting]\nplace: I wake by the lamp.\n"
    document = read_dream("one", f"{source}~ wake = sit; the lamp == a door / my bed\n")
    [sentence] = document.sentences
    assert [slot.dear for slot in sentence.margin] == [False, True]
    assert source_of(sentence) == "I {wake|sit} by {=the lamp|a door|my bed}."
    assert read_dream("one", written(document)) == document


OPENED = "title: One\n[setting]\nplace: I wake by the lamp in the hall.\n"


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("title: One\n\n[nowhere]\nplace: I wake.", "line 3: no scene is called 'nowhere'"),
        ("title: One\n\n[setting]\nI wake.", "line 4: not 'field: sentence'"),
        (f"{OPENED}~ lamp / moon", "line 4: not 'words = reading / reading'"),
        (f"{OPENED}~ the = a / my", "line 4: 'the' stands 2 times in its sentence, not once"),
        (f"{OPENED}~ moon = sun", "line 4: 'moon' stands 0 times in its sentence, not once"),
        (f"{OPENED}~ by the lamp = here; lamp = sea", "line 4: two slots share 'lamp'"),
        ("title: One\n\n[setting]\n~ lamp = moon", "line 4: a margin stands under a sentence"),
        ("pronoun: it\n\n[setting]\nplace: I wake.", "no pronoun is called 'it'"),
    ],
)
def test_a_wrong_file_is_refused_by_line(source: str, fault: str) -> None:
    with pytest.raises(CorpusError, match=re.escape(fault)):
        read_dream("one", source)


def test_a_book_of_ones_own_is_told_and_kept_with_its_margins(tmp_path: Path) -> None:
    folder = tmp_path / "book"
    folder.mkdir()
    for path in FILES[:5]:
        (folder / path.name).write_bytes(path.read_bytes())
    dreamer = Dreamer(Corpus.from_files(folder))
    dreamer.save(tmp_path / "kept")
    for seed in range(3):
        dream = dreamer.generate(seed=seed)
        assert dream.edition == dreamer.edition != Dreamer().edition
        assert dream.edition.startswith("book")
        assert Dreamer.load(tmp_path / "kept").generate(seed=seed) == dream


def test_a_book_holds_nothing_but_dreams(tmp_path: Path) -> None:
    (tmp_path / "one.dream").write_bytes(FILES[0].read_bytes())
    (tmp_path / "two.txt").write_text("I wake. The lamp is lit.", "utf-8")
    with pytest.raises(CorpusError, match=r"two\.txt: is no \.dream file"):
        Corpus.from_files(tmp_path)
