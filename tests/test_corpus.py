"""The corpus: labels and documents belong together; any text is read or refused with a reason."""

import hashlib
import re
from pathlib import Path

import pytest

import dreamgen
from dreamgen import Corpus, CorpusError
from dreamgen.corpus import voiced
from dreamgen.tagging import hanta_installed
from dreamgen.text import joined, normalized, sentences, tokens

FOLDER = Path(dreamgen.__file__).parent / "data" / "documents"
SHA256 = {
    "000_3f357cc80c32dd00": "517e789808df6a3898d405b0b108ef0a89749f376081026d1d6ce16a07f99979",
    "001_7e16287717c91c2a": "b607a546151f4c811b69b2ded1cde33ca7931242de1a116ead93f35bdc482ffd",
    "002_d2461d473ec704c8": "e379bd491c0532aba3f0ba519f046fd21ff81b70790964d5c2c4e57d67880565",
    "003_327b793ca99a5d13": "e7e7ffef488e30eade9f24ae597515deb40437cafdb6ae7d417a2e414d5b41ee",
    "004_81371e8f3c9ca9e7": "e6982842911b177f1636565f7d610402f23b7957b4d44da9b5022132afd0e645",
}
HE = {"he", "him", "his", "himself", "he’s"}
SHE = {"she", "her", "hers", "herself", "she’s"}


def letters(text: str) -> str:
    """The letters and digits of a text alone: no mark or space is compared."""
    return re.sub(r"[\W_]+", "", text).casefold()


@pytest.mark.parametrize("name", SHA256)
def test_the_documents_are_as_they_were_given(name: str) -> None:
    assert hashlib.sha256((FOLDER / f"{name}.txt").read_bytes()).hexdigest() == SHA256[name]


def test_each_document_is_there_once() -> None:
    assert [document.name for document in Corpus.bundled().documents] == list(SHA256)


@pytest.mark.parametrize("place", range(5))
def test_the_labelled_sentences_stand_in_the_document_in_order(place: int) -> None:
    document = Corpus.bundled().documents[place]
    raw = letters((FOLDER / f"{document.name}.txt").read_text("utf-8"))
    at = 0
    for sentence in document.sentences:
        text = letters(sentence.text)
        found = raw.find(text, at)
        if found < 0 and place == 2:  # its first word was dropped: "find myself enveloped"
            text = text.removeprefix("i")
            found = raw.find(text, at)
        assert found >= 0, sentence.text
        assert found - at < 40, f"something is left out before {sentence.text!r}"
        at = found + len(text)


def test_nothing_is_left_out_but_the_openings_and_what_breaks_off() -> None:
    for document in Corpus.bundled().documents:
        raw = letters((FOLDER / f"{document.name}.txt").read_text("utf-8"))
        kept = sum(len(letters(sentence.text)) for sentence in document.sentences)
        broken = sum(
            len(letters(note.partition(": ")[2])) for note in document.notes if "breaks" in note
        )
        openings = len("iamdreaming")
        assert abs(len(raw) - kept - broken - openings) <= 1


def test_every_sentence_is_labelled() -> None:
    for document in Corpus.bundled().documents:
        assert document.arc
        for sentence in document.sentences:
            assert sentence.scene in ("setting", "encounter", "revelation", "awakening")
            assert sentence.role
            assert len(sentence.words) == len(sentence.tags)
            assert all(sentence.tags)


def test_the_scenes_of_a_document_come_in_order() -> None:
    order = ["setting", "encounter", "revelation", "awakening"]
    for document in Corpus.bundled().documents:
        scenes = [order.index(sentence.scene) for sentence in document.sentences]
        assert scenes == sorted(scenes)
        assert set(scenes) == {0, 1, 2, 3}


def test_the_arcs_are_those_of_the_documents() -> None:
    arcs = [document.arc for document in Corpus.bundled().documents]
    assert arcs == ["vulnerability", "companion", "reciprocity", "circle", "unity"]


def test_the_flaws_of_the_documents_are_reported() -> None:
    report = Corpus.bundled().report()
    assert "gave back the dropped first word" in report
    assert "find" in report
    assert "breaks off in mid-word" in report
    for name in SHA256:
        assert name in report


def test_a_doubled_opening_is_reported() -> None:
    (document,) = [d for d in Corpus.bundled().documents if d.arc == "circle"]
    raw = (FOLDER / f"{document.name}.txt").read_text("utf-8")
    assert raw.startswith("I am dreaming. I am dreaming, and")
    assert any("I am dreaming" in note or "opening" in note for note in document.notes)


def test_only_the_coda_and_what_is_said_speak_to_you() -> None:
    found = set()
    for line in Corpus.bundled().lines:
        if {"you", "your", "yourself"} & {word.casefold() for word in line.words}:
            found.add(line.role)
    assert found == {"coda", "speech"}


# Lines


def test_a_line_in_one_voice_has_no_word_of_another() -> None:
    said = {"they": set[str](), "she": set[str](), "he": set[str]()}
    for line in Corpus.bundled().lines:
        words = {word.casefold() for word in line.words}
        if line.voice:
            said[line.voice] |= words
        else:
            assert not words & (HE | SHE), line.words
    assert not said["they"] & (HE | SHE)
    assert not said["she"] & HE
    assert not said["he"] & SHE
    assert {"she", "her"} <= said["she"]
    assert {"he", "his", "him"} <= said["he"]
    assert {"they", "their", "them"} <= said["they"]


def test_the_verbs_about_the_figure_agree_with_its_pronoun() -> None:
    for line in Corpus.bundled().lines:
        for word, tag, after in zip(line.words, line.tags, line.tags[1:], strict=False):
            if tag == "PRPF" and word.casefold() in ("she", "he"):
                assert after not in ("VBP", "BEP", "HVP"), line.words
            if tag == "PRPF" and word.casefold() == "they":
                assert after not in ("VBZ", "BEZ", "HVZ"), line.words


def test_the_voices_of_a_sentence_differ_only_where_it_speaks_of_the_figure() -> None:
    for document in Corpus.bundled().documents:
        for sentence in document.sentences:
            for voice in ("they", "she", "he"):
                told = voiced(sentence, voice)
                changed = {i for i, w in enumerate(told.words) if w != sentence.words[i]}
                assert changed <= sentence.figure


def test_the_lines_of_a_sentence_share_its_weight() -> None:
    weight: dict[tuple[int, int, str], float] = {}
    for line in Corpus.bundled().lines:
        assert 0 < line.weight <= 1
        if line.role != "speech":
            key = line.document, line.sentence, line.voice
            weight[key] = weight.get(key, 0.0) + line.weight
    assert max(weight.values()) <= 1 + 1e-9


def test_a_clause_is_a_part_of_its_sentence_closed_by_a_full_stop() -> None:
    corpus = Corpus.bundled()
    clauses = [x for x in corpus.lines if not x.whole and x.role != "speech"]
    assert len(clauses) > 50
    for line in clauses:
        sentence = corpus.documents[line.document].sentences[line.sentence]
        inside = [w for w in line.words if w[0].isalnum()]
        there = [w for w in sentence.words if w[0].isalnum()]
        assert len(inside) <= len(there)
        assert line.words[-1] == "." or line.words[-2:] == (".", "”")
        if not line.voice:
            part = there[sum(w[0].isalnum() for w in sentence.words[: line.offset]) :]
            assert inside == part[: len(inside)]


def test_quotation_marks_balance_in_every_line() -> None:
    spoken = 0
    for line in Corpus.bundled().lines:
        depth = 0
        for word in line.words:
            depth += (word == "“") - (word == "”")
            assert depth in (0, 1), line.words
        assert depth == 0, line.words
        spoken += "“" in line.words
    assert spoken > 10


# Reading files


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


TEXT = "The lamp is lit. The café is calm.\nI walk home.\n\nI wake.\n"
SAID = ["The lamp is lit.", "The café is calm.", "I walk home.", "I wake."]


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace("é", "e\u0301").encode(),
        TEXT.rstrip().encode(),
    ],
    ids=["plain", "bom", "crlf", "cr", "decomposed", "no last line end"],
)
def test_a_text_reads_alike_however_it_is_stored(tmp_path: Path, data: bytes) -> None:
    corpus = Corpus.from_files(written(tmp_path, "a.txt", data), tagger="endings")
    assert [sentence.text for sentence in corpus.documents[0].sentences] == SAID


def test_folders_are_walked_in_sorted_order(tmp_path: Path) -> None:
    for name in ("b.txt", "a.md", "c/z.txt", "c/a.txt", "B.TXT"):
        written(tmp_path, name, f"The file is {Path(name).stem} here.".encode())
    written(tmp_path, "picture.png", b"\0\0")
    corpus = Corpus.from_files(tmp_path, tagger="endings")
    names = [Path(document.name).relative_to(tmp_path).as_posix() for document in corpus.documents]
    assert names == ["B.TXT", "a.md", "b.txt", "c/a.txt", "c/z.txt"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\t\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\x89PNG\0\0\x01The lamp is lit.", "binary"),
        ("The café is calm.".encode("latin-1"), "UTF-8"),
        ("The lamp is lit.".encode("utf-16"), "UTF-8|binary"),
        (b"... !!! ???", "no sentences"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_a_reason(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    path = written(tmp_path, "given.txt", data)
    with pytest.raises(CorpusError, match=reason) as caught:
        Corpus.from_files(path, tagger="endings")
    assert "\n" not in str(caught.value)
    if reason != "no sentences":
        assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"nowhere\.txt: no such file"):
        Corpus.from_files(tmp_path / "nowhere.txt")
    with pytest.raises(CorpusError, match="no text files"):
        Corpus.from_files(tmp_path)
    with pytest.raises(CorpusError, match="no text files"):
        Corpus.from_files()


def test_an_unknown_name_is_refused_with_the_choices() -> None:
    with pytest.raises(CorpusError, match="'documents'"):
        Corpus.bundled("nightmares")
    with pytest.raises(CorpusError, match="'endings'"):
        Corpus.from_text(TEXT, tagger="tea leaves")
    with pytest.raises(CorpusError, match="no sentences"):
        Corpus.from_text("")


@pytest.mark.parametrize(
    "text", ["The lamp is lit.", "The lamp is lit. " * 30], ids=["one", "alike"]
)
def test_a_corpus_too_small_to_write_from_says_so(text: str) -> None:
    corpus = Corpus.from_text(text, tagger="endings")
    with pytest.raises(dreamgen.DreamgenError) as caught:
        dreamgen.Dreamer(corpus).generate(seed=7)
    assert "corpus" in str(caught.value)
    assert "\n" not in str(caught.value)


# Sentences and marks


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ('"Here," she says.', "“Here,” she says."),
        ("“Here,” she says.", "“Here,” she says."),
        ("It's a moth's wing.", "It’s a moth’s wing."),
        ("The moths' wings", "The moths’ wings"),
        ("a dream -- a lake", "a dream—a lake"),
        ("a dream — a lake", "a dream—a lake"),
        ("a dream—a lake", "a dream—a lake"),
        ("a dream - a lake", "a dream—a lake"),
        ("a well-lit lake", "a well-lit lake"),
        ("I wait...", "I wait…"),
        ("cafe\u0301", "café"),
        ("a\r\nb\rc", "a\nb\nc"),
    ],
)
def test_marks_have_one_spelling(given: str, made: str) -> None:
    assert normalized(given) == made
    assert normalized(made) == made


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("I wake. I walk.", ["I wake.", "I walk."]),
        ("I wake! Do I? Yes… No.", ["I wake!", "Do I?", "Yes…", "No."]),
        ("Dr. Moon wakes. He sings.", ["Dr. Moon wakes.", "He sings."]),
        ("“Wake up.” The lamp is lit.", ["“Wake up.”", "The lamp is lit."]),
        ("“Is it you?” asks the moth.", ["“Is it you?” asks the moth."]),
        ("It is 3.5 miles. I walk.", ["It is 3.5 miles.", "I walk."]),
        ("I wake\nin a room.", ["I wake in a room."]),
        ("A title\n\nI wake.", ["A title", "I wake."]),
        ("", []),
        ("   \n\n  ", []),
    ],
)
def test_a_text_is_cut_into_sentences(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


@pytest.mark.parametrize(
    "sentence",
    [
        "“Tell me,” I whisper—the crystal-clear lake isn’t far.",
        "I pay $3.50 (nine teacups) at 10:30!",
        "The moths’ wings, a fabric…",
        "Is it 50% silver? Yes; half.",
    ],
)
def test_tokens_join_back_to_the_sentence(sentence: str) -> None:
    assert joined(tokens(sentence)) == sentence


def test_every_sentence_of_the_documents_survives_cutting_and_joining() -> None:
    for document in Corpus.bundled().documents:
        for sentence in document.sentences:
            assert joined(tokens(sentence.text)) == sentence.text


STORY = (
    "I find myself on a silver shore. The waves sing to me. A child in a red coat walks near. "
    "She says nothing. We stand by the water. “Tell me,” I say, and she tells me of the rain. "
    "Dr. Moon waves from London. In London the rain is warm. The shore fades. I wake with sand."
)


@pytest.mark.parametrize("tagger", ["hanta", "endings"])
def test_a_text_of_ones_own_gets_tags_scenes_and_roles(tagger: str) -> None:
    if tagger == "hanta" and not hanta_installed():
        pytest.skip("HanTa is not installed")
    corpus = Corpus.from_text(STORY, tagger=tagger)
    (document,) = corpus.documents
    assert [s.text for s in document.sentences] == sentences(STORY)
    assert document.sentences[0].scene == "setting"
    assert document.sentences[-1].scene == "awakening"
    assert all(s.role and s.scene for s in document.sentences)
    assert all(len(s.words) == len(s.tags) for s in document.sentences)
    assert tagger in corpus.report()
    tags = dict(zip(document.sentences[0].words, document.sentences[0].tags, strict=True))
    assert (tags["I"], tags["a"]) == ("PRP1", "DTS")
    assert tags["shore"] == "NN"


def test_names_keep_their_capital_at_the_start() -> None:
    (document,) = Corpus.from_text(STORY, tagger="endings").documents
    words = {word for sentence in document.sentences for word in sentence.words}
    assert "the" in words
    assert "The" not in words
    assert "London" in words


def test_a_last_sentence_that_breaks_off_is_left_out() -> None:
    corpus = Corpus.from_text("I wake. The lamp is lit. The cosm", tagger="endings")
    assert [s.text for s in corpus.documents[0].sentences] == ["I wake.", "The lamp is lit."]
    assert "The cosm" in corpus.report()


def test_a_digest_names_the_words_of_a_corpus() -> None:
    first = Corpus.from_text(STORY, tagger="endings").digest
    assert first == Corpus.from_text(STORY, tagger="endings", name="other").digest
    assert first != Corpus.from_text(STORY + " I sleep.", tagger="endings").digest
    assert len(first) == 12
