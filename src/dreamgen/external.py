"""Sorting the suffixes of a corpus larger than memory, through DuckDB and its disk.

Comes in: what `suffixes.sorted_suffixes` takes, and how much memory may be used. Goes out: the same
arrays, number for number, mapped from a temporary file. DuckDB (the extra `dreamgen[large]`) sorts
the runs by their symbols and keeps to its memory limit by spilling to disk.
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import CorpusError
from .suffixes import Places

# How many places go in and out at a time.
BATCH = 1 << 20

_MEMORY = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT]i?B)", re.IGNORECASE)


def checked_memory(memory: str) -> str:
    """An amount of memory, as "500MB" or "2GB"; raises ValueError for anything else."""
    if not _MEMORY.fullmatch(memory):
        raise ValueError(f"memory={memory!r} is no amount of memory; write 500MB or 2GB")
    return memory


def externally_sorted(
    row: Places, opening: Places, following: Places, depth: int, memory: str
) -> tuple[Places, NDArray[np.uint8]]:
    """What `suffixes.sorted_suffixes` gives, made by DuckDB within so much memory and on disk.

    Raises ModuleNotFoundError where DuckDB is not installed, and `CorpusError` where it cannot keep
    to the limit.
    """
    codes = ", ".join(f"c{ahead}" for ahead in range(depth))
    with _table(memory, depth) as (base, folder):
        for batch in _batches(row, opening, following, depth):
            base.register("batch", batch)
            base.execute(f"INSERT INTO runs SELECT place, {codes} FROM batch")
            base.unregister("batch")
        base.execute(f"CREATE TABLE sorted AS SELECT * FROM runs ORDER BY {codes}, place")
        base.execute("DROP TABLE runs")
        [(total,)] = base.execute("SELECT count(*) FROM sorted").fetchall()
        order = _mapped(folder / "order", np.int32, total)
        level = _mapped(folder / "level", np.uint8, total)
        before: NDArray[np.int32] | None = None
        for low in range(0, total, BATCH):
            found = base.execute(
                f"SELECT * FROM sorted WHERE rowid >= {low} AND rowid < {low + BATCH} "
                "ORDER BY rowid"
            ).fetchnumpy()
            high = low + len(found["place"])
            order[low:high] = found["place"]
            table = np.stack([found[f"c{ahead}"] for ahead in range(depth)], axis=1)
            led = np.full((1, depth), -1, np.int32) if before is None else before
            same = np.logical_and.accumulate(table == np.concatenate([led, table[:-1]]), axis=1)
            level[low:high] = same.sum(axis=1) + 1
            before = table[-1:]
        return order, level


@contextmanager
def _table(memory: str, depth: int) -> Iterator[tuple[Any, Path]]:
    """An empty table of runs in a database on disk, and a folder; both go when all is done."""
    try:
        import duckdb  # optional, and only for corpora that do not fit
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "a memory limit needs DuckDB: pip install 'dreamgen[large]'"
        ) from error
    with tempfile.TemporaryDirectory(prefix="dreamgen-") as name:
        folder = Path(name)
        try:
            with duckdb.connect(str(folder / "runs.duckdb")) as base:
                base.execute(f"SET memory_limit = '{checked_memory(memory)}'")
                base.execute(f"SET temp_directory = '{folder / 'spill'}'")
                columns = "".join(f", c{ahead} INTEGER" for ahead in range(depth))
                base.execute(f"CREATE TABLE runs (place INTEGER{columns})")
                base.execute("SET preserve_insertion_order = true")
                yield base, folder
        except duckdb.OutOfMemoryException as error:
            raise CorpusError(f"memory={memory}: DuckDB needs more to sort so much") from error


def _batches(
    row: Places, opening: Places, following: Places, depth: int
) -> Iterator[dict[str, Places]]:
    """The places of a row and the codes of the runs that begin there."""
    body = len(row) - depth
    for low in range(0, body, BATCH):
        high = min(low + BATCH, body)
        first = opening[row[low:high]]
        places = (np.flatnonzero(first) + low).astype(np.int32)
        batch = {"place": places}
        going = np.ones(len(places), bool)
        for ahead in range(depth):
            codes = (following if ahead else opening)[row[places + ahead]]
            going = going & (codes > 0)
            batch[f"c{ahead}"] = np.where(going, codes, 0).astype(np.int32)
        yield batch


def _mapped(path: Path, dtype: type, size: int) -> NDArray[Any]:
    """An array in a file, which stays as long as the array does."""
    return np.memmap(path, dtype, "w+", shape=(max(size, 1),))[:size]
