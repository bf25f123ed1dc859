"""The command: dreams on standard output, one clear line for what is wrong, nothing half-made."""

import json
import os
import re
import runpy
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

import dreamgen
from dreamgen.page import render

SOURCE = Path(dreamgen.__file__).parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(SOURCE), "COLUMNS": "100"}
COMMAND = [sys.executable, "-m", "dreamgen"]


class Told(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


def command(*arguments: str, cwd: Path | None = None) -> Told:
    done = subprocess.run(
        [*COMMAND, *arguments], env=ENVIRONMENT, cwd=cwd, capture_output=True, timeout=120
    )
    return Told(done.returncode, done.stdout.decode(), done.stderr.decode())


def refused(told: Told, *named: str) -> None:
    """One line on standard error, exit 2, and nothing on standard output."""
    assert told.code == 2, told
    assert told.out == ""
    assert "Traceback" not in told.err
    assert told.err.endswith("\n")
    assert len(told.err.splitlines()) == 1, told.err
    for word in named:
        assert word in told.err


OPTIONS: list[tuple[Sequence[str], Sequence[str]]] = [
    (["--arc", "comedy"], ["comedy", "vulnerability", "unity"]),
    (["--pronoun", "it"], ["it", "they", "she", "he"]),
    (["--mood", "glee"], ["glee", "hope", "peace"]),
    (["--format", "pdf"], ["pdf", "jsonl"]),
    (["--words", "300:200"], ["300", "200", "least"]),
    (["--words", "many"], ["many", "200:300"]),
    (["-n", "-3"], ["-3"]),
    (["-n", "several"], ["several"]),
    (["--mention", "moth", "--avoid", "moths"], ["moth", "moths"]),
    (["--mention", "jasmyne"], ["jasmyne", "jasmine"]),
    (["--words", "3:5"], ["words"]),
    (["--colour", "blue"], ["colour"]),
    (["--template", "nowhere.j2"], ["nowhere.j2"]),
    (["sleep"], ["sleep"]),
]


@pytest.mark.parametrize(("arguments", "named"), OPTIONS, ids=lambda value: " ".join(value))
def test_a_bad_option_is_refused_in_one_line(
    arguments: Sequence[str], named: Sequence[str]
) -> None:
    refused(command(*arguments), *named)


FILES = {
    "empty": (b"", "empty"),
    "binary": (b"\x89PNG\0\0The lamp is lit.", "binary"),
    "latin": ("The café is calm. The lamp is lit.".encode("latin-1"), "UTF-8"),
    "one": (b"The lamp is lit.", "corpus"),
    "alike": (b"The lamp is lit. " * 40, "corpus"),
    "marks": (b"... !!! ???", "corpus"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_bad_corpus_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    data, reason = FILES[name]
    path = tmp_path / f"{name}.txt"
    path.write_bytes(data)
    refused(command("--seed", "7", "--corpus", str(path)), reason)


def test_a_missing_corpus_is_refused_in_one_line(tmp_path: Path) -> None:
    refused(command("--corpus", str(tmp_path / "nowhere")), "nowhere", "no such file")


def test_a_place_that_cannot_be_written_is_refused_in_one_line(tmp_path: Path) -> None:
    refused(command("--seed", "7", "-o", str(tmp_path / "no" / "such" / "dream.txt")), "dream.txt")
    refused(command("--seed", "7", "-o", str(tmp_path)), str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_the_dream_goes_to_standard_output_and_its_line_to_standard_error() -> None:
    told = command("--seed", "7", "--arc", "circle", "--mention", "red rose", "--words", "200:300")
    if told.code == 2:  # the phrase may not be had; then a single word is
        told = command("--seed", "7", "--arc", "circle", "--mention", "rose", "--words", "200:300")
    assert told.code == 0, told.err
    assert told.out.startswith("I am dreaming.")
    assert 200 <= len(re.findall(r"[^\W_]+(?:[-’][^\W_]+)*", told.out)) <= 300
    assert len(told.err.splitlines()) == 1
    assert told.err.startswith("dreamgen --seed 7 --arc circle --mention ")


def test_a_number_is_the_seed_of_the_same_number() -> None:
    assert command("--seed", "7").out == f"{dreamgen.generate(seed=7)}\n"
    assert command("--seed", "moth").out == f"{dreamgen.generate(seed='moth')}\n"


def test_the_line_on_standard_error_repeats_the_dream() -> None:
    first = command("--words", "90:130")
    line = re.fullmatch(r"dreamgen (--words 90:130 --seed \d+)\n", first.err)
    assert line
    assert command(*line[1].split()).out == first.out


def test_many_dreams_are_lines_of_json() -> None:
    told = command(
        "--seed", "7", "-n", "3", "--start", "2", "--format", "jsonl", "--words", "90:130"
    )
    rows = [json.loads(line) for line in told.out.splitlines()]
    made = dreamgen.generate_many(3, seed=7, start=2, words=(90, 130))
    assert [dreamgen.Dream.model_validate(row) for row in rows] == list(made)


def test_no_dreams_are_no_output() -> None:
    told = command("-n", "0", "--seed", "7")
    assert (told.code, told.out) == (0, "")


def test_a_file_holds_what_standard_output_would(tmp_path: Path) -> None:
    path = tmp_path / "dream.html"
    told = command("--seed", "7", "--format", "html", "-o", str(path))
    assert (told.code, told.out) == (0, "")
    assert path.read_text("utf-8") == render(dreamgen.generate(seed=7), "html") + "\n"
    assert [other.name for other in tmp_path.iterdir()] == ["dream.html"]


def test_a_failing_run_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path, template = tmp_path / "dream.txt", tmp_path / "own.j2"
    path.write_text("old", "utf-8")
    template.write_text("{{ dream.index }}{{ 1 // (1 - dream.index) }}", "utf-8")
    told = command(
        "--seed", "7", "-n", "3", "--words", "90:130", "--template", str(template), "-o", str(path)
    )
    refused(told, "own.j2", "line 1")
    assert path.read_text("utf-8") == "old"
    assert sorted(other.name for other in tmp_path.iterdir()) == ["dream.txt", "own.j2"]


def test_the_version_is_told() -> None:
    told = command("--version")
    assert (told.code, told.out) == (0, f"dreamgen {dreamgen.__version__}\n")


def test_help_does_not_load_the_engine() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['dreamgen', '--help']\n"
        "from dreamgen.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print({'numpy', 'pydantic', 'jinja2', 'markovify'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "set()"
    for option in (
        "--seed",
        "--mention",
        "--avoid",
        "--words",
        "--pronoun",
        "--format",
        "--output",
    ):
        assert option in done.stdout


def test_a_corpus_is_reported() -> None:
    told = command("report")
    assert told.code == 0, told.err
    assert "5 documents" in told.out
    assert "edition" in told.out


def running(*arguments: str, cwd: Path | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, *arguments], env=ENVIRONMENT, cwd=cwd,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_a_closed_pipe_ends_the_command_quietly() -> None:
    with running("-n", "100000", "--seed", "7", "--words", "90:130") as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().startswith(b"I am dreaming.")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) in (0, 141)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_ends_the_command_with_130(tmp_path: Path, workers: int) -> None:
    path = tmp_path / "dreams.txt"
    path.write_text("old", "utf-8")
    with subprocess.Popen(
        [*COMMAND, "-n", "100000", "--seed", "7", "-o", str(path), "--words", "90:130",
         "--workers", str(workers)],
        env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            for _ in range(600):  # until it writes beside the file
                if len(list(tmp_path.iterdir())) > 1:
                    break
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(0.05)
            else:
                pytest.fail("the command never began to write")
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1.5)  # and some more, so that workers are at work
            os.killpg(process.pid, signal.SIGINT)  # as a terminal sends Ctrl-C: to the group
            out, err = process.communicate(timeout=60)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 130
    assert out == b""
    assert b"Traceback" not in err
    assert len(err.splitlines()) <= 1
    assert path.read_text("utf-8") == "old"
    assert [other.name for other in tmp_path.iterdir()] == ["dreams.txt"]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of texts large enough to dream from: those of an example."""
    folder = tmp_path_factory.mktemp("texts")
    example = Path(__file__).parents[1] / "examples" / "04_corpus_of_your_own.py"
    for name, text in runpy.run_path(str(example), run_name="example").items():
        if name.isupper():
            (folder / f"{name}.txt").write_text(text, "utf-8")
    return folder


@pytest.mark.slow
def test_a_trained_model_dreams_as_its_texts_do(texts: Path, tmp_path: Path) -> None:
    path, bare = tmp_path / "own.model", tmp_path / "bare.model"
    for output, flag in ((path, "--shapes"), (bare, "--no-shapes")):
        told = command("train", str(texts), "-o", str(output), "--tagger", "endings", flag)
        assert (told.code, told.out) == (0, "")
        [line] = told.err.splitlines()
        assert line.startswith(f"{output}: ")
        assert "tokens" in line
    dreamer = dreamgen.Dreamer(dreamgen.Corpus.from_files(texts, tagger="endings"))
    dream = dreamer.generate(seed=0)
    for model in (path, bare):
        assert command("--seed", "0", "--model", str(model)).out == f"{dream}\n"
    report = command("report", "--model", str(path)).out
    assert "5 documents" in report
    assert dreamer.edition in report


def test_a_model_and_a_corpus_are_not_taken_together(texts: Path, tmp_path: Path) -> None:
    told = command("--seed", "7", "--model", "x", "--corpus", str(texts))
    refused(told, "--model", "--corpus", "not both")
    refused(command("report", str(texts), "--model", "x"), "--model", "not both")


def test_what_cannot_be_trained_or_opened_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "own.model"
    path.write_bytes(b"The lamp is lit.")
    refused(command("--model", str(path)), str(path), "no dreamgen model")
    refused(command("report", "--model", str(path)), str(path), "no dreamgen model")
    refused(command("--model", str(tmp_path / "nowhere")), "nowhere", "no such file")
    (tmp_path / "two.txt").write_bytes(b"\0\1")
    refused(command("train", str(tmp_path / "two.txt"), "-o", str(path)), "two.txt", "binary")
    refused(command("train", str(tmp_path / "gone"), "-o", str(path)), "gone", "no such file")
    refused(command("train", "-o", str(path)), "PATHS")
    assert path.read_bytes() == b"The lamp is lit."
    (tmp_path / "one.txt").write_text("I see a lake. The lamp is lit.", "utf-8")
    far = tmp_path / "no" / "own.model"
    refused(command("train", str(tmp_path / "one.txt"), "-o", str(far)), "own.model")


def test_models_are_merged_with_weights(tmp_path: Path) -> None:
    for name, text in (("a", "The sea is calm. I see a lamp."), ("b", "The sea is loud.")):
        (tmp_path / f"{name}.txt").write_text(text, "utf-8")
        path = str(tmp_path / f"{name}.txt")
        told = command("train", path, "-o", str(tmp_path / name), "--no-shapes", "--run", "6")
        assert told.code == 0, told.err
    both = [str(tmp_path / "a"), str(tmp_path / "b")]
    made = str(tmp_path / "both")
    told = command("merge", *both, "-o", made, "--weights", "1:2", "--no-shapes")
    assert (told.code, told.out) == (0, "")
    assert told.err.startswith(f"{made}: 15 tokens, ")
    columns = dreamgen.Dreamer.load(made).model.columns
    assert columns.weights == (1.0, 2.0)
    refused(command("merge", *both, "-o", made, "--weights", "1", "--no-shapes"), "2 models")
    refused(command("merge", *both, "-o", made, "--weights", "1 2"), "1 2", "as in 1:2")
    refused(command("merge", *both, str(tmp_path / "c"), "-o", made), "c: no such file")
    refused(command("train", str(tmp_path / "a.txt"), "-o", made, "--memory", "lots"), "500MB")
