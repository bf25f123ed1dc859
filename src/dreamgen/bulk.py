"""Millions of dreams in a file, by a job that can be stopped at any point and goes on.

A job keeps what it has in a folder beside its file, ``FILE.job``:

    job.json   what the job is: the seed (drawn once, if none was given), the request, the form
    rows       the chunks that are done, in their order
    journal    a line for each of them that is safe: its number, where it ends, its digest
    dreamgen-  and some letters: chunks on their way from a worker

Rows are forced to the disk before their lines are written, about once a second; so whatever ends a
job, the chunks of the journal are whole. The same job started again cuts off what lies beyond
them, goes on there, and ends with the same bytes; ``FILE`` itself appears when all is done.
"""

import json
import os
import shutil
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import IO, Any

from .dreamer import Dreamer
from .errors import JobStopped
from .forms import FORMS, form_of
from .pool import SCRATCH, Pool
from .request import Request
from .rows import Rows, chosen
from .seeds import Seed, fresh_seed, seed_key
from .text import listed

CHUNK = 256  # dreams
LAYOUT = 1  # raised by one when rows or files change for the same dreams
AHEAD = 4  # chunks for each worker that may wait: memory is theirs
EACH = 1.0  # seconds of work that may be lost

Progress = Callable[[str, int], object]
_NAMES = ("journal", "rows", "joined", "job.json.new", "job.json")  # in the order of their removal


@dataclass(frozen=True)
class Written:
    """A file of dreams that is done: its path, seed, number of dreams and size in bytes."""

    path: Path
    seed: Seed
    count: int
    size: int


def write(
    path: str | Path,
    count: int,
    *,
    seed: Seed | None = None,
    start: int = 0,
    workers: int | Executor | None = None,
    columns: Iterable[str] | str | None = None,
    replace: bool = False,
    dreamer: Dreamer | None = None,
    progress: Progress | None = None,
    **same: Any,
) -> Written:
    """Writes dreams ``start`` to ``start + count`` of a seed to a file, a row each.

    The name of the file says its form: ``.jsonl``, ``.jsonl.gz``, ``.jsonl.zst`` or ``.parquet``.
    The bytes do not depend on ``workers`` (a number of processes or any `Executor`), and a job
    that was stopped goes on when it is started again. ``columns`` are some of
    `dreamgen.rows.COLUMNS`; ``progress`` is called with "writing" (or "joining", which Parquet
    takes at the end) and the number of dreams done; the other arguments are those of
    `dreamgen.generate`. A file that is there is refused, unless it is to be replaced: then it is,
    when the new one is whole.

    Raises FileExistsError for a file, and ValueError for another job's leftovers, that are in the
    way; `JobStopped`, which says what is safe, where the disk is full or a worker was killed; and
    what `dreamgen.generate` raises.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> done = write(Path(folder.name, "dreams.jsonl"), 3, seed=7, columns="index,arc")
    >>> print(done.path.read_text(), end="")
    {"index":0,"arc":"vulnerability"}
    {"index":1,"arc":"unity"}
    {"index":2,"arc":"reciprocity"}
    >>> folder.cleanup()
    """
    job = Job(
        path, count, seed=seed, start=start, columns=columns, replace=replace, dreamer=dreamer,
        **same,
    )  # fmt: skip
    return job.run(workers, progress)


class Job:
    """The writing of one file. Nothing is touched before `run`; all that can be refused is refused
    when it is made. ``done`` dreams are safe, of ``count``; ``seed`` is given or drawn."""

    def __init__(
        self,
        path: str | Path,
        count: int,
        *,
        seed: Seed | None = None,
        start: int = 0,
        columns: Iterable[str] | str | None = None,
        replace: bool = False,
        dreamer: Dreamer | None = None,
        command: str = "",
        **same: Any,
    ) -> None:
        for name, number in (("count", count), ("start", start)):
            if not isinstance(number, int) or number < 0:
                raise ValueError(f"{name} is 0 or more, not {number!r}")
        self.path = Path(path)
        self.folder = self.path.with_name(f"{self.path.name}.job")
        self.count = count
        self.done = 0
        self.form = form_of(self.path)
        self.dreamer = dreamer or Dreamer()
        self.replace = replace
        self._drawn = seed is None
        self._start = start
        self._request = Request.of(**same)
        self._columns = chosen(columns)
        self._command = command
        if self.path.is_dir():
            raise IsADirectoryError(f"{self.path}: is a folder, not a file to write")
        if not self.path.parent.is_dir():
            raise FileNotFoundError(f"{self.path.parent}: no such folder")
        left, given = self._left(), seed
        if seed is None:
            seed = _seed_in(left["seed"]) if left and left.get("drawn") else fresh_seed()
        self.seed = seed
        self._check_seed()
        self._drawn = self._drawn or bool(left and left.get("drawn"))
        self._identity = self._what_it_is()
        self._finished = self._judge(left, given)
        self._fresh = left is None
        if count and not left:
            next(Rows(self.dreamer, seed, self._request, self._columns).of([start]))

    @cached_property
    def _chunks(self) -> range:
        """Where the chunks begin; one that is empty makes the file of no dreams."""
        return range(self._start, self._start + max(self.count, 1), CHUNK)

    def _what_it_is(self) -> dict[str, Any]:
        """All that the bytes of the file hang on."""
        request = self._request
        return {
            "layout": LAYOUT, "form": self.form.suffix, "versions": self.form.versions(),
            "edition": self.dreamer.edition, "seed": _seed_out(self.seed), "start": self._start,
            "count": self.count, "columns": list(self._columns), "chunk": CHUNK,
            "arc": request.arc, "mention": list(request.mention), "avoid": list(request.avoid),
            "words": list(request.words) if request.words else None,
            "pronoun": request.pronoun, "mood": request.mood,
        }  # fmt: skip

    def run(
        self,
        workers: int | Executor | None = None,
        progress: Progress | None = None,
        *,
        ahead: int | None = None,
    ) -> Written:
        """Writes the file, or what is left of it; see `write`.

        ``ahead`` is how many chunks are made or wait at a time, by default four a worker, or 16
        where an `Executor` does not say how many it has.
        """
        if isinstance(workers, int) and workers < 1:
            raise ValueError(f"workers is 1 or more, or an Executor, not {workers!r}")
        told = progress or (lambda stage, done: None)
        if self._finished:  # and was stopped while it tidied up
            self.done = self.count
            self._tidy()
            return self._written()
        try:
            with _Shelf(self.folder, self._manifest(), self._fresh) as shelf:
                self._rest(shelf, workers, told, ahead)
                self._finish(shelf, told)
        except (JobStopped, _Busy):
            raise
        except OSError as error:
            reason = f"{error.filename or self.folder}: {error.strerror or error}"
            raise JobStopped(reason, self.kept()) from error
        return self._written()

    def kept(self) -> str:
        """What is safe on disk and how to go on, in a few words for people."""
        if not self.folder.exists():
            return "nothing was written; the same command begins again"
        some = f"{self.done:,} of {self.count:,} dreams are" if self.done else "no dream is yet"
        return f"{some} safe in {self.folder}; the same command goes on from there"

    # What is there already

    def _left(self) -> dict[str, Any] | None:
        """What the leftovers of a job say it is; None where there are none."""
        try:
            left = json.loads((self.folder / "job.json").read_text("utf-8"))
        except FileNotFoundError:
            if self.folder.is_dir() and not all(map(_is_ours, self.folder.iterdir())):
                raise FileExistsError(f"{self.folder}: is in the way; move it elsewhere") from None
            return None
        except NotADirectoryError:
            raise FileExistsError(f"{self.folder}: is in the way; move it elsewhere") from None
        except ValueError:
            left = None
        if not isinstance(left, dict) or "seed" not in left:
            raise ValueError(
                f"{self.folder}: holds a job that cannot be read; remove the folder to begin anew"
            )
        return left

    def _judge(self, left: dict[str, Any] | None, given: Seed | None) -> bool:
        """Whether the job is done but for tidying up; refuses what is in the way."""
        if left is not None:
            strange = [name for name in self._identity if left.get(name) != self._identity[name]]
            if given is None and not left.get("drawn") and "seed" not in strange:
                strange.append("seed")
            if strange:
                command = left.get("command")
                own = f"finish it by its own command ({command})" if command else "finish it"
                raise ValueError(
                    f"{self.folder}: holds another job, which differs in {listed(strange, 'and')}; "
                    f"{own}, remove the folder, or write to another file"
                )
            if "whole" in left and not self._source.exists():
                with suppress(OSError):
                    if self.path.stat().st_size == left["whole"]:
                        return True
        if self.path.exists() and not self.replace:
            raise FileExistsError(
                f"{self.path}: is there already; ask for it to be replaced (--force), "
                "or write to another file"
            )
        return False

    def _check_seed(self) -> None:
        seed_key(self.seed)  # raises for what is no seed
        if isinstance(self.seed, str):
            try:
                self.seed.encode()
            except UnicodeEncodeError:
                raise ValueError(f"the seed {self.seed!r} cannot be written in UTF-8") from None
        elif isinstance(self.seed, int) and self.form.suffix == ".parquet":
            fits = -(1 << 63) <= self.seed < 1 << 63
            if not fits:
                raise ValueError(
                    f"the seed {self.seed} has more than the 64 bits of a Parquet number; "
                    "take a smaller one, or write .jsonl"
                )

    def _manifest(self, **more: Any) -> dict[str, Any]:
        return self._identity | {"drawn": self._drawn, "command": self._command} | more

    # The work

    def _rest(
        self, shelf: "_Shelf", workers: int | Executor | None, told: Progress, ahead: int | None
    ) -> None:
        """Makes the chunks that are not there yet."""
        self._count(shelf)
        told("writing", self.done)
        places = (self._places(low) for low in self._chunks[shelf.chunks :])
        dreamer = self.dreamer
        task = partial(
            _chunk, dreamer.recipe, self.seed, self._request, self._columns, self.form.suffix,
            dreamer.edition,
        )  # fmt: skip
        try:
            with ExitStack() as stack:
                if workers is None or workers == 1:
                    own = Rows(dreamer, self.seed, self._request, self._columns)
                    made = _alone(lambda some: self.form.packed(own.of(some), own.columns), places)
                elif isinstance(workers, int):
                    pool = stack.enter_context(Pool(workers, self.folder))
                    made = _in_order(pool, task, places, ahead or AHEAD * workers)
                else:
                    known = getattr(workers, "_max_workers", 4)
                    made = _in_order(workers, task, places, ahead or AHEAD * known)
                for chunk in stack.enter_context(closing(made)):
                    shelf.add(chunk)
                    self._count(shelf)
                    told("writing", min(shelf.added * CHUNK, self.count))
                shelf.commit()
        except _Broken as error:
            self._commit(shelf)
            raise JobStopped(error.reason, self.kept()) from error.__cause__
        except BaseException:
            self._commit(shelf)
            raise
        self._count(shelf)

    def _commit(self, shelf: "_Shelf") -> None:
        """Saves what can be saved on the way out."""
        with suppress(OSError):
            shelf.commit()
        self._count(shelf)

    def _count(self, shelf: "_Shelf") -> None:
        self.done = min(shelf.chunks * CHUNK, self.count)

    def _places(self, low: int) -> range:
        return range(low, min(low + CHUNK, self._start + self.count))

    @property
    def _source(self) -> Path:
        """What becomes the file."""
        return self.folder / ("joined" if self.form.joins() else "rows")

    def _finish(self, shelf: "_Shelf", told: Progress) -> None:
        """Makes the file of all chunks, moves it into place, and takes the leftovers away."""
        source = self._source
        if self.form.joins():
            about = json.dumps(self._identity, ensure_ascii=False)
            with source.open("wb") as file:
                for chunks in self.form.join(shelf.each(), file, about):
                    told("joining", min(chunks * CHUNK, self.count))
                file.flush()
                os.fsync(file.fileno())
        if self.path.exists() and not self.replace:
            raise JobStopped(f"{self.path}: appeared meanwhile", f"{self.kept()} (--force)")
        _put(self.folder / "job.json", self._manifest(whole=source.stat().st_size))
        shelf.release()
        source.replace(self.path)
        shelf.close()
        self._tidy()

    def _tidy(self) -> None:
        _sweep(self.folder)
        for name in _NAMES:
            (self.folder / name).unlink(missing_ok=True)
        with suppress(OSError):  # what else lies there is not ours
            self.folder.rmdir()

    def _written(self) -> Written:
        return Written(self.path, self.seed, self.count, self.path.stat().st_size)


class _Busy(ValueError):
    """The leftovers are being written by another process."""


class _Shelf:
    """The chunks on disk: ``chunks`` are safe, ``added`` are written."""

    def __init__(self, folder: Path, manifest: dict[str, Any], fresh: bool) -> None:
        self._path = folder / "rows"
        self._journal_path = folder / "journal"
        folder.mkdir(exist_ok=True)
        self._journal = self._journal_path.open("a+b", buffering=0)
        try:
            _lock(self._journal, folder)
            if fresh:  # rows that nothing tells of are no part of the job
                self._journal.truncate(0)
            _sweep(folder)
            _put(folder / "job.json", manifest)
            self._open()
        except BaseException:
            self._journal.close()
            raise

    def __enter__(self) -> "_Shelf":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def release(self) -> None:
        """Lets go of the rows, so that they can be moved."""
        self._file.close()

    def close(self) -> None:
        """Lets go of the job."""
        self._file.close()
        self._journal.close()

    def _open(self) -> None:
        """Finds the last chunk that is whole and cuts off what lies beyond it."""
        self._path.touch()
        self._file = self._path.open("r+b", buffering=0)
        size = os.fstat(self._file.fileno()).st_size
        last: deque[tuple[int, int, int, str]] = deque([(0, 0, 0, "")], maxlen=64)
        # where the journal's line ends, the number of chunks, where the last ends, its digest
        for length, (number, end, digest) in self._lines():
            last.append((length, number, end, digest))
        while last:
            length, number, end, digest = last.pop()
            begin = last[-1][2] if last else 0
            if end <= size and (not number or _digest(self._read(begin, end)) == digest):
                break
        else:
            length = number = end = 0
        self._journal.truncate(length)
        self._file.truncate(end)
        self._file.seek(end)
        self.chunks = self.added = number
        self._end = end
        self._waiting: list[str] = []
        self._saved = monotonic()

    def _lines(self) -> Iterator[tuple[int, tuple[int, int, str]]]:
        """The lines of the journal as far as they make sense, each with where it ends."""
        length = before = 0
        with self._journal_path.open("rb") as file:
            for count, line in enumerate(file, 1):
                length += len(line)
                parts = line.split()
                if not line.endswith(b"\n") or len(parts) != 3 or not parts[1].isdigit():
                    return
                if parts[0] != b"%d" % count or int(parts[1]) < before:
                    return
                before = int(parts[1])
                yield length, (count, before, parts[2].decode("ascii", "replace"))

    def _read(self, begin: int, end: int) -> bytes:
        self._file.seek(begin)
        return self._file.read(end - begin)

    def add(self, chunk: bytes) -> None:
        """Writes the next chunk; about once a second what is written is made safe."""
        rest = memoryview(chunk)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._end += len(chunk)
        self.added += 1
        self._waiting.append(f"{self.added} {self._end} {_digest(chunk)}\n")
        if monotonic() - self._saved > EACH:
            self.commit()

    def commit(self) -> None:
        """Makes safe what is written."""
        if self._waiting:
            os.fsync(self._file.fileno())
            lines = memoryview("".join(self._waiting).encode())
            while lines:
                lines = lines[self._journal.write(lines) :]
            os.fsync(self._journal.fileno())
            self.chunks += len(self._waiting)
            self._waiting.clear()
        self._saved = monotonic()

    def each(self) -> Iterator[bytes]:
        """The chunks that are safe, one after another."""
        begin = 0
        for _, (_, end, _) in self._lines():
            yield self._read(begin, end)
            begin = end


def _is_ours(path: Path) -> bool:
    return path.name in _NAMES or path.name.startswith(SCRATCH)


def _sweep(folder: Path) -> None:
    """Takes away what the workers of a job that was killed have left."""
    for scratch in folder.glob(f"{SCRATCH}*"):
        shutil.rmtree(scratch, ignore_errors=True)


def _digest(chunk: bytes) -> str:
    return blake2b(chunk, digest_size=8).hexdigest()


def _put(path: Path, value: object) -> None:
    """A small file of JSON, there as a whole or not at all."""
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _lock(file: IO[bytes], folder: Path) -> None:
    """Keeps a second process off, until this one ends; where the system has no locks, it is not."""
    try:
        import fcntl  # not on every system
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _Busy(f"{folder}: another process is at work on this job") from None


def _seed_out(seed: Seed) -> Any:
    return {"hex": seed.hex()} if isinstance(seed, bytes) else seed


def _seed_in(seed: Any) -> Seed:
    if isinstance(seed, dict):
        return bytes.fromhex(seed["hex"])
    given: Seed = seed
    return given


# In workers


class _Broken(Exception):
    """A chunk that could not be made, for the job to say what is safe."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _alone(
    chunk: Callable[[range], bytes], places: Iterator[range]
) -> Generator[bytes, None, None]:
    """The chunks of some places, made in this process."""
    try:
        yield from map(chunk, places)
    except Exception as error:
        # whatever ends a chunk, the rest is safe
        raise _Broken(_reason(error)) from error


def _in_order(
    pool: Executor, chunk: Callable[[range], bytes], places: Iterator[range], ahead: int
) -> Generator[bytes, None, None]:
    """The chunks of some places, made by the workers of a pool, so many at a time."""
    waiting: deque[Future[bytes]] = deque()
    try:
        waiting += (pool.submit(chunk, some) for some in islice(places, ahead))
        while waiting:
            made = waiting.popleft().result()
            waiting += (pool.submit(chunk, some) for some in islice(places, 1))
            yield made
    except (BrokenExecutor, CancelledError) as error:
        raise _Broken("a worker was killed, or ran out of memory") from error
    except Exception as error:
        # also what only a pool of another library can raise
        raise _Broken(_reason(error)) from error
    finally:
        for future in waiting:
            future.cancel()


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


@lru_cache(maxsize=4)
def _dreamer(recipe: bytes) -> Dreamer:
    """The dreamer of a recipe, made once in each process."""
    return Dreamer.of_recipe(recipe)


def _chunk(
    recipe: bytes, seed: Seed, request: Request, columns: tuple[str, ...], suffix: str,
    edition: str, places: range,
) -> bytes:  # fmt: skip
    dreamer = _dreamer(recipe)
    if dreamer.edition != edition:
        raise ValueError(
            f"a worker has another dreamgen: it writes edition {dreamer.edition}, not {edition}"
        )
    [form] = [form for form in FORMS if form.suffix == suffix]
    return form.packed(Rows(dreamer, seed, request, columns).of(places), columns)
