"""Files of many dreams: the rows are those of single dreams, whatever made or stopped the job.

The rows that must come out are made here from `generate_many`, by code of the tests alone.
"""

import errno
import gzip
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Annotated, Any

import pytest

import dreamgen
from dreamgen import bulk
from dreamgen.errors import JobStopped
from dreamgen.pool import Pool
from dreamgen.rows import COLUMNS, dream_of, row_of
from dreamgen.schema import From, Line

SOURCE = Path(dreamgen.__file__).parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(SOURCE), "COLUMNS": "100"}
COMMAND = [sys.executable, "-m", "dreamgen", "bulk"]
# The command with many small chunks, each made safe at once, so that a short job can be stopped.
FINELY = (
    "import sys; from dreamgen import bulk; from dreamgen.cli import main; "
    "bulk.CHUNK, bulk.EACH = 32, 0.05; sys.argv[:] = ['dreamgen', 'bulk', *sys.argv[1:]]; "
    "main()"
)

# One arc and voice: few lines of the book have to be made ready, so the tests are fast.
NARROW: dict[str, Any] = {"arc": "unity", "pronoun": "she"}
NARROWLY = ["--arc", "unity", "--pronoun", "she"]


def expected(dream: dreamgen.Dream) -> dict[str, Any]:
    """The row of a dream, from its own JSON and its text."""
    made = json.loads(dream.to_json())
    assert dream.text == made["text"]
    spoken = re.sub(r"(?<=\d)[.,:](?=\d)", "", dream.text)
    return {
        "seed": made["seed"],
        "index": made["index"],
        "edition": made["edition"],
        "arc": made["arc"],
        "pronoun": made["cast"]["pronoun"],
        "figure": made["cast"]["figure"],
        "attributes": made["cast"]["attributes"],
        "words": len(re.findall(r"[^\W_]+(?:[-’][^\W_]+)*", spoken)),
        "sentences": 1 + len(list(dream.lines())),
        "motifs": made["motifs"],
        "scenes": made["scenes"],
        "text": made["text"],
    }


def lines(rows: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(
        json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for row in rows
    )


def told(count: int, **asked: Any) -> list[dict[str, Any]]:
    return [expected(dream) for dream in dreamgen.generate_many(count, **asked)]


@pytest.fixture(autouse=True)
def small_chunks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many chunks of a few dreams; what runs in a process of its own has them as they are."""
    monkeypatch.setattr(bulk, "CHUNK", 4)


@pytest.fixture(scope="module")
def narrow() -> list[dict[str, Any]]:
    return told(22, seed=7, **NARROW)


# The law: rows of single dreams


class Weather(dreamgen.Setting):
    sky: Annotated[Line, From("setting.air"), dreamgen.Words(4, 30)] | None = None


DREAMERS: dict[str, Callable[[], dreamgen.Dreamer]] = {
    "what ships": dreamgen.Dreamer,
    "a schema of one's own": lambda: dreamgen.Dreamer(schema=Weather),
    "the documents": lambda: dreamgen.Dreamer(dreamgen.Corpus.bundled("documents")),
}

REQUESTS: list[dict[str, Any]] = [
    {"seed": 7},
    {"seed": "a zine", "start": 1000},
    {"seed": b"\x00\xff", "mood": "hope"},
    {"seed": 1, "avoid": ["light", "door", "water"]},
    {"seed": -3, "mention": ["moth"], "words": (150, 260)},
    {"seed": 2, "words": (420, 520), "pronoun": "he"},
    {"seed": 3, "mention": ["jasmine"], "arc": "circle"},
]


@pytest.mark.parametrize("asked", REQUESTS, ids=str)
def test_the_rows_are_those_of_generate_many(tmp_path: Path, asked: dict[str, Any]) -> None:
    done = bulk.write(tmp_path / "dreams.jsonl", 10, **asked)
    assert done.path.read_bytes() == lines(told(10, **asked))
    assert (done.seed, done.count, done.size) == (asked["seed"], 10, done.path.stat().st_size)
    assert [path.name for path in tmp_path.iterdir()] == ["dreams.jsonl"]


@pytest.mark.parametrize("name", DREAMERS)
def test_the_rows_of_any_dreamer_are_those_of_its_dreams(tmp_path: Path, name: str) -> None:
    dreamer = DREAMERS[name]()
    path = bulk.write(tmp_path / "dreams.jsonl", 5, seed=7, dreamer=dreamer).path
    assert path.read_bytes() == lines(map(expected, dreamer.generate_many(5, seed=7)))


@pytest.mark.slow
def test_the_rows_of_hundreds_of_dreams_are_those_of_generate_many(tmp_path: Path) -> None:
    path = bulk.write(tmp_path / "dreams.jsonl", 600, seed=11).path
    assert path.read_bytes() == lines(told(600, seed=11))


def test_a_row_brings_its_dream_back() -> None:
    for seed in (7, "seven", b"\x07"):
        dream = dreamgen.generate(seed=seed)
        assert dream_of(json.loads(json.dumps(row_of(dream)))) == dream


def test_columns_are_those_that_are_asked_for_in_their_order(
    tmp_path: Path, narrow: list[dict[str, Any]]
) -> None:
    asked = ["text", "sentences", "index"]
    path = bulk.write(tmp_path / "a.jsonl", 5, seed=7, columns=asked, **NARROW).path
    assert path.read_bytes() == lines({name: row[name] for name in asked} for row in narrow[:5])
    assert list(COLUMNS) == list(narrow[0])


def test_no_dreams_are_a_file_of_none(tmp_path: Path) -> None:
    assert bulk.write(tmp_path / "a.jsonl", 0, seed=7).path.read_bytes() == b""
    packed = bulk.write(tmp_path / "a.jsonl.gz", 0, seed=7).path.read_bytes()
    assert packed
    assert gzip.decompress(packed) == b""
    parquet = pytest.importorskip("pyarrow.parquet", reason="comes with the extra `parquet`")
    path = bulk.write(tmp_path / "a.parquet", 0, seed=7).path
    assert parquet.read_table(path).num_rows == 0
    assert parquet.read_table(path).column_names == list(COLUMNS)


# The forms


def test_a_gz_holds_the_lines_and_no_time(tmp_path: Path, narrow: list[dict[str, Any]]) -> None:
    packed = bulk.write(tmp_path / "a.jsonl.gz", 22, seed=7, **NARROW).path.read_bytes()
    assert gzip.decompress(packed) == lines(narrow)
    assert packed[:8] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00"  # no name, no time


def test_a_zst_holds_the_lines(tmp_path: Path, narrow: list[dict[str, Any]]) -> None:
    zstandard = pytest.importorskip("zstandard", reason="comes with the extra `zstd`")
    path = bulk.write(tmp_path / "a.jsonl.zst", 22, seed=7, **NARROW).path
    with path.open("rb") as file:
        reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        assert reader.read() == lines(narrow)


def listed(scene: dict[str, Any]) -> dict[str, Any]:
    """A scene as Parquet has it: a list of fields, as their number differs."""
    said: list[dict[str, str]] = []
    for name, value in scene.items():
        if isinstance(value, list):
            said += [{"field": f"{name}.{at}", "text": line} for at, line in enumerate(value)]
        elif name != "kind":
            said.append({"field": name, "text": value})
    return {"kind": scene["kind"], "lines": said}


@pytest.mark.parametrize("seed", [7, -(2**63), "seven", b"\x07\xff"])
def test_a_parquet_file_holds_the_rows(
    tmp_path: Path, seed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="comes with the extra `parquet`")
    monkeypatch.setattr("dreamgen.forms.CHUNKS_IN_A_GROUP", 2)
    file = parquet.ParquetFile(
        bulk.write(tmp_path / "a.parquet", 22, seed=seed, start=5, **NARROW).path
    )
    wanted = told(22, seed=seed, start=5, **NARROW)
    for row in wanted:
        row |= {"seed": seed, "scenes": list(map(listed, row["scenes"]))}
    assert file.read().to_pylist() == wanted
    assert file.num_row_groups == 3  # of 8, 8 and 6 rows
    about = json.loads(file.schema_arrow.metadata[b"dreamgen"])
    assert (about["arc"], about["count"], about["start"]) == ("unity", 22, 5)


SUFFIXES = [".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet"]


def needed(suffix: str) -> None:
    """Skips where the library of a form is not here."""
    library = {".jsonl.zst": "zstandard", ".parquet": "pyarrow"}.get(suffix)
    if library:
        pytest.importorskip(library, reason="comes with an extra")


class Backwards(Executor):
    """An executor that does nothing before a result is wanted, and then the last task first."""

    def __init__(self) -> None:
        self.tasks: list[tuple[Future[Any], Callable[[], Any]]] = []
        self.most = 0

    def submit(self, call: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        future = Late(self)
        self.tasks.append((future, lambda: call(*given, **named)))
        self.most = max(self.most, len(self.tasks))
        return future


class Late(Future[Any]):
    def __init__(self, pool: Backwards) -> None:
        super().__init__()
        self.pool = pool

    def result(self, timeout: float | None = None) -> Any:
        while self.pool.tasks:
            future, call = self.pool.tasks.pop()
            if not future.cancelled():
                future.set_result(call())
        return super().result(0)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_executor_does_not_change_a_byte(tmp_path: Path, suffix: str) -> None:
    needed(suffix)
    alone = bulk.write(tmp_path / f"a{suffix}", 22, seed=7, **NARROW).path.read_bytes()
    with ThreadPoolExecutor(3) as threads:
        spread = bulk.write(tmp_path / f"b{suffix}", 22, seed=7, workers=threads, **NARROW)
        assert spread.path.read_bytes() == alone
    late = Backwards()
    job = bulk.Job(tmp_path / f"c{suffix}", 22, seed=7, **NARROW)
    assert job.run(late, ahead=3).path.read_bytes() == alone
    assert late.most <= 3


def test_processes_do_not_change_a_byte(tmp_path: Path, narrow: list[dict[str, Any]]) -> None:
    path = bulk.write(tmp_path / "a.jsonl", 22, seed=7, workers=2, **NARROW).path
    assert path.read_bytes() == lines(narrow)


# Stopped and started again


class Stop(Exception):
    """What a test stops a job with."""


def stopping(after: int) -> Callable[[str, int], None]:
    """Progress that stops the job at its so many-th step."""
    steps = iter(range(after))

    def told(stage: str, done: int) -> None:
        if next(steps, None) is None:
            raise Stop

    return told


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_job_that_is_stopped_at_any_step_goes_on_to_the_same_bytes(
    tmp_path: Path, suffix: str
) -> None:
    needed(suffix)
    whole = bulk.write(tmp_path / f"whole{suffix}", 22, seed=7, **NARROW).path.read_bytes()
    path = tmp_path / f"a{suffix}"
    stops = 0
    for step in range(20):
        with pytest.raises(Stop):
            bulk.write(path, 22, seed=7, progress=stopping(step), **NARROW)
        job = bulk.Job(path, 22, seed=7, **NARROW)
        assert not path.exists()
        assert "safe in" in job.kept()
        stops += 1
        if step and (path.with_name(f"{path.name}.job") / "journal").read_text().count("\n") >= 6:
            break
    assert stops > 1
    assert bulk.write(path, 22, seed=7, **NARROW).path.read_bytes() == whole
    assert not path.with_name(f"{path.name}.job").exists()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("seed", range(6))
def test_what_is_torn_is_made_again(tmp_path: Path, suffix: str, seed: int) -> None:
    """A lost machine may leave any length of either file, and anything at the end."""
    needed(suffix)
    draw = random.Random(seed)
    path = tmp_path / f"a{suffix}"
    folder = tmp_path / f"a{suffix}.job"
    with pytest.raises(Stop):
        bulk.write(path, 22, seed=7, progress=stopping(draw.randrange(2, 7)), **NARROW)
    for name in ("rows", "journal"):
        data = (folder / name).read_bytes()
        kept = data[: draw.randrange(len(data) + 1)]
        tail = draw.choice([b"", b"\0" * 100, draw.randbytes(50), b"7 99 abc\n"])
        (folder / name).write_bytes(kept + tail)
    again = bulk.write(path, 22, seed=7, **NARROW).path.read_bytes()
    assert again == bulk.write(tmp_path / f"b{suffix}", 22, seed=7, **NARROW).path.read_bytes()


def test_a_seed_that_was_drawn_is_kept_for_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with pytest.raises(Stop):
        bulk.write(path, 12, progress=stopping(2), **NARROW)
    done = bulk.write(path, 12, **NARROW)
    assert path.read_bytes() == lines(told(12, seed=done.seed, **NARROW))
    assert bulk.write(tmp_path / "b.jsonl", 1, **NARROW).seed != done.seed


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
@pytest.mark.parametrize("left", range(5))
def test_a_job_that_was_stopped_while_it_tidied_up_is_done(
    tmp_path: Path, suffix: str, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed(suffix)
    path = tmp_path / f"a{suffix}"
    unlinked = iter(range(left))
    unlink = Path.unlink

    def failing(self: Path, missing_ok: bool = False) -> None:
        if self.parent.suffix == ".job" and next(unlinked, None) is None:
            raise Stop
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", failing)
    with pytest.raises(Stop):
        bulk.write(path, 10, seed=7, **NARROW)
    monkeypatch.setattr(Path, "unlink", unlink)
    data = path.read_bytes()
    assert bulk.write(path, 10, seed=7, **NARROW).size == len(data)
    assert path.read_bytes() == data
    assert [other.name for other in tmp_path.iterdir()] == [path.name]


def test_a_job_has_one_process_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"

    def second(stage: str, done: int) -> None:
        if done == 8:
            with pytest.raises(ValueError, match="another process is at work"):
                bulk.write(path, 12, seed=7, **NARROW)

    assert bulk.write(path, 12, seed=7, progress=second, **NARROW).count == 12
    assert path.read_bytes() == lines(told(12, seed=7, **NARROW))


# What is in the way


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"seed": 8}, "seed"),
        ({"seed": "7"}, "seed"),
        ({"seed": None}, "seed"),
        ({"count": 13}, "count"),
        ({"start": 1}, "start"),
        ({"arc": "circle"}, "arc"),
        ({"avoid": ["glass"]}, "avoid"),
        ({"words": (300, 600)}, "words"),
        ({"columns": ["text"]}, "columns"),
        pytest.param({"dreamer": dreamgen.Dreamer(schema=Weather)}, "edition", id="schema"),
    ],
    ids="a-seed a-word no-seed count start arc avoid words columns edition".split(),
)
def test_another_job_over_the_leftovers_of_one_is_refused(
    tmp_path: Path, other: dict[str, Any], named: str
) -> None:
    path = tmp_path / "a.jsonl"
    first: dict[str, Any] = {"count": 12, "seed": 7, **NARROW}
    with pytest.raises(Stop):
        bulk.write(path, progress=stopping(2), **first)
    before = {file.name: file.read_bytes() for file in (tmp_path / "a.jsonl.job").iterdir()}
    with pytest.raises(ValueError, match=rf"a\.jsonl\.job: .*differs in {named};.*remove"):
        bulk.write(path, **(first | other))
    after = {file.name: file.read_bytes() for file in (tmp_path / "a.jsonl.job").iterdir()}
    assert after == before
    bulk.write(path, **first)


def test_a_library_of_another_version_does_not_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jsonl.gz"
    with pytest.raises(Stop):
        bulk.write(path, 12, seed=7, progress=stopping(2), **NARROW)
    monkeypatch.setattr("zlib.ZLIB_RUNTIME_VERSION", "0.1")
    with pytest.raises(ValueError, match="versions"):
        bulk.write(path, 12, seed=7, **NARROW)


def test_a_file_that_is_there_is_not_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("mine")
    with pytest.raises(FileExistsError, match="there already"):
        bulk.write(path, 5, seed=7, **NARROW)
    assert path.read_text() == "mine"
    with pytest.raises(Stop):
        bulk.write(path, 5, seed=7, replace=True, progress=stopping(1), **NARROW)
    assert path.read_text() == "mine"
    bulk.write(path, 5, seed=7, replace=True, **NARROW)
    assert path.read_bytes() == lines(told(5, seed=7, **NARROW))
    assert [other.name for other in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with pytest.raises(JobStopped, match=r"appeared meanwhile.*safe"):
        bulk.write(path, 5, seed=7, progress=lambda *_: path.write_text("mine"), **NARROW)
    assert path.read_text() == "mine"
    path.unlink()
    bulk.write(path, 5, seed=7, **NARROW)
    assert path.read_bytes() == lines(told(5, seed=7, **NARROW))


def test_leftovers_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "a.jsonl.job"
    folder.mkdir()
    (folder / "job.json").write_text("{")
    with pytest.raises(ValueError, match="cannot be read; remove"):
        bulk.write(tmp_path / "a.jsonl", 5, seed=7)
    (folder / "job.json").unlink()
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="in the way"):
        bulk.write(tmp_path / "a.jsonl", 5, seed=7)
    assert [file.name for file in folder.iterdir()] == ["mine.txt"]


def test_rows_that_nothing_tells_of_are_no_part_of_a_job(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with pytest.raises(Stop):
        bulk.write(path, 12, seed=8, progress=stopping(3), **NARROW)
    (tmp_path / "a.jsonl.job" / "job.json").unlink()
    bulk.write(path, 12, seed=7, **NARROW)
    assert path.read_bytes() == lines(told(12, seed=7, **NARROW))


BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"path": "a.txt"}, ValueError, r"\.jsonl, \.jsonl\.gz, \.jsonl\.zst or \.parquet"),
    ({"path": ".jsonl"}, ValueError, "ends in"),
    ({"path": "nowhere/a.jsonl"}, FileNotFoundError, "nowhere: no such folder"),
    ({"path": "folder.jsonl"}, IsADirectoryError, "is a folder"),
    ({"path": "file/a.jsonl"}, FileNotFoundError, "no such folder"),
    ({"count": -1}, ValueError, "count is 0 or more"),
    ({"count": 2.5}, ValueError, "count is 0 or more"),
    ({"start": -1}, ValueError, "start is 0 or more"),
    ({"workers": 0}, ValueError, "workers is 1 or more"),
    ({"columns": "text,colour"}, ValueError, "columns are .*not 'colour'"),
    ({"columns": "text,text"}, ValueError, "twice"),
    ({"columns": []}, ValueError, "at least one column"),
    ({"seed": 1.5}, TypeError, "seed"),
    ({"seed": "\ud800"}, ValueError, "UTF-8"),
    ({"arc": "comedy"}, ValueError, "comedy"),
    ({"mention": "submarine"}, dreamgen.Unsatisfiable, "submarine"),
]


@pytest.mark.parametrize(("asked", "kind", "said"), BAD, ids=str)
def test_what_cannot_be_is_refused_before_anything_is_touched(
    tmp_path: Path, asked: dict[str, Any], kind: type[Exception], said: str
) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "file").write_text("mine")
    given = {"path": "a.jsonl", "count": 5, "seed": 7} | asked
    given["path"] = tmp_path / given["path"]
    with pytest.raises(kind, match=said):
        bulk.write(**given)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder.jsonl"]


def test_a_seed_beyond_a_number_of_parquet_is_refused(tmp_path: Path) -> None:
    needed(".parquet")
    with pytest.raises(ValueError, match="64 bits"):
        bulk.write(tmp_path / "a.parquet", 5, seed=2**63)
    assert bulk.write(tmp_path / "a.jsonl", 1, seed=2**63).count == 1


@pytest.mark.parametrize(
    ("suffix", "library", "extra"),
    [(".parquet", "pyarrow", "parquet"), (".jsonl.zst", "zstandard", "zstd")],
)
def test_a_library_that_is_not_there_is_named_with_its_extra(
    tmp_path: Path, suffix: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ModuleNotFoundError, match=rf"pip install 'dreamgen\[{extra}\]'"):
        bulk.write(tmp_path / f"a{suffix}", 5, seed=7)
    assert not list(tmp_path.iterdir())


# What goes wrong on the way


@pytest.mark.parametrize("after", range(9))
def test_a_full_disk_stops_a_job_that_goes_on_when_there_is_room(
    tmp_path: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full from the so many-th time that something is forced to it."""
    path = tmp_path / "a.jsonl"
    forced, fsync = iter(range(after)), os.fsync

    def full(file: int) -> None:
        if next(forced, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(file)

    monkeypatch.setattr(os, "fsync", full)
    monkeypatch.setattr(bulk, "EACH", 0.0)
    with pytest.raises(JobStopped, match=r"No space left on device; .* safe in .*same command"):
        bulk.write(path, 14, seed=7, **NARROW)
    assert not path.exists()
    monkeypatch.setattr(os, "fsync", fsync)
    bulk.write(path, 14, seed=7, **NARROW)
    assert path.read_bytes() == lines(told(14, seed=7, **NARROW))


class Broken(Executor):
    """An executor whose workers die over its third task."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.tasks = 0

    def submit(self, call: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        self.tasks += 1
        future: Future[Any] = Future()
        if self.tasks < 3:
            future.set_result(call(*given, **named))
        else:
            future.set_exception(self.error)
        return future


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BrokenExecutor(), "a worker was killed"),
        (RuntimeError("the scheduler is gone"), "the scheduler is gone"),
        (MemoryError(), "MemoryError"),
    ],
    ids=repr,
)
def test_workers_that_die_stop_a_job_that_goes_on(
    tmp_path: Path, error: Exception, said: str
) -> None:
    path = tmp_path / "a.jsonl"
    with pytest.raises(JobStopped, match=f"{said}.*; 8 of 14 dreams are safe in") as stopped:
        bulk.write(path, 14, seed=7, workers=Broken(error), **NARROW)
    assert stopped.value.__cause__ is error
    bulk.write(path, 14, seed=7, **NARROW)
    assert path.read_bytes() == lines(told(14, seed=7, **NARROW))


def test_a_dream_that_cannot_be_written_stops_a_job_with_the_rest_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = bulk.Rows._at

    def failing(self: bulk.Rows, index: int) -> dict[str, Any]:
        if index == 9:
            raise dreamgen.Unsatisfiable("", ["glass"], "drop it")
        return one(self, index)

    monkeypatch.setattr(bulk.Rows, "_at", failing)
    with pytest.raises(JobStopped, match=r"nothing meets glass; drop it; 8 of 14 dreams are safe"):
        bulk.write(tmp_path / "a.jsonl", 14, seed=7, **NARROW)


def test_a_worker_with_another_edition_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bulk.Job(tmp_path / "a.jsonl", 14, seed=7, **NARROW)
    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(bulk, "_dreamer", lambda recipe: dreamgen.Dreamer(schema=Weather))
        with pytest.raises(JobStopped, match=r"a worker has another dreamgen: .*book-"):
            job.run(pool)


# The command


def command(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], env=ENVIRONMENT, capture_output=True, text=True, timeout=120, **more
    )


def refused(done: subprocess.CompletedProcess[str], *named: str) -> None:
    assert (done.returncode, done.stdout) == (2, ""), done
    [line] = done.stderr.splitlines()
    assert line.startswith("dreamgen: ")
    for word in named:
        assert word in line


def test_the_command_writes_the_file_and_tells_how_far_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    done = command("5", "-o", str(path), "--columns", "index,text", *NARROWLY)
    assert (done.returncode, done.stdout) == (0, "")
    first, *_, last, again = done.stderr.splitlines()
    assert first == "dreamgen: writing: 0 of 5 dreams"
    assert last.startswith("dreamgen: writing: 5 of 5 dreams")
    found = re.fullmatch(r"dreamgen bulk 5 -o \S+ .* --seed (\d+)", again)
    assert found
    rows = told(5, seed=int(found[1]), **NARROW)
    assert path.read_bytes() == lines({k: row[k] for k in ("index", "text")} for row in rows)
    refused(command("5", "-o", str(path), *NARROWLY), "there already", "--force")
    assert command("1", "-o", str(path), "--force", "--seed", "7", *NARROWLY).returncode == 0
    assert len(path.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["-o", "a.jsonl"], ["COUNT"]),
        (["5"], ["-o"]),
        (["-5", "-o", "a.jsonl"], ["-5"]),
        (["5", "-o", "a.csv"], ["a.csv", ".parquet"]),
        (["5", "-o", "no/a.jsonl"], ["no: no such folder"]),
        (["5", "-o", "a.jsonl", "--columns", "colour"], ["colour", "motifs"]),
        (["5", "-o", "a.jsonl", "--dask", "tcp://h:1", "--workers", "2"], ["--workers"]),
        (["5", "-o", "a.jsonl", "--corpus", "nowhere"], ["nowhere"]),
    ],
    ids=" ".join,
)
def test_a_bad_option_is_refused_in_one_line(
    tmp_path: Path, arguments: list[str], named: list[str]
) -> None:
    refused(command(*arguments, cwd=tmp_path), *named)
    assert not list(tmp_path.iterdir())


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))


def test_a_file_that_may_not_grow_stops_the_command_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    asked = ["800", "-o", str(path), "--seed", "7", *NARROWLY]
    stopped = command(*asked, preexec_fn=limited)
    assert stopped.returncode == 2
    *_, line = stopped.stderr.splitlines()
    assert "Traceback" not in stopped.stderr
    assert re.search(r"File too large; 512 of 800 dreams are safe in \S+a\.jsonl\.job; ", line)
    assert command(*asked).returncode == 0
    assert path.read_bytes() == lines(told(800, seed=7, **NARROW))


def test_a_folder_that_cannot_be_made_stops_a_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))

    job = bulk.Job(tmp_path / "a.jsonl", 5, seed=7, **NARROW)
    monkeypatch.setattr(Path, "mkdir", forbidden)
    with pytest.raises(JobStopped, match=r"a\.jsonl\.job: Permission denied; nothing was written"):
        job.run()
    assert not list(tmp_path.iterdir())


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.job").write_text("mine")
    with pytest.raises(FileExistsError, match=r"a\.jsonl\.job: is in the way"):
        bulk.write(tmp_path / "a.jsonl", 5, seed=7, **NARROW)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="everything may be written")
def test_a_folder_that_may_not_be_written_is_refused_in_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        done = command("5", "-o", str(tmp_path / "a.jsonl"), "--seed", "7")
    finally:
        tmp_path.chmod(0o700)
    refused(done, "a.jsonl.job: Permission denied", "nothing was written")


def test_a_terminal_gets_a_bar_with_rate_and_time_left(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty", reason="no terminals here")
    owner, terminal = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "900", "-o", str(tmp_path / "a.jsonl"), "--seed", "7", *NARROWLY],
        env=ENVIRONMENT | {"TERM": "xterm"}, stdout=terminal, stderr=terminal,
    ) as process:  # fmt: skip
        os.close(terminal)
        shown = b""
        while True:
            try:
                some = os.read(owner, 4096)
            except OSError:  # the terminal is closed
                break
            if not some:
                break
            shown += some
        assert process.wait(60) == 0
    os.close(owner)
    assert re.search(rb"writing  \[#+-+\]", shown)
    assert re.search(rb"[\d,]+ dreams a second, \d+ s left", shown)
    assert b"dreamgen bulk 900 -o" in shown


def children(of: int) -> list[int]:
    """The processes that one has started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, parent = path.read_text().rpartition(") ")[::2]
        except OSError:
            continue
        if int(parent.split()[1]) == of:
            found.append(int(name.split()[0]))
    return found


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def ended(process: subprocess.Popen[str]) -> bool:
    return process.poll() is not None


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def until(holds: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.02)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the command in the background; what still runs at the end is ended, and nothing is
    left where temporary files go."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", FINELY, *arguments],
            env=ENVIRONMENT | {"TMPDIR": str(scratch)}, cwd=tmp_path, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    until(lambda: not list(scratch.glob("dreamgen-*")))


linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")


@pytest.mark.slow
@linux
def test_an_interrupt_says_what_is_safe(
    tmp_path: Path, run: Callable[..., subprocess.Popen[str]]
) -> None:
    asked = ["1800", "-o", "a.jsonl", *NARROWLY, "--workers", "2"]
    process = run(*asked)
    journal = tmp_path / "a.jsonl.job" / "journal"
    until(lambda: size(journal))
    os.killpg(process.pid, signal.SIGINT)  # as a terminal sends Ctrl-C: to the group
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    line = err.splitlines()[-1]
    assert re.fullmatch(
        r"dreamgen: stopped; [\d,]+ of 1,800 dreams are safe in a\.jsonl\.job; "
        "the same command goes on from there", line,
    )  # fmt: skip
    assert "Traceback" not in err
    rest = run(*asked)
    _, err = rest.communicate(timeout=120)
    assert rest.returncode == 0
    seed = int(err.split()[-1])
    assert (tmp_path / "a.jsonl").read_bytes() == lines(told(1800, seed=seed, **NARROW))


@pytest.mark.slow
@linux
def test_a_worker_that_is_killed_stops_the_command_in_one_line(
    tmp_path: Path, run: Callable[..., subprocess.Popen[str]]
) -> None:
    asked = ["1800", "-o", "a.jsonl", *NARROWLY, "--seed", "7", "--workers", "2"]
    process = run(*asked)
    journal = tmp_path / "a.jsonl.job" / "journal"
    until(lambda: size(journal))
    os.kill(max(children(process.pid)), signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Traceback" not in err
    assert re.search(r"a worker was killed.*; [\d,]+ of 1,800 dreams are safe in", err)
    assert run(*asked).wait(120) == 0
    assert (tmp_path / "a.jsonl").read_bytes() == lines(told(1800, seed=7, **NARROW))


def long(size: int) -> bytes:
    return bytes(size)


@pytest.mark.slow
@linux
def test_a_worker_that_is_killed_over_a_long_result_does_not_hang_its_owner() -> None:
    draw = random.Random(7)
    for _ in range(8):
        with Pool(2) as pool:
            results = [pool.submit(long, 3_000_000) for _ in range(400)]
            results += [pool.submit(time.sleep, 600) for _ in range(2)]  # never all done
            assert results[0].result() == bytes(3_000_000)
            time.sleep(draw.uniform(0.01, 0.1))
            os.kill(max(pool._processes), signal.SIGKILL)
            _, waiting = wait(results, timeout=30)
            assert not waiting
            assert isinstance(results[-1].exception(), BrokenExecutor)


@pytest.mark.slow
@linux
@pytest.mark.parametrize(("suffix", "workers"), [(".jsonl.gz", "1"), (".parquet", "2")])
def test_a_job_that_is_killed_again_and_again_ends_with_the_same_bytes(
    tmp_path: Path, run: Callable[..., subprocess.Popen[str]], suffix: str, workers: str
) -> None:
    needed(suffix)
    draw = random.Random(suffix)
    asked = [*NARROWLY, "--seed", "7", "--workers"]
    assert run("1600", "-o", f"whole{suffix}", *asked, "1").wait(120) == 0
    whole = (tmp_path / f"whole{suffix}").read_bytes()
    path = tmp_path / f"a{suffix}"
    rows = tmp_path / f"a{suffix}.job" / "rows"
    kills = 0
    for _ in range(60):
        before = size(rows)
        process = run("1600", "-o", path.name, *asked, workers)
        if kills % 2:  # once there is more than before
            until(lambda process=process, before=before: ended(process) or size(rows) > before)
        try:
            _, err = process.communicate(timeout=draw.uniform(0.02, 0.4))
            assert process.returncode == 0, err
        except subprocess.TimeoutExpired:
            others = children(process.pid)
            process.kill()  # the owner alone: its workers must notice
            process.wait()
            kills += 1
            until(lambda others=others: not any(map(alive, others)))
        if path.exists() and not rows.parent.exists():
            break  # it was done, and killed on its way out
    else:
        pytest.fail(f"killed {kills} times, it is not done")
    assert kills >= 3
    assert path.read_bytes() == whole
    assert not rows.parent.exists()


# Dask


def test_dask_that_is_not_there_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    from dreamgen.cluster import executor

    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'dreamgen\[dask\]'"), executor():
        pass


@pytest.mark.slow
@linux
def test_a_dask_cluster_that_loses_a_worker_writes_the_same_bytes(
    tmp_path: Path, run: Callable[..., subprocess.Popen[str]]
) -> None:
    distributed = pytest.importorskip("distributed", reason="comes with the extra `dask`")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        pids = client.run(os.getpid)
        process = run(
            "2400", "-o", "a.jsonl.gz", "--seed", "7", *NARROWLY, "--dask",
            cluster.scheduler_address,
        )  # fmt: skip
        journal = tmp_path / "a.jsonl.gz.job" / "journal"
        until(lambda: size(journal))
        os.kill(next(iter(pids.values())), signal.SIGKILL)
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert set(client.run(os.getpid).values()) != set(pids.values())  # one is new
    data = gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes())
    assert data == lines(told(2400, seed=7, **NARROW))


@pytest.mark.slow
def test_the_command_starts_a_cluster_of_its_own(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="comes with the extra `dask`")
    path = tmp_path / "a.jsonl"
    done = command("600", "-o", str(path), "--seed", "7", *NARROWLY, "--dask", "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert all(line.startswith("dreamgen") for line in done.stderr.splitlines())
    assert path.read_bytes() == lines(told(600, seed=7, **NARROW))


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="comes with the extra `dask`")
    from dreamgen import cluster

    monkeypatch.setattr(cluster, "SECONDS", 0.5)
    with (
        pytest.raises(ConnectionError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1:"),
        cluster.executor("tcp://127.0.0.1:1"),
    ):
        pass
